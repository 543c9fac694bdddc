"""Bender: words of the legacy REST interface, and numbers of the registers of both generations."""

from __future__ import annotations

from emulator.devices.register_maps.bender import OCPP_STATES
from emulator.vendors.bender.faultcodes import BITS
from emulator.vendors.bender.registers import ICC_STATES

from .table import CHARGING, PLUG_IN, Enumeration, Made, Never, Value

CC = "cc612"
ICC = "amtron-4business-710"
SOCKET = "cc612-socket"
ON = {"rest": "with_uid", "modbus": True, "energy_management": "read_write"}
NO_CARD = {"free_charging": False, "whitelist": ["04a1b2c3"]}
SCHUKO = {"schuko_plugged": True}
BACKEND = {"backend": True}
SEMP = (
    "request: {on: garage.bender.semp, get: /SimpleEnergyManagementProtocol, method: POST, body: '"
    '<EM2Device xmlns="http://www.sma.de/communication/schema/SEMP/v1"><DeviceControl>'
    "<DeviceId>F-00000042-001703512493-00</DeviceId><On>true</On>"
    "<RecommendedPowerConsumption>1518</RecommendedPowerConsumption><Timestamp>1767600000</Timestamp>"
    "</DeviceControl></EM2Device>'}"
)
"""An energy manager recommends so much that one phase is enough."""


def _enumeration(
    name: str, read: str, words: dict[Value, str], members: dict[Value, Made | Never], model: str = CC
) -> Enumeration:
    return Enumeration(vendor="bender", name=name, read=read, model=model, words=words, members=members, settings=ON)


def _rest(name: str, members: dict[str, Made | Never], model: str = CC) -> Enumeration:
    made: dict[Value, Made | Never] = dict(members.items())
    return _enumeration(name, f"rest.{name}", dict.fromkeys(members, ""), made, model)


def _fault(step: str, *more: str) -> Made:
    return Made((*CHARGING, step, *more))


def _errors(*names: str) -> Made:
    return Made((f"set: {{wallbox: bender, settings: {{errors: [{', '.join(names)}]}}}}",))


_OCPP: dict[str, Made | Never] = {
    "available": Made(),
    "occupied": Made((PLUG_IN,), {"ocpp_version": "1.5"}),
    "reserved": Made(settings={"reserved": True}),
    "unavailable": Made(settings={"available": False}),
    "faulted": _fault("diode_shorted: {}"),
    "preparing": Made((PLUG_IN,), NO_CARD),
    "charging": Made(CHARGING),
    "suspendedevse": _fault("command: {write: {bender.modbus.1000: 0}}"),
    "suspendedev": Made(("vehicle_refuses: {}", PLUG_IN)),
    "finishing": Made(
        (
            "present_card: {wallbox: bender, tag: '04a1b2c3'}",
            *CHARGING,
            "present_card: {wallbox: bender, tag: '04a1b2c3'}",
        ),
        NO_CARD,
    ),
}
_ICC: dict[str, Made | Never] = {
    **{state: _OCPP[state] for state in OCPP_STATES if state != "occupied"},
    "undefined": Made((PLUG_IN,), {"ocpp_version": "1.5"}),
}
_BITS: dict[str, Made | Never] = {
    **{name: _errors(name) for name in BITS},
    "residual_current_detected": _fault("trip_rcd: {residual_current: 8 mA, current_type: dc}"),
    "vehicle_signals_error": _fault("cp_short: {}"),
    "vehicle_diode_check_failed": _fault("diode_shorted: {}"),
    "mcb_of_type_2_socket_triggered": Made((*CHARGING, "overcurrent: {excess: 8 A}"), {"mcb_type2_monitoring": True}),
    "rcd_triggered": Made((*CHARGING, "trip_rcd: {residual_current: 35 mA}"), {"rcd_monitoring": True}),
    "contactor_welded": Made(("contactor_welded: {}",)),
    "backend_disconnected": Made(("backend_lost: {}",), BACKEND),
    "plug_locking_failed": Made(("lock_stuck: {stuck: open}", PLUG_IN), model=SOCKET),
    "actuator_stuck_cannot_unlock": Made(
        (*CHARGING, "lock_stuck: {stuck: closed}", "unplug: {at_box: false}"), model=SOCKET
    ),
    "cp_pr_wiring_issue": _fault("pe_loss: {}"),
    "car_current_overload": _fault("overcurrent: {excess: 8 A}"),
    "pic24_error": _fault("overvoltage: {}"),
    "no_power_on_mains": _fault("phase_loss: {phases: [L2]}"),
}
_CABLE = {"connector": "socket"}


