"""What a vendor sells: models, firmware versions, and the profile a wallbox reproduces.

The one rule: a difference between versions or models is data on a row (`since`, `until`, `models`) or a named quirk,
never an `if` on a version string in a handler.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache, total_ordering
from typing import TYPE_CHECKING, Final

from ..core.specs import EvseSpec
from ..errors import EmulatorError, did_you_mean

if TYPE_CHECKING:
    from .settings import Setting
    from .wallbox import Context, Wallbox


@total_ordering
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

    def __hash__(self) -> int:
        return hash(self.numbers)

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return f"Version({self.text!r})"


_version: Final = cache(Version)
"""The version of a text in a row: parsed once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """One model of a vendor. `traits` are what its tables and logic ask for, by name."""

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
    traits: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """The model and firmware version one wallbox reproduces."""

    model: Model
    firmware: Version

    def has(self, since: str | None = None, until: str | None = None) -> bool:
        """Whether the firmware is at least `since` and older than `until`."""
        return (since is None or self.firmware >= _version(since)) and (
            until is None or self.firmware < _version(until)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Vendor:
    """A vendor at a glance; each vendor package exports one as `VENDOR`."""

    id: str
    """`goe`"""
    title: str
    models: tuple[Model, ...]
    default_model: str
    ports: Mapping[str, int]
    """Default port of each interface that listens."""
    real_ports: Mapping[str, int]
    """Ports of the real device, used on an address of its own."""
    settings: tuple[Setting[object], ...]
    create: Callable[[Context], Wallbox]
    everything: Mapping[str, object] = field(default_factory=dict)
    """Settings that switch every interface on, with open access: what the default emulator uses."""
    enable: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    """Per interface (`http`, `modbus`, `mqtt`, ...): settings that switch it on when a scenario lists it."""

    def model(self, name: str | None) -> Model:
        """The model called `name` (None: the default). EmulatorError with a suggestion if there is none."""
        wanted = self.default_model if name is None else name
        for model in self.models:
            if model.id == wanted:
                return model
        raise EmulatorError(f'{self.title} has no model "{wanted}"{did_you_mean(wanted, [m.id for m in self.models])}')

    def profile(self, model: str | None = None, firmware: str | None = None) -> Profile:
        """The profile for a model and firmware (None: their defaults). EmulatorError if unknown."""
        chosen = self.model(model)
        text = firmware if firmware is not None else chosen.default_firmware
        try:
            version = Version(text)
        except ValueError:
            raise EmulatorError(f'"{text}" is not a firmware version; {_known(chosen)}') from None
        if version < Version(chosen.firmwares[0]):
            raise EmulatorError(f'{chosen.id} has no profile for firmware "{text}"; {_known(chosen)}')
        return Profile(model=chosen, firmware=version)


def _known(model: Model) -> str:
    return f"{model.id} has profiles for {', '.join(model.firmwares)}"
