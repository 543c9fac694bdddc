"""The charge point and the embedded central system in one process: who says what, and when."""

from __future__ import annotations

import pytest
from ocpp.v16.enums import AuthorizationStatus, RegistrationStatus
from support_ocpp import Log, World, ask, connected, report

from emulator.core.faults import PeLoss
from emulator.core.messages import Disturb, Relieve
from emulator.core.states import EvseState
from emulator.ocpp.central_system import CentralSystem, Policy
from emulator.ocpp.profiles import GOE_PROFILE, KEBA_PROFILE, PROFILES, VendorProfile
from emulator.ocpp.station import Evse

CARD = "04AABBCC"


def charging(profile: VendorProfile | None = None) -> tuple[World, CentralSystem, Log]:
    """A box whose vehicle charges in a transaction."""
    world, system, log = connected(profile) if profile is not None else connected()
    world.plug_in()
    world.wait(2)
    world.box.present_card(CARD)
    world.wait(20)
    assert log.statuses()[-1] == "Charging"
    return world, system, log


def test_the_boot_of_a_warp() -> None:
    _, system, log = connected()
    boot, station, connector = log.calls()
    assert boot.id == "0"
    assert list(boot.payload.items()) == [
        ("chargePointVendor", "Tinkerforge GmbH"),
        ("chargePointModel", "WARP2 Pro 11kW"),
        ("chargePointSerialNumber", "warp2-AbC"),
        ("firmwareVersion", "2.12.1+6a4f91f0"),
    ]
    assert (station.payload["connectorId"], station.payload["status"]) == (0, "Available")
    assert (connector.payload["connectorId"], connector.payload["status"]) == (1, "Available")
    assert system.served["box"].statuses == {0: "Available", 1: "Available"}


@pytest.mark.parametrize("profile", PROFILES.values(), ids=PROFILES)
def test_plug_card_charge_unplug(profile: VendorProfile) -> None:
    world, system, log = charging(profile)
    world.wait(200)
    world.unplug()
    world.wait(2)
    assert log.statuses() == [
        "Available",
        "Preparing",
        "SuspendedEVSE",
        "SuspendedEV",
        "Charging",
        "Finishing",
        "Available",
    ]
    (start,) = log.calls("StartTransaction")
    (stop,) = log.calls("StopTransaction")
    assert start.payload["idTag"] == CARD
    assert stop.payload["reason"] == "EVDisconnected"
    assert stop.payload["transactionId"] == 1
    served = system.served["box"].transactions[1]
    assert served.meter_stop is not None
    assert served.meter_stop > served.meter_start
    assert world.box.snapshot().power == 0


def test_nothing_flows_without_a_transaction() -> None:
    world, _, _ = connected()
    world.plug_in()
    world.wait(300)
    assert world.box.snapshot().state is EvseState.B_WAIT
    assert world.box.snapshot().session_energy == 0


def test_plugged_without_a_tag_a_warp_finishes_what_never_began() -> None:
    world, _, log = connected()
    world.plug_in()
    world.wait(61)
    assert log.statuses() == ["Available", "Preparing", "Finishing"]
    world.box.present_card(CARD)
    world.wait(10)
    assert log.statuses()[3:] == ["Preparing", "SuspendedEVSE", "SuspendedEV", "Charging"]


def test_plugged_without_a_tag_others_wait() -> None:
    world, _, log = connected(KEBA_PROFILE)
    world.plug_in()
    world.wait(600)
    assert log.statuses() == ["Available", "Preparing"]


def test_a_tag_without_a_vehicle_expires() -> None:
    world, _, log = connected()
    world.box.present_card(CARD)
    world.wait(59)
    assert log.statuses() == ["Available", "Preparing"]
    world.wait(2)
    assert log.statuses() == ["Available", "Preparing", "Available"]


def test_a_tag_before_the_vehicle() -> None:
    world, _, log = connected()
    world.box.present_card(CARD)
    world.wait(10)
    world.plug_in()
    world.wait(10)
    assert log.statuses() == ["Available", "Preparing", "SuspendedEVSE", "SuspendedEV", "Charging"]


