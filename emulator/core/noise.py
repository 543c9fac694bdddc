"""Noise of reported values: a hash of (seed, channel, time), so it can be read at any time in any order.

The one rule: noise is added to what a meter reports and never to what happens.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Final, Literal

from .instant import SECOND, Instant
from .values import value

_MASK: Final = (1 << 64) - 1


def splitmix64(x: int) -> int:
    """The output of the SplitMix64 generator whose state is `x`; both are unsigned 64-bit numbers."""
    z = (x + 0x9E3779B97F4A7C15) & _MASK
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & _MASK
    return z ^ (z >> 31)


def uniform(seed: int, channel: int, bucket: int) -> float:
    """A number in [0, 1), the same for the same arguments."""
    mixed = splitmix64(splitmix64(splitmix64(seed & _MASK) ^ (channel & _MASK)) ^ (bucket & _MASK))
    return (mixed >> 11) / (1 << 53)


def signed(seed: int, channel: int, bucket: int) -> float:
    """A number in [-1, 1), the same for the same arguments."""
    return 2.0 * uniform(seed, channel, bucket) - 1.0


def stepped(seed: int, channel: int, at: Instant, period: Instant) -> float:
    """A number in [-1, 1) that changes every `period` µs."""
    return signed(seed, channel, at // period)


def smooth(seed: int, channel: int, at: Instant, period: Instant) -> float:
    """A number in [-1, 1) that goes in straight lines from one value to the next, `period` µs apart."""
    bucket, rest = divmod(at, period)
    share = rest / period
    return (1.0 - share) * signed(seed, channel, bucket) + share * signed(seed, channel, bucket + 1)


def zero_offset(at: Instant, phase: int) -> float:
    """What some meters show of a phase without current: 4 to 5 mA, another value every second [A].

    Source: evcc#23578, evcc pull request 3103.
    """
    return 0.004 + 0.001 * uniform(0, NoiseChannel.CURRENT + phase, at // SECOND)


class NoiseChannel(IntEnum):
    """What the noise is for. Current and voltage have one channel per phase: add 0, 1, 2."""

    VOLTAGE = 1
    FREQUENCY = 4
    CURRENT = 5
    TEMPERATURE = 8
    DEVICE = 9
    """PilotSignal strength, free memory and the like, in the vendor's own units."""


@value
class NoiseShape:
    """How a channel's noise looks."""

    amplitude: float
    """Largest deviation; V, Hz, K, or a fraction of the value if `relative`."""
    period: Instant
    mode: Literal["smooth", "stepped"]
    relative: bool = False


SHAPES: Final[dict[NoiseChannel, NoiseShape]] = {
    NoiseChannel.VOLTAGE: NoiseShape(amplitude=0.8, period=5 * SECOND, mode="smooth"),
    NoiseChannel.FREQUENCY: NoiseShape(amplitude=0.02, period=5 * SECOND, mode="smooth"),
    NoiseChannel.CURRENT: NoiseShape(amplitude=0.003, period=1 * SECOND, mode="stepped", relative=True),
    NoiseChannel.TEMPERATURE: NoiseShape(amplitude=0.1, period=10 * SECOND, mode="smooth"),
    NoiseChannel.DEVICE: NoiseShape(amplitude=1.0, period=10 * SECOND, mode="stepped"),
}


@value
class MeterNoise:
    """What one meter makes of true values: each channel's noise, as a multiple of that of `SHAPES`; 0: none."""

    seed: int
    voltage: float = 0.0
    current: float = 0.0
    frequency: float = 0.0
    idle_current: bool = False
    """A phase without current shows `zero_offset`; power and energy do not count it."""


def disturbed(
    value: float, seed: int, channel: NoiseChannel, at: Instant, *, phase: int = 0, scale: float = 1.0
) -> float:
    """`value` as a meter with noise reports it at `at`; zero stays zero, and so does everything at a scale of 0.

    `phase` 0..2 selects the channel of one phase of `VOLTAGE` or `CURRENT`; elsewhere it has to be 0.
    """
    if value == 0 or scale == 0:
        return value
    shape = SHAPES[channel]
    sample = smooth if shape.mode == "smooth" else stepped
    deviation = scale * shape.amplitude * sample(seed, channel + phase, at, shape.period)
    return value * (1.0 + deviation) if shape.relative else value + deviation
