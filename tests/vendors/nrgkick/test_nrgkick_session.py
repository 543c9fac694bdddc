"""What the controls do to a charge, and what is counted; all of it seen through both interfaces."""

from __future__ import annotations

import pytest
from kick import SIM, STATES, Kick

from emulator.core.faults import ControllerLinkLost
from emulator.core.instant import SECOND
from emulator.core.messages import PowerCut, PowerUp, SetVehicle, Unplug
from emulator.core.specs import SupplySpec
from emulator.devices.interfaces import MdnsInterface, MdnsService
from emulator.errors import EmulatorError
from emulator.vendors.nrgkick import enums


def general(world: Kick) -> dict[str, object]:
    found = world.get("/values?general")["general"]
    assert isinstance(found, dict)
    return found


@pytest.mark.parametrize(
    ("state", "status", "permitted", "relays"),
    [
        ("standby", "STANDBY", 0, "NO_RELAY"),
        ("paused", "CONNECTED", 0, "NO_RELAY"),
        ("charging", "CHARGING", 1, "N, L1, L2, L3"),
        ("domestic", "CHARGING", 1, "N, L1"),
        ("switching", "CONNECTED", 0, "NO_RELAY"),
        ("energy_limit", "CONNECTED", 0, "NO_RELAY"),
        ("wake_up", "WAKEUP", 1, "NO_RELAY"),
        ("after_outage", "CONNECTED", 0, "NO_RELAY"),
        ("unplugged_again", "STANDBY", 0, "NO_RELAY"),
    ],
)
def test_states(state: str, status: str, permitted: int, relays: str) -> None:
    world = STATES[state]()
    found = general(world)
    assert (found["status"], found["charge_permitted"], found["relay_state"]) == (status, permitted, relays)
    assert world.registers(251, 3) == (
        next(n for n, name in enums.STATUS.items() if name == status),
        permitted,
        next(n for n, name in enums.RELAY_STATE.items() if name == relays),
    )


def test_booting_controller_is_unknown() -> None:
    world = Kick()
    world.apply(PowerCut())
    world.wait(10)
    world.apply(PowerUp())
    world.wait(1)
    assert world.codes()[0] == 0
    world.wait(14.1)
    assert world.wallbox.up, "clients can see it"
    assert world.codes()[0] == 0
    world.wait(5)
    assert world.codes()[0] == 1


def test_a_phase_switch_begins_with_current() -> None:
    """Until the vehicle has let go, the status is CHARGING, and that time counts."""
    world = Kick()
    world.charge()
    before = world.wallbox.read("values.general.vehicle_charging_time")
    world.get("/control?phase_count=1")
    world.wait(0.01)
    assert world.now.phase_switching
    assert world.now.current_flows
    assert world.registers(251, 3) == (3, 0, 15)
    world.wait(3)
    assert world.registers(251, 3) == (2, 0, 0)
    world.wait(600)
    assert general(world)["status"] == "CHARGING"
    now = world.wallbox.read("values.general.vehicle_charging_time")
    assert isinstance(now, int)
    assert isinstance(before, int)
    assert 570 < now - before < 603, "not while it switched"


def test_nothing_is_said_of_the_charge_while_the_controller_is_silent() -> None:
    world = Kick(current_set=16.0)
    world.charge(max_current=10.0)
    world.get("/control?current_set=10")
    world.begin("link", ControllerLinkLost())
    world.wait(5)
    assert world.registers(251, 3) == (0, 0, 0)
    assert world.now.contactor, "it goes on all the same"
    world.end("link")
    world.wait(5)
    assert world.registers(251, 3) == (3, 1, 15)


def test_pause_and_resume() -> None:
    world = Kick()
    world.charge()
    assert world.get("/control?charge_pause=1") == {"charge_pause": 1}
    assert general(world)["charge_permitted"] == 0
    assert general(world)["status"] == "CHARGING"  # the vehicle has not let go yet
    world.wait(10)
    assert world.now.power == 0
    assert general(world)["status"] == "CONNECTED"
    assert world.now.permissions["nrgkick.charge_pause"] is False
    world.unplug()
    world.wait(5)
    world.plug_in(max_current=32.0)
    world.wait(60)
    assert world.now.power == 0
    assert world.registers(195) == (1,)
    assert world.exception(6, 195, values=(0,)) is None
    world.wait(5)
    assert general(world)["charge_permitted"] == 1
    world.wait(25)
    assert general(world)["status"] == "CHARGING"


