"""What was added to a running emulator: chargers and wallboxes, which stay over a reset, and in the state file.

The one rule: it is there with everything - served, kept, remembered - or nothing of it is.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Final

from ..devices.interfaces.ocpp import EMBEDDED
from ..errors import EmulatorError
from ..protocols.server import Server
from ..scenario.adding import AddedCharger, AddedWallbox

if TYPE_CHECKING:
    from contextlib import AsyncExitStack

    from ..world.plan import ChargerPlan
    from ..world.site import Site
    from .emulator import Emulator
    from .keeping import Keeper

log = logging.getLogger(__name__)

MOST: Final = 1000
"""Wallboxes that are added and not taken down."""


class Growth:
    """What was added to one emulator."""

    def __init__(self, emulator: Emulator) -> None:
        self._emulator = emulator
        self._chargers: dict[str, AddedCharger] = {}
        self._plans: dict[str, ChargerPlan] = {}
        """Of the same chargers."""

    @property
    def added(self) -> tuple[AddedCharger, ...]:
        return tuple(self._chargers.values())

    @property
    def addresses(self) -> frozenset[str]:
        """Of the wallboxes, `garage.goe`."""
        return frozenset(f"{charger.name}.{wallbox.name}" for charger in self.added for wallbox in charger.wallboxes)

    # --- while it runs -----------------------------------------------------------------------------------------------

    async def add(self, charger: str, wallbox: AddedWallbox, hardware: Mapping[str, object] | None = None) -> str:
        """One more wallbox, served at once; its address. `hardware`: of a charger that is new.

        EmulatorError if anything about it is wrong, and nothing has changed.
        """
        emulator = self._emulator
        async with emulator.busy:
            site = emulator.site
            new = charger not in site.wallbox_names
            if hardware and not new:
                raise EmulatorError(f'there is a charger called "{charger}" already, and its hardware stays as it is')
            before = self._chargers.get(charger)
            own = before.hardware if before is not None else (hardware or {}) if new else None
            plan = AddedCharger(name=charger, hardware=own, wallboxes=(wallbox,)).plan()
            await self.provide(emulator.stack, (plan,))
            address = f"{charger}.{wallbox.name}"
            emulator.simulation.now()
            if len(self.addresses) >= MOST:
                raise EmulatorError(f"{MOST} wallboxes are added already; take one down")
            if address in site.wallboxes:
                raise EmulatorError(f'there is a wallbox called "{address}" already')
            try:
                site.grow(plan)
                await emulator.sockets.serve(site, address)
            except EmulatorError:
                await self._undo(charger, address, new=new)
                raise
            others = before.wallboxes if before is not None else ()
            given = replace(wallbox, serial=site.wallboxes[address].serial, ports=self._ports(address))
            site.plans[address] = given.planned(site.plans[address])
            self._put(AddedCharger(name=charger, hardware=own, wallboxes=(*others, given)))
            if emulator.storage is not None:
                emulator.storage.follow_wallbox(site.wallboxes[address])
                self.keep()
            await emulator.settle()
            return address

    async def remove(self, address: str) -> None:
        """Take a wallbox down that was added; with its last one goes a charger that was made for it.

        EmulatorError if it was not added.
        """
        emulator = self._emulator
        async with emulator.busy:
            if address not in self.addresses:
                emulator.site.wallbox(address)
                raise EmulatorError(f"{address} is the scenario's, only what was added can be taken down")
            charger, _, name = address.partition(".")
            before = self._chargers[charger]
            left = tuple(wallbox for wallbox in before.wallboxes if wallbox.name != name)
            emulator.simulation.now()
            emulator.simulation.journal.record(
                emulator.simulation.at, "note", "wallbox taken down", charger=charger, wallbox=name
            )
            emulator.faults.leave(emulator.site.wallboxes[address])
            last = before.hardware is not None and not left
            if last:
                emulator.faults.leave_charger(charger)
                emulator.site.remove_charger(charger)
            else:
                emulator.site.remove_wallbox(address)
            await emulator.sockets.close(address)
            self._put(replace(before, wallboxes=left))
            if emulator.storage is not None:
                if last:
                    emulator.storage.leave_charger(charger)
                emulator.storage.leave_wallbox(address)
                self.keep()
            await emulator.settle()

    async def _undo(self, charger: str, address: str, *, new: bool) -> None:
        """It could not be served."""
        emulator = self._emulator
        await emulator.sockets.close(address)
        if new and charger in emulator.site.wallbox_names:
            emulator.site.remove_charger(charger)
        elif address in emulator.site.wallboxes:
            emulator.site.remove_wallbox(address)

    def _put(self, charger: AddedCharger) -> None:
        plan = charger.plan()
        if not charger.wallboxes:
            self._chargers.pop(charger.name, None)
            self._plans.pop(charger.name, None)
            return
        self._chargers[charger.name] = charger
        self._plans[charger.name] = plan

    def _ports(self, address: str) -> dict[str, int]:
        """Where a wallbox listens, without the offset that the next run may not have."""
        emulator = self._emulator
        offset = 0 if emulator.site.plans[address].address is not None else emulator.options.port_offset
        found = {}
        for name, server in emulator.sockets.servers.items():
            if name.rpartition(".")[0] == address and isinstance(server, Server) and server.endpoint.port > offset:
                found[name.rpartition(".")[2]] = server.endpoint.port - offset
        return found

    # --- other worlds ------------------------------------------------------------------------------------------------

    async def provide(self, stack: AsyncExitStack, plans: Iterable[ChargerPlan] | None = None) -> None:
        """Start what wallboxes need that are added: a broker, a central system. None: all there are."""
        emulator = self._emulator
        wallboxes = [box for plan in (self._plans.values() if plans is None else plans) for box in plan.wallboxes]
        if any(wallbox.wants("mqtt") or wallbox.everything for wallbox in wallboxes):
            await emulator.sockets.start_broker(stack)
            emulator.site.broker, emulator.faults.broker = emulator.sockets.broker_address, emulator.sockets.broker
        if any(wallbox.ocpp == EMBEDDED for wallbox in wallboxes):
            await emulator.sockets.start_central_system(stack, emulator.simulation)

    def again(self) -> None:
        """There is a new site, of the scenario's wallboxes only."""
        site, keeper = self._emulator.site, self._emulator.storage
        for plan in self._plans.values():
            site.grow(plan if keeper is None else keeper.restored_charger(plan))
            if keeper is not None:
                for wallbox in plan.wallboxes:
                    keeper.follow_wallbox(site.wallboxes[f"{plan.name}.{wallbox.name}"])
        self.keep()

    def keep(self) -> None:
        """Write down what was added: never anything, where several processes have the file."""
        if (keeper := self._emulator.storage) is not None and not keeper.shared:
            keeper.keep_added(self.as_json())

    def as_json(self) -> list[dict[str, object]]:
        return [charger.as_json() for charger in self.added]

    def load(self, keeper: Keeper) -> None:
        """What an earlier run was given. EmulatorError if that does not fit the scenario of this one."""
        for charger in keeper.added():
            stated = next((plan for plan in self._emulator.scenario.chargers if plan.name == charger.name), None)
            if stated is None and charger.hardware is None:
                raise EmulatorError(
                    f"{keeper.path}: {charger.name}.{charger.wallboxes[0].name} was added to charger {charger.name}, "
                    "which the scenario no longer has; bring it back, or use another state file"
                )
            known = {wallbox.name for wallbox in stated.wallboxes} if stated is not None else set()
            for name in known & {wallbox.name for wallbox in charger.wallboxes}:
                log.warning(
                    "%s: %s.%s was added to an earlier run, and is the scenario's now", keeper.path, charger.name, name
                )
            left = tuple(wallbox for wallbox in charger.wallboxes if wallbox.name not in known)
            hardware = charger.hardware if stated is None else None
            if left or hardware is not None:
                keeper.fitting(partial(self._put, replace(charger, hardware=hardware, wallboxes=left)))
        self.keep()

    async def serve(self, site: Site) -> None:
        """Serve what is at a site that is to come, and is not here any more. EmulatorError: none of it is served."""
        sockets = self._emulator.sockets
        back = [address for address in site.wallboxes if not sockets.serves(address)]
        try:
            for address in back:
                await sockets.serve(site, address)
        except EmulatorError:
            for address in back:
                await sockets.close(address)
            raise

    async def turn_to(self, added: tuple[AddedCharger, ...]) -> None:
        """Another world has come, in which this was added: what is not in it is not served any more."""
        gone = self.addresses
        self._chargers.clear()
        self._plans.clear()
        for charger in added:
            self._put(charger)
        for address in gone - self.addresses:
            await self._emulator.sockets.close(address)
