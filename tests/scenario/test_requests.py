"""The step `request`: every interface, in every mode, as the wire would show it."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from emulator.runtime.journal import Entry
from emulator.scenario.loader import loads
from emulator.scenario.playing import play
from emulator.service.emulator import Emulator, Options

from .support import complaints


def failures(text: str) -> list[str]:
    return [failure.text for failure in play(loads(text)).failures]


def test_a_closed_connection_is_not_no_exception() -> None:
    text = """wallbox: {bender: {modbus: true}}
steps:
  - request: {on: bender.modbus, register: 1000, expect: {exception: null, ends: keep}}
  - fault: {on: bender.modbus, kind: close}
  - request: {on: bender.modbus, register: 1000, expect: {exception: null}}
"""
    assert failures(text) == ["exception is 'closed', expected null"]


def test_silence_is_not_no_exception() -> None:
    text = """wallbox: {goe: {modbus: true}}
steps:
  - fault: {on: goe.modbus, kind: no_reply}
  - request: {on: goe.modbus, register: 200, expect: {exception: null}}
"""
    assert failures(text) == ["exception is 'no reply', expected null"]


def test_a_message_on_a_websocket_is_answered() -> None:
    text = """wallbox: {goe: {http: true}}
steps:
  - request:
      on: goe.websocket
      get: /ws
      message: '{"type": "setValue", "requestId": 1, "key": "amp", "value": 10}'
      expect: {status: 101, body: /requestId/}
"""
    assert failures(text) == []


def test_the_broker_hands_out_what_is_retained_while_the_wallbox_is_away() -> None:
    text = """wallbox: {goe: {mqtt: true}}
steps:
  - request: {on: goe.mqtt, topic: car, expect: {reachable: true, body: "1"}}
  - {after: 1 s, plug_in: {vehicle: vw_id3}}
  - {after: 10 s, request: {on: goe.mqtt, topic: car, expect: {body: "2"}}}
  - {reboot: {wallbox: goe, for: 1 min}}
  - {after: 1 s, request: {on: goe.mqtt, topic: car, expect: {reachable: true, body: "2"}}}
  - {after: 1 s, fault: {name: outage, on: goe.mqtt, kind: broker_down}}
  - {after: 1 s, request: {on: goe.mqtt, topic: car, expect: {reachable: false}}}
  - clear_fault: outage
  - {request: {on: goe.mqtt, topic: car, expect: {reachable: true, replies: 0}}}
  - {after: 5 min, request: {on: goe.mqtt, topic: car, expect: {body: "2"}}}
"""
    assert failures(text) == []


def test_somebody_publishes_and_the_wallbox_obeys() -> None:
    text = """wallbox: {warp: {model: warp2-pro-22, mqtt: true}}
steps:
  - request:
      on: warp.mqtt
      topic: evse/external_current_update
      payload: '{"current": 8000}'
      expect: {reachable: true}
  - {after: 1 s, expect: {warp.evse/external_current.current: 8000}}
"""
    assert failures(text) == []


EVERYWHERE = """wallboxes:
  goe: {http: true, mqtt: true, modbus: true}
  keba: {udp: true}
seed: 5
epoch: 2026-01-05T21:00:00+01:00
steps:
  - {at: 1 s, fault: {name: once, on: goe.mqtt, kind: override, match: {key: car}, value: 9, count: 1}}
  - {at: 2 s, fault: {name: twice, on: goe.http, kind: status, status: 503, count: 2}}
  - {at: 10 s, plug_in: {vehicle: vw_id3}}
  - {at: 20 s, request: {on: goe.http, get: /api/status?filter=car, expect: {status: 503}}}
  - {at: 21 s, request: {on: goe.http, get: /api/status?filter=car, expect: {status: 503}}}
  - {at: 22 s, request: {on: goe.http, get: /api/status?filter=car, expect: {status: 200, body: '{"car":2}'}}}
  - {at: 23 s, request: {on: goe.modbus, register: 200, expect: {exception: null}}}
  - {at: 24 s, request: {on: keba.udp, send: report 2, expect: {body: /Max curr/}}}
  - {at: 30 s, command: {wallbox: goe, write: {amp: 10}}}
  - {at: 31 s, request: {on: goe.mqtt, topic: amp, expect: {body: "10"}}}
  - {at: 40 s, request: {on: goe.mqtt, topic: psm/set, payload: "1", expect: {reachable: true}}}
  - {at: 50 s, request: {in: play, on: goe.http, get: /api/status, expect: {status: 200}}}
end: 2 min
"""
KINDS = {"event", "stimulus", "command", "write", "fault", "request", "expectation", "firmware"}


def happenings(entries: Iterable[Entry]) -> list[tuple[object, ...]]:
    return [
        (entry.at, entry.kind, entry.name, entry.wallbox, entry.detail.get("value"), entry.detail.get("what"))
        for entry in entries
        if entry.kind in KINDS and entry.at != 50_000_000 and entry.name != "advance"
    ]


def published(entries: Iterable[Entry]) -> dict[str, list[object]]:
    found: dict[str, list[object]] = {}
    for entry in entries:
        if entry.kind == "push" and entry.at > 0 and entry.name.rpartition("/")[2] in ("car", "amp", "psm", "frc"):
            found.setdefault(entry.name, []).append((entry.at, entry.detail["payload"]))
    return found


async def test_a_scenario_has_the_same_happenings_with_sockets_and_without() -> None:
    scenario = loads(EVERYWHERE)
    alone = play(scenario)
    assert [str(failure) for failure in alone.failures] == []
    async with Emulator(scenario, Options(any_port=True, speed=0.0, announce=False)) as emulator:
        await emulator.settle()
        await emulator.advance_to_end()
        served = emulator.result
        assert [str(failure) for failure in served.failures] == []
        assert happenings(emulator.simulation.journal) == happenings(alone.journal)
        assert published(emulator.simulation.journal) == published(alone.journal)
    assert [(found.kind, found.name, found.why) for found in served.untested if found.kind == "step"] == [
        ("step", "request", "left to real clients (in: play)")
    ]


@pytest.mark.parametrize("strict", [False, True])
def test_what_tested_nothing_fails_a_strict_run(strict: bool) -> None:
    text = f"""wallbox: {{goe: {{http: true}}}}
