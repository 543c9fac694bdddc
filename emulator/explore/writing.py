"""What an exploration leaves behind: a directory for each failure, and one report over all of them.

The one rule: everything that other machines found can be joined from these files alone.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from xml.etree import ElementTree

from .. import __version__
from ..core.instant import seconds
from ..errors import EmulatorError
from ..language.counting import counted
from ..reports.overview import Cell, Link, Table, Verdict, overview
from ..reports.writing import write_reports
from .coverage import Coverage
from .trial import OUR_OWN

if TYPE_CHECKING:
    from ..runtime.bugs import Bug
    from .search import Failure, Search
    from .shard import Shard

KIND: Final = "exploration"
"""What a `report.json` of an exploration calls itself."""
SCENARIO: Final = "scenario.yaml"


@dataclass(frozen=True, slots=True)
class Commands:
    """How an exploration is brought about, for a reader."""

    found: str
    """The command, without its seed."""
    again: str
    """What shows a failure again; `{file}` is its scenario."""


class Writer:
    """Writes failures as they are found, and the summary at the end."""

    def __init__(self, directory: Path, commands: Commands) -> None:
        self.directory = directory
        self._commands = commands
        self.folders: list[str] = []
        """Of every failure, in order."""

    def failure(self, search: Search, failure: Failure) -> Path:
        """Write one failure; returns its scenario."""
        from .scenarios import scenario_text

        folder = self._folder(failure)
        path = folder / SCENARIO
        try:
            folder.mkdir(parents=True, exist_ok=True)
            command = f"{self._commands.found} --seed {failure.seed}"
            replay = self._commands.again.format(file=path)
            path.write_text(scenario_text(failure, search.stage, command=command, replay=replay), "utf-8")
        except OSError as error:
            raise EmulatorError(f"{folder}: the failure cannot be written: {error.strerror or error}") from error
        if failure.trial.result is not None:
            write_reports(folder, [(search.stage.scenario(failure.trial.walk), failure.trial.result)])
        return path

    def _folder(self, failure: Failure) -> Path:
        rule = failure.finding.rule.removeprefix("rule ").partition(" at ")[0]
        words = re.sub(r"[^a-z0-9]+", "-", rule.lower()).strip("-")
        self.folders.append(f"{len(self.folders) + 1:02}-{words[:60].strip('-')}")
        return self.directory / self.folders[-1]

    def summary(self, search: Search, bug: Bug | None = None) -> dict[str, object]:
        """Write what is about all of it, and return it. `bug`: a mistake of the emulator's own that ended it."""
        found = summary(search, self.folders) | {"bugs": [] if bug is None else [as_told(bug)]}
        if bug is not None:
            found["ok"] = False
        write_summary(self.directory, [found])
        return found

    def broken(self, scenario: Path, seed: int, shard: Shard, bug: Bug) -> None:
        """Write that the emulator itself failed before the search had begun."""
        found: dict[str, object] = {
            "version": __version__,
            "kind": KIND,
            "scenario": str(scenario),
            "seed": seed,
            "shard": f"{shard.index}/{shard.count}",
            "walks": 0,
            "trials": 0,
            "rounds": 0,
            "seconds": 0.0,
            "ok": False,
            "rules": [],
            "failures": [],
            "coverage": Coverage().as_json(),
            "bugs": [as_told(bug)],
        }
        write_summary(self.directory, [found])


def as_told(bug: Bug) -> dict[str, object]:
    return bug.as_json() | {"traceback": bug.traceback}


def summary(search: Search, folders: Sequence[str]) -> dict[str, object]:
    """An exploration as plain data."""
    return {
        "version": __version__,
        "kind": KIND,
        "scenario": search.stage.base.file,
        "seed": search.seed,
        "shard": f"{search.shard.index}/{search.shard.count}",
        "walks": search.walks,
        "trials": search.trials,
        "rounds": search.rounds,
        "seconds": round(search.elapsed, 1),
        "ok": not search.failures,
        "rules": rules_of(search),
        "failures": [as_json(failure, folder) for failure, folder in zip(search.failures, folders, strict=True)],
        "coverage": search.coverage.as_json(),
    }


def rules_of(search: Search) -> list[str]:
    """All rules that watch, by name."""
    return [placed.rule.title for placed in (*search.stage.base.rules, *search.stage.rules)]


def as_json(failure: Failure, folder: str) -> dict[str, object]:
    return {
        "rule": failure.finding.rule,
        "text": failure.finding.text,
        "at": round(seconds(failure.finding.at), 6),
        "cause": list(failure.cause),
        "steps": [{"after": happening.pause, **happening.step} for happening in failure.trial.walk],
        "found_with": failure.length,
        "seed": failure.seed,
        "shrunk": failure.shrunk,
        "repeated": failure.repeated,
        "repetitions": failure.repetitions,
        "flaky": failure.flaky,
        "folder": folder,
    }


