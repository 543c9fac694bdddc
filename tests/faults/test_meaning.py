"""Faults of meaning: what a client reads, and what its writes do."""

from __future__ import annotations

import json

import pytest

from emulator.faults.edits import HIDE, add_member, edit

from .support import BOXES, Bench


@pytest.mark.parametrize(
    ("key", "new", "text", "expected"),
    [
        ("amp", 9, '{"amp": 16,"car":2}', '{"amp": 9,"car":2}'),
        ("amp", HIDE, '{"amp": 16,"car":2}', '{"car":2}'),
        ("car", HIDE, '{"amp": 16, "car":2}', '{"amp": 16}'),
        ("nrg.1", 0, '{"nrg":[1, 2 ,3]}', '{"nrg":[1, 0 ,3]}'),
        ("powerflow.*.voltage", None, '{"powerflow":{"l1":{"voltage":1}}}', '{"powerflow":{"l1":{"voltage":null}}}'),
        ("nothing", 0, '{"amp": 16}', '{"amp": 16}'),
        (
            "a/b.car",
            3,
            '{"topic":"a/b","payload":{"car":1}}\n',
            '{"topic":"a/b","payload":{"car":3}}\n',
        ),
        ("amp", 0, "no json {", "no json {"),
    ],
)
def test_only_the_changed_place_changes(key: str, new: object, text: str, expected: str) -> None:
    from emulator.devices.documents import address

    assert edit(text, (), address(key), lambda _path, _old: new) == expected


def test_a_member_is_added() -> None:
    assert add_member('{"a":1}', (), (), "b", [2]) == '{"a":1,"b":[2]}'
    assert add_member('{"x":{}}', ("x",), (), "b", 2) == '{"x":{"b":2}}'


# --- values a client reads -------------------------------------------------------------------------------------------


def test_a_value_is_replaced_everywhere_it_is_seen() -> None:
    bench = Bench()
    bench.fault("goe", "override", match={"key": "car"}, value=5)
    assert bench.json("/api/status?filter=car") == {"car": 5}
    assert bench.json("/api/status")["car"] == 5
    assert bench.read("garage.goe.car") == 5


def test_every_other_byte_stays() -> None:
    bench = Bench()
    before = bench.http("/api/status?filter=amp,car,nrg").body
    bench.fault("goe", "override", match={"key": "car"}, value=5)
    after = bench.http("/api/status?filter=amp,car,nrg").body
    assert after == before.replace(b'"car":1', b'"car":5')
    assert after != before


@pytest.mark.parametrize(
    ("sentinel", "expected"),
    [("null", None), ("zeros", 0), ("ones", 0xFFFFFFFF)],
)
def test_sentinels_in_json(sentinel: str, expected: object) -> None:
    bench = Bench()
    bench.fault("goe", "override", match={"key": "amp"}, sentinel=sentinel)
    assert bench.amp() == expected


def test_a_list_of_zeros_and_no_number() -> None:
    bench = Bench()
    bench.fault("goe", "override", match={"key": "nrg"}, sentinel="zeros")
    bench.fault("goe", "override", name="nan", match={"key": "amp"}, sentinel="nan")
    assert set(bench.json("/api/status?filter=nrg")["nrg"]) == {0}
    assert b'"amp":NaN' in bench.http("/api/status?filter=amp").body


@pytest.mark.parametrize(("sentinel", "words"), [("ones", [0xFFFF, 0xFFFF]), ("zeros", [0, 0]), ("nan", [0x7FC0, 0])])
def test_sentinels_in_registers(sentinel: str, words: list[int]) -> None:
    bench = Bench()
    bench.fault("nrgkick.modbus", "override", match={"register": 210}, sentinel=sentinel)
    assert bench.registers(210, 2) == words
    assert bench.registers(210, 2) == words


