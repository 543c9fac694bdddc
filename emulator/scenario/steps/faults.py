"""Physical faults as steps.

The one rule: every fault of the catalogue is a word of the vocabulary by itself; nothing here knows any of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar

from ...core.agenda import Priority
from ...core.faults import Disturbance
from ...core.instant import later
from ...core.messages import Disturb, Outcome, Relieve
from ...core.units import Seconds
from ...faults.engine import FaultEngine
from ...language.arguments import Scope, Text
from ...language.fields import About, arguments_of, construct
from ...language.name_arguments import ChargerName, FaultName
from ...language.nodes import Node
from .base import Step, StepType

if TYPE_CHECKING:
    from ...world.site import Site


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

    def apply(self, site: Site) -> Outcome:
        assert self.fault is not None
        name = self.name or self.fault.step()
        outcome = site.simulation.apply(self.charger, Disturb(name=name, fault=self.fault))
        key = ("fault", self.charger, name)
        if self.for_ is None:
            site.cancel(key)
        else:
            end = later(site.simulation.at, self.for_)
            site.schedule(key, end, lambda _at: _relieve(site, self.charger, name), Priority.FAULT)
        return outcome


def catalogued(fault: type[Disturbance]) -> StepType:
    """The word a fault of the catalogue stands for."""
    common = tuple(argument for argument in arguments_of(PhysicalFault) if argument.name != "fault")
    own = arguments_of(fault)

    def make(values: dict[str, object]) -> Step:
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

    def apply(self, site: Site) -> Outcome:
        engine = FaultEngine.of(site.simulation)
        armed = engine.armed.get(self.name)
        if armed is not None and self.charger in (None, armed.order.target.charger):
            engine.disarm(self.name)
            return Outcome()
        charger = self.charger or _charger_of(site, self.name)
        site.cancel(("fault", charger, self.name))
        return _relieve(site, charger, self.name)


def _charger_of(site: Site, name: str) -> str:
    """The charger a physical fault is on. EmulatorError if that is not clear."""
    found = [charger for charger, fault in site.simulation.chargers.items() if name in fault.disturbances]
    return found[0] if len(found) == 1 else site.names.only_charger()


def _relieve(site: Site, charger: str, name: str) -> Outcome:
    return site.simulation.apply(charger, Relieve(name=name))
