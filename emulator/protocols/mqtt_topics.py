"""Topics and topic filters of MQTT, and the two trees that match one against many of the other.

The one rule: a match costs as many steps as there are levels, not as many as there are subscribers or topics, so that
a thousand wallboxes on one broker stay cheap. Source: OASIS MQTT 3.1.1, section 4.7.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Generic, TypeVar

T = TypeVar("T")

MAX_LEVELS: Final = 200
"""Levels of a topic, as in mosquitto: the trees are walked recursively."""


def valid_topic(topic: str) -> bool:
    """Whether something can be published on it."""
    return topic != "" and topic.count("/") < MAX_LEVELS and not any(sign in topic for sign in "+#\0")


def valid_filter(name: str) -> bool:
    """Whether it can be subscribed to."""
    levels = name.split("/")
    if name == "" or "\0" in name or len(levels) > MAX_LEVELS or "#" in levels[:-1]:
        return False
    return all(level in ("+", "#") or not ("+" in level or "#" in level) for level in levels)


class _Node(Generic[T]):
    __slots__ = ("below", "values")

    def __init__(self) -> None:
        self.below: dict[str, _Node[T]] = {}
        self.values: dict[str, T] = {}


class _Tree(Generic[T]):
    """Values under a path of levels and a key."""

    def __init__(self) -> None:
        self._root: _Node[T] = _Node()

    def add(self, path: str, key: str, value: T) -> None:
        """Put `value` there, in place of what has the same path and key."""
        node = self._root
        for level in path.split("/"):
            node = node.below.setdefault(level, _Node())
        node.values[key] = value

    def remove(self, path: str, key: str) -> T | None:
        """Take it out, if it is there, and with it the levels nothing else needs."""
        levels = path.split("/")
        nodes = [self._root]
        for level in levels:
            if (node := nodes[-1].below.get(level)) is None:
                return None
            nodes.append(node)
        found = nodes[-1].values.pop(key, None)
        for level, parent, node in zip(reversed(levels), reversed(nodes[:-1]), reversed(nodes[1:]), strict=True):
            if node.below or node.values:
                break
            del parent.below[level]
        return found


class FilterTree(_Tree[T]):
    """Topic filters, each with a value per key (a subscriber)."""

    def match(self, topic: str) -> Iterator[tuple[str, T]]:
        """Key and value of every filter that takes `topic`. A key with several such filters comes several times."""
        levels = topic.split("/")
        yield from _takers(self._root, levels, 0, wild=not topic.startswith("$"))


def _takers(node: _Node[T], levels: list[str], depth: int, *, wild: bool = True) -> Iterator[tuple[str, T]]:
    if wild and (rest := node.below.get("#")) is not None:  # `a/#` takes `a` too
        yield from rest.values.items()
    if depth == len(levels):
        yield from node.values.items()
        return
    if (exact := node.below.get(levels[depth])) is not None:
        yield from _takers(exact, levels, depth + 1)
    if wild and (one := node.below.get("+")) is not None:
        yield from _takers(one, levels, depth + 1)


class TopicTree(_Tree[T]):
    """Topics with a value each (a retained message)."""

    def put(self, topic: str, value: T) -> None:
        self.add(topic, "", value)

    def drop(self, topic: str) -> T | None:
        """Take out what is there."""
        return self.remove(topic, "")

    def match(self, name: str) -> Iterator[T]:
        """Values of all topics the filter `name` takes, in the order their levels were first used."""
        yield from _taken(self._root, name.split("/"), 0, wild_dollar=False)


def _taken(node: _Node[T], levels: list[str], depth: int, *, wild_dollar: bool = True) -> Iterator[T]:
    """`wild_dollar`: whether a wildcard takes levels that begin with `$`, which it does not in the first place."""
    level = levels[depth] if depth < len(levels) else None
    if level is None or level == "#":
        yield from tuple(node.values.values())
    if level in ("#", "+"):
        for name, below in tuple(node.below.items()):  # others may publish before it is asked for the next
            if wild_dollar or not name.startswith("$"):
                yield from _taken(below, levels, depth if level == "#" else depth + 1)
    elif level is not None and (exact := node.below.get(level)) is not None:
        yield from _taken(exact, levels, depth + 1)
