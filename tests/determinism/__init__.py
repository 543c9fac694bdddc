"""The same scenario gives the same journal, to the byte: hashes of twelve long ones.

The one rule: a hash only changes with a change of behaviour, and that is a line in `CHANGELOG.md`.
`python -m tests.determinism --write` writes them anew, `--print` prints what this interpreter makes of them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import yaml
from aiohttp import ClientSession

from emulator.fleet.merging import merged
from emulator.fleet.server import FleetServer
from emulator.fleet.workers import Workers
from emulator.runtime.clock import Clock
from emulator.runtime.journal import Entry, Journal
from emulator.scenario.loader import from_data, load
from emulator.scenario.plan import Scenario
from emulator.scenario.playing import play, play_site
from emulator.scenario.sharing import shares
from emulator.service.emulator import Emulator, Options
from emulator.world.building import build

FILE: Final = Path(__file__).with_name("hashes.json")
SCENARIOS: Final = Path(__file__).parents[2] / "scenarios"
DAY: Final = 24 * 60
"""min"""


ASKED: Final[Mapping[str, Mapping[str, object]]] = {
    "goe": {"on": "goe.http", "get": "/api/status?filter=car,nrg,wh"},
    "warp": {"on": "warp.http", "get": "/meter/values"},
    "nrgkick": {"on": "nrgkick.modbus", "register": 194, "count": 20},
    "lektrico": {"on": "lektrico.http", "get": "/rpc/charger_info.get"},
    "bender": {"on": "bender.modbus", "unit": 255, "register": 200, "count": 28},
    "keba": {"on": "keba.modbus", "unit": 255, "register": 1020, "count": 2},
}
TROUBLES: Final[tuple[Mapping[str, object], ...]] = (
    {"kind": "corrupt", "bytes": 2, "probability": 0.5, "for": "1 h"},
    {"kind": "cp_open", "for": "10 min"},
    {"kind": "truncate", "probability": 0.3, "for": "2 h"},
    {"kind": "power_cut", "for": "7 min"},
    {"kind": "delay", "delay": "1 s", "jitter": "1 s", "probability": 0.3, "for": "1 h"},
)
PHYSICAL: Final = ("cp_open", "power_cut")

Step = tuple[int, dict[str, object]]
"""When [min], and what."""


def _everything() -> Scenario:
    """A day of all vendors on their own chargers: MQTT, noisy meters, faults on the wire and in the charger."""
    boxes = {name: {"vendor": name, "interfaces": "all", "realism": "full"} for name in ASKED}
    chargers = {f"c_{name}": {"wallboxes": {name: box}} for name, box in boxes.items()}
    steps = [step for number, name in enumerate(ASKED) for step in _sessions(number, name, days=1)]
    return from_data({"seed": 20, "chargers": chargers, "steps": _timeline(steps), "end": "1 d"}, "all")


def _sessions(number: int, name: str, *, days: int) -> Iterator[Step]:
    """Two sessions a day at a charger, a client that asks now and then, and something that goes wrong each time."""
    charger = {"charger": f"c_{name}"}
    for session in range(2 * days):
        begin = 60 + number * 7 + session * 12 * 60
        vehicle = ("vw_id3", "renault_zoe")[session % 2]
        trouble = TROUBLES[(number + session) % len(TROUBLES)]
        place = charger["charger"] if trouble["kind"] in PHYSICAL else ASKED[name]["on"]
        yield begin, {"plug_in": {**charger, "vehicle": vehicle, "state_of_charge": f"{30 + 5 * number} %"}}
        yield begin + 40, {"fault": {"name": f"{name} {session}", "on": place, **trouble}}
        for minute in range(begin + 41, begin + 300, 13):
            yield minute, {"request": ASKED[name]}
        yield begin + 300, {"unplug": charger}


def _timeline(steps: Iterable[Step]) -> list[dict[str, object]]:
    return [{"at": f"{minute} min", **step} for minute, step in sorted(steps, key=lambda step: step[0])]


def _charge_points() -> Scenario:
    """A morning of five charge points at the emulator's own central system, which restarts now and then."""
    boxes: Mapping[str, dict[str, object]] = {
        "goe": {"vendor": "goe", "settings": {"ocppi": 30}},
        "warp": {"vendor": "warp", "model": "warp2-pro-22"},
        "lektrico": {"vendor": "lektrico"},
        "bender": {"vendor": "bender"},
        "keba": {"model": "keba-p30-x-32"},
    }
    chargers = {f"c_{name}": {"wallboxes": {name: {**box, "ocpp": "embedded"}}} for name, box in boxes.items()}
    steps: list[Step] = [(hour * 60 + 17, {"central_system": {"restart": True}}) for hour in (1, 4)]
    steps.append((100, {"fault": {"on": "warp.ocpp", "kind": "call_error", "probability": 0.3, "for": "1 h"}}))
    for number, name in enumerate(boxes):
        for begin in range(10 + 5 * number, 300, 150):
            steps.append((begin, {"plug_in": {"vehicle": "vw_id3", "charger": f"c_{name}"}}))
            steps.append((begin + 1, {"present_card": {"tag": "04A1B2C3", "wallbox": name}}))
            steps.append((begin + 100, {"unplug": {"charger": f"c_{name}"}}))
    return from_data({"seed": 21, "chargers": chargers, "steps": _timeline(steps), "end": "6 h"}, "ocpp")


