"""Mosquitto as the broker of a run: a child process with a configuration of its own.

The one rule: it never outlives us. A shell stands between, holding a pipe from us: when the pipe closes, because we
stopped the broker or because we were killed, it ends mosquitto and itself.

The child is a plain `subprocess.Popen`: asyncio's own needs a thread for each child before Python 3.12, and that thread
may still be there when a test looks for threads left behind, as Home Assistant's do. Starting it takes 1 ms.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import subprocess
import tempfile
from collections import deque
from pathlib import Path
from typing import IO, Final

from ..errors import EmulatorError, PortTaken
from .broker import Broker

START_TIMEOUT: Final = 20.0
"""Wall seconds mosquitto has until it listens."""
ATTEMPTS: Final = 5
"""For port 0, where another program may be quicker than mosquitto on the port found free."""

_SHELL: Final = '"$0" -c "$1" </dev/null & exec 2>/dev/null; read -r _; kill $!; wait $!'
"""Standard error stays open in mosquitto alone, so that its end is seen."""


def executable() -> str | None:
    """Path of mosquitto, or None where it cannot be used. Debian puts it where ordinary users have no PATH to."""
    if os.name != "posix":
        return None
    return shutil.which("mosquitto", path=os.pathsep.join((os.environ.get("PATH", os.defpath), "/usr/sbin")))


class MosquittoBroker(Broker):
    """A mosquitto of our own, anonymous and without persistence."""

    about = "mosquitto"

    def __init__(self, bind: str, port: int) -> None:
        super().__init__(bind, port)
        self._process: subprocess.Popen[bytes] | None = None
        self._reader: asyncio.Task[None] | None = None
        self._log: deque[str] = deque(maxlen=50)

    @property
    def running(self) -> bool:
        return self._reader is not None and not self._reader.done()

    async def start(self) -> None:
        if self.running:
            return
        await self.stop()
        wanted = self.port
        for attempt in range(ATTEMPTS):
            try:
                self.port = _free_port(self.bind, wanted)
            except OSError as error:
                raise self.taken(error) from error
            if await self._launch():
                return
            if wanted or attempt == ATTEMPTS - 1 or "in use" not in " ".join(self._log):
                break
        text = "; ".join(self._log) or "it said nothing"
        error_type = PortTaken if "in use" in text else EmulatorError
        raise error_type(f"mosquitto did not start on {self.bind} port {self.port}: {text}")

    async def stop(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        assert process.stdin is not None
        process.stdin.close()
        if self._reader is not None:
            await self._reader  # until mosquitto has ended
        process.wait()  # for the shell, which has nothing left to do

    async def _launch(self) -> bool:
        """Run mosquitto; whether it listens."""
        program = executable()
        if program is None:
            raise EmulatorError("broker: mosquitto is not installed; use `broker: builtin`")
        self._log.clear()
        with tempfile.TemporaryDirectory(prefix="charger-emulator-") as folder:
            file = Path(folder) / "mosquitto.conf"
            file.write_text(self._configuration(), encoding="utf-8")
            self._process = subprocess.Popen(  # noqa: ASYNC220 - see above
                ("/bin/sh", "-c", _SHELL, program, str(file)),
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                start_new_session=True,  # the terminal's Ctrl-C is for us
            )
            stream = await _stream(self._process.stderr)
            ready = asyncio.Event()
            self._reader = asyncio.create_task(self._read_log(stream, ready), name="mosquitto log")
            try:
                async with asyncio.timeout(START_TIMEOUT):
                    await ready.wait()
                    if self.running:
                        _, writer = await asyncio.open_connection(self.host, self.port)
                        writer.close()
                        await writer.wait_closed()
                        return True
            except OSError as error:  # a time-out is one too
                self._log.append(str(error) or "it did not get ready in time")
        await self.stop()
        return False

    async def _read_log(self, stream: asyncio.StreamReader, ready: asyncio.Event) -> None:
        """Keep the newest lines, until mosquitto ends; `ready` when it runs or never will."""
        async for line in stream:
            text = line.decode(errors="replace").strip()
            self._log.append(text.partition(": ")[2] or text)
            if text.endswith(" running"):
                ready.set()
        ready.set()

    def _configuration(self) -> str:
        lines = [
            f"listener {self.port} {self.bind}".rstrip(),
            "allow_anonymous true",
            "allow_zero_length_clientid true",
            "persistence false",
            "max_queued_messages 100000",  # a full set of retained topics is more than the usual 1000
            "connection_messages false",
            "log_dest stderr",
            *(f"log_type {kind}" for kind in ("error", "warning", "notice", "information")),
        ]
        if os.geteuid() == 0:
            lines.append("user root")  # an account called mosquitto need not exist
        return "\n".join(lines) + "\n"


async def _stream(pipe: IO[bytes] | None) -> asyncio.StreamReader:
    loop = asyncio.get_running_loop()
    stream = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(stream), pipe)
    return stream


def _free_port(bind: str, port: int) -> int:
    """`port` (0: any) if it can be bound. OSError if not."""
    family = socket.AF_INET6 if ":" in bind else socket.AF_INET
    with socket.create_server((bind, port), family=family) as probe:
        return int(probe.getsockname()[1])
