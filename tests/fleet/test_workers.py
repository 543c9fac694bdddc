"""A fleet in several processes, as a client of its one control API sees it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from emulator.errors import EmulatorError
from emulator.fleet.server import FleetServer
from emulator.fleet.workers import Workers
from emulator.scenario.loader import load
from emulator.scenario.sharing import shares

FLEET = """
about: Boxes that have nothing to do with each other.
seed: 11
fleet:
  - {count: 3, name: box, wallboxes: {goe: {http: 0, settings: {amp: 16}}}}
steps:
  - {at: 10 s, plug_in: {charger: box1, vehicle: vw_id3}}
  - {after: 5 s, plug_in: {charger: box2, vehicle: renault_zoe}}
  - {after: 1 min, expect: {box1.contactor: closed}}
  - {expect: {box2.pilot: A}}
rules:
  - {name: one is left alone, never: {client: {writes: box1.goe.amp, value: "> 10"}}}
end: {at: 2 h}
"""
PRIVATE = ("seq", "cause", "wall", "worker", "client")
"""Members of a journal entry that are another process's, or the client's port."""


class Fleet:
    """The leader's API, and the workers behind it."""

    def __init__(self, http: aiohttp.ClientSession, workers: Workers) -> None:
        self.http = http
        self.workers = workers

    async def call(self, method: str, path: str, body: object = None, status: int = 200, **query: str) -> Any:
        async with self.http.request(method, path, json=body, params=query) as reply:
            assert reply.status == status, await reply.text()
            return await reply.json(content_type=None)

    async def step(self, step: object) -> Any:
        return await self.call("POST", "/api/steps", step)


@asynccontextmanager
async def led(folder: Path, count: int) -> AsyncIterator[Fleet]:
    file = folder / "fleet.yaml"
    file.write_text(FLEET)
    options = ("--led", "--frozen", "--ports=free", "--control-port=0")
    lines = [["run", str(file), f"--shard={index}/{count}", *options] for index in range(count)]
    scenario = load(file)
    mine = [[plan.name for plan in share.chargers] for share in shares(scenario, count)]
    async with (
        Workers(lines) as workers,
        FleetServer(workers, mine, ["box1", "box2", "box3"], port=0) as server,
        aiohttp.ClientSession(server.url) as http,
    ):
        workers.begin()
        yield Fleet(http, workers)


async def evening(fleet: Fleet) -> dict[str, list[dict[str, Any]]]:
    """Something happens to every box; what each went through."""
    await fleet.call("POST", "/api/clock/advance", {"by": "30 s"})
    await fleet.step({"plug_in": {"charger": "box3", "vehicle": "vw_id3"}})
    reached = await fleet.call("POST", "/api/clock/advance", {"until": {"box3.contactor": "closed"}, "within": "1 h"})
    assert reached["reached"] is True
    assert await fleet.call("GET", "/api/clock") == (await fleet.call("GET", "/api/state"))["clock"]
    await fleet.step([{"trip_rcd": {"charger": "box1", "residual_current": "35 mA"}}])
    for box in (await fleet.call("GET", "/api/wallboxes"))["wallboxes"]:
        (http,) = (found["url"] for found in box["interfaces"] if found["name"] == "http")
        async with fleet.http.get(f"{http}/api/set?amp=8") as reply:
            assert reply.status == 200
    await fleet.call("POST", "/api/clock/advance", {"by": "1 h"})
    stories: dict[str, list[dict[str, Any]]] = {}
    for entry in (await fleet.call("GET", "/api/journal"))["entries"]:
        if entry["charger"] is not None:
            story = stories.setdefault(entry["charger"], [])
            story.append({name: value for name, value in entry.items() if name not in PRIVATE})
    return stories


async def test_a_charger_has_the_same_story_with_any_number_of_workers(tmp_path: Path) -> None:
    async with led(tmp_path, 1) as one, led(tmp_path, 3) as three:
        alone, split = await asyncio.gather(evening(one), evening(three))
        assert split == alone
        assert {name: len(story) > 10 for name, story in alone.items()} == dict.fromkeys(("box1", "box2", "box3"), True)
        verdicts = [await fleet.call("POST", "/api/verdict") for fleet in (one, three)]
        assert [found["text"].partition("\n")[0] for found in verdicts[0]["failures"]] == [
            found["text"].partition("\n")[0] for found in verdicts[1]["failures"]
        ]
        assert len(verdicts[1]["failures"]) == 2
        assert [rule["name"] for rule in verdicts[1]["rules"]] == ["one is left alone"]
        results = await three.workers.conclude()
        assert [result["ok"] for result in results] == [False, False, True]


