"""Reading a pack: every mistake in it is reported, with its place."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from ...devices.registers import F32, F64, S16, S32, S64, U16, U32, U64, WireType
from ...devices.wire_types import Floating, Integer, Text
from ...errors import EmulatorError, Problem, ScenarioError, did_you_mean
from ...language.arguments import Scope, Unreadable
from ...language.bounds import LARGEST_FILE
from ...language.fields import DataclassRecord
from ...language.names import Names as NoNames
from ...language.nodes import Node, from_yaml
from .model import Pack, PackSetting, PackValue
from .values import Names

NUMBERS: Final[Mapping[str, Integer | Floating]] = {
    "u16": U16, "s16": S16, "u32": U32, "s32": S32, "u64": U64, "s64": S64, "f32": F32, "f64": F64,
}  # fmt: skip
LOW_FIRST: Final = " low_first"


def read_pack(file: Path) -> Pack:
    """The pack in a file. ScenarioError with every mistake; EmulatorError if it cannot be read at all."""
    if file.suffix not in (".yaml", ".yml") or not file.is_file():
        raise EmulatorError(f"{file}: expected the file of a device pack, *.yaml")
    try:
        with file.open("rb") as opened:
            content = opened.read(LARGEST_FILE)
    except (OSError, ValueError) as error:
        raise EmulatorError(f"{file}: the device pack cannot be read: {error}") from None
    root, problems = from_yaml(content.decode("utf-8-sig", "replace"), str(file), {}, expected="a device pack")
    scope = Scope(NoNames(), list(problems))
    pack: Pack | None = None
    if root is not None:
        try:
            pack = DataclassRecord(Pack).read(root, scope)
        except Unreadable:
            pass
        else:
            scope.problems.extend(_problems(pack, root))
    if scope.problems or pack is None:
        raise ScenarioError(scope.problems)
    return pack


def wire_type(text: str) -> WireType:
    """The type a word stands for. EmulatorError if none."""
    found = re.fullmatch(r"text\((\d+)\)", text)
    if found is not None:
        return Text(int(found[1]))
    number = NUMBERS.get(text.removesuffix(LOW_FIRST))
    if number is None:
        raise EmulatorError(f'there is no type "{text}"{did_you_mean(text, [*NUMBERS, "text(8)"])}')
    if not text.endswith(LOW_FIRST):
        return number
    return number.low_first


def values_in(document: object) -> Iterator[tuple[str, PackValue]]:
    """Path and value of everything in a JSON document of a pack that is not written out."""
    if isinstance(document, dict):
        stated = stated_value(document)
        if stated is not None:
            yield "", stated
            return
        for name, inner in document.items():
            yield from ((f"{name}.{path}".rstrip("."), value) for path, value in values_in(inner))
    elif isinstance(document, list):
        for index, inner in enumerate(document):
            yield from ((f"{index}.{path}".rstrip("."), value) for path, value in values_in(inner))


def stated_value(document: dict[str, object]) -> PackValue | None:
    """The value a mapping stands for; None: it is an object of the document. EmulatorError if it is neither."""
    if not document.keys() & {"reads", "cases", "constant"}:
        return None
    scope = Scope(NoNames())
    from ...language.nodes import from_object

    try:
        return DataclassRecord(PackValue).read(from_object(document, "value"), scope)
    except Unreadable:
        raise EmulatorError("; ".join(problem.text for problem in scope.problems)) from None


def _problems(pack: Pack, root: Node) -> Iterator[Problem]:
    """What the types of the keys cannot say."""
    names = Names(setting.name for setting in pack.settings)
    if not re.fullmatch(r"[a-z][a-z0-9_]*", pack.vendor):
        yield _at(root, "vendor", f'"{pack.vendor}": expected a word of small letters such as heidelberg')
    if not pack.models:
        yield _at(root, "models", "expected at least one model")
    for setting in pack.settings:
        yield from (_at(root, "settings", f"{setting.name}: {text}") for text in _wrong(setting))
    for kind, rows in (("input", pack.modbus.input), ("holding", pack.modbus.holding)) if pack.modbus else ():
        for row in rows:
            try:
                wire_type(row.type)
                if row.writes is not None:
                    names.setting(row.writes)
                if row.writes is None or row.reads or row.cases or row.constant is not None:
                    names.value(row)
            except EmulatorError as error:
                yield _at(root, "modbus", f"{kind} register {row.register} ({row.name}): {error}")
    for route in pack.http.routes if pack.http is not None else ():
        try:
            for _, value in values_in(route.json):
                names.value(value)
            for setting_name in route.sets.values():
                names.setting(setting_name)
        except EmulatorError as error:
            yield _at(root, "http", f"{route.method} {route.path}: {error}")
    if pack.watchdog is not None:
        for name in (pack.watchdog.timeout, pack.watchdog.current):
            try:
                names.setting(name)
            except EmulatorError as error:
                yield _at(root, "watchdog", str(error))


def _wrong(setting: PackSetting) -> Iterator[str]:
    ranged = setting.lowest is not None and setting.highest is not None
    if (setting.lowest is None) != (setting.highest is None):
        yield "expected lowest and highest together"
    if setting.clamp and not ranged:
        yield "clamp needs lowest and highest"
    if setting.values and ranged:
        yield "found values and a range, expected one of them"
    if setting.acts_as == "limit" and not isinstance(setting.default, int | float):
        yield "a limit is a number of amperes"


def _at(root: Node, key: str, text: str) -> Problem:
    node = root.get(key) or root
    return Problem(node.place, f"{key}: {text}")
