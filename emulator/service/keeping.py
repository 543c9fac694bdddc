"""What outlives a run: settings that are in flash, and the meters, between a site and its state file.

The one rule: what was kept wins over what the scenario states, as with a wallbox that was configured before.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from ..core.messages import Event
from ..devices.wallbox import Wallbox
from ..runtime.state import StateFile
from ..scenario.plan import Scenario
from ..world.plan import ChargerPlan, WallboxPlan
from ..world.site import Site

TOTAL_ENERGY = "total_energy"


class Keeper(StateFile):
    """Follows one site after another, and keeps what real wallboxes would keep."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._site: Site | None = None
        self._meters: dict[str, float] = {}

    def restored(self, scenario: Scenario) -> Scenario:
        """The scenario with everything kept put into it."""
        return replace(scenario, chargers=tuple(self._charger(plan) for plan in scenario.chargers))

    def _charger(self, plan: ChargerPlan) -> ChargerPlan:
        wallboxes = tuple(self._wallbox(plan.name, wallbox) for wallbox in plan.wallboxes)
        kept = self.read(plan.name)
        return replace(plan, hardware={**plan.hardware, **kept}, wallboxes=wallboxes)

    def _wallbox(self, charger: str, plan: WallboxPlan) -> WallboxPlan:
        return replace(plan, settings={**plan.settings, **self.read(f"{charger}.{plan.name}")})

    def follow(self, site: Site) -> None:
        """Keep what changes at this site from now on."""
        self._site = site
        self._meters = {name: site.simulation.observe(name).total_energy for name in site.simulation.chargers}
        for wallbox in site.wallboxes.values():
            self._watch(wallbox)
        for name in site.simulation.chargers:
            site.simulation.listen(name, self._happened)

    def _watch(self, wallbox: Wallbox) -> None:
        settings = wallbox.settings
        settings.listen(
            lambda name: self.write(wallbox.address, {name: settings[name]}) if settings.rows[name].persistent else None
        )

    def _happened(self, event: Event) -> None:
        self._keep_meter(event.charger)

    def keep_meters(self) -> None:
        """Write down the meters: between two events they run on."""
        for charger in self._meters:
            self._keep_meter(charger)

    def _keep_meter(self, charger: str) -> None:
        assert self._site is not None
        simulation = self._site.simulation
        energy = simulation.chargers[charger].snapshot(simulation.at).total_energy
        if energy != self._meters[charger]:
            self._meters[charger] = energy
            self.write(charger, {TOTAL_ENERGY: energy})
