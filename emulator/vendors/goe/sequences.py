"""What delays or interrupts charging for a while: minimum pause, simulated unplugging, phase change, keep-alive.

The one rule: each is told the instant and the facts, says what it wants now and when it has to be asked again.
Source: go-e apikeys, "mcpd", "mcpea", "su", "sua", "sumd", "psmd", "mci"; go-eCharger-API-v2#60, #156. The course of
each is ASSUMED from these texts.
"""

from __future__ import annotations

from typing import Final, Literal

from ...core.instant import MILLISECOND, SECOND, Instant
from .ladder import ModelStatus

Phases = Literal[1, 3]
KEEP_ALIVE_LENGTH: Final = 60 * SECOND
"""ASSUMED: how long a keep-alive charge lasts."""


class MinimumPause:
    """Once charging has paused it stays paused for `mcpd` (modelStatus 24)."""

    def __init__(self) -> None:
        self.ends_at: Instant | None = None

    def begin(self, at: Instant, length_ms: int) -> None:
        if length_ms > 0:
            self.ends_at = at + length_ms * MILLISECOND

    def move(self, ends_at: Instant | None) -> None:
        """`mcpea` was written."""
        self.ends_at = ends_at

    def holds(self, at: Instant) -> bool:
        if self.ends_at is not None and at >= self.ends_at:
            self.ends_at = None
        return self.ends_at is not None

    @property
    def due(self) -> Instant | None:
        return self.ends_at


class SimulatedUnplug:
    """The pilot is interrupted so that a sleeping car looks again (modelStatus 22).

    `su`: for `sumd` before charging resumes after a pause; `sua`: during the whole pause.
    """

    PAUSES: Final = frozenset(
        {
            ModelStatus.FORCED_OFF,
            ModelStatus.SCHEDULER,
            ModelStatus.ENERGY_LIMIT,
            ModelStatus.FALLBACK_AWATTAR,
            ModelStatus.FALLBACK_TRIP,
            ModelStatus.MINIMUM_PAUSE,
            ModelStatus.LOAD_MANAGEMENT,
        }
    )

    def __init__(self) -> None:
        self.until: Instant | None = None
        self._armed = False

    def reset(self) -> None:
        self.until = None
        self._armed = False

    def paused(self) -> None:
        """Charging has paused: the next start is a resumption."""
        self._armed = True

    def resume(self, at: Instant, wanted: bool, length_ms: int) -> bool:
        """The logic wants to charge; whether it has to wait for the interruption."""
        if self._armed:
            self._armed = False
            self.until = at + length_ms * MILLISECOND if wanted else None
        if self.until is not None and at >= self.until:
            self.until = None
        return self.until is not None

    @property
    def due(self) -> Instant | None:
        return self.until


class PhaseChange:
    """From one phase count to the other: stop, wait `psmd` with the contactor open, go on (modelStatus 23)."""

    def __init__(self) -> None:
        self.requested: Phases | None = None
        """What the charge controller was asked for last."""
        self.toggled_at: Instant | None = None
        """When it was asked for another count than before."""
        self._stopping = False
        self._until: Instant | None = None

    def reset(self) -> None:
        self._stopping = False
        self._until = None

    @property
    def running(self) -> bool:
        return self._stopping or self._until is not None

    @property
    def due(self) -> Instant | None:
        return self._until

    def follow(
        self, at: Instant, wanted: Phases, *, contactor: bool, switching: bool, wait_ms: int
    ) -> tuple[Phases | None, bool]:
        """What to ask of the charge controller now, and whether charging has to wait."""
        request: Phases | None = None
        if self.requested is None:
            self.requested = request = wanted
        elif wanted != self.requested:
            if contactor:
                self._stopping = True
            else:
                self.requested, request, self.toggled_at = wanted, wanted, at
                if self._stopping:
                    self._stopping, self._until = False, at + wait_ms * MILLISECOND
        elif self._stopping:  # the wish went back before anything was switched
            self._stopping = False
        if self._until is not None and at >= self._until:
            self._until = None
        return request, self.running or switching


class KeepAlive:
    """In long pauses the car is charged briefly every `mci` (modelStatus 19)."""

    def __init__(self) -> None:
        self._next: Instant | None = None
        self._until: Instant | None = None

    def reset(self) -> None:
        self._next = self._until = None

    def wants(self, at: Instant, paused: bool, interval_ms: int) -> bool:
        """Whether to charge now, in a pause that the logic wants."""
        if not paused or interval_ms <= 0:
            self.reset()
            return False
        if self._next is None:
            self._next = at + interval_ms * MILLISECOND
        if at >= self._next:
            self._until = at + KEEP_ALIVE_LENGTH
            self._next = self._until + interval_ms * MILLISECOND
        if self._until is not None and at >= self._until:
            self._until = None
        return self._until is not None

    @property
    def due(self) -> Instant | None:
        return self._until if self._until is not None else self._next
