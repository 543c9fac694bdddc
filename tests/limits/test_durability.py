"""What survives a reboot of a box survives the death of the emulator; a file that cannot be used is left alone."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import aiohttp
import pytest

from emulator import vendors
from emulator.control.server import ControlServer
from emulator.core.instant import HOUR, SECOND
from emulator.devices.interfaces import Origin
from emulator.devices.wallbox import Wallbox
from emulator.errors import EmulatorError
from emulator.protocols.server import Server
from emulator.runtime.state import StateFile
from emulator.scenario.loader import from_data, loads
from emulator.scenario.plan import Scenario
from emulator.scenario.steps.vocabulary import make_step
from emulator.service.emulator import Emulator
from emulator.vendors import packs

from .flash import EPOCH, box_of, killed, no_room, options, scenario

# --- everything else -------------------------------------------------------------------------------------------------

ABOUT_THE_START = {
    "goe": {"rdree", "lmsc"},
    "warp": {
        "event_log/boot_id", "event_log/boot_id.boot_id", "info/last_boots", "info/features",
        "evse/low_level_state.uptime", "evse/low_level_state.time_since_state_change",
        "evse/low_level_state.time_since_dc_fault_check",
    },
    "nrgkick": {"modbus.256", "values.general.warning_code"},
    "lektrico": {"charger_info.get.heap_free"},
}  # fmt: skip
"""What tells of the outage itself, or of this very start."""
OF_THE_SESSION = {
    "nrgkick": {
        "modbus.208", "modbus.247", "modbus.249", "values.general.vehicle_charging_time",
        "values.general.vehicle_connect_time", "values.powerflow.peak_power",
    },
    "lektrico": {"charger_info.get.charging_time"},
    "bender": {"modbus.705", "modbus.707", "modbus.709", "modbus.710", "modbus.716", "modbus.718"},
}  # fmt: skip
"""What the charge controller remembers of the session that is over. ASSUMED: in memory that an outage of the emulator's
length clears; the record of the session in the vendor's own log is kept."""


TAG = "04A1B2C3"
USER = {"roles": 65535, "current": 32000, "digest_hash": ""}
OWNED: Mapping[str, Mapping[str, object]] = {
    "goe": {"acs": 1, "cards": [{"name": "Anna", "rfid": TAG}]},
    "warp": {
        "users/config": {
            "users": [
                {"id": 0, "display_name": "Anonymous", "username": "anonymous", **USER},
                {"id": 1, "display_name": "Anna", "username": "anna", **USER},
            ]
        },
        "nfc/config": {"authorized_tags": [{"user_id": 1, "tag_type": 2, "tag_id": "04:A1:B2:C3"}]},
        "evse/user_enabled": {"enabled": True},
    },
    "keba": {"whitelist": [TAG], "authorisation": True},
    "lektrico": {"rfid_tags": [TAG], "headless": False},
    "bender": {"whitelist": [TAG], "free_charging": False},
}
"""What its owner has set up: a card, whose it is, and that one is needed."""
LOGGED: Mapping[str, tuple[str, ...]] = {
    "goe": ("c0e", "eto", "cards"),
    "warp": ("charge_tracker/last_charges", "charge_tracker/state.tracked_charges", "meter/values.energy_abs"),
    "keba": ("report101.RFID tag", "report101.E pres", "report3.E total", "report2.Curr FS", "rest.session.id"),
    "lektrico": (
        "counters_config.get.total_charged_sessions", "counters_config.get.last_session_energy",
        "charger_info.get.total_charged_energy", "charger_info.get.session_id",
    ),
    "bender": ("rest.meter_wh", "rest.con_cycles_type2"),
    "nrgkick": ("values.energy.total_charged_energy", "values.general.charge_count"),
}  # fmt: skip
"""Counters, cards and logs: what a session leaves behind."""


def owned(vendor: str, epoch: datetime = EPOCH) -> Scenario:
    """A wallbox whose owner has set it up."""
    model = {"keba": "keba-p30-x-32"}.get(vendor)
    stated = {"vendor": vendor, "settings": OWNED.get(vendor, {})} | ({"model": model} if model else {})
    return replace(from_data({"wallboxes": {vendor: stated}, "broker": "none"}), epoch=epoch)


