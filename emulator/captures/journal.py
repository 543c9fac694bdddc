"""Journals as captures: what boxes said stands in the entries, in their own words.

The one rule: an entry without the words of a box is passed over.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

Entry = Mapping[str, object]


def entries_in(text: str) -> list[tuple[int, Entry]] | None:
    """The entries of a journal with their lines; None: the text is none."""
    found: list[tuple[int, Entry]] = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        try:
            entry = json.loads(line)
        except (ValueError, RecursionError):
            if not found:
                return None
            continue  # the last line of a journal that was cut off
        if not isinstance(entry, dict) or not {"seq", "at", "kind", "name", "detail"} <= set(entry):
            if not found:
                return None
            continue
        found.append((number, entry))
    return found or None


def words_of(entry: Entry) -> tuple[str, str] | None:
    """The topic or path of what a box said, and its text; None: it said nothing."""
    detail, name = entry["detail"], str(entry["name"])
    if not isinstance(detail, Mapping):
        return None
    if entry["kind"] == "push" and isinstance(detail.get("payload"), str):
        return name, str(detail["payload"])
    if isinstance(detail.get("body"), str) and not name.startswith("message "):
        return name.partition(" ")[2].strip("/") if name.startswith("GET ") else "", str(detail["body"])
    return None


def as_capture(text: str) -> str:
    """A text as it is; of a journal what the boxes in it said, one message a line."""
    found = entries_in(text)
    return text if found is None else "\n".join(_lines(found))


def _lines(found: list[tuple[int, Entry]]) -> Iterator[str]:
    for _, entry in found:
        words = words_of(entry)
        detail = entry["detail"]
        if words is not None:
            label, body = words
            topic = label if "/" in label and not label.startswith(("api/", "rpc/")) else ""
            yield f"{topic} {' '.join(body.split())}".strip()
        elif isinstance(detail, Mapping) and isinstance(detail.get("registers"), list):
            address = detail.get("address")
            for offset, value in enumerate(detail["registers"]):
                yield f"{int(str(address)) + offset} {value}"
