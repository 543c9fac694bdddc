"""Modules around the controller: users, cards, tracking, limits, meters, automation, §14a, configurations."""

from __future__ import annotations

import struct
from typing import Any

import pytest
from bench import CLIENT
from support_warp import WarpWorld

from emulator.core import faults
from emulator.core.messages import PowerCut, PowerUp, Reason
from emulator.vendors.warp.meters.values import LEGACY, TYPES

EVE = {"id": 1, "roles": 1, "current": 10000, "display_name": "Eve", "username": "eve", "digest_hash": ""}
TAG = {"tag_type": 0, "tag_id": "04:A1:B2:C3"}
IDLE = (
    b'{"user_id":-1,"meter_start":0,"evse_uptime_start":0,"timestamp_minutes":0,"authorization_type":0,'
    b'"authorization_info":null,"charger_name":""}'
)


def with_eve(**settings: object) -> WarpWorld:
    """A wallbox where only Eve's card may charge, with 10 A."""
    world = WarpWorld("warp3-pro-22", settings=dict(settings))
    world.done("users/add", EVE)
    world.done("nfc/config", {"authorized_tags": [{"user_id": 1, **TAG}], "deadtime_post_start": 30})
    world.done("evse/user_enabled", True)
    return world


def charge(world: WarpWorld) -> Any:
    return world.json("charge_tracker/current_charge")


# --- users -----------------------------------------------------------------------------------------------------------


def user(**changes: object) -> dict[str, object]:
    return EVE | changes


@pytest.mark.parametrize(
    ("command", "body", "error"),
    [
        ("add", user(id=2), "Can't add user. Wrong next user ID"),
        ("add", user(username="anonymous"), "Can't add user. A user with this username already exists."),
        ("add", user(username=""), "Can't add user. A user with this username already has tracked charges."),
        ("add", user(current=None), '["current"] Null updates not permitted.'),
        (
            "add",
            user(current=32001),
            '["current"] Unsigned integer value 32001 was more than the allowed maximum of 32000',
        ),
        ("modify", user(id=None), "Can't modify user. User ID is null or missing."),
        ("modify", user(id=9), "Can't modify user. User with this ID not found."),
        ("modify", user(id=0), "Can't modify anonymous user. Digest_hash needs to be null or missing."),
        (
            "modify",
            user(id=0, digest_hash=None),
            "Can't modify anonymous user. Roles need to be null or missing.",
        ),
        (
            "modify",
            user(id=0, digest_hash=None, roles=None),
            "Can't modify anonymous user. Current need to be null or missing.",
        ),
        (
            "modify",
            user(id=0, digest_hash=None, roles=None, current=None),
            "Can't modify anonymous user. Username needs to be null or missing.",
        ),
        ("modify", {"id": 0}, None),
        ("remove", {"id": 0}, "The anonymous user can't be removed."),
        ("remove", {"id": 7}, "Can't remove user. User with this ID not found."),
    ],
)
def test_users_are_checked(command: str, body: dict[str, object], error: str | None) -> None:
    status, text = WarpWorld().put(f"users/{command}", body)
    assert status == 400
    assert error is None or text == error


def test_users_come_and_go() -> None:
    world = WarpWorld()
    assert world.json("users/config/next_user_id") == 1
    world.done("users/add", user(digest_hash="0" * 32))
    assert world.json("users/config")["users"][1]["digest_hash"] is None
    assert world.json("users/config/next_user_id") == 2
    assert world.put("users/modify", user(username="eva", digest_hash=None)) == (
        400,
        "Changing the username without updating the digest hash is not allowed!",
    )
    world.done("users/modify", user(username="eva", digest_hash="1" * 32, roles=0, current=None))
    changed = world.json("users/config")["users"][1]
    assert (changed["username"], changed["roles"], changed["current"]) == ("eva", 1, 10000)
    world.done("nfc/config", {"authorized_tags": [{"user_id": 1, **TAG}], "deadtime_post_start": 30})
    world.done("users/remove", {"id": 1})
    assert world.json("nfc/config/authorized_tags") == []
    names = world.ask("GET", "/users/all_usernames").body
    assert len(names) == 256 * 64
    assert names[:9] == b"anonymous"


def test_the_number_of_users_is_limited() -> None:
    world = WarpWorld("warp1-pro-11")
    for number in range(1, 17):
        world.done("users/add", user(id=number, username=f"u{number}"))
    text = "Can't add user. Already have the maximum number of active users."
    assert world.put("users/add", user(id=17, username="u17")) == (400, text)


def test_without_users_nobody_is_asked_for_a_card() -> None:
    world = WarpWorld()
    world.done("evse/user_enabled", True)
    world.box.reboot()
    world.wait(20)
    assert world.json("evse/user_enabled") == {"enabled": False}
    assert "User slot enabled, but no users configured. Disabling user slot." in world.log


# --- cards -----------------------------------------------------------------------------------------------------------


_FORMAT = 'Expected format is uppercase hex bytes separated by colons. For example "01:23:AB:3D".'


@pytest.mark.parametrize(
    ("tag", "error"),
    [
        ("04:A", f"Tag ID has unexpected length. {_FORMAT}"),
        ("04:AX", f"Tag ID contains unexpected character. {_FORMAT}"),
    ],
)
def test_tag_ids_are_checked(tag: str, error: str) -> None:
    world = WarpWorld()
    assert world.put("nfc/inject_tag", {"tag_type": 0, "tag_id": tag}) == (400, error)
    entry = {"user_id": 0, "tag_type": 0, "tag_id": tag}
    assert world.put("nfc/config", {"authorized_tags": [entry], "deadtime_post_start": 30}) == (400, error)


def test_tags_belong_to_users_and_are_unique() -> None:
    world = WarpWorld()
    unknown = {"user_id": 5, "tag_type": 0, "tag_id": "01:02"}
    assert (
        world.put("nfc/config", {"authorized_tags": [unknown], "deadtime_post_start": 30})[1]
        == "Unknown user with ID 5."
    )
    twice = [{"user_id": 0, "tag_type": 0, "tag_id": "0a:02"}, {"user_id": 0, "tag_type": 0, "tag_id": "0A:02"}]
    text = "Tag ID 0A:02 is used multiple times with same tag type."
    assert world.put("nfc/config", {"authorized_tags": twice, "deadtime_post_start": 30}) == (400, text)
    world.done("nfc/config", {"authorized_tags": twice[:1], "deadtime_post_start": 30})
    assert world.json("nfc/config/authorized_tags")[0]["tag_id"] == "0A:02"


