"""What fuzzing has found, sent again: answered as a device would, and no mistake of the emulator's own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import aiohttp
import pytest
from aiomqtt import Client

from emulator.devices.interfaces import MqttInterface
from emulator.runtime.sizes import size_of

from .corpus import datagram
from .field import Inside

SCENARIO = """\
chargers:
  target:
    wallboxes:
      goe: {vendor: goe, realism: "off", interfaces: all}
      warp: {vendor: warp, realism: "off", interfaces: all}
      lektrico: {vendor: lektrico, realism: "off", interfaces: all}
      keba: {vendor: keba, realism: "off", interfaces: all}
"""
DEEP = "[" * 3000
LONG = "9" * 5000


@pytest.fixture
async def field() -> AsyncIterator[Inside]:
    async with Inside(SCENARIO) as running:
        yield running
        assert await running.bugs() == []


@pytest.mark.parametrize(
    ("box", "target", "body"),
    [
        ("goe", f"/api/status?filter={DEEP}", None),
        ("lektrico", "/rpc/app_config.set", f'{{"config_key":"user_current","config_value":{LONG[:3900]}}}'),
        ("lektrico", "/rpc", f'{{"id":"{LONG[:3900]}","method":"device_id.get"}}'),
        ("warp", "/firmware_update/check_for_update", DEEP),
        ("warp", "/evse/external_current", '{"\\ud800": 1}'),
        ("warp", "/info/display_name", '{"display_name": "\\ud800"}'),
        ("warp", "/charge_tracker/pdf", '{"api_not_final_acked": true, "letterhead": "\\udfff"}'),
    ],
)
async def test_over_http(field: Inside, box: str, target: str, body: str | None) -> None:
    host, port = field.where[f"target.{box}.http"]
    url, method = f"http://{host}:{port}", "GET" if body is None else "PUT"
    async with aiohttp.ClientSession(url) as http, http.request(method, target, data=body) as reply:
        assert reply.status < 500 or box == "lektrico"  # its own code for what it cannot read


@pytest.mark.parametrize("command", [f"output {LONG}", f"report {LONG}", "report ²", f"curr {LONG}", f"ena {LONG}"])
async def test_over_udp(field: Inside, command: str) -> None:
    loop = asyncio.get_running_loop()
    with datagram(field.where["target.keba.udp"]) as sender:
        await loop.sock_sendall(sender, command.encode())
        await loop.sock_sendall(sender, b"report 1")
        async with asyncio.timeout(60):
            while b'"Product"' not in await loop.sock_recv(sender, 65_536):
                pass


@pytest.mark.parametrize("payload", [DEEP, '{"\\ud800": 1}', f'{{"current": {LONG}}}', '"\\udfff"'])
async def test_over_mqtt(field: Inside, payload: str) -> None:
    declared = [field.emulator.site.wallboxes[f"target.{box}"].interfaces["mqtt"] for box in ("warp", "goe")]
    warp, goe = (each.prefix().rstrip("/") for each in declared if isinstance(each, MqttInterface))
    async with Client(*field.where["broker"]) as client, asyncio.timeout(60):
        for topic in (f"{warp}/evse/external_current", f"{warp}/evse/global_current_update", f"{goe}/amp/set"):
            before = field.emulator.simulation.journal.seq
            await client.publish(topic, payload, qos=1)
            while field.emulator.simulation.journal.seq == before:  # noqa: ASYNC110 - nothing tells of its arrival
                await asyncio.sleep(0)


@pytest.mark.parametrize("step", ["²", "٣", "9" * 5000, "-1"])
async def test_places_in_lists(field: Inside, step: str) -> None:
    host, port = field.where["control"]
    async with aiohttp.ClientSession(f"http://{host}:{port}") as http:
        for value in (f"goe.nrg.{step}", f"warp.evse/slots.{step}", f"goe.modbus.{step}", f"phase_current.{step}"):
            async with http.post("/api/expect", json={value: 1}) as reply:
                assert reply.status in (200, 422)


async def test_a_client_of_the_control_api_leaves_in_the_middle(field: Inside) -> None:
    for end in ("close", "abort"):
        reader, writer = await asyncio.open_connection(*field.where["control"])
        host = f"{field.where['control'][0]}:{field.where['control'][1]}"
        writer.write(f"POST /api/steps HTTP/1.1\r\nHost: {host}\r\nContent-Length: 100\r\n\r\n{{".encode())
        while not await _reads(field, host):
            pass
        if end == "close":
            writer.close()
            await reader.read()
        else:
            writer.transport.abort()
    await _reads(field, host)


async def _reads(field: Inside, host: str) -> bool:
    """One more request, so that the one before has arrived."""
    async with aiohttp.ClientSession(f"http://{host}") as http, http.get("/healthz") as reply:
        return reply.status == 200


async def test_a_number_of_an_entry_that_no_journal_has(field: Inside) -> None:
    host, port = field.where["control"]
    async with aiohttp.ClientSession(f"http://{host}:{port}") as http, http.get(f"/api/journal/{LONG}") as reply:
        assert reply.status == 404


def test_an_entry_may_be_nested_deeply() -> None:
    nested: object = "x"
    for _ in range(50_000):
        nested = {"a": [nested]}
    assert size_of(nested) > 50_000 * 260
