"""Lektrico: states, limit reasons, error flags, modes of the local API's document and of its clients."""

from __future__ import annotations

from dataclasses import replace

from emulator.vendors.lektrico.errorflags import FLAGS
from emulator.vendors.lektrico.models import FIRMWARES

from .table import CHARGING, PLUG_IN, Enumeration, Made, Never, Value

MODEL = "3p22k"


def _enumeration(
    name: str, read: str, words: dict[Value, str], members: dict[Value, Made | Never], model: str = MODEL
) -> Enumeration:
    return Enumeration(vendor="lektrico", name=name, read=read, model=model, words=words, members=members)


def _fault(step: str, *more: str) -> Made:
    return Made((*CHARGING, step, *more))


def _write(key: str, value: object) -> str:
    return f"command: {{write: {{lektrico.{key}: {value}}}}}"


_FLAG = {
    "state_e_activated": _fault("cp_short: {}"),
    "overtemp": _fault("overtemp: {temperature: 72 °C}"),
    "critical_temp": _fault("overtemp: {temperature: 85 °C}"),
    "overcurrent": _fault("overcurrent: {excess: 8 A}"),
    "meter_fault": _fault("meter_fault: {}"),
    "voltage_error": _fault("phase_loss: {phases: [L2]}"),
    "rcd_error": _fault("trip_rcd: {residual_current: 35 mA}"),
    "rcd_test_error": Made(("rcd_selftest: {}", PLUG_IN)),
    "rcd_err_pin_error": _fault("trip_rcd: {residual_current: 35 mA}"),
    "rcd_err6_pin_error": _fault("trip_rcd: {residual_current: 8 mA, current_type: dc}"),
    "rcd_init_start_error": Made(("rcd_selftest: {}", PLUG_IN)),
    "rcd_init_end_error": Made(("rcd_selftest: {}", PLUG_IN)),
    "state_f_activated": _fault("cp_state_f: {}"),
    "contactor_failure": Made(("contactor_welded: {}",)),
    "cp_diode_failure": _fault("diode_shorted: {}"),
    "undervoltage_error": _fault("undervoltage: {voltage: 190 V}"),
    "overvoltage_error": _fault("overvoltage: {}"),
    "state_machine_e_activated": Made((*CHARGING, "cp_short: {}"), firmware=FIRMWARES[0]),
}


ENUMERATIONS = (
    _enumeration(
        "charger_state",
        "charger_info.charger_state",
        {"A": "no vehicle", "B": "connected", "C": "charging", "D": "with ventilation", "E": "error", "F": "error"},
        {
            "A": Made(),
            "B": Made((PLUG_IN,), {"headless": False}),
            "C": Made(CHARGING),
            "D": Made((PLUG_IN,), car={"ventilation": True}),
            "E": _fault("diode_shorted: {}"),
            "F": _fault("cp_state_f: {}"),
        },
    ),
    _enumeration(
        "extended_charger_state",
        "charger_info.extended_charger_state",
        {
            "A": "no vehicle", "B": "connected", "B_AUTH": "not authorised", "B_PAUSE": "paused",
            "B_SCHEDULER": "paused by the schedule", "C": "charging", "D": "with ventilation", "E": "error",
            "F": "error", "OTA": "updating", "LOCKED": "locked",
        },
        {
            "A": Made(),
            "B": Made(("vehicle_refuses: {}", PLUG_IN)),
            "B_AUTH": Made((PLUG_IN,), {"headless": False}),
            "B_PAUSE": Made((*CHARGING, _write("charge.pause", "{}"))),
            "B_SCHEDULER": Made(
                (PLUG_IN,),
                {
                    "charging_schedule_enabled": True,
                    "charging_schedule": [
                        {"start_d": 1, "start_h": 0, "start_m": 0, "end_d": 7, "end_h": 0, "end_m": 0, "current": 0}
                    ],
                },
            ),
            "C": Made(CHARGING),
            "D": Made((PLUG_IN,), car={"ventilation": True}),
            "E": _fault("diode_shorted: {}"),
            "F": _fault("cp_state_f: {}"),
            "OTA": Made((_write("ota.verify", "{}"),), {"available_firmware": "1.51"}, firmware="1.47"),
            "LOCKED": Made((_write("app_config.charger_locked", "true"),)),
        },
    ),
    _enumeration(
        "current_limit_reason",
        "charger_info.current_limit_reason",
        {
            0: "hardware", 1: "install_current", 2: "user_current", 3: "dynamic_current", 4: "schedule",
            5: "energy meter offline", 6: "energy meter", 7: "OCPP", 8: "over-temperature", 9: "switching phases",
            10: "user limit (second)", 11: "single-phase charging disabled",
        },
        {
            0: Made(),
            1: Made((_write("app_config.install_current", 10),)),
            2: Made((_write("app_config.user_current", 10),)),
            3: Made((_write("dynamic_current", 10),)),
            4: Made(
                settings={
                    "charging_schedule_enabled": True,
                    "charging_schedule": [
                        {"start_d": 1, "start_h": 0, "start_m": 0, "end_d": 7, "end_h": 0, "end_m": 0, "current": 10}
                    ],
                }
            ),
            5: Made((_write("app_config.energy_management_enabled", "true"),)),
            6: Made((_write("em_current", 10),)),
            7: Made(("set: {wallbox: lektrico, settings: {ocpp_current: 10}}",)),
            8: _fault("overtemp: {temperature: 72 °C}"),
            9: Made((*CHARGING, _write("relay_mode", 1))),
            10: Never("nobody knows what causes it; setting shown_limit_reason shows it"),
            11: Never("nobody knows what causes it; setting shown_limit_reason shows it"),
        },
    ),
    _enumeration(
        "active_errors",
        "active_errors.get",
        {row.name: "" for row in FLAGS},
        {name: replace(made, read=f"active_errors.{name}", shows=True) for name, made in _FLAG.items()},
    ),
    _enumeration(
        "relay_mode",
        "relay_mode",
        {0: "single-phase charger", 1: "one phase", 3: "three phases"},
        {0: Made(model="1p7k"), 1: Made((_write("relay_mode", 1),)), 3: Made()},
    ),
    _enumeration(
        "load_balancing_mode",
        "load_balancing_mode",
        {0: "off", 1: "power", 2: "hybrid", 3: "green", 4: "power share"},
        {mode: Made((_write("load_balancing_mode", mode),)) for mode in range(5)},
        "lektrico-3em",
    ),
)  # fmt: skip
