"""What the central system makes of BootNotification, also when it thinks again."""

from __future__ import annotations

import pytest
from support_ocpp import Paper, World

from emulator.ocpp.profiles import GOE_PROFILE, KEBA_PROFILE
from emulator.ocpp.states import Registration

ACCEPTED = {"currentTime": "2026-01-05T08:00:00Z", "interval": 300, "status": "Accepted"}
REFUSED = {"currentTime": "2026-01-05T08:00:00Z", "interval": 60}


def accepted(profile: object = GOE_PROFILE) -> tuple[World, Paper]:
    """A box whose central system has accepted it, and knows its statuses."""
    world = World(profile)  # type: ignore[arg-type]
    paper = Paper(world)
    paper.answer(ACCEPTED)
    settle(paper)
    return world, paper


def settle(paper: Paper) -> None:
    """Answer everything but BootNotification."""
    while paper.world.point.waiting and paper.last.action != "BootNotification":
        paper.answer({})


@pytest.mark.parametrize("status", ["Rejected", "Pending"])
def test_a_box_that_was_refused_later_is_heard_again_once_it_is_accepted(status: str) -> None:
    world, paper = accepted()
    assert paper.status("TriggerMessage", {"requestedMessage": "BootNotification"}) == "Accepted"
    paper.answer({**REFUSED, "status": status})
    assert world.point.registration is Registration[status.upper()]
    assert (paper.ask("GetConfiguration") is None) == (status == "Rejected")
    said = len(paper.calls())
    world.plug_in()
    world.wait(59)
    assert len(paper.calls()) == said, "no Heartbeat, no StatusNotification"
    world.wait(2)
    assert paper.last.action == "BootNotification"
    paper.answer(ACCEPTED)
    settle(paper)
    assert world.point.registration is Registration.IDLE
    assert [call.payload["status"] for call in paper.calls("StatusNotification")[-2:]] == ["Available", "Preparing"]
    assert paper.ask("GetConfiguration") is not None
    world.wait(301)
    assert paper.last.action == "Heartbeat"


TRIGGERS = {
    "MeterValues": ["MeterValues"],
    "Heartbeat": ["Heartbeat"],
    "StatusNotification": ["StatusNotification", "StatusNotification"],
}


@pytest.mark.parametrize("message", TRIGGERS)
def test_what_is_triggered_is_sent_while_pending(message: str) -> None:
    """OCPP 1.6, 4.2; a StatusNotification that names no connector is of all of them."""
    world = World(KEBA_PROFILE)
    paper = Paper(world)
    paper.answer({**REFUSED, "status": "Pending"})
    world.plug_in()
    world.wait(2)
    assert len(paper.calls()) == 1
    assert paper.status("TriggerMessage", {"requestedMessage": message}) == "Accepted"
    settle(paper)
    assert [call.action for call in paper.calls()[1:]] == TRIGGERS[message]
    world.unplug()
    world.wait(2)
    assert len(paper.calls()) == 1 + len(TRIGGERS[message])


def test_a_keba_gives_up_after_a_week_without_a_central_system() -> None:
    world = World(KEBA_PROFILE)
    world.wait(7 * 86_400 - 60)
    assert Paper(world).calls("BootNotification")
    world.point.lost()
    world.wait(120)
    assert not Paper(world).calls()
    world.box.reboot()
    world.wait(10)
    assert Paper(world).calls("BootNotification")


def test_a_heartbeat_is_due_an_interval_after_the_last_one() -> None:
    """However often the interval changes meanwhile."""
    world, paper = accepted(KEBA_PROFILE)
    for interval in ("100", "90", "80"):
        world.wait(20)
        change = {"key": "HeartbeatInterval", "value": interval}
        assert paper.status("ChangeConfiguration", change) == "Accepted"
    world.wait(19)
    assert not paper.calls("Heartbeat")
    world.wait(1)
    assert len(paper.calls("Heartbeat")) == 1
    settle(paper)
    world.wait(60)
    assert paper.status("ChangeConfiguration", {"key": "HeartbeatInterval", "value": "50"}) == "Accepted"
    world.wait(1)
    assert len(paper.calls("Heartbeat")) == 2
