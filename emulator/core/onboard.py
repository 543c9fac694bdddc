"""The electrical side of a vehicle: battery, current per phase, and the law they follow in one segment.

The one rule: `vehicle` decides on the target current, and when it changes; here is how the current gets there.
Currents are A of active current per used phase, energies J.
"""

from __future__ import annotations

import math
from typing import Final

from .battery import Acceptance
from .flow import Flow, Idle
from .instant import Instant, later
from .ramp import Ramp
from .snapshot import PhaseMask
from .specs import VehicleSpec
from .taper import Taper
from .terminals import Mains
from .units import WATT_HOUR

NOTHING: Final[PhaseMask] = (False, False, False)


class OnboardCharger:
    """On-board charger and battery."""

    def __init__(self, spec: VehicleSpec) -> None:
        self.spec = spec
        self.acceptance = Acceptance.of(spec)
        self.battery = spec.state_of_charge * spec.capacity * WATT_HOUR
        """Energy in the battery at the start of the segment [J]."""
        self.current = 0.0
        """Current at the start of the segment [A]."""
        self.rate = 0.0
        """Slope of the current [A/s]."""
        self.target = 0.0
        """Current the ramp leads to [A]."""
        self.tapering = False
        """The battery decides the power."""
        self.limit_energy = spec.charge_limit * spec.capacity * WATT_HOUR
        """Stored energy at the charge limit [J]."""

    @property
    def finished(self) -> bool:
        return self.battery >= self.limit_energy

    def reconfigure(self, spec: VehicleSpec, *, refill: bool) -> None:
        """Take over other figures; `refill`: the battery then holds what they say."""
        self.spec = spec
        self.acceptance = Acceptance.of(spec)
        self.limit_energy = spec.charge_limit * spec.capacity * WATT_HOUR
        if refill:
            self.battery = spec.state_of_charge * spec.capacity * WATT_HOUR
        self.battery = min(self.battery, spec.capacity * WATT_HOUR)

    def ramp_to(self, target: float) -> None:
        """Ramp towards `target` A."""
        self.target = target
        if self.tapering and target >= self.current:
            return
        self.tapering = False
        self.rate = _slope(self.current, target, self.spec.ramp_up, self.spec.ramp_down)

    def ramp_to_zero(self) -> None:
        """Ramp to nothing, quickly."""
        self.tapering = False
        self.target = 0.0
        self.rate = -self.spec.ramp_stop if self.current > 0 else 0.0

    def cut_off(self) -> None:
        """Nothing flows any more."""
        self.current = self.rate = self.target = 0.0
        self.tapering = False

    def arrived(self, at: Instant, since: Instant, flow: Flow) -> bool:
        """Whether the ramp that began at `since` has reached its end by `at`."""
        if not isinstance(flow, Ramp) or self.rate == 0.0:
            return False
        end = flow.reaches_current(self.target)
        return end is not None and later(since, max(0.0, end)) <= at

    def arrive(self) -> None:
        """The ramp is at its end: exactly there."""
        self.current = self.target
        self.rate = 0.0

    def settle(self, flow: Flow, dt: float, *, stores: bool) -> None:
        """Take over where the segment has led after `dt` s."""
        if stores:
            self.battery = min(self.battery + flow.battery(dt), max(self.battery, self.spec.capacity * WATT_HOUR))
        if not isinstance(flow, Idle):
            self.current = max(flow.active_current(dt))

    def idle(self, mains: Mains, mask: PhaseMask) -> Idle:
        """Nothing but standby power."""
        return Idle(voltages=mains.voltages, resistance=mains.resistance, mask=mask, standby=self.spec.standby_power)

    def flow(self, mains: Mains, mask: PhaseMask, *, capped: bool) -> Flow:
        """The law of the segment that begins now; `capped`: the battery may limit it."""
        self.current = min(self.current, ceiling(mains, mask))
        if self.current == 0.0 and self.rate == 0.0:
            return self.idle(mains, mask)
        if not capped or self.rate < 0 or not self.acceptance.limits:
            return self._ramp(mains, mask, self.current, self.rate)
        cap = self.acceptance.cap(self.battery)
        if self.battery < self.acceptance.start or self._power(mains, mask, self.target) < cap:
            if self.tapering:
                self.tapering = False
                self.rate = _slope(self.current, self.target, self.spec.ramp_up, self.spec.ramp_down)
            return self._ramp(mains, mask, self.current, self.rate)
        if not self.tapering and self._power(mains, mask, self.current) < cap:
            return self._ramp(mains, mask, self.current, self.rate)
        self.tapering = True
        self.rate = 0.0
        return self.taper(mains, mask)

    def taper(self, mains: Mains, mask: PhaseMask) -> Taper:
        """The battery takes what it accepts."""
        taper = Taper(
            voltages=mains.voltages,
            resistance=mains.resistance,
            mask=mask,
            loss_power=self.spec.loss_power,
            efficiency=self.spec.efficiency,
            kind=self.acceptance.kind,
            start_power=self.acceptance.cap(self.battery),
            decay=self.acceptance.decay,
        )
        self.current = max(taper.active_current(0.0))
        return taper

    def _power(self, mains: Mains, mask: PhaseMask, current: float) -> float:
        """What reaches the battery at `current` A on every used phase [W]."""
        lines = [voltage for voltage, used in zip(mains.voltages, mask, strict=True) if used and voltage > 0]
        power = math.fsum([(voltage - mains.resistance * current) * current for voltage in lines])
        return max(0.0, self.spec.efficiency * (power - self.spec.loss_power))

    def _ramp(self, mains: Mains, mask: PhaseMask, current: float, rate: float) -> Ramp:
        return Ramp(
            voltages=mains.voltages,
            resistance=mains.resistance,
            mask=mask,
            loss_power=self.spec.loss_power,
            efficiency=self.spec.efficiency,
            current=current,
            rate=rate,
        )

    def next_due(self, at: Instant, flow: Flow, *, capped: bool) -> Instant | None:
        """When the segment has led somewhere: end of a ramp, start of the taper, full battery."""
        times: list[float] = []
        if isinstance(flow, Ramp) and self.rate != 0.0:
            end = flow.reaches_current(self.target)
            if end is not None:
                times.append(max(0.0, end))
                capped = capped and self._comes_near(flow, max(0.0, end))
        elif isinstance(flow, Taper):
            capped = capped and self._comes_near(flow, flow.lasts)
        if capped:
            found = [flow.reaches_battery(self.limit_energy - self.battery)]
            if not self.tapering and self.rate >= 0:
                found.append(flow.reaches_cap(self.acceptance, self.battery))
            times += [dt for dt in found if dt is not None]
        return max(at + 1, later(at, min(times))) if times else None

    def _comes_near(self, flow: Ramp | Taper, end: float) -> bool:
        """Whether the battery can get full, or to its taper, before the segment ends: spares two searches."""
        most = self.battery + max(flow.battery_power(0.0), flow.battery_power(end)) * end
        to_taper = self.acceptance.limits and not self.tapering
        return most >= min(self.acceptance.start if to_taper else self.limit_energy, self.limit_energy) - 1.0


def ceiling(mains: Mains, mask: PhaseMask) -> float:
    """Current beyond which more would bring less power, as the source gives way; infinite for a stiff one [A]."""
    if mains.resistance <= 0:
        return float("inf")
    lowest = min([voltage for voltage, used in zip(mains.voltages, mask, strict=True) if used], default=0.0)
    return lowest / (2.0 * mains.resistance)


def _slope(current: float, target: float, up: float, down: float) -> float:
    """Slope from one current to another [A/s]."""
    if target > current:
        return up
    return -down if target < current else 0.0
