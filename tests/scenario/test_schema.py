"""The JSON Schema for editors."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from emulator.commands.schema import command as schema_command
from emulator.language.nodes import from_yaml
from emulator.scenario.schema import SECTIONS, json_schema
from emulator.scenario.steps.vocabulary import STEPS
from emulator.vendors import PACKAGES
from emulator.vendors import vendor as vendors_vendor

from .test_loader import FULL

jsonschema = pytest.importorskip("jsonschema")
SCENARIOS = sorted((Path(__file__).parents[2] / "scenarios").glob("*.yaml"))


def errors(text: str) -> list[str]:
    node, problems = from_yaml(text, "s.yaml", {})
    assert node is not None
    assert problems == []
    return [error.json_path for error in validator().iter_errors(node.data())]


@cache
def validator() -> Any:
    return jsonschema.Draft202012Validator(json_schema())


def test_it_is_a_schema_and_plain_json() -> None:
    schema = json_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    assert json.loads(json.dumps(schema)) == schema
    properties, steps = schema["properties"], schema["$defs"]
    assert isinstance(properties, dict)
    assert isinstance(steps, dict)
    assert set(properties) == set(SECTIONS)
    assert {name for name in steps if name.startswith("step_")} == {f"step_{name}" for name in STEPS}


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
        ("wallbox: {model: gemini-23}", "$.wallbox"),
        ("wallbox: geo", "$.wallbox"),
        ("wallboxes: {goe: {settings: {ampp: 6}}}", "$.wallboxes"),
        ("wallboxes: {nrgkick: {settings: {json_api: 6}}}", "$.wallboxes"),
        ("wallboxes: {keba: {http: 80}}", "$.wallboxes"),
        ("steps: [{expect: {pwer: 1}}]", "$.steps[0]"),
    ],
)
def test_it_refuses_what_the_loader_refuses(text: str, path: str) -> None:
    assert errors(text) == [path]


def test_it_is_small_enough_for_editors() -> None:
    assert len(CliRunner().invoke(schema_command, []).output.encode()) < 500_000


def test_it_knows_models_firmwares_settings_and_quantities_of_every_vendor() -> None:
    text = json.dumps(json_schema())
    for name in PACKAGES:
        vendor = vendors_vendor(name)
        for model in vendor.models:
            assert f'"{model.id}"' in text
            assert all(f'"{version}"' in text for version in model.firmwares)
        assert all(json.dumps(row.name) in text for row in vendor.settings)
    assert '"power_factor"' in text
