"""Checks of documents that an owner states as settings.

The one rule: members of an object may be left out; a bare value stands for a document of one member.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .describing import Described, partial_schema
from .schema import DocumentError, Schema
from .shapes import Obj


@dataclass(frozen=True, slots=True)
class PartialDocument:
    """The check of a setting: fits any of the schemas a path has, by model and firmware; None: nothing is saved."""

    schemas: tuple[Schema, ...]

    def __call__(self, value: object) -> object:
        if value is None:
            return None
        problem = ""
        for schema in self.schemas:
            try:
                return _fit(schema, value)
            except DocumentError as error:
                problem = str(error)
        raise ValueError(problem)

    @property
    def schema(self) -> Described:
        """JSON Schema of it: made when somebody asks, because there are many and hardly anybody does."""
        return partial_schema(self.schemas)


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
