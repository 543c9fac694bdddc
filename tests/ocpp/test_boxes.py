"""Vendors' boxes with a central system: what they say to it, beside what their own interfaces show."""

from __future__ import annotations

import pytest

from emulator.core.instant import SECOND
from emulator.ocpp.messages import text_in
from emulator.scenario.loader import loads
from emulator.scenario.player import Result
from emulator.scenario.playing import play

CARS = """
vehicles: {id3: {model: vw_id3, state_of_charge: 20 %}}
"""
START = '{action: RemoteStartTransaction, payload: {connectorId: 1, idTag: "42"}}'
STOP = "{action: RemoteStopTransaction, payload: {transactionId: running}}"
BOXES = {
    "keba": "{vendor: keba, model: keba-p30-x-32, ocpp: embedded, settings: {authorisation: true}}",
    "bender": "{vendor: bender, model: cc612, ocpp: embedded, settings: {free_charging: false}}",
    "lektrico": "{vendor: lektrico, ocpp: embedded, settings: {headless: false}}",
    "goe": "{vendor: goe, model: gemini-22, ocpp: embedded, settings: {acs: 1}}",
    "warp": "{vendor: warp, ocpp: embedded}",
}
"""Boxes that charge with an authorisation only."""


def played(box: str, steps: str, *, end: str = "10 min") -> Result:
    """A story of one box on the charger `charger`; its expectations hold."""
    result = play(loads(f"wallbox: {box}{CARS}steps:\n{steps}\nend: {{at: {end}}}"))
    assert result.ok, [str(failure) for failure in result.failures]
    return result


def called(result: Result, action: str) -> list[dict[str, object]]:
    """What the box called, in order."""
    found = [
        entry.detail["payload"]
        for entry in result.journal
        if entry.kind == "push" and entry.interface == "ocpp" and entry.name == action
    ]
    return [payload for payload in found if isinstance(payload, dict)]


def statuses(result: Result, connector: int = 1) -> list[str]:
    return [
        text_in(said, "status") for said in called(result, "StatusNotification") if said["connectorId"] == connector
    ]


def measured(result: Result, measurand: str) -> list[float]:
    """Values of a measurand in MeterValues, in order."""
    reports = [report for said in called(result, "MeterValues") for report in said["meterValue"]]  # type: ignore[attr-defined]
    return [
        float(value["value"])
        for report in reports
        for value in report["sampledValue"]
        if value["measurand"] == measurand
    ]


# --- what is offered --------------------------------------------------------------------------------------------------


def test_a_goe_offers_what_its_own_setting_leaves() -> None:
    result = played(
        BOXES["goe"],
        f"""
  - {{at: 20 s, ocpp_call: {{action: ChangeConfiguration, payload: {{key: MeterValueSampleInterval, value: "30"}}}}}}
  - {{at: 30 s, plug_in: {{vehicle: id3}}}}
  - {{at: 31 s, ocpp_call: {START}}}
  - {{at: 100 s, command: {{write: {{amp: 10}}}}}}
  - {{at: 110 s, expect: {{offered_current: 10 A}}}}""",
        end="3 min",
    )
    offered = measured(result, "Current.Offered")
    assert offered[1:] == [16.0, 10.0, 10.0]
    assert measured(result, "Power.Offered")[-1] == 3 * 230 * 10


def test_a_warp_offers_the_lowest_of_its_slots() -> None:
    result = played(
        BOXES["warp"],
        f"""
  - {{at: 22 s, command: {{write: {{evse/external_enabled_update: {{enabled: true}}}}}}}}
  - {{at: 23 s, command: {{write: {{evse/external_current_update: {{current: 10000}}}}}}}}
  - {{at: 30 s, plug_in: {{vehicle: id3}}}}
  - {{at: 31 s, ocpp_call: {START}}}
  - {{at: 100 s, expect: {{offered_current: 10 A, warp.evse/state.allowed_charging_current: 10000}}}}""",
        end="4 min",
    )
    assert set(measured(result, "Power.Offered")[-3:]) == {2300.0}
    assert set(measured(result, "Current.Offered")[-3:]) == {10.0}


# --- cards ------------------------------------------------------------------------------------------------------------


def test_a_keba_does_not_ask_about_what_is_no_card() -> None:
    result = played(BOXES["keba"], '  - {at: 30 s, present_card: {tag: "garage door"}}', end="1 min")
    assert not called(result, "Authorize")


@pytest.mark.parametrize("authorise", ["false", "true"])
def test_the_profile_of_a_remote_start_is_for_its_transaction_only(authorise: str) -> None:
    """Whether it has begun, or was refused by AuthorizeRemoteTxRequests."""
    profile = (
        "{chargingProfileId: 5, stackLevel: 0, chargingProfilePurpose: TxProfile, chargingProfileKind: Relative,"
        " chargingSchedule: {chargingRateUnit: A, chargingSchedulePeriod: [{startPeriod: 0, limit: 8}]}}"
    )
    start = START.replace("}}", f", chargingProfile: {profile}}}}}")
    key = f'{{key: AuthorizeRemoteTxRequests, value: "{authorise}"}}'
    answer, current, stop = (
        ("Blocked", "0 A", "press_button: {}") if authorise == "true" else ("Accepted", "8 A", f"ocpp_call: {STOP}")
    )
    played(
        BOXES["keba"],
        f"""
  - {{at: 10 s, central_system: {{tags: {{aabbccdd00000000: Accepted, "42": {answer}}}}}}}
  - {{at: 20 s, ocpp_call: {{action: ChangeConfiguration, payload: {key}}}}}
  - {{at: 30 s, plug_in: {{vehicle: id3}}}}
  - {{at: 35 s, ocpp_call: {start}}}
  - {{at: 60 s, expect: {{offered_current: {current}}}}}
  - {{at: 70 s, {stop}}}
  - {{at: 90 s, present_card: {{tag: "AABBCCDD"}}}}
  - {{at: 130 s, expect: {{offered_current: 32 A}}}}""",
        end="140 s",
    )