def test_an_unknown_tag_is_refused() -> None:
    world, _, log = connected(policy=Policy(tags={}))
    world.plug_in()
    world.wait(2)
    world.box.present_card(CARD)
    world.wait(5)
    assert log.statuses() == ["Available", "Preparing"]
    assert world.point.authorisation.last_rejection.reason == "Invalid"


def test_the_same_tag_ends_the_transaction() -> None:
    world, _, log = charging()
    asked = len(log.calls("Authorize"))
    world.box.present_card(CARD)
    world.wait(10)
    (stop,) = log.calls("StopTransaction")
    assert (stop.payload["reason"], stop.payload["idTag"]) == ("Local", CARD)
    assert len(log.calls("Authorize")) == asked
    assert log.statuses()[-1] == "Finishing"
    assert world.box.snapshot().power == 0


def test_any_other_tag_ends_a_warps_transaction_without_a_reason() -> None:
    world, _, log = charging()
    world.box.present_card("FFFF")
    world.wait(10)
    (stop,) = log.calls("StopTransaction")
    assert "reason" not in stop.payload
    assert stop.payload["idTag"] == "FFFF"


def test_elsewhere_another_tag_has_to_be_of_the_same_parent() -> None:
    world, _, log = charging(KEBA_PROFILE)
    world.box.present_card("FFFF")
    world.wait(10)
    assert not log.calls("StopTransaction")
    assert log.statuses()[-1] == "Charging"


def test_a_transaction_with_an_invalid_tag_goes_on_without_current() -> None:
    policy = Policy()
    world, system, log = connected(policy=policy)
    world.plug_in()
    world.wait(2)
    policy.tags = {CARD: AuthorizationStatus.blocked}
    assert ask(world, system, "RemoteStartTransaction", idTag=CARD, connectorId=1) == "Accepted"
    world.wait(10)
    assert log.statuses()[-1] == "SuspendedEVSE"
    assert world.box.snapshot().power == 0
    assert not log.calls("StopTransaction")


def test_or_it_is_ended() -> None:
    policy = Policy()
    world, system, log = connected(policy=policy)
    world.plug_in()
    world.wait(2)
    policy.tags = {}
    changed = ask(world, system, "ChangeConfiguration", key="StopTransactionOnInvalidId", value="true")
    assert changed == "Accepted"
    ask(world, system, "RemoteStartTransaction", idTag=CARD)
    world.wait(10)
    (stop,) = log.calls("StopTransaction")
    assert stop.payload["reason"] == "DeAuthorized"
    assert log.statuses()[-1] == "Finishing"


def test_remote_start_and_stop() -> None:
    world, system, log = connected()
    assert ask(world, system, "RemoteStartTransaction", idTag=CARD) == "Rejected"
    assert ask(world, system, "RemoteStartTransaction", idTag=CARD, connectorId=1) == "Accepted"
    world.plug_in()
    world.wait(10)
    assert log.statuses()[-1] == "Charging"
    assert ask(world, system, "RemoteStartTransaction", idTag=CARD) == "Rejected"
    assert ask(world, system, "RemoteStopTransaction", transactionId=77) == "Rejected"
    assert ask(world, system, "RemoteStopTransaction", transactionId=1) == "Accepted"
    world.wait(10)
    (stop,) = log.calls("StopTransaction")
    assert stop.payload["reason"] == "Remote"
    assert ask(world, system, "RemoteStartTransaction", idTag=CARD) == "Accepted"
    world.wait(10)
    assert log.statuses()[-4:] == ["Finishing", "SuspendedEVSE", "SuspendedEV", "Charging"]


