"""Finding an event pattern among the journal entries of a running site.

The one rule: a matcher only looks at entries; it says whether one matches, is nothing of the kind, or came close.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import Enum
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from ..language.digits import is_index
from ..world.expectations import Expectation, Matches
from .entries import comes_from, has_read, values_written, went_wrong
from .patterns import any_line

if TYPE_CHECKING:
    from ..core.snapshot import Snapshot
    from ..runtime.journal import Entry
    from ..world.site import Site
    from .patterns import ClientAction, EventPattern
    from .selectors import Selector

OPENED = ("connected", "opened")
"""How the journal says that a client came, on interfaces that say so."""
ANSWERS = (".conf", ".error")
"""Ends of the names of a central system's answers."""
MOST_CLIENTS = 4096
"""Connections remembered, to tell a new one."""


class PatternMatch(Enum):
    """What an entry is to a pattern."""

    NO = 0
    NEAR = 1
    """The right thing was done, but not as described."""
    YES = 2


class PatternMatcher:
    """Looks for one pattern in entries of the kinds it can be."""

    def __init__(self, pattern: EventPattern, site: Site) -> None:
        self._pattern = pattern
        self._site = site
        self._written: dict[tuple[str, str], object] = {}
        """Latest value written, by wallbox and name."""
        self._known: dict[tuple[str | None, str | None], None] = {}
        """Interface and address of clients that have been here, oldest first."""

    def match(self, entry: Entry) -> PatternMatch:
        """Whether an entry is what is looked for."""
        pattern = self._pattern
        found = self._match_subject(entry)
        if found is PatternMatch.NO:
            return found
        if pattern.charger is not None and entry.charger != pattern.charger:
            return PatternMatch.NO
        if not all(name in entry.detail and e.holds(entry.detail[name]) for name, e in pattern.detail.items()):
            return PatternMatch.NEAR
        if pattern.while_ and found is PatternMatch.YES and not self._held_before(entry):
            return PatternMatch.NEAR
        return found

    def _held_before(self, entry: Entry) -> bool:
        """Whether `while` held directly before an entry."""
        at = max(0, entry.at - 1)
        chargers = self._site.simulation.chargers

        def look(charger: str) -> Snapshot:
            return chargers[charger].snapshot(at)

        for check in any_line(self._pattern.while_):
            quantity = check.quantity
            if quantity.row is None or not check.expectation.holds(quantity.measured(look, chargers)):
                return False
        return True

    def _match_subject(self, entry: Entry) -> PatternMatch:
        pattern = self._pattern
        if pattern.client is not None:
            return self._match_client(pattern.client, entry)
        if pattern.event or pattern.note:
            matches = entry.name == (pattern.event or pattern.note)
        elif pattern.stimulus:
            matches = entry.kind == "stimulus" and entry.name == pattern.stimulus
        else:
            matches = _begins(pattern.fault, entry)
        return PatternMatch.YES if matches else PatternMatch.NO

    def _match_client(self, action: ClientAction, entry: Entry) -> PatternMatch:
        if not any(selector.at_wallbox(entry) for selector in action.selectors):
            return PatternMatch.NO
        if action.interface and entry.interface != action.interface:
            return PatternMatch.NO
        if action.from_ and not comes_from(entry, action.from_):
            return PatternMatch.NO
        if action.writes:
            return self._match_write(action, entry)
        if action.connects:
            return self._match_connection(action, entry)
        if entry.kind == "push" and entry.interface == "mqtt" and action.interface != "mqtt":
            return PatternMatch.NO  # what is published is read by whoever subscribed, which nobody here need be
        if action.calls:
            return self._match_call(action, entry)
        selected = any(
            selector.at_wallbox(entry)
            and (has_read(selector, entry) if action.reads else selector.selects(entry.interface))
            for selector in action.selectors
        )
        if not selected:
            return PatternMatch.NO
        if action.matching is not None and not _is_named(action.matching, entry.name):
            return PatternMatch.NEAR
        return PatternMatch.YES if action.failed in (None, went_wrong(entry)) else PatternMatch.NEAR

    def _match_call(self, action: ClientAction, entry: Entry) -> PatternMatch:
        """A call of a central system; answers to the charge point's calls are none."""
        if "payload" not in entry.detail or entry.name.endswith(ANSWERS):
            return PatternMatch.NO
        if not any(selector.at_wallbox(entry) and selector.selects(entry.interface) for selector in action.calls):
            return PatternMatch.NO
        as_described = (
            (action.action is None or _is_named(action.action, entry.name))
            and all(expected.holds(_member(entry.detail["payload"], path)) for path, expected in action.payload.items())
            and action.failed in (None, went_wrong(entry))
        )
        return PatternMatch.YES if as_described else PatternMatch.NEAR

    def _match_write(self, action: ClientAction, entry: Entry) -> PatternMatch:
        found = _selected(action.writes, entry)
        if found is None or entry.client is None:  # what the wallbox or its owner does is not the client's doing
            return PatternMatch.NO
        name, value = found
        key = (f"{entry.charger}.{entry.wallbox}", name)
        repeated = key in self._written and self._written[key] == value
        self._written[key] = value
        as_described = (
            (action.value is None or action.value.holds(value))
            and action.repeated in (None, repeated)
            and action.failed in (None, went_wrong(entry))
        )
        return PatternMatch.YES if as_described else PatternMatch.NEAR

    def _match_connection(self, action: ClientAction, entry: Entry) -> PatternMatch:
        if not any(selector.at_wallbox(entry) and selector.selects(entry.interface) for selector in action.connects):
            return PatternMatch.NO
        announced = entry.kind == "connection"
        if announced and entry.name.rpartition(" ")[2] not in OPENED:
            return PatternMatch.NO
        new = self._remember_client(entry)
        return PatternMatch.YES if announced or new else PatternMatch.NO

    def _remember_client(self, entry: Entry) -> bool:
        """Remember who is there; whether it is a new one."""
        key = (entry.interface, entry.client)
        new = key not in self._known
        self._known[key] = None
        if len(self._known) > MOST_CLIENTS:
            self._known.pop(next(iter(self._known)))
        return new


def _selected(selectors: tuple[Selector, ...], entry: Entry) -> tuple[str, object] | None:
    """The written value that is meant, by its name that is selected; the vendor's own if any is."""
    here = [selector for selector in selectors if selector.at_wallbox(entry)]
    for name, value in reversed(tuple(values_written(entry).items())):
        if any(selector.selects(name) for selector in here):
            return name, value
    return None


def _begins(fault: str, entry: Entry) -> bool:
    """Whether an entry is the beginning of a fault of this name."""
    begins = entry.kind == "fault" and entry.detail.get("what") == "begin"
    return begins and fault in (entry.name, entry.detail.get("kind"))


def _member(payload: object, path: str) -> object:
    """A member of a payload: `csChargingProfiles.stackLevel`; None: there is none."""
    found = payload
    for step in path.split("."):
        if isinstance(found, Mapping):
            found = found.get(step)
        elif isinstance(found, Sequence) and not isinstance(found, str) and is_index(step) and int(step) < len(found):
            found = found[int(step)]
        else:
            return None
    return found


def _is_named(expected: Expectation, name: str) -> bool:
    return expected.holds(name) or (not isinstance(expected, Matches) and fnmatchcase(name, expected.text))
