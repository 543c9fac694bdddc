"""Every row of the API, in the order in which the firmware's modules register, and the settings that follow from them.

The one rule: the order is the order of the WebSocket dump. Source: Tinkerforge esp32-firmware, `software/warp*.ini`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final, Generic, Literal, TypeVar

from ...devices.firmware import Profile
from ...devices.points import unique
from ...devices.settings import Setting
from ...ocpp.host import MEMORY
from .api.fitting import PartialDocument
from .api.registry import Registry
from .api.rows import AnyRow, Config, Row, State
from .api.schema import U8, Schema
from .api.shapes import obj
from .api.tables import Owner, Table
from .charging import authorization, ev, iso15118, limits, nfc, require_meter, tracking, users
from .em import module as em
from .em import switcher
from .evse import rows as evse_rows
from .evse.flash import STORED
from .house import batteries, eco, eebus, eebus_quirks, manager, ocpp, p14a, power, prices, solar
from .meters import legacy
from .meters import slots as meters
from .modbus import server as modbus
from .models import TRAITS
from .modules import Modules
from .network import ethernet, network, wifi
from .push import mqtt
from .remote import certs, coredump, remote_access, wireguard
from .rules import automation
from .settings import KEPT
from .system import common, device_name, factory, features, firmware_update, log, rtc, system

M = TypeVar("M")


@dataclass(frozen=True, slots=True)
class Group(Generic[M]):
    """Rows that one module registers together."""

    rows: tuple[AnyRow[M], ...]
    module: Callable[[Modules], M]
    on: Literal["every box", "chargers", "managers"] = "every box"

    def fits(self, profile: Profile) -> bool:
        """Whether a box of this profile has the module."""
        manages = TRAITS[profile.model.id].manages
        return self.on == "every box" or (self.on == "managers") is manages

    def existing(self, profile: Profile) -> Iterator[tuple[Row, Owner]]:
        """The rows a wallbox of this profile has, and whose they are."""
        for row in self.rows if self.fits(profile) else ():
            if row.exists(profile):
                if isinstance(row, Config) and MODIFIED[row.name].exists(profile):
                    yield MODIFIED[row.name], lambda modules: modules.plain.api
                yield row, self.module


GROUPS: Final = (
    Group(features.MODULES_ROWS, lambda m: m.features),
    Group(log.ROWS, lambda m: m.plain),
    Group(features.ROWS, lambda m: m.features),
    Group(common.VERSION_ROWS, lambda m: m.common),
    Group(rtc.RTC_ROWS, lambda m: m.rtc),
    Group(factory.ROWS, lambda m: m.factory),
    Group(common.ROWS, lambda m: m.common),
    Group(common.UPTIME_ROWS, lambda m: m.common),
    Group(evse_rows.ROWS, lambda m: m.evse, "chargers"),
    Group(network.ROWS, lambda m: m.network),
    Group(rtc.NTP_ROWS, lambda m: m.rtc),
    Group(ethernet.ROWS, lambda m: m.ethernet),
    Group(wifi.ROWS, lambda m: m.wifi),
    Group(network.STATE_ROWS, lambda m: m.network),
    Group(mqtt.ROWS, lambda m: m.mqtt),
    Group(system.ROWS, lambda m: m.plain),
    Group(firmware_update.ROWS, lambda m: m.plain),
    Group(automation.ROWS, lambda m: m.automation),
    Group(manager.ROWS, lambda m: m.manager),
    Group(meters.ROWS, lambda m: m.meters),
    Group(legacy.ROWS, lambda m: m.legacy),
    Group(batteries.ROWS, lambda m: m.plain),
    Group(require_meter.ROWS, lambda m: m.require_meter, "chargers"),
    Group(tracking.ROWS, lambda m: m.tracker, "chargers"),
    Group(em.ROWS, lambda m: m.board, "managers"),
    Group(switcher.ROWS, lambda m: m.switcher, "managers"),
    Group(power.ROWS, lambda m: m.power),
    Group(users.ROWS, lambda m: m.users),
    Group(nfc.ROWS, lambda m: m.nfc, "chargers"),
    Group(nfc.READER_ROWS, lambda m: m.nfc, "chargers"),
    Group(authorization.ROWS, lambda m: m.authorization, "chargers"),
    Group(device_name.ROWS, lambda m: m.names),
    Group(modbus.ROWS, lambda m: m.modbus, "chargers"),
    Group(wireguard.ROWS, lambda m: m.wireguard),
    Group(ocpp.ROWS, lambda m: m.ocpp, "chargers"),
    Group(eebus.ROWS, lambda m: m.eebus, "chargers"),
    Group(limits.ROWS, lambda m: m.limits, "chargers"),
    Group(coredump.ROWS, lambda m: m.coredump),
    Group(certs.ROWS, lambda m: m.certs),
    Group(remote_access.ROWS, lambda m: m.remote_access),
    Group(prices.ROWS, lambda m: m.prices),
    Group(solar.ROWS, lambda m: m.solar),
    Group(eco.ROWS, lambda m: m.plain),
    Group(p14a.ROWS, lambda m: m.p14a, "chargers"),
    Group(iso15118.ROWS, lambda m: m.plain, "chargers"),
    Group(ev.ROWS, lambda m: m.ev, "chargers"),
)


def _modified(path: str) -> State[Registry]:
    """Up to 2.10.0 every configuration had this state before it."""
    return State(
        name=f"{path}_modified",
        schema=obj(modified=U8),
        read=lambda api, v: {"modified": 2 if path in api.modified else 1 if api.saved(path) else 0},
        until="2.10.0",
        source="capture: 2.9.x",
        assumed="0 default, 1 saved before the boot, 2 saved since",
    )


ROWS: Final[tuple[Row, ...]] = tuple(row for group in GROUPS for row in group.rows)
MODIFIED: Final = {row.name: _modified(row.name) for row in ROWS if isinstance(row, Config)}
"""By the path of the configuration."""
unique(ROWS)


def rows_of(profile: Profile) -> tuple[Row, ...]:
    """The rows a wallbox of this profile has."""
    return _found(profile)[0]


def _found(profile: Profile) -> tuple[tuple[Row, ...], Table]:
    key = profile.model.id, profile.firmware.text
    if key not in _FOUND:
        rows = [found for group in GROUPS for found in group.existing(profile)]
        _FOUND[key] = tuple(row for row, _ in rows), Table.of(rows)
    return _FOUND[key]


_FOUND: Final[dict[tuple[str, str], tuple[tuple[Row, ...], Table]]] = {}
"""By model and firmware: a fleet asks for the same ones a thousand times."""


def register(api: Registry, modules: Modules, profile: Profile) -> None:
    """Everything a wallbox of this profile has."""
    api.register(_found(profile)[1], modules)


def _configs() -> Iterable[Setting[object]]:
    """A saved configuration is a setting named like its path, None while nothing was saved."""
    schemas: dict[str, list[Schema]] = {}
    for row in ROWS:
        if isinstance(row, Config):
            schemas.setdefault(row.name, []).append(row.schema)
    for path, found in schemas.items():
        yield Setting(path, None, PartialDocument(tuple(found)))


SETTINGS: Final[tuple[Setting[object], ...]] = (
    *_configs(),
    *(stored.setting for stored in STORED),
    *KEPT,
    *(quirk.setting for quirk in eebus_quirks.QUIRKS),
    MEMORY,
)
