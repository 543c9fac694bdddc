"""The REST API of a P40: log-in, what it tells, and what a client does with it."""

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

    def __init__(self, model: str = "keba-p40", **settings: object) -> None:
        super().__init__(model, None, None, rest_api=True, **settings)
        self.tokens = self.login("keba-test")[1]

    def ask(self, path: str, method: str = "GET", body: object = None, token: str = "") -> tuple[int, Any]:
        reply = self.request(
            path,
            method,
            body=b"" if body is None else json.dumps(body).encode(),
            headers={"authorization": f"Bearer {token or self.tokens['accessToken']}"},
            interface="rest",
        )
        return reply.status, json.loads(reply.body)

    def login(self, password: str) -> tuple[int, Any]:
        body = json.dumps({"username": "admin", "password": password})
        reply = self.request("/v2/jwt/login", "POST", body=body, interface="rest")
        return reply.status, json.loads(reply.body)

    def state(self) -> object:
        return self.ask(HERE)[1]["state"]


def test_log_in() -> None:
    world = P40()
    assert world.login("wrong")[0] == 401
    assert world.request("/v2/wallboxes", interface="rest").status == 401
    assert world.ask("/v2/wallboxes", token="a.b.c")[0] == 401
    assert world.ask("/v2/wallboxes")[0] == 200
    assert world.ask("/v2/wallboxes", token=world.tokens["refreshToken"])[0] == 401
    world.wait(3601)
    assert world.ask("/v2/wallboxes")[0] == 401
    status, found = world.ask("/v2/jwt/refresh", "POST", token=world.tokens["refreshToken"])
    assert status == 200
    assert world.ask("/v2/wallboxes", token=found["accessToken"])[0] == 200
    assert world.request("/serialnumber", interface="rest").body == SERIAL.encode()
    assert json.loads(world.request("/version", interface="rest").body) == "2.5.0"


def test_it_is_there_on_a_p40_that_has_it_switched_on() -> None:
    assert "rest" not in KeContact().wallbox.interfaces
    for on in (False, True):
        found = KeContact("keba-p40", rest_api=on).wallbox.interfaces["rest"]
        assert isinstance(found, HttpInterface)
        assert found.enabled() is on


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
    assert world.read("rest.state", "rest.meter.lines.0.line") == ["CHARGING", "L1"]
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
    assert world.ask("/v2/configs/lmgmt/max_available_current")[1] == {
        "configs": [{"key": "max_available_current", "value": 16_000}]
    }
    wish = {"configs": [{"key": "max_available_current", "value": 8000}]}
    assert world.ask("/v2/configs/lmgmt/", "PUT", wish) == (200, {})
    world.wait(5)
    assert world.now.offered_current == 8
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


@pytest.mark.parametrize(("firmware", "keys"), [("3.02", False), ("3.08", False), ("3.9.14", True), ("3.10.80", True)])
def test_older_and_newer_p30(firmware: str, keys: bool) -> None:
    assert ("timeQ" in KeContact(None, firmware).report(1)) is keys
