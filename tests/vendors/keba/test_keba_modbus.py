"""KEBA's Modbus registers: places, codings of model and firmware, exact reads, writes, refusals, states."""

from __future__ import annotations

import pytest
from kecontact import CARD, FAULTS, IDLE_FAULTS, LOCK, SITUATIONS, KeContact, with_fault

from emulator.core.faults import Overtemp, PpInvalid
from emulator.core.messages import PlugCable
from emulator.devices.interfaces import ModbusInterface, ModbusRequest
from emulator.vendors import vendor
from emulator.vendors.keba.models import TRAITS

FIRST = (1000, 1004, 1006, 1008, 1010, 1012, 1014, 1016, 1018, 1020, 1036, 1040, 1042, 1044, 1046)
ALWAYS = (*FIRST, 1100, 1110, 1500, 1502)
PHASES = (1550, 1552)
FAILSAFE = (1600, 1602)
MODBUS_MODELS = [(m.id, f) for m in vendor("keba").models for f in m.firmwares if TRAITS[m.id].generation != "P20"]


def existing(model: str, firmware: str) -> tuple[int, ...]:
    version = tuple(int(part) for part in firmware.split("."))
    p40 = model.startswith("keba-p40")
    phases = version >= ((1, 3, 0) if p40 else (3, 10, 42))
    failsafe = p40 or version >= (3, 10, 28)
    return (*ALWAYS, *(PHASES if phases else ()), *(FAILSAFE if failsafe else ()))


@pytest.mark.parametrize(("model", "firmware"), MODBUS_MODELS)
def test_which_registers_there_are(model: str, firmware: str) -> None:
    world = KeContact(model, firmware)
    there = existing(model, firmware)
    for address in range(990, 1700):
        reply = world.modbus(3, address, 2)
        assert reply is not None
        if address == 1500 and firmware == "1.1.9":
            assert reply.exception == 4
        else:
            assert (reply.exception is None) == (address in there), address
            assert reply.exception in (None, 2)


@pytest.mark.parametrize("name", SITUATIONS)
@pytest.mark.parametrize("model", ["keba-p30-c-32", "keba-p30-c-32-socket", "keba-p30-de", "keba-p40", "keba-p40-pro"])
def test_every_register_in_every_state_agrees_with_the_reports(name: str, model: str) -> None:
    world = SITUATIONS[name](model, None)
    report = {
        key.partition(".")[2]: world.box.read(key)
        for key in world.box.addresses()
        if key.startswith(("report2", "report3"))
    }
    expected = {
        1000: report["State"],
        1004: report["Plug"],
        1006: int(str(report["Error1"])) << 16 | int(str(report["Error2"])),
        **dict(zip((1008, 1010, 1012, 1020), (report[k] for k in ("I1", "I2", "I3", "P")), strict=True)),
        1036: report["E total"],
        **dict(zip((1040, 1042, 1044, 1046), (report[k] for k in ("U1", "U2", "U3", "PF")), strict=True)),
        1100: report["Max curr"],
        1110: report["Curr HW"],
        1502: report["E pres"],
        1600: report["Curr FS"],
        1602: report["Tmo FS"],
    }
    assert {address: world.register(address) for address in expected} == expected


@pytest.mark.parametrize("name", FAULTS)
def test_error_codes(name: str) -> None:
    fault, state, code = FAULTS[name]
    world = with_fault(fault)(None, None)
    assert (world.register(1000), world.register(1006)) == (state, code)
    assert world.report(2)["Error1"] == code >> 16
    assert world.report(2)["Error2"] == code & 0xFFFF
    assert world.register(1100) == (0 if state != 3 else 32_000)
    if name == "meter_fault":
        assert (world.register(1008), world.register(1020), world.register(1040)) == (0, 0, 0)


@pytest.mark.parametrize("name", IDLE_FAULTS)
def test_error_codes_without_a_charge(name: str) -> None:
    fault, code = IDLE_FAULTS[name]
    world = KeContact()
    world.begin("fault", fault)
    world.wait(5)
    assert (world.register(1000), world.register(1006)) == (4, code)
    assert world.report(2)["Enable sys"] == 0


def test_plug_lattice_of_a_socket() -> None:
    world = KeContact("keba-p30-c-32-socket")
    assert (world.register(1004), world.register(1110)) == (0, 0)
    assert world.apply(PlugCable(cable=20.0)).ok
    assert (world.register(1004), world.register(1110)) == (1, 20_000)
    world.plug_in()
    world.wait(0.5)
    assert world.register(1004) == 5
    world.wait(5)
    assert world.register(1004) == 7
    world.unplug()
    world.wait(3)
    assert (world.register(1004), world.register(1000)) == (0, 1)


