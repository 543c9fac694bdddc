"""One running WARP Charger: network processor and charge controller on a charger.

The one rule: modules own their state; the wallbox starts them, lets them look once a second after something happened,
and passes events on. Source: Tinkerforge esp32-firmware `main.cpp`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Final

from ...core.events import EventName
from ...core.instant import SECOND, Instant, next_grid
from ...core.messages import Event, Outcome, Reason
from ...devices.charge_control import IGNORED, ChargeControl
from ...devices.interfaces import OWNER, Interface, Origin, RegisterMap
from ...devices.points import Fidelity
from ...devices.wallbox import Context, Wallbox
from ...language.digits import is_index
from .api.registry import Registry, Target
from .api.shapes import Obj
from .evse.flash import PATHS
from .evse.memory import SlotId
from .meters.slots import Meters
from .models import TRAITS
from .modules import Modules
from .network.mdns import announce
from .platform import Platform
from .rules import triggers
from .settings import INPUT_CLOSED, INTERNET, MARKET_PRICES, METER_TYPE, MODBUS_DEFECTS, SHUTDOWN_CLOSED
from .system.clock import Clock
from .system.start import write_start
from .table import register, rows_of
from .view import View
from .web import http

KEPT_EACH: Final = 10 * SECOND
"""How often the uptime is written to memory that outlives a restart. Source: `uptime_tracker.cpp`."""


class Warp(Wallbox):
    """A WARP Charger of any generation."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._powered_on = True
        """The next start follows from the supply, not from a restart."""
        if TRAITS[self.profile.model.id].manages:  # it has no charge controller of its own
            self.control = ChargeControl(self.name, lambda _: IGNORED)
        self.platform = Platform(self)
        self.modules = Modules(self.platform, lambda: self.shows(MODBUS_DEFECTS))
        self.platform.look = self._second
        register(self.api, self.modules, self.profile)
        self.interfaces: Mapping[str, Interface] = {
            "http": self.modules.http.interface,
            **({"https": self.modules.http.secure} if self.platform.generation > 1 else {}),
            "mqtt": self.modules.mqtt.interface,
            "mdns": announce(self.platform, self.modules.controller, self.modules.names, self.modules.eebus),
            **({} if self.platform.traits.manages else self._of_chargers()),
        }

    @property
    def _has_registers(self) -> bool:
        return not self.platform.traits.manages

    def _of_chargers(self) -> Mapping[str, Interface]:
        """Interfaces that an Energy Manager does not have."""
        modules = self.modules
        return {"ocpp": modules.ocpp.host.interface, **modules.modbus.interfaces, **modules.eebus.interfaces}

    @property
    def api(self) -> Registry:
        return self.platform.api

    @property
    def clock(self) -> Clock:
        return self.platform.clock

    @property
    def meters(self) -> Meters:
        return self.modules.meters

    def view(self, at: Instant | None = None) -> View:
        """The wallbox at `at` (default: now)."""
        return self.platform.view(at)

    def changed(self) -> None:
        self.platform.touch()
        self.platform.wake()
        super().changed()

    def _second(self, at: Instant) -> None:
        view = self.view()
        wanted = [module.second(at, view) for module in self.modules.in_order]
        soonest = min((due for due in wanted if due is not None and due > at), default=None)
        if soonest is not None:
            self.platform.wake_at(next_grid(soonest - 1, SECOND, self.booted_at))
        self.platform.touch()
        super().changed()

    # --- what the owner does -----------------------------------------------------------------------------------------

    def configure(self, settings: Mapping[str, object]) -> None:
        """As the owner does it; members of a document that are left out keep their values."""
        merged: dict[str, object] = {}
        before = {name: self.settings[name] for name in settings if name in self.settings}
        for name, value in settings.items():
            known = before.get(name)
            if isinstance(known, Mapping) and isinstance(value, Mapping):
                merged[name] = {**known, **value}
            else:
                merged[name] = value
        self.settings.configure(merged)
        for name, value in before.items():
            if self.settings[name] != value:
                self._owner_changed(name)
        self.changed()

    def _owner_changed(self, name: str) -> None:
        """What the owner changed past the API takes effect."""
        controller = self.modules.controller
        if name in PATHS:  # as a client writes it
            self.api.call(f"{name}_update", self.platform.flash[PATHS[name]].value, OWNER)
        elif name in (SHUTDOWN_CLOSED.name, INPUT_CLOSED.name):
            before = controller.memory
            controller.inputs_changed()
            self.modules.automation.inputs_changed(before, controller.memory)
            self.modules.p14a.boot()
        elif name in self.api.states:
            self.api.owner_sets(name)
        elif name == INTERNET.name:
            self.clock.reconsider()
        elif name == METER_TYPE.name:
            self.modules.meters.wiring_changed()
        elif name == MARKET_PRICES.name:
            self.modules.prices.boot()

    def present_card(self, tag: str) -> Outcome:
        if not self.platform.has_reader:
            return Outcome(detail={"ignored": "no card reader"})
        if self.up:
            self.modules.nfc.present(tag)
            self.changed()
        return Outcome(detail={"tag_id": tag})

    def lose_authorisation(self) -> None:
        """The tracked charge ends."""
        if self.up and self.modules.controller.memory.slots[SlotId.USER].active:
            self.modules.tracker.end()

    def press_button(self, duration: float = 0.2) -> Outcome:
        if self.platform.generation == 1 or self.platform.traits.manages:
            return Outcome(detail={"ignored": "no button"})
        self.modules.controller.press(duration)
        self.platform.triggers.fire(triggers.BUTTON)
        self.changed()
        return Outcome()

    # --- life --------------------------------------------------------------------------------------------------------

    def power_on(self) -> None:
        self.modules.controller.start()
        self.modules.meters.start()
        self._boot()
        if self.platform.traits.manages and self.modules.switcher.fitted:
            self.modules.contactor.start()
        self.modules.controller.settle()
        self.changed()

    def resume(self) -> None:
        """What was between two runs of the emulator was an outage."""
        self._powered_on = True
        super().resume()

    def boot(self) -> None:
        register(self.api, self.modules, self.profile)
        self._boot()

    def _boot(self) -> None:
        """The network processor starts: memory from flash, then every module."""
        platform = self.platform
        platform.boot_count += 1
        platform.powered_on = self._powered_on
        self.api.load()
        self.clock.boot()
        platform.event_log.clear()
        write_start(platform, self.modules.charges, powered_on=platform.powered_on)
        self._powered_on = False
        for module in self.modules.in_order:
            module.boot()
        platform.wake()

    def shut_down(self) -> None:
        self.platform.ran_for = 0 if self._powered_on else self.platform.uptime // KEPT_EACH * KEPT_EACH
        self.platform.stop()
        for module in self.modules.in_order:
            module.stop()
        self.modules.watchdog.stop()

    def handle(self, event: Event) -> None:
        if event.name is EventName.SUPPLY_LOST:
            self._powered_on = True
        self.modules.controller.handle(event)
        for module in self.modules.in_order:
            module.handle(event)
        self.platform.touch()

    # --- scenarios ---------------------------------------------------------------------------------------------------

    def read(self, address: str) -> object:
        if self._has_registers and address.startswith("modbus."):
            return self.modules.modbus.read(address.removeprefix("modbus."))
        path, *members = address.split(".")
        target = self.api.find(path, self.api.states)
        if target is None:
            raise KeyError(address)
        found: object = json.loads(self.api.part(Target(target.path), self.view()))
        for step in (*target.suffix, *members):
            if found is None:  # there is no such thing now: no card, no vehicle
                return None
            if isinstance(found, list) and is_index(step) and int(step) < len(found):
                found = found[int(step)]
            elif isinstance(found, dict) and step in found:
                found = found[step]
            else:
                raise KeyError(address)
        return found

    def write(self, address: str, value: object, origin: Origin) -> Outcome:
        if self._has_registers and address.startswith("modbus."):
            return self.modules.modbus.write(address.removeprefix("modbus."), value, origin)
        if not self.up:
            return Outcome(
                refused=Reason.UNREACHABLE, message=f"{self.address} does not answer: it is off or restarting"
            )
        path, *members = address.split(".")
        found = self.api.find(path, self.api.commands) or self.api.find(f"{path}_update", self.api.commands)
        if found is None:
            known = self.api.find(path, self.api.states) is not None
            reason = Reason.READ_ONLY if known else Reason.UNKNOWN
            return Outcome(refused=reason, message=f"there is no command {path}")
        payload = b"" if value is None else json.dumps(value).encode()
        problem = self.api.execute(Target(found.path, (*found.suffix, *members)), payload, origin)
        return Outcome() if problem is None else Outcome(refused=Reason.INVALID, message=problem)

    def addresses(self) -> Iterable[str]:
        for row in self.api:
            yield row.name
            if isinstance(row.schema, Obj):
                yield from (f"{row.name}.{member}" for member in row.schema.members)
        if self._has_registers:
            yield from (f"modbus.{address}" for address in self.modules.modbus.addresses())

    def register_tables(self) -> Iterable[RegisterMap]:
        return self.modules.modbus.all_tables() if self._has_registers else ()

    def http_paths(self) -> Iterable[str]:
        rows = {row.name for row in self.fidelity() if not row.name[:1].isdigit()}
        return ("/", "/ws", *(f"/{name.lstrip('/')}" for name in sorted(rows)))

    def written_names(self) -> Iterable[str]:
        return self.api.written_names()

    def fidelity(self) -> Iterable[Fidelity]:
        for row in rows_of(self.profile):
            yield from row.fidelity()
        yield from http.fidelity()
        if self._has_registers:
            yield from self.modules.modbus.fidelity()
