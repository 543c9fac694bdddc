"""The effects of writes that do more than store, and what they take.

The one rule: a write here either refuses and changes nothing, or does all of it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Final

from ...core.instant import MILLISECOND
from ...devices.settings import Setting
from . import localtime, schedule
from . import settings as s
from .device import Device
from .features import CARD_TRANSACTIONS, MANY_RANGES
from .key import Write, setter
from .refusals import Refusal, not_started, range_exceeded, wrong_type
from .rules import Rule, within
from .settings import SLOTS, Price, Stored
from .surplus import Powers
from .values import (
    ANY,
    BOOL,
    FLAG_OR_NUMBER,
    INT64,
    OBJECT,
    SINGLE_OBJECTS,
    STRING,
    TEN_OBJECTS,
    UINT8,
    UINT32,
    JsonType,
    T,
    either,
    is_moderate,
    optional,
)


def _takes(kind: JsonType[T], rule: Rule | None = None) -> Callable[[Callable[[Device, T], Refusal | None]], Write]:
    """Make a write of an act on values of one type, which keep a rule."""
    return lambda act: setter(kind, act, rule)


def flag_number(setting: Setting[int]) -> Write:
    """Keys that were a bool once: any variant is taken. Source: type column of the key lists, `bac`, `sdp`."""

    def act(device: Device, written: int) -> Refusal | None:
        number = (3 if written else 0) if isinstance(written, bool) else written
        if not 0 <= number <= 3:
            return range_exceeded(number, 0, 3)
        device.settings.put(setting, number)
        return None

    return setter(FLAG_OR_NUMBER, act)


def as_flag(setting: Setting[bool]) -> Write:
    """`upo` accepts a bool, 0 and 1. Source: go-eCharger-API-v2#40."""

    def act(device: Device, written: int) -> Refusal | None:
        if not isinstance(written, bool) and written not in (0, 1):
            return range_exceeded(written, 0, 1)
        device.settings.put(setting, bool(written))
        return None

    return setter(either("bool", BOOL, UINT8), act)


def as_number(setting: Setting[int], highest: int) -> Write:
    """`loty` takes a bool as well."""

    def act(device: Device, written: int) -> Refusal | None:
        number = int(written)
        if not 0 <= number <= highest:
            return range_exceeded(number, 0, highest)
        device.settings.put(setting, number)
        return None

    return setter(FLAG_OR_NUMBER, act)


@_takes(optional(UINT8), within(0, SLOTS))
def transaction(device: Device, written: int | None) -> Refusal | None:
    """`trx`: null ends, 0 starts without a card, n starts for the card in slot n.

    Before 055.2 no card number could be written. ASSUMED: the card must have been learnt.
    """
    if written and not (device.identity.has(CARD_TRANSACTIONS) and device.cards.learnt(written - 1)):
        return not_started(written)
    device.settings.put(s.TRX, written)
    return None


@_takes(optional(UINT8), within(6, 32))
def temporary_limit(device: Device, written: int | None) -> None:
    device.settings.put(s.TCL, written)
    device.logic.temporary_limit_changed()


def _surplus_data(device: Device, written: dict[str, object] | None) -> Refusal | None:
    """`ids`: powers in W at the grid connection, of the roof and of the house battery. Null forgets them.

    Names are compared without regard to case. Source: go-eCharger-API-v2#315.
    """
    surplus = device.logic.around.surplus
    if written is None:
        surplus.forget()
        device.logic.wake()
        return None
    given = {name.lower(): value for name, value in written.items()}
    powers: list[float | None] = []
    for name in ("pgrid", "ppv", "pakku"):
        value = given.get(name)
        if value is not None and not is_moderate(value):
            return wrong_type("object")
        powers.append(None if value is None else float(value))
    grid, pv, battery = powers
    if grid is None:
        return wrong_type("object")
    at = device.processor.at
    surplus.receive(Powers(at, grid, pv, battery), device.processor.sample(at).power)
    device.logic.wake()
    return None


surplus_data: Final = setter(optional(OBJECT), _surplus_data)
surplus_data_60_6: Final = setter(JsonType("null or JsonObject", optional(OBJECT).fits), _surplus_data)
"""Source: Gesiima/dbus-goecharger, a reply of 60.6."""


@_takes(UINT8, within(0, 2))
def phase_mode(device: Device, written: int) -> None:
    """`psm`"""
    device.settings.put(s.PSM, written)
    device.logic.phases_wished()


@_takes(BOOL)
def single_phase(device: Device, written: bool) -> None:
    """`fsp` up to 051.7: one phase, or all of them (ASSUMED)."""
    phase_mode(device, 1 if written else 2)


@_takes(optional(INT64))
def end_pause(device: Device, written: int | None) -> None:
    """`mcpea`: null ends the running minimum pause; a number moves its end (ms since boot)."""
    device.logic.pause.move(None if written is None else device.processor.booted_at + written * MILLISECOND)
    device.logic.wake()


