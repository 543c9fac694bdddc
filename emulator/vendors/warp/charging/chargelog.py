"""The charge log: complete charges, and the names of users who made them.

The one rule: records are only appended; the oldest go by whole files.
Source: Tinkerforge esp32-firmware, `modules/charge_tracker`.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final

from ....devices.settings import Settings
from ..settings import CHARGE_LOG, RUNNING_CHARGE, Charge

FILE: Final = 256
"""Records of one file; the oldest file is dropped as a whole."""


@dataclass(frozen=True, slots=True)
class Record:
    """One complete charge. `start`, `end`: meter in kWh, None if it was unknown."""

    minutes: int
    """Unix time of the start; 0: the clock was not set."""
    duration: int
    user: int
    start: float | None
    end: float | None

    @property
    def energy(self) -> float | None:
        """kWh; None where the meter readings make no sense."""
        if self.start is None or self.end is None or self.end < self.start:
            return None
        return self.end - self.start

    def packed(self) -> bytes:
        """16 bytes, little-endian."""
        nan = float("nan")
        start = nan if self.start is None else self.start
        end = nan if self.end is None else self.end
        duration = min(self.duration, 0xFFFFFF).to_bytes(3, "little")
        return struct.pack("<IfB", self.minutes, start, self.user) + duration + struct.pack("<f", end)


class ChargeLog:
    """The complete charges of one wallbox."""

    def __init__(self, settings: Settings, longest: int) -> None:
        """`longest`: charges that are kept."""
        self._settings = settings
        self._longest = longest
        self.first_minutes = 0
        """Start of the oldest charge as known since the boot, Unix minutes."""

    @property
    def _stored(self) -> list[Charge]:
        return self._settings[CHARGE_LOG]

    @property
    def records(self) -> list[Record]:
        """Oldest first."""
        return self.newest(0)

    @property
    def count(self) -> int:
        return len(self._stored)

    def newest(self, count: int) -> list[Record]:
        """The last `count` of them; 0: all."""
        return [Record(*item) for item in self._stored[-count:]]

    def has_charged(self, user_id: int) -> bool:
        return any(item[2] == user_id for item in self._stored)

    def boot(self) -> None:
        self.first_minutes = self._stored[0][0] if self._stored else 0

    def append(self, record: Record) -> None:
        stored = [*self._stored, (record.minutes, record.duration, record.user, record.start, record.end)]
        if len(stored) > self._longest:
            del stored[:FILE]
            self.first_minutes = stored[0][0]
        self._settings.put(CHARGE_LOG, stored)

    def clear(self) -> None:
        """Forget all charges, the running one as well."""
        self._settings.put(CHARGE_LOG, [])
        self._settings.put(RUNNING_CHARGE, None)
