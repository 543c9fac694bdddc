"""Rules: in each kind a client that keeps to it passes, and one that does not fails for the right reason."""

from __future__ import annotations

import pytest

from emulator.errors import ScenarioError
from emulator.scenario.loader import loads
from emulator.scenario.player import Result
from emulator.scenario.playing import play

HEAD = """\
seed: 7
chargers:
  garage:
    connector: socket
    wallboxes: {goe: {model: gemini-22, http: 8101, modbus: 5021, settings: {amp: 16}}}
"""
CHARGING = "  - {at: 10 s, plug_in: {vehicle: vw_id3}}\n"
TRIP = "  - {at: 10 min, trip_rcd: {residual_current: 35 mA}}\n"


def run(rule: str, *steps: str, end: str = "20 min", charging: bool = True) -> Result:
    lines = "".join(f"  - {step}\n" for step in steps)
    text = f"{HEAD}rules:\n  - {rule}\nsteps:\n{CHARGING if charging else ''}{lines}end: {{at: {end}}}\n"
    return play(loads(text, "night.yaml"))


def write(at: str, key: str, value: object) -> str:
    return f"{{at: {at}, command: {{write: {{{key}: {value}}}}}}}"


TRIPPED = "{at: 10 min, trip_rcd: {residual_current: 35 mA}}"
AMP_6 = write("5 min", "amp", 6)
AMP_16 = write("8 min", "amp", 16)
CASES = [
    # rule, steps of a good client, steps of a bad one, what is said about it
    (
        "{name: r, never: {client: {writes: garage.goe.amp, value: '> 16'}}}",
        [write("1 min", "amp", 16)],
        [write("1 min", "amp", 10), write("2 min", "amp", 17)],
        ["at 120 s", "it happened at 120 s", "never: client writes garage.goe.amp > 16", "nearest:  60.000 s  write"],
    ),
    (
        "{name: r, after: {event: rcd_tripped}, within: 30 s, client: {writes: garage.goe.frc, value: 1}}",
        [TRIPPED, write("10 min 20 s", "frc", 1)],
        [TRIPPED, write("10 min 10 s", "frc", 2), write("10 min 40 s", "frc", 1)],
        [
            "not within 30 s after event rcd_tripped at 600.2",
            "too late: it came at 640 s",
            "nearest:  610.000 s  write",
        ],
    ),
    (
        "{name: r, never: {client: {writes: goe, repeated: true}}}",
        [write("1 min", "amp", 10), write("2 min", "amp", 11), write("3 min", "amp", 10)],
        [write("1 min", "amp", 10), write("2 min", "amp", 10)],
        ["it happened at 120 s", "(repeated)"],
    ),
    (
        "{name: r, never: {client: {writes: goe.amp, failed: true}}}",
        [write("1 min", "amp", 10)],
        [write("1 min", "amp", 10), write("2 min", "amp", 99)],
        ["it happened at 120 s", "ok: false"],
    ),
    (
        "{name: r, eventually: {client: {writes: goe.amp, value: 6}}}",
        [AMP_6],
        [write("5 min", "amp", 7)],
        ["it has not come at 1200 s", "nearest:  300.000 s  write"],
    ),
    (
        "{name: r, eventually: {power: '> 10 kW'}, within: 1 min}",
        [],
        [write("11 s", "frc", 1)],
        ["at 60 s", "it has not come at 60 s: power is 0 W"],
    ),
    (
        "{name: r, before: {event: rcd_tripped}, client: {writes: goe.frc}}",
        [write("1 min", "frc", 2), TRIPPED],
        [TRIPPED, write("11 min", "frc", 1)],
        ["event rcd_tripped at 600.257 s, and nothing before it"],
    ),
    (
        "{name: r, order: [{client: {writes: goe.amp}}, {client: {writes: goe.frc, value: 2}}]}",
        [AMP_6, write("6 min", "frc", 2)],
        [write("4 min", "frc", 2), AMP_6],
        ["client writes goe.frc = 2 at 240 s before client writes goe.amp"],
    ),
    (
        "{name: r, order: [{event: plugged}, {event: unplugged}], complete: true}",
        ["{at: 3 min, unplug: }"],
        [],
        ["event unplugged has not happened at all"],
    ),
    (
        "{name: r, count: '<= 2', client: {writes: goe.amp}}",
        [AMP_6, AMP_16],
        [AMP_6, AMP_16, write("9 min", "amp", 7)],
        ["3 times at 540 s"],
    ),
    (
        "{name: r, count: 2, client: {writes: goe.amp}}",
        [AMP_6, AMP_16],
        [AMP_6],
        ["at 1200 s", "1 times"],
    ),
    (
        "{name: no two phase switches within 10 min, event: phase_switch_started, count: '<= 1', per: 10 min}",
        [write("2 min", "psm", 1), write("13 min", "psm", 2)],
        [write("2 min", "psm", 1), write("6 min", "psm", 2)],
        ["2 times within 4 min"],
    ),
    (
        "{name: r, event: phase_switch_started, apart: 10 min}",
        [write("2 min", "psm", 1), write("13 min", "psm", 2)],
        [write("2 min", "psm", 1), write("6 min", "psm", 2)],
        ["4 min after the last time"],
    ),
    (
        "{name: cold contacts, never: {event: contactor_opened, while: {phase_current: '> 1 A'}}}",
        [write("2 min", "frc", 1)],
        [TRIPPED],
        ["it happened at 600.257 s", "while phase_current > 1 A", "contactor_opened  under_load: true"],
    ),
    (
        "{name: cold contacts, never: {event: contactor_opened, detail: {under_load: true}}}",
        [write("2 min", "frc", 1)],
        [TRIPPED],
        ["it happened at 600.257 s", "(under_load: true)"],
    ),
    (
        "{name: limit, never: {phase_current: '> 7 A'}, for: 5 s, "
        "after: {client: {writes: goe.amp, value: '<= 6'}}, until: {client: {writes: goe.amp, value: '> 6'}}}",
        [AMP_6, AMP_16],
        [AMP_6, write("6 min", "amp", "6"), "{at: 7 min, set_vehicle: {current_gain: 1.5}}"],
        ["phase_current is [", "A] for 5 s at 4"],
    ),
    (
        "{name: r, always: {power: '< 8 kW'}, for: 20 s}",
        [write("12 s", "amp", 10)],
        [],
        ["power is 1", "kW for 20 s at"],
    ),
    (
        "{name: r, always: {power: '< 100 W'}, after: {client: {writes: goe.frc, value: 1}}, within: 10 s}",
        [write("5 min", "frc", 1)],
        [write("5 min", "frc", 1), write("5 min 5 s", "frc", 2)],
        ["at 3", "power is"],
    ),
    (
        "{name: r, after: {client: {writes: goe.frc, value: 1}}, within: 10 s, expect: {power: '< 10 W'}}",
        [write("5 min", "frc", 1)],
        [write("5 min", "frc", 1), write("5 min 0.5 s", "frc", 2)],
        ["not within 10 s after client writes goe.frc = 1 at 300 s: power is"],
    ),
    (
        "{name: r, client: {writes: goe.amp}, rate: '<= 1 /min'}",
        [write("1 min", "amp", 6), write("1 min 59 s", "amp", 7), write("3 min", "amp", 8)],
        [write("1 min", "amp", 6), write("1 min 5 s", "amp", 7), write("1 min 10 s", "amp", 8)],
        ["3 times in less than 1 min of its time at 70 s"],
    ),
    (
        "{name: r, client: {writes: goe.amp}, rate: '>= 1 /h', over: 10 min}",
        [AMP_6, write("14 min", "amp", 7)],
        [AMP_6],
        ["1 times in the 10 min before 900 s"],
    ),
    (
        "{name: r, never: {client: {writes: goe.amp, rate: '> 1 /min'}}}",
        [AMP_6],
        [write("1 min", "amp", 6), write("1 min 5 s", "amp", 7), write("1 min 10 s", "amp", 8)],
        ["3 times in less than 1 min of its time at 70 s"],
    ),
]


