"""WireGuard: a tunnel whose other end does not exist here.

The one rule: what is configured waits for its other end as in the device.
Source: Tinkerforge esp32-firmware, `modules/wireguard`.
"""

from __future__ import annotations

import base64
import binascii
from typing import Final

from ....core.instant import SECOND
from ..api.documents import Doc
from ..api.rows import AnyRow, Source
from ..api.schema import BOOL, U8, U32, Bool, Int, Str
from ..api.shapes import obj
from ..module import Module
from ..network.addresses import IP, parse_ip
from ..view import View

FW: Final = Source("fw: modules/wireguard")
_KEY_LENGTH: Final = " had unexpected length. Expecting a base64 encoded string of length 44."
_KEY_LETTER: Final = " contained unexpected character. Expecting a base64 encoded string."
_KEY_BYTES: Final = (
    " decodes to a key of unexpected length. Expecting a base64 encoded string that decodes to a 32 byte long key."
)
_NO_KEY: Final = " is empty, but Wireguard shall be enabed. Set this key to be able to enable Wireguard."


def wrong_key(key: str, needed: bool) -> str | None:
    """What the firmware says of a key, the typing error included."""
    if not key:
        return _NO_KEY if needed else None
    if len(key) != 44:
        return _KEY_LENGTH
    try:
        decoded = base64.b64decode(key, validate=True)
    except (binascii.Error, ValueError):
        return _KEY_LETTER
    return None if len(decoded) == 32 else _KEY_BYTES


class Wireguard(Module):
    """The tunnel of one wallbox."""

    def check(self, doc: Doc) -> str | None:
        for name in ("internal_ip", "internal_subnet", "internal_gateway", "allowed_ip", "allowed_subnet"):
            if parse_ip(doc.text(name)) is None:
                return f'Failed to parse "{name}": Expected format is dotted decimal, i.e. 10.0.0.1'
        on = doc.flag("enable")
        for name, needed in (("private_key", on), ("remote_public_key", on), ("preshared_key", False)):
            if (problem := wrong_key(doc.text(name), needed)) is not None:
                return f'"{name}"{problem}'
        return None

    def state(self, v: View) -> object:
        """0 not configured, 1 waiting for the time, 2 not connected; a peer to connect to does not exist."""
        enabled = self.api.active("wireguard/config").flag("enable")
        known = enabled and self.platform.clock.known_at(v.at) and v.at >= self.platform.booted_at + SECOND
        return {"connection_start": 0, "connection_end": 0, "state": (2 if known else 1) if enabled else 0}


ROWS: Final[tuple[AnyRow[Wireguard], ...]] = (
    FW.config(
        "wireguard/config",
        obj(
            enable=BOOL,
            make_default_interface=Bool(True),
            internal_ip=IP,
            internal_subnet=IP,
            internal_gateway=IP,
            remote_host=Str(0, 64),
            remote_port=Int(16, value=51820),
            local_port=Int(16, value=51820),
            private_key=Str(0, 44),
            remote_public_key=Str(0, 44),
            preshared_key=Str(0, 44),
            allowed_ip=IP,
            allowed_subnet=IP,
        ),
        validate=Wireguard.check,
        censor=("private_key", "remote_public_key", "preshared_key"),
        about="needs a restart",
    ),
    FW.state("wireguard/state", obj(connection_start=U32, connection_end=U32, state=U8), Wireguard.state),
)
