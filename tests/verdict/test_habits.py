"""Rules about habits of clients: in each kind a good client passes and a bad one fails for the right reason."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import suppress

import pytest

from emulator.testing import EmulatorFixture, WallboxFixture


class Client:
    """A client of go-e's HTTP API under test, with the time it takes between what it does."""

    def __init__(self, emulator: EmulatorFixture) -> None:
        self.emulator = emulator
        self.wallbox: WallboxFixture = emulator.start("goe")

    def get(self, path: str) -> None:
        with suppress(OSError):
            urllib.request.urlopen(self.wallbox.http_url + path, timeout=60).read()

    def write(self, key: str, value: object) -> None:
        self.get(f"/api/set?{key}={value}")

    def read(self, *keys: str) -> None:
        self.get(f"/api/status?filter={','.join(keys)}")

    def wait(self, duration: str) -> None:
        self.emulator.advance(duration)


def retries_twice(client: Client) -> None:
    for _ in range(3):
        client.write("amp", 99)
        client.wait("5 s")
    client.wait("2 min")


def retries_for_ever(client: Client) -> None:
    for _ in range(6):
        client.write("amp", 99)
        client.wait("5 s")


def gives_up(client: Client) -> None:
    client.write("amp", 99)
    client.wait("2 min")


def reads_back(client: Client) -> None:
    client.write("amp", 10)
    client.wait("5 s")
    client.read("amp")


def reads_something_else(client: Client) -> None:
    client.write("amp", 10)
    client.wait("5 s")
    client.read("car")
    client.wait("1 min")


def loses_a_reply(client: Client) -> None:
    client.emulator.fault(on="goe.http", kind="reset", count=1)
    client.read("car")
    client.wait("5 s")


def asks_again(client: Client) -> None:
    loses_a_reply(client)
    client.read("car")


def asks_no_more(client: Client) -> None:
    loses_a_reply(client)
    client.wait("1 min")


def refreshes(client: Client) -> None:
    for _ in range(5):
        client.write("ids", '{"pGrid":-2000}')
        client.wait("4 s")


def forgets_to_refresh(client: Client) -> None:
    refreshes(client)
    client.wait("10 s")


def releases(client: Client) -> None:
    client.write("frc", 1)
    client.wait("1 min")
    client.write("frc", 0)


def keeps_it_forced(client: Client) -> None:
    client.write("frc", 1)
    client.wait("1 min")


def writes_now_and_then(client: Client) -> None:
    for _ in range(2):
        client.write("amp", 10)
        client.wait("20 s")


def writes_all_the_time(client: Client) -> None:
    for _ in range(3):
        client.write("amp", 10)
        client.wait("5 s")


def polls_slowly(client: Client) -> None:
    for _ in range(3):
        client.read("car")
        client.wait("1 s")


def polls_fast(client: Client) -> None:
    for _ in range(3):
        client.read("car")
        client.wait("200 ms")


def charge(client: Client, *limits: int, **vehicle: object) -> None:
    client.emulator.step("plug_in", vehicle="vw_id3", **vehicle)
    client.wait("1 min")
    for limit in limits:
        client.write("amp", limit)
        client.wait("30 s")


def obeys(client: Client) -> None:
    charge(client)
    client.emulator.note("grid is short")
    client.write("amp", 6)
    client.wait("30 s")


def obeys_too_late(client: Client) -> None:
    charge(client)
    client.emulator.note("grid is short")
    client.wait("8 s")
    client.write("amp", 6)
    client.wait("30 s")


def leaves_enough(client: Client) -> None:
    charge(client, 10, min_current="8 A")


def leaves_too_little(client: Client) -> None:
    charge(client, 6, min_current="8 A")


def switches_slowly(client: Client) -> None:
    charge(client)
    client.write("psm", 1)
    client.wait("11 min")
    client.write("psm", 2)
    client.wait("5 min")


def switches_fast(client: Client) -> None:
    charge(client)
    client.write("psm", 1)
    client.wait("2 min")
    client.write("psm", 2)
    client.wait("5 min")


Act = Callable[[Client], None]
CASES: list[tuple[dict[str, object], Act, Act, str]] = [
    (
        {"client": {"writes": "goe.amp"}, "retries": "<= 2", "within": "1 min"},
        retries_twice,
        retries_for_ever,
        "retry 3 of amp at 15 s",
    ),
    (
        {"client": {"writes": "goe.amp"}, "retries": ">= 1", "within": "1 min"},
        retries_twice,
        gives_up,
        "0 retries of charger.goe.amp at 60 s",
    ),
    (
        {"client": {"writes": "goe.amp"}, "reads_back": "30 s"},
        reads_back,
        reads_something_else,
        "amp was not read back within 30 s at 30 s",
    ),
    (
        {"client": {"requests": "goe.http"}, "asks_again": "30 s"},
        asks_again,
        asks_no_more,
        "nothing was asked within 30 s",
    ),
    (
        {"refreshes": {"client": {"writes": "goe.ids"}}, "every": "5 s"},
        refreshes,
        forgets_to_refresh,
        "not for 5 s at 21 s",
    ),
    (
        {"releases": {"client": {"writes": "goe.frc"}}, "to": 0},
        releases,
        keeps_it_forced,
        "charger.goe.frc was left at 1 at 60 s",
    ),
    (
        {"client": {"writes": "goe.amp"}, "same_value_apart": "15 s"},
        writes_now_and_then,
        writes_all_the_time,
        "amp = 10 again at 5 s, 5 s later",
    ),
    (
        {"client": {"requests": "goe.http"}, "apart": "1 s"},
        polls_slowly,
        polls_fast,
        "again at 0.2 s, 0.2 s after the last time",
    ),
    (
        {
            "after": {"note": "grid is short"},
            "within": "10 s",
            "expect": {"phase_current": "< 6.2 A"},
        },
        obeys,
        obeys_too_late,
        "not within 10 s after note grid is short",
    ),
    (
        {"never": {"vehicle.below_minimum": True}, "for": "10 s"},
        leaves_enough,
        leaves_too_little,
        "vehicle.below_minimum is true",
    ),
    (
        {"event": "phase_switch_started", "apart": "10 min"},
        switches_slowly,
        switches_fast,
        "after the last time",
    ),
]


@pytest.mark.parametrize(("rule", "good", "bad", "said"), CASES, ids=[case[2].__name__ for case in CASES])
def test_a_good_client_passes_and_a_bad_one_fails(
    emulator: EmulatorFixture, rule: dict[str, object], good: Act, bad: Act, said: str
) -> None:
    client = Client(emulator)
    emulator.rule(rule)
    good(client)
    (verdict,) = emulator.verdict()
    assert verdict["ok"]
    assert verdict["occurrences"], "a good client gives it something to judge"
    emulator.reset()
    emulator.rule(rule)
    bad(client)
    with pytest.raises(AssertionError) as caught:
        emulator.verdict()
    assert said in str(caught.value)
