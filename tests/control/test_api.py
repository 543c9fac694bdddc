"""The control API, as a client sees it."""

from __future__ import annotations

import asyncio

import aiohttp
import jsonschema
import pytest

from emulator.control.openapi import document
from emulator.control.server import ControlServer
from emulator.control.table import OPERATIONS, definitions
from emulator.scenario.loader import loads
from emulator.service.emulator import Emulator, Options

from .conftest import Control


async def test_the_state_shows_everything_at_a_glance(control: Control) -> None:
    state = await control.call("GET", "/api/state")
    assert state["about"] == "A charger for the control API."
    assert state["clock"] == {"mode": "frozen", "speed": 0.0, "at": 0.0, "time": "2026-03-01T06:00:00.000+01:00"}
    assert state["chargers"]["garage"]["pilot"] == "A"
    assert [box["name"] for box in state["wallboxes"]] == ["garage.goe"]
    assert state["timeline"] == {"steps": 0, "done": 0, "finished": True}


async def test_a_step_is_done_and_answered(control: Control) -> None:
    outcome = await control.step({"plug_in": {"vehicle": "id3"}})
    assert outcome == {"step": "plug_in", "at": 0.0, "ok": True, "refused": None, "message": "", "detail": {}}
    advanced = await control.advance("1 h")
    assert advanced["at"] == 3600.0
    assert advanced["elapsed"] == 3600.0
    assert "contactor_closed" in [event["name"] for event in advanced["events"]]
    charger = await control.call("GET", "/api/chargers/garage")
    assert charger["power"] == pytest.approx(3 * 230 * 15.74, rel=0.03)
    assert charger["vehicle"]["name"] == "id3"
    assert charger["limits"]["goe.amp"] == {"current": 16.0, "binding": True}
    assert charger["wallboxes"] == ["garage.goe"]


async def test_a_refused_step_says_why(control: Control) -> None:
    outcome = await control.step({"unplug": {}})
    assert outcome["ok"] is False
    assert outcome["refused"] == "not_plugged"


async def test_a_list_of_steps_is_checked_before_the_first_is_done(control: Control) -> None:
    steps = [{"plug_in": "id3"}, {"plug_inn": "id3"}, {"trip_rcd": {"residual_current": "35"}}]
    problem = await control.call("POST", "/api/steps", steps, status=422)
    assert [found["place"] for found in problem["problems"]] == [
        "steps[1].plug_inn",
        "steps[2].trip_rcd.residual_current",
    ]
    assert 'did you mean "plug_in"?' in problem["detail"]
    assert (await control.call("GET", "/api/chargers/garage"))["vehicle"] is None
    done = await control.step([{"plug_in": "id3"}, {"note": "here we go"}])
    assert done["ok"] is True
    assert [outcome["step"] for outcome in done["outcomes"]] == ["plug_in", "note"]


async def test_steps_with_times_are_played_as_time_passes(control: Control) -> None:
    await control.step([{"after": "10 s", "plug_in": "id3"}, {"after": "1 min", "expect": {"power": "> 20 kW"}}])
    assert (await control.call("GET", "/api/chargers/garage"))["vehicle"] is None
    await control.advance("2 min")
    assert (await control.call("GET", "/api/chargers/garage"))["vehicle"]["name"] == "id3"
    failures = (await control.call("GET", "/api/state"))["failures"]
    assert len(failures) == 1
    assert "expected > 20 kW" in failures[0]["text"]


async def test_wallboxes_tell_where_they_listen(control: Control) -> None:
    (box,) = (await control.call("GET", "/api/wallboxes"))["wallboxes"]
    assert box | {"interfaces": None} == {
        "name": "garage.goe",
        "charger": "garage",
        "vendor": "goe",
        "model": "gemini-22",
        "firmware": "60.5",
        "serial": "123456",
        "up": True,
        "realism": "off",
        "interfaces": None,
    }
    http = next(interface for interface in box["interfaces"] if interface["name"] == "http")
    assert http["listening"] is True
    assert http["url"] == f"http://127.0.0.1:{http['port']}"
    async with aiohttp.request("GET", http["url"] + "/api/status", params={"filter": "amp"}) as reply:
        assert await reply.json() == {"amp": 16}


