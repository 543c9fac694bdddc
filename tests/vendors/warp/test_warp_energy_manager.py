"""A WARP2 behind an Energy Manager: two boxes on one charger, and who does what."""

from __future__ import annotations

import asyncio
import json
import urllib.request
from pathlib import Path
from typing import Any

import aiomqtt
import pytest

from emulator.testing.fixture import EmulatorFixture

SCENARIO = Path(__file__).parents[3] / "scenarios" / "warp_energy_manager.yaml"
MANAGER, CHARGER = "garage.manager", "garage.warp"
READY, DISABLED, UNAVAILABLE, SWITCHING = range(4)


class Pair:
    """The two boxes of the scenario, without its timeline."""

    def __init__(self, emulator: EmulatorFixture, directory: Path, **changes: object) -> None:
        import yaml

        document = yaml.safe_load(SCENARIO.read_text())
        del document["steps"], document["end"]
        manager = document["chargers"]["garage"]["wallboxes"]["manager"]
        manager["mqtt"], settings = True, manager["settings"]
        settings.update({name.replace("__", "/"): value for name, value in changes.items()})
        file = directory / "pair.yaml"
        file.write_text(yaml.safe_dump(document))
        self.emulator = emulator.load(file)
        self.manager, self.charger = emulator.wallbox(MANAGER), emulator.wallbox(CHARGER)

    def get(self, path: str, box: str = MANAGER) -> Any:
        with urllib.request.urlopen(f"{self.emulator.wallbox(box).http_url}/{path}", timeout=60) as reply:
            return json.load(reply)

    def post(self, path: str, value: object, box: str = MANAGER) -> int:
        url = f"{self.emulator.wallbox(box).http_url}/{path}"
        request = urllib.request.Request(url, json.dumps(value).encode(), {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=60) as reply:
            return int(reply.status)

    @property
    def external(self) -> int:
        found = self.get("power_manager/state")["external_control"]
        assert isinstance(found, int)
        return found

    def log(self) -> str:
        with urllib.request.urlopen(f"{self.manager.http_url}/event_log", timeout=60) as reply:
            return str(reply.read().decode())


@pytest.fixture
def pair(emulator: EmulatorFixture, tmp_path: Path) -> Pair:
    found = Pair(emulator, tmp_path)
    emulator.advance("2 s")
    return found


def test_evccs_way_through_a_session(pair: Pair) -> None:
    """Requests and conditions as in evcc's charger/warp-ws.go with `energyManagerUri`."""
    emulator = pair.emulator
    assert pair.get("info/name", CHARGER)["type"] == "warp2"
    assert "phase_switch" not in pair.get("info/features", CHARGER)
    assert pair.external == READY
    emulator.plug_in(vehicle="vw_id3")
    pair.post("evse/external_current", {"current": 16000}, CHARGER)
    emulator.advance("1 min")
    emulator.expect({"garage.power": "3.6 kW ± 5 %", "garage.phase_voltage.L2": "0 V"})

    assert pair.post("power_manager/external_control", {"phases_wanted": 3}) == 200
    assert pair.external == SWITCHING
    emulator.advance(until={f"{MANAGER}.power_manager/state.external_control": READY}, within="20 s")
    emulator.advance("1 min")
    assert pair.get("power_manager/low_level_state")["is_3phase"] is True
    emulator.expect({"garage.power": "11 kW ± 5 %", "garage.phases": 3})

    pair.post("power_manager/external_control", {"phases_wanted": 1})
    emulator.advance("1 min")
    emulator.expect({"garage.power": "3.6 kW ± 5 %"})
    assert pair.get("meter/all_values", CHARGER)[4] == 0


async def test_a_session_over_mqtt(pair: Pair) -> None:
    """Topics as in evcc's charger/warp2.go with `energymanager`."""
    host, port = pair.emulator.broker
    async with aiomqtt.Client(host, port) as client, asyncio.timeout(60):
        await client.subscribe("wem/2EmQ/power_manager/state")
        await client.publish("wem/2EmQ/power_manager/external_control_update", '{"phases_wanted": 3}')
        while await asyncio.to_thread(pair.manager.read, "power_manager/external_control.phases_wanted") != 3:
            pass
        await asyncio.to_thread(pair.emulator.advance, "10 s")
        states: list[int] = []
        while states[-2:] != [SWITCHING, READY]:
            message = await anext(client.messages)
            states.append(json.loads(bytes(message.payload))["external_control"])
    assert pair.get("power_manager/low_level_state")["is_3phase"] is True


def test_the_vehicle_never_feels_the_contactor(pair: Pair) -> None:
    emulator = pair.emulator
    emulator.plug_in(vehicle="vw_id3")
    emulator.advance("1 min")
    pair.post("power_manager/external_control", {"phases_wanted": 3})
    emulator.advance("1 min")
    happened = [
        entry["name"] for entry in emulator.journal(charger="garage", kind="event") if float(str(entry["at"])) > 62
    ]
    order = ("contactor_opened", "pilot_interrupted", "supply_changed", "pilot_restored", "contactor_closed")
    assert [name for name in happened if name in order] == list(order)
    states = [line.rsplit(" ", 2)[-1] for line in pair.log().splitlines() if "Now in state" in line]
    assert states == ["1", "2", "3", "4", "5", "6", "7", "0"]


def test_without_a_vehicle_it_toggles_freely(pair: Pair) -> None:
    pair.post("power_manager/external_control", {"phases_wanted": 3})
    pair.emulator.advance("5 s")
    assert pair.external == READY
    assert "Free toggle without CP disconnect" in pair.log()
    assert pair.emulator.journal(charger="garage", kind="event")[-1]["name"] == "supply_changed"


def test_what_it_says_of_itself(pair: Pair) -> None:
    assert pair.get("info/name") == {
        "name": "wem-2EmQ",
        "type": "wem",
        "display_type": "WARP Energy Manager",
        "uid": "2EmQ",
    }
    assert pair.get("info/version")["config_type"] == "wem"
    assert pair.get("info/features") == ["energy_manager", "ethernet", "firmware_update", "rtc", "phase_switch"]
    assert pair.get("energy_manager/state") == {
        "error_flags": 0,
        "config_error_flags": 0,
        "em_version": 1,
        "phases_switched": 1,
        "input3_state": False,
        "input4_state": False,
        "relay_state": False,
    }
    assert pair.get("power_manager/state") == {"config_error_flags": 0, "external_control": 0}
    assert pair.get("power_manager/config")["enabled"] is True
    assert pair.manager.mqtt_prefix == "wem/2EmQ"


@pytest.mark.parametrize("path", ["evse/state", "nfc/seen_tags", "charge_limits/state", "ocpp/state", "ev/state"])
def test_what_only_chargers_have(pair: Pair, path: str) -> None:
    with pytest.raises(urllib.error.HTTPError, match="404"):
        pair.get(path)


def test_every_document_can_be_read(pair: Pair) -> None:
    names = {name.partition(".")[0] for name in pair.emulator.call(lambda: list(_box(pair).addresses()))}
    for name in names:
        pair.get(name)
    assert {"energy_manager/low_level_state", "em_phase_switcher/charger_config", "charge_manager/state"} <= names
    for path in ("event_log", "debug_report", "trace_log"):
        with urllib.request.urlopen(f"{pair.manager.http_url}/{path}", timeout=60) as reply:
            assert reply.status == 200


def _box(pair: Pair) -> Any:
    return pair.emulator.running.site.wallboxes[MANAGER]


def test_the_same_wish_again_is_only_logged(pair: Pair) -> None:
    pair.post("power_manager/external_control", {"phases_wanted": 1})
    assert "Ignoring external control phase change request: Value is already 1." in pair.log()
    with pytest.raises(urllib.error.HTTPError, match="400"):
        pair.post("power_manager/external_control", {"phases_wanted": 2})


def test_a_contactor_that_does_not_follow(pair: Pair) -> None:
    pair.emulator.set(wallbox=MANAGER, settings={"em_contactor_stuck": True})
    pair.emulator.advance("2 s")
    assert pair.external == UNAVAILABLE
    assert pair.get("energy_manager/state")["error_flags"] == 1 << 16
    assert "Contactor check tripped. Check contactor." in pair.log()
    assert pair.post("power_manager/external_control", {"phases_wanted": 3}) == 200
    pair.emulator.advance("5 s")
    assert pair.get("energy_manager/state")["phases_switched"] == 1


@pytest.mark.parametrize(
    ("changes", "external", "flags"),
    [
        ({"power_manager__config": {"phase_switching_mode": 1}}, DISABLED, 0),
        ({"energy_manager__config": {"contactor_installed": False}}, UNAVAILABLE, 1),
        ({"charge_manager__config": {"enable_charge_manager": False}}, UNAVAILABLE, 6),
    ],
)
def test_an_incomplete_setup(
    emulator: EmulatorFixture, tmp_path: Path, changes: dict[str, object], external: int, flags: int
) -> None:
    pair = Pair(emulator, tmp_path, **changes)
    emulator.advance("2 s")
    assert pair.get("power_manager/state") == {"config_error_flags": flags, "external_control": external}


def test_a_charger_without_a_manager_stops(pair: Pair) -> None:
    emulator = pair.emulator
    emulator.plug_in(vehicle="vw_id3")
    emulator.advance("1 min")
    emulator.step("reboot", wallbox=MANAGER, **{"for": "2 min"})
    emulator.advance("20 s")
    emulator.expect({"garage.contactor": "closed"})
    emulator.advance("30 s")
    emulator.expect({"garage.contactor": "open", f"{CHARGER}.evse/slots.7.max_current": 0})
    emulator.advance("3 min")
    emulator.expect({"garage.contactor": "closed"})


def test_after_a_power_cut_one_phase_is_left(pair: Pair) -> None:
    emulator = pair.emulator
    pair.post("power_manager/external_control", {"phases_wanted": 3})
    emulator.advance("10 s")
    emulator.expect({f"{MANAGER}.energy_manager/state.phases_switched": 3})
    emulator.power_cut()
    emulator.advance("10 s")
    emulator.power_up()
    emulator.advance("1 min")
    assert pair.get("energy_manager/state")["phases_switched"] == 1
    assert pair.get("power_manager/external_control") == {"phases_wanted": 1}
    emulator.expect({"garage.phase_voltage.L2": "0 V"})


def test_its_own_meter_is_none_yet(pair: Pair) -> None:
    kind, config = pair.get("meters/0/config")
    assert (kind, config["display_name"]) == (3, "WARP Energy Manager")
    assert pair.get("meters/0/values") == []
    assert pair.get("meters/1/config") == [0, None]
