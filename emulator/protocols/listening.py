"""Where connections come in: a listening socket of one's own, or a share of one that many wallboxes have together.

The one rule: a shared socket opens no way that sockets of their own would not have opened. What comes to an address
that is nobody's, or whose wallbox is down, is reset at once.
"""

from __future__ import annotations

import asyncio
import errno
import ipaddress
import logging
import socket
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final, Protocol

from .streams import Stream
from .tcp import linger_no_more
from .turns import Turn

if TYPE_CHECKING:
    import ssl

    from .datagrams import SharedDatagrams

log = logging.getLogger(__name__)

BACKLOG: Final = 2048
"""Connections that may wait to be accepted: asyncio's 100 turns a storm of clients into retransmissions."""
PAUSE: Final = 1.0
"""Wall seconds until connections are accepted again after the system had no means for one."""
EXHAUSTED: Final = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)
LOOPBACK: Final = "lo"

Accepted = Callable[[], asyncio.Protocol]
Context = Callable[[], "ssl.SSLContext"]


class Listening(Protocol):
    """A port at which connections are accepted."""

    port: int

    def close(self) -> None:
        """Accept no more."""
        ...


class _Library:
    """A port that asyncio listens on: for TLS, and for event loops that do not say when a socket can be read."""

    def __init__(self, server: asyncio.Server) -> None:
        self._server = server
        self.port: int = server.sockets[0].getsockname()[1]

    def close(self) -> None:
        self._server.close()


class _Entrance:
    """A listening socket. Its connections are taken in some at a time, each with what the client has said already, so
    that nobody waits for an answer longer because it came a moment ago."""

    def __init__(self, listening: socket.socket, take: Callable[[socket.socket, object], None]) -> None:
        """`take`: is given every connection, which does not block, and the client's address."""
        self.port: int = listening.getsockname()[1]
        self._socket = listening
        self._take = take
        self._loop = asyncio.get_running_loop()
        self._turn = Turn(self._accept)
        self._pause: asyncio.TimerHandle | None = None
        self._open = True
        listening.setblocking(False)
        # Connections inherit it: no answer waits until the one before it is acknowledged.
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._listen()

    def close(self) -> None:
        self._open = False
        if self._pause is not None:
            self._pause.cancel()
        self._loop.remove_reader(self._socket.fileno())
        self._socket.close()

    def _accept(self) -> bool:
        """Take in one connection; whether there may be another one."""
        if not self._open:
            return False
        try:
            connection, client = self._socket.accept()
        except (BlockingIOError, InterruptedError, ConnectionAbortedError):
            return False
        except OSError as error:
            if error.errno not in EXHAUSTED:
                raise
            log.error("port %d: connections have to wait: %s", self.port, error)
            self._loop.remove_reader(self._socket.fileno())
            self._pause = self._loop.call_later(PAUSE, self._listen)
            return False
        connection.setblocking(False)
        try:
            self._take(connection, client)
        except BaseException:
            connection.close()
            raise
        return True

    def _listen(self) -> None:
        self._pause = None
        self._loop.add_reader(self._socket.fileno(), self._turn.first)


class OwnPort:
    """Listening sockets of one's own: one for each address of a host."""

    def __init__(self, sockets: Sequence[socket.socket], accepted: Accepted) -> None:
        loop = asyncio.get_running_loop()

        def take(connection: socket.socket, client: object) -> None:
            Stream(loop, connection, client, accepted()).begin()

        self._entrances = [_Entrance(listening, take) for listening in sockets]
        self.port = self._entrances[0].port

    @classmethod
    async def open(cls, accepted: Accepted, host: str, port: int) -> OwnPort:
        """OSError if it is taken."""
        sockets: list[socket.socket] = []
        try:
            for family, address in await _addresses(host):
                sockets.append(socket.create_server((address, port), family=family, backlog=BACKLOG))
        except OSError:
            for made in sockets:
                made.close()
            raise
        return cls(sockets, accepted)

    def close(self) -> None:
        for entrance in self._entrances:
            entrance.close()
        self._entrances.clear()


