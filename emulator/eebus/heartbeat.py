"""Heartbeats: ours to whoever subscribes to them, and a peer's that has to come in time.

The one rule: a heartbeat says how long the next one may take; who listens waits a second longer.
Source: EEBUS SPINE 1.3.0, resource specification, `deviceDiagnosisHeartbeatData`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final

from ..core.instant import later
from ..devices.interfaces.ship import Disturbance
from ..runtime.simulation import Simulation
from .coding import Data, duration
from .model import ErrorNumber, Feature, Refusal
from .spine import Device

HEARTBEAT: Final = "deviceDiagnosisHeartbeatData"
GRACE: Final = 1.0
"""A peer is lost so long after the end of its time-out [s]."""


def refused_heartbeat(function: str, disturbance: Disturbance) -> Refusal | None:
    """The error that a peer's heartbeat is answered with; None: it is a good node, or this is none."""
    if function == HEARTBEAT and disturbance.refuses_heartbeats:
        return Refusal(ErrorNumber.COMMAND_NOT_SUPPORTED, f"{HEARTBEAT} is not supported")
    return None


class Heartbeat:
    """The heartbeats of a device."""

    def __init__(
        self,
        simulation: Simulation,
        device: Device,
        feature: Feature,
        timeout: float,
        *,
        interval: float | None = None,
        delay: Callable[[], float] = lambda: 0.0,
    ) -> None:
        """`interval`: default, the time-out. `delay`: how late they are; infinite: none is sent."""
        self.counter = 0
        self._simulation = simulation
        self._device = device
        self._feature = feature
        self._timeout = timeout
        self._interval = timeout if interval is None else interval
        self._delay = delay
        self._sent_at = 0
        self._next = simulation.timer(lambda _at: self._due())
        self._late = simulation.timer(lambda _at: self._send())
        feature.serve(HEARTBEAT, self.data)

    def start(self) -> None:
        self._sent_at = self._simulation.at
        self._due()

    def stop(self) -> None:
        self._next.clear()
        self._late.clear()

    def data(self) -> Data:
        stamp = self._simulation.calendar(self._sent_at).isoformat(timespec="seconds")
        return {
            "timestamp": stamp,
            "heartbeatCounter": self.counter,
            "heartbeatTimeout": duration(self._timeout),
        }

    def _due(self) -> None:
        delay = self._delay()
        if delay <= 0.0:
            self._send()
        elif not math.isinf(delay):
            self._late.set(later(self._simulation.at, delay))
        self._next.set(later(self._simulation.at, self._interval))
        self._simulation.wake()

    def _send(self) -> None:
        self.counter += 1
        self._sent_at = self._simulation.at
        self._device.notify(self._feature, HEARTBEAT)
