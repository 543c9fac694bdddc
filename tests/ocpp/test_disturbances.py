"""OCPP disturbed: faults on frames, a central system that misbehaves, and rules on what it does."""

from __future__ import annotations

import pytest

from emulator.runtime.journal import Entry
from emulator.scenario.loader import loads
from emulator.scenario.player import Result
from emulator.scenario.playing import play

WARP = "chargers: {garage: {wallboxes: {warp: {ocpp: embedded}}}}\n"
GOE = "chargers: {garage: {wallboxes: {goe: {ocpp: embedded}}}}\n"


def played(steps: str, *, box: str = WARP, rules: str = "[]", end: str = "10 min") -> Result:
    """Each line of `steps` is a step."""
    lines = "\n".join(f"  - {line.strip()}" for line in steps.splitlines() if line.strip())
    return play(loads(f"{box}steps:\n{lines}\nrules: {rules}\nend: {{at: {end}}}"))


def frames(result: Result, name: str) -> list[Entry]:
    return [entry for entry in result.journal if entry.interface == "ocpp" and entry.name == name]


def times(result: Result, name: str) -> list[float]:
    """When something was said [s]."""
    return [entry.at / 1e6 for entry in frames(result, name)]


SESSION = """
    {at: 20 s, plug_in: {vehicle: vw_id3}}
    {at: 30 s, present_card: {tag: "04A1B2C3"}}
"""


@pytest.mark.parametrize(
    "fault",
    [
        "{kind: black_hole, match: {action: StartTransaction, direction: out}, count: 1}",
        "{kind: black_hole, match: {action: StartTransaction, direction: in}, count: 1}",
        "{kind: corrupt, bytes: 40, match: {action: StartTransaction, direction: out}, count: 1}",
    ],
)
def test_what_is_not_answered_is_said_again(fault: str) -> None:
    steps = f"{{at: 10 s, fault: {{on: garage.warp.ocpp, {fault[1:]}}}\n{SESSION}"
    result = played(steps + "{at: 2 min, expect: {garage.warp.ocpp/state.connector_status: 2}}")
    assert result.ok, [str(failure) for failure in result.failures]
    assert times(result, "StartTransaction") == [30.0, 50.0]  # 10 s without an answer, 10 s of waiting


def test_an_answer_that_is_an_error_is_repeated_three_times() -> None:
    fault = "{at: 10 s, fault: {on: garage.warp.ocpp, kind: call_error, match: {action: StartTransaction}}}"
    result = played(fault + SESSION)
    assert times(result, "StartTransaction") == [30.0, 40.0, 60.0]
    assert len(frames(result, "StartTransaction.error")) == 3


def test_a_doubled_answer_changes_nothing() -> None:
    fault = "{at: 10 s, fault: {on: garage.warp.ocpp, kind: duplicate, match: {action: StartTransaction}}}"
    result = played(fault + SESSION + "{at: 2 min, expect: {garage.warp.ocpp/state.connector_status: 2}}")
    assert result.ok
    assert len(frames(result, "StartTransaction")) == 1


def test_a_closed_connection_is_made_again_after_a_minute() -> None:
    fault = "{at: 10 s, fault: {on: garage.warp.ocpp, kind: close, match: {action: Authorize}, count: 1}}"
    result = played(fault + SESSION)
    assert times(result, "connected") == [5.0, 90.0]


def test_refused_connections() -> None:
    result = played("{at: 20 s, fault: {on: garage.warp.ocpp, kind: refuse, for: 100 s}}")
    assert [(entry.name, entry.detail["reason"]) for entry in frames(result, "lost")] == [("lost", "refused")]
    assert times(result, "connected") == [5.0, 140.0]  # attempts at 80 s and 140 s


def test_late_answers() -> None:
    fault = "{at: 10 s, fault: {on: garage.warp.ocpp, kind: delay, delay: 3 s, match: {action: Authorize}}}"
    result = played(fault + SESSION)
    assert times(result, "StartTransaction") == [36.0]  # late on its way out, and on its way back


def test_a_server_that_restarts() -> None:
    result = played("{at: 20 s, central_system: {restart: true}}")
    assert times(result, "connected") == [5.0, 80.0]
    assert times(result, "BootNotification") == [5.0]


def test_a_wrong_clock_of_the_server_is_taken_over() -> None:
    result = played("{at: 6 s, central_system: {clock: 2 h}}", end="6 min")
    beat = frames(result, "Heartbeat.conf")
    assert len(beat) == 1
    (last,) = frames(result, "MeterValues")[-1:]
    payload = last.detail["payload"]
    assert isinstance(payload, dict)
    assert payload["meterValue"][0]["timestamp"].startswith("2026-01-05T01:0")


