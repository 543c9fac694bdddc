"""Every notation is read, in every wrapping, and nothing personal is written."""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from emulator.cli import application
from emulator.errors import EmulatorError
from emulator.importing.boxes import Boxes, Reading
from emulator.importing.content import messages_of
from emulator.importing.importer import import_text
from emulator.importing.lines import lines_of
from emulator.importing.records import records_of
from emulator.importing.thinning import thinned
from emulator.importing.writing import to_yaml
from emulator.scenario.loader import loads
from emulator.scenario.playing import play

from . import miniatures
from .miniatures import EVERY

PERSONAL = re.compile(r"192\.0\.2\.|10\.1\.2\.3|654321|20000001|AbCd|Kunterbunt|600999")


@pytest.mark.parametrize("name", EVERY)
def test_a_miniature_becomes_a_scenario(name: str) -> None:
    text, vendor, count = EVERY[name]
    imported = import_text(text)
    assert [box.device.vendor.id for box in imported.sketch.boxes] == [vendor]
    assert len(imported.agreement.matches) == count
    assert imported.agreement.share >= 0.9, imported.agreement.misses
    scenario = to_yaml(imported)
    assert play(loads(scenario)).ok
    assert not PERSONAL.search(scenario), scenario


def steps_of(text: str) -> list[str]:
    return [deed.name for deed in import_text(text).sketch.deeds(overrides=False)]


def test_what_happened_becomes_steps() -> None:
    assert steps_of(miniatures.EVCC_GOE) == ["set_supply", "plug_in", "request"]
    assert steps_of(miniatures.EVCC_WARP_MQTT)[-1] == "request"
    assert "plug_in" in steps_of(miniatures.IOBROKER_PAGE)
    assert steps_of(miniatures.DEBUG_ONLY)[-1] == "command"


def test_what_the_physics_explains_is_not_overridden() -> None:
    imported = import_text(miniatures.EVCC_GOE)
    assert imported.without_overrides.share > 0.9
    overrides = [deed.arguments for deed in imported.sketch.boxes[0].overrides]
    overridden = {str(arguments["name"]) for arguments in overrides if isinstance(arguments, Mapping)}
    assert overridden <= {"nrg.15"}  # the power factor of the neutral conductor, which is noise


def test_what_nothing_explains_is_overridden_and_said_so() -> None:
    odd = miniatures.EVCC_GOE.replace('"alw":false,"car":4', '"alw":true,"car":1', 1).replace('"wh":24', '"wh":99999')
    imported = import_text(odd)
    assert imported.without_overrides.share < imported.agreement.share
    scenario = to_yaml(imported)
    assert "kind: override" in scenario
    assert re.search(r"# line 9", scenario)


def test_settings_are_read_out_of_the_log() -> None:
    scenario = to_yaml(import_text(miniatures.EVCC_KEBA_UDP))
    assert "curr: 12000  # line 12" in scenario
    assert "send: curr 9000" in scenario


def test_masked_digits_are_left_out_and_named() -> None:
    masked = miniatures.EVCC_GOE.replace('"eto":5019', '"eto":50xx')
    imported = import_text(masked)
    assert [remark.lines for remark in imported.remarks.left_out_ if "masked" in remark.text] == [(5,)]


def _journald(text: str) -> str:
    return "\n".join(f"Feb 03 10:00:01 pi evcc[123]: {line}" for line in text.splitlines())


def _portainer(text: str) -> str:
    lines = text.splitlines()
    numbered = [f"2026-02-03T09:00:{n:02d}.000000000Z,stdout,{line}" for n, line in enumerate(lines)]
    return "\n\n".join(reversed(numbered))


def _screen(text: str) -> str:
    """Broken anywhere, as on a narrow terminal."""
    return "\n".join(line[at : at + 80] for line in text.splitlines() for at in range(0, len(line), 80))


def _mail(text: str) -> str:
    """Broken at blanks, and quoted."""
    broken = (textwrap.wrap(line, 76, break_long_words=False, break_on_hyphens=False) for line in text.splitlines())
    return "\n".join(f"> {part}" for parts in broken for part in parts)


