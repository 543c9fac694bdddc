"""The dashboard in a real browser: with two boxes, and with three hundred."""

from __future__ import annotations

import asyncio
import shlex
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import aiohttp
import pytest
import pytest_asyncio

from emulator.control.server import ControlServer
from emulator.core.instant import SECOND
from emulator.scenario.default import default_scenario
from emulator.scenario.loader import loads
from emulator.scenario.plan import Scenario
from emulator.scenario.playing import play
from emulator.scenario.steps.vocabulary import parse_steps, step_from_words
from emulator.service.emulator import Emulator, Options

from .browser import CHROMIUM, Page, chromium

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed"),
    pytest.mark.asyncio(loop_scope="module"),
]

TWO: Final = """
about: Two boxes.
seed: 3
vehicles: {id3: {model: vw_id3, state_of_charge: 35 %}}
chargers:
  garage: {connector: tethered, wallboxes: {goe: {model: gemini-22, http: true, modbus: true}}}
  carport: {wallboxes: {warp: {}}}
steps:
  - {at: 2 h, note: later}
rules:
  - {name: never above 16 A, never: {client: {writes: garage.goe.amp, value: "> 16"}}}
"""
MANY: Final = "fleet: {count: 300, name: bay, wallboxes: {goe: {http: true}}}"


class Dashboard:
    """An emulator, its control port, and a browser that shows the page."""

    def __init__(self, emulator: Emulator, url: str, page: Page) -> None:
        self.emulator = emulator
        self.url = url
        self.page = page

    async def show(self, hash_: str = "") -> None:
        """Load the page anew."""
        await self.page.open("about:blank")
        await self.page.open(f"{self.url}/#/{hash_}")
        await self.page.until("document.querySelector('.dot.on') && document.querySelector('.page')")

    async def do(self, *steps: object) -> None:
        await self.emulator.apply(parse_steps(list(steps), self.emulator.site.names))

    async def sees(self, text: str, within: str = "body") -> None:
        await self.page.until(f"document.querySelector({within!r})?.innerText.includes({text!r})")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Page]:
    """One browser for all tests: every emulator has a port of its own, and so a page without a past."""
    async with chromium(tmp_path_factory.mktemp("chromium")) as page:
        yield page


@asynccontextmanager
async def dashboard(scenario: Scenario, page: Page) -> AsyncIterator[Dashboard]:
    options = Options(any_port=True, speed=0.0, announce=False)
    page.errors.clear()
    page.requests.clear()
    await page.resize(1280)
    async with Emulator(scenario, options) as emulator, ControlServer(emulator, port=0) as server:
        try:
            yield Dashboard(emulator, server.url, page)
            errors = tuple(page.errors)
        finally:
            await page.open("about:blank")
        assert errors == ()
        hosts = {
            urlsplit(asked).netloc for asked in page.requests if not asked.startswith(("about:", "data:", "blob:"))
        }
        assert hosts == {urlsplit(server.url).netloc}


@pytest_asyncio.fixture(loop_scope="module")
async def two(browser: Page) -> AsyncIterator[Dashboard]:
    async with dashboard(loads(TWO), browser) as found:
        yield found


@pytest_asyncio.fixture(loop_scope="module")
async def many(browser: Page) -> AsyncIterator[Dashboard]:
    async with dashboard(loads(MANY), browser) as found:
        yield found


POINTS: Final = "Number(document.querySelector('[data-points]')?.dataset.points ?? 0)"


async def test_a_charger_is_shown_live_and_a_reload_keeps_its_plots(two: Dashboard) -> None:
    await two.show()
    await two.page.until("document.querySelectorAll('.overview .row:not(.head)').length === 2")
    await two.page.click("garage")
    await two.sees("Free", ".headline")
    await two.page.type("select[aria-label=vehicle]", "id3")
    await two.page.click("Plug in")
    await two.sees("plug in at 0:00:00", ".notices")
    await two.emulator.advance(1800 * SECOND)
    await two.sees("Charging", ".headline")
    power = two.emulator.simulation.observe("garage").power
    await two.page.until(f"document.querySelector('.big strong')?.innerText === '{power / 1000:.2f}'")
    await two.page.until("document.querySelectorAll('.uplot canvas').length >= 4")
    before = await two.page.until(f"{POINTS} > 10 && {POINTS}")
    await two.show("charger/garage")
    await two.page.until(f"{POINTS} >= {before}")
    lanes = await two.page.until("document.querySelectorAll('.lane')[0]?.innerText.includes('Charging')")
    assert lanes


