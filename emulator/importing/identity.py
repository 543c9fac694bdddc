"""Which box it is: model and firmware, read out of what it says, or the nearest that is emulated.

The one rule: what a user states wins over what the log says, what the log says over what is usual; every guess is told.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from .. import vendors
from ..captures.capture import Identity
from ..captures.formats import FORMATS
from ..devices.firmware import Version
from ..devices.vendor import Vendor
from ..errors import EmulatorError
from ..vendors.bender.models import TRAITS as BENDER_TRAITS
from ..vendors.keba.models import TRAITS as KEBA_TRAITS
from .boxes import Box, Reading
from .meanings import number_of
from .remarks import Remarks

USUAL: Final = {"goe": "gemini-22", "keba": "keba-p30-c-32", "bender": "cc612", "lektrico": "3p22k"}
"""Where a log does not tell."""


@dataclass(frozen=True, slots=True)
class Device:
    """The emulated box that stands for the one of the log."""

    vendor: Vendor
    model: str
    firmware: str
    rated: float
    """A"""


def device_of(box: Box, model: str | None, firmware: str | None, remarks: Remarks) -> Device:
    """EmulatorError if a stated model or firmware does not exist."""
    vendor = vendors.vendor(box.vendor)
    told = _told(box)
    name = model or told.model or _by_registers(box) or _by_values(box)
    if name is None or all(known.id != name for known in vendor.models):
        if model is not None:
            vendor.model(model)
        name = USUAL.get(box.vendor, vendor.default_model)
        remarks.guessed("model", f"nothing in the log tells the model; {name} is taken (--model)")
    elif model is None and name != told.model:
        remarks.guessed("model", f"{name}, told by its values (--model)")
    else:
        remarks.understood(f"model {name}")
    found = vendor.model(name)
    version = firmware or told.firmware or _firmware_register(box)
    return Device(vendor, name, _firmware(vendor, name, version, firmware, remarks), found.rated_current)


def _told(box: Box) -> Identity:
    for form in FORMATS:
        if form.vendor == box.vendor and box.documents:
            try:
                found = form.identity(box.documents)
            except (ValueError, TypeError, AttributeError, KeyError, AssertionError):
                continue  # a damaged document tells nothing
            if found.model or found.firmware:
                return found
    return Identity()


def _firmware(vendor: Vendor, model: str, told: str | None, stated: str | None, remarks: Remarks) -> str:
    known = vendor.model(model).firmwares
    if stated is not None:
        return vendor.profile(model, stated).firmware.text
    if told is None:
        usual = vendor.model(model).default_firmware
        remarks.guessed("firmware", f"nothing in the log tells the firmware; {usual} is taken (--firmware)")
        return usual
    try:
        version = vendor.profile(model, told).firmware
    except EmulatorError:
        nearest = _nearest(known, told)
        remarks.guessed("firmware", f"{told} is not emulated; {nearest} is the nearest (--firmware)")
        return nearest
    text = next((one for one in known if Version(one) == version), version.text)
    remarks.understood(f"firmware {text}")
    return text


def _nearest(known: Sequence[str], told: str) -> str:
    try:
        wanted = Version(told)
    except ValueError:
        return known[-1]
    older = [text for text in known if Version(text) <= wanted]
    return older[-1] if older else known[0]


# --- registers -------------------------------------------------------------------------------------------------------


def words_at(box: Box, address: int) -> tuple[int, ...] | None:
    """What was last read from an address on."""
    found = None
    for one in box.exchanges:
        if one.values and one.address <= address < one.address + len(one.values):
            found = one.values[address - one.address :]
    return found


def _text(words: tuple[int, ...] | None) -> str:
    data = b"".join(word.to_bytes(2, "big") for word in words or ())
    return data.decode("ascii", "ignore").replace("\0", "").strip()


def _by_registers(box: Box) -> str | None:
    return _REGISTERS[box.vendor](box) if box.exchanges and box.vendor in _REGISTERS else None


def _keba(box: Box) -> str | None:
    words = words_at(box, 1016)
    if words is None or len(words) < 2:
        return None
    code = words[0] << 16 | words[1]
    exact = [name for name, traits in KEBA_TRAITS.items() if traits.code == code]
    return exact[0] if exact else _keba_like(str(code))


def _keba_like(code: str) -> str | None:
    """Product codes name series and current digit by digit; the last two are meter and card reader."""

    def fits(name: str) -> int:
        other = str(KEBA_TRAITS[name].code)
        weights = (8, 1, 4, 6, 2, 1) if len(code) == 6 else (8, 4, 1, 1, 1, 1, 1)
        if len(other) != len(code) or other[0] != code[0]:
            return 0
        return sum(weight for weight, a, b in zip(weights, code, other, strict=False) if a == b)

    best = max(KEBA_TRAITS, key=fits)
    return best if fits(best) else None


def _bender(box: Box) -> str | None:
    text = _text((words_at(box, 142) or ())[:10])
    codes = {name: traits.code for name, traits in BENDER_TRAITS.items()}
    exact = [name for name, code in codes.items() if text and (code == text or text.startswith(code[:8]))]
    if exact:
        return exact[0]
    newer = {1001, 1002, 2001, 2002, 2012, 2013, 2020, 2023}
    if any(one.address in newer for one in box.exchanges):
        tenths = words_at(box, 133)
        return "amtron-4you-560" if tenths == (16,) else "amtron-4you-500"
    return None


_REGISTERS: Final[Mapping[str, Callable[[Box], str | None]]] = {"keba": _keba, "bender": _bender}


def _firmware_register(box: Box) -> str | None:
    if box.vendor == "keba" and (words := words_at(box, 1018)) is not None and len(words) > 1:
        parts = (words[0] >> 8, words[0] & 0xFF, words[1] >> 8)
        return ".".join(map(str, parts)) if parts[0] else None
    if box.vendor == "bender" and (words := words_at(box, 100)) is not None:
        return _text(words[:2]) or None
    return None


# --- values ----------------------------------------------------------------------------------------------------------


def _by_values(box: Box) -> str | None:
    """What values alone tell: the prefix of topics, a meter that counts nothing, phases."""
    if box.vendor == "warp":
        generation = next((n for n in "432" if box.peer.startswith(f"warp{n}")), None)
        if generation is None and box.peer.startswith("warp/"):
            generation = "1"
        return f"warp{generation}-pro-22" if generation is not None else None
    if box.vendor == "keba":
        return _keba_by_values(box.readings)
    if box.vendor == "goe":
        return _goe_by_values(box.readings)
    return None


def _goe_by_values(readings: Sequence[Reading]) -> str | None:
    """The older hardware measures whole volts; more than 16 A are of the larger one."""
    volts = [reading.value for reading in readings if reading.address in ("nrg.0", "nrg.1", "nrg.2")]
    currents = [number_of(r.value) or 0.0 for r in readings if r.address in ("nrg.4", "amp", "acu", "ama", "amt")]
    if _cleared_at_unplug(readings):
        return "core"
    if not volts:
        return None
    power = 22 if any(16.5 < current <= 32 for current in currents) else 11
    return f"v3-{power}" if all(isinstance(one, int) for one in volts) else f"gemini-{power}"


def _cleared_at_unplug(readings: Sequence[Reading]) -> bool:
    """Whether the session's energy is gone without a car, as on the newer platform."""
    charged, car = False, None
    for reading in readings:
        car = reading.value if reading.address == "car" else car
        if reading.address == "wh":
            charged = charged or (number_of(reading.value) or 0.0) > 0
            if charged and car == 1:
                return reading.value == 0
    return False


def _keba_by_values(readings: Sequence[Reading]) -> str | None:
    last: dict[str, object] = {reading.address: reading.value for reading in readings}
    if any(reading.address == "report2.Plug" and reading.value in (0, 1) for reading in readings):
        return "keba-p30-x-32-socket" if last.get("report2.AuthON") == 1 else "keba-p30-c-32-socket"
    if last.get("report2.AuthON") == 1:
        return "keba-p30-x-32"
    hardware = number_of(last.get("report2.Curr HW"))
    return "keba-p30-c-16" if hardware is not None and 0 < hardware <= 20000 else None
