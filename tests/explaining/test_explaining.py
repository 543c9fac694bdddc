"""Symptoms in people's and clients' words lead to what explains them."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from emulator.cli import application
from emulator.explaining.library import library
from emulator.explaining.ranking import rank
from emulator.scenario.shipped import folder

LIBRARY = library()


@pytest.mark.parametrize(
    ("symptom", "row"),
    [
        ("phases 3 expected 1", "B10"),
        ("charger out of sync: expected disabled, got enabled", "B78"),
        ("soc 65535", "B72"),
        ("car does not wake up", "B79"),
        ("unplugged while phases were switched", "B83"),
        ("mqtt: outdated", "B08"),
        ("read tcp 192.0.2.7:502: i/o timeout, answers too late", "B51"),
        ("card accepted, transaction gone after phase switch", "B23"),
        ("zero power while charging", "B25"),
        ("invalid character, json wrapped by bridge", "B18"),
        ("websocket opens, no values", "B06"),
        ("failsafe current after a while", "B46"),
    ],
)
def test_the_museum_is_found_by_symptom(symptom: str, row: str) -> None:
    names = [one.found.name for one in rank(symptom, LIBRARY, 5)]
    assert any(name.startswith(f"museum/{row}_") for name in names), names


def test_faults_and_rules_are_found() -> None:
    assert rank("answers come late", LIBRARY, 3)[0].found.name in (
        "delay",
        "museum/B51_answers_too_late_for_the_search",
    )
    names = [one.found.name for one in rank("pause between two commands over udp keba guide", LIBRARY, 3)]
    assert any(name.startswith("keba/recommended") for name in names)


def test_a_word_may_be_misspelt() -> None:
    assert rank("authorisaton lost", LIBRARY, 3)[0].found.name.endswith(("authorisation_lost", "phase_change"))


def test_everything_has_a_command_and_every_scenario_is_there() -> None:
    root = folder()
    assert root is not None
    scenarios = [one for one in LIBRARY if one.kind == "scenario"]
    whole = [file for file in root.rglob("*.yaml") if file.parent.name != "cards"]  # which others include
    assert len(scenarios) == len(whole)
    assert all(one.command and one.title and one.about for one in LIBRARY)


@given(st.text(max_size=80))
def test_no_question_is_too_odd(question: str) -> None:
    found = rank(question, LIBRARY[:30])
    assert found == rank(question, LIBRARY[:30])
    assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)


def test_the_command_prints_answers_with_their_commands() -> None:
    found = CliRunner().invoke(application, ["explain", "phases 3 expected 1", "--most", "2"], standalone_mode=False)
    assert found.return_value == 0
    assert "charger-emulator run scenarios/museum/B10_" in found.output
    told = CliRunner().invoke(application, ["explain", "--json", "65535"], standalone_mode=False)
    answers = json.loads(told.output)["answers"]
    assert answers[0]["kind"] == "scenario"
    nothing = CliRunner().invoke(application, ["explain", "xyzzy"], standalone_mode=False)
    assert nothing.return_value == 1
