"""Whatever a scenario file contains is refused with its place within a second, and nothing of other files is told."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from emulator.errors import EmulatorError, ScenarioError
from emulator.language import bounds
from emulator.scenario.loader import load, loads
from emulator.scenario.playing import play

QUICK = 1.0
"""Processor seconds in which a file has to be refused."""

BOMB = """
  a: &a [x, x, x, x, x, x, x, x, x, x]
  b: &b [*a, *a, *a, *a, *a, *a, *a, *a, *a, *a]
  c: &c [*b, *b, *b, *b, *b, *b, *b, *b, *b, *b]
  d: &d [*c, *c, *c, *c, *c, *c, *c, *c, *c, *c]
  e: &e [*d, *d, *d, *d, *d, *d, *d, *d, *d, *d]
  f: &f [*e, *e, *e, *e, *e, *e, *e, *e, *e, *e]
  g: &g [*f, *f, *f, *f, *f, *f, *f, *f, *f, *f]
  h: &h [*g, *g, *g, *g, *g, *g, *g, *g, *g, *g]
"""

TOO_MUCH = {
    "aliases in settings": f"wallboxes: {{goe: {{settings: {{{{x-bomb}}}}}}}}\nx-bomb:{BOMB}\n",
    "aliases in expect": f"x-bomb:{BOMB}\nsteps: [{{expect: {{goe.car: *h}}}}]\n",
    "aliases in a fault": f"x-bomb:{BOMB}\nsteps: [{{fault: {{kind: override, on: goe, value: *h}}}}]\n",
    "nesting": f"steps: {'[' * 800}{']' * 800}\n",
    "deep nesting": f"steps: {'[' * 100_000}\n",
    "nested blocks": "\n".join(f"{' ' * depth}x-{depth}:" for depth in range(200)),
    "a long number": f"seed: {'9' * 5000}\n",
    "a long number in a list": f"steps: [{{note: [{'9' * 5000}]}}]\n",
    "a long duration": f"steps: [{{at: {'9' * 5000} h, plug_in: vw_id3}}]\n",
    "a duration with a large exponent": "steps: [{at: 1e99999 h, plug_in: vw_id3}]\n",
    "a million steps": "steps: [" + "unplug, " * 1_000_000 + "]\n",
    "many steps": "steps:\n" + "- unplug\n" * 300_000,
    "a long text": f"steps: [{{note: {'x' * 100_000}}}]\n",
    "a long topic": f"steps: [{{request: {{on: goe.mqtt, topic: {'x' * 70_000}}}}}]\n",
    "a long expectation": f"steps: [{{expect: {{power: '1 {' ' * 5000}'}}}}]\n".replace("1 ", "1 kW ..", 1),
}


@pytest.mark.parametrize("what", TOO_MUCH)
def test_too_much_is_refused_with_its_place(what: str) -> None:
    began = time.process_time()
    with pytest.raises(ScenarioError) as refused:
        loads(TOO_MUCH[what])
    assert time.process_time() - began < QUICK
    assert all(problem.place.line >= 1 and len(problem.text) < 1000 for problem in refused.value.problems)


def test_what_is_allowed_stays_quick() -> None:
    began = time.process_time()
    loads("steps:\n" + "- {at: 1 s, plug_in: vw_id3}\n" * 2000)
    assert time.process_time() - began < 3 * QUICK


@pytest.mark.parametrize(
    "name", ["/dev/zero", "/dev/stdin", "pipe", "directory", "large.yaml", '"a\\0b"', "nothing", "."]
)
def test_an_include_that_is_no_file(tmp_path: Path, name: str) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "directory").mkdir()
    (tmp_path / "large.yaml").write_bytes(b"#" * (bounds.LARGEST_FILE + 1))
    file = tmp_path / "scenario.yaml"
    file.write_text(f"include: {name}\n")
    with pytest.raises(ScenarioError, match=r"scenario.yaml:1:10: include: ") as refused:
        load(file)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("name", ["/dev/zero", "pipe", "a\0b", ""])
def test_a_scenario_that_is_no_file(tmp_path: Path, name: str) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(EmulatorError):
        load(str(tmp_path / name) if not name.startswith("/") else name)


def test_includes_are_counted(tmp_path: Path) -> None:
    names = [f"part{number}.yaml" for number in range(bounds.MOST_FILES + 1)]
    for name in names:
        (tmp_path / name).write_text("about: a part\n")
    (tmp_path / "all.yaml").write_text(f"include: [{', '.join(names)}]\n")
    with pytest.raises(ScenarioError, match="more than 64 files"):
        load(tmp_path / "all.yaml")


@pytest.mark.parametrize(
    "content", ["root:x:0:0:secret\nhunter2", "[hunter2", "key: hunter2: hunter2", "\x00hunter2", "- hunter2"]
)
def test_nothing_of_an_included_file_is_told(tmp_path: Path, content: str) -> None:
    (tmp_path / "password").write_text(content)
    (tmp_path / "scenario.yaml").write_text("include: password\n")
    with pytest.raises(ScenarioError) as refused:
        load(tmp_path / "scenario.yaml")
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize(
    "text",
    [
        "steps: [{at: '${SECRET}', plug_in: vw_id3}]",
        "steps: [{at: 1 s, plug_in: '${SECRET}'}]",
        "steps: [{present_card: {tag: ['${SECRET}']}}]",
        "steps: [{expect: {power: '> ${SECRET}'}}]",
        "wallboxes: {'goe': {model: '${SECRET}'}}",
        "wallboxes: [{vendor: '${SECRET}'}]",
        "charger: {rated_current: '${SECRET}'}",
        "broker: '${SECRET}'",
        "include: '${SECRET}'",
        "seed: '${SECRET}'",
        "epoch: x${SECRET}x",
    ],
)
@pytest.mark.parametrize("secret", ["hunter2", "7", "9 hunter2", "-"])
def test_values_of_the_environment_are_not_shown(text: str, secret: str) -> None:
    with pytest.raises(ScenarioError) as refused:
        loads(text, environment={"SECRET": f"{secret}-{secret}"})
    assert f"{secret}-{secret}" not in str(refused.value)


@pytest.mark.parametrize("pattern", ["/^(a+)+$/", "/^(a|aa)+$/", "/(.*)*x/", "/(x+x+)+y/", "/^(([a-z])+.)+[A-Z]$/"])
@pytest.mark.parametrize("length", [20, 60])
def test_no_regular_expression_runs_away(pattern: str, length: int) -> None:
    text = f"""
wallboxes: {{goe: {{settings: {{fna: "{"a" * length}!"}}}}}}
steps: [{{at: 1 s, expect: {{goe.fna: '{pattern}'}}}}, {{at: 2 s, expect: {{goe.fna: '/a+!/'}}}}]
end: 3 s
"""
    began = time.process_time()
    result = play(loads(text))
    assert time.process_time() - began < 3 * QUICK
    assert [failure.place.line for failure in result.failures] == [3]


def test_a_regular_expression_that_takes_too_long_is_named() -> None:
    name = "a" * 60
    steps = "steps: [{at: 1 s, expect: {goe.fna: '/^(a|aa)+$/'}}]"
    text = f"wallboxes: {{goe: {{settings: {{fna: '{name}!'}}}}}}\n{steps}"
    (failure,) = play(loads(text)).failures
    assert "the regular expression /^(a|aa)+$/ takes more than 0.2 s on a text of 61 characters" in failure.text
