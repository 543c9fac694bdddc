"""Whatever a client writes, the box answers as a box does and goes on."""

from __future__ import annotations

import json
from urllib.parse import quote

import pytest
from bench import CLIENT, Bench
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from emulator.core.messages import Unplug
from emulator.devices.interfaces import ModbusInterface, ModbusRequest
from emulator.vendors.goe import v1_rows
from emulator.vendors.goe import vendor as goe
from emulator.vendors.goe.keys import KEYS

NAMES = sorted({key.name for key in KEYS if key.write is not None} - {"hai"})

NUMBERS = (
    st.integers(-3, 40)
    | st.integers(-(2**70), 2**70)
    | st.floats()
    | st.sampled_from([0, 1, 6, 16, 1e300, -1e300, 10**400, 0.5, 5000, 10_000])
)
MEMBERS = st.sampled_from(
    "pGrid pPv pAkku control ranges begin end hour minute name energy rfid amp start marketprice ssid key x".split()  # noqa: SIM905
)
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | st.text(max_size=6) | st.sampled_from(["#10aaff", "2030-01-01T00:00:00"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(MEMBERS, inner, max_size=4),
    max_leaves=10,
)  # fmt: skip
RAW = VALUES.map(lambda value: json.dumps(value)) | st.text(max_size=12)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(writes=st.lists(st.tuples(st.sampled_from(NAMES), RAW), min_size=1, max_size=12), psm=st.integers(0, 2))
def test_any_write_is_answered_and_survived(writes: list[tuple[str, str]], psm: int) -> None:
    world = Bench("goe", settings={"hai": True, "psm": psm, "lmo": 4, "fup": True, "awe": True})
    world.plug_in()
    for name, raw in writes:
        reply = world.request(f"/api/set?{name}={quote(raw, safe='')}")
        decoded = json.loads(reply.body)
        assert list(decoded) == [name]
        assert (decoded[name] is True) == (reply.status == 200)
        world.wait(2.5)
        if world.box.up:
            json.loads(world.request("/api/status").body)
    world.wait(3600)
    world.apply(Unplug())
    world.wait(60)
    json.loads(world.request("/api/status").body)


HUGE = "1" + "0" * 200


@pytest.mark.parametrize(
    "query",
    [
        "dwo=1e999",
        f"dwo={HUGE}",
        "dwo=1e300",
        "ate=1e300&lmo=5",
        f'ids={{"pGrid":{HUGE}}}',
        'ids={"pGrid":1e999}',
        'ids={"pGrid":-1e300}',
        'utc="9999-12-31T23:59:59"',
        'utc="0001-01-01T00:00:00"',
        f'awpl=[{{"start":0,"end":{HUGE},"marketprice":1}}]',
        'awpl=[{"start":0,"end":1e999,"marketprice":1}]',
        'awpl=[{"start":-1e300,"end":1e300,"marketprice":1}]',
        f"lot={HUGE}",
        f'cards=[{{"energy":{HUGE}}}]',
        "c0e=18446744073709551615",
        "mcpea=9223372036854775807",
        "fst=1e38",
        "pgt=-1e300",
        "spl3=1e300",
        "cco=1e999",
    ],
)
def test_extreme_values(query: str) -> None:
    world = Bench("goe", settings={"hai": True, "lmo": 4, "fup": True, "awe": True, "psm": 0})
    world.plug_in()
    world.wait(5)
    assert world.request(f"/api/set?{query}").status in (200, 500)
    for wait in (1, 10, 3600):
        world.wait(wait)
        json.loads(world.request("/api/status").body)


@settings(max_examples=100, deadline=None)
@given(target=st.text(max_size=60))
def test_any_target_is_answered(target: str) -> None:
    world = Bench("goe", settings={"hai": True})
    for path in ("/api/status?filter=", "/api/status?", "/api/set?", "/"):
        assert world.request(path + target).status in (200, 404, 500)


def test_every_setting_is_checked() -> None:
    """A user's odd values are refused, not stored."""
    for row in goe.VENDOR.settings:
        if row.name not in ("smd",):
            try:
                row.check(object())
            except ValueError:
                continue
            raise AssertionError(f"{row.name} takes anything")


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    function=st.sampled_from([3, 4, 16, 6, 1, 23]),
    address=st.integers(90, 380) | st.integers(0, 65_535),
    values=st.lists(st.integers(0, 65_535) | st.integers(0, 40), min_size=1, max_size=12),
)
def test_any_register_request_is_answered(function: int, address: int, values: list[int]) -> None:
    world = Bench("goe", settings={"hai": True})
    world.plug_in()
    interface = world.box.interfaces["modbus"]
    assert isinstance(interface, ModbusInterface)
    sent = tuple(values) if function == 16 else ()
    request = ModbusRequest(unit=1, function=function, address=address, count=len(values), values=sent, origin=CLIENT)
    reply = interface.handle(request)
    assert reply is not None
    assert reply.exception in (None, 1, 2, 3, 4)
    if reply.exception is None and function in (3, 4):
        assert len(reply.values) == len(values)
    world.wait(20)
    world.request("/api/status")


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    key=st.sampled_from([row.name for row in v1_rows.ROWS]) | st.text(max_size=4),
    raw=st.text(max_size=12) | NUMBERS.map(str),
)
def test_any_old_command_is_answered(key: str, raw: str) -> None:
    world = Bench("goe", "v3-22", settings={"hai": True, "hla": True})
    world.plug_in()
    reply = world.request(f"/mqtt?payload={quote(key)}={quote(raw)}")
    assert isinstance(json.loads(reply.body), dict)
    world.wait(20)
    world.request("/api/status")
