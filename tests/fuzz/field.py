"""What is attacked: an emulator in this process, or in one of its own; where it listens, and which bugs it found.

The one rule: an unexpected exception is found through the bug counter and the exit code, not by luck.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import sys
from collections import Counter
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from pathlib import Path
from typing import Final, Protocol, Self
from urllib.parse import urlsplit

import aiohttp

from emulator.control.server import ControlServer
from emulator.core.instant import SECOND
from emulator.scenario.loader import loads
from emulator.service.emulator import Emulator, Options

from .identities import peers_of_a_warp

Where = tuple[str, int]

_BOXES: Final = """\
      goe: {vendor: goe, realism: "off", interfaces: all}
      warp: {vendor: warp, model: warp3-pro-22, realism: "off", interfaces: all, settings: PEERS}
      nrgkick: {vendor: nrgkick, realism: "off", interfaces: all}
      lektrico: {vendor: lektrico, realism: "off", interfaces: all}
      bender: {vendor: bender, realism: "off", interfaces: all, settings: {rest_v1: true}}
      keba: {vendor: keba, realism: "off", interfaces: all}
"""
_NEIGHBOUR: Final = (
    _BOXES.replace(", settings: PEERS", "")
    .replace('realism: "off", interfaces: all', 'realism: "off", http: true', 1)
    .replace('warp3-pro-22, realism: "off", interfaces: all', 'warp3-pro-22, realism: "off", http: true')
)
"""Without MQTT: the topics of the targets are only a bit away."""
_TARGETS: Final = _BOXES.replace("PEERS", f'{{"eebus/config": {{"enable": true, "peers": {peers_of_a_warp()}}}}}')
_OTHERS: Final = """\
      p40: {model: keba-p40, realism: "off", interfaces: all}
      eebus: {vendor: eebus, realism: "off", settings: {auto_accept: true}}
      v2: {model: v2-22, realism: "off", interfaces: all}
      connect: {model: nrgkick-connect-32, realism: "off", interfaces: all}
      manager: {model: warp-energy-manager, realism: "off", interfaces: all}
      meter: {model: lektrico-em, realism: "off", interfaces: all}
      heidelberg: {vendor: heidelberg, interfaces: all}
      abb: {vendor: abb, interfaces: all}
"""
"""What speaks otherwise than the box of its vendor above, and vendors of one interface."""
SERVERS: Final = f"""\
about: Wallboxes that are attacked, and beside them a charger that nobody else touches.
chargers:
  target:
    wallboxes:
{_TARGETS}{_OTHERS}  neighbour:
    wallboxes:
{_NEIGHBOUR}  point:
    wallboxes: {{warp: {{model: warp2-pro-22, ocpp: embedded}}}}
steps: [{{plug_in: {{charger: neighbour, vehicle: vw_id3}}}}]
"""
"""Every server of every vendor, the broker and the central system."""
CONTROL: Final = f"chargers:\n  target:\n    wallboxes:\n{_TARGETS}"
"""For the control API, which may change everything."""
_PAIRED: Final = '{{vendor: eebus, settings: {{trusted: [{ski}, {other}], connect: ["{ship}", "{tls}"]}}}}'
CLIENTS: Final = """\
about: Wallboxes whose broker, central system and control boxes are not to be trusted.
broker: {broker}
chargers:
  brokered:
    wallboxes:
      goe: {{vendor: goe, interfaces: all}}
      warp: {{vendor: warp, interfaces: all}}
      second: {{vendor: goe, interfaces: all}}
      third: {{vendor: warp, interfaces: all}}
  ocpp:
    wallboxes:
      goe: {{vendor: goe, ocpp: "{central}/goe"}}
      warp: {{vendor: warp, model: warp2-pro-22, ocpp: "{central}/warp"}}
      lektrico: {{vendor: lektrico, ocpp: "{central}/lektrico"}}
      bender: {{vendor: bender, ocpp: "{central}/bender"}}
      keba: {{model: keba-p30-x-32, ocpp: "{central}/keba"}}
  paired:
    wallboxes:
PAIRED  neighbour:
    wallboxes:
      goe: {{vendor: goe, realism: "off", http: true}}