def _shared() -> Scenario:
    """Three days at one charger that all vendors steer at the same time, with MQTT and a broker that goes away."""
    boxes = {name: {"vendor": name, "interfaces": "all", "realism": "off"} for name in ASKED}
    steps: list[Step] = []
    for day in range(3):
        begin = day * DAY + 7 * 60
        steps.append((begin, {"plug_in": {"vehicle": "vw_id3", "state_of_charge": "35 %"}}))
        steps.append((begin + 60, {"command": {"wallbox": "goe", "write": {"amp": 8 + day}}}))
        steps.append((begin + 120, {"fault": {"name": f"restart {day}", "kind": "broker_restart", "on": "goe.mqtt"}}))
        steps.append((begin + 600, {"unplug": {}}))
    return from_data({"seed": 22, "charger": {"wallboxes": boxes}, "steps": _timeline(steps), "end": "3 d"}, "shared")


Files = Mapping[str, Mapping[str, object]]
"""A scenario as it is written: by the names of its files."""
MAIN: Final = "main.yaml"


def _apart() -> Files:
    """Two days of all vendors on their own chargers without MQTT, so that they can be shared out to processes."""
    interfaces = {"nrgkick": ("http", "modbus"), "bender": ("http", "modbus"), "keba": ("modbus",)}
    boxes = {
        name: {"vendor": name, "realism": "full", **dict.fromkeys(interfaces.get(name, ("http",)), True)}
        for name in ASKED
    }
    chargers = {f"c_{name}": {"wallboxes": {name: box}} for name, box in boxes.items()}
    steps = [step for number, name in enumerate(ASKED) for step in _sessions(number, name, days=2)]
    return {MAIN: {"seed": 23, "chargers": chargers, "steps": _timeline(steps), "end": "2 d"}}


def _in_step() -> Files:
    """A night of ten boxes to which the same happens at the same instants, and of rules about some of them."""
    kinds: Sequence[Mapping[str, object]] = (
        {"goe": {"http": True}},
        {"warp": {"http": True}},
        {"keba": {"modbus": True}},
        {"nrgkick": {"http": True}, "lektrico": {"http": True}},
        {"bender": {"modbus": True, "ocpp": "ws://127.0.0.1:9/{serial}"}},
    )
    fleet = [{"count": 2, "name": f"row{n}_", "wallboxes": kind} for n, kind in enumerate(kinds)]
    boxes = [f"row{n}_{number}" for number in (2, 1) for n in range(len(kinds))]
    steps: list[Step] = [(30, {"note": "everybody comes home"}), (200, {"clock": {"speed": 3600}})]
    for charger in boxes:
        steps += [
            (30, {"plug_in": {"charger": charger, "vehicle": "vw_id3", "state_of_charge": "40 %"}}),
            (60, {"trip_rcd": {"charger": charger, "residual_current": "35 mA", "for": "1 min"}}),
            (90, {"fault": {"on": charger, "kind": "cp_open", "for": "10 min"}}),
            (120, {"power_cut": {"charger": charger, "for": "30 s"}}),
            (150, {"expect": {f"{charger}.pilot": "C"}}),
            (300, {"unplug": {"charger": charger}}),
        ]
    apart: list[dict[str, object]] = [
        {"at": "2 h", "wait_until": {"row0_1.contactor": "closed"}, "within": "2 h"},
        {"after": "1 min", "command": {"wallbox": "row0_1.goe", "write": {"amp": 8}}},
    ]
    rules = [{"name": f"{box} keeps low", "always": {f"{box}.power": "< 6 kW"}} for box in boxes[::3]]
    whole = {"seed": 24, "fleet": fleet, "steps": _timeline(steps), "rules": rules, "end": "8 h"}
    return {MAIN: {"include": "beside.yaml", **whole}, "beside.yaml": {"steps": apart}}


