"""go-e's old HTTP API: `/status` and `/mqtt`."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable

import pytest
from bench import CLIENT, Bench

from emulator.core.faults import TripRcd

Make = Callable[..., Bench]

ORDER = [
    "version",
    "tme",
    "rbc",
    "rbt",
    "car",
    "amx",
    "amp",
    "err",
    "ast",
    "alw",
    "stp",
    "cbl",
    "pha",
    "fsp",
    "tma",
    "dws",
    "dwo",
    "adi",
    "uby",
    "eto",
    "wst",
    "fwv",
    "nrg",
    "sse",
    "wss",
    "wke",
    "wen",
    "cdi",
    "tof",
    "tds",
    "lbr",
    "aho",
    "afi",
    "azo",
    "ama",
    "al1",
    "al2",
    "al3",
    "al4",
    "al5",
    "cid",
    "cch",
    "cfi",
    "lse",
    "ust",
    "wak",
    "r1x",
    "dto",
    "nmo",
    "sch",
    "sdp",
    "eca",
    "ecr",
    "ecd",
    "ec4",
    "ec5",
    "ec6",
    "ec7",
    "ec8",
    "ec9",
    "ec1",
    "rca",
    "rcr",
    "rcd",
    "rc4",
    "rc5",
    "rc6",
    "rc7",
    "rc8",
    "rc9",
    "rc1",
    "rna",
    "rnm",
    "rne",
    "rn4",
    "rn5",
    "rn6",
    "rn7",
    "rn8",
    "rn9",
    "rn1",
    "loe",
    "lot",
    "lom",
    "lop",
    "log",
    "lof",
    "loa",
    "lch",
]
BARE = {"nrg", "tma", "loe", "lot", "lom", "lop", "lof", "loa", "lch"}


@pytest.fixture
def old(goe: Make) -> Make:
    def make(model: str | None = None, firmware: str | None = None, **settings: object) -> Bench:
        return goe(model, firmware, hla=True, **settings)

    return make


def command(world: Bench, payload: str) -> dict[str, object]:
    reply = world.request(f"/mqtt?payload={payload}")
    assert reply.status == 200
    decoded = json.loads(reply.body)
    assert isinstance(decoded, dict)
    return decoded


def test_members_and_their_order(old: Make) -> None:
    world = old("v3-22", "53.1")
    assert list(world.get("/status")) == ORDER
    assert list(old("gemini-22").get("/status")) == [name for name in ORDER if name != "tma"]


def test_everything_is_a_text_but_a_few(old: Make) -> None:
    for name, value in old("v3-22", "53.1").get("/status").items():
        if name in BARE:
            assert not isinstance(value, str), name
        else:
            assert isinstance(value, str), name


def test_headers(old: Make) -> None:
    reply = old().request("/status")
    assert (reply.status, reply.content_type, reply.close, reply.chunked) == (200, "application/json", True, True)
    assert b": " not in reply.body


def test_off_is_unknown(goe: Make, old: Make) -> None:
    for world in (goe(), old("pro")):
        assert world.request("/status").status == 404
        assert world.request("/mqtt?payload=amp=10").status == 404
        assert world.box.read("amp") == 16
    assert old().request("/status", "POST").status == 405


def test_idle_of_an_old_meter(old: Make) -> None:
    status = old("v3-22", "53.1").get("/status")
    assert status["nrg"] == [230, 230, 230, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]
    assert [status[name] for name in ("version", "car", "err", "alw", "amp", "pha", "fwv", "tme", "tof")] == [
        "B", "1", "0", "1", "16", "56", "053.1", "0501260900", "101",
    ]  # fmt: skip


def test_a_session(old: Make) -> None:
    """`lch` is a time-stamp: in captures it neither counts nor is 0 while current flows."""
    world = old()
    world.wait(100)
    assert world.get("/status")["lch"] == 0
    world.plug_in()
    world.wait(1800)
    status = world.get("/status")
    now = world.now
    assert [status[name] for name in ("car", "alw", "pha", "cbl", "lch")] == ["2", "1", "63", "32", 101]
    assert status["r1x"] == "2", "captured over HTTP"
    nrg = status["nrg"]
    assert isinstance(nrg, list)
    assert nrg[4] == pytest.approx(now.phase_current[0] * 10, abs=0.6)
    assert nrg[7] == pytest.approx(now.active_power[0] / 100, abs=0.6)
    assert nrg[11] == pytest.approx(now.power / 10, rel=0.005)
    assert int(str(status["dws"])) == pytest.approx(now.session_energy * 360, rel=0.001)
    assert status["eto"] == str(int(now.total_energy) // 100)
    assert command(world, "alw=0")["alw"] == "1"  # the logic has not run yet
    assert world.box.read("frc") == 1
    world.wait(5)
    assert [world.get("/status")[name] for name in ("car", "alw")] != ["2", "1"]
    world.wait(10)
    assert world.get("/status")["car"] == "4"
    command(world, "alw=1")
    world.wait(30)
    assert world.get("/status")["car"] == "2"
    command(world, "amx=8")
    world.wait(10)
    assert world.now.phase_current[0] == pytest.approx(7.9, abs=0.2)
    world.unplug()
    world.wait(2)
    assert world.get("/status")["car"] == "1"
    assert world.box.read("frc") == 0


@pytest.mark.parametrize(
    ("payload", "key", "expected"),
    [
        ("amp=10", "amp", 10),
        ("amx=11", "amp", 11),
        ("ast=1", "acs", 1),
        ("ama=20", "ama", 20),
        ("al1=7", "clp", [7, 10, 12, 14, 16]),
        ("cid=16711680", "cid", "#FF0000"),
        ("cch=1", "cch", "#000001"),
        ("lbr=100", "lbr", 100),
        ("lse=1", "lse", True),
        ("ust=2", "ust", 2),
        ("tof=102", "tof", 120),
        ("tds=0", "tds", 0),
        ("nmo=1", "nmo", True),
        ("fsp=1", "psm", 1),
        ("fsp=0", "psm", 2),
        ("cdi=1", "cwe", False),
        ("afi=7", "att", 25_200),
        ("azo=2", "awc", 2),
        ("wss=my%20net", "wifis.0.ssid", "my net"),
        ("rna=Anna", "c0n", "Anna"),
        ("rc1=04a1b2c3", "c9i", True),
        ("lop=7", "lop", 7),
        ("loe=1", "loe", True),
        ("sdp=3", "sdp", 3),
        ("log=house", "log", "house"),
    ],
)
def test_commands(old: Make, payload: str, key: str, expected: object) -> None:
    world = old()
    status = command(world, payload)
    assert world.box.read(key) == expected
    assert list(status) == [name for name in ORDER if name != "tma"]


@pytest.mark.parametrize(
    "payload",
    ["amp=5", "amp=33", "amp=", "amp=x", "amp=-6", "amp=1e9", "amp", "", "xyz=1", "car=2", "ast=9", "stp=1",
     "cid=99999999", "tds=9", "ust=3", "nmo=2", "al1=0.5", "amp=" + "9" * 50, "fsp=2", "dwo=-1", "%ff=1", "wen=7",
     "lof=5", "tof=9999", "wak=" + "x" * 100, "rna=" + "x" * 300],
)  # fmt: skip
def test_nonsense_changes_nothing_and_is_not_complained_about(old: Make, payload: str) -> None:
    world = old()
    before = world.get("/status")
    settings = world.box.settings.persistent()
    assert command(world, payload) == before
    assert world.box.settings.persistent() == settings


def test_the_energy_limit_is_kept_for_later(old: Make) -> None:
    world = old()
    assert command(world, "dwo=50")["dwo"] == "50"
    assert world.box.read("dwo") is None
    assert command(world, "stp=2")["stp"] == "2"
    assert world.box.read("dwo") == 5000
    assert command(world, "dwo=60")["dwo"] == "60"
    assert world.box.read("dwo") == 6000
    status = command(world, "stp=0")
    assert (status["stp"], status["dwo"], world.box.read("dwo")) == ("0", "60", None)
    world.request("/api/set?dwo=12345")
    assert world.get("/status")["dwo"] == "123"


def test_errors_have_few_numbers(old: Make) -> None:
    world = old()
    world.plug_in()
    world.wait(30)
    world.begin("rcd", TripRcd())
    world.wait(2)
    status = world.get("/status")
    assert (status["err"], status["car"]) == ("1", "0")


def test_a_clock_that_was_never_set_is_thirty_years_early(old: Make) -> None:
    world = old(clock_error=-round(old().box.calendar().timestamp() * 1e6))
    assert world.get("/status")["tme"] == "0101-300100"


def test_it_can_switch_itself_off(old: Make) -> None:
    world = old()
    world.request("/mqtt?payload=r1x=0")
    assert world.request("/status").status == 404


def test_one_colour_for_all_up_to_55_7(old: Make) -> None:
    world = old(firmware="55.5")
    command(world, "cch=255")
    assert world.read("cid", "cch") == ["#0000FF", "#00FFFF"]


def test_writes_are_recorded(old: Make) -> None:
    world = old()
    command(world, "amx=12")
    command(world, "amx=50")
    written = [(e.name, e.detail["ok"]) for e in world.simulation.journal if e.kind == "write"]
    assert written == [("amp", True), ("v1.amx", True), ("amp", False), ("v1.amx", False)]


def test_addresses_of_scenarios(old: Make) -> None:
    world = old()
    assert world.box.write("v1.amx", 9, CLIENT).ok
    assert world.read("v1.amp", "v1.loe") == ["9", 0]
    assert not world.box.write("v1.car", 1, CLIENT).ok
    assert not world.box.write("v1.nothing", 1, CLIENT).ok
    with pytest.raises(KeyError):
        world.box.read("v1.nothing")


def test_schedules_and_load_balancing_in_the_old_status(goe: Make) -> None:
    ranges = [{"begin": {"hour": 22, "minute": 30}, "end": {"hour": 6, "minute": 0}}] * 2
    world = goe("v3-11", sch_satur={"control": 1, "ranges": ranges}, loe=True, loa=10)
    assert base64.b64decode(str(world.box.read("v1.sch"))) == bytes([0, 0, 0, 0, 22, 30, 6, 0, 0, 0, 0, 0])
    assert world.box.read("v1.loa") == 10
    assert goe("v3-11").box.read("v1.sch") == "AAAAAAAAAAAAAAAA"


def test_units_of_the_power_register_by_hardware(goe: Make) -> None:
    for model, unit in (("v2-22", 10), ("v3-22", 0.01)):
        world = goe(model, men=True, amp=16)
        world.charge()
        low, high = world.registers(120, 2)
        assert (low | high << 16) * unit == pytest.approx(world.now.power, abs=20)
