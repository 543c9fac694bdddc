"""What is reproduced, row by row, as Markdown: for readers who want to know before they trust a test.

The one rule: nothing is written here by hand; every line comes from a row that a wallbox serves.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ..devices.firmware import Model, Version
from ..devices.points import Fidelity
from ..devices.vendor import Vendor
from . import names, vendor
from .specimen import specimen

_HEAD = ("Name", "Type", "Access", "Value", "Firmware", "Models", "About", "Source", "Assumed")


def document(name: str | None = None) -> str:
    """All vendors, or the one called `name`. EmulatorError if there is none."""
    chosen = names() if name is None else (name,)
    return "\n".join(line for vendor_name in chosen for line in _chapter(vendor(vendor_name)))


def rows(found: Vendor) -> list[Fidelity]:
    """Every row of every model and firmware, each once, in the order of the newest firmware that has it."""
    profiles = [found.profile(model.id, text) for model in found.models for text in reversed(model.firmwares)]
    return list(dict.fromkeys(row for profile in profiles for row in specimen(found, profile).fidelity()))


def overview(name: str | None = None) -> str:
    """Per vendor and firmware how many rows there are, and of which kind. EmulatorError if there is no such vendor."""
    chosen = names() if name is None else (name,)
    return "\n".join(line for vendor_name in chosen for line in _summary(vendor(vendor_name))).rstrip()


def _summary(found: Vendor) -> Iterator[str]:
    """All models that have a firmware together: a row that several of them have is counted once."""
    by_firmware: dict[str, list[Model]] = {}
    for model in found.models:
        for firmware in model.firmwares:
            by_firmware.setdefault(firmware, []).append(model)
    yield f"### {found.title}"
    yield ""
    yield _line(("Firmware", "Models", "Rows", "Live", "Settable", "Assumed"))
    yield _line(("---", "---:", "---:", "---:", "---:", "---:"))
    for firmware in sorted(by_firmware, key=Version):
        models = by_firmware[firmware]
        profiles = [found.profile(model.id, firmware) for model in models]
        every = {row for profile in profiles for row in specimen(found, profile).fidelity()}
        live, settable = sum(row.live for row in every), sum(row.settable for row in every)
        assumed = sum(row.assumed is not None for row in every)
        yield _line((firmware, *map(str, (len(models), len(every), live, settable, assumed))))
    yield ""


def _chapter(found: Vendor) -> Iterator[str]:
    every = rows(found)
    assumed = sum(row.assumed is not None for row in every)
    yield f"# {found.title}"
    yield ""
    yield f"Models: {', '.join(model.id for model in found.models)}. {len(every)} rows, {assumed} with an assumption."
    yield ""
    for table in dict.fromkeys(row.table for row in every):
        yield f"## {table}"
        yield ""
        yield _line(_HEAD)
        yield _line("---" for _ in _HEAD)
        yield from (_line(_cells(row)) for row in every if row.table == table)
        yield ""


def _cells(row: Fidelity) -> Iterator[str]:
    yield f"`{row.name}`"
    yield row.type
    yield "read, write" if row.readable and row.settable else "write" if row.settable else "read"
    yield "live" if row.live else "constant"
    yield _versions(row)
    yield "all" if row.models is None else ", ".join(row.models)
    yield row.about
    yield row.source
    yield row.assumed or ""


def _versions(row: Fidelity) -> str:
    if row.since is None:
        return "all" if row.until is None else f"before {row.until}"
    return f"{row.since} and newer" if row.until is None else f"{row.since} until before {row.until}"


def _line(cells: Iterable[str]) -> str:
    """One row of a table; what would end a cell is escaped."""
    return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"
