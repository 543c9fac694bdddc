"""What the built-in broker keeps for one client: its subscriptions, and messages until they are acknowledged.

The one rule: everything kept is taken from a budget of bytes, the client's own and that of all together.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final, Protocol

from .mqtt_packets import Acknowledge, Kind, Message, encode

if TYPE_CHECKING:
    from .mqtt_exchange import Peer

MAX_IN_FLIGHT: Final = 20
"""Unacknowledged messages per client, as in mosquitto; more of them wait."""
MOST_HELD: Final = 8_388_608
"""Bytes that are kept for one client, unacknowledged or waiting; what does not fit is lost, as with any broker."""
MOST_HELD_IN_ALL: Final = 67_108_864
"""Bytes that are kept for all clients together, and as much again for retained messages."""
MESSAGE: Final = 200
"""Bytes that a message costs beside its topic and payload; as many for each level of a retained one."""


class Link(Protocol):
    """The way back to one client."""

    @property
    def congested(self) -> bool:
        """The client does not read: what may get lost (QoS 0) gets lost, and nothing it says is heard."""
        ...

    def send(self, data: bytes) -> None: ...

    def go(self) -> None:
        """Call `Peer.step` as often as it says, with turns for others in between."""
        ...

    def close(self) -> None:
        """Close after what was sent."""
        ...


@dataclass(slots=True, eq=False)
class Budget:
    """Bytes that may be kept."""

    most: int
    used: int = 0

    def take(self, size: int) -> bool:
        """Keep `size` bytes more, if they fit."""
        if self.used + size > self.most:
            return False
        self.used += size
        return True

    def give_back(self, size: int) -> None:
        self.used -= size


def size_of(message: Message) -> int:
    """What it costs to keep a message [bytes]."""
    return len(message.topic) + len(message.payload) + MESSAGE


@dataclass(slots=True, eq=False)
class Session:
    """What the broker knows of a client id."""

    client_id: str
    clean: bool
    together: Budget
    """What is kept for all clients."""
    peer: Peer | None = None
    """The connection, or None while the client is away."""
    subscriptions: dict[str, int] = field(default_factory=dict)
    levels: int = 0
    characters: int = 0
    """Of all subscriptions."""
    in_flight: dict[int, Message | None] = field(default_factory=dict)
    """By packet id; None: received (PUBREC), to be released."""
    queue: deque[Message] = field(default_factory=deque)
    held: Budget = field(default_factory=lambda: Budget(MOST_HELD))
    """What is in flight and in the queue."""
    unreleased: set[int] = field(default_factory=set)
    """Packet ids of QoS 2 messages taken but not released by the client."""
    last_id: int = 0

    def deliver(self, message: Message) -> None:
        """Send a message whose QoS and retain flag are right for this client."""
        if message.qos == 0:
            if self.peer is not None and not self.peer.link.congested:
                self.peer.link.send(encode(message))
        elif self._keep(size_of(message)):
            self.queue.append(message)
            self.drain()

    def drain(self) -> None:
        """Send what waits, as far as the client takes it."""
        while self.queue and self.peer is not None and not self.full:
            message = replace(self.queue.popleft(), packet_id=self._next_id())
            self.in_flight[message.packet_id] = replace(message, duplicate=True)
            self.peer.link.send(encode(message))

    @property
    def full(self) -> bool:
        """Nothing more can be sent that has to be acknowledged."""
        return len(self.in_flight) >= MAX_IN_FLIGHT or self.peer is None or self.peer.link.congested

    def acknowledged(self, packet_id: int) -> None:
        """A message has arrived for good: the next may go."""
        if packet_id in self.in_flight:
            self.received(packet_id)
            del self.in_flight[packet_id]
            self.drain()

    def received(self, packet_id: int) -> None:
        """A message has arrived: it is not needed any more."""
        message = self.in_flight.get(packet_id)
        if message is not None:
            self._let_go(message)
            self.in_flight[packet_id] = None

    def resume(self, peer: Peer) -> None:
        """The client is back: what it has not acknowledged is sent again (section 4.4)."""
        self.peer = peer
        for packet_id, message in self.in_flight.items():
            peer.link.send(encode(message if message is not None else Acknowledge(Kind.PUBREL, packet_id)))
        self.drain()

    def clear(self) -> None:
        """Forget everything that is kept for the client."""
        for message in (*self.queue, *self.in_flight.values()):
            if message is not None:
                self._let_go(message)
        self.queue.clear()
        self.in_flight.clear()

    def _keep(self, size: int) -> bool:
        if not self.held.take(size):
            return False
        if self.together.take(size):
            return True
        self.held.give_back(size)
        return False

    def _let_go(self, message: Message) -> None:
        self.held.give_back(size_of(message))
        self.together.give_back(size_of(message))

    def _next_id(self) -> int:
        while True:
            self.last_id = self.last_id % 65_535 + 1
            if self.last_id not in self.in_flight:
                return self.last_id
