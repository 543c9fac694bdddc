"""The REST API of P40 and of newer x-series: log-in, what it tells, and what a client does with it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from kecontact import CARD, KeContact

from emulator.core.faults import ContactorWelded, DiodeShorted
from emulator.devices.interfaces import HttpInterface

SERIAL = "26000042"
HERE = f"/v2/wallboxes/{SERIAL}"


class P40(KeContact):
    """A P40 with a client that has logged in."""

    def __init__(self, model: str = "keba-p40", firmware: str | None = None, **settings: object) -> None:
        super().__init__(model, firmware, None, rest_api=True, **settings)
        self.tokens = self.login("keba-test")[1]

    def ask(self, path: str, method: str = "GET", body: object = None, token: str = "") -> tuple[int, Any]:
        reply = self.request(
            path,
            method,
            body=b"" if body is None else json.dumps(body).encode(),
            headers={"authorization": f"Bearer {token or self.tokens['accessToken']}"},
            interface="rest",
        )
        return reply.status, json.loads(reply.body) if reply.content_type == "application/json" else reply.body.decode()

    def login(self, password: str) -> tuple[int, Any]:
        body = json.dumps({"username": "admin", "password": password})
        reply = self.request("/v2/jwt/login", "POST", body=body, interface="rest")
        return reply.status, json.loads(reply.body)

    def state(self) -> object:
        return self.ask(HERE)[1]["state"]


def test_log_in() -> None:
    world = P40()
    assert world.login("wrong") == (401, {"msg": "Bad username or password"})
    assert world.request("/v2/wallboxes", interface="rest").status == 401
    for token, text in (
        ("a.b.c", "Signature verification failed"),
        ("abc", "Not enough segments"),
        (world.tokens["refreshToken"], "Only non-refresh tokens are allowed"),
    ):
        assert world.ask("/v2/wallboxes", token=token) == (422, {"msg": text})
    assert world.ask("/v2/wallboxes")[0] == 200
    world.wait(15 * 60 + 1)
    assert world.ask("/v2/wallboxes") == (401, {"msg": "Token has expired"})
    assert world.ask("/v2/jwt/refresh", "POST")[0] == 401
    status, found = world.ask("/v2/jwt/refresh", "POST", token=world.tokens["refreshToken"])
    assert status == 200
    assert world.ask("/v2/wallboxes", token=found["accessToken"])[0] == 200
    assert world.ask("/v2/jwt/refresh", "POST", token=found["accessToken"])[0] == 422
    assert world.request("/serialnumber", interface="rest").body == SERIAL.encode()
    assert json.loads(world.request("/version", interface="rest").body) == "2.5.0"
    assert world.ask("/v2/nothing")[1].startswith("<!doctype html>")
    assert world.ask("/v2/wallboxes", "PUT")[0] == 405


@pytest.mark.parametrize(
    ("model", "firmware", "there"),
    [
        ("keba-p40", None, True),
        ("keba-p30-x-32", "3.10.80", True),
        ("keba-p30-x-32", "3.10.57", False),
        ("keba-p30-c-32", None, None),
    ],
)
def test_who_has_it(model: str, firmware: str | None, there: bool | None) -> None:
    world = KeContact(model, firmware, rest_api=True)
    found = world.wallbox.interfaces.get("rest")
    assert (isinstance(found, HttpInterface) and found.enabled()) is bool(there)
    assert (found is None) is (there is None)
    if isinstance(found, HttpInterface):
        world.wallbox.configure({"rest_api": False})
        assert not found.enabled()
        assert found.credentials is not None
        assert found.credentials().certificate.startswith(b"-----BEGIN CERTIFICATE-----")


def test_a_charge() -> None:
    world = P40()
    assert world.state() == "IDLE"
    assert world.ask("/v2/sessions")[1] == {"sessions": []}
    world.charge()
    world.wait(600)
    (found,) = world.ask("/v2/wallboxes")[1]["wallboxes"]
    assert (found["state"], found["vehiclePlugged"], found["sessionActive"]) == ("CHARGING", True, True)
    meter = found["meter"]
    assert meter["totalActivePower"] == round(world.now.power * 1000)
    assert meter["currentOffered"] == 32_000
    assert meter["meterValue"] == pytest.approx(world.now.total_energy * 1000, abs=100)
    assert [line["voltage"] for line in meter["lines"]] == [round(u) for u in world.now.phase_voltage]
    (session,) = world.ask("/v2/sessions?limit=5")[1]["sessions"]
    assert (session["status"], session["endDate"]) == ("PWM_CHARGING", None)
    assert session["energyConsumed"] == pytest.approx(world.now.session_energy * 1000, abs=200)
    assert world.read("rest.state", "rest.meter.lines.0.socketPhase") == ["CHARGING", "L1"]
    world.unplug()
    world.wait(2)
    (session,) = world.ask("/v2/sessions")[1]["sessions"]
    assert session["status"] == "CLOSED"
    assert session["endDate"] - session["startDate"] == session["duration"]


def test_actions() -> None:
    world = P40()
    world.charge()
    assert world.ask(f"{HERE}/unlock", "POST")[0] == 409, "not while charging"
    assert world.ask(f"{HERE}/stop-charging", "POST")[0] == 200
    world.wait(10)
    assert (world.state(), world.now.contactor) == ("SUSPENDED", False)
    assert world.ask("/v2/sessions")[1]["sessions"][0]["status"] == "BLOCKED"
    assert world.ask(f"{HERE}/start-charging", "POST", {})[0] == 200
    world.wait(30)
    assert world.state() == "CHARGING"
    assert world.ask(f"{HERE}/permanentlyLock", "POST")[0] == 200
    world.wait(10)
    assert world.state() == "SUSPENDED"
    assert world.ask(f"{HERE}/permanentlyLock", "DELETE")[0] == 200
    assert world.ask(f"{HERE}/change-availability", "POST", {"available": False})[0] == 200
    assert world.state() == "UNAVAILABLE"
    assert [name for name, _, _ in world.writes()][:2] == ["rest.unlock", "rest.stop-charging"]


def test_a_card_over_the_api() -> None:
    world = P40(authorisation=True, whitelist=[CARD])
    world.plug_in()
    world.wait(5)
    assert world.state() == "IDLE", "a card is missing"
    assert world.ask(f"{HERE}/start-charging", "POST", {"tokenId": "00"})[0] == 409
    assert world.ask(f"{HERE}/start-charging", "POST", {"tokenId": CARD})[0] == 200
    world.wait(40)
    assert world.state() == "CHARGING"
    assert world.ask("/v2/sessions")[1]["sessions"][0]["tokenId"] == CARD


def test_load_management() -> None:
    world = P40(model="keba-p40-16")
    world.charge()
    assert world.ask("/v2/configs/lmgmt/max_available_current")[1] == 16_000
    assert world.ask("/v2/configs/lmgmt")[1]["configs"][0] == {"key": "max_available_current", "value": "16000"}
    assert world.ask("/v2/configs/system/price") == (200, 0.0)
    assert {pair["key"] for pair in world.ask("/v2/configs/system")[1]["configs"]} == {
        "application_version_package",
        "price",
    }
    wish = {"configs": [{"key": "max_available_current", "value": 8000}]}
    assert world.ask("/v2/configs/lmgmt/", "PUT", wish) == (200, {})
    world.wait(5)
    assert world.now.offered_current == 8
    as_text = {"configs": [{"key": "max_available_current", "value": "9000"}]}
    assert world.ask("/v2/configs/lmgmt", "PUT", as_text)[0] == 200
    world.wait(5)
    assert world.now.offered_current == 9
    bodies: tuple[object, ...] = ({"configs": [{"key": "max_available_current", "value": 100}]}, {"configs": 5}, [])
    for bad in bodies:
        assert world.ask("/v2/configs/lmgmt/", "PUT", bad)[0] == 400
    assert world.ask("/v2/configs/nothing")[0] == 404


def test_errors() -> None:
    world = P40()
    world.charge()
    world.begin("diode", DiodeShorted())
    world.wait(10)
    assert world.state() == "RECOVER_FROM_ERROR"
    world = P40()
    world.begin("welded", ContactorWelded())
    world.wait(10)
    assert world.state() == "UNRECOVERABLE_ERROR"
    assert world.ask(HERE)[1]["errorCode"] is not None


def test_the_profile_of_the_charge_point() -> None:
    world = P40(model="keba-p40-16")
    path = "/v2/profiles/chargepointmaxprofilezero"
    item = {
        "maxCurrentOffered": 7000,
        "startTime": "00:00:00",
        "stopTime": "24:00:00",
        "daysOfWeek": ["MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY"],
    }
    world.charge()
    assert world.ask(path)[1] == {"profileItems": []}
    assert world.ask(path, "POST", {"profileItems": [item]}) == (200, {})
    assert world.ask(path)[1] == {"profileItems": [item]}
    world.wait(5)
    assert world.now.offered_current == 7
    for items in ([], [item, item], [item | {"stopTime": "12:00:00"}], [item | {"maxCurrentOffered": 100}], [5], 5):
        assert world.ask(path, "POST", {"profileItems": items})[0] == 400


def test_phases() -> None:
    world = P40()
    world.charge()
    assert world.ask(f"{HERE}/phase-toggle?numberOfPhases=1", "POST")[0] == 200
    world.wait(60)
    assert (world.now.phases, world.ask(HERE)[1]["phaseUsed"]) == (1, "L1")
    assert world.ask(f"{HERE}/phase-toggle?numberOfPhases=3", "POST")[0] == 409, "within the cool-down"
    world.wait(300)
    assert world.ask(f"{HERE}/phaseToggle?numberOfPhases=3", "POST")[0] == 200
    world.wait(60)
    assert world.now.phases == 3
    assert world.ask(f"{HERE}/phase-toggle?numberOfPhases=2", "POST")[0] == 409
    assert P40(firmware="1.2.1").ask(f"{HERE}/phase-toggle?numberOfPhases=1", "POST")[0] == 409
    other = P40(x2src=3)
    assert other.ask(f"{HERE}/phase-toggle?numberOfPhases=1", "POST")[0] == 409, "Modbus switches phases"


def test_sessions() -> None:
    world = P40()
    for seconds in (600, 1200):
        world.charge()
        world.wait(seconds)
        world.unplug()
        world.wait(5)
    world.tokens = world.login("keba-test")[1]
    assert world.ask("/v2/sessions/count")[1] == {"total": 2}
    newest, oldest = world.ask("/v2/sessions")[1]["sessions"]
    assert (newest["terminationReason"], newest["tokenId"]) == ("UNPLUG_EV", "predefinedTokenId")
    assert newest["energyConsumedInKwh"] == round(newest["energyConsumed"] / 1e6, 4)
    assert newest["endingMeterValue"] - newest["startingMeterValue"] == newest["energyConsumed"]
    query = "limit=1&orderField=SESSION_START_DATE&orderDir=ASC&filters=SOCKET_SERIAL_NUMBER=26000042"
    assert world.ask(f"/v2/sessions?{query}")[1]["sessions"] == [oldest]
    assert world.ask("/v2/sessions?offset=1")[1]["sessions"] == [oldest]
    assert world.ask("/v2/sessions?filters=SOCKET_SERIAL_NUMBER=1")[1]["sessions"] == []
    single = world.ask(f"/v2/sessions/{oldest['id']}")[1]
    assert single == {name: value for name, value in oldest.items() if name in single}
    assert "terminationReason" not in single
    assert world.ask("/v2/sessions/99")[0] == 404
    head, first, _ = world.ask("/v2/sessions/export")[1].splitlines()
    assert head.startswith("Charging Station ID;Serial;RFID Card;Status;Start;End;Duration (s);")
    row = first.split(";")
    assert row[:4] == ["1", SERIAL, "predefinedTokenId", "CLOSED"]
    assert row[4].startswith("05-01-2026 08:10:")
    assert float(row[9]) == pytest.approx(newest["energyConsumed"] / 1e6, abs=0.006)


def test_a_p30_x_series() -> None:
    world = P40("keba-p30-x-32", "3.10.80", dsw1_3=True, dip_current=13, dsw2_5=True)
    here = "/v2/wallboxes/17619300"
    found = world.ask(here)[1]
    assert found["model"] == "KC-P30-EC2404B2-M0R"
    assert found["firmwareVersion"] == "P30 v 3.10.80 (251002-115400) : ML v 2.9.2"
    assert found["maxCurrent"] == 13_000
    on = [index for index, switch in enumerate(found["dipSwitchSettings"]) if switch]
    assert on == [1, 2, 5, 12], "DSW1.2, DSW1.3, DSW1.6 and DSW2.5"
    assert world.ask(f"{here}/state")[1] == {"state": "IDLE"}
    switches = world.ask("/v2/wallboxes/dipswitch/17619300")[1]
    assert [switches[name] for name in ("current", "smartHomeInterface", "communicationHubMode")] == [13, True, True]
    assert "commisioningMode" in switches
    assert world.read("report1.DIP-Sw1", "report1.DIP-Sw2") == ["0x64", "0x08"]
    assert P40().ask(f"/v2/wallboxes/dipswitch/{SERIAL}")[0] == 404


@pytest.mark.parametrize(("firmware", "keys"), [("3.02", False), ("3.08", False), ("3.9.14", True), ("3.10.80", True)])
def test_older_and_newer_p30(firmware: str, keys: bool) -> None:
    assert ("timeQ" in KeContact(None, firmware).report(1)) is keys


def test_a_stop_over_the_api_outlives_one_by_energy() -> None:
    """What `setenergy` stopped is undone by unplugging; what the user stopped after it is not."""
    world = P40("keba-p30-x-32", "3.10.80")
    world.charge()
    world.ok("setenergy 100")
    world.wait(10)
    assert world.keys("State", "Enable user") == (5, 0)
    assert world.ask("/v2/wallboxes/17619300/stop-charging", "POST")[0] == 200
    world.unplug()
    world.wait(1)
    assert world.keys("Enable user", "Setenergy") == (0, 0)
