"""The charge controller's own vocabulary for one instant: states, errors, contactor bits, duty cycle.

The one rule: a pure function of one snapshot and the controller's memory.
Source: Tinkerforge evse-v2-bricklet `iec61851.c`, `evse.c`; bricklib2 `warp/contactor_check.c`; of WARP1
evse-bricklet `iec61851.c`, `contactor_check.c`: it knows neither residual currents nor a diode.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from ....core.freshness import seen
from ....core.instant import MILLISECOND, MINUTE, Instant
from ....core.snapshot import Snapshot
from ....core.states import EvseState, PilotState
from .memory import Memory

STANDBY: Final = 15 * MINUTE
"""Nothing happened so long: the LED goes off."""
STOPPED: Final = 3 * MINUTE
STOPPED_WITH_STATE_F: Final = 5 * MINUTE
OPEN: Final = 0xFFFFFFFF
"""Resistance of nothing, Ohm."""
DC_STATES: Final = (("rcd_sensor_defect", 2), ("rcd_selftest", 4))
RESIDUAL: Final = frozenset(("rcd_dc", "rcd_ac", "rcd_sensor_defect", "rcd_selftest"))
VOLTAGES: Final = {
    # mV: CP before and after the resistor at PWM high and low, PP, +12 V, -12 V. Source: captures; A assumed.
    "A": (12000, 12000, -12000, -12000, 825, 12087, -12058),
    "B": (12007, 9138, -12065, -11691, 1701, 12042, -12071),
    "C": (11987, 6043, -12020, -11891, 825, 12087, -12058),
}
ADC: Final = {
    "A": (3910, 3909, 184, 186, 1024, 3750, 177),
    "B": (3910, 3465, 177, 234, 2112, 3736, 175),
    "C": (3907, 2985, 184, 204, 1024, 3750, 177),
}


class Iec(IntEnum):
    A = 0
    B = 1
    C = 2
    D = 3
    EF = 4


class Error(IntEnum):
    """`error_state`: how often the LED blinks."""

    NONE = 0
    SWITCH = 2
    DC_FAULT = 3
    CONTACTOR = 4
    COMMUNICATION = 5


@dataclass(frozen=True)
class EvseView:
    """The controller at `at`. `two`: two contactors, earth check and feedback contacts (WARP3 and later)."""

    at: Instant
    snapshot: Snapshot
    memory: Memory
    generation: int
    """1..4: of the WARP Charger."""

    @seen
    def texts(self) -> dict[str, str]:
        """Documents already written of this poll, by path."""
        return {}

    @property
    def two_contactors(self) -> bool:
        return self.generation >= 3

    @seen
    def allowed(self) -> int:
        """mA, the lowest active slot."""
        return min((slot.current for slot in self.memory.slots if slot.active), default=0)

    # --- errors ------------------------------------------------------------------------------------------------------

    @seen
    def dc_fault(self) -> int:
        """`dc_fault_current_state`: 1 DC, 5 AC, 6 both, 2 system, 4 calibration."""
        if self.generation == 1:
            return 0
        faults = self.snapshot.faults
        dc, ac = "rcd_dc" in faults, "rcd_ac" in faults
        if dc or ac:
            return 6 if dc and ac else 1 if dc else 5
        return next((state for name, state in DC_STATES if name in faults), 0)

    @property
    def earth_missing(self) -> bool:
        """The check measures against L1, so a dead L1 looks like a missing earth. ASSUMED for L1."""
        faults = self.snapshot.faults
        return "pe_loss" in faults or ("phase_loss" in faults and not self.snapshot.supply_phases[0])

    @property
    def coil_dead(self) -> bool:
        """WARP1: a tripped monitor of residual currents has cut the contactor's coil while a vehicle is plugged.

        Its controller hears nothing of the monitor; it sees a contactor that does not close. ASSUMED that it goes on
        showing that: the firmware tries again each 30 s.
        """
        return self.generation == 1 and self.snapshot.plugged and not RESIDUAL.isdisjoint(self.snapshot.faults)

    @seen
    def contactor_error(self) -> int:
        """As on the wire: WARP1/2 a code, WARP3/4 the code shifted left with the earth error in bit 0."""
        faults = self.snapshot.faults
        welded, missing = "contactor_welded" in faults, "contactor_fails_to_close" in faults
        if not self.two_contactors:
            missing = missing or self.coil_dead
            return 6 if welded else 2 if missing else 4 if self.earth_missing else 0
        code = 0
        three = self.snapshot.phases == 3
        first, second, third = self.snapshot.contactor_poles
        if missing:
            code = 3 if three else 6
        elif welded:
            both, only_first = first and (second or third), first
            code = (7 if three else 10) + (0 if both else 1 if only_first else 2)
        return 2 * code + self.earth_missing

    @seen
    def _state(self) -> tuple[Iec, Error]:
        """The first condition of the device's list that holds decides."""
        snapshot, faults = self.snapshot, self.snapshot.faults
        if self.two_contactors and self.earth_missing:
            return Iec.EF, Error.CONTACTOR
        if self.dc_fault:
            return Iec.EF, Error.DC_FAULT
        if self.contactor_error:
            return Iec.EF, Error.CONTACTOR
        if "switch_unconfigured" in faults:
            return Iec.EF, Error.SWITCH
        if "diode_shorted" in faults and self.generation > 1:
            return Iec.B, Error.COMMUNICATION
        if snapshot.pilot is PilotState.D or self._stays_in_d:
            return Iec.D, Error.COMMUNICATION
        if "cp_short" in faults or "cp_state_f" in faults:
            return Iec.EF, Error.COMMUNICATION
        return self._by_pilot(), Error.NONE

    @property
    def _stays_in_d(self) -> bool:
        """D until C is accepted again."""
        snapshot = self.snapshot
        waits = snapshot.pilot is PilotState.C and snapshot.state is EvseState.B_READY
        return waits and self.memory.iec == Iec.D and self.allowed > 0

    def _by_pilot(self) -> Iec:
        snapshot = self.snapshot
        if self.at < self.memory.seems_unplugged_until:
            return Iec.A
        if snapshot.phase_switching:
            held = Iec(self.memory.iec)
            return Iec.B if held is Iec.C and not self.allowed else held
        if not snapshot.plugged:
            return Iec.A
        if snapshot.state in (EvseState.C_CLOSING, EvseState.CHARGING) and self.allowed:
            return Iec.C
        return Iec.B

    @property
    def iec(self) -> Iec:
        return self._state[0]

    @property
    def error(self) -> Error:
        return self._state[1]

    @property
    def charger_state(self) -> int:
        """0 not connected, 1 waiting for release, 2 ready, 3 charging, 4 error."""
        if self.error:
            return 4
        if self.iec is Iec.C:
            return 3
        if self.iec is Iec.B:
            return 2 if self.allowed else 1
        return 0

    # --- outputs -----------------------------------------------------------------------------------------------------

    @property
    def contactor_state(self) -> int:
        snapshot = self.snapshot
        if not self.two_contactors:
            return snapshot.supply_phases[0] + 2 * snapshot.energised[0]
        first, second, third = snapshot.contactor_poles
        bits = (first, second or third, self.contactor_error != 0, snapshot.contactor, snapshot.phases == 3)
        return sum(1 << bit for bit, is_set in enumerate(bits) if is_set)

    @property
    def duty(self) -> int:
        """Per mille of the pilot; 1000: nothing offered; 0: state F. What the boost adds is left out."""
        snapshot = self.snapshot
        if snapshot.pilot is PilotState.F and "cp_state_f" not in snapshot.faults:
            return 0
        if self.memory.interrupting and not snapshot.phase_switching and self.iec is Iec.B and self.allowed:
            return round(self.allowed / 60)
        if snapshot.offered_current <= 0 or self.error:
            return 1000
        shown = snapshot.duty_cycle * 10
        return round(min(shown, max(80.0, self.allowed / 60)) if self.memory.boost else shown)

    @property
    def led(self) -> int:
        """0 off, 1 on, 2 blinking, 4 breathing, 5 set over the API or waiting for a tag."""
        memory = self.memory
        if self.error:
            return 2
        if memory.indicator_ends > self.at:
            return 5
        if self.iec is Iec.C:
            return 4
        user = memory.slots[6]
        if self.iec is Iec.B and user.active and not user.current:
            return 5
        quiet = self.at - max(memory.iec_since, memory.released_at, memory.pressed_at, memory.started)
        return 0 if quiet >= STANDBY and self.charger_state in (0, 2) else 1

    @property
    def car_stopped(self) -> int:
        """`charging_time`: the car has not asked for current for some minutes though it may."""
        ready = self.memory.ready_since
        if self.charger_state != 2 or ready is None:
            return 0
        wait = STOPPED_WITH_STATE_F if self.memory.wakes_with_f else STOPPED
        return int(self.at - ready > wait)

    @property
    def phases_state(self) -> int:
        """Step of a phase switch, 0: none."""
        snapshot = self.snapshot
        if not snapshot.phase_switching:
            return 0
        if snapshot.contactor:
            return 2
        if snapshot.pilot_interrupted:
            return 5
        if snapshot.offered_current > 0:
            return 7
        return 6 if snapshot.phases == snapshot.phases_requested else 3

    # --- low level ---------------------------------------------------------------------------------------------------

    @property
    def _letter(self) -> str:
        snapshot = self.snapshot
        if not snapshot.plugged:
            return "A"
        vehicle = snapshot.vehicle
        closed = vehicle is not None and vehicle.s2_closed
        return "C" if closed else "B"

    @property
    def resistance(self) -> int:
        """Ohm between control pilot and earth."""
        snapshot = self.snapshot
        if snapshot.pilot is PilotState.D:
            return 270
        if snapshot.pilot is PilotState.E:
            return 0
        return {"A": OPEN, "B": 2698, "C": 882}[self._letter]

    def low_level(self, *, rated: int, cable: int) -> dict[str, object]:
        """`evse/low_level_state`. `rated`, `cable`: A of the installation and of the outgoing cable."""
        memory, snapshot = self.memory, self.snapshot
        started = memory.started
        shared = {
            "led_state": self.led,
            "cp_pwm_duty_cycle": self.duty,
            "adc_values": list(ADC[self._letter]),
            "voltages": list(VOLTAGES[self._letter]),
            "resistances": [self.resistance, 219 if cable >= 32 else 694],
            "gpio": self._gpio(rated),
            "charging_time": self.car_stopped,
            "time_since_state_change": _ms(self.at - memory.iec_since),
            "uptime": _ms(self.at - started),
        }
        phases = {
            "phases_current": snapshot.phases,
            "phases_requested": snapshot.phases_requested,
            "phases_state": self.phases_state,
            "phases_info": int(memory.single_phase_vehicle),
        }
        if self.generation == 1:
            fixed = {"phases_current": 3, "phases_requested": 3, "phases_state": 0, "phases_info": 0}
            small = {"adc_values": list(ADC[self._letter][:2]), "voltages": list(VOLTAGES[self._letter][:3])}
            return shared | small | fixed
        temperature = round(snapshot.temperature.get("board", 0.0) * 100) if self.two_contactors else 0
        return (
            shared
            | {"time_since_dc_fault_check": _ms(self.at - memory.dc_test_at), "temperature": temperature}
            | phases
            | {"dc_fault_pins": 0, "dc_fault_sensor_type": 1}
        )

    def _gpio(self, rated: int) -> list[bool]:
        """Pins in the order of the controller's table. Source: two captures; pins not seen there ASSUMED."""
        snapshot, memory = self.snapshot, self.memory
        first, second, third = snapshot.contactor_poles
        if self.generation == 1:
            return [False, memory.pressed, not memory.shutdown_closed, snapshot.contactor, self.error != 0]
        pins = dict.fromkeys(range(24), False)
        if self.generation == 2:
            pins |= {0: rated <= 16, 3: rated > 16, 5: not memory.shutdown_closed, 6: memory.pressed}
            pins |= {7: self.duty == 1000, 9: snapshot.contactor, 10: memory.gp_output == 0}
            pins |= {11: memory.interrupting, 14: snapshot.supply_phases[0], 15: snapshot.energised[0]}
            pins |= {16: not memory.input_closed}
        else:
            pins |= {3: True, 5: memory.pressed, 7: self.led == 1, 9: self.duty == 1000, 10: snapshot.phases == 1}
            pins |= {11: not snapshot.contactor, 12: not (second or third), 13: not first}
            pins |= {14: not self.earth_missing, 15: rated > 16, 16: snapshot.pilot_interrupted}
            pins |= {18: not memory.shutdown_closed}
        return [pins[index] for index in range(24)]


def _ms(duration: Instant) -> int:
    """Milliseconds of the controller's clock, which wraps after 49.7 days."""
    return max(0, duration) // MILLISECOND % (1 << 32)
