"""Wallboxes that come while the emulator runs: they stay over a reset, and over SIGKILL with a state file."""

from __future__ import annotations

import os
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, Final

import aiohttp
import pytest

from emulator.control.server import ControlServer
from emulator.core.instant import HOUR, MINUTE
from emulator.errors import EmulatorError
from emulator.runtime.state import StateFile
from emulator.scenario.loader import loads
from emulator.scenario.steps.vocabulary import make_step
from emulator.service.emulator import Emulator, Options
from emulator.service.keeping import ADDED

from .flash import killed, no_room

ONE = "epoch: 2026-03-01T08:00:00+01:00\nchargers: {garage: {wallboxes: {goe: {http: 0}}}}\n"
TWO = ONE + "broker: none\n"


OWN: Final = f"127.{os.getpid() >> 16 & 255}.{os.getpid() >> 8 & 255}.{(os.getpid() & 255) or 1}"
"""An address of this process, where nobody else takes a port between two runs."""


def options(state: Path | None, **more: Any) -> Options:
    return Options(bind=OWN, speed=0.0, announce=False, state=state, default_ports=False, **more)


class Client:
    """The control API, and the boxes behind it."""

    def __init__(self, emulator: Emulator, http: aiohttp.ClientSession) -> None:
        self.emulator = emulator
        self._http = http

    async def call(self, method: str, path: str, body: object = None, status: int = 200) -> Any:
        async with self._http.request(method, path, json=body) as reply:
            found = await reply.json(content_type=None)
            assert reply.status == status, found
            return found

    async def add(self, **what: object) -> Any:
        return await self.call("POST", "/api/wallboxes", what, 201)

    async def refused(self, status: int = 422, **what: object) -> str:
        return str((await self.call("POST", "/api/wallboxes", what, status))["detail"])

    async def names(self) -> list[str]:
        return [found["name"] for found in (await self.call("GET", "/api/wallboxes"))["wallboxes"]]

    async def url(self, name: str, interface: str = "http") -> str:
        for found in (await self.call("GET", "/api/wallboxes"))["wallboxes"]:
            if found["name"] == name:
                return next(str(shown["url"]) for shown in found["interfaces"] if shown["name"] == interface)
        raise LookupError(name)

    async def ask(self, name: str, path: str) -> Any:
        async with aiohttp.ClientSession() as http, http.get(await self.url(name) + path) as reply:
            return await reply.json(content_type=None)


@asynccontextmanager
async def serving(text: str, state: Path | None = None, **more: Any) -> AsyncIterator[Client]:
    async with (
        Emulator(loads(text), options(state, **more)) as emulator,
        ControlServer(emulator, port=0) as server,
        aiohttp.ClientSession(server.url) as http,
    ):
        yield Client(emulator, http)
        assert emulator.bugs.count == 0


async def test_it_is_there_again_after_sigkill(tmp_path: Path) -> None:
    """A charger that was made goes with its last wallbox: it stayed before, and made every step ask for a charger."""
    state = tmp_path / "state"
    async with serving(ONE, state, port_offset=7) as client:
        first = await client.add(charger="garage", name="second", wallbox={"vendor": "goe", "http": 0})
        await client.add(
            charger="street", hardware={"rated_current": "16 A"}, wallbox={"model": "warp3-pro-22", "interfaces": "all"}
        )
        assert await client.ask("garage.second", "/api/set?amp=9") == {"amp": True}
        await client.emulator.apply(
            [make_step("plug_in", client.emulator.site.names, charger="street", vehicle="vw_id3")]
        )
        await client.emulator.advance(HOUR)
        await client.emulator.apply([make_step("unplug", client.emulator.site.names, charger="street")])
        await client.emulator.advance(MINUTE)
        total = client.emulator.simulation.observe("street").total_energy
        charges = await client.ask("street.warp", "/charge_tracker/last_charges")
        urls = {name: await client.url(name) for name in await client.names()}
        copy = killed(state)
    assert total > 1000
    assert len(charges) == 1
    async with serving(ONE, copy, port_offset=7) as client:
        assert await client.names() == ["garage.goe", "garage.second", "street.warp"]
        for name in ("garage.second", "street.warp"):
            assert await client.url(name) == urls[name]
        (second,) = [box for box in client.emulator.site.wallboxes.values() if box.name == "second"]
        assert second.serial == first["serial"]
        assert await client.ask("garage.second", "/api/status?filter=amp") == {"amp": 9}
        assert await client.ask("street.warp", "/charge_tracker/last_charges") == charges
        assert client.emulator.simulation.observe("street").total_energy == pytest.approx(total, abs=1)
        assert client.emulator.simulation.chargers["street"].spec.rated_current == 16
        # changed, reset, changed again, taken down
        assert await client.ask("garage.second", "/api/set?amp=11") == {"amp": True}
        await client.call("POST", "/api/reset")
        assert await client.ask("garage.second", "/api/status?filter=amp") == {"amp": 16}
        assert await client.url("garage.second") == urls["garage.second"]
        assert await client.ask("garage.second", "/api/set?amp=12") == {"amp": True}
        await client.call("DELETE", "/api/wallboxes/street.warp")
        copy = killed(copy)
    async with serving(ONE, copy) as client:
        assert await client.names() == ["garage.goe", "garage.second"]
        assert list(client.emulator.simulation.chargers) == ["garage"]
        assert await client.ask("garage.second", "/api/status?filter=amp") == {"amp": 12}
        await client.add(charger="street", wallbox="warp3-pro-22")
        assert client.emulator.simulation.observe("street").total_energy == 0
        assert client.emulator.site.wallboxes["street.warp"].settings["charge_log"] == []


