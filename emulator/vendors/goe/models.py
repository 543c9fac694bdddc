"""The models go-e sells, and what tells them apart on the wire.

The one rule: what a model is stands in its row; rows of keys name the models that have them, and nothing else asks for
a model's id.
Source: go-eCharger-API-v2 (ocpp-en, firmware key lists), captured replies; serial numbers are samples of each line.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from ...core.specs import EvseSpec, PhaseSwitching
from ...core.values import value
from ...devices.firmware import Model

FIRMWARES: Final = ("53.1", "55.5", "56.8", "59.4", "60.1", "60.3", "60.4", "60.5", "60.6")
DEFAULT_FIRMWARE: Final = "60.5"
V3_FIRMWARES: Final = ("50", "51.4", "52.2", *FIRMWARES)
"""V3 is older than the other models that speak API v2."""
OLD_FIRMWARES: Final = ("33", "40.0", "41.0", "42.0")
"""Of V1 and V2 hardware. Source: captured status messages of 033, 041.0 and 042.0."""

EVSE: Final = EvseSpec(
    # ASSUMED: ready only after the network processor (`boot_time`, 10 s), which tells it whether the car may charge.
    boot=12.0,
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


OLD_EVSE: Final = replace(EVSE, phase_switching=PhaseSwitching(fitted=False))


@value
class Traits:
    """What tells a model apart on the wire, beside the keys it has."""

    device_type: str
    """`typ`"""
    power_class: int
    """`var`: 11 or 22 [kW]"""
    subtype: str | None = None
    """`styp`"""
    old_hardware: bool = False
    """V1 and V2: API v1 over HTTP and MQTT, and Modbus; no phase switching."""
    newer_platform: bool = False
    """PRO and CORE: six temperatures, `adi` always true, `wh` cleared at unplug, 400 for unknown keys, bcrypt."""


def _model(
    name: str,
    title: str,
    power_class: int,
    *,
    serial: str = "123456",
    firmwares: tuple[str, ...] = FIRMWARES,
    connector: str = "socket",
    evse: EvseSpec = EVSE,
    enable: Mapping[str, Mapping[str, object]] | None = None,
) -> Model:
    return Model(
        id=name,
        title=title,
        firmwares=firmwares,
        default_firmware=DEFAULT_FIRMWARE if DEFAULT_FIRMWARE in firmwares else firmwares[-1],
        rated_current=16.0 if power_class == 11 else 32.0,
        phases=3,
        connector=connector,
        serial=serial,
        evse=evse,
        enable=enable or {},
    )


def _old(name: str, title: str, power_class: int, serial: str) -> Model:
    """Hardware that speaks API v1 only."""
    return _model(
        name,
        title,
        power_class,
        serial=serial,
        firmwares=OLD_FIRMWARES,
        evse=OLD_EVSE,
        enable={"http": {"hla": True}},
    )


def _from(first: str) -> tuple[str, ...]:
    return FIRMWARES[FIRMWARES.index(first) :]


MODELS: Final = (
    _model("gemini-22", "Charger Gemini 22 kW", 22),
    _model("gemini-11", "Charger Gemini 11 kW", 11),
    _model("gemini-2-22", "Charger Gemini 2.0 22 kW", 22, serial="412345", firmwares=_from("56.8")),
    _model("gemini-2-11", "Charger Gemini 2.0 11 kW", 11, serial="412345", firmwares=_from("56.8")),
    _model("v3-22", "Charger HOME+ (V3) 22 kW", 22, firmwares=V3_FIRMWARES),
    _model("v3-11", "Charger HOME+ (V3) 11 kW", 11, firmwares=V3_FIRMWARES),
    _old("v2-22", "Charger HOME+ (V2) 22 kW", 22, "001680"),
    _old("v2-11", "Charger HOME+ (V2) 11 kW", 11, "001680"),
    # ASSUMED: what clients see of V1 is what they see of V2.
    _old("v1-22", "Charger HOME (V1) 22 kW", 22, "000680"),
    _old("v1-11", "Charger HOME (V1) 11 kW", 11, "000680"),
    _model("pro", "Charger PRO", 22, serial="512345", firmwares=_from("59.4")),
    _model("core", "Charger CORE", 22, serial="612345", firmwares=_from("60.3"), connector="tethered"),
)

TRAITS: Final[Mapping[str, Traits]] = {
    "gemini-22": Traits(device_type="go-eCharger_V4", power_class=22),
    "gemini-11": Traits(device_type="go-eCharger_V4", power_class=11),
    "gemini-2-22": Traits(device_type="go-eCharger_V5", power_class=22),
    "gemini-2-11": Traits(device_type="go-eCharger_V5", power_class=11),
    "v3-22": Traits(device_type="go-eCharger", power_class=22),
    "v3-11": Traits(device_type="go-eCharger", power_class=11),
    "v2-22": Traits(device_type="go-eCharger", power_class=22, old_hardware=True),
    "v2-11": Traits(device_type="go-eCharger", power_class=11, old_hardware=True),
    "v1-22": Traits(device_type="go-eCharger", power_class=22, old_hardware=True),
    "v1-11": Traits(device_type="go-eCharger", power_class=11, old_hardware=True),
    "pro": Traits(device_type="go-eCharger_Pro", power_class=22, subtype="pro_socket", newer_platform=True),
    "core": Traits(device_type="go-eCharger_Phoenix", power_class=22, subtype="core_cable", newer_platform=True),
}
"""By model id."""

PHOENIX: Final = ("pro", "core")
"""Models of the newer platform, which lacks the keys of lock and button."""
OLD: Final = tuple(model for model, traits in TRAITS.items() if traits.old_hardware)
"""V1 and V2."""
V3: Final = ("v3-22", "v3-11")
NOT_V3: Final = tuple(model.id for model in MODELS if model.id not in V3)
NOT_OLD: Final = tuple(model.id for model in MODELS if model.id not in OLD)
WITH_LOCK: Final = tuple(model.id for model in MODELS if model.id not in PHOENIX)
"""V3 and Gemini: the models with cable lock, button and classic network keys."""
