"""A fleet in several processes, as a client of its one control API sees it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from emulator.control.server import ControlServer
from emulator.control.table import OPERATIONS
from emulator.errors import EmulatorError
from emulator.fleet.results import Part
from emulator.fleet.server import FleetServer
from emulator.fleet.workers import Workers
from emulator.scenario.loader import load
from emulator.service.emulator import Emulator, Options

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
PRIVATE = ("wall", "client")
"""Members of a journal entry that are the client's port, and the time of day."""
PASSING = re.compile(r"127\.0\.0\.1:\d+|'wall': [0-9.]+")
"""What of an answer is of that run only."""


class Fleet:
    """The leader's API, and the workers behind it."""

    def __init__(
        self, http: aiohttp.ClientSession, workers: Workers | None = None, server: FleetServer | None = None
    ) -> None:
        self.http = http
        self._workers = workers
        self._server = server

    @property
    def workers(self) -> Workers:
        assert self._workers is not None
        return self._workers

    @property
    def server(self) -> FleetServer:
        assert self._server is not None
        return self._server

    async def conclude(self) -> list[Part]:
        return await self.workers.conclude()

    async def call(self, method: str, path: str, body: object = None, status: int = 200, **query: str) -> Any:
        async with self.http.request(method, path, json=body, params=query) as reply:
            assert reply.status == status, await reply.text()
            return await reply.json(content_type=None)

    async def step(self, step: object) -> Any:
        return await self.call("POST", "/api/steps", step)


@asynccontextmanager
async def led(folder: Path, count: int, text: str = FLEET, *options: str) -> AsyncIterator[Fleet]:
    """In so many processes."""
    file = folder / "fleet.yaml"
    file.write_text(text)
    common = ("--led", "--frozen", "--ports=free", "--control-port=0", *options)
    lines = [["run", str(file), f"--shard={index}/{count}", *common] for index in range(count)]
    async with (
        Workers(lines) as workers,
        FleetServer(workers, load(file), port=0, record="--record" in options) as server,
        aiohttp.ClientSession(server.url) as http,
    ):
        workers.begin()
        yield Fleet(http, workers, server)


@asynccontextmanager
async def alone(folder: Path) -> AsyncIterator[Fleet]:
    """In this process, led by nobody."""
    file = folder / "fleet.yaml"
    file.write_text(FLEET)
    async with (
        Emulator(load(file), Options(speed=0.0, any_port=True, announce=False)) as emulator,
        ControlServer(emulator, port=0) as server,
        aiohttp.ClientSession(server.url) as http,
    ):
        yield Fleet(http)


async def evening(fleet: Fleet) -> list[dict[str, Any]]:
    """Something happens to every box; everything that was recorded."""
    advanced = await fleet.call("POST", "/api/clock/advance", {"by": "30 s"})
    assert (advanced["at"], advanced["elapsed"], advanced["reached"]) == (30.0, 30.0, True)
    assert [event["charger"] for event in advanced["events"]][:1] == ["box1"]
    await fleet.step({"plug_in": {"charger": "box3", "vehicle": "vw_id3"}})
    reached = await fleet.call("POST", "/api/clock/advance", {"until": {"box3.contactor": "closed"}, "within": "1 h"})
    assert reached["reached"] is True
    assert await fleet.call("GET", "/api/clock") == (await fleet.call("GET", "/api/state"))["clock"]
    await fleet.step([{"trip_rcd": {"charger": "box1", "residual_current": "35 mA"}}])
    apart: list[dict[str, Any]] = [{"note": "now"}, {"unplug": {"charger": "box2"}}, {"unplug": {"charger": "box3"}}]
    outcomes = await fleet.step(apart)
    assert [outcome["ok"] for outcome in outcomes["outcomes"]] == [True, True, True]
    timed = [{"after": f"{n} min", "plug_in": {"charger": f"box{n}", "vehicle": "vw_id3"}} for n in (2, 3)]
    assert (await fleet.step(timed))["outcomes"][0]["detail"] == {"scheduled": True}
    for box in (await fleet.call("GET", "/api/wallboxes"))["wallboxes"]:
        (http,) = (found["url"] for found in box["interfaces"] if found["name"] == "http")
        async with fleet.http.get(f"{http}/api/set?amp=8") as reply:
            assert reply.status == 200
    both = {"until": {"box2.contactor": "closed", "box3.contactor": "closed"}, "within": "30 min"}
    found = await fleet.call("POST", "/api/clock/advance", both)
    assert found["reached"] is True
    assert [item["ok"] for item in found["items"]] == [True, True]
    never = {"until": {"box2.power": "> 30 kW", "box3.pilot": "C"}, "within": "1 min"}
    assert (await fleet.call("POST", "/api/clock/advance", never))["reached"] is False
    await fleet.call("POST", "/api/clock/advance", {"by": "1 h"})
    return list((await fleet.call("GET", "/api/journal"))["entries"])


