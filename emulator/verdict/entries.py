"""What a journal entry says about a client, and how an entry is shown to a reader."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Final

from ..core.instant import seconds
from ..world.expectations import written

if TYPE_CHECKING:
    from ..runtime.journal import Entry
    from .selectors import Selector

_PORT: Final = re.compile(r":\d+$")
_REGISTERS: Final = re.compile(r"read (?:holding|input) (\d+)\+(\d+)")
_SPACES: Final = frozenset({"modbus", "rest", "v1"})
"""First words of addresses that a whole status, `*`, does not include."""


REFUSALS: Final = frozenset({"Rejected", "NotSupported", "NotImplemented", "Failed", "UnlockFailed"})
"""Statuses by which a charge point (OCPP) does not do what it is asked."""


def has_read(selector: Selector, entry: Entry) -> bool:
    """Whether a reply or a push told a selected value, or a request read at all through a selected interface."""
    if not selector.name or selector.name == entry.interface:
        return entry.kind == "request" and not has_written(entry)
    return any(includes(told, selector.name) for told in told_by(entry))


def has_written(entry: Entry) -> bool:
    """Whether a request writes."""
    detail = entry.detail
    if "reads" in detail or "values" in detail:
        return False
    return "set" in detail or "written" in detail or entry.name.startswith(("write ", "PUT ", "POST "))


def told_by(entry: Entry) -> Iterator[str]:
    """Addresses of the values that a reply or a push contained; one stands for everything below it."""
    reads, values = entry.detail.get("reads"), entry.detail.get("values")
    if isinstance(reads, list | tuple):
        yield from (str(name) for name in reads)
    if isinstance(values, Mapping):
        yield from values
        if (found := _REGISTERS.match(entry.name)) is not None:
            first, count = int(found[1]), int(found[2])
            yield from (f"modbus.{number}" for number in range(first, first + count))


def includes(told: str, wanted: str) -> bool:
    """Whether what was told has the wanted value in it, or is a part of it. `*` in either stands for anything."""
    if told == "*":
        return wanted.partition(".")[0] not in _SPACES
    if "*" in wanted:
        return fnmatchcase(told, wanted)
    return told == wanted or wanted.startswith(f"{told}.") or told.startswith(f"{wanted}.")


def values_written(entry: Entry) -> Mapping[str, object]:
    """What a write wrote, by every name of the value; the vendor's own comes last."""
    also = entry.detail.get("as")
    return {entry.name: entry.detail.get("value"), **(also if isinstance(also, Mapping) else {})}


def point_of(entry: Entry) -> str:
    """The one name of what a write is about, whichever interface it came by."""
    return list(values_written(entry))[-1]


def went_wrong(entry: Entry) -> bool:
    """Whether a client got an error, or no answer at all."""
    detail = entry.detail
    status = detail.get("status")
    result = detail.get("result")
    return (
        detail.get("ok") is False
        or (isinstance(result, Mapping) and result.get("status") in REFUSALS)
        or (isinstance(status, int) and status >= 400)
        or any(word in detail for word in ("exception", "error", "refused", "silent", "problem"))
    )


def host_of(client: str | None) -> str:
    """A client's address without its port; its id where it has no address."""
    return _PORT.sub("", client or "")


def comes_from(entry: Entry, wanted: str) -> bool:
    """Whether an entry is about a client: by its name, its address, or what it calls itself."""
    return any(fnmatchcase(found, wanted) for found in (entry.who, host_of(entry.client), entry.agent) if found)


def line(entry: Entry) -> str:
    """An entry of the journal for a reader."""
    where = ".".join(part for part in (entry.charger, entry.wallbox, entry.interface) if part)
    shown = {name: value for name, value in entry.detail.items() if name != "reads"}
    detail = ", ".join(f"{name}: {written(_shortened(value))}" for name, value in shown.items())
    client = f"{entry.who} ({entry.client})" if entry.who else entry.client
    who = f" from {client}" if entry.client and entry.kind in ("request", "write", "connection") else ""
    what = f"{entry.name}  {detail}" if detail else entry.name
    return f"{seconds(entry.at):>12.3f} s  {entry.kind:<10}  {where:<18}  {what}{who}"


def _shortened(value: object) -> object:
    if isinstance(value, Mapping | list):
        value = json.dumps(value, ensure_ascii=False, default=str)
    return f"{value[:97]}..." if isinstance(value, str) and len(value) > 100 else value
