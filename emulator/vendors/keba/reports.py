"""The UDP reports: every key of reports 1, 2, 3 and 100 to 130.

The one rule: a report is its rows in order, one view, one pair per line; which rows a box has is said on the rows.
Source: UDP guides of P30 (V2.01) and P20 (V3.00); order and white space from captures.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ...core.instant import SECOND
from ...devices.firmware import Profile
from ...devices.points import Fidelity, Point
from . import sessions
from .readings import Read, View, attribute, flag, phase, setting

if TYPE_CHECKING:
    from .wallbox import Keba

COM_MODULE_BOOT: Final = 300 * SECOND
"""µs until the COM-module of an x-series is up."""
GUIDE: Final = "P30 UDP guide V2.01"
CAPTURE: Final = "captures (evcc#644, evcc#31680, ioBroker.kecontact#380)"
AFTER_2016: Final = "3.0"
SINCE_DIP: Final = "3.10.16"
SINCE_PHASES: Final = "3.10.42"
OLD: Final = "P20 2.5a3 has it not (capture)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Key(Point):
    """One key of a report."""

    read: Read
    type: str = "uint32"
    tight: bool = False
    """No blank behind the colon."""


def _identity(name: str) -> Read:
    return lambda v: getattr(v.box, name)


def _com_module(v: View) -> object:
    return int(v.box.trait("series") == "x" and v.now.at >= v.box.com_module_at)


def _switches(first: bool) -> Read:
    """ASSUMED: DSW1.1 is the lowest bit; DSW1.6 to DSW1.8 code the current. A capture with UDP on shows 0x25."""

    def read(v: View) -> object:
        if not first:
            return "0x00"
        stated = [v.settings.flag(name) for name in ("dsw1_1", "dsw1_2", "dsw1_3")]
        current = {10: 0, 13: 1, 16: 2, 20: 3, 25: 4, 32: 5}.get(int(v.box.rated_current), 0)
        return f"0x{sum(on << bit for bit, on in enumerate(stated)) | current << 5:02x}"

    return read


def _half(shift: int) -> Read:
    return lambda v: v.error >> shift & 0xFFFF


def _failsafe_current(v: View) -> object:
    return v.settings.integer("failsafe_current")


SERIAL: Final = Key(name="Serial", type="string", read=_identity("serial"), live=False, source=GUIDE)
SEC: Final = Key(name="Sec", read=attribute("uptime"), source=GUIDE)

REPORT_1: Final = (
    Key(name="Product", type="string", read=lambda v: v.box.trait("product"), live=False, source=GUIDE),
    SERIAL,
    Key(name="Firmware", type="string", read=_identity("firmware_text"), live=False, tight=True, source=CAPTURE),
    Key(name="COM-module", read=_com_module, since=AFTER_2016, source=GUIDE, about=OLD),
    Key(name="Backend", read=flag("backend"), since="3.9.14", source=GUIDE),
    Key(name="timeQ", read=lambda v: v.box.clock.quality, since="3.9.14", source=GUIDE),
    Key(name="setBoot", read=lambda _: 0, live=False, since=SINCE_DIP, source=CAPTURE, assumed="since which version"),
    Key(name="DIP-Sw1", type="string", read=_switches(True), since=SINCE_DIP, source=CAPTURE, assumed="bits, version"),
    Key(name="DIP-Sw2", type="string", read=_switches(False), since=SINCE_DIP, source=CAPTURE, assumed="always 0x00"),
    SEC,
)

REPORT_2: Final = (
    Key(name="State", read=attribute("state"), source=GUIDE),
    Key(name="Error1", read=_half(16), source=GUIDE, assumed="high half of register 1006"),
    Key(name="Error2", read=_half(0), source=GUIDE, assumed="low half of register 1006"),
    Key(name="Plug", read=attribute("plug"), source=GUIDE),
    Key(name="AuthON", read=lambda v: int(v.logic.authorisation_on), since=AFTER_2016, source=GUIDE, about=OLD),
    Key(name="Authreq", read=lambda v: int(v.logic.authorisation_missing), since=AFTER_2016, source=GUIDE, about=OLD),
    Key(name="Enable sys", read=attribute("enable_sys"), source=GUIDE),
    Key(name="Enable user", read=flag("ena"), source=GUIDE),
    Key(name="Max curr", read=attribute("offered"), source=GUIDE),
    Key(name="Max curr %", read=attribute("duty"), source=CAPTURE),
    Key(name="Curr HW", read=attribute("hardware_current"), source=GUIDE),
    Key(name="Curr user", read=setting("curr"), source=GUIDE),
    Key(name="Curr FS", read=_failsafe_current, source=GUIDE),
    Key(name="Tmo FS", read=setting("failsafe_timeout"), source=GUIDE),
    Key(name="Curr timer", read=lambda v: v.logic.timed_current, since=AFTER_2016, source=GUIDE, about=OLD),
    Key(name="Tmo CT", read=lambda v: v.logic.remaining, since=AFTER_2016, source=GUIDE, about=OLD),
    Key(name="Setenergy", read=setting("setenergy"), since=AFTER_2016, source=GUIDE, about=OLD),
    Key(name="Output", read=setting("output"), source=GUIDE),
    Key(name="Input", read=flag("x1"), source=GUIDE),
    Key(name="X2 phaseSwitch source", read=setting("x2src"), since=SINCE_PHASES, source=CAPTURE),
    Key(name="X2 phaseSwitch", read=setting("x2"), since=SINCE_PHASES, source=CAPTURE),
    SERIAL,
    SEC,
)

REPORT_3: Final = (
    Key(name="U1", read=phase("voltages", 0), source=GUIDE),
    Key(name="U2", read=phase("voltages", 1), source=GUIDE),
    Key(name="U3", read=phase("voltages", 2), source=GUIDE),
    Key(name="I1", read=phase("currents", 0), source=GUIDE),
    Key(name="I2", read=phase("currents", 1), source=GUIDE),
    Key(name="I3", read=phase("currents", 2), source=GUIDE),
    Key(name="P", read=attribute("power"), source=GUIDE),
    Key(name="PF", read=attribute("power_factor"), source=GUIDE),
    Key(name="E pres", read=attribute("session_energy"), source=GUIDE),
    Key(name="E total", type="uint64", read=attribute("total_energy"), source=GUIDE),
    SERIAL,
    SEC,
)

_LOG_TYPES: Final = {"Session ID": "int32", "E start": "uint64"}
_TEXTS: Final = ("started", "ended", "RFID tag", "RFID class")
LOG_KEYS: Final = tuple(sessions.EMPTY)
FIRST_LOG, LAST_LOG = 100, 100 + sessions.LENGTH
FIXED: Final = {1: REPORT_1, 2: REPORT_2, 3: REPORT_3}
TIGHT: Final = {key.name for table in FIXED.values() for key in table if key.tight}


def numbers(box: Keba) -> Iterator[int]:
    """Reports this box answers."""
    yield from FIXED
    if box.trait("logger"):
        yield from range(FIRST_LOG, LAST_LOG + 1)


def rows(profile: Profile) -> dict[int, tuple[Key, ...]]:
    """The rows of reports 1, 2 and 3 that boxes of a profile have."""
    return {number: tuple(key for key in table if key.exists(profile)) for number, table in FIXED.items()}


def values(view: View, number: int) -> dict[str, object]:
    """What a report says, without its `ID`. KeyError if there is no such report."""
    if number in FIXED:
        return {key.name: key.read(view) for key in view.box.rows[number]}
    if not view.box.trait("logger") or not FIRST_LOG <= number <= LAST_LOG:
        raise KeyError(number)
    entry = dict(view.box.log.report(number - FIRST_LOG, view.now))
    if not view.metered:
        entry |= {"E start": 0, "E pres": 0}
    return entry | {"Serial": view.box.serial, "Sec": view.uptime}


def render(view: View, number: int) -> str:
    """A report as it is sent. KeyError if there is no such report."""
    found = values(view, number)
    lines = [f'"ID": "{number}"']
    for name, value in found.items():
        text = json.dumps(value) if isinstance(value, str) else str(value)
        lines.append(f'"{name}":{text}' if name in TIGHT else f'"{name}": {text}')
    return "{\n" + ",\n".join(lines) + "\n}\n"


def read(box: Keba, address: str) -> object:
    """`report2.State`. KeyError if there is none."""
    name, dot, key = address.partition(".")
    if not dot or not name.startswith("report") or not name[6:].isascii() or not name[6:].isdigit():
        raise KeyError(address)
    return values(View(box), int(name[6:]))[key]


def addresses(box: Keba) -> Iterable[str]:
    """A P40 has the same values, though no UDP to ask for them: scenarios may."""
    for number in numbers(box):
        names = LOG_KEYS if number >= FIRST_LOG else [key.name for key in box.rows[number]]
        yield from (f"report{number}.{name}" for name in names)


def fidelity(box: Keba) -> Iterator[Fidelity]:
    for number in FIXED:
        for key in box.rows[number]:
            yield _line(f"UDP report {number}", f"report{number}.{key.name}", key)
    if not box.trait("logger"):
        return
    for name in LOG_KEYS:
        kind = "string" if name in _TEXTS else _LOG_TYPES.get(name, "uint32")
        row = Key(name=name, type=kind, read=attribute(name), source=GUIDE)
        yield _line("UDP report 100 to 130", f"report100.{name}", row)


def _line(table: str, name: str, key: Key) -> Fidelity:
    return Fidelity(
        table=table,
        name=name,
        type=key.type,
        readable=True,
        settable=False,
        live=key.live,
        source=key.source,
        since=key.since,
        until=key.until,
        models=key.models,
        assumed=key.assumed,
        about=key.about,
    )
