"""The JSON API, byte for byte where replies are known."""

from __future__ import annotations

import base64
import json

import pytest
from bench import Bench
from kick import SIM, STATES, Kick

from emulator.vendors.nrgkick import enums

STANDBY_GENERAL = (
    '"general":{"charging_rate":0,"vehicle_connect_time":0,"vehicle_charging_time":0,"status":"STANDBY",'
    '"charge_permitted":0,"relay_state":"NO_RELAY","charge_count":6120,"rcd_trigger":"NO_FAULT",'
    '"warning_code":"NO_WARNING","error_code":"NO_ERROR"}'
)


def text(world: Kick, target: str) -> str:
    reply = world.request(target)
    assert reply.status == 200
    assert reply.content_type == "application/json"
    return reply.body.decode()


# --- reading ---------------------------------------------------------------------------------------------------------


def test_info_of_a_unit_without_sim() -> None:
    world = Kick(device_name="Garage", mac_address="AB:CD:EF:12:34:56")
    assert text(world, "/info") == (
        '{"general":{"serial_number":"T2332500000000000S1D2","model_type":"NRGkick Gen2","device_name":"Garage",'
        '"rated_current":32},"connector":{"phase_count":3,"max_current":32,"type":"CEE","serial":"A1234567"},'
        '"grid":{"voltage":230,"frequency":50,"phases":"L1, L2, L3"},'
        '"network":{"ip_address":"127.0.0.1","mac_address":"AB:CD:EF:12:34:56","ssid":"My WiFi","rssi":-61},'
        '"versions":{"sw_sm":"4.0.0.33","hw_sm":"1.0.0.3","sw_ma":"3.1.4.5","hw_ma":"1.0.0.0","sw_to":"1.4.1.0",'
        '"hw_to":"1.1.0.0","sw_st":"1.4.4.0","hw_st":"1.1.0.0"}}'
    )


def test_info_of_a_unit_with_sim() -> None:
    info = Kick(SIM).get("/info?raw")
    assert list(info) == ["general", "connector", "grid", "network", "cellular", "gps", "versions"]
    assert info["cellular"] == {
        "imei": "860000000000000",
        "imsi": "232000000000000",
        "operator": "A1",
        "rssi": -75,
        "mode": 3,
    }
    assert info["gps"] == {"latitude": 46.911354, "longitude": 15.49472, "altitude": 300, "accuracy": 5}
    assert list(info["versions"])[-1] == "sw_cm"  # type: ignore[call-overload]
    assert Kick(SIM).get("/info?cellular")["cellular"]["mode"] == "LTE_CAT_M1"  # type: ignore[index]


def test_gps_may_be_missing_or_incomplete() -> None:
    assert "gps" not in Kick(SIM, gps=False).get("/info")
    old = Kick(SIM, sw_cm="1951B14V01").get("/info?gps")
    assert old == {"gps": {"latitude": 46.911354, "longitude": 15.49472, "altitude": 0, "accuracy": 0}}


@pytest.mark.parametrize("target", ["/info?cellular", "/info?gps", "/info?gps&cellular"])
def test_absent_hardware_gives_an_empty_object(target: str) -> None:
    assert text(Kick(), target) == "{}"


def test_standby_values_with_the_noise_of_a_real_unit() -> None:
    world = Kick(idle_noise=True, charge_count=6120, current_set=16.0)
    assert text(world, "/values?energy&powerflow&general") == (
        '{"energy":{"total_charged_energy":0,"charged_energy":0},'
        '"powerflow":{"charging_voltage":230,"charging_current":16,"grid_frequency":50,"peak_power":0,'
        '"total_active_power":0.836,"total_reactive_power":4.055,"total_apparent_power":4.14,'
        '"total_power_factor":0.202,'
        '"l1":{"voltage":230,"current":0.018,"active_power":0.836,"reactive_power":4.055,"apparent_power":4.14,'
        '"power_factor":0.202},'
        '"l2":{"voltage":230,"current":0,"active_power":0,"reactive_power":0,"apparent_power":0,"power_factor":0},'
        '"l3":{"voltage":230,"current":0,"active_power":0,"reactive_power":0,"apparent_power":0,"power_factor":0},'
        '"n":{"current":0.018}},' + STANDBY_GENERAL + "}"
    )
    quiet = Kick(charge_count=6120)
    assert text(quiet, "/values?general") == "{" + STANDBY_GENERAL + "}"
    assert json.loads(text(quiet, "/values"))["powerflow"]["total_active_power"] == 0


