"""Plays a sketch and looks at the boxes when the log did.

The one rule: what is compared is what a client would see at that instant, faults included; looking changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from ..core.agenda import Priority
from ..core.instant import SECOND, Instant
from ..core.snapshot import Snapshot
from ..devices.interception import HiddenError
from ..devices.wallbox import Wallbox
from ..runtime.clock import Clock
from ..scenario.loader import from_data
from ..scenario.player import FOREVER, Player
from ..scenario.publishing import QuietBroker
from ..world.building import build
from ..world.quantities import read as read_quantity
from ..world.quantities import vendor_value
from ..world.site import Site
from .agreement import NOTHING
from .sketch import Sketch

MOST_STEPS: Final = 3_000_000
"""Happenings after which a replay is given up."""


@dataclass(frozen=True, slots=True)
class Look:
    """When and where to look."""

    at: float
    """s of the scenario."""
    box: int
    """Which box of the sketch."""
    reading: int
    """Which reading of the box it is for."""
    address: str


@dataclass
class Replay:
    """What was found."""

    values: list[dict[int, list[object]]]
    """By box, then by reading: one value per look."""
    snapshots: list[dict[float, Snapshot]]
    """By box: what the charger knew, at the instants of looks."""
    failures: list[str] = field(default_factory=list)
    _times: dict[int, list[float]] = field(default_factory=dict)

    def times(self, box: int) -> list[float]:
        """The instants of looks at a box, in order."""
        if box not in self._times:
            self._times[box] = sorted(self.snapshots[box])
        return self._times[box]


def replay(sketch: Sketch, looks: Sequence[Look], *, overrides: bool = True) -> Replay:
    """Play the sketch. EmulatorError if it is no scenario."""
    scenario = from_data(sketch.data(overrides=overrides), "import")
    site = build(scenario, clock=Clock(0.0))
    found = Replay([{} for _ in sketch.boxes], [{} for _ in sketch.boxes])
    due: dict[Instant, list[Look]] = {}
    for look in looks:
        due.setdefault(max(0, round(look.at * SECOND)), []).append(look)
    broker, player = QuietBroker(site), Player(site, scenario)
    broker.start()
    player.start()
    for at, some in due.items():
        site.simulation.agenda.call_at(at, Priority.METER, partial(_see, site, sketch, some, found))
    for count, _ in enumerate(site.simulation.steps_to(FOREVER)):
        if player.over or count > MOST_STEPS:
            break
    found.failures = [failure.text for failure in player.result().failures]
    player.stop()
    return found


def _see(site: Site, sketch: Sketch, looks: Sequence[Look], found: Replay, _at: Instant) -> None:
    wholes: dict[tuple[str, str], object] = {}
    for look in looks:
        box = sketch.boxes[look.box]
        wallbox = site.wallboxes[box.address]
        found.values[look.box].setdefault(look.reading, []).append(_value(site, wallbox, look.address, wholes))
        if look.at not in found.snapshots[look.box]:
            found.snapshots[look.box][look.at] = wallbox.snapshot()


def _value(site: Site, wallbox: Wallbox, address: str, wholes: dict[tuple[str, str], object]) -> object:
    """What a client would see now. `wholes`: lists that were looked at already at this instant."""
    if address.startswith("charger:"):
        return read_quantity(site, f"{wallbox.charger}.{address.removeprefix('charger:')}")
    outer, _, last = address.rpartition(".")
    if last.isdigit() and outer and not outer.startswith("modbus"):
        whole = _whole(wallbox, outer, wholes)
        return whole[int(last)] if isinstance(whole, list) and int(last) < len(whole) else NOTHING
    try:
        value = vendor_value(wallbox, address)
    except (KeyError, HiddenError):
        return NOTHING
    return value if not isinstance(value, Mapping) else NOTHING


def _whole(wallbox: Wallbox, address: str, wholes: dict[tuple[str, str], object]) -> object:
    key = wallbox.address, address
    if key not in wholes:
        try:
            wholes[key] = vendor_value(wallbox, address)
        except (KeyError, HiddenError):
            wholes[key] = NOTHING
    return wholes[key]
