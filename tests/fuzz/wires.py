"""The envelopes of the protocols: streams taken apart into messages, and messages put into valid envelopes again.

The one rule: a mutated message in a valid envelope gets past the framing, to what reads it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Protocol
from urllib.parse import quote_from_bytes

from emulator.errors import EmulatorError
from emulator.protocols.modbus_frames import Frame
from emulator.protocols.mqtt_packets import Decoder, Message, PacketError, encode

from .mutators import Mutator


class Wire(Protocol):
    """How messages of a protocol are carried."""

    def messages(self, stream: bytes) -> list[bytes]:
        """Whole messages in what a client sent."""
        ...

    def mutated(self, mutator: Mutator) -> bytes:
        """A message whose content is mutated and whose envelope is valid."""
        ...

    def dressed(self, message: bytes) -> bytes:
        """As it is sent: what `mutated` gives, or any bytes."""
        ...


READABLE: Final = 0.99
"""How often a mutated request is one whose head can be read: after another one, a connection is over."""
LONGEST_TARGET: Final = 3000
ESCAPE: Final = re.compile(rb"%(?![0-9A-Fa-f]{2})")
LARGEST_BODY: Final = 4000
"""The least that a device takes."""


def _visible(text: bytes) -> bytes:
    return bytes(byte for byte in text if 0x20 <= byte < 0x7F)


def _token(text: bytes, *, readable: bool) -> bytes:
    return bytes(byte for byte in text if chr(byte).isalpha() and byte < 128)[:20] if readable else text


def _target(text: bytes, *, readable: bool) -> bytes:
    """What stands in a request line: as it is, or with what nobody may write there escaped."""
    if not readable:
        return text.translate(None, b" \r\n")
    escaped = quote_from_bytes(text[:LONGEST_TARGET], safe="/?&=:;,%+()!*$@~").encode()
    return ESCAPE.sub(b"%25", escaped)


@dataclass(frozen=True)
class Http:
    """HTTP/1.1 requests."""

    def messages(self, stream: bytes) -> list[bytes]:
        found = []
        while stream:
            head, ended, rest = stream.partition(b"\r\n\r\n")
            length = next(
                (int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), 0
            )
            found.append(head + ended + rest[:length])
            stream = rest[length:]
        return found

    def mutated(self, mutator: Mutator) -> bytes:
        head, _, body = mutator.original().partition(b"\r\n\r\n")
        first, *headers = head.split(b"\r\n")
        method, _, rest = first.partition(b" ")
        target, _, version = rest.rpartition(b" ")
        readable = mutator.random.random() < READABLE
        match mutator.random.randrange(40):
            case 0:
                method = _token(mutator.of(method), readable=readable) or b"GET"
            case 1 | 2 if headers:
                chosen = mutator.random.randrange(len(headers))
                name, colon, value = headers[chosen].partition(b":")
                if readable:
                    headers[chosen] = name + colon + b" " + _visible(mutator.of(value))[:4000].strip()
                else:
                    headers[chosen] = mutator.of(headers[chosen]).translate(None, b"\r\n")
            case number if number < 20 and body:
                body = mutator.of(body)[:LARGEST_BODY]
            case number if number < 16:
                target = _target(mutator.of(target), readable=readable)
            case _:
                path, asked, query = target.partition(b"?")
                query = mutator.of(query) if asked else b"a=" + mutator.of(b"1")
                target = path + b"?" + _target(query, readable=readable)
        if readable:
            target = b"/" + target.lstrip(b"/")
        headers = [line for line in headers if not line.lower().startswith(b"content-length:")]
        if body:
            headers.append(b"Content-Length: %d" % len(body))
        return b"\r\n".join([b"%s %s %s" % (method, target, version), *headers, b"", body])

    def dressed(self, message: bytes) -> bytes:
        return message


@dataclass(frozen=True)
class WebSocket:
    """Frames of a WebSocket; messages are their payloads. `opcode`: text (1) or binary (2); `masked`: of a client."""

    opcode: int = 1
    masked: bool = True

    def messages(self, stream: bytes) -> list[bytes]:
        return [payload for opcode, payload in frames(stream.partition(b"\r\n\r\n")[2]) if opcode == self.opcode]

    def mutated(self, mutator: Mutator) -> bytes:
        return self.dressed(mutator())

    def dressed(self, message: bytes) -> bytes:
        mask, size = 0x80 if self.masked else 0, len(message)
        if size < 126:
            length = bytes((mask | size,))
        elif size < 65_536:
            length = bytes((mask | 126,)) + size.to_bytes(2)
        else:
            length = bytes((mask | 127,)) + size.to_bytes(8)
        return bytes((0x80 | self.opcode,)) + length + bytes(4 if self.masked else 0) + message


def frames(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Opcode and payload of whole frames."""
    while len(data) >= 2:
        opcode, masked, size, at = data[0] & 15, data[1] & 0x80, data[1] & 0x7F, 2
        if size > 125:
            width = 2 if size == 126 else 8
            size, at = int.from_bytes(data[2 : 2 + width]), 2 + width
        mask = data[at : at + 4] if masked else bytes(4)
        at += 4 if masked else 0
        payload, data = data[at : at + size], data[at + size :]
        yield opcode, bytes(byte ^ mask[number % 4] for number, byte in enumerate(payload))


