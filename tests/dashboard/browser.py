"""A real headless Chromium, driven over its own protocol (CDP).

The one rule: a test waits for conditions in the page, never for time.
"""

from __future__ import annotations

import asyncio
import base64
import itertools
import json
import os
import re
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import aiohttp

CHROMIUM: Final = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable"))), None
)
OPTIONS: Final = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-extensions", "--disable-sync",
    "--hide-scrollbars", "--remote-debugging-port=0", "--remote-allow-origins=*", "--window-size=1280,900",
)  # fmt: skip
PATIENCE: Final = 60.0
"""Wall seconds after which a condition is given up."""


class NavigatedError(Exception):
    """The page went elsewhere while it was asked something."""


@dataclass
class Page:
    """One tab."""

    socket: aiohttp.ClientWebSocketResponse
    errors: list[str] = field(default_factory=list)
    """What the page complained about on the console, and exceptions in it."""
    requests: list[str] = field(default_factory=list)
    """Every address it asked for."""
    _numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))
    _waiting: dict[int, asyncio.Future[Any]] = field(default_factory=dict)

    async def read(self) -> None:
        """Take what the browser says, until it says goodbye."""
        async for message in self.socket:
            said = json.loads(message.data)
            if "id" in said:
                waiting = self._waiting.pop(said["id"])
                if not waiting.done():
                    waiting.set_result(said)
            else:
                self._event(said["method"], said["params"])

    def _event(self, method: str, found: dict[str, Any]) -> None:
        if method == "Runtime.exceptionThrown":
            details = found["exceptionDetails"]
            self.errors.append(str(details.get("exception", {}).get("description") or details["text"]))
        elif method == "Runtime.consoleAPICalled" and found["type"] in ("error", "warning", "assert"):
            self.errors.append(" ".join(str(one.get("value", one.get("description"))) for one in found["args"]))
        elif method == "Log.entryAdded" and found["entry"]["level"] in ("error", "warning"):
            self.errors.append(f"{found['entry']['text']} {found['entry'].get('url', '')}")
        elif method == "Network.requestWillBeSent":
            self.requests.append(found["request"]["url"])
        elif method == "Network.webSocketCreated":
            self.requests.append(found["url"])

    async def send(self, method: str, **parameters: object) -> dict[str, Any]:
        """Ask the browser for something."""
        number = next(self._numbers)
        waiting = self._waiting[number] = asyncio.get_running_loop().create_future()
        await self.socket.send_json({"id": number, "method": method, "params": parameters})
        async with asyncio.timeout(PATIENCE):
            said = await waiting
        if "navigated" in str(said.get("error")):
            raise NavigatedError
        assert "error" not in said, said
        found: dict[str, Any] = said["result"]
        return found

    async def open(self, url: str) -> None:
        await self.send("Page.navigate", url=url)

    async def js(self, expression: str) -> Any:
        """The value of an expression in the page."""
        found = await self.send("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in found, found["exceptionDetails"]
        return found["result"].get("value")

    async def until(self, condition: str) -> Any:
        """Wait until an expression is true in the page; its value."""
        script = (
            "new Promise(done => { const look = () => { let found; try { found = (() => (%s))(); }"
            " catch { found = null; } found ? done(found) : setTimeout(look, 20); }; look(); })"
        )
        try:
            return await self.js(script % condition)
        except NavigatedError:
            return await self.until(condition)
        except TimeoutError:
            text = await self.js("document.body.innerText")
            raise AssertionError(
                f"never true: {condition}\nerrors: {self.errors}\nthe page says:\n{text[:3000]}"
            ) from None

    async def click(self, text: str, within: str = "body") -> None:
        """Click the button, link or summary that says this."""
        found = (
            f"[...document.querySelectorAll('{within} :is(button, a, summary)')].find(one =>"
            f" one.innerText.trim() === {json.dumps(text)} || one.getAttribute('aria-label') === {json.dumps(text)})"
        )
        await self.until(f"{found} && !{found}.disabled")
        await self.js(f"{found}.click()")

    async def type(self, selector: str, text: str) -> None:
        """Put a text into an input, a select or a text area, once it is there."""
        await self.until(
            f"(() => {{ const one = document.querySelector({json.dumps(selector)}); if (!one) return false;"
            f" one.value = {json.dumps(text)};"
            " one.dispatchEvent(new Event(one.tagName === 'SELECT' ? 'change' : 'input', {bubbles: true}));"
            " return true; })()"
        )

    async def resize(self, width: int, height: int = 900, *, phone: bool = False) -> None:
        await self.send(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=phone
        )

    async def prefer(self, scheme: str) -> None:
        """`light` or `dark`."""
        await self.send("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])

    async def screenshot(self) -> bytes:
        """What is seen, as PNG."""
        found = await self.send("Page.captureScreenshot", format="png")
        return base64.b64decode(found["data"])


@asynccontextmanager
async def chromium(profile: Path) -> AsyncIterator[Page]:
    """A browser with one empty tab; its profile is kept in an empty folder."""
    with TemporaryDirectory(ignore_cleanup_errors=True) as scratch:  # a short name: a socket is made there
        async with _running(profile, scratch) as page:
            yield page


@asynccontextmanager
async def _running(profile: Path, scratch: str) -> AsyncIterator[Page]:
    """`scratch`: where it leaves things, as it is killed in the end."""
    assert CHROMIUM is not None
    process = await asyncio.create_subprocess_exec(
        CHROMIUM,
        *OPTIONS,
        f"--user-data-dir={profile}",
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "TMPDIR": scratch},
    )
    assert process.stderr is not None
    rest: asyncio.Task[bytes] | None = None
    try:
        async with asyncio.timeout(PATIENCE):
            address = await _address(process.stderr)
        rest = asyncio.create_task(process.stderr.read())
        async with aiohttp.ClientSession() as http:
            async with http.put(f"http://{address}/json/new?about:blank") as reply:
                url = (await reply.json(content_type=None))["webSocketDebuggerUrl"]
            async with http.ws_connect(url, max_msg_size=0) as socket:
                page = Page(socket)
                reading = asyncio.create_task(page.read())
                for domain in ("Page", "Runtime", "Log", "Network"):
                    await page.send(f"{domain}.enable")
                yield page
            await reading
    finally:
        process.kill()
        await process.wait()
        if rest is not None:
            await rest


async def _address(stderr: asyncio.StreamReader) -> str:
    """Where the browser says that it listens."""
    async for line in stderr:
        found = re.search(r"DevTools listening on ws://([^/]+)/", line.decode(errors="replace"))
        if found is not None:
            return found[1]
    raise AssertionError("the browser did not start")
