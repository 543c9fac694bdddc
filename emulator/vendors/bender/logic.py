"""What the controller does by itself: limits, availability, phases and the fail-safe.

The one rule: every interface and the owner act through the methods here; it runs on the charger's events and on timers
in simulated time, and reading never moves it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final, Literal
from urllib.parse import quote

from ...core.events import EventName
from ...core.messages import DONE, Event, Outcome, TunePhases
from ...devices.failsafe import Failsafe
from ...devices.interfaces import OcppAccess
from ...devices.wallbox import Wallbox
from ...ocpp.host import Host
from . import findings
from .authorisation import Authorisation
from .build import Build
from .faultcodes import HARMLESS
from .models import PHASE_PAUSE
from .schuko import DomesticSocket
from .settings import (
    COMMUNICATION_TIMEOUT,
    CP_ID,
    DLM_LIMIT,
    DLM_MODE,
    DLM_OPERATOR,
    ENERGY_MANAGEMENT,
    ERRORS,
    FREE_CHARGING,
    HEMS_CURRENT,
    HEMS_POWER,
    HEMS_TENTHS,
    MODBUS,
    OCPP_PASSWORD,
    OCPP_URL,
    OPERATOR_CURRENT,
    PHASE_SWITCH_MODE,
    PHASE_SWITCH_PAUSE,
    SAFE_CURRENT,
    SCHUKO_PLUGGED,
    USER_ID_WRITE,
)
from .user_id import UserId

LOWEST: Final = 6
"""Smallest current that charges [A]."""
NOMINAL: Final = 230.0
"""Voltage by which an ICC takes W for A [V]."""
SINGLE_PHASE_FROM, THREE_PHASES_FROM = 1380, 4140
ONE_PHASE_ONLY, THREE_PHASES_ONLY = 0, 1
"""Setting `phase_switch_mode`."""
"""An ICC's power limit [W]: 6 A on one phase, and on three. Source: home-assistant-mennekes-4business, protocol 1.5."""
NO_LIMIT: Final = 0xFFFF
SIGN_OF_LIFE: Final = "request"
"""What ends a trip of the fail-safe."""


def allowed(amperes: float) -> float:
    """What a limit comes to [A]: less than 6 A is a pause. ASSUMED for 1 to 5 A."""
    return amperes if amperes >= LOWEST else 0.0


if TYPE_CHECKING:
    from ...ocpp.profiles import VendorProfile
    from ...ocpp.station import Station


