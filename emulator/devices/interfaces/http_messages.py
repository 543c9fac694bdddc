"""HTTP requests and replies, as a device sees them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from functools import cached_property
from typing import Final
from urllib.parse import unquote

from ...core.values import roomy, value
from .origin import Origin

UNKNOWN_CLIENT: Final = Origin(interface="http")


@roomy
class HttpRequest:
    """One request. `target` is the path and query exactly as sent; header names are lower case."""

    method: str
    target: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    version: str = "1.1"
    """Of HTTP, as the client said."""
    origin: Origin = UNKNOWN_CLIENT

    def caused_by(self, origin: Origin) -> HttpRequest:
        """The same request with another origin; keeps what has been worked out about it already."""
        twin = object.__new__(HttpRequest)
        twin.__dict__.update(self.__dict__, origin=origin)
        return twin

    @property
    def raw_path(self) -> str:
        return self.target.partition("?")[0]

    @cached_property
    def path(self) -> str:
        """The path, percent-decoded."""
        raw = self.raw_path
        return unquote(raw) if "%" in raw else raw

    @cached_property
    def title(self) -> str:
        """What it is called in the journal."""
        return f"{self.method} {self.path}"

    @cached_property
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


@value
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
