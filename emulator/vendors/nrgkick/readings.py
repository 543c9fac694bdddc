"""The vendor's view of its unit: one moment's values, in the words of the API.

The one rule: a view belongs to one moment; everything in it comes from one snapshot and the unit's own memory.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from ...core.freshness import seen
from ...core.messages import Reason
from ...core.snapshot import PhaseMask, Phases, Snapshot
from ...core.states import EvseState
from ...devices.quirks import Quirk
from ...devices.settings import Setting, Settings
from .attachments import Attachment
from .controls import Controls
from .faultcodes import Codes, codes
from .logic import Logic, charging
from .quirks import INDUCED_VOLTAGES
from .settings import ATTACHMENT_SERIAL, AVERAGE_CONSUMPTION, GPS, IDLE_NOISE, SW_CM
from .unit import Unit

Read = Callable[["View"], object]

STANDBY, CONNECTED, CHARGING, ERROR, WAKEUP = 1, 2, 3, 6, 7
UNKNOWN: Final = 0

IDLE_CURRENT: Final = 0.018
IDLE_FACTOR: Final = 0.202
"""A and power factor of L1 while idle. Source: reports of evcc users, figures of the vendor page."""
INDUCED: Final = (1.0, 0.519, 0.247)
"""Share of the first live phase's voltage on open phases. Source: evcc#9788 (240.5 / 124.8 / 59.4 V)."""
_PERMITTED: Final = (EvseState.B_READY, EvseState.C_CLOSING, EvseState.CHARGING, EvseState.WAKEUP)
_MODULE: Final = re.compile(r"B(\d+)")
GPS_COMPLETE_SINCE: Final = 15
"""Cellular module version with altitude and accuracy."""


@dataclass(eq=False)
class View:
    """One moment of one unit. Attributes are computed when asked for and kept."""

    unit: Unit
    settings: Settings
    controls: Controls
    logic: Logic
    now: Snapshot
    firmware: str
    shows: Callable[[Quirk], bool]

    @seen
    def attachment(self) -> Attachment:
        return self.unit.attachment

    @seen
    def codes(self) -> Codes:
        return codes(self.unit, self.logic, self.now)

    @seen
    def live(self) -> PhaseMask:
        """Lines that reach the unit through the attachment."""
        return _both(self.now.supply_phases, self.attachment.mask)

    @seen
    def closed(self) -> PhaseMask:
        """Phase relays that are switched on; none while nobody tells of them.

        ASSUMED: as commanded; welded ones are reported as an error.
        """
        count = self.now.phases if self.now.contactor and self.now.controller_link else 0
        return (count >= 1, count >= 2, count >= 3)

    @seen
    def idle(self) -> bool:
        """The meter shows the unit's own noise only."""
        return self.settings[IDLE_NOISE] and not any(self.now.phase_current) and self.live[0]

    @seen
    def voltage(self) -> Phases:
        """V per phase; what the attachment does not connect is not there."""
        measured = _where(self.live, self.now.phase_voltage)
        if not self.shows(INDUCED_VOLTAGES) or not any(measured):
            return measured
        source = next(value for value in measured if value)
        first, second, third = (v or share * source for v, share in zip(measured, INDUCED, strict=True))
        return (first, second, third)

    @seen
    def current(self) -> Phases:
        return (IDLE_CURRENT, 0.0, 0.0) if self.idle else self.now.phase_current

    @seen
    def active(self) -> Phases:
        return (self.apparent[0] * IDLE_FACTOR, 0.0, 0.0) if self.idle else self.now.active_power

    @seen
    def reactive(self) -> Phases:
        """var; negative: capacitive."""
        if self.idle:
            return (self.apparent[0] * (1 - IDLE_FACTOR**2) ** 0.5, 0.0, 0.0)
        return self.now.reactive_power

    @seen
    def apparent(self) -> Phases:
        return (self.voltage[0] * IDLE_CURRENT, 0.0, 0.0) if self.idle else self.now.apparent_power

    @seen
    def total_apparent(self) -> float:
        return float((math.fsum(self.active) ** 2 + math.fsum(self.reactive) ** 2) ** 0.5)

    @property
    def power_factor(self) -> Phases:
        first, second, third = map(_factor, self.active, self.apparent)
        return (first, second, third)


