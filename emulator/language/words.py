"""Values written as one word of a command line.

The one rule: the argument's own type decides what a word means; a text is never taken for a number.
"""

from __future__ import annotations

from typing import Final

from .arguments import ArgumentType, Schema
from .nodes import from_yaml, resolved

_OPENING: Final = ("[", "{", '"', "'")


def from_word(word: str, kind: ArgumentType[object] | None) -> object:
    """The plain value of a word; `kind`: the type of its argument, None: any value."""
    return _by_schema(word, kind.schema() if kind is not None else {})


def _by_schema(word: str, schema: Schema) -> object:
    options = schema.get("anyOf")
    if isinstance(options, list):
        if word in ("", "null") and {"type": "null"} in options:
            return None
        lists = next((option for option in options if option.get("type") == "array"), None)
        if lists is not None and ("," in word or word.startswith("[")):
            return _by_schema(word, lists)
        return _by_schema(word, options[0])
    kind = schema.get("type")
    if kind == "string" or kind == ["string", "number"]:
        return word
    if word.startswith(_OPENING):
        return _written(word)
    if kind == "array" and isinstance(items := schema.get("items"), dict):
        return [_by_schema(part.strip(), items) for part in word.split(",")]
    return resolved(word)


def _written(word: str) -> object:
    """A word that is JSON or YAML; the word itself if it is neither."""
    node, problems = from_yaml(word.replace("${", "$${"), "word", {})
    return word if node is None or problems else node.data()
