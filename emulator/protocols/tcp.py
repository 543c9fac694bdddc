"""What TCP knows of a connection and asyncio does not say: who has said their last word, and how to break off."""

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
