"""Answers that take as long as a device's, and meters that tremble: what stays the same, and what never waits."""

from __future__ import annotations

import asyncio
import socket
import struct
import time
import urllib.request
from datetime import UTC, datetime
from pathlib import Path

import aiomqtt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator import vendors
from emulator.core.instant import SECOND, Instant
from emulator.core.snapshot import Snapshot
from emulator.devices.realism import Habits, Latency, Realism
from emulator.devices.wallbox import Wallbox
from emulator.errors import EmulatorError
from emulator.runtime.clock import Clock
from emulator.scenario.loader import from_data, load
from emulator.scenario.playing import play
from emulator.testing.fixture import EmulatorFixture
from emulator.world.building import build
from emulator.world.plan import ChargerPlan, SitePlan, WallboxPlan, realistic
from emulator.world.site import Site

EPOCH = datetime(2026, 1, 5, tzinfo=UTC)
SCENARIOS = sorted((Path(__file__).parents[2] / "scenarios").glob("*.yaml"))
SILENT = {"mdns", "ocpp", "ship"}
"""Interfaces without answers, or with a peer's own time."""


def site(realism: Realism | None, *vendor: str, seed: int = 1, speed: float = 0.0) -> Site:
    boxes = tuple(WallboxPlan(name=name, vendor=name, realism=realism) for name in vendor or ("keba",))
    plan = SitePlan(seed=seed, epoch=EPOCH, chargers=(ChargerPlan(name="garage", wallboxes=boxes),))
    return build(plan, clock=Clock(speed))


def charging(realism: Realism | None, vendor: str = "keba", seed: int = 1) -> tuple[Site, Wallbox]:
    made = site(realism, vendor, seed=seed)
    made.plug_in("garage", "vw_id3", {}, None)
    made.simulation.jump(120 * SECOND)
    return made, made.wallboxes[f"garage.{vendor}"]


# --- tables ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [name for name in vendors.OWN if name != "eebus"])
def test_every_interface_takes_its_time(name: str) -> None:
    made = site(None, name).wallboxes[f"garage.{name}"]
    expected = {interface for interface in made.traffic if interface not in SILENT}
    assert expected <= vendors.vendor(name).habits.latency.keys()


def test_no_latency_is_of_an_interface_that_nobody_has() -> None:
    for name in vendors.OWN:
        found = vendors.vendor(name)
        known = {*found.ports, *found.enable, "websocket", "mqtt"}
        assert found.habits.latency.keys() <= known


@given(st.floats(0, 0.999_999), st.floats(0, 0.999_999))
def test_latencies_stay_within_their_bounds(low: float, high: float) -> None:
    habit = Latency(0.02, 0.06, 0.15, "a test")
    low, high = sorted((low, high))
    assert 0.02 <= habit.quantile(low) <= habit.quantile(high) <= 0.15
    assert habit.quantile(0.5) == pytest.approx(0.06)


def test_a_latency_has_to_rise() -> None:
    with pytest.raises(ValueError, match="has to rise"):
        Latency(0.1, 0.05, 0.2, "a mistake")


# --- when ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("speed", "level"), [(0.0, "off"), (1.0, "full"), (60.0, "off")])
def test_the_clock_decides(speed: float, level: str) -> None:
    made = site(None, speed=speed)
    assert made.wallboxes["garage.keba"].realism.level == level
    made.simulation.clock.set_speed(1.0)
    assert made.wallboxes["garage.keba"].realism.level == "full"


@pytest.mark.parametrize("speed", [0.0, 1.0])
def test_what_is_stated_wins(speed: float) -> None:
    levels: tuple[Realism, ...] = ("off", "latency", "full")
    assert [site(level, speed=speed).wallboxes["garage.keba"].realism.level for level in levels] == list(levels)


@pytest.mark.parametrize(("written", "level"), [("off", "off"), ("latency", "latency"), ("full", "full")])
def test_a_scenario_states_it(written: str, level: str) -> None:
    plan = from_data({"wallbox": {"vendor": "keba", "realism": written}})
    assert plan.chargers[0].wallboxes[0].realism == level
    assert realistic(plan, "latency").chargers[0].wallboxes[0].realism == level


