"""The gate of the control API: who is let through, and what a browser may be talked into.

The one rule: with or without a token it answers only to names that are its own, so that no page can reach it by
rebinding a name of its own.
"""

from __future__ import annotations

import hmac
import ipaddress
import socket
from collections.abc import Iterable
from typing import Final
from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from ..errors import EmulatorError
from .access import is_loopback
from .problems import Refused

OPEN_PATHS = frozenset({"/", "/api", "/api/reference.css", "/api/reference.js", "/healthz"})
"""Served without a token: the pages hold no data, and a health check has none to send."""

PAGE_POLICY: Final = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
"""Content-Security-Policy of every page: scripts are files of this server, and nobody may frame it."""

SECURITY_HEADERS: Final = {
    "Content-Security-Policy": PAGE_POLICY,
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
"""On every reply that does not say otherwise."""


def is_open(path: str) -> bool:
    """Whether a path is served without a token, as are the files of the page."""
    return path in OPEN_PATHS or path.startswith("/static/")


def host_name(text: str) -> str:
    """A host as a user or a `Host` header writes it, in small letters and without its port. ValueError if none."""
    parts = urlsplit(f"//{text}")
    if parts.hostname is None or parts.path or parts.query or parts.fragment or parts.username is not None:
        raise ValueError(f'"{text}" is not the name of a host')
    _ = parts.port  # ValueError
    return parts.hostname.rstrip(".")


class Gate:
    """Middleware that lets through who may."""

    def __init__(self, *, host: str, token: str | None, allowed_hosts: Iterable[str] = ()) -> None:
        """`allowed_hosts`: names by which it may be reached beside its addresses and those of the loopback."""
        self.token = token
        self._local = is_loopback(host)
        self._own = frozenset({host.lower(), socket.gethostname().lower()})
        try:
            self._allowed = frozenset(host_name(name) for name in allowed_hosts)
        except ValueError as error:
            raise EmulatorError(f"--allowed-host: {error}") from None

    @property
    def secured(self) -> bool:
        return self.token is not None

    def middleware(self) -> Middleware:
        """For an aiohttp application."""

        @web.middleware
        async def gate(request: web.Request, handler: Handler) -> web.StreamResponse:
            self._check_host(request)
            self._check_origin(request)
            if self.token is not None and not is_open(request.path):
                self._check_token(request, self.token)
            return await handler(request)

        return gate

    def _check_host(self, request: web.Request) -> None:
        """A name that somebody else can make point here is not answered to (DNS rebinding)."""
        try:
            name = host_name(request.host)
        except ValueError:
            raise Refused(400, "this is no host", title="Bad Host header") from None
        if not self._is_known(name):
            raise Refused(
                403, f'this API does not answer to the name "{name[:255]}"; say --allowed-host if that is its name'
            )

    def _is_known(self, name: str) -> bool:
        if is_loopback(name) or name in self._allowed or name in self._own:
            return True
        try:
            ipaddress.ip_address(name)
        except ValueError:
            return False
        # Beyond loopback this machine may be reached by an address it does not know of (a container's published port).
        # No name stands for such an address, so that none can be rebound.
        return not self._local

    def _check_origin(self, request: web.Request) -> None:
        """A page of another origin must not steer an emulator on the developer's machine."""
        origin = request.headers.get("Origin")
        if origin is None:
            return
        try:
            same = urlsplit(origin).netloc.lower() == request.host.lower()
        except ValueError:
            same = False
        if not same:
            raise Refused(403, f"requests from pages of {origin[:255]} are not taken")

    def _check_token(self, request: web.Request, token: str) -> None:
        scheme, _, given = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            given = request.query.get("access_token", "")  # a browser's WebSocket cannot send headers
        if not hmac.compare_digest(given.encode("utf-8", "surrogateescape"), token.encode()):
            raise Refused(
                401, "this needs the control token: Authorization: Bearer ...", headers={"WWW-Authenticate": "Bearer"}
            )
