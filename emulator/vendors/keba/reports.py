"""The UDP reports: every key of reports 1, 2, 3 and 100 to 130.

The one rule: a report is its rows in order, one view, one pair per line; which rows a wallbox has is said on the rows.
Source: UDP guides of P30 (V2.01) and P20 (V3.00); order and white space from captures.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from ...devices.firmware import Profile
from ...devices.points import Fidelity, Point
from .build import Build
from .entries import EMPTY, TEXTS
from .readings import Read, View, stored
from .sessions import LENGTH
from .settings import (
    BACKEND,
    CURR,
    ENA,
    FAILSAFE_CURRENT,
    FAILSAFE_TIMEOUT,
    OUTPUT,
    SETENERGY,
    X1,
    X2SRC,
)
from .switches import first, second

GUIDE: Final = "P30 UDP guide V2.01"
CAPTURE: Final = "captures (evcc#644, evcc#31680, ioBroker.kecontact#380)"
AFTER_2016: Final = "3.0"
SINCE_DIP_SW: Final = "3.9.17"
SINCE_DIP: Final = "3.10.16"
SINCE_SET_BOOT: Final = "3.10.42"
"""ASSUMED: 3.10.28 has no `setBoot`, 3.10.57 has it (evcc#10530)."""
SINCE_PHASES: Final = "3.10.42"
OLD: Final = "P20 2.5a3 has it not (capture)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Key(Point):
    """One key of a report."""

    read: Read
    type: str = "uint32"
    tight: bool = False
    """No blank behind the colon."""


def _com_module(v: View) -> object:
    return int(v.build.traits.series == "x" and v.logic.com_up)


SERIAL: Final = Key("Serial", type="string", read=lambda v: v.build.serial, live=False, source=GUIDE)
SEC: Final = Key("Sec", read=lambda v: v.uptime, source=GUIDE)

REPORT_1: Final = (
    Key("Product", type="string", read=lambda v: v.build.traits.product, live=False, source=GUIDE),
    SERIAL,
    Key("Firmware", type="string", read=lambda v: v.build.firmware, live=False, tight=True, source=CAPTURE),
    Key("COM-module", read=_com_module, since=AFTER_2016, source=GUIDE, about=OLD),
    Key("Backend", read=lambda v: int(v.logic.online or v.settings[BACKEND]), since="3.9.14", source=GUIDE),
    Key("timeQ", read=lambda v: v.logic.clock.quality, since="3.9.14", source=GUIDE),
    Key("DIP-Sw", type="string", read=lambda v: f"0x{first(v):02x}{second(v):02x}", since=SINCE_DIP_SW, until=SINCE_DIP,
        source="report of a 3.9.17", assumed="until which version"),
    Key("setBoot", read=lambda _: 0, live=False, since=SINCE_SET_BOOT, source=CAPTURE, assumed="first version"),
    Key("DIP-Sw1", type="string", read=lambda v: f"0x{first(v):02x}", since=SINCE_DIP, source=CAPTURE,
        assumed="first version"),
    Key("DIP-Sw2", type="string", read=lambda v: f"0x{second(v):02x}", since=SINCE_DIP, source=CAPTURE,
        assumed="DSW2.5 only"),
    SEC,
)  # fmt: skip

REPORT_2: Final = (
    Key("State", read=lambda v: v.state, source=GUIDE),
    Key("Error1", read=lambda v: v.error >> 16 & 0xFFFF, source=GUIDE, assumed="high half of register 1006"),
    Key("Error2", read=lambda v: v.error & 0xFFFF, source=GUIDE, assumed="low half of register 1006"),
    Key("Plug", read=lambda v: v.plug, source=GUIDE),
    Key("AuthON", read=lambda v: int(v.logic.cards.authorisation_on), since=AFTER_2016, source=GUIDE, about=OLD),
    Key("Authreq", read=lambda v: int(v.logic.cards.authorisation_missing), since=AFTER_2016, source=GUIDE, about=OLD),
    Key("Enable sys", read=lambda v: v.enable_sys, source=GUIDE),
    Key("Enable user", read=stored(ENA), source=GUIDE),
    Key("Max curr", read=lambda v: v.offered, source=GUIDE),
    Key("Max curr %", read=lambda v: v.duty, source=CAPTURE),
    Key("Curr HW", read=lambda v: v.hardware_current, source=GUIDE),
    Key("Curr user", read=stored(CURR), source=GUIDE),
    Key("Curr FS", read=stored(FAILSAFE_CURRENT), source=GUIDE),
    Key("Tmo FS", read=stored(FAILSAFE_TIMEOUT), source=GUIDE),
    Key("Curr timer", read=lambda v: v.logic.timed_current, since=AFTER_2016, source=GUIDE, about=OLD),
    Key("Tmo CT", read=lambda v: v.logic.remaining, since=AFTER_2016, source=GUIDE, about=OLD),
    Key("Setenergy", read=stored(SETENERGY), since=AFTER_2016, source=GUIDE, about=OLD),
    Key("Output", read=stored(OUTPUT), source=GUIDE),
    Key("Input", read=stored(X1), source=GUIDE),
    Key("X2 phaseSwitch source", read=stored(X2SRC), since=SINCE_PHASES, source=CAPTURE),
    Key("X2 phaseSwitch", read=lambda v: v.phase_switch, since=SINCE_PHASES, source=CAPTURE),
    SERIAL,
    SEC,
)

REPORT_3: Final = (
    Key("U1", read=lambda v: v.voltages[0], source=GUIDE),
    Key("U2", read=lambda v: v.voltages[1], source=GUIDE),
    Key("U3", read=lambda v: v.voltages[2], source=GUIDE),
    Key("I1", read=lambda v: v.currents[0], source=GUIDE),
    Key("I2", read=lambda v: v.currents[1], source=GUIDE),
    Key("I3", read=lambda v: v.currents[2], source=GUIDE),
    Key("P", read=lambda v: v.power, source=GUIDE),
    Key("PF", read=lambda v: v.power_factor, source=GUIDE),
    Key("E pres", read=lambda v: v.session_energy, source=GUIDE),
    Key("E total", type="uint64", read=lambda v: v.total_energy, source=GUIDE),
    SERIAL,
    SEC,
)

LOG_TYPES: Final = {"Session ID": "int32", "E start": "uint64", **dict.fromkeys(TEXTS, "string")}
FIRST_LOG, LAST_LOG = 100, 100 + LENGTH
FIXED: Final = {1: REPORT_1, 2: REPORT_2, 3: REPORT_3}
TIGHT: Final = {key.name for table in FIXED.values() for key in table if key.tight}


class Reports:
    """The reports of one wallbox."""

    def __init__(self, build: Build, profile: Profile) -> None:
        self._build = build
        self.compile(profile)

    def compile(self, profile: Profile) -> None:
        """The rows of the profile in force."""
        self._rows: Mapping[int, tuple[Key, ...]] = {
            number: tuple(key for key in table if key.exists(profile)) for number, table in FIXED.items()
        }

    def values(self, view: View, number: int) -> dict[str, object]:
        """What a report says, without its `ID`. KeyError if there is no such report."""
        if number in FIXED:
            return {key.name: key.read(view) for key in self._rows[number]}
        if not self._build.traits.logger or not FIRST_LOG <= number <= LAST_LOG:
            raise KeyError(number)
        found: dict[str, object] = {**view.logic.log.report(number - FIRST_LOG, view.now)}
        if not view.metered:
            found |= {"E start": 0, "E pres": 0}
        return found | {"Serial": self._build.serial, "Sec": view.uptime}

    def render(self, view: View, number: int) -> str:
        """A report as it is sent. KeyError if there is no such report."""
        lines = [f'"ID": "{number}"']
        for name, value in self.values(view, number).items():
            text = json.dumps(value) if isinstance(value, str) else str(value)
            lines.append(f'"{name}":{text}' if name in TIGHT else f'"{name}": {text}')
        return "{\n" + ",\n".join(lines) + "\n}\n"

    def read(self, view: View, address: str) -> object:
        """`report2.State`. KeyError if there is none."""
        name, dot, key = address.partition(".")
        number = name.removeprefix("report")
        if not dot or number == name or not number.isascii() or not number.isdigit():
            raise KeyError(address)
        return self.values(view, int(number))[key]

    def addresses(self) -> Iterable[str]:
        """A P40 has the same values, though no UDP to ask for them: scenarios may."""
        for number, rows in self._rows.items():
            yield from (f"report{number}.{key.name}" for key in rows)
        if self._build.traits.logger:
            for number in range(FIRST_LOG, LAST_LOG + 1):
                yield from (f"report{number}.{name}" for name in EMPTY)

    def fidelity(self) -> Iterator[Fidelity]:
        for number, rows in self._rows.items():
            for key in rows:
                name = f"report{number}.{key.name}"
                yield key.documented(f"UDP report {number}", key.type, settable=False, name=name)
        if self._build.traits.logger:
            for name in EMPTY:
                row = Point(f"report100.{name}", source=GUIDE)
                yield row.documented("UDP report 100 to 130", LOG_TYPES.get(name, "uint32"), settable=False)
