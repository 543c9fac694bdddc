"""Physical faults as steps.

The one rule: every fault of the catalogue is a word of the vocabulary by itself; nothing here knows any of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar

from ...core.faults import Disturbance
from ...core.messages import Outcome, Reason
from ...core.units import Seconds
from ...faults.effect import Effect
from ...faults.engine import FaultEngine
from ...faults.injection import Injection
from ...faults.physical import Physical
from ...language.arguments import Scope, Text
from ...language.fields import About, arguments_of, construct
from ...language.name_arguments import ChargerName, FaultName
from ...language.nodes import Node
from .base import Step, StepType
from .fault import Place, inject

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
        return begin(site, self.charger, self.name or self.fault.step(), Physical(disturbance=self.fault), self.for_)


def begin(site: Site, charger: str, name: str, effect: Effect, for_: float | None) -> Outcome:
    """A fault of a charger begins now."""
    target = Place(charger).target(site)
    free = FaultEngine.of(site.simulation).free_name(name, charger)
    return inject(site, Injection(name=free, target=target, effect=effect, for_=for_))


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

    charger: Annotated[str | None, ChargerName(needed=False), About("where, if there are several chargers")] = None
    name: Annotated[str, FaultName(), About("as the step that began it called it")]

    def apply(self, site: Site) -> Outcome:
        site.simulation.now()
        fault = FaultEngine.of(site.simulation).find(self.name, self.charger)
        if fault is None:
            return Outcome(refused=Reason.UNKNOWN, message=f'there is no fault called "{self.name}"')
        fault.finish("cleared")
        return Outcome()
