"""Steps about vehicles and cables.

The one rule: a vehicle's arguments are the fields of `VehicleSpec`, whoever states them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, ClassVar

from ...core import messages
from ...core.agenda import Priority
from ...core.instant import Instant, later
from ...core.messages import Outcome
from ...core.specs import VehicleSpec
from ...core.units import Amperes, Seconds
from ...language.arguments import Scope
from ...language.fields import About, Spread
from ...language.name_arguments import VEHICLE
from ...language.nodes import Node
from .base import Step
from .derived import Charger

if TYPE_CHECKING:
    from ...world.site import Site

_Habits = Annotated[Mapping[str, object], Spread(VehicleSpec, omit=("model",))]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlugIn(Step):
    """A vehicle is plugged in. One of the scenario's own vehicles comes back with the charge it left with."""

    short: ClassVar[str | None] = "vehicle"

    charger: Charger = ""
    vehicle: Annotated[str, VEHICLE, About("a vehicle of the scenario, or a preset")] = "generic"
    cable: Amperes | None = None
    """Rating of the cable used in a socket: 13, 20, 32 or 63 A; default: the charger's."""
    changes: _Habits = field(default_factory=dict)

    def apply(self, site: Site) -> Outcome:
        return site.plug_in(self.charger, self.vehicle, self.changes, self.cable)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unplug(Step):
    """The vehicle is unplugged."""

    short: ClassVar[str | None] = "charger"

    charger: Charger = ""
    at_box: bool = True
    """Also pull a loose cable out of the socket."""

    def apply(self, site: Site) -> Outcome:
        return site.unplug(self.charger, at_box=self.at_box)


@dataclass(frozen=True, slots=True, kw_only=True)
class SwapVehicle(Step):
    """One vehicle is unplugged and another one plugged in a little later."""

    short: ClassVar[str | None] = "vehicle"

    charger: Charger = ""
    vehicle: Annotated[str, VEHICLE, About("a vehicle of the scenario, or a preset")]
    pause: Seconds = 10.0
    """Time in between."""
    cable: Amperes | None = None
    """Rating of the cable used in a socket."""
    changes: _Habits = field(default_factory=dict)

    def apply(self, site: Site) -> Outcome:
        outcome = site.unplug(self.charger)
        if not outcome.ok:
            return outcome

        def plug(_at: Instant) -> None:
            site.plug_in(self.charger, self.vehicle, self.changes, self.cable)

        site.schedule(("swap", self.charger), later(site.simulation.at, self.pause), plug, Priority.COMMAND)
        return outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class SetVehicle(Step):
    """The plugged vehicle changes: another charge limit set by its driver, woken by its maker's app."""

    charger: Charger = ""
    awake: bool | None = None
    """true: its maker's app wakes it."""
    changes: _Habits = field(default_factory=dict)

    def settled(self, node: Node, scope: Scope) -> SetVehicle:
        if not self.changes and self.awake is None:
            scope.fail(node, 'nothing to change, expected for example "charge_limit: 80 %"')
        return self

    def apply(self, site: Site) -> Outcome:
        changes = dict(self.changes)
        if self.awake is not None:
            changes["awake"] = self.awake
        return site.simulation.apply(self.charger, messages.SetVehicle(changes=changes))