@pytest.mark.parametrize(
    ("rule", "good", "bad", "said"), CASES, ids=[f"{i}-{case[0][:60]}" for i, case in enumerate(CASES)]
)
def test_a_good_client_passes_and_a_bad_one_fails(rule: str, good: list[str], bad: list[str], said: list[str]) -> None:
    passed = run(rule, *good)
    assert [str(failure) for failure in passed.failures] == []
    assert [verdict.ok for verdict in passed.rules] == [True]
    failed = run(rule, *bad)
    broken = [str(failure) for failure in failed.failures if failure.step.startswith("rule")]
    assert len(broken) == 1
    text = broken[0]
    assert text.startswith("night.yaml:7:5: at ")
    assert [part for part in said if part not in text] == []
    assert "expected: " in text
    assert "replay:   charger-emulator play night.yaml --seed 7" in text
    assert [verdict.ok for verdict in failed.rules] == [False]


def test_a_condition_on_one_line_counts() -> None:
    rule = "{name: r, never: {phase_current: '> 10 A'}, for: 5 s}"
    assert not run(rule, write("2 min", "psm", 1)).ok


def test_rules_do_not_change_what_happens() -> None:
    rules = "{name: a, always: {power: '< 8 kW'}}\n  - {name: b, never: {client: {writes: goe.amp}}}"
    steps = [AMP_6, TRIPPED]
    with_rules = [entry.as_line() for entry in run(rules, *steps).journal]
    without = [entry.as_line() for entry in run("{name: z, never: {event: derated}}", *steps).journal]
    assert with_rules == without


def test_what_is_measured() -> None:
    rule = "{name: r, after: {client: {writes: goe.frc, value: 1}}, within: 1 min, expect: {power: '< 10 W'}}"
    (verdict,) = run(rule, write("2 min", "frc", 1), write("4 min", "frc", 2), write("6 min", "frc", 1)).rules
    measured = verdict.measured["reaction time"]
    assert isinstance(measured, dict)
    assert measured["count"] == 2
    assert 0 < measured["least"] <= measured["most"] < 10


