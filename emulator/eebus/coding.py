"""SHIP's JSON coding, and typed looks into what was decoded.

The one rule: inside the program an object is a mapping and a list is a list; only here they are arrays of one-member
objects. No white space on the wire: implementations replace brackets in the raw bytes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Final, NoReturn

from .bounds import DEEPEST, LARGEST_MESSAGE, LONGEST_PERIOD, MOST_VALUES

Data = Mapping[str, object]
"""An object with the member names of the SHIP and SPINE schemas, in their order."""
NOTHING: Final[Data] = {}


LARGEST_QUANTITY: Final = 1e15
LONGEST_DURATION: Final = 64
"""Characters of a duration."""


class CodingError(ValueError):
    """A message that cannot be read."""


def encode(message: Data) -> bytes:
    """A message with its outermost member, which stays an object."""
    (name, value) = next(iter(message.items()))
    text = json.dumps({name: _wrapped(value)}, separators=(",", ":"), ensure_ascii=False)
    return text.encode("utf-8", "replace")  # half of a surrogate pair may come from a peer, who is told of it


def decode(data: bytes) -> dict[str, object]:
    """The message in a text; some devices append a zero byte. CodingError if it is none."""
    if len(data) > LARGEST_MESSAGE:
        raise CodingError(f"no SHIP message: more than {LARGEST_MESSAGE} bytes")
    if data.count(b",") + data.count(b"[") + data.count(b"{") > MOST_VALUES:
        raise CodingError("no SHIP message: too many values")
    try:
        found = _unwrapped(json.loads(data.rstrip(b"\x00 \r\n\t").decode(), parse_constant=_refused), DEEPEST)
    except (ValueError, RecursionError) as error:
        raise CodingError(f"no SHIP message: {error}") from None
    if not isinstance(found, dict):
        raise CodingError("no SHIP message: expected an object")
    return found


def _refused(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number of JSON")


def _wrapped(value: object) -> object:
    if isinstance(value, Mapping):
        if "datagram" in value:  # the payload is a message of its own: its outermost member stays an object
            return {"datagram": _wrapped(value["datagram"])}
        return [{name: _wrapped(item)} for name, item in value.items() if not _empty_list(item)]
    if isinstance(value, list | tuple):
        return [_wrapped(item) for item in value]
    return value


def _empty_list(value: object) -> bool:
    """Left out: on the wire it looks like an empty object, and as such ship-go takes it."""
    return isinstance(value, list | tuple) and not value


def _unwrapped(value: object, depth: int) -> object:
    """`depth`: so many more arrays and objects may be inside each other."""
    if not isinstance(value, dict | list):
        return value
    if depth <= 0:
        raise ValueError("too deeply nested")
    if isinstance(value, dict):
        return {name: _unwrapped(item, depth - 1) for name, item in value.items()}
    names = [next(iter(item)) for item in value if isinstance(item, dict) and len(item) == 1]
    if not value or (len(names) == len(value) and len(set(names)) == len(names)):
        return {name: _unwrapped(item, depth - 2) for each in value for name, item in each.items()}
    return [_unwrapped(item, depth - 1) for item in value]


# --- looking into data -----------------------------------------------------------------------------------------------


def part(data: object, *names: str) -> object:
    """The value at the end of a path of members; None if there is none."""
    for name in names:
        data = data.get(name) if isinstance(data, Mapping) else None
    return data


def obj(data: object, *names: str) -> Data:
    """The object at the end of a path; an empty one if there is none."""
    found = part(data, *names)
    return found if isinstance(found, Mapping) else NOTHING


def objects(data: object, *names: str) -> list[Data]:
    """The objects of a list; a single object counts as a list of one, as in the schemas' exports."""
    found = part(data, *names)
    if isinstance(found, Mapping):
        return [found] if found else []
    return [item for item in found if isinstance(item, Mapping)] if isinstance(found, Sequence) else []


def text(data: object, *names: str) -> str:
    """A text; empty if there is none."""
    found = part(data, *names)
    return found if isinstance(found, str) else ""


def integer(data: object, *names: str) -> int | None:
    """A whole number."""
    found = part(data, *names)
    return found if isinstance(found, int) and not isinstance(found, bool) else None


def integers(data: object, *names: str) -> tuple[int, ...]:
    """The whole numbers of a list."""
    found = part(data, *names)
    if not isinstance(found, list | tuple):
        return ()
    return tuple(item for item in found if isinstance(item, int) and not isinstance(item, bool))


def flag(data: object, *names: str) -> bool | None:
    """A truth value."""
    found = part(data, *names)
    return found if isinstance(found, bool) else None


def scaled(data: object, *names: str) -> float | None:
    """The number of a `scaledNumber`; None if there is none, or none that can be a quantity."""
    found = obj(data, *names)
    number, scale = part(found, "number"), integer(found, "scale") or 0
    if not isinstance(number, int | float) or isinstance(number, bool) or abs(scale) > 100:
        return None
    try:
        value = float(number) * 10.0**scale
    except OverflowError:
        return None
    return value if abs(value) <= LARGEST_QUANTITY else None


def scaled_number(value: float, digits: int = 0) -> Data:
    """A number as `scaledNumber` with so many decimal digits."""
    return {"number": round(value * 10**digits), "scale": -digits} if digits else {"number": round(value)}


def duration(value: float) -> str:
    """Seconds as an ISO 8601 duration: `PT2H`, `PT1M30S`."""
    whole = round(value)
    hours, minutes, rest = whole // 3600, whole % 3600 // 60, whole % 60
    parts = (f"{number}{unit}" for number, unit in ((hours, "H"), (minutes, "M"), (rest, "S")) if number)
    return "PT" + ("".join(parts) or "0S")


_UNITS: Final = {"W": 604800.0, "D": 86400.0, "H": 3600.0, "M": 60.0, "S": 1.0}


def seconds_of(value: str) -> float | None:
    """The seconds of an ISO 8601 duration; None if it is none. Years and months have no fixed length: not taken."""
    if not value.startswith("P") or value in ("P", "PT") or len(value) > LONGEST_DURATION:
        return None
    total, number, timely = 0.0, "", False
    for character in value[1:]:
        if character == "T":
            timely = True
        elif character.isdigit() or character == ".":
            number += character
        elif character in _UNITS and number and not (character == "M" and not timely):
            try:
                total += float(number) * _UNITS[character]
            except ValueError:
                return None
            number = ""
        else:
            return None
    return None if number or total > LONGEST_PERIOD else total
