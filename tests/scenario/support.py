"""Worlds and scenarios for tests."""

from __future__ import annotations

import pytest

from emulator.core.instant import Instant
from emulator.errors import ScenarioError
from emulator.language.names import Names
from emulator.runtime.clock import Clock
from emulator.scenario.loader import loads
from emulator.scenario.plan import Scenario
from emulator.scenario.player import Result
from emulator.scenario.playing import advance, apply_step, play
from emulator.scenario.steps.vocabulary import make_step
from emulator.world.building import build
from emulator.world.plan import ChargerPlan, WallboxPlan
from emulator.world.site import Site

GOE = "wallbox: {vendor: goe, model: gemini-22, serial: '234567', http: 8101}\n"
TWO = "chargers: {garage: {wallboxes: {goe: {http: 1}}}, street: {connector: socket}}\n"


def bare_world(**hardware: object) -> Site:
    """One charger without a wallbox, frozen."""
    return build(Scenario(chargers=(ChargerPlan(name="garage", hardware=hardware),)), clock=Clock(0.0))


def goe_world(**settings: object) -> Site:
    """One charger with one go-e, frozen."""
    box = WallboxPlan(name="goe", vendor="goe", model="gemini-22", settings=settings)
    return build(Scenario(chargers=(ChargerPlan(name="garage", wallboxes=(box,)),)), clock=Clock(0.0))


def do(world: Site, name: str, /, **arguments: object) -> dict[str, object]:
    """Do a step now; AssertionError if it is refused."""
    outcome = apply_step(world, make_step(name, world.names, **arguments))
    assert outcome.ok, outcome
    return dict(outcome.detail)


def later(world: Site, by: Instant) -> list[str]:
    """Jump ahead; the names of the events on the way."""
    return [entry.name for entry in advance(world, by).events]


def run(text: str) -> Result:
    """Play a scenario text headless."""
    return play(loads(text))


def complaints(text: str) -> list[str]:
    """What is wrong with a scenario text; AssertionError if nothing."""
    with pytest.raises(ScenarioError) as caught:
        loads(text, "s.yaml", environment={})
    return [str(problem) for problem in caught.value.problems]


def names_of(*chargers: str) -> Names:
    return Names({charger: [] for charger in chargers}, {"vw_id3", "id3"})