def test_a_register_is_changed_through_its_own_type() -> None:
    bench = Bench()
    before = bench.registers(206)
    bench.fault("nrgkick.modbus", "override", match={"register": 210}, value=-2)
    assert bench.registers(210, 2) == [0xFFFE, 0xFFFF]  # low word first
    assert bench.read("garage.nrgkick.modbus.210") == -2
    assert bench.registers(206) == before, "the others are as they were"


def test_a_register_by_its_name() -> None:
    bench = Bench()
    bench.fault("nrgkick.modbus", "rescale", match={"key": "current_set"}, factor=0.5)
    assert bench.registers(194) == [160]
    assert bench.entries()[-1].detail["changed"] == {"control.current_set": [320, 160]}
    assert bench.read("garage.nrgkick.modbus.194") == 160


def test_a_value_is_hidden() -> None:
    bench = Bench()
    bench.fault("goe.http", "hide", match={"key": "amp"})
    assert bench.json("/api/status?filter=amp,car") == {"car": 1}
    bench.fault("nrgkick.modbus", "hide", match={"register": 194})
    assert bench.registers(194) == -2


def test_a_member_appears() -> None:
    bench = Bench()
    bench.fault("goe.http", "add", member="lod", value=3)
    assert bench.json("/api/status?filter=amp") == {"amp": 16, "lod": 3}


def test_a_value_stands_still_at_what_it_was() -> None:
    bench = Bench()
    bench.fault("goe.http", "frozen_value", match={"key": "amp"})
    assert bench.amp() == 16
    assert bench.set_amp(10) == {"amp": True}
    assert bench.amp() == 16
    bench.do("clear_fault", name="frozen_value")
    assert bench.amp() == 10


def test_counters_dip_and_begin_again() -> None:
    bench = Bench()
    bench.do("plug_in", charger="garage", vehicle="vw_id3")
    bench.wait(1800)
    energy = bench.json("/api/status?filter=wh")["wh"]
    assert energy > 1000
    bench.fault("goe.http", "counter_dip", match={"key": "wh"}, by=1000, count=1)
    assert bench.json("/api/status?filter=wh")["wh"] == pytest.approx(energy - 1000)
    assert bench.json("/api/status?filter=wh")["wh"] == pytest.approx(energy)
    bench.fault("goe.http", "counter_reset", match={"key": "wh"})
    assert bench.json("/api/status?filter=wh")["wh"] == 0
    bench.wait(600)
    assert 500 < bench.json("/api/status?filter=wh")["wh"] < energy


def test_whole_answers_stand_still() -> None:
    bench = Bench()
    bench.fault("goe.http", "frozen_reply")
    bench.fault("nrgkick.modbus", "frozen_reply")
    first, words = bench.http("/api/status?filter=amp").body, bench.registers(194)
    bench.set_amp(10)
    assert bench.http("/api/status?filter=amp").body == first
    assert bench.json("/api/status?filter=amp,car")["amp"] == 10, "another request, asked for the first time"
    bench.do("command", wallbox="nrgkick", write={"control.current_set": 10.0})
    assert bench.registers(194) == words


def test_two_interfaces_disagree() -> None:
    bench = Bench()
    bench.fault("nrgkick.http", "override", match={"key": "control.current_set"}, value=6.0)
    assert bench.json("/control", on="garage.nrgkick")["current_set"] == 6.0
    assert bench.registers(194) == [320]


# --- writes ----------------------------------------------------------------------------------------------------------


def test_a_write_is_acknowledged_and_does_nothing() -> None:
    bench = Bench()
    bench.fault("goe", "acknowledged_but_ineffective", count=2)
    assert [bench.set_amp(10), bench.amp()] == [{"amp": True}, 16]
    assert [bench.set_amp(10), bench.amp()] == [{"amp": True}, 16]
    assert [bench.set_amp(10), bench.amp()] == [{"amp": True}, 10]
    hits = [entry for entry in bench.entries() if entry.detail["what"] == "hit"]
    assert [entry.detail["swallowed"] for entry in hits] == [["amp"], ["amp"]]
    assert all(entry.cause is not None for entry in hits)


