"""Bender's and KEBA's register sets as WARP imitates them: every register in every state, every write, every oddity."""

from __future__ import annotations

import pytest
from support_warp_modbus import BENDER, KEBA, ModbusWorld

from emulator.core import faults
from emulator.vendors.warp.api.numbers import uid_number
from emulator.vendors.warp.modbus.view import whole

CAR = {"max_current": 32.0, "ramp_up": 20.0}
USER = {"id": 1, "roles": 0, "current": 32000, "display_name": "A", "username": "a", "digest_hash": ""}
TAG = {"user_id": 1, "tag_type": 2, "tag_id": "04:A2:1B:3C"}


def bender(model: str = "warp3-pro-22", **more: object) -> ModbusWorld:
    return ModbusWorld(model, table=BENDER, **more)  # type: ignore[arg-type]


def keba(model: str = "warp3-pro-22", **more: object) -> ModbusWorld:
    return ModbusWorld(model, table=KEBA, **more)  # type: ignore[arg-type]


# --- Bender ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("function", [1, 2, 4, 5, 15, 22, 7, 43])
@pytest.mark.parametrize("make", [bender, keba])
def test_functions_that_are_not_there(make: object, function: int) -> None:
    world = make()  # type: ignore[operator]
    assert world.modbus(function, 100, 1, (0,)).exception == 1
    assert world.errors == (0, function not in (7, 43), 0)


def test_every_address_can_be_read() -> None:
    world = bender()
    words: dict[int, int] = {}
    for start in range(0, 0x10000, 125):
        count = min(125, 0x10000 - start)
        words |= {start + k: word for k, word in enumerate(world.registers(start, count)) if word}
    assert set(words) == {100, 101, 120, 121, 122, 123, 133, 141, 223, 225, 227, 707}
    assert world.errors == (0, 0, 0)


def test_constants() -> None:
    world = bender()
    assert world.registers(100, 2) == (0x342E, 0x3430)
    assert world.registers(120, 2) == (0x302E, 0x3134)
    assert world.registers(141) == (0xEBEE,)
    for address in (*range(105, 113), 131, 132, 140, *range(142, 153), 705, 706, 708, 709, *range(720, 747), 1000):
        assert world.registers(address) == (0,), address


@pytest.mark.parametrize(("model", "amperes"), [("warp3-pro-22", 32), ("warp3-pro-11", 16)])
def test_the_hardware_limit(model: str, amperes: int) -> None:
    assert bender(model).registers(133) == (amperes,)
    assert keba(model).long(1110) == amperes * 1000


def _bender_state(world: ModbusWorld) -> tuple[int, ...]:
    hexadecimal = world.registers(123)[0]
    state = (world.registers(104)[0], world.registers(122)[0], world.registers(124)[0])
    assert hexadecimal == state[1] + 9
    return state


def _keba_state(world: ModbusWorld) -> tuple[int, ...]:
    return world.long(1000), world.long(1004)


STATES = {
    "idle": ((0, 1, 0), (1, 3)),
    "idle, disabled": ((0, 1, 1), (1, 3)),
    "waiting": ((1, 2, 0), (2, 5)),
    "disabled": ((1, 2, 1), (5, 5)),
    "no current": ((1, 2, 0), (2, 5)),
    "ready": ((1, 2, 0), (2, 5)),
    "charging": ((1, 3, 0), (3, 7)),
    "ventilation": ((4, 4, 0), (4, 7)),
    "fault": ((4, 5, 0), (4, 3)),
    "fault, disabled": ((4, 5, 1), (5, 3)),
}


@pytest.mark.parametrize("situation", STATES)
@pytest.mark.parametrize("table", [BENDER, KEBA])
def test_states(table: int, situation: str) -> None:
    world = ModbusWorld(table=table)
    current, enable, disabled = (1000, 124, 1) if table == BENDER else (5004, 5014, 0)
    if situation == "waiting":
        world.done("users/add", USER)
        world.done("evse/user_enabled", {"enabled": True})
    if "idle" not in situation:
        world.plug_in(**CAR if situation != "ready" else {**CAR, "state_of_charge": 1.0})
        world.wait(30)
    if "disabled" in situation:
        assert world.one(enable, disabled) is None
    if situation == "no current":
        assert world.one(current, 0) is None
    if situation == "ventilation":
        world.begin("fault", faults.Ventilation())
    if "fault" in situation:
        world.begin("fault", faults.CpShort())
    world.wait(15)
    if situation == "ready":
        assert world.charger_state == 2
    state = _bender_state if table == BENDER else _keba_state
    assert state(world) == STATES[situation][table - 1]


