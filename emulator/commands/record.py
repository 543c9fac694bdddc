"""`charger-emulator record`: a proxy in front of a real box that keeps a journal."""

from __future__ import annotations

from pathlib import Path

import click

from .options import duration as duration_type


@click.command(name="record")
@click.option("--vendor", required=True, metavar="V", help="Whose box it is: goe, warp, keba, ...")
@click.option("--target", required=True, metavar="HOST[:PORT]", help="The box.")
@click.option(
    "--interface",
    "interfaces",
    multiple=True,
    metavar="NAME",
    help="http (with its WebSocket), modbus, udp, mqtt; may be repeated. Default: all that the vendor's boxes have.",
)
@click.option("--broker", metavar="HOST[:PORT]", help="The MQTT broker between box and client: recorded as well.")
@click.option("--model", metavar="M", help="The model, for its registers.")
@click.option("--firmware", metavar="F", help="The firmware, for its registers.")
@click.option("--bind", default="127.0.0.1", show_default=True, help="Address where clients find the box.")
@click.option("--ports", type=click.Choice(["fixed", "free"]), default="fixed", show_default=True, help="free: any.")
@click.option(
    "--journal",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("journal.jsonl"),
    show_default=True,
    metavar="FILE",
    help="Where the journal is written.",
)
@click.option("--redact/--no-redact", default=True, show_default=True, help="Replace everything personal.")
@click.option(
    "--for",
    "duration",
    type=duration_type,
    metavar="DURATION",
    help="How long, such as 10 min; default: until interrupted.",
)
def command(
    vendor: str,
    target: str,
    interfaces: tuple[str, ...],
    broker: str | None,
    model: str | None,
    firmware: str | None,
    bind: str,
    ports: str,
    journal: Path,
    redact: bool,
    duration: int | None,
) -> int:
    """Stand between clients and a real box, and keep a journal of what they say.

    Clients are pointed at the ports that are printed. `charger-emulator import` makes a scenario of the journal,
    `charger-emulator compare` a fidelity report.
    """
    import asyncio

    from ..core.instant import seconds
    from ..errors import EmulatorError
    from ..recording.notes import Notes
    from ..recording.recorder import recording, ways_of
    from ..recording.registers import Registers

    ways = ways_of(vendor, target, interfaces=interfaces, broker=broker, free=ports == "free")
    registers = Registers(vendor, model, firmware)
    limit = None if duration is None else seconds(duration)

    async def record() -> int:
        with journal.open("w", encoding="utf-8") as file:
            notes = Notes(file, vendor, redact=redact)
            async with recording(ways, notes, registers, bind=bind) as found:
                for way in ways:
                    at = f"{way.target[0]}:{way.target[1]}"
                    click.echo(f"{way.interface:<7} {bind}:{found[way.interface]} -> {at}")
                click.echo(f"recording to {journal}; interrupt to end")
                await _until_interrupted(limit)
            return notes.seq

    try:
        count = asyncio.run(record())
    except OSError as error:
        raise EmulatorError(f"{journal}: {error.strerror or error}") from None
    click.echo(f"{journal}: {count} entries")
    return 0


async def _until_interrupted(seconds: float | None) -> None:
    """Wait for SIGINT or SIGTERM, or for the time to be over."""
    import asyncio
    import contextlib
    import signal

    over = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, over.set)
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await over.wait()
