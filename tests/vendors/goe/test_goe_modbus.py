"""go-e over Modbus: two overlapping tables, gaps, orders, refusals, counters, and the defects of some versions."""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence

import pytest
from bench import CLIENT, Bench

from emulator.core.faults import PeLoss, TripRcd
from emulator.devices.interfaces import ModbusInterface, ModbusReply, ModbusRequest

Make = Callable[..., Bench]
GAP = 0xFFFF


def ask(world: Bench, function: int, address: int, count: int = 1, *values: int, unit: int = 1) -> ModbusReply:
    interface = world.box.interfaces["modbus"]
    assert isinstance(interface, ModbusInterface)
    reply = interface.handle(
        ModbusRequest(unit=unit, function=function, address=address, count=count, values=values, origin=CLIENT)
    )
    assert reply is not None
    return reply


def read(world: Bench, address: int, count: int = 1, function: int = 3) -> list[int]:
    reply = ask(world, function, address, count)
    assert reply.exception is None, reply
    return list(reply.values)


def write(world: Bench, address: int, *values: int) -> int | None:
    return ask(world, 16, address, len(values), *values).exception


def u32(words: Sequence[int]) -> int:
    """Low word first."""
    return words[0] | words[1] << 16


def f64(words: Sequence[int]) -> float:
    (value,) = struct.unpack(">d", struct.pack(">4H", *reversed(words)))
    return float(value)


# --- reading ---------------------------------------------------------------------------------------------------------


def test_idle(goe: Make) -> None:
    world = goe()
    assert read(world, 100, 2) == [1, 0]
    assert read(world, 105, 3) == [0x3630, 0x2E35, 0]  # "60.5", no error
    assert read(world, 108, 2) == [0x00E6, 0x0000]
    assert read(world, 144, 2) == [2, 0]
    assert read(world, 205) == [0b111000]
    assert read(world, 200) == [1]
    assert read(world, 304, 6) == [0x3132, 0x3334, 0x3536, 0, 0, 0]
    assert bytes(b for w in read(world, 310, 5) for b in divmod(w, 256)) == b"go-eCharge"
    assert read(world, 315, 12) == [127, 0, 0, 1, 255, 255, 255, 0, 192, 168, 1, 1]


def test_old_versions_show_four_characters(goe: Make) -> None:
    words = read(goe(firmware="53.1"), 105, 2)
    assert bytes(b for w in words for b in divmod(w, 256)) == b"053."


def test_a_charge_in_every_unit(goe: Make) -> None:
    world = goe()
    world.plug_in()
    world.wait(1800)
    now = world.now
    assert read(world, 100, 2) == [2, 32]
    assert read(world, 205) == [0b111111]
    power = u32(read(world, 120, 2)) / 100
    assert power == pytest.approx(now.power, rel=0.005)
    lines = [u32(read(world, 146 + 2 * n, 2)) / 10 for n in range(3)]
    assert sum(lines) == pytest.approx(power, abs=1)
    currents = [u32(read(world, 114 + 2 * n, 2)) / 10 for n in range(3)]
    assert currents == pytest.approx(now.phase_current, abs=0.1)
    assert u32(read(world, 128, 2)) == int(now.total_energy) // 100
    assert u32(read(world, 132, 2)) == pytest.approx(now.session_energy * 360, rel=1e-3)
    assert u32(read(world, 152, 2)) == 100


@pytest.mark.parametrize("function", [3, 4])
def test_both_functions_read_both_tables(goe: Make, function: int) -> None:
    world = goe()
    assert read(world, 100, 1, function) == [1]
    assert read(world, 299, 2, function) == [16, 16]


def test_the_overlap_belongs_to_the_function(goe: Make) -> None:
    world = goe(cards=[{"name": "Anna", "rfid": "04a1b2c3", "energy": 1234}], psm=1, frc=1)
    assert read(world, 332, 1, 3) == [1]
    assert read(world, 337, 1, 3) == [1]
    assert f64(read(world, 332, 4, 4)) == 1234.0
    assert f64(read(world, 336, 4, 4)) == 0.0


def test_gaps_are_filled_but_nothing_begins_there(goe: Make) -> None:
    world = goe()
    assert read(world, 205, 2) == [0b111000, GAP]  # the request belongs to the table of its first register
    assert read(world, 206) == [255]
    assert read(world, 206, 2) == [255, 0]
    assert read(world, 101, 4) == [0, GAP, GAP, GAP]
    for address in (0, 99, 102, 160, 298, 372, 65535):
        assert ask(world, 3, address).exception == 2
        assert ask(world, 4, address).exception == 2


