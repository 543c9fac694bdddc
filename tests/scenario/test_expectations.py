"""What a quantity should be, and what it is."""

from __future__ import annotations

import json
import re

import pytest

from emulator.core.instant import HOUR, MINUTE, SECOND
from emulator.devices.quantities import QUANTITIES
from emulator.errors import EmulatorError, ScenarioError
from emulator.scenario.loader import loads
from emulator.scenario.playing import expect, play
from emulator.world import expectations
from emulator.world.expectations import MISSING
from emulator.world.quantities import Quantity, catalogue, charger_view, read, resolve

from .support import bare_world, do, goe_world, later, names_of

VENDOR = Quantity("g.goe.x", "g", "g.goe", "x")


def resolved(name: str) -> Quantity:
    return resolve(name, names_of("g"))


@pytest.mark.parametrize(
    ("quantity", "expected", "holds", "fails"),
    [
        ("power", "11 kW", [11_000.0, 11_000.001, 11_000], [11_001.0, 10_999.0, None, "11 kW"]),
        ("power", "> 3 kW", [3000.1], [3000.0, 2999.0, None]),
        ("power", ">= 3 kW", [3000.0], [2999.9]),
        ("power", "<= 6 W", [6.0, -1.0], [6.1]),
        ("power", "< 6 W", [5.9], [6.0]),
        ("power", "!= 4 W", [5.0, None], [4.0]),
        ("power", "= 4 W", [4.0], [5.0]),
        ("power", "11 kW ± 2 %", [11_219.0, 10_781.0], [11_221.0, 10_779.0, None]),
        ("power", "11 kW +- 100 W", [11_100.0, 10_900.0], [11_101.0]),
        ("power", "11 kW +/- 100 W", [11_100.0, 10_900.0], [11_101.0]),
        ("power", "6..11 kW", [6000.0, 11_000.0], [5999.0, 11_001.0]),
        ("power", "500 W..1 kW", [500.0, 1000.0], [499.0]),
        ("power", ["1 kW", "> 5 kW"], [1000.0, 5001.0], [5000.0]),
        ("power", "changed", [], [1.0, None]),
        ("offered_current", "6..16 A", [6.0, 16.0], [5.9]),
        ("phase_voltage.L1", "230 V ± 2 V", [228.0, 232.0], [227.9]),
        ("vehicle.state_of_charge", "80 %", [0.8], [0.81]),
        ("vehicle.state_of_charge", "80 % ± 2 %", [0.781, 0.819], [0.77, 0.821]),
        ("connected_for", "> 1 h 30 min", [5401.0], [5400.0]),
        ("temperature.board", "> -5 °C", [-4.0], [-5.0]),
        ("derated", None, [None], [0.0, 16.0]),
        ("contactor", "open", ["open"], ["closed", True]),
        ("contactor", "!= open", ["closed"], ["open"]),
        ("pilot", ["B", "C"], ["B", "C"], ["A"]),
        ("state", "/^c_/", ["c_closing"], ["charging", None]),
        ("vehicle", None, [None], ["id3"]),
        ("vehicle", "id3", ["id3"], [None, "id4"]),
        ("phases", 3, [3], [1, 3.5, "3", True]),
        ("phases", "> 1", [3], [1]),
        ("plugged", True, [True], [False, 1, "true"]),
        ("phase_current", "> 9 A", [[10.0, 9.5, 12.0]], [[10.0, 0.0, 12.0]]),
        ("phase_current", ["16 A", "0 A", "< 1 A"], [[16.0, 0.0, 0.5]], [[16.0, 0.0, 1.5], [16.0, 0.0]]),
        ("faults", "rcd_ac", [["pe", "rcd_ac"]], [[], ["pe"]]),
        ("faults", [], [[]], [["pe"]]),
    ],
)
def test_quantities_of_a_charger(quantity: str, expected: object, holds: list[object], fails: list[object]) -> None:
    expectation = expectations.parse(expected, resolved(quantity))
    assert [value for value in holds if not expectation.holds(value)] == []
    assert [value for value in fails if expectation.holds(value)] == []


