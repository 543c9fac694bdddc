"""The documents of the operations in `watching`, as pydantic models."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import ConfigDict, Field, JsonValue

from .models import Entry, JsonModel, Seconds


class Values(JsonModel):
    """Columns of a charger's history; null where there was nothing."""

    model_config = ConfigDict(extra="allow")
    power: list[float | None] = Field(description="W")
    offered_current: list[float | None] = Field(description="A")
    session_energy: list[float | None] = Field(description="Wh")
    state_of_charge: list[float | None] = Field(description="0..1; null without a vehicle")


class Changes(JsonModel):
    """What changes in steps: `[time, value]` at every change."""

    state: list[list[JsonValue]]
    pilot: list[list[JsonValue]]
    contactor: list[list[JsonValue]]
    faults: list[list[JsonValue]]


class History(JsonModel):
    """What could be measured at a charger over simulated time.

    Between two neighbouring points values go straight. Two points with the same time are a step.
    """

    charger: str
    since: Seconds
    settled: Seconds = Field(description="Nothing before this changes any more: ask for `?since=<settled>` next")
    fixed: int = Field(description="How many of the points, from the first, that goes for")
    now: Seconds
    sensors: list[str] = Field(description="The temperature sensors that its wallboxes have")
    times: list[Seconds]
    values: Values
    changes: Changes


class VendorValue(JsonModel):
    """A value as clients read or write it."""

    address: str = Field(description="What scenarios call it: `amp`, `modbus.210`")
    name: str = Field(description="Of a register: its name")
    table: str
    type: str
    about: str
    readable: bool
    settable: bool = Field(description="Clients may write it")
    live: bool = Field(description="false: a constant on the real device, too")
    source: str
    assumed: str | None


class OwnersSetting(JsonModel):
    """A setting of the wallbox, which its owner changes with the vendor's app or at the box."""

    name: str
    about: str
    persistent: bool
    schema_: dict[str, Any] = Field(alias="schema", description="JSON Schema of what it takes; {}: its check decides")
    expected: str = Field(description="What it takes, for a reader")


class WallboxTables(JsonModel):
    wallbox: str
    values: list[VendorValue]
    settings: list[OwnersSetting]


class WallboxValues(JsonModel):
    """Every value as a client would read it now, and every setting as it is stored."""

    wallbox: str
    up: bool
    values: dict[str, Any]
    hidden: dict[str, str] = Field(description="Values that a fault hides, with its name")
    settings: dict[str, Any]


class SeenClient(JsonModel):
    """A client at an interface, with all its connections."""

    wallbox: str
    interface: str
    client: str = Field(description="The name that the scenario gives it, or its address")
    agent: str | None = Field(description="What it calls itself: its User-Agent")
    requests: int
    writes: int
    errors: int
    last: str = Field(description="What it asked or wrote last")
    at: Seconds
    wall: float | None


class SeenClients(JsonModel):
    clients: list[SeenClient]


class TimelineStep(JsonModel):
    """One step, and what became of it."""

    step: str
    arguments: JsonValue = Field(description="As they were written")
    at: Seconds | None
    after: float | None
    within: float | None
    expected: Seconds | None = Field(description="When it is due, if that is known")
    line: int | None
    state: Literal["done", "failed", "waiting", "next", "to come", "not reached"]
    why: str | None


class Timelines(JsonModel):
    """The scenario's timelines, and those that were added to it."""

    file: str | None
    end: Seconds | None
    finished: bool
    tracks: list[list[TimelineStep]]


class Behaviour(JsonModel):
    """How the clients behaved, from the newest 20,000 journal entries."""

    at: Seconds
    after: int = Field(description="Number of the journal entry before the first that was looked at")
    clients: list[dict[str, Any]]
    chargers: dict[str, dict[str, Any]]


class RelatedEntries(JsonModel):
    """A journal entry, what it follows from (the first cause first), and what followed from it."""

    entry: Entry
    causes: list[Entry]
    effects: list[Entry]


class NamedValues(JsonModel):
    """Values by the names that were asked for, as plain JSON data in SI units or as on the wire."""

    values: dict[str, Any]
