"""The command line, as its users run it."""

from __future__ import annotations

import ast
import io
import json
import os
import re
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from pathlib import Path
from typing import Any, NamedTuple
from xml.etree import ElementTree

import pytest

from emulator import __version__
from emulator.cli import COMMANDS, main
from emulator.scenario.steps.vocabulary import STEPS

COMMAND = (sys.executable, "-m", "emulator")
GOOD = """\
about: A short charge.
wallbox: {goe: {http: 0, settings: {amp: 16}}}
steps:
  - {at: 1 s, plug_in: {vehicle: vw_id3}}
  - {at: 1 min, expect: {power: "> 3 kW", goe.car: 2}}
end: {at: 2 min}
"""


class Done(NamedTuple):
    """What a command said."""

    stdout: str
    stderr: str


def run(*arguments: str, code: int = 0) -> Done:
    """A command in this process: starting Python anew for each takes most of a second."""
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err), pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == code, out.getvalue() + err.getvalue()
    return Done(out.getvalue(), err.getvalue())


@pytest.fixture
def good(tmp_path: Path) -> Path:
    file = tmp_path / "good.yaml"
    file.write_text(GOOD)
    return file


@pytest.fixture
def bad(tmp_path: Path) -> Path:
    file = tmp_path / "bad.yaml"
    file.write_text(GOOD.replace("> 3 kW", "> 30 kW"))
    return file


@pytest.fixture
def wrong(tmp_path: Path) -> Path:
    file = tmp_path / "wrong.yaml"
    file.write_text(GOOD.replace("plug_in", "plug_inn").replace("1 min", "1 mn"))
    return file


# --- without sockets -------------------------------------------------------------------------------------------------


def test_help_and_version() -> None:
    text = run("--help").stdout
    assert all(f"  {name} " in text for name in COMMANDS)
    assert run("--version").stdout == f"charger-emulator {__version__}\n"


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys\nfrom emulator.cli import main\ntry: main(['--help'])\nexcept SystemExit: pass\n"
        "print([m for m in ('asyncio', 'aiohttp', 'pydantic', 'yaml') if m in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run((sys.executable, "-c", code), capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "[]"


LATE = (
    "aiohttp", "pydantic", "zeroconf", "emulator.faults", "emulator.faults.transport", "emulator.verdict.rules",
    "emulator.scenario.steps.fault",
)  # fmt: skip


@pytest.mark.parametrize(
    ("stated", "imported"),
    [
        ("", []),
        ("steps: [{at: 1 s, plug_in: {vehicle: vw_id3}}]", ["emulator.faults", "emulator.scenario.steps.fault"]),
        ("rules: [{name: polite, always: {client: {requests: goe, rate: <= 9 /s}}}]", ["emulator.verdict.rules"]),
    ],
)
def test_check_imports_what_a_scenario_has(tmp_path: Path, stated: str, imported: list[str]) -> None:
    path = tmp_path / "scenario.yaml"
    path.write_text(f"wallbox: goe\n{stated}\n", "utf-8")
    code = (
        f"import sys\nfrom emulator.commands.check import command\ncommand([{str(path)!r}], standalone_mode=False)\n"
        f"print([name for name in {LATE} if name in sys.modules])\n"
        "print([name for name in sys.modules if name.startswith('emulator.vendors.') and name.endswith('.vendor')])\n"
    )
    done = subprocess.run((sys.executable, "-c", code), capture_output=True, text=True, check=True)
    fine, late, vendors = done.stdout.splitlines()
    assert "fine" in fine
    assert set(imported) <= set(ast.literal_eval(late)) <= {*imported, "emulator.faults"}
    assert ast.literal_eval(vendors) == ["emulator.vendors.goe.vendor"]


def test_a_mistyped_command_gets_a_suggestion() -> None:
    assert 'did you mean "check"?' in run("chek", code=2).stderr
    assert 'did you mean "plug-in"?' in run("ctl", "plugin", code=2).stderr


def test_play(good: Path, bad: Path) -> None:
    assert "good.yaml: passed after 2 min of simulated time; 1 expectation checked" in run("play", str(good)).stdout
    text = run("play", str(good), str(bad), code=1).stdout
    assert re.search(r"bad\.yaml:5:\d+: at 60 s: expect: power is 10\.\d+ kW, expected > 30 kW", text)
    assert "bad.yaml: FAILED" in text
    assert "good.yaml: passed" in text


