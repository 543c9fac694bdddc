"""MQTT auto discovery: what Home Assistant (or something like it) is told about the wallbox.

The one rule: every entity a second after the connection, and again every quarter of an hour; what is stale is deleted.
Source: Tinkerforge esp32-firmware, `modules/mqtt_auto_discovery`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from ....core.instant import MINUTE, SECOND, Instant
from ....devices.interfaces import Publish
from ..platform import Platform
from ..system.features import EVSE, METER, PHASES, Features

OFF, GENERIC, HOME_ASSISTANT = range(3)
AGAIN: Final = 15 * MINUTE
GERMAN, ENGLISH = 0, 1
_YES_NO: Final = {"payload_on": "True", "payload_off": "False"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Entity:
    """One thing to discover. `names`: German, English."""

    id: str
    component: str
    names: tuple[str, str]
    state: str | None = None
    command: str | None = None
    keys: Mapping[str, object] = field(default_factory=dict)
    feature: str
    only_home_assistant: bool = False


def _measure(unit: str, kind: str, how: str = "measurement") -> dict[str, object]:
    return {"unit_of_measurement": unit, "device_class": kind, "state_class": how}


def _sensor(
    id: str,  # noqa: A002 - the field's name
    german: str,
    english: str,
    state: str,
    value: str,
    keys: Mapping[str, object],
    feature: str = EVSE,
) -> Entity:
    """`value`: the template of what is shown."""
    shown = {"value_template": f"{{{{{value}}}}}", **keys}
    return Entity(id=id, component="sensor", names=(german, english), state=state, keys=shown, feature=feature)


def _energy(what: str, german: str, english: str) -> Entity:
    names = (f"Stromverbrauch {german}", f"Energy consumption ({english})")
    value = f"value_json.energy_{what} | round(3)"
    return _sensor(f"energy{what}", *names, "meter/values", value, _measure("kWh", "energy", "total"), METER)


def _current(index: int) -> Entity:
    names = (f"Strom L{index}", f"Current L{index}")
    value = f"value_json[{index + 2}] | round(3)"
    return _sensor(f"current_l{index}", *names, "meter/all_values", value, _measure("A", "current"), PHASES)


def _binary(
    id: str,  # noqa: A002 - the field's name
    german: str,
    english: str,
    value: str,
    kind: str,
    state: str = "evse/state",
    **keys: object,
) -> Entity:
    return Entity(
        id=id,
        component="binary_sensor",
        names=(german, english),
        state=state,
        keys={"device_class": kind, **keys, "value_template": f"{{{{{value}}}}}", **_YES_NO},
        feature=EVSE,
        only_home_assistant=True,
    )


def _button(what: str, german: str, english: str, icon: str) -> Entity:
    keys = {"payload_press": "null", "payload_on": "null", "icon": icon}
    command = f"evse/{what}_charging"
    return Entity(
        id=f"{what}charge", component="button", names=(german, english), command=command, keys=keys, feature=EVSE
    )


_LIMITS: Final = {"min": 0, "max": 32}
_STATE: Final = "value_json.charger_state"
ENTITIES: Final = (
    _sensor(
        "powernow",
        "Leistungsaufnahme",
        "Power draw",
        "meter/values",
        "value_json.power | round(0)",
        _measure("W", "power"),
        METER,
    ),
    _energy("abs", "absolut", "absolute"),
    _energy("rel", "relativ", "relative"),
    _current(1),
    _current(2),
    _current(3),
    _sensor("chargerstate", "Ladestatus", "Charge state", "evse/state", _STATE, {"icon": "mdi:ev-plug-type2"}),
    Entity(
        id="globalcurrent",
        component="number",
        names=("Ladestromlimit", "charging current limit"),
        state="evse/external_current",
        command="evse/external_current_update",
        keys={
            "value_template": "{{(value_json.current | float / 1000) | round(3)}}",
            "command_template": "{{ value * 1000 }}",
            "unit_of_measurement": "A",
            **_LIMITS,
            "mode": "auto",
            "icon": "mdi:gauge",
        },
        feature=EVSE,
    ),
    _sensor(
        "allowedcurrent",
        "Erlaubter Ladestrom",
        "Allowed charging current",
        "evse/state",
        "(value_json.allowed_charging_current | float / 1000) | round(3)",
        {**_measure("A", "current"), **_LIMITS},
    ),
    _button("start", "Ladevorgang starten", "Start charging", "mdi:flash"),
    _button("stop", "Ladevorgang beenden", "Stop charging", "mdi:flash-off"),
    _binary("cable", "Wallbox-Ladekabel verbunden", "Charger cable connected", f"{_STATE} in [1, 2, 3]", "plug"),
    _binary("ready", "Wallbox ladebereit", "Charger ready to charge", f"{_STATE} in [2, 3]", "power"),
    _binary("charging", "Wallbox lädt", "Charger charging", f"{_STATE} in [3]", "battery_charging"),
    _binary("error", "Wallbox-Fehler", "Charger error", f"{_STATE} in [4]", "problem"),
    _binary(
        "online",
        "Wallbox verfügbar",
        "Charger online",
        "value_json.uptime>0",
        "connectivity",
        "evse/low_level_state",
        expire_after="30",
    ),
)


class Discovery:
    """What was announced of one wallbox."""

    def __init__(
        self, platform: Platform, features: Features, topic: Callable[[str], str], publish: Callable[[Publish], None]
    ) -> None:
        """`topic`: of a path."""
        self._platform = platform
        self._api = platform.api
        self._features = features
        self._state_topic = topic
        self._publish = publish
        self._mode = OFF
        self._prefix = "homeassistant"
        self._client = ""
        self._due: Instant | None = None
        self._language = GERMAN

    def boot(self) -> None:
        config = self._api.doc("mqtt/auto_discovery_config")
        self._mode, self._prefix = config.integer("auto_discovery_mode"), config.text("auto_discovery_prefix")
        self._client = self._api.text_of("mqtt/config", "client_name")
        self._due = None

    def subscriptions(self) -> tuple[str, ...]:
        return () if self._mode == OFF else (f"{self._prefix}/+/{self._client}/+/config",)

    def _topic(self, entity: Entity) -> str:
        return f"{self._prefix}/{entity.component}/{self._client}/{entity.id}/config"

    def entities(self) -> list[Entity]:
        have = self._features.announced()
        return [
            entity
            for entity in ENTITIES
            if entity.feature in have and (self._mode == HOME_ASSISTANT or not entity.only_home_assistant)
        ]

    def payload(self, entity: Entity) -> str:
        """What is announced, keys in the device's order; those of the entity are text as its build made it."""
        name = f"{self._client}-{entity.id}"
        language = self._api.integer("system/i18n_config", "language")
        found: dict[str, object] = {
            "name": entity.names[ENGLISH if language == ENGLISH else GERMAN],
            "unique_id": name,
            "default_entity_id": f"{entity.component}.{name}",
            "object_id": name,
        }
        if entity.command is not None:
            found["command_topic"] = self._state_topic(entity.command)
        if entity.state is not None:
            found["state_topic"] = self._state_topic(entity.state)
        product = self._platform.traits.product
        device = {
            "identifiers": self._client,
            "manufacturer": "Tinkerforge GmbH",
            "model": product,
            "name": f"{product} ({self._client})",
        }
        parts = _compact(found)[:-1], json.dumps(entity.keys)[1:-1], _compact({"device": device})[1:]
        return ",".join(parts)

    def connected(self, at: Instant) -> None:
        self._due = at + SECOND if self._mode != OFF else None
        self._language = self._api.integer("system/i18n_config", "language")

    def second(self, at: Instant) -> tuple[list[Publish], Instant | None]:
        """What is to be announced now, and when to ask again."""
        if self._mode == OFF or self._due is None:
            return [], None
        language = self._api.integer("system/i18n_config", "language")
        if language != self._language:
            self._language, self._due = language, min(self._due, at + SECOND)
        if at < self._due:
            return [], self._due
        self._due = at + AGAIN
        found = [(self._topic(entity), self.payload(entity).encode()) for entity in self.entities()]
        return [Publish(topic=topic, payload=payload, retain=True) for topic, payload in found], self._due

    def received(self, topic: str, payload: bytes) -> bool:
        """A discovery topic of this wallbox; a stale one is deleted. Whether it was one."""
        parts = topic.split("/")
        mine = len(parts) >= 5 and parts[-1] == "config" and parts[-3] == self._client
        if self._mode == OFF or not mine or "/".join(parts[:-4]) != self._prefix:
            return False
        if payload and topic not in {self._topic(entity) for entity in self.entities()}:
            self._publish(Publish(topic=topic, payload=b"", retain=True))
        return True


def _compact(found: Mapping[str, object]) -> str:
    return json.dumps(found, ensure_ascii=False, separators=(",", ":"))