async def test_the_clock_can_be_set_and_read(control: Control) -> None:
    assert (await control.call("PUT", "/api/clock", {"speed": 60}))["mode"] == "speed"
    assert (await control.call("PUT", "/api/clock", {"mode": "realtime"}))["speed"] == 1.0
    frozen = await control.call("PUT", "/api/clock", {"mode": "frozen"})
    assert frozen["mode"] == "frozen"
    assert await control.call("GET", "/api/clock") == frozen
    assert frozen["at"] > 0.0


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({}, 'expected either "mode" or "speed"'),
        ({"mode": "frozen", "speed": 1}, 'expected either "mode" or "speed"'),
        ({"sped": 60}, 'did you mean "speed"?'),
        ({"speed": "60"}, "speed: "),
        ({"speed": -1}, "speed: "),
        ({"speed": 1e9}, "speed must be"),
        ({"mode": "stopped"}, "mode: "),
        ([1], "expected an object"),
    ],
)
async def test_a_wrong_clock_is_refused(control: Control, body: object, says: str) -> None:
    problem = await control.call("PUT", "/api/clock", body, status=422)
    assert says in problem["detail"]
    assert (await control.call("GET", "/api/clock"))["mode"] == "frozen"


async def test_time_stops_where_an_expectation_holds(control: Control) -> None:
    await control.step({"plug_in": "id3"})
    reply = await control.call("POST", "/api/clock/advance", {"until": {"garage.power": "> 3 kW"}, "within": "10 min"})
    assert reply["reached"] is True
    assert 2.35 < reply["at"] < 10
    missed = await control.call("POST", "/api/clock/advance", {"until": {"power": "> 30 kW"}, "within": "1 min"})
    assert missed["reached"] is False
    assert missed["elapsed"] == 60.0
    assert missed["items"][0]["expected"] == "> 30 kW"


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({}, 'expected either "by" or "until"'),
        ({"by": 3600}, "expected a duration"),
        ({"by": "10 mn"}, 'did you mean "min"?'),
        ({"by": "1 h", "within": "1 h"}, '"within" goes with "until"'),
        ({"until": {"pwer": 3}}, 'did you mean "power"?'),
    ],
)
async def test_a_wrong_advance_moves_nothing(control: Control, body: object, says: str) -> None:
    problem = await control.call("POST", "/api/clock/advance", body, status=422)
    assert says in problem["detail"]
    assert (await control.call("GET", "/api/clock"))["at"] == 0.0


async def test_expectations_are_looked_at(control: Control) -> None:
    reply = await control.call("POST", "/api/expect", {"garage.power": "> 3 kW", "garage.goe.car": 1})
    assert reply == {
        "ok": False,
        "items": [
            {"quantity": "garage.power", "expected": "> 3 kW", "found": 0.0, "ok": False},
            {"quantity": "garage.goe.car", "expected": "1", "found": 1, "ok": True},
        ],
    }
    problem = await control.call("POST", "/api/expect", {"garage.goe.kar": 1}, status=422)
    assert "did you mean" in problem["detail"]
    await control.call("POST", "/api/expect", [], status=422)


async def test_faults_are_listed_and_ended(control: Control) -> None:
    await control.step({"phase_loss": {"phases": ["L3"], "name": "dead line"}})
    (fault,) = (await control.call("GET", "/api/faults"))["faults"]
    assert fault["name"] == "dead line"
    assert fault["on"] == "garage"
    assert fault["kind"] == "phase_loss"
    problem = await control.call("DELETE", "/api/faults/dead-line", status=404)
    assert 'did you mean "dead line"?' in problem["detail"]
    assert await control.call("DELETE", "/api/faults/dead line") == {"faults": []}
    await control.call("DELETE", "/api/faults/dead line", status=404)


async def test_the_journal_is_filtered_and_paged(control: Control) -> None:
    await control.step([{"plug_in": "id3"}, {"note": "one"}, {"note": "two"}, {"note": "three"}])
    await control.advance("1 min")
    notes = await control.call("GET", "/api/journal", kind="note", limit=2)
    assert [entry["name"] for entry in notes["entries"]] == ["one", "two"]
    rest = await control.call("GET", "/api/journal", kind="note", after=notes["next"])
    assert [entry["name"] for entry in rest["entries"]] == ["three"]
    events = (await control.call("GET", "/api/journal", kind="event", charger="garage"))["entries"]
    assert "plugged" in [entry["name"] for entry in events]
    assert set(events[0]) == {
        *("seq", "at", "wall", "charger", "wallbox", "interface", "client", "kind", "name", "detail", "cause")
    }
    assert (await control.call("GET", "/api/journal", interface="garage.goe.http"))["entries"] == []


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ({"after": "x"}, "after: "),
        ({"after": "-1"}, "after: "),
        ({"limit": "1e3"}, "limit: "),
        ({"wait": "nan"}, "wait: "),
        ({"kind": "evnt"}, 'did you mean "event"?'),
        ({"charger": "garag"}, 'did you mean "garage"?'),
        ({"chrger": "garage"}, 'did you mean "charger"?'),
        ({"interface": "htp"}, 'there is no interface "htp" (did you mean "http"?)'),
        ({"interface": "garage.goe.htp"}, 'did you mean "http"?'),
        ({"interface": "garage.warp.http"}, 'there is no wallbox "garage.warp"'),
        ({"limit": "9" * 20}, "expected a whole number 0..999999999999999"),
    ],
)
async def test_a_wrong_journal_query_is_refused(control: Control, query: dict[str, str], says: str) -> None:
    assert says in (await control.call("GET", "/api/journal", status=422, **query))["detail"]


