"""The laws of physics that every charger keeps, whatever happens: a walk that breaks one has found a bug of ours.

The one rule: looked at after everything that happens at an instant, and without changing anything.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ..core.agenda import Priority
from ..core.instant import Instant
from ..core.messages import Event
from ..core.snapshot import Snapshot
from ..core.states import EvseState
from ..world.site import Site
from .finding import Finding

_CLOSED: Final = (EvseState.CHARGING, EvseState.C_STOPPING, EvseState.PHASE_SWITCH)
_LOST_AT_POWER_OFF: Final = 1.0
"""Wh since the meter was last stored."""


class Laws:
    """Watches all chargers of a site."""

    def __init__(self, site: Site) -> None:
        self.broken: dict[str, Finding] = {}
        """The first time each law was broken, by its name."""
        self._simulation = site.simulation
        self._before: dict[str, Snapshot] = {}
        self._timer = site.simulation.timer(self._look, Priority.METER)
        for charger in site.simulation.chargers:
            site.simulation.listen(charger, self._happened)

    def _happened(self, _event: Event) -> None:
        self._timer.set(self._simulation.at)

    def _look(self, at: Instant) -> None:
        for name, charger in self._simulation.chargers.items():
            now = charger.snapshot(at)
            before = self._before.get(name, now)
            for law, text in (*_of_an_instant(now), *_of_time(before, now)):
                rule = f"physics: {law}"
                self.broken.setdefault(rule, Finding(rule, f"{name}: {text}", at))
            self._before[name] = now


def _of_an_instant(now: Snapshot) -> Iterator[tuple[str, str]]:
    if now.contactor and (not now.plugged or now.state not in _CLOSED):
        yield "the contactor is closed only while a vehicle may charge", f"closed in state {now.state}"
    for line, (live, current) in enumerate(zip(now.energised, now.phase_current, strict=True), 1):
        if current and not live:
            yield "no current without voltage", f"L{line}: {current:g} A"
    if now.power and now.vehicle is None:
        yield "no power without a vehicle", f"{now.power:g} W"
    if abs(now.power - sum(now.active_power)) > 1e-6:
        yield "the power is that of the lines together", f"{now.power:g} W, {now.active_power}"
    if now.offered_current > max(now.effective_limit, 6.0) + 1e-9:
        yield "nobody is offered more than the lowest limit", f"{now.offered_current:g} A, {now.effective_limit:g} A"
    if now.vehicle is not None and not -1e-9 <= now.vehicle.state_of_charge <= 1 + 1e-9:
        yield "a battery is between empty and full", f"{now.vehicle.state_of_charge:g}"


def _of_time(before: Snapshot, now: Snapshot) -> Iterator[tuple[str, str]]:
    gone_off = now.state is EvseState.OFF
    if before.total_energy - now.total_energy > (_LOST_AT_POWER_OFF if gone_off else 1e-9):
        yield "the meter never runs backwards", f"{before.total_energy:g} Wh, then {now.total_energy:g} Wh"
    same = now.session == before.session and not gone_off
    if same and now.session_energy < before.session_energy - 1e-9:
        yield "the energy of a session never falls", f"{before.session_energy:g} Wh, then {now.session_energy:g} Wh"
    if now.contactor_cycles < before.contactor_cycles:
        yield "closings are never taken back", f"{before.contactor_cycles}, then {now.contactor_cycles}"
