"""KEBA's register set as this firmware imitates it: a P30 c-series with firmware 3.10.27, the last without a failsafe.

The one rule: what the firmware really serves. Reads are pairs of registers, writes single ones at exact addresses.
Source: Tinkerforge esp32-firmware, `modules/modbus_tcp`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Unpack

from ....core.messages import DONE, Outcome
from ....devices.interfaces import Origin
from ....devices.register_maps import keba as at
from ....devices.register_maps.place import Place
from ....devices.registers import Bank, Layout, RegisterFacts, Writes
from ..charging.tracking import NFC as BY_TAG
from ..charging.tracking import NFC_INJECTED as BY_INJECTED_TAG
from ..evse.evseview import Iec
from ..evse.memory import SlotId
from ..system.features import ALL_VALUES, EVSE, METER, NFC, SWITCH
from .view import (
    FW,
    SILENTLY,
    UNDEFINED,
    Read,
    Row,
    Seen,
    Server,
    Write,
    constant,
    gated,
    hardware_limit,
    ignored,
    measured,
    needs,
    number,
    phases,
    plugged,
    set_current,
    set_enabled,
    switch_phases,
    whole,
)

NOTICED: Final[Mapping[int, frozenset[str]]] = {
    3: frozenset({EVSE, METER, ALL_VALUES, NFC}),
    6: frozenset({EVSE, SWITCH}),
    16: frozenset({EVSE, SWITCH}),
}
"""Features that the handler of each function looks for. Only a write looks for the phase switch."""
FIRMWARE: Final = 0x030A_1B00
MODBUS: Final = 3
"""`phase_switch_source`: by Modbus."""
RATINGS: Final = {13: 1, 16: 2, 20: 3, 32: 4}


def _state(s: Seen) -> object:
    """1 A, 2 B, 3 C, 4 D or fault, 5 disabled."""
    slot, iec = s.slot(SlotId.MODBUS_ENABLE), s.evse.iec
    if plugged(s) and slot.active and slot.current == 0:
        return 5
    return 4 if iec is Iec.EF else iec + 1


def _cable(s: Seen) -> object:
    """3 not plugged into a car, 5 plugged, 7 plugged and locked."""
    return {Iec.B: 5, Iec.C: 7, Iec.D: 7}.get(s.evse.iec, 3)


def _product(s: Seen) -> object:
    rating = RATINGS.get(s.reach.controller.rated, 0)
    return 310_100 + rating * 1000 + (20 if METER in s.features else 0) + (NFC in s.features)


def _tag(s: Seen) -> object:
    """The first four bytes of the tag that authorised the charge; 0: none did."""
    charge = s.charge
    if charge is None or charge["authorization_type"] not in (BY_TAG, BY_INJECTED_TAG):
        return 0
    digits = charge.doc("authorization_info").text("tag_id").replace(":", "")
    return int.from_bytes(bytes.fromhex(digits)[:4].ljust(4, b"\0"), "big")


def _power_factor(s: Seen) -> object:
    """Counts tenths; KEBA's own wallboxes count thousandths."""
    return whole(s.measured(27), 10 if s.defects else 1000)


def _read(place: Place, read: Read, **facts: Unpack[RegisterFacts]) -> Row:
    return place.row(read, source=FW, **facts)


READABLE: Final[tuple[Row, ...]] = (
    _read(at.CHARGING_STATE, gated(EVSE, _state)),
    _read(at.CABLE_STATE, gated(EVSE, _cable)),
    _read(at.ERROR_CODE, constant(0), live=False),
    *(_read(place, measured(3 + k, 1000)) for k, place in enumerate(at.CURRENT)),
    _read(at.SERIAL_NUMBER, lambda s: s.platform.device_number, live=False),
    _read(at.PRODUCT_CODE, gated(EVSE, _product), about="six digits"),
    _read(at.FIRMWARE_VERSION, constant(FIRMWARE), live=False, about="3.10.27"),
    _read(at.ACTIVE_POWER, gated(METER, lambda s: whole(s.meter["power"], 1000))),
    _read(at.TOTAL_ENERGY, gated(METER, lambda s: whole(s.meter["energy_abs"], 10_000))),
    *(_read(place, measured(k)) for k, place in enumerate(at.VOLTAGE)),
    _read(at.POWER_FACTOR, gated(ALL_VALUES, _power_factor), about="10 %; KEBA's own wallboxes count 0.1 %"),
    _read(at.OFFERED_CURRENT, gated(EVSE, lambda s: s.evse.allowed)),
    _read(at.SUPPORTED_CURRENT, gated(EVSE, hardware_limit)),
    _read(at.RFID_TAG, _tag, about="first four bytes; 0: none"),
    _read(at.SESSION_ENERGY, gated(METER, lambda s: whole(s.charge_energy, 10_000))),
    _read(at.PHASE_SOURCE, gated(SWITCH, constant(MODBUS)), about="0 until something was written"),
    _read(at.PHASE_STATE, phases, about="1 or 3; KEBA's own wallboxes say 0 or 1"),
    _read(at.FAILSAFE_CURRENT, constant(0), live=False),
    _read(at.FAILSAFE_TIMEOUT, constant(0), live=False),
)


def _set_current(server: Server, value: object, _: Origin) -> Outcome:
    return set_current(server, number(value))


def _set_enabled(server: Server, value: object, _: Origin) -> Outcome:
    return set_enabled(server, number(value) > 0)


def _set_energy(server: Server, value: object, _: Origin) -> Outcome:
    server.reach.limits.override(energy_wh=number(value) * 10)
    return DONE


def _switch_phases(server: Server, value: object, _: Origin) -> Outcome:
    return switch_phases(server, 3 if value == 1 else 1)


def _write(place: Place, write: Write, **facts: Unpack[RegisterFacts]) -> Row:
    return place.row(None, write, source=FW, **facts)


WRITABLE: Final[tuple[Row, ...]] = (
    _write(at.SET_CURRENT, needs(EVSE, _set_current), about="mA; 0 or 6000 .. 32000"),
    _write(at.SET_ENERGY, _set_energy),
    _write(at.UNLOCK_PLUG, ignored, about="without effect"),
    _write(at.SET_ENABLED, needs(EVSE, _set_enabled), about="0: blocked"),
    _write(at.SET_FAILSAFE_CURRENT, ignored, about="without effect"),
    _write(at.SET_FAILSAFE_TIMEOUT, ignored, about="without effect"),
    _write(at.SAVE_FAILSAFE, ignored, about="without effect"),
    _write(at.SET_PHASE_SOURCE, ignored, about="without effect"),
    _write(at.SWITCH_PHASES, needs(SWITCH, _switch_phases), about="1: three phases, other: one"),
)


def layout(*, strict: bool, defects: bool) -> Layout[Seen, Server]:
    """`strict`: undefined addresses are refused."""
    bank = Bank(
        "Modbus registers (KEBA)",
        (*READABLE, *WRITABLE),
        fill=None if strict else 0,
        writes=Writes(order="until_refused", partial="merge", undefined="refuse" if strict else "ignore"),
        refusals=SILENTLY if strict else {**SILENTLY, **UNDEFINED},
    )
    return Layout(dict.fromkeys((3, 6, 16), (bank,)))
