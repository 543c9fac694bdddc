"""`charger-emulator ctl`: talks to a running emulator through its control API.

The one rule: every step of the scenario language is a sub-command, made from the definition of the step; what its
arguments mean is decided by the emulator.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import click

from ..control.client import DEFAULT_URL, ControlClient
from ..errors import EmulatorError, did_you_mean
from . import completing
from .ctl_values import expect, expectations_of, print_json, read, shown_outcome, wait, write
from .ctl_wallboxes import add_wallbox, remove_wallbox, wallboxes
from .options import FiniteRange, control_token, control_token_file, token
from .output import heard

if TYPE_CHECKING:
    from ..language.records import Argument
    from ..scenario.steps.base import StepType


NEWEST = 10**15 - 1
"""A number that no journal entry has yet."""


class Steps(click.Group):
    """The commands of the group, and one for every step."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [*self.commands, *(name.replace("_", "-") for name in _steps() if name not in self.commands)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name in self.commands:
            return self.commands[cmd_name]
        name = cmd_name.replace("-", "_")
        return _step_command(name) if name in _steps() else None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if not args[0].startswith("-") and self.get_command(ctx, args[0]) is None:
            ctx.fail(f'there is no command "{args[0]}"{did_you_mean(args[0], self.list_commands(ctx))}')
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        steps = _steps()
        with formatter.section("Commands"):
            formatter.write_dl([(name, found.get_short_help_str(90)) for name, found in self.commands.items()])
        with formatter.section("Steps (ctl STEP --help shows the arguments)"):
            formatter.write_dl(
                [(name.replace("_", "-"), kind.about) for name, kind in steps.items() if name not in self.commands]
            )


def _steps() -> Mapping[str, StepType]:
    from ..scenario.steps.vocabulary import STEPS

    return STEPS


def _step_command(name: str) -> click.Command:
    """A step as a command: its arguments are options; the one that may stand alone may also stand alone here."""
    kind = _steps()[name]
    words = click.Argument(["words"], nargs=-1, metavar=_metavar(kind), shell_complete=completing.words_of_step(kind))
    options = [
        click.Option([f"--{a.name.replace('_', '-')}", f"given_{a.name}"], metavar="VALUE", help=_help(a))
        for a in kind.arguments
    ]
    return click.Command(name.replace("_", "-"), params=[words, *options], callback=_callback(name), help=kind.about)


def _metavar(kind: StepType) -> str:
    if kind.whole is not None:
        return "NAME=VALUE..."
    return f"[{kind.short.upper()}] [NAME=VALUE]..." if kind.short is not None else "[NAME=VALUE]..."


def _help(argument: Argument[object]) -> str:
    needed = " [needed]" if argument.required else ""
    return f"{argument.about + ': ' if argument.about else ''}{argument.type.text}{needed}"


def _callback(name: str) -> Callable[..., int]:
    def callback(words: tuple[str, ...], **options: str | None) -> int:
        given = [f"{key.removeprefix('given_')}={value}" for key, value in options.items() if value is not None]
        from ..scenario.steps.vocabulary import step_from_words

        client = click.get_current_context().find_object(ControlClient)
        assert client is not None
        return shown_outcome(client.request("POST", "/api/steps", step_from_words(name, [*words, *given])))

    return callback


@click.group(name="ctl", cls=Steps)
@click.option(
    "--url", default=DEFAULT_URL, envvar="CHARGER_EMULATOR_URL", show_default=True, help="URL of the control API."
)
@control_token
@control_token_file
@click.pass_context
def command(ctx: click.Context, url: str, control_token: str | None, control_token_file: Path | None) -> None:
    """Talk to a running emulator.

    \b
    charger-emulator ctl plug-in vw_id3
    charger-emulator ctl trip-rcd --residual-current "35 mA"
    charger-emulator ctl advance "1 h"
    charger-emulator ctl expect power=">3 kW" contactor=open
    """
    ctx.obj = ControlClient(url, token(control_token, control_token_file))
    ctx.call_on_close(ctx.obj.close)


for made in (read, write, wait, expect, wallboxes, add_wallbox, remove_wallbox):
    command.add_command(made)


