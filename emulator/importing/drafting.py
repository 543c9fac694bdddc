"""The first sketch of a scenario: box, vehicle, and the steps that the log tells plainly.

The one rule: what somebody did (plugged in, unplugged, asked) becomes a step at its time; why the charger did what it
did is left to the physics, and looked at when the sketch has been played.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

from ..language.units import shown
from .boxes import Box
from .identity import Device
from .remarks import Remarks
from .sketch import BoxSketch, Deed
from .story import Moment, Situation, first, highest, peaks

LEAD: Final = 60.0
"""s before the log begins, at least."""
SHORTEST_LEAD: Final = 25.0
"""In which a vehicle reaches its full current [s]."""
LONGEST_LEAD: Final = 48 * 3600.0
SETTLED: Final = 20.0
"""What a vehicle needs from being plugged in to its full current [s]."""
USUAL_POWER: Final = 11_000.0
"""W with which a session before the log is assumed to have charged."""
NOMINAL: Final = 230.0
MINIMUM: Final = 6.0
"""Least current that can be offered [A]."""
LARGE: Final = 25_000.0
"""Energy that the usual vehicle does not take in one session [Wh]."""
FLOWS: Final = 1.0
"""A above which a line is used."""


def sketch_of(
    box: Box, device: Device, charger: str, moments: Sequence[Moment], situations: Sequence[Situation], remarks: Remarks
) -> BoxSketch:
    """One box, without its deeds in time."""
    told = dict.fromkeys(reading.interface for reading in box.readings)
    told |= dict.fromkeys(ask.interface for ask in box.asks if ask.interface)
    told |= dict.fromkeys(["modbus"] if box.exchanges else [])
    told |= dict.fromkeys(["udp"] if box.asked else [])
    name = "wallbox" if device.vendor.id == "eebus" else device.vendor.id
    sketch = BoxSketch(charger=charger, device=device, wallbox=name)
    sketch.interfaces = _interfaces(device, list(told))
    if any(situation.state in ("B", "C") for situation in situations):
        _vehicle(sketch, device, moments, remarks)
    total = first(moments, "total") or first(moments, "total.since_reset")
    if total:
        sketch.hardware["total_energy"] = shown(round(total), "Wh")
    return sketch


def _interfaces(device: Device, told: list[str]) -> list[str]:
    """Those the log speaks about; of a box that is only known by its values, what clients use most."""
    known = {*device.vendor.ports, *device.vendor.enable}
    plain = dict.fromkeys("http" if name == "websocket" else name for name in told)
    found = [name for name in plain if name in known]
    if found:
        return found
    return [next(name for name in ("http", "modbus", "udp", *known) if name in known)]


def _vehicle(sketch: BoxSketch, device: Device, moments: Sequence[Moment], remarks: Remarks) -> None:
    """Lines and current of the vehicle, from what flowed."""
    most = peaks(moments)
    used = sum(current > FLOWS for current in most)
    vehicle = sketch.vehicle
    if used:
        vehicle["phases"] = used
        current = max(most)
        if current > 16.5:
            vehicle["max_current"] = "32 A"
        elif current < 15.0:  # whether it draws no more, or gets no more, is seen later
            vehicle["max_current"] = drawn(current)
        if (energy := highest(moments, "energy") or 0.0) > LARGE:
            vehicle |= battery(energy)
        remarks.understood(f"a vehicle that draws up to {current:.3g} A on {used} phase{'s' if used > 1 else ''}")
        return
    power = highest(moments, "power")
    if power is not None and power > 200:
        lines = _lines_by_offer(moments) or (1 if power < 6 * NOMINAL * 3 * 0.97 else 3)
        vehicle["phases"] = lines
        remarks.guessed("vehicle", f"{lines} phase{'s' if lines > 1 else ''}, from its power of {power:.4g} W")
        if power / lines / NOMINAL > 16.5:
            vehicle["max_current"] = "32 A"
        return
    vehicle["phases"] = 3
    remarks.guessed("vehicle", "a usual one: the log never shows it charging")


def _lines_by_offer(moments: Sequence[Moment]) -> int | None:
    """On how many lines a power flows, where the offer is told beside it; None: it is not."""
    offered, most = 0.0, 0.0
    for moment in moments:
        offered = moment.offered if moment.offered is not None else offered
        power = moment.values.get("power", 0.0)
        if offered > 0 and power > 200:
            most = max(most, power / NOMINAL / offered)
    return min(3, max(1, round(most))) if most > 0 else None


def drawn(amperes: float) -> str:
    """The current of a vehicle that draws so much: at least the least that can be offered, which it undershoots."""
    return shown(max(MINIMUM, round(amperes, 1)), "A")


def battery(energy: float) -> dict[str, object]:
    """A battery that takes so much before it is nearly full."""
    return {"capacity": f"{10 * math.ceil(energy / 6_000):g} kWh", "state_of_charge": "20 %"}


def lead_of(moments: Sequence[Moment], situations: Sequence[Situation]) -> float:
    """How long the scenario begins before the log [s]: enough for what the first session has already charged."""
    if not situations or situations[0].state not in ("B", "C") or situations[0].before is not None:
        return LEAD
    energy = first(moments, "energy") or 0.0
    if energy <= 0:
        return LEAD * (2 if situations[0].state == "C" else 1)
    return _rounded(min(LONGEST_LEAD, energy / _power(moments) * 3600 + SETTLED))


def _power(moments: Sequence[Moment]) -> float:
    """W at which the session before the log charged: what it was later, or the usual."""
    power = next((m.values["power"] for m in moments if m.values.get("power", 0.0) > 200), None)
    if power is not None:
        return power
    most = sum(peaks(moments)) * NOMINAL
    return most if most > 200 else USUAL_POWER


def _rounded(seconds: float) -> float:
    return float(max(SHORTEST_LEAD, math.ceil(seconds)))


def deeds_of(
    sketch: BoxSketch,
    situations: Sequence[Situation],
    rating: int | None,
    begin: float,
    lead: float,
    own_lead: float,
) -> list[Deed]:
    """What people did at the charger.

    `rating`: of the cable; `begin`: of the log; `lead`: of the scenario; `own_lead`: of this box.
    """
    deeds: list[Deed] = []
    plugged, cable = False, False
    for situation in situations:
        at = situation.at - begin + lead
        if situation.before is None:
            at = max(0.0, lead - own_lead)
        else:
            at = _between(situation.before - begin + lead, at, situation)
        line = f"line {situation.line}"
        if situation.state in ("B", "C") and not plugged:
            why = "it is plugged in when the log begins" if situation.before is None else line
            arguments: dict[str, object] = {"vehicle": sketch.car}
            if any(deed.name == "plug_in" for deed in deeds):  # nobody knows how far it has driven since
                arguments["state_of_charge"] = sketch.vehicle.get("state_of_charge", "40 %")
            if rating is not None and _socket(sketch):
                arguments["cable"] = f"{rating} A"
            deeds.append(Deed(at, "plug_in", arguments, why))
            plugged = True
        elif situation.state == "A" and plugged:
            deeds.append(Deed(at, "unplug", {}, line))
            plugged, cable = False, bool(situation.cable)
        if situation.state == "A" and situation.cable is not None and bool(situation.cable) != cable:
            cable = bool(situation.cable)
            if _socket(sketch):
                deeds.append(Deed(at, "plug_cable", {} if cable else {"plugged": False}, line))
    return deeds


def _socket(sketch: BoxSketch) -> bool:
    return sketch.device.vendor.model(sketch.device.model).connector == "socket"


def rating_of(moments: Sequence[Moment]) -> int | None:
    """What the cable is coded for [A]; None: not told."""
    told = (moment.cable for moment in moments if isinstance(moment.cable, float))
    return next((int(one) for one in told if one in (13, 20, 32, 63)), None)


def _between(before: float, seen: float, situation: Situation) -> float:
    """When something happened that was seen at `seen` and not yet at `before`."""
    if situation.exact:
        return round(max(before, seen - 0.6), 1)
    settle = {"C": 15.0, "B": 4.0, "A": 3.0}.get(situation.state, 2.0)
    return round(max(before + min(1.0, (seen - before) / 2), seen - settle), 1)
