"""Captures are read as they come: wrapped, commented, cut off. Every text here was typed for the test."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emulator.captures.capture import Capture
from emulator.captures.reading import read
from emulator.errors import EmulatorError

GOE = '/go-eCharger/222333/car 1\n/go-eCharger/222333/nrg [230,231,229,0]\n/go-eCharger/222333/fwv "60.5"\n'
STATUS = '{"car":1,"amp":16,"nrg":[230,231,229],"fwv":"60.5","typ":"go-eCharger_V4","var":22,"sse":"222333"}'
V1 = '{"version":"B","dws":"0","stp":"0","amx":"10","ast":"0","ama":"32","nrg":[230.5,231,229],"fwv":"053.7"}'
WARP = '{"topic":"info/name","payload":{"type":"warp2","display_type":"WARP2 Charger Pro 11kW","uid":"QrS"}}'
NRGKICK = '{"info":{"connector":{"phase_count":3,"max_current":16}},"control":{"current_set":6,"charge_pause":0}}'
LEKTRICO = (
    '{"id":1,"result":{"charger_state":"A","extended_charger_state":"A","voltages":[231.2,0,0],"fw_version":"1.45"}}'
)
BENDER = "conn_state:no_vehicle_connected\nfirmware_ver:5.22.1-13000\ncp_model:CC612_2S0R_CC\nmax_current:16\n"
KEBA = '{"ID": "1","Product": "KC-P30-EC240422-E0R","Serial": "22334455","Firmware":"P30 v 3.10.28 (210520-115347)"}'
REGISTERS = "1000 1\n1004 0x0003\n1036: 12345\n"

SAMPLES = {
    "goe topics": (GOE, "goe", None, "60.5", ["car", "nrg", "fwv"]),
    "goe status": (STATUS, "goe", "gemini-22", "60.5", ["/api/status"]),
    "goe v1": (V1, "goe", "gemini-22", "053.7", ["/status"]),
    "warp": (WARP, "warp", "warp2-pro-11", None, ["info/name"]),
    "nrgkick": (NRGKICK, "nrgkick", "nrgkick-16", None, ["/info", "/control"]),
    "lektrico": (LEKTRICO, "lektrico", "1p7k", "1.45", ["charger_info.get"]),
    "bender": (BENDER, "bender", "amtron-chargecontrol-11", "5.22.1-13000", ["full_state"]),
    "keba": (KEBA, "keba", "keba-p30-c-32", "3.10.28", ["report 1"]),
    "registers": (REGISTERS, "keba", None, None, ["1000", "1004", "1036"]),
}


def _sources(capture: Capture) -> list[str]:
    return [document.source for document in capture.documents]


@pytest.mark.parametrize("name", SAMPLES)
def test_device_and_documents_are_told_by_what_it_says(name: str) -> None:
    text, vendor, model, firmware, sources = SAMPLES[name]
    found = read(text)
    assert (found.vendor, found.identity.model, found.identity.firmware) == (vendor, model, firmware)
    assert _sources(found) == sources
    assert not found.remarks


WRAPPERS = {
    "quoted": lambda line: f"> > {line}",
    "coloured": lambda line: f"\x1b[36m{line}\x1b[0m",
    "container": lambda line: f"box  | {line}",
    "journal": lambda line: f"Jan 05 18:32:32 host box[17]: {line}",
    "windows": lambda line: f"{line}\r",
    "ticked": lambda line: f"`{line}`",
}


@pytest.mark.parametrize("wrapper", WRAPPERS)
@pytest.mark.parametrize("name", SAMPLES)
def test_what_is_around_a_capture_is_taken_off(name: str, wrapper: str) -> None:
    text = SAMPLES[name][0]
    wrapped = "\n".join(map(WRAPPERS[wrapper], text.splitlines()))
    found = read(f"# what the box said\n\n```json\n{wrapped}\n```\n")
    assert [d.data for d in found.documents] == [d.data for d in read(text).documents]
    assert found.documents[0].line == 4
    assert not found.remarks


def test_values_keep_their_spelling_and_their_line() -> None:
    found = read('{\n "car": 1,\n "wh": 12.50,\n "nrg": [230.10,\n  1e3],\n "amp": 6\n}').documents[0]
    assert [(".".join(field.path), field.spelled, field.line) for field in found.fields if field.path] == [
        ("car", "1", 2),
        ("wh", "12.50", 3),
        ("nrg", "[230.10,\n  1e3]", 4),
        ("nrg.0", "230.10", 4),
        ("nrg.1", "1e3", 5),
        ("amp", "6", 6),
    ]
    assert found.get("nrg", "1") == 1000
    assert [field.kind for field in found.fields] == [
        "object",
        "number",
        "number",
        "list",
        "number",
        "number",
        "number",
    ]


def test_a_document_that_was_cut_off_is_read_up_to_its_last_value() -> None:
    found = read('{"car":1,"amp":16,"alw":true,"cll":{"a":1,"b":2},"nrg":[230,231,22')
    assert found.documents[0].data == {"car": 1, "amp": 16, "alw": True, "cll": {"a": 1, "b": 2}, "nrg": [230, 231]}
    assert not found.documents[0].complete
    assert [str(remark) for remark in found.remarks] == ["line 1: the end of this document is missing"]


def test_the_next_topic_ends_a_document_that_was_cut_off() -> None:
    found = read('evse/state {"charger_state":1,"error_st\nevse/slots [{"max_current":16000}]\n')
    assert [(d.source, d.data, d.complete) for d in found.documents] == [
        ("evse/state", {"charger_state": 1}, False),
        ("evse/slots", [{"max_current": 16000}], True),
    ]


def test_what_was_not_understood_is_said_with_its_line() -> None:
    found = read(f"{GOE}It hums, too.\n{KEBA}\n/go-eCharger/222333/tma [2x.5,31]")
    assert [str(remark) for remark in found.remarks] == [
        "line 4: not understood: It hums, too.",
        'line 5: not understood: {"ID": "1","Product": "KC-P30-EC240422-E',
        "line 6: 0: masked by hand",
    ]
    assert found.documents[-1].part("1")[0].data == 31


def test_a_debug_report_is_a_document_for_each_topic() -> None:
    found = read(
        '{"uptime":5,\n "evse/state": {"charger_state":0},\n "info/version": {"firmware":"2.9.0+abc"}}\n 1,204 | x'
    )
    assert _sources(found) == ["evse/state", "info/version"]
    assert [document.line for document in found.documents] == [2, 3]
    assert found.identity.firmware == "2.9.0"


def test_the_vendor_can_be_stated() -> None:
    assert read("1000 1", vendor="warp").vendor == "warp"
    with pytest.raises(EmulatorError, match=r"nothing in it is a capture of goe"):
        read(KEBA, vendor="goe")
    with pytest.raises(EmulatorError, match=r'no captures of "kebab" \(did you mean "keba"'):
        read(KEBA, vendor="kebab")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", r"box\.txt: is empty"),
        (b"\n \n", r"box\.txt: is empty"),
        (b"\x7fELF\x02\0\0", r"box\.txt: is no text \(byte 0 at offset 5\)"),
        (b"Hello, is this a wallbox?", r"box\.txt: nothing in it is a capture; expected go-e status JSON"),
        (b"[" * 100_000, r"box\.txt: nothing in it is a capture"),
    ],
)
def test_what_is_no_capture_is_refused(tmp_path: Path, content: bytes, message: str) -> None:
    file = tmp_path / "box.txt"
    file.write_bytes(content)
    with pytest.raises(EmulatorError, match=message):
        read(file)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(EmulatorError, match="No such file"):
        read(tmp_path / "none.txt")
    with pytest.raises(EmulatorError, match="Is a directory"):
        read(tmp_path)


def test_windows_notepad(tmp_path: Path) -> None:
    file = tmp_path / "box.txt"
    file.write_bytes(STATUS.encode("utf-16"))
    assert read(file).identity.model == "gemini-22"


LINES = st.one_of(
    st.text(max_size=40),
    st.sampled_from([line for text, *_ in SAMPLES.values() for line in text.splitlines()]).flatmap(
        lambda line: st.integers(0, len(line)).map(lambda end: line[:end])
    ),
)


@given(st.lists(LINES, max_size=8).map("\n".join))
@settings(max_examples=150)
def test_no_text_is_too_much(text: str) -> None:
    lines = text.count("\n") + text.count("\r") + 1
    try:
        found = read(text)
    except EmulatorError:
        return
    assert all(1 <= remark.line <= lines for remark in found.remarks)
    for document in found.documents:
        assert all(1 <= field.line <= lines for field in document.fields)
        assert document.fields[0].data is document.data or document.fields[0].data == document.data
