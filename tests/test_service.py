"""The running emulator: ports, pacing, jumps, reset, state, the end."""

from __future__ import annotations

import asyncio
import json
import resource
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from emulator.core.instant import HOUR, MINUTE, SECOND
from emulator.errors import EmulatorError, PortTaken
from emulator.scenario.default import default_scenario
from emulator.scenario.loader import loads
from emulator.scenario.playing import checks
from emulator.scenario.steps.vocabulary import make_step
from emulator.service.emulator import Emulator, Options
from emulator.service.endpoints import reserve_descriptors

ONE = "wallbox: {goe: {model: gemini-22, http: true, settings: {amp: 16}}}"


@asynccontextmanager
async def running(text: str = ONE, **options: object) -> AsyncIterator[Emulator]:
    chosen = Options(**({"any_port": True, "speed": 0.0, "announce": False} | options))  # type: ignore[arg-type]
    async with Emulator(loads(text), chosen) as emulator:
        yield emulator


async def do(emulator: Emulator, name: str, **arguments: object) -> None:
    (outcome,) = await emulator.apply([make_step(name, emulator.site.names, **arguments)])
    assert outcome.ok, outcome


async def status(emulator: Emulator, keys: str, box: str = "charger.goe") -> Any:
    endpoint = emulator.servers[f"{box}.http"].endpoint
    url = f"http://{endpoint.host}:{endpoint.port}/api/status"
    async with aiohttp.request("GET", url, params={"filter": keys}) as reply:
        return await reply.json()


async def test_every_vendor_is_served_at_once() -> None:
    async with Emulator(default_scenario(), Options(any_port=True, speed=0.0, announce=False)) as emulator:
        ports = [
            s.endpoint.port for s in emulator.servers.values() if s.endpoint.interface.protocol in ("http", "modbus")
        ]
        assert all(ports)
        assert len(set(ports)) == len(ports)
        assert {address.split(".")[1] for address in emulator.servers} == set(emulator.site.wallbox_names["charger"])


async def test_a_jump_is_served_at_once() -> None:
    async with running() as emulator:
        await do(emulator, "plug_in", vehicle="vw_id3")
        passage = await emulator.advance(HOUR)
        assert passage.at == HOUR
        assert "contactor_closed" in [entry.name for entry in passage.events]
        assert await status(emulator, "car") == {"car": 2}


async def test_a_jump_stops_where_something_holds() -> None:
    async with running() as emulator:
        await do(emulator, "plug_in", vehicle="vw_id3")
        passage = await emulator.advance_until(checks(emulator.site, {"power": "> 3 kW"}), 10 * MINUTE)
        assert passage.ok
        assert passage.at < MINUTE
        assert emulator.clock.now() == passage.at
        missed = await emulator.advance_until(checks(emulator.site, {"power": "> 30 kW"}), MINUTE)
        assert not missed.ok
        assert missed.at == passage.at + MINUTE


async def test_a_step_that_jumps_is_followed_to_its_end() -> None:
    async with running() as emulator:
        await do(emulator, "plug_in", vehicle="vw_id3")
        await do(emulator, "clock", jump="6 h")
        assert emulator.simulation.at == emulator.clock.now() == 6 * HOUR


@pytest.mark.parametrize("jumping", ["advance", "step"])
async def test_a_reset_ends_a_jump_that_would_take_for_ever(jumping: str) -> None:
    century = 36_000 * 24
    async with running() as emulator:
        second = emulator.simulation.timer(lambda at: second.set(at + SECOND))
        second.set(SECOND)
        made = emulator.advance(century * HOUR) if jumping == "advance" else do(emulator, "clock", jump=f"{century} h")
        jump = asyncio.ensure_future(made)
        while emulator.simulation.at == 0:  # noqa: ASYNC110 - nothing tells that a jump has begun
            await asyncio.sleep(0)
        await emulator.reset()
        assert emulator.simulation.at == emulator.clock.now() == 0
        with pytest.raises(EmulatorError, match="a reset broke the jump off"):
            await jump


async def test_a_jump_in_running_time_adds_to_it() -> None:
    async with running(speed=1.0) as emulator:
        before = emulator.simulation.now()
        passage = await emulator.advance(HOUR)
        assert HOUR <= passage.at - before < HOUR + 5 * SECOND
        assert emulator.clock.speed == 1.0


