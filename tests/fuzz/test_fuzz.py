"""Mutated traffic against everything that reads bytes. Short by default; `--fuzz-minutes N` runs a campaign.

No wall clock is looked at in the short runs: every server goes on answering, rightly, and nothing is a bug of ours.
"""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Final

import pytest

from emulator.captures.reading import read
from emulator.eebus.coding import CodingError
from emulator.eebus.coding import decode as decode_ship
from emulator.errors import EmulatorError
from emulator.importing.importer import import_text
from emulator.ocpp.messages import MessageError
from emulator.ocpp.messages import decode as decode_ocpp
from emulator.protocols.mqtt_packets import Decoder, PacketError
from emulator.runtime.journal import Entry
from emulator.scenario.loader import loads
from emulator.scenario.playing import play

from .attacks import attacks, on_control
from .campaign import QUICK, campaign
from .control import of_control
from .corpus import of_charge_points, of_servers
from .field import CONTROL, SERVERS, Inside
from .hosts import hostile
from .mutators import Mutator
from .neighbour import Neighbour
from .ship import of_ship

INPUTS: Final = 150
"""Messages to each server."""
TEXTS: Final = 120
"""Texts for each reader."""
PATIENCE: Final = 60.0
"""Wall seconds after which something hangs."""
SCENARIOS: Final = Path(__file__).parents[2] / "scenarios"


async def test_every_server() -> None:
    corpus = await of_servers() | await of_ship()
    async with Inside(SERVERS) as field, Neighbour(field.where) as neighbour:
        for attack in attacks(corpus, field.where):
            async with asyncio.timeout(PATIENCE):
                await attack.run(INPUTS)
            assert await neighbour.look() == [], attack.name
            assert await field.bugs() == [], attack.name


async def test_the_control_api() -> None:
    async with Inside(CONTROL) as field:
        where = field.where["control"]
        attack = on_control(await of_control(where), where)
        async with asyncio.timeout(PATIENCE):
            await attack.run(4 * INPUTS)
        assert await field.bugs() == []


async def test_servers_that_wallboxes_connect_to() -> None:
    published = [b"\x30\x0d\x00\x09warp/x/yz10", b"\x30\x16\x00\x12goe/123456/amp/set10"]
    corpus = await of_charge_points() | await of_ship() | {"mqtt devices": published}
    async with (
        hostile(corpus) as (servers, scenario),
        Inside(scenario, speed=60.0) as field,
        Neighbour(field.where) as neighbour,
    ):
        for server in servers:
            async with asyncio.timeout(PATIENCE):
                await server.run(round(4 * INPUTS * server.share))
            assert await neighbour.look() == [], server.name
            assert await field.bugs() == [], server.name


# --- readers of files ------------------------------------------------------------------------------------------------


def _mqtt(data: bytes) -> None:
    with suppress(PacketError):
        list(Decoder().feed(data))


def _ocpp(data: bytes) -> None:
    with suppress(MessageError):
        decode_ocpp(data.decode("utf-8", "replace"))


def _ship(data: bytes) -> None:
    with suppress(CodingError):
        decode_ship(data)


def _journal(data: bytes) -> None:
    with suppress(ValueError, TypeError, KeyError, RecursionError):
        Entry.of_line(data.decode("utf-8", "replace"))


def _text(reader: Callable[[str], object]) -> Callable[[bytes], None]:
    def reads(data: bytes) -> None:
        with suppress(EmulatorError):
            reader(data.decode("utf-8", "replace"))

    return reads


CAPTURES: Final = (
    b'{"car":1,"amp":16,"nrg":[230,231,229,0],"fwv":"60.5","typ":"go-eCharger_V4","var":22,"sse":"222333"}',
    b"/go-eCharger/222333/car 1\n/go-eCharger/222333/nrg [230,231,229,0]\n",
    b'{"topic":"info/name","payload":{"type":"warp2","display_type":"WARP2 Charger Pro 11kW","uid":"QrS"}}',
    b'{"ID": "1","Product": "KC-P30-EC240422-E0R","Serial": "22334455","Firmware":"P30 v 3.10.28"}',
    b"conn_state:no_vehicle_connected\nfirmware_ver:5.22.1-13000\nmax_current:16\n",
    b"1000 1\n1004 0x0003\n1036: 12345\n",
    b'[goe   ] TRACE 2026/02/03 08:00:00 GET http://192.0.2.1/api/status?filter=car\n{"car":2,"amp":16}\n',
)
READERS: Final[Mapping[str, tuple[Callable[[bytes], None], Callable[[], Sequence[bytes]]]]] = {
    "scenario": (_text(loads), lambda: [file.read_bytes() for file in sorted(SCENARIOS.rglob("*.yaml"))]),
    "capture": (_text(read), lambda: list(CAPTURES)),
    "import": (_text(import_text), lambda: list(CAPTURES)),
    "journal": (
        _journal,
        lambda: [entry.as_line().encode() for entry in play(loads("steps: [{plug_in: vw_id3}]\nend: 1 min")).journal],
    ),
    "mqtt": (_mqtt, lambda: [b"\x10\x15\x00\x04MQTT\x04\x02\x00<\x00\tpublisher", b"\x30\x0d\x00\x09warp/x/yz10"]),
    "ocpp": (_ocpp, lambda: [b'[2,"1","BootNotification",{"chargePointVendor":"x"}]', b'[4,"1","a","b",{}]']),
    "ship": (_ship, lambda: [b'{"connectionHello":[{"phase":"ready"},{"waiting":60000}]}']),
}
"""What reads bytes, and says in its own way what is wrong with them; and what it reads when they are right."""


@pytest.mark.parametrize("name", READERS)
def test_readers(name: str) -> None:
    reads, corpus = READERS[name]
    mutator = Mutator(random.Random(name), corpus())
    for _ in range(TEXTS if name != "import" else TEXTS // 4):  # which plays what it has read
        reads(mutator())


# --- the long run ----------------------------------------------------------------------------------------------------


async def test_campaign(request: pytest.FixtureRequest, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    minutes = request.config.getoption("--fuzz-minutes")
    if minutes is None:
        pytest.skip("a campaign is run by --fuzz-minutes N")
    found = await campaign(minutes, tmp_path)
    report = request.config.getoption("--fuzz-report") or Path("fuzz.json")
    report.write_text(json.dumps(asdict(found), indent=2))
    capsys.readouterr()
    with capsys.disabled():
        print(f"\n{found.table()}\n\n{report}")
    assert not found.bugs
    assert not found.wrong
    assert all(process["exit"] != 3 for process in found.processes.values())
    slow = {name: took["p99"] for name, took in found.neighbours.items() if took["p99"] > QUICK * 1e3}
    assert not slow, "p99 of a neighbour above 50 ms"