@pytest.mark.parametrize("function", [1, 2, 5, 6, 7, 15, 22, 23, 43])
def test_no_other_function(goe: Make, function: int) -> None:
    world = goe()
    assert ask(world, function, 299, 1, 10).exception == 1
    assert world.box.read("amp") == 16


@pytest.mark.parametrize("unit", [0, 1, 2, 255])
def test_any_unit(goe: Make, unit: int) -> None:
    assert ask(goe(), 3, 100, unit=unit).values == (1,)


def test_energy_limit_in_the_vendors_example(goe: Make) -> None:
    world = goe()
    assert read(world, 333, 4) == [0, 0, 0, 0x7FF0]
    world.request("/api/set?dwo=5000")
    assert read(world, 333, 4) == [0, 0, 0x8800, 0x40B3]
    assert world.box.read("modbus.333") == 5000


def test_the_owner_turns_bytes_and_registers_round(goe: Make) -> None:
    world = goe(dwo=5000.0)
    world.request("/api/set?msb=true")
    assert read(world, 299) == [0x1000]
    assert read(world, 105, 2) == [0x3036, 0x352E]
    assert read(world, 206, 1) == [0xFF00]
    assert write(world, 299, 0x0A00) is None
    assert world.box.read("amp") == 10
    world.request("/api/set?msb=false&msr=true")
    assert read(world, 333, 4) == [0x40B3, 0x8800, 0, 0]
    assert write(world, 333, 0x40C3, 0x8800, 0, 0) is None
    assert world.box.read("dwo") == 10_000


def test_the_card_read_last(goe: Make) -> None:
    world = goe()
    assert read(world, 327, 5) == [0] * 5
    world.box.present_card("04:A1:B2:C3")
    assert read(world, 327, 5) == [0x04A1, 0xB2C3, 0, 0, 0]


def test_faults(goe: Make) -> None:
    world = goe()
    world.plug_in()
    world.wait(30)
    world.begin("rcd", TripRcd())
    world.wait(2)
    assert (read(world, 100), read(world, 107)) == ([0], [1])
    other = goe()
    other.begin("pe", PeLoss())
    other.wait(2)
    assert read(other, 107) == [8]


# --- writing ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "value", "key", "expected"),
    [
        (200, 0, "frc", 1),
        (200, 1, "frc", 2),
        (201, 1, "acs", 1),
        (201, 2, "lmo", 4),
        (204, 2, "ust", 2),
        (206, 17, "lbr", 17),
        (207, 1, "lse", True),
        (209, 7, "att", 25_200),
        (210, 3, "awc", 3),
        (211, 20, "ama", 20),
        (212, 0, "clp", [10, 12, 14, 16]),
        (216, 20, "clp", [6, 10, 12, 14, 20]),
        (217, 1, "cwe", False),
        (218, 1, "nmo", True),
        (299, 10, "amp", 10),
        (300, 11, "amp", 11),
        (332, 1, "psm", 1),
        (337, 2, "frc", 2),
    ],
)
def test_writes_reach_the_keys(goe: Make, address: int, value: int, key: str, expected: object) -> None:
    world = goe()
    assert write(world, address, value) is None
    assert world.box.read(key) == expected
    if address not in (200, 212):
        assert read(world, address) == [value]
    entries = [e for e in world.simulation.journal if e.kind == "write"]
    assert f"modbus.{address}" in [e.name for e in entries]
    assert all(e.detail["ok"] for e in entries)


def test_access_state(goe: Make) -> None:
    world = goe()
    for state in (3, 2, 1, 0):
        assert write(world, 201, state) is None
        assert read(world, 201) == [state]
    assert world.box.read("sch_week.control") == 0


@pytest.mark.parametrize(
    ("address", "values"),
    [
        (200, (2,)),
        (201, (4,)),
        (204, (3,)),
        (206, (256,)),
        (207, (2,)),
        (208, (25,)),
        (209, (25,)),
        (211, (5,)),
        (212, (33,)),
        (217, (2,)),
        (218, (65535,)),
        (299, (5,)),
        (300, (33,)),
        (332, (3,)),
        (333, (0, 0, 0, 0x7FF8)),
        (333, (0, 0, 0, 0xFFF0)),
        (333, (0, 0, 0x8800, 0xC0B3)),
        (337, (3,)),
    ],
)
def test_values_out_of_range_are_refused(goe: Make, address: int, values: tuple[int, ...]) -> None:
    world = goe()
    before = read(world, 200, 19), read(world, 299, 2), read(world, 332, 6)
    assert write(world, address, *values) == 3
    assert (read(world, 200, 19), read(world, 299, 2), read(world, 332, 6)) == before


