"""Whatever happens: after a snapshot everything goes on as it would have, to the byte of the journal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from emulator.core.instant import MINUTE
from emulator.errors import EmulatorError
from emulator.explore.observed import observed
from emulator.explore.proposals import proposed
from emulator.explore.search import walks
from emulator.explore.walks import Happening, Walk
from emulator.explore.words import Words
from emulator.language.units import parse_duration
from emulator.runtime.clock import Clock
from emulator.runtime.journal import Journal
from emulator.scenario.loader import from_data
from emulator.scenario.player import Player
from emulator.scenario.playing import apply_step
from emulator.scenario.steps.vocabulary import parse_steps
from emulator.service.emulator import Emulator, Options
from emulator.world.building import build
from emulator.world.copying import kept

BOXES = ("goe", "warp", "nrgkick", "lektrico", "bender", "keba")
SCENARIO = from_data(
    {
        "epoch": "2026-03-01T06:00:00+01:00",
        "seed": 5,
        "broker": "none",
        "chargers": {
            "one": {"wallboxes": {name: {"http" if name != "keba" else "udp": True} for name in BOXES}},
            "two": {"connector": "socket", "wallboxes": {"eebus": {}}},
        },
        "control_box": {},
        "steps": [{"at": "1 min", "plug_in": {"charger": "one", "vehicle": "vw_id3"}}],
        "rules": [{"always": {"one.power": "< 5 kW"}}],
        "end": "48 h",
    }
)


@cache
def words() -> Words:
    found = proposed(build(SCENARIO, clock=Clock(0.0)), observed(()), commands=True)
    assert len(found.words) > 60
    return found


def player() -> Player:
    made = Player(build(SCENARIO, clock=Clock(0.0), journal=Journal()), SCENARIO)
    made.start()
    return made


def happen(one: Player, walk: Walk) -> None:
    """What cannot happen is refused, the same in every world."""
    for happening in walk:
        one.site.simulation.jump(parse_duration(happening.pause))
        try:
            apply_step(one.site, parse_steps(dict(happening.step), one.site.names)[0])
        except EmulatorError as error:
            one.site.simulation.journal.record(one.site.simulation.at, "note", str(error))


def lines(one: Player) -> list[str]:
    return [entry.as_line() for entry in one.site.simulation.journal]


FAULT = Happening("10 s", {"fault": {"on": "one.goe.http", "kind": "delay", "delay": "3 s", "for": "5 min"}})
WAITING = Happening(
    "10 s", {"fault": {"on": "one.goe.http", "kind": "delay", "delay": "1 s", "when": {"one.power": "> 1 kW"}}}
)


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(before=walks(words()), after=walks(words()), rest=st.sampled_from((MINUTE, 90 * MINUTE)))
@example(before=(FAULT, WAITING), after=(Happening("4 min", {"unplug": {"charger": "one"}}),), rest=90 * MINUTE)
def test_a_copy_has_the_same_future_whatever_happens(before: Walk, after: Walk, rest: int) -> None:
    first = player()
    happen(first, before)
    copy = kept(first)
    second, third = copy.made(), kept(copy.made()).made()
    assert lines(second) == lines(first)
    for one in (first, second, third):
        happen(one, after)
        one.site.simulation.jump(rest)
    assert lines(second) == lines(first)
    assert lines(third) == lines(first)
    found = [
        (one.result().rules, [str(failure) for failure in one.result().failures]) for one in (first, second, third)
    ]
    assert found[1:] == found[:1] * 2


def without_wall(emulator: Emulator) -> Iterator[dict[str, object]]:
    """Connections come when the network lets them."""
    for entry in emulator.simulation.journal:
        if entry.kind != "connection":
            yield {**entry.as_json(), "wall": None, "seq": None, "cause": None}


async def lived(emulator: Emulator, walk: Sequence[Happening]) -> list[dict[str, object]]:
    for happening in walk:
        await emulator.advance(parse_duration(happening.pause))
        try:
            await emulator.apply(parse_steps(dict(happening.step), emulator.site.names))
        except EmulatorError:
            continue
    await emulator.advance(10 * MINUTE)
    return list(without_wall(emulator))


@pytest.mark.parametrize("seed", range(3))
async def test_a_served_world_goes_back_whatever_happens(seed: int) -> None:
    """With sockets, timelines under way, and faults of every kind armed at the snapshot."""
    examples: list[tuple[Walk, Walk]] = []

    @settings(max_examples=1, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(st.randoms(use_true_random=False), walks(words()), walks(words()))
    def draw(_: object, before: Walk, after: Walk) -> None:
        examples.append((before, after))

    draw()
    before, after = examples[-1]
    under_way = parse_steps([{"after": "7 min", "unplug": {"charger": "one"}}], build(SCENARIO, clock=Clock(0.0)).names)
    async with Emulator(SCENARIO, Options(any_port=True, speed=0.0, announce=False)) as emulator:
        await lived(emulator, (FAULT, *before))
        await emulator.apply(under_way)
        await emulator.snapshots.take(f"s{seed}")
        expected = await lived(emulator, after)
        for _ in range(2):
            await emulator.snapshots.restore(f"s{seed}")
            assert await lived(emulator, after) == expected
        assert emulator.bugs.count == 0
