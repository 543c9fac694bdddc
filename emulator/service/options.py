"""How a scenario is run, where its own word is not the last."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ..runtime.journal import LIMIT

MOST_EARLIER: Final = 100
"""Runs before a reset that are kept for the report."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How a scenario is run. None: as the scenario says."""

    bind: str = "127.0.0.1"
    any_port: bool = False
    """Every interface on a free port, whatever the scenario says."""
    default_ports: bool = True
    """False: an interface without a port in the scenario gets a free one; the vendors' own are for another process."""
    alone: bool = True
    """False: the boxes of this scenario are served by several processes, which share no sockets."""
    port_offset: int = 0
    """Added to the ports of all interfaces and of the broker, for several emulators on one host."""
    speed: float | None = None
    held: bool = False
    """Time begins with `Emulator.begin`."""
    seed: int | None = None
    state: Path | None = None
    shared: bool = False
    """It is one of several processes: others use the state file, too, and its journal tells what was being done."""
    announce: bool = True
    """Announce wallboxes by mDNS."""
    record: bool = False
    """Keep traces of all chargers for the report."""
    journal_limit: int = LIMIT
    """Bytes of the journal in memory; the whole of it is on disk if it is recorded for a report."""
