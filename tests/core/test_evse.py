"""The charge controller's rules, one by one: states, delays, hold-offs, wake-up, lock, permissions."""

from __future__ import annotations

from dataclasses import replace

import pytest
from support_charger import CAR, QUICK, Bench

from emulator.core.faults import CpResistance, LockStuck, PpInvalid, Ventilation
from emulator.core.messages import (
    Command,
    Disturb,
    InterruptPilot,
    MarkEnergy,
    PlugCable,
    PlugIn,
    Reason,
    RebootController,
    Relieve,
    RequestPhases,
    ResetFaults,
    RestorePilot,
    SetAuthorisation,
    SetClimate,
    SetLimit,
    SetLock,
    SetPermission,
    SetService,
    SetSupply,
    SetVehicle,
    Stimulus,
    Unplug,
)
from emulator.core.specs import ChargerSpec, EvseSpec, WakeUp
from emulator.core.states import EvseState as S
from emulator.core.states import LockState, PilotState

PLUG = PlugIn(name="car", vehicle=CAR)
OFFER = SetLimit(owner="user", current=16.0)
SOCKET = ChargerSpec(connector="socket", evse=EvseSpec(plug_debounce=0.0))


def evse(spec: ChargerSpec = QUICK, **changes: object) -> ChargerSpec:
    return replace(spec, evse=replace(spec.evse, **changes))  # type: ignore[arg-type]


# --- the ordinary way ------------------------------------------------------------------------------------------------


def test_a_session_from_plug_to_unplug() -> None:
    bench = Bench(ChargerSpec())
    bench.do(SetAuthorisation(owner="user", granted=False), OFFER, PLUG)
    assert bench.look().plugged is False
    assert bench.until(0.25).state is S.B_AUTH
    bench.until(10.0)
    assert bench.do(SetAuthorisation(owner="user", granted=True)).state is S.B_READY
    assert bench.until(11.4).pilot is PilotState.B
    assert bench.until(11.5).state is S.C_CLOSING
    assert bench.until(12.0).contactor is False
    assert bench.until(12.1).state is S.CHARGING
    bench.until(60.0)
    now = bench.do(Unplug())
    assert (now.state, now.contactor, now.offered_current, now.plugged) == (S.A, False, 0, False)
    assert bench.path() == ["b_auth", "b_wait", "b_ready", "c_closing", "charging", "a"]
    assert bench.times("plugged") == [0.25]
    assert bench.times("contactor_closed") == [12.1]


def test_the_duty_cycle_follows_the_offer_at_once() -> None:
    bench = Bench()
    assert bench.look().duty_cycle == 100.0
    bench.charge()
    assert bench.look().duty_cycle == pytest.approx(16 / 0.6)
    assert bench.do(SetLimit(owner="user", current=10.0)).duty_cycle == pytest.approx(10 / 0.6)
    assert bench.do(SetPermission(owner="app", granted=False)).duty_cycle == 100.0


@pytest.mark.parametrize(("contacts", "conducts"), [(0.07, True), (0.075, False)])
def test_contacts_follow_the_command(contacts: float, conducts: bool) -> None:
    bench = Bench()
    bench.charge()
    bench.do(Unplug())
    assert bench.look().contactor is False
    assert any(bench.run(contacts).contactor_poles) is conducts


def test_a_brief_contact_is_no_session() -> None:
    bench = Bench(ChargerSpec())
    bench.do(PLUG)
    bench.run(0.2)
    bench.do(Unplug())
    assert bench.run(5.0).session == 0


def test_the_vehicle_ends_the_charge() -> None:  # 17
    bench = Bench()
    bench.charge(replace(CAR, charge_limit=0.401))
    bench.run(600.0)
    assert bench.path()[-2:] == ["charging", "b_ready"]
    assert bench.look().has_charged
    stop, opened = bench.times("current_stopped")[0], bench.times("contactor_opened")[0]
    assert stop == opened  # S2 opens as soon as nothing flows, the command follows at once
    assert bench.times("contactor_opened", under_load=False)


@pytest.mark.parametrize("withdraw", [SetLimit(owner="app", current=0.0), SetPermission(owner="app", granted=False)])
def test_a_withdrawn_offer_waits_for_the_vehicle(withdraw: Command) -> None:  # 13, 14
    bench = Bench()
    bench.charge()
    assert bench.do(withdraw).state is S.C_STOPPING
    assert bench.look().contactor
    assert bench.run(6.0).state is S.B_WAIT
    assert bench.look().contactor_cycles_under_load == 0


