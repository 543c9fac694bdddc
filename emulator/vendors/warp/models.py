"""The WARP Charger's models: four generations, Smart (no meter), Pro (with one) and, of WARP4,
Eichrecht (calibrated); 11 and 22 kW; and the Energy Manager, which switches the phases of a WARP2.

Source: Tinkerforge esp32-firmware, `software/warp*.ini`, changelogs; section numbers of NOTES.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from ...core.specs import EvseSpec, PhaseSwitching
from ...devices.firmware import Model, Profile
from ...devices.points import Point

NAMES: Final = {1: "warp", 2: "warp2", 3: "warp3", 4: "warp4"}
PRODUCTS: Final = {1: "WARP Charger", 2: "WARP2 Charger", 3: "WARP3 Charger", 4: "WARP4 Charger"}
FIRMWARES: Final = {
    1: ("2.9.0", "2.10.0", "2.11.0", "2.12.0", "2.12.1"),
    2: ("2.9.0", "2.10.0", "2.11.0", "2.12.0", "2.12.1"),
    3: ("2.9.0", "2.10.0", "2.11.0", "2.12.0", "2.12.1"),
    4: ("2.12.0", "2.12.2"),
}
BUILDS: Final = {
    "2.9.0": "69831bfb",
    "2.10.0": "69e8b7f0",
    "2.11.0": "6a1f6a70",
    "2.12.0": "6a3d10f0",
    "2.12.1": "6a4f91f0",
    "2.12.2": "6a4fa9e0",
}
"""Build time in hex. Only that of 2.9.0 was seen on a real wallbox; ASSUMED: the others, from the release dates."""
CONFIG_VERSIONS: Final = {1: "2.8.4", 2: "2.9.1", 3: "2.9.1", 4: "2.12.0"}
UIDS: Final = {1: "AbC", 2: "XyZ", 3: "2abC", 4: "855c"}
METER_TYPES: Final = {1: 1, 2: 2, 3: 3, 4: 10}
"""ASSUMED usual meter of a Pro: SDM72, SDM630, SDM72V2, WM3M4C."""


def _evse(generation: int, pro: bool) -> EvseSpec:
    """Timers of the charge controller. Source: evse-v2-bricklet `iec61851.c`, `phase_control.c`."""
    fitted = generation >= 3
    switching = PhaseSwitching(fitted=fitted, wait=60.0, wait_under_load=60.0, pilot="open", resume_within=10.0)
    return EvseSpec(
        close_delay=0.5,
        grace=6.0,
        hold_off=5.0,
        hold_off_from="state_c",
        hold_off_after_fault=30.0,
        pilot_settle=0.075,
        boot=4.25,
        below_minimum="clamp",
        single_phase_fallback=fitted and pro,
        recovery=(("rcd_selftest", "command"),),
        phase_switching=switching,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Traits:
    """What the tables and modules of the firmware ask of a model."""

    generation: int
    """1..4; the hardware of an Energy Manager is that of a WARP2."""
    kind: Literal["smart", "pro", "eichrecht", "manager"]
    meter_type: int
    """`energy_meter_type` of the built-in meter; 0: none."""
    meter_slots: int = 5
    users: int = 33
    charges: int = 32768
    """Charges that are kept."""
    longest: int = 10240
    """Bytes of the longest command payload."""
    controller_firmware: str = "2.2.24"

    @property
    def pro(self) -> bool:
        """Has a meter."""
        return self.kind in ("pro", "eichrecht")

    @property
    def manages(self) -> bool:
        """Is no charger, but manages one."""
        return self.kind == "manager"

    @property
    def name(self) -> str:
        """What host names and topics begin with."""
        return "wem" if self.manages else NAMES[self.generation]

    @property
    def product(self) -> str:
        return "WARP Energy Manager" if self.manages else PRODUCTS[self.generation]

    @property
    def config_type(self) -> str:
        return "wem" if self.manages else "warp"


SKU_MODELS: Final = {"smart": 1, "pro": 2, "eichrecht": 3}
"""`factory_data/state.sku_model` of a WARP4."""


def _traits(generation: int, kind: Literal["smart", "pro", "eichrecht"]) -> Traits:
    meter_type = METER_TYPES[generation] if kind != "smart" else 0
    if generation > 1:
        return Traits(generation=generation, kind=kind, meter_type=meter_type)
    return Traits(
        generation=1, kind=kind, meter_type=meter_type, meter_slots=2, users=17, charges=7680, longest=4352,
        controller_firmware="2.1.13",
    )  # fmt: skip


def _model(traits: Traits, power: int) -> Model:
    generation = traits.generation
    name = NAMES[generation]
    return Model(
        id=f"{name if generation > 1 else 'warp1'}-{traits.kind}-{power}",
        title=f"{PRODUCTS[generation]} {traits.kind.capitalize()} {power} kW",
        firmwares=FIRMWARES[generation],
        default_firmware=FIRMWARES[generation][-1],
        rated_current=16.0 if power == 11 else 32.0,
        serial=UIDS[generation],
        evse=_evse(generation, traits.pro),
    )


_SOLD: Final = tuple(
    _traits(generation, kind)
    for generation in NAMES
    for kind in (("smart", "pro", "eichrecht") if generation == 4 else ("smart", "pro"))
)
MANAGER: Final = Model(
    id="warp-energy-manager",
    title="WARP Energy Manager",
    firmwares=("2.12.1",),
    default_firmware="2.12.1",
    serial="2EmQ",
    evse=_evse(2, pro=False),
)
"""ASSUMED: firmware named like that of the chargers it is built with; its own numbers differ."""
TRAITS: Final = {
    **{_model(traits, power).id: traits for traits in _SOLD for power in (11, 22)},
    MANAGER.id: Traits(generation=2, kind="manager", meter_type=0),
}
MODELS: Final = (*(_model(traits, power) for traits in _SOLD for power in (11, 22)), MANAGER)
DEFAULT: Final = "warp3-pro-22"


def _of(*generations: int) -> tuple[str, ...]:
    return tuple(model.id for model in MODELS if TRAITS[model.id].generation in generations)


WARP1: Final = _of(1)
WARP2: Final = _of(2)
WARP3: Final = _of(3)
WARP4: Final = _of(4)
MANAGERS: Final = (MANAGER.id,)
WARP2_AND_3: Final = tuple(model for model in _of(2, 3) if model not in MANAGERS)
WARP2_UP: Final = _of(2, 3, 4)
WARP3_UP: Final = _of(3, 4)
NOT_WARP4: Final = _of(1, 2, 3)

EARLY_SLOTS: Final = 15
"""Charging slots of the firmwares before `LATE_SLOTS`."""
LATE_SLOTS: Final = Point(name="evse/slots[15..16]", source="fw: modules/evse_common", since="2.10.0")


def shown_slots(profile: Profile) -> int:
    """How many charging slots the API shows."""
    return 17 if LATE_SLOTS.exists(profile) else EARLY_SLOTS


def build_of(profile: Profile) -> str:
    """Build time in hex."""
    known = [build for version, build in BUILDS.items() if profile.has(since=version)]
    return BUILDS.get(str(profile.firmware), known[-1] if known else next(iter(BUILDS.values())))
