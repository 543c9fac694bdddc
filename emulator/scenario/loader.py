"""Scenario files: read, put together, checked as a whole.

The one rule: every mistake is found before anything runs, and all of them are reported at once, each at its place.
"""

from __future__ import annotations

import os
from collections import ChainMap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from ..errors import EmulatorError, Place, Problem, ScenarioError
from ..language.arguments import Scope, Unreadable
from ..language.names import Names
from ..language.nodes import Node, from_object, from_yaml
from ..language.records import Argument
from ..verdict.section import PlacedRule, RulesSection
from ..world.names import SiteNames
from ..world.plan import ChargerPlan, ControlBoxPlan
from ..world.vehicles import VEHICLES
from . import schema
from .default import default_scenario
from .documents import Environment, Files, ScenarioDocument, read_document
from .plan import End, Scenario
from .probing import Probe
from .schema import TimelineSection
from .sections import check_ports
from .shipped import located
from .steps.base import TimedStep
from .variants import Variant
from .wallboxes import salvaged, wallbox_names

T = TypeVar("T")
D = TypeVar("D")

ONLY = "charger"
"""Name of a charger that was given none."""


def load(path: str | Path, *, environment: Mapping[str, str] | None = None, variant: Variant | None = None) -> Scenario:
    """The scenario in a file, or in one that comes with the emulator (`ready/wifi_loss.yaml`).

    ScenarioError with every problem; EmulatorError if it cannot be read at all.
    """
    file = located(Path(path))
    return _loaded(_content(file), str(file), environment, variant)


def loads(text: str, file: str = "scenario.yaml", *, environment: Mapping[str, str] | None = None) -> Scenario:
    """The scenario in a text; `file` names it in problems and is where included files are looked for."""
    return _loaded(text.encode(), file, environment)


def _loaded(text: bytes, file: str, environment: Mapping[str, str] | None, variant: Variant | None = None) -> Scenario:
    variables = Environment(os.environ if environment is None else environment)
    files = Files(variables)
    document = files.read(text, file)
    scope = Scope(Names(), files.problems)
    scenario = _read(document, file, scope, variant or Variant()) if document is not None else None
    if scope.problems or scenario is None:
        raise ScenarioError(variables.hidden(scope.problems))
    return scenario


def _content(path: str | Path) -> bytes:
    try:
        return read_document(Path(path))
    except EmulatorError as error:
        raise EmulatorError(f"{path}: {error}") from None


def load_rules(path: str | Path, names: Names) -> list[PlacedRule]:
    """The rules in a file: a list of rules, or a document with `rules:`. ScenarioError with every problem."""
    variables = Environment(os.environ)
    node, problems = _rules_node(path, variables)
    scope = Scope(names, problems)
    found = _rules(node, scope) if node is not None else []
    if problems:
        raise ScenarioError(variables.hidden(problems))
    return found


def rules_as_data(path: str | Path) -> object:
    """The rules in a file as plain data, unchecked: for an emulator that knows its own names."""
    variables = Environment(os.environ)
    node, problems = _rules_node(path, variables)
    if problems or node is None:
        raise ScenarioError(variables.hidden(problems))
    return node.data()


def _rules_node(path: str | Path, environment: Environment) -> tuple[Node | None, list[Problem]]:
    text = _content(path).decode("utf-8-sig", "replace")
    root, problems = from_yaml(text, str(path), environment, expected="a list of rules")
    rules = root.get("rules") if root is not None else None
    return rules if rules is not None else root, list(problems)


