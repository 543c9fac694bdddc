"""What the world does, what a wallbox asks, what happened, what was answered.

The one rule: messages are frozen values; none of them knows who sent it. A stimulus cannot be refused by the charger
(except where it makes no physical sense, such as unplugging nothing); a command can.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from enum import StrEnum
from typing import Literal

from .events import EventName
from .faults import Disturbance
from .instant import Instant
from .specs import VehicleSpec
from .units import AmbientCelsius, Amperes, Hertz, Ohms, Volts
from .values import value


class Reason(StrEnum):
    """Why something was refused; each vendor's refusal table maps these to its own errors."""

    UNKNOWN = "unknown"
    READ_ONLY = "read_only"
    WRITE_ONLY = "write_only"
    WRONG_TYPE = "wrong_type"
    INVALID = "invalid"
    OUT_OF_RANGE = "out_of_range"
    WRONG_LENGTH = "wrong_length"
    NOT_NOW = "not_now"
    NOT_ALLOWED = "not_allowed"
    UNAUTHORISED = "unauthorised"
    NOT_PLUGGED = "not_plugged"
    ALREADY_PLUGGED = "already_plugged"
    NOT_FITTED = "not_fitted"
    UNREACHABLE = "unreachable"


@value
class Outcome:
    """The answer to a stimulus, a command or a write. `refused` is None when it was done."""

    refused: Reason | None = None
    message: str = ""
    """In the words of whoever answered; the vendor's own text for a vendor's refusal."""
    detail: Mapping[str, object] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        return self.refused is None


DONE = Outcome()


@value
class Event:
    """Something discrete that happened in a charger."""

    at: Instant
    charger: str
    name: EventName
    detail: Mapping[str, object] = field(default_factory=dict)


# --- stimuli ---------------------------------------------------------------------------------------------------------


@value
class PlugIn:
    """A vehicle is connected. `cable`: rating of the cable used in a socket [A]; None: the charger's default."""

    name: str
    vehicle: VehicleSpec
    state_of_charge: float | None = None
    cable: float | None = None


@value
class Unplug:
    """The vehicle is disconnected; `at_box` also pulls a loose cable out of the socket, unless that keeps it locked."""

    at_box: bool = True


@value
class PlugCable:
    """A loose cable is put into the socket, or pulled out of it, with no vehicle at its other end."""

    plugged: bool = True
    """false: pulled out."""
    cable: Amperes | None = None
    """Rating of the cable: 13, 20, 32 or 63 A; default: the charger's."""


@value
class SetVehicle:
    """Change what the plugged vehicle does; names of `VehicleSpec` fields, plus `awake` (the maker's API wakes it)."""

    changes: Mapping[str, object]


@value
class SetSupply:
    """The grid changes; what is not given stays as it is."""

    voltage: Volts | None = None
    """Of every phase."""
    phase_voltages: tuple[Volts, Volts, Volts] | None = None
    """Of L1, L2, L3, in place of `voltage`."""
    phases: int | None = None
    live: tuple[bool, bool, bool] | None = None
    """The lines that are live, such as [L1, L3]."""
    frequency: Hertz | None = None
    source_resistance: Ohms | None = None


@value
class SetClimate:
    """The ambient temperature changes."""

    ambient: AmbientCelsius


@value
class PowerCut:
    """The charger loses its supply."""


@value
class PowerUp:
    """The supply comes back after a power cut."""


@value
class Disturb:
    """A physical fault begins. The same `name` again replaces it."""

    name: str
    fault: Disturbance


@value
class Relieve:
    """The physical fault called `name` ends; what it latched stays latched until its own recovery."""

    name: str


Stimulus = PlugIn | Unplug | PlugCable | SetVehicle | SetSupply | SetClimate | PowerCut | PowerUp | Disturb | Relieve


# --- commands: what a wallbox's firmware may ask of its charge controller --------------------------------------------


@value
class Owned:
    """What all commands say: whose wish it is. The wishes of several owners are kept apart."""

    owner: str


@value
class SetLimit(Owned):
    """A named current limit per phase; None removes it. The lowest of all owners wins [A]."""

    current: float | None


@value
class SetPermission(Owned):
    """A named permission; the charger offers current only while all are granted. None removes it."""

    granted: bool | None


@value
class SetAuthorisation(Owned):
    """Whether this owner requires authorisation and has it. None: does not require it (any more)."""

    granted: bool | None


@value
class RequestPhases(Owned):
    """Charge on at most `phases` from now on; a running charge goes through the switching sequence."""

    phases: Literal[1, 2, 3]


@value
class TunePhases(Owned):
    """How this firmware switches phases from now on; None leaves the hardware's own value.

    `wait`: from contactor open to pilot back [s]. `single_phase_fallback`: drops L2 and L3 for a single-phase vehicle.
    """

    wait: float | None = None
    single_phase_fallback: bool | None = None


@value
class InterruptPilot(Owned):
    """Cut the pilot (or hold it at state F) for `duration` [s]; None: until `RestorePilot`."""

    duration: float | None
    mode: Literal["open", "f"] = "open"


@value
class RestorePilot(Owned):
    """End this owner's interruption."""


@value
class SetService(Owned):
    """Out of service (state DISABLED) while any owner says `available=False`."""

    available: bool


@value
class MarkEnergy(Owned):
    """Announce `energy_reached` once when the session energy reaches `energy`; None removes the mark [Wh]."""

    energy: float | None


@value
class ResetFaults(Owned):
    """Reset latched faults whose recovery is a command; None: all of them."""

    fault: str | None = None


@value
class RebootController(Owned):
    """Restart the charge controller."""


@value
class SetLock(Owned):
    """Lock policy of a socket: `normal` (locked while plugged), `auto_unlock`, `always`, or `open` (force once)."""

    policy: Literal["normal", "auto_unlock", "always", "open"]
    on_outage: bool | None = None
    """Unlock when the supply is lost; None: as before, which at first is as the hardware does."""


@value
class SetEarthCheck(Owned):
    """Switch the protective-earth check on or off (off: IT networks, "Norway mode")."""

    enabled: bool


Command = (
    SetLimit
    | SetPermission
    | SetAuthorisation
    | RequestPhases
    | TunePhases
    | InterruptPilot
    | RestorePilot
    | SetService
    | MarkEnergy
    | ResetFaults
    | RebootController
    | SetLock
    | SetEarthCheck
)
