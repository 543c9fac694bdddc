"""The fault engine: every fault of a simulated world, by name.

The one rule: faults on one interface compose in the order in which they were armed: what the first makes of a message
is what the second gets. Where nothing is armed, nobody stands between a wallbox and its clients.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Final, Literal, Protocol

from ..devices.interception import NOBODY
from ..devices.interfaces import MqttInterface, Origin, Publish
from ..devices.retained import Retained
from ..devices.topics import matches, whole
from ..errors import EmulatorError
from .active import ActiveFault
from .injection import Injection
from .interceptor import FaultInterceptor
from .life import State
from .mqtt import BrokerDown
from .target import Target

if TYPE_CHECKING:
    import asyncio

    from ..devices.wallbox import Wallbox
    from ..runtime.simulation import Simulation

KEY: Final = "faults"


class Broker(Protocol):
    """The broker of a run, as far as faults control it."""

    async def start(self) -> None: ...

    async def stop(self) -> None: ...

    async def restart(self) -> None: ...


class QuietBroker(Protocol):
    """The broker of a run without sockets, as far as faults control it."""

    def control(self, what: Literal["stop", "start", "restart"], /) -> None: ...


class Link(Protocol):
    """A wallbox's connection to its broker, as far as faults control it."""

    def drop(self) -> None:
        """Break it."""
        ...

    def transmit(self, messages: Iterable[Publish], /) -> None:
        """Publish past the faults."""
        ...

    def deliver(self, message: Publish, client: str | None = None, /) -> None:
        """A message is for the wallbox, whatever the broker does."""
        ...

    def publish_again(self) -> None:
        """Publish what the faults make look different from what was published last."""
        ...


