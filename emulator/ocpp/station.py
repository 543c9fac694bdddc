"""What a charge point stands on: the wallbox, its charger, and the memory that survives a reboot.

The one rule: the charge point sees and moves the world through its `Station` only; a vendor overrides what its box
does in a way of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Final, Literal

from ocpp.v16.enums import ChargePointErrorCode

from ..core.messages import RebootController, SetLock
from ..core.snapshot import Snapshot
from ..core.states import EvseState, PilotState
from ..devices.wallbox import Wallbox
from .clock import parse_time
from .configuration import Binding
from .messages import text_in
from .outbox import Kept

if TYPE_CHECKING:
    from .smart_charging import ChargingProfile
    from .transactions import Transaction

OWNER: Final = "ocpp"
"""Under this name the central system's word stands beside the vendor's own limits and permissions."""


class Evse(StrEnum):
    """The charge controller, as the connector sees it."""

    NOT_CONNECTED = "not_connected"
    CONNECTED = "connected"
    """Plugged; the EVSE does not offer anything."""
    READY = "ready"
    """The EVSE offers current, the vehicle does not take it."""
    CHARGING = "charging"
    FAULTED = "faulted"
    UNKNOWN = "unknown"
    """Without power, or just starting."""


PHASES: Final[Mapping[int, Literal[1, 2, 3]]] = {1: 1, 2: 2}
"""Number of phases of a profile to what the charge controller is asked for; others: three."""


@dataclass(frozen=True, slots=True)
class Identity:
    """What a charge point says about itself in BootNotification."""

    vendor: str
    model: str
    serial: str
    firmware: str


@dataclass(frozen=True, slots=True)
class Allowance:
    """What the central system lets the charger do."""

    current: float
    """A per phase; 0: it is not to charge."""
    authorised: bool
    """A transaction is running."""
    phases: int | None
    """As the charging profiles say; None: they do not."""


BLOCKED: Final = Allowance(0.0, False, None)


@dataclass(frozen=True, slots=True)
class Known:
    """What is known about a tag."""

    status: str
    parent: str | None = None
    expires: datetime | None = None


def known_of(info: Mapping[str, object]) -> Known:
    """What an `idTagInfo` says."""
    try:
        expires = parse_time(text_in(info, "expiryDate"))
    except ValueError:
        expires = None
    return Known(text_in(info, "status"), text_in(info, "parentIdTag") or None, expires)


@dataclass(slots=True, kw_only=True)
class Memory:
    """What a charge point keeps without power."""

    configuration: dict[str, str] = field(default_factory=dict)
    queue: Kept = field(default_factory=Kept)
    inoperative: bool = False
    """Its connector was made unavailable."""
    station_inoperative: bool = False
    """The station as a whole was made unavailable, whatever is kept of its connector."""
    running: Transaction | None = None
    rebooted: bool = False
    """It had power when it stopped last."""
    profiles: list[ChargingProfile] = field(default_factory=list)
    cache: dict[str, Known] = field(default_factory=dict)
    """What the central system said about tags, by the tag as it is looked up."""
    local_list: dict[str, Known] = field(default_factory=dict)
    local_list_version: int = 0

    @property
    def operative(self) -> bool:
        """Whether the connector is to be available."""
        return not (self.inoperative or self.station_inoperative)

    def make_available(self, operative: bool, *, station: bool) -> None:
        """ChangeAvailability of the station, or of its connector; Operative of the station is of both."""
        if station:
            self.station_inoperative = not operative
        if operative or not station:
            self.inoperative = not operative


FAULT_CODES: Final = {
    "rcd": ChargePointErrorCode.ground_failure,
    "overtemp": ChargePointErrorCode.high_temperature,
    "overvoltage": ChargePointErrorCode.over_voltage,
    "undervoltage": ChargePointErrorCode.under_voltage,
    "overcurrent": ChargePointErrorCode.over_current_failure,
    "lock": ChargePointErrorCode.connector_lock_failure,
    "meter": ChargePointErrorCode.power_meter_failure,
    "contactor": ChargePointErrorCode.power_switch_failure,
    "diode": ChargePointErrorCode.ev_communication_error,
    "cp": ChargePointErrorCode.ev_communication_error,
}
"""Beginning of a fault's name to the error code. ASSUMED; boxes that always say NoError do not look here."""