def test_play_and_check_show_every_problem(wrong: Path, good: Path) -> None:
    for command in ("play", "check"):
        text = run(command, str(wrong), code=2).stderr
        assert 'wrong.yaml:4:15: there is no step "plug_inn" (did you mean "plug_in"?)' in text
        assert 'wrong.yaml:5:10: at: "1 mn" is not a duration' in text
    assert "fine (1 charger, 1 wallbox, 2 steps)" in run("check", str(good)).stdout
    assert "No such file" in run("check", "nowhere.yaml", code=2).stderr


def test_reports(good: Path, bad: Path, tmp_path: Path) -> None:
    folder = tmp_path / "report"
    run("play", str(good), str(bad), "--report", str(folder), code=1)
    suites = ElementTree.parse(folder / "junit.xml").getroot()
    assert [(suite.get("tests"), suite.get("failures")) for suite in suites] == [("1", "0"), ("1", "1")]
    assert "expected > 30 kW" in suites[1][0][0].attrib["message"]
    report = json.loads((folder / "bad" / "report.json").read_text())
    assert report["ok"] is False
    assert report["failures"][0]["at"] == 60.0
    entries = [json.loads(line) for line in (folder / "good" / "journal.jsonl").read_text().splitlines()]
    assert [entry["seq"] for entry in entries] == list(range(1, len(entries) + 1))
    assert "contactor_closed" in [entry["name"] for entry in entries]


def test_a_report_as_markdown(good: Path, bad: Path, tmp_path: Path) -> None:
    folder = tmp_path / "report"
    hostile = bad.rename(tmp_path / "a|b `c`.yaml")
    run("play", str(good), str(hostile), "--report", str(folder), code=1)
    lines = run("report", "summary", str(folder)).stdout.splitlines()
    rows = [line for line in lines if line.startswith("|")]
    assert sum("| passed |" in row for row in rows) == 1
    assert sum("| **FAILED** |" in row for row in rows) == 1
    assert any("expected \\> 30 kW" in line for line in lines)
    assert "a\\|b \\`c\\`.yaml" in next(row for row in rows if "FAILED" in row)
    (tmp_path / "empty").mkdir()
    assert "there is no report.json" in run("report", "summary", str(tmp_path / "empty"), code=2).stderr


@pytest.mark.parametrize("what", ["vendors", "models", "firmwares", "vehicles", "faults", "steps"])
def test_lists(what: str) -> None:
    assert len(run("list", what).stdout.splitlines()) >= 1
    if what == "steps":
        assert all(f"\n{name} " in "\n" + run("list", what).stdout for name in ("plug_in", "trip_rcd", "wait_until"))


def test_schema() -> None:
    assert "steps" in json.loads(run("schema").stdout)["properties"]


def in_shell(script: str) -> tuple[int, str]:
    """The exit code of the first command of a pipe, and what was said on standard error. `$E`: the emulator."""
    command = ("bash", "-c", f'E="{sys.executable} -m emulator"; {script}; exit ${{PIPESTATUS[0]}}')
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    return done.returncode, done.stderr


@pytest.mark.parametrize(
    ("script", "code"),
    [
        ("$E list steps | head -n 1", 0),
        ("$E explain charging | head -c 1", 0),
        ("$E play --json GOOD | true", 0),
        ("$E play --json BAD | true", 1),
        ("$E play GOOD BAD GOOD | true", 1),
        ("$E play GOOD >&-", 0),
        ("$E play BAD >&-", 1),
        ("$E check GOOD >&-", 0),
        ("$E --help >&-", 0),
        ("$E play GOOD >&- 2>&-", 0),
        ("$E play BAD 2> /dev/full", 1),
    ],
)
def test_a_command_ends_with_its_own_result_whoever_reads(good: Path, bad: Path, script: str, code: int) -> None:
    assert in_shell(script.replace("GOOD", str(good)).replace("BAD", str(bad))) == (code, "")