def write_summary(directory: Path, explorations: Sequence[Mapping[str, object]]) -> None:
    """Write `report.json`, `report.html` and `junit.xml` about one exploration."""
    (found,) = explorations
    try:
        directory.mkdir(parents=True, exist_ok=True)
        text = json.dumps(found, indent=2, ensure_ascii=False, default=str) + "\n"
        (directory / "report.json").write_text(text, "utf-8")
        title = f"Exploration of {found['scenario']}"
        walks, trials = (counted(int(str(found[f"{noun}s"])), noun) for noun in ("walk", "trial"))
        lines = [f"{walks}, {trials} in {found['seconds']} s, seed {found['seed']}, shard {found['shard']}"]
        (directory / "report.html").write_text(overview(title, lines, tables(explorations)), "utf-8")
        root = ElementTree.Element("testsuites", name="charger-emulator")
        root.append(suite(found))
        ElementTree.indent(root)
        (directory / "junit.xml").write_bytes(ElementTree.tostring(root, "utf-8", xml_declaration=True) + b"\n")
    except OSError as error:
        raise EmulatorError(f"{directory}: the report cannot be written: {error.strerror or error}") from error


def tables(explorations: Sequence[Mapping[str, object]]) -> list[Table]:
    """Failures and coverage of explorations."""
    rows: list[list[Cell]] = []
    coverage = Coverage()
    rules: dict[str, None] = {}
    bugs: list[list[Cell]] = []
    for found in explorations:
        bugs += [[bug["id"], bug["where"], bug["text"]] for bug in _list(found.get("bugs", []))]
        for failure in _list(found["failures"]):
            page = f"{found.get('folder', '.')}/{failure['folder']}/report.html"
            how = "flaky" if failure["flaky"] else f"{failure['repeated']} of {failure['repetitions']}"
            cause = ", ".join(failure["cause"]) or "nothing"
            rows.append([Link(failure["rule"], page), cause, len(failure["steps"]), failure["seed"], how])
        rules |= dict.fromkeys(_list(found["rules"]))
        told = found["coverage"]
        assert isinstance(told, dict)
        coverage.add(Coverage.from_json(told))
    ours = [Table("The emulator itself failed", ("id", "where", "what"), bugs)] if bugs else []
    return [
        *ours,
        Table("Failures", ("broken", "by", "steps", "seed", "came again"), rows),
        _states(coverage),
        _judged(coverage, rules),
    ]


def _judged(coverage: Coverage, rules: Iterable[str]) -> Table:
    """With how many of the words each rule had something to judge."""
    rows: list[list[Cell]] = []
    for rule in rules:
        words = {word for word, name in coverage.rules if name == rule}
        with_words = f"{len(words & coverage.words)} of {len(coverage.words)}"
        rows.append([rule, with_words if words else Verdict(ok=False, text="never")])
    return Table("Rules that had something to judge", ("rule", "with so many kinds of steps and faults"), rows)


def _states(coverage: Coverage) -> Table:
    """Every word against every state in which it happened."""
    states = sorted({state for _, state in coverage.states})
    rows: list[list[Cell]] = []
    for word in sorted(coverage.words):
        counts = [coverage.states[word, state] for state in states]
        rows.append(
            [word, *(count or "" for count in counts)] if any(counts) else [word, Verdict(ok=False, text="never")]
        )
    return Table("How often what happened, by the state of the charger", ("", *states), rows)


def suite(found: Mapping[str, object]) -> ElementTree.Element:
    """A test case for each rule and for each failure."""
    failures = _list(found["failures"])
    element = ElementTree.Element("testsuite", name=str(found["scenario"]), time=str(found["seconds"]))
    for rule in _list(found["rules"]):
        if not any(failure["rule"] == f'rule "{rule}"' for failure in failures):
            ElementTree.SubElement(element, "testcase", classname="explore", name=rule, time="0")
    for failure in failures:
        name = f"{failure['rule']} ({', '.join(failure['cause']) or 'nothing happened'})"
        case = ElementTree.SubElement(element, "testcase", classname="explore", name=name, time="0")
        if ours(failure):
            ElementTree.SubElement(case, "error", message=failure["rule"]).text = failure["text"]
            continue
        message = ("flaky: " if failure["flaky"] else "") + str(failure["text"]).partition("\n")[0]
        ElementTree.SubElement(case, "failure", message=message).text = json.dumps(failure["steps"], default=str)
    for bug in _list(found.get("bugs", [])):
        case = ElementTree.SubElement(element, "testcase", classname="emulator", name=f"bug {bug['id']}", time="0")
        ElementTree.SubElement(case, "error", message=bug["text"]).text = bug["traceback"]
    cases = element.findall("testcase")
    element.set("tests", str(len(cases)))
    element.set("failures", str(len(element.findall("testcase/failure"))))
    element.set("errors", str(len(element.findall("testcase/error"))))
    return element


def ours(failure: Mapping[str, Any]) -> bool:
    """Whether it was the emulator that failed."""
    return str(failure["rule"]).startswith(OUR_OWN)


def _list(value: object) -> list[Any]:
    assert isinstance(value, list)
    return value
