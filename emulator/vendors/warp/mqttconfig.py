"""Network configurations: interfaces, addresses, MQTT, and their validators.

The one rule: the emulator's own sockets stay where they are; these documents are stored, checked and shown as in the
device. Source: Tinkerforge esp32-firmware, `modules/network`, `ethernet`, `wifi`, `mqtt`, `mqtt_auto_discovery`.
"""

from __future__ import annotations

from typing import Final

from ...core.instant import MILLISECOND
from .documents import Doc
from .models import NAMES
from .rows import AnyRow, Config, State
from .schema import BOOL, I32, I52, U8, Int, Str, obj, uint
from .view import View


def _check_mqtt(m: Mqtt, doc: Doc) -> str | None:
    discovery = m.api.doc("mqtt/auto_discovery_config")
    config = doc
    if discovery["auto_discovery_mode"] and config["global_topic_prefix"] == discovery["auto_discovery_prefix"]:
        return "Global topic prefix cannot be the same as the MQTT auto discovery topic prefix."
    return None


def _check_discovery(m: Mqtt, doc: Doc) -> str | None:
    config = doc
    prefix = m.api.doc("mqtt/config")["global_topic_prefix"]
    if config["auto_discovery_mode"] and config["auto_discovery_prefix"] == prefix:
        return "Auto discovery topic prefix cannot be the same as the MQTT API topic prefix."
    return None


def _mqtt_initial(m: Mqtt) -> object:
    return {
        "enable_mqtt": False,
        "broker_host": "",
        "broker_port": 1883,
        "broker_username": "",
        "broker_password": "",
        "global_topic_prefix": f"{NAMES[m.platform.generation]}/{m.platform.serial}",
        "client_name": m.platform.device_name,
        "interval": 1,
        "protocol": 0,
        "cert_id": -1,
        "client_cert_id": -1,
        "client_key_id": -1,
        "path": "",
        "read_only": False,
    }


def _mqtt_state(m: Mqtt, v: View) -> object:
    mqtt = m
    return {
        "connection_state": mqtt.connection_state,
        "connection_start": max(0, mqtt.connected_at - m.platform.booted_at) // MILLISECOND,
        "connection_end": max(0, mqtt.lost_at - m.platform.booted_at) // MILLISECOND,
        "last_error": mqtt.last_error,
    }


MQTT_ROWS: Final[tuple[AnyRow[Mqtt], ...]] = (
    Config(
        name="mqtt/config",
        schema=obj(
            enable_mqtt=BOOL,
            broker_host=Str(0, 128),
            broker_port=Int(16, value=1883),
            broker_username=Str(0, 64),
            broker_password=Str(0, 64),
            global_topic_prefix=Str(0, 64),
            client_name=Str(1, 64),
            interval=uint(0, 86400, 1),
            protocol=uint(0, 3, width=8),
            cert_id=_ID,
            client_cert_id=_ID,
            client_key_id=_ID,
            path=Str(0, 64),
            read_only=BOOL,
        ),
        initial=_mqtt_initial,
        validate=_check_mqtt,
        applied=lambda m, _, __: m.reconnect(),
        censor=("broker_password",),
        source="fw: modules/mqtt",
    ),
    State(
        name="mqtt/state",
        schema=obj(connection_state=U8, connection_start=I52, connection_end=I52, last_error=I32),
        read=_mqtt_state,
        source="fw: modules/mqtt",
    ),
)
DISCOVERY_ROWS: Final[tuple[AnyRow[Mqtt], ...]] = (
    Config(
        name="mqtt/auto_discovery_config",
        schema=obj(auto_discovery_mode=uint(0, 2, width=8), auto_discovery_prefix=Str(1, 64, "homeassistant")),
        validate=_check_discovery,
        source="fw: modules/mqtt_auto_discovery",
        about="takes effect at the next boot",
    ),
)
