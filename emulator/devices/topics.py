"""Topic filters of MQTT."""

from __future__ import annotations


def matches(name: str, topic: str) -> bool:
    """Whether the filter `name` takes `topic` (OASIS MQTT 3.1.1, section 4.7)."""
    wanted, found = name.split("/"), topic.split("/")
    if topic.startswith("$") and wanted[0] in ("#", "+"):
        return False
    for index, level in enumerate(wanted):
        if level == "#":  # `a/#` takes `a` too
            return True
        if index >= len(found) or level not in ("+", found[index]):
            return False
    return len(wanted) == len(found)
