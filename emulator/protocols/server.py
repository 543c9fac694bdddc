"""What every protocol server shares: where it listens, when it is there, and how its traffic is recorded.

The one rule: a server is there exactly while its wallbox is powered and its interface is switched on; when it is off,
connections are refused as by a real one.
"""

from __future__ import annotations

import asyncio
import errno
import logging
from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from functools import partial
from time import perf_counter
from typing import Final, Self, TypeVar, TypeVarTuple

from ..core.instant import Instant
from ..devices.interception import UNTOUCHED, Gate, Interception
from ..devices.interfaces import Interface, Origin
from ..devices.traffic import Message
from ..devices.wallbox import Wallbox
from ..errors import PortTaken
from ..runtime.journal import Entry
from ..runtime.simulation import Simulation
from .listening import Accepted, Context, Listening, SharedPorts, listen
from .workload import Workload

log = logging.getLogger(__name__)

T = TypeVar("T")
Ts = TypeVarTuple("Ts")
F = TypeVar("F")
Declared = TypeVar("Declared")

APART: Final = 0.0001
"""Wall seconds between two late answers: timers of one instant have no order."""


@dataclass(eq=False)
class Endpoint:
    """One interface of one wallbox and the address it is served on.

    After a reset of the world the same endpoint (and the same port) serves the new wallbox: see `attach`.
    """

    wallbox: Wallbox
    name: str
    """`http`, `modbus`, ..."""
    host: str = "127.0.0.1"
    port: int = 0
    """Requested port; the real one once it is bound (0: any)."""
    shared: SharedPorts | None = None
    """Where a port may be one of many wallboxes."""
    workload: Workload = field(default_factory=Workload)
    websocket_workload: Workload = field(default_factory=Workload)
    """Of the WebSocket paths on the port of an HTTP server."""

    def __post_init__(self) -> None:
        self.attach(self.wallbox)

    def attach(self, wallbox: Wallbox) -> None:
        """Serve another wallbox (of the same vendor) from now on."""
        self.wallbox = wallbox
        self.simulation: Simulation = wallbox.simulation
        self.interface: Interface = wallbox.interfaces[self.name]
        self.address = f"{wallbox.address}.{self.name}"
        """Name in scenarios: `garage.goe.http`."""
        self._gate: Gate | None = None

    def declared(self, kind: type[Declared]) -> Declared:
        """The interface, of the kind that its server serves."""
        interface = self.interface
        assert isinstance(interface, kind)
        return interface

    async def listen(self, accepted: Accepted, context: Context | None = None) -> Listening:
        """Accept connections here, and know the real port. OSError if it is taken."""
        found = await listen(accepted, self.host, self.port, context=context, shared=self.shared)
        self.port = found.port
        return found

    @property
    def reachable(self) -> bool:
        """Powered, booted, and switched on."""
        return self.wallbox.serves(self.name)

    def intercept(
        self, form: Hashable | None, client: str | None, describe: Callable[[*Ts], Message], *args: *Ts
    ) -> Interception:
        """What happens to a message on its way; described only if somebody may want to see it.

        `form`: all that its description depends on beside the client, so that another one like it need not be looked
        at again; None: look at each.
        """
        interceptor = self.wallbox.interceptor
        if not interceptor.active:
            return UNTOUCHED
        gate = self._gate
        if gate is None or not gate.holds(interceptor):
            gate = self._gate = Gate(interceptor, self._carries)
        if not gate.closed or (form is not None and gate.knows(form, client)):
            return UNTOUCHED
        found = interceptor.intercept(describe(*args))
        if found is UNTOUCHED and form is not None and gate.holds(interceptor):
            gate.learn(form, client)
        return found

    @property
    def _carries(self) -> tuple[str, ...]:
        """The interfaces whose messages pass here."""
        return (self.name, "websocket") if self.interface.protocol == "http" else (self.name,)

    def latency(self, interface: str | None = None) -> float:
        """How long the device takes for its next answer [wall s]. `interface`: default, this one."""
        return self.wallbox.realism.latency(interface or self.name)

    def connection_limit(self, limit: int) -> int:
        """How many connections there may be, where the device takes `limit`."""
        return self.wallbox.interceptor.connection_limit(self.name, limit)

    def ask(self, fallback: Callable[[], F], question: Callable[[*Ts], T], *args: *Ts) -> T | F:
        """The wallbox's answer to a client; how long it took is counted. Else as `guarded`."""
        began = perf_counter()
        answer: T | F
        try:
            answer = question(*args)
        except Exception as error:
            answer = self.simulation.bugs.instead(self.address, error, fallback)
        self.workload.answered(perf_counter() - began)
        return answer

    def guarded(self, fallback: Callable[[], F], question: Callable[[*Ts], T], *args: *Ts) -> T | F:
        """What the wallbox says; `fallback` if our code for it fails, as a device would do when its own does."""
        return self.simulation.bugs.guard(self.address, fallback, question, *args)

    def record(
        self,
        kind: str,
        name: str,
        detail: Mapping[str, object] | None = None,
        *,
        client: str | None = None,
        interface: str | None = None,
    ) -> Entry:
        """Add what passed through here to the journal. `interface`: default, the name of this one."""
        wallbox, simulation = self.wallbox, self.simulation
        return simulation.journal.record(
            simulation.agenda.at,
            kind,
            name,
            detail,
            charger=wallbox.charger,
            wallbox=wallbox.name,
            interface=interface or self.name,
            client=client,
        )

    def recorder(self, client: str | None, interface: str) -> Callable[[str, str, Mapping[str, object] | None], Entry]:
        """As `record`, for several entries (kind, name, detail) at the present instant."""
        wallbox, simulation = self.wallbox, self.simulation
        return partial(
            simulation.journal.record,
            simulation.agenda.at,
            charger=wallbox.charger,
            wallbox=wallbox.name,
            interface=interface,
            client=client,
        )

    def origin(self, client: str | None, cause: Entry | None = None, *, interface: str | None = None) -> Origin:
        return Origin(interface or self.name, client, self.host, None if cause is None else cause.seq)


