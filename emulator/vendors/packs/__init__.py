"""Device packs: wallboxes described in YAML, without Python.

The one rule: a pack binds what is on the wire to quantities and settings; logic of its own needs a vendor in Python.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Final

from ...devices.vendor import Vendor

HERE: Final = Path(__file__).parent
BUILT_IN: Final = tuple(sorted(file.stem for file in HERE.glob("*.yaml")))
"""Vendors that are packs."""


@cache
def built_in(name: str) -> Vendor:
    """The vendor that one of the files here describes."""
    return from_file(HERE / f"{name}.yaml")


def from_file(file: Path) -> Vendor:
    """The vendor a pack describes. ScenarioError with every mistake in it; EmulatorError if it cannot be read."""
    from .reading import read_pack
    from .wallbox import vendor_of

    return vendor_of(read_pack(file))
