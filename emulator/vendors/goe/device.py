"""The parts of a wallbox that its keys read and act on.

The one rule: parts know nothing of this; only rows of keys, registers and API v1 do.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from ...core.instant import Instant
from ...core.snapshot import Snapshot
from ...devices.quirks import Quirk
from ...devices.settings import Settings
from .backend import Backend
from .broker_link import BrokerLink
from .cards import Cards
from .clock import Clock
from .identity import Identity
from .logic import Logic
from .processor import Processor
from .update import Update


@dataclass(slots=True)
class ModbusTraffic:
    """Requests since boot."""

    reads: int = 0
    writes: int = 0
    read_at: Instant | None = None
    write_at: Instant | None = None
    looked_at: bool = False
    """Somebody was told these numbers."""


@dataclass(slots=True, kw_only=True)
class Device:
    """One wallbox, taken apart."""

    processor: Processor
    settings: Settings
    identity: Identity
    clock: Clock
    cards: Cards
    logic: Logic
    broker: BrokerLink
    backend: Backend
    shows: Callable[[Quirk], bool]
    """Whether the wallbox has a known defect."""
    restart: Callable[[], None]
    """Restart soon: the answer comes first."""
    update: Update
    http_clients: int = 0
    websocket_clients: int = 0
    modbus: ModbusTraffic = field(default_factory=ModbusTraffic)
    nrg: tuple[Snapshot | None, list[float | int]] = (None, [])
    """The measurement looked at last, and `nrg` of it."""
