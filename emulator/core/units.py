"""Units of the arguments a user gives.

A field annotated with one of these types holds plain SI inside the program (fractions for percentages, Wh for
energy); the scenario layer reads `16 A`, `35 mA`, `40 %`, `1 h 30 min` into it. The core never looks at the mark.
"""

from __future__ import annotations

from typing import Annotated, Final

from .values import terse

WATT_HOUR: Final = 3600.0
"""One watt-hour [J]."""
COLDEST: Final = -273.15
HOTTEST: Final = 1000.0
"""No sensor of a wallbox reads more [°C]."""


@terse
class Unit:
    """The dimension of a number, named by the unit it is stored in, and the range of what makes sense."""

    symbol: str
    lowest: float | None = 0.0
    highest: float | None = None


LARGEST_RATING: Final = 80.0
"""What a duty cycle can code at most [A]. Source: IEC 61851-1, table A.8."""
HIGHEST_FREQUENCY: Final = 1000.0
"""ASSUMED: no grid, however wrong, is faster [Hz]."""
COLDEST_PLACE: Final = -90.0
HOTTEST_PLACE: Final = 100.0
"""ASSUMED: no charger hangs where it is colder or hotter [°C]."""


Amperes = Annotated[float, Unit("A")]
SignedAmperes = Annotated[float, Unit("A", lowest=None)]
"""A current with a direction."""
AmperesPerSecond = Annotated[float, Unit("A/s")]
Volts = Annotated[float, Unit("V")]
Watts = Annotated[float, Unit("W")]
WattHours = Annotated[float, Unit("Wh")]
Seconds = Annotated[float, Unit("s")]
Ohms = Annotated[float, Unit("ohm")]
Hertz = Annotated[float, Unit("Hz", highest=HIGHEST_FREQUENCY)]
RatedAmperes = Annotated[float, Unit("A", highest=LARGEST_RATING)]
Celsius = Annotated[float, Unit("°C", lowest=COLDEST, highest=HOTTEST)]
AmbientCelsius = Annotated[float, Unit("°C", lowest=COLDEST_PLACE, highest=HOTTEST_PLACE)]
Kelvin = Annotated[float, Unit("K", lowest=None)]
Fraction = Annotated[float, Unit("1", highest=1.0)]
"""0..1; written as a percentage (`40 %`)."""
