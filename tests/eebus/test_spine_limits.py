"""What a hostile peer can make grow, and what its numbers and texts can do: everything is bounded, and answered."""

from __future__ import annotations

import json

import pytest
from support_eebus import LOW, simulation

from emulator.eebus.bounds import (
    DEEPEST,
    LARGEST_KEPT,
    LARGEST_MESSAGE,
    MOST_AGREED,
    MOST_ASKED,
    MOST_ENTITIES,
    MOST_ENTRIES,
    MOST_FEATURES,
)
from emulator.eebus.coding import CodingError, Data, decode, encode, obj, scaled, seconds_of
from emulator.eebus.limitation import EnergyGuards
from emulator.eebus.lpc import STANDARD, ControllableSystem
from emulator.eebus.model import Address, Entity, ErrorNumber, Refusal
from emulator.eebus.session import BIND, DISCOVERY, SUBSCRIBE, USE_CASES, Session
from emulator.eebus.spine import Device
from emulator.eebus.traffic import LONGEST_NAME, said
from emulator.protocols.ship_seam import shown
from emulator.runtime.simulation import Simulation

LIMITS = "loadControlLimitListData"
MEMBER = "loadControlLimitData"
CONTROL = Address("", (1,), 1)


class Peer:
    """One session of a device with a LoadControl, to which a test says anything."""

    def __init__(self, world: Simulation | None = None) -> None:
        self.device = Device("d:_n:ours", "Generic")
        entity = Entity((1,), "EVSE")
        entity.feature(1, "LoadControl").serve(LIMITS, lambda: {MEMBER: []}, self.write, partial=True)
        self.device.entities.append(entity)
        if world is not None:
            system = ControllableSystem(world, lambda: 22000.0, lambda: None, STANDARD)
            self.guards = EnergyGuards(system, Address("", (1,), 2))
            self.device.clients.append(self.guards)
        self.sent: list[Data] = []
        self.written: list[Data] = []
        self.session = Session(self.device, LOW, self.sent.append)

    def write(self, _ski: str, data: Data) -> Refusal | None:
        self.written.append(data)
        return None

    def say(
        self, classifier: str, command: Data, target: Address = CONTROL, source: Address | None = None, counter: int = 1
    ) -> None:
        header = {
            "addressSource": (source or Address("d:_n:theirs", (1,), 1)).data(),
            "addressDestination": target.data(),
            "msgCounter": counter,
            "cmdClassifier": classifier,
            "ackRequest": True,
        }
        payload = {"datagram": {"header": header, "payload": {"cmd": [command]}}}
        self.session.received(obj(decode(encode({"data": {"payload": payload}})), "data", "payload"))

    @property
    def answer(self) -> object:
        """The last error number."""
        return self.sent[-1]["datagram"]["payload"]["cmd"][0]["resultData"]["errorNumber"]  # type: ignore[index]

    def agree(self, call: str, number: int) -> object:
        kind = "subscription" if call == SUBSCRIBE else "binding"
        request = {"clientAddress": Address("", (number,), 1).data(), "serverAddress": CONTROL.data()}
        self.say("call", {call: {f"{kind}Request": request}}, Address("", (0,), 0))
        return self.answer

    def discover(self, entities: int, features: int = 1, first: int = 0, change: str = "added") -> None:
        numbers = range(first, first + entities)
        described = [
            {"description": {"entityAddress": {"entity": [k]}, "entityType": "CEM", "lastStateChange": change}}
            for k in numbers
        ]
        listed = [
            {
                "description": {
                    "featureAddress": {"entity": [k], "feature": f},
                    "featureType": "DeviceDiagnosis",
                    "role": "server",
                }
            }
            for k in numbers
            for f in range(features)
        ]
        data = {"entityInformation": described, "featureInformation": listed}
        self.say("notify", {DISCOVERY: data}, Address("", (0,), 0))

    def announce(self, entities: int, first: int = 0) -> None:
        cases = [
            {
                "address": {"entity": [k]},
                "actor": "EnergyGuard",
                "useCaseSupport": [{"useCaseName": "limitationOfPowerConsumption", "scenarioSupport": [1]}],
            }
            for k in range(first, first + entities)
        ]
        self.say("notify", {USE_CASES: {"useCaseInformation": cases}}, Address("", (0,), 0))


@pytest.mark.parametrize("call", [SUBSCRIBE, BIND])
def test_subscriptions_and_bindings_of_a_peer(call: str) -> None:
    peer = Peer()
    answers = [peer.agree(call, number) for number in range(MOST_AGREED + 50)]
    assert answers == [0] * MOST_AGREED + [ErrorNumber.OVERLOAD] * 50
    assert peer.agree(call, 3) == 0, "what is agreed already may be asked for again"
    assert len(peer.session.subscribers | peer.session.bindings) == MOST_AGREED


@pytest.mark.parametrize("entity", [(1,) * 17, (-1,), (2**40,)])
def test_an_address_that_is_none_is_not_kept(entity: tuple[int, ...]) -> None:
    peer = Peer()
    request = {"clientAddress": Address("", entity, 1).data(), "serverAddress": CONTROL.data()}
    peer.say("call", {SUBSCRIBE: {"subscriptionRequest": request}}, Address("", (0,), 0))
    assert peer.answer == ErrorNumber.OVERLOAD
    assert not peer.session.subscribers
    said_before = len(peer.sent)
    peer.say("read", {LIMITS: {}}, source=Address("", entity, 1))
    assert len(peer.sent) == said_before