@pytest.mark.parametrize("name", ["http", "garage.goe.modbus", "udp", "scenario", "firmware"])
async def test_the_journal_is_filtered_by_what_may_be_in_it(control: Control, name: str) -> None:
    await control.call("GET", "/api/journal", interface=name)


@pytest.mark.parametrize(
    "path",
    ["/api/state", "/api/chargers/garage", "/api/faults", "/api/verdict", "/api/clock", "/api/rules", "/api/catalogue"],
)
async def test_an_unknown_parameter_is_refused_everywhere(control: Control, path: str) -> None:
    assert (await control.call("GET", path, status=422, chrger="x"))["detail"].startswith('unknown parameter "chrger"')
    await control.call("GET", path)


async def test_a_parameter_is_there_once(control: Control) -> None:
    assert "limit: is here twice" in (await control.call("GET", "/api/journal?limit=1&limit=2", status=422))["detail"]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/api/steps", '{"note": "first", "note": "second"}'),
        ("POST", "/api/steps", '[{"set": {"settings": {"amp": 6, "amp": 7}}}]'),
        ("PUT", "/api/clock", '{"mode": "frozen", "mode": "realtime"}'),
        ("POST", "/api/expect", '{"power": "0 W", "power": "1 W"}'),
    ],
)
async def test_a_member_is_there_once(control: Control, method: str, path: str, body: str) -> None:
    async with control.http.request(method, path, data=body) as reply:
        assert reply.status == 422
        assert "is here twice" in (await reply.json(content_type=None))["detail"]


async def test_a_name_is_that_of_one_rule(control: Control) -> None:
    rule = {"name": "cool", "never": {"power": "> 30 kW"}}
    problem = await control.call("POST", "/api/rules", [rule, rule], status=422)
    assert problem["detail"] == '"cool" is the name of two rules, expected a name for each'
    assert (await control.call("GET", "/api/rules"))["rules"] == []


@pytest.mark.parametrize("written", ["null", "5", "[]", '"x"', "true"])
async def test_what_is_no_object_is_called_by_its_name_in_json(control: Control, written: str) -> None:
    names = {"null": "null", "5": "a number", "[]": "a list", '"x"': "a text", "true": "true"}
    async with control.http.put("/api/clock", data=written) as reply:
        assert (await reply.json(content_type=None))["detail"] == f"expected an object, found {names[written]}"


async def test_half_a_text_is_not_too_much(control: Control) -> None:
    async with control.http.post("/api/steps", data='{"note": "\\ud800"}') as reply:
        assert (await reply.json(content_type=None))["title"] == "Malformed text"


async def test_what_is_no_wallbox_is_said_in_our_words(control: Control) -> None:
    problem = await control.call("POST", "/api/wallboxes", {"wallbox": 5}, status=422)
    assert problem["detail"] == "wallbox: expected a vendor, a model, or an object as below `wallboxes:` in a scenario"


async def test_an_instant_that_has_passed_is_refused(control: Control) -> None:
    await control.advance("10 s")
    problem = await control.call("POST", "/api/steps", {"at": "1 s", "note": "late"}, status=422)
    assert problem["detail"] == 'note: at: 1 s has passed, it is 10 s; expected a later instant, or "after"'
    assert (await control.step({"at": "10 s", "note": "now"}))["ok"]


async def test_what_was_written_before_a_refusal_is_said(control: Control) -> None:
    outcome = await control.step({"command": {"write": {"amp": 9, "frc": 77}}})
    assert not outcome["ok"]
    assert outcome["message"].startswith("frc: ")
    assert outcome["message"].endswith("(written: amp)")
    assert outcome["detail"]["written"] == ["amp"]


async def test_no_step_is_no_step(control: Control) -> None:
    assert "expected a step or several" in (await control.call("POST", "/api/steps", [], status=422))["detail"]