@pytest.mark.parametrize(("address", "count"), [(100, 1), (202, 1), (203, 1), (205, 1), (333, 2), (219, 1), (298, 2)])
def test_what_is_no_holding_register_is_refused(goe: Make, address: int, count: int) -> None:
    assert write(goe(), address, *[6] * count) == 2


def test_several_at_once(goe: Make) -> None:
    world = goe()
    assert write(world, 299, 10, 12) is None
    assert world.box.read("amp") == 12
    assert write(world, 332, 1, 0, 0, 0x8800, 0x40B3, 2) is None
    assert world.read("psm", "dwo", "frc") == [1, 5000, 2]
    assert write(world, 333, 0, 0, 0, 0x7FF0) is None
    assert world.box.read("dwo") is None


def test_a_session_by_registers(goe: Make) -> None:
    world = goe()
    world.plug_in()
    world.wait(30)
    write(world, 200, 0)
    world.wait(10)
    assert (read(world, 200), read(world, 100)) == ([0], [4])
    write(world, 200, 1)
    world.wait(30)
    assert (read(world, 200), read(world, 100)) == ([1], [2])
    world.unplug()
    world.wait(2)
    assert (read(world, 337), read(world, 100)) == ([0], [1])


def test_registers_come_with_versions(goe: Make) -> None:
    old, middle = goe(firmware="53.1"), goe(firmware="55.5")
    assert ask(old, 3, 332).exception == 2
    assert read(middle, 332, 6)[5] == GAP
    assert ask(middle, 4, 336).exception is None  # inside the limit of the other table
    assert ask(middle, 3, 340).exception == 2
    assert read(goe(), 340, 4) == [0] * 4


def test_requests_are_counted(goe: Make) -> None:
    world = goe()
    world.wait(3)
    read(world, 100)
    ask(world, 3, 0)
    write(world, 299, 7)
    assert world.read("mro", "mwo", "mstr", "mstw") == [2, 1, 3000, 3000]
    world.box.reboot()
    world.wait(20)
    assert world.read("mro", "mwo", "mstr") == [0, 0, None]


def test_the_switch(goe: Make) -> None:
    world = goe()
    interface = world.box.interfaces["modbus"]
    assert isinstance(interface, ModbusInterface)
    assert not interface.enabled()
    world.request("/api/set?men=true")
    assert interface.enabled()


# --- defects ---------------------------------------------------------------------------------------------------------


def test_57_1_acknowledges_and_forgets(goe: Make) -> None:
    world = goe(firmware="57.1")
    assert write(world, 299, 10) is None
    assert world.box.read("amp") == 16


def test_60_0_refuses(goe: Make) -> None:
    world = goe(firmware="60.0")
    assert [write(world, address, 1) for address in (200, 332)] == [4, 4]
    assert write(world, 299, 10) == 4
    assert write(world, 300, 10) is None


def test_60_3_swaps_the_bytes(goe: Make) -> None:
    world = goe(firmware="60.3")
    assert read(world, 299) == [0x1000]
    assert read(world, 108, 2) == [0xE600, 0]
    world.request("/api/set?msb=true")
    assert read(world, 299) == [16]
    assert read(goe(firmware="60.4"), 299) == [16]


def test_no_idle_is_a_report_that_was_withdrawn(goe: Make) -> None:
    """Source: go-eCharger-API-v2#229."""
    assert read(goe(firmware="56.8"), 100) == [1]
    world = goe(firmware="56.8", modbus_car_0_when_idle=True)
    assert read(world, 100) == [0]
    world.plug_in()
    world.wait(1.2)
    assert read(world, 100) == [3]


def test_a_new_firmware_has_its_registers(goe: Make) -> None:
    world = goe(firmware="53.1")
    assert ask(world, 3, 332).exception == 2
    world.box.set_firmware("60.5")
    world.wait(20)
    assert read(world, 332) == [2]


def test_addresses_of_scenarios(goe: Make) -> None:
    world = goe()
    assert world.box.write("modbus.299", 9, CLIENT).ok
    assert world.read("modbus.299", "modbus.4.332", "modbus.333", "modbus.105") == [9, 0, None, "60.5"]
    assert world.box.write("modbus.333", None, CLIENT).ok
    assert not world.box.write("modbus.299", 40, CLIENT).ok
    assert not world.box.write("modbus.100", 1, CLIENT).ok
    with pytest.raises(KeyError):
        world.box.read("modbus.102")
    with pytest.raises(KeyError):
        world.box.write("modbus.102", 1, CLIENT)
