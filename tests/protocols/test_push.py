"""When push interfaces speak: exact instants in order, and few of them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import Box, advance, box, when

from emulator.core.instant import HOUR, MILLISECOND, SECOND, Instant
from emulator.protocols.push import Publisher, Wheel, moved


@contextmanager
def publisher(
    made: Box, period: float = 1.0, also: Callable[[Instant], None] = lambda _: None
) -> Iterator[list[Instant]]:
    told: list[Instant] = []

    def tell(at: Instant) -> None:
        told.append(at)
        also(at)

    made_publisher = Publisher(made, period, tell).start()
    try:
        yield told
    finally:
        made_publisher.stop()


def change_at(made: Box, *instants: Instant) -> None:
    """Something discrete happens in the box at these instants."""
    for at in instants:
        made.timer(lambda _: made.changed()).set(at)


async def test_nothing_is_published_while_time_stands_still() -> None:
    made = box()
    with publisher(made) as told:
        moved(made.simulation)
        advance(made, 0.0)
    assert told == []


async def test_a_jump_publishes_once_at_its_end() -> None:
    made = box()
    with publisher(made) as told:
        advance(made, 3600.5)
    assert told == [HOUR]


async def test_changes_are_announced_in_order_each_after_the_last_period_before_it() -> None:
    made = box()
    change_at(made, 10 * SECOND, 10_300 * MILLISECOND, 10_400 * MILLISECOND, 3000 * SECOND + 1)
    with publisher(made) as told:
        advance(made, 3600.0)
    assert told == [
        9 * SECOND,
        10 * SECOND,
        10_300 * MILLISECOND,
        10_400 * MILLISECOND,
        3000 * SECOND,
        3000 * SECOND + 1,
        HOUR,
    ]


async def test_the_world_stands_at_the_change_when_it_is_announced() -> None:
    made = box()
    change_at(made, 7 * SECOND, 8 * SECOND)
    seen: list[Instant] = []
    with publisher(made, period=100.0, also=lambda _: seen.append(made.simulation.at)) as told:
        advance(made, 20.0)
    assert told == seen == [7 * SECOND, 8 * SECOND]


async def test_a_change_counts_as_a_publication() -> None:
    made = box()
    with publisher(made) as told:
        advance(made, 5.0)
        made.changed()
        moved(made.simulation)
    assert told == [5 * SECOND, 5 * SECOND]


async def test_publishers_of_different_periods_share_a_wheel() -> None:
    made = box()
    with publisher(made, 0.25) as fast, publisher(made, 10.0) as slow:
        assert Wheel.of(made.simulation) is Wheel.of(made.simulation)
        for _ in range(4):
            advance(made, 0.25)
        advance(made, 10.0)
    assert fast == [250_000, 500_000, 750_000, SECOND, 11 * SECOND]
    assert slow == [10 * SECOND]


async def test_a_stopped_publisher_is_silent_and_leaves_nothing_behind() -> None:
    made = box()
    with publisher(made) as told:
        pass
    advance(made, 10.0)
    made.changed()
    assert told == []
    assert made.simulation not in Wheel._wheels


async def test_a_publisher_may_stop_in_the_middle() -> None:
    made = box()
    told: list[Instant] = []

    def once(at: Instant) -> None:
        told.append(at)
        one.stop()

    one = Publisher(made, 1.0, once).start()
    change_at(made, 5 * SECOND + 1)
    advance(made, 10.0)
    assert told == [5 * SECOND]


async def test_real_time_publishes_every_period() -> None:
    made = box(speed=1.0)
    with publisher(made, 0.06) as told:
        await when(lambda: len(told) >= 3)
    assert all(at % 60_000 == 0 for at in told)
    assert told == sorted(set(told))


async def test_a_high_speed_is_paced_by_the_wall_clock() -> None:
    made = box(speed=100_000.0)
    looks: list[float] = []
    loop = asyncio.get_running_loop()
    with publisher(made, 1.0, also=lambda _: looks.append(loop.time())) as told:
        await when(lambda: len(told) >= 4)
    assert all(second - first > 0.04 for first, second in pairwise(looks))
    assert told[-1] - told[0] > 3 * 1000 * SECOND


async def test_a_clock_that_is_set_going_or_moved_by_somebody_else_is_noticed() -> None:
    made = box()
    with publisher(made, 1.0) as told:
        made.simulation.clock.jump(10 * SECOND)
        await when(lambda: told == [10 * SECOND])
        made.simulation.clock.set_speed(1000.0)
        await when(lambda: len(told) > 1)


@pytest.mark.parametrize("period", [1.0])
@given(
    changes=st.lists(st.integers(1, 20_000_000), max_size=10),
    jumps=st.lists(st.integers(0, 5_000_000), min_size=1, max_size=10),
)
def test_however_time_is_cut_changes_are_exact_and_order_holds(
    period: float, changes: list[Instant], jumps: list[Instant]
) -> None:
    async def play() -> None:
        made = box()
        change_at(made, *changes)
        with publisher(made, period) as told:
            for jump in jumps:
                advance(made, jump / SECOND)
        end = sum(jumps)
        due = sorted(at for at in changes if at <= end)
        assert told == sorted(told)
        assert [at for at in told if at in due] == due or {at for at in told if at in due} == set(due)
        assert all(at % SECOND == 0 for at in told if at not in due)
        assert len(told) <= 2 * len(due) + len(jumps)
        if end >= SECOND:
            assert told[-1] >= end - end % SECOND

    asyncio.run(play())
