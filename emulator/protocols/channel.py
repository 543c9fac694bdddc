"""One client of a WebSocket endpoint: frames in, the vendor's conversation, frames out.

The one rule: a client that is slow, broken or silent costs a bounded amount of memory and nobody else anything.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from time import perf_counter
from typing import TYPE_CHECKING, Final, ParamSpec, TypeVar

from ..core.instant import Instant
from ..devices.delivery import Delivery
from ..devices.interception import UNTOUCHED, Interception
from ..devices.interfaces import Close, Frame, WebSocketEndpoint
from ..devices.traffic import Direction, of_frame
from ..runtime.journal import Entry
from .frames import FrameError, FrameReader, Message, Opcode, encode_close, encode_frame
from .parcels import Packer, described
from .server import APART, Endpoint
from .timers import Timers
from .turns import Turn
from .wire import excerpt

if TYPE_CHECKING:
    from .connection import Connection

MAX_BACKLOG: Final = 1 << 20
"""Bytes that may wait for a slow client beside `send_queue` frames."""
CLOSE_GRACE: Final = 2.0
"""Wall seconds a client has to answer a close frame."""
HALF_SENT: Final = 10.0
"""Wall seconds a client has to finish a message it has begun."""

Answer = TypeVar("Answer")
P = ParamSpec("P")


class Channel:
    """One client of a WebSocket endpoint. Takes the connection's bytes from aiohttp once it is open."""

    def __init__(
        self,
        endpoint: Endpoint,
        path: str,
        spec: WebSocketEndpoint,
        connection: Connection,
        packer: Packer,
        left: Callable[[Channel], None],
    ) -> None:
        self.endpoint = endpoint
        self.path = path
        self.spec = spec
        self.connection = connection
        self._packer = packer
        self._left = left
        """Told when the conversation is over."""
        self.alive_at = asyncio.get_running_loop().time()
        """Wall time of the last pong, or of the beginning."""
        self._conversation = spec.open(endpoint.origin(connection.client, interface="websocket"))
        self._reader = FrameReader(spec.max_message)
        self._turn = Turn(self._next, self._hold)
        self._behind = 0
        self._merged: Instant | None = None
        self._talking = False
        """Frames of one answer or publication are being made: nothing may come in between."""
        self._doomed = False
        """The wallbox went down meanwhile."""
        self._ending = False
        """A close frame is on its way; nothing but the client's own close frame counts any more."""
        self._over = False
        self._broken = False
        """What the client sends makes no sense any more and is thrown away."""
        self._lag = 0.0
        """Wall seconds the device takes to answer what the client said last."""
        self._late = 0
        """Frames that a fault holds back."""
        self._late_until = 0.0
        self._timers = Timers()

    # --- the connection's side ---------------------------------------------------------------------------------------

    def begin(self) -> None:
        """The upgrade has been answered."""
        transport = self.connection.transport
        if transport is not None:
            transport.set_write_buffer_limits(high=0)
        self.note("opened")
        if self.spec.ping is not None:
            self._timers.after("ping", self.spec.ping, self._ping)
        self._speak(self._conversation.opened)
        self.endpoint.wallbox.happenings.count += 1

    def feed_data(self, data: bytes) -> tuple[bool, bytes]:
        """Bytes from the client (aiohttp's parser interface)."""
        if not self._broken and not self._over:
            self._reader.feed(data)
            self._listen()
        return False, b""

    def feed_eof(self) -> None:
        """The end of the client's bytes (aiohttp's parser interface); `lost` follows."""

    def drained(self) -> None:
        """Everything written has left."""
        self._behind = 0
        self._timers.stop("stall")
        self._resume()
        if self._merged is not None:
            at, self._merged = self._merged, None
            self.publish(at)

    def lost(self) -> None:
        """The connection is gone."""
        self._finish()
        self._timers.stop_all()

    def break_off(self) -> None:
        """Break the connection at once."""
        self._finish()
        self.connection.abort()

    def drop(self) -> None:
        """The wallbox goes down: end now, or right after the answer that is being made."""
        if self._talking:
            self._doomed = True
            return
        bye = None if self._ending else self.spec.farewell()
        if bye is None:
            self.break_off()
        else:
            self._finish()
            self.connection.put(encode_close(bye.code, bye.reason))
            self._hang_up()

    def _finish(self) -> None:
        """The conversation is over, even if bytes are still on their way."""
        if not self._over:
            self._over = True
            self._turn.stop()
            self._timers.stop_all()
            self._left(self)
            self.note("closed")
            self._guarded(self._conversation.closed)
            self.endpoint.wallbox.happenings.count += 1

    def _hang_up(self) -> None:
        """Close once everything has left, or after a moment."""
        self._ending = True
        if self.connection.transport is not None:
            self.connection.transport.close()
            self._timers.after("close", CLOSE_GRACE, self.connection.abort)

    # --- what the client says ----------------------------------------------------------------------------------------

    def _listen(self) -> None:
        """Take in what has arrived, as long as the client takes what it is sent."""
        self._turn.go()
        self._watch_half_sent()

    def _next(self) -> bool:
        """Take in one message, if there is one and the client takes what it is sent."""
        if self._over or self._broken or self._crowded:
            return False
        try:
            message = self._reader.next()
            if message is not None:
                self._take(message)
        except FrameError as error:
            self._broken = True
            self.note("broken", {"code": error.code, "why": error.reason})
            self._end(Close(error.code, error.reason))
            return False
        return message is not None

    def _hold(self) -> None:
        """Others have their turn before the next messages, or had it."""
        if self._turn.waiting and self.connection.transport is not None:
            self.connection.transport.pause_reading()
        elif not self._turn.waiting:
            self._resume()

    def _take(self, message: Message) -> None:
        match message.opcode:
            case Opcode.PING if not self._silenced:
                self._put(Opcode.PONG, message.payload)
            case Opcode.PING:
                pass
            case Opcode.PONG:
                self.alive_at = asyncio.get_running_loop().time()
            case Opcode.CLOSE:
                self._closed_by_client(message.payload)
            case _ if not self._ending:
                self._request(message)

    def _request(self, message: Message) -> None:
        text: str | bytes = message.payload
        if message.opcode == Opcode.TEXT:
            try:
                text = message.payload.decode()
            except UnicodeDecodeError:
                raise FrameError(1007, "not UTF-8") from None
        detail: dict[str, object] = {"size": len(message.payload), "frame": excerpt(text)}
        self.endpoint.simulation.now()
        entry = self._record("request", f"{self.path} received", detail)
        with self.endpoint.simulation.exchange(entry):
            interception = self._intercept(text, "in")
            if interception.lost():
                detail["silent"] = True
                return
            self._lag = self.endpoint.latency("websocket")
            began = perf_counter()
            with interception.handling():
                self._speak(lambda: self._conversation.received(text), replies_to=detail)
            self.endpoint.websocket_workload.answered(perf_counter() - began)
            self._lag = 0.0

    def _intercept(self, frame: str | bytes, direction: Direction) -> Interception:
        return self.endpoint.intercept(of_frame, self.path, frame, self.connection.client, direction)

    def _closed_by_client(self, payload: bytes) -> None:
        if not self._ending:
            code = int.from_bytes(payload[:2], "big") if len(payload) >= 2 else 1000
            self.connection.put(encode_close(code if code in range(1000, 5000) else 1002))
        self._hang_up()

    def _watch_half_sent(self) -> None:
        if self._reader.buffered and not self._crowded and not self._over and not self._turn.waiting:
            if "half_sent" not in self._timers:
                self._timers.after("half_sent", HALF_SENT, self.break_off)
        else:
            self._timers.stop("half_sent")

    # --- what the device says ----------------------------------------------------------------------------------------

    def publish(self, at: Instant) -> None:
        """Something may be new; later, in one go, for a client that is behind or being answered."""
        if self._over or self._ending:
            return
        if self._talking or self._crowded:
            if self._merged is not None:
                self.endpoint.websocket_workload.pushes_dropped += 1
            self._merged = at
            return
        self._speak(lambda: self._conversation.published(at), at=at)

    def _speak(
        self,
        ask: Callable[[], Iterable[Frame]],
        *,
        replies_to: dict[str, object] | None = None,
        at: Instant | None = None,
    ) -> None:
        self._talking = True
        try:
            frames = self._guarded(_listed, ask) or ()
            sent = 0 if replies_to is not None or not frames else self._push(frames, at)
            for frame in frames[sent:]:
                self._send(frame, replies_to, at)
        finally:
            self._talking = False
        if self._doomed:
            self.drop()
        elif self._merged is not None and not self._crowded:
            at, self._merged = self._merged, None
            self.publish(at)

    def _push(self, frames: Sequence[Frame], at: Instant | None) -> int:
        """Send frames nobody asked for in one go, as long as nothing happens to them on the way; how many were."""
        if self._late or self._over or self._ending:
            return 0
        parcel = self._packer.pack(frames, self._told_of(at))
        if parcel is None:
            return 0
        count = 0
        for frame, detail in zip(frames, parcel.details, strict=True):
            if self._intercept(frame, "out") is not UNTOUCHED:
                break
            self._record("push", self.path, detail)
            count += 1
        else:
            self._write(parcel.data, parcel.sizes)
            return count
        sizes = parcel.sizes[:count]
        self._write(parcel.data[: sum(sizes)], sizes)
        return count

    def _told_of(self, at: Instant | None) -> Instant | None:
        """The instant a push tells of, if that is not the present."""
        return None if at == self.endpoint.simulation.at else at

    def _send(self, frame: Frame, replies_to: dict[str, object] | None, at: Instant | None) -> None:
        if self._over or self._ending:
            return
        if isinstance(frame, Close):
            self._end(frame)
            return
        payload = frame.encode() if isinstance(frame, str) else frame
        interception = self._intercept(frame, "out")
        delivery = interception.deliver(interception.content(payload))
        if delivery.silent:
            return
        if self._lag > 0 and replies_to is not None and not self._doomed:
            delivery = replace(delivery, delay=delivery.delay + self._lag)
        payload = delivery.data
        frame = payload.decode("utf-8", "replace") if isinstance(frame, str) else payload
        if replies_to is None:
            self._record("push", self.path, described(self.spec, frame, len(payload), self._told_of(at)))
        else:
            if told := self.spec.told_by(frame):
                read = replies_to.setdefault("reads", [])
                if isinstance(read, list):
                    read += told
            replies_to.setdefault("replies", [])
            shown = replies_to["replies"]
            if isinstance(shown, list) and len(shown) < 8:
                shown.append(excerpt(frame))
        opcode = Opcode.TEXT if isinstance(frame, str) else Opcode.BINARY
        if delivery.delay <= 0 and not self._late:
            self._leave(opcode, delivery)
        else:
            self._put_late(opcode, delivery)

    def _leave(self, opcode: Opcode, delivery: Delivery) -> None:
        """Send a frame, and end what has to end with it."""
        if delivery.data or delivery.then == "keep":
            self._put(opcode, delivery.data)
        if delivery.then == "reset":
            self._finish()
            self.connection.reset()
        elif delivery.then == "close":
            self._end(Close())

    def _put_late(self, opcode: Opcode, delivery: Delivery) -> None:
        """Send a frame after its delay and behind everything that is late already."""
        loop = asyncio.get_running_loop()
        due = max(self._late_until + APART, loop.time() + delivery.delay)
        self._late_until = due
        self._late += 1

        def leave() -> None:
            self._late -= 1
            if not self._over:
                self._leave(opcode, delivery)

        loop.call_at(due, leave)

    def _put(self, opcode: Opcode, payload: bytes) -> None:
        data = encode_frame(opcode, payload)
        self._write(data, (len(data),))

    def _write(self, data: bytes, sizes: Sequence[int]) -> None:
        """Write frames of these sizes in one go, and count those that wait for the client."""
        connection = self.connection
        connection.put(data)
        if connection.congested and connection.transport is not None:
            waiting = connection.transport.get_write_buffer_size()
            for size in reversed(sizes):
                if waiting <= 0:
                    break
                self._behind += 1
                waiting -= size
            if self._crowded:
                self._pause()

    def _end(self, close: Close) -> None:
        """Send a close frame and give the client a moment to answer it."""
        if not self._ending:
            self._ending = True
            self.connection.put(encode_close(close.code, close.reason))
            self._timers.after("close", CLOSE_GRACE, self.connection.abort)

    @property
    def _silenced(self) -> bool:
        """A fault keeps everything from the client."""
        return self.endpoint.wallbox.interceptor.mute("websocket")

    @property
    def _crowded(self) -> bool:
        """The client is as far behind as it may be."""
        if not self._behind:
            return False
        transport = self.connection.transport
        size = transport.get_write_buffer_size() if transport is not None else 0
        return self._behind >= self.spec.send_queue or size > MAX_BACKLOG

    def _pause(self) -> None:
        """Take nothing more from a client that does not take what it is sent."""
        if self.connection.transport is not None:
            self.connection.transport.pause_reading()
        if "stall" not in self._timers:
            self._timers.after("stall", self.spec.stall_timeout, self._stalled)

    def _resume(self) -> None:
        if self._turn.waiting:
            return
        if self.connection.transport is not None and not self._over and not self._broken and not self._crowded:
            self.connection.transport.resume_reading()
            self._listen()

    def _guarded(self, ask: Callable[P, Answer], *args: P.args, **kwargs: P.kwargs) -> Answer | None:
        """Ask the conversation; a mistake of ours costs this client its connection and nothing else."""
        return self.endpoint.guarded(self.break_off, ask, *args, **kwargs)

    def note(self, name: str, detail: dict[str, object] | None = None) -> None:
        """Record what becomes of the connection."""
        self._record("connection", f"{self.path} {name}", detail or {})

    def _record(self, kind: str, name: str, detail: dict[str, object]) -> Entry:
        return self.endpoint.record(kind, name, detail, client=self.connection.client, interface="websocket")

    def _stalled(self) -> None:
        self.note("dropped", {"why": "reads too slowly"})
        self.break_off()

    def _ping(self) -> None:
        loop = asyncio.get_running_loop()
        timeout = self.spec.pong_timeout
        if timeout is not None and loop.time() - self.alive_at > timeout:
            self.note("dropped", {"why": "no pong"})
            self.break_off()
        elif self.spec.ping is not None:
            if not self._crowded and not self._silenced:
                self._put(Opcode.PING, b"")
                if self.spec.heartbeat is not None:
                    self._put(Opcode.TEXT, self.spec.heartbeat().encode())
            self._timers.after("ping", self.spec.ping, self._ping)


def _listed(ask: Callable[[], Iterable[Frame]]) -> Sequence[Frame]:
    """All frames, even if they are made one by one; the very same sequence, if it is one."""
    frames = ask()
    return frames if isinstance(frames, Sequence) else list(frames)
