"""Scenarios played: exact instants, waits, verdicts, and the same history however time moves."""

from __future__ import annotations

import random

import pytest

from emulator.core.instant import HOUR, MILLISECOND, MINUTE, SECOND
from emulator.runtime.clock import Clock
from emulator.scenario.loader import loads
from emulator.scenario.plan import Scenario
from emulator.scenario.player import Player, Result
from emulator.scenario.playing import advance, checks, perform, play, play_site
from emulator.scenario.steps.vocabulary import parse_steps
from emulator.world.building import build
from emulator.world.plan import ChargerPlan
from emulator.world.quantities import read

from .support import GOE, bare_world, do, goe_world, later, run

BUSY = f"""\
seed: 11
epoch: 2026-01-05T21:00:00+01:00
vehicles: {{id3: {{model: vw_id3, state_of_charge: 35 %}}}}
charger: {{noise: 1}}
{GOE}
steps:
  - {{at: 10 s, plug_in: {{vehicle: id3}}}}
  - wait_until: {{power: "> 10 kW"}}
  - {{after: 7.5 s, command: {{write: {{amp: 10}}}}}}
  - {{wait_until: {{power: "< 7 kW"}}, within: 10 s}}
  - expect: {{goe.amp: changed, power: "6..7 kW"}}
  - {{at: 10 min, undervoltage: {{voltage: 150 V, for: 20 s}}}}
  - {{wait_until: {{contactor: open}}, within: 1 min}}
  - {{wait_until: {{power: "> 5 kW"}}, within: 20 min}}
  - {{at: 30 min, power_cut: {{for: 1 min}}}}
  - {{at: 40 min, expect: {{goe.car: [2, 3, 4], vehicle.state_of_charge: "> 35 %"}}}}
  - {{after: 1 min, swap_vehicle: {{vehicle: renault_zoe, pause: 20 s}}}}
  - note: nearly done
  - {{after: 5 min, unplug: }}
end: {{at: 1 h}}
"""


def lines(result: Result) -> list[str]:
    return [entry.as_line() for entry in result.journal if entry.at <= result.ended_at]


def test_steps_happen_at_their_exact_instants() -> None:
    result = run(
        "charger: {}\nsteps: [note: a, {at: 1.5 s, note: b}, {after: 250 ms, note: c}, note: d, {at: 1 h, note: e}]"
    )
    assert [(entry.name, entry.at) for entry in result.journal if entry.kind == "note"] == [
        ("a", 0),
        ("b", 1_500_000),
        ("c", 1_750_000),
        ("d", 1_750_000),
        ("e", HOUR),
    ]
    assert (result.ok, result.ended_at) == (True, HOUR)


def test_the_end() -> None:
    assert run("charger: {}\nsteps: [{at: 1 min, note: x}]\nend: {after: 30 s}").ended_at == 90 * SECOND
    assert run("charger: {}\nsteps: [{at: 1 min, note: x}]\nend: 1 min").ok
    assert run("charger: {}\nend: 5 min").ended_at == 5 * MINUTE
    assert run("charger: {}").ended_at == 0


def test_an_end_before_all_is_done_is_a_failure() -> None:
    waiting = run("charger: {}\nsteps: [{wait_until: {power: '> 1 W'}}]\nend: 1 min")
    assert [failure.text for failure in waiting.failures] == ["the scenario ended while waiting"]
    late = run("charger: {}\nsteps: [{at: 50 s, note: x}, {after: 20 s, note: y}, note: z]\nend: 1 min")
    assert [failure.text for failure in late.failures] == ["the scenario ended before this step (2 left)"]


def test_failures_say_where_and_what() -> None:
    text = (
        "charger: {}\nsteps:\n  - {at: 5 s, expect: {power: '> 3 kW', pilot: A}}\n  - unplug\n  - expect: {pilot: B}\n"
    )
    result = play(loads(text, "night.yaml"))
    assert not result.ok
    first, second, third = map(str, result.failures)
    assert first == "night.yaml:3:15: at 5 s: expect: power is 0 W, expected > 3 kW"
    assert second.startswith("night.yaml:4:5: at 5 s: unplug: ")
    assert third == "night.yaml:5:5: at 5 s: expect: pilot is A, expected B"
    kinds = [(entry.name, entry.detail["ok"]) for entry in result.journal if entry.kind == "expectation"]
    assert kinds == [("expect", False), ("expect", False)]


