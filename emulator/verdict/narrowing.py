"""What narrows an action of a client, checked against what the wallboxes it is about have.

The one rule: refused is only what no client could ever do; a path that a wallbox does not have can be asked for all the
same, so there only what is plainly a misspelling is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

from ..devices.traffic import HTTP_REQUEST
from ..errors import did_you_mean
from ..language.names import Names
from ..language.units import has_unit
from ..world.expectations import PLAIN, literal_texts, numeric
from ..world.names import probe
from ..world.vocabulary import interfaces_of, misspelt_path, vocabulary
from .selectors import interfaces_of as served_by

if TYPE_CHECKING:
    from ..devices.wallbox import Wallbox
    from .patterns import ClientAction

BELONGS: Final = {
    "value": ("writes",),
    "repeated": ("writes",),
    "matching": ("requests", "reads"),
    "failed": ("writes", "requests", "reads", "calls"),
    "action": ("calls",),
    "payload": ("calls",),
}
"""With which of the things that clients do a key says anything."""


def misfits(action: ClientAction, names: Names) -> Iterator[tuple[str, str]]:
    """Keys that make an action one that cannot be, and why; none if a wallbox is known by its name only."""
    found = [probe(names, f"{selector.charger}.{selector.wallbox}") for selector in action.selectors]
    wallboxes = [wallbox for wallbox in found if wallbox is not None]
    if len(wallboxes) < len(found):
        return
    if action.interface:
        known = {name for wallbox in wallboxes for name in _interfaces(wallbox)}
        if action.interface not in known:
            where = " and ".join(dict.fromkeys(wallbox.address for wallbox in wallboxes))
            hint = did_you_mean(action.interface, known)
            yield "interface", f'{where} has no interface "{action.interface}"{hint}'
    for text in literal_texts(action.matching):
        path = HTTP_REQUEST.fullmatch(text)
        wrong = None if path is None else misspelt_path(wallboxes, path[1])
        if wrong is not None:
            yield "matching", wrong
    if action.value is not None and _numbers(action, wallboxes):
        for text in literal_texts(action.value):
            if has_unit(text):
                yield "value", f'found "{text}", expected a number ({PLAIN})'
            elif numeric(text) is not None:
                yield "value", f'found "{text}", a text; expected {text}, or \'= "{text}"\' if the text is meant'


def _interfaces(wallbox: Wallbox) -> set[str]:
    """Names of interfaces as the journal has them, switched on or not."""
    names = {*served_by(wallbox), *interfaces_of(wallbox.vendor.id, wallbox.profile)}
    return names | {"websocket"} if "http" in names else names


def _numbers(action: ClientAction, wallboxes: Sequence[Wallbox]) -> bool:
    """Whether all that is written are single values that are numbers."""
    named = zip(action.writes, wallboxes, strict=True)
    return all(selector.name and vocabulary(wallbox).is_number(selector.name) for selector, wallbox in named)
