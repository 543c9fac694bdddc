"""Physical faults as steps.

The one rule: every fault of the catalogue is a word of the vocabulary by itself; nothing here knows any of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from ...core.agenda import Priority
from ...core.faults import Disturbance
from ...core.instant import later
from ...core.messages import Disturb, Outcome, Relieve
from ...core.units import Seconds
from ...faults.engine import FaultEngine
from ..fields import About, arguments_of, construct
from ..kinds import Scope, Text
from ..nodes import Node
from .base import ChargerName, FaultName, Step, StepType

if TYPE_CHECKING:
    from ..world import World


@dataclass(frozen=True, slots=True, kw_only=True)
class PhysicalFault(Step):
    """A physical fault begins."""

    charger: Annotated[str, ChargerName(), About("where; may be left out if there is one charger only")] = ""
    name: Annotated[str | None, Text(), About("what `clear_fault` calls it; default: the fault's own name")] = None
    for_: Annotated[Seconds | None, About("how long it lasts; default: until `clear_fault`")] = None
    fault: Annotated[Disturbance | None, Text()] = None

    def settled(self, node: Node, scope: Scope) -> PhysicalFault:
        if self.name is not None:
            scope.names.faults.add(self.name)
        return self

    def apply(self, world: World) -> Outcome:
        assert self.fault is not None
        name = self.name or self.fault.step()
        outcome = world.simulation.apply(self.charger, Disturb(name=name, fault=self.fault))
        key = ("fault", self.charger, name)
        if self.for_ is None:
            world.cancel(key)
        else:
            end = later(world.simulation.at, self.for_)
            world.schedule(key, end, lambda _at: _relieve(world, self.charger, name), Priority.FAULT)
        return outcome


def catalogued(fault: type[Disturbance]) -> StepType:
    """The word a fault of the catalogue stands for."""
    common = tuple(argument for argument in arguments_of(PhysicalFault) if argument.name != "fault")
    own = arguments_of(fault)

    def make(values: dict[str, Any]) -> Step:
        disturbance = construct(fault, {argument.name: values[argument.name] for argument in own})
        shared = {argument.name: values[argument.name] for argument in common}
        return construct(PhysicalFault, {**shared, "fault": disturbance})

    return StepType(name=fault.step(), about=fault.about, arguments=(common[0], *own, *common[1:]), make=make)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClearFault(Step):
    """A fault ends. What it latched stays latched until its own recovery."""

    short: ClassVar[str | None] = "name"

    charger: Annotated[
        str | None, ChargerName(needed=False), About("where, for a physical fault, if there are several chargers")
    ] = None
    name: Annotated[str, FaultName(), About("as the step that began it called it")]

    def apply(self, world: World) -> Outcome:
        engine = FaultEngine.of(world.simulation)
        armed = engine.armed.get(self.name)
        if armed is not None and self.charger in (None, armed.order.target.charger):
            engine.disarm(self.name)
            return Outcome()
        charger = self.charger or _charger_of(world, self.name)
        world.cancel(("fault", charger, self.name))
        return _relieve(world, charger, self.name)


def _charger_of(world: World, name: str) -> str:
    """The charger a physical fault is on. EmulatorError if that is not clear."""
    found = [charger for charger, fault in world.simulation.chargers.items() if name in fault.disturbances]
    return found[0] if len(found) == 1 else world.names.only_charger()


def _relieve(world: World, charger: str, name: str) -> Outcome:
    return world.simulation.apply(charger, Relieve(name=name))
