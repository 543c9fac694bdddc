"""Automation: rules of a trigger and an action.

The one rule: on an event every matching rule runs, in order; one whose delay is running ignores further events.
Source: Tinkerforge esp32-firmware, `modules/automation` and the modules that register triggers and actions.
"""

from __future__ import annotations

import calendar
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final, cast

from ...core.instant import MILLISECOND, SECOND, Instant
from ...devices.interfaces import Origin, Publish
from .documents import Doc
from .evse import LED
from .memory import HIGHEST, Memory, SlotId, valid
from .models import WARP1, WARP2, WARP3_UP, WARP4
from .platform import Platform
from .rows import AnyRow, Config, State
from .schema import BOOL, I32, I52, NULL, U8, U16, U32, Arr, Int, Obj, Schema, Str, Union, obj, sint, uint
from .view import View

FW: Final = "fw: modules/automation"
RULE: Final = Origin(interface="automation")
(CRON, CHARGER_STATE, MQTT, BUTTON, NFC, LIMITS, SHUTDOWN_INPUT, GP_INPUT, WATCHDOG, REQUIRE_METER,
 MANAGER_WATCHDOG) = range(1, 12)  # fmt: skip
HTTP: Final = 18
_WILD: Final = ("#", "+")
_MODE: Final = obj(mode=uint(0, 9, width=8))
_TAG: Final = {"tag_type": uint(0, 6, width=8), "tag_id": Str(0, 29)}
_CLOSED: Final = obj(closed=BOOL)

TRIGGERS: Final[dict[int, Schema]] = {
    0: NULL,
    1: obj(
        mday=sint(-1, 32, -1, width=8), wday=sint(-1, 9, -1, width=8), hour=sint(-1, 23, -1, width=8),
        minute=sint(-1, 59, -1, width=8),
    ),
    2: obj(old_charger_state=sint(-1, 4, -1, width=8), new_charger_state=sint(-1, 4, -1, width=8)),
    3: obj(topic_filter=Str(0, 32), payload=Str(0, 32), retain=BOOL, use_prefix=BOOL),
    4: NULL,
    5: Obj(_TAG),
    6: NULL,
    7: _CLOSED,
    8: _CLOSED,
    9: NULL,
    10: NULL,
    11: NULL,
    16: obj(power_available=BOOL),
    17: obj(drawing_power=BOOL),
    18: obj(method=uint(0, 4, width=8), url_suffix=Str(0, 32), payload=Str(0, 32)),
    20: obj(type=uint(0, 1, width=8), comparison=uint(0, 1, width=8), value=I32),
}  # fmt: skip
_LIMITS: Final = {"restart": BOOL, "duration": sint(-1, 10, -1, width=8), "energy_wh": Int(52, True, value=-1)}
ACTIONS: Final[dict[int, Schema]] = {
    0: NULL,
    1: obj(message=Str(0, 64)),
    2: obj(topic=Str(0, 32), payload=Str(0, 32), retain=BOOL, use_prefix=BOOL),
    3: obj(current=U16),
    4: LED,
    5: obj(meter_slot=uint(0, 4, width=8)),
    6: obj(current=U32),
    7: Obj(_TAG | {"action": uint(0, 2, width=8)}),
    8: Obj(_LIMITS),
    9: _CLOSED,
    11: obj(phases_wanted=U8),
    12: _MODE,
    14: obj(current=sint(-1, 524287)),
    17: _MODE,
}
_NOT_ON_1: Final = {4, 7, 8, 20}
_ENABLED_TRIGGERS: Final = (1, 2, 4, 5, 6, 7, 8, 9, 18, 20)
_ENABLED_ACTIONS: Final = (1, 3, 4, 5, 7, 8, 9, 14)
METHODS: Final = {0: ("GET",), 1: ("POST",), 2: ("PUT",), 3: ("POST", "PUT"), 4: ("GET", "POST", "PUT")}


def _triggers(generation: int) -> dict[int, Schema]:
    gone = _NOT_ON_1 if generation == 1 else {8} if generation >= 3 else set()
    return {tag: schema for tag, schema in TRIGGERS.items() if tag not in gone}


def _actions(generation: int) -> dict[int, Schema]:
    found = {tag: schema for tag, schema in ACTIONS.items() if tag != 9 or generation == 2}
    if generation == 4:
        found[8] = Obj(_LIMITS | {"soc_pct": sint(-1, 100, -1, width=8)})
    return found