class Logic:
    """The state of one controller beside its settings."""

    def __init__(self, wallbox: Wallbox, build: Build) -> None:
        self._wallbox = wallbox
        self._build = build
        self.settings = wallbox.settings
        self.moments = wallbox.moments
        self.record_write = wallbox.record_write
        self.host = Host(wallbox.settings, self._access, self._charge_point)
        self.failsafe = Failsafe(
            wallbox.simulation,
            timeout=self._silence,
            needs=lambda: (SIGN_OF_LIFE,),
            on_trip=self._fell_silent,
            on_end=self._spoke_again,
        )
        self.authorisation = Authorisation(wallbox, self.apply, self.changed)
        self.phases: Literal[1, 3] = 3
        self._semp_limit: float | None = None
        """The last recommendation, per phase [A]."""
        self.residual_peak = (0.0, 0.0)
        """Largest residual current since the start: AC and DC [A]."""
        self.schuko = DomesticSocket(self.settings, wallbox.simulation, lambda: self.schuko_powered)
        self._pause = float(PHASE_PAUSE)
        """Length of a switch of phases, as the charge controller has it [s]."""
        self.user_id = UserId(lambda: self.settings[USER_ID_WRITE], self.authorisation.authorise, self)
        self._reactions: Mapping[EventName, Callable[[Event], None]] = {
            EventName.PLUGGED: self._plugged,
            EventName.UNPLUGGED: self._unplugged,
            EventName.RCD_TRIPPED: self._rcd_tripped,
            EventName.FAULT_RAISED: self._meter_answers,
            EventName.FAULT_CLEARED: self._meter_answers,
        }

    # --- findings ----------------------------------------------------------------------------------------------------

    @property
    def modbus_on(self) -> bool:
        return self.settings[MODBUS] and not (self._build.icc and self.settings[ENERGY_MANAGEMENT] == "off")

    @property
    def hems_current(self) -> float:
        """The energy manager's limit as it is read back [A]."""
        tenths, whole = self.settings[HEMS_TENTHS], self.settings[HEMS_CURRENT]
        if tenths is not None:
            return tenths / 10
        return whole if whole is not None else self._build.release.boot_current

    @property
    def hems_limit(self) -> float:
        """The energy manager's limit in force, or the safe current while it is silent [A]; 0: paused."""
        return allowed(self.settings[SAFE_CURRENT] if self.failsafe.tripped else self.hems_current)

    @property
    def hems_active(self) -> bool:
        """Whether the energy manager limits the current: it has written, or it is silent."""
        written = self.settings[HEMS_CURRENT] is not None or self.settings[HEMS_TENTHS] is not None
        return written or self.failsafe.tripped or self._build.release.boot_current < self._build.rated_current

    @property
    def schuko_powered(self) -> bool:
        """Whether the domestic socket is switched on: something is plugged in, and charging is allowed."""
        if not (self._build.traits.schuko and self.settings[SCHUKO_PLUGGED]):
            return False
        if not (self._wallbox.up and self._wallbox.snapshot().supply_phases[0]):
            return False
        allowed_now = self.settings[FREE_CHARGING] or self.authorisation.shown_tag is not None
        faulted = findings.errors(self.settings, self._wallbox.snapshot()).faulted
        return allowed_now and self.authorisation.in_service and not faulted

    @property
    def dlm_limits(self) -> tuple[float, ...]:
        """Limit of each phase [A]: the group's, or less if the operator says so."""
        return tuple(float(min(self.settings[DLM_LIMIT], self.settings[operator])) for operator in DLM_OPERATOR)

    # --- the energy manager ------------------------------------------------------------------------------------------

    def recommend(self, watts: int) -> Outcome:
        """SEMP: a limit [W] (0: off), and phases where the power can be had with one of both only."""
        now = self._wallbox.snapshot()
        live = [v for v, on in zip(now.phase_voltage, now.supply_phases, strict=True) if on]
        volts = min(live, default=NOMINAL)
        rated = self._build.rated_current
        one = LOWEST * volts <= watts <= rated * volts
        three = 3 * LOWEST * volts <= watts <= 3 * rated * volts
        self._choose_phases(one=one, three=three)
        self._semp_limit = None if watts >= NO_LIMIT else watts / (self.phases * volts)
        return self._done()

    def _choose_phases(self, *, one: bool, three: bool) -> None:
        """By what the power can be had with; they stay as they are where both would do, or neither."""
        if one != three:
            self.phases = 1 if one else 3

    def heard(self, *, write: bool) -> None:
        """A Modbus request was answered. An ICC leaves its time-out only with the next write."""
        self.failsafe.heard(SIGN_OF_LIFE if write or not self._build.icc else "read")

    def _silence(self) -> float | None:
        """Silence of the energy manager that is taken for its loss [s]; 0: none; None: Modbus is off."""
        seconds = self.settings[COMMUNICATION_TIMEOUT]
        return seconds if seconds == 0 or self.modbus_on else None

    def _fell_silent(self) -> None:
        self._wallbox.note("failsafe_tripped", {"current": self.settings[SAFE_CURRENT]})
        self.changed()

    def _spoke_again(self) -> None:
        self._wallbox.note("failsafe_ended")
        self.changed()

    # --- the central system ------------------------------------------------------------------------------------------

    def _access(self) -> OcppAccess | None:
        settings = self.settings
        if not settings[OCPP_URL]:
            return None
        url = f"{settings[OCPP_URL].rstrip('/')}/{quote(settings[CP_ID], safe='')}"
        password = settings[OCPP_PASSWORD]
        return OcppAccess(url=url, user=settings[CP_ID] if password else None, passwords=(password.encode(),))

    def _charge_point(self) -> tuple[VendorProfile, Station]:
        from .station import made_of  # here, because most controllers have no central system

        return made_of(self._wallbox, self._build, self)

    # --- what the charger is told ------------------------------------------------------------------------------------

    def apply(self) -> None:
        """Bring transaction and charger in line with settings and findings."""
        if not self._wallbox.up:
            return
        settings, control, now = self.settings, self._wallbox.control, self._wallbox.snapshot()
        self.authorisation.begin_if_allowed(now)
        control.authorise("authorisation", self.authorisation.granted)
        control.serve("available", self.authorisation.in_service)
        control.limit("rated", self._wallbox.profile.model.rated_current)
        operator = settings[OPERATOR_CURRENT]
        control.limit("operator", None if operator is None else float(operator))
        control.limit("hems", self.hems_limit)
        control.limit("dlm", min(self.dlm_limits) if settings[DLM_MODE] in (1, 2) else None)
        control.permit("errors", set(settings[ERRORS]) <= HARMLESS)
        if self._build.release.switches_phases:
            self._switch_phases()
        self.schuko.follow()
        self.authorisation.await_card(now)

    def _switch_phases(self) -> None:
        """Phases, and what a limit in W comes to in A."""
        control = self._wallbox.control
        if self._build.icc:
            control.limit("hems_power", self._power_limit())
            self._tune(float(self.settings[PHASE_SWITCH_PAUSE]))
        else:
            control.limit("semp", None if self._semp_limit is None else allowed(self._semp_limit + 1e-9))
        control.phases("phases", self.phases)

    def _tune(self, pause: float) -> None:
        """How long a switch of phases takes [s]."""
        if pause != self._pause:
            self._pause = pause
            control = self._wallbox.control
            control.submit(TunePhases(owner=control.owner("phases"), wait=pause))

    def _power_limit(self) -> float | None:
        """What an ICC's limit in W comes to [A]; None: no limit.

        It switches phases where the power can be had with one of both only: with 16 A, nothing switches between 3680
        and 4140 W. Source: evcc#29359. ASSUMED: on three phases, that is a pause.
        """
        watts = self.settings[HEMS_POWER]
        if watts < SINGLE_PHASE_FROM:
            return 0.0
        one, three = watts <= self._build.rated_current * NOMINAL, watts >= THREE_PHASES_FROM
        match self.settings[PHASE_SWITCH_MODE]:
            case 0:
                self.phases = 1
            case 1:
                self.phases = 3
            case 2:
                self._choose_phases(one=one, three=three)
            case _ if not self._wallbox.snapshot().plugged:
                self._choose_phases(one=one, three=three)
        return None if watts == NO_LIMIT else allowed(watts / (self.phases * NOMINAL))

    def changed(self) -> None:
        """Something may be news to the charger and to clients."""
        self.apply()
        self._wallbox.changed()

    def _done(self) -> Outcome:
        self.changed()
        return DONE

    # --- what happens ------------------------------------------------------------------------------------------------

    def start(self) -> None:
        self.failsafe.restart()
        self.apply()

    def handle(self, event: Event) -> None:
        reaction = self._reactions.get(event.name)
        if reaction is not None:
            reaction(event)
        self.schuko.follow()

    def _plugged(self, _: Event) -> None:
        self.authorisation.plugged()
        self.apply()

    def _unplugged(self, _: Event) -> None:
        self.authorisation.over()
        self.apply()

    def _rcd_tripped(self, event: Event) -> None:
        found = event.detail["residual_current"]
        assert isinstance(found, int | float)
        residual, (ac, dc) = abs(found), self.residual_peak
        if event.detail["fault"] == "rcd_ac":
            self.residual_peak = (max(ac, residual), dc)
        else:
            self.residual_peak = (ac, max(dc, residual))

    def _meter_answers(self, event: Event) -> None:
        if event.detail["fault"] == "meter_fault":
            self.authorisation.meter_silent(event.name is EventName.FAULT_RAISED)

    def shut_down(self) -> None:
        """Restart or outage. ASSUMED: a running transaction ends with it."""
        self.authorisation.over()
        self.user_id.forget()
        self.failsafe.stop()
        self.schuko.follow()
        self.phases = 3
        self._semp_limit = None
        self.residual_peak = (0.0, 0.0)
