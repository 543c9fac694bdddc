"""Vendor values, clients, timelines and the journal, as the dashboard asks for them."""

from __future__ import annotations

from typing import Any

import aiohttp
import pytest

from emulator import vendors
from emulator.control.vendor_values import tables, values
from emulator.runtime.clock import Clock
from emulator.scenario.default import default_scenario
from emulator.world.building import build
from emulator.world.site import Site

from .conftest import Control
from .test_feed import message


@pytest.fixture(scope="module")
def site() -> Site:
    return build(default_scenario(), clock=Clock(0.0))


@pytest.mark.parametrize("vendor", vendors.DEFAULT)
def test_every_value_of_every_vendor_is_shown_with_its_row(site: Site, vendor: str) -> None:
    wallbox = site.wallboxes[f"charger.{vendor}"]
    described, read = tables(wallbox), values(wallbox)
    rows = described["values"]
    shown = read["values"]
    assert isinstance(rows, list)
    assert isinstance(shown, dict)
    readable = [row["address"] for row in rows if row["readable"]]
    assert set(readable) == set(wallbox.addresses())
    assert set(readable) <= set(shown)
    assert not [row["address"] for row in rows if not row["table"]]
    assert [row for row in rows if row["settable"]]
    assert read["settings"] == {name: wallbox.settings[name] for name in wallbox.settings.rows}


async def test_a_value_is_written_as_a_client_or_as_the_owner(control: Control) -> None:
    path = "/api/wallboxes/garage.goe/values"
    assert (await control.call("GET", path))["values"]["amp"] == 16
    await control.step({"command": {"wallbox": "garage.goe", "interface": "http", "write": {"amp": 10}}})
    assert (await control.call("GET", path))["values"]["amp"] == 10
    await control.step({"set": {"wallbox": "garage.goe", "settings": {"amp": 12}}})
    found = await control.call("GET", path)
    assert found["values"]["amp"] == found["settings"]["amp"] == 12


async def test_a_hidden_value_says_by_what(control: Control) -> None:
    await control.step({"fault": {"on": "garage.goe", "kind": "hide", "match": {"key": "nrg"}}})
    found = await control.call("GET", "/api/wallboxes/garage.goe/values")
    assert found["hidden"] == {"nrg": "hide", "v1.nrg": "hide"}
    assert "nrg" not in found["values"]


async def request(control: Control, path: str = "/api/status?filter=amp", agent: str = "tester/1") -> None:
    port = control.emulator.servers["garage.goe.http"].endpoint.port
    async with control.http.get(f"http://127.0.0.1:{port}{path}", headers={"User-Agent": agent}) as reply:
        await reply.read()


async def test_clients_are_seen(control: Control) -> None:
    assert (await control.call("GET", "/api/clients"))["clients"] == []
    await request(control)
    await request(control, "/api/set?amp=10")
    (seen,) = (await control.call("GET", "/api/clients"))["clients"]
    assert (seen["wallbox"], seen["interface"], seen["client"]) == ("garage.goe", "http", "127.0.0.1")
    assert (seen["agent"], seen["requests"], seen["writes"], seen["last"]) == ("tester/1", 2, 1, "amp")
    await control.call("POST", "/api/reset")
    assert (await control.call("GET", "/api/clients"))["clients"] == []


async def test_what_was_done_is_waited_for_and_is_to_come(control: Control) -> None:
    await control.step(
        [
            {"at": "1 min", "plug_in": "id3"},
            {"after": "1 min", "wait_until": {"power": "> 1 MW"}, "within": "10 min"},
            {"after": "1 min", "note": "later"},
        ]
    )
    found = await control.call("GET", "/api/timeline")
    assert [step["state"] for step in found["tracks"][0]] == ["next", "to come", "to come"]
    assert [step["expected"] for step in found["tracks"][0]] == [60.0, 120.0, 180.0]
    await control.advance("3 min")
    steps = (await control.call("GET", "/api/timeline"))["tracks"][0]
    assert [step["state"] for step in steps] == ["done", "waiting", "to come"]
    assert steps[0]["arguments"] == "id3"
    await control.advance("20 min")
    steps = (await control.call("GET", "/api/timeline"))["tracks"][0]
    assert [step["state"] for step in steps] == ["done", "failed", "done"]
    assert "power" in steps[1]["why"]


# --- the journal -----------------------------------------------------------------------------------------------------


