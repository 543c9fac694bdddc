"""What decides about the charge: authorisation, pause, limits, schedule, energy management, and the counters.

The one rule: everything ends in `apply`, which puts the box's limits and permissions onto the charger; it may be called
at any time and as often as one likes.
Source: Charger local API, chapters 3 and 5; the transitions between states are ASSUMED where NOTES.md says so.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, Literal

from ...core.instant import MINUTE, Instant, later
from ...core.messages import (
    Command,
    Event,
    RequestPhases,
    ResetFaults,
    SetAuthorisation,
    SetLimit,
    SetPermission,
)
from ...core.snapshot import EvseState, Snapshot
from . import errorflags
from .refusals import Refusal
from .schedule import Interval, current_at, minute_of_week, minutes_to_change, read_intervals

if TYPE_CHECKING:
    from .wallbox import Lektrico

EM_TIMEOUT: Final = 60.0
"""s without EM_current.Set after which the energy meter counts as offline. ASSUMED."""
STOPPING_FAULTS: Final = ("overtemp_stop",)
"""Faults that the charger takes softly and this device with state E."""
WATCHED: Final = frozenset(
    {
        "headless", "install_current", "charger_locked", "user_current", "gmt_offset",
        "energy_management_enabled", "charging_schedule_enabled", "dynamic_current", "em_current", "relay_mode",
        "ocpp_current", "charging_schedule", "em_offline_current", "meter_fault_stops",
    }
)  # fmt: skip
"""Settings that the charge depends on."""


class Charging:
    """The firmware's charge logic. What it holds here is lost when the device restarts."""

    def __init__(self, box: Lektrico) -> None:
        self._box = box
        self.plugged = False
        self.authorised = False
        """This session may charge, or has been charging."""
        self.stopped = False
        """Charge.Stop ended the session; only Charge.Start or a card begins another one."""
        self.paused = False
        """Charge.Pause"""
        self.overridden = False
        """The schedule does not count in this session."""
        self.em_offline: bool = False
        self.updating = False
        """New firmware is being loaded."""
        self._em_heard: Instant | None = None
        """When the energy meter last spoke; None: nobody waits for it."""
        self._em_timer = box.timer(self._em_silent)
        self._edge_timer = box.timer(self._at_edge)
        self._sent: dict[str, Command] = {}
        self._intervals: tuple[object, tuple[Interval, ...]] = (None, ())

    # --- what holds --------------------------------------------------------------------------------------------------

    @property
    def locked(self) -> bool:
        """The lock keeps this session from starting; one that is running goes on."""
        return self._box.settings.flag("charger_locked") and not self.authorised

    @property
    def session_active(self) -> bool:
        """A session is going on that a restart waits for."""
        return self.plugged and self.authorised and not self.faulty(self._box.snapshot())

    def faulty(self, snapshot: Snapshot) -> bool:
        """State E or F."""
        if snapshot.state is EvseState.FAULT or any(name in snapshot.faults for name in STOPPING_FAULTS):
            return True
        return not snapshot.meter_ok and self._box.settings.flag("meter_fault_stops")

    def intervals(self) -> tuple[Interval, ...]:
        stored = self._box.settings["charging_schedule"]
        if stored is not self._intervals[0]:
            found = read_intervals(stored)
            assert not isinstance(found, Refusal)
            self._intervals = (stored, found)
        return self._intervals[1]

    def local_time(self, at: Instant) -> datetime:
        """UTC and whole hours. ASSUMED: the time zone's name is not used."""
        return self._box.utc(at) + timedelta(hours=self._box.settings.integer("gmt_offset"))

    def schedule_current(self, at: Instant) -> int | None:
        """A the schedule allows now; None: it says nothing."""
        if not self._box.settings.flag("charging_schedule_enabled") or self.overridden:
            return None
        return current_at(self.intervals(), minute_of_week(self.local_time(at)))

    def limits(self, at: Instant) -> dict[str, int | None]:
        """A by name; None: does not count now. In the order of `current_limit_reason`."""
        stored = self._box.settings.integer
        return {
            "install_current": stored("install_current"),
            "user_current": stored("user_current") if self._box.has("user_current") else None,
            "dynamic_current": stored("dynamic_current"),
            "schedule": self.schedule_current(at),
            "em_offline": stored("em_offline_current") if self.em_offline else None,
            "em_current": None if self.em_offline else stored("em_current"),
            "ocpp_current": stored("ocpp_current"),
        }

    # --- what is asked -----------------------------------------------------------------------------------------------

    def start(self) -> Refusal | None:
        """Charge.Start: authorise, and end a pause."""
        if not self.plugged or self.locked or self.faulty(self._box.snapshot()):
            return self._box.prohibited
        self.authorised, self.stopped, self.paused = True, False, False
        self.apply()
        return None

    def stop(self) -> Refusal | None:
        """Charge.Stop: the session is over until Charge.Start or the next car."""
        if not self.plugged:
            return self._box.prohibited
        self.authorised, self.stopped, self.paused = False, True, False
        self.apply()
        self._box.lifecycle.session_over()
        return None

    def pause(self, wanted: bool) -> Refusal | None:
        """Charge.Pause and Charge.Resume. ASSUMED: without a car there is nothing to pause."""
        if not self.plugged:
            return self._box.prohibited
        self.paused = wanted
        self.apply()
        return None

    def override(self) -> Refusal | None:
        """Charging_schedule.Override: as Charge.Start, and the schedule does not count until the car leaves."""
        refusal = self.start()
        if refusal is None:
            self.overridden = True
            self.apply()
        return refusal

    def card(self, tag: str) -> str:
        """A card at the reader; what came of it. ASSUMED: a card starts a session, and ends the one it may end."""
        known = self._box.settings["rfid_tags"]
        assert isinstance(known, tuple | list)
        if known and tag.lower() not in known:
            return "unknown card"
        if self._box.settings.flag("headless") and not self.stopped:
            return "no authorisation needed"
        done = self.stop() if self.authorised else self.start()
        return "refused" if done is not None else "authorised" if self.authorised else "stopped"

    def em_current(self, current: int) -> None:
        """EM_current.Set"""
        self._em_heard = self._box.simulation.at
        self.em_offline = False
        self._box.settings.put("em_current", current)
        self.apply()

    # --- what happens ------------------------------------------------------------------------------------------------

    def power_on(self) -> None:
        snapshot = self._box.snapshot()
        self.plugged = snapshot.plugged
        self.apply()

    def restart(self) -> None:
        """The device starts anew and has forgotten about the session. ASSUMED: latched trips are forgotten, too."""
        self.authorised = self.stopped = self.paused = self.overridden = self.em_offline = self.updating = False
        self._em_heard = None
        self._box.submit(ResetFaults(owner=self._box.name))
        self.apply()

    def handle(self, event: Event) -> None:
        if event.name == "plugged":
            self.plugged = True
            self._new_session()
        elif event.name == "unplugged":
            self._session_ends()
        elif event.name in ("fault_raised", "rcd_tripped"):
            self._latch()
        elif event.name not in ("fault_cleared", "derated"):
            return
        self.apply()

    def _new_session(self) -> None:
        settings = self._box.settings
        settings.put("session_id", settings.integer("session_id") + 1)
        self.authorised = self.stopped = self.paused = self.overridden = False

    def _session_ends(self) -> None:
        """The counters take the session in. ASSUMED: only one in which energy flowed."""
        settings, last = self._box.settings, self._box.snapshot()
        self.plugged = False
        self.authorised = self.stopped = self.paused = self.overridden = False
        if last.has_charged:
            settings.put("total_charged_sessions", settings.integer("total_charged_sessions") + 1)
            settings.put("total_charged_time", settings.number("total_charged_time") + last.charging_for)
            settings.put("last_session_energy", int(last.session_energy))
        self._box.submit(ResetFaults(owner=self._box.name))
        self._box.lifecycle.session_over()

    def _latch(self) -> None:
        self.log_errors(self._box.snapshot())

    def log_errors(self, snapshot: Snapshot, *, anew: bool = False) -> None:
        """Add what is active to the logged flags; `anew`: forget the rest. ASSUMED: what is active stays logged."""
        settings, known = self._box.settings, self._box.flags
        active = errorflags.raised(snapshot.faults, known)
        before = settings["logged_errors"]
        assert isinstance(before, tuple | list)
        kept = frozenset() if anew else frozenset(before)
        settings.put("logged_errors", tuple(sorted(kept | active)))

    def _em_silent(self, _: Instant) -> None:
        self._box.note("em_offline")
        self.apply()
        self._box.changed()

    def _at_edge(self, _: Instant) -> None:
        self.apply()
        self._box.changed()

    # --- onto the charger --------------------------------------------------------------------------------------------

    def apply(self) -> None:
        """Bring the charger in line with everything above."""
        box = self._box
        at = box.simulation.now()
        snapshot = box.snapshot()
        self._watch_em(at, snapshot)
        if self.plugged and box.settings.flag("headless") and not self.stopped and not self.locked:
            self.authorised = True
        for name, current in self.limits(at).items():
            self._send(SetLimit(owner=f"{box.name}.{name}", current=current))
        self._permit("pause", not self.paused)
        self._permit("charger_locked", not self.locked)
        self._permit("ota", not self.updating)
        self._permit("meter_fault", snapshot.meter_ok or not box.settings.flag("meter_fault_stops"))
        needs_card = not box.settings.flag("headless") or self.stopped
        granted = self.authorised if needs_card and not self.locked else None
        self._send(SetAuthorisation(owner=box.name, granted=granted))
        self._request_phases()
        self._watch_schedule(at)

    def _permit(self, name: str, granted: bool) -> None:
        self._send(SetPermission(owner=f"{self._box.name}.{name}", granted=granted))

    def _request_phases(self) -> None:
        if self._box.has("relay_mode") and self._box.trait("three_phase"):
            phases: Literal[1, 3] = 1 if self._box.settings["relay_mode"] == 1 else 3
            self._send(RequestPhases(owner=self._box.name, phases=phases))

    def _send(self, command: Command) -> None:
        """Submit what is not in force already."""
        slot = f"{type(command).__name__} {command.owner}"
        if self._sent.get(slot) != command:
            self._sent[slot] = command
            self._box.submit(command)

    def _watch_em(self, at: Instant, snapshot: Snapshot) -> None:
        """Whether the energy meter is there, and when it will count as gone."""
        if not self._box.settings.flag("energy_management_enabled"):
            self.em_offline, self._em_heard = False, None
            self._em_timer.clear()
            return
        if self._em_heard is None:
            self._em_heard = at
        due = later(self._em_heard, EM_TIMEOUT)
        self.em_offline = not snapshot.backend_link or due <= at
        self._em_timer.set(due if due > at else None)
        self._box.simulation.wake()

    def _watch_schedule(self, at: Instant) -> None:
        """Come back when an interval begins or ends."""
        wait = None
        if self._box.settings.flag("charging_schedule_enabled") and not self.overridden:
            wait = minutes_to_change(self.intervals(), minute_of_week(self.local_time(at)))
        if wait is None:
            self._edge_timer.clear()
            return
        local = self.local_time(at)
        into = (local.second * 1_000_000) + local.microsecond
        self._edge_timer.set(at + wait * MINUTE - into)
        self._box.simulation.wake()
