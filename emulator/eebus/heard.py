"""What a peer's functions said last: what a partial notify is merged into.

The one rule: bounded by bytes; what was said longest ago is forgotten first.
"""

from __future__ import annotations

from collections.abc import Container

from ..runtime.sizes import size_of
from .bounds import LARGEST_KEPT
from .coding import NOTHING, Data
from .model import Address


class Heard:
    """The data of one peer."""

    def __init__(self) -> None:
        self._said: dict[tuple[Address, str], tuple[Data, int]] = {}
        self._size = 0

    @property
    def size(self) -> int:
        """Bytes, roughly."""
        return self._size

    def get(self, place: Address, function: str) -> Data:
        """What a function said; an empty object if that is not known."""
        return self._said.get((place, function), (NOTHING, 0))[0]

    def put(self, place: Address, function: str, data: Data) -> None:
        self._drop(place, function)
        size = 200 + len(function) + size_of(data)
        self._said[place, function] = data, size
        self._size += size
        while self._size > LARGEST_KEPT:
            self._drop(*next(iter(self._said)))

    def forget(self, entities: Container[tuple[int, ...]]) -> None:
        """These entities are gone."""
        for place, function in [key for key in self._said if key[0].entity in entities]:
            self._drop(place, function)

    def _drop(self, place: Address, function: str) -> None:
        _, size = self._said.pop((place, function), (NOTHING, 0))
        self._size -= size
