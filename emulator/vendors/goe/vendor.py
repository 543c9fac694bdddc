"""go-e chargers: HOME, HOME+, Gemini, Gemini 2.0, PRO and CORE. NOTES.md says what is reproduced and from what."""

from __future__ import annotations

from typing import Final

from ...devices.catalogue import OcppSwitch
from ...devices.vendor import Vendor
from ...ocpp.host import MEMORY
from .features import QUIRKS
from .keys import STORED
from .models import MODELS
from .settings import HIDDEN
from .wallbox import Goe

VENDOR: Final = Vendor(
    id="goe",
    title="go-e Charger",
    models=MODELS,
    default_model="gemini-22",
    ports={"http": 8101, "modbus": 5021},
    real_ports={"http": 80, "modbus": 502},
    settings=(*STORED, *HIDDEN, MEMORY, *(quirk.setting for quirk in QUIRKS)),
    create=Goe,
    ocpp=OcppSwitch(settings=lambda url: {"ocppe": True, "ocppu": url}, appends_identity=False),
    everything={"hai": True, "hla": True, "men": True, "mce": True, "mcr": False, "acs": 0, "password": "go-e-test"},
    enable={
        "http": {"hai": True},
        "modbus": {"men": True},
        "mqtt": {"mce": True, "mcr": False},
    },
)
