"""Words of go-e that stand for one reason: lock, adapter, load group, reconnection, silence, update."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from bench import Bench

from emulator.core.faults import ControllerLinkLost, LockStuck, TripRcd
from emulator.core.messages import PlugCable, PowerCut, PowerUp, Reason, SetLock, Unplug

Make = Callable[..., Bench]


def charging(world: Bench) -> Bench:
    world.plug_in()
    world.wait(60)
    assert world.box.read("car") == 2
    return world


def test_an_always_locked_socket_keeps_the_cable(goe: Make) -> None:
    world = charging(goe(ust=2))
    world.unplug()
    world.wait(5)
    assert world.read("car", "cbl", "cus", "lck") == [1, 32, 3, 2]
    assert world.apply(PlugCable(plugged=False)).refused is Reason.NOT_ALLOWED
    charging(world)
    world.request("/api/set?ust=0")
    world.wait(3)
    world.unplug()
    world.wait(3)
    assert world.read("cbl", "cus", "lck") == [None, 1, 0]


@pytest.mark.parametrize(("policy", "full"), [(0, 3), (1, 1), (2, 3)])
def test_a_full_car_and_the_lock(goe: Make, policy: int, full: int) -> None:
    world = goe(ust=policy)
    world.plug_in(capacity=1000.0, state_of_charge=0.9)
    world.wait(20)
    assert world.read("car", "cus") == [2, 3]
    world.wait(600)
    assert world.read("car", "cus") == [4, full]


def test_words_of_the_lock(goe: Make) -> None:
    world = charging(goe(upo=True))
    world.begin("link", ControllerLinkLost())
    world.wait(2)
    assert world.box.read("cus") == 0
    world.end("link")
    world.apply(PowerCut())
    world.wait(5)
    world.apply(Unplug())
    world.apply(PowerUp())
    world.wait(20)
    assert world.read("car", "cus") == [1, 5], "the power failure let go of it"
    charging(world)
    assert world.box.read("cus") == 3
    world.request("/api/set?frc=1")
    world.wait(10)
    assert world.box.control.submit(SetLock(owner=world.box.control.owner("unlock"), policy="open")).ok
    world.wait(3)
    assert world.read("lck", "cus") == [3, 1]
    world.unplug()
    world.wait(2)
    assert world.box.read("lck") == 0


def test_the_feedback_of_a_stuck_lock_has_its_time(goe: Make) -> None:
    world = goe("gemini-22", "53.1")
    assert world.read("ffb", "ffba") == [0, None]
    world.begin("lock", LockStuck(stuck="open"))
    world.plug_in()
    world.wait(10)
    assert world.box.read("ffb") == 1
    age = world.box.read("ffba")
    assert isinstance(age, int)
    assert 5_000 < age < 10_000


def test_a_charge_controller_that_stays_silent_is_an_error(goe: Make) -> None:
    for firmware, code in (("60.5", 17), ("56.8", 14)):
        world = charging(goe(firmware=firmware))
        world.begin("link", ControllerLinkLost())
        world.wait(5)
        assert world.box.read("err") is None
        world.wait(7)
        assert world.read("err", "car", "modelStatus") == [code, None, 0]
        world.end("link")
        world.wait(2)
        assert world.read("err", "car") == [0, 2]


def test_load_balancing_adapter_and_reconnection(goe: Make) -> None:
    world = charging(goe(loe=True, loa=10))
    assert world.read("acu", "loa", "cll.loadLimit", "modelStatus") == [10, 10, 10, 15]
    world.box.configure({"loa": 4})
    world.wait(10)
    assert world.read("modelStatus", "alw") == [27, False]
    world.request("/api/set?loe=false")
    world.wait(2)
    assert world.read("modelStatus", "loa") == [15, None]
    world = charging(goe(adi=True, la3=10))
    assert world.box.read("acu") == 10
    world.request("/api/set?mca=12")
    world.wait(2)
    assert world.box.read("modelStatus") == 30
    world = charging(goe(rdre=600))
    world.outage(after=14)
    assert world.read("modelStatus", "alw") == [29, False]
    assert world.box.read("rdree") is not None
    world.wait(600)
    assert world.read("modelStatus", "car") == [15, 2]


def test_values_that_follow_what_happens(goe: Make) -> None:
    world = charging(goe("gemini-22", "53.1"))
    assert world.read("rcd", "wcch", "wccw", "ocs") == [5, 0, 0, 0]
    world.begin("leak", TripRcd(residual_current=0.004, current_type="dc"))
    world.wait(2)
    assert world.box.read("rcd") == 9
    assert world.get("/api/status?filter=wcch") == {"wcch": 1}


def test_an_update_of_the_firmware(goe: Make) -> None:
    world = goe("gemini-22", "53.1", offered_firmware=["60.5", "99.0"])
    assert world.box.read("ocu") == ["053.1", "60.5", "99.0"]
    assert world.get('/api/set?oct="none"') == {"oct": True}
    assert world.read("ocs", "ocm") == [2, "no such branch: none"]
    world.request('/api/set?oct="99.0"')
    world.wait(30)
    assert world.read("ocs", "ocp", "ocl") == [1, 950_000, 1_900_000]
    world.wait(31)
    assert world.read("ocs", "ocm") == [2, "invalid image: 99.0"]
    world.request('/api/set?oct="60.5"')
    world.wait(75)
    assert world.box.read("fwv") == "60.5"
    world.box.configure({"all_seed_keys": True})
    assert world.box.read("ocs") == 3