async def test_what_is_taken_down_has_no_say_any_more() -> None:
    async with serving(TWO) as client:
        emulator = client.emulator
        await client.add(name="second", wallbox={"vendor": "goe", "http": 0, "settings": {"amp": 6}})
        await emulator.apply([make_step("plug_in", emulator.site.names, vehicle="vw_id3")])
        await emulator.advance(MINUTE)
        assert emulator.simulation.observe("garage").offered_current == 6
        slow = {"name": "slow", "on": "garage.second.http", "kind": "delay", "delay": "1 s"}
        await client.call("POST", "/api/steps", {"fault": slow})
        await client.call("POST", "/api/rules", {"name": "looks", "always": {"garage.second.amp": "> 1"}})
        url = await client.url("garage.second")
        await client.call("DELETE", "/api/wallboxes/second")
        await emulator.advance(MINUTE)
        assert emulator.simulation.observe("garage").offered_current == 16
        assert not [owner for owner in emulator.simulation.observe("garage").limits if owner.startswith("second")]
        assert emulator.faults.active == {}
        async with aiohttp.ClientSession() as http:
            with pytest.raises(aiohttp.ClientConnectionError):
                await http.get(f"{url}/api/status")
        seen = emulator.simulation.journal.seq
        await emulator.apply([make_step("power_cut", emulator.site.names)])
        await emulator.apply([make_step("power_up", emulator.site.names)])
        await emulator.advance(24 * HOUR)
        assert not [entry for entry in emulator.simulation.journal.after(seen) if entry.wallbox == "second"]
        await client.call("GET", "/api/verdict")
        assert "garage.second.amp" in (await client.call("POST", "/api/steps", {"expect": {"garage.second.amp": 6}},
                                                          422))["detail"]  # fmt: skip
        await client.call("DELETE", "/api/wallboxes/second", status=404)
        assert "the scenario's" in (await client.call("DELETE", "/api/wallboxes/goe", status=422))["detail"]


