"""Rules about real clients over sockets, from the fixture."""

from __future__ import annotations

import urllib.request
from pathlib import Path

import pytest

from emulator.errors import ScenarioError
from emulator.testing import EmulatorFixture


def get(url: str, agent: str = "curl/8.0") -> bytes:
    asked = urllib.request.Request(url, headers={"User-Agent": agent})
    with urllib.request.urlopen(asked, timeout=60) as reply:
        return bytes(reply.read())


def test_a_greedy_client_fails_and_is_told_why(emulator: EmulatorFixture) -> None:
    box = emulator.start("goe")
    emulator.rule(name="house limit", never={"client": {"writes": "goe.amp", "value": "> 16"}})
    get(f"{box.http_url}/api/set?amp=16")
    get(f"{box.http_url}/api/set?amp=20")
    with pytest.raises(AssertionError) as caught:
        emulator.verdict()
    text = str(caught.value)
    assert 'rule "house limit": it happened at 0 s' in text
    assert "GET /api/set  query: amp=20" in text
    assert "nearest:" in text
    assert "127.0.0.1:" in text


def test_a_polite_client_passes(emulator: EmulatorFixture) -> None:
    box = emulator.start("goe")
    emulator.rule({"always": {"client": {"requests": "goe.http", "rate": "<= 1 /s"}}})
    for _ in range(5):
        get(f"{box.http_url}/api/status?filter=car")
        emulator.advance("1 s")
    (verdict,) = emulator.verdict()
    assert verdict["ok"]
    assert verdict["measured"]["interval"]["count"] == 4  # type: ignore[index]


def test_an_impatient_client_fails(emulator: EmulatorFixture) -> None:
    box = emulator.start("goe")
    emulator.rule({"always": {"client": {"requests": "goe.http", "rate": "<= 1 /s"}}})
    for _ in range(5):
        get(f"{box.http_url}/api/status?filter=car")
        emulator.advance("300 ms")
    with pytest.raises(AssertionError, match=r"3 times in less than 1 s of its time at 0\.6 s"):
        emulator.verdict()


def test_what_is_read_asked_and_connected(emulator: EmulatorFixture) -> None:
    box = emulator.start("goe")
    emulator.rule(name="reads the state", eventually={"client": {"reads": "goe.car"}})
    emulator.rule(name="does not read the rest", never={"client": {"reads": "goe.nrg"}})
    emulator.rule(name="does not use", never={"client": {"requests": "goe", "matching": "GET /status*"}})
    emulator.rule(name="comes", eventually={"client": {"connects": "goe.http"}})
    emulator.rule(name="no errors", never={"client": {"requests": "goe.http", "failed": True}})
    get(f"{box.http_url}/api/status?filter=car,amp")
    assert [verdict["ok"] for verdict in emulator.verdict()] == [True] * 5


def test_forbidden_requests(emulator: EmulatorFixture) -> None:
    box = emulator.start("goe")
    emulator.rule(name="no set", never={"client": {"requests": "goe.http", "matching": "GET /api/set"}})
    emulator.rule(name="no whole status", never={"client": {"reads": "goe.nrg"}})
    get(f"{box.http_url}/api/status")
    get(f"{box.http_url}/api/set?amp=16")
    with pytest.raises(AssertionError) as caught:
        emulator.verdict()
    assert 'rule "no set": it happened' in str(caught.value)
    assert 'rule "no whole status": it happened' in str(caught.value)


def test_mistakes_in_rules(emulator: EmulatorFixture) -> None:
    emulator.start("goe")
    with pytest.raises(ScenarioError, match='did you mean "amp"'):
        emulator.rule({"never": {"client": {"writes": "goe.ampp"}}})


def test_rules_of_a_loaded_scenario(emulator: EmulatorFixture, tmp_path: Path) -> None:
    file = tmp_path / "night.yaml"
    file.write_text(
        "wallbox: {vendor: goe, http: 8101}\nsteps: [{at: 10 s, plug_in: vw_id3}]\n"
        "rules: [{name: answers, after: {event: plugged}, within: 30 s, client: {writes: goe.amp}}]\nend: 1 h\n"
    )
    emulator.load(file)
    emulator.advance("20 s")
    get(f"{emulator.wallbox().http_url}/api/set?amp=10")
    emulator.finish()
    (verdict,) = emulator.verdict()
    assert verdict["ok"]
    emulator.load(file)
    with pytest.raises(AssertionError, match="not within 30 s after event plugged"):
        emulator.finish()


def test_a_reset_forgets_everything_but_the_boxes(emulator: EmulatorFixture) -> None:
    box = emulator.start("goe")
    other = emulator.start("nrgkick")
    url = box.http_url
    emulator.rule(never={"client": {"writes": "goe.amp", "value": "> 16"}})
    emulator.plug_in(vehicle="vw_id3")
    get(f"{url}/api/set?amp=20")
    emulator.advance("1 h")
    emulator.reset()
    assert emulator.now == 0
    assert emulator.verdict() == []
    assert get(f"{url}/api/status?filter=amp,car") == b'{"amp":16,"car":1}'
    assert b"current_set" in get(f"{other.http_url}/control")
    emulator.plug_in(vehicle="vw_id3")
    emulator.advance("1 min")
    emulator.expect(power="> 10 kW")


def test_a_rule_about_one_client_is_not_tested_by_another(emulator: EmulatorFixture, tmp_path: Path) -> None:
    file = tmp_path / "night.yaml"
    file.write_text(
        "wallbox: {vendor: goe, http: 8101}\n"
        "rules: [{name: only reads, never: {client: {writes: goe, from: evcc/*}}}]\nend: 1 h\n"
    )
    for agent, untested in (("curl/8.0", ["only reads"]), ("evcc/0.2", [])):
        emulator.load(file)
        get(f"{emulator.wallbox().http_url}/api/status?filter=car", agent)
        result = emulator.call(lambda: emulator.running.player.result())
        assert [one.name for one in result.untested] == untested
