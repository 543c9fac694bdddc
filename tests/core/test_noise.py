"""Noise: published vectors of the generator, statistics, and independence of the order of reading."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.core import noise
from emulator.core.instant import SECOND
from emulator.core.noise import NoiseChannel

seeds = st.integers(0, 2**64 - 1)
instants = st.integers(0, 10**15)


def test_generator() -> None:
    assert noise.splitmix64(0) == 0xE220A8397B1DCDAF
    assert noise.splitmix64(1) == 0x910A2DEC89025CC1


def test_uniform_vectors() -> None:
    vectors = [0.577125795355946, 0.3397220955490139, 0.9537137840291027, 0.5810126995738535]
    assert [noise.uniform(42, 1, bucket) for bucket in range(4)] == vectors


def test_smooth_vector() -> None:
    assert noise.smooth(42, 1, 12_500_000, 5 * SECOND) == 0.5347264836029562


def test_statistics() -> None:
    values = [noise.signed(42, 1, bucket) for bucket in range(20_000)]
    mean = sum(values) / len(values)
    assert abs(mean) < 0.02
    assert sum(value * value for value in values) / len(values) == pytest.approx(1 / 3, abs=0.01)
    lag = sum(one * other for one, other in pairwise(values)) / len(values)
    assert abs(lag) < 0.01


@given(seeds, st.integers(0, 20), st.integers(-(2**63), 2**63))
def test_range(seed: int, channel: int, bucket: int) -> None:
    assert 0 <= noise.uniform(seed, channel, bucket) < 1


@given(seeds, instants)
def test_smooth_meets_its_corners_and_stays_between(seed: int, at: int) -> None:
    period = 5 * SECOND
    corner = at // period
    left, right = noise.signed(seed, 1, corner), noise.signed(seed, 1, corner + 1)
    assert noise.smooth(seed, 1, corner * period, period) == left
    assert min(left, right) - 1e-12 <= noise.smooth(seed, 1, at, period) <= max(left, right) + 1e-12


def test_seeds_channels_and_phases_differ() -> None:
    readings = {
        noise.disturbed(230.0, seed, channel, 7 * SECOND, phase=phase)
        for seed in (1, 2)
        for channel in (NoiseChannel.VOLTAGE, NoiseChannel.CURRENT)
        for phase in range(3)
    }
    assert len(readings) == 12


def test_channels_of_the_phases_do_not_overlap() -> None:
    taken = [NoiseChannel.VOLTAGE + k for k in range(3)] + [NoiseChannel.CURRENT + k for k in range(3)]
    taken += [NoiseChannel.FREQUENCY, NoiseChannel.TEMPERATURE, NoiseChannel.DEVICE]
    assert sorted(taken) == list(range(1, 10))


@given(seeds, instants, st.sampled_from(NoiseChannel), st.floats(1, 1000), st.floats(0.1, 3))
def test_deviation_is_bounded(seed: int, at: int, channel: NoiseChannel, value: float, scale: float) -> None:
    shape = noise.SHAPES[channel]
    bound = scale * shape.amplitude * (value if shape.relative else 1.0)
    assert abs(noise.disturbed(value, seed, channel, at, scale=scale) - value) <= bound * (1 + 1e-9)


@given(seeds, instants, st.sampled_from(NoiseChannel))
def test_zero_stays_zero_and_off_is_off(seed: int, at: int, channel: NoiseChannel) -> None:
    assert noise.disturbed(0.0, seed, channel, at) == 0.0
    assert noise.disturbed(16.0, seed, channel, at, scale=0.0) == 16.0


def test_current_holds_for_its_period() -> None:
    within = {noise.disturbed(16.0, 3, NoiseChannel.CURRENT, SECOND + k) for k in (0, 1, 999_999)}
    assert len(within) == 1
    assert noise.disturbed(16.0, 3, NoiseChannel.CURRENT, 2 * SECOND) not in within
