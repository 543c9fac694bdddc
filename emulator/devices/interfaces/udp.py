"""UDP services of devices."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import field
from typing import Literal

from ...core.instant import Instant
from ...core.values import roomy, value
from .origin import Origin, always


@value
class Datagram:
    """To be sent to `host:port`; None: to where the request came from."""

    data: bytes
    host: str | None = None
    port: int | None = None
    delay: float = 0.0
    """Wall seconds before it is sent."""
    journal: Mapping[str, object] = field(default_factory=dict)


@roomy
class UdpInterface:
    """A UDP service of a device."""

    protocol: Literal["udp"] = "udp"
    port: int
    handle: Callable[[bytes, Origin], Iterable[Datagram]]
    published: Callable[[Instant], Iterable[Datagram]] = lambda _at: ()
    period: float = 1.0
    enabled: Callable[[], bool] = always
    broadcast: bool = False
