"""How one place of a capture can differ from the same place of the emulated wallbox, as a client would notice.

The one rule: what an owner sets and what is measured may be anything of its kind; only the kind is judged.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final, Literal

from .capture import Kind
from .enumerations import KNOWN
from .shapes import ANY, Seen, decimals, form_of

DifferenceKind = Literal["missing", "extra", "type", "shape", "order", "format", "unit", "value"]
KINDS: Final[dict[DifferenceKind, str]] = {
    "missing": "the emulated wallbox has it, the device not",
    "extra": "the device has it, the emulated wallbox not",
    "type": "another type",
    "shape": "another number of elements",
    "order": "at another place among its neighbours",
    "format": "written in another way",
    "unit": "another order of magnitude",
    "value": "a value of no list",
}
"""In the order in which they are shown."""


@dataclass(frozen=True, slots=True)
class Place:
    """One place that both sides have."""

    vendor: str
    source: str
    path: str
    """Inside the document, by dots; empty: the document itself."""
    name: str
    """What the vendor calls it."""
    type: str
    """What the emulated wallbox's table says it is; empty: nothing."""
    device: Seen
    emulated: Seen


Finding = tuple[DifferenceKind, str]
Check = Callable[[Place], Finding | None]

_FITTING: Final[dict[Kind, re.Pattern[str]]] = {
    "number": re.compile(r"int|float|double|size_t|number|either"),
    "boolean": re.compile(r"bool"),
    "text": re.compile(r"string|text"),
    "object": re.compile(r"object"),
    "list": re.compile(r"array|list"),
}


def check_type(place: Place) -> Finding | None:
    wrong = [kind for kind in place.device.kinds if kind not in place.emulated.kinds]
    wrong = [kind for kind in wrong if not _optional(place, kind)]
    if not wrong:
        return None
    return "type", f"{_shown(place.device.kinds)}, emulated {_shown(place.emulated.kinds)}"


def _optional(place: Place, kind: Kind) -> bool:
    """Whether the table says that a value may be null, and otherwise of this kind."""
    if not place.type.startswith("optional<"):
        return False
    return kind == "null" or (
        place.emulated.kinds == {"null"} and _FITTING[kind].search(place.type.removeprefix("optional<")) is not None
    )


def check_shape(place: Place) -> Finding | None:
    """Lists of numbers have the length that the emulated one has in every state."""
    found, expected = place.device.lengths, place.emulated.lengths
    if len(expected) != 1 or not found or found <= expected or 0 in found | expected:
        return None
    return "shape", f"{_counted(found)}, emulated {_counted(expected)}"


def check_format(place: Place) -> Finding | None:
    return _numbers(place) or _texts(place)


def _numbers(place: Place) -> Finding | None:
    """Decimals: more than the emulated one ever shows, none where it always has some, fixed on one side only."""
    found, expected = place.device.numbers, place.emulated.numbers
    if not found or not expected:
        return None
    if (padding := _padding(found, expected)) is not None:
        return padding
    odd = [one for one in found if decimals(one)]
    if odd and not any(map(decimals, expected)) and not _FRACTIONS.search(place.type):
        return "format", f"{odd[0]}, emulated whole numbers"
    most, known = max(found, key=_precision), max(map(_precision, expected))
    if decimals(most) > max(map(decimals, expected)) and _precision(most) > known and known < SINGLE:
        return "format", f"{most}, emulated {max(expected, key=_precision)}"
    live = [one for one in expected if float(one) != 0]
    whole = [one for one in found if float(one) != 0 and not decimals(one)]
    if whole and len(live) > 1 and min(map(decimals, live)) >= 2:
        return "format", f"{whole[0]} without decimals, emulated {live[0]}"
    return None


_FRACTIONS: Final = re.compile(r"float|double|number|object|array|list")
"""Types that may have decimals, even if they have none in the emulated wallbox just now."""
SINGLE: Final = 7
"""Significant digits from which on a number shows the digits of its binary value; how many there are is chance."""


def _padding(found: list[str], expected: list[str]) -> Finding | None:
    """Decimals that nobody needs: as many as the emulated number always has, at least as many as it has, or none."""
    usual = {decimals(one) for one in expected}
    if not any(map(_padded, expected)):
        wrong = [one for one in found if _padded(one) and decimals(one) not in usual]
    elif len(usual) == 1:
        wrong = [one for one in found if decimals(one) not in usual]
    else:
        wrong = [one for one in found if decimals(one) < min(usual)]
    return ("format", f"{wrong[0]} with {decimals(wrong[0])} decimals, emulated {expected[-1]}") if wrong else None


