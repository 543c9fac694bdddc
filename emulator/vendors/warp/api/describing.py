"""JSON Schema of the documents that an owner states as settings.

The one rule: it takes everything `fitting` takes, members left out and null members included.
"""

from __future__ import annotations

from collections.abc import Sequence

from .schema import Bool, Float, Int, Null, Schema, Str
from .shapes import Arr, Obj, Opt, Tup, Union

Described = dict[str, object]
NULL: Described = {"type": "null"}


def partial_schema(schemas: Sequence[Schema]) -> Described:
    """Of a `PartialDocument`."""
    forms: list[Described] = []
    for schema in schemas:
        if isinstance(schema, Obj):
            forms.append(_object(schema, whole=False))
            if schema.only is not None:
                forms.append(described(schema.members[schema.only]))
        else:
            forms.append(described(schema))
    return {"anyOf": [*forms, NULL]}


def described(schema: Schema) -> Described:
    """Of one node."""
    match schema:
        case Null():
            return {"enum": [None, "", False, 0, [], {}]}
        case Bool():
            return {"type": "boolean"}
        case Int():
            lowest, highest = schema.range
            return {"type": "integer", "minimum": lowest, "maximum": highest}
        case Float():
            return {"type": "number"}
        case Str():
            return {"type": "string", "maxLength": schema.high}
        case Obj():
            return _object(schema, whole=True)
        case Arr():
            item = _or_null(described(schema.item))
            return {"type": "array", "items": item, "minItems": schema.low, "maxItems": schema.high}
        case Tup():
            return _tuple([_or_null(described(item)) for item in schema.items])
        case Union():
            forms = [_tuple([{"const": tag}, _or_null(described(variant))]) for tag, variant in schema.variants.items()]
            return {"anyOf": forms}
        case Opt():
            return _or_null(described(schema.inner))
    return {}


def _object(schema: Obj, *, whole: bool) -> Described:
    """`whole`: no member may be left out."""
    found: Described = {
        "type": "object",
        "properties": {name: _or_null(described(member)) for name, member in schema.members.items()},
        "additionalProperties": False,
    }
    if whole:
        found["required"] = [*schema.members]
    return found


def _tuple(items: list[Described]) -> Described:
    return {"type": "array", "prefixItems": items, "minItems": len(items), "maxItems": len(items)}


def _or_null(found: Described) -> Described:
    if isinstance(found.get("type"), str):
        return {**found, "type": [found["type"], "null"]}
    if not found or "enum" in found or isinstance(found.get("type"), list):
        return found
    return {"anyOf": [found, NULL]}
