"""The grid connection: which line feeds which terminal, at what voltage and angle, and what the neutral carries.

The one rule: scenarios and faults name lines of the grid, everything behind this module terminals of the charger;
`rotation` is applied here and nowhere else. Phase tuples are (L1, L2, L3), voltages V rms, currents A rms, angles rad.
"""

from __future__ import annotations

import math
from typing import Final, Literal

from .snapshot import PhaseMask, Phases
from .specs import SupplySpec

Network = Literal["TN", "TT", "IT"]
Overrides = tuple[float | None, float | None, float | None]
"""Voltage per grid line in place of the supply's; None leaves it [V]."""

ALL: Final[PhaseMask] = (True, True, True)
UNCHANGED: Final[Overrides] = (None, None, None)

_FEEDS: Final = {"RST": (0, 1, 2), "STR": (1, 2, 0), "TRS": (2, 0, 1)}
_RETURN_LINE: Final = 2
"""Terminal whose line an IT installation connects to the N terminal."""

# Unit phasors (cosine, sine) of the terminal voltages, L1 first. The third line of an IT network feeds the N terminal,
# which leaves two line-to-line voltages 60 degrees apart.
_HALF_ROOT_3: Final = math.sqrt(3.0) / 2.0
_STAR: Final = ((1.0, 0.0), (-0.5, -_HALF_ROOT_3), (-0.5, _HALF_ROOT_3))
_TWO_LINES: Final = ((1.0, 0.0), (0.5, -_HALF_ROOT_3), (0.0, 0.0))


def _shares_return(network: Network, phases: int) -> bool:
    """Whether the N terminal is fed by a line of its own: an IT network with more than two wires."""
    return network == "IT" and phases > 1


def connected(supply: SupplySpec) -> PhaseMask:
    """Terminals that are wired, live or not."""
    count = 2 if _shares_return(supply.network, supply.phases) else supply.phases
    return (count >= 1, count >= 2, count >= 3)


def voltages(supply: SupplySpec, overrides: Overrides = UNCHANGED, live: PhaseMask = ALL) -> Phases:
    """Voltage of each terminal without load; 0 where it is dead or not wired [V].

    `overrides` and `live` name grid lines. On a three-wire IT network each voltage is the one between its line and
    the line on the N terminal, so the loss of that line takes both away. ASSUMED: other voltages of that line are
    not modelled.
    """
    wired = connected(supply)
    feeds = _FEEDS[supply.rotation]

    def source(line: int) -> float:
        override = overrides[line]
        return (supply.voltage if override is None else max(0.0, override)) if live[line] else 0.0

    if _shares_return(supply.network, supply.phases) and source(feeds[_RETURN_LINE]) == 0:
        return (0.0, 0.0, 0.0)
    first, second, third = (source(line) if wire else 0.0 for line, wire in zip(feeds, wired, strict=True))
    return (first, second, third)


def energised(terminals: Phases) -> PhaseMask:
    """Which of these terminal voltages are live at all."""
    first, second, third = terminals
    return (first > 0, second > 0, third > 0)


def neutral_current(active: Phases, reactive: Phases, network: Network, phases: int) -> float:
    """Current in the N terminal: the sum of the phase currents as phasors [A].

    `reactive` is capacitive, leading the voltage; `phases` is the number of phases of the supply. On a three-wire IT
    network this is the current of the third line.
    """
    phasors = _TWO_LINES if _shares_return(network, phases) else _STAR
    (c1, s1), (c2, s2), (c3, s3) = phasors
    (i1, i2, i3), (q1, q2, q3) = active, reactive
    # Active and reactive parts are summed apart: a balanced load gives exactly zero.
    real = (i1 * c1 + i2 * c2 + i3 * c3) - (q1 * s1 + q2 * s2 + q3 * s3)
    imaginary = (i1 * s1 + i2 * s2 + i3 * s3) + (q1 * c1 + q2 * c2 + q3 * c3)
    return math.hypot(real, imaginary)
