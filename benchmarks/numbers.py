"""What is no ratio: how long things take, and how much they need.

The one rule: a number has a unit, a goal it should not exceed, and a ceiling above which the check fails.
"""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from .load import HttpLoad, Listeners, hear
from .process import SERVER_CORE, Served, cpu_of

ROOT: Final = Path(__file__).parent.parent
JOURNAL: Final = 1 << 20
"""Bytes of the journal where memory is measured."""
SETTLING: Final = 2.0
"""Seconds in which everything that is sent at first is read."""


@dataclass(frozen=True, slots=True)
class Number:
    """What is measured."""

    name: str
    unit: str
    goal: float
    ceiling: float
    """More fails the check."""


@dataclass(frozen=True, slots=True)
class Group:
    """Numbers that are measured together, in this order."""

    numbers: tuple[Number, ...]
    measure: Callable[[], Iterator[float]]


# --- a fleet ---------------------------------------------------------------------------------------------------------


def fleet(count: int, *, span: float) -> Group:
    boxes = f"{count} mixed boxes"

    def measure() -> Iterator[float]:
        with Served.of("fleet", {"count": count}) as served:
            yield served.told["started"]
            yield served.memory
            yield served.descriptors
            before = served.cpu
            time.sleep(span)
            yield (served.cpu - before) / span
            took = served.next_line()
            yield 1e3 * took["wallboxes"]
            yield 1e3 * took["step"]
            yield 1e3 * took["advance"]
            yield took["first"]
            yield took["reset"]

    return Group(
        (
            Number(f"{boxes}: start", "s", goal=3.0, ceiling=6.0),
            Number(f"{boxes}: memory", "MiB", goal=100, ceiling=130),
            Number(f"{boxes}: descriptors", "", goal=20, ceiling=40),
            Number(f"{boxes}: idle", "core", goal=0.01, ceiling=0.5),
            Number(f"{boxes}: /api/wallboxes", "ms", goal=20, ceiling=200),
            Number(f"{boxes}: a step", "ms", goal=1, ceiling=10),
            Number(f"{boxes}: an advance", "ms", goal=30, ceiling=150),
            Number(f"{boxes}: first reset", "s", goal=3.0, ceiling=8),
            Number(f"{boxes}: reset", "s", goal=0.3, ceiling=1),
        ),
        measure,
    )


def resets(count: int, *, goal: float, ceiling: float) -> Group:
    """Of so many go-e; goal and ceiling [ms]."""

    def measure() -> Iterator[float]:
        with Served.of("reset", {"count": count}) as served:
            yield 1e3 * served.told["reset"]

    return Group((Number(f"reset of {count} go-e", "ms", goal=goal, ceiling=ceiling),), measure)


# --- pushes ----------------------------------------------------------------------------------------------------------


def pushes(boxes: int, clients: int, span: float) -> Group:
    """CPU per message of WARPs that push to web sockets, against a loop that writes a ready frame for each.

    Both run at the same time on the same core, and write as many messages of the same size to as many sockets. Of
    memory, the journal is left out, which has a limit of its own. The first client of a box has it remember what all of
    its states say; a further one is told the same.
    """
    name = f"pushes of {boxes} WARPs to {clients} clients each"
    return Group(
        (
            Number(f"{name}: CPU, ready frames", "x", goal=1.5, ceiling=3.4),
            Number(f"{name}: memory a client", "KiB", goal=20, ceiling=12),
            Number(f"{name}: memory of a first one", "KiB", goal=100, ceiling=150),
        ),
        lambda: _pushed(boxes, clients, span),
    )


def _pushed(boxes: int, clients: int, span: float) -> Iterator[float]:
    with ExitStack() as stack:
        ours = stack.enter_context(Served.of("pushes", {"count": boxes, "journal": JOURNAL}))
        ports: list[int] = ours.told["ports"]  # type: ignore[assignment]
        alone = ours.memory
        listeners = Listeners()
        listeners.join(ports)
        listeners.hear(SETTLING)
        first = ours.memory
        for _ in range(clients - 1):
            listeners.join(ports)
        listeners.hear(SETTLING)
        further = (ours.memory - first) * 1024 / (boxes * (clients - 1))
        messages, size = listeners.hear(span)
        size //= max(1, messages)
        rate = max(1.0, messages / span / len(listeners.socks))
        bare = stack.enter_context(Served.of("frames", {"size": max(2, size), "rate": rate}))
        others = Listeners()
        others.connect([round(bare.told["port"])] * (boxes * clients))
        hear((listeners, others), SETTLING)
        before = ours.cpu, bare.cpu
        (pushed, _), (_, written) = hear((listeners, others), span)
        cost = (ours.cpu - before[0]) / max(1, pushed)
        ready = (bare.cpu - before[1]) / max(1, written / max(2, size))
    yield cost / ready
    yield further
    yield (first - alone) * 1024 / boxes


# --- starting --------------------------------------------------------------------------------------------------------


