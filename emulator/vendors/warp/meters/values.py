"""Value ids of meters: what each means, and which ones the built-in meters publish, in order.

The one rule: a value is a function of one sample; None is what the meter does not know.
Source: Tinkerforge esp32-firmware, `modules/meters/meter_value_id.csv`, `modules/meters_evse_v2`; lists from captures.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from operator import attrgetter
from typing import Final

from ....core.freshness import seen
from ....core.instant import SECOND
from ....core.snapshot import Phases, Snapshot

CALLBACK: Final = SECOND // 2
"""ASSUMED period of the built-in meter [µs]."""
POWER: Final = 74
"""Value id of the total active power [W]."""
SDM72V2 = (
    1, 2, 3, 13, 17, 21, 39, 48, 57, 122, 130, 138, 83, 91, 99, 353, 354, 355, 7, 29, 33, 74, 154, 115, 356, 364, 209,
    211, 4, 5, 6, 8, 25, 213, 277, 214, 210, 212,
)  # fmt: skip
SDM630 = (
    1, 2, 3, 13, 17, 21, 39, 48, 57, 122, 130, 138, 83, 91, 99, 353, 354, 355, 365, 366, 367, 7, 29, 33, 74, 154, 115,
    356, 368, 364, 209, 211, 273, 275, 341, 388, 4, 5, 6, 8, 25, 369, 370, 371, 377, 378, 379, 375, 380, 372, 373, 374,
    376, 213, 277, 161, 177, 193, 163, 179, 195, 165, 181, 197, 225, 241, 257, 227, 243, 259, 229, 245, 261, 214, 210,
    212,
)  # fmt: skip
SDM72 = (74, 209, 211, 213, 214, 210, 212)
DEM4A = (
    1, 2, 3, 13, 17, 21, 39, 48, 57, 122, 130, 138, 83, 91, 99, 353, 354, 355, 7, 29, 74, 154, 115, 356, 364, 209, 211,
    273, 275, 4, 5, 6, 8, 25, 213, 214, 210, 212,
)  # fmt: skip
DMED341 = (
    1, 2, 3, 13, 17, 21, 4, 5, 6, 39, 48, 57, 83, 91, 99, 122, 130, 138, 353, 354, 355, 364, 74, 356, 209, 211, 273,
    275, 161, 163, 225, 227, 177, 179, 241, 243, 193, 195, 257, 259, 214, 210, 212,
)  # fmt: skip
DSZ15 = (
    1, 2, 3, 13, 17, 21, 39, 48, 57, 353, 354, 355, 74, 356, 209, 211, 122, 130, 138, 82, 90, 98, 365, 366, 367, 25, 7,
    29, 33, 154, 114, 368, 213, 214, 210, 212, 364,
)  # fmt: skip
DSZ16 = (
    1, 2, 3, 13, 17, 21, 39, 48, 57, 122, 130, 138, 83, 91, 99, 353, 354, 355, 365, 366, 367, 74, 154, 115, 356, 368,
    364, 209, 211, 365, 366, 367, 368, 214, 210, 212,
)  # fmt: skip
WM3M4 = (
    1, 2, 3, 13, 17, 21, 39, 48, 57, 122, 130, 138, 83, 91, 99, 353, 354, 355, 365, 366, 367, 7, 29, 33, 74, 154, 115,
    356, 368, 364, 4, 5, 6, 8, 369, 370, 371, 377, 378, 379, 381, 474, 213, 209, 211,
)  # fmt: skip
SIGNED = (14, 18, 22)
"""Appended to every list with currents and directional power factors."""
TYPES: Final[dict[int, tuple[int, ...]]] = {
    0: (),
    1: SDM72,
    2: (*SDM630, *SIGNED),
    3: (*SDM72V2, *SIGNED),
    4: (*SDM72V2, *SIGNED),
    5: (*SDM630, *SIGNED),
    6: (*DSZ15, *SIGNED),
    7: (*DEM4A, *SIGNED),
    8: (*DMED341, *SIGNED),
    9: (*DSZ16, *SIGNED),
    10: (*WM3M4, *SIGNED),
    11: (*WM3M4, *SIGNED),
}
"""By `energy_meter_type`. ASSUMED: SDM72CTM (4) publishes what SDM72V2 does."""
_ELTAKO: Final = {
    **dict.fromkeys((1, 2, 3, 13, 17, 21, 209, 213, 210, 214), 2),
    **dict.fromkeys((39, 48, 57, 74), 0),
    **dict.fromkeys((353, 354, 355), 3),
    356: 2,
}
RESOLUTION: Final[dict[int, dict[int, int]]] = {6: _ELTAKO, 9: _ELTAKO}
"""Decimals of what a meter measures, by `energy_meter_type` and value id; what is not listed is computed from it.

