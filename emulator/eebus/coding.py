"""SHIP's JSON coding, and typed looks into what was decoded.

The one rule: inside the program an object is a mapping and a list is a list; only here they are arrays of one-member
objects. No white space on the wire: implementations replace brackets in the raw bytes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Final

Data = Mapping[str, object]
"""An object with the member names of the SHIP and SPINE schemas, in their order."""
NOTHING: Final[Data] = {}


class CodingError(ValueError):
    """A message that cannot be read."""


def encode(message: Data) -> bytes:
    """A message with its outermost member, which stays an object."""
    (name, value) = next(iter(message.items()))
    return json.dumps({name: _wrapped(value)}, separators=(",", ":"), ensure_ascii=False).encode()


def decode(data: bytes) -> dict[str, object]:
    """The message in a text; some devices append a zero byte. CodingError if it is none."""
    try:
        found = _unwrapped(json.loads(data.rstrip(b"\x00 \r\n\t").decode()))
    except (ValueError, RecursionError) as error:
        raise CodingError(f"no SHIP message: {error}") from None
    if not isinstance(found, dict):
        raise CodingError("no SHIP message: expected an object")
    return found


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


def _unwrapped(value: object) -> object:
    if isinstance(value, dict):
        return {name: _unwrapped(item) for name, item in value.items()}
    if not isinstance(value, list):
        return value
    names = [next(iter(item)) for item in value if isinstance(item, dict) and len(item) == 1]
    if not value or (len(names) == len(value) and len(set(names)) == len(names)):
        return {name: _unwrapped(item) for each in value for name, item in each.items()}
    return [_unwrapped(item) for item in value]


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
    return tuple(item for item in found if isinstance(item, int)) if isinstance(found, list | tuple) else ()


def flag(data: object, *names: str) -> bool | None:
    """A truth value."""
    found = part(data, *names)
    return found if isinstance(found, bool) else None


def scaled(data: object, *names: str) -> float | None:
    """The number of a `scaledNumber`."""
    found = obj(data, *names)
    number, scale = part(found, "number"), integer(found, "scale") or 0
    return float(number) * 10.0**scale if isinstance(number, int | float) and abs(scale) <= 100 else None


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
    if not value.startswith("P") or value in ("P", "PT"):
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
    return None if number else total