def test_a_server_that_rejects_refuses_and_keeps_silent() -> None:
    rejected = played("{at: 1 s, central_system: {registration: Rejected, heartbeat: 30 s}}", end="2 min")
    assert times(rejected, "BootNotification") == [5.0, 35.0, 65.0, 95.0]
    silent = played("{at: 1 s, central_system: {silent: [BootNotification]}}", end="2 min")
    assert len(frames(silent, "BootNotification unanswered")) >= 1
    tags = played(
        "{at: 1 s, central_system: {tags: {X: Accepted}}}\n" + SESSION + "{at: 40 s, expect: "
        "{garage.warp.ocpp/state.last_rejected_tag: 04A1B2C3, garage.warp.ocpp/state.last_rejected_tag_reason: 2}}"
    )
    assert tags.ok


def test_the_same_id_for_every_call() -> None:
    calls = "\n".join(f"{{at: {at} s, ocpp_call: {{action: GetConfiguration, payload: {{}}}}}}" for at in (20, 30))
    result = played("{at: 10 s, central_system: {same_ids: true}}\n" + calls)
    assert [entry.detail["id"] for entry in frames(result, "GetConfiguration")] == ["cs1", "cs1"]


CALL = "{at: 20 s, ocpp_call: {action: ChangeConfiguration, payload: {key: HeartbeatInterval, value: '%s'}}}"


@pytest.mark.parametrize(
    ("rule", "value", "broken"),
    [
        ("action: ChangeConfiguration", "60", True),
        ("action: SetChargingProfile", "60", False),
        ("action: ChangeConfiguration, payload: {value: '< 30'}", "60", False),
        ("action: ChangeConfiguration, payload: {value: '< 30'}", "10", True),
        ("failed: true", "60", False),
        ("failed: true", "many", True),
    ],
)
def test_rules_on_what_the_central_system_calls(rule: str, value: str, broken: bool) -> None:
    rules = f"[{{name: r, never: {{client: {{calls: garage.warp.ocpp, {rule}}}}}}}]"
    assert played(CALL % value, rules=rules).ok is not broken


def test_the_fall_back_current_of_goe() -> None:
    result = played(
        """
        {at: 10 s, set: {wallbox: garage.goe, settings: {ocppf: 8}}}
        {at: 20 s, plug_in: {vehicle: vw_id3}}
        {at: 60 s, expect: {garage.offered_current: 16 A}}
        {at: 70 s, central_system: {up: false}}
        {at: 80 s, expect: {garage.offered_current: 8 A, garage.goe.ocppc: false}}
        {at: 90 s, set: {wallbox: garage.goe, settings: {ocppf: 0}}}
        {at: 100 s, expect: {garage.offered_current: 0 A, garage.goe.modelStatus: 35}}
        {at: 110 s, central_system: {up: true}}
        {at: 140 s, expect: {garage.offered_current: 16 A, garage.goe.ocppc: true}}
        """,
        box=GOE,
    )
    assert result.ok, [str(failure) for failure in result.failures]


def test_goe_follows_a_profile_availability_and_phases() -> None:
    profile = (
        "chargingProfileId: 1, stackLevel: 1, chargingProfilePurpose: TxDefaultProfile, chargingProfileKind: Relative,"
        " chargingSchedule: {chargingRateUnit: A, chargingSchedulePeriod: [{startPeriod: 0, limit: %s%s}]}"
    )
    call = "{action: SetChargingProfile, payload: {connectorId: 1, csChargingProfiles: {%s}}}"
    result = played(
        f"""
        {{at: 20 s, plug_in: {{vehicle: vw_id3}}}}
        {{at: 60 s, ocpp_call: {call % (profile % ("10", ""))}}}
        {{at: 70 s, expect: {{garage.offered_current: 10 A, garage.goe.acu: 10}}}}
        {{at: 80 s, ocpp_call: {call % (profile % ("5", ""))}}}
        {{at: 90 s, expect: {{garage.contactor: open, garage.goe.modelStatus: 28, garage.goe.ocppcs: 3}}}}
        {{at: 100 s, ocpp_call: {call % (profile % ("16", ", numberPhases: 1"))}}}
        {{at: 3 min, expect: {{garage.contactor: closed, garage.goe.pnp: 1}}}}
        {{at: 200 s, unplug: {{}}}}
        {{at: 210 s, ocpp_call: {{action: ChangeAvailability, payload: {{connectorId: 0, type: Inoperative}}}}}}
        {{at: 220 s, expect: {{garage.goe.ocppio: true, garage.goe.modelStatus: 37}}}}
        """,
        box=GOE,
    )
    assert result.ok, [str(failure) for failure in result.failures]


def test_a_wrong_time_in_an_answer() -> None:
    result = played(
        "{at: 6 s, fault: {on: garage.warp.ocpp, kind: override, value: '2030-01-01T00:00:00Z',"
        " match: {action: Heartbeat, direction: in, key: currentTime}}}",
        end="7 min",
    )
    (last,) = frames(result, "MeterValues")[-1:]
    payload = last.detail["payload"]
    assert isinstance(payload, dict)
    assert payload["meterValue"][0]["timestamp"].startswith("2030-01-01T00:0")