@pytest.mark.parametrize(
    ("expected", "holds", "fails"),
    [
        (1, [1, 1.0], [True, "1", None, 2]),
        (True, [True], [1, "true", False]),
        ("60.5", ["60.5"], [60.5, None]),
        (60.5, [60.5], ["60.5"]),
        (None, [None], [0, False, ""]),
        ("> 16", [17, 16.5, "17"], [16, True, None, "x"]),
        ("!= 4", [5, None, "4"], [4]),
        ('!= "4"', [4, "5"], ["4"]),
        ("2..4", [2, 4], [1, 5]),
        ("100 ± 5 %", [95, 105], [94]),
        ("100 ± 2", [98], [97]),
        ([3, 4], [3, 4, [3, 4]], [5, [4, 3]]),
        ("/^go-e/", ["go-eCharger"], ["x go-e"]),
        ({"a": 1}, [{"a": 1}], [{"a": 2}]),
        ("changed", [], [1]),
        ("a ± b", ["a ± b"], ["a"]),
        ("x..y", ["x..y"], ["x"]),
        (["changed", 3], [3], [4]),
    ],
)
def test_vendor_values_compare_as_on_the_wire(expected: object, holds: list[object], fails: list[object]) -> None:
    expectation = expectations.parse(expected, VENDOR)
    assert [value for value in holds if not expectation.holds(value)] == []
    assert [value for value in fails if expectation.holds(value)] == []


def test_changed_compares_with_the_earlier_value() -> None:
    changed = expectations.parse("changed", VENDOR)
    assert changed.holds(2, 1)
    assert changed.holds(None, 1)
    assert changed.holds(True, 1)
    assert not changed.holds(1, 1)
    assert not changed.holds(1, MISSING)


@pytest.mark.parametrize(
    ("quantity", "expected", "message"),
    [
        ("power", 3, 'found 3, expected a power such as "11 kW"'),
        ("power", "3", '"3" has no unit'),
        ("power", "3 A", '"3 A" is a current'),
        ("power", "11 kW ± -1 kW", "negative"),
        ("power", "11..6 kW", "is empty"),
        ("vehicle.state_of_charge", 0.8, "expected a percentage"),
        ("contactor", "shut", "expected one of open, closed"),
        ("contactor", True, "expected one of open, closed"),
        ("phases", "> x", 'found "x", expected a number'),
        ("power", {"a": 1}, "found a mapping"),
    ],
)
def test_what_cannot_be_expected(quantity: str, expected: object, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        expectations.parse(expected, resolved(quantity))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("g.pwer", 'not a quantity (did you mean "power"?)'),
        ("g.temperature.bord", 'no sensor "bord" (did you mean "board"?)'),
        ("h.power", 'is not a quantity (did you mean "power"?)'),
        ("g.phase_current.L4", "is not a quantity"),
        ("g.power.L1", "is not a quantity"),
    ],
)
def test_unknown_quantities_are_explained(text: str, message: str) -> None:
    with pytest.raises(EmulatorError) as caught:
        resolve(text, names_of("g"))
    assert message in str(caught.value)


def test_with_several_chargers_a_name_is_needed() -> None:
    with pytest.raises(EmulatorError, match="needs a charger in front"):
        resolve("power", names_of("a", "b"))
    assert resolve("b.power", names_of("a", "b")).charger == "b"


def test_every_quantity_reads_from_a_real_charger() -> None:
    world = bare_world()
    do(world, "plug_in", vehicle="vw_id3", state_of_charge="35 %")
    later(world, HOUR)
    snapshot = world.simulation.observe("garage")
    view = charger_view(snapshot)
    assert json.loads(json.dumps(view)) == view
    for row in QUANTITIES:
        assert read(world, f"garage.{row.name}") == view.get(row.name, snapshot.power)
    assert view["pilot"] == "C"
    assert view["contactor"] == "closed"
    assert view["phases"] == 3
    assert view["power"] == pytest.approx(10_700, rel=0.01)
    assert view["limits"] == {"hardware": {"current": 32.0, "binding": True}}
    vehicle = view["vehicle"]
    assert isinstance(vehicle, dict)
    assert (vehicle["name"], vehicle["model"]) == ("vw_id3", "vw_id3")
    assert 0.5 < vehicle["state_of_charge"] < 0.55
    assert read(world, "temperature.board") == snapshot.temperature["board"] > 20
    assert read(world, "phase_current.L2") == snapshot.phase_current[1]
    assert read(world, "limits") == "hardware"
    assert read(world, "limits.hardware") == 32.0
    assert read(world, "limits.nobody") is None
    assert {name.partition(".")[0] for name, _, _ in catalogue()} >= set(view)


