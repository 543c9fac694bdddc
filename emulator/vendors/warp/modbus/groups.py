"""What spans several registers of the charger's own table and acts as a whole: LED pattern and colour, an injected tag.

The one rule: whether a group is complete is a question about the request, so it is asked of the request being served.
Source: Tinkerforge esp32-firmware, `modules/modbus_tcp`.
"""

from __future__ import annotations

from typing import Final

from ....core.instant import MILLISECOND, SECOND
from ....core.messages import DONE, Outcome, Reason
from ....devices.interfaces import Origin
from ..charging.authorization import START, STOP, TOGGLE
from ..charging.nfc import wrong_id
from .view import BUFFER, NONE, Read, Seen, Server, Write, number

LED: Final = 1004
LED_DURATION: Final = 1006
LED_COLOUR: Final = (1008, 1010, 1012)
LED_END: Final = 1008
COLOUR_END: Final = 1014
INJECT: Final = 4000
INJECT_ACTION: Final = 4010
INJECT_TYPE: Final = 4012
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
    return s.reach.evse.indicator(s.view)


def show(server: Server, _: object, __: Origin) -> Outcome:
    """Pattern, duration and, if it is there as well, colour: all from the request."""
    words = server.asked(LED, LED_END)
    if words is None:
        return INCOMPLETE
    pattern, duration = words[0] << 16 | words[1], words[3]
    if pattern not in PATTERNS:  # ASSUMED: what is no pattern is dropped
        return Outcome(refused=Reason.OUT_OF_RANGE, message=f"{pattern} is no pattern")
    if not server.reach.platform.api.flag("evse/led_configuration", "enable_api"):
        return Outcome(refused=Reason.NOT_ALLOWED, message="the LED is not released for the API")
    colour = (0, 0, 0)
    if (painted := server.asked(LED, COLOUR_END)) is not None:
        colour = (painted[5], painted[7] & 0xFF, painted[9] & 0xFF)
        if colour[0] > LARGEST_HUE:  # ASSUMED
            return Outcome(refused=Reason.OUT_OF_RANGE, message=f"{colour[0]} is no hue")
    server.reach.controller.indicate(-1 if pattern == NONE else pattern, duration, colour)
    return DONE


def duration(server: Server, _: object, __: Origin) -> Outcome:
    """Taken together with the pattern, which stands in front of it."""
    return INCOMPLETE if server.asked(LED, LED_END) is None else DONE


def colour(server: Server, _: object, __: Origin) -> Outcome:
    if server.asked(LED, COLOUR_END) is None:
        server.log("LED color has to be written together with indication and duration")
        return NO_COLOUR
    return DONE


# --- the tag seen last -----------------------------------------------------------------------------------------------


def tag_text(s: Seen) -> bytes:
    tag = s.reach.nfc.newest(s.view)
    return b"" if tag is None else tag.text("tag_id").replace(":", "").upper().encode()


def tag_age(s: Seen) -> int:
    tag = s.reach.nfc.newest(s.view)
    if tag is None:
        return 0
    age = tag.integer("last_seen")
    return age + SHORTEST_AGE if age < SHORTEST_AGE else age


def tag_type(s: Seen) -> bytes:
    tag = s.reach.nfc.newest(s.view)
    return b"0000" if tag is None else b"%04d" % tag.integer("tag_type")


def tag_binary(s: Seen) -> bytes:
    tag = s.reach.nfc.newest(s.view)
    if tag is None or tag.integer("last_seen") * MILLISECOND >= BINARY_FOR:
        return b""
    return bytes.fromhex(tag.text("tag_id").replace(":", ""))


# --- an injected tag -------------------------------------------------------------------------------------------------


def injecting(address: int, size: int) -> Read:
    """Reads a part of the buffer."""
    start = 2 * (address - INJECT)
    return lambda s: s.injecting[start : start + size]


def inject(address: int) -> Write:
    """Fills a part of the buffer. What reaches the first register of the type injects it."""
    start = 2 * (address - INJECT)

    def write(server: Server, value: object, _: Origin) -> Outcome:
        assert isinstance(value, bytes)
        server.injecting[start : start + len(value)] = value
        if address == INJECT_TYPE and server.asked(INJECT_TYPE, INJECT_TYPE + 1) is not None:
            filled = bytes(server.injecting)
            server.injecting[:] = bytes(BUFFER)
            return _inject(server, filled)
        return DONE

    return write


def _inject(server: Server, filled: bytes) -> Outcome:
    text = filled[:20].split(b"\0", 1)[0].decode("latin-1")
    tag_id = ":".join(text[k : k + 2] for k in range(0, len(text), 2))
    kind = filled[27] & 0xF
    problem = wrong_id(tag_id)
    if problem is None and kind > LARGEST_TYPE:
        problem = f"{kind} is no type of a tag"
    if problem is not None:
        server.log(problem)
        return Outcome(refused=Reason.INVALID, message=problem)
    server.reach.nfc.inject(kind, tag_id, ACTIONS.get(filled[23] & 0xF, TOGGLE))
    return DONE


# --- numbers that act when they are written --------------------------------------------------------------------------

REBOOT: Final = 0x012E_B007
RESET_METER: Final = 0x3E12_E5E7


def reboot(server: Server, value: object, _: Origin) -> Outcome:
    if number(value) != REBOOT:
        return Outcome(refused=Reason.INVALID, message="not the number that reboots")
    platform = server.reach.platform
    platform.later(1.0, platform.reboot)  # ASSUMED: as late as by the API
    return DONE


def reset_meter(server: Server, value: object, _: Origin) -> Outcome:
    if number(value) != RESET_METER:
        return Outcome(refused=Reason.INVALID, message="not the number that resets")
    meters = server.reach.meters
    slot = meters.linked
    if slot >= meters.slots or not meters.resettable(slot):
        return Outcome(refused=Reason.NOT_FITTED, message="the meter cannot be reset")
    meters.reset(slot)
    return DONE
