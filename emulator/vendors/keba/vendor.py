"""KEBA KeContact P20, P30 and P40. NOTES.md says what is reproduced and from what."""

from __future__ import annotations

from typing import Final

from ...devices.catalogue import OcppSwitch
from ...devices.vendor import Vendor
from ...ocpp.host import MEMORY
from .models import MODELS, TRAITS
from .settings import SETTINGS
from .wallbox import Keba

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
    everything={"dsw1_2": True, "dsw1_3": True, "modbus_in_app": True, "contactor_box": True, "rest_api": True},
    enable={"modbus": {"dsw1_3": True, "modbus_in_app": True}, "udp": {"dsw1_3": True}, "rest": {"rest_api": True}},
)
