"""Mistakes of the emulator itself, as opposed to those of a user or of a client under test.

The one rule: a mistake of ours is caught in as few places as possible, and never only hides behind a device's answer:
it has an id, is said in one line, told with its traceback once, and counted.
"""

from __future__ import annotations

import hashlib
import logging
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar, TypeVarTuple

from ..errors import EmulatorError

if TYPE_CHECKING:
    import asyncio

log = logging.getLogger(__name__)

T = TypeVar("T")
Ts = TypeVarTuple("Ts")
F = TypeVar("F")

EXIT_CODE: Final = 3
"""Of a command in which the emulator itself failed."""
MOST: Final = 100
"""Different mistakes that are kept."""
AGAIN: Final = 60.0
"""Wall seconds between two lines about the same thing."""


class SeldomLog:
    """Says the same thing once a minute at most, with how often it happened meanwhile."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._said: dict[str, float] = {}
        self._silent: dict[str, int] = {}

    def due(self, topic: str) -> int | None:
        """How often it happened since it was said last, if it is to be said now."""
        now = self._clock()
        self._silent[topic] = self._silent.get(topic, 0) + 1
        if topic in self._said and now - self._said[topic] < AGAIN:
            return None
        self._said[topic] = now
        return self._silent.pop(topic)


@dataclass(slots=True, kw_only=True)
class Bug:
    """One mistake of ours, wherever and however often it was made."""

    id: str
    where: str
    """Where it was noticed first: `garage.goe.http`."""
    text: str
    traceback: str
    count: int = 0

    def __str__(self) -> str:
        times = f" ({self.count} times)" if self.count > 1 else ""
        return f"bug {self.id} at {self.where}: {self.text}{times}"

    @property
    def line(self) -> str:
        """For a command that it ended, and that has told its traceback."""
        return f"bug {self.id}: the emulator itself failed: {self.text}"

    @property
    def told(self) -> str:
        """For a command that it ended: its traceback and that line."""
        return self.traceback + self.line

    def as_json(self) -> dict[str, object]:
        return {"id": self.id, "where": self.where, "text": self.text, "count": self.count}


class Bugs:
    """All of one emulator, which goes on after each."""

    def __init__(self) -> None:
        self.found: dict[str, Bug] = {}
        self.count = 0
        self._seldom = SeldomLog()

    def caught(self, where: str, error: BaseException) -> Bug:
        """Count a mistake that was caught, and say so."""
        self.count += 1
        bug = self._known(where, error)
        bug.count += 1
        if bug.count == 1:
            log.error("%s", bug, exc_info=error, extra={"bug": bug.id})
            self._seldom.due(bug.id)
        elif self._seldom.due(bug.id) is not None:
            log.error("%s", bug, extra={"bug": bug.id})
        return bug

    def of_a_task(self, task: asyncio.Task[object]) -> None:
        """What ended a task, if a mistake of ours did: nobody waits for it, and it would be lost. A done callback."""
        if not task.cancelled() and isinstance(error := task.exception(), Exception):
            self.caught(task.get_name(), error)

    def _known(self, where: str, error: BaseException) -> Bug:
        identity = identify(error)
        known = self.found.get(identity)
        if known is not None:
            return known
        bug = bug_of(where, error)
        if len(self.found) < MOST:
            self.found[identity] = bug
        return bug

    def guard(self, where: str, fallback: Callable[[], F], ask: Callable[[*Ts], T], *args: *Ts) -> T | F:
        """What `ask` returns. The one place where a vendor's code may fail: then it is what `fallback` returns.

        An endless chain of events is no mistake of ours: an `EmulatorError` is said, and answered in the same way.
        """
        try:
            return ask(*args)
        except Exception as error:
            return self.instead(where, error, fallback)

    def instead(self, where: str, error: Exception, fallback: Callable[[], F]) -> F:
        """What is said in place of an answer that failed. For who asks by itself; else see `guard`."""
        if not isinstance(error, EmulatorError):
            self.caught(where, error)
        elif self._seldom.due(str(error)) is not None:
            log.error("%s: %s", where, error)
        return fallback()


def bug_of(where: str, error: BaseException) -> Bug:
    """A mistake of ours that ended something."""
    text = f"{type(error).__name__}: {error}"[:300]
    trace = "".join(traceback.format_exception(error))
    return Bug(id=identify(error), where=where, text=text, traceback=trace)


def identify(error: BaseException) -> str:
    """The same id for the same mistake: its kind and the places in the code that it came through."""
    frames = traceback.extract_tb(error.__traceback__)[-4:]
    places = [f"{Path(frame.filename).name}:{frame.name}:{frame.lineno}" for frame in frames]
    return hashlib.sha256("\n".join([type(error).__name__, *places]).encode()).hexdigest()[:8]
