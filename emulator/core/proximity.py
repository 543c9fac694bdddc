"""The proximity pilot: the resistor in a cable's plug that codes what the cable carries.

The one rule: only the coding; a tethered charger has no proximity contact to read.
"""

from __future__ import annotations

from typing import Final

INVALID: Final = 0.0
"""Rating for a resistance that codes no cable, such as a short [A]."""

_OPEN: Final = 2460.0

# Ohm above which each rating (A) is read, highest first. Source: EVerest YetiSimulator.
_RANGES: Final = ((936.0, 13.0), (308.0, 20.0), (140.0, 32.0))
_SHORT: Final = 80.0
_LARGEST: Final = 63.0

_NOMINAL: Final = {13.0: 1500.0, 20.0: 680.0, 32.0: 220.0, 63.0: 100.0, 70.0: 100.0}
"""Resistance [ohm] by rating [A]; the 63 A resistor is read as 70 A by single-phase equipment."""


def rating(resistance: float | None) -> float | None:
    """Current the cable may carry: 13, 20, 32 or 63 [A].

    None: nothing in the socket (an open contact, or more than 2460 ohm); `INVALID`: below 80 ohm.
    """
    if resistance is None or resistance > _OPEN:
        return None
    for threshold, amperes in _RANGES:
        if resistance > threshold:
            return amperes
    return _LARGEST if resistance >= _SHORT else INVALID


def resistance_for(rating: float) -> float:
    """Coding resistor for a cable of `rating` A [ohm]; ValueError if no such cable exists."""
    try:
        return _NOMINAL[rating]
    except KeyError:
        raise ValueError(f"no cable is coded for {rating:g} A (13, 20, 32, 63 or 70 A)") from None
