"""The built-in MQTT 3.1.1 broker without its sockets: sessions, subscriptions, retained messages, wills.

The one rule: bytes go in through `Peer.received`, bytes come out through `Link.send`, and nothing here waits or looks
at a clock. Everybody may connect; user names and passwords are taken and ignored.
"""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Final, Protocol

from .mqtt_packets import (
    Acknowledge,
    Connack,
    Connect,
    Decoder,
    Kind,
    Message,
    Packet,
    PacketError,
    Signal,
    Suback,
    Subscribe,
    Unsubscribe,
    encode,
)
from .mqtt_topics import FilterTree, TopicTree, valid_filter, valid_topic

REFUSED: Final = 0x80
MOST_REMEMBERED: Final = 1024
"""Messages whose publisher is remembered."""
LARGEST_REMEMBERED: Final = 4096
"""Payload of such a message [bytes]."""
MAX_IN_FLIGHT: Final = 20
"""Unacknowledged messages per client, as in mosquitto; more of them wait."""
MAX_QUEUED: Final = 100_000
"""Messages that wait for a client; more are lost, as with any broker that has a limit."""


class Link(Protocol):
    """The way back to one client."""

    @property
    def congested(self) -> bool:
        """The client does not read: what may get lost (QoS 0) gets lost."""
        ...

    def send(self, data: bytes) -> None: ...

    def close(self) -> None:
        """Close after what was sent."""
        ...


@dataclass(slots=True, eq=False)
class Session:
    """What the broker knows of a client id."""

    client_id: str
    clean: bool
    peer: Peer | None = None
    """The connection, or None while the client is away."""
    subscriptions: dict[str, int] = field(default_factory=dict)
    in_flight: dict[int, Message | None] = field(default_factory=dict)
    """By packet id; None: received (PUBREC), to be released."""
    queue: deque[Message] = field(default_factory=deque)
    unreleased: set[int] = field(default_factory=set)
    """Packet ids of QoS 2 messages taken but not released by the client."""
    last_id: int = 0

    def deliver(self, message: Message) -> None:
        """Send a message whose QoS and retain flag are right for this client."""
        if message.qos == 0:
            if self.peer is not None and not self.peer.link.congested:
                self.peer.link.send(encode(message))
        elif self.peer is not None and len(self.in_flight) < MAX_IN_FLIGHT:
            numbered = replace(message, packet_id=self._next_id())
            self.in_flight[numbered.packet_id] = replace(numbered, duplicate=True)
            self.peer.link.send(encode(numbered))
        elif len(self.queue) < MAX_QUEUED:
            self.queue.append(message)

    def deliver_all(self, messages: Iterable[Message]) -> None:
        """As `deliver`, in one write as far as nothing has to be acknowledged."""
        together = list(messages)
        if self.peer is not None:
            self.peer.link.send(b"".join(encode(message) for message in together if message.qos == 0))
        for message in together:
            if message.qos:
                self.deliver(message)

    def acknowledged(self, packet_id: int) -> None:
        """A message has arrived for good: the next may go."""
        if packet_id in self.in_flight:
            del self.in_flight[packet_id]
            if self.queue:
                self.deliver(self.queue.popleft())

    def resume(self, peer: Peer) -> None:
        """The client is back: what it has not acknowledged is sent again (section 4.4)."""
        self.peer = peer
        for packet_id, message in self.in_flight.items():
            peer.link.send(encode(message if message is not None else Acknowledge(Kind.PUBREL, packet_id)))
        for _ in range(min(len(self.queue), MAX_IN_FLIGHT - len(self.in_flight))):
            self.deliver(self.queue.popleft())

    def _next_id(self) -> int:
        while True:
            self.last_id = self.last_id % 65_535 + 1
            if self.last_id not in self.in_flight:
                return self.last_id


class Exchange:
    """The broker: takes peers, hands messages from one to the others."""

    def __init__(self) -> None:
        self.sessions: dict[str, Session] = {}
        self.retained: TopicTree[Message] = TopicTree()
        self._subscribers: FilterTree[tuple[Session, int]] = FilterTree()
        self._names = itertools.count(1)
        self._publishers: dict[tuple[str, bytes], str] = {}
        """Who published a message last, oldest first."""

    def accept(self, link: Link) -> Peer:
        """A client has opened a connection."""
        return Peer(self, link)

    def publisher(self, topic: str, payload: bytes) -> str | None:
        """Id of the client that published a message."""
        return self._publishers.get((topic, payload))

    def published_by(self, client_id: str, message: Message) -> None:
        """A client publishes a message."""
        key = (message.topic, message.payload)
        self._publishers.pop(key, None)
        if len(message.payload) <= LARGEST_REMEMBERED:
            self._publishers[key] = client_id
        if len(self._publishers) > MOST_REMEMBERED:
            self._publishers.pop(next(iter(self._publishers)))
        self.publish(message)

    def publish(self, message: Message) -> None:
        """Hand a message to everybody who wants it, and keep it if it is to be retained."""
        if message.retain:
            if message.payload:
                self.retained.put(message.topic, message)
            else:
                self.retained.drop(message.topic)
        wanted: dict[str, tuple[Session, int]] = {}
        for client_id, (session, granted) in self._subscribers.match(message.topic):
            known = wanted.get(client_id)
            if known is None or granted > known[1]:  # overlapping filters: one copy with the highest QoS (3.3.5)
                wanted[client_id] = (session, granted)
        copies = [Message(topic=message.topic, payload=message.payload, qos=qos) for qos in range(message.qos + 1)]
        for session, granted in wanted.values():
            session.deliver(copies[min(message.qos, granted)])

    def attach(self, peer: Peer, connect: Connect) -> tuple[Session, bool]:
        """The session for a client, and whether it was there before. An older connection of the same id is closed."""
        client_id = connect.client_id or f"auto-{next(self._names)}"
        session = self.sessions.get(client_id)
        if session is not None and session.peer is not None:
            session.peer.end()
            session = self.sessions.get(client_id)
        if session is not None and (connect.clean or session.clean):
            self.forget(session)
            session = None
        present = session is not None
        if session is None:
            session = self.sessions[client_id] = Session(client_id, connect.clean)
        return session, present

    def forget(self, session: Session) -> None:
        for name in session.subscriptions:
            self._subscribers.remove(name, session.client_id)
        if self.sessions.get(session.client_id) is session:
            del self.sessions[session.client_id]

    def subscribe(self, session: Session, name: str, qos: int) -> Iterable[Message]:
        """Add or replace a subscription; the retained messages it brings, also when it was there before (3.8.4)."""
        session.subscriptions[name] = qos
        self._subscribers.add(name, session.client_id, (session, qos))
        return [
            replace(kept, qos=min(kept.qos, qos), packet_id=0, duplicate=False) for kept in self.retained.match(name)
        ]

    def unsubscribe(self, session: Session, name: str) -> None:
        if session.subscriptions.pop(name, None) is not None:
            self._subscribers.remove(name, session.client_id)