async def test_a_client_can_wait_for_news(control: Control) -> None:
    newest = (await control.call("GET", "/api/journal"))["next"]
    asked = asyncio.create_task(control.call("GET", "/api/journal", after=newest, wait=30))
    await control.call("GET", "/healthz")  # meanwhile others are served
    await control.step({"note": "news"})
    assert [entry["name"] for entry in (await asked)["entries"]] == ["news"]


async def test_a_reset_is_quick_and_complete(control: Control) -> None:
    await control.step([{"plug_in": "id3"}, {"set": {"settings": {"amp": 10}}}, {"overvoltage": {}}])
    await control.advance("1 h")
    before = await control.call("GET", "/api/wallboxes")
    reply = await control.call("POST", "/api/reset")
    assert reply["took"] < 0.5  # far below 50 ms on a machine that has nothing else to do
    assert reply["clock"]["at"] == 0.0
    state = await control.call("GET", "/api/state")
    assert state["chargers"]["garage"]["vehicle"] is None
    assert state["chargers"]["garage"]["limits"]["goe.amp"]["current"] == 16.0
    assert state["faults"] == []
    assert all(entry["at"] == 0.0 for entry in (await control.call("GET", "/api/journal"))["entries"])
    assert await control.call("GET", "/api/wallboxes") == before
    (http, *_) = before["wallboxes"][0]["interfaces"]
    async with aiohttp.request("GET", http["url"] + "/api/status", params={"filter": "amp,car"}) as answer:
        assert await answer.json() == {"amp": 16, "car": 1}


async def test_health_and_metrics(control: Control) -> None:
    assert (await control.call("GET", "/healthz"))["status"] == "ok"
    await control.step({"plug_in": "id3"})
    await control.advance("1 h")
    async with control.http.get("/metrics") as reply:
        assert reply.content_type == "text/plain"
        text = await reply.text()
    samples = dict(line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
    assert float(samples['charger_power_watts{charger="garage"}']) > 3000
    assert samples['charger_pilot_state{charger="garage",state="C"}'] == "1"
    assert samples["charger_emulator_simulated_seconds"] == "3600"
    assert float(samples['charger_emulator_interface_listening{interface="garage.goe.http"}']) == 1


OCPP = """
epoch: 2026-03-01T06:00:00+01:00
chargers: {garage: {wallboxes: {warp: {ocpp: embedded}}}}
"""


async def test_the_central_system_shows_its_charge_points_and_what_they_said() -> None:
    options = Options(any_port=True, speed=0.0, announce=False)
    async with (
        Emulator(loads(OCPP), options) as emulator,
        ControlServer(emulator, port=0) as server,
        aiohttp.ClientSession(server.url) as http,
    ):
        control = Control(emulator, server, http)
        await control.advance("20 s")
        await control.step([{"plug_in": "vw_id3"}, {"present_card": {"tag": "04A1B2C3"}}])
        await control.advance("2 min")
        await control.step({"ocpp_call": {"action": "GetConfiguration", "payload": {"key": ["HeartbeatInterval"]}}})
        await control.step({"ocpp_call": {"action": "Nonsense"}})
        await control.advance("1 s")
        found = await control.call("GET", "/api/central_system")
        spec = document(OPERATIONS, definitions=definitions(), secured=False)
        jsonschema.validate(found, {"$ref": "#/components/schemas/CentralSystem", "components": spec["components"]})
    assert emulator.central_system is not None
    assert found["url"] == emulator.central_system.url
    (point,) = found["charge_points"]
    assert point["wallbox"] == "garage.warp"
    assert point["connected"] is True
    assert point["boot"]["chargePointVendor"] == "Tinkerforge GmbH"
    assert {"connector": 1, "status": "Charging"} in point["statuses"]
    assert point["transaction"] == {"id": 1, "tag": "04A1B2C3", "meter_start": 0}
    assert point["meter_values"]["connectorId"] == 1
    asked, nonsense = (one for one in point["exchanges"] if one["from"] == "central_system")
    assert asked["answer"]["configurationKey"] == [{"key": "HeartbeatInterval", "readonly": False, "value": "300"}]
    assert nonsense["answer"] is None
    assert nonsense["error"].startswith("Not")
    started = next(one for one in point["exchanges"] if one["action"] == "StartTransaction")
    assert started["from"] == "charge_point"
    assert started["answer"]["transactionId"] == 1


async def test_without_a_central_system_there_is_nothing_to_show(control: Control) -> None:
    assert await control.call("GET", "/api/central_system") == {"url": None, "charge_points": []}