def _without_dates(text: str) -> str:
    return re.sub(r"\d{4}/\d\d/\d\d ", "", text)


WRAPPERS: Mapping[str, Callable[[str], str]] = {
    "as it is": lambda text: text,
    "journald": _journald,
    "compose": lambda text: "\n".join(f"evcc  | {line}" for line in text.splitlines()),
    "portainer": _portainer,
    "quoted": lambda text: "\n".join(f"> {line}" for line in text.splitlines()),
    "twice quoted": lambda text: "\n".join(f"> > {line}" for line in text.splitlines()),
    "fenced": lambda text: f"```text\n{text}```\n",
    "indented": lambda text: "\n".join(f"    {line}" for line in text.splitlines()),
    "coloured": lambda text: "\n".join(f"\x1b[36m{line}\x1b[0m" for line in text.splitlines()),
    "collapsed": lambda text: re.sub(r" +", " ", text),
    "one back-tick": lambda text: f"`{text}",
    "screen": _screen,
    "mail": _mail,
    "no dates": _without_dates,
    "windows": lambda text: text.replace("\n", "\r\n"),
    "the bracket is lost": lambda text: text.removeprefix("["),
}


@pytest.mark.parametrize("wrapper", WRAPPERS)
def test_a_wrapped_log_says_the_same(wrapper: str) -> None:
    def told(text: str) -> list[tuple[str, object]]:
        boxes = Boxes().take(messages_of(records_of(lines_of(text))))
        return [(one.address, one.value) for box in boxes for one in box.readings]

    assert told(WRAPPERS[wrapper](miniatures.EVCC_GOE)) == told(miniatures.EVCC_GOE)


def test_two_boxes_in_one_log_are_two_chargers() -> None:
    both = "".join(f"{a}\n{b}\n" for a, b in zip(
        miniatures.EVCC_GOE.splitlines(), miniatures.EVCC_WARP_MQTT.splitlines() * 2, strict=False))  # fmt: skip
    imported = import_text(both)
    assert {box.device.vendor.id for box in imported.sketch.boxes} == {"goe", "warp"}
    assert play(loads(to_yaml(imported))).ok


def test_a_box_that_never_answers_never_answers() -> None:
    silent = "".join(
        f"2026-02-03 10:00:0{n}.000 DEBUG (MainThread) [keba_kecontact.connection] Send report {n} to 192.0.2.99\n"
        for n in (1, 2, 3)
    )
    scenario = to_yaml(import_text(miniatures.HA_KEBA + silent))
    assert "kind: black_hole" in scenario


PIECES = [line for text, _, _ in EVERY.values() for line in text.splitlines()]
NOISE = st.text(alphabet='{}[]",:\\\x00\x1b 0139axäE.-/', max_size=12)


@st.composite
def damaged(draw: st.DrawFn) -> str:
    """Lines of all logs, cut, mixed and spoiled."""
    lines = draw(st.lists(st.sampled_from(PIECES), max_size=12))
    spoiled = []
    for line in lines:
        cut = draw(st.integers(0, len(line)))
        spoiled.append(line[:cut] + draw(NOISE) + (line[cut:] if draw(st.booleans()) else ""))
    return "\n".join(spoiled)


@settings(max_examples=25, deadline=None)
@given(damaged())
def test_nothing_that_is_read_raises(text: str) -> None:
    Boxes().take(messages_of(records_of(lines_of(text))))


@settings(max_examples=3, deadline=None)
@given(damaged())
def test_nothing_that_is_imported_raises(text: str) -> None:
    try:
        imported = import_text(text)
    except EmulatorError:  # nothing in it is a box's
        return
    loads(to_yaml(imported))


@settings(max_examples=40, deadline=None)
@given(st.text(max_size=300))
def test_no_text_raises(text: str) -> None:
    Boxes().take(messages_of(records_of(lines_of(text))))


