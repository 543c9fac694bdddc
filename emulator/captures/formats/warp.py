"""Tinkerforge WARP: MQTT listings, WebSocket lines with `topic` and `payload`, debug reports."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from ...vendors.warp.models import TRAITS
from ..capture import Document, Identity
from ..pieces import Piece
from .format import Format, document, documents, latest, text

_PREFIX: Final = re.compile(r"^/?w(?:arp\d?|em2?)/[^/]+/")
_PATH: Final = re.compile(r"[a-z0-9_]+(?:/[a-z0-9_]+)+")
_MODULES: Final = frozenset(
    """
    api automation batteries batteries_modbus_tcp battery_control charge_limits charge_manager charge_tracker certs
    cron coredump day_ahead_prices eco eebus em_common em_phase_switcher em_v1 em_v2 energy_manager ethernet ev event
    event_log evse factory_data
    firmware_update heating info iso15118 meter meters meters_legacy_api meters_mqtt_mirror meters_rct_power
    meters_sma_speedwire meters_sun_spec modbus_meter modbus_tcp mqtt network nfc ntp ocpp p14a_enwg power_manager proxy
    remote_access
    require_meter rtc solar_forecast system trace users web_server wifi wireguard
    """.split()  # noqa: SIM905
)
"""Modules of the firmware; most topics begin with one."""
_DISPLAY: Final = re.compile(r"^WARP(?P<generation>\d?) Charger (?P<kind>Smart|Pro|Eichrecht) (?P<power>\d+) ?kW")
_TYPES: Final = {"warp": 1, "warp2": 2, "warp3": 3, "warp4": 4}


def is_path(label: str) -> bool:
    return _PATH.fullmatch(label) is not None and (label.partition("/")[0] in _MODULES or label.startswith("meters"))


def _documents(piece: Piece) -> Sequence[Document]:
    if piece.shape != "json":
        return ()
    topic, prefixes = _PREFIX.subn("", piece.label)
    if prefixes or is_path(topic):
        return [document("mqtt" if prefixes else "websocket", topic, piece)]
    names = piece.names()
    if {"topic", "payload"} <= names:
        label = next(field.data for field in piece.fields if field.path == ("topic",))
        payload = Document(interface="websocket", source=str(label), fields=piece.fields).part("payload")
        return documents("websocket", [(str(label), payload)], piece) if is_path(str(label)) else ()
    paths = [name for name in names if is_path(name)]
    if not paths:
        return ()
    whole = document("http", "debug_report", piece)
    return documents("http", [(name, whole.part(name)) for name in whole.members() if is_path(name)], piece)


def _identity(found: Sequence[Document]) -> Identity:
    firmware = text(latest(found, "info/version", "firmware")) or _running(found)
    serial = text(latest(found, "info/name", "uid"))
    return Identity(model=_model(found), firmware=firmware.partition("+")[0] if firmware else None, serial=serial)


def _running(found: Sequence[Document]) -> str | None:
    """The version in the partition that runs."""
    partition = text(latest(found, "firmware_update/state", "running_partition"))
    return text(latest(found, "firmware_update/state", f"{partition}_version")) if partition else None


def _model(found: Sequence[Document]) -> str | None:
    shown = _DISPLAY.match(text(latest(found, "info/name", "display_type")) or "")
    if shown:
        generation = int(shown["generation"] or 1)
        return _named(generation, shown["kind"].lower(), shown["power"])
    generation = _TYPES.get(str(latest(found, "info/name", "type")), 0)
    if not generation and latest(found, "evse/low_level_state", "phases_requested") is not None:
        generation = 3
    return _named(generation, "pro", "22")


def _named(generation: int, kind: str, power: str) -> str | None:
    for model, traits in TRAITS.items():
        if traits.generation == generation and traits.kind == kind and model.endswith(f"-{power}"):
            return model
    return None


FORMAT: Final = Format("warp", _documents, _identity)
