"""Physical faults: how the world can be disturbed.

The one rule: a disturbance only changes `Conditions`; whether and when that trips anything is decided by the
detectors of `protection`. One dataclass is one fault: its snake-case name is the scenario step and the CLI
sub-command, its fields are the arguments.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import ClassVar, Literal

from .units import Amperes, Celsius, Hertz, Ohms, Volts

Line = Literal["L1", "L2", "L3"]
LINES: tuple[Line, ...] = ("L1", "L2", "L3")
NORMAL = (True, True, True)
NONE = (False, False, False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """The physical circumstances that faults change. The defaults are a healthy installation."""

    residual_dc: float = 0.0
    residual_ac: float = 0.0
    """A"""
    rcd_test_passes: bool = True
    rcd_sensor_ok: bool = True
    earth: bool = True
    """Protective earth connected."""
    pilot_short: bool = False
    """CP shorted to PE: state E."""
    pilot_broken: bool = False
    """CP wire cut: the EVSE sees state A, the vehicle 0 V."""
    pilot_f: bool = False
    """The EVSE's pilot output is stuck at -12 V."""
    pilot_resistance: float | None = None
    """Ohm in place of the vehicle's resistance."""
    diode_shorted: bool = False
    ventilation_required: bool = False
    welded: tuple[bool, bool, bool] = NONE
    contactor_dead: bool = False
    unconfigured: bool = False
    """Hardware switch at its factory position."""
    voltages: tuple[float | None, float | None, float | None] = (None, None, None)
    """V per line in place of the supply's."""
    live: tuple[bool, bool, bool] = NORMAL
    outage: bool = False
    frequency: float | None = None
    heat: tuple[tuple[str, float], ...] = ()
    """Sensors held at a temperature in °C."""
    overdraw: float = 0.0
    """A the vehicle draws above its limit."""
    lock_stuck: Literal["open", "closed"] | None = None
    proximity: float | None = None
    """Ohm in place of the cable's coding."""
    meter_ok: bool = True
    controller_link: bool = True
    backend_link: bool = True
    vehicle_refuses: bool = False


HEALTHY = Conditions()


def _lines(phases: tuple[Line, ...]) -> tuple[bool, bool, bool]:
    return ("L1" in phases, "L2" in phases, "L3" in phases)


@dataclass(frozen=True, slots=True, kw_only=True)
class Disturbance:
    """Base of all physical faults."""

    about: ClassVar[str] = ""
    event: ClassVar[str] = "fault_raised"

    def disturb(self, now: Conditions) -> Conditions:
        """The circumstances with this fault present."""
        raise NotImplementedError

    @classmethod
    def step(cls) -> str:
        """Name in scenarios: `ContactorWelded` is `contactor_welded`."""
        return re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class TripRcd(Disturbance):
    """Residual current behind the contactor, 6 mA DC or 30 mA AC and above trip within the standards' times.

    The leak is gone once it has tripped, unless it is `persistent`. A negative DC current flows the other way.
    """

    about: ClassVar[str] = "residual current, DC (IEC 62955) or AC (IEC 61008)"
    residual_current: Amperes = 0.035
    kind: Literal["ac", "dc"] = "ac"
    persistent: bool = False

    def disturb(self, now: Conditions) -> Conditions:
        if self.kind == "dc":
            return replace(now, residual_dc=self.residual_current)
        return replace(now, residual_ac=self.residual_current)


