"""What a line of the tables says: an enumeration of a vendor, its members, and the steps that produce each.

The one rule: steps are those of the scenario language, as a user would write them; nothing here speaks to a wallbox.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

Value = int | str | bool | None

PLUG_IN = "plug_in: {vehicle: car}"
CHARGING = (PLUG_IN, "wait_until: {contactor: closed, power: '> 1 kW'}, within: 3 min")
"""Steps until a vehicle charges."""


@dataclass(frozen=True, slots=True)
class Made:
    """A value that occurs: after these steps, within ten minutes."""

    steps: tuple[str, ...] = ()
    settings: Mapping[str, object] = field(default_factory=dict)
    model: str = ""
    firmware: str = ""
    hardware: Mapping[str, object] = field(default_factory=dict)
    car: Mapping[str, object] = field(default_factory=dict)
    read: str = ""
    """Where it is read, if not where the whole enumeration is."""
    central_system: bool = False
    """Connected to the emulator's own central system (OCPP)."""
    shows: Value = None
    """What is read there, if not the value itself."""


@dataclass(frozen=True, slots=True)
class Never:
    """A value that never occurs, and why."""

    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Enumeration:
    """One enumeration of one vendor."""

    vendor: str
    name: str
    read: str
    """Address of the value, without the wallbox."""
    model: str
    words: Mapping[Value, str]
    """Every documented value, with its name."""
    members: Mapping[Value, Made | Never]
    settings: Mapping[str, object] = field(default_factory=dict)
    firmware: str = ""

    @property
    def missing(self) -> list[Value]:
        """Documented values of which nothing is said, and the other way round."""
        return [value for value in {**self.words, **self.members} if (value in self.words) != (value in self.members)]

    def scenario(self, value: Value) -> str:
        """The scenario that produces a value, complete."""
        made = self.members[value]
        assert isinstance(made, Made)
        wallbox: dict[str, object] = {"model": made.model or self.model, "settings": {**self.settings, **made.settings}}
        if firmware := made.firmware or self.firmware:
            wallbox["firmware"] = firmware
        shown = value if made.shows is None else made.shows
        if made.central_system:
            wallbox["ocpp"] = "embedded"
        car = {"model": "vw_id3", "state_of_charge": "40 %", **made.car}
        charger = {**made.hardware, "wallboxes": {self.vendor: wallbox}}
        lines = [
            "seed: 1",
            "epoch: 2026-01-05T09:00:00+01:00",
            f"vehicles: {json.dumps({'car': car})}",
            f"chargers: {json.dumps({'garage': charger})}",
            "steps:",
            *(f"  - {{{step}}}" for step in made.steps),
            f"  - {{wait_until: {{{self.vendor}.{made.read or self.read}: {json.dumps(shown)}}}, within: 10 min}}",
        ]
        return "\n".join(lines) + "\n"
