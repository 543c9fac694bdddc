"""The names of a scenario, and its wallboxes to ask what they know, without running it."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Callable, Iterable, Mapping

from ..devices.wallbox import Wallbox
from ..errors import EmulatorError
from ..runtime.clock import Clock
from ..world.building import build
from ..world.names import SiteNames
from ..world.plan import ChargerPlan, SitePlan
from ..world.vehicles import VEHICLES
from .plan import Scenario


class Probe:
    """Builds the wallboxes that are asked about, one charger at a time."""

    def __init__(self, plans: Iterable[ChargerPlan], impossible: Callable[[ChargerPlan, EmulatorError], None]) -> None:
        """`impossible`: told of a charger that cannot be built."""
        self._plans = {plan.name: plan for plan in plans}
        self._impossible = impossible
        self._built: dict[str, Mapping[str, Wallbox]] = {}

    def __call__(self, address: str) -> Wallbox | None:
        charger = address.partition(".")[0]
        if charger not in self._plans:
            return None
        if charger not in self._built:
            self._built[charger] = self._build(self._plans[charger])
        return self._built[charger].get(address)

    def _build(self, plan: ChargerPlan) -> Mapping[str, Wallbox]:
        try:
            return build(SitePlan(chargers=(plan,)), clock=Clock(0.0)).wallboxes
        except EmulatorError as error:
            self._impossible(plan, error)
            return {}


def names_of(scenario: Scenario) -> SiteNames:
    """The names that a step from outside may use while the scenario is run."""
    names = SiteNames(
        {plan.name: [wallbox.name for wallbox in plan.wallboxes] for plan in scenario.chargers},
        ChainMap(dict(scenario.vehicles), VEHICLES),  # type: ignore[arg-type]
        find=Probe(scenario.chargers, lambda _plan, _error: None),
    )
    for step in scenario.steps:
        name = getattr(step.step, "name", None)
        names.faults.update({name} if isinstance(name, str) else ())
    return names
