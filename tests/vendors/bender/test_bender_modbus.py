"""Modbus: what exists on which firmware, what is refused, what each register says and does."""

from __future__ import annotations

import pytest
from bench import CLIENT
from controller import ICC, OLD, Controller
from hypothesis import given, settings
from hypothesis import strategies as st

from emulator.vendors.bender import meters
from emulator.vendors.bender.models import MODELS

NONE = 0xFFFF_FFFF


def _readable(*parts: range) -> set[int]:
    return {address for part in parts for address in part}


EXISTING = {
    (None, None): _readable(range(100, 153), range(200, 228), range(600, 636), range(700, 747), range(1000, 1001)),
    (None, "5.22"): _readable(range(100, 153), range(200, 228), range(600, 636), range(700, 747), range(1000, 1001))
    - {730},
    (None, OLD): _readable(
        range(100, 142),
        range(200, 218),
        range(600, 636),
        range(700, 715),
        range(720, 730),
        range(741, 747),
        range(1000, 1001),
    ),
    ("cc612-no-rfid", None): _readable(
        range(100, 153), range(200, 228), range(600, 636), range(700, 740), range(1000, 1001)
    ),
    (ICC, None): _readable(
        range(100, 174),
        range(200, 228),
        range(600, 636),
        range(700, 730),
        range(1000, 1003),
        range(2000, 2024),
        range(2030, 2031),
        range(2158, 2174),
        range(2622, 2624),
        range(2636, 2639),
    ),
    (ICC, "1.4"): _readable(range(100, 174), range(200, 228), range(600, 636), range(700, 730), range(1000, 1003)),
}


@pytest.mark.parametrize(("model", "firmware"), EXISTING)
def test_what_exists(model: str | None, firmware: str | None) -> None:
    world = Controller(model, firmware)
    expected = EXISTING[model, firmware]
    closing = range(730, 747) if model == ICC else range(0)
    for address in [*range(90, 2100), *range(2150, 2180), *range(2610, 2650), 0, 65535]:
        reply = world.modbus(3, address)
        assert reply.close == (address in closing)
        assert reply.exception == (2 if reply.close else None if address in expected else 1), address
    for start, stop in ((152, 154), (227, 229), (746, 748), (140, 143), (999, 1001)):
        if model is None:
            whole = set(range(start, stop)) <= expected
            assert (world.modbus(3, start, stop - start).exception is None) == whole


def test_blocks_that_clients_read() -> None:
    world = Controller()
    for start, count in ((100, 53), (200, 28), (600, 36), (700, 47), (1000, 1)):  # WARP's reader, but for 1110
        assert len(world.registers(start, count)) == count
    assert world.modbus(3, 1110, 10).exception == 1
    world.wallbox.configure({"user_id_readable": True})
    assert world.registers(1110, 10) == (0,) * 10
    icc = Controller(ICC)
    for start, count in ((131, 25), (206, 22), (712, 4), (715, 15)):  # OpenEMS, Home Assistant
        assert len(icc.registers(start, count)) == count


@pytest.mark.parametrize("function", [1, 2, 4, 5, 7, 15, 22, 23, 43])
def test_other_functions(function: int) -> None:
    assert Controller().modbus(function, 100, 1, (0,)).exception == 1


@pytest.mark.parametrize("unit", [0, 1, 7, 255])
def test_any_unit(unit: int) -> None:
    assert Controller().modbus(3, 122, unit=unit).values == (1,)


def test_exceptions() -> None:
    world = Controller()
    assert world.set(122, 1) == 2  # read only
    assert world.set(101, 1) == 2  # half of an item
    assert world.set(3000, 1) == 1  # not there
    assert world.set(124, 2) == 3
    assert world.set(1110, *[0x2020] * 10) == 2  # start and stop not allowed
    assert world.set(1000, 6, 6) == 1  # the second is not there
    assert world.registers(1000) == (32,)
    assert world.modbus(3, 1001).exception == 1
    assert Controller(unsupported_exception=2).modbus(3, 1001).exception == 2


