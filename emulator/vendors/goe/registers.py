"""The Modbus registers: two tables that overlap, as zero-based addresses of the wire.

The one rule: rows only; 3xxxx and 4xxxx numbers of the vendor are these addresses + 30001 and + 40001.
Source: go-eCharger-API-v2 modbus-en; go-eCharger-API-v1 for units and word order; issues where a row says so.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Final, TypedDict, Unpack

from ...core.messages import DONE, Outcome
from ...devices.interfaces import Origin
from ...devices.registers import F64, U16, U32, Bank, Layout, Octets, Register, RegisterOrder, Text, WireType
from ...devices.settings import Setting
from . import combined, kept, sources
from . import readings as r
from . import settings as s
from .combined import Act, flag, key
from .features import MODBUS_BYTES_SWAPPED
from .models import NOT_OLD, OLD, WITH_LOCK
from .readings import View
from .refusals import wrong_type
from .writer import Writer

Row = Register[View, Writer]


class Facts(TypedDict, total=False):
    """What a row may say beside source and meaning; see `Register`."""

    scale: float
    missing: float
    since: str
    models: tuple[str, ...]
    live: bool
    assumed: str
    sets: str


Write = Callable[[Writer, object, Origin], Outcome]

MODBUS_DOC: Final = sources.MODBUS_DOC.tag
V1_DOC: Final = f"{MODBUS_DOC} + go-eCharger-API-v1 modbus"
FILL: Final = 0xFFFF
"""What a gap gives inside a read. Source: go-eCharger-API-v2#221."""
ROUTER: Final = bytes((192, 168, 1, 1))
NETMASK: Final = bytes((255, 255, 255, 0))
HOME: Final = "a home network made up for the emulator"
_U32: Final = U32.low_first
_F64: Final = F64.low_first
_ENERGY: Final = _U32.cut


def _by(point: str, act: Act) -> Write:
    """Writes the register's number; `point` is what a refusal names."""

    def write(writer: Writer, value: object, origin: Origin) -> Outcome:
        refusal = act(writer, value, origin) if isinstance(value, int) else wrong_type("uint16")
        return DONE if refusal is None else refusal.outcome(point, str(value))

    return write


def _key(point: str, act: Act) -> Write:
    """Writes the register's number to one key: recorded once, by the register's names and the key's."""
    put = _by(point, act)
    return lambda writer, value, origin: put(writer, value, replace(origin, recorded=True))


def _energy_limit(writer: Writer, value: object, origin: Origin) -> Outcome:
    """+Inf: no limit. Anything else that is no energy is refused (ASSUMED)."""
    refusal = writer.put(s.DWO, None if value == math.inf else value, origin)
    return DONE if refusal is None else refusal.outcome("dwo", str(value))


def _nrg(index: int) -> Callable[[View], object]:
    return lambda v: v.nrg[index]


