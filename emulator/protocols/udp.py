"""The UDP service of a device.

The one rule: every datagram and what answers it pass `UdpServer.exchange`, every datagram that leaves passes
`UdpServer.send`; no bytes of a client raise.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Final

from ..core.instant import Instant
from ..devices.delivery import Copy
from ..devices.interception import Interception
from ..devices.interfaces import Datagram, UdpInterface
from ..devices.traffic import of_datagram
from ..runtime.journal import Entry
from .datagrams import EVERYWHERE, LOOPBACK_BROADCAST, Address, DatagramShare
from .push import Publisher
from .server import APART, Endpoint, Server

log = logging.getLogger(__name__)

EXCERPT: Final = 80
"""Characters of a datagram that name its journal entry."""


class UdpServer(Server):
    """Serves one `UdpInterface`: replies from its own port, delayed ones and pushes included."""

    def __init__(self, endpoint: Endpoint) -> None:
        super().__init__(endpoint)
        self._transport: asyncio.DatagramTransport | DatagramShare | None = None
        self._listeners: list[asyncio.DatagramTransport] = []
        """Sockets that only receive broadcasts."""
        self.congested = False
        """The network does not take what is sent: more is lost."""
        self._late: set[asyncio.TimerHandle] = set()
        self._answering: dict[Address, float] = {}
        """Loop time at which the last late answer to each sender leaves."""
        self._publisher: Publisher | None = None

    @property
    def interface(self) -> UdpInterface:
        return self.endpoint.declared(UdpInterface)

    # --- the socket --------------------------------------------------------------------------------------------------

    async def open(self) -> None:
        if not self._share():
            self._transport = await self._socket(self.endpoint.host, self.endpoint.port)
            self.endpoint.port = self._transport.get_extra_info("sockname")[1]
            if self.interface.broadcast:
                await self._hear_broadcasts()
        self._publisher = Publisher(self.endpoint.wallbox, self.interface.period, self._publish).start()

    def _share(self) -> bool:
        """Use a socket together with others, where that can be."""
        endpoint, shared = self.endpoint, self.endpoint.shared
        found = shared.datagrams(endpoint.port) if shared is not None and endpoint.port else None
        if found is None:
            return False
        self._transport = found.add(endpoint.host, self.received, broadcasts=self.interface.broadcast)
        return True

    async def close(self) -> None:
        self._silence()
        for transport in (self._transport, *self._listeners):
            if transport is not None:
                transport.abort()
        self._transport = None
        self.congested = False
        self._listeners.clear()
        await asyncio.sleep(0)  # the sockets are closed by then

    def drop(self) -> None:
        """What has not left yet never will; a server that is to serve another wallbox opens again."""
        super().drop()
        self._silence()

    def _silence(self) -> None:
        for timer in self._late:
            timer.cancel()
        self._late.clear()
        if self._publisher is not None:
            self._publisher.stop()
            self._publisher = None

    async def _socket(self, host: str, port: int, *, shared: bool = False) -> asyncio.DatagramTransport:
        bound = _bound(host, port, shared=shared)
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(lambda: _Receiver(self), sock=bound)
        return transport

    async def _hear_broadcasts(self) -> None:
        """A socket bound to one address hears no broadcasts: those come to sockets of their own.

        Not possible everywhere (and needless with a wildcard address): a wallbox that cannot hear them still serves.
        """
        host = self.endpoint.host
        if host in ("0.0.0.0", "::", ""):
            return
        for heard in (EVERYWHERE, LOOPBACK_BROADCAST) if host.startswith("127.") else (EVERYWHERE,):
            try:
                self._listeners.append(await self._socket(heard, self.endpoint.port, shared=True))
            except OSError as error:
                log.warning("%s: broadcasts to %s are not heard: %s", self.endpoint.address, heard, error)

    # --- datagrams ---------------------------------------------------------------------------------------------------

    def received(self, data: bytes, sender: Address) -> None:
        """A datagram has come."""
        self.endpoint.simulation.now()
        if self.endpoint.reachable:
            replies = self.exchange(data, sender)
            lag = self._lag(sender) if replies and self.endpoint.reachable else 0.0
            for datagram in replies:
                self.put(datagram if lag <= 0 else replace(datagram, delay=datagram.delay + lag), sender)

    def _lag(self, sender: Address) -> float:
        """How long the device takes to answer [wall s]; not before it has answered what came earlier."""
        now = asyncio.get_running_loop().time()
        due = max(now + self.endpoint.latency(), self._answering.pop(sender, 0.0) + APART)
        if due <= now:
            return 0.0
        self._answering = {other: at for other, at in self._answering.items() if at > now} | {sender: due}
        return due - now

    def exchange(self, data: bytes, sender: Address) -> tuple[Datagram, ...]:
        """The device's replies. The one place where a datagram meets the vendor; recorded as one entry."""
        client = f"{sender[0]}:{sender[1]}"
        detail: dict[str, object] = {"data": readable(data)}
        entry = self.endpoint.record("request", readable(data)[:EXCERPT], detail, client=client)
        with self.endpoint.simulation.exchange(entry):
            replies = self.endpoint.ask(tuple, self._replies, data, client, entry)
        detail["replies"] = [readable(reply.data) for reply in replies]
        for reply in replies:
            detail.update(reply.journal)
        return replies

    def _replies(self, data: bytes, client: str, entry: Entry) -> tuple[Datagram, ...]:
        """What answers a datagram."""
        interception = self.endpoint.intercept(None, client, of_datagram, data, client, self.endpoint.name, "in")
        if interception.lost():
            return ()
        with interception.handling():
            replies = tuple(self.interface.handle(data, self.endpoint.origin(client, entry)))
        return _passed(replies, interception)

    def _publish(self, at: Instant) -> None:
        if self.endpoint.reachable:
            self.publish(self.interface.published(at))

    def publish(self, datagrams: Iterable[Datagram]) -> None:
        """Send what the device sends unasked. Without a host it has nowhere to go."""
        for datagram in datagrams:
            if datagram.host is None:
                log.error("%s: a push without a host: %r", self.endpoint.address, datagram.data)
                continue
            target = f"{datagram.host}:{datagram.port or self.endpoint.port}"
            detail = {"data": readable(datagram.data), **datagram.journal}
            self.endpoint.record("push", readable(datagram.data)[:EXCERPT], detail, client=target)
            interception = self.endpoint.intercept(
                None, target, of_datagram, datagram.data, target, self.endpoint.name, "out"
            )
            for passed in _passed((datagram,), interception):
                self.put(passed, (datagram.host, self.endpoint.port))

    def put(self, datagram: Datagram, to: Address) -> None:
        """Send now or later, to `to` where the datagram does not say otherwise."""
        target = (datagram.host or to[0], datagram.port or to[1])
        if datagram.delay <= 0:
            self.send(datagram.data, target)
            return

        def leave() -> None:
            self._late.discard(timer)
            self.send(datagram.data, target)

        timer = asyncio.get_running_loop().call_later(datagram.delay, leave)
        self._late.add(timer)

    def send(self, data: bytes, target: Address) -> None:
        """Put a datagram on the wire. What cannot be sent is lost, as on the wire."""
        transport = self._transport
        if transport is None or transport.is_closing():
            return
        with suppress(BlockingIOError):
            if not self.congested and 0 < target[1] < 65_536:
                transport.sendto(data, target)
                return
        self.endpoint.workload.pushes_dropped += 0 < target[1] < 65_536
        log.warning("%s: %d bytes to %s:%d are lost", self.endpoint.address, len(data), *target)


