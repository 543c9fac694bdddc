"""What `check` knows of the very wallboxes that a scenario names."""

from __future__ import annotations

import pytest

from emulator.errors import ScenarioError
from emulator.scenario.default import default_scenario
from emulator.scenario.loader import loads
from emulator.scenario.playing import play
from emulator.vendors import PACKAGES
from emulator.vendors import vendor as vendor_of

SITE = """chargers:
  garage:
    wallboxes: {goe: {}, warp: {}, nrgkick: {}, lektrico: {}, bender: {}, keba: {}}
"""


def problems(text: str) -> str:
    with pytest.raises(ScenarioError) as caught:
        loads(text)
    return str(caught.value)


def step(text: str) -> str:
    return f"{SITE}steps:\n  - {text}\nend: 1 h\n"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("fault: {on: goe, kind: override, value: 1, match: {key: ampp}}", 'has no value "ampp" (did you mean "amp"?)'),
        ("fault: {on: warp, kind: hide, match: {key: evse/stat.charger_state}}", "evse/state.charger_state"),
        ("fault: {on: nrgkick, kind: hide, match: {key: curent_set}}", "current_set"),
        ("fault: {on: keba, kind: hide, match: {key: Stat}}", 'did you mean "State"'),
        ("fault: {on: goe, kind: hang, match: {path: /api/statuss}}", 'did you mean "/api/status"'),
        ("fault: {on: goe.http, kind: delay, delay: 1 s, match: {path: /api/statuss}}", 'did you mean "/api/status"'),
        ("fault: {on: lektrico, kind: delay, delay: 1 s, match: {path: /rpc/charger_inf.get}}", "charger_info.get"),
        ("fault: {on: warp, kind: delay, delay: 1 s, match: {path: /evse/stat}}", 'did you mean "/evse/state"'),
        ("fault: {on: goe.mqtt, kind: override, value: 1, match: {key: amp, topic: amq}}", 'has no topic "amq"'),
        ("fault: {on: warp.mqtt, kind: delay, delay: 1 s, match: {topic: evse/stat}}", 'did you mean "evse/state"'),
        ("fault: {on: goe.modbus, kind: modbus_exception, code: 6, match: {register: 9000}}", "has no register 9000"),
        ("fault: {on: goe.modbus, kind: modbus_exception, code: 6, match: {function: 99}}", "no Modbus function 99"),
        ("fault: {on: goe.http, kind: refuse, after: {event: no_such_event}}", 'there is no event "no_such_event"'),
        ("fault: {on: goe.http, kind: refuse, after: {event: pluged}}", 'did you mean "plugged"'),
        ("fault: {on: goe.http, kind: refuse, after: {write: no_such_key}}", 'has no value "no_such_key"'),
        ("fault: {on: goe.http, kind: refuse, after: {write: garage.goe.ampp}}", 'did you mean "amp"'),
        ("fault: {on: goe.http, kind: refuse, after: {connection: websockett}}", 'did you mean "websocket"'),
        ("fault: {on: goe.http, kind: refuse, after: {stimulus: plug_inn}}", 'did you mean "plug_in"'),
        ("fault: {on: goe.http, kind: refuse, after: {request: 'GET /apii/*'}}", 'has no path "/apii/*"'),
        ("fault: {on: goe.http, kind: refuse, after: {event: plugged, detail: {sesion: 1}}}", 'did you mean "session"'),
        ("fault: {on: goe.http, kind: refuse, until: {event: pluged}}", 'until: there is no event "pluged"'),
        ("fault: {on: goe.http, kind: refuse, until: {write: ampp}}", 'garage.goe has no value "ampp"'),
        ("fault: {on: goe.http, kind: refuse, until: {stimulus: unplugg}}", 'did you mean "unplug"'),
        ("fault: {on: goe.http, kind: refuse, until: {fault: nope}}", 'there is no fault "nope"'),
        ("fault: {on: goe.http, kind: refuse, until: {connection: nope}}", 'no connection is ever "nope"'),
        (
            "fault: {on: goe.http, kind: refuse, until: {note: al clear}}\n  - note: all clear",
            'did you mean "all clear"',
        ),
        ("expect: {goe.amp: 16 A}", 'found "16 A", expected a number (a vendor value is a plain number'),
        ("fault: {on: goe, kind: act, settings: {ampp: 8}}", 'has no setting "ampp" (did you mean "amp"?)'),
        ("fault: {on: goe, kind: act, write: {ampp: 8}}", 'has no value "ampp"'),
        ("fault: {on: goe.htp, kind: refuse}", 'has no interface "htp"'),
        ("command: {wallbox: goe, write: {ampp: 8}}", 'garage.goe has no value "ampp"'),
        ("command: {wallbox: keba, write: {cur: 8000}}", 'did you mean "curr"'),
        ("set: {wallbox: goe, settings: {ampp: 8}}", 'has no setting "ampp"'),
        ("set: {wallbox: goe, settings: {}}", "settings: nothing to change"),
        ("command: {wallbox: goe, write: {}}", "write: nothing to write"),
        ("fault: {on: goe.http, kind: delay, delay: 1 s, match: {method: GTE}}", 'did you mean "GET"'),
        ("set_firmware: {wallbox: goe, firmware: '99.1'}", "has profiles for 53.1"),
        ("expect: {garage.goe.carr: 1}", 'has no value "carr"'),
        ("request: {on: goe.http, get: /api/statuss, expect: {body: 1}}", 'has no path "/api/statuss"'),
        ("request: {on: goe.modbus, register: 9000, expect: {values: 1}}", "has no register 9000"),
        ("request: {on: goe.mqtt, topic: amq, expect: {body: 1}}", 'has no topic "amq"'),
    ],
)
def test_names_that_a_wallbox_does_not_have_are_mistakes(text: str, problem: str) -> None:
    assert problem in problems(step(text))