@pytest.mark.parametrize("model", ["warp2-pro-22", "warp3-pro-22"])
def test_bender_measures(model: str) -> None:
    """The meter of a WARP2 counts the energy of each phase, that of a WARP3 does not."""
    world = bender(model)
    world.plug_in(**CAR)
    world.wait(1200)
    shown = world.json("meter/all_values")
    longs = {address: world.long(address) for address in (*range(200, 228, 2), 716, 718)}
    energies = [longs[a] for a in (200, 202, 204)]
    assert energies == [whole(shown[k], 1000) for k in (67, 68, 69)]
    assert sum(energies) == (pytest.approx(longs[218], abs=3) if model == "warp2-pro-22" else 0)
    assert [longs[a] for a in (206, 208, 210)] == [int(shown[k]) for k in (6, 7, 8)]
    assert [longs[a] for a in (212, 214, 216)] == [whole(shown[k], 1000) for k in (3, 4, 5)]
    assert longs[206] > 7000
    assert longs[212] > 31_000
    assert longs[218] == whole(shown[30], 1000) > 7000
    assert longs[220] == int(shown[24]) > 20_000
    assert [longs[a] for a in (222, 224, 226)] == [int(shown[k]) for k in (0, 1, 2)]
    assert world.registers(706, 2) == (0, 32)
    assert longs[716] == 0  # nothing in this table notices the meter
    assert longs[718] == 1_199_000  # ms
    world.box.configure({"modbus_defects": False})
    assert world.registers(706, 2) == (32, 0)
    assert world.long(716) == pytest.approx(longs[218], abs=1)
    assert world.long(718) == 1199


@pytest.mark.parametrize("model", ["warp3-smart-22", "warp1-pro-11"])
def test_bender_without_values_of_phases(model: str) -> None:
    world = bender(model)
    world.plug_in(**CAR)
    world.wait(60)
    assert world.registers(200, 28) == (0,) * 28