async def test_power_cut_is_not_called_a_short_circuit(two: Dashboard) -> None:
    await two.show("charger/garage")
    await two.page.click("Cut power")
    await two.sees("No power", ".headline")
    await two.sees("no power on the pilot", ".live")
    await two.page.click("Restore power")
    await two.page.until("!document.querySelector('.headline').innerText.includes('No power')")


async def test_a_fault_is_armed_by_its_form_and_cleared(two: Dashboard) -> None:
    await two.show("charger/garage/faults")
    await two.page.type(".card input[type=search]", "answers come late")
    await two.page.until("document.querySelectorAll('.kinds button').length === 1")
    await two.page.js("document.querySelector('.kinds button').click()")
    await two.page.type("#fault-on", "garage.goe.http")
    await two.page.type("#fault-delay", "3 s")
    await two.page.type("#fault-count", "2")
    await two.sees("- {fault: {on: garage.goe.http, kind: delay, count: 2, delay: 3 s}}", ".form")
    await two.page.click("Arm", ".form")
    await two.sees("garage.goe.http", ".fault-list")
    assert list(two.emulator.faults.active) == ["delay"]
    await two.page.click("Clear")
    await two.sees("No fault is armed")
    assert not two.emulator.faults.active


async def test_what_makes_no_sense_is_said_and_changes_nothing(two: Dashboard) -> None:
    await two.show("charger/garage/faults")
    await two.page.until("document.querySelectorAll('.kinds button').length > 50")
    await two.page.js(
        "[...document.querySelectorAll('.kinds button')].find(one => /^delay/.test(one.innerText)).click()"
    )
    await two.page.type("#fault-delay", "three")
    await two.page.click("Arm", ".form")
    await two.sees("expected", ".notice.bad")
    assert not two.emulator.faults.active
    two.page.errors.clear()  # the browser writes every refused request on its console


async def test_values_are_searched_and_changed_as_a_client_and_as_the_owner(two: Dashboard) -> None:
    await two.show("charger/garage/values")
    await two.page.type(".values input[type=search]", "requested current")
    await two.page.type(".values input[type=search]", "amp")
    await two.page.until("[...document.querySelectorAll('.values .link')].some(one => one.innerText === 'amp')")
    await two.page.click("amp", ".values")
    await two.page.type("#new-value", "10")
    await two.page.click("Write", "dialog")
    await two.sees("command at", ".notices")
    settings = two.emulator.site.wallboxes["garage.goe"].settings
    assert settings.persistent()["amp"] == 10
    await two.page.type(".values select[aria-label=table]", "Owner's settings")
    await two.page.type(".values input[type=search]", "amp")
    await two.page.click("amp", ".values")
    await two.page.type("#new-value", "12")
    await two.page.click("Set", "dialog")
    await two.sees("set at", ".notices")
    assert settings.persistent()["amp"] == 12


async def test_requests_stand_beside_what_they_caused(two: Dashboard) -> None:
    port = two.emulator.servers["garage.goe.http"].endpoint.port
    async with (
        aiohttp.ClientSession() as http,
        http.get(f"http://127.0.0.1:{port}/api/set?amp=10", headers={"User-Agent": "tester/1"}),
    ):
        pass
    await two.show("journal")
    await two.sees("/api/set", ".journal")
    await two.page.until("[...document.querySelectorAll('.entry .depth-1')].some(one => one.innerText.includes('amp'))")
    await two.page.js(
        "[...document.querySelectorAll('.entry .what')].find(one => one.innerText.endsWith('/api/set')).click()"
    )
    await two.sees("What it caused", "dialog")
    await two.page.click("close", "dialog")
    await two.page.type(".journal select[aria-label=kind]", "write")
    await two.page.until("document.querySelectorAll('.entry').length === 1")
    await two.page.type(".journal .client", "nobody")
    await two.sees("Nothing in the journal is like that")
    await two.show("clients")
    await two.sees("tester/1", ".clients")


async def test_scrolling_up_loads_what_was_before(two: Dashboard) -> None:
    for number in range(1200):
        two.emulator.simulation.journal.record(0, "note", f"note {number}")
    await two.show("journal")
    await two.sees("note 1199", ".journal")
    assert not await two.page.js("document.querySelector('.journal').innerText.includes('note 0')")
    await two.page.until(
        "(() => { document.querySelector('.journal .virtual').scrollTop = 0; return"
        " [...document.querySelectorAll('.entry .what')].some(one => one.innerText === 'note 0'); })()"
    )
    await two.sees("Follow", ".journal .toolbar")
    await two.page.click("Follow", ".journal")
    await two.sees("note 1199", ".journal")