async def test_one_api_for_all(tmp_path: Path) -> None:
    async with led(tmp_path, 2) as fleet:
        chargers = [found["chargers"] for found in (await fleet.call("GET", "/api/fleet"))["workers"]]
        assert chargers == [["box1", "box3"], ["box2"]]
        state = await fleet.call("GET", "/api/state")
        assert list(state["chargers"]) == ["box1", "box2", "box3"]
        assert [box["name"] for box in state["wallboxes"]] == ["box1.goe", "box2.goe", "box3.goe"]
        assert (await fleet.call("GET", "/api/chargers/box2"))["pilot"] == "A"
        assert (await fleet.call("GET", "/healthz"))["status"] == "ok"
        expected = await fleet.call("POST", "/api/expect", {"box1.pilot": "A", "box2.pilot": "B", "box3.power": "0 W"})
        assert [item["ok"] for item in expected["items"]] == [True, False, True]
        assert expected["ok"] is False
        for box in ("box1", "box2"):
            await fleet.step({"fault": {"on": f"{box}.goe.http", "kind": "delay", "delay": "1 s", "name": "slow"}})
        assert len((await fleet.call("GET", "/api/faults"))["faults"]) == 2
        assert len((await fleet.call("DELETE", "/api/faults/slow", charger="box1"))["faults"]) == 1
        assert (await fleet.call("DELETE", "/api/faults/slow"))["faults"] == []
        await fleet.call("POST", "/api/snapshots", {"name": "before"})
        await fleet.call("POST", "/api/clock/advance", {"by": "1 min"})
        assert (await fleet.call("GET", "/api/chargers/box2"))["pilot"] == "C"
        await fleet.call("POST", "/api/snapshots/before/restore")
        assert (await fleet.call("GET", "/api/state"))["clock"]["at"] == 0
        await fleet.call("POST", "/api/clock/advance", {"by": "1 min"})
        assert (await fleet.call("POST", "/api/reset"))["clock"]["at"] == 0
        assert {c["pilot"] for c in (await fleet.call("GET", "/api/state"))["chargers"].values()} == {"A"}
        async with fleet.http.get("/metrics") as reply:
            assert 'charger_power_watts{worker="1",charger="box2"}' in await reply.text()


async def test_what_needs_the_whole_world_is_refused(tmp_path: Path) -> None:
    async with led(tmp_path, 2) as fleet:
        before = await fleet.call("GET", "/api/journal")
        both = [{"unplug": {"charger": "box1"}}, {"unplug": {"charger": "box2"}}]
        for method, path, body, says in (
            ("POST", "/api/steps", both, "chargers of several"),
            ("POST", "/api/steps", {"unplug": {}}, "no charger is named"),
            ("POST", "/api/clock/advance", {"until": {"box1.pilot": "B", "box2.pilot": "B"}}, "chargers of several"),
            ("POST", "/api/expect", {"site.power": "0 W"}, "no charger is named"),
            ("POST", "/api/rules", {"name": "calm", "never": {"event": "rcd_tripped"}}, "no charger is named"),
            ("POST", "/api/steps", {"plug_inn": {"charger": "box1"}}, 'did you mean "plug_in"'),
        ):
            assert says in (await fleet.call(method, path, body, status=422))["detail"], path
        assert "several" not in (await fleet.call("GET", "/api/chargers/box9", status=404))["detail"]
        for path in ("/api/events", "/api/timeline", "/api/behaviour", "/"):
            assert "not there with --workers" in (await fleet.call("GET", path, status=501))["detail"]
        assert "earlier answer" in (await fleet.call("GET", "/api/journal", status=422, after="7"))["detail"]
        assert await fleet.call("GET", "/api/journal") == before  # nothing was done


async def test_a_worker_that_dies_ends_the_run(tmp_path: Path) -> None:
    async with led(tmp_path, 2) as fleet:
        fleet.workers.all[1].process.kill()
        with pytest.raises(EmulatorError, match="worker 1 has ended with exit code -9"):
            await fleet.workers.run_until(asyncio.Event(), past_the_end=True)


async def test_workers_end_with_their_leader(tmp_path: Path) -> None:
    async with led(tmp_path, 2) as fleet:
        processes = [worker.process for worker in fleet.workers.all]
        for process in processes:
            assert process.stdin is not None
            process.stdin.close()  # as when the leader is killed
        for process in processes:
            assert await process.wait() == 0
    with contextlib.suppress(ProcessLookupError):
        os.kill(processes[0].pid, signal.SIGTERM)
        raise AssertionError("it is still there")
