"""KEBA, Bender and Lektrico: their own values follow the central system, as far as their documents say."""

from __future__ import annotations

import pytest

from emulator.errors import ScenarioError
from emulator.scenario.loader import loads
from emulator.scenario.playing import play

PROFILE = (
    "{action: SetChargingProfile, payload: {connectorId: 1, csChargingProfiles: {chargingProfileId: 1, stackLevel: 1,"
    " chargingProfilePurpose: TxDefaultProfile, chargingProfileKind: Relative, chargingSchedule: {chargingRateUnit: A,"
    " chargingSchedulePeriod: [{startPeriod: 0, limit: 10}]}}}}"
)
REMOTE_START = "{action: RemoteStartTransaction, payload: {connectorId: 1, idTag: abcd1234}}"
REMOTE_STOP = "{action: RemoteStopTransaction, payload: {transactionId: running}}"

FREE = f"""
steps:
  - {{at: 20 s, expect: %(idle)s}}
  - {{at: 100 s, plug_in: {{vehicle: vw_id3}}}}
  - {{at: 150 s, expect: %(charging)s}}
  - {{at: 160 s, expect: {{garage.contactor: closed}}}}
  - {{at: 170 s, ocpp_call: {PROFILE}}}
  - {{at: 180 s, expect: {{garage.offered_current: 10 A}}}}
  - {{at: 190 s, ocpp_call: {REMOTE_STOP}}}
  - {{at: 210 s, expect: {{garage.contactor: open}}}}
  - {{at: 220 s, ocpp_call: {REMOTE_START}}}
  - {{at: 260 s, expect: {{garage.contactor: closed, garage.offered_current: 10 A}}}}
  - {{at: 270 s, unplug: {{}}}}
  - {{at: 280 s, expect: %(idle)s}}
end: {{at: 290 s}}
"""
CARDS = f"""
steps:
  - {{at: 100 s, plug_in: {{vehicle: vw_id3}}}}
  - {{at: 150 s, expect: {{garage.contactor: open}}}}
  - {{at: 160 s, present_card: {{tag: "04A1B2C3"}}}}
  - {{at: 200 s, expect: {{garage.contactor: closed}}}}
  - {{at: 210 s, present_card: {{tag: "04A1B2C3"}}}}
  - {{at: 240 s, expect: {{garage.contactor: open}}}}
  - {{at: 250 s, unplug: {{}}}}
  - {{at: 260 s, plug_in: {{vehicle: vw_id3}}}}
  - {{at: 280 s, ocpp_call: {REMOTE_START}}}
  - {{at: 320 s, expect: {{garage.contactor: closed}}}}
end: {{at: 330 s}}
"""
BOXES = {
    "keba": (
        "{model: keba-p30-x-32, ocpp: embedded%s}",
        "{authorisation: true}",
        {"idle": "{garage.box.report1.Backend: 1}", "charging": "{garage.box.report1.Backend: 1}"},
    ),
    "bender": (
        "{vendor: bender, ocpp: embedded%s}",
        "{free_charging: false}",
        {
            "idle": "{garage.box.rest.backend_conn_state: connected, garage.box.rest.ocpp_state: available}",
            "charging": "{garage.box.rest.ocpp_state: charging, garage.box.modbus.104: 6}",
        },
    ),
    "lektrico": (
        "{vendor: lektrico, ocpp: embedded%s}",
        "{headless: false}",
        {
            "idle": "{garage.box.system_currents.get.ocpp_current: 0}",
            "charging": "{garage.box.system_currents.get.ocpp_current: 32}",
        },
    ),
}


@pytest.mark.parametrize("vendor", BOXES)
def test_without_authorisation_the_vehicle_charges_in_a_transaction(vendor: str) -> None:
    box, _, shown = BOXES[vendor]
    result = play(loads(f"chargers: {{garage: {{wallboxes: {{box: {box % ''}}}}}}}{FREE % shown}"))
    assert result.ok, [str(failure) for failure in result.failures]


@pytest.mark.parametrize("vendor", BOXES)
def test_with_authorisation_the_central_system_decides(vendor: str) -> None:
    box, settings, _ = BOXES[vendor]
    text = box % f", settings: {settings}"
    result = play(loads(f"chargers: {{garage: {{wallboxes: {{box: {text}}}}}}}{CARDS}"))
    assert result.ok, [str(failure) for failure in result.failures]


@pytest.mark.parametrize("model", ["keba-p30-c-32", "warp1-pro-11"])
def test_models_without_a_client(model: str) -> None:
    with pytest.raises(ScenarioError, match="has no OCPP"):
        loads(f"chargers: {{garage: {{wallboxes: {{box: {{model: {model}, ocpp: embedded}}}}}}}}")