@dataclass(frozen=True)
class Modbus:
    """Frames of Modbus TCP."""

    def messages(self, stream: bytes) -> list[bytes]:
        found = []
        while len(stream) >= 6:
            end = 6 + int.from_bytes(stream[4:6])
            found.append(stream[:end])
            stream = stream[end:]
        return found

    def mutated(self, mutator: Mutator) -> bytes:
        original, random = mutator.original(), mutator.random
        unit, pdu = original[6], original[7:]
        match random.randrange(6):
            case 0:
                pdu = mutator.of(pdu)[:253]
            case 1:
                pdu = bytes((random.randrange(256),)) + pdu[1:]
            case 2:
                unit = random.randrange(256)
            case 3:
                pdu = pdu[:1] + random.randrange(65_536).to_bytes(2) + pdu[3:]
            case _:
                pdu = pdu[:3] + random.choice((0, 1, 2, 10, 123, 125, 126, 2000, 65_535)).to_bytes(2) + pdu[5:]
        return Frame(random.randrange(65_536), unit, pdu).encode()

    def dressed(self, message: bytes) -> bytes:
        return message


@dataclass(frozen=True)
class Mqtt:
    """Packets of MQTT 3.1.1."""

    def messages(self, stream: bytes) -> list[bytes]:
        return [encode(packet) for packet in Decoder().feed(stream)]

    def mutated(self, mutator: Mutator) -> bytes:
        return self.mutation(mutator.original(), mutator)

    def mutation(self, original: bytes, mutator: Mutator) -> bytes:
        """Mostly one that is read: what cannot be read ends the connection, and nothing behind it counts."""
        data = self._mutated(original, mutator)
        if mutator.random.random() < 0.998:
            try:
                list(Decoder().feed(data))
            except PacketError:
                return original
        return data

    def _mutated(self, original: bytes, mutator: Mutator) -> bytes:
        (packet,) = Decoder().feed(original)
        if not isinstance(packet, Message) or mutator.random.random() < 0.02:
            body = mutator.of(original[2:])
            return original[:1] + _varint(len(body)) + body
        topic, payload = packet.topic, mutator.of(packet.payload)
        if mutator.random.random() < 0.2:
            topic = mutator.of(topic.encode()).decode(errors="ignore")[:60_000] or "x"
        try:
            return encode(Message(topic=topic, payload=payload, retain=packet.retain))
        except (EmulatorError, ValueError, UnicodeError):
            return original

    def dressed(self, message: bytes) -> bytes:
        return message


def _varint(size: int) -> bytes:
    found = b""
    while True:
        size, low = divmod(size, 128)
        found += bytes((low | (0x80 if size else 0),))
        if not size:
            return found


@dataclass(frozen=True)
class Ocpp(WebSocket):
    """OCPP-J: messages whose payload is mutated inside a valid call or answer."""

    def mutated(self, mutator: Mutator) -> bytes:
        original = mutator.original()
        parts = json.loads(original)
        if mutator.random.random() < 0.3 or not isinstance(parts[-1], dict):
            return self.dressed(mutator.of(original))
        inner = mutator.of(json.dumps(parts[-1]).encode())
        return self.dressed(json.dumps(parts[:-1]).encode()[:-1] + b"," + inner + b"]")


@dataclass(frozen=True)
class Datagram:
    """One datagram is one message."""

    def messages(self, stream: bytes) -> list[bytes]:
        return [stream]

    def mutated(self, mutator: Mutator) -> bytes:
        return mutator()

    def dressed(self, message: bytes) -> bytes:
        return message


HTTP: Final = Http()
UPGRADE: Final = (
    b"GET %s HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n%s\r\n"
)
