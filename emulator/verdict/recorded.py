"""Rules asked afterwards, over a recorded journal: a file, or that of a running emulator up to now.

The one rule: the journal is heard again by the same rules at the same instants. It holds no quantities of chargers, so
a rule that looks at them (`while`, `expect`, a condition) is not judged and named as not tested.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from ..core.instant import Instant
from ..errors import EmulatorError
from ..language.names import Names
from ..runtime.clock import Clock
from ..runtime.journal import Entry, Journal
from ..runtime.simulation import Simulation
from ..world.checks import Check
from ..world.plan import SitePlan
from ..world.site import Site
from .engine import RuleVerdict, VerdictEngine
from .section import PlacedRule
from .untested import Untested

NO_QUANTITIES: Final = "a journal holds no quantities; only the run itself can judge it"


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """How rules came out over a recorded journal."""

    rules: tuple[RuleVerdict, ...]
    untested: tuple[Untested, ...]

    @property
    def ok(self) -> bool:
        return all(verdict.ok for verdict in self.rules)


class RecordedClock(Clock):
    """The clock of a run that is over: it says whether time stood still and was moved, as the run's own did."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        super().__init__(0.0)
        self._stood_still = any(
            entry.wall is None or (entry.kind == "clock" and entry.name == "advance") for entry in entries
        )

    @property
    def frozen(self) -> bool:
        return self._stood_still


def read_journal(path: Path) -> list[Entry]:
    """The entries of a `journal.jsonl`. EmulatorError if it is none."""
    try:
        lines = path.read_text("utf-8").splitlines()
    except OSError as error:
        raise EmulatorError(f"{path}: {error.strerror or error}") from None
    except UnicodeDecodeError:
        raise EmulatorError(f"{path}: not UTF-8 text, expected a journal.jsonl") from None
    return [_entry(line, f"{path}:{number}") for number, line in enumerate(lines, 1) if line.strip()]


def _entry(line: str, place: str) -> Entry:
    try:
        return Entry.of_line(line)
    except (ValueError, TypeError, KeyError):
        raise EmulatorError(f"{place}: this is not a line of a journal") from None


def names_in(entries: Iterable[Entry]) -> Names:
    """The chargers and wallboxes that a journal is about."""
    chargers: dict[str, list[str]] = {}
    for entry in entries:
        if entry.charger is not None:
            wallboxes = chargers.setdefault(entry.charger, [])
            if entry.wallbox is not None and entry.wallbox not in wallboxes:
                wallboxes.append(entry.wallbox)
    return Names(chargers, ())


def judge(entries: Iterable[Entry], rules: Iterable[PlacedRule], *, file: str = "(none)") -> Judgement:
    """Rules over entries in their order; the run is over with the last one."""
    kept = tuple(entries)
    journal = Journal(limit=None)
    simulation = Simulation(clock=RecordedClock(kept), epoch=datetime(2026, 1, 5, tzinfo=UTC), journal=journal)
    site = Site(SitePlan(), simulation, None)
    can, cannot = _sorted(rules)
    engine = VerdictEngine(site, can, file=file, replayed=True)
    engine.start()
    for entry in kept:
        _move(simulation, entry.at - 1)
        simulation.agenda.at = max(simulation.agenda.at, entry.at)
        journal.append(entry)
    _move(simulation, simulation.agenda.at)
    engine.conclude(simulation.agenda.at)
    untested = [
        Untested(kind="rule", name=placed.rule.title, why=NO_QUANTITIES, place=placed.place) for placed in cannot
    ]
    return Judgement(rules=engine.verdicts(), untested=(*engine.untested(), *untested))


def _move(simulation: Simulation, at: Instant) -> None:
    if at > simulation.agenda.at:
        simulation.advance_to(at)


def _sorted(rules: Iterable[PlacedRule]) -> tuple[list[PlacedRule], list[PlacedRule]]:
    """Rules that a journal can answer, and those that it cannot."""
    can: list[PlacedRule] = []
    cannot: list[PlacedRule] = []
    for placed in rules:
        (cannot if any(_checks(placed.rule)) else can).append(placed)
    return can, cannot


def _checks(value: object) -> Iterator[Check]:
    """Every look at a quantity in a rule."""
    if isinstance(value, Check):
        yield value
    elif isinstance(value, tuple | list):
        for item in value:
            yield from _checks(item)
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _checks(item)
    elif is_dataclass(value):
        for spec in fields(value):
            yield from _checks(getattr(value, spec.name))
