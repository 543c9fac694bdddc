"""Which keys have changed since somebody was told last, looked at once a second of the wallbox.

The one rule: everything told together is of one moment. Source: captures of MQTT and web socket, in which a key comes
at most once a second; the second is the one in which the logic runs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ...core.instant import Instant
from .device import Device
from .readings import View
from .status import Row


class Changes:
    """What one listener was told last."""

    def __init__(self, device: Device, rows: Mapping[str, Row]) -> None:
        self._device = device
        self._rows = rows
        self._told: dict[str, bytes] = {}
        self._second: Instant | None = None

    def everything(self) -> list[Row]:
        """All rows, whose fragments are then up to date."""
        return self._collect(self._rows.values(), View(self._device), everything=True)

    def at(self, at: Instant) -> Iterable[Row]:
        """The rows that changed, in order; none within a second that has been looked at already.

        At the very beginning of a second everything that happens in that instant is told, however often.
        """
        now = max(at, self._device.processor.at)
        second = self._device.processor.second(now)
        if second == self._second and now > second:
            return ()
        live = (row for row in self._rows.values() if row.live)
        return self._collect(live, View(self._device), everything=False)

    def _collect(self, rows: Iterable[Row], view: View, *, everything: bool) -> list[Row]:
        self._second = view.second
        told, changed = self._told, []
        for row in rows:
            fragment = row.fragment(view)
            if everything or told.get(row.name) != fragment:
                told[row.name] = fragment
                changed.append(row)
        return changed
