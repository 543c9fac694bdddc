"""Lektrico: results of its JSON-RPC methods, bare or in a frame; which method it was is told by the members."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from ...vendors.lektrico.models import TRAITS
from ..capture import Document, Identity
from ..pieces import Piece
from .format import Format, documents, latest, text

METHODS: Final = {
    "charger_info.get": frozenset({"charger_state", "extended_charger_state", "session_energy", "instant_power"}),
    "app_config.get": frozenset({"load_balancing_mode", "breaker_rating", "headless", "charger_alias", "owner_id"}),
    "device_info.get": frozenset({"device_id", "connected_phase"}),
    "charger_config.get": frozenset({"serial_number", "board_revision"}),
    "meter_info.get": frozenset({"voltage", "active_power", "breaker_curent"}),
    "system_currents.get": frozenset({"cable_current", "system_max_current"}),
    "counters_config.get": frozenset({"total_charged_sessions", "reset_counter"}),
    "sw_version.get": frozenset({"fw_version", "fw_id"}),
    "wifi_status.get": frozenset({"sta_ip", "rssi"}),
}
"""Members that tell a method; two of them suffice."""
_FRAME: Final = "result"


def _documents(piece: Piece) -> Sequence[Document]:
    if piece.shape != "json":
        return ()
    whole = Document(interface="jsonrpc", source="", fields=piece.fields)
    fields = whole.part(_FRAME) if _FRAME in whole.members() else piece.fields
    names = {field.path[0] for field in fields if len(field.path) == 1}
    if {"ID", "Serial"} & names:
        return ()
    marks = {method: len(names & known) for method, known in METHODS.items()}
    method = max(marks, key=lambda name: marks[name])
    if piece.label.lower().removeprefix("/rpc/") in METHODS:
        method = piece.label.lower().removeprefix("/rpc/")
    elif marks[method] < 2:
        return ()
    return documents("http", [(method, fields)], piece)


def _identity(found: Sequence[Document]) -> Identity:
    firmware = next(
        (text(value) for method in METHODS if (value := latest(found, method, "fw_version")) is not None), None
    )
    name = text(latest(found, "device_info.get", "device_id")) or ""
    return Identity(model=_model(found, name), firmware=firmware, serial=name.partition("_")[2] or None)


def _model(found: Sequence[Document], name: str) -> str | None:
    voltages = latest(found, "charger_info.get", "voltages")
    lines = sum(1 for volts in voltages if volts) if isinstance(voltages, list) else 0
    if latest(found, "app_config.get", "lb_meter_type") is not None or name.startswith("m2w"):
        return "lektrico-em"
    for model, traits in TRAITS.items():
        if name.startswith(traits.prefix):
            return model
    return {0: None, 1: "1p7k"}.get(lines, "3p22k")


FORMAT: Final = Format("lektrico", _documents, _identity)