def _read(document: ScenarioDocument, file: str, scope: Scope, variant: Variant) -> Scenario | None:
    """The scenario of a document; None after reporting what is wrong."""

    _section(document, schema.PACKS, scope, ())
    vehicles = variant.vehicles(_section(document, schema.VEHICLES, scope, {}))
    plans = variant.plans(_plans(document, scope))
    check_ports(plans, scope)
    names = _names(document, plans, vehicles, scope)
    inner = Scope(names, scope.problems)
    tracks = tuple(variant.track(_track(node, inner), vehicles) for node in document.timelines)
    rules = [rule for node in document.rules for rule in _rules(node, inner)]
    end = _section(document, schema.END, scope, None)
    control_box = _control_box(document, names, scope)
    if document.get(schema.CONTROL_BOX.name) is None:
        _check_grid(tracks, scope)
    _check_end(end, tracks, document.get("end"), scope)
    return Scenario(
        file=file,
        about=_section(document, schema.ABOUT, scope, ""),
        reported=_section(document, schema.REPORTED, scope, ()),
        seed=_section(document, schema.SEED, scope, 0),
        epoch=_section(document, schema.EPOCH, scope, None),
        speed=_section(document, schema.CLOCK, scope, None),
        supply=_section(document, schema.SUPPLY, scope, {}),
        broker=_section(document, schema.BROKER, scope, None),
        control_box=control_box,
        vehicles=vehicles,
        clients=tuple(_section(document, schema.CLIENTS, scope, ())),
        chargers=tuple(plans),
        tracks=tracks,
        rules=tuple(rules),
        end=end,
        shared_sockets=_section(document, schema.SHARED_SOCKETS, scope, None),
        strict=_section(document, schema.STRICT, scope, False),
    )


def _section(document: ScenarioDocument, section: Argument[T], scope: Scope, default: D) -> T | D:
    """What a section says; the default if it is not there, or cannot be read."""
    node = document.get(section.name)
    if node is None:
        return default
    try:
        return section.type.read(node, scope)
    except Unreadable:
        return default


def _control_box(document: ScenarioDocument, names: Names, scope: Scope) -> ControlBoxPlan | None:
    """The control box with the full addresses of its wallboxes."""
    plan = _section(document, schema.CONTROL_BOX, scope, None)
    node = document.get(schema.CONTROL_BOX.name)
    if plan is None or node is None:
        return None
    found = []
    for name in plan.wallboxes:
        try:
            found.append(names.wallbox(name))
        except EmulatorError as error:
            scope.problems.append(Problem(node.place, f"control_box: {error}"))
    return replace(plan, wallboxes=tuple(found))


def _check_grid(tracks: Sequence[Sequence[TimedStep]], scope: Scope) -> None:
    """Report every step that needs a control box where there is none."""
    if not any(tracks):
        return
    from .steps.grid import NO_CONTROL_BOX, OfTheGrid

    for track in tracks:
        for step in track:
            if isinstance(step.step, OfTheGrid):
                scope.problems.append(Problem(step.place, f"{step.name}: {NO_CONTROL_BOX}"))


def _plans(document: ScenarioDocument, scope: Scope) -> list[ChargerPlan]:
    """Every charger that can be read."""
    plans: list[ChargerPlan] = [
        *_section(document, schema.CHARGERS, scope, ()),
        *_section(document, schema.FLEET, scope, ()),
    ]
    single = [name for name in ("charger", "wallboxes", "wallbox") if document.get(name) is not None]
    if single:
        plan = _section(document, schema.CHARGER, scope, None)
        wallboxes = tuple(
            wallbox
            for section in (schema.WALLBOXES, schema.WALLBOX)
            for wallbox in _section(document, section, scope, salvaged(document.get(section.name)))
        )
        if plan is None:
            plan = _salvaged(ONLY, document.get("charger"), document.entries[single[0]][1].place)
        plans.append(replace(plan, name=ONLY, wallboxes=(*plan.wallboxes, *wallboxes)))
        if document.get("chargers") is not None or document.get("fleet") is not None:
            key = document.entries[single[0]][0]
            text = f'"{single[0]}" is for a single charger, but there are others; put it under "chargers"'
            scope.problems.append(Problem(key.place, text))
    if not single and document.get("chargers") is None and document.get("fleet") is None:
        return list(default_scenario().chargers)
    return _unique(plans, scope)


def _salvaged(name: str, node: Node | None, place: Place) -> ChargerPlan:
    """A charger in which something is wrong, without that."""
    wallboxes = (*salvaged(node.get("wallboxes")), *salvaged(node.get("wallbox"))) if node is not None else ()
    return ChargerPlan(name=name, wallboxes=wallboxes, place=place)


