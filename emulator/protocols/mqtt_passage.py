"""What lies between a box and its MQTT connection: the place for faults, and the box's own echoes.

The one rule: every message in either direction passes here, once.
"""

from __future__ import annotations

from collections.abc import Iterable

from ..devices.interfaces import BrokerAccess, Publish
from .mqtt_topics import matches


class Passage:
    """What every message passes on its way between box and broker, and every attempt to connect: faults go here."""

    def connecting(self, access: BrokerAccess) -> BrokerAccess:
        """Where to connect instead. OSError: the attempt fails."""
        return access

    def outgoing(self, message: Publish) -> Iterable[Publish]:
        """What is sent in place of `message`; what is held back can go through `MqttDevice.transmit` later."""
        return (message,)

    def incoming(self, message: Publish) -> Iterable[Publish]:
        """What the box gets in place of `message`; what is held back can go through `MqttDevice.deliver` later."""
        return (message,)


class Echoes:
    """Tells the box's own messages, which its subscriptions bring back to it, from those of others."""

    def __init__(self) -> None:
        self.filters: tuple[str, ...] = ()
        self._returning: dict[str, bool] = {}
        self._expected: dict[str, int] = {}

    def subscribed(self, filters: tuple[str, ...]) -> None:
        self.filters = filters
        self._returning.clear()

    def sent(self, message: Publish) -> None:
        topic = message.topic
        if topic not in self._returning:
            self._returning[topic] = any(matches(name, topic) for name in self.filters)
        self._expected[topic] = self._expected.get(topic, 0) + self._returning[topic]

    def includes(self, message: Publish) -> bool:
        expected = self._expected.get(message.topic)
        if message.retain:  # the broker's copy, brought by a subscription
            return expected is not None
        if not expected:
            return False
        self._expected[message.topic] = expected - 1
        return True
