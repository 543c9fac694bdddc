"""NRGkick: every enumeration of the manufacturer's page."""

from __future__ import annotations

from emulator.vendors.nrgkick import enums

from .table import CHARGING, PLUG_IN, Enumeration, Made, Never, Value

MODEL = "nrgkick-32"
ON = {"json_api": True, "modbus_api": True, "phase_switching": True}


def _enumeration(
    name: str, read: str, texts: dict[int, str], members: dict[str, Made | Never], model: str = MODEL
) -> Enumeration:
    words: dict[Value, str] = {text: str(number) for number, text in texts.items()}
    made: dict[Value, Made | Never] = dict(members.items())
    return Enumeration(vendor="nrgkick", name=name, read=read, model=model, words=words, members=made, settings=ON)


def _fault(step: str, *more: str) -> Made:
    return Made((*CHARGING, step, *more))


def _attached(name: str) -> Made:
    return Made(CHARGING, {"attachment": name})


def _grid(lines: str) -> Made:
    return Made((f"phase_loss: {{phases: [{lines}]}}",))


CHARGES = "settings.Values.ChargingStatus.Charging"


def _connect(name: str, words: dict[Value, str], members: dict[Value, Made | Never]) -> Enumeration:
    """What a box of the first generation tells."""
    return Enumeration(
        vendor="nrgkick",
        name=f"{name} (Connect)",
        read=f"settings.{name}",
        model="nrgkick-connect-32",
        words=words,
        members=members,
    )


UNEQUAL = Never("L1 and N switch together, L2 and L3 follow: a unit closes N L1, N L1 L2 or N L1 L2 L3")