def _unique(plans: Sequence[ChargerPlan], scope: Scope) -> list[ChargerPlan]:
    found: dict[str, ChargerPlan] = {}
    for plan in plans:
        if plan.name in found:
            text = f'there is a charger called "{plan.name}" already, in {found[plan.name].place}'
            scope.problems.append(Problem(plan.place, text))
        names: set[str] = set()
        for wallbox in plan.wallboxes:
            if wallbox.name in names:
                scope.problems.append(Problem(wallbox.place, f'there are two wallboxes called "{wallbox.name}"'))
            names.add(wallbox.name)
        found.setdefault(plan.name, plan)
    return list(found.values())


def _names(document: ScenarioDocument, plans: list[ChargerPlan], vehicles: Mapping[str, object], scope: Scope) -> Names:
    """The names steps may use: also those of chargers and vehicles that could not be read."""
    chargers = {plan.name: [wallbox.name for wallbox in plan.wallboxes] for plan in plans}
    node = document.get("chargers")
    for key, value in node.entries or () if node is not None else ():
        wallboxes = [*wallbox_names(value.get("wallboxes")), *wallbox_names(value.get("wallbox"))]
        chargers.setdefault(key.text, wallboxes)
    listed = document.get("vehicles")
    written = {key.text for key, _ in (listed.entries or () if listed is not None else ())}
    read = {plan.name for plan in plans}
    rest = [_salvaged(key.text, value, key.place) for key, value in (node.entries or () if node is not None else ())]
    every = [*plans, *(plan for plan in rest if plan.name not in read)]
    names = SiteNames(
        chargers,
        ChainMap(dict.fromkeys([*vehicles, *written]), VEHICLES),  # type: ignore[arg-type]
        find=Probe(every, lambda plan, error: scope.problems.append(Problem(plan.place, str(error)))),
        whole=True,
    )
    for timeline in document.timelines:
        for item in timeline.items or ():
            names.faults.update(_fault_names(item))
            names.notes.update(_notes(item))
    return names


def _fault_names(item: Node) -> set[str]:
    """What the faults that a step begins are called, so that an earlier step, or timeline, may speak of them."""
    begins = [value for key, value in item.entries or () if key.text != "clear_fault" and value.entries is not None]
    given = (value.get("name") or value.get("kind") for value in begins)
    return {name.text for name in given if name is not None and isinstance(name.scalar, str)}


def _notes(item: Node) -> Iterator[str]:
    """The notes in a step, however deep."""
    for key, value in item.entries or ():
        if key.text == "note":
            text = value if value.is_scalar else value.get("text")
            yield from () if text is None else (text.text,)
        if key.text not in ("after", "until"):  # there one is awaited
            yield from _notes(value)
    for inner in item.items or ():
        yield from _notes(inner)


def _track(node: Node, scope: Scope) -> tuple[TimedStep, ...]:
    try:
        return TimelineSection().read(node, scope)
    except Unreadable:
        return ()


def _rules(node: Node, scope: Scope) -> list[PlacedRule]:
    try:
        return RulesSection().read(node, scope)
    except Unreadable:
        return []


def _check_end(end: End | None, tracks: Sequence[Sequence[TimedStep]], node: Node | None, scope: Scope) -> None:
    if end is None or end.at is None or node is None:
        return
    for track in tracks:
        for step in track:
            if step.at is not None and step.at > end.at:
                text = f"{step.name}: after the end of the scenario in line {node.place.line}"
                scope.problems.append(Problem(step.place, text))


def from_data(value: Mapping[str, object], name: str = "scenario") -> Scenario:
    """The scenario of a plain object, as it would be in YAML. ScenarioError with every problem."""
    node = from_object(value)
    files = Files(os.environ)
    document = ScenarioDocument()
    own = {key.text: (key, item) for key, item in node.entries or ()}
    files.check_keys(own)
    files.take(own, document, replacing=True)
    scope = Scope(Names(), files.problems)
    scenario = _read(document, name, scope, Variant())
    if scope.problems or scenario is None:
        raise ScenarioError(scope.problems)
    return scenario