@pytest.mark.parametrize("command", ["play GOOD", "list steps", "--help"])
def test_output_that_cannot_be_written_is_no_mistake_of_the_emulator(good: Path, command: str) -> None:
    code, said = in_shell(f"$E {command.replace('GOOD', str(good))} > /dev/full")
    assert (code, said) == (2, "standard output cannot be written: No space left on device\n")


# --- with sockets ----------------------------------------------------------------------------------------------------


class Running:
    """`charger-emulator run` as a process, once it has said where it listens."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.lines: list[str] = []
        assert process.stdout is not None
        for line in process.stdout:
            self.lines.append(line.rstrip())
            if line.startswith("running"):
                return
        raise AssertionError(f"it ended: {self.lines} {process.communicate()}")

    @property
    def url(self) -> str:
        return self.where("dashboard")

    def where(self, interface: str) -> str:
        return next(line.split()[-1] for line in self.lines if f" {interface} " in line)

    def get(self, url: str) -> Any:
        with urllib.request.urlopen(url, timeout=60) as reply:
            return json.load(reply)

    def ctl(self, *words: str, code: int = 0) -> str:
        return run("ctl", "--url", self.url, *words, code=code).stdout

    def end(self, number: signal.Signals = signal.SIGTERM) -> tuple[int, str]:
        """Exit code, and the rest of what it said."""
        self.process.send_signal(number)
        rest, complaints = self.process.communicate(timeout=120)
        assert complaints == ""
        return self.process.returncode, rest


@contextmanager
def running(*arguments: str) -> Iterator[Running]:
    process = subprocess.Popen(
        (*COMMAND, "run", *arguments, "--control-port", "0"), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    with process:
        try:
            yield Running(process)
        finally:
            if process.poll() is None:
                process.kill()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_run_serves_and_ends(good: Path, number: signal.Signals) -> None:
    with running(str(good), "--frozen") as emulator:
        assert "running, time stands still" in emulator.lines[-1]
        assert emulator.get(emulator.where("http") + "/api/status?filter=amp") == {"amp": 16}
        code, rest = emulator.end(number)
    assert code == 0
    assert "good.yaml: passed" in rest


@pytest.mark.parametrize(("name", "code"), [("good", 0), ("bad", 1)])
def test_run_plays_to_the_end(request: pytest.FixtureRequest, tmp_path: Path, name: str, code: int) -> None:
    file = request.getfixturevalue(name)
    with running(str(file), "--speed", "600", "--report", str(tmp_path / "out")) as emulator:
        rest, _ = emulator.process.communicate(timeout=120)
    assert emulator.process.returncode == code
    assert ("passed" if code == 0 else "FAILED") in rest
    assert (tmp_path / "out" / "junit.xml").exists()


def test_ctl_drives_it(good: Path) -> None:
    with running(str(good), "--frozen", "--keep-running") as emulator:
        assert "contactor_closed" in emulator.ctl("advance", "1", "min")
        assert emulator.ctl("expect", "power=> 3 kW", "goe.car=2").count("ok ") == 2
        assert "FAILED" in emulator.ctl("expect", "power=< 3 kW", code=1)
        emulator.ctl("trip-rcd", "--residual-current", "35 mA")
        assert "rcd_tripped" in emulator.ctl("advance", "--until", "contactor=open")
        emulator.ctl("advance", "1 s")
        emulator.ctl("advance", "--until", "power=> 3 kW", "--within", "10 s", code=1)
        assert "trip_rcd" in emulator.ctl("journal", "--kind", "stimulus") or "disturb" in emulator.ctl("journal")
        emulator.ctl("phase-loss", "phases=L2", "--name", "dead")
        assert "dead" in emulator.ctl("faults")
        emulator.ctl("clear-fault", "dead")
        assert json.loads(emulator.ctl("clock", "60"))["speed"] == 60.0
        assert json.loads(emulator.ctl("clock", "frozen"))["mode"] == "frozen"
        assert json.loads(emulator.ctl("chargers", "charger"))["contactor"] == "open"
        assert emulator.where("http") in emulator.ctl("wallboxes")
        added = emulator.ctl("add-wallbox", "{vendor: goe, http: 0}", "--name", "second")
        url = next(line.split()[2] for line in added.splitlines() if " http " in line)
        assert emulator.get(f"{url}/api/status?filter=amp") == {"amp": 16}
        assert "charger.second" in emulator.ctl("wallboxes")
        emulator.ctl("remove-wallbox", "second")
        assert "charger.second" not in emulator.ctl("wallboxes")
        assert 'did you mean "goe"' in run("ctl", "--url", emulator.url, "add-wallbox", "geo", code=2).stderr
        assert "WALLBOX:2:1: not YAML" in run("ctl", "--url", emulator.url, "add-wallbox", "{", code=2).stderr
        emulator.ctl("health")
        emulator.ctl("snapshot", "take", "here")
        assert "here" in emulator.ctl("snapshot", "list")
        emulator.ctl("advance", "1 h")
        emulator.ctl("snapshot", "restore", "here")
        emulator.ctl("snapshot", "delete", "here")
        assert emulator.ctl("snapshot", "list") == ""
        emulator.ctl("reset")
        assert json.loads(emulator.ctl("state"))["clock"]["at"] == 0.0
        emulator.ctl("unplug", code=1)
        complaint = run("ctl", "--url", emulator.url, "plug-in", "vw_id33", code=2).stderr
        assert 'did you mean "vw_id3"?' in complaint
        assert emulator.end()[0] == 0


def test_the_journal_can_be_followed(good: Path) -> None:
    with running(str(good), "--frozen") as emulator:
        follower = subprocess.Popen(
            (*COMMAND, "ctl", "--url", emulator.url, "journal", "--follow", "--kind", "note", "--json"),
            stdout=subprocess.PIPE,
            text=True,
        )
        with follower:
            assert follower.stdout is not None
            for text in ("one", "two"):
                emulator.ctl("note", text)
                assert json.loads(follower.stdout.readline())["name"] == text
            follower.kill()
        emulator.end()


def test_every_step_is_a_command() -> None:
    text = run("ctl", "--help").stdout
    for name in STEPS:
        assert name.replace("_", "-") in text
    assert "--residual-current" in run("ctl", "trip-rcd", "--help").stdout


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("run", "--frozen", "--speed", "2"), "--frozen and --speed"),
        (("run", "--bind", "0.0.0.0"), "--open-control"),
        (("run", "--speed", "fast"), "--speed"),
        (("run", "--speed", "nan"), "nan is not a number"),
        (("explore", "nowhere.yaml", "--budget", "-3 s"), "expected a duration of 0 s or more"),
        (("record", "--vendor", "goe", "--target", "127.0.0.1", "--for", "long"), "is not a duration"),
        (("run", "nowhere.yaml"), "nowhere.yaml: No such file"),
        (("ctl", "--url", "http://127.0.0.1:9", "state"), "no answer"),
        (("ctl", "--url", "127.0.0.1:x", "state"), "not the address"),
        (("ctl", "advance"), "expected a duration"),
        (("ctl", "clock", "quick"), "expected frozen, realtime"),
        (("ctl", "expect", "power"), "expected something like"),
        (("list", "cars"), "cars"),
        (("list", "vehicles", "keba"), "takes no further argument"),
        (("list", "firmwares", "kebba"), 'did you mean "keba"?'),
        (("play",), "SCENARIOS"),
        (("explore", "nowhere.yaml", "--budget", "0 s"), "found 0 s, in which there is no walk"),
    ],
)
def test_mistakes_are_one_line_and_exit_with_2(arguments: tuple[str, ...], says: str) -> None:
    assert says in run(*arguments, code=2).stderr


@pytest.mark.parametrize("client", ["", "sh -c 'true"])
def test_a_client_that_is_no_command_is_refused(good: Path, tmp_path: Path, client: str) -> None:
    arguments = ("explore", str(good), "--client", client, "--walks", "1", "--out", str(tmp_path / "out"))
    assert "--client: " in run(*arguments, code=2).stderr


def test_a_journal_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "journal.jsonl").write_bytes(b"\x94\x00")
    (tmp_path / "rules.yaml").write_text("- {name: asks, eventually: {client: {requests: goe}}}\n", "utf-8")
    done = run("judge", str(tmp_path / "journal.jsonl"), "--rules", str(tmp_path / "rules.yaml"), code=2)
    assert "journal.jsonl: not UTF-8 text" in done.stderr


def test_a_list_may_be_that_of_one_vendor() -> None:
    every, some = (json.loads(run("list", "models", *vendor, "--json").stdout) for vendor in ((), ("nrgkick",)))
    assert some == [row for row in every if row[1] == "nrgkick"] != []


def test_a_taken_control_port_is_said(good: Path) -> None:
    with running(str(good), "--frozen") as emulator:
        port = emulator.url.rpartition(":")[2]
        second = (*COMMAND, "run", str(good), "--control-port", port)
        done = subprocess.run(second, capture_output=True, text=True, timeout=300, check=False)
        assert done.returncode == 2
        assert done.stderr.startswith(f"control API: port {port} on 127.0.0.1")
        emulator.end()


NOTHING = """\
wallbox: {goe: {http: 0, firmware: "60.2"}}
steps:
  - {at: 1 s, fault: {on: goe.http, kind: delay, delay: 1 s}}
