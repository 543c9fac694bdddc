"""KEBA: states of the UDP and Modbus guides."""

from __future__ import annotations

from .table import CHARGING, PLUG_IN, Enumeration, Made, Never, Value

MODEL = "keba-p30-c-32"
SOCKET = "keba-p30-c-32-socket"
CARD = "present_card: {wallbox: keba, tag: '04a1b2c3d4'}"

CARDS = {"whitelist": ["04a1b2c3d4"]}


def _enumeration(
    name: str, read: str, words: dict[Value, str], members: dict[Value, Made | Never], model: str = MODEL
) -> Enumeration:
    return Enumeration(vendor="keba", name=name, read=read, model=model, words=words, members=members)


def _fault(step: str, *more: str) -> Made:
    return Made((*CHARGING, step, *more))


def _command(name: str, parameters: str) -> str:
    return f"command: {{write: {{keba.{name}: '{parameters}'}}}}"


_SOURCES = ("none", "OCPP", "REST", "Modbus", "UDP")

ENUMERATIONS = (
    _enumeration(
        "State",
        "report2.State",
        {0: "starting", 1: "not ready", 2: "ready", 3: "charging", 4: "error", 5: "interrupted"},
        {
            0: Made(("power_cut: {}", "after: 1 min, power_up: {}")),
            1: Made(),
            2: Made(("vehicle_refuses: {}", PLUG_IN)),
            3: Made(CHARGING),
            4: _fault("diode_shorted: {}"),
            5: _fault(_command("ena", "0")),
        },
    ),
    _enumeration(
        "Plug",
        "report2.Plug",
        {
            0: "no cable", 1: "cable at the station", 3: "locked at the station", 5: "at station and vehicle",
            7: "at both, locked",
        },
        {
            0: Made(model=SOCKET),
            1: Made(("plug_cable: {}",), model=SOCKET),
            3: Made(),
            5: Made(("lock_stuck: {stuck: open}", PLUG_IN), model=SOCKET),
            7: Made((PLUG_IN,)),
        },
    ),
    _enumeration(
        "AuthON", "report2.AuthON", {0: "off", 1: "on"}, {0: Made(), 1: Made(settings=CARDS)}
    ),
    _enumeration(
        "Authreq",
        "report2.Authreq",
        {0: "no card needed", 1: "a card is needed"},
        {0: Made(), 1: Made((PLUG_IN,), CARDS)},
    ),
    _enumeration(
        "timeQ",
        "report1.timeQ",
        {0: "never set", 1: "set, not synchronised", 2: "weak", 3: "strong"},
        {
            0: Made(),
            1: Made((_command("setdatetime", "1767600000"),)),
            2: Never("no document says when"),
            3: Made(model="keba-p30-x-32"),
        },
    ),
    _enumeration(
        "X2 phaseSwitch source",
        "modbus.1550",
        dict(enumerate(_SOURCES)),
        {source: Made((f"command: {{write: {{keba.modbus.5050: {source}}}}}",)) for source in range(5)},
    ),
    _enumeration(
        "1552 (P30)",
        "modbus.1552",
        {0: "one phase", 1: "three phases"},
        {
            0: Made((_command("x2src", "4"), _command("x2", "0")), {"contactor_box": True}),
            1: Made((_command("x2src", "4"), _command("x2", "1")), {"contactor_box": True}),
        },
    ),
    _enumeration(
        "1552 (P40)",
        "modbus.1552",
        {1: "one phase", 3: "three phases"},
        {
            1: Made(("command: {write: {keba.modbus.5050: 3}}", "command: {write: {keba.modbus.5052: 0}}")),
            3: Made(),
        },
        "keba-p40",
    ),
    _enumeration(
        "state (REST)",
        "rest.state",
        {
            "IDLE": "no vehicle, or not authorised", "UNAVAILABLE": "starting, or out of order",
            "READY_FOR_CHARGING": "waits for the vehicle", "CHARGING": "charging", "SUSPENDED": "interrupted",
            "RECOVER_FROM_ERROR": "an error that goes away", "UNRECOVERABLE_ERROR": "an error that stays",
            "DEGRADED": "limited", "OFFLINE": "not reached", "INSTALLER_MODE": "being set up",
            "TOKEN_PROGRAMMING_MODE": "learns cards",
        },
        {
            "IDLE": Made(),
            "UNAVAILABLE": Made(settings={"out_of_order": True}),
            "READY_FOR_CHARGING": Made(("vehicle_refuses: {}", PLUG_IN)),
            "CHARGING": Made(CHARGING),
            "SUSPENDED": Made((PLUG_IN,), {"permanently_locked": True}),
            "RECOVER_FROM_ERROR": _fault("diode_shorted: {}"),
            "UNRECOVERABLE_ERROR": Made(("contactor_welded: {}",)),
            "DEGRADED": Never("no document says when"),
            "OFFLINE": Never("of a wallbox that another one has not reached; each is on its own here"),
            "INSTALLER_MODE": Never("an installer's app is not emulated"),
            "TOKEN_PROGRAMMING_MODE": Never("cards are learnt in settings"),
        },
        "keba-p40",
    ),
    _enumeration(
        "phaseUsed (REST)",
        "rest.phaseUsed",
        {"L1_L2_L3": "three phases", "L1": "one phase"},
        {
            "L1_L2_L3": Made(),
            "L1": Made(("command: {write: {keba.modbus.5050: 3}}", "command: {write: {keba.modbus.5052: 0}}")),
        },
        "keba-p40",
    ),
    _enumeration(
        "status of a session (REST)",
        "rest.session.status",
        {
            "INITIATED": "no current yet", "PWM_CHARGING": "charging", "BLOCKED": "held back", "CLOSED": "over",
        },
        {
            "INITIATED": Made(("vehicle_refuses: {}", PLUG_IN)),
            "PWM_CHARGING": Made(CHARGING),
            "BLOCKED": _fault("command: {write: {keba.modbus.5014: 0}}"),
            "CLOSED": _fault("unplug: {}"),
        },
        "keba-p40",
    ),
    _enumeration(
        "reason",
        "report100.reason",
        {0: "not ended", 1: "unplugged", 5: "seen with State 5", 10: "stopped with the card"},
        {
            0: Made(CHARGING),
            1: _fault("unplug: {}"),
            5: Never("seen once; what it stands for is not known"),
            10: Made((PLUG_IN, CARD, "after: 30 s, " + CARD), CARDS),
        },
    ),
)  # fmt: skip