@pytest.mark.parametrize(
    ("target", "sections"),
    [
        ("/info?raw&connector", ["connector"]),
        ("/info?raw=1&connector=1", ["connector"]),
        ("/info?network&general", ["general", "network"]),
        ("/info?general=0", ["general"]),
        ("/info?status=1", ["general", "connector", "grid", "network", "versions"]),
        ("/info?", ["general", "connector", "grid", "network", "versions"]),
        ("/values?temperatures&energy", ["energy", "temperatures"]),
        ("/values?status=1", ["energy", "powerflow", "general", "temperatures"]),
        ("/values?nonsense&%ff", ["energy", "powerflow", "general", "temperatures"]),
    ],
)
def test_flags_select_sections_by_their_presence(target: str, sections: list[str]) -> None:
    assert list(Kick().get(target)) == sections


def test_raw_mode_by_its_presence() -> None:
    world = Kick()
    assert text(world, "/info?raw&connector") == (
        '{"connector":{"phase_count":3,"max_current":32,"type":1,"serial":"A1234567"}}'
    )
    assert world.get("/info?raw=0&connector") == world.get("/info?raw&connector")


@pytest.mark.parametrize("state", STATES)
def test_raw_mode_changes_enumerations_only(state: str) -> None:
    tables = {
        "type": enums.CONNECTOR_TYPE,
        "phases": enums.GRID_PHASES,
        "mode": enums.CELLULAR_MODE,
        "status": enums.STATUS,
        "relay_state": enums.RELAY_STATE,
        "rcd_trigger": enums.RCD_TRIGGER,
        "warning_code": enums.WARNING,
        "error_code": enums.ERROR,
    }
    world = STATES[state]()
    for endpoint in ("/info", "/values"):
        normal, raw = world.get(endpoint), world.get(f"{endpoint}?raw")
        for section, keys in normal.items():
            assert isinstance(keys, dict)
            for key, value in keys.items():
                number = raw[section][key]  # type: ignore[index]
                if key in tables:
                    assert tables[key][number] == value
                else:
                    assert number == value


def test_numbers_have_no_trailing_zeros() -> None:
    world = Kick(current_set=6.0)
    world.charge()
    assert '"current_set":6,' in text(world, "/control")
    for key, digits in (("voltage", 2), ("current", 3), ("active_power", 3), ("power_factor", 3)):
        value = world.wallbox.read(f"values.powerflow.l1.{key}")
        assert isinstance(value, int | float)
        assert value == round(value, digits)
    assert "e-" not in text(world, "/values")
    assert ".0," not in text(world, "/values")


def test_early_firmware_has_colons_in_keys_and_ignores_raw() -> None:
    early = Kick(firmware="4.0.0.0")
    assert early.get("/info?raw&connector") == {
        "connector": {"phase_count": 3, "max_current:": 32, "type": "CEE", "serial": "A1234567"}
    }
    assert "frequency:" in early.get("/info")["grid"]  # type: ignore[operator]
    assert "voltage:" in early.get("/values")["powerflow"]["l3"]  # type: ignore[index]
    assert early.get("/info")["versions"]["sw_sm"] == "4.0.0.0"  # type: ignore[index]
    assert "max_current" in Kick(firmware="4.0.0.0", early_colon_keys=False).get("/info")["connector"]  # type: ignore[operator]
    assert "max_current:" in Kick(early_colon_keys=True).get("/info")["connector"]  # type: ignore[operator]


# --- writing ---------------------------------------------------------------------------------------------------------


def test_control_is_read_without_a_query() -> None:
    world = Kick(current_set=16.0)
    expected = '{"current_set":16,"charge_pause":0,"energy_limit":0,"phase_count":3}'
    assert text(world, "/control") == text(world, "/control?") == expected
    assert text(world, "/control?raw&nonsense=1") == "{}"


