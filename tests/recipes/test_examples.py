"""The programs in the documentation run as they stand there."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from emulator.testing import EmulatorFixture
from emulator.vendors import PACKAGES

DOCS = Path(__file__).parents[2] / "docs"
PAGES = [*sorted((DOCS / "examples").glob("*.md")), DOCS / "recipes" / "pytest.md", DOCS.parent / "README.md"]


def blocks(page: Path) -> Iterator[str]:
    yield from re.findall(r"^```python\n(.*?)^```$", page.read_text("utf-8"), re.DOTALL | re.MULTILINE)


def examples() -> Iterator[object]:
    for page in PAGES:
        for block in blocks(page):
            for name in re.findall(r"^def (test_\w+)", block, re.MULTILINE):
                yield pytest.param(page, block, name, id=f"{page.stem}-{name}")


@pytest.mark.parametrize(("page", "block", "name"), [*examples()])
def test_an_example_runs(page: Path, block: str, name: str, emulator: EmulatorFixture) -> None:
    space: dict[str, Callable[[EmulatorFixture], None]] = {}
    exec(compile(block, str(page), "exec"), space)
    space[name](emulator)


def test_every_vendor_has_an_example() -> None:
    written = {page.stem for page in PAGES if any(blocks(page))}
    assert [vendor for vendor in PACKAGES if vendor not in written] == []
