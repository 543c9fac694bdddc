"""`docs/extending.md`: its samples, pasted where the text says, are all it takes."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "extending.md"
PLACE = re.compile(r"^(In|Above|At the end of|A new file) (?:`(\w+)` of )?`(emulator/[\w/.]+)`:$")
BLOCK = re.compile(r"^```(python|yaml)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


class Paste(NamedTuple):
    """One sample, and where it goes."""

    how: str
    name: str | None
    file: str
    text: str


@dataclass
class Section:
    """What one section of the page says to do."""

    title: str
    pastes: list[Paste]
    scenario: str


def sections() -> Iterator[Section]:
    for part in PAGE.read_text("utf-8").split("\n## ")[1:]:
        pastes: list[Paste] = []
        scenario = ""
        for block in BLOCK.finditer(part):
            language, text = block.groups()
            if language == "yaml":
                scenario += text
                continue
            before = part[: block.start()].rstrip().rpartition("\n")[2]
            place = PLACE.fullmatch(before)
            assert place is not None, f"this sample stands nowhere: {before}"
            pastes.append(Paste(place[1], place[2], place[3], text))
        yield Section(part.partition("\n")[0], pastes, scenario)


def paste(root: Path, sample: Paste) -> None:
    """Do what the text says."""
    file = root / sample.file
    if sample.how == "A new file":
        file.parent.mkdir(exist_ok=True)
        file.write_text(sample.text, "utf-8")
        return
    source = file.read_text("utf-8")
    if sample.how == "At the end of":
        file.write_text(f"{source}\n\n{sample.text}", "utf-8")
        return
    lines = source.splitlines(keepends=True)
    assert sample.name is not None
    statement = definition(source, sample.name)
    if sample.how == "Above":
        lines.insert(statement.lineno - 1, f"{sample.text}\n\n")
    else:
        value = statement.value
        assert isinstance(value, ast.Tuple), f"{sample.name} is no list"
        end, column = value.elts[-1].end_lineno, value.elts[-1].end_col_offset
        assert end is not None
        assert column is not None
        line = lines[end - 1].encode()
        rest = line[column:].decode()
        lines[end - 1] = f"{line[:column].decode()},\n{items(sample.text)}" + rest.removeprefix(",")
    file.write_text("".join(lines), "utf-8")


def items(text: str) -> str:
    """What is between the parentheses of a tuple: as a row stands in its list."""
    assert text.startswith("(")
    return text.strip()[1:-1].rstrip().removesuffix(",") + ",\n"


def definition(source: str, name: str) -> ast.Assign | ast.AnnAssign:
    """Where a module-level name is defined."""
    for node in ast.parse(source).body:
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        if any(isinstance(target, ast.Name) and target.id == name for target in targets):
            assert isinstance(node, ast.Assign | ast.AnnAssign)
            return node
    raise AssertionError(f"there is no {name}")


SECTIONS = list(sections())


def test_every_kind_of_extension_is_shown() -> None:
    assert [section.title for section in SECTIONS] == [
        "A key",
        "A register that is read",
        "A register that is written",
        "A physical fault",
        "A fault on the wire",
        "A vehicle",
        "A step",
        "A rule",
        "A vendor",
    ]
    assert [len(section.pastes) for section in SECTIONS] == [1, 1, 2, 2, 2, 1, 2, 2, 5]


@pytest.mark.parametrize("section", SECTIONS, ids=lambda section: section.title)
def test_a_sample_works_where_the_text_puts_it(section: Section, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "emulator", tmp_path / "emulator")
    for sample in section.pastes:
        paste(tmp_path, sample)
    (tmp_path / "scenario.yaml").write_text(section.scenario, "utf-8")
    played = subprocess.run(
        [sys.executable, "-m", "emulator", "play", "scenario.yaml"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert played.returncode == 0, played.stdout + played.stderr
