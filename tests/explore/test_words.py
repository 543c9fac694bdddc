"""What may happen on a walk: proposed from everything that is registered, or read from a file."""

from __future__ import annotations

from pathlib import Path

import pytest

from emulator.errors import ScenarioError
from emulator.explore.observed import Observed
from emulator.explore.proposals import described, proposed
from emulator.explore.samples import LEFT_OUT
from emulator.explore.words import Words, alternatives, filled, read_words, variants
from emulator.faults.catalogue import FAULT_TYPES
from emulator.language.nodes import Node, from_object
from emulator.runtime.clock import Clock
from emulator.scenario.loader import loads
from emulator.scenario.steps.vocabulary import VOCABULARY, parse_steps
from emulator.world.building import build
from emulator.world.site import Site

EVERYTHING = """
chargers:
  one: {wallboxes: {eebus: {eebus: true}}}
  two: {wallboxes: {bender: {modbus: true, http: true, ocpp: embedded}, lektrico: {http: true}}}
  three: {wallboxes: {keba: {model: keba-p30-x-32, udp: true}, warp: {mqtt: true}}}
control_box: {}
"""


def site_of(text: str) -> Site:
    return build(loads(text), clock=Clock(0.0))


def kinds_of(words: Words) -> set[str]:
    found = set()
    for word in words.words:
        step = filled(word.node, lambda options: options[0]).data()
        assert isinstance(step, dict)
        ((name, arguments),) = step.items()
        found.add(arguments["kind"] if name == "fault" else name)
    return found


def test_every_step_and_every_kind_of_fault_is_proposed() -> None:
    site = site_of(EVERYTHING)
    there = kinds_of(proposed(site, Observed(), commands=True))
    assert {kind.name for kind in VOCABULARY} - there == LEFT_OUT.keys()
    assert FAULT_TYPES.keys() - there == set()


def test_a_client_is_not_disturbed_by_what_it_would_do_itself() -> None:
    site = site_of("wallbox: {vendor: nrgkick, http: true}")
    assert "command" not in kinds_of(proposed(site, Observed(), commands=False))


def test_proposals_are_about_what_the_client_uses() -> None:
    site = site_of("wallbox: {vendor: nrgkick, http: true, modbus: true}")
    box = "charger.nrgkick"
    seen = Observed({box: {"http"}}, {}, {box: {"values.powerflow"}}, {box: {"control.charge_pause": [1]}})
    text = described(proposed(site, seen, commands=False))
    assert "charger.nrgkick.http" in text
    assert "charger.nrgkick.modbus" not in text
    assert "values.powerflow.l2.voltage" in text
    assert "values.temperatures" not in text
    assert "{control.charge_pause: 0}" in text


def test_proposals_written_to_a_file_are_read_again(tmp_path: Path) -> None:
    site = site_of("wallbox: {vendor: nrgkick, http: true, modbus: true}")
    words = proposed(site, Observed(), commands=True)
    file = tmp_path / "words.yaml"
    file.write_text(described(words), "utf-8")
    read = read_words(file, site.names)
    assert [(word.weight, word.node.data()) for word in read.words] == [
        (word.weight, word.node.data()) for word in words.words
    ]
    assert (read.steps, read.pauses, read.rest) == (words.steps, words.pauses, words.rest)


def test_proposals_are_the_same_every_time() -> None:
    text = "wallbox: {vendor: nrgkick, http: true}"
    first, second = (described(proposed(site_of(text), Observed(), commands=True)) for _ in range(2))
    assert first == second


def test_alternatives() -> None:
    node = from_object({"fault": {"on": "x", "for": {"one_of": [None, "5 s"]}, "match": {"one_of": [{"key": "a"}]}}})
    assert filled(node, lambda options: options[-1]).data() == {
        "fault": {"on": "x", "for": "5 s", "match": {"key": "a"}}
    }
    assert filled(node, lambda options: options[0]).data() == {"fault": {"on": "x", "match": {"key": "a"}}}
    assert len(list(variants(node))) == 2


def chosen_last(node: Node) -> object:
    return filled(node, lambda options: options[-1]).data()


def test_alternatives_in_lists_and_in_alternatives() -> None:
    node = from_object({"one_of": [1, {"one_of": [2, [{"one_of": [3, 4]}]]}]})
    assert alternatives(node) is not None
    assert chosen_last(node) == [4]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("words: [{plug_inn: {}}]", 'words.yaml:1:10: there is no step "plug_inn" (did you mean "plug_in"?)'),
        ("words: [{plug_in: {vehicle: {one_of: [vw_id3, vw]}}}]", 'there is no vehicle "vw"'),
        ("words: [{weight: 0, unplug: }]", "weight: found 0"),
        ("words: []", 'no "words"'),
        ("steps: 3", 'no "words"'),
        ("pauses: [10 mn]\nwords: [unplug]", '10 mn'),
        ("word: [unplug]\nwords: [unplug]", 'unknown key "word" (did you mean "words"?)'),
        ("words: [{at: 5 s, unplug: }]", "a word has no time"),
        ("words: [{fault: {on: nrgkick.http, kind: {one_of: [delay]}}}]", '"delay" is missing'),
        ("- 1", "expected a vocabulary"),
    ],
)  # fmt: skip
def test_mistakes_in_a_file(tmp_path: Path, text: str, complaint: str) -> None:
    file = tmp_path / "words.yaml"
    file.write_text(text)
    with pytest.raises(ScenarioError) as caught:
        read_words(file, site_of("wallbox: {vendor: nrgkick, http: true}").names)
    assert complaint in str(caught.value)
    assert str(file) in str(caught.value)


def test_a_word_may_be_a_single_name(tmp_path: Path) -> None:
    file = tmp_path / "words.yaml"
    file.write_text("steps: 2\npauses: [0 s]\nrest: 1 min\nwords: [unplug, {weight: 5, reboot: }]\n")
    site = site_of("wallbox: {vendor: nrgkick, http: true}")
    words = read_words(file, site.names)
    assert [word.weight for word in words.words] == [1, 5]
    for word in words.words:
        assert parse_steps(word.node.data(), site.names)
