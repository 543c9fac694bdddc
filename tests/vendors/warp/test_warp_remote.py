"""WireGuard, certificates, the relay, crash dumps; day-ahead prices and solar forecasts."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from support_warp import WarpWorld

from emulator.vendors.warp.house.prices import NO_PRICE

KEY = "A" * 43 + "="
IP = "0.0.0.0"
TUNNEL: dict[str, Any] = {
    "enable": True,
    "make_default_interface": True,
    "internal_ip": "10.9.0.2",
    "internal_subnet": "255.255.255.0",
    "internal_gateway": "10.9.0.1",
    "remote_host": "vpn.example",
    "remote_port": 51820,
    "local_port": 51820,
    "private_key": KEY,
    "remote_public_key": KEY,
    "preshared_key": "",
    "allowed_ip": IP,
    "allowed_subnet": IP,
}
PEM = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"


# --- WireGuard -------------------------------------------------------------------------------------------------------


def test_a_tunnel_waits_for_its_peer_after_a_restart() -> None:
    world = WarpWorld()
    assert world.json("wireguard/state") == {"connection_start": 0, "connection_end": 0, "state": 0}
    world.done("wireguard/config", TUNNEL)
    config = world.json("wireguard/config")
    assert (config["private_key"], config["remote_public_key"], config["preshared_key"]) == (None, None, "")
    assert world.json("wireguard/state/state") == 0
    world.box.reboot()
    world.wait(30)
    assert world.json("wireguard/state/state") == 2


def test_a_tunnel_waits_for_the_time() -> None:
    settings = {"wireguard/config": TUNNEL, "clock_set": False, "internet": False}
    assert WarpWorld(settings=settings).json("wireguard/state/state") == 1


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        (
            {"internal_ip": "10.0.0.256"},
            'Failed to parse "internal_ip": Expected format is dotted decimal, i.e. 10.0.0.1',
        ),
        (
            {"allowed_subnet": "1.2.3.4.5"},
            'Failed to parse "allowed_subnet": Expected format is dotted decimal, i.e. 10.0.0.1',
        ),
        (
            {"private_key": ""},
            '"private_key" is empty, but Wireguard shall be enabed. Set this key to be able to enable Wireguard.',
        ),
        (
            {"remote_public_key": "AAAA"},
            '"remote_public_key" had unexpected length. Expecting a base64 encoded string of length 44.',
        ),
        (
            {"preshared_key": "!" * 44},
            '"preshared_key" contained unexpected character. Expecting a base64 encoded string.',
        ),
        (
            {"private_key": "A" * 44},
            '"private_key" decodes to a key of unexpected length. '
            "Expecting a base64 encoded string that decodes to a 32 byte long key.",
        ),
    ],
)
def test_tunnels_are_checked(changes: dict[str, object], error: str) -> None:
    world = WarpWorld()
    assert world.put("wireguard/config", TUNNEL | changes) == (400, error)
    assert world.json("wireguard/config/enable") is False


# --- certificates ----------------------------------------------------------------------------------------------------


def test_certificates_come_and_go() -> None:
    world = WarpWorld()
    world.done("certs/add", {"id": 3, "name": "home", "cert": PEM})
    world.done("certs/add", {"id": 0, "name": "first", "cert": PEM})
    both = {"certs": [{"id": 0, "name": "first"}, {"id": 3, "name": "home"}]}
    assert world.json("certs/state") == both
    world.done("certs/modify", {"id": 3, "name": "office", "cert": ""})
    world.box.reboot()
    world.wait(30)
    assert world.json("certs/state/certs/1") == {"id": 3, "name": "office"}
    world.done("certs/remove", {"id": 0})
    assert world.json("certs/state/certs") == [{"id": 3, "name": "office"}]


@pytest.mark.parametrize(
    ("command", "body", "error"),
    [
        (
            "add",
            {"id": 0, "name": "", "cert": ""},
            "Adding an empty certificate is not allowed. Did you mean to call certs/modify?",
        ),
        (
            "add",
            {"id": 1, "name": "", "cert": PEM},
            "A certificate with ID 1 does already exist! Did you mean to call certs/modify?",
        ),
        (
            "add",
            {"id": 0, "name": "", "cert": "hello"},
            "Failed to parse certificate: PEM - No PEM header or footer found",
        ),
        (
            "add",
            {"id": 8, "name": "", "cert": PEM},
            '["id"] Unsigned integer value 8 was more than the allowed maximum of 7',
        ),
        ("modify", {"id": 0, "name": "", "cert": PEM}, "No cert with ID 0 found! Did you mean to call certs/add?"),
        ("remove", {"id": 0}, "No cert with ID 0 found!"),
    ],
)
def test_certificates_are_checked(command: str, body: dict[str, object], error: str) -> None:
    world = WarpWorld()
    world.done("certs/add", {"id": 1, "name": "one", "cert": PEM})
    assert world.put(f"certs/{command}", body) == (400, error)
    assert world.json("certs/state/certs") == [{"id": 1, "name": "one"}]


def test_an_uploaded_key_is_not_used_again() -> None:
    world = WarpWorld()
    world.done("certs/add", {"id": 1, "name": "one", "cert": PEM})
    world.done("certs/remove", {"id": 1})
    status, text = world.put("certs/add/id", 1)
    assert (status, text[:31]) == (400, "Adding an empty certificate is ")
    assert "AAAA" not in world.ask("GET", "/debug_report").body.decode()


# --- the relay -------------------------------------------------------------------------------------------------------


def test_remote_access_is_configured_apart_from_its_state() -> None:
    world = WarpWorld()
    config = world.json("remote_access/config")
    assert list(config) == ["uuid", "enable", "password", "relay_host", "relay_port", "cert_id", "users"]
    assert (config["relay_host"], config["password"]) == ("my.warp-charger.com", "")
    wanted = {"enable": True, "relay_host": "relay.example", "relay_port": 444, "email": "a@b.c", "cert_id": 2}
    world.done("remote_access/config", wanted)
    assert world.json("remote_access/config") == config | {
        "enable": True,
        "relay_host": "relay.example",
        "relay_port": 444,
        "cert_id": 2,
    }
    assert len(world.json("remote_access/state")) == 6
    world.done("remote_access/config_reset")
    world.box.reboot()
    world.wait(30)
    assert world.json("remote_access/config/enable") is False


def test_pings_count_with_the_clock() -> None:
    world = WarpWorld()
    world.done("remote_access/start_ping")
    assert world.put("remote_access/start_ping") == (400, "Ping already started")
    world.wait(3)
    assert world.json("remote_access/ping_state/packets_sent") == 4
    world.done("remote_access/stop_ping")
    stopped = world.json("remote_access/ping_state")
    world.wait(3)
    assert world.json("remote_access/ping_state") == stopped


def test_a_registration_finds_no_relay() -> None:
    world = WarpWorld()
    assert world.put("remote_access/get_login_salt") == (400, "Empty request body")
    assert world.put("remote_access/get_login_salt", b" " * 5121) == (413, "Request body too large")
    assert world.put("remote_access/get_login_salt", {"enable": True})[0] == 400
    wanted = {"enable": True, "relay_host": "x", "relay_port": 443, "email": "", "cert_id": -1}
    world.done("remote_access/get_login_salt", wanted)
    assert world.json("remote_access/registration_state/state") == 1
    world.wait(2)
    assert world.json("remote_access/registration_state/state") == 3
    world.done("remote_access/reset_registration_state")
    assert world.json("remote_access/registration_state") == {"state": 0, "message": ""}


def test_no_crash_left_a_dump() -> None:
    assert WarpWorld().json("coredump/state") == {"coredump_available": False}


def test_a_warp1_has_neither_prices_nor_forecasts() -> None:
    world = WarpWorld("warp1-pro-11")
    assert world.json("certs/state") == {"certs": []}
    assert world.ask("GET", "/day_ahead_prices/state").status == 404
    assert world.ask("GET", "/solar_forecast/state").status == 404


# --- prices ----------------------------------------------------------------------------------------------------------


def minutes(world: WarpWorld) -> int:
    return int(world.json("ntp/state/time"))


def prices_on(world: WarpWorld, **changes: object) -> None:
    config = world.json("day_ahead_prices/config") | {"enable": True, "source": 1} | changes
    world.done("day_ahead_prices/config", config)


def hour(world: WarpWorld) -> int:
    """The begin of this hour, Unix minutes."""
    return minutes(world) // 60 * 60


def test_pushed_prices_change_with_the_quarter() -> None:
    world = WarpWorld()
    assert world.json("day_ahead_prices/state/current_price") == NO_PRICE
    prices_on(world)
    first = minutes(world) // 15 * 15
    pushed = {"first_date": first, "resolution": 0, "prices": [1000, 2000]}
    world.done("day_ahead_prices/prices", pushed)
    assert world.json("day_ahead_prices/prices") == pushed
    state = world.json("day_ahead_prices/state")
    assert (state["current_price"], state["last_sync"]) == (1000, minutes(world))
    world.wait(900)
    assert world.json("day_ahead_prices/state/current_price") == 2000
    world.wait(900)
    assert world.json("day_ahead_prices/state/current_price") == NO_PRICE


def test_prices_are_taken_in_push_mode_only() -> None:
    world = WarpWorld()
    body: dict[str, object] = {"first_date": 0, "resolution": 1, "prices": [1]}
    assert world.put("day_ahead_prices/prices", body) == (400, "Day ahead prices not enabled")
    prices_on(world, source=0)
    assert world.put("day_ahead_prices/prices", body) == (400, "Day ahead prices not in push mode")
    text = '["prices"] Array had 201 entries, but only 200 are allowed.'
    status, found = world.put("day_ahead_prices/prices", body | {"prices": [0] * 201})
    assert status == 400
    assert found == text or "longer than expected" in found
    bad = world.json("day_ahead_prices/config") | {"api_url": "http://x"}
    assert world.put("day_ahead_prices/config", bad) == (400, "HTTPS required for Day Ahead Price API URL")


def test_another_source_drops_the_prices() -> None:
    world = WarpWorld()
    prices_on(world)
    world.done("day_ahead_prices/prices", {"first_date": hour(world), "resolution": 1, "prices": [7]})
    prices_on(world, vat=1900)
    assert world.json("day_ahead_prices/state/current_price") == 7
    prices_on(world, region=1)
    assert world.json("day_ahead_prices/prices/prices") == []
    assert world.json("day_ahead_prices/state/current_price") == NO_PRICE


def test_a_market_answers_or_does_not() -> None:
    world = WarpWorld(settings={"market_prices": list(range(1000, 25000, 1000))})
    prices_on(world, source=0)
    prices = world.json("day_ahead_prices/prices")
    assert len(prices["prices"]) == 48
    index = (minutes(world) - prices["first_date"]) // 60
    assert world.json("day_ahead_prices/state/current_price") == (index + 1) * 1000
    world.wait(86400)
    assert world.json("day_ahead_prices/prices/first_date") == prices["first_date"] + 1440
    silent = WarpWorld()
    prices_on(silent, source=0)
    assert silent.json("day_ahead_prices/prices/prices") == []
    assert "API server https://api.warp-charger.com/ did not respond in time" in silent.log


def test_the_calendar_comes_on_top() -> None:
    world = WarpWorld()
    assert world.json("day_ahead_prices/calendar") == {"prices": []}
    prices_on(world, enable_calendar=True)
    assert world.json("day_ahead_prices/prices/prices") == []
    calendar = {"prices": [0] * 672}
    world.done("day_ahead_prices/calendar", calendar)
    prices = world.json("day_ahead_prices/prices")
    assert len(prices["prices"]) == 192
    begin = datetime.fromtimestamp(prices["first_date"] * 60, UTC).astimezone(world.warp.clock.zone)
    assert (begin.hour, begin.minute) == (0, 0)
    now = datetime.fromtimestamp(minutes(world) * 60, UTC).astimezone(world.warp.clock.zone)
    slot = now.weekday() * 96 + now.hour * 4 + now.minute // 15
    calendar["prices"][slot] = 25
    world.done("day_ahead_prices/calendar", calendar)
    assert world.json("day_ahead_prices/state/current_price") == 250
    world.done("day_ahead_prices/prices", {"first_date": hour(world), "resolution": 1, "prices": [1000]})
    found = world.json("day_ahead_prices/prices")
    assert (found["resolution"], found["prices"]) == (1, [1000])
    assert "Calendar prices are not compatible with a resolution of 60 minutes" in world.log
    world.done("day_ahead_prices/prices", {"first_date": hour(world) - 15, "resolution": 0, "prices": [7] * 8})
    found = world.json("day_ahead_prices/prices/prices")
    assert [price for price in found if price != 7] == [257]
    assert found.index(257) == now.minute // 15 + 1
    assert world.put("day_ahead_prices/calendar", {"prices": []})[0] == 400
    world.done("day_ahead_prices/calendar_reset")
    assert world.json("day_ahead_prices/calendar") == {"prices": []}
    assert world.json("day_ahead_prices/prices/prices") == [7] * 8


@pytest.mark.parametrize(
    ("path", "member", "texts"),
    [
        ("day_ahead_prices/prices", "prices", ("first_date must be non-zero", "prices array must not be empty")),
        (
            "solar_forecast/planes/0/forecast",
            "forecast",
            ("first_date must be non-zero", "forecast array must not be empty"),
        ),
    ],
)
def test_what_is_pushed_is_checked(path: str, member: str, texts: tuple[str, str]) -> None:
    world = WarpWorld()
    prices_on(world)
    world.done("solar_forecast/config", world.json("solar_forecast/config") | {"enable": True, "source": 1})
    body = {"first_date": hour(world), "resolution": 1, member: [1]}
    assert world.put(path, body | {"first_date": 0}) == (400, texts[0])
    assert world.put(path, body | {member: []}) == (400, texts[1])
    assert world.put(path, body | {"resolution": 2})[0] == 400
    hourly_only = path.startswith("solar")
    assert world.put(path, body | {"resolution": 0})[0] == (400 if hourly_only else 200)


def rule(**trigger: object) -> dict[str, object]:
    task = {"trigger": [20, trigger], "action": [1, {"message": "cheap"}], "delay": 0}
    return {"tasks": [task]}


@pytest.mark.parametrize(
    ("trigger", "fires"),
    [
        ({"type": 1, "comparison": 1, "value": 6}, True),
        ({"type": 1, "comparison": 1, "value": 5}, False),
        ({"type": 1, "comparison": 0, "value": 4}, True),
        ({"type": 0, "comparison": 1, "value": 70}, True),
        ({"type": 0, "comparison": 1, "value": 60}, False),
    ],
)
def test_rules_hear_of_a_new_price(trigger: dict[str, object], fires: bool) -> None:
    world = WarpWorld()
    world.done("automation/config", rule(**trigger))
    prices_on(world)
    world.done("day_ahead_prices/prices", {"first_date": hour(world), "resolution": 1, "prices": [5000, 10000]})
    assert ("cheap" in world.log) is fires


# --- forecast --------------------------------------------------------------------------------------------------------


def test_a_pushed_forecast_is_summed_up() -> None:
    world = WarpWorld()
    body = {"first_date": hour(world), "resolution": 1, "forecast": [100] * 48}
    path = "solar_forecast/planes/2/forecast"
    assert world.put(path, body) == (400, "Solar forecast not enabled")
    world.done("solar_forecast/config", world.json("solar_forecast/config") | {"enable": True})
    assert world.put(path, body) == (400, "Solar forecast not in push mode")
    world.done("solar_forecast/config", world.json("solar_forecast/config") | {"source": 1})
    assert world.json("solar_forecast/state/wh_today") == -1
    world.done(path, body)
    assert world.json("solar_forecast/planes/2/config/enable") is True
    state = world.json("solar_forecast/state")
    assert state["wh_today"] == state["wh_today_remaining"] > 0
    assert state["wh_tomorrow"] == 2400
    world.wait(3600)
    assert world.json("solar_forecast/state/wh_today") == state["wh_today"]
    assert world.json("solar_forecast/state/wh_today_remaining") == state["wh_today_remaining"] - 100
    plane = world.json("solar_forecast/planes/2/config")
    world.done("solar_forecast/planes/2/config", plane | {"name": "roof"})
    assert world.json("solar_forecast/planes/2/forecast/forecast") == []
    assert world.json("solar_forecast/state/wh_today") == -1


def test_the_forecast_service_is_called_again() -> None:
    world = WarpWorld()
    plane = world.json("solar_forecast/planes/0/config") | {"enable": True, "wp": 5000}
    world.done("solar_forecast/planes/0/config", plane)
    world.done("solar_forecast/config", world.json("solar_forecast/config") | {"enable": True})
    world.wait(3)
    assert world.json("solar_forecast/state/next_api_call") == minutes(world) + 30
    bad = world.json("solar_forecast/config") | {"api_url": "http://x"}
    assert world.put("solar_forecast/config", bad) == (400, "HTTPS required for Solar Forecast API URL")
