"""A running site: its chargers, wallboxes and vehicles by name, and what is done to them from outside.

The one rule: whatever moves or disturbs a site goes through here, so that whoever paces time knows of it.
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Callable, Hashable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from ..core import messages
from ..core.agenda import Priority, Timer
from ..core.instant import Instant
from ..core.messages import Outcome
from ..core.specs import ChargerSpec, VehicleSpec
from ..devices.firmware import Profile
from ..devices.vendor import Vendor
from ..devices.wallbox import Context, Wallbox, charger_defaults
from ..errors import EmulatorError
from ..language.fields import merged
from ..runtime.simulation import Simulation
from .defaults import SerialNumbers, profile_of, settings_of
from .names import SiteNames
from .plan import ChargerPlan, ControlBoxPlan, SitePlan, WallboxPlan
from .vehicles import VEHICLES

if TYPE_CHECKING:
    from .control_box import SiteControlBox


class Site:
    """Chargers with their wallboxes in one simulation."""

    def __init__(self, plan: SitePlan, simulation: Simulation, broker: tuple[str, int] | None) -> None:
        self.plan = plan
        self.simulation = simulation
        self.broker = broker
        self.wallboxes: dict[str, Wallbox] = {}
        """By address, `garage.goe`."""
        self.plans: dict[str, WallboxPlan] = {}
        """What the scenario said about each wallbox, by address."""
        self.vehicles: Mapping[str, VehicleSpec] = ChainMap(dict(plan.vehicles), VEHICLES)  # type: ignore[arg-type]
        self.wallbox_names: dict[str, list[str]] = {}
        """Names of the wallboxes of each charger."""
        self.names = SiteNames(self.wallbox_names, self.vehicles, find=self.wallboxes.get)
        self.seen: dict[str, object] = {}
        """Values of quantities at the previous look, for `changed`."""
        self.control_box: SiteControlBox | None = None
        """The grid operator's, if there is one."""
        self._serials = SerialNumbers()
        self._timers: dict[Hashable, Timer] = {}
        self._charge: dict[str, float] = {}

    def add_charger(self, plan: ChargerPlan) -> None:
        """Add a charger with its wallboxes. EmulatorError if something about it is wrong."""
        if plan.name in self.wallbox_names:
            raise EmulatorError(f'there is a charger called "{plan.name}" already')
        profiles = [profile_of(wallbox) for wallbox in plan.wallboxes]
        spec = charger_defaults(profiles[0][1]) if profiles else ChargerSpec()
        spec = merged(spec, {"supply": dict(self.plan.supply)})
        self.simulation.add_charger(plan.name, merged(spec, plan.hardware), rank=plan.rank)
        self.wallbox_names[plan.name] = []
        for wallbox, (vendor, profile) in zip(plan.wallboxes, profiles, strict=True):
            self._add(plan.name, wallbox, vendor, profile)

    def grow(self, plan: ChargerPlan) -> None:
        """Add a charger, or its wallboxes to the one of that name. EmulatorError if something about it is wrong."""
        if plan.name not in self.wallbox_names:
            self.add_charger(plan)
            return
        for wallbox in plan.wallboxes:
            self.add_wallbox(plan.name, wallbox)

    def add_wallbox(self, charger: str, plan: WallboxPlan) -> Wallbox:
        """Put one more wallbox onto a charger. EmulatorError if something about it is wrong."""
        self.names.charger(charger)
        return self._add(charger, plan, *profile_of(plan))

    def wallbox(self, address: str) -> Wallbox:
        """The wallbox of an address that there was. EmulatorError if it was taken down since."""
        found = self.wallboxes.get(address)
        if found is None:
            raise EmulatorError(f"there is no wallbox {address} any more")
        return found

    def remove_wallbox(self, address: str) -> None:
        """Take a wallbox off its charger. EmulatorError if there is none."""
        wallbox = self.wallbox(address)
        with self.simulation.agenda.on_behalf_of(wallbox.happenings):
            wallbox.take_down()
        del self.wallboxes[address], self.plans[address]
        self.wallbox_names[wallbox.charger].remove(wallbox.name)
        self._serials.give_back(wallbox.vendor.id, wallbox.serial)

    def remove_charger(self, name: str) -> None:
        """Take a charger away, with its wallboxes."""
        for wallbox in self.wallboxes_of(name):
            self.remove_wallbox(wallbox.address)
        del self.wallbox_names[name]
        self.simulation.remove_charger(name)

    def _add(self, charger: str, plan: WallboxPlan, vendor: Vendor, profile: Profile) -> Wallbox:
        address = f"{charger}.{plan.name}"
        if address in self.wallboxes:
            raise EmulatorError(f'there is a wallbox called "{address}" already')
        serial = self._serials.take(vendor.id, plan.serial, profile.model.serial)
        context = Context(
            vendor=vendor,
            profile=profile,
            simulation=self.simulation,
            charger=charger,
            name=plan.name,
            serial=serial,
            settings=settings_of(plan, vendor, serial),
            address=plan.address or "127.0.0.1",
            broker=self.broker,
            realism=plan.realism,
        )
        hardware = self.simulation.chargers[charger]
        with self.simulation.agenda.on_behalf_of(hardware.happenings), hardware.together():
            wallbox = vendor.create(context)
            self.wallboxes[address] = wallbox
            self.plans[address] = plan
            self.wallbox_names[charger].append(plan.name)
            wallbox.start()
        return wallbox

    def wallboxes_of(self, charger: str) -> list[Wallbox]:
        """The wallboxes of a charger, in the order they were made."""
        if charger not in self.wallbox_names:
            raise EmulatorError(f"there is no charger {charger} any more")
        return [self.wallboxes[f"{charger}.{name}"] for name in self.wallbox_names[charger]]

    def sensors_of(self, charger: str) -> list[str]:
        """The temperature sensors of a charger: what its hardware and any of its wallboxes has."""
        had = {sensor for wallbox in self.wallboxes_of(charger) for sensor in wallbox.sensors}
        phases = self.simulation.chargers[charger].spec.phases
        pins = [f"connector_l{number}" for number in range(phases + 1, 4)]
        return [name for name in self.simulation.observe(charger).temperature if name in had and name not in pins]

    def add_control_box(self, plan: ControlBoxPlan) -> None:
        """Connect a control box to the wallboxes that have EEBUS. EmulatorError if one that is named has none."""
        from .control_box import SHIP, SiteControlBox

        able = [address for address, wallbox in self.wallboxes.items() if SHIP in wallbox.interfaces]
        lacking = [address for address in plan.wallboxes if address not in able]
        if lacking:
            raise EmulatorError(f"control_box: {lacking[0]} has no EEBUS")
        chosen = [self.wallboxes[address] for address in plan.wallboxes or able]
        self.control_box = SiteControlBox(self.simulation, chosen, pair=plan.pair)

    def vehicle(self, name: str) -> VehicleSpec:
        """A vehicle by name; one of the scenario's own has the charge it left with."""
        spec = self.vehicles[self.names.vehicle(name)]
        return replace(spec, state_of_charge=self._charge[name]) if name in self._charge else spec

    def plug_in(self, charger: str, name: str, changes: Mapping[str, object], cable: float | None) -> Outcome:
        """Plug in the vehicle called `name`, with some of its properties changed."""
        vehicle = merged(self.vehicle(name), changes)
        return self.simulation.apply(charger, messages.PlugIn(name=name, vehicle=vehicle, cable=cable))

    def unplug(self, charger: str, *, at_box: bool = True) -> Outcome:
        """Unplug whatever is plugged in, and remember its charge."""
        vehicle = self.simulation.observe(charger).vehicle
        if vehicle is not None and vehicle.name in self.plan.vehicles:
            self._charge[vehicle.name] = vehicle.state_of_charge
        return self.simulation.apply(charger, messages.Unplug(at_box=at_box))

    def schedule(self, key: Hashable, at: Instant, action: Callable[[Instant], object], priority: Priority) -> None:
        """Do something at a later instant; the same key again replaces it."""
        self.cancel(key)

        def act(now: Instant) -> None:
            self._timers.pop(key, None)
            action(now)

        self._timers[key] = self.simulation.agenda.call_at(at, priority, act)
        self.simulation.wake()

    def cancel(self, key: Hashable) -> None:
        """Forget what was scheduled under a key, if anything."""
        timer = self._timers.pop(key, None)
        if timer is not None:
            timer.clear()

    def set_speed(self, speed: float) -> None:
        """Let simulated time run at another speed (0: frozen)."""
        self.simulation.clock.set_speed(speed)
        self.simulation.wake()

    def jump(self, by: Instant) -> None:
        """Skip waiting; a step cannot move time itself, so whoever paces it is woken."""
        self.simulation.clock.jump(by)
        self.simulation.wake()

    @contextmanager
    def because_of(self, name: str, detail: Mapping[str, object], wallbox: Wallbox) -> Iterator[int]:
        """Record that somebody did something to a wallbox; what happens inside follows from it."""
        at = self.simulation.now()
        entry = self.simulation.journal.record(
            at, "stimulus", name, detail, charger=wallbox.charger, wallbox=wallbox.name
        )
        with self.simulation.because(entry), self.simulation.agenda.on_behalf_of(wallbox.happenings):
            yield entry.seq
        self.simulation.wake()