def test_a_unit_that_forgets_its_pause_at_plug_in() -> None:
    world = Kick(charge_pause=1, forgets_pause=True)
    assert world.get("/control")["charge_pause"] == 1
    world.charge()
    assert world.get("/control")["charge_pause"] == 0
    assert world.now.power > 0


def test_current_follows_from_either_interface() -> None:
    world = Kick()
    world.charge()
    for amperes in (16.5, 6.0, 31.9):
        assert world.exception(6, 194, values=(round(amperes * 10),)) is None
        assert world.now.offered_current == amperes
        assert world.get("/values?powerflow")["powerflow"]["charging_current"] == amperes  # type: ignore[index]
        world.wait(30)
        assert world.now.phase_current[0] == pytest.approx(amperes, abs=0.6)
        assert world.now.limits["nrgkick.current_set"] == amperes


def test_signalled_current_while_idle() -> None:
    assert Kick(current_set=13.0).registers(206) == (130,)
    assert Kick(attachment="domestic").registers(206) == (100,)


def test_energy_limit_stops_and_a_higher_one_goes_on() -> None:
    world = Kick()
    world.charge()
    assert world.get("/control?energy_limit=1000") == {"energy_limit": 1000}
    world.wait(600)
    assert 1000 <= world.now.session_energy < 1060
    assert world.codes() == (2, 0, 3, 0)
    assert world.wallbox.read("values.energy.charged_energy") == int(world.now.session_energy)
    assert world.exception(16, 196, values=(2000, 0)) is None
    assert world.codes()[2] == 0
    world.wait(600)
    assert 2000 <= world.now.session_energy < 2060
    assert world.get("/control?energy_limit=0") == {"energy_limit": 0}
    world.wait(40)
    assert world.codes() == (3, 0, 0, 0)


def test_energy_limit_below_what_is_charged_stops_at_once() -> None:
    world = Kick()
    world.charge()
    world.wait(600)
    world.request("/control?energy_limit=10")
    assert general(world)["warning_code"] == "ENERGY_LIMIT_REACHED"
    world.wait(10)
    assert world.now.power == 0
    world.unplug()
    world.wait(5)
    assert world.codes() == (1, 0, 0, 0)
    world.charge()
    assert world.get("/control")["energy_limit"] == 10
    assert world.codes()[2] == 3  # 10 Wh are soon charged again


@pytest.mark.parametrize(("phases", "relays"), [(1, "N, L1"), (2, "N, L1, L2")])
def test_phase_switch_under_load(phases: int, relays: str) -> None:
    world = Kick()
    world.charge()
    assert world.get(f"/control?phase_count={phases}") == {"phase_count": phases}
    seen = []
    for _ in range(45):
        world.wait(1)
        seen.append(world.get("/control")["phase_count"])
    assert seen[0] == 0
    assert seen[-1] == phases
    assert 5 <= seen.count(0) < 30
    assert general(world)["relay_state"] == relays
    assert [current > 1 for current in world.now.phase_current] == [n < phases for n in range(3)]
    assert world.exception(6, 198, values=(3,)) is None
    assert world.registers(198) == (0,)
    world.wait(45)
    assert world.registers(198) == (3,)
    assert general(world)["relay_state"] == "N, L1, L2, L3"


def test_phase_switch_without_the_zero() -> None:
    world = Kick(phase_zero=False)
    world.charge()
    world.request("/control?phase_count=1")
    world.wait(3)
    assert world.now.phase_switching
    assert world.get("/control")["phase_count"] == 1


def test_phase_switch_while_idle_is_immediate() -> None:
    world = Kick()
    world.request("/control?phase_count=1")
    assert world.get("/control")["phase_count"] == 1
    assert world.now.phases == 1


def test_attachment_decides_phases_and_current() -> None:
    world = Kick(attachment="cee_16_1p")
    info = world.get("/info?raw&connector&grid")
    assert info["connector"] == {"phase_count": 1, "max_current": 16, "type": 1, "serial": "A1234567"}
    assert info["grid"] == {"voltage": 230, "frequency": 50, "phases": 1}
    world.charge()
    assert world.now.offered_current == 16
    flow = world.get("/values?powerflow")["powerflow"]
    assert isinstance(flow, dict)
    assert flow["l2"] == {
        "voltage": 0,
        "current": 0,
        "active_power": 0,
        "reactive_power": 0,
        "apparent_power": 0,
        "power_factor": 0,
    }
    assert flow["charging_voltage"] == flow["l1"]["voltage"]
    assert flow["n"]["current"] == flow["l1"]["current"]
    world.request("/control?phase_count=3")
    world.wait(30)
    assert general(world)["relay_state"] == "N, L1"


