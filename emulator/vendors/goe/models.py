"""The models go-e sells, and what tells them apart on the wire.

The one rule: a model's `traits` are data that readings ask for by name; nothing asks for a model's id.
Source: go-eCharger-API-v2 (ocpp-en, firmware key lists), captured replies; serial numbers are samples of each line.
"""

from __future__ import annotations

from typing import Final

from ...core.specs import EvseSpec, PhaseSwitching
from ...devices.firmware import Model

FIRMWARES: Final = ("53.1", "55.5", "56.8", "59.4", "60.1", "60.3", "60.4", "60.5")
DEFAULT_FIRMWARE: Final = "60.5"

EVSE: Final = EvseSpec(
    # The logic withdraws the offer, waits `psmd` and asks for the other phases with the contactor open; the charge
    # controller itself then needs no more than a pilot interruption. ASSUMED: 4 s.
    phase_switching=PhaseSwitching(fitted=True, wait=4.0, pilot="open"),
    # Source: go-eCharger-API-v2#165 for the ground fault that stays until a reboot; residual current ASSUMED to need
    # the car unplugged.
    recovery=(
        ("pe_loss", "command"),
        ("rcd_ac", "unplug"),
        ("rcd_dc", "unplug"),
        ("rcd_sensor_defect", "unplug"),
    ),
)

PHOENIX: Final = ("pro", "core")
"""Models of the newer platform, which lacks the keys of lock and button."""


def _model(
    name: str,
    title: str,
    kind: str,
    kilowatts: int,
    *,
    serial: str = "123456",
    firmwares: tuple[str, ...] = FIRMWARES,
    connector: str = "socket",
    subtype: str | None = None,
) -> Model:
    phoenix = name in PHOENIX
    return Model(
        id=name,
        title=title,
        firmwares=firmwares,
        default_firmware=DEFAULT_FIRMWARE,
        rated_current=16.0 if kilowatts == 11 else 32.0,
        phases=3,
        connector=connector,
        serial=serial,
        evse=EVSE,
        traits={
            "typ": kind,
            "var": kilowatts,
            "subtype": subtype,
            "adi_always": phoenix,
            "six_sensors": phoenix,
            "wh_cleared_when_idle": phoenix,
            "bad_request_for_unknown": phoenix,
            "bcrypt": phoenix,
            "measures_since": "55" if kind == "go-eCharger" else "53.7",
        },
    )


def _from(first: str) -> tuple[str, ...]:
    return FIRMWARES[FIRMWARES.index(first) :]


MODELS: Final = (
    _model("gemini-22", "Charger Gemini 22 kW", "go-eCharger_V4", 22),
    _model("gemini-11", "Charger Gemini 11 kW", "go-eCharger_V4", 11),
    _model("gemini-2-22", "Charger Gemini 2.0 22 kW", "go-eCharger_V5", 22, serial="412345", firmwares=_from("56.8")),
    _model("gemini-2-11", "Charger Gemini 2.0 11 kW", "go-eCharger_V5", 11, serial="412345", firmwares=_from("56.8")),
    _model("v3-22", "Charger HOME+ (V3) 22 kW", "go-eCharger", 22),
    _model("v3-11", "Charger HOME+ (V3) 11 kW", "go-eCharger", 11),
    _model("pro", "Charger PRO", "go-eCharger_Pro", 22, serial="512345", firmwares=_from("59.4"), subtype="pro_socket"),
    _model(
        "core",
        "Charger CORE",
        "go-eCharger_Phoenix",
        22,
        serial="612345",
        firmwares=_from("60.3"),
        connector="tethered",
        subtype="core_cable",
    ),
)

WITH_LOCK: Final = tuple(model.id for model in MODELS if model.id not in PHOENIX)
"""V3 and Gemini: the models with cable lock, button and classic network keys."""
