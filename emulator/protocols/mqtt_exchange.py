"""The built-in MQTT 3.1.1 broker without its sockets: sessions, subscriptions, retained messages, wills.

The one rule: bytes go in through `Peer.received`, bytes come out through `Link.send`, and nothing here waits or looks
at a clock. Everybody may connect; user names and passwords are taken and ignored.
"""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from typing import Final

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
from .mqtt_session import MESSAGE, MOST_HELD_IN_ALL, Budget, Link, Session, size_of
from .mqtt_topics import FilterTree, TopicTree, valid_filter, valid_topic

REFUSED: Final = 0x80
MOST_REMEMBERED: Final = 1024
"""Messages whose publisher is remembered."""
LARGEST_REMEMBERED: Final = 4096
"""Topic and payload of such a message [bytes]."""
LARGEST_PACKET: Final = 1_048_576
"""Bytes of a packet; before the CONNECT is complete, `LARGEST_CONNECT`."""
LARGEST_CONNECT: Final = 262_144
LONGEST_CLIENT_ID: Final = 1024
"""Bytes."""
MOST_AWAY: Final = 1000
"""Sessions that are kept for clients that are away; the one that is away longest is forgotten."""
MOST_SUBSCRIPTIONS: Final = 2000
"""Filters of one client; more are refused."""
MOST_LEVELS: Final = 20_000
"""Levels of all filters of one client."""
LONGEST_FILTERS: Final = 1_048_576
"""Characters of all filters of one client."""
BATCH: Final = 64
"""Retained messages that are sent in one go."""


