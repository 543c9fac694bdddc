"""Nodes and devices to talk to, without sockets."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from emulator.core.instant import later
from emulator.devices.interfaces.ship import Credentials, ShipTarget
from emulator.eebus.direct import Half, Passage, connect, untouched
from emulator.eebus.lpc import STANDARD, ControllableSystem, Quirks
from emulator.eebus.node import Node
from emulator.eebus.ship import Timing
from emulator.eebus.spine import Device
from emulator.runtime.clock import Clock
from emulator.runtime.simulation import Simulation

LOW, HIGH = "11" * 20, "ee" * 20


def simulation() -> Simulation:
    return Simulation(clock=Clock(0.0), epoch=datetime(2026, 1, 5, tzinfo=UTC))


def run(world: Simulation, duration: float) -> None:
    """Let so many seconds pass."""
    world.jump(later(0, duration))


def identity(ski: str) -> Callable[[bool], Credentials]:
    """A certificate that is only a name."""
    return lambda other: Credentials(certificate=b"", key=b"", ski="99" * 20 if other else ski)


def node(world: Simulation, ski: str, *, timing: Timing | None = None, device: Device | None = None) -> Node:
    made = Node(
        world, device or Device(f"d:_n:{ski[:4]}", "Generic"), f"id-{ski[:4]}", identity(ski), timing=timing, redial=1e6
    )
    made.start()
    return made


def pair(
    world: Simulation, *, trust: bool = True, passage: Passage = untouched, timing: Timing | None = None
) -> tuple[Node, Node, Half]:
    """A client and a server that are connecting."""
    client, server = node(world, HIGH, timing=timing), node(world, LOW, timing=timing)
    if trust:
        client.decide(LOW, True)
        server.decide(HIGH, True)
    link = connect(world, client, server, ShipTarget(host="direct", ski=LOW), passage)
    return client, server, link


def system(world: Simulation, quirks: Quirks = STANDARD) -> ControllableSystem:
    made = ControllableSystem(world, lambda: 22000.0, lambda: None, quirks)
    made.start()
    return made
