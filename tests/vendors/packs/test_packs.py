"""Wallboxes described in YAML: the two that are shown, one over HTTP, and what is wrong in a pack."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from pymodbus.client import ModbusTcpClient

from emulator import vendors
from emulator.errors import EmulatorError, ScenarioError
from emulator.scenario.loader import loads
from emulator.scenario.playing import play
from emulator.testing import EmulatorFixture, WallboxFixture
from emulator.vendors import packs


class Registers:
    """A client of a box's registers, as an energy manager has it."""

    def __init__(self, box: WallboxFixture, unit: int = 1) -> None:
        self._client = ModbusTcpClient(box.host, port=box.port("modbus"), timeout=60)
        assert self._client.connect()  # type: ignore[no-untyped-call]
        self._unit = unit

    def input(self, address: int, count: int = 1) -> list[int]:
        reply = self._client.read_input_registers(address, count=count, device_id=self._unit)
        assert not reply.isError(), reply
        return list(reply.registers)

    def holding(self, address: int, count: int = 1) -> list[int]:
        reply = self._client.read_holding_registers(address, count=count, device_id=self._unit)
        assert not reply.isError(), reply
        return list(reply.registers)

    def write(self, address: int, *words: int) -> bool:
        if len(words) == 1:
            return not self._client.write_register(address, words[0], device_id=self._unit).isError()
        return not self._client.write_registers(address, list(words), device_id=self._unit).isError()

    def close(self) -> None:
        self._client.close()  # type: ignore[no-untyped-call]


def test_heidelberg_as_evcc_drives_it(emulator: EmulatorFixture) -> None:
    box = emulator.start("heidelberg")
    bus = Registers(box)
    assert bus.input(4) == [0x108]
    assert bus.write(258, 4)  # no standby
    assert bus.write(257, 60_000)  # a minute without a word
    assert bus.input(5) == [2]  # A1: nothing plugged, nothing offered
    assert bus.write(261, 60)
    assert bus.input(5) == [3]  # A2
    emulator.plug_in("vw_id3")
    emulator.advance("30 s")
    assert bus.input(5) == [7]  # C2
    currents = bus.input(6, 3)
    assert all(55 <= current <= 61 for current in currents)
    assert bus.write(261, 45)  # below 6 A: none
    assert bus.holding(261) == [0]
    emulator.advance("30 s")
    assert bus.input(5) == [4]
    assert bus.write(261, 200)  # above 16 A: 16 A
    assert bus.holding(261) == [160]
    assert bus.write(259, 0)  # remote lock
    emulator.advance("10 s")
    emulator.expect(power="< 10 W")
    assert not bus.write(259, 7)
    bus.close()


def test_heidelberg_without_a_word_falls_back(emulator: EmulatorFixture) -> None:
    box = emulator.start("heidelberg-energy-control")
    bus = Registers(box)
    bus.write(257, 30_000)
    bus.write(262, 80)
    bus.write(261, 160)
    emulator.plug_in("vw_id3")
    emulator.advance("25 s")
    emulator.expect(offered_current="16 A")
    emulator.advance("10 s")
    emulator.expect(offered_current="8 A")
    bus.input(5)
    emulator.advance("5 s")
    emulator.expect(offered_current="16 A")
    bus.close()


def test_abb_terra(emulator: EmulatorFixture) -> None:
    box = emulator.start("abb", model="abb-terra-ac-11")
    bus = Registers(box)
    assert bus.holding(0x4006, 2) == [0, 16_000]
    assert bus.input(0x400C, 2) == [0, 0x0000]
    emulator.plug_in("vw_id3")
    assert bus.write(0x4100, 0, 10_000)
    emulator.advance("30 s")
    assert bus.holding(0x400C, 2) == [0, 0x0400]
    assert bus.holding(0x400E, 2) == [0, 10_000]
    assert bus.holding(0x4022, 2) == [0, 10_000]
    assert 6_300 < bus.holding(0x401C, 2)[1] < 7_000
    assert bus.write(0x4105, 1)
    emulator.advance("20 s")
    assert bus.holding(0x400C, 2) == [0, 0x0100]
    assert bus.write(0x4106, 30)
    assert bus.write(0x4105, 0)
    emulator.advance("60 s")
    emulator.expect(offered_current="6 A")  # silence: the fallback
    bus.close()


HTTP = """
vendor: simplebox
title: A box with an HTTP API
models: [{id: simple-11, title: Simple, firmwares: ["2.0"], serial: S1, rated_current: 16 A}]
settings:
  - {name: limit, default: 16, lowest: 6, highest: 16, acts_as: limit}
  - {name: enabled, default: true, acts_as: permission}
  - {name: note, default: ""}
http:
  port: 8199
  routes:
    - path: /status
      source: its manual
      json:
        serial: {reads: serial}
        state: {reads: pilot, map: {A: idle, B: ready, otherwise: charging}}
        current: [{reads: phase_current.L1}, {reads: phase_current.L2}]
        limit: {reads: setting.limit}
        firmware: fixed
    - {path: /set, sets: {amps: limit}, json: {ok: true}, refused: 422, refused_json: {ok: false}, source: its manual}
    - {path: /control, method: POST, sets: {enabled: enabled, note: note}, text: OK, source: its manual}
"""


