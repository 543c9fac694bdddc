"""The WebSocket: a dump of everything, then what changes.

The one rule: a client only listens; what it says is ignored. Source: Tinkerforge esp32-firmware, `modules/ws`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from ....core.instant import SECOND, Instant, grid
from ....devices.interfaces import Frame, Origin
from ....devices.watching import Lockstep
from ..api.shapes import plain
from ..meters.fed import PERIOD
from ..meters.samples import Samples
from ..meters.slots import Meters
from ..meters.values import CALLBACK
from .feed import Board, Told

OVERHEAD: Final = 128
"""Bytes a frame of the dump may be longer than a payload."""


@lru_cache(maxsize=1024)
def _head(topic: str) -> str:
    return f'{{"topic":{json.dumps(topic)},"payload":'


def line(topic: str, payload: str) -> str:
    return f"{_head(topic)}{payload}}}\n"


@lru_cache(maxsize=64)
def topics_in(frame: str | bytes) -> Iterable[str]:
    """The paths that a frame tells something about. Every client is sent the same."""
    return [topic for text in str(frame).splitlines() if text for topic in (json.loads(text)["topic"],)]


class Heard(NamedTuple):
    """What a client was sent."""

    told: Told
    raw: int
    """Messages that are no states."""
    samples: Instant
    history: Instant


class Broadcast:
    """What the WebSocket clients of one wallbox are sent: the same frames to all who heard the same."""

    def __init__(self, board: Board, meters: Meters) -> None:
        self._board = board
        self._platform = board.platform
        self._meters = meters
        self._samples = Samples(board.platform, meters)
        self._lockstep = Lockstep(self._step)

    def dump(self) -> tuple[Heard, Sequence[Frame]]:
        """Everything, in frames of bounded size; the last one ends in an empty line."""
        platform = self._platform
        view, raw = platform.view(), platform.pushed
        told, documents = self._board.everything()
        lines = [line("info/keep_alive", f'{{"uptime":{view.uptime}}}')]
        lines += [line(path, text) for path, text in documents]
        frames = packed(lines, platform.traits.longest + OVERHEAD)
        frames[-1] += "\n"
        return Heard(told, raw, grid(view.at, CALLBACK), grid(view.at, PERIOD, platform.booted_at)), frames

    def next(self, heard: Heard, at: Instant) -> tuple[Heard, Sequence[Frame]]:
        """What is sent at `at` to who heard so much."""
        return self._lockstep.next(heard, at, (self._platform.moments.revision, self._platform.pushed))

    def _step(self, heard: Heard, at: Instant) -> tuple[Heard, Sequence[Frame]]:
        platform = self._platform
        frames = [line(topic, payload) for topic, payload in platform.pushed_since(heard.raw)]
        raw = platform.pushed
        told, changes = self._board.changes(heard.told, at)
        frames += [line(path, text) for path, text in changes]
        samples = max(heard.samples, grid(at, CALLBACK))
        if samples > heard.samples:
            frames.append(line("meters/live_samples", self._live(heard.samples, samples)))
        history = max(heard.history, grid(at, PERIOD, platform.booted_at))
        if history > heard.history:
            frames.append(line("meters/history_samples", self._four_minutes(history)))
        return Heard(told, raw, samples, history), tuple(frames)

    def _live(self, before: Instant, newest: Instant) -> str:
        """The samples since the last message; after a jump only the latest ones."""
        first = max(before + CALLBACK, newest - SECOND)
        samples = self._by_slot(lambda slot: self._samples.live(slot, range(first, newest + 1, CALLBACK)))
        return f'{{"samples_per_second":{2.0:.6f},"samples":{plain(samples)}}}'

    def _four_minutes(self, newest: Instant) -> str:
        return f'{{"samples":{plain(self._by_slot(lambda slot: self._samples.means(slot, (newest,))))}}}'

    def _by_slot(self, samples: Callable[[int], list[int | None]]) -> list[list[int | None]]:
        """Samples of each slot; none where no meter is."""
        return [samples(slot) if self._samples.fitted(slot) else [] for slot in range(self._meters.slots)]


class Ws:
    """One WebSocket client. It only listens: what it says is ignored."""

    __slots__ = ("_broadcast", "_heard", "_peer", "_peers")

    def __init__(self, broadcast: Broadcast, peers: list[str], origin: Origin) -> None:
        """`peers`: the addresses of all clients."""
        self._broadcast = broadcast
        self._peers = peers
        self._peer = origin.client or "?"
        self._heard: Heard | None = None

    def opened(self) -> Iterable[Frame]:
        self._peers.append(self._peer)
        self._heard, frames = self._broadcast.dump()
        return frames

    def received(self, frame: str | bytes) -> Iterable[Frame]:
        return ()

    def published(self, at: Instant) -> Sequence[Frame]:
        if self._heard is None:
            return ()
        self._heard, frames = self._broadcast.next(self._heard, at)
        return frames

    def closed(self) -> None:
        if self._peer in self._peers:
            self._peers.remove(self._peer)


def packed(lines: list[str], longest: int) -> list[str]:
    """Lines in as few frames as fit; a line is never split."""
    frames: list[str] = []
    size = longest + 1
    for text in lines:
        length = len(text.encode())
        if size + length > longest:
            frames.append(text)
            size = length
        else:
            frames[-1] += text
            size += length
    return frames
