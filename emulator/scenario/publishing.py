"""MQTT in a run without sockets: wallboxes publish to a broker that only keeps what is retained.

The one rule: what is published, when, and what a fault makes of it is as with sockets and a clock that jumps: every
discrete change at its instant, of the periodic publications the last one before it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Literal

from ..core.agenda import Priority
from ..core.instant import SECOND, Instant, grid, later
from ..devices.delivery import Copy
from ..devices.interfaces import EMBEDDED_BROKER, BrokerAccess, MqttInterface, Origin, Publish
from ..devices.retained import Retained, described
from ..devices.topics import matches
from ..devices.traffic import of_publish
from ..devices.wallbox import Wallbox
from ..faults.engine import FaultEngine
from ..runtime.journal import Entry
from ..world.site import Site

SOMEBODY = "somebody else"


class QuietBroker:
    """The broker of a run without sockets, with the connections of all wallboxes to it."""

    def __init__(self, site: Site) -> None:
        self._engine = FaultEngine.of(site.simulation)
        self.links = {
            f"{wallbox.address}.{name}": QuietLink(wallbox, name, interface, site.broker)
            for wallbox in site.wallboxes.values()
            for name, interface in wallbox.interfaces.items()
            if isinstance(interface, MqttInterface)
        }

    def start(self) -> None:
        """Wallboxes connect, as far as they are switched on."""
        self._engine.links, self._engine.quiet_broker = self.links, self
        for link in self.links.values():
            link.start()

    def control(self, what: Literal["stop", "start", "restart"]) -> None:
        """The broker goes or comes back."""
        if what != "start":
            for link in self.links.values():
                link.drop()

    def catch_up(self, now: Instant) -> None:
        """Make the last periodic publications that are due."""
        for link in self.links.values():
            link.catch_up(now)


class QuietLink:
    """The MQTT client of one wallbox."""

    def __init__(self, wallbox: Wallbox, name: str, interface: MqttInterface, broker: tuple[str, int] | None) -> None:
        self._broker = broker
        self.wallbox = wallbox
        self.name = name
        self.interface = interface
        self.simulation = wallbox.simulation
        self._access: BrokerAccess | None = None
        """Where it is connected."""
        self._period: Instant = max(1, round(interface.period * SECOND))
        self._last: Instant = 0
        self._published: dict[str, tuple[Publish, bytes]] = {}
        self._held: list[Publish] | None = None
        with self.simulation.affairs_of(wallbox.charger):
            self._again = self.simulation.timer(self._repeat, Priority.METER)
            self._retry = self.simulation.timer(lambda _at: self._follow())

    def start(self) -> None:
        self.wallbox.listen(self._changed)
        self._follow()

    # --- for faults --------------------------------------------------------------------------------------------------

    def drop(self) -> None:
        """The connection breaks; the wallbox tries again."""
        if self._access is not None:
            self._record_connection("lost", {"reason": "connection reset"})
            self._gone(self._access)
            self.interface.lost("connection reset")
        self._try_later()

    def transmit(self, messages: Iterable[Publish]) -> None:
        """Publish past the faults, in the name of somebody else."""
        for message in messages:
            self._to_broker(message)
            if self._access is not None and any(
                matches(name, message.topic) for name in self.interface.subscriptions()
            ):
                self.deliver(message)

    def publish_again(self) -> None:
        """Publish what faults make look different, when all else of this instant is done."""
        self._again.set(self.simulation.at)
        self.simulation.wake()

    def _repeat(self, _at: Instant) -> None:
        different = []
        for message, content in self._published.values():
            described_ = of_publish(message, self.name, "out")
            if self.wallbox.interceptor.intercept(described_, peek=True).content(message.payload) != content:
                different.append(message)
        if self._access is not None:
            self.send(different)

    # --- messages ----------------------------------------------------------------------------------------------------

    def send(self, messages: Iterable[Publish]) -> None:
        """Publish what the wallbox wants published, in order."""
        for message in tuple(messages):
            interception = self.wallbox.interceptor.intercept(of_publish(message, self.name, "out"))
            content = interception.content(message.payload)
            if message.retain:
                self._published[message.topic] = message, content
            for copy in interception.copies([Copy(message=message, data=content)]):
                self._to_broker(_with_payload(copy))

    def deliver(self, message: Publish, client: str | None = SOMEBODY) -> None:
        """The broker hands a message to the wallbox."""
        if self._access is None:
            return
        interception = self.wallbox.interceptor.intercept(of_publish(message, self.name, "in"))
        if interception.lost():
            return
        for copy in interception.copies([Copy(message=message, data=message.payload)]):
            passed = _with_payload(copy)
            entry = self._record("request", passed, client)
            origin = Origin(interface=self.name, client=client, cause=entry.seq)
            with self.simulation.because(entry):
                self._held = []
                with interception.handling():
                    answer = list(self.interface.received(passed.topic, passed.payload, False, origin))
                held, self._held = self._held, None
                self.send((*answer, *held))

    def _to_broker(self, message: Publish) -> None:
        Retained.of(self.simulation).put(message)
        self._record("push", message, self._peer)

    def _record(self, kind: Literal["push", "request"], message: Publish, client: str | None) -> Entry:
        detail = described(message, self.interface.prefix(), pushed=kind == "push")
        return self._entry(kind, message.topic, detail, client)

    def _entry(self, kind: str, name: str, detail: dict[str, object], client: str | None) -> Entry:
        wallbox = self.wallbox
        return self.simulation.journal.record(
            self.simulation.at,
            kind,
            name,
            detail,
            charger=wallbox.charger,
            wallbox=wallbox.name,
            interface=self.name,
            client=client,
        )

    @property
    def _peer(self) -> str | None:
        return f"{self._access.host}:{self._access.port}" if self._access is not None else None

    # --- when --------------------------------------------------------------------------------------------------------

    def _changed(self, at: Instant) -> None:
        self.catch_up(at - 1)
        self._follow()
        if self._access is not None:
            self._last = at
            self._publish(at)

    def catch_up(self, now: Instant) -> None:
        due = grid(now, self._period)
        if self._access is not None and due > self._last:
            self._last = due
            self._publish(due)

    def _publish(self, at: Instant) -> None:
        messages = list(self.interface.published(at))
        if self._held is not None:
            self._held += messages
        else:
            self.send(messages)

    # --- the connection ----------------------------------------------------------------------------------------------

    def _follow(self) -> None:
        """Be connected as the wallbox wants it."""
        wanted = self.interface.access() if self.wallbox.serves(self.name) else None
        if wanted is None:
            self._leave()
        elif self._access is None and self._retry.due is None:
            self._connect(wanted)

    def _leave(self) -> None:
        self._retry.clear()
        if self._access is not None:
            if self.wallbox.up:
                self.send(self.interface.leaving())
            reason = "good-bye" if self.wallbox.up else "the wallbox went down"
            self._record_connection("disconnected", {"reason": reason})
            if self.wallbox.up:
                self._access = None
            else:
                self._gone(self._access)

    def _gone(self, access: BrokerAccess) -> None:
        """Without a good-bye: the broker publishes its last will."""
        self._access = None
        if access.will is not None:
            self._to_broker(access.will)

    def _connect(self, wanted: BrokerAccess) -> None:
        try:
            access = self.wallbox.interceptor.broker_access(self.name, wanted)
        except OSError:
            self._try_later()
            return
        if FaultEngine.of(self.simulation).broker_gone:
            self._try_later()
            return
        if access.host == EMBEDDED_BROKER and self._broker is not None:
            access = replace(access, host=self._broker[0], port=self._broker[1])
        self._access = access
        self._last = self.simulation.at
        self._published.clear()
        entry = self._record_connection("connected", {"client_id": access.client_id})
        with self.simulation.exchange(entry):
            self.send(self.interface.connected(Origin(interface=self.name, client=self._peer, cause=entry.seq)))

    def _try_later(self) -> None:
        self._retry.set(later(self.simulation.at, self.interface.reconnect))
        self.simulation.wake()

    def _record_connection(self, name: str, detail: dict[str, object]) -> Entry:
        return self._entry("connection", name, detail, self._peer)


def _with_payload(copy: Copy[Publish]) -> Publish:
    message = copy.message
    return Publish(topic=message.topic, payload=copy.data, retain=message.retain, qos=message.qos)
