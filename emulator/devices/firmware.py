"""Models, firmware versions, and the profile a wallbox reproduces.

The one rule: a difference between versions or models is data on a row (`since`, `until`, `models`) or a named quirk,
never an `if` on a version string in a handler.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import field
from functools import cache
from typing import Final

from ..core.specs import EvseSpec
from ..core.values import value


class Version:
    """A firmware version, compared by its numbers: `053.1` < `55.5` < `60.3`. A suffix (`-rc2`, `+abc`) is ignored."""

    __slots__ = ("numbers", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self.numbers = tuple(int(part) for part in re.findall(r"\d+", re.split(r"[-+_]", text, maxsplit=1)[0]))
        if not self.numbers:
            raise ValueError(f"{text!r} is not a version")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Version) and self.numbers == other.numbers

    def __lt__(self, other: Version) -> bool:
        return self.numbers < other.numbers

    def __le__(self, other: Version) -> bool:
        return self.numbers <= other.numbers

    def __gt__(self, other: Version) -> bool:
        return self.numbers > other.numbers

    def __ge__(self, other: Version) -> bool:
        return self.numbers >= other.numbers

    def __hash__(self) -> int:
        return hash(self.numbers)

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return f"Version({self.text!r})"


version_of: Final = cache(Version)
"""The version of a text: parsed once."""


@value
class Model:
    """One model of a vendor. What else its firmware asks for is the vendor's own, by the model's id."""

    id: str
    """Name in scenarios, unique over all vendors: `gemini-22`."""
    title: str
    firmwares: tuple[str, ...]
    """Versions with a profile, oldest first; others in between behave as the nearest older one."""
    default_firmware: str
    rated_current: float = 32.0
    phases: int = 3
    connector: str = "tethered"
    serial: str = ""
    """Default serial number."""
    evse: EvseSpec = field(default_factory=EvseSpec)
    enable: Mapping[str, Mapping[str, object]] = field(default_factory=dict, hash=False)
    """Interfaces that other settings switch on than the vendor's other models."""


@value
class Profile:
    """The model and firmware version one wallbox reproduces."""

    model: Model
    firmware: Version

    def has(self, since: str | None = None, until: str | None = None) -> bool:
        """Whether the firmware is at least `since` and older than `until`."""
        return (since is None or self.firmware >= version_of(since)) and (
            until is None or self.firmware < version_of(until)
        )

    @property
    def stands_in(self) -> str | None:
        """The older firmware this one behaves as, because there is no profile of its own; None: there is one."""
        if any(version_of(text) == self.firmware for text in self.model.firmwares):
            return None
        return next(text for text in reversed(self.model.firmwares) if version_of(text) <= self.firmware)
