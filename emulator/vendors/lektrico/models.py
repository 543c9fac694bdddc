"""The devices Lektrico sells, and what tells them apart on the wire.

The one rule: what tells the models apart is in `TRAITS`; nothing asks for a model's id but the rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ...core.specs import EvseSpec, PhaseSwitching
from ...devices.firmware import Model

FIRMWARES: Final = ("1.22", "1.23", "1.44", "1.45", "1.47", "1.51")
METER_FIRMWARES: Final = ("1.15", "1.22")
"""1.15 as captured; 1.22 stands for the one that the vendor's list of keys describes. ASSUMED: its number."""
NEW_SINCE: Final = "1.51"
"""ASSUMED: the firmware that the documents of 2025 describe."""
FULL_SINCE: Final = "1.44"
"""ASSUMED: the firmware that the document of 02.2023 describes; the one before lacks keys."""

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


@dataclass(frozen=True, slots=True)
class Traits:
    """What is special about a model."""

    prefix: str
    """Of its device id."""
    board_revision: str
    three_phase: bool
    meter: bool = False
    """An energy meter, no charger."""


def _model(name: str, title: str, firmwares: tuple[str, ...], serial: str, phases: int) -> Model:
    return Model(
        id=name,
        title=title,
        firmwares=firmwares,
        default_firmware=firmwares[-1],
        phases=phases,
        serial=serial,
        evse=EVSE,
    )


MODELS: Final = (
    _model("3p22k", "3P22K (TRI)", FIRMWARES, "600123", 3),
    _model("1p7k", "1P7K", FIRMWARES, "500006", 1),
    _model("lektrico-one", "ONE", FIRMWARES, "510042", 1),
    _model("lektrico-em", "EM energy meter", METER_FIRMWARES, "810012", 1),
    _model("lektrico-3em", "3EM energy meter", METER_FIRMWARES, "830012", 3),
)
TRAITS: Final = {
    "3p22k": Traits("3p22k", "E", three_phase=True),
    "1p7k": Traits("1p7k", "E", three_phase=False),
    # ASSUMED: the prefix of the ONE's device id is not known; as the other single-phase charger.
    "lektrico-one": Traits("1p7k", "E", three_phase=False),
    "lektrico-em": Traits("m2w", "A", three_phase=False, meter=True),
    "lektrico-3em": Traits("m2w", "A", three_phase=True, meter=True),
}
"""By model id."""
CHARGERS: Final = tuple(model for model, traits in TRAITS.items() if not traits.meter)
METERS: Final = tuple(model for model, traits in TRAITS.items() if traits.meter)


def firmware_id(version: str) -> str:
    """`fw_id` of a version. ASSUMED: the form for versions without a captured one."""
    return BUILDS.get(version, f"20250101-000000/v{version}-0-g0000000-master")