@command.command()
@click.pass_obj
def state(client: ControlClient) -> None:
    """Everything at a glance, as JSON."""
    print_json(client.get("/api/state"))


@command.command()
@click.argument("name", required=False, shell_complete=completing.chargers)
@click.pass_obj
def chargers(client: ControlClient, name: str | None) -> None:
    """The quantities of all chargers, or of the one called NAME, as JSON."""
    print_json(client.get("/api/state")["chargers"] if name is None else client.get(f"/api/chargers/{name}"))


@command.command()
@click.argument("speed", required=False)
@click.pass_obj
def clock(client: ControlClient, speed: str | None) -> None:
    """What time it is; or run at SPEED: frozen, realtime, or a factor such as 60."""
    if speed is None:
        print_json(client.get("/api/clock"))
        return
    if speed in ("frozen", "realtime"):
        print_json(client.request("PUT", "/api/clock", {"mode": speed}))
        return
    try:
        factor = float(speed)
    except ValueError:
        raise click.UsageError(f'speed: found "{speed}", expected frozen, realtime, or a factor such as 60') from None
    print_json(client.request("PUT", "/api/clock", {"speed": factor}))


@command.command()
@click.argument("duration", required=False, nargs=-1)
@click.option("--until", multiple=True, metavar="NAME=VALUE", help="Stop as soon as this holds; may be repeated.")
@click.option("--within", metavar="DURATION", help="With --until: give up after this long (default 10 min).")
@click.pass_obj
def advance(client: ControlClient, duration: tuple[str, ...], until: tuple[str, ...], within: str | None) -> int:
    """Jump ahead by DURATION ("1 h 30 min"), or until something holds. Exit code 1 if it did not."""
    wanted: dict[str, object] = {}
    if until:
        wanted = {"until": expectations_of(until)} | ({"within": within} if within is not None else {})
    elif duration:
        wanted = {"by": " ".join(duration)}
    else:
        raise click.UsageError('expected a duration such as "1 h", or --until')
    reply = client.request("POST", "/api/clock/advance", wanted)
    for entry in reply["events"]:
        click.echo(_line(entry))
    click.echo(f"at {reply['at']:g} s" + ("" if reply["reached"] else ": not reached"))
    return 0 if reply["reached"] else 1


@command.command()
@click.option("--follow", is_flag=True, help="Keep showing new entries.")
@click.option("--after", type=click.IntRange(0), default=0, help="Only entries with a higher number.")
@click.option("--last", type=click.IntRange(1), help="Only the newest so many.")
@click.option("--charger", help="Only of this charger.", shell_complete=completing.chargers)
@click.option("--interface", help="Only of this interface.")
@click.option("--kind", help="Only of this kind: event, stimulus, request, write, ...", shell_complete=completing.kinds)
@click.option("--limit", type=click.IntRange(1), default=1000, show_default=True, help="Show at most this many.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line, as in journal.jsonl.")
@click.pass_obj
def journal(
    client: ControlClient, /, follow: bool, after: int, last: int | None, as_json: bool, **filters: str | int | None
) -> None:
    """What happened, oldest first."""
    if last is not None:
        reply = client.get("/api/journal", **{**filters, "before": NEWEST, "limit": last})
        for entry in reply["entries"]:
            click.echo(json.dumps(entry, ensure_ascii=False) if as_json else _line(entry))
        after = reply["next"]
        if not follow:
            return
    while True:
        reply = client.get("/api/journal", after=after, wait=30 if follow else None, **filters)
        for entry in reply["entries"]:
            click.echo(json.dumps(entry, ensure_ascii=False) if as_json else _line(entry))
        after = reply["next"]
        if not follow or not heard():
            return


@command.command()
@click.option("--conclude", is_flag=True, help="The run is over: judge what rules still wait for.")
@click.option("--json", "as_json", is_flag=True, help="Everything, as JSON.")
@click.pass_obj
def verdict(client: ControlClient, conclude: bool, as_json: bool) -> int:
    """How rules and expectations stand. Exit code 1 if one is broken."""
    found = client.request("POST" if conclude else "GET", "/api/verdict")
    return _verdict(found, as_json=as_json)


