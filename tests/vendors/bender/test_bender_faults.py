"""Faults: identifiers and bits on both interfaces, and what the states say meanwhile."""

from __future__ import annotations

import pytest
from controller import ICC, Controller

from emulator.core import faults
from emulator.core.faults import Disturbance
from emulator.vendors.bender.faultcodes import BITS, HARMLESS, KNOWN

ERROR = ("vehicle_connector_error", "not_authorized_for_charging", "faulted", "e")

HARD: dict[str, tuple[Disturbance, str]] = {
    "rcd_dc": (faults.TripRcd(current_type="dc", residual_current=0.010), "residual_current_detected"),
    "rcd_ac": (faults.TripRcd(), "residual_current_detected"),
    "rcd_sensor_defect": (faults.RcdSensorDefect(), "residual_current_detected"),
    "pe_loss": (faults.PeLoss(), "cp_pr_wiring_issue"),
    "cp_short": (faults.CpShort(), "vehicle_signals_error"),
    "cp_state_f": (faults.CpStateF(), "vehicle_signals_error"),
    "diode_shorted": (faults.DiodeShorted(), "vehicle_diode_check_failed"),
    "contactor_fails_to_close": (faults.ContactorFailsToClose(), "contactor_welded"),
    "switch": (faults.SwitchUnconfigured(), "pic24_error"),
    "overvoltage": (faults.Overvoltage(), "pic24_error"),
    "frequency": (faults.Frequency(), "pic24_error"),
    "undervoltage": (faults.Undervoltage(), "no_power_on_mains"),
    "phase_loss": (faults.PhaseLoss(), "no_power_on_mains"),
    "overcurrent": (faults.Overcurrent(excess=8.0), "car_current_overload"),
}


@pytest.mark.parametrize("name", HARD)
def test_a_fault_while_charging(name: str) -> None:
    fault, identifier = HARD[name]
    world = Controller()
    world.charge()
    world.begin("fault", fault)
    world.wait(20)
    state = world.full_state()
    assert state["errors"] == identifier
    assert world.states() == ERROR
    assert world.registers(111, 2) == swapped(1 << BITS.index(identifier))
    assert (world.registers(104), world.registers(122, 2), world.registers(140)) == ((4,), (5, 14), (0,))
    assert (state["sig_current"], state["power_w"]) == ("0", "0")
    triggered = identifier == "residual_current_detected"
    assert state["rcmb_state"] == ("triggered" if triggered else "okay")
    assert (state["rcd_state"], state["mcb_type2_state"]) == ("disable", "disable")


def swapped(bits: int) -> tuple[int, int]:
    """Little-endian on the wire."""
    data = bits.to_bytes(4, "little")
    return int.from_bytes(data[:2], "big"), int.from_bytes(data[2:], "big")


def test_residual_current_is_remembered_and_let_go_by_unplugging() -> None:
    world = Controller()
    world.charge()
    world.begin("leak", faults.TripRcd(current_type="dc", residual_current=-0.0125, persistent=True))
    world.wait(20)
    state = world.full_state()
    assert (state["rcmb_state"], state["rcmb_max_values"]) == ("triggered", " 0.0, 12.5")
    assert state["rcmb_current_values"] == " 0.0, 12.5"
    assert world.registers(136, 4) == (0, 0, 12, 5)
    world.end("leak")
    world.wait(600)
    assert world.states() == ERROR
    assert world.full_state()["rcmb_current_values"] == " 0.0, 0.0"
    world.unplug()
    world.wait(5)
    state = world.full_state()
    assert (state["rcmb_state"], state["errors"], state["ocpp_state"]) == ("okay", "no_errors", "available")
    assert state["rcmb_max_values"] == " 0.0, 12.5"
    world.wallbox.reboot()
    world.wait(61)
    assert world.full_state()["rcmb_max_values"] == " 0.0, 0.0"


def test_ac_leak_with_and_without_a_monitored_rcd() -> None:
    world = Controller(rcd_monitoring=True)
    world.charge()
    world.begin("leak", faults.TripRcd(residual_current=0.040))
    world.wait(20)
    state = world.full_state()
    assert (state["rcd_state"], state["rcmb_state"], state["errors"]) == ("triggered", "okay", "rcd_triggered")
    assert state["rcmb_max_values"] == " 40.0, 0.0"


