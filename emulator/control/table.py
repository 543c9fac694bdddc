"""The control API at a glance: every operation, one row each."""

from __future__ import annotations

from typing import Any, Final

from ..scenario.steps import step_schemas, timeline_schema
from . import models
from .api import Api
from .operations import Operation, Parameter

EXPECTATIONS: Final[dict[str, Any]] = {
    "type": "object",
    "minProperties": 1,
    "description": "Quantities and what they should be: a value, a comparison, a tolerance, a list, /a pattern/",
}
RULE: Final[dict[str, Any]] = {"type": "object", "minProperties": 1, "description": "One rule, as in `rules:`"}
STEPS: Final[dict[str, Any]] = {
    "oneOf": [{"$ref": "#/components/schemas/Step"}, {"type": "array", "items": {"$ref": "#/components/schemas/Step"}}]
}
OUTCOMES: Final[dict[str, Any]] = {
    "oneOf": [{"$ref": "#/components/schemas/Outcome"}, {"$ref": "#/components/schemas/Outcomes"}]
}
CHARGER: Final[dict[str, Any]] = {
    "type": "object",
    "description": "Every quantity by name, in SI units (A, V, W, Wh, s, °C); the same names as in expectations",
    "required": ["pilot", "contactor", "offered_current", "phase_current", "power", "session_energy", "vehicle"],
}
CATALOGUE: Final[dict[str, Any]] = {"type": "object", "required": ["vehicles", "faults", "steps", "quantities"]}

OPERATIONS: Final = (
    Operation(method="GET", path="/api/state", handler=Api.state, summary="Everything at a glance", reply=models.State),
    Operation(
        method="GET",
        path="/api/chargers/{name}",
        handler=Api.charger,
        summary="All quantities of a charger",
        parameters=(Parameter(name="name", about="name of the charger", place="path"),),
        reply=CHARGER,
        problems=(404,),
    ),
    Operation(
        method="GET",
        path="/api/wallboxes",
        handler=Api.wallboxes,
        summary="Every wallbox with its interfaces: host, port, URL",
        reply=models.Wallboxes,
    ),
    Operation(
        method="GET",
        path="/api/clock",
        handler=Api.clock,
        summary="What time it is, and how it runs",
        reply=models.Clock,
    ),
    Operation(
        method="PUT",
        path="/api/clock",
        handler=Api.set_clock,
        summary="Freeze time, or let it run at a speed",
        body=models.ClockChange,
        example={"speed": 60},
        reply=models.Clock,
    ),
    Operation(
        method="POST",
        path="/api/clock/advance",
        handler=Api.advance,
        summary="Jump ahead; everything on the way happens, in order and at its exact instant",
        about="Answers when done. With `until`, time stops at the first instant at which everything holds.",
        body=models.Advance,
        example={"until": {"power": "> 3 kW"}, "within": "10 min"},
        reply=models.Advanced,
    ),
    Operation(
        method="POST",
        path="/api/steps",
        handler=Api.steps,
        summary="Do a step, or several, exactly as written in a scenario",
        about="All are checked before the first is done. Steps with `at`, `after` or `within` are a timeline: it "
        "begins now and is played as time passes. A refused step answers 200 with `ok: false`.",
        body=STEPS,
        example={"plug_in": {"vehicle": "vw_id3", "state_of_charge": "40 %"}},
        reply=OUTCOMES,
    ),
    Operation(method="GET", path="/api/faults", handler=Api.faults, summary="The faults in force", reply=models.Faults),
    Operation(
        method="DELETE",
        path="/api/faults/{name}",
        handler=Api.clear_fault,
        summary="End a fault",
        about="What it latched in the charger stays latched until its own recovery.",
        parameters=(
            Parameter(name="name", about="name of the fault", place="path"),
            Parameter(name="charger", about="only on this charger; default: wherever it is"),
        ),
        reply=models.Faults,
        problems=(404, 422),
    ),
    Operation(
        method="GET",
        path="/api/journal",
        handler=Api.journal,
        summary="What happened, oldest first",
        parameters=(
            Parameter(name="after", about="only entries with a higher number", type="integer", minimum=0),
            Parameter(name="charger", about="only of this charger"),
            Parameter(name="wallbox", about="only of this wallbox, `garage.goe`"),
            Parameter(name="interface", about="only of this interface, `http` or `garage.goe.http`"),
            Parameter(name="kind", about="only of this kind: event, stimulus, request, write, ..."),
            Parameter(name="limit", about="at most so many (default 1000)", type="integer", minimum=0),
            Parameter(name="wait", about="wait up to so many seconds for the first one", type="number"),
        ),
        reply=models.Journal,
        problems=(422,),
    ),
    Operation(
        method="POST",
        path="/api/expect",
        handler=Api.expect,
        summary="Look whether quantities are as expected, and record it",
        body=EXPECTATIONS,
        example={"power": "11 kW ± 5 %", "contactor": "closed"},
        reply=models.Expectation,
    ),
    Operation(
        method="POST",
        path="/api/rules",
        handler=Api.rules,
        summary="A rule for the client, as in a scenario, in force from now on",
        about="Gone after a reset.",
        body=RULE,
        example={"name": "house limit", "never": {"client": {"writes": "goe.amp", "value": "> 16"}}},
        reply=models.Verdict,
    ),
    Operation(
        method="GET",
        path="/api/verdict",
        handler=Api.verdict,
        summary="How rules and expectations stand",
        reply=models.Verdict,
    ),
    Operation(
        method="POST",
        path="/api/verdict",
        handler=Api.conclude,
        summary="The run is over: how rules and expectations came out",
        about="Judges what rules still waited for; they are in force no longer.",
        reply=models.Verdict,
    ),
    Operation(
        method="POST",
        path="/api/reset",
        handler=Api.reset,
        summary="Everything back to the scenario's start, on the same ports",
        about="Time, physics, settings, cards, counters, faults, journal. The clock runs on as it was last set here.",
        reply=models.Reset,
    ),
    Operation(
        method="GET",
        path="/api/events",
        handler=Api.events,
        summary="WebSocket: the state first, then journal entries and quantities as they come",
        about='Messages are objects with a `type`: "state", "entries", "quantities".',
        status=101,
        problems=(426,),
    ),
    Operation(
        method="GET",
        path="/api/catalogue",
        handler=Api.catalogue,
        summary="Vehicles, faults, steps and quantities there are",
        reply=CATALOGUE,
    ),
    Operation(
        method="GET",
        path="/healthz",
        handler=Api.health,
        summary="Whether the emulator is there",
        reply=models.Health,
        open=True,
    ),
    Operation(
        method="GET",
        path="/metrics",
        handler=Api.prometheus,
        summary="Quantities and counters for Prometheus",
        media="text/plain",
    ),
)


def definitions() -> dict[str, Any]:
    """Schemas the operations refer to: the steps of the scenario language."""
    found: dict[str, Any] = _moved({"Step": timeline_schema()["items"], **step_schemas()})
    return found


def _moved(schema: Any) -> Any:
    """A JSON Schema with its references pointing into an OpenAPI document."""
    if isinstance(schema, dict):
        return {key: _moved(value) for key, value in schema.items()}
    if isinstance(schema, list):
        return [_moved(item) for item in schema]
    if isinstance(schema, str) and schema.startswith("#/$defs/"):
        return "#/components/schemas/" + schema.removeprefix("#/$defs/")
    return schema
