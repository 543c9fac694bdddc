"""TLS of the standard library with certificates that exist as texts only.

The one rule: the library reads files, so a text is a file for as long as it is read.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from typing import TYPE_CHECKING

from ..devices.interfaces.ship import Credentials

if TYPE_CHECKING:
    import ssl


def server_context(credentials: Callable[[], Credentials]) -> ssl.SSLContext:
    """For a server that proves who it is."""
    import ssl

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    prove(context, credentials())
    return context


def prove(context: ssl.SSLContext, credentials: Credentials) -> None:
    """Show this certificate from now on. ssl.SSLError if key and certificate do not belong together."""
    descriptor, path = tempfile.mkstemp()
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(credentials.certificate + b"\n" + credentials.key)
        context.load_cert_chain(path)
    finally:
        os.unlink(path)