@command.command()
@click.argument("file", required=False, type=click.Path(dir_okay=False, path_type=Path))
@click.option("--verify", is_flag=True, help="Judge the rules of FILE over what has happened so far.")
@click.option("--json", "as_json", is_flag=True, help="Everything, as JSON.")
@click.pass_obj
def rules(client: ControlClient, file: Path | None, verify: bool, as_json: bool) -> int:
    """The rules in force; with FILE (YAML or JSON, as `rules:`) put its rules into force."""
    if file is None:
        found = client.get("/api/rules")
    else:
        from ..scenario.loader import rules_as_data

        found = client.request("POST", "/api/verify" if verify else "/api/rules", rules_as_data(file))
    return _verdict({"ok": True, **found}, as_json=as_json)


def _verdict(found: Mapping[str, Any], *, as_json: bool) -> int:
    if as_json:
        print_json(found)
    else:
        if not found["rules"]:
            click.echo("no rule is in force")
        for rule in found["rules"]:
            mark = "ok    " if rule["ok"] else "FAILED"
            click.echo(f"{mark}  {rule['name']}  (occurred {rule['occurrences']} times)")
            if not rule["ok"]:
                click.echo(f"        {rule['text']}")
        for failure in found.get("failures", ()):
            if "rule " not in failure["text"]:
                click.echo(f"FAILED  {failure['text']}")
        for one in found.get("untested", ()):
            click.echo(f"not tested: {one['kind']} {one['name']}: {one['why']}")
    return 0 if found["ok"] else 1


@command.command()
@click.pass_obj
def reset(client: ControlClient) -> None:
    """Everything back to the scenario's start."""
    client.request("POST", "/api/reset")


@command.group()
def snapshot() -> None:
    """Keep the whole world under a name, and go back to it."""


@snapshot.command(name="take")
@click.argument("name")
@click.pass_obj
def take_snapshot(client: ControlClient, name: str) -> None:
    """Keep everything as it is now."""
    print_json(client.request("POST", "/api/snapshots", {"name": name}))


@snapshot.command(name="restore")
@click.argument("name")
@click.pass_obj
def restore_snapshot(client: ControlClient, name: str) -> None:
    """Go back to it; connections are dropped, as by a reset."""
    client.request("POST", f"/api/snapshots/{quote(name, safe='')}/restore")


@snapshot.command(name="delete")
@click.argument("name")
@click.pass_obj
def delete_snapshot(client: ControlClient, name: str) -> None:
    """Forget it."""
    client.request("DELETE", f"/api/snapshots/{quote(name, safe='')}")


@snapshot.command(name="list")
@click.option("--json", "as_json", is_flag=True, help="Everything, as JSON.")
@click.pass_obj
def list_snapshots(client: ControlClient, as_json: bool) -> None:
    """The snapshots there are."""
    found = client.get("/api/snapshots")
    if as_json:
        print_json(found)
        return
    for one in found["snapshots"]:
        click.echo(f"{one['name']}  at {one['at']:g} s")


@command.command()
@click.pass_obj
def faults(client: ControlClient) -> None:
    """The faults in force."""
    for fault in client.get("/api/faults")["faults"]:
        click.echo(f"{fault['on']}  {fault['name']}  {fault.get('about', fault['kind'])}")


@command.command()
@click.option("--wait", type=FiniteRange(0.0), default=0.0, metavar="SECONDS", help="Wait so long for it to start.")
@click.pass_obj
def health(client: ControlClient, wait: float) -> None:
    """Whether an emulator answers (for health checks)."""
    until = time.monotonic() + wait
    while True:
        try:
            client.get("/healthz")
        except EmulatorError:
            if time.monotonic() >= until:
                raise
            time.sleep(0.1)
        else:
            return


def _line(entry: Mapping[str, Any]) -> str:
    """One journal entry for a reader."""
    where = ".".join(part for part in (entry["charger"], entry["wallbox"], entry["interface"]) if part)
    detail = json.dumps(entry["detail"], ensure_ascii=False) if entry["detail"] else ""
    return f"{entry['at']:12.3f}  {entry['kind']:<11}  {where}  {entry['name']}  {detail}".rstrip()
