"""Values that the old interfaces (API v1, Modbus) put together from several keys of the new one.

The one rule: nothing is kept here; reading takes a view, writing goes through the keys.
Source: go-eCharger-API-v1, where the values have their names; how a V3 maps them to its keys is ASSUMED.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from ...core.messages import Reason
from ...devices.interfaces import Origin
from ...devices.settings import Setting
from .features import MODBUS_CAR_0_WHEN_IDLE
from .ladder import Force, Mode
from .memory import Car
from .readings import View
from .refusals import Refusal, range_exceeded
from .schedule import Plan
from .settings import ACS, AHO, ATT, CLP, FRC, LMO, SCHEDULES
from .writer import Writer

Act = Callable[[Writer, int, Origin], Refusal | None]
"""Write a number."""

OPEN, CARD, TARIFF, SCHEDULE = 0, 1, 2, 3
"""`ast`, ACCESS_STATE"""
ACCESS: Final = "0 open, 1 card or app, 2 tariff, 3 schedule"
ACCESS_KEYS: Final = "mapping to acs, lmo and schedules"
OTHER_ERROR: Final = 10
PRESETS: Final = 5


def key(setting: Setting[object]) -> Act:
    """Writes the number to a key."""
    return lambda writer, value, origin: writer.put(setting, value, origin)


def flag(setting: Setting[bool], *, inverted: bool = False, app: bool = False) -> Act:
    """Writes 0 or 1 to a key that is a bool."""

    def act(writer: Writer, value: int, origin: Origin) -> Refusal | None:
        if value not in (0, 1):
            return range_exceeded(value, 0, 1)
        return writer.put(setting, bool(value) != inverted, origin, app=app)

    return act


# --- state -----------------------------------------------------------------------------------------------------------


def old_car(v: View) -> int:
    """`car` as far as the old interfaces know it: 1 to 4, anything else 0."""
    car = v.memory.car
    return int(car) if car in (Car.IDLE, Car.CHARGING, Car.WAIT, Car.COMPLETE) else 0


def register_car(v: View) -> int:
    """CAR_STATE"""
    car = old_car(v)
    return 0 if car == Car.IDLE and v.device.shows(MODBUS_CAR_0_WHEN_IDLE) else car


def old_error(v: View) -> int:
    """0 none, 1 residual current, 3 phase, 8 no ground, 10 anything else."""
    match v.memory.err:
        case 0 | 3 | 8 as code:
            return code
        case 1 | 2:
            return 1
        case _:
            return OTHER_ERROR


def allowed(v: View) -> int:
    """`alw`, ALLOW"""
    return int(v.memory.decision.charge)


def phase_bits(v: View) -> int:
    """Bits 5 to 3: L3, L2, L1 in front of the contactor; 2 to 0: behind it."""
    if not v.link:
        return 0
    flags = (*v.sample.energised, *v.sample.supply_phases)
    return sum(1 << bit for bit, live in enumerate(flags) if live)


# --- access ----------------------------------------------------------------------------------------------------------


def access(v: View) -> int:
    """`ast`: who or what decides about charging."""
    if v.settings[ACS] != 0:
        return CARD
    if v.settings[LMO] == Mode.ECO:
        return TARIFF
    return SCHEDULE if any(v.settings[plan]["control"] for plan in SCHEDULES) else OPEN


def set_access(writer: Writer, value: int, origin: Origin) -> Refusal | None:
    """ASSUMED: the schedule allows charging inside its ranges; leaving the schedule switches it off."""
    if value not in (OPEN, CARD, TARIFF, SCHEDULE):
        return range_exceeded(value, OPEN, SCHEDULE)
    if value == CARD:
        return writer.put(ACS, 1, origin)
    changes: list[tuple[Setting[object], object]] = [
        (ACS, 0),
        (LMO, (Mode.ECO if value == TARIFF else Mode.BASIC).value),
    ]
    for setting in SCHEDULES:
        plan = writer.device.settings[setting]
        if bool(plan["control"]) != (value == SCHEDULE):
            changed: Plan = {**plan, "control": 1 if value == SCHEDULE else 0}
            changes.append((setting, changed))
    return writer.many(changes, origin)


def set_allowed(writer: Writer, value: int, origin: Origin) -> Refusal | None:
    """`alw`, ALLOW: 0 forces off, 1 forces on. Source: falls back at unplug; which neutral value is meant ASSUMED."""
    if value not in (0, 1):
        return range_exceeded(value, 0, 1)
    return writer.put(FRC, (Force.ON if value else Force.OFF).value, origin)


# --- presets and tariff ----------------------------------------------------------------------------------------------


def preset(index: int) -> Callable[[View], int]:
    """Entry of `clp`; 0: none."""
    return lambda v: v.settings[CLP][index] if index < len(v.settings[CLP]) else 0


def set_preset(index: int) -> Act:
    """0 takes the entry away. ASSUMED: the list is kept in ascending order."""

    def act(writer: Writer, value: int, origin: Origin) -> Refusal | None:
        steps = [*writer.device.settings[CLP], *[0] * PRESETS][:PRESETS]
        steps[index] = value
        kept = sorted(step for step in steps if step)
        if not kept:
            return Refusal(Reason.OUT_OF_RANGE, "no preset would be left")
        return writer.put(CLP, kept, origin)

    return act


def tariff_end(v: View) -> int:
    """`afi`: the hour by which charging is to be done."""
    return v.settings[ATT] // 3600


def set_tariff_end(writer: Writer, hour: int, origin: Origin) -> Refusal | None:
    if not 0 <= hour <= 24:
        return range_exceeded(hour, 0, 24)
    return writer.put(ATT, hour * 3600, origin)


def set_tariff_hours(writer: Writer, hours: int, _: Origin) -> Refusal | None:
    """`aho` has no key any more: it is kept, without effect (ASSUMED)."""
    if not 0 <= hours <= 24:
        return range_exceeded(hours, 0, 24)
    writer.device.settings.put(AHO, hours)
    return None
