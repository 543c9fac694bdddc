"""What spans several registers of the charger's own table and acts as a whole: LED pattern and colour, an injected tag.

The one rule: whether a group is complete is a question about the request, so it is asked of the request being served.
Source: Tinkerforge esp32-firmware, `modules/modbus_tcp`.
"""

from __future__ import annotations

from typing import Any, Final, cast

from ...core.instant import SECOND
from ...core.messages import DONE, Outcome, Reason
from ...devices.interfaces import Origin
from .modbus_view import NONE, Seen, Write, number
from .nfc import START, STOP, TOGGLE, wrong_id

LED: Final = 1004
LED_DURATION: Final = 1006
LED_COLOUR: Final = (1008, 1010, 1012)
LED_END: Final = 1008
COLOUR_END: Final = 1014
INJECT: Final = 4000
INJECT_ACTION: Final = 4010
INJECT_TYPE: Final = 4012
BUFFER: Final = 28
"""Bytes of an injected tag: id (20), action (4), type (4)."""
ACTIONS: Final = {1: START, 2: STOP}
LARGEST_TYPE: Final = 6
LARGEST_HUE: Final = 359
PATTERNS: Final = frozenset((*range(256), 1001, 1002, 1003, *range(2001, 2011), NONE))
INCOMPLETE: Final = Outcome(refused=Reason.WRONG_LENGTH, message="pattern and duration go together")
NO_COLOUR: Final = Outcome(refused=Reason.WRONG_LENGTH, message="a colour goes with pattern and duration")
BINARY_FOR: Final = 60 * SECOND
"""So long a tag stands in the binary registers."""
SHORTEST_AGE: Final = 112
"""ms; younger tags are shown as this much older."""


# --- LED -------------------------------------------------------------------------------------------------------------


def led(s: Seen) -> dict[str, int]:
    return cast("dict[str, int]", s.box.api.value("evse/indicator_led", s.view))


def show(box: Warp, _: object, __: Origin) -> Outcome:
    """Pattern, duration and, if it is there as well, colour: all from the request."""
    words = box.modbus.asked(LED, LED_END)
    if words is None:
        return INCOMPLETE
    pattern, duration = words[0] << 16 | words[1], words[3]
    if pattern not in PATTERNS:  # ASSUMED: what is no pattern is dropped
        return Outcome(refused=Reason.OUT_OF_RANGE, message=f"{pattern} is no pattern")
    if not box.api.flag("evse/led_configuration", "enable_api"):
        return Outcome(refused=Reason.NOT_ALLOWED, message="the LED is not released for the API")
    colour = (0, 0, 0)
    if (painted := box.modbus.asked(LED, COLOUR_END)) is not None:
        colour = (painted[5], painted[7] & 0xFF, painted[9] & 0xFF)
        if colour[0] > LARGEST_HUE:  # ASSUMED
            return Outcome(refused=Reason.OUT_OF_RANGE, message=f"{colour[0]} is no hue")
    box.controller.indicate(-1 if pattern == NONE else pattern, duration, colour)
    return DONE


def duration(box: Warp, _: object, __: Origin) -> Outcome:
    """Taken together with the pattern, which stands in front of it."""
    return INCOMPLETE if box.modbus.asked(LED, LED_END) is None else DONE


def colour(box: Warp, _: object, __: Origin) -> Outcome:
    if box.modbus.asked(LED, COLOUR_END) is None:
        box.log("modbus_tcp", "LED color has to be written together with indication and duration")
        return NO_COLOUR
    return DONE


# --- the tag seen last -----------------------------------------------------------------------------------------------


def _last_tag(s: Seen) -> dict[str, Any] | None:
    """The newest of the nine tags of `nfc/seen_tags`."""
    seen = [tag for tag in s.box.nfc.seen(s.view) if cast("int", tag["last_seen"]) > 0]
    return min(seen, key=lambda tag: cast("int", tag["last_seen"]), default=None)


def tag_text(s: Seen) -> bytes:
    tag = _last_tag(s)
    return b"" if tag is None else str(tag["tag_id"]).replace(":", "").upper().encode()


def tag_age(s: Seen) -> int:
    tag = _last_tag(s)
    if tag is None:
        return 0
    age = cast("int", tag["last_seen"])
    return age + SHORTEST_AGE if age < SHORTEST_AGE else age


def tag_type(s: Seen) -> bytes:
    tag = _last_tag(s)
    return b"0000" if tag is None else b"%04d" % tag["tag_type"]


def tag_binary(s: Seen) -> bytes:
    tag = _last_tag(s)
    if tag is None or tag["last_seen"] * (SECOND // 1000) >= BINARY_FOR:
        return b""
    return bytes.fromhex(str(tag["tag_id"]).replace(":", ""))


# --- an injected tag -------------------------------------------------------------------------------------------------


def injecting(address: int, size: int) -> Any:
    """Reads a part of the buffer."""
    start = 2 * (address - INJECT)
    return lambda s: s.injecting[start : start + size]


def inject(address: int) -> Write:
    """Fills a part of the buffer. What reaches the first register of the type injects it."""
    start = 2 * (address - INJECT)

    def write(box: Warp, value: object, _: Origin) -> Outcome:
        assert isinstance(value, bytes)
        modbus = box.modbus
        modbus.injecting[start : start + len(value)] = value
        if address == INJECT_TYPE and modbus.asked(INJECT_TYPE, INJECT_TYPE + 1) is not None:
            filled = bytes(modbus.injecting)
            modbus.injecting[:] = bytes(BUFFER)
            return _inject(box, filled)
        return DONE

    return write


def _inject(box: Warp, filled: bytes) -> Outcome:
    text = filled[:20].split(b"\0", 1)[0].decode("latin-1")
    tag_id = ":".join(text[k : k + 2] for k in range(0, len(text), 2))
    kind = filled[27] & 0xF
    problem = wrong_id(tag_id)
    if problem is None and kind > LARGEST_TYPE:
        problem = f"{kind} is no type of a tag"
    if problem is not None:
        box.log("modbus_tcp", problem)
        return Outcome(refused=Reason.INVALID, message=problem)
    box.nfc.inject(kind, tag_id, ACTIONS.get(filled[23] & 0xF, TOGGLE))
    return DONE


# --- numbers that act when they are written --------------------------------------------------------------------------

REBOOT: Final = 0x012E_B007
RESET_METER: Final = 0x3E12_E5E7


def reboot(box: Warp, value: object, _: Origin) -> Outcome:
    if number(value) != REBOOT:
        return Outcome(refused=Reason.INVALID, message="not the number that reboots")
    box.later(1.0, box.reboot)  # ASSUMED: as late as by the API
    return DONE


def reset_meter(box: Warp, value: object, _: Origin) -> Outcome:
    if number(value) != RESET_METER:
        return Outcome(refused=Reason.INVALID, message="not the number that resets")
    slot = box.meters.linked
    if slot >= box.meters.slots or not box.meters.resettable(slot):
        return Outcome(refused=Reason.NOT_FITTED, message="the meter cannot be reset")
    box.meters.reset(slot)
    return DONE
