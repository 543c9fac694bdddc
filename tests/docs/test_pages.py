"""The documentation: files and pages it names exist, and its English is that of readers."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from emulator.reference.pages import PAGES as PAGES_OF_THE_REFERENCE
from emulator.vendors import OWN

ROOT = Path(__file__).parents[2]
PAGES = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
WRITTEN = {*PAGES_OF_THE_REFERENCE, *(f"{name}{kind}.md" for name in OWN for kind in ("", "-rows"))}
PACKAGES = {path.name for path in (ROOT / "emulator").iterdir() if path.is_dir()}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_what_a_page_links_to_is_there(page: Path) -> None:
    for link in re.findall(r"\]\(([^)#\s\x22]+)", page.read_text("utf-8")):
        if link.removeprefix("../").startswith("reference/"):  # written by the build
            assert link.rpartition("/")[2] in WRITTEN, link
        elif "://" not in link:
            assert (page.parent / link).exists(), link


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_modules_a_page_names_are_there(page: Path) -> None:
    for name in re.findall(r"`((?:emulator/)?[a-z_]+/[\w/]+\.py)`", page.read_text("utf-8")):
        file = name.removeprefix("emulator/")
        if file.partition("/")[0] in PACKAGES and "acme" not in file:
            assert (ROOT / "emulator" / file).exists(), name
