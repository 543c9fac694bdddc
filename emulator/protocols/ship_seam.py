"""The frames of one SHIP connection of a wallbox, on their way past the faults and into the journal, decoded.

The one rule: every frame of either direction passes here once, over TLS as without sockets.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ..devices.delivery import Copy, Delivery
from ..devices.interception import Interception
from ..devices.traffic import Direction
from ..eebus.bounds import SHOWN
from ..eebus.direct import Passing
from ..eebus.traffic import Said, of_frame, said
from .server import Endpoint
from .wire import excerpt


class Seam:
    """What stands between a wallbox's node and one of its peers (a `Passage`)."""

    def __init__(self, endpoint: Endpoint, client: str) -> None:
        self._endpoint = endpoint
        self._client = client

    def __call__(self, frame: bytes, direction: Direction) -> list[Passing]:
        what = said(frame)
        # INTERCEPTION: the one place where faults see the frames of either direction.
        interception = self._endpoint.intercept(
            None, self._client, of_frame, what, frame, self._endpoint.name, self._client, direction
        )
        if direction == "out":
            self._endpoint.record("push", what.name, shown(what, frame), client=self._client)
            delivery = interception.deliver(_changed(interception, frame))
            return [] if delivery.silent else [_passing(delivery)]
        if interception.lost():
            return []
        copies = interception.copies([Copy(message=frame, data=_changed(interception, frame))])
        return [self._arriving(what if copy.data == frame else said(copy.data), copy, interception) for copy in copies]

    def _arriving(self, what: Said, copy: Copy[bytes], interception: Interception) -> Passing:
        @contextmanager
        def handling() -> Iterator[None]:
            entry = self._endpoint.record("request", what.name, shown(what, copy.data), client=self._client)
            with interception.handling(), self._endpoint.simulation.because(entry):
                yield

        return Passing(frame=copy.data, delay=copy.delay, handling=handling)


def shown(what: Said, frame: bytes) -> dict[str, object]:
    """What the journal says of a frame: of a large one, its beginning."""
    if len(frame) <= SHOWN:
        return dict(what.detail)
    return {"size": len(frame), "frame": excerpt(frame[1:])}


def _changed(interception: Interception, frame: bytes) -> bytes:
    """The frame with what a fault makes of its text; the first byte is its type."""
    return frame[:1] + interception.content(frame[1:])


def _passing(delivery: Delivery) -> Passing:
    return Passing(frame=delivery.data, delay=delivery.delay, then=delivery.then)
