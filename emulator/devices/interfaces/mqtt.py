"""MQTT clients in devices."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final, Literal

from ...core.instant import Instant
from ...core.values import roomy, value
from .origin import Origin
from .ship import Credentials


@value
class Publish:
    topic: str
    payload: bytes
    retain: bool = False
    qos: Literal[0, 1, 2] = 0


@value
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
    authorities: str | None = None
    """PEM text of the authorities that may have signed the broker's certificate, "": the public ones; None: it is not
    verified."""
    credentials: Credentials | None = None
    """What the device proves with TLS who it is; None: nothing."""
    path: str | None = None
    """Of the WebSocket it speaks on; None: it speaks on TCP."""
    clean: bool = True


EMBEDDED_BROKER: Final = "embedded"
"""Host name in a wallbox's settings that stands for the emulator's own broker."""


@roomy
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
    leaving: Callable[[], Iterable[Publish]] = tuple
    """Said before it ends a connection itself, with a good-bye."""
    period: float = 1.0
    reconnect: float = 5.0
    """Wall seconds between attempts."""
    prefix: Callable[[], str] = str
    """What its topics begin with; a client needs to know it."""
