"""Against a foreign central system: `ocpp-go` (lorenzodonini), built here by the Go toolchain from its module proxy.

Skipped where there is no Go, or where the module cannot be downloaded.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import socket
import subprocess
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from emulator.core.instant import SECOND
from emulator.scenario.loader import loads
from emulator.scenario.steps.vocabulary import make_step
from emulator.service.emulator import Emulator, Options

SOURCE = Path(__file__).parent / "foreign" / "main.go"
MODULE = "github.com/lorenzodonini/ocpp-go@v0.18.0"
PATIENCE = 60.0
GO = shutil.which("go") or shutil.which("go", path="/usr/local/go/bin")

pytestmark = pytest.mark.skipif(GO is None, reason="no Go toolchain: the foreign central system cannot be built")


@pytest.fixture(scope="session")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The central system, built."""
    assert GO is not None
    folder = tmp_path_factory.mktemp("foreign")
    shutil.copy(SOURCE, folder)
    for command in (["mod", "init", "central"], ["get", MODULE], ["mod", "tidy"], ["build", "-o", "central", "."]):
        try:
            done = subprocess.run([GO, *command], cwd=folder, capture_output=True, text=True, timeout=300, check=False)
        except subprocess.TimeoutExpired:
            pytest.skip(f"go {command[0]} takes too long: no way to the module proxy?")
        if done.returncode != 0:
            pytest.skip(f"go {' '.join(command)}: {done.stderr.strip().splitlines()[-1]}")
    return folder / "central"


class Foreign:
    """The running program."""

    def __init__(self, process: asyncio.subprocess.Process, port: int) -> None:
        self._process = process
        self.url = f"ws://127.0.0.1:{port}"
        self.said: list[tuple[str, object]] = []
        self._asked: Counter[str] = Counter()

    async def until(self, what: str) -> object:
        """The detail of the next thing of that name: goroutines print in an order of their own."""
        assert self._process.stdout is not None
        self._asked[what] += 1
        async with asyncio.timeout(PATIENCE):
            while True:
                found = [detail for name, detail in self.said if name == what]
                if len(found) >= self._asked[what]:
                    return found[self._asked[what] - 1]
                line = json.loads(await self._process.stdout.readline())
                self.said.append((line["what"], line["detail"]))

    async def order(self, words: str, answer: str) -> object:
        """Have it call the charge point; the answer."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{words}\n".encode())
        return await self.until(f"{answer} answered")


@asynccontextmanager
async def running(program: Path) -> AsyncIterator[Foreign]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = await asyncio.create_subprocess_exec(
        program, str(port), stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={**os.environ}
    )
    try:
        foreign = Foreign(process, port)
        await foreign.until("listening")
        yield foreign
    finally:
        process.kill()
        await process.wait()


BOXES = {
    "warp": '{warp: {ocpp: "URL"}}',
    "goe": '{goe: {ocpp: "URL/goe123", settings: {ocppi: 10}}}',
    "bender": '{bender: {ocpp: "URL"}}',
    "keba": '{box: {model: keba-p30-x-32, ocpp: "URL"}}',
    "lektrico": '{lektrico: {ocpp: "URL"}}',
}


@pytest.mark.parametrize("vendor", BOXES)
async def test_a_session_against_ocpp_go(program: Path, vendor: str) -> None:
    async with running(program) as foreign:
        text = f"chargers: {{garage: {{wallboxes: {BOXES[vendor].replace('URL', foreign.url)}}}}}"
        async with Emulator(loads(text), Options(any_port=True, announce=False, speed=1.0)) as emulator:
            await session(foreign, emulator, vendor)
    wrong = [line for line in foreign.said if line[0] in ("error", "failed") or line[0].endswith(" failed")]
    assert not wrong


async def do(emulator: Emulator, name: str, **arguments: object) -> None:
    (outcome,) = await emulator.apply([make_step(name, emulator.site.names, arguments or None)])
    assert outcome.ok, outcome


async def session(foreign: Foreign, emulator: Emulator, vendor: str) -> None:
    """Boot, plug in, start, limit, stop, unplug."""
    boot = await foreign.until("BootNotification")
    assert isinstance(boot, dict)
    assert boot["chargePointVendor"]
    await foreign.until("StatusNotification")
    await emulator.advance(20 * SECOND)  # the charge controller has started
    configuration = await foreign.order("configuration", "GetConfiguration")
    assert isinstance(configuration, dict)
    assert len(configuration["configurationKey"]) > 20
    assert await foreign.order("change MeterValueSampleInterval 10", "ChangeConfiguration") == {"status": "Accepted"}
    await do(emulator, "plug_in", vehicle="vw_id3")
    if vendor == "warp":
        await emulator.advance(2 * SECOND)
        assert await foreign.order("start 04A1B2C3", "RemoteStartTransaction") == {"status": "Accepted"}
    start = await foreign.until("StartTransaction")
    assert isinstance(start, dict)
    assert start["connectorId"] == 1
    assert await foreign.order("profile 10", "SetChargingProfile") == {"status": "Accepted"}
    await emulator.advance(30 * SECOND)
    await foreign.until("MeterValues")
    assert emulator.simulation.observe("garage").offered_current == pytest.approx(10.0)
    if vendor != "goe":
        composite = await foreign.order("composite", "GetCompositeSchedule")
        assert isinstance(composite, dict)
        assert composite["status"] == "Accepted"
    assert await foreign.order("stop", "RemoteStopTransaction") == {"status": "Accepted"}
    stop = await foreign.until("StopTransaction")
    assert isinstance(stop, dict)
    assert stop["reason"] == "Remote"
    await do(emulator, "unplug")
    await emulator.advance(5 * SECOND)