class Station:
    """A wallbox as the charge point uses it: one connector on one charger."""

    def __init__(self, wallbox: Wallbox, identity: Identity, *, obeys_clock: bool = True) -> None:
        """`obeys_clock`: the box takes the time from the central system."""
        self.wallbox = wallbox
        self.identity = identity
        self.simulation = wallbox.simulation
        self._obeys_clock = obeys_clock
        self._chose_phases = False
        """The phases are as a charging profile wanted them."""

    # --- reading -----------------------------------------------------------------------------------------------------

    def snapshot(self) -> Snapshot:
        """What the meter shows now."""
        return self.wallbox.snapshot()

    def evse(self) -> Evse:
        """The state of the charge controller."""
        now = self.snapshot()
        if now.state in (EvseState.OFF, EvseState.BOOT):
            return Evse.UNKNOWN
        if now.state is EvseState.FAULT:
            return Evse.FAULTED
        if not now.plugged:
            return Evse.NOT_CONNECTED
        if now.pilot in (PilotState.C, PilotState.D) and now.offered_current > 0:
            return Evse.CHARGING
        return Evse.READY if now.offered_current > 0 else Evse.CONNECTED

    def error_code(self) -> ChargePointErrorCode:
        """What is wrong while the EVSE is faulted."""
        names = self.snapshot().faults
        found = (code for begin, code in FAULT_CODES.items() for name in names if name.startswith(begin))
        return next(found, ChargePointErrorCode.other_error)

    def offered(self) -> float:
        """What the vehicle is offered per phase, whoever limits it [A]."""
        return self.snapshot().offered_current

    def state_of_charge(self) -> float | None:
        """Of the vehicle, as far as the box knows it [%]."""
        return None

    def free_tag(self) -> str | None:
        """The id that stands for a vehicle that may charge without one; None: it may not."""
        return None

    def samples(self) -> bool:
        """Whether sampled meter values are sent now, in a transaction."""
        return True

    def bindings(self) -> Mapping[str, Binding]:
        """Configuration keys whose values the vendor keeps elsewhere."""
        return {}

    def offline_limit(self) -> float | None:
        """What a transaction may draw without a central system [A]; None: what its profiles allow."""
        return None

    def releasable(self) -> bool:
        """Whether the connector can be unlocked: it is a socket."""
        return self.snapshot().proximity_resistance is not None

    def calendar(self) -> datetime:
        """The box's own clock."""
        return self.wallbox.calendar()

    # --- acting ------------------------------------------------------------------------------------------------------

    def allow(self, allowance: Allowance) -> None:
        """What the charger may do, by the central system's word."""
        control = self.wallbox.control
        control.permit(OWNER, allowance.authorised)
        control.limit(OWNER, allowance.current)
        if allowance.phases is not None or self._chose_phases:
            self._chose_phases = allowance.phases is not None
            control.phases(OWNER, PHASES.get(allowance.phases or 3, 3))

    def release(self) -> None:
        """OCPP is switched off: the central system has no say any more."""
        self.wallbox.control.permit(OWNER, None)
        self.wallbox.control.limit(OWNER, None)

    def available(self) -> bool | None:
        """What the box itself says of its availability, a setting that survives; None: it has none."""
        return None

    def make_available(self, operative: bool) -> None:
        """Availability has changed, or will once the transaction is over."""

    def shut_down(self) -> None:
        """The box loses its memory: until there is a charge point again, nobody may charge."""
        self.wallbox.control.permit(OWNER, False)

    def unlock(self) -> None:
        """Open the lock of the socket once."""
        self.wallbox.control.submit(SetLock(owner=self.wallbox.control.owner(OWNER), policy="open"))

    def restart(self, *, hard: bool) -> None:
        """Reset, as the central system asked. `hard`: the charge controller as well."""
        if hard:
            self.wallbox.control.submit(RebootController(owner=self.wallbox.control.owner(OWNER)))
        self.wallbox.reboot()

    def set_clock(self, time: datetime) -> bool:
        """Take over the central system's time; whether the clock was moved.

        ASSUMED: less than a second is left alone; whole seconds are all that most systems send.
        """
        difference = time - self.calendar()
        if not self._obeys_clock or abs(difference) < timedelta(seconds=1):
            return False
        self.move_clock(difference)
        return True

    def move_clock(self, difference: timedelta) -> None:
        """Set the wallbox's own clock, by this much."""
        self.wallbox.clock_offset += difference

    def changed(self) -> None:
        """Something the box shows about OCPP is new."""
        self.wallbox.changed()

    def note(self, name: str, detail: dict[str, object]) -> None:
        self.wallbox.note(name, detail)
