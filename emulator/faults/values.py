"""Faults of meaning: answers that are well formed and wrong.

The one rule: what is changed is what the client sees, or what its write does; the wallbox itself knows nothing of it.
Durations here are simulated time.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar, Final, Literal

from ..core.instant import Instant, later, seconds
from ..core.messages import Command
from ..core.units import Seconds
from ..devices.documents import Path, address, ends_with
from ..devices.traffic import ProtocolName
from ..language.digits import is_index
from ..language.fields import About
from . import registers
from .edits import HIDE, KEEP, add_member
from .effect import (
    AdjustsWrites,
    ChangesModbusReply,
    ChangesText,
    ChangesValues,
    OnMessages,
    SwallowsWrites,
    WatchesRequests,
)
from .match import Match
from .sentinels import Sentinel

if TYPE_CHECKING:
    from ..devices.interfaces import ModbusReply
    from ..devices.wallbox import Wallbox
    from .candidate import Candidate


@dataclass(frozen=True, slots=True, kw_only=True)
class AcknowledgedButIneffective(OnMessages, WatchesRequests, SwallowsWrites):
    """Writes are answered with success and do nothing."""

    primitive: ClassVar[str] = "P02"
    selects: ClassVar[bool] = True

    sooner_than: Seconds | None = None
    """Only writes that come sooner than this (simulated time) after the one before; default: every one."""

    def before(self, candidate: Candidate) -> None:
        match, memory = candidate.fault.injection.match, candidate.fault.memory
        at = candidate.fault.simulation.at
        last = memory.get("last")
        named = match.key is None or candidate.message.mentions(match.key)
        close = self.sooner_than is None or (last is not None and seconds(at - last) < self.sooner_than)
        candidate.wanted = named and close

    def swallows(self, candidate: Candidate, what: Command | tuple[str, object]) -> bool:
        candidate.fault.memory["last"] = candidate.fault.simulation.at
        if not candidate.wanted or not candidate.fire():
            return False
        name = what[0] if isinstance(what, tuple) else type(what).__name__
        swallowed = candidate.detail.setdefault("swallowed", [])
        if isinstance(swallowed, list) and name not in swallowed:
            swallowed.append(name)
        return True


@dataclass(frozen=True, slots=True, kw_only=True)
class AdjustedWrite(OnMessages, AdjustsWrites):
    """Writes are acknowledged, and what is stored is rounded or cut. `match.key` says which value, as it is stored."""

    primitive: ClassVar[str] = "P02"
    selects: ClassVar[bool] = True
    needs_key: ClassVar[bool] = True
    requires: ClassVar[tuple[str, ...]] = ("step", "lowest", "highest")

    step: Annotated[float | None, About("rounded down to a multiple of this")] = None
    lowest: Annotated[float | None, About("at least this")] = None
    highest: Annotated[float | None, About("at most this")] = None

    def problem(self, match: Match) -> str | None:
        return "step has to be positive" if self.step is not None and self.step <= 0 else None

    def adjusted(self, candidate: Candidate, name: str, value: object) -> object:
        number, key = _number(value), candidate.key
        if number is None or key is None or not ends_with(address(name), key[-1:]):
            return value
        new = self._cut(number)
        if new == number or not candidate.fire():
            return value
        adjusted = _counted(value, self._cut)
        candidate.changed(address(name), value, adjusted)
        return adjusted

    def _cut(self, number: float) -> float:
        if self.step is not None:
            number = number // self.step * self.step
        if self.lowest is not None:
            number = max(number, self.lowest)
        return number if self.highest is None else min(number, self.highest)


PENDING: Final = "pending"
"""Everything as it reads while a write is handled, which may publish what it changes; by the end of its path."""


@dataclass(frozen=True, slots=True)
class Held:
    """A value that reads as before for a while."""

    point: str
    places: tuple[Path, ...]
    """How messages may call it."""
    old: object
    until: Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class SettleDelay(ChangesValues, WatchesRequests):
    """A write is acknowledged and in force at once, but what it changes reads as before for a while.

    Whichever interface is written by; `on` and `match` say where the old value is shown.
    """

    primitive: ClassVar[str] = "P01"
    needs_key: ClassVar[bool] = False
    everywhere: ClassVar[bool] = True

    settle: Seconds = 3.0
    """How long, in simulated time."""
    jitter: Seconds = 0.0
    """Up to so much longer, differently each time."""

    def before(self, candidate: Candidate) -> None:
        if candidate.message.write:
            candidate.readings = dict(_readings(candidate.wallbox))
            until = later(candidate.fault.simulation.at, self.settle)
            pending: dict[str, list[Held]] = {}
            for point, old in candidate.readings.items():
                path = address(point)
                pending.setdefault(path[-1], []).append(Held(point, (path,), old, until))
            candidate.fault.memory[PENDING] = pending

    def after(self, candidate: Candidate, written: Sequence[str]) -> None:
        """What the write has changed; and what it was about, for a wallbox that shows it later anyway."""
        fault, wallbox, before = candidate.fault, candidate.wallbox, candidate.readings
        fault.memory.pop(PENDING, None)
        if not before:
            return
        more = self.jitter * fault.chance(fault.candidates, "settle")
        until = later(fault.simulation.at, self.settle + more)
        about = [address(point) for point in written]
        now = dict(_readings(wallbox))
        for point, old in before.items():
            path = address(point)
            if now.get(point) != old or any(_about(path, name) for name in about):
                held = fault.memory.get(point)
                if isinstance(held, Held) and held.until > fault.simulation.at:
                    old = held.old
                fault.memory[point] = Held(point, registers.places(wallbox, path), old, until)
        fault.show_again(until)

    def concerns(self, candidate: Candidate, path: Path, old: object) -> bool:
        return not candidate.message.write and self._held(candidate, path, old) is not None

    def value(self, candidate: Candidate, path: Path, old: object) -> object:
        held = self._held(candidate, path, old)
        return KEEP if held is None else held.old

    def _held(self, candidate: Candidate, path: Path, shown: object) -> Held | None:
        """What is held of a value that a message shows: that of the same name, which reads as it does."""
        at, memory = candidate.fault.simulation.at, candidate.fault.memory
        pending = memory.get(PENDING, {}).get(path[-1], ()) if path else ()
        for held in (*memory.values(), *pending):
            if not isinstance(held, Held) or at >= held.until or not any(_named(path, place) for place in held.places):
                continue
            if same(shown, _reading(candidate.wallbox, held.point)) and not same(shown, held.old):
                return held
        return None


def _about(path: Path, written: Path) -> bool:
    """Whether a value is one that was written. Registers: by number, whatever the function."""
    if path[0] == "modbus" == written[0]:
        return path[-1] == written[-1]
    return ends_with(path, written)


def _named(path: Path, place: Path) -> bool:
    """Whether a path is that of a value; of a value with a name also where it stands elsewhere."""
    return ends_with(path, place) or (path[-1:] == place[-1:] and not place[-1].isdigit())


def same(one: object, other: object) -> bool:
    """Equal, and not a number here and a text there."""
    return one == other and isinstance(one, str) == isinstance(other, str)


def _reading(wallbox: Wallbox, point: str) -> object:
    try:
        return wallbox.read(point)
    except KeyError:
        return HIDE


def _readings(wallbox: Wallbox) -> Iterator[tuple[str, object]]:
    """What every value reads."""
    for point in wallbox.addresses():
        value = _reading(wallbox, point)
        if value is not HIDE:
            yield point, value


@dataclass(frozen=True, slots=True, kw_only=True)
class Override(ChangesValues):
    """A value is replaced: by another one, or by what devices send in place of one."""

    primitive: ClassVar[str] = "P06"
    requires: ClassVar[tuple[str, ...]] = ("value", "sentinel")

    value_: Annotated[object, About("the new value, as on the wire")] = None
    sentinel: Literal["ones", "nan", "null", "zeros"] | None = None
    """All bits set (0xFFFF..), not a number, null, or zeros in the form of the old value."""

    def problem(self, match: Match) -> str | None:
        if self.sentinel is not None and self.value_ is not None:
            return 'found "value" and "sentinel", expected one of them'
        return None

    def value(self, candidate: Candidate, path: Path, old: object) -> object:
        if self.sentinel is None:
            return self.value_
        sentinel = Sentinel(self.sentinel)
        return sentinel if candidate.message.protocol == "modbus" else sentinel.plain(old)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hide(ChangesValues):
    """A value is not there; a register answers with exception 2."""

    primitive: ClassVar[str] = "P08"

    def value(self, candidate: Candidate, path: Path, old: object) -> object:
        return HIDE


@dataclass(frozen=True, slots=True, kw_only=True)
class Add(OnMessages, ChangesText):
    """Objects have one more member. `match.key` says which object; without it, the outermost."""

    primitive: ClassVar[str] = "P05"
    protocols: ClassVar[tuple[ProtocolName, ...]] = ("http", "websocket", "mqtt", "udp", "ocpp")
    selects: ClassVar[bool] = True

    member: str
    """Its name."""
    value_: Annotated[object, About("its value")] = None

    def text(self, candidate: Candidate, text: str) -> str:
        new = add_member(text, candidate.key or (), candidate.message.prefix, self.member, self.value_)
        if new == text or not candidate.fire():
            return text
        candidate.changed((self.member,), None, self.value_)
        return new


@dataclass(frozen=True, slots=True, kw_only=True)
class Rescale(ChangesValues):
    """Numbers are in another unit: new = old x factor + offset."""

    primitive: ClassVar[str] = "P05"

    factor: float = 1.0
    offset: float = 0.0

    def value(self, candidate: Candidate, path: Path, old: object) -> object:
        if isinstance(old, list):
            return [_counted(item, self._scaled) for item in old]
        return _counted(old, self._scaled)

    def concerns(self, candidate: Candidate, path: Path, old: object) -> bool:
        return any(_number(item) is not None for item in (old if isinstance(old, list) else [old]))

    def _scaled(self, old: float) -> float:
        return old * self.factor + self.offset


def _number(value: object) -> float | None:
    """The number that a value is, or (go-e's API v1) that stands in a text; None: it is none."""
    if isinstance(value, str):
        try:
            found = float(value)
        except ValueError:
            return None
        return (int(value) if is_index(value.strip().lstrip("+-")) else found) if math.isfinite(found) else None
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _counted(old: object, change: Callable[[float], float]) -> object:
    """Another number in the form of the old one; what is none stays."""
    number = _number(old)
    if number is None:
        return old
    new = change(number)
    whole = int(new) if isinstance(number, int) and new == int(new) else new
    return str(whole) if isinstance(old, str) else whole


@dataclass(frozen=True, slots=True, kw_only=True)
class FrozenValue(ChangesValues):
    """A value stands still at what it was when it was first seen."""

    primitive: ClassVar[str] = "P06"

    def value(self, candidate: Candidate, path: Path, old: object) -> object:
        return candidate.fault.memory.setdefault((candidate.message.interface, path), old)


@dataclass(frozen=True, slots=True, kw_only=True)
class CounterDip(ChangesValues):
    """A counter shows less than it should, for a moment."""

    primitive: ClassVar[str] = "P07"

    by: Annotated[float | None, About("how much less, in the unit of the wire; default: everything")] = None

    def value(self, candidate: Candidate, path: Path, old: object) -> object:
        by = self.by
        return _counted(old, lambda count: 0.0 if by is None else max(0.0, count - by))

    def concerns(self, candidate: Candidate, path: Path, old: object) -> bool:
        return _number(old) is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class CounterReset(ChangesValues):
    """A counter begins again at zero when it is first seen."""

    primitive: ClassVar[str] = "P07"

    def value(self, candidate: Candidate, path: Path, old: object) -> object:
        start = _number(candidate.fault.memory.setdefault((candidate.message.interface, path), old)) or 0.0
        return _counted(old, lambda count: max(0.0, count - start))

    def concerns(self, candidate: Candidate, path: Path, old: object) -> bool:
        return _number(old) is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class FrozenReply(OnMessages, ChangesText, ChangesModbusReply):
    """Whole answers stand still: each request gets what it got the first time, pushes bring nothing new."""

    primitive: ClassVar[str] = "P06"
    selects: ClassVar[bool] = True

    def text(self, candidate: Candidate, text: str) -> str:
        if candidate.message.write or not candidate.fire():
            return text
        new = candidate.fault.memory.setdefault((candidate.message.interface, candidate.message.label), text)
        return str(new)

    def modbus_reply(self, candidate: Candidate, reply: ModbusReply | None) -> ModbusReply | None:
        if reply is None or not reply.values or not candidate.fire():
            return reply
        place = candidate.message.interface, candidate.message.label
        first: ModbusReply = candidate.fault.memory.setdefault(place, reply)
        return first
