"""Scenario files put together: a file and those it includes become one document.

The one rule: what a file says itself wins over what it includes; timelines and rules add up.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from ..errors import EmulatorError, Place, Problem, did_you_mean
from ..language.bounds import LARGEST_FILE, MOST_FILES
from ..language.nodes import UNSET, Node, from_yaml
from .schema import SECTIONS

_JOINED = ("vehicles", "chargers", "clients")
"""Sections in which included files and the file itself add up, by name."""


@dataclass
class ScenarioDocument:
    """Top-level entries of a file and of those it includes, by name."""

    entries: dict[str, tuple[Node, Node]] = field(default_factory=dict)
    timelines: list[Node] = field(default_factory=list)
    rules: list[Node] = field(default_factory=list)

    def get(self, name: str) -> Node | None:
        """The value of a section, if there is one."""
        return self.entries[name][1] if name in self.entries else None


INCLUDED: Final = "not YAML"


class Environment(Mapping[str, str]):
    """Environment variables; remembers which were asked for, so that messages can keep their values to themselves."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        self._variables = variables
        self._used: set[str] = set()

    def __getitem__(self, name: str) -> str:
        value = self._variables[name]
        self._used.add(name)
        return value

    def __iter__(self) -> Iterator[str]:
        return iter(self._variables)

    def __len__(self) -> int:
        return len(self._variables)

    def hidden(self, problems: list[Problem]) -> list[Problem]:
        """The problems with `${NAME}` in place of what was put in for it, and without those of one that is not set."""
        unset = {problem.place for problem in problems if problem.text.startswith(UNSET)}
        problems = [found for found in problems if found.place not in unset or found.text.startswith(UNSET)]
        values = {self._variables[name]: name for name in self._used if self._variables[name]}
        if not values:
            return problems
        longest_first = sorted(values, key=len, reverse=True)
        pattern = re.compile("|".join(_occurrence(value) for value in longest_first))
        return [
            problem._replace(text=pattern.sub(lambda found: f"${{{values[found[0]]}}}", problem.text))
            for problem in problems
        ]


def _occurrence(value: str) -> str:
    """Where a value stands in a message; what is very short also stands in other words and numbers."""
    return re.escape(value) if len(value) > 2 else rf"(?<!\w){re.escape(value)}(?!\w)"


def read_document(path: Path) -> bytes:
    """The content of a scenario file. EmulatorError if it is none: a device, a pipe, larger than any scenario."""
    try:
        with open(path, "rb", opener=_patient) as opened:
            if not stat.S_ISREG(os.fstat(opened.fileno()).st_mode):
                raise EmulatorError("is not a file")
            content = opened.read(LARGEST_FILE + 1)
    except ValueError:
        raise EmulatorError("no file has such a name") from None
    except OSError as error:
        raise EmulatorError(error.strerror or str(error)) from None
    if len(content) > LARGEST_FILE:
        raise EmulatorError(f"is larger than {LARGEST_FILE >> 20} MiB")
    return content


def _patient(path: str, flags: int) -> int:
    """Opens without waiting for whoever is at the other end of a pipe."""
    return os.open(path, flags | os.O_NONBLOCK)


class Files:
    """Reads files and what they include."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self.problems: list[Problem] = []
        self._environment = environment
        self._open: list[str] = []
        self._done: set[str] = set()

    def read(self, content: bytes, file: str) -> ScenarioDocument | None:
        """The document in a file, with what it includes; None if it is none."""
        root = self._root(content, file)
        if root is None:
            return None
        self._open.append(os.path.realpath(file))
        document = ScenarioDocument()
        include = root.get("include")
        if include is not None:
            self._include(include, file, document)
        own = {key.text: (key, value) for key, value in root.entries or ()}
        own.pop("include", None)
        self.check_keys(own)
        self.take(own, document, replacing=True)
        self._open.pop()
        return document

    def _root(self, content: bytes, file: str) -> Node | None:
        try:
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            line = content[: error.start].count(b"\n") + 1
            column = error.start - content.rfind(b"\n", 0, error.start)
            self.problems.append(Problem(Place(file, line, column), "not UTF-8 text"))
            return None
        root, problems = from_yaml(text, file, self._environment)
        if self._open:  # what is no scenario may be a secret of this machine: nothing of it is repeated
            problems = [problem._replace(text=INCLUDED) if root is None else problem for problem in problems]
        self.problems.extend(problems)
        if root is not None and root.entries is None:
            found = "" if self._open else f"found {root.shown()}, "
            self.problems.append(Problem(root.place, f"{found}expected a scenario: a mapping with steps"))
            return None
        return root

    def _include(self, node: Node, file: str, document: ScenarioDocument) -> None:
        for item in node.items if node.items is not None else (node,):
            if not isinstance(item.scalar, str):
                text = f"include: found {item.shown()}, expected the name of a file"
                self.problems.append(Problem(item.place, text))
                continue
            other = os.path.join(os.path.dirname(file), item.scalar)
            included = self._included(item, other)
            if included is not None:
                self.take(included.entries, document, replacing=False)
                document.timelines.extend(included.timelines)
                document.rules.extend(included.rules)

    def _included(self, item: Node, other: str) -> ScenarioDocument | None:
        try:
            real = os.path.realpath(other)
        except ValueError:
            self.problems.append(Problem(item.place, "include: no file has such a name"))
            return None
        if real in self._open:
            names = " -> ".join(os.path.basename(path) for path in [*self._open[self._open.index(real) :], real])
            self.problems.append(Problem(item.place, f"include: the files include each other: {names}"))
            return None
        if real in self._done:
            return None
        self._done.add(real)
        if len(self._done) >= MOST_FILES:
            self.problems.append(Problem(item.place, f"include: more than {MOST_FILES} files"))
            return None
        try:
            content = read_document(Path(other))
        except EmulatorError as error:
            self.problems.append(Problem(item.place, f"include: {item.shown()}: {error}"))
            return None
        return self.read(content, other)

    def check_keys(self, own: Mapping[str, tuple[Node, Node]]) -> None:
        """Report every key at the top that is not a section."""
        for name, (key, _) in own.items():
            if name not in SECTIONS and not name.startswith("x-"):
                text = f'unknown key "{name}"{did_you_mean(name, SECTIONS)}'
                self.problems.append(Problem(key.place, text))

    def take(self, entries: Mapping[str, tuple[Node, Node]], document: ScenarioDocument, *, replacing: bool) -> None:
        """Add sections to a document. `replacing`: what is there already gives way without a word."""
        for name, (key, value) in entries.items():
            if name == "steps":
                document.timelines.append(value)
            elif name == "rules":
                document.rules.append(value)
            elif name in _JOINED and name in document.entries:
                document.entries[name] = (key, self._joined(document.entries[name][1], value, replacing))
            else:
                document.entries[name] = (key, value)

    def _joined(self, first: Node, second: Node, replacing: bool) -> Node:
        if first.entries is None or second.entries is None:
            return second
        entries = {key.text: (key, value) for key, value in first.entries}
        for key, value in second.entries:
            if key.text in entries and not replacing:
                there = entries[key.text][0].place
                self.problems.append(Problem(key.place, f'"{key.text}" is defined in {there} as well'))
            entries[key.text] = (key, value)
        return replace(second, entries=tuple(entries.values()))