def test_without_a_vehicle_there_is_none() -> None:
    world = bare_world()
    assert charger_view(world.simulation.observe("garage"))["vehicle"] is None
    assert read(world, "vehicle.state_of_charge") is None
    assert read(world, "pilot") == "A"


def test_vendor_values() -> None:
    world = goe_world(amp=10)
    assert read(world, "garage.goe.amp") == 10
    assert read(world, "goe.amp") == 10
    assert read(world, "goe.car") == 1
    whole = read(world, "goe.nrg")
    assert isinstance(whole, list)
    assert read(world, "goe.nrg.11") == whole[11]
    with pytest.raises(EmulatorError, match=r'garage.goe has no value "nrg.99"'):
        read(world, "goe.nrg.99")


def test_an_expectation_is_recorded_with_what_was_found() -> None:
    world = goe_world()
    outcome = expect(world, {"power": "> 3 kW", "goe.car": 1})
    assert outcome.detail == {
        "ok": False,
        "items": [
            {"quantity": "power", "expected": "> 3 kW", "found": 0.0, "ok": False},
            {"quantity": "goe.car", "expected": "1", "found": 1, "ok": True},
        ],
    }
    assert outcome.message == "power is 0 W, expected > 3 kW"
    entry = list(world.simulation.journal)[-1]
    assert (entry.kind, entry.name, entry.charger, dict(entry.detail)) == (
        "expectation",
        "expect",
        "garage",
        dict(outcome.detail),
    )


def test_changed_is_since_the_last_look() -> None:
    world = goe_world()
    assert expect(world, {"goe.amp": "changed"}).detail["ok"] is False  # never looked at before
    do(world, "set", settings={"amp": 8})
    later(world, 2 * SECOND)
    assert expect(world, {"goe.amp": "changed"}).detail["ok"] is True
    later(world, MINUTE)
    assert expect(world, {"goe.amp": "changed"}).detail["ok"] is False


SITE = """
chargers:
  left: {wallboxes: {goe: {settings: {amp: 10}}}}
  right: {wallboxes: {keba: }}
steps:
  - {at: 10 s, plug_in: {charger: left, vehicle: ideal}}
  - {at: 20 s, plug_in: {charger: right, vehicle: ideal}}
  - {at: 1 min, expect: {site.phase_current: 42 A ± 1 %, site.phase_current.L2: 42 A ± 1 %, site.power: 28 kW ± 2 %}}
rules:
  - {name: fuse, never: {site.phase_current: "> 30 A"}, for: 10 s}
  - {name: cold, never: {event: contactor_closed, charger: right, while: {site.power: "> 1 kW"}}}
end: {at: 2 min}
"""


def test_a_sum_over_all_chargers() -> None:
    failures = [str(failure) for failure in play(loads(SITE, "site.yaml")).failures]
    assert len(failures) == 2
    assert 'rule "fuse"' in failures[1] or 'rule "fuse"' in failures[0]
    assert any('rule "cold"' in failure for failure in failures)


def test_only_some_quantities_have_a_sum() -> None:
    with pytest.raises(EmulatorError, match=r'"site\.powr" is not a sum over all chargers \(did you mean "power"'):
        resolve("site.powr", names_of("left", "right"))
    with pytest.raises(EmulatorError, match="is not a sum"):
        resolve("site.pilot", names_of("left"))
    for name in ("site", "fault"):
        with pytest.raises(ScenarioError, match="cannot be the name of a charger"):
            loads(f"chargers: {{{name}: {{goe: {{}}}}}}\nend: 1 s\n")
