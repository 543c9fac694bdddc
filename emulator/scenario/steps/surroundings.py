"""Steps about the grid, the weather and the power supply of a charger."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar

from ...core import messages
from ...core.faults import Line
from ...core.messages import Outcome
from ...core.units import Celsius, Hertz, Ohms, Seconds, Volts
from ...faults import physical as power
from ...faults.engine import FaultEngine
from ...language.arguments import Scope
from ...language.fields import About
from ...language.name_arguments import ChargerName
from ...language.nodes import Node
from .base import Step
from .faults import begin

if TYPE_CHECKING:
    from ...world.site import Site

_Charger = Annotated[str, ChargerName(), About("where; may be left out if there is one charger only")]


@dataclass(frozen=True, slots=True, kw_only=True)
class SetSupply(Step):
    """The grid changes; what is not given stays as it is."""

    charger: _Charger = ""
    voltage: Volts | None = None
    """Of every phase."""
    phase_voltages: tuple[Volts, Volts, Volts] | None = None
    """Of L1, L2, L3, in place of `voltage`."""
    phases: int | None = None
    live: tuple[Line, ...] | None = None
    """The lines that are live, such as [L1, L3]."""
    frequency: Hertz | None = None
    source_resistance: Ohms | None = None

    def settled(self, node: Node, scope: Scope) -> SetSupply:
        given = (self.voltage, self.phase_voltages, self.phases, self.live, self.frequency, self.source_resistance)
        if all(value is None for value in given):
            scope.fail(node, 'nothing to change, expected for example "voltage: 235 V"')
        return self

    def apply(self, site: Site) -> Outcome:
        live = None if self.live is None else ("L1" in self.live, "L2" in self.live, "L3" in self.live)
        change = messages.SetSupply(
            voltage=self.voltage,
            phase_voltages=self.phase_voltages,
            phases=self.phases,
            live=live,
            frequency=self.frequency,
            source_resistance=self.source_resistance,
        )
        return site.simulation.apply(self.charger, change)


@dataclass(frozen=True, slots=True, kw_only=True)
class SetClimate(Step):
    """The ambient temperature changes."""

    short: ClassVar[str | None] = "ambient"

    charger: _Charger = ""
    ambient: Celsius

    def apply(self, site: Site) -> Outcome:
        return site.simulation.apply(self.charger, messages.SetClimate(ambient=self.ambient))


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerCut(Step):
    """The charger loses its power supply."""

    short: ClassVar[str | None] = "charger"

    charger: _Charger = ""
    for_: Seconds | None = None
    """How long; default: until `power_up`."""

    def apply(self, site: Site) -> Outcome:
        return begin(site, self.charger, power.PowerCut.kind(), power.PowerCut(), self.for_)


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerUp(Step):
    """The power supply comes back."""

    short: ClassVar[str | None] = "charger"

    charger: _Charger = ""

    def apply(self, site: Site) -> Outcome:
        cuts = [
            fault
            for fault in FaultEngine.of(site.simulation).active.values()
            if isinstance(fault.effect, power.PowerCut) and fault.target.charger == self.charger and fault.in_force
        ]
        for fault in cuts:
            fault.finish("power up")
        return Outcome() if cuts else site.simulation.apply(self.charger, messages.PowerUp())