def test_the_command_line_states_it_for_the_others() -> None:
    plan = realistic(from_data({"wallboxes": {"keba": {"realism": "full"}, "goe": None}}), "off")
    assert [box.realism for box in plan.chargers[0].wallboxes] == ["full", "off"]


def test_a_mistake_in_it_is_told(emulator: EmulatorFixture) -> None:
    with pytest.raises(EmulatorError, match='found "fall", expected off, latency or full'):
        emulator.start("keba", realism="fall")  # type: ignore[arg-type]


# --- latency ---------------------------------------------------------------------------------------------------------


def delays(seed: int, interface: str = "udp", realism: Realism = "latency") -> list[float]:
    made = site(realism, seed=seed).wallboxes["garage.keba"]
    return [made.realism.latency(interface) for _ in range(20)]


def test_the_same_seed_gives_the_same_delays() -> None:
    assert delays(1) == delays(1)
    assert delays(1) != delays(2)
    assert delays(1) != delays(1, "modbus")
    assert len(set(delays(1))) > 10
    assert delays(1, realism="off") == [0.0] * 20
    assert delays(1, "mdns") == [0.0] * 20


def test_http_answers_late(emulator: EmulatorFixture) -> None:
    goe = emulator.start("goe", realism="latency")
    begun = time.monotonic()
    with urllib.request.urlopen(f"{goe.http_url}/api/status?filter=amp", timeout=60) as reply:
        assert reply.read() == b'{"amp":16}'
    assert time.monotonic() - begun >= vendors.vendor("goe").habits.latency["http"].least


def test_answers_keep_their_order_on_modbus(emulator: EmulatorFixture) -> None:
    warp = emulator.start("keba", realism="latency")
    with socket.create_connection((warp.host, warp.port("modbus")), timeout=60) as one:
        one.sendall(b"".join(struct.pack(">HHHBBHH", n, 0, 6, 255, 3, 1000, 2) for n in range(8)))
        told = b""
        while len(told) < 8 * 13:
            told += one.recv(4096)
    assert [struct.unpack_from(">H", told, 13 * n)[0] for n in range(8)] == list(range(8))


def test_answers_keep_their_order_on_udp(emulator: EmulatorFixture) -> None:
    keba = emulator.start("keba", realism="latency")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        one.settimeout(60)
        for number in (1, 2, 3) * 4:
            one.sendto(f"report {number}".encode(), (keba.host, keba.port("udp")))
        told = [one.recv(4096) for _ in range(12)]
    assert [int(reply.split(b'"ID":')[1].strip(b' "')[:1]) for reply in told] == [1, 2, 3] * 4


def test_a_delay_comes_on_top_and_nobody_else_waits(emulator: EmulatorFixture) -> None:
    keba = emulator.start("keba", realism="latency")
    emulator.fault(on="keba.udp", kind="delay", delay="1 h", match={"command": "report 2"}, name="slow")
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as two,
    ):
        for sock, text in ((one, b"report 2"), (two, b"report 3")):
            sock.settimeout(60)
            sock.sendto(text, (keba.host, keba.port("udp")))
        assert b'"ID": "3"' in two.recv(4096)


def journal(emulator: EmulatorFixture, realism: Realism) -> list[object]:
    goe = emulator.start("goe", realism=realism, name=f"goe_{realism}", charger=realism)
    for query in ("filter=amp", "filter=car,nrg"):
        with urllib.request.urlopen(f"{goe.http_url}/api/status?{query}", timeout=60) as reply:
            reply.read()
    entries = emulator.journal(charger=realism, kind="request")
    return [(entry["at"], entry["name"], entry["detail"]) for entry in entries]


def test_latency_does_not_show_in_the_journal(emulator: EmulatorFixture) -> None:
    assert journal(emulator, "latency") == journal(emulator, "off") != []


# --- meters ----------------------------------------------------------------------------------------------------------


