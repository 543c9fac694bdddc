"""Tinkerforge WARP Charger 1 to 4: HTTP, WebSocket, MQTT on one registry of states, commands and configurations.

See NOTES.md for what is reproduced and where it comes from.
"""

from __future__ import annotations

from typing import Final

from ...devices.catalogue import OcppSwitch
from ...devices.vendor import Vendor
from .models import DEFAULT, MODELS, WARP2_UP
from .settings import ENABLE, EVERYTHING
from .table import SETTINGS
from .wallbox import Warp

VENDOR: Final = Vendor(
    id="warp",
    title="Tinkerforge WARP Charger",
    models=MODELS,
    default_model=DEFAULT,
    ports={"http": 8102, "https": 4432, "modbus": 5022, "ship": 4712},
    real_ports={"http": 80, "https": 443, "modbus": 502, "ship": 4712},
    settings=SETTINGS,
    create=Warp,
    ocpp=OcppSwitch(
        models=WARP2_UP.__contains__,
        settings=lambda url: {"ocpp/config": {"enable": True, "url": url}, "evse/ocpp_enabled": {"enabled": True}},
    ),
    everything=EVERYTHING,
    enable=ENABLE,
)