def test_registers_taken_away() -> None:
    world = Controller(missing_registers=[222, 224, 226])
    assert world.modbus(3, 222, 2).exception == 1
    assert world.modbus(3, 222, 6).exception == 1
    assert world.registers(220, 2) == (0, 0)
    world.wallbox.configure({"missing_registers": []})
    assert world.registers(222, 2) == (0, 230)


# --- identity --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "firmware", "text", "protocol"),
    [
        (None, None, b"5.33", b"0.14"),
        (None, "5.31.0-17351", b"5.31", b"0.14"),
        (None, "5.22", b"5.22", b"0.12"),
        (None, OLD, b"5.12", b"0.9c"),
        (ICC, None, b"1.5\0", b"1.5\0"),
    ],
)
def test_versions(model: str | None, firmware: str | None, text: bytes, protocol: bytes) -> None:
    world = Controller(model, firmware)
    assert world.text(100, 2) == text
    assert world.text(120, 2) == protocol
    assert world.text(141, 1) == (b"AM" if model == ICC else b"\xeb\xee")


@pytest.mark.parametrize("model", [model.id for model in MODELS])
def test_model_names(model: str) -> None:
    world = Controller(model)
    name = world.text(142, 10)
    code = world.unit.build.traits.code
    assert name == code.encode().ljust(20, b"\0")
    assert ("4You" in code or "4Business" in code) == world.unit.build.icc
    assert world.registers(133) == (int(world.wallbox.profile.model.rated_current),)


def test_icc_versions() -> None:
    assert Controller(ICC).registers(153, 3) == (1, 5, 22)


# --- the energy manager's limit --------------------------------------------------------------------------------------


def test_limit() -> None:
    world = Controller()
    world.charge()
    assert world.registers(1000) == (32,)
    for value, offered in ((16, 16.0), (6, 6.0), (5, 0.0), (1, 0.0), (0, 0.0), (40, 32.0), (65535, 32.0), (10, 10.0)):
        assert world.set(1000, value) is None
        world.wait(40)
        assert world.registers(1000) == (value,)
        assert world.now.offered_current == offered
        assert world.registers(706) == (int(offered),)
        assert world.full_state()["sig_current"] == f"{offered:.0f}"
        assert world.full_state()["energy_man_current"] == str(value if value >= 6 else 0)
    assert ("modbus.1000", 65535, True) in world.writes()
    assert world.modbus(6, 1000, 1, (7,)).exception is None
    assert world.now.limits["bender.hems"] == 7


def test_a_pause_shows_everywhere() -> None:
    world = Controller()
    world.charge()
    assert world.states() == ("vehicle_charging_type2", "authorized_for_charging", "charging", "c")
    assert (world.registers(104), world.registers(122, 2), world.registers(140)) == ((6,), (3, 12), (1,))
    world.set(1000, 0)
    world.wait(20)
    assert world.states() == ("vehicle_connected_type2", "authorized_for_charging", "suspendedevse", "b")
    assert (world.registers(104), world.registers(122, 2), world.registers(140)) == ((7,), (2, 11), (0,))
    world.set(1000, 6)
    world.wait(20)
    assert world.states()[2] == "charging"
    assert world.full_state()["power_w"] == str(world.long(220))


def test_limit_after_a_start() -> None:
    for firmware, current in ((None, 32), ("5.22", 32), (OLD, 6)):
        world = Controller(None, firmware)
        world.charge()
        assert world.registers(1000) == (current,)
        assert world.now.offered_current == current
        world.set(1000, 10)
        world.wallbox.reboot()
        world.wait(100)
        assert world.registers(1000) == (current,)
        assert world.now.offered_current == current


# --- fail-safe -------------------------------------------------------------------------------------------------------


