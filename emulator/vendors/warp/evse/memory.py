"""The charge controller's memory: its charging slots and everything else it knows.

The one rule: frozen values; only the controller replaces them.
Source: Tinkerforge evse-v2-bricklet, `charging_slot.c`, `communication.c`.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from ....core.instant import Instant

LOWEST: Final = 6000
HIGHEST: Final = 32000


class SlotId(IntEnum):
    """Charging slots; the value is the index in `evse/slots`."""

    INCOMING_CABLE = 0
    OUTGOING_CABLE = 1
    SHUTDOWN_INPUT = 2
    INPUT = 3
    AUTOSTART = 4
    GLOBAL = 5
    USER = 6
    CHARGE_MANAGER = 7
    EXTERNAL = 8
    MODBUS_CURRENT = 9
    MODBUS_ENABLE = 10
    OCPP = 11
    CHARGE_LIMITS = 12
    REQUIRE_METER = 13
    AUTOMATION = 14
    EEBUS = 15
    P14A = 16


@dataclass(frozen=True, slots=True)
class Slot:
    """One limit. `clear`: goes to 0 when the vehicle is unplugged."""

    current: int = HIGHEST
    """mA"""
    active: bool = False
    clear: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """What the controller knows. Instants are simulated time."""

    slots: tuple[Slot, ...]
    started: Instant
    dc_test_at: Instant
    iec: int = 0
    iec_since: Instant = 0
    ready_since: Instant | None = None
    """In state B with something offered since."""
    wakes_with_f: bool = False
    single_phase_vehicle: bool = False
    interrupting: bool = False
    """The pilot is cut on command or to wake the vehicle."""
    disconnected: bool = False
    """On command."""
    seems_unplugged_until: Instant = 0
    """A cut pilot was taken for an unplugged vehicle."""
    pressed: bool = False
    pressed_at: Instant = 0
    released_at: Instant = 0
    indicator: tuple[int, int, int, int] = (-1, 0, 0, 0)
    indicator_ends: Instant = 0
    shutdown_closed: bool = False
    input_closed: bool = False
    shutdown_input: int = 0
    input: int = 0
    output: int = 1
    gp_output: int = 1
    button: int = 2
    boost: bool = False
    auto_start: bool = True
    ev_wakeup: bool = True
    auto_switch: bool = True
    phases_connected: int = 3
    wait_time: int = 0
    external_default: int = HIGHEST
    external_default_clear: bool = False


REMEMBERED: Final = 200
"""States of the memory kept for polls of the recent past."""


class History:
    """What the controller remembered when."""

    def __init__(self) -> None:
        self._states: deque[tuple[Instant, Memory]] = deque(maxlen=REMEMBERED)

    def clear(self) -> None:
        self._states.clear()

    def put(self, since: Instant, memory: Memory) -> None:
        self._states.append((since, memory))

    def before(self, at: Instant) -> tuple[Memory, bool]:
        """The memory right before an instant of the recent past, and whether it is the newest."""
        newest = True
        for since, memory in reversed(self._states):
            if since < at:
                return memory, newest
            newest = False
        return self._states[0][1], False


def valid(current: int) -> bool:
    """Whether the controller takes this as a slot's current, mA."""
    return current == 0 or LOWEST <= current <= HIGHEST
