"""Whom hostile SHIP nodes say they are.

The one rule: identities are few and follow from numbers, so that a wallbox can trust some of them.
"""

from __future__ import annotations

import json
import ssl
from functools import cache
from typing import Final

from emulator.devices.interfaces.ship import Credentials
from emulator.eebus.identity import credentials
from emulator.protocols.pem import prove

PEERS: Final = 8
"""Identities of hostile nodes."""
TRUSTED: Final = 3
"""Of these a WARP trusts so many; the others are strangers to it."""


@cache
def identity(number: int) -> Credentials:
    """The certificate of a hostile node."""
    return credentials(1_000_003 + number, f"peer-{number}", "Nobody")


@cache
def showing(number: int, *, server: bool = False) -> ssl.SSLContext:
    """TLS that believes everybody and shows an identity."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER if server else ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    prove(context, identity(number))
    return context


def peers_of_a_warp() -> str:
    """Those that a WARP trusts, as its configuration has them (YAML)."""
    empty = {"ip": "0.0.0.0", "port": 0, "dns_name": "", "id": "", "wss_path": "/ship/", "autoregister": False}
    more = {"model_brand": "", "model_model": "", "model_type": "", "trusted": True}
    return json.dumps([{**empty, **more, "ski": identity(number).ski} for number in range(TRUSTED)])