def test_silence_brings_the_safe_current() -> None:
    world = Controller()
    world.charge()
    assert world.set(131, 8) is None
    assert world.set(132, 30) is None
    world.set(1000, 16)
    world.wait(29)
    assert world.registers(1000) == (16,)  # which feeds it
    world.wait(29.9)
    assert world.now.offered_current == 16
    world.wait(0.2)
    assert world.now.offered_current == 8
    assert world.full_state()["energy_man_current"] == "8"  # REST is no Modbus communication
    world.wait(3600)
    assert world.now.offered_current == 8
    assert world.modbus(3, 3000).exception == 1  # nor is what is refused
    assert world.now.offered_current == 8
    assert world.registers(1000) == (16,)
    assert world.now.offered_current == 16
    names = [entry.name for entry in world.simulation.journal if entry.kind == "firmware"]
    assert names == ["failsafe_tripped", "failsafe_ended"]


def test_a_write_of_a_scenario_is_heard_like_a_client() -> None:
    world = Controller(communication_timeout=10, safe_current=0)
    world.charge()
    assert world.now.offered_current == 0
    assert world.wallbox.write("modbus.1000", 16, CLIENT).ok
    assert world.now.offered_current == 16
    world.wait(11)
    assert not world.wallbox.write("modbus.122", 1, CLIENT).ok
    assert not world.wallbox.write("modbus.124", 5, CLIENT).ok
    assert world.now.offered_current == 0


def test_a_safe_current_of_zero_pauses_and_zero_seconds_are_never() -> None:
    world = Controller(safe_current=0, communication_timeout=10)
    world.charge()
    assert world.now.offered_current == 0
    assert world.states()[2] == "suspendedevse"
    world.set(132, 0)
    world.wait(7200)
    assert world.now.offered_current == 32


def test_no_fail_safe_without_the_server() -> None:
    world = Controller(modbus=False, communication_timeout=10, safe_current=6)
    world.charge()
    assert world.now.offered_current == 32
    world.wallbox.configure({"modbus": True})
    world.wait(11)
    assert world.now.offered_current == 6
    world.wallbox.configure({"modbus": False})
    world.wait(1)
    assert world.now.offered_current == 6


# --- availability ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("firmware", "off", "on"), [(None, 0, 1), ("5.22", 0, 1), (OLD, 1, 0)])
def test_availability(firmware: str | None, off: int, on: int) -> None:
    world = Controller(None, firmware)
    assert world.registers(124) == (on,)
    assert world.set(124, off) is None
    assert (world.registers(124), world.registers(104)) == ((off,), (3,))
    assert world.states()[2] == "unavailable"
    world.plug_in()
    world.wait(60)
    assert world.states() == ("vehicle_connected_type2", "not_authorized_for_charging", "unavailable", "b")
    assert world.set(124, on) is None
    world.wait(60)
    assert world.states()[2] == "charging"
    assert world.set(124, off) is None
    world.wait(60)
    assert world.states()[2] == "charging"  # until the transaction ends
    world.unplug()
    world.wait(5)
    assert world.states()[2] == "unavailable"
    world.wallbox.reboot()
    world.wait(61)
    assert world.registers(124) == (off,)


# --- meter -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("meter", [*meters.METERS, "modbus_meter_of_tomorrow"])
def test_meters(meter: str) -> None:
    world = Controller(ocpp_meter_cfg=meter)
    world.charge()
    now, tells = world.now, meters.tells(meter)
    energy = [world.long(address) for address in (200, 202, 204, 218)]
    power = [world.long(address) for address in (206, 208, 210, 220)]
    currents = [world.long(address) for address in (212, 214, 216)]
    voltages = [world.long(address) for address in (222, 224, 226)]
    total, watts = int(now.total_energy), int(now.power + 0.5)
    assert energy == ([NONE] * 4 if tells == "nothing" else [total, NONE, NONE, total])
    if tells == "phases":
        assert power == [int(p + 0.5) for p in now.active_power] + [watts]
    else:
        assert power == ([NONE] * 4 if tells == "nothing" else [watts, NONE, NONE, watts])
    if tells in ("nothing", "totals"):
        assert currents + voltages == [NONE] * 6
    else:
        assert currents == [int(i * 1000 + 0.5) for i in now.phase_current]
        assert voltages == [int(u + 0.5) for u in now.phase_voltage]


