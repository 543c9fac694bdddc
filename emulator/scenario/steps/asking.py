"""What a request asks over each protocol, and what comes back.

The one rule: what is not listed here for a protocol has no meaning over it, and is a mistake of the scenario.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from ...devices.traffic import ProtocolName
from ...errors import did_you_mean
from ...language.arguments import Scope
from ...language.nodes import Node
from ...world.expectations import may_change, parse
from ...world.quantities import Quantity

if TYPE_CHECKING:
    from ...devices.wallbox import Wallbox

ASKED: Final[Mapping[ProtocolName, tuple[str, ...]]] = {
    "http": ("get", "method", "body", "headers"),
    "websocket": ("get", "method", "headers", "message"),
    "modbus": ("register", "count", "function", "unit", "write"),
    "udp": ("send",),
    "mqtt": ("topic", "payload"),
}
"""The arguments that have a meaning; the first one says what is asked."""
_LINE: Final = ("silent", "delay", "ends", "complete")
COMES_BACK: Final[Mapping[ProtocolName, tuple[str, ...]]] = {
    "http": ("reachable", "status", "body", *_LINE),
    "websocket": ("reachable", "status", "body", "replies", *_LINE),
    "modbus": ("reachable", "values", "exception", *_LINE),
    "udp": ("reachable", "replies", "body", "silent", "delay"),
    "mqtt": ("reachable", "replies", "body", "silent", "will"),
}
_TITLES: Final[Mapping[ProtocolName, str]] = {
    "http": "HTTP",
    "websocket": "WebSocket",
    "modbus": "Modbus",
    "udp": "UDP",
    "mqtt": "MQTT",
    "ocpp": "OCPP",
    "ship": "SHIP",
}
_ARGUMENTS: Final = frozenset(name for names in ASKED.values() for name in names)
_NAMES: Final = tuple(dict.fromkeys(name for names in COMES_BACK.values() for name in names))


def protocol_at(wallbox: Wallbox | None, interface: str | None) -> ProtocolName | None:
    """The protocol of an interface, as far as the wallbox is known."""
    return None if wallbox is None or interface is None else wallbox.traffic.get(interface)


def check_asked(node: Node, where: str, protocol: ProtocolName | None, scope: Scope) -> None:
    """Report every argument that means nothing over the protocol, and if what is asked is missing."""
    given = {key.text: key for key, value in node.entries or () if key.text in _ARGUMENTS and not value.empty}
    if protocol is None:
        if not any(names[0] in given for names in ASKED.values()):
            scope.report(node, "nothing to ask, expected get, register, send or topic")
        return
    title = _TITLES[protocol]
    if protocol not in ASKED:
        known = ", ".join(_TITLES[each] for each in ASKED)
        scope.report(
            node.get("on") or node, f"{where} speaks {title}, expected an interface that speaks one of {known}"
        )
        return
    for name, key in given.items():
        if name not in ASKED[protocol]:
            others = " or ".join(_TITLES[each] for each, names in ASKED.items() if name in names)
            scope.report(replace(key, label=name), f"belongs to {others}, {where} speaks {title}")
    if ASKED[protocol][0] not in given:
        scope.report(node, f"nothing to ask of {where}, expected {ASKED[protocol][0]}")


def check_expected(node: Node, protocol: ProtocolName | None, scope: Scope) -> None:
    """Report every name under `expect` that never comes back over the protocol, and every value that cannot be read."""
    written = node.get("expect")
    if written is None:
        return
    known = _NAMES if protocol is None else COMES_BACK.get(protocol, _NAMES)
    if not written.entries:
        scope.report(written, f"nothing is expected{did_you_mean('', known)}")
    for key, value in written.entries or ():
        name = key.text
        place = replace(key, label="expect")
        if name not in known:
            scope.report(place, _unknown(name, protocol, known))
            continue
        try:
            expectation = parse(value.data(), came_back(name))
        except ValueError as error:
            scope.report(place, f"{name}: {error}")
            continue
        if may_change(expectation):
            scope.report(place, f'{name}: found "changed", expected a value (a request has none from before)')


def _unknown(name: str, protocol: ProtocolName | None, known: tuple[str, ...]) -> str:
    if protocol is not None and name in _NAMES:
        return f'"{name}" does not come back over {_TITLES[protocol]}, expected one of {", ".join(known)}'
    return f'there is no "{name}"{did_you_mean(name, known)}'


def came_back(name: str) -> Quantity:
    """What comes back, as something that expectations are about."""
    return Quantity(name, "", "client", name)