async def test_the_timeline_and_the_rules_are_shown(two: Dashboard) -> None:
    await two.show("scenario")
    await two.sees("later", ".timeline")
    await two.sees("never above 16 A", ".rules")
    await two.sees("not tested", ".rules")
    await two.page.click("Add a rule")
    await two.page.type("#rule", "{name: modest, client: {writes: garage.goe.amp}, count: 3}")
    await two.page.click("Put into force", "dialog")
    await two.sees("modest", ".rules")
    await two.do({"command": {"wallbox": "garage.goe", "write": {"amp": 20}}})
    await two.sees("broken", ".rules")
    await two.emulator.advance(7200 * SECOND)
    await two.sees("done", ".timeline")


async def test_time_is_steered_and_a_reset_asks_first(two: Dashboard) -> None:
    await two.show()
    await two.page.click("+1 min")
    await two.page.until("document.querySelector('.clock strong').innerText === '0:01:00'")
    await two.page.js("document.body.dispatchEvent(new KeyboardEvent('keydown', {key: ' ', bubbles: true}))")
    await two.page.until("document.querySelector('.clock select').value === '1'")
    await two.page.click("freeze time")
    await two.page.until("document.querySelector('.clock select').value === '0'")
    await two.page.click("reset everything")
    await two.sees("Reset everything?", "dialog")
    assert two.emulator.simulation.now() > 0
    await two.page.click("Reset", "dialog")
    await two.page.until("document.querySelector('.clock strong').innerText === '0:00:00'")


async def test_a_mistake_of_the_emulator_itself_is_not_hidden(two: Dashboard) -> None:
    await two.show()
    two.emulator.bugs.caught("garage.goe.http", ValueError("this cannot be"))
    await two.do({"note": "and on it goes"})
    await two.sees("The emulator itself failed in garage.goe.http: ValueError: this cannot be", ".troubles")


async def test_a_snapshot_is_taken_and_brought_back(two: Dashboard) -> None:
    await two.show("charger/garage")
    await two.page.click("Plug in")
    await two.sees("plug in at", ".notices")
    await two.emulator.advance(600 * SECOND)
    await two.page.click("snapshots")
    await two.page.type("#snapshot-name", "charging")
    await two.page.click("Keep this moment", "dialog")
    await two.sees("charging", ".snapshots")
    await two.emulator.advance(3600 * SECOND)
    await two.page.until("document.querySelector('.clock strong').innerText === '1:10:00'")
    await two.page.click("Bring back", "dialog")
    await two.page.until("document.querySelector('.clock strong').innerText === '0:10:00'")
    assert two.emulator.simulation.now() == 600 * SECOND
    await two.page.until(f"{POINTS} > 4")


async def saved(page: Page) -> str:
    await page.js("location.hash = '#/session'")
    return str(await page.until("document.querySelector('.scenario-text')?.textContent"))


async def test_a_session_is_saved_as_a_scenario(browser: Page) -> None:
    async with dashboard(default_scenario(), browser) as one:
        await one.show()
        await one.page.type("select[aria-label=vehicle]", "vw_id3")
        await one.page.click("Plug in")
        await one.sees("plug in at", ".notices")
        await one.emulator.advance(600 * SECOND)
        await one.page.click("Unplug")
        await one.sees("unplug at", ".notices")
        text = await saved(one.page)
        steps: list[Any] = await one.page.js("JSON.parse(sessionStorage['charger-emulator-session']).done")
        commands: list[str] = await one.page.js(
            "[...document.querySelectorAll('.steps .line')].filter(one => one.innerText.startsWith('ctl'))"
            ".map(one => one.querySelector('code').innerText).reverse()"
        )
    assert "at: 600 s" in text
    result = play(loads(text))
    assert result.ok
    stimuli = [entry.name for entry in result.journal if entry.kind == "stimulus"]
    assert stimuli == ["plug_in", "unplug"]
    for step, command in zip(steps, commands, strict=True):
        program, ctl, option, url, name, *words = shlex.split(command)
        assert (program, ctl, option) == ("charger-emulator", "ctl", "--url")
        assert url == one.url
        assert step_from_words(name.replace("-", "_"), words) == step["step"]


