"""Tags: what is known of them, when it counts, and who belongs together."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from ocpp.v16.enums import AuthorizationStatus
from support_ocpp import Log, Paper, World, ask, connected

from emulator.devices.interfaces.ocpp import CallResult
from emulator.ocpp.central_system import CentralSystem, Policy
from emulator.ocpp.profiles import BENDER_PROFILE, KEBA_PROFILE, WARP_PROFILE, VendorProfile
from emulator.ocpp.station import known_of

CARD = "04AABBCC"
BOOTED = {"currentTime": "2026-01-05T08:00:00Z", "interval": 300, "status": "Accepted"}
YESTERDAY, TOMORROW = "2026-01-04T08:00:00Z", "2026-01-06T08:00:00Z"


def listed(profile: VendorProfile, info: Mapping[str, object]) -> tuple[World, CentralSystem, Log]:
    """A box with one entry in its local list."""
    world, system, log = connected(profile)
    entries = [{"idTag": CARD, "idTagInfo": info}]
    sent = {"listVersion": 1, "updateType": "Full", "localAuthorizationList": entries}
    assert ask(world, system, "SendLocalList", **sent) == "Accepted"
    return world, system, log


def charges_offline(world: World, log: Log) -> bool:
    """Whether the card lets a vehicle charge without a central system."""
    log.disconnect()
    world.plug_in()
    world.wait(2)
    world.box.present_card(CARD)
    world.wait(60)
    return world.box.snapshot().power > 0


def switch(world: World, system: CentralSystem, key: str, value: str) -> None:
    assert ask(world, system, "ChangeConfiguration", key=key, value=value) == "Accepted"


@pytest.mark.parametrize("profile", [KEBA_PROFILE, BENDER_PROFILE], ids=["keba", "bender"])
@pytest.mark.parametrize(("expires", "charges"), [(YESTERDAY, False), (TOMORROW, True)])
def test_an_entry_of_the_list_expires(profile: VendorProfile, expires: str, charges: bool) -> None:
    world, _, log = listed(profile, {"status": "Accepted", "expiryDate": expires})
    assert charges_offline(world, log) is charges


@pytest.mark.parametrize("enabled", ["true", "false"])
def test_the_list_counts_while_it_is_enabled(enabled: str) -> None:
    world, system, log = listed(KEBA_PROFILE, {"status": "Accepted"})
    switch(world, system, "LocalAuthListEnabled", enabled)
    assert charges_offline(world, log) is (enabled == "true")


@pytest.mark.parametrize("enabled", ["true", "false"])
def test_the_cache_counts_while_it_is_enabled(enabled: str) -> None:
    world, system, log = connected(KEBA_PROFILE)
    switch(world, system, "AuthorizationCacheEnabled", enabled)
    world.box.present_card(CARD)
    world.wait(61)  # accepted, and nobody came
    assert charges_offline(world, log) is (enabled == "true")


def test_an_expired_entry_is_asked_about() -> None:
    world, system, log = listed(KEBA_PROFILE, {"status": "Accepted", "expiryDate": YESTERDAY})
    switch(world, system, "LocalPreAuthorize", "true")
    world.plug_in()
    world.wait(2)
    world.box.present_card(CARD)
    world.wait(2)
    assert len(log.calls("Authorize")) == 1


# --- groups ----------------------------------------------------------------------------------------------------------


def reserved_for(parent: str) -> Paper:
    """A KEBA whose connector is kept for F1 and its group; the test answers as the central system."""
    paper = Paper(World(KEBA_PROFILE))
    answer(paper, parent)
    kept = {"connectorId": 1, "expiryDate": "2026-01-05T09:00:00Z", "idTag": "F1", "parentIdTag": "Family"}
    assert paper.status("ReserveNow", {**kept, "reservationId": 9}) == "Accepted"
    answer(paper, parent)
    return paper


def answer(paper: Paper, parent: str) -> None:
    """Answer whatever is asked: every tag is of this parent."""
    info = {"idTagInfo": {"status": "Accepted", "parentIdTag": parent}}
    known: dict[str, Mapping[str, object]] = {
        "Authorize": info,
        "StartTransaction": {"transactionId": 1, **info},
        "BootNotification": BOOTED,
    }
    while paper.world.point.waiting:
        paper.answer(known.get(paper.last.action, {}))


@pytest.mark.parametrize("asked_before", [False, True])
@pytest.mark.parametrize(("parent", "admitted"), [("FAMILY", True), ("neighbours", False)])
def test_a_connector_reserved_for_a_group_admits_its_tags(parent: str, admitted: bool, asked_before: bool) -> None:
    """Of a tag of which nothing is known, the central system is asked first."""
    paper = reserved_for(parent)
    world = paper.world
    if asked_before:
        world.point.authorisation.learn("F2", {"status": "Accepted", "parentIdTag": parent})
    world.box.present_card("F2")
    assert world.point.connector.status == ("Preparing" if admitted and asked_before else "Reserved")
    answer(paper, parent)
    assert len(paper.calls("Authorize")) == (admitted or not asked_before)
    assert world.point.connector.status == ("Preparing" if admitted else "Reserved")
    world.plug_in()
    world.wait(2)
    answer(paper, parent)
    reservations = [call.payload.get("reservationId") for call in paper.calls("StartTransaction")]
    assert reservations == ([9] if admitted else [])


# --- small and capital letters ---------------------------------------------------------------------------------------


def test_the_tag_of_a_remote_start_in_other_letters_stops() -> None:
    world, system, log = connected(KEBA_PROFILE)
    world.plug_in()
    world.wait(2)
    assert ask(world, system, "RemoteStartTransaction", connectorId=1, idTag="BB00000000000000") == "Accepted"
    world.wait(10)
    world.box.present_card("bb00000000000000")
    world.wait(2)
    assert not log.calls("Authorize")
    assert log.calls("StopTransaction")[0].payload["reason"] == "Local"


def test_a_tag_is_known_in_other_letters() -> None:
    world, _, log = listed(KEBA_PROFILE, {"status": "Accepted"})
    assert world.point.authorisation.known(CARD.lower()) == known_of({"status": "Accepted"})
    assert Policy(tags={"AB": AuthorizationStatus.blocked}).status("ab") == "Blocked"
    assert charges_offline(world, log)


@pytest.mark.parametrize(
    ("profile", "answer"), [(KEBA_PROFILE, "Accepted"), (WARP_PROFILE, "NotSupported")], ids=["keba", "warp"]
)
def test_the_name_of_a_key_in_other_letters(profile: VendorProfile, answer: str) -> None:
    """WARP alone compares them letter by letter."""
    world = World(profile)
    paper = Paper(world)
    paper.answer(BOOTED)
    assert paper.status("ChangeConfiguration", {"key": "heartbeatinterval", "value": "77"}) == answer
    found = paper.ask("GetConfiguration", {"key": ["heartbeatINTERVAL"]})
    assert isinstance(found, CallResult)
    shown = {"configurationKey": [{"key": "HeartbeatInterval", "readonly": False, "value": "77"}]}
    unknown = {"configurationKey": [], "unknownKey": ["heartbeatINTERVAL"]}
    assert found.payload == (shown if answer == "Accepted" else unknown)
