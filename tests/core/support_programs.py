"""Random programs for one charger: what people, cars, grids and firmwares might do, in any order."""

from __future__ import annotations

from dataclasses import fields as dataclass_fields
from dataclasses import replace
from typing import Any

from hypothesis import strategies as st

from emulator.core import messages as m
from emulator.core.faults import CATALOGUE, LINES, Disturbance
from emulator.core.specs import ChargerSpec, EvseSpec, PhaseSwitching, SupplySpec, VehicleSpec, WakeUp
from emulator.core.vehicles import PRESETS

Message = m.Stimulus | m.Command
Program = list[tuple[float, Message]]

OWNERS = st.sampled_from(("user", "app"))
TRUTH = st.booleans()
MAYBE = st.sampled_from((True, False, None))
CURRENTS = st.sampled_from((None, 0.0, 3.0, 5.9, 6.0, 7.5, 10.0, 16.0, 20.0, 32.0, 63.0, 1000.0))
VOLTAGES = st.sampled_from((0.0, 20.0, 60.0, 120.0, 185.0, 200.0, 215.0, 230.0, 254.0, 280.0))
DELAYS = st.one_of(
    st.sampled_from((0.0, 1e-6, 0.05, 0.075, 0.1, 0.25, 0.5, 1.0, 1.5, 2.0, 3.0, 5.0, 6.0, 7.0, 10.0, 30.0, 61.0)),
    st.floats(0.0, 20.0),
    st.sampled_from((600.0, 3600.0, 7200.0)),
)


@st.composite
def vehicles(draw: st.DrawFn) -> VehicleSpec:
    """A preset, with other habits mixed in."""
    spec = PRESETS[draw(st.sampled_from(sorted(PRESETS)))]
    habits: dict[str, st.SearchStrategy[Any]] = {
        "ignores_pwm_off": TRUTH,
        "phase_loss": st.sampled_from(("continue", "stop")),
        "burst_after": st.sampled_from((None, 0.0, 60.0)),
        "sleep_after": st.sampled_from((None, 0.0, 5.0, 600.0)),
        "wake": st.sampled_from(((), ("pwm",), ("pilot_open", "state_f"), ("api",))),
        "taper": st.sampled_from(("linear", "exponential", "none")),
        "ventilation": TRUTH,
        "below_minimum": st.sampled_from(("refuse", "idle")),
        "min_current": st.sampled_from((6.0, 8.0, 10.0)),
        "phases": st.sampled_from((1, 2, 3)),
        "patience": st.sampled_from((0.0, 30.0)),
        "s2_delay": st.sampled_from((0.0, 1.5)),
        "start_delay": st.sampled_from((0.0, 3.0)),
        "ramp_up": st.sampled_from((0.02, 2.0, 100.0)),
    }
    chosen = draw(st.lists(st.sampled_from(sorted(habits)), max_size=3, unique=True))
    return replace(spec, **{name: draw(habits[name]) for name in chosen})


@st.composite
def faults(draw: st.DrawFn) -> Disturbance:
    kind = draw(st.sampled_from(CATALOGUE))
    lines = st.lists(st.sampled_from(LINES), min_size=1, max_size=3, unique=True).map(tuple)
    fields: dict[str, st.SearchStrategy[Any]] = {
        "residual_current": st.sampled_from((-0.01, 0.0, 0.007, 0.035, 0.5)),
        "current_type": st.sampled_from(("ac", "dc")),
        "persistent": TRUTH,
        "resistance": st.sampled_from((0.0, 40.0, 200.0, 900.0, 1750.0, 2700.0, 5600.0, 1e6)),
        "phases": lines,
        "voltage": VOLTAGES,
        "frequency": st.sampled_from((40.0, 50.0, 60.0)),
        "temperature": st.sampled_from((20.0, 67.0, 72.0, 78.0, 85.0)),
        "sensor": st.sampled_from(("board", "connector_l1", "domestic_pin")),
        "excess": st.sampled_from((1.0, 5.0, 20.0)),
        "stuck": st.sampled_from(("open", "closed")),
    }
    return kind(**{name: draw(fields[name]) for name in [field.name for field in dataclass_fields(kind)]})


