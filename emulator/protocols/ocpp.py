"""Runs a wallbox's `OcppInterface`: its charge point as a WebSocket client of a central system.

The one rule: the connection follows the box: switched off, it says good-bye; without power, it breaks. Attempts to
reconnect are simulated time, as everything the box decides; pings and the time-out of an answer are wall time, because
they wait for somebody who lives in it.
"""

from __future__ import annotations

import asyncio
import base64
import logging
import ssl
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Final, Literal, Self

from websockets.client import ClientProtocol
from websockets.exceptions import InvalidURI
from websockets.http11 import Request
from websockets.typing import Subprotocol
from websockets.uri import WebSocketURI, parse_uri

from ..core.instant import Instant, later
from ..devices.ocpp_interface import Call, CallError, CallResult, Conversation, Message, OcppAccess, OcppInterface
from ..devices.wallbox import Wallbox
from ..ocpp.messages import MessageError, decode, encode
from ..runtime.journal import Entry
from ..runtime.simulation import Simulation
from .server import Endpoint
from .websocket_wire import WebSocketWire

log = logging.getLogger(__name__)

CONNECT_TIMEOUT: Final = 10.0
"""Wall seconds from the attempt to the end of the handshake."""
GOOD_BYE: Final = 0.5
"""Wall seconds to get rid of the last bytes when the emulator ends."""
EXCERPT: Final = 200
"""Characters of what is no message that the journal keeps."""

State = Literal["off", "connecting", "connected", "waiting"]
"""`waiting`: for the next attempt."""
Direction = Literal["in", "out"]


