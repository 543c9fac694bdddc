"""Dataclasses as documentation: the fields of a class are the arguments a user writes.

The one rule: a field's annotation decides its type, its default is the default, the text below it is its description.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, fields, is_dataclass, replace
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Generic, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from ..core.units import Unit
from ..core.values import terse
from .arguments import (
    Anything,
    ArgumentType,
    Choice,
    Flag,
    Maybe,
    Number,
    NumberWithUnit,
    Schema,
    Scope,
    Several,
    Text,
    Values,
    Whole,
)
from .nodes import Node
from .records import Argument, RecordValues, read_record, record_schema

T = TypeVar("T")

_BOUNDS: Mapping[str, ArgumentType[object]] = {
    "phases": Whole(1, 3),
    "attempts": Whole(1),
    "toggle_limit": Maybe(Whole(1)),
    "current_gain": Number(0.0, 2.0),
    "noise": Number(0.0),
}
"""Fields whose type alone would accept nonsense."""


@terse
class About:
    """Mark on an annotation: a description where a text below the field will not do."""

    text: str


@terse
class Spread:
    """Mark on a mapping field: the fields of `cls` are arguments too, each optional, collected here."""

    cls: type
    omit: tuple[str, ...] = ()


def arguments_of(cls: type) -> tuple[Argument[object], ...]:
    """The arguments a dataclass takes, in the order of its fields."""
    return _arguments(cls)


@cache
def _arguments(cls: type) -> tuple[Argument[object], ...]:
    hints = _hints(cls)
    found: list[Argument[object]] = []
    for spec in fields(cls):
        hint = hints[spec.name]
        spread = _mark(hint, Spread)
        if spread is not None:
            offered = optional(arguments_of(spread.cls), spread.omit)
            found.extend(replace(argument, collected=True) for argument in offered)
            continue
        about = _mark(hint, About)
        default = spec.default_factory() if spec.default_factory is not MISSING else spec.default
        found.append(
            Argument(
                name=spec.name.rstrip("_"),
                type=type_of(hint, spec.name),
                default=None if default is MISSING else default,
                required=default is MISSING,
                stated=about.text if about is not None else "",
                owner=cls,
            )
        )
    return tuple(found)


def _hints(cls: type) -> Mapping[str, object]:
    return _cached_hints(cls)


@cache
def _cached_hints(cls: type) -> Mapping[str, object]:
    return get_type_hints(cls, include_extras=True)


def optional(arguments: Sequence[Argument[object]], omit: Sequence[str] = ()) -> tuple[Argument[object], ...]:
    """The same arguments, none of them required."""
    return tuple(replace(argument, required=False) for argument in arguments if argument.name not in omit)


def construct(cls: type[T], values: Mapping[str, object]) -> T:
    """An instance from values by argument name; the ones of a `Spread` are collected into its field."""
    hints = _hints(cls)
    given = dict(values)
    filled: dict[str, object] = {}
    for spec in fields(cls):  # type: ignore[arg-type]
        spread = _mark(hints[spec.name], Spread)
        if spread is None and (name := spec.name.rstrip("_")) in given:
            filled[spec.name] = given.pop(name)
    for spec in fields(cls):  # type: ignore[arg-type]
        spread = _mark(hints[spec.name], Spread)
        if spread is not None:
            names = {argument.name for argument in arguments_of(spread.cls)} - set(spread.omit)
            filled[spec.name] = {name: given[name] for name in given if name in names}
    return cls(**filled)


def type_of(hint: object, name: str = "") -> ArgumentType[object]:
    """The type of argument an annotation stands for."""
    origin = get_origin(hint)
    if origin is Annotated:
        return _annotated(hint, name)
    if name in _BOUNDS and (hint in (int, float) or origin in (Union, UnionType)):
        return _BOUNDS[name]
    if origin in (Union, UnionType):
        parts = [part for part in get_args(hint) if part is not NoneType]
        if len(parts) != 1:
            raise TypeError(f"{name}: {hint} is not a single type of argument")
        return Maybe(type_of(parts[0], name))
    if origin is Literal:
        return Choice(get_args(hint))
    if origin is tuple:
        parts = [part for part in get_args(hint) if part is not Ellipsis]
        return Several(type_of(parts[0]), None if Ellipsis in get_args(hint) else len(parts))
    if origin is not None:
        return Values()
    return _plain(hint, name)


def _plain(hint: object, name: str) -> ArgumentType[object]:
    simple: Mapping[object, ArgumentType[object]] = {
        bool: Flag(),
        int: Whole(),
        float: Number(),
        str: Text(),
        object: Anything(),
    }
    if hint in simple:
        return simple[hint]
    if is_dataclass(hint) and isinstance(hint, type):
        return DataclassRecord(hint)
    raise TypeError(f"{name}: no type of argument for {hint}")


def _annotated(hint: object, name: str) -> ArgumentType[object]:
    stated: ArgumentType[object] | None = _mark(hint, ArgumentType)  # type: ignore[type-abstract]
    if stated is not None:
        return stated
    unit = _mark(hint, Unit)
    if unit is not None:
        return NumberWithUnit(unit.symbol, lowest=unit.lowest, highest=unit.highest)
    return type_of(get_args(hint)[0], name)


def _mark(hint: object, cls: type[T]) -> T | None:
    if get_origin(hint) is Annotated:
        for mark in get_args(hint)[1:]:
            if isinstance(mark, cls):
                return mark
    return None


@terse
class DataclassRecord(ArgumentType[T], Generic[T]):
    """A mapping with the fields of a dataclass, read into an instance of it."""

    cls: type[T]

    @property
    def text(self) -> str:
        return _listed(self.arguments)

    @property
    def arguments(self) -> tuple[Argument[object], ...]:
        """Its keys."""
        return arguments_of(self.cls)

    def read(self, node: Node, scope: Scope) -> T:
        return construct(self.cls, read_record(node, self.arguments, scope))

    def schema(self) -> Schema:
        return {"title": snake_case(self.cls.__name__)} | record_schema(self.arguments)


@terse
class PartialRecord(ArgumentType[RecordValues]):
    """A mapping with some fields of a dataclass, read into a mapping of what was given (`merged`)."""

    cls: type
    omit: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        return _listed(self.arguments)

    @property
    def arguments(self) -> tuple[Argument[object], ...]:
        """Its keys; nested records are partial, too."""
        return tuple(
            replace(argument, type=PartialRecord(argument.type.cls))
            if isinstance(argument.type, DataclassRecord)
            else argument
            for argument in optional(arguments_of(self.cls), self.omit)
        )

    def read(self, node: Node, scope: Scope) -> RecordValues:
        return read_record(node, self.arguments, scope, given_only=True)

    def schema(self) -> Schema:
        return record_schema(self.arguments)


def _listed(arguments: Sequence[Argument[object]]) -> str:
    return f"a mapping with {', '.join(argument.name for argument in arguments[:4])}, ..."


def merged(spec: T, changes: Mapping[str, object]) -> T:
    """A dataclass instance with some of its fields changed; a mapping for a dataclass field changes that in turn."""
    values: dict[str, object] = {}
    for name, value in changes.items():
        old = getattr(spec, name)
        if isinstance(value, Mapping) and is_dataclass(old) and not isinstance(old, type):
            value = merged(old, value)
        values[name] = value
    return replace(spec, **values) if values else spec  # type: ignore[type-var]


def snake_case(name: str) -> str:
    """`ControlBox` as `control_box`: the name of a class as users write it."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def summary(cls: type) -> str:
    """The first sentence of a class's description."""
    text = inspect.getdoc(cls) or ""
    return " ".join(text.split("\n\n")[0].split())