OF_A_KILL = {
    "warp": {
        "charge_tracker/last_charges", "charge_tracker/current_charge.charger_name",
        "charge_tracker/state.first_charge_timestamp",
    },
    "keba": {
        "report100.ended[s]", "report101.ended[s]", "report100.ended", "report101.ended", "rest.session.endDate",
        "rest.session.duration",
    },
    "lektrico": {"counters_config.get.total_charged_time", "charger_info.get.charging_time"},
}  # fmt: skip
"""What is different where nobody saw the power go: a session ends when that is noticed (ASSUMED), and WARP knows its
meter at once."""


def document(wallbox: Wallbox) -> dict[str, object]:
    """Everything that can be read, apart from values that contain others."""
    whole = {address: wallbox.read(address) for address in wallbox.addresses()}
    return {name: value for name, value in whole.items() if not isinstance(value, dict)}


async def half_a_session(emulator: Emulator, vendor: str) -> None:
    """A vehicle charges, and a client stores something on purpose."""
    names = emulator.site.names
    await emulator.apply([make_step("plug_in", names, vehicle="vw_id3")])
    await emulator.advance(10 * SECOND)
    await emulator.apply([make_step("present_card", names, tag=TAG)])
    await emulator.advance(HOUR // 2)
    if vendor == "keba":
        box_of(emulator).write("failsafe", "33 7000 1", Origin(interface="udp", client=None, host="127.0.0.1"))


@pytest.mark.parametrize("killed_in", ["the middle of a session", "peace"])
@pytest.mark.parametrize("vendor", [name for name in vendors.OWN if name != "eebus"])
async def test_a_restart_is_an_outage(vendor: str, killed_in: str, tmp_path: Path) -> None:
    state = tmp_path / "state"
    async with Emulator(owned(vendor), options(state)) as emulator:
        names = emulator.site.names
        fresh = document(box_of(emulator))
        await half_a_session(emulator, vendor)
        if killed_in == "peace":
            await emulator.apply([make_step("unplug", names)])
            await emulator.advance(48 * HOUR)  # and all is cold again
        box, copy = box_of(emulator), killed(state)
        await emulator.apply([make_step("power_cut", names)])
        if killed_in != "peace":
            await emulator.apply([make_step("unplug", names)])
            await emulator.advance(48 * HOUR)
        await emulator.apply([make_step("power_up", names)])
        await emulator.advance(10 * 60 * SECOND)
        booted = box.booted_at
        after_outage = document(box)
        passed = emulator.simulation.at - booted
    started = EPOCH + timedelta(microseconds=booted)
    async with Emulator(owned(vendor, started), options(copy)) as emulator:
        await emulator.advance(passed)
        after_restart = document(box_of(emulator))
    exceptions = ABOUT_THE_START.get(vendor, set()) | OF_THE_SESSION.get(vendor, set())
    if killed_in != "peace":
        exceptions |= OF_A_KILL.get(vendor, set())
    differing = {
        name: (after_outage.get(name), after_restart.get(name))
        for name in after_outage.keys() | after_restart.keys()
        if not close(after_outage.get(name), after_restart.get(name)) and name not in exceptions
    }
    assert differing == {}
    assert len(after_restart) > 20
    for name in LOGGED.get(vendor, ()):
        assert after_restart[name] != fresh[name], name
    assert vendor in LOGGED or vendor in packs.BUILT_IN


def close(first: object, second: object) -> bool:
    """Equal, but for the fraction of a watt-hour that a meter may lose in an outage."""
    if isinstance(first, list) and isinstance(second, list):
        return len(first) == len(second) and all(map(close, first, second))
    if isinstance(first, str) and isinstance(second, str) and first.isdigit() and second.isdigit():
        first, second = int(first), int(second)
    if isinstance(first, int | float) and isinstance(second, int | float) and abs(first) > 5:
        return abs(first - second) <= 2e-4 * abs(first)
    return first == second


# --- files -----------------------------------------------------------------------------------------------------------


def make_foreign(file: Path) -> None:
    with sqlite3.connect(file) as connection:
        connection.execute("CREATE TABLE bookmarks (url TEXT)")
    connection.close()


def make_later(file: Path) -> None:
    with StateFile(file) as state:
        state._connection.execute("PRAGMA user_version = 7")


def make_torn(file: Path) -> None:
    with StateFile(file) as state:
        for number in range(200):
            state.write(f"owner {number}", {"value": "x" * 200})
    content = bytearray(file.read_bytes())
    content[5000:9000] = bytes(4000)
    file.write_bytes(content)


def make_senseless(file: Path) -> None:
    with StateFile(file) as state:
        state._connection.execute("INSERT INTO kept VALUES ('charger.goe', 'amp', 'no JSON')")


def make_unfitting(file: Path) -> None:
    with StateFile(file) as state:
        state.write("charger.goe", {"amp": "sixteen"})


def make_unknown(file: Path) -> None:
    with StateFile(file) as state:
        state.write("charger", {"colour": "red"})


def make_empty(file: Path) -> None:
    file.write_bytes(b"")


def make_text(file: Path) -> None:
    file.write_text("this is no database\n" * 100)


UNUSABLE = [make_foreign, make_later, make_torn, make_senseless, make_unfitting, make_unknown, make_text, Path.mkdir]


@pytest.mark.parametrize("make", UNUSABLE)
async def test_a_file_that_cannot_be_used_is_one_clear_line_and_stays(make: object, tmp_path: Path) -> None:
    file = tmp_path / "state"
    make(file)  # type: ignore[operator]
    before = file.read_bytes() if file.is_file() else None
    with pytest.raises(EmulatorError) as refused:
        async with Emulator(scenario("goe"), options(file)):
            pass
    assert str(refused.value).startswith(f"{file}: ")
    assert "\n" not in str(refused.value)
    if make in (make_foreign, make_later, make_torn, make_text):
        assert file.read_bytes() == before
        assert os.listdir(tmp_path) == ["state"]


async def test_a_file_in_use_is_not_shared_and_an_empty_one_is_taken(tmp_path: Path) -> None:
    file = tmp_path / "state"
    make_empty(file)
    async with Emulator(scenario("goe"), options(file)):
        with pytest.raises(EmulatorError, match="locked"):
            async with Emulator(scenario("goe"), options(file)):
                pass
    with pytest.raises(EmulatorError, match="cannot be used"):
        StateFile(tmp_path / "nowhere" / "state")
    with pytest.raises(EmulatorError, match="cannot be used"):
        StateFile(Path("/proc/state"))


# --- no room ---------------------------------------------------------------------------------------------------------


async def charge(emulator: Emulator) -> None:
    await emulator.apply([make_step("plug_in", emulator.site.names, vehicle="vw_id3")])
    await emulator.advance(HOUR)
    await emulator.apply([make_step("unplug", emulator.site.names)])


async def test_a_full_disk_stops_nothing_and_nothing_acknowledged_is_lost(tmp_path: Path) -> None:
    state = tmp_path / "state"
    async with (
        Emulator(loads("wallboxes: {goe: {http: true}}\nbroker: none"), options(state)) as emulator,
        ControlServer(emulator, port=0) as server,
        aiohttp.ClientSession() as http,
    ):
        http_server = emulator.servers["charger.goe.http"]
        assert isinstance(http_server, Server)
        url = f"http://{http_server.endpoint.host}:{http_server.endpoint.port}/api"

        async def ask(path: str, **query: object) -> object:
            async with http.get(f"{url}/{path}", params={k: str(v) for k, v in query.items()}) as reply:
                return await reply.json() if reply.status == 200 else reply.status

        async def stored() -> dict[str, object]:
            async with http.get(f"{server.url}/api/state") as reply:
                found = await reply.json()
            storage = found["storage"]
            assert isinstance(storage, dict)
            return storage

        assert await ask("set", amp=10) == {"amp": True}
        with no_room(Path(f"{state}-wal")):
            assert await ask("set", amp=14) == 500
            assert await ask("status", filter="amp") == {"amp": 10}
            assert (await stored())["problem"] in ("database or disk is full", "disk I/O error")
            await charge(emulator)
            assert (await stored())["unsaved"] != 0
            assert emulator.bugs.count == 0
            async with http.get(f"{server.url}/metrics") as reply:
                assert "charger_emulator_state_unsaved" in await reply.text()
        with StateFile(killed(state)) as file:
            assert file.read("charger.goe")["amp"] == 10
        assert await ask("set", amp=12) == {"amp": True}
        assert await stored() == {"file": str(state), "problem": None, "unsaved": 0}
        total = emulator.simulation.observe("charger").total_energy
        copy = killed(state)
    async with Emulator(scenario("goe"), options(copy)) as emulator:
        assert box_of(emulator).settings["amp"] == 12
        assert emulator.simulation.observe("charger").total_energy == pytest.approx(total, rel=1e-3)
