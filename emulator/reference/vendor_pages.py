"""A page for each vendor: models, firmwares, interfaces, settings, what is known and what is assumed."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from importlib.resources import files

from .. import vendors
from .markdown import code, table

LONGEST_DEFAULT = 60
"""Characters of a setting's default that are shown."""


def page(name: str) -> Iterator[str]:
    """Everything about one vendor but its rows."""
    found = vendors.vendor(name)
    yield f"# {found.title}\n"
    yield from table(
        ("model", "", "hardware", "firmwares (the default first)"),
        (
            (
                code(model.id),
                model.title,
                f"{model.phases} x {model.rated_current:g} A, {model.connector}",
                ", ".join([model.default_firmware, *(v for v in model.firmwares if v != model.default_firmware)]),
            )
            for model in found.models
        ),
    )
    yield "## Interfaces\n"
    yield from table(("interface", "default port"), ((code(name), str(port)) for name, port in found.ports.items()))
    yield "## Settings\n"
    yield "What its owner has set: `settings:` of the wallbox, or the step `set`.\n"
    rows = ((code(s.name), s.expected, _shown(s.default), s.about) for s in found.settings)
    yield from table(("setting", "takes", "at first", "meaning"), rows)
    yield f"## Rows\n\nEvery key, register and topic with its source: [the table]({name}-rows.md).\n"
    file = files(vendors).joinpath(name, "NOTES.md")
    notes = file.read_text("utf-8") if file.is_file() else f"# Notes\n\n{found.about}"
    yield re.sub(r"^#", "##", notes, flags=re.MULTILINE)


def _shown(value: object) -> str:
    text = json.dumps(value, default=str, ensure_ascii=False)
    return code(text if len(text) <= LONGEST_DEFAULT else f"{text[: LONGEST_DEFAULT - 3]}...")
