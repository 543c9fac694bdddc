"""Modbus: every register in every state against JSON, alignment, refusals, the worked examples."""

from __future__ import annotations

import struct
from typing import cast

import pytest
from bench import CLIENT
from kick import SIM, STATES, Kick

from emulator.devices.registers import Floating, Text
from emulator.vendors.nrgkick.items import IN_JSON_ORDER, ITEMS


def test_no_gaps_on_a_unit_with_all_hardware() -> None:
    end = 0
    for item in ITEMS:
        assert item.address == end, item.name
        end = item.end
    assert end == 264
    assert len(IN_JSON_ORDER) == len(ITEMS) == len({item.name for item in ITEMS})


@pytest.mark.parametrize("state", STATES)
def test_every_register_says_what_json_says(state: str) -> None:
    """Decoded here by hand, not by the types that encoded it."""
    world = STATES[state]()
    documents = {"info": world.get("/info?raw"), "values": world.get("/values?raw"), "control": world.get("/control")}
    seen = 0
    for item in ITEMS:
        document: object = documents[item.endpoint]
        try:
            for key in item.path:
                document = cast("dict[str, object]", document)[key]
        except KeyError:
            assert world.exception(3, item.address, item.type.registers) == 2
            continue
        words = world.registers(item.address, item.type.registers)
        seen += 1
        if isinstance(item.type, Text):
            raw = struct.pack(f">{len(words)}H", *words)
            assert raw.rstrip(b"\0").decode("utf-8", "replace") == document
            continue
        whole = sum(word << 16 * index for index, word in enumerate(words))
        if isinstance(item.type, Floating):
            (number,) = struct.unpack(">f", whole.to_bytes(4, "big"))
            assert number == pytest.approx(document, rel=1e-6)
            continue
        if item.type.title.startswith("int") and whole >> (16 * len(words) - 1):
            whole -= 1 << 16 * len(words)
        assert whole / item.scale == document, item.name
    assert seen == len(ITEMS) - (0 if world.wallbox.profile.model.id == SIM else 10)


def test_worked_examples() -> None:
    world = Kick(SIM, current_set=16.0)
    assert world.registers(251) == (1,)
    assert world.registers(194) == (0x00A0,)
    expected = "5432 3333 3235 3030 3030 3030 3030 3030 3053 3144 3200"
    assert world.registers(0, 11) == tuple(int(word, 16) for word in expected.split())
    assert world.registers(114, 2) == (0xA53A, 0x423B)
    assert world.registers(39, 4) == struct.unpack(">4H", b"A1234567")
    assert world.modbus(6, 195, values=(1,)) is not None
    assert world.registers(195) == (1,)
    assert world.exception(16, 196, values=(0x2710, 0)) is None
    assert world.get("/control")["energy_limit"] == 10_000


def test_words_low_first_while_charging() -> None:
    world = Kick()
    world.charge(reactive_current=1.0)
    power = world.get("/values")["powerflow"]["total_active_power"]  # type: ignore[index]
    low, high = world.registers(210, 2)
    assert (high << 16 | low) / 1000 == power
    low, high = world.registers(212, 2)
    assert high >= 0x8000  # capacitive: negative
    assert (low | high << 16) - 2**32 == round(world.get("/values")["powerflow"]["total_reactive_power"] * 1000)  # type: ignore[index]


def test_long_and_odd_names() -> None:
    world = Kick(device_name="NRGkick \N{ELECTRIC PLUG}\N{ELECTRIC PLUG} garage")
    assert world.get("/info")["general"]["device_name"] == "NRGkick \N{ELECTRIC PLUG}\N{ELECTRIC PLUG} garage"  # type: ignore[index]
    assert struct.pack(">8H", *world.registers(27, 8)) == "NRGkick \N{ELECTRIC PLUG}\N{ELECTRIC PLUG}".encode()[:16]


# --- alignment -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "count"),
    [
        (0, 11),
        (11, 16),
        (122, 8),
        (217, 3),
        (220, 3),
        (199, 4),
        (203, 2),
        (210, 2),
        (0, 80),
        (194, 70),
        (122, 64),
        (36, 3),
    ],
)
def test_whole_items_can_be_read_together(address: int, count: int) -> None:
    assert len(Kick().registers(address, count)) == count


@pytest.mark.parametrize(
    ("address", "count"),
    [(0, 1), (0, 10), (0, 12), (1, 10), (210, 1), (211, 1), (211, 2), (199, 2), (196, 1), (197, 1), (195, 2), (263, 2)],
)
def test_cut_items_are_refused(address: int, count: int) -> None:
    assert Kick().exception(3, address, count) == 2


@pytest.mark.parametrize(("address", "count"), [(264, 1), (300, 1), (65535, 1), (258, 7)])
def test_nothing_behind_the_end(address: int, count: int) -> None:
    assert Kick().exception(3, address, count) == 2