@pytest.mark.parametrize(
    ("query", "reply"),
    [
        ("current_set=10.5", '{"current_set":10.5}'),
        ("current_set=6", '{"current_set":6}'),
        ("current_set=6.", '{"current_set":6}'),
        ("current_set=16.", '{"current_set":16}'),
        ("current_set=06.0", '{"current_set":6}'),
        ("current_set=6.25", '{"current_set":6.3}'),
        ("current_set=9.94", '{"current_set":9.9}'),
        ("current_set=32.0", '{"current_set":32}'),
        ("current_set=0032", '{"current_set":32}'),
        ("charge_pause=1", '{"charge_pause":1}'),
        ("energy_limit=1000000", '{"energy_limit":1000000}'),
        ("energy_limit=0000010", '{"energy_limit":10}'),
        ("phase_count=2", '{"phase_count":2}'),
        ("phase_count=1&charge_pause=1&current_set=8", '{"current_set":8,"charge_pause":1,"phase_count":1}'),
        ("current_set=8&current_set=99", '{"current_set":8}'),
        ("current_set=%38&other=1", '{"current_set":8}'),
    ],
)
def test_accepted_writes_are_confirmed_alone(query: str, reply: str) -> None:
    world = Kick()
    assert text(world, f"/control?{query}") == reply
    control = world.get("/control")
    assert json.loads(reply).items() <= control.items()


CURRENT = "Invalid current entered, allowed 6.0A - 32.0A"
STATE = "Invalid state entered, allowed 0 / 1"
LIMIT = "Invalid limit entered, value must be greater or equal than 0Wh and less or equal than 1000000Wh"
PHASES = "Invalid phases entered, allowed 1 - 3"


@pytest.mark.parametrize(
    ("query", "answer"),
    [
        *(
            (f"current_set={value}", CURRENT)
            for value in ("", "5.9", "5.99", "33", "32.1", "16.00", "10.55", "+6", "%2B6")
        ),
        *(
            (f"current_set={value}", CURRENT)
            for value in ("6,5", "1e1", "6..1", "6..", ".6", "abc", "6.1000000000000005")
        ),
        *((f"current_set={value}", CURRENT) for value in ("-6", "%D9%A6", "6%0A", "nan", "16A")),
        ("current_set", CURRENT),
        *((f"charge_pause={value}", STATE) for value in ("", "2", "true", "01", "-1", "1.0")),
        *((f"energy_limit={value}", LIMIT) for value in ("", "-1", "1000001", "12345678", "1.5", "1e3")),
        *((f"phase_count={value}", PHASES) for value in ("", "0", "4", "01", "3.0", "-1")),
        ("energy_limit=x&charge_pause=x", STATE),
        ("phase_count=9&current_set=99", CURRENT),
        ("current_set=5&current_set=8", CURRENT),
    ],
)
def test_refused_writes_change_nothing(query: str, answer: str) -> None:
    world = Kick()
    world.charge()
    before = world.get("/control")
    for extra in ("", "&phase_count=1", "&current_set=7", "&energy_limit=5"):
        if extra[1:].partition("=")[0] in query:
            continue
        reply = world.request(f"/control?{query}{extra}")
        assert (reply.status, json.loads(reply.body)) == (406, {"Response": answer})
        assert reply.content_type == "application/json"
    assert world.get("/control") == before
    assert not any(ok for _, _, ok in world.writes())
    assert world.writes()


def test_a_16_a_unit_names_its_own_limit() -> None:
    world = Kick("nrgkick-16")
    assert world.get("/control")["current_set"] == 16
    assert world.get("/control?current_set=16.1") == {"Response": "Invalid current entered, allowed 6.0A - 16.0A"}
    assert world.get("/info?general")["general"]["rated_current"] == 16  # type: ignore[index]


