"""`charger-emulator schema`: the JSON Schema of the scenario language."""

from __future__ import annotations

import json

import click


@click.command(name="schema")
def command() -> None:
    """Print the JSON Schema of the scenario language.

    For editors: `# yaml-language-server: $schema=./scenario.schema.json` as the first line of a scenario.
    """
    from ..scenario.schema import json_schema

    click.echo(json.dumps(json_schema(), separators=(",", ":"), ensure_ascii=False))
