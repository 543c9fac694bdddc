"""What proposals are made of: sensible arguments, how often what happens, and what never does.

The one rule: only what cannot be told from the registered steps and faults themselves.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from ..core.vehicles import PRESETS

LEFT_OUT: Final[Mapping[str, str]] = {
    "clear_fault": "faults of a walk end by themselves (`for`, `count`)",
    "clock": "the walk moves time",
    "expect": "looks; what has to hold is a rule",
    "wait_until": "looks; what has to hold is a rule",
    "note": "nothing happens",
    "request": "what a client asks is the client's business",
    "ocpp_call": "what a central system calls is the client's business",
    "power_up": "a power cut ends by itself (`for`)",
    "fault": "proposed by its kinds",
}
"""Steps that no walk takes, and why."""

HABITS: Final[tuple[Mapping[str, object], ...]] = (
    {"phases": 1},
    {"min_current": "10 A"},
    {"below_minimum": "idle"},
    {"charge_limit": "50 %"},
    {"sleep_after": "2 min"},
    {"toggle_limit": 3},
    {"latch_in_ramp": True},
    {"sticky_single_phase": True},
    {"phase_loss": "stop"},
    {"ignores_pwm_off": True},
    {"start_delay": "2 min"},
    {"reaction_delay": "20 s"},
)
"""What vehicles do that chargers and clients stumble over."""

SAMPLES: Final[Mapping[str, Sequence[object]]] = {
    "delay": ("2 s", "20 s"),
    "settle": ("3 s", "1 min"),
    "for": (None, "5 s", "1 min", "10 min"),
    "status": (500, 401, 404, 503),
    "modbus_exception.code": (None, 1, 2, 4, 6),
    "connections": (1, 0),
    "length": (None, 8),
    "missing": (None, 1),
    "factor": (0.001, 0.1, 10, 1000),
    "sentinel": ("ones", "zeros", "null"),
    "current": ("0 A", "6 A", "10 A"),
    "clock_wrong.offset": ("1 h", "-1 h"),
    "set_supply.phases": (1, 2, None),
    "duration": (None, "1 min"),
    "boot": (None, "5 min"),
    "member": ("new_key",),
    "data": ('{"State": 2}', "TCH-OK :done"),
    "tag": ("04A2B3C4D5", "DEADBEEF"),
    "set_supply.voltage": (None, "200 V", "250 V"),
    "ambient": ("25 °C", "55 °C", "-20 °C"),
    "state_of_charge": (None, "79 %", "99 %"),
    "highest": (6,),
    "payload": ("0", "1"),
    "period": (None, "30 s"),
    "by": (None,),
    "vehicle": tuple(sorted(PRESETS, key=lambda name: name != "generic")),
    "limit": ("4.2 kW", "0 W"),
}
"""Arguments by name, or by step and name; the plainest first."""

OFTEN: Final[Mapping[str, int]] = {
    "plug_in": 12,
    "unplug": 8,
    "swap_vehicle": 3,
    "reboot": 3,
    "acknowledged_but_ineffective": 6,
    "override": 8,
    "hide": 6,
    "rescale": 6,
    "frozen_value": 3,
    "status": 4,
    "refuse": 4,
    "close": 4,
    "act": 4,
    "dead": 3,
}
"""Weights of what the field reports most; everything else has 2."""
SELDOM: Final = 1
"""Weight of faults of the hardware: what a client sees of them is much the same."""

NUMBERS: Final = (0, 1, -1, 100, 65535, 1_000_000)
"""What a number is overridden with."""
WHOLE: Final = ""
"""Stands for all arguments together."""
ONLY_ON: Final[Mapping[str, str]] = dict.fromkeys(
    ("broker_restart", "broker_down", "lost_session", "no_reconnect", "second_publisher"), "mqtt"
)
"""Kinds that are of interest to one protocol only although they are about connections."""
MANY: Final = 20
"""Longer lists are made of what the wallbox says it has, and need no further look."""
FLEETING: Final = {"count": (None, 1, 3), "every": (None, 2, 3)}
"""How often a disturbance of messages hits."""
EVERYWHERE: Final = ("for", *FLEETING)
"""Arguments that make sense with every fault that has them."""
