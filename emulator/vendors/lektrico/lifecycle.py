"""Restart, firmware update and factory reset.

The one rule: a restart that was asked for during a session waits for its end. Source: Charger local API, 5.7.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from ...core.instant import DAY, Instant, later
from ...devices.firmware import Version
from ...errors import EmulatorError

if TYPE_CHECKING:
    from .wallbox import Lektrico

RESTART_AFTER: Final = 0.5
"""s from the answer to the end of all services. ASSUMED."""
LAST_MOMENT: Final = 100_000
"""µs before a restart in which every request is refused. Source: rpc-common, mgos_rpc.c."""
UPDATE_TIME: Final = 60.0
"""s to load and write new firmware. ASSUMED."""
CHECK_EVERY: Final = DAY
"""µs between two looks for new firmware with auto_update. ASSUMED."""


class Lifecycle:
    """What is about to happen to the device itself."""

    def __init__(self, box: Lektrico) -> None:
        self._box = box
        self._waiting = False
        """A restart waits for the end of the session."""
        self._wants_update = False
        self._restart_timer = box.timer(self._restart_now)
        self._update_timer = box.timer(self._updated)
        self._check_timer = box.timer(self._check)

    def milliseconds_left(self, at: Instant) -> int | None:
        """Until the restart, in its last moment; None before."""
        due = self._restart_timer.due
        if due is None or due - at > LAST_MOMENT:
            return None
        return math.ceil((due - at) / 1000)

    def restart(self) -> None:
        """Device.Reset"""
        if self._busy:
            self._waiting = True
        else:
            self._soon()

    def factory_reset(self) -> None:
        """Everything as delivered, the network forgotten. ASSUMED: counters stay, and it does not wait."""
        settings = self._box.settings
        for name in (*self._box.config, "charging_schedule", "ap_password", "rfid_tags", "logged_errors"):
            settings.put(name, self._box.factory_default(name))
        settings.put("wifi", False)
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
        if self.newer is not None and "auto_update" in self._box.config and self._box.settings.flag("auto_update"):
            at = self._box.simulation.at
            due = at + CHECK_EVERY - self._box.uptime(at) % CHECK_EVERY
        self._check_timer.set(due)
        self._box.simulation.wake()

    @property
    def newer(self) -> str | None:
        """A version on the update server that this device could and would take."""
        offered = self._box.settings.text("available_firmware")
        if not offered:
            return None
        try:
            self._box.vendor.profile(self._box.profile.model.id, offered)
        except EmulatorError:
            return None
        return offered if Version(offered) > self._box.profile.firmware else None

    @property
    def _busy(self) -> bool:
        return self._box.charging is not None and self._box.charging.session_active

    def _soon(self) -> None:
        self._restart_timer.set(later(self._box.simulation.now(), RESTART_AFTER))
        self._box.simulation.wake()

    def _restart_now(self, _: Instant) -> None:
        self._box.reboot()

    def _check(self, _: Instant) -> None:
        self.verify()

    def _update(self) -> None:
        self._box.note("updating", {"to": self.newer})
        if self._box.charging is not None:
            self._box.charging.updating = True
            self._box.charging.apply()
        self._update_timer.set(later(self._box.simulation.now(), UPDATE_TIME))
        self._box.simulation.wake()
        self._box.changed()

    def _updated(self, _: Instant) -> None:
        version = self.newer
        if version is not None:
            self._box.set_firmware(version)
        else:
            self._box.reboot()
