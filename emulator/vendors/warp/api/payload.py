"""From a payload's bytes to a document: the parser's complaints, bare values, suffixes, null semantics.

The one rule: the order of evaluation is the device's: parse, suffix, types, ranges; then the caller validates and acts.
Source: Tinkerforge esp32-firmware, `config/config_root.cpp`, `modules/http/http.cpp`.
"""

from __future__ import annotations

import json
from copy import deepcopy
from typing import Final, Never

from ....devices.texts import whole
from .schema import DocumentError, Null, PathError, Schema
from .shapes import Obj

DEEPEST: Final = 10
NOTHING: Final = "Payload was empty. Please send valid JSON."
BROKEN: Final = "JSON payload could not be parsed."
TRUNCATED: Final = "JSON payload incomplete or truncated."
TOO_LONG: Final = "JSON payload was longer than expected and possibly contained unknown keys."
TOO_DEEP: Final = "JSON payload nested too deeply."
NO_SUFFIX: Final = "suffix not allowed for null configs"
NO_PATH: Final = "path not found"


def _constant(_: str) -> Never:
    raise ValueError("not JSON")


_DECODER: Final = json.JSONDecoder(parse_constant=_constant, strict=False)


def _fail(text: str, size: int) -> DocumentError:
    return DocumentError(f"Failed to deserialize: {text} Payload length was {size}.")


def depth(text: str) -> int:
    """How deep arrays and objects are nested, brackets in strings left out."""
    deepest = level = 0
    quoted = escaped = False
    for letter in text:
        if quoted:
            if escaped:
                escaped = False
            elif letter == "\\":
                escaped = True
            elif letter == '"':
                quoted = False
        elif letter == '"':
            quoted = True
        elif letter in "[{":
            level += 1
            deepest = max(deepest, level)
        elif letter in "]}":
            level -= 1
    return deepest


def nodes(value: object) -> int:
    """Members and elements on all levels."""
    if isinstance(value, dict):
        return len(value) + sum(nodes(item) for item in value.values())
    if isinstance(value, list):
        return len(value) + sum(nodes(item) for item in value)
    return 0


def decode(payload: bytes, schema: Schema) -> object:
    """Parsed JSON that fits into the parse buffer of `schema`. DocumentError, with the parser's complaint."""
    size = len(payload)
    try:
        text = payload.decode()
    except UnicodeDecodeError:
        raise _fail(BROKEN, size) from None
    text = text.strip(" \t\r\n\0")
    if not text:
        raise _fail(NOTHING, size)
    if text.count("[") + text.count("{") > DEEPEST and depth(text) > DEEPEST:
        raise _fail(TOO_DEEP, size)
    try:
        found, _ = _DECODER.raw_decode(text)
    except json.JSONDecodeError as error:
        cut = error.pos >= len(text) or error.msg.startswith("Unterminated string") or _prefix(text[error.pos :])
        raise _fail(TRUNCATED if cut else BROKEN, size) from None
    except ValueError:
        raise _fail(BROKEN, size) from None
    if nodes(found) > schema.capacity:
        raise _fail(TOO_LONG, size)
    return whole(found, text)


def _prefix(rest: str) -> bool:
    """Whether a word begins here that was cut off: `tru`."""
    return any(word.startswith(rest) for word in ("true", "false", "null"))


def document(payload: bytes, schema: Schema, current: object, *, nulls: bool = True) -> object:
    """The whole document a payload stands for. DocumentError, in the device's words."""
    if isinstance(schema, Null) and not payload:
        return None
    found = decode(payload, schema)
    inferred = isinstance(schema, Obj) and schema.only is not None and found is not None and not isinstance(found, dict)
    if inferred and isinstance(schema, Obj):
        found = {schema.only: found}
    try:
        if found is not None or isinstance(schema, Null):
            value = schema.parse(found, current, nulls=nulls)
        elif isinstance(schema, Obj):
            value = schema.parse(dict.fromkeys(schema.members), current, nulls=nulls)
        else:
            value = deepcopy(current)
    except DocumentError as error:
        raise DocumentError(f"(inferred) {error}") if inferred else error from None
    if (problem := schema.limits(value)) is not None:
        raise DocumentError(f"(inferred) {problem}" if inferred else problem)
    return value


def member(payload: bytes, schema: Schema, current: object, path: tuple[str, ...], *, nulls: bool = True) -> object:
    """The document with the member at `path` replaced. DocumentError, in the device's words."""
    if isinstance(schema, Null):
        raise DocumentError(NO_SUFFIX)
    value = deepcopy(current)
    parent: object = value
    found, key = schema, None
    try:
        for index, part in enumerate(path):
            found, key = found.step(part)
            child = _child(parent, key)
            if index < len(path) - 1:
                parent = child
    except PathError:
        raise DocumentError(NO_PATH) from None
    now = _child(parent, key)
    new = document(payload, found, now, nulls=nulls)
    match parent:
        case list() if isinstance(key, int):
            parent[key] = new
        case dict():
            parent[key] = new
    return value


def _child(parent: object, key: str | int | None) -> object:
    if isinstance(parent, dict) and key in parent:
        return parent[key]
    if isinstance(parent, list) and isinstance(key, int) and key < len(parent):
        return parent[key]
    raise PathError(key)
