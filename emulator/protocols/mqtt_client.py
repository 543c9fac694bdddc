"""A device's connection to a broker: an MQTT 3.1.1 client on an asyncio transport.

The one rule: nothing here waits. What happens is told to a `Listener` at once and in the order of the bytes, and what
is published is written, or kept until a slow broker takes it.

Not aiomqtt: it connects in a worker thread that cannot be called off (with twenty wallboxes and a broker that swallows
connections, ending the program took 4.5 s instead of less than 1 s), and has no public way to cut a connection.
"""

from __future__ import annotations

import asyncio
import itertools
from collections import deque
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Final, Protocol

from ..devices.interfaces import BrokerAccess, Publish
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
from .pem import prove
from .turns import Turn

if TYPE_CHECKING:
    import ssl

ANSWER_TIMEOUT: Final = 10.0
"""Wall seconds the broker has for its answer to CONNECT, and the connection for its good-bye."""
MAX_BUFFERED: Final = 1_048_576
"""Bytes the broker may leave unread before messages are merged. Room for the changes of a whole night at once."""
MAX_WAITING: Final = 10_000
"""Messages that wait for a slow broker, merged; then the oldest are lost."""

REFUSALS: Final = {
    1: "unacceptable protocol version",
    2: "identifier rejected",
    3: "server unavailable",
    4: "bad user name or password",
    5: "not authorized",
}
"""Return codes of CONNACK, section 3.2.2.3."""


class Listener(Protocol):
    """Who is told what happens on a connection."""

    def accepted(self) -> None:
        """The broker has let us in."""
        ...

    def received(self, message: Message) -> None: ...

    def lost(self, reason: str) -> None:
        """The connection has ended, or was never made, without our doing."""
        ...


class Outbox:
    """Messages that wait, oldest first. A retained one replaces an older one on its topic."""

    def __init__(self, limit: int = MAX_WAITING) -> None:
        self._limit = limit
        self._waiting: dict[str | int, Publish] = {}
        self._numbers = itertools.count()

    def __len__(self) -> int:
        return len(self._waiting)

    def put(self, message: Publish) -> int:
        """Let a message wait; how many others it cost: older ones on its topic, or the oldest of all."""
        key = message.topic if message.retain else next(self._numbers)
        replaced = self._waiting.pop(key, None)  # the newer one goes to the end, behind what came before it
        self._waiting[key] = message
        if len(self._waiting) > self._limit:
            self.take()
            return 1
        return int(replaced is not None)

    def take(self) -> Publish:
        return self._waiting.pop(next(iter(self._waiting)))


