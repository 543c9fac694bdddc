"""What well-known central systems do when a box connects, played to a WARP: see what becomes of it.

Sources: evcc's charger/ocpp, lbbrhzn/ocpp for Home Assistant.
"""

from __future__ import annotations

from support_ocpp import Log, World, ask, connected, report

from emulator.ocpp.central_system import CentralSystem
from emulator.ocpp.profiles import GOE_PROFILE, WARP_PROFILE

PROBES = (
    "Power.Active.Import",
    "Energy.Active.Import.Register",
    "Current.Import",
    "Voltage",
    "Current.Offered",
    "Power.Offered",
    "SoC",
)
ALL_22 = (
    "Current.Export,Current.Import,Current.Offered,Energy.Active.Export.Register,Energy.Active.Import.Register,"
    "Energy.Reactive.Export.Register,Energy.Reactive.Import.Register,Energy.Active.Export.Interval,"
    "Energy.Active.Import.Interval,Energy.Reactive.Export.Interval,Energy.Reactive.Import.Interval,Frequency,"
    "Power.Active.Export,Power.Active.Import,Power.Factor,Power.Offered,Power.Reactive.Export,Power.Reactive.Import,"
    "RPM,SoC,Temperature,Voltage"
)


def evcc(world: World, system: CentralSystem) -> list[object]:
    """evcc's set-up; what it gets for its probes."""
    assert ask(world, system, "ChangeAvailability", connectorId=0, type="Operative") == "Accepted"
    ask(world, system, "GetConfiguration")
    return [
        ask(world, system, "ChangeConfiguration", key="MeterValuesSampledData", value=measurand) for measurand in PROBES
    ]


def limit(level: int, number: int, current: float) -> dict[str, object]:
    return {
        "chargingProfileId": number,
        "stackLevel": level,
        "chargingProfilePurpose": "TxDefaultProfile",
        "chargingProfileKind": "Absolute",
        "chargingSchedule": {
            "chargingRateUnit": "A",
            "startSchedule": "2026-01-05T07:59:00Z",
            "chargingSchedulePeriod": [{"startPeriod": 0, "limit": current}],
        },
    }


def start(world: World) -> None:
    world.plug_in()
    world.wait(2)
    world.box.present_card("A")
    world.wait(130)


def sampled(log: Log) -> set[str]:
    """Measurands of the sampled values."""
    reports = [report(call.payload) for call in log.calls("MeterValues") if "transactionId" in call.payload]
    return {value["measurand"] for found in reports for value in found["sampledValue"]}


def test_evcc_leaves_a_warp_without_sampled_power_after_its_next_boot() -> None:
    """Not before: RebootRequired means that the list counts from the next boot on. This test held otherwise."""
    world, system, log = connected()
    assert evcc(world, system) == 7 * ["RebootRequired"]
    assert world.point.configuration.text("MeterValuesSampledData") == "SoC"
    start(world)
    assert "Power.Active.Import" in sampled(log)
    world.unplug()
    world.wait(2)
    world.box.reboot()
    world.wait(10)
    log.messages.clear()
    log.connect()
    start(world)
    assert world.point.configuration.text("MeterValuesSampledData") == "SoC"
    assert not sampled(log)
    aligned = [report(call.payload) for call in log.calls("MeterValues")]
    assert any(v["measurand"] == "Power.Active.Import" for found in aligned for v in found["sampledValue"])


def test_evcc_gets_what_it_wants_of_a_goe() -> None:
    world, system, log = connected(GOE_PROFILE)
    assert evcc(world, system) == 7 * ["Accepted"]
    joined = ",".join(PROBES)
    assert ask(world, system, "ChangeConfiguration", key="MeterValuesSampledData", value=joined) == "Accepted"
    assert ask(world, system, "ChangeConfiguration", key="MeterValueSampleInterval", value="10") == "Accepted"
    start(world)
    assert sampled(log) == set(PROBES[:-1])


def test_evcc_steers_a_warp() -> None:
    world, system, _ = connected()
    start(world)
    for current in (10.0, 0.0, 6.0):
        profile = limit(WARP_PROFILE.charging.levels, WARP_PROFILE.charging.installed, current)
        assert ask(world, system, "SetChargingProfile", connectorId=1, csChargingProfiles=profile) == "Accepted"
        world.wait(30)
        assert world.box.snapshot().offered_current == current
    assert len(world.point.profiles.installed) == 1


def slide(world: World, system: CentralSystem) -> object:
    """Home Assistant's slider for the current."""
    profile = limit(0, 8, 9.0) | {
        "chargingProfilePurpose": "ChargePointMaxProfile",
        "chargingProfileKind": "Relative",
        "chargingSchedule": {"chargingRateUnit": "A", "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 9.0}]},
    }
    return ask(world, system, "SetChargingProfile", connectorId=0, csChargingProfiles=profile)


def test_home_assistants_slider_is_accepted_and_moves_nothing_at_a_warp() -> None:
    world, system, _ = connected()
    start(world)
    assert slide(world, system) == "Accepted"
    world.wait(30)
    assert world.box.snapshot().offered_current == 32


def test_home_assistants_slider_moves_a_goe() -> None:
    world, system, _ = connected(GOE_PROFILE)
    start(world)
    assert slide(world, system) == "Accepted"
    world.wait(30)
    assert world.box.snapshot().offered_current == 9


def test_home_assistants_list_of_measurands_is_too_long_for_a_warp() -> None:
    world, system, _ = connected()
    assert ask(world, system, "ChangeConfiguration", key="MeterValuesSampledData", value=ALL_22) == "Rejected"
