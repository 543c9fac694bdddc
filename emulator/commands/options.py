"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path

import click

seed = click.option("--seed", type=click.IntRange(0), help="Of everything random, in place of the scenario's.")

control_token = click.option(
    "--control-token",
    envvar="CHARGER_EMULATOR_TOKEN",
    metavar="TOKEN",
    help="The control API takes requests with this bearer token only.",
)

state_file = click.option(
    "--state",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Keep settings and meters of the boxes in this file across runs (SQLite).",
)
