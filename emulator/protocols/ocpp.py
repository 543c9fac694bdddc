"""Runs a wallbox's `OcppInterface`: its charge point as a WebSocket client of a central system.

The one rule: nothing here blocks the event loop, and no library is imported before there is something to connect to.
"""

from __future__ import annotations

import asyncio
import base64
import ssl
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final, Self

from ..devices.interfaces import OcppAccess
from .ocpp_client import OcppClient, State
from .ocpp_session import Timing
from .server import Endpoint

if TYPE_CHECKING:
    from .websocket_wire import WebSocketWire, Where

CONNECT_TIMEOUT: Final = 10.0
"""Wall seconds from the attempt to the end of the handshake."""
GOOD_BYE: Final = 0.5
"""Wall seconds to get rid of the last bytes when the emulator ends."""


class OcppDevice(OcppClient):
    """The WebSocket client of one charge point, as `async with`."""

    def __init__(self, endpoint: Endpoint, embedded: Callable[[], str | None] = lambda: None) -> None:
        """`embedded`: asks for `ws://host:port` of the emulator's own central system; None: this run has none."""
        super().__init__(endpoint)
        self._embedded = embedded
        self._task: asyncio.Task[None] | None = None
        self._moved = asyncio.Event()
        self._leaving: set[WebSocketWire] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self.stirs: Callable[[OcppDevice], None] = lambda _device: None
        """Called when something has happened here."""

    async def __aenter__(self) -> Self:
        self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        self.stop()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        ends = [wire.over for wire in self._leaving]
        if ends:
            await asyncio.wait(ends, timeout=GOOD_BYE)
        for wire in tuple(self._leaving):
            wire.abort()

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

    def stir(self) -> None:
        """Wake whoever waits for a change."""
        self._moved.set()
        self._moved = asyncio.Event()
        self.stirs(self)

    def timing(self) -> Timing:
        return WallTime()

    def give_up(self) -> None:
        if self._task is not None:
            self._task.cancel()
            self._task = None

    def dial(self, target: OcppAccess) -> None:
        self._task = task = asyncio.create_task(self._attempt(target), name=f"ocpp {self.endpoint.address}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        task.add_done_callback(self.simulation.bugs.of_a_task)

    async def _attempt(self, target: OcppAccess) -> None:
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT):
                wire, where = self._new_wire(target)
                context = _tls(target) if where.secure else None
                loop = asyncio.get_running_loop()
                await loop.create_connection(lambda: wire, where.host, where.port, ssl=context)
                await self._shaken(wire)
        except OSError as error:
            self.failed(str(error) or "time-out")

    def _located(self, target: OcppAccess) -> str:
        """The URL with the emulator's own central system in it, if that is meant."""
        if not target.embedded:
            return target.url
        embedded = self._embedded()
        if embedded is None:
            raise ConnectionError("this run has no central system")
        _host, slash, path = target.url.partition("://")[2].partition("/")
        return f"{embedded}{slash}{path}"

    def _new_wire(self, target: OcppAccess) -> tuple[WebSocketWire, Where]:
        from .websocket_wire import client_of  # here, because most runs have no central system

        names = self.interface.subprotocols
        wire, where = client_of(self._located(target), names, self._headers(target), self)
        self.dialled(wire)
        self._leaving.add(wire)
        wire.over.add_done_callback(lambda _over: self._leaving.discard(wire))
        return wire, where

    def _headers(self, target: OcppAccess) -> Mapping[str, str]:
        number = self.attempt()
        if target.user is None:
            return {}
        password = target.passwords[number % len(target.passwords)]
        token = base64.b64encode(target.user.encode() + b":" + password).decode()
        return {"Authorization": f"Basic {token}"}

    async def _shaken(self, wire: WebSocketWire) -> None:
        """Until the handshake is over, one way or the other."""
        while self._wire is wire and self.state == "connecting":
            await self._moved.wait()


class WallTime:
    """The event loop's time (`Timing`)."""

    def now(self) -> float:
        return asyncio.get_running_loop().time()

    def after(self, seconds: float, act: Callable[[], None]) -> Callable[[], None]:
        return asyncio.get_running_loop().call_later(seconds, act).cancel


def _tls(target: OcppAccess) -> ssl.SSLContext:
    context = ssl.create_default_context(cadata=target.authorities or None)
    if not target.verify or not target.check_host:
        context.check_hostname = False
    if not target.verify:
        context.verify_mode = ssl.CERT_NONE
    return context
