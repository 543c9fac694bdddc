"""What the controller does by itself: transactions, limits, availability, phases and the fail-safe.

The one rule: every interface and the owner act through the methods here; it runs on the charger's events and on timers
in simulated time, and reading never moves it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, cast

from ...core.instant import SECOND, Instant, later
from ...core.messages import (
    DONE,
    Command,
    Event,
    Outcome,
    Reason,
    RequestPhases,
    SetAuthorisation,
    SetLimit,
    SetPermission,
    SetService,
)
from ...core.snapshot import Snapshot
from . import faultcodes
from .failsafe import Failsafe
from .settings import tag as normal

if TYPE_CHECKING:
    from .wallbox import Bender

LOWEST: Final = 6
"""A"""
NOMINAL: Final = 230.0
SINGLE_PHASE_FROM, THREE_PHASES_FROM = 1380, 4140
"""W of an ICC's power limit. Source: home-assistant-mennekes-4business, protocol 1.5."""
NO_LIMIT: Final = 0xFFFF
UNKNOWN_TAG: Final = Outcome(refused=Reason.UNAUTHORISED, message="the tag is not known")
OTHER_TAG: Final = Outcome(refused=Reason.UNAUTHORISED, message="another tag is charging")
UNAVAILABLE: Final = Outcome(refused=Reason.NOT_NOW, message="the charge point is unavailable")


def allowed(amperes: float) -> float:
    """What a limit comes to: less than 6 A is a pause. ASSUMED for 1 to 5 A."""
    return amperes if amperes >= LOWEST else 0.0


@dataclass(slots=True)
class Transaction:
    """One transaction; the last one is kept until the next begins."""

    uid: str
    begun: Instant
    base: float
    """Wh on the meter at its start."""
    ended: Instant | None = None
    kept: float = 0.0
    """Wh at its end."""

    @property
    def active(self) -> bool:
        return self.ended is None

    def energy(self, now: Snapshot) -> float:
        """Wh"""
        return max(0.0, now.total_energy - self.base) if self.active else self.kept

    def duration(self, at: Instant) -> int:
        """Whole seconds."""
        return ((at if self.ended is None else self.ended) - self.begun) // SECOND


