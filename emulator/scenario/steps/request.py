"""The step that asks a wallbox as a client would, without a socket, and looks at what comes back.

The one rule: the request takes the way a real one takes, past the same faults, and is recorded like one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, ClassVar, Final, Literal

from ...core.messages import Outcome
from ...devices.delivery import Copy, Delivery
from ...devices.interfaces import (
    Close,
    Datagram,
    HttpInterface,
    HttpReply,
    HttpRequest,
    ModbusInterface,
    ModbusRequest,
    MqttInterface,
    Origin,
    Publish,
    UdpInterface,
    WebSocketEndpoint,
)
from ...devices.retained import Retained
from ...devices.traffic import of_datagram, of_frame, of_http, of_modbus, of_upgrade
from ...errors import EmulatorError
from ...faults.engine import FaultEngine
from ...language.arguments import Scope, Text, Whole
from ...language.bounds import LONGEST_PAYLOAD
from ...language.fields import About
from ...language.nodes import Node
from ...verdict.untested import LEFT_OUT
from ...world.expectations import parse
from ...world.names import probe
from .. import known
from .asking import ASKED, came_back, check_asked, check_expected, protocol_at
from .base import Step
from .place import Place, PlaceName

if TYPE_CHECKING:
    from ...devices.wallbox import Wallbox
    from ...world.site import Site

CLIENT = "scenario"
UNREACHABLE: Final[dict[str, object]] = {"reachable": False}
_READ, _WRITE = 3, 6
_UPGRADED = 101


@dataclass(frozen=True, slots=True, kw_only=True)
class Request(Step):
    """A client asks a wallbox, and gets what is expected; in every mode, beside the clients that connect themselves.

    What comes back: `reachable`, `status`, `body`, `values`, `exception` (a number, `closed` or `no reply`), `replies`,
    `delay` (wall seconds), `silent`, `ends` (keep, close, reset), `complete`; of MQTT also the topic of the `will`.
    """

    short: ClassVar[str | None] = None

    on: Annotated[Place, PlaceName(), About("an interface: garage.goe.http")]
    get: Annotated[str | None, Text(), About("HTTP: path and query; of a WebSocket: its path")] = None
    method: Annotated[str, Text(), About("HTTP: the method")] = "GET"
    body: Annotated[str, Text(longest=LONGEST_PAYLOAD), About("HTTP: what is sent")] = ""
    headers: Mapping[str, object] = field(default_factory=dict)
    """HTTP: names in lower case."""
    register: Annotated[int | None, Whole(0, 0xFFFF), About("Modbus: the first register")] = None
    count: Annotated[int, Whole(1, 125), About("Modbus: how many are read")] = 1
    function: Annotated[int, Whole(1, 255), About("Modbus: the function")] = _READ
    unit: Annotated[int, Whole(0, 255), About("Modbus: the unit")] = 1
    write: Annotated[int | None, Whole(0, 0xFFFF), About("Modbus: a value to be written")] = None
    send: Annotated[str | None, Text(longest=LONGEST_PAYLOAD), About("UDP: the text of a datagram")] = None
    message: Annotated[
        str | None, Text(longest=LONGEST_PAYLOAD), About("WebSocket: sent once it is open; `body` is the answer")
    ] = None
    topic: Annotated[
        str | None, Text(), About("MQTT: a topic without the prefix, or + and #; what the broker has retained there")
    ] = None
    payload: Annotated[
        str | None, Text(longest=LONGEST_PAYLOAD), About("MQTT: what somebody publishes on the topic")
    ] = None
    in_: Annotated[
        Literal["any", "play"], About("play: only in a run without sockets, elsewhere left to real clients")
    ] = "any"
    expect: Mapping[str, object] = field(default_factory=dict)
    """What should come back, by name."""

    def settled(self, node: Node, scope: Scope) -> Request:
        if self.on.interface is None:
            scope.fail(node.get("on") or node, f"{self.on.text} is no interface, expected for example garage.goe.http")
        wallbox = probe(scope.names, self.on.wallbox) if self.on.wallbox is not None else None
        protocol = protocol_at(wallbox, self.on.interface)
        check_asked(node, self.on.text, protocol, scope)
        check_expected(node, protocol, scope)
        if wallbox is not None and protocol is not None:
            asked = {name: getattr(self, name) for name in ASKED.get(protocol, ())}
            wrong = known.request_problem(wallbox, asked, self.expect)
            if wrong is not None:
                scope.report(node.get(wrong[0]) or node, wrong[1])
        return self

    def apply(self, site: Site) -> Outcome:
        assert self.on.wallbox is not None
        assert self.on.interface is not None
        site.simulation.now()
        if self.in_ == "play" and FaultEngine.of(site.simulation).served:
            why = "left to real clients (in: play)"
            return Outcome(message=why, detail={"ok": True, LEFT_OUT: why})
        found = self._asked(site, site.wallbox(self.on.wallbox), self.on.interface)
        if found == UNREACHABLE and not self.expect:
            why = f"{self.on.text} is not reachable"
            return Outcome(message=why, detail={"ok": True, "found": found, LEFT_OUT: why})
        items = []
        wrong = []
        for name, value in self._expected(found).items():
            expectation = parse(value, came_back(name))
            ok = (name in found or found == UNREACHABLE) and expectation.holds(found.get(name))
            items.append({"quantity": name, "expected": expectation.text, "found": found.get(name), "ok": ok})
            if not ok:
                wrong.append(f"{name} is {found.get(name)!r}, expected {expectation.text}")
        if items:
            told = {"ok": not wrong, "items": items}
            site.simulation.journal.record(site.simulation.at, "expectation", "request", told, charger=self.on.charger)
        site.simulation.wake()
        return Outcome(message="; ".join(wrong), detail={"ok": not wrong, "items": items, "found": found})

    def _expected(self, found: Mapping[str, object]) -> Mapping[str, object]:
        """Nothing is as expected where nobody was there, unless that is what was expected."""
        return self.expect if "reachable" in self.expect or found != UNREACHABLE else {"reachable": True, **self.expect}

    def _asked(self, site: Site, wallbox: Wallbox, name: str) -> dict[str, object]:
        interface = wallbox.interfaces["http" if name == "websocket" else name]
        if isinstance(interface, MqttInterface) and self.topic is not None:
            return self._mqtt(site, wallbox, name, interface, self.topic)
        if not wallbox.serves(name):
            return UNREACHABLE
        protocol = wallbox.traffic[name]
        if isinstance(interface, HttpInterface) and self.get is not None:
            return {"reachable": True, **self._http(wallbox, interface, upgrade=protocol == "websocket")}
        if isinstance(interface, ModbusInterface) and self.register is not None:
            return {"reachable": True, **self._modbus(wallbox, name, interface)}
        if isinstance(interface, UdpInterface) and self.send is not None:
            return {"reachable": True, **self._udp(wallbox, name, interface)}
        raise EmulatorError(f"request: {self.on.text} speaks {protocol}, which is not what is asked")

    # --- protocols ---------------------------------------------------------------------------------------------------

    def _http(self, wallbox: Wallbox, interface: HttpInterface, *, upgrade: bool) -> dict[str, object]:
        headers = {str(key).lower(): str(value) for key, value in self.headers.items()}
        if upgrade:
            headers |= {
                "upgrade": "websocket",
                "connection": "Upgrade",
                "sec-websocket-key": "AAAAAAAAAAAAAAAAAAAAAA==",
            }
        assert self.get is not None
        plain = HttpRequest(method=self.method, target=self.get, headers=headers, body=self.body.encode())
        with _recorded(wallbox, "websocket" if upgrade else "http", f"{self.method} {plain.path}") as (origin, detail):
            request = plain.caused_by(origin)

            def ask(request: HttpRequest) -> HttpReply:
                if not upgrade:
                    return interface.answer(request)
                refusal = interface.before(request) if interface.before is not None else None
                endpoint = interface.websockets.get(request.path)
                if refusal is None and endpoint is not None and endpoint.before is not None:
                    refusal = endpoint.before(request)
                return refusal or HttpReply(status=404 if endpoint is None else _UPGRADED)

            interception = wallbox.interceptor.intercept(
                (of_upgrade if upgrade else of_http)(request, wallbox.has_value)
            )
            reply = interception.http(request, ask)
            detail |= {"status": reply.status, **reply.journal}
            endpoint = interface.websockets.get(request.path)
            if upgrade and self.message is not None and endpoint is not None and reply.status == _UPGRADED:
                texts, ends = self._talk(wallbox, endpoint, request.path, origin)
                body = "\n".join(texts)
                return {"status": _UPGRADED, "body": body, "replies": len(texts), "silent": not texts, "ends": ends}
        delivery = interception.deliver(_HEAD_END + reply.body)
        data = delivery.data.removeprefix(_HEAD_END)
        return {
            "status": None if reply.silent or delivery.silent else reply.status,
            "body": data.decode("utf-8", "replace"),
            **_line(delivery, silent=reply.silent, delay=reply.delay, complete=data == reply.body),
        }

    def _modbus(self, wallbox: Wallbox, name: str, interface: ModbusInterface) -> dict[str, object]:
        assert self.register is not None
        values = () if self.write is None else (self.write,)
        function = _WRITE if self.write is not None and self.function == _READ else self.function
        with _recorded(wallbox, name, f"function {function}, {self.register}") as (origin, detail):
            request = ModbusRequest(
                unit=self.unit,
                function=function,
                address=self.register,
                count=len(values) or self.count,
                values=values,
                origin=origin,
            )
            interception = wallbox.interceptor.intercept(of_modbus(request, name))
            reply = interception.modbus(request, interface.handle)
            detail |= {} if reply is None or reply.exception is None else {"exception": reply.exception}
            detail |= {} if reply is None else reply.journal
            whole = Delivery(data=bytes(_FRAME))
            delivery = whole if reply is None else interception.deliver(whole.data)
        closed = reply is not None and reply.close
        if reply is None or (closed and reply.exception is None) or (delivery.silent and delivery.then == "keep"):
            ends = "close" if closed else delivery.then
            gone = {"values": None, "exception": "closed" if closed else "no reply", "complete": False}
            return {**gone, "silent": True, "delay": delivery.delay, "ends": ends}
        line = _line(delivery, silent=False, delay=0.0, complete=len(delivery.data) == _FRAME)
        cut = not line["complete"]
        return {
            "values": None if cut else list(reply.values),
            "exception": "closed" if cut else reply.exception,
            **line,
            **({"ends": "close"} if closed else {}),
        }

    def _udp(self, wallbox: Wallbox, name: str, interface: UdpInterface) -> dict[str, object]:
        data = (self.send or "").encode()
        with _recorded(wallbox, name, self.send or "") as (origin, detail):
            interception = wallbox.interceptor.intercept(of_datagram(data, CLIENT, name, "in"))
            replies: Sequence[Copy[Datagram]] = ()
            if not interception.lost():
                with interception.handling():
                    sent = tuple(interface.handle(data, origin))
                for each in sent:
                    detail |= each.journal
                copies = [Copy(message=each, data=interception.content(each.data), delay=each.delay) for each in sent]
                replies = interception.copies(copies)
        return {
            "replies": len(replies),
            "body": "\n".join(copy.data.decode("utf-8", "replace") for copy in replies),
            "silent": not replies,
            "delay": max((copy.delay for copy in replies), default=0.0),
        }

    def _mqtt(self, site: Site, wallbox: Wallbox, name: str, interface: MqttInterface, topic: str) -> dict[str, object]:
        engine = FaultEngine.of(wallbox.simulation)
        if site.broker is None or engine.broker_gone:
            return UNREACHABLE
        if self.payload is not None:
            engine.hand_over(wallbox, Publish(topic=topic, payload=self.payload.encode()), CLIENT)
        with _recorded(wallbox, name, f"subscribe {topic}"):
            found = Retained.of(wallbox.simulation).below(interface.prefix(), topic)
        body = "\n".join(message.payload.decode("utf-8", "replace") for message in found)
        access = interface.access()
        will = None if access is None or access.will is None else access.will.topic
        return {"reachable": True, "replies": len(found), "body": body, "silent": not found, "will": will}

    def _talk(
        self, wallbox: Wallbox, endpoint: WebSocketEndpoint, path: str, origin: Origin
    ) -> tuple[list[str], Literal["keep", "close"]]:
        """The frames that come once a message was sent, and whether the connection is still there."""
        texts: list[str] = []
        conversation = endpoint.open(origin)
        for _ in conversation.opened():
            pass
        incoming = wallbox.interceptor.intercept(of_frame(path, self.message or "", CLIENT, "in"))
        ends: Literal["keep", "close"] = "keep"
        if not incoming.lost():
            with incoming.handling():
                frames = list(conversation.received(self.message or ""))
            for frame in frames:
                if isinstance(frame, Close):
                    ends = "close"
                    break
                outgoing = wallbox.interceptor.intercept(of_frame(path, frame, CLIENT, "out"))
                data = outgoing.content(frame.encode() if isinstance(frame, str) else frame)
                texts += [
                    copy.data.decode("utf-8", "replace") for copy in outgoing.copies([Copy(message=frame, data=data)])
                ]
        conversation.closed()
        return texts, ends


_FRAME = 260
"""Stands for the bytes of a Modbus answer, which are not made here."""


_HEAD_END = b"\r\n\r\n"
"""Stands for the head of an HTTP reply, which is not made here."""


def _line(delivery: Delivery, *, silent: bool, delay: float, complete: bool) -> dict[str, object]:
    return {
        "silent": silent or delivery.silent,
        "delay": delay + delivery.delay,
        "ends": delivery.then,
        "complete": complete and not silent and not delivery.silent,
    }


@contextmanager
def _recorded(wallbox: Wallbox, interface: str, name: str) -> Iterator[tuple[Origin, dict[str, object]]]:
    """While a request is answered: its entry in the journal is what everything follows from."""
    simulation = wallbox.simulation
    detail: dict[str, object] = {}
    entry = simulation.journal.record(
        simulation.at,
        "request",
        name,
        detail,
        charger=wallbox.charger,
        wallbox=wallbox.name,
        interface=interface,
        client=CLIENT,
    )
    with simulation.because(entry):
        yield Origin(interface=interface, client=CLIENT, cause=entry.seq), detail
