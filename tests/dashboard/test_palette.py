"""Contrast of the dashboard's colours, by the formula of WCAG 2.2."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import pytest

PALETTE: Final = Path(__file__).parents[2] / "dashboard" / "src" / "palette.css"

TEXT: Final = 4.5
GRAPHICS: Final = 3.0

SURFACES: Final = ("page", "card", "raised")
PAIRS: Final = (
    *((name, surface, TEXT) for name in ("ink", "dim", "accent") for surface in SURFACES),
    *((name, f"{name}-soft", TEXT) for name in ("good", "info", "warn", "bad", "accent")),
    *((name, "card", TEXT) for name in ("good", "info", "warn", "bad")),
    ("bad", "page", TEXT),
    ("ink", "good-soft", TEXT),
    ("dim", "quiet-soft", TEXT),
    ("on-accent", "accent", TEXT),
    ("on-danger", "danger", TEXT),
    *((name, "card", GRAPHICS) for name in ("power", "offer", "l1", "l2", "l3", "t1", "t2", "t3", "t4", "t5", "t6")),
    *((name, surface, GRAPHICS) for name in ("edge", "focus") for surface in ("page", "card")),
)


def palettes() -> dict[str, dict[str, str]]:
    text = PALETTE.read_text("utf-8")
    found = re.findall(r'\[data-theme="(\w+)"\] \{(.*?)\}', text, re.DOTALL)
    return {theme: dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", body)) for theme, body in found}


def luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(first: str, second: str) -> float:
    darker, lighter = sorted((luminance(first), luminance(second)))
    return (lighter + 0.05) / (darker + 0.05)


def test_the_formula() -> None:
    assert contrast("#ffffff", "#000000") == pytest.approx(21.0)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_colours_can_be_told_apart(theme: str) -> None:
    colours = palettes()[theme]
    poor = {
        f"{name} on {surface}": round(found, 2)
        for name, surface, least in PAIRS
        if (found := contrast(colours[name], colours[surface])) < least
    }
    assert not poor


def test_both_themes_have_the_same_colours() -> None:
    light, dark = palettes()["light"], palettes()["dark"]
    assert light.keys() == dark.keys()


def test_no_other_colour_is_used() -> None:
    styles = (PALETTE.parent / "style.css").read_text("utf-8")
    used = set(re.findall(r"var\(--([\w-]+)\)", styles))
    assert used <= {*palettes()["light"], "shade"}
    assert not re.findall(r"#[0-9a-fA-F]{3,8}\b(?=[^{]*;)", styles)


@pytest.mark.parametrize("file", ["reports/page.html", "control/reference.css"])
def test_other_pages_have_the_colours_of_the_dashboard(file: str) -> None:
    page = (PALETTE.parents[2] / "emulator" / file).read_text("utf-8")
    light, dark = (
        dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", body))
        for body in re.findall(r":root \{(.*?)\}", page, re.DOTALL)
    )
    assert light.items() <= palettes()["light"].items()
    assert dark.items() <= palettes()["dark"].items()
    assert light.keys() == dark.keys()
