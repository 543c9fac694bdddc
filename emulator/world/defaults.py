"""What the plan of a wallbox leaves open: its profile, its settings, its serial number."""

from __future__ import annotations

from .. import vendors
from ..devices.catalogue import OcppSwitch
from ..devices.firmware import Profile
from ..devices.interfaces.ocpp import EMBEDDED
from ..devices.vendor import Vendor
from .plan import WallboxPlan, counted_up


class SerialNumbers:
    """Serial numbers of the wallboxes of one site, no two alike from one vendor."""

    def __init__(self) -> None:
        self._taken: dict[str, set[str]] = {}
        self._latest: dict[str, str] = {}

    def take(self, vendor: str, stated: str | None, first: str) -> str:
        """The one stated; else the model's `first`, counted up for every further wallbox."""
        taken = self._taken.setdefault(vendor, set())
        serial = stated or self._latest.get(first, first)
        if stated is None:
            while serial in taken:
                serial = counted_up(serial, 1)
            self._latest[first] = serial
        taken.add(serial)
        return serial

    def give_back(self, vendor: str, serial: str) -> None:
        """The wallbox that had it is no more."""
        self._taken[vendor].discard(serial)


def profile_of(plan: WallboxPlan) -> tuple[Vendor, Profile]:
    """The vendor and profile a plan names. EmulatorError if there are none."""
    vendor = vendors.vendor(plan.vendor)
    return vendor, vendor.profile(plan.model, plan.firmware, offered=plan.updated)


def settings_of(plan: WallboxPlan, vendor: Vendor, serial: str) -> dict[str, object]:
    """What a plan makes of a vendor's settings: listed interfaces switched on, then what is stated."""
    settings: dict[str, object] = {}
    model = vendor.model(plan.model)
    for interface in plan.interfaces:
        if plan.wants(interface):
            settings.update(vendor.enabling(model, interface))
    if plan.everything:
        settings.update(vendor.everything)
    if plan.ocpp is not None and vendor.ocpp is not None:
        settings |= vendor.ocpp.settings(_ocpp_url(plan.ocpp, serial, vendor.ocpp))
    return settings | dict(plan.settings)


def _ocpp_url(stated: str, serial: str, switch: OcppSwitch) -> str:
    """The URL of the central system, as the wallbox is told it."""
    if stated == EMBEDDED:
        return f"ws://{EMBEDDED}" if switch.appends_identity else f"ws://{EMBEDDED}/{serial}"
    return stated.replace("{serial}", serial)