# --- without power, and after it --------------------------------------------------------------------------------------


@pytest.mark.parametrize("vendor", ["keba", "bender", "lektrico", "goe"])
def test_nothing_flows_between_the_boot_of_the_controller_and_that_of_the_charge_point(vendor: str) -> None:
    result = played(
        BOXES[vendor],
        f"""
  - {{at: 70 s, plug_in: {{vehicle: id3}}}}
  - {{at: 75 s, ocpp_call: {START}}}
  - {{at: 2 min, expect: {{contactor: closed}}}}
  - {{at: 3 min, power_cut: {{}}}}
  - {{at: 190 s, central_system: {{up: false}}}}
  - {{at: 200 s, power_up: {{}}}}""",
    )
    closed = [entry.at for entry in result.journal if entry.name == "contactor_closed"]
    assert [at for at in closed if at > 180 * SECOND] == []


@pytest.mark.parametrize("vendor", ["keba", "bender", "lektrico", "goe", "warp"])
@pytest.mark.parametrize("cause", ["reboot", "power_cut"])
def test_the_reason_tells_a_restart_from_a_loss_of_power(vendor: str, cause: str) -> None:
    back = "" if cause == "reboot" else "\n  - {at: 190 s, power_up: {}}"
    result = played(
        BOXES[vendor],
        f"""
  - {{at: 70 s, plug_in: {{vehicle: id3}}}}
  - {{at: 75 s, ocpp_call: {START}}}
  - {{at: 2 min, expect: {{contactor: closed}}}}
  - {{at: 3 min, {cause}: {{}}}}{back}""",
    )
    (stop,) = called(result, "StopTransaction")
    assert stop["reason"] == ("Reboot" if cause == "reboot" or vendor == "warp" else "PowerLoss")


def test_a_bender_that_restarts_closes_no_contactor_without_a_transaction() -> None:
    result = played(
        BOXES["bender"],
        f"""
  - {{at: 70 s, plug_in: {{vehicle: id3}}}}
  - {{at: 75 s, ocpp_call: {START}}}
  - {{at: 3 min, reboot: {{}}}}""",
    )
    closed = [entry.at for entry in result.journal if entry.name == "contactor_closed"]
    assert len(closed) == 1


# --- availability -----------------------------------------------------------------------------------------------------


INOPERATIVE = "{action: ChangeAvailability, payload: {connectorId: %d, type: Inoperative}}"
OPERATIVE = "{action: ChangeAvailability, payload: {connectorId: %d, type: Operative}}"


def test_a_bender_tells_the_central_system_what_modbus_makes_of_its_availability() -> None:
    """Register 124 is ChangeAvailability at the box itself; 104 shows the status."""
    result = played(
        "{vendor: bender, model: cc612, ocpp: embedded, interfaces: all, settings: {free_charging: false}}",
        f"""
  - {{at: 70 s, command: {{write: {{modbus.124: 0}}, interface: modbus}}}}
  - {{at: 80 s, expect: {{bender.modbus.104: 3}}}}
  - {{at: 90 s, ocpp_call: {{action: RemoteStartTransaction, payload: {{connectorId: 1, idTag: X}}}}}}
  - {{at: 95 s, reboot: {{}}}}
  - {{at: 180 s, expect: {{bender.modbus.124: 0}}}}
  - {{at: 190 s, command: {{write: {{modbus.124: 1}}, interface: modbus}}}}
  - {{at: 200 s, expect: {{bender.modbus.104: 0}}}}
  - {{at: 210 s, ocpp_call: {INOPERATIVE % 1}}}
  - {{at: 220 s, expect: {{bender.modbus.124: 0, bender.modbus.104: 3}}}}
  - {{at: 230 s, ocpp_call: {OPERATIVE % 0}}}
  - {{at: 240 s, expect: {{bender.modbus.124: 1, bender.modbus.104: 0}}}}""",
        end="250 s",
    )
    changes = ["Available", "Unavailable", "Unavailable", "Available", "Unavailable", "Available"]
    assert statuses(result) == changes
    assert statuses(result, 0) == ["Available", "Unavailable", "Unavailable", "Available", "Available"]
    assert not called(result, "StartTransaction")


def test_a_warp_shows_that_its_station_is_unavailable() -> None:
    played(
        BOXES["warp"],
        f"""
  - {{at: 30 s, ocpp_call: {INOPERATIVE % 0}}}
  - {{at: 40 s, expect: {{warp.ocpp/state.charge_point_state: 5, warp.ocpp/state.charge_point_status: 7}}}}
  - {{at: 50 s, ocpp_call: {OPERATIVE % 0}}}
  - {{at: 60 s, expect: {{warp.ocpp/state.charge_point_state: 2, warp.ocpp/state.charge_point_status: 0}}}}""",
        end="70 s",
    )