def told(realism: Realism, looks: list[Instant], vendor: str = "bender", seed: int = 1) -> Snapshot:
    """What the meter shows a minute later, after it was looked at from time to time."""
    made, box = charging(realism, vendor, seed)
    start = made.simulation.at
    for look in sorted(looks):
        made.simulation.jump(start + look - made.simulation.at)
        box.measured()
    made.simulation.jump(start + 60 * SECOND + 123_456 - made.simulation.at)
    return box.measured()


@given(st.lists(st.integers(0, 60 * SECOND), max_size=6))
def test_noise_does_not_depend_on_who_looked_before(looks: list[Instant]) -> None:
    assert told("full", looks) == told("full", [])


def test_noise_is_small_and_of_the_seed() -> None:
    noisy, exact = told("full", []), told("off", [])
    assert noisy.phase_current != exact.phase_current
    assert noisy.phase_current == pytest.approx(exact.phase_current, rel=0.01)
    assert noisy.phase_voltage == pytest.approx(exact.phase_voltage, abs=1)
    assert noisy.power == pytest.approx(sum(noisy.active_power))
    assert (noisy.pilot, noisy.state) == (exact.pilot, exact.state)
    assert told("full", [], seed=2) != noisy
    assert told("latency", []) == exact


def test_what_happens_is_the_same() -> None:
    (noisy, box), (exact, _) = charging("full", "nrgkick"), charging("off", "nrgkick")
    for _ in range(10):
        box.measured()
    assert noisy.simulation.observe("garage") == exact.simulation.observe("garage")


def test_a_meter_that_measures_once_a_second_shows_the_same_meanwhile() -> None:
    made, box = charging("full", "nrgkick")
    values = []
    for _ in range(20):
        made.simulation.jump(SECOND // 4)
        values.append((box.measured().phase_voltage, box.measured().total_energy))
    assert len(set(values)) == 6
    assert [values.index(value) for value in values] == sorted(values.index(value) for value in values)


@pytest.mark.parametrize(("vendor", "shown"), [("keba", True), ("bender", True), ("goe", False), ("nrgkick", False)])
def test_idle_currents(vendor: str, shown: bool) -> None:
    made = site("full", vendor)
    made.simulation.jump(60 * SECOND)
    now = made.wallboxes[f"garage.{vendor}"].measured()
    assert all(0.004 <= current <= 0.005 for current in now.phase_current) is shown
    assert now.power == 0


def test_keba_tells_its_idle_current() -> None:
    made = site("full", "keba")
    made.simulation.jump(60 * SECOND)
    assert made.wallboxes["garage.keba"].read("modbus.1008") in (4, 5)
    assert site("off", "keba").wallboxes["garage.keba"].read("modbus.1008") == 0


@pytest.mark.parametrize(("vendor", "address"), [("goe", "mmp"), ("nrgkick", "values.powerflow.peak_power")])
def test_a_peak_never_falls(vendor: str, address: str) -> None:
    made, box = charging("full", vendor)
    peaks = []
    for _ in range(30):
        made.simulation.jump(SECOND)
        peaks.append(box.read(address))
    assert peaks == sorted(peaks, key=float)  # type: ignore[arg-type]
    assert peaks[0] != 0


@pytest.mark.parametrize("file", SCENARIOS, ids=lambda file: file.stem)
def test_the_scenarios_hold_in_real_time_too(file: Path) -> None:
    result = play(realistic(load(file), "full"))
    assert [str(failure) for failure in result.failures] == []


async def test_commands_over_mqtt_keep_their_order(emulator: EmulatorFixture) -> None:
    goe = emulator.start("goe", realism="latency")
    host, port = emulator.broker
    async with aiomqtt.Client(host, port) as client, asyncio.timeout(60):
        await client.subscribe(f"{goe.mqtt_prefix}amp")
        assert bytes((await anext(client.messages)).payload) == b"16"
        for current in range(6, 14):
            await client.publish(f"{goe.mqtt_prefix}amp/set", str(current))
        told = [int(bytes((await anext(client.messages)).payload)) for _ in range(8)]
    assert told == list(range(6, 14))


def test_what_a_meter_does_by_default() -> None:
    assert Habits().latency == {}
    assert not Habits().idle_current
