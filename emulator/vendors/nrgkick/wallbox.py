"""An NRGkick Gen2: the way in and out of its items, and what happens to the SmartModule.

The one rule: the SmartModule (this class) may restart while the main controller (`logic`) keeps charging.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ...core.messages import DONE, Outcome, Reason
from ...devices.interfaces import Interface, Origin
from ...devices.points import Fidelity
from ...devices.register_table import RegisterTable
from ...devices.wallbox import Context
from . import announcement
from .controls import BY_KEY
from .http import HttpApi
from .main_controller import MainController
from .modbus import LAYOUT, ModbusApi
from .settings import MODBUS_API


class NrgKick(MainController):
    """One unit."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.http = HttpApi(self.profile, self.controls, self.view, self.shows, self.moments)
        self.modbus = ModbusApi(
            lambda: RegisterTable(LAYOUT, self.profile, self.moments),
            self.view,
            self.controls,
            enabled=lambda: self.settings[MODBUS_API],
        )
        self.interfaces: Mapping[str, Interface] = {
            "http": self.http.interface(),
            "modbus": self.modbus.interface(),
            "mdns": announcement.interface(self.unit),
        }

    def read(self, address: str) -> object:
        """`modbus.251` as on the wire, `values.general.status` as in JSON; None where the hardware is not there."""
        if address.startswith("modbus."):
            return self.modbus.read(address)
        value = self.http.items[address].json(self.view())
        return None if isinstance(value, Reason) else value

    def write(self, address: str, value: object, origin: Origin) -> Outcome:
        """`modbus.194` (wire value) or `control.current_set` (number, or text as in a query)."""
        if address.startswith("modbus."):
            return self.modbus.write(address, value, origin)
        endpoint, _, key = address.partition(".")
        row = BY_KEY.get(key) if endpoint == "control" else None
        if row is None:
            known = Reason.READ_ONLY if address in self.http.items else Reason.UNKNOWN
            outcome = Outcome(refused=known, message=f"{address} is not a control")
            self.record_write(address, value, outcome, origin)
            return outcome
        self.simulation.now()
        taken = row.accept(self.controls, value)
        outcome = taken if isinstance(taken, Outcome) else DONE
        if not isinstance(taken, Outcome):
            row.put(self.controls, taken)
        self.record_write(address, value, outcome, origin)
        self.changed()
        return outcome

    def addresses(self) -> Iterable[str]:
        yield from self.http.items
        yield from self.modbus.addresses()

    def fidelity(self) -> Iterable[Fidelity]:
        for item in self.http.items.values():
            yield item.fidelity()
        yield from self.modbus.fidelity()

    @property
    def sensors(self) -> tuple[str, ...]:
        return (*super().sensors, *(("domestic_pin",) if self.unit.attachment.domestic else ()))

    def boot(self) -> None:
        """The firmware may be another one."""
        self.http.compile(self.profile)
        self.modbus.compile()
