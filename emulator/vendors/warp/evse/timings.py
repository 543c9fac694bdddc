"""How long charge controllers of different firmwares leave a vehicle alone, by the controller's own version.

The one rule: a difference between versions is a row here. Source: Tinkerforge esp32-firmware, `changelog_warp2.txt`
(controller 2.2.3, 2.2.12 to 2.2.18), evse-v2-bricklet 2.2.24 for the newest. ASSUMED: which of 2.2.12 to 2.2.18 brought
which, and how long the leaked state lasts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from ....core.instant import SECOND, Instant
from ....devices.firmware import version_of


@dataclass(frozen=True, slots=True)
class Step:
    """`after` s from the begin of the sequence, the pilot is cut (or held at -12 V) for `duration` s."""

    after: int
    duration: float
    mode: Literal["open", "f"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Timings:
    """What one version does to a vehicle."""

    since: str
    wait: float | None = None
    """Phase switch: contactor open to pilot back [s]; None: as the hardware has it, 60 s."""
    wake_up: tuple[Step, ...] = (Step(90, 4.0, "open"), Step(124, 30.0, "open"))
    """For a vehicle that does not ask for current."""
    with_state_f: tuple[Step, ...] = (Step(184, 4.0, "f"), Step(218, 30.0, "f"))
    """After that, if the last charge is long ago."""
    leaks_a: bool = False
    """A cut pilot shows as an unplugged vehicle for a moment."""


_QUICK: Final = (Step(30, 4.0, "open"), Step(64, 30.0, "open"))
TIMINGS: Final = (
    Timings(since="2.2.3", wait=5.0, wake_up=_QUICK, with_state_f=(), leaks_a=True),
    Timings(since="2.2.12", wait=15.0, wake_up=_QUICK, with_state_f=(), leaks_a=True),
    Timings(since="2.2.16", wait=15.0, wake_up=_QUICK, with_state_f=()),
    Timings(since="2.2.18"),
)
LEAK: Final[Instant] = SECOND // 2
"""How long a leaked state A lasts: two polls."""


def timings_of(version: str) -> Timings:
    """Those of a controller's firmware; the oldest for anything before."""
    wanted = version_of(version)
    return next((row for row in reversed(TIMINGS) if version_of(row.since) <= wanted), TIMINGS[0])