def test_blocks_exist_only_with_the_hardware() -> None:
    plain, sim, no_gps = Kick(), Kick(SIM), Kick(SIM, gps=False)
    for address, count in ((80, 8), (88, 8), (96, 16), (112, 1), (113, 1), (186, 8), (79, 9), (46, 76), (178, 16)):
        assert plain.exception(3, address, count) == 2
        assert sim.exception(3, address, count) is None or (address, count) == (46, 76)
    for address in (114, 116, 118, 120):
        assert plain.exception(3, address, 2) == 2
        assert no_gps.exception(3, address, 2) == 2
        assert sim.exception(3, address, 2) is None
    assert sim.exception(3, 46, 76) is None
    assert no_gps.exception(3, 46, 76) == 2
    assert no_gps.exception(3, 80, 8) is None


def test_other_units_get_no_answer() -> None:
    world = Kick()
    for unit in (0, 2, 247, 255):
        assert world.modbus(3, 251, unit=unit) is None
        assert world.modbus(16, 194, values=(100, 1), unit=unit) is None
    assert world.get("/control")["charge_pause"] == 0


@pytest.mark.parametrize("function", [1, 2, 4, 5, 15, 22, 23, 43])
def test_other_functions(function: int) -> None:
    assert Kick().exception(function, 251) == 1


# --- writing ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("function", [6, 16])
def test_writes(function: int) -> None:
    world = Kick()
    for address, value, key, shown in (
        (194, 105, "current_set", 10.5),
        (195, 1, "charge_pause", 1),
        (198, 2, "phase_count", 2),
    ):
        assert world.exception(function, address, values=(value,)) is None
        assert world.get("/control")[key] == shown
        assert world.registers(address) == (value,)
    assert world.writes() == [("modbus.194", 105, True), ("modbus.195", 1, True), ("modbus.198", 2, True)]


def test_all_controls_in_one_write() -> None:
    world = Kick()
    assert world.exception(16, 194, values=(160, 1, 500, 0, 1)) is None
    assert world.get("/control") == {"current_set": 16, "charge_pause": 1, "energy_limit": 500, "phase_count": 1}


@pytest.mark.parametrize(
    ("function", "address", "values", "exception"),
    [
        (6, 194, (59,), 3),
        (6, 194, (321,), 3),
        (6, 194, (0,), 3),
        (6, 194, (0xFFFF,), 3),
        (6, 195, (2,), 3),
        (6, 198, (0,), 3),
        (6, 198, (4,), 3),
        (16, 196, (0x4241, 0x000F), 3),
        (16, 196, (0, 0xFFFF), 3),
        (6, 196, (1,), 2),
        (6, 197, (1,), 2),
        (16, 196, (1,), 2),
        (16, 197, (1,), 2),
        (16, 195, (1, 100), 2),
        (16, 193, (0, 100), 2),
        (16, 198, (1, 0), 2),
        (6, 251, (1,), 2),
        (16, 199, (1, 0, 0, 0), 2),
        (6, 0, (1,), 2),
        (6, 264, (1,), 2),
        (16, 194, (100, 2), 3),
        (16, 194, (100, 1, 500, 0, 9), 3),
        (16, 194, (10, 1, 500, 0, 1), 3),
    ],
)
def test_refused_writes_change_nothing(function: int, address: int, values: tuple[int, ...], exception: int) -> None:
    world = Kick()
    world.charge()
    before = world.get("/control")
    assert world.exception(function, address, len(values), values) == exception
    assert world.get("/control") == before
    assert not any(ok for _, _, ok in world.writes())


def test_a_16_a_unit_refuses_more() -> None:
    world = Kick("nrgkick-16")
    assert world.exception(6, 194, values=(161,)) == 3
    assert world.exception(6, 194, values=(160,)) is None


@pytest.mark.parametrize(("address", "value"), [(194, 100), (195, 1), (198, 1)])
def test_solar_charging_blocks(address: int, value: int) -> None:
    world = Kick(solar_charging=True)
    assert world.exception(6, address, values=(value,)) == 6
    assert world.exception(16, 194, values=(160, 1)) == 6
    assert world.exception(16, 196, values=(500, 0)) is None


def test_addresses_of_scenarios() -> None:
    world = Kick()
    world.plug_in()
    world.wait(2)
    assert world.read("modbus.194", "control.current_set", "values.general.status") == [320, 32, "CONNECTED"]
    assert world.wallbox.write("modbus.194", 100, CLIENT).ok
    assert world.wallbox.write("control.charge_pause", 1, CLIENT).ok
    assert world.wallbox.write("control.current_set", "12.5", CLIENT).ok
    assert world.read("control.current_set", "control.charge_pause") == [12.5, 1]
    assert not world.wallbox.write("control.current_set", "12.55", CLIENT).ok
    assert not world.wallbox.write("control.current_set", None, CLIENT).ok
    assert not world.wallbox.write("control.phase_count", 1.5, CLIENT).ok
    assert not world.wallbox.write("values.general.status", 3, CLIENT).ok
    assert not world.wallbox.write("modbus.251", 3, CLIENT).ok
    with pytest.raises(KeyError):
        world.wallbox.read("values.general.state")
    with pytest.raises(KeyError):
        world.wallbox.read("modbus.211")
    with pytest.raises(KeyError):
        world.wallbox.read("info.gps.latitude")
    assert world.read("control.current_set") == [12.5]
