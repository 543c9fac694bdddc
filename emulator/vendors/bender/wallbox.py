"""A charge controller: identity, the way in and out of its values, and what happens to the box itself.

The one rule: one processor runs everything; when it restarts, charging is interrupted as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ...core.messages import Event, Outcome, Reason, RebootController
from ...core.snapshot import EvseState
from ...devices.interfaces import Interface, Origin
from ...devices.points import Fidelity
from ...devices.wallbox import Context, Wallbox
from .http import HttpApi
from .logic import Logic
from .modbus import ModbusApi
from .models import BUILDS
from .readings import View
from .registers import NEW
from .semp import SINCE as SEMP_SINCE
from .semp import SempApi

REST: str = "rest."
_TABLE = ("missing_registers", "unsupported_exception", "error_order", "user_id_readable")
_TIMEOUT = ("communication_timeout", "modbus", "energy_management")


class Bender(Wallbox):
    """One controller in its wallbox."""

    boot_time = 60.0
    """ASSUMED: a Linux system."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.logic = Logic(self)
        self.modbus = ModbusApi(self)
        self.http = HttpApi(self)
        self.semp = SempApi(self)
        self.interfaces: Mapping[str, Interface] = {
            "http": self.http.interface(),
            "modbus": self.modbus.interface(),
        }
        if not self.icc:
            self.interfaces = {**self.interfaces, "semp": self.semp.interface()}

    # --- identity ----------------------------------------------------------------------------------------------------

    def trait(self, name: str) -> object:
        return self.profile.model.traits[name]

    @property
    def icc(self) -> bool:
        """The newer generation."""
        return self.trait("generation") == "ICC"

    @property
    def socket(self) -> bool:
        """No cable of its own: as the hardware is, whatever model this is said to be."""
        return self.simulation.chargers[self.charger].spec.connector == "socket"

    @property
    def firmware_text(self) -> str:
        """`5.33.9-21459`"""
        text = self.profile.firmware.text
        return text if "-" in text else BUILDS.get(text, text)

    @property
    def rated_current(self) -> float:
        """A"""
        return min(self.profile.model.rated_current, self.simulation.chargers[self.charger].spec.rated_current)

    @property
    def boot_current(self) -> int:
        """A of the energy manager's limit after a start. Source: MENNEKES' document."""
        return 32 if self.icc or self.profile.has(NEW) else 6

    @property
    def switches_phases(self) -> bool:
        return self.icc or self.profile.has(SEMP_SINCE)

    @property
    def modbus_on(self) -> bool:
        return self.settings.flag("modbus") and not (self.icc and self.settings.text("energy_management") == "off")

    # --- reading and writing -----------------------------------------------------------------------------------------

    def read(self, address: str) -> object:
        """`rest.conn_state` (numbers as numbers), `modbus.122` as on the wire."""
        if address.startswith(REST):
            return self.http.keys[address.removeprefix(REST)].value(View(self))
        return self.modbus.table.read_address(View(self), _register(address))

    def write(self, address: str, value: object, origin: Origin) -> Outcome:
        """`modbus.1000` (wire value)."""
        self.simulation.now()
        if address.startswith("modbus."):
            outcome = self.modbus.table.write_address(self, address, value, origin)
            if outcome.ok:
                self.logic.failsafe.heard(write=True)
            return outcome
        known = address.removeprefix(REST) in self.http.keys
        outcome = Outcome(refused=Reason.READ_ONLY if known else Reason.UNKNOWN, message=f"{address} cannot be written")
        self.record_write(address, value, outcome, origin)
        return outcome

    def addresses(self) -> Iterable[str]:
        yield from (REST + name for name in self.http.keys)
        for address in self.modbus.table.addresses():
            if int(address.removeprefix("modbus.")) not in _WRITE_ONLY:
                yield address

    def fidelity(self) -> Iterable[Fidelity]:
        for key in self.http.keys.values():
            yield key.fidelity()
        yield from self.modbus.table.fidelity()

    def present_card(self, tag: str) -> Outcome:
        self.simulation.now()
        if not self.trait("rfid"):
            return super().present_card(tag)
        if not self.up or not self.snapshot().controller_link:
            return Outcome(detail={"ignored": "the card reader does not answer"})
        return self.logic.authorise(tag)

    # --- what happens to the box -------------------------------------------------------------------------------------

    def power_on(self) -> None:
        self.logic.start()

    def handle(self, event: Event) -> None:
        self.logic.handle(event)

    def setting_changed(self, name: str) -> None:
        if name in _TABLE:
            self.modbus.compile()
        elif name in _TIMEOUT:
            self.logic.failsafe.restart()
        if name != "con_cycles_schuko":
            self.logic.apply()

    def shut_down(self) -> None:
        self.logic.shut_down()
        self.modbus.forget()
        self.http.login.forget()
        if self.snapshot().state is not EvseState.OFF:
            self.submit(RebootController(owner=self.name))

    def boot(self) -> None:
        """The firmware may be another one."""
        self.modbus.compile()
        self.http.compile()
        self.logic.boot()


_WRITE_ONLY = range(1110, 1120)


def _register(address: str) -> str:
    if not address.startswith("modbus."):
        raise KeyError(address)
    return address
