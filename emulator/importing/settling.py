"""Settings: what the first reading of a value says was set before the log began.

The one rule: a setting is taken because its value comes out right with it, not because of its name.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from copy import deepcopy

from ..errors import EmulatorError
from .agreement import Match
from .boxes import Reading
from .meanings import number_of
from .personal import is_personal
from .words import settings_for
from .working import Part, Work


def settle(work: Work) -> None:
    """Find settings of every box."""
    for index, part in enumerate(work.parts):
        _settle(work, index, part)


def _settle(work: Work, index: int, part: Part) -> None:
    _, agreements = work.play()
    early = _first_misses(agreements[index].matches)
    rows = {row.name: row for row in part.sketch.device.vendor.settings}
    wanted: dict[str, tuple[object, list[Reading]]] = {}
    for reading in early:
        for name, value in settings_for(part.box.vendor, reading.address, reading.name, reading.value, rows):
            wanted.setdefault(name, (value, []))[1].append(reading)
    if part.box.vendor == "warp":
        wanted |= _documents(part, early, set(rows))
        _meter_reset(part)
    before, known = deepcopy(part.sketch), agreements[index].good
    for name, (value, _) in wanted.items():
        part.sketch.settings[name] = value
    if not wanted or _good(work, index) > known:
        _drop_useless(work, index, part, wanted)
        return
    part.sketch = before
    work.sketch.boxes[index] = before
    for name, (value, readings) in wanted.items():  # one of them spoils it: one by one
        kept = dict(before.settings)
        before.settings[name] = value
        good = _good(work, index)
        if good > known:
            known = good
            _say(part, name, readings)
        else:
            before.settings = kept


def _meter_reset(part: Part) -> None:
    """How far the counter that can be reset is behind the other one."""
    told = {reading.address: number_of(reading.value) for reading in reversed(part.readings)}
    since, whole = told.get("meter/values.energy_rel"), told.get("meter/values.energy_abs")
    if since is not None and whole is not None and whole > since:
        part.sketch.settings["meter_reset"] = round((whole - since) * 1000)


def _good(work: Work, index: int) -> int:
    try:
        return work.play()[1][index].good
    except EmulatorError:
        return -1


def _drop_useless(work: Work, index: int, part: Part, wanted: Mapping[str, tuple[object, list[Reading]]]) -> None:
    """Take out settings that made nothing right."""
    if not wanted:
        return
    _, agreements = work.play()
    agreement = agreements[index]
    misses = {(match.reading.address, match.reading.line) for match in agreement.misses}
    for name, (_, readings) in wanted.items():
        if readings and all((reading.address, reading.line) in misses for reading in readings):
            del part.sketch.settings[name]
        else:
            _say(part, name, readings)


def _say(part: Part, name: str, readings: Iterable[Reading]) -> None:
    lines = sorted({reading.line for reading in readings})
    if lines:
        part.sketch.settings_why[name] = f"line {lines[0]}"


def _first_misses(matches: Iterable[Match]) -> list[Reading]:
    """Readings that are the first of their value, and do not come out right."""
    seen: set[str] = set()
    found: list[Reading] = []
    for match in matches:
        if match.reading.address not in seen and not match.ok and not is_personal(match.reading.known_as):
            found.append(match.reading)
        seen.add(match.reading.address)
    return found


def _documents(part: Part, early: Iterable[Reading], rows: set[str]) -> dict[str, tuple[object, list[Reading]]]:
    """WARP's settings are whole configurations, named like their topic."""
    found: dict[str, tuple[object, list[Reading]]] = {}
    for topic in dict.fromkeys(reading.address.partition(".")[0] for reading in early):
        if topic not in rows:
            continue
        some = [one for one in early if one.address.startswith(f"{topic}.") and one.address.count(".") == 1]
        members = {one.address.partition(".")[2]: one.value for one in some}
        if members and not any(name.isdigit() for name in members):
            found[topic] = (members, some)
    return found
