"""A fleet in shares: every charger goes through what it goes through in the whole."""

from __future__ import annotations

import pytest

from emulator.errors import EmulatorError
from emulator.runtime.journal import Journal
from emulator.scenario.loader import loads
from emulator.scenario.player import Failure
from emulator.scenario.playing import play
from emulator.scenario.sharing import shares

FLEET = """
seed: 11
epoch: 2026-03-01T06:00:00+01:00
vehicles: {id3: {model: vw_id3, state_of_charge: 35 %}}
fleet:
  - {count: 4, name: east, wallboxes: {goe: {http: 9000}}}
  - {count: 3, name: west, connector: tethered, wallboxes: {warp: {realism: full}, keba: {}}}
steps:
  - {at: 10 s, plug_in: {charger: east1, vehicle: id3}}
  - {after: 5 s, plug_in: {charger: west2, vehicle: vw_id3}}
  - note: half of them have come
  - {plug_in: {charger: east4, vehicle: renault_zoe}}
  - {after: 1 min, trip_rcd: {charger: west2, residual_current: 35 mA, for: 1 min}}
  - {after: 10 s, fault: {on: east4.goe.http, kind: delay, delay: 1 s, name: odd}}
  - {after: 10 s, expect: {east1.contactor: closed, east1.goe.car: 2}}
  - {after: 10 s, clear_fault: odd}
  - {after: 30 min, command: {wallbox: east1.goe, write: {amp: 8}}}
  - {after: 10 min, expect: {west2.contactor: closed}}
rules:
  - {name: east keeps low, always: {east1.power: "< 6 kW"}}
  - {include: keba/recommended, on: west1.keba}
end: {after: 1 h}
"""


def stories(journal: Journal) -> dict[str, list[object]]:
    """What each charger went through, without the numbers of entries."""
    found: dict[str, list[object]] = {}
    for entry in journal:
        if entry.charger is not None:
            told = (entry.at, entry.kind, entry.name, entry.wallbox, entry.interface, entry.client, str(entry.detail))
            found.setdefault(entry.charger, []).append(told)
    return found


def said(failure: Failure) -> str:
    """A failure without the journal around it, in which all chargers stand."""
    return str(failure).partition("\n")[0]


@pytest.mark.parametrize("count", [2, 7])
def test_every_charger_has_the_same_story_in_a_share(count: int) -> None:
    scenario = loads(FLEET)
    whole = play(scenario)
    parts = [play(share) for share in shares(scenario, count)]
    together: dict[str, list[object]] = {}
    for part in parts:
        together |= stories(part.journal)
    assert together == stories(whole.journal)
    assert sum(map(len, together.values())) > 40
    assert {part.ended_at for part in parts} == {whole.ended_at}
    failures = sorted(said(failure) for part in parts for failure in part.failures)
    assert failures == sorted(map(said, whole.failures))
    assert any("west2.contactor" in failure for failure in failures)
    assert sorted(rule.name for part in parts for rule in part.rules) == sorted(rule.name for rule in whole.rules)
    assert sum(entry.kind == "note" for part in parts for entry in part.journal) == 1


def test_every_charger_is_in_one_share() -> None:
    names = [[plan.name for plan in share.chargers] for share in shares(loads(FLEET), 3)]
    assert sorted(name for share in names for name in share) == [f"east{i}" for i in range(1, 5)] + [
        f"west{i}" for i in range(1, 4)
    ]
    assert {len(share) for share in names} == {2, 3}
    serials = [box.serial for share in shares(loads(FLEET), 3) for plan in share.chargers for box in plan.wallboxes]
    assert len(set(serials)) == len(serials) == 10


BOTH = "fleet: {count: 2, name: box, wallboxes: {goe: {http: true}}}\n"
STUCK = {
    "steps: [{at: 5 s, expect: {site.power: 0 W}}]": "the step expect",
    "steps: [{wait_until: {box1.pilot: A}}, {unplug: {charger: box2}}]": "the wait",
    "steps: [{wait_until: {box1.pilot: A}}, {clock: frozen}]": "the wait",
    "vehicles: {mine: {model: vw_id3}}\n"
    "steps: [{plug_in: {charger: box1, vehicle: mine}}, {after: 1 h, plug_in: {charger: box2, vehicle: mine}}]": "mine",
    "rules: [{name: calm, never: {event: rcd_tripped}}]": "a rule",
    "rules: [{name: calm, never: {client: {writes: [box1.goe.amp, box2.goe.amp]}}}]": "a rule",
    "steps: [{fault: {on: box1.goe, kind: reboot, when: {box2.pilot: B}}}]": "the step fault",
    "steps: [{wait_until: {box1.pilot: A}}]\nend: {after: 5 s}": 'the end is "after"',
}


@pytest.mark.parametrize(("rest", "why"), STUCK.items())
def test_what_belongs_together_is_not_torn_apart(rest: str, why: str) -> None:
    scenario = loads(BOTH + rest, "night.yaml")
    with pytest.raises(EmulatorError, match=why) as caught:
        shares(scenario, 2)
    assert "2 chargers cannot be split into 2 shares: 1 at most, because" in str(caught.value)
    assert len(shares(scenario, 1)[0].chargers) == 2


@pytest.mark.parametrize(
    ("boxes", "why"),
    [
        ("fleet: {count: 2, wallboxes: {warp: {mqtt: true}}}", "MQTT broker"),
        ("fleet: {count: 2, wallboxes: {warp: {ocpp: embedded}}}", "central system"),
        ("control_box: {}\nfleet: {count: 2, wallboxes: {warp: {eebus: true}}}", "control box"),
    ],
)
def test_what_a_process_has_one_of_is_not_split(boxes: str, why: str) -> None:
    with pytest.raises(EmulatorError, match=why):
        shares(loads(boxes), 2)


def test_there_are_no_empty_shares() -> None:
    with pytest.raises(EmulatorError, match=r"2 chargers cannot be split into 3 shares$"):
        shares(loads(BOTH), 3)
