"""The live feed."""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp

from .conftest import Control


async def message(socket: aiohttp.ClientWebSocketResponse, kind: str) -> Any:
    """The next message of a kind."""
    async with asyncio.timeout(60):
        while True:
            found = await socket.receive_json()
            if found["type"] == kind:
                return found


async def test_a_client_sees_the_state_then_what_happens(control: Control) -> None:
    async with control.http.ws_connect("/api/events") as socket:
        state = await message(socket, "state")
        assert state["state"]["chargers"]["garage"]["pilot"] == "A"
        await control.step([{"note": "one"}, {"plug_in": "id3"}])
        seen: list[str] = []
        while "plug_in" not in seen:
            seen += [entry["name"] for entry in (await message(socket, "entries"))["entries"]]
        assert seen.index("one") < seen.index("plug_in")
        await control.advance("1 min")
        quantities = await message(socket, "quantities")
        while quantities["clock"]["at"] < 60:
            quantities = await message(socket, "quantities")
        assert quantities["chargers"]["garage"]["power"] > 3000


async def test_no_entry_is_missed_or_repeated(control: Control) -> None:
    async with control.http.ws_connect("/api/events") as socket:
        numbers: list[int] = []
        for count in range(1500):
            control.emulator.simulation.journal.record(0, "note", str(count))
        last = control.emulator.simulation.journal.seq
        while not numbers or numbers[-1] < last:
            numbers += [entry["seq"] for entry in (await message(socket, "entries"))["entries"]]
        assert numbers == list(range(numbers[0], last + 1))


async def test_a_reset_begins_anew(control: Control) -> None:
    async with control.http.ws_connect("/api/events") as socket:
        await message(socket, "state")
        await control.advance("1 h")
        await control.call("POST", "/api/reset")
        assert (await message(socket, "state"))["state"]["clock"]["at"] == 0.0


async def test_time_that_runs_is_shown(control: Control) -> None:
    async with control.http.ws_connect("/api/events") as socket:
        await message(socket, "state")
        await control.call("PUT", "/api/clock", {"speed": 1000})
        first = await message(socket, "quantities")
        while (await message(socket, "quantities"))["clock"]["at"] <= first["clock"]["at"]:
            pass


async def test_the_end_is_said(control: Control) -> None:
    socket = await control.http.ws_connect("/api/events")
    await message(socket, "state")
    closing = asyncio.create_task(control.server.__aexit__(None, None, None))
    while (found := await socket.receive()).type is aiohttp.WSMsgType.TEXT:
        pass
    assert found.type is aiohttp.WSMsgType.CLOSE
    assert found.data == 1001
    await closing
