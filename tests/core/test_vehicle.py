"""The vehicle's habits, one by one."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from support_charger import CAR, QUICK, Bench

from emulator.core.faults import CpOpen, CpStateF, Overcurrent, VehicleRefuses
from emulator.core.messages import (
    Disturb,
    InterruptPilot,
    PlugIn,
    PowerCut,
    PowerUp,
    Relieve,
    RequestPhases,
    SetLimit,
    SetPermission,
    SetSupply,
    SetVehicle,
    Unplug,
)
from emulator.core.snapshot import Snapshot, VehicleView
from emulator.core.specs import Climate, EvseSpec, PhaseSwitching, SupplySpec, VehicleSpec
from emulator.core.states import EvseState as S
from emulator.core.states import OnboardState as Onboard
from emulator.core.vehicles import PRESETS

PAUSE = SetPermission(owner="app", granted=False)
GO = SetPermission(owner="app", granted=True)


def inside(now: Snapshot) -> VehicleView:
    assert now.vehicle is not None
    return now.vehicle


def pause(bench: Bench, seconds: float = 10.0) -> None:
    """Withdraw the offer and give it again."""
    bench.do(PAUSE)
    bench.run(seconds)
    bench.do(GO)
    bench.run(30.0)


# --- offer to current ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "offer", "rms"),
    [
        ("generic", 16.0, 15.74),
        ("generic", 32.0, 15.74),
        ("generic", 6.0, 5.84),
        ("nissan_leaf", 32.0, 28.61),
        ("renault_zoe", 32.0, 32.0),
        ("renault_zoe", 6.0, 6.0),
        ("ideal", 20.0, 20.0),
    ],
)
def test_how_much_it_draws(model: str, offer: float, rms: float) -> None:
    bench = Bench()
    now = bench.charge(PRESETS[model], current=offer)
    assert now.phase_current[0] == pytest.approx(rms)
    assert now.active_current[0] == pytest.approx((rms**2 - PRESETS[model].reactive_current ** 2) ** 0.5)


@pytest.mark.parametrize(("offer", "kilowatts"), [(6.0, 0.75), (7.0, 2.60), (8.0, 3.73), (10.0, 5.57), (16.0, 10.26)])
def test_a_zoe_at_small_currents_is_mostly_reactive(offer: float, kilowatts: float) -> None:
    bench = Bench(replace(QUICK, supply=SupplySpec(source_resistance=0.0)))
    now = bench.charge(PRESETS["renault_zoe"], current=offer)
    assert now.power / 1000 == pytest.approx(kilowatts, abs=0.006)


def test_the_reaction_takes_its_time() -> None:  # T3
    bench = Bench()
    bench.charge(PRESETS["ideal"], current=32.0)
    bench.do(SetLimit(owner="user", current=6.0))
    assert bench.run(1.0).phase_current[0] == 32.0
    assert bench.run(2.0).phase_current[0] == pytest.approx(16.0)
    assert bench.run(1.25).phase_current[0] == pytest.approx(6.0)


def test_a_duty_change_without_effect_does_not_restart_the_reaction() -> None:
    bench = Bench()
    bench.charge(CAR, current=10.0)
    bench.do(SetLimit(owner="user", current=20.0))
    bench.run(0.9)
    bench.do(SetLimit(owner="user", current=25.0))  # both are more than its 16 A
    now = bench.run(0.6)
    assert now.phase_current[0] > 10.0


def test_pwm_off_ends_the_current_within_three_seconds() -> None:  # T5
    bench = Bench()
    bench.charge(PRESETS["ideal"], current=32.0)
    bench.do(PAUSE)
    assert bench.run(0.5).phase_current[0] == 32.0
    assert bench.run(2.0).phase_current[0] == pytest.approx(0.0, abs=1e-9)


def test_two_phases_below() -> None:
    bench = Bench()
    now = bench.charge(PRESETS["hyundai_kona"], current=10.0)
    assert [i > 5 for i in now.phase_current] == [True, True, True]
    bench.do(SetLimit(owner="user", current=7.0))
    assert [i > 5 for i in bench.run(10.0).phase_current] == [True, True, False]
    bench.do(SetLimit(owner="user", current=8.0))
    assert [i > 5 for i in bench.run(10.0).phase_current] == [True, True, True]


@pytest.mark.parametrize(("below", "state", "reactive"), [("refuse", S.B_READY, 0.0), ("idle", S.CHARGING, 0.6)])
def test_below_its_own_minimum(below: str, state: S, reactive: float) -> None:
    bench = Bench()
    now = bench.charge(replace(CAR, min_current=10.0, below_minimum=below), current=8.0)  # type: ignore[arg-type]
    assert (now.state, now.power, now.current_flows) == (state, 0.0, False)
    assert now.phase_current == (reactive,) * 3
    bench.do(SetLimit(owner="user", current=12.0))
    assert bench.run(20.0).current_flows
    bench.do(SetLimit(owner="user", current=8.0))
    assert bench.run(10.0).state is state


def test_phases_may_start_one_after_another() -> None:
    bench = Bench()
    bench.charge(replace(CAR, phase_stagger=3.0), seconds=7.0)
    assert [i > 1 for i in bench.look().phase_current] == [True, False, False]
    assert [i > 1 for i in bench.run(3.0).phase_current] == [True, True, True]


@pytest.mark.parametrize("phases", [1, 2, 3])
def test_phases_of_the_on_board_charger(phases: int) -> None:
    now = Bench().charge(replace(CAR, phases=phases))
    assert [i > 1 for i in now.phase_current] == [True, phases > 1, phases > 2]
    assert now.neutral_current == pytest.approx(now.phase_current[0] if phases < 3 else 0.0, abs=1e-9)


# --- the end of charge -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("taper", ["linear", "exponential", "none"])
def test_it_stops_at_its_limit(taper: str) -> None:
    bench = Bench()
    spec = replace(CAR, taper=taper, charge_limit=0.97, state_of_charge=0.85)  # type: ignore[arg-type]
    now = bench.charge(spec, seconds=4 * 3600.0)
    assert inside(now).state_of_charge == pytest.approx(0.97, abs=1e-8)
    assert inside(now).state_of_charge >= 0.97
    assert inside(now).finished
    assert bench.times("contactor_opened", under_load=False)
    assert inside(now).toggles == 0
    bench.do(SetVehicle(changes={"charge_limit": 0.98}))
    assert bench.run(30.0).current_flows


@pytest.mark.parametrize("ambient", [20.0, 50.0, 60.0])
@pytest.mark.parametrize("taper", ["linear", "exponential"])
@pytest.mark.parametrize("reactive", [0.6, 5.9])
def test_a_piece_of_a_taper_asks_no_rule_that_would_have_answered(ambient: float, taper: str, reactive: float) -> None:
    spec = replace(PRESETS["renault_zoe"], taper=taper, reactive_current=reactive, state_of_charge=0.86)  # type: ignore[arg-type]

    def charge(*, asks: bool) -> list[tuple[object, ...]]:
        bench = Bench(replace(QUICK, climate=Climate(ambient=ambient)))
        bench.charge(spec, current=32.0)
        found: list[tuple[object, ...]] = []
        while not inside(bench.look()).finished:
            due = bench.agenda.next_due
            assert due is not None
            bench.agenda.run_until(due)
            if asks:  # a message makes it look at everything once more
                bench.do(SetLimit(owner="user", current=32.0))
            found.append((due, bench.look().as_dict(), bench.names()))
        return found

    quiet = charge(asks=False)
    assert quiet == charge(asks=True)
    assert len(quiet) > 40
    assert ("derated" in quiet[-1][2]) is (ambient == 60.0)  # type: ignore[operator]


def test_the_taper_takes_the_time_of_its_closed_form() -> None:
    bench = Bench()
    spec = replace(
        PRESETS["ideal"], capacity=75_000.0, taper="linear", taper_start=0.9, taper_power=10_000.0, state_of_charge=0.9
    )
    bench.charge(spec, current=16.0, seconds=4 * 3600.0)
    at, decay = 60.0, 9_000.0 / (7_500.0 * 3600.0)
    expected = at + math.log(bench.charger.snapshot(60_000_000).power / 1_000.0) / decay
    assert bench.times("charge_finished")[0] == pytest.approx(expected, abs=1e-3)


def test_a_top_up_asks_again_and_stores_nothing() -> None:
    bench = Bench()
    spec = replace(CAR, burst_after=600.0, burst_duration=300.0, burst_power=2500.0, state_of_charge=0.999)
    bench.charge(spec, seconds=600.0)
    done = bench.times("charge_finished")[0]
    energy = inside(bench.look()).battery_energy
    now = bench.until(done + 720.0)
    assert now.power == pytest.approx(2500.0)
    assert inside(now).battery_energy == energy
    now = bench.until(done + 1100.0)
    assert (now.power, now.state) == (0.0, S.B_READY)
    assert len(bench.times("charge_finished")) == 2


# --- sleep, grudges, refusals ----------------------------------------------------------------------------------------


def sleeper(*wake: str) -> VehicleSpec:
    return replace(CAR, sleep_after=60.0, wake=wake)  # type: ignore[arg-type]


def put_to_sleep(bench: Bench, spec: VehicleSpec) -> None:
    bench.charge(spec)
    bench.do(PAUSE)
    assert inside(bench.run(61.0)).onboard is not Onboard.ASLEEP
    assert inside(bench.run(2.0)).onboard is Onboard.ASLEEP


@pytest.mark.parametrize(
    ("wake", "trigger", "wakes"),
    [
        ("pwm", GO, True),
        ("pilot_open", GO, False),
        ("pilot_open", InterruptPilot(owner="a", duration=4.0), True),
        ("pilot_open", InterruptPilot(owner="a", duration=3.9), False),
        ("pilot_open", InterruptPilot(owner="a", duration=9.0, mode="f"), False),
        ("state_f", InterruptPilot(owner="a", duration=1.0, mode="f"), True),
        ("state_f", InterruptPilot(owner="a", duration=0.9, mode="f"), False),
        ("api", SetVehicle(changes={"awake": True}), True),
        ("api", GO, False),
    ],
)
def test_what_wakes_it(wake: str, trigger: InterruptPilot, wakes: bool) -> None:
    bench = Bench()
    put_to_sleep(bench, sleeper(wake))
    bench.do(trigger)
    bench.run(20.0)
    assert bool(bench.times("vehicle_awake")) is wakes
    bench.do(GO)
    assert (bench.run(30.0).state is S.CHARGING) is wakes


def test_waking_takes_five_seconds() -> None:
    bench = Bench()
    put_to_sleep(bench, sleeper("pwm"))
    began = bench.now
    bench.do(GO)
    bench.run(30.0)
    assert bench.times("vehicle_awake")[0] == pytest.approx(began + 5.0)
    assert bench.times("state_changed", to="c_closing")[1] == pytest.approx(began + 6.5)


def test_it_sleeps_after_a_full_charge_too() -> None:
    bench = Bench()
    now = bench.charge(replace(sleeper("api"), charge_limit=0.401), seconds=900.0)
    assert inside(now).onboard is Onboard.ASLEEP


def test_too_many_stops_lock_it_out_until_unplugged() -> None:
    bench = Bench()
    bench.charge(replace(CAR, toggle_limit=3))
    for count in (1, 2):
        pause(bench)
        assert (inside(bench.look()).toggles, bench.look().state) == (count, S.CHARGING)
    pause(bench)
    assert (inside(bench.look()).onboard, bench.look().state) == (Onboard.LOCKED_OUT, S.B_READY)
    bench.do(Unplug())
    bench.run(1.0)
    assert bench.charge(replace(CAR, toggle_limit=3)).state is S.CHARGING


def test_its_makers_api_frees_it() -> None:
    bench = Bench()
    bench.charge(replace(CAR, toggle_limit=1))
    pause(bench)
    assert inside(bench.look()).onboard is Onboard.LOCKED_OUT
    bench.do(SetVehicle(changes={"awake": True}))
    assert bench.run(30.0).state is S.CHARGING


@pytest.mark.parametrize(
    ("seconds", "locked"),
    [(3.0, True), (8.0, True), (60.0, False)],
    ids=["before the current", "in the ramp", "after the ramp"],
)
def test_latching_in_the_first_ramp(seconds: float, locked: bool) -> None:
    bench = Bench()
    bench.charge(PRESETS["psa_e208"], seconds=seconds)
    pause(bench)
    assert (inside(bench.look()).onboard is Onboard.LOCKED_OUT) is locked


def test_a_short_gap_of_the_pwm_is_not_noticed() -> None:
    bench = Bench()
    bench.charge()
    bench.do(PAUSE)
    bench.run(0.4)
    bench.do(GO)
    now = bench.run(10.0)
    assert (inside(now).toggles, len(bench.times("current_stopped"))) == (0, 0)


def phase_change(pilot: str, wait: float, vehicle: VehicleSpec) -> Bench:
    switching = PhaseSwitching(wait=wait, pilot=pilot)  # type: ignore[arg-type]
    bench = Bench(replace(QUICK, evse=EvseSpec(plug_debounce=0.0, phase_switching=switching)))
    bench.do(RequestPhases(owner="a", phases=1))
    bench.charge(vehicle)
    bench.do(RequestPhases(owner="a", phases=3))
    bench.run(120.0)
    return bench


@pytest.mark.parametrize(("pilot", "used"), [("x1", 1), ("open", 3), ("f", 3)])
def test_a_single_phase_mind_looks_again_after_an_interruption(pilot: str, used: int) -> None:
    bench = phase_change(pilot, 10.0, replace(CAR, sticky_single_phase=True))
    now = bench.look()
    assert now.phases == 3
    assert sum(i > 5 for i in now.phase_current) == used
    if used == 1:
        bench.do(InterruptPilot(owner="a", duration=1.0))
        assert sum(i > 5 for i in bench.run(30.0).phase_current) == 3


@pytest.mark.parametrize(("wait", "charges"), [(10.0, False), (45.0, True)])
def test_a_short_break_makes_it_blip(wait: float, charges: bool) -> None:
    bench = phase_change("open", wait, PRESETS["bmw_ix3"])
    assert bench.look().current_flows is charges
    if not charges:
        began, ended = (bench.times("pilot_changed", to=state)[-1] for state in ("C", "B"))
        assert ended - began == pytest.approx(0.25)
        bench.do(InterruptPilot(owner="a", duration=45.0))
        assert bench.run(90.0).current_flows


def test_the_fault_of_a_refusing_vehicle() -> None:
    bench = Bench()
    bench.do(Disturb(name="no", fault=VehicleRefuses()))
    assert bench.charge().state is S.B_READY
    bench.do(Relieve(name="no"))
    assert bench.run(30.0).state is S.CHARGING
    bench.do(Disturb(name="no", fault=VehicleRefuses()))
    now = bench.run(5.0)
    assert (now.state, inside(now).toggles) == (S.B_READY, 0)


def test_patience_without_mains() -> None:
    bench = Bench(replace(QUICK, evse=EvseSpec(plug_debounce=0.0, close_delay=1000.0)))
    bench.charge(seconds=200.0)
    asked = [e.at * 1e-6 for e in bench.events if e.name == "pilot_changed" and e.detail["to"] == "C"]
    assert asked == pytest.approx([1.5, 93.0, 184.5])


# --- what the pilot and the mains do to it ---------------------------------------------------------------------------


@pytest.mark.parametrize("fault", [CpOpen(), CpStateF()])
def test_a_vanishing_pilot_ends_the_current_at_once(fault: CpOpen | CpStateF) -> None:
    bench = Bench()
    bench.charge(PRESETS["ideal"], current=32.0)
    bench.do(Disturb(name="cp", fault=fault))
    bench.run(3.0)
    assert inside(bench.look()).s2_closed is False
    assert inside(bench.look()).toggles == 1


def test_a_pilot_interruption_counts_once() -> None:
    bench = Bench()
    bench.charge()
    bench.do(InterruptPilot(owner="a", duration=10.0))
    bench.run(60.0)
    assert inside(bench.look()).toggles == 1
    assert bench.look().state is S.CHARGING


def test_mains_that_vanish_open_s2_after_three_seconds() -> None:
    bench = Bench()
    bench.charge()
    bench.do(PowerCut())
    assert inside(bench.look()).s2_closed is False  # the pilot went with the mains
    bench.do(PowerUp())
    assert bench.run(60.0).state is S.CHARGING


def test_low_voltage_stops_the_current_and_not_the_session() -> None:
    bench = Bench(replace(QUICK, supply=SupplySpec(voltage=200.0)))
    bench.charge()
    bench.do(SetSupply(voltage=179.0))
    now = bench.run(4.0)
    assert (now.state, now.power) == (S.CHARGING, 0.0)
    bench.do(SetSupply(voltage=190.0))
    assert bench.run(5.0).power == 0.0
    bench.do(SetSupply(voltage=196.0))
    assert bench.run(20.0).power > 5000


@pytest.mark.parametrize(("habit", "phases"), [("continue", 2), ("stop", 0)])
def test_a_lost_phase(habit: str, phases: int) -> None:
    bench = Bench()
    bench.charge(replace(CAR, phase_loss=habit))  # type: ignore[arg-type]
    now = bench.do(SetSupply(live=(True, False, True)))
    assert now.phase_current[1] == 0
    now = bench.run(0.4)
    assert [i > 15 for i in now.phase_current] == [habit == "continue", False, habit == "continue"]


def test_ignoring_pwm_off_keeps_the_current_until_the_contactor_opens() -> None:
    bench = Bench()
    bench.charge(replace(CAR, ignores_pwm_off=True))
    bench.do(PAUSE)
    assert bench.run(5.9).phase_current[0] == pytest.approx(15.74)
    assert bench.run(0.2).phase_current[0] == 0
    assert inside(bench.run(3.1)).s2_closed is False


def test_a_simplified_vehicle_ignores_the_pilot() -> None:
    bench = Bench()
    now = bench.do(SetLimit(owner="user", current=10.0), PlugIn(name="scooter", vehicle=PRESETS["scooter_simplified"]))
    assert now.state is S.C_CLOSING  # C from the plug
    bench.run(20.0)
    bench.do(PAUSE)
    assert bench.run(5.9).phase_current[0] == 10.0
    assert bench.run(0.2).phase_current == (0, 0, 0)
    assert bench.look().contactor_cycles_under_load == 1


def test_overdraw() -> None:
    bench = Bench()
    bench.do(Disturb(name="greedy", fault=Overcurrent(excess=1.0)))
    now = bench.charge()
    assert now.phase_current[0] == pytest.approx(17.0)
    assert now.faults == ()


def test_a_weak_supply_bounds_the_current() -> None:
    bench = Bench(replace(QUICK, supply=SupplySpec(source_resistance=5.0)))
    now = bench.charge(PRESETS["ideal"], current=32.0, seconds=60.0)
    assert now.phase_current[0] == pytest.approx(23.0)
    assert now.phase_voltage[0] == pytest.approx(115.0)
    now = bench.do(SetSupply(voltage=196.0))
    assert now.phase_current[0] == pytest.approx(19.6)


# --- changing it while it is plugged ---------------------------------------------------------------------------------


def test_changes_take_effect() -> None:
    bench = Bench()
    bench.charge()
    bench.do(SetVehicle(changes={"state_of_charge": 0.7}))
    assert inside(bench.look()).state_of_charge == 0.7
    bench.do(SetVehicle(changes={"max_current": 8.0}))
    assert bench.run(5.0).phase_current[0] == pytest.approx(7.82)
    bench.do(SetVehicle(changes={"capacity": 1000.0}))
    assert inside(bench.look()).state_of_charge == 1.0
    assert bench.run(5.0).state is S.B_READY


def test_a_sleep_timer_stated_later_counts_from_then() -> None:
    bench = Bench()
    bench.do(PlugIn(name="car", vehicle=CAR))
    bench.do(PAUSE)
    bench.run(100.0)
    bench.do(SetVehicle(changes={"sleep_after": 10.0}))
    assert inside(bench.run(9.9)).onboard is Onboard.IDLE
    assert inside(bench.run(0.2)).onboard is Onboard.ASLEEP