def test_plug_lattice_of_a_cable() -> None:
    world = KeContact()
    assert (world.register(1004), world.register(1000), world.register(1110)) == (3, 1, 32_000)
    world.plug_in()
    world.wait(1)
    assert (world.register(1004), world.register(1000)) == (7, 2)


def test_a_lock_that_does_not_close_and_a_cable_that_is_none() -> None:
    world = KeContact("keba-p30-c-32-socket")
    world.begin("lock", LOCK)
    world.plug_in()
    world.wait(30)
    assert (world.register(1004), world.register(1000), world.register(1006)) == (5, 4, 0x50001)
    world = KeContact("keba-p30-c-32-socket")
    world.plug_in()
    world.begin("pp", PpInvalid())
    world.wait(5)
    assert (world.register(1000), world.register(1006), world.register(1110)) == (4, 0x50002, 0)


def test_heat_takes_current_away() -> None:
    world = KeContact()
    world.charge()
    world.begin("warm", Overtemp(temperature=72.0))
    world.wait(10)
    assert (world.register(1000), world.register(1100), world.register(1110)) == (3, 16_000, 16_000)


@pytest.mark.parametrize(
    ("model", "firmware", "product", "version"),
    [
        ("keba-p30-c-32-socket", "3.10.57", 304_111, 0x030A3900),
        ("keba-p30-c-32", "3.10.16", 314_111, 0x030A1000),
        ("keba-p30-c-16", None, 312_111, 0x030A3900),
        ("keba-p30-x-32", None, 314_021, 0x030A3900),
        ("keba-p30-de", "3.10.42", 312_200, 0x030A2A00),
        ("keba-p40", None, 4_213_111, 10_300),
        ("keba-p40-pro-socket", "1.2.1", 4_223_311, 10_201),
        ("keba-p40-16", "1.1.9", 4_113_111, 10_109),
    ],
)
def test_product_and_version_codes(model: str, firmware: str | None, product: int, version: int) -> None:
    world = KeContact(model, firmware)
    assert (world.register(1016), world.register(1018)) == (product, version)


def test_the_guides_version() -> None:
    assert KeContact(None, "3.10.13").register(1018) == 0x030A0D00 == 50_990_336


def test_meter_while_charging() -> None:
    world = KeContact(hardware={"total_energy": 29_000.0})
    assert [world.register(a) for a in (1020, 1036, 1040, 1046, 1502)] == [0, 290_000, 0, 0, 0]
    world.charge()
    world.wait(3600)
    now = world.now
    assert world.register(1020) == round(now.power * 1000)
    assert world.register(1008) == round(now.phase_current[0] * 1000)
    assert world.register(1040) == round(now.phase_voltage[0])
    assert world.register(1046) == round(now.power_factor * 1000) > 990
    assert world.register(1036) == int(now.total_energy * 10)
    assert world.register(1502) == pytest.approx(now.session_energy * 10, abs=1)
    assert world.register(1014) == 17_619_300
    world.unplug()
    world.wait(60)
    assert world.register(1502) == pytest.approx(now.session_energy * 10, abs=30)
    assert world.register(1040) == 0


def test_idle_voltages_are_a_choice() -> None:
    world = KeContact(idle_voltages=True)
    assert world.register(1040) == 230


def test_old_p40_counts_watt_hours() -> None:
    old, new = KeContact("keba-p40", "1.1.9"), KeContact("keba-p40", "1.2.1")
    for world in (old, new):
        world.charge()
        world.wait(1800)
    assert old.register(1036) == new.register(1036) // 10 > 5_000
    assert old.register(1502) == new.register(1502) // 10


# --- requests that are refused ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "count"), [(1000, 1), (1000, 4), (1001, 2), (1002, 2), (1008, 6), (5004, 1), (0, 2)]
)
def test_only_whole_single_items(address: int, count: int) -> None:
    assert KeContact().exception(3, address, count) == 2
    assert KeContact(bad_read_exception=4).exception(3, address, count) == 4


@pytest.mark.parametrize("function", [1, 2, 4, 5, 15, 16, 22, 43])
def test_other_functions(function: int) -> None:
    assert KeContact().exception(function, 5004, 1, (6000,)) == 1


def test_other_units() -> None:
    for unit in (0, 1, 254):
        assert KeContact().modbus(3, 1000, 2, unit=unit) is None
        assert KeContact(any_unit=True).modbus(3, 1000, 2, unit=unit) is not None


