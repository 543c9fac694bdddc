"""Whatever happens, the statuses of the connector follow one another as table 4.9 of OCPP 1.6 allows."""

from __future__ import annotations

from typing import Final

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from support_ocpp import Log, World, connected

from emulator.core.faults import PeLoss
from emulator.core.messages import Disturb, PlugIn, Relieve, Unplug
from emulator.core.specs import VehicleSpec
from emulator.ocpp.central_system import CentralSystem
from emulator.ocpp.profiles import PROFILES, WARP_PROFILE

ALLOWED: Final = {
    "Available": "Preparing Charging SuspendedEV SuspendedEVSE Reserved Unavailable Faulted",
    "Preparing": "Available Charging SuspendedEV SuspendedEVSE Finishing Faulted",
    "Charging": "Available SuspendedEV SuspendedEVSE Finishing Unavailable Faulted",
    "SuspendedEV": "Available Charging SuspendedEVSE Finishing Unavailable Faulted",
    "SuspendedEVSE": "Available Charging SuspendedEV Finishing Unavailable Faulted",
    "Finishing": "Available Preparing Unavailable Faulted",
    "Reserved": "Available Preparing Unavailable Faulted",
    "Unavailable": "Available Preparing Charging SuspendedEV SuspendedEVSE Faulted",
    "Faulted": "Available Preparing Charging SuspendedEV SuspendedEVSE Finishing Reserved Unavailable",
}
OF_WARP: Final = {"Finishing": "Charging SuspendedEV SuspendedEVSE", "Preparing": "Unavailable"}
"""Where WARP leaves the table: a remote start while finishing, made unavailable while preparing."""

CALLS: Final = (
    ("RemoteStartTransaction", {"idTag": "A", "connectorId": 1}),
    ("RemoteStartTransaction", {"idTag": "B"}),
    ("RemoteStopTransaction", {"transactionId": 1}),
    ("RemoteStopTransaction", {"transactionId": 2}),
    ("ChangeAvailability", {"connectorId": 1, "type": "Inoperative"}),
    ("ChangeAvailability", {"connectorId": 1, "type": "Operative"}),
    ("ChangeAvailability", {"connectorId": 0, "type": "Inoperative"}),
    ("ReserveNow", {"connectorId": 1, "expiryDate": "2026-01-05T08:03:00Z", "idTag": "A", "reservationId": 1}),
    ("CancelReservation", {"reservationId": 1}),
    ("Reset", {"type": "Soft"}),
    ("UnlockConnector", {"connectorId": 1}),
)
STIMULI: Final = st.one_of(
    st.sampled_from(("plug", "unplug", "fault", "heal", "card A", "card B")),
    st.sampled_from(CALLS),
    st.sampled_from((0.05, 1.0, 8.0, 70.0)),
)


def do(world: World, system: CentralSystem, stimulus: str | float | tuple[str, dict[str, object]]) -> None:
    match stimulus:
        case "plug":
            world.simulation.apply("garage", PlugIn(name="car", vehicle=VehicleSpec()))
        case "unplug":
            world.simulation.apply("garage", Unplug())
        case "fault":
            world.simulation.apply("garage", Disturb(name="earth", fault=PeLoss()))
        case "heal":
            world.simulation.apply("garage", Relieve(name="earth"))
        case str():
            world.box.present_card(stimulus.removeprefix("card "))
        case float():
            world.wait(stimulus)
        case (action, payload):
            if "box" in system.sessions:
                system.call("box", action, payload)


def after_reset(world: World, log: Log) -> None:
    """Connect again after a reboot."""
    if not world.box.up:
        world.wait(10)
    if not world.point.online:
        log.connect()
        world.wait(1)


@pytest.mark.parametrize("name", ["warp", "goe", "keba"])
@settings(max_examples=40, deadline=None)
@example(stimuli=["plug", CALLS[7], "unplug"])
@given(stimuli=st.lists(STIMULI, max_size=25))
def test_only_allowed_sequences(name: str, stimuli: list[str | float]) -> None:
    profile = PROFILES[name]
    world, system, log = connected(profile)
    for stimulus in stimuli:
        do(world, system, stimulus)
        world.wait(0.2)
        after_reset(world, log)
    world.wait(1)
    after_reset(world, log)
    allowed = {status: set(after.split()) for status, after in ALLOWED.items()}
    if profile is WARP_PROFILE:
        for status, after in OF_WARP.items():
            allowed[status] |= set(after.split())
    previous = ""
    for call in log.calls():
        if call.action == "BootNotification":
            previous = ""
        elif call.action == "StatusNotification" and call.payload["connectorId"] == 1:
            status = str(call.payload["status"])
            assert not previous or status == previous or status in allowed[previous], log.statuses()
            previous = status
    running = world.box.host.memory.running
    assert len(log.calls("StartTransaction")) - len(log.calls("StopTransaction")) == (running is not None)
