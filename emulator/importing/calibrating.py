"""What the surroundings must have been for the measured values to come out: grid, ambient temperature, meter reading.

The one rule: one number for the whole log, rounded as a person would; what changes in between is a step of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from statistics import median
from typing import Final

from ..language.units import shown
from .agreement import Agreement, Match
from .drafting import LARGE, SHORTEST_LEAD, battery, drawn
from .meanings import meaning, number_of
from .replay import Replay
from .sketch import Deed
from .working import Part, Work

ALIVE: Final = 100.0
"""V below which a line is not measured."""
ALIKE: Final = 1.5
"""V within which three lines count as equal."""
NOMINAL: Final = 230.0
AMBIENT: Final = 20.0
"""°C that surround a charger if nothing is said."""
FLOWS: Final = 0.9
"""Current that counts as charging [A]."""
RAMP: Final = 2.0
"""A/s with which the current of a usual vehicle grows."""
SUPPLY: Final = "set_supply"


def calibrate(work: Work) -> None:
    """Fit what surrounds every box."""
    for index in range(len(work.parts)):
        for fit in (_voltages, _frequency, _ambient, _current, _energy, _total):
            found, agreements = work.play()
            fit(work, work.parts[index], index, found, agreements[index])


Fit = Callable[[Work, Part, int, Replay, Agreement], None]


def _pairs(part: Part, agreement: Agreement, quantity: str) -> Iterator[tuple[Match, float, float]]:
    """What the log tells and what came instead, in SI units."""
    for match in agreement.matches:
        known = meaning(part.box.vendor, match.reading.known_as)
        if known is None or known.quantity != quantity or not isinstance(known.to, float | int):
            continue
        told, found = number_of(match.reading.value), number_of(match.found)
        if told is not None and found is not None:
            factor = known.to / match.reading.scale
            yield match, told * factor, found * factor


def _off(part: Part, agreement: Agreement, quantity: str, least: float = -1e12) -> float | None:
    """By how much the log is higher, in the middle; None: nothing to compare."""
    found = [told - other for _, told, other in _pairs(part, agreement, quantity) if told > least]
    return median(found) if found else None


def _voltages(work: Work, part: Part, index: int, found: Replay, agreement: Agreement) -> None:
    # The log's own values, not their difference to the replay's: a box may show none while it is idle.
    told = []
    for line in ("L1", "L2", "L3"):
        values = [one for _, one, _ in _pairs(part, agreement, f"voltage.{line}") if one > ALIVE]
        told.append(median(values) if values else None)
    if not any(told):
        return
    load = [0.0, 0.0, 0.0]
    for snapshot in found.snapshots[index].values():
        load = [max(one, current) for one, current in zip(load, snapshot.phase_current, strict=True)]
    wanted = [round(volts + 0.1 * amperes) if volts is not None else None
              for volts, amperes in zip(told, load, strict=True)]  # fmt: skip
    known = [volts for volts in wanted if volts is not None]
    volts = [volts if volts is not None else round(NOMINAL) for volts in wanted]
    before = dict(part.sketch.supply), list(part.sketch.deeds)
    if max(known) - min(known) <= ALIKE:
        part.sketch.supply["voltage"] = shown(round(median(known)), "V")
    else:
        stated = [shown(one, "V") for one in volts]
        part.sketch.deeds = [deed for deed in part.sketch.deeds if deed.name != SUPPLY]
        part.sketch.deeds.insert(0, Deed(0.0, SUPPLY, {"phase_voltages": stated}, "as measured", rank=0))
    if work.play()[1][index].good < agreement.good:
        part.sketch.supply, part.sketch.deeds = before


def _frequency(_work: Work, part: Part, _index: int, _found: Replay, agreement: Agreement) -> None:
    off = _off(part, agreement, "frequency", 40.0)
    if off is not None and abs(off) > 0.15:
        now = _stated(part.sketch.supply.get("frequency"), 50.0)
        part.sketch.supply["frequency"] = f"{now + round(off, 1):g} Hz"


def _ambient(_work: Work, part: Part, _index: int, _found: Replay, agreement: Agreement) -> None:
    off = _off(part, agreement, "temperature", -50.0)
    if off is not None and abs(off) > 1.5:
        climate = part.sketch.hardware.get("climate")
        now = _stated(climate.get("ambient") if isinstance(climate, Mapping) else None, AMBIENT)
        part.sketch.hardware["climate"] = {"ambient": f"{max(-30, min(60, round(now + off)))} °C"}


def _current(_work: Work, part: Part, index: int, found: Replay, agreement: Agreement) -> None:
    """The vehicle draws less than it is offered."""
    lines: list[tuple[float, float]] = []
    for line in ("L1", "L2", "L3"):
        lines += [(told, flows) for _, told, flows in _pairs(part, agreement, f"current.{line}")
                  if told > FLOWS and flows > FLOWS]  # fmt: skip
    if not lines:
        lines = _by_power(part, agreement)
    if not lines:
        return
    told, flows = max(lines)
    if told < flows - max(0.25, 0.03 * flows):
        part.sketch.vehicle["max_current"] = drawn(told)
    elif told > flows + max(0.25, 0.03 * flows) and "max_current" not in part.sketch.vehicle and told > 16:
        part.sketch.vehicle["max_current"] = "32 A"


def _by_power(part: Part, agreement: Agreement) -> list[tuple[float, float]]:
    """Currents from the power, where none are told."""
    phases = part.sketch.vehicle.get("phases", 3)
    share = NOMINAL * (phases if isinstance(phases, int) else 3)
    powers = [(told / share, found / share) for _, told, found in _pairs(part, agreement, "power")]
    return [(told, found) for told, found in powers if told > FLOWS and found > FLOWS]


def _total(_work: Work, part: Part, _index: int, _found: Replay, agreement: Agreement) -> None:
    pairs = list(_pairs(part, agreement, "total")) or list(_pairs(part, agreement, "total.since_reset"))
    if not pairs:
        return
    _, told, other = pairs[0]
    stated = part.sketch.hardware.get("total_energy")
    start = _stated(stated, 0.0)
    wanted = round(start + told - other)
    if wanted > 0 and abs(told - other) > 1:
        part.sketch.hardware["total_energy"] = f"{wanted} Wh"


def _stated(text: object, usual: float) -> float:
    """The number of a quantity that was written down, in its unit; energies in Wh."""
    if not isinstance(text, str):
        return usual
    number, _, unit = text.partition(" ")
    return float(number) * (1000.0 if unit == "kWh" else 1.0)


def _energy(work: Work, part: Part, index: int, found: Replay, agreement: Agreement) -> None:
    """When the first session began: before the log, or between two messages of it."""
    if part.situations and (part.situations[0].before is not None or part.situations[0].state == "A"):
        _plugged_in(work, part, index, found, agreement)
        return
    pairs = list(_pairs(part, agreement, "energy"))
    if not pairs or not part.situations or part.situations[0].state not in ("B", "C"):
        return
    _, told, other = pairs[0]
    if abs(told - other) <= max(10.0, 0.01 * told) or told <= 0:
        return
    power = _power_before(work, index, found, told, other)
    by = float(round((told - other) / power * 3600)) if power > 0 else 0.0
    if by and SHORTEST_LEAD - work.lead < by < 48 * 3600:
        if told > LARGE:
            part.sketch.vehicle |= battery(told)
        work.later(by)


def _power_before(work: Work, index: int, found: Replay, told: float, other: float) -> float:
    powers: Sequence[float] = [s.power for s in found.snapshots[index].values() if s.power > 200]
    if powers:
        return powers[0]
    return max(1_000.0, other / max(1.0, work.lead - 60.0) * 3600) if other > 0 else 11_000.0 if told else 0.0


def _plugged_in(work: Work, part: Part, index: int, found: Replay, agreement: Agreement) -> None:
    """Move the first plug-in between the two messages around it, so that the energy comes out."""
    begun = next((one for one in part.situations if one.state in ("B", "C") and one.before is not None), None)
    deed = next((deed for deed in part.sketch.deeds if deed.name == "plug_in"), None)
    if begun is None or begun.before is None or begun.exact or deed is None:
        return
    later = ((told, other) for match, told, other in _pairs(part, agreement, "energy") if told > 0)
    told, other = next(later, (0.0, 0.0))
    power = next((s.power for _, s in sorted(found.snapshots[index].items()) if s.power > 200), 0.0)
    by = (other - told) / power * 3600 if told > 0 and power > 0 and abs(told - other) > max(5.0, 0.01 * told) else 0.0
    by = by or _in_the_ramp(part, agreement)
    if not by:
        return
    earliest, latest = work.at(begun.before) + 0.5, work.at(begun.at) - 0.5
    at = round(min(max(deed.at + by, earliest), latest), 0 if abs(by) > 5 else 1)
    part.sketch.deeds = [replace(one, at=float(at)) if one is deed else one for one in part.sketch.deeds]


def _in_the_ramp(part: Part, agreement: Agreement) -> float:
    """How much later it was plugged in, if the first current that the log tells is still growing [s]."""
    for line in ("L1", "L2", "L3"):
        flowing = [(told, other) for _, told, other in _pairs(part, agreement, f"current.{line}") if told > 0.2]
        if flowing and flowing[0][0] < 0.8 * max(told for told, _ in flowing) and flowing[0][1] > flowing[0][0]:
            return (flowing[0][1] - flowing[0][0]) / RAMP
    return 0.0
