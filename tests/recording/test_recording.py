"""A recording of a box, with the emulator as the real one: recorded, imported and played, it shows the same."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import aiomqtt
import pytest
from click.testing import CliRunner
from pymodbus.client import AsyncModbusTcpClient

from emulator.captures.reading import read
from emulator.cli import application
from emulator.errors import EmulatorError
from emulator.importing.importer import import_text
from emulator.importing.writing import to_yaml
from emulator.recording.notes import Notes
from emulator.recording.recorder import Way, recording, ways_of
from emulator.recording.registers import Registers
from emulator.scenario.loader import loads
from emulator.scenario.playing import play
from emulator.testing import EmulatorFixture
from emulator.testing.wallbox import WallboxFixture

BEGUN = 1_780_000_000.0
"""Unix time of the recordings."""
Ports = Mapping[str, int]
Poll = Callable[[Ports], Awaitable[object]]


async def _get(port: int, path: str, **request: str) -> str:
    url = f"http://127.0.0.1:{port}{path}"
    method, body = request.get("method", "GET"), request.get("body")
    async with aiohttp.ClientSession() as http, http.request(method, url, data=body) as reply:
        return await reply.text()


async def _registers(port: int, reads: Mapping[int, int], unit: int = 1) -> None:
    client = AsyncModbusTcpClient("127.0.0.1", port=port, timeout=60)
    assert await client.connect()
    for address, count in reads.items():
        found = await client.read_holding_registers(address, count=count, device_id=unit)
        assert not found.isError()
    client.close()


async def _write(port: int, address: int, value: int, unit: int = 1) -> None:
    client = AsyncModbusTcpClient("127.0.0.1", port=port, timeout=60)
    assert await client.connect()
    await client.write_register(address, value, device_id=unit)
    client.close()


async def _datagrams(port: int, *texts: str) -> None:
    replies: asyncio.Queue[bytes] = asyncio.Queue()

    class Client(asyncio.DatagramProtocol):
        def datagram_received(self, data: bytes, addr: object) -> None:
            replies.put_nowait(data)

    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(Client, remote_addr=("127.0.0.1", port))
    for text in texts:
        transport.sendto(text.encode())
        await asyncio.wait_for(replies.get(), 60)
    transport.close()


async def _goe(ports: Ports) -> None:
    await _get(ports["http"], "/api/status?filter=alw,amp,car,eto,frc,nrg,sse,wh")


async def _warp(ports: Ports) -> None:
    for path in ("evse/state", "evse/external_current", "meter/values", "info/name"):
        await _get(ports["http"], f"/{path}")


async def _nrgkick(ports: Ports) -> None:
    await _get(ports["http"], "/values")
    await _get(ports["http"], "/control")


async def _lektrico(ports: Ports) -> None:
    await _get(ports["http"], "/rpc/charger_info.get")


async def _bender(ports: Ports) -> None:
    await _registers(ports["modbus"], {122: 1, 206: 12, 1000: 1})


async def _keba(ports: Ports) -> None:
    await _registers(ports["modbus"], dict.fromkeys((1000, 1004, 1008, 1010, 1012, 1020, 1036, 1100, 1502), 2), 255)


VENDORS: Mapping[str, tuple[Poll, Poll]] = {
    "goe": (_goe, lambda ports: _get(ports["http"], "/api/set?amp=10")),
    "warp": (
        _warp,
        lambda ports: _get(ports["http"], "/evse/external_current_update", method="PUT", body='{"current":10000}'),
    ),
    "nrgkick": (_nrgkick, lambda ports: _get(ports["http"], "/control?current_set=10")),
    "lektrico": (
        _lektrico,
        lambda ports: _get(
            ports["http"],
            "/rpc",
            method="POST",
            body='{"src":"test","id":1,"method":"dynamic_current.set","params":{"dynamic_current":10}}',
        ),
    ),
    "bender": (_bender, lambda ports: _write(ports["modbus"], 1000, 10)),
    "keba": (_keba, lambda ports: _write(ports["modbus"], 5004, 10_000, 255)),
}
"""How a client polls each box, and how it asks for 10 A."""


@asynccontextmanager
async def recorded(
    emulator: EmulatorFixture, box: WallboxFixture, vendor: str, file: io.StringIO
) -> AsyncIterator[Ports]:
    """A recording in simulated time."""
    ways = [
        Way(way.interface, ("127.0.0.1", box.port(way.interface)), 0) for way in ways_of(vendor, "127.0.0.1", free=True)
    ]
    notes = Notes(file, vendor, wall=lambda: BEGUN + emulator.now)
    async with recording(ways, notes, Registers(vendor)) as ports:
        yield ports


@pytest.mark.parametrize("vendor", VENDORS)
async def test_recorded_imported_and_played_it_shows_the_same(emulator: EmulatorFixture, vendor: str) -> None:
    poll, ask = VENDORS[vendor]
    box = emulator.start(vendor)
    file = io.StringIO()
    async with recorded(emulator, box, vendor, file) as ports:
        await poll(ports)
        emulator.advance("30 s")
        emulator.plug_in(vehicle="generic")
        for _ in range(4):
            emulator.advance("30 s")
            await poll(ports)
        await ask(ports)
        for _ in range(2):
            emulator.advance("30 s")
            await poll(ports)
        emulator.unplug()
        emulator.advance("30 s")
        await poll(ports)
    journal = file.getvalue()
    assert box.serial not in journal
    model = emulator.call(lambda: emulator.running.site.wallboxes[box.name].profile.model.id)

    imported = import_text(journal, model=model)

    assert imported.agreement.share >= 0.98, imported.agreement.misses
    assert imported.without_overrides.share >= 0.9, imported.without_overrides.misses
    scenario = to_yaml(imported)
    assert play(loads(scenario)).ok
    requests = [line for line in scenario.splitlines() if "request:" in line or "10000" in line]
    assert requests, scenario


async def test_a_websocket_is_followed(emulator: EmulatorFixture) -> None:
    box, file = emulator.start("warp"), io.StringIO()
    async with (
        recorded(emulator, box, "warp", file) as ports,
        aiohttp.ClientSession() as http,
        http.ws_connect(f"ws://127.0.0.1:{ports['http']}/ws") as socket,
    ):
        for _ in range(3):
            await socket.receive_str(timeout=60)
    pushed = [json.loads(line) for line in file.getvalue().splitlines() if '"push"' in line]
    values = {name for entry in pushed for name in entry["detail"].get("values", {})}
    assert "evse/state.charger_state" in values


async def test_what_clients_and_box_publish_is_noted_once(emulator: EmulatorFixture) -> None:
    box, file = emulator.start("goe"), io.StringIO()
    way = Way("mqtt", emulator.broker, 0)
    notes = Notes(file, "goe", wall=lambda: BEGUN + emulator.now)
    async with recording([way], notes, Registers("goe")) as ports:
        prefix = box.mqtt_prefix.rstrip("/")
        async with aiomqtt.Client("127.0.0.1", ports["mqtt"]) as client:
            await client.subscribe(f"{prefix}/#")
            async with asyncio.timeout(60):
                async for message in client.messages:
                    if str(message.topic).endswith("/car"):
                        break
            await client.publish(f"{prefix}/amp/set", "10")
            async with asyncio.timeout(60):
                async for message in client.messages:
                    if str(message.topic).endswith("/amp/result"):
                        break
    entries = [json.loads(line) for line in file.getvalue().splitlines()]
    assert box.serial not in file.getvalue()
    assert [entry["detail"] for entry in entries if entry["name"].endswith("/amp/set")] == [{"payload": "10"}]
    cars = [entry["detail"]["values"] for entry in entries if entry["name"].endswith("/car")]
    assert cars == [{"car": 1}]


async def test_compare_reads_a_journal(emulator: EmulatorFixture, tmp_path: Path) -> None:
    box, file = emulator.start("keba"), io.StringIO()
    async with recorded(emulator, box, "keba", file) as ports:
        await _datagrams(ports["udp"], "report 1", "report 2", "report 3")
    path = tmp_path / "journal.jsonl"
    path.write_text(file.getvalue())
    assert read(path).vendor == "keba"
    found = CliRunner().invoke(application, ["compare", str(path)])
    assert found.output.splitlines()[-1].startswith("agreement ")


async def test_without_redaction_the_words_are_those_of_the_box(emulator: EmulatorFixture) -> None:
    box, file = emulator.start("goe", serial="765432"), io.StringIO()
    way = Way("http", ("127.0.0.1", box.port("http")), 0)
    async with recording([way], Notes(file, "goe", redact=False), Registers("goe")) as ports:
        told = await _get(ports["http"], "/api/status?filter=sse,car")
    (entry,) = [json.loads(line) for line in file.getvalue().splitlines()]
    assert entry["detail"]["body"] == told
    assert "765432" in told


@pytest.mark.parametrize(
    ("arguments", "wrong"),
    [
        (["--vendor", "goo", "--target", "192.0.2.1"], "did you mean"),
        (["--vendor", "goe", "--target", "192.0.2.1:502"], "--interface"),
        (["--vendor", "goe", "--target", "http://box/"], "is no address"),
        (["--vendor", "keba", "--target", "192.0.2.1", "--interface", "htp"], 'no interface "htp"'),
        (["--vendor", "goe", "--target", "192.0.2.1", "--interface", "mqtt"], "name the broker"),
    ],
)
def test_mistakes_are_said(arguments: list[str], wrong: str) -> None:
    with pytest.raises(EmulatorError, match=wrong):
        CliRunner().invoke(application, ["record", *arguments], catch_exceptions=False, standalone_mode=False)


def test_the_command_records_for_a_while(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    arguments = ["record", "--vendor", "goe", "--target", "127.0.0.1", "--ports", "free", "--for", "100 ms"]
    found = CliRunner().invoke(application, [*arguments, "--journal", str(path)], standalone_mode=False)
    assert "http    127.0.0.1:" in found.output
    assert found.output.splitlines()[-1] == f"{path}: 0 entries"
