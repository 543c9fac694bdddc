"""A failure as a scenario: what a person would have written to show it.

The one rule: it stands alone where that is possible - the site, the steps, the one rule that is broken - and otherwise
includes the scenario that it was found in.
"""

from __future__ import annotations

import os
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

import yaml

from ..core.instant import Instant, seconds
from ..language import units
from ..language.counting import counted
from ..language.nodes import Node
from ..scenario.documents import Environment, Files, ScenarioDocument
from .search import Failure
from .walks import Stage, Walk, instants

_OWN: Final = ("about", "steps", "rules", "end", "include", "strict")
"""Sections that a scenario of a failure has of its own."""
_WAITS: Final = ("wait_until", "within")
WIDTH: Final = 118


def scenario_text(failure: Failure, stage: Stage, *, command: str, replay: str) -> str:
    """The scenario of a failure. `command`: what found it; `replay`: what shows it again."""
    path = Path(stage.base.file)
    variables = Environment({name: f"${{{name}}}" for name in os.environ})  # what they hold is nobody's business
    document = Files(variables).read(path.read_bytes(), str(path)) or ScenarioDocument()
    timeline = _timeline(document.timelines)
    lines = [*_head(failure, command, replay), *_folded("about", about(failure))]
    if timeline is None:
        lines.append(f"include: {os.path.abspath(path)}")
        steps = list(_steps([], failure.trial.walk))
    else:
        lines += _sections(document)
        steps = list(_steps(timeline, failure.trial.walk))
        lines += _rules(document, failure)
    lines += ["steps:", *(f"  - {_entry(step)}" for step in steps)] if steps else []
    lines.append(f"end: {{at: {_duration(stage.end(failure.trial.walk))}}}")
    return "\n".join(lines) + "\n"


def about(failure: Failure) -> str:
    """What is wrong, in a sentence."""
    rule = failure.finding.rule
    subject = rule[:1].upper() + rule[1:] + (" is broken" if rule.startswith(("rule", "physics")) else "")
    told = failure.finding.text.strip().partition("\n")[0] if rule.startswith(("rule", "physics")) else ""
    return f"{subject}{': ' + told if told else ''}."


def _head(failure: Failure, command: str, replay: str) -> Iterator[str]:
    steps = len(failure.trial.walk)
    how = f"Shrunk from {counted(failure.length, 'step')} to {steps}" if steps else "Nothing has to happen"
    how = how if failure.shrunk else f"{counted(steps, 'step')}, not shrunk to the end"
    yield f"# Found by: {command}"
    yield f"# {how}; it came again {failure.repeated} of {failure.repetitions} times."
    if failure.flaky:
        yield "# FLAKY: the client does not do the same every time."
    yield f"# See it again: {replay}"


def _sections(document: ScenarioDocument) -> Iterator[str]:
    for name, (_, value) in document.entries.items():
        if name not in _OWN and not name.startswith("x-"):
            yield from _section(name, value.data())


def _section(name: str, value: object) -> Iterator[str]:
    line = f"{name}: {flow(value)}"
    if len(line) <= WIDTH:
        yield line
        return
    text = yaml.safe_dump({name: value}, sort_keys=False, allow_unicode=True, width=WIDTH, default_flow_style=None)
    yield from str(text).splitlines()


def _folded(name: str, text: str) -> Iterator[str]:
    line = f"{name}: {flow(text)}"
    if len(line) <= WIDTH:
        yield line
        return
    yield f"{name}: >-"
    yield from textwrap.wrap(text, WIDTH - 2, initial_indent="  ", subsequent_indent="  ", break_on_hyphens=False)


def _rules(document: ScenarioDocument, failure: Failure) -> list[str]:
    """The rule that is broken, as it is written."""
    place = failure.finding.place
    if place is None:
        return []
    for node in document.rules:
        for item in node.items or ():
            if item.place == place:
                return ["rules:", *_element(item.data())]
    ready = failure.finding.rule.removeprefix('rule "').partition(": ")[0]
    return ["rules:", f"  - {{include: {ready}}}"]


def _element(value: object) -> list[str]:
    """An element of a list, on one line if it is short."""
    line = f"  - {flow(value)}"
    if len(line) <= WIDTH or not isinstance(value, dict):
        return [line]
    inner = [f"{key}: {flow(item)}" for key, item in value.items()]
    return [f"  - {inner[0]}", *(f"    {text}" for text in inner[1:])]


# --- the timeline ----------------------------------------------------------------------------------------------------


def _timeline(timelines: Sequence[Node]) -> list[tuple[Instant, Mapping[str, object]]] | None:
    """The steps of the scenario with their instants; None where these depend on what happens."""
    found: list[tuple[Instant, Mapping[str, object]]] = []
    for timeline in timelines:
        at = 0
        for item in timeline.items or ():
            step = item.data()
            plain = {step: None} if isinstance(step, str) else step
            if not isinstance(plain, dict) or any(word in plain for word in _WAITS):
                return None
            stated, after = plain.pop("at", None), plain.pop("after", None)
            at = units.parse_duration(str(stated)) if stated is not None else at
            at += units.parse_duration(str(after)) if after is not None else 0
            found.append((at, plain))
    return found


def _steps(timeline: list[tuple[Instant, Mapping[str, object]]], walk: Walk) -> Iterator[Mapping[str, object]]:
    """All steps in order, each with its time where that is another than that of the one before."""
    own = [(at, happening.step) for at, happening in zip(instants(walk), walk, strict=True)]
    before = 0
    for at, step in sorted([*timeline, *own], key=lambda timed: timed[0]):
        yield {"at": _duration(at), **step} if at != before else step
        before = at


def _duration(at: Instant) -> str:
    return units.shown(seconds(at), "s")


def _entry(step: Mapping[str, object]) -> str:
    """A step as an element of a list: `plug_in: {vehicle: vw_id3}`, `unplug`, `{at: 1 min, unplug}`."""
    if len(step) != 1:
        return flow(step)
    ((name, arguments),) = step.items()
    return name if arguments is None else flow(step)[1:-1]


def flow(value: object) -> str:
    """A value on one line of YAML."""
    text = yaml.safe_dump(value, default_flow_style=True, sort_keys=False, allow_unicode=True, width=100_000)
    line = str(text).removesuffix("\n").removesuffix("\n...").replace("'on':", "on:")
    return line.removesuffix(": null}") + "}" if line.endswith(": null}") else line  # `{at: 10 s, unplug}`
