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
from functools import partial
from pathlib import Path
from typing import Final

from ..core.messages import Event
from ..devices.wallbox import Wallbox
from ..errors import EmulatorError
from ..runtime.bugs import SeldomLog
from ..runtime.state import StateFile
from ..scenario.adding import AddedCharger, added_charger
from ..scenario.plan import Scenario
from ..world.defaults import profile_of
from ..world.plan import ChargerPlan, WallboxPlan
from ..world.site import Site

log = logging.getLogger(__name__)

KEEP: Final = 1.0
"""Interval at which running counters are written to the state file, in wall time [s]."""
RAN: Final = "(ran)"
"""Owner of the names of all wallboxes that have been running: true, or the firmware they were updated to."""
ADDED: Final = "(added)"
"""Owner of the chargers and wallboxes that were added to a running emulator, as one value."""
COUNTERS: Final = ("total_energy", "session_energy", "contactor_cycles", "contactor_cycles_under_load")
"""Of a charger, by their names in its snapshot and in its hardware."""


class NotStored(EmulatorError):  # noqa: N818 - an answer
    """A client's write cannot be kept: the device answers as it does when its own flash fails."""


def _updated(plan: WallboxPlan, ran: object) -> WallboxPlan:
    """With the firmware it was updated to, if the scenario still states the one from before."""
    if not isinstance(ran, dict) or ran.get("stated") != plan.firmware:
        return plan
    firmware = ran.get("firmware")
    if not isinstance(firmware, str) or ran.get("model") != profile_of(plan)[1].model.id:
        return plan
    return replace(plan, firmware=firmware, updated=True)


