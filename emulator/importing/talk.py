"""What a client and a box said to each other, before anybody knows what it means.

The one rule: frozen values; times are seconds of the log, lines those of the file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from .exchange import Exchange


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One message."""

    at: float | None
    line: int
    area: str
    """Who wrote the line, to tell several devices apart."""
    peer: str = ""
    """The box's address, prefix or host, as far as it is told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Http(Said):
    """A request over HTTP. What is None was not in the log."""

    method: str
    path: str
    """With the query."""
    body: str | None = None
    reply: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic(Said):
    """A message on a topic, of MQTT or of WARP's WebSocket."""

    topic: str
    payload: str
    sent: bool = False
    """By the client."""
    over: Literal["mqtt", "websocket"] = "mqtt"


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame(Said):
    """A frame of Modbus."""

    data: bytes
    sent: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchanged(Said):
    """A request of Modbus with its answer, as a journal keeps them."""

    exchange: Exchange


@dataclass(frozen=True, slots=True, kw_only=True)
class Datagram(Said):
    """A datagram of KEBA's."""

    text: str
    sent: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Document(Said):
    """A document without a request: a status, a dump, a diagnostics download, a listing."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown(Said):
    """What a client printed about a charger: quantities in SI units, by their names in scenarios."""

    values: Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Known(Said):
    """Values that are decoded already: of a journal."""

    vendor: str
    interface: str
    values: Mapping[str, object] = field(default_factory=dict)
    writes: Mapping[str, object] = field(default_factory=dict)
