"""The two tables of transitions: complete, without dead ends, all of it in use, and as the documentation shows them."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from support_charger import CAR, QUICK, Bench
from support_laws import LEGAL
from support_programs import Program

from emulator.core import diagram, evse_rules, vehicle_rules
from emulator.core import faults as f
from emulator.core.events import EventName
from emulator.core.messages import (
    Disturb,
    InterruptPilot,
    MarkEnergy,
    PlugIn,
    PowerCut,
    PowerUp,
    RebootController,
    Relieve,
    RequestPhases,
    SetAuthorisation,
    SetLimit,
    SetPermission,
    SetService,
    SetSupply,
    SetVehicle,
    Unplug,
)
from emulator.core.specs import ChargerSpec, WakeUp
from emulator.core.states import EvseState, OnboardState
from emulator.core.transitions import C, M, S, TransitionTable

PAGE = Path(__file__).parents[2] / "docs" / "state-machine.md"


def arrows(table: TransitionTable[M, C, S]) -> set[tuple[S, S]]:
    return {(state, following) for row in table.rows for state in row.states for following in row.to}


def reached(arrows: set[tuple[S, S]], start: S) -> set[S]:
    """States that can be reached from `start`."""
    found, new = {start}, {start}
    while new := {following for state, following in arrows if state in new} - found:
        found |= new
    return found


def check(table: TransitionTable[M, C, S], states: type[S], start: S) -> None:
    repeated = [rule for rule, count in Counter(row.rule for row in table.rows).items() if count > 1]
    assert not repeated
    assert all(row.when and row.source for row in table.rows)
    assert all((len(row.to) > 1) is (row.choose is not None) for row in table.rows)
    ways = arrows(table)
    for state in states:
        assert state in reached(ways, start), f"{state} is never reached"
        assert start in reached(ways, state), f"{state} is a dead end"


def test_every_state_of_the_charge_controller_is_reached_and_left() -> None:
    check(evse_rules.TABLE, EvseState, EvseState.A)


def test_every_state_of_the_vehicle_is_reached_and_left() -> None:
    check(vehicle_rules.TABLE, OnboardState, OnboardState.IDLE)


def test_the_charge_controller_goes_no_other_way() -> None:
    ways = {(state, following) for state, following in arrows(evse_rules.TABLE) if state is not following}
    assert ways == {(state, following) for state, following in LEGAL if state is not following}


def test_the_page_in_the_documentation_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == diagram.page(), (
        "run: python -m emulator.core.diagram > docs/state-machine.md"
    )


# --- every row in use ------------------------------------------------------------------------------------------------

OFFER = SetLimit(owner="user", current=16.0)
PAUSE, GO = SetPermission(owner="app", granted=False), SetPermission(owner="app", granted=True)
ONE, THREE = RequestPhases(owner="app", phases=1), RequestPhases(owner="app", phases=3)


GAP = InterruptPilot(owner="app", duration=1.0)


def car(**habits: object) -> PlugIn:
    return PlugIn(name="car", vehicle=replace(CAR, **habits))  # type: ignore[arg-type]


def spec(**evse: object) -> ChargerSpec:
    return replace(QUICK, evse=replace(QUICK.evse, **evse))  # type: ignore[arg-type]


WAKES = spec(wake_up=WakeUp(enabled=True, first=30.0, attempts=2))
VENTILATED = car(ventilation=True, patience=10.0)

PLAYS: dict[str, tuple[ChargerSpec, Program]] = {
    "a session": (
        replace(QUICK, connector="socket"),
        [
            (0, SetAuthorisation(owner="app", granted=False)),
            (0, OFFER),
            (0, MarkEnergy(owner="app", energy=10.0)),
            (0, car()),
            (1, SetAuthorisation(owner="app", granted=True)),
            (30, SetLimit(owner="user", current=10.0)),
            (0.5, OFFER),
            (9.5, SetLimit(owner="user", current=10.0)),
            (10, PAUSE),
            (10, SetAuthorisation(owner="app", granted=False)),
            (1, Unplug()),
        ],
    ),
    "offers that come and go": (
        QUICK,
        [(0, OFFER), (0, car()), (1.6, PAUSE), (5, GO), (30, PAUSE), (0.4, GO), (5, PAUSE), (20, GO), (0.1, PAUSE)],
    ),
    "offers that return at once": (spec(hold_off_from="state_c"), [(0, OFFER), (0, car()), (30, PAUSE), (0.2, GO)]),
    "a vehicle that changes its mind": (
        spec(close_delay=2.0),
        [(0, OFFER), (0, car()), (1.6, Disturb(name="no", fault=f.VehicleRefuses()))],
    ),
    "a vehicle that hangs": (QUICK, [(0, OFFER), (0, car(ignores_pwm_off=True)), (30, PAUSE)]),
    "power": (
        QUICK,
        [
            (0, OFFER),
            (0, car()),
            (30, SetSupply(voltage=225.0)),
            (1, PowerCut()),
            (10, PowerUp()),
            (60, RebootController(owner="app")),
        ],
    ),
    "mains that vanish": (spec(), [(0, OFFER), (0, car()), (30, PowerCut())]),
    "faults": (
        QUICK,
        [
            (0, OFFER),
            (0, car()),
            (30, Disturb(name="leak", fault=f.TripRcd())),
            (5, Unplug()),
            (5, car()),
            (5, Disturb(name="hot", fault=f.Overtemp())),
            (5, RebootController(owner="app")),
        ],
    ),
    "a fault that ends": (
        QUICK,
        [(0, OFFER), (0, car()), (30, Disturb(name="pe", fault=f.PeLoss())), (5, Relieve(name="pe"))],
    ),
    "out of service": (
        QUICK,
        [
            (0, SetService(owner="app", available=False)),
            (1, SetService(owner="app", available=True)),
            (1, SetService(owner="app", available=False)),
        ],
    ),
    "a sleeper": (WAKES, [(0, OFFER), (0, car(sleep_after=1.0, wake=("pilot_open",)))]),
    "pilot gone": (
        QUICK,
        [
            (0, OFFER),
            (0, car()),
            (1.6, InterruptPilot(owner="app", duration=1.0)),
            (30, InterruptPilot(owner="app", duration=1.0)),
        ],
    ),
    "phases": (
        QUICK,
        [(0, ONE), (0, OFFER), (0, car()), (0.1, THREE), (30, ONE), (60, THREE), (3, PAUSE), (60, GO), (0, Unplug())],
    ),
    "falling back to one phase": (spec(single_phase_fallback=True), [(0, OFFER), (0, car(phases=1)), (60, OFFER)]),
    "without s2": (QUICK, [(0, OFFER), (0, car(simplified=True))]),
    "top-up": (QUICK, [(0, OFFER), (0, car(burst_after=60.0, burst_duration=30.0, state_of_charge=0.9999))]),
    "a blip": (
        QUICK,
        [(0, OFFER), (0, ONE), (0, car(pilot_break_minimum=45.0)), (30, THREE)],
    ),
    "patience": (QUICK, [(0, OFFER), (0, VENTILATED), (100, PAUSE)]),
    "requests without an offer": (QUICK, [(0, OFFER), (0, VENTILATED), (5, PAUSE)]),
    "phase by phase": (QUICK, [(0, OFFER), (0, car(phase_stagger=3.0))]),
    "a lost phase": (
        QUICK,
        [(0, OFFER), (0, car(phase_loss="stop")), (30, Disturb(name="l2", fault=f.PhaseLoss()))],
    ),
    "locked out": (
        QUICK,
        [(0, OFFER), (0, car(toggle_limit=1)), (30, PAUSE), (10, GO), (10, SetVehicle(changes={"awake": True}))],
    ),
}
"""One play for each part of the tables, as (s to wait, message)."""


def played() -> list[Bench]:
    benches = []
    for charger, program in PLAYS.values():
        bench = Bench(charger)
        for delay, message in program:
            bench.run(delay)
            bench.do(message)
        bench.run(200.0)
        benches.append(bench)
    return benches


@pytest.fixture(scope="module")
def benches() -> list[Bench]:
    return played()


def test_every_rule_is_in_use(benches: list[Bench]) -> None:
    evse, vehicle = (set[str]().union(*fired) for fired in zip(*(bench.fired() for bench in benches), strict=True))
    assert evse == {row.rule for row in evse_rules.ROWS}
    assert vehicle == {row.rule for row in vehicle_rules.ROWS}


def test_every_event_is_announced_somewhere(benches: list[Bench]) -> None:
    """That no other is announced is a matter of types."""
    assert {event.name for bench in benches for event in bench.events} == set(EventName)
