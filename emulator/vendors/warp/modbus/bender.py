"""Bender's register set as this firmware imitates it ("OMCCI" in its web page): CC613 with protocol 0.14.

The one rule: what the firmware really serves, which is less than Bender's controllers do; every address can be read.
Source: Tinkerforge esp32-firmware, `modules/modbus_tcp`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ....core.messages import Outcome
from ....devices.interfaces import Origin
from ....devices.register_maps import bender as at
from ....devices.register_maps.place import Place
from ....devices.registers import U32, Bank, Layout, Writes
from ..evse.memory import LOWEST, SlotId
from ..system.features import ALL_VALUES, EVSE, METER, SWITCH
from .view import (
    FW,
    SILENTLY,
    UNDEFINED,
    Read,
    Row,
    Seen,
    Server,
    constant,
    gated,
    hardware_limit,
    measured,
    needs,
    number,
    set_current,
    set_enabled,
    whole,
)

NOTICED: Final[Mapping[int, frozenset[str]]] = {
    3: frozenset({EVSE, ALL_VALUES}),
    6: frozenset({EVSE, SWITCH}),
    16: frozenset({EVSE, SWITCH}),
}
"""Features that the handler of each function looks for. Nothing looks for the meter: 716 stays 0."""
PROBED: Final = range(1001, 1003)
"""What a client reads to find out which Bender it talks to; a real one without them refuses."""


def _status(s: Seen) -> object:
    """0 available, 1 occupied, 4 faulted."""
    state = s.evse.charger_state
    return state if state in (0, 4) else 1


def _unavailable(s: Seen) -> object:
    """0 operative, 1 not."""
    slot = s.slot(SlotId.MODBUS_ENABLE)
    return int(slot.active and slot.current < LOWEST)


def _zero(place: Place, about: str = "always 0") -> Row:
    return place.row(constant(0), live=False, source=FW, about=about)


def _evse(place: Place, read: Read) -> Row:
    return place.row(gated(EVSE, read), source=FW)


def _set_available(server: Server, value: object, _: Origin) -> Outcome:
    return set_enabled(server, not number(value))


def _set_current(server: Server, value: object, _: Origin) -> Outcome:
    """A. Thousandths of it in 16 bits: 72 A are 6464 mA."""
    return set_current(server, number(value) * 1000 & 0xFFFF)


def _allowed(s: Seen) -> int:
    return s.evse.allowed // 1000


def _energy(s: Seen) -> object:
    return whole(s.charge_energy, 1000)


def _session(*, defects: bool) -> tuple[Row, ...]:
    """Where the firmware goes wrong: the current is one register too far, times are in ms."""
    if defects:
        return (
            at.SIGNALLED_CURRENT.row(gated(EVSE, _allowed), type=U32, source=FW, about="A, in 707; 706 is 0"),
            at.SESSION_ENERGY.row(gated(METER, _energy), source=FW, about="Wh; always 0"),
            at.SESSION_DURATION.row(gated(EVSE, lambda s: s.charge_time), source=FW, about="ms"),
        )
    return (
        at.SIGNALLED_CURRENT.row(gated(EVSE, _allowed), source=FW),
        at.SESSION_ENERGY.row(gated(METER, _energy), source=FW),
        at.SESSION_DURATION.row(gated(EVSE, lambda s: s.charge_time // 1000), source=FW),
    )


ROWS: Final[tuple[Row, ...]] = (
    at.FIRMWARE.row(constant("4.40"), live=False, source=FW),
    _evse(at.STATUS, _status),
    *(_zero(place, "errors are never reported") for place in at.ERROR_CODES),
    at.PROTOCOL.row(constant("0.14"), live=False, source=FW),
    _evse(at.VEHICLE_STATE, lambda s: s.evse.iec + 1),
    _evse(at.VEHICLE_STATE_HEX, lambda s: s.evse.iec + 1 + at.HEX_OFFSET),
    at.AVAILABILITY.row(
        gated(EVSE, _unavailable), needs(EVSE, _set_available), source=FW, about="0 operative, 1 inoperative"
    ),
    _zero(at.SAFE_CURRENT),
    _zero(at.COMMUNICATION_TIMEOUT),
    _evse(at.HARDWARE_CURRENT, lambda s: hardware_limit(s) // 1000),
    _zero(at.RELAY),
    at.DEVICE.row(constant(at.DEVICE_ID), live=False, source=FW),
    at.MODEL.row(constant(""), live=False, source=FW, about="always empty"),
    _zero(at.PLUG_LOCK),
    *(place.row(measured(67 + k, 1000), source=FW) for k, place in enumerate(at.ENERGY)),
    *(place.row(measured(6 + k), source=FW) for k, place in enumerate(at.POWER)),
    *(place.row(measured(3 + k, 1000), source=FW) for k, place in enumerate(at.CURRENT)),
    at.TOTAL_ENERGY.row(measured(30, 1000), source=FW),
    at.TOTAL_POWER.row(measured(24), source=FW),
    *(place.row(measured(k), source=FW) for k, place in enumerate(at.VOLTAGE)),
    _zero(at.SESSION_ENERGY_16),
    _zero(at.SESSION_DURATION_16),
    at.HEMS_CURRENT.row(constant(0), needs(EVSE, _set_current), source=FW, about="A; reads 0"),
)


def layout(*, strict: bool, defects: bool) -> Layout[Seen, Server]:
    """`strict`: undefined addresses are refused when written; they read 0 in any case."""
    bank = Bank(
        "Modbus registers (Bender)",
        (*ROWS, *_session(defects=defects)),
        fill=0,
        fill_within=None if defects else (range(PROBED.start), range(PROBED.stop, 0x10000)),
        writes=Writes(order="until_refused", partial="merge", undefined="refuse" if strict else "ignore"),
        refusals=SILENTLY if strict else {**SILENTLY, **UNDEFINED},
    )
    return Layout(dict.fromkeys((3, 6, 16), (bank,)))