class Server(ABC):
    """A socket server for one endpoint, used as `async with`. Follows the wallbox: up, down, switched on or off."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        self._listening = False
        self._closing = False
        self._stale = False
        self._changed = False
        self.stirs: Callable[[Server], None] = lambda _server: None
        """Called when `settle` has something to do."""
        self._lock = asyncio.Lock()
        self._unlisten: Callable[[], None] = lambda: None
        self._follower: asyncio.Task[None] | None = None
        """Exists while there is something to settle."""

    @property
    def listening(self) -> bool:
        return self._listening

    @property
    def clients(self) -> Mapping[str, int]:
        """Open connections by interface: `http`, `websocket`. Default: the protocol has none."""
        return {}

    @property
    def talks(self) -> bool:
        """Whether there is a conversation, which knows more than one request. Default: the protocol has none."""
        return False

    @abstractmethod
    async def open(self) -> None:
        """Listen on `endpoint.host:endpoint.port` and put the real port into the endpoint. OSError if it cannot."""

    @abstractmethod
    async def close(self) -> None:
        """Stop listening and drop every connection at once."""

    def drop(self) -> None:
        """Drop every connection at once, but keep the port. Called in the middle of things: must not wait.

        Default: `settle` closes and opens again.
        """
        self._stale = True

    def attach(self, wallbox: Wallbox) -> None:
        """Serve another wallbox from now on; open connections belong to the old one and are dropped."""
        self._unlisten()
        self.drop()
        self.endpoint.attach(wallbox)
        self._unlisten = wallbox.listen(self._on_change)
        if self.outdated():
            self._stir()

    def _on_change(self, _at: Instant) -> None:
        """Connections end at the very instant the wallbox goes down, even if it is up again before anybody waits."""
        if self._listening and not self.endpoint.reachable:
            self.drop()
        if self.outdated():
            self._stir()

    def outdated(self) -> bool:
        """Whether the sockets may not match the wallbox."""
        return self._stale or self._lock.locked() or self._listening is not self.endpoint.reachable

    def _stir(self) -> None:
        self._changed = True
        self.stirs(self)
        if self._follower is None and not self._closing:
            self._follower = asyncio.create_task(self._follow(), name=f"follow {self.endpoint.address}")
            self._follower.add_done_callback(self.endpoint.simulation.bugs.of_a_task)

    @property
    def unsettled(self) -> bool:
        """Whether something has changed that `settle` has not looked at, or is looking at."""
        return self._changed or self._lock.locked()

    async def settle(self) -> None:
        """Make the sockets match the wallbox: open if it is reachable, closed if not."""
        async with self._lock:
            self._changed = False
            wanted = self.endpoint.reachable and not self._closing
            if self._listening and self._stale:
                self._listening = False
                await self.close()
            self._stale = False
            if wanted and not self._listening:
                try:
                    await self.open()
                except OSError as error:
                    raise taken(self.endpoint, error) from error
                self._listening = True
            elif self._listening and not wanted:
                self._listening = False
                await self.close()

    async def __aenter__(self) -> Self:
        """Bind (the port is known afterwards) and follow the wallbox. PortTaken if the port is in use.

        An interface that is switched off takes no port before it is needed, unless any will do.
        """
        if self.endpoint.reachable or self.endpoint.port == 0:
            try:
                await self.open()
            except OSError as error:
                raise taken(self.endpoint, error) from error
            self._listening = True
        self._unlisten = self.endpoint.wallbox.listen(self._on_change)
        await self.settle()
        return self

    async def __aexit__(self, *_: object) -> None:
        self._closing = True
        self._unlisten()
        if self._follower is not None:
            self._follower.cancel()
            await asyncio.gather(self._follower, return_exceptions=True)
        await self.settle()

    async def _follow(self) -> None:
        """Settle until nothing is left to be."""
        try:
            while self._changed:
                try:
                    await self.settle()
                except PortTaken as error:  # taken while the wallbox was down: tried again at the next change
                    log.error("%s", error)
                    self.endpoint.record("connection", "port taken", {"port": self.endpoint.port})
        finally:
            self._follower = None


def unbound(error: OSError) -> str:
    """Why a port cannot be bound, for a user."""
    if error.errno == errno.EADDRINUSE:
        return "is in use by another program"
    if error.errno == errno.EACCES:
        return "needs more rights (ports below 1024)"
    if error.errno == errno.EADDRNOTAVAIL:
        return "cannot be bound: this machine has no such address"
    return f"cannot be bound: {error.strerror or error}"


def taken(endpoint: Endpoint, error: OSError) -> PortTaken:
    """The error a user sees when a port cannot be bound."""
    return PortTaken(
        f"wallbox {endpoint.wallbox.address}, interface {endpoint.name}: "
        f"port {endpoint.port} on {endpoint.host} {unbound(error)}; "
        f"choose another with `{endpoint.name}:` in the scenario, 0 for any free port"
    )
