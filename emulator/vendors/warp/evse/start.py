"""The start of the charge controller: its memory from its flash.

The one rule: what is not in flash has its default. Source: Tinkerforge evse-v2-bricklet, `communication.c`.
"""

from __future__ import annotations

from typing import Final

from ....core.instant import Instant
from ..platform import Platform
from ..settings import INPUT_CLOSED, SHUTDOWN_CLOSED
from . import flash
from .flash import Stored
from .memory import HIGHEST, Memory, Slot, SlotId

STARTS_CLOSED: Final = (flash.USER_ENABLED, flash.MANAGEMENT_ENABLED)
"""Switched on, their slots are at 0 until somebody opens them, and again after each unplugging."""


def initial_memory(platform: Platform, at: Instant, *, rated: int, cable: int) -> Memory:
    """The memory after a start. `rated`, `cable`: A of the installation and of the outgoing cable."""
    stored, settings = platform.flash, platform.settings
    external, gpio = stored[flash.EXTERNAL_DEFAULTS], stored[flash.GPIO]
    default, clears = external.integer("current"), external.flag("clear_on_disconnect")
    auto_start = stored.flag(flash.AUTO_START)

    def switched(switch: Stored) -> Slot:
        closed = switch in STARTS_CLOSED
        return Slot(0 if closed else HIGHEST, stored.flag(switch), closed)

    slots = {
        SlotId.INCOMING_CABLE: Slot(rated * 1000, True),
        SlotId.OUTGOING_CABLE: Slot(cable * 1000, True),
        SlotId.AUTOSTART: Slot(HIGHEST if auto_start else 0, True, not auto_start),
        SlotId.GLOBAL: Slot(stored.integer(flash.GLOBAL_CURRENT), True),
        SlotId.USER: switched(flash.USER_ENABLED),
        SlotId.CHARGE_MANAGER: switched(flash.MANAGEMENT_ENABLED),
        SlotId.EXTERNAL: Slot(default, True, clears),
        SlotId.MODBUS_CURRENT: switched(flash.MODBUS_ENABLED),
        SlotId.MODBUS_ENABLE: switched(flash.MODBUS_ENABLED),
        SlotId.OCPP: switched(flash.OCPP_ENABLED),
        SlotId.CHARGE_LIMITS: Slot(HIGHEST, True),
        SlotId.EEBUS: switched(flash.EEBUS_ENABLED),
        SlotId.P14A: switched(flash.P14A_ENABLED),
    }
    return Memory(
        slots=tuple(slots.get(index, Slot()) for index in SlotId),
        started=at,
        dc_test_at=at,
        iec_since=at,
        shutdown_closed=settings[SHUTDOWN_CLOSED],
        input_closed=settings[INPUT_CLOSED],
        shutdown_input=gpio.integer("shutdown_input"),
        input=gpio.integer("input"),
        output=gpio.integer("output"),
        button=stored.integer(flash.BUTTON),
        boost=stored.flag(flash.BOOST_MODE),
        auto_start=auto_start,
        ev_wakeup=stored.flag(flash.EV_WAKEUP),
        auto_switch=stored.flag(flash.AUTO_SWITCH),
        phases_connected=stored.integer(flash.PHASES_CONNECTED),
        wait_time=stored.integer(flash.WAIT_TIME),
        external_default=default,
        external_default_clear=clears,
    )
