"""What a journal entry says about a client, and how an entry is shown to a reader."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from ..core.instant import seconds
from ..world.expectations import written

if TYPE_CHECKING:
    from ..runtime.journal import Entry
    from .selectors import Selector


REFUSALS: Final = frozenset({"Rejected", "NotSupported", "NotImplemented", "Failed", "UnlockFailed"})
"""Statuses by which a charge point (OCPP) does not do what it is asked."""


def has_read(selector: Selector, entry: Entry) -> bool:
    """Whether a request read a selected value, or read at all through a selected interface."""
    detail = entry.detail
    if "set" in detail or "written" in detail or entry.name.startswith(("write ", "PUT ", "POST ")):
        return False
    if not selector.name or selector.name == entry.interface:
        return True
    values = detail.get("values")
    if isinstance(values, Mapping):
        return any(selector.selects(str(name)) for name in values)
    listed = detail.get("filter")
    if isinstance(listed, str) and listed:
        return any(selector.selects(name.strip()) for name in listed.split(","))
    if "/api/status" in entry.name:  # without a filter: everything
        return True
    return selector.name.partition(".")[0] in entry.name


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
    """A client's address without its port."""
    return (client or "").rpartition(":")[0] or (client or "")


def line(entry: Entry) -> str:
    """An entry of the journal for a reader."""
    where = ".".join(part for part in (entry.charger, entry.wallbox, entry.interface) if part)
    detail = ", ".join(f"{name}: {written(_shortened(value))}" for name, value in entry.detail.items())
    who = f" from {entry.client}" if entry.client and entry.kind in ("request", "write", "connection") else ""
    what = f"{entry.name}  {detail}" if detail else entry.name
    return f"{seconds(entry.at):>12.3f} s  {entry.kind:<10}  {where:<18}  {what}{who}"


def _shortened(value: object) -> object:
    if isinstance(value, Mapping | list):
        value = json.dumps(value, ensure_ascii=False, default=str)
    return f"{value[:97]}..." if isinstance(value, str) and len(value) > 100 else value
