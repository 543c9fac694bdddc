"""KEBA KeContact P20, P30 and P40. NOTES.md says what is reproduced and from what."""

from __future__ import annotations

from typing import Final

from ...devices.catalogue import OcppSwitch
from ...devices.realism import Habits, Latency
from ...devices.vendor import Vendor
from ...ocpp.host import MEMORY
from .models import MODELS, TRAITS
from .settings import SETTINGS
from .wallbox import Keba

_LISTENER: Final = "evcc keba listener: 20 to 150 ms"

HABITS: Final = Habits(
    latency={
        "udp": Latency(0.020, 0.060, 0.150, _LISTENER),
        "modbus": Latency(0.020, 0.080, 0.150, f"{_LISTENER}; ASSUMED for Modbus"),
        "rest": Latency(0.050, 0.120, 0.400, "ASSUMED: TLS on a controller"),
    },
    idle_current=True,
    meter_source="evcc#23578, evcc pull request 3103: 4 to 5 mA; ASSUMED: noise of voltage and current",
)

VENDOR: Final = Vendor(
    id="keba",
    title="KEBA KeContact",
    models=MODELS,
    default_model="keba-p30-c-32",
    ports={"modbus": 5026, "udp": 7090, "rest": 8106},
    real_ports={"modbus": 502, "udp": 7090, "rest": 8443},
    settings=(*SETTINGS, MEMORY),
    ocpp=OcppSwitch(settings=lambda url: {"ocpp_url": url}, models=lambda model: TRAITS[model].ocpp),
    create=Keba,
    habits=HABITS,
    everything={"dsw1_2": True, "dsw1_3": True, "modbus_in_app": True, "contactor_box": True, "rest_api": True},
    enable={"modbus": {"dsw1_3": True}, "udp": {"dsw1_3": True}, "rest": {"rest_api": True}},
)
