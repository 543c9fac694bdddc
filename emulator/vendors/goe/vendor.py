"""go-e chargers: HOME, HOME+, Gemini, Gemini 2.0, PRO and CORE. NOTES.md says what is reproduced and from what."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ...devices.catalogue import Identity, OcppSwitch
from ...devices.realism import Habits, Latency
from ...devices.vendor import Vendor
from ...ocpp.host import MEMORY
from .features import QUIRKS
from .keys import STORED
from .models import MODELS
from .settings import HIDDEN, LOE, LOG
from .wallbox import Goe

HABITS: Final = Habits(
    latency={
        "http": Latency(0.030, 0.120, 0.500, "go-eCharger-API-v1#57: 0.5 s on V3 hardware; ASSUMED: usually less"),
        "websocket": Latency(0.010, 0.050, 0.200, "ASSUMED: as HTTP without a connection to open"),
        "mqtt": Latency(0.010, 0.050, 0.200, "ASSUMED: as the WebSocket"),
        "modbus": Latency(0.010, 0.040, 0.150, "ASSUMED"),
        "cloud": Latency(0.200, 0.300, 3.500, "go-eCharger-API-v1, of the cloud before; ASSUMED: this one as well"),
    },
    meter_source="ASSUMED; the firmware itself measures once a second",
)


def _group(box: Identity) -> Iterator[str]:
    """Load balancing: members of a group share one current."""
    if box.settings.get(LOE.name) and (group := box.settings.get(LOG.name)):
        yield str(group)


VENDOR: Final = Vendor(
    id="goe",
    title="go-e Charger",
    models=MODELS,
    default_model="gemini-22",
    ports={"http": 8101, "modbus": 5021, "cloud": 8107},
    real_ports={"http": 80, "modbus": 502, "cloud": 443},
    settings=(*STORED, *HIDDEN, MEMORY, *(quirk.setting for quirk in QUIRKS)),
    create=Goe,
    peers=_group,
    habits=HABITS,
    ocpp=OcppSwitch(settings=lambda url: {"ocppe": True, "ocppu": url}, appends_identity=False),
    everything={
        "hai": True,
        "hla": True,
        "men": True,
        "mce": True,
        "mcr": False,
        "cae": True,
        "acs": 0,
        "password": "go-e-test",
    },
    enable={
        "http": {"hai": True},
        "modbus": {"men": True},
        "mqtt": {"mce": True, "mcr": False},
        "cloud": {"cae": True},
    },
)
