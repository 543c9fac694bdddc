"""The processes of a fleet, as their leader sees them."""

from __future__ import annotations

import asyncio
import json
import os
import pickle
import secrets
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Self

import aiohttp

from ..errors import EmulatorError
from .results import Part

TOGETHER: Final = 0.1
"""Wall seconds from the last worker's readiness to the moment at which time begins in all of them."""
GOOD_BYE: Final = 5.0
"""Wall seconds that a worker has to end."""
LONGEST_LINE: Final = 1 << 24


class Worker:
    """One process."""

    def __init__(self, index: int, process: asyncio.subprocess.Process, token: str) -> None:
        self.index = index
        self.port = 0
        self.finished = asyncio.Event()
        """Its share of the scenario is over."""
        self.process = process
        self.concluded = asyncio.Event()
        """It has written down how its share came out."""
        self._headers = {"Authorization": f"Bearer {token}"}

    async def hear(self) -> dict[str, Any]:
        """The next thing it says; EmulatorError if it has ended."""
        assert self.process.stdout is not None
        line = await self.process.stdout.readline()
        if not line:
            code = await self.process.wait()
            raise EmulatorError(f"worker {self.index} has ended with exit code {code}; what it said stands above")
        found: dict[str, Any] = json.loads(line)
        return found

    async def follow(self) -> None:
        """Take in what it says, for ever."""
        while True:
            said = await self.hear()
            if "finished" in said:
                self.finished.set()
            if "ended_at" in said:
                self.concluded.set()

    def order(self, what: str, **details: object) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps({"order": what, **details}).encode() + b"\n")

    async def call(
        self,
        session: aiohttp.ClientSession,
        method: str,
        path: str,
        body: object = None,
        query: Mapping[str, str] | None = None,
    ) -> tuple[int, Any]:
        """Status and document of its control API's reply; text that is no JSON as it is."""
        url = f"http://127.0.0.1:{self.port}{path}"
        async with session.request(method, url, json=body, params=query, headers=self._headers) as reply:
            text = await reply.text()
            return reply.status, json.loads(text) if "json" in reply.content_type else text


class Workers:
    """All of them, as `async with`: started together, with time standing still until `begin`."""

    def __init__(self, arguments: Sequence[Sequence[str]]) -> None:
        """`arguments`: of the command line of each."""
        self._folder = tempfile.TemporaryDirectory(prefix="charger-emulator-")
        self._arguments = arguments
        self._token = secrets.token_urlsafe(24)
        self._following: list[asyncio.Task[None]] = []
        self.all: list[Worker] = []

    async def __aenter__(self) -> Self:
        self.session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=None))
        try:
            for index, arguments in enumerate(self._arguments):
                self.all.append(Worker(index, await self._spawn(arguments), self._token))
            for worker in self.all:
                worker.port = (await worker.hear())["port"]
        except BaseException:
            await self.__aexit__()
            raise
        self._following = [asyncio.create_task(worker.follow(), name=f"worker {worker.index}") for worker in self.all]
        return self

    async def _spawn(self, arguments: Sequence[str]) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "emulator",
            *arguments,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env=os.environ | {"CHARGER_EMULATOR_TOKEN": self._token, "CHARGER_EMULATOR_TOKEN_FILE": ""},
            start_new_session=True,  # Ctrl-C is the leader's
            limit=LONGEST_LINE,
        )

    async def __aexit__(self, *_: object) -> None:
        for task in self._following:
            task.cancel()
        await asyncio.gather(*self._following, return_exceptions=True)
        await self.session.close()
        for worker in self.all:
            if worker.process.stdin is not None:
                worker.process.stdin.close()
        await asyncio.gather(*map(_ended, self.all))
        self._folder.cleanup()

    def begin(self) -> None:
        """Let time run in all of them from the same moment on."""
        at = asyncio.get_running_loop().time() + TOGETHER
        for worker in self.all:
            worker.order("begin", at=at)

    async def run_until(self, stop: asyncio.Event, *, past_the_end: bool) -> None:
        """Until `stop` is set, or all are over (unless `past_the_end`). EmulatorError if one of them ends."""
        waiting: set[asyncio.Task[bool]] = {asyncio.create_task(_set(stop))}
        if not past_the_end:
            waiting.add(asyncio.create_task(_all_over(self.all)))
        await asyncio.wait({*waiting, *self._following}, return_when=asyncio.FIRST_COMPLETED)
        for task in waiting:
            task.cancel()
        self._failed()

    async def conclude(self) -> list[Part]:
        """The run is over: how it came out in each. EmulatorError if one of them ends meanwhile."""
        files = [Path(self._folder.name) / f"{worker.index}" for worker in self.all]
        for worker, file in zip(self.all, files, strict=True):
            worker.concluded.clear()
            worker.order("conclude", into=str(file))
        concluding = asyncio.create_task(_all_concluded(self.all))
        await asyncio.wait({concluding, *self._following}, return_when=asyncio.FIRST_COMPLETED)
        if not concluding.done():
            concluding.cancel()
            self._failed()
        return [await asyncio.to_thread(_read, file) for file in files]

    def _failed(self) -> None:
        """Raise what ended one of them."""
        for follower in self._following:
            if follower.done():
                follower.result()


def _read(file: Path) -> Part:
    """What a worker has written down, in a folder that nobody else can write to."""
    found = pickle.loads(file.read_bytes())
    assert isinstance(found, Part)
    return found


async def _all_concluded(workers: Sequence[Worker]) -> None:
    for worker in workers:
        await worker.concluded.wait()


async def _set(event: asyncio.Event) -> bool:
    return await event.wait()


async def _all_over(workers: Sequence[Worker]) -> bool:
    for worker in workers:
        await worker.finished.wait()
    return True


async def _ended(worker: Worker) -> None:
    try:
        async with asyncio.timeout(GOOD_BYE):
            await worker.process.wait()
    except TimeoutError:
        worker.process.kill()
        await worker.process.wait()
