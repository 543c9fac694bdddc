"""What a wallbox shows to the network: declarations that a protocol server runs.

The one rule: nothing here knows a server library. Handlers are synchronous functions on small frozen values, so every
conversation can be held in a test without a socket; a server only moves the bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, Literal, Protocol
from urllib.parse import unquote

from ..core.instant import Instant

if TYPE_CHECKING:
    from ..faults.effect import Delivery
    from .register_table import RegisterTable


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Who asked, and through which interface."""

    interface: str
    """`http`, `websocket`, `mqtt`, `modbus`, `udp`; `scenario` or `control` for the emulator's own user."""
    client: str | None = None
    """Address of the client, `host:port`."""
    host: str | None = None
    """IP address on which the box was asked, as far as it is known; `0.0.0.0`: any of this machine's."""
    cause: int | None = None
    """Journal entry of the request."""


OWNER: Final = Origin(interface="owner")
"""The owner of the box, with the vendor's app or at the box itself: may change what no interface offers."""


def always() -> bool:
    return True


# --- HTTP ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class HttpRequest:
    """One request. `target` is the path and query exactly as sent; header names are lower case."""

    method: str
    target: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    version: str = "1.1"
    """Of HTTP, as the client said."""
    origin: Origin = Origin(interface="http")

    def caused_by(self, origin: Origin) -> HttpRequest:
        """The same request with another origin; keeps what has been worked out about it already."""
        twin = object.__new__(HttpRequest)
        twin.__dict__.update(self.__dict__, origin=origin)
        return twin

    @property
    def raw_path(self) -> str:
        return self.target.partition("?")[0]

    @property
    def path(self) -> str:
        """The path, percent-decoded."""
        raw = self.raw_path
        return unquote(raw) if "%" in raw else raw

    @property
    def query_string(self) -> str:
        """What follows the first `?`, as sent."""
        return self.target.partition("?")[2]

    @cached_property
    def query(self) -> tuple[tuple[str, str | None], ...]:
        """Percent-decoded pairs in order, `+` left alone; a bare name has the value None."""
        pairs: list[tuple[str, str | None]] = []
        for part in self.query_string.split("&"):
            if part:
                name, equals, value = part.partition("=")
                pairs.append((unquote(name), unquote(value) if equals else None))
        return tuple(pairs)


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpReply:
    """One reply. Exactly these headers are sent, plus framing (`Content-Length` or chunks) and `Connection`.

    A framing header that `headers` gives itself is sent as given and not added again.
    """

    status: int = 200
    reason: str | None = None
    """Reason phrase; None: the standard one."""
    body: bytes = b""
    content_type: str | None = "application/json"
    headers: tuple[tuple[str, str], ...] = ()
    chunked: bool = False
    close: bool = False
    """Close the connection after this reply, and say so in `Connection`."""
    delay: float = 0.0
    """Wall seconds the device takes before it answers."""
    silent: bool = False
    """No reply at all; the connection stays open until the client gives up."""
    journal: Mapping[str, object] = field(default_factory=dict)
    """What was asked and answered in the vendor's terms, for the journal."""
    line: Callable[[bytes], Delivery] | None = None
    """What a disturbed line makes of its bytes; None: nothing. Not for vendors."""


HttpHandler = Callable[[HttpRequest], HttpReply]


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """`path` is exact, or ends in `/*` and then matches everything below."""

    path: str
    handler: HttpHandler
    methods: tuple[str, ...] = ("GET",)


def plain_not_found(_: HttpRequest) -> HttpReply:
    return HttpReply(status=404, body=b"Not Found", content_type="text/plain")


def plain_wrong_method(_: HttpRequest) -> HttpReply:
    return HttpReply(status=405, body=b"Method Not Allowed", content_type="text/plain")


