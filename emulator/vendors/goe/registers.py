"""The Modbus registers: two tables that overlap, as zero-based addresses of the wire.

The one rule: rows only; 3xxxx and 4xxxx numbers of the vendor are these addresses + 30001 and + 40001.
Source: go-eCharger-API-v2 modbus-en; go-eCharger-API-v1 for units and word order; issues where a row says so.
"""

# ruff: noqa: E501
# fmt: off

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, cast

from ...core.messages import DONE, Outcome
from ...devices.interfaces import Origin
from ...devices.registers import F64, U16, U32, Bank, Layout, Octets, Order, Register, Text
from . import combined
from . import readings as r
from .models import WITH_LOCK
from .readings import View
from .refusals import Refusal, range_exceeded
from .sources import MODBUS_DOC

if TYPE_CHECKING:
    from .wallbox import Goe

Row = Register["View", "Goe"]
Write = Callable[["Goe", object, Origin], Outcome]
Set = Callable[["Goe", int, Origin], "Refusal | None"]

V1_DOC: Final = f"{MODBUS_DOC} + go-eCharger-API-v1 modbus"
FILL: Final = 0xFFFF
"""What a gap gives inside a read. Source: go-eCharger-API-v2#221."""
PSM_SINCE: Final = "55.5"
FRC_SINCE: Final = "55.6"
ROUTER: Final = bytes((192, 168, 1, 1))
NETMASK: Final = bytes((255, 255, 255, 0))
_U32: Final = U32.low_first
_F64: Final = F64.low_first
_ENERGY: Final = _U32.cut


def _outcome(point: str, value: object, refusal: Refusal | None) -> Outcome:
    return DONE if refusal is None else refusal.outcome(point, str(value))


def _key(name: str, *, flag: bool = False) -> Write:
    """Writes the register's number (or flag) to a key."""

    def write(box: Goe, value: object, origin: Origin) -> Outcome:
        number = cast("int", value)
        if flag and number not in (0, 1):
            return _outcome(name, number, range_exceeded(number, 0, 1))
        return _outcome(name, number, box.write_value(name, bool(number) if flag else number, origin))

    return write


def _by(name: str, act: Set) -> Write:
    return lambda box, value, origin: _outcome(name, value, act(box, cast("int", value), origin))


def _cloud_off(box: Goe, value: int, origin: Origin) -> Refusal | None:
    if value not in (0, 1):
        return range_exceeded(value, 0, 1)
    return box.write_value("cwe", value == 0, origin)


def _energy_limit(box: Goe, value: object, origin: Origin) -> Outcome:
    """+Inf: no limit. Anything else that is no energy is refused (ASSUMED)."""
    return _outcome("dwo", value, box.write_value("dwo", None if value == math.inf else value, origin))


def _stored(name: str) -> Callable[[View], object]:
    return lambda v: v.settings[name]


def _nrg(index: int) -> Callable[[View], object]:
    return lambda v: v.nrg[index]