def test_a_rule_whose_time_is_not_up_is_not_broken() -> None:
    rule = "{name: r, after: {event: rcd_tripped}, within: 1 h, client: {writes: goe.frc}}"
    (verdict,) = run(rule, TRIPPED).rules
    assert verdict.ok
    assert "open at the end" in verdict.measured


@pytest.mark.parametrize(
    ("rule", "problem"),
    [
        ("{name: a, nevr: {event: plugged}}", "this is not a rule, expected one of never, rate, always, eventually"),
        ("{name: a, never: {client: {writes: garage.goe.ampp}}}", 'has no value "ampp" (did you mean "amp"?)'),
        ("{name: a, never: {client: {requests: garage.goe.htp}}}", 'has no interface "htp" (did you mean "http"?)'),
        ("{name: a, never: {client: {writes: garge.goe.amp}}}", 'there is no wallbox "garge"'),
        ("{name: a, never: {client: {writes: garage.geo.amp}}}", 'has no wallbox "geo" (did you mean "goe"?)'),
        ("{name: a, never: {event: rcd_triped}}", '(did you mean "rcd_tripped"?)'),
        ("{name: a, never: {stimulus: plugin}}", '(did you mean "plug_in"?)'),
        ("{name: a, never: {fault: trip_rdc}}", '(did you mean "trip_rcd"?)'),
        ("{name: a, never: {garage.pwer: 3}}", '"garage.pwer" is not a quantity'),
        ("{name: a, never: {power: 3}}", 'expected a power such as "11 kW"'),
        ("{name: a, never: {client: {requests: goe.http, value: 3}}}", 'belongs to "writes", not to "requests"'),
        ("{name: a, never: {client: {requests: goe.http, writes: goe.amp}}}", "found writes and requests"),
        ("{name: a, always: {event: plugged}}", "found something that happens, expected a condition"),
        ("{name: a, always: {client: {requests: goe.http, rate: often}}}", 'found "often", expected how often'),
        ("{name: a, within: 3 s, client: {writes: goe.amp}}", '"after" is missing'),
        ("{name: a, within: 3 s, after: {event: plugged}}", "says nothing that happens"),
        ("{name: a, count: 3, event: plugged, clint: {}}", 'unknown key "clint"'),
        ("{name: a, never: {event: plugged, while: {goe.car: 1}}}", "only quantities of a charger"),
        ("{name: a, event: plugged, count: 1, per: 0 s}", 'expected a duration such as "10 min", longer than 0 s'),
        ("{name: a, event: plugged, apart: 0 s}", "longer than 0 s"),
        ("{name: a, client: {writes: goe.amp}, same_value_apart: 0 s}", "longer than 0 s"),
        ("{name: a, client: {writes: goe.amp}, rate: '<= 1 /s', over: 0 s}", "longer than 0 s"),
        ("{name: a, refreshes: {client: {requests: goe.http}}, every: 0 s}", "longer than 0 s"),
        ("{name: a, never: {power: '> 1 W'}, after: {event: plugged}, within: 0 s}", "longer than 0 s"),
        ("{name: a, client: {writes: goe.amp}, rate: '>= 0 /s'}", "says nothing of how often"),
        ("{name: a, never: {client: {writes: goe.amp, rate: '> 0 /s'}}}", "says nothing of how often"),
        ("{name: a, never: {power: '> 1 W'}, for: 10 min, within: 5 min}", "it is in force for 5 min only"),
        ("{name: a, never: {event: plugged}, for: 1 h}", "for: belongs to a condition"),
        ("{name: a, event: plugged, same_value_apart: 3 s}", "found event plugged, expected what a client writes"),
        ("{name: a, client: {reads: goe.amp}, reads_back: 3 s}", "expected what a client writes"),
        ("{name: a, releases: {event: plugged}, to: 0}", "releases: found event plugged, expected what"),
        ("{name: a, event: plugged, retries: 1, within: 3 s}", "found event plugged, expected what a client does"),
        ("{name: a, event: plugged, asks_again: 3 s}", "found event plugged, expected what a client does"),
        (
            "{name: a, never: {event: plugged}}\n  - {name: a, never: {event: unplugged}}",
            '"a" is the name of the rule in',
        ),
    ],
)
def test_mistakes_are_explained_where_they_are(rule: str, problem: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        run(rule)
    assert problem in str(caught.value)
    assert str(caught.value).startswith("night.yaml:")


def test_all_mistakes_are_reported_at_once() -> None:
    with pytest.raises(ScenarioError) as caught:
        run("{never: {event: a}}\n  - {always: {pwer: 1}}\n  - {within: 3, after: {event: b}, client: {writes: x}}")
    assert [str(problem.place) for problem in caught.value.problems] == [
        "night.yaml:7:21",
        "night.yaml:8:15",
        "night.yaml:9:14",
        "night.yaml:9:32",
        "night.yaml:9:53",
    ]
