"""A scenario in the making: what is known of each box, and the steps that lead to what the log shows.

The one rule: plain data in the words of the scenario language; times are seconds of the scenario.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from ..language.units import shown
from .identity import Device

CAR: Final = "car"
"""What the vehicle is called."""


@dataclass(frozen=True, slots=True)
class Deed:
    """One step."""

    at: float
    """s"""
    name: str
    arguments: Mapping[str, object] | str | None = None
    why: str = ""
    """Its comment."""
    rank: int = 1
    """Order among deeds of one instant."""


@dataclass
class BoxSketch:
    """One charger with its wallbox."""

    charger: str
    device: Device
    wallbox: str
    interfaces: list[str] = field(default_factory=list)
    settings: dict[str, object] = field(default_factory=dict)
    settings_why: dict[str, str] = field(default_factory=dict)
    hardware: dict[str, object] = field(default_factory=dict)
    """Of the charger: `total_energy`, `climate`."""
    supply: dict[str, object] = field(default_factory=dict)
    vehicle: dict[str, object] = field(default_factory=dict)
    vehicle_why: str = ""
    deeds: list[Deed] = field(default_factory=list)
    overrides: list[Deed] = field(default_factory=list)
    """What no physics explains, kept apart: the share that is reproduced without them is told."""

    @property
    def address(self) -> str:
        return f"{self.charger}.{self.wallbox}"

    @property
    def car(self) -> str:
        """The name of its vehicle."""
        return CAR if self.charger == "charger" else f"{CAR}_{self.charger.removeprefix('charger_')}"


@dataclass
class Sketch:
    """The whole scenario."""

    boxes: list[BoxSketch]
    about: str = ""
    end: float = 0.0
    epoch: str | None = None

    @property
    def alone(self) -> bool:
        """There is one charger, and nothing needs its name."""
        return len(self.boxes) == 1

    def data(self, *, overrides: bool = True) -> dict[str, object]:
        """The scenario as plain data."""
        found: dict[str, object] = {}
        if self.epoch is not None:
            found["epoch"] = self.epoch
        vehicles = {box.car: dict(box.vehicle) for box in self.boxes if box.vehicle}
        if vehicles:
            found["vehicles"] = vehicles
        if self.alone:
            only = self.boxes[0]
            if hardware := self.hardware(only):
                found["charger"] = hardware
            found["wallbox"] = {only.wallbox: self.wallbox(only)}
        else:
            found["chargers"] = {
                box.charger: {**self.hardware(box), "wallboxes": {box.wallbox: self.wallbox(box)}} for box in self.boxes
            }
        found["steps"] = [_step(deed, deed.at) for deed in self.deeds(overrides=overrides)]
        found["end"] = {"at": shown(self.end, "s")}
        return found

    def deeds(self, *, overrides: bool = True) -> list[Deed]:
        """Every step in its order."""
        every = list(self._every(overrides=overrides))
        return sorted(every, key=lambda deed: (deed.at, deed.rank))

    def _every(self, *, overrides: bool) -> Iterator[Deed]:
        for box in self.boxes:
            for deed in (*box.deeds, *(box.overrides if overrides else ())):
                yield deed if self.alone else _placed(deed, box)

    def hardware(self, box: BoxSketch) -> dict[str, object]:
        """What a charger is made of."""
        return {**({"supply": dict(box.supply)} if box.supply else {}), **box.hardware}

    def wallbox(self, box: BoxSketch) -> dict[str, object]:
        """What a wallbox is."""
        found: dict[str, object] = {"model": box.device.model, "firmware": box.device.firmware}
        found |= dict.fromkeys(box.interfaces, True)
        if box.settings:
            found["settings"] = dict(box.settings)
        return found


def _placed(deed: Deed, box: BoxSketch) -> Deed:
    """A step that says at which charger or wallbox it is, as several need it."""
    word = {"command": "wallbox", "request": "on", "fault": "on"}.get(deed.name, "charger")
    if word == "on" or not isinstance(deed.arguments, Mapping):
        return deed
    return replace(deed, arguments={word: box.address if word == "wallbox" else box.charger, **deed.arguments})


def _step(deed: Deed, at: float) -> dict[str, object]:
    arguments = deed.arguments if isinstance(deed.arguments, str) else dict(deed.arguments or {})
    return {"at": shown(round(at, 3), "s"), deed.name: arguments}
