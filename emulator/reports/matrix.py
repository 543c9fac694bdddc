"""Reports of a matrix: the same scenario in many variants, a test case each.

The one rule: a variant that cannot be is named with its reason, and is neither passed nor failed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree

from ..core.instant import seconds
from ..errors import EmulatorError
from .overview import Cell, Link, Table, Verdict, overview
from .writing import write_run

if TYPE_CHECKING:
    from ..scenario.plan import Scenario
    from ..scenario.player import Result


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """One cell of a matrix."""

    file: str
    variant: Mapping[str, str] = field(default_factory=dict)
    """What was put in, by dimension."""
    scenario: Scenario | None = None
    result: Result | None = None
    """None: the scenario makes no sense with this variant."""
    problem: str = ""
    """Why it makes none."""

    @property
    def label(self) -> str:
        return "-".join(self.variant.values())

    @property
    def ok(self) -> bool:
        return self.result is None or self.result.ok

    @property
    def text(self) -> str:
        """How it came out, on one line."""
        if self.result is None:
            return f"not possible: {self.problem.partition(chr(10))[0]}"
        if self.result.ok:
            return f"passed, {len(self.result.untested)} not tested" if self.result.untested else "passed"
        if self.result.bugs:
            return f"FAILED: the emulator itself failed: {self.result.bugs[0]}"
        first = self.result.failures[0]
        told = first.text.partition("\n")[0]
        return f"FAILED at {seconds(first.at):g} s: {first.step}: {told}"

    def as_json(self) -> dict[str, object]:
        result = self.result
        failures = () if result is None else result.failures
        return {
            "scenario": self.file,
            "variant": dict(self.variant),
            "possible": result is not None,
            "problem": self.problem,
            "ok": None if result is None else result.ok,
            "ended_at": None if result is None else round(seconds(result.ended_at), 6),
            "failures": [
                {"at": seconds(f.at), "place": str(f.place), "step": f.step, "text": f.text} for f in failures
            ],
            "bugs": [] if result is None else [bug.as_json() for bug in result.bugs],
            "untested": [] if result is None else [found.as_json() for found in result.untested],
        }


def table(cells: Sequence[Played]) -> list[str]:
    """The results for a terminal, one line each."""
    names = list(dict.fromkeys(name for cell in cells for name in cell.variant))
    head = ["scenario", *names, "result"] if len({cell.file for cell in cells}) > 1 else [*names, "result"]
    rows = [[*([cell.file] if head[0] == "scenario" else []), *_values(cell, names), cell.text] for cell in cells]
    widths = [max(len(row[column]) for row in [head, *rows]) for column in range(len(head))]
    return [
        "  ".join(word.ljust(width) for word, width in zip(row, widths, strict=True)).rstrip() for row in [head, *rows]
    ]


def _values(cell: Played, names: Sequence[str]) -> list[str]:
    return [cell.variant.get(name, "") for name in names]


def write_matrix(directory: Path, cells: Sequence[Played]) -> None:
    """Write `junit.xml` with a case for each cell, an overview, and a directory for each cell that was played."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
        for cell in cells:
            if cell.scenario is not None and cell.result is not None:
                write_run(directory / _folder(cell), cell.scenario, cell.result)
        (directory / "junit.xml").write_bytes(_junit(cells))
        found = {"kind": "matrix", "ok": all(c.ok for c in cells), "runs": [c.as_json() for c in cells]}
        (directory / "report.json").write_text(json.dumps(found, indent=2, ensure_ascii=False) + "\n", "utf-8")
        page = overview("Matrix", [f"{len(cells)} variants"], [_page_table(cells)])
        (directory / "report.html").write_text(page, "utf-8")
    except OSError as error:
        raise EmulatorError(f"{directory}: the report cannot be written: {error.strerror or error}") from error


def _folder(cell: Played) -> str:
    return f"{Path(cell.file).stem}~{cell.label}"


def _page_table(cells: Sequence[Played]) -> Table:
    names = list(dict.fromkeys(name for cell in cells for name in cell.variant))
    rows: list[list[Cell]] = []
    for cell in cells:
        page = Link("report", f"{_folder(cell)}/report.html") if cell.result is not None else ""
        rows.append([cell.file, *_values(cell, names), Verdict(cell.ok, cell.text), page])
    return Table("Results", ("scenario", *names, "result", ""), rows)


def _junit(cells: Sequence[Played]) -> bytes:
    root = ElementTree.Element("testsuites", name="charger-emulator")
    for file in dict.fromkeys(cell.file for cell in cells):
        here = [cell for cell in cells if cell.file == file]
        suite = ElementTree.SubElement(root, "testsuite", name=file, tests=str(len(here)))
        broken = [cell for cell in here if cell.result is not None and cell.result.bugs]
        suite.set("failures", str(sum(not cell.ok for cell in here) - len(broken)))
        suite.set("errors", str(len(broken)))
        suite.set("skipped", str(sum(cell.result is None for cell in here)))
        for cell in here:
            case = ElementTree.SubElement(suite, "testcase", classname=Path(file).stem, name=cell.label, time="0")
            if cell.result is None:
                ElementTree.SubElement(case, "skipped", message=cell.text)
            elif cell.result.bugs:
                told = "\n".join(bug.traceback for bug in cell.result.bugs)
                ElementTree.SubElement(case, "error", message=cell.text).text = told
            elif not cell.result.ok:
                told = "\n".join(str(failure) for failure in cell.result.failures)
                ElementTree.SubElement(case, "failure", message=cell.text).text = told
    ElementTree.indent(root)
    return bytes(ElementTree.tostring(root, "utf-8", xml_declaration=True)) + b"\n"
