"""Walks with a client that is a program: any client, in any language, over the sockets it always uses.

The one rule: its time is the wall clock's; what can be kept the same from walk to walk - where it starts, when time
begins to run, how far it goes with each of its polls - is kept, and the rest is found out by doing it again.
"""

from __future__ import annotations

import asyncio
import os
import re
import shlex
import signal
import tempfile
import time
from collections.abc import Mapping
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Final, Self

from ..control import views
from ..control.server import ControlServer
from ..core.instant import Instant
from ..errors import EmulatorError, did_you_mean
from ..scenario.plan import Scenario
from .finding import Finding
from .laws import Laws
from .served import WalkedEmulator, bugs_of
from .trial import Run

if TYPE_CHECKING:
    from ..runtime.journal import Entry
    from ..service.emulator import Emulator

PREFIX: Final = "CHARGER_EMULATOR_"
_PLACEHOLDER: Final = re.compile(r"\{([A-Za-z_][\w.-]*)\}")
FIRST_CONTACT: Final = 20.0
"""How long a client may take until it asks for the first time, in wall time [s]; then time begins to run anyway."""
QUIET: Final = 0.03
"""A poll is over when nothing was asked for so long, in wall time [s]."""
LONGEST_TALK: Final = 0.25
"""A poll is over after so long in wall time [s], even of a client that is never silent."""
LONGEST_POLL: Final = 2.0
"""A client that asks nothing for so long in wall time [s] is not waited for."""
GRACE: Final = 2.0
"""How long a client has to end when it is told to, in wall time [s]."""
STUCK: Final = 120.0
"""A client that moves time itself has so long for a walk, in wall time [s]."""
_LAST_WORDS: Final = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How time passes for a program."""

    speed: float = 60.0
    """Simulated seconds per second; 0: the program moves time itself, through the control API."""
    poll: Instant | None = None
    """Time stands still, and goes so far ahead whenever the program has polled."""
    keep: bool = False
    """The program runs through all walks; otherwise it is started for each."""


class Program:
    """Walks with a program."""

    def __init__(self, command: str, pace: Pace) -> None:
        self.emulator = WalkedEmulator()
        self._command = command
        self._pace = pace
        self._stack = AsyncExitStack()
        self._control: ControlServer | None = None
        self._process: asyncio.subprocess.Process | None = None
        self._output: IO[bytes] | None = None
        self._coming = 0.0
        """How long the program takes at most until it asks for the first time, in wall time [s]; 0: not known yet."""
        self._usual = 0.0
        """How long it takes from one poll to the next, on average."""

    def __call__(self, scenario: Scenario, *, record: bool = False) -> Run:
        """Start the program, take it through a scenario, and end it."""
        self.emulator.begin(scenario, record=record)
        if self._control is None:
            self.emulator.run(self._open())
        running = self.emulator.running
        laws = self.emulator.call(lambda: Laws(running.site))
        findings = self.emulator.run(self._walk(running))
        result = self.emulator.call(lambda: running.player.result())
        return Run(result, (*findings, *laws.broken.values(), *self.emulator.call(lambda: bugs_of(running))))

    def stop(self) -> None:
        """End the program; ports free."""
        if self._control is not None:
            self.emulator.run(self._close())
        self.emulator.stop()

    async def _open(self) -> None:
        self._control = ControlServer(self.emulator.running, port=0)
        await self._stack.enter_async_context(self._control)

    async def _close(self) -> None:
        await self._end()
        await self._stack.aclose()

    # --- one walk ----------------------------------------------------------------------------------------------------

    async def _walk(self, emulator: Emulator) -> list[Finding]:
        await emulator.advance(0)
        if self._process is None or self._process.returncode is not None:
            await self._start(emulator)
        assert self._process is not None
        process = self._process
        ended = asyncio.create_task(process.wait())
        with Ear(emulator, ended) as ear:
            try:
                await self._contact(ear)
                found = await self._passing(emulator, ended, ear)
            finally:
                ended.cancel()
        emulator.clock.set_speed(0.0)
        code = process.returncode
        if code not in (None, 0):
            found.append(self._failed(f"ended with exit code {code}", emulator))
        if not self._pace.keep:
            await self._end()
        await emulator.advance_to_end()
        return found

    async def _passing(self, emulator: Emulator, ended: asyncio.Task[int], ear: Ear) -> list[Finding]:
        """Let time pass until the walk is over, or the program has ended."""
        if self._pace.poll is not None:
            while not emulator.finished.is_set() and not ended.done():
                await self._poll(ear)
                await emulator.advance(self._pace.poll)
            return []
        emulator.clock.set_speed(self._pace.speed)
        emulator.simulation.wake()
        over = asyncio.create_task(emulator.finished.wait())
        patience = None if self._pace.speed else STUCK
        done, _ = await asyncio.wait({over, ended}, timeout=patience, return_when=asyncio.FIRST_COMPLETED)
        over.cancel()
        return [] if done else [self._failed(f"did not end within {STUCK:g} s", emulator)]

    async def _contact(self, ear: Ear) -> None:
        """Until the program has come; what it took the first time is a measure for the next."""
        began = time.monotonic()
        if await ear.hears(_patience(self._coming, FIRST_CONTACT)):
            self._coming = max(self._coming, time.monotonic() - began)

    async def _poll(self, ear: Ear) -> None:
        """Until the program has asked and is silent again; one that does not ask is not waited for much longer."""
        began = time.monotonic()
        if await ear.hears(_patience(self._usual, LONGEST_POLL)):
            took = time.monotonic() - began
            self._usual += 0.2 * (took - self._usual) if self._usual else took
            while time.monotonic() - began - took < LONGEST_TALK and await ear.hears(QUIET):
                pass

    def _failed(self, how: str, emulator: Emulator) -> Finding:
        words = self._last_words()
        last = words.strip().rpartition("\n")[2][:80]
        told = f": {last}" if last else ""
        return Finding(f"the client {how}{told}", f"{self._command} {how}\n{words}", emulator.simulation.at)

    # --- the program -------------------------------------------------------------------------------------------------

    async def _start(self, emulator: Emulator) -> None:
        places = self._places(emulator)
        arguments = [_replaced(word, places) for word in _words(self._command)]
        environment = {PREFIX + re.sub(r"\W", "_", name).upper(): value for name, value in places.items()}
        self._output = tempfile.TemporaryFile()  # noqa: SIM115 - closed when the program has ended
        try:
            self._process = await asyncio.create_subprocess_exec(
                *arguments,
                env={**os.environ, **environment},
                stdin=asyncio.subprocess.DEVNULL,
                stdout=self._output,
                stderr=self._output,
                start_new_session=True,
            )
        except OSError as error:
            self._output.close()
            raise EmulatorError(f"--client: {arguments[0]}: {error.strerror or error}") from None

    def _places(self, emulator: Emulator) -> dict[str, str]:
        """URLs of everything there is to talk to, by name: `control`, `broker`, `garage.goe.http`."""
        assert self._control is not None
        found = {"control": self._control.url}
        if (broker := views.broker(emulator)) is not None:
            found["broker"] = broker
        for view in views.wallboxes(emulator):
            address, interfaces = view["name"], view["interfaces"]
            assert isinstance(interfaces, list)
            for interface in interfaces:
                if interface["url"] is not None:
                    name = f"{address}.{interface['name']}"
                    found |= {name: interface["url"], f"{name}.host": str(interface.get("host"))}
                    found[f"{name}.port"] = str(interface.get("port"))
        return found

    def _last_words(self) -> str:
        if self._output is None:
            return ""
        length = self._output.seek(0, os.SEEK_END)
        self._output.seek(max(0, length - _LAST_WORDS))
        return self._output.read().decode("utf-8", "replace")

    async def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        for number in (signal.SIGTERM, signal.SIGKILL):
            with suppress(ProcessLookupError):
                os.killpg(process.pid, number)
            with suppress(TimeoutError):
                await asyncio.wait_for(process.wait(), GRACE)
                break
        if self._output is not None:
            self._output.close()
            self._output = None


def _patience(known: float, longest: float) -> float:
    return min(longest, 4 * max(known, QUIET)) if known else longest


class Ear:
    """Hears what clients do."""

    def __init__(self, emulator: Emulator, ended: asyncio.Task[int]) -> None:
        self._heard = asyncio.Event()
        self._emulator = emulator
        ended.add_done_callback(lambda _task: self._heard.set())

    def __enter__(self) -> Self:
        self._stop = self._emulator.simulation.journal.listen(self._listen)
        return self

    def __exit__(self, *_: object) -> None:
        self._stop()

    def _listen(self, entry: Entry) -> None:
        if entry.client is not None:
            self._heard.set()

    async def hears(self, patience: float) -> bool:
        """Wait for the next thing, at most so long in wall time [s]; whether there was one."""
        try:
            await asyncio.wait_for(self._heard.wait(), patience)
        except TimeoutError:
            return False
        self._heard.clear()
        return True


def _words(command: str) -> list[str]:
    """The words of a command, as a shell splits them."""
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise EmulatorError(f"--client: {command}: {str(error).lower()}") from None
    if not words:
        raise EmulatorError(f'--client: found "{command}", expected a command')
    return words


def _replaced(word: str, places: Mapping[str, str]) -> str:
    """A word of the command with URLs for names."""

    def place(found: re.Match[str]) -> str:
        name = found[1]
        if name not in places:
            raise EmulatorError(f'--client: there is no "{{{name}}}"{did_you_mean(name, places)}')
        return places[name]

    return _PLACEHOLDER.sub(place, word)