def test_a_profile_comes_with_the_remote_start_and_goes_with_the_transaction() -> None:
    world, system, _ = connected()
    world.plug_in()
    world.wait(2)
    profile = {
        "chargingProfileId": 1,
        "stackLevel": 0,
        "chargingProfilePurpose": "TxProfile",
        "chargingProfileKind": "Relative",
        "chargingSchedule": {"chargingRateUnit": "A", "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 8.0}]},
    }
    assert ask(world, system, "RemoteStartTransaction", idTag=CARD, chargingProfile=profile) == "Accepted"
    world.wait(20)
    assert world.box.snapshot().offered_current == 8
    assert len(world.point.profiles.installed) == 1
    world.unplug()
    world.wait(2)
    assert not world.point.profiles.installed


def test_unavailable_after_the_transaction() -> None:
    world, system, log = charging()
    assert ask(world, system, "ChangeAvailability", connectorId=1, type="Inoperative") == "Scheduled"
    assert log.statuses()[-1] == "Charging"
    world.unplug()
    world.wait(2)
    assert log.statuses()[-1] == "Unavailable"
    world.plug_in()
    world.wait(2)
    assert log.statuses()[-1] == "Unavailable"
    assert ask(world, system, "ChangeAvailability", connectorId=1, type="Operative") == "Accepted"
    assert log.statuses()[-1] == "Preparing"


def test_a_fault_is_told_and_over() -> None:
    world, _, log = charging()
    world.simulation.apply("garage", Disturb(name="earth", fault=PeLoss()))
    world.wait(5)
    assert world.point.station.evse() is Evse.FAULTED
    assert log.statuses()[-1] == "Faulted"
    assert {call.payload["errorCode"] for call in log.calls("StatusNotification")} == {"NoError"}
    world.simulation.apply("garage", Relieve(name="earth"))
    world.wait(120)
    assert log.statuses()[-1] == "Charging"


def test_heartbeats_keep_their_interval() -> None:
    world, _, log = connected(policy=Policy(heartbeat=100))
    world.wait(1000)
    assert len(log.calls("Heartbeat")) == 10
    assert world.point.configuration.text("HeartbeatInterval") == "100"


def test_the_clock_of_the_central_system_is_taken_over() -> None:
    world, system, _ = connected(policy=Policy(heartbeat=60))
    system.clock = lambda: world.simulation.calendar().replace(year=2027)
    world.wait(61)
    assert world.box.calendar().year == 2027


@pytest.mark.parametrize("registration", [RegistrationStatus.pending, RegistrationStatus.rejected])
def test_boot_until_accepted(registration: RegistrationStatus) -> None:
    policy = Policy(registration=registration, heartbeat=30)
    world, system, log = connected(policy=policy)
    world.plug_in()
    world.wait(95)
    assert {call.action for call in log.calls()} == {"BootNotification"}
    assert len(log.calls()) == 4
    answers: list[object] = []
    system.call("box", "GetConfiguration", {}, answers.append)
    world.wait(1)
    assert len(answers) == (registration is RegistrationStatus.pending)
    policy.registration = RegistrationStatus.accepted
    world.wait(30)
    assert log.statuses() == ["Finishing"]


def test_a_reset_ends_the_transaction_and_reboots() -> None:
    world, system, log = charging()
    assert ask(world, system, "Reset", type="Soft") == "Accepted"
    (stop,) = log.calls("StopTransaction")
    assert stop.payload["reason"] == "Remote"
    world.wait(2)
    assert not world.box.up
    world.wait(10)
    log.connect()
    world.wait(2)
    assert [call.action for call in log.calls()[-3:]] == ["BootNotification"] + 2 * ["StatusNotification"]


def test_a_power_cut_ends_the_transaction_afterwards() -> None:
    world, system, log = charging()
    world.wait(100)
    log.disconnect()
    world.cut_power()
    world.wait(60)
    world.restore_power()
    world.wait(20)
    log.connect()
    world.wait(5)
    (stop,) = log.calls("StopTransaction")
    assert stop.payload["reason"] == "Reboot"
    assert "idTag" not in stop.payload
    assert system.served["box"].running is None
    order = [call.action for call in log.calls()]
    assert order[order.index("BootNotification", 1) :] == [
        "BootNotification",
        "StatusNotification",
        "StatusNotification",
        "StopTransaction",
    ]


def test_reconnecting_a_warp_does_not_boot() -> None:
    world, _, log = charging()
    log.disconnect()
    world.wait(30)
    before = len(log.calls())
    log.connect()
    world.wait(1)
    assert [call.action for call in log.calls()[before:]] == ["MeterValues", "StatusNotification", "StatusNotification"]
    assert len(log.calls("BootNotification")) == 1


def test_a_reservation_keeps_others_out_until_it_expires() -> None:
    world, system, log = connected(KEBA_PROFILE)
    expiry = "2026-01-05T08:05:00Z"
    reserve = {"connectorId": 1, "expiryDate": expiry, "idTag": CARD, "reservationId": 9}
    assert ask(world, system, "ReserveNow", **reserve) == "Accepted"
    assert ask(world, system, "ReserveNow", **reserve | {"reservationId": 10}) == "Occupied"
    world.box.present_card("FFFF")
    world.wait(1)
    assert log.statuses() == ["Available", "Reserved"]
    assert ask(world, system, "CancelReservation", reservationId=10) == "Rejected"
    world.wait(300)
    assert log.statuses() == ["Available", "Reserved", "Available"]


def test_a_reservation_is_used_by_its_tag() -> None:
    world, system, log = connected(KEBA_PROFILE)
    reserve = {"connectorId": 1, "expiryDate": "2026-01-05T09:00:00Z", "idTag": CARD, "reservationId": 9}
    assert ask(world, system, "ReserveNow", **reserve) == "Accepted"
    world.box.present_card(CARD)
    world.plug_in()
    world.wait(10)
    assert log.calls("StartTransaction")[0].payload["reservationId"] == 9
    assert log.statuses()[:3] == ["Available", "Reserved", "Preparing"]


def test_the_local_list_decides_offline() -> None:
    world, system, log = connected(KEBA_PROFILE)
    entries = [{"idTag": CARD, "idTagInfo": {"status": "Accepted"}}]
    sent = {"listVersion": 3, "updateType": "Full", "localAuthorizationList": entries}
    assert ask(world, system, "SendLocalList", **sent) == "Accepted"
    assert ask(world, system, "SendLocalList", listVersion=3, updateType="Differential") == "VersionMismatch"
    log.disconnect()
    world.plug_in()
    world.wait(2)
    world.box.present_card("FFFF")
    world.wait(5)
    assert world.box.snapshot().power == 0
    world.box.present_card(CARD)
    world.wait(60)
    assert world.box.snapshot().power > 0
    world.unplug()
    world.wait(60)
    log.connect()
    world.wait(5)
    served = system.served["box"].transactions[1]
    assert served.tag == CARD
    assert served.reason == "EVDisconnected"


def test_nobody_charges_at_a_warp_offline() -> None:
    world, _, log = connected()
    log.disconnect()
    world.plug_in()
    world.wait(2)
    world.box.present_card(CARD)
    world.wait(60)
    assert world.box.snapshot().session_energy == 0


def test_a_trigger_is_served_where_it_exists() -> None:
    world, system, log = connected(GOE_PROFILE)
    assert ask(world, system, "TriggerMessage", requestedMessage="MeterValues") == "Accepted"
    (values,) = log.calls("MeterValues")
    found = report(values.payload)["sampledValue"]
    energy = next(v for v in found if v["measurand"] == "Energy.Active.Import.Register")
    assert energy == {"value": "0.00", "measurand": "Energy.Active.Import.Register", "unit": "Wh"}
    assert not [v for v in found if "Offered" in v["measurand"]]
    assert values.id == "531531542"
    assert ask(world, system, "TriggerMessage", requestedMessage="FirmwareStatusNotification") == "NotImplemented"


def test_sampled_values_of_a_warp_are_those_of_the_beginning() -> None:
    world, _, log = charging()
    world.wait(130)
    begin = log.calls("StartTransaction")[0].payload["timestamp"]
    sampled = [call.payload for call in log.calls("MeterValues") if "transactionId" in call.payload]
    reports = [report(payload) for payload in sampled]
    assert reports[0]["timestamp"] == begin
    assert all(value["context"] == "Sample.Periodic" for found in reports for value in found["sampledValue"])


def test_clock_aligned_values_come_on_the_minute() -> None:
    world, _, log = connected()
    world.wait(3 * 60)
    times = [report(call.payload)["timestamp"] for call in log.calls("MeterValues")]
    assert times == [f"2026-01-05T08:0{minute}:00Z" for minute in (1, 2, 3)]
