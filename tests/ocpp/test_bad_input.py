"""What a central system does wrong: the vendor's documented answer, and nothing half applied."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from copy import deepcopy

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support_ocpp import Paper, World

from emulator.devices.interfaces.ocpp import Call, CallError, CallResult, Payload
from emulator.ocpp.messages import MessageError, decode, encode
from emulator.ocpp.profiles import BENDER_PROFILE, GOE_PROFILE, KEBA_PROFILE
from emulator.ocpp.schemas import violation

ACCEPTED = {"status": "Accepted", "currentTime": "2026-01-05T08:00:10Z", "interval": 3600}


@pytest.fixture
def warp() -> Paper:
    paper = Paper(World())
    paper.answer(ACCEPTED)
    return paper


def profile(**changes: object) -> dict[str, object]:
    made: dict[str, object] = {
        "chargingProfileId": 1,
        "stackLevel": 0,
        "chargingProfilePurpose": "TxDefaultProfile",
        "chargingProfileKind": "Absolute",
        "chargingSchedule": {
            "chargingRateUnit": "A",
            "startSchedule": "2026-01-05T07:00:00Z",
            "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 10.0}],
        },
    }
    return made | changes


def set_profile(connector: int = 1, **changes: object) -> dict[str, object]:
    return {"connectorId": connector, "csChargingProfiles": profile(**changes)}


def schedule(**changes: object) -> dict[str, object]:
    return {"chargingRateUnit": "A", "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 10.0}]} | changes


@pytest.mark.parametrize(
    "asked",
    [
        set_profile(stackLevel=4),
        set_profile(stackLevel=-1),
        set_profile(
            chargingSchedule=schedule(chargingSchedulePeriod=[{"startPeriod": n, "limit": 10.0} for n in range(6)])
        ),
        set_profile(chargingProfilePurpose="ChargePointMaxProfile"),
        set_profile(chargingProfilePurpose="TxProfile"),
        set_profile(chargingProfilePurpose="TxProfile", transactionId=77),
        set_profile(0, chargingProfilePurpose="TxProfile", transactionId=1),
        set_profile(recurrencyKind="Daily"),
        set_profile(chargingProfileKind="Recurring"),
        set_profile(2),
    ],
)
def test_a_profile_that_a_warp_rejects(warp: Paper, asked: Payload) -> None:
    warp.ask("SetChargingProfile", set_profile())
    before = list(warp.world.point.profiles.installed)
    assert warp.status("SetChargingProfile", asked) == "Rejected"
    assert warp.world.point.profiles.installed == before


def test_a_unit_that_is_not_announced() -> None:
    for profile_of, expected in ((KEBA_PROFILE, "Accepted"), (BENDER_PROFILE, "Rejected"), (GOE_PROFILE, "Rejected")):
        paper = Paper(World(profile_of))
        paper.answer(ACCEPTED)
        watts = set_profile(chargingSchedule=schedule(chargingRateUnit="W"))
        assert paper.status("SetChargingProfile", watts) == expected


@pytest.mark.parametrize(
    ("action", "payload", "code"),
    [
        ("SetChargingProfile", {"connectorId": 1}, "OccurenceConstraintViolation"),
        ("SetChargingProfile", set_profile() | {"extra": 1}, "FormationViolation"),
        ("SetChargingProfile", set_profile(stackLevel="high"), "TypeConstraintViolation"),
        ("SetChargingProfile", set_profile(chargingProfileKind="Odd"), "PropertyConstraintViolation"),
        ("SetChargingProfile", set_profile(validFrom="yesterday"), "PropertyConstraintViolation"),
        ("Reset", {}, "OccurenceConstraintViolation"),
        ("TriggerMessage", {"requestedMessage": "Heartbeat"}, "NotSupported"),
        ("ReserveNow", {}, "NotSupported"),
        ("SendLocalList", {}, "NotSupported"),
        ("MakeCoffee", {}, "NotImplemented"),
    ],
)
def test_an_error_of_a_warp(warp: Paper, action: str, payload: Payload, code: str) -> None:
    answer = warp.ask(action, payload)
    assert isinstance(answer, CallError)
    assert answer.code == code
    assert answer.details == {}
    assert not warp.world.point.profiles.installed


def test_the_words_of_a_warp(warp: Paper) -> None:
    known, unknown = warp.ask("TriggerMessage", {"requestedMessage": "Heartbeat"}), warp.ask("MakeCoffee")
    assert isinstance(known, CallError)
    assert isinstance(unknown, CallError)
    assert (known.description, unknown.description) == ("action not supported", "unknown action passed")


def test_a_goe_knows_no_composite_schedule() -> None:
    paper = Paper(World(GOE_PROFILE))
    paper.answer(ACCEPTED)
    answer = paper.ask("GetCompositeSchedule", {"connectorId": 1, "duration": 60})
    assert isinstance(answer, CallError)
    assert answer.code == "NotImplemented"


@pytest.mark.parametrize(
    ("key", "value", "status"),
    [
        ("NoSuchKey", "1", "NotSupported"),
        ("heartbeatinterval", "1", "NotSupported"),
        ("NumberOfConnectors", "2", "Rejected"),
        ("HeartbeatInterval", "soon", "Rejected"),
        ("HeartbeatInterval", "-1", "Rejected"),
        ("HeartbeatInterval", "120", "Accepted"),
        ("StopTransactionOnInvalidId", "True", "Rejected"),
        ("StopTransactionOnInvalidId", "true", "Accepted"),
        ("MeterValuesSampledData", "Voltage,", "Rejected"),
        ("MeterValuesSampledData", ",Voltage", "Rejected"),
        ("MeterValuesSampledData", "Voltage,,SoC", "Rejected"),
        ("MeterValuesSampledData", "Energy.Active.Import.Interval", "Rejected"),
        ("MeterValuesSampledData", "Voltage.L1-N,SoC", "RebootRequired"),
        ("WebSocketPingInterval", "30", "RebootRequired"),
    ],
)
def test_changing_a_key_of_a_warp(warp: Paper, key: str, value: str, status: str) -> None:
    before = warp.world.point.configuration.text(key)
    assert warp.status("ChangeConfiguration", {"key": key, "value": value}) == status
    kept = status in ("Accepted", "RebootRequired")
    assert warp.world.point.configuration.text(key) == (value if kept else before)


def test_all_keys_of_a_warp(warp: Paper) -> None:
    answer = warp.ask("GetConfiguration")
    assert isinstance(answer, CallResult)
    keys = answer.payload["configurationKey"]
    assert isinstance(keys, list)
    assert len(keys) == 34
    assert keys[0] == {"key": "AuthorizeRemoteTxRequests", "readonly": False, "value": "false"}
    some = warp.ask("GetConfiguration", {"key": ["NumberOfConnectors", "Nonsense"]})
    assert isinstance(some, CallResult)
    assert some.payload == {
        "configurationKey": [{"key": "NumberOfConnectors", "readonly": True, "value": "1"}],
        "unknownKey": ["Nonsense"],
    }


def test_what_a_warp_refuses(warp: Paper) -> None:
    assert warp.status("ClearCache") == "Rejected"
    assert warp.status("DataTransfer", {"vendorId": "x"}) == "UnknownVendorId"
    assert warp.status("UnlockConnector", {"connectorId": 1}) == "NotSupported"
    assert warp.status("ChangeAvailability", {"connectorId": 2, "type": "Operative"}) == "Rejected"
    assert warp.status("ClearChargingProfile", {"id": 4}) == "Unknown"
    assert warp.status("GetCompositeSchedule", {"connectorId": 2, "duration": 60}) == "Rejected"
    assert warp.status("RemoteStopTransaction", {"transactionId": 1}) == "Rejected"


def test_a_remote_start_with_a_wrong_profile_is_rejected_and_leaves_nothing(warp: Paper) -> None:
    warp.world.plug_in()
    warp.world.wait(2)
    wrong = {"idTag": "A", "connectorId": 1, "chargingProfile": profile()}
    assert warp.status("RemoteStartTransaction", wrong) == "Rejected"
    running = {"idTag": "A", "chargingProfile": profile(chargingProfilePurpose="TxProfile", transactionId=5)}
    assert warp.status("RemoteStartTransaction", running) == "Rejected"
    assert not warp.world.point.profiles.installed
    assert warp.world.point.transactions.running is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)

ANSWER_MEMBERS = ("status", "currentTime", "interval", "idTagInfo", "transactionId")


@given(text=st.text())
def test_any_text_is_a_message_or_a_message_error(text: str) -> None:
    try:
        decode(text)
    except MessageError:
        return


@given(parts=st.lists(JSON, max_size=6), kind=st.sampled_from((2, 3, 4)))
def test_any_list_is_a_message_or_a_message_error(parts: list[object], kind: int) -> None:
    try:
        message = decode(json.dumps([kind, *parts]))
    except MessageError:
        return
    assert decode(encode(message)) == message


@given(member=st.sampled_from(tuple(profile())), value=JSON)
def test_a_profile_with_any_member_is_answered_and_applied_whole_or_not_at_all(member: str, value: object) -> None:
    point = POINT.world.point
    before = deepcopy(point.profiles.installed)
    payload: Mapping[str, object] = {"connectorId": 1, "csChargingProfiles": profile(**{member: value})}
    answer = POINT.ask("SetChargingProfile", payload)
    if isinstance(answer, CallResult) and answer.payload["status"] == "Accepted":
        point.profiles.clear(lambda _profile: True)
    else:
        assert point.profiles.installed == before
    encode(answer)  # type: ignore[arg-type]


POINT = Paper(World())
POINT.answer(ACCEPTED)


@given(payload=st.dictionaries(st.sampled_from(ANSWER_MEMBERS), JSON, max_size=4), calls=st.integers(0, 6))
def test_whatever_is_answered_the_charge_point_goes_on(payload: dict[str, object], calls: int) -> None:
    world = World()
    paper = Paper(world)
    if calls:
        paper.answer(ACCEPTED)
    world.plug_in()
    world.wait(1)
    world.box.present_card("A")
    for _ in range(calls):
        if world.point.waiting:
            paper.answer(payload)
            world.wait(1)
    if world.point.waiting:
        paper.answer(payload)
    world.wait(100)
    for call in paper.calls():
        assert violation(call.action, call.payload) is None, call


@pytest.mark.parametrize("number", [2**31, -(2**31) - 1, 10**30, 1e999, -1e999])
@pytest.mark.parametrize(
    ("action", "payload"),
    [
        ("GetCompositeSchedule", lambda number: {"connectorId": 1, "duration": number}),
        ("SetChargingProfile", lambda number: set_profile(chargingSchedule=schedule(duration=number))),
        (
            "SetChargingProfile",
            lambda number: set_profile(
                chargingSchedule=schedule(chargingSchedulePeriod=[{"startPeriod": 0, "limit": number}])
            ),
        ),
        ("ChangeAvailability", lambda number: {"connectorId": number, "type": "Operative"}),
    ],
)
def test_numbers_beyond_32_bits_are_refused(
    warp: Paper, action: str, payload: Callable[[float], dict[str, object]], number: float
) -> None:
    answer = warp.ask(action, payload(number))
    assert isinstance(answer, CallError)
    assert answer.code == "PropertyConstraintViolation"


@pytest.mark.parametrize("text", ["9999-12-31T23:59:59-14:00", "9999-12-31T23:59:59Z", "0001-01-01T00:00:00+14:00"])
def test_the_ends_of_the_calendar_are_no_mistake_of_ours(text: str) -> None:
    paper = Paper(World())
    paper.answer({**ACCEPTED, "currentTime": text})
    for action, payload in (
        ("SetChargingProfile", set_profile(validTo=text)),
        ("SetChargingProfile", set_profile(chargingSchedule=schedule(startSchedule=text, duration=2**31 - 1))),
        ("SetChargingProfile", set_profile(chargingProfileKind="Recurring", recurrencyKind="Daily", validFrom=text)),
        ("GetCompositeSchedule", {"connectorId": 1, "duration": 2**31 - 1}),
        ("ReserveNow", {"connectorId": 1, "expiryDate": text, "idTag": "A", "reservationId": 1}),
    ):
        paper.ask(action, payload)
    paper.world.wait(100)


def test_half_a_surrogate_pair_goes_back_as_it_came() -> None:
    half = '"\\ud800"'
    assert encode(decode(f'[3,{half},{{"say":{half}}}]')) == f'[3,{half},{{"say":{half}}}]'
    assert encode(decode('[3,"\u00e4",{}]')) == '[3,"\u00e4",{}]'


@pytest.mark.parametrize("action", ["DataTransfer", "SetChargingProfile", "GetCompositeSchedule"])
@pytest.mark.parametrize("depth", [480, 800, 900, 940])
def test_no_depth_is_too_deep_for_us(warp: Paper, action: str, depth: int) -> None:
    try:
        deep = decode(f'[2,"1","{action}",' + '{"a":' * depth + "[1.5]" + "}" * depth + "]")
    except MessageError:
        return  # no message, then
    assert isinstance(deep, Call)
    answer = warp.ask(action, deep.payload)
    assert isinstance(answer, CallError)
