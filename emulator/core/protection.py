"""Protection: what trips, how fast, and how it recovers.

The one rule: the table decides. A detector looks at what the charge controller can measure; it never looks at which
fault a scenario injected. Delays are from condition true to fault active and contactor commanded off.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final, Literal

from . import rcd
from .events import Emit, EventName
from .faults import Conditions
from .instant import Instant, later
from .snapshot import PhaseMask, Phases
from .specs import Recovery
from .states import EvseState, PilotState
from .values import value

OVERVOLTAGE: Final = 253.0
OVERVOLTAGE_HARD: Final = 276.0
UNDERVOLTAGE: Final = 0.85
"""Share of the nominal voltage. ASSUMED; 5 s."""
IN_BAND: Final = 0.90
"""Share of the nominal voltage at which an undervoltage is over."""
DEAD: Final = 50.0
"""Voltage below which a line counts as lost [V]."""
OVERCURRENT_MARGIN: Final = 0.5
OVERCURRENT_FACTOR: Final = 1.10
"""Trip above `(offer + margin) * factor`. Source: EVerest, soft over-current."""


class Severity(Enum):
    """HARD: fault state, contactor open. SOFT: nothing is offered. INFO: reported only."""

    HARD = "hard"
    SOFT = "soft"
    INFO = "info"


@value
class Measurements:
    """What the charge controller measures at one instant."""

    conditions: Conditions
    state: EvseState
    pilot: PilotState
    plugged: bool
    pwm: bool
    contactor: bool
    """Commanded closed."""
    conducting: PhaseMask
    voltages: Phases
    """Source voltage at each terminal, without load [V]."""
    wired: PhaseMask
    used: PhaseMask
    """Wired, and among the poles the contactor is set for."""
    nominal: float
    nominal_frequency: float
    frequency: float
    current: float
    """RMS current, the largest of the phases [A]."""
    offered: float
    earth_check: bool
    ventilation: bool
    lock_failed: bool
    proximity_invalid: bool
    derated: float | None


Condition = Callable[[Measurements], bool]


@value
class Detector:
    """One way to find a fault. Several may share a name."""

    name: str
    trips: Condition
    delay: float | Callable[[Measurements], float]
    """From condition true to fault active [s]."""
    persists: Condition | None = None
    """Once active: whether the condition is still there. None: as `trips`."""
    severity: Severity = Severity.HARD
    recovery: Recovery = "auto"
    recovery_delay: float = 0.0
    """Time from condition gone to fault gone, for `auto` [s]."""
    event: EventName = EventName.FAULT_RAISED

    def wait(self, now: Measurements) -> float:
        return self.delay(now) if callable(self.delay) else self.delay


def _lines(now: Measurements) -> list[float]:
    return [voltage for voltage, wired in zip(now.voltages, now.wired, strict=True) if wired]


def _rcd(name: str, kind: rcd.Kind, residual: Callable[[Measurements], float]) -> Detector:
    """A residual-current monitor behind the contactor."""
    return Detector(
        name=name,
        trips=lambda now: any(now.conducting) and rcd.trip_time(kind, residual(now)) is not None,
        delay=lambda now: rcd.trip_time(kind, residual(now)) or 0.0,
        recovery="command",
        event=EventName.RCD_TRIPPED,
    )


def _welded(now: Measurements) -> bool:
    poles = zip(now.conditions.welded, now.voltages, strict=True)
    return not now.contactor and any(stuck and voltage > 0 for stuck, voltage in poles)


def overcurrent_threshold(offered: float) -> float:
    """RMS current above which the over-current watch runs while `offered` A are offered [A]."""
    return (offered + OVERCURRENT_MARGIN) * OVERCURRENT_FACTOR


def _overcurrent(now: Measurements) -> bool:
    if not now.contactor or now.offered <= 0:
        return False
    return now.current > overcurrent_threshold(now.offered)


def _overvoltage(limit: float) -> Condition:
    return lambda now: any(voltage > limit * now.nominal / 230.0 for voltage in _lines(now))


def _undervoltage(share: float) -> Condition:
    return lambda now: any(DEAD <= voltage < share * now.nominal for voltage in _lines(now))


def _off_frequency(now: Measurements) -> bool:
    """Outside 47..52 Hz, or the same shares of 60 Hz where that is the grid's."""
    return not 0.94 <= now.frequency / now.nominal_frequency <= 1.04


