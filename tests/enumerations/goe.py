"""go-e: the enumerations of the table of API keys and of the key lists."""

from __future__ import annotations

from .table import CHARGING, PLUG_IN, Enumeration, Made, Never, Value

MODEL = "gemini-22"
RESERVED = Never("reserved, or unused, in every list")
NOT_PUBLIC = Never("no public document says when")
OLD_LOGIC = Never("of the logic before 15 and 17")
CONSTANT = Never("a constant of the device")
NETWORK = Never("the wallbox is always connected here")


def _words(*names: str, first: int = 0) -> dict[Value, str]:
    return dict(enumerate(names, first))


def _enumeration(
    name: str, words: dict[Value, str], members: dict[Value, Made | Never], *, firmware: str = "60.5", read: str = ""
) -> Enumeration:
    return Enumeration(
        vendor="goe",
        name=name,
        read=read or name,
        model=MODEL,
        firmware=firmware,
        words=words,
        members=members,
        settings={"amp": 16},
    )


def _fault(step: str, *more: str) -> Made:
    return Made((*CHARGING, step, *more))


def _set(key: str, value: object) -> Made:
    return Made((f"command: {{write: {{goe.{key}: {value}}}}}",))


def _each(key: str, words: dict[Value, str], **read: str) -> Enumeration:
    """A stored enumeration: what a client writes is read back."""
    return _enumeration(key, words, {value: _set(key, value) for value in words}, **read)


_FAULTS: dict[str, Made | Never] = {
    "none": Made(),
    "FiAc": _fault("trip_rcd: {residual_current: 35 mA}"),
    "FiDc": _fault("trip_rcd: {residual_current: 8 mA, current_type: dc}"),
    "Phase": _fault("phase_loss: {phases: [L2]}"),
    "Overvolt": _fault("overvoltage: {}"),
    "Overamp": _fault("overcurrent: {excess: 8 A}"),
    "Diode": _fault("diode_shorted: {}"),
    "PpInvalid": _fault("pp_invalid: {}"),
    "GndInvalid": _fault("pe_loss: {}"),
    "ContactorStuck": Made(("contactor_welded: {}",)),
    "ContactorMiss": Made(("contactor_fails_to_close: {}", PLUG_IN)),
    "StatusLockStuckOpen": Made(("lock_stuck: {stuck: open}", PLUG_IN)),
    "StatusLockStuckLocked": _fault("lock_stuck: {stuck: closed}", "unplug: {at_box: false}"),
    "FiUnknown": _fault("rcd_sensor_defect: {}"),
    "Unknown": _fault("switch_unconfigured: {}"),
    "Overtemp": _fault("overtemp: {temperature: 85 °C}"),
    "NoComm": _fault("controller_link_lost: {}"),
    "CpInvalid": _fault("cp_short: {}"),
    "RdcSelfTestFailed": Made(("rcd_selftest: {}", PLUG_IN)),
}
_COMMON = ("none", "FiAc", "FiDc", "Phase", "Overvolt", "Overamp", "Diode", "PpInvalid", "GndInvalid", "ContactorStuck")
_OLD = _words(
    *_COMMON, "ContactorMiss", "FiUnknown", "Unknown", "Overtemp", "NoComm", "StatusLockStuckOpen",
    "StatusLockStuckLocked",
)  # fmt: skip
_NEW = {
    **_words(*_COMMON, "ContactorMiss"),
    **_words(
        "StatusLockStuckOpen", "StatusLockStuckLocked", "FiUnknown", "Unknown", "Overtemp", "NoComm", "CpInvalid",
        first=12,
    ),
    **_words("Reserved20", "Reserved21", "Reserved22", "RdcSelfTestFailed", "Reserved24", first=20),
}  # fmt: skip


def _err(name: str, firmware: str, words: dict[Value, str]) -> Enumeration:
    members = {value: RESERVED if word.startswith("Reserved") else _FAULTS[word] for value, word in words.items()}
    return _enumeration(name, words, members, firmware=firmware, read="err")


