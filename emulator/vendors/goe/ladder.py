"""The decision: may the car charge in this second, and why.

The one rule: the first rule that applies decides; inputs go in, a decision comes out, nothing is remembered here.
Source: the key lists' text for "modelStatus" and the firmware developers' word that everything is computed again every
second with access control ahead of the force state (go-eCharger-API-v2#218). ASSUMED: the order of the rest.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum
from typing import Final

from ...core.values import terse, value
from .schedule import Verdict


class ModelStatus(IntEnum):
    """`modelStatus` and `msi`."""

    NO_CONTROLLER = 0
    OVERTEMPERATURE = 1
    ACCESS_CONTROL = 2
    FORCED_ON = 3
    FORCED_OFF = 4
    SCHEDULER = 5
    ENERGY_LIMIT = 6
    PRICE_LOW = 7
    TRIP_TEST = 8
    TRIP_NOT_ENOUGH_TIME = 9
    TRIP = 10
    TRIP_NO_CLOCK = 11
    PV_SURPLUS = 12
    FALLBACK_SCHEDULER = 14
    FALLBACK_DEFAULT = 15
    FALLBACK_AWATTAR = 17
    FALLBACK_TRIP = 18
    KEEP_ALIVE = 19
    PAUSE_NOT_ALLOWED = 20
    SIMULATED_UNPLUG = 22
    PHASE_SWITCH = 23
    MINIMUM_PAUSE = 24
    ERROR = 26
    LOAD_MANAGEMENT = 27
    OCPP = 28
    RECONNECT_DELAY = 29
    ADAPTER_BLOCKING = 30
    UNDERFREQUENCY = 31
    GRID_MONITORING = 34
    OCPP_FALLBACK = 35
    OCPP_INOPERABLE = 37
    UNDERVOLTAGE = 38
    INITIALIZING = 40
    FAILSAFE = 41


class Force(IntEnum):
    """`frc`."""

    NEUTRAL = 0
    OFF = 1
    ON = 2


class Mode(IntEnum):
    """`lmo`."""

    BASIC = 3
    ECO = 4
    TRIP = 5


class Trip(IntEnum):
    """What the daily trip says in mode 5."""

    WAIT = 0
    MUST = 1
    """The rest of the time is needed for the rest of the energy."""
    NO_CLOCK = 2
    DONE = 3
    PLANNED = 4
    """Among the cheapest hours that are enough for the rest of the energy."""
    TEST = 5
    """A short charge shows what the car takes."""


@value
class Inputs:
    """Everything the decision depends on. The defaults are an idle wallbox with open access."""

    link: bool = True
    """The charge controller answers."""
    booting: bool = False
    error: bool = False
    too_hot: bool = False
    undervoltage: bool = False
    underfrequency: bool = False
    grid_failure: bool = False
    reconnecting: bool = False
    """Power is back, and the wallbox waits so that not all come at once."""
    adapter_blocks: bool = False
    """The adapter allows less than the minimum."""
    locked_out: bool = False
    """A card or the app is needed and none was used."""
    inoperable: bool = False
    denied: bool = False
    """By the central system: no transaction, or less than the minimum."""
    offline: bool = False
    """The fall-back limit of OCPP is in force."""
    unwanted: bool = False
    """Load management, the installer or a temporary limit grants less than the minimum."""
    failsafe: bool = False
    """The fail-safe limit is in force and below the minimum."""
    force: Force = Force.NEUTRAL
    energy_reached: bool = False
    schedule: Verdict = Verdict.SILENT
    mode: Mode = Mode.BASIC
    cheap: bool = False
    surplus: bool = False
    trip: Trip = Trip.WAIT
    eco_after_trip: bool = True
    pause_allowed: bool = True
    keep_alive: bool = False


@terse
class Decision:
    """`inner` is the reason before pauses, phase switches and simulated unplugging; `status` after them."""

    status: ModelStatus
    charge: bool
    inner: ModelStatus

    def held_back(self, status: ModelStatus) -> Decision:
        """The same wish, but not now."""
        return Decision(status, False, self.inner)


@terse
class Rule:
    status: ModelStatus
    charge: bool
    applies: Callable[[Inputs], bool]


def _trip(state: Trip) -> Callable[[Inputs], bool]:
    return lambda i: i.mode is Mode.TRIP and i.trip is state


def _eco(i: Inputs) -> bool:
    """Whether price and sun decide: in eco mode, during a trip that can wait, and after it if the user wants so."""
    if i.mode is Mode.TRIP:
        return i.trip is Trip.WAIT or (i.trip is Trip.DONE and i.eco_after_trip)
    return i.mode is Mode.ECO


LADDER: Final = (
    Rule(ModelStatus.NO_CONTROLLER, False, lambda i: not i.link),
    Rule(ModelStatus.INITIALIZING, False, lambda i: i.booting),
    Rule(ModelStatus.ERROR, False, lambda i: i.error),
    Rule(ModelStatus.OVERTEMPERATURE, False, lambda i: i.too_hot),
    Rule(ModelStatus.GRID_MONITORING, False, lambda i: i.grid_failure),
    Rule(ModelStatus.UNDERFREQUENCY, False, lambda i: i.underfrequency),
    Rule(ModelStatus.UNDERVOLTAGE, False, lambda i: i.undervoltage),
    Rule(ModelStatus.RECONNECT_DELAY, False, lambda i: i.reconnecting),
    Rule(ModelStatus.ADAPTER_BLOCKING, False, lambda i: i.adapter_blocks),
    Rule(ModelStatus.ACCESS_CONTROL, False, lambda i: i.locked_out),
    Rule(ModelStatus.OCPP_INOPERABLE, False, lambda i: i.inoperable),
    Rule(ModelStatus.OCPP_FALLBACK, False, lambda i: i.denied and i.offline),
    Rule(ModelStatus.OCPP, False, lambda i: i.denied),
    Rule(ModelStatus.LOAD_MANAGEMENT, False, lambda i: i.unwanted),
    Rule(ModelStatus.FAILSAFE, False, lambda i: i.failsafe),
    Rule(ModelStatus.FORCED_OFF, False, lambda i: i.force is Force.OFF),
    Rule(ModelStatus.FORCED_ON, True, lambda i: i.force is Force.ON),
    Rule(ModelStatus.ENERGY_LIMIT, False, lambda i: i.energy_reached),
    Rule(ModelStatus.SCHEDULER, False, lambda i: i.schedule is Verdict.BLOCK),
    Rule(ModelStatus.FALLBACK_SCHEDULER, True, lambda i: i.schedule is Verdict.ALLOW),
    Rule(ModelStatus.SCHEDULER, False, lambda i: i.schedule is Verdict.SURPLUS_ONLY and not (_eco(i) and i.surplus)),
    Rule(ModelStatus.FALLBACK_DEFAULT, True, lambda i: i.mode is Mode.BASIC),
    Rule(ModelStatus.TRIP_NO_CLOCK, True, _trip(Trip.NO_CLOCK)),
    Rule(ModelStatus.TRIP_NOT_ENOUGH_TIME, True, _trip(Trip.MUST)),
    Rule(ModelStatus.TRIP, True, _trip(Trip.PLANNED)),
    Rule(ModelStatus.TRIP_TEST, True, _trip(Trip.TEST)),
    Rule(ModelStatus.PRICE_LOW, True, lambda i: _eco(i) and i.cheap),
    Rule(ModelStatus.PV_SURPLUS, True, lambda i: _eco(i) and i.surplus),
    Rule(ModelStatus.PAUSE_NOT_ALLOWED, True, lambda i: not i.pause_allowed),
    Rule(ModelStatus.KEEP_ALIVE, True, lambda i: i.keep_alive),
    Rule(ModelStatus.FALLBACK_TRIP, False, lambda i: i.mode is Mode.TRIP),
    Rule(ModelStatus.FALLBACK_AWATTAR, False, lambda i: i.mode is Mode.ECO),
)
"""From the top; the first that applies decides."""


def decide(inputs: Inputs) -> Decision:
    for rule in LADDER:
        if rule.applies(inputs):
            return Decision(rule.status, rule.charge, rule.status)
    raise AssertionError(f"no rule of the ladder applies to {inputs}")
