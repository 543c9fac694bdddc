"""NRGkick Gen2, the mobile wallbox with a SmartModule. NOTES.md says what is reproduced and from what."""

from __future__ import annotations

from typing import Final

from ...devices.vendor import Vendor
from .controls import CONTROLS
from .models import MODELS
from .settings import SETTINGS
from .wallbox import NrgKick

VENDOR: Final = Vendor(
    id="nrgkick",
    title="NRGkick Gen2",
    models=MODELS,
    default_model="nrgkick-32",
    ports={"http": 8103, "modbus": 5023},
    real_ports={"http": 80, "modbus": 502},
    settings=(*(row.setting for row in CONTROLS), *SETTINGS),
    create=NrgKick,
    everything={"json_api": True, "modbus_api": True, "authentication": False, "phase_switching": True},
    enable={"http": {"json_api": True}, "modbus": {"modbus_api": True}},
)