class Peer:
    """One connection of a client."""

    def __init__(self, exchange: Exchange, link: Link) -> None:
        self.exchange = exchange
        self.link = link
        self.keep_alive = 0
        """Seconds after which, times 1.5, a silent client is gone; 0: never."""
        self.session: Session | None = None
        self._will: Message | None = None
        self._decoder = Decoder()
        self._ended = False

    def received(self, data: bytes) -> None:
        """Bytes from the client."""
        try:
            if self.session is None and self._decoder.idle and data[0] != Kind.CONNECT << 4:
                raise PacketError("something else than a CONNECT: no need to wait for the rest of it")
            for packet in self._decoder.feed(data):
                if self._ended:
                    return
                self._handle(packet)
        except PacketError:
            self.end()

    def end(self) -> None:
        """The connection is over, whoever ended it: the will is published unless the client said good-bye."""
        if self._ended:
            return
        self._ended = True
        self.link.close()
        will, self._will = self._will, None
        if self.session is not None:
            self.session.peer = None
            if self.session.clean:
                self.exchange.forget(self.session)
        if will is not None:
            self.exchange.publish(will)

    def _handle(self, packet: Packet) -> None:
        if self.session is None:
            if not isinstance(packet, Connect):
                raise PacketError("something before CONNECT")
            self._connect(packet)
            return
        match packet:
            case Message():
                self._published(self.session, packet)
            case Acknowledge(kind, packet_id):
                self._acknowledged(self.session, kind, packet_id)
            case Subscribe(packet_id, filters):
                self._subscribe(self.session, packet_id, filters)
            case Unsubscribe(packet_id, names):
                for name in names:
                    self.exchange.unsubscribe(self.session, name)
                self._send(Acknowledge(Kind.UNSUBACK, packet_id))
            case Signal(Kind.PINGREQ):
                self._send(Signal(Kind.PINGRESP))
            case Signal(Kind.DISCONNECT):
                self._will = None
                self.end()
            case _:
                raise PacketError("a packet that only a broker sends, or a second CONNECT")

    def _connect(self, packet: Connect) -> None:
        if packet.level not in (3, 4):
            self._refuse(1)
        elif not packet.client_id and not packet.clean:
            self._refuse(2)
        elif packet.will is not None and not valid_topic(packet.will.topic):
            raise PacketError("a will without a topic")
        else:
            self.keep_alive = packet.keep_alive
            self._will = packet.will
            self.session, present = self.exchange.attach(self, packet)
            self._send(Connack(0, present))
            self.session.resume(self)

    def _refuse(self, code: int) -> None:
        self._send(Connack(code))
        self.end()

    def _published(self, session: Session, message: Message) -> None:
        if not valid_topic(message.topic):
            raise PacketError(f"a message on {message.topic!r}")
        if message.qos == 2:
            if message.packet_id not in session.unreleased:
                session.unreleased.add(message.packet_id)
                self.exchange.published_by(session.client_id, message)
            self._send(Acknowledge(Kind.PUBREC, message.packet_id))
        else:
            self.exchange.published_by(session.client_id, message)
            if message.qos == 1:
                self._send(Acknowledge(Kind.PUBACK, message.packet_id))

    def _acknowledged(self, session: Session, kind: Kind, packet_id: int) -> None:
        match kind:
            case Kind.PUBACK | Kind.PUBCOMP:
                session.acknowledged(packet_id)
            case Kind.PUBREC:
                if packet_id in session.in_flight:
                    session.in_flight[packet_id] = None
                self._send(Acknowledge(Kind.PUBREL, packet_id))
            case Kind.PUBREL:
                session.unreleased.discard(packet_id)
                self._send(Acknowledge(Kind.PUBCOMP, packet_id))
            case _:
                raise PacketError(f"{kind.name} from a client")

    def _subscribe(self, session: Session, packet_id: int, filters: tuple[tuple[str, int], ...]) -> None:
        codes: list[int] = []
        retained: list[Message] = []
        for name, qos in filters:
            if valid_filter(name):
                codes.append(qos)
                retained += self.exchange.subscribe(session, name, qos)
            else:
                codes.append(REFUSED)
        self._send(Suback(packet_id, tuple(codes)))
        session.deliver_all(retained)

    def _send(self, packet: Packet) -> None:
        self.link.send(encode(packet))