def _last_tag(v: View) -> bytes:
    """The bytes of the tag read last."""
    tag = v.box.cards.last_tag or ""
    digits = "".join(digit for digit in tag if digit in "0123456789abcdef")
    return bytes.fromhex(digits[: len(digits) // 2 * 2])


def _address(v: View) -> bytes:
    """IPv4 address of the box; zeros where it has another kind of address."""
    parts = v.box.context.address.split(".")
    return bytes(int(part) & 0xFF for part in parts) if len(parts) == 4 and all(map(str.isdigit, parts)) else bytes(4)


def _preset_rows() -> list[Row]:
    return [
        Register(
            f"AMPERE_L{n}", 211 + n, U16, read=lambda v, i=n - 1: combined.preset(v, i),  # type: ignore[misc]
            write=_by("clp", lambda box, value, origin, i=n - 1: combined.set_preset(box, i, value, origin)),  # type: ignore[misc]
            source=V1_DOC, assumed="kept in ascending order", about=f"A, preset {n} of the button; 0: none",
        )
        for n in range(1, 6)
    ]


HOLDING_ROWS: Final[tuple[Row, ...]] = (
    Register("ALLOW", 200, U16, read=lambda v: int(v.memory.decision.charge), write=_by("alw", combined.set_allowed), source=V1_DOC, assumed="0 writes frc 1, 1 writes frc 2", about="the car may charge"),
    Register("ACCESS_STATE", 201, U16, read=combined.access, write=_by("ast", combined.set_access), source=V1_DOC, assumed="mapping to acs, lmo and schedules", about="0 open, 1 card or app, 2 tariff, 3 schedule"),
    Register("CABLE_LOCK_MODE", 204, U16, read=_stored("ust"), write=_key("ust"), source=V1_DOC, models=WITH_LOCK, about="ust"),
    Register("LED_BRIGHTNESS", 206, U16, read=_stored("lbr"), write=_key("lbr"), source=V1_DOC, about="lbr"),
    Register("LED_SAVE_ENERGY", 207, U16, read=_stored("lse"), write=_key("lse", flag=True), source=V1_DOC, about="lse"),
    Register("ELECTRICITY_PRICES_HOURS", 208, U16, read=_stored("aho"), write=_by("aho", combined.set_tariff_hours), source=V1_DOC, assumed="stored without effect", about="h"),
    Register("ELECTRICITY_PRICES_FINISHED", 209, U16, read=combined.tariff_end, write=_by("att", combined.set_tariff_end), source=V1_DOC, assumed="att in hours", about="hour"),
    Register("ELECTRICITY_PRICES_ZONE", 210, U16, read=_stored("awc"), write=_key("awc"), source=V1_DOC, about="awc"),
    Register("AMPERE_MAX", 211, U16, read=lambda v: v.box.ama, write=_key("ama"), source=V1_DOC, about="A, ama"),
    *_preset_rows(),
    Register("CLOUD_DISABLED", 217, U16, read=lambda v: int(not v.settings.flag("cwe")), write=_by("cwe", _cloud_off), source=V1_DOC, about="not cwe"),
    Register("NORWAY_MODE", 218, U16, read=_stored("nmo"), write=_key("nmo", flag=True), source=V1_DOC, about="nmo"),
    Register("AMPERE_VOLATILE", 299, U16, read=_stored("amp"), write=_key("amp"), source=f"{V1_DOC}; go-eCharger-API-v2#310", about="A, amp; persistent all the same"),
    Register("AMPERE_EEPROM", 300, U16, read=_stored("amp"), write=_key("amp"), source=V1_DOC, about="A, amp"),
    Register("PHASE_SWITCH_MODE", 332, U16, read=_stored("psm"), write=_key("psm"), source=MODBUS_DOC, since=PSM_SINCE, about="psm"),
    Register("ENERGY_LIMIT", 333, _F64, read=_stored("dwo"), write=_energy_limit, missing=math.inf, source=f"{MODBUS_DOC}; ioBroker.modbus#351", since=PSM_SINCE, assumed="word order", about="Wh, dwo; +Inf: none"),
    Register("FORCE_STATE", 337, U16, read=_stored("frc"), write=_key("frc"), source=MODBUS_DOC, since=FRC_SINCE, about="frc"),
)

INPUT_ROWS: Final[tuple[Row, ...]] = (
    Register("CAR_STATE", 100, U16, read=combined.register_car, source=V1_DOC, about="car; 0 also for a fault"),
    Register("PP_CABLE", 101, U16, read=lambda v: r.cable(v) or 0, source=V1_DOC, about="A, coding of the cable"),
    Register("FWV", 105, Text(2), read=lambda v: v.box.firmware_text, source=V1_DOC, live=False, about="first four characters of the version"),
    Register("ERROR", 107, U16, read=combined.old_error, source=V1_DOC, about="0, 1, 3, 8, else 10"),
    *(Register(f"VOLT_L{n}", 106 + 2 * n, _U32, read=_nrg(n - 1), source=V1_DOC, about="V") for n in (1, 2, 3)),
    *(Register(f"AMP_L{n}", 112 + 2 * n, _U32, scale=10, read=_nrg(n + 3), source=V1_DOC, about="0.1 A") for n in (1, 2, 3)),
    Register("POWER_TOTAL", 120, _U32, scale=100, read=_nrg(11), source=V1_DOC, about="0.01 W on V3 and newer"),
    Register("ENERGY_TOTAL", 128, _ENERGY, scale=0.01, read=r.total_energy, source=V1_DOC, about="0.1 kWh"),
    Register("ENERGY_CHARGE", 132, _ENERGY, scale=360, read=r.session_energy, source=V1_DOC, about="10 Ws of the session"),
    Register("VOLT_N", 144, _U32, read=_nrg(3), source=V1_DOC, about="V"),
    *(Register(f"POWER_L{n}", 144 + 2 * n, _U32, scale=10, read=_nrg(n + 6), source=f"{V1_DOC}; go-eCharger-API-v2#163", about="0.1 W, though documented as 0.1 kW") for n in (1, 2, 3)),
    *(Register(f"POWER_FACTOR_{line}", 152 + 2 * i, _U32, read=_nrg(12 + i), source=V1_DOC, about="%") for i, line in enumerate(("L1", "L2", "L3", "N"))),
    Register("ALLOW", 200, U16, read=lambda v: int(v.memory.decision.charge), source=V1_DOC, about="the car may charge"),
    Register("ADAPTER_INPUT", 202, U16, read=lambda v: int(v.settings.flag("adi") or bool(v.box.trait("adi_always"))), source=V1_DOC, about="adi"),
    Register("UNLOCKED_BY", 203, U16, read=lambda v: v.settings["trx"] or 0, source=V1_DOC, about="trx"),
    Register("PHASES", 205, U16, read=combined.phase_bits, source=V1_DOC, about="bits 5-3: L3 L2 L1 in front of the contactor, 2-0: behind it"),
    Register("MAC", 301, Octets(3), read=lambda v: v.box.mac, source=V1_DOC, live=False, about="binary"),
    Register("SNR", 304, Text(6), read=lambda v: v.box.serial, source=V1_DOC, live=False, about="serial number"),
    Register("HOSTNAME", 310, Text(5), read=lambda v: v.box.hostname, source=f"{V1_DOC}; go-eCharger-API-v2#100", live=False, about="its first ten characters: a register is missing"),
    Register("IP", 315, Octets(4, spread=True), read=_address, source=V1_DOC, live=False, about="one octet a register"),
    Register("SUBNET", 319, Octets(4, spread=True), read=lambda _: NETMASK, source=V1_DOC, live=False, assumed="a home network made up for the emulator", about="one octet a register"),
    Register("GATEWAY", 323, Octets(4, spread=True), read=lambda _: ROUTER, source=V1_DOC, live=False, assumed="a home network made up for the emulator", about="one octet a register"),
    Register("RFID_CARD", 327, Octets(5), read=_last_tag, source=MODBUS_DOC, since=PSM_SINCE, about="the tag read last, filled with zeros"),
    *(
        Register(f"ENERGY_CARD{n}", 332 + 4 * n, _F64, read=lambda v, slot=n: v.box.cards.energy(slot, v.sample.total_energy), source=f"{MODBUS_DOC}; go-eCharger-API-v2#128", since=FRC_SINCE, about=f"Wh of the card in slot {n + 1}")  # type: ignore[misc]
        for n in range(10)
    ),
)
# fmt: on


def _order(v: View) -> Order:
    """`msb` and `msr`; 60.3 has the meaning of `msb` turned round."""
    swapped = v.settings.flag("msb") != v.box.quirk("modbus_bytes_swapped")
    return Order(swap_bytes=swapped, reverse_registers=v.settings.flag("msr"))


HOLDING: Final[Bank[View, Goe]] = Bank(
    "Modbus holding registers", HOLDING_ROWS, fill=FILL, start="defined", order=_order
)
INPUT: Final[Bank[View, Goe]] = Bank("Modbus input registers", INPUT_ROWS, fill=FILL, start="defined", order=_order)

LAYOUT: Final[Layout[View, Goe]] = Layout({3: (HOLDING, INPUT), 4: (INPUT, HOLDING), 16: (HOLDING,)})
"""Both functions read both tables; a request is served from the table that has its first register, the function's own
table first. Any unit id is answered (ASSUMED). Source: go-eCharger-API-v2#107, #221."""
