"""The LPC machine: every transition of its table, and WARP's quirks one by one."""

from __future__ import annotations

import pytest
from support_eebus import run, simulation, system

from emulator.eebus.lpc import NOT_ACCEPTED, TRANSITIONS, ControllableSystem, Quirks, Signal, State
from emulator.runtime.simulation import Simulation

WARP = Quirks(
    needs_duration=True,
    first_zero_ignored=True,
    negative_ends_limit=True,
    unlimited_in_failsafe=True,
    failsafe_forgets=True,
    heartbeat_ends_init=True,
    failsafe_fixed=True,
)


def is_in(lpc: ControllableSystem, state: State) -> bool:
    return lpc.state is state


def beat(lpc: ControllableSystem) -> None:
    lpc.heartbeat(60)


def brought_to(state: State, world: Simulation) -> ControllableSystem:
    """A standard machine in `state`, by what really happens."""
    lpc = ControllableSystem(world, lambda: 22000.0, lambda: None, Quirks())
    if state is State.STARTUP:
        return lpc
    lpc.start()
    if state is State.INIT:
        return lpc
    if state is State.UNLIMITED_AUTONOMOUS:
        run(world, 120)
        return lpc
    beat(lpc)
    lpc.write(state in (State.LIMITED, State.FAILSAFE), 4200, 3600)
    if state is State.FAILSAFE:
        run(world, 61)
    return lpc


def send(lpc: ControllableSystem, signal: Signal, world: Simulation) -> None:
    """What makes the signal; limits that come before a heartbeat are kept until there is one."""
    match signal:
        case Signal.START:
            lpc.start()
        case Signal.UNCONTROLLED:
            run(world, 120)
        case Signal.HEARTBEAT_UNLIMITED | Signal.RELEASE:
            assert lpc.write(False, 4200, None) is None
            beat(lpc)
        case Signal.HEARTBEAT_LIMITED | Signal.LIMIT:
            assert lpc.write(True, 4200, 3600) is None
            beat(lpc)
        case Signal.SILENCE:
            run(world, 121)
        case Signal.FAILSAFE_OVER:
            run(world, lpc.failsafe_duration)


@pytest.mark.parametrize(("state", "signal"), TRANSITIONS)
def test_every_transition_of_the_table(state: State, signal: Signal) -> None:
    world = simulation()
    lpc = brought_to(state, world)
    assert is_in(lpc, state)
    send(lpc, signal, world)
    assert is_in(lpc, TRANSITIONS[state, signal])


def test_a_limit_runs_out() -> None:
    world = simulation()
    lpc = brought_to(State.LIMITED, world)
    for _ in range(59):
        run(world, 60)
        beat(lpc)
        assert lpc.obeyed == 4200
    run(world, 60)
    assert is_in(lpc, State.UNLIMITED_CONTROLLED)
    assert lpc.obeyed is None


def test_failsafe_holds_its_own_limit_until_a_new_limit_comes() -> None:
    world = simulation()
    lpc = brought_to(State.LIMITED, world)
    lpc.failsafe_power = 4600
    run(world, 60.999)
    assert is_in(lpc, State.LIMITED)
    run(world, 0.001)
    assert (lpc.state, lpc.obeyed, lpc.limit_active) == (State.FAILSAFE, 4600, False)
    beat(lpc)
    assert is_in(lpc, State.FAILSAFE)
    lpc.write(True, 5000, 60)
    beat(lpc)
    assert (lpc.state, lpc.obeyed) == (State.LIMITED, 5000)


def test_until_it_is_controlled_it_keeps_to_the_failsafe_power() -> None:
    """[LPC-901/1]"""
    world = simulation()
    lpc = ControllableSystem(world, lambda: 22000.0, lambda: None, Quirks())
    lpc.failsafe_power = 4600
    assert not lpc.obeyed
    lpc.start()
    assert (lpc.state, lpc.obeyed, lpc.limit_active) == (State.INIT, 4600, False)
    beat(lpc)
    assert (lpc.state, lpc.obeyed) == (State.INIT, 4600)
    run(world, 119.999)
    assert is_in(lpc, State.INIT)
    run(world, 0.001)  # [LPC-906]
    assert (lpc.state, lpc.obeyed) == (State.UNLIMITED_AUTONOMOUS, None)


@pytest.mark.parametrize(("active", "state"), [(True, State.LIMITED), (False, State.UNLIMITED_CONTROLLED)])
def test_a_limit_that_follows_a_heartbeat_ends_init(active: bool, state: State) -> None:
    """[LPC-904], [LPC-905]; and from then on silence is Failsafe."""
    world = simulation()
    lpc = brought_to(State.INIT, world)
    beat(lpc)
    run(world, 30)
    lpc.write(active, 4200, 3600)
    assert is_in(lpc, state)
    run(world, 30.999)
    assert is_in(lpc, state)
    run(world, 0.001)
    assert is_in(lpc, State.FAILSAFE)
    run(world, 60)
    assert is_in(lpc, State.FAILSAFE)