# --- load management -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", range(5))
def test_load_management(mode: int) -> None:
    world = Controller(dlm_mode=mode, dlm_limit=25, dlm_slaves=3, dlm_external_meter=True)
    world.charge()
    managing = mode in (1, 2)
    assert world.registers(600) == (mode,)
    assert world.registers(610, 3) == ((25,) * 3 if managing else (0,) * 3)
    assert world.registers(620, 2) == ((1, 3) if managing else (0, 0))
    assert world.now.offered_current == (25 if managing else 32)
    assert world.set(613, 16, 20, 20) is None
    world.wait(20)
    assert world.registers(613, 3) == ((16, 20, 20) if managing else (0,) * 3)
    assert world.registers(633, 3) == ((16, 20, 20) if managing else (0,) * 3)
    assert world.registers(630, 3) == ((16,) * 3 if managing else (0,) * 3)
    assert world.now.offered_current == (16 if managing else 32)


# --- ISO 15118 -------------------------------------------------------------------------------------------------------


def test_a_car_that_talks() -> None:
    world = Controller("cc613", iso15118=True, evccid="001BDA0C5F2E")
    assert (world.registers(740), world.text(741, 6), world.registers(730)) == ((0,), bytes(12), (0,))
    world.charge(state_of_charge=0.4, capacity=50_000.0)
    assert (world.registers(740), world.text(741, 6)) == ((1,), b"001BDA0C5F2E")
    assert world.registers(730) == (40,)
    assert 29_000 < world.long(713) < 30_000
    assert world.registers(700) == (world.long(713),)
    assert Controller(unknown_soc=65535).registers(730) == (65535,)


@pytest.mark.parametrize(("talks", "draws", "shown"), [(True, 16.0, 16), (True, 63.0, 32), (False, 16.0, 32)])
def test_what_a_vehicle_may_draw(talks: bool, draws: float, shown: int) -> None:
    world = Controller("cc613", iso15118=talks)
    world.charge(max_current=draws)
    assert world.registers(715) == (shown,)


def test_address_offset_has_no_effect() -> None:
    world = Controller()
    assert world.set(130, 100) is None
    assert world.registers(130) == (100,)
    assert world.registers(122) == (1,)


# --- ICC -------------------------------------------------------------------------------------------------------------


def test_icc_currents() -> None:
    world = Controller(ICC)
    world.charge()
    assert (world.registers(1001), world.registers(1000), world.registers(2000)) == ((320,), (32,), (32,))
    assert world.set(1001, 105) is None
    world.wait(20)
    assert world.now.offered_current == 10.5
    assert (world.registers(1001), world.registers(1000), world.registers(706)) == ((105,), (10,), (10,))
    assert world.set(1001, 6) is None  # evcc's first "enable"
    world.wait(20)
    assert (world.registers(1001), world.now.offered_current) == ((6,), 0)
    assert world.set(2000, 16) is None
    world.wait(20)
    assert (world.registers(1001), world.registers(1000), world.now.offered_current) == ((160,), (16,), 16)


def test_icc_power_switches_phases() -> None:
    world = Controller(ICC)
    world.charge()
    assert (world.registers(1002), world.registers(2023), world.registers(140)) == ((22_080,), (2,), (1,))
    assert world.set(1002, 3725) is None  # as evcc
    world.wait(60)
    assert (world.registers(1002), world.registers(2023), world.registers(140)) == ((3725,), (1,), (1,))
    assert 16 <= world.now.offered_current < 16.2
    assert world.set(1002, 65535) is None
    world.wait(60)
    assert (world.registers(2023), world.registers(140), world.now.offered_current) == ((2,), (1,), 32)
    assert world.set(2002, 6900) is None
    world.wait(60)
    assert world.now.offered_current == pytest.approx(10)
    for watts in (0, 1379):
        assert world.set(2002, watts) is None
        world.wait(30)
        assert (world.now.offered_current, world.registers(104), world.registers(2023)) == (0, (4,), (0,))
        assert world.registers(1002) == world.registers(2002) == (0,)
    assert world.set(2002, 1380) is None
    world.wait(60)
    assert (world.now.offered_current, world.registers(140), world.registers(2023)) == (6, (1,), (1,))


