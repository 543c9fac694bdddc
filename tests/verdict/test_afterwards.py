"""Rules asked afterwards: over a recorded journal, over that of a running emulator, at the end of a test."""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from emulator.cli import main
from emulator.control.server import ControlServer
from emulator.core.instant import MINUTE
from emulator.errors import ScenarioError
from emulator.reports.writing import write_reports
from emulator.scenario.loader import loads
from emulator.scenario.playing import play
from emulator.service.emulator import Emulator, Options
from emulator.testing import EmulatorFixture
from emulator.verdict.catalogue import BY_NAME, SETS, document, expand
from emulator.verdict.reading import rules_from
from emulator.verdict.recorded import judge, names_in, read_journal

pytest_plugins = ["pytester"]
CATALOGUE = Path(__file__).parents[2] / "docs" / "rule-sets.md"

NIGHT = """
chargers: {garage: {wallboxes: {goe: {http: true}}}}
steps:
  - {at: 10 s, plug_in: vw_id3}
  - {at: 1 min, command: {write: {amp: 10}}}
  - {at: 2 min, command: {write: {frc: 1}}}
  - {at: 3 min, command: {write: {amp: 20}}}
end: 5 min
"""
RULES = """
rules:
  - {name: house limit, never: {client: {writes: garage.goe.amp, value: "> 16"}}}
  - {name: in order, order: [{event: plugged}, {client: {writes: goe.frc}}]}
  - {name: once, client: {writes: goe.frc}, count: 1}
  - {name: trip, after: {event: rcd_tripped}, within: 10 s, client: {writes: goe.frc}}
  - {name: cold, never: {event: contactor_opened, while: {garage.phase_current: "> 1 A"}}}
"""


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    scenario = loads(NIGHT)
    write_reports(tmp_path / "report", [(scenario, play(scenario))])
    return tmp_path / "report" / "journal.jsonl"


Cli = Callable[..., tuple[int, str]]


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str]) -> Cli:
    """The command line: its exit code, and everything it said."""

    def called(*words: str) -> tuple[int, str]:
        with pytest.raises(SystemExit) as ended:
            main(list(words))
        said = capsys.readouterr()
        return int(ended.value.code or 0), said.out + said.err

    return called


def test_judge_says_the_same_as_the_run(journal: Path, tmp_path: Path) -> None:
    rules = tmp_path / "rules.yaml"
    rules.write_text(RULES)
    entries = read_journal(journal)
    placed = rules_from([{"never": {"client": {"writes": "goe.amp", "value": "> 16"}}}], names_in(entries))
    (verdict,) = judge(entries, placed).rules
    assert not verdict.ok
    assert verdict.at == 3 * MINUTE
    live = play(loads(NIGHT + RULES))
    recorded = judge(entries, rules_from(_rules(), names_in(entries)))
    assert {one.name: (one.ok, one.at) for one in recorded.rules} == {
        one.name: (one.ok, one.at) for one in live.rules if one.name != "cold"
    }
    assert {(one.kind, one.name) for one in recorded.untested} == {("rule", "trip"), ("rule", "cold")}


def _rules() -> list[object]:
    import yaml

    found: list[object] = yaml.safe_load(RULES)["rules"]
    return found


def test_the_command_judges_a_journal(cli: Cli, journal: Path, tmp_path: Path) -> None:
    good, bad = tmp_path / "good.yaml", tmp_path / "bad.yaml"
    good.write_text("- {name: once, client: {writes: goe.frc}, count: 1}\n")
    bad.write_text(RULES)
    code, said = cli("judge", str(journal), "--rules", str(good))
    assert code == 0
    assert "passed; 1 rule checked" in said
    code, said = cli("judge", str(journal), "--rules", str(bad))
    assert code == 1
    assert 'bad.yaml:3:5: rule "house limit": it happened at 180 s' in said
    assert "nearest:  60.000 s  write" in said
    assert "not tested" in said
    code, said = cli("judge", str(journal), "--rules", str(bad), "--json")
    assert [rule["ok"] for rule in json.loads(said)["rules"]] == [False, True, True, True]