class Connection(asyncio.Protocol):
    """One connection, from CONNECT to its end."""

    def __init__(self, access: BrokerAccess, listener: Listener) -> None:
        self.access = access
        self.outbox = Outbox()
        self.over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        """Done when the transport is closed."""
        self._listener = listener
        self._decoder = Decoder()
        self._turn = Turn(self._take, self._hold)
        self._transport: asyncio.Transport | None = None
        self._accepted = False
        self._ending = False
        self._reason = "connection closed by the broker"
        self._paused = False
        self._packet_ids = itertools.cycle(range(1, 65_536))
        self._unreleased: set[int] = set()
        self._pongs: deque[asyncio.Future[None]] = deque()
        self._watched: asyncio.Future[None] | None = None
        self._timer: asyncio.TimerHandle | None = None

    async def open(self) -> None:
        """Connect. OSError if nobody is there."""
        access = self.access
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(ANSWER_TIMEOUT):
            tls = _tls_context(access) if access.tls else None
            await loop.create_connection(self._on_tcp, access.host, access.port, ssl=tls)

    def _on_tcp(self) -> asyncio.Protocol:
        """What speaks on the TCP connection: this, or a WebSocket that carries it."""
        access = self.access
        if access.path is None:
            return self
        from .mqtt_websocket import Tunnel

        return Tunnel(access.host, access.port, access.path, self, ANSWER_TIMEOUT)

    @property
    def made(self) -> bool:
        """Whether there is a transport, and so will be an end."""
        return self._transport is not None

    # --- what a device does ------------------------------------------------------------------------------------------

    def publish(self, messages: Iterable[Publish]) -> int:
        """Send messages in this order, in one write; how many others are lost because the broker is slow."""
        if self._ending:
            return 0
        if self._paused:
            return sum(map(self.outbox.put, messages))
        if data := b"".join(map(self._encoded, messages)):
            self._write(data)
        return 0

    def subscribe(self, filters: Iterable[str]) -> None:
        """Subscribe with QoS 0, as the devices do."""
        if wanted := tuple((name, 0) for name in filters):
            self._send(Subscribe(next(self._packet_ids), wanted))

    def unsubscribe(self, filters: Iterable[str]) -> None:
        if unwanted := tuple(filters):
            self._send(Unsubscribe(next(self._packet_ids), unwanted))

    async def flushed(self) -> None:
        """Until the broker has taken everything published before, or the connection has ended."""
        while not self.over.done():
            nothing_waits = not self.outbox
            await asyncio.wait((self._ping(),))
            if nothing_waits:
                return

    def disconnect(self) -> None:
        """Say good-bye and close: no will."""
        if not self._ending and self._transport is not None:
            self._send(Signal(Kind.DISCONNECT))
            self._ending = True
            self._transport.close()
            self._restart_timer(ANSWER_TIMEOUT, self._transport.abort)

    def abort(self) -> None:
        """Break the connection: the broker publishes the will."""
        self._ending = True
        if self._transport is not None:
            self._transport.abort()

    # --- the protocol of a transport ---------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._transport.set_write_buffer_limits(MAX_BUFFERED)
        if self._ending:  # called off in the meantime
            self._transport.abort()
            return
        self._send(_connect_packet(self.access))
        self._restart_timer(ANSWER_TIMEOUT, self._give_up, "the broker does not answer")

    def data_received(self, data: bytes) -> None:
        self._decoder.add(data)
        self._turn.go()

    def _take(self) -> bool:
        """Hear one packet; whether there may be more."""
        if self._ending or self._paused:
            return False
        try:
            packet = self._decoder.next()
            if packet is not None:
                self._handle(packet)
        except PacketError as error:
            self._give_up(f"the broker sent {error}")
            return False
        return packet is not None

    def _hold(self) -> None:
        """What the broker sends in one go is heard in several."""
        if self._transport is None or self._transport.is_closing():
            return
        if self._turn.waiting or self._paused:
            self._transport.pause_reading()
        else:
            self._transport.resume_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if not self.over.done():
            self.over.set_result(None)
        while self._pongs:
            _resolve(self._pongs.popleft())
        if not self._ending:
            self._ending = True
            self._listener.lost(str(exc) if exc is not None else self._reason)

    def pause_writing(self) -> None:
        """The broker does not read: it is not heard either, because of what it would have to be answered."""
        self._paused = True
        self._hold()

    def resume_writing(self) -> None:
        self._paused = False
        while self.outbox and not self._paused and not self._ending:
            self._write(self._encoded(self.outbox.take()))
        self._turn.go()
        self._hold()

    # --- details -----------------------------------------------------------------------------------------------------

    def _send(self, packet: Packet) -> None:
        if not self._ending:
            self._write(encode(packet))

    def _write(self, data: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)

    def _encoded(self, message: Publish) -> bytes:
        packet_id = next(self._packet_ids) if message.qos else 0
        return encode(_message(message, packet_id))

    def _handle(self, packet: Packet) -> None:
        match packet:
            case Connack(code) if not self._accepted:
                self._answered(code)
            case _ if not self._accepted:
                raise PacketError("something before CONNACK")
            case Message():
                self._receive(packet)
            case Acknowledge(Kind.PUBREC, packet_id):
                self._send(Acknowledge(Kind.PUBREL, packet_id))
            case Acknowledge(Kind.PUBREL, packet_id):
                self._unreleased.discard(packet_id)
                self._send(Acknowledge(Kind.PUBCOMP, packet_id))
            case Signal(Kind.PINGRESP):
                if self._pongs:
                    _resolve(self._pongs.popleft())
            case Acknowledge() | Suback():
                pass
            case _:
                raise PacketError("a packet that only a client sends")

    def _answered(self, code: int) -> None:
        if code:
            self._give_up(f"connection refused: {REFUSALS.get(code, f'code {code}')}")
            return
        self._accepted = True
        if self._timer is not None:
            self._timer.cancel()
        if self.access.keep_alive:
            self._restart_timer(self.access.keep_alive, self._keep_alive)
        self._listener.accepted()

    def _receive(self, message: Message) -> None:
        if message.qos == 1:
            self._send(Acknowledge(Kind.PUBACK, message.packet_id))
        elif message.qos == 2:
            self._send(Acknowledge(Kind.PUBREC, message.packet_id))
            if message.packet_id in self._unreleased:
                return
            self._unreleased.add(message.packet_id)
        self._listener.received(message)

    def _keep_alive(self) -> None:
        """A ping per keep-alive period; one that is still unanswered at the next ends the connection."""
        if self._watched is not None and not self._watched.done():
            self._give_up("the broker does not answer pings")
            return
        self._watched = self._ping()
        self._restart_timer(self.access.keep_alive, self._keep_alive)

    def _ping(self) -> asyncio.Future[None]:
        """Done when the broker has answered, and so has taken all that was written before."""
        pong: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        if self._ending:
            return self.over
        self._pongs.append(pong)
        self._send(Signal(Kind.PINGREQ))
        return pong

    def _give_up(self, reason: str) -> None:
        self._reason = reason
        if self._transport is not None:
            self._transport.abort()

    def _restart_timer(self, delay: float, action: Callable[..., object], *arguments: object) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(delay, action, *arguments)


def _resolve(pong: asyncio.Future[None]) -> None:
    if not pong.done():
        pong.set_result(None)


def _message(message: Publish, packet_id: int = 0) -> Message:
    return Message(
        topic=message.topic, payload=message.payload, qos=message.qos, retain=message.retain, packet_id=packet_id
    )


def _connect_packet(access: BrokerAccess) -> Connect:
    return Connect(
        client_id=access.client_id,
        clean=access.clean,
        keep_alive=access.keep_alive,
        will=_message(access.will) if access.will is not None else None,
        username=access.username,
        password=access.password.encode() if access.password is not None else None,
    )


def _tls_context(access: BrokerAccess) -> ssl.SSLContext:
    import ssl

    context = ssl.create_default_context(cadata=access.authorities or None)
    if access.authorities is None:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if access.credentials is not None:
        prove(context, access.credentials)
    return context
