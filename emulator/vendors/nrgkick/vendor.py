"""NRGkick, the mobile wallbox: Gen2, and the first generation. NOTES.md says what is reproduced and from what."""

from __future__ import annotations

from typing import Final

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


VENDOR: Final = Vendor(
    id="nrgkick",
    title="NRGkick",
    models=MODELS,
    default_model="nrgkick-32",
    ports={"http": 8103, "modbus": 5023},
    real_ports={"http": 80, "modbus": 502},
    settings=(*(row.setting for row in CONTROLS), *SETTINGS),
    create=_create,
    everything={"json_api": True, "modbus_api": True, "authentication": False, "phase_switching": True},
    enable={"http": {"json_api": True}, "modbus": {"modbus_api": True}},
)