def bury(control: Control, count: int = 5000) -> None:
    """Much is published."""
    for number in range(count):
        control.emulator.simulation.journal.record(0, "push", f"topic/{number}", {"payload": number}, charger="garage")


async def test_what_is_wanted_is_found_however_much_is_published(control: Control) -> None:
    await control.step({"note": "here it is"})
    bury(control)
    found = await control.call("GET", "/api/journal", before=10**9, limit=10, kind="note,event")
    assert [entry["name"] for entry in found["entries"]] == ["here it is"]
    assert found["earlier"] is None
    async with control.http.ws_connect("/api/events?quantities=none&newest=10&kind=note") as socket:
        entries = await message(socket, "entries")
        assert entries["first"]
        assert [entry["name"] for entry in entries["entries"]] == ["here it is"]


async def test_looking_back_page_by_page_misses_nothing(control: Control) -> None:
    bury(control, 250)
    seen: list[int] = []
    before: int | None = 10**9
    while before is not None:
        found = await control.call("GET", "/api/journal", before=before, limit=100, kind="push")
        seen = [entry["seq"] for entry in found["entries"]] + seen
        before = found["earlier"]
    everything = await control.call("GET", "/api/journal", kind="push")
    assert seen == [entry["seq"] for entry in everything["entries"]]


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({"client": "TESTER"}, {"GET /api/status", "GET /api/set", "amp"}),
        ({"client": "nobody"}, set()),
        ({"text": "API/SET"}, {"GET /api/set"}),
        ({"kind": "write"}, {"amp"}),
    ],
)
async def test_filters(control: Control, query: dict[str, Any], names: set[str]) -> None:
    await request(control)
    await request(control, "/api/set?amp=10")
    found = await control.call("GET", "/api/journal", **{"before": 10**9, **query})
    assert {entry["name"] for entry in found["entries"] if entry["kind"] in ("request", "write")} == names


@pytest.mark.parametrize(
    "query", [{"before": 5, "after": 1}, {"kind": "request,x"}, {"wallbox": "garage.x"}, {"charger": "x"}]
)
async def test_what_makes_no_sense_is_refused(control: Control, query: dict[str, Any]) -> None:
    await control.call("GET", "/api/journal", status=422, **query)


async def test_an_entry_shows_what_it_caused(control: Control) -> None:
    await request(control, "/api/set?amp=10")
    entries = (await control.call("GET", "/api/journal"))["entries"]
    asked = next(entry for entry in entries if entry["kind"] == "request")
    found = await control.call("GET", f"/api/journal/{asked['seq']}")
    assert "amp" in [entry["name"] for entry in found["effects"]]
    (write,) = (entry for entry in found["effects"] if entry["kind"] == "write")
    again = await control.call("GET", f"/api/journal/{write['seq']}")
    assert [entry["seq"] for entry in again["causes"]] == [asked["seq"]]


# --- the feed --------------------------------------------------------------------------------------------------------


async def test_the_overview_says_what_changed(control: Control) -> None:
    async with control.http.ws_connect("/api/events?quantities=overview&detail=garage&entries=none") as socket:
        state = await message(socket, "state")
        assert state["state"]["chargers"] == {}
        first = await message(socket, "overview")
        assert first["chargers"]["garage"]["pilot"] == "A"
        assert first["detail"]["pilot"] == "A"
        await control.step({"note": "nothing about the charger"})
        assert (await message(socket, "overview"))["chargers"] == {}
        await control.step({"plug_in": "id3"})
        found: dict[str, Any] = {}
        while not found:
            found = (await message(socket, "overview"))["chargers"]
        assert found["garage"]["vehicle"] == "vw_id3"


async def test_a_slow_reader_stays_with_the_newest(control: Control) -> None:
    async with control.http.ws_connect("/api/events?quantities=none&newest=10") as socket:
        await message(socket, "entries")
        bury(control)
        assert (await message(socket, "skipped"))["entries"] > 4000
        last = control.emulator.simulation.journal.seq
        seen: list[int] = []
        while not seen or seen[-1] < last:
            seen += [entry["seq"] for entry in (await message(socket, "entries"))["entries"]]


@pytest.mark.parametrize("query", ["quantities=x", "entries=x", "detail=x", "kind=x", "newest=-1", "x=1"])
async def test_a_subscription_that_makes_no_sense_is_refused(control: Control, query: str) -> None:
    with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
        await control.http.ws_connect(f"/api/events?{query}")
    assert caught.value.status == 422
