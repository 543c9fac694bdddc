"""The models: 11 kW and 22 kW. The one rule: they differ in hardware only."""

from __future__ import annotations

from typing import Final

from ...devices.firmware import Model

FIRMWARES: Final = ("1.0",)
MODELS: Final = tuple(
    Model(
        id=f"eebus-{power}",
        title=f"EEBUS wallbox {power} kW",
        firmwares=FIRMWARES,
        default_firmware=FIRMWARES[-1],
        rated_current=current,
        serial="EV0001",
    )
    for power, current in ((11, 16.0), (22, 32.0))
)
