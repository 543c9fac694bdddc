"""Checks of documents that an owner states as settings.

The one rule: members of an object may be left out; a bare value stands for a document of one member.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from .schema import DocumentError, Schema
from .shapes import Obj


def partial_document(schemas: Sequence[Schema]) -> Callable[[object], object]:
    """Fits any of the schemas a path has, by model and firmware; None: nothing is saved."""

    def check(value: object) -> object:
        if value is None:
            return None
        problem = ""
        for schema in schemas:
            try:
                return _fit(schema, value)
            except DocumentError as error:
                problem = str(error)
        raise ValueError(problem)

    return check


def _fit(schema: Schema, value: object) -> object:
    if not isinstance(schema, Obj):
        found = schema.parse(value, schema.default())
        if (problem := schema.limits(found)) is not None:
            raise DocumentError(problem)
        return found
    if not isinstance(value, Mapping) and schema.only is not None:
        value = {schema.only: value}
    if not isinstance(value, Mapping):
        raise DocumentError("JSON node was not an object.")
    if unknown := [name for name in value if name not in schema.members]:
        raise DocumentError(f"JSON object has unknown key '{unknown[0]}'.")
    part = Obj({name: member for name, member in schema.members.items() if name in value})
    found = part.parse({name: value[name] for name in part.members}, {})
    if (problem := part.limits(found)) is not None:
        raise DocumentError(problem)
    return found