def test_mistakes_of_whoever_judges(cli: Cli, journal: Path, tmp_path: Path) -> None:
    rules = tmp_path / "rules.yaml"
    rules.write_text("- {never: {client: {writes: garrage.goe}}}\n")
    code, said = cli("judge", str(journal), "--rules", str(rules))
    assert code == 2
    assert "rules.yaml:1:29" in said
    assert "garrage" in said
    code, said = cli("judge", str(rules), "--rules", str(rules))
    assert code == 2
    assert "rules.yaml:1: this is not a line of a journal" in said
    journal.write_text("\n")
    rules.write_text("- {never: {event: plugged}}\n")
    code, said = cli("judge", str(journal), "--rules", str(rules))
    assert code == 2
    assert "journal.jsonl: there is no entry in it" in said


def test_a_set_is_judged_by_the_names_of_a_journal(cli: Cli, journal: Path, tmp_path: Path) -> None:
    rules = tmp_path / "rules.yaml"
    rules.write_text("rules: [include: goe/recommended]\n")
    code, said = cli("judge", str(journal), "--rules", str(rules))
    assert code == 1
    assert "goe/recommended: releases the forced state" in said


async def test_verify_and_rules_of_a_running_emulator() -> None:
    text = "wallbox: {goe: {http: true}}"
    async with (
        Emulator(loads(text), Options(any_port=True, speed=0.0, announce=False)) as emulator,
        ControlServer(emulator, port=0) as server,
        aiohttp.ClientSession(server.url) as http,
    ):

        async def call(method: str, path: str, body: object = None) -> Any:
            async with http.request(method, path, json=body) as reply:
                return await reply.json(content_type=None)

        endpoint = emulator.servers["charger.goe.http"].endpoint
        for value in (10, 12):
            async with http.get(f"http://{endpoint.host}:{endpoint.port}/api/set?amp={value}") as reply:
                await reply.read()
            await emulator.advance(MINUTE)
        writes = {"client": {"writes": "goe.amp"}}
        assert (await call("POST", "/api/verify", {**writes, "count": 2}))["ok"]
        missed = await call("POST", "/api/verify", {"client": {"writes": "goe.amp", "value": 16}, "count": 1})
        assert not missed["ok"]
        assert "amp" in missed["rules"][0]["nearest"]
        seq = emulator.simulation.journal.seq
        assert (await call("POST", "/api/verify", {"rules": [{"never": writes}], "after": seq}))["ok"]
        beyond = await call("POST", "/api/verify", {"rules": [{"never": writes}], "after": seq + 1000})
        assert beyond["status"] == 422
        assert f"there is no journal entry {seq + 1000}, the last one is" in beyond["detail"]
        several = [{"never": writes}, {"order": [writes, {"event": "plugged"}]}]
        found = await call("POST", "/api/verify", several)
        assert [rule["ok"] for rule in found["rules"]] == [False, True]
        assert (await call("GET", "/api/verdict"))["rules"] == [], "asking changes nothing"
        assert (await call("POST", "/api/verify", {"rules": [{"never": writes}], "before": 1}))["status"] == 422
        await call("POST", "/api/rules", [{"name": "a", "never": writes}, {"include": "goe/recommended"}])
        rules = (await call("GET", "/api/rules"))["rules"]
        assert rules[0]["name"] == "a"
        assert len(rules) == 1 + len(BY_NAME["goe/recommended"].rules)
        verdict = await call("POST", "/api/verdict")
        assert verdict["ok"]
        assert {one["kind"] for one in verdict["untested"]} == {"rule"}


def test_every_set_can_be_included(emulator: EmulatorFixture) -> None:
    for found in SETS:
        if found.vendor:
            emulator.start(found.vendor)
    site = emulator.running.site
    for found in SETS:
        assert len(expand(found.name, site.names)) >= len(found.rules) - 1
        assert emulator.call(lambda name=found.name: rules_from({"include": name}, site.names))  # type: ignore[misc]
        assert all(rule.source for rule in found.rules)
    with pytest.raises(ScenarioError, match='did you mean "keba/recommended"'):
        rules_from({"include": "keba/recomended"}, site.names)


def test_the_set_of_each_vendor(emulator: EmulatorFixture) -> None:
    for vendor in ("goe", "keba", "heidelberg"):
        emulator.start(vendor)
    names = emulator.running.site.names

    def titles(name: str, on: str | None = None) -> set[str]:
        return {str(rule["name"]) for rule in expand(name, names, on)}

    both = titles("goe/recommended") | titles("keba/recommended")
    assert titles("vendor/recommended") == both
    assert both - titles("vendor/running") == {"goe/recommended: releases the forced state"}
    assert titles("vendor/recommended", "keba") == titles("keba/recommended")
    assert titles("vendor/recommended", "heidelberg") == set(), "nobody knows what its maker recommends"


