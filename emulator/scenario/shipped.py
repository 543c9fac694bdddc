"""The scenarios that come with the emulator.

The one rule: a file of the user's wins; one that comes along is found by its name, `ready/wifi_loss.yaml` or
`scenarios/ready/wifi_loss.yaml`, wherever the emulator is installed.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

_PACKAGE: Final = Path(__file__).parents[1]
PLACES: Final = (_PACKAGE / "scenarios", _PACKAGE.parent / "scenarios")
"""Where the scenarios are: in the installed package, or beside it in a copy of the repository."""


def folder() -> Path | None:
    """Where the scenarios are; None: they were not installed."""
    return next((place for place in PLACES if place.is_dir()), None)


def located(path: Path) -> Path:
    """The file itself, or the one of that name that comes with the emulator; what is neither stays as it is."""
    root = folder()
    if root is None or path.is_absolute() or path.exists() or ".." in path.parts:
        return path
    parts = path.parts[1:] if path.parts[:1] == ("scenarios",) else path.parts
    found = root.joinpath(*parts)
    return found if found.is_file() else path
