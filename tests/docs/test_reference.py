"""The generated reference: complete, and linked to the reports of real bugs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from emulator.faults.catalogue import FAULT_TYPES
from emulator.reference.pages import pages
from emulator.scenario.loader import load
from emulator.scenario.steps.vocabulary import STEPS
from emulator.vendors import PACKAGES

ROOT = Path(__file__).parents[2]
TEXTS = dict(pages())
MUSEUM = sorted((ROOT / "scenarios" / "museum").glob("*.yaml"))


def test_everything_has_its_section() -> None:
    assert set(STEPS) <= set(re.findall(r"^## (\w+)$", TEXTS["steps.md"], re.MULTILINE))
    assert set(FAULT_TYPES) == set(re.findall(r"^## (\w+)$", TEXTS["faults.md"], re.MULTILINE))
    assert {f"{name}.md" for name in PACKAGES} <= TEXTS.keys()


def test_every_page_is_in_the_navigation() -> None:
    site = re.sub(r"!!python\S+", "", (ROOT / "mkdocs.yml").read_text("utf-8"))
    listed = re.findall(r"reference/[\w-]+\.md", yaml.safe_dump(yaml.safe_load(site)["nav"]))
    assert sorted(listed) == sorted(f"reference/{name}" for name in TEXTS)


@pytest.mark.parametrize("file", MUSEUM, ids=lambda file: file.stem[:3])
def test_a_museum_piece_says_where_it_was_reported(file: Path) -> None:
    scenario = load(file)
    assert scenario.about
    derived = "In the field: (derived" in file.read_text("utf-8")
    for link in scenario.reported:
        assert re.fullmatch(r"https://github\.com/[\w.-]+/[\w.-]+/(issues/\d+|blob/\S+)", link)
        assert f"]({link})" in TEXTS["museum.md"]
    if not derived and file.stem[:3] not in WITHOUT:
        assert scenario.reported


WITHOUT = ("O01", "O02", "O03")
"""Known from the sources of box and server; nobody has reported them."""
