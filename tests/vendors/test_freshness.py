"""What is kept of documents and registers is what reading them anew would give, whatever has happened.

A world goes through random happenings, faults, settings and times. Now and then everything its wallbox tells is asked
for twice: as it is kept, and once more after everything kept was declared old.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from random import Random
from typing import Final

import pytest

from emulator import vendors
from emulator.core.freshness import FOREVER, HOLDS
from emulator.core.instant import MILLISECOND, SECOND
from emulator.devices.firmware import Model
from emulator.devices.interfaces import HttpInterface, HttpRequest, ModbusInterface, ModbusRequest, Origin, RegisterMap
from emulator.devices.wallbox import Wallbox
from emulator.errors import EmulatorError
from emulator.faults.active import RefusedError
from emulator.runtime.clock import Clock
from emulator.scenario.loader import loads
from emulator.scenario.playing import apply_step
from emulator.scenario.steps.vocabulary import make_step
from emulator.vendors.goe.readings import View
from emulator.vendors.goe.status import Status
from emulator.vendors.goe.wallbox import Goe
from emulator.world.building import build
from emulator.world.site import Site

HAPPENINGS: Final = 4
PART: Final = 60
"""Of what can be asked, at each look."""
CLIENT: Final = "1.2.3.4:5"
DOCUMENTS: Final[Mapping[str, tuple[str, ...]]] = {
    "goe": ("/api/status?filter=car,amp,nrg,rbt,loc,tma,wh",),
    "nrgkick": ("/values?raw", "/info?raw&general&network"),
    "bender": ("/rest/full_state", "/rest/meter_wh"),
}
"""Beside the paths that a wallbox knows."""
SETTINGS: Final[Mapping[str, Mapping[str, tuple[object, ...]]]] = {
    "goe": {"amp": (6, 10, 16), "acs": (0, 1), "lmo": (3, 4), "nrg_zero_while_charging": (True, False, None)},
    "nrgkick": {"idle_noise": (True, False), "gps": (True, False), "current_set": (6.0, 16.0), "ssid": ("a", "b")},
    "lektrico": {"hide_limit_reason": (True, False), "dynamic_current": (6, 16, 32), "headless": (True, False)},
    "bender": {"free_charging": (True, False), "full_state_serial": (True, False), "operator_current": (0, 10, 16)},
    "keba": {"ena": (True, False), "curr": (6000, 16000), "setenergy": (0, 10)},
}
STEPS: Final[tuple[tuple[str, Mapping[str, object]], ...]] = (
    ("plug_in", {"vehicle": "vw_id3"}),
    ("plug_in", {"vehicle": "renault_zoe"}),
    ("unplug", {}),
    ("present_card", {"card": "04:A1:B2:C3"}),
    ("press_button", {}),
    ("reboot", {}),
    ("power_cut", {}),
    ("power_up", {}),
    ("set_climate", {"ambient": "35 °C"}),
    ("set_supply", {"voltage": "225 V"}),
    ("trip_rcd", {"kind": "dc", "for": "20 s"}),
    ("meter_fault", {"for": "30 s"}),
    ("phase_loss", {"for": "10 s"}),
    ("cp_short", {"for": "5 s"}),
    ("overtemperature", {"for": "40 s"}),
)
BLOCK: Final = " to "
MOST: Final = 125
"""Registers of one request."""
WAITS: Final = (1, 999, MILLISECOND, 250 * MILLISECOND, SECOND, 1_000_001, 10 * SECOND, 61 * SECOND, 3_599 * SECOND)


def world(model: Model, firmware: str, noise: float, realism: str) -> Site:
    settings = ", settings: {hla: true}" if model.id.startswith("gemini") else ""
    box = f"{{model: {model.id}, firmware: '{firmware}', interfaces: all, realism: '{realism}'{settings}}}"
    return build(
        loads(f"seed: 3\nchargers:\n  garage: {{noise: {noise}, wallboxes: {{box: {box}}}}}\n"), clock=Clock(0.0)
    )


Ask = Callable[[], object]


def questions(wallbox: Wallbox) -> Iterator[tuple[str, Ask]]:
    """Everything that can be asked: documents over HTTP, registers, and the rows of push interfaces."""
    for name, interface in wallbox.interfaces.items():
        if isinstance(interface, HttpInterface):
            for target in documents(wallbox):
                yield f"{name} {target}", http(wallbox, interface, target)
        if isinstance(interface, ModbusInterface) and interface.table is not None:
            table = interface.table()
            for function in (code for code in (1, 2, 3, 4) if code in table.served):
                for start, end in spans(table, function):
                    yield f"{function} {start}", registers(wallbox, interface, function, start, end)
                for start, end in blocks(table, function):
                    yield f"{function} {start}{BLOCK}{end}", registers(wallbox, interface, function, start, end)
    if isinstance(wallbox, Goe):
        for status in (wallbox.tables.status, wallbox.tables.app_status):
            yield f"rows, {len(status.rows)}", rows(wallbox, status)


def spans(table: RegisterMap, function: int) -> Iterator[tuple[int, int]]:
    for item in table.items(function, 0, 6000):
        yield item.start, item.end


def blocks(table: RegisterMap, function: int) -> Iterator[tuple[int, int]]:
    """Whole items that follow each other, as many as a request may ask for."""
    start = end = 0
    for first, last in spans(table, function):
        if first != end or last - start > MOST:
            if end > start:
                yield start, end
            start = first
        end = last
    if end > start:
        yield start, end


def http(wallbox: Wallbox, interface: HttpInterface, target: str) -> Ask:
    request = HttpRequest(method="GET", target=target, origin=Origin(interface="http", client=CLIENT))

    def ask() -> object:
        with wallbox.simulation.exchange(None, reading=True):
            reply = interface.answer(request)
        return reply.status, reply.headers, reply.body

    return ask


def registers(wallbox: Wallbox, interface: ModbusInterface, function: int, start: int, end: int) -> Ask:
    unit = 255 if wallbox.vendor.id == "keba" else 1
    request = ModbusRequest(unit=unit, function=function, address=start, count=end - start)

    def ask() -> object:
        with wallbox.simulation.exchange(None, reading=True):
            answer = interface.handle(request)
        return None if answer is None else (answer.values, answer.packed, answer.exception, answer.journal)

    return ask


def rows(wallbox: Goe, table: Status) -> Ask:
    def ask() -> object:
        view = View(wallbox.device)
        return [row.fragment(view) for row in table.rows.values()]

    return ask


def documents(wallbox: Wallbox) -> Iterator[str]:
    yield from DOCUMENTS.get(wallbox.vendor.id, ())
    if wallbox.vendor.id == "warp":
        names = (row.name for row in wallbox.fidelity() if not row.name[:1].isdigit() and row.readable)
        yield from (f"/{name}" for name in names if name != "modbus_tcp/error_counters")  # they count this test
    else:
        paths = (path for path in wallbox.http_paths() if "*" not in path)
        yield from (path for path in paths if "/rpc/" not in path or path.endswith(".get"))


def check(wallbox: Wallbox, every: list[tuple[str, Ask]], random: Random, after: str) -> None:
    """Ask for some of everything as it is kept, and anew."""
    asked = list(every) if len(every) <= PART else random.sample(every, PART)
    asked += [question for question in every if BLOCK in question[0] and question not in asked]
    asked.sort(key=lambda question: not question[0][0].isdigit())  # registers first: some documents count requests
    for _, ask in asked:  # asking may itself be noticed, once
        ask()
    kept = {name: ask() for name, ask in asked}
    wallbox.happenings.count += 1
    fresh = {name: ask() for name, ask in reversed(asked)}
    different = {name: (kept[name], fresh[name]) for name in fresh if kept[name] != fresh[name]}
    assert not different, f"after {after} at {wallbox.simulation.agenda.at} us"


def happen(site: Site, wallbox: Wallbox, random: Random) -> str:
    """Something happens; what."""
    if random.random() < 0.3 and SETTINGS.get(wallbox.vendor.id):
        known = {name: values for name, values in SETTINGS[wallbox.vendor.id].items() if name in wallbox.settings}
        name = random.choice(sorted(known))
        values = {name: random.choice(known[name])}
        with suppress(EmulatorError):
            wallbox.configure(values)
        return f"set {values}"
    name, arguments = random.choice(STEPS)
    with suppress(EmulatorError, RefusedError):
        apply_step(site, make_step(name, site.names, **arguments))
    return name


EVERY: Final = [
    pytest.param(model, firmware, id=f"{model.id}-{firmware}")
    for name in vendors.PACKAGES
    for model in vendors.vendor(name).models
    for firmware in (model.firmwares[0], model.firmwares[-1])
]


@pytest.mark.parametrize(("model", "firmware"), EVERY)
def test_what_is_kept_is_what_reading_anew_would_give(model: Model, firmware: str) -> None:
    random = Random(f"{model.id} {firmware}")
    site = world(model, firmware, random.choice((0.0, 1.0)), random.choice(("off", "full")))
    wallbox = site.wallboxes["garage.box"]
    every = list(questions(wallbox))
    check(wallbox, every, random, "the start")
    for _ in range(HAPPENINGS):
        what = happen(site, wallbox, random)
        check(wallbox, every, random, what)
        for by in random.sample(WAITS, 2):
            site.simulation.jump(by)
            check(wallbox, every, random, f"{what} and {by} us")


def test_what_follows_the_time_says_so() -> None:
    """The present moves, a chosen instant does not."""
    site = build(loads("chargers: {garage: {}}"), clock=Clock(0.0))
    simulation = site.simulation

    def holds(read: Callable[[], object]) -> bool:
        HOLDS.until = FOREVER
        read()
        return HOLDS.until == FOREVER

    assert holds(lambda: simulation.chargers["garage"].snapshot(0).at)
    assert holds(lambda: simulation.observe_at("garage", 0).power)
    with simulation.agenda.on_behalf_of(simulation.chargers["garage"].happenings):
        assert holds(lambda: simulation.observe("garage").power)
        assert not holds(lambda: simulation.observe("garage").at)
    assert not holds(lambda: simulation.observe("garage").power)  # somebody else's
    assert not holds(lambda: simulation.now())
