"""SHIP: golden transcript, trust, double connections, and any loss or order of frames."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support_eebus import HIGH, LOW, node, pair, run, simulation

from emulator.devices.interfaces.ship import ShipTarget
from emulator.devices.traffic import Direction
from emulator.eebus.coding import CodingError, decode, duration, encode, seconds_of
from emulator.eebus.direct import Passing, connect
from emulator.eebus.node import PeerState
from emulator.eebus.ship import Phase

HELLO = b'\x01{"connectionHello":[{"phase":"ready"},{"waiting":60000}]}'
ANNOUNCE = (
    b'\x01{"messageProtocolHandshake":[{"handshakeType":"announceMax"},{"version":[{"major":1},{"minor":0}]},'
    b'{"formats":[{"format":["JSON-UTF8"]}]}]}'
)
SELECT = ANNOUNCE.replace(b"announceMax", b"select")
PIN = b'\x01{"connectionPinState":[{"pinState":"none"}]}'
ASK = b'\x01{"accessMethodsRequest":[]}'


class Tap:
    """Keeps what passes."""

    def __init__(self) -> None:
        self.sent: dict[Direction, list[bytes]] = {"in": [], "out": []}

    def __call__(self, frame: bytes, direction: Direction) -> Iterable[Passing]:
        self.sent[direction].append(frame)
        return (Passing(frame=frame),)


def test_the_handshake_as_ship_go_exchanges_it() -> None:
    world, tap = simulation(), Tap()
    client, server, _ = pair(world, passage=tap)
    run(world, 0)
    assert client.connections[LOW].phase is server.connections[HIGH].phase is Phase.DATA
    access = b'\x01{"accessMethods":[{"id":"id-%s"}]}'
    assert tap.sent["in"][:7] == [b"\x00\x00", HELLO, ANNOUNCE, SELECT, PIN, ASK, access % HIGH[:4].encode()]
    assert tap.sent["out"][:6] == [b"\x00\x00", HELLO, SELECT, PIN, ASK, access % LOW[:4].encode()]
    data = next(frame for frame in tap.sent["in"] if frame[0] == 2)
    assert data.startswith(b'\x02{"data":[{"header":[{"protocolId":"ee1.0"}]},{"payload":{"datagram":[{"header":[{"')
    client.connections[LOW].close()
    run(world, 0)
    assert tap.sent["in"][-1] == b'\x03{"connectionClose":[{"phase":"announce"}]}'
    assert not server.connections


@pytest.mark.parametrize(
    ("message", "wire"),
    [
        ({"a": {"b": 1, "c": {}}}, b'{"a":[{"b":1},{"c":[]}]}'),
        ({"a": {"list": [{"b": 1}, {"b": 2}]}}, b'{"a":[{"list":[[{"b":1}],[{"b":2}]]}]}'),
        ({"a": {"entity": [1, 1]}}, b'{"a":[{"entity":[1,1]}]}'),
        (
            {"a": {"filter": [{"cmdControl": {"partial": {}}}]}},
            b'{"a":[{"filter":[[{"cmdControl":[{"partial":[]}]}]]}]}',
        ),
    ],
)
def test_objects_are_arrays_of_their_members(message: dict[str, object], wire: bytes) -> None:
    assert encode(message) == wire
    assert decode(wire) == message
    assert decode(wire + b"\x00") == message


def test_an_empty_list_is_left_out() -> None:
    assert encode({"a": {"list": [], "b": {}}}) == b'{"a":[{"b":[]}]}'


@pytest.mark.parametrize("data", [b"", b"[]]", b'"text"', b"\xff", b"[" * 100_000])
def test_what_is_no_message_says_so(data: bytes) -> None:
    with pytest.raises(CodingError):
        decode(data)


@pytest.mark.parametrize(("text", "value"), [("PT2H", 7200), ("PT1M30S", 90), ("P1DT1S", 86401), ("PT0.5S", 0.5)])
def test_durations(text: str, value: float) -> None:
    assert seconds_of(text) == value


@pytest.mark.parametrize("text", ["", "P", "PT", "2H", "P1M", "PT5", "PTH", "PT1.2.3S"])
def test_what_is_no_duration(text: str) -> None:
    assert seconds_of(text) is None


@given(st.integers(0, 10**7))
def test_durations_read_back(value: int) -> None:
    assert seconds_of(duration(value)) == value


def test_an_unknown_peer_waits_until_its_user_decides() -> None:
    world = simulation()
    client, server, _ = pair(world, trust=False)
    client.decide(LOW, True)
    run(world, 300)  # prolonged again and again
    assert server.state(HIGH) is PeerState.AWAITING_APPROVAL
    assert client.state(LOW) is PeerState.AWAITING_APPROVAL
    server.decide(HIGH, True)
    run(world, 0)
    assert client.state(LOW) is server.state(HIGH) is PeerState.ACTIVE


def test_a_rejected_peer_is_told_and_let_go() -> None:
    world, tap = simulation(), Tap()
    client, server, _ = pair(world, trust=False, passage=tap)
    client.decide(LOW, True)
    run(world, 10)
    server.decide(HIGH, False)
    run(world, 0)
    assert tap.sent["out"][-1] == b'\x01{"connectionHello":[{"phase":"aborted"}]}'
    assert not client.connections
    assert not server.connections


def test_a_peer_that_says_nothing_is_let_go() -> None:
    world = simulation()
    client, server, _ = pair(world, passage=lambda _frame, _direction: ())
    run(world, 11)
    assert not client.connections
    assert not server.connections


def test_somebody_else_at_the_address_is_refused() -> None:
    world = simulation()
    client, server = node(world, HIGH), node(world, LOW)
    client.decide(LOW, True)
    connect(world, client, server, ShipTarget(host="direct", ski="77" * 20))
    run(world, 0)
    assert not client.connections
    assert not server.connections


def test_of_two_crossing_connections_the_one_of_the_higher_ski_stays() -> None:
    world = simulation()
    high, low = node(world, HIGH), node(world, LOW)
    high.decide(LOW, True)
    low.decide(HIGH, True)
    connect(world, low, high, ShipTarget(host="direct", ski=HIGH))
    connect(world, high, low, ShipTarget(host="direct", ski=LOW))
    run(world, 1)
    assert high.connections[LOW].role == "client"
    assert low.connections[HIGH].role == "server"
    assert high.state(LOW) is low.state(HIGH) is PeerState.ACTIVE


fates = st.lists(st.tuples(st.sampled_from(["pass", "lose", "double"]), st.floats(0, 20)), max_size=40)


@given(fates=fates, late=st.floats(0, 90), rejected=st.booleans())
@settings(max_examples=150, deadline=None)
def test_whatever_is_lost_late_or_doubled_both_sides_end_alike(
    fates: list[tuple[str, float]], late: float, rejected: bool
) -> None:
    world = simulation()
    left = list(fates)

    def passage(frame: bytes, _direction: Direction) -> Iterable[Passing]:
        fate, delay = left.pop() if left else ("pass", 0.0)
        copies = {"pass": 1, "lose": 0, "double": 2}[fate]
        return [Passing(frame=frame, delay=delay)] * copies

    client, server, _ = pair(world, trust=False, passage=passage)
    client.decide(LOW, True)
    run(world, late)
    server.decide(HIGH, not rejected)
    run(world, 1000)
    ends = {node.state(ski) for node, ski in ((client, LOW), (server, HIGH))}
    assert ends in ({PeerState.ACTIVE}, {PeerState.DISCONNECTED})
    assert not (rejected and ends == {PeerState.ACTIVE})
