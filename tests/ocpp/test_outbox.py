"""Nothing of a transaction is lost or told twice, whatever happens to the connection."""

from __future__ import annotations

import itertools

from hypothesis import example, given, settings
from hypothesis import strategies as st
from support_ocpp import Log, Paper, World, connected

from emulator.ocpp.charge_point import ChargePoint
from emulator.ocpp.profiles import KEBA_PROFILE, WARP_PROFILE

CARD = "04AABBCC"
ACCEPTED = {"status": "Accepted", "currentTime": "2026-01-05T08:00:10Z", "interval": 3600}


def booted(world: World) -> Paper:
    """A WARP whose central system has answered its boot and its statuses."""
    paper = Paper(world)
    paper.answer(ACCEPTED)
    paper.answer({})
    paper.answer({})
    return paper


def started(paper: Paper) -> None:
    """A transaction has begun; its StartTransaction is not answered."""
    paper.world.plug_in()
    paper.world.wait(2)
    paper.answer({})
    paper.world.box.present_card(CARD)
    paper.answer({"idTagInfo": {"status": "Accepted"}})


def test_one_call_at_a_time() -> None:
    world = World()
    paper = Paper(world)
    assert [call.action for call in paper.calls()] == ["BootNotification"]
    paper.answer(ACCEPTED)
    assert len(paper.calls()) == 2
    paper.answer({})
    assert len(paper.calls()) == 3


def test_an_answer_that_nobody_asked_for_changes_nothing() -> None:
    world = World()
    paper = Paper(world)
    paper.answer(ACCEPTED)
    before = list(paper.sent)
    twice = paper.calls("BootNotification")[0]
    paper.sent.append(twice)
    paper.answer(ACCEPTED)
    assert paper.sent == [*before, twice]


def test_transactions_come_before_statuses() -> None:
    paper = booted(World())
    started(paper)
    assert paper.last.action == "StartTransaction"
    paper.world.wait(61)
    paper.answer({"transactionId": 7, "idTagInfo": {"status": "Accepted"}})
    assert paper.last.action == "MeterValues"
    paper.answer({})
    assert paper.last.action == "MeterValues"


def test_values_from_before_the_confirmation_keep_the_id_minus_one() -> None:
    paper = booted(World())
    started(paper)
    paper.world.wait(61)
    paper.answer({"transactionId": 7, "idTagInfo": {"status": "Accepted"}})
    assert "transactionId" not in paper.last.payload  # aligned to the clock
    paper.answer({})
    assert paper.last.payload["transactionId"] == -1
    paper.answer({})
    paper.world.wait(61)
    sampled = [call.payload.get("transactionId") for call in paper.calls("MeterValues")]
    assert 7 in sampled or paper.last.action == "StatusNotification"


def test_an_unanswered_message_of_a_transaction_is_repeated_with_its_id() -> None:
    paper = booted(World())
    started(paper)
    first = paper.last
    for _ in range(5):
        paper.world.point.timed_out(first.id)
        paper.world.wait(9)
        assert paper.last.action != "StartTransaction" or paper.last is first
        if paper.last is not first:
            paper.answer({})
        while paper.last.action == "StatusNotification" and paper.world.point.waiting:
            paper.answer({})
        paper.world.wait(1.5)
        assert (paper.last.action, paper.last.id) == ("StartTransaction", first.id)
        first = paper.last


def test_a_refused_message_of_a_transaction_is_given_up_after_three_attempts() -> None:
    paper = booted(World())
    started(paper)
    waits = []
    for wait in (10, 20):
        paper.refuse()
        while paper.world.point.waiting:
            paper.answer({})
        before = len(paper.calls("StartTransaction"))
        paper.world.wait(wait - 0.5)
        assert len(paper.calls("StartTransaction")) == before
        while paper.world.point.waiting:
            paper.answer({})
        paper.world.wait(1)
        assert len(paper.calls("StartTransaction")) == before + 1
        waits.append(wait)
    paper.refuse()
    while paper.world.point.waiting:
        paper.answer({})
    paper.world.wait(600)
    assert len(paper.calls("StartTransaction")) == 3


def test_what_was_in_flight_when_the_connection_broke_is_sent_again_with_its_id() -> None:
    paper = booted(World())
    started(paper)
    first = paper.last
    paper.world.point.lost()
    again = Paper(paper.world)
    assert (again.last.action, again.last.id) == ("StartTransaction", first.id)
    again.answer({"transactionId": 7, "idTagInfo": {"status": "Accepted"}})
    assert [call.action for call in again.calls()[1:]] == ["StatusNotification"]


def test_an_unanswered_authorisation_is_a_rejection() -> None:
    paper = booted(World())
    paper.world.plug_in()
    paper.world.wait(2)
    paper.answer({})
    paper.world.box.present_card(CARD)
    paper.world.point.timed_out(paper.last.id)
    paper.world.wait(5)
    assert not paper.calls("StartTransaction")


def test_a_full_queue_drops_the_oldest_meter_values() -> None:
    paper = booted(World())
    started(paper)
    paper.world.wait(1800)
    assert paper.world.point.outbox.transactions_waiting == 5
    paper.world.unplug()
    paper.world.wait(1)
    paper.answer({"transactionId": 7, "idTagInfo": {"status": "Accepted"}})
    seen = []
    while paper.world.point.waiting:
        seen.append(paper.last.action)
        paper.answer({})
    assert seen[:5] == 4 * ["MeterValues"] + ["StopTransaction"]


OUTAGES = st.lists(
    st.sampled_from(("plug", "unplug", "card", "cut", "drop", "restore", "second", "minute")), max_size=40
)


@settings(max_examples=50, deadline=None)
@example(steps=["plug", "card", "minute", "unplug", "plug", "cut", "card"], profile=1)
@example(steps=["plug", "card", "second", "unplug", "cut"], profile=0)
@given(steps=OUTAGES, profile=st.sampled_from((0, 1)))
def test_starts_and_stops_survive_any_outage(steps: list[str], profile: int) -> None:
    world, system, log = connected((WARP_PROFILE, KEBA_PROFILE)[profile])
    for step in (*steps, "unplug", "minute"):
        act(world, log, step)
    world.restore_power()
    world.wait(30)
    reconnect(world, log)
    world.wait(1200)
    starts = [(call.id, call.payload["timestamp"]) for call in log.calls("StartTransaction")]
    stops = [(call.id, call.payload["timestamp"]) for call in log.calls("StopTransaction")]
    assert len(set(starts)) == len(set(stops)) == len(system.served["box"].transactions)
    assert system.served["box"].running is None
    told = sorted(system.served["box"].transactions.values(), key=lambda transaction: transaction.id)
    for before, after in itertools.pairwise(told):
        assert before.meter_stop is not None
        assert before.meter_stop <= after.meter_start


def reconnect(world: World, log: Log) -> None:
    point: ChargePoint | None = world.box.host.charge_point
    if point is not None and not point.online:
        log.connect()


def act(world: World, log: Log, step: str) -> None:
    match step:
        case "plug":
            world.try_to_plug_in()
        case "unplug":
            world.try_to_unplug()
        case "card":
            world.box.present_card(CARD)
        case "cut":
            log.disconnect()
            world.cut_power()
            world.wait(5)
            world.restore_power()
            world.wait(20)
        case "drop":
            log.disconnect()
        case "restore":
            reconnect(world, log)
        case "second":
            world.wait(1)
        case "minute":
            world.wait(61)
