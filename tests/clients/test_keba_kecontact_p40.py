"""KEBA P40's REST API as the library keba-kecontact-p40 sees it: a whole session."""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp
import pytest

from emulator.testing.fixture import EmulatorFixture

library = pytest.importorskip("keba_kecontact_p40")


async def test_a_session(emulator: EmulatorFixture) -> None:
    keba = emulator.start("keba", model="keba-p40")
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=False)) as session:
        password = str(keba.settings["rest_password"])
        client = library.KebaP40Client(keba.host, password, session=session, port=keba.port("rest"))
        await client.login()
        box = (await client.get_wallboxes())[0]
        assert box.serial_number == keba.serial
        assert (box.vehicle_plugged, box.session_active) == (False, False)
        assert (await client.get_load_management()).max_available_current_ma

        async def passes(time: str) -> Any:
            await asyncio.to_thread(emulator.advance, time)
            return await client.get_wallbox(keba.serial)

        emulator.plug_in(vehicle="vw_id3")
        box = await passes("1 min")
        assert (box.state, box.vehicle_plugged) == ("CHARGING", True)
        assert box.meter.power_mw == pytest.approx(11_000_000, rel=0.05)
        assert len(box.meter.lines) == 3

        await client.set_max_current(10_000)
        box = await passes("1 min")
        assert box.meter.current_offered_ma == 10_000
        await client.stop_charging(keba.serial)
        box = await passes("30 s")
        assert box.meter.power_mw == 0
        await client.start_charging(keba.serial)
        box = await passes("1 min")
        assert box.state == "CHARGING"
        await client.set_phases(keba.serial, 1)
        box = await passes("2 min")
        assert box.meter.power_mw == pytest.approx(2_300_000, rel=0.05)
        await client.lock(keba.serial)
        await client.set_availability(keba.serial, available=False)
        box = await passes("30 s")
        assert (box.state, box.meter.power_mw) == ("UNAVAILABLE", 0)
        emulator.unplug()
        box = await passes("5 s")
        assert box.vehicle_plugged is False


async def test_an_expired_token_is_renewed(emulator: EmulatorFixture) -> None:
    keba = emulator.start("keba", model="keba-p40")
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=False)) as session:
        password = str(keba.settings["rest_password"])
        client = library.KebaP40Client(keba.host, password, session=session, port=keba.port("rest"))
        await client.login()
        await asyncio.to_thread(emulator.advance, "1 h")
        assert [box.serial_number for box in await client.get_wallboxes()] == [keba.serial]


async def test_a_wrong_password(emulator: EmulatorFixture) -> None:
    keba = emulator.start("keba", model="keba-p40")
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=False)) as session:
        client = library.KebaP40Client(keba.host, "wrong", session=session, port=keba.port("rest"))
        with pytest.raises(library.KebaP40AuthError):
            await client.login()
