"""`run --workers N`: a fleet in several processes, led by this one."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .announcing import announce
from .verdict import verdict_lines

if TYPE_CHECKING:
    from ..fleet.results import Part
    from ..runtime.journal import Journal
    from ..scenario.plan import Scenario
    from ..scenario.player import Result

PASSED_ON = (
    "bind", "ports", "port_offset", "shared_sockets", "journal_limit", "seed", "speed", "broker", "broker_port",
    "realism", "state",
)  # fmt: skip
"""Options of `run` that are every worker's as well."""
FLAGS = ("frozen", "strict")


def command_lines(count: int, scenario: Scenario, stated: Mapping[str, Any], log: Mapping[str, str]) -> list[list[str]]:
    """What every worker is started with. EmulatorError if the chargers cannot be split so.

    `stated`: the options of this command; `log`: those about its log.
    """
    from ..scenario.sharing import shares

    if stated["scenario"] is None:
        raise click.UsageError("--workers splits the chargers of a scenario: name one")
    if stated["shard"] != "0/1":
        raise click.UsageError("--shard and --workers are two ways to split a fleet; give one of them")
    shares(scenario, count)  # before any is started
    common = [f"--{name.replace('_', '-')}={stated[name]}" for name in PASSED_ON if stated[name] is not None]
    common += [f"--{name}" for name in FLAGS if stated[name]]
    common += [f"--{name.replace('_', '-')}={value}" for name, value in log.items()]
    common += ["--record"] if stated["report"] is not None else []
    frozen = stated["frozen"] or stated["speed"] == 0 or (stated["speed"] is None and scenario.speed == 0)
    if scenario.epoch is None and not frozen:
        common.append(f"--epoch={datetime.now(UTC).astimezone().isoformat()}")
    path = str(stated["scenario"])
    return [["run", path, f"--shard={index}/{count}", "--led", "--control-port=0", *common] for index in range(count)]


async def lead(
    scenario: Scenario,
    arguments: Sequence[Sequence[str]],
    port: Mapping[str, Any],
    *,
    speed: float | None,
    keep_running: bool,
    state: Path | None,
    report: Path | None,
    journal_limit: int,
) -> tuple[bool, bool]:
    """Serve until it is over: whether it came out well, and whether the emulator itself failed."""
    import signal

    from ..fleet.server import FleetServer
    from ..fleet.workers import Workers
    from ..runtime.state import led

    speed = next((stated for stated in (speed, scenario.speed) if stated is not None), 1.0)
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    with ExitStack() as stack:
        if state is not None:
            _check(state)
            stack.enter_context(led(state))
        async with (
            Workers(arguments) as workers,
            FleetServer(workers, scenario, journal_limit=journal_limit, record=report is not None, **port) as server,
        ):
            workers.begin()
            found = await server.run.state()
            announce(server.url, found["broker"], found["wallboxes"], speed)
            await workers.run_until(stop, past_the_end=keep_running or scenario.end is None)
            parts = await workers.conclude()
            if report is not None:
                await server.collector.refresh()
    journals = [*server.acting.earlier, server.collector.journal]
    return _concluded(scenario, server.places.rules, parts, journals, report)


def _check(state: Path) -> None:
    """EmulatorError if the state file has wallboxes that no process of a fleet has."""
    from ..errors import EmulatorError
    from ..service.keeping import Keeper

    with Keeper(state) as keeper:
        added = [f"{charger.name}.{box.name}" for charger in keeper.added() for box in charger.wallboxes]
    if added:
        raise EmulatorError(
            f"{state}: has a wallbox that was added to an earlier run ({added[0]}), which belongs to no process of a "
            "fleet: put it into the scenario, or run without --workers"
        )


def _concluded(
    scenario: Scenario, owners: Sequence[int], parts: Sequence[Part], journals: Sequence[Journal], report: Path | None
) -> tuple[bool, bool]:
    """Say how it came out, and write the report. `journals`: the last is that of what was run last."""
    from ..fleet.results import joined

    result = joined(scenario, owners, [part.result for part in parts], journals[-1])
    before = zip(*(part.earlier for part in parts), strict=True)
    earlier = [joined(scenario, owners, found, of) for found, of in zip(before, journals, strict=False)]
    if scenario.strict:
        result, earlier = result.strictly(), [one.strictly() for one in earlier]
    if scenario.steps or scenario.rules or result.failures or result.untested:
        for line in verdict_lines(scenario, result, sum(part.expectations for part in parts)):
            click.echo(line)
    if report is not None:
        _write(report, scenario, result, earlier)
    untested_before = scenario.strict and any(one.untested for one in earlier)
    ok = result.ok and not any(part.failed_before for part in parts) and not untested_before
    return ok, bool(result.bugs)


def _write(report: Path, scenario: Scenario, result: Result, earlier: Sequence[Result]) -> None:
    from ..reports.writing import write_reports

    write_reports(report, [(scenario, result)], [(scenario, before) for before in earlier])
