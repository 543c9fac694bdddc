"""Switching the phases of a charger from outside: no current, pilot cut, contactor moved, pilot back.

The one rule: one step a second, by what the charger says of itself.
Source: Tinkerforge esp32-firmware, `modules/em_phase_switcher`, `modules/charge_manager`. ASSUMED: packets once a
second, and that a charger without packets stops after 30 s.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Final

from ....core.events import EventName
from ....core.instant import SECOND, Instant
from ....core.messages import Event
from ..api.rows import AnyRow, Source
from ..api.schema import BOOL, Int, Str
from ..api.shapes import obj
from ..module import Module
from ..platform import Platform
from ..view import View
from .chargers import Chargers, Managed
from .contactor import Contactor

FW: Final = Source("fw: modules/em_phase_switcher")
NOBODY: Final = 255
"""`idx`: no charger."""
SETTLE: Final = 5 * SECOND
"""Pilot cut to contactor moved, and pilot cut at least."""
DEAD_TIME: Final = 2 * SECOND
"""After the contactor was moved."""
FAKING: Final = 25 * SECOND
"""While the vehicle may take its time to come back."""
SILENCE: Final = 30 * SECOND
MODULE: Final = "em_phaseswitcher"


class Step(IntEnum):
    """Numbers as the event log shows them."""

    IDLE = 0
    STOPPING = 1
    DISCONNECTING = 2
    SETTLING = 3
    TOGGLING = 4
    SWITCHING = 5
    RECONNECTING = 6
    FAKING = 7


CUT: Final = (Step.DISCONNECTING, Step.SETTLING, Step.TOGGLING, Step.SWITCHING, Step.RECONNECTING)
"""The pilot is cut, unless nothing was offered before."""


class PhaseSwitcher(Module):
    """What an Energy Manager does to the charger behind its contactor."""

    def __init__(self, platform: Platform, contactor: Contactor) -> None:
        super().__init__(platform)
        self.contactor = contactor
        self.step = Step.IDLE
        self.wanted: int = 1
        """Phases."""
        self.offer = 0
        """What the charger may have, apart from a switch-over [mA]; told by the power manager once a second."""
        self._due: Instant = 0
        self._ready: Instant = 0
        self._free = False
        """Nothing was offered since the vehicle was plugged in: the pilot need not be cut."""
        self._offered = False
        self._silence = platform.timer(self._silent)

    @property
    def fitted(self) -> bool:
        return self.api.active("energy_manager/config").flag("contactor_installed")

    @property
    def busy(self) -> bool:
        return self.step not in (Step.IDLE, Step.FAKING) or self.wanted != self.contactor.phases

    def charger(self) -> Managed | None:
        """The one it switches; None: none is configured, or it cannot be reached."""
        config = self.api.active("em_phase_switcher/charger_config")
        chargers = self.api.active("charge_manager/config").docs("chargers")
        index, host = config.integer("idx"), config.text("host")
        if index >= len(chargers) or chargers[index].text("host") != host:
            return None
        found = Chargers.of(self.platform.simulation).find(self.platform.charger, host)
        return found if found is not None and found.usable else None

    # --- life --------------------------------------------------------------------------------------------------------

    def boot(self) -> None:
        self.step, self._offered = Step.IDLE, False
        self.wanted = self.contactor.phases
        self._silence.clear()

    def stop(self) -> None:
        self._silence.set(self.platform.at + SILENCE)

    def _silent(self, _: Instant) -> None:
        if (charger := self.charger()) is not None:
            charger.allocate(0)

    def handle(self, event: Event) -> None:
        if event.name is EventName.SUPPLY_RESTORED and self.fitted:
            self.contactor.set(False, always=True)

    def second(self, at: Instant, v: View) -> Instant | None:
        charger = self.charger()
        if charger is None:
            return None
        before = self.step
        self._advance(charger, at)
        if self.step is not before:
            self.log(MODULE, f"Now in state {int(self.step)}")
        current = self.offer if self.step in (Step.IDLE, Step.FAKING) and charger.plugged else 0
        charger.allocate(current)
        charger.disconnect(self.step in CUT and not self._free)
        self._offered = charger.plugged and (self._offered or current > 0)
        return at + SECOND if charger.plugged or self.busy else None

    def _advance(self, charger: Managed, at: Instant) -> None:
        match self.step:
            case Step.IDLE if self.fitted and self.wanted != self.contactor.phases:
                self._free = not self._offered
                self.step = Step.TOGGLING if self._free else Step.STOPPING
                how = "Free toggle without CP disconnect" if self._free else "Toggling with CP disconnect"
                self.log(MODULE, how)
            case Step.STOPPING if charger.stopped:
                self.step = Step.DISCONNECTING
            case Step.DISCONNECTING if charger.controller.memory.disconnected:
                self.step, self._due, self._offered = Step.SETTLING, at + SETTLE, False
            case Step.SETTLING:
                self.step = Step.TOGGLING
            case Step.TOGGLING if charger.stopped:
                self.contactor.set(self.wanted == 3)
                self.step, self._ready = Step.SWITCHING, at + DEAD_TIME
            case Step.SWITCHING if at >= self._ready:
                self.step = Step.IDLE if self._free else Step.RECONNECTING
            case Step.RECONNECTING if at >= self._due:
                self.step, self._due = Step.FAKING, at + FAKING
            case Step.FAKING if at >= self._due or int(charger.controller.now().iec) != 1:
                self.step = Step.IDLE


ROWS: Final[tuple[AnyRow[PhaseSwitcher], ...]] = (
    FW.config(
        "em_phase_switcher/charger_config",
        obj(idx=Int(8, value=NOBODY), host=Str(0, 32), proxy_mode=BOOL),
        about="which of the managed chargers is behind the contactor; takes effect at the next boot",
    ),
)