@pytest.mark.parametrize(
    "text",
    [
        "fault: {on: goe, kind: override, value: 1, match: {key: nrg.7}}",
        "fault: {on: goe.mqtt, kind: delay, delay: 1 s, match: {topic: /car}}",
        "fault: {on: goe.mqtt, kind: delay, delay: 1 s, match: {topic: go-eCharger/234567/amp/set}}",
        "fault: {on: warp, kind: hide, match: {key: evse/external_current.current}}",
        "fault: {on: warp.mqtt, kind: delay, delay: 1 s, match: {topic: evse/+}}",
        "fault: {on: garage, kind: trip_rcd, current_type: dc, residual_current: -8 mA}",
        "fault: {on: bender.modbus, kind: hide, match: {register: '1000..1200'}}",
        "fault: {on: keba.udp, kind: loss, match: {key: i}}",
        "fault: {on: goe.http, kind: refuse, after: {write: frc, delay: 200 ms}}",
        "fault: {on: goe.http, kind: refuse, after: {write: garage.goe.*}}",
        "fault: {on: goe.http, kind: refuse, after: {connection: /ws opened}}",
        "fault: {on: goe.http, kind: refuse, until: {write: amp}}",
        "fault: {on: goe.http, kind: refuse, until: {write: evse/external_current.current}}",  # on the same charger
        "fault: {on: goe.http, kind: refuse, until: {request: 'GET /api/*'}}",
        "fault: {on: goe.http, kind: refuse, until: {request: 'read holding *'}}",
        "fault: {on: goe.http, kind: refuse, until: {note: from outside}}",
        "command: {wallbox: goe, write: {nonsense: 1}, refused: true}",
        "request: {on: goe.http, get: /nowhere, expect: {status: 404}}",
        "request: {on: goe.modbus, register: 9000, expect: {exception: 2}}",
    ],
)
def test_what_a_wallbox_has_is_none(text: str) -> None:
    assert len(loads(step(text)).steps) == 1


