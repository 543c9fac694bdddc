"""A scenario as data: a site, and what is to happen there.

The one rule: everything here is checked and frozen; it says what the user stated.
"""

from __future__ import annotations

from collections.abc import Mapping

from ..core.instant import Instant
from ..core.values import value
from ..verdict.section import PlacedRule
from ..world.defaults import profile_of
from ..world.plan import SitePlan
from .steps.base import TimedStep


@value
class End:
    """When the scenario is over: at an instant, or a time after the last step."""

    at: Instant | None = None
    after: Instant | None = None


@value
class Scenario(SitePlan):
    """A whole scenario, checked."""

    file: str = "(none)"
    about: str = ""
    reported: tuple[str, ...] = ()
    """Links to where it was reported."""
    speed: float | None = None
    """Simulated seconds per second as stated under `clock:`; None: not stated, real time."""
    tracks: tuple[tuple[TimedStep, ...], ...] = ()
    """Timelines that run side by side: those of included files, then the file's own."""
    rules: tuple[PlacedRule, ...] = ()
    """What the client under test has to keep to."""
    end: End | None = None
    shared_sockets: bool | None = None
    """Whether wallboxes with addresses of their own share listening sockets; None: many do."""
    strict: bool = False
    """What passed only because nothing came to it is a failure."""
    whole: Scenario | None = None
    """What this is a share of."""

    @property
    def homes(self) -> Mapping[str, str]:
        """By name of a fault that several chargers have, the first of them; the names of the others have their place
        added."""
        if self.whole is not None:
            return self.whole.homes
        found: dict[str, set[str]] = {}
        first: dict[str, str] = {}
        for step in self.steps:
            if (named := step.step.names_fault) is not None:
                name, charger = named
                first.setdefault(name, charger)
                found.setdefault(name, set()).add(charger)
        return {name: charger for name, charger in first.items() if len(found[name]) > 1}

    @property
    def remarks(self) -> tuple[str, ...]:
        """What its user should know although nothing is wrong."""
        found: dict[str, None] = {}
        for charger in self.chargers:
            for wallbox in charger.wallboxes:
                _, profile = profile_of(wallbox)
                if profile.stands_in is not None:
                    found[f"{profile.model.id} {profile.firmware} behaves as {profile.stands_in}"] = None
        return tuple(found)

    @property
    def steps(self) -> tuple[TimedStep, ...]:
        """Every step of every timeline."""
        return tuple(step for track in self.tracks for step in track)
