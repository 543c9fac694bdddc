"""Finding the first time at which something holds.

The one rule: the answer is always a time at which it does hold, so a guard checked there is true.
"""

from __future__ import annotations

import math
from collections.abc import Callable

Condition = Callable[[float], bool]
Function = Callable[[float], float]


def first(holds: Condition, low: float, high: float) -> float:
    """The smallest float in (low, high] at which `holds`, which must be false at `low` and true at `high`.

    Plain bisection down to neighbouring floats: the same on every platform, and never an answer just before.
    """
    while True:
        middle = low + (high - low) / 2
        if not low < middle < high:
            return high
        if holds(middle):
            high = middle
        else:
            low = middle


def refine(holds: Condition, guess: float) -> float:
    """The first time near `guess`, the result of a closed form, at which `holds`.

    Widens around the guess by a few units in the last place and bisects; `holds` has to stay true once it is.
    ValueError if it never is.
    """
    if holds(0.0):
        return 0.0
    step = math.ulp(max(guess, 1.0))
    high = guess
    while not holds(high):
        if math.isinf(high):
            raise ValueError("the condition never holds")
        high += step
        step *= 2
    low, step = high, math.ulp(max(guess, 1.0))
    while holds(low):
        low = max(0.0, low - step)
        step *= 2
    return first(holds, low, high)
