"""Runs a wallbox's `OcppInterface`: its charge point as a WebSocket client of a central system.

The one rule: the connection follows the wallbox: switched off, it says good-bye; without power, it breaks. Attempts to
reconnect are simulated time, as everything the wallbox decides.
"""

from __future__ import annotations

import asyncio
import base64
import ssl
from collections.abc import Callable
from types import TracebackType
from typing import Final, Literal, Self

from websockets.client import ClientProtocol
from websockets.exceptions import InvalidURI
from websockets.http11 import Request
from websockets.typing import Subprotocol
from websockets.uri import WebSocketURI, parse_uri

from ..core.instant import Instant, later
from ..devices.ocpp_interface import OcppAccess, OcppInterface
from ..devices.wallbox import Wallbox
from ..runtime.journal import Entry
from ..runtime.simulation import Simulation
from .ocpp_session import OcppSession
from .server import Endpoint
from .websocket_wire import WebSocketWire

CONNECT_TIMEOUT: Final = 10.0
"""Wall seconds from the attempt to the end of the handshake."""
GOOD_BYE: Final = 0.5
"""Wall seconds to get rid of the last bytes when the emulator ends."""

State = Literal["off", "connecting", "connected", "waiting"]
"""`waiting`: for the next attempt."""


class OcppDevice:
    """The WebSocket client of one charge point, as `async with`. Nothing it does blocks the event loop."""

    def __init__(self, endpoint: Endpoint, interface: OcppInterface, *, embedded: str | None = None) -> None:
        """`embedded`: `ws://host:port` that stands for the host `embedded` of a URL."""
        self.endpoint = endpoint
        self.interface = interface
        self.state: State = "off"
        self._embedded = embedded
        self._target: OcppAccess | None = None
        self._attempts = 0
        self._wire: WebSocketWire | None = None
        self._session: OcppSession | None = None
        """What is said on the connection, once it is open."""
        self._task: asyncio.Task[None] | None = None
        self._reconnect = endpoint.simulation.timer(self._again)
        self._said: str | None = None
        """Why the last attempt failed, so that a long outage is not recorded at every attempt."""
        self._moved = asyncio.Event()
        self._closing = False
        self._unlisten: Callable[[], None] = lambda: None
        self._leaving: set[WebSocketWire] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def simulation(self) -> Simulation:
        return self.endpoint.simulation

    async def __aenter__(self) -> Self:
        self._unlisten = self.endpoint.wallbox.listen(lambda _at: self._follow())
        self._follow()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing = True
        self._unlisten()
        self._follow()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        ends = [wire.over for wire in self._leaving]
        if ends:
            await asyncio.wait(ends, timeout=GOOD_BYE)
        for wire in tuple(self._leaving):
            wire.abort()

    def attach(self, wallbox: Wallbox, interface: OcppInterface) -> None:
        """Be the charge point of another wallbox from now on."""
        self._unlisten()
        self._retarget(None)
        self._reconnect.clear()
        self.endpoint.attach(wallbox)
        self.interface = interface
        self._reconnect = self.simulation.timer(self._again)
        self._unlisten = wallbox.listen(lambda _at: self._follow())
        self._follow()

    # --- waiting -----------------------------------------------------------------------------------------------------

    @property
    def busy(self) -> bool:
        """Something is on its way that the simulated clock should not overtake: an attempt to connect, an answer."""
        if self.state == "connecting":
            return True
        return self.state == "connected" and self._session is not None and self._session.conversation.waiting

    async def settled(self) -> None:
        """Until nothing is on its way: at the latest when attempts and answers time out."""
        while self.busy:
            await self.stirred()

    async def stirred(self) -> None:
        """Until the next thing has happened here."""
        await self._moved.wait()

    async def until(self, state: State) -> None:
        """Until the device is in `state`."""
        while self.state != state:
            await self._moved.wait()

    def drop(self, reason: str = "connection reset") -> None:
        """Break the connection as a disturbed network does."""
        if self._wire is not None:
            self._wire.abort(reason)

    # --- the life of a connection ------------------------------------------------------------------------------------

    def _wanted(self) -> OcppAccess | None:
        """Where the wallbox is to be connected now."""
        wallbox = self.endpoint.wallbox
        there = wallbox.up and wallbox.interceptor.reachable(self.endpoint.name)
        return self.interface.access() if there and not self._closing else None

    def _follow(self) -> None:
        """Something has changed in the wallbox."""
        wanted = self._wanted()
        if wanted != self._target or (wanted is not None and self._stale()):
            self._retarget(wanted)

    def _stale(self) -> bool:
        """The wallbox has rebooted: another charge point than the connected one."""
        return self._session is not None and self._session.conversation is not self.interface.conversation()

    def _retarget(self, target: OcppAccess | None) -> None:
        """Leave the central system, if there is one, and connect to `target`."""
        self._target, self._said, self._attempts = target, None, 0
        wire, self._wire = self._wire, None
        if self._task is not None:
            self._task.cancel()
            self._task = None
        self._forget()
        if wire is not None:
            if self.state == "connected":
                self._record("disconnected", {"reason": self._farewell()})
            if self.endpoint.wallbox.up:
                wire.close()
            else:
                wire.abort()
        self._reconnect.clear()
        self._move("off")
        if target is not None:
            self._connect()

    def _farewell(self) -> str:
        return "good-bye" if self.endpoint.wallbox.up else "the wallbox went down"

    def _connect(self) -> None:
        self._move("connecting")
        self._task = task = asyncio.create_task(self._attempt(), name=f"ocpp {self.endpoint.address}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _attempt(self) -> None:
        target = self._target
        assert target is not None
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT):
                uri = parse_uri(self._located(target.url))
                wire = self._new_wire(uri, target)
                context = _tls(target) if uri.secure else None
                loop = asyncio.get_running_loop()
                await loop.create_connection(lambda: wire, uri.host, uri.port, ssl=context)
                await self._shaken(wire)
        except InvalidURI:
            self._failed("no ws:// or wss:// address")
        except OSError as error:
            self._failed(str(error) or "time-out")

    def _located(self, url: str) -> str:
        """The URL with the emulator's own central system in it, if that is meant."""
        host, slash, path = url.partition("://")[2].partition("/")
        if host != "embedded":
            return url
        if self._embedded is None:
            raise ConnectionError("this run has no central system")
        return f"{self._embedded}{slash}{path}"

    def _new_wire(self, uri: WebSocketURI, target: OcppAccess) -> WebSocketWire:
        names = [Subprotocol(name) for name in self.interface.subprotocols]
        protocol = ClientProtocol(uri, subprotocols=names, max_size=2**20)
        self._wire = wire = WebSocketWire(protocol, self)
        wire.handshake = self._handshake(protocol, target)
        self._leaving.add(wire)
        wire.over.add_done_callback(lambda _over: self._leaving.discard(wire))
        return wire

    def _handshake(self, protocol: ClientProtocol, target: OcppAccess) -> Request:
        request = protocol.connect()
        if target.user is not None:
            password = target.passwords[self._attempts % len(target.passwords)]
            token = base64.b64encode(target.user.encode() + b":" + password).decode()
            request.headers["Authorization"] = f"Basic {token}"
        self._attempts += 1
        return request

    async def _shaken(self, wire: WebSocketWire) -> None:
        """Until the handshake is over, one way or the other."""
        while self._wire is wire and self.state == "connecting":
            await self._moved.wait()

    def opened(self) -> None:
        """The handshake is over (`Peer`)."""
        self.simulation.now()
        wire = self._wire
        if wire is None:
            return
        self._said = None
        self._move("connected")
        subprotocol = wire.protocol.subprotocol
        entry = self._record("connected", {"subprotocol": subprotocol})
        self._session = OcppSession(
            self.endpoint,
            self.interface.conversation(),
            wire,
            self._peer,
            pong_intervals=self.interface.pong_intervals,
            stir=self._stir,
        )
        self._session.begin(entry)

    def received(self, text: str) -> None:
        """A frame has come (`Peer`)."""
        if self._session is not None:
            self._session.received(text)

    def lost(self, reason: str) -> None:
        """The connection has ended without the wallbox's doing (`Peer`)."""
        if self._wire is not None:
            self._failed(reason)

    @property
    def _peer(self) -> str | None:
        return None if self._target is None else self._target.url.partition("://")[2].partition("/")[0]

    def _record(self, name: str, detail: dict[str, object]) -> Entry:
        return self.endpoint.record("connection", name, detail, client=self._peer)

    def _failed(self, reason: str) -> None:
        self.simulation.now()
        name = "lost" if self.state == "connected" else "failed"
        wire, self._wire = self._wire, None
        if wire is not None:
            wire.abort()
        if reason != self._said or name == "lost":
            self._said = reason
            self._record(name, {"reason": reason})
        self._move("waiting")
        self._forget()
        self._reconnect.set(later(self.simulation.at, self.interface.reconnect))
        self.simulation.wake()

    def _again(self, _: Instant) -> None:
        if self._target is not None and self.state == "waiting":
            self._connect()

    def _forget(self) -> None:
        """The charge point is not connected any more."""
        session, self._session = self._session, None
        if session is not None:
            session.end()

    def _move(self, state: State) -> None:
        self.state = state
        self._stir()

    def _stir(self) -> None:
        """Wake whoever waits for a change."""
        self._moved.set()
        self._moved = asyncio.Event()


def _tls(target: OcppAccess) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if not target.verify or not target.check_host:
        context.check_hostname = False
    if not target.verify:
        context.verify_mode = ssl.CERT_NONE
    return context
