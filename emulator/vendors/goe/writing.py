"""Checks of written values, and the effects of writes that do more than store.

The one rule: a function here either refuses and changes nothing, or does all of it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final, cast

from ...core.instant import SECOND
from . import localtime, schedule
from .key import Rule, Write
from .refusals import Refusal, not_started, range_exceeded, too_long, wrong_type
from .surplus import Powers
from .values import UINT32

if TYPE_CHECKING:
    from .wallbox import Goe

_COLOUR: Final = re.compile(r"#[0-9A-Fa-f]{6}\Z")
MODERATE: Final = 1e12
"""Larger numbers inside objects are refused. ASSUMED."""
SLOTS: Final = 10
"""Card slots, and WLAN slots."""


# --- rules -----------------------------------------------------------------------------------------------------------


def within(lowest: float, highest: float) -> Rule:
    """A number of the range; null passes (the type says whether null is allowed)."""

    def rule(value: object) -> Refusal | None:
        if value is None or lowest <= cast("float", value) <= highest:
            return None
        return range_exceeded(value, lowest, highest)

    return rule


def at_least(lowest: float) -> Rule:
    def rule(value: object) -> Refusal | None:
        if value is None or cast("float", value) >= lowest:
            return None
        return Refusal(range_exceeded(0, 0, 0).reason, f"Value {value} is below {lowest:g}")  # ASSUMED wording

    return rule


def zero_or_within(lowest: float, highest: float) -> Rule:
    inner = within(lowest, highest)
    return lambda value: None if value == 0 else inner(value)


def short(longest: int) -> Rule:
    def rule(value: object) -> Refusal | None:
        return too_long(longest) if isinstance(value, str) and len(value.encode()) > longest else None

    return rule


def colour(value: object) -> Refusal | None:
    """ASSUMED: the device refuses what is not `#RRGGBB` as a value of the wrong type."""
    return None if isinstance(value, str) and _COLOUR.match(value) else wrong_type("color")


def presets(value: object) -> Refusal | None:
    """`clp`: 1 to 5 currents, ascending."""
    steps = cast("Sequence[int]", value)
    if not 1 <= len(steps) <= 5:
        return wrong_type("array<uint8>")
    for step in steps:
        if not 6 <= step <= 32:
            return range_exceeded(step, 6, 32)
    return None if list(steps) == sorted(steps) else wrong_type("array<uint8>")


def rotation(value: object) -> Refusal | None:
    """`map`: which grid line feeds each of L1, L2, L3."""
    return None if sorted(cast("Sequence[int]", value)) == [1, 2, 3] else wrong_type("array<uint8>")


def plan(highest_control: int) -> Rule:
    return lambda value: schedule.check(value, highest_control=highest_control)


def prices(value: object) -> Refusal | None:
    """`awpl`: a list of `{"start", "end", "marketprice"}`, times in unix seconds."""
    for entry in cast("Sequence[Mapping[str, object]]", value):
        if not all(_is_moderate(entry.get(name)) for name in ("start", "end", "marketprice")):
            return wrong_type("array")
    return None


def _is_moderate(value: object) -> bool:
    """A number that can be a time, a power, an energy or a price."""
    return isinstance(value, int | float) and not isinstance(value, bool) and -MODERATE <= value <= MODERATE


def networks(value: object) -> Refusal | None:
    """`wifis`: what the owner states has at least a name in every slot."""
    slots = cast("Sequence[Mapping[str, object]]", value)
    return None if slots and all(isinstance(slot.get("ssid"), str) for slot in slots) else wrong_type("array")


# --- effects ---------------------------------------------------------------------------------------------------------


def flag_number(name: str) -> Write:
    """Keys that were a bool once: any variant is taken. Source: type column of the key lists, `bac`, `sdp`."""

    def write(box: Goe, written: object) -> Refusal | None:
        number = (3 if written else 0) if isinstance(written, bool) else cast("int", written)
        if not 0 <= number <= 3:
            return range_exceeded(number, 0, 3)
        box.settings.put(name, number)
        return None

    return write


def as_flag(name: str) -> Write:
    """`upo` accepts a bool, 0 and 1. Source: go-eCharger-API-v2#40."""

    def write(box: Goe, written: object) -> Refusal | None:
        if not isinstance(written, bool) and written not in (0, 1):
            return range_exceeded(written, 0, 1)
        box.settings.put(name, bool(written))
        return None

    return write


