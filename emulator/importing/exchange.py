"""One request over Modbus and what came back."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and what came back."""

    at: float | None
    line: int
    unit: int
    function: int
    address: int
    count: int
    written: tuple[int, ...] = ()
    """Registers of a write."""
    values: tuple[int, ...] | None = None
    """Registers of a read; None: no answer was seen."""
    exception: int | None = None
