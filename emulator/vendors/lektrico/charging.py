"""What decides about the charge: authorisation, pause, limits, schedule, energy management, and the counters.

The one rule: everything ends in `apply`, which puts limits and permissions onto the charger; it may be called at any
time and as often as one likes.
Source: Charger local API, chapters 3 and 5; the transitions between states are ASSUMED where NOTES.md says so.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from ...core.instant import MINUTE, SECOND, Instant, later
from ...core.messages import Event, ResetFaults
from ...core.snapshot import Snapshot
from ...core.states import EvseState
from ...devices.wallbox import Wallbox
from . import errorflags
from .config import (
    CHARGER_LOCKED,
    CHARGING_SCHEDULE_ENABLED,
    ENERGY_MANAGEMENT_ENABLED,
    GMT_OFFSET,
    HEADLESS,
    INSTALL_CURRENT,
    USER_CURRENT,
)
from .device import Device
from .quirks import PHASE_COMMAND
from .refusals import Refusal
from .schedule import Interval, current_at, minute_of_week, minutes_to_change, read_intervals
from .settings import (
    CHARGING_SCHEDULE,
    DYNAMIC_CURRENT,
    EM_CURRENT,
    EM_OFFLINE_CURRENT,
    LAST_SESSION_ENERGY,
    LOGGED_ERRORS,
    METER_FAULT_STOPS,
    OCPP_CURRENT,
    RELAY_MODE,
    RFID_TAGS,
    SESSION_ID,
    SESSION_OPEN,
    TOTAL_CHARGED_SESSIONS,
    TOTAL_CHARGED_TIME,
)

EM_TIMEOUT: Final = 60.0
"""s without EM_current.Set after which the energy meter counts as offline. ASSUMED."""
STOPPING_FAULTS: Final = ("overtemp_stop",)
"""Faults that the charger takes softly and this device with state E."""
WATCHED: Final = frozenset(
    row.name
    for row in (
        *(HEADLESS, INSTALL_CURRENT, CHARGER_LOCKED, USER_CURRENT, GMT_OFFSET, ENERGY_MANAGEMENT_ENABLED),
        *(CHARGING_SCHEDULE_ENABLED, DYNAMIC_CURRENT, EM_CURRENT, RELAY_MODE, OCPP_CURRENT, CHARGING_SCHEDULE),
        *(EM_OFFLINE_CURRENT, METER_FAULT_STOPS),
    )
)
"""Settings that the charge depends on."""


@dataclass(eq=False)
class Charging:
    """The firmware's charge logic. What it holds here is lost when the device restarts."""

    wallbox: Wallbox
    device: Device
    session_over: Callable[[], None]
    plugged: bool = False
    authorised: bool = False
    """This session may charge, or has been charging."""
    stopped: bool = False
    """Charge.Stop ended the session; only Charge.Start or a card begins another one."""
    paused: bool = False
    """Charge.Pause"""
    overridden: bool = False
    """The schedule does not count in this session."""
    em_offline: bool = False
    updating: bool = False
    """New firmware is being loaded."""
    session_began: Instant | None = None
    """At plug-in; None: there was none yet. ASSUMED, as `session_id` counts there."""
    session_ended: Instant | None = None
    """At unplug."""
    _em_heard: Instant | None = None
    """When the energy meter last spoke; None: nobody waits for it."""

    def __post_init__(self) -> None:
        wallbox = self.wallbox
        self._control = wallbox.control
        self._settings = wallbox.settings
        self._em_timer = wallbox.timer(self._em_silent)
        self._edge_timer = wallbox.timer(self._at_edge)
        self._intervals: tuple[object, tuple[Interval, ...]] = (None, ())
        self._reactions: Mapping[str, Callable[[], None]] = {
            "plugged": self._new_session,
            "unplugged": self._session_ends,
            "fault_raised": self.log_errors,
            "rcd_tripped": self.log_errors,
            "fault_cleared": lambda: None,
            "derated": lambda: None,
        }

    # --- what holds --------------------------------------------------------------------------------------------------

    @property
    def locked(self) -> bool:
        """The lock keeps this session from starting; one that is running goes on."""
        return self._settings[CHARGER_LOCKED.setting] and not self.authorised

    def session_time(self, now: Snapshot) -> int:
        """Whole seconds of this session, pauses included, or of the last one.

        Source: a capture in state C with 49947 s, 3514 Wh and 1179 W.
        """
        if self.session_began is None:
            return 0
        if self.session_ended is None:
            return now.elapsed(self.session_began)
        return (self.session_ended - self.session_began) // SECOND

    @property
    def session_active(self) -> bool:
        """A session is going on that a restart waits for."""
        return self.plugged and self.authorised and not self.faulty(self.wallbox.snapshot())

    def faulty(self, snapshot: Snapshot) -> bool:
        """State E or F."""
        if snapshot.state is EvseState.FAULT or any(name in snapshot.faults for name in STOPPING_FAULTS):
            return True
        return not snapshot.meter_ok and self._settings[METER_FAULT_STOPS]

    def intervals(self) -> tuple[Interval, ...]:
        stored = self._settings[CHARGING_SCHEDULE.setting]
        if stored is not self._intervals[0]:
            found = read_intervals(stored)
            assert not isinstance(found, Refusal)
            self._intervals = (stored, found)
        return self._intervals[1]

    def local_time(self, at: Instant) -> datetime:
        """UTC and whole hours. ASSUMED: the time zone's name is not used."""
        moment = self.wallbox.calendar(at)
        utc = moment.astimezone(UTC) if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
        return utc + timedelta(hours=self._settings[GMT_OFFSET.setting])

    @property
    def scheduled(self) -> bool:
        """The schedule says something."""
        return bool(self._settings[CHARGING_SCHEDULE_ENABLED.setting]) and not self.overridden

    def schedule_current(self, at: Instant) -> int | None:
        """Current that the schedule allows now [A]; None: it says nothing."""
        if not self.scheduled:
            return None
        return current_at(self.intervals(), minute_of_week(self.local_time(at)))

    def limits(self, at: Instant) -> dict[str, int | None]:
        """A by name; None: does not count now. In the order of `current_limit_reason`."""
        settings = self._settings
        return {
            "install_current": settings[INSTALL_CURRENT.setting],
            "user_current": settings[USER_CURRENT.setting] if USER_CURRENT.exists(self.device.profile) else None,
            "dynamic_current": settings[DYNAMIC_CURRENT.setting],
            "schedule": self.schedule_current(at),
            "em_offline": settings[EM_OFFLINE_CURRENT] if self.em_offline else None,
            "em_current": None if self.em_offline else settings[EM_CURRENT.setting],
            "ocpp_current": settings[OCPP_CURRENT.setting],
        }

    # --- what is asked -----------------------------------------------------------------------------------------------

    def start(self) -> Refusal | None:
        """Charge.Start: authorise, and end a pause."""
        if not self.plugged or self.locked or self.faulty(self.wallbox.snapshot()):
            return self.device.prohibited
        self.authorised, self.stopped, self.paused = True, False, False
        self.apply()
        return None

    def stop(self) -> Refusal | None:
        """Charge.Stop: the session is over until Charge.Start or the next car."""
        if not self.plugged:
            return self.device.prohibited
        self.authorised, self.stopped, self.paused = False, True, False
        self.apply()
        self.session_over()
        return None

    def deauthorise(self) -> None:
        """The session waits for a card again."""
        self.authorised = False
        self.apply()

    def pause(self, wanted: bool) -> Refusal | None:
        """Charge.Pause and Charge.Resume. ASSUMED: without a car there is nothing to pause."""
        if not self.plugged:
            return self.device.prohibited
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
        known = self._settings[RFID_TAGS]
        if known and tag.lower() not in known:
            return "unknown card"
        if self._settings[HEADLESS.setting] and not self.stopped:
            return "no authorisation needed"
        done = self.stop() if self.authorised else self.start()
        return "refused" if done is not None else "authorised" if self.authorised else "stopped"

    def em_current(self, current: int) -> None:
        """EM_current.Set"""
        self._em_heard = self.wallbox.simulation.at
        self.em_offline = False
        self._settings.put(EM_CURRENT.setting, current)
        self.apply()

    # --- what happens ------------------------------------------------------------------------------------------------

    def power_on(self) -> None:
        snapshot = self.wallbox.snapshot()
        self.plugged = snapshot.plugged
        if self.plugged:
            self.session_began = later(snapshot.instant, -snapshot.connected_for)
        self.apply()

    def restart(self) -> None:
        """The device has restarted and forgotten about the session. ASSUMED: latched trips are forgotten, too."""
        self.authorised = self.stopped = self.paused = self.overridden = self.em_offline = self.updating = False
        self._em_heard = None
        now = self.wallbox.snapshot()
        if not now.plugged:
            self.session_began = None
        if self._settings[SESSION_OPEN] and not now.plugged:  # ASSUMED: how long it charged was in memory only
            self._count(now.session_energy > 0, 0.0, now.session_energy)
        self._control.submit(ResetFaults(owner=self._control.owner("")))
        self.apply()

    def handle(self, event: Event) -> None:
        react = self._reactions.get(event.name)
        if react is not None:
            react()
            self.apply()

    def _new_session(self) -> None:
        self.plugged = True
        self.session_began, self.session_ended = self.wallbox.simulation.at, None
        self._settings.put(SESSION_ID, self._settings[SESSION_ID] + 1)
        self._settings.put(SESSION_OPEN, True)
        self.authorised = self.stopped = self.paused = self.overridden = False

    def _session_ends(self) -> None:
        """The counters take the session in. ASSUMED: only one in which energy flowed."""
        last = self.wallbox.snapshot()
        self.plugged = False
        self.session_ended = self.wallbox.simulation.at
        self.authorised = self.stopped = self.paused = self.overridden = False
        self._count(last.has_charged, last.charging_for, last.session_energy)
        self._control.submit(ResetFaults(owner=self._control.owner("")))
        self.session_over()

    def _count(self, charged: bool, time: float, energy: float) -> None:
        """Take a session into the counters, if it `charged`: its `time` [s] and `energy` [Wh]."""
        settings = self._settings
        settings.put(SESSION_OPEN, False)
        if charged:
            settings.put(TOTAL_CHARGED_SESSIONS, settings[TOTAL_CHARGED_SESSIONS] + 1)
            settings.put(TOTAL_CHARGED_TIME, settings[TOTAL_CHARGED_TIME] + time)
            settings.put(LAST_SESSION_ENERGY, int(energy))

    def log_errors(self, *, forget: bool = False) -> None:
        """Add what is active to the logged flags; `forget`: drop the rest. ASSUMED: what is active stays logged."""
        active = errorflags.raised(self.wallbox.snapshot().faults, self.device.flags)
        kept: frozenset[str] = frozenset() if forget else frozenset(self._settings[LOGGED_ERRORS])
        self._settings.put(LOGGED_ERRORS, tuple(sorted(kept | active)))

    def _em_silent(self, _: Instant) -> None:
        self.wallbox.note("em_offline")
        self.apply()
        self.wallbox.changed()

    def _at_edge(self, _: Instant) -> None:
        self.apply()
        self.wallbox.changed()

    # --- onto the charger --------------------------------------------------------------------------------------------

    def apply(self) -> None:
        """Bring the charger in line with everything above."""
        at, snapshot, control = self.wallbox.simulation.now(), self.wallbox.snapshot(), self._control
        headless = self._settings[HEADLESS.setting]
        self._watch_em(at, snapshot)
        if self.plugged and headless and not self.stopped and not self.locked:
            self.authorised = True
        for name, current in self.limits(at).items():
            control.limit(name, current)
        control.permit("pause", not self.paused)
        control.permit("charger_locked", not self.locked)
        control.permit("ota", not self.updating)
        control.permit("meter_fault", snapshot.meter_ok or not self._settings[METER_FAULT_STOPS])
        needs_card = not headless or self.stopped
        granted = self.authorised if needs_card and not self.locked else None
        control.authorise("", granted)
        if self.device.traits.three_phase and self.device.shows(PHASE_COMMAND):
            control.phases("", 1 if self._settings[RELAY_MODE.setting] == 1 else 3)
        self._watch_schedule(at)

    def _watch_em(self, at: Instant, snapshot: Snapshot) -> None:
        """Whether the energy meter is there, and when it will count as gone."""
        if not self._settings[ENERGY_MANAGEMENT_ENABLED.setting]:
            self.em_offline, self._em_heard = False, None
            self._em_timer.clear()
            return
        if self._em_heard is None:
            self._em_heard = at
        due = later(self._em_heard, EM_TIMEOUT)
        self.em_offline = not snapshot.backend_link or due <= at
        self._em_timer.set(due if due > at else None)
        self.wallbox.simulation.wake()

    def _watch_schedule(self, at: Instant) -> None:
        """Come back when an interval begins or ends."""
        wait = None
        if self._settings[CHARGING_SCHEDULE_ENABLED.setting] and not self.overridden:
            wait = minutes_to_change(self.intervals(), minute_of_week(self.local_time(at)))
        if wait is None:
            self._edge_timer.clear()
            return
        local = self.local_time(at)
        into = (local.second * 1_000_000) + local.microsecond
        self._edge_timer.set(at + wait * MINUTE - into)
        self.wallbox.simulation.wake()
