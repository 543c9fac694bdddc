"""Random faults of every kind over every vendor: nothing hangs, nothing breaks, and nothing stays behind."""

from __future__ import annotations

import logging
from contextlib import suppress
from dataclasses import dataclass
from random import Random

import pytest

from emulator.core.messages import Outcome
from emulator.errors import ScenarioError
from emulator.faults.active import RefusedError
from emulator.faults.catalogue import FAULT_TYPES, FaultType

from .support import Bench
from .test_kinds import ARGUMENTS
from .ways import BENCHES, WAYS, bench

FAULTS = 30
HOURS = 3
KEYS = {way.vendor: way.value for way in WAYS}


@dataclass(frozen=True, slots=True)
class Chance:
    """Draws faults for one wallbox."""

    random: Random
    vendor: str

    def fault(self, bench: Bench) -> dict[str, object]:
        """A fault: where x when x what x until."""
        kind = self.random.choice(list(FAULT_TYPES.values()))
        return {
            "on": self._place(bench, kind),
            "kind": kind.name,
            "name": f"f{self.random.randrange(12)}",
            **ARGUMENTS.get(kind.name, {}),
            **({"settings": {}, "write": {KEYS[self.vendor]: 8}} if kind.name == "act" else {}),
            **({"match": {"key": KEYS[self.vendor]}} if kind.needs_key else {}),
            **self._when(),
            **self._until(),
        }

    def _place(self, bench: Bench, kind: FaultType) -> str:
        wallbox = bench.site.wallboxes[f"garage.{self.vendor}"]
        fitting = [name for name, protocol in wallbox.traffic.items() if protocol in kind.protocols]
        places = {"charger": ["garage"], "wallbox": [self.vendor], "interface": [f"{self.vendor}.{i}" for i in fitting]}
        found = [place for level in kind.levels for place in places[level]]
        return self.random.choice(found or ["garage"])

    def _when(self) -> dict[str, object]:
        choices: tuple[dict[str, object], ...] = (
            {},
            {"when": {"garage.plugged": True}},
            {"when": {"garage.power": "> 2 kW"}},
            {"when": {"garage.contactor": "closed"}},
            {"after": {"event": "*"}},
            {"after": {"event": "plugged", "delay": "30 s"}, "when": {"garage.plugged": True}},
            {"after": {"write": "*", "while": {"garage.plugged": True}}},
            {"after": {"fault": "f*", "detail": {"what": "end"}}},
            {"on_request": self.random.randint(1, 5)},
            {"every": self.random.randint(1, 4)},
            {"probability": 0.3},
        )
        return dict(self.random.choice(choices))

    def _until(self) -> dict[str, object]:
        choices: tuple[dict[str, object], ...] = (
            {},
            {"for": f"{self.random.randint(1, 2000)} s"},
            {"count": self.random.randint(1, 4)},
            {"until": {"garage.plugged": False}},
            {"until": {"event": "*"}},
            {"until": {"fault": "*"}},
            {"until": {"write": "*", "delay": "5 s"}},
            {"for": "1 min", "count": 2},
        )
        return dict(self.random.choice(choices))


def attempt(bench: Bench, step: str, /, **arguments: object) -> Outcome | None:
    """A step; None: it makes no sense, as the loader or the charger says."""
    with suppress(ScenarioError, RefusedError):
        return bench.do(step, **arguments)
    return None


def live_with(bench: Bench, chance: Chance) -> None:
    """Hours of simulated time with faults, a client, and a vehicle that comes and goes."""
    ways = [way for way in WAYS if way.vendor == chance.vendor]
    armed = 0
    for _ in range(40):
        for _ in range(2):
            outcome = attempt(bench, "fault", **chance.fault(bench))
            armed += outcome is not None and outcome.ok
        for _ in range(chance.random.randint(1, 4)):
            chance.random.choice(ways).write(bench, chance.random.choice((6, 10, 16)))
            bench.wait(chance.random.choice((0, 1, 20, 60)))
        attempt(bench, chance.random.choice(("plug_in", "unplug")), charger="garage")
        bench.wait(chance.random.uniform(0, HOURS * 3600 / 40))
    assert armed > FAULTS


def recover(bench: Bench, vendor: str) -> None:
    """What an owner does after a bad day: unplugs, takes everything out, and switches off and on again."""
    attempt(bench, "unplug", charger="garage")
    attempt(bench, "plug_cable", charger="garage", plugged=False)
    bench.wait(60)
    bench.do("power_cut", charger="garage")
    bench.wait(60)
    bench.do("power_up", charger="garage")
    bench.wait(400)


def charges(bench: Bench, vendor: str, write: bool = True) -> dict[str, object]:
    """What a client sees and a vehicle gets once everything is well again."""
    bench.do("plug_in", charger="garage", vehicle="vw_id3")
    bench.wait(120)
    for way in WAYS:
        if way.vendor == vendor:
            way.write(bench, 10)
            bench.wait(70)
    snapshot = bench.site.wallboxes[f"garage.{vendor}"].snapshot()
    return {
        "offered": bench.read("garage.offered_current"),
        "drawn": round(snapshot.phase_current[0], 1),
        "contactor": bench.read("garage.contactor"),
        "set": bench.read(f"garage.{vendor}.{KEYS[vendor]}"),
        "faults": snapshot.faults,
        "phases": snapshot.phases,
        "limits": {owner: value for owner, value in snapshot.limits.items() if owner.startswith("fault.")},
    }


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("vendor", BENCHES)
def test_random_faults_leave_nothing_behind(vendor: str, seed: int, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.ERROR)
    healthy, ill = bench(vendor), bench(vendor)
    wallbox = ill.site.wallboxes[f"garage.{vendor}"]
    listeners = ill.site.simulation.journal._listeners.count
    before = wallbox.boot_time, wallbox.clock_offset
    live_with(ill, Chance(Random(f"{vendor} {seed}"), vendor))
    while ill.engine.active:  # the end of one may be the end of another
        next(iter(ill.engine.active.values())).finish("the end")
    assert ill.engine.active == {}
    assert not wallbox.interceptor.active
    assert ill.site.simulation.chargers["garage"].disturbances == {}
    assert (wallbox.boot_time, wallbox.clock_offset) == before
    assert ill.site.simulation.journal._listeners.count == listeners
    for each in (healthy, ill):
        recover(each, vendor)
    assert charges(ill, vendor) == charges(healthy, vendor)
    assert [f"{record.getMessage()} {record.exc_text}" for record in caplog.records] == []