def test_overload_with_a_monitored_breaker() -> None:
    world = Controller(mcb_type2_monitoring=True)
    world.charge()
    world.begin("fault", faults.Overcurrent(excess=8.0))
    world.wait(20)
    state = world.full_state()
    assert (state["mcb_type2_state"], state["errors"]) == ("triggered", "mcb_of_type_2_socket_triggered")


def test_self_test_and_welding_without_a_car() -> None:
    for fault, identifier in (
        (faults.RcdSelftest(), "residual_current_detected"),
        (faults.ContactorWelded(), "contactor_welded"),
    ):
        world = Controller()
        world.begin("fault", fault)
        world.wait(20)
        assert world.full_state()["errors"] == identifier
        assert world.states() == ("no_vehicle_connected", "not_authorized_for_charging", "faulted", "e")


def test_lock() -> None:
    world = Controller("cc612-socket")
    world.begin("fault", faults.LockStuck(stuck="open"))
    world.plug_in()
    world.wait(20)
    assert world.full_state()["errors"] == "plug_locking_failed"
    assert world.states() == ERROR
    assert world.registers(152) == (0,)


def test_proximity() -> None:
    world = Controller("cc612-socket")
    world.begin("fault", faults.PpInvalid())
    world.plug_in()
    world.wait(20)
    state = world.full_state()
    assert (state["type2_proximity"], state["errors"]) == ("short_circuit", "cp_pr_wiring_issue")
    assert world.states() == ERROR


def test_a_cut_pilot_looks_unplugged() -> None:
    world = Controller()
    world.charge()
    world.begin("fault", faults.CpOpen())
    world.wait(5)
    assert world.states() == ("no_vehicle_connected", "not_authorized_for_charging", "available", "a")


def test_heat() -> None:
    world = Controller()
    world.charge()
    world.begin("warm", faults.Overtemp(temperature=72.0))
    world.wait(20)
    assert (world.states()[2], world.registers(706), world.full_state()["errors"]) == ("charging", (16,), "no_errors")
    world.begin("hot", faults.Overtemp(temperature=85.0))
    world.wait(20)
    assert world.states()[2] == "suspendedevse"


def test_a_silent_meter() -> None:
    world = Controller()
    world.charge()
    world.begin("fault", faults.MeterFault())
    state = world.full_state()
    assert (state["errors"], state["meter_wh"], state["power_w"]) == ("ocpp_meter_not_communicating", "0", "0")
    assert state["ocpp_state"] == "charging"
    assert [world.long(address) for address in range(200, 228, 2)] == [0xFFFF_FFFF] * 14


def test_the_energy_of_a_transaction_stands_while_the_meter_is_silent() -> None:
    world = Controller()
    world.charge()
    world.wait(600)
    before = world.long(716)
    world.begin("fault", faults.MeterFault())
    world.wait(1800)
    assert (world.long(716), world.registers(705)) == (before, (before,))
    world.end("fault")
    world.wait(1)
    assert world.long(716) > 3 * before
    world.begin("again", faults.MeterFault())
    stood = world.long(716)
    world.wait(1800)
    world.unplug()
    assert world.long(716) == stood


def test_a_lost_backend_is_no_fault() -> None:
    world = Controller(backend=True)
    world.begin("fault", faults.BackendLost())
    state = world.full_state()
    assert (state["backend_conn_state"], state["errors"]) == ("not_reacheable", "backend_disconnected")
    assert (state["ocpp_state"], world.registers(111, 2)) == ("available", (0x8000, 0))
    assert Controller().full_state()["errors"] == "no_errors"
    alone = Controller()
    alone.begin("fault", faults.BackendLost())
    assert alone.full_state()["errors"] == "no_errors"


@pytest.mark.parametrize("identifier", KNOWN)
def test_every_identifier(identifier: str) -> None:
    world = Controller(errors=[identifier])
    world.plug_in()
    world.wait(30)
    bits = 1 << BITS.index(identifier) if identifier in BITS else 0
    assert world.full_state()["errors"] == identifier
    assert world.registers(111, 2) == swapped(bits)
    assert world.registers(105, 6) == (0,) * 6
    harmless = identifier in HARMLESS
    assert world.states()[2] == ("charging" if harmless else "faulted")
    assert world.now.contactor == harmless
    icc = Controller(ICC, errors=[identifier])
    high, low = icc.registers(111, 2)
    assert high << 16 | low == bits


def test_several_errors() -> None:
    world = Controller(errors=["rfid_reader_not_communicating", "plug_locking_failed"])
    assert world.full_state()["errors"] == "plug_locking_failed;;rfid_reader_not_communicating"  # as in the seed
