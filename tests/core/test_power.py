"""Outage, boot and reboot: what is lost and what is kept."""

from __future__ import annotations

from dataclasses import replace

import pytest
from support_charger import CAR, QUICK, Bench

from emulator.core.faults import LockStuck
from emulator.core.messages import (
    Disturb,
    InterruptPilot,
    MarkEnergy,
    PlugIn,
    PowerCut,
    PowerUp,
    Reason,
    RebootController,
    RestorePilot,
    SetLimit,
    SetLock,
    SetPermission,
    SetService,
    SetSupply,
    Unplug,
)
from emulator.core.specs import ChargerSpec, EvseSpec
from emulator.core.states import EvseState as S
from emulator.core.states import LockState, PilotState

REBOOT = RebootController(owner="user")


def test_an_outage_opens_everything_at_once() -> None:
    bench = Bench()
    bench.charge()
    now = bench.do(PowerCut())
    assert (now.state, now.contactor, now.contactor_poles) == (S.OFF, False, (False, False, False))
    assert (now.pilot, now.pilot_voltage, now.duty_cycle) == (PilotState.E, 0.0, 0.0)
    assert (now.plugged, now.frequency, now.phase_voltage) == (False, 0.0, (0.0, 0.0, 0.0))
    assert (now.power, now.current_flows, now.controller_link) == (0.0, False, False)
    assert now.contactor_cycles_under_load == 0
    assert "contactor_opened" in bench.names()
    assert bench.names()[-3:] == ["pilot_changed", "supply_lost", "current_stopped"]


def test_it_boots_and_goes_on_in_a_new_session() -> None:
    bench = Bench()
    bench.charge(seconds=600.0)
    before = bench.look()
    bench.do(PowerCut())
    off = bench.run(60.0)
    assert off.total_energy == before.total_energy // 1
    assert 0 <= before.session_energy - off.session_energy <= 1
    bench.do(PowerUp())
    assert bench.look().state is S.BOOT
    assert bench.run(4.2).state is S.BOOT
    now = bench.run(0.1)
    assert (now.state, now.session, now.boots, now.session_energy) == (S.B_READY, 2, 2, 0.0)
    now = bench.run(60.0)
    assert (now.state, now.has_charged) == (S.CHARGING, True)
    assert now.limits["user"] == 16.0
    assert now.charging_for < 60


def test_energy_marks_start_anew_after_an_outage() -> None:
    bench = Bench()
    bench.do(MarkEnergy(owner="a", energy=100.0))
    bench.charge(seconds=120.0)
    bench.do(PowerCut(), PowerUp())
    bench.run(120.0)
    assert len(bench.times("energy_reached")) == 2


def test_a_reboot_keeps_the_register_and_begins_a_new_session() -> None:
    bench = Bench()
    bench.charge(seconds=600.0)
    before = bench.look()
    now = bench.do(REBOOT)
    assert (now.state, now.contactor, now.total_energy) == (S.BOOT, False, before.total_energy)
    assert (now.boots, now.plugged, now.offered_current) == (2, False, 0.0)
    assert bench.times("contactor_opened", under_load=True)
    now = bench.run(60.0)
    assert (now.state, now.session) == (S.CHARGING, 2)
    assert bench.names().count("unplugged") == 1


def test_rebooting_again_starts_over() -> None:
    bench = Bench()
    bench.do(REBOOT)
    bench.run(4.0)
    bench.do(REBOOT)
    assert bench.run(4.2).state is S.BOOT
    assert bench.run(0.1).state is S.A


def test_boot_lockout() -> None:
    bench = Bench(replace(QUICK, evse=EvseSpec(plug_debounce=0.0, boot_lockout=30.0)))
    bench.do(REBOOT, PlugIn(name="car", vehicle=CAR))
    assert bench.run(34.2).state is S.B_WAIT
    assert bench.run(0.1).state is S.B_READY


def test_hold_offs_are_forgotten() -> None:
    bench = Bench()
    bench.charge()
    bench.do(REBOOT)
    bench.run(60.0)
    booted = bench.times("booted")[0]
    assert bench.times("state_changed", to="c_closing")[1] == pytest.approx(booted + 1.5)


def test_what_can_be_asked_without_supply() -> None:
    bench = Bench()
    bench.do(PowerCut())
    assert bench.ask(REBOOT).refused is Reason.UNREACHABLE
    assert bench.ask(InterruptPilot(owner="a", duration=1.0)).refused is Reason.UNREACHABLE
    bench.do(
        SetLimit(owner="user", current=10.0),
        SetPermission(owner="a", granted=False),
        SetService(owner="b", available=False),
        RestorePilot(owner="a"),
        PlugIn(name="car", vehicle=CAR),
        PowerUp(),
    )
    assert bench.run(5.0).state is S.DISABLED
    bench.do(SetService(owner="b", available=True), SetPermission(owner="a", granted=True))
    assert bench.run(30.0).offered_current == 10.0


def test_what_is_asked_while_booting_counts_afterwards() -> None:
    bench = Bench()
    bench.do(REBOOT, PlugIn(name="car", vehicle=CAR), InterruptPilot(owner="a", duration=1.0))
    bench.do(SetLimit(owner="user", current=8.0))
    assert bench.run(60.0).phase_current[0] == pytest.approx(7.82)


def test_unplugging_without_supply() -> None:
    bench = Bench()
    bench.charge()
    bench.do(PowerCut(), Unplug())
    bench.run(10.0)
    bench.do(PowerUp())
    assert bench.run(10.0).state is S.A
    assert bench.look().session == 1


def test_an_interruption_ends_with_the_supply() -> None:
    bench = Bench()
    bench.charge()
    bench.do(InterruptPilot(owner="a", duration=None), PowerCut(), PowerUp())
    assert bench.look().pilot_interrupted is False
    assert bench.names().count("pilot_restored") == 1
    assert bench.run(60.0).state is S.CHARGING


def test_the_grid_may_fail_as_well() -> None:
    bench = Bench()
    bench.charge()
    assert bench.do(PowerCut()).state is S.OFF
    bench.do(SetSupply(voltage=230.0))
    assert bench.look().state is S.OFF
    assert bench.do(PowerUp()).state is S.BOOT
    assert bench.do(SetSupply(live=(False, False, False))).state is S.OFF


def test_a_controller_does_not_live_on_a_line_it_is_not_connected_to() -> None:
    bench = Bench(ChargerSpec(phases=1))
    assert bench.do(SetSupply(live=(False, True, True))).state is S.OFF


@pytest.mark.parametrize(
    ("unlocks", "stuck", "lock"),
    [(False, False, LockState.CLOSED), (True, False, LockState.OPEN), (True, True, LockState.CLOSED)],
)
def test_the_lock_in_an_outage(unlocks: bool, stuck: bool, lock: LockState) -> None:
    bench = Bench(ChargerSpec(connector="socket", evse=EvseSpec(plug_debounce=0.0, unlock_on_outage=unlocks)))
    bench.charge()
    if stuck:
        bench.do(Disturb(name="lock", fault=LockStuck(stuck="closed")))
    assert bench.do(PowerCut()).lock is lock
    assert bench.run(30.0).lock is lock


def test_a_forced_unlock_is_not_remembered() -> None:
    bench = Bench(ChargerSpec(connector="socket", evse=EvseSpec(plug_debounce=0.0)))
    bench.do(SetLock(owner="a", policy="open"), PlugIn(name="car", vehicle=CAR))
    assert bench.run(5.0).lock is LockState.CLOSED
