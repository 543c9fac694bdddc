"""The JSON Schema for editors."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from emulator.language.nodes import from_yaml
from emulator.scenario.schema import SECTIONS, json_schema
from emulator.scenario.steps import STEPS

from .test_loader import FULL

jsonschema = pytest.importorskip("jsonschema")
SCENARIOS = sorted((Path(__file__).parents[2] / "scenarios").glob("*.yaml"))


def errors(text: str) -> list[str]:
    node, problems = from_yaml(text, "s.yaml", {})
    assert node is not None
    assert problems == []
    validator: Any = jsonschema.Draft202012Validator(json_schema())
    return [error.json_path for error in validator.iter_errors(node.data())]


def test_it_is_a_schema_and_plain_json() -> None:
    schema = json_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    assert json.loads(json.dumps(schema)) == schema
    properties, steps = schema["properties"], schema["$defs"]
    assert isinstance(properties, dict)
    assert isinstance(steps, dict)
    assert set(properties) == set(SECTIONS)
    assert set(steps) == {f"step_{name}" for name in STEPS}


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
def test_it_accepts_the_scenarios(path: Path) -> None:
    assert errors(path.read_text(encoding="utf-8")) == []


def test_it_accepts_everything_at_once() -> None:
    assert errors(FULL) == []


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("sede: 7", "$"),
        ("supply: {voltage: 230}", "$.supply.voltage"),
        ("supply: {voltage: 230 A}", "$.supply.voltage"),
        ("steps: [{at: 10 mn, unplug: }]", "$.steps[0]"),
        ("steps: [{plugin: x}]", "$.steps[0]"),
        ("steps: [{trip_rcd: {residual_current: 35}}]", "$.steps[0]"),
        ("vehicles: {a: {model: vw_id4}}", "$.vehicles.a"),
        ("end: {at: 5}", "$.end"),
    ],
)
def test_it_refuses_what_the_loader_refuses(text: str, path: str) -> None:
    assert errors(text) == [path]
