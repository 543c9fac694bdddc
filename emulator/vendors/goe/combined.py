"""Values that the old interfaces (API v1, Modbus) put together from several keys of the new one.

The one rule: nothing is kept here; reading takes a view, writing goes through the keys.
Source: go-eCharger-API-v1, where the values have their names; how a V3 maps them to its keys is ASSUMED.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final, cast

from ...core.messages import Reason
from ...devices.interfaces import Origin
from .memory import Car
from .refusals import Refusal, range_exceeded

if TYPE_CHECKING:
    from .readings import View
    from .wallbox import Goe

OPEN, CARD, TARIFF, SCHEDULE = 0, 1, 2, 3
"""`ast`, ACCESS_STATE"""
SCHEDULES: Final = ("sch_week", "sch_satur", "sch_sund")
OTHER_ERROR: Final = 10
PRESETS: Final = 5


def many(box: Goe, values: Mapping[str, object], origin: Origin) -> Refusal | None:
    """Write several keys; the first refusal ends it."""
    for name, value in values.items():
        if (refusal := box.write_value(name, value, origin)) is not None:
            return refusal
    return None


# --- state -----------------------------------------------------------------------------------------------------------


def old_car(v: View) -> int:
    """`car` as far as the old interfaces know it: 1 to 4, anything else 0."""
    car = v.memory.car
    return int(car) if car in (Car.IDLE, Car.CHARGING, Car.WAIT, Car.COMPLETE) else 0


def register_car(v: View) -> int:
    """CAR_STATE"""
    car = old_car(v)
    return 0 if car == Car.IDLE and v.box.quirk("modbus_car_0_when_idle") else car


def old_error(v: View) -> int:
    """0 none, 1 residual current, 3 phase, 8 no ground, 10 anything else."""
    match v.memory.err:
        case 0 | 3 | 8 as code:
            return code
        case 1 | 2:
            return 1
        case _:
            return OTHER_ERROR


def phase_bits(v: View) -> int:
    """Bits 5 to 3: L3, L2, L1 in front of the contactor; 2 to 0: behind it."""
    if not v.link:
        return 0
    flags = (*v.sample.energised, *v.sample.supply_phases)
    return sum(1 << bit for bit, live in enumerate(flags) if live)


# --- access ----------------------------------------------------------------------------------------------------------


def access(v: View) -> int:
    """`ast`: who or what decides about charging."""
    settings = v.settings
    if settings.integer("acs") != 0:
        return CARD
    if settings.integer("lmo") == 4:
        return TARIFF
    plans = (cast("Mapping[str, object]", settings[name]) for name in SCHEDULES)
    return SCHEDULE if any(plan["control"] for plan in plans) else OPEN


def set_access(box: Goe, value: int, origin: Origin) -> Refusal | None:
    """ASSUMED: the schedule allows charging inside its ranges; leaving the schedule switches it off."""
    if value not in (OPEN, CARD, TARIFF, SCHEDULE):
        return range_exceeded(value, OPEN, SCHEDULE)
    if value == CARD:
        return box.write_value("acs", 1, origin)
    changes: dict[str, object] = {"acs": 0, "lmo": 4 if value == TARIFF else 3}
    for name in SCHEDULES:
        plan = cast("Mapping[str, object]", box.settings[name])
        if bool(plan["control"]) != (value == SCHEDULE):
            changes[name] = {**plan, "control": 1 if value == SCHEDULE else 0}
    return many(box, changes, origin)


def set_allowed(box: Goe, value: int, origin: Origin) -> Refusal | None:
    """`alw`, ALLOW: 0 forces off, 1 forces on. Source: falls back at unplug; which neutral value is meant ASSUMED."""
    if value not in (0, 1):
        return range_exceeded(value, 0, 1)
    return box.write_value("frc", 2 if value else 1, origin)


# --- presets and tariff ----------------------------------------------------------------------------------------------


def preset(v: View, index: int) -> int:
    """Entry of `clp`; 0: none."""
    steps = cast("Sequence[int]", v.settings["clp"])
    return steps[index] if index < len(steps) else 0


def set_preset(box: Goe, index: int, value: int, origin: Origin) -> Refusal | None:
    """0 takes the entry away. ASSUMED: the list is kept in ascending order."""
    steps = [*cast("Sequence[int]", box.settings["clp"]), *[0] * PRESETS][:PRESETS]
    steps[index] = value
    kept = sorted(step for step in steps if step)
    if not kept:
        return Refusal(Reason.OUT_OF_RANGE, "no preset would be left")
    return box.write_value("clp", kept, origin)


def tariff_end(v: View) -> int:
    """`afi`: the hour by which charging is to be done."""
    return v.settings.integer("att") // 3600


def set_tariff_end(box: Goe, hour: int, origin: Origin) -> Refusal | None:
    if not 0 <= hour <= 24:
        return range_exceeded(hour, 0, 24)
    return box.write_value("att", hour * 3600, origin)


def set_tariff_hours(box: Goe, hours: int, origin: Origin) -> Refusal | None:
    """`aho` has no key any more: it is kept, without effect (ASSUMED)."""
    if not 0 <= hours <= 24:
        return range_exceeded(hours, 0, 24)
    box.settings.put("aho", hours)
    return None