@dataclass(frozen=True, kw_only=True)
class HttpInterface:
    """An HTTP server of a device, with the WebSocket endpoints on the same port."""

    protocol: Literal["http"] = "http"
    port: int = 80
    """The vendor's own port."""
    routes: tuple[Route, ...]
    before: Callable[[HttpRequest], HttpReply | None] | None = None
    """Asked first (authentication, API switched off); a reply ends the request."""
    not_found: HttpHandler = plain_not_found
    wrong_method: HttpHandler = plain_wrong_method
    websockets: Mapping[str, WebSocketEndpoint] = field(default_factory=dict)
    """By path; takes requests with `Upgrade: websocket`."""
    enabled: Callable[[], bool] = always
    keep_alive: bool = True
    """False: every reply closes its connection, whatever the client asked for."""
    announces_close: Callable[[], bool] = always
    """Whether a reply that closes its connection says so in `Connection`."""
    max_body: int = 65_536
    max_connections: int = 64
    when_full: Literal["refuse", "evict_oldest"] = "refuse"
    """One connection too many: dropped itself, or the one that has been quiet for longest."""
    idle_timeout: float = 300.0
    """Wall seconds after which a connection without a request is closed."""
    half_sent_timeout: float = 10.0
    """Wall seconds a client has to finish a request it has begun."""
    on_malformed: HttpReply = HttpReply(status=400, body=b"Bad Request", content_type="text/plain", close=True)
    """What the device answers to bytes that are not HTTP."""
    on_too_large: HttpReply = HttpReply(status=413, content_type="text/plain", close=True)
    """What it answers to a body above `max_body`."""

    @cached_property
    def _exact(self) -> dict[str, list[Route]]:
        table: dict[str, list[Route]] = {}
        for route in self.routes:
            if not route.path.endswith("/*"):
                table.setdefault(route.path, []).append(route)
        return table

    @cached_property
    def _below(self) -> tuple[Route, ...]:
        found = [route for route in self.routes if route.path.endswith("/*")]
        return tuple(sorted(found, key=lambda route: len(route.path), reverse=True))

    def answer(self, request: HttpRequest) -> HttpReply:
        """The device's reply to a request."""
        if self.before is not None and (reply := self.before(request)) is not None:
            return reply
        candidates = self._exact.get(request.path)
        if candidates is None:
            candidates = [route for route in self._below if request.path.startswith(route.path[:-1])]
        for route in candidates:
            if request.method in route.methods:
                return route.handler(request)
        return self.wrong_method(request) if candidates else self.not_found(request)


# --- WebSocket -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Close:
    """End the connection with this code."""

    code: int = 1000
    reason: str = ""


Frame = str | bytes | Close
"""A text frame, a binary frame, or the end."""


class Conversation(Protocol):
    """One WebSocket connection as the device sees it. Methods return the frames to send, in order."""

    def opened(self) -> Iterable[Frame]:
        """The connection is open."""
        ...

    def received(self, frame: str | bytes) -> Iterable[Frame]:
        """The client sent a frame."""
        ...

    def published(self, at: Instant) -> Iterable[Frame]:
        """Something changed at `at`, or the publication period is over: what is new for this client."""
        ...

    def closed(self) -> None:
        """The connection is gone."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class WebSocketEndpoint:
    """A WebSocket path. `period`: simulated seconds between looks for changes that happen by themselves."""

    open: Callable[[Origin], Conversation]
    period: float = 1.0
    before: Callable[[HttpRequest], HttpReply | None] | None = None
    """Asked at the upgrade; a reply refuses it."""
    ping: float | None = None
    """Wall seconds between the device's pings."""
    pong_timeout: float | None = None
    """Wall seconds without a pong after which the device drops the client."""
    heartbeat: Callable[[], str] | None = None
    """A text frame sent with every ping, past the journal: it only keeps the connection alive."""
    max_clients: int = 8
    when_full: Literal["refuse", "evict_oldest"] = "refuse"
    max_message: int = 65_536
    send_queue: int = 256
    """Frames a slow client may lag behind; then older changes are merged into newer ones."""
    stall_timeout: float = 10.0
    """Wall seconds after which a client that lags that far and reads nothing is dropped."""
    farewell: Callable[[], Close | None] = lambda: None
    """Asked when the box goes down: the last frame, or None when the connection just breaks (power cut)."""


