"""The network module: host name, ports, transport.

The one rule: the sockets of the emulator stay where they are; the document is stored, checked and shown.
Source: Tinkerforge esp32-firmware, `modules/network`.
"""

from __future__ import annotations

from typing import Final

from ..api.documents import Doc
from ..api.rows import AnyRow, Source
from ..api.schema import BOOL, Bool, Str, uint
from ..api.shapes import obj
from ..module import Module
from .addresses import CERT_ID, UNSAFE_PORTS

FW: Final = Source("fw: modules/network")


class Network(Module):
    """The network of one wallbox."""

    def initial(self) -> object:
        return {
            "hostname": self.platform.device_name,
            "enable_mdns": True,
            "transport_mode": 0 if self.platform.generation == 1 else 2,
            "web_server_port": 80,
            "web_server_port_secure": 443,
            "cert_id": -1,
            "key_id": -1,
        }

    def check(self, doc: Doc) -> str | None:
        for kind, name in (("http", "web_server_port"), ("https", "web_server_port_secure")):
            if doc[name] in UNSAFE_PORTS:
                unsafe = f"Selected {kind} web server port is regarded as unsafe by web browsers."
                return f"{unsafe} Please select another port."
        if (doc["cert_id"] == -1) != (doc["key_id"] == -1):
            return "Invalid certificate or key; see event log for details"
        return None


ROWS: Final[tuple[AnyRow[Network], ...]] = (
    FW.config(
        "network/config",
        obj(
            hostname=Str(1, 32),
            enable_mdns=Bool(True),
            transport_mode=uint(0, 2, width=8),
            web_server_port=uint(1, 65535, 80, width=16),
            web_server_port_secure=uint(1, 65535, 443, width=16),
            cert_id=CERT_ID,
            key_id=CERT_ID,
        ),
        initial=Network.initial,
        validate=Network.check,
        about="takes effect at the next boot",
    ),
)
STATE_ROWS: Final[tuple[AnyRow[Network], ...]] = (
    FW.state("network/state", obj(connected=BOOL), lambda m, v: {"connected": True}, live=False),
)
