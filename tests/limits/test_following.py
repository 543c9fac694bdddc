"""A world that is served follows its clock only as long as somebody may be kept waiting."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from emulator.core.instant import HOUR, SECOND, Instant
from emulator.runtime.clock import MAX_SPEED, Clock
from emulator.runtime.simulation import PATIENCE, Simulation

LOOK = 10_000_000
"""Wall nanoseconds of each thing that happens."""
MOST = round(PATIENCE * 1e9) // LOOK + 1
"""So much happens until others get a turn."""


class World:
    """Something happens each second and takes a while, on a wall clock that only this moves."""

    def __init__(self, speed: float, *, served: bool = True) -> None:
        self.wall = 0
        self.seen: list[Instant] = []
        self.clock = Clock(speed, wall=lambda: self.wall)
        self.simulation = Simulation(clock=self.clock, epoch=datetime(2026, 1, 5, tzinfo=UTC))
        self.simulation.served = served
        self._timer = self.simulation.timer(self._second)
        self._timer.set(SECOND)

    def _second(self, _: Instant) -> None:
        self.seen.append(self.simulation.at)
        self.wall += LOOK
        self._timer.set(self.simulation.at + SECOND)


def test_a_clock_that_is_too_fast_waits() -> None:
    world = World(MAX_SPEED)
    for _ in range(20):
        world.wall += 1_000_000
        before = len(world.seen)
        at = world.simulation.now()
        assert 1 <= len(world.seen) - before <= MOST
        assert at == world.seen[-1] == world.clock.now()
    assert world.seen == [SECOND * number for number in range(1, len(world.seen) + 1)], "nothing is left out"


def test_a_present_that_is_asked_for_in_a_request_waits_as_well() -> None:
    world = World(MAX_SPEED)
    world.wall += 1_000_000
    world.simulation.present()
    assert 1 <= len(world.seen) <= MOST


@given(st.sampled_from([0.0, 1.0, 60.0, MAX_SPEED]), st.integers(1, 200))
def test_no_jump_gets_shorter(speed: float, seconds: int) -> None:
    world = World(speed)
    world.clock.jump(seconds * SECOND)
    looks = 0
    while world.simulation.behind:
        world.simulation.now()
        looks += 1
        assert len(world.seen) <= looks * MOST
    assert len(world.seen) >= seconds
    assert world.simulation.at >= seconds * SECOND
    assert world.clock.now() >= world.simulation.at


def test_a_world_that_nobody_is_served_from_goes_all_the_way() -> None:
    world = World(0.0, served=False)
    world.clock.jump(HOUR)
    assert world.simulation.now() == HOUR
    assert len(world.seen) == 3600


def test_a_reset_forgets_the_jump() -> None:
    world = World(0.0)
    world.clock.jump(HOUR)
    world.clock.wait_at(SECOND)
    assert world.clock.now() == world.clock.jumped_to == SECOND
