"""Steps about the emulator's own central system for charge points (OCPP 1.6J).

The one rule: a charge point has to be connected to it; nothing of OCPP is imported before one runs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from ...core.messages import Outcome, Reason
from ...core.units import Seconds
from ...errors import EmulatorError
from ...language.arguments import Flag, NumberWithUnit, Text
from ...language.fields import About
from ...language.name_arguments import WALLBOX
from ...world.central_system import central_system, ocpp_access
from .base import Step

if TYPE_CHECKING:
    from ...ocpp.central_system import Policy
    from ...world.site import Site

_Wallbox = Annotated[str, WALLBOX, About("which one; may be left out if there is one wallbox only")]


@dataclass(frozen=True, slots=True, kw_only=True)
class OcppCall(Step):
    """The emulator's own central system sends a call to a charge point (OCPP); its answer is in the journal."""

    short: ClassVar[str | None] = "action"

    wallbox: _Wallbox = ""
    action: Annotated[str, Text(), About("`RemoteStartTransaction`, `SetChargingProfile`, ...")]
    payload: Mapping[str, object] = field(default_factory=dict)
    """What it says, by the names of OCPP. `transactionId: running` is the id of the transaction that runs."""

    def apply(self, site: Site) -> Outcome:
        wallbox = site.wallbox(self.wallbox)
        access = ocpp_access(wallbox)
        if access is None:
            raise EmulatorError(f"{self.wallbox} has no charge point that is switched on")
        system = central_system(site.simulation)
        served = system.served.get(access.identity)
        if served is None or access.identity not in system.sessions:
            return Outcome(refused=Reason.NOT_NOW, message=f"{self.wallbox} is not connected to the central system")
        running = served.running
        payload = _with_transaction(self.payload, running.id if running is not None else -1)
        with site.because_of("ocpp_call", {"action": self.action, "payload": payload}, wallbox):
            system.call(access.identity, self.action, payload)
        return Outcome()


def _with_transaction(payload: Mapping[str, object], running: int) -> dict[str, object]:
    """The payload with the id of the running transaction in it, wherever that is meant."""
    found: dict[str, object] = {}
    for name, value in payload.items():
        if isinstance(value, Mapping):
            found[name] = _with_transaction(value, running)
        else:
            found[name] = running if (name, value) == ("transactionId", "running") else value
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class CentralSystem(Step):
    """The emulator's own central system behaves differently from now on (OCPP); what is left out stays as it is."""

    up: Annotated[bool | None, Flag(), About("false: it breaks every connection and takes none")] = None
    restart: bool = False
    """It breaks every connection once."""
    registration: Literal["Accepted", "Pending", "Rejected"] | None = None
    """Its answer to BootNotification."""
    heartbeat: Seconds | None = None
    """The interval it asks for."""
    tags: Mapping[str, object] | None = None
    """Tags it knows, each with its status (`Accepted`, `Blocked`, ...); others are Invalid."""
    clock: Annotated[float | None, NumberWithUnit("s", lowest=None), About("how much its clock is fast")] = None
    silent: tuple[str, ...] | None = None
    """Actions that it never answers."""
    refuses: tuple[str, ...] | None = None
    """Actions that it answers with CALLERROR."""
    same_ids: Annotated[bool | None, Flag(), About("true: each of its calls has the same id")] = None

    def apply(self, site: Site) -> Outcome:
        system = central_system(site.simulation)
        site.simulation.journal.record(site.simulation.at, "stimulus", "central_system", self._stated())
        self._change(system.policy)
        if self.restart:
            system.drop_all()
        if self.up is False:
            system.go_down()
        elif self.up:
            system.up = True
        return Outcome()

    def _stated(self) -> dict[str, object]:
        names = ("up", "registration", "heartbeat", "tags", "clock", "silent", "refuses", "same_ids")
        values = (getattr(self, name) for name in names)
        stated = {name: value for name, value in zip(names, values, strict=True) if value is not None}
        return stated | ({"restart": True} if self.restart else {})

    def _change(self, policy: Policy) -> None:
        from ocpp.v16.enums import AuthorizationStatus, RegistrationStatus

        if self.registration is not None:
            policy.registration = RegistrationStatus(self.registration)
        if self.heartbeat is not None:
            policy.heartbeat = round(self.heartbeat)
        if self.tags is not None:
            try:
                policy.tags = {tag: AuthorizationStatus(str(status)) for tag, status in self.tags.items()}
            except ValueError as error:
                raise EmulatorError(f"{error}, expected one of {', '.join(AuthorizationStatus)}") from None
        if self.clock is not None:
            policy.clock_error = timedelta(seconds=self.clock)
        if self.silent is not None:
            policy.silent = frozenset(self.silent)
        if self.refuses is not None:
            policy.refused = frozenset(self.refuses)
        if self.same_ids is not None:
            policy.same_ids = self.same_ids
