"""A central system made of the `ocpp` library's own server side, on a real socket."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import ocpp.messages
from ocpp.routing import on
from ocpp.v16 import ChargePoint, call_result
from ocpp.v16.datatypes import IdTagInfo
from ocpp.v16.enums import AuthorizationStatus, RegistrationStatus
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from emulator.ocpp.clock import plain_time

ocpp.messages.ASYNC_VALIDATION = False

ACCEPTED = IdTagInfo(AuthorizationStatus.accepted)


class Client(ChargePoint):
    """One connected charge point, as the library serves it; every message of both sides is checked by its schemas."""

    def __init__(self, identity: str, connection: ServerConnection, central: Central) -> None:
        super().__init__(identity, connection)
        self.central = central

    def _note(self, action: str, payload: dict[str, Any]) -> None:
        self.central.seen.append((action, payload))

    @on("BootNotification")
    async def boot(self, **payload: Any) -> call_result.BootNotification:
        self._note("BootNotification", payload)
        return call_result.BootNotification(
            plain_time(self.central.clock()), self.central.heartbeat, RegistrationStatus.accepted
        )

    @on("Heartbeat")
    async def heartbeat(self) -> call_result.Heartbeat:
        self._note("Heartbeat", {})
        return call_result.Heartbeat(plain_time(self.central.clock()))

    @on("StatusNotification")
    async def status(self, **payload: Any) -> call_result.StatusNotification:
        self._note("StatusNotification", payload)
        return call_result.StatusNotification()

    @on("Authorize")
    async def authorize(self, **payload: Any) -> call_result.Authorize:
        self._note("Authorize", payload)
        return call_result.Authorize(ACCEPTED)

    @on("StartTransaction")
    async def start_transaction(self, **payload: Any) -> call_result.StartTransaction:
        self._note("StartTransaction", payload)
        self.central.starting.set()
        await self.central.hold.wait()
        self.central.transactions += 1
        return call_result.StartTransaction(self.central.transactions, ACCEPTED)

    @on("StopTransaction")
    async def stop_transaction(self, **payload: Any) -> call_result.StopTransaction:
        self._note("StopTransaction", payload)
        return call_result.StopTransaction()

    @on("MeterValues")
    async def meter_values(self, **payload: Any) -> call_result.MeterValues:
        self._note("MeterValues", payload)
        return call_result.MeterValues()


@dataclass(kw_only=True)
class Central:
    """The server and what it has seen."""

    clock: Callable[[], datetime]
    heartbeat: int = 3600
    seen: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    authorisations: list[str | None] = field(default_factory=list)
    clients: list[Client] = field(default_factory=list)
    transactions: int = 0
    hold: asyncio.Event = field(default_factory=asyncio.Event)
    """StartTransaction is answered while it is set."""
    starting: asyncio.Event = field(default_factory=asyncio.Event)
    """A StartTransaction has come."""
    refuse: int | None = None
    """Status with which a handshake is refused."""
    url: str = ""
    server: Server | None = None

    @property
    def client(self) -> Client:
        return self.clients[-1]

    def actions(self) -> list[str]:
        return [action for action, _ in self.seen]

    def statuses(self) -> list[str]:
        found = [payload for action, payload in self.seen if action == "StatusNotification"]
        return [str(payload["status"]) for payload in found if payload["connector_id"] == 1]

    async def serve(self, connection: ServerConnection) -> None:
        client = Client("box", connection, self)
        self.clients.append(client)
        with suppress(ConnectionClosed):
            await client.start()

    def admit(self, connection: ServerConnection, request: Request) -> Response | None:
        self.paths.append(request.path)
        self.authorisations.append(request.headers.get("Authorization"))
        return None if self.refuse is None else connection.respond(self.refuse, "no")


@asynccontextmanager
async def library_server(clock: Callable[[], datetime]) -> AsyncIterator[Central]:
    central = Central(clock=clock)
    central.hold.set()

    async with serve(
        central.serve,
        "127.0.0.1",
        0,
        subprotocols=["ocpp1.6"],  # type: ignore[list-item]
        process_request=central.admit,
        compression=None,
    ) as server:
        central.server = server
        central.url = f"ws://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}"
        yield central
