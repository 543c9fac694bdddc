"""What devices announce by mDNS."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from ...core.values import roomy, value
from .origin import always


@value
class MdnsService:
    """One announced service; `interface` names the interface whose real port is announced."""

    type: str
    """`_http._tcp`"""
    instance: str
    host: str
    """Host name without `.local`."""
    interface: str = "http"
    txt: tuple[tuple[str, str], ...] = ()


@roomy
class MdnsInterface:
    protocol: Literal["mdns"] = "mdns"
    services: Callable[[], tuple[MdnsService, ...]]
    """Asked again after every change of settings."""
    enabled: Callable[[], bool] = always