def test_icc_fail_safe_ends_with_a_write() -> None:
    world = Controller(ICC, communication_timeout=10, safe_current=6)
    world.charge()
    assert world.registers(2011) == (1,)
    assert world.registers(2011) == (1,)
    assert world.now.offered_current == 6
    assert world.set(1000, 16) is None
    world.wait(5)
    assert (world.registers(2011), world.now.offered_current) == ((0,), 16)


def test_icc_energy_management_switch() -> None:
    world = Controller(ICC, energy_management="read")
    assert world.registers(122) == (1,)
    assert world.set(1001, 60) == 2
    assert world.registers(1001) == (320,)
    assert world.writes() == [("modbus.1001", [60], False)]
    world.wallbox.configure({"energy_management": "off"})
    assert not world.unit.logic.modbus_on


def test_icc_error_bits_are_in_normal_order() -> None:
    errors = ["residual_current_detected", "contactor_welded", "pic24_error"]
    assert Controller(ICC, errors=errors).registers(111, 2) == (0x0004, 0x0041)
    assert Controller(errors=errors[:2]).registers(111, 2) == (0x4100, 0)
    assert Controller(errors=errors).registers(111, 2) == (0x4100, 0x0400)
    assert Controller(errors=errors, error_order="normal").registers(111, 2) == (0x0004, 0x0041)


# --- anything --------------------------------------------------------------------------------------------------------


@settings(max_examples=80, deadline=None)
@given(
    model=st.sampled_from([None, ICC, "cc613"]),
    function=st.integers(0, 127),
    address=st.one_of(st.integers(0, 65535), st.sampled_from([100, 124, 131, 613, 1000, 1001, 1110, 1119, 2000, 2002])),
    values=st.lists(st.integers(0, 65535), min_size=1, max_size=12),
)
def test_any_frame(model: str | None, function: int, address: int, values: list[int]) -> None:
    world = Controller(model, modbus_user_id_write=True)
    world.plug_in()
    world.wait(10)
    if function == 6:
        del values[1:]
    reply = world.modbus(function, address, len(values), tuple(values))
    assert reply.exception in (None, 1, 2, 3)
    world.wait(10)
    assert len(world.registers(100, 53)) == 53


def test_idle_currents() -> None:
    """Some meters show a few mA without any current."""
    assert [Controller().long(address) for address in (212, 214, 216)] == [0, 0, 0]
    world = Controller(idle_currents=True)
    assert {world.long(address) for address in (212, 214, 216)} <= {4, 5}
    assert world.full_state()["current_a"] == "0.00,0.00,0.00"
    world.charge()
    assert world.long(212) > 30_000


@pytest.mark.parametrize(
    ("rated", "watts", "phases"),
    [
        (16.0, 3680, 1),
        (16.0, 3681, 3),
        (16.0, 4139, 3),
        (16.0, 4140, 3),
        (32.0, 4139, 1),
        (32.0, 7360, 3),
    ],
)
def test_icc_switches_phases_where_only_one_will_do(rated: float, watts: int, phases: int) -> None:
    """With 16 A, 3681 to 4139 W switch nothing: evcc writes 3725 and waits in vain."""
    world = Controller(ICC, hardware={"rated_current": rated})
    world.charge()
    assert world.set(1002, watts) is None
    world.wait(60)
    assert world.unit.logic.phases == phases


def test_icc_goes_back_to_three_phases_only_where_one_will_not_do() -> None:
    world = Controller(ICC)
    world.charge()
    for watts, phases in ((4000, 1), (5000, 1), (7360, 1), (7361, 3), (5000, 3)):
        assert world.set(1002, watts) is None
        world.wait(60)
        assert world.now.phases == phases, watts


