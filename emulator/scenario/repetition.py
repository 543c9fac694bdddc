"""What a JSON Schema says more than once, said once.

The one rule: only what stands where a schema may stand is moved; a mapping of properties is none.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from ..language.arguments import Schema

NAMED: Final = frozenset({"properties", "patternProperties", "$defs"})
"""Keywords whose value has a schema under each name."""
SINGLE: Final = frozenset({"items", "additionalProperties", "propertyNames", "not"})
SEVERAL: Final = frozenset({"anyOf", "allOf", "oneOf"})
WORTH: Final = 120
"""Characters from which on a schema that is there twice is moved."""


@dataclass(slots=True)
class _Part:
    """A schema whose own parts are replaced by their numbers."""

    schema: Schema
    length: int
    """Characters, with all its parts."""
    times: int = 0
    name: str = ""


def without_repetition(schema: Schema) -> Schema:
    """The same schema, with everything long that it says several times under `$defs`."""
    parts: list[_Part] = []
    numbers: dict[str, int] = {}
    known: dict[int, int] = {}

    def number(part: Schema) -> Schema:
        if id(part) in known:
            parts[known[id(part)]].times += 1
            return {_PART: known[id(part)]}
        inner = 0

        def count(one: Schema) -> Schema:
            nonlocal inner
            found = number(one)
            inner += parts[_number(found)].length
            return found

        plain = _each(part, count)
        text = json.dumps(plain, sort_keys=True)
        if text not in numbers:
            numbers[text] = len(parts)
            parts.append(_Part(plain, len(text) + inner))
        parts[numbers[text]].times += 1
        known[id(part)] = numbers[text]
        return {_PART: numbers[text]}

    moved: dict[str, Schema] = {}

    def build(found: Schema) -> Schema:
        part = parts[_number(found)]
        if part.times < 2 or part.length < WORTH:
            return _each(part.schema, build)
        if not part.name:
            part.name = f"shared_{len(moved) + 1}"
            moved[part.name] = {}
            moved[part.name] = _each(part.schema, build)
        return {"$ref": f"#/$defs/{part.name}"}

    result = _each(_each(schema, number), build)
    definitions = result.get("$defs")
    stated = definitions if isinstance(definitions, Mapping) else {}
    return {**result, "$defs": {**stated, **moved}}


_PART: Final = "part"


def _number(found: Schema) -> int:
    number = found[_PART]
    assert isinstance(number, int)
    return number


def _each(schema: Schema, change: Callable[[Schema], Schema]) -> Schema:
    """A schema with every schema directly inside it changed."""
    result: Schema = {}
    for word, value in schema.items():
        if word in NAMED and isinstance(value, Mapping):
            result[word] = {name: change(part) for name, part in value.items()}
        elif word in SINGLE and isinstance(value, dict):
            result[word] = change(value)
        elif word in SEVERAL and isinstance(value, list):
            result[word] = [change(part) for part in value]
        else:
            result[word] = value
    return result
