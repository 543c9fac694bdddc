"""The module for vehicles that identify themselves (WARP4).

The one rule: who is known and may charge is offered to the charge authorisation, as a tag is.
Source: Tinkerforge esp32-firmware, `modules/ev`.
"""

from __future__ import annotations

import re
from typing import Final

from ....core.events import EventName
from ....core.instant import MILLISECOND, Instant
from ....core.messages import Event
from ..api.documents import Doc
from ..api.rows import AnyRow, Source
from ..api.schema import I8, I52, U8, Float, Str
from ..api.shapes import Arr, obj
from ..evse.controller import Controller
from ..models import WARP4
from ..module import Module
from ..platform import Platform
from ..view import View
from .authorization import ACK, NACK, START, ChargeAuthorization
from .tracking import EV_INJECTED
from .users import Users
from .vehicle import EFFICIENCY, KnownVehicle

FW: Final = Source("fw: modules/ev", models=WARP4)
REMEMBERED: Final = 8
_MAC: Final = re.compile(r"[0-9A-Fa-f]{2}(:[0-9A-Fa-f]{2}){5}")
_PATTERN: Final = re.compile(r"([0-9A-Fa-f]{2}|[xX]{2})(:([0-9A-Fa-f]{2}|[xX]{2})){5}")


class Ev(Module):
    """The vehicles a wallbox has seen."""

    def __init__(
        self,
        platform: Platform,
        controller: Controller,
        users: Users,
        authorization: ChargeAuthorization,
        vehicle: KnownVehicle,
    ) -> None:
        super().__init__(platform)
        self.controller = controller
        self.users = users
        self.authorization = authorization
        self.vehicle = vehicle
        self._seen: list[tuple[str, Instant]] = []

    def boot(self) -> None:
        self.vehicle.clear()

    def handle(self, event: Event) -> None:
        if event.name is EventName.UNPLUGGED:
            self.vehicle.clear()

    def inject_soc(self, doc: Doc) -> None:
        self.vehicle.charged(doc.number("soc"))
        self.platform.touch()

    def inject(self, doc: Doc) -> None:
        """A vehicle with this address says who it is."""
        mac = doc.text("mac").upper()
        self.vehicle.mac = mac
        evs = self.api.doc("ev/config").docs("evs")
        self.vehicle.index = next((k for k, ev in enumerate(evs) if matches(ev.text("mac"), mac)), -1)
        self._seen = [(mac, self.platform.at), *[item for item in self._seen if item[0] != mac]][:REMEMBERED]
        info = {"mac": mac}
        self.authorization.seen(EV_INJECTED, info)
        self.platform.touch()
        if not self.api.flag("iso15118/config", "autocharge"):
            return
        entry = self.vehicle.entry
        self.controller.indicate(NACK if entry is None else ACK, 2000)
        if entry is not None:
            self.authorization.offer(EV_INJECTED, entry.integer("user_id"), info, START)

    def state(self, v: View) -> object:
        vehicle, entry = self.vehicle, self.vehicle.entry
        return {
            "active_ev_index": vehicle.index,
            "name": "" if entry is None else entry["name"],
            "mac": vehicle.mac,
            "soc": vehicle.soc(v.at),
            "capacity": vehicle.capacity,
            "charging_efficiency": vehicle.efficiency,
        }

    def shown(self, v: View) -> object:
        return [{"mac": mac, "seen_at": (at - self.platform.booted_at) // MILLISECOND} for mac, at in self._seen]

    def check(self, doc: Doc) -> str | None:
        evs = doc.docs("evs")
        macs = [ev.text("mac") for ev in evs]
        for index, mac in enumerate(macs):
            if not mac:
                return "Empty MAC address is not allowed"
            if not _PATTERN.fullmatch(mac):
                shapes = "AA:BB:CC:DD:EE:FF or AA:BB:CC:xx:xx:xx"
                return f"Invalid MAC address format at index {index}. Expected format: {shapes}"
            for other in range(index):
                if macs[other].upper() == mac.upper():
                    return f"Duplicate MAC address at index {other} and {index}"
            if self.users.find(evs[index].integer("user_id")) is None:
                return f"Unknown user_id at index {index}"
        return None

    def check_mac(self, doc: Doc) -> str | None:
        mac = doc.text("mac")
        if not mac:
            return "MAC address must not be empty."
        known = _MAC.fullmatch(mac)
        return None if known else "Invalid MAC address format. Expected format: AA:BB:CC:DD:EE:FF"

    def check_soc(self, doc: Doc) -> str | None:
        return None if 0 <= doc.number("soc") <= 100 else "SoC must be between 0 and 100"


def matches(pattern: str, mac: str) -> bool:
    """Whether an address fits one with `xx` wildcards."""
    pairs = zip(pattern.upper().split(":"), mac.upper().split(":"), strict=False)
    return all(wanted in (found, "XX") for wanted, found in pairs)


ROWS: Final[tuple[AnyRow[Ev], ...]] = (
    FW.config(
        "ev/config",
        obj(
            evs=Arr(
                obj(
                    name=Str(0, 16),
                    mac=Str(0, 17),
                    capacity=Float(0.0),
                    charging_efficiency=Float(EFFICIENCY),
                    user_id=U8,
                ),
                16,
            )
        ),
        validate=Ev.check,
    ),
    FW.state(
        "ev/state",
        obj(
            active_ev_index=I8,
            name=Str(0, 16),
            mac=Str(0, 17),
            soc=Float(None),
            capacity=Float(None),
            charging_efficiency=Float(EFFICIENCY),
        ),
        Ev.state,
    ),
    FW.state("ev/seen_macs", Arr(obj(mac=Str(0, 17), seen_at=I52), 8), Ev.shown),
    FW.command("ev/inject_soc", Ev.inject_soc, obj(soc=Float(0.0)), validate=Ev.check_soc, action=True),
    FW.command("ev/inject_ev", Ev.inject, obj(mac=Str(0, 64)), validate=Ev.check_mac, action=True),
)