def test_a_limit_alone_does_not_end_init() -> None:
    world = simulation()
    lpc = brought_to(State.INIT, world)
    beat(lpc)
    run(world, 61)
    lpc.write(True, 4200, 3600)
    assert is_in(lpc, State.INIT)
    beat(lpc)
    assert is_in(lpc, State.LIMITED)


def test_failsafe_values_count_at_once() -> None:
    world, changes = simulation(), list[float | None]()
    lpc = ControllableSystem(world, lambda: 22000.0, lambda: changes.append(lpc.obeyed), Quirks())
    lpc.start()
    lpc.write(True, 4200, 7200)
    beat(lpc)
    run(world, 61)
    assert (lpc.state, lpc.obeyed) == (State.FAILSAFE, 22000)
    lpc.set_failsafe(8280, None)
    assert (lpc.obeyed, lpc.limit_power, changes[-1]) == (8280, 8280, 8280)
    lpc.set_failsafe(None, 3 * 3600)
    run(world, 2 * 3600)
    assert (lpc.state, lpc.obeyed) == (State.FAILSAFE, 8280)
    run(world, 3599.999)
    assert is_in(lpc, State.FAILSAFE)
    run(world, 0.001)
    assert is_in(lpc, State.UNLIMITED_AUTONOMOUS)


def test_a_shorter_failsafe_that_is_over_already_ends() -> None:
    world = simulation()
    lpc = brought_to(State.LIMITED, world)
    lpc.set_failsafe(None, 4 * 3600)
    run(world, 61 + 3 * 3600)
    assert is_in(lpc, State.FAILSAFE)
    lpc.set_failsafe(None, 7200)
    run(world, 0)
    assert is_in(lpc, State.UNLIMITED_AUTONOMOUS)


# --- quirks ----------------------------------------------------------------------------------------------------------


def warp(world: Simulation) -> ControllableSystem:
    lpc = system(world, WARP)
    beat(lpc)
    return lpc


def test_warp_refuses_a_first_limit_without_a_duration() -> None:
    lpc = warp(simulation())
    assert lpc.write(True, 4200, None) == NOT_ACCEPTED
    assert lpc.write(True, 0, None) == NOT_ACCEPTED  # a limit above 0 has come, if only a refused one
    assert is_in(lpc, State.UNLIMITED_AUTONOMOUS)


def test_warp_keeps_the_end_of_a_limit_that_is_replaced_without_one() -> None:
    world = simulation()
    lpc = warp(world)
    assert lpc.write(True, 4200, 50) is None
    run(world, 20)
    assert lpc.write(True, 6000, None) is None
    assert (lpc.obeyed, lpc.remaining) == (6000, 30)
    run(world, 30)
    assert is_in(lpc, State.UNLIMITED_CONTROLLED)


def test_warp_acknowledges_a_first_limit_of_0_w_and_does_nothing() -> None:
    lpc = warp(simulation())
    assert lpc.write(True, 0, None) is None
    assert is_in(lpc, State.UNLIMITED_AUTONOMOUS)
    assert (lpc.limit_active, lpc.limit_power, lpc.obeyed) == (True, 22000, 22000)


def test_a_refused_negative_limit_ends_the_one_in_force() -> None:
    lpc = warp(simulation())
    lpc.write(True, 4200, 60)
    assert lpc.write(True, -1, 60) == NOT_ACCEPTED
    assert (lpc.state, lpc.obeyed) == (State.UNLIMITED_CONTROLLED, None)


def test_warp_charges_freely_in_failsafe_and_leaves_it_with_any_heartbeat() -> None:
    world = simulation()
    lpc = warp(world)
    lpc.write(True, 4200, 3600)
    run(world, 61)
    assert (lpc.state, lpc.obeyed, lpc.limit_active) == (State.FAILSAFE, None, False)
    assert lpc.limit_power == 22000
    assert lpc.remaining == pytest.approx(3539)
    beat(lpc)
    assert (lpc.state, lpc.obeyed) == (State.UNLIMITED_CONTROLLED, None)


def test_warp_keeps_to_failsafe_values_from_the_next_failsafe_on() -> None:
    world = simulation()
    lpc = warp(world)
    lpc.write(True, 4200, 3600)
    run(world, 61)
    lpc.set_failsafe(8280, 3 * 3600)
    assert (lpc.failsafe_power, lpc.limit_power) == (8280, 22000)
    run(world, 7200)
    assert is_in(lpc, State.UNLIMITED_AUTONOMOUS)


def test_warp_is_not_limited_before_the_first_heartbeat() -> None:
    lpc = system(simulation(), WARP)
    lpc.failsafe_power = 4600
    assert (lpc.state, lpc.obeyed) == (State.INIT, None)


def test_once_failsafe_has_run_out_warp_leaves_the_next_one_at_once() -> None:
    world = simulation()
    lpc = warp(world)
    lpc.write(True, 4200, 3600)
    run(world, 61 + 7200)
    assert is_in(lpc, State.UNLIMITED_AUTONOMOUS)
    beat(lpc)
    assert is_in(lpc, State.UNLIMITED_CONTROLLED)
    run(world, 61)
    assert is_in(lpc, State.UNLIMITED_AUTONOMOUS)