def told(entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Without what is another client's, and another day's."""
    return [{name: value for name, value in entry.items() if name not in PRIVATE} for entry in entries]


async def test_several_processes_have_the_journal_of_one(tmp_path: Path) -> None:
    async with alone(tmp_path) as one, led(tmp_path, 3) as three:
        whole, split = await asyncio.gather(evening(one), evening(three))
        assert told(split) == told(whole)
        assert [entry["seq"] for entry in split] == list(range(1, len(split) + 1))
        assert {entry["charger"] for entry in split} == {None, "box1", "box2", "box3"}
        assert len(split) > 100
        verdicts = [await fleet.call("POST", "/api/verdict") for fleet in (one, three)]
        assert [found["text"].partition("\n")[0] for found in verdicts[0]["failures"]] == [
            found["text"].partition("\n")[0] for found in verdicts[1]["failures"]
        ]
        assert len(verdicts[1]["failures"]) == 1
        assert [rule["name"] for rule in verdicts[1]["rules"]] == ["one is left alone"]
        tracks = [(await fleet.call("GET", "/api/timeline"))["tracks"][0] for fleet in (one, three)]
        assert tracks[1] == tracks[0]
        for path in ("/api/catalogue", "/api/rules", "/api/faults", "/api/journal/40"):
            answers = [await fleet.call("GET", path) for fleet in (one, three)]
            assert PASSING.sub("", str(answers[1])) == PASSING.sub("", str(answers[0])), path
        latest = [
            await fleet.call("GET", "/api/journal", before=str(len(whole) - 3), limit="5", kind="event")
            for fleet in (one, three)
        ]
        assert told(latest[1]["entries"]) == told(latest[0]["entries"])
        assert latest[1]["earlier"] == latest[0]["earlier"]
        parts = await three.conclude()
        assert [part.result.ok for part in parts] == [False, True, True]


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
        values = await fleet.call("GET", "/api/values", name="box2.pilot, box1.goe.car")
        assert values["values"] == {"box2.pilot": "A", "box1.goe.car": 1}
        for box in ("box1", "box2"):
            await fleet.step({"fault": {"on": f"{box}.goe.http", "kind": "delay", "delay": "1 s", "name": "slow"}})
        assert len((await fleet.call("GET", "/api/faults"))["faults"]) == 2
        assert len((await fleet.call("DELETE", "/api/faults/slow", charger="box1"))["faults"]) == 1
        assert (await fleet.call("DELETE", "/api/faults/slow"))["faults"] == []
        await fleet.call("POST", "/api/snapshots", {"name": "before"})
        before = await fleet.call("GET", "/api/journal")
        await fleet.call("POST", "/api/clock/advance", {"by": "1 min"})
        after = await fleet.call("GET", "/api/journal")
        assert (await fleet.call("GET", "/api/chargers/box2"))["pilot"] == "C"
        await fleet.call("POST", "/api/snapshots/before/restore")
        assert (await fleet.call("GET", "/api/state"))["clock"]["at"] == 0
        assert await fleet.call("GET", "/api/journal") == before
        await fleet.call("POST", "/api/clock/advance", {"by": "1 min"})
        assert told((await fleet.call("GET", "/api/journal"))["entries"]) == told(after["entries"])
        assert (await fleet.call("POST", "/api/reset"))["clock"]["at"] == 0
        assert {c["pilot"] for c in (await fleet.call("GET", "/api/state"))["chargers"].values()} == {"A"}
        assert len((await fleet.call("GET", "/api/journal"))["entries"]) < len(before["entries"])
        rule = {"name": "calm", "never": {"client": {"writes": "box2.goe.amp", "value": "> 10"}}}
        assert (await fleet.call("POST", "/api/rules", rule))["rules"][-1]["name"] == "calm"
        asked = {"client": {"writes": ["box1.goe.amp", "box2.goe.amp"]}, "count": 0}
        assert (await fleet.call("POST", "/api/verify", asked))["ok"] is True
        async with fleet.http.get("/metrics") as reply:
            assert 'charger_power_watts{worker="1",charger="box2"}' in await reply.text()
        described = await fleet.call("GET", "/api/openapi.json")
        assert "/api/fleet" in described["paths"]


async def test_every_operation_is_there(tmp_path: Path) -> None:
    async with led(tmp_path, 2) as fleet:
        for operation in OPERATIONS:
            path = operation.path.replace("{name}", "nobody").replace("{seq}", "1")
            async with fleet.http.request(operation.method, path, json={}) as reply:
                grows = "/api/wallboxes" in path and operation.method in ("POST", "DELETE")
                assert (reply.status == 501) is grows, path
                assert reply.status < 500 or grows, (path, await reply.text())


async def test_the_live_feed_tells_of_all(tmp_path: Path) -> None:
    async with led(tmp_path, 2) as fleet, fleet.http.ws_connect("/api/events?quantities=overview&detail=box2") as feed:
        state = await feed.receive_json()
        assert list(state["state"]["wallboxes"][1]["name"]) == list("box2.goe")
        first = await feed.receive_json()
        assert list(first["chargers"]) == ["box1", "box2", "box3"]
        assert first["detail"]["pilot"] == "A"
        begun = await feed.receive_json()
        assert begun["first"] is True
        seen = {entry["seq"] for entry in begun["entries"]}
        url = state["state"]["wallboxes"][1]["interfaces"][0]["url"]
        async with fleet.http.get(f"{url}/api/set?amp=9"):  # nobody asks the leader for anything
            entry = await awaited(feed, "entries", lambda found: any(e["kind"] == "write" for e in found["entries"]))
        assert {e["charger"] for e in entry["entries"]} == {"box2"}
        await fleet.step({"plug_in": {"charger": "box1", "vehicle": "vw_id3"}})
        await fleet.step({"plug_in": {"charger": "box3", "vehicle": "vw_id3"}})
        rows: dict[str, Any] = {}
        while {name for name, row in rows.items() if row["pilot"] == "B"} != {"box1", "box3"}:
            rows |= (await awaited(feed, "overview", lambda _: True))["chargers"]
        assert len(seen) == len(begun["entries"])
        await fleet.call("POST", "/api/reset")
        assert (await awaited(feed, "state", lambda _: True))["state"]["clock"]["at"] == 0


async def awaited(feed: aiohttp.ClientWebSocketResponse, kind: str, good: Callable[[Any], bool]) -> Any:
    """The next message of a kind that is as wanted."""
    async with asyncio.timeout(60):
        while True:
            found = await feed.receive_json()
            if found["type"] == kind and good(found):
                return found


async def test_waiting_for_the_journal(tmp_path: Path) -> None:
    async with led(tmp_path, 2) as fleet:
        next_ = str((await fleet.call("GET", "/api/journal"))["next"])
        waiting = asyncio.create_task(fleet.call("GET", "/api/journal", after=next_, wait="60", kind="stimulus"))
        await fleet.step({"plug_in": {"charger": "box2", "vehicle": "vw_id3"}})
        (entry,) = (await waiting)["entries"]
        assert entry["charger"] == "box2"


async def test_what_needs_the_whole_world_is_refused(tmp_path: Path) -> None:
    async with led(tmp_path, 2) as fleet:
        before = await fleet.call("GET", "/api/journal")
        wait = [{"wait_until": {"box1.pilot": "B"}, "within": "1 min"}, {"unplug": {"charger": "box2"}}]
        totals = {"site.power": "0 W"}
        changed = {"until": {"box1.pilot": "changed", "box2.pilot": "changed"}}
        for method, path, body, says in (
            ("POST", "/api/steps", wait, "the timeline waits"),
            ("POST", "/api/steps", {"unplug": {}}, '"charger" is missing'),
            ("POST", "/api/steps", {"expect": {"box1.pilot": "A", "box2.pilot": "A"}}, "box1 in 0, box2 in 1"),
            ("POST", "/api/clock/advance", changed, "changed"),
            ("POST", "/api/clock/advance", {"until": {"box1.pilot": "B"}, "within": "10 mn"}, "10 mn"),
            ("POST", "/api/expect", totals, "about all chargers"),
            ("POST", "/api/rules", {"name": "calm", "never": {"event": "rcd_tripped"}}, "names no charger"),
            ("POST", "/api/steps", {"plug_inn": {"charger": "box1"}}, 'did you mean "plug_in"'),
            ("POST", "/api/steps", [{"unplug": {"charger": "box1"}}, {"unplug": {"charger": "bx2"}}], "bx2"),
        ):
            assert says in (await fleet.call(method, path, body, status=422))["detail"], path
        assert "several" not in (await fleet.call("GET", "/api/chargers/box9", status=404))["detail"]
        assert await fleet.call("GET", "/api/journal") == before  # nothing was done


async def test_a_reset_ends_a_jump_that_would_take_for_ever(tmp_path: Path) -> None:
    by_turns = ", count: 1000000000, on: box2.goe, kind: act, settings: {amp: 8}, after: {delay: 1 s, fault: "
    faults = "".join(f"  - fault: {{name: {name}{by_turns}{other}}}}}\n" for name, other in ("ab", "ba"))
    async with led(tmp_path, 2, FLEET.replace("steps:\n", f"steps:\n{faults}")) as fleet:
        jump = asyncio.ensure_future(fleet.call("POST", "/api/clock/advance", {"by": "36000 d"}, status=422))
        while (await fleet.call("GET", "/api/clock"))["at"] < 3600:
            pass
        assert (await fleet.call("POST", "/api/reset"))["clock"]["at"] == 0
        assert "a reset broke the jump off at" in (await jump)["detail"]
        assert (await fleet.call("POST", "/api/clock/advance", {"by": "1 min"}))["at"] == 60


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
