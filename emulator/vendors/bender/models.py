"""The models: Bender's own controllers, the wallboxes other makers build on them, and the ICC generation.

The one rule: what tells models apart is in their `Traits`; nothing else asks for a model's id.
Source: list of products from evcc; names of models from captures and MENNEKES' register document. Ratings, connectors
and timings ASSUMED where nothing else is said.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from ...core.specs import EvseSpec, PhaseSwitching
from ...devices.firmware import Model

Generation = Literal["CC", "ICC"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Traits:
    """What tells the models apart."""

    generation: Generation
    code: str
    """Name of the controller, or of an ICC's wallbox, as it tells it."""
    maker: str
    rfid: bool
    schuko: bool
    """Has a domestic socket as well."""

    @property
    def icc(self) -> bool:
        """Whether it is of the newer generation."""
        return self.generation == "ICC"


CC_FIRMWARES: Final = ("5.12", "5.22", "5.31.0-17351", "5.32", "5.33.9-21459")
"""First with Modbus; first with the newer registers; as in the seed document; first with the vehicle's state of charge;
captured, first with phase switching."""
ICC_FIRMWARES: Final = ("1.4", "1.5.22")
"""1.4 stands for what came before Modbus protocol 1.5. ASSUMED: its number."""

BUILDS: Final = {"5.12": "5.12.3-9452", "5.22": "5.22.4-14387", "5.32": "5.32.2-18790", "5.33": "5.33.9-21459"}
"""Full text of a version that is stated by its first two numbers. ASSUMED but the last."""

PHASE_PAUSE: Final = 10
"""How long a switch of phases takes [s]. ASSUMED."""

EVSE: Final = EvseSpec(
    # ASSUMED: the controller's Linux needs this long before it drives the pilot again.
    boot=30.0,
    # Source: the register document lists state D; ASSUMED: it is served.
    ventilation=True,
    # ASSUMED: pilot interrupted so that the vehicle looks at its phases again.
    phase_switching=PhaseSwitching(fitted=True, wait=float(PHASE_PAUSE), pilot="open"),
    # ASSUMED: neither interface resets faults; unplugging does.
    recovery=(("rcd_ac", "unplug"), ("rcd_dc", "unplug"), ("rcd_sensor_defect", "power")),
)


def _cc(
    name: str,
    title: str,
    code: str,
    *,
    maker: str = "Bender GmbH Co. KG",
    amperes: int = 32,
    connector: str = "tethered",
    rfid: bool = True,
    schuko: bool = False,
) -> tuple[Model, Traits]:
    model = Model(
        id=name,
        title=title,
        firmwares=CC_FIRMWARES,
        default_firmware="5.33.9-21459",
        rated_current=float(amperes),
        connector=connector,
        serial="1703512493",
        evse=EVSE,
    )
    return model, Traits(generation="CC", code=code, maker=maker, rfid=rfid, schuko=schuko)


def _icc(name: str, code: str = "", amperes: int = 32) -> tuple[Model, Traits]:
    """`code`: its text in register 142, if not the name."""
    model = Model(
        id=name.lower().replace(" ", "-"),
        title=f"MENNEKES {name}",
        firmwares=ICC_FIRMWARES,
        default_firmware="1.5.22",
        rated_current=float(amperes),
        serial="2208004711",
        evse=EVSE,
    )
    return model, Traits(generation="ICC", code=code or name, maker="MENNEKES", rfid=True, schuko=False)