def _both(a: PhaseMask, b: PhaseMask) -> PhaseMask:
    return (a[0] and b[0], a[1] and b[1], a[2] and b[2])


def _where(mask: PhaseMask, values: Phases) -> Phases:
    first, second, third = (value if used else 0.0 for value, used in zip(values, mask, strict=True))
    return (first, second, third)


def _factor(active: float, apparent: float) -> float:
    """-1..1; 0 without load. Source: vendor page's standby figures."""
    return active / apparent if apparent > 0 else 0.0


# --- identity --------------------------------------------------------------------------------------------------------


def setting(handle: Setting[object]) -> Read:
    return lambda v: v.settings[handle]


def connector_serial(v: View) -> object:
    return v.settings[ATTACHMENT_SERIAL] if v.attachment.type else ""


def grid_phases(v: View) -> object:
    return sum(1 << bit for bit, live in enumerate(v.live) if live)


def gps(handle: Setting[float]) -> Read:
    """A value of the GPS receiver, where there is one."""
    return lambda v: v.settings[handle] if v.settings[GPS] else Reason.NOT_FITTED


def gps_extra(handle: Setting[float]) -> Read:
    """Valid with newer cellular modules only. ASSUMED: 0 with older ones."""
    inner = gps(handle)

    def read(v: View) -> object:
        found = _MODULE.search(v.settings[SW_CM])
        valid = found is not None and int(found.group(1)) >= GPS_COMPLETE_SINCE
        value = inner(v)
        return value if valid or isinstance(value, Reason) else 0.0

    return read


# --- values ----------------------------------------------------------------------------------------------------------


def total_energy(v: View) -> object:
    return v.now.whole(lambda now: now.total_energy)


def session_energy(v: View) -> object:
    return v.now.whole(lambda now: now.session_energy)


def mean_voltage(v: View) -> object:
    """Mean of the connected phases. Source: on one phase it equals L1."""
    connected = [voltage for voltage, live in zip(v.now.phase_voltage, v.live, strict=True) if live]
    return math.fsum(connected) / len(connected) if connected else 0.0


def signalled_current(v: View) -> object:
    """What the duty cycle says; without one, what would be signalled. Source: equals current_set while idle."""
    if v.now.offered_current > 0 and v.now.controller_link:
        return v.now.offered_current
    return min(v.controls.current_set, v.attachment.current)


def peak_power(v: View) -> object:
    return v.logic.peak_power()


def total_factor(v: View) -> object:
    return _factor(math.fsum(v.active), v.total_apparent)


def neutral_current(v: View) -> object:
    return IDLE_CURRENT if v.idle else v.now.neutral_current


def charging_rate(v: View) -> object:
    """km/h, from the power and the average consumption the owner has set."""
    return round(v.now.power / 10.0 / v.settings[AVERAGE_CONSUMPTION], 2)


def connect_time(v: View) -> object:
    return v.logic.session.connected(v.now)


def charging_time(v: View) -> object:
    return v.logic.session.charging(v.now)


def status(v: View) -> object:
    now = v.now
    if v.codes.error:
        return ERROR
    if now.state in (EvseState.BOOT, EvseState.OFF) or not now.controller_link:
        return UNKNOWN
    if charging(now):
        return CHARGING
    if now.state is EvseState.WAKEUP:
        return WAKEUP
    return CONNECTED if now.plugged else STANDBY


def charge_permitted(v: View) -> object:
    return int(v.now.state in _PERMITTED and v.now.controller_link and not v.codes.error)


def relay_state(v: View) -> object:
    if not any(v.closed):
        return 0
    return 1 + sum(2 << bit for bit, closed in enumerate(v.closed) if closed)


def temperature(sensor: str) -> Read:
    return lambda v: v.now.temperature[sensor]


def domestic_temperature(v: View) -> object:
    """0 unless the attachment is a domestic plug. Source: vendor page. ASSUMED: both pins alike."""
    return v.now.temperature["domestic_pin"] if v.attachment.domestic else 0.0
