"""What the decision depends on: settings, measurement, clock, schedules and tariff, brought together.

The one rule: it decides nothing; it answers for one instant and says when time alone will change the answer.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from ...core.instant import MILLISECOND, SECOND, Instant
from ...core.snapshot import Snapshot
from ...core.states import EvseState
from ...devices.quirks import Quirk
from ...devices.settings import Settings
from . import faultcodes, limits, trip
from . import settings as s
from .backend import Backend
from .clock import Clock
from .features import EXCLUSIVE_END, INITIALIZING, SLOW_SURPLUS, UNDERVOLTAGE
from .group import Membership
from .identity import Identity
from .ladder import Force, Inputs, Mode, ModelStatus, Trip, decide
from .schedule import Calendar
from .sequences import KeepAlive
from .surplus import Surplus, Tuning


class Circumstances:
    """The inputs of one wallbox's decision. Lost at every restart."""

    def __init__(
        self,
        settings: Settings,
        identity: Identity,
        clock: Clock,
        backend: Backend,
        at: Instant,
        shows: Callable[[Quirk], bool],
        group: Membership,
    ) -> None:
        self._group = group
        self.granted: int | None = None
        """By the load group [A]; None: it has no say."""
        self._settings = settings
        self._shows = shows
        self._backend = backend
        self._identity = identity
        self._clock = clock
        self.surplus = Surplus()
        self.keep_alive = KeepAlive()
        self.last_write = at
        """When a client wrote last, for the fail-safe."""
        self.test_charge = trip.TestCharge()
        self.starting = False
        """The first second after a restart: nothing has been heard of the charge controller yet."""
        self.reconnects_at: Instant | None = None
        """When the delay after a power failure is over."""
        self._failsafe_due: Instant | None = None
        self._trip_due: Instant | None = None
        self._trip_begun = False
        self._undervoltage_due: Instant | None = None

    def session_begins(self) -> None:
        self._trip_begun = False
        self.test_charge = trip.TestCharge()

    def session_ends(self) -> None:
        self.keep_alive.reset()
        self.surplus.reset()

    def due(self, at: Instant) -> list[Instant | None]:
        """When to ask again though nothing happens."""
        return [
            self.keep_alive.due,
            self.surplus.due(at, self.tuning()),
            self._schedule_due(at),
            self._clock.next_price(at) if self._settings[s.AWE] else None,
            self._failsafe_due,
            self._trip_due,
            self._test_due,
            self.reconnects_at,
            self._undervoltage_due,
            self._group.due,
        ]

    @property
    def _test_due(self) -> Instant | None:
        test = self.test_charge
        return None if test.started_at is None or test.finished else test.due

    def gather(self, now: Snapshot, at: Instant, last_current: Instant | None) -> Inputs:
        """Everything the decision depends on at `at`. `last_current`: when current flowed last."""
        settings = self._settings
        mode = Mode(settings[s.LMO])
        plain = replace(
            self._guards(now, at),
            locked_out=settings[s.ACS] != 0 and settings[s.TRX] is None and not self._backend.authorised,
            inoperable=settings[s.OCPPIO] and settings[s.OCPPE],
            denied=self._backend.denies,
            offline=self._backend.offline,
            failsafe=self.failsafe(at) and settings[s.FSI] < settings[s.MCA],
            force=Force(settings[s.FRC]),
            energy_reached=self._energy_reached(now),
            schedule=self.calendar().verdict(self._clock.local(at)),
            mode=mode,
            cheap=settings[s.AWE] and self._cheap(at),
            surplus=mode is not Mode.BASIC and self._surplus(now, at),
            trip=self._trip(now, at),
            eco_after_trip=settings[s.ARA],
            pause_allowed=settings[s.ACP],
            unwanted=limits.below(self._granted_by_settings, settings[s.MCA]),
        )
        wish = self._highest() if now.plugged and decide(plain).charge else 0
        self.granted = self._group.look(now, at, wish, last_current)
        plain = replace(plain, unwanted=plain.unwanted or limits.below(self.granted, settings[s.MCA]))
        paused = decide(plain).status in (ModelStatus.FALLBACK_AWATTAR, ModelStatus.FALLBACK_TRIP) and now.plugged
        return replace(plain, keep_alive=self.keep_alive.wants(at, paused, settings[s.MCI]))

    def _guards(self, now: Snapshot, at: Instant) -> Inputs:
        """What stops charging whatever anybody wants. Older firmware has fewer names for it."""
        settings, identity = self._settings, self._identity
        fault = faultcodes.active(now)
        booting = self.starting or now.state in (EvseState.BOOT, EvseState.OFF)
        low = "undervoltage" in now.faults or self._undervoltage(now, at)
        return Inputs(
            link=now.controller_link and not (booting and not identity.has(INITIALIZING)),
            booting=booting,
            error=fault not in (None, faultcodes.Err.OVERTEMP),
            too_hot=fault is faultcodes.Err.OVERTEMP or (now.derated is not None and now.derated < settings[s.MCA]),
            undervoltage=low and identity.has(UNDERVOLTAGE),
            underfrequency=self._underfrequency(now),
            reconnecting=self.reconnects_at is not None and at < self.reconnects_at,
            adapter_blocks=limits.below(limits.adapter_limit(settings, identity, now), settings[s.MCA]),
            grid_failure="frequency" in now.faults or (low and not identity.has(UNDERVOLTAGE)),
        )

    def _surplus(self, now: Snapshot, at: Instant) -> bool:
        settings = self._settings
        automatic = settings[s.PSM] == 0 and now.plugged
        return settings[s.FUP] and self.surplus.update(at, self.tuning(), may_switch=automatic)

    def _underfrequency(self, now: Snapshot) -> bool:
        """So slow that less than the least current is left. ASSUMED."""
        settings = self._settings
        left = limits.frequency_limit(settings, self._identity, now)
        if left is not None:
            return left < settings[s.MCA]
        return settings[s.UFE] and now.frequency < settings[s.UFS]

    def _undervoltage(self, now: Snapshot, at: Instant) -> bool:
        settings = self._settings
        lines = [u for u, live in zip(now.phase_voltage, now.supply_phases, strict=True) if live]
        if not settings[s.UVE] or all(u >= settings[s.UVT] for u in lines):
            self._undervoltage_due = None
            return False
        if self._undervoltage_due is None:
            self._undervoltage_due = at + settings[s.UVS] * MILLISECOND
        return at >= self._undervoltage_due

    def _energy_reached(self, now: Snapshot) -> bool:
        limit = self._settings[s.DWO]
        return limit is not None and now.plugged and now.session_energy >= limit

    def _cheap(self, at: Instant) -> bool:
        price = self._clock.price(at)
        return price is not None and price <= self._settings[s.AWP]

    def failsafe(self, at: Instant) -> bool:
        """No client wrote anything for `fsc` seconds. Source: key list 60.4; ASSUMED in its details."""
        settings = self._settings
        self._failsafe_due = None
        if not settings[s.FSE] or settings[s.FSC] <= 0:
            return False
        ends = self.last_write + settings[s.FSC] * SECOND
        if at < ends:
            self._failsafe_due = ends
        return at >= ends

    def _trip(self, now: Snapshot, at: Instant) -> Trip:
        settings = self._settings
        self._trip_due = None
        if settings[s.LMO] != Mode.TRIP:
            return Trip.WAIT
        if not self._clock.known(at):
            return Trip.NO_CLOCK
        local = self._clock.local(at)
        second = local.hour * 3600.0 + local.minute * 60 + local.second
        wanted, until = settings[s.ATE], settings[s.ATT]
        charged = now.session_energy if now.plugged else 0.0
        power = self.test_charge.power or self._highest() * math.fsum(now.phase_voltage[: now.phases])
        self._trip_due = trip.due(at, wanted, charged, power, until, second)
        state = trip.state(wanted, charged, power, until, second)
        if state is Trip.MUST:
            self._trip_begun = now.plugged
        elif state is Trip.WAIT and self._trip_begun:  # late, but what was begun is finished
            return Trip.MUST
        if state is not Trip.WAIT or not now.plugged:
            return state
        if settings[s.AWE] and self._planned(at, trip.remaining(until, second), trip.left(wanted, charged, power)):
            return Trip.PLANNED
        return Trip.TEST if self.test_charge.wants(at, now.power) else Trip.WAIT

    def _planned(self, at: Instant, remaining: float, needed: float) -> bool:
        moment = self._clock.utc(at).timestamp()
        return trip.planned(self._settings[s.AWPL], moment, moment + remaining, needed)

    def _highest(self) -> int:
        settings = self._settings
        return min(settings[s.AMP], self._identity.installed_limit)

    @property
    def _granted_by_settings(self) -> int:
        """The least of `ama` and `tcl` [A]. ASSUMED: below `mca` it pauses as load balancing does; `amp` is a wish."""
        temporary, installed = self._settings[s.TCL], self._identity.installed_limit
        return installed if temporary is None else min(installed, temporary)

    def tuning(self) -> Tuning:
        settings = self._settings
        return Tuning(
            start=settings[s.FST],
            hysteresis=settings[s.SH],
            minimum_run=settings[s.FMT],
            target=settings[s.PGT],
            three_phase_level=settings[s.SPL3],
            phase_hysteresis=settings[s.PSH],
            wish_time=settings[s.MPWST],
            toggle_time=settings[s.MPTWT],
            rounding=settings[s.FRM],
            lowest=settings[s.MCA],
            highest=self._highest(),
            slow=self._shows(SLOW_SURPLUS),
        )

    def calendar(self) -> Calendar:
        week, saturday, sunday = (self._settings[plan] for plan in s.SCHEDULES)
        return Calendar(week, saturday, sunday, end_exclusive=self._identity.has(EXCLUSIVE_END))

    def _schedule_due(self, at: Instant) -> Instant | None:
        local = self._clock.local(at)
        change = self.calendar().next_change(local)
        if change is None:
            return None
        ahead = change - local
        turn = self._clock.next_transition(at)
        if turn is not None:  # the clocks change first: look again then
            ahead = min(ahead, turn - self._clock.utc(at))
        return at + ahead // timedelta(microseconds=1)
