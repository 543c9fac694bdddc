"""OCPP with the fixture of pytest: a central system of the test's own."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest
from library_server import library_server

from emulator.testing import EmulatorFixture


async def test_a_central_system_in_the_event_loop_of_the_test(emulator: EmulatorFixture) -> None:
    async with library_server(lambda: datetime(2026, 1, 5, tzinfo=UTC)) as central:
        emulator.start("goe", ocpp=f"{central.url}/goe1")
        await asyncio.to_thread(emulator.advance, "30 s")
        await asyncio.to_thread(emulator.plug_in, vehicle="vw_id3")
        await asyncio.to_thread(emulator.advance, "1 min")
    assert central.statuses()[-1] == "Charging"


@pytest.mark.parametrize("vendor", ["goe", "warp"])
def test_the_embedded_one(emulator: EmulatorFixture, vendor: str) -> None:
    emulator.start(vendor, ocpp="embedded")
    emulator.advance("10 s")
    emulator.plug_in(vehicle="vw_id3")
    emulator.advance("10 s")
    emulator.ocpp_call(action="RemoteStartTransaction", payload={"connectorId": 1, "idTag": "X"})
    emulator.advance("1 min")
    emulator.expect({"contactor": "closed"})
