"""The models: 16 A and 32 A units, each with and without a cellular module, and the first generation with a Connect.

The one rule: what tells the models apart is in `TRAITS`; nothing asks for a model's id but the rows.
Source: vendor page (`model_type`, version numbers, serial number); timings ASSUMED where nothing else is said.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from ...core.specs import EvseSpec, PhaseSwitching, WakeUp
from ...devices.firmware import Model

FIRMWARES: Final = ("4.0.0.0", "4.0.0.33")
"""Of the SmartModule (`sw_sm`). 4.0.0.0 is the first with a local API; the early quirks are ASSUMED to be its."""
DEFAULT_FIRMWARE: Final = "4.0.0.33"

EVSE: Final = EvseSpec(
    # ASSUMED: two seconds longer than the SmartModule, so that clients see status 0 UNKNOWN.
    boot=17.0,
    # ASSUMED: 5 s, with the pilot interrupted so that the vehicle looks at its phases again.
    phase_switching=PhaseSwitching(fitted=True, wait=5.0, pilot="open"),
    # Source: status 7 WAKEUP exists; when it is shown is ASSUMED.
    wake_up=WakeUp(enabled=True, first=30.0, duration=4.0, attempts=1),
    # There is no reset command in the local API. ASSUMED: unplugging the vehicle resets a residual-current trip.
    recovery=(("rcd_ac", "unplug"), ("rcd_dc", "unplug"), ("rcd_sensor_defect", "power")),
)

FIRST_EVSE: Final = replace(EVSE, phase_switching=PhaseSwitching(fitted=False), wake_up=WakeUp(enabled=False))
"""Of the first generation, which has neither."""

VERSIONS: Final = {
    "hw_sm": "1.0.0.3",
    "sw_ma": "3.1.4.5",
    "hw_ma": "1.0.0.0",
    "sw_to": "1.4.1.0",
    "hw_to": "1.1.0.0",
    "sw_st": "1.4.4.0",
    "hw_st": "1.1.0.0",
}
"""Main, touch and star controllers, and the SmartModule's hardware."""


@dataclass(frozen=True, slots=True)
class Traits:
    """What is special about a model."""

    model_type: str
    attachment: str
    """The one it is delivered with."""
    cellular: bool = False
    first_generation: bool = False
    """Bluetooth only; a Connect passes on what it tells."""


def _model(amperes: int, *, sim: bool) -> Model:
    return Model(
        id=f"nrgkick-{'sim-' if sim else ''}{amperes}",
        title=f"NRGkick Gen2{' SIM' if sim else ''} {amperes} A",
        firmwares=FIRMWARES,
        default_firmware=DEFAULT_FIRMWARE,
        rated_current=float(amperes),
        serial="T2332500000000000S1D2",
        evse=EVSE,
    )


def _connect(amperes: int) -> Model:
    return Model(
        id=f"nrgkick-connect-{amperes}",
        title=f"NRGkick of the first generation, {amperes} A, with a Connect",
        firmwares=("1",),
        default_firmware="1",
        rated_current=float(amperes),
        serial="NRGKICK000001",
        evse=FIRST_EVSE,
    )


MODELS: Final = (
    *(_model(32, sim=False), _model(16, sim=False), _model(32, sim=True), _model(16, sim=True)),
    *(_connect(32), _connect(16)),
)
TRAITS: Final = {
    "nrgkick-32": Traits("NRGkick Gen2", "cee_32"),
    "nrgkick-16": Traits("NRGkick Gen2", "cee_16"),
    "nrgkick-sim-32": Traits("NRGkick Gen2 SIM", "cee_32", cellular=True),
    "nrgkick-sim-16": Traits("NRGkick Gen2 SIM", "cee_16", cellular=True),
    "nrgkick-connect-32": Traits("NRGkick", "cee_32", first_generation=True),
    "nrgkick-connect-16": Traits("NRGkick", "cee_16", first_generation=True),
}
"""By model id."""
WITH_CELLULAR: Final = tuple(model for model, traits in TRAITS.items() if traits.cellular)
FIRST_GENERATION: Final = tuple(model for model, traits in TRAITS.items() if traits.first_generation)
