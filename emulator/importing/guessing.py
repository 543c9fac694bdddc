"""What somebody did while nobody logged it: values that a client had written, oddities of a unit.

The one rule: tried out, and kept only if the replay agrees better with it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Final

from ..devices.settings import Setting
from ..errors import EmulatorError
from ..vendors.specimen import specimen
from .agreement import Match
from .boxes import Reading
from .meanings import meaning
from .overriding import changes
from .sketch import Deed
from .words import written_as
from .working import Part, Work

BEFORE: Final = 3.0
"""How long a write comes before it is seen [s]."""
MOST_WRITES: Final = 60
MOST_ODDITIES: Final = 16
"""Oddities that are tried at one box."""


def writes(work: Work) -> None:
    """Values that somebody wrote while nobody logged it."""
    for index, part in enumerate(work.parts):
        _, agreements = work.play()
        known = agreements[index].good
        names = _writable(part)
        candidates = [
            deed
            for start, _ in list(changes(agreements[index].matches))[:MOST_WRITES]
            if (deed := _write(work, part, start, names)) is not None
        ]
        for deed in candidates:
            before = list(part.sketch.deeds)
            part.sketch.deeds.append(deed)
            good = _good(work, index)
            if good > known:
                known = good
            else:
                part.sketch.deeds = before


def _good(work: Work, index: int) -> int:
    """Readings that come again; -1: something of the scenario was refused."""
    try:
        found, agreements = work.play()
    except EmulatorError:
        return -1
    return -1 if found.failures else agreements[index].good


def _writable(part: Part) -> frozenset[str]:
    device = part.sketch.device
    model = specimen(device.vendor, device.vendor.profile(device.model, device.firmware))
    return frozenset(model.written_names())


def _write(work: Work, part: Part, match: Match, names: frozenset[str]) -> Deed | None:
    reading = match.reading
    if not isinstance(reading.value, int | float | str | bool) or _measured(part, reading):
        return None
    name = written_as(part.box.vendor, reading.address)
    if name == reading.address and not (_settable(part, reading) or _topic_of(name) in names):
        return None
    at = round(max(0.0, work.at(reading.at) - BEFORE), 1)
    return Deed(at, "command", {"write": {name: reading.value}}, f"not in the log; line {reading.line} shows it")


def _topic_of(name: str) -> str:
    return f"{name.partition('.')[0]}_update" if "/" in name else ""


def _measured(part: Part, reading: Reading) -> bool:
    """Whether it is a value that nobody writes."""
    return meaning(part.box.vendor, reading.known_as) is not None


def _settable(part: Part, reading: Reading) -> bool:
    last = reading.known_as.rpartition(":")[2].rpartition(".")[2]
    if part.box.vendor == "warp" or reading.address.startswith("v1."):
        return "/" in reading.address and reading.address.count(".") == 1
    rows = {row.name for row in part.sketch.device.vendor.settings}
    return last in rows or reading.known_as.startswith("modbus:hems")


def oddities(work: Work) -> None:
    """Oddities of a unit that make more come out right: settings of which no value tells."""
    for index, part in enumerate(work.parts):
        _, agreements = work.play()
        known = agreements[index].good
        if not agreements[index].misses:
            continue
        rows = part.sketch.device.vendor.settings
        told = {reading.known_as.rpartition(".")[2] for reading in part.readings}
        candidates = [(row, value) for row in rows if row.name not in told for value in _others(part, row)]
        for row, value in candidates[:MOST_ODDITIES]:
            before = deepcopy(part.sketch.settings)
            part.sketch.settings[row.name] = value
            good = _good(work, index)
            if good > known:
                known = good
                part.sketch.settings_why[row.name] = "tried out"
                work.remarks.guessed("setting", f"{row.name}: {value}, because more agrees with it")
            else:
                part.sketch.settings = before


def _others(part: Part, row: Setting[object]) -> Iterator[object]:
    """What else a switch could be, or the type of a meter."""
    if row.name in part.sketch.settings or part.box.vendor == "goe":  # its settings are values that it tells
        return
    schema = row.schema
    kinds = _kinds(schema)
    if "boolean" in kinds and not {"object", "array", "string"} & kinds:
        yield row.default is not True
    elif row.name == "meter_type":
        yield from (kind for kind in range(12) if _takes(row, kind))


def _kinds(schema: Mapping[str, object]) -> set[str]:
    either = schema.get("anyOf")
    parts = [part for part in either if isinstance(part, Mapping)] if isinstance(either, list) else [schema]
    return {str(part.get("type")) for part in parts}


def _takes(row: Setting[object], value: object) -> bool:
    try:
        row.check(value)
    except ValueError:
        return False
    return True
