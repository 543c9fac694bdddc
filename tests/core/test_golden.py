"""The golden trace: one hour of charging with every closed form in it, to nine digits."""

from __future__ import annotations

from dataclasses import replace

import pytest

from emulator.core.agenda import Agenda
from emulator.core.charger import Charger
from emulator.core.events import EventName
from emulator.core.instant import SECOND, later
from emulator.core.messages import Command, Event, PlugIn, SetLimit, SetPermission
from emulator.core.specs import ChargerSpec, EvseSpec, VehicleSpec

VEHICLE = VehicleSpec(standby_power=0.0, taper="none")
SPEC = ChargerSpec(evse=EvseSpec(plug_debounce=0.0))

# t s, Ip A, I A rms, P W, E Wh, state of charge %
ROWS = (
    (0.0, 0.0, 0.0, 0.0, 0.0, 40.0),
    (5.1, 0.0, 0.6, 0.0, 0.0, 40.0),
    (12.964280, 15.728560, 15.74, 10704.2738, 11.745904, 40.018432),
    (600.0, 15.728560, 15.74, 10704.2738, 1757.243434, 42.809253),
    (601.743368, 9.781615, 9.80, 6691.9066, 1762.013652, 42.816867),
    (1200.0, 9.781615, 9.80, 6691.9066, 2874.090741, 44.574633),
    (1201.111351, 0.0, 0.0, 0.0, 2875.590007, 44.576976),
    (1500.0, 0.0, 0.0, 0.0, 2875.590007, 44.576976),
    (1512.964280, 15.728560, 15.74, 10704.2738, 2887.335911, 44.595409),
    (3600.0, 15.728560, 15.74, 10704.2738, 9092.947543, 54.517363),
)
TEMPERATURES = (
    (12.964280, 20.031755),
    (600.0, 24.542175),
    (1200.0, 23.453406),
    (1500.0, 22.096604),
    (3600.0, 27.099306),
)


class Bench:
    """A charger on its own agenda."""

    def __init__(self, spec: ChargerSpec = SPEC) -> None:
        self.agenda = Agenda()
        self.events: list[Event] = []
        self.charger = Charger("bench", spec, agenda=self.agenda, announce=self.events.append)

    def at(self, t: float) -> int:
        instant = later(0, t)
        self.agenda.run_until(instant)
        return instant


def test_the_golden_trace() -> None:
    bench = Bench()
    bench.charger.apply(0, SetLimit(owner="user", current=16.0))
    bench.charger.apply(0, PlugIn(name="car", vehicle=VEHICLE))
    commands: dict[float, tuple[Command, ...]] = {
        600.0: (SetLimit(owner="user", current=10.0),),
        1200.0: (SetPermission(owner="user", granted=False),),
        1500.0: (SetPermission(owner="user", granted=True), SetLimit(owner="user", current=16.0)),
    }
    temperatures = dict(TEMPERATURES)
    for t, active, rms, power, energy, soc in ROWS:
        at = bench.at(t)
        found = bench.charger.snapshot(at)
        assert found.active_current[0] == pytest.approx(active, rel=1e-6, abs=1e-4), t
        assert found.phase_current[2] == pytest.approx(rms, rel=1e-6, abs=1e-4), t
        assert found.power == pytest.approx(power, rel=1e-6, abs=0.1), t
        assert found.session_energy == pytest.approx(energy, rel=1e-9, abs=4e-6), t
        assert found.vehicle is not None
        assert 100 * found.vehicle.state_of_charge == pytest.approx(soc, abs=1e-6), t
        if t in temperatures:
            assert found.temperature["connector_l1"] == pytest.approx(temperatures[t], abs=2e-6)
        for command in commands.get(t, ()):
            bench.charger.apply(at, command)


def test_the_contactor_closes_and_opens_when_it_should() -> None:
    bench = Bench()
    bench.charger.apply(0, SetLimit(owner="user", current=16.0))
    bench.charger.apply(0, PlugIn(name="car", vehicle=VEHICLE))
    bench.at(1200.0)
    bench.charger.apply(1200 * SECOND, SetPermission(owner="user", granted=False))
    bench.at(1300.0)
    when = {event.name: event.at for event in bench.events}
    assert when[EventName.CONTACTOR_CLOSED] == 2_100_000
    assert when[EventName.CURRENT_STARTED] == 5_100_000
    stopped = bench.events[[event.name for event in bench.events].index(EventName.CONTACTOR_OPENED)]
    assert stopped.detail["under_load"] is False


def test_reading_is_not_an_event() -> None:
    quiet, watched = Bench(), Bench()
    for bench in (quiet, watched):
        bench.charger.apply(0, PlugIn(name="car", vehicle=replace(VEHICLE, taper="linear", state_of_charge=0.85)))
    for step in range(1, 20_000):
        watched.charger.snapshot(watched.at(step * 0.37))
    assert watched.charger.snapshot(watched.at(7400.0)) == quiet.charger.snapshot(quiet.at(7400.0))
    assert watched.events == quiet.events
