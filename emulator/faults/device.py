"""Faults of wallboxes: they restart, hang, forget, and do things nobody asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, ClassVar, Final, Literal

from ..core import messages
from ..core.messages import Command, RequestPhases
from ..core.specs import VehicleSpec
from ..core.units import Amperes, Seconds
from ..devices.interfaces import Origin
from ..language.arguments import NumberWithUnit
from ..language.fields import About, Spread
from ..runtime.journal import Entry
from .effect import CHARGER, WALLBOXES, Lasting, Level, OnMessages, SwallowsWrites
from .match import Match
from .transport import BlackHole, Refuse

if TYPE_CHECKING:
    from ..devices.wallbox import Wallbox
    from .active import ActiveFault
    from .candidate import Candidate
    from .target import Target


@dataclass(frozen=True, slots=True, kw_only=True)
class Reboot(Lasting):
    """The network processor restarts by itself."""

    primitive: ClassVar[str] = "P15"
    levels: ClassVar[tuple[Level, ...]] = WALLBOXES

    duration: Annotated[Seconds | None, About("how long its interfaces are gone; default: the boot time")] = None

    @property
    def momentary(self) -> bool:
        return True

    def begin(self, fault: ActiveFault) -> None:
        for wallbox in fault.target.wallboxes:
            wallbox.reboot(self.duration)


@dataclass(frozen=True, slots=True, kw_only=True)
class LateBoot(Lasting):
    """The wallbox is off, and takes long to start: now, and after every loss of power while it lasts."""

    primitive: ClassVar[str] = "P15"
    levels: ClassVar[tuple[Level, ...]] = WALLBOXES

    boot: Seconds = 120.0
    """How long it takes."""

    def begin(self, fault: ActiveFault) -> None:
        for wallbox in fault.target.wallboxes:
            own = [other.memory[wallbox.address] for other in _late(fault, wallbox)]
            fault.memory[wallbox.address] = own[0] if own else wallbox.boot_time
            wallbox.boot_time = self.boot
            wallbox.reboot(self.boot)

    def end(self, fault: ActiveFault) -> None:
        for wallbox in fault.target.wallboxes:
            left = [other.effect.boot for other in _late(fault, wallbox) if isinstance(other.effect, LateBoot)]
            wallbox.boot_time = left[-1] if left else fault.memory[wallbox.address]


def _late(fault: ActiveFault, wallbox: Wallbox) -> list[ActiveFault]:
    """The other faults that make a wallbox late; each remembers its own boot time."""
    every = fault.engine.active.values()
    return [other for other in every if other is not fault and wallbox.address in other.memory and other.in_force]


@dataclass(frozen=True, slots=True, kw_only=True)
class Hang(BlackHole):
    """The network processor hangs: connections are taken, nothing is answered."""

    primitive: ClassVar[str] = "P09"
    levels: ClassVar[tuple[Level, ...]] = WALLBOXES


@dataclass(frozen=True, slots=True, kw_only=True)
class Dead(Refuse):
    """A service is dead until the wallbox restarts."""

    primitive: ClassVar[str] = "P09"

    def begin(self, fault: ActiveFault) -> None:
        names = {wallbox.name for wallbox in fault.target.wallboxes}

        def heard(entry: Entry) -> None:
            booted = entry.kind == "firmware" and entry.name == "booted"
            if booted and entry.charger == fault.target.charger and entry.wallbox in names:
                fault.finish("reboot")

        fault.memory["silence"] = fault.simulation.journal.listen(heard)
        Refuse.begin(self, fault)

    def end(self, fault: ActiveFault) -> None:
        fault.memory.pop("silence")()
        Refuse.end(self, fault)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockWrong(Lasting):
    """The clock of the wallbox is wrong."""

    primitive: ClassVar[str] = "P14"
    levels: ClassVar[tuple[Level, ...]] = WALLBOXES

    offset: Annotated[float, NumberWithUnit("s", lowest=None), About("how much it is fast; negative: slow")]

    def begin(self, fault: ActiveFault) -> None:
        self._shift(fault.target, timedelta(seconds=self.offset))

    def end(self, fault: ActiveFault) -> None:
        self._shift(fault.target, timedelta())

    def _shift(self, target: Target, offset: timedelta) -> None:
        for wallbox in target.wallboxes:
            wallbox.clock_offset = offset
            wallbox.changed()


@dataclass(frozen=True, slots=True, kw_only=True)
class Act(Lasting):
    """The wallbox does something by itself: settings change, or values as if a client had written them."""

    primitive: ClassVar[str] = "P14"
    levels: ClassVar[tuple[Level, ...]] = ("wallbox",)
    requires: ClassVar[tuple[str, ...]] = ("settings", "write")

    settings: Mapping[str, object] = field(default_factory=dict)
    """What changes, as the vendor calls it."""
    write: Mapping[str, object] = field(default_factory=dict)
    """Vendor values by name."""

    @property
    def momentary(self) -> bool:
        return True

    def begin(self, fault: ActiveFault) -> None:
        (wallbox,) = fault.target.wallboxes
        if self.settings:
            wallbox.configure(self.settings)
        for address, value in self.write.items():
            wallbox.write(address, value, Origin(interface="device"))


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorisationLost(Lasting):
    """The authorisation of the present session is gone; a card starts again."""

    primitive: ClassVar[str] = "P13"
    levels: ClassVar[tuple[Level, ...]] = WALLBOXES

    @property
    def momentary(self) -> bool:
        return True

    def begin(self, fault: ActiveFault) -> None:
        for wallbox in fault.target.wallboxes:
            wallbox.lose_authorisation()
            wallbox.changed()


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnLimit(Lasting):
    """The wallbox limits the current by itself: load management, a fallback current, another user's slot."""

    primitive: ClassVar[str] = "P17"
    levels: ClassVar[tuple[Level, ...]] = WALLBOXES

    current: Amperes
    """Per phase; 0 A: nothing is offered."""

    def begin(self, fault: ActiveFault) -> None:
        fault.submit(messages.SetLimit(owner=fault.owner, current=self.current))

    def end(self, fault: ActiveFault) -> None:
        fault.submit(messages.SetLimit(owner=fault.owner, current=None))


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnStop(Lasting):
    """The wallbox does not let the vehicle charge, whatever it is told: suspended, blocked by somebody else."""

    primitive: ClassVar[str] = "P14"
    levels: ClassVar[tuple[Level, ...]] = WALLBOXES

    def begin(self, fault: ActiveFault) -> None:
        fault.submit(messages.SetPermission(owner=fault.owner, granted=False))

    def end(self, fault: ActiveFault) -> None:
        fault.submit(messages.SetPermission(owner=fault.owner, granted=None))


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseSwitchFails(OnMessages, SwallowsWrites):
    """The wallbox takes the wish for another number of phases and does not switch."""

    primitive: ClassVar[str] = "P04"
    levels: ClassVar[tuple[Level, ...]] = WALLBOXES
    selects: ClassVar[bool] = True
    always: ClassVar[bool] = True

    def problem(self, match: Match) -> str | None:
        return "takes no match: it is about the hardware" if match != Match() else None

    def swallows(self, candidate: Candidate, what: Command | tuple[str, object]) -> bool:
        if not isinstance(what, RequestPhases) or not candidate.fire():
            return False
        candidate.detail["requested"] = what.phases
        return True


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnPhases(Lasting):
    """The wallbox charges on fewer phases by itself, whatever it is asked for."""

    primitive: ClassVar[str] = "P04"
    levels: ClassVar[tuple[Level, ...]] = WALLBOXES

    phases: Literal[1, 2, 3] = 1

    def begin(self, fault: ActiveFault) -> None:
        fault.submit(RequestPhases(owner=fault.owner, phases=self.phases))

    def end(self, fault: ActiveFault) -> None:
        fault.submit(RequestPhases(owner=fault.owner, phases=3))


