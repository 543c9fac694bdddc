"""Clients that do nothing but ask, on plain sockets, some of them side by side.

The one rule: a client reads whole replies, and costs the server what any client would.
"""

from __future__ import annotations

import selectors
import socket
import time
from collections.abc import Iterable, Sequence
from typing import Final, Protocol

CLIENTS: Final = 8
"""Connections side by side."""
LOCAL: Final = "127.0.0.1"


class Load(Protocol):
    """What asks a server."""

    def run(self, port: int, count: int) -> None:
        """About `count` requests, at least one."""
        ...


def connected(port: int) -> socket.socket:
    sock = socket.create_connection((LOCAL, port))
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return sock


class HttpLoad:
    """The same request again and again. `closes`: every request has a connection of its own."""

    def __init__(self, path: str, *, closes: bool = False, says: bool = False) -> None:
        """`says`: it asks to close, for servers that would keep the connection."""
        self.path = path
        self.closes = closes
        kept = "" if closes else "Connection: keep-alive\r\n"
        if says:
            kept = "Connection: close\r\n"
        self._request = f"GET {path} HTTP/1.1\r\nHost: {LOCAL}\r\n{kept}\r\n".encode()

    def reply(self, port: int) -> tuple[bytes, bytes]:
        """Head and body of one reply, chunks taken apart."""
        with connected(port) as sock:
            sock.sendall(self._request)
            data = b""
            while not _complete(data):
                received = sock.recv(1 << 16)
                if not received:
                    break
                data += received
        head, _, body = data.partition(b"\r\n\r\n")
        if b"transfer-encoding: chunked" in head.lower():
            size, _, rest = body.partition(b"\r\n")
            body = rest[: int(size, 16)]
        return head, body

    def run(self, port: int, count: int) -> None:
        if self.closes:
            for _ in range(max(1, count // CLIENTS)):
                self._each_once(port)
        else:
            self._on_kept(port, max(1, count // CLIENTS))

    def _each_once(self, port: int) -> None:
        socks = [connected(port) for _ in range(CLIENTS)]
        for sock in socks:
            sock.sendall(self._request)
        for sock in socks:
            while sock.recv(1 << 16):
                pass
            sock.close()

    def _on_kept(self, port: int, rounds: int) -> None:
        socks = [connected(port) for _ in range(CLIENTS)]
        for _ in range(rounds):
            for sock in socks:
                sock.sendall(self._request)
            for sock in socks:
                data = sock.recv(1 << 16)
                while not _complete(data):
                    received = sock.recv(1 << 16)
                    if not received:
                        raise ConnectionError(f"{self.path}: the server hung up")
                    data += received
        for sock in socks:
            sock.close()


def _complete(data: bytes) -> bool:
    head, found, body = data.partition(b"\r\n\r\n")
    if not found:
        return False
    head = head.lower()
    _, stated, length = head.partition(b"content-length:")
    if stated:
        return len(body) >= int(length.partition(b"\r\n")[0])
    return b"chunked" not in head or body.endswith(b"0\r\n\r\n")


class ModbusLoad:
    """Reads of some registers, `blocks` of (address, count), in turns."""

    def __init__(self, function: int, *blocks: tuple[int, int], unit: int = 1) -> None:
        self.function = function
        self.blocks = blocks
        self.unit = unit
        self._requests = [
            (bytes((0, 1, 0, 0, 0, 6, unit, function)) + address.to_bytes(2, "big") + count.to_bytes(2, "big"))
            for address, count in blocks
        ]
        self._sizes = [9 + 2 * count for _, count in blocks]

    def run(self, port: int, count: int) -> None:
        socks = [connected(port) for _ in range(CLIENTS)]
        for _ in range(max(1, count // CLIENTS // len(self.blocks))):
            for request, size in zip(self._requests, self._sizes, strict=True):
                for sock in socks:
                    sock.sendall(request)
                for sock in socks:
                    _whole(sock, size)
        for sock in socks:
            sock.close()


def _whole(sock: socket.socket, size: int) -> None:
    missing = size
    while missing > 0:
        data = sock.recv(missing)
        if len(data) == 9 or not data:
            raise ConnectionError(f"an exception instead of registers: {data.hex()}")
        missing -= len(data)


UPGRADE: Final = (
    b"GET /ws HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
PONG: Final = bytes.fromhex("8a8000000000")
"""A sign of life, whether anybody asked for it or not."""


class Listeners:
    """WebSocket clients that only listen, and count what they hear."""

    def __init__(self) -> None:
        self.socks: list[socket.socket] = []
        self._begun: dict[socket.socket, bytes] = {}
        """The beginning of a frame that is not complete."""
        self.messages = 0
        self.bytes = 0

    def join(self, ports: Iterable[int]) -> None:
        """One client more at each of these ports; those that are there already go on listening."""
        heard = time.monotonic()
        for port in ports:
            sock = connected(port)
            sock.sendall(UPGRADE)
            data = b""
            while b"\r\n\r\n" not in data:
                data += sock.recv(4096)
            self.socks.append(sock)
            self._begun[sock] = b""
            self._take(sock, data.partition(b"\r\n\r\n")[2])
            if time.monotonic() - heard > 1.0:
                self.hear(0.05)
                heard = time.monotonic()

    def connect(self, ports: Iterable[int]) -> None:
        """Clients of a server that sends at once, and no frames."""
        self.socks += [connected(port) for port in ports]

    def hear(self, span: float) -> tuple[int, int]:
        """Messages and bytes that come within `span` s."""
        return hear((self,), span)[0]

    def alive(self) -> None:
        """Say so."""
        for sock in self._begun:
            sock.sendall(PONG)

    def read(self, sock: socket.socket) -> None:
        data = sock.recv(1 << 16)
        if not data:
            raise ConnectionError("a server hung up")
        self.bytes += len(data)
        if sock in self._begun:
            self._take(sock, data)

    def _take(self, sock: socket.socket, data: bytes) -> None:
        data, start = self._begun[sock] + data, 0
        while (size := _frame(data, start)) and start + size <= len(data):
            self.messages += 1
            start += size
        self._begun[sock] = data[start:]


def _frame(data: bytes, start: int) -> int:
    """Bytes of the frame that begins there; 0: not known yet. Servers do not mask."""
    if len(data) < start + 4:
        return 2 if len(data) >= start + 2 and data[start + 1] == 0 else 0
    size = data[start + 1]
    return 2 + size if size < 126 else 4 + int.from_bytes(data[start + 2 : start + 4], "big")


def hear(listeners: Sequence[Listeners], span: float) -> list[tuple[int, int]]:
    """Messages and bytes that come to each of them within `span` s."""
    before = [(those.messages, those.bytes) for those in listeners]
    for those in listeners:
        those.alive()
    with selectors.DefaultSelector() as waiting:
        for those in listeners:
            for sock in those.socks:
                waiting.register(sock, selectors.EVENT_READ, those)
        until = time.monotonic() + span
        while (left := until - time.monotonic()) > 0:
            for key, _ in waiting.select(left):
                assert isinstance(key.fileobj, socket.socket)
                key.data.read(key.fileobj)
    return [(those.messages - m, those.bytes - b) for those, (m, b) in zip(listeners, before, strict=True)]
