"""What the decision depends on: settings, measurement, clock, schedules and tariff, brought together.

The one rule: it decides nothing; it answers for one instant and says when time alone will change the answer.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final, cast

from ...core.instant import MILLISECOND, SECOND, Instant
from ...core.snapshot import EvseState, Snapshot
from . import faultcodes, limits, localtime, trip
from .ladder import Force, Inputs, Mode, ModelStatus, Trip, decide
from .schedule import END_EXCLUSIVE_SINCE, Calendar, Plan
from .sequences import KeepAlive
from .surplus import Surplus, Tuning

if TYPE_CHECKING:
    from .wallbox import Goe

INITIALIZING_SINCE: Final = "60"
"""modelStatus 40 and car 6; before, a charge controller that starts is one that does not answer (ASSUMED)."""
UNDERVOLTAGE_SINCE: Final = "59"
"""modelStatus 38."""


class Circumstances:
    """The inputs of one box's decision. Lost at every restart."""

    def __init__(self, box: Goe, at: Instant) -> None:
        self._box = box
        self.surplus = Surplus()
        self.keep_alive = KeepAlive()
        self.last_write = at
        """When a client wrote last, for the fail-safe."""
        self._failsafe_due: Instant | None = None
        self._trip_due: Instant | None = None
        self._trip_begun = False
        self._undervoltage_due: Instant | None = None

    def session_begins(self) -> None:
        self._trip_begun = False

    def session_ends(self) -> None:
        self.keep_alive.reset()
        self.surplus.reset()

    def due(self, at: Instant) -> list[Instant | None]:
        """When to ask again though nothing happens."""
        return [
            self.keep_alive.due,
            self.surplus.due(at, self.tuning()),
            self._schedule_due(at),
            self._box.next_price(at) if self._box.settings.flag("awe") else None,
            self._failsafe_due,
            self._trip_due,
            self._undervoltage_due,
        ]

    def gather(self, now: Snapshot, at: Instant) -> Inputs:
        """Everything the decision depends on at `at`."""
        settings = self._box.settings
        mode = Mode(settings.integer("lmo"))
        plain = replace(
            self._guards(now, at),
            locked_out=settings.integer("acs") != 0 and settings["trx"] is None,
            inoperable=settings.flag("ocppio") and settings.flag("ocppe"),
            failsafe=self.failsafe(at) and settings.integer("fsi") < settings.integer("mca"),
            force=Force(settings.integer("frc")),
            energy_reached=self._energy_reached(now),
            schedule=self.calendar().verdict(self._box.local(at)),
            mode=mode,
            cheap=settings.flag("awe") and self._cheap(at),
            surplus=mode is not Mode.BASIC and self._surplus(now, at),
            trip=self._trip(now, at),
            eco_after_trip=settings.flag("ara"),
            pause_allowed=settings.flag("acp"),
        )
        paused = decide(plain).status in (ModelStatus.FALLBACK_AWATTAR, ModelStatus.FALLBACK_TRIP) and now.plugged
        return replace(plain, keep_alive=self.keep_alive.wants(at, paused, settings.integer("mci")))

    def _guards(self, now: Snapshot, at: Instant) -> Inputs:
        """What stops charging whatever anybody wants. Older firmware has fewer names for it."""
        settings, box = self._box.settings, self._box
        fault = faultcodes.active(now)
        booting = now.state in (EvseState.BOOT, EvseState.OFF)
        low = "undervoltage" in now.faults or self._undervoltage(now, at)
        return Inputs(
            link=now.controller_link and not (booting and not box.has(INITIALIZING_SINCE)),
            booting=booting,
            error=fault not in (None, faultcodes.Err.OVERTEMP),
            too_hot=fault is faultcodes.Err.OVERTEMP
            or (now.derated is not None and now.derated < settings.integer("mca")),
            undervoltage=low and box.has(UNDERVOLTAGE_SINCE),
            underfrequency=self._underfrequency(now),
            grid_failure="frequency" in now.faults or (low and not box.has(UNDERVOLTAGE_SINCE)),
        )

    def _surplus(self, now: Snapshot, at: Instant) -> bool:
        settings = self._box.settings
        automatic = settings.integer("psm") == 0 and now.plugged
        return settings.flag("fup") and self.surplus.update(at, self.tuning(), may_switch=automatic)

    def _underfrequency(self, now: Snapshot) -> bool:
        """So slow that less than the least current is left. ASSUMED."""
        settings = self._box.settings
        left = limits.frequency_limit(self._box, now)
        if left is not None:
            return left < settings.integer("mca")
        return settings.flag("ufe") and now.frequency < settings.number("ufs")

    def _undervoltage(self, now: Snapshot, at: Instant) -> bool:
        settings = self._box.settings
        lines = [u for u, live in zip(now.phase_voltage, now.supply_phases, strict=True) if live]
        if not settings.flag("uve") or all(u >= settings.number("uvt") for u in lines):
            self._undervoltage_due = None
            return False
        if self._undervoltage_due is None:
            self._undervoltage_due = at + settings.integer("uvs") * MILLISECOND
        return at >= self._undervoltage_due

    def _energy_reached(self, now: Snapshot) -> bool:
        limit = self._box.settings["dwo"]
        return limit is not None and now.plugged and now.session_energy >= cast("float", limit)

    def _cheap(self, at: Instant) -> bool:
        price = self._box.price(at)
        return price is not None and price <= self._box.settings.number("awp")

    def failsafe(self, at: Instant) -> bool:
        """No client wrote anything for `fsc` seconds. Source: key list 60.4; ASSUMED in its details."""
        settings = self._box.settings
        self._failsafe_due = None
        if not settings.flag("fse") or settings.integer("fsc") <= 0:
            return False
        ends = self.last_write + settings.integer("fsc") * SECOND
        if at < ends:
            self._failsafe_due = ends
        return at >= ends

    def _trip(self, now: Snapshot, at: Instant) -> Trip:
        settings = self._box.settings
        self._trip_due = None
        if settings.integer("lmo") != Mode.TRIP:
            return Trip.WAIT
        local = self._box.local(at)
        second = local.hour * 3600.0 + local.minute * 60 + local.second
        wanted, until = settings.number("ate"), settings.number("att")
        charged = now.session_energy if now.plugged else 0.0
        power = self._highest() * sum(now.phase_voltage[: now.phases])
        self._trip_due = trip.due(at, wanted, charged, power, until, second)
        state = trip.state(wanted, charged, power, until, second)
        if state is Trip.MUST:
            self._trip_begun = now.plugged
        elif state is Trip.WAIT and self._trip_begun:  # late, but what was begun is finished
            return Trip.MUST
        return state

    def _highest(self) -> int:
        settings = self._box.settings
        return min(settings.integer("amp"), self._box.installed_limit())

    def tuning(self) -> Tuning:
        settings = self._box.settings
        return Tuning(
            start=settings.number("fst"),
            hysteresis=settings.number("sh"),
            minimum_run=settings.integer("fmt"),
            target=settings.number("pgt"),
            three_phase_level=settings.number("spl3"),
            phase_hysteresis=settings.number("psh"),
            wish_time=settings.integer("mpwst"),
            toggle_time=settings.integer("mptwt"),
            rounding=settings.integer("frm"),
            lowest=settings.integer("mca"),
            highest=self._highest(),
        )

    def calendar(self) -> Calendar:
        settings = self._box.settings
        week, saturday, sunday = (cast("Plan", settings[name]) for name in ("sch_week", "sch_satur", "sch_sund"))
        exclusive = self._box.has(END_EXCLUSIVE_SINCE)
        return Calendar(week, saturday, sunday, end_exclusive=exclusive)

    def _schedule_due(self, at: Instant) -> Instant | None:
        box = self._box
        local = box.local(at)
        change = self.calendar().next_change(local)
        if change is None:
            return None
        utc = box.utc(at)
        ahead = change - local
        turn = localtime.next_transition(utc, box.settings.integer("tof"), box.settings.integer("tds"))
        if turn is not None:  # the clocks change first: look again then
            ahead = min(ahead, turn - utc)
        return at + ahead // timedelta(microseconds=1)