def _phase_lost(now: Measurements) -> bool:
    return any(used and voltage < DEAD for voltage, used in zip(now.voltages, now.used, strict=True))


def _diode(now: Measurements) -> bool:
    return now.conditions.diode_shorted and now.pilot in (PilotState.B, PilotState.C, PilotState.D)


_TESTING = (EvseState.BOOT, EvseState.A, EvseState.C_CLOSING)

DETECTORS: Final = (
    _rcd("rcd_dc", "dc", lambda now: abs(now.conditions.residual_dc)),
    _rcd("rcd_ac", "ac", lambda now: now.conditions.residual_ac),
    Detector(name="rcd_selftest", trips=lambda now: not now.conditions.rcd_test_passes and now.state in _TESTING,
        persists=lambda now: not now.conditions.rcd_test_passes, delay=0.0, recovery="power"),
    Detector(name="rcd_sensor_defect", trips=lambda now: not now.conditions.rcd_sensor_ok, delay=0.1,
        recovery="command"),
    Detector(name="pe_loss", trips=lambda now: now.earth_check and not now.conditions.earth, delay=0.5),
    Detector(name="cp_short", trips=lambda now: now.pilot is PilotState.E, delay=0.1),
    Detector(name="cp_state_f", trips=lambda now: now.conditions.pilot_f, delay=0.1),
    Detector(name="diode_shorted", trips=lambda now: now.pwm and _diode(now), persists=_diode,
        delay=lambda now: 0.1 if now.pilot is PilotState.C else 0.0),
    Detector(name="ventilation", trips=lambda now: now.pilot is PilotState.D and not now.ventilation, delay=0.0,
        severity=Severity.INFO),
    Detector(name="contactor_welded", trips=_welded, persists=lambda now: any(now.conditions.welded), delay=1.25),
    Detector(name="contactor_fails_to_close", trips=lambda now: now.contactor and now.conditions.contactor_dead,
        persists=lambda now: now.conditions.contactor_dead, delay=1.25),
    Detector(name="switch_unconfigured", trips=lambda now: now.conditions.unconfigured, delay=0.0, recovery="power"),
    Detector(name="overvoltage", trips=_overvoltage(OVERVOLTAGE), delay=1.0, recovery_delay=60.0),
    Detector(name="overvoltage", trips=_overvoltage(OVERVOLTAGE_HARD), persists=_overvoltage(OVERVOLTAGE), delay=0.1,
        recovery_delay=60.0),
    Detector(name="undervoltage", trips=_undervoltage(UNDERVOLTAGE), persists=_undervoltage(IN_BAND), delay=5.0,
        recovery_delay=60.0),
    Detector(name="phase_loss", trips=_phase_lost, delay=0.5),
    Detector(name="frequency", trips=_off_frequency, delay=1.0, recovery_delay=60.0),
    Detector(name="overcurrent", trips=_overcurrent, delay=7.0, recovery="unplug"),
    Detector(name="lock_stuck", trips=lambda now: now.lock_failed, delay=0.0, recovery="unplug"),
    Detector(name="pp_invalid", trips=lambda now: now.proximity_invalid, delay=0.1, severity=Severity.SOFT),
    Detector(name="overtemp_derate", trips=lambda now: now.derated is not None and now.derated > 0, delay=0.0,
        severity=Severity.INFO),
    Detector(name="overtemp_stop", trips=lambda now: now.derated == 0, delay=0.0, severity=Severity.SOFT),
    Detector(name="meter_fault", trips=lambda now: not now.conditions.meter_ok, delay=0.0, severity=Severity.INFO),
    Detector(name="controller_link_lost", trips=lambda now: not now.conditions.controller_link, delay=0.0,
        severity=Severity.INFO),
    Detector(name="backend_lost", trips=lambda now: not now.conditions.backend_link, delay=0.0, severity=Severity.INFO),
)  # fmt: skip

NAMES: Final = tuple(dict.fromkeys(detector.name for detector in DETECTORS))
"""Every fault that can be active."""

