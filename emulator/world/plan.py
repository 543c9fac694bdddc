"""A site as data: the chargers with their wallboxes, the vehicles, the supply.

The one rule: everything here is checked and frozen; it says what the user stated, and leaves defaults to `site`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import field, replace
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Final, TypeVar

from ..core.specs import VehicleSpec
from ..core.values import value
from ..devices.interfaces.ocpp import EMBEDDED
from ..devices.realism import Realism
from ..errors import Place

NOWHERE = Place("(built in)", 0, 0)


@value
class WallboxPlan:
    """One wallbox of a charger."""

    name: str
    vendor: str
    model: str | None = None
    firmware: str | None = None
    updated: bool = False
    """The firmware came from an update server: what is newer than every profile behaves as the newest."""
    serial: str | None = None
    address: str | None = None
    """IP address of its own, with the vendor's real ports; None: the emulator's address."""
    settings: Mapping[str, object] = field(default_factory=dict)
    interfaces: Mapping[str, int | bool] = field(default_factory=dict)
    """Listed interfaces: a port, true for the default port, false for none at all, 0 for any free port."""
    ocpp: str | None = None
    """URL of the central system, `{serial}` in it is the serial number; `embedded`: the emulator's own; None: OCPP is
    not switched on."""
    everything: bool = False
    """Every interface on, with open access."""
    realism: Realism | None = None
    """Whether answers take their time and meters tremble; None: in real time only."""
    place: Place = NOWHERE

    def wants(self, interface: str) -> bool:
        """Whether the scenario lists this interface as one to switch on (port 0 is a port)."""
        return interface in self.interfaces and self.interfaces[interface] is not False


@value
class ChargerPlan:
    """One charger. `hardware` are the stated fields of `ChargerSpec`, nested for supply, climate and evse."""

    name: str
    hardware: Mapping[str, object] = field(default_factory=dict)
    wallboxes: tuple[WallboxPlan, ...] = ()
    rank: int | None = None
    """Its place among the chargers of the whole, where they are shared out to several processes."""
    place: Place = NOWHERE


@value
class BrokerAddress:
    """Where MQTT goes: the emulator's own broker, or one elsewhere."""

    embedded: bool = True
    host: str = "127.0.0.1"
    """Empty: there is no broker."""
    port: int = 1883
    """0: any free one, for the emulator's own."""


Site = TypeVar("Site", bound="SitePlan")

NO_BROKER: Final = BrokerAddress(embedded=False, host="", port=0)


@value
class Recognition:
    """How a client is recognised: by everything stated. `*` stands for anything."""

    agent: str = ""
    """Its User-Agent."""
    client_id: str = ""
    """Its id at the MQTT broker."""
    address: str = ""
    """Its IP address."""
    interface: str = ""
    """The only interface it uses."""

    def fits(self, client: str, agent: str | None, interface: str | None) -> bool:
        """Whether a client with this address (or id at the broker), agent and interface is the one."""
        host = client.rpartition(":")[0] or client
        return (
            (not self.agent or (agent is not None and fnmatchcase(agent, self.agent)))
            and (not self.client_id or (interface == "mqtt" and fnmatchcase(client, self.client_id)))
            and (not self.address or fnmatchcase(host, self.address))
            and self.interface in ("", interface)
        )


@value
class ClientPlan:
    """A client under test."""

    name: str
    how: Recognition
    place: Place = NOWHERE


@value
class ControlBoxPlan:
    """The grid operator's control box."""

    wallboxes: tuple[str, ...] = ()
    """Addresses of those it limits; none: every one with EEBUS."""
    pair: bool = True
    """The owners of the wallboxes trust it from the start."""


@value
class SitePlan:
    """What a site is built from."""

    seed: int = 0
    epoch: datetime | None = None
    """Calendar time at simulated time 0; None: not stated."""
    supply: Mapping[str, object] = field(default_factory=dict)
    """Stated fields of `SupplySpec`, for every charger."""
    broker: BrokerAddress | None = None
    control_box: ControlBoxPlan | None = None
    vehicles: Mapping[str, VehicleSpec] = field(default_factory=dict)
    chargers: tuple[ChargerPlan, ...] = ()
    clients: tuple[ClientPlan, ...] = ()
    """Who is expected; the first that fits is the one."""

    def client(self, client: str, agent: str | None, interface: str | None) -> str | None:
        """The name of a client; None if it is nobody in particular."""
        return next((plan.name for plan in self.clients if plan.how.fits(client, agent, interface)), None)

    @property
    def wants_broker(self) -> bool:
        """Whether an embedded broker is needed: asked for, or a wallbox uses MQTT and none is named."""
        if self.broker is not None:
            return self.broker.embedded
        return any(
            wallbox.everything or wallbox.wants("mqtt") for charger in self.chargers for wallbox in charger.wallboxes
        )

    @property
    def wants_central_system(self) -> bool:
        """Whether the emulator's own central system for OCPP is needed."""
        return any(wallbox.ocpp == EMBEDDED for charger in self.chargers for wallbox in charger.wallboxes)


def realistic(plan: Site, level: Realism | None) -> Site:
    """The same with this `realism` for every wallbox that says nothing about it."""
    if level is None:
        return plan
    chargers = (
        replace(charger, wallboxes=tuple(replace(box, realism=box.realism or level) for box in charger.wallboxes))
        for charger in plan.chargers
    )
    return replace(plan, chargers=tuple(chargers))


def counted_up(text: str, by: int) -> str:
    """`A099` and 2 make `A101`: the last number in a text, its width kept; a text without one gets one."""
    found = re.search(r"(\d+)(\D*)$", text)
    if found is None:
        return f"{text}{by}"
    number = str(int(found[1]) + by).zfill(len(found[1]))
    return f"{text[: found.start()]}{number}{found[2]}"
