"""Puts a recording together: a relay per interface, each with its listener, and one journal.

The one rule: what stands between client and box is the relay alone; the journal is written beside it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Final

from .. import vendors
from ..errors import EmulatorError, did_you_mean
from .datagrams import DatagramTap
from .http import HttpTap
from .modbus import ModbusTap
from .mqtt import Heard, MqttTap
from .notes import Notes
from .registers import Registers
from .relay import DatagramRelay, Relay, Tap

KINDS: Final = ("http", "modbus", "udp", "mqtt")
BROKER_PORT: Final = 1883


@dataclass(frozen=True, slots=True)
class Way:
    """One interface that is recorded."""

    interface: str
    target: tuple[str, int]
    """The box; for MQTT the broker."""
    port: int
    """Where clients find it; 0: any free one."""


def ways_of(
    vendor: str, target: str, *, interfaces: Sequence[str] = (), broker: str | None = None, free: bool = False
) -> list[Way]:
    """What is recorded: the interfaces that a vendor's boxes have, or those that are named. EmulatorError if wrong.

    `target`: host, or host and port where one interface is named; `broker`: host and port; `free`: any free ports.
    """
    found = vendors.vendor(vendor)
    host, port = split(target)
    known = {name for name in (*found.real_ports, *found.ports) if name in KINDS}
    for name in interfaces:
        if name not in {*known, "mqtt"}:
            raise EmulatorError(f'{found.title} has no interface "{name}" to record{did_you_mean(name, known)}')
    wanted = [name for name in KINDS if name in (interfaces or known) and name != "mqtt"]
    if port is not None and len(wanted) != 1:
        raise EmulatorError(
            f"{target}: with a port, name the interface that is there (--interface {'|'.join(sorted(known))})"
        )
    ways = []
    for name in wanted:
        own = found.real_ports.get(name, found.ports.get(name, 0))
        listen = 0 if free else found.ports.get(name, own)
        ways.append(Way(name, (host, port if port is not None else own), listen))
    if broker is not None:
        where, at = split(broker)
        ways.append(Way("mqtt", (where, at if at is not None else BROKER_PORT), 0 if free else BROKER_PORT + 1))
    elif "mqtt" in interfaces:
        raise EmulatorError("mqtt: name the broker that box and clients use (--broker HOST[:PORT])")
    if not ways:
        raise EmulatorError(f"{found.title} has nothing that could be recorded")
    return ways


def split(text: str) -> tuple[str, int | None]:
    """Host and port of `host`, `host:port` or `[address]:port`. EmulatorError if it is none."""
    host, colon, port = text.rpartition(":")
    if not colon or (":" in host and not host.endswith("]")):
        host, port = text, ""
    host = host.strip("[]")
    if not host or "/" in host or (port and not (port.isdigit() and 0 < int(port) < 65536)):
        raise EmulatorError(f'"{text}" is no address, expected HOST or HOST:PORT such as 192.168.1.20:502')
    return host, int(port) if port else None


@asynccontextmanager
async def recording(
    ways: Sequence[Way], notes: Notes, registers: Registers, *, bind: str = "127.0.0.1"
) -> AsyncIterator[Mapping[str, int]]:
    """Record while the context lasts; gives the port of each interface. EmulatorError if one cannot be had."""
    heard = Heard()
    taps: Mapping[str, Callable[[str], Tap]] = {
        "http": lambda client: HttpTap(notes, client),
        "modbus": lambda client: ModbusTap(notes, registers, client),
        "mqtt": lambda client: MqttTap(notes, heard, client),
        "udp": lambda client: DatagramTap(notes, client),
    }
    ports: dict[str, int] = {}
    async with AsyncExitStack() as stack:
        for way in ways:
            if way.interface == "udp":
                ports["udp"] = await _datagrams(stack, way, taps["udp"], bind)
                continue
            relay = await stack.enter_async_context(Relay((bind, way.port), way.target, taps[way.interface]))
            ports[way.interface] = relay.port
        yield ports


async def _datagrams(stack: AsyncExitStack, way: Way, tap: Callable[[str], Tap], bind: str) -> int:
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(*way.target, type=0, proto=17)
        target = str(found[0][4][0]), int(found[0][4][1])
        transport, relay = await loop.create_datagram_endpoint(
            lambda: DatagramRelay(target, tap), local_addr=(bind, way.port)
        )
    except OSError as error:
        raise EmulatorError(f"udp {bind}:{way.port}: {error.strerror or error}") from None
    relay.attach(transport)
    stack.callback(transport.close)
    return relay.port
