"""What journal entries say, in little memory, and how much that is.

The one rule: to whoever reads it, it is plain JSON data.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping


class Measured:
    """What knows best how much memory it takes."""

    __slots__ = ()

    @property
    @abstractmethod
    def bytes(self) -> int:
        """Roughly, and in all."""


class Compact(Measured, Mapping[str, object]):
    """Names and values that take less memory than a dict of them."""

    __slots__ = ()


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
        if rest is None:
            return 120 + size_of(self._begun)
        return 120 + (rest.bytes if isinstance(rest, Compact) else size_of(rest))  # what begins it is shared


def size_of(value: object) -> int:
    """Roughly what an entry, or plain data in it, takes of memory [bytes]."""
    size = 0
    left = [value]  # not by calling itself: what clients send may be nested deeply
    while left:
        match left.pop():
            case float() | int() | None:
                size += 30
            case str() | bytes() as text:
                size += 60 + len(text)
            case Measured() as measured:
                size += measured.bytes
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
