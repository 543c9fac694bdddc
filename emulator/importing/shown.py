"""What evcc prints about a charge point at level DEBUG: a client's reading of a box that it does not show.

The one rule: used only where the log has nothing of the box itself. Source: evcc, core/loadpoint.go; roundings of %.3g.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

_NUMBER: Final = r"-?\d+(?:\.\d+)?(?:e[+-]?\d+)?"


def _list(text: str) -> list[float]:
    return [float(part) for part in text.split()][:3]


ROWS: Final[tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], Mapping[str, object]]], ...]] = (
    (re.compile(r"^charger status: (?P<v>[A-F])\b"), lambda m: {"pilot": m["v"]}),
    (re.compile(rf"^charge power: (?P<v>{_NUMBER})W"), lambda m: {"power": float(m["v"])}),
    (
        re.compile(rf"^charge currents: \[(?P<v>{_NUMBER}(?: {_NUMBER})*)\]A?"),
        lambda m: {f"phase_current.L{i}": v for i, v in enumerate(_list(m["v"]), 1)},
    ),
    (
        re.compile(rf"^charge voltages: \[(?P<v>{_NUMBER}(?: {_NUMBER})*)\]V?"),
        lambda m: {f"phase_voltage.L{i}": v for i, v in enumerate(_list(m["v"]), 1)},
    ),
    (re.compile(rf"^charge total import: (?P<v>{_NUMBER})kWh"), lambda m: {"total_energy": 1000 * float(m["v"])}),
    (
        re.compile(rf"^(?:set charge current limit|max charge current|target charge current): (?P<v>{_NUMBER})A"),
        lambda m: {"!current": float(m["v"])},
    ),
    (re.compile(r"^charger enable\b"), lambda _: {"!enable": True}),
    (re.compile(r"^charger disable\b"), lambda _: {"!enable": False}),
)
"""A name with an exclamation mark is what the client asked for."""


def shown_values(text: str) -> Mapping[str, object] | None:
    """What a line says; None: it is none of these."""
    for pattern, read in ROWS:
        if (found := pattern.match(text)) is not None:
            try:
                return read(found)
            except ValueError:
                return None
    return None