steps: [{{plug_in: {{charger: ocpp, vehicle: vw_id3}}}}, {{plug_in: {{charger: neighbour, vehicle: vw_id3}}}}]
""".replace("PAIRED", "".join(f"      eebus{number}: {_PAIRED}\n" for number in range(8)))


class Field(Protocol):
    """A running emulator."""

    where: Mapping[str, Where]
    """By `target.goe.http`, `broker`, `central`, `control`."""

    async def bugs(self) -> list[str]:
        """Mistakes of the emulator itself so far."""
        ...


class Inside(AbstractAsyncContextManager["Inside"]):
    """In this process, with the clock standing still unless `speed` says otherwise."""

    def __init__(self, scenario: str, speed: float = 0.0) -> None:
        self.emulator = Emulator(loads(scenario), Options(any_port=True, speed=speed, announce=False))
        self._stack = AsyncExitStack()
        self.where: Mapping[str, Where] = {}

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(self.emulator)
            control = await stack.enter_async_context(ControlServer(self.emulator, port=0))
            await self.emulator.advance(30 * SECOND)
            self.where = await endpoints(control.url)
            self._stack = stack.pop_all()
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._stack.aclose()

    async def bugs(self) -> list[str]:
        return [bug.traceback for bug in self.emulator.bugs.found.values()]


class Beside(AbstractAsyncContextManager["Beside"]):
    """`charger-emulator run` in a process of its own, watched from outside."""

    def __init__(self, scenario: str, folder: Path, name: str, speed: float = 20.0) -> None:
        self._file = folder / f"{name}.yaml"
        self._file.write_text(scenario)
        self._log = folder / f"{name}.log"
        self._speed = speed
        self.where: Mapping[str, Where] = {}
        self.code: int | None = None
        """Its exit code, once it has ended."""

    async def __aenter__(self) -> Self:
        command = ["-m", "emulator", "run", str(self._file), "--ports", "free", "--control-port", "0", "--keep-running"]
        with self._log.open("wb") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, *command, "--speed", str(self._speed), stdout=asyncio.subprocess.PIPE, stderr=log
            )
        assert self._process.stdout is not None
        url = None
        async for line in self._process.stdout:
            if found := re.match(r"control +dashboard +(\S+)", line.decode()):
                url = found[1]
            if line.startswith(b"running,"):
                break
        assert url is not None, self._log.read_text()
        await ahead(url)
        self.where = await endpoints(url)
        return self

    async def __aexit__(self, *error: object) -> None:
        if self._process.returncode is None:
            self._process.terminate()
        assert self._process.stdout is not None
        await self._process.stdout.read()
        self.code = await self._process.wait()

    async def bugs(self) -> list[str]:
        host, port = self.where["control"]
        async with aiohttp.ClientSession() as http, http.get(f"http://{host}:{port}/api/state") as reply:
            return [json.dumps(bug) for bug in (await reply.json())["bugs"]]

    async def heard(self) -> Counter[str]:
        """By interface, how many requests of clients and mistakes on connections its journal has counted."""
        host, port = self.where["control"]
        async with aiohttp.ClientSession() as http, http.get(f"http://{host}:{port}/metrics") as reply:
            text = await reply.text()
        found: Counter[str] = Counter()
        for labels, count in re.findall(r"^\w+_journal_entries_total\{(.*)\} (\S+)$", text, re.MULTILINE):
            told = dict(re.findall(r'(\w+)="([^"]*)"', labels))
            if told["kind"] in ("request", "connection") and told.get("interface"):
                charger, box = told.get("charger", ""), told.get("wallbox", "")
                found[f"{charger}.{box}.{told['interface']}"] += int(float(count))
        return found

    def give_way(self, by: int) -> None:
        """Let others have the processor first, as `nice` does."""
        os.setpriority(os.PRIO_PROCESS, self._process.pid, by)

    @property
    def log(self) -> str:
        return self._log.read_text()

    @property
    def memory(self) -> float:
        """Resident memory [MiB]."""
        pages = int(Path(f"/proc/{self._process.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 2**20

    @property
    def descriptors(self) -> int:
        return len(os.listdir(f"/proc/{self._process.pid}/fd"))


async def ahead(control: str) -> None:
    """Let everything boot."""
    async with aiohttp.ClientSession(control) as http, http.post("/api/clock/advance", json={"by": "30 s"}) as reply:
        assert reply.status == 200, await reply.text()


async def endpoints(control: str) -> dict[str, Where]:
    """Where everything listens, as the control API says."""
    async with aiohttp.ClientSession(control) as http:
        async with http.get("/api/wallboxes") as reply:
            boxes = await reply.json()
        async with http.get("/api/state") as reply:
            state = await reply.json()
    found = {"control": _address(control)}
    if state["broker"] is not None:
        found["broker"] = _address(state["broker"])
    for box in boxes["wallboxes"] if isinstance(boxes, dict) else boxes:
        for interface in box["interfaces"]:
            if interface["port"] and interface["host"]:
                name = "central" if interface["protocol"] == "ocpp" else f"{box['name']}.{interface['name']}"
                found[name] = interface["host"], interface["port"]
    return found


def _address(url: str) -> Where:
    parts = urlsplit(url)
    assert parts.hostname is not None
    assert parts.port is not None
    return parts.hostname, parts.port