class Keeper(StateFile):
    """Follows one site after another, and keeps what real wallboxes would keep."""

    def __init__(self, path: Path, *, shared: bool = False) -> None:
        super().__init__(path, shared=shared)
        self.problem: str | None = None
        """Why the last write failed; None: it did not."""
        self._unsaved: dict[str, dict[str, object]] = {}
        """What waits to be written, by owner."""
        self._afresh: set[str] = set()
        """Owners of whom nothing else is to be left."""
        self._blank = False
        """Nothing else is to be left of anybody."""
        self._added: list[dict[str, object]] = []
        self._restored: set[str] = set()
        self._stated: dict[str, str | None] = {}
        """The firmware that a scenario states, by wallbox."""
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
        if kept == scenario:
            build(kept)
        else:
            self.fitting(lambda: build(kept))

    def fitting(self, build: Callable[[], None]) -> None:
        """Build something with what was kept. EmulatorError, which names the file, if that is not possible."""
        try:
            build()
        except EmulatorError as error:
            raise EmulatorError(f"{self.path}: what is kept there does not fit the scenario: {error}") from None

    def added(self) -> list[AddedCharger]:
        """What was added to an earlier run. EmulatorError if it makes no sense."""
        found = self.read(ADDED).get("chargers", [])
        try:
            return [added_charger(charger) for charger in (found if isinstance(found, list) else [found])]
        except EmulatorError as error:
            raise EmulatorError(f"{self.path}: what was added to an earlier run {error}") from None

    def keep_added(self, chargers: list[dict[str, object]]) -> None:
        """Keep what was added to this run."""
        self._added = chargers
        self._unsaved[ADDED] = {"chargers": chargers}
        self.save()

    async def keep_on(self) -> None:
        """Write the running counters down now and then."""
        while True:
            await asyncio.sleep(KEEP)
            self.keep_counters()

    def restored(self, scenario: Scenario) -> Scenario:
        """The scenario with everything kept put into it."""
        return replace(scenario, chargers=tuple(map(self.restored_charger, scenario.chargers)))

    def restored_charger(self, plan: ChargerPlan) -> ChargerPlan:
        """A charger with everything kept put into it."""
        wallboxes = tuple(self._wallbox(plan.name, wallbox) for wallbox in plan.wallboxes)
        kept = self.read(plan.name)
        for name, value in kept.items():
            if name not in COUNTERS or not isinstance(value, int | float) or value < 0:
                raise EmulatorError(f"{self.path}: what is kept for {plan.name} makes no sense: {name} {value!r}"[:300])
        return replace(plan, hardware={**plan.hardware, **kept}, wallboxes=wallboxes)

    def _wallbox(self, charger: str, plan: WallboxPlan) -> WallboxPlan:
        address = f"{charger}.{plan.name}"
        ran = self.read(RAN)
        if address in ran:
            self._restored.add(address)
        self._stated[address] = plan.firmware
        return replace(_updated(plan, ran.get(address)), settings={**plan.settings, **self.read(address)})

    # --- this run ----------------------------------------------------------------------------------------------------

    def follow(self, site: Site) -> None:
        """Keep what changes at this site from now on; wallboxes that were running before boot again."""
        self._site = site
        self._counters.clear()
        for name in site.simulation.chargers:
            self._follow_charger(name)
        for wallbox in site.wallboxes.values():
            self._follow_wallbox(wallbox)
        self.save()

    def follow_wallbox(self, wallbox: Wallbox) -> None:
        """Keep what changes on a wallbox that has come to the site."""
        self._follow_charger(wallbox.charger)
        self._follow_wallbox(wallbox)
        self.save()

    def leave_wallbox(self, address: str) -> None:
        """A wallbox is no more: what it had in flash went with it."""
        assert self._site is not None
        self._unsaved[address] = {}
        self._unsaved[RAN] = {wallbox.address: self._ran(wallbox) for wallbox in self._site.wallboxes.values()}
        self._afresh |= {address, RAN}
        self.save()

    def leave_charger(self, name: str) -> None:
        """A charger is no more, and its counters are forgotten."""
        self._counters.pop(name, None)
        self._unsaved[name] = {}
        self._afresh.add(name)

    def _follow_charger(self, name: str) -> None:
        assert self._site is not None
        if name not in self._counters:
            self._counters[name] = self._counted(name)
            self._site.simulation.listen(name, self._happened)

    def _follow_wallbox(self, wallbox: Wallbox) -> None:
        wallbox.settings.keep = self._keeps(wallbox)
        wallbox.on_firmware = partial(self._keep_firmware, wallbox)
        if wallbox.address in self._restored:
            self._restored.discard(wallbox.address)
            wallbox.resume()
        self._unsaved.setdefault(RAN, {})[wallbox.address] = self._ran(wallbox)

    def _keep_firmware(self, wallbox: Wallbox) -> None:
        self._unsaved.setdefault(RAN, {})[wallbox.address] = self._ran(wallbox)
        self.save()

    def _ran(self, wallbox: Wallbox) -> object:
        """What is kept of its being there: whether it has another firmware than the scenario states."""
        assert self._site is not None
        plan = self._site.plans[wallbox.address]
        stated = self._stated.setdefault(wallbox.address, plan.firmware)
        model, firmware = wallbox.profile.model.id, wallbox.profile.firmware.text
        if profile_of(replace(plan, firmware=stated, updated=False))[1].firmware.text == firmware:
            return True
        return {"model": model, "stated": stated, "firmware": firmware}

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
        if not any(self._unsaved.values()) and not self._afresh and not self._blank:
            return True
        try:
            if not self.there:
                self.begin_again()
                self._everything()
            self.store(self._unsaved, afresh=self._afresh, blank=self._blank)
        except (sqlite3.Error, EmulatorError) as error:
            self.problem = str(error)
            if self._seldom.due(self.problem) is not None:
                log.error("%s: %s; %d values wait to be stored", self.path, error, self.unsaved)
            return False
        self._unsaved.clear()
        self._afresh.clear()
        self._blank = False
        if self.problem is not None:
            log.warning("%s: everything is stored again", self.path)
            self.problem = None
        return True

    def rewrite(self, added: list[dict[str, object]]) -> None:
        """Another world has come: what is in its flash is kept from now on, and nothing else."""
        self._added = added
        self.forget()
        self._everything()
        self.save()

    def _everything(self) -> None:
        """All that is in flash waits to be written; what waits already is newer."""
        assert self._site is not None
        newer, self._unsaved = self._unsaved, {} if self.shared else {ADDED: {"chargers": self._added}}
        for wallbox in self._site.wallboxes.values():
            self._unsaved[wallbox.address] = wallbox.settings.persistent()
        self._unsaved |= {name: self._counted(name) for name in self._site.simulation.chargers}
        self._unsaved[RAN] = {wallbox.address: self._ran(wallbox) for wallbox in self._site.wallboxes.values()}
        for owner, values in newer.items():
            self._unsaved.setdefault(owner, {}).update(values)

    def forget(self) -> None:
        """Nothing is kept any more but what was added, once something is written: a reset."""
        self._unsaved = {ADDED: {"chargers": self._added}}
        self._afresh.clear()
        if self.shared:
            assert self._site is not None
            self._unsaved.clear()
            self._afresh |= {*self._site.simulation.chargers, *self._site.wallboxes}
        else:
            self._blank = True

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