def _cable(rating: int) -> Made:
    return Made((f"plug_in: {{vehicle: car, cable: {rating} A}}",), model=SOCKET)


def _monitored(name: str, error: str, monitoring: str) -> Enumeration:
    return _rest(
        name,
        {
            "disable": Made(),
            "okay": Made(settings={monitoring: True}),
            "triggered": Made(settings={monitoring: True, "errors": [error]}),
        },
    )


def _flag(name: str, off: str, on: str, made: Made) -> Enumeration:
    return _rest(name, {off: Made(), on: made})


ENUMERATIONS = (
    _rest(
        "conn_state",
        {
            "no_vehicle_connected": Made(),
            "vehicle_connected_type2": Made((PLUG_IN,), NO_CARD),
            "vehicle_charging_type2": Made(CHARGING),
            "vehicle_connected_schuko": Made(settings={**SCHUKO, **NO_CARD}, model="cc612-schuko"),
            "vehicle_charging_schuko": Made(settings=SCHUKO, model="cc612-schuko"),
            "vehicle_connector_error": _fault("diode_shorted: {}"),
        },
    ),
    _rest(
        "auth_state",
        {
            "not_authorized_for_charging": Made(),
            "wait_for_auth": Made((PLUG_IN,), NO_CARD),
            "authorized_for_charging": Made(CHARGING),
            "auth_timeout": Made((PLUG_IN,), NO_CARD),
        },
    ),
    _rest("ocpp_state", _OCPP),
    _rest(
        "type2_state",
        {
            "a": Made(),
            "b": Made((PLUG_IN,), NO_CARD),
            "c": Made(CHARGING),
            "d": Made((PLUG_IN,), car={"ventilation": True}),
            "e": _fault("cp_short: {}"),
        },
    ),
    _rest(
        "type2_proximity",
        {
            "no_cable": Made(model=SOCKET),
            "13": _cable(13),
            "20": _cable(20),
            "32": _cable(32),
            "63": _cable(63),
            "cable_attached": Made(),
            "short_circuit": Made((PLUG_IN, "pp_invalid: {}"), model=SOCKET),
        },
    ),
    _rest(
        "schuko_state",
        {
            "idle": Made(),
            "connected": Made(settings={**SCHUKO, **NO_CARD}, model="cc612-schuko"),
            "power_on": Made(settings=SCHUKO, model="cc612-schuko"),
        },
    ),
    _rest(
        "backend_conn_state",
        {
            "pending": Made(),
            "connected": Made(settings=BACKEND),
            "not_reacheable": Made(("backend_lost: {}",), BACKEND),
            **{
                state: Made(settings={**BACKEND, "backend_state": state})
                for state in ("not_connected", "connecting", "connecting_proxy_ok", "rejected")
            },
        },
    ),
    _flag("free_charging", "on", "off", Made(settings=NO_CARD)),
    _flag("rcmb_state", "okay", "triggered", _fault("trip_rcd: {residual_current: 8 mA, current_type: dc}")),
    _flag("cable_attached", "on", "off", Made(model=SOCKET)),
    _flag("schuko_cfg", "disable", "enable", Made(model="cc612-schuko")),
    _flag("wlan_state", "wlan_disconnected", "wlan_connected", Made(settings={"wlan": True})),
    _monitored("rcd_state", "rcd_triggered", "rcd_monitoring"),
    _monitored("mcb_type2_state", "mcb_of_type_2_socket_triggered", "mcb_type2_monitoring"),
    _monitored("mcb_schuko_state", "mcb_of_domestic_socket_triggered", "mcb_schuko_monitoring"),
    _rest(
        "errors",
        {**_BITS, "no_errors": Made(), "rfid_reader_not_communicating": Made(("controller_link_lost: {}",))},
    ),
    _enumeration(
        "104 (CC)",
        "modbus.104",
        dict(enumerate(OCPP_STATES)),
        {number: _OCPP[word] for number, word in enumerate(OCPP_STATES)},
    ),
    _enumeration(
        "104 (ICC)",
        "modbus.104",
        dict(enumerate(ICC_STATES)),
        {number: _ICC[word] for number, word in enumerate(ICC_STATES)},
        ICC,
    ),
    _enumeration(
        "122",
        "modbus.122",
        {1: "A", 2: "B", 3: "C", 4: "D", 5: "E"},
        {
            1: Made(),
            2: Made((PLUG_IN,), NO_CARD),
            3: Made(CHARGING),
            4: Made((PLUG_IN,), car={"ventilation": True}),
            5: _fault("cp_short: {}"),
        },
    ),
    _enumeration(
        "140 (CC)",
        "modbus.140",
        {0: "off", 1: "on, three phases", 5: "on, one phase"},
        {
            0: Made(),
            1: Made(CHARGING),
            5: Made((*CHARGING, SEMP), {"semp": True}),
        },
    ),
    _enumeration("140 (ICC)", "modbus.140", {0: "off", 1: "on"}, {0: Made(), 1: Made(CHARGING)}, ICC),
    _enumeration(
        "152 (CC)",
        "modbus.152",
        {0: "open", 1: "locked"},
        {0: Made(), 1: Made(CHARGING)},
        SOCKET,
    ),
    _enumeration(
        "152 (ICC)",
        "modbus.152",
        {0: "undefined", 1: "open", 2: "closed", 3: "latch not used", 4: "not read"},
        {
            0: Never("no document says when"),
            1: Made(hardware=_CABLE),
            2: Made(CHARGING, hardware=_CABLE),
            3: Made(),
            4: Never("no document says when"),
        },
        ICC,
    ),
    _enumeration(
        "2010 (ICC)",
        "modbus.2010",
        {0: "server off", 1: "read", 2: "read and write"},
        {0: Never("the server that would tell it is off"), 1: Made(settings={"energy_management": "read"}), 2: Made()},
        ICC,
    ),
    _enumeration(
        "2011 (ICC)",
        "modbus.2011",
        {0: "no error", 1: "time-out"},
        {0: Made(), 1: Made(settings={"communication_timeout": 10})},
        ICC,
    ),
    _enumeration(
        "2020 (ICC)",
        "modbus.2020",
        {0: "one phase", 1: "three phases", 2: "dynamic", 3: "only without a vehicle"},
        {mode: Made(settings={"phase_switch_mode": mode}) for mode in range(4)},
        ICC,
    ),
    _enumeration(
        "2022 (ICC)",
        "modbus.2022",
        {0: "not running", 1: "running"},
        {0: Made(), 1: _fault("command: {write: {bender.modbus.2002: 3000}}")},
        ICC,
    ),
    _enumeration(
        "2023 (ICC)",
        "modbus.2023",
        {0: "none", 1: "one phase", 2: "three phases"},
        {0: Made(), 1: _fault("command: {write: {bender.modbus.2002: 3000}}"), 2: Made(CHARGING)},
        ICC,
    ),
    _enumeration(
        "2030 (ICC)",
        "modbus.2030",
        {0: "autostart", 1: "authorised", 2: "not authorised"},
        {
            0: Made(),
            1: Made(("present_card: {wallbox: bender, tag: '04a1b2c3'}", PLUG_IN), NO_CARD),
            2: Made((PLUG_IN,), NO_CARD),
        },
        ICC,
    ),
)  # fmt: skip
