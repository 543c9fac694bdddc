"""Whether the values of a frozen message are of the kinds its annotations promise.

The one rule: only kinds are checked (a finite number, one of these words); what makes sense is decided by the reader.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import is_dataclass
from types import UnionType
from typing import Annotated, ClassVar, Final, Literal, Union, get_args, get_origin, get_type_hints

Check = Callable[[object], bool]
Checks = tuple[tuple[str, Check, str], ...]
"""(field, check, what is expected) of a dataclass."""

_CHECKS: Final[dict[type, Checks]] = {}


def misfit(message: object) -> str:
    """The first field whose value does not fit its annotation, in words; empty if all do."""
    for name, fits, expected in _CHECKS.get(type(message)) or _learn(type(message)):
        value = getattr(message, name)
        if not fits(value):
            return f"{name} cannot be {value!r} ({expected})"
    return ""


def _learn(kind: type) -> Checks:
    hints = get_type_hints(kind, include_extras=True)
    stated = [(name, hint) for name, hint in hints.items() if get_origin(hint) is not ClassVar]
    _CHECKS[kind] = tuple((name, _check(hint), _words(hint)) for name, hint in stated)
    return _CHECKS[kind]


def _words(hint: object) -> str:
    plain = get_args(hint)[0] if get_origin(hint) is Annotated else hint
    return plain.__name__ if isinstance(plain, type) else str(plain).replace("typing.", "")


def _check(hint: object) -> Check:
    origin, args = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return _check(args[0])
    if origin in (Union, UnionType):
        options = [_check(arg) for arg in args]
        return lambda value: any(fits(value) for fits in options)
    if origin is Literal:
        return lambda value: isinstance(value, str | int) and not isinstance(value, bool) and value in args
    if origin is tuple:
        return _tuple(args)
    if hint is float:
        return _is_number
    if hint is int:
        return lambda value: isinstance(value, int) and not isinstance(value, bool)
    if hint is type(None):
        return lambda value: value is None
    if isinstance(origin, type):
        return lambda value: isinstance(value, origin)
    if isinstance(hint, type):
        return _dataclass(hint) if is_dataclass(hint) else lambda value: isinstance(value, hint)
    raise TypeError(f"no check for {hint!r}")


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _tuple(args: tuple[object, ...]) -> Check:
    if len(args) == 2 and args[1] is Ellipsis:
        every = _check(args[0])
        return lambda value: isinstance(value, tuple) and all(every(item) for item in value)
    each = [_check(arg) for arg in args]
    return lambda value: (
        isinstance(value, tuple)
        and len(value) == len(each)
        and all(fits(item) for fits, item in zip(each, value, strict=True))
    )


def _dataclass(kind: type) -> Check:
    return lambda value: isinstance(value, kind) and not misfit(value)
