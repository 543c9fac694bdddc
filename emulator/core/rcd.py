"""Residual-current protection: how long a residual current may last before it trips.

The one rule: only the trip curve; what is reset how, and by whom, belongs to the state machine.
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Final, Literal

Kind = Literal["ac", "dc"]

# (A, s) test points, joined by straight lines in a double logarithmic diagram; beyond the last the time stays.
# Source: IEC 62955 (6 mA DC), IEC 61008 (30 mA AC).
_CURVES: Final[dict[Kind, tuple[tuple[float, float], ...]]] = {
    "dc": ((0.006, 10.0), (0.060, 0.3), (0.200, 0.1)),
    "ac": ((0.030, 0.3), (0.060, 0.15), (0.150, 0.04)),
}


def trip_time(kind: Kind, residual: float) -> float | None:
    """Time until a residual current of `residual` A trips; None below the rated residual current [s]."""
    curve = _CURVES[kind]
    if residual < curve[0][0]:
        return None
    for (low, slow), (high, quick) in pairwise(curve):
        if residual < high:
            share = math.log(residual / low) / math.log(high / low)
            return slow * math.exp(share * math.log(quick / slow))
    return curve[-1][1]