def test_a_card_starts_and_ends_a_charge() -> None:
    world = with_eve()
    world.plug_in()
    world.wait(60)
    assert world.charger_state == 1
    assert world.json("evse/low_level_state/led_state") == 5
    assert str(world.now.state) == "b_auth"
    assert world.box.present_card("04a1b2c3").ok
    assert charge(world)["user_id"] == -1
    world.wait(20)
    assert charge(world)["user_id"] == 1
    assert charge(world)["authorization_type"] == 2
    assert world.ask("GET", "/charge_tracker/current_charge/authorization_info").body == (
        b'{"tag_type":0,"tag_id":"04:A1:B2:C3"}'
    )
    assert world.json("evse/user_current") == {"current": 10000}
    assert world.charger_state == 3
    assert world.json("charge_authorization/last_seen")[0]["auth_info"] == [2, TAG]
    world.box.present_card("04a1b2c3")  # within the dead time
    world.wait(1)
    assert charge(world)["user_id"] == 1
    world.wait(20)
    world.box.present_card("04a1b2c3")
    world.wait(1)
    assert charge(world)["user_id"] == -1
    assert world.charger_state == 1
    assert len(world.json("charge_tracker/last_charges")) == 1


def test_injected_tags() -> None:
    world = with_eve()
    world.done("nfc/inject_tag_start", TAG)
    world.wait(1)
    assert charge(world)["user_id"] == -1  # nothing is plugged
    assert world.json("nfc/seen_tags")[8]["tag_id"] == "04:A1:B2:C3"
    world.plug_in()
    world.wait(5)
    world.done("nfc/inject_tag_stop", TAG)
    world.wait(3)
    assert charge(world)["user_id"] == -1
    world.done("nfc/inject_tag", {"tag_type": 0, "tag_id": "04:a1:b2:c3"})
    world.wait(1)
    assert charge(world)["authorization_type"] == 3
    world.done("nfc/inject_tag", TAG)  # within two seconds: nothing
    world.wait(10)
    assert charge(world)["user_id"] == 1
    world.done("nfc/inject_tag_start", TAG)  # only starts
    world.wait(3)
    assert charge(world)["user_id"] == 1
    world.done("nfc/inject_tag", {"tag_type": 0, "tag_id": "FF:FF"})  # nobody's
    world.wait(3)
    assert charge(world)["user_id"] == 1
    world.unplug()
    world.wait(1.5)
    assert charge(world)["user_id"] == -1
    assert world.slot(6) == (0, True, True)


def test_another_users_card_is_ignored() -> None:
    world = with_eve()
    world.done("users/add", user(id=2, username="bob", display_name="Bob"))
    tags = [{"user_id": 1, **TAG}, {"user_id": 2, "tag_type": 1, "tag_id": "AA:BB"}]
    world.done("nfc/config", {"authorized_tags": tags, "deadtime_post_start": 30})
    world.plug_in()
    world.wait(2)
    world.done("nfc/inject_tag", TAG)
    world.wait(30)
    world.done("nfc/inject_tag", {"tag_type": 1, "tag_id": "AA:BB"})
    world.wait(2)
    assert charge(world)["user_id"] == 1


def test_seen_tags_age_and_are_forgotten() -> None:
    world = WarpWorld()
    world.box.present_card("04a1b2c3")
    world.wait(10)
    seen = world.json("nfc/seen_tags")
    assert len(seen) == 9
    assert 9_500 < seen[0]["last_seen"] <= 10_000
    world.wait(24 * 3600)
    assert world.json("nfc/seen_tags")[0] == {"tag_type": 0, "tag_id": "", "last_seen": 0}


# --- tracking --------------------------------------------------------------------------------------------------------


def test_nothing_is_tracked_at_first() -> None:
    assert WarpWorld().ask("GET", "/charge_tracker/current_charge").body == IDLE


def test_a_plug_in_that_is_never_released_is_not_tracked() -> None:
    world = WarpWorld()
    world.done("evse/external_current", 0)
    world.plug_in()
    world.wait(600)
    world.unplug()
    world.wait(5)
    assert world.json("charge_tracker/last_charges") == []


def with_log() -> WarpWorld:
    world = WarpWorld()
    for minutes in (10, 20):
        world.plug_in()
        world.wait(minutes * 60)
        world.unplug()
        world.wait(60)
    return world


ALL = {
    "api_not_final_acked": True, "language": 1, "start_timestamp_min": 0, "end_timestamp_min": 0,
    "current_timestamp_min": 0, "user_filter": -2, "device_filter": -2, "csv_delimiter": 1,
}  # fmt: skip