def test_a_set_without_rules_about_the_wallboxes_is_not_tested() -> None:
    scenario = loads("wallbox: heidelberg\nrules: [include: vendor/recommended]\nend: 1 min\n")
    (untested,) = play(scenario).untested
    assert (untested.kind, untested.name) == ("rule", "vendor/recommended")
    assert "no rule of it is about the wallboxes there are" in untested.why


def test_the_page_of_the_catalogue_is_up_to_date() -> None:
    assert CATALOGUE.read_text("utf-8") == document(), (
        "run: python -c 'from emulator.verdict.catalogue import document; print(document(), end=\"\")'"
        " > docs/rule-sets.md"
    )


def test_sets_are_listed(cli: Cli) -> None:
    code, said = cli("list", "rules")
    assert code == 0
    for found in SETS:
        assert found.name in said


@pytest.mark.parametrize(("pause", "ok"), [("1 s", True), ("1 ms", False)])
def test_kebas_pause(emulator: EmulatorFixture, pause: str, ok: bool) -> None:
    wallbox = emulator.start("keba")
    for rule in expand("keba/recommended", emulator.running.site.names):
        if "100 ms" in str(rule["name"]):
            emulator.rule(rule)
    for _ in range(2):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.settimeout(60)
            sock.sendto(b"i", (wallbox.host, wallbox.port("udp")))
            sock.recv(1000)
        emulator.advance(pause)
    if ok:
        assert emulator.verdict()[0]["ok"]
        return
    with pytest.raises(AssertionError, match="100 ms between two commands"):
        emulator.verdict()


USERS_TESTS = """
import urllib.request

def test_greedy(emulator):
    goe = emulator.start("goe")
    emulator.rule(name="house limit", never={"client": {"writes": "goe.amp", "value": "> 16"}})
    urllib.request.urlopen(goe.http_url + "/api/set?amp=20").read()

def test_polite(emulator):
    goe = emulator.start("goe")
    emulator.rule(name="house limit", never={"client": {"writes": "goe.amp", "value": "> 16"}})
    urllib.request.urlopen(goe.http_url + "/api/set?amp=10").read()
"""


def test_a_broken_rule_fails_a_test_at_its_end(pytester: pytest.Pytester) -> None:
    pytester.makeini("[pytest]\nasyncio_default_fixture_loop_scope = function\n")
    pytester.makepyfile(USERS_TESTS)
    result = pytester.runpytest_subprocess("-Werror")
    result.assert_outcomes(passed=2, errors=1)
    result.stdout.fnmatch_lines(['*rule "house limit": it happened at 0 s*', "*emulator journal*"])


# --- resets, posted expectations, interfaces -------------------------------------------------------------------------


async def test_a_reset_leaves_a_section_and_a_posted_expectation_counts(tmp_path: Path) -> None:
    scenario = loads("wallbox: {goe: {http: true}}\nrules: [{name: low, always: {power: '< 1 kW'}}]")
    options = Options(any_port=True, speed=0.0, announce=False, record=True)
    async with Emulator(scenario, options) as emulator:
        assert not emulator.expect({"power": "> 3 kW"}).detail["ok"]
        assert [failure.step for failure in emulator.result.failures] == ["expect"]
        await emulator.advance(MINUTE)
        await emulator.reset()
        assert emulator.result.ok
        assert not emulator.failed_before, "whoever posted it was told"
        await emulator.advance(2 * MINUTE)
        emulator.conclude()
        runs = [(scenario, earlier) for earlier in emulator.earlier]
        write_reports(tmp_path, [(scenario, emulator.result)], runs)
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["ended_at"] == 120
    (section,) = report["earlier"]
    assert section == {"folder": "before-reset-1", "ok": False, "ended_at": 60, "failures": 1, "untested": 0}
    before = json.loads((tmp_path / "before-reset-1" / "report.json").read_text())
    assert before["failures"][0]["step"] == "expect"
    assert (tmp_path / "junit.xml").read_text().count("<testsuite ") == 2
    assert "before-reset-1/report.html" not in (tmp_path / "before-reset-1" / "report.html").read_text()
    assert '"before-reset-1"' in (tmp_path / "report.html").read_text()