class Automation(Module):
    """The rules of one box."""

    def __init__(self, platform: Platform) -> None:
        super().__init__(platform)
        self._timers: dict[int, Any] = {}
        self._cron = self.platform.timer(self._minute)
        self._charger_state = 0
        self.last_run: list[int] = []

    # --- configuration -----------------------------------------------------------------------------------------------

    @property
    def tasks(self) -> list[dict[str, Any]]:
        config = self.api.doc("automation/config")
        return cast("list[dict[str, Any]]", config["tasks"])

    @property
    def zone(self) -> Any:
        """The box's time zone."""
        from .system import zone

        return zone(str(self.api.member("ntp/config", "timezone")))

    def boot(self) -> None:
        self._charger_state = 0
        self._start()
        memory = self.controller.memory
        self._shutdown(memory)
        self._input(memory)

    def applied(self) -> None:
        """New rules: delays are forgotten, and what only rules had set is set back."""
        self._start()
        used = any(task["action"][0] == 3 for task in self.tasks)
        if not used and self.controller.slot(SlotId.AUTOMATION).active:
            self.controller.put(SlotId.AUTOMATION, current=HIGHEST, active=False, clear=True)

    def _start(self) -> None:
        self.stop()
        self.last_run = [0] * len(self.tasks)
        if self.wants(CRON):
            self._plan_cron()
        self.external_watchdog.arm()
        self.manager_watchdog.arm()

    def stop(self) -> None:
        self._cron.clear()
        for timer in self._timers.values():
            timer.clear()
        self._timers.clear()

    def wants(self, trigger: int) -> bool:
        """Whether any rule has this trigger."""
        return any(task["trigger"][0] == trigger for task in self.tasks)

    # --- events ------------------------------------------------------------------------------------------------------

    def fire(self, trigger: int, matches: Callable[[dict[str, Any]], bool] = lambda _: True) -> bool:
        """Something happened: run what waits for it. Whether any rule did."""
        if not self.platform.up:
            return False
        found = False
        for index, task in enumerate(self.tasks):
            tag, details = task["trigger"]
            if tag == trigger and matches(details):
                found = True
                self._start_task(index, task)
        return found

    def _start_task(self, index: int, task: dict[str, Any]) -> None:
        if index in self._timers:
            return
        at = self.platform.at
        delay = task["delay"]
        self.last_run[index] = (at - self.platform.booted_at) // MILLISECOND + delay * 1000
        if not delay:
            self.log("automation", f"Running rule #{index + 1}")
            self._act(task["action"])
            return
        self.log("automation", f"Running rule #{index + 1} in {delay} seconds")

        def due(_: Instant) -> None:
            self._timers.pop(index, None)
            self._act(task["action"])
            self.platform.changed()

        timer = self._timers[index] = self.platform.timer(due)
        timer.set(at + delay * SECOND)

    def tag_seen(self, kind: int, tag_id: str) -> None:
        self.fire(NFC, lambda t: t["tag_type"] == kind and t["tag_id"] == tag_id)

    def inputs_changed(self, before: Memory, now: Memory) -> None:
        if before.shutdown_closed != now.shutdown_closed:
            self._shutdown(now)
        if before.input_closed != now.input_closed:
            self._input(now)

    def _shutdown(self, memory: Memory) -> None:
        """`closed` means that the input opened: the firmware compares with the negated pin."""
        if self.platform.generation >= 2:
            self.fire(SHUTDOWN_INPUT, lambda t: t["closed"] != memory.shutdown_closed)

    def _input(self, memory: Memory) -> None:
        if self.platform.generation == 2:
            self.fire(GP_INPUT, lambda t: t["closed"] == memory.input_closed)

    def second(self, at: Instant, v: View) -> Instant | None:
        """The charger state as the push of this second shows it."""
        before, now = self._charger_state, v.evse.charger_state
        if before != now:
            self._charger_state = now
            self.fire(
                CHARGER_STATE,
                lambda t: t["old_charger_state"] in (-1, before) and t["new_charger_state"] in (-1, now),
            )
        return None

    def message(self, topic: str, payload: bytes, retained: bool) -> bool:
        """An MQTT message; whether a rule took it."""
        text = payload.decode(errors="replace")
        return self.fire(
            MQTT,
            lambda t: self._topic(t) == topic and t["payload"] in ("", text) and (not retained or t["retain"]),
        )

    def _topic(self, trigger: dict[str, Any]) -> str:
        topic = str(trigger["topic_filter"])
        return self.mqtt.topic(f"automation_trigger/{topic}") if trigger["use_prefix"] else topic

    def topics(self) -> list[str]:
        """MQTT topics that rules wait for."""
        return [self._topic(task["trigger"][1]) for task in self.tasks if task["trigger"][0] == MQTT]

    def requested(self, method: str, suffix: str, body: bytes) -> tuple[int, str]:
        """A request on `/automation_trigger/<suffix>`: status and text."""
        rules = [task["trigger"][1] for task in self.tasks if task["trigger"][0] == HTTP]
        rules = [rule for rule in rules if rule["url_suffix"] == suffix]
        if not rules:
            return 404, "No automation rule matches this URL"
        rules = [rule for rule in rules if method in METHODS[rule["method"]]]
        if not rules:
            return 405, "No automation rule for this URL matches this method"
        fitting = [rule for rule in rules if not rule["payload"] or len(rule["payload"].encode()) == len(body)]
        if not fitting:
            return 422, "No automation rule for this URL and method matches this payload length"
        fitting = [rule for rule in fitting if not rule["payload"] or rule["payload"].encode() == body]
        if not fitting:
            return 422, "No automation rule for this URL and method matches this payload"
        self.fire(HTTP, lambda rule: rule in fitting)
        self.platform.changed()
        return 200, ""

    # --- clock -------------------------------------------------------------------------------------------------------

    def _plan_cron(self) -> None:
        now = self.platform.clock.utc(self.platform.at)
        wait = timedelta(minutes=1) - timedelta(seconds=now.second, microseconds=now.microsecond)
        self._cron.set(self.platform.at + round(wait / timedelta(microseconds=1)))

    def _minute(self, at: Instant) -> None:
        if self.platform.clock.known_at(at):
            local = self.platform.clock.utc(at).astimezone(self.zone)
            self.fire(CRON, lambda t: due(t, local))
        self._plan_cron()
        self.platform.changed()

    # --- actions -----------------------------------------------------------------------------------------------------

    def _act(self, action: list[Any]) -> None:
        tag, details = action
        _DO[tag](self, details)

    def state(self) -> dict[str, object]:
        generation = self.platform.generation
        triggers = [tag for tag in sorted(_triggers(generation)) if tag]
        actions = [tag for tag in sorted(_actions(generation)) if tag]
        mqtt = self.mqtt.enabled
        manager = self.api.flag("charge_manager/config", "enable_charge_manager")
        extra_triggers = {3: mqtt, 10: self.platform.traits.pro, 11: manager, 17: self.power.enabled}
        managed = self.controller.slot(SlotId.CHARGE_MANAGER).active
        extra = {2: mqtt, 6: manager, 12: manager, 11: self.power.offered, 17: managed}
        return {
            "registered_triggers": triggers,
            "registered_actions": actions,
            "enabled_triggers": [tag for tag in triggers if tag in _ENABLED_TRIGGERS or extra_triggers.get(tag)],
            "enabled_actions": [tag for tag in actions if tag in _ENABLED_ACTIONS or extra.get(tag)],
            "last_run": list(self.last_run),
        }