_MODEL_STATUS = _words(
    "NotChargingBecauseNoChargeCtrlData", "NotChargingBecauseOvertemperature", "NotChargingBecauseAccessControlWait",
    "ChargingBecauseForceStateOn", "NotChargingBecauseForceStateOff", "NotChargingBecauseScheduler",
    "NotChargingBecauseEnergyLimit", "ChargingBecauseAwattarPriceLow", "ChargingBecauseAutomaticStopTestLadung",
    "ChargingBecauseAutomaticStopNotEnoughTime", "ChargingBecauseAutomaticStop", "ChargingBecauseAutomaticStopNoClock",
    "ChargingBecausePvSurplus", "ChargingBecauseFallbackGoEDefault", "ChargingBecauseFallbackGoEScheduler",
    "ChargingBecauseFallbackDefault", "NotChargingBecauseFallbackGoEAwattar", "NotChargingBecauseFallbackAwattar",
    "NotChargingBecauseFallbackAutomaticStop", "ChargingBecauseCarCompatibilityKeepAlive",
    "ChargingBecauseChargePauseNotAllowed", "unused", "NotChargingBecauseSimulateUnplugging",
    "NotChargingBecausePhaseSwitch", "NotChargingBecauseMinPauseDuration", "unused", "NotChargingBecauseError",
    "NotChargingBecauseLoadManagementDoesntWant", "NotChargingBecauseOcppDoesntWant",
    "NotChargingBecauseReconnectDelay", "NotChargingBecauseAdapterBlocking",
    "NotChargingBecauseUnderfrequencyControl", "NotChargingBecauseUnbalancedLoad",
    "ChargingBecauseDischargingPvBattery", "NotChargingBecauseGridMonitoring", "NotChargingBecauseOcppFallback",
    "NotChargingBecauseFloorDetected", "NotChargingBecauseOcppInoperable", "NotChargingBecauseUndervoltageControl",
    "NotChargingBecauseZeroSetpoint", "NotChargingBecauseInitializing", "NotChargingBecauseFailsafeLimit",
)  # fmt: skip
_PRICES = [
    {"start": 1767600000 + 3600 * hour, "end": 1767603600 + 3600 * hour, "marketprice": price}
    for hour, price in enumerate((1.0, 9.0, 9.0))
]
"""From 9:00 local time of the scenario, ct/kWh."""
_DAY = {"control": 2, "ranges": [{"begin": {"hour": 0, "minute": 0}, "end": {"hour": 23, "minute": 59}}] * 2}
_ALL_DAY = {**_DAY, "control": 1}
_TRIP = {"lmo": 5, "ate": 10_000.0}
_BACKEND = {"ocppe": True, "ocppu": "ws://127.0.0.1:9/"}

_STATUS: dict[Value, Made | Never] = {
    0: _fault("controller_link_lost: {}"),
    1: Made((*CHARGING, "overtemp: {temperature: 72 °C}"), {"mca": 18}),
    2: Made((PLUG_IN,), {"acs": 1}),
    3: _set("frc", 2),
    4: _set("frc", 1),
    5: Made((PLUG_IN,), {"sch_week": _DAY}),
    6: Made(CHARGING, {"dwo": 500.0}),
    7: Made((PLUG_IN,), {"lmo": 4, "awe": True, "awp": 5.0, "awpl": _PRICES}),
    8: Made((PLUG_IN,), {**_TRIP, "att": 20 * 3600}),
    9: Made((PLUG_IN,), {**_TRIP, "att": 9 * 3600 + 1800}),
    10: Made((PLUG_IN,), {**_TRIP, "att": 12 * 3600, "awe": True, "awp": -50.0, "awpl": _PRICES}),
    11: Made(("power_cut: {}", "after: 1 min, power_up: {}", PLUG_IN), {**_TRIP, "att": 20 * 3600, "tse": False}),
    12: Made((PLUG_IN, "command: {write: {goe.ids: {pGrid: -9000}}}"), {"lmo": 4, "fup": True}),
    13: OLD_LOGIC,
    14: Made((PLUG_IN,), {"lmo": 4, "sch_week": _ALL_DAY}),
    15: Made(),
    16: OLD_LOGIC,
    17: Made((PLUG_IN,), {"lmo": 4}),
    18: Made((PLUG_IN,), {**_TRIP, "att": 20 * 3600}),
    19: Made((PLUG_IN,), {"lmo": 4, "mci": 60_000}),
    20: Made((PLUG_IN,), {"lmo": 4, "acp": False}),
    21: RESERVED,
    22: Made(
        (*CHARGING, "command: {write: {goe.frc: 1}}", "after: 1 min, command: {write: {goe.frc: 0}}"), {"su": True}
    ),
    23: Made((*CHARGING, "command: {write: {goe.psm: 1}}")),
    24: Made(
        (*CHARGING, "command: {write: {goe.frc: 1}}", "after: 10 s, command: {write: {goe.frc: 0}}"),
        {"mcpd": 600_000},
    ),
    25: RESERVED,
    26: _fault("diode_shorted: {}"),
    27: Made((PLUG_IN,), {"loe": True, "loa": 4}),
    28: Made((PLUG_IN,), _BACKEND),
    29: Made(("power_cut: {}", "after: 1 min, power_up: {}"), {"rdre": 600}),
    30: Made((PLUG_IN,), {"adi": True, "la3": 10, "mca": 12}),
    31: Made((*CHARGING, "set_supply: {frequency: 48.9 Hz}"), {"ufe": True}),
    32: NOT_PUBLIC,
    33: NOT_PUBLIC,
    34: _fault("frequency: {frequency: 46.5 Hz}"),
    35: Made((PLUG_IN,), {**_BACKEND, "ocppf": 0}),
    36: NOT_PUBLIC,
    37: Made((PLUG_IN,), {"ocppe": True, "ocppio": True}),
    38: _fault("undervoltage: {voltage: 190 V}"),
    39: NOT_PUBLIC,
    40: Made(("reboot: {charger: garage, for: 1 s}",)),
    41: Made((PLUG_IN,), {"fse": True, "fsi": 0, "fsc": 60}),
}