def written(name: str, folder: Path) -> Path:
    """One of the scenarios whose chargers can be shared out, as a file."""
    for file, content in SHARED[name]().items():
        (folder / file).write_text(yaml.safe_dump(content, sort_keys=False))
    return folder / MAIN


def _loaded(name: str) -> Scenario:
    with TemporaryDirectory() as folder:
        return load(written(name, Path(folder)))


def _of_file(name: str) -> Scenario:
    return load(SCENARIOS / f"{name}.yaml")


SHARED: Final[Mapping[str, Callable[[], Files]]] = {"all_vendors_apart": _apart, "boxes_in_step": _in_step}
"""Those whose chargers can be shared out."""
FROM_FILES: Final = (
    "night_of_charging", "keba_failsafe", "bender_user_and_pause", "warp_cards_and_phases", "lektrico_energy_meter",
    "nrgkick_in_the_sun", "warp_grid_limit",
)  # fmt: skip
TWELVE: Final[Mapping[str, Callable[[], Scenario]]] = {
    **{name: partial(_of_file, name) for name in FROM_FILES},
    "all_vendors": _everything,
    "charge_points": _charge_points,
    "one_charger_for_all": _shared,
    **{name: partial(_loaded, name) for name in SHARED},
}


def digest(entries: Iterator[Entry]) -> str:
    """Of all entries, but for the wall time."""
    found = hashlib.sha256()
    for entry in entries:
        found.update(replace(entry, wall=None).as_line().encode("utf-8", "surrogatepass") + b"\n")
    return found.hexdigest()


def headless(name: str) -> str:
    """Played without sockets."""
    return digest(iter(play(TWELVE[name](), record=True).journal))


def shared_out(name: str, count: int) -> str:
    """Played without sockets in several worlds that know nothing of each other, and told as one."""
    scenario = TWELVE[name]()
    journals = []
    for share in shares(scenario, count):
        site = build(share, clock=Clock(0.0), journal=Journal(limit=None), turns=True)
        journals.append(play_site(site, share).journal)
    return digest(merged(journals, {plan.name: rank for rank, plan in enumerate(scenario.chargers)}))


def recorded() -> dict[str, str]:
    """What the repository has."""
    found: dict[str, str] = json.loads(FILE.read_text())
    return found


async def history(name: str) -> list[str]:
    """Served on sockets with a clock that only jumps: what the world and the wallboxes did, a line each."""
    async with Emulator(TWELVE[name](), Options(any_port=True, speed=0.0, announce=False, record=True)) as emulator:
        await emulator.advance_to_end()
        return lines(iter(emulator.player.result().journal))


async def of_processes(name: str, count: int, folder: Path) -> list[str]:
    """As `history`, in several processes."""
    file = written(name, folder)
    options = ("--led", "--frozen", "--ports=free", "--control-port=0", "--record")
    lines_of = [["run", str(file), f"--shard={index}/{count}", *options] for index in range(count)]
    scenario = load(file)
    assert scenario.end is not None
    assert scenario.end.at is not None
    jump = {"by": f"{scenario.end.at // 1_000_000} s"}
    async with Workers(lines_of) as workers, FleetServer(workers, scenario, port=0, record=True) as server:
        workers.begin()
        async with ClientSession(server.url) as http, http.post("/api/clock/advance", json=jump) as reply:
            assert reply.status == 200
        await server.collector.refresh()
        return lines(iter(server.collector.journal))


OF_SOCKETS: Final = ("connection", "push", "request", "clock")
"""Kinds of entries that tell what passed between a server and whoever was connected: those of sockets differ, and with
them which message a fault hits."""


def lines(entries: Iterator[Entry]) -> list[str]:
    """What does not depend on who was connected: without the numbers of entries, which count those left out as well."""
    kept = (entry for entry in entries if entry.kind not in OF_SOCKETS and entry.detail.get("what") != "hit")
    return [replace(entry, seq=0, wall=None, cause=None).as_line() for entry in kept]