def _last_tag(v: View) -> bytes:
    """The bytes of the tag read last."""
    tag = v.device.cards.last_tag or ""
    digits = "".join(digit for digit in tag if digit in "0123456789abcdef")
    return bytes.fromhex(digits[: len(digits) // 2 * 2])


def _address(v: View) -> bytes:
    """IPv4 address of the wallbox; zeros where it has another kind of address."""
    parts = v.device.identity.address.split(".")
    return bytes(int(part) & 0xFF for part in parts) if len(parts) == 4 and all(map(str.isdigit, parts)) else bytes(4)


def _row(
    name: str,
    address: int,
    kind: WireType,
    read: Callable[[View], object],
    about: str,
    write: Write | None = None,
    source: str = V1_DOC,
    **facts: Unpack[Facts],
) -> Row:
    return Register(name, address, kind, read=read, write=write, source=source, about=about, **facts)


def _stored(
    name: str,
    address: int,
    setting: Setting[int],
    about: str = "",
    source: str = V1_DOC,
    **facts: Unpack[Facts],
) -> Row:
    """A key that is a number."""
    write = _key(setting.name, key(setting))
    facts.setdefault("sets", setting.name)
    return _row(name, address, U16, r.stored(setting), about or setting.name, write, source, **facts)


def _flag(name: str, address: int, setting: Setting[bool]) -> Row:
    """A key that is a bool."""
    write = _key(setting.name, flag(setting))
    return _row(name, address, U16, r.stored(setting), setting.name, write, sets=setting.name)


_TARIFF_HOURS: Final = _by("aho", combined.set_tariff_hours)
_TARIFF_END: Final = _by("att", combined.set_tariff_end)
_CLOUD_OFF: Final = _by("cwe", flag(s.CWE, inverted=True))
_LIMIT_DOC: Final = f"{MODBUS_DOC}; ioBroker.modbus#351"
_CARD_DOC: Final = f"{MODBUS_DOC}; go-eCharger-API-v2#128"
_POWER_DOC: Final = f"{V1_DOC}; go-eCharger-API-v2#163"
_HOST_DOC: Final = f"{V1_DOC}; go-eCharger-API-v2#100"
"""A register is missing."""


def _preset(index: int) -> Write:
    return _by("clp", combined.set_preset(index))


def _phase_powers(about: str, **facts: Unpack[Facts]) -> tuple[Row, ...]:
    return tuple(
        _row(f"POWER_L{n}", 144 + 2 * n, _U32, _nrg(n + 6), about, source=_POWER_DOC, **facts) for n in (1, 2, 3)
    )


HOLDING_ROWS: Final[tuple[Row, ...]] = (
    _row(
        "ALLOW",
        200,
        U16,
        combined.allowed,
        "the car may charge",
        _by("alw", combined.set_allowed),
        assumed="1 writes frc 2, 0 frc 1",
    ),
    _row(
        "ACCESS_STATE",
        201,
        U16,
        combined.access,
        combined.ACCESS,
        _by("ast", combined.set_access),
        assumed=combined.ACCESS_KEYS,
    ),
    _stored("CABLE_LOCK_MODE", 204, s.UST, models=WITH_LOCK),
    _stored("LED_BRIGHTNESS", 206, s.LBR),
    _flag("LED_SAVE_ENERGY", 207, s.LSE),
    _row("ELECTRICITY_PRICES_HOURS", 208, U16, r.stored(s.AHO), "h", _TARIFF_HOURS, assumed="stored without effect"),
    _row("ELECTRICITY_PRICES_FINISHED", 209, U16, combined.tariff_end, "hour", _TARIFF_END, assumed="att in hours"),
    _stored("ELECTRICITY_PRICES_ZONE", 210, s.AWC),
    _row("AMPERE_MAX", 211, U16, kept.installer_limit, "A, ama", _key("ama", key(s.AMA)), sets="ama"),
    *(
        _row(
            f"AMPERE_L{n}",
            211 + n,
            U16,
            combined.preset(n - 1),
            f"A, preset {n}; 0: none",
            _preset(n - 1),
            assumed="kept in ascending order",
        )
        for n in range(1, 6)
    ),
    _row("CLOUD_DISABLED", 217, U16, lambda v: int(not v.settings[s.CWE]), "not cwe", _CLOUD_OFF),
    _flag("NORWAY_MODE", 218, s.NMO),
    _stored("AMPERE_VOLATILE", 299, s.AMP, "A, amp; persistent all the same", f"{V1_DOC}; go-eCharger-API-v2#310"),
    _stored("AMPERE_EEPROM", 300, s.AMP, "A, amp"),
    _stored("PHASE_SWITCH_MODE", 332, s.PSM, source=MODBUS_DOC, since="55.5"),
    _row(
        "ENERGY_LIMIT",
        333,
        _F64,
        r.stored(s.DWO),
        "Wh, dwo; +Inf: none",
        _energy_limit,
        _LIMIT_DOC,
        missing=math.inf,
        since="55.5",
        assumed="word order",
    ),
    _stored("FORCE_STATE", 337, s.FRC, source=MODBUS_DOC, since="55.6"),
)

INPUT_ROWS: Final[tuple[Row, ...]] = (
    _row("CAR_STATE", 100, U16, combined.register_car, "car; 0 also for a fault"),
    _row("PP_CABLE", 101, U16, lambda v: r.cable(v) or 0, "A, coding of the cable"),
    _row("FWV", 105, Text(2), kept.firmware, "first four characters of the version", live=False),
    _row("ERROR", 107, U16, combined.old_error, "0, 1, 3, 8, else 10"),
    *(_row(f"VOLT_L{n}", 106 + 2 * n, _U32, _nrg(n - 1), "V") for n in (1, 2, 3)),
    *(_row(f"AMP_L{n}", 112 + 2 * n, _U32, _nrg(n + 3), "0.1 A", scale=10) for n in (1, 2, 3)),
    _row("POWER_TOTAL", 120, _U32, _nrg(11), "0.01 W", scale=100, models=NOT_OLD),
    _row("POWER_TOTAL", 120, _U32, _nrg(11), "0.01 kW", scale=0.1, models=OLD),
    _row("ENERGY_TOTAL", 128, _ENERGY, r.total_energy, "0.1 kWh", scale=0.01),
    _row("ENERGY_CHARGE", 132, _ENERGY, r.session_energy, "10 Ws of the session", scale=360),
    _row("VOLT_N", 144, _U32, _nrg(3), "V"),
    *_phase_powers("0.1 W, though documented as 0.1 kW", scale=10, models=NOT_OLD),
    *_phase_powers("0.1 kW", scale=0.01, models=OLD, assumed="as documented; 0.1 W was seen on a V3"),
    *(
        _row(f"POWER_FACTOR_{line}", 152 + 2 * i, _U32, _nrg(12 + i), "%")
        for i, line in enumerate(("L1", "L2", "L3", "N"))
    ),
    _row("ALLOW", 200, U16, combined.allowed, "the car may charge"),
    _row("ADAPTER_INPUT", 202, U16, lambda v: int(v.settings[s.ADI] or v.device.identity.traits.newer_platform), "adi"),
    _row("UNLOCKED_BY", 203, U16, lambda v: v.settings[s.TRX] or 0, "trx"),
    _row("PHASES", 205, U16, combined.phase_bits, "bits 5-3: L3 L2 L1 in front of the contactor, 2-0: behind it"),
    _row("MAC", 301, Octets(3), lambda v: v.device.identity.mac, "binary", live=False),
    _row("SNR", 304, Text(6), lambda v: v.device.identity.serial, "serial number", live=False),
    _row(
        "HOSTNAME",
        310,
        Text(5),
        lambda v: v.device.identity.hostname,
        "its first ten characters",
        source=_HOST_DOC,
        live=False,
    ),
    _row("IP", 315, Octets(4, spread=True), _address, "one octet a register", live=False),
    _row("SUBNET", 319, Octets(4, spread=True), lambda _: NETMASK, "one octet a register", live=False, assumed=HOME),
    _row("GATEWAY", 323, Octets(4, spread=True), lambda _: ROUTER, "one octet a register", live=False, assumed=HOME),
    _row(
        "RFID_CARD", 327, Octets(5), _last_tag, "the tag read last, filled with zeros", source=MODBUS_DOC, since="55.5"
    ),
    *(
        _row(
            f"ENERGY_CARD{n}",
            332 + 4 * n,
            _F64,
            kept.card_energy(n),
            f"Wh of the card in slot {n + 1}",
            source=_CARD_DOC,
            since="55.6",
        )
        for n in range(s.SLOTS)
    ),
)


def _order(v: View) -> RegisterOrder:
    """`msb` and `msr`; 60.3 has the meaning of `msb` turned round."""
    swapped = v.settings[s.MSB] != v.device.shows(MODBUS_BYTES_SWAPPED)
    return RegisterOrder(swap_bytes=swapped, reverse_registers=v.settings[s.MSR])


HOLDING: Final[Bank[View, Writer]] = Bank(
    "Modbus holding registers", HOLDING_ROWS, fill=FILL, start="defined", order=_order
)
INPUT: Final[Bank[View, Writer]] = Bank("Modbus input registers", INPUT_ROWS, fill=FILL, start="defined", order=_order)

LAYOUT: Final[Layout[View, Writer]] = Layout({3: (HOLDING, INPUT), 4: (INPUT, HOLDING), 16: (HOLDING,)})
"""Both functions read both tables; a request is served from the table that has its first register, the function's own
table first. Any unit id is answered (ASSUMED). Source: go-eCharger-API-v2#107, #221."""
