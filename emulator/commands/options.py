"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path

import click

seed = click.option("--seed", type=click.IntRange(0), help="Seed of everything random; overrides the scenario's.")

control_token = click.option(
    "--control-token",
    envvar="CHARGER_EMULATOR_TOKEN",
    metavar="TOKEN",
    help="Bearer token that requests to the control API must carry.",
)

state_file = click.option(
    "--state",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Keep settings and meter readings of the wallboxes in this SQLite file across runs.",
)
