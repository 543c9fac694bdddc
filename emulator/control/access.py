"""Who may use the control API: the bearer token, and what a browser may be talked into.

The one rule: without a token the control port serves this machine only, unless it was opened on purpose.
"""

from __future__ import annotations

import hmac
import ipaddress
from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from ..errors import EmulatorError
from .problems import Refused

OPEN_PATHS = frozenset({"/", "/healthz"})
"""Served without a token: the page holds no data, and a health check has none to send."""


def is_open(path: str) -> bool:
    """Whether a path is served without a token, as are the files of the page."""
    return path in OPEN_PATHS or path.startswith("/static/")


def is_loopback(host: str) -> bool:
    """Whether this host name or address is the loopback of this machine."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def check_bind(host: str, *, token: str | None, opened: bool) -> None:
    """EmulatorError if the control API would be open to a network without anybody having said so."""
    if token is None and not opened and not is_loopback(host):
        raise EmulatorError(
            f"the control API would be open to everybody on {host}: give it a token (--control-token, or the variable "
            "CHARGER_EMULATOR_TOKEN), or say --open-control if that is meant"
        )


class Gate:
    """Middleware that lets through who may."""

    def __init__(self, *, host: str, token: str | None) -> None:
        self.token = token
        self._local_only = token is None and is_loopback(host)

    @property
    def secured(self) -> bool:
        return self.token is not None

    def middleware(self) -> Middleware:
        """For an aiohttp application."""

        @web.middleware
        async def gate(request: web.Request, handler: Handler) -> web.StreamResponse:
            self._check_browser(request)
            if self.token is not None and not is_open(request.path):
                self._check_token(request, self.token)
            return await handler(request)

        return gate

    def _check_browser(self, request: web.Request) -> None:
        """A page of another origin must not steer an emulator on the developer's machine (also by DNS rebinding)."""
        origin = request.headers.get("Origin")
        if origin is not None and urlsplit(origin).netloc != request.host:
            raise Refused(403, f"requests from pages of {origin} are not taken")
        if self._local_only and not _is_local_name(request.host):
            raise Refused(403, f'this API is bound to this machine and does not answer to the name "{request.host}"')

    def _check_token(self, request: web.Request, token: str) -> None:
        scheme, _, given = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            given = request.query.get("access_token", "")  # a browser's WebSocket cannot send headers
        if not hmac.compare_digest(given.encode(), token.encode()):
            raise Refused(
                401, "this needs the control token: Authorization: Bearer ...", headers={"WWW-Authenticate": "Bearer"}
            )


def _is_local_name(host: str) -> bool:
    try:
        name = urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return False
    return is_loopback(name)
