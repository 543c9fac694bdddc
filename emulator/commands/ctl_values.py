"""Sub-commands of `ctl` that look at values, write them, and wait for them."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import Any

import click

from ..control.client import ControlClient
from ..core.instant import seconds
from ..errors import did_you_mean
from . import completing
from .options import duration as duration_type

LOOKS_AGAIN = 0.1
"""How often `wait` looks while time passes, in wall time [s]."""


@click.command()
@click.argument("names", nargs=-1, required=True, metavar="NAME...", shell_complete=completing.names)
@click.option("--json", "as_json", is_flag=True, help="Everything, as JSON.")
@click.pass_obj
def read(client: ControlClient, names: tuple[str, ...], as_json: bool) -> None:
    """Quantities and vendor values: `power`, `garage.phase_current.L1`, `goe.car`, `nrgkick.modbus.210`."""
    found = client.get("/api/values", name=",".join(names))["values"]
    if as_json:
        print_json(found)
    else:
        for name, value in found.items():
            click.echo(json.dumps(value, ensure_ascii=False) if len(found) == 1 else f"{name}: {json.dumps(value)}")


@click.command()
@click.argument("values", nargs=-1, required=True, metavar="NAME=VALUE...", shell_complete=completing.names)
@click.option("--on", metavar="INTERFACE", help="As a client of this interface; default: the first that takes it.")
@click.pass_obj
def write(client: ControlClient, values: tuple[str, ...], on: str | None) -> int:
    """Write vendor values as a client would: `goe.amp=10`, `warp.evse/external_current.current=8000`."""
    from ..scenario.steps.vocabulary import step_from_words

    worst = 0
    for wallbox, words in _by_wallbox(values).items():
        stated = step_from_words("command", [f"write.{word}" for word in words])["command"]
        assert isinstance(stated, dict)
        extra = {"wallbox": wallbox} | ({"interface": on} if on is not None else {})
        worst = max(worst, shown_outcome(client.request("POST", "/api/steps", {"command": {**stated, **extra}})))
    return worst


def _by_wallbox(values: tuple[str, ...]) -> dict[str, list[str]]:
    """`goe.amp=10` is `amp=10` of the wallbox `goe`; `garage.goe.amp=10` of `garage.goe`."""
    found: dict[str, list[str]] = {}
    client = click.get_current_context().find_object(ControlClient)
    assert client is not None
    known = [str(wallbox["name"]) for wallbox in client.get("/api/wallboxes")["wallboxes"]]
    for word in values:
        name, equals, value = word.partition("=")
        if not equals:
            raise click.UsageError(f'found "{word}", expected something like goe.amp=10')
        whole = next((full for full in known if name.startswith(f"{full}.")), None)
        short = next((full for full in known if name.startswith(f"{full.partition('.')[2]}.")), None)
        owner = whole or short
        if owner is None:
            raise click.UsageError(f'"{name}" names no wallbox{did_you_mean(name, known)}')
        point = name.removeprefix(f"{owner}.").removeprefix(f"{owner.partition('.')[2]}.")
        found.setdefault(owner, []).append(f"{point}={value}")
    return found


@click.command()
@click.argument("expectations", nargs=-1, required=True, metavar="NAME=VALUE...", shell_complete=completing.names)
@click.option(
    "--within", type=duration_type, default="10 min", show_default=True, metavar="DURATION", help="Of simulated time."
)
@click.pass_obj
def wait(client: ControlClient, expectations: tuple[str, ...], within: int) -> int:
    """Wait until quantities are as expected. Exit code 1 if they are not in time.

    While time stands still it is moved (`advance --until`), otherwise it passes.
    """
    wanted = expectations_of(expectations)
    now = client.get("/api/clock")
    if now["mode"] == "frozen":
        reply = client.request("POST", "/api/clock/advance", {"until": wanted, "within": f"{seconds(within):f} s"})
        return _waited(reply["items"], reached=reply["reached"], at=reply["at"])
    until = now["at"] + seconds(within)
    while True:
        looked = client.request("POST", "/api/expect?record=false", wanted)
        at = client.get("/api/clock")["at"]
        if looked["ok"] or at >= until:
            return _waited(looked["items"], reached=looked["ok"], at=at)
        time.sleep(LOOKS_AGAIN)


def _waited(items: list[dict[str, Any]], *, reached: bool, at: float) -> int:
    for item in () if reached else items:
        _show_item(item)
    click.echo(f"at {at:g} s" + ("" if reached else ": not reached"))
    return 0 if reached else 1


def _show_item(item: Mapping[str, Any]) -> None:
    mark = "ok    " if item["ok"] else "FAILED"
    click.echo(f"{mark}  {item['quantity']}: found {json.dumps(item['found'])}, expected {item['expected']}")


@click.command()
@click.argument("expectations", nargs=-1, required=True, metavar="NAME=VALUE...", shell_complete=completing.names)
@click.pass_obj
def expect(client: ControlClient, expectations: tuple[str, ...]) -> int:
    """Check quantities against expectations. Exit code 1 if one is not."""
    reply = client.request("POST", "/api/expect", expectations_of(expectations))
    for item in reply["items"]:
        _show_item(item)
    return 0 if reply["ok"] else 1


def expectations_of(words: tuple[str, ...]) -> object:
    from ..scenario.steps.vocabulary import step_from_words

    for word in words:
        if "=" not in word:
            raise click.UsageError(f'found "{word}", expected something like power=">3 kW"')
    return step_from_words("expect", words)["expect"]


def shown_outcome(outcome: dict[str, object]) -> int:
    if outcome["ok"]:
        if outcome["detail"]:
            click.echo(json.dumps(outcome["detail"], ensure_ascii=False))
        return 0
    click.echo(f"{outcome['step']}: {outcome['message'] or outcome['refused']}", err=True)
    return 1


def print_json(value: object) -> None:
    click.echo(json.dumps(value, indent=2, ensure_ascii=False))
