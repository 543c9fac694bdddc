"""Every row of the API, in the order in which the firmware's modules register.

The one rule: the order is the order of the WebSocket dump. Source: Tinkerforge esp32-firmware, `software/warp*.ini`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ...devices.firmware import Profile
from ...devices.points import unique
from . import (
    automation,
    batteries,
    eebus,
    ev,
    evse,
    limits,
    manager,
    meters,
    network,
    nfc,
    power,
    prices,
    remote,
    solar,
    system,
    tracking,
    users,
)
from .registry import MODIFIED_UNTIL
from .rows import AnyRow, Config, State
from .schema import U8, obj

ROWS: Final[tuple[AnyRow, ...]] = (
    system.MODULES_ROW,
    *system.EVENT_LOG_ROWS,
    *system.INFO_ROWS,
    *system.RTC_ROWS,
    *ev.FACTORY_ROWS,
    *system.COMMON_ROWS,
    *system.UPTIME_ROWS,
    *evse.ROWS,
    *network.NETWORK_ROWS,
    *system.NTP_ROWS,
    *network.ETHERNET_ROWS,
    *network.WIFI_ROWS,
    *network.NETWORK_STATE_ROWS,
    *network.MQTT_ROWS,
    *network.DISCOVERY_ROWS,
    *system.SYSTEM_ROWS,
    *system.UPDATE_ROWS,
    *automation.ROWS,
    *manager.ROWS,
    *meters.ROWS,
    *meters.LEGACY_ROWS,
    *batteries.ROWS,
    *limits.REQUIRE_METER_ROWS,
    *tracking.ROWS,
    *power.ROWS,
    *users.ROWS,
    *nfc.ROWS,
    *nfc.READER_ROWS,
    *nfc.AUTHORIZATION_ROWS,
    *system.NAME_ROWS,
    *network.MODBUS_ROWS,
    *remote.WIREGUARD_ROWS,
    *manager.OCPP_ROWS,
    *eebus.ROWS,
    *limits.ROWS,
    *remote.COREDUMP_ROWS,
    *remote.CERT_ROWS,
    *remote.REMOTE_ROWS,
    *prices.ROWS,
    *solar.ROWS,
    *manager.ECO_ROWS,
    *power.P14A_ROWS,
    *ev.ISO_ROWS,
    *ev.ROWS,
)
unique(ROWS)


def rows_of(profile: Profile) -> tuple[AnyRow, ...]:
    """The rows a box of this profile has."""
    key = profile.model.id, profile.firmware.text
    if key not in _FOUND:
        _FOUND[key] = tuple(_rows_of(profile))
    return _FOUND[key]


_FOUND: Final[dict[tuple[str, str], tuple[AnyRow, ...]]] = {}
"""By model and firmware: a fleet asks for the same ones a thousand times."""


def _rows_of(profile: Profile) -> Iterator[AnyRow]:
    for row in ROWS:
        if row.exists(profile):
            yield row
            if isinstance(row, Config) and profile.has(until=MODIFIED_UNTIL):
                yield _modified(row)


def _modified(row: Config) -> State:
    path = row.name
    return State(
        name=f"{path}_modified",
        schema=obj(modified=U8),
        read=lambda v: {"modified": 2 if path in v.box.api.modified else 1 if v.box.settings[path] is not None else 0},
        until=MODIFIED_UNTIL,
        source="capture: 2.9.x",
        assumed="0 default, 1 saved before the boot, 2 saved since",
    )
