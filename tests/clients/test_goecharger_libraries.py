"""go-e as two older libraries see it: goechargerv2 (API v2, all keys at once) and goecharger (API v1)."""

from __future__ import annotations

import goecharger
import pytest
from goechargerv2.goecharger import GoeChargerApi

from emulator.testing.fixture import EmulatorFixture


@pytest.mark.parametrize(("model", "firmware"), [("gemini-22", "60.5"), ("gemini-22", "55.5"), ("v3-11", "53.1")])
def test_a_session_over_v2(emulator: EmulatorFixture, model: str, firmware: str) -> None:
    goe = emulator.start("goe", model=model, firmware=firmware)
    client = GoeChargerApi(goe.http_url, "no token is needed", wait=True)
    told = client.request_status()
    assert told["car_status"] == "Charger ready, no car connected"
    assert told["charger_err"] == "OK"
    assert told["serial_number"] == goe.serial

    emulator.plug_in(vehicle="vw_id3")
    emulator.advance("1 min")
    told = client.request_status()
    assert told["car_status"] == "Car is charging"
    powers = (told["p_l1"], told["p_l2"], told["p_l3"])
    assert 10 * sum(powers) == pytest.approx(10_700, rel=0.02)  # the library has another unit in mind
    assert told["u_l1"] == pytest.approx(230, abs=5)

    client.set_max_current(8)
    emulator.advance("1 min")
    told = client.request_status()
    assert told["charger_max_current"] == 8
    assert 10 * told["i_l1"] == pytest.approx(7.5, abs=1)

    client.set_force_charging(False)
    emulator.advance("1 min")
    told = client.request_status()
    assert told["charger_force_charging"] == "off"
    assert told["p_all"] == 0
    client.set_force_charging(True)
    emulator.advance("1 min")
    assert client.request_status()["car_status"] == "Car is charging"

    emulator.unplug()
    emulator.advance("5 s")
    assert client.request_status()["car_status"] == "Charger ready, no car connected"


@pytest.mark.parametrize(("model", "firmware"), [("v3-22", "53.1"), ("v2-22", "42.0"), ("v2-11", "40.0")])
def test_a_session_over_v1(emulator: EmulatorFixture, model: str, firmware: str) -> None:
    goe = emulator.start("goe", model=model, firmware=firmware)
    client = goecharger.GoeCharger(goe.http_url.removeprefix("http://"))
    told = client.requestStatus()
    assert (told["car_status"], told["charger_err"]) == ("Charger ready, no vehicle", "OK")
    emulator.plug_in(vehicle="vw_id3")
    emulator.advance("1 min")
    told = client.requestStatus()
    assert told["car_status"] == "charging"
    assert told["p_all"] == pytest.approx(10.7, rel=0.05)

    client.setTmpMaxCurrent(9)
    emulator.advance("1 min")
    told = client.requestStatus()
    assert told["charger_max_current"] == 9
    assert told["i_l1"] == pytest.approx(8.7, abs=0.5)

    client.setAllowCharging(False)
    emulator.advance("1 min")
    told = client.requestStatus()
    assert (told["allow_charging"], told["p_all"]) == ("off", 0)
    client.setAllowCharging(True)
    emulator.advance("1 min")
    assert client.requestStatus()["allow_charging"] == "on"
    client.setChargeLimit(1.5)
    assert client.requestStatus()["charge_limit"] == 1.5
    emulator.unplug()
    emulator.advance("5 s")
    assert client.requestStatus()["car_status"] == "Charger ready, no vehicle"
