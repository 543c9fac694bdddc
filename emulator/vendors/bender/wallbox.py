"""A charge controller: the parts it is made of, the way in and out of its values, and what happens to the wallbox.

The one rule: one processor runs everything; when it restarts, charging is interrupted as well.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from ...core.messages import Event, Outcome, Reason, RebootController
from ...core.states import EvseState
from ...devices.interfaces import Interface, Origin
from ...devices.points import Fidelity
from ...devices.wallbox import Context, Wallbox
from ...ocpp.host import MEMORY
from .build import Build
from .http import HttpApi
from .logic import Logic
from .login import Login
from .modbus import ModbusApi
from .pairs import Controllers
from .readings import View
from .semp import SempApi
from .settings import (
    AVAILABLE,
    COMMUNICATION_TIMEOUT,
    CP_ID,
    ENERGY_MANAGEMENT,
    ERROR_ORDER,
    MISSING_REGISTERS,
    MODBUS,
    OCPP_PASSWORD,
    OCPP_URL,
    SCHUKO_CYCLES,
    SCHUKO_ENERGY,
    UNSUPPORTED_EXCEPTION,
    USER_ID_READABLE,
    normal,
)
from .user_id import USER_ID

REST: Final = "rest."
REGISTER: Final = "modbus."


class Bender(Wallbox):
    """One controller in its wallbox."""

    boot_time = 60.0
    """ASSUMED: a Linux system."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.build = Build(self)
        Controllers.of(self.simulation).states[self.address] = lambda: self.view().status
        self.logic = Logic(self, self.build)
        self.modbus = ModbusApi(self.build, self.logic, self.view, lambda: self.profile)
        self.login = Login(self.settings, self.serial)
        self.http = HttpApi(
            self.settings, self.build, lambda: self.profile, self.login, self.view, self.moments, self.modbus.fidelity
        )
        self.interfaces: Mapping[str, Interface] = (
            {"http": self.http.icc_interface(), "modbus": self.modbus.interface()}
            if self.build.icc
            else {
                "http": self.http.interface(),
                "modbus": self.modbus.interface(),
                "semp": SempApi(self.build, self.logic, self.view).interface(),
            }
        )
        self.interfaces = {**self.interfaces, "ocpp": self.logic.host.interface}
        compiled, timed = self.modbus.compile, self.logic.failsafe.restart
        self._settings_in_parts: Mapping[str, Callable[[], None]] = {
            **{row.name: compiled for row in (MISSING_REGISTERS, UNSUPPORTED_EXCEPTION, ERROR_ORDER, USER_ID_READABLE)},
            **{row.name: self.logic.host.configured for row in (OCPP_URL, OCPP_PASSWORD, CP_ID)},
            AVAILABLE.name: lambda: self.logic.host.make_available(self.settings[AVAILABLE]),
            **{row.name: timed for row in (COMMUNICATION_TIMEOUT, MODBUS, ENERGY_MANAGEMENT)},
        }
        """What is done first when one of these settings has changed."""

    def view(self) -> View:
        """What the controller knows at this moment."""
        return View(self, self.build, self.logic)

    def read(self, address: str) -> object:
        """`rest.conn_state` (numbers as numbers), `modbus.122` as on the wire."""
        if address.startswith(REST):
            return self.http.keys[address.removeprefix(REST)].read(self.view())
        if not address.startswith(REGISTER):
            raise KeyError(address)
        return self.modbus.read(address)

    def write(self, address: str, value: object, origin: Origin) -> Outcome:
        """`modbus.1000` (wire value)."""
        self.simulation.now()
        if address.startswith(REGISTER):
            return self.modbus.write(address, value, origin)
        known = address.removeprefix(REST) in self.http.keys
        outcome = Outcome(refused=Reason.READ_ONLY if known else Reason.UNKNOWN, message=f"{address} cannot be written")
        self.record_write(address, value, outcome, origin)
        return outcome

    def addresses(self) -> Iterable[str]:
        yield from (REST + name for name in self.http.keys)
        for address in self.modbus.addresses():
            if int(address.removeprefix(REGISTER)) not in USER_ID:
                yield address

    def written_names(self) -> Iterable[str]:
        return (*super().written_names(), "user_id", "semp.recommended_power")

    def fidelity(self) -> Iterable[Fidelity]:
        yield from (key.fidelity() for key in self.http.keys.values())
        yield from self.modbus.fidelity()

    def present_card(self, tag: str) -> Outcome:
        self.simulation.now()
        if not self.build.traits.rfid:
            return super().present_card(tag)
        if not self.up or not self.snapshot().controller_link:
            return Outcome(detail={"ignored": "the card reader does not answer"})
        if self.logic.host.charge_point is not None:
            self.logic.host.present(normal(tag))
            return Outcome(detail={"asked": "the central system"})
        return self.logic.authorisation.authorise(tag)

    def power_on(self) -> None:
        self.logic.start()
        self.logic.host.power_on()

    def handle(self, event: Event) -> None:
        self.logic.handle(event)
        self.logic.host.look()

    def setting_changed(self, name: str) -> None:
        if name in self._settings_in_parts:
            self._settings_in_parts[name]()
        if name not in (SCHUKO_CYCLES.name, SCHUKO_ENERGY.name, MEMORY.name):
            self.logic.apply()
            self.logic.host.look()

    def shut_down(self) -> None:
        self.logic.host.shut_down()
        self.logic.shut_down()
        self.login.forget()
        if self.snapshot().state is not EvseState.OFF:
            self.submit(RebootController(owner=self.name))

    def boot(self) -> None:
        """The firmware may be another one."""
        self.modbus.compile()
        self.http.compile()
        self.logic.start()
        self.logic.host.power_on()
