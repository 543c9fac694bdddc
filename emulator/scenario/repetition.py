"""What a JSON Schema says more than once, said once.

What has a title is moved under that name, whatever else is said several times under a number. The one rule: only what
stands where a schema may stand is moved; a mapping of properties is none.
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
    """The same schema, with all that has a title, and everything long that it says several times, under `$defs`.

    There, what a schema refers to stands before it: generators of code read them in this order.
    """
    parts: list[_Part] = []
    numbers: dict[str, int] = {}
    known: dict[int, int] = {}
    kept: list[Schema] = []  # so that no other schema gets the same id

    def number(part: Schema) -> Schema:
        if "description" in part:  # it belongs to the place
            plain = {word: value for word, value in part.items() if word != "description"}
            return number(plain) | {"description": part["description"]}
        if id(part) in known:
            parts[known[id(part)]].times += 1
            return {_PART: known[id(part)]}
        inner = 0

        def count(one: Schema) -> Schema:
            nonlocal inner
            found = number(one)
            inner += parts[_number(found)].length
            return found

        outer = _each(part, count)
        text = json.dumps(outer, sort_keys=True)
        if text not in numbers:
            numbers[text] = len(parts)
            parts.append(_Part(outer, len(text) + inner))
        parts[numbers[text]].times += 1
        known[id(part)] = numbers[text]
        kept.append(part)
        return {_PART: numbers[text]}

    moved: dict[str, Schema] = {}

    def build(found: Schema) -> Schema:
        part = parts[_number(found)]
        about = {word: value for word, value in found.items() if word != _PART}
        title = part.schema.get("title")
        if title is None and (part.times < 2 or part.length < WORTH):
            return _each(part.schema, build) | about
        if not part.name:
            content = _each(part.schema, build)
            part.name = str(title or f"shared_{len(moved) + 1}")
            assert part.name not in moved, f"two schemas are called {part.name}"
            moved[part.name] = content
        return {"$ref": f"#/$defs/{part.name}"} | about

    result = _each(_each(schema, number), build)
    definitions = result.get("$defs")
    stated = definitions if isinstance(definitions, Mapping) else {}
    return {**result, "$defs": {**moved, **stated}}


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