class OcppDevice:
    """The WebSocket client of one charge point, as `async with`. Nothing it does blocks the event loop."""

    def __init__(self, endpoint: Endpoint, interface: OcppInterface, *, embedded: str | None = None) -> None:
        """`embedded`: `ws://host:port` that stands for the host `embedded` of a URL."""
        self.endpoint = endpoint
        self.interface = interface
        self.state: State = "off"
        self._embedded = embedded
        self._target: OcppAccess | None = None
        self._attempts = 0
        self._wire: WebSocketWire | None = None
        self._conversation: Conversation | None = None
        """The charge point that is connected."""
        self._task: asyncio.Task[None] | None = None
        self._reconnect = endpoint.simulation.timer(self._again)
        self._patience: asyncio.TimerHandle | None = None
        self._ping_timer: asyncio.TimerHandle | None = None
        self._sent: dict[str, tuple[str, Entry]] = {}
        """Calls that are not answered: their action and journal entry, by id."""
        self._said: str | None = None
        """Why the last attempt failed, so that a long outage is not recorded at every attempt."""
        self._moved = asyncio.Event()
        self._closing = False
        self._unlisten: Callable[[], None] = lambda: None
        self._leaving: set[WebSocketWire] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def simulation(self) -> Simulation:
        return self.endpoint.simulation

    async def __aenter__(self) -> Self:
        self._unlisten = self.endpoint.wallbox.listen(lambda _at: self._follow())
        self._follow()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing = True
        self._unlisten()
        self._follow()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        ends = [wire.over for wire in self._leaving]
        if ends:
            await asyncio.wait(ends, timeout=GOOD_BYE)
        for wire in tuple(self._leaving):
            wire.abort()

    def attach(self, wallbox: Wallbox, interface: OcppInterface) -> None:
        """Be the charge point of another wallbox from now on."""
        self._unlisten()
        self._retarget(None)
        self._reconnect.clear()
        self.endpoint.attach(wallbox)
        self.interface = interface
        self._reconnect = self.simulation.timer(self._again)
        self._unlisten = wallbox.listen(lambda _at: self._follow())
        self._follow()

    # --- waiting -----------------------------------------------------------------------------------------------------

    @property
    def busy(self) -> bool:
        """Something is on its way that the simulated clock should not overtake: an attempt to connect, an answer."""
        if self.state == "connecting":
            return True
        return self.state == "connected" and self._conversation is not None and self._conversation.waiting

    async def settled(self) -> None:
        """Until nothing is on its way: at the latest when attempts and answers time out."""
        while self.busy:
            await self.stirred()

    async def stirred(self) -> None:
        """Until the next thing has happened here."""
        await self._moved.wait()

    async def until(self, state: State) -> None:
        """Until the device is in `state`."""
        while self.state != state:
            await self._moved.wait()

    def drop(self, reason: str = "connection reset") -> None:
        """Break the connection as a disturbed network does."""
        if self._wire is not None:
            self._wire.abort(reason)

    # --- messages ----------------------------------------------------------------------------------------------------

    def put(self, message: Message) -> None:
        """Send a message of the charge point (`Link`)."""
        if isinstance(message, Call):
            detail: dict[str, object] = {"id": message.id, "payload": message.payload}
            self._sent[message.id] = message.action, self._record("push", message.action, detail)
            self._wait_for_answer(message.id)
        for text in self._intercepted(encode(message), "out"):
            if self._wire is not None:
                self._wire.send(text)
        self._stir()

    def close(self) -> None:
        """End the connection (`Link`); the box connects again after its usual wait."""
        if self._wire is not None:
            self._wire.close()

    def _intercepted(self, text: str, direction: Direction) -> Iterable[str]:
        """What becomes of a raw frame.

        INTERCEPTION: faults that drop, delay, repeat or garble frames have their say exactly here, for both
        directions; a frame that is held back comes through `_transmit` or `_taken` when its time has come.
        """
        return (text,)

    def received(self, text: str) -> None:
        """A frame of the central system (`Peer`)."""
        self.simulation.now()
        for passed in self._intercepted(text, "in"):
            self._taken(passed)
        self._stir()

    def _taken(self, text: str) -> None:
        conversation = self._conversation
        if conversation is None:  # the box went down a moment before
            return
        try:
            message = decode(text)
        except MessageError as error:
            self._record("request", "unreadable", {"why": str(error), "frame": text[:EXCERPT]})
            return
        if isinstance(message, Call):
            self._call(conversation, message)
        else:
            self._answer(conversation, message)
        self._schedule_ping()

    def _call(self, conversation: Conversation, message: Call) -> None:
        """The central system asks something."""
        detail: dict[str, object] = {"id": message.id, "payload": message.payload}
        entry = self._record("request", message.action, detail)
        with self.simulation.exchange(entry):
            answer = conversation.received(message)
            match answer:
                case CallResult():
                    detail["result"] = answer.payload
                case CallError():
                    detail["error"] = {"code": answer.code, "description": answer.description}
                case _:
                    detail["silent"] = True
                    return
            self.put(answer)
            conversation.answered(message)

    def _answer(self, conversation: Conversation, message: CallResult | CallError) -> None:
        """The central system answers."""
        self._stop_waiting()
        action, asked = self._sent.pop(message.id, ("unknown", None))
        detail: dict[str, object] = {"id": message.id}
        if isinstance(message, CallResult):
            detail["payload"] = message.payload
        else:
            detail |= {"code": message.code, "description": message.description}
        name = f"{action}.conf" if isinstance(message, CallResult) else f"{action}.error"
        with self.simulation.because(asked):
            entry = self._record("request", name, detail)
        with self.simulation.exchange(entry):
            conversation.received(message)

    def _record(self, kind: str, name: str, detail: dict[str, object]) -> Entry:
        return self.endpoint.record(kind, name, detail, client=self._peer)

    @property
    def _peer(self) -> str | None:
        return None if self._target is None else self._target.url.partition("://")[2].partition("/")[0]

    # --- wall time ---------------------------------------------------------------------------------------------------

    def _wait_for_answer(self, message_id: str) -> None:
        self._stop_waiting()
        if self._conversation is not None:
            loop = asyncio.get_running_loop()
            self._patience = loop.call_later(self._conversation.message_timeout, self._timed_out, message_id)

    def _stop_waiting(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None

    def _timed_out(self, message_id: str) -> None:
        self.simulation.now()
        action, asked = self._sent.pop(message_id, ("unknown", None))
        with self.simulation.because(asked):
            entry = self._record("connection", f"{action} unanswered", {"id": message_id})
        if self._conversation is not None:
            with self.simulation.exchange(entry):
                self._conversation.timed_out(message_id)
        self._stir()

    def _schedule_ping(self) -> None:
        """The interval may have been changed; a running one is waited for."""
        interval = 0.0 if self._conversation is None else self._conversation.ping_interval
        if interval <= 0:
            self._stop_pings()
        elif self._ping_timer is None:
            self._ping_timer = asyncio.get_running_loop().call_later(interval, self._ping, interval)

    def _ping(self, interval: float) -> None:
        self._ping_timer = None
        wire = self._wire
        if wire is None:
            return
        if asyncio.get_running_loop().time() - wire.alive_at > self.interface.pong_intervals * interval:
            wire.abort("no pong")
            return
        wire.ping()
        self._schedule_ping()

    def _stop_pings(self) -> None:
        if self._ping_timer is not None:
            self._ping_timer.cancel()
            self._ping_timer = None

    # --- the life of a connection ------------------------------------------------------------------------------------

    def _wanted(self) -> OcppAccess | None:
        """Where the box is to be connected now."""
        wallbox = self.endpoint.wallbox
        unreachable = not wallbox.interceptor.reachable(self.endpoint.name)
        return None if self._closing or unreachable or not wallbox.up else self.interface.access()

    def _follow(self) -> None:
        """Something has changed in the box."""
        wanted = self._wanted()
        if wanted != self._target or (wanted is not None and self._stale()):
            self._retarget(wanted)

    def _stale(self) -> bool:
        """The box has rebooted: another charge point than the connected one."""
        return self._conversation is not None and self._conversation is not self.interface.conversation()

    def _retarget(self, target: OcppAccess | None) -> None:
        """Leave the central system, if there is one, and connect to `target`."""
        self._target, self._said, self._attempts = target, None, 0
        wire, self._wire = self._wire, None
        if self._task is not None:
            self._task.cancel()
            self._task = None
        self._forget()
        if wire is not None:
            if self.state == "connected":
                self._record("connection", "disconnected", {"reason": self._farewell()})
            if self.endpoint.wallbox.up:
                wire.close()
            else:
                wire.abort()
        self._reconnect.clear()
        self._move("off")
        if target is not None:
            self._connect()

    def _farewell(self) -> str:
        return "good-bye" if self.endpoint.wallbox.up else "the box went down"

    def _connect(self) -> None:
        self._move("connecting")
        self._task = task = asyncio.create_task(self._attempt(), name=f"ocpp {self.endpoint.address}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _attempt(self) -> None:
        target = self._target
        assert target is not None
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT):
                uri = parse_uri(self._located(target.url))
                wire = self._new_wire(uri, target)
                context = _tls(target) if uri.secure else None
                loop = asyncio.get_running_loop()
                await loop.create_connection(lambda: wire, uri.host, uri.port, ssl=context)
                await self._shaken(wire)
        except InvalidURI:
            self._failed("no ws:// or wss:// address")
        except OSError as error:
            self._failed(str(error) or "time-out")

    def _located(self, url: str) -> str:
        """The URL with the emulator's own central system in it, if that is meant."""
        host, slash, path = url.partition("://")[2].partition("/")
        if host != "embedded":
            return url
        if self._embedded is None:
            raise ConnectionError("this run has no central system")
        return f"{self._embedded}{slash}{path}"

    def _new_wire(self, uri: WebSocketURI, target: OcppAccess) -> WebSocketWire:
        names = [Subprotocol(name) for name in self.interface.subprotocols]
        protocol = ClientProtocol(uri, subprotocols=names, max_size=2**20)
        self._wire = wire = WebSocketWire(protocol, self)
        wire.handshake = self._handshake(protocol, target)
        self._leaving.add(wire)
        wire.over.add_done_callback(lambda _over: self._leaving.discard(wire))
        return wire

    def _handshake(self, protocol: ClientProtocol, target: OcppAccess) -> Request:
        request = protocol.connect()
        if target.user is not None:
            password = target.passwords[self._attempts % len(target.passwords)]
            token = base64.b64encode(target.user.encode() + b":" + password).decode()
            request.headers["Authorization"] = f"Basic {token}"
        self._attempts += 1
        return request

    async def _shaken(self, wire: WebSocketWire) -> None:
        """Until the handshake is over, one way or the other."""
        while self._wire is wire and self.state == "connecting":
            await self._moved.wait()

    def opened(self) -> None:
        """The handshake is over (`Peer`)."""
        self.simulation.now()
        wire = self._wire
        if wire is None:
            return
        self._said = None
        self._move("connected")
        subprotocol = wire.protocol.subprotocol
        entry = self._record("connection", "connected", {"subprotocol": subprotocol})
        self._conversation = self.interface.conversation()
        self._schedule_ping()
        with self.simulation.exchange(entry):
            self._conversation.connected(self)

    def lost(self, reason: str) -> None:
        """The connection has ended without the box's doing (`Peer`)."""
        if self._wire is not None:
            self._failed(reason)

    def _failed(self, reason: str) -> None:
        self.simulation.now()
        name = "lost" if self.state == "connected" else "failed"
        wire, self._wire = self._wire, None
        if wire is not None:
            wire.abort()
        if reason != self._said or name == "lost":
            self._said = reason
            self._record("connection", name, {"reason": reason})
        self._move("waiting")
        self._forget()
        self._reconnect.set(later(self.simulation.at, self.interface.reconnect))
        self.simulation.wake()

    def _again(self, _: Instant) -> None:
        if self._target is not None and self.state == "waiting":
            self._connect()

    def _forget(self) -> None:
        """The charge point is not connected any more."""
        self._stop_waiting()
        self._stop_pings()
        self._sent.clear()
        conversation, self._conversation = self._conversation, None
        if conversation is not None:
            conversation.lost()

    def _move(self, state: State) -> None:
        self.state = state
        self._stir()

    def _stir(self) -> None:
        """Wake whoever waits for a change."""
        self._moved.set()
        self._moved = asyncio.Event()


def _tls(target: OcppAccess) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if not target.verify or not target.check_host:
        context.check_hostname = False
    if not target.verify:
        context.verify_mode = ssl.CERT_NONE
    return context
