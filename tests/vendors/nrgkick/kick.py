"""A small world with one NRGkick, and the states of a charger that tests go through."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import ClassVar, Final, cast

from bench import Bench, charging, ended, with_fault

from emulator.core.faults import (
    ContactorFailsToClose,
    ContactorWelded,
    CpResistance,
    CpShort,
    CpStateF,
    DiodeShorted,
    Disturbance,
    Frequency,
    Overcurrent,
    Overtemp,
    Overvoltage,
    PeLoss,
    PhaseLoss,
    RcdSelftest,
    RcdSensorDefect,
    SwitchUnconfigured,
    TripRcd,
    Undervoltage,
    Ventilation,
)
from emulator.core.instant import SECOND

SIM: Final = "nrgkick-sim-32"


class Kick(Bench):
    """One unit with both APIs and phase switching on."""

    on: ClassVar[Mapping[str, object]] = {"json_api": True, "modbus_api": True, "phase_switching": True}

    def __init__(
        self,
        model: str | None = None,
        firmware: str | None = None,
        hardware: Mapping[str, object] | None = None,
        **settings: object,
    ) -> None:
        super().__init__("nrgkick", model, firmware, hardware=hardware, settings=settings)

    def general(self, key: str) -> object:
        return cast("dict[str, dict[str, object]]", self.get("/values"))["general"][key]

    def codes(self) -> tuple[object, object, object, object]:
        """Status, residual-current trigger, warning, error; as numbers."""
        found = cast("dict[str, dict[str, object]]", self.get("/values?raw&general"))["general"]
        return found["status"], found["rcd_trigger"], found["warning_code"], found["error_code"]


def _plugged_paused() -> Kick:
    world = Kick(charge_pause=1)
    world.plug_in()
    world.wait(5)
    return world


def _charging(**settings: object) -> Kick:
    return charging(Kick(**settings))  # type: ignore[arg-type]


def _switching() -> Kick:
    world = _charging()
    assert world.request("/control?phase_count=1").status == 200
    world.wait(3)
    return world


def _after_outage() -> Kick:
    world = _charging()
    world.outage(after=20)
    return world


def _limit() -> Kick:
    world = _charging()
    assert world.request("/control?energy_limit=500").status == 200
    world.wait(600)
    return world


def _wake_up() -> Kick:
    world = Kick()
    world.plug_in(state_of_charge=1.0)
    while world.general("status") != "WAKEUP":
        assert world.simulation.at < 60 * SECOND
        world.wait(1)
    return world


FAULTS: Final[dict[str, tuple[Disturbance, tuple[int, int, int, int]]]] = {
    "rcd_ac_30": (TripRcd(residual_current=0.035), (6, 1, 0, 16)),
    "rcd_ac_60": (TripRcd(residual_current=0.080), (6, 2, 0, 16)),
    "rcd_ac_150": (TripRcd(residual_current=0.200), (6, 3, 0, 16)),
    "rcd_dc_positive": (TripRcd(residual_current=0.010, current_type="dc"), (6, 4, 0, 16)),
    "rcd_dc_negative": (TripRcd(residual_current=-0.010, current_type="dc"), (6, 5, 0, 16)),
    "rcd_sensor_defect": (RcdSensorDefect(), (6, 0, 0, 49)),
    "pe_loss": (PeLoss(), (6, 0, 1, 48)),
    "cp_short": (CpShort(), (6, 0, 0, 32)),
    "cp_resistance": (CpResistance(resistance=100.0), (6, 0, 0, 33)),
    "cp_state_f": (CpStateF(), (6, 0, 0, 32)),
    "diode_shorted": (DiodeShorted(), (6, 0, 0, 34)),
    "ventilation": (Ventilation(), (2, 0, 5, 0)),
    "contactor_fails_to_close": (ContactorFailsToClose(), (6, 0, 0, 50)),
    "switch_unconfigured": (SwitchUnconfigured(), (6, 0, 0, 1)),
    "overvoltage": (Overvoltage(), (6, 0, 0, 66)),
    "undervoltage": (Undervoltage(voltage=190.0), (6, 0, 0, 67)),
    "phase_loss": (PhaseLoss(), (6, 0, 0, 65)),
    "two_phases_lost": (PhaseLoss(phases=("L2", "L3")), (6, 0, 0, 64)),
    "underfrequency": (Frequency(frequency=46.5), (6, 0, 0, 70)),
    "overfrequency": (Frequency(frequency=52.5), (6, 0, 0, 71)),
    "warm": (Overtemp(temperature=72.0, sensor="board"), (3, 0, 16, 0)),
    "warm_housing": (Overtemp(temperature=72.0, sensor="housing"), (3, 0, 17, 0)),
    "warm_attachment": (Overtemp(temperature=72.0, sensor="connector_l2"), (3, 0, 18, 0)),
    "hot": (Overtemp(temperature=85.0, sensor="board"), (6, 0, 0, 80)),
    "hot_housing": (Overtemp(temperature=85.0, sensor="housing"), (6, 0, 0, 81)),
    "hot_attachment": (Overtemp(temperature=85.0, sensor="connector_l1"), (6, 0, 0, 82)),
    "overcurrent": (Overcurrent(excess=8.0), (6, 0, 0, 1)),
}
"""Faults during a charge, with status, rcd_trigger, warning_code and error_code 20 s later."""

STATES: Final[dict[str, Callable[[], Kick]]] = {
    "standby": Kick,
    "standby_sim": lambda: Kick(SIM),
    "standby_16": lambda: Kick("nrgkick-16"),
    "paused": _plugged_paused,
    "charging": _charging,
    "charging_noisy": lambda: _charging(idle_noise=True),
    "idle_noise": lambda: Kick(idle_noise=True),
    "induced": lambda: Kick(attachment="cee_16_1p", induced_voltages=True),
    "domestic": lambda: _charging(attachment="domestic"),
    "switching": _switching,
    "after_outage": _after_outage,
    "energy_limit": _limit,
    "unplugged_again": lambda: ended(Kick),
    "wake_up": _wake_up,
    "contactor_welded": partial(with_fault, Kick, ContactorWelded()),
    "rcd_selftest": partial(with_fault, Kick, RcdSelftest()),
    **{name: partial(with_fault, Kick, fault) for name, (fault, _) in FAULTS.items()},
}
"""States of the charger in which everything is read."""
