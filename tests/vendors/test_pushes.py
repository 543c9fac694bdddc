"""What push clients are told is what comparing whole tables would tell them, whatever has happened.

Two worlds go through the same random happenings. In one, clients listen as they do in a run: looked at is what may read
differently, once for all. In the other, everything kept is declared old before each look, and every table is compared
as a whole with what the client was told. Some clients come later than others, and some are told less often.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from random import Random
from typing import Final

import pytest
from test_freshness import WAITS, happen, world

from emulator import vendors
from emulator.core.instant import SECOND, Instant, grid
from emulator.devices.firmware import Model
from emulator.devices.interfaces import Frame, Origin
from emulator.errors import EmulatorError
from emulator.scenario.playing import apply_step
from emulator.scenario.steps.vocabulary import make_step
from emulator.vendors.goe.changes import Changes
from emulator.vendors.goe.wallbox import Goe
from emulator.vendors.goe.websocket import Broadcast as GoeBroadcast
from emulator.vendors.warp.push.feed import Board
from emulator.vendors.warp.push.ws import Broadcast
from emulator.vendors.warp.wallbox import Warp

HAPPENINGS: Final = 6
BOOT: Final = 60 * SECOND
CLIENTS: Final = 4
SECONDS: Final = 12
"""Of quiet time after some happenings, in which every period is published."""
OWNER: Final = Origin(interface="scenario")
WRITES: Final = {
    "goe": (("amp", 10), ("frc", 1), ("frc", 0), ("ids", {"pGrid": -3000.0}), ("lbr", 100), ("fna", "a")),
    "warp": (
        ("evse/external_current", {"current": 8000}),
        ("evse/external_enabled", {"enabled": True}),
        ("evse/stop_charging", None),
        ("evse/start_charging", None),
        ("evse/indicator_led", {"indication": 1, "duration": 3000, "color_h": 0, "color_s": 0, "color_v": 0}),
        ("evse/gp_output", {"gp_output": 0}),
        ("info/display_name", "a"),
        ("nfc/inject_tag", {"tag_type": 0, "tag_id": "04:A1:B2:C3"}),
        ("meters/0/reset", None),
        ("rtc/time", {"year": 2030, "month": 1, "day": 2, "hour": 3, "minute": 4, "second": 5, "weekday": 0}),
        ("reboot", None),
    ),
}
Said = Sequence[Frame | tuple[str, bytes]]
Listen = Callable[[Instant | None], Said]
"""What one client is told at an instant; None: it has just come."""


def warp(box: Warp, anew: bool) -> Callable[[], Listen]:
    """Makes web socket clients. `anew`: nothing is remembered from one look to the next but what they were told."""

    def broadcast() -> Broadcast:
        return Broadcast(Board(box.platform), box.modules.meters)

    shared = broadcast()

    def client() -> Listen:
        heard, _ = shared.dump()

        def listen(at: Instant | None) -> Said:
            nonlocal heard
            teller = broadcast() if anew else shared
            heard, frames = teller.dump() if at is None else teller.next(heard, at)
            return frames

        return listen

    return client


def goe(box: Goe, anew: bool) -> Callable[[], Listen]:
    """As `warp`: clients of the web socket and brokers in turns."""
    shared = Changes(box.device, box.tables.status.rows.values())
    broadcast = GoeBroadcast(box.device, box.tables.app_status)
    made = 0

    def frames() -> Listen:
        told, _ = broadcast.everything()

        def listen(at: Instant | None) -> Said:
            nonlocal told
            teller = GoeBroadcast(box.device, broadcast.table) if anew else broadcast
            told, said = teller.everything() if at is None else teller.next(told, at)
            return said

        return listen

    def topics() -> Listen:
        told, _ = shared.everything()

        def listen(at: Instant | None) -> Said:
            nonlocal told
            changes = Changes(box.device, box.tables.status.rows.values()) if anew else shared
            told, news = changes.everything() if at is None else changes.at(told, at)
            return [(row.name, text) for row, text in news]

        return listen

    def client() -> Listen:
        nonlocal made
        made += 1
        return frames() if made % 2 else topics()

    return client


class Run:
    """One world and what its clients are told."""

    def __init__(self, model: Model, firmware: str, anew: bool) -> None:
        random = Random(f"{model.id} {firmware}")
        self.site = world(model, firmware, random.choice((0.0, 1.0)), random.choice(("off", "full")))
        self.box = self.site.wallboxes["garage.box"]
        assert isinstance(self.box, Goe | Warp)
        self._anew = anew
        self._random = random
        self._make = goe(self.box, anew) if isinstance(self.box, Goe) else warp(self.box, anew)
        self._period = SECOND if isinstance(self.box, Goe) else SECOND // 4
        self._clients: list[Listen] = []
        self._slow = Random("who is slow")
        self._last: Instant = 0
        self.said: list[tuple[Instant, int, Said]] = []
        self.box.listen(self._changed)
        for _ in range(HAPPENINGS):
            self._happen()

    def _happen(self) -> None:
        site, box, random = self.site, self.box, self._random
        if not box.up:
            apply_step(site, make_step("power_up", site.names))
            site.simulation.jump(BOOT)
        if len(self._clients) < CLIENTS and box.up:
            self._clients.append(self._make())
            self._tell(len(self._clients) - 1, None)
        if random.random() < 0.4:
            address, value = random.choice(WRITES[box.vendor.id])
            with suppress(EmulatorError, KeyError):  # not every model has it
                box.write(address, value, OWNER)
        else:
            happen(site, box, random)
        for by in (random.choice(WAITS), *([self._period] * (SECONDS * SECOND // self._period))):
            site.simulation.jump(by)
            self._catch_up(site.simulation.at)

    def _changed(self, at: Instant) -> None:
        """As a publisher does."""
        self._catch_up(at - 1)
        self._publish(at)

    def _catch_up(self, now: Instant) -> None:
        due = grid(now, self._period)
        if due > self._last:
            self._publish(due)

    def _publish(self, at: Instant) -> None:
        self._last = at
        if not self.box.up:
            self._clients.clear()
        for number in range(len(self._clients)):
            if self._slow.random() < 0.8 - 0.2 * number:
                self._tell(number, at)

    def _tell(self, number: int, at: Instant | None) -> None:
        if self._anew:
            self.box.happenings.count += 1
        self.said.append((self.site.simulation.at, number, list(self._clients[number](at))))


PUSHING: Final = [
    pytest.param(model, firmware, id=f"{model.id}-{firmware}")
    for name in ("goe", "warp")
    for model in vendors.vendor(name).models
    for firmware in (model.firmwares[0], model.firmwares[-1])
]


@pytest.mark.parametrize(("model", "firmware"), PUSHING)
def test_clients_are_told_what_comparing_whole_tables_would_tell_them(model: Model, firmware: str) -> None:
    fast, whole = Run(model, firmware, anew=False), Run(model, firmware, anew=True)
    assert sum(len(said) for _, _, said in fast.said) > 100
    for told, compared in zip(fast.said, whole.said, strict=True):
        assert told == compared
