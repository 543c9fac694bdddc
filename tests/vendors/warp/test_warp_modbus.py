"""WARP's own register table: what every register says in every state, what each write does, what is refused."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support_warp_modbus import CONFIG, MODBUS, NONE, ModbusWorld, same, text_words, words

from emulator.core import faults
from emulator.core.messages import PowerCut, PowerUp
from emulator.vendors.warp.modbus.own import LABELS
from emulator.vendors.warp.models import MODELS, TRAITS

INPUTS = (
    range(14),
    range(1000, 1052),
    range(1100, 1104),
    range(2000, 2010),
    range(2100, 2270),
    range(3100, 3104),
    range(4000, 4014),
    range(4020, 4026),
)
HOLDING = (range(2), range(1000, 1008), range(2000, 2002), range(3100, 3102), range(4000, 4014))
DISCRETE = (range(9), range(1100, 1103), range(2100, 2106))
COILS = (range(1000, 1002), range(1100, 1101))
DEFINED = {4: INPUTS, 3: HOLDING, 2: DISCRETE, 1: COILS}
CAR = {"max_current": 32.0, "ramp_up": 20.0}


# --- what exists -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("function", DEFINED)
def test_what_exists(function: int) -> None:
    world = ModbusWorld()
    known = {address for part in DEFINED[function] for address in part}
    for address in [*range(4100), 5004, 65535]:
        assert world.refused(function, address) == (None if address in known else 2), address
    for part in DEFINED[function]:
        most = 125 if function > 2 else 2000
        for start in range(part.start, part.stop, most):
            count = min(most, part.stop - start)
            assert len(world.registers(start, count, function)) == count
        assert world.refused(function, part.stop - 1, 2) == 2
        if part.start:
            assert world.refused(function, part.start - 1, 2) == 2


@pytest.mark.parametrize("function", DEFINED)
def test_what_is_not_there_reads_zero_where_the_owner_wants_it(function: int) -> None:
    world = ModbusWorld(strict=False)
    assert world.registers(500, 100, function) == (0,) * 100
    part = DEFINED[function][1]
    both = world.registers(part.start - 3, 6, function)
    assert both[:3] == (0, 0, 0)
    assert both[3:] == (world.registers(part.start, 6, function)[:3])
    assert world.errors == (0, 0, 0)


def test_a_read_may_begin_and_end_within_a_value() -> None:
    world = ModbusWorld()
    whole = world.registers(1010, 6, 4)
    assert world.registers(1011, 4, 4) == whole[1:5]
    assert world.registers(1013, 1, 4) == whole[3:4]


def test_older_firmware_has_no_binary_tag() -> None:
    world = ModbusWorld(firmware="2.9.0")
    assert world.refused(4, 4020, 6) == 2
    assert world.input(1012 + 2 * 16) == NONE  # 15 slots
    assert len(world.json("evse/slots")) == 15


@pytest.mark.parametrize("unit", [0, 1, 7, 255])
def test_any_unit(unit: int) -> None:
    assert ModbusWorld().modbus(4, 0, 2, unit=unit).values == (0, 4)


@pytest.mark.parametrize("function", [22, 7, 8, 11, 17, 20, 23, 24, 43, 100])
def test_other_functions(function: int) -> None:
    world = ModbusWorld()
    assert world.modbus(function, 1000, 1, (0, 0)).exception == 1
    assert world.errors == (0, function == 22, 0)


def test_what_the_socket_takes() -> None:
    interface = ModbusWorld().interface
    assert (interface.port, interface.shortest, interface.longest, interface.exact_lengths) == (502, 6, 253, True)
    assert (interface.max_connections, interface.when_full, interface.evict_after) == (8, "evict_oldest", 30.0)
    assert interface.idle_timeout == 120 * 60


# --- identity --------------------------------------------------------------------------------------------------------


def test_identity() -> None:
    world = ModbusWorld(serial="X8A")
    world.wait(7.4)
    assert [world.input(address) for address in (0, 2, 4, 6)] == [4, 2, 12, 1]
    assert f"2.12.1+{world.input(8):x}" == world.json("info/version")["firmware"]
    assert world.input(10) == 185_460
    assert world.input(12) == 7
    world.box.reboot()
    world.wait(20)
    assert world.input(12) == 5


# --- charging states -------------------------------------------------------------------------------------------------


def states(world: ModbusWorld) -> tuple[int, int, int, int, int]:
    """1000, 1002, 1010, coil 1000, coil 1001"""
    return world.input(1000), world.input(1002), world.input(1010), world.coil(1000), world.coil(1001)


def test_states() -> None:
    world = ModbusWorld()
    assert states(world) == (0, 0, 32000, 1, 1)
    world.plug_in(**CAR)
    world.wait(30)
    assert states(world) == (2, 3, 32000, 1, 1)
    assert world.set_coil(1000, 0) is None
    world.wait(10)
    assert states(world) == (1, 1, 0, 0, 1)
    assert world.set_coil(1000, 1) is None
    world.wait(30)
    assert world.set32(1002, 0) is None
    world.wait(10)
    assert states(world) == (1, 1, 0, 1, 1)
    assert world.set32(1002, 10000) is None
    world.wait(30)
    assert states(world) == (2, 3, 10000, 1, 1)
    assert world.now.phase_current == pytest.approx((10, 10, 10), rel=0.03)
    assert world.set_coil(1001, 0) is None
    world.wait(10)
    assert states(world) == (1, 1, 0, 1, 0)
    assert world.set_coil(1001, 1) is None
    world.wait(30)
    assert states(world) == (2, 3, 10000, 1, 1)
    world.unplug()
    world.wait(1)
    assert states(world) == (0, 0, 10000, 1, 1)  # the limit survives


def test_start_and_stop_do_nothing_without_a_vehicle() -> None:
    world = ModbusWorld()
    assert world.set_coil(1001, 0) is None
    assert world.coil(1001) == 1


def test_the_states_are_those_of_http() -> None:
    world = ModbusWorld()
    world.plug_in(**CAR)
    world.wait(30)
    for fault in (faults.TripRcd(persistent=True), faults.CpShort(), faults.PeLoss(), faults.ContactorWelded()):
        world.begin("fault", fault)
        world.wait(2)
        state = world.state
        assert [world.input(address) for address in (1000, 1002, 1010)] == [
            state["iec61851_state"],
            state["charger_state"],
            state["allowed_charging_current"],
        ], fault
        if not isinstance(fault, faults.ContactorWelded):
            assert states(world)[:2] == (4, 4), fault
        world.end("fault")
        world.put("evse/reset_dc_fault_current_state", {"password": 0xDC42FA23})
        world.wait(60)


def test_waiting_for_a_user() -> None:
    user = {"id": 1, "roles": 0, "current": 32000, "display_name": "A", "username": "a", "digest_hash": ""}
    world = ModbusWorld()
    world.done("users/add", user)
    world.done("evse/user_enabled", {"enabled": True})
    world.plug_in(**CAR)
    world.wait(10)
    assert states(world) == (1, 1, 0, 1, 1)
    assert world.input(1004) == NONE
    tag = {"user_id": 1, "tag_type": 2, "tag_id": "04:A2:1B:3C"}
    world.done("nfc/config", {"authorized_tags": [tag], "deadtime_post_start": 30})
    world.box.present_card("04a21b3c")
    world.wait(30)
    assert states(world) == (2, 3, 32000, 1, 1)
    assert world.input(1004) == 1


def test_slots() -> None:
    world = ModbusWorld()
    world.done("evse/external_current", {"current": 13000})
    slots = world.json("evse/slots")
    assert len(slots) == 17
    shown = [world.input(1012 + 2 * n) for n in range(20)]
    assert shown == [*(s["max_current"] if s["active"] else NONE for s in slots), NONE, NONE, NONE]
    assert shown[8] == 13000
    assert world.long(1000) == shown[10] == 32000
    assert world.long(1002) == shown[9] == 32000


def test_the_charge() -> None:
    world = ModbusWorld()
    assert (world.input(1004), world.input(1006), world.input(1008), world.f32(2008)) == (NONE, 0, 0, 0.0)
    world.plug_in(**CAR)
    world.wait(2)
    begun = world.input(1008)
    world.wait(600)
    charge = world.json("charge_tracker/current_charge")
    assert world.input(1004) == charge["user_id"] == 0
    assert world.input(1006) == charge["timestamp_minutes"] > 29_000_000
    assert world.input(1008) == begun + 600_000  # ms
    gained = world.json("meter/values")["energy_abs"] - charge["meter_start"]
    assert gained > 3
    assert same(world.f32(2008), gained)
    world.box.configure({"modbus_defects": False})
    assert world.input(1008) == (begun + 600_000) // 1000
    world.unplug()
    world.wait(2)
    assert (world.input(1004), world.input(1006), world.input(1008), world.f32(2008)) == (NONE, 0, 0, 0.0)


def test_the_button() -> None:
    world = ModbusWorld()
    assert (world.input(1100), world.input(1102), world.bit(1102)) == (0, 0, 0)
    world.wait(5)
    world.box.press_button(1.0)
    world.wait(0.5)
    assert (world.input(1100), world.bit(1102)) == (5000, 1)
    world.wait(1)
    assert (world.input(1100), world.input(1102), world.bit(1102)) == (5000, 6000, 0)


# --- meter -----------------------------------------------------------------------------------------------------------


def test_the_meter() -> None:
    world = ModbusWorld()
    world.plug_in(**CAR)
    world.wait(1200)
    values = world.json("meter/values")
    assert values["power"] > 20_000
    assert world.input(2000) == world.json("meter/state")["type"] == 3
    assert same(world.f32(2002), values["power"])
    assert same(world.f32(2004), values["energy_abs"])
    assert same(world.f32(2006), values["energy_rel"])
    shown = world.json("meter/all_values")
    assert len(shown) == len(LABELS) == 85
    for k, value in enumerate(shown):
        assert same(world.f32(2100 + 2 * k), value), LABELS[k]
    assert [LABELS[k] for k in (0, 24, 30, 41, 65, 84)] == [
        "voltage_l1 V",
        "total_power W",
        "total_import kWh",
        "max_neutral_current_demand A",
        "total_energy kWh",
        "reactive_energy_l3 kvarh",
    ]
    assert world.registers(2100, 6, 2) == (1,) * 6
    assert world.set32(2000, 1) is None
    assert same(world.f32(2006), values["energy_rel"]) or world.f32(2006) > values["energy_rel"]
    assert world.set32(2000, 0x3E12E5E7) is None
    assert world.f32(2006) < 0.01
    assert world.f32(2004) >= values["energy_abs"] * (1 - 1e-6)
    assert world.long(2000) == 0


def test_phases_of_the_meter() -> None:
    world = ModbusWorld()
    world.wait(2)
    assert world.registers(2100, 6, 2) == (1, 1, 1, 0, 0, 0)
    assert world.set32(3100, 1) is None
    world.wait(30)
    world.plug_in(**CAR)
    world.wait(60)
    phases = world.json("meter/phases")
    assert list(world.registers(2100, 6, 2)) == [*phases["phases_connected"], *phases["phases_active"]]
    assert world.registers(2103, 3, 2) == (1, 0, 0)


@pytest.mark.parametrize("model", ["warp1-smart-11", "warp2-smart-22", "warp3-smart-11"])
def test_without_a_meter(model: str) -> None:
    world = ModbusWorld(model)
    world.plug_in(**CAR)
    world.wait(60)
    assert world.registers(2000, 10, 4) == (0,) * 10
    assert world.registers(2100, 125, 4) == (0,) * 125
    assert world.registers(2100, 6, 2) == (0,) * 6
    assert world.registers(0, 9, 2)[1:4] == (0, 0, 0)
    assert world.set32(2000, 0x3E12E5E7) is None


def test_only_totals() -> None:
    """An SDM72 has no values of single phases."""
    world = ModbusWorld("warp1-pro-11")
    assert world.registers(0, 9, 2)[1:4] == (1, 0, 0)
    assert world.input(2000) == 1
    assert world.registers(2100, 125, 4) == (0,) * 125


# --- phases ----------------------------------------------------------------------------------------------------------


def test_phases() -> None:
    world = ModbusWorld()
    world.wait(2)
    assert (world.input(3100), world.input(3102), world.long(3100)) == (3, 0, 3)
    assert world.set32(3100, 1) is None
    assert world.json("power_manager/external_control") == {"phases_wanted": 1}
    assert (world.long(3100), world.input(3102)) == (1, 3)
    assert world.set32(3100, 3) is None  # a switch is running: ignored
    assert world.long(3100) == 1
    world.wait(120)
    assert (world.input(3100), world.input(3102)) == (1, 0)
    assert world.json("power_manager/state")["external_control"] == 0
    for wrong in (0, 2, 4, 0x10001):
        assert world.set32(3100, wrong) is None
    assert world.long(3100) == 1
    world.plug_in(**CAR)
    world.wait(60)
    assert world.now.phase_current[1:] == (0, 0)
    assert world.set32(3100, 3) is None
    world.wait(180)
    assert world.now.phase_current[2] > 20
    world.begin("fault", faults.CpShort())
    world.wait(3)
    assert world.input(3102) == 2
    assert world.set32(3100, 1) is None
    assert world.long(3100) == 3


@pytest.mark.parametrize("model", ["warp1-pro-11", "warp2-pro-11"])
def test_nothing_switches_phases(model: str) -> None:
    world = ModbusWorld(model)
    assert world.registers(3100, 4, 4) == (0, 0, 0, 0)
    assert world.set32(3100, 1) is None
    assert world.long(3100) == 0


# --- features and the cache that notices them late -------------------------------------------------------------------


def test_the_phase_switch_is_noticed_late() -> None:
    world = ModbusWorld()
    world.wait(2)
    assert (world.bit(4), world.long(3100)) == (0, 0)
    assert world.box.read("modbus.2.4") == 0
    assert world.box.read("modbus.4.3100") == 3
    assert (world.bit(4), world.long(3100)) == (0, 0)  # a scenario's look changes nothing
    world.input(0)
    assert (world.bit(4), world.long(3100)) == (1, 3)
    world.configure()
    assert (world.bit(4), world.long(3100)) == (0, 0)
    world.set32(0, 0)
    assert (world.bit(4), world.long(3100)) == (1, 3)
    world.box.reboot()
    world.wait(20)
    assert world.bit(4) == 0
    world.box.configure({"modbus_defects": False})
    assert world.bit(4) == 1


@pytest.mark.parametrize("model", [model.id for model in MODELS if not TRAITS[model.id].manages])
def test_what_the_models_have(model: str) -> None:
    world = ModbusWorld(model, settings={"modbus_defects": False})
    generation, pro = int(model[4]), "smart" not in model
    known = world.json("info/features")
    names = ("evse", "meter", "meter_phases", "meter_all_values", "phase_switch", "nfc")
    assert list(world.registers(0, 6, 2)) == [name in known for name in names]
    assert world.registers(0, 6, 2) == (
        (1, pro, pro and generation > 1, pro and generation > 1, generation >= 3, generation > 1)
    )
    assert world.registers(6, 3, 2) == (generation >= 2, generation == 2, generation == 2)


def test_bits_by_the_dozen() -> None:
    """A count that 8 divides loses its last eight bits."""
    world = ModbusWorld()
    world.input(0)
    right = (1, 1, 1, 1, 1, 1, 1, 0, 0)
    assert world.registers(0, 9, 2) == right
    assert world.registers(0, 8, 2) == (0,) * 8
    assert world.registers(0, 7, 2) == right[:7]
    world.configure(send_illegal_data_address=False)
    world.input(0)
    assert world.registers(0, 16, 2) == (*right[:8], *[0] * 8)
    assert world.registers(999, 8, 1) == (0,) * 8
    world.box.configure({"modbus_defects": False})
    assert world.registers(0, 8, 2) == right[:8]
    assert world.registers(999, 8, 1) == (0, 1, 1, 0, 0, 0, 0, 0)


# --- inputs and output -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("model", "closed", "expected"), [
    ("warp1-pro-11", False, (0, 0)),
    ("warp2-pro-11", False, (1, 1)),
    ("warp2-pro-11", True, (0, 0)),
    ("warp3-pro-11", False, (1, 0)),
    ("warp3-pro-11", True, (0, 0)),
])  # fmt: skip
def test_inputs(model: str, closed: bool, expected: tuple[int, int]) -> None:
    world = ModbusWorld(model)
    world.box.configure({"shutdown_input_closed": closed, "input_closed": closed})
    world.wait(1)
    assert world.registers(1100, 2, 2) == expected


def test_the_output() -> None:
    world = ModbusWorld("warp2-pro-11")
    assert world.coil(1100) == 1
    assert world.set_coil(1100, 0) is None
    assert world.coil(1100) == 0
    assert world.json("evse/gp_output") == {"gp_output": 0}
    assert world.set(1100, 1, function=15) is None
    assert world.json("evse/gp_output") == {"gp_output": 1}
    other = ModbusWorld("warp3-pro-11")
    assert other.coil(1100) == 0
    assert other.set_coil(1100, 1) is None
    assert other.coil(1100) == 0
    assert "GP output" in other.log


# --- writing ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", [0, 6000, 6001, 16000, 32000])
def test_the_current(value: int) -> None:
    world = ModbusWorld()
    assert world.set32(1002, value) is None
    assert world.long(1002) == value
    assert world.limit == (value, True, False)
    assert world.input(1010) == value


@pytest.mark.parametrize("value", [1, 5999, 32001, 65535, NONE])
def test_a_wrong_current_is_confirmed_and_dropped(value: int) -> None:
    world = ModbusWorld()
    world.set32(1002, 10000)
    assert world.set32(1002, value) is None
    assert world.limit == (10000, True, False)
    write = _last_write(world)
    assert (write["value"], write["ok"], write["refused"]) == (value, False, "out_of_range")


def _last_write(world: ModbusWorld) -> dict[str, object]:
    found = [entry for entry in world.simulation.journal if entry.kind == "write"]
    return dict(found[-1].detail)


def test_only_the_low_half_of_the_current_counts() -> None:
    world = ModbusWorld()
    assert world.set32(1002, 0x0005_2710) is None
    assert world.long(1002) == 10000
    assert world.set32(1002, 0x0001_0000) is None
    assert world.long(1002) == 0


def test_half_registers() -> None:
    world = ModbusWorld()
    assert world.one(1003, 8000) is None
    assert world.long(1002) == 8000
    assert world.one(1002, 5) is None
    assert world.long(1002) == 8000
    assert world.one(1000, 0) is None
    assert world.release == (32000, True, False)
    assert world.one(1001, 0) is None
    assert world.release == (0, True, False)
    assert world.one(1000, 1) is None
    assert world.release == (32000, True, False)
    for address in range(1008, 1014):
        assert world.one(address, 1) == 2
    assert world.set(1001, 0, 0) is None  # ends in the middle of 1002
    assert (world.release[0], world.long(1002)) == (0, 8000)


def test_the_limit_is_seen_at_the_next_poll() -> None:
    world = ModbusWorld()
    world.wait(0.1)
    world.modbus(16, 1002, 2, (0, 9000))
    assert world.long(1002) == 32000
    world.wait(0.2)
    assert world.long(1002) == 9000


def test_all_that_can_be_done_is_done() -> None:
    world = ModbusWorld()
    colours = words(120, 255, 255)
    assert world.set(1000, *words(0, 7000), *words(NONE, 0), *colours) is None
    assert (world.release[0], world.limit[0]) == (0, 7000)
    assert world.set(998, 1, 1, *words(1, 8000)) == 2
    assert (world.release[0], world.limit[0]) == (32000, 8000)  # what follows the wrong register as well
    assert world.set(1002, *words(9000), *words(0, 0, 0, 0, 0), 1) == 2
    assert world.limit[0] == 9000
    assert world.errors[0] == 2
    world.set(1000, 0, 0, function=15)
    assert world.set(1000, 1, 1, 1, function=15) == 2
    assert world.release[0] == 32000


def test_wrong_addresses_are_ignored_where_the_owner_wants_it() -> None:
    world = ModbusWorld(strict=False)
    assert world.set(998, 1, 1, *words(0, 8000)) is None
    assert (world.release[0], world.limit[0]) == (0, 8000)
    assert world.one(1008, 1) is None
    assert world.one(60000, 1) is None
    assert world.set(999, 1, 1, 1, function=15) is None
    assert world.release[0] == 32000
    assert world.errors == (0, 0, 0)


@pytest.mark.parametrize(("function", "address"), [(16, 1002), (6, 1003), (15, 1000), (5, 1001), (16, 9999), (6, 0)])
def test_read_only(function: int, address: int) -> None:
    world = ModbusWorld(writable=False)
    assert world.set(address, 0, function=function) == 1
    assert world.errors == (0, 1, 0)
    assert world.long(1002) == NONE
    assert world.long(1000) == NONE
    assert world.coil(1000) == 1
    assert world.box.write(f"modbus.{address}", 0, MODBUS).refused == "read_only"
    world.configure(ignore_writes=True)
    assert world.errors == (0, 0, 0)
    assert world.set(address, 0, function=function) is None
    assert world.errors == (0, 0, 1)
    assert not _last_write(world)["ok"]
    world.done("evse/modbus_tcp_enabled", {"enabled": True})
    assert world.errors == (0, 0, 0)
    assert world.set32(1002, 11000) is None
    assert world.limit == (11000, True, False)


def test_the_switch_of_the_slots() -> None:
    world = ModbusWorld(writable=False)
    assert (world.limit, world.release) == ((32000, False, False), (32000, False, False))
    world.done("evse/modbus_tcp_enabled", {"enabled": True})
    assert (world.limit, world.release) == ((32000, True, False), (32000, True, False))
    world.set32(1000, 0, 6000)
    world.box.reboot()
    world.wait(20)
    assert (world.limit[0], world.release[0]) == (6000, 0)  # the controller has not restarted
    world.done("evse/reset")
    world.wait(10)
    assert (world.limit, world.release) == ((32000, True, False), (32000, True, False))
    world.set32(1000, 0, 6000)
    world.done("evse/modbus_tcp_enabled", {"enabled": False})
    assert (world.limit, world.release) == ((32000, False, False), (32000, False, False))


def test_a_vanished_master_leaves_its_limit() -> None:
    world = ModbusWorld()
    world.set32(1002, 6000)
    world.wait(86_400)
    assert world.limit == (6000, True, False)


def test_reboot() -> None:
    world = ModbusWorld()
    assert world.set32(0, 0x012EB006) is None
    world.wait(2)
    assert world.box.up
    assert world.set32(0, 0x012EB007) is None
    world.wait(1.5)
    assert not world.box.up
    world.wait(20)
    assert world.box.up
    assert world.long(0) == 0


def test_switched_off() -> None:
    world = ModbusWorld()
    assert world.interface.enabled()
    for change in ({"enable": False}, {"enable": True, "port": 0}):
        world.configure(**change)
        assert not world.interface.enabled()
    world.configure(port=1502)
    assert world.interface.enabled()
    assert world.put("modbus_tcp/config", CONFIG | {"table": 3})[0] == 400


def test_a_restart_of_the_server_drops_its_clients() -> None:
    """For a moment it is not there; nobody but a listener can tell."""
    world = ModbusWorld()
    seen: list[bool] = []
    world.box.listen(lambda _: seen.append(world.interface.enabled()))
    world.configure()
    assert False in seen
    assert seen[-1]
    seen.clear()
    world.done("evse/modbus_tcp_enabled", {"enabled": True})  # no change, no restart
    assert False not in seen
    world.done("evse/modbus_tcp_enabled", {"enabled": False})
    assert False in seen


# --- LED -------------------------------------------------------------------------------------------------------------

LED = {"evse/led_configuration": {"enable_api": True}}


def test_the_led() -> None:
    world = ModbusWorld(settings=LED)
    assert world.registers(1004, 4) == (*words(NONE), 0, 0)
    assert world.set32(1004, 1001, 5000) is None
    shown = world.json("evse/indicator_led")
    assert (shown["indication"], shown["color_h"]) == (1001, 0)
    assert world.long(1004) == 1001
    assert world.long(1006) == shown["duration"] == 5000 - 250
    assert world.set32(1004, 255, 60000, 240, 0x1FF, 0x180) is None
    shown = world.json("evse/indicator_led")
    assert [shown[f"color_{k}"] for k in "hsv"] == [240, 255, 128]
    assert world.set32(1004, 2003) is None  # without its duration
    assert world.long(1004) == 255
    assert world.set(1004, *words(2003), 0) is None
    assert world.one(1005, 7) is None
    assert world.set32(1006, 9) is None
    assert world.set32(1008, 1, 2, 3) is None
    assert "together" in world.log
    assert world.long(1004) == 255
    for pattern in (256, 1000, 1004, 2000, 2011, 70000):
        assert world.set32(1004, pattern, 1000) is None
        assert world.long(1004) == 255
    assert world.set32(1004, NONE, 0) is None
    assert world.long(1004) == NONE
    assert world.set32(1004, 100, 1000, 360, 0, 0) is None
    assert world.long(1004) == NONE


def test_the_led_is_not_released() -> None:
    world = ModbusWorld()
    assert world.set32(1004, 255, 5000) is None
    assert world.long(1004) == NONE
    assert _last_write(world)["ok"] is True  # the duration's; the pattern was refused
    assert [e.detail["ok"] for e in world.simulation.journal if e.kind == "write"][-2:] == [False, True]


# --- tags ------------------------------------------------------------------------------------------------------------


def test_the_last_tag() -> None:
    world = ModbusWorld()
    assert world.data(4000, 10) == b"\0" * 20
    assert (world.input(4010), world.data(4012, 2), world.data(4020, 6)) == (0, b"0000", b"\0" * 12)
    world.wait(0.3)
    world.done("nfc/inject_tag", {"tag_type": 3, "tag_id": "de:ad:be:ef:00:11:22"})
    assert world.data(4000, 10) == b"DEADBEEF001122".ljust(20, b"\0")
    assert world.data(4012, 2) == b"0003"
    assert world.data(4020, 6) == bytes.fromhex("deadbeef001122").ljust(12, b"\0")
    world.wait(5)
    newest = max(world.json("nfc/seen_tags"), key=lambda tag: tag["last_seen"])["last_seen"]
    assert world.input(4010) == newest > 4000
    world.box.present_card("04a21b3c")
    assert world.input(4010) == 113  # never mistaken for "none"
    assert world.data(4000, 10).rstrip(b"\0") == b"04A21B3C"
    assert world.data(4012, 2) == b"0000"
    world.wait(58)
    assert world.data(4020, 6).rstrip(b"\0") == bytes.fromhex("04a21b3c")
    world.wait(3)
    assert world.data(4020, 6) == b"\0" * 12
    assert world.data(4000, 10).rstrip(b"\0") == b"04A21B3C"


USER = {"id": 1, "roles": 0, "current": 32000, "display_name": "A", "username": "a", "digest_hash": ""}


def with_tag() -> ModbusWorld:
    world = ModbusWorld()
    world.done("users/add", USER)
    tag = {"user_id": 1, "tag_type": 2, "tag_id": "04:A2:1B:3C"}
    world.done("nfc/config", {"authorized_tags": [tag], "deadtime_post_start": 30})
    world.done("evse/user_enabled", {"enabled": True})
    world.plug_in(**CAR)
    world.wait(5)
    return world


def injected(action: bytes = b"0000", kind: bytes = b"0002", tag: bytes = b"04A21B3C") -> tuple[int, ...]:
    return text_words(tag, 10) + text_words(action, 2) + text_words(kind, 2)


def test_a_tag_is_injected() -> None:
    world = with_tag()
    assert world.input(1004) == NONE
    assert world.set(4000, *injected(b"0001")) is None
    world.wait(2)
    charge = world.json("charge_tracker/current_charge")
    assert (world.input(1004), charge["authorization_type"]) == (1, 3)
    assert charge["authorization_info"] == {"tag_type": 2, "tag_id": "04:A2:1B:3C"}
    assert world.data(4000, 14, 3) == b"\0" * 28  # used up
    world.wait(20)
    assert world.set(4000, *injected(b"0001")) is None  # start only
    world.wait(2)
    assert world.input(1004) == 1
    world.wait(5)
    assert world.set(4000, *injected(b"\0\0\0\2", b"\0\0\0\2", b"04a21b3c")) is None  # stop only, in binary
    world.wait(2)
    assert world.input(1004) == NONE
    assert world.set(4000, *injected(b"0002")) is None
    world.wait(5)
    assert world.input(1004) == NONE
    assert world.set(4000, *injected(b"\xff\xff\xff\xff")) is None  # both
    world.wait(5)
    assert world.input(1004) == 1


def test_a_tag_is_injected_piece_by_piece() -> None:
    world = with_tag()
    for k, word in enumerate(injected()[:-2]):
        assert world.one(4000 + k, word) is None
    assert world.data(4000, 14, 3).rstrip(b"\0") == b"04A21B3C".ljust(20, b"\0") + b"0000"
    assert world.one(4013, 0x3032) is None
    world.wait(2)
    assert world.input(1004) == NONE  # the last one alone does not act
    assert world.one(4012, 0x3030) is None
    assert world.data(4000, 14, 3) == b"\0" * 28
    world.wait(2)
    assert world.input(1004) == 1


def test_what_reaches_the_type_acts() -> None:
    world = with_tag()
    assert world.set(4000, *injected()[:12]) is None
    world.one(4013, 0x3032)
    assert world.set(4011, 0x3030, 0x3030) is None
    world.wait(2)
    assert world.input(1004) == 1


@pytest.mark.parametrize(("kind", "tag"), [(b"0007", b"04A21B3C"), (b"0002", b"04A21"), (b"0002", b"04A21B3X")])
def test_a_wrong_tag(kind: bytes, tag: bytes) -> None:
    world = with_tag()
    assert world.set(4000, *injected(kind=kind, tag=tag)) is None
    world.wait(2)
    assert world.input(1004) == NONE
    assert world.input(4010) == 0
    assert world.data(4000, 14, 3) == b"\0" * 28


def test_a_restart_of_the_server_empties_the_buffer() -> None:
    world = with_tag()
    world.set(4000, *injected()[:12])
    world.configure()
    assert world.data(4000, 14, 3) == b"\0" * 28


def test_without_a_reader() -> None:
    world = ModbusWorld("warp1-pro-11")
    assert world.set(4000, *injected()) is None
    assert world.data(4000, 14, 3) == b"\0" * 28
    assert world.registers(4000, 14, 4) == (0,) * 14
    assert world.registers(4020, 6, 4) == (0,) * 6


# --- whatever happens ------------------------------------------------------------------------------------------------


def test_a_silent_controller() -> None:
    world = ModbusWorld()
    world.plug_in(**CAR)
    world.wait(30)
    assert states(world)[:2] == (2, 3)
    world.begin("link", faults.ControllerLinkLost())
    world.wait(5)
    assert states(world)[:2] == (2, 3)  # noticed before, and as it was
    world.configure()
    assert states(world) == (0, 0, 0, 0, 0)
    assert world.bit(0) == 0
    assert world.set32(1002, 6000) == 1


def test_scenario_addresses() -> None:
    world = ModbusWorld()
    assert world.box.read("modbus.1002") == 32000
    assert world.box.read("modbus.4.1002") == 0
    assert world.box.read("modbus.1.1000") is True
    assert world.box.read("modbus.2172") is None  # NaN
    assert world.box.write("modbus.1002", 7000, MODBUS).ok
    assert world.box.write("modbus.5.1000", 0, MODBUS).ok
    assert world.box.write("modbus.1002", 5000, MODBUS).refused == "out_of_range"
    world.wait(0.25)
    assert (world.box.read("modbus.1002"), world.box.read("modbus.1.1000")) == (7000, False)
    for unknown in ("modbus.50", "modbus.9.1000", "modbus.x", "modbus.4.x", "modbus."):
        with pytest.raises(KeyError):
            world.box.read(unknown)
    with pytest.raises(KeyError):
        world.box.write("modbus.50", 1, MODBUS)
    for other in ("modbus.122", "modbus.3.1550", "modbus.3.1040"):
        assert world.box.read(other) is None  # of the tables that are not chosen
    assert world.box.write("modbus.5004", 7000, MODBUS).refused == "unknown"
    addresses = [a for a in world.box.addresses() if a.startswith("modbus.")]
    assert len(addresses) == len(set(addresses)) == 131 + 10 + 18 + 3
    for address in addresses:
        world.box.read(address)
    world.apply(PowerCut())
    assert world.box.write("modbus.1002", 7000, MODBUS).refused == "unreachable"
    world.apply(PowerUp())


ADDRESSES = st.sampled_from([0, 1, 999, 1000, 1001, 1002, 1004, 1008, 2000, 3100, 3999, 4000, 4011, 4012, 65535])


@settings(max_examples=60, deadline=None)
@given(
    requests=st.lists(
        st.tuples(
            st.sampled_from([1, 2, 3, 4, 5, 6, 15, 16, 22]),
            ADDRESSES,
            st.lists(st.integers(0, 65535), min_size=1, max_size=30),
        ),
        max_size=8,
    ),
    table=st.integers(0, 2),
    strict=st.booleans(),
)
def test_nothing_raises(requests: list[tuple[int, int, list[int]]], table: int, strict: bool) -> None:
    world = ModbusWorld(table=table, strict=strict)
    for function, address, values in requests:
        sent = tuple(v & 1 for v in values) if function in (5, 15) else tuple(values)
        sent = sent[:1] if function in (5, 6) else sent
        reply = world.modbus(function, address, len(values), sent if function not in (1, 2, 3, 4) else ())
        assert reply.exception in (None, 1, 2)
        if reply.exception is None and function <= 4:
            assert len(reply.values) == len(values)
            assert all(0 <= value <= 65535 for value in reply.values)
        world.wait(0.3)