async def test_a_charger_that_was_made_goes_with_its_last_wallbox() -> None:
    async with serving(TWO) as client:
        emulator = client.emulator
        await client.add(charger="chrger", name="b", wallbox={"vendor": "goe", "http": 0})
        await client.add(charger="street", name="c", wallbox={"vendor": "goe", "http": 0})
        await client.add(charger="chrger", name="d", wallbox={"vendor": "keba", "modbus": 0})
        await client.call("POST", "/api/snapshots", {"name": "both"})
        await client.call("POST", "/api/steps", {"plug_in": {"charger": "chrger", "vehicle": "vw_id3"}})
        await client.call(
            "POST", "/api/steps", {"fault": {"name": "stuck", "on": "chrger", "kind": "contactor_welded"}}
        )
        await client.call("POST", "/api/steps", {"after": "1 min", "unplug": {"charger": "chrger"}})
        await client.call("POST", "/api/rules", [
            {"name": "cool", "always": {"chrger.power": "< 1 MW"}},
            {"name": "seen", "never": {"event": "plugged", "while": {"chrger.power": "> 1 W"}}},
        ])  # fmt: skip
        await client.call("GET", "/api/chargers/chrger/history")
        await client.call("DELETE", "/api/wallboxes/b")
        assert "chrger" in emulator.simulation.chargers
        await client.call("DELETE", "/api/wallboxes/d")
        assert list(emulator.simulation.chargers) == list(emulator.site.names.chargers) == ["garage", "street"]
        assert emulator.faults.active == {}
        await emulator.advance(HOUR)
        failures = [failure.text for failure in emulator.result.failures]  # of the rule, and of the step
        assert len(failures) == 2
        assert all(text.startswith("there is no charger chrger any more") for text in failures)
        await client.call("POST", "/api/steps", {"plug_in": {"charger": "street", "vehicle": "vw_id3"}})
        await client.call("GET", "/api/state")
        await client.call("DELETE", "/api/wallboxes/c")
        await client.call("POST", "/api/reset")
        assert list(emulator.simulation.chargers) == ["garage"]
        await client.call("POST", "/api/steps", {"plug_in": {"vehicle": "vw_id3"}})
        await client.add(charger="chrger", name="e", wallbox={"vendor": "goe", "http": 0})
        assert (await client.call("GET", "/api/chargers/chrger/history"))["times"]
        await client.call("POST", "/api/snapshots/both/restore")
        assert sorted(await client.names()) == ["chrger.b", "chrger.d", "garage.goe", "street.c"]
        await client.call("DELETE", "/api/wallboxes/b")
        await client.call("DELETE", "/api/wallboxes/d")
        assert list(emulator.simulation.chargers) == ["garage", "street"]


@pytest.mark.parametrize("vendor", ["goe", "warp", "nrgkick", "lektrico", "bender", "keba", "eebus", "abb"])
async def test_every_vendor_can_come_and_go(vendor: str) -> None:
    async with serving(TWO) as client:
        emulator = client.emulator
        await emulator.apply([make_step("plug_in", emulator.site.names, vehicle="vw_id3")])
        before = emulator.simulation.observe("garage")
        for _ in range(2):
            await client.add(name="second", wallbox={"vendor": vendor, "interfaces": "all"})
            await emulator.advance(10 * MINUTE)
            await client.call("DELETE", "/api/wallboxes/second")
            seen = emulator.simulation.journal.seq
            await emulator.advance(10 * MINUTE)
            now = emulator.simulation.observe("garage")
            assert (now.limits, now.permissions, now.authorisations) == (
                before.limits, before.permissions, before.authorisations,
            )  # fmt: skip
            assert now.power > 3000
            assert not [entry for entry in emulator.simulation.journal.after(seen) if entry.wallbox == "second"]
        assert set(emulator.servers) == {name for name in emulator.servers if name.startswith("garage.goe.")}


async def test_a_snapshot_brings_back_what_was_there() -> None:
    async with serving(TWO) as client:
        await client.add(name="second", wallbox={"vendor": "goe", "http": 0})
        url = await client.url("garage.second")
        await client.call("POST", "/api/snapshots", {"name": "here"})
        await client.call("DELETE", "/api/wallboxes/second")
        await client.add(name="third", wallbox={"vendor": "goe", "http": 0})
        await client.call("POST", "/api/snapshots/here/restore")
        assert await client.names() == ["garage.goe", "garage.second"]
        assert await client.url("garage.second") == url
        assert await client.ask("garage.second", "/api/status?filter=amp") == {"amp": 16}
        await client.call("DELETE", "/api/wallboxes/second")
        with taken_port(int(url.rpartition(":")[2])):
            refused = await client.call("POST", "/api/snapshots/here/restore", status=422)
            assert "is in use by another program" in refused["detail"]
        assert await client.names() == ["garage.goe"]


@contextmanager
def taken_port(port: int) -> Iterator[int]:
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind((OWN, port))
        other.listen()
        yield int(other.getsockname()[1])


async def test_what_is_wrong_changes_nothing(tmp_path: Path) -> None:
    async with serving(TWO, tmp_path / "state") as client:
        emulator = client.emulator
        assert 'did you mean "goe"' in await client.refused(wallbox="geo", name="x")
        assert "name" in await client.refused(wallbox={"http": 0})
        assert 'has no setting "ampp"' in await client.refused(
            wallbox={"vendor": "goe", "settings": {"ampp": 7}}, name="x"
        )
        assert "already" in await client.refused(charger="garage", wallbox="goe")
        assert "already" in await client.refused(charger="garage", name="x", wallbox="goe", hardware={"phases": 1})
        assert "unknown member" in await client.refused(wallbox="goe", chargr="garage")
        with taken_port(0) as port:
            told = await client.refused(charger="street", wallbox={"vendor": "goe", "http": port})
            assert f"wallbox street.goe, interface http: port {port}" in told
            await client.refused(charger="garage", name="second", wallbox={"vendor": "goe", "http": port})
        assert await client.names() == ["garage.goe"]
        assert list(emulator.simulation.chargers) == ["garage"]
        await emulator.advance(HOUR)
        await client.add(charger="street", wallbox={"vendor": "goe", "http": 0})
        await client.add(charger="garage", name="second", wallbox={"vendor": "goe", "http": 0})
    with StateFile(tmp_path / "state") as file:
        assert [charger["name"] for charger in file.read(ADDED)["chargers"]] == ["street", "garage"]  # type: ignore[attr-defined]


