"""What the control API shows of the emulator's own central system for charge points (OCPP), as plain JSON data.

The one rule: nothing of OCPP is imported before a central system runs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..devices.interfaces.ocpp import CallError
from ..service.endpoints import url
from ..world.central_system import ocpp_access
from .views import shown_host

if TYPE_CHECKING:
    from ..ocpp.central_system import CentralSystem, Exchange, Served, ServedTransaction
    from ..service.emulator import Emulator


def view(emulator: Emulator, reached: str | None = None) -> dict[str, object]:
    """The central system and every charge point that has ever connected to it."""
    server = emulator.central_system
    if server is None:
        return {"url": None, "charge_points": []}
    wallboxes = {}
    for address, wallbox in emulator.site.wallboxes.items():
        access = ocpp_access(wallbox)
        if access is not None and access.embedded:
            wallboxes[access.identity] = address
    system = server.system
    return {
        "url": url("ws", shown_host(server.host, reached), server.port),
        "charge_points": [
            _charge_point(system, identity, served, wallboxes.get(identity))
            for identity, served in system.served.items()
        ],
    }


def _charge_point(system: CentralSystem, identity: str, served: Served, wallbox: str | None) -> dict[str, object]:
    return {
        "identity": identity,
        "wallbox": wallbox,
        "connected": identity in system.sessions,
        "boot": served.boot,
        "statuses": [{"connector": number, "status": status} for number, status in sorted(served.statuses.items())],
        "transaction": _transaction(served.running),
        "meter_values": served.meter_values,
        "exchanges": [_exchange(exchange) for exchange in served.exchanges],
    }


def _transaction(running: ServedTransaction | None) -> dict[str, object] | None:
    if running is None:
        return None
    return {"id": running.id, "tag": running.tag, "meter_start": running.meter_start}


def _exchange(exchange: Exchange) -> dict[str, object]:
    answer = exchange.answer
    refused = answer if isinstance(answer, CallError) else None
    return {
        "time": exchange.at.isoformat(timespec="milliseconds"),
        "from": "central_system" if exchange.own else "charge_point",
        "action": exchange.call.action,
        "payload": exchange.call.payload,
        "answer": None if answer is None or isinstance(answer, CallError) else answer.payload,
        "error": f"{refused.code}: {refused.description}".removesuffix(": ") if refused is not None else None,
    }
