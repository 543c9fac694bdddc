"""Shares of work without anybody who divides it: what has a number belongs to the shard that is its remainder."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Self, TypeVar

from ..errors import EmulatorError

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Shard:
    """One of `count` shares; `index` counts from 0."""

    index: int = 0
    count: int = 1

    @classmethod
    def parse(cls, text: str) -> Self:
        """`0/4` is the first of four. EmulatorError if it is no such thing."""
        found = re.fullmatch(r"\s*(\d+)\s*/\s*(\d+)\s*", text)
        if found is None:
            raise EmulatorError(f'shard: found "{text}", expected an index and a count such as 0/4')
        index, count = int(found[1]), int(found[2])
        if index >= count:
            raise EmulatorError(f"shard: found {text}, expected an index from 0 to {count - 1} (shards count from 0)")
        return cls(index, count)

    def numbers(self) -> Iterator[int]:
        """The numbers that belong to it, without end."""
        return itertools.count(self.index, self.count)

    def of(self, values: Sequence[T]) -> list[T]:
        """Those that belong to it."""
        return list(values[self.index :: self.count])
