"""What the processes of a fleet answer, as one answer: plain data in, plain data out."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

_CURSOR = re.compile(r"\d{1,15}(?:\.\d{1,15})*")


def chargers_in(value: object, known: Collection[str]) -> Iterator[str]:
    """Chargers that plain data names: `garage`, `garage.goe`, `garage.power`, as a value or a key."""
    if isinstance(value, str):
        if (name := value.partition(".")[0]) in known:
            yield name
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from chargers_in(key, known)
            yield from chargers_in(item, known)
    elif isinstance(value, list):
        for item in value:
            yield from chargers_in(item, known)


def state(parts: Sequence[dict[str, Any]], order: Sequence[str]) -> dict[str, Any]:
    """`GET /api/state`. `order`: the chargers as the scenario has them."""
    chargers = {name: found for part in parts for name, found in part["chargers"].items()}
    timelines = [part["timeline"] for part in parts]
    return parts[0] | {
        "chargers": {name: chargers[name] for name in order if name in chargers},
        "wallboxes": listed(parts, "wallboxes", order),
        "broker": next((part["broker"] for part in parts if part["broker"]), None),
        "faults": listed(parts, "faults"),
        "journal": sum(part["journal"] for part in parts),
        "timeline": {
            "steps": sum(found["steps"] for found in timelines),
            "done": sum(found["done"] for found in timelines),
            "finished": all(found["finished"] for found in timelines),
        },
        "bugs": listed(parts, "bugs"),
        "failures": by_time(listed(parts, "failures")),
    }


def listed(parts: Sequence[dict[str, Any]], member: str, order: Sequence[str] = ()) -> list[dict[str, Any]]:
    """A list that every part has, as one; in the order of the chargers its items belong to, if that is given."""
    place = {name: index for index, name in enumerate(order)}
    found: list[dict[str, Any]] = [item for part in parts for item in part[member]]
    return sorted(found, key=lambda item: place.get(str(item["charger"]), len(place))) if place else found


def by_time(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(items, key=lambda item: float(item["at"]))


def verdict(parts: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """`GET /api/verdict`. A client is untested if it came to none of them."""
    missed = [{item["name"] for item in part["untested"] if item["kind"] == "client"} for part in parts]
    nowhere = set.intersection(*missed)
    untested = [
        item
        for index, part in enumerate(parts)
        for item in part["untested"]
        if item["kind"] != "client" or (item["name"] in nowhere and index == 0)
    ]
    return {
        "ok": all(part["ok"] for part in parts),
        "rules": listed(parts, "rules"),
        "failures": by_time(listed(parts, "failures")),
        "untested": untested,
    }


def advanced(parts: Sequence[dict[str, Any]], most: int) -> dict[str, Any]:
    """`POST /api/clock/advance` of all of them."""
    return {
        "at": max(part["at"] for part in parts),
        "elapsed": max(part["elapsed"] for part in parts),
        "reached": all(part["reached"] for part in parts),
        "events": merged([part["events"] for part in parts])[:most],
        "items": listed(parts, "items"),
        "next": ".".join(str(part["next"]) for part in parts),
    }


def merged(entries: Sequence[Sequence[dict[str, Any]]]) -> list[dict[str, Any]]:
    """Journal entries of every worker, by (at, worker, seq)."""
    numbered = [{**entry, "worker": index} for index, found in enumerate(entries) for entry in found]
    return sorted(numbered, key=lambda entry: (entry["at"], entry["worker"], entry["seq"]))


def cursors(text: str, count: int) -> list[int] | None:
    """Where each worker's journal was read up to, of `next` in an earlier answer; None if it is no such thing."""
    if text == "0":
        return [0] * count
    found = [int(part) for part in text.split(".")] if _CURSOR.fullmatch(text) else []
    return found if len(found) == count else None


def journal(parts: Sequence[dict[str, Any]], after: Sequence[int], limit: int) -> dict[str, Any]:
    """`GET /api/journal`: the first `limit` entries after the cursors, each part having at most so many."""
    entries = merged([part["entries"] for part in parts])[:limit]
    read = list(after)
    for entry in entries:
        read[entry["worker"]] = entry["seq"]
    for index, part in enumerate(parts):
        if not part["entries"] or part["entries"][-1]["seq"] == read[index]:
            read[index] = part["next"]
    return {"entries": entries, "next": ".".join(map(str, read)), "dropped": sum(part["dropped"] for part in parts)}


def metrics(pages: Sequence[str]) -> str:
    """Prometheus' pages as one, each sample with the number of its worker."""
    families: dict[str, list[str]] = {}
    for index, page in enumerate(pages):
        name = ""
        for line in page.splitlines():
            if line.startswith("#"):
                name = line.split(" ", 3)[2]
                head = families.setdefault(name, [])
                if line not in head:
                    head.append(line)
            else:
                families[name].append(_labelled(line, index))
    return "".join(f"{line}\n" for lines in families.values() for line in lines)


def _labelled(sample: str, worker: int) -> str:
    name, _, rest = sample.partition("{")
    if rest:
        return f'{name}{{worker="{worker}",{rest}'
    name, _, value = sample.partition(" ")
    return f'{name}{{worker="{worker}"}} {value}'
