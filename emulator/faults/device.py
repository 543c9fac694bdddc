"""Faults of boxes: they restart, hang, forget, and do things nobody asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from ..core import messages
from ..core.faults import CpOpen
from ..core.messages import Command, RequestPhases
from ..core.specs import VehicleSpec
from ..core.units import Amperes, Seconds
from ..devices.interfaces import Origin
from ..devices.traffic import PROTOCOLS, ProtocolName
from ..language.arguments import NumberWithUnit
from ..language.fields import About, Spread
from ..runtime.journal import Entry
from .effect import Effect, Level
from .matching import Match
from .transport import BlackHole, Refuse

if TYPE_CHECKING:
    from .armed import Armed
    from .passing import Shot
    from .target import Target

_BOX: tuple[Level, ...] = ("wallbox",)
_BOXES: tuple[Level, ...] = ("wallbox", "charger")
_CHARGER: tuple[Level, ...] = ("charger",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reboot(Effect):
    """The network processor restarts by itself."""

    primitive: ClassVar[str] = "P15"
    levels: ClassVar[tuple[Level, ...]] = _BOXES

    duration: Annotated[Seconds | None, About("how long its interfaces are gone; default: the boot time")] = None

    def begin(self, armed: Armed, target: Target) -> None:
        for wallbox in target.wallboxes:
            wallbox.reboot(self.duration)
        if armed.order.for_ is None and armed.order.until is None:
            armed.lapse("done")


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerCut(Effect):
    """The charger has no power while it lasts."""

    primitive: ClassVar[str] = "P15"
    levels: ClassVar[tuple[Level, ...]] = _CHARGER

    def begin(self, armed: Armed, target: Target) -> None:
        target.simulation.apply(target.charger, messages.PowerCut())

    def end(self, armed: Armed, target: Target) -> None:
        target.simulation.apply(target.charger, messages.PowerUp())


@dataclass(frozen=True, slots=True, kw_only=True)
class LateBoot(Effect):
    """The box is off, and takes long to start: now, and after every loss of power while it lasts."""

    primitive: ClassVar[str] = "P15"
    levels: ClassVar[tuple[Level, ...]] = _BOXES

    boot: Seconds = 120.0
    """How long it takes."""

    def begin(self, armed: Armed, target: Target) -> None:
        for wallbox in target.wallboxes:
            armed.memory[wallbox.address] = wallbox.boot_time
            wallbox.boot_time = self.boot
            wallbox.reboot(self.boot)

    def end(self, armed: Armed, target: Target) -> None:
        for wallbox in target.wallboxes:
            wallbox.boot_time = armed.memory[wallbox.address]


@dataclass(frozen=True, slots=True, kw_only=True)
class Hang(BlackHole):
    """The network processor hangs: connections are taken, nothing is answered."""

    primitive: ClassVar[str] = "P09"
    levels: ClassVar[tuple[Level, ...]] = _BOXES


@dataclass(frozen=True, slots=True, kw_only=True)
class Dead(Refuse):
    """A service is dead until the box restarts."""

    primitive: ClassVar[str] = "P09"

    def begin(self, armed: Armed, target: Target) -> None:
        names = {wallbox.name for wallbox in target.wallboxes}

        def heard(entry: Entry) -> None:
            booted = entry.kind == "firmware" and entry.name == "booted"
            if booted and entry.charger == target.charger and entry.wallbox in names:
                armed.finish("reboot")

        armed.memory["silence"] = target.simulation.journal.listen(heard)
        Refuse.begin(self, armed, target)

    def end(self, armed: Armed, target: Target) -> None:
        armed.memory.pop("silence")()
        Refuse.end(self, armed, target)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockWrong(Effect):
    """The clock of the box is wrong."""

    primitive: ClassVar[str] = "P14"
    levels: ClassVar[tuple[Level, ...]] = _BOXES

    offset: Annotated[float, NumberWithUnit("s", lowest=None), About("how much it is fast; negative: slow")]

    def begin(self, armed: Armed, target: Target) -> None:
        self._shift(target, timedelta(seconds=self.offset))

    def end(self, armed: Armed, target: Target) -> None:
        self._shift(target, timedelta())

    def _shift(self, target: Target, offset: timedelta) -> None:
        for wallbox in target.wallboxes:
            wallbox.clock_offset = offset
            wallbox.changed()


@dataclass(frozen=True, slots=True, kw_only=True)
class Act(Effect):
    """The box does something by itself: settings change, or values as if a client had written them."""

    primitive: ClassVar[str] = "P14"
    levels: ClassVar[tuple[Level, ...]] = _BOX
    requires: ClassVar[tuple[str, ...]] = ("settings", "write")

    settings: Mapping[str, object] = field(default_factory=dict)
    """What changes, as the vendor calls it."""
    write: Mapping[str, object] = field(default_factory=dict)
    """Vendor values by name."""

    def begin(self, armed: Armed, target: Target) -> None:
        (wallbox,) = target.wallboxes
        if self.settings:
            wallbox.configure(self.settings)
        for address, value in self.write.items():
            wallbox.write(address, value, Origin(interface="device"))
        if armed.order.for_ is None and armed.order.until is None:
            armed.lapse("done")


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorisationLost(Effect):
    """The authorisation of the present session is gone."""

    primitive: ClassVar[str] = "P13"
    levels: ClassVar[tuple[Level, ...]] = _BOXES

    def begin(self, armed: Armed, target: Target) -> None:
        owners = [o for o, granted in target.simulation.observe(target.charger).authorisations.items() if granted]
        for owner in owners:
            if target.level == "charger" or owner.partition(".")[0] == target.wallbox:
                lost = messages.SetAuthorisation(owner=owner, granted=False)
                target.simulation.submit(target.charger, lost, wallbox=target.wallbox)
        if armed.order.for_ is None and armed.order.until is None:
            armed.lapse("done")


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnLimit(Effect):
    """The box limits the current by itself: load management, a fallback current, another user's slot."""

    primitive: ClassVar[str] = "P17"
    levels: ClassVar[tuple[Level, ...]] = _BOXES

    current: Amperes
    """Per phase; 0 A: nothing is offered."""

    def begin(self, armed: Armed, target: Target) -> None:
        self._limit(armed, target, self.current)

    def end(self, armed: Armed, target: Target) -> None:
        self._limit(armed, target, None)

    def _limit(self, armed: Armed, target: Target, current: float | None) -> None:
        command = messages.SetLimit(owner=f"fault.{armed.order.name}", current=current)
        target.simulation.submit(target.charger, command, wallbox=target.wallbox)


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnStop(Effect):
    """The box does not let the vehicle charge, whatever it is told: suspended, blocked by somebody else."""

    primitive: ClassVar[str] = "P14"
    levels: ClassVar[tuple[Level, ...]] = _BOXES

    def begin(self, armed: Armed, target: Target) -> None:
        self._permit(armed, target, False)

    def end(self, armed: Armed, target: Target) -> None:
        self._permit(armed, target, None)

    def _permit(self, armed: Armed, target: Target, granted: bool | None) -> None:
        owner = f"fault.{armed.order.name}"
        command = messages.SetPermission(owner=owner, granted=granted)
        target.simulation.submit(target.charger, command, wallbox=target.wallbox)


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseSwitchFails(Effect):
    """The box takes the wish for another number of phases and does not switch."""

    primitive: ClassVar[str] = "P04"
    levels: ClassVar[tuple[Level, ...]] = _BOXES
    protocols: ClassVar[tuple[ProtocolName, ...]] = PROTOCOLS
    selects: ClassVar[bool] = True
    standing: ClassVar[bool] = True

    def problem(self, match: Match) -> str | None:
        return "takes no match: it is about the hardware" if match != Match() else None

    def swallows(self, shot: Shot, what: Command | tuple[str, object]) -> bool:
        if not isinstance(what, RequestPhases) or not shot.fire():
            return False
        shot.detail["requested"] = what.phases
        return True


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnPhases(Effect):
    """The box charges on fewer phases by itself, whatever it is asked for."""

    primitive: ClassVar[str] = "P04"
    levels: ClassVar[tuple[Level, ...]] = _BOXES

    phases: Literal[1, 2, 3] = 1

    def begin(self, armed: Armed, target: Target) -> None:
        command = RequestPhases(owner=f"fault.{armed.order.name}", phases=self.phases)
        target.simulation.submit(target.charger, command, wallbox=target.wallbox)

    def end(self, armed: Armed, target: Target) -> None:
        command = RequestPhases(owner=f"fault.{armed.order.name}", phases=3)
        target.simulation.submit(target.charger, command, wallbox=target.wallbox)