async def test_there_are_not_endlessly_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("emulator.service.growth.MOST", 2)
    async with serving(TWO) as client:
        for name in ("a", "b"):
            await client.add(name=name, wallbox="keba")
        assert "take one down" in await client.refused(name="c", wallbox="keba")
        await client.call("DELETE", "/api/wallboxes/a")
        await client.add(name="c", wallbox="keba")


async def test_another_scenario_than_before(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    state = tmp_path / "state"
    async with serving(TWO, state) as client:
        await client.add(charger="garage", name="second", wallbox={"vendor": "goe", "http": 0})
        await client.add(charger="street", wallbox={"vendor": "keba", "udp": 0})
        copy = killed(state)
    without = TWO.replace("garage", "cellar")
    with pytest.raises(
        EmulatorError, match=r"garage\.second was added to charger garage, which the scenario no longer"
    ):
        async with serving(without, killed(copy)):
            pass
    taken = TWO.replace("{goe: {http: 0}}", "{goe: {http: 0}, second: {vendor: goe, settings: {amp: 7}}}")
    async with serving(taken, killed(copy)) as client:
        assert await client.names() == ["garage.goe", "garage.second", "street.keba"]
        assert "garage.second was added to an earlier run, and is the scenario's now" in caplog.text
        assert client.emulator.site.wallboxes["garage.second"].settings["amp"] == 7
    own = TWO.replace("garage: {", "street: {rated_current: 16 A}, garage: {")
    async with serving(own, killed(copy)) as client:
        assert client.emulator.simulation.chargers["street"].spec.rated_current == 16
        assert "street.keba" in await client.names()


@pytest.mark.parametrize(
    "kept",
    [
        7, {}, [1], [{"name": "x"}], [{"name": "x", "hardware": None, "wallboxes": []}, 1],
        [{"name": "x", "hardware": {}, "wallboxes": [{"name": "a", "stated": {"vendor": "gone"}, "everything": False,
          "serial": None, "ports": {}}]}],
        [{"name": "x", "hardware": {"colour": "red"}, "wallboxes": []}],
        [{"name": "x", "hardware": {}, "wallboxes": [{"name": "a", "stated": {"vendor": "goe"}, "everything": False,
          "serial": None, "ports": {"http": 1 << 20}}]}],
    ],
)  # fmt: skip
async def test_what_makes_no_sense_is_said_in_one_line(tmp_path: Path, kept: object) -> None:
    file = tmp_path / "state"
    with StateFile(file) as state:
        state.write(ADDED, {"chargers": kept})
    with pytest.raises(EmulatorError) as refused:
        async with serving(TWO, file):
            pass
    assert str(refused.value).startswith(f"{file}: ")
    assert "\n" not in str(refused.value)
    assert "Traceback" not in str(refused.value)


async def test_a_full_disk_does_not_stop_it(tmp_path: Path) -> None:
    state = tmp_path / "state"
    async with serving(TWO, state) as client:
        for number in range(3):
            await client.add(name=f"box{number}", wallbox={"vendor": "goe", "http": 0})
        with no_room(Path(f"{state}-wal")):
            await client.add(name="late", wallbox={"vendor": "goe", "http": 0})
            await client.call("DELETE", "/api/wallboxes/box1")
            assert (await client.call("GET", "/api/state"))["storage"]["problem"] is not None
            assert await client.names() == ["garage.goe", "garage.box0", "garage.box2", "garage.late"]
        assert await client.ask("garage.box0", "/api/set?amp=8") == {"amp": True}
        storage = (await client.call("GET", "/api/state"))["storage"]
        assert storage == {"file": str(state), "problem": None, "unsaved": 0}
        copy = killed(state)
    async with serving(TWO, copy) as client:
        assert await client.names() == ["garage.goe", "garage.box0", "garage.box2", "garage.late"]
