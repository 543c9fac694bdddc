"""Every documented value of every enumeration is produced by its scenario, or listed with the reason why it is not."""

from __future__ import annotations

from collections.abc import Iterator
from enum import IntEnum
from pathlib import Path

import pytest

from emulator.scenario.loader import loads
from emulator.scenario.playing import play
from emulator.vendors.goe.faultcodes import Err
from emulator.vendors.goe.ladder import ModelStatus
from emulator.vendors.goe.memory import Car
from emulator.vendors.goe.update import UpdateState
from emulator.vendors.warp.evse.evseview import Error, Iec

from .page import ENUMERATIONS, page
from .table import Enumeration, Made, Value

PAGE = Path(__file__).parents[2] / "docs" / "enumerations.md"


def _made() -> Iterator[object]:
    for found in ENUMERATIONS:
        for value, how in found.members.items():
            if isinstance(how, Made):
                yield pytest.param(found, value, id=f"{found.vendor}-{found.name}-{value}")


@pytest.mark.parametrize(("enumeration", "value"), list(_made()))
def test_a_value_is_produced(enumeration: Enumeration, value: Value) -> None:
    result = play(loads(enumeration.scenario(value)))
    assert result.ok, result.failures


@pytest.mark.parametrize("enumeration", ENUMERATIONS, ids=lambda found: f"{found.vendor}-{found.name}")
def test_no_documented_value_is_left_out(enumeration: Enumeration) -> None:
    assert enumeration.missing == []


def test_what_the_code_tells_apart_is_produced() -> None:
    """No member of an enumeration of ours is there for nothing."""
    found = {(table.vendor, table.name): table.members for table in ENUMERATIONS}
    ours: dict[tuple[str, str], type[IntEnum]] = {
        ("goe", "modelStatus"): ModelStatus,
        ("goe", "car"): Car,
        ("goe", "ocs"): UpdateState,
        ("warp", "iec61851_state"): Iec,
        ("warp", "error_state"): Error,
    }
    for table, kind in ours.items():
        assert [value for value in kind if not isinstance(found[table][value], Made)] == []
    for new, name in ((True, "err"), (False, "err before 59.4")):
        assert {fault.code(new=new) for fault in Err} <= found["goe", name].keys()


def test_the_page_is_current() -> None:
    """`python -m enumerations.page` in `tests` writes it."""
    assert PAGE.read_text("utf-8") == page()