def _passed(datagrams: Sequence[Datagram], interception: Interception) -> tuple[Datagram, ...]:
    """What is left of datagrams sent together."""
    sent = [Copy(message=each, data=interception.content(each.data), delay=each.delay) for each in datagrams]
    return tuple(replace(copy.message, data=copy.data, delay=copy.delay) for copy in interception.copies(sent))


class _Receiver(asyncio.DatagramProtocol):
    def __init__(self, server: UdpServer) -> None:
        self._server = server

    def pause_writing(self) -> None:
        self._server.congested = True

    def resume_writing(self) -> None:
        self._server.congested = False

    def datagram_received(self, data: bytes, addr: Address) -> None:
        self._server.received(data, (addr[0], addr[1]))

    def error_received(self, exc: Exception) -> None:
        """A datagram was too long, or an earlier one found nobody (port unreachable): a device does not notice."""


def _bound(host: str, port: int, *, shared: bool) -> socket.socket:
    """A socket on exactly this address. OSError if it is taken; `shared` ones may be taken by several wallboxes."""
    family, kind, proto, _, address = socket.getaddrinfo(host or "0.0.0.0", port, type=socket.SOCK_DGRAM)[0]
    sock = socket.socket(family, kind, proto)
    try:
        if shared:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        sock.setblocking(False)
        sock.bind(address)
    except OSError:
        sock.close()
        raise
    return sock


def readable(data: bytes) -> str:
    """Bytes as text where they are text, with escapes where they are not."""
    text = data.decode("utf-8", "backslashreplace")
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text).strip()
