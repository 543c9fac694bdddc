"""What the client asked for becomes steps: in its own words where the log has them, by its values where it has not.

The one rule: a request is made as it was made; what identifies a box in it is that of the emulated one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from ..errors import EmulatorError
from .personal import Redactor
from .sketch import Deed
from .words import words_of
from .working import Part, Work

MOST: Final = 200
"""Requests of one box; of more only those are kept that differ from the one before."""
_MAC: Final = re.compile(r"(?:[0-9A-Fa-f]{2}:){5}[0-9A-Fa-f]{2}")


def requests_of(work: Work, part: Part, redactor: Redactor) -> list[Deed]:
    """What a client asked for, as it asked."""
    deeds: list[Deed] = []
    for ask in part.box.asks:
        at, why = round(work.at(ask.at), 3), f"line {ask.line}"
        if ask.arguments and ask.interface in (*part.sketch.interfaces, "websocket"):
            interface = "http" if ask.interface == "websocket" else ask.interface
            arguments = _addressed(part, ask.arguments, redactor)
            on = f"{part.sketch.address}.{interface}"
            deeds.append(Deed(at, "request", {"in": "play", "on": on, **arguments}, why))
        elif writes := _written(part, ask.values):
            deeds.append(Deed(at, "command", {"write": writes}, why))
    return deeds if len(deeds) <= MOST else _without_repetitions(deeds)


def accepted(work: Work) -> None:
    """Leave out requests that the emulated box cannot be asked: registers, topics, paths that it does not have."""
    try:
        work.play()
    except EmulatorError:
        for part in work.parts:
            every, kept = list(part.sketch.deeds), []
            for deed in every:
                part.sketch.deeds = [deed]
                try:
                    work.play()
                except EmulatorError:
                    line = int(deed.why.rpartition(" ")[2]) if deed.why.startswith("line ") else 0
                    work.remarks.left_out(f"{deed.name}: the emulated box has no such thing", [line])
                else:
                    kept.append(deed)
            part.sketch.deeds = kept


def _without_repetitions(deeds: list[Deed]) -> list[Deed]:
    kept = deeds[:1]
    for deed in deeds[1:]:
        if (deed.name, deed.arguments) != (kept[-1].name, kept[-1].arguments):
            kept.append(deed)
    return kept[:MOST]


def _addressed(part: Part, arguments: Mapping[str, object], redactor: Redactor) -> dict[str, object]:
    """Arguments of a request for the emulated box: a Connect is asked by the address of its unit."""
    path = arguments.get("get")
    if not isinstance(path, str) or not _MAC.search(path):
        return dict(arguments)
    neutral = redactor.clean(path)
    address = _MAC.search(neutral)
    if address is not None and any(row.name == "mac_address" for row in part.sketch.device.vendor.settings):
        part.sketch.settings["mac_address"] = address.group()
    return {**arguments, "get": neutral}


def _written(part: Part, values: Mapping[str, object]) -> dict[str, object]:
    """Vendor values for what a client printed, or a journal says, that it asks for."""
    words = words_of(part.box.vendor, part.sketch.device.model)
    found: dict[str, object] = {}
    for name, value in values.items():
        if name == "enable":
            found |= words.resume if value else words.pause
        elif name == "current" and isinstance(value, float):
            found[words.limit] = int(value * words.limit_scale)
        else:
            found[name] = value
    return found


def never_answers(part: Part) -> Deed:
    """A box that was asked and did not answer."""
    on = f"{part.sketch.address}.{part.sketch.interfaces[0]}"
    return Deed(0.0, "fault", {"on": on, "kind": "black_hole"}, "it never answers")
