"""What the wallbox keeps. The one rule: the owner changes it; peers change only what their use cases let them."""

from __future__ import annotations

import re
from typing import Final

from ...devices.settings import Setting, boolean, declared, list_of, number, optional, takes


@takes({"type": "string", "pattern": "^[0-9A-Fa-f]{40}$", "examples": ["0123456789abcdef0123456789abcdef01234567"]})
def _ski(value: object) -> str:
    if isinstance(value, str) and len(value) == 40 and set(value.lower()) <= set("0123456789abcdef"):
        return value.lower()
    raise ValueError("expected a SKI of 40 hexadecimal digits")


@takes({"type": "string", "pattern": ":[0-9]+$", "examples": ["192.168.1.5:4712"]})
def _place(value: object) -> str:
    if isinstance(value, str):
        host, _, port = value.rpartition(":")
        if host and re.fullmatch("[0-9]{1,5}", port) and 0 < int(port) < 65536:
            return value
    raise ValueError("expected an address such as 192.168.1.5:4712")


ENABLED: Final = Setting("enabled", True, boolean, "EEBUS is on")
AUTO_ACCEPT: Final = Setting("auto_accept", False, boolean, "every peer is trusted")
TRUSTED: Final[Setting[list[str]]] = Setting("trusted", [], list_of(_ski), "SKIs of the peers that are trusted")
CONNECT: Final[Setting[list[str]]] = Setting(
    "connect", [], list_of(_place), "where the trusted peers are, in the same order: it connects to them"
)
FAILSAFE_POWER: Final[Setting[float | None]] = Setting(
    "failsafe_power", None, optional(number(0.0, 1e15)), "W in Failsafe and Init; null: all it can; peers write it"
)
FAILSAFE_DURATION: Final = Setting(
    "failsafe_duration", 7200.0, number(7200.0, 86400.0), "s that Failsafe lasts; peers write it"
)
SETTINGS: Final = declared(globals())