def test_reading_is_no_write() -> None:
    bench = Bench()
    bench.fault("goe", "acknowledged_but_ineffective", count=1)
    for _ in range(3):
        bench.amp()
    bench.set_amp(10)
    assert bench.amp() == 16


def test_only_one_value_is_not_written() -> None:
    bench = Bench()
    bench.fault("goe.http", "acknowledged_but_ineffective", match={"key": "frc"})
    bench.set_amp(10)
    assert bench.json("/api/set?frc=1") == {"frc": True}
    assert bench.json("/api/status?filter=amp,frc") == {"amp": 10, "frc": 0}


def test_a_write_right_after_another_is_ignored() -> None:
    bench = Bench()
    bench.fault("goe.http", "acknowledged_but_ineffective", sooner_than="500 ms")
    bench.set_amp(10)
    bench.wait(0.2)
    bench.set_amp(12)
    assert bench.amp() == 10
    bench.wait(1)
    bench.set_amp(14)
    assert bench.amp() == 14


def test_a_register_write_does_nothing() -> None:
    bench = Bench()
    bench.fault("nrgkick.modbus", "acknowledged_but_ineffective", match={"register": 194})
    answer = bench.modbus(bytes([6, 0, 194, 0, 100]))
    assert answer.data[7] == 6
    assert bench.registers(194) == [320]


def test_the_old_value_is_read_back_for_a_while() -> None:
    bench = Bench()
    bench.fault("goe", "settle_delay", settle="5 s")
    bench.set_amp(10)
    assert bench.amp() == 16
    bench.wait(4)
    assert bench.read("garage.limits.goe.amp") == 10, "it is in force"
    assert bench.amp() == 16
    assert bench.read("garage.goe.amp") == 16
    bench.wait(1.5)
    assert bench.amp() == 10


def test_the_old_value_of_a_register() -> None:
    bench = Bench()
    bench.fault("nrgkick.modbus", "settle_delay", settle="5 s")
    bench.modbus(bytes([6, 0, 194, 0, 100]))
    assert bench.registers(194) == [320]
    bench.wait(6)
    assert bench.registers(194) == [100]


def test_through_a_step_as_through_a_socket() -> None:
    bench = Bench()
    bench.fault("goe.http", "acknowledged_but_ineffective", count=1)
    assert bench.do("command", wallbox="goe", write={"amp": 10}).ok
    assert bench.amp() == 16
    bench.do("command", wallbox="goe", write={"amp": 10}, interface="modbus")
    assert bench.amp() == 10


def test_a_body_with_another_content_type_is_refused() -> None:
    bench = Bench()
    bench.fault("goe.http", "strict_content_type")
    body = json.dumps({"x": 1}).encode()
    said = {"content-type": "text/plain"}
    assert bench.http("/api/set", method="POST", body=body, headers=said).status == 415
    said = {"content-type": "application/json"}
    assert bench.http("/api/set", method="POST", body=body, headers=said).status != 415
    assert bench.http("/api/status?filter=amp").status == 200


def test_a_length_that_the_device_states_itself_stays_right() -> None:
    bench = Bench()
    bench.wait(60)
    bench.fault("street.lektrico", "hide", match={"key": "user_current"})
    reply = bench.http("/rpc/app_config.get", on="street.lektrico")
    lengths = [int(value) for name, value in reply.headers if name.lower() == "content-length"]
    assert lengths == [len(reply.body)]
    assert b"user_current" not in reply.body


