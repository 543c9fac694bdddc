"""Values compare, hash and look as frozen dataclasses do, whatever is compiled for them."""

from __future__ import annotations

import copy
import pickle
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import pytest

from emulator.core.values import roomy, terse, value


@dataclass(frozen=True, slots=True, kw_only=True)
class Plain:
    first: int
    second: str = "two"
    third: list[int] = field(default_factory=list, hash=False)
    fourth: object = field(default=None, compare=False, repr=False)


@value
class Valued:
    first: int
    second: str = "two"
    third: list[int] = field(default_factory=list, hash=False)
    fourth: object = field(default=None, compare=False, repr=False)


@terse
class One:
    only: float


@terse
class Nothing:
    pass


@roomy
class Roomy:
    side: int

    @cached_property
    def area(self) -> int:
        return self.side**2


@value
class Cube(One):
    """With a look of its own."""

    edges: int = 12

    def __repr__(self) -> str:
        return "cube"


@terse
class AnyOther:
    name: str

    def __eq__(self, other: object) -> bool:
        return isinstance(other, AnyOther)


KINDS: list[dict[str, Any]] = [
    {"first": 1},
    {"first": 1, "second": "other"},
    {"first": 1, "third": [3]},
    {"first": 1, "fourth": 4},
    {"first": 2},
]


@pytest.mark.parametrize("given", KINDS)
@pytest.mark.parametrize("other", KINDS)
def test_they_are_told_apart_as_dataclasses_are(given: dict[str, Any], other: dict[str, Any]) -> None:
    assert (Valued(**given) == Valued(**other)) is (Plain(**given) == Plain(**other))
    assert (hash(Valued(**given)) == hash(Valued(**other))) is (hash(Plain(**given)) == hash(Plain(**other)))
    assert Valued(**given) != Plain(**given)  # type: ignore[comparison-overlap]


@pytest.mark.parametrize("given", KINDS)
def test_they_look_as_dataclasses_do(given: dict[str, Any]) -> None:
    assert repr(Valued(**given)) == repr(Plain(**given)).replace("Plain", "Valued")


def test_one_field_and_none() -> None:
    nan = float("nan")
    assert One(nan) == One(nan)
    assert One(1.0) != One(2.0)
    assert {One(1.0), One(1.0)} == {One(1.0)}
    assert Nothing() == Nothing()
    assert repr(Nothing()) == "Nothing()"


def test_a_kind_of_another_kind_is_another_kind() -> None:
    assert Cube(only=1.0) != One(1.0)
    assert Cube(only=1.0) == Cube(only=1.0)
    assert repr(Cube(only=1.0)) == "cube"
    assert AnyOther("one") == AnyOther("two")
    assert hash(AnyOther("one")) == hash(AnyOther("one"))


def test_room_for_what_is_worked_out() -> None:
    square = Roomy(side=3)
    assert square.area == 9
    assert square == Roomy(side=3)
    assert not hasattr(One(1.0), "__dict__")


def test_copies_and_changes() -> None:
    made = Valued(first=1, third=[1, 2])
    assert pickle.loads(pickle.dumps(made)) == copy.deepcopy(made) == made
    assert replace(made, first=2) == Valued(first=2, third=[1, 2])