def test_entities_and_features_of_a_peer() -> None:
    peer = Peer()
    for first in range(0, 500, 50):
        peer.discover(50, 8, first)
    assert len(peer.session.entities) == MOST_ENTITIES
    features = sum(len(each.features) for each in peer.session.entities.values())
    for _ in range(20):
        peer.discover(1, 8)
    assert sum(len(each.features) for each in peer.session.entities.values()) == features <= MOST_FEATURES


def test_what_a_peer_said_is_kept_by_bytes() -> None:
    peer = Peer()
    for number in range(400):
        place = Address("", (number,), 1)
        peer.say("notify", {"measurementListData": {"text": "x" * 20_000, "number": number}}, source=place)
        assert peer.session.values.size <= LARGEST_KEPT
    assert peer.session.values.get(Address("", (399,), 1), "measurementListData")["number"] == 399


def test_a_value_does_not_grow_by_being_changed() -> None:
    peer = Peer()
    for number in range(300):
        entries = [{"limitId": number * 100 + k, "value": {"number": k}} for k in range(100)]
        peer.say("notify", {"function": LIMITS, "filter": [{"cmdControl": {"partial": {}}}], LIMITS: {MEMBER: entries}})
    kept = peer.session.values.get(Address("", (1,), 1), LIMITS)[MEMBER]
    assert isinstance(kept, list)
    assert len(kept) == MOST_ENTRIES


def test_a_write_of_too_many_entries_is_refused_whole() -> None:
    peer = Peer()
    peer.agree(BIND, 1)
    many = [{"limitId": k, "value": {"number": k}} for k in range(MOST_ENTRIES + 1)]
    partial = {"function": LIMITS, "filter": [{"cmdControl": {"partial": {}}}]}
    peer.say("write", {**partial, LIMITS: {MEMBER: many}})
    assert peer.answer == ErrorNumber.OVERLOAD
    peer.say("write", {**partial, LIMITS: {MEMBER: many[1:]}})
    assert peer.answer == ErrorNumber.NO_ERROR
    assert [len(each[MEMBER]) for each in peer.written] == [MOST_ENTRIES]  # type: ignore[arg-type]


def test_entities_that_come_and_go_leave_nothing_behind() -> None:
    peer = Peer(simulation())
    for first in range(0, 4000, 50):
        peer.discover(50, 1, first)
        peer.announce(50, first)
        peer.discover(50, 0, first, "removed")
    peer.discover(1, 1, 9000)
    session = peer.session
    assert len(session.entities) == 1
    assert len(session.asked) <= MOST_ASKED
    assert len(session._held) <= MOST_ASKED
    assert len(session._waiting) <= MOST_ASKED
    assert len(peer.guards._guards) <= MOST_ENTITIES


def test_answers_that_never_come_are_not_waited_for() -> None:
    peer = Peer()
    answered: list[Data] = []
    for _ in range(MOST_ASKED + 100):
        peer.session.ask(CONTROL, CONTROL, LIMITS, answered.append)
    assert len(peer.session._waiting) == MOST_ASKED


@pytest.mark.parametrize(
    "text",
    [
        "[" * 500 + "]" * 500,
        '{"a":' * 100 + "1" + "}" * 100,
        '{"a":NaN}',
        '{"a":-Infinity}',
        '{"a":%s}' % ("9" * 5000),
        '{"a":"%s"}' % ("x" * LARGEST_MESSAGE),
        '{"a":[%s[]]}' % ("[]," * 9000),
        "[1]",
        "",
    ],
)
def test_texts_that_are_no_message(text: str) -> None:
    with pytest.raises(CodingError):
        decode(text.encode())


def test_nesting_up_to_the_bound_is_read() -> None:
    nested: object = 1
    for _ in range(DEEPEST // 2 - 1):
        nested = [{"a": nested}]
    assert decode(json.dumps({"data": nested}).encode())


def test_half_a_surrogate_pair_can_be_answered() -> None:
    peer = Peer()
    peer.say("notify", {LIMITS: {}})
    peer.session.received(
        decode(
            b'{"datagram":[{"header":[{"cmdClassifier":"write"},{"msgCounter":1},{"addressSource":[{"entity":[1]}]},'
            b'{"addressDestination":[{"entity":[1]},{"feature":1}]}]},{"payload":[{"cmd":[[{"\\ud800":[]}]]}]}]}'
        )
    )
    assert encode(peer.sent[-1])


@pytest.mark.parametrize(
    "value", [{"number": 10**400}, {"number": 1e308, "scale": 100}, {"number": 1, "scale": 101}, {"number": True}, {}]
)
def test_numbers_that_are_no_quantity(value: Data) -> None:
    assert scaled({"value": value}, "value") is None


@pytest.mark.parametrize("text", ["P1000000000D", f"PT{'9' * 400}S", "PT" + "1S" * 100])
def test_durations_that_nobody_lives_to_see(text: str) -> None:
    assert seconds_of(text) is None


def test_the_journal_has_the_beginning_of_a_large_message() -> None:
    frame = b"\x02" + encode({"data": {"payload": {"text": "x" * 100_000}}})
    assert len(str(shown(said(frame), frame))) < 2000
    named = said(b"\x01" + encode({"x" * 5000: {}}))
    assert len(named.name) == LONGEST_NAME + 1
