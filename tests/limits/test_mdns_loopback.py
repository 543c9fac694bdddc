"""Boxes on loopback are announced to, and answered about on, this machine only."""

from __future__ import annotations

import socket
import sys

import pytest

from emulator.protocols.mdns import Announcer


@pytest.mark.skipif(sys.platform != "linux", reason="devices of sockets are Linux")
@pytest.mark.parametrize(("host", "device"), [("127.0.0.1", b"lo"), ("127.0.1.7", b"lo"), ("0.0.0.0", b"")])
async def test_sockets_hear_the_network_they_are_for(host: str, device: bytes) -> None:
    async with Announcer() as announcer:
        responder = await announcer.responder(host)
        for reader in responder.zeroconf.engine.readers:
            found = reader.sock.getsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, 16)
            assert found.rstrip(b"\0") == device
