"""Properties of random programs: the laws of the world hold at every instant, and nobody's looking changes anything."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from support_charger import Bench
from support_laws import Laws
from support_programs import DELAYS, MESSAGES, PLUG_IN, Program, programs, specs

from emulator.core.charger import RETAINED
from emulator.core.instant import SECOND, later
from emulator.core.messages import Disturb, Event, PlugIn, SetLimit, SetPermission, SetSupply, SetVehicle
from emulator.core.snapshot import Snapshot
from emulator.core.specs import ChargerSpec, EvseSpec
from emulator.core.states import EvseState as S
from emulator.core.states import OnboardState
from emulator.core.vehicles import PRESETS

THOROUGH = settings(max_examples=250, deadline=None, suppress_health_check=list(HealthCheck))
BRIEF = settings(THOROUGH, max_examples=100)


@THOROUGH
@given(spec=specs(), program=programs())
def test_the_laws_hold_at_every_instant(spec: ChargerSpec, program: Program) -> None:
    Laws(spec).play(program)


def play(spec: ChargerSpec, program: Program, reads: list[int], step: float | None) -> tuple[list[Event], Snapshot]:
    """The program, read at `reads` ms and advanced in steps of `step` s, or at once."""
    bench = Bench(spec)
    looks = sorted(reads)
    for delay, message in [*program, (600.0, SetLimit(owner="end", current=None))]:
        end = later(bench.at, delay)
        for _ in range(200 if step is not None else 0):
            if step is not None and bench.at + step * SECOND < end:
                bench.run(step)
        for look in looks:
            if bench.at <= look * 1000 <= end:
                bench.agenda.run_until(look * 1000)
                bench.look()
                bench.charger.snapshot(max(0, look * 1000 - 3_000_000))
        bench.agenda.run_until(end)
        bench.ask(message)
    return bench.events, bench.look()


@BRIEF
@given(
    spec=specs(),
    program=programs(),
    reads=st.lists(st.integers(0, 100_000), max_size=30),
    step=st.sampled_from((None, 0.03, 0.9, 7.3)),
)
def test_neither_reading_nor_small_steps_change_what_happens(
    spec: ChargerSpec, program: Program, reads: list[int], step: float | None
) -> None:
    spec = replace(spec, noise=1.0)
    events, last = play(spec, program, [], None)
    others, end = play(spec, program, reads, step)
    assert repr(events) == repr(others)
    assert repr(last) == repr(end)
    assert last == end


@BRIEF
@given(spec=specs(), program=programs(), back=st.lists(st.integers(0, 60_000_000), max_size=5))
def test_the_past_reads_as_it_was(spec: ChargerSpec, program: Program, back: list[int]) -> None:
    bench = Bench(spec)
    seen: list[Snapshot] = []
    for delay, message in program:
        seen.append(bench.run(delay))
        bench.agenda.run_until(bench.at + 1)
        bench.ask(message)
    bench.run(10.0)
    assume(bench.charger.revision <= RETAINED)
    for snapshot in seen:
        assert bench.charger.snapshot(snapshot.at) == snapshot
    for offset in back:
        at = max(0, bench.at - offset)
        assert bench.charger.snapshot(at).at >= at


@BRIEF
@given(spec=specs(), program=programs(), message=MESSAGES)
def test_a_refused_message_changes_nothing(spec: ChargerSpec, program: Program, message: object) -> None:
    bench = Bench(spec)
    for delay, earlier in program:
        bench.run(delay)
        bench.ask(earlier)
    bench.run(0.5)
    revision, look, count = bench.charger.revision, bench.look(), len(bench.events)
    if bench.ask(message).ok:  # type: ignore[arg-type]
        return
    assert (bench.charger.revision, bench.look(), len(bench.events)) == (revision, look, count)


HARMLESS = MESSAGES.filter(lambda m: not isinstance(m, Disturb | SetSupply | SetVehicle))


@BRIEF
@given(spec=specs(), program=st.lists(st.tuples(DELAYS, HARMLESS), max_size=10), car=PLUG_IN)
def test_no_fault_without_a_cause(spec: ChargerSpec, program: Program, car: PlugIn) -> None:
    bench = Bench(replace(spec, evse=replace(spec.evse, ventilation=True, single_phase_fallback=False)))
    opening: Program = [(0.0, SetLimit(owner="user", current=16.0)), (0.0, car)]
    for delay, message in opening + program:
        bench.run(delay)
        bench.ask(message)
    bench.run(600.0)
    raised = {str(e.detail["fault"]) for e in bench.events if e.name in ("fault_raised", "rcd_tripped")}
    # Heat comes from the climate; a vehicle without pilot logic, or a slow one, may draw more than is offered.
    assert raised <= {"overtemp_derate", "overtemp_stop", "overcurrent"}


COMPLIANT = sorted(set(PRESETS) - {"scooter_simplified"})


@BRIEF
@given(
    model=st.sampled_from(COMPLIANT),
    offers=st.lists(
        st.tuples(st.floats(0.0, 40.0), st.sampled_from((0.0, 6.0, 7.0, 10.0, 16.0, 20.0, 32.0))), max_size=8
    ),
)
def test_a_compliant_vehicle_is_within_its_offer_after_five_seconds(
    model: str, offers: list[tuple[float, float]]
) -> None:
    bench = Bench()
    reactive = PRESETS[model].reactive_current
    bench.do(PlugIn(name="car", vehicle=PRESETS[model], state_of_charge=0.5))
    for delay, offer in [(0.0, 16.0), *offers]:
        bench.do(SetLimit(owner="user", current=offer))
        bench.run(min(delay, 5.0))
        if delay < 5.0:
            continue
        for _ in range(5):
            now = bench.run((delay - 5.0) / 5)
            limit = now.offered_current
            assert max(now.phase_current) <= max(reactive, limit) + 0.3
            assert limit > 0 or max(now.active_current) <= 1.0


@pytest.mark.parametrize("phases", [1, 3])
@pytest.mark.parametrize("model", sorted(PRESETS))
def test_every_preset_charges_to_its_end(model: str, phases: int) -> None:
    bench = Bench(ChargerSpec(phases=phases))
    bench.do(SetLimit(owner="user", current=16.0), PlugIn(name="car", vehicle=PRESETS[model], state_of_charge=0.8))
    now = bench.run(24 * 3600.0)
    assert now.vehicle is not None
    assert now.vehicle.finished
    assert now.vehicle.state_of_charge == pytest.approx(1.0, abs=1e-6)
    assert len(bench.times("charge_finished")) == 1
    assert bench.times("current_stopped")
    assert now.state is (S.CHARGING if PRESETS[model].simplified else S.B_READY)
    assert now.vehicle.onboard in (OnboardState.IDLE, OnboardState.ASLEEP)
    assert max(now.phase_current) == 0
    stored = 0.2 * PRESETS[model].capacity
    assert stored < now.session_energy < stored / 0.6 or model == "ideal"
    assert not now.faults
    used = min(phases, PRESETS[model].phases)
    longest = max(s for s in bench.charger.snapshot(later(0, 120.0)).phase_current)
    assert sum(i > 0.9 * longest for i in bench.charger.snapshot(later(0, 120.0)).phase_current) in (used, 0)


def test_an_overdue_charger_says_so() -> None:
    bench = Bench(ChargerSpec(evse=EvseSpec()))
    bench.do(PlugIn(name="car", vehicle=PRESETS["generic"]))
    with pytest.raises(ValueError, match="due"):
        bench.charger.snapshot(60 * SECOND)
    with pytest.raises(ValueError, match="due"):
        bench.charger.apply(60 * SECOND, SetPermission(owner="user", granted=True))
    bench.run(1.0)
    with pytest.raises(ValueError, match="past"):
        bench.charger.apply(0, SetPermission(owner="user", granted=True))
