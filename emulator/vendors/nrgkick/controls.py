"""The four controls, each in one row: register, range, texts of its refusals, setting.

The one rule: a write of either interface is looked at and stored by its row; nothing else knows a range or a text.
Source: rules of the vendor page's own simulation of the device. ASSUMED: they are in flash and survive a reboot.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, NamedTuple

from ...core.instant import Instant, later
from ...core.messages import Outcome, Reason
from ...core.snapshot import Snapshot
from ...devices.controls import Control, Host
from ...devices.registers import U16, U32, WireType
from ...devices.settings import Check, Setting, number, takes
from ...runtime.simulation import Simulation
from .settings import CONTROL_LAG, PHASE_SWITCHING, PHASE_ZERO, SOLAR_CHARGING
from .unit import Unit


@dataclass(frozen=True, kw_only=True)
class NumberControl(Control["Controls", float]):
    """One control: a JSON key of `/control` and a register."""

    address: int
    type: WireType = U16
    scale: float = 1
    functions: tuple[int, ...] | None = None
    """Modbus functions that may touch it, if not all."""
    text: re.Pattern[str]
    """What a client may write for it in a query."""

    @property
    def key(self) -> str:
        return self.setting.name

    def accept(self, target: Controls, value: object) -> float | Outcome:
        """The value to store; or the refusal. A text is one that a client has written."""
        if isinstance(value, str):
            value = float(value) if self.text.fullmatch(value) and value.count(".") <= 1 else None
        return super().accept(target, value)

    def put(self, target: Controls, value: float) -> None:
        """Store an accepted value."""
        target.remember(self)
        super().put(target, value)
        target.written()


class Shown(NamedTuple):
    """What a control reads as until a moment."""

    value: float
    until: Instant


class Controls:
    """The controls of one unit: what writes of both interfaces act on."""

    def __init__(self, unit: Unit, simulation: Simulation, host: Host) -> None:
        self.unit = unit
        self.settings = unit.settings
        self.record_write = host.record_write
        self.changed = host.changed
        self.written: Callable[[], None] = lambda: None
        """Called after each write, also of what is stored already: what came to nothing then is tried again."""
        self._simulation = simulation
        self._lagging: dict[str, Shown] = {}

    @property
    def current_set(self) -> float:
        """As far as the unit is rated [A]."""
        return min(self.settings[CURRENT_SET.setting], float(self.unit.rated_current))

    def value(self, row: NumberControl) -> float:
        return self.current_set if row is CURRENT_SET else self.settings[row.setting]

    def shown(self, row: NumberControl, now: Snapshot) -> float:
        """What is read back. Source: clients re-read after 0.5 to 2 s; phase_count is 0 during a switch."""
        if row is PHASE_COUNT and now.phase_switching and self.settings[PHASE_ZERO]:
            return 0
        lagging = self._lagging.get(row.key)
        return lagging.value if lagging is not None and now.at < lagging.until else self.value(row)

    def remember(self, row: NumberControl) -> None:
        """A control is about to be written: where the unit is slow, it reads as before for a moment."""
        lag = self.settings[CONTROL_LAG]
        if lag > 0:
            at = self._simulation.at
            before = self._lagging.get(row.key)
            old = before.value if before is not None and at < before.until else self.value(row)
            self._lagging[row.key] = Shown(old, later(at, lag))


def _whole(lowest: int, highest: int) -> Check[int]:
    """A whole number in a closed range; true and false are taken as 1 and 0."""

    @takes({"type": ["integer", "boolean"], "minimum": lowest, "maximum": highest})
    def check(value: object) -> int:
        if isinstance(value, int | float) and math.isfinite(value) and lowest <= value <= highest and value % 1 == 0:
            return int(value)
        raise ValueError(f"expected a whole number {lowest}..{highest}")

    return check


def _tenths(value: float) -> float:
    """Rounded to 0.1 A, halves upwards."""
    return math.floor(value * 10 + 0.5) / 10


def _out_of_range(text: str) -> Callable[[Controls, str], Outcome]:
    """A value that is not one, in the unit's words."""
    return lambda _, __: Outcome(refused=Reason.OUT_OF_RANGE, message=text)


def _invalid_current(controls: Controls, _: str) -> Outcome:
    """Source: vendor page for 32 A. ASSUMED: a 16 A unit names its own upper end."""
    text = f"Invalid current entered, allowed 6.0A - {controls.unit.rated_current:.1f}A"
    return Outcome(refused=Reason.OUT_OF_RANGE, message=text)


def _above_rating(controls: Controls, value: float) -> Outcome | None:
    return _invalid_current(controls, "") if value > controls.unit.rated_current else None


def _blocked_by_sun(text: str) -> Callable[[Controls, float], Outcome | None]:
    """Refused while the unit follows the sun by itself."""
    refusal = Outcome(refused=Reason.NOT_NOW, message=text)
    return lambda controls, _: refusal if controls.settings[SOLAR_CHARGING] else None


def _needs_phase_switching(controls: Controls, _: float) -> Outcome | None:
    """Source: seed document for the refusal. Status and text ASSUMED."""
    text = "Phase-switch must be enabled within the NRGkick App"
    return None if controls.settings[PHASE_SWITCHING] else Outcome(refused=Reason.NOT_ALLOWED, message=text)


CURRENT_SET: Final = NumberControl(
    setting=Setting("current_set", 32.0, number(6.0, 32.0), "A, at most the unit's rated current"),
    address=194,
    scale=10,
    text=re.compile(r"[0-9](?:[0-9.]{0,2}|[0-9.]{2}[0-9])"),
    invalid=_invalid_current,
    # ASSUMED: the second text is a client's, the device may never say it.
    refusals=(_above_rating, _blocked_by_sun("Current change blocked by solar-charging")),
    stored=_tenths,
)
CHARGE_PAUSE: Final = NumberControl(
    setting=Setting("charge_pause", 0, _whole(0, 1), "1: paused"),
    address=195,
    text=re.compile(r"[01]"),
    invalid=_out_of_range("Invalid state entered, allowed 0 / 1"),
    # Source: seen on a device by the authors of the Home Assistant integration.
    refusals=(_blocked_by_sun("Charging pause is blocked by solar-charging"),),
)
ENERGY_LIMIT: Final = NumberControl(
    setting=Setting("energy_limit", 0, _whole(0, 1_000_000), "Wh of a session; 0: none"),
    address=196,
    type=U32.low_first,
    functions=(3, 16),
    text=re.compile(r"[0-9]{1,7}"),
    invalid=_out_of_range(
        "Invalid limit entered, value must be greater or equal than 0Wh and less or equal than 1000000Wh"
    ),
)
PHASE_COUNT: Final = NumberControl(
    setting=Setting("phase_count", 3, _whole(1, 3), "phases to charge with, at most"),
    address=198,
    text=re.compile(r"[1-3]"),
    invalid=_out_of_range("Invalid phases entered, allowed 1 - 3"),
    # Source: text of a client's test. Status ASSUMED.
    refusals=(_needs_phase_switching, _blocked_by_sun("Phase count change is blocked by solar-charging")),
)

CONTROLS: Final = (CURRENT_SET, CHARGE_PAUSE, ENERGY_LIMIT, PHASE_COUNT)
"""In the order in which a request is looked at."""
BY_KEY: Final = {row.key: row for row in CONTROLS}