ENUMERATIONS = (
    _enumeration(
        "car",
        {
            None: "no word from the charge controller",
            **_words("Unknown", "Idle", "Charging", "WaitCar", "Complete", "Error", "Initializing"),
        },
        {
            None: _fault("controller_link_lost: {}"),
            0: Made(("reboot: {charger: garage, for: 1 s}",), firmware="56.8"),
            1: Made(),
            2: Made(CHARGING),
            3: Made((PLUG_IN,), {"frc": 1}),
            4: _fault("command: {write: {goe.frc: 1}}"),
            5: _fault("diode_shorted: {}"),
            6: Made(("reboot: {charger: garage, for: 1 s}",)),
        },
    ),
    _err("err", "60.5", _NEW),
    _err("err before 59.4", "56.8", _OLD),
    _enumeration("modelStatus", _MODEL_STATUS, _STATUS),
    _enumeration(
        "lck",
        _words("Normal", "AutoUnlock", "AlwaysLock", "ForceUnlock"),
        {
            0: Made(),
            1: _set("ust", 1),
            2: _set("ust", 2),
            3: Made(
                (PLUG_IN, "after: 1 min, ocpp_call: {action: UnlockConnector, payload: {connectorId: 1}}"),
                {"frc": 1},
                central_system=True,
            ),
        },
    ),
    _enumeration(
        "cus",
        _words("Unknown", "Unlocked", "UnlockFailed", "Locked", "LockFailed", "LockUnlockPowerout"),
        {
            0: Made(("controller_link_lost: {}",)),
            1: Made(),
            2: _fault("lock_stuck: {stuck: closed}", "unplug: {at_box: false}"),
            3: Made(CHARGING),
            4: Made(("lock_stuck: {stuck: open}", PLUG_IN)),
            5: Made((*CHARGING, "power_cut: {}", "after: 1 min, unplug: {}", "power_up: {}"), {"upo": True}),
        },
    ),
    _enumeration(
        "ffb",
        _words("NoProblem", "ProblemLock", "ProblemUnlock"),
        {
            0: Made(),
            1: Made(("lock_stuck: {stuck: open}", PLUG_IN)),
            2: _fault("lock_stuck: {stuck: closed}", "unplug: {at_box: false}"),
        },
    ),
    _enumeration(
        "pwm",
        _words("Force3", "Wish1", "Wish3"),
        {
            0: Made(),
            1: Made(
                (PLUG_IN, *("after: 5 s, command: {write: {goe.ids: {pGrid: -1000}}}",) * 7),
                {"lmo": 4, "fup": True, "psm": 0, "mpwst": 20_000, "mptwt": 0},
            ),
            2: Made(settings={"lmo": 4, "fup": True}),
        },
    ),
    _enumeration(
        "tsss",
        _words("RESET", "COMPLETED", "IN_PROGRESS"),
        {0: Made(settings={"tse": False}), 1: Made(), 2: Made(("reboot: {wallbox: goe}",))},
    ),
    _enumeration(
        "ocs",
        _words("Idle", "Updating", "Failed", "Succeeded"),
        {
            0: Made(),
            1: Made(("command: {write: {goe.oct: '56.8'}}",), {"offered_firmware": ["56.8"]}),
            2: Made(("command: {write: {goe.oct: '1.0'}}",)),
            3: Made(("command: {write: {goe.oct: '56.8'}}",), {"offered_firmware": ["56.8"], "all_seed_keys": True}),
        },
        firmware="53.1",
    ),
    _enumeration(
        "rr",
        _words(
            "UNKNOWN", "POWERON", "EXT", "SW", "PANIC", "INT_WDT", "TASK_WDT", "WDT", "DEEPSLEEP", "BROWNOUT", "SDIO"
        ),
        {
            **{value: Never("the processor restarts by power or by itself only") for value in range(11)},
            1: Made(),
            3: Made(("reboot: {wallbox: goe}",)),
        },
        firmware="53.1",
    ),
    _enumeration(
        "wst",
        {
            **_words("IDLE", "NO_SSID_AVAIL", "SCAN_COMPLETED", "CONNECTED", "CONNECT_FAILED", "CONNECTION_LOST"),
            **_words("DISCONNECTED", "CONNECTING", "DISCONNECTING", "NO_SHIELD", "WAITING_FOR_IP", first=6),
        },
        {**dict.fromkeys(range(11), NETWORK), 3: Made()},
    ),
    _enumeration(
        "wsms",
        _words("None", "Scanning", "Connecting", "Connected"),
        {**dict.fromkeys(range(4), NETWORK), 3: Made()},
    ),
    _enumeration(
        "scas",
        _words("None", "Scanning", "Finished", "Failed"),
        {**dict.fromkeys(range(4), NETWORK), 2: Made()},
        firmware="53.1",
    ),
    _enumeration(
        "scan.encryptionType",
        _words(
            "OPEN", "WEP", "WPA_PSK", "WPA2_PSK", "WPA_WPA2_PSK", "WPA2_ENTERPRISE", "WPA3_PSK", "WPA2_WPA3_PSK"
        ),
        {**{value: Never("one network is found, with WPA2") for value in range(8)}, 3: Made()},
        read="scan.0.encryptionType",
    ),
    _enumeration(
        "fem",
        _words("Disabled", "Development", "Release"),
        {**dict.fromkeys(range(3), CONSTANT), 2: Made()},
        firmware="53.1",
    ),
    _enumeration("tssm", _words("IMMED", "SMOOTH"), {0: Made(), 1: CONSTANT}, firmware="53.1"),
    _enumeration("tsom", _words("POLL", "LISTENONLY"), {0: Made(), 1: CONSTANT}, firmware="53.1"),
    _enumeration(
        "sch_week.control",
        _words("Disabled", "Inside", "Outside", "InsideFromGrid", "OutsideFromGrid"),
        {value: Made(settings={"sch_week": {**_DAY, "control": value}}) for value in range(5)},
    ),
    _each("awc", _words("Austria", "Germany")),
    _each("frc", _words("Neutral", "Off", "On")),
    _each("lmo", _words("Default", "Awattar", "AutomaticStop", first=3)),
    _each("psm", _words("Auto", "Force_1", "Force_3")),
    _each("acs", _words("Open", "Wait", "EVCMS")),
    _each("ust", _words("Normal", "AutoUnlock", "AlwaysLock")),
    _each("frm", _words("PreferPowerFromGrid", "Default", "PreferPowerToGrid")),
    _each("tds", _words("None", "EuropeanSummerTime", "UsDaylightTime", "Australia")),
    _each("loty", _words("Static", "Dynamic")),
    _each("bac", _words("NotAllowed", "AllowedWhenCarIsNotConnected", "AllowedWhenCarIsNotCharging", "AllowedAlways")),
)  # fmt: skip
