"""Lektrico chargers 1P7K, 3P22K (TRI) and ONE, and the meters EM and 3EM. NOTES.md says what is reproduced."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ...devices.catalogue import Identity, OcppSwitch
from ...devices.realism import Habits, Latency
from ...devices.vendor import Vendor
from ...ocpp.host import MEMORY
from .config import CHARGERS_LIST
from .models import MODELS, TRAITS
from .settings import SETTINGS
from .wallbox import Lektrico

HABITS: Final = Habits(
    latency={"http": Latency(0.030, 0.090, 0.400, "ASSUMED: an ESP32 on Wi-Fi; a client polls four times a second")},
    meter_source="ASSUMED; the firmware itself measures once a second",
)


def _paired(box: Identity) -> Iterator[str]:
    """A meter steers the chargers in its list, by their device ids."""
    yield f"{TRAITS[box.model].prefix}_{box.serial}"
    yield from (name.strip() for name in str(box.settings.get(CHARGERS_LIST.setting.name, "")).split(","))


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
    peers=_paired,
    habits=HABITS,
    everything={"wifi": True, "headless": True, "install_current": 32, "charger_locked": False},
    enable={"http": {"wifi": True}},
)
