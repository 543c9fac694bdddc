"""Values of a pack, compiled: a name, a constant or cases become a function of what the wallbox sees."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from operator import ge, gt, le, lt
from typing import Final

from ...core.snapshot import Snapshot
from ...devices.quantities import BY_NAME, ROWS, row_of
from ...devices.settings import Settings
from ...errors import EmulatorError, did_you_mean
from .model import PackCase, PackValue
from .numbers import number_in


@dataclass(frozen=True)
class View:
    """What rows read."""

    now: Snapshot
    settings: Settings
    serial: str
    firmware: str
    model: str


Read = Callable[[View], object]
IDENTITY: Final[Mapping[str, Read]] = {
    "serial": lambda v: v.serial,
    "firmware": lambda v: v.firmware,
    "model": lambda v: v.model,
}
_COMPARISON: Final = re.compile(r"\s*(<=|>=|<|>)\s*(-?\d+(?:\.\d+)?)\s*")
_OPERATORS: Final = {"<": lt, "<=": le, ">": gt, ">=": ge}


class Names:
    """What values may be read from. EmulatorError with a suggestion for a name that nothing has."""

    def __init__(self, settings: Iterable[str]) -> None:
        self._settings = frozenset(settings)

    def setting(self, name: str) -> str:
        if name not in self._settings:
            raise EmulatorError(f'there is no setting "{name}"{did_you_mean(name, self._settings)}')
        return name

    def value(self, stated: PackValue) -> Read:
        """The function behind a value."""
        given = [stated.reads is not None, stated.constant is not None, bool(stated.cases)]
        if sum(given) != 1:
            raise EmulatorError("expected one of reads, constant and cases")
        if stated.reads is not None:
            read = self.named(stated.reads)
        elif stated.cases:
            read = self.cases(stated.cases)
        else:
            constant = number_in(stated.constant)
            read = lambda _: constant  # noqa: E731
        return _mapped(read, stated.map) if stated.map else read

    def named(self, name: str) -> Read:
        """The function behind a name."""
        if name in IDENTITY:
            return IDENTITY[name]
        if name.startswith("setting."):
            setting = self.setting(name.removeprefix("setting."))
            return lambda v: v.settings[setting]
        row = row_of(name)
        if row is None:
            known = [*IDENTITY, *ROWS, *BY_NAME, *(f"setting.{setting}" for setting in self._settings)]
            raise EmulatorError(f'"{name}" is not a quantity or a setting{did_you_mean(name, known)}')
        return lambda v: row.read(v.now)

    def cases(self, stated: Iterable[PackCase]) -> Read:
        """The value of the first case that holds; null if none does."""
        compiled = [(self._condition(case.when), number_in(case.value)) for case in stated]

        def read(view: View) -> object:
            return next((value for holds, value in compiled if holds(view)), None)

        return read

    def _condition(self, when: Mapping[str, object]) -> Callable[[View], bool]:
        tests = [(self.named(name), _test(expected)) for name, expected in when.items()]
        return lambda view: all(test(read(view)) for read, test in tests)


def _test(expected: object) -> Callable[[object], bool]:
    """Whether a value is as stated: equal, one of a list, or as a comparison says."""
    if isinstance(expected, list):
        tests = [_test(one) for one in expected]
        return lambda value: any(test(value) for test in tests)
    found = _COMPARISON.fullmatch(expected) if isinstance(expected, str) else None
    if found is None:
        return lambda value: value == expected and isinstance(value, bool) == isinstance(expected, bool)
    operator, bound = _OPERATORS[found[1]], float(found[2])
    return lambda value: isinstance(value, int | float) and operator(value, bound)


def _mapped(read: Read, stated: Mapping[str, object]) -> Read:
    table = {word: number_in(value) for word, value in stated.items()}

    def mapped(view: View) -> object:
        value = read(view)
        word = str(value).lower() if isinstance(value, bool) else str(value)
        return table.get(word, table.get("otherwise"))

    return mapped
