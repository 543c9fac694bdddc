"""What the processes of a fleet answer, as one answer: plain data in, plain data out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

Document = dict[str, Any]


def state(parts: Sequence[Document], order: Sequence[str], steps: int) -> Document:
    """`GET /api/state`. `order`: the chargers as the scenario has them; `steps`: how many that has."""
    chargers = {name: found for part in parts for name, found in part["chargers"].items()}
    return parts[0] | {
        "chargers": {name: chargers[name] for name in order if name in chargers},
        "wallboxes": listed(parts, "wallboxes", order),
        "broker": next((part["broker"] for part in parts if part["broker"]), None),
        "faults": faults(parts),
        "storage": storage(parts),
        "timeline": progress(parts, steps),
        "bugs": bugs(parts),
        "failures": by_time(listed(parts, "failures")),
    }


def overview(parts: Sequence[Document], order: Sequence[str], steps: int) -> Document:
    """What the live feed shows of all chargers at a glance."""
    rows = {name: row for part in parts for name, row in part["chargers"].items()}
    return parts[0] | {
        "faults": faults(parts),
        "chargers": {name: rows[name] for name in order if name in rows},
        "timeline": progress(parts, steps),
        "bugs": bugs(parts),
        "storage": storage(parts),
    }


def progress(parts: Sequence[Document], steps: int) -> Document:
    """How far the scenario has come. Steps about the clock are every worker's, and done by all at once."""
    found = [part["timeline"] for part in parts]
    left = sum(one["steps"] - one["done"] for one in found)
    return {"steps": steps, "done": max(0, steps - left), "finished": all(one["finished"] for one in found)}


def storage(parts: Sequence[Document]) -> Document | None:
    """The state file that all of them use, if there is one."""
    found = [part["storage"] for part in parts if part["storage"] is not None]
    if not found:
        return None
    problem = next((one["problem"] for one in found if one["problem"] is not None), None)
    return {"file": found[0]["file"], "problem": problem, "unsaved": sum(one["unsaved"] for one in found)}


def bugs(parts: Sequence[Document]) -> list[Document]:
    """Mistakes of the emulator itself; what several workers met is one, made as often."""
    found: dict[str, Document] = {}
    for bug in listed(parts, "bugs"):
        before = found.get(bug["id"])
        found[bug["id"]] = bug if before is None else before | {"count": before["count"] + bug["count"]}
    return list(found.values())


def faults(parts: Sequence[Document]) -> list[Document]:
    """All of them; those that have begun in the order in which they did."""
    return sorted(listed(parts, "faults"), key=lambda found: (found["since"] is None, found["since"] or 0.0))


def listed(parts: Sequence[Document], member: str, order: Sequence[str] = ()) -> list[Document]:
    """A list that every part has, as one; in the order of the chargers its items belong to, if that is given."""
    place = {name: index for index, name in enumerate(order)}
    found: list[Document] = [item for part in parts for item in part[member]]
    return sorted(found, key=lambda item: place.get(str(item["charger"]), len(place))) if place else found


def by_time(items: list[Document]) -> list[Document]:
    return sorted(items, key=lambda item: float(item["at"]))


def in_order(owners: Sequence[int], parts: Sequence[Sequence[Document]]) -> list[Document]:
    """Rules as the scenario has them, by the worker that each is with; then those that were added."""
    left = [list(found) for found in parts]
    found = [left[owner].pop(0) for owner in owners if left[owner]]
    return [*found, *(rule for rest in left for rule in rest)]


def verdict(parts: Sequence[Document], owners: Sequence[int]) -> Document:
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
        "rules": in_order(owners, [part["rules"] for part in parts]),
        "failures": by_time(listed(parts, "failures")),
        "untested": untested,
    }


def timeline(
    parts: Sequence[Document],
    places: Sequence[Sequence[Sequence[tuple[int, int]]]],
    stated: Sequence[Sequence[Document]],
) -> Document:
    """`GET /api/timeline`.

    `places`: for each worker, by its timelines, where each step stands in the whole. `stated`: when each is to happen
    in the words of the scenario.
    """
    steps: dict[int, dict[int, Document]] = {}
    added: list[list[Document]] = []
    for part, own in zip(parts, places, strict=True):
        for track, found in zip(own, part["tracks"], strict=False):
            for (number, index), step in zip(track, found, strict=True):
                steps.setdefault(number, {}).setdefault(index, step | stated[number][index])
        added += part["tracks"][len(own) :]
    whole = [[step for _, step in sorted(steps[number].items())] for number in sorted(steps)]
    return parts[0] | {"finished": all(part["finished"] for part in parts), "tracks": whole + added}


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
