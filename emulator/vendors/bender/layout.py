"""How a controller serves its registers: what lies between rows, and how it refuses.

The one rule: rows say what there is; this only arranges them for a firmware and the settings in force.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache
from typing import Final

from ...core.messages import Reason
from ...devices.register_maps.bender import ERROR_CODES
from ...devices.registers import U32, Bank, Layout
from .logic import Logic
from .readings import View
from .registers import CC_ROWS, ICC_ROWS, Row

EXCEPTIONS: Final[dict[Reason, int | None]] = {
    Reason.READ_ONLY: 2,
    Reason.NOT_ALLOWED: 2,
    Reason.OUT_OF_RANGE: 3,
    Reason.UNAUTHORISED: None,
    Reason.NOT_NOW: None,
}
"""ASSUMED all. None: the reply says "done", as a card reader says nothing to an unknown card."""


@lru_cache(maxsize=128)
def layout(
    *, icc: bool, ranges: tuple[range, ...], missing: frozenset[int], unsupported: int, swapped: bool
) -> Layout[View, Logic]:
    """The registers of one controller.

    `ranges`: what can be read in one go. `missing`: addresses it lacks. `unsupported`: exception code for what is not
    there. `swapped`: order of the error bits.
    """
    rows = ICC_ROWS if icc else CC_ROWS
    bank: Bank[View, Logic] = Bank(
        "Modbus holding registers",
        tuple(_adapted(row, swapped) for row in rows if missing.isdisjoint(range(row.address, row.end))),
        fill=0,
        fill_within=_without(ranges, missing),
        refusals={**EXCEPTIONS, Reason.UNKNOWN: unsupported, Reason.WRITE_ONLY: unsupported},
    )
    return Layout({3: (bank,), 6: (bank,), 16: (bank,)})


def _without(ranges: Iterable[range], missing: frozenset[int]) -> tuple[range, ...]:
    """The ranges with single registers taken out."""
    if not missing:
        return tuple(ranges)
    kept = [address for part in ranges for address in part if address not in missing]
    return tuple(range(address, address + 1) for address in kept)


def _adapted(row: Row, swapped: bool) -> Row:
    """The bits in use have words and bytes the other way round on CC controllers. Source: Bender's document."""
    if swapped and row.name == ERROR_CODES[3].name:
        return replace(row, type=U32.low_first.byte_swapped, about="words and bytes swapped")
    return row
