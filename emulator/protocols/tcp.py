"""What TCP knows of a connection and asyncio does not say: who has said their last word, and how to break off.

The one rule: nothing here knows what is said on the connection.
"""

from __future__ import annotations

import asyncio
import socket
import struct


def half_open(transport: asyncio.BaseTransport | None) -> bool:
    """Whether replies may still go out when the client has said its end: there is no half of a TLS connection."""
    return transport is not None and transport.get_extra_info("sslcontext") is None


def reset(transport: asyncio.Transport) -> None:
    """Break the connection so that the client sees a TCP reset."""
    linger_no_more(transport.get_extra_info("socket"))
    transport.abort()


def linger_no_more(connection: socket.socket) -> None:
    """To close the connection is to reset it from now on."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


class Closable:
    """How a connection ends on either side. For a protocol that has a `transport` while it is connected."""

    transport: asyncio.Transport | None
    doomed = False
    """To be closed as soon as the reply is out."""
    answering = False
    """The reply is being made right now; the wallbox may go down because of it, and the reply still goes out."""
    half_closed = False
    """The client says no more."""
    _said_all: asyncio.Event | None = None
    """For who waits for that."""

    def end_of_client(self) -> None:
        """The client says no more."""
        self.half_closed = True
        if self._said_all is not None:
            self._said_all.set()

    async def given_up(self) -> None:
        """Wait until the client says no more. When it is gone altogether, this task is cancelled."""
        if not self.half_closed:
            self._said_all = self._said_all or asyncio.Event()
            await self._said_all.wait()

    def drop(self) -> None:
        """The wallbox goes down: end now, or right after the reply that is being made."""
        if self.answering:
            self.doomed = True
        else:
            self.abort()

    def reset(self) -> None:
        """Break the connection so that the client sees a TCP reset."""
        if self.transport is not None:
            reset(self.transport)

    def abort(self) -> None:
        """Break the connection at once."""
        if self.transport is not None:
            self.transport.abort()
