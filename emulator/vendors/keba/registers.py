"""Modbus registers of P30 and P40, with what each model and firmware codes differently.

The one rule: a read is exactly one item at its address; values are those of the UDP reports.
Source: P30 Modbus TCP guide V1.02 where nothing else is said.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

from ...core.messages import Outcome, Reason
from ...devices.interfaces import Origin
from ...devices.register_maps import keba as at
from ...devices.registers import DEVICE_FAILURE, ILLEGAL_VALUE, U16, U32, Bank, Layout, Register
from .logic import MODBUS_SOURCE, OUT_OF_RANGE
from .models import P30, P40
from .readings import Read, View, attribute, phase, setting

if TYPE_CHECKING:
    from .logic import Logic
    from .wallbox import Keba

GUIDE: Final = "P30 Modbus TCP guide V1.02"
EVCC: Final = "evcc, keba-modbus"
OPENEMS: Final = "OpenEMS, evse.chargepoint.keba"
SINCE_FAILSAFE: Final = "3.10.28"
SINCE_PHASES: Final = "3.10.42"
P40_PHASES: Final = "1.3.0"
P40_TENTHS: Final = "1.2.1"

Row = Register[View, "Keba"]
Write = Callable[["Keba", object, Origin], Outcome]


def _row(
    place: at.Place,
    read: Read,
    *,
    source: str = GUIDE,
    since: str | None = None,
    until: str | None = None,
    models: tuple[str, ...] | None = None,
    live: bool = True,
    assumed: str | None = None,
    about: str = "",
) -> Row:
    return Row(
        place.name,
        place.address,
        U32,
        read=read,
        source=source,
        since=since,
        until=until,
        models=models,
        live=live,
        assumed=assumed,
        about=about or place.unit,
    )


def _serial(v: View) -> object:
    digits = "".join(c for c in v.box.serial if c.isdigit())
    return int(digits or 0) & 0xFFFFFFFF


def _product(v: View) -> object:
    return v.box.trait("code")


def _version(v: View) -> object:
    """P30: bytes major, minor, patch, 0; P40: decimal."""
    major, minor, patch = (*v.box.profile.firmware.numbers, 0, 0, 0)[:3]
    if v.box.trait("generation") == "P40":
        return major * 10_000 + minor * 100 + patch
    return major << 24 | minor << 16 | patch << 8


def _tag(v: View) -> object:
    """The first four bytes of the card; 0 without one, or a failure where the box has that oddity."""
    first = int(v.box.log.tag()[:8], 16)
    return Reason.UNREACHABLE if first == 0 and v.box.quirk("tag_exception") else first


def _phases(v: View) -> object:
    """P30: 0 and 1; P40: 1 and 3."""
    three = v.settings.integer("x2")
    return (1, 3)[three] if v.box.trait("generation") == "P40" else three


def _watt_hours(read: Read) -> Read:
    return lambda v: read(v) // 10  # type: ignore[operator]


READABLE: Final[tuple[Row, ...]] = (
    _row(at.CHARGING_STATE, attribute("state")),
    _row(at.CABLE_STATE, attribute("plug")),
    _row(at.ERROR_CODE, attribute("error"), assumed="codes but those of contactor and group 4"),
    *(_row(place, phase("currents", index)) for index, place in enumerate(at.CURRENT)),
    _row(at.SERIAL_NUMBER, _serial, live=False),
    _row(at.PRODUCT_CODE, _product, live=False, about="six digits on a P30, seven on a P40"),
    _row(at.FIRMWARE_VERSION, _version, live=False, about="bytes on a P30, decimal on a P40"),
    _row(at.ACTIVE_POWER, attribute("power")),
    _row(at.TOTAL_ENERGY, attribute("total_energy"), models=P30, source=EVCC, about="0.1 Wh; the guide says Wh"),
    _row(at.TOTAL_ENERGY, attribute("total_energy"), models=P40, since=P40_TENTHS, source=EVCC),
    _row(
        at.TOTAL_ENERGY,
        _watt_hours(attribute("total_energy")),
        models=P40,
        until=P40_TENTHS,
        source=EVCC,
        about="Wh",
    ),
    *(_row(place, phase("voltages", index), source=EVCC) for index, place in enumerate(at.VOLTAGE)),
    _row(at.POWER_FACTOR, attribute("power_factor"), about="0.1 %"),
    _row(at.OFFERED_CURRENT, attribute("offered")),
    _row(at.SUPPORTED_CURRENT, attribute("hardware_current"), assumed="0 without a cable in a socket, as by UDP"),
    _row(at.RFID_TAG, _tag, about="first four bytes; 0: none"),
    _row(at.SESSION_ENERGY, attribute("session_energy"), models=P30, source=EVCC),
    _row(at.SESSION_ENERGY, attribute("session_energy"), models=P40, since=P40_TENTHS, source=EVCC),
    _row(
        at.SESSION_ENERGY,
        _watt_hours(attribute("session_energy")),
        models=P40,
        until=P40_TENTHS,
        source=EVCC,
        about="Wh",
    ),
    _row(at.PHASE_SOURCE, setting("x2src"), since=SINCE_PHASES, models=P30, source=EVCC),
    _row(at.PHASE_SOURCE, setting("x2src"), since=P40_PHASES, models=P40, source=EVCC),
    _row(at.PHASE_STATE, _phases, since=SINCE_PHASES, models=P30, source=EVCC, about="0: one phase, 1: three"),
    _row(at.PHASE_STATE, _phases, since=P40_PHASES, models=P40, source=EVCC, about="1 or 3"),
    _row(at.FAILSAFE_CURRENT, setting("failsafe_current"), since=SINCE_FAILSAFE, models=P30),
    _row(at.FAILSAFE_CURRENT, setting("failsafe_current"), models=P40),
    _row(at.FAILSAFE_TIMEOUT, setting("failsafe_timeout"), since=SINCE_FAILSAFE, models=P30),
    _row(at.FAILSAFE_TIMEOUT, setting("failsafe_timeout"), models=P40),
)


# --- writing ---------------------------------------------------------------------------------------------------------


def _write(action: Callable[[Logic, int], Outcome]) -> Write:
    """Let the logic do it; ASSUMED: a bad value is refused, or confirmed and ignored where the owner wants it so."""

    def write(box: Keba, value: object, _: Origin) -> Outcome:
        assert isinstance(value, int)
        outcome = action(box.logic, value)
        bad = outcome.refused is Reason.OUT_OF_RANGE
        if bad and box.settings.flag("ignores_bad_values"):
            return Outcome(refused=Reason.NOT_NOW, message=outcome.message)
        return outcome

    return write


def _set_current(logic: Logic, value: int) -> Outcome:
    """0 stops a P40; a P30 does not take it. Source: evcc#20860. ASSUMED: it refuses it."""
    p40 = logic.generation == "P40"
    return OUT_OF_RANGE if value == 0 and not p40 else logic.set_current(value)


