"""Mappings with known keys: the sections of a scenario and the arguments of a step.

The one rule: every wrong key and every wrong value is reported, not only the first.
"""

from __future__ import annotations

import builtins
from collections.abc import Sequence
from typing import Generic, TypeVar, overload

from ..core.values import terse
from ..errors import Problem, did_you_mean
from .arguments import ArgumentType, Schema, Scope, Unreadable
from .nodes import Node
from .texts import field_text

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


@terse
class Argument(Generic[T_co]):
    """One key of a mapping: an argument of a step, a field of a section."""

    name: str
    type: ArgumentType[T_co]
    default: object = None
    required: bool = False
    stated: str = ""
    """What it means, where that is not written below the field of `owner`."""
    collected: bool = False
    """One of many that are only there if given (`fields.Spread`)."""
    owner: builtins.type | None = None
    """The dataclass whose field it is."""

    @property
    def about(self) -> str:
        """What it means, for a reader."""
        if self.stated or self.owner is None:
            return self.stated
        return field_text(self.owner, self.name) or field_text(self.owner, f"{self.name}_")


class RecordValues(dict[str, object]):
    """What was read from a mapping, by the names of its arguments."""

    @overload
    def of(self, argument: Argument[T]) -> T | None: ...

    @overload
    def of(self, argument: Argument[T], default: T) -> T: ...

    def of(self, argument: Argument[T], default: T | None = None) -> object:
        """The value of one argument, with its type; the default if it was not given."""
        return self.get(argument.name, default)


def read_record(
    node: Node, arguments: Sequence[Argument[object]], scope: Scope, *, given_only: bool = False, what: str = ""
) -> RecordValues:
    """The values of a mapping by name, with every wrong key and value reported. `given_only`: no defaults."""
    if node.entries is None and not node.empty:
        scope.fail(node, f"found {node.shown()}, expected {what or 'a mapping'}")
    known = {argument.name: argument for argument in arguments}
    values = RecordValues()
    good = True
    for key, value in node.entries or ():
        argument = known.get(key.text)
        if argument is None:
            if not key.text.startswith("x-"):
                scope.problems.append(Problem(key.place, f'unknown key "{key.text}"{did_you_mean(key.text, known)}'))
                good = False
            continue
        try:
            values[key.text] = argument.type.read(value, scope)
        except Unreadable:
            good = False
    present = {key.text for key, _ in node.entries or ()}
    for argument in arguments:
        if argument.name in present:
            continue
        if argument.required:
            scope.report(node, f'"{argument.name}" is missing, expected {argument.type.text}')
            good = False
        elif not given_only and not argument.collected:
            try:
                values[argument.name] = argument.type.absent(node, scope, argument.default)
            except Unreadable:
                good = False
    if not good:
        raise Unreadable
    return values


def record_schema(arguments: Sequence[Argument[object]], **stated: Schema) -> Schema:
    """JSON Schema of a mapping with these keys. `stated`: what to say of some of them instead."""
    properties: Schema = {}
    for argument in arguments:
        properties[argument.name] = argument.type.schema() | ({"description": argument.about} if argument.about else {})
    needed = [argument.name for argument in arguments if argument.required]
    schema: Schema = {
        "type": "object",
        "properties": properties | stated,
        "patternProperties": {"^x-": {}},
        "additionalProperties": False,
    }
    return schema | ({"required": needed} if needed else {})
