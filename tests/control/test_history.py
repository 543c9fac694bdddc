"""The history of a charger, for plots."""

from __future__ import annotations

from array import array
from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from emulator.core.instant import SECOND
from emulator.world.history import COLUMNS, PIECES, History, Stretch, _joined

from .conftest import Control


async def history(control: Control, since: float = 0.0) -> Any:
    return await control.call("GET", "/api/chargers/garage/history", since=since)


def at(found: Any, column: str, time: float) -> float:
    """The value of a column at a time between two points."""
    for (since, first), (until, last) in pairwise(zip(found["times"], found["values"][column], strict=True)):
        if since <= time <= until and until > since:
            return float(first + (last - first) * (time - since) / (until - since))
    raise AssertionError(f"nothing at {time}")


async def test_a_jump_leaves_steps_and_no_ramps(control: Control) -> None:
    await control.advance("10 min")
    await control.step({"plug_in": "id3"})
    await control.advance("1 h")
    await control.step({"unplug": {}})
    await control.advance("10 min")
    found = await history(control)
    assert found["times"] == sorted(found["times"])
    assert found["now"] == 4800.0
    assert at(found, "power", 599.0) == 0.0
    assert at(found, "power", 2000.0) > 3000
    assert at(found, "power", 4199.0) > 3000
    assert at(found, "power", 4201.0) == 0.0
    assert found["values"]["state_of_charge"][0] is None
    pilots = [value for _, value in found["changes"]["pilot"]]
    assert pilots[0] == "A"
    assert "C" in pilots
    assert pilots[-1] == "A"
    assert "domestic_pin" not in found["sensors"]
    assert "temperature.domestic_pin" not in found["values"]


async def test_what_is_read_between_events_is_the_same_as_asked_at_once(control: Control) -> None:
    await control.step({"plug_in": "id3"})
    await control.advance("20 min")
    now = await control.call("GET", "/api/chargers/garage")
    found = await history(control)
    assert abs(found["values"]["power"][-1] - now["power"]) < 0.01
    assert abs(found["values"]["temperature.board"][-1] - now["temperature"]["board"]) < 0.01
    assert abs(found["values"]["session_energy"][-1] - now["session_energy"]) < 0.1


async def test_only_what_is_new_is_asked_for(control: Control) -> None:
    await control.step({"plug_in": "id3"})
    await control.advance("20 min")
    first = await history(control)
    await control.step({"unplug": {}})
    await control.advance("5 min")
    whole, rest = await history(control), await history(control, since=first["settled"])
    fixed = first["fixed"]
    assert first["times"][:fixed] + rest["times"] == whole["times"]
    assert first["values"]["power"][:fixed] + rest["values"]["power"] == whole["values"]["power"]
    assert len(rest["times"]) < len(whole["times"])


async def test_memory_is_bounded(control: Control) -> None:
    simulation = control.emulator.simulation
    charger = simulation.chargers["garage"]
    history = History(100)
    charger.follower = history.record
    await control.step({"plug_in": "id3"})
    for number in range(300):
        control.emulator.site.wallboxes["garage.goe"].control.limit("x", 6.0 + number % 10)
        control.emulator.site.jump(SECOND)
        simulation.now()
        assert len(history) <= 100 + PIECES
    found = history.stretches(0, charger.segment, simulation.at)
    assert found[0].since == 0
    assert all(before.until == after.since for before, after in pairwise(found))
    offered = COLUMNS.index("offered_current")
    assert all(0 <= stretch.begin(offered) <= 16.01 for stretch in found)
    assert found[-1].until == simulation.at


async def test_a_reset_forgets(control: Control) -> None:
    await control.step({"plug_in": "id3"})
    await control.advance("1 h")
    await control.call("POST", "/api/reset")
    assert (await history(control))["times"] == [0.0, 0.0]


_value = st.floats(0, 32, width=32)


def stretch(since: int, until: int, begin: float, end: float) -> Stretch:
    return Stretch(since, until, ("a", "A", "open", ()), array("f", [begin] * len(COLUMNS) + [end] * len(COLUMNS)))


@given(_value, _value, _value, st.integers(1, 100), st.integers(1, 100))
def test_what_is_joined_goes_on_or_becomes_its_mean(a: float, b: float, c: float, first: int, second: int) -> None:
    """A continuous course keeps both its ends; a step becomes level, between the two."""
    smooth = _joined(stretch(0, first, a, b), stretch(first, first + second, b, c))
    assert (smooth.begin(0), smooth.end(0)) == (a, c)
    stepped = _joined(stretch(0, first, a, a), stretch(first, first + second, a + 10, a + 10))
    assert stepped.begin(0) == stepped.end(0)
    assert a - 1e-3 <= stepped.begin(0) <= a + 10 + 1e-3


async def test_a_snapshot_brings_the_past_back(control: Control) -> None:
    await control.step({"plug_in": "id3"})
    await control.advance("20 min")
    before = await history(control)
    await control.call("POST", "/api/snapshots", {"name": "charging"})
    await control.step({"unplug": {}})
    await control.advance("1 h")
    await control.call("POST", "/api/snapshots/charging/restore")
    assert await history(control) == before
    await control.advance("10 min")
    after = await history(control)
    assert after["times"][: before["fixed"]] == before["times"][: before["fixed"]]
    assert at(after, "power", 1700.0) > 3000