def _message() -> st.SearchStrategy[Message]:
    names = st.sampled_from(("one", "two"))
    return st.one_of(
        st.builds(
            m.PlugIn,
            name=st.just("car"),
            vehicle=vehicles(),
            state_of_charge=st.sampled_from((None, 0.0, 0.5, 0.899, 0.95, 0.9999, 1.0)),
            cable=st.sampled_from((None, 13.0, 20.0, 32.0, 63.0)),
        ),
        st.builds(m.Unplug, at_box=TRUTH),
        st.builds(m.PlugCable, plugged=TRUTH, cable=st.sampled_from((None, 13.0, 63.0))),
        st.builds(
            m.SetVehicle,
            changes=st.sampled_from(
                (
                    {"awake": True},
                    {"state_of_charge": 0.3},
                    {"state_of_charge": 1.0},
                    {"charge_limit": 0.5},
                    {"phases": 1},
                    {"simplified": True},
                    {"simplified": False},
                    {"capacity": 1000.0},
                    {"reactive_current": 5.0},
                )
            ),
        ),
        st.builds(
            m.SetSupply,
            voltage=st.one_of(st.none(), VOLTAGES),
            phases=st.sampled_from((None, 1, 3)),
            live=st.one_of(st.none(), st.tuples(TRUTH, TRUTH, TRUTH)),
            source_resistance=st.sampled_from((None, 0.0, 0.2, 5.0)),
        ),
        st.builds(m.SetClimate, ambient=st.sampled_from((-20.0, 20.0, 45.0, 68.0, 90.0))),
        st.just(m.PowerCut()),
        st.just(m.PowerUp()),
        st.builds(m.Disturb, name=names, fault=faults()),
        st.builds(m.Relieve, name=names),
        st.builds(m.SetLimit, owner=OWNERS, current=CURRENTS),
        st.builds(m.SetPermission, owner=OWNERS, granted=MAYBE),
        st.builds(m.SetAuthorisation, owner=OWNERS, granted=MAYBE),
        st.builds(m.RequestPhases, owner=OWNERS, phases=st.sampled_from((1, 2, 3))),
        st.builds(m.TunePhases, owner=OWNERS, wait=st.sampled_from((None, 0.0, 60.0)), single_phase_fallback=MAYBE),
        st.builds(
            m.InterruptPilot,
            owner=OWNERS,
            duration=st.sampled_from((None, 0.0, 1.0, 4.0)),
            mode=st.sampled_from(("open", "f")),
        ),
        st.builds(m.RestorePilot, owner=OWNERS),
        st.builds(m.SetService, owner=OWNERS, available=TRUTH),
        st.builds(m.MarkEnergy, owner=OWNERS, energy=st.sampled_from((None, 0.0, 5.0, 1000.0))),
        st.builds(m.ResetFaults, owner=OWNERS, fault=st.sampled_from((None, "rcd_ac"))),
        st.builds(m.RebootController, owner=OWNERS),
        st.builds(m.SetLock, owner=OWNERS, policy=st.sampled_from(("normal", "auto_unlock", "always", "open"))),
        st.builds(m.SetEarthCheck, owner=OWNERS, enabled=TRUTH),
    )


MESSAGES = _message()
PLUG_IN = st.builds(m.PlugIn, name=st.just("car"), vehicle=vehicles())


def specs() -> st.SearchStrategy[ChargerSpec]:
    evse = st.builds(
        EvseSpec,
        plug_debounce=st.sampled_from((0.0, 0.25)),
        below_minimum=st.sampled_from(("zero", "clamp", "pass")),
        ventilation=TRUTH,
        unlock_on_outage=TRUTH,
        lock_in_b=TRUTH,
        single_phase_fallback=TRUTH,
        boot_lockout=st.sampled_from((0.0, 30.0)),
        recovery=st.sampled_from(
            (
                (),
                (("rcd_ac", "auto"), ("overcurrent", "auto")),
                (("contactor_welded", "power"), ("diode_shorted", "unplug")),
            )
        ),
        phase_switching=st.builds(
            PhaseSwitching,
            wait=st.sampled_from((0.0, 10.0)),
            pilot=st.sampled_from(("open", "x1", "f")),
            cooldown=st.sampled_from((0.0, 300.0)),
        ),
        wake_up=st.builds(
            WakeUp, enabled=TRUTH, attempts=st.sampled_from((1, 3)), pilot=st.sampled_from(("open", "f"))
        ),
    )
    return st.builds(
        ChargerSpec,
        phases=st.sampled_from((1, 2, 3)),
        connector=st.sampled_from(("socket", "tethered")),
        supply=st.builds(
            SupplySpec,
            phases=st.sampled_from((1, 3)),
            network=st.sampled_from(("TN", "IT")),
            rotation=st.sampled_from(("RST", "STR", "TRS")),
            source_resistance=st.sampled_from((0.0, 0.2)),
        ),
        evse=evse,
        total_energy=st.just(1234.5),
    )


@st.composite
def programs(draw: st.DrawFn) -> Program:
    """Mostly a charging session into which things are thrown."""
    opening: Program = []
    if draw(st.integers(0, 3)):
        opening = [(0.0, m.SetLimit(owner="user", current=16.0)), (0.0, draw(PLUG_IN)), (draw(DELAYS), draw(MESSAGES))]
    return opening + draw(st.lists(st.tuples(DELAYS, MESSAGES), min_size=1, max_size=12))
