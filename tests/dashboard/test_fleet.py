"""The dashboard of a fleet in several processes: the page of one, led by another."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import aiohttp
import pytest

from emulator.fleet.server import FleetServer
from emulator.fleet.workers import Workers
from emulator.scenario.loader import load

from .browser import CHROMIUM, Page, chromium

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")

FLEET: Final = """
about: Three boxes in two processes.
fleet: {count: 3, name: box, wallboxes: {goe: {http: true}}}
steps:
  - {at: 2 h, unplug: {charger: box2}}
  - {note: late}
rules:
  - {name: second is modest, never: {client: {writes: box2.goe.amp, value: "> 16"}}}
"""


@dataclass
class Dashboard:
    """A fleet, and a browser that shows its page."""

    page: Page
    http: aiohttp.ClientSession
    url: str

    async def show(self, hash_: str = "") -> None:
        await self.page.open("about:blank")
        await self.page.open(f"{self.url}/#/{hash_}")
        await self.page.until("document.querySelector('.dot.on') && document.querySelector('.page')")

    async def sees(self, text: str, within: str = "body") -> None:
        await self.page.until(f"document.querySelector({within!r})?.innerText.includes({text!r})")

    async def call(self, path: str, body: object) -> Any:
        async with self.http.post(path, json=body) as reply:
            assert reply.status == 200, await reply.text()
            return await reply.json()


@asynccontextmanager
async def fleet(folder: Path) -> AsyncIterator[Dashboard]:
    file = folder / "fleet.yaml"
    file.write_text(FLEET)
    options = ("--led", "--frozen", "--ports=free", "--control-port=0")
    lines = [["run", str(file), f"--shard={index}/2", *options] for index in range(2)]
    async with (
        chromium(folder) as page,
        Workers(lines) as workers,
        FleetServer(workers, load(file), port=0) as server,
        aiohttp.ClientSession(server.url) as http,
    ):
        workers.begin()
        yield Dashboard(page, http, server.url)
        await page.open("about:blank")
        assert page.errors == []


async def test_a_fleet_in_several_processes(tmp_path: Path) -> None:
    async with fleet(tmp_path) as shown:
        page = shown.page
        await shown.show()
        await page.until("document.querySelectorAll('.overview .row:not(.head)').length === 3")
        await page.click("box2")
        await shown.sees("Free", ".headline")
        await page.click("Plug in")
        await shown.sees("plug in at 0:00:00", ".notices")
        await page.click("+1 min")
        await shown.sees("Charging", ".headline")
        await page.until("document.querySelectorAll('.uplot canvas').length >= 4")
        (box,) = [
            found
            for found in (await (await shown.http.get("/api/wallboxes")).json())["wallboxes"]
            if found["name"] == "box2.goe"
        ]
        async with shown.http.get(f"{box['interfaces'][0]['url']}/api/set?amp=20", headers={"User-Agent": "tester/1"}):
            pass
        await shown.show("journal")
        await shown.sees("/api/set", ".journal")
        await page.js(
            "[...document.querySelectorAll('.entry .what')].find(one => one.innerText.endsWith('/api/set')).click()"
        )
        await shown.sees("What it caused", "dialog")
        await page.click("close", "dialog")
        await shown.show("clients")
        await shown.sees("tester/1", ".clients")
        await shown.show("scenario")
        await shown.sees("late", ".timeline")
        await shown.sees("broken", ".rules")
        await page.click("snapshots")
        await page.type("#snapshot-name", "charging")
        await page.click("Keep this moment", "dialog")
        await shown.sees("charging", ".snapshots")
        await shown.call("/api/clock/advance", {"by": "3 h"})
        await page.until("document.querySelector('.clock strong').innerText === '3:01:00'")
        await page.click("Bring back", "dialog")
        await page.until("document.querySelector('.clock strong').innerText === '0:01:00'")
        await shown.call("/api/reset", {})
        await page.until("document.querySelector('.clock strong').innerText === '0:00:00'")
        await shown.show("charger/box3/values")
        await shown.sees("acu")
