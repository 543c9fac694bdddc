"""Walks with sockets: an emulator that is reset between walks, and a client in Python that is called for each.

The one rule: time moves when the client moves it, so that a walk is the same every time as far as the client is.
"""

from __future__ import annotations

import asyncio
import inspect
import sysconfig
import traceback
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ..core.instant import Instant
from ..errors import EmulatorError
from ..scenario.plan import Scenario
from ..testing import EmulatorFixture
from .finding import Finding
from .laws import Laws
from .trial import Run, of_bug

if TYPE_CHECKING:
    from ..service.emulator import Emulator

Client = Callable[[EmulatorFixture], object]
"""What is called for each walk: it asks, sets and moves time as it likes, and returns; a coroutine is awaited."""
_CRASHED: Final = "the client failed"
_FOREIGN: Final = tuple(sysconfig.get_path(name) for name in ("stdlib", "purelib", "platlib"))
"""Where code is that nobody blames."""


class WalkedEmulator(EmulatorFixture):
    """An emulator as a client on a walk has it: broken rules are told when the walk is over, not to the client."""

    def begin(self, scenario: Scenario, *, record: bool) -> None:
        """A scenario from its start; from the second time on with the same ports."""
        if self._emulator is None:
            self.serve(scenario)
        running = self.running
        running.options = replace(running.options, record=record)
        self.reset(scenario)
        running.earlier.clear()

    def _check_failures(self) -> None:
        pass


class Served:
    """Walks with a client in Python."""

    def __init__(self, client: Client) -> None:
        self.emulator = WalkedEmulator()
        self._client = client

    def __call__(self, scenario: Scenario, *, record: bool = False) -> Run:
        """Take the client through a scenario, and let the scenario end."""
        self.emulator.begin(scenario, record=record)
        running = self.emulator.running
        laws = self.emulator.call(lambda: Laws(running.site))
        self.emulator.run(running.advance(0))
        findings = list(self._called())
        self.emulator.run(running.advance_to_end())
        result = self.emulator.call(lambda: running.player.result())
        return Run(result, (*findings, *laws.broken.values(), *self.emulator.call(lambda: bugs_of(running))))

    def _called(self) -> Iterator[Finding]:
        try:
            found = self._client(self.emulator)
            if inspect.iscoroutine(found):
                _finished(found)
        except Exception as error:
            yield client_failed(error, self._now)

    @property
    def _now(self) -> Instant:
        return self.emulator.call(lambda: self.emulator.running.simulation.at)

    def stop(self) -> None:
        """Ports free."""
        self.emulator.stop()


def _finished(work: Coroutine[object, None, object]) -> None:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        asyncio.run(work)
        return
    work.close()
    raise EmulatorError("explore was called inside an event loop; call it from a plain test function")


def client_failed(error: Exception, at: Instant) -> Finding:
    """An exception of the client, told by where it was raised."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if not frame.filename.startswith(_FOREIGN)]
    where = f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else "?"
    text = "".join(traceback.format_exception(error))
    return Finding(f"{_CRASHED}: {type(error).__name__} at {where}", text, at)


def bugs_of(emulator: Emulator) -> list[Finding]:
    """What the emulator itself did wrong on a walk; a server answers on."""
    found = [of_bug(bug) for bug in emulator.bugs.found.values()]
    emulator.bugs.found.clear()
    return found
