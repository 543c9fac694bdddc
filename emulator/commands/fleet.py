"""`run --workers N`: a fleet in several processes, led by this one."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from .announcing import announce
from .verdict import duration

if TYPE_CHECKING:
    from ..scenario.plan import Scenario

PASSED_ON = ("bind", "ports", "port_offset", "journal_limit", "seed", "speed", "broker", "broker_port", "realism")
"""Options of `run` that are every worker's as well."""
FLAGS = ("frozen", "strict")
REFUSED = {"report": "--report", "state": "--state"}


def command_lines(count: int, scenario: Scenario, stated: Mapping[str, Any], log: Mapping[str, str]) -> list[list[str]]:
    """What every worker is started with. `stated`: the options of this command; `log`: those about its log."""
    if stated["scenario"] is None:
        raise click.UsageError("--workers splits the chargers of a scenario: name one")
    for name, option in REFUSED.items():
        if stated[name] is not None:
            raise click.UsageError(f"{option} does not go with --workers: it is about one process")
    if stated["shard"] != "0/1":
        raise click.UsageError("--shard and --workers are two ways to split a fleet; give one of them")
    common = [f"--{name.replace('_', '-')}={stated[name]}" for name in PASSED_ON if stated[name] is not None]
    common += [f"--{name}" for name in FLAGS if stated[name]]
    common += [f"--{name.replace('_', '-')}={value}" for name, value in log.items()]
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
) -> tuple[bool, bool]:
    """Serve until it is over: whether it came out well, and whether the emulator itself failed."""
    import signal

    from ..fleet.server import FleetServer
    from ..fleet.workers import Workers
    from ..scenario.sharing import shares

    speed = next((stated for stated in (speed, scenario.speed) if stated is not None), 1.0)
    mine = [[plan.name for plan in share.chargers] for share in shares(scenario, len(arguments))]
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with (
        Workers(arguments) as workers,
        FleetServer(workers, mine, [plan.name for plan in scenario.chargers], **port) as server,
    ):
        workers.begin()
        found = await server.everything()
        announce(server.url, found["broker"], found["wallboxes"], speed)
        await workers.run_until(stop, past_the_end=keep_running or scenario.end is None)
        results = await workers.conclude()
    if scenario.steps or scenario.rules or not all(result["ok"] for result in results):
        for line in _verdict_lines(scenario, results):
            click.echo(line)
    return all(result["ok"] for result in results), any(result["bugs"] for result in results)


def _verdict_lines(scenario: Scenario, results: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    for result in results:
        yield from result["failures"]
        yield from (f"not tested: {untested}" for untested in result["untested"])
        yield from (f"the emulator itself failed: {bug}" for bug in result["bugs"])
    failed, rules, checked = (
        sum(len(result["failures"]) for result in results),
        sum(result["rules"] for result in results),
        sum(result["expectations"] for result in results),
    )
    word = "passed" if all(result["ok"] for result in results) else "FAILED"
    ended = duration(max(result["ended_at"] for result in results))
    before = ", and before a reset" if any(result["failed_before"] for result in results) else ""
    yield (
        f"{scenario.file}: {word} after {ended} of simulated time in {len(results)} workers; "
        f"expectations: {checked}, rules: {rules}, failed: {failed}{before}"
    )