@dataclass(frozen=True, slots=True, kw_only=True)
class RcdSelftest(Disturbance):
    """The residual-current monitor fails its self-test; nothing closes until a power cycle."""

    about: ClassVar[str] = "residual-current self-test fails"

    def disturb(self, now: Conditions) -> Conditions:
        return replace(now, rcd_test_passes=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class RcdSystem(Disturbance):
    """The residual-current sensor is defective."""

    about: ClassVar[str] = "residual-current sensor defect"

    def disturb(self, now: Conditions) -> Conditions:
        return replace(now, rcd_sensor_ok=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class PeLoss(Disturbance):
    """Protective earth is open. Not detected while the earth check is off."""

    about: ClassVar[str] = "protective earth lost"

    def disturb(self, now: Conditions) -> Conditions:
        return replace(now, earth=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class CpShort(Disturbance):
    """Control pilot shorted to protective earth: state E."""

    about: ClassVar[str] = "control pilot shorted to earth (state E)"

    def disturb(self, now: Conditions) -> Conditions:
        return replace(now, pilot_short=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class CpOpen(Disturbance):
    """Control pilot wire cut: looks like an unplugged vehicle."""

    about: ClassVar[str] = "control pilot wire cut (looks unplugged)"

    def disturb(self, now: Conditions) -> Conditions:
        return replace(now, pilot_broken=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class CpF(Disturbance):
    """The EVSE's pilot is stuck at -12 V: state F."""

    about: ClassVar[str] = "control pilot stuck at -12 V (state F)"

    def disturb(self, now: Conditions) -> Conditions:
        return replace(now, pilot_f=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class CpResistance(Disturbance):
    """An odd resistance on the control pilot: dirt, a bad contact."""

    about: ClassVar[str] = "odd resistance between control pilot and earth"
    resistance: Ohms

    def disturb(self, now: Conditions) -> Conditions:
        return replace(now, pilot_resistance=self.resistance)


@dataclass(frozen=True, slots=True, kw_only=True)
class Diode(Disturbance):
    """The vehicle's pilot diode is shorted."""

    about: ClassVar[str] = "vehicle's pilot diode shorted"

    def disturb(self, now: Conditions) -> Conditions:
        return replace(now, diode_shorted=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ventilation(Disturbance):
    """The vehicle asks for ventilation (state D)."""

    about: ClassVar[str] = "vehicle asks for ventilation (state D)"

    def disturb(self, now: Conditions) -> Conditions:
        return replace(now, ventilation_required=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactorWelded(Disturbance):
    """Poles of the contactor stay closed."""

    about: ClassVar[str] = "contactor poles welded"
    phases: tuple[Line, ...] = LINES

    def disturb(self, now: Conditions) -> Conditions:
        return replace(now, welded=_lines(self.phases))


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactorMiss(Disturbance):
    """The contactor does not close."""

    about: ClassVar[str] = "contactor does not close"

    def disturb(self, now: Conditions) -> Conditions:
        return replace(now, contactor_dead=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class SwitchUnconfigured(Disturbance):
    """The hardware's configuration switch is at its factory position."""

    about: ClassVar[str] = "configuration switch at factory position"

    def disturb(self, now: Conditions) -> Conditions:
        return replace(now, unconfigured=True)


def _voltages(now: Conditions, voltage: float, phases: tuple[Line, ...]) -> Conditions:
    chosen = _lines(phases)
    first, second, third = (voltage if hit else old for hit, old in zip(chosen, now.voltages, strict=True))
    return replace(now, voltages=(first, second, third))


@dataclass(frozen=True, slots=True, kw_only=True)
class Overvoltage(Disturbance):
    """Grid voltage too high: above 253 V for 1 s, or above 276 V at once."""

    about: ClassVar[str] = "grid voltage too high"
    voltage: Volts = 260.0
    phases: tuple[Line, ...] = LINES

    def disturb(self, now: Conditions) -> Conditions:
        return _voltages(now, self.voltage, self.phases)


@dataclass(frozen=True, slots=True, kw_only=True)
class Undervoltage(Disturbance):
    """Grid voltage too low: below 85 % for 5 s."""

    about: ClassVar[str] = "grid voltage too low"
    voltage: Volts = 180.0
    phases: tuple[Line, ...] = LINES

    def disturb(self, now: Conditions) -> Conditions:
        return _voltages(now, self.voltage, self.phases)


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseLoss(Disturbance):
    """Lines of the supply go dead."""

    about: ClassVar[str] = "supply line dead"
    phases: tuple[Line, ...] = ("L2",)

    def disturb(self, now: Conditions) -> Conditions:
        lost = _lines(self.phases)
        first, second, third = (was and not gone for was, gone in zip(now.live, lost, strict=True))
        return replace(now, live=(first, second, third))


@dataclass(frozen=True, slots=True, kw_only=True)
class Frequency(Disturbance):
    """Grid frequency out of 47..52 Hz."""

    about: ClassVar[str] = "grid frequency out of band"
    frequency: Hertz = 46.5

    def disturb(self, now: Conditions) -> Conditions:
        return replace(now, frequency=self.frequency)


@dataclass(frozen=True, slots=True, kw_only=True)
class Overtemp(Disturbance):
    """A sensor is held at a temperature; the derating policy of the charger does the rest."""

    about: ClassVar[str] = "sensor held at a temperature: derating or stop"
    temperature: Celsius = 85.0
    sensor: str = "board"

    def disturb(self, now: Conditions) -> Conditions:
        return replace(now, heat=(*now.heat, (self.sensor, self.temperature)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Overcurrent(Disturbance):
    """The vehicle draws more than it is offered."""

    about: ClassVar[str] = "vehicle draws more than offered"
    excess: Amperes = 5.0

    def disturb(self, now: Conditions) -> Conditions:
        return replace(now, overdraw=self.excess)


@dataclass(frozen=True, slots=True, kw_only=True)
class LockFail(Disturbance):
    """The socket's lock does not reach its position (sockets only)."""

    about: ClassVar[str] = "socket lock stuck"
    stuck: Literal["open", "closed"] = "open"

    def disturb(self, now: Conditions) -> Conditions:
        return replace(now, lock_stuck=self.stuck)


@dataclass(frozen=True, slots=True, kw_only=True)
class PpInvalid(Disturbance):
    """The proximity pilot is out of every coding range (sockets only)."""

    about: ClassVar[str] = "proximity pilot out of range"
    resistance: Ohms = 40.0

    def disturb(self, now: Conditions) -> Conditions:
        return replace(now, proximity=self.resistance)


@dataclass(frozen=True, slots=True, kw_only=True)
class MeterFault(Disturbance):
    """The energy meter does not answer."""

    about: ClassVar[str] = "energy meter silent"

    def disturb(self, now: Conditions) -> Conditions:
        return replace(now, meter_ok=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class CommInternal(Disturbance):
    """Network processor and charge controller do not hear each other."""

    about: ClassVar[str] = "charge controller silent"

    def disturb(self, now: Conditions) -> Conditions:
        return replace(now, controller_link=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class BackendLost(Disturbance):
    """Cloud or energy manager unreachable."""

    about: ClassVar[str] = "backend unreachable"

    def disturb(self, now: Conditions) -> Conditions:
        return replace(now, backend_link=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class EvRefuse(Disturbance):
    """The vehicle does not ask for current, whatever is offered."""

    about: ClassVar[str] = "vehicle refuses to charge"

    def disturb(self, now: Conditions) -> Conditions:
        return replace(now, vehicle_refuses=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class GridOutage(Disturbance):
    """No supply at all while it lasts."""

    about: ClassVar[str] = "grid outage"

    def disturb(self, now: Conditions) -> Conditions:
        return replace(now, outage=True)


CATALOGUE: tuple[type[Disturbance], ...] = (
    TripRcd,
    RcdSelftest,
    RcdSystem,
    PeLoss,
    CpShort,
    CpOpen,
    CpF,
    CpResistance,
    Diode,
    Ventilation,
    ContactorWelded,
    ContactorMiss,
    SwitchUnconfigured,
    Overvoltage,
    Undervoltage,
    PhaseLoss,
    Frequency,
    Overtemp,
    Overcurrent,
    LockFail,
    PpInvalid,
    MeterFault,
    CommInternal,
    BackendLost,
    EvRefuse,
    GridOutage,
)


def conditions(active: tuple[Disturbance, ...]) -> Conditions:
    """Circumstances under all active faults, applied in the order they began."""
    now = HEALTHY
    for fault in active:
        now = fault.disturb(now)
    return now
