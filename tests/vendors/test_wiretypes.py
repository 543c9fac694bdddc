"""Values on the wire: what goes in comes out, and what does not fit does what the type says."""

from __future__ import annotations

import math
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.devices.wire_types import (
    BIT,
    F32,
    F64,
    S16,
    S32,
    S64,
    U16,
    U32,
    U64,
    Floating,
    Integer,
    Octets,
    Text,
    WireType,
    Words,
    packed,
    packer,
    swap_bytes,
)

INTEGERS = [
    variant
    for plain in (U16, S16, U32, S32, U64, S64)
    for variant in (plain, plain.low_first, plain.byte_swapped, plain.low_first.byte_swapped)
]
FLOATS = [
    variant
    for plain in (F32, F64)
    for variant in (plain, plain.low_first, plain.byte_swapped, plain.low_first.byte_swapped)
]


@pytest.mark.parametrize("kind", INTEGERS, ids=lambda kind: kind.title)
@given(data=st.data())
def test_integers_come_back(kind: Integer, data: st.DataObject) -> None:
    value = data.draw(st.integers(kind.lowest, kind.highest))
    words = kind.encode(value)
    assert len(words) == kind.registers
    assert all(0 <= word <= 0xFFFF for word in words)
    assert kind.decode(words) == value


@pytest.mark.parametrize("kind", INTEGERS, ids=lambda kind: kind.title)
@given(data=st.data())
def test_every_pattern_of_registers_is_a_value(kind: Integer, data: st.DataObject) -> None:
    words = tuple(data.draw(st.lists(st.integers(0, 0xFFFF), min_size=kind.registers, max_size=kind.registers)))
    assert kind.encode(kind.decode(words)) == words


@given(whole=st.integers(-(2**31), 2**31 - 1), scale=st.sampled_from([1, 10, 100, 1000, 360, 0.1]))
def test_scaled_integers_come_back(whole: int, scale: float) -> None:
    words = S32.encode(whole)
    assert S32.encode(S32.decode(words, scale), scale) == words


@pytest.mark.parametrize("kind", FLOATS, ids=lambda kind: kind.title)
@given(data=st.data())
def test_floats_come_back(kind: Floating, data: st.DataObject) -> None:
    value = data.draw(st.floats(width=32 if kind.bits == 32 else 64, allow_nan=False))
    assert kind.decode(kind.encode(value)) == value


@given(st.text(st.characters(min_codepoint=1, max_codepoint=127), max_size=20))
def test_texts_come_back(value: str) -> None:
    assert Text(10).decode(Text(10).encode(value)) == value
    right = Text(10, padding=b" ", align="right")
    assert right.decode(right.encode(value)) == value.lstrip(" ")


@given(st.binary(min_size=6, max_size=6))
def test_octets_come_back(value: bytes) -> None:
    assert Octets(3).decode(Octets(3).encode(value)) == value
    assert Octets(6, spread=True).decode(Octets(6, spread=True).encode(value)) == value


@given(st.booleans())
def test_bits_come_back(value: bool) -> None:
    assert BIT.decode(BIT.encode(value)) is value


def test_the_vendors_own_examples() -> None:
    assert U32.low_first.encode(6000, 100) == (0x27C0, 0x0009)  # go-e, POWER_TOTAL 6000 W
    assert F64.low_first.encode(5000.0) == (0x0000, 0x0000, 0x8800, 0x40B3)  # go-e, ENERGY_LIMIT
    assert F64.low_first.encode(math.inf) == (0x0000, 0x0000, 0x0000, 0x7FF0)
    assert S32.low_first.encode(11000.0, 1000) == (0xD8C0, 0x00A7)  # NRGkick, 11 kW
    assert S32.low_first.encode(-1.5, 1000) == (0xFA24, 0xFFFF)
    assert U64.low_first.encode(14187) == (0x376B, 0, 0, 0)
    assert F32.low_first.encode(46.911354)[1] == 0x423B
    assert F32.encode(11060.0) == (0x462C, 0xD000)  # WARP, 11060 W
    assert U32.low_first.byte_swapped.encode(0x41) == (0x4100, 0x0000)  # Bender, error bits 0 and 6
    assert Text(11).encode("T2332500000000000S1D2")[-1] == 0x3200  # NRGkick, 21 characters and one NUL
    assert Octets(4, spread=True).encode(bytes([192, 168, 1, 2])) == (192, 168, 1, 2)  # go-e, IP


