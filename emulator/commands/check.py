"""`charger-emulator check`: are these scenarios right?"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from ..scenario.plan import Scenario


@click.command(name="check")
@click.argument("scenarios", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Everything, as JSON: an object for each file.")
def command(scenarios: tuple[Path, ...], as_json: bool) -> int:
    """Validate SCENARIOS without running them; every problem is shown with its place."""
    found = [_checked(path) for path in scenarios]
    if as_json:
        click.echo(json.dumps(found, indent=2, ensure_ascii=False))
    else:
        for one in found:
            _say(one)
    return 0 if all(one["ok"] for one in found) else 2


def _checked(path: Path) -> dict[str, object]:
    from ..errors import EmulatorError, ScenarioError
    from ..scenario.loader import load

    try:
        scenario = load(path)
    except ScenarioError as error:
        problems = [
            {"file": p.place.file, "line": p.place.line, "column": p.place.column, "text": p.text}
            for p in error.problems
        ]
        return {"file": str(path), "ok": False, "problems": problems, "said": str(error)}
    except EmulatorError as error:
        return {
            "file": str(path),
            "ok": False,
            "problems": [{"file": str(path), "text": str(error)}],
            "said": str(error),
        }
    return {"file": str(path), "ok": True, "remarks": list(scenario.remarks), **_counts(scenario)}


def _counts(scenario: Scenario) -> dict[str, object]:
    wallboxes = sum(len(charger.wallboxes) for charger in scenario.chargers)
    return {"chargers": len(scenario.chargers), "wallboxes": wallboxes, "steps": len(scenario.steps)}


def _say(found: dict[str, object]) -> None:
    if not found["ok"]:
        click.echo(str(found["said"]), err=True)
        return
    from ..language.counting import counted

    counts = (counted(int(str(found[things])), noun) for things, noun in COUNTED.items())
    click.echo(f"{found['file']}: fine ({', '.join(counts)})")
    remarks = found["remarks"]
    assert isinstance(remarks, list)
    for remark in remarks:
        click.echo(f"{found['file']}: {remark}")


COUNTED = {"chargers": "charger", "wallboxes": "wallbox", "steps": "step"}
