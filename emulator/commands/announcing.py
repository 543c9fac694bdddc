"""Saying where everything listens, one line each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import click


def announce(url: str, broker: str | None, wallboxes: Iterable[Mapping[str, Any]], speed: float) -> None:
    """`wallboxes`: as `GET /api/wallboxes` has them."""
    lines = [("control", "dashboard", url)]
    if broker is not None:
        lines.append(("broker", "mqtt", broker))
    for wallbox in wallboxes:
        for found in wallbox["interfaces"]:
            if found["url"] is not None:
                note = "" if found["listening"] or found["protocol"] in ("mqtt", "ocpp") else "  (switched off)"
                if found["off"] is not None:
                    note = f"  off ({found['off']}): {found['switch_on']} or interfaces: all switches it on"
                lines.append((wallbox["name"], found["name"], found["url"] + note))
    first = max(len(line[0]) for line in lines)
    second = max(len(line[1]) for line in lines)
    for owner, name, where in lines:
        click.echo(f"{owner:<{first}}  {name:<{second}}  {where}")
    pace = {0.0: "time stands still", 1.0: "in real time"}.get(speed, f"{speed:g} times as fast as real time")
    click.echo(f"running, {pace}; Ctrl-C ends it")
