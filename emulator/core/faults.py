"""Physical faults: how the world can be disturbed.

The one rule: a disturbance only changes `Conditions`; whether and when that trips anything is decided by the
detectors of `protection`. One dataclass is one fault: its snake-case name is the scenario step and the CLI
sub-command, its fields are the arguments, the first sentence of its docstring is the help.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import ClassVar, Final, Literal

from .thermal import SensorName
from .units import COLDEST, HOTTEST, Amperes, Celsius, Hertz, Ohms, SignedAmperes, Volts

Line = Literal["L1", "L2", "L3"]
LINES: tuple[Line, ...] = ("L1", "L2", "L3")
NORMAL = (True, True, True)
NONE = (False, False, False)
STRONGEST: Final = 1e7
"""Larger numbers are typing errors [V, A, Hz or ohm]."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """The physical circumstances that faults change. The defaults are a healthy installation."""

    residual_dc: float = 0.0
    residual_ac: float = 0.0
    """Residual currents [A]."""
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
    """Resistance in place of the vehicle's [ohm]."""
    diode_shorted: bool = False
    ventilation_required: bool = False
    welded: tuple[bool, bool, bool] = NONE
    contactor_dead: bool = False
    unconfigured: bool = False
    """Hardware switch at its factory position."""
    voltages: tuple[float | None, float | None, float | None] = (None, None, None)
    """Voltage per line in place of the supply's [V]."""
    live: tuple[bool, bool, bool] = NORMAL
    frequency: float | None = None
    heat: tuple[tuple[str, float], ...] = ()
    """Sensors held at a temperature in °C."""
    overdraw: float = 0.0
    """Current the vehicle draws above what is offered [A]."""
    lock_stuck: Literal["open", "closed"] | None = None
    proximity: float | None = None
    """Resistance in place of the cable's coding [ohm]."""
    meter_ok: bool = True
    controller_link: bool = True
    backend_link: bool = True
    vehicle_refuses: bool = False


HEALTHY = Conditions()


def _lines(phases: tuple[Line, ...]) -> tuple[bool, bool, bool]:
    return ("L1" in phases, "L2" in phases, "L3" in phases)


@dataclass(frozen=True, slots=True, kw_only=True)
class Disturbance:
    """Base of all physical faults; a subclass says in its first sentence what is wrong."""

    about: ClassVar[str]
    changes: ClassVar[Mapping[str, bool]]
    """The circumstances that change, said in the head of a fault without arguments."""

    def __init_subclass__(cls, **changes: bool) -> None:
        sentence = (cls.__doc__ or "").partition(".")[0]
        cls.about = sentence[:1].lower() + sentence[1:]
        cls.changes = changes

    def disturb(self, now: Conditions) -> Conditions:
        """The circumstances with this fault present."""
        changed: Callable[..., Conditions] = replace
        return changed(now, **self.changes)

    def problem(self) -> str:
        """Why there can be no such fault; empty if there can."""
        for name, value in asdict(self).items():
            if isinstance(value, int | float) and not 0.0 <= value <= STRONGEST:
                return f"{name} cannot be {value:g}"
        return ""

    @classmethod
    def step(cls) -> str:
        """Name in scenarios: `ContactorWelded` is `contactor_welded`."""
        return re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class TripRcd(Disturbance):
    """Residual current, DC (IEC 62955) or AC (IEC 61008).

    6 mA DC or 30 mA AC and above behind the contactor trip within the standards' times. The leak is gone once it has
    tripped, unless it is `persistent`. A negative DC current flows the other way; an alternating one has no direction.
    """

    residual_current: SignedAmperes = 0.035
    current_type: Literal["ac", "dc"] = "ac"
    persistent: bool = False

    def disturb(self, now: Conditions) -> Conditions:
        if self.current_type == "dc":
            return replace(now, residual_dc=self.residual_current)
        return replace(now, residual_ac=self.residual_current)

    def problem(self) -> str:
        if self.current_type == "ac" and self.residual_current < 0:
            return "only a DC residual current can be negative"
        return (
            "" if abs(self.residual_current) <= STRONGEST else f"residual_current cannot be {self.residual_current:g}"
        )


class RcdSelftest(Disturbance, rcd_test_passes=False):
    """Residual-current self-test fails. Nothing closes until a power cycle."""


class RcdSensorDefect(Disturbance, rcd_sensor_ok=False):
    """Residual-current sensor defect."""


class PeLoss(Disturbance, earth=False):
    """Protective earth lost. Not detected while the earth check is off."""


class CpShort(Disturbance, pilot_short=True):
    """Control pilot shorted to earth (state E)."""


class CpOpen(Disturbance, pilot_broken=True):
    """Control pilot wire cut (looks unplugged)."""


class CpStateF(Disturbance, pilot_f=True):
    """Control pilot stuck at -12 V (state F)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CpResistance(Disturbance):
    """Odd resistance between control pilot and earth. Dirt, or a bad contact."""

    resistance: Ohms

    def disturb(self, now: Conditions) -> Conditions:
        return replace(now, pilot_resistance=self.resistance)


class DiodeShorted(Disturbance, diode_shorted=True):
    """Vehicle's pilot diode shorted."""


