"""A process is killed right after its clients were told that something is stored; the next one has it."""

from __future__ import annotations

import asyncio
import json
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlsplit

import pytest
from pymodbus.client import ModbusTcpClient

from emulator import vendors
from emulator.control.server import ControlServer
from emulator.core.instant import SECOND
from emulator.scenario.loader import loads
from emulator.service.emulator import Emulator, Options

from .flash import no_room

PATIENCE = 300.0
"""Of a busy machine with a process [wall s]."""


def state_of(scenario: Path) -> Path:
    return scenario.with_name("state")


def command(scenario: Path) -> list[str]:
    own = [sys.executable, "-m", "emulator", "run", str(scenario)]
    return [*own, "--state", str(state_of(scenario)), "--ports", "free", "--control-port", "0"]


class Clients:
    """Real clients of the boxes behind a control API."""

    def __init__(self, control: str, patience: float = PATIENCE) -> None:
        """`patience`: with a box that does not answer over UDP [wall s]."""
        self.control = control.rstrip("/")
        self._patience = patience

    def ask(self, url: str, body: object = None, method: str | None = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(url, data, {"Content-Type": "application/json"}, method=method)
        with urllib.request.urlopen(request, timeout=PATIENCE) as reply:
            return json.loads(reply.read() or b"null")

    def url(self, wallbox: str, interface: str) -> str:
        for found in self.ask(f"{self.control}/api/wallboxes")["wallboxes"]:
            if found["name"] == wallbox:
                return next(str(shown["url"]) for shown in found["interfaces"] if shown["name"] == interface)
        raise LookupError(wallbox)

    def http(self, wallbox: str, path: str, body: object = None, method: str | None = None) -> Any:
        return self.ask(self.url(wallbox, "http") + path, body, method)

    @contextmanager
    def modbus(self, wallbox: str) -> Iterator[ModbusTcpClient]:
        place = urlsplit(self.url(wallbox, "modbus"))
        client = ModbusTcpClient(str(place.hostname), port=int(place.port or 0), timeout=60)
        assert client.connect()  # type: ignore[no-untyped-call]
        try:
            yield client
        finally:
            client.close()  # type: ignore[no-untyped-call]

    def udp(self, wallbox: str, text: str) -> str:
        place = urlsplit(self.url(wallbox, "udp"))
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.settimeout(self._patience)
            sender.sendto(text.encode(), (str(place.hostname), int(place.port or 0)))
            return sender.recv(4096).decode()


class Running(Clients):
    """`charger-emulator run` with a state file."""

    def __init__(self, scenario: Path) -> None:
        self.process = subprocess.Popen(command(scenario), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        lines = []
        for line in self.process.stdout:
            lines.append(line)
            if line.startswith("running"):
                break
        else:
            raise AssertionError(f"it ended: {lines} {self.process.communicate()}")
        super().__init__(next(line.split()[-1] for line in lines if " dashboard " in line))


@contextmanager
def running(scenario: Path) -> Iterator[Running]:
    emulator = Running(scenario)
    with emulator.process:
        try:
            yield emulator
        finally:
            emulator.process.kill()


def write_goe(emulator: Clients) -> None:
    assert emulator.http("charger.goe", "/api/set?amp=9") == {"amp": True}


def read_goe(emulator: Clients) -> object:
    return emulator.http("charger.goe", "/api/status?filter=amp") == {"amp": 9}


USER = {"id": 1, "roles": 65535, "current": 9000, "display_name": "Anna", "username": "anna",
        "digest_hash": "8f7d1f2b2f0d5e6c7a8b9c0d1e2f3a4b"}  # fmt: skip


def write_warp(emulator: Clients) -> None:
    emulator.http("charger.warp", "/users/add", USER, "PUT")
    emulator.http("charger.warp", "/evse/global_current", {"current": 9000}, "PUT")


def read_warp(emulator: Clients) -> object:
    users = emulator.http("charger.warp", "/users/config")["users"]
    current = emulator.http("charger.warp", "/evse/global_current")
    return "anna" in [user["username"] for user in users] and current == {"current": 9000}


def write_nrgkick(emulator: Clients) -> None:
    assert emulator.http("charger.nrgkick", "/control?current_set=9")["current_set"] == 9


def read_nrgkick(emulator: Clients) -> object:
    return emulator.http("charger.nrgkick", "/control")["current_set"] == 9


def write_lektrico(emulator: Clients) -> None:
    body = {"config_key": "led_dimming_delay", "config_value": 9}
    assert emulator.http("charger.lektrico", "/rpc/App_config.Set", body) is True


def read_lektrico(emulator: Clients) -> object:
    return emulator.http("charger.lektrico", "/rpc/App_config.Get")["led_dimming_delay"] == 9


def write_bender(emulator: Clients) -> None:
    with emulator.modbus("charger.bender") as client:
        assert not client.write_register(131, 9, device_id=1).isError()


def read_bender(emulator: Clients) -> object:
    with emulator.modbus("charger.bender") as client:
        return client.read_holding_registers(131, count=1, device_id=1).registers == [9]


def write_keba(emulator: Clients) -> None:
    assert emulator.udp("charger.keba", "failsafe 33 7000 1").startswith("TCH-OK")


def read_keba(emulator: Clients) -> object:
    return '"Curr FS": 7000' in emulator.udp("charger.keba", "report 2")


def write_control(emulator: Clients) -> None:
    wallbox = {"vendor": "goe", "http": 0, "settings": {"amp": 8}}
    emulator.ask(f"{emulator.control}/api/wallboxes", {"charger": "charger", "name": "second", "wallbox": wallbox})


def read_control(emulator: Clients) -> object:
    return emulator.http("charger.second", "/api/status?filter=amp") == {"amp": 8}


CLIENTS: dict[str, tuple[Callable[[Clients], None], Callable[[Clients], object]]] = {
    "goe": (write_goe, read_goe),
    "warp": (write_warp, read_warp),
    "nrgkick": (write_nrgkick, read_nrgkick),
    "lektrico": (write_lektrico, read_lektrico),
    "bender": (write_bender, read_bender),
    "keba": (write_keba, read_keba),
    "control": (write_control, read_control),
}


def test_every_vendor_of_the_default_emulator_is_written_to() -> None:
    assert set(vendors.DEFAULT) <= CLIENTS.keys()


@pytest.fixture
def scenario(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    name = str(request.param)
    file = tmp_path / "scenario.yaml"
    vendor = "keba" if name == "control" else name
    file.write_text(f"wallboxes: {{{vendor}: {{interfaces: all}}}}\n")
    return file


@pytest.mark.parametrize(("scenario", "name"), [(name, name) for name in CLIENTS], indirect=["scenario"], ids=CLIENTS)
def test_what_was_acknowledged_is_there_after_sigkill(scenario: Path, name: str) -> None:
    write, read = CLIENTS[name]
    with running(scenario) as first:
        write(first)
        first.process.send_signal(signal.SIGKILL)
    with running(scenario) as second:
        assert read(second)
        second.process.send_signal(signal.SIGTERM)
        _, said = second.process.communicate(timeout=PATIENCE)
        assert (second.process.returncode, said) == (0, "")


@pytest.mark.parametrize("scenario", ["goe"], indirect=True)
def test_two_processes_do_not_share_a_file(scenario: Path) -> None:
    with running(scenario) as first:
        second = subprocess.run(command(scenario), capture_output=True, text=True, timeout=PATIENCE, check=False)
        assert (second.returncode, second.stdout) == (2, "")
        assert second.stderr == f"{state_of(scenario)}: cannot be used as a state file: database is locked\n"
        write_goe(first)
        first.process.send_signal(signal.SIGKILL)
    with running(scenario) as third:
        assert read_goe(third)


@pytest.mark.parametrize("name", vendors.DEFAULT)
async def test_what_cannot_be_stored_is_not_acknowledged(tmp_path: Path, name: str) -> None:
    """A full disk is a flash that fails: the client is told so, in the words of the device, and nothing has changed."""
    write, read = CLIENTS[name]
    state = tmp_path / "state"
    options = Options(any_port=True, speed=0.0, announce=False, state=state)
    async with (
        Emulator(loads(f"wallboxes: {{{name}: {{interfaces: all}}}}\n"), options) as emulator,
        ControlServer(emulator, port=0) as server,
    ):
        clients = Clients(server.url)
        before = next(iter(emulator.site.wallboxes.values())).settings.persistent()
        with no_room(Path(f"{state}-wal")):
            with pytest.raises((AssertionError, HTTPError, TimeoutError)):
                await asyncio.to_thread(write, Clients(server.url, patience=2.0))
            assert emulator.storage is not None
            assert emulator.storage.problem is not None
            await emulator.advance(2 * SECOND)  # WARP looks at its controller once a second
            in_memory = name == "keba"  # what its EEPROM does not take is in force until the next start
            assert bool(await asyncio.to_thread(read, clients)) is in_memory
            assert next(iter(emulator.site.wallboxes.values())).settings.persistent() == before
        await asyncio.to_thread(write, clients)
        await emulator.advance(2 * SECOND)
        assert await asyncio.to_thread(read, clients)
        assert emulator.storage.problem is None
        assert emulator.bugs.count == 0
