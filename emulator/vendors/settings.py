"""Settings of a wallbox: what its firmware stores.

The one rule: what survives a reboot and what does not is said on the row, and only a store decides it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from ..errors import EmulatorError, did_you_mean

Check = Callable[[object], object]
"""Returns the value to store, or raises ValueError saying what was expected."""


def anything(value: object) -> object:
    return value


def boolean(value: object) -> object:
    if isinstance(value, bool):
        return value
    raise ValueError("expected true or false")


def text(longest: int | None = None) -> Check:
    def check(value: object) -> object:
        if isinstance(value, str) and (longest is None or len(value.encode()) <= longest):
            return value
        raise ValueError("expected a text" + (f" of at most {longest} bytes" if longest is not None else ""))

    return check


def integer(lowest: int, highest: int, *, optional: bool = False) -> Check:
    def check(value: object) -> object:
        if optional and value is None:
            return None
        if isinstance(value, int) and not isinstance(value, bool) and lowest <= value <= highest:
            return value
        raise ValueError(f"expected a whole number {lowest}..{highest}" + (" or null" if optional else ""))

    return check


def number(lowest: float, highest: float, *, optional: bool = False) -> Check:
    def check(value: object) -> object:
        if optional and value is None:
            return None
        if isinstance(value, int | float) and not isinstance(value, bool) and lowest <= value <= highest:
            return float(value)
        raise ValueError(f"expected a number {lowest:g}..{highest:g}" + (" or null" if optional else ""))

    return check


def one_of(*values: object) -> Check:
    def check(value: object) -> object:
        for known in values:
            if value == known and type(value) is type(known):
                return value
        raise ValueError(f"expected one of {', '.join(map(str, values))}")

    return check


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One stored value. `persistent`: survives reboot and power cut (flash)."""

    name: str
    default: object
    check: Check = anything
    persistent: bool = True
    about: str = ""


class Settings:
    """The store of one wallbox. Reading an unknown name is a KeyError: rows are known when the program is written."""

    def __init__(self, rows: Iterable[Setting], changed: Callable[[str], None] = lambda _name: None) -> None:
        self.rows: Mapping[str, Setting] = {row.name: row for row in rows}
        self._values: dict[str, object] = {row.name: row.default for row in self.rows.values()}
        self._changed = changed
        self.swallow: Callable[[str, object], bool] | None = None
        """Asked before a value is stored: whether it is not to be. A fault may stand in the way."""
        self._listeners: list[Callable[[str], None]] = []

    def listen(self, listener: Callable[[str], None]) -> None:
        """Call `listener` with the name of every setting that has a new value."""
        self._listeners.append(listener)

    def __getitem__(self, name: str) -> object:
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __contains__(self, name: object) -> bool:
        return name in self._values

    def flag(self, name: str) -> bool:
        return bool(self._values[name])

    def number(self, name: str) -> float:
        """A stored number; TypeError if it is none."""
        value = self._values[name]
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise TypeError(f"setting {name} holds {value!r}, not a number")
        return float(value)

    def integer(self, name: str) -> int:
        value = self._values[name]
        if isinstance(value, bool) or not isinstance(value, int):
            raise TypeError(f"setting {name} holds {value!r}, not an integer")
        return value

    def text(self, name: str) -> str:
        value = self._values[name]
        if not isinstance(value, str):
            raise TypeError(f"setting {name} holds {value!r}, not a text")
        return value

    def put(self, name: str, value: object) -> bool:
        """Store a value that was checked already; whether it changed."""
        if self.swallow is not None and self.swallow(name, value):
            return False
        if self._values[name] == value and type(self._values[name]) is type(value):
            return False
        self._values[name] = value
        self._changed(name)
        for listener in self._listeners:
            listener(name)
        return True

    def configure(self, values: Mapping[str, object]) -> None:
        """Store what a user states, all or nothing. EmulatorError naming every wrong one."""
        problems: list[str] = []
        checked: dict[str, object] = {}
        for name, value in values.items():
            row = self.rows.get(name)
            if row is None:
                problems.append(f'there is no setting "{name}"{did_you_mean(name, self.rows)}')
                continue
            try:
                checked[name] = row.check(value)
            except ValueError as error:
                problems.append(f"setting {name}: {error}, found {value!r}")
        if problems:
            raise EmulatorError("; ".join(problems))
        for name, value in checked.items():
            self.put(name, value)

    def forget_volatile(self) -> None:
        """A reboot: everything that is not in flash goes back to its default."""
        for name, row in self.rows.items():
            if not row.persistent:
                self.put(name, row.default)

    def factory_reset(self) -> None:
        for name, row in self.rows.items():
            self.put(name, row.default)

    def persistent(self) -> dict[str, object]:
        """What is in flash."""
        return {name: self._values[name] for name, row in self.rows.items() if row.persistent}