def test_icc_registers_as_on_its_own_page() -> None:
    world = Controller(ICC)
    assert (world.registers(104), world.registers(140), world.registers(712), world.registers(2023)) == (
        (1,),
        (0,),
        (0,),
        (0,),
    )
    assert world.registers(2010, 4) == (2, 0, 1380, 22_080)
    assert (world.registers(2020), world.registers(2022), world.registers(152)) == ((2,), (0,), (3,))
    world.charge()
    world.wait(600)
    assert (world.registers(104), world.registers(140), world.registers(712)) == ((3,), (1,), (6,))
    assert world.long(200) == int(world.now.total_energy)
    assert (world.long(202), world.long(204)) == (0, 0)
    for address in (131, 1000, 2000):
        assert world.set(address, 5) is None
        assert world.registers(address) == (0,)
        assert world.set(address, 10) is None
        assert world.registers(address) == (10,)
    assert world.set(2001, 125) is None
    assert (world.registers(1001), world.registers(2000)) == ((125,), (12,))
    world.wait(20)
    world.box.configure({"available": False, "hems_current": None, "hems_tenths": None})
    world.unplug()
    world.wait(5)
    assert world.registers(104) == (8,)


def test_icc_registers_of_names_authorisation_and_group() -> None:
    """Source: register page of a 4Business 710."""
    world = Controller(ICC, device_name="garage left", free_charging=False, whitelist=["04a1"], dlm_mode=1)
    assert world.text(141, 1) == b"AM"
    assert world.long(156) == 0
    assert world.text(158, 16) == world.text(2158, 16) == b"garage left".ljust(32, b"\0")
    assert world.registers(2030) == (2,)
    world.wallbox.present_card("04A1")
    world.charge()
    assert world.registers(2030) == (1,)
    assert world.registers(2636, 3) == (world.registers(706)[0],) * 3
    world.box.configure({"satellites_in_fallback": 2, "satellite_fallback_current": 8})
    assert world.registers(2622, 2) == (2, 8)
    assert world.registers(2636) == (world.registers(706)[0] + 16,)
    world.box.configure({"free_charging": True})
    assert world.registers(2030) == (0,)


def test_model_texts_of_an_icc() -> None:
    assert Controller("amtron-4you-560").text(142, 10).rstrip(b"\0") == b"4You 560 11 C2"


def test_icc_configuration_registers() -> None:
    world = Controller(ICC, energy_management="read", phase_switch_mode=1, operator_current=16)
    assert world.registers(2010) == (1,)
    assert world.registers(2012, 2) == (4140, 11_040)
    world.box.configure({"energy_management": "read_write", "phase_switch_mode": 0})
    assert world.registers(2010) == (2,)
    assert world.registers(2012, 2) == (1380, 3680)
    world.box.configure({"phase_switch_mode": 2, "phase_switch_pause": 60})
    assert world.registers(2021) == (60,)
    world.charge()
    assert world.set(2002, 3000) is None
    world.wait(50)
    assert world.registers(2022) == (1,)
    world.wait(30)
    assert (world.registers(2022), world.now.phases) == ((0,), 1)


def test_a_phase_switch_begins_with_current() -> None:
    """Until the vehicle has let go, the relay is closed for it: it charges."""
    world = Controller()
    world.charge()
    assert world.wallbox.control.phases("test", 1)
    world.wait(0.01)
    assert world.now.phase_switching
    assert world.now.current_flows
    assert world.states()[0] == "vehicle_charging_type2"
    world.wait(3)
    assert world.states()[0] == "vehicle_connected_type2"


def test_icc_phase_switch_modes() -> None:
    world = Controller(ICC, phase_switch_mode=1)
    world.charge()
    assert world.set(1002, 3000) is None
    world.wait(60)
    assert world.now.phases == 3
    world.box.configure({"phase_switch_mode": 0})
    world.wait(3)
    assert world.registers(2022) == (1,)
    world.wait(60)
    assert (world.now.phases, world.registers(2022)) == (1, (0,))
    world.box.configure({"phase_switch_mode": 3})
    assert world.set(1002, 0xFFFF) is None
    world.wait(60)
    assert world.now.phases == 1, "not with a car"
    world.unplug()
    world.wait(60)
    world.charge()
    assert world.now.phases == 3
