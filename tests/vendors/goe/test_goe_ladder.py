"""The ladder of the decision, rule by rule and against each other."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.vendors.goe.ladder import LADDER, Force, Inputs, Mode, ModelStatus, Trip, decide
from emulator.vendors.goe.schedule import Verdict

CASES = [
    (Inputs(), 15, True),
    (Inputs(link=False, error=True), 0, False),
    (Inputs(booting=True, error=True), 40, False),
    (Inputs(error=True, locked_out=True), 26, False),
    (Inputs(too_hot=True, locked_out=True), 1, False),
    (Inputs(grid_failure=True), 34, False),
    (Inputs(underfrequency=True), 31, False),
    (Inputs(undervoltage=True), 38, False),
    (Inputs(reconnecting=True, locked_out=True), 29, False),
    (Inputs(adapter_blocks=True, force=Force.ON), 30, False),
    (Inputs(locked_out=True, force=Force.ON), 2, False),
    (Inputs(locked_out=True, force=Force.OFF), 2, False),
    (Inputs(inoperable=True, force=Force.ON), 37, False),
    (Inputs(denied=True, force=Force.ON), 28, False),
    (Inputs(denied=True, offline=True), 35, False),
    (Inputs(unwanted=True, force=Force.ON), 27, False),
    (Inputs(failsafe=True, force=Force.ON), 41, False),
    (Inputs(force=Force.OFF, energy_reached=True), 4, False),
    (Inputs(force=Force.ON, energy_reached=True, schedule=Verdict.BLOCK, mode=Mode.ECO), 3, True),
    (Inputs(energy_reached=True, schedule=Verdict.ALLOW), 6, False),
    (Inputs(schedule=Verdict.BLOCK), 5, False),
    (Inputs(schedule=Verdict.ALLOW, mode=Mode.ECO), 14, True),
    (Inputs(schedule=Verdict.SURPLUS_ONLY), 5, False),
    (Inputs(schedule=Verdict.SURPLUS_ONLY, mode=Mode.ECO, surplus=True), 12, True),
    (Inputs(schedule=Verdict.SURPLUS_ONLY, mode=Mode.BASIC, surplus=True), 5, False),
    (Inputs(mode=Mode.ECO), 17, False),
    (Inputs(mode=Mode.ECO, cheap=True, surplus=True), 7, True),
    (Inputs(mode=Mode.ECO, surplus=True), 12, True),
    (Inputs(mode=Mode.ECO, pause_allowed=False), 20, True),
    (Inputs(mode=Mode.ECO, keep_alive=True), 19, True),
    (Inputs(mode=Mode.TRIP), 18, False),
    (Inputs(mode=Mode.TRIP, trip=Trip.MUST), 9, True),
    (Inputs(mode=Mode.TRIP, trip=Trip.NO_CLOCK), 11, True),
    (Inputs(mode=Mode.TRIP, trip=Trip.PLANNED), 10, True),
    (Inputs(mode=Mode.TRIP, trip=Trip.TEST, surplus=True), 8, True),
    (Inputs(mode=Mode.TRIP, surplus=True), 12, True),
    (Inputs(mode=Mode.TRIP, trip=Trip.DONE, cheap=True), 7, True),
    (Inputs(mode=Mode.TRIP, trip=Trip.DONE, cheap=True, eco_after_trip=False), 18, False),
]


@pytest.mark.parametrize(("inputs", "status", "charge"), CASES)
def test_decisions(inputs: Inputs, status: int, charge: bool) -> None:
    decision = decide(inputs)
    assert (decision.status, decision.inner, decision.charge) == (status, status, charge)


def test_every_rule_is_reached() -> None:
    assert {decide(inputs).status for inputs, _, _ in CASES} == {rule.status for rule in LADDER}


INPUTS = st.builds(
    Inputs,
    link=st.booleans(),
    booting=st.booleans(),
    error=st.booleans(),
    too_hot=st.booleans(),
    locked_out=st.booleans(),
    force=st.sampled_from(Force),
    energy_reached=st.booleans(),
    schedule=st.sampled_from(Verdict),
    mode=st.sampled_from(Mode),
    cheap=st.booleans(),
    surplus=st.booleans(),
    trip=st.sampled_from(Trip),
    eco_after_trip=st.booleans(),
    pause_allowed=st.booleans(),
    keep_alive=st.booleans(),
)


@given(INPUTS)
def test_there_is_always_a_decision(inputs: Inputs) -> None:
    assert decide(inputs).status in ModelStatus


@given(INPUTS)
def test_access_control_comes_before_the_force_state(inputs: Inputs) -> None:
    """Source: go-eCharger-API-v2#218."""
    locked = [decide(replace(inputs, locked_out=True, force=force)) for force in Force]
    assert len(set(locked)) == 1
    assert not locked[0].charge


@given(INPUTS)
def test_off_always_stops(inputs: Inputs) -> None:
    assert not decide(replace(inputs, force=Force.OFF)).charge
