"""Building a site from a plan.

The one rule: building is quick and leaves nothing behind, because resetting an emulator means building its site again.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Final

from ..core.agenda import BUILDING
from ..runtime.clock import Clock
from ..runtime.journal import Journal
from ..runtime.simulation import Simulation
from .plan import BrokerAddress, SitePlan
from .site import Site

FIXED_EPOCH: Final = datetime(2026, 1, 5, tzinfo=timezone(timedelta(hours=1)))
"""Calendar time at simulated time 0 where nothing is stated and the clock is frozen: a Monday."""


def build(
    plan: SitePlan,
    *,
    clock: Clock,
    wall: Callable[[], float] | None = None,
    seed: int | None = None,
    journal: Journal | None = None,
    broker: tuple[str, int] | None = None,
    epoch: datetime | None = None,
    turns: bool = False,
) -> Site:
    """The site of a plan at simulated time 0.

    `turns`: the journal tells what was being done (`Simulation.tell_turns`).

    `wall`: Unix time for journal entries (None: none). `seed` and `epoch` override the plan's. `broker`: host and
    port of the broker in use, where it is not the one the plan names.
    """
    simulation = Simulation(
        clock=clock,
        epoch=epoch or plan.epoch or (FIXED_EPOCH if clock.frozen else datetime.now(UTC).astimezone()),
        seed=plan.seed if seed is None else seed,
        journal=journal if journal is not None else Journal(wall=wall),
    )
    if turns:
        simulation.tell_turns()
    if plan.clients:
        simulation.journal.recognise = plan.client
    site = Site(plan, simulation, broker or _broker(plan))
    with simulation.agenda.preparing(BUILDING):
        for charger in plan.chargers:
            site.add_charger(charger)
        if plan.control_box is not None:
            site.add_control_box(plan.control_box)
    return site


def _broker(plan: SitePlan) -> tuple[str, int] | None:
    named = plan.broker or (BrokerAddress() if plan.wants_broker else None)
    return (named.host, named.port) if named is not None and named.host else None
