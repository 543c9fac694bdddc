"""The vendors. The one rule: a package is imported when its vendor is asked for, not before."""

from __future__ import annotations

from importlib import import_module
from typing import Final

from ..devices.firmware import Vendor
from ..errors import EmulatorError, did_you_mean

PACKAGES: Final = ("goe", "warp", "nrgkick", "lektrico", "bender", "keba")
"""Every vendor, in the order of the default emulator. A new one is added here."""

VENDOR_OF_MODEL: Final = {
    "gemini-11": "goe",
    "gemini-22": "goe",
    "gemini-2-11": "goe",
    "gemini-2-22": "goe",
    "v3-11": "goe",
    "v3-22": "goe",
    "pro": "goe",
    "core": "goe",
    "warp1-smart-11": "warp",
    "warp1-smart-22": "warp",
    "warp1-pro-11": "warp",
    "warp1-pro-22": "warp",
    "warp2-smart-11": "warp",
    "warp2-smart-22": "warp",
    "warp2-pro-11": "warp",
    "warp2-pro-22": "warp",
    "warp3-smart-11": "warp",
    "warp3-smart-22": "warp",
    "warp3-pro-11": "warp",
    "warp3-pro-22": "warp",
    "warp4-smart-11": "warp",
    "warp4-smart-22": "warp",
    "warp4-pro-11": "warp",
    "warp4-pro-22": "warp",
    "warp4-eichrecht-11": "warp",
    "warp4-eichrecht-22": "warp",
    "nrgkick-32": "nrgkick",
    "nrgkick-16": "nrgkick",
    "nrgkick-sim-32": "nrgkick",
    "nrgkick-sim-16": "nrgkick",
    "3p22k": "lektrico",
    "1p7k": "lektrico",
    "lektrico-one": "lektrico",
    "lektrico-em": "lektrico",
    "lektrico-3em": "lektrico",
    "cc612": "bender",
    "cc612-socket": "bender",
    "cc612-schuko": "bender",
    "cc612-no-rfid": "bender",
    "cc613": "bender",
    "cc613-socket": "bender",
    "amtron-professional": "bender",
    "amtron-professional-plus": "bender",
    "amtron-professional-pnc": "bender",
    "amtron-professional-twincharge": "bender",
    "amedio-professional": "bender",
    "amedio-professional-pnc": "bender",
    "amtron-chargecontrol-11": "bender",
    "amtron-chargecontrol-22": "bender",
    "webasto-live": "bender",
    "juice-charger-me": "bender",
    "technivolt": "bender",
    "ebee-wallbox": "bender",
    "optec-mobility-one": "bender",
    "garo-glb": "bender",
    "garo-glb-plus": "bender",
    "garo-ls4": "bender",
    "garo-ls4-compact": "bender",
    "ensto-chago": "bender",
    "ubitricity-heinz": "bender",
    "cubos-c11e": "bender",
    "cubos-c22e": "bender",
    "spelsberg-wallbox-smart-pro": "bender",
    "sma-ev-charger-business": "bender",
    "amtron-4you-500": "bender",
    "amtron-4business-700": "bender",
    "amtron-4business-710": "bender",
    "keba-p30-c-32": "keba",
    "keba-p30-c-32-socket": "keba",
    "keba-p30-c-16": "keba",
    "keba-p30-c-16-socket": "keba",
    "keba-p30-x-32": "keba",
    "keba-p30-x-32-socket": "keba",
    "keba-p30-x-16": "keba",
    "keba-p30-de": "keba",
    "keba-p40": "keba",
    "keba-p40-16": "keba",
    "keba-p40-socket": "keba",
    "keba-p40-pro": "keba",
    "keba-p40-pro-socket": "keba",
    "keba-p20": "keba",
    "keba-p20-rfid": "keba",
    "bmw-wallbox-connect": "keba",
    "bmw-wallbox-plus": "keba",
    "bmw-wallbox-plus-socket": "keba",
    "solaredge-home-ev": "keba",
    "eaton-xchargein": "keba",
}
"""Model id to vendor, so that a scenario's `model:` is found without importing every package; a test keeps it true."""


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
