"""The domestic socket: it is switched, metered, and its load is a transaction while it is alone."""

from __future__ import annotations

import pytest
from controller import Controller

MODEL = "cc612-schuko"


def numbers(world: Controller, *keys: str) -> list[object]:
    return world.read(*(f"rest.{key}" for key in keys))


def test_what_is_drawn_is_metered() -> None:
    world = Controller(MODEL, schuko_load=2300.0)
    assert numbers(world, "conn_state", "power_w", "meter_wh") == ["no_vehicle_connected", 0, 0]
    world.wallbox.configure({"schuko_plugged": True})
    world.wait(3600)
    assert numbers(world, "conn_state", "schuko_state") == ["vehicle_charging_schuko", "power_on"]
    assert numbers(world, "power_w", "meter_wh", "transaction_wh") == [2300, 2300, 2300]
    assert numbers(world, "time_since_charging_start", "con_cycles_schuko") == [3600, 1]
    assert world.full_state()["current_a"] == "10.00,0.00,0.00"
    world.wallbox.configure({"schuko_load": 230.0})
    world.wait(3600)
    assert numbers(world, "power_w", "meter_wh") == [230, 2530]
    world.wallbox.configure({"schuko_plugged": False})
    world.wait(3600)
    assert numbers(world, "power_w", "meter_wh", "transaction_wh") == [0, 2530, 0]
    world.wallbox.configure({"schuko_plugged": True})
    world.wait(3600)
    assert numbers(world, "meter_wh", "transaction_wh", "con_cycles_schuko") == [2760, 230, 2]


def test_a_vehicle_beside_it() -> None:
    world = Controller(MODEL, schuko_load=2300.0, schuko_plugged=True)
    world.charge(phases=1, max_current=16.0)
    assert world.read("rest.conn_state") == ["vehicle_charging_type2"]
    power = world.now.power
    assert numbers(world, "power_w")[0] == pytest.approx(power + 2300, abs=1)
    world.wait(3600)
    alone = world.now.session_energy
    assert numbers(world, "transaction_wh")[0] == pytest.approx(alone, abs=1)
    assert numbers(world, "meter_wh")[0] == pytest.approx(world.now.total_energy + 2300 * (3640 / 3600), abs=2)


def test_nothing_is_drawn_without_mains_and_after_a_fault() -> None:
    world = Controller(MODEL, schuko_load=2300.0, schuko_plugged=True)
    world.wait(3600)
    world.outage(after=0)
    assert numbers(world, "meter_wh") == [2300]
    world.wait(60 + 3600)
    found = numbers(world, "meter_wh")[0]
    assert found == pytest.approx(4600, abs=60)
    world.wallbox.configure({"available": False})
    world.wait(3600)
    assert numbers(world, "schuko_state", "power_w", "meter_wh") == ["connected", 0, found]
