"""go-e: status JSON of API v2 and v1, MQTT listings. Firmware and model are in `fwv`, `typ` and `var`, if anywhere."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import Final

from ...vendors.goe.models import TRAITS
from ..capture import Document, Identity
from ..pieces import Piece
from .format import Format, document, latest, text

V2, V1, V1_TOPIC, TOPICS, REGISTERS = "/api/status", "/status", "status", "mqtt", "modbus"
_PREFIX: Final = re.compile(r"^/?go-eCharger/(?P<serial>[^/]+)/")
_STATUS: Final = frozenset({"alw", "car", "nrg", "amp", "eto", "fwv", "rbt", "wh", "frc", "err"})
_V1_ONLY: Final = frozenset({"dws", "stp", "amx", "ast", "uby", "wst"})
_SHORT: Final = re.compile(r"[a-z][a-z0-9]{1,5}|[a-z]+_[A-Za-z_]+")


@cache
def _known() -> frozenset[str]:
    from ...vendors.goe.keys import KEYS

    return frozenset(key.name for key in KEYS)


def _documents(piece: Piece) -> Sequence[Document]:
    if piece.shape != "json":
        return ()
    topic, prefixes = _PREFIX.subn("", piece.label)
    names = piece.names()
    if (prefixes and topic == "status") or len(_V1_ONLY & names) >= 3:
        if "version" not in names:
            return ()
        return [document("mqtt", V1_TOPIC, piece) if prefixes else document("http", V1, piece)]
    if prefixes or ((_SHORT.fullmatch(topic) or topic in _known()) and piece.label):
        return [document("mqtt", topic, piece)]
    if len(_STATUS & names) >= 2 and "ID" not in names and all(_SHORT.fullmatch(n) or n in _known() for n in names):
        return [document("http", V2, piece)]
    return ()


def _identity(found: Sequence[Document]) -> Identity:
    old = next((document.source for document in found if document.source in (V1, V1_TOPIC)), None)

    def value(key: str) -> object:
        return latest(found, old or V2, key) if old or _in_one(found) else latest(found, key)

    firmware = text(value("fwv"))
    return Identity(model=_model(value, firmware, old=old is not None), firmware=firmware, serial=text(value("sse")))


def _in_one(found: Sequence[Document]) -> bool:
    return any(document.source == V2 for document in found)


def _model(value: object, firmware: str | None, *, old: bool) -> str | None:
    assert callable(value)
    power = value("var")
    if old:
        power = 22 if str(value("ama")) in ("20", "24", "28", "32") else 11
    if power not in (11, 22):
        return None
    if firmware is not None and firmware.lstrip("0").startswith("4"):
        return f"v2-{power}"
    device_type = value("typ")
    for name, traits in TRAITS.items():
        if traits.device_type == device_type and traits.power_class == power and not traits.old_hardware:
            return name
    nrg = value("nrg")
    whole = isinstance(nrg, list) and all(isinstance(volts, int) for volts in nrg[:3])
    return f"v3-{power}" if whole else f"gemini-{power}"


FORMAT: Final = Format("goe", _documents, _identity)
