"""The codec and the topic trees: what goes in comes out, any bytes are survived, and a tree finds what a list would."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.devices.topics import matches
from emulator.protocols.mqtt_exchange import Exchange
from emulator.protocols.mqtt_packets import (
    Acknowledge,
    Connack,
    Connect,
    Decoder,
    Kind,
    Message,
    Packet,
    PacketError,
    Signal,
    Suback,
    Subscribe,
    Unsubscribe,
    encode,
)
from emulator.protocols.mqtt_topics import FilterTree, TopicTree, valid_filter, valid_topic

TEXTS = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), max_size=40)
IDS = st.integers(1, 65_535)
MESSAGES = st.builds(Message, topic=TEXTS, payload=st.binary(max_size=300), retain=st.booleans()) | st.builds(
    Message, topic=TEXTS, payload=st.binary(), qos=st.integers(1, 2), duplicate=st.booleans(), packet_id=IDS
)
PACKETS = st.one_of(
    MESSAGES,
    st.builds(
        Connect,
        client_id=TEXTS,
        clean=st.booleans(),
        keep_alive=st.integers(0, 65_535),
        will=st.none() | st.builds(Message, topic=TEXTS, payload=st.binary(), qos=st.integers(0, 2)),
        username=st.none() | TEXTS,
        password=st.none() | st.binary(),
    ),
    st.builds(Connack, st.integers(0, 5), st.booleans()),
    st.builds(Acknowledge, st.sampled_from([Kind.PUBACK, Kind.PUBREC, Kind.PUBREL, Kind.PUBCOMP, Kind.UNSUBACK]), IDS),
    st.builds(Subscribe, IDS, st.lists(st.tuples(TEXTS, st.integers(0, 2)), min_size=1).map(tuple)),
    st.builds(Suback, IDS, st.lists(st.sampled_from([0, 1, 2, 0x80])).map(tuple)),
    st.builds(Unsubscribe, IDS, st.lists(TEXTS, min_size=1).map(tuple)),
    st.builds(Signal, st.sampled_from([Kind.PINGREQ, Kind.PINGRESP, Kind.DISCONNECT])),
)


@given(packets=st.lists(PACKETS), cut=st.integers(1, 50))
def test_packets_survive_the_wire_however_it_is_cut(packets: list[Packet], cut: int) -> None:
    data = b"".join(map(encode, packets))
    decoder = Decoder()
    found = [packet for at in range(0, len(data), cut) for packet in decoder.feed(data[at : at + cut])]
    assert found == packets
    assert decoder.idle


@pytest.mark.parametrize("length", [0, 127, 128, 16_383, 16_384, 2_097_152])
def test_long_packets(length: int) -> None:
    message = Message(topic="t", payload=bytes(length))
    assert list(Decoder().feed(encode(message))) == [message]


def test_a_packet_that_is_too_long_is_refused_before_it_has_arrived() -> None:
    with pytest.raises(PacketError, match="a packet of"):
        list(Decoder(limit=100).feed(encode(Message(topic="t", payload=bytes(200)))[:10]))


def test_a_field_that_is_too_long_is_our_mistake() -> None:
    with pytest.raises(ValueError, match="do not fit"):
        encode(Message(topic="t" * 70_000))


@given(data=st.binary())
def test_any_bytes_are_packets_or_a_packet_error(data: bytes) -> None:
    with suppress(PacketError):
        list(Decoder().feed(data))


class Sink:
    """A link of a test."""

    congested = False

    def __init__(self, exchange: Exchange) -> None:
        self.closed = False
        self.peer = exchange.accept(self)

    def go(self) -> None:
        while self.peer.step():
            pass

    def send(self, data: bytes) -> None:
        list(Decoder().feed(data))

    def close(self) -> None:
        self.closed = True


@given(packets=st.lists(PACKETS | st.binary(max_size=20)))
def test_the_broker_survives_any_packets_in_any_order(packets: list[Packet | bytes]) -> None:
    exchange = Exchange()
    witness = Sink(exchange).peer
    witness.received(encode(Connect(client_id="witness")) + encode(Subscribe(1, (("#", 2),))))
    peer = Sink(exchange).peer
    peer.received(encode(Connect(client_id="x", will=Message(topic="gone"))))
    for packet in packets:
        peer.received((packet if isinstance(packet, bytes) else encode(packet)) or b"\xc0\x00")
    peer.end()
    assert set(exchange.sessions) <= {"witness", "x"}
    assert witness.session is not None


def test_topics_and_filters() -> None:
    assert all(map(valid_topic, ("a", "/", "a/b", " ", "a//b")))
    assert not any(map(valid_topic, ("", "a/+", "#", "a\0", "/" * 300)))
    assert all(map(valid_filter, ("a", "+", "#", "a/+/b/#", "/", "+/+")))
    assert not any(map(valid_filter, ("", "a#", "a/#/b", "a+/b", "a\0", "/" * 300)))


@pytest.mark.parametrize(
    ("name", "topic", "taken"),
    [
        ("a/b", "a/b", True),
        ("a/+", "a/b", True),
        ("a/+", "a", False),
        ("a/+", "a/", True),
        ("+", "/a", False),
        ("+/+", "/a", True),
        ("a/#", "a", True),
        ("a/#", "a/b/c", True),
        ("#", "a/b", True),
        ("#", "$SYS/x", False),
        ("+/x", "$SYS/x", False),
        ("$SYS/#", "$SYS/x", True),
        ("a/#", "a/$b", True),
        ("a/+", "a/$b", True),
        ("A", "a", False),
    ],
)
def test_a_filter_takes_a_topic(name: str, topic: str, taken: bool) -> None:
    assert matches(name, topic) is taken
    tree: TopicTree[str] = TopicTree()
    tree.put(topic, topic)
    assert list(tree.match(name)) == ([topic] if taken else [])


LEVELS = st.sampled_from(["a", "b", "", "$c"])
TOPICS = st.lists(LEVELS, min_size=1, max_size=4).map("/".join).filter(valid_topic)
FILTERS = st.lists(LEVELS | st.sampled_from(["+", "#"]), min_size=1, max_size=4).map("/".join).filter(valid_filter)


@given(filters=st.lists(FILTERS), gone=st.lists(FILTERS), topics=st.lists(TOPICS), lost=st.lists(TOPICS))
def test_the_trees_find_what_a_list_would(
    filters: list[str], gone: list[str], topics: list[str], lost: list[str]
) -> None:
    by_filter: FilterTree[str] = FilterTree()
    by_topic: TopicTree[str] = TopicTree()
    for name in filters:
        by_filter.add(name, name, name)
    for name in gone:
        by_filter.remove(name, name)
    for topic in topics:
        by_topic.put(topic, topic)
    for topic in lost:
        by_topic.drop(topic)
    kept_filters, kept_topics = set(filters) - set(gone), set(topics) - set(lost)
    for topic in kept_topics:
        assert sorted(key for key, _ in by_filter.match(topic)) == sorted(n for n in kept_filters if matches(n, topic))
    for name in kept_filters:
        assert sorted(by_topic.match(name)) == sorted(topic for topic in kept_topics if matches(name, topic))
