"""WARP and a peer on eebus-go 0.7.0, the reference implementation, over real TLS.

Runs where Go is installed and its modules can be had; elsewhere it is skipped and says why.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import socket
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("OpenSSL", reason="TLS of both sides needs pyOpenSSL")

from support_eebus import run
from test_eebus_faults import Street
from test_warp_control_box import FULL, House

from emulator.protocols.server import Endpoint
from emulator.protocols.ship import ShipServer

SOURCE = Path(__file__).parent / "peer"
GO = shutil.which("go") or shutil.which("go", path="/usr/local/go/bin:/usr/local/bin")
PATIENCE = 60.0
PAIRED = 3
"""State of a peer that data is exchanged with."""
TIMEOUT = 120
"""s of the peer's heartbeats: so long the simulated clock may be moved after one."""


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The peer, built."""
    if GO is None:
        pytest.skip("Go is not installed: the peer on eebus-go cannot be built")
    target = tmp_path_factory.mktemp("peer") / "peer"
    built = subprocess.run(
        [GO, "build", "-o", str(target), "."], cwd=SOURCE, capture_output=True, text=True, timeout=600, check=False,
        env={**os.environ, "GOTOOLCHAIN": "local"},
    )  # fmt: skip
    if built.returncode:
        pytest.skip(f"the peer on eebus-go cannot be built here: {built.stderr.strip()[-300:]}")
    return target


class Peer:
    """A running peer."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.told: list[dict[str, Any]] = []

    def order(self, text: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{text}\n".encode())

    async def event(self, event: str, **members: object) -> dict[str, Any]:
        """The first line that says this and has not been taken."""
        assert self.process.stdout is not None
        wanted = {"event": event, **members}
        try:
            async with asyncio.timeout(PATIENCE):
                while True:
                    for said in self.told:
                        if all(said.get(name) == value for name, value in wanted.items()):
                            self.told.remove(said)
                            return said
                    line = await self.process.stdout.readline()
                    if not line:
                        break
                    self.told.append(json.loads(line))
        except TimeoutError:
            pass
        raise AssertionError(f"no {wanted}; told so far: {self.told}")


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


@asynccontextmanager
async def peer(program: Path, port: int, house: House) -> AsyncIterator[Peer]:
    """A peer that trusts the WARP, which trusts it and connects."""
    async with started(program, port) as (made, ski):
        await listening(port)
        made.order(f"trust {house.ski}")
        members = {"ip": "127.0.0.1", "port": port, "dns_name": "", "wss_path": "/ship/", "ski": ski}
        assert house.warp.api.call("eebus/add", members | {"trusted": True, "persistent": True}, house.origin) is None
        run(house.world, 1)
        yield made


async def listening(port: int) -> None:
    """Until somebody accepts connections: an attempt that comes too early is repeated in simulated time only."""
    async with asyncio.timeout(PATIENCE):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except ConnectionRefusedError:
                await asyncio.sleep(0)
                continue
            writer.close()
            await writer.wait_closed()
            return


@asynccontextmanager
async def started(program: Path, port: int) -> AsyncIterator[tuple[Peer, str]]:
    """A peer and its SKI."""
    process = await asyncio.create_subprocess_exec(
        str(program), str(port), str(TIMEOUT), str(program.parent),
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    made = Peer(process)
    try:
        yield made, (await made.event("ready"))["ski"]
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def read(client: Peer) -> dict[str, Any]:
    client.order("read")
    return await client.event("read")


async def test_limits_failsafe_and_measurements(program: Path) -> None:
    house, port = House(), free_port()
    house.plug_in()
    async with ShipServer(Endpoint(house.warp, "ship")) as server:
        assert server.sockets is not None
        async with peer(program, port, house) as guard:
            await guard.event("connected", ski=house.ski)
            await guard.event("use case", name="eg-lpc-UseCaseSupportUpdate")
            await guard.event("use case", name="eg-lpc-DataUpdateFailsafeDurationMinimum")
            async with asyncio.timeout(PATIENCE):
                while house.lpc("usecase_state") != 5:  # a heartbeat has come, and no limit
                    await server.sockets.stirred()
            assert house.current == FULL

            guard.order("limit 4200 7200")
            assert (await guard.event("result"))["error"] == 0
            run(house.world, 30)
            assert (house.lpc("usecase_state"), house.lpc("current_limit")) == (3, 4200)
            assert house.warp.read("evse/slots.16.max_current") == 6086
            assert house.current == pytest.approx(6, abs=0.1)

        async with asyncio.timeout(PATIENCE):  # the peer was killed; the end of its connection is on its way
            while house.warp.read("eebus/state.peers.0.state") == PAIRED:
                await server.sockets.stirred()
        run(house.world, TIMEOUT - 40)
        assert house.lpc("usecase_state") == 3
        run(house.world, 60)
        assert house.lpc("usecase_state") == 4
        assert house.current == FULL

        async with peer(program, port, house) as guard:  # the same one, started again
            await guard.event("use case", name="eg-lpc-DataUpdateLimit")
            async with asyncio.timeout(PATIENCE):
                while house.lpc("usecase_state") != 2:
                    await server.sockets.stirred()
            guard.order("limit 8000 600")
            assert (await guard.event("result"))["error"] == 0
            run(house.world, 30)
            assert house.current == pytest.approx(11.4, abs=0.2)
            guard.order("limit 5000 0")  # in force: its end is kept
            assert (await guard.event("result"))["error"] == 0
            assert house.lpc("outstanding_duration_s") == 570
            guard.order("release 5000")
            assert (await guard.event("result"))["error"] == 0
            guard.order("limit 5000 0")
            assert await guard.event("result") == {"event": "result", "error": 7, "description": "Limit not accepted"}


async def test_what_an_energy_manager_reads(program: Path) -> None:
    house, port = House(), free_port()
    house.plug_in()
    async with ShipServer(Endpoint(house.warp, "ship")), peer(program, port, house) as manager:
        await manager.event("use case", name="ma-mpc-DataUpdateFrequency")
        await manager.event("use case", name="cem-evcem-DataUpdateEnergyCharged")
        found = await read(manager)
    now = house.world.observe("garage")
    assert found["limit"] == {"value": 22000, "active": False, "seconds": 0}
    assert (found["failsafe_power"], found["failsafe_duration"]) == (22000, 7200)
    assert "not available" in found["nominal"]["problem"]  # eebus-go 0.7.0 never asks for it
    assert found["power"] == pytest.approx(now.power, abs=1)
    assert found["powers"] == pytest.approx(list(now.active_power), abs=1)
    assert found["currents"] == pytest.approx(list(now.phase_current), abs=0.01)
    assert found["voltages"] == pytest.approx(list(now.phase_voltage), abs=0.1)
    assert (found["energy"], found["frequency"]) == (pytest.approx(now.total_energy, abs=1), pytest.approx(50, abs=0.1))
    assert found["standard"] == "iec61851"
    assert found["charge_state"] == "active"
    assert found["powers_ev"] == [*(house.warp.read(f"eebus/usecases.evcc.{m}imum_power") for m in ("min", "max")), 0]
    assert found["currents_ev"] == pytest.approx(list(now.phase_current), abs=0.01)
    assert found["charged"] == pytest.approx(now.session_energy, abs=1)


async def test_an_energy_manager_steers_the_generic_wallbox(program: Path) -> None:
    street, port = Street("wallbox: {vendor: eebus, ship: 0}"), free_port()
    wallbox = street.site.wallboxes["charger.eebus"]
    async with ShipServer(Endpoint(wallbox, "ship")), started(program, port) as (manager, ski):
        await listening(port)
        wallbox.configure({"trusted": [ski], "connect": [f"127.0.0.1:{port}"]})
        manager.order(f"trust {wallbox.read('ski')}")
        street.wait(1)
        await manager.event("use case", name="cem-opev-DataUpdateLimit")
        await manager.event("use case", name="cem-evcem-DataUpdateEnergyCharged")
        found = await read(manager)
        assert found["opev"] == [[6, 6, 6], [16, 16, 16], [0, 0, 0]]
        assert found["powers_ev"] == [4140, 11040, 0]
        for amperes, offered in ((10, 10), (0, 0), (16, 16)):
            manager.order(f"phases {amperes}")
            assert (await manager.event("result"))["error"] == 0
            street.wait(20)
            assert street.site.simulation.observe("charger").offered_current == offered
