"""What the control API shows of a running emulator, as plain JSON data."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING

from .. import __version__
from ..core.instant import seconds
from ..devices.interfaces import EMBEDDED_BROKER, HttpInterface, MqttInterface, OcppInterface
from ..faults.catalogue import FAULT_TYPES
from ..faults.engine import FaultEngine
from ..protocols.server import Server
from ..service.endpoints import scheme, url
from ..world.quantities import charger_view

if TYPE_CHECKING:
    from ..devices.wallbox import Wallbox
    from ..protocols.mqtt import MqttDevice
    from ..protocols.ocpp import OcppDevice
    from ..runtime.journal import Entry
    from ..service.emulator import Emulator

WILDCARDS = frozenset({"", "0.0.0.0", "::"})


def clock(emulator: Emulator) -> dict[str, object]:
    simulation = emulator.simulation
    at, speed = simulation.now(), simulation.clock.speed
    mode = {0.0: "frozen", 1.0: "realtime"}.get(speed, "speed")
    time = simulation.calendar(at).isoformat(timespec="milliseconds")
    return {"mode": mode, "speed": speed, "at": round(seconds(at), 6), "time": time}


def charger(emulator: Emulator, name: str) -> dict[str, object]:
    """All quantities of a charger."""
    view = charger_view(emulator.simulation.observe(name))
    return {**view, "wallboxes": [wallbox.address for wallbox in emulator.site.wallboxes_of(name)]}


def chargers(emulator: Emulator) -> dict[str, dict[str, object]]:
    return {name: charger(emulator, name) for name in emulator.simulation.chargers}


def wallboxes(emulator: Emulator, reached: str | None = None) -> list[dict[str, object]]:
    """All wallboxes and where they listen. `reached`: the name under which the client reached this machine."""
    served: dict[str, list[Server | MqttDevice | OcppDevice]] = {}
    for server in emulator.servers.values():
        served.setdefault(server.endpoint.wallbox.address, []).append(server)
    return [
        wallbox(found) | {"interfaces": [_interface(emulator, server, reached) for server in served.get(address, ())]}
        for address, found in emulator.site.wallboxes.items()
    ]


def wallbox(found: Wallbox) -> dict[str, object]:
    """What a wallbox is."""
    return {
        "name": found.address,
        "charger": found.charger,
        "vendor": found.vendor.id,
        "model": found.profile.model.id,
        "firmware": str(found.profile.firmware),
        "serial": found.serial,
        "up": found.up,
        "realism": found.realism.level,
    }


def _interface(emulator: Emulator, server: Server | MqttDevice | OcppDevice, reached: str | None) -> dict[str, object]:
    endpoint = server.endpoint
    interface = endpoint.interface
    shown: dict[str, object] = {"name": endpoint.name, "protocol": interface.protocol}
    shown |= _switch(server)
    if isinstance(interface, MqttInterface):
        assert not isinstance(server, Server)
        return shown | _mqtt(emulator, interface, reached) | {"listening": listening(server)}
    if isinstance(interface, OcppInterface):
        return shown | _ocpp(emulator, interface, reached) | {"listening": listening(server)}
    assert isinstance(server, Server)
    if interface.protocol == "mdns":
        return shown | {"host": None, "port": None, "url": None, "listening": server.listening}
    host = shown_host(endpoint.host, reached)
    shown |= {"host": host, "port": endpoint.port, "url": url(scheme(interface), host, endpoint.port)}
    if isinstance(interface, HttpInterface) and interface.websockets:
        path = next(iter(interface.websockets))
        shown["websocket"] = url("wss" if interface.credentials is not None else "ws", host, endpoint.port) + path
    return shown | {"listening": server.listening}


def _switch(server: Server | MqttDevice | OcppDevice) -> dict[str, object]:
    """Whether an interface is off although its port may be open, and what switches it on."""
    endpoint = server.endpoint
    by = endpoint.wallbox.switched_off_by(endpoint.name)
    silent = not listening(server) or endpoint.interface.protocol in ("http", "udp")
    if not by or not silent or not endpoint.wallbox.up:
        return {"off": None, "switch_on": None}
    stated = ", ".join(f"{name}: {json.dumps(value)}" for name, value in by.items())
    return {"off": ", ".join(by), "switch_on": f"settings: {{{stated}}}"}


def listening(server: Server | MqttDevice | OcppDevice) -> bool:
    """Whether an interface is there: its port open, or its connection to the broker or the central system made."""
    return server.listening if isinstance(server, Server) else server.state == "connected"


def _mqtt(emulator: Emulator, interface: MqttInterface, reached: str | None) -> dict[str, object]:
    """The broker a wallbox uses; None while it uses none."""
    access = interface.access()
    if access is None:
        return {"host": None, "port": None, "url": None, "prefix": interface.prefix() or None}
    host, port = access.host, access.port
    if host == EMBEDDED_BROKER and emulator.broker is not None:
        host, port = emulator.broker.bind, emulator.broker.port
    host = shown_host(host, reached)
    return {"host": host, "port": port, "url": url("mqtt", host, port), "prefix": interface.prefix() or None}


def _ocpp(emulator: Emulator, interface: OcppInterface, reached: str | None) -> dict[str, object]:
    """The central system a wallbox uses; None while it uses none."""
    access = interface.access()
    if access is None:
        return {"host": None, "port": None, "url": None}
    host, _, port = access.host.partition(":")
    if access.embedded and emulator.central_system is not None:
        host, port = shown_host(emulator.central_system.host, reached), str(emulator.central_system.port)
    return {"host": host, "port": int(port) if port.isdigit() else None, "url": access.url}


def shown_host(host: str, reached: str | None) -> str:
    """The address a client uses for a server bound to `host`."""
    return reached or "127.0.0.1" if host in WILDCARDS else host


def broker(emulator: Emulator, reached: str | None = None) -> str | None:
    """Where the MQTT broker of this run is."""
    found = emulator.broker
    if found is None:
        return None
    return url("mqtt", shown_host(found.bind, reached), found.port)


def faults(emulator: Emulator) -> list[dict[str, object]]:
    """The faults there are. What a charger has latched is one of its quantities, not one of these."""
    engine = FaultEngine.of(emulator.simulation)
    return [{**view, "about": FAULT_TYPES[str(view["kind"])].about} for view in engine.listed()]


def progress(emulator: Emulator) -> dict[str, object]:
    """How far the scenario has come."""
    steps = len(emulator.scenario.steps)
    return {"steps": steps, "done": steps - emulator.player.left, "finished": emulator.player.over}


def state(emulator: Emulator, reached: str | None = None, *, quantities: bool = True) -> dict[str, object]:
    """Everything at a glance; without what could be measured at each charger, if there are very many."""
    scenario = emulator.scenario
    return {
        "version": __version__,
        "scenario": scenario.file if scenario.chargers and scenario.file != "(none)" else None,
        "about": scenario.about,
        "seed": emulator.simulation.seed,
        "clock": clock(emulator),
        "chargers": chargers(emulator) if quantities else {},
        "wallboxes": wallboxes(emulator, reached),
        "broker": broker(emulator, reached),
        "faults": faults(emulator),
        "journal": emulator.simulation.journal.seq,
        "storage": storage(emulator),
        "timeline": progress(emulator),
        "bugs": bugs(emulator),
        "failures": [{"at": seconds(f.at), "text": str(f)} for f in emulator.result.failures],
    }


def bugs(emulator: Emulator) -> list[dict[str, object]]:
    """Mistakes of the emulator itself."""
    return [bug.as_json() for bug in emulator.bugs.found.values()]


def storage(emulator: Emulator) -> dict[str, object] | None:
    """The state file, if there is one, and what is wrong with it."""
    keeper = emulator.storage
    return None if keeper is None else {"file": str(keeper.path), "problem": keeper.problem, "unsaved": keeper.unsaved}


def entries(found: Iterable[Entry]) -> list[dict[str, object]]:
    return [entry.as_json() for entry in found]