async def test_the_timeline_is_played_by_the_clock() -> None:
    text = ONE + '\nsteps: [{at: 1 s, plug_in: vw_id3}, {at: 40 s, expect: {power: "> 3 kW"}}]\nend: {at: 1 min}'
    async with running(text, speed=600.0) as emulator:
        await emulator.run_until(asyncio.Event(), past_the_end=False)
        assert emulator.result.ok
        assert emulator.result.ended_at == MINUTE


async def test_a_failed_expectation_is_in_the_result() -> None:
    async with running(ONE + '\nsteps: [{at: 10 s, expect: {power: "> 3 kW"}}]\nend: {at: 1 min}') as emulator:
        await emulator.advance_to_end()
        assert [failure.step for failure in emulator.result.failures] == ["expect"]
        assert emulator.simulation.at == MINUTE


async def test_a_frozen_emulator_sleeps() -> None:
    async with running() as emulator:
        await do(emulator, "plug_in", vehicle="vw_id3")
        await emulator.advance(HOUR)
        await asyncio.sleep(0)
        looks = emulator._pacer.looks
        for _ in range(100):
            await asyncio.sleep(0)
            emulator.simulation.now()
        assert emulator._pacer.looks - looks <= 1


@pytest.mark.parametrize("speed", [1.0, 1000.0, 1_000_000.0])
async def test_no_speed_starves_a_client(speed: float) -> None:
    async with running(speed=speed) as emulator:
        await do(emulator, "plug_in", vehicle="vw_id3")
        async with asyncio.timeout(60):
            for _ in range(10):
                await status(emulator, "car,wh")


async def test_what_is_due_happens_by_itself() -> None:
    async with running(speed=100.0) as emulator:
        closed = asyncio.Event()
        emulator.simulation.listen("charger", lambda event: closed.set() if event.name == "contactor_closed" else None)
        await do(emulator, "plug_in", vehicle="vw_id3")
        async with asyncio.timeout(60):
            await closed.wait()


async def test_a_reset_is_complete_and_keeps_the_ports() -> None:
    async with running() as emulator:
        ports = {address: server.endpoint.port for address, server in emulator.servers.items()}
        await do(emulator, "plug_in", vehicle="vw_id3")
        await do(emulator, "set", settings={"amp": 10})
        await emulator.advance(HOUR)
        for _ in range(5):
            await emulator.reset()
        assert emulator.simulation.now() == 0
        assert {address: server.endpoint.port for address, server in emulator.servers.items()} == ports
        assert await status(emulator, "amp,car,wh") == {"amp": 16, "car": 1, "wh": 0}


async def test_after_a_reset_the_same_happens_again() -> None:
    text = ONE + "\nseed: 5\nsteps: [{at: 1 s, plug_in: vw_id3}, {at: 30 min, trip_rcd: {}}]\nend: {at: 1 h}"

    def story(emulator: Emulator) -> list[object]:
        entries = [entry.as_json() | {"wall": None} for entry in emulator.simulation.journal]
        return [entry for entry in entries if entry["kind"] not in ("connection", "push")]

    async with running(text) as emulator:
        await emulator.advance_to_end()
        first = story(emulator)
        await emulator.reset()
        await emulator.advance_to_end()
        assert story(emulator) == first
        assert len(first) > 20


async def test_a_box_without_power_is_gone() -> None:
    async with running() as emulator:
        await do(emulator, "power_cut")
        with pytest.raises(aiohttp.ClientConnectionError):
            await status(emulator, "car")
        await do(emulator, "power_up")
        await emulator.advance(MINUTE)
        assert await status(emulator, "car") == {"car": 1}


async def test_a_taken_port_names_the_wallbox() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(PortTaken, match=rf"wallbox charger\.goe, interface http: port {port}"):
            async with running(f"wallbox: {{goe: {{http: {port}}}}}", any_port=False):
                pass


async def test_boxes_alike_get_ports_of_their_own() -> None:
    text = """
chargers:
  left: {wallboxes: {goe: {address: 127.0.31.1, http: 0}}}
  right: {wallboxes: {goe: {address: 127.0.31.2, http: 0}}}
"""
    async with running(text, any_port=False) as emulator:
        hosts = {name: server.endpoint.host for name, server in emulator.servers.items() if name.endswith(".http")}
        assert hosts == {"left.goe.http": "127.0.31.1", "right.goe.http": "127.0.31.2"}
        assert await status(emulator, "car", "right.goe") == {"car": 1}