def as_number(name: str, highest: int) -> Write:
    """`loty` takes a bool as well."""

    def write(box: Goe, written: object) -> Refusal | None:
        number = int(cast("int", written))
        if not 0 <= number <= highest:
            return range_exceeded(number, 0, highest)
        box.settings.put(name, number)
        return None

    return write


def transaction(box: Goe, written: object) -> Refusal | None:
    """`trx`: null ends, 0 starts without a card, n starts for the card in slot n.

    Before 055.2 no card number could be written. ASSUMED: the card must have been learnt.
    """
    if written is None or written == 0:
        box.settings.put("trx", written)
        return None
    number = cast("int", written)
    if number > SLOTS:
        return range_exceeded(number, 0, SLOTS)
    if not box.has("55.2") or not box.cards.learnt(number - 1):
        return not_started(number)
    box.settings.put("trx", number)
    return None


def temporary_limit(box: Goe, written: object) -> Refusal | None:
    """`tcl`: forgotten 10 minutes after the last write."""
    if written is not None and (refusal := within(6, 32)(written)) is not None:
        return refusal
    box.settings.put("tcl", written)
    box.logic.expiry.limit(written is not None)
    return None


def surplus_data(box: Goe, written: object) -> Refusal | None:
    """`ids`: powers in W at the grid connection, of the roof and of the house battery. Null forgets them.

    Names are compared without regard to case. Source: go-eCharger-API-v2#315.
    """
    if written is None:
        box.logic.around.surplus.forget()
        box.logic.wake()
        return None
    given = {name.lower(): value for name, value in cast("Mapping[str, object]", written).items()}
    powers: list[float | None] = []
    for name in ("pgrid", "ppv", "pakku"):
        value = given.get(name)
        if value is not None and not _is_moderate(value):
            return wrong_type("object")
        powers.append(None if value is None else float(cast("float", value)))
    if powers[0] is None:
        return wrong_type("object")
    data = Powers(box.simulation.at, powers[0], powers[1], powers[2])
    box.logic.around.surplus.receive(data, box.sample(data.at).power)
    box.logic.wake()
    return None


def end_pause(box: Goe, written: object) -> Refusal | None:
    """`mcpea`: null ends the running minimum pause; a number moves its end (ms since boot)."""
    box.logic.pause.move(None if written is None else box.booted_at + cast("int", written) * 1000)
    box.logic.wake()
    return None


def restart(box: Goe, written: object) -> Refusal | None:
    """`rst`: effective with true, also with 1; anything else is accepted and ignored (ASSUMED)."""
    if written is True or written == 1:
        box.restart_soon()
    return None


def learn_card(box: Goe, written: object) -> Refusal | None:
    """`lrn`: the card read last goes into a slot."""
    slot = cast("int", written)
    if slot >= SLOTS:
        return range_exceeded(slot, 0, SLOTS - 1)
    box.cards.learn(slot)
    return None


def clear_card(box: Goe, written: object) -> Refusal | None:
    slot = cast("int", written)
    if slot >= SLOTS:
        return range_exceeded(slot, 0, SLOTS - 1)
    box.cards.clear(slot)
    return None


def cards(box: Goe, written: object) -> Refusal | None:
    """`cards`: one object a slot, `{"name", "energy", "rfid"}`; an empty one leaves its slot alone."""
    entries = cast("Sequence[Mapping[str, object]]", written)
    for entry in entries:
        name, energy, tag = entry.get("name", ""), entry.get("energy", 0), entry.get("rfid", "")
        if not isinstance(name, str) or not isinstance(tag, str):
            return wrong_type("array")
        if not _is_moderate(energy) or cast("float", energy) < 0:
            return wrong_type("array")
    for slot, entry in enumerate(entries):
        box.cards.write(slot, entry)
    return None


