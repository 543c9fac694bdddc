"""What push interfaces are told: the states that changed since they were told last, on the device's own ticks.

The one rule: low-latency states are looked at every 250 ms, all others every second, in registration order; a feed
compares texts, so a state that is back at its old value is not sent.
Source: Tinkerforge esp32-firmware, `modules/api/api.cpp`, `modules/ws`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Final

from ...core.instant import MILLISECOND, MINUTE, SECOND, Instant, grid
from ...devices.interfaces import Frame, Origin
from .platform import Platform
from .rows import State
from .schema import plain
from .view import View

QUICK: Final = 250 * MILLISECOND
LIVE: Final = 500 * MILLISECOND
HISTORY: Final = 4 * MINUTE
OVERHEAD: Final = 128
"""Bytes a frame of the dump may be longer than a payload."""


class Feed:
    """What one client was told."""

    def __init__(self, platform: Platform) -> None:
        super().__init__(platform)
        self._told: dict[str, str] = {}
        self._quick: Instant = 0
        self._slow: Instant = 0

    def everything(self, view: View) -> list[tuple[str, str]]:
        """Every state; from now on only changes."""
        self._quick, self._slow = grid(view.at, QUICK), grid(view.at, SECOND)
        found = [(row.name, self.api.text(row, view)) for row in self.api]
        self._told = dict(found)
        return found

    def changes(self, at: Instant) -> list[tuple[str, str]]:
        """(path, document) of what is to be sent at `at`."""
        found: list[tuple[str, str]] = []
        slow, quick = grid(at, SECOND), grid(at, QUICK)
        if slow > self._slow:
            self._slow = self._quick = slow
            view = self.platform.view(slow)
            found += [change for row in self.api if (change := self._change(row.name, self.api.text(row, view)))]
        if quick > self._quick:
            self._quick = quick
            view = self.platform.view(quick)
            for row in self.api:
                if isinstance(row, State) and row.low_latency:
                    change = self._change(row.name, self.api.text(row, view))
                    if change:
                        found.append(change)
        return found

    def _change(self, path: str, text: str) -> tuple[str, str] | None:
        if self._told.get(path) == text:
            return None
        self._told[path] = text
        return path, text


def line(topic: str, payload: str) -> str:
    return f'{{"topic":{json.dumps(topic)},"payload":{payload}}}\n'


class Ws:
    """One WebSocket client. It only listens: what it says is ignored."""

    def __init__(self, platform: Platform, origin: Origin) -> None:
        super().__init__(platform)
        self._peer = origin.client or "?"
        self._feed = Feed(self)
        self._raw = self.platform.pushed
        self._samples: Instant = 0
        self._history: Instant = 0

    def opened(self) -> Iterable[Frame]:
        """The complete dump, in frames of bounded size; the last one ends in an empty line."""
        self.http.sockets.append(self._peer)
        self._raw = self.platform.pushed
        view = self.platform.view()
        self._samples, self._history = grid(view.at, LIVE), grid(view.at, HISTORY, self.platform.booted_at)
        lines = [line("info/keep_alive", f'{{"uptime":{view.uptime}}}')]
        lines += [line(path, text) for path, text in self._feed.everything(view)]
        frames = packed(lines, self.platform.traits.longest + OVERHEAD)
        frames[-1] += "\n"
        return frames

    def received(self, frame: str | bytes) -> Iterable[Frame]:
        return ()

    def published(self, at: Instant) -> Iterable[Frame]:
        frames = [line(topic, payload) for topic, payload in self.platform.pushed_since(self._raw)]
        self._raw = self.platform.pushed
        frames += [line(path, text) for path, text in self._feed.changes(at)]
        if (newest := grid(at, LIVE)) > self._samples:
            frames.append(line("meters/live_samples", self._live(newest)))
            self._samples = newest
        if (newest := grid(at, HISTORY, self.platform.booted_at)) > self._history:
            self._history = newest
            frames.append(line("meters/history_samples", self._four_minutes(newest)))
        return frames

    def closed(self) -> None:
        if self._peer in self.http.sockets:
            self.http.sockets.remove(self._peer)

    def _live(self, newest: Instant) -> str:
        """The samples since the last message; after a jump only the latest ones."""
        first = max(self._samples + LIVE, newest - SECOND)
        power = [round(self.platform.observe(at).power) for at in range(first, newest + 1, LIVE)]
        samples = [power if self.meters.value_ids(slot) else [] for slot in range(self.meters.slots)]
        return f'{{"samples_per_second":{2.0:.6f},"samples":{plain(samples)}}}'

    def _four_minutes(self, newest: Instant) -> str:
        energy = [self.platform.observe(at).total_energy for at in (newest - HISTORY, newest)]
        mean = round((energy[1] - energy[0]) * 3600 / (HISTORY / SECOND))
        samples = [[mean] if self.meters.value_ids(slot) else [] for slot in range(self.meters.slots)]
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
