"""All pages of the reference at a glance."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Final

from .. import vendors
from ..vendors import fidelity
from . import api, language, museum, vendor_pages

PAGES: Final[dict[str, Callable[[], Iterator[str]]]] = {
    "scenario.md": language.scenario,
    "steps.md": language.steps,
    "faults.md": language.faults,
    "rules.md": language.rules,
    "names.md": language.names,
    "device-packs.md": language.device_packs,
    "control-api.md": api.page,
    "museum.md": museum.page,
}
"""File to what writes it."""


def pages() -> Iterator[tuple[str, str]]:
    """File name and text of every page."""
    wanted: dict[str, Callable[[], Iterator[str]]] = dict(PAGES)
    for name in vendors.names():
        wanted[f"{name}.md"] = partial(vendor_pages.page, name)
        wanted[f"{name}-rows.md"] = partial(_rows, name)
    for name, write in wanted.items():
        yield name, "\n".join(write()).rstrip() + "\n"


def _rows(name: str) -> Iterator[str]:
    yield fidelity.document(name)


def write(directory: Path) -> int:
    """Write the pages that have changed into a directory; how many pages there are."""
    directory.mkdir(parents=True, exist_ok=True)
    count = 0
    for name, text in pages():
        file = directory / name
        if not file.exists() or file.read_text("utf-8") != text:
            file.write_text(text, "utf-8")
        count += 1
    return count
