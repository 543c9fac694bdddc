"""The world of a scenario: its simulation with chargers, wallboxes and vehicles, ready to run.

The one rule: building is quick and leaves nothing behind, because resetting an emulator means building its world anew.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Final

from .. import vendors
from ..core import messages
from ..core.agenda import Priority, Timer
from ..core.instant import Instant
from ..core.messages import Outcome
from ..core.specs import ChargerSpec, VehicleSpec
from ..core.vehicles import PRESETS
from ..devices.firmware import Profile, Vendor
from ..devices.wallbox import Context, Wallbox, charger_defaults
from ..errors import EmulatorError
from ..language.fields import merged
from ..runtime.clock import Clock
from ..runtime.journal import Journal
from ..runtime.simulation import Simulation
from .checks import Check
from .expectations import may_change
from .names import SiteNames
from .plan import Broker, ChargerPlan, SitePlan, WallboxPlan, counted_up
from .quantities import Quantity, resolve

FIXED_EPOCH: Final = datetime(2026, 1, 5, tzinfo=timezone(timedelta(hours=1)))
"""Calendar time at simulated time 0 where nothing is stated and the clock is frozen: a Monday."""


class Site:
    """A running scenario."""

    def __init__(self, plan: SitePlan, simulation: Simulation, broker: tuple[str, int] | None) -> None:
        self.plan = plan
        self.simulation = simulation
        self.broker = broker
        self.wallboxes: dict[str, Wallbox] = {}
        """By address, `garage.goe`."""
        self.plans: dict[str, WallboxPlan] = {}
        """What the scenario said about each wallbox, by address."""
        self.vehicles: dict[str, VehicleSpec] = {**PRESETS, **plan.vehicles}
        self.boxes: dict[str, list[str]] = {}
        """Names of the wallboxes of each charger."""
        self.names = SiteNames(self.boxes, self.vehicles.keys(), find=self.wallboxes.get)
        self.seen: dict[str, object] = {}
        """Values of quantities at the previous look, for `changed`."""
        self._serials: dict[str, set[str]] = {}
        self._last_serial: dict[str, str] = {}
        self._timers: dict[Hashable, Timer] = {}
        self._charge: dict[str, float] = {}

    # --- building ----------------------------------------------------------------------------------------------------

    def add_charger(self, plan: ChargerPlan) -> None:
        """Put a charger with its wallboxes into the world. EmulatorError if something about it is wrong."""
        if plan.name in self.boxes:
            raise EmulatorError(f'there is a charger called "{plan.name}" already')
        profiles = [profile_of(box) for box in plan.wallboxes]
        spec = charger_defaults(profiles[0][1]) if profiles else ChargerSpec()
        spec = merged(spec, {"supply": dict(self.plan.supply)})
        self.simulation.add_charger(plan.name, merged(spec, plan.hardware))
        self.boxes[plan.name] = []
        for box, (vendor, profile) in zip(plan.wallboxes, profiles, strict=True):
            self._add(plan.name, box, vendor, profile)

    def add_wallbox(self, charger: str, plan: WallboxPlan) -> Wallbox:
        """Put one more wallbox onto a charger. EmulatorError if something about it is wrong."""
        self.names.charger(charger)
        return self._add(charger, plan, *profile_of(plan))

    def _add(self, charger: str, plan: WallboxPlan, vendor: Vendor, profile: Profile) -> Wallbox:
        address = f"{charger}.{plan.name}"
        if address in self.wallboxes:
            raise EmulatorError(f'there is a wallbox called "{address}" already')
        context = Context(
            vendor=vendor,
            profile=profile,
            simulation=self.simulation,
            charger=charger,
            name=plan.name,
            serial=plan.serial or self._free_serial(vendor, profile.model.serial),
            settings=settings_of(plan, vendor),
            address=plan.address or "127.0.0.1",
            broker=self.broker,
        )
        self._serials.setdefault(vendor.id, set()).add(context.serial)
        wallbox = vendor.create(context)
        self.wallboxes[address] = wallbox
        self.plans[address] = plan
        self.boxes[charger].append(plan.name)
        wallbox.start()
        return wallbox

    def _free_serial(self, vendor: Vendor, first: str) -> str:
        """The model's serial number, counted up for every further box."""
        taken = self._serials.setdefault(vendor.id, set())
        serial = self._last_serial.get(first, first)
        while serial in taken:
            serial = counted_up(serial, 1)
        self._last_serial[first] = serial
        return serial

    # --- looking -----------------------------------------------------------------------------------------------------

    def wallboxes_of(self, charger: str) -> list[Wallbox]:
        """The wallboxes of a charger, in the order they were made."""
        return [self.wallboxes[f"{charger}.{name}"] for name in self.boxes[charger]]

    def quantity(self, quantity: str) -> Quantity:
        """What a quantity's name refers to. EmulatorError with a suggestion if nothing."""
        return resolve(quantity, self.names)

    def read(self, quantity: str) -> object:
        """The value of a quantity now, as plain JSON data."""
        return self.quantity(quantity).read(self)

    def values(self, checks: Iterable[Check]) -> dict[str, object]:
        """The present values of what is checked, by name; one that does not exist is left out."""
        found: dict[str, object] = {}
        for check in checks:
            with suppress(EmulatorError):
                found[check.quantity.text] = check.quantity.read(self)
        return found

    def remember(self, checks: Iterable[Check]) -> None:
        """Keep the present values of what is checked, for a later `changed`."""
        self.seen.update(self.values(checks))

    def look_ahead(self, every: Iterable[tuple[Check, ...]]) -> None:
        """Keep the present values of what some later step wants `changed`, unless they have been looked at."""
        for checks in every:
            self.remember(c for c in checks if may_change(c.expectation) and c.quantity.text not in self.seen)

    # --- doing -------------------------------------------------------------------------------------------------------

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
        """Skip waiting; a step cannot move the world itself, so whoever paces it is woken."""
        self.simulation.clock.jump(by)
        self.simulation.wake()

    @contextmanager
    def because_of(self, name: str, detail: Mapping[str, object], box: Wallbox) -> Iterator[int]:
        """Record that the world did something to a wallbox; what happens inside follows from it."""
        at = self.simulation.now()
        entry = self.simulation.journal.record(at, "stimulus", name, detail, charger=box.charger, wallbox=box.name)
        with self.simulation.because(entry):
            yield entry.seq
        self.simulation.wake()