@pytest.mark.parametrize(
    ("address", "value", "model"),
    [
        (5004, 0, None),
        (5004, 5999, None),
        (5004, 63_001, None),
        (5004, 5999, "keba-p40"),
        (5012, 1, None),
        (5014, 2, None),
        (5016, 5000, None),
        (5016, 65_535, None),
        (5018, 9, None),
        (5018, 601, None),
        (5020, 0, None),
        (5050, 5, None),
        (5052, 2, None),
    ],
)
def test_values_out_of_range(address: int, value: int, model: str | None) -> None:
    world = KeContact(model, x2src=3)
    before = {name: world.box.settings[name] for name in world.box.settings}
    assert world.put(address, value) == 3
    lenient = KeContact(model, x2src=3, ignores_bad_values=True)
    assert lenient.put(address, value) is None
    assert lenient.writes() == [(f"modbus.{address}", value, False)]
    for box in (world.box, lenient.box):
        assert {n: box.settings[n] for n in before if n != "ignores_bad_values"} == {
            n: v for n, v in before.items() if n != "ignores_bad_values"
        }


@pytest.mark.parametrize(
    ("model", "firmware", "address"),
    [
        (None, "3.10.27", 5016),
        (None, "3.10.27", 5018),
        (None, "3.10.27", 5020),
        (None, "3.10.28", 5050),
        (None, "3.10.28", 5052),
        ("keba-p40", "1.2.1", 5050),
        ("keba-p40", None, 5010),
        (None, None, 1000),
        (None, None, 5005),
    ],
)
def test_registers_that_cannot_be_written(model: str | None, firmware: str | None, address: int) -> None:
    assert KeContact(model, firmware).put(address, 0) == 2


def test_too_soon() -> None:
    world = KeContact(minimum_intervals=True)
    assert world.put(5004, 10_000) is None
    assert world.put(5004, 12_000) == 6
    assert world.put(5014, 1) is None
    world.wait(5)
    assert world.put(5004, 12_000) is None
    assert world.exception(3, 1000, 2) is None
    assert world.exception(3, 1004, 2) == 6
    world.wait(0.5)
    assert world.exception(3, 1004, 2) is None


# --- writes that act -------------------------------------------------------------------------------------------------


def test_current_and_enable() -> None:
    world = KeContact()
    world.charge()
    assert world.put(5004, 10_000) is None
    world.wait(10)
    assert (world.register(1100), world.now.limits["keba.curr"]) == (10_000, 10.0)
    assert world.register(1008) == pytest.approx(9_800, abs=200)
    assert world.report(2)["Curr user"] == 10_000
    assert world.put(5014, 0) is None
    assert world.register(1100) == 0
    world.wait(10)
    assert (world.register(1000), world.now.contactor) == (5, False)
    assert world.keys("Enable sys", "Enable user", "Max curr %") == (0, 0, 1000)
    assert world.put(5014, 1) is None
    world.wait(30)
    assert (world.register(1000), world.register(1100)) == (3, 10_000)
    assert world.writes()[:2] == [("modbus.5004", 10_000, True), ("modbus.5014", 0, True)]


def test_a_disabled_box_without_a_car_is_not_suspended() -> None:
    world = KeContact()
    world.put(5014, 0)
    assert world.register(1000) == 1


def test_a_p40_is_stopped_by_its_current() -> None:
    world = KeContact("keba-p40")
    world.charge()
    reply = world.modbus(3, 5004, 1)
    assert reply is not None
    assert reply.values == (63_000,)
    assert world.put(5004, 0) is None
    world.wait(10)
    assert (world.register(1000), world.modbus(3, 5004, 1).values) == (5, (0,))  # type: ignore[union-attr]
    assert world.put(5004, 8_000) is None
    world.wait(30)
    assert (world.register(1000), world.register(1100)) == (3, 8_000)
    assert world.box.interfaces.keys() == {"modbus", "ocpp", "rest"}


def test_energy_limit_in_ten_watt_hours() -> None:
    world = KeContact()
    world.charge()
    assert world.put(5010, 50) is None
    world.wait(600)
    assert (world.register(1000), world.report(2)["Enable user"]) == (5, 0)
    assert 5_000 <= world.register(1502) < 5_120


def test_unlock_only_while_suspended() -> None:
    world = KeContact("keba-p30-c-32-socket")
    world.charge()
    assert world.put(5012, 0) is None
    world.wait(5)
    assert world.register(1004) == 7
    world.put(5014, 0)
    world.wait(10)
    assert world.put(5012, 0) is None
    world.wait(3)
    assert world.register(1004) == 5


