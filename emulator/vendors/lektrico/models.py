"""The devices Lektrico sells, and what tells them apart on the wire.

The one rule: a model's `traits` are data that tables and logic ask for by name; nothing asks for a model's id.
"""

from __future__ import annotations

from typing import Final

from ...core.specs import EvseSpec, PhaseSwitching
from ...devices.firmware import Model

FIRMWARES: Final = ("1.22", "1.23", "1.44", "1.45", "1.47", "1.51")
METER_FIRMWARES: Final = ("1.15",)

EVSE: Final = EvseSpec(
    # ASSUMED: the relay opens 5 s after a pause at the latest.
    grace=5.0,
    # Source: Charger local API, extended state "D": charging with ventilation is a state of its own, no fault.
    ventilation=True,
    # ASSUMED: a phase change takes 10 to 30 s, most of it with an open pilot.
    phase_switching=PhaseSwitching(fitted=True, wait=10.0, pilot="open"),
    # ASSUMED: a residual-current trip stays until the car is unplugged or the device restarts; see `charging`.
    recovery=(("rcd_ac", "command"), ("rcd_dc", "command"), ("rcd_sensor_defect", "command")),
)

BUILDS: Final = {
    "1.15": "20230524-081502/v1.15-0-g4c1e0d2-master",
    "1.22": "20230109-124642/v1.22-36-g56a3edd-develop-dirty",
    "1.23": "20230206-093018/v1.23-0-g7be01a4-master",
    "1.44": "20240418-110726/v1.44-0-g2fd9c30-master",
    "1.45": "20240701-070351/v1.45-0-g91ac57e-master",
    "1.47": "20241112-142209/v1.47-0-ge05b8f7-master",
    "1.51": "20250303-101544/v1.51-0-g3d72b16-master",
}
"""Firmware version to `fw_id`. Source: 1.22 captured; ASSUMED: the others, in its form."""

CHARGERS: Final = ("1p7k", "3p22k", "lektrico-one")
METERS: Final = ("lektrico-em", "lektrico-3em")


def _charger(name: str, title: str, *, phases: int, prefix: str, serial: str, board: str) -> Model:
    return Model(
        id=name,
        title=title,
        firmwares=FIRMWARES,
        default_firmware="1.51",
        rated_current=32.0,
        phases=phases,
        connector="tethered",
        serial=serial,
        evse=EVSE,
        traits={"kind": "charger", "prefix": prefix, "board_revision": board, "three_phase": phases == 3},
    )


def _meter(name: str, title: str, *, phases: int, serial: str) -> Model:
    return Model(
        id=name,
        title=title,
        firmwares=METER_FIRMWARES,
        default_firmware="1.15",
        rated_current=32.0,
        phases=phases,
        connector="tethered",
        serial=serial,
        evse=EVSE,
        traits={"kind": "meter", "prefix": "m2w", "board_revision": "A", "three_phase": phases == 3},
    )


MODELS: Final = (
    _charger("3p22k", "3P22K (TRI)", phases=3, prefix="3p22k", serial="600123", board="E"),
    _charger("1p7k", "1P7K", phases=1, prefix="1p7k", serial="500006", board="E"),
    # ASSUMED: the prefix of the ONE's device id is not known; as the other single-phase charger.
    _charger("lektrico-one", "ONE", phases=1, prefix="1p7k", serial="510042", board="E"),
    _meter("lektrico-em", "EM energy meter", phases=1, serial="810012"),
    _meter("lektrico-3em", "3EM energy meter", phases=3, serial="830012"),
)