def test_the_charge_log() -> None:
    world = with_log()
    records = world.ask("GET", "/charge_tracker/charge_log").body
    assert len(records) == 32
    minutes, start, who = struct.unpack("<IfB", records[:9])
    (end,) = struct.unpack("<f", records[12:16])
    assert (minutes, who) == (int(world.simulation.epoch.timestamp()) // 60, 0)
    assert int.from_bytes(records[9:12], "little") == 600
    assert end > start == 0
    shown = world.json("charge_tracker/last_charges")
    assert [entry["charge_duration"] for entry in shown] == [600, 1200]
    assert world.json("charge_tracker/state")["tracked_charges"] == 2


def test_csv() -> None:
    world = with_log()
    reply = world.ask("PUT", "/charge_tracker/csv", ALL)
    assert (reply.status, reply.content_type) == (200, "text/csv")
    lines = reply.body.decode().splitlines()
    assert lines[0] == (
        '"Start time","Display name","Charged energy in kWh","Charge duration in s","","Meter reading start",'
        '"Meter reading end"'
    )
    assert lines[1].startswith('"2026-01-05 09:00","Anonymous","1.')
    assert lines[1].split(",")[3] == '"600"'
    world.done("charge_tracker/config", {"electricity_price": 3050, "remote_upload_configs": []})
    excel = world.ask("PUT", "/charge_tracker/csv", ALL | {"csv_delimiter": 0, "language": 0}).body
    text = excel.decode("cp1252").split("\r\n")
    assert text[0] == "sep=;"
    assert text[1].endswith('"Benutzername";"Ladekosten in € (Arbeitspreis) 30,50 ct/kWh"')
    assert text[2].startswith('"05.01.2026 09:00";"Anonymous";"1,')


@pytest.mark.parametrize(
    ("body", "status", "text"),
    [
        (b"", 400, "Failed to deserialize string: EmptyInput"),
        (b"{x", 400, "Failed to deserialize string: InvalidInput"),
        ({}, 400, "Please acknowledge that this API is subject to change!"),
        (b" " * 1025, 413, ""),
    ],
)
@pytest.mark.parametrize("kind", ["csv", "pdf"])
def test_downloads_are_checked(kind: str, body: object, status: int, text: str) -> None:
    assert WarpWorld().put(f"charge_tracker/{kind}", body) == (status, text)


def test_a_missing_filter_counts_as_zero() -> None:
    world = with_log()
    asked = dict(ALL)
    del asked["device_filter"]
    assert len(world.ask("PUT", "/charge_tracker/csv", asked).body.decode().splitlines()) == 1
    only_anonymous = {name: value for name, value in ALL.items() if name != "user_filter"}
    assert len(world.ask("PUT", "/charge_tracker/csv", only_anonymous).body.decode().splitlines()) == 3


def csv_rows(world: WarpWorld, **asked: int) -> int:
    """Charges in a download."""
    return len(world.ask("PUT", "/charge_tracker/csv", ALL | asked).body.decode().splitlines()) - 1


def test_a_charge_that_starts_at_the_end_of_the_period_is_left_out() -> None:
    world = with_log()
    first, second = (charge["timestamp_minutes"] for charge in world.json("charge_tracker/last_charges"))
    assert csv_rows(world, end_timestamp_min=first) == 0
    assert csv_rows(world, end_timestamp_min=second) == 1
    assert csv_rows(world, start_timestamp_min=second, end_timestamp_min=second + 1) == 1


@pytest.mark.parametrize(("device", "count"), [(-2, 2), (-1, 2), (-3, 0), (226004, 2), (7, 0)])
def test_a_download_selects_by_device(device: int, count: int) -> None:
    """-3: what the charge manager has configured, which is not this wallbox; -1: what it has not."""
    world = with_log()
    assert world.warp.platform.device_number == 226004
    assert csv_rows(world, device_filter=device) == count


def test_pdf() -> None:
    world = with_log()
    reply = world.ask("PUT", "/charge_tracker/pdf", ALL | {"letterhead": "Villa (Süd)\nHof 1"})
    body = reply.body
    assert (reply.status, reply.content_type) == (200, "application/pdf")
    assert body.startswith(b"%PDF-1.4")
    assert body.endswith(b"%%EOF\n")
    start = int(body.rsplit(b"startxref\n", 1)[1].split(b"\n")[0])
    assert body[start : start + 4] == b"xref"
    for entry in body[start:].split(b"\n")[3:8]:
        offset = int(entry.split()[0])
        assert b" obj" in body[offset : offset + 10]
    assert "Villa \\(Süd\\)".encode("cp1252") in body
    assert world.json("charge_tracker/pdf_letterhead_config")["letterhead"] == "Villa (Süd)\nHof 1"
    long = ALL | {"letterhead": "x" * 513}
    assert world.put("charge_tracker/pdf", long) == (400, "Letterhead is too long!")


def test_the_log_can_be_cleared() -> None:
    world = with_log()
    refused = world.put("charge_tracker/remove_all_charges", {"do_i_know_what_i_am_doing": False})
    assert refused == (400, "Tracked charges will NOT be removed")
    world.done("charge_tracker/remove_all_charges", {"do_i_know_what_i_am_doing": True})
    world.wait(20)
    assert world.json("charge_tracker/last_charges") == []


def test_without_a_clock_charges_have_no_time() -> None:
    world = WarpWorld(settings={"clock_set": False, "internet": False})
    assert set(world.json("rtc/time").values()) == {0}
    assert world.json("ntp/state") == {"synced": False, "time": 0}
    world.plug_in()
    world.wait(10)
    assert charge(world)["timestamp_minutes"] == 0
    assert world.log.splitlines()[-1].startswith(" " * 16)
    old = {"year": 2020, "month": 1, "day": 1, "hour": 0, "minute": 0, "second": 0, "weekday": 3}
    world.done("rtc/time_update", old)
    assert world.json("rtc/time/year") == 0
    world.done("rtc/time_update", old | {"year": 2027})
    assert world.json("rtc/time/year") == 2027


FUTURE = {"year": 2027, "month": 3, "day": 1, "hour": 0, "minute": 0, "second": 0, "weekday": 1}


def without_ntp(world: WarpWorld) -> None:
    world.done("ntp/config", world.json("ntp/config") | {"enable": False})


def test_a_time_server_overrides_what_a_client_has_set() -> None:
    world = WarpWorld(settings={"ntp/config": {"enable": False}})
    world.done("rtc/time_update", FUTURE)
    assert world.json("rtc/time/year") == 2027
    world.box.reboot()  # the hardware clock keeps it
    world.wait(30)
    assert world.json("rtc/time/year") == 2027
    world.done("ntp/config", world.json("ntp/config") | {"enable": True})
    assert world.json("rtc/time/year") == 2027
    world.wait(5)
    assert world.json("rtc/time/year") == 2026
    assert world.json("ntp/state/synced") is True


def test_a_reboot_heals_the_clock_where_a_time_server_answers() -> None:
    world = WarpWorld(settings={"ntp/config": {"enable": False}, "rtc/config": {"auto_sync": True}})
    world.done("rtc/time_update", FUTURE)
    world.wallbox.configure({"ntp/config": {"enable": True}})
    world.box.reboot()
    world.wait(30)
    assert world.json("rtc/time/year") == 2026


def test_for_25_hours_after_an_answer_no_client_sets_the_clock() -> None:
    world = WarpWorld()
    world.wait(90)
    without_ntp(world)
    assert world.json("ntp/state/synced") is False
    world.done("rtc/time_update", FUTURE)
    assert world.json("rtc/time/year") == 2026
    world.wait(24.9 * 3600)
    world.done("rtc/time_update", FUTURE)
    assert world.json("rtc/time/year") == 2026
    world.wait(0.2 * 3600)
    world.done("rtc/time_update", FUTURE)
    assert world.json("rtc/time/year") == 2027


def test_without_the_internet_the_clock_counts_as_synchronised_for_25_hours() -> None:
    world = WarpWorld()
    world.wait(60)
    world.wallbox.configure({"internet": False})
    world.wait(24.9 * 3600)
    assert world.json("ntp/state/synced") is True
    world.wait(0.2 * 3600)
    assert world.json("ntp/state/synced") is False
    assert world.json("rtc/time/year") == 2026


# --- limits ----------------------------------------------------------------------------------------------------------


def test_an_energy_limit() -> None:
    world = WarpWorld()
    world.done("charge_limits/default_limits", {"duration": 0, "energy_wh": 1000})
    world.plug_in()
    world.wait(10)
    state = world.json("charge_limits/state")
    assert state["target_energy_kwh"] == 1
    world.wait(1800)
    assert world.charger_state == 1
    assert world.slot(12) == (0, True, False)
    assert world.now.session_energy == pytest.approx(1000, rel=0.02)
    assert world.now.session_energy >= 1000
    world.done("charge_limits/restart")
    world.wait(60)
    assert world.charger_state == 3
    world.unplug()
    world.wait(2)
    assert world.slot(12)[0] == 32000


def test_a_time_limit_and_an_override() -> None:
    world = WarpWorld()
    world.done("charge_limits/default_limits", {"duration": 4, "energy_wh": 0})
    assert world.json("charge_limits/state")["target_timestamp_ms"] == 3_600_000
    world.plug_in()
    world.wait(10)
    world.done("charge_limits/override_duration", {"duration": 1})
    assert world.json("charge_limits/active_limits") == {"duration": 1, "energy_wh": 0}
    world.wait(14 * 60)
    assert world.charger_state == 3
    world.wait(60)
    assert world.charger_state == 1
    world.unplug()
    world.wait(2)
    assert world.json("charge_limits/active_limits") == {"duration": 4, "energy_wh": 0}


def test_a_meter_that_is_silent_for_a_day_stops_the_charge() -> None:
    world = WarpWorld()
    assert world.json("require_meter/config") == {"config": 2}
    world.plug_in(capacity=1e6)
    world.wait(60)
    power = world.json("meter/values")["power"]
    world.begin("it", faults.MeterFault())
    world.wait(3600)
    assert world.json("meter/values")["power"] == power
    assert world.json("meters/0/errors")["local_timeout"] == 3600
    assert world.charger_state == 3
    world.wait(23 * 3600 + 5)
    assert world.slot(13) == (0, True, False)
    assert world.charger_state == 1
    assert charge(world)["user_id"] == -1
    world.end("it")
    world.wait(5)
    assert world.slot(13) == (32000, True, False)


def test_a_wallbox_that_has_a_meter_watches_it_again_at_once() -> None:
    world = WarpWorld()
    world.done("require_meter/config", {"config": 0})
    assert world.json("require_meter/config") == {"config": 2}
    assert world.slot(13) == (32000, True, False)
    world.done("require_meter/config", {"config": 1})
    assert world.slot(13) == (32000, False, False)
    world.apply(PowerCut())
    world.apply(PowerUp())
    world.wait(30)
    assert world.slot(13) == (32000, False, False)


def test_a_meter_is_known_once_it_was_read() -> None:
    world = WarpWorld(settings={"meter_type": 0})
    assert world.json("evse/hardware_configuration")["energy_meter_type"] == 0
    assert world.json("meters/0/state") == {"type": 0}
    assert world.json("meter/state") == {"state": 0, "type": 0}
    assert world.json("meters/0/value_ids") == world.json("meters/0/values") == []
    assert not {"meters", "meter", "meter_phases"} & set(world.json("info/features"))
    assert world.json("info/name")["display_type"] == "WARP3 Charger Smart 11kW"
    assert world.json("require_meter/config") == {"config": 0}
    assert world.slot(13) == (32000, False, False)
    world.box.configure({"meter_type": 7})
    world.wait(9)
    assert world.json("meters/0/value_ids") == []
    world.wait(2)
    assert world.json("meters/0/state") == {"type": 7}
    assert world.json("info/features")[-4:] == ["meters", "meter", "meter_all_values", "meter_phases"]
    assert world.json("require_meter/config") == {"config": 2}
    assert world.slot(13) == (32000, True, False)
    assert "Seen energy meter for the first time" in world.log
    world.wait(47)
    assert world.json("info/name")["display_type"] == "WARP3 Charger Smart 11kW"
    world.wait(3)
    assert world.json("info/name")["display_type"] == "WARP3 Charger Pro 11kW"


def fed(*ids: int) -> WarpWorld:
    """A Smart whose meter a client feeds, in slot 1."""
    meter = [4, {"display_name": "House", "location": 2, "excluded": False, "value_ids": list(ids)}]
    links = {"meters_legacy_api/config": {"linked_meter_slot": 1}, "evse/meter_config": {"slot": 1}}
    return WarpWorld("warp3-smart-11", settings={"meters/1/config": meter, **links})


@pytest.mark.parametrize(("ids", "kind"), [((74, 209), 200), ((1, 2, 3, 13, 17, 21, 39, 48, 57, 74, 209), 201)])
def test_a_meter_that_a_client_feeds_is_of_a_type_of_its_own(ids: tuple[int, ...], kind: int) -> None:
    world = fed(*ids)
    assert world.json("meter/state") == {"state": 2, "type": kind}
    assert world.json("info/name")["display_type"] == "WARP3 Charger Pro 11kW"


def test_a_meter_that_repeats_itself_for_a_day_is_missing() -> None:
    world = fed(74, 209)
    world.done("meters/1/update", [0, 12])
    world.wait(100)
    assert world.slot(13) == (32000, True, False)
    world.wait(12 * 3600)
    world.done("meters/1/update", [0, 13])
    world.wait(23 * 3600)
    world.done("meters/1/update", [0, 13])
    world.wait(3590)
    assert world.slot(13) == (32000, True, False)
    world.wait(20)
    assert world.slot(13) == (0, True, False)
    world.done("meters/1/update", [0, 13])
    world.wait(5)
    assert world.slot(13) == (0, True, False)
    world.done("meters/1/update", [0, 14])
    world.wait(5)
    assert world.slot(13) == (32000, True, False)


def test_without_a_clock_resets_of_the_meter_are_counted() -> None:
    world = WarpWorld("warp2-pro-22", settings={"clock_set": False, "internet": False})
    for count in (1, 2, 3):
        world.done("meter/reset")
        assert world.json("meters/0/last_reset") == world.json("meter/last_reset") == {"last_reset": count}


def test_a_dsz15_has_its_resolution_and_no_frequency() -> None:
    world = WarpWorld(settings={"meter_type": 6})
    world.plug_in()
    world.wait(70)
    values = world.json("meter/all_values")
    ids = world.json("meters/0/value_ids")
    told = dict(zip(ids, world.json("meters/0/values"), strict=True))
    assert 364 in told
    assert told[364] is values[29] is None
    assert values[6] == told[39] == round(told[39]) > 0
    assert values[0] == pytest.approx(round(values[0], 2), abs=1e-5)
    assert values[15] == pytest.approx(round(values[15], 3), abs=1e-6)
    assert (values[12], values[26]) == (told[82], told[114])
    assert values[12] > 0


def test_the_keys_of_ocpp_are_in_the_order_of_a_captured_dump() -> None:
    keys = list(WarpWorld().json("ocpp/configuration"))
    at = keys.index("ResetRetries")
    assert keys[at + 1 : at + 4] == [
        "StopTransactionOnEVSideDisconnect",
        "StopTransactionOnInvalidId",
        "StopTransactionMaxMeterValues",
    ]


def test_a_meter_that_is_unplugged_is_missed_at_the_next_start() -> None:
    world = WarpWorld()
    world.plug_in()
    world.wait(60)
    world.box.configure({"meter_type": 0})
    power = world.json("meter/values")["power"]
    world.wait(60)
    assert world.json("meter/values")["power"] == power > 0
    assert world.json("evse/hardware_configuration")["energy_meter_type"] == 3
    world.apply(PowerCut())
    world.apply(PowerUp())
    world.wait(60)
    assert world.json("evse/hardware_configuration")["energy_meter_type"] == 0
    assert world.json("meter/values") == {"power": None, "energy_rel": None, "energy_abs": None}
    assert world.slot(13) == (0, True, False)
    assert world.charger_state == 1
    assert "Charger energy meter stuck or unreachable! Blocking charging." in world.log
    world.box.configure({"meter_type": None})
    world.wait(20)
    assert world.slot(13) == (32000, True, False)
    assert world.charger_state == 3
    assert "Charger energy meter working again. Allowing charging." in world.log


# --- meters ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", ["warp1-pro-11", "warp2-pro-11", "warp3-pro-11", "warp4-pro-11"])
def test_values_have_their_ids(model: str) -> None:
    world = WarpWorld(model)
    world.plug_in()
    world.wait(60)
    ids, values = world.json("meters/0/value_ids"), world.json("meters/0/values")
    assert tuple(ids) == TYPES[world.warp.meters.type]
    assert len(values) == len(ids)
    by_id = dict(zip(ids, values, strict=True))
    legacy = world.json("meter/values")
    assert legacy["power"] == by_id[74] == pytest.approx(world.now.power, rel=1e-3)
    assert legacy["energy_abs"] == by_id[209]
    every = world.json("meter/all_values")
    if 13 in by_id:
        assert len(every) == 85
        for index, value_id in enumerate(LEGACY):
            assert every[index] == (by_id.get(value_id) if value_id is not None else None)
    else:
        assert every == []


def test_a_smart_has_no_values() -> None:
    world = WarpWorld("warp3-smart-11")
    assert world.ask("GET", "/meter/values").body == b'{"power":null,"energy_rel":null,"energy_abs":null}'
    assert world.json("meters/0/value_ids") == []
    assert world.json("meter/all_values") == []
    assert world.json("meter/state") == {"state": 0, "type": 0}
    assert world.slot(13)[1] is False


def test_resettable_energy() -> None:
    world = WarpWorld()
    world.plug_in()
    world.wait(600)
    world.done("meter/reset")
    world.wait(1)
    values = world.json("meter/values")
    assert values["energy_abs"] > 1
    assert values["energy_rel"] < 0.01
    assert world.json("meters/0/last_reset")["last_reset"] > 1_700_000_000


def test_histories() -> None:
    world = WarpWorld()
    world.plug_in()
    world.wait(3600)
    history = world.json("meters/0/history")
    assert len(history["samples"]) == 720
    assert history["samples"][0] is None
    assert history["samples"][-1] == pytest.approx(world.now.power, abs=30)
    live = world.ask("GET", "/meters/0/live").body
    assert b'"samples_per_second":2.000000' in live
    assert len(world.json("meters/0/live")["samples"]) == 720
    assert world.ask("GET", "/meters/1/history").body == b'{"offset":0,"samples":[]}'
    assert world.ask("GET", "/meters/1/live").body == b'{"offset":0,"samples_per_second":0.0,"samples":[]}'
    assert [slot is None for slot in world.json("meters/history")["samples"]] == [False, True, True, True, True]


def test_a_meter_fed_by_the_api() -> None:
    world = WarpWorld()
    meter = [4, {"display_name": "Roof", "location": 7, "excluded": False, "value_ids": [74, 209]}]
    world.done("meters/1/config", meter)
    assert world.ask("PUT", "/meters/1/update", [1, 2]).status == 404
    world.box.reboot()
    world.wait(20)
    assert world.json("meters/1/values") == [None, None]
    world.done("meters/1/update", [-4200.5, 1234])
    assert world.json("meters/1/values") == [-4200.5, 1234]
    assert world.put("meters/1/update", [1]) == (400, "Length mismatch: expected 2 but got 1")


# --- §14a ------------------------------------------------------------------------------------------------------------


def test_the_grid_operator_limits_through_the_input() -> None:
    world = WarpWorld("warp3-pro-22")
    world.plug_in()
    world.wait(30)
    world.box.configure({"shutdown_input_closed": True})
    world.wait(1.5)
    assert world.json("p14a_enwg/state") == {"active": True, "limit_w": 4200}
    assert world.slot(16) == (6086, True, False)
    world.done("power_manager/external_control", 1)
    world.wait(100)
    assert world.slot(16) == (18260, True, False)
    world.box.configure({"shutdown_input_closed": False})
    world.wait(1.5)
    assert world.slot(16)[0] == 32000


def test_the_grid_operator_limits_through_the_api() -> None:
    world = WarpWorld("warp2-pro-22")
    config = world.json("p14a_enwg/config")
    assert config["enable"] is False
    world.done("p14a_enwg/config", config | {"enable": True, "limit_charger": True, "source": [2, None]})
    world.done("p14a_enwg/control", {"active": True, "limit_w": 5000})
    assert world.slot(16) == (7246, False, False)
    assert world.state["allowed_charging_current"] == 32000  # the slot's switch is separate
    world.done("evse/p14a_enwg_enabled", True)
    world.wait(1)
    assert world.json("p14a_enwg/state") == {"active": True, "limit_w": 5000}


# --- automation ------------------------------------------------------------------------------------------------------


def rules(*tasks: tuple[list[Any], list[Any], int]) -> list[dict[str, Any]]:
    return [{"trigger": trigger, "action": action, "delay": delay} for trigger, action, delay in tasks]


SAY = [1, {"message": "hello"}]


@pytest.mark.parametrize(
    ("task", "error"),
    [
        (([2, {"old_charger_state": -1, "new_charger_state": 1}], [0, None], 0), "ActionID must not be 0!"),
        (([0, None], SAY, 0), "TriggerID must not be 0!"),
        (([6, None], [3, {"current": 100}], 0), "Current must be 0 or between 6000 and 32000"),
        (([6, None], [6, {"current": 1}], 0), "Current too large: maximum available current is configured to 0"),
        (
            ([3, {"topic_filter": "warp3/2abC/x", "payload": "", "retain": False, "use_prefix": False}], SAY, 0),
            "MQTT topic must not contain the global prefix.",
        ),
        (
            ([3, {"topic_filter": "a/#/b", "payload": "", "retain": False, "use_prefix": False}], SAY, 0),
            "Invalid use of wildcards in topic.",
        ),
        (
            ([6, None], [2, {"topic": "a/+", "payload": "", "retain": False, "use_prefix": False}], 0),
            "MQTT topic must not contain wildcards.",
        ),
    ],
)
def test_rules_are_checked(task: tuple[list[Any], list[Any], int], error: str) -> None:
    assert WarpWorld().put("automation/config", rules(task)) == (400, error)


def test_a_rule_on_the_charger_state() -> None:
    world = WarpWorld()
    trigger = [2, {"old_charger_state": -1, "new_charger_state": 3}]
    world.done("automation/config", rules((trigger, [3, {"current": 7000}], 0), (trigger, SAY, 60)))
    world.plug_in()
    world.wait(30)
    assert world.slot(14) == (7000, True, False)
    assert "Running rule #1" in world.log
    assert "Running rule #2 in 60 seconds" in world.log
    assert "    hello" not in world.log
    world.wait(60)
    assert "    hello" in world.log
    first, second = world.json("automation/state/last_run")
    assert second - first == 60_000
    world.done("automation/config", [])
    assert world.slot(14) == (32000, False, True)


def test_a_rule_on_a_request() -> None:
    world = WarpWorld()
    trigger = [18, {"method": 3, "url_suffix": "go", "payload": "now"}]
    world.done("automation/config", rules((trigger, SAY, 0)))

    def ask(method: str, body: bytes) -> tuple[int, str]:
        reply = world.ask(method, "/automation_trigger/go", body)
        return reply.status, reply.body.decode()

    assert ask("GET", b"now") == (405, "No automation rule for this URL matches this method")
    assert ask("PUT", b"never") == (422, "No automation rule for this URL and method matches this payload length")
    assert ask("PUT", b"not") == (422, "No automation rule for this URL and method matches this payload")
    assert ask("POST", b"now") == (200, "")
    assert "    hello" in world.log


def test_a_rule_on_time() -> None:
    world = WarpWorld()  # Monday, 9:00 in Berlin
    at = {"mday": -1, "wday": 8, "hour": 9, "minute": 5}
    world.done("automation/config", rules(([1, at], SAY, 0), ([1, at | {"wday": 9}], [1, {"message": "weekend"}], 0)))
    world.wait(4 * 60)
    assert "hello" not in world.log
    world.wait(2 * 60)
    assert world.log.count("    hello") == 1
    world.wait(24 * 3600)
    assert world.log.count("    hello") == 2
    assert "weekend" not in world.log


def test_a_rule_that_watches_external_control() -> None:
    world = WarpWorld()
    world.done("automation/config", rules(([9, None], [3, {"current": 6000}], 0)))
    for _ in range(3):
        world.done("evse/external_current", 10000)
        world.wait(25)
    assert world.slot(14)[1] is False
    world.wait(10)
    assert world.slot(14) == (6000, True, False)
    assert world.log.count("Running rule #1") == 1
    world.wait(600)
    assert world.log.count("Running rule #1") == 1


def test_rules_on_cards_buttons_inputs_and_limits() -> None:
    world = WarpWorld(settings={"charge_limits/default_limits": {"energy_wh": 500}})
    say = [[1, {"message": f"rule {number}"}] for number in range(4)]
    world.done(
        "automation/config",
        rules(
            ([5, TAG], say[0], 0), ([4, None], say[1], 0), ([7, {"closed": True}], say[2], 0), ([6, None], say[3], 0)
        ),
    )
    world.box.present_card("04a1b2c3")
    assert "    rule 0" in world.log
    world.box.press_button()
    assert "    rule 1" in world.log
    world.box.configure({"shutdown_input_closed": True})
    assert "    rule 2" not in world.log
    world.box.configure({"shutdown_input_closed": False})
    assert "    rule 2" in world.log  # "closed" fires when it opens
    world.plug_in()
    world.wait(900)
    assert "    rule 3" in world.log


def test_actions() -> None:
    world = WarpWorld("warp4-pro-22")
    go = [18, {"method": 4, "url_suffix": "go", "payload": ""}]
    everything = [
        [1, {"message": "said"}],
        [2, {"topic": "x", "payload": "y", "retain": False, "use_prefix": True}],
        [3, {"current": 9000}],
        [5, {"meter_slot": 0}],
        [6, {"current": 0}],
        [7, {**TAG, "action": 0}],
        [8, {"restart": True, "duration": 2, "energy_wh": 3000, "soc_pct": 80}],
        [11, {"phases_wanted": 1}],
        [12, {"mode": 1}],
        [14, {"current": 5000}],
        [17, {"mode": 2}],
        [4, {"indication": 2001, "duration": 5000, "color_h": 0, "color_s": 0, "color_v": 0}],
    ]
    world.wait(2)
    world.done("automation/config", rules(*((go, action, 0) for action in everything)))
    assert world.ask("GET", "/automation_trigger/go").status == 200
    world.wait(1)
    assert world.slot(14)[0] == 9000
    assert world.json("evse/indicator_led/indication") == 2001
    assert world.json("nfc/seen_tags")[8]["tag_id"] == TAG["tag_id"]
    assert world.json("charge_limits/active_limits") == {"duration": 2, "energy_wh": 3000, "soc_pct": 80}
    assert world.json("evse/low_level_state/phases_current") == 1
    assert world.json("power_manager/charge_mode") == {"mode": 1}
    assert world.json("power_manager/low_level_state/max_current_limited") == 5000
    assert world.json("evse/charge_mode") == {"mode": 2}
    world.box.reboot()
    world.wait(20)
    assert world.json("power_manager/config/enabled") is True  # action 14 needs it
    assert "phase_switch" not in world.json("info/features")


def test_registered_rules() -> None:
    assert WarpWorld("warp1-pro-11").json("automation/state/registered_triggers") == [
        1,
        2,
        3,
        5,
        6,
        9,
        10,
        11,
        16,
        17,
        18,
    ]
    assert 8 in WarpWorld("warp2-pro-11").json("automation/state/registered_triggers")
    assert 9 in WarpWorld("warp2-pro-11").json("automation/state/registered_actions")


# --- configurations --------------------------------------------------------------------------------------------------

ETHERNET = {
    "enable_ethernet": True, "ip": "0.0.0.0", "gateway": "0.0.0.0", "subnet": "0.0.0.0", "dns": "0.0.0.0",
    "dns2": "0.0.0.0",
}  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"ip": "1.2.3.256"}, 'Failed to parse "ip": Expected format is dotted decimal, i.e. 10.0.0.1'),
        ({"gateway": "1.2.3.x"}, 'Failed to parse "gateway": Expected format is dotted decimal, i.e. 10.0.0.1'),
        ({"subnet": "255.255.255"}, 'Failed to parse "subnet": Expected format is dotted decimal, i.e. 255.255.255.0'),
        ({"subnet": "255.0.255.0"}, "Invalid subnet mask passed: Expected format is 255.255.255.0"),
        (
            {"ip": "127.0.0.5", "subnet": "255.0.0.0"},
            "Invalid IP or subnet mask passed: This configuration would route localhost (127.0.0.1) to the ethernet "
            "interface.",
        ),
        (
            {"ip": "10.0.0.5", "subnet": "255.255.255.0", "gateway": "10.0.1.1"},
            "Invalid IP, subnet mask, or gateway passed: IP and gateway are not in the same network according to the "
            "subnet mask.",
        ),
        ({"dns2": "8.8.8.8.8"}, 'Failed to parse "dns2": Expected format is dotted decimal, i.e. 10.0.0.1'),
        ({"dns": "8.8"}, '["dns"] String of minimum length 7 was expected, but got 3'),
    ],
)
def test_addresses(changes: dict[str, object], error: str) -> None:
    assert WarpWorld().put("ethernet/config", ETHERNET | changes) == (400, error)