ENUMERATIONS = (
    _enumeration(
        "status",
        "values.general.status",
        enums.STATUS,
        {
            "UNKNOWN": Made(("controller_link_lost: {}",)),
            "STANDBY": Made(),
            "CONNECTED": Made((PLUG_IN,), {"charge_pause": 1}),
            "CHARGING": Made(CHARGING),
            "ERROR": _fault("diode_shorted: {}"),
            "WAKEUP": Made(("vehicle_refuses: {}", PLUG_IN)),
        },
    ),
    _enumeration(
        "rcd_trigger",
        "values.general.rcd_trigger",
        enums.RCD_TRIGGER,
        {
            "NO_FAULT": Made(),
            "AC_30MA_FAULT": _fault("trip_rcd: {residual_current: 35 mA}"),
            "AC_60MA_FAULT": _fault("trip_rcd: {residual_current: 80 mA}"),
            "AC_150MA_FAULT": _fault("trip_rcd: {residual_current: 200 mA}"),
            "DC_POSITIVE_6MA_FAULT": _fault("trip_rcd: {residual_current: 8 mA, current_type: dc}"),
            "DC_NEGATIVE_6MA_FAULT": _fault("trip_rcd: {residual_current: -8 mA, current_type: dc}"),
        },
    ),
    _enumeration(
        "relay_state",
        "values.general.relay_state",
        enums.RELAY_STATE,
        {
            **dict.fromkeys(enums.RELAY_STATE.values(), UNEQUAL),
            "NO_RELAY": Made(),
            "N, L1": Made(CHARGING, {"phase_count": 1}),
            "N, L1, L2": Made(CHARGING, {"phase_count": 2}),
            "N, L1, L2, L3": Made(CHARGING),
        },
    ),
    _enumeration(
        "warning_code",
        "values.general.warning_code",
        enums.WARNING,
        {
            "NO_WARNING": Made(),
            "NO_PE": _fault("pe_loss: {}"),
            "BLACKOUT_PROTECTION": _fault("power_cut: {}", "after: 1 min, power_up: {}"),
            "ENERGY_LIMIT_REACHED": Made(CHARGING, {"energy_limit": 500}),
            "EV_DOES_NOT_COMPLY_STANDARD": Made(
                (*CHARGING, "command: {write: {control.charge_pause: 1}}"), car={"ignores_pwm_off": True}
            ),
            "UNSUPPORTED_CHARGING_MODE": Made((PLUG_IN,), car={"ventilation": True}),
            "NO_ATTACHMENT_DETECTED": Made(settings={"attachment": "none"}),
            "NO_COMM_WITH_TYPE2_ATTACHMENT": Made(settings={"attachment": "type2", "type2_link": False}),
            "INCREASED_TEMPERATURE": _fault("overtemp: {temperature: 72 °C, sensor: board}"),
            "INCREASED_HOUSING_TEMPERATURE": _fault("overtemp: {temperature: 72 °C, sensor: housing}"),
            "INCREASED_ATTACHMENT_TEMPERATURE": _fault("overtemp: {temperature: 72 °C, sensor: connector_l2}"),
            "INCREASED_DOMESTIC_PLUG_TEMPERATURE": Made(
                (*CHARGING, "overtemp: {temperature: 72 °C, sensor: domestic_pin}"), {"attachment": "domestic"}
            ),
        },
    ),
    _enumeration(
        "error_code",
        "values.general.error_code",
        enums.ERROR,
        {
            "NO_ERROR": Made(),
            "GENERAL_ERROR": _fault("overcurrent: {excess: 8 A}"),
            "32A_ATTACHMENT_ON_16A_UNIT": Made((PLUG_IN,), {"attachment": "cee_32"}, model="nrgkick-16"),
            "VOLTAGE_DROP_DETECTED": Made(("set_supply: {source_resistance: 2 ohm}", PLUG_IN)),
            "UNPLUG_DETECTION_TRIGGERED": Made((*CHARGING, "unplug: {}"), {"unplug_detection": True}),
            "TYPE2_NOT_AUTHORIZED": Made((PLUG_IN,), {"attachment": "type2", "type2_authorised": False}),
            "RESIDUAL_CURRENT_DETECTED": _fault("trip_rcd: {residual_current: 35 mA}"),
            "CP_SIGNAL_VOLTAGE_ERROR": _fault("cp_short: {}"),
            "CP_SIGNAL_IMPERMISSIBLE": _fault("cp_resistance: {resistance: 100 ohm}"),
            "EV_DIODE_FAULT": _fault("diode_shorted: {}"),
            "PE_SELF_TEST_FAILED": _fault("pe_loss: {}"),
            "RCD_SELF_TEST_FAILED": Made(("rcd_selftest: {}", PLUG_IN)),
            "RELAY_SELF_TEST_FAILED": Made(("contactor_welded: {}",)),
            "PE_AND_RCD_SELF_TEST_FAILED": _fault("pe_loss: {}", "rcd_sensor_defect: {}"),
            "PE_AND_RELAY_SELF_TEST_FAILED": _fault("pe_loss: {}", "contactor_welded: {}"),
            "RCD_AND_RELAY_SELF_TEST_FAILED": _fault("rcd_sensor_defect: {}", "contactor_welded: {}"),
            "PE_AND_RCD_AND_RELAY_SELF_TEST_FAILED": _fault(
                "pe_loss: {}", "rcd_sensor_defect: {}", "contactor_welded: {}"
            ),
            "SUPPLY_VOLTAGE_ERROR": _fault("phase_loss: {phases: [L2, L3]}"),
            "PHASE_SHIFT_ERROR": _fault("phase_loss: {phases: [L2]}"),
            "OVERVOLTAGE_DETECTED": _fault("overvoltage: {}"),
            "UNDERVOLTAGE_DETECTED": _fault("undervoltage: {voltage: 190 V}"),
            "OVERVOLTAGE_WITHOUT_PE_DETECTED": _fault("pe_loss: {}", "overvoltage: {}"),
            "UNDERVOLTAGE_WITHOUT_PE_DETECTED": _fault("pe_loss: {}", "undervoltage: {voltage: 190 V}"),
            "UNDERFREQUENCY_DETECTED": _fault("frequency: {frequency: 46.5 Hz}"),
            "OVERFREQUENCY_DETECTED": _fault("frequency: {frequency: 52.5 Hz}"),
            "UNKNOWN_FREQUENCY_TYPE": Made(hardware={"supply": {"frequency": "40 Hz"}}),
            "UNKNOWN_GRID_TYPE": Made(hardware={"supply": {"voltage": "400 V"}}),
            "GENERAL_OVERTEMPERATURE": _fault("overtemp: {temperature: 85 °C, sensor: board}"),
            "HOUSING_OVERTEMPERATURE": _fault("overtemp: {temperature: 85 °C, sensor: housing}"),
            "ATTACHMENT_OVERTEMPERATURE": _fault("overtemp: {temperature: 85 °C, sensor: connector_l1}"),
            "DOMESTIC_PLUG_OVERTEMPERATURE": Made(
                (*CHARGING, "overtemp: {temperature: 85 °C, sensor: domestic_pin}"), {"attachment": "domestic"}
            ),
        },
    ),
    _enumeration(
        "connector.type",
        "info.connector.type",
        enums.CONNECTOR_TYPE,
        {
            "UNKNOWN": Made(settings={"attachment": "none"}),
            "CEE": Made(settings={"attachment": "cee_32"}),
            "DOMESTIC": Made(settings={"attachment": "domestic"}),
            "TYPE2": Made(settings={"attachment": "type2"}),
            "WALL": Made(settings={"attachment": "wall_32"}),
            "AUS": Made(settings={"attachment": "aus_32"}),
        },
    ),
    _enumeration(
        "grid.phases",
        "info.grid.phases",
        enums.GRID_PHASES,
        {
            "L1, L2, L3": Made(),
            "L1, L2": _grid("L3"),
            "L1, L3": _grid("L2"),
            "L2, L3": _grid("L1"),
            "L1": _grid("L2, L3"),
            "L2": _grid("L1, L3"),
            "L3": _grid("L1, L2"),
            "UNKNOWN": Never("without any line the unit has no power"),
        },
    ),
    _enumeration(
        "cellular.mode",
        "info.cellular.mode",
        enums.CELLULAR_MODE,
        {
            text: Made((f"set: {{wallbox: nrgkick, settings: {{cellular_mode: {number}}}}}",))
            for number, text in enums.CELLULAR_MODE.items()
        },
        "nrgkick-sim-32",
    ),
    _connect(
        "Info.Connected",
        {False: "no vehicle", True: "a vehicle is plugged in"},
        {False: Made(), True: Made((PLUG_IN,))},
    ),
    _connect(
        "Values.ChargingStatus.Charging",
        {False: "does not charge", True: "charges"},
        {False: _fault(f"command: {{write: {{nrgkick.{CHARGES}: false}}}}"), True: Made(CHARGING)},
    ),
    _connect(
        "Values.ChargingEnergy.Limited",
        {False: "no limit", True: "a limit"},
        {False: Made(), True: Made(("command: {write: {nrgkick.settings.Values.ChargingEnergy.Limited: true}}",))},
    ),
    _connect(
        "Online",
        {False: "out of reach of Bluetooth: what was told last", True: "in reach"},
        {False: Made(settings={"connect_online": False}), True: Made()},
    ),
    _connect(
        "Values.DeviceMetadata.PasswordMatch",
        {False: "the last write had another password", True: "it had the right one"},
        {False: Never("only of a write over HTTP, which no step makes"), True: Made()},
    ),
)
