"""MQTT 3.1.1 on the wire: packets as frozen values, and the bytes they are made of.

The one rule: no sockets and no state here beyond a half-received packet, so that the device's client and the built-in
broker share one reading of the standard. Source: OASIS MQTT 3.1.1, sections 2 and 3.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

MAX_PACKET: Final = 4_194_304
"""Bytes of the largest packet taken from a peer; a larger one is a protocol error."""


class PacketError(Exception):
    """What arrived is not MQTT 3.1.1: the connection has to be closed (section 4.8)."""


class Kind(IntEnum):
    """Packet types, section 2.2.1."""

    CONNECT = 1
    CONNACK = 2
    PUBLISH = 3
    PUBACK = 4
    PUBREC = 5
    PUBREL = 6
    PUBCOMP = 7
    SUBSCRIBE = 8
    SUBACK = 9
    UNSUBSCRIBE = 10
    UNSUBACK = 11
    PINGREQ = 12
    PINGRESP = 13
    DISCONNECT = 14


_FLAGS: Final = {Kind.PUBREL: 2, Kind.SUBSCRIBE: 2, Kind.UNSUBSCRIBE: 2}
"""Fixed flags where they are not zero."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A PUBLISH packet; also the form of a will."""

    topic: str
    payload: bytes = b""
    qos: int = 0
    retain: bool = False
    duplicate: bool = False
    packet_id: int = 0
    """1..65535 with a QoS above 0, else 0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Connect:
    client_id: str = ""
    clean: bool = True
    keep_alive: int = 60
    """Seconds; 0: none."""
    will: Message | None = None
    username: str | None = None
    password: bytes | None = None
    level: int = 4
    """4: MQTT 3.1.1; 3: MQTT 3.1."""


@dataclass(frozen=True, slots=True)
class Connack:
    code: int = 0
    session_present: bool = False


@dataclass(frozen=True, slots=True)
class Acknowledge:
    """PUBACK, PUBREC, PUBREL, PUBCOMP or UNSUBACK."""

    kind: Kind
    packet_id: int


@dataclass(frozen=True, slots=True)
class Subscribe:
    packet_id: int
    filters: tuple[tuple[str, int], ...]
    """Topic filter and requested QoS."""


@dataclass(frozen=True, slots=True)
class Suback:
    packet_id: int
    codes: tuple[int, ...]
    """Granted QoS per filter, 0x80 for a refusal."""


@dataclass(frozen=True, slots=True)
class Unsubscribe:
    packet_id: int
    filters: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Signal:
    """PINGREQ, PINGRESP or DISCONNECT."""

    kind: Kind


Packet = Connect | Connack | Message | Acknowledge | Subscribe | Suback | Unsubscribe | Signal


# --- encoding --------------------------------------------------------------------------------------------------------


def encode(packet: Packet) -> bytes:
    """The bytes of a packet. ValueError if a text or the whole is too long."""
    match packet:
        case Message():
            return _encode_message(packet)
        case Acknowledge(kind, packet_id):
            return _framed(kind, _FLAGS.get(kind, 0), packet_id.to_bytes(2))
        case Signal(kind):
            return _framed(kind, 0, b"")
        case Subscribe(packet_id, filters):
            body = b"".join(_text(name) + bytes((qos,)) for name, qos in filters)
            return _framed(Kind.SUBSCRIBE, 2, packet_id.to_bytes(2) + body)
        case Suback(packet_id, codes):
            return _framed(Kind.SUBACK, 0, packet_id.to_bytes(2) + bytes(codes))
        case Unsubscribe(packet_id, names):
            return _framed(Kind.UNSUBSCRIBE, 2, packet_id.to_bytes(2) + b"".join(map(_text, names)))
        case Connack(code, session_present):
            return _framed(Kind.CONNACK, 0, bytes((session_present, code)))
        case Connect():
            return _encode_connect(packet)


def _encode_message(packet: Message) -> bytes:
    flags = packet.duplicate << 3 | packet.qos << 1 | packet.retain
    packet_id = packet.packet_id.to_bytes(2) if packet.qos else b""
    return _framed(Kind.PUBLISH, flags, _text(packet.topic) + packet_id + packet.payload)


def _encode_connect(packet: Connect) -> bytes:
    flags = packet.clean << 1
    payload = _text(packet.client_id)
    if (will := packet.will) is not None:
        flags |= 0x04 | will.qos << 3 | will.retain << 5
        payload += _text(will.topic) + _binary(will.payload)
    if packet.username is not None:
        flags |= 0x80
        payload += _text(packet.username)
    if packet.password is not None:
        flags |= 0x40
        payload += _binary(packet.password)
    name = "MQTT" if packet.level == 4 else "MQIsdp"
    header = _text(name) + bytes((packet.level, flags)) + packet.keep_alive.to_bytes(2)
    return _framed(Kind.CONNECT, 0, header + payload)


def _framed(kind: Kind, flags: int, body: bytes) -> bytes:
    length = len(body)
    head = bytearray((kind << 4 | flags,))
    while True:
        length, digit = divmod(length, 128)
        head.append(digit | 0x80 if length else digit)
        if not length:
            return bytes(head) + body


def _binary(data: bytes) -> bytes:
    if len(data) > 65_535:
        raise ValueError(f"{len(data)} bytes do not fit into a field of MQTT")
    return len(data).to_bytes(2) + data


def _text(text: str) -> bytes:
    return _binary(text.encode())


# --- decoding --------------------------------------------------------------------------------------------------------


class Decoder:
    """Cuts a stream of bytes into packets."""

    def __init__(self, limit: int = MAX_PACKET) -> None:
        self.limit = limit
        """Bytes of the largest packet."""
        self._buffer = bytearray()
        self._start = 0

    @property
    def idle(self) -> bool:
        """Between two packets."""
        return self._start == len(self._buffer)

    @property
    def first(self) -> int:
        """First byte of the next packet, if not `idle`."""
        return self._buffer[self._start]

    def add(self, data: bytes) -> None:
        """More bytes have come."""
        if self._start:  # once for what comes in one go, not once a packet
            del self._buffer[: self._start]
            self._start = 0
        self._buffer += data

    def next(self) -> Packet | None:
        """The next packet that is complete. PacketError if there is none of MQTT."""
        if (found := self._frame(self._start)) is None:
            return None
        first, begin, end = found
        self._start = end
        return _decode(first, bytes(memoryview(self._buffer)[begin:end]))

    def feed(self, data: bytes) -> Iterator[Packet]:
        """Packets that are complete now, decoded one by one as they are asked for. PacketError if one is not MQTT."""
        self.add(data)
        while (packet := self.next()) is not None:
            yield packet

    def _frame(self, start: int) -> tuple[int, int, int] | None:
        """First byte, begin and end of the body of the packet at `start`; None if it is not complete."""
        length = 0
        for index in range(4):
            position = start + 1 + index
            if position >= len(self._buffer):
                return None
            digit = self._buffer[position]
            length |= (digit & 0x7F) << 7 * index
            if not digit & 0x80:
                break
        else:
            raise PacketError("a remaining length of more than four bytes")
        if length > self.limit:
            raise PacketError(f"a packet of {length} bytes")
        end = position + 1 + length
        return (self._buffer[start], position + 1, end) if end <= len(self._buffer) else None


class _Reader:
    """Takes fields off the front of a packet's body."""

    def __init__(self, body: bytes) -> None:
        self._body = body
        self._at = 0

    def take(self, count: int) -> bytes:
        self._at += count
        if self._at > len(self._body):
            raise PacketError("a packet that ends too early")
        return self._body[self._at - count : self._at]

    def byte(self) -> int:
        return self.take(1)[0]

    def word(self) -> int:
        return int.from_bytes(self.take(2))

    def packet_id(self) -> int:
        if (number := self.word()) == 0:
            raise PacketError("packet identifier 0")
        return number

    def binary(self) -> bytes:
        return self.take(self.word())

    def text(self) -> str:
        try:
            text = self.binary().decode()
        except UnicodeDecodeError:
            raise PacketError("a text that is not UTF-8") from None
        if "\0" in text:
            raise PacketError("a text with U+0000")
        return text

    @property
    def more(self) -> bool:
        return self._at < len(self._body)

    def rest(self) -> bytes:
        return self.take(len(self._body) - self._at)


