"""YAML with positions."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from emulator.language.nodes import Node, from_object, from_yaml


def tree(text: str, **environment: str) -> Node:
    node, problems = from_yaml(text, "f.yaml", environment)
    assert problems == []
    assert node is not None
    return node


def problems(text: str, environment: Mapping[str, str] | None = None) -> list[str]:
    return [str(problem) for problem in from_yaml(text, "f.yaml", environment or {})[1]]


def test_words_are_those_of_yaml_1_2() -> None:
    text = "{a: on, b: no, c: 1:30, d: true, e: null, f: 012, g: 1e3, h: '5', i: 0x10, j: ~, k: 2.50}"
    assert tree(text).data() == {
        "a": "on",
        "b": "no",
        "c": "1:30",
        "d": True,
        "e": None,
        "f": "012",
        "g": 1000.0,
        "h": "5",
        "i": "0x10",
        "j": None,
        "k": 2.5,
    }


def test_keys_are_words_even_if_they_look_like_something_else() -> None:
    assert tree("{on: 1, 5: 2, true: 3}").data() == {"on": 1, "5": 2, "true": 3}


def test_places_count_from_one_in_characters() -> None:
    node = tree("a: '±'\nb:\n  - {c: ±, d: 4}\n")
    b = node.get("b")
    assert b is not None
    assert b.items is not None
    d = b.items[0].get("d")
    assert d is not None
    assert str(d.place) == "f.yaml:3:15"


def test_a_scalar_remembers_how_it_was_written() -> None:
    firmware = tree("firmware: 60.10").get("firmware")
    assert firmware is not None
    assert (firmware.scalar, firmware.text) == (60.1, "60.10")


def test_anchors_and_merge_keys() -> None:
    node = tree("x: &base {a: 1, b: 2}\ny: {<<: *base, b: 3}\nz: *base")
    assert node.data() == {"x": {"a": 1, "b": 2}, "y": {"b": 3, "a": 1}, "z": {"a": 1, "b": 2}}


def test_an_alias_counts_as_what_it_stands_for() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 30)]
    node, (problem,) = from_yaml("\n".join(lines), "f.yaml", {})
    assert node is None
    assert (problem.place.line, "250000 values" in problem.text) == (6, True)


def test_an_anchor_inside_itself_is_reported() -> None:
    assert problems("a: &x [1, *x]") == ["f.yaml:1:4: this anchor contains itself"]


def test_duplicate_keys_are_reported() -> None:
    assert problems("a: 1\nb: {c: 1, c: 2}\na: 3") == [
        'f.yaml:2:11: "c" is here twice, the first time in line 2',
        'f.yaml:3:1: "a" is here twice, the first time in line 1',
    ]


@pytest.mark.parametrize(
    ("text", "start"),
    [
        ("a: [1, 2\nb: }", "f.yaml:2:2: not YAML: "),
        ("a: 1\n b: 2", "f.yaml:2:3: not YAML: "),
        ("a: \x07", "f.yaml:1:4: not YAML: "),
        ("a: *nowhere", "f.yaml:1:4: not YAML: "),
        ("a: 1\n---\nb: 2", "f.yaml:2:1: not YAML: "),
        ("", "f.yaml:1:1: the file is empty"),
    ],
)
def test_what_is_not_yaml_is_reported_where_it_stops(text: str, start: str) -> None:
    (problem,) = problems(text)
    assert problem.startswith(start), problem


def test_environment() -> None:
    text = "a: ${PORT}\nb: '${PORT}'\nc: '{host: \"${HOST:-local}\"}'\nd: ${NONE:-8101}\ne: '$${PORT}'\nf: x${PORT}y"
    assert tree(text, PORT="81").data() == {
        "a": 81,
        "b": 81,
        "c": '{host: "local"}',
        "d": 8101,
        "e": "${PORT}",
        "f": "x81y",
    }


def test_an_unset_variable_is_reported() -> None:
    (problem,) = problems('a: 1\nb: ["${NOPE}"]')
    assert problem.startswith("f.yaml:2:5: the environment variable NOPE is not set")


def test_an_object_is_read_like_a_document() -> None:
    value = {"a": [1, {"b": None}], "c": "16 A", "d": True}
    node = from_object(value, "step")
    assert node.data() == value
    a = node.get("a")
    assert a is not None
    assert a.items is not None
    b = a.items[1].get("b")
    assert b is not None
    assert str(b.place) == "step.a[1].b"


@pytest.mark.parametrize(
    ("text", "tag"),
    [
        ("a: !foo goe", "!foo"),
        ("a: {b: !!python/name:x y}", "!!python/name:x"),
        ("a: !m {b: 1}", "!m"),
        ("!k a: 1", "!k"),
    ],
)
def test_a_tag_that_nothing_knows_is_reported(text: str, tag: str) -> None:
    (problem,) = problems(text)
    assert problem.endswith(f'there is no tag "{tag}", expected none')


def test_what_the_library_takes_for_another_type_has_no_tag() -> None:
    text = "{a: 2026-01-05, b: 1:30, c: 0x1f, d: =, e: yes, f: !!str 5, g: [x], h: ~, i: 1.5}"
    assert problems(text) == []