class FaultEngine:
    """The faults of one simulation."""

    def __init__(self, simulation: Simulation) -> None:
        self.simulation = simulation
        self.active: dict[str, ActiveFault] = {}
        """By name, in the order in which they were armed."""
        self.homes: Mapping[str, str] = {}
        """The charger that has a name to itself; faults elsewhere have their place added to it."""
        self.ended: set[str] = set()
        """Names of faults that were over at least once."""
        self._interceptors: dict[Wallbox, FaultInterceptor] = {}
        """Of every wallbox that faults are armed on."""
        self.broker: Broker | None = None
        """The broker of the run; None: there is none, as in a headless run."""
        self.quiet_broker: QuietBroker | None = None
        """That of a run without sockets."""
        self.links: Mapping[str, Link] = {}
        """The wallboxes' connections to it, by address of the interface."""
        self.served = False
        """Whether real clients can come."""
        self.pending: set[asyncio.Task[None]] = set()
        """What the broker is being told to do."""

    @classmethod
    def of(cls, simulation: Simulation) -> FaultEngine:
        """The engine of a simulation."""
        return simulation.extension(KEY, cls, lambda: cls(simulation))

    def inject(self, injection: Injection) -> ActiveFault:
        """Put a fault into the world; one of the same name ends. EmulatorError if its effect is impossible now."""
        self.simulation.now()
        if (before := self.active.get(injection.name)) is not None:
            same = type(before.effect) is type(injection.effect) and before.target.charger == injection.target.charger
            before.continued = same and injection.immediate
            before.finish("replaced")
        fault = self.active[injection.name] = ActiveFault(self, injection)
        for wallbox in injection.target.wallboxes:
            interceptor = self._interceptors.get(wallbox)
            if interceptor is None:
                interceptor = self._interceptors[wallbox] = FaultInterceptor(wallbox)
                wallbox.interceptor, wallbox.settings.swallow = interceptor, interceptor.swallows_setting
                wallbox.settings.adjust = interceptor.adjusted
            interceptor.add(fault)
        try:
            fault.arm()
        except Exception:
            fault.finish("failed")
            raise
        return fault

    def stirred(self, target: Target) -> None:
        """A fault there has moved on in its life."""
        for wallbox in target.wallboxes:
            interceptor = self._interceptors.get(wallbox)
            if interceptor is not None:
                interceptor.stirred()

    def forget(self, fault: ActiveFault) -> None:
        """A fault is over."""
        self.ended.add(fault.injection.name)
        if self.active.get(fault.injection.name) is fault:
            del self.active[fault.injection.name]
        for wallbox in fault.target.wallboxes:
            interceptor = self._interceptors.get(wallbox)
            if interceptor is not None and interceptor.remove(fault):
                del self._interceptors[wallbox]
                if wallbox.interceptor is interceptor:  # it may have been taken down since
                    wallbox.interceptor = NOBODY
                wallbox.settings.swallow = wallbox.settings.adjust = None

    def leave(self, wallbox: Wallbox) -> None:
        """A wallbox is taken down: what was armed on it alone is over."""
        for fault in tuple(self.active.values()):
            if fault.target.wallboxes == (wallbox,) and fault.target.level != "charger":
                fault.finish("taken down")

    def leave_charger(self, charger: str) -> None:
        """A charger is taken down: everything that was armed on it is over."""
        for fault in tuple(self.active.values()):
            if fault.target.charger == charger:
                fault.finish("taken down")

    # --- MQTT --------------------------------------------------------------------------------------------------------

    def control_broker(self, what: Literal["stop", "start", "restart"]) -> None:
        """Stop or start the broker of the run, as soon as the event loop gets to it."""
        import asyncio  # here, because a scenario can be checked and played without any event loop

        if what != "start":
            Retained.of(self.simulation).clear()
        if self.quiet_broker is not None:
            self.quiet_broker.control(what)
        if self.broker is None:
            return
        task = asyncio.get_running_loop().create_task(self._control(self.broker, what, tuple(self.pending)))
        self.pending.add(task)
        task.add_done_callback(self.pending.discard)

    async def _control(self, broker: Broker, what: str, before: tuple[asyncio.Task[None], ...]) -> None:
        import asyncio

        await asyncio.gather(*before, return_exceptions=True)
        try:
            await {"stop": broker.stop, "start": broker.start, "restart": broker.restart}[what]()
        except EmulatorError as error:
            self.simulation.journal.record(self.simulation.at, "fault", "broker", {"what": "failed", "why": str(error)})

    @property
    def broker_gone(self) -> bool:
        """Whether a fault keeps the broker away."""
        return any(fault.in_force and isinstance(fault.effect, BrokerDown) for fault in self.active.values())

    def drop_link(self, wallbox: str) -> None:
        """Break a wallbox's connection to its broker."""
        for address, link in self.links.items():
            if address.startswith(f"{wallbox}."):
                link.drop()

    def publish_again(self, target: Target) -> None:
        """What was published may look different now: publish what does."""
        for wallbox in target.wallboxes:
            for address, link in self.links.items():
                if address.startswith(f"{wallbox.address}.") and target.reaches(address.rpartition(".")[2]):
                    link.publish_again()

    def publish_foreign(self, wallbox: Wallbox, message: Publish) -> None:
        """Publish in the name of somebody else. Below the wallbox's prefix, unless it is a whole topic."""
        for name, interface in wallbox.interfaces.items():
            if isinstance(interface, MqttInterface):
                message = replace(message, topic=whole(message.topic, interface.prefix()))
                link = self.links.get(f"{wallbox.address}.{name}")
                if link is not None:
                    link.transmit([message])
                else:
                    self._deliver(wallbox, name, interface, message)

    def hand_over(self, wallbox: Wallbox, message: Publish, client: str) -> None:
        """A client of the broker publishes to a wallbox, which gets it this very instant if it listens."""
        for name, interface in wallbox.interfaces.items():
            link = self.links.get(f"{wallbox.address}.{name}")
            if link is not None and isinstance(interface, MqttInterface):
                topic = whole(message.topic, interface.prefix())
                if any(matches(pattern, topic) for pattern in interface.subscriptions()):
                    link.deliver(replace(message, topic=topic), client)

    def _deliver(self, wallbox: Wallbox, name: str, interface: MqttInterface, message: Publish) -> None:
        """Without a broker: straight to the wallbox, if it listens."""
        listens = wallbox.up and interface.access() is not None
        if listens and any(matches(pattern, message.topic) for pattern in interface.subscriptions()):
            origin = Origin(interface=name, client="somebody else")
            for _ in interface.received(message.topic, message.payload, False, origin):
                pass

    # --- names -------------------------------------------------------------------------------------------------------

    def state_of(self, name: str) -> State:
        """Where a fault is in its life; one that is to be armed later is idle."""
        found = self.called(name)
        if found:
            return next((fault for fault in found if fault.in_force), found[0]).shown
        ended = any(known in (name, f"{name}@{known.partition('@')[2]}") for known in self.ended)
        return State.OVER if ended else State.IDLE

    def free_name(self, wanted: str, address: str) -> str:
        """A name for a fault, different from that of one elsewhere."""
        fault = self.active.get(wanted)
        home = self.homes.get(wanted)
        free = fault is None or fault.target.address == address
        return wanted if free and home in (None, address.partition(".")[0]) else f"{wanted}@{address}"

    def called(self, name: str, charger: str | None = None) -> list[ActiveFault]:
        """The faults of a name, on one charger or wherever they are."""
        return [
            fault
            for known, fault in self.active.items()
            if known in (name, f"{name}@{fault.target.address}") and charger in (None, fault.target.charger)
        ]

    def listed(self) -> list[Mapping[str, object]]:
        """Every fault there is, for the control API."""
        return [fault.view() for fault in self.active.values()]