async def _addresses(host: str) -> list[tuple[int, str]]:
    """The addresses of a host, with their families."""
    try:
        version = ipaddress.ip_address(host).version
    except ValueError:
        resolve = asyncio.get_running_loop().getaddrinfo
        found = await resolve(host or None, 0, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        return list(dict.fromkeys((family, str(address[0])) for family, _, _, _, address in found))
    return [(socket.AF_INET if version == 4 else socket.AF_INET6, host)]


async def listen(
    accepted: Accepted,
    host: str,
    port: int,
    *,
    context: Context | None = None,
    shared: SharedPorts | None = None,
) -> Listening:
    """Accept connections at an address. OSError if it is taken.

    `port` 0: any. `context`: of TLS, made when it is needed. `shared`: where a socket may be shared; where it cannot
    be, there is one of its own.
    """
    if shared is not None and port and (found := shared.listen(accepted, host, port, context)) is not None:
        return found
    loop = asyncio.get_running_loop()
    if context is None and isinstance(loop, asyncio.SelectorEventLoop):
        return await OwnPort.open(accepted, host, port)
    tls = context() if context is not None else None
    return _Library(await loop.create_server(accepted, host, port, backlog=BACKLOG, reuse_address=True, ssl=tls))


class SharedPorts:
    """Sockets that wallboxes with addresses of their own share: one a port."""

    def __init__(self, device: str | None = LOOPBACK) -> None:
        """`device`: the network device that has all of the addresses; None: any, and the ports are open on each."""
        self.device = device
        self._ports: dict[int, SharedPort] = {}
        self._datagrams: dict[int, SharedDatagrams] = {}
        self._told: set[tuple[str, int]] = set()

    def listen(self, accepted: Accepted, host: str, port: int, context: Context | None) -> Listening | None:
        """A share of the port; None if it cannot be shared. OSError if somebody else has this very address."""
        found = self._ports.get(port)
        if found is None:
            try:
                found = SharedPort(port, self.device, lambda: self._ports.pop(port))
            except OSError as error:
                self._alone("TCP", port, error)
                return None
            self._ports[port] = found
        return found.add(host, accepted, context)

    def datagrams(self, port: int) -> SharedDatagrams | None:
        """The socket for datagrams to a port; None if it cannot be shared."""
        found = self._datagrams.get(port)
        if found is None:
            from .datagrams import SharedDatagrams

            try:
                found = SharedDatagrams(port, self.device, lambda: self._datagrams.pop(port))
            except OSError as error:
                self._alone("UDP", port, error)
                return None
            self._datagrams[port] = found
        return found

    def _alone(self, kind: str, port: int, error: OSError) -> None:
        if (kind, port) not in self._told:
            self._told.add((kind, port))
            log.warning("%s port %d: each wallbox has a socket of its own, one cannot be shared: %s", kind, port, error)


def bound_everywhere(kind: socket.SocketKind, port: int, device: str | None) -> socket.socket:
    """A socket on this port of every address of a network device; None: of all. OSError if it is taken."""
    made = socket.socket(socket.AF_INET, kind)
    try:
        made.setblocking(False)
        if kind is socket.SOCK_STREAM:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if device is not None:
            only = getattr(socket, "SO_BINDTODEVICE", None)
            if only is None:
                raise OSError(errno.EOPNOTSUPP, "this system cannot bind a socket to a network device")
            made.setsockopt(socket.SOL_SOCKET, only, device.encode())
        made.bind(("0.0.0.0", port))
    except OSError:
        made.close()
        raise
    return made


def check_address(host: str, taken: bool) -> None:
    """OSError if nobody can listen there: `taken`, or no address of this machine."""
    if taken:
        raise OSError(errno.EADDRINUSE, "Address already in use")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind((host, 0))


class Share:
    """What one wallbox has of a shared port."""

    def __init__(self, port: SharedPort, host: str, accepted: Accepted, context: Context | None) -> None:
        self.port = port.number
        self.accepted = accepted
        self._make_context = context
        self._context: ssl.SSLContext | None = None
        self._host = host
        self._shared = port

    @property
    def secure(self) -> bool:
        """Whether it speaks TLS."""
        return self._make_context is not None

    def context(self) -> ssl.SSLContext | None:
        """Of TLS: made for the first connection, as it needs much memory, and most boxes of a fleet have none."""
        if self._context is None and self._make_context is not None:
            self._context = self._make_context()
        return self._context

    def close(self) -> None:
        self._shared.remove(self._host)


class SharedPort:
    """One listening socket; whose a connection is says the address it came to."""

    def __init__(self, number: int, device: str | None, closed: Callable[[], object]) -> None:
        """OSError if the port is taken, or the system lacks what is needed. `closed`: called with the last share."""
        self.number = number
        self._closed = closed
        self._shares: dict[str, Share] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._loop = asyncio.get_running_loop()
        listening = bound_everywhere(socket.SOCK_STREAM, number, device)
        try:
            listening.listen(BACKLOG)
        except OSError:
            listening.close()
            raise
        self._entrance = _Entrance(listening, self._take)

    def add(self, host: str, accepted: Accepted, context: Context | None) -> Share:
        """Take part. OSError if nobody can at this address."""
        try:
            check_address(host, host in self._shares)
        except OSError:
            self._close_if_empty()
            raise
        share = self._shares[host] = Share(self, host, accepted, context)
        return share

    def remove(self, host: str) -> None:
        del self._shares[host]
        self._close_if_empty()

    def _close_if_empty(self) -> None:
        if not self._shares:
            self._entrance.close()
            for task in self._tasks:
                task.cancel()
            self._closed()

    def _take(self, connection: socket.socket, client: object) -> None:
        """Give a connection to whose it is."""
        try:
            share = self._shares.get(connection.getsockname()[0])
        except OSError:  # it is gone already
            connection.close()
            return
        if share is None:
            linger_no_more(connection)
            connection.close()
            return
        if not share.secure:
            Stream(self._loop, connection, client, share.accepted()).begin()
            return
        task = self._loop.create_task(self._connect(share, connection))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _connect(self, share: Share, connection: socket.socket) -> None:
        try:
            await self._loop.connect_accepted_socket(share.accepted, connection, ssl=share.context())
        except OSError as error:  # the client is gone, or its TLS handshake failed
            log.debug("port %d: a connection failed: %s", self.number, error)
