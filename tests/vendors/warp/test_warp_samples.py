"""What the downloads and the WebSocket show of the power in the past: of each slot what its values showed."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support_warp import WarpWorld

from emulator.core import faults
from emulator.core.instant import MINUTE, SECOND
from emulator.devices.interfaces import HttpInterface, Origin
from emulator.vendors.warp.meters.fed import Fed
from emulator.vendors.warp.push.ws import Ws

HALF = 0.5
BOOTED = 7 * SECOND + 123_456


def fed(model: str = "warp3-pro-11", ids: tuple[int, ...] = (74, 209), slot: int = 1) -> WarpWorld:
    """A wallbox with a meter that a client feeds, 20 s after its restart."""
    world = WarpWorld(model)
    meter = {"display_name": "Roof", "location": 7, "excluded": False, "value_ids": list(ids)}
    world.done(f"meters/{slot}/config", [4, meter])
    world.box.reboot()
    world.wait(20)
    return world


def live(world: WarpWorld, slot: int) -> list[int | None]:
    samples: list[int | None] = world.json(f"meters/{slot}/live")["samples"]
    return samples


def history(world: WarpWorld, slot: int) -> list[int | None]:
    samples: list[int | None] = world.json(f"meters/{slot}/history")["samples"]
    return samples


def push(world: WarpWorld, *values: float | None) -> None:
    assert world.put("meters/1/update", list(values)) == (200, "")


def opened(world: WarpWorld) -> Ws:
    interface = world.box.interfaces["http"]
    assert isinstance(interface, HttpInterface)
    conversation = interface.websockets["/ws"].open(Origin(interface="websocket", client="10.0.0.7:40000"))
    assert isinstance(conversation, Ws)
    conversation.opened()
    return conversation


def heard(world: WarpWorld, conversation: Ws, topic: str) -> Any:
    """The samples in the last message of a topic."""
    frames = [str(frame) for frame in conversation.published(world.simulation.at)]
    told = [json.loads(line) for frame in frames for line in frame.splitlines() if line]
    return [entry["payload"]["samples"] for entry in told if entry["topic"] == topic][-1]


def test_a_fed_meter_has_the_samples_that_were_pushed() -> None:
    world = fed()
    world.plug_in()
    world.wait(60)
    assert live(world, 1) == [None] * 720
    push(world, -1234, 5)
    world.wait(HALF)
    assert live(world, 1)[-2:] == [None, -1234]
    assert live(world, 0)[-1] == pytest.approx(world.now.power, abs=30)
    assert world.json("meters/live")["samples"][1] == live(world, 1)


def test_a_sample_is_the_mean_of_what_was_pushed_since_the_last_one() -> None:
    world = fed()
    for power in (100, 200, 600):
        push(world, power, 5)
        world.wait(0.1)
    world.wait(0.2)
    assert live(world, 1)[-1] == 300


def test_a_sample_is_shown_four_times_more_and_then_there_is_none() -> None:
    """Source: Tinkerforge esp32-firmware, `ValueHistory::tick`."""
    world = fed()
    push(world, 400, 5)
    world.wait(3)
    assert live(world, 1)[-7:] == [None, 400, 400, 400, 400, 400, None]


def test_a_sample_has_sixteen_bits() -> None:
    world = fed()
    push(world, 1e6, 5)
    world.wait(HALF)
    assert live(world, 1)[-1] == 32767
    assert world.put("meters/1/update", b"[-1e400,5]") == (200, "")
    world.wait(HALF)
    assert live(world, 1)[-1] == -32767


def test_a_value_that_is_left_out_stays() -> None:
    """Source: Tinkerforge esp32-firmware, `Meters::update_all_values`: what is no number changes nothing."""
    world = fed()
    push(world, None, 5)
    assert world.json("meters/1/values") == [None, 5]
    world.wait(HALF)
    assert live(world, 1)[-1] is None
    push(world, 70, 5)
    push(world, None, 6)
    assert world.json("meters/1/values") == [70, 6]
    world.done("meters_legacy_api/config", {"linked_meter_slot": 1})
    assert world.put("meter/values_update", {"power": 80, "energy_rel": 0, "energy_abs": 7}) == (200, "")
    assert world.json("meters/1/values") == [80, 7]


def test_the_older_api_feeds_samples_and_shows_them() -> None:
    world = fed(ids=(74, 1, 209))
    world.done("meters_legacy_api/config", {"linked_meter_slot": 1})
    world.box.reboot()
    world.wait(20)
    push(world, 10, 230, 5)
    assert world.put("meter/values_update", {"power": 30, "energy_rel": 0, "energy_abs": 7}) == (200, "")
    assert world.json("meters/1/values") == [30, 230, 7]
    world.wait(HALF)
    assert world.json("meter/live")["samples"][-1] == 20


def test_means_of_a_fed_meter() -> None:
    world = fed()
    world.wait(239 - world.warp.platform.uptime / SECOND)
    for power in (-900, -900, -300, -300):  # two in one period, two in the next
        push(world, power, 5)
        world.wait(HALF)
    world.wait(240)
    *before, first, second = history(world, 1)
    assert first == -900
    assert second == -300
    assert set(before) == {None}
    world.wait(240)
    assert history(world, 1)[-3:] == [-900, -300, None]


def test_the_websocket_tells_the_same() -> None:
    world = fed()
    conversation = opened(world)
    push(world, -1234, 5)
    world.wait(HALF)
    assert heard(world, conversation, "meters/live_samples") == [[0], [-1234], [], [], []]
    world.wait(240)
    assert heard(world, conversation, "meters/history_samples") == [[0], [-1234], [], [], []]
    assert history(world, 1)[-1] == -1234


def test_a_fed_meter_without_a_power_has_none() -> None:
    world = fed(ids=(209,))
    push(world, 5)
    world.wait(240)
    assert live(world, 1) == history(world, 1) == [None] * 720


def test_a_restart_forgets_what_was_pushed() -> None:
    world = fed()
    push(world, -1234, 5)
    world.wait(300)
    assert history(world, 1)[-1] == -1234
    world.box.reboot()
    world.wait(300)
    assert set(history(world, 1)) == set(live(world, 1)) == {None}


def test_the_meter_of_the_vehicle_knows_no_power() -> None:
    world = WarpWorld("warp4-pro-11")
    conversation = opened(world)
    world.charge()
    world.wait(240)
    assert live(world, 1) == history(world, 1) == [None] * 720
    assert heard(world, conversation, "meters/live_samples")[1] == [None] * 3
    assert live(world, 0)[-1] == pytest.approx(world.now.power, abs=30)


def test_a_meter_of_a_class_without_values_is_one() -> None:
    """Only a slot of class None answers that it has nothing. Source: Tinkerforge esp32-firmware, `meters.cpp`."""
    world = WarpWorld("warp3-smart-11")
    conversation = opened(world)
    world.wait(HALF)
    assert live(world, 0) == history(world, 0) == [None] * 720
    assert heard(world, conversation, "meters/live_samples") == [[None], [], [], [], []]
    assert world.ask("GET", "/meters/1/live").body == b'{"offset":0,"samples_per_second":0.0,"samples":[]}'


@pytest.mark.parametrize("model", ["warp1-pro-11", "warp2-pro-11", "warp3-pro-11", "warp4-pro-11"])
def test_the_samples_of_a_silent_meter_stand_still(model: str) -> None:
    world = WarpWorld(model)
    conversation = opened(world)
    world.charge()
    world.wait(10)
    frozen = round(world.json("meter/values")["power"])
    assert frozen > 10_000
    before = live(world, 0)
    world.begin("it", faults.MeterFault())
    assert live(world, 0) == before
    world.wait(1)
    world.unplug()
    world.wait(4)
    assert round(world.json("meter/values")["power"]) == frozen
    assert live(world, 0)[-10:] == [frozen] * 10
    assert heard(world, conversation, "meters/live_samples")[0] == [frozen] * 3
    world.end("it")
    assert live(world, 0)[-10:] == [frozen] * 10
    world.wait(1)
    assert live(world, 0)[-12:] == [*[frozen] * 10, 0, 0]


def test_means_of_a_silent_meter_are_of_what_it_stood_at() -> None:
    world = WarpWorld()
    conversation = opened(world)
    world.charge()
    world.wait(200)
    frozen = round(world.json("meter/values")["power"])
    world.begin("it", faults.MeterFault())
    world.unplug()
    world.wait(360)  # up to the middle of the third period
    world.end("it")
    world.wait(120)
    assert heard(world, conversation, "meters/history_samples")[0] == history(world, 0)[-1:]
    assert history(world, 0)[-2:] == [frozen, pytest.approx(frozen / 2, abs=2)]


def test_nothing_is_known_of_a_meter_that_was_not_read_yet() -> None:
    world = WarpWorld()
    world.outage(30)
    read = world.warp.meters.declared_at
    assert read is not None
    assert world.warp.platform.booted_at < read - 5 * SECOND
    known = (world.simulation.at - read) // (SECOND // 2) + 1
    assert [value is None for value in live(world, 0)] == [True] * (720 - known) + [False] * known


@given(pushes=st.lists(st.tuples(st.integers(1, 4 * SECOND), st.integers(-40_000, 40_000)), max_size=60))
def test_samples_and_means_are_those_of_a_firmware_that_ticks(pushes: list[tuple[int, int]]) -> None:
    meter = Fed((209, 74), BOOTED)
    at, waiting = BOOTED + 3 * MINUTE + 50 * SECOND, []
    for pause, power in pushes:
        at += pause
        meter.push(at, [None, power])
        waiting.append((at, power))
    first = BOOTED // 500_000 * 500_000 + 500_000
    last = at + 8 * MINUTE
    ticks, means = firmware(waiting, range(first, last, 500_000))
    shown = range(last - last % 500_000 - 700 * 500_000, last, 500_000)
    assert meter.live(shown) == [ticks[tick] for tick in shown]
    ends = range(BOOTED + 4 * MINUTE, last - 4 * MINUTE, 4 * MINUTE)
    assert [meter.mean(end) for end in ends] == [means.get(end) for end in ends]


def firmware(pushes: list[tuple[int, int]], ticks: range) -> tuple[dict[int, int | None], dict[int, int]]:
    """Samples by their instants and means by the ends of their periods, as `ValueHistory` comes to them."""
    samples: dict[int, int | None] = {}
    counted: dict[int, list[int]] = {}
    left, shown = 0, 0
    waiting = list(pushes)
    for tick in ticks:
        now: list[int] = []
        while waiting and waiting[0][0] < tick:
            now.append(waiting.pop(0)[1])
        if now:
            left, shown = 5, max(-32767, min(32767, round(sum(now) / len(now))))
        samples[tick] = shown if left else None
        if left:
            left -= 1
            end = BOOTED - (BOOTED - tick) // (4 * MINUTE) * 4 * MINUTE
            counted.setdefault(end, []).append(shown)
    return samples, {end: int(sum(values) / len(values)) for end, values in counted.items()}


def test_what_is_kept_is_bounded() -> None:
    meter = Fed((74,), 0)
    for at in range(0, 3 * 24 * 3600 * SECOND, 7 * SECOND):
        meter.push(at, [at / SECOND])
    assert len(meter._sums) <= 725
    assert len(meter._periods) <= 721
    end = at // (4 * MINUTE) * 4 * MINUTE
    assert meter.mean(end) == pytest.approx(32767, abs=1)
    assert meter.mean(end - 719 * 4 * MINUTE) is not None
