"""MQTT over WebSocket: a tunnel between a TCP connection and whoever speaks MQTT.

The one rule: messages are pieces of one stream of bytes, cut anywhere. OASIS MQTT 3.1.1, section 6.
"""

from __future__ import annotations

import asyncio
from typing import Final

from websockets.client import ClientProtocol
from websockets.typing import Subprotocol
from websockets.uri import parse_uri

from .mqtt_packets import MAX_PACKET
from .websocket_wire import WebSocketWire

SUBPROTOCOL: Final = Subprotocol("mqtt")
LARGEST: Final = 4 * MAX_PACKET
"""Bytes of a WebSocket message, in which a broker may put several packets."""


class Tunnel(WebSocketWire):
    """One connection; it is its own `Peer`."""

    def __init__(self, host: str, port: int, path: str, inner: asyncio.Protocol, patience: float) -> None:
        """`patience`: wall seconds the server has for its answer to the handshake."""
        name = f"[{host}]" if ":" in host else host
        client = ClientProtocol(
            parse_uri(f"ws://{name}:{port}/{path.lstrip('/')}"), subprotocols=[SUBPROTOCOL], max_size=LARGEST
        )
        super().__init__(client, self)
        self.handshake = client.connect()
        self._inner = inner
        self._there = False
        self._why = ""
        self._timer = asyncio.get_running_loop().call_later(
            patience, self.abort, "no answer to the WebSocket handshake"
        )

    # --- for the inner protocol --------------------------------------------------------------------------------------

    def write(self, data: bytes) -> None:
        if self.open:
            self.protocol.send_binary(data)
            self._flush()

    def limit(self, high: int | None) -> None:
        """Bytes that may wait before the inner protocol is asked to pause."""
        if self._transport is not None:
            self._transport.set_write_buffer_limits(high)

    # --- the WebSocket -----------------------------------------------------------------------------------------------

    def opened(self) -> None:
        self._timer.cancel()
        self._there = True
        self._inner.connection_made(TunnelTransport(self))

    def received(self, text: str) -> None:
        """Never: a message is taken as bytes (`Peer`)."""

    def lost(self, reason: str) -> None:
        self._why = reason

    def message(self, whole: bytes) -> None:
        self._inner.data_received(whole)

    def pause_writing(self) -> None:
        if self._there:
            self._inner.pause_writing()

    def resume_writing(self) -> None:
        if self._there:
            self._inner.resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        self._timer.cancel()
        super().connection_lost(exc)
        self._inner.connection_lost(exc or (None if self._there else ConnectionError(self._why)))


class TunnelTransport(asyncio.Transport):
    """What the inner protocol writes to."""

    def __init__(self, tunnel: Tunnel) -> None:
        super().__init__()
        self._tunnel = tunnel

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self._tunnel.write(bytes(data))

    def close(self) -> None:
        self._tunnel.close()

    def abort(self) -> None:
        self._tunnel.abort()

    def is_closing(self) -> bool:
        return not self._tunnel.open

    def pause_reading(self) -> None:
        self._tunnel.read(go_on=False)

    def resume_reading(self) -> None:
        self._tunnel.read(go_on=True)

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        self._tunnel.limit(high)
