"""One client of a WebSocket endpoint: frames in, the vendor's conversation, frames out.

The one rule: a client that is slow, broken or silent costs a bounded amount of memory and nobody else anything.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from time import perf_counter
from typing import Final, Self

from ..core.instant import Instant
from ..devices.delivery import Delivery
from ..devices.interception import UNTOUCHED, Interception
from ..devices.interfaces import Close, Frame, WebSocketEndpoint
from ..devices.traffic import Direction, of_frame
from ..runtime.journal import Entry
from .frames import FrameError, FrameReader, Message, Opcode, answer_close, encode_close
from .line import Line
from .parcels import Packer, Parcel, add_reply, described, packed
from .server import Endpoint
from .timers import Timers
from .turns import Turn
from .wire import excerpt

CLOSE_GRACE: Final = 2.0
"""Wall seconds a client has to answer a close frame."""
HALF_SENT: Final = 10.0
"""Wall seconds a client has to finish a message it has begun."""


class Channel(asyncio.Protocol):
    """One client of a WebSocket endpoint, and all that is left of its connection once the upgrade is answered."""

    __slots__ = (
        "_broken", "_conversation", "_doomed", "_ending", "_forget", "_lag", "_left", "_line", "_loop", "_merged",
        "_over", "_packer", "_reader", "_talking", "_timers", "_turn", "alive_at", "client", "endpoint", "path", "spec",
    )  # fmt: skip
    task: Final = None
    """It answers at once."""

    def __init__(
        self,
        endpoint: Endpoint,
        path: str,
        spec: WebSocketEndpoint,
        transport: asyncio.Transport,
        client: str | None,
        packer: Packer,
        left: Callable[[Channel], None],
        forget: Callable[[Channel], None],
    ) -> None:
        """`left` is told when the conversation is over, `forget` when the connection is."""
        self.endpoint = endpoint
        self.path = path
        self.spec = spec
        self.client = client
        self._line = Line(transport, spec.send_queue)
        self._packer = packer
        self._left = left
        self._forget = forget
        self._loop = asyncio.get_running_loop()
        self.alive_at = self._loop.time()
        """Wall time of the last pong, or of the beginning."""
        self._conversation = spec.open(endpoint.origin(client, interface="websocket"))
        self._reader = FrameReader(spec.max_message)
        self._turn = Turn(self._next, self._hold)
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
        self._timers = Timers()

    @property
    def channel(self) -> Self:
        """Among the connections of a server: this one is a WebSocket."""
        return self

    @property
    def transport(self) -> asyncio.Transport | None:
        return self._line.transport

    # --- the connection's side ---------------------------------------------------------------------------------------

    def begin(self, *, congested: bool = False) -> None:
        """The upgrade has been answered. `congested`: bytes wait for the client already."""
        self._line.begin(self, congested=congested)
        self.note("opened")
        self._speak(self._conversation.opened)
        self.endpoint.wallbox.happenings.count += 1

    def data_received(self, data: bytes) -> None:
        if not self._broken and not self._over:
            self._reader.feed(data)
            self._listen()

    def eof_received(self) -> None:
        self.abort()

    def pause_writing(self) -> None:
        self._line.congested = True

    def resume_writing(self) -> None:
        """Everything written has left."""
        self._line.drained()
        self._timers.stop("stall")
        self._resume()
        if self._merged is not None:
            at, self._merged = self._merged, None
            self.publish(at)

    def connection_lost(self, exc: Exception | None) -> None:
        self._forget(self)
        self._finish()
        self._timers.stop_all()
        self._line.transport = None

    def abort(self) -> None:
        """Break the connection at once, whatever is on its way."""
        self._line.abort()

    def break_off(self) -> None:
        """End the conversation, and break the connection at once."""
        self._finish()
        self.abort()

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
            self._line.put(encode_close(bye.code, bye.reason))
            self._hang_up()

    def _finish(self) -> None:
        """The conversation is over, even if bytes are still on their way."""
        if not self._over:
            self._over = True
            self._turn.stop()
            self._timers.stop_all()
            self._left(self)
            self.note("closed")
            self.endpoint.guarded(self.break_off, self._conversation.closed)
            self.endpoint.wallbox.happenings.count += 1

    def _hang_up(self) -> None:
        """Close once everything has left, or after a moment."""
        self._ending = True
        if self.transport is not None:
            self.transport.close()
            self._timers.after("close", CLOSE_GRACE, self.abort)

    # --- what the client says ----------------------------------------------------------------------------------------

    def _listen(self) -> None:
        """Take in what has arrived, as long as the client takes what it is sent."""
        self._turn.go()
        self._watch_half_sent()

    def _next(self) -> bool:
        """Take in one message, if there is one and the client takes what it is sent."""
        if self._over or self._broken or self._line.crowded:
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
        if self._turn.waiting:
            self._line.listen(go_on=False)
        else:
            self._resume()

    def _take(self, message: Message) -> None:
        match message.opcode:
            case Opcode.PING if not self._silenced:
                self._put(Opcode.PONG, message.payload)
            case Opcode.PING:
                pass
            case Opcode.PONG:
                self.alive_at = self._loop.time()
            case Opcode.CLOSE:
                self._closed_by_client(message.payload)
            case _ if not self._ending:
                self._request(message)

    def _request(self, message: Message) -> None:
        text = message.text
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
                self._speak(lambda: self._conversation.received(text), detail)
            self.endpoint.websocket_workload.answered(perf_counter() - began)
            self._lag = 0.0

    def _intercept(self, frame: str | bytes, direction: Direction) -> Interception:
        return self.endpoint.intercept(None, self.client, of_frame, self.path, frame, self.client, direction)

    def _closed_by_client(self, payload: bytes) -> None:
        if not self._ending:
            self._line.put(answer_close(payload))
        self._hang_up()

    def _watch_half_sent(self) -> None:
        if self._reader.buffered and not self._line.crowded and not self._over and not self._turn.waiting:
            if "half_sent" not in self._timers:
                self._timers.after("half_sent", HALF_SENT, self.break_off)
        else:
            self._timers.stop("half_sent")

    # --- what the device says ----------------------------------------------------------------------------------------

    def publish(self, at: Instant) -> None:
        """Something may be new; later, in one go, for a client that is behind or being answered."""
        if self._over or self._ending:
            return
        if self._talking or self._line.crowded:
            if self._merged is not None:
                self.endpoint.websocket_workload.pushes_dropped += 1
            self._merged = at
            return
        self._talking = True
        try:
            # A mistake of ours costs this client its connection, and nobody else anything.
            if frames := self.endpoint.guarded(self.break_off, self._conversation.published, at):
                of = self._told_of(at)
                self._push(frames, at, self._packer.pack(frames, of))
        finally:
            self._talking = False
        if self._doomed or self._merged is not None:
            self._catch_up()

    def _speak(self, ask: Callable[[], Iterable[Frame]], replies_to: dict[str, object] | None = None) -> None:
        self._talking = True
        try:
            frames = self.endpoint.guarded(self.break_off, lambda: list(ask())) or ()
            if replies_to is None:
                self._push(frames, None, packed(self.spec, frames, None))
            else:
                for frame in frames:
                    self._send(frame, replies_to, None)
        finally:
            self._talking = False
        self._catch_up()

    def _catch_up(self) -> None:
        """What happened while something was said."""
        if self._doomed:
            self.drop()
        elif self._merged is not None and not self._line.crowded:
            at, self._merged = self._merged, None
            self.publish(at)

    def _push(self, frames: Sequence[Frame], at: Instant | None, parcel: Parcel | None) -> None:
        """Send what nobody asked for: in one go, as long as nothing happens to it on the way."""
        count = 0
        if parcel is not None and not (self._line.late or self._over or self._ending):
            record = self.endpoint.recorder(self.client, "websocket")
            interceptor = self.endpoint.wallbox.interceptor
            for frame, detail in zip(parcel.frames, parcel.details, strict=True):
                if interceptor.active and self._intercept(frame, "out") is not UNTOUCHED:
                    break
                record("push", self.path, detail)
                count += 1
            sent = parcel.first(count)
            self._line.frames(sent.data, sent.sizes)
            self._watch_crowd()
        for left in frames[count:]:
            self._send(left, None, at)

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
            add_reply(replies_to, self.spec, frame)
        opcode = Opcode.TEXT if isinstance(frame, str) else Opcode.BINARY
        if delivery.delay <= 0 and not self._line.late:
            self._leave(opcode, delivery)
        else:
            self._line.after(delivery.delay, lambda: None if self._over else self._leave(opcode, delivery))

    def _leave(self, opcode: Opcode, delivery: Delivery) -> None:
        """Send a frame, and end what has to end with it."""
        if delivery.data or delivery.then == "keep":
            self._put(opcode, delivery.data)
        if delivery.then == "reset":
            self._finish()
            self._line.reset()
        elif delivery.then == "close":
            self._end(Close())

    def _put(self, opcode: Opcode, payload: bytes) -> None:
        self._line.frame(opcode, payload)
        self._watch_crowd()

    def _watch_crowd(self) -> None:
        if self._line.congested and self._line.crowded:
            self._pause()

    def _end(self, close: Close) -> None:
        """Send a close frame and give the client a moment to answer it."""
        if not self._ending:
            self._ending = True
            self._line.put(encode_close(close.code, close.reason))
            self._timers.after("close", CLOSE_GRACE, self.abort)

    @property
    def _silenced(self) -> bool:
        """A fault keeps everything from the client."""
        return self.endpoint.wallbox.interceptor.mute("websocket")

    def _pause(self) -> None:
        """Take nothing more from a client that does not take what it is sent."""
        self._line.listen(go_on=False)
        if "stall" not in self._timers:
            self._timers.after("stall", self.spec.stall_timeout, self._stalled)

    def _resume(self) -> None:
        if self._turn.waiting:
            return
        if self.transport is not None and not self._over and not self._broken and not self._line.crowded:
            self._line.listen(go_on=True)
            self._listen()

    def note(self, name: str, detail: dict[str, object] | None = None) -> None:
        """Record what becomes of the connection."""
        self._record("connection", f"{self.path} {name}", detail or {})

    def _record(self, kind: str, name: str, detail: dict[str, object]) -> Entry:
        return self.endpoint.record(kind, name, detail, client=self.client, interface="websocket")

    def _stalled(self) -> None:
        self.note("dropped", {"why": "reads too slowly"})
        self.break_off()

    def beat(self, data: bytes, sizes: Sequence[int]) -> None:
        """Frames that only keep the connection alive, past the journal; its end, if the client is not."""
        timeout = self.spec.pong_timeout
        if timeout is not None and self._loop.time() - self.alive_at > timeout:
            self.note("dropped", {"why": "no pong"})
            self.break_off()
        elif not self._line.crowded and not self._silenced and not self._over:
            self._line.frames(data, sizes)
            self._watch_crowd()
