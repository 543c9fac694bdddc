"""The faults between a box and its broker."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import TYPE_CHECKING, Literal

from ..devices.interfaces import BrokerAccess, Publish
from ..protocols.mqtt_passage import Passage
from .effect import Parcel
from .messages import of_publish

if TYPE_CHECKING:
    from ..protocols.mqtt import MqttDevice
    from ..protocols.server import Endpoint


class DisturbedPassage(Passage):
    """Lets everything pass that no fault is about."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self.device: MqttDevice | None = None
        """The box's client, for what is held back."""

    def connecting(self, access: BrokerAccess) -> BrokerAccess:
        faults = self._endpoint.wallbox.faults
        return access if faults is None else faults.connecting(self._endpoint.name, access)

    def outgoing(self, message: Publish) -> Iterable[Publish]:
        return self._passed(message, "out")

    def incoming(self, message: Publish) -> Iterable[Publish]:
        return self._passed(message, "in")

    def _passed(self, message: Publish, direction: Literal["in", "out"]) -> list[Publish]:
        faults = self._endpoint.wallbox.faults
        if faults is None:
            return [message]
        passing = faults.passing(of_publish(message, self._endpoint.name, direction))
        if passing is None:
            return [message]
        if direction == "in" and passing.lost():
            return []
        payload = passing.text_of(message.payload) if direction == "out" else message.payload
        passed = []
        for parcel in passing.spread([Parcel(data=payload)]):
            delivery = passing.deliver(parcel.data)
            late = Publish(topic=message.topic, payload=delivery.data, retain=message.retain, qos=message.qos)
            if delivery.silent:
                continue
            if delivery.delay + parcel.delay > 0:
                self._later(delivery.delay + parcel.delay, late, direction)
            else:
                passed.append(late)
        return passed

    def _later(self, delay: float, message: Publish, direction: Literal["in", "out"]) -> None:
        device = self.device
        if device is not None:
            send = (lambda: device.transmit([message])) if direction == "out" else (lambda: device.deliver(message))
            asyncio.get_running_loop().call_later(delay, send)
