"""SPINE: partial writes, errors, subscriptions and bindings, between two devices without sockets."""

from __future__ import annotations

import pytest
from support_eebus import HIGH, LOW, pair, run, simulation

from emulator.eebus.coding import Data, objects
from emulator.eebus.functions import changed
from emulator.eebus.model import Address, Entity, Refusal, RemoteFeature
from emulator.eebus.session import Session
from emulator.eebus.spine import Device

LIMITS = "loadControlLimitListData"
MEMBER = "loadControlLimitData"


def limit(number: int, **members: object) -> dict[str, object]:
    return {"limitId": number, **members}


OLD: Data = {
    MEMBER: [
        limit(1, isLimitActive=False, timePeriod={"endTime": "PT1H"}, value={"number": 42, "scale": 2}),
        limit(2, isLimitActive=True, value={"number": 6}),
    ]
}
PARTIAL: Data = {"cmdControl": {"partial": {}}}


def entries(data: Data) -> list[Data]:
    return objects(data, MEMBER)


def test_a_write_without_a_filter_replaces_everything() -> None:
    new = {MEMBER: [limit(3)]}
    assert changed(LIMITS, OLD, {LIMITS: new}) == new


def test_a_partial_write_is_merged_by_what_identifies_entries() -> None:
    command = {"function": LIMITS, "filter": [PARTIAL], LIMITS: {MEMBER: [limit(2, value={"number": 8}), limit(3)]}}
    assert entries(changed(LIMITS, OLD, command)) == [
        *entries(OLD)[:1],
        limit(2, isLimitActive=True, value={"number": 8}),
        limit(3),
    ]


def test_elements_of_an_entry_are_deleted_before_others_are_written() -> None:
    delete = {
        "cmdControl": {"delete": {}},
        f"{LIMITS}Selectors": {"limitId": 1},
        f"{MEMBER}Elements": {"timePeriod": {}},
    }
    command = {"filter": [delete, PARTIAL], LIMITS: {MEMBER: [limit(1, isLimitActive=True)]}}
    first, second = entries(changed(LIMITS, OLD, command))
    assert first == limit(1, isLimitActive=True, value={"number": 42, "scale": 2})
    assert second == entries(OLD)[1]


def test_whole_entries_are_deleted_where_no_element_is_named() -> None:
    command = {"filter": [{"cmdControl": {"delete": {}}, f"{LIMITS}Selectors": {"limitId": 1}}, PARTIAL]}
    assert entries(changed(LIMITS, OLD, command)) == entries(OLD)[1:]


@pytest.mark.parametrize(
    ("value", "merged"),
    [
        ({"number": 5}, {"number": 5}),
        ({"number": 5, "scale": 1}, {"number": 5, "scale": 1}),
        ({"scale": 3}, {"number": 42, "scale": 3}),
    ],
)
def test_scaled_numbers_are_merged_element_by_element(value: Data, merged: Data) -> None:
    command = {"filter": [PARTIAL], LIMITS: {MEMBER: [limit(1, value=value)]}}
    first, _ = entries(changed(LIMITS, OLD, command))
    assert first["value"] == merged


class Talk:
    """A client and a device with one LoadControl, connected."""

    def __init__(self) -> None:
        self.world = simulation()
        client, server, _ = pair(self.world)
        self.data: Data = OLD
        self.device: Device = server.device
        entity = Entity((1,), "EVSE")
        self.control = entity.feature(1, "LoadControl").serve(LIMITS, lambda: self.data, self.write, partial=True)
        self.device.entities.append(entity)
        manager = Entity((1,), "CEM")
        manager.feature(1, "LoadControl", "client")
        client.device.entities.append(manager)
        client.device.clients.append(self)
        self.heard_: list[tuple[str, Data]] = []
        run(self.world, 0)
        self.session: Session = client.device.sessions[LOW]
        assert server.device.sessions[HIGH].peer
        self.target = Address("", (1,), 1)
        self.remote = RemoteFeature(self.target, "LoadControl", "server")

    def write(self, _ski: str, data: Data) -> Refusal | None:
        self.data = data
        self.device.notify(self.control, LIMITS)
        return None

    def known(self, session: Session) -> None:
        pass

    def heard(self, session: Session, source: Address, function: str, data: Data) -> None:
        self.heard_.append((function, data))

    def lost(self, session: Session) -> None:
        pass

    def result(self, target: Address, function: str = LIMITS, data: Data = OLD) -> object:
        """The error number of a write."""
        answers: list[Data] = []
        self.session.write(Address("", (1,), 1), target, function, data, answers.append)
        run(self.world, 0)
        (answer,) = answers
        return answer["errorNumber"]


def test_writes_need_a_binding() -> None:
    talk = Talk()
    assert talk.result(talk.target) == 9
    talk.session.bind(Address("", (1,), 1), talk.remote)
    assert talk.result(talk.target) == 0


def test_who_subscribes_is_told_and_others_are_not() -> None:
    talk = Talk()
    talk.session.bind(Address("", (1,), 1), talk.remote)
    talk.result(talk.target)
    assert talk.heard_ == []
    talk.session.subscribe(Address("", (1,), 1), talk.remote)
    talk.result(talk.target, data={MEMBER: [limit(7)]})
    assert talk.heard_ == [(LIMITS, {MEMBER: [limit(7)]})]


def test_what_is_not_there_is_answered_with_an_error() -> None:
    talk = Talk()
    assert talk.result(Address("", (1,), 9)) == 4
    assert talk.result(Address("", (4, 2), 1)) == 4
    assert talk.result(talk.target, "measurementListData", {}) == 6


def test_a_read_is_answered_with_the_data_and_kept() -> None:
    talk = Talk()
    talk.session.ask(Address("", (1,), 1), talk.target, LIMITS)
    run(talk.world, 0)
    assert talk.session.values.get(talk.target, LIMITS) == OLD


def test_entities_come_and_go() -> None:
    talk = Talk()
    vehicle = Entity((1, 1), "EV")
    vehicle.feature(1, "Measurement")
    talk.device.add(vehicle)
    run(talk.world, 0)
    assert talk.session.entities[1, 1].server("Measurement") is not None
    talk.device.remove(vehicle)
    run(talk.world, 0)
    assert (1, 1) not in talk.session.entities
