"""Schemas made of others: objects, arrays, tuples, unions; and values written without a schema.

The one rule: complaints are collected over all members, the first violation of a limit ends the second pass.
Source: Tinkerforge esp32-firmware, `config/visitors.h`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from ....language.digits import is_index
from .numbers import f32
from .schema import DocumentError, PathError, Schema

MOST_ERRORS: Final = 1000
"""Characters of complaints, after which the rest is left out."""
FILTERED: Final = "More errors occurred that got filtered out."
NO_NULLS: Final = "Null updates not permitted."


def _is_int(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


@dataclass(frozen=True)
class Obj(Schema):
    """An object; members in the order the device writes them."""

    members: Mapping[str, Schema]
    name = "object"

    def default(self) -> dict[str, object]:
        return {name: member.default() for name, member in self.members.items()}

    def parse(self, found: object, current: object, *, nulls: bool = True) -> object:
        now = current if isinstance(current, dict) else {}
        if found is None:
            found = dict.fromkeys(self.members)
        if not isinstance(found, dict):
            raise DocumentError("JSON node was not an object.")
        value: dict[str, object] = {}
        problems: list[str] = []
        for name, member in self.members.items():
            if name not in found:
                problems.append(f"JSON object is missing key '{name}'")
                continue
            try:
                value[name] = _member(member, found[name], now.get(name, _UNSET), nulls)
            except DocumentError as error:
                problems.append(f'["{name}"] {error}')
        problems += [f"JSON object has unknown key '{name}'." for name in found if name not in self.members]
        if problems:
            raise DocumentError(joined(problems))
        return value

    def limits(self, value: object) -> str | None:
        if not isinstance(value, dict):
            return None
        for name, member in self.members.items():
            if (problem := member.limits(value[name])) is not None:
                return f'["{name}"] {problem}'
        return None

    def encode(self, value: object) -> str:
        if value.__class__ is not dict and not isinstance(value, Mapping):
            return "null"
        return "{" + ",".join([head + encode(value[name]) for head, name, encode in self._written]) + "}"

    @cached_property
    def _written(self) -> tuple[tuple[str, str, Callable[[object], str]], ...]:
        """How each member is written."""
        return tuple((f'"{name}":', name, member.encode) for name, member in self.members.items())

    @property
    def capacity(self) -> int:
        return len(self.members) + sum(member.capacity for member in self.members.values())

    def step(self, part: str) -> tuple[Schema, str | int]:
        if part not in self.members or part.isdigit():
            raise PathError(part)
        return self.members[part], part

    @property
    def only(self) -> str | None:
        """The name of the one member, where a bare value stands for the document."""
        if len(self.members) != 1:
            return None
        name = next(iter(self.members))
        return None if name == CONFIRM else name


@dataclass(frozen=True)
class Arr(Schema):
    """An array of `low` to `high` equal elements. `value`: what it holds at first."""

    item: Schema
    high: int = 255
    low: int = 0
    value: tuple[object, ...] = ()

    @property
    def name(self) -> str:
        return f"array({self.low}..{self.high}) of {self.item.name}"

    def default(self) -> object:
        return deepcopy(list(self.value))

    def parse(self, found: object, current: object, *, nulls: bool = True) -> object:
        if not isinstance(found, list):
            raise DocumentError("JSON node was not an array.")
        now = current if isinstance(current, list) else []
        return _elements(found, [self.item] * len(found), now, nulls)

    def limits(self, value: object) -> str | None:
        if not isinstance(value, list):
            return None
        if len(value) > self.high:
            return f"Array had {len(value)} entries, but only {self.high} are allowed."
        if len(value) < self.low:
            return f"Array had {len(value)} entries, but at least {self.low} are required."
        return _first_limit(value, [self.item] * len(value))

    def encode(self, value: object) -> str:
        encode = self.item.encode
        return "[" + ",".join([encode(item) for item in _items(value)]) + "]"

    @property
    def capacity(self) -> int:
        return self.high * (1 + self.item.capacity)

    def step(self, part: str) -> tuple[Schema, str | int]:
        if not is_index(part):
            raise PathError(part)
        return self.item, int(part)


@dataclass(frozen=True)
class Tup(Schema):
    """A tuple: exactly these elements."""

    items: tuple[Schema, ...]

    @property
    def name(self) -> str:
        return f"tuple of {len(self.items)}"

    def default(self) -> object:
        return [item.default() for item in self.items]

    def parse(self, found: object, current: object, *, nulls: bool = True) -> object:
        if not isinstance(found, list):
            raise DocumentError("JSON node was not an array.")
        if len(found) != len(self.items):
            raise DocumentError(f"Length mismatch: expected {len(self.items)} but got {len(found)}")
        return _elements(found, self.items, current if isinstance(current, list) else [], nulls)

    def limits(self, value: object) -> str | None:
        return _first_limit(value, self.items) if isinstance(value, list) else None

    def encode(self, value: object) -> str:
        return "[" + ",".join([s.encode(v) for s, v in zip(self.items, _items(value), strict=True)]) + "]"

    @property
    def capacity(self) -> int:
        return len(self.items) + sum(item.capacity for item in self.items)

    def step(self, part: str) -> tuple[Schema, str | int]:
        if not is_index(part) or int(part) >= len(self.items):
            raise PathError(part)
        return self.items[int(part)], int(part)


@dataclass(frozen=True)
class Union(Schema):
    """`[tag, value]`: one of several variants. Values are lists of two."""

    variants: Mapping[int, Schema]
    tag: int = 0
    name = "union"

    def default(self) -> object:
        return [self.tag, self.variants[self.tag].default()]

    def parse(self, found: object, current: object, *, nulls: bool = True) -> object:
        if not isinstance(found, list):
            raise DocumentError("JSON node was not an array.")
        if len(found) != 2:
            raise DocumentError("JSON array had length != 2.")
        tag, inner = found
        if not _is_int(tag) or tag < 0:
            raise DocumentError("[0] JSON node was not an unsigned integer.")
        if tag not in self.variants:
            raise DocumentError(f"[0] Unknown union tag: {tag}")
        variant = self.variants[tag]
        same = isinstance(current, list) and len(current) == 2 and current[0] == tag
        now = current[1] if same and isinstance(current, list) else variant.default()
        return [tag, _member(variant, inner, now, nulls)]

    def limits(self, value: object) -> str | None:
        if not isinstance(value, list):
            return None
        return self.variants[value[0]].limits(value[1])

    def encode(self, value: object) -> str:
        tag, inner = _items(value)
        assert isinstance(tag, int)
        return f"[{tag},{self.variants[tag].encode(inner)}]"

    @property
    def capacity(self) -> int:
        return 2 + max(variant.capacity for variant in self.variants.values())


@dataclass(frozen=True)
class Raw(Schema):
    """A read-only value whose shape the reader decides; floats are printed as float32."""

    shape: str = "any"

    @property
    def name(self) -> str:
        return self.shape

    def default(self) -> object:
        return None

    def parse(self, found: object, current: object, *, nulls: bool = True) -> object:
        return found

    def encode(self, value: object) -> str:
        return plain(value)


CONFIRM: Final = "do_i_know_what_i_am_doing"
_UNSET: Final = object()


@dataclass(frozen=True)
class Opt(Schema):
    """A member that may be null, which means "not given"."""

    inner: Schema

    @property
    def name(self) -> str:
        return f"{self.inner.name} or null"

    def default(self) -> object:
        return None

    def parse(self, found: object, current: object, *, nulls: bool = True) -> object:
        return None if found is None else self.inner.parse(found, current, nulls=nulls)

    def limits(self, value: object) -> str | None:
        return None if value is None else self.inner.limits(value)

    def encode(self, value: object) -> str:
        return "null" if value is None else self.inner.encode(value)

    @property
    def capacity(self) -> int:
        return self.inner.capacity


def _member(schema: Schema, found: object, current: object, nulls: bool) -> object:
    if found is not None or isinstance(schema, Opt):
        return schema.parse(found, current, nulls=nulls)
    if not nulls:
        raise DocumentError(NO_NULLS)
    return schema.default() if current is _UNSET else deepcopy(current)


def _elements(found: list[object], schemas: Iterable[Schema], now: list[object], nulls: bool) -> list[object]:
    value: list[object] = []
    problems: list[str] = []
    for index, (element, schema) in enumerate(zip(found, schemas, strict=True)):
        try:
            value.append(_member(schema, element, now[index] if index < len(now) else _UNSET, nulls))
        except DocumentError as error:
            problems.append(f"[{index}] {error}")
    if problems:
        raise DocumentError(joined(problems))
    return value


def _first_limit(value: list[object], schemas: Iterable[Schema]) -> str | None:
    for index, (element, schema) in enumerate(zip(value, schemas, strict=True)):
        if (problem := schema.limits(element)) is not None:
            return f"[{index}] {problem}"
    return None


def _items(value: object) -> list[object]:
    return list(value) if isinstance(value, list | tuple) else []


def joined(problems: list[str]) -> str:
    """Complaints on lines of their own, cut after about 1000 characters."""
    text = ""
    for problem in problems:
        if len(text) > MOST_ERRORS:
            return text + FILTERED
        text += problem + "\n"
    return text.rstrip("\n")


def plain(value: object) -> str:
    """Compact JSON of a value without a schema; floats as float32."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case float():
            return f32(value)
        case str():
            return json.dumps(value, ensure_ascii=False)
        case Mapping():
            return "{" + ",".join(f"{plain(str(key))}:{plain(item)}" for key, item in value.items()) + "}"
        case list() | tuple():
            return "[" + ",".join([plain(item) for item in value]) + "]"
    raise TypeError(f"{value!r} cannot be written as JSON")


def obj(**members: Schema) -> Obj:
    return Obj(members)


def many(item: Schema, count: int) -> Tup:
    """A tuple of equal elements."""
    return Tup((item,) * count)
