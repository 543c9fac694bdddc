"""A mistake of ours: the device answers as if its own firmware had failed, and nobody can overlook it."""

from __future__ import annotations

import asyncio
import errno
import json
import logging
import socket
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar
from xml.etree import ElementTree

import aiohttp
import pytest
from aiomqtt import Client
from pymodbus.client import AsyncModbusTcpClient

from emulator.cli import main
from emulator.control.server import ControlServer
from emulator.core.instant import SECOND
from emulator.errors import Place
from emulator.protocols.server import Server
from emulator.reports.writing import write_reports
from emulator.runtime.bugs import Bugs, SeldomLog
from emulator.runtime.clock import Clock
from emulator.scenario.loader import loads
from emulator.scenario.plan import Scenario
from emulator.service.emulator import Emulator, Options
from emulator.service.logs import JsonFormatter
from emulator.service.trouble import unhandled
from emulator.testing import EmulatorFixture
from emulator.verdict.rules.base import Rule
from emulator.verdict.run import RuleRun
from emulator.verdict.section import PlacedRule
from emulator.world.building import build

OPTIONS = Options(any_port=True, speed=0.0, announce=False)


def broken(*_: object, **__: object) -> Any:
    raise ZeroDivisionError("a mistake")


def _endpoint(emulator: Emulator, name: str) -> tuple[str, int]:
    server = emulator.servers[f"charger.{name}"]
    assert isinstance(server, Server)
    return server.endpoint.host, server.endpoint.port


def _spoil(emulator: Emulator, wallbox: str, interface: str, *questions: str) -> None:
    """Make the functions that a server asks fail."""
    declared = emulator.site.wallboxes[f"charger.{wallbox}"].interfaces[interface]
    for question in questions:
        object.__setattr__(declared, question, broken)


async def over_http(emulator: Emulator) -> None:
    _spoil(emulator, "goe", "http", "answer")
    host, port = _endpoint(emulator, "goe.http")
    async with aiohttp.ClientSession() as http, http.get(f"http://{host}:{port}/api/status") as reply:
        assert reply.status == 500


async def over_modbus(emulator: Emulator) -> None:
    _spoil(emulator, "nrgkick", "modbus", "handle")
    host, port = _endpoint(emulator, "nrgkick.modbus")
    client = AsyncModbusTcpClient(host, port=port)
    await client.connect()
    reply = await client.read_holding_registers(194, count=1)
    client.close()
    assert reply.exception_code == 4


async def over_udp(emulator: Emulator) -> None:
    _spoil(emulator, "keba", "udp", "handle")
    loop = asyncio.get_running_loop()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.setblocking(False)
        await loop.sock_sendto(sender, b"report 1", _endpoint(emulator, "keba.udp"))
        async with aiohttp.ClientSession() as http:  # a turn of the loop for the datagram
            await http.get(f"http://{':'.join(map(str, _endpoint(emulator, 'goe.http')))}/api/status")


async def over_websocket(emulator: Emulator) -> None:
    host, port = _endpoint(emulator, "warp.http")
    declared: Any = emulator.site.wallboxes["charger.warp"].interfaces["http"]
    for endpoint in declared.websockets.values():
        object.__setattr__(endpoint, "open", lambda _origin: Talk())
    async with aiohttp.ClientSession() as http, http.ws_connect(f"ws://{host}:{port}/ws") as socket_:
        assert (await socket_.receive()).type in (aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.CLOSE)


class Talk:
    opened = received = published = staticmethod(broken)

    def closed(self) -> None:
        pass


