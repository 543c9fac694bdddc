"""Every fault of the catalogue: raised after its delay, latched as the table says, let go as it should."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import get_args

import pytest
from support_charger import CAR, QUICK, Bench

from emulator.core import faults as f
from emulator.core import rcd, thermal
from emulator.core.messages import (
    Disturb,
    PlugIn,
    PowerCut,
    PowerUp,
    Reason,
    RebootController,
    Relieve,
    RequestPhases,
    ResetFaults,
    SetEarthCheck,
    SetLimit,
    SetSupply,
    Unplug,
)
from emulator.core.protection import NAMES, Severity
from emulator.core.specs import ChargerSpec, EvseSpec, VehicleSpec
from emulator.core.states import EvseState as S
from emulator.core.states import PilotState
from emulator.core.thermal import SensorName

SOCKET = replace(QUICK, connector="socket")


@dataclass(frozen=True, kw_only=True)
class Case:
    """What a disturbance of a running charge leads to."""

    fault: f.Disturbance
    name: str
    delay: float
    """s from the disturbance to the fault"""
    severity: Severity = Severity.HARD
    recovery: str = "auto"
    clears: float = 0.0
    """s from the end of the disturbance, for `auto`"""
    spec: ChargerSpec = QUICK


CASES = (
    Case(fault=f.TripRcd(residual_current=0.035), name="rcd_ac", delay=0.25714, recovery="command"),
    Case(fault=f.TripRcd(residual_current=0.5), name="rcd_ac", delay=0.04, recovery="command"),
    Case(fault=f.TripRcd(residual_current=0.006, current_type="dc"), name="rcd_dc", delay=10.0, recovery="command"),
    Case(fault=f.TripRcd(residual_current=-0.02, current_type="dc"), name="rcd_dc", delay=1.59852, recovery="command"),
    Case(fault=f.TripRcd(residual_current=0.06, persistent=True), name="rcd_ac", delay=0.15, recovery="command"),
    Case(fault=f.RcdSensorDefect(), name="rcd_sensor_defect", delay=0.1, recovery="command"),
    Case(fault=f.PeLoss(), name="pe_loss", delay=0.5),
    Case(fault=f.CpShort(), name="cp_short", delay=0.1),
    Case(fault=f.CpResistance(resistance=100.0), name="cp_short", delay=0.1),
    Case(fault=f.CpStateF(), name="cp_state_f", delay=0.1),
    Case(fault=f.DiodeShorted(), name="diode_shorted", delay=0.1),
    Case(fault=f.ContactorFailsToClose(), name="contactor_fails_to_close", delay=1.25),
    Case(fault=f.SwitchUnconfigured(), name="switch_unconfigured", delay=0.0, recovery="power"),
    Case(fault=f.Overvoltage(voltage=254.0, phases=("L2",)), name="overvoltage", delay=1.0, clears=60.0),
    Case(fault=f.Overvoltage(voltage=280.0), name="overvoltage", delay=0.1, clears=60.0),
    Case(fault=f.Undervoltage(voltage=190.0, phases=("L3",)), name="undervoltage", delay=5.0, clears=60.0),
    Case(fault=f.PhaseLoss(), name="phase_loss", delay=0.5),
    Case(fault=f.PhaseLoss(phases=("L1",)), name="phase_loss", delay=0.5),
    Case(fault=f.Frequency(), name="frequency", delay=1.0, clears=60.0),
    Case(fault=f.Frequency(frequency=52.5), name="frequency", delay=1.0, clears=60.0),
    Case(fault=f.PpInvalid(), name="pp_invalid", delay=0.1, severity=Severity.SOFT, spec=SOCKET),
    Case(fault=f.Overtemp(temperature=85.0), name="overtemp_stop", delay=0.0, severity=Severity.SOFT),
    Case(fault=f.Overtemp(temperature=72.0), name="overtemp_derate", delay=0.0, severity=Severity.INFO),
    Case(fault=f.MeterFault(), name="meter_fault", delay=0.0, severity=Severity.INFO),
    Case(fault=f.ControllerLinkLost(), name="controller_link_lost", delay=0.0, severity=Severity.INFO),
    Case(fault=f.BackendLost(), name="backend_lost", delay=0.0, severity=Severity.INFO),
)
IDS = [f"{case.name}-{case.delay}" for case in CASES]


def ignored(bench: Bench) -> None:
    """Nothing."""


def reset(bench: Bench) -> None:
    bench.do(ResetFaults(owner="user"))


def unplug(bench: Bench) -> None:
    bench.do(Unplug())


def cycle(bench: Bench) -> None:
    bench.do(PowerCut(), PowerUp())


def reboot(bench: Bench) -> None:
    bench.do(RebootController(owner="user"))


def strike(case: Case) -> Bench:
    """A running charge, disturbed now."""
    bench = Bench(case.spec)
    bench.charge()
    assert bench.look().state is S.CHARGING
    bench.do(Disturb(name="it", fault=case.fault))
    return bench


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_it_is_raised_after_its_delay(case: Case) -> None:
    bench = strike(case)
    if case.delay:
        assert case.name not in bench.run(case.delay - 1e-4).faults
        bench.run(2e-4)
    now = bench.look()
    assert case.name in now.faults
    assert (now.state is S.FAULT) is (case.severity is Severity.HARD)
    assert now.contactor is (case.severity is not Severity.HARD)
    assert (now.offered_current > 0) is (case.severity is Severity.INFO)
    if case.severity is Severity.SOFT:
        assert bench.run(6.0).contactor is False
        assert bench.look().contactor_cycles_under_load == 0


@pytest.mark.parametrize(
    "case", [c for c in CASES if c.delay > 0], ids=[f"{c.name}-{c.delay}" for c in CASES if c.delay]
)
def test_a_shorter_disturbance_is_none(case: Case) -> None:
    bench = strike(case)
    bench.run(case.delay * 0.9)
    bench.do(Relieve(name="it"))
    assert bench.run(1000.0).faults == ()
    assert not bench.times("fault_raised")


@pytest.mark.parametrize("case", CASES, ids=IDS)
@pytest.mark.parametrize("way", [ignored, reset, unplug, cycle, reboot])
def test_it_is_let_go_as_the_table_says(case: Case, way: Callable[[Bench], None]) -> None:
    bench = strike(case)
    bench.run(case.delay + 1.0)
    if "it" in bench.charger.disturbances:
        bench.do(Relieve(name="it"))
    gone = bench.now
    bench.run(0.1)
    way(bench)
    bench.run(70.0)
    frees = {
        "auto": (ignored, reset, unplug, cycle, reboot),
        "command": (reset, cycle, reboot),
        "unplug": (unplug, cycle, reboot),
        "power": (cycle, reboot),
    }[case.recovery]
    assert (case.name not in bench.look().faults) is (way in frees)
    if way is ignored and case.recovery == "auto":
        cleared = bench.times("fault_cleared", fault=case.name)[0]
        assert cleared == pytest.approx(gone + case.clears, abs=1e-6)
        assert bench.run(120.0).state is S.CHARGING


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_it_lasts_as_long_as_its_condition(case: Case) -> None:
    if isinstance(case.fault, f.TripRcd | f.PpInvalid | f.DiodeShorted) or case.name == "cp_short":
        return  # gone with the contactor, or with the vehicle
    bench = strike(case)
    bench.run(case.delay + 1.0)
    for way in (reset, unplug):
        way(bench)
        bench.run(100.0)
        assert case.name in bench.look().faults


def test_every_name_is_struck_somewhere_here() -> None:
    elsewhere = {"rcd_selftest", "ventilation", "contactor_welded", "overcurrent", "lock_stuck"}
    assert {case.name for case in CASES} | elsewhere == set(NAMES)
    healthy = {f.CpOpen, f.VehicleRefuses, f.Ventilation, f.LockStuck, f.Overcurrent, f.ContactorWelded}
    assert {type(case.fault) for case in CASES} | healthy | {f.RcdSelftest} == set(f.CATALOGUE)


# --- one by one ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "residual", "seconds"),
    [("dc", 0.010, 4.59), ("dc", 0.020, 1.60), ("dc", 0.060, 0.30), ("ac", 0.045, 0.20), ("ac", 0.100, 0.072)],
)
def test_inverse_time(kind: str, residual: float, seconds: float) -> None:
    assert rcd.trip_time(kind, residual) == pytest.approx(seconds, rel=0.01)  # type: ignore[arg-type]
    bench = Bench()
    bench.charge()
    began = bench.now
    bench.do(Disturb(name="leak", fault=f.TripRcd(residual_current=residual, current_type=kind)))  # type: ignore[arg-type]
    bench.run(20.0)
    assert bench.times("rcd_tripped")[0] - began == pytest.approx(seconds, rel=0.01)


def test_a_leak_waits_for_the_contactor_and_goes_with_the_trip() -> None:
    bench = Bench()
    bench.do(Disturb(name="leak", fault=f.TripRcd()), Disturb(name="other", fault=f.TripRcd(current_type="dc")))
    assert bench.run(100.0).faults == ()
    bench.charge()
    assert bench.look().faults == ("rcd_ac",)
    assert set(bench.charger.disturbances) == {"other"}
    trip = next(event for event in bench.events if event.name == "rcd_tripped")
    assert dict(trip.detail) == {"fault": "rcd_ac", "residual_current": 0.035}


def test_a_persistent_leak_trips_again() -> None:
    bench = Bench()
    bench.do(Disturb(name="leak", fault=f.TripRcd(persistent=True)))
    bench.charge()
    bench.do(ResetFaults(owner="user", fault="rcd_ac"))
    assert bench.run(60.0).faults == ("rcd_ac",)
    assert len(bench.times("rcd_tripped")) == 2


def test_a_reset_may_name_another_fault() -> None:
    bench = Bench()
    bench.charge()
    bench.do(Disturb(name="leak", fault=f.TripRcd()))
    bench.run(1.0)
    assert bench.do(ResetFaults(owner="user", fault="rcd_dc")).faults == ("rcd_ac",)
    assert bench.do(ResetFaults(owner="user", fault="rcd_ac")).faults == ()


def test_a_failed_self_test_never_closes_and_needs_a_power_cycle() -> None:
    bench = Bench()
    bench.charge()
    bench.do(Disturb(name="test", fault=f.RcdSelftest()))
    assert bench.run(100.0).state is S.CHARGING  # tested in A, at boot, and before closing
    bench.do(Unplug())
    assert bench.look().faults == ("rcd_selftest",)
    bench.do(Relieve(name="test"), ResetFaults(owner="user"))
    assert bench.run(10.0).state is S.FAULT
    cycle(bench)
    assert bench.run(10.0).state is S.A


def test_no_earth_check_no_earth_fault() -> None:
    bench = Bench()
    bench.do(SetEarthCheck(owner="user", enabled=False), Disturb(name="pe", fault=f.PeLoss()))
    assert bench.charge().state is S.CHARGING
    assert bench.look().earth_ok is False
    bench.do(SetEarthCheck(owner="user", enabled=True))
    assert bench.run(0.6).faults == ("pe_loss",)


def test_a_shorted_diode_is_found_at_the_offer_and_leaves_with_the_vehicle() -> None:
    bench = Bench()
    bench.do(Disturb(name="diode_shorted", fault=f.DiodeShorted()), PlugIn(name="car", vehicle=CAR))
    assert bench.look().faults == ("diode_shorted",)
    bench.do(Unplug())
    assert (bench.look().faults, bench.look().state) == ((), S.A)


def test_a_weld_is_found_when_it_should_be_open() -> None:
    bench = Bench()
    bench.charge()
    bench.do(Disturb(name="weld", fault=f.ContactorWelded(phases=("L1",))))
    assert bench.run(60.0).faults == ()
    bench.do(Unplug())
    assert bench.run(1.24).faults == ()
    now = bench.run(0.02)
    assert (now.faults, now.state, now.contactor_poles) == (("contactor_welded",), S.FAULT, (True, False, False))
    assert now.energised == (True, False, False)
    bench.do(Relieve(name="weld"))
    assert bench.look().state is S.A


def test_power_may_flow_through_a_weld() -> None:
    bench = Bench()
    bench.do(Disturb(name="weld", fault=f.ContactorWelded()))
    bench.run(2.0)
    scooter = VehicleSpec(simplified=True, phases=1, max_current=10.0, reactive_current=0.0)
    now = bench.charge(scooter)
    assert (now.state, now.contactor, now.phase_current[0]) == (S.FAULT, False, 10.0)


def test_a_contactor_that_does_not_close() -> None:
    bench = Bench()
    bench.do(Disturb(name="dead", fault=f.ContactorFailsToClose()))
    bench.charge(seconds=2.2)
    assert (bench.look().contactor, bench.look().contactor_poles) == (True, (False, False, False))
    now = bench.until(2.1 + 1.25)
    assert (now.faults, now.contactor) == (("contactor_fails_to_close",), False)
    assert now.contactor_poles == (False, False, False)


def test_overcurrent_counts_from_the_crossing() -> None:
    bench = Bench()
    bench.do(Disturb(name="greedy", fault=f.Overcurrent(excess=5.0)))
    bench.charge(seconds=60.0)
    raised = bench.times("fault_raised", fault="overcurrent")[0]
    active = (18.15**2 - 0.6**2) ** 0.5
    assert raised == pytest.approx(5.1 + active / 2.0 + 7.0, abs=1e-5)
    bench.do(Relieve(name="greedy"))
    assert bench.run(100.0).state is S.FAULT
    bench.do(ResetFaults(owner="user"))
    assert bench.look().state is S.FAULT
    bench.do(Unplug())
    assert bench.look().state is S.A


@pytest.mark.parametrize(
    ("offer", "excess", "trips"), [(16.0, 2.14, False), (16.0, 2.16, True), (6.0, 1.16, True), (32.0, 5.0, True)]
)
def test_the_threshold_of_overcurrent(offer: float, excess: float, trips: bool) -> None:
    """Above the offer, not above what a vehicle built for 16 A draws by itself."""
    bench = Bench()
    bench.do(Disturb(name="greedy", fault=f.Overcurrent(excess=excess)))
    now = bench.charge(current=offer, seconds=60.0)
    assert (now.state is S.FAULT) is trips


def test_a_slow_vehicle_trips_overcurrent_and_a_quick_one_does_not() -> None:
    for ramp, faults in ((8.0, ()), (0.5, ("overcurrent",))):
        bench = Bench()
        bench.charge(replace(CAR, ramp_down=ramp))
        bench.do(SetLimit(owner="user", current=6.0))
        assert bench.run(30.0).faults == faults


def test_a_falling_overvoltage_is_one_fault() -> None:
    bench = Bench()
    bench.charge()
    bench.do(Disturb(name="v", fault=f.Overvoltage(voltage=280.0)))
    bench.run(1.0)
    bench.do(Disturb(name="v", fault=f.Overvoltage(voltage=260.0)))
    assert bench.run(300.0).faults == ("overvoltage",)
    assert len(bench.times("fault_raised")) == 1


def test_an_undervoltage_lasts_until_ninety_percent() -> None:
    bench = Bench()
    bench.charge()
    bench.do(SetSupply(voltage=190.0))
    assert bench.run(5.0).faults == ("undervoltage",)
    bench.do(SetSupply(voltage=200.0))
    assert bench.run(100.0).faults == ("undervoltage",)
    bench.do(SetSupply(voltage=208.0))
    assert bench.run(60.0).faults == ()


def test_a_lost_phase_nobody_uses_is_no_fault() -> None:
    bench = Bench()
    bench.do(RequestPhases(owner="user", phases=1), Disturb(name="l2", fault=f.PhaseLoss(phases=("L2", "L3"))))
    assert bench.charge().state is S.CHARGING
    bench.do(RequestPhases(owner="user", phases=3))
    assert "phase_loss" in bench.run(120.0).faults


def test_a_single_phase_supply_is_no_phase_loss() -> None:
    bench = Bench(replace(QUICK, supply=replace(QUICK.supply, phases=1)))
    now = bench.charge()
    assert (now.state, now.faults) == (S.CHARGING, ())
    assert now.neutral_current == pytest.approx(now.phase_current[0])


def test_an_it_network_charges_on_two_lines() -> None:
    spec = replace(QUICK, supply=replace(QUICK.supply, network="IT"), earth_check=False)
    bench = Bench(spec)
    now = bench.charge(replace(CAR, reactive_current=0.0))
    assert [i > 1 for i in now.phase_current] == [True, True, False]
    assert now.neutral_current == pytest.approx(now.phase_current[0] * 3**0.5)
    assert now.faults == ()


def test_rotation_decides_which_line_a_terminal_loses() -> None:
    spec = replace(QUICK, supply=replace(QUICK.supply, rotation="STR"))
    bench = Bench(spec)
    bench.do(SetSupply(live=(False, True, True)))
    assert bench.look().supply_phases == (True, True, False)


def test_a_cut_pilot_wire_looks_like_an_unplug() -> None:
    bench = Bench()
    bench.charge()
    now = bench.do(Disturb(name="cp", fault=f.CpOpen()))
    assert (now.state, now.plugged, now.faults) == (S.A, False, ())
    bench.do(Relieve(name="cp"))
    assert bench.run(60.0).session == 2


@pytest.mark.parametrize(("resistance", "state"), [(5600.0, "B"), (1750.0, "C"), (250.0, "D"), (1e6, "A"), (0.0, "E")])
def test_odd_resistances(resistance: float, state: str) -> None:
    bench = Bench()
    bench.charge()
    now = bench.do(Disturb(name="cp", fault=f.CpResistance(resistance=resistance)))
    assert now.pilot is PilotState(state)


def test_what_the_pilot_shows_in_trouble() -> None:
    bench = Bench()
    bench.charge()
    now = bench.do(Disturb(name="cp", fault=f.CpShort()))
    assert (now.pilot, now.pilot_voltage) == (PilotState.E, 0.0)
    now = bench.do(Disturb(name="cp", fault=f.CpStateF()))
    assert (now.pilot, now.pilot_voltage, now.duty_cycle) == (PilotState.F, -12.0, 0.0)
    bench.do(Relieve(name="cp"))
    assert bench.run(0.1).pilot is PilotState.B


def test_a_vendor_may_recover_otherwise() -> None:
    spec = replace(QUICK, evse=EvseSpec(plug_debounce=0.0, recovery=(("rcd_ac", "unplug"), ("overcurrent", "auto"))))
    bench = Bench(spec)
    bench.charge()
    bench.do(Disturb(name="leak", fault=f.TripRcd()))
    bench.run(1.0)
    assert bench.do(ResetFaults(owner="user")).faults == ("rcd_ac",)
    bench.do(Unplug())
    assert bench.look().faults == ()


def test_the_same_name_replaces_and_faults_add_up() -> None:
    bench = Bench()
    bench.do(Disturb(name="a", fault=f.MeterFault()), Disturb(name="a", fault=f.BackendLost()))
    assert bench.look().faults == ("backend_lost",)
    bench.do(Disturb(name="b", fault=f.MeterFault()))
    assert bench.look().faults == ("backend_lost", "meter_fault")


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (f.Overtemp(sensor="nose"), Reason.INVALID),  # type: ignore[arg-type]
        (f.Overtemp(temperature=5000.0), Reason.OUT_OF_RANGE),
        (f.Overtemp(temperature=-300.0), Reason.OUT_OF_RANGE),
        (f.Overvoltage(voltage=-1.0), Reason.OUT_OF_RANGE),
        (f.TripRcd(residual_current=-0.035), Reason.OUT_OF_RANGE),
        (f.TripRcd(residual_current=-1e9, current_type="dc"), Reason.OUT_OF_RANGE),
    ],
)
def test_an_impossible_fault_is_refused_and_leaves_nothing(fault: f.Disturbance, reason: Reason) -> None:
    bench = Bench()
    before = bench.look()
    assert bench.ask(Disturb(name="c", fault=fault)).refused is reason
    assert not bench.charger.disturbances
    assert bench.look() is before
    assert bench.ask(Relieve(name="c")).refused is Reason.UNKNOWN


def test_a_sensor_has_one_name_everywhere() -> None:
    assert get_args(SensorName) == tuple(thermal.BY_NAME)
