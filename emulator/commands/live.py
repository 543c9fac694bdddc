"""The table that `run` keeps up to date on a terminal: boxes, their clients and last requests."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from rich.table import Table

    from ..control.contacts import Contacts
    from ..service.emulator import Emulator

PERIOD: Final = 0.5
"""How often it is drawn, in wall time [s]."""
MOST: Final = 20
"""Boxes shown; the rest is counted."""


async def keep_shown(emulator: Emulator, contacts: Contacts) -> None:
    """Draw the table until cancelled."""
    from rich.console import Console
    from rich.live import Live

    with Live(console=Console(), auto_refresh=False, transient=True) as live:
        while True:
            live.update(table(emulator, contacts), refresh=True)
            await asyncio.sleep(PERIOD)


def table(emulator: Emulator, contacts: Contacts) -> Table:
    """The boxes as they are now."""
    from rich.table import Table
    from rich.text import Text

    from ..control.views import clock

    now = clock(emulator)
    shown = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), title_justify="left", title_style="dim")
    shown.title = f"{now['time']}  {now['mode']}  {emulator.simulation.journal.seq} journal entries"
    for heading in ("box", "model", "pilot", "power", "clients", "requests", "last request"):
        shown.add_column(heading, justify="right" if heading in ("power", "requests") else "left", header_style="dim")
    seen: dict[str, list[dict[str, object]]] = {}
    for contact in contacts.listed():
        seen.setdefault(str(contact["wallbox"]), []).append(contact)
    boxes = list(emulator.site.wallboxes.values())
    for box in boxes[:MOST]:
        snapshot = emulator.simulation.observe(box.charger)
        mine = seen.get(box.address, [])
        clients = ", ".join(dict.fromkeys(str(contact["client"]) for contact in mine))
        shown.add_row(
            Text(box.address, style="bold cyan"),
            box.profile.model.id,
            Text(str(snapshot.pilot), style="red" if snapshot.faults else ""),
            f"{snapshot.power / 1000:.2f} kW",
            Text(clients or "-", overflow="ellipsis", no_wrap=True),
            str(sum(int(str(contact["requests"])) for contact in mine)),
            Text(str(mine[0]["last"]) if mine else "", overflow="ellipsis", no_wrap=True),
        )
    if len(boxes) > MOST:
        shown.caption = f"and {len(boxes) - MOST} more; all of them on the dashboard"
    return shown
