"""Announcing devices by mDNS, with the address and port each wallbox really listens on.

The one rule: what is announced is what the wallbox says now; when it is off or has changed its name, it says goodbye.
"""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import socket
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Final, NamedTuple, Self

from ..devices.interfaces import MdnsInterface, MdnsService
from .server import Endpoint, Server

if TYPE_CHECKING:
    from zeroconf import ServiceInfo
    from zeroconf.asyncio import AsyncZeroconf

log = logging.getLogger(__name__)

LOOPBACK: Final = "127.0.0.1"

Locate = Callable[[str], tuple[str, int] | None]
"""Host and port on which an interface of the same wallbox listens; None: it does not."""


class Announced(NamedTuple):
    """One service as it is announced."""

    service: MdnsService
    host: str
    port: int


class Announcer:
    """The multicast sockets all wallboxes of an emulator share, used as `async with`; opened with the first service.

    Boxes on loopback addresses are announced on loopback only, others on every network and on loopback.
    """

    def __init__(self) -> None:
        self._responders: dict[bool, AsyncZeroconf] = {}
        self._sending: dict[str, asyncio.Future[None]] = {}
        """Repetitions under way, by the name they are about."""
        self._names: dict[str, object] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        """Wait until the goodbyes are out (a quarter of a second) and close."""
        await asyncio.gather(*self._sending.values(), return_exceptions=True)
        for responder in self._responders.values():
            await responder.async_close()
        self._responders.clear()

    def claim(self, name: str, domain: str, owner: object) -> str:
        """`name.domain`, or `name-2.domain` and so on if another wallbox has it: what devices do about a conflict."""
        candidate, number = f"{name}.{domain}", 1
        while self._names.setdefault(candidate.lower(), owner) is not owner:
            number += 1
            candidate = f"{name}-{number}.{domain}"
        return candidate

    def release(self, name: str) -> None:
        """Others may have this name."""
        self._names.pop(name.lower(), None)

    async def register(self, info: ServiceInfo, host: str) -> None:
        """Announce a new service. OSError if this machine has no multicast.

        Not `strict`: there are devices whose service type is longer than the 15 bytes RFC 6763 allows.
        """
        responder = await self.responder(host)
        self._send(info, await responder.async_register_service(info, cooperating_responders=True, strict=False))

    async def update(self, info: ServiceInfo, host: str) -> None:
        """Announce other contents (TXT, port) of a known service."""
        responder = await self.responder(host)
        self._send(info, await responder.async_update_service(info))

    async def unregister(self, info: ServiceInfo, host: str) -> None:
        """Say goodbye."""
        responder = await self.responder(host)
        self._send(info, await responder.async_unregister_service(info))

    async def responder(self, host: str) -> AsyncZeroconf:
        """The sockets for a wallbox on `host`, opened with the first one that asks."""
        from zeroconf.asyncio import AsyncZeroconf

        local = is_loopback(host)
        if (responder := self._responders.get(local)) is None:
            responder = AsyncZeroconf(interfaces=[LOOPBACK] if local else [LOOPBACK, *own_addresses()])
            self._responders[local] = responder
            await responder.zeroconf.async_wait_for_start()
            if local:
                _keep_to_loopback(responder)
        return responder

    def _send(self, info: ServiceInfo, repetitions: Awaitable[None]) -> None:
        """Announcements are repeated for a while: nobody waits for that, and a newer one ends it."""
        name = info.name
        if (before := self._sending.get(name)) is not None:
            before.cancel()
        task = self._sending[name] = asyncio.ensure_future(repetitions)

        def sent(_: asyncio.Future[None]) -> None:
            if self._sending.get(name) is task:
                del self._sending[name]
            if not task.cancelled() and (error := task.exception()) is not None:
                log.warning("%s was not announced: %s", name, error)

        task.add_done_callback(sent)


