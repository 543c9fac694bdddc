"""The control pilot: duty cycle, resistance, voltage and the state the EVSE reads from them.

The one rule: pure arithmetic of the pilot wire; who offers what, and for how long, is decided elsewhere. Currents are
A per phase, duties percent, resistances ohm between CP and PE at the vehicle's side.
"""

from __future__ import annotations

from typing import Final

from .states import PilotState

SOURCE_VOLTAGE: Final = 12.0
SOURCE_RESISTANCE: Final = 1000.0
DIODE_DROP: Final = 0.7
"""Nominal drop across the vehicle's diode (0.55..0.85) [V]."""

R2: Final = 2740.0
"""Always in the circuit of a plugged vehicle: state B [ohm]."""
R3_C: Final = 1300.0
"""Added in parallel by S2 for state C [ohm]."""
R3_D: Final = 270.0
"""Added in parallel by S2 for state D, ventilation required [ohm]."""
R_B: Final = R2
R_C: Final = R2 * R3_C / (R2 + R3_C)
R_D: Final = R2 * R3_D / (R2 + R3_D)

STEADY: Final = 100.0
"""Steady +12 V, nothing offered [%]."""
MINIMUM_DUTY: Final = 8.0
MINIMUM_CURRENT: Final = 6.0
MAXIMUM_CURRENT: Final = 80.0
LOW_RANGE_END: Final = 51.0
HIGH_RANGE_START: Final = 52.5

# Ohm above which each state is read, in the order A, B, C, D; anything lower is E or F. The row is the state read
# before, which makes the thresholds hysteretic. Source: Tinkerforge evse-v2-bricklet, iec61851.c.
_THRESHOLDS: Final[dict[PilotState, tuple[float, float, float, float]]] = {
    PilotState.A: (9000.0, 1790.0, 300.0, 150.0),
    PilotState.B: (11000.0, 1611.0, 300.0, 150.0),
    PilotState.C: (10000.0, 1969.0, 270.0, 150.0),
    PilotState.D: (10000.0, 1790.0, 330.0, 135.0),
    PilotState.E: (10000.0, 1790.0, 300.0, 165.0),
    PilotState.F: (10000.0, 1790.0, 300.0, 165.0),
}
_READ: Final = (PilotState.A, PilotState.B, PilotState.C, PilotState.D)


def encode(current: float) -> float:
    """Duty cycle in % that offers `current`; 100 (steady +12 V) for nothing.

    The gap of the standard between 51 and 52.5 A is emitted as 85 %, more than 80 A as 96 %. Positive offers below
    the standard's 6 A follow the same line down to 8 %, which a vehicle reads as 6 A.
    """
    if current <= 0:
        return STEADY
    if current >= HIGH_RANGE_START:
        return min(current, MAXIMUM_CURRENT) / 2.5 + 64.0
    return max(MINIMUM_DUTY, min(current, LOW_RANGE_END) / 0.6)


def decode(duty: float) -> float:
    """Current per phase a vehicle may draw at `duty` %; 0: none, or only after digital communication [A].

    Rounded to 1 nA, so that whole amperes come back whole.
    """
    if 8.0 <= duty < 10.0:
        return MINIMUM_CURRENT
    if 10.0 <= duty <= 85.0:
        return round(0.6 * duty, 9)
    if 85.0 < duty <= 96.0:
        return round(2.5 * (duty - 64.0), 9)
    if 96.0 < duty <= 97.0:
        return MAXIMUM_CURRENT
    return 0.0


def classify(resistance: float | None, previous: PilotState) -> PilotState:
    """The state an EVSE reads from `resistance` (None: open) when it read `previous` before.

    E stands for everything below D: the resistance alone does not tell a short from an EVSE that puts out -12 V.
    """
    if resistance is None:
        return PilotState.A
    for state, threshold in zip(_READ, _THRESHOLDS[previous], strict=True):
        if resistance > threshold:
            return state
    return PilotState.E


def plateau_voltage(
    resistance: float | None,
    *,
    source: float = SOURCE_VOLTAGE,
    series: float = SOURCE_RESISTANCE,
    diode: float = DIODE_DROP,
) -> float:
    """Positive plateau at the EVSE with `resistance` behind the vehicle's diode [V].

    None is an open wire; zero is a short of CP to PE, which bypasses the diode.
    """
    if resistance is None:
        return source
    if resistance <= 0:
        return 0.0
    return diode + (source - diode) * resistance / (resistance + series)
