"""What the core costs: simulated time per CPU second, snapshots per second, µs per event.

Run from the root of the repository: `python -m benchmarks.core`.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from emulator.core.agenda import Agenda
from emulator.core.charger import Charger
from emulator.core.instant import DAY, HOUR, MINUTE
from emulator.core.messages import Event, PlugIn, RequestPhases, SetLimit, Unplug
from emulator.core.specs import ChargerSpec
from emulator.core.vehicles import PRESETS


def day() -> tuple[Charger, Agenda, list[Event]]:
    """24 h: a session with a phase switch there and back and a taper, and a second one."""
    agenda, events = Agenda(), list[Event]()
    charger = Charger("bench", ChargerSpec(), agenda=agenda, announce=events.append)
    morning = PlugIn(name="first", vehicle=PRESETS["vw_id3"], state_of_charge=0.4)
    evening = PlugIn(name="second", vehicle=PRESETS["renault_zoe"], state_of_charge=0.5)
    for hour, message in (
        (6, SetLimit(owner="user", current=16.0)),
        (6, morning),
        (7, RequestPhases(owner="user", phases=1)),
        (8, RequestPhases(owner="user", phases=3)),
        (15, Unplug()),
        (17, evening),
        (23, Unplug()),
    ):
        agenda.run_until(hour * HOUR)
        assert charger.apply(agenda.at, message).ok
    agenda.run_until(DAY)
    return charger, agenda, events


def charging() -> tuple[Charger, Agenda]:
    """A charger in the middle of a session."""
    agenda = Agenda()
    charger = Charger("bench", ChargerSpec(), agenda=agenda, announce=lambda event: None)
    charger.apply(0, PlugIn(name="car", vehicle=PRESETS["vw_id3"], state_of_charge=0.4))
    agenda.run_until(10 * MINUTE)
    return charger, agenda


def best(work: Callable[[], object], repeats: int = 5) -> float:
    """CPU seconds of the quickest of some runs."""
    times = []
    for _ in range(repeats):
        began = time.process_time()
        work()
        times.append(time.process_time() - began)
    return min(times)


def main() -> None:
    charger, agenda, events = day()
    seconds = best(day)
    print(f"a day of two sessions: {seconds:.3f} CPU s, {86_400 / seconds:,.0f} simulated s per CPU s")
    print(f"{charger.revision} segments, {agenda.fired} fired, {len(events)} events")
    print(f"{1e6 * seconds / charger.revision:.0f} us per segment")

    charger, agenda = charging()
    count = 20_000

    def fresh() -> None:
        for step in range(count):
            charger.snapshot(agenda.at + step)

    def cached() -> None:
        for _ in range(count):
            charger.snapshot(agenda.at)

    def commands() -> None:
        for step in range(1_000):
            charger.apply(agenda.at, SetLimit(owner="user", current=10.0 + step % 2))

    for name, work, each in (("fresh snapshot", fresh, count), ("cached snapshot", cached, count)):
        took = best(work)
        print(f"{name}: {1e6 * took / each:.2f} us, {each / took:,.0f} per s")
    print(f"command: {1e6 * best(commands) / 1_000:.0f} us")


if __name__ == "__main__":
    main()
