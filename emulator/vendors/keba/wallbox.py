"""A KeContact: the parts it is made of, the way in and out of its values, and what happens to the wallbox itself.

The one rule: one firmware runs everything; when the wallbox restarts, charging is interrupted as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from ...core.messages import Event, Outcome, Reason, RebootController
from ...core.states import EvseState
from ...devices.interfaces import Interface, Origin
from ...devices.points import Fidelity
from ...devices.wallbox import Context, Wallbox
from ...errors import EmulatorError
from ...ocpp.host import MEMORY
from .build import Build
from .commands import Commands
from .logic import Logic
from .modbus import ModbusApi
from .readings import View
from .reports import Reports
from .rest import RestApi
from .settings import (
    AUTHORISATION,
    FAILSAFE_TIMEOUT,
    MODBUS_MOVED,
    OCPP_URL,
    RUNNING_SESSION,
    SESSION_COUNTER,
    SESSIONS,
    WHITELIST,
)
from .settings import tag as normal_tag
from .udp import UdpApi

REGISTER: Final = "modbus."
DISPLAY: Final = "display"
REST_VALUE: Final = "rest."


class Keba(Wallbox):
    """One KeContact."""

    boot_time = 10.0
    speaks = "udp"

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.build = Build(self)
        self._check(context.settings)
        self.logic = Logic(self, self.build)
        self.reports = Reports(self.build, self.profile)
        self.commands = Commands(self.logic, self.profile)
        self.modbus = ModbusApi(self.simulation, self.logic, self.view, lambda: self.profile)
        self.udp = UdpApi(self, self.logic, self.view, self.reports, self.commands, lambda: self.modbus.last)
        self.rest = RestApi(self.logic, self.view, self.calendar, lambda: self.profile)
        interfaces: dict[str, Interface] = {}
        if not self.build.p20:
            interfaces["modbus"] = self.modbus.interface()
            if self.settings[MODBUS_MOVED] is not None:
                interfaces["modbus_1502"] = self.modbus.moved_interface()
        if self.build.traits.rest:
            interfaces["rest"] = self.rest.interface()
        if not self.build.p40:
            interfaces["udp"] = self.udp.interface()
        if self.build.traits.ocpp:
            interfaces["ocpp"] = self.logic.host.interface
        self.interfaces: Mapping[str, Interface] = interfaces

    def configure(self, settings: Mapping[str, object]) -> None:
        self._check(settings)
        super().configure(settings)

    def _check(self, settings: Mapping[str, object]) -> None:
        """EmulatorError for what would have no effect."""
        if settings.get(AUTHORISATION.name) is True and self.build.traits.series == "c":
            raise EmulatorError(
                f"setting {AUTHORISATION.name}: a c-series asks for a card as soon as it knows one; "
                f"state its cards in {WHITELIST.name}"
            )

    def view(self) -> View:
        """What the wallbox knows at this moment."""
        return View(self, self.build, self.logic)

    def _is_register(self, address: str) -> bool:
        return address.startswith(REGISTER) and "modbus" in self.interfaces

    def read(self, address: str) -> object:
        """`modbus.1000` as on the wire, `report2.State` as in the reply, `rest.state`, `display`."""
        if self._is_register(address):
            return self.modbus.read(address)
        if address.startswith(REST_VALUE) and "rest" in self.interfaces:
            return self.rest.read(address.removeprefix(REST_VALUE))
        if address == DISPLAY and self.build.traits.display:
            return self.logic.shown
        return self.reports.read(self.view(), address)

    def write(self, address: str, value: object, origin: Origin) -> Outcome:
        """`modbus.5004` (wire value), or a command with its arguments: `ena`, `curr`, `failsafe` with "30 6000 0"."""
        self.simulation.now()
        if self._is_register(address):
            return self.modbus.write(address, value, origin)
        return self.commands.perform(address, value, origin)

    def addresses(self) -> Iterable[str]:
        yield from self.reports.addresses()
        if self.build.traits.display:
            yield DISPLAY
        if "rest" in self.interfaces:
            yield from (f"{REST_VALUE}{name}" for name in self.rest.addresses())
        if "modbus" in self.interfaces:
            for table in self.modbus.table.tables:
                yield from (f"{REGISTER}{item.start}" for item in table.items if item.row.read is not None)

    def request_words(self) -> Iterable[str]:
        return ("i", "report")

    def fidelity(self) -> Iterable[Fidelity]:
        if "udp" in self.interfaces:
            yield from self.reports.fidelity()
            yield from self.commands.fidelity()
        if "modbus" in self.interfaces:
            yield from self.modbus.fidelity()

    def present_card(self, tag: str) -> Outcome:
        self.simulation.now()
        if self.logic.host.charge_point is None or not self.build.traits.rfid:
            return self.logic.cards.present(tag)
        try:
            number = normal_tag(tag)
        except ValueError as error:
            return Outcome(refused=Reason.INVALID, message=str(error))
        self.logic.host.present(number)
        return Outcome(detail={"asked": "the central system"})

    def lose_authorisation(self) -> None:
        self.logic.cards.withdraw()

    def power_on(self) -> None:
        self.logic.start()
        self.logic.host.power_on()

    def handle(self, event: Event) -> None:
        self.logic.handle(event)
        self.udp.handle(event)
        self.logic.host.look()

    def setting_changed(self, name: str) -> None:
        if not self.up or name in (SESSIONS.name, SESSION_COUNTER.name, RUNNING_SESSION.name, MEMORY.name):
            return
        if name == FAILSAFE_TIMEOUT.name:
            self.logic.failsafe.restart()
        if name == OCPP_URL.name:
            self.logic.host.configured()
        self.logic.apply()

    def shut_down(self) -> None:
        self.logic.host.shut_down()
        self.logic.shut_down()
        self.udp.forget()
        self.modbus.forget()
        if self.snapshot().state is not EvseState.OFF:
            self.submit(RebootController(owner=self.name))

    def boot(self) -> None:
        """The firmware may be another one."""
        self.reports.compile(self.profile)
        self.commands.compile(self.profile)
        self.modbus.compile()
        self.logic.boot()
        if self.logic.com_up:  # else later; until then nobody charges who needs the central system's leave
            self.logic.host.power_on()
