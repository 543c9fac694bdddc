"""The sections of a scenario at a glance, and the JSON Schema that editors use.

The one rule: the schema is made from the kinds that read a scenario, so that an editor and the loader agree.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from ..language.arguments import ArgumentType, CalendarTime, Schema, Scope, Several, Text, Whole
from ..language.nodes import Node
from ..verdict.reading import Rules
from .sections import (
    BrokerSection,
    Charger,
    Chargers,
    ClockSection,
    EndSection,
    Fleet,
    Vehicles,
    supply_kind,
)
from .steps import TimedStep, read_timeline, step_schemas, timeline_schema
from .wallboxes import Wallboxes


@dataclass(frozen=True, slots=True)
class Timeline(ArgumentType):
    """A list of steps."""

    @property
    def text(self) -> str:
        return "a list of steps such as {at: 10 s, plug_in: {vehicle: vw_id3}}"

    def read(self, node: Node, scope: Scope) -> tuple[TimedStep, ...]:
        if node.empty:
            return ()
        if node.items is None:
            self.wrong(node, scope)
        return tuple(read_timeline(node.items, scope))

    def schema(self) -> Schema:
        return timeline_schema()


SECTIONS: Final[Mapping[str, tuple[ArgumentType, str]]] = {
    "about": (Text(), "what this scenario shows"),
    "include": (Several(Text()), "further files, relative to this one"),
    "seed": (Whole(0), "of everything random; the same seed gives the same run"),
    "epoch": (CalendarTime(), "calendar time at simulated time 0"),
    "clock": (ClockSection(), "how fast simulated time runs"),
    "supply": (supply_kind(), "the grid, for every charger"),
    "broker": (BrokerSection(), "the MQTT broker"),
    "vehicles": (Vehicles(), "vehicles by name"),
    "chargers": (Chargers(), "chargers by name"),
    "charger": (Charger(), "the charger, where there is one only"),
    "wallboxes": (Wallboxes(), "the wallboxes of the only charger"),
    "wallbox": (Wallboxes(), "the wallbox of the only charger"),
    "fleet": (Fleet(), "many chargers alike"),
    "steps": (Timeline(), "what happens, in order"),
    "rules": (Rules(), "what the client under test has to keep to"),
    "end": (EndSection(), "when it is over"),
}
"""What a scenario consists of: how each part is read, and what it is for."""


def json_schema() -> dict[str, Any]:
    """JSON Schema of a scenario file."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Charger emulator scenario",
        "type": "object",
        "properties": {name: kind.schema() | {"description": about} for name, (kind, about) in SECTIONS.items()},
        "patternProperties": {"^x-": {}},
        "additionalProperties": False,
        "$defs": step_schemas(),
    }
