"""The controller's view of its charge point: one moment's values, in the words of its interfaces.

The one rule: a view belongs to one moment; REST and Modbus print the same attributes, so they cannot disagree.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Final

from ...core.instant import Instant
from ...core.snapshot import EvseState, LockState, PilotState, Snapshot
from ...devices.register_maps.bender import OCPP_STATES, vehicle_state
from . import faultcodes, meters
from .faultcodes import Errors
from .logic import Transaction

if TYPE_CHECKING:
    from .wallbox import Bender

Read = Callable[["View"], object]

LARGEST_16: Final = 0xFFFF
MILLI: Final = 1000
MINIMUM_CURRENT: Final = 6
RELAY_OFF, RELAY_THREE, RELAY_ONE = 0, 1, 5
ONE_PHASE_SINCE: Final = "5.33"
"""First CC firmware whose relay register tells one phase from three."""
_LETTERS: Final = "abcde"
_CHARGING: Final = (EvseState.CHARGING, EvseState.C_STOPPING)


def whole(value: float) -> int:
    """Rounded, halves upwards."""
    return math.floor(value + 0.5)


class View:
    """One moment of one controller. Attributes are computed when asked for and kept."""

    def __init__(self, box: Bender) -> None:
        self.box = box
        self.settings = box.settings
        self.logic = box.logic
        self.now: Snapshot = box.snapshot()

    # --- what is wrong -----------------------------------------------------------------------------------------------

    @cached_property
    def errors(self) -> Errors:
        return faultcodes.errors(self.box, self.now)

    @cached_property
    def faulted(self) -> bool:
        return self.errors.faulted or self.now.state is EvseState.FAULT

    def has_error(self, name: str) -> bool:
        return name in self.errors.identifiers

    # --- states ------------------------------------------------------------------------------------------------------

    @cached_property
    def vehicle(self) -> int:
        """Number in 122: 1 A to 5 E. Any fault shows as E."""
        return 5 if self.faulted else vehicle_state(self.now.pilot)

    @cached_property
    def letter(self) -> str:
        """`type2_state`"""
        return _LETTERS[self.vehicle - 1]

    @cached_property
    def charging(self) -> bool:
        """The relay is closed for a vehicle that asks."""
        return self.now.contactor and self.now.state in _CHARGING and not self.faulted

    @cached_property
    def connection(self) -> str:
        """`conn_state`"""
        if self.now.plugged or self.now.pilot in (PilotState.E, PilotState.F):
            if self.faulted:
                return "vehicle_connector_error"
            return "vehicle_charging_type2" if self.charging else "vehicle_connected_type2"
        return {
            "connected": "vehicle_connected_schuko",
            "power_on": "vehicle_charging_schuko",
        }.get(self.schuko, "no_vehicle_connected")

    @cached_property
    def schuko(self) -> str:
        """`schuko_state`"""
        if not (self.box.trait("schuko") and self.settings.flag("schuko_plugged")):
            return "idle"
        return "power_on" if self.logic.schuko_powered else "connected"

    @cached_property
    def active(self) -> bool:
        """A transaction is running, and the charger has not lost its authorisation meanwhile."""
        return self.logic.active and not self.logic.deprived(self.now)

    @cached_property
    def authorisation(self) -> str:
        """`auth_state`"""
        logic = self.logic
        if self.faulted or not logic.in_service:
            return "not_authorized_for_charging"
        if self.active or logic.shown_tag is not None:
            return "authorized_for_charging"
        if not self.now.plugged or logic.finished or logic.active:
            return "not_authorized_for_charging"
        return "auth_timeout" if logic.timed_out else "wait_for_auth"

    @cached_property
    def status(self) -> str:
        """`ocpp_state`"""
        found = self._status()
        old = self.settings.text("ocpp_version") == "1.5"
        return "occupied" if old and OCPP_STATES.index(found) > OCPP_STATES.index("faulted") else found

    def _status(self) -> str:
        now, logic = self.now, self.logic
        if self.faulted:
            return "faulted"
        if not logic.in_service or now.state in (EvseState.DISABLED, EvseState.OFF, EvseState.BOOT):
            return "unavailable"
        if not now.plugged:
            if logic.shown_tag is not None:
                return "preparing"
            return "reserved" if self.settings.flag("reserved") else "available"
        if not self.active:
            return "finishing" if logic.finished or logic.active else "preparing"
        if self.charging and now.state is EvseState.CHARGING:
            return "charging"
        if now.state in (EvseState.B_READY, EvseState.WAKEUP):
            return "suspendedev"
        return "preparing" if now.state is EvseState.C_CLOSING else "suspendedevse"

    @cached_property
    def backend(self) -> str:
        """`backend_conn_state`. Source: `pending` without a backend, from captures."""
        stated = self.settings["backend_state"]
        if not self.settings.flag("backend"):
            return "pending" if stated is None else str(stated)
        if "backend_lost" in self.now.faults:
            return "not_reacheable"
        return "connected" if stated is None else str(stated)

    @cached_property
    def proximity(self) -> str:
        """`type2_proximity`"""
        if not self.box.socket:
            return "cable_attached"
        rating = self.now.cable_rating
        if rating is None:
            return "no_cable"
        return f"{rating:.0f}" if rating > 0 else "short_circuit"

    @cached_property
    def locked(self) -> bool:
        return self.now.lock is LockState.CLOSED

    @cached_property
    def relay(self) -> int:
        """140"""
        if not self.now.contactor:
            return RELAY_OFF
        tells = self.box.icc or self.box.profile.has(ONE_PHASE_SINCE)
        return RELAY_ONE if tells and self.now.phases == 1 else RELAY_THREE

    # --- currents and limits -----------------------------------------------------------------------------------------

    @cached_property
    def signalled(self) -> int:
        """A in the duty cycle; 0: no PWM."""
        return int(self.now.offered_current + 1e-6)

    @cached_property
    def hardware(self) -> int:
        """A the hardware is built for."""
        return int(self.box.rated_current)

    @cached_property
    def operator(self) -> int:
        """A"""
        stated = self.settings["operator_current"]
        return self.hardware if stated is None else min(self.hardware, self.settings.integer("operator_current"))

    @cached_property
    def vehicle_maximum(self) -> int:
        """A the cable carries; tethered: the hardware's. ASSUMED: 0 without a cable."""
        return min(self.hardware, int(self.now.cable_rating or 0))

    @cached_property
    def energy_manager(self) -> int:
        """`energy_man_current`, A"""
        return int(self.logic.hems_limit) if self.logic.hems_active else 0

    @cached_property
    def residual(self) -> tuple[float, float]:
        """mA: RMS and DC."""
        return abs(self.now.residual_ac) * MILLI, abs(self.now.residual_dc) * MILLI

    @cached_property
    def residual_peak(self) -> tuple[float, float]:
        """mA: RMS and DC since the start."""
        ac, dc = self.logic.residual_peak
        return max(ac * MILLI, self.residual[0]), max(dc * MILLI, self.residual[1])

    # --- meter -------------------------------------------------------------------------------------------------------

    @cached_property
    def _tells(self) -> meters.Tells:
        return meters.tells(self.settings.text("ocpp_meter_cfg")) if self.now.meter_ok else "nothing"

    @cached_property
    def energy(self) -> int | None:
        """Wh; None: no meter tells."""
        return None if self._tells == "nothing" else int(self.now.total_energy)

    @cached_property
    def power(self) -> int | None:
        """W"""
        return None if self._tells == "nothing" else whole(self.now.power)

    @cached_property
    def phase_energy(self) -> tuple[int | None, ...]:
        """Wh. Source: no meter on the list tells phases apart; the total is in the first."""
        return (self.energy, None, None)

    @cached_property
    def phase_power(self) -> tuple[int | None, ...]:
        """W"""
        if self._tells == "phases":
            return tuple(whole(power) for power in self.now.active_power)
        return (self.power, None, None)

    @cached_property
    def currents(self) -> tuple[float | None, ...]:
        """A"""
        return self.now.phase_current if self._by_phase else (None, None, None)

    @cached_property
    def voltages(self) -> tuple[int | None, ...]:
        """V"""
        return tuple(whole(volts) for volts in self.now.phase_voltage) if self._by_phase else (None, None, None)

    @property
    def _by_phase(self) -> bool:
        return self._tells in ("phases", "no_phase_power")

    # --- transaction -------------------------------------------------------------------------------------------------

    @property
    def transaction(self) -> Transaction | None:
        """The running one, or the last."""
        return self.logic.transaction

    @cached_property
    def session_energy(self) -> int:
        """Wh"""
        return int(self.transaction.energy(self.now)) if self.transaction is not None else 0

    @cached_property
    def session_duration(self) -> int:
        """s"""
        return self.transaction.duration(self.now.at) if self.transaction is not None else 0

    @cached_property
    def uid(self) -> str:
        """Who charges."""
        if self.logic.active and self.transaction is not None:
            return self.transaction.uid
        return self.logic.shown_tag or ""

    # --- ISO 15118 ---------------------------------------------------------------------------------------------------

    @cached_property
    def smart(self) -> bool:
        return self.settings.flag("iso15118") and self.now.plugged and self.now.vehicle is not None

    @cached_property
    def state_of_charge(self) -> int:
        """%"""
        if not self.smart or self.now.vehicle is None:
            return self.settings.integer("unknown_soc")
        return whole(self.now.vehicle.state_of_charge * 100)

    @cached_property
    def required_energy(self) -> int:
        """Wh to a full battery. ASSUMED: the unit."""
        if not self.smart or self.now.vehicle is None:
            return 0
        return int(max(0.0, self.now.vehicle.capacity - self.now.vehicle.battery_energy))


def attribute(name: str) -> Read:
    return lambda v: getattr(v, name)


def phase(name: str, index: int) -> Read:
    """`phase_energy`, `phase_power`, `currents` or `voltages` of one phase."""
    return lambda v: getattr(v, name)[index]


def setting(name: str) -> Read:
    return lambda v: v.settings[name]


def begun(v: View) -> Instant | None:
    return v.transaction.begun if v.transaction is not None else None


def ended(v: View) -> Instant | None:
    return v.transaction.ended if v.transaction is not None else None
