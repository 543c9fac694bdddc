"""What happened at a charger, as a log shows it: plugged, charging, stopped, at which times and with which values.

The one rule: only what a reading says; between two readings nothing is assumed but that a change lies there.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from .boxes import Reading
from .meanings import meaning, number_of


@dataclass
class Moment:
    """What one message told."""

    at: float
    line: int
    state: str | None = None
    """A, B, C, E."""
    plugged: bool | None = None
    allowed: bool | None = None
    offered: float | None = None
    """A"""
    cable: float | bool | None = None
    """A, or whether there is one in the socket."""
    values: dict[str, float] = field(default_factory=dict)
    """By quantity, in SI units."""
    pushed: bool = False
    """The box told it when it happened."""

    @property
    def currents(self) -> tuple[float, float, float] | None:
        """A; None: not told."""
        found = [self.values.get(f"current.L{n}") for n in (1, 2, 3)]
        if found[0] is None:
            return None
        return found[0], found[1] or 0.0, found[2] or 0.0


@dataclass(frozen=True, slots=True)
class Situation:
    """What was so from a moment on."""

    at: float
    before: float | None
    """When it was last seen otherwise; None: it was so from the start."""
    line: int
    state: str
    cable: bool | None
    allowed: bool | None
    exact: bool = False
    """It happened when it was told."""


def moments_of(vendor: str, readings: Sequence[Reading]) -> list[Moment]:
    """Every message in which something of the charger itself is told."""
    found: list[Moment] = []
    timed = [reading for reading in readings if reading.at is not None]
    for (at, _), group in groupby(timed, key=lambda reading: (reading.at, _message(reading))):
        some = list(group)
        moment = Moment(at or 0.0, some[0].line, pushed=some[0].pushed)
        for reading in some:
            _take(vendor, moment, reading)
        found.append(moment)
    return found


def _message(reading: Reading) -> object:
    """Values of one JSON reply belong together; registers and topics that come at once do, too."""
    return "modbus" if reading.interface in ("modbus", "charger", "mqtt", "websocket") else reading.interface


def _take(vendor: str, moment: Moment, reading: Reading) -> None:
    if reading.address in ("cbl", "v1.cbl"):
        moment.cable = number_of(reading.value) or False
    if reading.address == "settings.Values.ChargingStatus.Charging":
        moment.allowed = bool(reading.value)
    known = meaning(vendor, reading.known_as)
    if known is None:
        return
    value = known.of(reading.value)
    word = known.quantity
    if word == "state" and isinstance(value, str):
        moment.state = value
    elif word == "plugged" and isinstance(value, bool):
        moment.plugged = value
        moment.cable = bool(reading.value) if vendor == "keba" else None
    elif word == "allowed" and isinstance(value, bool):
        moment.allowed = value
    elif word == "offered" and isinstance(value, float):
        moment.offered = value / reading.scale
    elif word == "duty" and isinstance(value, float):
        moment.offered = by_duty(value)
    elif isinstance(value, float):
        moment.values[word] = value / reading.scale


def by_duty(percent: float) -> float:
    """A that a duty cycle offers (IEC 61851-1, table A.8); 0: none."""
    if 8 <= percent <= 85:
        return percent * 0.6
    return (percent - 64) * 2.5 if 85 < percent <= 96 else 0.0


def situations_of(moments: Iterable[Moment]) -> list[Situation]:
    """How it went on, one entry per change."""
    found: list[Situation] = []
    plugged: bool | None = None
    allowed: bool | None = None
    cable: bool | None = None
    last: float | None = None
    for moment in moments:
        plugged = moment.plugged if moment.plugged is not None else plugged
        allowed = _permission(moment) if _permission(moment) is not None else allowed
        cable = bool(moment.cable) if moment.cable is not None else cable
        state = _state(moment, found[-1].state if found else None)
        if state is None:
            continue
        changed = not found or found[-1].state != state or found[-1].cable != cable
        if changed:
            if last is None and moment.pushed and state == "B":  # it has just been plugged in
                last = moment.at - 1.0
            found.append(Situation(moment.at, last, moment.line, state, cable, allowed, moment.pushed))
        last = moment.at
    return found


def _permission(moment: Moment) -> bool | None:
    if moment.allowed is not None:
        return moment.allowed
    return None if moment.offered is None else moment.offered > 0


def _state(moment: Moment, before: str | None) -> str | None:
    """The state a message tells; of what contradicts itself the more telling."""
    state = moment.state
    if moment.plugged is False and state != "C":
        return "A" if state != "E" else "E"
    if state is None and moment.plugged:
        state = before if before in ("B", "C") else "B"
    if state is None and (power := moment.values.get("power")) is not None:
        state = "C" if power > 200 else before if before in ("A", "B") else None
    currents = moment.currents
    if state is None and currents is not None and max(currents) > 1.0:
        state = "C"
    return state


def peaks(moments: Iterable[Moment]) -> tuple[float, float, float]:
    """The most that ever flowed on each line [A]."""
    most = [0.0, 0.0, 0.0]
    for moment in moments:
        for index, current in enumerate(moment.currents or ()):
            most[index] = max(most[index], current)
    return most[0], most[1], most[2]


def highest(moments: Iterable[Moment], quantity: str) -> float | None:
    """The largest value of a quantity; None: it was never told."""
    return max((m.values[quantity] for m in moments if quantity in m.values), default=None)


def first(moments: Iterable[Moment], quantity: str) -> float | None:
    """The first value of a quantity; None: it was never told."""
    return next((m.values[quantity] for m in moments if quantity in m.values), None)
