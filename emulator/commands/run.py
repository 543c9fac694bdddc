"""`charger-emulator run`: serve a scenario, play it in clock time, and give the verdict."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..errors import EmulatorError
from .announcing import announce
from .options import (
    FiniteRange,
    broker,
    broker_port,
    control_token,
    control_token_file,
    log_format,
    log_level,
    port_offset,
    ports,
    realism,
    report,
    seed,
    shard,
    shared_sockets,
    state_file,
    strict,
)
from .options import token as token_of
from .terminal import prepare_folder

if TYPE_CHECKING:
    import asyncio
    from datetime import datetime

    from ..control.server import ControlServer
    from ..devices.realism import Realism
    from ..scenario.plan import Scenario
    from ..scenario.player import Result
    from ..service.emulator import Emulator, Options


@click.command(name="run")
@click.argument("scenario", required=False, type=click.Path(dir_okay=False, path_type=Path))
@click.option("--frozen", is_flag=True, help="Time stands still until a client of the control API moves it.")
@click.option("--speed", type=FiniteRange(0, 1_000_000), help="Simulated seconds per second.")
@seed
@click.option("--bind", default="127.0.0.1", envvar="CHARGER_EMULATOR_BIND", show_default=True, help="Address.")
@click.option(
    "--control-port",
    type=click.IntRange(0, 65535),
    default=8000,
    envvar="CHARGER_EMULATOR_CONTROL_PORT",
    show_default=True,
    help="Port of control API and dashboard; 0: any free one.",
)
@control_token
@control_token_file
@click.option(
    "--allowed-host",
    "allowed_hosts",
    multiple=True,
    metavar="NAME",
    envvar="CHARGER_EMULATOR_ALLOWED_HOSTS",
    help="Another name by which clients reach the control API; may be repeated (in the variable: spaces between).",
)
@click.option(
    "--open-control",
    is_flag=True,
    envvar="CHARGER_EMULATOR_OPEN_CONTROL",
    help="Serve the control API without a token beyond loopback, too.",
)
@click.option("--keep-running", is_flag=True, help="Keep serving after the scenario has ended.")
@report
@state_file
@click.option(
    "--journal-limit",
    type=click.IntRange(1, 1_000_000),
    default=256,
    show_default=True,
    metavar="MIB",
    help="Memory for the journal; the oldest pushes go first. A report still has all of it.",
)
@strict
@shard
@click.option(
    "--workers",
    type=click.IntRange(1, 64),
    default=1,
    show_default=True,
    metavar="N",
    help="Split the chargers over so many processes, with one control API and one clock.",
)
@click.option("--led", is_flag=True, hidden=True)
@click.option("--record", is_flag=True, hidden=True)
@click.option("--epoch", type=click.DateTime(["%Y-%m-%dT%H:%M:%S.%f%z", "%Y-%m-%dT%H:%M:%S%z"]), hidden=True)
@broker
@broker_port
@port_offset
@ports
@shared_sockets
@realism
@log_format
@log_level
def command(
    scenario: Path | None,
    frozen: bool,
    speed: float | None,
    seed: int | None,
    bind: str,
    control_port: int,
    control_token: str | None,
    control_token_file: Path | None,
    allowed_hosts: tuple[str, ...],
    open_control: bool,
    keep_running: bool,
    report: Path | None,
    state: Path | None,
    journal_limit: int,
    strict: bool,
    shard: str,
    workers: int,
    led: bool,
    record: bool,
    epoch: datetime | None,
    broker: str | None,
    broker_port: int | None,
    port_offset: int,
    ports: str,
    shared_sockets: str | None,
    realism: Realism | None,
) -> int:
    """Serve SCENARIO and play it in clock time.

    Without SCENARIO: one 22 kW charger, run by every vendor at once. Exit code 0 if all expectations and rules
    held, 1 if one failed, 3 if the emulator itself did. A scenario without an `end` is served until it is interrupted.
    With --shard, only the chargers of that share are served, with --workers all, in several processes; what belongs
    together stays in one.
    """
    import asyncio

    from ..control.access import check_bind
    from ..explore.shard import Shard
    from ..runtime.bugs import EXIT_CODE
    from ..service.emulator import Options
    from ..world.plan import realistic

    if frozen and speed is not None:
        raise click.UsageError("--frozen and --speed are two ways to say the same; give one of them")
    token = token_of(control_token, control_token_file)
    check_bind(bind, token=token, opened=open_control)
    found = realistic(_with_broker(_scenario(scenario, report), broker, broker_port), realism)
    found = replace(found, strict=strict or found.strict, epoch=epoch or found.epoch)
    if shared_sockets is not None:
        found = replace(found, shared_sockets={"true": True, "false": False}.get(shared_sockets))
    if found.shared_sockets and workers > 1:
        raise click.UsageError("--workers does not go with shared_sockets: true; a socket is one process's")
    part = Shard.parse(shard)
    options = Options(
        bind=bind,
        any_port=ports == "free",
        port_offset=port_offset,
        alone=part.count == 1,
        default_ports=not led or part.index == 0,
        held=led,
        speed=0.0 if frozen else speed,
        seed=seed,
        state=state,
        shared=led,
        record=record or report is not None,
        journal_limit=journal_limit << 20,
    )
    control = {
        "host": "127.0.0.1" if led else bind,
        "port": control_port + port_offset if control_port else 0,
        "token": token,
        "allowed_hosts": allowed_hosts,
        "opened": open_control,
    }
    if workers > 1:
        from .fleet import command_lines, lead

        context = click.get_current_context()
        lines = command_lines(workers, found, context.params, context.meta["log"])
        if report is not None:
            prepare_folder(report)
        leading = lead(
            found,
            lines,
            control,
            speed=options.speed,
            keep_running=keep_running,
            state=state,
            report=report,
            journal_limit=options.journal_limit,
        )
        ok, broken = asyncio.run(leading)
        return EXIT_CODE if broken else 0 if ok else 1
    if part.count > 1:
        from ..scenario.sharing import shares

        found = shares(found, part.count)[part.index]
    if report is not None:
        prepare_folder(report)
    if led:
        asyncio.run(_led(found, options, control))
        return 0
    result, earlier, ok = asyncio.run(_run(found, options, control, keep_running=keep_running))
    if report is not None:
        from ..reports.writing import write_reports

        write_reports(report, [(found, result)], [(found, before) for before in earlier])
    if result.bugs:
        return EXIT_CODE
    return 0 if ok else 1


def _scenario(path: Path | None, report: Path | None) -> Scenario:
    """The scenario to serve. `report`: where to tell of a mistake of the emulator's own in reading it."""
    if path is None:
        from ..scenario.default import default_scenario

        return default_scenario()
    from ..scenario.loader import load

    try:
        return load(path)
    except EmulatorError:
        raise
    except Exception as error:
        if report is not None:
            from ..reports.writing import write_reports
            from ..scenario.playing import unread

            prepare_folder(report)
            write_reports(report, [unread(path, error)])
        raise


