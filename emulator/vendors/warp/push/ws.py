"""The WebSocket: a dump of everything, then what changes.

The one rule: a client only listens; what it says is ignored. Source: Tinkerforge esp32-firmware, `modules/ws`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from ....core.instant import MILLISECOND, MINUTE, SECOND, Instant, grid
from ....devices.interfaces import Frame, Origin
from ..api.shapes import plain
from ..meters.slots import Meters
from .feed import Board, Feed

LIVE: Final = 500 * MILLISECOND
HISTORY: Final = 4 * MINUTE
OVERHEAD: Final = 128
"""Bytes a frame of the dump may be longer than a payload."""


@lru_cache(maxsize=256)
def line(topic: str, payload: str) -> str:
    return f'{{"topic":{json.dumps(topic)},"payload":{payload}}}\n'


@lru_cache(maxsize=64)
def topics_in(frame: str | bytes) -> Iterable[str]:
    """The paths that a frame tells something about. Every client is sent the same."""
    return [topic for text in str(frame).splitlines() if text for topic in (json.loads(text)["topic"],)]


class Ws:
    """One WebSocket client. It only listens: what it says is ignored."""

    def __init__(self, board: Board, meters: Meters, peers: list[str], origin: Origin) -> None:
        """`peers`: the addresses of all clients."""
        self._platform = board.platform
        self._meters = meters
        self._peers = peers
        self._peer = origin.client or "?"
        self._feed = Feed(board)
        self._raw = self._platform.pushed
        self._samples: Instant = 0
        self._history: Instant = 0

    def opened(self) -> Iterable[Frame]:
        """The complete dump, in frames of bounded size; the last one ends in an empty line."""
        self._peers.append(self._peer)
        self._raw = self._platform.pushed
        view = self._platform.view()
        self._samples, self._history = grid(view.at, LIVE), grid(view.at, HISTORY, self._platform.booted_at)
        lines = [line("info/keep_alive", f'{{"uptime":{view.uptime}}}')]
        lines += [line(path, text) for path, text in self._feed.everything(view)]
        frames = packed(lines, self._platform.traits.longest + OVERHEAD)
        frames[-1] += "\n"
        return frames

    def received(self, frame: str | bytes) -> Iterable[Frame]:
        return ()

    def published(self, at: Instant) -> Iterable[Frame]:
        frames = [line(topic, payload) for topic, payload in self._platform.pushed_since(self._raw)]
        self._raw = self._platform.pushed
        frames += [line(path, text) for path, text in self._feed.changes(at)]
        if (newest := grid(at, LIVE)) > self._samples:
            frames.append(line("meters/live_samples", self._live(newest)))
            self._samples = newest
        if (newest := grid(at, HISTORY, self._platform.booted_at)) > self._history:
            self._history = newest
            frames.append(line("meters/history_samples", self._four_minutes(newest)))
        return frames

    def closed(self) -> None:
        if self._peer in self._peers:
            self._peers.remove(self._peer)

    def _live(self, newest: Instant) -> str:
        """The samples since the last message; after a jump only the latest ones."""
        first = max(self._samples + LIVE, newest - SECOND)
        power = [round(self._platform.observe(at).power) for at in range(first, newest + 1, LIVE)]
        samples = [power if self._meters.value_ids(slot) else [] for slot in range(self._meters.slots)]
        return f'{{"samples_per_second":{2.0:.6f},"samples":{plain(samples)}}}'

    def _four_minutes(self, newest: Instant) -> str:
        energy = [self._platform.observe(at).total_energy for at in (newest - HISTORY, newest)]
        mean = round((energy[1] - energy[0]) * 3600 / (HISTORY / SECOND))
        samples = [[mean] if self._meters.value_ids(slot) else [] for slot in range(self._meters.slots)]
        return f'{{"samples":{plain(samples)}}}'


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
