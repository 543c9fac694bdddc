"""Terminals, rotation and the neutral conductor."""

from __future__ import annotations

import cmath
import math
from collections.abc import Mapping
from typing import Final, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.core import network
from emulator.core.network import Network
from emulator.core.snapshot import Phases
from emulator.core.specs import SupplySpec

amperes = st.floats(0, 80)
loads = st.tuples(amperes, amperes, amperes)


@pytest.mark.parametrize(
    ("rotation", "expected"),
    [("RST", (231.0, 232.0, 233.0)), ("STR", (232.0, 233.0, 231.0)), ("TRS", (233.0, 231.0, 232.0))],
)
def test_rotation(rotation: Literal["RST", "STR", "TRS"], expected: Phases) -> None:
    supply = SupplySpec(rotation=rotation)
    assert network.voltages(supply, (231.0, 232.0, 233.0)) == expected


def test_plain_supply() -> None:
    assert network.voltages(SupplySpec()) == (230.0, 230.0, 230.0)
    assert network.connected(SupplySpec()) == (True, True, True)


def test_override_and_dead_line() -> None:
    terminals = network.voltages(SupplySpec(rotation="STR"), (None, 180.0, None), (True, True, False))
    assert terminals == (180.0, 0.0, 230.0)
    assert network.energised(terminals) == (True, False, True)


def test_override_does_not_revive_a_dead_line() -> None:
    assert network.voltages(SupplySpec(), (None, 260.0, None), (True, False, True)) == (230.0, 0.0, 230.0)


@pytest.mark.parametrize(
    ("kind", "phases", "mask"),
    [
        ("TN", 1, (True, False, False)),
        ("TN", 2, (True, True, False)),
        ("TT", 3, (True, True, True)),
        ("IT", 1, (True, False, False)),
        ("IT", 3, (True, True, False)),
    ],
)
def test_wired_terminals(kind: Network, phases: int, mask: tuple[bool, bool, bool]) -> None:
    supply = SupplySpec(network=kind, phases=phases)
    assert network.connected(supply) == mask
    assert network.energised(network.voltages(supply)) == mask


def test_it_network_needs_the_line_on_the_neutral_terminal() -> None:
    supply = SupplySpec(network="IT")
    assert network.voltages(supply, live=(True, False, True)) == (230.0, 0.0, 0.0)
    assert network.voltages(supply, live=(True, True, False)) == (0.0, 0.0, 0.0)


@pytest.mark.parametrize(
    ("currents", "neutral"),
    [((16, 0, 0), 16.0), ((16, 16, 0), 16.0), ((16, 0, 16), 16.0), ((16, 16, 16), 0.0), ((0, 0, 0), 0.0)],
)
def test_neutral(currents: Phases, neutral: float) -> None:
    assert network.neutral_current(currents, (0, 0, 0), "TN", 3) == pytest.approx(neutral, abs=1e-12)


@given(st.floats(0.001, 80), st.floats(0.001, 80))
def test_balanced_load_leaves_the_neutral_without_current(active: float, reactive: float) -> None:
    assert network.neutral_current((active,) * 3, (reactive,) * 3, "TN", 3) == 0.0


@given(loads)
def test_neutral_by_the_textbook(load: Phases) -> None:
    a, b, c = load
    textbook = math.sqrt(max(0.0, a * a + b * b + c * c - a * b - b * c - c * a))
    assert network.neutral_current(load, (0, 0, 0), "TT", 3) == pytest.approx(textbook, abs=1e-5)


ANGLES: Final[Mapping[Network, Phases]] = {
    "TN": (0.0, -2.0 * math.pi / 3.0, 2.0 * math.pi / 3.0),
    "IT": (0.0, -math.pi / 3.0, 0.0),
}
"""Of each terminal voltage against L1 [rad]."""


@given(loads, loads, st.sampled_from(["TN", "IT"]))
def test_neutral_by_phasors(active: Phases, reactive: Phases, kind: Network) -> None:
    if kind == "IT":
        active, reactive = (*active[:2], 0.0), (*reactive[:2], 0.0)
    phasors = [
        math.hypot(i, q) * cmath.exp(1j * (angle - math.atan2(-q, i)))
        for i, q, angle in zip(active, reactive, ANGLES[kind], strict=True)
    ]
    assert network.neutral_current(active, reactive, kind, 3) == pytest.approx(abs(sum(phasors)), abs=1e-9)


@given(loads)
def test_neutral_is_never_more_than_the_largest_phase(load: Phases) -> None:
    assert network.neutral_current(load, (0, 0, 0), "TN", 3) <= max(load) + 1e-9


def test_third_line_of_an_it_network() -> None:
    assert network.neutral_current((16, 16, 0), (0, 0, 0), "IT", 3) == pytest.approx(27.7, abs=0.05)
    assert network.neutral_current((9.24, 9.24, 0), (0, 0, 0), "IT", 3) == pytest.approx(16.0, abs=0.01)
    assert network.neutral_current((18.5, 18.5, 0), (0, 0, 0), "IT", 3) == pytest.approx(32.0, abs=0.05)


@pytest.mark.parametrize("kind", ["TN", "IT"])
def test_single_phase_returns_what_went_out(kind: Network) -> None:
    assert network.neutral_current((16, 0, 0), (3, 0, 0), kind, 1) == pytest.approx(math.hypot(16, 3))
