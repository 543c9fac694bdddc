"""What comes back to a wallbox of what it has published itself."""

from __future__ import annotations

from ..devices.interfaces import Publish
from ..devices.topics import matches


class Echoes:
    """Tells the wallbox's own messages, which its subscriptions bring back to it, from those of others."""

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
