"""The documents of the control API, as pydantic models: they check requests and become the OpenAPI document.

The one rule: a reply is built as plain data and only described here, so that serving it costs no validation; a test
holds the real replies against these models.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, field_validator, model_validator

from ..devices.realism import Realism
from ..service.snapshots import NAME

Seconds = Annotated[float, Field(description="Simulated seconds since the scenario's start")]

Duration = Annotated[Any, Field(json_schema_extra={"type": ["string", "null"]})]
"""Read by the scenario layer, which says best what is wrong with one."""


class JsonModel(BaseModel):
    """Base: unknown members are mistakes, numbers are not made from texts."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Problem(BaseModel):
    """A problem document (RFC 9457); more members may follow."""

    model_config = ConfigDict(extra="allow")
    type: str
    title: str
    status: int
    detail: str


# --- requests --------------------------------------------------------------------------------------------------------


class ClockChange(JsonModel):
    """What to do with the clock: a mode, or a speed."""

    mode: Literal["frozen", "realtime"] | None = Field(
        None, description="Stand still, or run as fast as the wall clock"
    )
    speed: float | None = Field(None, ge=0, description="Simulated seconds per wall second; 0 is frozen")

    @model_validator(mode="after")
    def _one_of_both(self) -> ClockChange:
        if (self.mode is None) == (self.speed is None):
            raise ValueError('expected either "mode" or "speed"')
        return self


class Advance(JsonModel):
    """How far to move the clock: by a duration, or until something holds."""

    by: Duration = Field(None, description="A duration", examples=["1 h", "90 s"])
    until: dict[str, JsonValue] | None = Field(None, description="Expectations, as in `wait_until`")
    within: Duration = Field(None, description="With `until`: give up after this duration", examples=["1 h"])

    @model_validator(mode="after")
    def _one_of_both(self) -> Advance:
        if (self.by is None) == (self.until is None):
            raise ValueError('expected either "by" or "until"')
        if self.within is not None and self.until is None:
            raise ValueError('"within" goes with "until"')
        return self


class NewWallbox(JsonModel):
    """A wallbox, exactly as in a scenario, and its charger."""

    wallbox: str | dict[str, JsonValue] = Field(
        description="A vendor, a model, or what stands below `wallboxes:` in a scenario",
        examples=["goe", {"model": "gemini-22", "http": 0, "settings": {"amp": 10}}],
    )
    name: str | None = Field(None, description="Its name; default: its vendor's")
    charger: str | None = Field(None, description="Its charger; default: the only one. It is made if there is none")
    hardware: dict[str, JsonValue] | None = Field(
        None, description="Of a charger that is made, as in a scenario", examples=[{"rated_current": "16 A"}]
    )

    @field_validator("wallbox", mode="before")
    @classmethod
    def _stated(cls, value: object) -> object:
        if not isinstance(value, str | dict):
            raise ValueError("expected a vendor, a model, or an object as below `wallboxes:` in a scenario")
        return value


# --- replies ---------------------------------------------------------------------------------------------------------


class Clock(JsonModel):
    """The clock."""

    mode: Literal["frozen", "realtime", "speed"]
    speed: float
    at: Seconds
    time: str = Field(description="Simulated calendar time (ISO 8601)")


class Interface(JsonModel):
    """One protocol endpoint of a wallbox."""

    name: str
    protocol: str
    host: str | None
    port: int | None
    url: str | None
    websocket: str | None = None
    prefix: str | None = Field(None, description="MQTT: what the topics begin with")
    listening: bool
    off: str | None = Field(None, description="The settings that keep it from answering, although its port may be open")
    switch_on: str | None = Field(None, description="What a scenario says of the wallbox to switch it on")


class Wallbox(JsonModel):
    """One wallbox and where it listens."""

    name: str = Field(description="Name in scenarios", examples=["garage.goe"])
    charger: str
    vendor: str
    model: str
    firmware: str
    serial: str
    up: bool
    realism: Realism = Field(description="Whether answers take their time and meters tremble, as the clock runs now")
    interfaces: list[Interface]


class Wallboxes(JsonModel):
    wallboxes: list[Wallbox]


class Connector(JsonModel):
    connector: int = Field(description="0: the whole charge point")
    status: str


class Transaction(JsonModel):
    """A transaction that runs."""

    id: int
    tag: str
    meter_start: int = Field(description="Wh")


class Exchange(JsonModel):
    """A call and its answer."""

    time: str = Field(description="Simulated calendar time (ISO 8601)")
    sender: Literal["charge_point", "central_system"] = Field(alias="from", description="Who called")
    action: str
    payload: dict[str, Any]
    answer: dict[str, Any] | None = Field(description="null: none has come, or it was an error")
    error: str | None = Field(description="Code and description of a CALLERROR")


