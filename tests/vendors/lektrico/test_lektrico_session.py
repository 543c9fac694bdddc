"""Sessions: who starts and ends them, what limits them, what is counted, and what a fault does to them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from bench import CLIENT, Bench
from lektrico_world import LektricoWorld

from emulator.core import faults
from emulator.core.messages import PowerCut, PowerUp, SetLimit
from emulator.devices.interfaces import MdnsInterface
from emulator.vendors.lektrico.readings import REASONS
from emulator.vendors.lektrico.refusals import Refusal

# --- a whole session -------------------------------------------------------------------------------------------------


def test_a_session_from_plug_to_unplug() -> None:
    world = LektricoWorld()
    assert world.states == ("A", "A", False)
    world.plug_in(max_current=16.0)
    world.wait(0.5)
    assert world.states == ("B", "B", False)
    assert (world.info("session_id"), world.info("session_energy"), world.info("charging_time")) == (1, 0, 0)
    world.wait(3600)
    info = world.rpc("charger_info.get")
    assert info["charger_state"] == "C"
    assert info["instant_power"] == pytest.approx(10_800, rel=0.03)
    assert info["session_energy"] == pytest.approx(10_800, rel=0.04)
    assert info["energy_index"] == info["session_energy"]
    assert info["charging_time"] == 3600
    assert info["total_charged_energy"] == pytest.approx(info["session_energy"] / 1000, abs=0.001)
    assert info["pwm_current"] == 32
    assert info["current_limit_reason"] == 0
    counters = world.rpc("counters_config.get")
    assert counters["total_charged_sessions"] == counters["last_session_energy"] == 0
    world.unplug()
    world.wait(2)
    assert world.states == ("A", "A", False)
    assert world.info("session_energy") == pytest.approx(info["session_energy"], abs=20)
    assert world.info("charging_time") == 3600
    counters = world.rpc("counters_config.get")
    assert counters == {
        "total_charged_time": 59,
        "total_charged_sessions": 1,
        "total_charged_energy": 10,
        "reset_counter": 0,
        "last_session_energy": int(world.info("session_energy")),
    }
    world.plug_in()
    world.wait(0.4)
    assert (world.info("session_id"), world.info("session_energy")) == (2, 0)


def test_the_time_of_a_session_counts_pauses() -> None:
    """As captured: 49947 s, 3514 Wh, 1179 W in state C."""
    world = LektricoWorld()
    world.plug_in(max_current=16.0)
    world.wait(600)
    assert world.rpc("charge.pause") is not None
    world.wait(600)
    assert world.states[0] == "B"
    assert world.info("charging_time") == 1199
    world.unplug()
    world.wait(100)
    assert world.info("charging_time") == 1199
    world.plug_in()
    world.wait(2)
    assert world.info("charging_time") == 1


def test_a_session_without_energy_is_not_counted() -> None:
    world = LektricoWorld(headless=False)
    world.plug_in()
    world.wait(10)
    world.unplug()
    world.wait(1)
    assert world.rpc("counters_config.get")["total_charged_sessions"] == 0


def test_measured_once_a_second() -> None:
    world = LektricoWorld()
    world.charge()
    world.wait(0.2)
    before = world.info("session_energy")
    world.wait(0.7)
    assert world.info("session_energy") == before
    world.wait(0.2)
    assert world.info("session_energy") > before


# --- authorisation ---------------------------------------------------------------------------------------------------


def test_without_headless_somebody_has_to_start() -> None:
    world = LektricoWorld(headless=False)
    world.plug_in()
    world.wait(60)
    assert world.states == ("B", "B_AUTH", False)
    assert not world.now.contactor
    assert world.code("charge.start", tag="me") == 0
    world.wait(30)
    assert world.info() == "C"
    world.unplug()
    world.wait(1)
    world.plug_in()
    world.wait(60)
    assert world.info() == "B_AUTH"


def test_becoming_headless_starts_at_once_and_the_other_way_ends_nothing() -> None:
    world = LektricoWorld(headless=False)
    world.plug_in()
    world.wait(10)
    assert world.config("headless", True) == 0
    world.wait(30)
    assert world.info() == "C"
    assert world.config("headless", False) == 0
    world.wait(30)
    assert world.info() == "C"


def test_a_card_starts_and_ends() -> None:
    world = LektricoWorld(headless=False, rfid_tags=["04A1"])
    world.plug_in()
    world.wait(5)
    card = world.wallbox.present_card
    assert card("ffff").detail == {"card": "unknown card"}
    assert world.info() == "B_AUTH"
    assert card("04a1").detail == {"card": "authorised"}
    world.wait(30)
    assert world.info() == "C"
    assert card("04A1").detail == {"card": "stopped"}
    world.wait(10)
    assert world.info() == "B_AUTH"
    world.unplug()
    world.wait(1)
    assert card("04a1").detail == {"card": "refused"}
    world.wallbox.configure({"headless": True})
    world.plug_in()
    world.wait(1)
    assert card("04a1").detail == {"card": "no authorisation needed"}
    world.wallbox.reboot()
    assert card("04a1").detail == {"ignored": "no power"}


def test_stop_needs_a_start_even_when_headless() -> None:
    world = LektricoWorld()
    world.charge()
    assert world.code("charge.stop", tag="ignored") == 0
    assert world.states == ("C", "C", False)  # the car needs a moment
    world.wait(8)
    assert world.states == ("B", "B_AUTH", False)
    assert world.info("headless") is True
    assert world.info("session_energy") > 0
    world.rpc("dynamic_current.set", dynamic_current=20)
    world.wait(60)
    assert world.info() == "B_AUTH"
    assert world.code("charge.stop") == 0
    assert world.code("charge.start") == 0
    world.wait(30)
    assert world.info() == "C"
    world.rpc("charge.stop")
    world.unplug()
    world.wait(1)
    world.charge()


# --- pause -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pause", "resume"),
    [
        (("charge.pause", {}), ("charge.resume", {})),
        (("charge.pause", {}), ("charge.start", {})),
        (("dynamic_current.set", {"dynamic_current": 0}), ("dynamic_current.set", {"dynamic_current": 16})),
        (("em_current.set", {"EM_current": 0}), ("em_current.set", {"EM_current": 16})),
    ],
)
def test_a_pause_and_its_end(pause: tuple[str, dict[str, Any]], resume: tuple[str, dict[str, Any]]) -> None:
    world = LektricoWorld()
    world.charge()
    assert world.code(pause[0], **pause[1]) == 0
    world.wait(6)
    assert world.states == ("B", "B_PAUSE", True)
    assert not world.now.contactor
    world.wait(600)
    assert world.info("instant_power") == 0
    assert world.code(resume[0], **resume[1]) == 0
    assert world.states == ("B", "B", False)
    world.wait(40)
    assert world.states == ("C", "C", False)


def test_resume_does_not_undo_a_current_of_zero() -> None:
    world = LektricoWorld()
    world.charge()
    world.rpc("dynamic_current.set", dynamic_current=0)
    world.rpc("charge.pause")
    world.rpc("charge.resume")
    world.wait(60)
    assert world.info() == "B_PAUSE"


def test_a_pause_ends_with_the_session() -> None:
    world = LektricoWorld()
    world.charge()
    world.rpc("charge.pause")
    world.unplug()
    world.wait(1)
    world.charge()


# --- the lock --------------------------------------------------------------------------------------------------------


def test_a_locked_charger_starts_nothing() -> None:
    world = LektricoWorld(charger_locked=True, headless=False)
    assert world.states == ("A", "LOCKED", False)
    world.wallbox.configure({"locked_shown_when_free": False})
    assert world.states == ("A", "A", False)
    world.plug_in()
    world.wait(60)
    assert world.states == ("B", "LOCKED", False)
    assert world.code("charge.start") == world.code("charging_schedule.override") == -7
    assert world.wallbox.present_card("04").detail == {"card": "refused"}
    world.config("charger_locked", False)
    assert world.info() == "B_AUTH"
    world.config("headless", True)
    world.wait(30)
    assert world.info() == "C"


def test_what_the_device_can_and_its_memory_follow_what_happens() -> None:
    world = LektricoWorld()
    free = []
    for _ in range(20):
        world.wait(1)
        free.append(world.info("heap_free"))
    assert len(set(free)) > 5
    assert all(29732 <= value <= 30180 for value in free)
    assert world.info("heap_free") == free[-1]
    assert world.read("system_currents.system_max_current") == [32]
    world.charge()
    world.begin("warm", faults.Overtemp(temperature=76.0))
    world.wait(2)
    assert world.read("system_currents.system_max_current", "charger_info.current_limit_reason") == [8, 8]
    world.end("warm")
    world.wait(60)
    assert world.read("system_currents.system_max_current") == [32]


@pytest.mark.parametrize(("model", "volts"), [("1p7k", [230, 0, 0]), ("3p22k", [230, 230, 230])])
def test_a_charger_has_voltage_where_it_has_terminals(model: str, volts: list[float]) -> None:
    """In the reply of the device and in what the charger itself knows."""
    world = LektricoWorld(model)
    assert world.info("voltages") == list(world.now.phase_voltage) == volts


def test_the_lock_does_not_end_a_session() -> None:
    world = LektricoWorld()
    world.charge()
    world.config("charger_locked", True)
    world.wait(60)
    assert world.info() == "C"
    world.rpc("charge.pause")
    world.wait(10)
    world.rpc("charge.resume")
    world.wait(40)
    assert world.info() == "C"
    world.rpc("charge.stop")
    world.wait(10)
    assert world.info() == "LOCKED"
    world.unplug()
    world.wait(1)
    world.plug_in()
    world.wait(60)
    assert world.info() == "LOCKED"


# --- limits ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "reason"), [(name, reason) for name, reason in REASONS.items() if name not in ("schedule", "em_offline")]
)
def test_whose_limit_it_is(name: str, reason: int) -> None:
    world = LektricoWorld()
    world.charge(max_current=32.0)
    assert (world.info("current_limit_reason"), world.info("pwm_current")) == (0, 32)
    world.wallbox.configure({name: 10})
    assert (world.info("current_limit_reason"), world.info("pwm_current")) == (reason, 10)
    assert world.now.binding_limit == f"lektrico.{name}"
    assert world.rpc("system_currents.get")[name] == world.rpc("system_currents.get")["charging_current"] == 10
    world.wait(20)
    assert world.info("current") == pytest.approx(9.8, abs=0.3)


def test_captured_arbitrations() -> None:
    world = LektricoWorld(dynamic_current=16, em_current=6)
    assert (world.info("pwm_current"), world.info("current_limit_reason")) == (6, 6)
    world = LektricoWorld(install_current=6)
    assert (world.info("pwm_current"), world.info("current_limit_reason")) == (6, 1)
    world = LektricoWorld(install_current=16, user_current=16, dynamic_current=16)
    assert world.info("current_limit_reason") == 1
    world = LektricoWorld(user_current=16)
    world.rpc("dynamic_current.set", dynamic_current=32)
    assert (world.info("pwm_current"), world.info("current_limit_reason")) == (16, 2)


def test_a_limit_of_somebody_else() -> None:
    world = LektricoWorld()
    world.simulation.submit("garage", SetLimit(owner="other.wallbox", current=9.0))
    assert (world.info("pwm_current"), world.info("current_limit_reason")) == (9, 0)


def test_over_temperature_limits_and_stops() -> None:
    for firmware, reason in (("1.51", 8), ("1.47", 0)):
        world = LektricoWorld(firmware=firmware)
        world.charge()
        world.begin("warm", faults.Overtemp(temperature=76.0))
        world.wait(1)
        assert world.states == ("C", "C", False)
        assert (world.info("current_limit_reason"), world.info("pwm_current")) == (reason, 8)
        assert world.rpc("active_errors.get")["overtemp"] is True
        assert world.rpc("active_errors.get")["critical_temp"] is False
        world.end("warm")
        world.begin("hot", faults.Overtemp(temperature=85.0))
        world.wait(10)
        assert world.states == ("E", "E", False)
        assert world.rpc("active_errors.get")["critical_temp"] is True
        world.end("hot")
        world.wait(600)
        assert world.info() == "C"


def test_a_phase_change() -> None:
    world = LektricoWorld()
    world.charge()
    world.rpc("dynamic_current.set", dynamic_current=16, relay_mode=1)
    world.wait(7)
    assert world.info("current_limit_reason") == 9
    world.wait(60)
    info = world.rpc("charger_info.get")
    assert (info["charger_state"], info["current_limit_reason"], info["relay_mode"]) == ("C", 3, 1)
    assert info["currents"][0] > 15
    assert info["currents"][1] < 0.01
    assert info["instant_power"] == pytest.approx(3600, rel=0.05)
    world.rpc("dynamic_current.set", dynamic_current=16, relay_mode=3)
    world.wait(90)
    assert world.info("instant_power") == pytest.approx(10_800, rel=0.05)
    world.rpc("dynamic_current.set", dynamic_current=16, relay_mode=1)
    world.unplug()
    world.wallbox.reboot()
    world.wait(20)
    assert world.rpc("dynamic_current.get") == {"dynamic_current": 32, "relay_mode": 3}


# --- schedule --------------------------------------------------------------------------------------------------------


def interval(start: str, end: str, current: int) -> dict[str, int]:
    """`1 22:30` is Monday at half past ten."""
    numbers: dict[str, int] = {}
    for name, text in (("start", start), ("end", end)):
        day, _, clock = text.partition(" ")
        hour, _, minute = clock.partition(":")
        numbers |= {f"{name}_d": int(day), f"{name}_h": int(hour), f"{name}_m": int(minute)}
    return {**numbers, "current": current}


def at(text: str, *intervals: dict[str, int], **settings: Any) -> LektricoWorld:
    world = LektricoWorld(**settings)
    Bench.__init__(
        world,
        "lektrico",
        epoch=datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC),
        settings={"charging_schedule_enabled": True, "charging_schedule": list(intervals), **settings},
    )
    return world


def test_pause_and_limit_by_the_clock() -> None:
    monday = "2026-01-05 07:59:00"
    world = at(monday, interval("1 08:00", "1 09:00", 0), interval("1 09:00", "1 10:00", 10))
    world.charge()  # until 8 sharp
    world.wait(10)
    assert world.states == ("B", "B_SCHEDULER", True)
    assert world.info("current_limit_reason") == 4
    assert world.rpc("system_currents.get")["schedule_current"] == 0
    world.wait(3600)
    assert (world.info(), world.info("current_limit_reason"), world.info("pwm_current")) == ("C", 4, 10)
    world.wait(3600)
    assert (world.info("current_limit_reason"), world.info("pwm_current")) == (0, 32)
    assert world.rpc("system_currents.get")["schedule_current"] == 32
    world.wait(7 * 86400 - 7200)
    assert world.info() == "B_SCHEDULER"


def test_it_passes_sundays_midnight_and_follows_the_offset() -> None:
    sunday = "2026-01-04 20:30:00"
    world = at(sunday, interval("7 22:00", "1 06:00", 0), gmt_offset=2)
    world.plug_in()
    world.wait(60)
    assert world.info() == "B_SCHEDULER"  # 22:31 there
    world.wait(7 * 3600)
    assert world.info() == "B_SCHEDULER"
    world.wait(1800)
    assert world.info() == "C"
    world.config("gmt_offset", 0)
    world.wait(10)
    assert world.info() == "B_SCHEDULER"
    world.config("charging_schedule_enabled", False)
    world.wait(60)
    assert world.info() == "C"


def test_the_first_of_overlapping_intervals_counts() -> None:
    world = at("2026-01-05 08:00:00", interval("1 07:00", "1 12:00", 12), interval("1 08:00", "1 09:00", 8))
    assert world.rpc("system_currents.get")["schedule_current"] == 12
    world = at("2026-01-05 08:00:00", interval("1 08:00", "1 08:00", 0))
    assert world.rpc("system_currents.get")["schedule_current"] == 32


def test_override_lasts_until_the_car_leaves() -> None:
    whole = interval("1 00:00", "7 23:59", 0)
    world = at("2026-01-05 08:00:00", whole, headless=False)
    assert world.code("charging_schedule.override") == -7
    world.plug_in()
    world.wait(10)
    assert world.info() == "B_AUTH"
    assert world.code("charging_schedule.override") == 0
    world.wait(40)
    assert world.info() == "C"
    world.unplug()
    world.wait(1)
    world.config("headless", True)
    world.plug_in()
    world.wait(40)
    assert world.info() == "B_SCHEDULER"


def test_setting_and_getting_a_schedule() -> None:
    world = LektricoWorld()
    assert world.rpc("charging_schedule.get") == {"charging_schedule": []}
    two = [interval("1 08:00", "5 17:30", 16), interval("6 00:00", "7 23:59", 0)]
    assert world.code("charging_schedule.set", charging_schedule=two) == 0
    assert world.rpc("charging_schedule.get") == {"charging_schedule": two}
    assert world.code("charging_schedule.set", charging_schedule=two[:1]) == 0
    assert world.rpc("charging_schedule.get") == {"charging_schedule": two[:1]}


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ([], 0),
        ([interval("1 00:00", "7 23:59", 32)] * 28, 0),
        ([interval("1 00:00", "7 23:59", 32)] * 29, -4),
        ([interval("0 00:00", "1 00:00", 6)], -4),
        ([interval("1 00:00", "8 00:00", 6)], -4),
        ([interval("1 24:00", "2 00:00", 6)], -4),
        ([interval("1 00:00", "2 00:60", 6)], -4),
        ([interval("1 00:00", "2 00:00", 5)], -4),
        ([interval("1 00:00", "2 00:00", 33)], -4),
        ([{**interval("1 00:00", "2 00:00", 6), "start_h": "x"}], -5),
        ([{"start_d": 1}], -2),
        ([1], -5),
        ("always", -5),
        ({}, -5),
    ],
)
def test_what_a_schedule_must_be(value: object, code: int) -> None:
    world = LektricoWorld()
    # 28 intervals are more than one frame of 4096 bytes takes: the method itself is asked
    found = world.device.api.call("charging_schedule.set", {"charging_schedule": value}, CLIENT)
    assert (found.code if isinstance(found, Refusal) else int(found is not True)) == code
    assert world.code("charging_schedule.set") == -2


# --- energy management -----------------------------------------------------------------------------------------------


def test_a_meter_that_falls_silent() -> None:
    world = LektricoWorld(energy_management_enabled=True)
    world.rpc("em_current.set", em_current=20)
    world.plug_in(max_current=32.0)
    world.wait(59)
    assert world.rpc("em_status.get") == {"em_offline": False}
    assert (world.info("current_limit_reason"), world.info("pwm_current")) == (6, 20)
    world.wait(1)
    assert world.rpc("em_status.get") == {"em_offline": True}
    assert (world.info("current_limit_reason"), world.info("pwm_current")) == (5, 6)
    assert world.info("em_current") == 20
    world.rpc("em_current.set", em_current=18)
    assert world.rpc("em_status.get") == {"em_offline": False}
    assert (world.info("current_limit_reason"), world.info("pwm_current")) == (6, 18)
    world.wait(61)
    world.config("energy_management_enabled", False)
    assert world.rpc("em_status.get") == {"em_offline": False}
    assert world.info("pwm_current") == 18
    world.wait(600)
    assert world.rpc("em_status.get") == {"em_offline": False}
    world.config("energy_management_enabled", True)
    assert world.rpc("em_status.get") == {"em_offline": False}
    world.wait(60)
    assert world.rpc("em_status.get") == {"em_offline": True}


def test_a_lost_backend_is_a_silent_meter() -> None:
    world = LektricoWorld(energy_management_enabled=True, em_offline_current=10)
    world.begin("lost", faults.BackendLost())
    assert (world.info("current_limit_reason"), world.info("pwm_current")) == (5, 10)
    world.end("lost")
    assert world.rpc("em_status.get") == {"em_offline": False}


# --- faults ----------------------------------------------------------------------------------------------------------

FAULTS = [
    (faults.CpShort(), "E", {"state_e_activated"}),
    (faults.PeLoss(), "E", {"state_e_activated"}),
    (faults.Frequency(), "E", {"state_e_activated"}),
    (faults.SwitchUnconfigured(), "E", {"state_e_activated"}),
    (faults.CpStateF(), "F", {"state_f_activated"}),
    (faults.Overcurrent(), "E", {"overcurrent"}),
    (faults.MeterFault(), "C", {"meter_fault"}),
    (faults.Undervoltage(), "E", {"undervoltage_error", "voltage_error"}),
    (faults.Overvoltage(), "E", {"overvoltage_error", "voltage_error"}),
    (faults.PhaseLoss(), "E", {"voltage_error"}),
    (faults.TripRcd(), "E", {"rcd_error", "rcd_err_pin_error"}),
    (faults.TripRcd(current_type="dc", residual_current=0.02), "E", {"rcd_error", "rcd_err6_pin_error"}),
    (faults.RcdSensorDefect(), "E", {"rcd_err_pin_error"}),
    (faults.DiodeShorted(), "E", {"cp_diode_failure"}),
    (faults.ContactorFailsToClose(), "E", {"contactor_failure"}),
    (faults.Ventilation(), "D", set()),
]


@pytest.mark.parametrize(("fault", "state", "flags"), FAULTS, ids=lambda value: getattr(type(value), "__name__", ""))
def test_what_a_fault_looks_like(fault: faults.Disturbance, state: str, flags: set[str]) -> None:
    world = LektricoWorld()
    world.charge(max_current=10.0 if isinstance(fault, faults.Overcurrent) else 16.0)
    if isinstance(fault, faults.Overcurrent):
        world.rpc("dynamic_current.set", dynamic_current=10)
    world.wait(20)
    world.begin("x", fault)
    world.wait(12)
    assert world.states == (state, state, False)
    assert world.info("has_active_errors") is bool(flags)
    active = world.rpc("active_errors.get")
    assert {name for name, on in active.items() if on} == flags
    assert world.rpc("logged_errors.get") == active
    assert world.code("charge.start") == (-7 if state in "EF" else 0)
    if "x" in world.charger.disturbances:
        world.end("x")
    world.unplug()
    world.wait(70)
    if not isinstance(fault, faults.SwitchUnconfigured):  # that one needs a power cycle
        assert world.states == ("A", "A", False)
        assert not any(world.rpc("active_errors.get").values())
        assert world.rpc("logged_errors.get") == active
        assert world.code("logged_errors.reset") == 0
        assert not any(world.rpc("logged_errors.get").values())


def test_what_is_active_stays_logged() -> None:
    world = LektricoWorld()
    world.begin("x", faults.CpStateF())
    world.wait(1)
    world.rpc("logged_errors.reset")
    assert world.rpc("logged_errors.get")["state_f_activated"] is True


def test_logged_errors_outlive_a_power_cut() -> None:
    world = LektricoWorld()
    world.begin("x", faults.CpShort())
    world.wait(1)
    world.end("x")
    world.apply(PowerCut())
    world.wait(10)
    world.apply(PowerUp())
    world.wait(20)
    assert world.rpc("logged_errors.get")["state_e_activated"] is True


def test_the_self_test_and_a_welded_contactor() -> None:
    world = LektricoWorld()
    world.begin("x", faults.RcdSelftest())
    world.wait(2)
    active = {name for name, on in world.rpc("active_errors.get").items() if on}
    assert active == {"rcd_test_error", "rcd_init_start_error", "rcd_init_end_error"}
    assert world.info() == "E"
    world = LektricoWorld()
    world.charge()
    world.begin("x", faults.ContactorWelded())
    world.rpc("charge.pause")
    world.wait(20)
    assert world.info() == "E"
    assert world.rpc("active_errors.get")["contactor_failure"]


def test_a_trip_stays_until_a_restart() -> None:
    world = LektricoWorld()
    world.charge()
    world.begin("x", faults.TripRcd())
    world.wait(600)
    assert world.info() == "E"
    assert world.rpc("device.reset") is True
    world.wait(60)
    assert world.info() == "C"
    assert world.rpc("counters_config.get")["reset_counter"] == 1


def test_a_silent_meter() -> None:
    world = LektricoWorld()
    world.charge()
    world.wait(600)
    energy = world.info("session_energy")
    world.begin("x", faults.MeterFault())
    world.wait(600)
    info = world.rpc("charger_info.get")
    assert info["currents"] == info["voltages"] == [0, 0, 0]
    assert info["instant_power"] == 0
    assert info["session_energy"] == energy
    world.end("x")
    world.wait(1)
    assert world.info("session_energy") > energy + 1000
    world.wallbox.configure({"meter_fault_stops": True})
    world.begin("x", faults.MeterFault())
    world.wait(10)
    assert world.states == ("E", "E", False)
    assert not world.now.contactor


# --- restart, update, factory reset ----------------------------------------------------------------------------------


def test_a_restart() -> None:
    world = LektricoWorld(dynamic_current=10, em_current=12, led_max_brightness=33)
    assert world.rpc("device.reset") is True
    assert world.wallbox.up
    world.wait(1)
    assert not world.wallbox.up
    world.wait(12)
    assert world.wallbox.up
    assert world.rpc("dynamic_current.get")["dynamic_current"] == 32
    assert world.info("em_current") == 32
    assert world.info("led_max_brightness") == 33
    assert world.rpc("counters_config.get")["reset_counter"] == 1


def test_a_restart_waits_for_the_session() -> None:
    for end in ("charge.stop", "unplug"):
        world = LektricoWorld()
        world.charge()
        assert world.rpc("device.reset") is True
        world.wait(3600)
        assert world.wallbox.up
        assert world.info() == "C"
        world.unplug() if end == "unplug" else world.rpc(end)
        world.wait(2)
        assert not world.wallbox.up
        world.wait(60)
        assert world.info() == ("A" if end == "unplug" else "C")


def test_an_outage_ends_the_session() -> None:
    world = LektricoWorld()
    world.charge()
    world.wait(3600)
    world.apply(PowerCut())
    assert not world.wallbox.up
    world.wait(60)
    world.apply(PowerUp())
    world.wait(60)
    assert world.info() == "C"
    assert world.info("session_id") == 2
    counters = world.rpc("counters_config.get")
    assert (counters["reset_counter"], counters["total_charged_sessions"]) == (1, 1)


def test_a_crash_forgets_an_authorisation() -> None:
    world = LektricoWorld(headless=False)
    world.plug_in()
    world.wait(1)
    world.rpc("charge.start")
    world.wait(30)
    world.wallbox.reboot()
    world.wait(20)
    assert world.info() == "B_AUTH"


def test_an_update() -> None:
    world = LektricoWorld(firmware="1.45")
    assert world.rpc("ota.verify") is True
    world.wait(600)
    assert world.rpc("sw_version.get")["fw_version"] == "1.45"
    world.wallbox.configure({"available_firmware": "1.51"})
    world.charge()
    assert world.rpc("ota.verify") is True
    world.wait(600)
    assert world.info() == "C"
    world.unplug()
    world.wait(1)
    assert world.states == ("A", "OTA", False)
    world.plug_in()
    world.wait(30)
    assert world.states == ("B", "OTA", False)
    assert not world.now.contactor
    world.wait(60)
    assert world.rpc("sw_version.get")["fw_version"] == "1.51"
    assert world.info("relay_mode") == 3
    assert world.info() == "C"
    for older in ("1.44", "1.51", "9", "what"):
        world.wallbox.configure({"available_firmware": older})
        assert world.device.lifecycle.newer == ("9" if older == "9" else None)


def test_it_looks_for_updates_by_itself() -> None:
    for automatic in (True, False):
        world = LektricoWorld("lektrico-em", available_firmware="1.30", auto_update=automatic)
        world.wait(86_400 - 1)
        assert world.rpc("sw_version.get")["fw_version"] == "1.22"
        world.wait(200)
        assert world.rpc("sw_version.get")["fw_version"] == ("1.30" if automatic else "1.22")


def test_a_power_cut_ends_an_update_and_what_was_to_come() -> None:
    world = LektricoWorld(firmware="1.51", available_firmware="1.60")
    world.rpc("ota.verify")
    world.wait(30)
    world.apply(PowerCut())
    world.wait(2 * 86_400)
    assert world.wallbox.read("sw_version.fw_version") == "1.51"
    world.apply(PowerUp())
    world.wait(30)
    assert world.states == ("A", "A", False)
    world.wait(86_400 + 100)
    assert world.wallbox.read("sw_version.fw_version") == "1.60"


def test_a_factory_reset() -> None:
    world = LektricoWorld(user_current=10, owner_id="me", ap_password="12345678", charging_schedule=[])
    assert world.rpc("factory.reset") is True
    http = world.wallbox.interfaces["http"]
    assert not http.enabled()  # type: ignore[union-attr]
    assert world.rpc("wifi_status.get")["connected"] is False
    world.wait(20)
    world.wallbox.configure({"wifi": True})
    assert http.enabled()  # type: ignore[union-attr]
    config = world.rpc("app_config.get")
    assert (config["user_current"], config["owner_id"], config["install_current"]) == (32, "", 6)
    assert world.wallbox.settings["ap_password"] == ""
    world.charge()
    assert (world.info("pwm_current"), world.info("current_limit_reason")) == (6, 1)


def test_wifi_status() -> None:
    world = LektricoWorld(wifi_ssid="Garage", wifi_rssi=-70)
    assert world.rpc("wifi_status.get") == {
        "connected": True, "sta_ip": "127.0.0.1", "sta_name": "Garage", "rssi": -70, "bssid": "aa:bb:cc:dd:ee:ff",
    }  # fmt: skip


def test_it_announces_itself() -> None:
    world = LektricoWorld("1p7k", "1.22")
    mdns = world.wallbox.interfaces["mdns"]
    assert isinstance(mdns, MdnsInterface)
    (service,) = mdns.services()
    assert (service.type, service.instance, service.host) == (
        "_http._tcp", "Lektrico-1p7k-500006", "lektrico-1p7k-500006",
    )  # fmt: skip
    assert service.txt == (("id", "1p7k_500006"), ("fw_id", "20230109-124642/v1.22-36-g56a3edd-develop-dirty"))
    assert mdns.enabled()
    world.wallbox.configure({"ap_enabled": True})
    assert not mdns.enabled()


def test_settings_in_flash_are_plain_data() -> None:
    world = LektricoWorld(charging_schedule=[interval("1 00:00", "2 00:00", 6)])
    world.begin("x", faults.CpStateF())
    world.wait(1)
    kept = json.loads(json.dumps(world.wallbox.settings.persistent()))
    again = LektricoWorld(**kept)
    assert again.rpc("charging_schedule.get") == world.rpc("charging_schedule.get")
    assert again.rpc("logged_errors.get")["state_f_activated"] is True
