"""NRGkick: replies of `/info`, `/control` and `/values`, alone or together, as in Home Assistant's diagnostics; of the
first generation the two replies of its Connect.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from ...vendors.nrgkick.models import TRAITS
from ..capture import Document, Field, Identity
from ..pieces import Piece
from .format import Format, documents, latest, text

_SECTIONS: Final = {
    "info": frozenset({"general", "connector", "grid", "network", "cellular", "gps", "versions", "software"}),
    "values": frozenset({"energy", "powerflow", "general", "temperatures"}),
    "control": frozenset({"current_set", "charge_pause", "energy_limit", "phase_count"}),
}
_INSIDE: Final = {
    "info": frozenset({"serial_number", "rated_current", "phase_count", "max_current", "ip_address", "sw_sm"}),
    "values": frozenset({"total_charged_energy", "charging_voltage", "charge_permitted", "housing"}),
}
_CONNECT: Final = {
    "measurements": frozenset({"ChargingPower", "ChargingEnergyOverAll", "ChargingCurrentPhase", "VoltagePhase"}),
    "settings": frozenset({"Info", "Values", "ProductType", "FirmwareVersion"}),
}
"""Members that tell a reply of a Connect; two of them suffice."""
_WRAPPED: Final = (("data", "coordinator_data"), ("coordinator_data",), ())
"""Where the three replies are together."""


def _documents(piece: Piece) -> Sequence[Document]:
    if piece.shape != "json":
        return ()
    whole = Document(interface="http", source="", fields=piece.fields)
    for outer in _WRAPPED:
        parts = [(f"/{name}", whole.part(*outer, name)) for name in _SECTIONS]
        parts = [(source, fields) for source, fields in parts if _kind(fields) == source[1:]]
        if parts:
            return documents("http", parts, piece)
    kind = _kind(piece.fields)
    return documents("http", [(f"/{kind}", piece.fields)], piece) if kind else ()


def _kind(fields: Sequence[Field]) -> str | None:
    """Which reply an object is."""
    names = {field.path[0] for field in fields if len(field.path) == 1}
    inside = {field.path[1] for field in fields if len(field.path) == 2}
    if len(names & _SECTIONS["control"]) >= 2:
        return "control"
    for kind, known in _CONNECT.items():
        if len(names & known) >= 2:
            return kind
    for kind, known in _INSIDE.items():
        if names & _SECTIONS[kind] and inside & known:
            return kind
    return None


def is_raw(found: Document) -> bool:
    """Whether enumerations are numbers: the client asked with `?raw`."""
    places = (("general", "status"), ("general", "relay_state"), ("connector", "type"), ("grid", "phases"))
    return any(isinstance(found.get(*place), int) for place in places)


def _identity(found: Sequence[Document]) -> Identity:
    firmware = text(latest(found, "/info", "versions", "sw_sm") or latest(found, "/settings", "FirmwareVersion"))
    serial = text(latest(found, "/info", "general", "serial_number"))
    return Identity(model=_model(found), firmware=firmware, serial=serial)


def _model(found: Sequence[Document]) -> str | None:
    connect = latest(found, "/settings", "Values", "ChargingCurrent", "Max")
    if connect is not None or any(document.source in ("/measurements", "/settings") for document in found):
        return "nrgkick-connect-16" if connect == 16 else "nrgkick-connect-32"
    kind = latest(found, "/info", "general", "model_type")
    amperes = latest(found, "/info", "general", "rated_current") or latest(found, "/info", "connector", "max_current")
    for model, traits in TRAITS.items():
        if kind == traits.model_type and model.endswith(f"-{amperes:g}" if isinstance(amperes, float | int) else "-32"):
            return model
    return f"nrgkick-{amperes:g}" if amperes in (16, 32) and isinstance(amperes, float | int) else None


FORMAT: Final = Format("nrgkick", _documents, _identity)
