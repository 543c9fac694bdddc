"""Every Modbus register of both generations.

The one rule: one row per item. Rows of the CC generation say from which firmware on they exist; the ICC generation has
most of the same rows in all its versions, some with other numbers. What lies between rows of a served range reads 0.
Source: MENNEKES "ECU Modbus TCP Server Specification" 1.07 unless a row says otherwise; for an ICC the register page of
a 4Business 710 with 1.5.21 and a dump of a 4You 560.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Final, Unpack

from ...core.instant import Instant
from ...core.states import EvseState
from ...devices.register_maps import bender as places
from ...devices.register_maps.place import Place
from ...devices.registers import U16, U32, Register, RegisterFacts, Text, WireType
from . import controls
from .controls import Write
from .logic import Logic
from .models import CC, ICC
from .readings import LARGEST_16, MINIMUM_CURRENT, Read, View, begun, ended, stored, whole
from .releases import HEMS_BLOCK_SINCE, NEW
from .settings import (
    ADDRESS_OFFSET,
    AVAILABLE,
    COMMUNICATION_TIMEOUT,
    DEVICE_NAME,
    DLM_EXTERNAL_METER,
    DLM_LIMIT,
    DLM_MODE,
    DLM_OPERATOR,
    DLM_SLAVES,
    ENERGY_MANAGEMENT,
    EVCCID,
    FREE_CHARGING,
    HEMS_POWER,
    PHASE_SWITCH_MODE,
    PHASE_SWITCH_PAUSE,
    SAFE_CURRENT,
    SATELLITE_FALLBACK,
    SATELLITES_IN_FALLBACK,
    USER_ID_READ,
)
from .user_id import USER_ID

Row = Register[View, Logic]

DOCUMENT: Final = "MENNEKES ECU Modbus TCP specification 1.07"
EVCC: Final = "evcc, charger/bender.go"
OPENEMS: Final = "OpenEMS, io.openems.edge.evse.chargepoint.bender"

SOC_SINCE: Final = "5.32"
NO_VALUE: Final = 0xFFFF_FFFF
PAGE: Final = (
    "register page of a 4Business 710 (willeja/ha-mennekes-amtron-hacs), dump of a 4You 560 (nobelp/mennekes-amtron-ha)"
)
ICC_STATES: Final = (
    "undefined", "available", "preparing", "charging", "suspendedevse", "suspendedev", "finishing", "reserved",
    "unavailable", "faulted",
)  # fmt: skip
"""By the number in 104 of an ICC."""
ICC_DEVICE_ID: Final = int.from_bytes(b"AM", "big")
AUTOSTART, AUTHORISED, NOT_AUTHORISED = 0, 1, 2
"""2030 of an ICC."""
SERVER_MODES: Final = {"off": 0, "read": 1, "read_write": 2}
"""2010 of an ICC."""
ICC_OPEN, ICC_CLOSED, ICC_NO_LATCH = 1, 2, 3
"""152 of an ICC."""
UNTOLD: Final = "no car tells"


# --- readers ---------------------------------------------------------------------------------------------------------


def _whole(milliamperes: float) -> int:
    return min(whole(milliamperes * 10) // 10, LARGEST_16)


def _fraction(milliamperes: float) -> int:
    """ASSUMED: tenths, as the REST interface shows one digit."""
    return whole(milliamperes * 10) % 10


def _clock(instant: Callable[[View], Instant | None]) -> Read:
    """`hhmmss` in packed decimal digits, 0 without one."""

    def read(v: View) -> object:
        at = instant(v)
        return 0 if at is None else int(f"{v.calendar(at):%H%M%S}", 16)

    return read


def _managed(read: Read) -> Read:
    """Only a controller that manages a group tells; others read 0. ASSUMED: the 0."""
    return lambda v: read(v) if v.settings[DLM_MODE] in (1, 2) else 0


def _of_phase(read: Callable[[View], tuple[object, ...]], index: int) -> Read:
    return lambda v: read(v)[index]


def _applied(index: int) -> Read:
    """What a phase is granted [A]. ASSUMED: what is offered, on the phases in use."""
    return lambda v: v.signalled if index < v.now.phases else 0


def _version(index: int) -> Read:
    return lambda v: v.build.version[index] if index < len(v.build.version) else 0


def _available(v: View) -> int:
    return int(v.settings[AVAILABLE])


def _icc_current(v: View) -> float:
    return _or_pause(v.logic.hems_current)


def _tenths(v: View) -> int:
    return whole(v.logic.hems_current * 10)


def _or_pause(amperes: float) -> float:
    """An ICC reads 0 for what is too little to charge."""
    return amperes if amperes >= MINIMUM_CURRENT else 0


def _icc_state(v: View) -> int:
    """ASSUMED: undefined for the state that OCPP 1.5 calls occupied."""
    return ICC_STATES.index(v.status) if v.status in ICC_STATES else 0


def _icc_latch(v: View) -> int:
    if not v.build.socket:
        return ICC_NO_LATCH
    return ICC_CLOSED if v.locked else ICC_OPEN


def _assigned_phases(v: View) -> int:
    """0 none, 1 one, 2 three. ASSUMED: none while the contactor is open."""
    if not v.now.contactor:
        return 0
    return 1 if v.now.phases == 1 else 2


def _authorisation(v: View) -> int:
    if v.settings[FREE_CHARGING]:
        return AUTOSTART
    return AUTHORISED if v.authorisation == "authorized_for_charging" else NOT_AUTHORISED


def _consumed(index: int) -> Read:
    """What the group takes on a phase: this charger, and the fall-back current of each member not reached [A]."""

    def read(v: View) -> object:
        others = v.settings[SATELLITES_IN_FALLBACK] * v.settings[SATELLITE_FALLBACK]
        return min(whole(v.now.phase_current[index]) + others, LARGEST_16)

    return read


def _hems_power(v: View) -> int:
    """0 below the least, and never more than the most."""
    watts = v.settings[HEMS_POWER]
    return min(watts, v.most_power) if watts >= v.least_power else 0


# --- rows ------------------------------------------------------------------------------------------------------------


def _row(
    place: Place | int,
    read: Read | None,
    name: str = "",
    kind: WireType = U16,
    write: Write | None = None,
    *,
    source: str = DOCUMENT,
    **facts: Unpack[RegisterFacts],
) -> Row:
    where = place if isinstance(place, Place) else Place(place, name, kind)
    return where.row(read, write, source=source, **facts)


def _common(new: str | None) -> Iterator[Row]:
    """Rows of both generations; `new`: the firmware from which on the newer ones exist."""
    for place in places.ERROR_CODES[:3]:
        yield _row(place, lambda _: 0, live=False, about="reserved")
    yield _row(places.ERROR_CODES[3], lambda v: v.errors.bits)
    yield _row(places.PROTOCOL, lambda v: v.build.release.name, assumed="versions that are in no capture", live=False)
    yield _row(places.VEHICLE_STATE, lambda v: v.vehicle)
    yield _row(places.VEHICLE_STATE_HEX, lambda v: v.vehicle + places.HEX_OFFSET)
    yield _row(130, stored(ADDRESS_OFFSET), "address_offset", write=controls.OFFSET.write, assumed="no effect")
    yield _row(
        places.COMMUNICATION_TIMEOUT,
        stored(COMMUNICATION_TIMEOUT),
        write=controls.TIMEOUT.write,
        assumed="default; 0: never",
    )
    yield _row(places.HARDWARE_CURRENT, lambda v: v.hardware)
    yield _row(134, lambda v: v.operator, "operator_current_limit", since=new, about="A")
    yield _row(135, lambda _: 1, "rcmb_mode", live=False, assumed="1")
    yield _row(136, lambda v: _whole(v.residual[0]), "rcmb_rms", about="mA")
    yield _row(137, lambda v: _fraction(v.residual[0]), "rcmb_rms_fraction", assumed="tenths")
    yield _row(138, lambda v: _whole(v.residual[1]), "rcmb_dc", about="mA")
    yield _row(139, lambda v: _fraction(v.residual[1]), "rcmb_dc_fraction", assumed="tenths")
    yield _row(places.MODEL, lambda v: v.build.traits.code, since=new, live=False)
    yield from _meter(new)
    yield from _load_management()
    yield from _session(new)


def _meter(new: str | None) -> Iterator[Row]:
    for index in range(3):
        yield _row(places.POWER[index], _of_phase(lambda v: v.phase_power, index), missing=NO_VALUE)
        yield _row(places.CURRENT[index], _of_phase(lambda v: v.currents, index), missing=NO_VALUE, scale=1000)
        yield _row(places.VOLTAGE[index], _of_phase(lambda v: v.voltages, index), missing=NO_VALUE, since=new)
    yield _row(places.TOTAL_ENERGY, lambda v: v.energy, missing=NO_VALUE, since=new)
    yield _row(places.TOTAL_POWER, lambda v: v.power, missing=NO_VALUE, since=new)


def _load_management() -> Iterator[Row]:
    yield _row(600, stored(DLM_MODE), "dlm_mode")
    for index, setting in enumerate(DLM_OPERATOR):
        line, limit = index + 1, _of_phase(lambda v: v.logic.dlm_limits, index)
        write = controls.OPERATOR_LIMITS[index].write
        yield _row(610 + index, _managed(stored(DLM_LIMIT)), f"dlm_limit_l{line}", about="A")
        yield _row(613 + index, _managed(stored(setting)), setting.name, write=write, about="A")
        yield _row(630 + index, _managed(_applied(index)), f"dlm_applied_l{line}", assumed="what is offered", about="A")
        yield _row(633 + index, _managed(limit), f"dlm_available_l{line}", about="A")
    yield _row(620, _managed(lambda v: int(v.settings[DLM_EXTERNAL_METER])), "dlm_external_meter")
    yield _row(621, _managed(stored(DLM_SLAVES)), "dlm_slaves")


def _session(new: str | None) -> Iterator[Row]:
    yield _row(700, lambda v: v.required_energy, "ev_required_energy_16", assumed="Wh", about="ISO 15118")
    yield _row(701, lambda _: 0, "departure_time", U32, live=False, assumed=UNTOLD, about="ISO 15118")
    yield _row(703, lambda _: 0, "departure_date", U32, live=False, assumed=UNTOLD, about="ISO 15118")
    yield _row(places.SESSION_ENERGY_16, lambda v: v.session_energy, about="Wh; stays at 65535")
    yield _row(places.SIGNALLED_CURRENT, lambda v: v.signalled)
    yield _row(places.SESSION_START, _clock(begun), about="hhmmss, packed digits")
    yield _row(places.SESSION_DURATION_16, lambda v: v.session_duration, about="s; stays at 65535")
    yield _row(710, _clock(ended), "session_end", U32, assumed="0 while it runs", about="as 707")
    yield _row(713, lambda v: v.required_energy, "ev_required_energy", U32, assumed="Wh", about="ISO 15118")
    yield _row(715, lambda v: v.vehicle_maximum, "ev_maximum_current", since=new, about="A")
    yield _row(places.SESSION_ENERGY, lambda v: v.session_energy, since=new)
    yield _row(places.SESSION_DURATION, lambda v: v.session_duration, since=new)
    yield _row(
        720,
        lambda v: v.uid if v.settings[USER_ID_READ] else "",
        "user_id",
        Text(10, b" ", "right"),
        assumed="blanks unless UID disclose is on",
    )


def _cc() -> Iterator[Row]:
    yield from _common(NEW)
    yield _row(places.FIRMWARE, lambda v: v.build.firmware[:4])
    yield _row(places.STATUS, lambda v: places.OCPP_STATES.index(v.status))
    yield _row(
        places.SAFE_CURRENT, stored(SAFE_CURRENT), write=controls.SAFE.write, assumed="default; below 6 A no charging"
    )
    yield _row(places.DEVICE, lambda _: places.DEVICE_ID, live=False)
    yield _row(places.RELAY, lambda v: v.relay, source=EVCC)
    yield _row(places.PLUG_LOCK, lambda v: int(v.locked), since=NEW, assumed="0 with a tethered cable")
    for index, place in enumerate(places.ENERGY):
        yield _row(place, _of_phase(lambda v: v.phase_energy, index), missing=NO_VALUE)
    yield _row(712, lambda _: MINIMUM_CURRENT, "minimum_current_limit", live=False, about="A")
    yield places.HEMS_CURRENT.row(lambda v: v.logic.hems_current, controls.CURRENT.write, source=DOCUMENT, type=U16.cut)
    yield _row(places.AVAILABILITY, _available, write=controls.available, since=NEW, about="1: available")
    yield _row(
        places.AVAILABILITY, lambda v: 1 - _available(v), write=controls.unavailable, until=NEW, about="0: available"
    )
    yield _row(730, lambda v: v.state_of_charge, "ev_battery_state", since=SOC_SINCE, source=EVCC, about="%")
    yield _row(740, lambda v: int(v.smart), "smart_vehicle", since=NEW, source=EVCC)
    yield _row(741, lambda v: v.settings[EVCCID] if v.smart else "", "evccid", Text(6))
    for index, address in enumerate(USER_ID):
        write = controls.authorise(index)
        yield _row(address, None, f"authorise_{index}", write=write, about="2 characters of a user id")


def _icc() -> Iterator[Row]:
    yield from _common(None)
    yield _row(places.FIRMWARE, lambda v: v.build.release.name, source=PAGE, about="that of the protocol")
    yield _row(places.STATUS, _icc_state, source=PAGE)
    yield _row(
        places.SAFE_CURRENT,
        lambda v: _or_pause(v.settings[SAFE_CURRENT]),
        write=controls.SAFE.write,
        source=PAGE,
        assumed="default",
        about="A; below 6: 0",
    )
    yield _row(places.DEVICE, lambda _: ICC_DEVICE_ID, live=False, source=PAGE, about="AM")
    yield _row(places.RELAY, lambda v: int(v.now.contactor), source=PAGE)
    yield _row(places.PLUG_LOCK, _icc_latch, source=PAGE, about="1 open, 2 closed, 3 no latch")
    yield _row(places.ENERGY[0], lambda v: v.energy, missing=NO_VALUE, source=PAGE, about="Wh; the total")
    for place in places.ENERGY[1:]:
        yield _row(place, lambda _: 0, live=False, source=PAGE, about="always 0")
    yield _row(
        712,
        lambda v: MINIMUM_CURRENT if v.now.plugged else 0,
        "minimum_current_limit",
        source=PAGE,
        assumed="0 without a vehicle",
        about="A",
    )
    yield places.HEMS_CURRENT.row(_icc_current, controls.CURRENT.write, source=PAGE, type=U16.cut)
    yield _row(places.AVAILABILITY, _available, write=controls.available, about="1: available")
    for index, part in enumerate(("major", "minor", "patch")):
        yield _row(153 + index, _version(index), f"version_{part}", source=OPENEMS, live=False)
    yield _row(156, _version(3), "version_build", U32, source=PAGE, assumed="0 without one", live=False)
    yield _row(158, stored(DEVICE_NAME), "device_name_deprecated", Text(16), source=PAGE, about="as 2158")
    yield _row(1001, _tenths, "hems_current_limit_tenths", write=controls.TENTHS.write, source=EVCC, about="0.1 A")
    yield _row(1002, _hems_power, "hems_power_limit", write=controls.POWER.write, source=PAGE, about="W")
    for row in _energy_management():
        yield replace(row, since=HEMS_BLOCK_SINCE, source=PAGE)


def _energy_management() -> Iterator[Row]:
    """The newer block of an ICC."""
    yield _row(2000, _icc_current, "hems_current", U16.cut, controls.CURRENT.write, about="A; below 6: 0")
    yield _row(2001, _tenths, "hems_current_tenths", write=controls.TENTHS.write, about="0.1 A")
    yield _row(2002, _hems_power, "hems_power", write=controls.POWER.write, about="W")
    yield _row(
        2010,
        lambda v: SERVER_MODES[v.settings[ENERGY_MANAGEMENT]],
        "hems_mode",
        about="0 off, 1 read, 2 read and write",
    )
    yield _row(2011, lambda v: int(v.logic.failsafe.tripped), "hems_communication", about="1: time-out")
    yield _row(2012, lambda v: v.least_power, "least_power", about="W")
    yield _row(2013, lambda v: v.most_power, "most_power", about="W")
    yield _row(
        2020, stored(PHASE_SWITCH_MODE), "phase_switch_mode", about="0 one, 1 three, 2 dynamic, 3 only without a car"
    )
    yield _row(2021, stored(PHASE_SWITCH_PAUSE), "phase_switch_pause", assumed="10 by default", about="s")
    yield _row(2022, lambda v: int(v.now.state is EvseState.PHASE_SWITCH), "phase_switching", about="1: switching")
    yield _row(2023, _assigned_phases, "assigned_phases", about="0 none, 1 one, 2 three")
    yield _row(2030, _authorisation, "authorisation_status", about="0 autostart, 1 authorised, 2 not authorised")
    yield _row(2158, stored(DEVICE_NAME), "device_name", Text(16), about="name given by the user")
    yield _row(2622, stored(SATELLITES_IN_FALLBACK), "satellites_in_fallback")
    yield _row(2623, stored(SATELLITE_FALLBACK), "satellite_fallback_current", about="A")
    for index in range(3):
        yield _row(2636 + index, _managed(_consumed(index)), f"group_consumption_l{index + 1}", about="A")


CC_ROWS: Final[tuple[Row, ...]] = tuple(replace(row, models=CC) for row in _cc())
ICC_ROWS: Final[tuple[Row, ...]] = tuple(replace(row, models=ICC) for row in _icc())
