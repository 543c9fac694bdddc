"""How the emulator itself is doing, as Prometheus reads it."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import aiohttp
from prometheus_client.metrics_core import Metric
from prometheus_client.parser import text_string_to_metric_families
from pymodbus.client import AsyncModbusTcpClient

from emulator.control.health import PERIOD, LoopLag
from emulator.control.server import ControlServer
from emulator.protocols.workload import BUCKETS, Workload
from emulator.scenario.loader import loads
from emulator.service.emulator import Emulator, Options

from .conftest import Control

ROOT = Path(__file__).parents[2]
DASHBOARD = ROOT / "deploy" / "grafana" / "charger-emulator.json"
PAGE = ROOT / "docs" / "monitoring.md"
BOXES = """
chargers:
  garage: {wallboxes: {goe: {http: true, modbus: true, settings: {mce: true}}}}
  drive: {wallboxes: {goe: {http: true}}}
"""


async def page(http: aiohttp.ClientSession) -> dict[str, Metric]:
    async with http.get("/metrics") as reply:
        return {family.name: family for family in text_string_to_metric_families(await reply.text())}


def samples(family: Metric, suffix: str = "", **labels: str) -> list[float]:
    """Values of a metric's samples with these labels."""
    wanted = labels.items()
    return [s.value for s in family.samples if s.name == family.name + suffix and wanted <= s.labels.items()]


async def test_answers_are_counted_by_vendor_and_interface() -> None:
    options = Options(any_port=True, speed=0.0, announce=False)
    async with (
        Emulator(loads(BOXES), options) as emulator,
        ControlServer(emulator, port=0) as server,
        aiohttp.ClientSession(server.url) as http,
    ):
        for box in ("garage", "drive", "drive"):
            port = emulator.servers[f"{box}.goe.http"].endpoint.port
            async with http.get(f"http://127.0.0.1:{port}/api/status?filter=amp") as reply:
                assert reply.status == 200
        modbus = AsyncModbusTcpClient("127.0.0.1", port=emulator.servers["garage.goe.modbus"].endpoint.port)
        await modbus.connect()
        assert not (await modbus.read_input_registers(100, count=2)).isError()
        socket = emulator.servers["garage.goe.http"].endpoint.port
        async with http.ws_connect(f"http://127.0.0.1:{socket}/ws") as websocket:
            await websocket.receive()
            await websocket.send_str('{"type":"setValue","requestId":1,"key":"amp","value":10}')
            while "response" not in (await websocket.receive()).data:
                pass
            found = await page(http)
            answers, connections = found["charger_emulator_answer_seconds"], found["charger_emulator_connections"]
            assert samples(connections, vendor="goe", interface="websocket") == [1]
            assert samples(connections, vendor="goe", interface="modbus") == [1]
        modbus.close()
        assert samples(answers, "_count", vendor="goe", interface="http") == [4]  # the upgrade is one
        assert samples(answers, "_count", vendor="goe", interface="modbus") == [1]
        assert samples(answers, "_count", vendor="goe", interface="websocket") == [1]
        buckets = samples(answers, "_bucket", interface="http")
        assert len(buckets) == len(BUCKETS) + 1
        assert all(fewer <= more for fewer, more in pairwise(buckets))
        assert buckets[-1] == 4
        assert 0 < samples(answers, "_sum", interface="http")[0] < 60
        await emulator.reset()
        again = (await page(http))["charger_emulator_answer_seconds"]
        assert samples(again, "_count", interface="http") == [4]  # a counter never falls while the process lives


async def test_the_process_and_its_journal_are_measured(control: Control) -> None:
    await control.step({"plug_in": "id3"})
    found = await page(control.http)
    assert samples(found["process_resident_memory_bytes"])[0] > 10 << 20
    assert samples(found["process_open_fds"])[0] > 3
    assert samples(found["process_cpu_seconds"], "_total")[0] > 0
    assert samples(found["charger_emulator_journal_bytes"])[0] > 100
    assert samples(found["charger_emulator_journal_dropped_entries"], "_total") == [0]
    assert samples(found["charger_emulator_loop_lag_seconds"])[0] >= 0


class Slow(asyncio.SelectorEventLoop):
    """A loop that says what time it is."""

    at = 100.0

    def time(self) -> float:
        return self.at


def test_a_loop_that_is_held_up_is_late_by_that_much() -> None:
    loop = Slow()

    async def held_up() -> None:
        lag = LoopLag()
        lag.start()
        assert lag.read() == (0, 0)
        loop.at += PERIOD + 0.25  # a callback that took that long
        assert lag.read() == (0.25, 0.25)
        await asyncio.sleep(0)
        await asyncio.sleep(0)  # the timer has had its turn
        loop.at += PERIOD  # in time
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert lag.read() == (0, 0.25)
        assert lag.read() == (0, 0)
        lag.stop()

    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        runner.run(held_up())


def test_a_bound_belongs_to_its_bucket() -> None:
    workload = Workload()
    for took in (0.0, *BUCKETS, 5.0):
        workload.answered(took)
    assert workload.counts == [2, *[1] * (len(BUCKETS) - 1), 1]


async def test_dashboard_and_page_name_what_is_exported(control: Control) -> None:
    await control.step({"plug_in": "id3"})
    async with control.http.get("/metrics") as reply:
        text = await reply.text()
    exported = set(re.findall(r"^# TYPE (\S+)", text, re.MULTILINE))
    histograms = set(re.findall(r"^# TYPE (\S+) histogram", text, re.MULTILINE))
    exported |= {name + suffix for name in histograms for suffix in ("_bucket", "_sum", "_count")}
    explained = set(re.findall(r"`((?:charger|process)_\w+)`", PAGE.read_text("utf-8")))
    assert explained - exported == set()
    dashboard = json.loads(DASHBOARD.read_text())
    named = {name for text in _queries(dashboard) for name in re.findall(r"\b(?:charger|process)_\w+", text)}
    assert named - exported == set()
    assert len(named) > 15
    assert len({panel["id"] for panel in dashboard["panels"]}) == len(dashboard["panels"])


def _queries(dashboard: Any) -> Iterator[str]:
    """Every PromQL expression of a dashboard."""
    for panel in dashboard["panels"]:
        for target in panel.get("targets", ()):
            yield target["expr"]
    for variable in dashboard["templating"]["list"]:
        yield variable.get("definition", "")
