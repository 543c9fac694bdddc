"""Bender CC612 and CC613 charge controllers, the wallboxes built on them, and the newer ICC generation.

NOTES.md says what is reproduced and from what.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ...devices.catalogue import Identity, OcppSwitch
from ...devices.realism import Habits, Latency
from ...devices.vendor import Vendor
from ...ocpp.host import MEMORY
from .models import MODELS
from .settings import SETTINGS, SLAVE
from .wallbox import Bender

HABITS: Final = Habits(
    latency={
        "modbus": Latency(0.020, 0.070, 0.200, "evcc#31794: ten requests within a second; ASSUMED: the spread"),
        "http": Latency(0.060, 0.150, 0.600, "ASSUMED: a web application on embedded Linux"),
        "semp": Latency(0.060, 0.150, 0.600, "ASSUMED: as http"),
    },
    idle_current=True,
    refresh=1.0,
    meter_source="evcc pull request 3103: 4 to 5 mA; ASSUMED: read once a second",
)


def _wired(box: Identity) -> Iterator[str]:
    """A controller knows the state of the second one in its wallbox."""
    yield box.address
    yield str(box.settings.get(SLAVE.name, ""))


VENDOR: Final = Vendor(
    id="bender",
    title="Bender CC612/CC613",
    models=MODELS,
    default_model="cc612",
    ports={"http": 8105, "modbus": 5025, "semp": 8125},
    real_ports={"http": 80, "modbus": 502, "semp": 8888},
    settings=(*SETTINGS, MEMORY),
    ocpp=OcppSwitch(settings=lambda url: {"ocpp_url": url}),
    create=Bender,
    peers=_wired,
    habits=HABITS,
    everything={
        "rest": "with_uid",
        "rest_auth": "none",
        "modbus": True,
        "modbus_user_id_write": True,
        "modbus_user_id_read": True,
        "energy_management": "read_write",
        "semp": True,
        "free_charging": True,
    },
    enable={
        "http": {"rest": "without_uid"},
        "modbus": {"modbus": True, "energy_management": "read_write"},
        "semp": {"semp": True},
    },
)