async def test_interfaces_say_that_they_are_off_and_how_to_switch_them_on() -> None:
    from emulator.control import views

    text = "chargers: {a: {wallboxes: {nrgkick: {address: 127.0.1.77}}}, b: {interfaces: all, wallboxes: [nrgkick]}}"
    async with Emulator(loads(text), Options(any_port=True, speed=0.0, announce=False)) as emulator:
        shown: Any = {found["name"]: found["interfaces"] for found in views.wallboxes(emulator)}
        off = {one["name"]: (one["off"], one["switch_on"]) for one in shown["a.nrgkick"] if one["off"]}
        assert off == {
            "http": ("json_api", "settings: {json_api: true}"),
            "modbus": ("modbus_api", "settings: {modbus_api: true}"),
        }
        assert [one["off"] for one in shown["b.nrgkick"] if one["protocol"] != "mdns"] == [None, None]
        port = next(one["port"] for one in shown["b.nrgkick"] if one["name"] == "http")
        async with aiohttp.request("GET", f"http://127.0.0.1:{port}/control") as reply:
            assert "current_set" in await reply.json(content_type=None)


def test_what_was_not_tested_is_in_every_report(tmp_path: Path) -> None:
    scenario = loads(
        "wallbox: goe\nclients: {evcc: evcc/*}\n"
        "steps:\n  - {at: 1 s, fault: {name: dead, on: goe.http, kind: black_hole}}\n"
        "rules:\n  - {name: polls, always: {client: {requests: goe.http, rate: <= 1 /s}}}\nend: 1 min\n"
    )
    result = play(scenario)
    assert [(one.kind, one.name, str(one.place)) for one in result.untested] == [
        ("fault", "dead", "scenario.yaml:4:15"),
        ("rule", "polls", "scenario.yaml:6:5"),
        ("client", "evcc", "scenario.yaml:2:11"),
    ]
    write_reports(tmp_path, [(scenario, result)])
    assert [one["name"] for one in json.loads((tmp_path / "report.json").read_text())["untested"]] == [
        "dead",
        "polls",
        "evcc",
    ]
    for file in ("junit.xml", "report.html"):
        text = (tmp_path / file).read_text()
        assert "its trigger never occurred" in text
        assert "it never came" in text


# --- the page ------------------------------------------------------------------------------------------------------

PAGE = CATALOGUE.with_name("rules.md")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE.read_text("utf-8"), re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("text", blocks("yaml"))
def test_the_scenarios_of_the_page_hold(text: str) -> None:
    result = play(loads(text, "rules.md"))
    assert [str(failure) for failure in result.failures] == []


def test_the_habits_of_the_page_are_all_judged() -> None:
    result = play(loads(blocks("yaml")[1], "rules.md"))
    assert [str(one) for one in result.untested] == []
    assert all(verdict.occurrences for verdict in result.rules)


def test_the_command_of_the_page_works(
    cli: Cli, journal: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (command,) = blocks("console")
    monkeypatch.chdir(tmp_path)
    Path("rules.yaml").write_text("rules: [{name: once, client: {writes: goe.frc}, count: 1}]\n")
    words = command.removeprefix("$ charger-emulator ").split()
    assert words[1] == str(journal.relative_to(tmp_path))
    assert cli(*words)[0] == 0


@pytest.mark.parametrize("text", blocks("json"))
async def test_the_questions_of_the_page_are_answered(text: str) -> None:
    async with (
        Emulator(loads("wallbox: {goe: {http: true}}"), Options(any_port=True, speed=0.0, announce=False)) as emulator,
        ControlServer(emulator, port=0) as server,
        aiohttp.ClientSession(server.url) as http,
        http.post("/api/verify", json=json.loads(text)) as reply,
    ):
        assert reply.status == 200
        assert len((await reply.json())["rules"]) >= 1


def test_the_test_of_the_page_passes(pytester: pytest.Pytester) -> None:
    pytester.makeini("[pytest]\nasyncio_default_fixture_loop_scope = function\n")
    pytester.makepyfile("from urllib.request import urlopen\n\n" + blocks("python")[0])
    pytester.runpytest_subprocess("-Werror").assert_outcomes(passed=1)
