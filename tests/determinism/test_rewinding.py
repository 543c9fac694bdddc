"""A start that is brought back is the start: in every object of the world, and in everything that follows from it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from types import BuiltinFunctionType, CellType, FunctionType, MethodType, ModuleType
from typing import Any, Final

import pytest

from emulator.core.freshness import Happenings
from emulator.runtime.bugs import Bugs
from emulator.runtime.clock import Clock
from emulator.runtime.journal import Entry, Journal
from emulator.scenario.loader import from_data, load
from emulator.scenario.plan import Scenario
from emulator.scenario.playing import play_site
from emulator.service.emulator import Emulator, Options
from emulator.world.building import build
from emulator.world.copying import held_by_modules
from emulator.world.rewinding import Start
from emulator.world.site import Site

from . import SCENARIOS, TWELVE

FILES: Final = sorted(SCENARIOS.glob("*.yaml"))
OUTSIDE: Final = (Happenings, Clock, Journal, Bugs, ModuleType, type)


def built(scenario: Scenario) -> Site:
    return build(scenario, clock=Clock(0.0), journal=Journal())


def lines(site: Site) -> list[str]:
    return [entry.as_line() for entry in site.simulation.journal]


def parts(found: Any) -> Iterator[tuple[str, object]]:
    """What an object holds, by name or place."""
    match found:
        case Mapping():
            yield "keys", tuple(found)
            for place, (key, value) in enumerate(found.items()):
                yield f"[{key!r}]" if isinstance(key, str | int) else f"[{place}]", value
        case list() | tuple() | deque():
            yield "length", len(found)
            yield from ((f"[{place}]", item) for place, item in enumerate(found))
        case set() | frozenset():
            yield "members", tuple(sorted(repr(m) if isinstance(m, str | int) else type(m).__name__ for m in found))
        case FunctionType():
            yield "code", id(found.__code__)
            yield "cells", found.__closure__
            yield "defaults", found.__defaults__
            yield "keywords", found.__kwdefaults__
        case MethodType():
            yield "function", id(found.__func__)
            yield "self", found.__self__
        case BuiltinFunctionType():
            yield "self", found.__self__
        case CellType():
            yield "content", found.cell_contents
        case partial():
            yield from (("function", found.func), ("arguments", found.args), ("keywords", found.keywords))
        case _:
            yield from getattr(found, "__dict__", {}).items()
            for base in type(found).__mro__:
                for name in getattr(base, "__slots__", ()):
                    if hasattr(found, name):
                        yield name, getattr(found, name)


def differences(one: object, other: object) -> Iterator[str]:
    """Where two worlds differ, as paths from their sites."""
    held = {id(value) for value in held_by_modules()}
    partners: dict[int, int] = {}
    left = [("site", one, other)]
    while left:
        path, a, b = left.pop()
        if a is b or isinstance(a, OUTSIDE) or id(a) in held:
            continue
        if type(a) is not type(b):
            yield f"{path}: {type(a).__name__} and {type(b).__name__}"
        elif isinstance(a, str | bytes | int | float | Entry) or not (inner := dict(parts(a))):
            if a != b and type(a).__eq__ is not object.__eq__ and not isinstance(a, Entry):
                yield f"{path}: {a!r} and {b!r}"
        elif id(a) in partners:
            if partners[id(a)] != id(b):
                yield f"{path}: is shared with others"
        else:
            if not isinstance(a, tuple):  # some of them are only made to be looked at here
                partners[id(a)] = id(b)
            also = dict(parts(b))
            if inner.keys() != also.keys():
                yield f"{path}: {sorted(inner.keys() ^ also.keys())}"
            left += [(f"{path}.{name}", inner[name], also[name]) for name in inner.keys() & also.keys()]


def scenarios() -> Mapping[str, Callable[[], Scenario]]:
    return {**TWELVE, **{path.stem: partial(load, path) for path in FILES}}


@pytest.mark.parametrize("name", scenarios())
def test_every_object_is_as_it_was_and_the_same_follows(name: str) -> None:
    scenario = scenarios()[name]()
    site = built(scenario)
    start = Start(site)
    play_site(site, scenario)
    story = lines(site)
    again = start.again(Clock(0.0), Journal())
    assert again is site
    assert lines(again) == lines(built(scenario))
    assert list(differences(again, built(scenario))) == []
    play_site(again, scenario)
    assert lines(again) == story


def test_a_difference_is_found() -> None:
    scenario = from_data({"wallbox": "goe"})
    one, other = built(scenario), built(scenario)
    assert list(differences(one, other)) == []
    one.wallboxes["charger.goe"].settings.put("amp", 10)
    found = list(differences(one, other))
    assert any("settings" in difference and "_values" in difference for difference in found)


def test_what_was_seen_before_is_not_taken_for_the_start() -> None:
    site = built(from_data({"wallbox": {"goe": {"http": True}}}))
    start = Start(site)
    moments = site.wallboxes["charger.goe"].moments
    seen = {moments.revision}
    for _ in range(3):
        site.simulation.jump(3_600_000_000)
        site.simulation.clock.set_speed(2.0)
        site.simulation.clock.set_speed(0.0)
        assert moments.revision not in seen
        seen.add(moments.revision)
        start.again(Clock(0.0), Journal())
        assert moments.revision not in seen
        seen.add(moments.revision)


def test_what_cannot_be_brought_back_is_said(caplog: pytest.LogCaptureFixture) -> None:
    site = built(from_data({"wallbox": "goe"}))
    site.simulation.extensions["test"] = iter([1])
    with pytest.raises(TypeError, match="list_iterator"):
        Start(site)
    assert Start.of(site) is None
    assert "every reset builds the wallboxes again" in caplog.text


async def test_resets_of_a_running_emulator_are_all_alike() -> None:
    talking = ("goe", "warp")
    vendors = ("goe", "warp", "nrgkick", "lektrico", "bender", "keba")
    data = {
        "epoch": "2026-03-01T12:00:00+01:00",
        "seed": 3,
        "broker": "none",
        "chargers": {
            f"c_{name}": {"wallboxes": {name: {"interfaces": "all", **({"mqtt": False} if name in talking else {})}}}
            for name in vendors
        },
        "steps": [
            *({"at": "5 s", "plug_in": {"charger": f"c_{name}", "vehicle": "vw_id3"}} for name in vendors),
            {"at": "20 min", "trip_rcd": {"charger": "c_warp"}},
            {"at": "30 min", "reboot": {"wallbox": "c_goe.goe"}},
        ],
        "end": "1 h",
    }
    async with Emulator(from_data(data), Options(any_port=True, speed=0.0, announce=False)) as emulator:
        stories = []
        for _ in range(4):
            await emulator.advance_to_end()
            entries = emulator.simulation.journal.after(0)
            stories.append(
                [(e.seq, e.at, e.kind, e.name, e.detail, e.cause) for e in entries if e.kind != "connection"]
            )
            site = emulator.site
            await emulator.reset()
        assert emulator.site is site
        assert len(stories[0]) > 100
        assert stories[1:] == stories[:1] * 3
