"""What the central system asks, and where vendors or their keys leave it no choice."""

from __future__ import annotations

import pytest
from support_ocpp import ask, connected
from test_boxes import BOXES, played

from emulator.ocpp.central_system import Policy
from emulator.ocpp.profiles import KEBA_PROFILE, WARP_PROFILE, VendorProfile

CARD = "04AABBCC"
TX_PROFILE = {
    "chargingProfileId": 1,
    "stackLevel": 1,
    "chargingProfilePurpose": "TxProfile",
    "chargingProfileKind": "Relative",
    "chargingSchedule": {"chargingRateUnit": "A", "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 9.0}]},
}


@pytest.mark.parametrize(
    ("profile", "answer", "current"),
    [(KEBA_PROFILE, "Accepted", 9), (WARP_PROFILE, "Rejected", 32)],
    ids=["keba", "warp"],
)
def test_a_profile_of_the_running_transaction_need_not_name_it(
    profile: VendorProfile, answer: str, current: float
) -> None:
    """But at a WARP."""
    world, system, _ = connected(profile)
    assert ask(world, system, "SetChargingProfile", connectorId=1, csChargingProfiles=TX_PROFILE) == "Rejected"
    world.plug_in()
    world.wait(2)
    world.box.present_card(CARD)
    world.wait(20)
    other = {**TX_PROFILE, "transactionId": 2}
    assert ask(world, system, "SetChargingProfile", connectorId=1, csChargingProfiles=other) == "Rejected"
    assert ask(world, system, "SetChargingProfile", connectorId=1, csChargingProfiles=TX_PROFILE) == answer
    assert world.box.snapshot().offered_current == current


@pytest.mark.parametrize(("entries", "answer"), [(100, "Accepted"), (101, "Failed")])
def test_no_more_entries_at_once_than_the_key_says(entries: int, answer: str) -> None:
    world, system, _ = connected(KEBA_PROFILE)
    tags = [{"idTag": str(number), "idTagInfo": {"status": "Accepted"}} for number in range(entries)]
    sent = {"listVersion": 1, "updateType": "Full", "localAuthorizationList": tags}
    assert ask(world, system, "SendLocalList", **sent) == answer


def test_the_whole_station_cannot_be_reserved() -> None:
    """Without ReserveConnectorZeroSupported."""
    world, system, log = connected(KEBA_PROFILE)
    reserve = {"expiryDate": "2026-01-05T09:00:00Z", "idTag": CARD, "reservationId": 9}
    assert ask(world, system, "ReserveNow", connectorId=0, **reserve) == "Rejected"
    assert log.statuses() == ["Available"]


@pytest.mark.parametrize("profile", [KEBA_PROFILE, WARP_PROFILE], ids=["keba", "warp"])
def test_after_a_refused_tag_a_remote_start_is_asked_about(profile: VendorProfile) -> None:
    world, system, log = connected(profile, Policy(tags={}))
    switch = {"key": "StopTransactionOnInvalidId", "value": "true"}
    assert ask(world, system, "ChangeConfiguration", **switch) == "Accepted"
    world.plug_in()
    world.wait(2)
    assert ask(world, system, "RemoteStartTransaction", connectorId=1, idTag="A") == "Accepted"
    world.wait(2)
    assert log.calls("StopTransaction")[0].payload["reason"] == "DeAuthorized"
    system.policy.tags = None
    switch = {"key": "AuthorizeRemoteTxRequests", "value": "true"}
    assert ask(world, system, "ChangeConfiguration", **switch) == "Accepted"
    assert ask(world, system, "RemoteStartTransaction", connectorId=1, idTag="B") == "Accepted"
    world.wait(20)
    assert [call.payload["idTag"] for call in log.calls("Authorize")] == ["B"]
    assert log.statuses()[-1] == "Charging"


@pytest.mark.parametrize(("model", "answered"), [("gemini-22", False), ("pro", True)])
def test_only_a_goe_pro_has_data_transfer(model: str, answered: bool) -> None:
    result = played(
        BOXES["goe"].replace("gemini-22", model),
        "  - {at: 20 s, ocpp_call: {action: DataTransfer, payload: {vendorId: somebody}}}",
        end="30 s",
    )
    (asked,) = [entry for entry in result.journal if entry.name == "DataTransfer"]
    assert ("result" in asked.detail) == answered
    assert answered or "NotImplemented" in str(asked.detail)
