"""HTTP servers of devices, and the WebSocket endpoints on their ports."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field
from functools import cached_property
from typing import Final, Literal

from ...core.values import roomy, value
from .http_messages import HttpReply, HttpRequest
from .origin import always
from .ship import Credentials
from .websocket import WebSocketEndpoint

HttpHandler = Callable[[HttpRequest], HttpReply]


@value
class Route:
    """`path` is exact, or ends in `/*` and then matches everything below."""

    path: str
    handler: HttpHandler
    methods: tuple[str, ...] = ("GET",)


MALFORMED: Final = HttpReply(status=400, body=b"Bad Request", content_type="text/plain", close=True)
TOO_LARGE: Final = HttpReply(status=413, content_type="text/plain", close=True)


def plain_not_found(_: HttpRequest) -> HttpReply:
    return HttpReply(status=404, body=b"Not Found", content_type="text/plain")


def plain_wrong_method(_: HttpRequest) -> HttpReply:
    return HttpReply(status=405, body=b"Method Not Allowed", content_type="text/plain")


@roomy
class HttpInterface:
    """An HTTP server of a device, with the WebSocket endpoints on the same port."""

    protocol: Literal["http"] = "http"
    port: int = 80
    """The vendor's own port."""
    credentials: Callable[[], Credentials] | None = None
    """What it proves who it is with over TLS, asked when it begins to listen; None: no TLS."""
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
    on_malformed: HttpReply = MALFORMED
    """What the device answers to bytes that are not HTTP."""
    on_too_large: HttpReply = TOO_LARGE
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
