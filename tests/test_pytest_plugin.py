"""The pytest plugin, as a user's tests see it."""

from __future__ import annotations

import json
import subprocess
import sys
import unittest
import urllib.request
from datetime import timedelta
from pathlib import Path

import aiohttp
import pytest

from emulator.errors import EmulatorError
from emulator.testing import EmulatorFixture
from emulator.testing.stubs import FILE, stub

ROOT = Path(__file__).parents[1]

pytest_plugins = ["pytester"]


def test_a_wallbox_is_there_at_once(emulator: EmulatorFixture) -> None:
    emulator.start("goe")
    with EmulatorFixture() as other:
        box = other.start("goe", model="gemini-11", firmware="55.5", serial="987654")
        assert box.serial == "987654"
        assert box.read("sse") == "987654"
        assert box.http_url == f"http://{box.host}:{box.port('http')}"


async def test_it_works_from_an_asynchronous_test(emulator: EmulatorFixture) -> None:
    goe = emulator.start("goe")
    emulator.plug_in(vehicle="vw_id3")
    async with aiohttp.ClientSession(goe.http_url) as http:
        async with http.get("/api/set", params={"amp": 10}) as reply:
            assert await reply.json() == {"amp": True}
        emulator.advance("1 h")
        async with http.get("/api/status", params={"filter": "car,wh"}) as reply:
            status = await reply.json()
    assert status["car"] == 2
    assert status["wh"] == pytest.approx(3 * 230 * 10, rel=0.05)
    (write,) = emulator.journal(kind="write", name="amp")
    assert write["detail"] == {"value": 10, "ok": True}


def test_every_step_is_a_method(emulator: EmulatorFixture) -> None:
    emulator.start("goe")
    emulator.plug_in("vw_id3")
    emulator.wait_until(power="> 3 kW")
    emulator.trip_rcd(residual_current="35 mA")
    events = emulator.advance(timedelta(seconds=10))
    assert "rcd_tripped" in [event["name"] for event in events]
    emulator.expect({"contactor": "open", "goe.car": 5})
    emulator.unplug()
    assert emulator.charger()["vehicle"] is None
    assert emulator.now == emulator.journal()[-1]["at"] or emulator.now > 10
    assert "phase_loss" in dir(emulator)


def test_mistakes_are_told(emulator: EmulatorFixture) -> None:
    with pytest.raises(EmulatorError, match='did you mean "goe"'):
        emulator.start("geo")
    goe = emulator.start("goe")
    with pytest.raises(EmulatorError, match='did you mean "gemini-22"'):
        emulator.start("goe", model="gemni-22", charger="other")
    with pytest.raises(AttributeError, match='did you mean "plug_in"'):
        emulator.plugin()  # type: ignore[attr-defined]
    with pytest.raises(EmulatorError, match="there is no vehicle"):
        emulator.plug_in(vehicle="vw_id33")
    with pytest.raises(EmulatorError, match="unplug"):
        emulator.unplug()
    with pytest.raises(EmulatorError, match="did you mean"):
        emulator.advance("1 mn")
    with pytest.raises(EmulatorError, match='listens on no "htp"'):
        goe.port("htp")
    with pytest.raises(EmulatorError, match="did you mean"):
        emulator.journal(knd="event")
    with pytest.raises(AssertionError, match=r"power is 0.*expected > 3 kW"):
        emulator.expect(power="> 3 kW")
    with pytest.raises(AssertionError, match="not within 10 s"):
        emulator.wait_until({"power": "> 3 kW"}, within="10 s")


def test_several_wallboxes(emulator: EmulatorFixture) -> None:
    left = emulator.start("goe", charger="left")
    right = emulator.start("gemini-11", charger="right", settings={"amp": 8})
    assert left.name == "left.goe"
    assert right.settings["amp"] == 8
    assert left.port() != right.port()
    emulator.plug_in(charger="right", vehicle="vw_id3")
    emulator.advance("1 min")
    emulator.expect({"left.power": "< 1 W", "right.offered_current": "8 A"})


def test_a_scenario_is_loaded_and_played(emulator: EmulatorFixture, tmp_path: pytest.TempPathFactory) -> None:
    file = tmp_path / "short.yaml"  # type: ignore[operator]
    file.write_text(
        'wallbox: {goe: {http: 8101}}\nsteps: [{at: 1 s, plug_in: vw_id3}, {at: 1 min, expect: {power: "> 30 kW"}}]\n'
    )
    emulator.load(file)
    assert emulator.wallbox().port() != 8101
    emulator.advance("30 s")
    assert emulator.read("power") != 0
    with pytest.raises(AssertionError, match=r"short\.yaml:2:.*expected > 30 kW"):
        emulator.finish()


USERS_TESTS = """
import pytest

@pytest.mark.scenario("night.yaml")
def test_marked(emulator):
    emulator.advance("1 min")
    emulator.expect(plugged=True)

def test_failing(emulator):
    emulator.start("goe")
    emulator.plug_in(vehicle="vw_id3")
    emulator.advance("1 min")
    assert emulator.read("power") == 0

def test_untouched(emulator):
    pass
"""


