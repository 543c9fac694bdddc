"""Names in steps, checked against what the very wallboxes they are about know.

The one rule: a name that nothing can ever have is a mistake of the scenario, found before anything runs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Final

from ..core.events import EventName
from ..devices.traffic import HTTP_REQUEST, METHODS
from ..errors import did_you_mean, misspelt
from ..language.arguments import Scope
from ..language.nodes import Node
from ..verdict.patterns import STIMULI
from ..world.names import probe
from ..world.vocabulary import Vocabulary, nobody_knows, vocabulary

if TYPE_CHECKING:
    from ..devices.wallbox import Wallbox
    from ..faults.match import Match
    from ..language.names import Names

CONNECTION_NAMES: Final = frozenset(
    {"opened", "closed", "connected", "disconnected", "accepted", "refused"}
    | {"evicted", "dropped", "timeout", "malformed", "lost", "failed"}
)
"""How entries about connections end."""
EVENTS: Final = frozenset(str(name) for name in EventName)
Problems = list[tuple[Node, str]]


def wallboxes_at(names: Names, charger: str, wallbox: str | None) -> list[Wallbox]:
    """The wallboxes that something at a charger, or at one of its wallboxes, is about, as far as they are known."""
    addresses = [wallbox] if wallbox else [f"{charger}.{name}" for name in names.chargers.get(charger, ())]
    return [found for address in addresses if (found := probe(names, address)) is not None]


def match_problems(node: Node, match: Match, wallboxes: Iterable[Wallbox]) -> Problems:
    """What none of the wallboxes has; `node`: what was written under `match`."""
    questions: dict[str, Callable[[Vocabulary], str | None]] = {}
    key, register, path, topic, function = match.key, match.register, match.path, match.topic, match.function
    if key is not None and match.action is None:  # in an OCPP call a key is a member of the payload
        questions["key"] = lambda known: known.no_key(key)
    if register is not None:
        questions["register"] = lambda known: known.no_register(register)
    if path is not None:
        questions["path"] = lambda known: known.no_path(path)
    if topic is not None:
        questions["topic"] = lambda known: known.no_topic(topic)
    if function is not None:
        questions["function"] = lambda known: known.no_function(function)
    here = tuple(wallboxes)
    found = [(node.get(name) or node, nobody_knows(here, question)) for name, question in questions.items()]
    if match.method is not None:
        found.append((node.get("method") or node, no_method(match.method)))
    return [(where, text) for where, text in found if text is not None]


def no_method(pattern: str) -> str | None:
    """Why no HTTP request ever has such a method; None: it may."""
    if any(fnmatchcase(method, pattern) for method in METHODS):
        return None
    return f'there is no HTTP method "{pattern}"{did_you_mean(pattern, METHODS)}'


def happening_problem(kind: str, pattern: str, wallboxes: Iterable[Wallbox], names: Names) -> str | None:
    """Why an entry of this kind can never have such a name; None: it can, or nobody knows."""
    if kind == "write":
        here = tuple(wallboxes)
        return nobody_knows(here, lambda known: known.not_written(_own(pattern, here)))
    if kind == "request" and (path := HTTP_REQUEST.fullmatch(pattern)) is not None:
        return nobody_knows(wallboxes, lambda known: known.no_path(path[1]))
    if kind == "note" and pattern not in names.notes and (meant := misspelt(pattern, names.notes)) is not None:
        return f'there is no note "{pattern}" (did you mean "{meant}"?)'
    known = _names_of(kind, names)
    if known is None or any(fnmatchcase(name, pattern) for name in known):
        return None
    if kind == "connection":
        return _no_connection(pattern, wallboxes)
    if kind == "fault" and not names.whole and misspelt(pattern, known) is None:
        return None
    return f'there is no {kind} "{pattern}"{did_you_mean(pattern, known)}'


def _names_of(kind: str, names: Names) -> frozenset[str] | None:
    """Everything an entry of a kind may be called; None: that depends."""
    match kind:
        case "event":
            return EVENTS
        case "stimulus":
            return frozenset(STIMULI)
        case "fault":
            return frozenset(names.faults)
        case "connection":
            return CONNECTION_NAMES
    return None


def _own(pattern: str, wallboxes: Iterable[Wallbox]) -> str:
    """A name without the wallbox in front."""
    for wallbox in wallboxes:
        for prefix in (f"{wallbox.address}.", f"{wallbox.name}."):
            if pattern.startswith(prefix):
                return pattern.removeprefix(prefix)
    return pattern


def _no_connection(pattern: str, wallboxes: Iterable[Wallbox]) -> str | None:
    last = pattern.rpartition(" ")[2]
    interfaces = {name for wallbox in wallboxes for name in wallbox.traffic}
    if last in CONNECTION_NAMES or last in interfaces or "*" in last:
        return None
    return f'no connection is ever "{pattern}"{did_you_mean(pattern, CONNECTION_NAMES | interfaces)}'


def check_written(node: Node, wallbox: Wallbox, scope: Scope) -> bool:
    """Report every value under `write` that a wallbox does not have; whether all was well."""
    known = vocabulary(wallbox)
    good = True
    for key, _ in node.entries or ():
        wrong = known.not_writable(_own(key.text, (wallbox,)))
        if wrong is not None:
            scope.report(replace(key, label=""), wrong)
            good = False
    return good


_REFUSALS: Final = frozenset({"status", "exception", "reachable", "silent", "ends", "complete"})
"""What a request may expect that asks for something that is not there."""


def request_problem(
    wallbox: Wallbox, arguments: Mapping[str, object], expected: Iterable[str]
) -> tuple[str, str] | None:
    """The argument of a request that asks for what is not there, and why, unless it expects to be refused."""
    if _REFUSALS & set(expected):
        return None
    known = vocabulary(wallbox)
    path, register, count, topic, function, method = (
        arguments.get(name) for name in ("get", "register", "count", "topic", "function", "method")
    )
    if isinstance(method, str) and (wrong := no_method(method)) is not None:
        return "method", wrong
    if isinstance(path, str) and (wrong := known.no_path(path.partition("?")[0])) is not None:
        return "get", wrong
    if isinstance(function, int) and isinstance(register, int) and (wrong := known.no_function(function)) is not None:
        return "function", wrong
    if isinstance(register, int) and isinstance(count, int):
        wrong = known.no_register(range(register, register + count))
        return None if wrong is None else ("register", wrong)
    if isinstance(topic, str) and (wrong := known.no_topic(topic)) is not None:
        return "topic", wrong
    return None