async def over_mqtt(emulator: Emulator) -> None:
    _spoil(emulator, "goe", "mqtt", "received")
    assert emulator.broker is not None
    async with Client(emulator.broker.host, emulator.broker.port) as client, asyncio.timeout(60):
        declared: Any = emulator.site.wallboxes["charger.goe"].interfaces["mqtt"]
        prefix = declared.prefix()
        while not emulator.bugs.count:
            await client.publish(f"{prefix.rstrip('/')}/amp/set", "10", qos=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mistaken(Rule):
    """A rule, as a plugin may bring it, with a mistake in it."""

    word: ClassVar[str] = "mistaken"
    answered: bool = False

    def start(self, run: RuleRun) -> None:
        run.tap("request", broken, answered=self.answered)

    def sentence(self) -> str:
        return "nothing"

    def trigger(self) -> str:
        return "a request"


async def in_a_rule(emulator: Emulator) -> None:
    await _ask_beside(Mistaken(), emulator)


async def in_a_rule_about_answers(emulator: Emulator) -> None:
    await _ask_beside(Mistaken(answered=True), emulator)


async def _ask_beside(rule: Rule, emulator: Emulator) -> None:
    """A client is answered as without the rule."""
    emulator.player.add_rule(PlacedRule(rule, Place("rules.yaml", 1, 1)))
    host, port = _endpoint(emulator, "goe.http")
    async with aiohttp.ClientSession() as http:
        for _ in range(2):
            async with http.get(f"http://{host}:{port}/api/status?filter=car") as reply:
                assert (reply.status, await reply.json()) == (200, {"car": 1})


async def in_time(emulator: Emulator) -> None:
    emulator.simulation.timer(broken).set(emulator.simulation.at + SECOND)
    await emulator.advance(2 * SECOND)
    assert emulator.simulation.at == 2 * SECOND


async def in_the_control_api(emulator: Emulator) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("emulator.control.views.clock", broken)
        await _ask_the_control_api(emulator)


async def _ask_the_control_api(emulator: Emulator) -> None:
    async with ControlServer(emulator, port=0) as server, aiohttp.ClientSession(server.url) as http:
        async with http.get("/api/clock") as reply:
            assert reply.status == 500
            assert (await reply.json(content_type=None))["bug"] in emulator.bugs.found
        async with http.get("/metrics") as reply:
            assert "charger_emulator_bugs_total{id=" in await reply.text()


WAYS = [over_http, over_modbus, over_udp, over_websocket, over_mqtt, in_time, in_the_control_api, in_a_rule]
WAYS += [in_a_rule_about_answers]


@pytest.mark.parametrize("way", WAYS)
async def test_a_bug_is_said_counted_and_reported(
    way: Callable[[Emulator], Awaitable[None]], caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    scenario = loads("wallboxes: [{goe: {http: true, mqtt: true}}, warp, {nrgkick: {interfaces: all}}, keba]")
    async with Emulator(scenario, OPTIONS) as emulator:
        if way is over_mqtt:
            await emulator.settle()
        await way(emulator)
        result = emulator.result
    (bug,) = result.bugs
    assert bug.text == "ZeroDivisionError: a mistake"
    told = [record for record in caplog.records if bug.id in record.getMessage()]
    assert [bool(record.exc_info) for record in told] == [True]
    assert "\n" not in told[0].getMessage()
    line = json.loads(JsonFormatter().format(told[0]))
    assert (line["level"], line["bug"], "ZeroDivisionError" in line["traceback"]) == ("error", bug.id, True)
    write_reports(tmp_path, [(scenario, result)])
    assert json.loads((tmp_path / "report.json").read_text())["bugs"][0]["id"] == bug.id
    suites = ElementTree.parse(tmp_path / "junit.xml").getroot()
    assert suites.get("errors") == "1"
    assert suites.find(".//error") is not None


def test_the_same_bug_is_told_once_a_minute(caplog: pytest.LogCaptureFixture) -> None:
    bugs = Bugs()
    for _ in range(1000):
        bugs.guard("here", list, broken)
    assert bugs.count == 1000
    assert len(caplog.records) == 1


def test_without_clients_a_bug_ends_the_run() -> None:
    site = build(Scenario(), clock=Clock(0.0))
    site.simulation.timer(broken).set(SECOND)
    with pytest.raises(ZeroDivisionError):
        site.simulation.advance_to(2 * SECOND)


def test_a_line_a_minute_for_what_cannot_be_had(caplog: pytest.LogCaptureFixture) -> None:
    handle = unhandled(bugs := Bugs())
    error = OSError(errno.EMFILE, "Too many open files")
    loop = asyncio.new_event_loop()
    for _ in range(1000):
        handle(loop, {"message": "socket.accept() out of system resource", "exception": error})
    handle(loop, {"message": "something else"})
    handle(loop, {"message": "a callback", "exception": ZeroDivisionError()})
    loop.close()
    texts = [record.getMessage() for record in caplog.records]
    assert [text.partition(":")[0] for text in texts[:2]] == ["no connection can be taken", "something else"]
    assert (len(texts), bugs.count) == (3, 1)
    now = [0.0]
    seldom = SeldomLog(lambda: now[0])
    assert [seldom.due("x"), seldom.due("x"), seldom.due("x")] == [1, None, None]
    now[0] = 60.0
    assert seldom.due("x") == 3


def test_a_bug_while_serving_ends_with_3(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    file = tmp_path / "scenario.yaml"
    file.write_text("wallbox: lektrico\nbroker: none\nsteps: [{at: 1 s, plug_in: vw_id3}]\nend: 10 s\n")
    monkeypatch.setattr("emulator.vendors.lektrico.wallbox.Lektrico.handle", broken)
    with pytest.raises(SystemExit) as ended:
        main(["run", str(file), "--speed", "1000", "--control-port", "0", "--ports", "free", "--log-format", "json"])
    root.handlers[:], root.level = handlers, level
    said = capsys.readouterr()
    assert ended.value.code == 3
    assert "the emulator itself failed: bug " in said.out
    first = json.loads(said.err.splitlines()[0])
    assert (first["level"], "traceback" in first) == ("error", True)


HOSTILE = ["<!--<script>", "</script><script>alert(1)</script>", "\x00\x01\ufffe", "]]>&<>\"'", "\u2028\u2029\ud7ff"]


@pytest.mark.parametrize("text", HOSTILE)
async def test_what_a_client_asks_for_cannot_break_a_report(text: str, tmp_path: Path) -> None:
    scenario = loads("wallboxes: [goe]\nsteps: [{at: 1 s, expect: {goe.car: 77}}]")
    async with Emulator(scenario, Options(any_port=True, speed=0.0, announce=False, record=True)) as emulator:
        emulator.simulation.journal.record(
            0, "request", f"GET /{text}", {"query": text}, client=text, charger="charger"
        )
        emulator.simulation.journal.record(0, "note", text, charger="charger")
        emulator.expect({"goe.fna": f"x{text}"})
        emulator.conclude()
        write_reports(tmp_path, [(scenario, emulator.result)])
    page = (tmp_path / "report.html").read_text()
    data = page.partition("const D = ")[2].partition(";\n")[0]
    assert not set(data) & set("<>\u2028\u2029")
    assert text.strip() in json.loads(data)["failures"][-1]["text"]
    assert ElementTree.parse(tmp_path / "junit.xml").getroot().get("failures") == "1"


def _spoiled_vendor(monkeypatch: pytest.MonkeyPatch) -> None:
    """A mistake in the code of a vendor."""
    monkeypatch.setattr("emulator.vendors.goe.logic.Logic._session_ends", broken)


SPOILED = "wallbox: {goe: {http: true}}\nsteps: [{at: 40 s, plug_in: vw_id3}, {at: 70 s, unplug}]\nend: 80 s\n"


@pytest.mark.parametrize("command", ["run", "play"])
def test_a_mistake_in_a_vendor_ends_a_command_with_3(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], command: str, tmp_path: Path
) -> None:
    """From the vendor's code to the exit code, the log and the reports."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    file, reports = tmp_path / "scenario.yaml", tmp_path / "reports"
    file.write_text(SPOILED)
    _spoiled_vendor(monkeypatch)
    served = ["--speed", "1000", "--ports", "free", "--control-port", "0"] if command == "run" else []
    with pytest.raises(SystemExit) as ended:
        main([command, str(file), "--report", str(reports), *served])
    root.handlers[:], root.level = handlers, level
    assert ended.value.code == 3
    assert "ZeroDivisionError: a mistake" in capsys.readouterr().err
    (bug,) = json.loads((reports / "report.json").read_text())["bugs"]
    assert bug["text"] == "ZeroDivisionError: a mistake"
    assert ElementTree.parse(reports / "junit.xml").getroot().get("errors") == "1"


def test_a_mistake_in_a_vendor_fails_the_test_of_a_client(monkeypatch: pytest.MonkeyPatch) -> None:
    with EmulatorFixture() as emulator:
        emulator.start("goe")
        _spoiled_vendor(monkeypatch)
        emulator.plug_in(vehicle="vw_id3")
        emulator.advance("1 min")
        emulator.unplug()
        emulator.advance("1 min")
        with pytest.raises(AssertionError, match="the emulator itself failed"):
            emulator.judge()