def test_a_failing_test_shows_the_journal(pytester: pytest.Pytester) -> None:
    pytester.makeini("[pytest]\nasyncio_default_fixture_loop_scope = function\n")
    pytester.makepyfile(USERS_TESTS)
    pytester.makefile(".yaml", night="wallbox: goe\nsteps: [{at: 1 s, plug_in: vw_id3}]\n")
    result = pytester.runpytest_subprocess("-Werror")
    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(["*emulator journal*", "*event*charger*contactor_closed*"])


def test_loading_the_plugin_costs_nothing() -> None:
    code = "import sys, emulator.pytest_plugin; print([m for m in ('aiohttp', 'pydantic', 'yaml') if m in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


STRICT_TESTS = """
import pytest

@pytest.mark.scenario("nothing.yaml", strict=True)
def test_strict(emulator):
    emulator.finish()

@pytest.mark.scenario("nothing.yaml")
def test_lenient(emulator):
    emulator.finish()
"""


def test_a_strict_scenario_fails_a_test_where_nothing_was_tested(pytester: pytest.Pytester) -> None:
    pytester.makeini("[pytest]\nasyncio_default_fixture_loop_scope = function\n")
    pytester.makepyfile(STRICT_TESTS)
    (pytester.path / "nothing.yaml").write_text(
        "wallbox: goe\nsteps: [{fault: {on: goe.http, kind: delay, delay: 1 s}}]\nend: 2 s\n"
    )
    result = pytester.runpytest()
    result.assert_outcomes(passed=2, errors=1)
    result.stdout.fnmatch_lines(["*not tested:*fault delay: it was in force and hit nothing*"])


# --- types -----------------------------------------------------------------------------------------------------------


def test_the_stub_is_that_of_the_vocabulary() -> None:
    assert FILE.read_text("utf-8") == stub(), "write it anew: python -m emulator.testing.stubs"


def test_a_type_checker_knows_the_steps(tmp_path: Path) -> None:
    (tmp_path / "client.py").write_text(
        "from emulator.testing import EmulatorFixture\n"
        "def use(emulator: EmulatorFixture) -> None:\n"
        "    emulator.plug_in(vehicle='vw_id3', state_of_charge='40 %')\n"
        "    emulator.fault(on='goe.http', kind='delay', delay='3 s', for_='1 min')\n"
        "    emulator.plug_inn()\n"
        "    emulator.plug_in(vehcile='vw_id3')\n"
        "    emulator.trip_rcd(residual_current=35)\n"
        "    emulator.fault(on='goe.http', kind='delayy')\n"
    )
    code, found = mypy(tmp_path / "client.py")
    wrong = [line.split(":")[1] for line in found.splitlines() if " error: " in line]
    assert (code, wrong) == (1, ["5", "6", "7", "8"]), found


def mypy(file: Path) -> tuple[int, str]:
    """Exit code and output of a type checker."""
    words = [sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(file.parent / "cache"), str(file)]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout


# --- settings, scopes, neighbours ------------------------------------------------------------------------------------

SETTINGS = "[pytest]\nasyncio_default_fixture_loop_scope = function\n"
POWER = """
import pytest

@pytest.mark.parametrize("limit", ["1 kW", "20 kW"])
def test_power(emulator, limit):
    emulator.start("goe")
    emulator.plug_in(vehicle="vw_id3")
    if limit == "20 kW":
        emulator.rule(name="quiet", never={"event": "contactor_closed"})
    emulator.advance("1 min")
    emulator.expect(power=f"< {limit}")
"""


def test_a_failing_test_leaves_its_report(pytester: pytest.Pytester) -> None:
    pytester.makeini(f"{SETTINGS}emulator_report = reports\n")
    pytester.makepyfile(test_it=POWER)
    pytester.runpytest_subprocess().assert_outcomes(passed=1, failed=1, errors=1)
    reports = pytester.path / "reports"
    folders = sorted(folder.name for folder in reports.iterdir())
    assert folders == ["test_it.py_test_power_1_kW", "test_it.py_test_power_20_kW-teardown"]
    for folder in reports.iterdir():
        assert {file.name for file in folder.iterdir()} == {"journal.jsonl", "junit.xml", "report.html", "report.json"}
    broken = json.loads((reports / folders[1] / "report.json").read_text())
    assert [(rule["name"], rule["ok"]) for rule in broken["rules"]] == [("quiet", False)]


def test_strictness_and_folder_are_settings(pytester: pytest.Pytester) -> None:
    pytester.makeini(f"{SETTINGS}emulator_strict = true\nemulator_scenarios = nights\n")
    (pytester.path / "nights").mkdir()
    (pytester.path / "nights" / "nothing.yaml").write_text(
        "wallbox: goe\nsteps: [{fault: {on: goe.http, kind: delay, delay: 1 s}}]\nend: 2 s\n"
    )
    pytester.makepyfile(STRICT_TESTS.replace("strict=True", "strict=False"))
    pytester.runpytest_subprocess().assert_outcomes(passed=2, errors=1)