async def test_the_end_does_not_wait_for_half_sent_requests() -> None:
    async with running(speed=1.0) as emulator:
        await do(emulator, "plug_in", vehicle="vw_id3")
        endpoint = emulator.servers["charger.goe.http"].endpoint
        reader, writer = await asyncio.open_connection(endpoint.host, endpoint.port)
        writer.write(b"GET /api/sta")
        await writer.drain()
    assert await reader.read() == b""
    writer.close()


async def test_state_outlives_the_run(tmp_path: Path) -> None:
    file = tmp_path / "boxes.sqlite"
    async with running(state=file) as emulator:
        await do(emulator, "set", settings={"amp": 11})
        await do(emulator, "plug_in", vehicle="vw_id3")
        await emulator.advance(HOUR)
        energy = emulator.simulation.observe("charger").total_energy
    async with running(state=file) as emulator:
        assert await status(emulator, "amp") == {"amp": 11}
        assert emulator.simulation.observe("charger").total_energy == pytest.approx(energy)
        await emulator.reset()
        assert await status(emulator, "amp") == {"amp": 16}
    async with running(state=file) as emulator:
        assert await status(emulator, "amp") == {"amp": 16}
        assert emulator.simulation.observe("charger").total_energy == 0.0


async def test_what_was_stored_is_in_the_file_at_once(tmp_path: Path) -> None:
    file = tmp_path / "boxes.sqlite"
    async with running(state=file) as emulator:
        await do(emulator, "set", settings={"amp": 11})
        assert emulator._keeper is not None
        assert emulator._keeper.read("charger.goe")["amp"] == 11
        with pytest.raises(EmulatorError, match="cannot be used as a state file"):
            async with running(state=file):
                pass


async def test_a_file_that_is_no_state_file(tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("no database at all, but long enough to be looked at as one\n" * 50)
    with pytest.raises(EmulatorError, match=r"notes\.txt: cannot be used as a state file"):
        async with running(state=file):
            pass


def test_a_fleet_that_cannot_fit_is_refused() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard == resource.RLIM_INFINITY:
        pytest.skip("this system sets no limit")
    reserve_descriptors(10, shared=False)
    assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] == hard
    with pytest.raises(EmulatorError, match="open files"):
        reserve_descriptors(hard, shared=False)


async def test_a_wrong_speed_changes_nothing() -> None:
    async with running() as emulator:
        with pytest.raises(EmulatorError, match="speed must be"):
            emulator.set_speed(-1)
        assert emulator.clock.frozen


def test_journal_entries_are_plain_data() -> None:
    async def story() -> str:
        async with running() as emulator:
            await do(emulator, "plug_in", vehicle="vw_id3")
            await emulator.advance(MINUTE)
            return "\n".join(entry.as_line() for entry in emulator.simulation.journal)

    for line in asyncio.run(story()).splitlines():
        assert json.loads(line)["kind"]


async def test_a_jump_until_something_holds_works_while_the_clock_runs() -> None:
    async with running(speed=3600.0) as emulator:
        await do(emulator, "plug_in", vehicle="vw_id3")
        for power in ("> 1 kW", "< 50 kW") * 5:
            passage = await emulator.advance_until(checks(emulator.site, {"power": power, "goe.car": 2}), 10**9)
            assert passage.ok
        assert emulator.clock.speed == 3600.0


async def test_the_broker_takes_any_port_and_ports_are_moved_for_a_second_emulator() -> None:
    text = "wallbox: {goe: {mqtt: true, http: 18101}}\nbroker: {port: 0}"
    async with running(text, any_port=False, port_offset=7) as first, running(text, any_port=False) as second:
        assert first.broker is not None
        assert second.broker is not None
        assert first.broker.port not in (0, second.broker.port)
        assert [e.servers["charger.goe.http"].endpoint.port for e in (first, second)] == [18108, 18101]


async def test_a_run_may_have_no_broker() -> None:
    async with running("wallbox: {goe: {mqtt: true}}\nbroker: none") as emulator:
        assert emulator.broker is None
        assert emulator.site.broker is None


async def test_time_has_an_end_that_a_jump_cannot_pass() -> None:
    async with running() as emulator:
        with pytest.raises(EmulatorError, match="time ends"):
            await emulator.advance(80_000_000 * 3600 * 10**6)
        assert emulator.simulation.calendar().year == 2026
