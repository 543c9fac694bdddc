"""The network module: host name, ports, transport.

The one rule: the sockets of the emulator stay where they are; which of them answers follows the document.
Source: Tinkerforge esp32-firmware, `modules/network`.
"""

from __future__ import annotations

from typing import Final

from ....devices.interfaces.ship import Credentials
from ....eebus.identity import credentials, private_number
from ..api.documents import Doc
from ..api.rows import AnyRow, Source
from ..api.schema import BOOL, Bool, Str, uint
from ..api.shapes import obj
from ..module import Module
from ..settings import CERTIFICATES
from .addresses import CERT_ID, UNSAFE_PORTS
from .keys import belong_together

FW: Final = Source("fw: modules/network")
INSECURE: Final = 0


INVALID: Final = "Invalid certificate or key; see event log for details"


class Network(Module):
    """The network of one wallbox."""

    @property
    def _booted(self) -> Doc:
        return self.api.active("network/config")

    def secure(self) -> bool:
        """Whether it serves HTTPS."""
        return self._booted["transport_mode"] != INSECURE

    def credentials(self) -> Credentials:
        """What it proves who it is with: a certificate from its store, else its own self-signed one."""
        stored, config = self.settings[CERTIFICATES], self._booted
        certificate, key = (stored.get(config.integer(name)) for name in ("cert_id", "key_id"))
        if certificate is not None and key is not None:
            return Credentials(certificate=certificate[1].encode(), key=key[1].encode(), ski="")
        number = private_number(lambda what: self.platform.random32(f"https {what}"))
        return credentials(number, config.text("hostname"), "Tinkerforge GmbH")

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
        if doc["cert_id"] == doc["key_id"] == -1:
            return None
        stored = self.settings[CERTIFICATES]
        texts = [stored[number][1] for name in ("cert_id", "key_id") if (number := doc.integer(name)) in stored]
        if len(texts) == 2 and belong_together(*texts):
            return None
        self.log("web_server", "Certificate or key is missing, or they do not belong together")
        return INVALID


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
        assumed="what the event log says of a wrong key",
        about="takes effect at the next boot",
    ),
)
STATE_ROWS: Final[tuple[AnyRow[Network], ...]] = (
    FW.state("network/state", obj(connected=BOOL), lambda m, v: {"connected": True}, live=False),
)
