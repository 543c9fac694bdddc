"""Whatever a client sends: an answer, no exception, and never a value out of range."""

from __future__ import annotations

import json
import math

import pytest
from bench import CLIENT
from hypothesis import given, settings
from hypothesis import strategies as st
from kick import SIM, Kick

from emulator.core.faults import ControllerLinkLost

KEYS = st.sampled_from(["current_set", "charge_pause", "energy_limit", "phase_count", "raw", "general", "x"])
VALUES = st.one_of(
    st.text(max_size=9),
    st.floats().map(str),
    st.integers(-5, 2_000_000).map(str),
    st.text("0123456789.+-e", max_size=5),
)


def sane(world: Kick) -> None:
    control = world.get("/control")
    assert 6 <= control["current_set"] <= 32  # type: ignore[operator]
    assert control["charge_pause"] in (0, 1)
    assert 0 <= control["energy_limit"] <= 1_000_000  # type: ignore[operator]
    assert control["phase_count"] in (1, 2, 3)


@settings(max_examples=300, deadline=None)
@given(
    path=st.sampled_from(["/control", "/info", "/values"]),
    query=st.lists(st.tuples(KEYS, VALUES, st.sampled_from(["=", ""])), max_size=4),
)
def test_any_query(path: str, query: list[tuple[str, str, str]]) -> None:
    world = Kick()
    target = f"{path}?" + "&".join(name + equals + (value if equals else "") for name, value, equals in query)
    reply = world.request(target)
    assert reply.status in (200, 406)
    decoded = json.loads(reply.body)
    assert isinstance(decoded, dict)
    assert ("Response" in decoded) == (reply.status == 406)
    sane(world)


@settings(max_examples=300, deadline=None)
@given(
    function=st.integers(0, 127),
    address=st.one_of(st.integers(0, 65535), st.integers(185, 205)),
    values=st.lists(st.one_of(st.integers(0, 65535), st.integers(0, 330)), min_size=1, max_size=6),
)
def test_any_frame(function: int, address: int, values: list[int]) -> None:
    world = Kick(SIM)
    if function == 6:
        del values[1:]
    reply = world.modbus(function, address, len(values), tuple(values))
    assert reply is not None
    assert reply.exception in (None, 1, 2, 3)
    sane(world)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, -1, 1.5e300, "x", "", None, [], {}])
@pytest.mark.parametrize("key", ["current_set", "charge_pause", "energy_limit", "phase_count"])
def test_any_value_of_a_scenario(key: str, value: object) -> None:
    world = Kick()
    assert not world.wallbox.write(f"control.{key}", value, CLIENT).ok
    sane(world)
    assert world.writes()[-1][2] is False


def test_a_silent_controller_is_unknown() -> None:
    world = Kick()
    world.charge()
    world.begin("silent", ControllerLinkLost())
    assert world.codes() == (0, 0, 0, 0)
    world.end("silent")
    assert world.codes() == (3, 0, 0, 0)
