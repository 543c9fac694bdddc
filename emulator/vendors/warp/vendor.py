"""Tinkerforge WARP Charger 1 to 4: HTTP, WebSocket, MQTT on one registry of states, commands and configurations.

See NOTES.md for what is reproduced and where it comes from.
"""

from __future__ import annotations

from typing import Final

from ...devices.catalogue import OcppSwitch
from ...devices.realism import Habits, Latency
from ...devices.vendor import Vendor
from .models import DEFAULT, MODELS, WARP2_UP
from .settings import ENABLE, EVERYTHING
from .table import SETTINGS
from .wallbox import Warp

HABITS: Final = Habits(
    latency={
        "http": Latency(0.008, 0.025, 0.150, "ASSUMED: an ESP32, one request at a time"),
        "https": Latency(0.030, 0.080, 0.300, "ASSUMED: as http, with TLS"),
        "websocket": Latency(0.005, 0.060, 0.100, "esp32-firmware: frames are flushed every 100 ms"),
        "mqtt": Latency(0.002, 0.010, 0.060, "ASSUMED: one pass of the main loop"),
        "modbus": Latency(0.001, 0.006, 0.012, "esp32-firmware: the server is polled every 10 ms"),
    },
    meter_source="ASSUMED; the firmware itself says how often it reads the meter",
)

VENDOR: Final = Vendor(
    id="warp",
    title="Tinkerforge WARP Charger",
    models=MODELS,
    default_model=DEFAULT,
    ports={"http": 8102, "https": 4432, "modbus": 5022, "ship": 4712},
    real_ports={"http": 80, "https": 443, "modbus": 502, "ship": 4712},
    settings=SETTINGS,
    create=Warp,
    habits=HABITS,
    ocpp=OcppSwitch(
        models=WARP2_UP.__contains__,
        settings=lambda url: {"ocpp/config": {"enable": True, "url": url}, "evse/ocpp_enabled": {"enabled": True}},
    ),
    everything=EVERYTHING,
    enable=ENABLE,
)
