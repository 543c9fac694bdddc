"""The figures of the table: what is measured, beside which ceiling, with which goal.

The one rule: a figure is a ratio of CPU times (or a number with a unit), its goal is what is aimed for, and its floor
what must never be fallen below; floors follow what is reached, with room for the noise of a shared machine.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Final

from .load import HttpLoad, Load, ModbusLoad
from .others import json_server, lewis, mockoon
from .process import Served

VEHICLE: Final = {"at": "10 s", "plug_in": {"vehicle": "renault_zoe", "state_of_charge": "30 %"}}


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One figure. A ratio says how much of the ceiling's speed is reached: 1 is as fast."""

    name: str
    beside: str
    goal: float
    floor: float
    load: Load
    box: Mapping[str, object]
    port: str
    """Interface asked, `goe.http`."""
    frozen: bool
    """Nothing changes between two requests; else every request meets another instant of a charging vehicle."""
    ceiling: Callable[[Load, int], Served]
    """The server beside it; it is told the port of the wallbox, whose reply it copies."""
    requests: int = 4000
    fault: Mapping[str, object] | None = None
    """Armed on the wallbox that is measured."""


def scenario(box: Mapping[str, object], fault: Mapping[str, object] | None = None) -> dict[str, object]:
    steps = [VEHICLE] if fault is None else [VEHICLE, {"at": "20 s", "fault": fault}]
    return {"charger": {"wallboxes": {str(box["vendor"]): {**box, "realism": "off"}}}, "steps": steps}


def emulated(figure: Figure, fault: Mapping[str, object] | None = None) -> Served:
    """The wallbox of a figure."""
    speed = 0.0 if figure.frozen else 1.0
    return Served.of("emulator", {"scenario": scenario(figure.box, fault), "speed": speed})


def bare(load: Load, port: int) -> Served:
    return Served.of("bare", _captured(load, port))


def live(load: Load, port: int) -> Served:
    return Served.of("live", _captured(load, port))


def _captured(load: Load, port: int) -> dict[str, str]:
    assert isinstance(load, HttpLoad)
    head, body = load.reply(port)
    return {"head": head.decode(), "body": body.decode()}


def pymodbus(load: Load, _port: int) -> Served:
    assert isinstance(load, ModbusLoad)
    return Served.of("pymodbus", {"count": _registers(load), "unit": load.unit})


def minimal(load: Load, _port: int) -> Served:
    return Served.of("minimal", {"count": _registers(load)})


def _registers(load: Load) -> int:
    assert isinstance(load, ModbusLoad)
    return max(address + count for address, count in load.blocks)


def measured(figure: Figure, rounds: int, share: float) -> tuple[float, float]:
    """CPU per request of wallbox and ceiling [us], medians of interleaved rounds."""
    count = max(8, round(figure.requests * share))
    with ExitStack() as stack:
        name = f"charger.{figure.port}"
        ours = stack.enter_context(emulated(figure, figure.fault))
        port = round(ours.told[name])
        other = stack.enter_context(figure.ceiling(figure.load, port) if figure.fault is None else emulated(figure))
        pair = ((ours, port), (other, round(other.told["port" if figure.fault is None else name])))
        found: tuple[list[float], list[float]] = ([], [])
        for number in range(rounds + 1):  # the first one warms up
            for (server, where), costs in zip(pair, found, strict=True):
                before = server.cpu
                figure.load.run(where, count)
                if number or rounds == 0:
                    costs.append((server.cpu - before) / count * 1e6)
    return statistics.median(found[0]), statistics.median(found[1])


GOE: Final = {"vendor": "goe", "http": True, "modbus": True}
WARP: Final = {"vendor": "warp", "model": "warp3-pro-22", "http": True, "modbus": True}
NRGKICK: Final = {"vendor": "nrgkick", "http": True, "modbus": True}
LEKTRICO: Final = {"vendor": "lektrico", "http": True}
BENDER: Final = {"vendor": "bender", "http": True, "modbus": True}
KEBA: Final = {"vendor": "keba", "modbus": True}

_FULL: Final = HttpLoad("/api/status", closes=True)
_FULL_SAID: Final = HttpLoad("/api/status", closes=True, says=True)
_SIX: Final = HttpLoad("/api/status?filter=car,amp,nrg,alw,wh,eto", closes=True)


def _http(name: str, box: Mapping[str, object], load: HttpLoad, *, floors: tuple[float, float]) -> Iterator[Figure]:
    """Against bare aiohttp, unchanged and always new."""
    for frozen, how, goal, floor in ((True, "unchanged", 0.9, floors[0]), (False, "always new", 0.6, floors[1])):
        yield Figure(
            name=f"{name}, {how}",
            beside="bare aiohttp, same bytes",
            goal=goal,
            floor=floor,
            load=load,
            box=box,
            port=f"{box['vendor']}.http",
            frozen=frozen,
            ceiling=bare,
        )