strict: {str(strict).lower()}
steps:
  - {{at: 1 s, fault: {{on: goe.http, kind: delay, delay: 1 s}}}}
rules:
  - {{name: reacts, after: {{event: rcd_tripped}}, within: 1 min, client: {{writes: goe.frc}}}}
end: 1 min
"""
    scenario = loads(text)
    result = play(scenario)
    assert scenario.strict is strict
    assert result.ok
    assert {found.kind for found in result.untested} == {"fault", "rule"}
    assert [failure.step for failure in result.strictly().failures] == ["untested fault delay", "untested rule reacts"]
    assert not result.strictly().ok


@pytest.mark.parametrize(
    ("request_", "problem"),
    [
        (
            "{on: goe.modbus, register: 200, expect: {exeption: null}}",
            'there is no "exeption" (did you mean "exception"?)',
        ),
        ('{on: goe.http, get: /api/status, expect: {statuss: "!= 500"}}', '"statuss" (did you mean "status"?)'),
        ("{on: goe.http, get: /api/status, expect: {will: null}}", '"will" does not come back over HTTP'),
        ("{on: goe.modbus, register: 200, expect: {status: null}}", '"status" does not come back over Modbus'),
        ("{on: keba.udp, send: report 1, expect: {ends: null}}", '"ends" does not come back over UDP'),
        ("{on: goe.mqtt, topic: car, expect: {values: null}}", '"values" does not come back over MQTT'),
        ("{on: goe.http, get: /api/status, expect: {}}", "nothing is expected (known: body"),
        ("{on: goe.http, get: /api/status, expect: {body: changed}}", 'body: found "changed", expected a value'),
        ("{on: goe.http, get: /api/status, topic: nope}", "topic: belongs to MQTT, charger.goe.http speaks HTTP"),
        ("{on: goe.http, get: /api/status, register: 200}", "register: belongs to Modbus"),
        ("{on: goe.http, get: /api/status, count: 99}", "count: belongs to Modbus"),
        ("{on: goe.http, get: /api/status, message: x}", "message: belongs to WebSocket"),
        ("{on: goe.websocket, get: /ws, body: x}", "body: belongs to HTTP, charger.goe.websocket speaks WebSocket"),
        ("{on: goe.modbus, register: 200, method: GET}", "method: belongs to HTTP or WebSocket"),
        ("{on: goe.http, topic: car}", "nothing to ask of charger.goe.http, expected get"),
        ("{on: goe.mqtt, payload: x}", "nothing to ask of charger.goe.mqtt, expected topic"),
        ("{on: goe.ocpp, get: /}", "charger.goe.ocpp speaks OCPP, expected an interface that speaks one of HTTP"),
        ("{on: goe.http, get: /api/status, method: GTE}", 'there is no HTTP method "GTE" (did you mean "GET"?)'),
    ],
)
def test_what_means_nothing_over_the_protocol_is_a_mistake(request_: str, problem: str) -> None:
    text = f"wallboxes: {{goe: {{http: true, ocpp: 'ws://localhost/'}}, keba: {{}}}}\nsteps:\n  - request: {request_}\n"
    assert any(problem in found for found in complaints(text)), complaints(text)


def test_all_that_means_nothing_is_told_at_once() -> None:
    text = """wallbox: {goe: {http: true}}
steps:
  - request:
      on: goe.http
      get: /api/status
      topic: nope
      unit: 7
      expect:
        boddy: 1
        will: 2
"""
    assert [problem.partition(": ")[0] for problem in complaints(text)] == [
        "s.yaml:6:7",
        "s.yaml:7:7",
        "s.yaml:9:9",
        "s.yaml:10:9",
    ]


def test_a_method_that_nobody_knows_may_be_asked_to_be_refused() -> None:
    loads(
        "wallbox: {warp: {http: true}}\nsteps:\n"
        "  - request: {on: warp.http, get: /evse/state, method: BREW, expect: {status: 400..499}}\n"
    )


def test_nobody_there_is_not_no_exception() -> None:
    text = """wallbox: {goe: {http: true}}
steps:
  - request: {on: goe.modbus, register: 200, expect: {exception: null}}
  - request: {on: goe.modbus, register: 200, expect: {reachable: false}}
  - request: {on: goe.modbus, register: 200, expect: {reachable: false, exception: null}}
"""
    assert failures(text) == ["reachable is False, expected true"]


def test_a_request_that_expects_nothing_and_reached_nobody_tested_nothing() -> None:
    text = """wallbox: {goe: {http: true}}
steps:
  - request: {on: goe.modbus, register: 200}
end: 1 s
"""
    result = play(loads(text))
    assert result.ok
    assert [(found.kind, found.why) for found in result.untested] == [("step", "charger.goe.modbus is not reachable")]


def test_what_does_not_come_back_is_not_as_expected() -> None:
    text = """wallbox: {goe: {http: true}}
steps:
  - request: {on: goe.websocket, get: /ws, message: '{"type": "setValue"}', expect: {complete: null}}
"""
    assert failures(text) == ["complete is None, expected null"]
