"""A rule whose trigger occurred and that judged nothing is not tested, and says why; one that judged is."""

from __future__ import annotations

import pytest

from emulator.scenario.loader import loads
from emulator.scenario.player import Result
from emulator.scenario.playing import play

PLUG_IN = "{at: 10 s, plug_in: {vehicle: vw_id3}}"
AMP_6 = "{at: 10 s, command: {write: {amp: 6}}}"
REFUSED = "{at: 10 s, command: {write: {amp: 99}, refused: true}}"
ASK = '{at: 50 s, request: {on: goe.http, get: "/api/status?filter=amp"}}'
LOST = [
    "{at: 7 s, fault: {on: goe.http, kind: black_hole, count: 1}}",
    '{at: 8 s, request: {on: goe.http, get: "/api/status?filter=car"}}',
]

CASES = [
    # rule, steps, the end at which nothing is judged yet, why, an end at which something is
    ("always: {power: '< 12 kW'}, within: 5 h, after: {event: plugged}", [PLUG_IN], "2 h", "in force for 5 h", "6 h"),
    ("always: {power: '< 12 kW'}, for: 5 h", [], "2 h", "it was not in force for 5 h at a time", "6 h"),
    ("never: {power: '> 12 kW'}, for: 5 h", [], "2 h", "it was not in force for 5 h at a time", "6 h"),
    (
        "never: {power: '> 12 kW'}, for: 5 min, within: 10 min, after: {event: plugged}",
        [PLUG_IN],
        "3 min",
        "it was not in force for 5 min at a time",
        "6 min",
    ),
    ("refreshes: {client: {requests: goe.http}}, every: 5 h", [], "2 h", "in force for 5 h", ""),
    (
        "refreshes: {client: {requests: goe.http}}, every: 5 h",
        [ASK],
        "40 s",
        "in force for 5 h",
        "1 min",
    ),
    (
        "after: {event: plugged}, within: 5 h, client: {requests: goe.http}",
        [PLUG_IN, ASK],
        "40 s",
        "1 still open at the end (event plugged)",
        "1 min",
    ),
    ("client: {writes: goe.amp}, reads_back: 30 min", [AMP_6, ASK], "40 s", "1 still open at the end", "1 min"),
    ("client: {requests: goe.http}, asks_again: 30 min", [*LOST, ASK], "40 s", "1 still open at the end", "1 min"),
    (
        "client: {writes: goe.amp}, retries: '1..3', within: 1 h",
        [REFUSED, "{at: 50 s, command: {write: {amp: 9}}}"],
        "40 s",
        "1 still open at the end",
        "1 min",
    ),
    ("client: {writes: goe.amp}, retries: '<= 3', within: 1 h", [REFUSED], "1 min", "1 still open", "2 h"),
    (
        "releases: {client: {writes: goe.amp}}, to: 6, at: {event: plugged}",
        [AMP_6, "{at: 50 s, plug_in: {vehicle: vw_id3}}"],
        "40 s",
        "event plugged did not come after it",
        "1 min",
    ),
    (
        "releases: {client: {writes: goe.amp}}, to: 6, at: {event: plugged}, within: 1 h",
        [AMP_6, "{at: 20 s, plug_in: {vehicle: vw_id3}}"],
        "1 min",
        "event plugged did not come after it, or 1 h before the end",
        "2 h",
    ),
    (
        "client: {requests: goe.http}, rate: '>= 2 /h'",
        [ASK, '{at: 60 s, request: {on: goe.http, get: "/api/status?filter=amp"}}'],
        "55 s",
        "1 times, and no window ended",
        "2 min",
    ),
    (
        "order: [{event: plugged}, {client: {requests: goe.http}}]",
        [PLUG_IN, ASK],
        "40 s",
        "nothing came after event plugged",
        "1 min",
    ),
]


def run(rule: str, steps: list[str], end: str) -> Result:
    """What is due until the end, which is stated in the units of the steps."""
    units = {"s": 1, "min": 60, "h": 3600}
    number, unit = end.split()
    seconds = int(number) * units[unit]
    due = [step for step in steps if int(step.split()[1]) <= seconds]
    lines = "".join(f"  - {step}\n" for step in due)
    head = "seed: 7\nwallbox: {goe: {model: gemini-22, http: true}}\n"
    return play(loads(f"{head}rules:\n  - {{name: r, {rule}}}\n{'steps:' if lines else ''}\n{lines}end: {end}\n"))


@pytest.mark.parametrize(("rule", "steps", "early", "why", "late"), CASES)
def test_what_was_not_decided_is_not_tested(rule: str, steps: list[str], early: str, why: str, late: str) -> None:
    result = run(rule, steps, early)
    assert [str(failure) for failure in result.failures] == []
    (untested,) = result.untested
    assert why in untested.why
    assert not result.strictly().ok
    if late:
        assert run(rule, steps, late).strictly().failures == ()


def test_a_scope_that_ends_within_the_grace_is_no_test() -> None:
    rule = "always: {power: '< 1 W'}, after: {event: plugged}, until: {event: contactor_closed}, within: 1 h"
    (untested,) = run(rule, [PLUG_IN], "30 min").untested
    assert untested.why == "it was not in force for 1 h at a time"


def test_a_rate_out_of_force_is_no_test() -> None:
    rule = "client: {requests: goe.http}, rate: '>= 1 /h', after: {event: plugged}"
    (untested,) = run(rule, [ASK], "2 min").untested
    assert untested.why.startswith("its trigger never occurred")
