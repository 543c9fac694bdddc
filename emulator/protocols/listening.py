"""Where connections come in: a listening socket of one's own, or a share of one that many wallboxes have together.

The one rule: a shared socket opens no way that sockets of their own would not have opened. What comes to an address
that is nobody's, or whose wallbox is down, is reset at once.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import socket
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, Protocol

from .tcp import linger_no_more

if TYPE_CHECKING:
    import ssl

    from .datagrams import SharedDatagrams

log = logging.getLogger(__name__)

BACKLOG: Final = 2048
"""Connections that may wait to be accepted: asyncio's 100 turns a storm of clients into retransmissions."""
AT_ONCE: Final = 32
"""Connections accepted before others have their turn."""
PAUSE: Final = 1.0
"""Wall seconds until connections are accepted again after the system had no means for one."""
EXHAUSTED: Final = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)
LOOPBACK: Final = "lo"

Accepted = Callable[[], asyncio.BaseProtocol]
Context = Callable[[], "ssl.SSLContext"]


class Listening(Protocol):
    """A port at which connections are accepted."""

    port: int

    def close(self) -> None:
        """Accept no more."""
        ...


class OwnPort:
    """A listening socket of one's own."""

    def __init__(self, server: asyncio.Server) -> None:
        self._server = server
        self.port: int = server.sockets[0].getsockname()[1]

    def close(self) -> None:
        self._server.close()


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
    tls = context() if context is not None else None
    server = await loop.create_server(accepted, host, port, backlog=BACKLOG, reuse_address=True, ssl=tls)
    return OwnPort(server)


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
        self._pause: asyncio.TimerHandle | None = None
        self._loop = asyncio.get_running_loop()
        self._socket = bound_everywhere(socket.SOCK_STREAM, number, device)
        try:
            self._socket.listen(BACKLOG)
        except OSError:
            self._socket.close()
            raise
        self._loop.add_reader(self._socket, self._accept)

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
            if self._pause is not None:
                self._pause.cancel()
            self._loop.remove_reader(self._socket)
            self._socket.close()
            for task in self._tasks:
                task.cancel()
            self._closed()

    def _accept(self) -> None:
        for _ in range(AT_ONCE):
            try:
                connection, _ = self._socket.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:
                if error.errno not in EXHAUSTED:
                    raise
                log.error("port %d: connections have to wait: %s", self.number, error)
                self._loop.remove_reader(self._socket)
                self._pause = self._loop.call_later(PAUSE, self._loop.add_reader, self._socket, self._accept)
                return
            self._take(connection)

    def _take(self, connection: socket.socket) -> None:
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
        connection.setblocking(False)
        task = self._loop.create_task(self._connect(share, connection))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _connect(self, share: Share, connection: socket.socket) -> None:
        try:
            await self._loop.connect_accepted_socket(share.accepted, connection, ssl=share.context())
        except OSError as error:  # the client is gone, or its TLS handshake failed
            log.debug("port %d: a connection failed: %s", self.number, error)