class Logic:
    """The state of one controller beside its settings."""

    def __init__(self, box: Bender) -> None:
        self._box = box
        self.failsafe = Failsafe(box)
        self.transaction: Transaction | None = None
        self.shown_tag: str | None = None
        """A card that waits for its car."""
        self.finished = False
        """The transaction was stopped, the cable is still in."""
        self.timed_out = False
        """Nobody authorised the car in time."""
        self.phases: Literal[1, 3] = 3
        self._semp_limit: float | None = None
        """A of the last recommendation."""
        self.residual_peak = (0.0, 0.0)
        """A: AC and DC, since the start."""
        self._schuko_on = False
        self._waiting = box.timer(self._waited)
        self._told: dict[tuple[type, str], Command] = {}

    # --- findings ----------------------------------------------------------------------------------------------------

    @property
    def active(self) -> bool:
        """A transaction is running."""
        return self.transaction is not None and self.transaction.active

    def deprived(self, now: Snapshot) -> bool:
        """The charger has lost the authorisation it was told of."""
        return self.active and now.authorisations.get(self._owner("authorisation")) is False

    @property
    def in_service(self) -> bool:
        """Made unavailable during a transaction, it stays in service until that ends. Source: OCPP; ASSUMED here."""
        return self._box.settings.flag("available") or self.active

    @property
    def stated_errors(self) -> list[str]:
        return cast("list[str]", self._box.settings["errors"])

    @property
    def hems_current(self) -> float:
        """A of the energy manager's limit as it is read back."""
        settings = self._box.settings
        if settings["hems_tenths"] is not None:
            return settings.integer("hems_tenths") / 10
        return settings.integer("hems_current") if settings["hems_current"] is not None else self._box.boot_current

    @property
    def hems_limit(self) -> float:
        """A in force: the energy manager's, or the safe current while it is silent; 0: paused."""
        safe = self._box.settings.integer("safe_current")
        return allowed(safe if self.failsafe.tripped else self.hems_current)

    @property
    def hems_active(self) -> bool:
        """The energy manager limits the current: it has written, or it is silent."""
        settings = self._box.settings
        written = settings["hems_current"] is not None or settings["hems_tenths"] is not None
        return written or self.failsafe.tripped or self._box.boot_current < self._box.rated_current

    @property
    def schuko_powered(self) -> bool:
        """The domestic socket is switched on: something is plugged in, and charging is allowed."""
        box = self._box
        if not (box.trait("schuko") and box.settings.flag("schuko_plugged")):
            return False
        allowed_now = box.settings.flag("free_charging") or self.shown_tag is not None
        return allowed_now and self.in_service and not faultcodes.errors(box, box.snapshot()).faulted

    # --- writes ------------------------------------------------------------------------------------------------------

    def set_current(self, amperes: int) -> Outcome:
        """1000 and 2000: any number is accepted and read back."""
        self._box.settings.put("hems_tenths", None)
        self._box.settings.put("hems_current", amperes)
        return self._done()

    def set_tenths(self, tenths: int) -> Outcome:
        """1001. Source: evcc's first "enable" writes 6, which is 0.6 A; ASSUMED: accepted, a pause."""
        self._box.settings.put("hems_tenths", tenths)
        return self._done()

    def set_power(self, watts: int) -> Outcome:
        """1002 and 2002 of an ICC."""
        self._box.settings.put("hems_power", watts)
        return self._done()

    def set_available(self, available: bool) -> Outcome:
        self._box.settings.put("available", available)
        return self._done()

    def recommend(self, watts: int) -> Outcome:
        """SEMP: a limit in W (0: off), and phases where the power can be had with one of both only."""
        box = self._box
        now = box.snapshot()
        live = [v for v, on in zip(now.phase_voltage, now.supply_phases, strict=True) if on]
        volts = min(live, default=NOMINAL)
        rated = box.rated_current
        one = LOWEST * volts <= watts <= rated * volts
        three = 3 * LOWEST * volts <= watts <= 3 * rated * volts
        if one != three:
            self.phases = 1 if one else 3
        self._semp_limit = None if watts >= NO_LIMIT else watts / (self.phases * volts)
        return self._done()

    # --- authorisation -----------------------------------------------------------------------------------------------

    def authorise(self, shown: str) -> Outcome:
        """A card, or a user id over Modbus: starts, and ends what the same one has started."""
        box, tag = self._box, normal(shown)
        if self.deprived(box.snapshot()):
            self._end(finished=True)
            self.apply()
        transaction = self.transaction
        if transaction is not None and transaction.active:
            if transaction.uid == tag:
                self._end(finished=True)
                return self._done()
            if transaction.uid or not box.settings.flag("free_charging"):
                return OTHER_TAG
            transaction.uid = tag  # ASSUMED: free charging takes the name of whoever shows a card
            return self._done()
        if self.shown_tag == tag:
            self._forget_tag()
            return self._done()
        if not box.settings.flag("free_charging") and tag not in cast("list[str]", box.settings["whitelist"]):
            return UNKNOWN_TAG
        if not self.in_service:
            return UNAVAILABLE
        self.shown_tag = tag
        self.finished = False
        if not box.snapshot().plugged:
            self._wait()
        return self._done()

    def _begin(self, now: Snapshot) -> None:
        self.transaction = Transaction(self.shown_tag or "", now.at, now.total_energy)
        self.timed_out = False
        self._forget_tag()

    def _end(self, *, finished: bool) -> None:
        transaction = self.transaction
        if transaction is not None and transaction.active:
            now = self._box.snapshot()
            transaction.kept = transaction.energy(now)
            transaction.ended = now.at
            self.finished = finished

    def _forget_tag(self) -> None:
        self.shown_tag = None
        self._waiting.clear()

    def _wait(self) -> None:
        self._waiting.set(later(self._box.simulation.at, self._box.settings.number("authorisation_timeout")))
        self._box.simulation.wake()

    def _waited(self, _: Instant) -> None:
        """The car was not authorised, or the card's car did not come."""
        self.timed_out = self._box.snapshot().plugged and not self.active
        self.shown_tag = None
        self._done()

    # --- what the charger is told ------------------------------------------------------------------------------------

    def apply(self) -> None:
        """Bring transaction and charger in line with settings and findings."""
        box, settings = self._box, self._box.settings
        if not box.up:
            return
        now = box.snapshot()
        free = settings.flag("free_charging") and not self.finished
        if now.plugged and not self.active and self.in_service and (free or self.shown_tag is not None):
            self._begin(now)
        granted = None if free else self.active or self.shown_tag is not None
        self._tell(SetAuthorisation(owner=self._owner("authorisation"), granted=granted))
        self._tell(SetService(owner=self._owner("available"), available=self.in_service))
        self._limit("rated", box.profile.model.rated_current)
        self._limit("operator", None if settings["operator_current"] is None else settings.number("operator_current"))
        self._limit("hems", self.hems_limit)
        self._limit("dlm", min(self.dlm_limits) if settings.integer("dlm_mode") in (1, 2) else None)
        stated = set(self.stated_errors) - faultcodes.HARMLESS
        self._tell(SetPermission(owner=self._owner("errors"), granted=not stated))
        self._switch()
        self._count_schuko()
        self._await_card(now)

    @property
    def dlm_limits(self) -> tuple[float, ...]:
        """A per phase: the group's, or less if the operator says so."""
        settings = self._box.settings
        group = settings.number("dlm_limit")
        return tuple(min(group, settings.number(f"dlm_operator_l{line}")) for line in (1, 2, 3))

    def _switch(self) -> None:
        """Phases, and what a limit in W comes to in A."""
        box = self._box
        if not box.switches_phases:
            return
        if box.icc:
            self._limit("hems_power", self._power_limit())
        else:
            self._limit("semp", None if self._semp_limit is None else allowed(self._semp_limit + 1e-9))
        self._tell(RequestPhases(owner=self._owner("phases"), phases=self.phases))

    def _power_limit(self) -> float | None:
        """A of an ICC's limit in W, which also says on how many phases. None: no limit."""
        watts = self._box.settings.integer("hems_power")
        if watts < SINGLE_PHASE_FROM:
            return 0.0
        self.phases = 1 if watts < THREE_PHASES_FROM else 3
        return None if watts == NO_LIMIT else allowed(watts / (self.phases * NOMINAL))

    def _count_schuko(self) -> None:
        powered = self.schuko_powered
        if powered and not self._schuko_on:
            settings = self._box.settings
            self._schuko_on = True
            settings.put("con_cycles_schuko", settings.integer("con_cycles_schuko") + 1)
        self._schuko_on = powered

    def _limit(self, name: str, amperes: float | None) -> None:
        self._tell(SetLimit(owner=self._owner(name), current=amperes))

    def _owner(self, name: str) -> str:
        return f"{self._box.name}.{name}"

    def _tell(self, command: Command) -> None:
        """Submit what is news to the charger. One without phase switching ignores a request for phases."""
        key = (type(command), getattr(command, "owner", ""))
        if self._told.get(key) != command:
            self._told[key] = command
            self._box.submit(command)

    def _done(self) -> Outcome:
        self.apply()
        self._box.changed()
        return DONE

    # --- what happens ------------------------------------------------------------------------------------------------

    def start(self) -> None:
        self.failsafe.restart()
        self.apply()

    def handle(self, event: Event) -> None:
        if event.name == "plugged":
            self.finished = self.timed_out = False
            self.apply()
        elif event.name == "unplugged":
            self._end(finished=False)
            self.finished = self.timed_out = False
            self._forget_tag()
            self.apply()
        elif event.name == "rcd_tripped":
            residual = abs(cast("float", event.detail["residual_current"]))
            ac, dc = self.residual_peak
            if event.detail["fault"] == "rcd_ac":
                self.residual_peak = (max(ac, residual), dc)
            else:
                self.residual_peak = (ac, max(dc, residual))

    def _await_card(self, now: Snapshot) -> None:
        """A car that may not charge yet waits for its card, once."""
        done = self.active or self.finished or self.timed_out
        if now.plugged and not done and self.in_service and self._waiting.due is None:
            self._wait()

    def shut_down(self) -> None:
        """Restart or outage. ASSUMED: a running transaction ends with it."""
        self._end(finished=False)
        self.finished = self.timed_out = False
        self._forget_tag()
        self.failsafe.stop()
        self.phases = 3
        self._semp_limit = None
        self.residual_peak = (0.0, 0.0)

    def boot(self) -> None:
        self.start()
