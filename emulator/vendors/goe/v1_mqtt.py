"""MQTT as V1 and V2 speak it: the whole status on one topic every five seconds, commands on another.

The one rule: topics only; what is said and taken is API v1's. Newer models do not speak it.
Source: go-eCharger-API-v1, chapter "Custom MQTT Server"; captured messages of 033, 041.0 and 042.0. ASSUMED: not
retained, quality of service 0, the first message at once; a command is answered by the next status only.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from ...core.instant import SECOND, Instant, grid
from ...devices.interfaces import MqttInterface, Origin, Publish
from .device import Device
from .mqtt import LARGEST
from .v1 import V1Api

PERIOD: Final = 5
"""Between two messages [s]."""
COMMAND: Final = "cmd/req"


class V1Mqtt:
    """The MQTT client of one wallbox of old hardware."""

    def __init__(self, device: Device, api: V1Api) -> None:
        self._device = device
        self._api = api
        self._told: Instant = -1
        """The moment of the last message."""

    @property
    def prefix(self) -> str:
        return f"go-eCharger/{self._device.identity.serial}/"

    def interface(self) -> MqttInterface:
        return MqttInterface(
            access=self._device.broker.access,
            subscriptions=lambda: (self.prefix + COMMAND,),
            connected=self.on_connected,
            received=self.on_received,
            published=self.on_published,
            lost=self.on_lost,
            period=1.0,
            prefix=lambda: self.prefix,
        )

    def on_connected(self, _: Origin) -> Iterable[Publish]:
        at = self._device.processor.at
        self._device.broker.opened(at)
        return self._status(at)

    def on_lost(self, reason: str) -> None:
        self._device.broker.failed(self._device.processor.at, reason)

    def on_published(self, at: Instant) -> Iterable[Publish]:
        due = grid(at, PERIOD * SECOND, self._device.processor.booted_at)
        return self._status(due) if self._device.broker.connected and due > self._told else ()

    def _status(self, at: Instant) -> Iterable[Publish]:
        self._told = at
        return (Publish(topic=f"{self.prefix}status", payload=self._api.text("mqtt").encode()),)

    def on_received(self, topic: str, payload: bytes, _retained: bool, origin: Origin) -> Iterable[Publish]:
        """A command such as `amp=10`. ASSUMED: a retained one is obeyed like any other."""
        if topic == self.prefix + COMMAND and len(payload) <= LARGEST:
            self._api.take(payload.decode("utf-8", "replace"), origin)
        return ()
