"""Register tables under the policies of the real devices."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.core.messages import DONE, Outcome, Reason
from emulator.devices.firmware import Model, Profile, Version
from emulator.devices.interfaces import ModbusReply, ModbusRequest, Origin
from emulator.devices.register_table import RegisterTable
from emulator.devices.registers import (
    BIT,
    F64,
    NO_NAMES,
    S32,
    U16,
    U32,
    Bank,
    Layout,
    Octets,
    Register,
    RegisterOrder,
    Text,
    Writes,
)

MODEL = Model(id="box", title="Box", firmwares=("1.0", "2.0"), default_firmware="2.0")
PROFILE = Profile(model=MODEL, firmware=Version("2.0"))
ORIGIN = Origin(interface="modbus")


@dataclass
class Target:
    """A wallbox as far as a register table sees it, and its own view."""

    limit: float = 16.0
    energy_limit: float | None = None
    power: float | None = 11_000.0
    order: RegisterOrder = field(default_factory=RegisterOrder)
    written: list[tuple[str, object, str | None]] = field(default_factory=list)
    looks: int = 0

    def view(self) -> Target:
        self.looks += 1
        return self

    def record_write(
        self, point: str, value: object, outcome: Outcome, origin: Origin, names: Mapping[str, object] = NO_NAMES
    ) -> None:
        self.written.append((point, value, outcome.refused))


Row = Register[Target, Target]


def set_limit(target: Target, value: object, origin: Origin) -> Outcome:
    assert isinstance(value, int | float)
    if not 6 <= value <= 32:
        return Outcome(refused=Reason.OUT_OF_RANGE)
    target.limit = value
    return DONE


def set_energy(target: Target, value: object, origin: Origin) -> Outcome:
    assert value is None or isinstance(value, int | float)
    target.energy_limit = value
    return DONE


def table(
    *banks: Bank[Target, Target], functions: tuple[int, ...] = (3, 6, 16), **more: object
) -> RegisterTable[Target, Target]:
    layout: Layout[Target, Target] = Layout(dict.fromkeys(functions, banks))
    return RegisterTable(replace(layout, **more), PROFILE)  # type: ignore[arg-type]


def ask(
    served: RegisterTable[Target, Target], target: Target, function: int, address: int, count: int = 1, *values: int
) -> ModbusReply:
    reply = served.serve(
        ModbusRequest(unit=1, function=function, address=address, count=len(values) or count, values=values),
        target.view,
        target,
    )
    assert reply is not None
    return reply


# --- NRGkick: no gaps, whole items only ------------------------------------------------------------------------------

NRGKICK = Bank(
    "Modbus registers",
    (
        Row("current_set", 194, U16, scale=10, read=lambda v: v.limit, write=set_limit, source="x"),
        Row("charge_pause", 195, U16, read=lambda v: 0, source="x"),
        Row("energy_limit", 196, U32.low_first, read=lambda v: v.energy_limit, write=set_energy, source="x"),
        Row("phase_count", 198, U16, read=lambda v: 3, source="x"),
        Row("total_active_power", 210, S32.low_first, scale=1000, read=lambda v: v.power, source="x"),
        Row("modem", 220, U16, read=lambda v: Reason.NOT_FITTED, source="x"),
    ),
    split=False,
)


def test_whole_items_are_read() -> None:
    target, served = Target(energy_limit=10_000), table(NRGKICK)
    assert ask(served, target, 3, 194, 5).values == (160, 0, 0x2710, 0, 3)
    assert ask(served, target, 3, 210, 2).values == (0xD8C0, 0x00A7)
    assert target.looks == 2


@pytest.mark.parametrize(("address", "count"), [(196, 1), (197, 1), (195, 2), (197, 2), (199, 1), (198, 2), (220, 1)])
def test_cut_items_gaps_and_missing_parts_are_refused(address: int, count: int) -> None:
    assert ask(table(NRGKICK), Target(), 3, address, count).exception == 2


def test_writes_reach_the_box_decoded_and_are_recorded_as_sent() -> None:
    target, served = Target(), table(NRGKICK)
    assert ask(served, target, 6, 194, 1, 100).exception is None
    assert target.limit == 10.0
    assert ask(served, target, 16, 196, 2, 0x2710, 0).exception is None
    assert target.energy_limit == 10_000
    assert ask(served, target, 6, 194, 1, 500).exception == 3
    assert ask(served, target, 6, 195, 1, 1).exception == 2  # read only here
    assert ask(served, target, 6, 196, 1, 1).exception == 2  # half an item
    assert target.written == [
        ("modbus.194", 100, None),
        ("modbus.196", 10_000, None),
        ("modbus.194", 500, Reason.OUT_OF_RANGE),
        ("modbus.195", 1, Reason.READ_ONLY),
        ("modbus.196", 1, Reason.WRONG_LENGTH),
    ]
    assert target.looks == 0


def test_nothing_is_written_when_one_address_is_wrong() -> None:
    target, served = Target(), table(NRGKICK)
    assert ask(served, target, 16, 194, 2, 100, 1).exception == 2
    assert target.limit == 16.0


def test_a_foreign_unit_gets_silence_or_an_exception() -> None:
    request = ModbusRequest(unit=7, function=3, address=194, count=1)
    assert table(NRGKICK, units=(1,)).serve(request, Target().view, Target()) is None
    assert table(NRGKICK, units=(1,), foreign_unit=11).serve(request, Target().view, Target()) == ModbusReply(
        exception=11
    )


# --- go-e: two overlapping tables, gaps filled, low word first -------------------------------------------------------

GOE_HOLDING = Bank(
    "Modbus holding registers",
    (
        Row("LED_BRIGHTNESS", 206, U16, read=lambda v: 255, source="x"),
        Row("LED_SAVE_ENERGY", 207, U16, read=lambda v: 0, source="x"),
        Row("PHASE_SWITCH_MODE", 332, U16, read=lambda v: 2, source="x"),
        Row(
            "ENERGY_LIMIT",
            333,
            F64.low_first,
            read=lambda v: v.energy_limit,
            write=set_energy,
            missing=math.inf,
            journal="dwo",
            source="x",
        ),
    ),
    fill=0xFFFF,
    start="defined",
    order=lambda v: v.order,
)
GOE_INPUT = Bank(
    "Modbus input registers",
    (
        Row("POWER_TOTAL", 120, U32.low_first, scale=100, read=lambda v: v.power, source="x"),
        Row("PHASES", 205, U16, read=lambda v: 0x3F, source="x"),
        Row("ENERGY_CARD0", 332, F64.low_first, read=lambda v: 5000.0, source="x"),
    ),
    fill=0xFFFF,
    start="defined",
    order=lambda v: v.order,
)
GOE = RegisterTable(
    Layout({3: (GOE_HOLDING, GOE_INPUT), 4: (GOE_INPUT, GOE_HOLDING), 16: (GOE_HOLDING,)}),
    PROFILE,
)


def test_the_table_of_the_first_register_serves_the_request() -> None:
    assert ask(GOE, Target(), 3, 205, 2).values == (0x3F, 0xFFFF)
    assert ask(GOE, Target(), 3, 206, 2).values == (255, 0)
    assert ask(GOE, Target(), 3, 332, 1).values == (2,)
    assert ask(GOE, Target(), 4, 332, 4).values == (0, 0, 0x8800, 0x40B3)
    assert ask(GOE, Target(power=6000.0), 4, 120, 3).values == (0x27C0, 9, 0xFFFF)


def test_a_read_must_begin_at_something() -> None:
    assert ask(GOE, Target(), 3, 119, 3).exception == 2
    assert ask(GOE, Target(), 6, 206, 1, 1).exception == 1  # only 16 writes
    assert ask(GOE, Target(), 16, 205, 1, 1).exception == 2


def test_infinity_stands_for_no_limit() -> None:
    target = Target()
    assert ask(GOE, target, 3, 333, 4).values == (0, 0, 0, 0x7FF0)
    ask(GOE, target, 16, 333, 4, 0, 0, 0x8800, 0x40B3)
    assert target.energy_limit == 5000.0
    ask(GOE, target, 16, 333, 4, 0, 0, 0, 0x7FF0)
    assert target.energy_limit is None
    assert target.written == [("dwo", 5000.0, None), ("dwo", None, None)]


def test_the_user_can_change_the_order() -> None:
    target = Target(order=RegisterOrder(reverse_registers=True))
    assert ask(GOE, target, 4, 332, 4).values == (0x40B3, 0x8800, 0, 0)
    ask(GOE, target, 16, 333, 4, 0x40B3, 0x8800, 0, 0)
    assert target.energy_limit == 5000.0
    assert ask(GOE, Target(order=RegisterOrder(swap_bytes=True)), 3, 205, 2).values == (0x3F00, 0xFFFF)


# --- KEBA: one item per read -----------------------------------------------------------------------------------------

KEBA_READS = Bank(
    "Modbus registers",
    (
        Row("state", 1000, U32, read=lambda v: 3, source="x"),
        Row("power", 1020, U32, scale=1000, read=lambda v: v.power, source="x"),
        Row("voltage", 1022, U32, read=lambda v: 230, source="x"),
        Row("curr_user", 5004, U16, scale=1000, write=set_limit, source="x"),
    ),
    single=True,
    split=False,
)
KEBA = RegisterTable(Layout({3: (KEBA_READS,), 6: (KEBA_READS,)}, units=(255,)), PROFILE)


@pytest.mark.parametrize(("address", "count", "code"), [(1000, 1, 2), (1020, 4, 2), (1001, 2, 2), (5004, 1, 2)])
def test_exactly_one_item_per_read(address: int, count: int, code: int) -> None:
    request = ModbusRequest(unit=255, function=3, address=address, count=count)
    reply = KEBA.serve(request, Target().view, Target())
    assert reply is not None
    assert reply.exception == code


def test_one_item_is_read_and_written() -> None:
    target = Target()
    reply = KEBA.serve(ModbusRequest(unit=255, function=3, address=1020, count=2), target.view, target)
    assert reply is not None
    assert reply.values == (11_000_000 >> 16, 11_000_000 & 0xFFFF)
    assert reply.journal == {"values": {"power": 11_000.0}}
    reply = KEBA.serve(
        ModbusRequest(unit=255, function=6, address=5004, count=1, values=(10_000,)), target.view, target
    )
    assert reply is not None
    assert reply.exception is None
    assert target.limit == 10.0


# --- Bender: gaps inside ranges --------------------------------------------------------------------------------------

BENDER = Bank(
    "Modbus holding registers",
    (
        Row("firmware", 100, Text(2), read=lambda v: "5.33", source="x"),
        Row("status", 104, U16, read=lambda v: 6, source="x"),
        Row("errors", 111, U32.low_first.byte_swapped, read=lambda v: 0x41, source="x"),
        Row("total_power", 220, U32, read=lambda v: v.power, missing=0xFFFFFFFF, source="x"),
        Row("limit", 1000, U16, read=lambda v: v.limit, write=set_limit, source="x"),
        Row("user_id", 1110, Text(10, padding=b" ", align="right"), write=lambda b, v, o: DONE, source="x"),
    ),
    fill=0,
    fill_within=(range(100, 153), range(200, 228)),
    refusals={Reason.UNKNOWN: 1, Reason.WRITE_ONLY: 1},
)


def test_gaps_inside_a_range_are_zero_and_leaving_it_is_refused() -> None:
    served = table(BENDER)
    assert ask(served, Target(), 3, 100, 5).values == (0x352E, 0x3333, 0, 0, 6)
    assert ask(served, Target(), 3, 101, 1).values == (0x3333,)
    assert ask(served, Target(), 3, 152, 1).values == (0,)
    assert ask(served, Target(), 3, 152, 2).exception == 1
    assert ask(served, Target(), 3, 1001, 1).exception == 1
    assert ask(served, Target(), 3, 1110, 10).exception == 1
    assert ask(served, Target(), 3, 111, 2).values == (0x4100, 0)
    assert ask(served, Target(power=None), 3, 220, 2).values == (0xFFFF, 0xFFFF)
    assert ask(served, Target(power=math.nan), 3, 220, 2).values == (0xFFFF, 0xFFFF)


# --- WARP: writes take effect one by one, missing halves are filled in -----------------------------------------------

WARP = Bank(
    "Modbus holding registers",
    (
        Row("enabled", 1000, U32, read=lambda v: 32_000, write=lambda b, v, o: DONE, source="x"),
        Row("limit", 1002, U32, scale=1000, read=lambda v: v.limit, write=set_limit, source="x"),
        Row("hue", 1008, U32, write=lambda b, v, o: DONE, source="x"),
    ),
    writes=Writes(order="until_refused", partial="merge"),
    refusals={Reason.OUT_OF_RANGE: None},
)


def test_what_came_before_the_wrong_address_takes_effect() -> None:
    target, served = Target(), table(WARP)
    assert ask(served, target, 16, 1002, 4, 0, 10_000, 0, 0).exception == 2
    assert target.limit == 10.0


def test_half_a_register_pair_keeps_the_other_half() -> None:
    target, served = Target(), table(WARP)
    assert ask(served, target, 6, 1003, 1, 10_000).exception is None
    assert target.limit == 10.0
    assert ask(served, target, 6, 1008, 1, 1).exception == 2  # not readable


def test_a_refusal_can_look_like_success() -> None:
    target, served = Target(), table(WARP)
    assert ask(served, target, 16, 1002, 2, 0, 1).exception is None
    assert target.limit == 16.0
    assert target.written == [("modbus.1002", 1, Reason.OUT_OF_RANGE)]


def test_undefined_addresses_can_be_ignored() -> None:
    lenient = replace(WARP, fill=0, writes=Writes(order="every", partial="merge", undefined="ignore"))
    target, served = Target(), table(lenient)
    assert ask(served, target, 16, 1001, 4, 0, 0, 9_000, 7).exception is None
    assert target.limit == 9.0
    assert ask(served, target, 3, 1002, 8).values == (0, 9_000, 0, 0, 0, 0, 0, 0)


def test_coils_are_items_too() -> None:
    state = {"on": True}

    def switch(target: Target, value: object, origin: Origin) -> Outcome:
        state["on"] = bool(value)
        return DONE

    coils = Bank("Coils", (Row("enabled", 1000, BIT, read=lambda v: state["on"], write=switch, source="x"),))
    served = table(coils, functions=(1, 5, 15))
    assert ask(served, Target(), 1, 1000).values == (1,)
    assert ask(served, Target(), 5, 1000, 1, 0).exception is None
    assert ask(served, Target(), 1, 1000).values == (0,)


# --- by address, for scenarios ---------------------------------------------------------------------------------------


def test_values_are_read_by_address_as_the_wire_has_them() -> None:
    target = Target()
    assert GOE.read_address(target, "modbus.120") == 1_100_000
    assert GOE.read_address(target, 332) == 2
    assert GOE.read_address(target, "modbus.4.332") == 5000.0
    assert table(NRGKICK).read_address(target, "modbus.220") is None
    assert "modbus.120" in set(GOE.addresses())
    for unknown in ("modbus.121", "modbus.9999", "modbus.x", "car"):
        with pytest.raises(KeyError):
            GOE.read_address(target, unknown)


def test_values_are_written_by_address_as_a_client_would() -> None:
    target, served = Target(), table(NRGKICK)
    assert served.write_address(target, "modbus.194", 80, ORIGIN).ok
    assert target.limit == 8.0
    assert served.write_address(target, "modbus.194", 70_000, ORIGIN).refused == Reason.OUT_OF_RANGE
    assert served.write_address(target, "modbus.194", "a lot", ORIGIN).refused == Reason.WRONG_TYPE
    assert served.write_address(target, "modbus.195", 1, ORIGIN).refused == Reason.READ_ONLY
    with pytest.raises(KeyError):
        served.write_address(target, "modbus.4711", 1, ORIGIN)


# --- compiling -------------------------------------------------------------------------------------------------------


def test_rows_exist_by_firmware() -> None:
    versions = Bank(
        "Modbus",
        (
            Row("old", 1, U16, until="2.0", read=lambda v: 1, source="x"),
            Row("new", 1, U32, since="2.0", read=lambda v: 2, source="x"),
        ),
    )
    assert ask(table(versions), Target(), 3, 1, 2).values == (0, 2)
    layout: Layout[Target, Target] = Layout({3: (versions,)})
    older = RegisterTable(layout, Profile(model=MODEL, firmware=Version("1.0")))
    assert ask(older, Target(), 3, 1).values == (1,)
    assert ask(older, Target(), 3, 1, 2).exception == 2


def test_overlapping_rows_are_our_mistake() -> None:
    twice = Bank("Modbus", (Row("a", 1, U32, source="x"), Row("b", 2, U16, source="x")))
    with pytest.raises(ValueError, match="overlap at 2"):
        table(twice)


def test_every_row_is_documented() -> None:
    rows = list(GOE.fidelity())
    assert len(rows) == 7
    assert rows[-1].table == "Modbus input registers"
    limit = next(row for row in rows if row.name == "333 ENERGY_LIMIT")
    assert (limit.type, limit.readable, limit.settable) == ("float64, low word first", True, True)


@given(function=st.integers(1, 24), address=st.integers(0, 0xFFFF), count=st.integers(1, 125), data=st.data())
def test_any_request_gets_an_answer_of_the_right_size(
    function: int, address: int, count: int, data: st.DataObject
) -> None:
    served = data.draw(st.sampled_from([GOE, KEBA, table(BENDER), table(WARP), table(NRGKICK)]))
    near = data.draw(st.sampled_from([address, 100, 194, 205, 333, 1000, 1002, 1110, 65_535]))
    values = tuple([7] * count) if function in (5, 6, 15, 16) else ()
    reply = served.serve(
        ModbusRequest(unit=255, function=function, address=near, count=count, values=values), Target().view, Target()
    )
    assert reply is not None
    if reply.exception is None and function in (3, 4):
        assert len(reply.values) == count
        assert all(0 <= word <= 0xFFFF for word in reply.values)


@given(first=st.integers(0, 60), count=st.integers(1, 60))
def test_a_part_of_a_block_reads_as_in_the_whole(first: int, count: int) -> None:
    served = table(
        Bank(
            "Modbus",
            (
                Row("a", 3, U16, read=lambda v: 7, source="x"),
                Row("b", 10, F64, read=lambda v: 1.25, source="x"),
                Row("c", 20, Octets(6), read=lambda v: b"0123456789ab", source="x"),
            ),
            fill=0xABCD,
        )
    )
    whole = ask(served, Target(), 3, 0, 120).values
    assert ask(served, Target(), 3, first, count).values == whole[first : first + count]
