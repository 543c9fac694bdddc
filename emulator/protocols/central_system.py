"""Serves the emulator's own central system to charge points: ours and anybody else's.

The one rule: the last part of the path is the charge point's identity; whoever asks for `ocpp1.6` is let in.
"""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import Final, Self
from urllib.parse import unquote

from websockets.http11 import Request, Response
from websockets.server import ServerProtocol
from websockets.typing import Subprotocol

from ..devices.interfaces.ocpp import Message
from ..ocpp.central_system import CentralSystem, Session
from ..ocpp.messages import MessageError, decode, encode
from .listening import Listening, listen
from .websocket_wire import WebSocketWire

DEFAULT_PORT: Final = 8880
PATIENCE: Final = 5.0
"""Wall seconds that a jump of the clock waits for answers."""


MOST_CONNECTIONS: Final = 2048
"""Charge points at a time; one more is closed at once."""
HANDSHAKE_TIME: Final = 30.0
"""Wall seconds a charge point has for its handshake."""


class CentralSystemServer:
    """A listening socket, as `async with`."""

    def __init__(self, system: CentralSystem, *, host: str = "127.0.0.1", port: int = 0) -> None:
        self.system = system
        self.host = host
        self.port = port
        """Requested port; the real one once it is bound."""
        self._server: Listening | None = None
        self._connections: set[Connection] = set()
        self._moved = asyncio.Event()

    @property
    def url(self) -> str:
        """Where charge points connect, without their identity."""
        return f"ws://{self.host}:{self.port}"

    async def __aenter__(self) -> Self:
        self.attach(self.system)
        self._server = await listen(self._accepted, self.host, self.port)
        self.port = self._server.port
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        ends = [connection.wire.over for connection in self._connections]
        for connection in tuple(self._connections):
            connection.wire.abort()
        if ends:
            await asyncio.wait(ends)

    def _accepted(self) -> WebSocketWire:
        """A new connection; one too many ends at once, one without a handshake after a while."""
        connection = Connection(self)
        if len(self._connections) > MOST_CONNECTIONS:
            connection.wire.abort("too many connections")
        return connection.wire

    def attach(self, system: CentralSystem) -> None:
        """Serve another central system from now on."""
        self.system = system
        system.stirred = self._moved.set

    async def answered(self) -> None:
        """Until every call of its own is answered, or nobody can be expected to do so any more."""
        try:
            async with asyncio.timeout(PATIENCE):
                while self.system.asking:
                    self._moved.clear()
                    await self._moved.wait()
        except TimeoutError:
            for session in tuple(self.system.asking):
                session.give_up()

    def joined(self, connection: Connection) -> None:
        self._connections.add(connection)

    def left(self, connection: Connection) -> None:
        self._connections.discard(connection)


class Connection:
    """One charge point's connection."""

    def __init__(self, server: CentralSystemServer) -> None:
        self._server = server
        self._identity = ""
        self._session: Session | None = None
        self._system = server.system
        self._protocol = ServerProtocol(subprotocols=[Subprotocol("ocpp1.6")])
        self.wire = WebSocketWire(self._protocol, self)
        self.wire.asked = self._asked
        self._late = asyncio.get_running_loop().call_later(HANDSHAKE_TIME, self._hurry)
        server.joined(self)

    def _asked(self, request: Request) -> Response:
        self._identity = unquote(request.path.partition("?")[0].rpartition("/")[2])
        if not self._server.system.up:
            return self._protocol.reject(HTTPStatus.SERVICE_UNAVAILABLE, "down\n")
        return self._protocol.accept(request)

    def opened(self) -> None:
        self._late.cancel()
        self._system = self._server.system
        self._session = self._system.connect(self._identity, self._put, self.wire.abort)

    def _hurry(self) -> None:
        """The time for the handshake is over."""
        self.wire.abort("no handshake")

    def received(self, text: str) -> None:
        try:
            message = decode(text)
        except MessageError:
            return
        if self._session is not None:
            self._session.received(message)

    def lost(self, _reason: str) -> None:
        self._late.cancel()
        self._server.left(self)
        if self._session is not None:
            self._system.disconnect(self._identity, self._session)

    def _put(self, message: Message) -> None:
        self.wire.send(encode(message))