@pytest.mark.parametrize(
    ("client", "problem"),
    [
        ("writes: garage.goe.ampp", 'has no value "ampp" (did you mean "amp"?)'),
        ("writes: garage.warp.evse/external_curent", "evse/external_current"),
        ("writes: garage.warp.evse/external_current_update", 'did you mean "evse/external_current.current"'),
        ("reads: garage.goe.carr", 'has no value "carr"'),
        ("requests: garage.goe.htp", 'has no interface "htp"'),
        ("writes: garage.goe.modbus.9000", "has no register 9000"),
        ("writes: goe.zzz*", 'has no value "zzz*"'),
        ("reads: goe.zzz*", 'has no value "zzz*"'),
        ("requests: goe.ht?q*", 'has no interface "ht?q*"'),
        ("writes: goe.amp, interface: htpp", 'no interface "htpp" (did you mean "http"?)'),
        ("requests: goe.http, matching: GET /api/sett*", 'no path "/api/sett*" (did you mean "/api/set"?)'),
        ("requests: goe.http, matching: [GET /, GET /api/stats]", 'did you mean "/api/status"'),
        ("requests: goe.http, matching: GET /apii/*", 'did you mean "/api/"'),
        ("writes: goe.amp, value: 16 A", 'found "16 A", expected a number'),
        ("writes: goe.amp, value: '6'", 'found "6", a text; expected 6'),
        ("writes: goe.amp, value: [6, '7']", 'found "7", a text; expected 7'),
        ("writes: goe.amp, value: changed", 'found "changed"'),
        ("writes: goe.amp, value: absent", 'found "absent"'),
        ("writes: goe.amp, matching: GET /nowhere", 'belongs to "requests" or "reads", not to "writes"'),
        ("connects: goe.http, failed: true", 'not to "connects"'),
        ("calls: warp.ocpp, matching: X", 'belongs to "requests" or "reads", not to "calls"'),
    ],
)
def test_rules_name_what_is_there(client: str, problem: str) -> None:
    assert problem in problems(f"{SITE}rules:\n  - {{name: a, never: {{client: {{{client}}}}}}}\nend: 1 h\n")


@pytest.mark.parametrize(
    "client",
    [
        "writes: goe.car",  # who tries is refused, and recorded
        "writes: goe.amp, value: '= \"6\"'",
        "writes: goe.amp, value: '> 6'",
        "writes: warp.evse/external_current*",
        "writes: goe.modbus.*",
        "writes: goe.amp, interface: websocket",
        "writes: goe.amp, interface: modbus",  # it may be switched on
        "requests: goe.http, matching: GET /status*",
        "requests: goe.http, matching: GET /rest/*",  # who asks it for what another vendor has
        "requests: goe.modbus, matching: read *",
        "requests: [goe.http, warp.http], matching: GET /evse/state",
    ],
)
def test_what_clients_may_do_is_none(client: str) -> None:
    text = f"{SITE}rules:\n  - {{name: a, never: {{client: {{{client}}}}}}}\nend: 1 h\n"
    assert len(loads(text.replace("goe: {}", "goe: {http: true, modbus: true}")).rules) == 1


def test_rules_name_details_and_notes_that_can_be() -> None:
    head = f"{SITE}steps:\n  - {{at: 1 s, note: grid is short}}\nrules:\n"
    detail = problems(
        f"{head}  - {{name: a, never: {{event: contactor_opened, detail: {{undr_load: true}}}}}}\nend: 1 h\n"
    )
    assert 'event contactor_opened has no detail "undr_load" (did you mean "under_load"?)' in detail
    never = "never: {event: plugged}, after:"
    assert 'did you mean "grid is short"' in problems(
        f"{head}  - {{name: a, {never} {{note: grid is shrt}}}}\nend: 1 h\n"
    )
    assert loads(f"{head}  - {{name: a, {never} {{note: written by the test}}}}\nend: 1 h\n").rules


