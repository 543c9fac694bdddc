"""Automation: rules of a trigger and an action.

The one rule: on an event every matching rule runs, in order; one whose delay is running ignores further events.
Source: Tinkerforge esp32-firmware, `modules/automation` and the modules that register triggers and actions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from ....core.agenda import Timer
from ....core.instant import MILLISECOND, SECOND, Instant
from ....devices.interfaces import Origin, Publish
from ..api.bricklets import led_of
from ..api.documents import Doc
from ..api.rows import AnyRow, Config, Source
from ..api.schema import I52, U8, uint
from ..api.shapes import Arr, Union, obj
from ..charging.nfc import Nfc
from ..evse.controller import Controller
from ..evse.memory import HIGHEST, Memory, SlotId, valid
from ..house.manager import ChargeManager
from ..house.power import PowerManager
from ..models import WARP1, WARP2, WARP3, WARP4
from ..module import Module
from ..platform import Platform
from ..push.mqtt import Mqtt
from ..view import View
from . import triggers
from .documents import (
    ACTION_ORDER,
    ENABLED_ACTIONS,
    ENABLED_TRIGGERS,
    METHODS,
    TRIGGER_ORDER,
    actions_of,
    due,
    triggers_of,
    wrong_topic,
)

FW: Final = Source("fw: modules/automation")
CONFIG: Final = "automation/config"
RULE: Final = Origin(interface="automation")
OVERRIDES: Final = (("duration", "duration"), ("energy_wh", "energy"), ("soc_pct", "soc"))
"""Members of an action on charge limits, and the commands they stand for."""
PUBLISH, CURRENT, MANAGER_CURRENT = 2, 3, 6
"""Actions whose documents are checked."""


class Automation(Module):
    """The rules of one wallbox."""

    def __init__(
        self,
        platform: Platform,
        controller: Controller,
        mqtt: Mqtt,
        nfc: Nfc,
        power: PowerManager,
        manager: ChargeManager,
    ) -> None:
        super().__init__(platform)
        self.controller = controller
        self.mqtt = mqtt
        self.nfc = nfc
        self.power = power
        self.manager = manager
        self._timers: dict[int, Timer] = {}
        self._cron = platform.timer(self._minute)
        self._charger_state = 0
        self._last_run: list[int] = []
        self._actions: Mapping[int, Callable[[Doc], object]] = {
            1: lambda d: self.log("automation", f"    {d['message']}"),
            PUBLISH: self._publish,
            CURRENT: self._limit,
            4: self._show,
            5: lambda d: self._call(f"meters/{d['meter_slot']}/reset", None),
            MANAGER_CURRENT: lambda d: self._call("charge_manager/available_current_update", d.value),
            7: lambda d: nfc.inject(d.integer("tag_type"), d.text("tag_id"), d.integer("action")),
            8: self._limit_charge,
            9: self._switch_output,
            11: lambda d: self._call("power_manager/external_control_update", d.value),
            12: lambda d: self._call("power_manager/charge_mode_update", d.value),
            14: self._limit_all,
            17: lambda d: self._call("evse/charge_mode_update", d.value),
        }
        platform.triggers.serve(self.fire, self.wants)
        mqtt.rules = self

    # --- configuration -----------------------------------------------------------------------------------------------

    @property
    def tasks(self) -> list[Doc]:
        return self.api.doc(CONFIG).docs("tasks")

    def boot(self) -> None:
        self._charger_state = 0
        self._start()
        memory = self.controller.memory
        self._shutdown(memory)
        self._input(memory)

    def applied(self, new: Doc, old: Doc) -> None:
        """New rules: delays are forgotten, and what only rules had set is set back."""
        self._start()
        used = any(task.variant("action")[0] == CURRENT for task in self.tasks)
        if not used and self.controller.slot(SlotId.AUTOMATION).active:
            self.controller.put(SlotId.AUTOMATION, current=HIGHEST, active=False, clear=True)

    def _start(self) -> None:
        self.stop()
        self._last_run = [0] * len(self.tasks)
        if self.wants(triggers.CRON):
            self._plan_cron()
        self.platform.triggers.changed()

    def stop(self) -> None:
        self._cron.clear()
        for timer in self._timers.values():
            timer.clear()
        self._timers.clear()

    def wants(self, trigger: int) -> bool:
        """Whether any rule has this trigger."""
        return any(task.variant("trigger")[0] == trigger for task in self.tasks)

    # --- events ------------------------------------------------------------------------------------------------------

    def fire(self, trigger: int, matches: triggers.Matches = lambda _: True) -> bool:
        """Something happened: run what waits for it. Whether any rule did."""
        if not self.platform.up:
            return False
        found = False
        for index, task in enumerate(self.tasks):
            tag, details = task.variant("trigger")
            if tag == trigger and matches(details):
                found = True
                self._start_task(index, task)
        return found

    def _start_task(self, index: int, task: Doc) -> None:
        if index in self._timers:
            return
        at = self.platform.at
        delay = task.integer("delay")
        self._last_run[index] = (at - self.platform.booted_at) // MILLISECOND + delay * 1000
        if not delay:
            self.log("automation", f"Running rule #{index + 1}")
            self._act(task)
            return
        self.log("automation", f"Running rule #{index + 1} in {delay} seconds")

        def run(_: Instant) -> None:
            self._timers.pop(index, None)
            self._act(task)
            self.platform.changed()

        timer = self._timers[index] = self.platform.timer(run)
        timer.set(at + delay * SECOND)

    def inputs_changed(self, before: Memory, now: Memory) -> None:
        """A contact at an input has been opened or closed."""
        if before.shutdown_closed != now.shutdown_closed:
            self._shutdown(now)
        if before.input_closed != now.input_closed:
            self._input(now)

    def _shutdown(self, memory: Memory) -> None:
        """`closed` means that the input opened: the firmware compares with the negated pin."""
        if self.platform.generation >= 2:
            self.fire(triggers.SHUTDOWN_INPUT, lambda t: t["closed"] != memory.shutdown_closed)

    def _input(self, memory: Memory) -> None:
        if self.platform.generation == 2:
            self.fire(triggers.GP_INPUT, lambda t: t["closed"] == memory.input_closed)

    def second(self, at: Instant, v: View) -> Instant | None:
        """The charger state as the push of this second shows it."""
        before, now = self._charger_state, v.evse.charger_state
        if before != now:
            self._charger_state = now
            self.fire(
                triggers.CHARGER_STATE,
                lambda t: t["old_charger_state"] in (-1, before) and t["new_charger_state"] in (-1, now),
            )
        return None

    def received(self, topic: str, payload: bytes, retained: bool) -> bool:
        """An MQTT message; whether a rule took it."""
        text = payload.decode(errors="replace")
        return self.fire(
            triggers.MQTT,
            lambda t: self._topic(t) == topic and t["payload"] in ("", text) and (not retained or t.flag("retain")),
        )

    def _topic(self, trigger: Doc) -> str:
        topic = trigger.text("topic_filter")
        return self.mqtt.topic(f"automation_trigger/{topic}") if trigger.flag("use_prefix") else topic

    def subscriptions(self) -> tuple[str, ...]:
        """MQTT topics that rules wait for."""
        found = (task.variant("trigger") for task in self.tasks)
        return tuple(self._topic(details) for tag, details in found if tag == triggers.MQTT)

    def requested(self, method: str, suffix: str, body: bytes) -> tuple[int, str]:
        """A request on `/automation_trigger/<suffix>`: status and text."""
        found = (task.variant("trigger") for task in self.tasks)
        rules = [rule for tag, rule in found if tag == triggers.HTTP and rule["url_suffix"] == suffix]
        if not rules:
            return 404, "No automation rule matches this URL"
        rules = [rule for rule in rules if method in METHODS[rule.integer("method")]]
        if not rules:
            return 405, "No automation rule for this URL matches this method"
        fitting = [rule for rule in rules if len(rule.text("payload").encode()) in (0, len(body))]
        if not fitting:
            return 422, "No automation rule for this URL and method matches this payload length"
        fitting = [rule for rule in fitting if rule.text("payload").encode() in (b"", body)]
        if not fitting:
            return 422, "No automation rule for this URL and method matches this payload"
        self.fire(triggers.HTTP, lambda rule: rule in fitting)
        self.platform.changed()
        return 200, ""

    # --- clock -------------------------------------------------------------------------------------------------------

    def _plan_cron(self) -> None:
        self._cron.set(self.platform.at + self.platform.clock.until_next(1))

    def _minute(self, at: Instant) -> None:
        clock = self.platform.clock
        if clock.known_at(at):
            local = clock.local(at)
            self.fire(triggers.CRON, lambda t: due(t, local))
        self._plan_cron()
        self.platform.changed()

    # --- actions -----------------------------------------------------------------------------------------------------

    def _act(self, task: Doc) -> None:
        tag, details = task.variant("action")
        self._actions[tag](details)

    def _call(self, path: str, value: object) -> None:
        """As a client would; an error appears in the event log only."""
        if path not in self.api.commands:
            self.log("automation", f"Unknown command: {path}")
            return
        problem = self.api.call(path, value, RULE)
        if problem is not None:
            self.log("automation", f"Failed to execute {path}: {problem}")

    def _publish(self, doc: Doc) -> None:
        topic = doc.text("topic")
        if doc.flag("use_prefix"):
            topic = self.mqtt.topic(f"automation_action/{topic}")
        self.mqtt.publish(Publish(topic=topic, payload=doc.text("payload").encode(), retain=doc.flag("retain")))

    def _limit(self, doc: Doc) -> None:
        self.controller.put(SlotId.AUTOMATION, current=doc.integer("current"), active=True, clear=False)

    def _show(self, doc: Doc) -> None:
        """Only while the LED is not released for clients."""
        if not self.api.flag("evse/led_configuration", "enable_api"):
            self.controller.indicate(*led_of(doc))

    def _limit_charge(self, doc: Doc) -> None:
        if doc.flag("restart"):
            self._call("charge_limits/restart", None)
        for member, command in OVERRIDES:
            if doc.integer(member, -1) >= 0:
                self._call(f"charge_limits/override_{command}", {member: doc[member]})

    def _switch_output(self, doc: Doc) -> None:
        self.controller.write(replace(self.controller.memory, gp_output=0 if doc.flag("closed") else 1))

    def _limit_all(self, doc: Doc) -> None:
        self.power.most = max(0, doc.integer("current"))

    # --- what it shows -----------------------------------------------------------------------------------------------

    def state(self, v: View) -> object:
        generation = self.platform.generation
        known = [tag for tag in sorted(triggers_of(generation)) if tag]
        actions = [tag for tag in sorted(actions_of(generation)) if tag]
        mqtt, power = self.mqtt.enabled, self.power
        manager = self.manager.config.flag("enable_charge_manager")
        managed = self.controller.slot(SlotId.CHARGE_MANAGER).active
        watched = "require_meter/config" in self.api.states
        watched = watched and self.api.integer("require_meter/config", "config") == 2
        more = {3: mqtt, 10: watched, 11: manager, 17: power.enabled}
        more_actions = {2: mqtt, 6: manager, 12: manager, 11: power.offered, 17: managed}
        return {
            "registered_triggers": known,
            "registered_actions": actions,
            "enabled_triggers": [
                tag for tag in TRIGGER_ORDER if tag in known and (tag in ENABLED_TRIGGERS or more.get(tag))
            ],
            "enabled_actions": [
                tag for tag in ACTION_ORDER if tag in actions and (tag in ENABLED_ACTIONS or more_actions.get(tag))
            ],
            "last_run": list(self._last_run),
        }

    # --- validation --------------------------------------------------------------------------------------------------

    def check(self, doc: Doc) -> str | None:
        for task in doc.docs("tasks"):
            (action, what), (trigger, when) = task.variant("action"), task.variant("trigger")
            if action == 0:
                return "ActionID must not be 0!"
            if (problem := self._wrong_action(action, what)) is not None:
                return problem
            if trigger == 0:
                return "TriggerID must not be 0!"
            if trigger == triggers.MQTT and (problem := self._wrong_topic(when, "topic_filter")) is not None:
                return problem
        return None

    def _wrong_topic(self, doc: Doc, member: str) -> str | None:
        filters = member == "topic_filter"
        prefixed = doc.flag("use_prefix")
        return wrong_topic(doc.text(member), self.mqtt.prefix, use_prefix=prefixed, wildcards=filters)

    def _wrong_action(self, tag: int, doc: Doc) -> str | None:
        if tag == PUBLISH:
            return self._wrong_topic(doc, "topic")
        if tag == CURRENT and not valid(doc.integer("current")):
            return "Current must be 0 or between 6000 and 32000"
        return self.manager.too_much(doc.integer("current")) if tag == MANAGER_CURRENT else None


def _config(generation: int, models: tuple[str, ...]) -> Config[Automation]:
    trigger, action = Union(triggers_of(generation)), Union(actions_of(generation))
    return FW.config(
        CONFIG,
        obj(tasks=Arr(obj(trigger=trigger, action=action, delay=uint(0, 86400)), 14)),
        validate=Automation.check,
        applied=Automation.applied,
        models=models,
    )


ROWS: Final[tuple[AnyRow[Automation], ...]] = (
    _config(1, WARP1),
    _config(2, WARP2),
    _config(3, WARP3),
    _config(4, WARP4),
    FW.state(
        "automation/state",
        obj(
            registered_triggers=Arr(U8, 32),
            registered_actions=Arr(U8, 32),
            enabled_triggers=Arr(U8, 32),
            enabled_actions=Arr(U8, 32),
            last_run=Arr(I52, 14),
        ),
        Automation.state,
    ),
)
