"""The short form of `python -m benchmarks.soak`: clients, troubles, and every meter agrees."""

from __future__ import annotations

from benchmarks.soak import READINGS, Soak
from emulator.core.instant import HOUR


async def test_every_interface_says_the_same_of_a_session() -> None:
    soak = Soak(days=2, seed=3, longest=1, night=HOUR)
    await soak.run()
    assert soak.wrong == []
    assert soak.sessions == 2
    assert soak.comparisons == 2 * (len(READINGS) + 1)


def test_a_discrepancy_is_seen() -> None:
    soak = Soak(days=1, seed=1)
    soak._compare("day 0", "goe.http", 1000.0, 1000.5, 0.01)
    assert soak.wrong == ["day 0: goe.http says 1000.000 Wh, the charger has counted 1000.500 Wh"]