@dataclass(frozen=True, slots=True, kw_only=True)
class PilotGap(Effect):
    """The control pilot is interrupted for a moment, and the box takes it for an unplugged vehicle."""

    primitive: ClassVar[str] = "P18"
    levels: ClassVar[tuple[Level, ...]] = _CHARGER

    def begin(self, armed: Armed, target: Target) -> None:
        target.simulation.apply(target.charger, messages.Disturb(name=armed.order.name, fault=CpOpen()))

    def end(self, armed: Armed, target: Target) -> None:
        target.simulation.apply(target.charger, messages.Relieve(name=armed.order.name))


@dataclass(frozen=True, slots=True, kw_only=True)
class VehicleHabit(Effect):
    """The plugged vehicle behaves in another way."""

    primitive: ClassVar[str] = "P03"
    levels: ClassVar[tuple[Level, ...]] = _CHARGER

    changes: Annotated[Mapping[str, object], Spread(VehicleSpec, omit=("model",))] = field(default_factory=dict)

    def begin(self, armed: Armed, target: Target) -> None:
        target.simulation.apply(target.charger, messages.SetVehicle(changes=dict(self.changes)))
        armed.lapse("done")


@dataclass(frozen=True, slots=True, kw_only=True)
class LooseCable(Effect):
    """A cable is in the socket and no vehicle at its other end."""

    primitive: ClassVar[str] = "P19"
    levels: ClassVar[tuple[Level, ...]] = _CHARGER

    def begin(self, armed: Armed, target: Target) -> None:
        target.simulation.apply(target.charger, messages.PlugCable(plugged=True))

    def end(self, armed: Armed, target: Target) -> None:
        target.simulation.apply(target.charger, messages.PlugCable(plugged=False))
