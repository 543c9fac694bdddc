"""Restart, firmware update and factory reset.

The one rule: a restart that was asked for during a session waits for its end. Source: Charger local API, 5.7.
"""

from __future__ import annotations

import math
from typing import Final

from ...core.instant import DAY, Instant, later
from ...devices.wallbox import Wallbox
from ...errors import EmulatorError
from .charging import Charging
from .config import AUTO_UPDATE
from .device import Device
from .settings import AP_PASSWORD, AVAILABLE_FIRMWARE, CHARGING_SCHEDULE, LOGGED_ERRORS, RFID_TAGS, WIFI

RESTART_AFTER: Final = 0.5
"""s from the answer to the end of all services. ASSUMED."""
LAST_MOMENT: Final = 100_000
"""µs before a restart in which every request is refused. Source: rpc-common, mgos_rpc.c."""
UPDATE_TIME: Final = 60.0
"""Time to load and write new firmware [s]. ASSUMED."""
CHECK_EVERY: Final = DAY
"""µs between two looks for new firmware with auto_update. ASSUMED."""


class Lifecycle:
    """What is about to happen to the device itself."""

    def __init__(self, wallbox: Wallbox, device: Device, charging: Charging | None) -> None:
        self._wallbox = wallbox
        self._device = device
        self._charging = charging
        self._waiting = False
        """A restart waits for the end of the session."""
        self._wants_update = False
        self._restart_timer = wallbox.timer(self._restart_now)
        self._update_timer = wallbox.timer(self._updated)
        self._check_timer = wallbox.timer(self._check)

    def milliseconds_left(self, at: Instant) -> int | None:
        """Until the restart, in its last moment; None before."""
        due = self._restart_timer.due
        if due is None or due - at > LAST_MOMENT:
            return None
        return math.ceil((due - at) / 1000)

    def uptime(self, at: Instant) -> Instant:
        """Since the last restart [µs]."""
        return self._wallbox.uptime(at)

    def restart(self) -> None:
        """Device.Reset"""
        if self._busy:
            self._waiting = True
        else:
            self._soon()

    def factory_reset(self) -> None:
        """Everything as delivered, the network forgotten. ASSUMED: counters stay, and it does not wait."""
        settings = self._device.settings
        for row in self._device.config.values():
            settings.put(row.name, row.default)
        for handle in (CHARGING_SCHEDULE.setting, AP_PASSWORD.setting, RFID_TAGS, LOGGED_ERRORS):
            settings.put(handle.name, handle.default)
        settings.put(WIFI, False)
        self._soon()

    def verify(self) -> None:
        """Ota.Verify: update if there is something newer. ASSUMED: not during a session."""
        if self.newer is None:
            return
        if self._busy:
            self._wants_update = True
        else:
            self._update()

    def session_over(self) -> None:
        """A session has ended: what waited for it begins."""
        if self._waiting:
            self._waiting = False
            self._soon()
        elif self._wants_update:
            self._wants_update = False
            self.verify()

    def stop(self) -> None:
        """The device goes down, and with it everything that was to come."""
        self._waiting = self._wants_update = False
        for timer in (self._restart_timer, self._update_timer, self._check_timer):
            timer.clear()

    def watch(self) -> None:
        """Come back for the periodic look, if there is anything to find."""
        due = None
        if (
            self.newer is not None
            and AUTO_UPDATE.name in self._device.config
            and self._device.settings[AUTO_UPDATE.setting]
        ):
            at = self._wallbox.simulation.at
            due = at + CHECK_EVERY - self.uptime(at) % CHECK_EVERY
        self._check_timer.set(due)
        self._wallbox.simulation.wake()

    @property
    def newer(self) -> str | None:
        """A version on the update server that this device could and would take."""
        offered = self._device.settings[AVAILABLE_FIRMWARE]
        if not offered:
            return None
        try:
            there = self._wallbox.vendor.profile(self._device.profile.model.id, offered, offered=True)
        except EmulatorError:
            return None
        return offered if there.firmware > self._device.profile.firmware else None

    @property
    def _busy(self) -> bool:
        return self._charging is not None and self._charging.session_active

    def _soon(self) -> None:
        self._restart_timer.set(later(self._wallbox.simulation.now(), RESTART_AFTER))
        self._wallbox.simulation.wake()

    def _restart_now(self, _: Instant) -> None:
        self._wallbox.reboot()

    def _check(self, _: Instant) -> None:
        self.verify()

    def _update(self) -> None:
        self._wallbox.note("updating", {"to": self.newer})
        if self._charging is not None:
            self._charging.updating = True
            self._charging.apply()
        self._update_timer.set(later(self._wallbox.simulation.now(), UPDATE_TIME))
        self._wallbox.simulation.wake()
        self._wallbox.changed()

    def _updated(self, _: Instant) -> None:
        version = self.newer
        if version is not None:
            self._wallbox.set_firmware(version, offered=True)
        else:
            self._wallbox.reboot()
