"""One socket for the datagrams of many wallboxes: each hears what came to its address, and answers from there.

The one rule: what is not sent at once is lost, as on the wire.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import struct
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from .listening import bound_everywhere, check_address
from .turns import Turn

log = logging.getLogger(__name__)

Address = tuple[str, int]

EVERYWHERE: Final = "255.255.255.255"
LOOPBACK_BROADCAST: Final = "127.255.255.255"
BROADCASTS: Final = (EVERYWHERE, LOOPBACK_BROADCAST)
LARGEST: Final = 1 << 16
PACKET_INFO: Final = 8
"""IP_PKTINFO of Linux, which Python's `socket` does not name before 3.14."""
INFO: Final = struct.Struct("=i4s4s")
"""Number of the device, the address to send from, the address it was sent to."""
SPACE: Final = socket.CMSG_SPACE(INFO.size)


class DatagramShare:
    """What one wallbox has of a shared socket. Sends from the wallbox's address."""

    def __init__(
        self, shared: SharedDatagrams, host: str, received: Callable[[bytes, Address], None], *, broadcasts: bool
    ) -> None:
        self.received = received
        self.broadcasts = broadcasts
        self._host = host
        self._shared = shared
        self._from = [(socket.IPPROTO_IP, PACKET_INFO, INFO.pack(0, socket.inet_aton(host), bytes(4)))]
        self._closed = False

    def sendto(self, data: bytes, to: Address) -> None:
        """Send now. BlockingIOError if the system has no room for it; other failures are the wire's, and unnoticed."""
        try:
            self._shared.socket.sendmsg([data], self._from, 0, to)
        except BlockingIOError:
            raise
        except OSError as error:
            log.debug("%s: %d bytes to %s:%d are lost: %s", self._host, len(data), *to, error)

    def is_closing(self) -> bool:
        return self._closed

    def abort(self) -> None:
        """Hear no more."""
        if not self._closed:
            self._closed = True
            self._shared.remove(self._host)


class SharedDatagrams:
    """The sockets of one port: one for every address, and one more for broadcasts from elsewhere."""

    def __init__(self, number: int, device: str | None, closed: Callable[[], object]) -> None:
        """OSError if the port is taken, or the system lacks what is needed. `closed`: called with the last share."""
        self.number = number
        self._device = device
        self._closed = closed
        self._shares: dict[str, DatagramShare] = {}
        self._loop = asyncio.get_running_loop()
        self._ears: dict[socket.socket, Turn] = {}
        self.socket = bound_everywhere(socket.SOCK_DGRAM, number, device)
        # Only now, so that it is bound only where nobody else is: clients may bind other addresses of this port.
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        self._hear(self.socket)

    def add(self, host: str, received: Callable[[bytes, Address], None], *, broadcasts: bool) -> DatagramShare:
        """Take part; `received` gets datagrams and their senders. OSError if nobody can at this address."""
        try:
            check_address(host, host in self._shares)
        except OSError:
            self._close_if_empty()
            raise
        if broadcasts and self._device is not None and len(self._ears) == 1:
            self._hear_elsewhere()
        share = self._shares[host] = DatagramShare(self, host, received, broadcasts=broadcasts)
        return share

    def _hear_elsewhere(self) -> None:
        """What is sent to everybody does not come by the device that has the addresses, but by that of the network."""
        ear = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            ear.setblocking(False)
            ear.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            ear.bind((EVERYWHERE, self.number))
        except OSError as error:
            ear.close()
            log.warning("UDP port %d: broadcasts to %s are not heard: %s", self.number, EVERYWHERE, error)
            return
        self._hear(ear)

    def _hear(self, ear: socket.socket) -> None:
        ear.setsockopt(socket.IPPROTO_IP, PACKET_INFO, 1)
        turn = Turn(lambda: self._take(ear), lambda: self._hold(ear))
        self._ears[ear] = turn
        self._loop.add_reader(ear, turn.go)

    def _hold(self, ear: socket.socket) -> None:
        turn = self._ears.get(ear)
        if turn is not None and turn.waiting:
            self._loop.remove_reader(ear)
        elif turn is not None:
            self._loop.add_reader(ear, turn.go)

    def _take(self, ear: socket.socket) -> bool:
        """Take in one datagram; whether there was one."""
        try:
            data, notes, _, sender = ear.recvmsg(LARGEST, SPACE)
        except OSError:  # nothing is there, or an earlier one of ours found nobody
            return False
        to = next((socket.inet_ntoa(note[8:12]) for _, kind, note in notes if kind == PACKET_INFO), "")
        if to in BROADCASTS:
            for share in tuple(self._shares.values()):
                if share.broadcasts:
                    share.received(data, sender)
        elif (found := self._shares.get(to)) is not None:
            found.received(data, sender)
        return bool(self._ears)

    def remove(self, host: str) -> None:
        del self._shares[host]
        self._close_if_empty()

    def _close_if_empty(self) -> None:
        if self._shares:
            return
        ears, self._ears = self._ears, {}
        for ear, turn in ears.items():
            turn.stop()
            with suppress(OSError, ValueError):
                self._loop.remove_reader(ear)
            ear.close()
        self._closed()