def ask(box: WallboxFixture, path: str, body: object = None) -> tuple[int, str]:
    data = None if body is None else json.dumps(body).encode()
    try:
        with urllib.request.urlopen(f"{box.http_url}{path}", data) as reply:
            return reply.status, reply.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def test_a_box_over_http(emulator: EmulatorFixture, tmp_path: Path) -> None:
    (tmp_path / "simplebox.yaml").write_text(HTTP)
    (tmp_path / "it.yaml").write_text("packs: simplebox.yaml\nwallbox: {model: simple-11, http: true}\n")
    box = emulator.load(tmp_path / "it.yaml").wallbox()
    emulator.plug_in("vw_id3")
    emulator.advance("30 s")
    status = json.loads(ask(box, "/status")[1])
    assert status == {
        "serial": "S1", "state": "charging", "current": status["current"], "limit": 16.0, "firmware": "fixed",
    }  # fmt: skip
    assert status["current"][0] == pytest.approx(15.7, abs=0.4)
    assert ask(box, "/set?amps=8") == (200, '{"ok": true}')
    assert ask(box, "/set?amps=80") == (422, '{"ok": false}')
    assert ask(box, "/set?amps=x") == (422, '{"ok": false}')
    assert ask(box, "/set") == (422, '{"ok": false}')
    emulator.advance("10 s")
    emulator.expect({"offered_current": "8 A", "simplebox.limit": 8})
    assert ask(box, "/control", {"enabled": False, "note": "by hand"}) == (200, "OK")
    assert ask(box, "/control", [1]) == (400, "")
    emulator.advance("10 s")
    emulator.expect(power="< 10 W")
    writes = [(entry["name"], entry["detail"]) for entry in emulator.journal(kind="write", interface="http")]
    assert [(name, detail["ok"]) for name, detail in writes if isinstance(detail, dict)] == [
        ("limit", True), ("limit", False), ("limit", False), ("enabled", True), ("note", True),
    ]  # fmt: skip


def test_faults_and_expectations_know_its_values(tmp_path: Path) -> None:
    (tmp_path / "simplebox.yaml").write_text(HTTP)
    text = """
packs: [simplebox.yaml]
wallbox: {model: simple-11, http: true}
steps:
  - plug_in: vw_id3
  - {after: 1 min, expect: {simplebox.state: charging, simplebox.limit: 16}}
  - fault: {on: simplebox.http, kind: override, match: {key: state}, value: nonsense, for: 1 min}
  - {after: 1 s, request: {on: simplebox.http, get: /status, expect: {status: 200, body: "/nonsense/"}}}
  - command: {write: {limit: 7}}
  - {after: 10 s, expect: {offered_current: 7 A}}
"""
    assert play(loads(text, str(tmp_path / "it.yaml"))).ok
    with pytest.raises(ScenarioError, match='did you mean "state"'):
        loads(text.replace("simplebox.state", "simplebox.statte"), str(tmp_path / "it.yaml"))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (("reads: serial", "reads: seril"), 'http: GET /status: "seril" is not a quantity or a setting.*"serial"'),
        (("reads: setting.limit", "reads: setting.limt"), 'there is no setting "limt".*"limit"'),
        (("amps: limit", "amps: limitt"), 'there is no setting "limitt"'),
        (("rated_current: 16 A", "rated_current: 16"), "rated_current: found 16, expected a current"),
        (("title: Simple,", "titel: Simple,"), 'unknown key "titel".*"title"'),
        (("lowest: 6, ", ""), "settings: limit: expected lowest and highest together"),
        (("vendor: simplebox", "vendor: Simple Box"), "expected a word of small letters"),
        (("{reads: pilot, map", "{reads: pilot, constant: 1, map"), "expected one of reads, constant and cases"),
        (("vendor: simplebox", "vendor: goe"), 'there is a vendor "goe" already'),
    ],
)
def test_a_mistake_has_its_place(tmp_path: Path, change: tuple[str, str], says: str) -> None:
    assert change[0] in HTTP
    (tmp_path / "simplebox.yaml").write_text(HTTP.replace(*change))
    with pytest.raises(ScenarioError, match=says):
        loads("packs: simplebox.yaml\nwallbox: simple-11\n", str(tmp_path / "it.yaml"))


def test_what_is_no_pack_is_not_read(tmp_path: Path) -> None:
    for name in ("/etc/passwd", "nowhere.yaml", "/dev/zero"):
        with pytest.raises(ScenarioError, match="expected the file of a device pack") as caught:
            loads(f"packs: {name}\nwallbox: goe\n", str(tmp_path / "it.yaml"))
        assert "root:" not in str(caught.value)


@pytest.mark.parametrize("name", packs.BUILT_IN)
def test_a_pack_is_documented(name: str) -> None:
    found = vendors.vendor(name)
    assert "Sources" in found.about
    assert "ASSUMED" in found.about


def test_an_unknown_vendor_is_told() -> None:
    with pytest.raises(EmulatorError, match='did you mean "heidelberg"'):
        vendors.vendor("heidelbrg")
