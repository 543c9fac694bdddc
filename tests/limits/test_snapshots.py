"""After a restore everything happens as it would have happened, to the byte of the journal."""

from __future__ import annotations

from pathlib import Path

import aiohttp
import pytest

from emulator.control.server import ControlServer
from emulator.core.instant import HOUR, MINUTE, SECOND
from emulator.errors import EmulatorError
from emulator.runtime.clock import Clock
from emulator.scenario.loader import load, loads
from emulator.scenario.player import Player
from emulator.scenario.steps.vocabulary import make_step
from emulator.service.emulator import Emulator, Options
from emulator.service.snapshots import MOST
from emulator.world.building import build
from emulator.world.copying import kept

SCENARIOS = sorted((Path(__file__).parents[2] / "scenarios").glob("*.yaml"))


def lines(player: Player) -> list[str]:
    return [entry.as_line() for entry in player.site.simulation.journal]


@pytest.mark.parametrize("file", SCENARIOS, ids=lambda file: file.stem)
def test_a_copy_of_a_world_has_the_same_future(file: Path) -> None:
    scenario = load(file)
    player = Player(build(scenario, clock=Clock(0.0)), scenario)
    player.start()
    player.site.simulation.jump(10 * MINUTE)
    copy = kept(player)
    first = copy.made()
    for one in (first, player, copy.made()):
        one.site.simulation.jump(2 * HOUR)
        assert lines(one) == lines(first)
        assert [str(failure) for failure in one.result().failures] == [str(f) for f in first.result().failures]
        assert one.result().rules == first.result().rules
    assert first.site is not player.site


TEXT = """
epoch: 2026-03-01T06:00:00+01:00
broker: none
wallboxes: [goe, warp, nrgkick, lektrico, bender, keba]
steps:
  - {at: 1 min, plug_in: vw_id3}
  - {at: 20 min, fault: {kind: delay, on: goe.http, delay: 100 ms, for: 10 min}}
  - {at: 40 min, expect: {power: "> 1 W"}}
rules:
  - {always: {power: "< 5 kW"}}
end: 2 h
"""


def without_wall(emulator: Emulator) -> list[dict[str, object]]:
    return [{**entry.as_json(), "wall": None} for entry in emulator.simulation.journal]


async def future(emulator: Emulator) -> list[dict[str, object]]:
    """Some of what can happen to it, and the journal of that."""
    await emulator.apply([make_step("trip_rcd", emulator.site.names, residual_current="35 mA")])
    await emulator.advance(30 * MINUTE)
    await emulator.apply([make_step("set", emulator.site.names, wallbox="goe", settings={"amp": 8})])
    await emulator.advance(2 * HOUR)
    return without_wall(emulator)


async def test_a_running_emulator_goes_back(tmp_path: Path) -> None:
    options = Options(any_port=True, speed=0.0, announce=False, state=tmp_path / "state", record=True)
    async with Emulator(loads(TEXT), options) as emulator:
        await emulator.advance(25 * MINUTE)
        taken = await emulator.snapshots.take("here")
        ports = {name: server.endpoint.port for name, server in emulator.servers.items()}
        before = without_wall(emulator)
        expected = await future(emulator)
        assert emulator.finished.is_set()
        verdict = emulator.result
        for _ in range(2):
            await emulator.snapshots.restore("here")
            assert not emulator.finished.is_set()
            assert (emulator.simulation.at, emulator.simulation.journal.seq) == (taken.at, taken.journal)
            assert without_wall(emulator) == before
            assert emulator.site.wallboxes["charger.goe"].settings["amp"] != 8
            assert emulator.storage is not None
            assert emulator.storage.read("charger.goe").get("amp") != 8
            assert await future(emulator) == expected
            assert emulator.finished.is_set()
            found = emulator.result
            assert [str(failure) for failure in found.failures] == [str(failure) for failure in verdict.failures]
            assert found.rules == verdict.rules
            assert emulator.storage.read("charger.goe")["amp"] == 8
        assert {name: server.endpoint.port for name, server in emulator.servers.items()} == ports
        assert emulator.bugs.count == 0