def test_the_last_interface_stays_on() -> None:
    world = WarpWorld()
    world.done("wifi/ap_config/enable_ap", False)
    text = "Cannot disable Ethernet: No other network interface is enabled. Enable WiFi STA or WiFi AP first."
    assert world.put("ethernet/config", ETHERNET | {"enable_ethernet": False}) == (400, text)
    first = WarpWorld("warp1-pro-11")
    text = "Cannot disable WiFi AP: No other network interface is enabled. Enable WiFi STA first."
    assert first.put("wifi/ap_config/enable_ap", False) == (400, text)


@pytest.mark.parametrize(
    ("path", "body", "error"),
    [
        (
            "network/config/web_server_port",
            22,
            "Selected http web server port is regarded as unsafe by web browsers. Please select another port.",
        ),
        ("network/config/cert_id", 1, "Invalid certificate or key; see event log for details"),
        (
            "wifi/sta_config/passphrase",
            "short",
            "Passphrase too short. Must be at least 8 characters, or zero if open network.",
        ),
        ("wifi/ap_config/subnet", "255.0.0.0",
         "Invalid subnet mask passed: Subnet mask must be at least /30 and not bigger than /24."),
        ("ntp/config/timezone", "Nowhere", "Can't update config: Failed to look up timezone."),
        ("system/i18n_config/language", -1, "Default is not allowed"),
        (
            "power_manager/config",
            {"excess_charging_enable": True, "phase_switching_mode": 3},
            "Can't enable excess charging when external control is enabled for phase switching.",
        ),
        (
            "power_manager/config",
            {"battery_mode": 1, "meter_slot_battery_power": 1},
            "Grid and battery storage cannot use the same power meter",
        ),
        ("power_manager/dynamic_load_config", {"enabled": True}, "Invalid current limit. Must be at least 16A."),
        (
            "power_manager/dynamic_load_config",
            {"enabled": True, "current_limit": 20000},
            "Largest consumer current cannot be above current limit.",
        ),
        ("charge_manager/config", {"enable_charge_manager": True}, "at least one charger is required"),
        (
            "charge_manager/config",
            {"default_available_current": 1},
            "default_available_current can not be greater than maximum_available_current",
        ),
        (
            "charge_manager/config",
            {"chargers": [{"host": "a", "name": "a", "rot": 0, "uid": 1}] * 2},
            "there must not be two chargers with the same hostname or IP address",
        ),
        (
            "charge_manager/available_current",
            1,
            "Current too large: maximum available current is configured to 0",
        ),
        ("charge_manager/authorize_charger", {"charger_idx": 0, "user_id": 1}, "Invalid charger index"),
        (
            "mqtt/auto_discovery_config",
            {"auto_discovery_mode": 2, "auto_discovery_prefix": "warp3/2abC"},
            "Auto discovery topic prefix cannot be the same as the MQTT API topic prefix.",
        ),
    ],
)  # fmt: skip
def test_configurations_are_checked(path: str, body: object, error: str) -> None:
    world = WarpWorld()
    if isinstance(body, dict) and path + "_update" in world.warp.api.commands and path.count("/") == 1:
        shown = world.ask("GET", f"/{path}")
        body = (world.json(path) if shown.status == 200 else {}) | body
    assert world.put(path, body) == (400, error)


