"""A report in Markdown: what a pull request, a job's summary or a chat wants to show.

The one rule: it is made from `report.json` alone, so that a report from another machine reads the same.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

from ..errors import EmulatorError


def found_reports(directory: Path) -> list[Path]:
    """Every `report.json` in a directory and below. EmulatorError if there is none."""
    found = sorted(directory.rglob("report.json"))
    if not found:
        raise EmulatorError(f"{directory}: there is no report.json in it or below")
    return found


def markdown(directory: Path) -> str:
    """Verdicts first, then each failed run with what failed, what tested nothing, and what the clients did."""
    every = [_read(file) for file in found_reports(directory)]
    reports = [report for report in every if "kind" not in report]  # single runs, not what is about all of them
    lines = ["| scenario | verdict | simulated | failed | not tested |", "| --- | --- | --- | --- | --- |"]
    for report in reports:
        word = "passed" if report["ok"] else "**FAILED**"
        lines.append(
            f"| {_plain(report['scenario'])} | {word} | {report['ended_at']:g} s | {len(_list(report, 'failures'))} "
            f"| {len(_list(report, 'untested'))} |"
        )
    for report in reports:
        lines += _details(report)
    return "\n".join(lines) + "\n"


def _details(report: Mapping[str, object]) -> Iterator[str]:
    broken = [rule for rule in _list(report, "rules") if not rule.get("ok", True)]
    failures, untested = _list(report, "failures"), _list(report, "untested")
    if not (failures or untested or broken):
        return
    yield f"\n### {_plain(report['scenario'])}\n"
    for failure in failures:
        yield f"- {failure['place']}, at {failure['at']:g} s: **{_plain(failure['step'])}**: {_plain(failure['text'])}"
    for found in untested:
        yield f"- not tested: {_plain(' '.join(str(value) for value in found.values() if value))}"
    yield from _clients(report)


def _clients(report: Mapping[str, object]) -> Iterator[str]:
    behaviour = report.get("behaviour")
    clients = _list(behaviour, "clients") if isinstance(behaviour, Mapping) else []
    if clients:
        yield "\n| client | wallbox | interface | requests | writes | refused | errors |"
        yield "| --- | --- | --- | --- | --- | --- | --- |"
    for client in clients:
        cells = (client.get(name) for name in _COLUMNS)
        yield "| " + " | ".join(_plain(cell) for cell in cells) + " |"


_COLUMNS = ("client", "wallbox", "interface", "requests", "writes", "writes_refused", "errors")


def _read(file: Path) -> dict[str, object]:
    try:
        report = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise EmulatorError(f"{file}: this is no report: {error}") from error
    if not isinstance(report, dict) or not ("kind" in report or {"scenario", "ok", "ended_at"} <= report.keys()):
        raise EmulatorError(f"{file}: this is no report: scenario, ok or ended_at is missing")
    return report


def _list(report: Mapping[str, object], name: str) -> list[dict[str, object]]:
    found = report.get(name)
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []


def _plain(value: object) -> str:
    """A text that stays within its cell, and is no markup."""
    text = " ".join(str("-" if value is None else value).split())
    for mark in "\\`*_|<>[]":
        text = text.replace(mark, f"\\{mark}")
    return text
