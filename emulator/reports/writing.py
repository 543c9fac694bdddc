"""Reports of runs: `journal.jsonl`, `report.json`, `report.html` and `junit.xml` in a directory.

The one rule: a report is made from the scenario and its result, so that a run with sockets and one without read alike.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final
from xml.etree import ElementTree

from .. import __version__
from ..core.instant import seconds
from ..errors import EmulatorError
from ..verdict.behaviour import behaviour
from .page import page

if TYPE_CHECKING:
    from ..runtime.journal import Entry
    from ..scenario.plan import Scenario
    from ..scenario.player import Result

_UNPRINTABLE: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
Run = tuple["Scenario", "Result"]


def write_reports(directory: Path, runs: Sequence[Run], earlier: Sequence[Run] = ()) -> None:
    """Write all reports; of several runs each into a directory of its own, with one `junit.xml` over all.

    `earlier`: what an emulator ran before each reset; they go into `before-reset-1`, ... beside its last run.
    """
    try:
        directory.mkdir(parents=True, exist_ok=True)
        sections = []
        for number, (scenario, result) in enumerate(earlier, 1):
            folder = directory / f"before-reset-{number}"
            write_run(folder, scenario, result)
            sections.append(_section(folder, result))
        for folder, (scenario, result) in zip(_folders(directory, runs), runs, strict=True):
            write_run(folder, scenario, result, sections)
        (directory / "junit.xml").write_bytes(junit([*earlier, *runs]))
    except OSError as error:
        raise EmulatorError(f"{directory}: the report cannot be written: {error.strerror or error}") from error


def write_run(folder: Path, scenario: Scenario, result: Result, earlier: Sequence[Mapping[str, object]] = ()) -> None:
    """Write what is about one run."""
    folder.mkdir(exist_ok=True)
    last = 0
    with (folder / "journal.jsonl").open("w", encoding="utf-8") as file:
        for entry in result.journal:
            file.write(entry.as_line() + "\n")
            last = entry.at
    behaved = behaviour(result.journal, max(result.ended_at, last), result.traces)
    found = report(scenario, result, behaved) | {"earlier": list(earlier)}
    (folder / "report.json").write_text(json.dumps(found, indent=2, ensure_ascii=False, default=str) + "\n", "utf-8")
    (folder / "report.html").write_text(page(scenario, result, behaved, earlier), "utf-8")


def _section(folder: Path, result: Result) -> dict[str, object]:
    return {
        "folder": folder.name,
        "ok": result.ok,
        "ended_at": round(seconds(result.ended_at), 6),
        "failures": len(result.failures),
        "untested": len(result.untested),
    }


def _folders(directory: Path, runs: Sequence[Run]) -> list[Path]:
    if len(runs) == 1:
        return [directory]
    folders: list[Path] = []
    for scenario, _ in runs:
        stem = Path(scenario.file).stem
        number = sum(1 for folder in folders if folder.name.partition("~")[0] == stem)
        folders.append(directory / (f"{stem}~{number + 1}" if number else stem))
    return folders


def report(scenario: Scenario, result: Result, behaved: Mapping[str, object]) -> dict[str, object]:
    """The verdict and what it rests on."""
    entries = list(result.journal)
    return {
        "version": __version__,
        "scenario": scenario.file,
        "about": scenario.about,
        "seed": scenario.seed,
        "ok": result.ok,
        "ended_at": round(seconds(result.ended_at), 6),
        "failures": [failure.as_json() for failure in result.failures],
        "rules": [verdict.as_json() for verdict in result.rules],
        "untested": [found.as_json() for found in result.untested],
        "bugs": [bug.as_json() | {"traceback": bug.traceback} for bug in result.bugs],
        "behaviour": behaved,
        "expectations": [
            {"seq": e.seq, "at": round(seconds(e.at), 6), "name": e.name, **e.detail}
            for e in entries
            if e.kind == "expectation"
        ],
        "entries": {kind: sum(1 for e in entries if e.kind == kind) for kind in sorted({e.kind for e in entries})},
        "dropped": result.journal.dropped,
    }


def junit(runs: Sequence[Run]) -> bytes:
    """Each scenario a test suite, each expectation and each rule a test case; what else failed is a case of its own."""
    root = ElementTree.Element("testsuites", name="charger-emulator")
    for scenario, result in runs:
        root.append(_suite(scenario, result))
    for name in ("tests", "failures", "errors"):
        root.set(name, str(sum(int(suite.get(name, "0")) for suite in root)))
    root.set("time", f"{sum(seconds(result.ended_at) for _, result in runs):.3f}")
    for element in root.iter():
        element.text = _printable(element.text or "") or None
        for name, value in element.items():
            element.set(name, _printable(value))
    ElementTree.indent(root)
    return bytes(ElementTree.tostring(root, "utf-8", xml_declaration=True)) + b"\n"


def _printable(text: str) -> str:
    """What a client sent may hold signs that XML does not have."""
    return _UNPRINTABLE.sub("\ufffd", text)


def _suite(scenario: Scenario, result: Result) -> ElementTree.Element:
    suite = ElementTree.Element("testsuite", name=scenario.file, time=f"{seconds(result.ended_at):.3f}")
    failed = {(found.at, found.step): found for found in result.failures if not found.step.startswith("rule ")}
    for entry in result.journal:
        if entry.kind == "expectation":
            failure = failed.pop((entry.at, entry.name), None) if entry.detail.get("ok") is False else None
            case = _case(suite, scenario, _described(entry), seconds(entry.at))
            if failure is not None:
                _fail(case, failure.text, str(failure))
    for failure in failed.values():
        _fail(_case(suite, scenario, failure.step, seconds(failure.at)), failure.text, str(failure))
    for verdict in result.rules:
        case = ElementTree.SubElement(
            suite, "testcase", classname=f"{Path(scenario.file).stem}.rules", name=verdict.name, time="0"
        )
        if not verdict.ok:
            _fail(case, verdict.text.partition("\n")[0], f"{verdict.place}: {verdict.text}")
    for bug in result.bugs:
        case = ElementTree.SubElement(suite, "testcase", classname="emulator", name=f"bug {bug.id}", time="0")
        ElementTree.SubElement(case, "error", message=str(bug)).text = bug.traceback
    if result.untested:
        ElementTree.SubElement(suite, "system-out").text = "\n".join(f"not tested: {u}" for u in result.untested)
    if not suite.findall("testcase"):
        _case(suite, scenario, "plays to its end", seconds(result.ended_at))
    cases = suite.findall("testcase")
    suite.set("tests", str(len(cases)))
    suite.set("failures", str(sum(1 for case in cases if case.find("failure") is not None)))
    suite.set("errors", str(len(result.bugs)))
    return suite


def _case(suite: ElementTree.Element, scenario: Scenario, name: str, at: float) -> ElementTree.Element:
    label = f"{at:g} s: {name}"
    return ElementTree.SubElement(suite, "testcase", classname=Path(scenario.file).stem, name=label, time="0")


def _fail(case: ElementTree.Element, message: str, text: str) -> None:
    ElementTree.SubElement(case, "failure", message=message).text = text


def _described(entry: Entry) -> str:
    items = entry.detail.get("items")
    if not isinstance(items, list):
        return entry.name
    return f"{entry.name} " + ", ".join(f"{item['quantity']}: {item['expected']}" for item in items)
