"""Switching phases: the sequence, its timing, and what interrupts it at every step."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import pytest
from support_charger import CAR, QUICK, Bench

from emulator.core.faults import PeLoss
from emulator.core.messages import (
    Disturb,
    PlugIn,
    PowerCut,
    PowerUp,
    Reason,
    RebootController,
    Relieve,
    RequestPhases,
    SetAuthorisation,
    SetLimit,
    SetPermission,
    TunePhases,
    Unplug,
)
from emulator.core.specs import ChargerSpec, EvseSpec, PhaseSwitching
from emulator.core.states import EvseState as S

ONE = RequestPhases(owner="user", phases=1)
THREE = RequestPhases(owner="user", phases=3)
TO_ONE = (True, False, False)
ALL = (True, True, True)

# s after the request at which the sequence is in each of its steps: the vehicle lets go after 1.483 s
STEPS = {"releasing": 0.7, "opened": 1.53, "waiting": 5.0, "restoring": 11.63, "resuming": 12.5}


def bench_with(**switching: object) -> Bench:
    habits = PhaseSwitching(**switching)  # type: ignore[arg-type]
    return Bench(replace(QUICK, evse=EvseSpec(plug_debounce=0.0, phase_switching=habits)))


def switching(step: str) -> Bench:
    bench = bench_with()
    bench.charge()
    bench.do(ONE)
    bench.run(STEPS[step])
    assert bench.look().phase_switching
    return bench


def test_the_sequence() -> None:
    bench = bench_with(wait=10.0)
    bench.charge()
    now = bench.do(ONE)
    assert (now.state, now.offered_current, now.contactor, now.phases) == (S.PHASE_SWITCH, 0.0, True, 3)
    assert now.phases_requested == 1
    now = bench.run(60.0)
    assert (now.state, now.phases, now.contactor_poles) == (S.CHARGING, 1, TO_ONE)
    assert [i > 1 for i in now.phase_current] == [True, False, False]
    assert now.vehicle is not None
    assert now.vehicle.toggles == 1
    opened = bench.times("contactor_opened")[0]
    assert opened == pytest.approx(31.483035, abs=1e-5)
    assert bench.times("phases_changed") == [pytest.approx(opened + 0.1)]
    assert bench.times("pilot_interrupted") == [pytest.approx(opened + 0.1)]
    assert bench.times("pilot_restored") == [pytest.approx(opened + 10.1)]
    assert bench.times("offer_changed", current=16.0)[-1] == pytest.approx(opened + 10.2)
    assert now.contactor_cycles_under_load == 0


@pytest.mark.parametrize(("pilot", "seen"), [("open", "pilot_interrupted"), ("f", "pilot_interrupted"), ("x1", "")])
def test_what_the_vehicle_sees(pilot: str, seen: str) -> None:
    bench = bench_with(pilot=pilot)
    bench.charge()
    bench.do(ONE)
    bench.run(60.0)
    assert bool(bench.times("pilot_interrupted")) is bool(seen)
    assert bench.look().state is S.CHARGING


def test_a_vehicle_that_hangs_makes_it_wait_longer() -> None:
    bench = bench_with(wait=10.0, wait_under_load=60.0)
    bench.charge(replace(CAR, ignores_pwm_off=True))
    bench.do(ONE)
    bench.run(200.0)
    assert bench.times("contactor_opened", under_load=True) == [36.0]
    assert bench.times("pilot_restored") == [pytest.approx(96.1)]


def test_before_the_contactor_has_closed_no_sequence_is_needed() -> None:
    bench = bench_with()
    assert bench.do(ONE).phases == 1
    bench.do(PlugIn(name="car", vehicle=CAR), SetPermission(owner="app", granted=False))
    assert bench.do(THREE).phases == 3
    bench.do(SetPermission(owner="app", granted=True), SetLimit(owner="user", current=16.0))
    assert bench.do(ONE).phases == 1
    bench.run(1.6)
    assert bench.look().state is S.C_CLOSING
    assert bench.do(THREE).phases == 3
    assert not bench.times("phase_switch_started")


def test_a_paused_session_goes_through_the_sequence() -> None:
    bench = bench_with()
    bench.charge()
    bench.do(SetPermission(owner="app", granted=False))
    bench.run(10.0)
    assert bench.do(ONE).state is S.PHASE_SWITCH
    now = bench.run(30.0)
    assert (now.state, now.phases) == (S.B_WAIT, 1)


def test_a_stop_under_way_keeps_its_six_seconds() -> None:
    bench = bench_with()
    bench.charge(replace(CAR, ignores_pwm_off=True))
    bench.do(SetPermission(owner="app", granted=False))
    bench.run(4.0)
    bench.do(ONE)
    bench.run(10.0)
    assert bench.times("contactor_opened") == [36.0]


def test_the_fewest_anybody_asks_for() -> None:
    bench = bench_with()
    bench.do(ONE, RequestPhases(owner="app", phases=3))
    assert bench.look().phases == 1
    bench.do(RequestPhases(owner="user", phases=2))
    assert bench.look().phases == 2
    assert [i > 1 for i in bench.charge().phase_current] == [True, True, False]


def test_the_cooldown() -> None:
    bench = bench_with(cooldown=300.0)
    bench.charge()
    bench.do(ONE)
    bench.run(100.0)
    bench.do(THREE)
    assert bench.until(329.9).phases == 1
    assert bench.look().state is S.CHARGING
    assert bench.until(330.0).state is S.PHASE_SWITCH


def test_a_firmware_tunes_the_wait() -> None:
    bench = bench_with(wait=10.0)
    bench.do(TunePhases(owner="user", wait=20.0))
    bench.charge()
    bench.do(ONE)
    bench.run(60.0)
    assert bench.times("pilot_restored")[0] - bench.times("pilot_interrupted")[0] == pytest.approx(20.0)
    assert bench.ask(TunePhases(owner="user", wait=-1.0)).refused is Reason.OUT_OF_RANGE


# --- interruptions ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("step", STEPS)
def test_unplugging_during_it(step: str) -> None:
    bench = switching(step)
    now = bench.do(Unplug())
    dark = step == "waiting" or step == "restoring"
    assert now.plugged is dark
    now = bench.run(20.0)
    assert (now.state, now.plugged, now.phases, now.contactor_poles) == (S.A, False, 1, (False,) * 3)
    assert len(bench.times("phase_switch_finished")) == 1
    bench.do(PlugIn(name="car", vehicle=CAR))
    assert bench.run(60.0).contactor_poles == TO_ONE


def test_poles_never_change_while_the_contacts_still_open() -> None:
    bench = bench_with()
    bench.do(ONE)
    bench.charge()
    bench.do(THREE)
    bench.run(0.2)
    now = bench.do(Unplug())
    assert now.contactor_poles == TO_ONE
    assert now.phases == 3
    assert bench.run(0.1).contactor_poles == (False, False, False)


@pytest.mark.parametrize("step", STEPS)
def test_a_fault_during_it(step: str) -> None:
    bench = switching(step)
    bench.do(Disturb(name="pe", fault=PeLoss()))
    now = bench.run(0.5)
    assert (now.state, now.contactor, now.phases) == (S.FAULT, False, 1)
    assert bench.run(0.1).pilot_interrupted is False
    bench.do(Relieve(name="pe"))
    now = bench.run(120.0)
    assert (now.state, now.contactor_poles) == (S.CHARGING, TO_ONE)


@pytest.mark.parametrize("step", STEPS)
def test_the_offer_withdrawn_during_it(step: str) -> None:
    bench = switching(step)
    bench.do(SetPermission(owner="app", granted=False))
    now = bench.run(20.0)
    assert (now.state, now.phases, now.offered_current) == (S.B_WAIT, 1, 0.0)
    bench.do(SetPermission(owner="app", granted=True))
    assert bench.run(60.0).contactor_poles == TO_ONE


@pytest.mark.parametrize("step", STEPS)
def test_the_authorisation_withdrawn_during_it(step: str) -> None:
    bench = switching(step)
    bench.do(SetAuthorisation(owner="app", granted=False))
    assert bench.run(20.0).state is S.B_AUTH


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("way", ["outage", "reboot"])
def test_an_outage_or_a_reboot_during_it(step: str, way: str) -> None:
    bench = switching(step)
    if way == "outage":
        now = bench.do(PowerCut())
        assert (now.state, now.contactor_poles, now.pilot_interrupted) == (S.OFF, (False,) * 3, False)
        bench.run(5.0)
        bench.do(PowerUp())
    else:
        now = bench.do(RebootController(owner="user"))
        assert (now.state, now.contactor) == (S.BOOT, False)
    now = bench.run(60.0)
    assert (now.state, now.phases, now.contactor_poles) == (S.CHARGING, 1, TO_ONE)


@pytest.mark.parametrize("step", STEPS)
def test_another_wish_during_it(step: str) -> None:
    bench = switching(step)
    bench.do(THREE)
    now = bench.run(120.0)
    assert (now.state, now.phases, now.contactor_poles) == (S.CHARGING, 3, ALL)
    early = step in ("releasing", "opened")
    assert len(bench.times("phases_changed")) == (0 if early else 2)


def test_a_vehicle_that_does_not_come_back_is_waited_for_ten_seconds() -> None:
    bench = bench_with()
    bench.charge(replace(CAR, toggle_limit=1))
    bench.do(ONE)
    assert bench.run(1.5 + 10.2 + 9.9).state is S.PHASE_SWITCH
    assert bench.run(0.2).state is S.B_READY


# --- hardware, fall-back ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("spec", [ChargerSpec(phases=1), ChargerSpec(phases=2)])
def test_not_fitted(spec: ChargerSpec) -> None:
    bench = Bench(spec)
    assert bench.ask(ONE).refused is Reason.NOT_FITTED
    now = bench.charge()
    assert now.phases == now.phases_requested == (1 if spec.phases == 1 else 3)
    assert sum(i > 1 for i in now.phase_current) == spec.phases
    assert bench_with(fitted=False).ask(ONE).refused is Reason.NOT_FITTED


@pytest.mark.parametrize("how", ["spec", "tuned"])
def test_falling_back_to_one_phase(how: Literal["spec", "tuned"]) -> None:
    bench = Bench(replace(QUICK, evse=EvseSpec(plug_debounce=0.0, single_phase_fallback=how == "spec")))
    if how == "tuned":
        bench.do(TunePhases(owner="user", single_phase_fallback=True))
    bench.charge(replace(CAR, phases=1), seconds=35.0)
    assert bench.look().phases == 3
    now = bench.run(10.0)
    assert (now.phases, now.phases_requested, now.state) == (1, 1, S.CHARGING)
    assert now.contactor_cycles == 1
    bench.do(Unplug())
    assert bench.look().phases == 3


def test_no_fall_back_with_several_phases() -> None:
    bench = Bench(replace(QUICK, evse=EvseSpec(plug_debounce=0.0, single_phase_fallback=True)))
    assert bench.charge(seconds=600.0).phases == 3


def test_a_cooldown_does_not_survive_an_outage() -> None:
    bench = bench_with(cooldown=1000.0)
    bench.charge()
    bench.do(ONE)
    bench.run(60.0)
    bench.do(PowerCut(), PowerUp())
    bench.run(60.0)
    assert bench.do(THREE).state is S.PHASE_SWITCH
