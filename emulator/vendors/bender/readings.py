"""The controller's view of its charge point: one moment's values, in the words of its interfaces.

The one rule: a view belongs to one moment; REST and Modbus print the same attributes, so they cannot disagree.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final

from ...core import noise
from ...core.freshness import seen
from ...core.instant import Instant
from ...core.snapshot import Snapshot
from ...core.states import EvseState, LockState, PilotState
from ...devices.register_maps.bender import OCPP_STATES, vehicle_state
from ...devices.settings import Setting
from ...devices.wallbox import Wallbox
from . import findings, meters
from .build import Build
from .faultcodes import Errors
from .logic import NOMINAL, ONE_PHASE_ONLY, SINGLE_PHASE_FROM, THREE_PHASES_FROM, THREE_PHASES_ONLY, Logic
from .pairs import Controllers
from .settings import (
    BACKEND,
    BACKEND_STATE,
    IDLE_CURRENTS,
    ISO15118,
    METER,
    OCPP_VERSION,
    OPERATOR_CURRENT,
    PHASE_SWITCH_MODE,
    RESERVED,
    SCHUKO_PLUGGED,
    SLAVE,
    SLAVE_STATE,
    UNKNOWN_SOC,
)
from .transaction import Transaction

Read = Callable[["View"], object]

LARGEST_16: Final = 0xFFFF
MILLI: Final = 1000
MINIMUM_CURRENT: Final = 6
RELAY_OFF, RELAY_THREE, RELAY_ONE = 0, 1, 5
_LETTERS: Final = "abcde"
_CHARGING: Final = (EvseState.CHARGING, EvseState.C_STOPPING, EvseState.PHASE_SWITCH)


def whole(value: float) -> int:
    """Rounded, halves upwards."""
    return math.floor(value + 0.5)


class View:
    """One moment of one controller. Attributes are computed when asked for and kept."""

    def __init__(self, wallbox: Wallbox, build: Build, logic: Logic) -> None:
        self.build = build
        self.logic = logic
        self.settings = wallbox.settings
        self._simulation = wallbox.simulation
        self.calendar = wallbox.calendar
        self.now: Snapshot = wallbox.measured()

    # --- what is wrong -----------------------------------------------------------------------------------------------

    @seen
    def errors(self) -> Errors:
        return findings.errors(self.settings, self.now)

    @seen
    def faulted(self) -> bool:
        return self.errors.faulted or self.now.state is EvseState.FAULT

    def has_error(self, name: str) -> bool:
        return name in self.errors.identifiers

    # --- states ------------------------------------------------------------------------------------------------------

    @seen
    def vehicle(self) -> int:
        """Number in 122: 1 A to 5 E. Any fault shows as E."""
        return 5 if self.faulted else vehicle_state(self.now.pilot)

    @seen
    def letter(self) -> str:
        """`type2_state`"""
        return _LETTERS[self.vehicle - 1]

    @seen
    def charging(self) -> bool:
        """The relay is closed for a vehicle that asks."""
        return self.now.contactor and self.now.state in _CHARGING and not self.faulted

    @seen
    def connection(self) -> str:
        """`conn_state`"""
        if self.now.plugged or self.now.pilot in (PilotState.E, PilotState.F):
            if self.faulted:
                return "vehicle_connector_error"
            return "vehicle_charging_type2" if self.charging else "vehicle_connected_type2"
        return {"connected": "vehicle_connected_schuko", "power_on": "vehicle_charging_schuko"}.get(
            self.schuko, "no_vehicle_connected"
        )

    @seen
    def schuko(self) -> str:
        """`schuko_state`"""
        if not (self.build.traits.schuko and self.settings[SCHUKO_PLUGGED]):
            return "idle"
        return "power_on" if self.logic.schuko_powered else "connected"

    @seen
    def active(self) -> bool:
        """A transaction is running, and the charger has not lost its authorisation meanwhile."""
        return self.logic.authorisation.active and not self.logic.authorisation.deprived(self.now)

    @seen
    def authorisation(self) -> str:
        """`auth_state`"""
        logic = self.logic
        if self.faulted or not logic.authorisation.in_service:
            return "not_authorized_for_charging"
        if self.active or logic.authorisation.shown_tag is not None:
            return "authorized_for_charging"
        if not self.now.plugged or logic.authorisation.finished or logic.authorisation.active:
            return "not_authorized_for_charging"
        return "auth_timeout" if logic.authorisation.timed_out else "wait_for_auth"

    @seen
    def status(self) -> str:
        """`ocpp_state`: as the charge point says it, if there is one."""
        point = self.logic.host.charge_point
        if point is not None:
            return point.connector.status.lower()
        found = self._status()
        old = self.settings[OCPP_VERSION] == "1.5"
        return "occupied" if old and OCPP_STATES.index(found) > OCPP_STATES.index("faulted") else found

    def _status(self) -> str:
        now, logic = self.now, self.logic
        if self.faulted:
            return "faulted"
        if not logic.authorisation.in_service or now.state in (EvseState.DISABLED, EvseState.OFF, EvseState.BOOT):
            return "unavailable"
        if not now.plugged:
            if logic.authorisation.shown_tag is not None:
                return "preparing"
            return "reserved" if self.settings[RESERVED] else "available"
        if not self.active:
            return "finishing" if logic.authorisation.finished or logic.authorisation.active else "preparing"
        if self.charging and now.state is EvseState.CHARGING:
            return "charging"
        if now.state in (EvseState.B_READY, EvseState.C_CLOSING, EvseState.WAKEUP):
            return "suspendedev"
        return "suspendedevse"

    @property
    def second(self) -> str:
        """`slave_state`: of the controller wired to this one, or as it is stated."""
        found = Controllers.of(self._simulation).states.get(self.settings[SLAVE])
        return self.settings[SLAVE_STATE] if found is None else found()

    @seen
    def backend(self) -> str:
        """`backend_conn_state`. Source: `pending` without a backend, from captures."""
        point = self.logic.host.charge_point
        if point is not None:
            refused = {"REJECTED": "rejected", "PENDING": "pending"}.get(point.registration.name)
            return refused or ("connected" if point.outbox.online else "connecting")
        stated = self.settings[BACKEND_STATE]
        if not self.settings[BACKEND]:
            return stated or "pending"
        return "not_reacheable" if "backend_lost" in self.now.faults else stated or "connected"

    @seen
    def proximity(self) -> str:
        """`type2_proximity`"""
        if not self.build.socket:
            return "cable_attached"
        rating = self.now.cable_rating
        if rating is None:
            return "no_cable"
        return f"{rating:.0f}" if rating > 0 else "short_circuit"

    @seen
    def locked(self) -> bool:
        return self.now.lock is LockState.CLOSED

    @seen
    def relay(self) -> int:
        """140"""
        if not self.now.contactor:
            return RELAY_OFF
        return RELAY_ONE if self.build.release.switches_phases and self.now.phases == 1 else RELAY_THREE

    # --- currents and limits -----------------------------------------------------------------------------------------

    @seen
    def signalled(self) -> int:
        """Current in the duty cycle [A]; 0: no PWM."""
        return int(self.now.offered_current + 1e-6)

    @seen
    def hardware(self) -> int:
        """What the hardware is built for [A]."""
        return int(self.build.rated_current)

    @property
    def most_power(self) -> int:
        """What it can deliver at most on the phases it may use [W]."""
        phases = 1 if self.settings[PHASE_SWITCH_MODE] == ONE_PHASE_ONLY else 3
        return int(phases * self.operator * NOMINAL)

    @property
    def least_power(self) -> int:
        """The least it charges with on the phases it may use [W]."""
        return THREE_PHASES_FROM if self.settings[PHASE_SWITCH_MODE] == THREE_PHASES_ONLY else SINGLE_PHASE_FROM

    @seen
    def operator(self) -> int:
        """The operator's limit, or the hardware's [A]."""
        stated = self.settings[OPERATOR_CURRENT]
        return self.hardware if stated is None else min(self.hardware, stated)

    @seen
    def vehicle_maximum(self) -> int:
        """What the cable carries (tethered: what the hardware does), or a vehicle says that takes less [A].

        ASSUMED: 0 without a cable; what it says is the rating of its on-board charger.
        """
        carried = min(self.hardware, int(self.now.cable_rating or 0))
        if not self.smart or self.now.vehicle is None:
            return carried
        return min(carried, int(self.now.vehicle.maximum_current))

    @seen
    def energy_manager(self) -> int:
        """`energy_man_current` [A]"""
        return int(self.logic.hems_limit) if self.logic.hems_active else 0

    @seen
    def residual(self) -> tuple[float, float]:
        """Residual current: RMS and DC [mA]."""
        return abs(self.now.residual_ac) * MILLI, abs(self.now.residual_dc) * MILLI

    @seen
    def residual_peak(self) -> tuple[float, float]:
        """Largest residual current since the start: RMS and DC [mA]."""
        ac, dc = self.logic.residual_peak
        return max(ac * MILLI, self.residual[0]), max(dc * MILLI, self.residual[1])

    # --- meter -------------------------------------------------------------------------------------------------------

    @seen
    def _tells(self) -> meters.Tells:
        return meters.tells(self.settings[METER]) if self.now.meter_ok else "nothing"

    @seen
    def energy(self) -> int | None:
        """Total energy [Wh]; None: no meter tells."""
        if self._tells == "nothing":
            return None
        schuko = self.logic.schuko
        if schuko.power:
            return int(self.now.total_energy + schuko.energy(self.now.at))
        return self.now.whole(lambda now: now.total_energy + schuko.energy(now.instant))

    @seen
    def power(self) -> int | None:
        """Active power [W]; None: no meter tells."""
        return None if self._tells == "nothing" else whole(self.now.power + self.logic.schuko.power)

    @seen
    def phase_energy(self) -> tuple[int | None, ...]:
        """Energy of each phase [Wh]. Source: no meter on the list tells phases apart; the total is in the first."""
        return (self.energy, None, None)

    @seen
    def phase_power(self) -> tuple[int | None, ...]:
        """Active power of each phase [W]."""
        if self._tells == "phases":
            first, second, third = self.now.active_power
            return (whole(first + self.logic.schuko.power), whole(second), whole(third))
        return (self.power, None, None)

    @seen
    def currents(self) -> tuple[float | None, ...]:
        """Current of each phase [A]."""
        if not self._by_phase:
            return (None, None, None)
        first, second, third = self.now.phase_current
        if self.logic.schuko.power:
            first += self.logic.schuko.power / max(1.0, self.now.phase_voltage[0])
        if not self.settings[IDLE_CURRENTS]:
            return (first, second, third)
        return tuple(i or noise.zero_offset(self.now.at, index) for index, i in enumerate((first, second, third)))

    @seen
    def voltages(self) -> tuple[int | None, ...]:
        """Voltage of each phase [V]."""
        return tuple(whole(volts) for volts in self.now.phase_voltage) if self._by_phase else (None, None, None)

    @property
    def _by_phase(self) -> bool:
        return self._tells in ("phases", "no_phase_power")

    # --- transaction -------------------------------------------------------------------------------------------------

    @property
    def transaction(self) -> Transaction | None:
        """The running one, or the last."""
        return self.logic.authorisation.transaction

    @property
    def domestic(self) -> bool:
        """Only the domestic socket is in use."""
        return self.logic.schuko.on_since is not None and not self.now.plugged

    @property
    def counts(self) -> bool:
        """A transaction is running, on either socket."""
        return self.domestic or self.logic.authorisation.active

    @seen
    def session_energy(self) -> int:
        """Energy of the transaction [Wh]."""
        if self.domestic:
            return int(self.logic.schuko.session_energy(self.now.at))
        transaction, reading = self.transaction, self.logic.authorisation.reading
        return self.now.whole(lambda now: transaction.energy(reading(now))) if transaction is not None else 0

    @seen
    def session_duration(self) -> int:
        """Duration of the transaction [s]."""
        if self.domestic:
            return self.logic.schuko.duration(self.now.at)
        return self.transaction.duration(self.now) if self.transaction is not None else 0

    @seen
    def uid(self) -> str:
        """Who charges."""
        if self.logic.authorisation.active and self.transaction is not None:
            return self.transaction.uid
        return self.logic.authorisation.shown_tag or ""

    # --- ISO 15118 ---------------------------------------------------------------------------------------------------

    @seen
    def smart(self) -> bool:
        return self.settings[ISO15118] and self.now.plugged and self.now.vehicle is not None

    @seen
    def state_of_charge(self) -> int:
        """State of charge [%]."""
        if not self.smart or self.now.vehicle is None:
            return self.settings[UNKNOWN_SOC]
        return whole(self.now.vehicle.state_of_charge * 100)

    @seen
    def required_energy(self) -> int:
        """Energy to a full battery [Wh]. ASSUMED: the unit."""
        if not self.smart or self.now.vehicle is None:
            return 0
        return int(max(0.0, self.now.vehicle.capacity - self.now.vehicle.battery_energy))


def stored(setting: Setting[object]) -> Read:
    """What a setting holds."""
    return lambda v: v.settings[setting]


def begun(v: View) -> Instant | None:
    return v.transaction.begun if v.transaction is not None else None


def ended(v: View) -> Instant | None:
    return v.transaction.ended if v.transaction is not None else None
