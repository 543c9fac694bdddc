"""The device's view of the charger: states, reasons, measured values.

The one rule: a view is made once per reply, and everything in that reply comes from it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from ...core import noise
from ...core.freshness import seen, until
from ...core.instant import SECOND, Instant
from ...core.noise import NoiseChannel
from ...core.snapshot import Snapshot
from ...core.states import EvseState, PilotState
from .charging import Charging
from .device import Device
from .errorflags import raised
from .quirks import LATER_LIMIT_REASONS
from .sampling import Sampling
from .settings import LOCKED_SHOWN_WHEN_FREE, LOGGED_ERRORS, SHOWN_LIMIT_REASON, TOTAL_CHARGED_TIME, ZERO_VOLTAGE

HARDWARE, OVER_TEMPERATURE, SWITCHING_PHASES = 0, 8, 9
"""`current_limit_reason`, beside those of the limits."""
REASONS: Final = {
    "install_current": 1,
    "user_current": 2,
    "dynamic_current": 3,
    "schedule": 4,
    "em_offline": 5,
    "em_current": 6,
    "ocpp_current": 7,
}
NOTHING: Final = (0.0, 0.0, 0.0)
HEAP_FREE: Final = 30180
"""Most free memory [bytes]."""
HEAP_USED: Final = 112
"""Blocks of four bytes that may be taken of it."""


@dataclass(eq=False)
class View:
    """One device at one instant. `now` says what is, `sample` what the meter measured at the last full second."""

    device: Device
    charger: Charging | None
    sampling: Sampling
    now: Snapshot

    def __post_init__(self) -> None:
        self.settings = self.device.settings

    @property
    def at(self) -> Instant:
        return self.now.at

    @seen
    def sample(self) -> Snapshot:
        """What the meter measured last."""
        until(self.sampling.next_after(self.now.instant))
        return self.sampling.sample(self.now)

    @property
    def _counted(self) -> Snapshot:
        return self.sampling.counted(self.sample)

    @property
    def charging(self) -> Charging:
        assert self.charger is not None
        return self.charger

    @seen
    def limits(self) -> Mapping[str, int | None]:
        """See `Charging.limits`."""
        return self.charging.limits(self.at if self.charging.scheduled else self.now.instant)

    # --- state -------------------------------------------------------------------------------------------------------

    @property
    def letter(self) -> str:
        """`charger_state`: one letter, whatever the extended state is.

        Source: Charger local API, 5.5. ASSUMED: C while the relay is closed, B with any other car.
        """
        now = self.now
        if self.charging.faulty(now) or now.pilot in (PilotState.E, PilotState.F):
            return "F" if "cp_state_f" in now.faults or now.pilot is PilotState.F else "E"
        if not now.plugged:
            return "A"
        if now.contactor:
            return "D" if now.pilot is PilotState.D else "C"
        return "B"

    @seen
    def extended(self) -> str:
        """`extended_charger_state`. ASSUMED: which wins where several apply.

        Source: lektricowifi, Home Assistant: the lock is read as locked with a car and without.
        """
        logic, letter = self.charging, self.letter
        if logic.updating:
            return "OTA"
        if letter == "A" and logic.locked and self.settings[LOCKED_SHOWN_WHEN_FREE]:
            return "LOCKED"
        if letter != "B":
            return letter
        if logic.locked:
            return "LOCKED"
        if not logic.authorised:
            return "B_AUTH"
        limits = self.limits
        if limits["schedule"] == 0:
            return "B_SCHEDULER"
        if logic.paused or limits["dynamic_current"] == 0 or limits["em_current"] == 0:
            return "B_PAUSE"
        return "B_PAUSE" if self.now.state is EvseState.PHASE_SWITCH else "B"

    @property
    def paused(self) -> bool:
        return self.extended in ("B_PAUSE", "B_SCHEDULER")

    @property
    def limit_reason(self) -> int:
        """Which limit is the lowest; of equal ones that with the lowest number. Source: Charger local API, 5.5."""
        shown = self.settings[SHOWN_LIMIT_REASON]
        if shown is not None:
            return shown
        now = self.now
        newer = self.device.shows(LATER_LIMIT_REASONS)
        if newer and now.phase_switching:
            return SWITCHING_PHASES
        lowest, reason = self.hardware_current, HARDWARE
        for name, current in self.limits.items():
            if current is not None and current < lowest:
                lowest, reason = current, REASONS[name]
        if now.derated is not None and now.derated < lowest:
            return OVER_TEMPERATURE if newer else HARDWARE
        return reason if now.effective_limit >= lowest else HARDWARE

    # --- currents ----------------------------------------------------------------------------------------------------

    @property
    def cable_current(self) -> int:
        rating = self.now.cable_rating
        return 0 if rating is None else int(rating)

    @property
    def system_max_current(self) -> int:
        """What the device itself can: less while it is hot [A]. ASSUMED: that derating counts here."""
        derated = self.now.derated
        return self.device.system_max_current if derated is None else min(self.device.system_max_current, int(derated))

    @property
    def heap_free(self) -> int:
        """Free memory, another value every second [bytes].

        Source: 29732 to 30180 in captured replies. ASSUMED: how it moves.
        """
        second = self.now.instant // SECOND
        until((second + 1) * SECOND)
        return HEAP_FREE - 4 * round(HEAP_USED * noise.uniform(0, NoiseChannel.DEVICE, second))

    @property
    def hardware_current(self) -> int:
        """A, of device and cable."""
        most = self.device.system_max_current
        return min(most, self.cable_current or most)

    @property
    def pwm_current(self) -> int:
        """What the PWM is calculated from: the effective limit [A]. Source: captured 6 with an EM limit of 6."""
        limit = self.now.effective_limit
        return int(limit) if limit >= 6 else 0

    @property
    def schedule_current(self) -> int:
        """ASSUMED: the most there is where the schedule says nothing."""
        current = self.charging.schedule_current(self.at)
        return self.device.system_max_current if current is None else current

    # --- measured ----------------------------------------------------------------------------------------------------

    def phases(self, values: tuple[float, float, float]) -> tuple[float, float, float]:
        """As this device's meter has them: nothing without a meter, L1 alone on a single-phase one.

        ASSUMED: a silent meter reads as zero.
        """
        if not self.now.meter_ok:
            return NOTHING
        return values if self.device.traits.three_phase else (values[0], 0.0, 0.0)

    @property
    def currents(self) -> tuple[float, float, float]:
        return self.phases(self.sample.phase_current)

    @property
    def voltages(self) -> tuple[float, float, float]:
        return self.phases(self.sample.phase_voltage)

    @property
    def voltage(self) -> float:
        return 0.0 if self.settings[ZERO_VOLTAGE] else self.voltages[0]

    @property
    def power(self) -> float:
        return math.fsum(self.phases(self.sample.active_power))

    @property
    def session_energy(self) -> float:
        """Wh; of the last session until the next car comes."""
        return self._counted.session_energy

    @property
    def total_energy(self) -> float:
        """Wh"""
        return self._counted.total_energy

    @property
    def temperature(self) -> float:
        return self.sample.temperature["board"]

    @property
    def charged_time(self) -> float:
        """Duration of all sessions that ended [s]."""
        return self.settings[TOTAL_CHARGED_TIME]

    # --- errors ------------------------------------------------------------------------------------------------------

    @property
    def active_errors(self) -> frozenset[str]:
        return raised(self.now.faults, self.device.flags)

    @property
    def logged_errors(self) -> frozenset[str]:
        return frozenset(self.settings[LOGGED_ERRORS])