SCOPES = """
def test_first(module_emulator, session_emulator):
    box = module_emulator.start("goe")
    module_emulator.plug_in(vehicle="vw_id3")
    module_emulator.advance("1 min")
    assert session_emulator is not module_emulator

def test_second(module_emulator):
    module_emulator.expect(power="> 3 kW")
    module_emulator.reset()
    module_emulator.expect(plugged=False)

class TestTogether:
    def test_one(self, class_emulator):
        class_emulator.start("keba")

    def test_two(self, class_emulator):
        assert class_emulator.wallbox().name == "charger.keba"
        assert False
"""


def test_an_emulator_may_outlive_a_test(pytester: pytest.Pytester) -> None:
    pytester.makeini(SETTINGS)
    pytester.makepyfile(SCOPES)
    result = pytester.runpytest_subprocess()
    result.assert_outcomes(passed=3, failed=1)
    result.stdout.fnmatch_lines(["*journal of class_emulator*"])


READING = """
import json
import urllib.request
import pytest

def read(box):
    with urllib.request.urlopen(f"{box.http_url}/api/status?filter=car") as reply:
        return json.load(reply)

def test_it_is_reached(emulator):
    assert read(emulator.start("goe")) == {"car": 1}

def test_it_is_reached_again(module_emulator):
    assert read(module_emulator.start("goe")) == {"car": 1}

def test_it_is_reached_later(module_emulator):
    assert read(module_emulator.wallbox()) == {"car": 1}
"""


@pytest.mark.parametrize("arguments", [("-p", "no:asyncio"), ("--disable-socket",)], ids=["no asyncio", "no sockets"])
def test_it_gets_on_with_others(pytester: pytest.Pytester, arguments: tuple[str, ...]) -> None:
    pytester.makeini(SETTINGS if "--disable-socket" in arguments else "[pytest]\n")
    pytester.makepyfile(READING)
    pytester.runpytest_subprocess(*arguments).assert_outcomes(passed=3)


ELSEWHERE = """
import socket
import pytest

def test_elsewhere(emulator):
    emulator.start("goe")
    with pytest.warns(UserWarning), pytest.raises(RuntimeError, match="192.0.2.1"):
        socket.create_connection(("192.0.2.1", 80), timeout=1)

def test_without():
    with pytest.warns(UserWarning), pytest.raises(RuntimeError):
        socket.socket()
"""


def test_other_addresses_stay_closed(pytester: pytest.Pytester) -> None:
    pytester.makeini(SETTINGS)
    pytester.makepyfile(ELSEWHERE)
    pytester.runpytest_subprocess("--disable-socket").assert_outcomes(passed=2)


class TestUnittest(unittest.TestCase):
    """Without pytest's fixtures: a context manager."""

    def test_in_unittest(self) -> None:
        with EmulatorFixture() as emulator:
            emulator.start("lektrico")
            emulator.plug_in("vw_id3")
            emulator.advance("1 min")
            self.assertEqual(emulator.charger()["pilot"], "C")  # noqa: PT009


def test_a_bug_fails_a_test_with_the_fixture(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        def test_it(emulator):
            goe = emulator.start("goe")
            emulator.call(lambda: emulator.running.simulation.timer(lambda at: 1 / 0).set(1_000_000))
            emulator.advance("2 s")
        """
    )
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider")
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["*the emulator itself failed*", "*ZeroDivisionError*"])


def test_a_snapshot_is_gone_back_to(emulator: EmulatorFixture) -> None:
    goe = emulator.start("goe")
    emulator.plug_in(vehicle="vw_id3")
    emulator.advance("1 h")
    before = emulator.snapshot()
    energy = emulator.read("session_energy")
    for _ in range(2):
        emulator.advance("1 h")
        emulator.trip_rcd(residual_current="35 mA")
        emulator.advance("1 s")
        assert emulator.read("contactor") == "open"
        before.restore()
        assert emulator.read("contactor") == "closed"
        assert emulator.read("session_energy") == energy
    assert urllib.request.urlopen(f"{goe.http_url}/api/status?filter=car", timeout=60).status == 200


COUNTS_THREADS = """
import threading

import pytest


@pytest.fixture(autouse=True)
def verify_cleanup():
    before = set(threading.enumerate())
    yield
    assert set(threading.enumerate()) <= before


def test_a_box(emulator):
    emulator.start("goe")
"""


def test_no_thread_seems_left_behind(pytester: pytest.Pytester) -> None:
    """As Home Assistant's fixture `verify_cleanup` looks for them."""
    pytester.makeini("[pytest]\nasyncio_default_fixture_loop_scope = function\n")
    pytester.makepyfile(COUNTS_THREADS)
    pytester.runpytest_subprocess("-Werror").assert_outcomes(passed=1)