# --- MQTT ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Publish:
    topic: str
    payload: bytes
    retain: bool = False
    qos: Literal[0, 1, 2] = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerAccess:
    """Where and how a device connects."""

    host: str
    port: int = 1883
    client_id: str = ""
    username: str | None = None
    password: str | None = None
    will: Publish | None = None
    keep_alive: int = 60
    tls: bool = False
    clean: bool = True


EMBEDDED_BROKER: Final = "embedded"
"""Host name in a wallbox's settings that stands for the emulator's own broker."""


@dataclass(frozen=True, kw_only=True)
class MqttInterface:
    """A device's MQTT client. All callables are asked on the simulation's thread."""

    protocol: Literal["mqtt"] = "mqtt"
    access: Callable[[], BrokerAccess | None]
    """None: switched off. Asked again after every change of settings."""
    subscriptions: Callable[[], tuple[str, ...]]
    connected: Callable[[Origin], Iterable[Publish]]
    received: Callable[[str, bytes, bool, Origin], Iterable[Publish]]
    """(topic, payload, retained, origin)"""
    published: Callable[[Instant], Iterable[Publish]]
    """As `Conversation.published`."""
    lost: Callable[[str], None] = lambda _reason: None
    period: float = 1.0
    reconnect: float = 5.0
    """Wall seconds between attempts."""
    prefix: Callable[[], str] = str
    """What its topics begin with; a client needs to know it."""


# --- Modbus ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class ModbusRequest:
    """A decoded request. `values` for writes (registers, or 0/1 for coils); `count` for reads and multiple writes."""

    unit: int
    function: int
    address: int = 0
    count: int = 0
    values: tuple[int, ...] = ()
    payload: bytes = b""
    """The bytes after the function code, for functions this frame does not decode."""
    origin: Origin = Origin(interface="modbus")


@dataclass(frozen=True, slots=True, kw_only=True)
class ModbusReply:
    """Registers (or bits) read, or nothing for a write; or an exception code."""

    values: tuple[int, ...] = ()
    exception: int | None = None
    close: bool = False
    """No reply: the device ends the connection."""
    journal: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class ModbusInterface:
    """A Modbus TCP server of a device."""

    protocol: Literal["modbus"] = "modbus"
    port: int = 502
    handle: Callable[[ModbusRequest], ModbusReply | None]
    """None: no reply at all."""
    enabled: Callable[[], bool] = always
    max_connections: int = 16
    when_full: Literal["refuse", "evict_oldest"] = "refuse"
    shortest: int = 2
    longest: int = 254
    """Values of the length field of a frame (unit, function, data) that the device takes; others end the connection."""
    exact_lengths: bool = False
    """A frame whose length does not fit its function ends the connection as well; False: exception 3."""
    evict_after: float = 0.0
    """Wall seconds the client that has been quiet for longest must have been quiet to make room; else: refused."""
    idle_timeout: float | None = None
    """Wall seconds after which a client that asks nothing is dropped; None: never."""
    table: Callable[[], RegisterTable[Any, Any]] | None = None
    """The table it serves, for whoever wants to know what a register means."""


# --- UDP -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Datagram:
    """To be sent to `host:port`; None: to where the request came from."""

    data: bytes
    host: str | None = None
    port: int | None = None
    delay: float = 0.0
    """Wall seconds before it is sent."""
    journal: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class UdpInterface:
    """A UDP service of a device."""

    protocol: Literal["udp"] = "udp"
    port: int
    handle: Callable[[bytes, Origin], Iterable[Datagram]]
    published: Callable[[Instant], Iterable[Datagram]] = lambda _at: ()
    period: float = 1.0
    enabled: Callable[[], bool] = always
    broadcast: bool = False


# --- mDNS ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class MdnsService:
    """One announced service; `interface` names the interface whose real port is announced."""

    type: str
    """`_http._tcp`"""
    instance: str
    host: str
    """Host name without `.local`."""
    interface: str = "http"
    txt: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, kw_only=True)
class MdnsInterface:
    protocol: Literal["mdns"] = "mdns"
    services: Callable[[], tuple[MdnsService, ...]]
    """Asked again after every change of settings."""
    enabled: Callable[[], bool] = always


Interface = HttpInterface | MqttInterface | ModbusInterface | UdpInterface | MdnsInterface