async def test_over_the_control_api_with_clients() -> None:
    scenario = loads("wallboxes: [{goe: {http: true, mqtt: true}}, warp]")
    async with (
        Emulator(scenario, Options(any_port=True, speed=0.0, announce=False)) as emulator,
        ControlServer(emulator, port=0) as server,
        aiohttp.ClientSession(server.url) as http,
        http.ws_connect("/api/events") as events,
    ):
        await events.receive_json()

        async def call(method: str, path: str, body: object = None) -> tuple[int, dict[str, object]]:
            async with http.request(method, path, json=body) as reply:
                return reply.status, await reply.json(content_type=None)

        status, taken = await call("POST", "/api/snapshots", {"name": "start"})
        assert (status, taken["at"]) == (200, 0.0)
        await call("POST", "/api/steps", {"plug_in": "vw_id3"})
        await call("POST", "/api/clock/advance", {"by": "1 h"})
        status, _ = await call("POST", "/api/snapshots/start/restore")
        assert status == 200
        _, state = await call("GET", "/api/state")
        assert state["clock"]["at"] == 0.0  # type: ignore[index]
        assert emulator.simulation.observe("charger").plugged is False
        for wallbox in (await call("GET", "/api/wallboxes"))[1]["wallboxes"]:  # type: ignore[attr-defined]
            for interface in wallbox["interfaces"]:
                if interface["name"] == "http":
                    async with http.get(f"{interface['url']}/api/status") as reply:
                        assert reply.status in (200, 404)
        assert [found["name"] for found in (await call("GET", "/api/snapshots"))[1]["snapshots"]] == ["start"]  # type: ignore[attr-defined]
        assert (await call("POST", "/api/snapshots/stat/restore"))[0] == 404
        assert (await call("POST", "/api/snapshots", {"name": "../x"}))[0] == 422
        assert (await call("DELETE", "/api/snapshots/start"))[0] == 200
        assert (await call("DELETE", "/api/snapshots/start"))[0] == 404
        assert emulator.bugs.count == 0


async def test_there_are_not_endlessly_many() -> None:
    async with Emulator(loads("wallboxes: [lektrico]"), Options(any_port=True, speed=0.0, announce=False)) as emulator:
        for number in range(MOST):
            await emulator.snapshots.take(f"s{number}")
        await emulator.snapshots.take("s0")
        with pytest.raises(EmulatorError, match="delete one"):
            await emulator.snapshots.take("one-more")
        with pytest.raises(EmulatorError, match="expected a name"):
            await emulator.snapshots.take("")


async def test_they_are_not_endlessly_large(monkeypatch: pytest.MonkeyPatch) -> None:
    async with Emulator(loads("wallboxes: [lektrico]"), Options(any_port=True, speed=0.0, announce=False)) as emulator:
        size = (await emulator.snapshots.take("one")).world.size
        monkeypatch.setattr("emulator.service.snapshots.LARGEST", 2 * size + size // 2)
        await emulator.snapshots.take("two")
        await emulator.snapshots.take("one")  # in place of the older one
        with pytest.raises(EmulatorError, match="larger than 0 MiB together; delete one"):
            await emulator.snapshots.take("three")
        assert [found.name for found in emulator.snapshots.all()] == ["two", "one"]
        emulator.snapshots.drop("two")
        await emulator.snapshots.take("three")
        with pytest.raises(EmulatorError, match=r'there is no snapshot "thre" \(did you mean "three"\?\)'):
            await emulator.snapshots.restore("thre")
        assert emulator.simulation.at == 0


async def test_time_runs_on_where_it_was() -> None:
    options = Options(any_port=True, speed=60.0, announce=False)
    async with Emulator(loads("wallboxes: [lektrico]"), options) as emulator:
        taken = await emulator.snapshots.take("here")
        await emulator.advance(10 * HOUR)
        await emulator.snapshots.restore("here")
        assert taken.at <= emulator.simulation.now() < taken.at + HOUR
        assert emulator.clock.speed == 60.0
        emulator.simulation.timer(lambda _at: emulator.finished.set()).set(emulator.simulation.at + 5 * SECOND)
        emulator.simulation.wake()
        await emulator.finished.wait()
