"""What must not leave the user's house: recognised by its name or its form, and replaced by something neutral.

The one rule: the same thing gets the same replacement, wherever it stands; what is personal by its name is never
written, not even replaced.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import Final

NAMES: Final = re.compile(
    r"""(?ix)
    (?:^|[./_:]) (?:
        sse|serial\w*|manuf_serial\w*|cc_serial_n|cp_id|snr|mac\w*|mac_address|macaddress|bssid|ssid|sta_\w+|ip|ip_address
        |host\w*|hostname|gw|netmask|subnet|dns\d*|ipv6|wss|wke|wan|wak|wifis|scan|ccw|wsc|fna|dll|cak|ocppu|mcu|mcc
        |(?:display_)?name|friendly\w*|device_?name|charger_alias|alias|owner_id|username|user|password\w*|token\w*|secret
        |uid|connected_uid|tag\w*|tag_id|rfid\w*|rfid\ tag|auth_uid|idtag|evccid|latitude|longitude|altitude|lat|lon
        |gps\w*|timezone|imei|imsi|operator|email|e-mail|phone|address|broker_\w+|client_name|global_topic_prefix
        |em_id|chargers_list|device_id|ocpp_meter_serial|location|rca|rcr|rcd|rc\d|rna|rnm|rne|rn\d|c\di|c\dn
        |cards|authorized_tags|users|ocpp_server_link|manager_ip|src|dst|enterprise|event_log|boot_id
    ) (?:$|[.\s])
    """
)
"""Names of values that are personal, whatever they hold."""
SPARED: Final = frozenset({"rcd"})
"""Names that only look like one of these: `rcd` of go-e is a current."""

_FORMS: Final[tuple[tuple[re.Pattern[str], Callable[[int], str]], ...]] = (
    (re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+"), lambda n: f"user{n}@example.org"),
    (re.compile(r"\b(?:[0-9A-Fa-f]{2}[:-]){3,9}[0-9A-Fa-f]{2}\b"), lambda n: f"02:00:00:00:00:{n % 256:02x}"),
    (
        re.compile(r"(?<![\w.])(?!127\.|0\.0\.0\.0|255\.)(?:\d{1,3}\.){3}\d{1,3}(?![\w.]|-\w)"),
        lambda n: f"198.51.100.{n % 250 + 1}",
    ),
    (re.compile(r"\b[0-9a-fA-F]{1,4}(?::[0-9a-fA-F]{0,4}){4,7}\b"), lambda n: f"2001:db8::{n:x}"),
    (re.compile(r"\beyJ[\w-]+\.[\w-]+\.[\w-]*\b"), lambda n: f"token{n}"),
    (re.compile(r"\b[0-9a-fA-F]{24,}\b|\b[A-Za-z0-9+/_-]{40,}={0,2}(?![\w/])"), lambda n: f"secret{n}"),
    (re.compile(r"https?://[^\s\"'<>]+"), lambda n: f"http://box{n}.example"),
)


def is_personal(address: str) -> bool:
    """Whether a value is personal by its name."""
    return address not in SPARED and NAMES.search(address) is not None


class Redactor:
    """Replaces consistently."""

    def __init__(self) -> None:
        self._known: dict[str, str] = {}
        self._counts: dict[str, int] = {}

    def learn(self, value: object, kind: str) -> str:
        """A personal text, and what stands for it from now on."""
        text = str(value).strip()
        for form, made in _FORMS:
            if (whole := form.fullmatch(text)) is not None:
                return self._formed(made, whole)
        if text and text not in self._known:
            self._counts[kind] = self._counts.get(kind, 0) + 1
            self._known[text] = replacement(kind, self._counts[kind], text)
        return self._known.get(text, "")

    @property
    def count(self) -> int:
        """How many things were replaced."""
        return len(self._known)

    def clean(self, text: str) -> str:
        """A text without anything personal."""
        for form, made in _FORMS:
            text = form.sub(partial(self._formed, made), text)
        for known in sorted(self._known, key=len, reverse=True):
            if len(known) >= 3 and known in text and known != self._known[known]:
                text = re.sub(rf"(?<![A-Za-z0-9]){re.escape(known)}(?![A-Za-z0-9])", self._known[known], text)
        return text

    def _formed(self, made: Callable[[int], str], match: re.Match[str]) -> str:
        found = match.group()
        if found not in self._known and found not in self._known.values():
            self._counts["form"] = self._counts.get("form", 0) + 1
            self._known[found] = made(self._counts["form"])
        return self._known.get(found, found)


def replacement(kind: str, number: int, text: str) -> str:
    """Something neutral of the same kind; digits stay digits, as serial numbers have to."""
    if kind == "serial" and text.isdigit():
        return str(10 ** (len(text) - 1) + number) if len(text) > 1 else str(number)
    return f"{kind}{number}"