_UNITS: Final = (
    _cc("cc612", "Bender CC612, cable", "CC612_2M3PR"),
    _cc("cc612-socket", "Bender CC612, socket", "CC612_2M3PR", connector="socket"),
    _cc("cc612-schuko", "Bender CC612, socket and domestic socket", "CC612_2M3PR", connector="socket", schuko=True),
    _cc("cc612-no-rfid", "Bender CC612 without card reader", "CC612_1M3P", rfid=False),
    _cc("cc613", "Bender CC613, cable", "CC613_ELM4PR"),
    _cc("cc613-socket", "Bender CC613, socket", "CC613_ELM4PR", connector="socket"),
    _cc("amtron-professional", "MENNEKES AMTRON Professional", "CC612_2M3PR", maker="MENNEKES"),
    _cc("amtron-professional-plus", "MENNEKES AMTRON Professional+", "CC612_2M3PR", maker="MENNEKES"),
    _cc("amtron-professional-pnc", "MENNEKES AMTRON Professional PnC", "CC613_ELM4PR", maker="MENNEKES"),
    _cc("amtron-professional-twincharge", "MENNEKES AMTRON Twincharge", "CC612_2M3PR", maker="MENNEKES"),
    _cc("amedio-professional", "MENNEKES AMEDIO Professional", "ICC1622_2M3PR", maker="MENNEKES", connector="socket"),
    _cc("amedio-professional-pnc", "MENNEKES AMEDIO Professional PnC", "ICC1622_ELM4PR", maker="MENNEKES"),
    _cc("amtron-chargecontrol-11", "MENNEKES AMTRON ChargeControl 11", "CC612_2S0R_CC", maker="MENNEKES", amperes=16),
    _cc("amtron-chargecontrol-22", "MENNEKES AMTRON ChargeControl 22", "CC612_2S0R_CC", maker="MENNEKES"),
    _cc("webasto-live", "Webasto Live", "CC612_2M4PR", maker="Webasto"),
    _cc("juice-charger-me", "Juice Charger Me", "CC612_2M4PR", maker="Juice Technology"),
    _cc("technivolt", "TechniSat Technivolt", "CC612_2S0R_CC", maker="TechniSat", amperes=16),
    _cc("ebee-wallbox", "Ebee Wallbox", "CC612_2M3PR", maker="Ebee Smart Technologies GmbH"),
    _cc("optec-mobility-one", "Optec Mobility One", "CC612_2M3PR", maker="Optec"),
    _cc("garo-glb", "Garo GLB", "CC612_2M3PR", maker="GARO"),
    _cc("garo-glb-plus", "Garo GLB+", "CC612_2M3PR", maker="GARO"),
    _cc("garo-ls4", "Garo LS4", "CC612_2M3PR", maker="GARO", connector="socket"),
    _cc("garo-ls4-compact", "Garo LS4 compact", "CC612_2M3PR", maker="GARO", connector="socket"),
    _cc("ensto-chago", "Ensto Chago", "CC612_2M3PR", maker="Ensto"),
    _cc("ubitricity-heinz", "Ubitricity Heinz", "CC612_2M3PR", maker="ubitricity", connector="socket"),
    _cc("cubos-c11e", "CUBOS C11E", "CC612_2M3PR", maker="CUBOS", amperes=16),
    _cc("cubos-c22e", "CUBOS C22E", "CC612_2M3PR", maker="CUBOS"),
    _cc("spelsberg-wallbox-smart-pro", "Spelsberg Wallbox Smart Pro", "CC612_2M3PR", maker="Spelsberg"),
    _cc("sma-ev-charger-business", "SMA EV Charger Business", "CC612_2M3PR", maker="SMA"),
    _icc("AMTRON 4You 500"),
    _icc("AMTRON 4You 560", "4You 560 11 C2", 16),
    _icc("AMTRON 4Business 700"),
    _icc("AMTRON 4Business 710"),
)
"""ASSUMED: codes that are not in a capture, and the texts of the ICC models but for `4You 560 11 C2`, and for the words
`4You` and `4Business`."""

MODELS: Final = tuple(model for model, _ in _UNITS)
TRAITS: Final = {model.id: traits for model, traits in _UNITS}
"""By model."""


def _of(generation: Generation) -> tuple[str, ...]:
    return tuple(name for name, traits in TRAITS.items() if traits.generation == generation)


CC, ICC = _of("CC"), _of("ICC")
