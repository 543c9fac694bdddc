"""What outlives a run: settings that are in flash, and the counters, between a site and its state file.

The one rule: what was kept wins over what the scenario states, as with a wallbox that was configured before. What
cannot be written is tried again and shown; a client is told that its write failed, everything else goes on.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Final

from ..core.messages import Event
from ..devices.wallbox import Wallbox
from ..errors import EmulatorError
from ..runtime.bugs import SeldomLog
from ..runtime.state import StateFile
from ..scenario.plan import Scenario
from ..world.plan import ChargerPlan, WallboxPlan
from ..world.site import Site

log = logging.getLogger(__name__)

KEEP: Final = 5.0
"""Interval at which running counters are written to the state file, in wall time [s]."""
RAN: Final = "(ran)"
"""Owner of the names of all wallboxes that have been running."""
COUNTERS: Final = ("total_energy", "session_energy", "contactor_cycles", "contactor_cycles_under_load")
"""Of a charger, by their names in its snapshot and in its hardware."""


class NotStored(EmulatorError):  # noqa: N818 - an answer
    """A client's write cannot be kept: the device answers as it does when its own flash fails."""


class Keeper(StateFile):
    """Follows one site after another, and keeps what real wallboxes would keep."""

    def __init__(self, path: Path, *, shared: bool = False) -> None:
        super().__init__(path, shared=shared)
        self.problem: str | None = None
        """Why the last write failed; None: it did not."""
        self._unsaved: dict[str, dict[str, object]] = {}
        """What waits to be written, by owner."""
        self._restored: set[str] = set()
        self._site: Site | None = None
        self._counters: dict[str, dict[str, object]] = {}
        self._seldom = SeldomLog()

    @property
    def unsaved(self) -> int:
        """How many values wait to be written."""
        return sum(map(len, self._unsaved.values()))

    # --- the next run ------------------------------------------------------------------------------------------------

    def begin(self, scenario: Scenario, build: Callable[[Scenario], None]) -> None:
        """Build the first site of a run with what was kept. EmulatorError if that does not fit the scenario."""
        kept = self.restored(scenario)
        try:
            build(kept)
        except EmulatorError as error:
            if kept == scenario:
                raise
            raise EmulatorError(f"{self.path}: what is kept there does not fit the scenario: {error}") from None

    async def keep_on(self) -> None:
        """Write the running counters down now and then."""
        while True:
            await asyncio.sleep(KEEP)
            self.keep_counters()

    def restored(self, scenario: Scenario) -> Scenario:
        """The scenario with everything kept put into it."""
        return replace(scenario, chargers=tuple(self._charger(plan) for plan in scenario.chargers))

    def _charger(self, plan: ChargerPlan) -> ChargerPlan:
        wallboxes = tuple(self._wallbox(plan.name, wallbox) for wallbox in plan.wallboxes)
        kept = self.read(plan.name)
        for name, value in kept.items():
            if name not in COUNTERS or not isinstance(value, int | float) or value < 0:
                raise EmulatorError(f"{self.path}: what is kept for {plan.name} makes no sense: {name} {value!r}"[:300])
        return replace(plan, hardware={**plan.hardware, **kept}, wallboxes=wallboxes)

    def _wallbox(self, charger: str, plan: WallboxPlan) -> WallboxPlan:
        address = f"{charger}.{plan.name}"
        if address in self.read(RAN):
            self._restored.add(address)
        return replace(plan, settings={**plan.settings, **self.read(address)})

    # --- this run ----------------------------------------------------------------------------------------------------

    def follow(self, site: Site) -> None:
        """Keep what changes at this site from now on; wallboxes that were running before boot again."""
        self._site = site
        self._counters = {name: self._counted(name) for name in site.simulation.chargers}
        for wallbox in site.wallboxes.values():
            wallbox.settings.keep = self._keeps(wallbox)
        for name in site.simulation.chargers:
            site.simulation.listen(name, self._happened)
        for address in self._restored & site.wallboxes.keys():
            site.wallboxes[address].resume()
        self._restored.clear()
        self._unsaved[RAN] = dict.fromkeys(site.wallboxes, True)
        self.save()

    def _keeps(self, wallbox: Wallbox) -> Callable[[str, object], None]:
        def keep(name: str, value: object) -> None:
            waiting = self._unsaved.setdefault(wallbox.address, {})
            before = dict(waiting)
            waiting[name] = value
            if not self.save() and wallbox.simulation.answering:
                self._unsaved[wallbox.address] = before
                raise NotStored(f"{wallbox.address}: {name} is not stored: {self.problem}")

        return keep

    def save(self) -> bool:
        """Write what waits; whether nothing does any more."""
        if not any(self._unsaved.values()):
            return True
        try:
            for owner, values in tuple(self._unsaved.items()):
                if values:
                    self.write(owner, values)
                del self._unsaved[owner]
        except sqlite3.Error as error:
            self.problem = str(error)
            if self._seldom.due(self.problem) is not None:
                log.error("%s: %s; %d values wait to be stored", self.path, error, self.unsaved)
            return False
        if self.problem is not None:
            log.warning("%s: everything is stored again", self.path)
            self.problem = None
        return True

    def rewrite(self) -> None:
        """Another world has come: what is in its flash is kept from now on, and nothing else."""
        assert self._site is not None
        self.forget()
        for wallbox in self._site.wallboxes.values():
            self._unsaved[wallbox.address] = wallbox.settings.persistent()
        self._unsaved |= {name: self._counted(name) for name in self._site.simulation.chargers}
        self._unsaved[RAN] = dict.fromkeys(self._site.wallboxes, True)
        self.save()

    def forget(self) -> None:
        """Nothing is kept any more: a reset."""
        self._unsaved.clear()
        try:
            if self.shared:
                assert self._site is not None
                self.clear_of((*self._site.simulation.chargers, *self._site.wallboxes), RAN)
            else:
                self.clear()
        except sqlite3.Error as error:
            raise EmulatorError(f"{self.path}: {error}") from error

    # --- counters ----------------------------------------------------------------------------------------------------

    def _happened(self, event: Event) -> None:
        self._keep_counters(event.charger)
        self.save()

    def keep_counters(self) -> None:
        """Write down the counters, which run on between two events, and whatever waits."""
        for charger in self._counters:
            self._keep_counters(charger)
        self.save()

    def _keep_counters(self, charger: str) -> None:
        now, before = self._counted(charger), self._counters[charger]
        changed = {name: value for name, value in now.items() if value != before[name]}
        if changed:
            self._counters[charger] = now
            self._unsaved.setdefault(charger, {}).update(changed)

    def _counted(self, charger: str) -> dict[str, object]:
        """The counters of a charger, by their names in its hardware."""
        assert self._site is not None
        simulation = self._site.simulation
        found = simulation.chargers[charger].snapshot(simulation.at)
        return {name: getattr(found, name) for name in COUNTERS}