def _decode(first: int, body: bytes) -> Packet:
    flags = first & 0x0F
    reader = _Reader(body)
    try:
        kind = Kind(first >> 4)
    except ValueError:
        raise PacketError(f"packet type {first >> 4}") from None
    if kind is Kind.PUBLISH:
        return _decode_message(flags, reader)
    if flags != _FLAGS.get(kind, 0):
        raise PacketError(f"flags {flags} in {kind.name}")
    packet = _decode_rest(kind, reader)
    if reader.more:
        raise PacketError(f"{kind.name} that is too long")
    return packet


def _decode_rest(kind: Kind, reader: _Reader) -> Packet:
    match kind:
        case Kind.CONNECT:
            return _decode_connect(reader)
        case Kind.CONNACK:
            present = bool(reader.byte() & 1)
            return Connack(reader.byte(), present)
        case Kind.SUBSCRIBE:
            return Subscribe(reader.packet_id(), tuple(_decode_filters(reader)))
        case Kind.SUBACK:
            return Suback(reader.packet_id(), tuple(reader.rest()))
        case Kind.UNSUBSCRIBE:
            return Unsubscribe(reader.packet_id(), tuple(_decode_names(reader)))
        case Kind.PINGREQ | Kind.PINGRESP | Kind.DISCONNECT:
            return Signal(kind)
        case _:
            return Acknowledge(kind, reader.packet_id())