def card_tag(slot: int) -> Write:
    """`c0i`: the id of a tag as a string."""

    def write(box: Goe, written: object) -> Refusal | None:
        box.cards.write(slot, {"rfid": cast("str", written)})
        return None

    return write


def wifi(box: Goe, written: object) -> Refusal | None:
    """`wifis`: a list of slots; an empty object leaves its slot alone, `key` is a string when written."""
    slots = [dict(slot) for slot in cast("Sequence[Mapping[str, object]]", box.settings["wifis"])]
    for slot, entry in enumerate(cast("Sequence[Mapping[str, object]]", written)):
        known = {name: value for name, value in entry.items() if name in slots[slot]}
        if "key" in known:
            known["key"] = bool(known["key"])
        slots[slot] |= known
    box.settings.put("wifis", slots)
    return None


def erase_wifi(box: Goe, written: object) -> Refusal | None:
    slot = cast("int", written)
    if slot >= SLOTS:
        return range_exceeded(slot, 0, SLOTS - 1)
    slots = list(cast("Sequence[object]", box.settings["wifis"]))
    slots[slot] = dict(EMPTY_WIFI)
    box.settings.put("wifis", slots)
    return None


EMPTY_WIFI: Final[Mapping[str, object]] = {
    "ssid": "",
    "key": False,
    "useStaticIp": False,
    "staticIp": "0.0.0.0",
    "staticSubnet": "0.0.0.0",
    "staticGateway": "0.0.0.0",
    "useStaticDns": False,
    "staticDns0": "0.0.0.0",
    "staticDns1": "0.0.0.0",
    "staticDns2": "0.0.0.0",
}


def set_clock(box: Goe, written: object) -> Refusal | None:
    """`utc`: sets the clock. ASSUMED: also while NTP is on, until the next synchronisation, which does not come."""
    try:
        moment = localtime.parse(cast("str", written))
    except ValueError:
        return wrong_type("string")
    true_time = box.true_utc(box.simulation.at)
    box.settings.put("clock_error", round((moment - true_time).total_seconds() * SECOND))
    return None


def renew_token(box: Goe, written: object) -> Refusal | None:
    """`cak`: any write makes a new cloud token."""
    seen = f"{box.serial} {box.settings['cak']} {box.simulation.at}"
    box.settings.put("cak", hashlib.sha256(seen.encode()).hexdigest()[:32])
    return None


def total_current(box: Goe, written: object) -> Refusal | None:
    """`lot`: a number, or an object with `amp`."""
    amperes = cast("Mapping[str, object]", written).get("amp") if isinstance(written, dict) else written
    if not UINT32.fits(amperes):
        return wrong_type("uint32")
    box.settings.put("lot", {"amp": amperes, "ts": round(box.utc(box.simulation.at).timestamp())})
    return None


def store_prices(box: Goe, written: object) -> Refusal | None:
    """`awpl`: what is not part of a price is dropped."""
    if (refusal := prices(written)) is not None:
        return refusal
    entries = cast("Sequence[Mapping[str, object]]", written)
    slots = [{"start": e["start"], "end": e["end"], "marketprice": e["marketprice"]} for e in entries]
    box.settings.put("awpl", slots)
    return None


def store_plan(name: str, highest_control: int) -> Write:
    """A schedule."""

    def write(box: Goe, written: object) -> Refusal | None:
        refusal = schedule.check(written, highest_control=highest_control)
        if refusal is None:
            box.settings.put(name, schedule.normalised(cast("schedule.Plan", written)))
        return refusal

    return write


def password(box: Goe, written: object) -> Refusal | None:
    """`pass`"""
    box.settings.put("password", written)
    return None


def ignore(_box: Goe, _written: object) -> Refusal | None:
    """Accepted without effect."""
    return None


def reset_to_factory(name: str) -> Write:
    """A text whose null means the factory value."""

    def write(box: Goe, written: object) -> Refusal | None:
        box.settings.put(name, box.settings.rows[name].default if written is None else written)
        return None

    return write