def test_a_vehicle_that_does_not_let_go_is_cut_off_after_six_seconds() -> None:  # 15
    bench = Bench()
    bench.charge(replace(CAR, ignores_pwm_off=True))
    bench.do(SetPermission(owner="app", granted=False))
    assert bench.run(5.999).contactor
    now = bench.run(0.002)
    assert (now.contactor, now.state, now.contactor_cycles_under_load) == (False, S.B_WAIT, 1)
    assert bench.times("contactor_opened", under_load=True) == [36.0]


def test_an_offer_that_returns_in_time_keeps_the_contactor_closed() -> None:  # 16
    bench = Bench()
    bench.charge()
    bench.do(SetPermission(owner="app", granted=False))
    bench.run(0.3)
    assert bench.do(SetPermission(owner="app", granted=True)).state is S.CHARGING
    now = bench.run(20.0)
    assert now.contactor_cycles == 1
    assert now.vehicle is not None
    assert now.vehicle.toggles == 0


def test_closing_is_given_up_when_the_offer_goes() -> None:  # 11b
    bench = Bench()
    bench.do(OFFER, PLUG)
    assert bench.run(1.6).state is S.C_CLOSING
    assert bench.do(SetPermission(owner="app", granted=False)).state is S.B_WAIT
    assert bench.run(5.0).contactor_cycles == 0


def test_closing_is_given_up_when_the_vehicle_lets_go() -> None:  # 11a
    bench = Bench()
    bench.do(OFFER, PLUG)
    bench.run(1.6)
    assert bench.do(Disturb(name="dirt", fault=CpResistance(resistance=2700.0))).state is S.B_READY
    assert bench.run(1.0).contactor_cycles == 0


# --- hold-offs -------------------------------------------------------------------------------------------------------


def test_after_c_ended_the_next_c_waits_five_seconds() -> None:  # T13
    bench = Bench()
    bench.charge()
    bench.do(SetPermission(owner="app", granted=False))
    bench.run(3.0)
    opened = bench.times("contactor_opened")[0]
    bench.do(SetPermission(owner="app", granted=True))
    bench.run(20.0)
    closing = bench.times("state_changed", to="c_closing")[1]
    assert closing == pytest.approx(opened + 5.0)


OF_C = evse(hold_off_from="state_c")


def test_the_hold_off_may_count_from_the_end_of_c() -> None:  # T13, 13, 14
    bench = Bench(OF_C)
    bench.charge()
    bench.do(SetPermission(owner="app", granted=False))
    stopped = bench.now
    bench.run(3.0)
    assert bench.times("contactor_opened")[0] > stopped
    bench.do(SetPermission(owner="app", granted=True))
    bench.run(20.0)
    assert bench.times("state_changed", to="c_closing")[1] == pytest.approx(stopped + 5.0)


def test_an_offer_that_returns_at_once_then_opens_the_contactor() -> None:  # 16a
    bench = Bench(OF_C)
    bench.charge()
    bench.do(SetPermission(owner="app", granted=False))
    stopped = bench.now
    bench.run(0.2)
    now = bench.do(SetPermission(owner="app", granted=True))
    assert (now.state, now.contactor, now.offered_current) == (S.B_READY, False, 16.0)
    assert bench.times("contactor_opened", under_load=True) == [bench.now]
    bench.run(20.0)
    assert bench.times("state_changed", to="c_closing")[1] == pytest.approx(stopped + 5.0)


def test_an_offer_that_returns_after_the_hold_off_finds_it_closed() -> None:  # 16
    bench = Bench(OF_C)
    bench.charge(replace(CAR, ignores_pwm_off=True))
    bench.do(SetPermission(owner="app", granted=False))
    bench.run(5.5)
    assert bench.do(SetPermission(owner="app", granted=True)).state is S.CHARGING
    assert bench.times("contactor_opened") == []


