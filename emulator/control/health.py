"""How the emulator itself is doing, for `/metrics`: its event loop, its answers, its memory.

The one rule: nothing here is measured per wallbox, so that a thousand of them make a page no longer.
"""

from __future__ import annotations

import asyncio
import os
import resource
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ..protocols.server import Server
from ..protocols.workload import BUCKETS, Workload
from .exposition import Family, histogram

if TYPE_CHECKING:
    from ..devices.wallbox import Wallbox
    from ..service.emulator import Emulator

PERIOD: Final = 0.5
"""Wall seconds between two looks at the event loop."""
PROCESS: Final = Path("/proc/self")


class LoopLag:
    """How late the event loop is [wall s]: a timer that asks to be called, and looks when it is."""

    def __init__(self) -> None:
        self._last = 0.0
        self._highest = 0.0
        self._due = 0.0
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Begin; needs the running event loop."""
        loop = asyncio.get_running_loop()
        self._due = loop.time() + PERIOD
        self._timer = loop.call_at(self._due, self._look)

    def stop(self) -> None:
        """End at once; may be repeated."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look(self) -> None:
        self._note(self._overdue())
        self.start()

    def _overdue(self) -> float:
        return max(0.0, asyncio.get_running_loop().time() - self._due)

    def _note(self, lag: float) -> None:
        self._last = lag
        self._highest = max(self._highest, lag)

    def read(self) -> tuple[float, float]:
        """The latest lag, and the highest since this was read before."""
        if self._timer is not None and (overdue := self._overdue()) > 0:
            self._note(overdue)
        highest, self._highest = self._highest, 0.0
        return self._last, highest


class Health:
    """Of one emulator."""

    def __init__(self, emulator: Emulator) -> None:
        self._emulator = emulator
        self.lag = LoopLag()

    def families(self) -> Iterator[Family]:
        """Everything but the histogram."""
        last, highest = self.lag.read()
        yield "loop_lag_seconds", "gauge", "How late the event loop was when looked at last.", [({}, last)]
        about = "How late the event loop was at most since this was asked before."
        yield "loop_lag_highest_seconds", "gauge", about, [({}, highest)]
        journal = self._emulator.simulation.journal
        yield "journal_bytes", "gauge", "Memory of the journal, roughly.", [({}, journal.bytes)]
        about = "Journal entries that had to go since the last reset (to disk, if there is to be a report)."
        yield "journal_dropped_entries_total", "counter", about, [({}, float(journal.dropped))]
        yield (
            "pushes_dropped_total",
            "counter",
            "Publications that a client was too slow for: replaced by a newer one, or lost.",
            [(dict(key), float(workload.pushes_dropped)) for key, workload in self._workloads()],
        )
        yield "connections", "gauge", "Open connections.", [(dict(key), float(n)) for key, n in self._connections()]
        yield from _process()

    def latencies(self) -> str:
        """How long our own code took for its answers; what a device takes (`realism:`) is not in it."""
        return histogram(
            "answer_seconds",
            "Time the emulator's own code took for an answer, without the latency of the device.",
            BUCKETS,
            ((dict(key), workload.counts, workload.seconds) for key, workload in self._workloads()),
        )

    def _workloads(self) -> list[tuple[tuple[tuple[str, str], ...], Workload]]:
        """What the interfaces of one kind of one vendor did together, by labels."""
        found: defaultdict[tuple[tuple[str, str], ...], Workload] = defaultdict(Workload)
        for server in self._emulator.servers.values():
            endpoint = server.endpoint
            found[_labels(endpoint.wallbox, endpoint.name)].add(endpoint.workload)
            if endpoint.interface.protocol == "http" and endpoint.websocket_workload.used:
                found[_labels(endpoint.wallbox, "websocket")].add(endpoint.websocket_workload)
        return sorted(found.items())

    def _connections(self) -> list[tuple[tuple[tuple[str, str], ...], int]]:
        found: Counter[tuple[tuple[str, str], ...]] = Counter()
        for server in self._emulator.servers.values():
            wallbox, name = server.endpoint.wallbox, server.endpoint.name
            clients: Mapping[str, int]
            clients = server.clients if isinstance(server, Server) else {name: int(server.state == "connected")}
            for interface, count in clients.items():
                found[_labels(wallbox, interface)] += count
        return sorted(found.items())


def _labels(wallbox: Wallbox, interface: str) -> tuple[tuple[str, str], ...]:
    return ("vendor", wallbox.vendor.id), ("interface", interface)


def _process() -> Iterator[Family]:
    """The names of Prometheus' own clients; what this system does not tell is left out."""
    yield "process_cpu_seconds_total", "counter", "User and system CPU time.", [({}, time.process_time())]
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    yield "process_max_fds", "gauge", "File descriptors that may be open.", [({}, float(limit))]
    if not PROCESS.exists():
        return
    pages = int((PROCESS / "statm").read_text().split()[1])
    resident = float(pages * os.sysconf("SC_PAGE_SIZE"))
    yield "process_resident_memory_bytes", "gauge", "Resident memory.", [({}, resident)]
    opened = float(len(os.listdir(PROCESS / "fd")))
    yield "process_open_fds", "gauge", "Open file descriptors.", [({}, opened)]
