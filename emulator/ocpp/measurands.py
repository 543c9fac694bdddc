"""What each vendor's charge point measures, and how it names and scales it."""

from __future__ import annotations

import math
from typing import Final

from .metering import PHASES, Circumstances, Measurand, MeterFormat, offered_current, offered_power, power_factors

TO_NEUTRAL: Final = ("L1-N", "L2-N", "L3-N")


def _offered_sum(found: Circumstances) -> float:
    return math.fsum(offered_power(found))


def _offered(found: Circumstances) -> float:
    return float(found.offered)


def _power_factor(found: Circumstances) -> float:
    return found.snapshot.power_factor


def _temperature(found: Circumstances) -> float | None:
    return found.snapshot.temperature.get("board")


WARP_METER: Final = (
    Measurand(
        name="Energy.Active.Import.Register", unit="kWh", scale=1e-3, read=lambda v: float(v.snapshot.total_energy)
    ),
    Measurand(name="Power.Active.Import", unit="W", phases=PHASES, read=lambda v: v.snapshot.active_power),
    Measurand(name="Power.Offered", unit="W", phases=PHASES, read=offered_power),
    Measurand(name="Power.Reactive.Import", unit="W", phases=PHASES, read=lambda v: v.snapshot.reactive_power),
    Measurand(name="Power.Factor", unit="W", phases=PHASES, read=power_factors),
    Measurand(name="Current.Import", unit="A", phases=PHASES, read=lambda v: v.snapshot.phase_current),
    Measurand(name="Current.Offered", unit="A", phases=PHASES, read=offered_current),
    Measurand(name="Voltage", unit="V", phases=TO_NEUTRAL, read=lambda v: v.snapshot.phase_voltage),
    Measurand(name="Frequency", read=lambda v: float(v.snapshot.frequency)),
    Measurand(name="SoC", unit="Percent", read=lambda v: v.state_of_charge),
)
"""A measurand with phases is never sent as a sum; power factor and reactive power are said to be W. Source: tfocpp."""

GOE_STYLE: Final = MeterFormat(number="%.2f", members=("measurand", "unit", "phase"))

GOE_METER: Final = (
    Measurand(name="Current.Import", unit="A", phases=PHASES, read=lambda v: v.snapshot.phase_current),
    Measurand(name="Current.Offered", unit="A", read=_offered, idle=False),
    Measurand(name="Energy.Active.Import.Register", unit="Wh", read=lambda v: float(v.snapshot.total_energy)),
    Measurand(name="Frequency", read=lambda v: float(v.snapshot.frequency)),
    Measurand(name="Power.Active.Import", unit="W", phases=PHASES, total=True, read=lambda v: v.snapshot.active_power),
    Measurand(name="Power.Factor", read=_power_factor),
    Measurand(name="Power.Offered", unit="W", read=_offered_sum, idle=False),
    Measurand(name="Temperature", unit="Celsius", read=_temperature),
    Measurand(name="Voltage", unit="V", phases=PHASES, read=lambda v: v.snapshot.phase_voltage),
)

GENERIC_METER: Final = (
    Measurand(name="Energy.Active.Import.Register", unit="Wh", read=lambda v: float(v.snapshot.total_energy)),
    Measurand(name="Power.Active.Import", unit="W", read=lambda v: float(v.snapshot.power)),
    Measurand(name="Current.Import", unit="A", phases=PHASES, read=lambda v: v.snapshot.phase_current),
    Measurand(name="Current.Offered", unit="A", read=_offered),
    Measurand(name="Power.Offered", unit="W", read=_offered_sum),
    Measurand(name="Voltage", unit="V", phases=TO_NEUTRAL, read=lambda v: v.snapshot.phase_voltage),
)
"""ASSUMED: what most charge points send."""