def test_a_vehicle_of_a_warp4() -> None:
    world = WarpWorld("warp4-pro-22")
    world.done("users/add", EVE)
    car = {"name": "ID.3", "mac": "AA:BB:CC:xx:xx:xx", "capacity": 58.0, "charging_efficiency": 0.9, "user_id": 1}
    assert world.put("ev/config", [car | {"mac": ""}]) == (400, "Empty MAC address is not allowed")
    bad = "Invalid MAC address format at index 0. Expected format: AA:BB:CC:DD:EE:FF or AA:BB:CC:xx:xx:xx"
    assert world.put("ev/config", [car | {"mac": "AA"}]) == (400, bad)
    assert world.put("ev/config", [car, car]) == (400, "Duplicate MAC address at index 0 and 1")
    assert world.put("ev/config", [car | {"user_id": 9}]) == (400, "Unknown user_id at index 0")
    world.done("ev/config", [car])
    world.done("iso15118/config/autocharge", True)
    world.done("evse/user_enabled", True)
    assert world.ask("GET", "/ev/state").body == (
        b'{"active_ev_index":-1,"name":"","mac":"","soc":null,"capacity":null,"charging_efficiency":0.920000017}'
    )
    assert world.put("ev/inject_ev", "") == (400, "MAC address must not be empty.")
    assert world.put("ev/inject_ev", "xx") == (400, "Invalid MAC address format. Expected format: AA:BB:CC:DD:EE:FF")
    assert world.put("ev/inject_soc", 101) == (400, "SoC must be between 0 and 100")
    world.plug_in()
    world.wait(5)
    world.done("ev/inject_ev", "aa:bb:cc:01:02:03")
    world.done("ev/inject_soc", 50)
    world.wait(3600)
    assert charge(world)["authorization_type"] == 5
    assert charge(world)["authorization_info"] == {"mac": "AA:BB:CC:01:02:03"}
    soc = world.json("ev/state/soc")
    assert soc == pytest.approx(50 + world.now.session_energy / 1000 * 0.9 / 58 * 100, rel=0.01)
    assert world.json("meters/1/values")[0] == soc
    world.unplug()
    world.wait(1)
    assert world.json("ev/state/active_ev_index") == -1


