"""One fault on its way: waiting for its trigger, in force, over.

The one rule: whether it hits follows from simulated time, the requests so far and the seed, and from nothing else.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, Protocol

from ..core.agenda import Priority
from ..core.instant import Instant, later, seconds
from ..errors import EmulatorError
from ..runtime.journal import Entry
from .effect import Effect
from .matching import Match
from .target import Target

if TYPE_CHECKING:
    from .engine import FaultEngine

REQUESTS = frozenset({"request"})
"""Kinds of journal entries that count as a request for faults of boxes and chargers."""


class Condition(Protocol):
    """An expectation on the world."""

    @property
    def text(self) -> str: ...

    def holds(self) -> bool:
        """Whether it does now."""
        ...

    def watch(self, wanted: bool, found: Callable[[Instant], None]) -> Callable[[], None]:
        """Call `found`, once, at the first instant at which it holds (or does not); returns what ends that."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class After:
    """Something in the journal that a fault waits for."""

    kind: str
    """`event`, `write`, `request`, `firmware`, ..."""
    pattern: str
    """Name of the entry, with wildcards; of a write also `garage.goe.frc`."""
    delay: float = 0.0
    """s after it."""

    def fits(self, entry: Entry, charger: str) -> bool:
        if entry.kind != self.kind or entry.charger not in (None, charger):
            return False
        whole = ".".join(part for part in (entry.charger, entry.wallbox, entry.name) if part is not None)
        return fnmatchcase(entry.name, self.pattern) or fnmatchcase(whole, self.pattern)


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A fault as a user stated it: where x when x what x until."""

    name: str
    target: Target
    effect: Effect
    match: Match = field(default_factory=Match)
    when: Condition | None = None
    after: After | None = None
    on_request: int | None = None
    every: int | None = None
    probability: float | None = None
    for_: float | None = None
    """s from its beginning."""
    count: int | None = None
    """Hits; of a state of a box or charger: how often it begins."""
    until: Condition | None = None

    @property
    def repeats(self) -> bool:
        """A state that comes back after its end."""
        return self.every is not None or self.probability is not None or self.follows or self.count is not None

    @property
    def follows(self) -> bool:
        """A state that is there exactly while its condition holds."""
        return self.effect.lasting and self.when is not None and self.for_ is None and self.until is None


class Armed:
    """A fault that has been armed."""

    def __init__(self, engine: FaultEngine, order: Order) -> None:
        self.engine = engine
        self.order = order
        self.memory: dict[Any, Any] = {}
        """What the effect remembers."""
        self.candidates = 0
        """What it could have hit so far."""
        self.hits = 0
        self.begun_at: Instant | None = None
        """When it began to be in force; None while it is not."""
        self.over = False
        self._awaits = order.after is not None
        """What it comes after has not happened yet."""
        simulation = order.target.simulation
        self._begin_timer = simulation.timer(self._due, Priority.FAULT)
        self._end_timer = simulation.timer(lambda _at: self._time_over(), Priority.FAULT)
        self._repeat_timer = simulation.timer(self._repeat, Priority.FAULT)
        self._cancels: list[Callable[[], None]] = []
        self._until_cancel: Callable[[], None] | None = None

    @property
    def effect(self) -> Effect:
        return self.order.effect

    @property
    def in_force(self) -> bool:
        return self.begun_at is not None

    # --- its life ----------------------------------------------------------------------------------------------------

    def arm(self) -> None:
        """Wait for the trigger; without one, begin."""
        order = self.order
        if order.after is not None:
            self.note("armed", {"after": f"{order.after.kind} {order.after.pattern}"})
            self._cancels.append(order.target.simulation.journal.listen(self._heard_after))
        else:
            self._set_out(self.begin)

    def _set_out(self, begin: Callable[[], None]) -> None:
        order = self.order
        if order.effect.lasting and order.when is not None:
            self._watch_when(wanted=True)
        elif order.effect.lasting and self._counting:
            self.note("armed", {})
            self._cancels.append(order.target.simulation.journal.listen(self._heard_request))
        elif order.on_request is None or order.effect.lasting:
            begin()

    @property
    def _counting(self) -> bool:
        order = self.order
        return order.on_request is not None or order.every is not None or order.probability is not None

    def _watch_when(self, *, wanted: bool) -> None:
        assert self.order.when is not None
        cancel = self.order.when.watch(wanted, self._when_turned)
        self._cancels.append(cancel)

    def _when_turned(self, _at: Instant) -> None:
        if self.over:
            return
        if not self.in_force:
            self._try()
            if self.order.follows and not self.over:
                self._watch_when(wanted=False)
        else:
            self.lapse("condition")
            if not self.over:
                self._watch_when(wanted=True)

    def _heard_after(self, entry: Entry) -> None:
        after = self.order.after
        assert after is not None
        if not self.over and after.fits(entry, self.order.target.charger) and self._begin_timer.due is None:
            if self.in_force:
                return
            self._begin_timer.set(later(self.order.target.simulation.at, after.delay))
            self.order.target.simulation.wake()

    def _heard_request(self, entry: Entry) -> None:
        target = self.order.target
        fitting = entry.kind in REQUESTS and entry.charger == target.charger
        if fitting and target.level != "charger":
            fitting = entry.wallbox == target.wallbox and (
                target.interface is None or entry.interface == target.interface
            )
        if fitting and not self.in_force and self._begin_timer.due is None and self.take():
            self._begin_timer.set(target.simulation.at)
            target.simulation.wake()

    def _due(self, _at: Instant) -> None:
        """What it waited for has come."""
        if self.over:
            return
        if self.order.effect.lasting and self._counting and self.order.after is None:
            self._try()
        elif self.order.after is not None:
            self._awaits = False
            if not (self.order.effect.lasting and self.order.repeats):
                self._cancel()
            self._set_out(self._try)

    def _try(self) -> None:
        """Begin, in the middle of the world's time: what cannot be done then is recorded, and ends the fault."""
        try:
            self.begin()
        except EmulatorError as error:
            self.finish(str(error))

    def begin(self) -> None:
        """It is in force from now on."""
        order, simulation = self.order, self.order.target.simulation
        self.begun_at = simulation.at
        self.note("begin", {"on": order.target.address})
        if order.effect.lasting:
            self.hits += 1
        order.effect.begin(self, order.target)
        if self.over:
            return
        if order.for_ is not None:
            self._end_timer.set(later(simulation.at, order.for_))
            simulation.wake()
        if order.until is not None:
            self._until_cancel = order.until.watch(True, lambda _at: self.lapse("until"))

    def again(self, period: float | None) -> None:
        """Do it again after `period` s; None: it has done what it was for."""
        if period is not None:
            self._repeat_timer.set(later(self.order.target.simulation.at, period))
            self.order.target.simulation.wake()
        elif self.order.for_ is None and self.order.until is None:
            self.lapse("done")

    def _repeat(self, _at: Instant) -> None:
        if self.in_force:
            self.order.effect.begin(self, self.order.target)

    def _time_over(self) -> None:
        self.lapse("time")

    def lapse(self, why: str) -> None:
        """It is not in force any longer; over for good unless its trigger may bring it back."""
        if self.over:
            return
        order = self.order
        done = order.count is not None and self.hits >= order.count
        if not order.effect.lasting or not order.repeats or done:
            self.finish(why)
            return
        self._stop(why)

    def finish(self, why: str) -> None:
        """The end."""
        if self.over:
            return
        self.over = True
        self._begin_timer.clear()
        self._cancel()
        if self.in_force:
            self._stop(why)
        else:
            self.note("end", {"why": why, "hits": self.hits})
        self.engine.forget(self)

    def _stop(self, why: str) -> None:
        self._end_timer.clear()
        self._repeat_timer.clear()
        if self._until_cancel is not None:
            self._until_cancel()
            self._until_cancel = None
        self.begun_at = None
        self.note("end", {"why": why, "hits": self.hits})
        self.order.effect.end(self, self.order.target)

    def _cancel(self) -> None:
        cancels, self._cancels = self._cancels, []
        for cancel in cancels:
            cancel()

    # --- hitting -----------------------------------------------------------------------------------------------------

    def may(self) -> bool:
        """Whether it can hit anything at all now, whatever comes."""
        order = self.order
        if self.over or order.effect.lasting:
            return False
        return self.in_force or (order.on_request is not None and not self._awaits)

    def take(self, *, peek: bool = False) -> bool:
        """Whether it hits the candidate that is here now, which counts; `peek`: whether it would."""
        order = self.order
        if order.when is not None and not order.effect.lasting and not order.when.holds():
            return False
        number = self.candidates + 1
        if not peek:
            self.candidates = number
        if order.count is not None and self.hits >= order.count:
            return False
        if order.on_request is not None and not self._reached(number):
            return False
        if order.every is not None and number % order.every:
            return False
        return order.probability is None or self.chance(number) < order.probability

    def _reached(self, number: int) -> bool:
        order = self.order
        assert order.on_request is not None
        lasts = order.count is not None or order.for_ is not None or order.until is not None or order.every is not None
        return number >= order.on_request if lasts else number == order.on_request

    def hit(self, detail: dict[str, object], **where: str | None) -> None:
        """It hits: recorded with `detail`, which may be completed later."""
        if not self.in_force:
            self.begin()
        self.hits += 1
        detail |= {"hit": self.hits}
        self.note("hit", detail, **where)
        once = self.order.on_request is not None and not self._lasts
        if once or (self.order.count is not None and self.hits >= self.order.count):
            self.finish("count")

    @property
    def _lasts(self) -> bool:
        order = self.order
        return order.count is not None or order.for_ is not None or order.until is not None or order.every is not None

    def chance(self, number: int, salt: str = "") -> float:
        """A number 0..1 that only seed, name and number decide."""
        seed = self.order.target.simulation.seed
        digest = hashlib.blake2b(f"{seed}/{self.order.name}/{number}/{salt}".encode(), digest_size=8).digest()
        return int.from_bytes(digest, "big") / 2**64

    # --- telling -----------------------------------------------------------------------------------------------------

    def note(self, what: str, detail: dict[str, object], **where: str | None) -> Entry:
        """Record it. The entry keeps `detail` itself."""
        target = self.order.target
        detail |= {"what": what, "kind": self.order.effect.title}
        return target.simulation.journal.record(
            target.simulation.at,
            "fault",
            self.order.name,
            detail,
            charger=target.charger,
            wallbox=where.get("wallbox") or target.wallbox,
            interface=where.get("interface") or target.interface,
            client=where.get("client"),
        )

    def view(self) -> Mapping[str, object]:
        """What the control API shows."""
        begun = None if self.begun_at is None else round(seconds(self.begun_at), 6)
        return {
            "name": self.order.name,
            "on": self.order.target.address,
            "kind": self.order.effect.title,
            "charger": self.order.target.charger,
            "in_force": self.in_force,
            "since": begun,
            "hits": self.hits,
        }
