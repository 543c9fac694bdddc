"""One running WARP Charger: network processor and charge controller on a charger.

The one rule: the parts (registry, controller, tracker, ...) own their state; the box starts them, lets them look once a
second after something happened, and passes events on.
Source: Tinkerforge esp32-firmware `main.cpp`, `modules/*`.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, cast

from ...core.agenda import Timer
from ...core.instant import SECOND, Instant, later, next_grid
from ...core.messages import Event, Outcome, Reason
from ...core.noise import splitmix64
from ...devices.interfaces import OWNER, Interface, Origin
from ...devices.points import Fidelity
from ...devices.wallbox import Context, Wallbox
from . import http as http_side
from . import modbus as modbus_side
from . import mqtt as mqtt_side
from . import network
from .automation import Automation
from .controller import Controller
from .eebus import Eebus
from .ev import KnownVehicle
from .eventlog import EventLog
from .limits import Limits, RequireMeter
from .meters import Meters, update_command
from .models import BUILDS, CONFIG_VERSIONS, NAMES
from .nfc import Nfc
from .power import P14a, PowerManager
from .prices import DayAheadPrices
from .registry import Registry, Target
from .remote import RemoteAccess
from .settings import CONTROLLER, HARDWARE, P14A_ENABLED
from .solar import SolarForecast
from .system import Clock, features
from .table import rows_of
from .tracking import Tracker
from .users import Users
from .view import View
from .wakeup import WakeUp, Watchdog

RAW: Final = 64
"""Messages kept for WebSocket clients beside the states."""


class Warp(Wallbox):
    """A WARP Charger of any generation."""

    generation: int
    api: Registry
    event_log: EventLog
    automation: Automation
    controller: Controller
    meters: Meters
    tracker: Tracker
    limits: Limits
    require_meter: RequireMeter
    users: Users
    nfc: Nfc
    ev: KnownVehicle
    power: PowerManager
    p14a: P14a
    eebus: Eebus
    prices: DayAheadPrices
    solar: SolarForecast
    remote: RemoteAccess
    clock: Clock
    wakeup: WakeUp
    external_watchdog: Watchdog
    manager_watchdog: Watchdog
    countdowns: network.Countdowns
    mqtt: mqtt_side.Mqtt
    modbus: modbus_side.ModbusApi
    http: http_side.Http

    def __init__(self, context: Context) -> None:
        self.generation = cast("int", context.profile.model.traits["generation"])
        self._ready = False
        super().__init__(context)
        self.revision = 0
        self.max_current_limited = 0
        self.scanned = self.manager_scanned = False
        self.boot_count = 0
        self._view: View | None = None
        self._view_key = (-1, -1)
        self._tick = self.timer(self._second)
        self._jobs: dict[Timer, None] = {}
        self._raw_count = 0
        self._raw: deque[tuple[int, str, str]] = deque(maxlen=RAW)
        self._features: list[str] = []
        self.api = Registry(self, rows_of(self.profile))
        self.event_log = EventLog(self)
        self.automation = Automation(self)
        self.controller = Controller(self)
        self.meters = Meters(self)
        self.tracker = Tracker(self)
        self.limits = Limits(self)
        self.require_meter = RequireMeter(self)
        self.users = Users(self)
        self.nfc = Nfc(self)
        self.ev = KnownVehicle(self)
        self.power = PowerManager(self)
        self.p14a = P14a(self)
        self.eebus = Eebus(self)
        self.prices = DayAheadPrices(self)
        self.solar = SolarForecast(self)
        self.remote = RemoteAccess(self)
        self.clock = Clock(self)
        self.wakeup = WakeUp(self)
        self.external_watchdog = Watchdog(self, 9)
        self.manager_watchdog = Watchdog(self, 11, lambda: self.api.flag("charge_manager/config", "enable_watchdog"))
        self.countdowns = network.Countdowns(self)
        self.mqtt = mqtt_side.Mqtt(self)
        self.modbus = modbus_side.create(self)
        self.http = http_side.Http(self)
        self.interfaces: Mapping[str, Interface] = {
            "http": self.http.interface,
            "mqtt": self.mqtt.interface,
            "mdns": http_side.announce(self),
            **self.modbus.interfaces,
        }
        self._ready = True

    # --- identity ----------------------------------------------------------------------------------------------------

    @property
    def device_name(self) -> str:
        """`warp3-2abC`: host name, display name and MQTT client id while nothing else was saved."""
        return f"{NAMES[self.generation]}-{self.serial}"

    @property
    def build(self) -> str:
        """Build time in hex."""
        known = [build for version, build in BUILDS.items() if self.profile.has(since=version)]
        return BUILDS.get(str(self.profile.firmware), known[-1] if known else next(iter(BUILDS.values())))

    @property
    def firmware_text(self) -> str:
        """`2.12.1+6a4f91f0`"""
        text = str(self.profile.firmware)
        return text if "+" in text else f"{text}+{self.build}"

    @property
    def config_version(self) -> str:
        return CONFIG_VERSIONS[self.generation]

    @property
    def has_meter(self) -> bool:
        """A Pro."""
        return bool(self.profile.model.traits["pro"])

    @property
    def has_reader(self) -> bool:
        return self.settings.flag("nfc_fitted") if self.generation == 1 else True

    @property
    def has_p14a(self) -> bool:
        return "p14a_enwg/config" in self.api.states

    @property
    def longest(self) -> int:
        """Bytes of the longest command payload."""
        return cast("int", self.profile.model.traits["longest"])

    @property
    def evse_uid(self) -> str:
        return "2aP4" if self.generation > 1 else "Hp9"

    @property
    def nfc_uid(self) -> str:
        return "2cTm"

    def random32(self, what: str) -> int:
        """An unsigned 32-bit number of this box: the same for the same seed, box, boot and purpose."""
        mixed = self.simulation.seed & 0xFFFFFFFF
        boots = self.boot_count if what in ("boot_id", "nonce") else 0
        for byte in f"{self.address} {self.serial} {what} {boots}".encode():
            mixed = splitmix64(mixed ^ byte)
        return mixed & 0xFFFFFFFF

    # --- time --------------------------------------------------------------------------------------------------------

    @property
    def clock_known(self) -> bool:
        return self.clock.known(self.simulation.at)

    def unix_time(self) -> int:
        """s since 1970."""
        return int(self.clock.utc(self.simulation.at).timestamp())

    def later(self, duration: float, act: Callable[[], object]) -> None:
        """Do something in `duration` s; a restart of the box forgets it."""

        def due(_: Instant) -> None:
            self._jobs.pop(timer, None)
            act()

        timer = self.timer(due)
        self._jobs[timer] = None
        timer.set(later(self.simulation.now(), duration))
        self.simulation.wake()

    def wake(self) -> None:
        """Let every part look at the next whole second."""
        if self.up and self._ready:
            due = next_grid(self.simulation.at, SECOND, self.booted_at)
            if self._tick.due is None or due < self._tick.due:
                self._tick.set(due)

    def _second(self, at: Instant) -> None:
        view = self.view()
        parts = (self.tracker, self.limits, self.require_meter, self.power, self.p14a, self.automation, self.mqtt)
        wanted = [part.second(at, view) for part in parts]
        soonest = min((due for due in wanted if due is not None and due > at), default=None)
        if soonest is not None:
            due = next_grid(soonest - 1, SECOND, self.booted_at)
            if self._tick.due is None or due < self._tick.due:
                self._tick.set(due)
        self.touch()
        super().changed()

    # --- what is seen ------------------------------------------------------------------------------------------------

    def view(self, at: Instant | None = None) -> View:
        """The box at `at` (default: now)."""
        now = self.simulation.now()
        key = (now if at is None else at, self.revision)
        if self._view is None or self._view_key != key:
            self._view = View(self, key[0])
            self._view_key = key
        return self._view

    def touch(self) -> None:
        """Something a view shows has changed."""
        self.revision += 1

    def changed(self) -> None:
        self.touch()
        self.wake()
        super().changed()

    def log(self, module: str, text: str) -> None:
        """Add a line to the event log."""
        self.event_log.add(module, text)

    def push(self, topic: str, payload: str) -> None:
        """A message for WebSocket clients that is no state."""
        self._raw_count += 1
        self._raw.append((self._raw_count, topic, payload))

    @property
    def pushed(self) -> int:
        """How many such messages there were."""
        return self._raw_count

    def pushed_since(self, count: int) -> list[tuple[str, str]]:
        return [(topic, payload) for number, topic, payload in self._raw if number > count]

    # --- stored in the controller ------------------------------------------------------------------------------------

    def stored(self, path: str, member: str | None = None) -> object:
        """A value in the controller's flash."""
        if path == P14A_ENABLED:
            default: Mapping[str, object] = {"enabled": self.generation >= 3}
        else:
            default = CONTROLLER[path][1]
        saved = self.settings[path]
        found = {**default, **saved} if isinstance(saved, Mapping) else dict(default)
        return found[member] if member is not None else next(iter(found.values()))

    def store(self, path: str, value: object) -> None:
        """Write to the controller's flash; a bare value for a document of one member."""
        if not isinstance(value, Mapping):
            default = {"enabled": False} if path == P14A_ENABLED else CONTROLLER[path][1]
            value = {next(iter(default)): value}
        self._storing = True
        try:
            self.settings.put(path, dict(value))
        finally:
            self._storing = False

    _storing = False

    def setting_changed(self, name: str) -> None:
        """The owner changed something, past the API; what the box stores itself comes by here as well."""
        if not self._ready or self._storing:
            return
        if name in CONTROLLER or name == P14A_ENABLED:
            self._controller_setting(name)
        elif name in ("shutdown_input_closed", "input_closed"):
            before = self.controller.memory
            self.controller.inputs_changed()
            self.automation.inputs_changed(before, self.controller.memory)
            self.p14a.apply()
        elif name in self.api.states:
            self.api.owner_sets(name)
        elif name == "market_prices" and self.prices.exists:
            self.prices.boot()

    def _controller_setting(self, path: str) -> None:
        """As a client writes it."""
        saved = self.settings[path]
        if isinstance(saved, Mapping):
            whole = dict(CONTROLLER[path][1] if path in CONTROLLER else {}) | dict(saved)
            self.api.call(f"{path}_update", whole, OWNER)

    def configure(self, settings: Mapping[str, object]) -> None:
        """As the owner does it; members of a document that are left out keep their values."""
        merged: dict[str, object] = {}
        for name, value in settings.items():
            before = self.settings[name] if name in self.settings.rows else None
            both = isinstance(before, Mapping) and isinstance(value, Mapping)
            merged[name] = {**cast("Any", before), **cast("Any", value)} if both else value
        super().configure(merged)

    def controller_switch_changed(self, path: str) -> None:
        """A slot's switch was changed."""
        if path == "evse/modbus_tcp_enabled":
            self.modbus_changed()

    def modbus_changed(self) -> None:
        self.modbus.changed()

    @property
    def modbus_errors(self) -> Mapping[str, int]:
        return self.modbus.errors

    def features_changed(self) -> None:
        """A meter has declared its values."""
        if "meter" in features(self) and self.up:
            self.require_meter.boot()
        self.touch()

    # --- life --------------------------------------------------------------------------------------------------------

    def power_on(self) -> None:
        self.controller.start()
        self.meters.start()
        self._boot()
        self.controller.settle()
        self.changed()

    def boot(self) -> None:
        self.api = Registry(self, rows_of(self.profile))
        self._boot()

    def _boot(self) -> None:
        """The network processor starts: memory from flash, then every module."""
        self.boot_count += 1
        self.api.load()
        boots = [*cast("list[Any]", self.settings["boots"])][-9:]
        minutes = self.unix_time() // 60 if self.clock_known else 0
        count = (boots[-1][0] if boots else 0) + 1
        self.settings.put("boots", [*boots, (count, minutes)])
        self.clock.boot()
        self.event_log.boot()
        self.mqtt.boot()
        self.meters.boot()
        for slot in range(self.meters.slots):
            if not self.meters.resettable(slot):
                self.api.remove(f"meters/{slot}/reset")
                self.api.states.pop(f"meters/{slot}/last_reset", None)
            if self.meters.class_of(slot) == 4:
                self.api.add(update_command(slot, self.meters.value_ids(slot)))
        self.require_meter.boot()
        self.nfc.boot()
        self.ev.clear()
        self._migrate()
        self.users.boot()
        self.tracker.boot()
        self.limits.boot()
        self.power.boot()
        self.p14a.apply()
        self.automation.boot()
        self.eebus.boot()
        self.prices.boot()
        self.solar.boot()
        self.remote.boot()
        self.countdowns.stop()
        self.modbus.boot()
        self.wake()

    def _migrate(self) -> None:
        """Meanings 3 and 4 of the shutdown input moved to the module for §14a."""
        memory = self.controller.memory
        if memory.shutdown_input in (3, 4) and self.has_p14a:
            closes = memory.shutdown_input == 4
            config = cast("dict[str, Any]", self.api.document("p14a_enwg/config"))
            source = [0, {"limit_on_close": closes, "limit_w": 4200, "input_index": 0}]
            self.api.put("p14a_enwg/config", config | {"enable": True, "limit_charger": True, "source": source})
            gpio = {"shutdown_input": 0, "input": memory.input, "output": memory.output}
            self.store("evse/gpio_configuration", gpio)
            self.controller.change(shutdown_input=0)
            self.controller.enable(P14A_ENABLED, True)
            self.controller.inputs_changed()

    @property
    def boots(self) -> list[tuple[int, int]]:
        return [(count, minutes) for count, minutes in cast("list[Any]", self.settings["boots"])]

    def shut_down(self) -> None:
        self._tick.clear()
        for timer in self._jobs:
            timer.clear()
        self._jobs.clear()
        self.automation.stop()
        self.prices.stop()
        self.solar.stop()
        self.external_watchdog.stop()
        self.manager_watchdog.stop()
        self.countdowns.stop()
        self.mqtt.stop()

    def factory_reset(self) -> None:
        """Everything back to how it left the factory, then a restart."""
        self._forget(HARDWARE)

    def config_reset(self) -> None:
        """As a factory reset, but users, tracked charges and network settings stay. ASSUMED list."""
        self._forget((*HARDWARE, "charge_log", "user_names", "users/", "boots", "network/", "ethernet/", "wifi/"))

    def _forget(self, but: tuple[str, ...]) -> None:
        """Drop what was saved, except settings that begin like `but`, and restart."""
        self._storing = True
        try:
            for name, row in self.settings.rows.items():
                if not name.startswith(but):
                    self.settings.put(name, row.default)
        finally:
            self._storing = False
        self.controller.restart()
        self.reboot()

    def handle(self, event: Event) -> None:
        self.controller.handle(event)
        self.meters.handle(event)
        self.wakeup.look()
        if event.name == "unplugged":
            self.ev.clear()
        self.touch()

    # --- scenarios ---------------------------------------------------------------------------------------------------

    def present_card(self, tag: str) -> Outcome:
        if not self.has_reader:
            return Outcome(detail={"ignored": "no card reader"})
        if self.up:
            self.nfc.present(tag)
            self.changed()
        return Outcome(detail={"tag_id": tag})

    def press_button(self, duration: float = 0.2) -> Outcome:
        if self.generation == 1:
            return Outcome(detail={"ignored": "no button"})
        self.controller.press(duration)
        if self.up:
            self.automation.fire(4)
        self.changed()
        return Outcome()

    def read(self, address: str) -> object:
        if address.startswith("modbus."):
            return self.modbus.read(address.removeprefix("modbus."))
        path, *members = address.split(".")
        target = self.api.find(path, self.api.states)
        if target is None:
            raise KeyError(address)
        found = json.loads(self.api.part(Target(target.path), self.view()))
        for step in (*target.suffix, *members):
            if found is None:  # there is no such thing now: no card, no vehicle
                return None
            try:
                found = found[int(step)] if isinstance(found, list) else found[step]
            except (KeyError, IndexError, ValueError, TypeError):
                raise KeyError(address) from None
        return cast("object", found)

    def write(self, address: str, value: object, origin: Origin) -> Outcome:
        if address.startswith("modbus."):
            return self.modbus.write(address.removeprefix("modbus."), value, origin)
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
            members = getattr(row.schema, "members", None)
            for member in members or ():
                yield f"{row.name}.{member}"
        for address in self.modbus.addresses():
            yield f"modbus.{address}"

    def fidelity(self) -> Iterable[Fidelity]:
        for row in rows_of(self.profile):
            yield from row.fidelity(self.profile)
        yield from http_side.fidelity()
        yield from self.modbus.fidelity()