def test_everything_saved_survives_a_power_cut() -> None:
    world = with_eve()
    world.plug_in()
    world.wait(2)
    world.done("nfc/inject_tag", TAG)
    world.wait(60)
    world.apply(PowerCut())
    world.wait(60)
    assert not world.box.up
    world.apply(PowerUp())
    world.wait(60)
    assert [u["display_name"] for u in world.json("users/config")["users"]] == ["Anonymous", "Eve"]
    assert world.json("evse/user_enabled") == {"enabled": True}
    assert world.charger_state == 1  # the card is asked for again


def test_an_interface_switched_off_comes_back_without_a_restart() -> None:
    world = WarpWorld()
    world.done("ethernet/config", ETHERNET | {"enable_ethernet": False})
    world.wait(39.75)
    assert world.json("ethernet/state")["disable_countdown"] == 200
    assert world.json("ethernet/state")["connection_state"] == 3
    world.wait(200)
    assert world.json("ethernet/config")["enable_ethernet"] is True
    world.done("ethernet/config", ETHERNET | {"enable_ethernet": False})
    world.box.reboot()
    world.wait(400)
    assert world.json("ethernet/config")["enable_ethernet"] is False
    assert world.json("ethernet/state")["connection_state"] == 0


def test_a_rule_that_watches_the_manager() -> None:
    world = WarpWorld()
    config = world.json("charge_manager/config") | {"enable_watchdog": True, "maximum_available_current": 20000}
    world.done("charge_manager/config", config)
    world.done("automation/config", rules(([11, None], SAY, 0)))
    world.done("charge_manager/available_current", 10000)
    world.wait(29)
    assert "    hello" not in world.log
    world.wait(2)
    assert world.log.count("    hello") == 1