def _enable(logic: Logic, value: int) -> Outcome:
    return logic.set_enabled(bool(value)) if value in (0, 1) else OUT_OF_RANGE


def _unlock(logic: Logic, value: int) -> Outcome:
    return logic.unlock() if value == 0 else OUT_OF_RANGE


def _save(logic: Logic, value: int) -> Outcome:
    return logic.save_failsafe() if value == 1 else OUT_OF_RANGE


def _command(
    place: at.Place,
    action: Callable[[Logic, int], Outcome],
    *,
    read: Read | None = None,
    source: str = GUIDE,
    since: str | None = None,
    models: tuple[str, ...] | None = None,
    assumed: str | None = None,
    about: str = "",
) -> Row:
    return Row(
        place.name,
        place.address,
        U16,
        read=read,
        write=_write(action),
        source=source,
        since=since,
        models=models,
        assumed=assumed,
        about=about or place.unit,
    )


def _failsafe_rows(models: tuple[str, ...], since: str | None) -> tuple[Row, ...]:
    return (
        _command(at.SET_FAILSAFE_CURRENT, lambda logic, v: logic.set_failsafe_current(v), models=models, since=since),
        _command(
            at.SET_FAILSAFE_TIMEOUT,
            lambda logic, v: logic.set_failsafe_timeout(v),
            models=models,
            since=since,
            about="s; starts the watchdog anew",
        ),
        _command(at.SAVE_FAILSAFE, _save, models=models, since=since, about="1: into the EEPROM"),
    )


def _phase_rows(models: tuple[str, ...], since: str) -> tuple[Row, ...]:
    return (
        _command(
            at.SET_PHASE_SOURCE,
            lambda logic, v: logic.set_phase_source(v),
            models=models,
            since=since,
            source=OPENEMS,
            assumed="3 to 4 without 0 in between is confirmed and ignored",
        ),
        _command(
            at.SWITCH_PHASES,
            lambda logic, v: logic.switch_phases(v, MODBUS_SOURCE),
            models=models,
            since=since,
            source=OPENEMS,
            assumed="within the cool-down, or from another source, it is confirmed and ignored",
            about="0: one phase, 1: three",
        ),
    )


def _limit(logic: Logic, value: int) -> Outcome:
    return logic.limit_energy(value * 100)


WRITABLE: Final[tuple[Row, ...]] = (
    _command(at.SET_CURRENT, _set_current, models=P30, assumed="refusal of 0"),
    _command(at.SET_CURRENT, _set_current, models=P40, read=setting("curr"), source=EVCC, about="mA; 0: stop"),
    _command(at.SET_ENERGY, _limit, models=P30, about="10 Wh"),
    _command(at.UNLOCK_PLUG, _unlock, assumed="confirmed and ignored while not suspended", about="0: unlock"),
    _command(at.SET_ENABLED, _enable, about="0 or 1"),
    *_failsafe_rows(P30, SINCE_FAILSAFE),
    *_failsafe_rows(P40, None),
    *_phase_rows(P30, SINCE_PHASES),
    *_phase_rows(P40, P40_PHASES),
)

REFUSALS: Final[Mapping[Reason, int | None]] = {
    Reason.NOT_NOW: None,
    Reason.OUT_OF_RANGE: ILLEGAL_VALUE,
    Reason.UNREACHABLE: DEVICE_FAILURE,
}
"""ASSUMED: exceptions 2 and 3; 4 was seen in the field. What cannot be done now is confirmed all the same."""

BANK: Final[Bank[View, Keba]] = Bank(
    "Modbus registers", (*READABLE, *WRITABLE), single=True, split=False, refusals=REFUSALS
)
LAYOUT: Final[Layout[View, Keba]] = Layout({3: (BANK,), 6: (BANK,)})