_SEVERITY: Final = {detector.name: detector.severity for detector in DETECTORS}


@dataclass(slots=True)
class _Active:
    raised: Instant
    detector: Detector
    clear_at: Instant | None = None
    gone: bool = False


class Protection:
    """Which faults are active, and what is still waiting to become one."""

    def __init__(self, recovery: tuple[tuple[str, Recovery], ...], emit: Emit) -> None:
        self._emit = emit
        self._recovery: Mapping[str, Recovery] = dict(recovery)
        self._since: dict[int, Instant] = {}
        self._active: dict[str, _Active] = {}
        self._seen: Measurements | None = None
        """With these nothing was to be done, nor will be."""

    @property
    def busy(self) -> bool:
        """Something is active, or waits to become so."""
        return bool(self._since or self._active)

    @property
    def active(self) -> tuple[str, ...]:
        """Names of active faults, in the order they were raised."""
        return tuple(self._active)

    @property
    def hard(self) -> bool:
        return any(_SEVERITY[name] is Severity.HARD for name in self._active)

    @property
    def soft(self) -> bool:
        return any(_SEVERITY[name] is Severity.SOFT for name in self._active)

    def recovery_of(self, detector: Detector) -> Recovery:
        return self._recovery.get(detector.name, detector.recovery)

    def step(self, at: Instant, now: Measurements) -> bool:
        """Raise what is due and clear what has recovered; whether anything changed."""
        if now == self._seen:
            return False
        changed = False
        for index, detector in enumerate(DETECTORS):
            if not detector.trips(now):
                self._since.pop(index, None)
            elif detector.name not in self._active:
                since = self._since.setdefault(index, at)
                if later(since, detector.wait(now)) <= at:
                    self._raise(at, detector, now)
                    changed = True
        changed = self._recover(at, now) or changed
        self._seen = None if self.busy else now
        return changed

    def _raise(self, at: Instant, detector: Detector, now: Measurements) -> None:
        self._active[detector.name] = _Active(at, detector)
        residual = {"rcd_dc": now.conditions.residual_dc, "rcd_ac": now.conditions.residual_ac}.get(detector.name)
        if residual is None:
            self._emit(detector.event, fault=detector.name)
        else:
            self._emit(detector.event, fault=detector.name, residual_current=residual)

    def _recover(self, at: Instant, now: Measurements) -> bool:
        """Drop what may go by itself, or because nothing is plugged in."""
        before = len(self._active)
        for name, fault in tuple(self._active.items()):
            still = fault.detector.trips if fault.detector.persists is None else fault.detector.persists
            fault.gone = not still(now)
            recovery = self.recovery_of(fault.detector)
            if not fault.gone:
                fault.clear_at = None
            elif recovery == "unplug" and not now.plugged:
                self._drop(name)
            elif recovery == "auto":
                if fault.clear_at is None:
                    fault.clear_at = later(at, fault.detector.recovery_delay)
                if fault.clear_at <= at:
                    self._drop(name)
        return len(self._active) != before

    def reset(self, how: Literal["command", "power"], only: str | None = None) -> None:
        """A reset command or a power cycle: latched faults whose condition is gone go.

        A power cycle also clears what waits for a command or an unplug.
        """
        for name, fault in tuple(self._active.items()):
            needs = self.recovery_of(fault.detector)
            matches = needs == how or (how == "power" and needs != "auto")
            if matches and fault.gone and only in (None, name):
                self._drop(name)

    def forget(self) -> None:
        """Power was lost: nothing is known any more; what persists will be found again."""
        self._since.clear()
        for name in tuple(self._active):
            self._drop(name)

    def _drop(self, name: str) -> None:
        del self._active[name]
        self._emit(EventName.FAULT_CLEARED, fault=name)

    def next_due(self, at: Instant, now: Measurements) -> Instant | None:
        """When a condition will have lasted long enough, or a fault will recover."""
        times = [later(since, DETECTORS[index].wait(now)) for index, since in self._since.items()]
        times += [fault.clear_at for fault in self._active.values() if fault.clear_at is not None]
        return min((time for time in times if time > at), default=None)