def test_what_the_charger_did_not_get_is_not_shown_and_can_be_asked_for_again() -> None:
    bench = Bench("chargers:\n  garage:\n    wallboxes: [warp]\n")
    bench.do("plug_in", charger="garage", vehicle="generic")
    bench.fault("warp", "acknowledged_but_ineffective", count=1)
    shown, offered = [], []
    for _ in range(2):
        bench.http("/evse/external_current_update", on="garage.warp", method="PUT", body=b"6000")
        bench.wait(10)
        shown.append(json.loads(bench.http("/evse/external_current", on="garage.warp").body)["current"])
        offered.append(bench.read("garage.offered_current"))
    assert shown == [32000, 6000]
    assert offered == pytest.approx([32, 6], abs=0.1)


def test_numbers_in_texts_are_numbers() -> None:
    bench = Bench(BOXES.replace("amp: 16", "amp: 16, hla: true"))
    bench.fault("goe.http", "rescale", match={"key": "amp", "path": "/status"}, factor=10)
    assert bench.json("/status")["amp"] == "160"
    assert bench.amp() == 16
    bench.fault("goe.http", "rescale", match={"key": "version"}, factor=10)
    assert bench.json("/status")["version"] == "B"
    assert bench.told("rescale") == ["begin", "hit", "end", "begin"]


def test_what_settles_late_may_be_told_by_where_it_is_read() -> None:
    bench = Bench(BOXES.replace("amp: 16", "amp: 16, hla: true"))
    bench.fault("goe.http", "settle_delay", match={"path": "/api/status", "key": "amp"}, settle="3 s")
    assert bench.json("/api/set?amp=10&frc=1") == {"amp": True, "frc": True}
    assert bench.json("/api/status?filter=amp,frc") == {"amp": 16, "frc": 1}
    assert (bench.json("/status")["amp"], bench.read("garage.goe.modbus.299")) == ("10", 10)
    bench.wait(3)
    assert bench.amp() == 10


def test_a_write_over_the_old_api_settles_late_too_and_texts_stay_texts() -> None:
    bench = Bench(BOXES.replace("amp: 16", "amp: 16, hla: true"))
    bench.fault("goe.http", "settle_delay", settle="3 s")
    assert bench.json("/mqtt?payload=amx=13")["amx"] == "13"
    assert (bench.amp(), bench.json("/status")["amp"]) == (16, "16")
    bench.json("/api/set?amp=20")
    assert (bench.amp(), bench.json("/status")["amx"]) == (16, "16")
    bench.wait(3)
    assert (bench.amp(), bench.json("/status")["amx"]) == (20, "20")


def test_two_readings_of_one_value_settle_apart() -> None:
    bench = Bench()
    bench.fault("goe.http", "settle_delay", name="here", settle="3 s")
    bench.fault("goe.modbus", "settle_delay", name="there", settle="9 s")
    bench.set_amp(10)
    seen = []
    for _ in range(3):
        seen.append((bench.amp(), bench.read("garage.goe.modbus.299")))
        bench.wait(5)
    assert seen == [(16, 16), (10, 16), (10, 10)]


@pytest.mark.parametrize(
    ("vendor", "write", "key", "adjusted", "stored"),
    [
        ("goe", "/api/set?amp=13", "amp", {"step": 5}, 10),
        ("goe", "/api/set?amp=13", "amp", {"highest": 8}, 8),
        ("nrgkick", "/control?current_set=9.4", "current_set", {"lowest": 12}, 12),
        ("nrgkick", "/control?current_set=9.4", "current_set", {"step": 0.5}, 9),
    ],
)
def test_a_write_is_taken_and_rounded(
    vendor: str, write: str, key: str, adjusted: dict[str, object], stored: float
) -> None:
    bench = Bench()
    healthy = bench.http(write, on=f"garage.{vendor}").body
    bench.fault(vendor, "adjusted_write", match={"key": key}, **adjusted)
    assert bench.http(write, on=f"garage.{vendor}").body == healthy
    assert bench.read(f"garage.{vendor}.{'amp' if vendor == 'goe' else 'control.current_set'}") == stored
    assert bench.told() == ["begin", "hit"]
