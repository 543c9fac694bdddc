"""A document as a tree that remembers where everything stands.

The one rule: a node says what was written and where, never what it means; the same tree is made from a YAML file and
from a JSON object, so that both are read by the same code. Words are those of YAML 1.2: `on`, `off`, `yes` and `no`
are plain text, and `1:30` is not a number.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

import yaml

from ..errors import Place, Problem
from .bounds import LONGEST_NUMBER, excess_of_yaml

SHOWN: Final = 80
"""Characters of a value in a message."""
_STR = "tag:yaml.org,2002:str"
_TAGS = frozenset(
    f"tag:yaml.org,2002:{name}"
    for name in ("map", "seq", "str", "int", "float", "bool", "null", "timestamp", "merge", "value")
)
"""What a value without a tag may be, as the YAML library sees it."""
UNSET: Final = "the environment variable "
"""How the problem of a variable begins that is not set."""
_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]*)")
_FLOAT = re.compile(r"[-+]?((\.[0-9]+|[0-9]+\.[0-9]*)([eE][-+]?[0-9]+)?|[1-9][0-9]*(e[-+]?[0-9]+|E[-+][0-9]+)?|0)")
"""`12E4` and `00845500` are none: cards and serial numbers look like that."""
_VARIABLE = re.compile(r"\$\$\{|\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}")
_WORDS: Final[Mapping[str, object]] = {
    "": None,
    "~": None,
    "null": None,
    "Null": None,
    "NULL": None,
    "true": True,
    "True": True,
    "TRUE": True,
    "false": False,
    "False": False,
    "FALSE": False,
}


@dataclass(frozen=True, slots=True, eq=False)
class Node:
    """One value of a document. Exactly one of `entries`, `items` and `scalar` counts."""

    place: Place
    label: str = ""
    """Its key, or the key of the list it is in."""
    scalar: object = None
    """A string, number, truth value or None."""
    text: str = ""
    """The scalar as it was written."""
    entries: tuple[tuple[Node, Node], ...] | None = None
    """Keys and values of a mapping, in order."""
    items: tuple[Node, ...] | None = None
    """Elements of a list."""

    @property
    def is_scalar(self) -> bool:
        return self.entries is None and self.items is None

    @property
    def empty(self) -> bool:
        """Nothing was written."""
        return self.is_scalar and self.scalar is None

    def get(self, key: str) -> Node | None:
        """The value of a key of a mapping, if there is one."""
        for name, value in self.entries or ():
            if name.text == key:
                return value
        return None

    def data(self) -> object:
        """The plain value, without positions."""
        if self.entries is not None:
            return {key.text: value.data() for key, value in self.entries}
        if self.items is not None:
            return [item.data() for item in self.items]
        return self.scalar

    def shown(self) -> str:
        """What was written, short enough for a message."""
        if self.entries is not None:
            return "a mapping"
        if self.items is not None:
            return "a list"
        if self.scalar is None:
            return "nothing"
        text = self.text if len(self.text) <= SHOWN else f"{self.text[:SHOWN]}..."
        return f'"{text}"' if isinstance(self.scalar, str) else text


# --- from Python and JSON ------------------------------------------------------------------------------------------


def from_object(value: object, path: str = "", label: str = "") -> Node:
    """A node from plain data; its place is the path in the object (line and column 0)."""
    place = Place(path or "(top)", 0, 0)
    if isinstance(value, Mapping):
        entries = []
        for key, item in value.items():
            below = f"{path}.{key}" if path else str(key)
            name = Node(Place(below, 0, 0), label, scalar=str(key), text=str(key))
            entries.append((name, from_object(item, below, str(key))))
        return Node(place, label, entries=tuple(entries))
    if isinstance(value, list | tuple):
        return Node(place, label, items=tuple(from_object(item, f"{path}[{i}]", label) for i, item in enumerate(value)))
    return Node(place, label, scalar=value, text=_written(value))


def _written(value: object) -> str:
    if value is None:
        return ""
    return ("true" if value else "false") if isinstance(value, bool) else str(value)


# --- from YAML -------------------------------------------------------------------------------------------------------


def from_yaml(
    text: str, file: str, environment: Mapping[str, str] | None = None, *, expected: str = "a scenario"
) -> tuple[Node | None, list[Problem]]:
    """The tree of one document and what is wrong with it as YAML; no tree if it cannot be parsed at all.

    `expected`: what the document should be.
    """
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        excess = excess_of_yaml(text, loader)
        if excess is not None:
            return None, [Problem(Place(file, excess.line, excess.column), excess.text)]
        root = yaml.compose(text, Loader=loader)
    except yaml.MarkedYAMLError as error:
        return None, [_syntax(error, file)]
    except yaml.reader.ReaderError as error:
        return None, [_unreadable(error, text, file)]
    if root is None:
        return None, [Problem(Place(file, 1, 1), f"the file is empty, expected {expected}")]
    converter = _Converter(file, os.environ if environment is None else environment)
    node = converter.convert(root, "")
    return node, converter.problems


def _syntax(error: yaml.MarkedYAMLError, file: str) -> Problem:
    mark = error.problem_mark or error.context_mark
    place = Place(file, mark.line + 1, mark.column + 1) if mark is not None else Place(file, 1, 1)
    words = [part for part in (error.context, error.problem) if part]
    return Problem(place, f"not YAML: {', '.join(words)}")


def _unreadable(error: yaml.reader.ReaderError, text: str, file: str) -> Problem:
    before = text[: error.position if isinstance(error.position, int) else 0]
    place = Place(file, before.count("\n") + 1, len(before) - before.rfind("\n"))
    return Problem(place, f"not YAML: {error.reason}")


@dataclass
class _Converter:
    """Turns the node graph of the YAML library into a tree of ours. An alias shares the node of its anchor."""

    file: str
    environment: Mapping[str, str]
    problems: list[Problem] = field(default_factory=list)
    _done: dict[int, Node] = field(default_factory=dict)
    _open: set[int] = field(default_factory=set)

    def convert(self, raw: yaml.Node, label: str) -> Node:
        place = Place(self.file, raw.start_mark.line + 1, raw.start_mark.column + 1)
        known = self._done.get(id(raw))
        if known is not None:
            return replace(known, label=label)
        if id(raw) in self._open:
            self.problems.append(Problem(place, "this anchor contains itself"))
            return Node(place, label)
        self._check_tag(raw, place)
        self._open.add(id(raw))
        node = self._converted(raw, place, label)
        self._open.discard(id(raw))
        self._done[id(raw)] = node
        return node

    def _converted(self, raw: yaml.Node, place: Place, label: str) -> Node:
        if isinstance(raw, yaml.MappingNode):
            return Node(place, label, entries=tuple(self._entries(raw)))
        if isinstance(raw, yaml.SequenceNode):
            return Node(place, label, items=tuple(self.convert(item, label) for item in raw.value))
        return self._scalar(raw, place, label)

    def _check_tag(self, raw: yaml.Node, place: Place) -> None:
        if raw.tag not in _TAGS:
            tag = raw.tag.replace("tag:yaml.org,2002:", "!!")
            self.problems.append(Problem(place, f'there is no tag "{tag}", expected none'))

    def _entries(self, raw: yaml.MappingNode) -> Iterator[tuple[Node, Node]]:
        written: dict[str, Node] = {}
        merged: list[tuple[Node, Node]] = []
        for key, value in raw.value:
            place = Place(self.file, key.start_mark.line + 1, key.start_mark.column + 1)
            if not isinstance(key, yaml.ScalarNode):
                self.problems.append(Problem(place, "a key has to be a name"))
                continue
            self._check_tag(key, place)
            node = self.convert(value, key.value)
            if key.value == "<<" and not getattr(key, "style", None):
                merged.extend(self._merged(node))
                continue
            if key.value in written:
                first = written[key.value].place
                self.problems.append(
                    Problem(place, f'"{key.value}" is here twice, the first time in line {first.line}')
                )
                continue
            name = Node(place, key.value, scalar=key.value, text=key.value)
            written[key.value] = name
            yield name, node
        for name, node in merged:
            if name.text not in written:
                written[name.text] = name
                yield name, node

    def _merged(self, node: Node) -> Iterator[tuple[Node, Node]]:
        for source in node.items if node.items is not None else (node,):
            if source.entries is None:
                self.problems.append(Problem(node.place, f"<<: found {source.shown()}, expected a mapping to merge"))
                continue
            yield from source.entries

    def _scalar(self, raw: yaml.Node, place: Place, label: str) -> Node:
        written: str = raw.value
        plain = not getattr(raw, "style", None)
        text = self._substituted(written, place) if "${" in written else written
        if not plain and _VARIABLE.fullmatch(written):  # "${PORT}" in quotes: a flow mapping needs them
            plain = text != ""
        if plain and (raw.tag != _STR or text != written or _FLOAT.fullmatch(text)):
            if len(text) > LONGEST_NUMBER and _INTEGER.fullmatch(text):
                self.problems.append(
                    Problem(place, f"a number of {len(text)} digits, expected at most {LONGEST_NUMBER}")
                )
            return Node(place, label, scalar=resolved(text), text=text)
        return Node(place, label, scalar=text, text=text)

    def _substituted(self, text: str, place: Place) -> str:
        def value(found: re.Match[str]) -> str:
            if found[0] == "$${":
                return "${"
            name, default = found[1], found[2]
            if name in self.environment and (self.environment[name] or default is None):
                return self.environment[name]
            if default is None:
                hint = f"set it, or give a default: ${{{name}:-...}}"
                self.problems.append(Problem(place, f"{UNSET}{name} is not set; {hint}"))
                return ""
            return default

        return _VARIABLE.sub(value, text)


def resolved(text: str) -> object:
    """What a plain word of a document means: null, a truth value, a number, or the text itself."""
    if text in _WORDS:
        return _WORDS[text]
    if len(text) > LONGEST_NUMBER:
        return text
    if _INTEGER.fullmatch(text):
        return int(text)
    if _FLOAT.fullmatch(text) and math.isfinite(value := float(text)):
        return value
    return text
