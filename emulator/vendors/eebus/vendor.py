"""A generic wallbox with EEBUS and nothing else. NOTES.md says where it comes from."""

from __future__ import annotations

from typing import Final

from ...devices.vendor import Vendor
from .models import MODELS
from .settings import SETTINGS
from .wallbox import EebusWallbox

VENDOR: Final = Vendor(
    id="eebus",
    title="EEBUS wallbox",
    models=MODELS,
    default_model="eebus-11",
    ports={"ship": 4713},
    real_ports={"ship": 4712},
    settings=SETTINGS,
    create=EebusWallbox,
    enable={"ship": {"enabled": True}, "mdns": {}},
)