def test_what_does_not_fit_is_clamped_or_wraps() -> None:
    assert U16.encode(70_000) == (0xFFFF,)
    assert U16.encode(-1) == (0,)
    assert S16.encode(-40_000) == (0x8000,)
    assert U16.encode(math.inf) == (0xFFFF,)
    assert S16.encode(-math.inf) == (0x8000,)
    assert U16.wrapping.encode(70_000) == (70_000 - 65_536,)
    assert U32.wrapping.encode(-1) == (0xFFFF, 0xFFFF)
    assert F32.decode(F32.encode(1e300)) == math.inf
    assert Text(2).encode("abcdef") == struct.unpack(">2H", b"abcd")
    assert Octets(1).encode(b"abc") == (0x6162,)


def test_fractions_are_rounded_or_cut() -> None:
    assert [U16.decode(U16.encode(x)) for x in (0.4, 0.5, 1.5, 2.5)] == [0, 1, 2, 3]
    assert [S16.decode(S16.encode(x)) for x in (-0.4, -0.5, -1.5)] == [0, -1, -2]
    assert [S16.decode(S16.cut.encode(x)) for x in (0.9, 1.99, -1.99)] == [0, 1, -1]
    assert U16.cut.encode(0.57, 100) == (57,)  # float noise is no fraction


def test_blank_is_zero_nothing_or_not_a_number() -> None:
    assert U32.blank == (0, 0)
    assert math.isnan(F32.decode(F32.blank))
    assert Text(2).blank == (0, 0)
    assert Text(1, padding=b" ").blank == (0x2020,)


@pytest.mark.parametrize("kind", [U16, F32, Octets(2)])
def test_a_value_of_the_wrong_kind_is_our_mistake(kind: Integer | Floating | Octets) -> None:
    with pytest.raises(TypeError):
        kind.encode("12")


@given(st.lists(st.integers(0, 0xFFFF)))
def test_swapping_bytes_twice_changes_nothing(words: list[int]) -> None:
    assert swap_bytes(swap_bytes(words)) == tuple(words)


ROWS = [*INTEGERS, *(kind.cut for kind in INTEGERS), *(kind.wrapping for kind in INTEGERS), *FLOATS, BIT, Text(3)]


@pytest.mark.parametrize("kind", ROWS)
@given(
    value=st.floats() | st.integers(-(2**70), 2**70) | st.booleans() | st.floats(-70_000, 70_000),
    scale=st.sampled_from([1, 10, 1000, 360, 0.1]),
)
def test_what_encodes_quickly_encodes_alike(kind: WireType, value: float, scale: float) -> None:
    try:
        words = kind.encode(value, scale)
    except (ValueError, OverflowError) as error:
        with pytest.raises(type(error)):
            packer(kind, scale)(value)
    else:
        assert packer(kind, scale)(value) == packed(words)


@pytest.mark.parametrize("kind", [*INTEGERS, *FLOATS])
def test_what_is_no_number_is_refused(kind: WireType) -> None:
    for wrong in ("1", None, b"1"):
        with pytest.raises(TypeError):
            packer(kind, 1)(wrong)


@given(st.lists(st.integers(0, 0xFFFF)), st.slices(8))
def test_registers_that_are_taken_apart_late_are_the_same(words: list[int], part: slice) -> None:
    late = Words(packed(words))
    assert (len(late), list(late), late[part]) == (len(words), words, tuple(words)[part])
    assert late == Words(packed(words)) == tuple(words)
    assert hash(late) == hash(tuple(words))
    assert late != (*words, 0)