def test_every_mistake_is_told_at_once_even_if_a_wallbox_has_one() -> None:
    text = """chargers:
  garage:
    rated_curent: 32 A
    wallboxes:
      goe: {firmware: "99.1", settings: {ampp: 3}}
steps:
  - {at: 1 s, fault: {on: garage.goe, kind: override, match: {key: ampp}, value: 3}}
  - {at: 1 s, expect: {garage.goe.carr: 7}}
rules:
  - {name: a, never: {client: {writes: garage.goe.ampp}}}
"""
    lines = [line.split(":")[1] for line in problems(text).splitlines()]
    assert lines == ["3", "5", "5", "7", "8", "10"]


def test_a_single_wallbox_with_a_mistake_hides_no_other() -> None:
    found = problems("wallbox: {goe: {firmware: '1.0'}}\nsteps:\n  - expect: {goe.carr: 7}\n")
    assert 'has no profile for firmware "1.0"' in found
    assert 'has no value "carr"' in found


@pytest.mark.parametrize("name", PACKAGES)
def test_a_firmware_without_a_profile_is_an_error_that_lists_the_known_ones(name: str) -> None:
    model = vendor_of(name).model(None)
    for firmware in ("0.0.1", "9999.9"):
        found = problems(f"wallbox: {{{name}: {{firmware: '{firmware}'}}}}")
        assert all(version in found for version in model.firmwares)


def test_a_firmware_in_between_behaves_as_the_older_one() -> None:
    assert vendor_of("goe").profile("gemini-22", "60.2").stands_in == "60.1"
    assert vendor_of("goe").profile("gemini-22", "60.3").stands_in is None


def test_wallboxes_of_the_default_scenario_are_known_as_well() -> None:
    assert default_scenario().chargers
    found = problems("steps:\n  - fault: {on: charger.goe, kind: hide, match: {key: ampp}}\n")
    assert 'has no value "ampp"' in found


def test_the_charger_may_be_left_out_where_the_name_of_the_wallbox_is_unique() -> None:
    text = """chargers: {one: {wallboxes: [goe]}, two: {wallboxes: [keba]}}
steps:
  - expect: {goe.car: 1, keba.modbus.1000: 1}
  - fault: {on: goe, kind: hang, for: 1 s}
  - command: {wallbox: keba, write: {curr: 8000}}
"""
    assert len(loads(text).steps) == 3
    twice = text.replace("[keba]", "[goe, keba]")
    assert 'there are several wallboxes called "goe": one.goe, two.goe' in problems(twice)


def test_a_hidden_value_is_absent_and_the_message_names_the_fault() -> None:
    text = """wallbox: goe
steps:
  - expect: {goe.car: 1}
  - fault: {name: blind, on: goe, kind: hide, match: {key: car}}
  - expect: {goe.car: absent}
  - expect: {goe.car: 1}
  - clear_fault: blind
  - expect: {goe.car: absent}
"""
    found = play(loads(text)).failures
    assert [failure.text for failure in found] == [
        'goe.car is hidden by fault "blind"',
        "goe.car is 1, expected absent",
    ]


def test_absence_can_be_expected_of_what_other_firmwares_have_and_of_nothing_else() -> None:
    text = "wallbox: {goe: {firmware: '53.1'}}\nsteps:\n  - expect: {goe.%s: absent}\n"
    assert play(loads(text % "dsrc")).ok
    assert 'has no value "dsrcc"' in problems(text % "dsrcc")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("steps:\n  - {at: 99999999999999 h, expect: {power: 0 W}}", "2:10: at: found"),
        ("end: 80000000 h", "expected at most 876600 h (100 years)"),
        ("epoch: 0001-01-01T00:00:00+01:00", "(from 1970 to 2200)"),
        ("epoch: 9999-12-31T23:00:00-05:00", "(from 1970 to 2200)"),
        ("steps:\n  - fault: {on: charger.goe, kind: hang, for: 80000000 h}", "expected at most"),
    ],
)
def test_durations_and_epochs_have_bounds(text: str, problem: str) -> None:
    assert problem in problems(text)