def _padded(spelled: str) -> bool:
    """Whether a number ends in a decimal that it does not need."""
    return "." in spelled and spelled.endswith("0")


def _precision(spelled: str) -> int:
    """Significant digits."""
    return len(spelled.lstrip("+-0.").partition("e")[0].replace(".", ""))


def _texts(place: Place) -> Finding | None:
    found, expected = place.device.texts, place.emulated.texts
    if not any(expected) or not any(found):
        return None
    forms = {form_of(text) for text in found if text}
    known = {form_of(text) for text in expected if text}
    open_list = place.path.endswith(ANY)
    if None not in known and (not forms & known if open_list else not forms <= known):
        return "format", f'"{found[0]}", emulated "{expected[0]}"'
    pictures = {_picture(text) for text in expected}
    odd = [text for text in found if form_of(text) in ("time", "list of numbers") and _picture(text) not in pictures]
    return ("format", f'"{odd[0]}", emulated "{expected[0]}"') if odd else None


def _picture(text: str) -> str:
    """A text with its digits and signs made alike; of lists of numbers, only how many decimals each has."""
    if form_of(text) == "list of numbers":
        return re.sub(r"[+-]?\d+((?:\.\d+)?)", lambda found: "9" + re.sub(r"\d", "9", found[1]), text)
    return re.sub(r"[+-](?=\d\d:\d\d$)", "+", re.sub(r"\d", "9", text))


_NARROW: Final = (
    (re.compile(r"volt|^[Uu][123]$|spannung", re.IGNORECASE), 2.0),
    (re.compile(r"fre?q|fhz", re.IGNORECASE), 1.3),
    (re.compile(r"temp|^tm[ap]$", re.IGNORECASE), 6.0),
)
"""What does not vary much: by its name, and by how much a device may differ."""
WIDE: Final = 4.0
"""How much more than under full load a quantity may be."""


FAR_BELOW: Final = 500.0
"""How much less: a line without voltage is not a voltage in kV."""
STEADY: Final = 1.25
"""How much a quantity varies at most that is much the same whatever happens."""
UNLIKE: Final = 200.0
"""How much more or less than the emulated setting another owner's may be: not as much as A and mA differ."""

_NONE_FROM: Final = 0xFFFF
"""Numbers from here on may say "none"."""


def check_unit(place: Place) -> Finding | None:
    """Voltages, frequencies and temperatures are near the emulated ones, currents and powers not far above, and what
    never changes is of the same order of magnitude.
    """
    found = [abs(float(one)) for one in place.device.numbers]
    expected = [abs(float(one)) for one in place.emulated.numbers]
    if not found or not expected:
        return None
    by_name = next((factor for form, factor in _NARROW if form.search(place.name)), None)
    usual = max(expected)
    odd: list[float] = []
    if by_name is not None and usual > 0 and place.device.first.kind != "boolean":
        odd = [one for one in found if one > usual * by_name or 0 < one * FAR_BELOW < usual]
    elif _flows(expected):
        odd = [one for one in found if one > usual * WIDE]
    elif 0 < min(expected) < max(expected) < min(expected) * STEADY and usual < 1000:
        odd = [one for one in found if one > usual * WIDE or 0 < one * FAR_BELOW < usual]
    elif len(set(expected)) == 1 and 0 < usual < _NONE_FROM:
        odd = [one for one in found if usual * UNLIKE < one < _NONE_FROM or 0 < one * UNLIKE < usual]
    return ("unit", f"{odd[0]:g}, emulated up to {usual:g}") if odd else None


def _flows(looks: list[float]) -> bool:
    """Whether these values, at rest, twice in a charge and after it, are those of a current or a power."""
    if len(looks) < 4:
        return False
    before, early, late, after = looks[:4]
    return early > 0 and abs(early - late) < early * 0.1 and max(before, after) < early * 0.05


def check_value(place: Place) -> Finding | None:
    known = KNOWN.get((place.vendor, place.source, place.path))
    if known is None:
        return None
    odd = [found.spelled for found in place.device.fields if _hashable(found.data) not in known]
    return ("value", f"{odd[0]} is not described") if odd else None


def _hashable(value: object) -> object:
    return value if isinstance(value, str | int | float | bool | None) else repr(value)


CHECKS: Final[tuple[Check, ...]] = (check_type, check_shape, check_unit, check_format, check_value)
"""The first that finds something says what is wrong with a place."""


def _shown(kinds: Iterable[Kind]) -> str:
    return " or ".join(sorted(kinds))


def _counted(lengths: set[int]) -> str:
    return f"{' or '.join(str(length) for length in sorted(lengths))} elements"
