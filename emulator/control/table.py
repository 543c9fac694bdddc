"""The control API at a glance: every operation, one row each."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from functools import wraps
from typing import Final

from aiohttp import web

from ..scenario.repetition import without_repetition
from ..scenario.steps.vocabulary import step_schemas, timeline_schema
from ..verdict.section import RulesSection
from . import adding, models, models_watching, snapshots, watching
from .api import Api
from .journal_pages import JournalPages
from .operations import Handler, Operation, Parameter

Page = Callable[[JournalPages, web.Request], Awaitable[web.StreamResponse]]

EXPECTATIONS: Final[dict[str, object]] = {"$ref": "#/components/schemas/expectations"}
RULE: Final[dict[str, object]] = {"$ref": "#/components/schemas/rule"}
SEVERAL: Final[dict[str, object]] = {"type": "array", "minItems": 1, "items": RULE}
RULES: Final[dict[str, object]] = {"anyOf": [RULE, SEVERAL]}
RULES_AFTERWARDS: Final[dict[str, object]] = {"anyOf": [RULE, SEVERAL, {"$ref": "#/components/schemas/rule_list"}]}
WALLBOX: Final = Parameter("name", "name of the wallbox, `garage.goe`", place="path")
STEPS: Final[dict[str, object]] = {
    "oneOf": [
        {"$ref": "#/components/schemas/Step"},
        {"type": "array", "minItems": 1, "items": {"$ref": "#/components/schemas/Step"}},
    ]
}
OUTCOMES: Final[dict[str, object]] = {
    "oneOf": [{"$ref": "#/components/schemas/Outcome"}, {"$ref": "#/components/schemas/Outcomes"}]
}
CHARGER: Final[dict[str, object]] = {
    "type": "object",
    "description": "Every quantity by name, in SI units (A, V, W, Wh, s, °C); the same names as in expectations",
    "required": ["pilot", "contactor", "offered_current", "phase_current", "power", "session_energy", "vehicle"],
}
FILTERS: Final = (
    Parameter("charger", "only of this charger"),
    Parameter("wallbox", "only of this wallbox, `garage.goe`"),
    Parameter("interface", "only of this interface, `http` or `garage.goe.http`"),
    Parameter("kind", "only of these kinds: event, stimulus, request, write, ...; several with commas between"),
    Parameter("client", "only of clients whose address, name or User-Agent contains this"),
    Parameter("text", "only with this text in the name or the detail, in small or capital letters"),
)
CATALOGUE: Final[dict[str, object]] = {"type": "object", "required": ["vehicles", "faults", "steps", "quantities"]}

SNAPSHOT: Final = Parameter("name", "name of the snapshot", place="path")


def journal_of(page: Page) -> Handler:
    """A page of the journal as an operation."""

    @wraps(page)
    async def shown(api: Api, request: web.Request) -> web.StreamResponse:
        return await page(api.pages, request)

    return shown


OPERATIONS: Final = (
    Operation("GET", "/api/snapshots", snapshots.list_snapshots, "The snapshots there are", models.Snapshots),
    Operation("POST", "/api/snapshots", snapshots.take_snapshot, "Keep the whole world as it is now", models.Snapshot,
        body=models.SnapshotName, example={"name": "before-the-outage"}, problems=(400, 422),
        about="Time, physics, settings, agenda, faults, rules and journal. What happens after a restore is exactly "
        "what would have happened; connections are dropped, as by a reset. One of the same name is replaced."),
    Operation("POST", "/api/snapshots/{name}/restore", snapshots.restore_snapshot, "Go back to a snapshot",
        models.Reset, parameters=(SNAPSHOT,), problems=(404, 422)),
    Operation("DELETE", "/api/snapshots/{name}", snapshots.delete_snapshot, "Forget a snapshot", models.Snapshots,
        parameters=(SNAPSHOT,), problems=(404,)),
    Operation("GET", "/api/state", Api.state, "Everything at a glance", models.State),
    Operation("GET", "/api/chargers/{name}", Api.charger, "All quantities of a charger", CHARGER,
        parameters=(Parameter("name", "name of the charger", place="path"),), problems=(404,)),
    Operation("GET", "/api/chargers/{name}/history", watching.history,
        "What could be measured at a charger over simulated time, for plots", models_watching.History,
        about="From the laws of physics that held between events, so that a step is a step however far time jumped. "
        "The older half gets coarser in a long run.",
        parameters=(
            Parameter("name", "name of the charger", place="path"),
            Parameter("since", "only what touches the time after this [s]", "number"),
        ),
        problems=(404, 422)),
    Operation("GET", "/api/wallboxes/{name}/tables", watching.tables,
        "What a wallbox's clients can read and write, and what its owner can set", models_watching.WallboxTables,
        parameters=(WALLBOX,), problems=(404,)),
    Operation("GET", "/api/wallboxes/{name}/values", watching.values,
        "Every vendor value and every setting now", models_watching.WallboxValues,
        parameters=(WALLBOX,), problems=(404,)),
    Operation("GET", "/api/values", watching.quantities, "Quantities and vendor values by name, as in expectations",
        models_watching.NamedValues,
        parameters=(Parameter("name", "`power`, `goe.car`; several with commas between", required=True),),
        problems=(422,)),
    Operation("GET", "/api/clients", journal_of(JournalPages.clients), "Every client that was seen, the last one first",
        models_watching.SeenClients),
    Operation("GET", "/api/timeline", watching.timeline, "What was done, what is waited for, what is to come",
        models_watching.Timelines),
    Operation("GET", "/api/behaviour", journal_of(JournalPages.behaviour), "How the clients behaved so far",
        models_watching.Behaviour),
    Operation("GET", "/api/wallboxes", Api.wallboxes, "Every wallbox with its interfaces: host, port, URL",
        models.Wallboxes),
    Operation("POST", "/api/wallboxes", adding.add_wallbox, "One more wallbox, served at once", models.Wallbox,
        about="On a charger that is there, or on a new one. It stays over a reset, and with `--state` for the next "
        "run, on the same ports, with what it keeps in flash.",
        body=models.NewWallbox, status=201, problems=(422,),
        example={"charger": "garage", "name": "second", "wallbox": {"vendor": "goe", "http": 0}}),
    Operation("DELETE", "/api/wallboxes/{name}", adding.remove_wallbox, "Take down a wallbox that was added",
        models.Wallboxes, about="What it had in flash is gone with it. A charger that was made for it goes "
        "with its last wallbox.",
        parameters=(WALLBOX,), problems=(404, 422)),
    Operation("GET", "/api/central_system", Api.central_system,
        "The emulator's own central system (OCPP): its charge points, and what they said last", models.CentralSystem,
        about="It runs with `ocpp: embedded`. The step `ocpp_call` sends a call to a charge point."),
    Operation("GET", "/api/clock", Api.clock, "What time it is, and how it runs", models.Clock),
    Operation("PUT", "/api/clock", Api.set_clock, "Freeze time, or let it run at a speed", models.Clock,
        body=models.ClockChange, example={"speed": 60}),
    Operation("POST", "/api/clock/advance", Api.advance,
        "Jump ahead; everything on the way happens, in order and at its exact instant", models.Advanced,
        about="Answers when done; a reset ends it where it is. With `until`, time stops at the first instant at which "
        "everything holds.",
        body=models.Advance, example={"until": {"power": "> 3 kW"}, "within": "10 min"}),
    Operation("POST", "/api/steps", Api.steps, "Do a step, or several, exactly as written in a scenario", OUTCOMES,
        about="All are checked before the first is done. Steps with `at`, `after` or `within` are a timeline: it "
        "begins now and is played as time passes. A refused step answers 200 with `ok: false`.",
        body=STEPS, example={"plug_in": {"vehicle": "vw_id3", "state_of_charge": "40 %"}}),
    Operation("GET", "/api/faults", Api.faults, "The faults there are", models.Faults),
    Operation("DELETE", "/api/faults/{name}", Api.clear_fault, "End a fault", models.Faults,
        about="What it latched in the charger stays latched until its own recovery.",
        parameters=(
            Parameter("name", "name of the fault", place="path"),
            Parameter("charger", "only on this charger; default: wherever it is"),
        ),
        problems=(404, 422)),
    Operation("GET", "/api/journal", journal_of(JournalPages.journal), "What happened, oldest first", models.Journal,
        parameters=(
            Parameter("after", "only entries with a higher number", "integer", 0),
            Parameter("before", "the newest ones with a lower number, instead", "integer", 0),
            *FILTERS,
            Parameter("limit", "at most this many (default 1000)", "integer", 0),
            Parameter("wait", "wait up to this many seconds for the first one", "number"),
        ),
        problems=(422,)),
    Operation("GET", "/api/journal/{seq}", journal_of(JournalPages.entry),
        "A journal entry, its causes and its effects", models_watching.RelatedEntries,
        parameters=(Parameter("seq", "number of the entry", "integer", 1, "path"),),
        problems=(404,)),
    Operation("POST", "/api/expect", Api.expect, "Check quantities against expectations, and record the result",
        models.Expectation, body=EXPECTATIONS,
        parameters=(Parameter("record", "false: only look; what does not hold is no failure of the run"),),
        example={"power": "11 kW ± 5 %", "contactor": "closed"}),
    Operation("GET", "/api/rules", Api.listed_rules, "The rules in force, and how they stand", models.Rules),
    Operation("POST", "/api/rules", Api.rules, "Rules for the client, as in a scenario, in force from now on",
        models.Verdict, about="Gone after a reset.", body=RULES,
        example={"name": "house limit", "never": {"client": {"writes": "goe.amp", "value": "> 16"}}}),
    Operation("POST", "/api/verify", journal_of(JournalPages.verify),
        "Rules asked afterwards, over the journal so far", models.Verified,
        about="Nothing needs to have been declared. Each is judged as if the run were over now; `nearest` is what came"
        " close. `after`: only entries with a higher number. A rule that looks at quantities is `untested`.",
        body=RULES_AFTERWARDS,
        example={"client": {"writes": "goe.amp", "value": 10}, "count": 1}),
    Operation("GET", "/api/verdict", Api.verdict, "How rules and expectations stand", models.Verdict),
    Operation("POST", "/api/verdict", Api.conclude, "The run is over: how rules and expectations came out",
        models.Verdict, about="Judges what rules still waited for; they are in force no longer."),
    Operation("POST", "/api/reset", Api.reset, "Everything back to the scenario's start, on the same ports",
        models.Reset,
        about="Time, physics, settings, cards, counters, faults, journal. The clock runs on as it was last set here."),
    Operation("GET", "/api/events", Api.events,
        "WebSocket: the state first, then journal entries and quantities as they come",
        about='Messages are objects with a `type`: "state", "entries", "quantities", "overview", "skipped".',
        parameters=(
            Parameter("quantities", "`all` (default); `overview`: a row for each charger that changed; `none`"),
            Parameter("detail", "with the overview, also all quantities of this charger"),
            Parameter("entries", "`all` (default) or `none`"),
            Parameter("newest", "begin with this many entries from before, and stay with the newest", "integer", 0),
            *FILTERS,
        ),
        status=101, problems=(422, 426)),
    Operation("GET", "/api/catalogue", Api.catalogue, "Vehicles, faults, steps and quantities there are", CATALOGUE),
    Operation("GET", "/healthz", Api.health, "Whether the emulator is there", models.Health, open=True),
    Operation("GET", "/metrics", Api.prometheus, "Quantities and counters for Prometheus", media="text/plain"),
)  # fmt: skip


def definitions() -> dict[str, object]:
    """Schemas the operations refer to: the steps and rules of the scenario language."""
    rules = RulesSection().schema()
    listed = {"type": "object", "required": ["rules"], "properties": {"rules": rules}}
    stated = {**step_schemas(), "Step": timeline_schema()["items"], "rule_list": listed}
    found = without_repetition({"$defs": stated})["$defs"]
    assert isinstance(found, Mapping)
    same = {name: str(part["$ref"]) for name, part in found.items() if "$ref" in part}
    return {name: _moved(part, same) for name, part in found.items() if name not in same}


def _moved(schema: object, same: Mapping[str, str]) -> object:
    """A JSON Schema with its references pointing into an OpenAPI document. `same`: names that only refer to another."""
    if isinstance(schema, dict):
        return {key: _moved(value, same) for key, value in schema.items()}
    if isinstance(schema, list):
        return [_moved(item, same) for item in schema]
    if isinstance(schema, str) and schema.startswith("#/$defs/"):
        name = schema.removeprefix("#/$defs/")
        return "#/components/schemas/" + same.get(name, name).removeprefix("#/$defs/")
    return schema