end: {at: 2 s}
"""


def test_a_strict_play_fails_where_nothing_was_tested(tmp_path: Path) -> None:
    file = tmp_path / "nothing.yaml"
    file.write_text(NOTHING)
    said = run("play", str(file)).stdout
    assert "not tested: " in said
    assert said.count("60.2 behaves as 60.1") == 1
    said = run("play", str(file), "--strict", "--report", str(tmp_path / "report"), code=1).stdout
    assert "untested fault delay: it was in force and hit nothing" in said
    assert "untested fault delay" in (tmp_path / "report" / "junit.xml").read_text()
    assert json.loads((tmp_path / "report" / "report.json").read_text())["ok"] is False
    file.write_text(f"strict: true\n{NOTHING}")
    run("play", str(file), code=1)
    assert "60.2 behaves as 60.1" in run("check", str(file)).stdout


@pytest.mark.parametrize("text", ["wallbox: goe\n", "chargers: {}\n", "wallbox: goe\nsteps: [plug_in: ]\nend: 1 min\n"])
def test_a_strict_play_fails_where_nothing_is_expected(tmp_path: Path, text: str) -> None:
    file = tmp_path / "nothing.yaml"
    file.write_text(text)
    assert "nothing expected" in run("play", str(file)).stdout
    said = run("play", "--strict", str(file), code=1).stdout
    assert f"{file}:1:1: at " in said
    assert "strict: nothing is expected, and there is no rule" in said


@pytest.mark.parametrize("vendor", ["goe", "warp", "nrgkick", "lektrico", "bender", "keba"])
def test_settings_events_and_quantities_are_listed(vendor: str) -> None:
    rows = json.loads(run("list", "settings", vendor, "--json").stdout)
    assert len(rows) > 10
    assert {"rcd_tripped"} <= {row[0] for row in json.loads(run("list", "events", "--json").stdout)}
    assert {"power"} <= {row[0] for row in json.loads(run("list", "quantities", "--json").stdout)}
    assert "needs a vendor" in run("list", "settings", code=2).stderr
    assert not re.search(r"\bP\d\d\b", run("list", "faults").stdout)


@pytest.mark.parametrize("content", [b"", b" \n", b"two\nlines", b"\xff", "Schlüssel".encode(), b"x" * 5000])
def test_a_token_that_protects_nothing_is_refused(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "token"
    file.write_bytes(content)
    for arguments in (("run", "--control-token-file", str(file)), ("ctl", "--control-token-file", str(file), "state")):
        text = run(*arguments, code=2).stderr
        assert text.startswith(f"{file}: ")
        assert text.count("\n") == 1


def test_a_token_is_given_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "token"
    file.write_text("secret\n")
    assert "empty" in run("run", "--bind", "0.0.0.0", "--control-token", "", code=2).stderr
    assert "No such file" in run("run", "--control-token-file", str(tmp_path / "none"), code=2).stderr
    assert "one of them" in run("run", "--control-token", "a", "--control-token-file", str(file), code=2).stderr
    for empty in ("", " "):
        monkeypatch.setenv("CHARGER_EMULATOR_TOKEN", empty)
        assert "empty" in run("run", "--bind", "0.0.0.0", "--open-control", code=2).stderr


def test_a_token_of_a_file_lets_in(good: Path, tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("secret\n")
    with running(str(good), "--frozen", "--control-token-file", str(file)) as served:
        assert "token" in run("ctl", "--url", served.url, "state", code=2).stderr
        assert "frozen" in run("ctl", "--url", served.url, "--control-token-file", str(file), "clock").stdout
        served.end()


# --- looking, writing, waiting, completing ---------------------------------------------------------------------------


def test_ctl_reads_writes_and_waits(good: Path) -> None:
    with running(str(good), "--frozen", "--keep-running") as emulator:
        emulator.ctl("wait", "power=> 3 kW", "--within", "1 min")
        assert emulator.ctl("read", "goe.amp") == "16\n"
        assert emulator.ctl("read", "goe.car", "charger.pilot").splitlines() == ["goe.car: 2", 'charger.pilot: "C"']
        emulator.ctl("write", "goe.amp=10")
        assert json.loads(emulator.ctl("read", "goe.amp", "power", "--json"))["goe.amp"] == 10
        last = emulator.ctl("journal", "--last", "1", "--kind", "write")
        assert "amp" in last
        assert len(last.splitlines()) == 1
        assert "not reached" in emulator.ctl("wait", "power=> 30 kW", "--within", "2 s", code=1)
        emulator.ctl("clock", "100")
        emulator.ctl("wait", "offered_current=10 A", "--within", "1 min")
        assert "found 10" in emulator.ctl("wait", "offered_current=20 A", "--within", "1 s", code=1)
        for words, says in (
            (("read", "goe.ampp"), 'did you mean "amp"?'),
            (("write", "goe.ampp=3"), 'did you mean "amp"?'),
            (("write", "geo.amp=3"), '"geo.amp" names no wallbox'),
            (("write", "goe.amp"), "expected something like goe.amp=10"),
            (("wait", "power=> 3 kW", "--within", "soon"), "--within"),
        ):
            assert says in run("ctl", "--url", emulator.url, *words, code=2).stderr
        failed = emulator.get(f"{emulator.url}/api/verdict")
        assert failed["ok"], "waiting in vain is no failure of the run"


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (("ctl", "trip"), "trip-rcd"),
        (("ctl", "plug-in", "vw"), "vw_id3"),
        (("ctl", "fault", "kind=del"), "kind=delay"),
        (("ctl", "trip-rcd", "resid"), "residual_current="),
        (("ctl", "trip-rcd", "current_type=a"), "current_type=ac"),
        (("ctl", "read", "sess"), "session_energy"),
        (("list", "settings", "bend"), "bender"),
        (("ctl", "journal", "--kind", "stim"), "stimulus"),
    ],
)
def test_words_are_completed(words: tuple[str, ...], offered: str) -> None:
    assert offered in completed(*words)


def completed(*words: str) -> list[str]:
    """What a shell would offer for the last word."""
    from click.shell_completion import BashComplete

    from emulator.cli import NAME, application

    found = BashComplete(application, {}, NAME, "_X").get_completions(list(words[:-1]), words[-1])
    return [item.value for item in found]


def test_boxes_and_values_of_a_running_emulator_are_completed(good: Path) -> None:
    with running(str(good), "--frozen", "--keep-running") as emulator:
        url = ("ctl", "--url", emulator.url)
        assert {"goe.ama", "goe.amp", "goe.amt"} <= set(completed(*url, "read", "goe.am"))
        assert "goe." in completed(*url, "read", "go")
        assert completed(*url, "fault", "on=charger.goe.h") == ["on=charger.goe.http"]
        emulator.ctl("fault", "on=goe.http", "kind=delay", "delay=1 s", "name=slow")
        assert completed(*url, "clear-fault", "name=s") == ["name=slow"]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_is_told_how(shell: str) -> None:
    assert "_CHARGER_EMULATOR_COMPLETE" in run("completion", shell).stdout


def test_check_as_json(good: Path, wrong: Path) -> None:
    found = json.loads(run("check", str(good), str(wrong), "nowhere.yaml", "--json", code=2).stdout)
    assert [one["ok"] for one in found] == [True, False, False]
    assert found[0]["steps"] == 2
    assert [problem["line"] for problem in found[1]["problems"]] == [4, 5]


@pytest.mark.parametrize("command", ["play", "run"])
def test_a_report_that_cannot_be_written_is_found_out_first(good: Path, tmp_path: Path, command: str) -> None:
    (tmp_path / "file").write_text("")
    done = run(command, str(good), "--report", str(tmp_path / "file" / "report"), code=2)
    assert "cannot be written" in done.stderr
    assert done.stdout == ""


def test_the_live_table_shows_boxes_and_clients(good: Path) -> None:
    from rich.console import Console

    from emulator.commands.live import table
    from emulator.control.contacts import Contacts
    from emulator.testing import EmulatorFixture

    with EmulatorFixture() as emulator:
        box = emulator.load(good).wallbox()
        contacts = emulator.call(lambda: Contacts(emulator.running.simulation.journal))
        emulator.advance("1 min")
        urllib.request.urlopen(f"{box.http_url}/api/status?filter=car").close()
        console = Console(width=140, record=True, file=io.StringIO())
        console.print(emulator.call(lambda: table(emulator.running, contacts)))
    (row,) = [line for line in console.export_text().splitlines() if line.startswith("charger.goe")]
    assert re.search(r"gemini-22 +C +10\.\d\d kW +127\.0\.0\.1 +1 +GET /api/status", row)


def test_a_share_of_a_fleet_is_served(tmp_path: Path) -> None:
    fleet = tmp_path / "fleet.yaml"
    fleet.write_text("fleet: {count: 3, name: box, wallboxes: {goe: {http: 0}}}\nend: {at: 1 s}\n")
    done = run("run", str(fleet), "--shard", "1/3", "--speed", "1000", "--control-port", "0", "--ports", "free")
    assert "box2.goe" in done.stdout
    assert "box1" not in done.stdout
    too_many = run("run", str(fleet), "--shard", "0/4", "--control-port", "0", code=2)
    assert "3 chargers cannot be split into 4 shares" in too_many.stderr


def test_a_fleet_in_several_processes_has_one_verdict(tmp_path: Path) -> None:
    fleet = tmp_path / "fleet.yaml"
    fleet.write_text(
        "fleet: {count: 3, name: box, wallboxes: {goe: {http: 0}}}\n"
        "steps: [{at: 1 s, expect: {box1.pilot: A}}, {at: 2 s, expect: {box2.pilot: C}}]\nend: {at: 3 s}\n"
    )
    options = ("run", str(fleet), "--ports", "free", "--control-port", "0", "--workers", "2")
    done = run(*options, "--speed", "1000", code=1)
    assert [f"box{number}.goe" in done.stdout for number in (1, 2, 3)] == [True] * 3
    assert "running, 1000 times as fast" in done.stdout
    assert "at 2 s: expect: box2.pilot is A, expected C" in done.stdout
    assert "FAILED after 3 s of simulated time; 2 expectations checked, 1 failed" in done.stdout
    for more, says in (
        (("--workers", "4"), "3 chargers cannot be split into 4 shares"),
        (("--shard", "0/2"), "give one of them"),
    ):
        assert says in run(*options, *more, code=2).stderr
    assert "name one" in run("run", "--workers", "2", "--control-port", "0", code=2).stderr


def test_the_progress_bar_leaves_nothing_behind(tmp_path: Path) -> None:
    """A verdict stands on a line of its own, also on a terminal."""
    pty = pytest.importorskip("pty")  # not on Windows
    (tmp_path / "one.yaml").write_text("wallbox: goe\nsteps: [{at: 10 min, expect: {goe.car: 1}}]\n")
    ours, theirs = pty.openpty()
    words = [sys.executable, "-m", "emulator", "play", "one.yaml", "one.yaml"]
    surroundings = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1]), "TERM": "xterm", "COLUMNS": "100"}
    with subprocess.Popen(words, cwd=tmp_path, env=surroundings, stdout=theirs, stderr=theirs, stdin=theirs) as process:
        os.close(theirs)
        written = b""
        with suppress(OSError):  # the terminal is gone when nobody writes any more
            while part := os.read(ours, 65536):
                written += part
    os.close(ours)
    assert process.returncode == 0
    verdicts = [line for line in written.decode().splitlines() if "passed after" in line]
    assert len(verdicts) == 2
    assert all("━" not in re.split(r"\x1b\[2K|\r", line)[-1] for line in verdicts)
