"""The key table: every key of every profile, and which of them a wallbox has.

The one rule: all interfaces read and write these rows; none has a table of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from ...devices.firmware import Profile
from ...devices.settings import Setting
from . import keys_charging, keys_device, keys_ocpp, keys_services
from .key import Key
from .order import position

_ROWS: Final = (*keys_charging.KEYS, *keys_device.KEYS, *keys_ocpp.KEYS, *keys_services.KEYS)
KEYS: Final[tuple[Key, ...]] = tuple(sorted(_ROWS, key=lambda key: position(key.name)))
"""In the order of the firmware."""

STORED: Final[tuple[Setting[object], ...]] = tuple(
    {row.name: replace(row.setting, about=row.about) for row in KEYS if row.setting is not None}.values()
)
"""What the rows store; where versions differ, the newest row says what it is."""


def served(profile: Profile, *, all_table_keys: bool = False) -> Mapping[str, Key]:
    """The rows of a wallbox by name, in order. `all_table_keys`: those of the API keys table whatever the profile."""
    found = (profile.model.id, profile.firmware.text, all_table_keys)
    if found not in _SERVED:
        _SERVED[found] = _served(profile, all_table_keys)
    return _SERVED[found]


_SERVED: Final[dict[tuple[str, str, bool], Mapping[str, Key]]] = {}
"""By model, firmware and whether all are wanted: a fleet asks for the same ones a thousand times."""


def _served(profile: Profile, all_table_keys: bool) -> dict[str, Key]:
    rows = {key.name: key for key in KEYS if key.exists(profile)}
    if all_table_keys:
        extra = {key.name: key for key in KEYS if key.in_table() and key.name not in rows}
        rows = {name: rows.get(name) or extra[name] for name in _in_order(rows | extra)}
    return rows


def developer(profile: Profile) -> Mapping[str, Key]:
    """All rows the firmware has, those included that it shows in its web socket only."""
    return served(profile, all_table_keys=True)


def _in_order(rows: dict[str, Key]) -> list[str]:
    return sorted(rows, key=position)
