"""The energy meters EM and 3EM.

The one rule: a meter measures what its line carries: the charger, and the rest of the house as it was stated. What it
makes of that is in `balancing`.
Source: lektricowifi 0.1 for the members; the README's sample for what a single-phase meter puts into the other two.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final

from ...core.snapshot import Phases
from .config import REVERSE_CURRENT
from .fields import Field, lines
from .json import number
from .readings import View
from .settings import HOUSE_POWER

_SOURCE: Final = "lektricowifi 0.1"
_FILLERS: Final = "a single-phase meter repeats L1 in L2 and shows nothing in L3"


def _sign(v: View) -> float:
    return -1.0 if v.settings[REVERSE_CURRENT.setting] else 1.0


def _voltage(v: View) -> list[float]:
    return list(v.sample.phase_voltage)


def _power(v: View) -> list[float]:
    """Power of each line, positive: from the grid [W]."""
    pairs = zip(v.sample.active_power, v.settings[HOUSE_POWER], strict=True)
    return [_sign(v) * (charger + house) for charger, house in pairs]


def _current(v: View) -> list[float]:
    """A. The house takes its power without reactive current."""
    own = zip(v.sample.phase_current, v.settings[HOUSE_POWER], v.sample.phase_voltage, strict=True)
    return [abs(current + house / volts) if volts else current for current, house, volts in own]


def _factor(v: View) -> list[float]:
    values = []
    for power, current, volts in zip(_power(v), _current(v), _voltage(v), strict=True):
        apparent = abs(current * volts)
        values.append(max(-1.0, min(1.0, power / apparent)) if apparent > 1.0 else 0.0)
    return values


def _each(name: str, decimals: int, values: Callable[[View], list[float]], about: str) -> Field:
    def filled(v: View) -> Phases:
        first, second, third = values(v)
        return (first, second, third) if v.device.traits.three_phase else (first, first, 0.0)

    return lines(name, decimals, filled, _SOURCE, assumed=_FILLERS, about=about)


def _total(v: View) -> object:
    return number(math.fsum(_power(v)) if v.device.traits.three_phase else _power(v)[0], 2)


METER_INFO: Final = (
    _each("voltage", 2, _voltage, "V"),
    _each("current", 3, _current, "A"),
    _each("active_p", 2, _power, "W"),
    _each("power_factor", 2, _factor, ""),
    Field("total_active_power", type="double", read=_total, source="Jeedom LektriCo.class.php", about="W"),
)
