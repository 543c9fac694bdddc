"""What a wallbox tells Home Assistant over MQTT about itself (`mhe`, `mht`): one retained topic an entity.

The one rule: an entity is a key with a topic; here is only how Home Assistant is to show it.
Source: key lists of firmware 59.4 to 60.4 (`mhe`, `mht`), mqtt-en (`mcc` is the availability topic), Home Assistant's
documentation of MQTT discovery (members). ASSUMED: which entities there are, their names, and that an empty payload
takes them back when `mhe` is switched off.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import field
from typing import Final, Literal

from ...core.values import terse
from ...devices.interfaces import Publish
from .device import Device
from .features import LAST_WILL
from .settings import MHE, MHT
from .status import Tables

Component = Literal["binary_sensor", "button", "number", "select", "sensor", "switch"]


@terse
class Entity:
    """How one key is shown."""

    component: Component
    key: str
    name: str
    more: dict[str, object] = field(default_factory=dict)
    element: int | None = None
    """Of a list, the element that is meant."""

    @property
    def id(self) -> str:
        return self.key if self.element is None else f"{self.key}_{self.element}"


def _measured(key: str, name: str, kind: str, unit: str, element: int | None = None, **more: object) -> Entity:
    about = {"device_class": kind, "unit_of_measurement": unit, "state_class": "measurement", **more}
    return Entity("sensor", key, name, about, element)


def _choice(key: str, name: str, *options: str) -> Entity:
    return Entity("select", key, name, {"options": list(options)})


def _number(key: str, name: str, lowest: float, highest: float, unit: str) -> Entity:
    return Entity("number", key, name, {"min": lowest, "max": highest, "unit_of_measurement": unit})


ENTITIES: Final = (
    Entity("sensor", "car", "Car state"),
    Entity("sensor", "err", "Error"),
    Entity("sensor", "modelStatus", "Charging decision"),
    Entity("binary_sensor", "alw", "Charging allowed"),
    _number("amp", "Requested current", 6, 32, "A"),
    _number("ama", "Maximum current", 6, 32, "A"),
    _number("dwo", "Energy limit", 0, 100_000, "Wh"),
    _choice("frc", "Force state", "0", "1", "2"),
    _choice("psm", "Phase switch mode", "0", "1", "2"),
    _choice("lmo", "Logic mode", "3", "4", "5"),
    _choice("ust", "Cable lock", "0", "1", "2"),
    Entity("switch", "fup", "Use surplus"),
    Entity("button", "rst", "Restart"),
    _measured("eto", "Total energy", "energy", "Wh", state_class="total_increasing"),
    _measured("wh", "Session energy", "energy", "Wh", state_class="total_increasing"),
    *(_measured("nrg", f"Voltage L{line}", "voltage", "V", line - 1) for line in (1, 2, 3)),
    *(_measured("nrg", f"Current L{line}", "current", "A", line + 3) for line in (1, 2, 3)),
    *(_measured("nrg", f"Power L{line}", "power", "W", line + 6) for line in (1, 2, 3)),
    _measured("nrg", "Power", "power", "W", 11),
    *(_measured("tma", f"Temperature {index + 1}", "temperature", "°C", index) for index in (0, 1)),
    _measured("rssi", "Signal strength", "signal_strength", "dBm", entity_category="diagnostic"),
)
_SETTABLE: Final = frozenset(("number", "select", "switch", "button"))


def prefix(device: Device, tables: Tables) -> str | None:
    """Where it announces itself now; None: not at all."""
    settings = device.settings
    known = MHE.name in tables.keys and settings[MHE]
    stated = (settings[MHT] or "") if known else ""
    return stated.rstrip("/") if stated and not set(stated) & set("+#\0") else None


def messages(device: Device, tables: Tables, under: str) -> Iterable[Publish]:
    """Every entity of a key that the wallbox has."""
    for entity in _entities(tables):
        payload = json.dumps(_described(device, entity), ensure_ascii=False, separators=(",", ":"))
        yield Publish(topic=_topic(device, entity, under), payload=payload.encode(), retain=True)


def withdrawn(device: Device, tables: Tables, under: str) -> Iterable[Publish]:
    """They are gone from there."""
    for entity in _entities(tables):
        yield Publish(topic=_topic(device, entity, under), payload=b"", retain=True)


def _entities(tables: Tables) -> Iterable[Entity]:
    return (entity for entity in ENTITIES if entity.key in tables.keys)


def _topic(device: Device, entity: Entity, under: str) -> str:
    return f"{under}/{entity.component}/go-eCharger_{device.identity.serial}/{entity.id}/config"


def _described(device: Device, entity: Entity) -> dict[str, object]:
    identity, topic = device.identity, device.broker.prefix + entity.key
    found: dict[str, object] = {"name": entity.name, "unique_id": f"goe_{identity.serial}_{entity.id}"}
    if entity.component != "button":
        found["state_topic"] = topic
    if entity.component in _SETTABLE:
        found["command_topic"] = f"{topic}/set"
    if entity.component == "button":
        found["payload_press"] = "true"
    if entity.component in ("switch", "binary_sensor"):
        found |= {"payload_on": "true", "payload_off": "false"}
    if entity.element is not None:
        found["value_template"] = f"{{{{ value_json[{entity.element}] }}}}"
    found |= entity.more
    if identity.has(LAST_WILL):
        found |= {
            "availability_topic": f"{device.broker.prefix}mcc",
            "payload_available": "true",
            "payload_not_available": "false",
        }
    found["device"] = {
        "identifiers": [f"goe_{identity.serial}"],
        "manufacturer": "go-e",
        "model": identity.traits.device_type,
        "name": identity.friendly_name,
        "sw_version": identity.firmware,
    }
    return found
