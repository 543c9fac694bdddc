"""The vendors. The one rule: but for its models, a package is imported when its vendor is asked for, not before."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Final

from ..devices.vendor import Vendor
from ..errors import EmulatorError, did_you_mean

DEFAULT: Final = ("goe", "warp", "nrgkick", "lektrico", "bender", "keba")
"""The vendors of the default emulator, in its order. A new one is added here."""
PACKAGES: Final = (*DEFAULT, "eebus")
"""Every vendor."""

VENDOR_OF_MODEL: Final[Mapping[str, str]] = {
    model.id: name for name in PACKAGES for model in import_module(f"{__name__}.{name}.models").MODELS
}
"""Model id to vendor, so that a scenario's `model:` is found by importing the modules of models only."""


def vendor(name: str) -> Vendor:
    """The vendor called `name`. EmulatorError with a suggestion if there is none."""
    if name not in PACKAGES:
        raise EmulatorError(f'there is no vendor "{name}"{did_you_mean(name, PACKAGES)}')
    found = import_module(f"{__name__}.{name}.vendor").VENDOR
    assert isinstance(found, Vendor)
    return found


def vendor_for(name: str, model: str | None) -> Vendor:
    """The vendor of a wallbox called `name` with an optional model. EmulatorError with a suggestion if unknown."""
    if model is not None:
        if model not in VENDOR_OF_MODEL:
            raise EmulatorError(f'there is no wallbox model "{model}"{did_you_mean(model, VENDOR_OF_MODEL)}')
        return vendor(VENDOR_OF_MODEL[model])
    if name not in PACKAGES:
        raise EmulatorError(f'wallbox "{name}" needs a model{did_you_mean(name, PACKAGES)}')
    return vendor(name)
