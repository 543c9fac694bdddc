"""A running emulator with its control API, and a client of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, NamedTuple

import aiohttp
import pytest

from emulator.control.server import ControlServer
from emulator.scenario.loader import loads
from emulator.service.emulator import Emulator, Options

SCENARIO = """
about: A charger for the control API.
seed: 3
epoch: 2026-03-01T06:00:00+01:00
vehicles: {id3: {model: vw_id3, state_of_charge: 35 %}}
chargers:
  garage: {connector: tethered, wallboxes: {goe: {model: gemini-22, http: true, settings: {amp: 16}}}}
"""


class Control(NamedTuple):
    """What a test of the control API works with."""

    emulator: Emulator
    server: ControlServer
    http: aiohttp.ClientSession

    async def call(self, method: str, path: str, body: object = None, status: int = 200, **query: object) -> Any:
        """The decoded reply, whose status is as stated; a problem document if it is an error."""
        params = {name: str(value) for name, value in query.items()}
        async with self.http.request(method, path, json=body, params=params) as reply:
            assert reply.status == status, await reply.text()
            if status >= 400:
                assert reply.content_type == "application/problem+json"
            found = await reply.json(content_type=None)
            if status >= 400:
                assert found["status"] == status
                assert found["title"]
                assert found["detail"]
            return found

    async def step(self, step: object) -> Any:
        return await self.call("POST", "/api/steps", step)

    async def advance(self, by: str) -> Any:
        return await self.call("POST", "/api/clock/advance", {"by": by})


@pytest.fixture
async def control() -> AsyncIterator[Control]:
    options = Options(any_port=True, speed=0.0, announce=False)
    async with (
        Emulator(loads(SCENARIO), options) as emulator,
        ControlServer(emulator, port=0) as server,
        aiohttp.ClientSession(server.url) as http,
    ):
        yield Control(emulator, server, http)
