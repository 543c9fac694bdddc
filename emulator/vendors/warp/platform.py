"""The platform: what the modules of the firmware share.

The one rule: it knows the wallbox below and none of the modules above: settings, the API, the log, the clock, timers.
Source: Tinkerforge esp32-firmware, `main.cpp`, `task_scheduler`, `modules/api`.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Mapping
from typing import Final

from ...core.agenda import Action, Timer
from ...core.instant import SECOND, Instant, later, next_grid
from ...core.messages import Outcome
from ...core.noise import splitmix64
from ...core.snapshot import Snapshot
from ...core.specs import ChargerSpec
from ...devices.firmware import Profile
from ...devices.interfaces import HttpReply, HttpRequest, Origin
from ...devices.interfaces.ship import Disturbance
from ...devices.quirks import Quirk
from ...devices.registers import NO_NAMES
from ...devices.wallbox import Wallbox
from .api.numbers import uid_number
from .api.registry import Registry
from .evse.flash import Flash
from .evse.timings import Timings, timings_of
from .models import TRAITS, build_of
from .rules.triggers import Triggers
from .settings import CONTROLLER_FIRMWARE, METER_TYPE, NFC_FITTED
from .system.clock import Clock
from .system.eventlog import EventLog, stamp
from .view import Eyes, View

RAW: Final = 64
"""Messages kept for WebSocket clients beside the states."""

Handlers = Mapping[str, Callable[[HttpRequest], HttpReply]]
"""By method."""


class Platform:
    """The network processor of one wallbox."""

    def __init__(self, wallbox: Wallbox) -> None:
        self.wallbox = wallbox
        self.traits = TRAITS[wallbox.profile.model.id]
        self.generation = self.traits.generation
        self.simulation = wallbox.simulation
        self.moments = wallbox.moments
        self.settings = wallbox.settings
        self.control = wallbox.control
        self.name = wallbox.name
        self.charger = wallbox.charger
        self.serial = wallbox.serial
        self.address = wallbox.context.address
        """IP address its clients see."""
        self.broker = wallbox.context.broker
        self.boot_time = wallbox.boot_time
        self.revision = 0
        self.boot_count = 0
        self.powered_on = True
        """This start follows from the supply, not from a restart."""
        self.ran_for: Instant = 0
        """How long the run before a restart took, as it wrote it down last; 0 after a power cut."""
        self.look: Callable[[Instant], None] = lambda _: None
        """What is to be done at the next whole second."""
        self.eyes: Eyes | None = None
        self.api = Registry(self.settings, self.moments, wallbox.record_write, self.touch, self.changed)
        self.flash = Flash(self.settings, self.generation)
        self.triggers = Triggers()
        self.event_log = EventLog()
        self.clock = Clock(
            self.settings,
            self.api,
            built_in=self.generation >= 3 or self.traits.manages,
            calendar=wallbox.calendar,
            now=lambda: self.at,
        )
        self._view: View | None = None
        self._view_key = (-1, -1)
        self._tick = self.timer(self._second)
        self._jobs: dict[Timer, None] = {}
        self._raw: deque[tuple[int, str, str]] = deque(maxlen=RAW)
        self.pushed = 0
        """Messages so far that are no states."""

    # --- identity ----------------------------------------------------------------------------------------------------

    @property
    def profile(self) -> Profile:
        return self.wallbox.profile

    @property
    def spec(self) -> ChargerSpec:
        """The charger's hardware."""
        return self.simulation.chargers[self.charger].spec

    @property
    def charger_revision(self) -> int:
        """Changes with every event of the charger."""
        return self.simulation.chargers[self.charger].revision

    @property
    def device_name(self) -> str:
        """`warp3-2abC`: host name, display name and MQTT client id while nothing else was saved."""
        return f"{self.traits.name}-{self.serial}"

    @property
    def device_number(self) -> int:
        """The number that the serial spells, u32; 0 where it spells none."""
        try:
            return uid_number(self.serial) & 0xFFFF_FFFF
        except ValueError:
            return 0

    @property
    def firmware_text(self) -> str:
        """`2.12.1+6a4f91f0`"""
        text = str(self.profile.firmware)
        return text if "+" in text else f"{text}+{build_of(self.profile)}"

    @property
    def meter_type(self) -> int:
        """`energy_meter_type` of the meter that is fitted; 0: none is."""
        chosen = self.settings[METER_TYPE]
        return self.traits.meter_type if chosen is None else chosen

    @property
    def reset_reason(self) -> int:
        """ESP-IDF's `esp_reset_reason_t` of this start: power-on or software."""
        return 1 if self.powered_on else 3

    @property
    def has_reader(self) -> bool:
        return self.settings[NFC_FITTED] if self.generation == 1 else not self.traits.manages

    @property
    def controller_firmware(self) -> str:
        return self.settings[CONTROLLER_FIRMWARE] or self.traits.controller_firmware

    @property
    def timings(self) -> Timings:
        """How long the charge controller leaves a vehicle alone."""
        return timings_of(self.controller_firmware)

    def random32(self, what: str) -> int:
        """An unsigned 32-bit number of this wallbox: the same for the same seed, wallbox, boot and purpose."""
        mixed = self.simulation.seed & 0xFFFFFFFF
        boots = self.boot_count if what in ("boot_id", "nonce") else 0
        for byte in f"{self.wallbox.address} {self.serial} {what} {boots}".encode():
            mixed = splitmix64(mixed ^ byte)
        return mixed & 0xFFFFFFFF

    def shows(self, quirk: Quirk) -> bool:
        """Whether this wallbox shows a quirk."""
        return self.wallbox.shows(quirk)

    def eebus_disturbance(self) -> Disturbance:
        """What is wrong with its EEBUS node."""
        return self.wallbox.interceptor.eebus("ship")

    # --- time --------------------------------------------------------------------------------------------------------

    @property
    def at(self) -> Instant:
        return self.simulation.at

    @property
    def booted_at(self) -> Instant:
        return self.wallbox.booted_at

    @property
    def up(self) -> bool:
        return self.wallbox.up

    @property
    def uptime(self) -> Instant:
        """µs since the network processor started."""
        return self.wallbox.uptime(self.at)

    def timer(self, action: Action) -> Timer:
        return self.simulation.timer(action)

    def later(self, duration: float, act: Callable[[], object]) -> None:
        """Do something in `duration` s; a restart forgets it."""

        def due(_: Instant) -> None:
            self._jobs.pop(timer, None)
            act()

        timer = self.timer(due)
        self._jobs[timer] = None
        timer.set(later(self.simulation.now(), duration))
        self.simulation.wake()

    def wake(self) -> None:
        """Let every module look at the next whole second."""
        if self.up:
            self.wake_at(next_grid(self.at, SECOND, self.booted_at))

    def wake_at(self, due: Instant) -> None:
        if self._tick.due is None or due < self._tick.due:
            self._tick.set(due)

    def _second(self, at: Instant) -> None:
        self.look(at)

    def reboot(self) -> None:
        self.wallbox.reboot()

    def stop(self) -> None:
        """The network processor stops."""
        self._tick.clear()
        for timer in self._jobs:
            timer.clear()
        self._jobs.clear()

    # --- what is seen ------------------------------------------------------------------------------------------------

    def snapshot(self) -> Snapshot:
        return self.wallbox.snapshot()

    def observe(self, at: Instant) -> Snapshot:
        """The charger at an instant of the recent past, or now, as the meter shows it."""
        return self.wallbox.measured(at)

    def view(self, at: Instant | None = None) -> View:
        """The wallbox at `at` (default: now)."""
        now = self.simulation.now()
        key = (now if at is None else at, self.revision)
        if self._view is None or self._view_key != key:
            assert self.eyes is not None
            self._view = View(self.eyes, key[0], self.booted_at)
            self._view_key = key
        return self._view

    def touch(self) -> None:
        """Something a view shows has changed."""
        self.revision += 1
        self.wallbox.happenings.count += 1

    def record_write(
        self, point: str, value: object, outcome: Outcome, origin: Origin, names: Mapping[str, object] = NO_NAMES
    ) -> None:
        """Record what a client wrote."""
        self.wallbox.record_write(point, value, outcome, origin, names)

    def changed(self) -> None:
        """Tell the push interfaces, and let every module look at the next whole second."""
        self.wallbox.changed()

    def log(self, module: str, text: str) -> None:
        """Add a line to the event log and tell the WebSocket clients."""
        if not self.up:
            return
        at = self.at
        now = self.clock.local(at) if self.clock.known_at(at) else None
        line = self.event_log.add(stamp(now, at - self.booted_at), module, text)
        self.push("event_log/message", json.dumps(line, ensure_ascii=False))

    def log_at(self, uptime: Instant, module: str, text: str) -> None:
        """Add a line of the start to the event log, where nobody listens yet."""
        self.event_log.add(stamp(None, uptime), module, text)

    def push(self, topic: str, payload: str) -> None:
        """A message for WebSocket clients that is no state."""
        self.pushed += 1
        self._raw.append((self.pushed, topic, payload))

    def pushed_since(self, count: int) -> list[tuple[str, str]]:
        return [(topic, payload) for number, topic, payload in self._raw if number > count]