def test_phases() -> None:
    world = KeContact()
    world.charge()
    assert (world.register(1550), world.register(1552)) == (0, 0)
    assert world.put(5052, 0) is None
    world.put(5050, 3)
    assert world.register(1552) == 1, "nobody was the source"
    world.put(5052, 0)
    world.wait(3)
    assert (world.register(1552), world.register(1000), world.register(1100)) == (0, 2, 0)
    world.wait(60)
    assert (world.now.phases, world.register(1000)) == (1, 3)
    assert [world.register(a) for a in (1010, 1012, 1042, 1044)] == [5, 5, 1, 1], "cut off, as seen in the field"
    assert world.register(1008) > 30_000
    assert world.register(1040) > 220
    assert world.put(5052, 1) is None
    assert world.register(1552) == 0, "within the cool-down"
    world.wait(240)
    assert world.put(5052, 1) is None
    world.wait(60)
    assert (world.register(1552), world.now.phases) == (1, 3)
    assert world.put(5050, 4) is None
    assert world.register(1550) == 3, "only by way of 0"
    world.put(5050, 0)
    world.put(5050, 4)
    assert world.register(1550) == 4


def test_a_phase_switch_begins_with_current() -> None:
    """Until the vehicle has let go, it charges: state 3, with voltages."""
    world = KeContact()
    world.charge()
    world.put(5050, 3)
    world.put(5052, 0)
    world.wait(0.01)
    assert world.now.phase_switching
    assert world.now.current_flows
    assert (world.register(1000), world.register(1100)) == (3, 0)
    assert world.register(1040) > 220
    assert world.register(1020) > 0
    world.wait(3)
    assert (world.register(1000), world.register(1040), world.register(1020)) == (2, 0, 0)


def test_phases_of_a_p40_are_counted() -> None:
    world = KeContact("keba-p40", contactor_box=False)
    assert world.register(1552) == 3
    world.put(5050, 3)
    world.put(5052, 0)
    assert (world.register(1552), world.now.phases) == (1, 1)


def test_without_the_contactor_box_the_state_is_not_what_it_is() -> None:
    world = KeContact(contactor_box=False)
    world.put(5050, 3)
    world.put(5052, 0)
    world.charge()
    assert (world.register(1552), world.now.phases) == (0, 3)


def test_state_during_a_switch_is_a_choice() -> None:
    world = KeContact(phase_switch_state=5)
    world.charge()
    world.put(5050, 3)
    world.put(5052, 0)
    world.wait(3)
    assert world.register(1000) == 5


# --- when it answers at all ------------------------------------------------------------------------------------------


def enabled(world: KeContact) -> bool:
    interface = world.box.interfaces["modbus"]
    assert isinstance(interface, ModbusInterface)
    return interface.enabled()


def test_when_modbus_is_there() -> None:
    assert enabled(KeContact())
    assert not enabled(KeContact(dsw1_3=False))
    assert not enabled(KeContact(None, "3.9.14"))
    assert enabled(KeContact(None, "3.10.16"))
    assert not enabled(KeContact("keba-p40", modbus_in_app=False))
    assert enabled(KeContact("keba-p40", dsw1_3=False))
    world = KeContact(wifi_sleeps=True)
    assert not enabled(world)
    world.plug_in()
    world.wait(1)
    assert enabled(world)
    assert "modbus" not in KeContact("keba-p20").box.interfaces


def test_card_number() -> None:
    world = KeContact(whitelist=["e3f76b8d"])
    assert world.register(1500) == 0
    world.plug_in()
    world.wait(5)
    assert (world.register(1000), world.register(1004)) == (1, 7)
    world.box.present_card("E3:F7:6B:8D")
    world.wait(30)
    assert (world.register(1500), world.register(1000)) == (0xE3F76B8D, 3)
    world.unplug()
    world.wait(5)
    assert world.register(1500) == 0, "nobody is there"
    assert world.report(100)["RFID tag"] == CARD, "of the last session"
    world.plug_in()
    world.wait(5)
    assert world.register(1500) == 0, "who charged before is not who comes now"
    assert KeContact(tag_exception=True).exception(3, 1500, 2) == 4


def test_new_firmware_new_map() -> None:
    world = KeContact(None, "3.10.27")
    assert world.exception(3, 1602, 2) == 2
    world.box.set_firmware("3.10.57")
    world.wait(60)
    assert world.register(1602) == 0
    assert world.register(1018) == 0x030A3900


def test_modbus_moves_to_another_port() -> None:
    assert "modbus_1502" not in KeContact().box.interfaces
    world = KeContact(modbus_moved=False)
    moved = world.box.interfaces["modbus_1502"]
    assert isinstance(moved, ModbusInterface)
    assert (moved.port, moved.enabled()) == (1502, False)
    assert world.register(1000) == 1
    world.box.configure({"modbus_moved": True})
    usual = world.modbus(3, 1000, 2)
    assert usual is not None
    assert usual.close
    assert moved.enabled()
    reply = moved.handle(ModbusRequest(unit=255, function=3, address=1000, count=2))
    assert reply is not None
    assert (reply.values, reply.close) == ((0, 1), False)