def due(rule: dict[str, int], now: datetime) -> bool:
    """Whether a cron trigger fits the minute that has just begun."""
    if rule["hour"] not in (-1, now.hour) or rule["minute"] not in (-1, now.minute):
        return False
    wday, mday, today = rule["wday"], rule["mday"], now.isoweekday() % 7
    if wday == -1:
        last = calendar.monthrange(now.year, now.month)[1]
        return mday in (-1, 0, now.day) or (mday == 32 and now.day == last)
    if wday == 8:
        return 1 <= today <= 5
    if wday == 9:
        return today in (0, 6)
    return wday % 7 == today


def _call(m: Automation, path: str, value: object) -> None:
    """As a client would; an error appears in the event log only."""
    if path not in m.api.commands:
        m.log("automation", f"Unknown command: {path}")
        return
    problem = m.api.call(path, value, RULE)
    if problem is not None:
        m.log("automation", f"Failed to execute {path}: {problem}")


def _publish(m: Automation, details: dict[str, Any]) -> None:
    topic = details["topic"]
    if details["use_prefix"]:
        topic = m.mqtt.topic(f"automation_action/{topic}")
    m.mqtt.publish(Publish(topic=topic, payload=details["payload"].encode(), retain=details["retain"]))


def _current(m: Automation, details: dict[str, Any]) -> None:
    m.controller.put(SlotId.AUTOMATION, current=details["current"], active=True, clear=False)


def _led(m: Automation, details: dict[str, Any]) -> None:
    if not m.api.flag("evse/led_configuration", "enable_api"):
        colour = (details["color_h"], details["color_s"], details["color_v"])
        m.controller.indicate(details["indication"], details["duration"], colour)


