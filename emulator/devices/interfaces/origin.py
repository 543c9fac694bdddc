"""Who asks a device, and through which interface."""

from __future__ import annotations

from typing import Final

from ...core.values import terse


@terse
class Origin:
    """Who asked, and through which interface."""

    interface: str
    """`http`, `websocket`, `mqtt`, `modbus`, `udp`; `scenario` or `control` for the emulator's own user."""
    client: str | None = None
    """Address of the client, `host:port`."""
    host: str | None = None
    """IP address on which the wallbox was asked, as far as it is known; `0.0.0.0`: any of this machine's."""
    cause: int | None = None
    """Journal entry of the request."""
    recorded: bool = False
    """What it writes is recorded already, under the name that the client used."""


OWNER: Final = Origin(interface="owner")
"""The owner of the wallbox, with the vendor's app or at the wallbox itself: may change what no interface offers."""


def always() -> bool:
    return True
