"""Late answers: they keep their order, come from before a restart, and keep nobody else waiting."""

from __future__ import annotations

import asyncio
import time

import aiohttp
from support import PATIENCE, box, entries, recorded, serve, url
from websockets.asyncio.client import connect

from emulator.devices.realism import Latency

SPREAD = {name: Latency(0.01, 0.05, 0.2, "a test") for name in ("http", "websocket")}
NEVER = {name: Latency(3600, 3600, 3600, "a test") for name in ("http", "websocket")}


async def test_answers_on_a_websocket_keep_their_order() -> None:
    async with serve(box(latency=SPREAD)) as server, connect(url(server, "ws", "/ws")) as client:
        async with asyncio.timeout(PATIENCE):
            assert [await client.recv() for _ in range(2)] == ["hello", "limit 16 power 0"]
            for number in range(10):
                await client.send(str(number))
            assert [await client.recv() for _ in range(10)] == [f"echo {number}" for number in range(10)]


async def test_what_is_sent_unasked_is_not_late() -> None:
    made = box(latency={"websocket": NEVER["websocket"]})
    async with serve(made) as server, connect(url(server, "ws", "/ws")) as client, asyncio.timeout(PATIENCE):
        assert [await client.recv() for _ in range(2)] == ["hello", "limit 16 power 0"]
        made.limit = 10.0
        made.changed()
        assert str(await client.recv()).endswith("limit 10 power 0")


async def test_a_late_answer_is_late_and_the_entry_is_not() -> None:
    made = box(latency=SPREAD)
    async with serve(made) as server, aiohttp.ClientSession() as http, asyncio.timeout(PATIENCE):
        begun = time.monotonic()
        async with http.get(url(server, "http", "/status")) as reply:
            assert reply.status == 200
        assert time.monotonic() - begun >= SPREAD["http"].least
    assert [entry.at for entry in entries(made, "request")] == [0]


async def test_an_answer_that_waits_keeps_no_other_connection_waiting() -> None:
    made = box(latency=NEVER)
    async with serve(made) as server, aiohttp.ClientSession() as one, aiohttp.ClientSession() as two:
        asked = recorded(made, "GET /status")
        waiting = asyncio.create_task(one.get(url(server, "http", "/status")))
        async with asyncio.timeout(PATIENCE):
            await asked
            made.realism = box().realism
            async with two.get(url(server, "http", "/status")) as reply:
                assert reply.status == 200
        assert not waiting.done()
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)


async def test_the_answer_to_what_restarts_it_still_goes_out() -> None:
    made = box(latency=NEVER)
    async with (
        serve(made) as server,
        asyncio.timeout(PATIENCE),
        aiohttp.request("GET", url(server, "http", "/reboot")) as reply,
    ):
        assert reply.status == 200
    made = box(latency={"websocket": NEVER["websocket"]})
    async with serve(made) as server, connect(url(server, "ws", "/ws")) as client, asyncio.timeout(PATIENCE):
        assert [await client.recv() for _ in range(2)] == ["hello", "limit 16 power 0"]
        await client.send("reboot")
        assert await client.recv() == "rebooting"
