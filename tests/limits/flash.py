"""What is in the flash of a wallbox, for the tests that it is still there after the emulator was killed."""

from __future__ import annotations

import os
import resource
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from itertools import islice
from pathlib import Path

from emulator.devices.settings import Setting, schema_of
from emulator.devices.wallbox import Wallbox
from emulator.scenario.loader import loads
from emulator.scenario.plan import Scenario
from emulator.service.emulator import Emulator, Options

EPOCH = datetime.fromisoformat("2026-03-01T08:00:00+01:00")
FEW = 6
"""Values that are looked at of each item of a list or member of an object."""


def scenario(vendor: str, epoch: datetime = EPOCH) -> Scenario:
    return loads(f"wallboxes: [{vendor}]\nepoch: {epoch.isoformat()}\nbroker: none\n")


def options(state: Path) -> Options:
    return Options(any_port=True, speed=0.0, announce=False, state=state)


def box_of(emulator: Emulator) -> Wallbox:
    return next(iter(emulator.site.wallboxes.values()))


def killed(state: Path) -> Path:
    """The state file as SIGKILL leaves it at this moment: what the process has handed over to the operating system."""
    copy = state.with_name(f"killed-{len(os.listdir(state.parent))}")
    for ending in ("", "-wal", "-shm"):
        if (file := Path(f"{state}{ending}")).exists():
            shutil.copy(file, f"{copy}{ending}")
    return copy


@contextmanager
def no_room(file: Path) -> Iterator[None]:
    """No file can become larger than this one is."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (file.stat().st_size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def another(row: Setting[object], now: object) -> object:
    """Another value of a setting than it has now, as its check leaves it; LookupError if it says of none."""
    for value in described(schema_of(row.check)):
        try:
            found = row.check(value)
        except ValueError:
            continue
        if found != now or type(found) is not type(now):
            return found
    raise LookupError(row.name)


def described(schema: Mapping[str, object]) -> Iterator[object]:
    """Values of a JSON Schema: its examples, then what its bounds, members and items give."""
    for word in ("examples", "enum"):
        found = schema.get(word)
        yield from found if isinstance(found, list) else ()
    if "const" in schema:
        yield schema["const"]
    either = schema.get("anyOf")
    for one in either if isinstance(either, list) else ():
        yield from described(one)
    if not schema:
        yield None
    kinds = schema.get("type", [])
    for kind in kinds if isinstance(kinds, list) else [kinds]:
        yield from KINDS[str(kind)](schema)


def _flags(_: Mapping[str, object]) -> Iterator[object]:
    yield from (True, False)


def _nothing(_: Mapping[str, object]) -> Iterator[object]:
    yield None


def _numbers(schema: Mapping[str, object]) -> Iterator[object]:
    bounds = [schema[bound] for bound in ("minimum", "maximum") if bound in schema]
    yield from bounds or (1, 7)
    if "minimum" in schema and "maximum" not in schema:
        yield bounds[0] + 1  # type: ignore[operator]


def _texts(schema: Mapping[str, object]) -> Iterator[object]:
    if "pattern" not in schema and "examples" not in schema:
        yield "x" * min(int(str(schema.get("maxLength", 8))), 8)
        yield from ("x", "")


def _lists(schema: Mapping[str, object]) -> Iterator[object]:
    shapes, item = schema.get("prefixItems"), schema.get("items", {})
    if isinstance(shapes, list | tuple):
        kinds = [list(islice(described(shape), FEW)) for shape in shapes]
        for number in range(FEW):
            if all(kinds):
                yield [kind[min(number, len(kind) - 1)] for kind in kinds]
        return
    assert isinstance(item, dict)
    least = int(str(schema.get("minItems", 0)))
    for value in islice(described(item), FEW):
        yield [value] * max(least, 1)
    if not least:
        yield []


def _objects(schema: Mapping[str, object]) -> Iterator[object]:
    members = schema.get("properties", {})
    assert isinstance(members, dict)
    kinds = {name: list(islice(described(member), FEW)) for name, member in members.items()}
    more, names = schema.get("additionalProperties"), schema.get("propertyNames", {"type": "string"})
    if isinstance(more, dict):
        assert isinstance(names, dict)
        for name in described(names):
            yield from ({name: value} for value in islice(described(more), FEW))
    for number in range(FEW):
        yield {name: kind[min(number, len(kind) - 1)] for name, kind in kinds.items() if kind}


KINDS = {
    "boolean": _flags, "null": _nothing, "integer": _numbers, "number": _numbers, "string": _texts, "array": _lists,
    "object": _objects,
}  # fmt: skip
