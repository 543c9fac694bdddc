"""How each vendor's box is told what to do, and which of its values are settings.

The one rule: rows; a value whose name is that of a setting needs none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

from ..devices.settings import Setting
from .meanings import number_of

Write = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Words:
    """One vendor's."""

    pause: Write
    resume: Write
    limit: str
    """The value that limits the current."""
    limit_scale: float = 1.0
    """Of it, per A."""


WORDS: Final[Mapping[str, Words]] = {
    "goe": Words({"frc": 1}, {"frc": 0}, "amp"),
    "warp": Words({"evse/stop_charging": None}, {"evse/start_charging": None}, "evse/external_current.current", 1000),
    "keba": Words({"ena": 0}, {"ena": 1}, "curr", 1000),
    "bender": Words({"modbus.1000": 0}, {"modbus.1000": 32}, "modbus.1000"),
    "nrgkick": Words({"control.charge_pause": 1}, {"control.charge_pause": 0}, "control.current_set"),
    "lektrico": Words({"dynamic_current": 0}, {"dynamic_current": 32}, "dynamic_current"),
}

CONNECT: Final = Words(
    {"settings.Values.ChargingStatus.Charging": False},
    {"settings.Values.ChargingStatus.Charging": True},
    "settings.Values.ChargingCurrent.Value",
)
"""NRGkick of the first generation."""


def words_of(vendor: str, model: str) -> Words:
    """How a model is told what to do."""
    return CONNECT if model.startswith("nrgkick-connect") else WORDS[vendor]


class Shows(NamedTuple):
    """A value that shows a setting under another name."""

    address: str
    """A regular expression for all of it."""
    setting: str
    factor: float = 1
    """From the value to the setting."""
    written: bool = False
    """A client sets it by the name of the setting."""


SETTINGS: Final[Mapping[str, tuple[Shows, ...]]] = {
    "keba": (
        Shows(r"report2\.Enable user", "ena", written=True),
        Shows(r"report2\.Curr user", "curr", written=True),
        Shows(r"report2\.Curr FS|modbus:failsafe_current", "failsafe_current"),
        Shows(r"report2\.Tmo FS|modbus:failsafe_timeout", "failsafe_timeout"),
        Shows(r"report2\.Setenergy", "setenergy", written=True),
        Shows(r"report2\.Output", "output", written=True),
        Shows(r"report2\.Input", "x1"),
        Shows(r"report2\.X2 phaseSwitch source", "x2src", written=True),
        Shows(r"report2\.X2 phaseSwitch", "x2", written=True),
        Shows(r"modbus:phase_switch_source", "x2src"),
        Shows(r"modbus:phase_switch_state", "x2"),
        Shows(r"report2\.AuthON", "authorisation"),
        Shows(r"report2\.Curr HW|modbus:max_supported_current", "dip_current", 0.001),
        Shows(r"report1\.timeQ", "time_quality"),
        Shows(r"report1\.Backend", "backend"),
        Shows(r"report100\.Session ID", "session_counter"),
    ),
    "bender": (
        Shows(r"modbus:hems_current_limit|modbus:hems_current|rest\.energy_man_current", "hems_current"),
        Shows(r"modbus:hems_current_(?:limit_)?tenths", "hems_tenths"),
        Shows(r"modbus:hems_power_limit", "hems_power"),
        Shows(r"rest\.max_current", "operator_current"),
        Shows(r"rest\.auth_\w+", "free_charging"),
    ),
    "nrgkick": (
        Shows(r"settings\.Values\.ChargingCurrent\.Value", "current_set"),
        Shows(r"settings\.Values\.ChargingEnergy\.Value", "energy_shown"),
        Shows(r"settings\.Values\.Settings\.Average_kWh_consumption\.Value", "average_consumption"),
    ),
}


def written_as(vendor: str, address: str) -> str:
    """The name by which a client sets what it reads at an address."""
    rows = SETTINGS.get(vendor, ())
    return next((row.setting for row in rows if row.written and re.fullmatch(row.address, address)), address)


def settings_for(
    vendor: str, address: str, name: str, value: object, rows: Mapping[str, Setting[object]]
) -> Iterator[tuple[str, object]]:
    """Settings that would make a value what it is, with their values."""
    for row in SETTINGS.get(vendor, ()):
        if row.setting in rows and re.fullmatch(row.address, name or address):
            yield from _accepted(rows[row.setting], value, row.factor)
    last = (name or address).rpartition(".")[2].rpartition(":")[2]
    if last in rows:
        yield from _accepted(rows[last], value, 1)


def _accepted(row: Setting[object], value: object, factor: float) -> Iterator[tuple[str, object]]:
    for form in _forms(value, factor):
        try:
            taken = row.check(form)
        except (ValueError, TypeError, AttributeError, KeyError):
            continue
        yield row.name, taken if isinstance(taken, bool | int | float | str | None) else form
        return


def _forms(value: object, factor: float) -> Iterator[object]:
    """A value as it is, as a number, and as a truth value."""
    number = number_of(value)
    if number is not None and factor != 1:
        number *= factor
    elif factor == 1:
        yield value
    if number is not None:
        if number == int(number):
            yield int(number)
        yield number
        if number in (0, 1):
            yield bool(number)
        if 0 <= number <= 0xFFFFFF and number == int(number):
            yield f"#{int(number):06X}"  # a colour
    if value in ("on", "off"):
        yield value == "on"
