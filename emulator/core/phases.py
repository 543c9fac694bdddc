"""Switching between one, two and three phases.

The one rule: poles change only while the contactor is open (or are dropped by the single-phase fall-back, where they
carry nothing).
"""

from __future__ import annotations

from enum import Enum
from typing import Final

from .deadlines import Deadlines
from .events import Emit, EventName
from .instant import Instant
from .pilotline import Interruption
from .snapshot import PhaseMask
from .specs import ChargerSpec

PAUSE: Final = 0.1
"""Time between the steps of the sequence [s]. Source: Tinkerforge evse-v2-bricklet."""


class SwitchStep(Enum):
    """Where the sequence stands."""

    IDLE = "idle"
    RELEASING = "releasing"
    """PWM off, the contactor waits for the vehicle."""
    OPENED = "opened"
    WAITING = "waiting"
    """Poles switched, pilot interrupted."""
    RESTORING = "restoring"
    RESUMING = "resuming"
    """PWM on, waits for the vehicle."""


class PhaseSwitch:
    """What the contactor is set for, what was asked, and the way from one to the other."""

    def __init__(self, spec: ChargerSpec, emit: Emit) -> None:
        self._emit = emit
        self._spec = spec.evse.phase_switching
        self._wired = min(spec.phases, 3)
        self.wait = self._spec.wait
        """Time from contactor open to pilot back [s]."""
        self._falls_back = self.falls_back = spec.evse.single_phase_fallback
        """Drops to one phase when a vehicle uses one only."""
        self.requests: dict[str, int] = {}
        self.set_for = 3 if spec.phases > 1 else 1
        self.instant = True
        """No contactor closure since the vehicle came or its pilot was interrupted: no sequence is needed."""
        self.fallback = False
        """The box dropped to one phase by itself."""
        self.timers = Deadlines()
        self._step = SwitchStep.IDLE
        self._under_load = False

    @property
    def fitted(self) -> bool:
        return self._spec.fitted and self._wired == 3

    @property
    def requested(self) -> int:
        """The fewest anybody asks for, else what is wired."""
        if self.fallback:
            return 1
        return min(self.requests.values(), default=3 if self._wired > 1 else 1)

    @property
    def poles(self) -> PhaseMask:
        count = min(self.set_for, self._wired)
        return (True, count >= 2, count >= 3)

    @property
    def interruption(self) -> Interruption | None:
        """What the sequence does to the pilot now."""
        if self._step is not SwitchStep.WAITING or self._spec.pilot == "x1":
            return None
        return self._spec.pilot

    @property
    def running(self) -> bool:
        return self._step is not SwitchStep.IDLE

    @property
    def resuming(self) -> bool:
        return self._step is SwitchStep.RESUMING

    @property
    def differs(self) -> bool:
        """Other phases are wanted than the contactor is set for."""
        return self.fitted and self.requested != self.set_for

    def due(self, at: Instant) -> bool:
        """Whether a switching sequence has to start."""
        return self.differs and not self.timers.running("cooldown", at)

    def follow(self) -> None:
        """Change the poles without a sequence, where that is harmless."""
        self._set(self.requested)

    def tune(self, wait: float | None, falls_back: bool | None) -> None:
        """The firmware's own habits; None: those of the hardware."""
        self.wait = self._spec.wait if wait is None else wait
        self.falls_back = self._falls_back if falls_back is None else falls_back

    def drop_to_one(self) -> None:
        """The single-phase fall-back: L2 and L3 carry nothing, so they open without a sequence."""
        self.fallback = True
        self._set(1)

    def _set(self, phases: int) -> None:
        if phases != self.set_for:
            self.set_for = phases
            self._emit(EventName.PHASES_CHANGED, phases=phases)

    def begin(self, at: Instant, grace: float | None) -> None:
        """Start the sequence; `grace` s for the vehicle to open S2, None if the contactor is open already."""
        self._under_load = False
        if self._spec.cooldown > 0:
            self.timers.set("cooldown", at, self._spec.cooldown)
        self._emit(EventName.PHASE_SWITCH_STARTED, phases=self.requested)
        if grace is None:
            self.opened(at, under_load=False)
        else:
            self._step = SwitchStep.RELEASING
            self.timers.set("grace", at, grace)

    def may_open(self, at: Instant, released: bool) -> bool:
        return self._step is SwitchStep.RELEASING and (released or self.timers.passed("grace", at))

    def opened(self, at: Instant, under_load: bool) -> None:
        self._under_load = under_load
        self._step = SwitchStep.OPENED
        self.timers.clear("grace")
        self.timers.set("next", at, PAUSE)

    def step_due(self, at: Instant) -> bool:
        return self._step is not SwitchStep.RESUMING and self.timers.passed("next", at)

    def step(self, at: Instant) -> None:
        """Go to the next step."""
        self.timers.clear("next")
        if self._step is SwitchStep.OPENED:
            self._step = SwitchStep.WAITING
            self._set(self.requested)
            least = self._spec.wait_under_load if self._under_load else 0.0
            self.timers.set("next", at, max(self.wait, least))
        elif self._step is SwitchStep.WAITING:
            self._step = SwitchStep.RESTORING
            self.timers.set("next", at, PAUSE)
        else:
            self._step = SwitchStep.RESUMING
            self.timers.set("resume", at, self._spec.resume_within)

    def gave_up(self, at: Instant) -> bool:
        """The vehicle did not ask again in time."""
        return self.timers.passed("resume", at)

    def finish(self) -> None:
        """The sequence is over, or was cut short: then the poles take the wanted position in the open contactor."""
        if self._step is SwitchStep.IDLE:
            return
        if self._step in (SwitchStep.RELEASING, SwitchStep.OPENED):
            self._set(self.requested)
        self._step = SwitchStep.IDLE
        self.timers.clear("next", "grace", "resume")
        self._emit(EventName.PHASE_SWITCH_FINISHED, phases=self.set_for)

    def closed(self) -> None:
        self.instant = False

    def interrupted(self) -> None:
        """The pilot was interrupted: the vehicle will look at its phases again."""
        self.instant = True

    def unplugged(self) -> None:
        self.finish()
        self.instant = True
        self.fallback = False

    def restart(self) -> None:
        """Power or memory lost: no sequence, the wanted poles after the boot."""
        self.unplugged()
        self.timers.clear_all()
        if self.fitted:
            self._set(self.requested)
