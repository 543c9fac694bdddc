"""CPU time per Modbus read: our server, with journal, wallbox and live values, against pymodbus serving stored ones.

Run it from the repository: `python benchmarks/modbus_read.py [requests]` (Linux). The servers run in processes of
their own, in turns; the figures are medians of the rounds. Each request reads ten registers.
"""

from __future__ import annotations

import asyncio
import socket
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "protocols")]

REQUEST: Final = bytes.fromhex("0001 0000 0006 01 03 0000 000A")
REPLY: Final = 9 + 20
"""Bytes."""
ROUNDS: Final = 5
VARIANTS: Final = ("pymodbus, stored", "ours, stored", "ours, live")


async def serve_pymodbus() -> None:
    from pymodbus.server import ModbusTcpServer
    from pymodbus.simulator import DataType, SimData, SimDevice

    registers = SimData(0, count=10, values=7, datatype=DataType.REGISTERS)
    server = ModbusTcpServer(SimDevice(1, registers), address=("127.0.0.1", 0))
    await server.listen()
    sockets = getattr(server.transport, "sockets")  # noqa: B009
    print(sockets[0].getsockname()[1], flush=True)
    await asyncio.Event().wait()


async def serve_ours(*, live: bool) -> None:
    """Ten registers: four quantities of a charging car, or ten numbers."""
    from support_modbus import Box, View, box, charge, serve

    from emulator.devices.register_table import RegisterTable
    from emulator.devices.registers import S32, U16, Bank, Layout, Register

    Row = Register[View, Box]  # noqa: N806
    quantities = (
        Row("power", 0, S32, scale=1000, read=lambda v: v.snapshot.power, source="x"),
        Row("energy", 2, S32, read=lambda v: v.snapshot.session_energy, source="x"),
        *(
            Row(f"current_{n}", 4 + n, U16, scale=1000, read=lambda v, n=n: v.snapshot.phase_current[n], source="x")  # type: ignore[misc]
            for n in range(3)
        ),
        *(Row(f"spare_{n}", n, U16, read=lambda v: 7, source="x") for n in range(7, 10)),
    )
    numbers = tuple(Row(f"r{n}", n, U16, read=lambda v: 7, source="x") for n in range(10))
    layout: Layout[View, Box] = Layout({3: (Bank("Registers", quantities if live else numbers),)})
    made = box()
    charge(made)
    if live:
        made.simulation.clock.set_speed(1.0)
    made.table = RegisterTable(layout, made.profile)
    made.requests = _Forgetful()
    async with serve(made) as server:
        print(server.endpoint.port, flush=True)
        await asyncio.Event().wait()


class _Forgetful(list):  # type: ignore[type-arg]
    def append(self, item: object) -> None:
        pass


def cpu_ns(process: int) -> int:
    """CPU time a process has used, ns."""
    return int(Path(f"/proc/{process}/schedstat").read_text().split()[0])


def ask(sock: socket.socket, count: int) -> None:
    for _ in range(count):
        sock.sendall(REQUEST)
        missing = REPLY
        while missing:
            missing -= len(sock.recv(missing))


def measure(variant: str, count: int) -> float:
    """CPU microseconds per request."""
    server = subprocess.Popen([sys.executable, __file__, "--serve", variant], stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    try:
        port = int(server.stdout.readline())
        with socket.create_connection(("127.0.0.1", port)) as sock:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            ask(sock, count // 10)
            before = cpu_ns(server.pid)
            ask(sock, count)
            return (cpu_ns(server.pid) - before) / 1000 / count
    finally:
        server.kill()
        server.wait()
        server.stdout.close()


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 5000
    found: dict[str, list[float]] = {variant: [] for variant in VARIANTS}
    for _ in range(ROUNDS):
        for variant in VARIANTS:
            found[variant].append(measure(variant, count))
    base = statistics.median(found[VARIANTS[0]])
    for variant, values in found.items():
        middle = statistics.median(values)
        print(f"{variant:18} {middle:7.1f} us CPU per request, {base / middle:4.1f} times as fast as {VARIANTS[0]}")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--serve"]:
        asyncio.run(serve_pymodbus() if sys.argv[2].startswith("py") else serve_ours(live=sys.argv[2] == VARIANTS[2]))
    else:
        main()
