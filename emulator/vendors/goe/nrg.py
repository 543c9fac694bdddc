"""`nrg`: what the meter tells, in the steps and with the factors of each hardware and firmware.

The one rule: it follows from one measurement and what the wallbox is.
"""

from __future__ import annotations

import math
from typing import Final

from ...core.snapshot import Snapshot
from .features import IDLE_FACTOR, NEUTRAL_FACTOR, WHOLE_VOLTS
from .identity import Identity

VOLT_STEP: Final = 0.31
AMPERE_STEP: Final = 0.038
"""Resolution of the meter. Source: captured `nrg` of V4 hardware."""
NEUTRAL_VOLTAGE: Final = 6 * VOLT_STEP
"""Between N and earth [V]. Source: captured values of 1.5 to 6 V."""


def energy_array(identity: Identity, now: Snapshot) -> list[float | int]:
    """`nrg`: U (L1, L2, L3, N), I (L1, L2, L3), P (L1, L2, L3, N, total), power factor in % (L1, L2, L3, N)."""
    factor = _neutral_factor(identity) if now.current_flows else 0
    return _coarse(now, factor) if identity.coarse_meter else _fine(identity, now, factor)


def _neutral_factor(identity: Identity) -> int:
    """What N shows as its power factor while current flows."""
    if identity.has(WHOLE_VOLTS):
        return 80
    return 100 if identity.has(NEUTRAL_FACTOR) else 0


def _fine(identity: Identity, now: Snapshot, neutral_factor: int) -> list[float | int]:
    whole = identity.has(WHOLE_VOLTS)
    idle_factor = 100.0 if identity.has(IDLE_FACTOR) else 0.0
    volts = [round(u) if whole else round(u / VOLT_STEP) * VOLT_STEP for u in now.phase_voltage]
    amperes = [round(i / AMPERE_STEP) * AMPERE_STEP for i in now.phase_current]
    factors = [
        100.0 * p / s if s > 0 else (idle_factor if u > 0 else 0.0)
        for u, p, s in zip(volts, now.active_power, now.apparent_power, strict=True)
    ]
    powers = [round(u * i * f / 100.0, 3) for u, i, f in zip(volts, amperes, factors, strict=True)]
    neutral = (1 if whole else NEUTRAL_VOLTAGE) if any(volts) else 0
    return [*volts, neutral, *amperes, *powers, 0, round(math.fsum(powers), 3), *factors, neutral_factor]


def _coarse(now: Snapshot, neutral_factor: int) -> list[float | int]:
    """Whole volts, 0.1 A, phases in 100 W and the total in 10 W. Source: captured `nrg` of V3 hardware up to 054."""
    factors = [round(100.0 * p / s) if s > 0 else 0 for p, s in zip(now.active_power, now.apparent_power, strict=True)]
    powers = [round(p / 100) * 100 for p in now.active_power]
    volts = [round(u) for u in now.phase_voltage]
    amperes = [round(i, 1) for i in now.phase_current]
    neutral = 2 if any(volts) else 0
    return [*volts, neutral, *amperes, *powers, 0, round(now.power / 10) * 10, *factors, neutral_factor]
