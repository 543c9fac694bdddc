"""A server in a process of its own: started, pinned to one core, and asked by the kernel's own accounting.

The one rule: what is measured is CPU time of the server's process, never wall time of its client.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final, Self

TICK: Final = 1 / os.sysconf("SC_CLK_TCK")
CORES: Final = sorted(os.sched_getaffinity(0))
SERVER_CORE: Final = CORES[-1]
LOAD_CORE: Final = CORES[0]


def many_descriptors() -> None:
    """As many open files as the system allows: a thousand clients need as many."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


class Served:
    """One server, as `with`: `python -m benchmarks.serve <kind> <argument>`, or another command."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str] | None = None) -> None:
        self._command = list(command)
        self._environment = {**os.environ, **(environment or {})}
        self.told: dict[str, float] = {}
        """What it said about itself in its first line."""

    @classmethod
    def of(cls, kind: str, argument: object = None) -> Self:
        return cls([sys.executable, "-m", "benchmarks.serve", kind, json.dumps(argument)])

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=self._environment,
            cwd=Path(__file__).parent.parent,
        )
        os.sched_setaffinity(self._process.pid, {SERVER_CORE})
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"{' '.join(self._command)} did not start")
        with suppress(ValueError):
            self.told = json.loads(line)
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()

    def next_line(self) -> dict[str, float]:
        """Let it go on, and wait for what it says next."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        found: dict[str, float] = json.loads(self._process.stdout.readline())
        return found

    @property
    def cpu(self) -> float:
        """CPU time used so far, user and system, of all its threads [s]."""
        return cpu_of(self._process.pid)

    @property
    def memory(self) -> float:
        """Resident memory [MiB]."""
        return memory_of(self._process.pid)

    @property
    def descriptors(self) -> int:
        return len(os.listdir(f"/proc/{self._process.pid}/fd"))


def cpu_of(process: int) -> float:
    """CPU time of a process [s]: to the nanosecond where the kernel keeps it so, else in ticks of 10 ms."""
    tasks = Path(f"/proc/{process}/task")
    try:
        return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks.iterdir()) / 1e9
    except OSError:
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) * TICK


def memory_of(process: int) -> float:
    """Resident memory [MiB]."""
    pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20
