"""KEBA on Modbus as the library keba-modbus-client sees it: a whole session."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from python_keba_client import KebaModbusClient, KebaModbusClientConnectionError
from python_keba_client.keba_modbus_client import CableState, ChargingState

from emulator.testing.fixture import EmulatorFixture
from emulator.testing.wallbox import WallboxFixture


@contextmanager
def client(keba: WallboxFixture) -> Iterator[KebaModbusClient]:
    found = KebaModbusClient(address=keba.host, port=keba.port("modbus"))
    try:
        yield found
    finally:
        found.connection.close()  # type: ignore[attr-defined]


@pytest.mark.parametrize("model", ["keba-p30-c-32", "keba-p40"])
def test_a_session(emulator: EmulatorFixture, model: str) -> None:
    keba = emulator.start("keba", model=model)
    with client(keba) as box:
        assert box.charging_state["state"] == ChargingState.NOT_READY
        assert box.cable_state["state"] == CableState.PLUGGED_STATION_LOCKED
        assert str(box.serial_number) == keba.serial
        assert (box.max_supported_current, box.active_power) == (32, 0)

        emulator.plug_in(vehicle="vw_id3")
        emulator.advance("1 min")
        assert box.charging_state["state"] == ChargingState.CHARGING
        assert box.cable_state["state"] == CableState.PLUGGED_VEHICLE_LOCKED
        assert box.active_power == pytest.approx(11_000, rel=0.05)

        box.set_charging_current(10)
        emulator.advance("1 min")
        assert box.max_charging_current == 10
        assert box.active_power == pytest.approx(3 * 230 * 10, rel=0.05)

        box.disable_chargingstation()
        emulator.advance("30 s")
        assert box.charging_state["state"] == ChargingState.SUSPENDED
        assert box.active_power == 0
        box.enable_chargingstation()
        emulator.advance("2 min")
        assert box.charging_state["state"] == ChargingState.CHARGING

        emulator.advance("30 min")
        emulator.unplug()
        emulator.advance("10 s")
        assert box.cable_state["state"] == CableState.PLUGGED_STATION_LOCKED
        assert box.total_energy == pytest.approx(3 * 230 * 10 / 2000, rel=0.15)
        told = box.todict()
        assert told["chargingState"]["state"] == ChargingState.NOT_READY
        assert told["totalEnergy"] == box.total_energy


def test_an_energy_limit_ends_the_session(emulator: EmulatorFixture) -> None:
    keba = emulator.start("keba")
    with client(keba) as box:
        box.set_charging_kilowatthours(1)
        emulator.plug_in(vehicle="vw_id3")
        emulator.advance("10 min")
        assert box.active_power == 0
        assert box.total_energy == 1.0


def test_without_its_switch_there_is_nobody(emulator: EmulatorFixture) -> None:
    keba = emulator.start("keba")
    port = keba.port("modbus")
    emulator.set(wallbox="keba", settings={"dsw1_3": False})
    emulator.advance("1 s")
    with pytest.raises(KebaModbusClientConnectionError):
        KebaModbusClient(address=keba.host, port=port, timeout=1)
