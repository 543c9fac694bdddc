"""States of pilot, charge controller, lock and on-board charger.

The one rule: names are the standard's where it has one.
"""

from __future__ import annotations

from enum import StrEnum


class PilotState(StrEnum):
    """IEC 61851-1 state of the control pilot as the EVSE measures it."""

    A = "A"
    B = "B"
    C = "C"
    D = "D"
    E = "E"
    F = "F"


class EvseState(StrEnum):
    """State of the charge controller; its transitions are those of `evse_rules`."""

    OFF = "off"
    BOOT = "boot"
    DISABLED = "disabled"
    A = "a"
    B_AUTH = "b_auth"
    """Plugged, waits for authorisation."""
    B_WAIT = "b_wait"
    """Plugged and authorised, nothing offered."""
    B_READY = "b_ready"
    """Offer on the pilot, the vehicle has not asked."""
    C_CLOSING = "c_closing"
    CHARGING = "charging"
    C_STOPPING = "c_stopping"
    """Offer withdrawn, the vehicle has not opened S2 yet."""
    PHASE_SWITCH = "phase_switch"
    WAKEUP = "wakeup"
    FAULT = "fault"


class LockState(StrEnum):
    OPEN = "open"
    CLOSING = "closing"
    CLOSED = "closed"
    OPENING = "opening"
    ERROR = "error"


class OnboardState(StrEnum):
    """State of the vehicle's on-board charger."""

    IDLE = "idle"
    REQUESTING = "requesting"
    STARTING = "starting"
    CHARGING = "charging"
    STOPPING = "stopping"
    ASLEEP = "asleep"
    LOCKED_OUT = "locked_out"
