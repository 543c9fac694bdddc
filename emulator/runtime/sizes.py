"""Plain data by what it takes of memory: estimates, the same on every Python.

The one rule: never far below what it is, whatever clients have sent: what is bounded by bytes is bounded by these.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping


class Compact(Mapping[str, object]):
    """Names and values that take less memory than a dict of them."""

    __slots__ = ()

    @property
    def bytes(self) -> int:
        """Roughly how much."""
        raise NotImplementedError


class Detail(Compact):
    """What an entry says, in two parts that are put together when somebody looks: of most requests nobody does."""

    __slots__ = ("_begun", "_rest")

    def __init__(self, begun: Mapping[str, object]) -> None:
        """`begun`: what is known when the entry is recorded; it may be shared."""
        self._begun = begun
        self._rest: Mapping[str, object] | None = None

    def complete(self, rest: Mapping[str, object]) -> None:
        """Say this as well."""
        self._rest = rest if self._rest is None else {**self._rest, **rest}

    @property
    def _whole(self) -> Mapping[str, object]:
        if self._rest is not None:
            self._begun, self._rest = {**self._begun, **self._rest}, None
        return self._begun

    def __getitem__(self, name: str) -> object:
        return self._whole[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._whole)

    def __len__(self) -> int:
        return len(self._whole)

    def __repr__(self) -> str:
        return repr(self._whole)

    @property
    def bytes(self) -> int:
        rest = self._rest
        if isinstance(rest, Compact):  # then nobody has looked, and what it begins with is shared
            return 120 + rest.bytes
        return 120 + (0 if rest is None else size_of(rest)) + size_of(self._begun)


def size_of(value: object) -> int:
    """Roughly what plain data takes of memory [bytes]."""
    size = 0
    left = [value]  # not by calling itself: what clients send may be nested deeply
    while left:
        match left.pop():
            case float() | int() | None:
                size += 30
            case str() as text:
                size += 60 + len(text) * (1 if text.isascii() else _width(text))
            case bytes() as data:
                size += 60 + len(data)
            case Compact() as compact:
                size += compact.bytes
            case Mapping() as mapping:
                size += 200
                left += mapping.keys()
                left += mapping.values()
            case list() | tuple() as items:
                size += 60
                left += items
            case _:
                size += 30
    return size


def _width(text: str) -> int:
    """Bytes of each character: those of the widest."""
    widest = max(text)
    return 1 if widest < "\u0100" else 2 if widest < "\U00010000" else 4
