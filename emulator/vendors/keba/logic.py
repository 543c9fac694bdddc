"""What the box does with what it is told: currents, enable, energy limit, cards, phases.

The one rule: both interfaces and the owner act through the methods here; a refusal changes nothing. Everything with
time in it is a timer of the simulated world.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from ...core.instant import SECOND, Instant, later
from ...core.messages import (
    DONE,
    Command,
    Event,
    MarkEnergy,
    Outcome,
    Reason,
    RequestPhases,
    SetAuthorisation,
    SetLimit,
    SetLock,
    SetPermission,
)
from ...core.snapshot import EvseState, Snapshot
from .failsafe import Failsafe
from .sessions import CARD, DEFAULT_CLASS, NO_CLASS, NO_TAG, UNPLUGGED
from .settings import HIGHEST, LONGEST_FAILSAFE, LOWEST, SHORTEST_FAILSAFE, tag

if TYPE_CHECKING:
    from .wallbox import Keba

LONGEST_DELAY: Final = 860_400
"""s of `currtime`."""
CARD_WAITS: Final = 60.0
"""s a shown card waits for its car. ASSUMED."""
MODBUS_SOURCE, UDP_SOURCE = 3, 4
OUT_OF_RANGE: Final = Outcome(refused=Reason.OUT_OF_RANGE, message="not in its range")
NOT_NOW: Final = Outcome(refused=Reason.NOT_NOW, message="not in this state")


def is_current(milliamperes: int) -> bool:
    return milliamperes == 0 or LOWEST <= milliamperes <= HIGHEST


class Logic:
    """The firmware's own state, beside its settings."""

    def __init__(self, box: Keba) -> None:
        self._box = box
        self.failsafe = Failsafe(box)
        self.card: tuple[str, str] | None = None
        """Tag and class that authorise."""
        self.timed_current = 0
        """`Curr timer`, mA, while `Tmo CT` runs."""
        self._curr_is_timed = False
        """`Curr user` came from `currtime`: gone when the car leaves."""
        self._stopped_by_energy = False
        self._switched_at: Instant | None = None
        self._timer = box.timer(self._timer_over)
        self._card_timer = box.timer(self._card_over)
        self._told: dict[tuple[type, str], Command] = {}

    @property
    def generation(self) -> str:
        return str(self._box.trait("generation"))

    # --- findings ----------------------------------------------------------------------------------------------------

    @property
    def authorisation_on(self) -> bool:
        """`AuthON`. A c-series asks for cards as soon as it knows one, the others by a setting of their own."""
        box = self._box
        if not box.trait("rfid"):
            return False
        return bool(box.settings["whitelist"]) if box.trait("series") == "c" else box.settings.flag("authorisation")

    @property
    def authorisation_missing(self) -> bool:
        """`Authreq`"""
        return self.authorisation_on and self.card is None

    @property
    def input_blocks(self) -> bool:
        """X1 is used and open."""
        return self._box.settings.flag("dsw1_1") and not self._box.settings.flag("x1")

    @property
    def enabled(self) -> bool:
        """Nothing but a card, the car or a fault keeps the box from charging."""
        settings = self._box.settings
        wanted = settings.flag("ena") and not self.input_blocks and not settings.flag("suspended")
        current = settings.integer("failsafe_current" if self.failsafe.tripped else "curr")
        return wanted and current > 0

    @property
    def remaining(self) -> int:
        """`Tmo CT`, s."""
        due = self._timer.due
        return 0 if due is None else math.ceil((due - self._box.simulation.at) / SECOND)

    @property
    def switches_phases(self) -> bool:
        """Whether the hardware follows X2."""
        return self._box.trait("generation") == "P40" or self._box.settings.flag("contactor_box")

    # --- currents and enable -----------------------------------------------------------------------------------------

    def set_current(self, milliamperes: int) -> Outcome:
        """`curr`, 5004: until a restart, or until `currtime` replaces it."""
        if not is_current(milliamperes):
            return OUT_OF_RANGE
        self._put_current(milliamperes, timed=False)
        return self._done()

    def set_current_later(self, milliamperes: int, delay: int) -> Outcome:
        """`currtime`: after `delay` s. (0, 0) cancels what is pending; a newer one replaces it."""
        if not is_current(milliamperes) or not 0 <= delay <= LONGEST_DELAY:
            return OUT_OF_RANGE
        self._timer.clear()
        self.timed_current = 0
        self.failsafe.feed("current")
        if delay > 0:
            self.timed_current = milliamperes
            self._timer.set(later(self._box.simulation.at, delay))
            self._box.simulation.wake()
        elif milliamperes > 0:
            self._apply_timed(milliamperes)
        return self._done()

    def set_enabled(self, on: bool) -> Outcome:
        """`ena`, 5014."""
        self._stopped_by_energy = False
        self._box.settings.put("ena", on)
        self.failsafe.feed("enable" if on else "timeout")
        return self._done()

    def _put_current(self, milliamperes: int, *, timed: bool) -> None:
        self._curr_is_timed = timed
        self._box.settings.put("curr", milliamperes)
        self.failsafe.feed("current")

    def _timer_over(self, _: Instant) -> None:
        milliamperes, self.timed_current = self.timed_current, 0
        self._curr_is_timed = True
        self._apply_timed(milliamperes)
        self._done()

    def _apply_timed(self, milliamperes: int) -> None:
        """A timed current also ends `ena 0`. The watchdog was fed when the command came, not now."""
        self._curr_is_timed = True
        self._stopped_by_energy = False
        self._box.settings.put("curr", milliamperes)
        self._box.settings.put("ena", True)

    # --- energy, failsafe, lock --------------------------------------------------------------------------------------

    def limit_energy(self, energy: int) -> Outcome:
        """`setenergy`, 5010: 0.1 Wh of the current or next session; 0: none.

        Source: guide. A limit below `E pres`, which may still be the last session's, stops at once.
        """
        if not 0 <= energy <= 999_999_999:
            return OUT_OF_RANGE
        self._box.settings.put("setenergy", energy)
        if energy and self._box.log.energy(self._box.snapshot()) >= energy:
            self._energy_reached()
        return self._done()

    def _energy_reached(self) -> None:
        """As by `ena 0`."""
        self._stopped_by_energy = True
        self._box.settings.put("ena", False)

    def set_failsafe_current(self, milliamperes: int) -> Outcome:
        if not is_current(milliamperes):
            return OUT_OF_RANGE
        self._box.settings.put("failsafe_current", milliamperes)
        return self._done()

    def set_failsafe_timeout(self, seconds: int) -> Outcome:
        if seconds != 0 and not SHORTEST_FAILSAFE <= seconds <= LONGEST_FAILSAFE:
            return OUT_OF_RANGE
        self.failsafe.configure(seconds)
        return self._done()

    def save_failsafe(self) -> Outcome:
        settings = self._box.settings
        settings.put("saved_failsafe_current", settings.integer("failsafe_current"))
        settings.put("saved_failsafe_timeout", settings.integer("failsafe_timeout"))
        return DONE

    def unlock(self) -> Outcome:
        """Only while the box is stopped."""
        now = self._box.snapshot()
        if now.plugged and (now.contactor or (self.enabled and not self.authorisation_missing)):
            return NOT_NOW
        self._box.submit(SetLock(owner=self._owner("unlock"), policy="open"))
        return DONE

    # --- phases ------------------------------------------------------------------------------------------------------

    def set_phase_source(self, source: int) -> Outcome:
        """From Modbus to UDP and back only by way of 0. Source: OpenEMS, on tested boxes."""
        if not 0 <= source <= 4:
            return OUT_OF_RANGE
        if {source, self._box.settings.integer("x2src")} == {MODBUS_SOURCE, UDP_SOURCE}:
            return NOT_NOW
        self._box.settings.put("x2src", source)
        return self._done()

    def switch_phases(self, state: int, source: int) -> Outcome:
        """X2 to one phase (0) or three (1). ASSUMED: within the cool-down, or from another source, nothing happens."""
        box = self._box
        if state not in (0, 1):
            return OUT_OF_RANGE
        if box.settings.integer("x2src") != source:
            return NOT_NOW
        if state == box.settings.integer("x2"):
            return DONE
        at = box.simulation.at
        if self._switched_at is not None and at < later(self._switched_at, box.settings.number("phase_cooldown")):
            return NOT_NOW
        self._switched_at = at
        box.settings.put("x2", state)
        return self._done()

    # --- cards -------------------------------------------------------------------------------------------------------

    def authorise(self, card: str, card_class: str = DEFAULT_CLASS) -> Outcome:
        """A card, or `start`: it has to be in the whitelist."""
        if not self.authorisation_on:
            return NOT_NOW
        if card not in self._box.settings["whitelist"]:  # type: ignore[operator]
            return Outcome(refused=Reason.UNAUTHORISED, message="not in the whitelist")
        if self.card is not None:
            return NOT_NOW
        self.card = (card, card_class)
        if self._box.snapshot().plugged:
            self._begin_session()
        else:
            self._card_timer.set(later(self._box.simulation.at, CARD_WAITS))
            self._box.simulation.wake()
        return self._done()

    def withdraw(self, card: str | None = None) -> Outcome:
        """`stop`, or the same card again. Another card than the one that started ends nothing."""
        if self.card is None or card not in (None, self.card[0]):
            return NOT_NOW
        self._forget_card()
        self._box.log.end(CARD)
        return self._done()

    def present(self, card: str) -> Outcome:
        """A card at the reader: starts, and ends what it has started."""
        try:
            number = tag(card)
        except ValueError as error:
            return Outcome(refused=Reason.INVALID, message=str(error))
        if not self._box.trait("rfid"):
            return Outcome(detail={"ignored": "no card reader"})
        return self.withdraw(number) if self.card is not None else self.authorise(number)

    def _forget_card(self) -> None:
        self.card = None
        self._card_timer.clear()

    def _card_over(self, _: Instant) -> None:
        self._forget_card()
        self._done()

    # --- what the charger is told ------------------------------------------------------------------------------------

    def apply(self) -> None:
        """Bring the charger's inputs in line with settings and state."""
        box = self._box
        if not box.up:
            return
        settings, tripped = box.settings, self.failsafe.tripped
        curr = settings.integer("curr")
        self._limit("curr", curr / 1000 if curr and not tripped else None)
        self._limit("failsafe", settings.integer("failsafe_current") / 1000 or None if tripped else None)
        dip = settings["dip_current"]
        self._limit("dip", None if dip is None else settings.number("dip_current"))
        self._permit("ena", settings.flag("ena"))
        self._permit("curr", curr > 0 or tripped)
        self._permit("failsafe", not tripped or settings.integer("failsafe_current") > 0)
        self._permit("x1", not self.input_blocks)
        self._permit("suspended", not settings.flag("suspended"))
        granted = self.card is not None if self.authorisation_on else None
        self._tell(SetAuthorisation(owner=self._owner("rfid"), granted=granted))
        if self.switches_phases:
            self._tell(RequestPhases(owner=self._owner("x2"), phases=3 if settings.integer("x2") else 1))
        self._watch_energy()

    def _watch_energy(self) -> None:
        limit, now, running = self._box.settings.integer("setenergy"), self._box.snapshot(), self._box.log.running
        mark = None
        if limit and running is not None:
            mark = (running.base + limit) / 10 - (now.total_energy - now.session_energy)
        key = (MarkEnergy, self._owner("setenergy"))
        told = self._told.get(key)
        before = told.energy if isinstance(told, MarkEnergy) else None
        if mark is None or before is None or abs(mark - before) > 1e-3:  # the same but for rounding
            self._tell(MarkEnergy(owner=self._owner("setenergy"), energy=mark))

    def _limit(self, name: str, amperes: float | None) -> None:
        self._tell(SetLimit(owner=self._owner(name), current=amperes))

    def _permit(self, name: str, granted: bool) -> None:
        self._tell(SetPermission(owner=self._owner(name), granted=granted))

    def _owner(self, name: str) -> str:
        return f"{self._box.name}.{name}"

    def _tell(self, command: Command) -> None:
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
        """Power-on in the simulated world, with settings as they are."""
        if self._box.snapshot().plugged:
            self._begin_session()
        self.failsafe.configure(self._box.settings.integer("failsafe_timeout"))
        self.apply()

    def handle(self, event: Event) -> None:
        if event.name == "plugged":
            if not self.authorisation_missing:
                self._begin_session()
            self._card_timer.clear()
            self.apply()
        elif event.name == "unplugged":
            self._unplugged()
        elif event.name == "energy_reached" and event.detail["mark"] == self._owner("setenergy"):
            self._energy_reached()
            self.apply()

    def _begin_session(self) -> None:
        card, card_class = self.card or (NO_TAG, NO_CLASS)
        self._box.log.begin(card, card_class)
        self._box.udp.session_started()

    def _unplugged(self) -> None:
        """What is volatile by the guide goes back; `ena` and `curr` stay."""
        settings = self._box.settings
        self._box.log.end(UNPLUGGED)
        self._timer.clear()
        self.timed_current = 0
        self._forget_card()
        settings.put("setenergy", 0)
        if self._stopped_by_energy:
            self._stopped_by_energy = False
            settings.put("ena", True)
        if self._curr_is_timed:
            self._curr_is_timed = False
            settings.put("curr", HIGHEST)
        self.apply()

    def shut_down(self) -> None:
        """Restart or outage: what lives in memory is gone."""
        self._box.log.end(UNPLUGGED)
        self.failsafe.stop()
        self._timer.clear()
        self.timed_current = 0
        self._forget_card()
        self._curr_is_timed = self._stopped_by_energy = False
        self._switched_at = None

    def boot(self) -> None:
        """With what the EEPROM holds."""
        settings = self._box.settings
        settings.put("failsafe_current", settings.integer("saved_failsafe_current"))
        self.failsafe.configure(settings.integer("saved_failsafe_timeout"))
        self.apply()


def charging(now: Snapshot) -> bool:
    """State 3: the car draws, or is about to let go."""
    return now.state in (EvseState.CHARGING, EvseState.C_STOPPING)
