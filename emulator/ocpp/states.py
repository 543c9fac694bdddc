"""The states of a charge point and of its connector, and what leads the connector from one to the next.

The one rule: data, no behaviour; what a change of state entails is the connector's.
"""

from __future__ import annotations

from enum import IntEnum, auto
from typing import Final

from ocpp.v16.enums import ChargePointStatus


class Registration(IntEnum):
    """How far the charge point has come, numbered as in WARP's `ocpp/state`."""

    POWER_ON = 0
    FLUSH = 1
    """Accepted; messages of transactions from before the start are being sent."""
    IDLE = 2
    PENDING = 3
    REJECTED = 4
    UNAVAILABLE = 5
    FAULTED = 6
    SOFT_RESET = 7
    HARD_RESET = 8


class State(IntEnum):
    """States of the connector, numbered as in WARP's `ocpp/state`; the missing ones need a loose cable."""

    IDLE = 0
    NO_TAG = 2
    """Plugged, not authorised."""
    AUTH_START_NO_PLUG = 3
    AUTH_START = 5
    NO_PLUG = 6
    """Authorised, not plugged."""
    TRANSACTION = 8
    AUTH_STOP = 9
    """Another tag wants to end the transaction."""
    FINISHING_UNLOCKED = 10
    FINISHING_NO_CABLE_UNLOCKED = 11
    FINISHING_NO_SAME_TAG = 13
    """The central system refused the tag after the start."""
    UNAVAILABLE = 14


class Trigger(IntEnum):
    PLUG = auto()
    UNPLUG = auto()
    TAG = auto()
    """A tag that has to be asked about."""
    SAME_TAG = auto()
    GRANTED = auto()
    REFUSED = auto()
    TIMEOUT = auto()
    """ConnectionTimeOut"""
    REMOTE_START = auto()
    STOP = auto()
    """By the central system, or by a reset."""
    INVALID = auto()
    """The answer to StartTransaction refuses the tag."""
    TICK = auto()


TRANSITIONS: Final = {
    (State.IDLE, Trigger.PLUG): State.NO_TAG,
    (State.IDLE, Trigger.TAG): State.AUTH_START_NO_PLUG,
    (State.IDLE, Trigger.REMOTE_START): State.NO_PLUG,
    (State.NO_TAG, Trigger.UNPLUG): State.IDLE,
    (State.NO_TAG, Trigger.TAG): State.AUTH_START,
    (State.NO_TAG, Trigger.REMOTE_START): State.TRANSACTION,
    (State.NO_TAG, Trigger.TIMEOUT): State.FINISHING_UNLOCKED,
    (State.AUTH_START_NO_PLUG, Trigger.GRANTED): State.NO_PLUG,
    (State.AUTH_START_NO_PLUG, Trigger.REFUSED): State.IDLE,
    (State.AUTH_START_NO_PLUG, Trigger.TIMEOUT): State.IDLE,
    (State.AUTH_START_NO_PLUG, Trigger.PLUG): State.AUTH_START,
    (State.AUTH_START, Trigger.GRANTED): State.TRANSACTION,
    (State.AUTH_START, Trigger.REFUSED): State.NO_TAG,
    (State.AUTH_START, Trigger.UNPLUG): State.AUTH_START_NO_PLUG,
    (State.AUTH_START, Trigger.TIMEOUT): State.FINISHING_UNLOCKED,
    (State.NO_PLUG, Trigger.PLUG): State.TRANSACTION,
    (State.NO_PLUG, Trigger.TIMEOUT): State.IDLE,
    (State.NO_PLUG, Trigger.SAME_TAG): State.IDLE,
    (State.TRANSACTION, Trigger.SAME_TAG): State.FINISHING_UNLOCKED,
    (State.TRANSACTION, Trigger.TAG): State.AUTH_STOP,
    (State.TRANSACTION, Trigger.STOP): State.FINISHING_UNLOCKED,
    (State.TRANSACTION, Trigger.UNPLUG): State.FINISHING_NO_CABLE_UNLOCKED,
    (State.TRANSACTION, Trigger.INVALID): State.FINISHING_NO_SAME_TAG,
    (State.AUTH_STOP, Trigger.GRANTED): State.FINISHING_UNLOCKED,
    (State.AUTH_STOP, Trigger.REFUSED): State.TRANSACTION,
    (State.AUTH_STOP, Trigger.SAME_TAG): State.FINISHING_UNLOCKED,
    (State.AUTH_STOP, Trigger.STOP): State.FINISHING_UNLOCKED,
    (State.AUTH_STOP, Trigger.UNPLUG): State.FINISHING_NO_CABLE_UNLOCKED,
    (State.AUTH_STOP, Trigger.INVALID): State.FINISHING_NO_SAME_TAG,
    (State.FINISHING_UNLOCKED, Trigger.UNPLUG): State.IDLE,
    (State.FINISHING_UNLOCKED, Trigger.TAG): State.AUTH_START,
    (State.FINISHING_UNLOCKED, Trigger.REMOTE_START): State.TRANSACTION,
    (State.FINISHING_NO_CABLE_UNLOCKED, Trigger.TICK): State.IDLE,
    (State.FINISHING_NO_SAME_TAG, Trigger.UNPLUG): State.IDLE,
    (State.FINISHING_NO_SAME_TAG, Trigger.TAG): State.AUTH_START,  # by a remote start that has to be asked about
    (State.FINISHING_NO_SAME_TAG, Trigger.SAME_TAG): State.FINISHING_UNLOCKED,
    (State.FINISHING_NO_SAME_TAG, Trigger.REMOTE_START): State.TRANSACTION,
}

IN_TRANSACTION: Final = frozenset({State.TRANSACTION, State.AUTH_STOP})
FINISHING: Final = frozenset({State.FINISHING_UNLOCKED, State.FINISHING_NO_SAME_TAG})
WAITS_FOR_PLUG: Final = frozenset({State.AUTH_START_NO_PLUG, State.NO_PLUG})
WAITS_FOR_TAG: Final = frozenset({State.NO_TAG, State.AUTH_START})
STATUS: Final = {
    State.IDLE: ChargePointStatus.available,
    State.NO_TAG: ChargePointStatus.preparing,
    State.AUTH_START_NO_PLUG: ChargePointStatus.preparing,
    State.AUTH_START: ChargePointStatus.preparing,
    State.NO_PLUG: ChargePointStatus.preparing,
    State.FINISHING_UNLOCKED: ChargePointStatus.finishing,
    State.FINISHING_NO_CABLE_UNLOCKED: ChargePointStatus.finishing,
    State.FINISHING_NO_SAME_TAG: ChargePointStatus.finishing,
    State.UNAVAILABLE: ChargePointStatus.unavailable,
}
