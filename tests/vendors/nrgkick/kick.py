"""A small world with one NRGkick, and the states of a charger that tests go through."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, cast

from worlds import CLIENT, SmallWorld

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
from emulator.core.messages import PowerCut, PowerUp
from emulator.devices.interfaces import (
    HttpInterface,
    HttpReply,
    HttpRequest,
    ModbusInterface,
    ModbusReply,
    ModbusRequest,
)
from emulator.vendors.nrgkick.wallbox import NrgKick

SIM: Final = "nrgkick-sim-32"


class Kick(SmallWorld):
    """One unit with both APIs and phase switching on."""

    def __init__(
        self,
        model: str | None = None,
        firmware: str | None = None,
        hardware: Mapping[str, object] | None = None,
        **settings: object,
    ) -> None:
        on = {"json_api": True, "modbus_api": True, "phase_switching": True}
        super().__init__("nrgkick", model, firmware, hardware=hardware, settings={**on, **settings})

    @property
    def unit(self) -> NrgKick:
        assert isinstance(self.box, NrgKick)
        return self.box

    def http(self, target: str, method: str = "GET", **headers: str) -> HttpReply:
        interface = self.box.interfaces["http"]
        assert isinstance(interface, HttpInterface)
        return interface.answer(HttpRequest(method=method, target=target, headers=headers, origin=CLIENT))

    def modbus(
        self, function: int, address: int, count: int = 1, values: tuple[int, ...] = (), unit: int = 1
    ) -> ModbusReply | None:
        interface = self.box.interfaces["modbus"]
        assert isinstance(interface, ModbusInterface)
        return interface.handle(
            ModbusRequest(unit=unit, function=function, address=address, count=count, values=values, origin=CLIENT)
        )

    def registers(self, address: int, count: int = 1) -> tuple[int, ...]:
        reply = self.modbus(3, address, count)
        assert reply is not None
        assert reply.exception is None
        return reply.values

    def exception(self, function: int, address: int, count: int = 1, values: tuple[int, ...] = ()) -> int | None:
        reply = self.modbus(function, address, count, values)
        assert reply is not None
        return reply.exception

    def general(self, key: str) -> object:
        return cast("dict[str, dict[str, object]]", self.get("/values"))["general"][key]

    def codes(self) -> tuple[object, object, object, object]:
        """Status, residual-current trigger, warning, error; as numbers."""
        found = cast("dict[str, dict[str, object]]", self.get("/values?raw&general"))["general"]
        return found["status"], found["rcd_trigger"], found["warning_code"], found["error_code"]

    def charge(self, **vehicle: object) -> None:
        """Plug in and wait for full current."""
        self.plug_in(**{"max_current": 32.0, **vehicle})
        self.wait(40)

    def writes(self) -> list[tuple[str, object, object]]:
        """Point, value and success of what clients wrote."""
        entries = (entry for entry in self.simulation.journal if entry.kind == "write")
        return [(entry.name, entry.detail["value"], entry.detail["ok"]) for entry in entries]


def _plugged_paused() -> Kick:
    world = Kick(charge_pause=1)
    world.plug_in()
    world.wait(5)
    return world


def _charging(**settings: object) -> Kick:
    world = Kick(None, None, None, **settings)
    world.charge()
    return world


def _with(fault: Disturbance, wait: float = 20.0) -> Callable[[], Kick]:
    def make() -> Kick:
        world = _charging()
        world.begin("fault", fault)
        world.wait(wait)
        return world

    return make


def _switching() -> Kick:
    world = _charging()
    assert world.request("/control?phase_count=1").status == 200
    world.wait(3)
    return world


def _after_outage() -> Kick:
    world = _charging()
    world.apply(PowerCut())
    world.wait(60)
    world.apply(PowerUp())
    world.wait(20)
    return world


def _limit() -> Kick:
    world = _charging()
    assert world.request("/control?energy_limit=500").status == 200
    world.wait(600)
    return world


def _unplugged_again() -> Kick:
    world = _charging()
    world.wait(600)
    world.unplug()
    world.wait(5)
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
    "rcd_dc_positive": (TripRcd(residual_current=0.010, kind="dc"), (6, 4, 0, 16)),
    "rcd_dc_negative": (TripRcd(residual_current=-0.010, kind="dc"), (6, 5, 0, 16)),
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
    "unplugged_again": _unplugged_again,
    "wake_up": _wake_up,
    "contactor_welded": _with(ContactorWelded()),
    "rcd_selftest": _with(RcdSelftest()),
    **{name: _with(fault) for name, (fault, _) in FAULTS.items()},
}
"""States of the charger in which everything is read."""
