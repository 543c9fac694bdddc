"""Settings of a wallbox: what its firmware stores.

The one rule: a setting is a typed handle (`settings[WHITELIST]`); what survives a reboot is said on it, and only a
store decides it. Names are for whoever states settings as text: scenarios, state files, the control API.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, Generic, Protocol, TypeVar, overload, runtime_checkable

from ..core.freshness import Happenings
from ..errors import EmulatorError, did_you_mean

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

Check = Callable[[object], T]
"""Returns the value to store, or raises ValueError saying what was expected."""


@dataclass(frozen=True, slots=True)
class Checked(Generic[T]):
    """A check that can say what it takes."""

    take: Check[T]
    schema: Mapping[str, object]
    """JSON Schema of it."""

    def __call__(self, value: object) -> T:
        return self.take(value)


@runtime_checkable
class Described(Protocol):
    """A check that can say what it takes, as `Checked` or in a way of its own."""

    @property
    def schema(self) -> Mapping[str, object]: ...


def takes(schema: Mapping[str, object]) -> Callable[[Check[T]], Checked[T]]:
    """Say beside a check what it takes; with `examples` where the rest of the schema does not show how it looks."""
    return lambda check: Checked(check, schema)


def schema_of(check: Callable[[object], object]) -> Mapping[str, object]:
    """JSON Schema of what a check takes; of one that does not say: anything."""
    return check.schema if isinstance(check, Described) else {}


def anything(value: object) -> object:
    return value


def _boolean(value: object) -> bool:
    if isinstance(value, bool):
        return value
    raise ValueError("expected true or false")


boolean: Final[Check[bool]] = Checked(_boolean, {"type": "boolean"})


def text(longest: int | None = None) -> Check[str]:
    """A text of at most `longest` bytes."""

    def check(value: object) -> str:
        if isinstance(value, str) and (longest is None or len(value.encode()) <= longest):
            return value
        raise ValueError("expected a text" + (f" of at most {longest} bytes" if longest is not None else ""))

    return Checked(check, {"type": "string"} if longest is None else {"type": "string", "maxLength": longest})


def integer(lowest: int, highest: int) -> Check[int]:
    """A whole number in a closed range."""

    def check(value: object) -> int:
        if isinstance(value, int) and not isinstance(value, bool) and lowest <= value <= highest:
            return value
        raise ValueError(f"expected a whole number {lowest}..{highest}")

    return Checked(check, {"type": "integer", "minimum": lowest, "maximum": highest})


def number(lowest: float, highest: float) -> Check[float]:
    """A number in a closed range."""

    def check(value: object) -> float:
        if isinstance(value, int | float) and not isinstance(value, bool) and lowest <= value <= highest:
            return float(value)
        raise ValueError(f"expected a number {lowest:g}..{highest:g}")

    return Checked(check, {"type": "number", "minimum": lowest, "maximum": highest})


def one_of(*values: T) -> Check[T]:
    """One of some values, of the same type."""

    def check(value: object) -> T:
        for known in values:
            if value == known and type(value) is type(known):
                return known
        raise ValueError(f"expected one of {', '.join(map(str, values))}")

    return Checked(check, {"enum": list(values)})


def optional(check: Check[T]) -> Check[T | None]:
    """Null, or what another check takes."""

    def either(value: object) -> T | None:
        if value is None:
            return None
        try:
            return check(value)
        except ValueError as error:
            raise ValueError(f"{error} or null") from None

    inner = schema_of(check)
    return Checked(either, {"anyOf": [dict(inner), {"type": "null"}]} if inner else {})


def list_of(check: Check[T], *, longest: int | None = None) -> Check[list[T]]:
    """A list whose items another check takes, of at most `longest` items."""

    def every(value: object) -> list[T]:
        if not isinstance(value, list | tuple) or (longest is not None and len(value) > longest):
            raise ValueError("expected a list" + (f" of at most {longest} items" if longest is not None else ""))
        return [check(item) for item in value]

    schema: dict[str, object] = {"type": "array", "items": dict(schema_of(check))}
    return Checked(every, schema if longest is None else {**schema, "maxItems": longest})


@dataclass(frozen=True, slots=True)
class Setting(Generic[T_co]):
    """One stored value, and the handle it is read and stored by."""

    name: str
    default: T_co
    check: Callable[[object], T_co]
    about: str = ""
    persistent: bool = field(default=True, kw_only=True)
    """Survives a reboot and a power cut (flash)."""

    @property
    def schema(self) -> dict[str, object]:
        """JSON Schema of what it takes, for editors."""
        return {**schema_of(self.check), **({"description": self.about} if self.about else {})}

    @property
    def expected(self) -> str:
        """What it takes, for a reader; empty: its check does not say."""
        try:
            self.check(_NOTHING)
        except ValueError as error:
            first, _, rest = str(error).partition("expected ")
            return rest if not first else ""
        except (TypeError, AttributeError, EmulatorError):
            return ""
        return ""


_NOTHING: Final = object()
"""What no setting takes, to be told what it takes instead."""


def declared(names: Mapping[str, object]) -> tuple[Setting[object], ...]:
    """Every setting that a module declares, alone or in a tuple, in its order: `SETTINGS = declared(globals())`."""
    found: list[Setting[object]] = []
    for value in names.values():
        found += (row for row in (value if isinstance(value, tuple) else (value,)) if isinstance(row, Setting))
    return tuple(found)


def by_name(rows: Iterable[Setting[object]]) -> dict[str, Setting[object]]:
    return {row.name: row for row in rows}


def _is(value: object, other: object) -> bool:
    return value == other and type(value) is type(other)


class Settings:
    """The store of one wallbox. Reading what its vendor does not have is a KeyError: a mistake of the program."""

    def __init__(
        self, rows: Iterable[Setting[object]] | Mapping[str, Setting[object]], happenings: Happenings | None = None
    ) -> None:
        """`happenings`: of whom they are."""
        self._happenings = happenings if happenings is not None else Happenings()
        self.rows: Mapping[str, Setting[object]] = rows if isinstance(rows, Mapping) else by_name(rows)
        self._values: dict[str, object] = {}
        """That are not the default."""
        self.swallow: Callable[[str, object], bool] | None = None
        """Asked before a value is stored: whether it is not to be. A fault may stand in the way."""
        self.adjust: Callable[[str, object], object] | None = None
        """Asked before a value is stored: what is stored instead. A fault may round it."""
        self.keep: Callable[[str, object], None] | None = None
        """Told before a value that is in flash changes; what it raises keeps the value as it is."""
        self._listeners: list[Callable[[str], None]] = []

    def listen(self, listener: Callable[[str], None]) -> None:
        """Call `listener` with the name of every setting that has a new value."""
        self._listeners.append(listener)

    @overload
    def __getitem__(self, handle: Setting[T]) -> T: ...

    @overload
    def __getitem__(self, handle: str) -> object: ...

    def __getitem__(self, handle: Setting[T] | str) -> object:
        name = handle if isinstance(handle, str) else handle.name
        found = self._values.get(name, _NOTHING)
        return self.rows[name].default if found is _NOTHING else found

    def __iter__(self) -> Iterator[str]:
        return iter(self.rows)

    def __contains__(self, name: object) -> bool:
        return name in self.rows

    @overload
    def put(self, handle: Setting[T], value: T) -> bool: ...

    @overload
    def put(self, handle: str, value: object) -> bool: ...

    def put(self, handle: Setting[T] | str, value: object) -> bool:
        """Store a value that was checked already; whether it changed."""
        name = handle if isinstance(handle, str) else handle.name
        if self.swallow is not None and self.swallow(name, value):
            return False
        if self.adjust is not None:
            value = self.adjust(name, value)
        if _is(value, self[name]):
            return False
        if self.keep is not None and self.rows[name].persistent:
            self.keep(name, value)
        self._values[name] = value
        self._happenings.count += 1
        for listener in self._listeners:
            listener(name)
        return True

    def configure(self, values: Mapping[str, object]) -> None:
        """Store what a user states or a state file has, all or nothing. EmulatorError naming every wrong one.

        A default is right whatever its check takes: it stands for "never set".
        """
        problems: list[str] = []
        checked: dict[str, object] = {}
        for name, value in values.items():
            row = self.rows.get(name)
            if row is None:
                problems.append(f'there is no setting "{name}"{did_you_mean(name, self.rows)}')
                continue
            try:
                checked[name] = row.default if _is(value, row.default) else row.check(value)
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
        return {name: self[name] for name, row in self.rows.items() if row.persistent}
