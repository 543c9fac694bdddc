"""What a charger announces: the name of every event, with its meaning and details.

The one rule: this table is complete; whatever reacts to an event or waits for one takes its name from here.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Protocol, Self


class EventName(StrEnum):
    """Names of events; `about` says what each one means, with its details in parentheses."""

    about: str

    def __new__(cls, name: str, about: str) -> Self:
        member = str.__new__(cls, name)
        member._value_ = name
        member.about = about
        return member

    @property
    def details(self) -> frozenset[str]:
        """Names of its details."""
        _, _, listed = self.about.removesuffix(")").rpartition("(") if self.about.endswith(")") else ("", "", "")
        return frozenset(listed.split(", ")) if listed else frozenset()

    PLUGGED = "plugged", "a vehicle was connected (session)"
    UNPLUGGED = "unplugged", "the vehicle was disconnected (session)"
    STATE_CHANGED = "state_changed", "the charge controller entered another state (from, to)"
    PILOT_CHANGED = "pilot_changed", "another control pilot state was read (from, to)"
    PILOT_INTERRUPTED = "pilot_interrupted", "the pilot output was cut or set to -12 V (mode)"
    PILOT_RESTORED = "pilot_restored", "the pilot output is back to normal"
    OFFER_CHANGED = "offer_changed", "another current is coded in the duty cycle (current)"
    CONTACTOR_CLOSED = "contactor_closed", "the contactor was commanded closed (phases)"
    CONTACTOR_OPENED = "contactor_opened", "the contactor was commanded open (under_load)"
    CURRENT_STARTED = "current_started", "charging current began to flow"
    CURRENT_STOPPED = "current_stopped", "charging current no longer flows"
    PHASES_CHANGED = "phases_changed", "the contactor is set for another number of phases (phases)"
    PHASE_SWITCH_STARTED = "phase_switch_started", "a phase switching sequence began (phases)"
    PHASE_SWITCH_FINISHED = "phase_switch_finished", "a phase switching sequence ended (phases)"
    LOCK_CHANGED = "lock_changed", "the lock of the socket moved (from, to)"
    ENERGY_REACHED = "energy_reached", "the session reached an energy mark (mark, session_energy)"
    DERATED = "derated", "the thermal limit changed (current)"
    RCD_TRIPPED = "rcd_tripped", "the residual-current monitor tripped (fault, residual_current)"
    FAULT_RAISED = "fault_raised", "a fault became active (fault)"
    FAULT_CLEARED = "fault_cleared", "a fault is no longer active (fault)"
    SUPPLY_LOST = "supply_lost", "the charge controller lost its supply"
    SUPPLY_RESTORED = "supply_restored", "the supply came back"
    SUPPLY_CHANGED = "supply_changed", "voltage, phases, frequency or resistance of the grid were changed"
    BOOTED = "booted", "the charge controller is ready after a boot"
    REBOOTED = "rebooted", "the charge controller restarts"
    CHARGE_FINISHED = "charge_finished", "the vehicle has reached its charge limit"
    VEHICLE_ASLEEP = "vehicle_asleep", "the on-board charger went to sleep"
    VEHICLE_AWAKE = "vehicle_awake", "the on-board charger woke up"


class Emit(Protocol):
    """Announce an event with its details."""

    def __call__(self, name: EventName, /, **detail: object) -> None: ...
