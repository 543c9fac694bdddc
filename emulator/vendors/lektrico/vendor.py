"""Lektrico chargers 1P7K, 3P22K (TRI) and ONE, and the meters EM and 3EM. NOTES.md says what is reproduced."""

from __future__ import annotations

from typing import Final

from ...devices.catalogue import OcppSwitch
from ...devices.vendor import Vendor
from ...ocpp.host import MEMORY
from .models import MODELS, TRAITS
from .settings import SETTINGS
from .wallbox import Lektrico

VENDOR: Final = Vendor(
    id="lektrico",
    title="Lektrico",
    models=MODELS,
    default_model="3p22k",
    ports={"http": 8104},
    real_ports={"http": 80},
    settings=(*SETTINGS, MEMORY),
    ocpp=OcppSwitch(settings=lambda url: {"ocpp_server_link": url}, models=lambda model: not TRAITS[model].meter),
    create=Lektrico,
    everything={"wifi": True, "headless": True, "install_current": 32, "charger_locked": False},
    enable={"http": {"wifi": True}},
)
