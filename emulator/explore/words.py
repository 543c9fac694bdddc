"""What may happen on a walk, and how often: words of the scenario language with alternatives in their arguments.

The one rule: a word is a step as in a scenario, in which `{one_of: [...]}` may stand in place of any value; of an
argument that is one of several, `null` leaves it out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import yaml

from ..errors import EmulatorError, Problem, ScenarioError
from ..language.arguments import Anything, Duration, Scope, Several, Unreadable, Whole
from ..language.names import Names
from ..language.nodes import Node, from_yaml
from ..language.records import Argument, read_record
from ..scenario.steps.vocabulary import read_step

ONE_OF: Final = "one_of"
WEIGHT: Final = "weight"
_WEIGHT: Final = Whole(1, 1000)
MOST_STEPS: Final = 8
PAUSES: Final = ("0 s", "1 s", "5 s", "20 s", "1 min", "3 min", "10 min")
REST: Final = "5 min"
Choose = Callable[[Sequence[Node]], Node]


@dataclass(frozen=True, slots=True)
class Word:
    """One thing that may happen."""

    weight: int
    """How often, compared with the others."""
    node: Node
    """The step, with alternatives."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """Everything that may happen, and the shape of a walk."""

    words: tuple[Word, ...]
    steps: int = MOST_STEPS
    """A walk has so many at most."""
    pauses: tuple[str, ...] = PAUSES
    """Before a step; the first is the plainest, and every other time it is that."""
    rest: str = REST
    """What follows the last step."""

    def as_yaml(self) -> str:
        """The same as a file that `read_words` reads."""
        lines = [f"steps: {self.steps}", f"pauses: {_flow(list(self.pauses))}", f"rest: {self.rest}", "words:"]
        for word in self.words:
            step = word.node.data()
            assert isinstance(step, dict)
            lines.append(f"  - {_flow({WEIGHT: word.weight, **step})}")
        return "\n".join(lines) + "\n"


def _flow(value: object) -> str:
    text = yaml.safe_dump(value, default_flow_style=True, sort_keys=False, allow_unicode=True, width=100_000)
    return str(text).removesuffix("\n").removesuffix("\n...")


# --- alternatives ----------------------------------------------------------------------------------------------------


def alternatives(node: Node) -> tuple[Node, ...] | None:
    """What may stand in place of a node; None if it stands for itself."""
    if node.entries is None or len(node.entries) != 1 or node.entries[0][0].text != ONE_OF:
        return None
    return node.entries[0][1].items


def filled(node: Node, choose: Choose) -> Node:
    """A node in which everything is chosen."""
    options = alternatives(node)
    if options is not None:
        return replace(filled(choose(options), choose), label=node.label)
    if node.items is not None:
        return replace(node, items=tuple(filled(item, choose) for item in node.items))
    if node.entries is None:
        return node
    kept = []
    for key, value in node.entries:
        chosen = filled(value, choose)
        if alternatives(value) is None or not chosen.empty:
            kept.append((key, chosen))
    return replace(node, entries=tuple(kept))


def variants(node: Node) -> Iterator[Node]:
    """The node with its first alternatives, and for every other one the node with that."""

    def first(options: Sequence[Node]) -> Node:
        return options[0]

    yield filled(node, first)
    for place in _choices(node):
        options = alternatives(place)
        assert options is not None
        for option in options[1:]:
            yield filled(node, lambda found, place=place, option=option: _at(found, place, option))  # type: ignore[misc]


def _at(found: Sequence[Node], place: Node, option: Node) -> Node:
    return option if found is alternatives(place) else found[0]


def _choices(node: Node) -> Iterator[Node]:
    """Every node that has alternatives."""
    options = alternatives(node)
    if options is not None:
        yield node
    for item in options or node.items or ():
        yield from _choices(item)
    if options is None:
        for _, value in node.entries or ():
            yield from _choices(value)


# --- from a file -----------------------------------------------------------------------------------------------------

_STEPS: Final = Argument("steps", Whole(1, 100), MOST_STEPS, stated="a walk has so many at most")
_REST: Final = Argument("rest", Duration(), None, stated="what follows the last step")
_PAUSES: Final = Argument("pauses", Several(Duration()), (), stated="time before a step")
_WORDS: Final = Argument("words", Anything(), (), stated="what may happen")


def read_words(path: Path, names: Names) -> Words:
    """The words in a file. ScenarioError with everything that is wrong; EmulatorError if it cannot be read."""
    try:
        text = path.read_bytes().decode("utf-8-sig", "replace")
    except OSError as error:
        raise EmulatorError(f"{path}: {error.strerror or error}") from None
    root, problems = from_yaml(text, str(path))
    scope = Scope(names, problems)
    found: Words | None = None
    if root is not None:
        with suppress(Unreadable):
            found = _words(root, scope)
    if scope.problems or found is None:
        raise ScenarioError(scope.problems)
    return found


def _words(root: Node, scope: Scope) -> Words:
    if root.entries is None:
        scope.fail(root, f"found {root.shown()}, expected a vocabulary: words, and perhaps steps, pauses and rest")
    values = read_record(root, (_STEPS, _REST, _PAUSES, _WORDS), scope, what="a vocabulary")
    pauses, rest, words = root.get("pauses"), root.get("rest"), root.get("words")
    texts = tuple(item.text for item in (pauses.items or (pauses,))) if pauses is not None else ()
    if words is None or not words.items:
        scope.fail(words or root, 'no "words", expected a list such as [{weight: 3, plug_in: {vehicle: vw_id3}}]')
    return Words(
        words=tuple(_word(item, scope) for item in words.items),
        steps=values.of(_STEPS, MOST_STEPS),
        pauses=texts or PAUSES,
        rest=rest.text if rest is not None else REST,
    )


def _word(node: Node, scope: Scope) -> Word:
    weight = node.get(WEIGHT)
    step = replace(node, entries=tuple((k, v) for k, v in node.entries or () if k.text != WEIGHT))
    if node.entries is None:
        step = node
    found = 1
    if weight is not None:
        with suppress(Unreadable):
            found = _WEIGHT.read(weight, scope)
    for variant in variants(step):
        before = len(scope.problems)
        with suppress(Unreadable):
            timed = read_step(variant, scope)
            if timed.at is not None or timed.after is not None:
                scope.problems.append(Problem(step.place, "a word has no time: the walk decides"))
        if len(scope.problems) > before:
            break
    return Word(found, step)


def readable(node: Node, names: Names) -> bool:
    """Whether a step is one."""
    scope = Scope(names)
    with suppress(Unreadable):
        read_step(node, scope)
    return not scope.problems
