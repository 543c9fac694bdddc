"""`docs/limits.md`, made from the code: `python -m tests.limits.page` writes it."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from emulator import vendors
from emulator.devices.interfaces import HttpInterface, ModbusInterface
from emulator.runtime.clock import Clock
from emulator.scenario.loader import loads
from emulator.world.building import build

PAGE: Final = Path(__file__).parents[2] / "docs" / "limits.md"

HEAD: Final = """\
# Limits

Everything that a client, a file or a user can make grow is bounded, by bytes and by work. This page is made from the
constants of the code (`python -m tests.limits.page`), and a test compares both. Times are wall time.

**Fairness.** What one connection sends is taken in by helpings; whoever sent more waits in one queue for all protocols,
in which one connection has one helping per pass of the event loop.
"""

MIB: Final = 1 << 20
Row = tuple[str, str, str]

SECTIONS: Final[dict[str, tuple[Row, ...]]] = {
    "Fairness": (
        ("messages, or new connections, in a helping", "protocols.turns.HELPING", ""),
        ("longest helping", "protocols.turns.LONGEST", "s"),
        ("following a clock that is too fast, or a jump, at one go", "runtime.simulation.PATIENCE", "s"),
    ),
    "Scenario files and requests": (
        ("size of a file", "language.bounds.LARGEST_FILE", "bytes"),
        ("files of a scenario, with includes", "language.bounds.MOST_FILES", ""),
        ("lists and mappings inside each other", "language.bounds.DEEPEST", ""),
        ("values; an alias counts as all that it stands for", "language.bounds.MOST_VALUES", ""),
        ("digits of a number", "language.bounds.LONGEST_NUMBER", ""),
        ("characters of a text", "language.bounds.LONGEST_TEXT", ""),
        ("characters of a payload or body", "language.bounds.LONGEST_PAYLOAD", ""),
        ("characters of an expectation", "language.bounds.LONGEST_EXPECTATION", ""),
        ("time of a regular expression on one value", "world.expectations.PATIENCE", "s"),
        ("longest duration and latest instant", "language.arguments.LONGEST", "us"),
        ("first year of an epoch", "language.arguments.EARLIEST_YEAR", "year"),
        ("last year of an epoch", "language.arguments.LATEST_YEAR", "year"),
        ("happenings at one instant (ten chargers)", "runtime.simulation.CHAIN", ""),
        ("speed of the clock", "runtime.clock.MAX_SPEED", "x"),
    ),
    "Control API": (
        ("connections", "control.connections.MOST_CONNECTIONS", ""),
        ("time for the first head", "control.connections.HEAD_TIME", "s"),
        ("time for a body", "control.connections.BODY_TIME", "s"),
        ("time between two requests", "control.connections.IDLE_TIME", "s"),
        ("headers", "control.connections.MOST_HEADERS", ""),
        ("a request line or a header", "control.connections.LONGEST_LINE", "bytes"),
        ("a body", "control.port.LARGEST_BODY", "bytes"),
        ("a token", "control.access.LONGEST_TOKEN", "characters"),
        ("size of the entries in a reply", "control.reading.LARGEST_PAGE", "bytes"),
        ("newest entries of a subscription", "control.feed.MOST_NEWEST", ""),
        ("clients remembered", "control.contacts.MOST", ""),
        ("journal entries that behaviour is worked out from", "control.journal_pages.RECENT", ""),
        ("stretches of the past kept of one charger", "world.history.MOST", ""),
        ("stretches of the past kept of all chargers", "world.history.ALTOGETHER", ""),
        ("entries in a reply", "control.journal_pages.MOST_ENTRIES", ""),
        ("`wait` of the journal", "control.journal_pages.LONGEST_WAIT", "s"),
    ),
    "Journal": (
        ("memory (`--journal-limit`); the oldest pushes go first", "runtime.journal.LIMIT", "bytes"),
        ("clients whose own name is remembered", "runtime.journal.MOST_AGENTS", ""),
        ("different bugs that are kept", "runtime.bugs.MOST", ""),
        ("requests of an interface known to meet no fault", "devices.interception.MOST_FORMS", ""),
    ),
    "HTTP and WebSocket of the devices": (
        ("headers", "protocols.connection.MAX_HEADERS", ""),
        ("a request line or a header", "protocols.connection.MAX_LINE", "bytes"),
        ("time of a client to read a reply", "protocols.http.SLOW_READER", "s"),
        ("time for a WebSocket message that has begun", "protocols.channel.HALF_SENT", "s"),
        ("bytes that wait for a slow WebSocket client", "protocols.line.MAX_BACKLOG", "bytes"),
    ),
    "Modbus": (
        ("replies held back on a connection", "protocols.modbus.HELD_BACK", ""),
        ("time for a frame that has begun", "protocols.modbus.HALF_SENT_TIMEOUT", "s"),
        ("reads that a server recognises", "protocols.modbus_known.MOST", ""),
    ),
    "Built-in MQTT broker": (
        ("connections", "protocols.broker_builtin.MOST_CLIENTS", ""),
        ("time for the CONNECT", "protocols.broker_builtin.CONNECT_TIMEOUT", "s"),
        ("bytes that a client leaves unread", "protocols.broker_builtin.MAX_BUFFERED", "bytes"),
        ("a packet", "protocols.mqtt_exchange.LARGEST_PACKET", "bytes"),
        ("a packet before the CONNECT", "protocols.mqtt_exchange.LARGEST_CONNECT", "bytes"),
        ("a client id", "protocols.mqtt_exchange.LONGEST_CLIENT_ID", "bytes"),
        ("unacknowledged messages of a client", "protocols.mqtt_session.MAX_IN_FLIGHT", ""),
        ("kept for a client", "protocols.mqtt_session.MOST_HELD", "bytes"),
        ("kept for all clients, and retained", "protocols.mqtt_session.MOST_HELD_IN_ALL", "bytes"),
        ("sessions of clients that are away", "protocols.mqtt_exchange.MOST_AWAY", ""),
        ("filters of a client", "protocols.mqtt_exchange.MOST_SUBSCRIPTIONS", ""),
        ("levels of all filters of a client", "protocols.mqtt_exchange.MOST_LEVELS", ""),
        ("characters of all filters of a client", "protocols.mqtt_exchange.LONGEST_FILTERS", ""),
        ("levels of a topic", "protocols.mqtt_topics.MAX_LEVELS", ""),
    ),
    "Central system (`ocpp: embedded`)": (
        ("connections", "protocols.central_system.MOST_CONNECTIONS", ""),
        ("time for the handshake", "protocols.central_system.HANDSHAKE_TIME", "s"),
    ),
    "EEBUS (SHIP)": (
        ("connections; the oldest stranger goes first", "protocols.ship_sockets.MOST_CONNECTIONS", ""),
        ("time for the handshakes of TLS and WebSocket", "protocols.ship_sockets.HANDSHAKE_TIME", "s"),
        ("time until a peer has taken a connection", "protocols.ship_sockets.CONNECT_TIMEOUT", "s"),
        ("frames held back on a connection", "protocols.ship_link.HELD_BACK", ""),
        ("a message", "eebus.bounds.LARGEST_MESSAGE", "bytes"),
        ("commas and opening brackets of a message", "eebus.bounds.MOST_VALUES", ""),
        ("arrays and objects inside each other", "eebus.bounds.DEEPEST", ""),
        ("subscriptions of a peer, and bindings", "eebus.bounds.MOST_AGREED", ""),
        ("entities of a peer", "eebus.bounds.MOST_ENTITIES", ""),
        ("features of a peer", "eebus.bounds.MOST_FEATURES", ""),
        ("use cases of a peer", "eebus.bounds.MOST_USE_CASES", ""),
        ("entries of a list that is changed in parts", "eebus.bounds.MOST_ENTRIES", ""),
        ("filters of a command", "eebus.bounds.MOST_FILTERS", ""),
        ("what a peer said, as it is kept", "eebus.bounds.LARGEST_KEPT", "bytes"),
        ("own requests to a peer without an answer", "eebus.bounds.MOST_ASKED", ""),
        ("a message that the journal has whole", "eebus.bounds.SHOWN", "bytes"),
        ("peers whose address is remembered", "eebus.bounds.MOST_SEEN", ""),
    ),
    "Snapshots": (
        ("snapshots", "service.snapshots.MOST", ""),
        ("memory of all", "service.snapshots.LARGEST", "bytes"),
    ),
    "Wallboxes that are added to a running emulator": (("wallboxes", "service.growth.MOST", ""),),
    "Connections that wallboxes make": (
        ("a message of a WebSocket (OCPP)", "protocols.websocket_wire.LONGEST", "bytes"),
        ("bytes that a WebSocket's other side leaves unread", "protocols.websocket_wire.MOST_UNREAD", "bytes"),
        ("time that it does so", "protocols.websocket_wire.SLOW_READER", "s"),
        ("time for a WebSocket message that has begun", "protocols.websocket_wire.HALF_SENT", "s"),
        ("a WebSocket message of a broker", "protocols.mqtt_websocket.LARGEST", "bytes"),
        ("a packet of a broker", "protocols.mqtt_packets.MAX_PACKET", "bytes"),
        ("messages that wait for a slow broker", "protocols.mqtt_client.MAX_WAITING", ""),
    ),
}


def text() -> str:
    """The whole page."""
    return "\n".join([HEAD, *_constants(), *_devices()])


def _constants() -> Iterator[str]:
    for title, rows in SECTIONS.items():
        yield f"## {title}\n\n| | at most |\n| --- | --- |"
        for about, name, unit in rows:
            yield f"| {about} | {_shown(value_of(name), unit)} |"
        yield ""


def value_of(name: str) -> float:
    """The constant at `module.NAME` of the package."""
    module, _, constant = name.rpartition(".")
    found: Any = getattr(import_module(f"emulator.{module}"), constant)
    assert isinstance(found, int | float)
    return found


def _shown(value: float, unit: str) -> str:
    if unit == "us":
        return f"{value / 86_400_000_000 / 365.25:.0f} years"
    if unit == "year":
        return f"{value:.0f}"
    if unit == "bytes" and value >= MIB:
        return f"{value / MIB:g} MiB"
    return f"{value:,.15g} {unit}".rstrip()


def _devices() -> Iterator[str]:
    yield "## Devices\n\nAs the real ones, where that is known.\n"
    yield "| wallbox, interface | connections | when full | body |\n| --- | --- | --- | --- |"
    for vendor in vendors.DEFAULT:
        site = build(loads(f"wallboxes: [{{{vendor}: {{interfaces: all}}}}]\nbroker: none"), clock=Clock(0.0))
        for name, interface in next(iter(site.wallboxes.values())).interfaces.items():
            if isinstance(interface, HttpInterface):
                body = f"{interface.max_body:,} bytes"
                yield f"| {vendor} {name} | {interface.max_connections} | {interface.when_full} | {body} |"
            elif isinstance(interface, ModbusInterface):
                yield f"| {vendor} {name} | {interface.max_connections} | {interface.when_full} | |"
    yield ""


if __name__ == "__main__":
    PAGE.write_text(text(), "utf-8")
