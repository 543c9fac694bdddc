"""What tests give to the fixture, as the scenario language has it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta

from ..core.instant import SECOND, Instant
from ..errors import EmulatorError
from ..language.arguments import Duration, Scope, Unreadable
from ..language.names import Names
from ..language.nodes import from_object
from .wallbox import WallboxFixture


def duration(value: str | timedelta) -> Instant:
    if isinstance(value, timedelta):
        return round(value.total_seconds() * SECOND)
    scope = Scope(Names())
    try:
        return Duration().read(from_object(value, "advance"), scope)
    except Unreadable:
        raise EmulatorError(scope.problems[0].text) from None


def plain(value: object) -> object:
    """An argument as it would be in YAML."""
    if isinstance(value, WallboxFixture):
        return value.name
    if isinstance(value, timedelta):
        return f"{value.total_seconds()} s"
    return value


def items(items: Iterable[Mapping[str, object]]) -> str:
    return "\n".join(f"{item['quantity']} is {item['found']!r}, expected {item['expected']}" for item in items)
