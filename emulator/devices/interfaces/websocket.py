"""WebSocket endpoints of devices."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Literal, Protocol

from ...core.instant import Instant
from ...core.values import terse, value
from .http_messages import HttpReply, HttpRequest
from .origin import Origin


@terse
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

    def published(self, at: Instant) -> Sequence[Frame]:
        """Something changed at `at`, or the publication period is over: what is new for this client.

        The very same sequence for clients that are told the same is framed and described once for all of them.
        """
        ...

    def closed(self) -> None:
        """The connection is gone."""
        ...


@value
class WebSocketEndpoint:
    """A WebSocket path. `period`: simulated seconds between looks for changes that happen by themselves."""

    open: Callable[[Origin], Conversation]
    period: float = 1.0
    before: Callable[[HttpRequest], HttpReply | None] | None = None
    """Asked at the upgrade; a reply refuses it."""
    ping: float | None = None
    """Wall seconds between the device's pings, which go to all clients at once."""
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
    values_in: Callable[[str | bytes], Iterable[str]] = lambda _frame: ()
    """Addresses of the values that a frame tells the client."""
    farewell: Callable[[], Close | None] = lambda: None
    """Asked when the wallbox goes down: the last frame, or None when the connection just breaks (power cut)."""

    def told_by(self, frame: str | bytes) -> list[str]:
        """What a frame tells; nothing if a fault has made nonsense of it."""
        try:
            return list(self.values_in(frame))
        except (ValueError, LookupError, TypeError, AttributeError):
            return []
