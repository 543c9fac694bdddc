"""What devices announce by mDNS."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from .origin import always


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
