"""The vendors. The one rule: but for its models, a package is imported when its vendor is asked for, not before.

Three kinds: packages here, device packs in YAML (`packs`), and what other Python packages bring by the entry point
`charger_emulator.vendors`, or a user names in CHARGER_EMULATOR_PACKS; these are looked for when a name is none of ours.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from functools import cache, cached_property
from importlib import import_module
from pathlib import Path
from typing import Final

from ..devices.vendor import Vendor
from ..errors import EmulatorError, did_you_mean
from ..language.outside import PREFIX, entry_points
from . import packs

DEFAULT: Final = ("goe", "warp", "nrgkick", "lektrico", "bender", "keba")
"""The vendors of the default emulator, in its order. A new one is added here."""
PACKAGES: Final = (*DEFAULT, "eebus")
"""Every vendor that is a package."""
OWN: Final = (*PACKAGES, *packs.BUILT_IN)
"""Every vendor of this distribution."""
ENTRY_POINTS: Final = f"{PREFIX}vendors"
"""Group of entry points: each is a `Vendor`, or the path of a pack."""
PACKS: Final = "CHARGER_EMULATOR_PACKS"
"""Variable with device packs: files, or folders of them, separated as in PATH."""
_STATED: Final[dict[str, Vendor]] = {}
"""Vendors of the packs that scenarios name; the one that was read last, where two have a name in common."""


def names() -> tuple[str, ...]:
    """Every vendor there is, those from outside included."""
    return (*OWN, *(name for name in _outside() if name not in OWN), *_STATED)


def vendor(name: str) -> Vendor:
    """The vendor called `name`. EmulatorError with a suggestion if there is none."""
    if name in PACKAGES:
        found = import_module(f"{__name__}.{name}.vendor").VENDOR
        assert isinstance(found, Vendor)
        return found
    if name in packs.BUILT_IN:
        return packs.built_in(name)
    if name in _STATED:
        return _STATED[name]
    if name not in _outside():
        raise EmulatorError(f'there is no vendor "{name}"{did_you_mean(name, names())}')
    return _outside()[name]


def vendor_for(name: str, model: str | None) -> Vendor:
    """The vendor of a wallbox called `name` with an optional model. EmulatorError with a suggestion if unknown."""
    if model is not None:
        if model not in VENDOR_OF_MODEL:
            raise EmulatorError(f'there is no wallbox model "{model}"{did_you_mean(model, VENDOR_OF_MODEL)}')
        return vendor(VENDOR_OF_MODEL[model])
    if name not in OWN and name not in names():
        raise EmulatorError(f'wallbox "{name}" needs a model{did_you_mean(name, names())}')
    return vendor(name)


def state_pack(file: Path) -> Vendor:
    """A pack that a scenario names. ScenarioError for what is wrong in it; EmulatorError if its name is taken."""
    found = packs.from_file(file)
    if found.id in OWN or found.id in _outside():
        raise EmulatorError(f'{file}: there is a vendor "{found.id}" already')
    _STATED[found.id] = found
    return found


class _Models(Mapping[str, str]):
    """Model id to vendor. Packs and what is outside are looked at when a model is none of the packages'."""

    @cached_property
    def _own(self) -> dict[str, str]:
        return {model.id: name for name in PACKAGES for model in import_module(f"{__name__}.{name}.models").MODELS}

    def __getitem__(self, model: str) -> str:
        if model in OWN:  # the name of a vendor stands where that of a model may: nobody need be asked
            raise KeyError(model)
        if model in self._own:
            return self._own[model]
        return self._others()[model]

    def __iter__(self) -> Iterator[str]:
        yield from self._own
        yield from self._others()

    def __len__(self) -> int:
        return len(self._own) + len(self._others())

    def _others(self) -> dict[str, str]:
        return {model.id: name for name in names()[len(PACKAGES) :] for model in vendor(name).models}


VENDOR_OF_MODEL: Final[Mapping[str, str]] = _Models()


@cache
def _outside() -> Mapping[str, Vendor]:
    """Vendors of other packages, and of the packs that the environment names."""
    found: dict[str, Vendor] = {}
    for vendor_found, where in (*_of_entry_points(), *_of_environment()):
        if vendor_found.id in OWN or vendor_found.id in found:
            raise EmulatorError(f'{where}: there is a vendor "{vendor_found.id}" already')
        found[vendor_found.id] = vendor_found
    return found


def _of_entry_points() -> Iterator[tuple[Vendor, str]]:
    for _, where, loaded in entry_points(ENTRY_POINTS):
        if isinstance(loaded, Vendor):
            yield loaded, where
        elif isinstance(loaded, str | os.PathLike):
            yield packs.from_file(Path(loaded)), where
        else:
            raise EmulatorError(f"{where}: found {type(loaded).__name__}, expected a Vendor, or the path of a pack")


def _of_environment() -> Iterator[tuple[Vendor, str]]:
    for stated in filter(None, os.environ.get(PACKS, "").split(os.pathsep)):
        path = Path(stated)
        files = sorted(path.glob("*.yaml")) if path.is_dir() else [path]
        yield from ((packs.from_file(file), str(file)) for file in files)