class Ventilation(Disturbance, ventilation_required=True):
    """Vehicle asks for ventilation (state D)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactorWelded(Disturbance):
    """Contactor poles welded. They stay closed."""

    phases: tuple[Line, ...] = LINES

    def disturb(self, now: Conditions) -> Conditions:
        return replace(now, welded=_lines(self.phases))


class ContactorFailsToClose(Disturbance, contactor_dead=True):
    """Contactor does not close."""


class SwitchUnconfigured(Disturbance, unconfigured=True):
    """Configuration switch at factory position."""


def _voltages(now: Conditions, voltage: float, phases: tuple[Line, ...]) -> Conditions:
    chosen = _lines(phases)
    first, second, third = (voltage if hit else old for hit, old in zip(chosen, now.voltages, strict=True))
    return replace(now, voltages=(first, second, third))


@dataclass(frozen=True, slots=True, kw_only=True)
class Overvoltage(Disturbance):
    """Grid voltage too high. Above 253 V for 1 s, or above 276 V at once."""

    voltage: Volts = 260.0
    phases: tuple[Line, ...] = LINES

    def disturb(self, now: Conditions) -> Conditions:
        return _voltages(now, self.voltage, self.phases)


@dataclass(frozen=True, slots=True, kw_only=True)
class Undervoltage(Disturbance):
    """Grid voltage too low. Below 85 % for 5 s."""

    voltage: Volts = 180.0
    phases: tuple[Line, ...] = LINES

    def disturb(self, now: Conditions) -> Conditions:
        return _voltages(now, self.voltage, self.phases)


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseLoss(Disturbance):
    """Supply line dead."""

    phases: tuple[Line, ...] = ("L2",)

    def disturb(self, now: Conditions) -> Conditions:
        lost = _lines(self.phases)
        first, second, third = (was and not gone for was, gone in zip(now.live, lost, strict=True))
        return replace(now, live=(first, second, third))


@dataclass(frozen=True, slots=True, kw_only=True)
class Frequency(Disturbance):
    """Grid frequency out of band. Detected outside 47..52 Hz."""

    frequency: Hertz = 46.5

    def disturb(self, now: Conditions) -> Conditions:
        return replace(now, frequency=self.frequency)


@dataclass(frozen=True, slots=True, kw_only=True)
class Overtemp(Disturbance):
    """Sensor held at a temperature: derating or stop. As the derating policy of the charger says."""

    temperature: Celsius = 85.0
    sensor: SensorName = "board"

    def disturb(self, now: Conditions) -> Conditions:
        return replace(now, heat=(*now.heat, (self.sensor, self.temperature)))

    def problem(self) -> str:
        return "" if COLDEST <= self.temperature <= HOTTEST else f"no sensor reads {self.temperature:g} °C"


@dataclass(frozen=True, slots=True, kw_only=True)
class Overcurrent(Disturbance):
    """Vehicle draws more than offered. By `excess`, whatever it is built for."""

    excess: Amperes = 5.0

    def disturb(self, now: Conditions) -> Conditions:
        return replace(now, overdraw=self.excess)


@dataclass(frozen=True, slots=True, kw_only=True)
class LockStuck(Disturbance):
    """Socket lock stuck. It does not reach its position; sockets only."""

    stuck: Literal["open", "closed"] = "open"

    def disturb(self, now: Conditions) -> Conditions:
        return replace(now, lock_stuck=self.stuck)


@dataclass(frozen=True, slots=True, kw_only=True)
class PpInvalid(Disturbance):
    """Proximity pilot out of range. No coding fits; sockets only."""

    resistance: Ohms = 40.0

    def disturb(self, now: Conditions) -> Conditions:
        return replace(now, proximity=self.resistance)


class MeterFault(Disturbance, meter_ok=False):
    """Energy meter silent."""


class ControllerLinkLost(Disturbance, controller_link=False):
    """Charge controller silent. Network processor and charge controller do not hear each other."""


class BackendLost(Disturbance, backend_link=False):
    """Backend unreachable. Cloud or energy manager."""


class VehicleRefuses(Disturbance, vehicle_refuses=True):
    """Vehicle refuses to charge. Whatever is offered."""


CATALOGUE: tuple[type[Disturbance], ...] = (
    TripRcd, RcdSelftest, RcdSensorDefect, PeLoss, CpShort, CpOpen, CpStateF, CpResistance, DiodeShorted, Ventilation,
    ContactorWelded, ContactorFailsToClose, SwitchUnconfigured, Overvoltage, Undervoltage, PhaseLoss, Frequency,
    Overtemp, Overcurrent, LockStuck, PpInvalid, MeterFault, ControllerLinkLost, BackendLost, VehicleRefuses,
)  # fmt: skip


def conditions(active: tuple[Disturbance, ...]) -> Conditions:
    """Circumstances under all active faults, applied in the order they began."""
    now = HEALTHY
    for fault in active:
        now = fault.disturb(now)
    return now
