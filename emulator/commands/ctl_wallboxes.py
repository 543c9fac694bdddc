"""Sub-commands of `ctl` about the wallboxes there are: where they listen, and how they come and go."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import click

from ..control.client import ControlClient
from ..errors import ScenarioError
from .ctl_values import print_json


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Everything, as JSON.")
@click.pass_obj
def wallboxes(client: ControlClient, as_json: bool) -> None:
    """Where every interface listens."""
    found = client.get("/api/wallboxes")
    if as_json:
        print_json(found)
        return
    for wallbox in found["wallboxes"]:
        _show(wallbox)


@click.command(name="add-wallbox")
@click.argument("wallbox")
@click.option("--charger", metavar="NAME", help="Its charger, made if there is none; default: the only one.")
@click.option("--name", metavar="NAME", help="Its name; default: its vendor's.")
@click.pass_obj
def add_wallbox(client: ControlClient, wallbox: str, charger: str | None, name: str | None) -> None:
    """One more wallbox, served at once: a vendor, a model, or as in a scenario, `{vendor: goe, http: 8200}`."""
    from ..language.nodes import from_yaml

    node, problems = from_yaml(wallbox, "WALLBOX", expected="a wallbox")
    if node is None or problems:
        raise ScenarioError(problems)
    stated = {"charger": charger, "name": name}
    body = {"wallbox": node.data(), **{key: value for key, value in stated.items() if value is not None}}
    _show(client.request("POST", "/api/wallboxes", body))


@click.command(name="remove-wallbox")
@click.argument("name")
@click.pass_obj
def remove_wallbox(client: ControlClient, name: str) -> None:
    """Take down a wallbox that was added."""
    client.request("DELETE", f"/api/wallboxes/{quote(name, safe='')}")


def _show(wallbox: Any) -> None:
    for interface in wallbox["interfaces"]:
        if interface["url"] is not None:
            note = "" if interface["listening"] else "  (not there now)"
            click.echo(f"{wallbox['name']}  {interface['name']:<9}  {interface['url']}{note}")
