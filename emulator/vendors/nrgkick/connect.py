"""An NRGkick of the first generation, seen through its Connect: a box that passes on its Bluetooth by HTTP.

The one rule: what charges is the main controller of every NRGkick; here is only what the Connect makes of it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Final

from ...core.instant import SECOND, Instant, later
from ...core.messages import Event, Outcome, Reason
from ...core.snapshot import Phases
from ...devices.interfaces import Interface, Origin
from ...devices.points import Fidelity
from ...devices.wallbox import Context
from ...language.digits import is_index
from .connect_http import ConnectApi
from .connect_members import BY_NAME, MEMBERS, Told
from .main_controller import MainController
from .quirks import HASTY_WRITES_LOST
from .settings import CONNECT_ONLINE

TOO_SOON: Final = 2 * SECOND
"""Time from one write to the next that is passed on. ASSUMED: one second is too short."""

SETTLED: Final = 10.0
"""Time after which current flows on every phase that the vehicle uses [s]."""


class NrgKickConnect(MainController):
    """One unit and its Connect."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._shares: Phases = (1.0, 0.0, 0.0)
        self._last: Told | None = None
        """What was told when the unit was last in reach; None: it still is."""
        self._written_at: Instant | None = None
        self._look = self.timer(self._share_out)
        self.http = ConnectApi(self.controls, self.told, self._hasty)
        self.interfaces: Mapping[str, Interface] = {"http": self.http.interface()}

    def told(self) -> Told:
        """What the Connect knows now."""
        if self._last is not None:
            return self._last
        view = self.view()
        return Told(
            view=view,
            shares=self._shares,
            timestamp=int(self.calendar(view.now.at).timestamp()),
            online=self.settings[CONNECT_ONLINE],
            password_matches=self.http.password_matches,
        )

    def _hasty(self) -> bool:
        at, before = self.simulation.at, self._written_at
        self._written_at = at
        return self.shows(HASTY_WRITES_LOST) and before is not None and at - before < TOO_SOON

    # --- reading and writing -----------------------------------------------------------------------------------------

    def read(self, address: str) -> object:
        """`settings.Values.ChargingCurrent.Value`; elements by dots: `measurements.VoltagePhase.0`."""
        told = self.told()
        if address in BY_NAME:
            return BY_NAME[address].read(told)
        name, _, index = address.rpartition(".")
        value = BY_NAME[name].read(told)
        if not isinstance(value, list) or not is_index(index) or int(index) >= len(value):
            raise KeyError(address)
        return value[int(index)]

    def write(self, address: str, value: object, origin: Origin) -> Outcome:
        member = BY_NAME.get(address)
        self.simulation.now()
        if member is not None and member.take is not None:
            return self.http.write({address: value}, origin)
        known = Reason.READ_ONLY if member is not None else Reason.UNKNOWN
        outcome = Outcome(refused=known, message=f"{address} cannot be set")
        self.record_write(address, value, outcome, origin)
        return outcome

    def addresses(self) -> Iterable[str]:
        return BY_NAME

    def fidelity(self) -> Iterable[Fidelity]:
        return (member.fidelity() for member in MEMBERS)

    # --- what happens ------------------------------------------------------------------------------------------------

    def handle(self, event: Event) -> None:
        super().handle(event)
        if event.name == "current_started":
            self._look.set(later(event.at, SETTLED))
            self.simulation.wake()

    def _share_out(self, _: Instant) -> None:
        """Which phases the vehicle uses."""
        used = [current > 0 for current in self.snapshot().phase_current]
        if any(used):
            first, second, third = (flows / math.fsum(used) for flows in used)
            self._shares = (first, second, third)

    def setting_changed(self, name: str) -> None:
        """The unit is out of reach: what it told last stays."""
        super().setting_changed(name)
        if name == CONNECT_ONLINE.name:
            self._last = None
            self._last = None if self.settings[CONNECT_ONLINE] else self.told()

    def boot(self) -> None:
        self._written_at = None
