"""Faults of chargers as steps, and the end of any fault.

The one rule: every fault of the catalogue is a word of the vocabulary by itself; nothing here knows any of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar, Final

from ...core import messages
from ...core.faults import Disturbance
from ...core.messages import Outcome, Reason
from ...core.units import Seconds
from ...faults.effect import Effect
from ...faults.engine import FaultEngine
from ...faults.injection import Injection
from ...faults.physical import Physical, PowerCut
from ...language.arguments import Scope, Text
from ...language.fields import About, summary
from ...language.name_arguments import FAULT, SOME_CHARGER
from ...language.nodes import Node
from .base import Step, StepType
from .derived import Charger, derived
from .fault import inject
from .place import Place

if TYPE_CHECKING:
    from ...world.site import Site


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargerFault(Step):
    """A fault of a charger begins."""

    charger: Charger = ""
    name: Annotated[str | None, Text(), About("what `clear_fault` calls it; default: the fault's own name")] = None
    for_: Annotated[Seconds | None, About("how long it lasts; default: until `clear_fault`")] = None
    effect: Annotated[Effect | None, Text()] = None

    def settled(self, node: Node, scope: Scope) -> ChargerFault:
        if self.name is not None:
            scope.names.faults.add(self.name)
        if isinstance(self.effect, Physical) and (problem := self.effect.disturbance.problem()):
            scope.fail(node, problem)
        return self

    @property
    def names_fault(self) -> tuple[str, str] | None:
        return (self.name or self.effect.title, self.charger) if self.effect is not None else None

    def apply(self, site: Site) -> Outcome:
        assert self.effect is not None
        name = FaultEngine.of(site.simulation).free_name(self.name or self.effect.title, self.charger)
        target = Place(self.charger).target(site)
        return inject(site, Injection(name=name, target=target, effect=self.effect, for_=self.for_))


def catalogued(fault: type[Disturbance]) -> StepType:
    """The word a fault of the catalogue stands for."""
    return derived(ChargerFault, fault, lambda made: Physical(disturbance=made), name=fault.step(), about=fault.about)


POWER_CUT: Final = derived(
    ChargerFault, PowerCut, lambda made: made, name=PowerCut.kind(), about=summary(PowerCut), short="charger"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerUp(Step):
    """The power supply comes back."""

    short: ClassVar[str | None] = "charger"

    charger: Charger = ""

    def apply(self, site: Site) -> Outcome:
        site.simulation.now()
        engine = FaultEngine.of(site.simulation)
        cuts = [fault for fault in engine.active.values() if fault.in_force and isinstance(fault.effect, PowerCut)]
        here = [fault for fault in cuts if fault.target.charger == self.charger]
        for fault in here:
            fault.finish("power_up")
        return Outcome() if here else site.simulation.apply(self.charger, messages.PowerUp())


@dataclass(frozen=True, slots=True, kw_only=True)
class ClearFault(Step):
    """A fault ends. What it latched stays latched until its own recovery."""

    short: ClassVar[str | None] = "name"

    charger: Annotated[str | None, SOME_CHARGER, About("where, if there are several chargers")] = None
    name: Annotated[str, FAULT, About("as the step that began it called it")]

    def apply(self, site: Site) -> Outcome:
        site.simulation.now()
        found = FaultEngine.of(site.simulation).called(self.name, self.charger)
        if not found:
            return Outcome(refused=Reason.UNKNOWN, message=f'there is no fault called "{self.name}"')
        found[0].finish("cleared")
        return Outcome()