def _inject(m: Automation, details: dict[str, Any]) -> None:
    m.nfc.inject(details["tag_type"], details["tag_id"], details["action"])


def _charge_limits(m: Automation, details: dict[str, Any]) -> None:
    if details["restart"]:
        _call(m, "charge_limits/restart", None)
    for member, command in (("duration", "duration"), ("energy_wh", "energy"), ("soc_pct", "soc")):
        if details.get(member, -1) >= 0:
            _call(m, f"charge_limits/override_{command}", {member: details[member]})


def _output(m: Automation, details: dict[str, Any]) -> None:
    m.controller.change(gp_output=0 if details["closed"] else 1)


def _most(m: Automation, details: dict[str, Any]) -> None:
    m.platform.max_current_limited = max(0, details["current"])


_DO: Final[dict[int, Callable[[Any, Any], None]]] = {
    1: lambda m, d: m.log("automation", f"    {d['message']}"),
    2: _publish,
    3: _current,
    4: _led,
    5: lambda m, d: _call(m, f"meters/{d['meter_slot']}/reset", None),
    6: lambda m, d: _call(m, "charge_manager/available_current_update", d),
    7: _inject,
    8: _charge_limits,
    9: _output,
    11: lambda m, d: _call(m, "power_manager/external_control_update", d),
    12: lambda m, d: _call(m, "power_manager/charge_mode_update", d),
    14: _most,
    17: lambda m, d: _call(m, "evse/charge_mode_update", d),
}


# --- validation ------------------------------------------------------------------------------------------------------


def _wrong_topic(m: Automation, topic: str, *, use_prefix: bool, wildcards: bool) -> str | None:
    prefix = m.mqtt.prefix
    if not use_prefix and prefix and topic.startswith(prefix):
        return "MQTT topic must not contain the global prefix."
    if not wildcards:
        return "MQTT topic must not contain wildcards." if any(w in topic for w in _WILD) else None
    levels = topic.split("/")
    for index, level in enumerate(levels):
        alone = level in _WILD
        if any(w in level for w in _WILD) and (not alone or (level == "#" and index < len(levels) - 1)):
            return "Invalid use of wildcards in topic."
    return None


def _wrong_action(m: Automation, tag: int, details: Any) -> str | None:
    if tag == 2:
        return _wrong_topic(m, details["topic"], use_prefix=details["use_prefix"], wildcards=False)
    if tag == 3 and not valid(details["current"]):
        return "Current must be 0 or between 6000 and 32000"
    if tag == 6:
        most = m.api.integer("charge_manager/config", "maximum_available_current")
        if details["current"] > most:
            return f"Current too large: maximum available current is configured to {most}"
    return None


def _wrong_trigger(m: Automation, tag: int, details: Any) -> str | None:
    if tag == MQTT:
        return _wrong_topic(m, details["topic_filter"], use_prefix=details["use_prefix"], wildcards=True)
    return None


def _validate(m: Automation, doc: Doc) -> str | None:
    for task in doc["tasks"]:
        tag, details = task["action"]
        if tag == 0:
            return "ActionID must not be 0!"
        if (problem := _wrong_action(m, tag, details)) is not None:
            return problem
        tag, details = task["trigger"]
        if tag == 0:
            return "TriggerID must not be 0!"
        if (problem := _wrong_trigger(m, tag, details)) is not None:
            return problem
    return None


def _config(generation: int, models: tuple[str, ...]) -> Config[Automation]:
    task = obj(trigger=Union(_triggers(generation)), action=Union(_actions(generation)), delay=uint(0, 86400))
    return Config(
        name="automation/config",
        schema=obj(tasks=Arr(task, 14)),
        validate=_validate,
        applied=lambda m, _, __: m.applied(),
        models=models,
        source=FW,
    )


_WARP3: Final = tuple(model for model in WARP3_UP if model not in WARP4)
ROWS: Final[tuple[AnyRow[Automation], ...]] = (
    _config(1, WARP1),
    _config(2, WARP2),
    _config(3, _WARP3),
    _config(4, WARP4),
    State(
        name="automation/state",
        schema=obj(
            registered_triggers=Arr(U8, 32),
            registered_actions=Arr(U8, 32),
            enabled_triggers=Arr(U8, 32),
            enabled_actions=Arr(U8, 32),
            last_run=Arr(I52, 14),
        ),
        read=lambda m, v: m.state(),
        source=FW,
    ),
)
