"""Numbers with units, as people write them: `16 A`, `35 mA`, `40 %`, `1 h 30 min`.

The one rule: inside the program there is plain SI (Wh for energy, fractions for percentages); only this module knows
prefixes. Decimal arithmetic, so that `35 mA` is the float nearest to 0.035.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Final

from ..core.instant import Instant
from ..core.values import terse
from ..errors import did_you_mean

NUMBER: Final = r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?"
_PART = re.compile(rf"\s*({NUMBER})\s*([^\d\s+.-][^\d\s+-]*)?\s*")

LONGEST: Final = 200
"""Characters of a number with its unit."""
LARGEST_EXPONENT: Final = 30
"""Largest power of ten that a number may have."""


@terse
class Dimension:
    """What can be measured: its name in a sentence, an example, and its units as factors of the stored one."""

    noun: str
    example: str
    factors: Mapping[str, Decimal]

    @property
    def word(self) -> str:
        """Its name as one word: `apparent_power`."""
        return self.noun.partition(" ")[2].replace(" ", "_")


def _dimension(noun: str, example: str, **factors: str) -> Dimension:
    return Dimension(noun, example, {name: Decimal(factor) for name, factor in factors.items()})


def _named(noun: str, example: str, factors: Mapping[str, str]) -> Dimension:
    return Dimension(noun, example, {name: Decimal(factor) for name, factor in factors.items()})


DIMENSIONS: Final[Mapping[str, Dimension]] = {
    "A": _dimension("a current", "16 A", A="1", mA="0.001", kA="1000"),
    "A/s": _named("a change of current", "2 A/s", {"A/s": "1", "mA/s": "0.001"}),
    "V": _dimension("a voltage", "230 V", V="1", mV="0.001", kV="1000"),
    "W": _dimension("a power", "11 kW", W="1", kW="1000", MW="1000000", mW="0.001"),
    "VA": _dimension("an apparent power", "11 kVA", VA="1", kVA="1000"),
    "var": _dimension("a reactive power", "200 var", var="1", kvar="1000"),
    "Wh": _dimension("an energy", "58 kWh", Wh="1", kWh="1000", MWh="1000000", mWh="0.001"),
    "s": _named(
        "a duration",
        "10 min",
        {
            "s": "1",
            "ms": "0.001",
            "us": "0.000001",
            "µs": "0.000001",
            "sec": "1",
            "min": "60",
            "h": "3600",
            "d": "86400",
        },
    ),
    "ohm": _named(
        "a resistance", "200 mohm", {"ohm": "1", "Ω": "1", "mohm": "0.001", "mΩ": "0.001", "kohm": "1000", "kΩ": "1000"}
    ),
    "Hz": _dimension("a frequency", "50 Hz", Hz="1", mHz="0.001", kHz="1000"),
    "°C": _named("a temperature", "21 °C", {"°C": "1", "C": "1"}),
    "K": _dimension("a temperature difference", "5 K", K="1"),
    "1": _named("a percentage", "40 %", {"%": "0.01"}),
}
"""By the unit it is stored in, as `core.units.Unit` names it."""

_OWNER: Final = {unit: symbol for symbol, dimension in DIMENSIONS.items() for unit in dimension.factors}


def parse(text: str, symbol: str) -> float:
    """The number in `text`, in the unit `symbol`. ValueError says what was found and what was expected."""
    return float(_exact(text, symbol))


def parse_duration(text: str) -> Instant:
    """A duration in whole µs. ValueError as `parse`."""
    return int((_exact(text, "s") * 1_000_000).to_integral_value())


def has_unit(text: str) -> bool:
    """Whether a text is a number with a unit of whatever dimension: `6 A`."""
    parts = _split(text)
    return bool(parts) and all(unit and unit in _OWNER for _, unit in parts)


def _exact(text: str, symbol: str) -> Decimal:
    dimension = DIMENSIONS[symbol]
    parts = _split(text)
    if not parts or (len(parts) > 1 and symbol != "s"):
        text = text if len(text) <= LONGEST else f"{text[:LONGEST]}..."
        raise ValueError(f'"{text}" is not {dimension.noun}, expected for example "{dimension.example}"')
    return sum((_factor(text, unit, dimension) * number for number, unit in parts), Decimal(0))


def _split(text: str) -> list[tuple[Decimal, str]]:
    """`1 h 30 min` as [(1, "h"), (30, "min")]; empty if it is no such thing."""
    parts: list[tuple[Decimal, str]] = []
    if len(text) > LONGEST:
        return parts
    position = 0
    while position < len(text):
        found = _PART.match(text, position)
        if found is None:
            return []
        try:
            number = Decimal(found[1])
        except InvalidOperation:  # its exponent is beyond what a number may have
            return []
        if number.adjusted() > LARGEST_EXPONENT:
            return []
        parts.append((number, found[2] or ""))
        position = found.end()
    return parts


def _factor(text: str, unit: str, dimension: Dimension) -> Decimal:
    factor = dimension.factors.get(unit)
    if factor is not None:
        return factor
    if not unit:
        raise ValueError(f'"{text}" has no unit, expected {dimension.noun} such as "{dimension.example}"')
    other = _OWNER.get(unit)
    if other is not None:
        found = DIMENSIONS[other].noun
        raise ValueError(f'"{text}" is {found}, expected {dimension.noun} such as "{dimension.example}"')
    hint = did_you_mean(unit, dimension.factors)
    raise ValueError(f'"{text}" is not {dimension.noun}: there is no unit "{unit}"{hint}')


def pattern(symbol: str) -> str:
    """A regular expression for editors that accepts what `parse` accepts."""
    units = "|".join(re.escape(unit) for unit in sorted(DIMENSIONS[symbol].factors, key=len, reverse=True))
    one = rf"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?\s*({units})"
    return rf"^\s*{one}(\s*{one})*\s*$" if symbol == "s" else rf"^\s*{one}\s*$"


def shown(value: float, symbol: str) -> str:
    """A stored number for a reader: 0.4 of `1` is `40 %`, 11000 of `W` is `11 kW`."""
    if symbol == "1":
        return f"{value * 100:.6g} %"
    if symbol == "s":
        return _shown_duration(value)
    if symbol in ("W", "Wh", "VA", "var") and abs(value) >= 1000:
        return f"{value / 1000:.6g} k{symbol}"
    if symbol in ("A", "ohm") and 0 < abs(value) < 1:
        return f"{value * 1000:.6g} m{symbol}"
    return f"{value:.6g} {symbol}"


def _shown_duration(value: float) -> str:
    if value < 60 or value != int(value):
        return f"{value:.6g} s"
    whole = int(value)
    parts = ((whole // 3600, "h"), (whole % 3600 // 60, "min"), (whole % 60, "s"))
    return " ".join(f"{number} {unit}" for number, unit in parts if number)
