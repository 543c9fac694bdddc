"""What the firmwares differ in beyond single registers and keys: one row per step.

The one rule: the newest row that exists on a profile holds; what came with a firmware as a register or key is on that
row of its table.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ...devices.firmware import Profile
from ...devices.points import Point
from .models import CC, ICC

NEW: Final = "5.22"
"""First CC firmware with the newer registers and the availability the other way round."""
HEMS_BLOCK_SINCE: Final = "1.5"
"""First ICC firmware with registers from 2000 on."""

_OLD: Final = (range(100, 142), range(200, 218), range(600, 636), range(700, 715), range(720, 730), range(741, 747))
_CC: Final = (range(100, 153), range(200, 228), range(600, 636), range(700, 730), range(731, 747))
_ICC: Final = (range(100, 174), range(200, 228), range(600, 636), range(700, 730), range(1000, 1003))


@dataclass(frozen=True, slots=True, kw_only=True)
class Release(Point):
    """A step in the firmware. `name`: the version of the Modbus protocol, as register 120 has it."""

    ranges: tuple[range, ...]
    """Registers that can be read in one go: what lies between rows reads 0."""
    boot_current: int = 32
    """Energy manager's limit after a start [A]."""
    switches_phases: bool = True
    """Switches phases when the energy manager asks for it, and its relay register tells one from three."""
    semp: bool = False


_DOCUMENT: Final = "MENNEKES ECU Modbus TCP specification 1.07"
_ASSUMED: Final = "protocol versions that are in no capture"

RELEASES: Final = (
    Release("0.14", models=CC, since="5.33", ranges=_CC, semp=True, source="evcc, charger/bender.go and charger/semp"),
    Release("0.14", models=CC, since="5.31", ranges=_CC, switches_phases=False, source=_DOCUMENT),
    Release("0.12", models=CC, since=NEW, ranges=_CC, switches_phases=False, source="capture of 5.22"),
    Release("0.9c", models=CC, ranges=_OLD, boot_current=6, switches_phases=False, source=_DOCUMENT, assumed=_ASSUMED),
    Release("1.5", models=ICC, since=HEMS_BLOCK_SINCE,
        ranges=(*_ICC, range(2000, 2024), range(2030, 2031), range(2158, 2174), range(2622, 2624), range(2636, 2639)),
        source="register page of a 4Business 710 (protocol 1.5)"),
    Release("1.4", models=ICC, ranges=_ICC, source="evcc, charger/bender.go", assumed=_ASSUMED),
)  # fmt: skip
"""Newest first."""


def release(profile: Profile) -> Release:
    """The row that holds for a profile."""
    return next(row for row in RELEASES if row.exists(profile))
