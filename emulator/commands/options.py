"""Options that several commands share."""

from __future__ import annotations

import math
import os
from pathlib import Path
from typing import Final

import click

TOKEN: Final = "CHARGER_EMULATOR_TOKEN"


class FiniteRange(click.FloatRange):
    """A number in a range; `nan` and `inf`, which `click` lets through, are none."""

    def convert(self, value: float, param: click.Parameter | None, ctx: click.Context | None) -> float:
        found = super().convert(value, param, ctx)
        if not math.isfinite(found):
            self.fail(f"{value} is not a number", param, ctx)
        return float(found)


def duration(text: str) -> int:
    """Type of an option: `10 min`, `1 h 30 min`, in whole µs, never below zero."""
    from ..language.units import parse_duration

    try:
        found = parse_duration(text)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None
    if found < 0:
        raise click.BadParameter(f'found "{text}", expected a duration of 0 s or more')
    return found


seed = click.option("--seed", type=click.IntRange(0), help="Seed of everything random; overrides the scenario's.")


def _whole_token(_: click.Context, __: click.Parameter, value: str | None) -> str | None:
    from ..control.access import check_token

    if value is None:
        if os.environ.get(TOKEN) is None:
            return None
        value = ""  # a secret that is not there must not open the door: click takes an empty variable for none
    return check_token(value, f"--control-token or {TOKEN}")


control_token = click.option(
    "--control-token",
    envvar=TOKEN,
    metavar="TOKEN",
    callback=_whole_token,
    help="Bearer token that requests to the control API must carry; better in the variable or in a file, because "
    "everybody on this machine sees command lines.",
)

control_token_file = click.option(
    "--control-token-file",
    envvar="CHARGER_EMULATOR_TOKEN_FILE",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="File with the bearer token.",
)


def token(given: str | None, file: Path | None) -> str | None:
    """The token that was given in one of the ways. EmulatorError if it is none."""
    if file is None:
        return given
    from ..control.access import token_from

    if given is not None:
        raise click.UsageError("--control-token (or CHARGER_EMULATOR_TOKEN) and --control-token-file; give one of them")
    return token_from(file)


state_file = click.option(
    "--state",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Keep settings and meter readings of the wallboxes in this SQLite file across runs.",
)

report = click.option(
    "--report",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Write reports (journal, JUnit, JSON, HTML) to this directory.",
)

strict = click.option(
    "--strict", is_flag=True, help="Fail as well if something passed only because nothing came to it (`strict: true`)."
)

broker = click.option(
    "--broker",
    metavar="URL|embedded|none",
    envvar="CHARGER_EMULATOR_BROKER",
    help="The MQTT broker, whatever the scenario says: mqtt://host:1883, embedded, or none.",
)

broker_port = click.option(
    "--broker-port", type=click.IntRange(0, 65535), help="Port of the embedded broker; 0: any free one."
)

port_offset = click.option(
    "--port-offset",
    type=click.IntRange(0, 50000),
    default=0,
    show_default=True,
    help="Added to every port, for several emulators on one host (control, broker and interfaces; not to port 0).",
)

shared_sockets = click.option(
    "--shared-sockets",
    type=click.Choice(["auto", "true", "false"]),
    help="Whether wallboxes with addresses of their own share listening sockets, whatever the scenario says.",
)

realism = click.option(
    "--realism",
    type=click.Choice(["off", "latency", "full"]),
    help="Of every wallbox for which the scenario says nothing: answers take as long as the device's (latency), meters "
    "are noisy, too (full), or neither; by default full in real time, else off.",
)

ports = click.option(
    "--ports",
    type=click.Choice(["fixed", "free"]),
    default="fixed",
    show_default=True,
    help="free: every interface and the broker on any free port, whatever the scenario says.",
)

shard = click.option(
    "--shard",
    default="0/1",
    envvar="CHARGER_EMULATOR_SHARD",
    metavar="I/N",
    show_default=True,
    help="Only the I-th of N shares of the work; I counts from 0.",
)

AS_JSON = click.option("--json", "as_json", is_flag=True, help="Everything, as JSON.")


def _log(context: click.Context, parameter: click.Parameter, value: str) -> None:
    """Logging begins when both options are known."""
    said = context.meta.setdefault("log", {})
    said[parameter.name] = value
    if len(said) == 2:
        from ..service.logs import configure

        configure(said["log_format"], said["log_level"])


log_format = click.option(
    "--log-format",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    envvar="CHARGER_EMULATOR_LOG_FORMAT",
    expose_value=False,
    callback=_log,
    help="How the log on standard error is written; json: one object a line.",
)

log_level = click.option(
    "--log-level",
    type=click.Choice(["debug", "info", "warning", "error"]),
    default="warning",
    show_default=True,
    envvar="CHARGER_EMULATOR_LOG_LEVEL",
    expose_value=False,
    callback=_log,
    help="What is logged; debug: every journal entry, too.",
)
