"""`charger-emulator explore`: random walks, until something breaks a client or the budget is used up."""

from __future__ import annotations

import json
import shlex
import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from ..errors import EmulatorError
from .options import AS_JSON, FiniteRange, shard
from .options import duration as duration_type

if TYPE_CHECKING:
    from ..explore.search import Failure, Search
    from ..explore.writing import Commands

OFTEN: Final = 30.0
"""Wall seconds from one line about the progress to the next, where no terminal shows it at once."""


@click.command(name="explore")
@click.argument("scenario", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--client", metavar="COMMAND", help="The client; {control}, {garage.goe.http} stand for URLs.")
@click.option("--speed", type=FiniteRange(0, 1_000_000), default=60.0, show_default=True, help="Simulated seconds "
              "per second for the client; 0: it moves time itself, through the control API.")  # fmt: skip
@click.option(
    "--poll",
    type=duration_type,
    metavar="DURATION",
    help="Instead of --speed: so far ahead whenever the client has polled.",
)
@click.option("--keep-client", is_flag=True, help="Start the client once, not for every walk.")
@click.option(
    "--budget", type=duration_type, metavar="DURATION", default="10 min", show_default=True, help="How long to search."
)
@click.option("--walks", type=click.IntRange(0), help="Not more than so many walks; 0: the scenario only as it is.")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Of the first round.")
@shard
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    default=Path("explored"),
    show_default=True,
    help="Where failures, reports and the database of failures go.",
)
@click.option("--vocabulary", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="What may happen.")
@click.option("--print-vocabulary", is_flag=True, help="Print what may happen, as such a file, and end.")
@click.option("--no-rule-sets", is_flag=True, help="Only the scenario's own rules, not the ready-made ones.")
@AS_JSON
def command(
    scenario: Path,
    client: str | None,
    speed: float,
    poll: int | None,
    keep_client: bool,
    budget: int,
    walks: int | None,
    seed: int,
    shard: str,
    out: Path,
    vocabulary: Path | None,
    print_vocabulary: bool,
    no_rule_sets: bool,
    as_json: bool,
) -> int:
    """Let random things happen in SCENARIO until a rule breaks, a law of physics does, or the client.

    What is found is shrunk to the shortest scenario that still shows it, and written to DIR. Exit code 1 if something
    was found, 3 if it was the emulator that failed.
    """
    from ..core.instant import seconds
    from ..explore.exploration import Options, explore, keep_house, vocabulary_of
    from ..explore.process import Pace
    from ..explore.proposals import described
    from ..explore.shard import Shard
    from ..explore.trial import OUR_OWN
    from ..explore.writing import Writer
    from ..runtime.bugs import bug_of

    if not budget and walks != 0:
        raise EmulatorError("--budget: found 0 s, in which there is no walk (--walks 0: the scenario only as it is)")
    options = Options(
        client=client,
        pace=Pace(speed=speed, poll=poll, keep=keep_client),
        budget=seconds(budget),
        walks=walks,
        seed=seed,
        shard=Shard.parse(shard),
        vocabulary=vocabulary,
        rule_sets=not no_rule_sets,
        database=out / "database",
    )
    if print_vocabulary:
        click.echo(described(vocabulary_of(scenario, options)), nl=False)
        return 0
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # what was found so far is written
    keep_house(out / "database")
    extra = f" --vocabulary {vocabulary}" * (vocabulary is not None) + " --no-rule-sets" * no_rule_sets
    writer = Writer(out, _commands(scenario, client, speed, poll, extra))
    telling = _Progress(quiet=as_json)

    def found(search: Search, failure: Failure) -> None:
        path = writer.failure(search, failure)
        telling.failure(failure, path)

    searches: list[Search] = []

    def walked(search: Search) -> None:
        searches[:] = [search]
        telling.walked(search)

    try:
        search = explore(scenario, options, found=found, walked=walked)
    except EmulatorError:
        raise
    except Exception as error:
        bug = bug_of("explore", error)
        if searches:
            writer.summary(searches[0], bug)
        else:
            writer.broken(scenario, seed, options.shard, bug)
        raise
    summary = writer.summary(search)
    if as_json:
        click.echo(json.dumps(summary, indent=2, ensure_ascii=False, default=str))
    else:
        telling.end(search, out)
    if any(failure.finding.rule.startswith(OUR_OWN) for failure in search.failures):
        return 3
    return 1 if search.failures else 0


def _commands(scenario: Path, client: str | None, speed: float, poll: int | None, extra: str) -> Commands:
    from ..explore.writing import Commands

    if client is None:
        return Commands(f"charger-emulator explore {scenario}{extra}", "charger-emulator play {file}")
    pace = f" --poll '{poll / 1e6:g} s'" if poll is not None else f" --speed {speed:g}"
    how = f" --client {shlex.quote(client)}{pace}".replace("{", "{{").replace("}", "}}")
    found = f"charger-emulator explore {scenario}" + how.replace("{{", "{").replace("}}", "}") + extra
    return Commands(found, "charger-emulator explore {file}" + how + " --walks 0")


class _Progress:
    """Tells how it goes: on a terminal at once, elsewhere now and then."""

    def __init__(self, *, quiet: bool) -> None:
        self._quiet = quiet
        self._terminal = sys.stderr.isatty() and not quiet
        self._told = time.monotonic()

    def walked(self, search: Search) -> None:
        """A walk is over."""
        now = time.monotonic()
        if self._quiet or now - self._told < (0.2 if self._terminal else OFTEN):
            return
        self._told = now
        from ..language.counting import counted

        line = f"{counted(search.walks, 'walk')}, {counted(len(search.failures), 'failure')}"
        line += f", round {search.rounds}, {search.elapsed:.0f} s"
        line += f", shrinking {search.open_failures}" if search.open_failures else ""
        click.echo(f"\r{line}\x1b[K" if self._terminal else line, nl=not self._terminal, err=True)

    def failure(self, failure: Failure, path: Path) -> None:
        """Something was found."""
        if self._quiet:
            return
        if self._terminal:
            click.echo("\r\x1b[K", nl=False, err=True)
        from ..language.counting import counted

        steps = counted(len(failure.trial.walk), "step")
        by = ", ".join(failure.cause) or "nothing happening"
        flaky = f", FLAKY: came again {failure.repeated} of {failure.repetitions} times" if failure.flaky else ""
        short = "" if failure.shrunk else ", not shrunk to the end"
        click.echo(f"{failure.finding.rule}: broken by {by} ({steps}{short}{flaky})\n  {path}")

    def end(self, search: Search, out: Path) -> None:
        """It is over."""
        from ..explore.writing import rules_of
        from ..language.counting import counted

        if self._terminal:
            click.echo("\r\x1b[K", nl=False, err=True)
        for line in search.coverage.summary(rules_of(search)):
            click.echo(line)
        per_second = search.trials / max(search.elapsed, 1e-9)
        word = counted(len(search.failures), "failure") if search.failures else "nothing found"
        tried = f"{counted(search.trials, 'trial')} in all, {per_second:.0f} a second"
        click.echo(f"{word} in {counted(search.walks, 'walk')} ({tried}); see {out}/report.html")
