"""NRGkick, the mobile wallbox: Gen2, and the first generation. NOTES.md says what is reproduced and from what."""

from __future__ import annotations

from typing import Final

from ...devices.realism import Habits, Latency
from ...devices.vendor import Vendor
from ...devices.wallbox import Context, Wallbox
from .connect import NrgKickConnect
from .controls import CONTROLS
from .models import MODELS, TRAITS
from .settings import SETTINGS
from .wallbox import NrgKick


def _create(context: Context) -> Wallbox:
    first = TRAITS[context.profile.model.id].first_generation
    return NrgKickConnect(context) if first else NrgKick(context)


HABITS: Final = Habits(
    latency={
        "http": Latency(0.030, 0.080, 0.400, "ASSUMED: an ESP32 on Wi-Fi"),
        "modbus": Latency(0.010, 0.040, 0.200, "ASSUMED: an ESP32 on Wi-Fi"),
    },
    refresh=1.0,
    meter_source="ASSUMED: once a second",
)

VENDOR: Final = Vendor(
    id="nrgkick",
    title="NRGkick",
    models=MODELS,
    default_model="nrgkick-32",
    ports={"http": 8103, "modbus": 5023},
    real_ports={"http": 80, "modbus": 502},
    settings=(*(row.setting for row in CONTROLS), *SETTINGS),
    create=_create,
    habits=HABITS,
    everything={"json_api": True, "modbus_api": True, "authentication": False, "phase_switching": True},
    enable={"http": {"json_api": True}, "modbus": {"modbus_api": True}},
)