@dataclass(frozen=True, slots=True, kw_only=True)
class VehicleHabit(Lasting):
    """The vehicle behaves in another way: the plugged one, or those that come while it lasts."""

    primitive: ClassVar[str] = "P03"
    levels: ClassVar[tuple[Level, ...]] = CHARGER
    hits_by_itself: ClassVar[bool] = False

    changes: Annotated[Mapping[str, object], Spread(VehicleSpec, omit=("model",))] = field(default_factory=dict)

    def begin(self, fault: ActiveFault) -> None:
        """Once for each vehicle."""
        if "silence" not in fault.memory:
            fault.memory["silence"] = fault.simulation.journal.listen(lambda entry: _vehicle_moved(fault, entry))
        spec = fault.simulation.chargers[fault.target.charger].vehicle_spec
        if spec is not None and fault.memory.get("changed") is not spec and not fault.used_up:
            habits = asdict(spec)
            fault.apply(messages.SetVehicle(changes=dict(self.changes)))
            fault.memory["before"] = {name: habits[name] for name in self.changes if name not in _USED_UP}
            fault.memory["changed"] = fault.simulation.chargers[fault.target.charger].vehicle_spec
            fault.hit({"changed": {name: [habits[name], value] for name, value in self.changes.items()}})

    def end(self, fault: ActiveFault) -> None:
        fault.memory.pop("silence")()
        spec = fault.simulation.chargers[fault.target.charger].vehicle_spec
        before = fault.memory.pop("before", {})
        if spec is not None and spec is fault.memory.pop("changed", None) and before:
            fault.undo(messages.SetVehicle(changes=before))


def _vehicle_moved(fault: ActiveFault, entry: Entry) -> None:
    if entry.kind != "event" or entry.charger != fault.target.charger:
        return
    if entry.name == "plugged":
        fault.again(0.0)
    elif entry.name == "unplugged" and fault.used_up:
        fault.finish("count")


_USED_UP: Final = frozenset({"state_of_charge"})
"""What was changed for good: it is no habit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LooseCable(Lasting):
    """A cable is in the socket and no vehicle at its other end."""

    primitive: ClassVar[str] = "P19"
    levels: ClassVar[tuple[Level, ...]] = CHARGER

    def begin(self, fault: ActiveFault) -> None:
        fault.apply(messages.PlugCable(plugged=True))

    def end(self, fault: ActiveFault) -> None:
        fault.undo(messages.PlugCable(plugged=False))