def test_grid_phases_follow_the_supply() -> None:
    world = Kick(hardware={"supply": SupplySpec(phases=1)})
    assert world.get("/info?grid")["grid"]["phases"] == "L1"  # type: ignore[index]
    induced = Kick(hardware={"supply": SupplySpec(phases=1, voltage=240.5)}, induced_voltages=True)
    flow = induced.get("/values?powerflow")["powerflow"]
    assert [flow[line]["voltage"] for line in ("l1", "l2", "l3")] == [240.5, 124.82, 59.4]  # type: ignore[index]
    assert flow["charging_voltage"] == 240.5  # type: ignore[index]


def test_no_attachment() -> None:
    world = Kick(attachment="none")
    assert world.get("/info?connector") == {
        "connector": {"phase_count": 0, "max_current": 0, "type": "UNKNOWN", "serial": ""}
    }


@pytest.mark.parametrize(
    ("watts", "phases", "amperes"), [(1000.0, 1, 0.0), (2300.0, 1, 10.0), (4139.0, 1, 18.0), (6900.0, 3, 10.0)]
)
def test_solar_charging_divides_the_surplus(watts: float, phases: int, amperes: float) -> None:
    world = Kick(solar_charging=True, solar_surplus=watts)
    world.plug_in(max_current=32.0)
    world.wait(60)
    assert world.now.offered_current == pytest.approx(amperes, abs=0.01)
    assert world.now.phases == phases
    world.wallbox.configure({"solar_surplus": 13_800.0})
    world.wait(60)
    assert world.now.phases == 3
    assert world.now.offered_current == pytest.approx(20.0)


def test_a_schedule_of_times_of_day() -> None:
    """It is 8:00; a window over midnight counts as well."""
    world = Kick(schedule=["22:00-06:00", "09:00-10:30"])
    world.plug_in(capacity=200_000.0, state_of_charge=0.1)
    world.wait(60)
    assert (world.general("status"), world.now.power) == ("CONNECTED", 0)
    seen = []
    for _ in range(18):
        world.wait(3600)
        seen.append(world.now.contactor)
    assert [8 + 1 + hour for hour, on in enumerate(seen) if on] == [9, 10, 22, 23, 24, 25, 26]
    with pytest.raises(EmulatorError, match="times of day"):
        Kick(schedule=["25:00-26:00"])


def test_the_sun_and_the_schedule_hold_back() -> None:
    world = Kick(solar_charging=True, solar_current=0.0)
    world.charge()
    assert world.codes() == (2, 0, 0, 0)
    world.wallbox.configure({"solar_current": 8.0})
    world.wait(30)
    assert world.now.offered_current == 8
    world.wallbox.configure({"solar_charging": False, "schedule_waiting": True})
    world.wait(30)
    assert world.codes() == (2, 0, 0, 0)
    assert general(world)["charge_permitted"] == 0
    world.wallbox.configure({"schedule_waiting": False})
    world.wait(30)
    assert world.now.offered_current == 32


def test_counters_of_a_session() -> None:
    world = Kick(charge_count=0xFFFE)
    world.plug_in(max_current=32.0)
    world.wait(100)
    charging = general(world)["vehicle_charging_time"]
    assert isinstance(charging, int)
    assert 90 < charging < 100
    assert general(world)["vehicle_connect_time"] == 99
    assert general(world)["charge_count"] == 0xFFFF
    world.request("/control?charge_pause=1")
    world.wait(100)
    world.unplug()
    world.wait(100)
    found = general(world)
    assert found["vehicle_connect_time"] == 199
    assert charging <= found["vehicle_charging_time"] <= charging + 7  # type: ignore[operator]
    energy = world.wallbox.read("values.energy.charged_energy")
    assert energy == int(world.now.session_energy) > 0
    world.plug_in()
    world.wait(1)
    found = general(world)
    assert (found["vehicle_connect_time"], found["vehicle_charging_time"], found["charge_count"]) == (0, 0, 0)
    assert world.wallbox.read("values.energy.charged_energy") == 0
    assert world.wallbox.read("values.energy.total_charged_energy") == energy