@pytest.mark.parametrize(
    ("end", "over"),
    [
        (Disturb(name="dirt", fault=CpResistance(resistance=2700.0)), Relieve(name="dirt")),
        (SetPermission(owner="app", granted=False), SetPermission(owner="app", granted=True)),
    ],
)
def test_a_c_without_a_closed_contactor_may_count(end: Command | Stimulus, over: Command | Stimulus) -> None:  # 11a, b
    bench = Bench(OF_C)
    bench.do(OFFER, PLUG)
    assert bench.until(1.6).state is S.C_CLOSING
    bench.do(end)
    bench.run(0.1)
    bench.do(over)
    bench.run(20.0)
    assert bench.times("state_changed", to="c_closing")[1] == pytest.approx(1.6 + 5.0)


def test_after_a_fault_the_next_c_waits_thirty_seconds() -> None:  # T14
    bench = Bench()
    bench.charge()
    bench.do(Disturb(name="dirt", fault=CpResistance(resistance=10.0)))
    assert bench.run(1.0).state is S.FAULT
    bench.do(Relieve(name="dirt"))
    bench.run(60.0)
    left = next(e.at for e in bench.events if e.name == "state_changed" and e.detail["from"] == "fault")
    assert bench.times("state_changed", to="c_closing")[1] == pytest.approx(left * 1e-6 + 30.0)


# --- authorisation, permissions, limits ------------------------------------------------------------------------------


def test_all_owners_have_to_agree() -> None:
    bench = Bench()
    bench.do(OFFER, PLUG, SetPermission(owner="a", granted=True), SetPermission(owner="b", granted=False))
    assert bench.look().state is S.B_WAIT
    assert bench.do(SetPermission(owner="b", granted=None)).state is S.B_READY
    assert bench.look().permissions == {"a": True}


def test_authorisation_of_several_owners() -> None:  # 6, 6a
    bench = Bench()
    bench.do(OFFER, PLUG, SetAuthorisation(owner="a", granted=True), SetAuthorisation(owner="b", granted=False))
    assert bench.look().state is S.B_AUTH
    assert bench.do(SetAuthorisation(owner="b", granted=True)).state is S.B_READY
    assert bench.do(SetAuthorisation(owner="a", granted=False)).state is S.B_AUTH
    assert bench.look().authorisations == {"a": False, "b": True}
    assert bench.do(SetAuthorisation(owner="a", granted=None)).state is S.B_READY


def test_authorisation_that_ends_while_charging_ends_the_charge() -> None:
    bench = Bench()
    bench.do(SetAuthorisation(owner="a", granted=True))
    bench.charge()
    assert bench.do(SetAuthorisation(owner="a", granted=False)).state is S.C_STOPPING
    assert bench.run(7.0).state is S.B_AUTH


@pytest.mark.parametrize(
    ("limits", "effective", "binding", "offered"),
    [
        ({}, 32.0, "hardware", 32.0),
        ({"a": 40.0}, 32.0, "hardware", 32.0),
        ({"a": 32.0}, 32.0, "hardware", 32.0),
        ({"a": 20.0, "b": 16.0}, 16.0, "b", 16.0),
        ({"a": 16.0, "b": 16.0}, 16.0, "a", 16.0),
        ({"a": 5.0}, 5.0, "a", 0.0),
        ({"hardware": 100.0}, 32.0, "hardware", 32.0),
        ({"hardware": 8.0}, 8.0, "hardware", 8.0),
    ],
)
def test_the_lowest_limit_binds(limits: dict[str, float], effective: float, binding: str, offered: float) -> None:
    bench = Bench()
    bench.do(PLUG, *(SetLimit(owner=owner, current=current) for owner, current in limits.items()))
    now = bench.look()
    assert (now.effective_limit, now.binding_limit, now.offered_current) == (effective, binding, offered)
    bench.do(*(SetLimit(owner=owner, current=None) for owner in limits))
    assert bench.look().limits == {"hardware": 32.0}


@pytest.mark.parametrize(("habit", "offered", "duty"), [("zero", 0, 100.0), ("clamp", 6, 10.0), ("pass", 4, 8.0)])
def test_below_six_amperes(habit: str, offered: float, duty: float) -> None:
    bench = Bench(evse(below_minimum=habit))
    now = bench.do(PLUG, SetLimit(owner="user", current=4.0))
    assert now.offered_current == offered
    assert now.duty_cycle == pytest.approx(duty)
    assert bench.do(SetLimit(owner="user", current=0.0)).offered_current == 0


# --- out of service, state D -----------------------------------------------------------------------------------------


