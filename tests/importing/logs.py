"""Logs as clients write them, of boxes that the emulator plays: what goes in is known."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial

from emulator.core.agenda import Priority
from emulator.core.instant import SECOND
from emulator.devices.interfaces import (
    HttpInterface,
    HttpRequest,
    ModbusInterface,
    ModbusRequest,
    Origin,
    UdpInterface,
)
from emulator.devices.wallbox import Wallbox
from emulator.protocols.modbus_frames import Asked, Frame, encode
from emulator.runtime.clock import Clock
from emulator.scenario.loader import from_data
from emulator.scenario.player import FOREVER, Player
from emulator.world.building import build

BEGIN = datetime(2026, 2, 3, 8, 0, tzinfo=UTC)
ORIGIN = Origin(interface="test", client="127.0.0.1:7090")


def get(wallbox: Wallbox, path: str) -> str:
    """What the box answers over HTTP."""
    interface = wallbox.interfaces["http"]
    assert isinstance(interface, HttpInterface)
    return interface.answer(HttpRequest(method="GET", target=path, headers={}, origin=ORIGIN)).body.decode()


def datagram(wallbox: Wallbox, text: str) -> str:
    """What the box answers over UDP."""
    interface = wallbox.interfaces["udp"]
    assert isinstance(interface, UdpInterface)
    return "\n".join(each.data.decode() for each in interface.handle(text.encode(), ORIGIN))


@dataclass
class Printer:
    """Prints lines as evcc does."""

    area: str
    lines: list[str] = field(default_factory=list)
    at: float = 0.0
    number: int = 0

    def say(self, text: str, area: str = "") -> None:
        stamp = (BEGIN + timedelta(seconds=int(self.at))).strftime("%Y/%m/%d %H:%M:%S")
        self.lines.append(f"[{area or self.area:<6}] TRACE {stamp} {text}")

    def registers(self, wallbox: Wallbox, address: int, count: int, unit: int) -> None:
        """A read over Modbus, as two lines of hexadecimal."""
        interface = wallbox.interfaces["modbus"]
        assert isinstance(interface, ModbusInterface)
        self.number += 1
        asked = Asked(function=3, address=address, count=count, values=())
        pdu = bytes((3, *address.to_bytes(2, "big"), *count.to_bytes(2, "big")))
        reply = interface.handle(
            ModbusRequest(unit=unit, function=3, address=address, count=count, values=(), origin=ORIGIN)
        )
        assert reply is not None
        for way, body in (("send", pdu), ("recv", encode(pdu, asked, reply))):
            self.say(f"modbus: {way} {Frame(self.number, unit, body).encode().hex(' ')}")


def goe(printer: Printer, wallbox: Wallbox) -> None:
    path = "/api/status?filter=alw,car,eto,nrg,wh,amp,frc"
    printer.say(f"GET http://192.0.2.30{path}")
    printer.say(get(wallbox, path))


def warp(printer: Printer, wallbox: Wallbox) -> None:
    for topic in ("evse/state", "evse/external_current", "meter/values"):
        printer.say(f"recv warp3/TeST/{topic}: '{get(wallbox, f'/{topic}')}'")


def keba(printer: Printer, wallbox: Wallbox) -> None:
    for report in ("report 2", "report 3"):
        printer.say(f"send 192.0.2.40:7090: {report}")
        printer.say(f"recv 192.0.2.40:7090: {datagram(wallbox, report).strip()}")


def bender(printer: Printer, wallbox: Wallbox) -> None:
    for address, count in ((122, 1), (206, 12), (218, 2), (220, 2), (222, 6), (1000, 1)):
        printer.registers(wallbox, address, count, 1)


def nrgkick(printer: Printer, wallbox: Wallbox) -> None:
    for path in ("/values", "/control"):
        printer.say(f"GET http://192.0.2.50{path}")
        printer.say(get(wallbox, path))


def lektrico(printer: Printer, wallbox: Wallbox) -> None:
    printer.say("GET http://192.0.2.60/rpc/charger_info.get")
    printer.say(get(wallbox, "/rpc/charger_info.get"))


@dataclass(frozen=True)
class Client:
    """How a client polls a box, and what it prints when it asks for another current [A]."""

    model: str
    area: str
    poll: Callable[[Printer, Wallbox], None]
    limit: Callable[[int], Mapping[str, object]]
    printed: Callable[[int], Sequence[str]]


def _json(**values: object) -> str:
    return json.dumps(values)


CLIENTS: Mapping[str, Client] = {
    "goe": Client(
        "gemini-22",
        "go-e",
        goe,
        lambda amperes: {"amp": amperes},
        lambda amperes: (f"GET http://192.0.2.30/api/set?amp={amperes}", '{"amp":true}'),
    ),
    "warp": Client(
        "warp3-pro-22",
        "warp",
        warp,
        lambda amperes: {"evse/external_current.current": amperes * 1000},
        lambda amperes: (f"send warp3/TeST/evse/external_current_update: '{_json(current=amperes * 1000)}'",),
    ),
    "keba": Client(
        "keba-p30-c-32",
        "keba",
        keba,
        lambda amperes: {"curr": amperes * 1000},
        lambda amperes: (f"send 192.0.2.40:7090: curr {amperes * 1000}", "recv 192.0.2.40:7090: TCH-OK :done"),
    ),
    "bender": Client(
        "cc612",
        "bender",
        bender,
        lambda amperes: {"modbus.1000": amperes},
        lambda amperes: (
            f"modbus: send ff {amperes:02x} 00 00 00 06 01 06 03 e8 00 {amperes:02x}",
            f"modbus: recv ff {amperes:02x} 00 00 00 06 01 06 03 e8 00 {amperes:02x}",
        ),
    ),
    "nrgkick": Client(
        "nrgkick-32",
        "nrggen2",
        nrgkick,
        lambda amperes: {"control.current_set": amperes},
        lambda amperes: (f"GET http://192.0.2.50/control?current_set={amperes}", _json(current_set=amperes)),
    ),
    "lektrico": Client(
        "3p22k",
        "lektrico",
        lektrico,
        lambda amperes: {"dynamic_current": amperes},
        lambda amperes: (
            "POST http://192.0.2.60/rpc",
            _json(src="evcc", id=1, method="dynamic_current.set", params={"dynamic_current": amperes})
            + '\n--\n{"id":1,"result":true}',
        ),
    ),
}


@dataclass(frozen=True)
class Story:
    """What happens at a charger, at seconds of a log that is polled every `period`."""

    period: int
    plug_in: int | None
    unplug: int | None
    limits: Mapping[int, int]
    """A, by time."""
    vehicle: Mapping[str, object]
    voltage: float
    polls: int = 8


def log_of(vendor: str, story: Story) -> str:
    """The log of a story."""
    client = CLIENTS[vendor]
    steps: list[tuple[int, dict[str, object]]] = []
    if story.plug_in is not None:
        steps.append((story.plug_in, {"plug_in": {"vehicle": "car"}}))
    if story.unplug is not None:
        steps.append((story.unplug, {"unplug": {}}))
    steps += [(at, {"command": {"write": dict(client.limit(amperes))}}) for at, amperes in story.limits.items()]
    scenario = from_data(
        {
            "vehicles": {"car": dict(story.vehicle)},
            "supply": {"voltage": f"{story.voltage:g} V"},
            "wallbox": {vendor: {"model": client.model, "interfaces": "all"}},
            "steps": [{"at": f"{at} s", **step} for at, step in sorted(steps, key=lambda one: one[0])],
            "end": {"at": f"{story.polls * story.period + 1} s"},
        }
    )
    site = build(scenario, clock=Clock(0.0))
    wallbox = next(iter(site.wallboxes.values()))
    printer = Printer(client.area)

    def poll(at: int) -> None:
        printer.at = at / SECOND
        client.poll(printer, wallbox)

    def ask(amperes: int, at: int) -> None:
        printer.at = at / SECOND
        for text in client.printed(amperes):
            printer.say(text)

    for number in range(1, story.polls + 1):
        site.simulation.agenda.call_at(number * story.period * SECOND, Priority.METER, poll)
    for at, amperes in story.limits.items():
        site.simulation.agenda.call_at(at * SECOND, Priority.METER, partial(ask, amperes))
    player = Player(site, scenario)
    player.start()
    for _ in site.simulation.steps_to(FOREVER):
        if player.over:
            break
    assert player.result().ok, player.result().failures
    return "\n".join(printer.lines) + "\n"