Source: a capture of a DSZ15DZMOD. ASSUMED: that the DSZ16DZE of the same maker has it too, and that all others have as
many as a float.
"""
UNKNOWN: Final[dict[int, tuple[int, ...]]] = {6: (364,)}
"""Value ids that a meter publishes without ever knowing them. Source: the same capture, frequency."""
LEGACY: Final[tuple[int | None, ...]] = (
    1, 2, 3, 13, 17, 21, 39, 48, 57, 122, 130, 138, 83, 91, 99, 353, 354, 355, 365, 366, 367, 7, 29, 33, 74, 154, 115,
    356, 368, 364, 209, 211, 273, 275, 341, 388, None, None, None, None, None, None, 4, 5, 6, 8, 25, 369, 370, 371, 377,
    378, 379, 375, 380, None, None, None, None, None, None, 372, 373, 374, 376, 213, 277, 161, 177, 193, 163, 179, 195,
    165, 181, 197, 225, 241, 257, 227, 243, 259, 229, 245, 261,
)  # fmt: skip
"""Value id of each of the 85 entries of `meter/all_values`."""
SUMS: Final[dict[int, int]] = {83: 82, 91: 90, 99: 98, 115: 114}
"""What such an entry shows if the meter knows no inductive minus capacitive reactive power, but their sum.
Source: the capture of a DSZ15DZMOD."""

Vehicle = tuple[float | None, float | None, float | None]
"""State of charge in percent, capacity in kWh, DC power in W."""


@dataclass(frozen=True)
class Sample:
    """One look of the meter at the charger. Energies are Wh."""

    snapshot: Snapshot
    phase_energy: Phases
    reset_at: float
    """Lifetime import at the last reset."""
    vehicle: Vehicle = (None, None, None)
    """Where the wallbox knows it."""
    steady: dict[tuple[int, tuple[int, ...]], list[float | None]] = field(default_factory=dict)
    """What was measured of the same currents before, by type of meter and value ids."""

    @seen
    def lists(self) -> dict[tuple[int, ...], list[float | None]]:
        """What a meter tells of this sample, by value ids. Not to be changed."""
        return {}

    @seen
    def texts(self) -> dict[str, str]:
        """Documents already written of this sample, by path."""
        return {}


Value = Callable[[Sample], float | None]


Trio = Callable[[Snapshot], Phases]
_VOLTAGE: Final[Trio] = attrgetter("phase_voltage")
_CURRENT: Final[Trio] = attrgetter("phase_current")
_ACTIVE: Final[Trio] = attrgetter("active_power")
_REACTIVE: Final[Trio] = attrgetter("reactive_power")
_APPARENT: Final[Trio] = attrgetter("apparent_power")


def _phase(trio: Trio, k: int) -> Value:
    return lambda s: float(trio(s.snapshot)[k])


def _line_to_line(a: int, b: int) -> Value:
    def value(s: Sample) -> float:
        va, vb = s.snapshot.phase_voltage[a], s.snapshot.phase_voltage[b]
        return math.sqrt(va * va + vb * vb + va * vb)

    return value


def _average(trio: Trio) -> Value:
    return lambda s: math.fsum(trio(s.snapshot)) / 3


def _sum(trio: Trio) -> Value:
    return lambda s: math.fsum(trio(s.snapshot))


def power_factor(snapshot: Snapshot, k: int) -> float:
    """Directional power factor of one phase; 1 without load. ASSUMED sign: positive for import."""
    apparent = snapshot.apparent_power[k]
    return snapshot.active_power[k] / apparent if apparent > 0 else 1.0


def angle(snapshot: Snapshot, k: int) -> float:
    """Radians, though the table says degrees. Source: capture."""
    if snapshot.apparent_power[k] <= 0:
        return 0.0
    return math.atan2(abs(snapshot.reactive_power[k]), snapshot.active_power[k])


def _constant(value: float) -> Value:
    return lambda _: value


def _loaded(value: float) -> Value:
    """A distortion that shows only under load. ASSUMED figures."""
    return lambda s: value if s.snapshot.current_flows else 0.0


def _kwh(s: Sample) -> float:
    return s.snapshot.total_energy / 1000


def _since_reset(s: Sample) -> float:
    return max(0.0, s.snapshot.total_energy - s.reset_at) / 1000


COUNTED: Final[dict[int, Value]] = {
    161: lambda s: s.phase_energy[0] / 1000,
    165: lambda s: s.phase_energy[0] / 1000,
    177: lambda s: s.phase_energy[1] / 1000,
    181: lambda s: s.phase_energy[1] / 1000,
    193: lambda s: s.phase_energy[2] / 1000,
    197: lambda s: s.phase_energy[2] / 1000,
    209: _kwh,
    210: _since_reset,
    213: _kwh,
    214: _since_reset,
    341: _kwh,
    387: lambda s: s.vehicle[0],
    388: lambda s: s.snapshot.total_energy / 230,
    403: lambda s: s.vehicle[2],
    475: lambda s: s.vehicle[1],
}
"""What moves while a current flows: energies, and what is known of the vehicle."""
TIMED: Final[dict[int, Value]] = {
    381: lambda s: s.snapshot.temperature.get("board"),
    474: lambda s: s.snapshot.at / 1e6,
}
"""What moves although nothing flows: temperature, and the time it has been on."""
VALUES: Final[dict[int, Value]] = {
    1: _phase(_VOLTAGE, 0),
    2: _phase(_VOLTAGE, 1),
    3: _phase(_VOLTAGE, 2),
    4: _line_to_line(0, 1),
    5: _line_to_line(1, 2),
    6: _line_to_line(2, 0),
    7: _average(_VOLTAGE),
    8: lambda s: math.fsum(_line_to_line(a, b)(s) or 0.0 for a, b in ((0, 1), (1, 2), (2, 0))) / 3,
    13: _phase(_CURRENT, 0),
    17: _phase(_CURRENT, 1),
    21: _phase(_CURRENT, 2),
    14: _phase(_CURRENT, 0),
    18: _phase(_CURRENT, 1),
    22: _phase(_CURRENT, 2),
    25: lambda s: s.snapshot.neutral_current,
    29: _average(_CURRENT),
    33: _sum(_CURRENT),
    39: _phase(_ACTIVE, 0),
    48: _phase(_ACTIVE, 1),
    57: _phase(_ACTIVE, 2),
    74: lambda s: s.snapshot.power,
    82: lambda s: abs(s.snapshot.reactive_power[0]),
    90: lambda s: abs(s.snapshot.reactive_power[1]),
    98: lambda s: abs(s.snapshot.reactive_power[2]),
    83: _phase(_REACTIVE, 0),
    91: _phase(_REACTIVE, 1),
    99: _phase(_REACTIVE, 2),
    114: lambda s: abs(math.fsum(s.snapshot.reactive_power)),
    115: _sum(_REACTIVE),
    122: _phase(_APPARENT, 0),
    130: _phase(_APPARENT, 1),
    138: _phase(_APPARENT, 2),
    154: _sum(_APPARENT),
    163: _constant(0.0),
    179: _constant(0.0),
    195: _constant(0.0),
    211: _constant(0.0),
    212: _constant(0.0),
    **{i: _constant(0.0) for i in (225, 227, 229, 241, 243, 245, 257, 259, 261, 273, 275, 277)},
    353: lambda s: power_factor(s.snapshot, 0),
    354: lambda s: power_factor(s.snapshot, 1),
    355: lambda s: power_factor(s.snapshot, 2),
    356: lambda s: s.snapshot.power_factor,
    364: lambda s: s.snapshot.frequency,
    365: lambda s: angle(s.snapshot, 0),
    366: lambda s: angle(s.snapshot, 1),
    367: lambda s: angle(s.snapshot, 2),
    368: lambda s: math.fsum(angle(s.snapshot, k) for k in range(3)),
    **dict.fromkeys(range(369, 377), _constant(1.5)),
    **dict.fromkeys(range(377, 381), _loaded(3.0)),
    **COUNTED,
    **TIMED,
}
"""ASSUMED: reactive energies 0, distortions constant, apparent energy and charge from the active energy."""


Readers = tuple[tuple[int, Value, int | None], ...]
"""Place, how it is measured, and with how many decimals; None: all of a float."""


@lru_cache(maxsize=256)
def _readers(kind: int, ids: tuple[int, ...]) -> tuple[Readers, Readers]:
    """How a type of meter measures some values: all, and those that move although the currents stay as they are."""
    unknown, decimals = UNKNOWN.get(kind, ()), RESOLUTION.get(kind, {})
    every = tuple((place, _nothing if i in unknown else VALUES[i], decimals.get(i)) for place, i in enumerate(ids))
    return every, tuple(reader for reader in every if ids[reader[0]] in COUNTED | TIMED)


def _nothing(_: Sample) -> None:
    return None


def measured(kind: int, ids: tuple[int, ...], sample: Sample) -> list[float | None]:
    """Values as a meter of a type tells them."""
    every, moving = _readers(kind, ids)
    before = sample.steady.get((kind, ids))
    found: list[float | None] = [None] * len(ids) if before is None else before.copy()
    for place, read, decimals in every if before is None else moving:
        value = read(sample)
        found[place] = value if value is None or decimals is None else round(value, decimals)
    sample.steady[kind, ids] = found
    return found


@lru_cache(maxsize=256)
def places(ids: tuple[int, ...]) -> Mapping[int, int]:
    """Where each value stands first."""
    return {value_id: place for place, value_id in reversed(tuple(enumerate(ids)))}