def _decode_message(flags: int, reader: _Reader) -> Message:
    qos = flags >> 1 & 3
    if qos == 3:
        raise PacketError("QoS 3")
    topic = reader.text()
    packet_id = reader.packet_id() if qos else 0
    return Message(
        topic=topic,
        payload=reader.rest(),
        qos=qos,
        retain=bool(flags & 1),
        duplicate=bool(flags & 8),
        packet_id=packet_id,
    )


def _decode_connect(reader: _Reader) -> Connect:
    name, level, flags = reader.text(), reader.byte(), reader.byte()
    if name not in ("MQTT", "MQIsdp") or (flags & 1):
        raise PacketError("a CONNECT that is not MQTT")
    keep_alive = reader.word()
    if level not in (3, 4):  # later versions go on differently; the broker refuses them by the level alone
        reader.rest()
        return Connect(level=level)
    client_id = reader.text()
    will = None
    if flags & 0x04:
        if (qos := flags >> 3 & 3) == 3:
            raise PacketError("a will with QoS 3")
        will = Message(topic=reader.text(), payload=reader.binary(), qos=qos, retain=bool(flags & 0x20))
    return Connect(
        client_id=client_id,
        clean=bool(flags & 0x02),
        keep_alive=keep_alive,
        will=will,
        username=reader.text() if flags & 0x80 else None,
        password=reader.binary() if flags & 0x40 else None,
        level=level,
    )


def _decode_filters(reader: _Reader) -> Iterator[tuple[str, int]]:
    for name in _decode_names(reader):
        if (qos := reader.byte()) > 2:
            raise PacketError(f"requested QoS {qos}")
        yield name, qos


def _decode_names(reader: _Reader) -> Iterator[str]:
    """At least one topic filter."""
    yield reader.text()
    while reader.more:
        yield reader.text()