async def test_a_session_goes_on_from_its_scenario(two: Dashboard, tmp_path: Path) -> None:
    (tmp_path / "scenario.yaml").write_text(TWO)
    await two.show("charger/carport")
    await two.page.click("Cut power")
    await two.sees("power cut at", ".notices")
    text = await saved(two.page)
    assert "include: scenario.yaml" in text
    result = play(loads(text, str(tmp_path / "session.yaml")))
    assert "power_cut" in [entry.name for entry in result.journal]


PAGES: Final = (
    "", "charger/garage", "charger/garage/values", "charger/garage/faults", "charger/garage/journal", "journal",
    "scenario", "clients", "session",
)  # fmt: skip


async def test_a_phone_never_scrolls_sideways(two: Dashboard) -> None:
    await two.page.resize(360, 740, phone=True)
    await two.do({"plug_in": {"charger": "garage", "vehicle": "id3"}}, {"fault": {"on": "garage.goe", "kind": "dead"}})
    await two.emulator.advance(600 * SECOND)
    for name in PAGES:
        await two.show(name)
        width = await two.page.js("Math.max(document.documentElement.scrollWidth, document.body.scrollWidth)")
        assert width <= 360, name
        wide = await two.page.js(
            "[...document.querySelectorAll('main *')].filter(one => one.getBoundingClientRect().right > 361 &&"
            " !one.closest('.scroll, .tabs, .virtual, .uplot')).map(one => one.className || one.tagName).slice(0, 5)"
        )
        assert wide == [], name


async def test_everything_has_a_name_and_follows_the_scheme(two: Dashboard) -> None:
    await two.page.prefer("dark")
    for name in PAGES:
        await two.show(name)
        assert await two.page.js("document.documentElement.dataset.theme") == "dark"
        nameless = await two.page.js(
            "[...document.querySelectorAll('button, a, input, select, textarea')].filter(one => !(one.innerText.trim()"
            " || one.getAttribute('aria-label') || one.labels?.length)).map(one => one.outerHTML.slice(0, 120))"
        )
        assert nameless == [], name
    await two.page.prefer("light")
    await two.page.until("document.documentElement.dataset.theme === 'light'")
    await two.page.click("appearance: auto")
    await two.page.click("appearance: light")
    await two.page.until("document.documentElement.dataset.theme === 'dark'")


async def test_a_protected_emulator_asks_for_its_token(browser: Page) -> None:
    options = Options(any_port=True, speed=0.0, announce=False)
    async with Emulator(loads(TWO), options) as emulator, ControlServer(emulator, port=0, token="secret") as server:
        await browser.open(server.url)
        await browser.until("document.querySelector('dialog')?.innerText.includes('This emulator is protected')")
        await browser.type("#token", "secret")
        await browser.click("Open", "dialog")
        await browser.until("document.querySelectorAll('.overview .row:not(.head)').length === 2")
        await browser.open("about:blank")


async def test_three_hundred_boxes(many: Dashboard) -> None:
    for number in (1, 150, 300):
        await many.do({"plug_in": {"charger": f"bay{number}", "vehicle": "vw_id3"}})
    await many.emulator.advance(120 * SECOND)
    await many.show()
    await many.sees("300 chargers", ".overview")
    assert await many.page.js("document.querySelectorAll('.overview .row').length") < 60
    await many.page.click("Power", ".head")
    await many.page.until("document.querySelector('.row:not(.head) .state').innerText === 'Charging'")
    await many.page.type(".overview input[type=search]", "bay300")
    await many.page.until("document.querySelectorAll('.overview .row:not(.head)').length === 1")
    await many.page.click("bay300")
    await many.sees("Charging", ".headline")


async def test_the_journal_is_never_blank_while_three_hundred_boxes_publish(many: Dashboard) -> None:
    await many.do({"note": "look for this"})
    journal = many.emulator.simulation.journal
    stop = asyncio.Event()

    async def publish() -> None:
        while not stop.is_set():
            for number in range(300):
                journal.record(0, "push", "nrg", {"payload": "[]"}, charger=f"bay{number + 1}", wallbox="goe")
            await asyncio.sleep(0)

    publishing = asyncio.create_task(publish())
    try:
        await many.show("journal")
        await many.sees("look for this", ".journal")
        await many.show("journal")
        await many.sees("look for this", ".journal")
        await many.page.type(".journal select[aria-label=kind]", "push")
        await many.page.until("document.querySelectorAll('.entry').length > 10")
        heap = await many.page.js("performance.memory.usedJSHeapSize")
        assert heap < 200e6
    finally:
        stop.set()
        await publishing
