"""Results of several machines joined: what `play --report` and `explore` wrote into their directories.

The one rule: only files are read; who wrote them, where and when does not matter.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from xml.etree import ElementTree

from .. import __version__
from ..errors import EmulatorError
from ..language.counting import counted
from ..reports.overview import Cell, Link, Table, Verdict, overview
from .writing import KIND, tables

REPORT: Final = "report.json"
NOT_REPORTS: Final = "database"
"""What an exploration keeps for itself."""


@dataclass
class Merged:
    """What was found in some directories."""

    runs: list[dict[str, Any]] = field(default_factory=list)
    """Single runs, each with its `folder`."""
    explorations: list[dict[str, Any]] = field(default_factory=list)
    suites: list[ElementTree.Element] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        return all(run["ok"] for run in (*self.runs, *self.explorations))

    def as_json(self) -> dict[str, object]:
        return {"version": __version__, "kind": "merged", "ok": self.ok, **self._parts()}

    def _parts(self) -> dict[str, object]:
        kept = ("scenario", "variant", "ok", "ended_at", "failures", "untested", "bugs", "folder")
        runs = [{key: run[key] for key in kept if key in run} for run in self.runs]
        return {"runs": runs, "explorations": self.explorations}

    @property
    def summary(self) -> str:
        """On one line."""
        failed = sum(not run["ok"] for run in self.runs)
        parts = [f"{counted(len(self.runs), 'run')}, {failed} failed"] if self.runs else []
        found = sum(len(one["failures"]) for one in self.explorations)
        walks = sum(one["walks"] for one in self.explorations)
        if self.explorations:
            explorations = counted(len(self.explorations), "exploration")
            parts.append(f"{explorations}, {counted(walks, 'walk')}, {counted(found, 'failure')}")
        return "; ".join(parts) or "nothing in them"


def merge(directories: Sequence[Path], out: Path) -> Merged:
    """Join the reports of some directories in another one. EmulatorError if there is nothing to join."""
    merged = Merged()
    try:
        for directory, name in zip(directories, _names(directories), strict=True):
            _take(directory, name, merged)
            shutil.copytree(directory, out / name, dirs_exist_ok=True, ignore=shutil.ignore_patterns(NOT_REPORTS))
        if not (merged.runs or merged.explorations or merged.suites):
            places = ", ".join(map(str, directories))
            raise EmulatorError(
                f"{places}: there is no report in it, expected what play --report or explore --out wrote"
            )
        _write(merged, out)
    except OSError as error:
        raise EmulatorError(f"report merge: {error.filename}: {error.strerror or error}") from error
    except (ValueError, KeyError, TypeError, ElementTree.ParseError) as error:
        raise EmulatorError(f"report merge: a report cannot be read: {error}") from error
    return merged


def _names(directories: Sequence[Path]) -> Iterator[str]:
    """A name for each that no other has."""
    taken: set[str] = set()
    for directory in directories:
        stem = directory.resolve().name
        name, number = stem, 1
        while name in taken:
            number += 1
            name = f"{stem}-{number}"
        taken.add(name)
        yield name


def _take(directory: Path, name: str, merged: Merged) -> None:
    if not directory.is_dir():
        raise EmulatorError(f"{directory}: this is not a directory")
    if (directory / "junit.xml").exists():
        root = ElementTree.parse(directory / "junit.xml").getroot()
        merged.suites += root.findall("testsuite")
    explored: list[Path] = []
    for path in sorted(directory.rglob(REPORT), key=lambda path: (len(path.parts), path)):  # what is about all first
        place = path.parent.relative_to(directory)
        if NOT_REPORTS in place.parts or any(path.parent.is_relative_to(one) for one in explored):
            continue
        found = json.loads(path.read_text("utf-8"))
        folder = str(Path(name) / place)
        if found.get("kind") == KIND:
            merged.explorations.append({**found, "folder": folder})
            explored.append(path.parent)
        elif found.get("kind") == "matrix":
            merged.runs += [{**run, "ok": run["ok"] is not False, "folder": folder} for run in found["runs"]]
            explored.append(path.parent)
        else:
            merged.runs.append({**found, "folder": folder})


def _write(merged: Merged, out: Path) -> None:
    out.mkdir(parents=True, exist_ok=True)
    text = json.dumps(merged.as_json(), indent=2, ensure_ascii=False) + "\n"
    (out / REPORT).write_text(text, "utf-8")
    every = [_runs(merged), *(tables(merged.explorations) if merged.explorations else ())]
    (out / "report.html").write_text(overview("Charger emulator", [merged.summary], every), "utf-8")
    root = ElementTree.Element("testsuites", name="charger-emulator")
    root.extend(merged.suites)
    for name in ("tests", "failures", "errors"):
        root.set(name, str(sum(int(suite.get(name, "0")) for suite in merged.suites)))
    ElementTree.indent(root)
    (out / "junit.xml").write_bytes(bytes(ElementTree.tostring(root, "utf-8", xml_declaration=True)) + b"\n")


def _runs(merged: Merged) -> Table:
    rows: list[list[Cell]] = []
    for run in merged.runs:
        variant = ", ".join(run.get("variant", {}).values())
        told = [*(bug["text"] for bug in run.get("bugs", ())), *(failure["text"] for failure in run["failures"])]
        first = told[0].partition("\n")[0] if told else ""
        page = Link(run["scenario"], f"{run['folder']}/report.html")
        rows.append([page, variant, Verdict(run["ok"]), len(run.get("untested", ())), first])
    return Table("Runs", ("scenario", "variant", "", "not tested", "first failure"), rows)
