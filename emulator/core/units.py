"""Units of the arguments a user gives.

A field annotated with one of these types holds plain SI inside the program (fractions for percentages, Wh for
energy); the scenario layer reads `16 A`, `35 mA`, `40 %`, `1 h 30 min` into it. The core never looks at the mark.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated


@dataclass(frozen=True, slots=True)
class Unit:
    """The dimension of a number, named by the unit it is stored in."""

    symbol: str


Amperes = Annotated[float, Unit("A")]
AmperesPerSecond = Annotated[float, Unit("A/s")]
Volts = Annotated[float, Unit("V")]
Watts = Annotated[float, Unit("W")]
WattHours = Annotated[float, Unit("Wh")]
Seconds = Annotated[float, Unit("s")]
Ohms = Annotated[float, Unit("ohm")]
Hertz = Annotated[float, Unit("Hz")]
Celsius = Annotated[float, Unit("°C")]
Kelvin = Annotated[float, Unit("K")]
Fraction = Annotated[float, Unit("1")]
"""0..1; written as a percentage (`40 %`)."""
