"""Modbus registers of P30 and P40, with what each model and firmware codes differently.

The one rule: a read is exactly one item at its address; values are those of the UDP reports.
Source: P30 Modbus TCP guide V1.02 where nothing else is said.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, Unpack

from ...core.messages import Outcome, Reason
from ...devices.interfaces import Origin
from ...devices.register_maps import keba as at
from ...devices.register_maps.place import Place
from ...devices.registers import DEVICE_FAILURE, ILLEGAL_VALUE, Bank, Layout, Register, RegisterFacts
from . import controls
from .logic import OUT_OF_RANGE, Logic
from .models import P30, P40
from .quirks import TAG_EXCEPTION
from .readings import Read, View, stored
from .settings import CURR, FAILSAFE_CURRENT, FAILSAFE_TIMEOUT, IGNORES_BAD_VALUES, X2, X2SRC

GUIDE: Final = "P30 Modbus TCP guide V1.02"
EVCC: Final = "evcc, keba-modbus"
OPENEMS: Final = "OpenEMS, evse.chargepoint.keba"
SINCE_FAILSAFE: Final = "3.10.28"
SINCE_PHASES: Final = "3.10.42"
P40_PHASES: Final = "1.3.0"
P40_TENTHS: Final = "1.2.1"

Row = Register[View, Logic]
Write = Callable[[Logic, object, Origin], Outcome]


def _row(place: Place, read: Read, *, source: str = GUIDE, **facts: Unpack[RegisterFacts]) -> Row:
    return place.row(read, source=source, **facts)


def _serial(v: View) -> object:
    digits = "".join(c for c in v.build.serial if c.isascii() and c.isdigit())[-10:]
    return int(digits or 0) & 0xFFFFFFFF


def _version(v: View) -> object:
    """P30: bytes major, minor, patch, 0; P40: decimal."""
    major, minor, patch = v.build.version
    if v.build.p40:
        return major * 10_000 + minor * 100 + patch
    return major << 24 | minor << 16 | patch << 8


def _tag(v: View) -> object:
    """The first four bytes of the card; 0 without one, or a failure where the wallbox has that oddity."""
    first = int(v.logic.log.tag()[:8], 16)
    return Reason.UNREACHABLE if first == 0 and v.shows(TAG_EXCEPTION) else first


def _current(index: int) -> Read:
    return lambda v: v.currents[index]


def _voltage(index: int) -> Read:
    return lambda v: v.voltages[index]


def _energy(place: Place, read: Callable[[View], int], about: str) -> tuple[Row, ...]:
    """0.1 Wh; old P40 count Wh."""
    return (
        _row(place, read, models=P30, source=EVCC, about=about),
        _row(place, read, models=P40, since=P40_TENTHS, source=EVCC),
        _row(place, lambda v: read(v) // 10, models=P40, until=P40_TENTHS, source=EVCC, about="Wh"),
    )


READABLE: Final[tuple[Row, ...]] = (
    _row(at.CHARGING_STATE, lambda v: v.state),
    _row(at.CABLE_STATE, lambda v: v.plug),
    _row(at.ERROR_CODE, lambda v: v.error, assumed="codes but those of contactor and group 4"),
    *(_row(place, _current(index)) for index, place in enumerate(at.CURRENT)),
    _row(at.SERIAL_NUMBER, _serial, live=False),
    _row(at.PRODUCT_CODE, lambda v: v.build.traits.code, live=False, about="six digits on a P30, seven on a P40"),
    _row(at.FIRMWARE_VERSION, _version, live=False, about="bytes on a P30, decimal on a P40"),
    _row(at.ACTIVE_POWER, lambda v: v.power),
    *_energy(at.TOTAL_ENERGY, lambda v: v.total_energy, "0.1 Wh; the guide says Wh"),
    *(_row(place, _voltage(index), source=EVCC) for index, place in enumerate(at.VOLTAGE)),
    _row(at.POWER_FACTOR, lambda v: v.power_factor, about="0.1 %"),
    _row(at.OFFERED_CURRENT, lambda v: v.offered),
    _row(at.SUPPORTED_CURRENT, lambda v: v.hardware_current, assumed="0 without a cable in a socket, as by UDP"),
    _row(at.RFID_TAG, _tag, about="first four bytes; 0: none"),
    *_energy(at.SESSION_ENERGY, lambda v: v.session_energy, "0.1 Wh"),
    _row(at.PHASE_SOURCE, stored(X2SRC), since=SINCE_PHASES, models=P30, source=EVCC),
    _row(at.PHASE_SOURCE, stored(X2SRC), since=P40_PHASES, models=P40, source=EVCC),
    _row(at.PHASE_STATE, lambda v: v.phase_switch, since=SINCE_PHASES, models=P30, source=EVCC,
        assumed="0 without a source, as by UDP", about="0: one phase, 1: three"),
    _row(at.PHASE_STATE, lambda v: (1, 3)[v.settings[X2]], since=P40_PHASES, models=P40, source=EVCC, about="1 or 3"),
    _row(at.FAILSAFE_CURRENT, stored(FAILSAFE_CURRENT), since=SINCE_FAILSAFE, models=P30),
    _row(at.FAILSAFE_CURRENT, stored(FAILSAFE_CURRENT), models=P40),
    _row(at.FAILSAFE_TIMEOUT, stored(FAILSAFE_TIMEOUT), since=SINCE_FAILSAFE, models=P30),
    _row(at.FAILSAFE_TIMEOUT, stored(FAILSAFE_TIMEOUT), models=P40),
)  # fmt: skip


def _command(
    place: Place, write: Write, *, read: Read | None = None, source: str = GUIDE, **facts: Unpack[RegisterFacts]
) -> Row:
    """ASSUMED: a bad value is refused, or confirmed and ignored where the owner wants it so."""

    def confirm(logic: Logic, value: object, origin: Origin) -> Outcome:
        outcome = write(logic, value, origin)
        if outcome.refused is Reason.OUT_OF_RANGE and logic.settings[IGNORES_BAD_VALUES]:
            return Outcome(refused=Reason.NOT_NOW, message=outcome.message)
        return outcome

    return place.row(read, confirm, source=source, **facts)


def _energy_limit(logic: Logic, value: object, origin: Origin) -> Outcome:
    assert isinstance(value, int)
    return controls.ENERGY.write(logic, value * 100, origin)


def _enable(logic: Logic, value: object, origin: Origin) -> Outcome:
    return controls.ENABLE.write(logic, bool(value), origin) if value in (0, 1) else OUT_OF_RANGE


def _unlock(logic: Logic, value: object, _: Origin) -> Outcome:
    return logic.unlock() if value == 0 else OUT_OF_RANGE


def _save(logic: Logic, value: object, _: Origin) -> Outcome:
    return logic.save_failsafe() if value == 1 else OUT_OF_RANGE


def _failsafe(models: tuple[str, ...], since: str | None) -> tuple[Row, ...]:
    return (
        _command(at.SET_FAILSAFE_CURRENT, controls.SAFE_CURRENT.write, models=models, since=since),
        _command(
            at.SET_FAILSAFE_TIMEOUT,
            controls.SAFE_TIMEOUT.write,
            models=models,
            since=since,
            about="s; the watchdog starts again",
        ),
        _command(at.SAVE_FAILSAFE, _save, models=models, since=since, about="1: into the EEPROM"),
    )


def _phases(models: tuple[str, ...], since: str) -> tuple[Row, ...]:
    return (
        _command(
            at.SET_PHASE_SOURCE,
            controls.PHASE_SOURCE.write,
            models=models,
            since=since,
            source=OPENEMS,
            assumed="3 to 4 without 0 in between is confirmed and ignored",
        ),
        _command(
            at.SWITCH_PHASES,
            controls.MODBUS_PHASES.write,
            models=models,
            since=since,
            source=OPENEMS,
            assumed="within the cool-down, or from another source, it is confirmed and ignored",
            about="0: one phase, 1: three",
        ),
    )


WRITABLE: Final[tuple[Row, ...]] = (
    _command(at.SET_CURRENT, controls.CURRENT_P30.write, models=P30, sets="curr", assumed="refusal of 0"),
    _command(at.SET_CURRENT, controls.CURRENT.write, models=P40, read=stored(CURR), source=EVCC, about="mA; 0: stop"),
    _command(at.SET_ENERGY, _energy_limit, models=P30),
    _command(at.UNLOCK_PLUG, _unlock, assumed="confirmed and ignored while not suspended", about="0: unlock"),
    _command(at.SET_ENABLED, _enable, sets="ena", about="0 or 1"),
    *_failsafe(P30, SINCE_FAILSAFE),
    *_failsafe(P40, None),
    *_phases(P30, SINCE_PHASES),
    *_phases(P40, P40_PHASES),
)  # fmt: skip

REFUSALS: Final[Mapping[Reason, int | None]] = {
    Reason.NOT_NOW: None,
    Reason.OUT_OF_RANGE: ILLEGAL_VALUE,
    Reason.UNREACHABLE: DEVICE_FAILURE,
}
"""ASSUMED: exceptions 2 and 3; 4 was seen in the field. What cannot be done now is confirmed all the same."""

BANK: Final[Bank[View, Logic]] = Bank(
    "Modbus registers", (*READABLE, *WRITABLE), single=True, split=False, refusals=REFUSALS
)
LAYOUT: Final[Layout[View, Logic]] = Layout({3: (BANK,), 6: (BANK,)})
