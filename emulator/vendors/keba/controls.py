"""What clients can set, by UDP, Modbus and REST alike: one row each.

The one rule: what is out of range or comes at the wrong time changes nothing; how that is answered is the interface's.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from ...core.instant import later
from ...core.messages import DONE, Outcome
from ...devices.controls import Control
from .cards import NOT_NOW
from .logic import OUT_OF_RANGE, Logic
from .settings import (
    CURR,
    DSW1_2,
    ENA,
    FAILSAFE_CURRENT,
    FAILSAFE_TIMEOUT,
    LMGMT_CURRENT,
    OUTPUT,
    PHASE_COOLDOWN,
    PROFILE_CURRENT,
    SETENERGY,
    X2,
    X2SRC,
)

REST_SOURCE, MODBUS_SOURCE, UDP_SOURCE = 2, 3, 4


def _out_of_range(_logic: Logic, _message: str) -> Outcome:
    return OUT_OF_RANGE


def _fed(logic: Logic, _old: int, _new: int) -> None:
    logic.current_set()


def _no_zero(_: Logic, current: int) -> Outcome | None:
    """0 stops a P40; a P30 does not take it. Source: evcc#20860. ASSUMED: it refuses it."""
    return OUT_OF_RANGE if current == 0 else None


def _enabled(logic: Logic, _old: bool, on: bool) -> None:
    logic.enable_set(on)


def _energy(logic: Logic, _old: int, _new: int) -> None:
    logic.check_energy()


def _watched(logic: Logic, _old: int, _new: int) -> None:
    """A new time-out begins now; 0 switches the watchdog off. ASSUMED: which also ends a trip."""
    logic.failsafe.restart()


def _by_way_of_none(logic: Logic, source: int) -> Outcome | None:
    """From Modbus to UDP and back only by way of 0. Source: OpenEMS, on tested wallboxes."""
    return NOT_NOW if {source, logic.settings[X2SRC]} == {MODBUS_SOURCE, UDP_SOURCE} else None


def _wired(logic: Logic, value: int) -> Outcome | None:
    if not logic.settings[DSW1_2]:
        return NOT_NOW
    return None if value in (0, 1) or value >= 10 else OUT_OF_RANGE


def _cooled_down(logic: Logic, phases: int) -> Outcome | None:
    """ASSUMED: within the cool-down nothing happens."""
    if phases == logic.settings[X2]:
        logic.apply()  # what was not switched then is tried again
        return DONE
    before = logic.switched_at
    return NOT_NOW if before is not None and logic.at < later(before, logic.settings[PHASE_COOLDOWN]) else None


def _switched(logic: Logic, _old: int, _new: int) -> None:
    logic.switched_at = logic.at


def _phases(source: int) -> Control[Logic, int]:
    """X2 to one phase (0) or three (1). ASSUMED: from another source than the one in force nothing happens."""

    def in_force(logic: Logic, _: int) -> Outcome | None:
        return None if logic.settings[X2SRC] == source else NOT_NOW

    return Control(setting=X2, invalid=_out_of_range, refusals=(in_force, _cooled_down), effect=_switched)


CURRENT: Final = Control[Logic, int](setting=CURR, invalid=_out_of_range, effect=_fed)
"""`curr`, and 5004 of a P40."""
CURRENT_P30: Final = replace(CURRENT, refusals=(_no_zero,))
"""5004 of a P30."""
ENABLE: Final = Control[Logic, bool](setting=ENA, invalid=_out_of_range, effect=_enabled)
ENERGY: Final = Control[Logic, int](setting=SETENERGY, invalid=_out_of_range, effect=_energy)
"""`setenergy`, 5010: of the current or next session [0.1 Wh]; 0: none."""
SAFE_CURRENT: Final = Control[Logic, int](setting=FAILSAFE_CURRENT, invalid=_out_of_range)
SAFE_TIMEOUT: Final = Control[Logic, int](setting=FAILSAFE_TIMEOUT, invalid=_out_of_range, effect=_watched)
RELAY: Final = Control[Logic, int](setting=OUTPUT, invalid=_out_of_range, refusals=(_wired,))
"""`output`: 0 closes, 1 opens, 10..150 are pulses per kWh."""
PHASE_SOURCE: Final = Control[Logic, int](setting=X2SRC, invalid=_out_of_range, refusals=(_by_way_of_none,))
LMGMT: Final = Control[Logic, int | None](setting=LMGMT_CURRENT)
"""Load management over the REST API [mA]."""
PROFILE: Final = Control[Logic, int | None](setting=PROFILE_CURRENT)
"""Profile of the whole charge point over the REST API [mA]."""
REST_PHASES: Final = _phases(REST_SOURCE)
UDP_PHASES: Final = _phases(UDP_SOURCE)
MODBUS_PHASES: Final = _phases(MODBUS_SOURCE)