def _others() -> Iterator[Figure]:
    """Against simulators that other people use, always new."""
    for ceiling, beside, floor in (
        (mockoon, "Mockoon CLI, constants", 2.9),
        (json_server, "json-server, constants", 2.1),
    ):
        yield Figure(
            name="go-e full status, always new",
            beside=beside,
            goal=8.0,
            floor=floor,
            load=_FULL_SAID,
            box=GOE,
            port="goe.http",
            frozen=False,
            ceiling=ceiling,
            requests=2000,
        )
    yield Figure(
        name="go-e, 60 registers",
        beside="lewis, constants",
        goal=4.0,
        floor=1.7,
        load=ModbusLoad(4, (100, 60)),
        box=GOE,
        port="goe.modbus",
        frozen=False,
        ceiling=lewis,
    )


def _modbus(name: str, box: Mapping[str, object], load: ModbusLoad, floors: tuple[float, float]) -> Iterator[Figure]:
    """`floors`: beside a minimal server, and beside pymodbus."""
    for ceiling, beside, goal, floor in (
        (minimal, "a minimal live server", 0.6, floors[0]),
        (pymodbus, "pymodbus, constants", 4.0, floors[1]),
    ):
        yield Figure(
            name=name,
            beside=beside,
            goal=goal,
            floor=floor,
            load=load,
            box=box,
            port=f"{box['vendor']}.modbus",
            frozen=False,
            ceiling=ceiling,
        )


def _faults(
    name: str, box: Mapping[str, object], load: Load, interface: str, away: str, match: Mapping[str, object]
) -> Iterator[Figure]:
    """A fault that hits nothing, on the interface that is asked and on another one, beside none at all."""
    vendor = box["vendor"]
    late = {"name": "late", "kind": "delay", "delay": "3 s"}
    for where, fault, goal, floor in (
        ("not matching", {**late, "on": f"charger.{vendor}.{interface}", "match": match}, 1 / 1.1, 0.75),
        ("elsewhere", {**late, "on": f"charger.{vendor}.{away}"}, 0.97, 0.8),
    ):
        yield Figure(
            name=f"{name}, fault {where}",
            beside="none armed",
            goal=goal,
            floor=floor,
            load=load,
            box=box,
            port=f"{vendor}.{interface}",
            frozen=False,
            ceiling=bare,
            fault=fault,
        )


def figures() -> list[Figure]:
    """Every ratio of the table."""
    return [
        *_http("go-e full status", GOE, _FULL, floors=(1.2, 0.95)),
        Figure(
            name="go-e full status, always new",
            beside="aiohttp + json.dumps, live",
            goal=2.4,
            floor=1.6,
            load=_FULL,
            box=GOE,
            port="goe.http",
            frozen=False,
            ceiling=live,
        ),
        *_http("go-e filter of six", GOE, _SIX, floors=(1.2, 1.1)),
        *_http("WARP evse/state", WARP, HttpLoad("/evse/state"), floors=(0.75, 0.65)),
        *_http("NRGkick /values", NRGKICK, HttpLoad("/values"), floors=(0.75, 0.5)),
        *_http("Lektrico charger_info.get", LEKTRICO, HttpLoad("/rpc/charger_info.get"), floors=(0.75, 0.7)),
        *_http("Bender full_state", BENDER, HttpLoad("/rest/full_state"), floors=(0.75, 0.55)),
        *_modbus("go-e, 60 registers", GOE, ModbusLoad(4, (100, 60)), (0.48, 1.15)),
        *_modbus("NRGkick, 60 registers", NRGKICK, ModbusLoad(3, (194, 60)), (0.48, 1.15)),
        *_modbus("WARP, 30 registers", WARP, ModbusLoad(4, (2100, 30)), (0.4, 1.0)),
        *_modbus("Bender, 30 registers", BENDER, ModbusLoad(3, (200, 28)), (0.37, 0.95)),
        *_others(),
        *_modbus("KEBA, 2 registers", KEBA, ModbusLoad(3, (1020, 2), unit=255), (0.33, 0.95)),
        *_faults("NRGkick, 60 registers", NRGKICK, ModbusLoad(3, (194, 60)), "modbus", "http", {"register": 35}),
        *_faults("NRGkick /values", NRGKICK, HttpLoad("/values"), "http", "modbus", {"path": "/info"}),
    ]
