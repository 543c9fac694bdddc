"""What a run did not test: whatever passed only because nothing came to it.

The one rule: this is one list for faults, rules, expectations, steps and clients, in every report and for `--strict`.
Faults are found here from what the engine and the journal know; a step that a mode cannot do says so in the detail of
its outcome (`LEFT_OUT`), and why in its message.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from ..faults.engine import FaultEngine

if TYPE_CHECKING:
    from ..errors import Place
    from ..runtime.journal import Entry
    from ..world.site import Site

UntestedKind = Literal["fault", "rule", "expectation", "step", "client"]

LEFT_OUT: Final = "left_out"
"""Member of an outcome's detail: the step was not done in this mode; the outcome's message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Untested:
    """Something that a run did not test."""

    kind: UntestedKind
    name: str
    why: str
    place: Place | None = None
    """Where it stands in the scenario; None: it came from outside."""

    def __str__(self) -> str:
        where = f"{self.place}: " if self.place is not None else ""
        return f"{where}{self.kind} {self.name}: {self.why}"

    def as_json(self) -> dict[str, object]:
        place = str(self.place) if self.place is not None else None
        return {"kind": self.kind, "name": self.name, "why": self.why, "place": place}


@dataclass(slots=True)
class _Life:
    """What became of a fault."""

    begun: bool = False
    hits: int = 0


class ClientRecord:
    """Follows who came, to tell the clients that never did."""

    def __init__(self, site: Site) -> None:
        self._expected = site.plan.clients
        self._came: set[str] = set()
        self.stop = site.simulation.journal.listen(self._heard) if self._expected else lambda: None

    def _heard(self, entry: Entry) -> None:
        if entry.who is not None:
            self._came.add(entry.who)

    def untested(self) -> Iterator[Untested]:
        """Clients that the scenario names and nobody saw."""
        for plan in self._expected:
            if plan.name not in self._came:
                yield Untested(kind="client", name=plan.name, why="it never came", place=plan.place)


class FaultRecord:
    """Follows every fault of a site, to tell the ones that did nothing."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._lives: dict[str, _Life] = {}
        self._places: dict[str, Place] = {}
        self._stop = site.simulation.journal.listen(self._heard, ("fault",))

    def stated(self, place: Place) -> None:
        """A step at this place has just been done: faults that are new come from it."""
        for name in (*FaultEngine.of(self._site.simulation).active, *self._lives):
            self._places.setdefault(name, place)

    def stop(self) -> None:
        self._stop()
        self._stop = lambda: None

    def _heard(self, entry: Entry) -> None:
        what = entry.detail.get("what") if entry.kind == "fault" else None
        if what not in ("armed", "begin", "hit", "end"):
            return
        life = self._lives.setdefault(entry.name, _Life())
        life.begun = life.begun or what in ("begin", "hit")
        hits = entry.detail.get("hits", entry.detail.get("hit", 0))
        if isinstance(hits, int):
            life.hits = max(life.hits, hits)

    def untested(self) -> Iterator[Untested]:
        """Faults that were never in force, or never hit anything."""
        active = FaultEngine.of(self._site.simulation).active
        for name in dict.fromkeys((*self._lives, *active)):
            life = self._lives.get(name, _Life())
            hits = max(life.hits, active[name].hits if name in active else 0)
            if hits:
                continue
            why = "it was in force and hit nothing" if life.begun else "it was never in force"
            yield Untested(kind="fault", name=name, why=why, place=self._places.get(name))
