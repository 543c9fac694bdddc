"""A load group: wallboxes that share one current (`loe`, `log`, `lop`, `lot`, `lof`; `loa` is what one is granted).

The one rule: shares follow from what the members want at one moment, so that all of them come to the same result.
Source: go-eCharger-API-v1 and key lists (meaning of the keys; the group is formed by the cloud; `lch` is for it).
ASSUMED: how the current is shared; a stated `loa` stands for members outside of the scenario.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from ...core.instant import SECOND, Instant, later
from ...core.snapshot import Snapshot
from ...core.values import value
from ...devices.settings import Settings
from ...runtime.simulation import Simulation
from .settings import CWE, LOA, LOE, LOF, LOG, LOP, LOT

LEAST: Final = 6
"""What a vehicle needs at least [A]."""
PATIENCE: Final = 60 * SECOND
"""How long a vehicle that draws nothing keeps more than the least."""


@value
class Claim:
    """What one member wants of its group at one moment."""

    name: str
    group: str
    priority: int
    total: int
    """Of the group, as the member knows it [A]."""
    wish: int
    """0: nothing [A]."""
    draws: bool
    """Current flows, or has a moment ago."""
    fallback: int | None
    """What it takes without asking, because the group does not reach it [A]; None: it does."""


def shares(claims: Iterable[Claim]) -> Mapping[str, int]:
    """Whole amperes by member.

    Who has the higher priority is served first, with the least a vehicle needs; what is left goes in equal parts to
    those that draw it.
    """
    members = sorted(claims, key=lambda claim: (not claim.draws, -claim.priority, claim.name))
    granted = {claim.name: claim.fallback or 0 for claim in members}
    room = min((claim.total for claim in members), default=0) - sum(granted.values())
    served = []
    for claim in members:
        if claim.fallback is None and claim.wish >= LEAST and room >= LEAST:
            granted[claim.name] = LEAST
            room -= LEAST
            served += [claim] if claim.draws else []
    while room > 0 and (hungry := [claim for claim in served if granted[claim.name] < claim.wish]):
        for claim in hungry[:room]:
            granted[claim.name] += 1
            room -= 1
    return granted


class Members(dict[str, "Membership"]):
    """Every wallbox of one simulation, by name."""

    KEY: Final = "goe.members"

    @classmethod
    def of(cls, simulation: Simulation) -> Members:
        found = simulation.extensions.setdefault(cls.KEY, cls())
        assert isinstance(found, cls)
        return found


class Membership:
    """One wallbox's place in a group."""

    def __init__(self, name: str, settings: Settings, simulation: Simulation) -> None:
        """`name`: the wallbox's, unique in the simulation."""
        self.name = name
        self._settings = settings
        self._members = Members.of(simulation)
        self._members[name] = self
        self.claim: Claim | None = None
        """What it wanted when its logic ran last; None: it is in no group."""
        self.due: Instant | None = None
        """When it wants something else, though nothing happens."""
        self.wake: Callable[[], None] = lambda: None
        """Has its logic run soon."""

    def look(self, now: Snapshot, at: Instant, wish: int, last_current: Instant | None) -> int | None:
        """What it is granted [A]; None: nobody limits it. The others are told if it wants something else than before.

        `wish`: what it would charge with [A], 0 for not at all.
        """
        settings = self._settings
        self.due = None
        before, self.claim = self.claim, None
        if settings[LOE] and settings[LOG] and settings[LOA] is None:
            self.claim = self._claim(now, at, wish, last_current)
        others = [member for member in self._members.values() if member is not self and member.claim is not None]
        if self.claim != before:
            for member in others:
                member.wake()
        if self.claim is None:
            return settings[LOA] if settings[LOE] else None
        if self.claim.fallback is not None:
            return self.claim.fallback
        claims = (member.claim for member in others if member.claim is not None)
        group = [claim for claim in claims if claim.group == self.claim.group]
        return shares([self.claim, *group])[self.name] if wish else None

    def leave(self) -> None:
        """The wallbox stops: the others share what it had."""
        if self.claim is not None:
            self.claim = None
            for member in self._members.values():
                member.wake()

    def _claim(self, now: Snapshot, at: Instant, wish: int, last_current: Instant | None) -> Claim:
        settings = self._settings
        quiet_since = max(later(now.at, -now.connected_for), last_current or 0)
        if wish and not now.current_flows and at < quiet_since + PATIENCE:
            self.due = quiet_since + PATIENCE
        return Claim(
            name=self.name,
            group=settings[LOG],
            priority=settings[LOP],
            total=int(settings[LOT]["amp"]),
            wish=wish,
            draws=now.current_flows or self.due is not None,
            fallback=None if settings[CWE] and now.backend_link else settings[LOF],
        )