def build(
    plan: SitePlan,
    *,
    clock: Clock,
    wall: Callable[[], float] | None = None,
    seed: int | None = None,
    journal: Journal | None = None,
    broker: tuple[str, int] | None = None,
    epoch: datetime | None = None,
) -> Site:
    """The world of a plan at simulated time 0.

    `wall`: Unix time for journal entries (None: none). `seed` and `epoch` override the plan's. `broker`: host and
    port of the broker in use, where it is not the one the plan names.
    """
    simulation = Simulation(
        clock=clock,
        epoch=epoch or plan.epoch or (FIXED_EPOCH if clock.frozen else datetime.now(UTC).astimezone()),
        seed=plan.seed if seed is None else seed,
        journal=journal if journal is not None else Journal(wall=wall),
    )
    site = Site(plan, simulation, broker or _broker(plan))
    for charger in plan.chargers:
        site.add_charger(charger)
    return site


def _broker(plan: SitePlan) -> tuple[str, int] | None:
    named = plan.broker or (Broker() if plan.wants_broker else None)
    return (named.host, named.port) if named is not None else None


def profile_of(plan: WallboxPlan) -> tuple[Vendor, Profile]:
    """The vendor and profile a plan names. EmulatorError if there are none."""
    vendor = vendors.vendor(plan.vendor)
    return vendor, vendor.profile(plan.model, plan.firmware)


def settings_of(plan: WallboxPlan, vendor: Vendor) -> dict[str, object]:
    """What a plan makes of a vendor's settings: listed interfaces switched on, then what is stated."""
    settings: dict[str, object] = {}
    for interface in plan.interfaces:
        if plan.wants(interface):
            settings.update(vendor.enable.get(interface, {}))
    if plan.everything:
        settings.update(vendor.everything)
    return settings | dict(plan.settings)
