"""`charger-emulator check`: are these scenarios right?"""

from __future__ import annotations

from pathlib import Path

import click


@click.command(name="check")
@click.argument("scenarios", nargs=-1, required=True, type=click.Path(path_type=Path))
def command(scenarios: tuple[Path, ...]) -> int:
    """Validate SCENARIOS without running them; every problem is shown with its place."""
    from ..errors import EmulatorError
    from ..scenario.loader import load

    wrong = False
    for path in scenarios:
        try:
            scenario = load(path)
        except EmulatorError as error:
            click.echo(str(error), err=True)
            wrong = True
        else:
            wallboxes = sum(len(charger.wallboxes) for charger in scenario.chargers)
            click.echo(
                f"{path}: fine ({_many(len(scenario.chargers), 'charger')}, {_many(wallboxes, 'wallbox', 'es')}, "
                f"{_many(len(scenario.steps), 'step')})"
            )
            for remark in scenario.remarks:
                click.echo(f"{path}: {remark}")
    return 2 if wrong else 0


def _many(count: int, noun: str, plural: str = "s") -> str:
    return f"{count} {noun}{'' if count == 1 else plural}"
