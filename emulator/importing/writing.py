"""A sketch as YAML that a person would have written: one step a line, units, and a comment that says where it is from.

The one rule: every text of the log passes the redactor on its way.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Final

from .importer import Imported
from .sketch import BoxSketch, Deed

WIDTH: Final = 118
_PLAIN: Final = re.compile(r"[A-Za-z_/][\w ./%°-]*[\w%.]|[A-Za-z_]")
_QUANTITY: Final = re.compile(r"-?\d+(?:\.\d+)? [A-Za-z%°µ][A-Za-z%°]*(?: \d+(?:\.\d+)? [a-z]+)*")
_WORDS: Final = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n", "nan", "inf"})


def to_yaml(imported: Imported) -> str:
    """The scenario file."""
    return "\n".join(_lines(imported)) + "\n"


def _lines(imported: Imported) -> Iterator[str]:
    sketch, clean = imported.sketch, imported.redactor.clean
    titles = " and ".join(dict.fromkeys(_title(box) for box in sketch.boxes))
    yield "# Imported from a log; lines in comments are those of the log."
    if imported.begins > 0:
        yield f"# It begins at {spoken(imported.begins)}: what stands before leads to what it shows at first."
    bare, whole = 100 * imported.without_overrides.share, 100 * imported.agreement.share
    count = len(imported.agreement.matches)
    yield f"# Played again it gives {whole:.1f} % of {count} readings, {bare:.1f} % without the overrides."
    yield f"about: {_scalar(f'{titles}, as a log shows it.')}"
    if sketch.epoch is not None:
        yield f"epoch: {sketch.epoch}"
    vehicles = [box for box in sketch.boxes if box.vehicle]
    if vehicles:
        yield "vehicles:"
        for box in vehicles:
            yield f"  {box.car}: {flow(box.vehicle)}"
    yield from _chargers(imported)
    yield "steps:"
    for deed in sketch.deeds():
        yield from _step(deed, clean)
    if not sketch.deeds():
        yield "  []"
    yield f"end: {{at: {spoken(sketch.end)}}}"


def _title(box: BoxSketch) -> str:
    """The maker, and the model where it does not begin with it."""
    maker, _, _ = box.device.vendor.title.partition(" ")
    model = box.device.vendor.model(box.device.model).title
    return model if model.startswith(maker) else f"{maker} {model}"


def _chargers(imported: Imported) -> Iterator[str]:
    sketch = imported.sketch
    if sketch.alone:
        only = sketch.boxes[0]
        if hardware := sketch.hardware(only):
            yield f"charger: {flow(hardware)}"
        yield "wallbox:"
        yield from _wallbox(only, "  ", imported)
        return
    yield "chargers:"
    for box in sketch.boxes:
        yield f"  {box.charger}:"
        for name, value in sketch.hardware(box).items():
            yield f"    {name}: {flow(value)}"
        yield "    wallboxes:"
        yield from _wallbox(box, "      ", imported)


def _wallbox(box: BoxSketch, indent: str, imported: Imported) -> Iterator[str]:
    clean = imported.redactor.clean
    yield f"{indent}{box.wallbox}:"
    yield f"{indent}  model: {box.device.model}"
    yield f"{indent}  firmware: {json.dumps(box.device.firmware)}"
    for interface in box.interfaces:
        yield f"{indent}  {interface}: true"
    if box.settings:
        yield f"{indent}  settings:"
        for name, value in box.settings.items():
            why = box.settings_why.get(name)
            yield clean(f"{indent}    {_key(name)}: {flow(value)}") + (f"  # {why}" if why else "")


def _step(deed: Deed, clean: object) -> Iterator[str]:
    assert callable(clean)
    arguments = deed.arguments if isinstance(deed.arguments, str) else flow(deed.arguments or {})
    comment = f"  # {deed.why}" if deed.why else ""
    short = f"{deed.name}: {arguments}" if arguments != "{}" else f"{deed.name}: {{}}"
    line = clean(f"  - {{at: {spoken(deed.at)}, {short}}}") + comment
    if len(line) <= WIDTH or not isinstance(deed.arguments, Mapping):
        yield line
        return
    yield f"  - at: {spoken(deed.at)}{comment}"
    yield f"    {deed.name}:"
    for name, value in deed.arguments.items():
        yield clean(f"      {_key(name)}: {flow(value)}")


def flow(value: object) -> str:
    """A value on one line."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_key(str(name))}: {flow(inner)}" for name, inner in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(flow, value)) + "]"
    return _scalar(value)


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z_][\w./ %-]*[\w%]|[A-Za-z_]", name) else json.dumps(name, ensure_ascii=False)


def _scalar(value: object) -> str:
    if isinstance(value, str):
        plain = _PLAIN.fullmatch(value) or _QUANTITY.fullmatch(value)
        return value if plain and value.lower() not in _WORDS else json.dumps(value, ensure_ascii=False)
    return json.dumps(value)


def spoken(seconds: float) -> str:
    """A time as people write it: `1 h 3 min 20.5 s`."""
    tenths = round(seconds * 1000)
    hours, rest = divmod(tenths, 3_600_000)
    minutes, milli = divmod(rest, 60_000)
    parts = [f"{hours} h" if hours else "", f"{minutes} min" if minutes else "", f"{milli / 1000:g} s" if milli else ""]
    return " ".join(part for part in parts if part) or "0 s"
