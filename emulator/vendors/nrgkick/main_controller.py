"""The main controller of every NRGkick: what charges, whatever speaks for it.

The one rule: what a SmartModule or a Connect shows of it is theirs.
"""

from __future__ import annotations

from ...core.messages import Event
from ...devices.wallbox import Context, Wallbox
from .controls import Controls
from .logic import Logic
from .readings import View
from .smart import Smart
from .unit import Unit


class MainController(Wallbox):
    """One unit without its network side."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.unit = Unit(self.profile.model, self.serial, context.address, self.settings)
        self.controls = Controls(self.unit, self.simulation, self)
        smart = Smart(self.settings, self.calendar)
        self.logic = Logic(self.controls, self.control, self.simulation, self.snapshot, smart, self.shows)
        self.controls.written = self.logic.apply

    def view(self) -> View:
        """The unit as it is now."""
        firmware = self.profile.firmware.text
        return View(self.unit, self.settings, self.controls, self.logic, self.measured(), firmware, self.shows)

    def power_on(self) -> None:
        self.logic.start()

    def handle(self, event: Event) -> None:
        self.logic.handle(event)

    def setting_changed(self, name: str) -> None:
        self.logic.apply()
