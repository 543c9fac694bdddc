"""`report.html`: one page with the plots of a run, its verdicts and the behaviour of its clients.

The one rule: the page is one file that opens without a network. It draws with a canvas and some two hundred lines of
its own script: what it shows - lines, states, bars of faults and ticks of requests over one time axis - would need as
much code around a plotting library, and the libraries that bring all of it are megabytes in every report.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib.resources import files
from typing import TYPE_CHECKING, Final

from .. import __version__
from ..core.instant import Instant, seconds
from ..verdict.entries import host_of, line, went_wrong

if TYPE_CHECKING:
    from ..core.snapshot import Snapshot
    from ..runtime.journal import Entry
    from ..scenario.plan import Scenario
    from ..scenario.player import Result
    from ..verdict.trace import Trace

MOST_REQUESTS: Final = 20_000
"""Ticks of one lane."""
MOST_EVENTS: Final = 5_000
_IN_A_SCRIPT: Final = str.maketrans({sign: f"\\u{ord(sign):04x}" for sign in "<>&\u2028\u2029"})
"""Signs with a meaning to HTML or JavaScript, written so that they have none inside of a string."""
PLAIN: Final = ("event", "stimulus", "fault", "note", "write", "firmware")


def page(
    scenario: Scenario, result: Result, behaviour: Mapping[str, object], earlier: Sequence[Mapping[str, object]] = ()
) -> str:
    """The page of one run. `earlier`: the runs before each reset."""
    data = json.dumps(
        data_of(scenario, result, behaviour, earlier), separators=(",", ":"), ensure_ascii=False, default=str
    )
    template = files(__package__).joinpath("page.html").read_text("utf-8")
    return template.replace("/*DATA*/null", data.translate(_IN_A_SCRIPT))


def data_of(
    scenario: Scenario, result: Result, behaviour: Mapping[str, object], earlier: Sequence[Mapping[str, object]] = ()
) -> dict[str, object]:
    """What the page shows, as plain JSON data."""
    entries = [entry for entry in result.journal if entry.kind != "push"]
    return {
        "version": __version__,
        "file": scenario.file,
        "about": scenario.about,
        "seed": scenario.seed,
        "ok": result.ok,
        "end": _time(max([result.ended_at, *(trace.times[-1] for trace in result.traces.values() if trace.times)])),
        "chargers": {name: _charger(name, trace, entries) for name, trace in result.traces.items()},
        "lanes": _lanes(entries),
        "rules": [verdict.as_json() for verdict in result.rules],
        "untested": [found.as_json() for found in result.untested],
        "earlier": [dict(run) for run in earlier],
        "bugs": [bug.as_json() for bug in result.bugs],
        "failures": [
            {"at": _time(f.at), "place": str(f.place), "step": f.step, "text": f.text} for f in result.failures
        ],
        "expectations": [
            {
                "at": _time(entry.at),
                "name": entry.name,
                "ok": entry.detail.get("ok"),
                "items": entry.detail.get("items"),
            }
            for entry in entries
            if entry.kind == "expectation"
        ],
        "behaviour": behaviour,
    }


def _time(at: Instant) -> float:
    return round(seconds(at), 3)


def _charger(name: str, trace: Trace, entries: Iterable[Entry]) -> dict[str, object]:
    samples = trace.samples
    return {
        "t": [_time(at) for at in trace.times],
        "current": [[round(sample.phase_current[phase], 3) for sample in samples] for phase in range(3)],
        "offered": [round(sample.offered_current, 3) for sample in samples],
        "power": [round(sample.power / 1000, 4) for sample in samples],
        "temperature": {
            sensor: [
                round(value, 2) if (value := sample.temperature.get(sensor)) is not None else None for sample in samples
            ]
            for sensor in trace.sensors
        },
        "charge": [
            round(sample.vehicle.state_of_charge * 100, 2) if sample.vehicle is not None else None for sample in samples
        ],
        "state": _changes(trace, lambda sample: str(sample.state)),
        "pilot": _changes(trace, lambda sample: str(sample.pilot)),
        "contactor": _changes(trace, lambda sample: "closed" if sample.contactor else "open"),
        "faults": _faults(trace),
        "events": [
            [_time(entry.at), entry.kind, entry.name, line(entry)[15:].strip()]
            for entry in entries
            if entry.kind in PLAIN and entry.charger == name
        ][-MOST_EVENTS:],
    }


def _changes(trace: Trace, read: Callable[[Snapshot], str]) -> list[list[object]]:
    """`[time, value]` at every change."""
    found: list[list[object]] = []
    for at, sample in zip(trace.times, trace.samples, strict=True):
        value = read(sample)
        if not found or found[-1][1] != value:
            found.append([_time(at), value])
    return found


def _faults(trace: Trace) -> list[list[object]]:
    """`[from, to, name]` of every fault; `to` is null while it is active."""
    found: list[list[object]] = []
    active: dict[str, list[object]] = {}
    for at, sample in zip(trace.times, trace.samples, strict=True):
        for name in [name for name in active if name not in sample.faults]:
            active.pop(name)[1] = _time(at)
        for name in sample.faults:
            if name not in active:
                active[name] = [_time(at), None, name]
                found.append(active[name])
    return found


def _lanes(entries: Iterable[Entry]) -> list[dict[str, object]]:
    """What clients did, a lane for each client and interface; `[time, kind, text]`: r(ead), w(rite), e(rror)."""
    lanes: dict[tuple[str, str, str], list[list[object]]] = {}
    for entry in entries:
        if entry.kind not in ("request", "write") or entry.client is None:
            continue
        key = (entry.who or host_of(entry.client), f"{entry.charger}.{entry.wallbox}", entry.interface or "")
        lane = lanes.setdefault(key, [])
        kind = "e" if went_wrong(entry) else "w" if entry.kind == "write" else "r"
        if len(lane) < MOST_REQUESTS or kind != "r":
            text = f"{entry.name} = {entry.detail.get('value')}" if entry.kind == "write" else entry.name
            lane.append([_time(entry.at), kind, text[:120]])
    return [
        {"client": client, "wallbox": wallbox, "interface": interface, "ticks": ticks[: 2 * MOST_REQUESTS]}
        for (client, wallbox, interface), ticks in lanes.items()
    ]
