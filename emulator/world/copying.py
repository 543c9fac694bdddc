"""A whole world, kept as it is at one instant, and made again from that as often as wanted.

The one rule: everything that can be reached from the world is copied - chargers, wallboxes, agenda, faults, rules, also
the closures of their functions - except what modules hold, which is no part of any world, and journal entries, which
never change. What stands outside and only listens (servers, the control API) is gone in the copy.
"""

from __future__ import annotations

import io
import pickle
import sys
import threading
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from struct import Struct
from types import BuiltinFunctionType, CellType, CodeType, FunctionType, MappingProxyType, ModuleType
from typing import Any, Final, TypeVar

from ..errors import EmulatorError
from ..protocols.server import Endpoint
from ..runtime.journal import Entry

T = TypeVar("T")

PACKAGE: Final = __name__.partition(".")[0]
OUTSIDE: Final = tuple(f"{PACKAGE}.{name}." for name in ("protocols", "service", "control", "commands", "testing"))
FOREIGN: Final = ("asyncio", "_asyncio", "aiohttp", "logging", "socket", "_socket", "sqlite3", "concurrent")
INSIDE: Final = tuple(f"{PACKAGE}.protocols.{name}" for name in ("ship_seam", "ocpp_direct", "ocpp_session"))
"""Of the protocols what has no sockets and is part of a world: the ways to its own control box and central system."""
STACK: Final = 256 * 1024 * 1024
"""Bytes of stack: a world is a deep graph."""
DEPTH: Final = 200_000


class _Gone:
    """In place of what stood outside: takes every call and does nothing."""

    def __getattr__(self, name: str) -> _Gone:
        if name.startswith("__"):
            raise AttributeError(name)
        return self

    def __call__(self, *_: object, **__: object) -> None:
        return None


GONE: Final = _Gone()


@dataclass(frozen=True, slots=True)
class Kept:
    """A world as it was. `size`: bytes."""

    _data: bytes
    _shared: tuple[object, ...]

    @property
    def size(self) -> int:
        return len(self._data)

    def made(self) -> Any:
        """What was kept, anew."""
        return _deeply(lambda: _Reader(self._data, self._shared).load())


def kept(world: object) -> Kept:
    """A copy of everything that is reached from `world`. EmulatorError if something in it cannot be copied."""

    def write() -> Kept:
        data = io.BytesIO()
        writer = _Writer(data)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # iterators of itertools
            writer.dump(world)
        return Kept(data.getvalue(), tuple(writer.shared))

    try:
        return _deeply(write)
    except (TypeError, pickle.PicklingError, AttributeError) as error:
        raise EmulatorError(f"this world cannot be kept: {error}") from error


def _deeply(work: Callable[[], T]) -> T:
    """Do it on a stack that is deep enough."""
    found: list[T] = []
    failed: list[BaseException] = []

    def run() -> None:
        before = sys.getrecursionlimit()
        sys.setrecursionlimit(DEPTH)
        try:
            found.append(work())
        except BaseException as error:
            failed.append(error)
        finally:
            sys.setrecursionlimit(before)

    size = threading.stack_size(STACK)
    try:
        thread = threading.Thread(target=run, name="copying a world")
        thread.start()
    finally:
        threading.stack_size(size)
    thread.join()
    if failed:
        raise failed[0]
    return found[0]


class _Writer(pickle.Pickler):
    def __init__(self, file: io.BytesIO) -> None:
        super().__init__(file, protocol=5)
        self.shared: list[object] = []
        self._places: dict[int, int] = {}
        self._held = {id(value): value for value in held_by_modules()}

    def persistent_id(self, found: object) -> int | None:
        """The place of what is not copied."""
        if isinstance(found, type | ModuleType | CodeType | Entry | Struct) or id(found) in self._held:
            return self._place(found)
        if isinstance(found, BuiltinFunctionType):
            owner = found.__self__
            return self._place(found) if owner is None or isinstance(owner, ModuleType) else None
        if _outside(found):
            return self._place(GONE)
        return None

    def _place(self, found: object) -> int:
        place = self._places.get(id(found))
        if place is None:
            place = self._places[id(found)] = len(self.shared)
            self.shared.append(found)
        return place

    def reducer_override(self, found: Any) -> Any:
        if isinstance(found, FunctionType):
            made = found.__code__, found.__globals__, found.__name__, found.__defaults__, found.__closure__
            return FunctionType, made, (found.__kwdefaults__, found.__qualname__), None, None, _finish
        if isinstance(found, CellType):
            return CellType, (), _content(found), None, None, _fill
        if isinstance(found, MappingProxyType):
            return MappingProxyType, (dict(found),)
        return NotImplemented


class _Reader(pickle.Unpickler):
    def __init__(self, data: bytes, shared: tuple[object, ...]) -> None:
        super().__init__(io.BytesIO(data))
        self.shared = shared

    def persistent_load(self, place: int) -> object:
        return self.shared[place]


def _finish(made: FunctionType, state: tuple[dict[str, object] | None, str]) -> None:
    made.__kwdefaults__, made.__qualname__ = state


def _content(cell: CellType) -> tuple[object, ...]:
    try:
        return (cell.cell_contents,)
    except ValueError:
        return ()


def _fill(cell: CellType, content: tuple[object, ...]) -> None:
    if content:
        (cell.cell_contents,) = content


def _outside(found: object) -> bool:
    """Whether it only listens to the world."""
    module = found.__module__ if isinstance(found, FunctionType) else type(found).__module__
    if module in INSIDE or type(found) is Endpoint:
        return False
    return module.startswith(OUTSIDE) or module.partition(".")[0] in FOREIGN


def held_by_modules() -> Iterator[object]:
    """What modules of the emulator hold, and what their functions look names up in."""
    for name, module in tuple(sys.modules.items()):
        if name.partition(".")[0] == PACKAGE:
            names: Mapping[str, object] = vars(module)
            yield names
            yield from tuple(names.values())
