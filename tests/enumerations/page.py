"""The page of the documentation that shows every enumeration, made of the tables: `python -m enumerations.page`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from . import bender, goe, goe_old, keba, lektrico, nrgkick, warp
from .table import CHARGING, Enumeration, Made

ENUMERATIONS: tuple[Enumeration, ...] = (
    *goe.ENUMERATIONS,
    *goe_old.ENUMERATIONS,
    *nrgkick.ENUMERATIONS,
    *lektrico.ENUMERATIONS,
    *keba.ENUMERATIONS,
    *bender.ENUMERATIONS,
    *warp.ENUMERATIONS,
)


def page() -> str:
    """The whole page."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield "# Enumerations"
    yield ""
    yield "Every value that the vendors' documents list, and the steps that make a wallbox say it."
    yield ""
    yield "`charging` stands for a vehicle that is plugged in and charges: " + _code(CHARGING) + "."
    yield "What never occurs by itself is shown by a fault `override`."
    yield "This page is made of the tables in `tests/enumerations`; the tests run each line of it."
    for vendor in dict.fromkeys(found.vendor for found in ENUMERATIONS):
        yield ""
        yield f"## {vendor}"
        for found in ENUMERATIONS:
            if found.vendor == vendor:
                yield from _table(found)


def _table(found: Enumeration) -> Iterator[str]:
    yield ""
    yield f"### {found.name}"
    yield ""
    yield f"Read as `{found.read}`, on {found.model}" + (f" with firmware {found.firmware}." if found.firmware else ".")
    yield ""
    yield "| Value | Meaning | Steps |"
    yield "| --- | --- | --- |"
    for value, word in found.words.items():
        how = found.members[value]
        text = _how(how) if isinstance(how, Made) else f"never: {how.why}"
        yield "| " + " | ".join(cell.replace("|", "\\|") for cell in (f"`{json.dumps(value)}`", word, text)) + " |"


def _how(made: Made) -> str:
    """In words: what is set up, then the steps."""
    on = " ".join(part for part in (made.model, made.firmware) if part)
    steps = made.steps
    words = [f"on {on}"] if on else []
    if made.central_system:
        words.append("`ocpp: embedded`")
    words += [
        f"{name} {_code((json.dumps(dict(stated), ensure_ascii=False)[1:-1],))}" for name, stated in _stated(made)
    ]
    if steps[: len(CHARGING)] == CHARGING:
        words.append("charging")
        steps = steps[len(CHARGING) :]
    words += [_code((step,)) for step in steps]
    if made.read:
        words.append(f"read as `{made.read}`")
    return ", ".join(words) or "at rest"


def _stated(made: Made) -> Iterator[tuple[str, dict[str, object]]]:
    for name, stated in (("charger", made.hardware), ("settings", made.settings), ("vehicle", made.car)):
        if stated:
            yield name, dict(stated)


def _code(steps: tuple[str, ...]) -> str:
    return ", ".join(f"`{step}`" for step in steps)


if __name__ == "__main__":
    (Path(__file__).parents[2] / "docs" / "enumerations.md").write_text(page(), "utf-8")