def test_out_of_service_and_back() -> None:  # 22, 22a
    bench = Bench()
    bench.charge()
    assert bench.do(SetService(owner="a", available=False)).state is S.C_STOPPING
    assert bench.run(5.0).state is S.DISABLED
    bench.do(Unplug())
    assert bench.look().state is S.DISABLED
    bench.do(PLUG)
    assert (bench.look().plugged, bench.look().session) == (True, 2)
    assert bench.do(SetService(owner="a", available=True)).state is S.B_READY


def test_state_d_without_ventilation_never_closes() -> None:  # 10
    bench = Bench()
    bench.do(Disturb(name="v", fault=Ventilation()))
    now = bench.charge()
    assert (now.state, now.pilot, now.contactor_cycles) == (S.B_READY, PilotState.D, 0)
    assert "ventilation" in now.faults


def test_state_d_with_ventilation_charges() -> None:
    bench = Bench(evse(ventilation=True))
    now = bench.charge(replace(CAR, ventilation=True))
    assert (now.state, now.pilot) == (S.CHARGING, PilotState.D)


def test_state_d_while_charging_ends_it() -> None:  # 17
    bench = Bench()
    bench.charge()
    now = bench.do(Disturb(name="v", fault=Ventilation()))
    assert (now.state, now.contactor) == (S.B_READY, False)


def test_after_state_d_the_next_c_waits_thirty_seconds() -> None:  # T14
    bench = Bench()
    bench.charge(replace(CAR, patience=60.0))
    bench.do(Disturb(name="v", fault=Ventilation()))
    bench.run(10.0)
    bench.do(Relieve(name="v"))
    over = bench.now
    bench.run(60.0)
    assert bench.times("state_changed", to="c_closing")[1] == pytest.approx(over + 30.0)


# --- wake-up and interruptions of the pilot --------------------------------------------------------------------------


def test_the_wake_up_sequence() -> None:  # 20, 20a
    bench = Bench(evse(wake_up=WakeUp(enabled=True, first=30.0, duration=4.0, interval=20.0, attempts=2)))
    bench.do(SetLimit(owner="user", current=16.0), PlugIn(name="car", vehicle=CAR, state_of_charge=1.0))
    assert bench.until(30.0).state is S.WAKEUP
    assert bench.look().pilot is PilotState.B
    assert bench.look().pilot_interrupted
    bench.until(200.0)
    assert bench.times("pilot_interrupted") == [30.0, 54.0]
    assert bench.times("pilot_restored") == [34.0, 58.0]
    assert bench.look().session == 1


def test_an_offer_of_nothing_restarts_the_wake_up() -> None:
    bench = Bench(evse(wake_up=WakeUp(enabled=True, first=30.0)))
    bench.do(SetLimit(owner="user", current=16.0), PlugIn(name="car", vehicle=CAR, state_of_charge=1.0))
    bench.until(20.0)
    bench.do(SetPermission(owner="a", granted=False))
    bench.do(SetPermission(owner="a", granted=True))
    bench.until(100.0)
    assert bench.times("pilot_interrupted") == [50.0]


def test_withdrawing_the_offer_ends_a_wake_up() -> None:
    bench = Bench(evse(wake_up=WakeUp(enabled=True, first=30.0, attempts=5)))
    bench.do(SetLimit(owner="user", current=16.0), PlugIn(name="car", vehicle=CAR, state_of_charge=1.0))
    bench.until(31.0)
    assert bench.do(SetPermission(owner="a", granted=False)).state is S.B_WAIT
    assert bench.until(300.0).pilot_interrupted is False
    assert bench.times("pilot_interrupted") == [30.0]


def test_no_wake_up_for_a_vehicle_that_has_asked() -> None:
    bench = Bench(evse(wake_up=WakeUp(enabled=True, first=10.0)))
    bench.charge(replace(CAR, charge_limit=0.401))
    bench.run(600.0)
    assert bench.times("pilot_interrupted") == []


def test_unplugging_in_the_dark_is_seen_afterwards() -> None:  # T16
    bench = Bench()
    bench.charge()
    bench.do(InterruptPilot(owner="a", duration=4.0))
    bench.run(1.0)
    bench.do(Unplug())
    assert bench.run(2.9).plugged
    assert bench.run(0.1).plugged
    assert bench.run(0.075).plugged is False


