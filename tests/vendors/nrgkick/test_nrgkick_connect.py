"""A unit of the first generation, through its Connect: what evcc's driver asks and writes, and what comes of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import ClassVar, cast

import pytest
from bench import CLIENT, Bench

from emulator.core.faults import Overvoltage
from emulator.core.specs import SupplySpec

MAC = "00:00:5E:00:53:01"
Tree = dict[str, dict[str, object]]


class Connect(Bench):
    """One unit of 32 A, its Connect switched on."""

    on: ClassVar[Mapping[str, object]] = {"json_api": True, "mac_address": MAC}

    def __init__(self, model: str = "nrgkick-connect-32", **settings: object) -> None:
        supply = settings.pop("supply", None)
        super().__init__("nrgkick", model, hardware={} if supply is None else {"supply": supply}, settings=settings)

    def values(self) -> Tree:
        return cast("dict[str, Tree]", self.get(f"/api/settings/{MAC}"))["Values"]

    def measured(self) -> dict[str, object]:
        return self.get(f"/api/measurements/{MAC}")

    def put(self, values: Mapping[str, object], mac: str = MAC) -> tuple[int, bytes]:
        reply = self.request(f"/api/settings/{mac}", "PUT", body=json.dumps({"Values": values}))
        return reply.status, reply.body

    @property
    def charging(self) -> object:
        return self.values()["ChargingStatus"]["Charging"]


def test_replies_are_those_of_a_device() -> None:
    world = Connect(device_name="kick")
    reply = world.request(f"/api/measurements/{MAC}")
    assert reply.body.decode() == (
        '{"ChargingCurrentPhase":[0.0,0.0,0.0],"ChargingEnergy":0.0,"ChargingEnergyOverAll":0.0,'
        '"ChargingEnergyPhase":[0.0,0.0,0.0],"ChargingPower":0.0,"ChargingPowerPhase":[0.0,0.0,0.0],"Frequency":50.0,'
        '"TemperatureMainUnit":26.0,"VoltagePhase":[230.0,230.0,230.0],"MacAddress":"00:00:5E:00:53:01","Online":true,'
        '"Timestamp":1767600000}'
    )
    settings = world.request(f"/api/settings/{MAC}")
    assert settings.body.decode() == (
        '{"Info":{"ErrorCodes":["0"],"Connected":false},"Values":{"ChargingStatus":{"Charging":false},'
        '"ChargingEnergy":{"Value":199.98,"Limited":false,"Min":0.5,"Max":200.0},'
        '"ChargingCurrent":{"Value":32.0,"Min":6.0,"Max":32.0},'
        '"Settings":{"Average_kWh_consumption":{"Value":18.0,"Min":0.1,"Max":99.9},'
        '"CostsPer_kWh":{"Value":0.19,"Min":0.01,"Max":2.49},"Efficacy":{"Value":95.0,"Min":10.0,"Max":100.0},'
        '"BLETransmissionPower":{"Value":4,"Min":1,"Max":4}},'
        '"DeviceMetadata":{"Name":"kick","Password":null,"PasswordMatch":true}},"ProductType":"NRGkick",'
        '"HardwareVersion":"1","FirmwareVersion":"1","MacAddress":"00:00:5E:00:53:01","Online":true,'
        '"Timestamp":1767600000}'
    )


def test_a_session_as_evcc_steers_it() -> None:
    world = Connect(connect_password="secret")
    world.charge(phases=2, max_current=16.0)
    assert world.charging is True
    assert world.put({"ChargingStatus": {"Charging": False}, "DeviceMetadata": {"Password": "secret"}}) == (200, b"")
    world.wait(20)
    assert world.charging is False
    wish = {"ChargingStatus": {"Charging": True}, "ChargingCurrent": {"Value": 10}}
    assert world.put(wish | {"DeviceMetadata": {"Password": "secret"}})[0] == 200
    world.wait(3600)
    found = world.measured()
    assert world.charging is True
    assert world.values()["ChargingCurrent"]["Value"] == 10.0
    assert found["ChargingCurrentPhase"] == [9.8, 9.8, 0.0]
    assert found["ChargingPower"] == 4.461  # kW, at a power factor of 0.99
    first, second, third = cast("list[float]", found["ChargingEnergyPhase"])
    assert first == second > 2.2
    assert third == 0.0
    assert first + second == pytest.approx(found["ChargingEnergy"], abs=0.001)


def test_the_second_of_two_hasty_writes_is_lost() -> None:
    world = Connect(charge_pause=1, forgets_pause=False)
    world.plug_in()
    world.wait(10)
    assert world.put({"ChargingStatus": {"Charging": False}, "ChargingCurrent": {"Value": 16}})[0] == 200
    assert world.put({"ChargingStatus": {"Charging": True}})[0] == 200
    world.wait(60)
    assert (world.charging, world.values()["ChargingCurrent"]["Value"]) == (False, 16.0)
    assert world.put({"ChargingStatus": {"Charging": True}})[0] == 200
    world.wait(60)
    assert world.charging is True
    sure = Connect(hasty_writes_lost=False)
    sure.put({"ChargingCurrent": {"Value": 16}})
    sure.put({"ChargingCurrent": {"Value": 12}})
    assert sure.values()["ChargingCurrent"]["Value"] == 12.0


def test_a_pause_is_forgotten_at_plug_in() -> None:
    world = Connect()
    world.put({"ChargingStatus": {"Charging": False}})
    world.charge()
    assert world.charging is True
    kept = Connect(forgets_pause=False, charge_pause=1)
    kept.plug_in()
    kept.wait(60)
    assert kept.charging is False


def test_refusals_change_nothing() -> None:
    world = Connect(connect_password="secret")
    half = {"ChargingCurrent": {"Value": 10}, "ChargingStatus": {"Charging": "yes"}}
    right = {"DeviceMetadata": {"Password": "secret"}}
    for values, status, text in (
        ({"ChargingCurrent": {"Value": 10}}, 403, "Wrong password"),
        (half | right, 400, "true or false is expected"),
        ({"ChargingCurrent": {"Value": "10"}} | right, 400, "a number is expected"),
        ({"ChargingCurrent": {"Value": True}} | right, 400, "a number is expected"),
        ({"ChargingCurrent": {"Value": 40}} | right, 400, "expected a number up to 32"),
        ({"ChargingCurrent": {"Value": 5}} | right, 400, "Invalid current entered, allowed 6.0A - 32.0A"),
    ):
        assert world.put(values) == (status, json.dumps({"Message": text}).encode())
        assert world.values()["ChargingCurrent"]["Value"] == 32.0
    assert world.values()["DeviceMetadata"]["PasswordMatch"] is True
    assert world.put({})[0] == 403
    assert world.values()["DeviceMetadata"]["PasswordMatch"] is False
    for body in ("", "[]", '{"Values": 1}', "[" * 5000):
        assert world.request(f"/api/settings/{MAC}", "PUT", body=body).status == 400
    for depth in (900, 940, 980, 2000, 100_000):  # also what the parser of this Python still takes
        body = '{"Values":' * depth + "1" + "}" * depth
        assert world.request(f"/api/settings/{MAC}", "PUT", body=body).status in (400, 403)
    assert world.put({}, mac="00:00:5E:00:53:02")[0] == 404
    assert world.request("/api/settings/00:00:5E:00:53:02").status == 404
    assert world.request(f"/api/settings/{MAC}", "POST").status == 405
    assert world.request("/api/other").status == 404
    assert Connect(json_api=False).request(f"/api/settings/{MAC}").status == 404


def test_the_energy_limit() -> None:
    world = Connect()
    world.charge()
    world.put({"ChargingEnergy": {"Value": 2.0, "Limited": True}})
    assert world.values()["ChargingEnergy"] == {"Value": 2.0, "Limited": True, "Min": 0.5, "Max": 200.0}
    world.wait(3600)
    assert world.charging is False
    assert cast("float", world.measured()["ChargingEnergy"]) < 2.1
    world.put({"ChargingEnergy": {"Limited": False}})
    world.wait(60)
    assert world.charging is True


def test_out_of_reach_the_last_values_stay() -> None:
    world = Connect()
    world.charge()
    before = world.measured()
    world.wallbox.configure({"connect_online": False})
    world.wait(600)
    assert world.measured() == before | {"Online": False}
    assert world.put({"ChargingStatus": {"Charging": False}})[0] == 503
    world.wallbox.configure({"connect_online": True})
    assert cast("float", world.measured()["ChargingEnergy"]) > cast("float", before["ChargingEnergy"])


def test_open_phases_show_induced_voltages() -> None:
    world = Connect(model="nrgkick-connect-16", attachment="cee_16_1p", supply=SupplySpec(phases=1, voltage=240.5))
    assert world.measured()["VoltagePhase"] == [240.5, 124.8, 59.4]
    assert world.values()["ChargingCurrent"]["Max"] == 16.0


def test_a_fault_has_its_code() -> None:
    world = Connect()
    world.charge()
    world.begin("high", Overvoltage())
    world.wait(20)
    info = cast("Tree", world.get(f"/api/settings/{MAC}"))["Info"]
    assert info == {"ErrorCodes": ["66"], "Connected": True}


def test_scenarios_name_members_by_their_places() -> None:
    world = Connect()
    assert world.wallbox.read("measurements.VoltagePhase.2") == 230.0
    done = world.wallbox.write("settings.Values.ChargingCurrent.Value", 12, CLIENT)
    assert done.ok
    assert world.wallbox.read("settings.Values.ChargingCurrent.Value") == 12.0
    assert not world.wallbox.write("settings.Values.ChargingCurrent.Max", 12, CLIENT).ok
    assert not world.wallbox.write("settings.Values.Nothing", 12, CLIENT).ok
