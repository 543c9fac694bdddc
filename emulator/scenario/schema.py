"""The sections of a scenario at a glance, and the JSON Schema that editors use.

The one rule: the schema is made from the kinds that read a scenario, so that an editor and the loader agree.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ..core.values import terse
from ..language.arguments import ArgumentType, CalendarTime, Flag, Schema, Scope, Several, Text, Whole
from ..language.nodes import Node
from ..language.records import Argument, record_schema
from ..verdict.section import RulesSection
from .repetition import without_repetition
from .sections import (
    BrokerSection,
    ChargerSection,
    ChargersSection,
    ClientsSection,
    ClockSection,
    ControlBoxSection,
    EndSection,
    FleetSection,
    PacksSection,
    SharedSocketsSection,
    VehiclesSection,
    supply_type,
)
from .steps.base import TimedStep
from .wallboxes import WallboxesSection


@terse
class TimelineSection(ArgumentType[tuple[TimedStep, ...]]):
    """A list of steps."""

    text = "a list of steps such as {at: 10 s, plug_in: {vehicle: vw_id3}}"

    def read(self, node: Node, scope: Scope) -> tuple[TimedStep, ...]:
        if node.empty:
            return ()
        if node.items is None:
            self.wrong(node, scope)
        from .steps.vocabulary import read_timeline

        return tuple(read_timeline(node.items, scope))

    def schema(self) -> Schema:
        from .steps.vocabulary import timeline_schema

        return timeline_schema()


ABOUT: Final = Argument("about", Text(), stated="what this scenario shows")
REPORTED: Final = Argument("reported", Several(Text()), stated="where it was reported: links to issues")
INCLUDE: Final = Argument("include", Several(Text()), stated="further files, relative to this one")
PACKS: Final = Argument("packs", PacksSection(), stated="wallboxes described in YAML, relative to this file")
SEED: Final = Argument("seed", Whole(0), stated="of everything random; the same seed gives the same run")
EPOCH: Final = Argument("epoch", CalendarTime(), stated="calendar time at simulated time 0")
CLOCK: Final = Argument("clock", ClockSection(), stated="how fast simulated time runs")
SUPPLY: Final = Argument("supply", supply_type(), stated="the grid, for every charger")
BROKER: Final = Argument("broker", BrokerSection(), stated="the MQTT broker")
CONTROL_BOX: Final = Argument("control_box", ControlBoxSection(), stated="the grid operator's EEBUS control box")
VEHICLES: Final = Argument("vehicles", VehiclesSection(), stated="vehicles by name")
CHARGERS: Final = Argument("chargers", ChargersSection(), stated="chargers by name")
CHARGER: Final = Argument("charger", ChargerSection(), stated="the charger, where there is one only")
WALLBOXES: Final = Argument("wallboxes", WallboxesSection(), stated="the wallboxes of the only charger")
WALLBOX: Final = Argument("wallbox", WallboxesSection(), stated="the wallbox of the only charger")
FLEET: Final = Argument("fleet", FleetSection(), stated="many chargers alike")
STEPS: Final = Argument("steps", TimelineSection(), stated="what happens, in order")
CLIENTS: Final = Argument("clients", ClientsSection(), stated="who is expected, and how each is recognised")
RULES: Final = Argument("rules", RulesSection(), stated="what the client under test has to keep to")
SHARED_SOCKETS: Final = Argument(
    "shared_sockets",
    SharedSocketsSection(),
    stated="true: wallboxes with addresses of their own share listening sockets; auto: many of them do",
)
STRICT: Final = Argument("strict", Flag(), stated="true: what passed only because nothing came to it is a failure")
END: Final = Argument("end", EndSection(), stated="when it is over")

SECTIONS: Final[Mapping[str, Argument[object]]] = {
    section.name: section
    for section in (
        ABOUT, REPORTED, INCLUDE, PACKS, SEED, EPOCH, CLOCK, SUPPLY, BROKER, CONTROL_BOX, VEHICLES, CHARGERS, CHARGER,
        WALLBOXES, WALLBOX, FLEET, STEPS, CLIENTS, RULES, SHARED_SOCKETS, STRICT, END,
    )
}  # fmt: skip
"""What a scenario consists of: how each part is read, and what it is for."""


def json_schema() -> Schema:
    """JSON Schema of a scenario file."""
    from .steps.vocabulary import step_schemas

    return without_repetition(
        {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "title": "Charger emulator scenario",
            **record_schema(tuple(SECTIONS.values())),
            "$defs": step_schemas(),
        }
    )