@_takes(optional(INT64))
def end_reconnection(device: Device, written: int | None) -> None:
    """`rdree`: null ends the delay after a power failure; a number moves its end (ms since boot)."""
    ends = None if written is None else device.processor.booted_at + written * MILLISECOND
    device.logic.around.reconnects_at = ends
    device.logic.wake()


@_takes(ANY)
def restart(device: Device, written: object) -> None:
    """`rst`: effective with true, also with 1; anything else is accepted and ignored (ASSUMED)."""
    if written is True or written == 1:
        device.restart()


@_takes(STRING)
def update(device: Device, written: str) -> None:
    """`oct`: a firmware on offer."""
    device.update.begin(written)


@_takes(UINT8, within(0, SLOTS - 1))
def learn_card(device: Device, slot: int) -> None:
    """`lrn`: the card read last goes into a slot."""
    device.cards.learn(slot)


@_takes(UINT8, within(0, SLOTS - 1))
def clear_card(device: Device, slot: int) -> None:
    device.cards.clear(slot)


@_takes(TEN_OBJECTS)
def cards(device: Device, written: list[dict[str, object]]) -> Refusal | None:
    """`cards`: one object a slot, `{"name", "energy", "rfid"}`; an empty one leaves its slot alone."""
    entries = [entry for entry in written if s.is_card(entry)]
    if len(entries) < len(written):
        return wrong_type("array")
    for slot, entry in enumerate(entries):
        device.cards.write(slot, entry)
    return None


def card_tag(slot: int) -> Write:
    """`c0i`: the id of a tag as a string."""
    return setter(STRING, lambda device, written: device.cards.write(slot, {"rfid": written}))


@_takes(TEN_OBJECTS)
def wifi(device: Device, written: list[dict[str, object]]) -> None:
    """`wifis`: a list of slots; an empty object leaves its slot alone, `key` is a string when written."""
    slots = [dict(slot) for slot in device.settings[s.WIFIS]]
    for slot, entry in zip(slots, written, strict=False):
        known = {name: value for name, value in entry.items() if name in slot}
        if "key" in known:
            known["key"] = bool(known["key"])
        slot |= known
    device.settings.put(s.WIFIS, slots)


@_takes(UINT8, within(0, SLOTS - 1))
def erase_wifi(device: Device, slot: int) -> None:
    slots = list(device.settings[s.WIFIS])
    slots[slot] = dict(s.NO_NETWORK)
    device.settings.put(s.WIFIS, slots)


@_takes(STRING)
def set_clock(device: Device, written: str) -> Refusal | None:
    """`utc`: sets the clock. ASSUMED: also while NTP is on, until the next synchronisation, which does not come."""
    try:
        moment = localtime.parse(written)
    except ValueError:
        return wrong_type("string")
    device.clock.set(device.processor.at, moment)
    return None


@_takes(STRING)
def renew_token(device: Device, _: str) -> None:
    """`cak`: any write makes a new cloud token."""
    seen = f"{device.identity.serial} {device.settings[s.CAK]} {device.processor.at}"
    device.settings.put(s.CAK, hashlib.sha256(seen.encode()).hexdigest()[:32])


@_takes(either("object_or_uint32", OBJECT, UINT32, BOOL))
def total_current(device: Device, written: object) -> Refusal | None:
    """`lot`: a number, or an object with `amp`; a bool is 0 or 1 (ASSUMED). Source: type column of the key lists."""
    amperes = written.get("amp") if isinstance(written, dict) else written
    if isinstance(written, bool):
        amperes = int(written)
    if not UINT32.fits(amperes):
        return wrong_type("uint32")
    now = round(device.clock.utc(device.processor.at).timestamp())
    device.settings.put(s.LOT, {"amp": amperes, "ts": now})
    return None


@_takes(SINGLE_OBJECTS)
def prices(device: Device, written: list[dict[str, object]]) -> Refusal | None:
    """`awpl`: what is not part of a price is dropped."""
    found = [entry for entry in written if s.is_price(entry)]
    if len(found) < len(written):
        return wrong_type("array")
    slots: list[Price] = [{"start": e["start"], "end": e["end"], "marketprice": e["marketprice"]} for e in found]
    device.settings.put(s.AWPL, slots)
    return None


def plan(setting: Stored[schedule.Plan], highest_control: int) -> Write:
    """A schedule."""

    def act(device: Device, written: schedule.Plan) -> Refusal | None:
        if len(written["ranges"]) > schedule.RANGES and not device.identity.has(MANY_RANGES):
            return wrong_type(schedule.PLAN.name)
        device.settings.put(setting, schedule.normalised(written))
        return None

    return setter(schedule.PLAN, act, schedule.controls(highest_control))


def ignored(kind: JsonType[object]) -> Write:
    """Accepted without effect."""
    return setter(kind, lambda _device, _written: None)


def or_factory(setting: Stored[str | None]) -> Write:
    """Null means the factory value."""

    def act(device: Device, written: str | None) -> None:
        device.settings.put(setting, setting.default if written is None else written)

    return setter(optional(STRING), act)


@_takes(STRING)
def password(device: Device, written: str) -> None:
    """`pass`"""
    device.settings.put(s.PASSWORD, written)
