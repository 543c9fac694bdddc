"""A capture is compared with the emulated wallbox: what a client would notice is found, what is an owner's is not.

The captures here are what the emulated wallboxes say, then spoiled in one place each.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner
from enumerations.page import ENUMERATIONS

from emulator import vendors
from emulator.captures.choosing import compare
from emulator.captures.comparison import Comparison
from emulator.captures.emulated import asked
from emulator.captures.enumerations import KNOWN
from emulator.captures.reading import read
from emulator.cli import application
from emulator.core.instant import SECOND
from emulator.core.messages import PlugIn, SetSupply
from emulator.core.specs import VehicleSpec
from emulator.vendors.specimen import specimen

ASKED = {
    "goe": ("/api/status", "/status"),
    "warp": (),
    "nrgkick": ("/info", "/control", "/values"),
    "lektrico": ("charger_info.get", "app_config.get"),
    "bender": ("full_state",),
    "keba": ("report 1", "report 2", "report 3", "report 100"),
}


def said(model: str, firmware: str | None = None, *sources: str, charging: bool = True, **settings: object) -> str:
    """What an emulated wallbox says, an hour after a vehicle came."""
    vendor = vendors.vendor_for("", model)
    wallbox = specimen(vendor, vendor.profile(model, firmware), settings)
    wallbox.start()
    wallbox.simulation.apply("charger", SetSupply(voltage=231.3, frequency=50.013))
    if charging:
        wallbox.simulation.apply("charger", PlugIn(name="car", vehicle=VehicleSpec(max_current=11.3)))
    wallbox.simulation.jump(3_600 * SECOND)
    return asked(wallbox, sources or ASKED[vendor.id])


def found(text: str, model: str, firmware: str | None = None) -> list[tuple[str, str]]:
    firmware = firmware or vendors.vendor_for("", model).profile(model).firmware.text
    return [
        (one.kind, one.name) for one in compare(read(text, vendor=None), model=model, firmware=firmware).differences
    ]


# --- what agrees -----------------------------------------------------------------------------------------------------

PROFILES = [
    *((model, None) for model in ("gemini-11", "core", "warp1-pro-11", "warp4-pro-22", "nrgkick-sim-16", "3p22k")),
    *((model, None) for model in ("lektrico-em", "cc613", "keba-p30-x-32", "keba-p20")),
    *(("v3-22", firmware) for firmware in ("53.1", "55.5", "56.8", "59.4")),
    *(("v2-22", firmware) for firmware in ("40.0",)),
    *(("warp2-pro-22", firmware) for firmware in ("2.9.0", "2.11.0")),
    *(("1p7k", firmware) for firmware in ("1.22", "1.45")),
    *(("keba-p30-c-32", firmware) for firmware in ("3.9.17", "3.10.28")),
    *(("cc612", firmware) for firmware in ("5.12", "5.22")),
]


@pytest.mark.parametrize(("model", "firmware"), PROFILES)
def test_an_emulated_wallbox_agrees_with_itself(model: str, firmware: str | None) -> None:
    firmware = firmware or vendors.vendor_for("", model).profile(model).firmware.text
    result = compare(read(said(model, firmware)), model=model, firmware=firmware)
    assert result.differences == ()
    assert result.fields > 10
    assert result.agreement == 100


def test_what_the_owner_sets_is_no_difference() -> None:
    text = said("v3-11", "60.5", ama=10, fna="Carport", cid="#102030", lmo=3, mca=8)
    assert found(text, "v3-11", "60.5") == []


def test_what_is_written_and_pushed_is_no_document() -> None:
    text = said("keba-p30-c-32", None, "report 2") + '\n{"Plug": 7}'
    assert found(text, "keba-p30-c-32") == []
    topics = "go-eCharger/123456/amp 16\ngo-eCharger/123456/amp/set 10\n"
    assert found(topics, "v3-11") == []


def test_raw_replies_are_compared_with_raw_ones() -> None:
    text = said("nrgkick-32", None, "/info?raw", "/control", "/values?raw")
    assert '"status":3' in text
    assert found(text, "nrgkick-32") == []


def test_a_connect() -> None:
    text = said("nrgkick-connect-16", None, "/measurements", "/settings")
    result = compare(read(text))
    assert (result.profile.model.id, result.agreement) == ("nrgkick-connect-16", 100)
    assert found(re.sub(r'"Frequency":', '"frequency":', text), "nrgkick-connect-16") == [
        ("extra", "/measurements.frequency"),
        ("missing", "/measurements.Frequency"),
    ]


# --- what differs ----------------------------------------------------------------------------------------------------

Spoil = Callable[[str], str]


def put(before: str, after: str) -> Spoil:
    """Replaces the first match of a regular expression."""

    def spoil(text: str) -> str:
        spoiled, count = re.subn(before, after, text, count=1)
        assert count, before
        return spoiled

    return spoil


GOE, KEBA, BENDER, WARP, NRGKICK = "/api/status", "report 2", "full_state", "evse/state", "/values"
SPOILED: list[tuple[str, str, Spoil, tuple[str, str]]] = [
    ("v3-11", GOE, put(r'"amp":\d+,', ""), ("missing", f"{GOE}.amp")),
    ("v3-11", GOE, put(r'"amp":', '"amq":7,"amp":'), ("extra", f"{GOE}.amq")),
    ("v3-11", GOE, put(r'"amp":(\d+)', r'"amp":"\1"'), ("type", f"{GOE}.amp")),
    ("v3-11", GOE, put(r'"alw":true', '"alw":1'), ("type", f"{GOE}.alw")),
    ("v3-11", GOE, put(r'"amp":\d+', '"amp":null'), ("type", f"{GOE}.amp")),
    ("v3-11", GOE, put(r'"nrg":\[', '"nrg":[230,'), ("shape", f"{GOE}.nrg")),
    ("v3-11", GOE, put(r'"amp":(\d+)', r'"amp":\g<1>.5'), ("format", f"{GOE}.amp")),
    ("v3-11", GOE, put(r'"nrg":\[\d+', '"nrg":[2310'), ("unit", f"{GOE}.nrg.0")),
    ("v3-11", GOE, put(r'"ama":(\d+)', r'"ama":\g<1>000'), ("unit", f"{GOE}.ama")),
    ("v3-11", GOE, put(r'"frc":\d', '"frc":9'), ("value", f"{GOE}.frc")),
    ("v3-11", GOE, put(r'"utc":"([^"]+)"', r'"utc":"\1.000"'), ("format", f"{GOE}.utc")),
    ("v3-11", GOE, put(r'"requestedCurrent"', '"requestCurrent"'), ("extra", f"{GOE}.cll.requestCurrent")),
    ("keba-p30-c-32", KEBA, put(r'"Plug": \d', '"Plug": 2'), ("value", f"{KEBA}.Plug")),
    ("keba-p30-c-32", KEBA, put(r'("Error1": 0),\n("Error2": 0)', r"\2,\n\1"), ("order", "")),
    ("keba-p30-c-32", KEBA, put(r'"Max curr": (\d+)', r'"Max curr": \g<1>000'), ("unit", f"{KEBA}.Max curr")),
    ("cc612", BENDER, put(r"current_a:(\d+)\.\d\d,", r"current_a:\1.5,"), ("format", f"{BENDER}.current_a")),
    ("cc612", BENDER, put(r"ocpp_state:\w+", "ocpp_state:busy"), ("value", f"{BENDER}.ocpp_state")),
    ("cc612", BENDER, put(r"(type2_state:.*\n)(type2_prox.*\n)", r"\2\1"), ("order", "")),
    ("warp3-pro-22", WARP, put(r'"topic":"evse/state"', '"topic":"evse/stats"'), ("extra", "evse/stats")),
    ("warp3-pro-22", WARP, put(r'"charger_state":\d', '"charger_state":7'), ("value", f"{WARP}.charger_state")),
    ("warp3-pro-22", WARP, put(r'"enabled":false', '"enabled":"no"'), ("type", "")),
    ("nrgkick-32", NRGKICK, put(r'"status":"\w+"', '"status":"LOADING"'), ("value", f"{NRGKICK}.general.status")),
    ("nrgkick-32", NRGKICK, put(r'"grid_frequency":[\d.]+', '"grid_frequency":500'),
     ("unit", f"{NRGKICK}.powerflow.grid_frequency")),
]  # fmt: skip


@pytest.mark.parametrize(("model", "source", "spoil", "difference"), SPOILED)
def test_what_a_client_would_notice_is_found(
    model: str, source: str, spoil: Spoil, difference: tuple[str, str]
) -> None:
    kind, name = difference
    differences = found(spoil(said(model, None, source)), model)
    assert (kind in {one for one, _ in differences}) if not name else (difference in differences)
    assert len(differences) <= 2  # what was renamed is missing as well


def test_registers() -> None:
    text = said("keba-p30-c-32", None, "1000", "1004", "1008", "1036")
    assert found(text, "keba-p30-c-32") == []
    assert found(text + "\n1004 6\n", "keba-p30-c-32") == [("value", "1004")]
    assert found(text + "\n1300 6\n1000 3", "keba-p30-c-32") == []  # 1300 is nobody's: not understood
    assert [str(remark) for remark in read("1000 3\n1300 6").remarks] == ["line 2: not understood: 1300"]


def test_topics_are_compared_in_the_order_of_a_dump() -> None:
    text = said("warp3-pro-22")
    lines = text.splitlines()
    assert found("\n".join([lines[0], *lines[9:20], *lines[1:9], *lines[20:]]), "warp3-pro-22") == [
        ("order", json.loads(lines[1])["topic"])
    ]


# --- which wallbox ---------------------------------------------------------------------------------------------------


def _compared(text: str, **chosen: str) -> Comparison:
    return compare(read(text), **chosen)


def test_firmware_that_nobody_names_is_found_by_what_agrees() -> None:
    old = _compared(said("keba-p30-c-32", "3.10.28", "report 2"), model="keba-p30-c-32")
    assert (str(old.profile.firmware), old.agreement) == ("3.10.28", 100)
    assert "3.10.28 agrees best" in old.notes[-1]
    assert str(_compared(said("keba-p30-c-32", "3.10.57", "report 1")).profile.firmware) == "3.10.57"


@pytest.mark.parametrize(
    ("version", "profile", "note"),
    [
        ("049.9", "50", "older than every profile"),
        ("56.9", "56.9", "it behaves as 56.8"),
        ("99.1", "99.1", "as 60.6"),
    ],
)
def test_firmware_without_a_profile(version: str, profile: str, note: str) -> None:
    text = re.sub(r'"fwv":"[^"]+"', f'"fwv":"{version}"', said("v3-11", "56.8", "/api/status"))
    result = _compared(text, model="v3-11")
    assert str(result.profile.firmware) == profile
    assert note in result.notes[0]


def test_what_is_fitted_is_found_by_what_agrees() -> None:
    lines = said("warp3-pro-22", None, meter_type=7).splitlines()
    text = "\n".join(line for line in lines if '"topic":"meters/0/values"' in line)
    result = _compared(text, model="warp3-pro-22", firmware="2.12.1")
    assert result.agreement == 100
    assert result.notes[-1] == "with meter_type 7, which agrees best"


# --- filtered and cut ------------------------------------------------------------------------------------------------


def test_what_a_client_did_not_ask_for_is_not_missing() -> None:
    result = _compared(
        '{"alw":true,"car":1,"nrg":[230,230,230,0,0,0,0,0,0,0,0,0,0,0,0,0]}', model="v3-11", firmware="60.5"
    )
    assert result.agreement == 100
    assert f"{GOE}.amp" in result.not_captured


def test_what_was_cut_off_is_not_missing() -> None:
    whole = said("v3-11", None, "/status")
    assert found(whole[: len(whole) // 2], "v3-11") == []
    assert found(re.sub(r',"lch":.*', "}", whole, count=1), "v3-11") == [("missing", "/status.lch")]


@pytest.mark.parametrize("odd", ["NaN", "1e400", "9" * 60, "[[]]", "null", '"x"'])
def test_no_value_is_too_odd(odd: str) -> None:
    for key in ("nrg", "fwv", "frc"):
        result = compare(read(f'{{"alw":true,"car":1,"{key}":{odd}}}'), model="v3-11", firmware="60.5")
        assert result.fields >= 3
    old = '"version":"B","dws":"0","stp":"0","amx":"6","ast":"0"'
    for key in ("ama", "nrg", "fwv"):
        capture = read(f'{{{old},"{key}":{odd}}}')
        assert capture.identity.model is None or capture.identity.model.endswith("-11")
        assert compare(capture, model="v3-11", firmware="60.5").fields >= 6


# --- the command -----------------------------------------------------------------------------------------------------


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(application, ["compare", *arguments])
    return result.exit_code if result.exception is None or isinstance(
        result.exception, SystemExit
    ) else 2, result.output


def test_on_the_command_line(tmp_path: Path) -> None:
    file = tmp_path / "box.txt"
    file.write_text(put(r'"Plug": \d', '"Plug": 2')(said("keba-p30-c-32", None, "report 1", "report 2")))
    runner = CliRunner()
    result = runner.invoke(application, ["compare", str(file)], standalone_mode=False)
    assert result.return_value == 0
    lines = result.output.splitlines()
    assert lines[0] == "box.txt: udp of KEBA KeContact P30 c-series, cable, 32 A, firmware 3.10.57"
    assert lines[-1] == "agreement 97.3 %"
    assert "value: a value of no list (1)" in lines
    assert "  line 20   report 2.Plug  2 is not described" in lines
    assert (
        runner.invoke(application, ["compare", str(file), "--at-least", "97.3"], standalone_mode=False).return_value
        == 0
    )
    assert (
        runner.invoke(application, ["compare", str(file), "--at-least", "97.4"], standalone_mode=False).return_value
        == 1
    )
    told = json.loads(runner.invoke(application, ["compare", str(file), "--json"], standalone_mode=False).output)
    assert (told["model"], told["firmware"], told["agreement"]) == ("keba-p30-c-32", "3.10.57", 97.3)
    assert told["differences"] == [{"kind": "value", "name": "report 2.Plug", "line": 20, "text": "2 is not described"}]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--model", "keba-p30-c-33"), 'no wallbox model "keba-p30-c-33" (did you mean "keba-p30-c-32"'),
        (("--firmware", "9.9"), 'keba-p30-c-32 has no profile for firmware "9.9"'),
        (("--model", "v3-11"), "nothing in it is a capture of goe"),
    ],
)
def test_mistakes_are_told(tmp_path: Path, arguments: tuple[str, ...], message: str) -> None:
    file = tmp_path / "box.txt"
    file.write_text(said("keba-p30-c-32", None, "report 1"))
    result = CliRunner().invoke(application, ["compare", str(file), *arguments], standalone_mode=False)
    assert message in str(result.exception)


# --- enumerations ----------------------------------------------------------------------------------------------------

SOURCES = {"nrgkick": "/values", "lektrico": "charger_info.get", "bender": "full_state"}


def test_known_values_are_those_of_the_documentation() -> None:
    """The tables of the documentation and of the comparison do not drift apart."""
    checked = 0
    for one in ENUMERATIONS:
        head, _, path = one.read.partition(".")
        place = {
            "goe": (one.name, ""),
            "warp": (head, path),
            "keba": (head.replace("report", "report "), path),
        }.get(one.vendor, (SOURCES.get(one.vendor, ""), path))
        known = KNOWN.get((one.vendor, *place))
        if known is not None:
            checked += 1
            assert set(one.words) <= known, one.name
    assert checked >= 55