ONE: Final = "wallbox: {vendor: goe, http: 18101}\n"
SIX: Final = """charger:
  wallboxes:
    goe: {http: 18101, modbus: 18102}
    warp: {http: 18103, modbus: 18104}
    nrgkick: {http: 18105, modbus: 18106}
    bender: {http: 18107, modbus: 18108}
    keba: {modbus: 18109, udp: 18110}
    lektrico: {http: 18111}
"""


def starts(rounds: int) -> Group:
    return Group(
        (
            Number("run to the first answer, one go-e", "s", goal=0.5, ceiling=0.3),
            Number("run to the first answer of the last of six vendors", "s", goal=0.7, ceiling=0.55),
            Number("check", "s", goal=0.25, ceiling=0.2),
            Number("--help", "x bare Python", goal=4.0, ceiling=5.5),
        ),
        lambda: _started(rounds),
    )


def _started(rounds: int) -> Iterator[float]:
    with tempfile.TemporaryDirectory() as folder:
        installed = _installed(Path(folder) / "byte_code")
        one, six = Path(folder) / "one.yaml", Path(folder) / "six.yaml"
        one.write_text(ONE)
        six.write_text(SIX)
        yield _median(rounds, lambda: _first_answer(one, 18101, "/api/status?filter=car", installed))
        yield _median(rounds, lambda: _first_answer(six, 18111, "/rpc/charger_info.get", installed))
        yield _median(rounds, lambda: _took("-m", "emulator", "check", str(one), environment=installed))
        bare = _median(rounds, lambda: _took("-c", "pass", environment=installed))
        yield _median(rounds, lambda: _took("-m", "emulator", "--help", environment=installed)) / bare


def _installed(byte_code: Path) -> dict[str, str]:
    """An environment in which modules are compiled once, as they are in an installed package."""
    inherited = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**inherited, "PYTHONPYCACHEPREFIX": str(byte_code)}


def _median(rounds: int, measure: Callable[[], float]) -> float:
    measure()  # compiles
    return statistics.median(measure() for _ in range(rounds))


def _took(*arguments: str, environment: dict[str, str]) -> float:
    """CPU time of a Python command [s]: what it takes on a machine that has nothing else to do."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [sys.executable, *arguments]
    subprocess.run(command, check=True, capture_output=True, cwd=ROOT, env=environment)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _first_answer(scenario: Path, port: int, path: str, environment: dict[str, str]) -> float:
    """CPU time of `run` until its first whole answer over HTTP [s]."""
    command = [sys.executable, "-m", "emulator", "run", "--control-port", "0", str(scenario)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, cwd=ROOT, env=environment)
    try:
        os.sched_setaffinity(process.pid, {SERVER_CORE})
        while True:
            try:
                head, _ = HttpLoad(path, closes=True).reply(port)
                if head.startswith(b"HTTP/1.1 200"):
                    return cpu_of(process.pid)
            except OSError:
                time.sleep(0.005)
    finally:
        process.terminate()
        process.wait()


# --- the model -------------------------------------------------------------------------------------------------------


def days(count: int) -> Group:
    """A day of chargers without wallboxes: two sessions each, a switch of phases there and back, and a taper."""
    name = f"a day of one charger among {count}, model only"

    def measure() -> Iterator[float]:
        spent, memory, _ = _day(count)
        yield 1e3 * spent / count
        yield memory * 1024 / count

    return Group(
        (Number(name, "ms", goal=10, ceiling=14), Number(f"{name}: memory", "kB", goal=50, ceiling=45)), measure
    )


def crowd(count: int) -> Group:
    """The same day of so many that it takes minutes, in one process."""
    name = f"a day of {count} chargers, model only"

    def measure() -> Iterator[float]:
        spent, _, peak = _day(count)
        yield spent
        yield peak

    return Group(
        (
            Number(f"{name}: CPU", "s", goal=100, ceiling=150),
            Number(f"{name}: peak memory", "MiB", goal=1024, ceiling=450),
        ),
        measure,
    )


def _day(count: int) -> tuple[float, float, float]:
    """CPU time [s], memory the chargers took and the most the process ever had [MiB], in a process of its own."""
    code = f"from benchmarks.model import day; print(*day({count}))"
    found = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, cwd=ROOT)
    spent, memory, peak = map(float, found.stdout.split())
    return spent, memory, peak


# --- what there is ---------------------------------------------------------------------------------------------------


QUICK: Final = (
    fleet(6, span=0.1),
    resets(1, goal=5, ceiling=30),
    pushes(1, 2, 1.5),
    days(3),
)
"""Only to see that they can be measured."""
EVERY: Final = (
    fleet(1000, span=10.0),
    resets(1, goal=5, ceiling=30),
    resets(10, goal=50, ceiling=100),
    pushes(200, 5, 5.0),
    starts(5),
    days(1000),
)
"""Every number of the table."""
LARGE: Final = (crowd(10_000),)
"""What takes minutes."""