class Exchange:
    """The broker: takes peers, hands messages from one to the others."""

    def __init__(self) -> None:
        self.sessions: dict[str, Session] = {}
        self.retained: TopicTree[Message] = TopicTree()
        self._kept = Budget(MOST_HELD_IN_ALL)
        """For clients."""
        self._stored = Budget(MOST_HELD_IN_ALL)
        """Of retained messages."""
        self._away: dict[str, Session] = {}
        """Sessions without a connection, the one that is away longest first."""
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
        if len(message.topic) + len(message.payload) <= LARGEST_REMEMBERED:
            self._publishers[key] = client_id
        if len(self._publishers) > MOST_REMEMBERED:
            self._publishers.pop(next(iter(self._publishers)))
        self.publish(message)

    def publish(self, message: Message) -> None:
        """Hand a message to everybody who wants it, and keep it if it is to be retained."""
        if message.retain:
            self._retain(message)
        wanted: dict[str, tuple[Session, int]] = {}
        for client_id, (session, granted) in self._subscribers.match(message.topic):
            known = wanted.get(client_id)
            if known is None or granted > known[1]:  # overlapping filters: one copy with the highest QoS (3.3.5)
                wanted[client_id] = (session, granted)
        copies = [Message(topic=message.topic, payload=message.payload, qos=qos) for qos in range(message.qos + 1)]
        for session, granted in wanted.values():
            session.deliver(copies[min(message.qos, granted)])

    def _retain(self, message: Message) -> None:
        """Keep it for those who subscribe later. What does not fit is not kept."""
        levels = MESSAGE * message.topic.count("/")
        before = self.retained.drop(message.topic)
        if before is not None:
            self._stored.give_back(size_of(before) + levels)
        if message.payload and self._stored.take(size_of(message) + levels):
            self.retained.put(message.topic, message)

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
            session = self.sessions[client_id] = Session(client_id, connect.clean, self._kept)
        self._away.pop(client_id, None)
        return session, present

    def leave(self, session: Session) -> None:
        """The client has gone; what it wants to find again is kept."""
        session.peer = None
        if session.clean:
            self.forget(session)
            return
        self._away[session.client_id] = session
        if len(self._away) > MOST_AWAY:
            self.forget(next(iter(self._away.values())))

    def forget(self, session: Session) -> None:
        session.clear()
        self._away.pop(session.client_id, None)
        for name in session.subscriptions:
            self._subscribers.remove(name, session.client_id)
        if self.sessions.get(session.client_id) is session:
            del self.sessions[session.client_id]

    def subscribe(self, session: Session, name: str, qos: int) -> bool:
        """Add or replace a subscription; whether the client may have it."""
        if name not in session.subscriptions:
            levels = name.count("/") + 1
            if (
                len(session.subscriptions) >= MOST_SUBSCRIPTIONS
                or session.levels + levels > MOST_LEVELS
                or session.characters + len(name) > LONGEST_FILTERS
            ):
                return False
            session.levels += levels
            session.characters += len(name)
        session.subscriptions[name] = qos
        self._subscribers.add(name, session.client_id, (session, qos))
        return True

    def unsubscribe(self, session: Session, name: str) -> None:
        if session.subscriptions.pop(name, None) is not None:
            session.levels -= name.count("/") + 1
            session.characters -= len(name)
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
        self._decoder = Decoder(LARGEST_CONNECT)
        self._ended = False
        self._retained: deque[tuple[Iterator[Message], int]] = deque()
        """Retained messages that its subscriptions bring, and the QoS granted; they are looked for as they are sent."""

    def received(self, data: bytes) -> None:
        """Bytes from the client."""
        if not self._ended:
            self._decoder.add(data)
            self.link.go()

    def step(self) -> bool:
        """Send a batch of retained messages, or hear one packet; whether there may be more."""
        if self._ended or self.link.congested:
            return False
        if self.session is not None and self._retained and not self.session.full:
            self._send_retained(self.session)
            return True
        try:
            if self.session is None and not self._decoder.idle and self._decoder.first != Kind.CONNECT << 4:
                raise PacketError("something else than a CONNECT: no need to wait for the rest of it")
            packet = self._decoder.next()
            if packet is not None:
                self._handle(packet)
        except PacketError:
            self.end()
            return False
        return packet is not None

    def drained(self) -> None:
        """The client reads again."""
        if self.session is not None:
            self.session.drain()
        self.link.go()

    def _send_retained(self, session: Session) -> None:
        found, granted = self._retained[0]
        together = list(islice(found, BATCH))
        if len(together) < BATCH:
            self._retained.popleft()
        copies = [replace(kept, qos=min(kept.qos, granted), packet_id=0, duplicate=False) for kept in together]
        self.link.send(b"".join(encode(message) for message in copies if message.qos == 0))
        for message in copies:
            if message.qos:
                session.deliver(message)

    def end(self) -> None:
        """The connection is over, whoever ended it: the will is published unless the client said good-bye."""
        if self._ended:
            return
        self._ended = True
        self.link.close()
        will, self._will = self._will, None
        self._retained.clear()
        if self.session is not None:
            self.exchange.leave(self.session)
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
        elif (not packet.client_id and not packet.clean) or len(packet.client_id.encode()) > LONGEST_CLIENT_ID:
            self._refuse(2)
        elif packet.will is not None and not valid_topic(packet.will.topic):
            raise PacketError("a will without a topic")
        else:
            self.keep_alive = packet.keep_alive
            self._will = packet.will
            self.session, present = self.exchange.attach(self, packet)
            self._decoder.limit = LARGEST_PACKET
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
                session.received(packet_id)
                self._send(Acknowledge(Kind.PUBREL, packet_id))
            case Kind.PUBREL:
                session.unreleased.discard(packet_id)
                self._send(Acknowledge(Kind.PUBCOMP, packet_id))
            case _:
                raise PacketError(f"{kind.name} from a client")

    def _subscribe(self, session: Session, packet_id: int, filters: tuple[tuple[str, int], ...]) -> None:
        """What is retained follows the acknowledgement, also for a filter that was there before (3.8.4)."""
        codes: list[int] = []
        for name, qos in filters:
            granted = valid_filter(name) and self.exchange.subscribe(session, name, qos)
            codes.append(qos if granted else REFUSED)
            if granted:
                self._retained.append((self.exchange.retained.match(name), qos))
        self._send(Suback(packet_id, tuple(codes)))

    def _send(self, packet: Packet) -> None:
        self.link.send(encode(packet))
