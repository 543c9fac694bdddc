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
    sock = transport.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()
