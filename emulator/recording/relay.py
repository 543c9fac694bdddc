"""Passes bytes on between a client and a box, and lets somebody listen.

The one rule: every byte goes through as it came and as soon as it came; a listener that fails is left alone.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable
from types import TracebackType
from typing import Final, Protocol

from ..errors import EmulatorError

log = logging.getLogger(__name__)

CHUNK: Final = 65_536
PATIENCE: Final = 10.0
"""s until a box has to take a connection."""


class Tap(Protocol):
    """Listens to one connection."""

    def sent(self, data: bytes) -> None:
        """The client said something."""
        ...

    def answered(self, data: bytes) -> None:
        """The box said something."""
        ...

    def over(self) -> None:
        """The connection has ended."""
        ...


class Relay:
    """Takes connections and makes one to the box for each."""

    def __init__(self, listen: tuple[str, int], target: tuple[str, int], tap: Callable[[str], Tap]) -> None:
        """`tap`: makes the listener of a connection, for the client's address."""
        self._listen = listen
        self._target = target
        self._tap = tap
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()
        self._running: set[asyncio.Task[None]] = set()
        self.port = 0

    async def __aenter__(self) -> Relay:
        try:
            self._server = await asyncio.start_server(self._serve, *self._listen)
        except OSError as error:
            host, port = self._listen
            raise EmulatorError(f"cannot listen on {host}:{port}: {error.strerror or error}") from None
        self.port = int(self._server.sockets[0].getsockname()[1])
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._server is not None:
            self._server.close()
        for writer in tuple(self._open):
            writer.transport.abort()
        await asyncio.gather(*self._running, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._running.add(task)
        self._open.add(writer)
        try:
            await self._connected(reader, writer)
        finally:
            writer.close()
            self._open.discard(writer)
            self._running.discard(task)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer = writer.get_extra_info("peername") or ("?", 0)
        tap = self._tap(f"{peer[0]}:{peer[1]}")
        try:
            async with asyncio.timeout(PATIENCE):
                box_reader, box_writer = await asyncio.open_connection(*self._target)
        except (OSError, TimeoutError) as error:
            log.warning("the box does not take a connection: %s", error or "time-out")
            writer.transport.abort()
            return
        self._open.add(box_writer)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(_pass_on(reader, box_writer, tap.sent))
                group.create_task(_pass_on(box_reader, writer, tap.answered))
        finally:
            box_writer.close()
            self._open.discard(box_writer)
            _quietly(tap.over)


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, hear: Callable[[bytes], None]) -> None:
    """One direction, to its end."""
    with contextlib.suppress(OSError):
        while data := await reader.read(CHUNK):
            writer.write(data)
            _quietly(hear, data)
            await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()


def _quietly(hear: Callable[..., None], *data: bytes) -> None:
    try:
        hear(*data)
    except Exception:
        log.exception("what was said is passed on and cannot be read")


class DatagramRelay(asyncio.DatagramProtocol):
    """KEBA's datagrams: one socket for both sides, because a box answers to the port that it is asked from."""

    def __init__(self, target: tuple[str, int], tap: Callable[[str], Tap]) -> None:
        self._target = target
        self._tap = tap
        self._taps: dict[tuple[str, int], Tap] = {}
        self._transport: asyncio.DatagramTransport | None = None
        self.port = 0

    def attach(self, transport: asyncio.DatagramTransport) -> None:
        """Its socket."""
        self._transport = transport
        self.port = int(transport.get_extra_info("sockname")[1])

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if self._transport is None:
            return
        if addr[:2] == self._target:
            for client, tap in self._taps.items():
                self._transport.sendto(data, client)
                _quietly(tap.answered, data)
            return
        client = addr[0], addr[1]
        tap = self._taps.setdefault(client, self._tap(f"{client[0]}:{client[1]}"))
        if len(self._taps) > 64:
            self._taps.pop(next(iter(self._taps)))
        self._transport.sendto(data, self._target)
        _quietly(tap.sent, data)