def _with_broker(scenario: Scenario, broker: str | None, port: int | None) -> Scenario:
    """The scenario with the broker that the command line names."""
    from ..scenario.sections import BrokerSection, broker_address
    from ..world.plan import BrokerAddress

    address = scenario.broker
    if broker is not None:
        address = broker_address(broker)
        if address is None:
            raise click.UsageError(f'--broker: found "{broker}", expected {BrokerSection.text}')
    if port is not None:
        if address is not None and not address.embedded:
            raise click.UsageError("--broker-port is the port of the embedded broker, but another one is named")
        address = replace(address or BrokerAddress(), port=port) if address or scenario.wants_broker else None
    return replace(scenario, broker=address)


async def _led(scenario: Scenario, options: Options, control: dict[str, object]) -> None:
    """Serve as one of several processes."""
    import asyncio
    import signal

    from ..control.server import ControlServer
    from ..fleet.operations import offer
    from ..fleet.worker import obey
    from ..service.emulator import Emulator
    from ..service.garbage import Worlds, brief_collections

    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    with brief_collections():
        async with Emulator(scenario, options) as emulator:
            server = ControlServer(emulator, **control)  # type: ignore[arg-type]
            offer(server, emulator)
            async with server:
                emulator.on_reset.append(Worlds(emulator).changed)
                await obey(emulator, server, stop)


async def _run(
    scenario: Scenario, options: object, control: dict[str, object], *, keep_running: bool
) -> tuple[Result, list[Result], bool]:
    import asyncio
    import signal

    from ..service.emulator import Options
    from ..service.garbage import brief_collections

    assert isinstance(options, Options)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    with brief_collections():
        return await _served(scenario, options, control, stop, keep_running=keep_running)


async def _served(
    scenario: Scenario, options: Options, control: dict[str, object], stop: asyncio.Event, *, keep_running: bool
) -> tuple[Result, list[Result], bool]:
    import asyncio

    from ..service.emulator import Emulator
    from ..service.garbage import Worlds

    emulator = Emulator(scenario, options)
    try:
        async with emulator:
            await asyncio.to_thread(import_module, "emulator.control.server")  # the boxes answer meanwhile
            from ..control.server import ControlServer

            async with ControlServer(emulator, **control) as server:  # type: ignore[arg-type]
                emulator.on_reset.append(Worlds(emulator).changed)
                _announce(emulator, server)
                async with _shown(emulator, server):
                    await emulator.run_until(stop, past_the_end=keep_running or scenario.end is None)
                emulator.conclude()
                result = emulator.result
    except (EmulatorError, BrokenPipeError):
        raise
    except Exception as error:
        click.echo(emulator.bugs.caught("run", error).line, err=True)
        result = emulator.reached
    earlier = emulator.earlier
    if scenario.strict:
        result, earlier = result.strictly(), [before.strictly() for before in earlier]
    _verdict(scenario, result)
    untested_before = scenario.strict and any(before.untested for before in earlier)
    return result, earlier, result.ok and not emulator.failed_before and not untested_before


@asynccontextmanager
async def _shown(emulator: Emulator, server: ControlServer) -> AsyncIterator[None]:
    """On a terminal, a table of boxes and clients stands below and is kept up to date."""
    import asyncio

    from .terminal import interactive

    if not interactive():
        yield
        return
    from .live import keep_shown

    shown = asyncio.create_task(keep_shown(emulator, server.contacts), name="live table")
    try:
        yield
    finally:
        shown.cancel()
        await asyncio.gather(shown, return_exceptions=True)


def _announce(emulator: Emulator, server: ControlServer) -> None:
    from ..control import views

    announce(server.url, views.broker(emulator), views.wallboxes(emulator), emulator.clock.speed)


def _verdict(scenario: Scenario, result: Result) -> None:
    from .verdict import verdict_lines

    if scenario.steps or scenario.rules or result.failures or result.untested or result.bugs:
        for line in verdict_lines(scenario, result):
            click.echo(line)
