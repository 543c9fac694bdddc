"""IPv4 addresses in configurations, and what the firmware says of wrong ones.

The one rule: pure functions of a document. Source: Tinkerforge esp32-firmware, `modules/network`, `wifi`.
"""

from __future__ import annotations

import ipaddress
from typing import Final

from ..api.documents import Doc
from ..api.schema import Int, Str

UNSAFE_PORTS: Final = frozenset(
    (
        1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103, 104, 109,
        110, 111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 465, 512, 513, 514, 515, 526, 530,
        531, 532, 540, 548, 554, 556, 563, 587, 601, 636, 989, 990, 993, 995, 1719, 1720, 1723, 2049, 3659, 4045,
        5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6697, 10080,
    )
)  # fmt: skip
"""Ports that web browsers refuse. Source: Fetch standard."""
IP: Final = Str(7, 15, "0.0.0.0")
ZERO: Final = "0.0.0.0"


def parse_ip(text: str) -> int | None:
    """An IPv4 address as a number; None: it is none."""
    parts = text.split(".")
    if len(parts) != 4 or not all(part.isdigit() and len(part) <= 3 and int(part) < 256 for part in parts):
        return None
    return int(ipaddress.IPv4Address(".".join(str(int(part)) for part in parts)))


def check_addresses(config: Doc, what: str, *, access_point: bool = False) -> str | None:
    """What the firmware says of `ip`, `gateway`, `subnet` and the name servers; None: nothing."""
    for name in ("ip", "gateway", "subnet"):
        example = "255.255.255.0" if name == "subnet" else "10.0.0.1"
        if parse_ip(config.text(name)) is None:
            return f'Failed to parse "{name}": Expected format is dotted decimal, i.e. {example}'
    ip, gateway, subnet = (parse_ip(config.text(name)) or 0 for name in ("ip", "gateway", "subnet"))
    inverted = ~subnet & 0xFFFFFFFF
    if inverted & (inverted + 1):
        return "Invalid subnet mask passed: Expected format is 255.255.255.0"
    if access_point and not 24 <= subnet.bit_count() <= 30:
        return "Invalid subnet mask passed: Subnet mask must be at least /30 and not bigger than /24."
    if ip:
        loopback = 0x7F000001
        if ip & subnet == loopback & subnet:
            return (
                f"Invalid IP or subnet mask passed: This configuration would route localhost (127.0.0.1) to the {what}."
            )
        if gateway and ip & subnet != gateway & subnet:
            return (
                "Invalid IP, subnet mask, or gateway passed: IP and gateway are not in the same network according "
                "to the subnet mask."
            )
    if not access_point:
        for name in ("dns", "dns2"):
            if parse_ip(config.text(name)) is None:
                return f'Failed to parse "{name}": Expected format is dotted decimal, i.e. 10.0.0.1'
    return None


CERT_ID: Final = Int(8, True, value=-1)
"""Of a saved certificate or key; -1: none."""
