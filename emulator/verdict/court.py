"""The court: all rules of a run, from its start to the verdict.

The one rule: it listens and looks, and changes nothing; a run with rules has the same history as one without.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..core.instant import Instant, seconds
from .case import BEFORE, LOUD, Case
from .happenings import line
from .reading import PlacedRule

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
            "text": self.text,
            "nearest": self.nearest,
            "journal": list(self.journal),
            "replay": self.replay,
            "measured": dict(self.measured),
        }


class Court:
    """Watches over rules in one world."""

    def __init__(
        self,
        site: Site,
        rules: Iterable[PlacedRule] = (),
        *,
        file: str = "(none)",
        failed: Callable[[Case], None] | None = None,
    ) -> None:
        self._site = site
        self._file = file
        self._failed = failed if failed is not None else lambda _case: None
        self._recent: deque[Entry] = deque(maxlen=BEFORE)
        self._cases: list[Case] = []
        self._hears: dict[str, list[Case]] = {}
        self._silence: Callable[[], None] | None = None
        self._clients = False
        self._rules = list(rules)

    @property
    def replay(self) -> str:
        """The command that brings about the same again."""
        verb = "run" if self._clients else "play"
        return f"charger-emulator {verb} {self._file} --seed {self._site.simulation.seed}"

    def start(self) -> None:
        """Open every case."""
        rules, self._rules = self._rules, []
        for placed in rules:
            self.add(placed)

    def add(self, placed: PlacedRule) -> None:
        """One more rule, in force from now on."""
        case = Case(placed.rule, placed.place, self._site, self._failed, recent=self._recent)
        case.since = self._site.simulation.at
        placed.rule.watch(case)
        self._cases.append(case)
        for kind in case.taps:
            self._hears.setdefault(kind, []).append(case)
        for watch in case.watches:
            watch.start()
        if self._silence is None:
            self._silence = self._site.simulation.journal.listen(self._heard)

    def _heard(self, entry: Entry) -> None:
        if entry.kind == "push":
            if "push" not in self._hears:
                return
        else:
            for case in self._cases:
                case.hear_more(entry)
            self._clients = self._clients or entry.kind == "request"
        if entry.kind not in LOUD:
            self._recent.append(entry)
        for case in self._hears.get(entry.kind, ()):
            case.hear(entry)

    def conclude(self, at: Instant) -> None:
        """The run is over for the rules there are: what had to come and has not is judged now."""
        for case in self._cases:
            if not case.over:
                for end in case.ends:
                    end(at)
        self.stop()

    def stop(self) -> None:
        """Listen no longer; a rule that is added later is heard again."""
        for case in self._cases:
            case.close()
        self._hears.clear()
        if self._silence is not None:
            self._silence()
            self._silence = None

    def verdicts(self) -> tuple[RuleVerdict, ...]:
        """How it stands."""
        return tuple(self.verdict(case) for case in self._cases)

    def verdict(self, case: Case) -> RuleVerdict:
        """How one rule stands."""
        finding = case.finding
        nearest = finding.nearest if finding is not None else case.nearest
        return RuleVerdict(
            name=case.rule.title,
            kind=case.rule.word,
            place=case.place,
            ok=not case.violations,
            expected=case.rule.sentence(),
            at=finding.at if finding is not None else None,
            violations=case.violations,
            text="\n".join(case.explanation(self.replay)),
            nearest=line(nearest).strip() if nearest is not None else "",
            journal=tuple(line(entry) for entry in finding.lines) if finding is not None else (),
            replay=self.replay if finding is not None else "",
            measured={name: found.as_json() for name, found in case.measured.items()},
        )
