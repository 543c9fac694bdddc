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
