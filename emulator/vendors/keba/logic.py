"""What the wallbox does with what it is told: currents, enable, energy limit, phases.

The one rule: both interfaces and the owner act through `controls` and the methods here; a refusal changes nothing.
Everything with time in it is a timer of the simulated world.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

from ...core.events import EventName
from ...core.instant import SECOND, Instant, later
from ...core.messages import DONE, Event, Outcome, Reason, SetLock
from ...core.snapshot import Snapshot
from ...core.states import EvseState
from ...devices.failsafe import Failsafe
from ...devices.interfaces import OcppAccess
from ...devices.wallbox import Wallbox
from ...ocpp.host import Host
from .build import Build
from .cards import NOT_NOW, Cards
from .sessions import UNPLUGGED, SessionLog, SystemClock
from .settings import (
    CONTACTOR_BOX,
    CURR,
    DIP_CURRENT,
    DSW1_1,
    ENA,
    FAILSAFE_CURRENT,
    FAILSAFE_TIMEOUT,
    HIGHEST,
    LMGMT_CURRENT,
    LOWEST,
    OCPP_URL,
    OUT_OF_ORDER,
    PERMANENTLY_LOCKED,
    PROFILE_CURRENT,
    SAVED_CURRENT,
    SAVED_TIMEOUT,
    SETENERGY,
    SUSPENDED,
    WIFI_SLEEPS,
    X1,
    X2,
)

if TYPE_CHECKING:
    from ...ocpp.profiles import VendorProfile
    from ...ocpp.station import Station

LONGEST_DELAY: Final = 860_400
"""Of `currtime` [s]."""
COM_MODULE_BOOT: Final = 300 * SECOND
"""How long the COM-module of an x-series takes to start [µs]."""
OUT_OF_RANGE: Final = Outcome(refused=Reason.OUT_OF_RANGE, message="not in its range")


def is_current(milliamperes: int) -> bool:
    return milliamperes == 0 or LOWEST <= milliamperes <= HIGHEST


class Logic:
    """The firmware's own state, beside its settings."""

    def __init__(self, wallbox: Wallbox, build: Build) -> None:
        self._wallbox = wallbox
        self.build = build
        self.settings = wallbox.settings
        self.moments = wallbox.moments
        self.record_write = wallbox.record_write
        self.shows = wallbox.shows
        self.host = Host(wallbox.settings, self._access, self._charge_point)
        self.clock = SystemClock(wallbox, build, lambda: self.com_up)
        self.log = SessionLog(wallbox, build, self.clock)
        self.cards = Cards(wallbox, build, self.log, lambda: self.com_up, self.changed)
        self.failsafe = Failsafe(
            wallbox.simulation,
            timeout=lambda: self.settings[FAILSAFE_TIMEOUT],
            # ASSUMED: a P40, which is enabled by its current, goes on with a current alone.
            needs=lambda: ("current",) if build.p40 else ("current", "enable"),
            on_trip=self._fell_silent,
        )
        """Only writing a current, an enable or the time-out itself feeds it; reading never does.

        Source: UDP guide, `failsafe`; Modbus guide, 5016 to 5020; evcc rewrites 5018 at every half time-out.
        """
        self.timed_current = 0
        """`Curr timer`, while `Tmo CT` runs [mA]."""
        self.switched_at: Instant | None = None
        """When a client switched phases last."""
        self.com_module_at: Instant = 0
        """When the COM-module of an x-series is up."""
        self._curr_is_timed = False
        """`Curr user` came from `currtime`: gone when the car leaves."""
        self._stopped_by_energy = False
        self._energy_mark: float | None = None
        """Energy of the session at which `setenergy` stops it [Wh]."""
        self._display: tuple[str, Instant] = ("", 0)
        """Text, and the instant at which it is gone."""
        self._timer = wallbox.timer(self._timer_over)
        self._com_module = wallbox.timer(self._com_module_booted)
        self._reactions: Mapping[EventName, Callable[[Event], None]] = {
            EventName.PLUGGED: self._plugged,
            EventName.UNPLUGGED: self._unplugged,
            EventName.ENERGY_REACHED: self._energy_reached,
        }

    # --- findings ----------------------------------------------------------------------------------------------------

    @property
    def at(self) -> Instant:
        return self._wallbox.simulation.at

    @property
    def awake(self) -> bool:
        """Its Wi-Fi answers."""
        return not self.settings[WIFI_SLEEPS] or self._wallbox.snapshot().plugged

    @property
    def com_up(self) -> bool:
        """The COM-module is up; until then an x-series behaves as a c-series. Other models need none."""
        return self.build.traits.series != "x" or self.at >= self.com_module_at

    @property
    def input_blocks(self) -> bool:
        """X1 is used and open."""
        return self.settings[DSW1_1] and not self.settings[X1]

    @property
    def enabled(self) -> bool:
        """Nothing but a card, the car or a fault keeps the wallbox from charging."""
        wanted = self.settings[ENA] and not self.input_blocks and not self.settings[SUSPENDED]
        return wanted and self.settings[FAILSAFE_CURRENT if self.failsafe.tripped else CURR] > 0

    @property
    def remaining(self) -> int:
        """`Tmo CT` [s]."""
        due = self._timer.due
        return 0 if due is None else math.ceil((due - self.at) / SECOND)

    @property
    def shown(self) -> str:
        """What the display shows of a client's text."""
        text, until = self._display
        return text if self._wallbox.simulation.now() < until else ""

    # --- currents and enable -----------------------------------------------------------------------------------------

    def current_set(self) -> None:
        """`curr`, 5004: until a restart, or until `currtime` replaces it."""
        self._curr_is_timed = False
        self.failsafe.heard("current")

    def set_current_later(self, milliamperes: int, delay: int) -> Outcome:
        """`currtime`: after `delay` s. (0, 0) cancels what is pending; a newer one replaces it."""
        if not is_current(milliamperes) or not 0 <= delay <= LONGEST_DELAY:
            return OUT_OF_RANGE
        self._timer.clear()
        self.timed_current = 0
        self.failsafe.heard("current")
        if delay > 0:
            self.timed_current = milliamperes
            self._timer.set(later(self.at, delay))
            self._wallbox.simulation.wake()
        elif milliamperes > 0:
            self._apply_timed(milliamperes)
        self.changed()
        return DONE

    def enable_set(self, on: bool) -> None:
        """`ena`, 5014."""
        self._stopped_by_energy = False
        self.failsafe.heard("enable" if on else "disable")

    def enable_over_rest(self, on: bool) -> None:
        """As `ena`, but it does not feed the failsafe (ASSUMED)."""
        self._stopped_by_energy = False
        self.settings.put(ENA, on)

    def _timer_over(self, _: Instant) -> None:
        milliamperes, self.timed_current = self.timed_current, 0
        self._apply_timed(milliamperes)
        self.changed()

    def _apply_timed(self, milliamperes: int) -> None:
        """A timed current also ends `ena 0`. The watchdog was fed when the command came, not now."""
        self._curr_is_timed = True
        self._stopped_by_energy = False
        self.settings.put(CURR, milliamperes)
        self.settings.put(ENA, True)

    # --- energy, failsafe, lock, display -----------------------------------------------------------------------------

    def check_energy(self) -> None:
        """Stop at once where the limit is below `E pres`, which may still be the last session's. Source: guide."""
        limit = self.settings[SETENERGY]
        if limit and self.log.energy(self._wallbox.snapshot()) >= limit:
            self._stop_by_energy()

    def _stop_by_energy(self) -> None:
        """As by `ena 0`; a client's own `ena 0` outlives it."""
        if self.settings[ENA]:
            self._stopped_by_energy = True
            self.settings.put(ENA, False)

    def save_failsafe(self) -> Outcome:
        self.settings.put(SAVED_CURRENT, self.settings[FAILSAFE_CURRENT])
        self.settings.put(SAVED_TIMEOUT, self.settings[FAILSAFE_TIMEOUT])
        return DONE

    def _fell_silent(self) -> None:
        self._wallbox.note("failsafe_tripped", {"current": self.settings[FAILSAFE_CURRENT]})
        self.changed()

    def unlock(self) -> Outcome:
        """Only while the wallbox is stopped."""
        now, control = self._wallbox.snapshot(), self._wallbox.control
        if now.plugged and (now.contactor or (self.enabled and not self.cards.authorisation_missing)):
            return NOT_NOW
        control.submit(SetLock(owner=control.owner("unlock"), policy="open"))
        return DONE

    def show(self, text: str, duration: float) -> None:
        """On the display, for `duration` s."""
        self._display = (text, later(self.at, duration))

    # --- the central system ------------------------------------------------------------------------------------------

    def _access(self) -> OcppAccess | None:
        """ASSUMED: the serial number is the identity."""
        url = self.settings[OCPP_URL]
        spoken = url and self.build.traits.ocpp and self.com_up
        return OcppAccess(url=f"{url.rstrip('/')}/{self.build.serial}") if spoken else None

    def _charge_point(self) -> tuple[VendorProfile, Station]:
        from .station import made_of  # here, because most wallboxes have no central system

        return made_of(self._wallbox, self.build, self)

    @property
    def online(self) -> bool:
        """The central system (OCPP) has accepted the wallbox."""
        return self.host.charge_point is not None and self.host.charge_point.outbox.online

    # --- what the charger is told ------------------------------------------------------------------------------------

    def changed(self) -> None:
        """Something may be news to the charger and to clients."""
        self.apply()
        self._wallbox.changed()

    def apply(self) -> None:
        """Bring the charger's inputs in line with settings and state."""
        if not self._wallbox.up:
            return
        settings, control, tripped = self.settings, self._wallbox.control, self.failsafe.tripped
        curr, safe, dip = settings[CURR], settings[FAILSAFE_CURRENT], settings[DIP_CURRENT]
        control.limit("curr", curr / 1000 if curr and not tripped else None)
        control.limit("failsafe", safe / 1000 if safe and tripped else None)
        control.limit("dip", None if dip is None else float(dip))
        control.permit("ena", settings[ENA])
        control.permit("curr", curr > 0 or tripped)
        control.permit("failsafe", not tripped or safe > 0)
        control.permit("x1", not self.input_blocks)
        control.permit("suspended", not settings[SUSPENDED])
        if self.build.traits.rest:
            for name, handle in (("lmgmt", LMGMT_CURRENT), ("profile", PROFILE_CURRENT)):
                stated = settings[handle]
                control.limit(name, None if stated is None else stated / 1000)
            control.permit("locked", not (settings[PERMANENTLY_LOCKED] or settings[OUT_OF_ORDER]))
        control.authorise("rfid", self.cards.card is not None if self.cards.authorisation_on else None)
        if self.build.p40 or settings[CONTACTOR_BOX]:
            control.phases("x2", 3 if settings[X2] else 1)
        self._watch_energy()

    def _watch_energy(self) -> None:
        limit, now, running = self.settings[SETENERGY], self._wallbox.snapshot(), self.log.running
        mark = None
        if limit and running is not None:
            mark = (running.base + limit) / 10 - (now.total_energy - now.session_energy)
        before = self._energy_mark
        if mark is None or before is None or abs(mark - before) > 1e-3:  # else the same but for rounding
            self._energy_mark = mark
        self._wallbox.control.mark_energy("setenergy", self._energy_mark)

    # --- what happens ------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Power-on in the simulated world, with settings as they are."""
        self.com_module_at = self._wallbox.booted_at
        if self._wallbox.snapshot().plugged:
            self.cards.begin_session()
        self.failsafe.restart()
        self.apply()

    def handle(self, event: Event) -> None:
        reaction = self._reactions.get(event.name)
        if reaction is not None:
            reaction(event)

    def _plugged(self, _: Event) -> None:
        self.cards.plugged()
        self.apply()

    def _energy_reached(self, event: Event) -> None:
        if event.detail["mark"] == self._wallbox.control.owner("setenergy"):
            self._stop_by_energy()
            self.apply()

    def _unplugged(self, _: Event) -> None:
        """What is volatile by the guide goes back; `ena` and `curr` stay."""
        self.log.end(UNPLUGGED)
        self._timer.clear()
        self.timed_current = 0
        self.cards.forget()
        self.settings.put(SETENERGY, 0)
        if self._stopped_by_energy:
            self._stopped_by_energy = False
            self.settings.put(ENA, True)
        if self._curr_is_timed:
            self._curr_is_timed = False
            self.settings.put(CURR, HIGHEST)
        self.apply()

    def shut_down(self) -> None:
        """Restart or outage: what lives in memory is gone."""
        self.log.end(UNPLUGGED)
        self.failsafe.stop()
        self._timer.clear()
        self._com_module.clear()
        self.timed_current = 0
        self.cards.forget()
        self._curr_is_timed = self._stopped_by_energy = False
        self.switched_at = None
        self._display = ("", 0)
        self.clock.forget()

    def boot(self) -> None:
        """With what the EEPROM holds."""
        self.log.recover()
        booted_at = self._wallbox.booted_at
        self.com_module_at = booted_at + COM_MODULE_BOOT if booted_at > 0 else 0
        if not self.com_up:
            self._com_module.set(self.com_module_at)
            self._wallbox.simulation.wake()
        self.settings.put(FAILSAFE_CURRENT, self.settings[SAVED_CURRENT])
        self.settings.put(FAILSAFE_TIMEOUT, self.settings[SAVED_TIMEOUT])
        self.failsafe.restart()
        self.apply()

    def _com_module_booted(self, _: Instant) -> None:
        """Network time, REST, OCPP and the authorisation of an x-series are there."""
        self.host.power_on()
        self.changed()


def charging(now: Snapshot) -> bool:
    """State 3: the car draws, or is about to let go, be it for a phase switch."""
    releasing = now.state is EvseState.PHASE_SWITCH and now.contactor
    return releasing or now.state in (EvseState.CHARGING, EvseState.C_STOPPING)
