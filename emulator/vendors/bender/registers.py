"""Every Modbus register of both generations.

The one rule: one row per item. Rows of the CC generation say from which firmware on they exist; the ICC generation has
most of the same rows in all its versions. What lies between rows of a served range reads 0.
Source: MENNEKES "ECU Modbus TCP Server Specification" 1.07 unless a row says otherwise.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from ...core.messages import DONE, Outcome, Reason
from ...devices.firmware import Profile
from ...devices.interfaces import Origin
from ...devices.register_maps import bender as places
from ...devices.register_maps.bender import DEVICE_ID, HEX_OFFSET, OCPP_STATES, Place
from ...devices.registers import U16, U32, Bank, Layout, Register, Text
from . import readings
from .models import CC, ICC
from .readings import LARGEST_16, Read, View, attribute, phase, setting

if TYPE_CHECKING:
    from .wallbox import Bender

Row = Register[View, "Bender"]

DOCUMENT: Final = "MENNEKES ECU Modbus TCP specification 1.07"
EVCC: Final = "evcc, charger/bender.go"
HA_4YOU: Final = "Home Assistant integration for AMTRON 4You"
HA_4BUS: Final = "Home Assistant integration for AMTRON 4Business (protocol 1.5)"
OPENEMS: Final = "OpenEMS, io.openems.edge.evse.chargepoint.bender"

NEW: Final = "5.22"
"""First CC firmware with the newer registers and the availability the other way round."""
SOC_SINCE: Final = "5.32"
HEMS_BLOCK_SINCE: Final = "1.5"
NO_VALUE: Final = 0xFFFF_FFFF
USER_ID: Final = range(1110, 1120)
CLOSING: Final = range(730, 747)
"""Registers at whose mention an ICC ends the connection."""
BAD: Final = Outcome(refused=Reason.OUT_OF_RANGE, message="0 or 1")

EXCEPTIONS: Final[dict[Reason, int | None]] = {
    Reason.READ_ONLY: 2,
    Reason.NOT_ALLOWED: 2,
    Reason.OUT_OF_RANGE: 3,
    Reason.UNAUTHORISED: None,
    Reason.NOT_NOW: None,
}
"""ASSUMED all. None: the reply says "done", as a card reader says nothing to an unknown card."""


# --- writes ----------------------------------------------------------------------------------------------------------


def _number(value: object) -> int:
    assert isinstance(value, int)
    return value


def _store(name: str) -> Any:
    """A setting that the logic looks at."""

    def write(box: Bender, value: object, _: Origin) -> Outcome:
        box.settings.put(name, _number(value))
        box.changed()
        return DONE

    return write


def _set_current(box: Bender, value: object, _: Origin) -> Outcome:
    return box.logic.set_current(_number(value))


def _set_tenths(box: Bender, value: object, _: Origin) -> Outcome:
    return box.logic.set_tenths(_number(value))


def _set_power(box: Bender, value: object, _: Origin) -> Outcome:
    return box.logic.set_power(_number(value))


def _availability(box: Bender, value: object, _: Origin) -> Outcome:
    if value not in (0, 1):
        return BAD
    return box.logic.set_available(bool(value))


def _availability_of_old(box: Bender, value: object, _: Origin) -> Outcome:
    if value not in (0, 1):
        return BAD
    return box.logic.set_available(not value)


def _user_id(index: int) -> Any:
    def write(box: Bender, value: object, origin: Origin) -> Outcome:
        return box.modbus.write_user_id(index, _number(value), origin)

    return write


# --- reads -----------------------------------------------------------------------------------------------------------


def _error_bits(v: View) -> object:
    return v.errors.bits


def _whole_and_tenths(name: str, index: int, *, tenths: bool) -> Read:
    """mA. ASSUMED: the fractional part counts tenths, as the REST interface shows one digit."""

    def read(v: View) -> object:
        value = readings.whole(getattr(v, name)[index] * 10)
        return value % 10 if tenths else min(value // 10, LARGEST_16)

    return read


def _clock(instant: Read) -> Read:
    """`hhmmss` in packed decimal digits, 0 without one; an ICC counts seconds since 1970."""

    def read(v: View) -> object:
        at = instant(v)
        if not isinstance(at, int):
            return 0
        moment = v.box.calendar(at)
        return int(moment.timestamp()) if v.box.icc else int(f"{moment:%H%M%S}", 16)

    return read


def _managed(read: Read) -> Read:
    """Only a controller that manages a group tells; others read 0. ASSUMED: the 0."""
    return lambda v: read(v) if v.settings.integer("dlm_mode") in (1, 2) else 0


def _dlm_limit(index: int) -> Read:
    return lambda v: v.logic.dlm_limits[index]


def _applied(index: int) -> Read:
    """A a phase is granted. ASSUMED: what is offered, on the phases in use."""
    return lambda v: v.signalled if index < v.now.phases else 0


def _version(index: int) -> Read:
    def read(v: View) -> object:
        numbers = v.box.profile.firmware.numbers
        return numbers[index] if index < len(numbers) else 0

    return read


def _protocol(v: View) -> str:
    """ASSUMED but `0.12` (a unit with 5.22) and `0.14` (document of 5.33)."""
    if v.box.icc:
        return "1.5" if v.box.profile.has(HEMS_BLOCK_SINCE) else "1.4"
    if v.box.profile.has("5.31"):
        return "0.14"
    return "0.12" if v.box.profile.has(NEW) else "0.9c"


def _user(v: View) -> str:
    return v.uid if v.settings.flag("modbus_user_id_read") else ""


def _or_not(name: str) -> Read:
    return lambda v: int(bool(getattr(v, name)))


def _tenths(v: View) -> object:
    return readings.whole(v.logic.hems_current * 10)


# --- rows ------------------------------------------------------------------------------------------------------------


def _row(
    place: Place | int,
    read: Read | None,
    name: str = "",
    kind: Any = U16,
    write: Any = None,
    *,
    since: str | None = None,
    until: str | None = None,
    source: str = DOCUMENT,
    **more: Any,
) -> Row:
    where = place if isinstance(place, Place) else Place(place, name, kind)
    return where.row(read, write, source=source, since=since, until=until, **more)


def _common(new: str | None) -> Iterator[Row]:
    """Rows of both generations; `new`: the firmware from which on the newer ones exist."""
    yield _row(places.FIRMWARE, lambda v: v.box.profile.firmware.text[:4])
    yield _row(places.STATUS, lambda v: OCPP_STATES.index(v.status))
    for place in places.ERROR_CODES[:3]:
        yield _row(place, lambda _: 0, live=False, about="reserved")
    yield _row(places.ERROR_CODES[3], _error_bits)
    yield _row(places.PROTOCOL, _protocol, assumed="versions that are in no capture", live=False)
    yield _row(places.VEHICLE_STATE, attribute("vehicle"))
    yield _row(places.VEHICLE_STATE_HEX, lambda v: v.vehicle + HEX_OFFSET)
    yield _row(130, setting("address_offset"), "address_offset", write=_store("address_offset"), assumed="no effect")
    yield places.SAFE_CURRENT.row(
        setting("safe_current"), _store("safe_current"), source=DOCUMENT, assumed="default; below 6 A no charging"
    )
    yield places.COMMUNICATION_TIMEOUT.row(
        setting("communication_timeout"), _store("communication_timeout"), source=DOCUMENT, assumed="default; 0: never"
    )
    yield _row(places.HARDWARE_CURRENT, attribute("hardware"))
    yield _row(134, attribute("operator"), "operator_current_limit", since=new, about="A")
    yield _row(135, lambda _: 1, "rcmb_mode", live=False, assumed="1")
    yield _row(136, _whole_and_tenths("residual", 0, tenths=False), "rcmb_rms", about="mA")
    yield _row(137, _whole_and_tenths("residual", 0, tenths=True), "rcmb_rms_fraction", assumed="tenths")
    yield _row(138, _whole_and_tenths("residual", 1, tenths=False), "rcmb_dc", about="mA")
    yield _row(139, _whole_and_tenths("residual", 1, tenths=True), "rcmb_dc_fraction", assumed="tenths")
    yield _row(places.RELAY, attribute("relay"), source=EVCC)
    yield _row(places.DEVICE, lambda _: DEVICE_ID, live=False)
    yield _row(places.MODEL, lambda v: v.box.trait("code"), since=new, live=False)
    yield _row(places.PLUG_LOCK, _or_not("locked"), since=new, assumed="0 with a tethered cable")
    yield from _meter(new)
    yield from _load_management()
    yield from _session(new)
    yield places.HEMS_CURRENT.row(lambda v: v.logic.hems_current, _set_current, source=DOCUMENT, type=U16.cut)


def _meter(new: str | None) -> Iterator[Row]:
    for index in range(3):
        yield _row(places.ENERGY[index], phase("phase_energy", index), missing=NO_VALUE)
        yield _row(places.POWER[index], phase("phase_power", index), missing=NO_VALUE)
        yield _row(places.CURRENT[index], phase("currents", index), missing=NO_VALUE, scale=1000)
        yield _row(places.VOLTAGE[index], phase("voltages", index), missing=NO_VALUE, since=new)
    yield _row(places.TOTAL_ENERGY, attribute("energy"), missing=NO_VALUE, since=new)
    yield _row(places.TOTAL_POWER, attribute("power"), missing=NO_VALUE, since=new)


def _load_management() -> Iterator[Row]:
    yield _row(600, setting("dlm_mode"), "dlm_mode")
    for index in range(3):
        line = index + 1
        name = f"dlm_operator_l{line}"
        yield _row(610 + index, _managed(setting("dlm_limit")), f"dlm_limit_l{line}", about="A")
        yield _row(613 + index, _managed(setting(name)), name, write=_store(name), about="A")
        yield _row(630 + index, _managed(_applied(index)), f"dlm_applied_l{line}", assumed="what is offered", about="A")
        yield _row(633 + index, _managed(_dlm_limit(index)), f"dlm_available_l{line}", about="A")
    yield _row(620, _managed(lambda v: int(v.settings.flag("dlm_external_meter"))), "dlm_external_meter")
    yield _row(621, _managed(setting("dlm_slaves")), "dlm_slaves")


def _session(new: str | None) -> Iterator[Row]:
    yield _row(700, attribute("required_energy"), "ev_required_energy_16", assumed="Wh", about="ISO 15118")
    yield _row(701, lambda _: 0, "departure_time", U32, live=False, assumed="no car tells", about="ISO 15118")
    yield _row(703, lambda _: 0, "departure_date", U32, live=False, assumed="no car tells", about="ISO 15118")
    yield _row(places.SESSION_ENERGY_16, attribute("session_energy"), about="Wh; stays at 65535")
    yield _row(places.SIGNALLED_CURRENT, attribute("signalled"))
    yield _row(places.SESSION_START, _clock(readings.begun), about="hhmmss, packed digits; ICC: Unix time")
    yield _row(places.SESSION_DURATION_16, attribute("session_duration"), about="s; stays at 65535")
    yield _row(710, _clock(readings.ended), "session_end", U32, assumed="0 while it runs", about="as 707")
    yield _row(712, lambda _: readings.MINIMUM_CURRENT, "minimum_current_limit", live=False, about="A")
    yield _row(713, attribute("required_energy"), "ev_required_energy", U32, assumed="Wh", about="ISO 15118")
    yield _row(715, attribute("vehicle_maximum"), "ev_maximum_current", since=new, about="A")
    yield _row(places.SESSION_ENERGY, attribute("session_energy"), since=new)
    yield _row(places.SESSION_DURATION, attribute("session_duration"), since=new)
    yield _row(720, _user, "user_id", Text(10, b" ", "right"), assumed="blanks unless UID disclose is on")


def _evccid(v: View) -> str:
    return v.settings.text("evccid") if v.smart else ""


def _availability_row(write: Any, read: Read, **more: Any) -> Row:
    return places.AVAILABILITY.row(read, write, source=DOCUMENT, **more)


def _available(v: View) -> object:
    return int(v.settings.flag("available"))


def _cc() -> Iterator[Row]:
    for row in _common(NEW):
        yield replace(row, models=CC)
    yield _availability_row(_availability, _available, since=NEW, models=CC, about="1: available")
    yield _availability_row(
        _availability_of_old,
        lambda v: 1 - int(v.settings.flag("available")),
        until=NEW,
        models=CC,
        about="0: available",
    )
    yield _row(
        730, attribute("state_of_charge"), "ev_battery_state", since=SOC_SINCE, models=CC, source=EVCC, about="%"
    )
    yield _row(740, _or_not("smart"), "smart_vehicle", since=NEW, models=CC, source=EVCC)
    yield _row(741, _evccid, "evccid", Text(6), models=CC)
    for index, address in enumerate(USER_ID):
        yield _row(
            address, None, f"authorise_{index}", write=_user_id(index), models=CC, about="2 characters of a user id"
        )


def _icc() -> Iterator[Row]:
    for row in _common(None):
        yield replace(row, models=ICC)
    yield _availability_row(_availability, _available, models=ICC, about="1: available")
    for index, part in enumerate(("major", "minor", "patch")):
        yield _row(153 + index, _version(index), f"version_{part}", models=ICC, source=OPENEMS, live=False)
    yield _row(1001, _tenths, "hems_current_limit_tenths", write=_set_tenths, models=ICC, source=EVCC, about="0.1 A")
    yield _row(1002, setting("hems_power"), "hems_power_limit", write=_set_power, models=ICC, source=EVCC, about="W")
    block: dict[str, Any] = {
        "since": HEMS_BLOCK_SINCE,
        "models": ICC,
        "source": HA_4BUS,
        "assumed": "one register each; first firmware",
    }
    yield _row(2000, lambda v: v.logic.hems_current, "hems_current", U16.cut, _set_current, **block)
    yield _row(2002, setting("hems_power"), "hems_power", write=_set_power, **block)
    yield _row(2011, lambda v: int(v.logic.failsafe.tripped), "hems_communication", **block | {"about": "1: time-out"})
    yield _row(2020, setting("phase_switch_mode"), "phase_switch_mode", **block)
    yield _row(2023, lambda v: v.now.phases, "assigned_phases", **block)


CC_ROWS: Final[tuple[Row, ...]] = tuple(_cc())
ICC_ROWS: Final[tuple[Row, ...]] = tuple(_icc())

OLD_RANGES: Final = (
    range(100, 142),
    range(200, 218),
    range(600, 636),
    range(700, 715),
    range(720, 730),
    range(741, 747),
)
RANGES: Final = (range(100, 153), range(200, 228), range(600, 636), range(700, 730), range(731, 747))
ICC_RANGES: Final = (
    range(100, 156),
    range(200, 228),
    range(600, 636),
    range(700, 730),
    range(1000, 1003),
)
HEMS_RANGE: Final = range(2000, 2024)


def _ranges(profile: Profile) -> tuple[range, ...]:
    if profile.model.id in ICC:
        return (*ICC_RANGES, HEMS_RANGE) if profile.has(HEMS_BLOCK_SINCE) else ICC_RANGES
    return RANGES if profile.has(NEW) else OLD_RANGES


def _without(ranges: Iterable[range], missing: frozenset[int]) -> tuple[range, ...]:
    """The ranges with single registers taken out."""
    if not missing:
        return tuple(ranges)
    kept = [address for part in ranges for address in part if address not in missing]
    return tuple(range(address, address + 1) for address in kept)


def layout(
    profile: Profile,
    *,
    missing: Iterable[int],
    unsupported: int,
    swapped: bool,
    user_id_readable: bool,
) -> Layout[View, Bender]:
    """The registers one box has, and how it refuses the others.

    `missing`: addresses it lacks. `unsupported`: exception code for what is not there. `swapped`: order of the error
    bits. `user_id_readable`: 1110 to 1119 read as 0.
    """
    icc = profile.model.id in ICC
    ranges = (*_ranges(profile), USER_ID) if user_id_readable and not icc else _ranges(profile)
    return _layout(icc, ranges, frozenset(missing), unsupported, swapped)


@lru_cache(maxsize=128)
def _layout(
    icc: bool, ranges: tuple[range, ...], missing: frozenset[int], unsupported: int, swapped: bool
) -> Layout[View, Bender]:
    rows = ICC_ROWS if icc else CC_ROWS
    bank: Bank[View, Bender] = Bank(
        "Modbus holding registers",
        tuple(_adapted(row, swapped) for row in rows if missing.isdisjoint(range(row.address, row.end))),
        fill=0,
        fill_within=_without(ranges, missing),
        refusals={**EXCEPTIONS, Reason.UNKNOWN: unsupported, Reason.WRITE_ONLY: unsupported},
    )
    return Layout({3: (bank,), 6: (bank,), 16: (bank,)})


def _adapted(row: Row, swapped: bool) -> Row:
    """The bits in use have words and bytes the other way round on CC controllers. Source: Bender's document."""
    if swapped and row.name == places.ERROR_CODES[3].name:
        return replace(row, type=U32.low_first.byte_swapped, about="words and bytes swapped")
    return row
