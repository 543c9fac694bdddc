"""The update of the wallbox's firmware, as `oct` starts it and `ocs`, `ocp`, `ocm`, `ocl` tell.

The one rule: a version that is on offer replaces the firmware after a while, anything else fails.
Source: go-e API keys table, "ocs" 0 idle, 1 updating, 2 failed, 3 succeeded. ASSUMED: times, sizes and texts.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum
from typing import Final

from ...core.instant import SECOND, Instant
from ...devices.settings import Settings
from .processor import Processor
from .settings import OFFERED_FIRMWARE

LENGTH: Final = 60 * SECOND
"""To load and write it."""
SIZE: Final = 1_900_000
"""Of a firmware [bytes]."""


class UpdateState(IntEnum):
    """`ocs`"""

    IDLE = 0
    UPDATING = 1
    FAILED = 2
    SUCCEEDED = 3


class Update:
    """One wallbox's update. What became of the last one is told until the next."""

    def __init__(self, processor: Processor, settings: Settings, install: Callable[[str], bool]) -> None:
        """`install`: replace the firmware and restart; whether there is such a firmware."""
        self._processor = processor
        self._settings = settings
        self._install = install
        self._timer = processor.timer(self._over)
        self._version = ""
        self._begun: Instant = 0
        self.state = UpdateState.IDLE
        self.message = ""

    def begin(self, version: str) -> None:
        """`oct`"""
        if self.state is UpdateState.UPDATING:
            return
        if version not in self._settings[OFFERED_FIRMWARE]:
            self.state, self.message = UpdateState.FAILED, f"no such branch: {version}"
            return
        self.state, self.message = UpdateState.UPDATING, ""
        self._version, self._begun = version, self._processor.at
        self._timer.set(self._begun + LENGTH)
        self._processor.wake()

    def stop(self) -> None:
        """The wallbox goes down. ASSUMED: what was loaded is lost, and that counts as a failure."""
        self._timer.clear()
        if self.state is UpdateState.UPDATING:
            self.state, self.message = UpdateState.FAILED, "interrupted"

    def loaded(self, at: Instant) -> int:
        """`ocp`, so far [bytes]."""
        if self.state is UpdateState.UPDATING:
            return SIZE * (at - self._begun) // LENGTH
        return SIZE if self.state is UpdateState.SUCCEEDED else 0

    @property
    def size(self) -> int | None:
        """`ocl` [bytes]"""
        return None if self.state is UpdateState.IDLE else SIZE

    def _over(self, _: Instant) -> None:
        self.state = UpdateState.SUCCEEDED
        if not self._install(self._version):
            self.state, self.message = UpdateState.FAILED, f"invalid image: {self._version}"