def test_a_new_firmware_is_another_profile() -> None:
    world = WarpWorld()
    world.plug_in()
    world.wait(30)
    world.box.set_firmware("2.9.0")
    assert not world.box.write("evse/external_current", 6000, CLIENT).ok
    world.wait(30)
    assert world.json("info/version")["firmware"] == "2.9.0+69831bfb"
    assert world.json("mqtt/config_modified") == {"modified": 0}
    assert world.charger_state == 3
    world.box.set_firmware("2.12.1")
    world.wait(30)
    assert world.json("p14a_enwg/state") == {"active": False, "limit_w": 0}


def test_scenarios_read_and_write_as_a_client_does() -> None:
    world = WarpWorld()
    assert world.box.read("evse/state.charger_state") == 0
    assert world.box.read("evse/slots.4.max_current") == 32000
    assert world.box.read("meters/0/values") == world.json("meters/0/values")
    assert world.box.read("charge_tracker/current_charge.authorization_info.tag_id") is None
    assert world.box.write("evse/external_current.current", 7000, CLIENT).ok
    assert world.box.write("evse/external_current", {"current": 8000}, CLIENT).ok
    refused = world.box.write("evse/external_current", {"amps": 1}, CLIENT)
    assert refused.refused is Reason.INVALID
    assert refused.message.startswith("JSON object is missing key 'current'")
    assert world.box.write("evse/state", 1, CLIENT).refused is Reason.READ_ONLY
    assert world.box.write("nothing", 1, CLIENT).refused is Reason.UNKNOWN
    for address in ("nothing", "evse/state.nothing", "evse/slots.99"):
        with pytest.raises(KeyError):
            world.box.read(address)
    world.wait(0.25)
    assert world.box.read("evse/external_current.current") == 8000
    written = [entry for entry in world.simulation.journal if entry.kind == "write"]
    assert [(entry.name, entry.detail["value"]) for entry in written][:3] == [
        ("evse/external_current.current", 7000),
        ("evse/external_current.current", 8000),
        ("evse/external_current", {"amps": 1}),
    ]