def test_an_interruption_without_end_is_ended_by_its_owner() -> None:
    bench = Bench()
    bench.charge()
    bench.do(InterruptPilot(owner="a", duration=None, mode="f"), InterruptPilot(owner="b", duration=2.0))
    assert bench.look().pilot is PilotState.F
    assert bench.look().duty_cycle == 0
    assert bench.run(60.0).pilot_interrupted
    assert bench.do(RestorePilot(owner="a")).pilot_interrupted is False
    assert bench.run(30.0).state is S.CHARGING


# --- lock and proximity ----------------------------------------------------------------------------------------------


def test_a_socket_locks_before_it_closes() -> None:
    bench = Bench(evse(SOCKET, lock_in_b=False))
    bench.do(OFFER, PLUG)
    assert bench.until(1.5).lock is LockState.CLOSING
    assert bench.until(2.2).contactor is False  # close delay over, lock still moving
    assert bench.until(2.5).contactor
    bench.run(10.0)
    bench.do(Unplug())
    assert bench.look().lock is LockState.OPENING
    assert bench.run(1.0).lock is LockState.OPEN


def test_the_cable_limits() -> None:
    bench = Bench(SOCKET)
    now = bench.do(PlugIn(name="car", vehicle=CAR, cable=13.0))
    assert (now.binding_limit, now.offered_current, now.cable_rating) == ("cable", 13.0, 13.0)
    assert now.proximity_resistance == 1500.0
    bench.do(Unplug(at_box=False))
    assert bench.look().cable_rating == 13.0
    bench.do(PlugCable(plugged=False))
    assert bench.look().cable_rating is None
    assert bench.do(PlugCable()).cable_rating == 32.0


def test_a_loose_cable_is_no_vehicle() -> None:
    bench = Bench(SOCKET)
    bench.do(PlugCable(cable=20.0))
    now = bench.run(10.0)
    assert (now.plugged, now.lock, now.cable_rating) == (False, LockState.OPEN, 20.0)
    assert bench.do(SetLock(owner="a", policy="always")).lock is LockState.CLOSING


def test_unlocking_is_refused_while_charging_and_obeyed_otherwise() -> None:
    bench = Bench(SOCKET)
    bench.charge()
    assert bench.ask(SetLock(owner="a", policy="open")).refused is Reason.NOT_NOW
    bench.do(SetPermission(owner="a", granted=False))
    bench.run(7.0)
    assert bench.look().lock is LockState.CLOSED
    bench.do(SetLock(owner="a", policy="open"))
    assert bench.run(1.0).lock is LockState.OPEN
    bench.do(Unplug(), PLUG)
    assert bench.run(2.0).lock is LockState.CLOSED


def test_auto_unlock_opens_when_nothing_is_offered_any_more() -> None:
    bench = Bench(SOCKET)
    bench.do(SetLock(owner="a", policy="auto_unlock"))
    bench.charge()
    bench.do(SetPermission(owner="a", granted=False))
    assert bench.run(8.0).lock is LockState.OPEN


@pytest.mark.parametrize("mode", ["open", "f"])
def test_a_disabled_socket_is_open(mode: str) -> None:
    bench = Bench(SOCKET)
    bench.do(PLUG)
    bench.run(5.0)
    bench.do(SetService(owner="a", available=False))
    assert bench.run(2.0).lock is LockState.OPEN


def test_a_lock_that_sticks_open_is_tried_again_at_the_next_plug() -> None:
    bench = Bench(SOCKET)
    bench.do(Disturb(name="lock", fault=LockStuck(stuck="open")))
    bench.charge()
    now = bench.look()
    assert (now.state, now.lock, now.contactor_cycles) == (S.FAULT, LockState.ERROR, 0)
    assert bench.times("fault_raised", fault="lock_stuck") == [6.0]
    bench.do(Relieve(name="lock"))
    assert bench.run(5.0).faults == ("lock_stuck",)  # until unplugged
    bench.do(Unplug())
    assert bench.run(2.0).state is S.A
    bench.do(PLUG)
    assert bench.run(60.0).state is S.CHARGING


def test_an_invalid_proximity_offers_nothing() -> None:
    bench = Bench(SOCKET)
    bench.charge()
    bench.do(Disturb(name="pp", fault=PpInvalid()))
    now = bench.run(10.0)
    assert (now.state, now.cable_rating, now.offered_current, now.faults) == (S.B_WAIT, 0.0, 0.0, ("pp_invalid",))
    bench.do(Relieve(name="pp"))
    assert bench.run(60.0).state is S.CHARGING


