"""The Modbus/TCP server of a device.

The one rule: every request and its reply pass `ModbusServer.exchange`, every reply's bytes pass `Connection.send`, and
replies leave a connection in the order of their requests, however long one of them is held back.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from ..devices.interception import UNTOUCHED, Interception
from ..devices.interfaces import ModbusInterface, ModbusReply, ModbusRequest, Origin
from ..devices.traffic import WRITES, of_modbus
from ..runtime.sizes import Detail
from .listening import Listening
from .modbus_answers import Answer, answer, hangs_up, passed, pieces
from .modbus_frames import (
    DEVICE_FAILURE,
    ILLEGAL_VALUE,
    NAMES,
    Asked,
    Frame,
    Framer,
    Framing,
    encode,
    exception,
    framed,
    request,
)
from .modbus_known import Known, understood
from .server import Endpoint, Server
from .tcp import reset
from .turns import Turn

HALF_SENT_TIMEOUT: Final = 10.0
"""Wall seconds a client has to finish a frame it has begun. ASSUMED."""

HELD_BACK: Final = 64
"""Replies that may wait on one connection; then nothing more is read from it."""


class ModbusServer(Server):
    """Serves one `ModbusInterface`."""

    def __init__(self, endpoint: Endpoint, *, half_sent_timeout: float = HALF_SENT_TIMEOUT) -> None:
        super().__init__(endpoint)
        self.framing = Framing(self.interface.shortest, self.interface.longest)
        self.half_sent_timeout = half_sent_timeout
        self.connections: dict[Connection, None] = {}
        self._known: dict[tuple[int, bytes], Known] = {}
        self._socket: Listening | None = None

    @property
    def interface(self) -> ModbusInterface:
        return self.endpoint.declared(ModbusInterface)

    @property
    def clients(self) -> Mapping[str, int]:
        return {self.endpoint.name: len(self.connections)}

    # --- the socket --------------------------------------------------------------------------------------------------

    async def open(self) -> None:
        self._socket = await self.endpoint.listen(lambda: Connection(self))

    async def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None
        gone = [connection.gone for connection in self.connections]
        for connection in tuple(self.connections):
            connection.abort()
        if gone:
            await asyncio.wait(gone)

    def drop(self) -> None:
        for connection in tuple(self.connections):
            connection.drop()

    def admit(self, connection: Connection) -> bool:
        """Whether a new connection may stay; one too many is accepted and closed at once."""
        if not self.endpoint.reachable:
            return False
        if len(self.connections) >= self.endpoint.connection_limit(self.interface.max_connections):
            oldest = min(self.connections, key=lambda connection: connection.heard, default=None)
            quiet = asyncio.get_running_loop().time() - (oldest or connection).heard
            if oldest is None or self.interface.when_full == "refuse" or quiet < self.interface.evict_after:
                self.endpoint.record("connection", "refused", {"why": "too many"}, client=connection.client)
                return False
            self.endpoint.record("connection", "evicted", client=oldest.client)
            oldest.abort()
        self.connections[connection] = None
        return True

    # --- one request -------------------------------------------------------------------------------------------------

    def exchange(self, frame: Frame, client: str | None) -> Answer:
        """What is done about one request. The one place where a request meets the vendor; recorded as one entry."""
        known = self._known.get((frame.unit, frame.pdu)) or understood(frame, self._known)
        endpoint, interface, asked = self.endpoint, self.endpoint.interface, known.asked
        assert isinstance(interface, ModbusInterface)
        if interface.exact_lengths and not known.fits:
            endpoint.record("connection", "malformed", {"why": "length of the function"}, client=client)
            return Answer(b"", then="close")
        detail = Detail(known.told)
        if asked is None:
            endpoint.record("request", f"{NAMES[frame.pdu[0]]} (illegal)", detail, client=client)
            return Answer(framed(frame.transaction, frame.unit, exception(frame.pdu[0], ILLEGAL_VALUE)))
        entry = endpoint.record("request", asked.title, detail, client=client)
        asking = request(frame, asked, Origin(endpoint.name, client, endpoint.host, entry.seq))
        if asking.payload:
            detail.complete({"payload": asking.payload.hex()})
        interception = UNTOUCHED
        if endpoint.wallbox.interceptor.active:
            interception = endpoint.intercept(known.form, client, of_modbus, asking, endpoint.name)
        with endpoint.simulation.exchange(entry, reading=asked.function not in WRITES, fresh=True):
            found = endpoint.ask(_broken, _answered, interface.handle, frame, asked, asking, interception)
        reply, pdu = found or (ModbusReply(exception=DEVICE_FAILURE), exception(asked.function, DEVICE_FAILURE))
        made = answer(frame, pdu, reply, detail)
        return made if interception is UNTOUCHED else passed(made, interception)


def _answered(
    handle: Callable[[ModbusRequest], ModbusReply | None],
    frame: Frame,
    asked: Asked,
    asking: ModbusRequest,
    interception: Interception,
) -> tuple[ModbusReply | None, bytes | None]:
    """The device's reply, and its payload on the wire."""
    reply = handle(asking) if interception is UNTOUCHED else interception.modbus(asking, handle)
    return reply, None if reply is None or (reply.close and hangs_up(reply)) else encode(frame.pdu, asked, reply)


