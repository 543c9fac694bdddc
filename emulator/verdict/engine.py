"""The verdict engine: all rules of a run, from its start to the verdict.

The one rule: it listens and looks, and changes nothing; a run with rules has the same history as one without.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..core.instant import Instant, seconds
from .entries import line
from .run import BEFORE, LOUD, RuleRun
from .section import PlacedRule
from .untested import Untested

if TYPE_CHECKING:
    from ..errors import Place
    from ..runtime.journal import Entry
    from ..world.site import Site


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleVerdict:
    """How a rule came out."""

    name: str
    kind: str
    place: Place
    ok: bool
    expected: str
    """What it demands, in a sentence."""
    at: Instant | None = None
    """When it was broken for the first time."""
    violations: int = 0
    occurrences: int = 0
    """How often its trigger occurred: 0 means that it says nothing."""
    text: str = ""
    """What was found, with the nearest miss, the journal around it, and how to see it again."""
    nearest: str = ""
    journal: tuple[str, ...] = ()
    replay: str = ""
    measured: Mapping[str, object] = field(default_factory=dict)

    def as_json(self) -> dict[str, object]:
        return {
            "name": self.name,
            "kind": self.kind,
            "place": str(self.place),
            "ok": self.ok,
            "expected": self.expected,
            "at": None if self.at is None else round(seconds(self.at), 6),
            "violations": self.violations,
            "occurrences": self.occurrences,
            "text": self.text,
            "nearest": self.nearest,
            "journal": list(self.journal),
            "replay": self.replay,
            "measured": dict(self.measured),
        }


class VerdictEngine:
    """Watches over rules at one site. `failed` is called with the number of a rule when it is broken first."""

    def __init__(
        self,
        site: Site,
        rules: Iterable[PlacedRule] = (),
        *,
        file: str = "(none)",
        replayed: bool = False,
        failed: Callable[[int], None] | None = None,
    ) -> None:
        self._site = site
        self._file = file
        self._replayed = replayed
        self._failed = failed if failed is not None else lambda _index: None
        self._recent: deque[Entry] = deque(maxlen=BEFORE)
        self._rules: list[PlacedRule] = []
        self._runs: list[RuleRun] = []
        self._told: dict[str, list[RuleRun]] = {}
        self._unsubscribe: Callable[[], None] | None = None
        self._clients = False
        self._waiting = list(rules)

    @property
    def replay(self) -> str:
        """The command that brings about the same again."""
        if self._replayed:
            return f"charger-emulator judge {self._file}"
        verb = "run" if self._clients else "play"
        return f"charger-emulator {verb} {self._file} --seed {self._site.simulation.seed}"

    def start(self) -> None:
        """Put every rule into force."""
        waiting, self._waiting = self._waiting, []
        for placed in waiting:
            self.add(placed)

    def add(self, placed: PlacedRule) -> None:
        """One more rule, in force from now on."""
        index = len(self._rules)
        run = RuleRun(self._site, lambda: self._failed(index), self._recent, self._site.simulation.at)
        run.replayed = self._replayed
        placed.rule.start(run)
        self._rules.append(placed)
        self._runs.append(run)
        for kind in run.taps:
            self._told.setdefault(kind, []).append(run)
        for watch in run.watches:
            watch.start()
        if self._unsubscribe is None:
            self._unsubscribe = self._site.simulation.journal.listen(self._heard)

    def _heard(self, entry: Entry) -> None:
        if entry.kind == "push":
            if "push" not in self._told:
                return
        else:
            for run in self._runs:
                run.follow_up(entry)
            self._clients = self._clients or entry.kind == "request"
        if entry.kind not in LOUD:
            self._recent.append(entry)
        for run in self._told.get(entry.kind, ()):
            run.tell(entry)

    def conclude(self, at: Instant) -> None:
        """The run is over for the rules there are: what had to come and has not is judged now."""
        for run in self._runs:
            run.finish(at)
        self.stop()

    def stop(self) -> None:
        """Listen no longer; a rule that is added later is heard again."""
        for run in self._runs:
            run.stop()
        self._told.clear()
        if self._unsubscribe is not None:
            self._unsubscribe()
            self._unsubscribe = None

    def verdicts(self) -> tuple[RuleVerdict, ...]:
        """How every rule stands."""
        return tuple(self.verdict(index) for index in range(len(self._rules)))

    def untested(self) -> Iterator[Untested]:
        """Rules that judged nothing."""
        for placed, run in zip(self._rules, self._runs, strict=True):
            if run.judgements or run.violations:
                continue
            rule = placed.rule
            why = f"its trigger never occurred ({rule.trigger()})"
            if run.occurrences:
                why = rule.unjudged(run.occurrences)
            yield Untested(kind="rule", name=rule.title, why=why, place=placed.place)

    def verdict(self, index: int) -> RuleVerdict:
        """How one rule stands."""
        placed, run = self._rules[index], self._runs[index]
        rule, violation = placed.rule, run.violation
        nearest = violation.nearest if violation is not None else run.nearest
        return RuleVerdict(
            name=rule.title,
            kind=rule.word,
            place=placed.place,
            ok=not run.violations,
            expected=rule.sentence(),
            at=violation.at if violation is not None else None,
            violations=run.violations,
            occurrences=run.occurrences,
            text="\n".join(self._explanation(placed, run)),
            nearest=line(nearest).strip() if nearest is not None else "",
            journal=tuple(line(entry) for entry in violation.entries) if violation is not None else (),
            replay=self.replay if violation is not None else "",
            measured={name: found.as_json() for name, found in run.statistics.items()},
        )

    def _explanation(self, placed: PlacedRule, run: RuleRun) -> Iterator[str]:
        """A violation for a reader."""
        violation = run.violation
        if violation is None:
            return
        more = f" ({run.violations} times in all)" if run.violations > 1 else ""
        yield f"{violation.text}{more}"
        yield f"  expected: {placed.rule.sentence()}"
        if violation.late:
            yield f"  too late: {violation.late}"
        if violation.nearest is not None:
            yield f"  nearest:  {line(violation.nearest).strip()}"
        yield f"  journal around {seconds(violation.at):g} s:"
        yield from (f"    {line(entry)}" for entry in violation.entries)
        yield f"  replay:   {self.replay}"
