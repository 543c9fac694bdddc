"""What a wallbox shows of OCPP 1.6J: where its charge point connects, and the messages both sides exchange.

The one rule: nothing here knows a library; a message is decoded, a transport only moves it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field
from typing import Final, Literal, Protocol
from urllib.parse import unquote

from ...core.values import roomy, value

Payload = Mapping[str, object]
"""A JSON object with the member names of the OCPP 1.6 schemas."""


@value
class Call:
    """A request of either side."""

    id: str
    action: str
    """`BootNotification`"""
    payload: Payload


@value
class CallResult:
    """The answer to a `Call` of the same id."""

    id: str
    payload: Payload


@value
class CallError:
    """The refusal of a `Call` of the same id."""

    id: str
    code: str
    """`NotSupported`"""
    description: str = ""
    details: Payload = field(default_factory=dict)


Message = Call | CallResult | CallError

EMBEDDED: Final = "embedded"
"""Host name in a wallbox's settings that stands for the emulator's own central system."""


@value
class OcppAccess:
    """Where and how a charge point connects."""

    url: str
    """As it is asked for: with whatever the vendor appends. Host `embedded`: the emulator's own central system."""
    user: str | None = None
    """Of HTTP basic authentication; None: none."""
    passwords: tuple[bytes, ...] = (b"",)
    """Tried in turn, one at each attempt to connect."""
    verify: bool = True
    """Whether the certificate of a `wss` server is checked."""
    authorities: str = ""
    """PEM text of the authorities that may have signed it; empty: the public ones."""
    check_host: bool = True
    """Whether the certificate has to be for the host of the URL."""

    @property
    def host(self) -> str:
        """Host and port."""
        return self.url.partition("://")[2].partition("/")[0].rpartition("@")[2]

    @property
    def embedded(self) -> bool:
        """The emulator's own central system is meant."""
        return self.host == EMBEDDED

    @property
    def identity(self) -> str:
        """The charge point's, at the end of the path."""
        return unquote(self.url.partition("?")[0].rpartition("/")[2])


class Link(Protocol):
    """The connection to the central system, as the charge point uses it."""

    def put(self, message: Message) -> None:
        """Send a message now."""
        ...

    def close(self) -> None:
        """End the connection."""
        ...


class Conversation(Protocol):
    """The charge point, as a transport sees it."""

    @property
    def waiting(self) -> bool:
        """A call is sent and not answered."""
        ...

    @property
    def message_timeout(self) -> float:
        """Wall seconds the central system has for an answer."""
        ...

    @property
    def ping_interval(self) -> float:
        """Wall seconds between WebSocket pings; 0: none."""
        ...

    def connected(self, link: Link) -> None:
        """The connection is open."""
        ...

    def received(self, message: Message) -> Message | None:
        """The central system said something; the answer to a call, None: no answer at all."""
        ...

    def answered(self, call: Call) -> None:
        """The answer to this call of the central system is on its way: do what was promised."""
        ...

    def timed_out(self, message_id: str) -> None:
        """The call of this id was not answered in time."""
        ...

    def lost(self) -> None:
        """The connection has ended."""
        ...


@roomy
class OcppInterface:
    """A device's OCPP charge point: a WebSocket client of a central system."""

    protocol: Literal["ocpp"] = "ocpp"
    access: Callable[[], OcppAccess | None]
    """None: switched off. Asked again after every change of settings."""
    conversation: Callable[[], Conversation]
    """The charge point; made when it is first asked for."""
    reconnect: Callable[[], float] = lambda: 60.0
    """Simulated seconds from a lost or failed connection to the next attempt."""
    pong_intervals: float = 3.5
    """A connection without a pong for this many ping intervals is ended."""
    subprotocols: tuple[str, ...] = ("ocpp1.6",)