def _broken() -> None:
    """The answer of a device whose firmware fails: an exception that depends on what was asked."""


class Connection(asyncio.Protocol):
    """One client, from accept to close."""

    def __init__(self, server: ModbusServer) -> None:
        self.server = server
        self.client: str | None = None
        loop = asyncio.get_running_loop()
        self.gone: asyncio.Future[None] = loop.create_future()
        self._loop = loop
        self.heard = loop.time()
        """When it asked last, in the loop's time."""
        self._quiet: asyncio.TimerHandle | None = None
        self._transport: asyncio.Transport | None = None
        self._framer = Framer(server.framing)
        self._asked: deque[Frame] = deque()
        """Requests that have arrived and had no turn yet."""
        self._turn = Turn(self._take, self._throttle)
        self._held: deque[tuple[float, Answer]] = deque()
        """Replies not sent yet, with the loop time of each one's earliest moment."""
        self._release: asyncio.TimerHandle | None = None
        self._half_sent: asyncio.TimerHandle | None = None
        self._answering = False
        self._said_all = False
        """The client sends no more."""
        self._doomed = False
        """To be closed as soon as nothing is held back any more."""
        self._congested = False

    # --- asyncio calls these -----------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        peer = transport.get_extra_info("peername")
        self.client = f"{peer[0]}:{peer[1]}" if peer else None
        if not self.server.admit(self):
            transport.close()
        elif self.server.interface.idle_timeout is not None:
            self._quiet = self._loop.call_later(self.server.interface.idle_timeout, self._watch_silence)

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_timers()
        self._turn.stop()
        self._asked.clear()
        self._held.clear()
        self.server.connections.pop(self, None)
        if not self.gone.done():
            self.gone.set_result(None)

    def data_received(self, data: bytes) -> None:
        if self._doomed:
            return
        if self._half_sent is not None:
            self._stop_half_sent()
        self.heard = self._loop.time()
        busy = self._asked or self._held or self._congested or self._turn.waiting
        whole = None if busy else self._framer.whole(data)
        if whole is not None:  # nothing comes before or behind it
            self._answer(whole)
        else:
            self._asked += self._framer.feed(data)
            self._turn.go()

    def _take(self) -> bool:
        """Answer one request, if there is one and the client takes its answers; whether there may be more."""
        if self._ended or self._congested or len(self._held) >= HELD_BACK:
            return False
        if not self._asked:
            self._nothing_left()
            return False
        return self._answer(self._asked.popleft())

    def _answer(self, frame: Frame) -> bool:
        """Answer one request; whether others may be."""
        server, transport = self.server, self._transport
        wallbox = server.endpoint.wallbox
        wallbox.simulation.present()  # what was due happens first: the wallbox may go down by it
        if self._doomed or transport is None or transport.is_closing():
            return False
        self._answering = True
        try:
            answer = server.exchange(frame, self.client)
        finally:
            self._answering = False
        lag = 0.0 if self._doomed else wallbox.realism.latency(server.endpoint.name)
        if lag > 0:
            answer = replace(answer, delay=answer.delay + lag)
        if self._held or self._doomed or answer.delay > 0 or answer.rate is not None or answer.then != "keep":
            self.put(answer)
        elif answer.data:
            transport.write(answer.data)
        return True

    def _nothing_left(self) -> None:
        """Every whole request is answered."""
        if self._framer.broken is not None:
            self._end("malformed", self._framer.broken)
        elif self._said_all:
            self._doomed = True
            if not self._held:
                self.close()
        elif self._framer.pending and self._half_sent is None:
            self._half_sent = self._loop.call_later(self.server.half_sent_timeout, self._end, "timeout", "half sent")

    def eof_received(self) -> bool:
        """The client sends no more; what it has asked is still answered."""
        self._said_all = True
        self._turn.go()
        return self._turn.waiting or bool(self._held or self._asked)

    def pause_writing(self) -> None:
        self._congested = True
        self._throttle()

    def resume_writing(self) -> None:
        self._congested = False
        self._throttle()
        self._turn.go()

    # --- replies -----------------------------------------------------------------------------------------------------

    def put(self, answer: Answer) -> None:
        """Send, or hold back until its time has come and everything before it is out."""
        if self._held or answer.delay > 0 or answer.rate is not None:
            due = self._loop.time() + answer.delay
            for wait, part in pieces(answer):
                self._held.append((due + wait, part))
            self._throttle()
            self._arm()
        else:
            self.send(answer)
            if self._doomed:
                self.close()

    def send(self, answer: Answer) -> None:
        """Put a reply on the wire, in one write, and end the connection if that is part of it."""
        transport = self._transport
        if transport is None or transport.is_closing():
            return
        if answer.data:
            transport.write(answer.data)
        if answer.then == "close":
            self.close()
        elif answer.then == "reset":
            self.reset()

    def _arm(self) -> None:
        if self._release is None and self._held:
            self._release = self._loop.call_at(self._held[0][0], self._let_go)

    def _let_go(self) -> None:
        """Send what is due. The timer may be early by the clock's resolution: the first one is due by definition."""
        self._release = None
        _, answer = self._held.popleft()
        self.send(answer)
        while self._held and self._held[0][0] <= self._loop.time():
            self.send(self._held.popleft()[1])
        if self._doomed and not self._held:
            self.close()
        else:
            self._arm()
            self._throttle()
            self._turn.go()

    def _throttle(self) -> None:
        """Read only while the client reads and not too much is held back."""
        if self._ended or self._transport is None:
            return
        if self._congested or self._turn.waiting or len(self._held) >= HELD_BACK:
            self._transport.pause_reading()
        else:
            self._transport.resume_reading()

    # --- the end -----------------------------------------------------------------------------------------------------

    @property
    def _ended(self) -> bool:
        return self._doomed or self._transport is None or self._transport.is_closing()

    def drop(self) -> None:
        """The wallbox goes down: end now, or right after the reply that is being made."""
        if self._answering:
            self._doomed = True
            self._held.clear()
        else:
            self.abort()

    def close(self) -> None:
        """End in an orderly way, after what is written already."""
        if self._transport is not None:
            self._transport.close()

    def abort(self) -> None:
        """Break the connection at once."""
        if self._transport is not None:
            self._transport.abort()

    def reset(self) -> None:
        """Break the connection so that the client sees a TCP reset."""
        if self._transport is not None:
            reset(self._transport)

    def _end(self, name: str, why: str) -> None:
        self.server.endpoint.record("connection", name, {"why": why}, client=self.client)
        self.close()

    def _stop_half_sent(self) -> None:
        if self._half_sent is not None:
            self._half_sent.cancel()
            self._half_sent = None

    def _watch_silence(self) -> None:
        """End if nothing was asked for too long, else look again when it would be."""
        longest = self.server.interface.idle_timeout
        if longest is None:
            return
        due = self.heard + longest
        if self._loop.time() >= due:
            self._end("timeout", "idle")
        else:
            self._quiet = self._loop.call_at(due, self._watch_silence)

    def _stop_timers(self) -> None:
        self._stop_half_sent()
        if self._quiet is not None:
            self._quiet.cancel()
            self._quiet = None
        if self._release is not None:
            self._release.cancel()
            self._release = None
