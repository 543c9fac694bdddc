"""The module of the charge controller: what the API shows of it, and what clients may ask.

The one rule: a state shows the controller as polled last, a command writes to it now; neither keeps anything itself.
Source: Tinkerforge esp32-firmware, `modules/evse_common`, `evse_v2`, `evse_led`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from ....core.events import EventName
from ....core.instant import MILLISECOND, Instant
from ....core.messages import Event
from ..api.bricklets import led_of
from ..api.documents import Doc
from ..charging.tracking import Tracker
from ..meters.slots import Meters
from ..models import shown_slots
from ..module import Module
from ..platform import Platform
from ..view import View
from . import flash
from .controller import Controller
from .errorlog import Errors, error_lines
from .evseview import Iec
from .flash import Stored
from .memory import Memory, SlotId, valid
from .timings import LEAK
from .wakeup import WakeUp, Watchdog

JUMPERS: Final = {6: 0, 10: 1, 13: 2, 16: 3, 20: 4, 25: 5, 32: 6}
"""`jumper_configuration` by the A of the installation."""
UNSET, OTHER = 8, 7
HARDWARE: Final = {1: 15, 2: 20, 3: 30, 4: 40}
HARDWARE_TEXT: Final = {1: "1.5.0", 2: "2.0.0", 3: "3.0.0", 4: "4.0.0"}
EXTERNAL_OPEN: Final = 32000
LONGEST_WAIT: Final = 22
"""Steps of 5 s a phase switch may wait."""
DEVICE: Final = {1: 2159, 2: 2167, 3: 2167, 4: 2167}
"""Identifier of the bricklet."""
EVSE_LOG: Final = {1: "evse", 2: "evse_v2", 3: "evse_v2", 4: "evse_v2"}
"""Module that speaks of the controller in the event log."""
UIDS: Final = {1: "Hp9", 2: "2aP4", 3: "2aP4", 4: "2aP4"}


class Evse(Module):
    """The charge controller as the API has it."""

    def __init__(
        self, platform: Platform, controller: Controller, meters: Meters, tracker: Tracker, watchdog: Watchdog
    ) -> None:
        super().__init__(platform)
        self.controller = controller
        self.meters = meters
        self.tracker = tracker
        self.watchdog = watchdog
        """Over external control."""
        self.wakeup = WakeUp(platform, controller)
        self.modbus_switched: Callable[[], None] = lambda: None
        """Called when Modbus gets or loses its slots."""
        self._errors: Errors = (0, 0, 0)
        """As the log knows them."""
        self._leak = platform.timer(lambda _: platform.changed())
        """Ends a state A that was none."""

    def handle(self, event: Event) -> None:
        self.wakeup.look()
        if event.name is EventName.PILOT_INTERRUPTED and self.platform.timings.leaks_a:
            self.controller.write(replace(self.controller.memory, seems_unplugged_until=event.at + LEAK))
            self._leak.set(event.at + LEAK)

    def boot(self) -> None:
        """Meanings 3 and 4 of the shutdown input moved to the module for §14a."""
        self._errors = (0, 0, 0)
        memory = self.controller.memory
        path = "p14a_enwg/config"
        if memory.shutdown_input not in (3, 4) or path not in self.api.states:
            return
        source = [0, {"limit_on_close": memory.shutdown_input == 4, "limit_w": 4200, "input_index": 0}]
        self.api.update(path, enable=True, limit_charger=True, source=source)
        self.platform.flash.put(flash.GPIO, shutdown_input=0, input=memory.input, output=memory.output)
        self.controller.write(replace(memory, shutdown_input=0))
        self.controller.enable(flash.P14A_ENABLED, True)
        self.controller.inputs_changed()

    def second(self, at: Instant, v: View) -> Instant | None:
        """Errors of the controller are logged when they come and go."""
        evse, before = v.evse, self._errors
        self._errors = now = (evse.contactor_error, int(evse.error), evse.dc_fault)
        for text in error_lines(before, now, evse):
            self.log(EVSE_LOG[self.platform.generation], text)
        return None

    # --- what it shows -----------------------------------------------------------------------------------------------

    def state(self, v: View) -> object:
        evse = v.evse
        return {
            "iec61851_state": int(evse.iec),
            "charger_state": evse.charger_state,
            "contactor_state": evse.contactor_state,
            "contactor_error": evse.contactor_error,
            "allowed_charging_current": evse.allowed,
            "error_state": int(evse.error),
            "lock_state": 0,
            "dc_fault_current_state": evse.dc_fault,
        }

    def hardware(self, v: View) -> object:
        unset = "switch_unconfigured" in v.evse.snapshot.faults
        return {
            "jumper_configuration": UNSET if unset else JUMPERS.get(self.controller.rated, OTHER),
            "has_lock_switch": False,
            "evse_version": HARDWARE[self.platform.generation],
            "energy_meter_type": self.meters.energy_meter_type(),
        }

    def slots(self, v: View) -> object:
        return [
            {"max_current": slot.current, "active": slot.active, "clear_on_disconnect": slot.clear}
            for slot in v.memory.slots[: shown_slots(self.platform.profile)]
        ]

    def low_level(self, v: View) -> object:
        return v.evse.low_level(rated=self.controller.rated, cable=self.controller.cable)

    def indicator(self, v: View) -> dict[str, int]:
        memory = v.memory
        at = v.at if memory.indicator_ends > v.instant else v.instant
        left = (memory.indicator_ends - at) // MILLISECOND
        indication, hue, saturation, value = memory.indicator if left > 0 else (-1, 0, 0, 0)
        return {
            "indication": indication,
            "duration": max(0, left),
            "color_h": hue,
            "color_s": saturation,
            "color_v": value,
        }

    def button(self, v: View) -> dict[str, int]:
        memory = v.memory
        return {
            "button_press_time": _since(memory.pressed_at, memory.started),
            "button_release_time": _since(memory.released_at, memory.started),
            "button_pressed": memory.pressed,
        }

    def identity(self, v: View) -> object:
        generation = self.platform.generation
        return {
            "uid": UIDS[generation],
            "connected_uid": "0",
            "position": "A",
            "hw_version": HARDWARE_TEXT[generation],
            "fw_version": self.platform.controller_firmware,
            "device_identifier": DEVICE[generation],
        }

    # --- what clients ask --------------------------------------------------------------------------------------------

    def remember(self, memory: Memory, stored: Stored | None = None, doc: Doc | None = None) -> None:
        """New memory for the controller, and a document for its flash."""
        if stored is not None and doc is not None:
            self.platform.flash.put(stored, **doc.members)
        self.controller.write(memory)

    def external_current(self, doc: Doc) -> None:
        current = doc.integer("current")
        self.controller.put(SlotId.EXTERNAL, current=current)
        if valid(current):
            self.watchdog.feed()

    def external_enabled(self, doc: Doc) -> None:
        if not doc.flag("enabled"):
            self.controller.put(SlotId.EXTERNAL, current=EXTERNAL_OPEN, active=True, clear=False)
            self.external_defaults(Doc({"current": EXTERNAL_OPEN, "clear_on_disconnect": False}))

    def external_defaults(self, doc: Doc) -> None:
        current, clear = doc.integer("current"), doc.flag("clear_on_disconnect")
        if valid(current):
            memory = replace(self.controller.memory, external_default=current, external_default_clear=clear)
            self.remember(memory, flash.EXTERNAL_DEFAULTS, doc)

    def global_current(self, doc: Doc) -> None:
        current = doc.integer("current")
        if valid(current):
            self.platform.flash.put(flash.GLOBAL_CURRENT, current=current)
            self.controller.put(SlotId.GLOBAL, current=current)

    def switch(self, stored: Stored, slot: SlotId, doc: Doc) -> None:
        """A slot is switched on or off."""
        enabled = doc.flag("enabled")
        if self.controller.slot(slot).active == enabled:
            return
        if stored is flash.USER_ENABLED and enabled:
            self.tracker.end()
        self.controller.enable(stored, enabled)
        if stored is flash.MODBUS_ENABLED:
            self.modbus_switched()

    def boost(self, doc: Doc) -> None:
        self.remember(replace(self.controller.memory, boost=doc.flag("enabled")), flash.BOOST_MODE, doc)
        self.controller.apply()

    def led(self, doc: Doc) -> None:
        if self.api.flag("evse/led_configuration", "enable_api"):
            self.controller.indicate(*led_of(doc))

    def gpio(self, doc: Doc) -> None:
        shutdown, second, output = (doc.integer(name) for name in ("shutdown_input", "input", "output"))
        if shutdown > 4 or second > 16 or output > 1:
            return
        memory = replace(self.controller.memory, shutdown_input=shutdown, input=second, output=output)
        self.remember(memory, flash.GPIO, doc)
        self.controller.inputs_changed()

    def configure_button(self, doc: Doc) -> None:
        button = doc.integer("button")
        if button <= 4:
            self.remember(replace(self.controller.memory, button=button), flash.BUTTON, doc)

    def enable_wakeup(self, doc: Doc) -> None:
        self.remember(replace(self.controller.memory, ev_wakeup=doc.flag("enabled")), flash.EV_WAKEUP, doc)
        self._reconsider()

    def enable_auto_switch(self, doc: Doc) -> None:
        self.remember(replace(self.controller.memory, auto_switch=doc.flag("enabled")), flash.AUTO_SWITCH, doc)
        self._reconsider()

    def _reconsider(self) -> None:
        self.controller.apply()
        self.wakeup.look()

    def connect_phases(self, doc: Doc) -> None:
        match doc.integer("phases"):
            case 1:
                self.controller.connect_phases(1)
            case 3:
                self.controller.connect_phases(3)

    def wait(self, doc: Doc) -> None:
        time = doc.integer("time")
        if time <= LONGEST_WAIT and self.platform.generation >= 3:
            self.remember(replace(self.controller.memory, wait_time=time), flash.WAIT_TIME, doc)
            self.controller.apply()

    def disconnect_pilot(self, doc: Doc) -> None:
        disconnect = doc.flag("disconnect")
        if self.controller.slot(SlotId.CHARGE_MANAGER).active:
            text = "Control pilot cannot be (dis)connected by API while charge management is enabled."
            self.log("evse_v2", text)
        elif disconnect or not self.wakeup.cutting:
            self.controller.disconnect_pilot(disconnect)

    def reset_dc(self, doc: Doc) -> None:
        self.controller.reset_dc_fault(doc.integer("password"))

    def start_dc_test(self, _: Doc) -> None:
        if self.controller.now().iec is Iec.A:
            self.controller.test_dc_fault()
        else:
            self.log("evse_v2", "Tried to start a DC fault test but the charger is not in state A.")

    def output(self, doc: Doc) -> None:
        self.controller.write(replace(self.controller.memory, gp_output=doc.integer("gp_output")))


def _since(at: Instant, started: Instant) -> int:
    return max(0, at - started) // MILLISECOND