@pytest.mark.parametrize(
    ("query", "answer"),
    [
        ("charge_pause=1", "Charging pause is blocked by solar-charging"),
        ("charge_pause=0", "Charging pause is blocked by solar-charging"),
        ("phase_count=1", "Phase count change is blocked by solar-charging"),
        ("current_set=8", "Current change blocked by solar-charging"),
        ("energy_limit=5&charge_pause=1", "Charging pause is blocked by solar-charging"),
    ],
)
def test_solar_charging_blocks(query: str, answer: str) -> None:
    world = Kick(solar_charging=True)
    before = world.get("/control")
    reply = world.request(f"/control?{query}")
    assert (reply.status, json.loads(reply.body)) == (405, {"Response": answer})
    assert world.get("/control") == before
    assert text(world, "/control?energy_limit=5") == '{"energy_limit":5}'
    world.wallbox.configure({"solar_charging": False})
    assert world.request(f"/control?{query}").status == 200


def test_phases_can_be_set_only_if_the_app_says_so() -> None:
    world = Kick(phase_switching=False)
    reply = world.request("/control?phase_count=1")
    assert (reply.status, json.loads(reply.body)) == (
        405,
        {"Response": "Phase-switch must be enabled within the NRGkick App"},
    )
    assert world.get("/control")["phase_count"] == 3
    assert world.request("/control?phase_count=9").status == 406
    assert world.exception(6, 198, values=(1,)) == 3


def test_a_slow_unit_shows_the_old_value_for_a_moment() -> None:
    world = Kick(control_lag=1.0, current_set=16.0)
    assert text(world, "/control?current_set=8") == '{"current_set":8}'
    assert world.get("/control")["current_set"] == 16
    world.wait(0.5)
    assert text(world, "/control?current_set=9") == '{"current_set":9}'
    assert world.registers(194) == (160,)
    world.wait(1.0)
    assert world.get("/control")["current_set"] == 9


def test_writes_are_recorded_decoded() -> None:
    world = Kick()
    world.request("/control?current_set=10.5&charge_pause=1")
    world.request("/control?current_set=99")
    assert world.writes() == [
        ("control.current_set", 10.5, True),
        ("control.charge_pause", 1, True),
        ("control.current_set", "99", False),
    ]


# --- access ----------------------------------------------------------------------------------------------------------


def basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


@pytest.mark.parametrize("target", ["/info", "/control", "/values?raw", "/control?charge_pause=1"])
def test_an_api_that_is_off_says_so(target: str) -> None:
    world = Bench("nrgkick")
    reply = world.request(target)
    assert (reply.status, reply.body) == (200, b'{"Response":"API must be enabled within the NRGkick App"}')
    world.wallbox.configure({"json_api": True})
    assert "Response" not in world.get(target)


@pytest.mark.parametrize("target", ["/info", "/control", "/values", "/control?charge_pause=1"])
@pytest.mark.parametrize(
    "header",
    ["", basic("admin", "wrong"), basic("", ""), "Basic", "Basic !!!", "Bearer abc", "Basic YWRtaW4", "Digest x"],
)
def test_credentials_are_checked(target: str, header: str) -> None:
    world = Kick(authentication=True, username="admin", password="gehéim:1")
    headers = {"authorization": header} if header else {}
    reply = world.request(target, headers=headers)
    assert (reply.status, reply.body) == (401, b'{"Response":"401 Unauthorized"}')
    assert ("WWW-Authenticate", 'Basic realm="NRGkick"') in reply.headers
    assert world.request(target, headers={"authorization": basic("admin", "gehéim:1")}).status == 200
    assert world.wallbox.settings["charge_pause"] == (1 if "pause" in target else 0)


def test_credentials_nobody_asked_for_are_ignored() -> None:
    assert Kick().request("/info", headers={"authorization": basic("a", "b")}).status == 200


def test_which_apis_are_on_and_the_page() -> None:
    world = Kick(modbus_api=False, authentication=True, username="a", password="b")
    assert text(world, "/api") == '{"json":1,"modbus":0}'
    assert text(Kick(json_api=False), "/api") == '{"json":0,"modbus":1}'
    page = world.request("/")
    assert (page.status, page.content_type) == (200, "text/html")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "HEAD", "OPTIONS"])
def test_only_get(method: str) -> None:
    world = Kick()
    assert world.request("/control?charge_pause=1", method).status == 405
    assert world.get("/control")["charge_pause"] == 0


def test_unknown_paths() -> None:
    for path in ("/Info", "/info/", "/values/energy", "/favicon.ico", "/control/current_set"):
        assert Kick().request(path).status == 404