# --- the command -----------------------------------------------------------------------------------------------------


def test_the_command_writes_a_scenario_and_says_how_well_it_agrees(tmp_path: Path) -> None:
    log, scenario = tmp_path / "paste.log", tmp_path / "box.yaml"
    log.write_text(miniatures.EVCC_GOE)
    found = CliRunner().invoke(application, ["import", str(log), "-o", str(scenario)], standalone_mode=False)
    assert found.return_value == 0
    assert re.fullmatch(r"agreement \d+\.\d % of 60 readings", found.output.splitlines()[-1])
    assert any(line.startswith("guessed: firmware") for line in found.output.splitlines())
    assert loads(scenario.read_text()).chargers


def test_a_place_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    log = tmp_path / "paste.log"
    log.write_bytes(b"\0" + miniatures.EVCC_GOE.encode())
    arguments = ["import", str(log), "-o", str(tmp_path / "nowhere" / "box.yaml")]
    with pytest.raises(EmulatorError, match="No such file"):
        CliRunner().invoke(application, arguments, catch_exceptions=False, standalone_mode=False)


def test_model_and_firmware_can_be_stated(tmp_path: Path) -> None:
    log = tmp_path / "paste.log"
    log.write_text(miniatures.EVCC_GOE)
    arguments = ["import", str(log), "--json", "--model", "gemini-11", "--firmware", "55.5"]
    told = json.loads(CliRunner().invoke(application, arguments, standalone_mode=False).output)
    assert "model: gemini-11" in told["scenario"]
    assert 'firmware: "55.5"' in told["scenario"]
    assert told["readings"] == 60
    assert told["guessed"] == []
    vendor = CliRunner().invoke(application, ["import", str(log), "--json", "--model", "goe"], standalone_mode=False)
    assert json.loads(vendor.output)["readings"] == 60


@pytest.mark.parametrize(
    ("text", "arguments", "wrong"),
    [
        ("good morning\n", [], "nothing in it is what a wallbox"),
        (miniatures.EVCC_GOE, ["--model", "gemini-23"], "did you mean"),
        (miniatures.EVCC_GOE, ["--model", "gemini-22", "--firmware", "1.0"], "no profile"),
    ],
)
def test_mistakes_are_said(tmp_path: Path, text: str, arguments: list[str], wrong: str) -> None:
    log = tmp_path / "paste.log"
    log.write_text(text)
    with pytest.raises(EmulatorError, match=wrong):
        CliRunner().invoke(application, ["import", str(log), *arguments], catch_exceptions=False, standalone_mode=False)


def test_of_a_long_log_every_change_is_kept() -> None:
    readings = [
        Reading(float(at), at, "http", name, value)
        for at in range(5_000)
        for name, value in (("car", 2 if 2_000 <= at < 2_003 else 1), ("wh", at))
    ]
    few = thinned("goe", readings, 400)
    assert len(few) < 600
    assert {reading.line for reading in few} >= {0, 1_999, 2_000, 2_002, 2_003}
    assert thinned("goe", readings[:300], 400) == readings[:300]


def test_a_journal_of_a_run_becomes_a_scenario_that_does_the_same(tmp_path: Path) -> None:
    scenario = """
wallbox: {goe: {http: true}}
steps:
  - {at: 1 min, plug_in: {vehicle: generic}}
  - {at: 2 min, request: {on: goe.http, get: /api/set?frc=1}}
  - {at: 3 min, unplug: {}}
end: {at: 4 min}
"""
    (tmp_path / "run.yaml").write_text(scenario)
    arguments = ["play", str(tmp_path / "run.yaml"), "--report", str(tmp_path / "report")]
    CliRunner().invoke(application, arguments, standalone_mode=False)
    imported = import_text((tmp_path / "report" / "journal.jsonl").read_text())
    names = [deed.name for deed in imported.sketch.deeds()]
    assert names == ["plug_in", "command", "unplug"]
    assert imported.without_overrides.share >= 0.9
