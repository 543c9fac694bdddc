"""What is counted in whole units says how long it stays as it is: never longer than it does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support_charger import Bench
from support_programs import Program, programs, specs

from emulator.core.freshness import FOREVER, HOLDS
from emulator.core.instant import SECOND, Instant, later
from emulator.core.messages import PlugIn, SetLimit
from emulator.core.snapshot import Snapshot
from emulator.core.specs import ChargerSpec, VehicleSpec

COUNTERS: Final[tuple[Callable[[Snapshot], int], ...]] = (
    lambda now: now.whole(lambda now: now.total_energy),
    lambda now: now.whole(lambda now: now.session_energy),
    lambda now: now.whole(lambda now: now.total_energy + 0.4),
    lambda now: now.elapsed(-300_000),
)


def told(bench: Bench, at: Instant, counter: Callable[[Snapshot], int]) -> tuple[int, Instant]:
    """What a counter shows at an instant of the present segment, and until when it says so."""
    HOLDS.until = FOREVER
    found = counter(bench.charger.measured(at, None, moving=True))
    return found, HOLDS.until


@given(spec=specs(), program=programs(), shares=st.lists(st.floats(0, 1), min_size=1, max_size=4))
def test_a_counter_stays_as_long_as_it_says(spec: ChargerSpec, program: Program, shares: list[float]) -> None:
    bench = Bench(spec)
    for wait, message in program:
        bench.agenda.run_until(later(bench.at, wait))
        bench.ask(message)
        due = bench.agenda.next_due
        end = due if due is not None else bench.at + 3600 * SECOND
        for counter in COUNTERS:
            for share in shares:
                at = bench.at + int((end - bench.at) * share)
                found, holds = told(bench, at, counter)
                last = min(holds - 1, end)
                for other in (at, (at + last) // 2, last) if last >= at else ():
                    assert told(bench, other, counter)[0] == found


@pytest.mark.parametrize("taper", ["linear", "exponential", "none"])
@pytest.mark.parametrize("state_of_charge", [0.3, 0.9])
def test_a_counter_is_looked_at_a_few_times_for_each_unit(
    taper: Literal["linear", "exponential", "none"], state_of_charge: float
) -> None:
    """Also at the end of a charge, where the power fades."""
    bench = Bench()
    car = PlugIn(name="car", vehicle=VehicleSpec(taper=taper), state_of_charge=state_of_charge)
    bench.do(SetLimit(owner="user", current=16.0), car)
    bench.run(120)
    for counter in COUNTERS:
        at, looks, first = bench.at, 0, told(bench, bench.at, counter)[0]
        end = bench.agenda.next_due or at + 60 * SECOND
        found = first
        while at < min(end, bench.at + 60 * SECOND):
            found, holds = told(bench, at, counter)
            at = max(at + 1, holds)
            looks += 1
        assert found > first
        assert looks < 12 * (found - first + 1)