# --- marks, and what is refused --------------------------------------------------------------------------------------


def test_energy_marks_are_announced_once_per_session() -> None:
    bench = Bench()
    bench.do(MarkEnergy(owner="a", energy=5.0), MarkEnergy(owner="b", energy=1000.0), MarkEnergy(owner="c", energy=2.0))
    bench.do(MarkEnergy(owner="c", energy=None))
    bench.charge(seconds=3600.0)
    assert [e.detail["mark"] for e in bench.events if e.name == "energy_reached"] == ["a", "b"]
    ramp = bench.times("energy_reached", mark="a")[0] - bench.times("current_started")[0]
    assert ramp == pytest.approx(5.122775, abs=2e-6)
    bench.do(Unplug(), PLUG)
    bench.run(60.0)
    assert len(bench.times("energy_reached", mark="a")) == 2
    bench.do(MarkEnergy(owner="a", energy=1.0))
    assert len(bench.times("energy_reached", mark="a")) == 3


REFUSED: tuple[tuple[Stimulus | Command, Reason], ...] = (
    (Unplug(), Reason.NOT_PLUGGED),
    (SetVehicle(changes={"awake": True}), Reason.NOT_PLUGGED),
    (PlugCable(), Reason.NOT_FITTED),
    (Relieve(name="nothing"), Reason.UNKNOWN),
    (PlugIn(name="car", vehicle=CAR, state_of_charge=1.5), Reason.OUT_OF_RANGE),
    (PlugIn(name="car", vehicle=replace(CAR, capacity=0.0)), Reason.OUT_OF_RANGE),
    (PlugIn(name="car", vehicle=replace(CAR, phases=4)), Reason.OUT_OF_RANGE),
    (PlugIn(name="car", vehicle=CAR, cable=17.0), Reason.OUT_OF_RANGE),
    (SetLimit(owner="user", current=-1.0), Reason.OUT_OF_RANGE),
    (SetLimit(owner="user", current=float("nan")), Reason.INVALID),
    (InterruptPilot(owner="user", duration=float("inf")), Reason.INVALID),
    (SetSupply(voltage=-5.0), Reason.OUT_OF_RANGE),
    (SetSupply(phases=5), Reason.OUT_OF_RANGE),
    (SetClimate(ambient=1e9), Reason.OUT_OF_RANGE),
    (SetPermission(owner="user", granted="yes"), Reason.INVALID),  # type: ignore[arg-type]
    (RequestPhases(owner="user", phases=5), Reason.INVALID),  # type: ignore[arg-type]
)


@pytest.mark.parametrize(("message", "reason"), REFUSED, ids=lambda value: type(value).__name__)
def test_what_cannot_be_is_refused(message: Stimulus | Command, reason: Reason) -> None:
    bench = Bench()
    revision = bench.charger.revision
    outcome = bench.ask(message)
    assert outcome.refused is reason
    assert outcome.message
    assert bench.charger.revision == revision


def test_what_cannot_be_now_is_refused() -> None:
    bench = Bench(ChargerSpec(phases=1))
    bench.do(PLUG)
    assert bench.ask(PLUG).refused is Reason.ALREADY_PLUGGED
    assert bench.ask(RequestPhases(owner="user", phases=1)).refused is Reason.NOT_FITTED
    assert bench.ask(SetVehicle(changes={"wings": 2})).refused is Reason.UNKNOWN
    assert bench.ask(SetVehicle(changes={"capacity": "big"})).refused is Reason.WRONG_TYPE
    assert bench.ask(SetVehicle(changes={"efficiency": 0.0})).refused is Reason.OUT_OF_RANGE
    assert bench.ask(ResetFaults(owner="user")).ok
    assert bench.ask(RebootController(owner="user")).ok


def test_a_lock_that_still_sticks_is_no_fault_while_nothing_is_plugged() -> None:
    bench = Bench(SOCKET)
    bench.do(Disturb(name="lock", fault=LockStuck(stuck="open")))
    bench.charge()
    bench.do(Unplug())
    now = bench.run(2.0)
    assert (now.state, now.faults, now.lock) == (S.A, (), LockState.OPEN)
    bench.do(PLUG)
    assert bench.run(7.0).faults == ("lock_stuck",)