class ChargePoint(JsonModel):
    """What the central system knows of a charge point."""

    identity: str
    wallbox: str | None = Field(description="null: it is none of this emulator's")
    connected: bool
    boot: dict[str, Any] = Field(description="Its last BootNotification")
    statuses: list[Connector]
    transaction: Transaction | None
    meter_values: dict[str, Any] = Field(description="Its last MeterValues")
    exchanges: list[Exchange] = Field(description="The last calls of both sides, oldest first")


class CentralSystem(JsonModel):
    """The emulator's own central system for charge points (OCPP 1.6J)."""

    url: str | None = Field(description="Where charge points connect, without their identity; null: none runs")
    charge_points: list[ChargePoint]


class Entry(JsonModel):
    """One journal entry."""

    seq: int
    at: Seconds
    wall: float | None
    charger: str | None
    wallbox: str | None
    interface: str | None
    client: str | None
    kind: str
    name: str
    detail: dict[str, Any]
    cause: int | None
    agent: str | None = Field(default=None, description="What the client calls itself: its User-Agent")
    who: str | None = Field(default=None, description="The name that the scenario's `clients:` gives it")


class Journal(JsonModel):
    entries: list[Entry]
    next: int = Field(description="What to ask for next: `?after=<next>`")
    dropped: int = Field(description="Old entries that are no longer kept")
    earlier: int | None = Field(
        None, description="With `before`: what to ask for next, `?before=<earlier>`; null: there is nothing earlier"
    )


class ExpectationItem(JsonModel):
    quantity: str
    expected: JsonValue
    found: Any
    ok: bool


class Advanced(JsonModel):
    """Where the clock stands after an advance, and what happened on the way."""

    at: Seconds
    elapsed: float
    reached: bool = Field(description="With `until`: whether it held in time")
    events: list[Entry]
    items: list[ExpectationItem] = Field(description="With `until`: what was found")
    next: int


class Outcome(JsonModel):
    """What came of one step."""

    step: str
    at: Seconds
    ok: bool
    refused: str | None
    message: str
    detail: dict[str, Any]


class Outcomes(JsonModel):
    ok: bool
    outcomes: list[Outcome]


class Failure(JsonModel):
    at: Seconds
    text: str


class Storage(JsonModel):
    """The state file (`--state`)."""

    file: str
    problem: str | None = Field(description="Why the last write failed")
    unsaved: int = Field(description="Values that wait to be written")


class Bug(JsonModel):
    """A mistake of the emulator itself."""

    id: str
    where: str
    text: str
    count: int


class Expectation(JsonModel):
    ok: bool
    items: list[ExpectationItem]


class JudgedRule(JsonModel):
    """How a rule stands."""

    model_config = ConfigDict(extra="allow")
    name: str
    ok: bool
    expected: str
    occurrences: int = Field(description="How often its trigger occurred; 0: it had nothing to judge")
    nearest: str = Field("", description="What came close, the last time")
    text: str = Field(description="What was found, the nearest miss, and the journal around it")


class Untested(JsonModel):
    """Something that passed only because nothing came to it."""

    kind: str = Field(description="fault, rule, expectation, step or client")
    name: str
    why: str
    place: str | None


class Verdict(JsonModel):
    """How rules and expectations stand."""

    ok: bool
    rules: list[JudgedRule]
    failures: list[Failure]
    untested: list[Untested]


class Rules(JsonModel):
    """The rules in force."""

    rules: list[JudgedRule]


class Verified(JsonModel):
    """How rules came out over the journal so far."""

    ok: bool
    rules: list[JudgedRule]
    untested: list[Untested]


class ActiveFault(JsonModel):
    """A fault that has been injected and is not over."""

    model_config = ConfigDict(extra="allow")
    name: str = Field(description="What `clear_fault` and `DELETE /api/faults/{name}` call it")
    on: str = Field(description="The charger, wallbox or interface")
    kind: str
    state: str = Field(description="`idle`, `armed`, `in force` or `paused`")


class Faults(JsonModel):
    faults: list[ActiveFault]


class Timeline(JsonModel):
    """How far the scenario has come."""

    steps: int
    done: int
    finished: bool


class State(JsonModel):
    """Everything at a glance."""

    version: str
    scenario: str | None
    about: str
    seed: int
    clock: Clock
    chargers: dict[str, dict[str, Any]]
    wallboxes: list[Wallbox]
    broker: str | None
    faults: list[ActiveFault]
    journal: int = Field(description="Number of the newest journal entry")
    timeline: Timeline
    storage: Storage | None
    bugs: list[Bug]
    failures: list[Failure]


class SnapshotName(JsonModel):
    """What a snapshot is called."""

    name: str = Field(min_length=1, max_length=64, json_schema_extra={"pattern": f"^{NAME.pattern}$"})


class Snapshot(JsonModel):
    name: str
    at: Seconds
    journal: int = Field(description="Number of the newest journal entry")
    bytes: int = Field(description="Memory that it takes")


class Snapshots(JsonModel):
    snapshots: list[Snapshot]


class Reset(JsonModel):
    clock: Clock
    took: float = Field(description="Wall seconds")


class Health(JsonModel):
    status: Literal["ok"]
    version: str