@pytest.mark.parametrize(
    ("amperes", "milliamperes"),
    [(0, 0), (6, 6000), (16, 16000), (32, 32000), (1, None), (5, None), (33, None), (65, None), (72, 6464)],
)
def test_bender_current(amperes: int, milliamperes: int | None) -> None:
    world = bender()
    world.one(1000, 10)
    assert world.one(1000, amperes) is None
    assert world.limit == (10000 if milliamperes is None else milliamperes, True, False)
    assert world.registers(1000) == (0,)
    assert world.registers(707) == (world.limit[0] // 1000,)


def test_bender_availability() -> None:
    world = bender()
    for value, expected in ((1, 0), (0, 32000), (7, 0), (0, 32000)):
        assert world.set(124, value) is None
        assert world.release[0] == expected
        assert world.registers(124) == (int(expected == 0),)


@pytest.mark.parametrize("address", [0, 100, 104, 123, 131, 132, 706, 1001, 1002, 5004, 65535])
def test_bender_other_writes(address: int) -> None:
    world = bender()
    assert world.one(address, 1) == 2
    assert world.errors == (1, 0, 0)
    world.configure(send_illegal_data_address=False)
    assert world.one(address, 1) is None
    assert world.errors == (0, 0, 0)


def test_what_stands_before_a_wrong_address_is_done() -> None:
    world = bender()
    assert world.set(1000, 8, 9) == 2
    assert world.limit[0] == 8000
    assert world.set(123, 1, 1) == 2
    assert world.release[0] == 32000  # what stands behind it is not
    other = keba()
    assert other.set(5004, *[7000] * 17) == 2
    assert other.limit[0] == 7000
    assert other.release[0] == 32000
    other.configure(send_illegal_data_address=False)
    assert other.set(5004, 9000, *[0] * 16) is None
    assert (other.limit[0], other.release[0]) == (9000, 0)


def test_evcc_takes_it_for_another_bender() -> None:
    """Its probes succeed; real controllers without these registers refuse."""
    world = bender()
    assert world.registers(1001, 2) == (0, 0)
    assert world.one(1001, 160) == 2
    world.box.configure({"modbus_defects": False})
    assert world.refused(3, 1001) == 2
    assert world.refused(3, 1002) == 2
    assert world.registers(1003) == (0,)


# --- KEBA ------------------------------------------------------------------------------------------------------------

BLOCKS = (range(1000, 1002), range(1004, 1022), range(1036, 1038), range(1040, 1048), range(1100, 1102))
MORE_BLOCKS = (range(1110, 1112), range(1500, 1504), range(1550, 1554), range(1600, 1604))


def test_what_exists_of_keba() -> None:
    world = keba()
    known = {address for part in (*BLOCKS, *MORE_BLOCKS) for address in part}
    for address in [0, *range(990, 1700), *range(5000, 5060), 65535]:
        assert world.refused(3, address) == (None if address in known else 2), address
    for part in (*BLOCKS, *MORE_BLOCKS):
        assert len(world.registers(part.start, len(part))) == len(part)
        assert world.refused(3, part.start, len(part) + 1) == 2
    assert world.registers(1015) == world.registers(1014, 2)[1:]
    world.configure(send_illegal_data_address=False)
    assert len(world.registers(1000, 120)) == 120
    assert world.registers(5004, 4) == (0,) * 4


@pytest.mark.parametrize(
    ("model", "settings", "code"),
    [
        ("warp3-pro-22", {}, 314121),
        ("warp3-pro-11", {}, 312121),
        ("warp3-smart-22", {}, 314101),
        ("warp2-pro-11", {}, 312121),
        ("warp1-smart-11", {}, 312100),
        ("warp1-pro-22", {"nfc_fitted": True}, 314121),
    ],
)
def test_keba_product(model: str, settings: dict[str, object], code: int) -> None:
    world = keba(model, settings=settings)
    assert world.long(1016) == code
    assert world.long(1018) == 50_993_920
    assert world.long(1014) == uid_number(world.box.serial) > 0
    assert [world.long(a) for a in (1006, 1600, 1602)] == [0, 0, 0]


def test_keba_measures() -> None:
    world = keba()
    world.plug_in(**CAR)
    world.wait(1200)
    shown, values = world.json("meter/all_values"), world.json("meter/values")
    assert [world.long(a) for a in (1008, 1010, 1012)] == [whole(shown[k], 1000) for k in (3, 4, 5)]
    assert world.long(1008) > 31_000
    assert world.long(1020) == whole(values["power"], 1000) > 20_000_000
    assert world.long(1036) == whole(values["energy_abs"], 10_000) > 70_000
    assert [world.long(a) for a in (1040, 1042, 1044)] == [int(shown[k]) for k in (0, 1, 2)]
    assert world.long(1046) == int(shown[27] * 10) in (9, 10)
    assert world.long(1100) == 32000
    started = world.json("charge_tracker/current_charge")["meter_start"]
    assert world.long(1502) == pytest.approx((values["energy_abs"] - started) * 10_000, abs=2)
    world.box.configure({"modbus_defects": False})
    assert world.long(1046) == whole(shown[27], 1000) > 900
    world.unplug()
    world.wait(2)
    assert world.long(1502) == 0
    plain = keba("warp3-smart-22")
    plain.plug_in(**CAR)
    plain.wait(60)
    for address in (1008, 1010, 1012, 1020, 1036, 1040, 1042, 1044, 1046, 1502):
        assert plain.long(address) == 0


def test_keba_tag() -> None:
    world = keba()
    world.done("users/add", USER)
    world.done("nfc/config", {"authorized_tags": [TAG], "deadtime_post_start": 30})
    world.done("evse/user_enabled", {"enabled": True})
    world.plug_in(**CAR)
    world.wait(5)
    assert world.long(1500) == 0
    world.box.present_card("04a21b3c")
    world.wait(5)
    assert world.long(1500) == 0x04A21B3C
    world.unplug()
    world.wait(5)
    assert world.long(1500) == 0
    world.plug_in(**CAR)
    world.wait(5)
    world.done("nfc/inject_tag", {"tag_type": 2, "tag_id": "04:A2:1B:3C"})
    world.wait(5)
    assert world.long(1500) == 0x04A21B3C
    other = keba()
    other.plug_in(**CAR)
    other.wait(10)
    assert other.json("charge_tracker/current_charge")["user_id"] == 0
    assert other.long(1500) == 0


@pytest.mark.parametrize(
    ("value", "expected"),
    [(0, 0), (6000, 6000), (32000, 32000), (5999, 10000), (63000, 10000), (65535, 10000)],
)
def test_keba_current(value: int, expected: int) -> None:
    world = keba()
    world.one(5004, 10000)
    assert world.set(5004, value) is None
    assert world.limit == (expected, True, False)
    assert world.long(1100) == expected


def test_keba_enable() -> None:
    world = keba()
    for value, expected in ((0, 0), (1, 32000), (0, 0), (9, 32000)):
        assert world.one(5014, value) is None
        assert world.release[0] == expected


def test_keba_energy_limit() -> None:
    world = keba()
    world.plug_in(**CAR)
    world.wait(10)
    assert world.one(5010, 100) is None  # 1 kWh
    assert world.json("charge_limits/active_limits")["energy_wh"] == 1000
    world.wait(600)
    assert world.slot(12)[0] == 0
    assert world.long(1502) == pytest.approx(10_000, rel=0.02)
    assert world.one(5010, 0) is None
    assert world.json("charge_limits/active_limits")["energy_wh"] == 0


@pytest.mark.parametrize("address", [5012, 5016, 5018, 5020, 5050])
def test_keba_writes_without_effect(address: int) -> None:
    world = keba()
    world.plug_in(**CAR)
    world.wait(30)
    before = world.json("evse/slots"), world.state
    assert world.one(address, 1) is None
    assert (world.json("evse/slots"), world.state) == before


@pytest.mark.parametrize("address", [0, 1000, 1100, 5003, 5005, 5011, 5013, 5021, 5053])
def test_keba_other_writes(address: int) -> None:
    world = keba()
    assert world.one(address, 1) == 2
    assert world.errors == (1, 0, 0)
    world.configure(send_illegal_data_address=False)
    assert world.one(address, 1) is None


def test_keba_phases() -> None:
    world = keba()
    world.wait(2)
    assert (world.long(1550), world.long(1552)) == (0, 3)  # not noticed before the first write
    assert world.one(5050, 3) is None
    assert world.long(1550) == 3
    assert world.one(5052, 0) is None
    world.wait(120)
    assert world.long(1552) == 1
    assert world.one(5052, 1) is None
    world.wait(120)
    assert world.long(1552) == 3
    world.configure()
    assert world.long(1550) == 0
    world.box.configure({"modbus_defects": False})
    assert world.long(1550) == 3


@pytest.mark.parametrize("model", ["warp1-pro-11", "warp2-pro-11"])
def test_keba_nothing_switches_phases(model: str) -> None:
    world = keba(model)
    assert world.one(5052, 1) is None
    assert (world.long(1550), world.long(1552)) == (0, 0)


@pytest.mark.parametrize(("make", "address"), [(bender, 1000), (keba, 5004), (bender, 9999), (keba, 9999)])
def test_read_only(make: object, address: int) -> None:
    world = make(writable=False)  # type: ignore[operator]
    assert world.one(address, 6) == 1
    assert world.errors == (0, 1, 0)
    world.configure(ignore_writes=True)
    assert world.one(address, 6) is None
    assert world.errors == (0, 0, 1)


@pytest.mark.parametrize(
    ("value", "scale", "expected"),
    [
        (None, 1, 0),
        (float("nan"), 1, 0),
        (float("inf"), 1, 0),
        (-1.0, 1, 0),
        (0.9999, 1, 0),
        (230.99, 1, 230),
        (1e9, 1000, 0xFFFF_FFFF),
        (0.1, 10, 1),
        (0.3, 10, 3),
        (15.999, 1000, 15999),
    ],
)
def test_floats_become_whole_numbers(value: float | None, scale: float, expected: int) -> None:
    assert whole(value, scale) == pytest.approx(expected, abs=1 if scale == 1000 and expected < 1e6 else 0)


@pytest.mark.parametrize(
    ("serial", "number"),
    [("X8A", 185_460), ("2jEx", 257_899), ("855c", 257_900), ("9999999", 0xFFFF_FFFF), ("garage-1", 0)],
)
def test_charger_ids(serial: str, number: int) -> None:
    """Base58, from 257900 on z-base-32, of which the last 32 bits count; 0 for what is neither."""
    assert keba(serial=serial).long(1014) == number
    assert ModbusWorld(serial=serial).input(10) == number
