"""Topics of MQTT, and how people write them.

The one rule: a topic is written without the wallbox's prefix, as its vendor documents it, with the wildcards of MQTT;
one that begins with the prefix or with a slash is the whole topic.
"""

from __future__ import annotations

from fnmatch import fnmatchcase


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


def whole(written: str, prefix: str) -> str:
    """The whole of a topic that somebody wrote."""
    own = prefix.strip("/")
    if not own or written == own or written.startswith(("/", f"{own}/")):
        return written
    return f"{prefix.rstrip('/')}/{written}"


def concerns(written: str, topic: str, prefix: str) -> bool:
    """Whether a topic, or a filter that somebody wrote is about `topic`. `*` and `?` stand for parts of a level."""
    wanted, found, own = written.strip("/"), topic.strip("/"), prefix.strip("/")
    names = {found, found.removeprefix(f"{own}/")} if own else {found}
    return any(matches(wanted, name) or fnmatchcase(name, wanted) for name in names)
