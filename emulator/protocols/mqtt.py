"""Runs a wallbox's `MqttInterface`: the wallbox as a client of a broker.

The one rule: the broker sees exactly what happens to the wallbox. Switched off, it says good-bye; without power, its
connection breaks; with other settings, it connects again; and all of it at the instant it happens.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Final, Literal, ParamSpec

from ..core.agenda import Priority
from ..core.instant import Instant
from ..devices.delivery import Copy
from ..devices.interception import Interception
from ..devices.interfaces import EMBEDDED_BROKER, BrokerAccess, MqttInterface, Origin, Publish
from ..devices.retained import Retained, described
from ..devices.traffic import of_publish
from ..devices.wallbox import Wallbox
from ..runtime.journal import Entry
from .broker import Broker
from .mqtt_client import Connection
from .mqtt_echoes import Echoes
from .mqtt_packets import Message
from .outgoing import GOOD_BYE, Outgoing
from .push import Publisher
from .server import APART, Endpoint

P = ParamSpec("P")

logger = logging.getLogger(__name__)

QOS: Final[tuple[Literal[0], Literal[1], Literal[2]]] = (0, 1, 2)


class MqttDevice(Outgoing):
    """The MQTT client of one wallbox, as `async with`. All its work is done on the event loop, without blocking it."""

    def __init__(self, endpoint: Endpoint, broker: Broker | None = None) -> None:
        super().__init__(endpoint)
        self._broker = broker
        self._target: BrokerAccess | None = None
        self._link: Connection | None = None
        """The connection, from the attempt to its end."""
        self._publisher: Publisher | None = None
        self._echoes = Echoes()
        self._published: dict[str, tuple[Publish, bytes]] = {}
        """By topic what the wallbox has published last on this connection, and what became of it."""
        self._repeating = False
        self._held: list[Publish] | None = None
        """While the wallbox handles a message: what it publishes meanwhile, to follow the answer."""
        self._leaving: dict[asyncio.Future[None], Connection] = {}
        self._waiting = 0
        """Messages that have arrived and that the wallbox has not taken yet."""
        self._due = 0.0
        """Loop time at which it takes the last of them."""

    @property
    def interface(self) -> MqttInterface:
        return self.endpoint.declared(MqttInterface)

    async def __aexit__(self, *_: object) -> None:
        await self._end()
        if self._leaving:
            late = (await asyncio.wait(self._leaving, timeout=GOOD_BYE))[1]
            for over in late:
                self._leaving[over].abort()
            if late:
                await asyncio.wait(late)

    def attach(self, wallbox: Wallbox) -> None:
        """Be another wallbox (of the same vendor) from now on; the old one says good-bye."""
        self._unlisten()
        self._retarget(None)
        self.endpoint.attach(wallbox)
        self._listen()

    async def settled(self) -> None:
        """Until the broker has taken everything published so far; at once if the wallbox or the broker is away."""
        while self.state in ("connecting", "connected"):
            link = self._link
            if self.state == "connecting" or link is None:
                await self._moved.wait()
                continue
            await link.flushed()
            if link is self._link:
                return

    def drop(self, reason: str = "connection reset") -> None:
        """Break the connection as a disturbed network does: both sides see it end, and the wallbox tries again."""
        if self._link is not None and self.state == "connected":
            self._link.abort()
            self.lost(reason)

    # --- messages ----------------------------------------------------------------------------------------------------

    def send(self, messages: Iterable[Publish]) -> None:
        """Publish what the wallbox wants published, in order."""
        passed = []
        for message in messages:
            interception = self.endpoint.intercept(None, None, of_publish, message, self.endpoint.name, "out")
            content = interception.content(message.payload)
            if message.retain:
                self._published[message.topic] = message, content
            copies = interception.copies([Copy(message=message, data=content)])
            passed += _in_time(copies, lambda late: self.transmit([late]))
        self.transmit(passed)

    def publish_again(self) -> None:
        """Publish again what faults make look different from what was retained, as soon as this message is done."""
        if not self._repeating and self.state == "connected":
            self._repeating = True
            self.simulation.timer(self._repeat, Priority.METER).set(self.simulation.at)
            self.simulation.wake()

    def _repeat(self, _at: Instant) -> None:
        self._repeating = False
        different = []
        for message, content in self._published.values():
            outgoing = of_publish(message, self.endpoint.name, "out")
            interception = self.endpoint.wallbox.interceptor.intercept(outgoing, peek=True)
            if interception.content(message.payload) != content:
                different.append(message)
        self.send(different)

    def transmit(self, messages: Iterable[Publish]) -> None:
        """Publish whatever happens to other messages."""
        link = self._link
        if link is None or self.state != "connected":
            return
        batch = list(messages)
        for message in batch:
            self._echoes.sent(message)
            Retained.of(self.simulation).put(message)
            self._record("push", message, self._peer)
        self.endpoint.workload.pushes_dropped += link.publish(batch)

    def received(self, message: Message) -> None:
        """The broker sent a message."""
        qos = QOS[message.qos]
        arrived = Publish(topic=message.topic, payload=message.payload, retain=message.retain, qos=qos)
        lag, link = self.endpoint.latency(), self._link
        if lag <= 0 and not self._waiting:
            self.deliver(arrived)
            return

        def take() -> None:
            self._waiting -= 1
            if self._link is link:
                self.deliver(arrived)

        loop = asyncio.get_running_loop()
        self._due = max(loop.time() + lag, self._due + APART)
        self._waiting += 1
        loop.call_at(self._due, take)

    def deliver(self, arrived: Publish, client: str | None = None) -> None:
        """A message is for the wallbox. `client`: who it is from, where that is known."""
        interception = self.endpoint.intercept(None, None, of_publish, arrived, self.endpoint.name, "in")
        if interception.lost():
            return
        copies = interception.copies([Copy(message=arrived, data=arrived.payload)])
        for passed in _in_time(copies, lambda late: self._deliver(late, interception, client)):
            self._deliver(passed, interception, client)

    def _deliver(self, message: Publish, interception: Interception, client: str | None) -> None:
        """Hand a message to the wallbox."""
        self.simulation.now()
        if self.state != "connected":  # the wallbox went down a moment before
            return
        publisher = self._broker.publisher(message.topic, message.payload) if self._broker is not None else None
        client = client or publisher or self._peer
        cause = None if self._echoes.includes(message) else self._record("request", message, client)
        origin = self.endpoint.origin(client, cause)
        with self.simulation.because(cause):
            self._held = []
            with interception.handling():
                answer = self.endpoint.ask(list, self._answered, message, origin)
            held, self._held = self._held, None
            self.send(answer)
            self.send(held)

    def _answered(self, message: Publish, origin: Origin) -> list[Publish]:
        return list(self.interface.received(message.topic, message.payload, message.retain, origin))

    def _publish(self, at: Instant) -> None:
        """Something may be new at `at`."""
        messages = self._asked(self.interface.published, at)
        if self._held is not None:
            self._held += messages
        else:
            self.send(messages)

    def _asked(self, question: Callable[P, Iterable[Publish]], *args: P.args, **kwargs: P.kwargs) -> list[Publish]:
        """What the wallbox says; silence if our code for it fails."""
        return self.endpoint.guarded(list, lambda: list(question(*args, **kwargs)))

    def _record(self, kind: Literal["push", "request"], message: Publish, client: str | None) -> Entry:
        detail = described(message, self.interface.prefix(), pushed=kind == "push")
        return self.endpoint.record(kind, message.topic, detail, client=client)

    # --- the life of a connection ------------------------------------------------------------------------------------

    def accepted(self) -> None:
        """The broker has let the wallbox in."""
        self.simulation.now()
        link = self._link
        if link is None:  # the wallbox went down a moment before
            return
        self._said = None
        self._published.clear()
        self._echoes = Echoes()
        self._move("connected")
        entry = self._record_connection("connected", {"client_id": link.access.client_id})
        with self.simulation.exchange(entry):
            self.endpoint.wallbox.happenings.count += 1  # it shows in what the wallbox says first
            self.send(self._asked(self.interface.connected, self.endpoint.origin(self._peer, entry)))
        if link is self._link:
            self._subscribe(link)
            self._publisher = Publisher(self.endpoint.wallbox, self.interface.period, self._publish).start()

    def lost(self, reason: str) -> None:
        """The connection has ended, or was never made, without the wallbox's doing."""
        name = "lost" if self.state == "connected" else "failed"
        self._link = None
        self._silence()
        self._move("waiting")
        self.simulation.now()
        if reason != self._said or name == "lost":
            self._said = reason
            self._record_connection(name, {"reason": reason})
        self._asked(self._tell_lost, reason)

    def _tell_lost(self, reason: str) -> Iterable[Publish]:
        self.interface.lost(reason)
        self.endpoint.wallbox.happenings.count += 1
        return ()

    def _record_connection(self, name: str, detail: dict[str, object]) -> Entry:
        return self.endpoint.record("connection", name, detail, client=self._peer)

    @property
    def _peer(self) -> str | None:
        return f"{self._target.host}:{self._target.port}" if self._target is not None else None

    def _wanted(self) -> BrokerAccess | None:
        """Where the wallbox is to be connected now."""
        if self._closing or not self.endpoint.reachable:
            return None
        access = self.interface.access()
        if access is None or access.host != EMBEDDED_BROKER or self._broker is None:
            return access
        broker = self._broker
        found = replace(access, host=broker.host, port=broker.port, tls=broker.tls, authorities=None, path=None)
        return found if broker.username is None else replace(found, username=broker.username, password=broker.password)

    def _follow(self) -> None:
        wanted = self._wanted()
        if wanted != self._target:
            self._retarget(wanted)
        elif self._link is not None and self.state == "connected":
            self._subscribe(self._link)

    def _retarget(self, target: BrokerAccess | None) -> None:
        """Leave the broker, if there is one, and connect to `target`."""
        self._leave()
        self._cancel()
        self._target = target
        self._said = None
        self._move("off" if target is None else "connecting")
        if target is not None:
            self._start(self._stay_connected(target), f"mqtt {self.endpoint.address}")

    def _leave(self) -> None:
        """End the connection as the wallbox does it: with a good-bye if it has power, else without."""
        powered = self.endpoint.wallbox.up
        if powered and self.state == "connected":
            self.send(self._asked(self.interface.leaving))
        link, self._link = self._link, None
        self._silence()
        if link is None:
            return
        if self.state == "connected":
            self._record_connection("disconnected", {"reason": "good-bye" if powered else "the wallbox went down"})
        if link.made:
            self._leaving[link.over] = link
            link.over.add_done_callback(lambda over: self._leaving.pop(over, None))
        if powered and self.state == "connected":
            link.disconnect()
        else:
            link.abort()

    def _silence(self) -> None:
        if self._publisher is not None:
            self._publisher.stop()
            self._publisher = None

    def _subscribe(self, link: Connection) -> None:
        """Make the subscriptions what the wallbox wants now."""
        before, wanted = self._echoes.filters, self.interface.subscriptions()
        if wanted != before:
            link.unsubscribe(name for name in before if name not in wanted)
            link.subscribe(name for name in wanted if name not in before)
            self._echoes.subscribed(wanted)

    async def _stay_connected(self, target: BrokerAccess) -> None:
        while True:
            self._move("connecting")
            try:
                access = self.endpoint.wallbox.interceptor.broker_access(self.endpoint.name, target)
                if access.host == EMBEDDED_BROKER:
                    raise ConnectionError("this run has no broker")
                self._link = link = Connection(access, self)
                await link.open()
            except OSError as error:
                self.lost(str(error) or "time-out")
            else:
                await asyncio.wait((link.over,))
            await asyncio.sleep(self.interface.reconnect)


def _in_time(copies: Iterable[Copy[Publish]], late: Callable[[Publish], None]) -> list[Publish]:
    """What goes on at once; what comes later is handed to `late` when its time has come."""
    passed = []
    for copy in copies:
        message = replace(copy.message, payload=copy.data)
        if copy.delay > 0:
            asyncio.get_running_loop().call_later(copy.delay, late, message)
        else:
            passed.append(message)
    return passed
