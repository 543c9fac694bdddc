"""The vocabulary: every step there is.

The one rule: a step is a word in the list below. To add one, write a class beside its like and add it here; YAML, the
control API, the command line and Python learn it from its fields.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Final

from ...core.faults import CATALOGUE
from ...errors import Problem, ScenarioError, did_you_mean
from ...language.arguments import ArgumentType, Duration, Schema, Scope, Unreadable
from ...language.names import Names
from ...language.nodes import Node, from_object
from ...language.records import Argument
from ...language.words import from_word
from . import checks, derived, device, fault, faults, grid, ocpp, request, vehicle
from .base import Step, StepType, TimedStep, described

VOCABULARY: Final[tuple[StepType, ...]] = (
    described(vehicle.PlugIn),
    described(vehicle.Unplug),
    described(vehicle.SwapVehicle),
    described(vehicle.SetVehicle),
    described(device.PresentCard),
    described(device.PressButton),
    *derived.STIMULI,
    faults.POWER_CUT,
    described(faults.PowerUp),
    described(device.Set),
    described(device.Reboot),
    described(device.SetFirmware),
    described(device.Command),
    *(faults.catalogued(fault) for fault in CATALOGUE),
    described(request.Request),
    described(grid.Limit),
    described(grid.Release),
    described(grid.FallSilent),
    described(ocpp.OcppCall),
    described(ocpp.CentralSystem),
    fault.fault_type(),
    described(faults.ClearFault),
    described(checks.Clock),
    described(checks.Expect),
    described(checks.WaitUntil),
    described(checks.Note),
)

STEPS: Final[Mapping[str, StepType]] = {kind.name: kind for kind in VOCABULARY}
TIMES: Final = (
    Argument("at", Duration(), stated="simulated time of the step"),
    Argument("after", Duration(), stated="time after the previous step"),
    Argument("within", Duration(), stated="how long to wait for what is expected"),
)
_WAITING = ("expect", "wait_until")


def read_step(node: Node, scope: Scope) -> TimedStep:
    """One entry of a timeline: a step with its arguments, and when it is to happen."""
    if isinstance(node.scalar, str):  # `- unplug`
        word = replace(node, label="")
        node = replace(node, scalar=None, entries=((word, replace(node, label=node.text, scalar=None)),))
    if node.entries is None:
        scope.fail(node, f"found {node.shown()}, expected a step such as {{at: 10 s, plug_in: {{vehicle: vw_id3}}}}")
    times: dict[str, int] = {}
    good = True
    chosen: tuple[Node, Node] | None = None
    for key, value in node.entries:
        time = next((argument for argument in TIMES if argument.name == key.text), None)
        if time is not None:
            good = _read_time(time, value, scope, times) and good
        elif key.text not in STEPS:
            known = [*STEPS, *(argument.name for argument in TIMES)]
            scope.problems.append(Problem(key.place, f'there is no step "{key.text}"{did_you_mean(key.text, known)}'))
            good = False
        elif chosen is not None:
            first = chosen[0].text
            scope.problems.append(Problem(key.place, f'"{key.text}": this entry is "{first}" already, one step each'))
            good = False
        else:
            chosen = key, value
    if chosen is None:
        if good:
            scope.fail(node, f"no step here{did_you_mean('', STEPS)}, expected for example plug_in")
        raise Unreadable
    step = STEPS[chosen[0].text].read(chosen[1], scope)
    good = _check_times(node, chosen[0].text, times, scope) and good
    if not good:
        raise Unreadable
    return TimedStep(
        name=chosen[0].text,
        step=step,
        at=times.get("at"),
        after=times.get("after"),
        within=times.get("within"),
        place=chosen[0].place,
        written=chosen[1].data(),
    )


def _read_time(argument: Argument[int], node: Node, scope: Scope, times: dict[str, int]) -> bool:
    try:
        times[argument.name] = argument.type.read(node, scope)
    except Unreadable:
        return False
    return True


def _check_times(node: Node, name: str, times: Mapping[str, int], scope: Scope) -> bool:
    if "at" in times and "after" in times:
        scope.report(node, '"at" and "after" together, expected one of them')
        return False
    if "within" in times and name not in _WAITING:
        scope.report(node.get("within") or node, f"belongs to {' and '.join(_WAITING)}, not to {name}")
        return False
    return True


def read_timeline(nodes: Sequence[Node], scope: Scope) -> list[TimedStep]:
    """Every entry of a timeline, in order; `Unreadable` after reporting all that is wrong."""
    steps: list[TimedStep] = []
    good = True
    latest: TimedStep | None = None
    for node in nodes:
        try:
            step = read_step(node, scope)
        except Unreadable:
            good = False
            continue
        if step.at is not None:
            if latest is not None and latest.at is not None and step.at < latest.at:
                scope.report(node.get("at") or node, "before the step above it, expected the steps in order of time")
                good = False
            latest = step
        steps.append(step)
    if not good:
        raise Unreadable
    return steps


# --- from Python, JSON and words -------------------------------------------------------------------------------------


def parse_steps(value: object, names: Names) -> list[TimedStep]:
    """The steps of a JSON object (one step, or a list) as it would be in YAML. ScenarioError with all problems."""
    node = from_object(value, "step" if not isinstance(value, list) else "steps")
    scope = Scope(names)
    steps: list[TimedStep] = []
    if node.items == ():
        scope.report(node, "found an empty list, expected a step or several")
    with suppress(Unreadable):
        steps = read_timeline(node.items if node.items is not None else (node,), scope)
    if scope.problems:
        raise ScenarioError(scope.problems)
    return steps


def make_step(name: str, names: Names, arguments: object = None, /, **keywords: object) -> TimedStep:
    """A step from Python: `make_step("plug_in", names, vehicle="vw_id3")`. ScenarioError with all problems."""
    given: object = {key.rstrip("_"): value for key, value in keywords.items()} if keywords else arguments
    return parse_steps({name: given}, names)[0]


def step_from_words(name: str, words: Sequence[str]) -> dict[str, object]:
    """The JSON object of a step from the words of a command line: `plug_in id3 cable=20 A` or `--cable=20 A`.

    Words without `=` are the short argument. A value is read by the type of its argument: what is a text stays one
    (`tag=00845500`), a list may be written `L1,L2`, and JSON or YAML is taken where any value may stand.
    """
    kind = STEPS.get(name)
    given: dict[str, object] = {}
    plain: list[str] = []
    for word in words:
        key, equals, value = word.partition("=")
        if equals:
            nested = key.lstrip("-").replace("-", "_") if kind is None or kind.whole is None else key.lstrip("-")
            _put(name, given, nested, value, kind)
        else:
            plain.append(word)
    short = kind.short if kind is not None else None
    text = " ".join(plain)
    if plain and not given:
        return {name: from_word(text, _type_of(kind, short))}
    if plain and short is not None:
        _put(name, given, short, text, kind)
    elif plain:
        raise _wrong(name, f'found "{plain[0]}", expected name=value')
    return {name: given or None}


def _wrong(name: str, text: str) -> ScenarioError:
    return ScenarioError([Problem(from_object(None, name).place, text)])


def _type_of(kind: StepType | None, name: str | None) -> ArgumentType[object] | None:
    arguments = kind.arguments if kind is not None else ()
    return next((argument.type for argument in arguments if argument.name == name), None)


def _put(name: str, given: dict[str, object], key: str, value: str, kind: StepType | None) -> None:
    """`settings.amp=10` is {settings: {amp: 10}} where `settings` is an argument. ScenarioError: it is there."""
    outer, dot, inner = key.partition(".")
    if dot and kind is not None and kind.whole is None and any(a.name == outer for a in kind.arguments):
        before = given.get(outer, {})
        if not isinstance(before, dict) or inner in before:
            raise _wrong(name, f"{key} is here twice, expected it once")
        given[outer] = {**before, inner: from_word(value, None)}
        return
    if key in given:
        raise _wrong(name, f"{key} is here twice, expected it once")
    given[key] = from_word(value, _type_of(kind, key))


def timeline_schema() -> Schema:
    """JSON Schema of a list of steps."""
    times = {a.name: a.type.schema() | {"description": a.about} for a in TIMES}
    entry = {
        "title": "timed_step",
        "type": "object",
        "properties": times | {kind.name: {"$ref": f"#/$defs/step_{kind.name}"} for kind in VOCABULARY},
        "additionalProperties": False,
    }
    bare = [kind.name for kind in VOCABULARY if kind.whole is None and not any(a.required for a in kind.arguments)]
    return {"type": "array", "items": {"anyOf": [entry, {"title": "bare_step", "enum": bare}]}}


def step_schemas() -> dict[str, Schema]:
    """JSON Schema of every step, by the name `timeline_schema` refers to."""
    return {f"step_{kind.name}": kind.schema() for kind in VOCABULARY}


__all__ = ["STEPS", "VOCABULARY", "Step", "StepType", "TimedStep", "make_step", "parse_steps", "read_timeline"]