def test_waiting_ends_at_the_event_itself() -> None:
    result = run("charger: {}\nsteps: [plug_in, {wait_until: {contactor: closed}, within: 1 min}, note: there]")
    (closed,) = [entry.at for entry in result.journal if entry.name == "contactor_closed"]
    (there,) = [entry.at for entry in result.journal if entry.kind == "note"]
    assert there == closed
    assert there % (100 * MILLISECOND) != 0


def test_waiting_for_what_grows_looks_every_tenth_of_a_second() -> None:
    result = run("charger: {}\nsteps: [plug_in, {wait_until: {power: '> 5 kW'}, within: 1 min}, note: there]")
    (there,) = [entry.at for entry in result.journal if entry.kind == "note"]
    assert there % (100 * MILLISECOND) == 0
    started = next(entry.at for entry in result.journal if entry.name == "current_started")
    assert started + 3 * SECOND < there < started + 5 * SECOND


@pytest.mark.parametrize(("within", "period"), [("10 min", SECOND // 10), ("1 h", SECOND), ("2 h", 10 * SECOND)])
def test_a_longer_wait_looks_less_often(within: str, period: int) -> None:
    text = f"charger: {{}}\nsteps: [plug_in, {{wait_until: {{session_energy: '> 0.3 kWh'}}, within: {within}}}]"
    ended = run(text).ended_at
    finest = run(text.replace(f"within: {within}", "within: 10 min")).ended_at
    assert ended % period == 0
    assert finest <= ended < finest + period


def test_waiting_gives_up_in_time() -> None:
    result = run("charger: {}\nsteps: [{at: 3 s, wait_until: {pilot: C}, within: 12.34 s}, {after: 1 s, note: on}]")
    assert [(failure.at, failure.text) for failure in result.failures] == [(15_340_000, "pilot is A, expected C")]
    assert [entry.at for entry in result.journal if entry.kind == "note"] == [16_340_000]


def test_waiting_ten_minutes_unless_told_otherwise() -> None:
    assert run("charger: {}\nsteps: [{wait_until: {pilot: C}}]").ended_at == 10 * MINUTE


def test_expecting_within_a_time_is_waiting() -> None:
    result = run("charger: {}\nsteps: [plug_in, {expect: {pilot: C}, within: 10 s}]")
    assert result.ok
    assert 0 < result.ended_at < 10 * SECOND


def test_an_absolute_time_that_has_passed_is_now() -> None:
    steps = "[{at: 1 s, wait_until: {pilot: C}, within: 1 min}, {at: 2 s, note: x}, {after: 1 s, note: y}]"
    notes = [entry.at for entry in run(f"charger: {{}}\nsteps: {steps}").journal if entry.kind == "note"]
    assert notes == [61 * SECOND, 62 * SECOND]


def test_changed() -> None:
    text = f"""{GOE}
steps:
  - {{at: 1 min, expect: {{goe.car: 1}}}}
  - plug_in
  - {{wait_until: {{goe.car: changed}}, within: 1 min}}
  - expect: {{goe.car: [2, 3], goe.amp: changed}}
"""
    (failure,) = run(text).failures
    assert failure.text == "goe.amp is 16, expected changed"
    assert run(text.replace("  - plug_in", "  - set: {settings: {amp: 8}}\n  - plug_in")).ok


def test_a_world_is_seen_after_everything_of_the_instant() -> None:
    """A step that follows at the same instant sees the events of the one before, as do the wallboxes."""
    assert run(f"{GOE}steps: [{{at: 1 min, plug_in: vw_id3}}, {{after: 20 s, unplug: }}, {{expect: {{pilot: A}}}}]").ok


def test_included_timelines_run_side_by_side() -> None:
    world = bare_world()
    one = parse_steps([{"at": "10 s", "note": "one"}, {"after": "10 s", "note": "two"}], world.names)
    other = parse_steps([{"at": "15 s", "note": "between"}], world.names)
    scenario = Scenario(chargers=(ChargerPlan(name="garage"),), tracks=(tuple(one), tuple(other)))
    notes = [entry.name for entry in play(scenario).journal if entry.kind == "note"]
    assert notes == ["one", "between", "two"]


# --- the same history ------------------------------------------------------------------------------------------------


def test_the_same_twice() -> None:
    scenario = loads(BUSY)
    first = play(scenario)
    assert first.ok, first.failures
    assert len(lines(first)) > 60
    assert lines(play(scenario)) == lines(first)


def test_another_seed_is_another_run_only_where_noise_shows() -> None:
    scenario = loads(BUSY)
    assert lines(play(scenario, seed=12)) != lines(play(scenario, seed=11))
    assert lines(play(scenario, seed=11)) == lines(play(scenario))


def test_ten_thousand_jumps_with_reads_between_make_the_same_history() -> None:
    scenario = loads(BUSY)
    whole = play(scenario)
    world = build(scenario, clock=Clock(0.0))
    player = Player(world, scenario)
    player.start()
    dice = random.Random(1)
    for _ in range(10_000):
        world.simulation.jump(dice.randrange(2 * HOUR // 10_000))
        if dice.random() < 0.3:
            read(world, dice.choice(["power", "goe.car", "goe.nrg", "temperature.board", "vehicle.state_of_charge"]))
    world.simulation.jump(HOUR)
    assert player.over
    assert lines(player.result()) == lines(whole)
    assert player.result().failures == whole.failures


@pytest.mark.parametrize("speed", [1.0, 60.0, 3600.0])
def test_a_running_clock_makes_the_same_history(speed: float) -> None:
    scenario = loads(BUSY)
    wall = 0

    def now() -> int:
        return wall

    world = build(scenario, clock=Clock(speed, wall=now), seed=scenario.seed)
    player = Player(world, scenario)
    player.start()
    dice = random.Random(2)
    while not player.over:
        wall += int(dice.uniform(0, 30) * 1e9 / speed)
        world.simulation.now()
    assert lines(player.result()) == lines(play(scenario))


def test_clock_steps_do_not_change_what_happens() -> None:
    text = BUSY.replace(
        "  - note: nearly done", "  - clock: {speed: 500}\n  - clock: {jump: 30 s}\n  - note: nearly done"
    )
    with_clock = [entry for entry in play(loads(text)).journal if entry.kind != "clock"]
    assert [(e.at, e.kind, e.name) for e in with_clock] == [(e.at, e.kind, e.name) for e in play(loads(BUSY)).journal]


def test_a_running_clock_obeys_clock_steps() -> None:
    wall = 0

    def now() -> int:
        return wall

    scenario = loads("charger: {}\nsteps: [{at: 1 s, clock: {speed: 100}}, {after: 1 h, clock: frozen}]")
    world = build(scenario, clock=Clock(1.0, wall=now))
    player = Player(world, scenario)
    player.start()
    for _ in range(50):
        wall += 10**9
        world.simulation.now()
    assert player.over
    assert world.simulation.clock.frozen
    assert HOUR < world.simulation.now() < HOUR + 200 * SECOND


# --- moving time by hand ---------------------------------------------------------------------------------------------


def test_advance_by() -> None:
    world = bare_world()
    do(world, "plug_in")
    passage = advance(world, HOUR)
    assert (passage.at, passage.ok) == (HOUR, True)
    assert "current_started" in [entry.name for entry in passage.events]
    assert world.simulation.clock.now() == HOUR


def test_advance_until() -> None:
    world = goe_world()
    do(world, "plug_in", vehicle="vw_id3")
    passage = advance(world, until=checks(world, {"power": "> 10 kW"}), within=MINUTE)
    assert passage.ok
    assert 10 * SECOND < passage.at < 20 * SECOND
    assert passage.at == world.simulation.clock.now() == world.simulation.now()
    assert passage.items[0]["ok"] is True
    assert [entry.name for entry in passage.events][-1] == "current_started"
    missed = advance(world, until=checks(world, {"goe.car": 1}), within=MINUTE)
    assert (missed.ok, missed.at) == (False, passage.at + MINUTE)
    assert missed.items == ({"quantity": "goe.car", "expected": "1", "found": 2, "ok": False},)
    now = advance(world, until=checks(world, {"goe.car": 2}), within=MINUTE)
    assert (now.ok, now.at) == (True, missed.at)


def test_advance_until_with_a_clock_that_runs() -> None:
    world = build(loads("charger: {}\nsteps: []"), clock=Clock(1.0, wall=lambda: 0))
    do(world, "plug_in")
    passage = advance(world, until=checks(world, {"contactor": "closed"}), within=MINUTE)
    assert passage.ok
    assert world.simulation.now() == passage.at


def test_a_timeline_goes_on_while_time_is_moved_by_hand() -> None:
    scenario = loads("charger: {}\nsteps: [{at: 10 s, plug_in: vw_id3}]\nend: 1 h")
    world = build(scenario, clock=Clock(0.0))
    player = Player(world, scenario)
    player.start()
    advance(world, until=checks(world, {"contactor": "closed"}), within=MINUTE)
    assert read(world, "vehicle") == "vw_id3"
    assert not player.over
    later(world, HOUR)
    assert player.over


def test_further_steps_are_played_beside() -> None:
    world = bare_world()
    results: list[Result] = []
    steps = parse_steps(
        [{"plug_in": None}, {"wait_until": {"pilot": "C"}, "within": "1 min"}, {"note": "x"}], world.names
    )
    player = perform(world, steps, results.append)
    assert read(world, "vehicle") == "generic"
    assert results == []
    later(world, MINUTE)
    assert player.over
    assert results[0].ok


def test_a_player_can_be_stopped() -> None:
    scenario = loads("charger: {}\nsteps: [{at: 10 s, plug_in: }, {wait_until: {power: '> 50 kW'}}]")
    world = build(scenario, clock=Clock(0.0))
    player = Player(world, scenario)
    player.start()
    later(world, MINUTE)
    player.stop()
    assert later(world, HOUR) == []
    assert not player.over


def test_a_vendor_value_that_goes_away_fails_the_expectation() -> None:
    """A firmware without the key is no reason to stop: the look fails, and says why."""
    world = goe_world()
    expected = checks(world, {"goe.amp": 16})
    world.wallboxes["garage.goe"].read = _gone  # type: ignore[method-assign]
    passage = advance(world, until=expected, within=SECOND)
    assert not passage.ok
    assert passage.items[0]["found"] is None


def _gone(address: str) -> object:
    raise KeyError(address)


def test_progress_is_told() -> None:
    seen: list[int] = []
    result = play(loads(BUSY), progress=seen.append)
    assert seen == sorted(seen)
    assert seen[-1] == result.ended_at


def test_playing_leaves_the_clock_where_the_world_is() -> None:
    scenario = loads(BUSY)
    world = build(scenario, clock=Clock(0.0))
    result = play_site(world, scenario)
    assert world.simulation.clock.now() == world.simulation.now() == result.ended_at


def test_what_sets_itself_off_for_ever_fails_the_scenario_and_is_in_its_result() -> None:
    by_turns = "kind: act, on: charger.goe, settings: {amp: 8}, count: 1000000000"
    result = run(
        f"""
{GOE}
steps:
  - fault: {{name: a, {by_turns}, after: {{fault: b}}}}
  - {{at: 2 s, plug_in: vw_id3}}
  - fault: {{name: b, {by_turns}, after: {{fault: a}}}}
  - {{at: 10 s, expect: {{power: "> 3 kW"}}}}
end: {{at: 1 min}}
"""
    )
    assert not result.ok
    (failure,) = result.failures
    assert failure.at == 2 * SECOND
    assert "set each other off without end; the last were: fault a, fault b" in str(failure)
    assert any(entry.name == "endless chain" for entry in result.journal)
    assert [missing.name for missing in result.untested if missing.kind == "expectation"] == ["expect"]
