"""go-e's grid guards, and phase switches as single firmware versions show them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from bench import CLIENT, Bench

from emulator.core.messages import PowerCut, SetSupply
from emulator.core.states import LockState

Make = Callable[..., Bench]


def charging(world: Bench) -> Bench:
    world.plug_in()
    world.wait(60)
    assert world.box.read("car") == 2
    return world


@pytest.mark.parametrize(
    ("mode", "frequency", "amperes"), [(0, 49.8, 16), (0, 49.6, 16), (0, 49.4, 16), (0, 49.3, 12), (1, 49.4, 8)]
)
def test_a_slow_grid_gets_less_load(goe: Make, mode: int, frequency: float, amperes: int) -> None:
    """Between 49.8 and 49.0 Hz: of 32 A installed (0), of 16 A requested (1)."""
    world = charging(goe(ufe=True, ufm=mode))
    assert world.apply(SetSupply(frequency=frequency)).ok
    world.wait(10)
    assert world.read("alw", "acu", "modelStatus") == [True, amperes, 15]
    assert world.now.offered_current == amperes
    world.apply(SetSupply(frequency=50.0))
    world.wait(10)
    assert world.now.offered_current == 16


def test_a_grid_that_is_too_slow_gets_none(goe: Make) -> None:
    world = charging(goe(ufe=True))
    world.apply(SetSupply(frequency=49.1))  # 4 A would be left
    world.wait(10)
    assert world.read("alw", "modelStatus", "car") == [False, 31, 4]
    assert world.box.read("cll.underFrequencyLimit") == 4
    world.apply(SetSupply(frequency=50.0))
    world.wait(60)
    assert world.read("alw", "car") == [True, 2]


def test_without_the_guard_the_frequency_is_nobodys_business(goe: Make) -> None:
    world = charging(goe())
    world.apply(SetSupply(frequency=49.1))
    world.wait(10)
    assert world.read("alw", "acu") == [True, 16]


def test_undervoltage_has_to_last(goe: Make) -> None:
    world = charging(goe(uve=True, uvt=215.0, uvs=5000))
    world.apply(SetSupply(voltage=210.0))
    world.wait(4)
    assert world.box.read("modelStatus") == 15
    world.wait(4)
    assert world.read("modelStatus", "alw") == [38, False]
    world.apply(SetSupply(voltage=230.0))
    world.wait(60)
    assert world.read("modelStatus", "car") == [15, 2]


def seen(world: Bench, key: str, seconds: int) -> list[object]:
    """The values of a key, second by second, each once while it stays."""
    found: list[object] = []
    for _ in range(seconds):
        world.wait(1)
        value = world.box.read(key)
        if not found or found[-1] != value:
            found.append(value)
    return found


@pytest.mark.parametrize(
    ("firmware", "car", "status"),
    [("60.5", [2, 4, 2], [23, 15]), ("56.8", [2, 1, 3, 2], [23, 15]), ("55.8", [2, 4, 2], [15])],
)
def test_a_phase_switch_by_firmware(goe: Make, firmware: str, car: list[int], status: list[int]) -> None:
    world = charging(goe(firmware=firmware))
    assert world.box.write("psm", 1, CLIENT).ok
    other = charging(goe(firmware=firmware))
    assert other.box.write("psm", 1, CLIENT).ok
    assert [value for value in seen(world, "car", 60) if value != 4 or firmware != "56.8"] == car
    assert seen(other, "modelStatus", 60) == status
    assert world.now.phases == 1
    assert world.now.session == 1, "nobody unplugged"


def test_an_unverified_key_is_only_stored(goe: Make) -> None:
    world = goe()
    assert world.get("/api/set?ampt=10") == {"ampt": True}
    assert world.read("ampt", "amp", "acu") == [10, 16, 16]


@pytest.mark.parametrize("opens", [False, True])
def test_the_lock_in_an_outage(goe: Make, opens: bool) -> None:
    world = goe(upo=False)
    world.request(f"/api/set?upo={str(opens).lower()}")
    charging(world)
    assert world.box.read("cus") == 3
    assert world.apply(PowerCut()).ok
    world.wait(5)
    assert (world.now.lock is LockState.OPEN) is opens