def test_peak_power_is_the_highest_of_the_session() -> None:
    world = Kick()
    world.charge()
    peak = world.now.power
    world.request("/control?current_set=8")
    world.wait(60)
    assert world.wallbox.read("values.powerflow.peak_power") == pytest.approx(peak, abs=0.001)
    world.unplug()
    world.wait(60)
    assert world.wallbox.read("values.powerflow.peak_power") == pytest.approx(peak, abs=0.001)
    world.plug_in(max_current=32.0)
    world.wait(60)
    lower = world.wallbox.read("values.powerflow.peak_power")
    assert lower == pytest.approx(world.now.power, abs=0.001)
    assert 0 < lower < peak / 2  # type: ignore[operator]
    world.apply(SetVehicle(changes={"max_current": 7.0}))
    world.wait(30)
    assert world.wallbox.read("values.powerflow.peak_power") == lower


def test_peak_power_does_not_depend_on_who_reads() -> None:
    watched, alone = Kick(), Kick()
    for world, pause in ((watched, 0.7), (alone, 60.0)):
        world.plug_in(max_current=32.0)
        while world.simulation.at < 42 * SECOND:
            world.wait(min(pause, 42 - world.simulation.at / SECOND))
            if world is watched:
                world.get("/values")
        world.request("/control?current_set=6")
        world.wait(60)
    assert watched.read("values.powerflow.peak_power") == alone.read("values.powerflow.peak_power")


def test_charging_rate_follows_the_consumption() -> None:
    world = Kick(average_consumption=20.0)
    world.charge()
    assert world.wallbox.read("values.general.charging_rate") == pytest.approx(world.now.power / 200, abs=0.01)


def test_a_charge_settles_without_further_events() -> None:
    """No ticks: an hour of charging is a handful of entries on the agenda."""
    world = Kick()
    world.plug_in(max_current=16.0, capacity=500_000.0)
    world.wait(120)
    before = world.simulation.agenda.fired
    world.wait(3600)
    assert world.simulation.agenda.fired - before < 5


def test_a_reboot_leaves_the_charge_alone() -> None:
    world = Kick(current_set=16.0)
    world.charge()
    world.wallbox.reboot()
    assert not world.wallbox.up
    assert world.now.power > 0
    world.wait(60)
    assert world.wallbox.up
    assert general(world)["status"] == "CHARGING"
    assert world.get("/control")["current_set"] == 16
    assert general(world)["vehicle_connect_time"] == 99


def test_settings_and_counters_survive_an_outage() -> None:
    """The vehicle stays plugged in, so it is not counted again: one count for a plug-in."""
    world = Kick(current_set=16.0, energy_limit=50_000, phase_count=1)
    world.charge()
    before = world.now.total_energy
    world.apply(PowerCut())
    world.wait(3600)
    world.apply(PowerUp())
    world.wait(120)
    assert world.get("/control") == {"current_set": 16, "charge_pause": 0, "energy_limit": 50_000, "phase_count": 1}
    assert world.now.total_energy >= int(before)
    assert general(world)["status"] == "CHARGING"
    assert general(world)["charge_count"] == 1
    world.apply(PowerCut())
    world.apply(Unplug())
    world.wait(3600)
    world.apply(PowerUp())
    world.wait(60)
    world.charge()
    assert general(world)["charge_count"] == 2


def test_a_new_firmware() -> None:
    world = Kick(firmware="4.0.0.0")
    assert "max_current:" in world.get("/info")["connector"]  # type: ignore[operator]
    world.wallbox.set_firmware("4.0.0.33")
    world.wait(60)
    assert "max_current" in world.get("/info")["connector"]  # type: ignore[operator]
    assert world.get("/info?versions")["versions"]["sw_sm"] == "4.0.0.33"  # type: ignore[index]


# --- mDNS ------------------------------------------------------------------------------------------------------------


def service(world: Kick) -> MdnsService:
    interface = world.wallbox.interfaces["mdns"]
    assert isinstance(interface, MdnsInterface)
    (found,) = interface.services()
    return found


def test_announcement() -> None:
    found = service(Kick(SIM, device_name="Garage", json_api=False))
    assert (found.type, found.instance, found.host, found.interface) == ("_nrgkick._tcp", "Garage", "nrgkick", "http")
    assert dict(found.txt) == {
        "serial_number": "T2332500000000000S1D2",
        "model_type": "NRGkick Gen2 SIM",
        "device_name": "Garage",
        "json_api_enabled": "0",
        "json_api_version": "v1",
        "modbus_api_enabled": "1",
        "modbus_api_version": "v1",
    }
    assert dict(service(Kick(json_api=False, mdns_stale=True)).txt)["json_api_enabled"] == "1"
    assert "serial_number" not in dict(service(Kick(mdns_without_serial=True)).txt)