class MdnsServer(Server):
    """Announces one `MdnsInterface`. Start it when the other interfaces of the wallbox are bound."""

    def __init__(self, endpoint: Endpoint, locate: Locate, announcer: Announcer) -> None:
        super().__init__(endpoint)
        self._locate = locate
        self._announcer = announcer
        self._infos: dict[Announced, ServiceInfo] = {}
        self._refreshing = asyncio.Lock()
        self._mute = False

    @property
    def interface(self) -> MdnsInterface:
        return self.endpoint.declared(MdnsInterface)

    @property
    def announced(self) -> tuple[Announced, ...]:
        return tuple(self._infos)

    async def open(self) -> None:
        await self._refresh(self._wanted())

    async def close(self) -> None:
        await self._refresh(())

    def outdated(self) -> bool:
        """Any change may be one of what is announced."""
        return True

    async def settle(self) -> None:
        await super().settle()
        if self.listening and not self._closing:
            await self._refresh(self._wanted())

    def _wanted(self) -> tuple[Announced, ...]:
        found = ((service, self._locate(service.interface)) for service in self.interface.services())
        return tuple(Announced(service, *where) for service, where in found if where is not None and where[1] != 0)

    async def _refresh(self, wanted: tuple[Announced, ...]) -> None:
        """Make what is announced equal to `wanted`. Without multicast nothing is, and that is said once."""
        async with self._refreshing:
            if self._mute:
                return
            gone = [old for old in self._infos if old not in wanted]
            new = [one for one in wanted if one not in self._infos]
            if not gone and not new:
                return
            try:
                await self._replace(gone, new)
            except OSError as error:
                self._mute = True
                log.warning("%s: not announced, multicast does not work here: %s", self.endpoint.address, error)
                self.endpoint.record("connection", "not announced", {"why": str(error)})

    async def _replace(self, gone: list[Announced], new: list[Announced]) -> None:
        for old in gone:
            info = self._infos.pop(old)
            successor = next((one for one in new if _same_place(one, old)), None)
            if successor is None:
                await self._forget(info, old.host)
            else:
                new.remove(successor)
                self._infos[successor] = self._info(successor)
                await self._announcer.update(self._infos[successor], old.host)
        for one in new:
            info = self._info(one)
            await self._announcer.register(info, one.host)
            self._infos[one] = info

    async def _forget(self, info: ServiceInfo, host: str) -> None:
        self._announcer.release(info.name)
        if info.server is not None and all(other.server != info.server for other in self._infos.values()):
            self._announcer.release(info.server)
        await self._announcer.unregister(info, host)

    def _info(self, one: Announced) -> ServiceInfo:
        from zeroconf import ServiceInfo

        kind = f"{one.service.type}.local."
        return ServiceInfo(
            kind,
            self._announcer.claim(one.service.instance, kind, self),
            port=one.port,
            parsed_addresses=list(addresses(one.host)),
            properties=dict(one.service.txt),
            server=self._announcer.claim(one.service.host, "local.", self),
        )


def _keep_to_loopback(responder: AsyncZeroconf) -> None:
    """Hear this machine only: the library listens on every address, and would answer whoever asks there."""
    device = getattr(socket, "SO_BINDTODEVICE", None)
    if device is None:  # not Linux
        return
    for reader in responder.zeroconf.engine.readers:
        try:
            reader.sock.setsockopt(socket.SOL_SOCKET, device, b"lo")
        except OSError as error:
            log.warning("mDNS on loopback may be heard beyond this machine: %s", error)


def is_loopback(host: str) -> bool:
    return host == "localhost" or (not is_wildcard(host) and ipaddress.ip_address(host).is_loopback)


def is_wildcard(host: str) -> bool:
    return host in ("", "0.0.0.0", "::")


def own_addresses() -> tuple[str, ...]:
    """IPv4 addresses of this machine's networks, loopback left out."""
    import ifaddr

    found = (ip.ip for adapter in ifaddr.get_adapters() for ip in adapter.ips if ip.is_IPv4)
    return tuple(dict.fromkeys(str(ip) for ip in found if not is_loopback(str(ip))))


def addresses(host: str) -> tuple[str, ...]:
    """The addresses under which a server bound to `host` can be reached."""
    if is_wildcard(host):
        return own_addresses() or (LOOPBACK,)
    return (LOOPBACK,) if host == "localhost" else (host,)


def _same_place(one: Announced, other: Announced) -> bool:
    """Whether two announcements differ in contents only, not in name, host or network."""
    a, b = one.service, other.service
    return (a.type, a.instance, a.host, one.host) == (b.type, b.instance, b.host, other.host)
