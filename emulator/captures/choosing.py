"""Which emulated wallbox a capture is compared with.

The one rule: what the user says counts, then what the capture says; what neither says is found by what agrees best,
and told.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from ..devices.catalogue import Catalogue
from ..devices.firmware import Model, Profile, Version
from ..vendors import vendor, vendor_for
from .capture import Capture
from .comparison import Comparer, Comparison
from .emulated import FITTED, emulated


def vendor_of(model: str | None) -> str | None:
    """The vendor of a stated model. EmulatorError if there is no such model."""
    return None if model is None else vendor_for("", model).id


def compare(capture: Capture, *, model: str | None = None, firmware: str | None = None) -> Comparison:
    """Compare with the wallbox of a model and firmware; None: as the capture says, else as fits best.

    EmulatorError if there is no such model or firmware.
    """
    found = vendor(capture.vendor)
    notes: list[str] = []
    chosen = found.model(model or capture.identity.model)
    if model is None and capture.identity.model is None:
        notes.append(f"the capture does not say which model it is from: {chosen.id}, the default")
    if firmware is not None:
        return _with(capture, found.profile(chosen.id, firmware), notes)
    if (version := _version(capture.identity.firmware)) is not None:
        return _with(capture, _nearest(found, chosen, version, notes), notes)
    return _best(capture, found, chosen, notes)


def _with(capture: Capture, profile: Profile, notes: list[str]) -> Comparison:
    """Where it decides what a wallbox can know, with what is fitted in the one that was captured."""
    usual = _against(capture, profile, notes)
    if capture.vendor not in FITTED:
        return usual
    setting, choice, about = FITTED[capture.vendor]
    if not any(difference.source.startswith(about) for difference in usual.differences):
        return usual
    narrow = replace(capture, documents=tuple(one for one in capture.documents if one.source.startswith(about)))
    best, fitted = _against(narrow, profile), None
    for option in choice:
        found = _against(narrow, profile, (), {setting: option})
        if _better(found, best):
            best, fitted = found, option
    if fitted is None:
        return usual
    return _against(capture, profile, (*notes, f"with {setting} {fitted}, which agrees best"), {setting: fitted})


def _against(
    capture: Capture, profile: Profile, notes: Sequence[str] = (), fitted: Mapping[str, object] | None = None
) -> Comparison:
    return Comparer(capture, emulated(capture.vendor, profile, capture.documents, fitted)).compare(notes)


def _version(text: str | None) -> Version | None:
    """The firmware of a capture; None: it says nothing that is a version."""
    return Version(text) if text is not None and any(map(str.isdecimal, re.split(r"[-+_]", text)[0])) else None


def _nearest(found: Catalogue, model: Model, version: Version, notes: list[str]) -> Profile:
    """The profile for the firmware of a capture; older and newer ones than there are get the nearest."""
    text = version.text
    if version < Version(model.firmwares[0]):
        notes.append(f"firmware {text} is older than every profile: compared with {model.firmwares[0]}")
        return found.profile(model.id, model.firmwares[0])
    profile = found.profile(model.id, text, offered=True)
    if profile.stands_in is not None:
        notes.append(f"firmware {text} has no profile of its own: it behaves as {profile.stands_in}")
    return profile


def _best(capture: Capture, found: Catalogue, model: Model, notes: list[str]) -> Comparison:
    """The newest firmware of those that agree best."""
    best: Comparison | None = None
    for text in reversed(model.firmwares):
        candidate = _with(capture, found.profile(model.id, text), [])
        if best is None or _better(candidate, best):
            best = candidate
    assert best is not None
    note = f"the capture does not say which firmware it is from: {best.profile.firmware} agrees best"
    return replace(best, notes=(*notes, note, *best.notes))


def _better(one: Comparison, other: Comparison) -> bool:
    """Whether more agrees; of two that agree in as many fields, whether fewer differ."""

    def rank(found: Comparison) -> tuple[int, int]:
        return found.fields - len(found.differences), -len(found.differences)

    return rank(one) > rank(other)
