"""A KeContact: identity, the way in and out of its values, and what happens to the box itself.

The one rule: one firmware runs everything; when the box restarts, charging is interrupted as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ...core.messages import Event, Outcome, RebootController
from ...core.snapshot import EvseState, Snapshot
from ...devices.interfaces import Interface, Origin
from ...devices.points import Fidelity
from ...devices.wallbox import Context, Wallbox
from . import commands, reports
from .logic import Logic
from .modbus import ModbusApi
from .models import BUILDS, UNKNOWN_BUILD
from .quirks import QUIRKS
from .readings import View
from .sessions import SessionLog, SystemClock
from .udp import UdpApi


class Keba(Wallbox):
    """One box."""

    boot_time = 10.0

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.clock: SystemClock = SystemClock(self)
        self.log: SessionLog = SessionLog(self)
        self.logic: Logic = Logic(self)
        self.modbus: ModbusApi = ModbusApi(self)
        self.udp: UdpApi = UdpApi(self)
        self.rows = reports.rows(self.profile)
        self.display: tuple[str, int] | None = None
        """Text, and the instant at which it is gone."""
        self.com_module_at = 0
        """When the COM-module of an x-series is up."""
        interfaces: dict[str, Interface] = {}
        if self.trait("generation") != "P20":
            interfaces["modbus"] = self.modbus.interface()
            if self.settings["modbus_moved"] is not None:
                interfaces["modbus_1502"] = self.modbus.moved_interface()
        if self.trait("generation") != "P40":
            interfaces["udp"] = self.udp.interface()
        self.interfaces: Mapping[str, Interface] = interfaces

    # --- identity ----------------------------------------------------------------------------------------------------

    def trait(self, name: str) -> object:
        return self.profile.model.traits[name]

    @property
    def firmware_text(self) -> str:
        """`P30 v 3.10.57 (230912-101325)`"""
        version = self.profile.firmware.text
        maker = "KEBA P20" if self.trait("generation") == "P20" else "P30"
        return f"{maker} v {version} ({BUILDS.get(version, UNKNOWN_BUILD)})"

    def quirk(self, name: str) -> bool:
        """Whether the box shows a quirk: as its owner says, else as model and firmware have it."""
        stated = self.settings[name]
        return QUIRKS[name].exists(self.profile) if stated is None else bool(stated)

    @property
    def awake(self) -> bool:
        """Its Wi-Fi answers."""
        return not self.settings.flag("wifi_sleeps") or self.snapshot().plugged

    @property
    def rated_current(self) -> float:
        """A, as the DIP switches have it."""
        dip = self.settings["dip_current"]
        rated = self.profile.model.rated_current
        return rated if dip is None else min(rated, self.settings.number("dip_current"))

    def hardware_current(self, now: Snapshot) -> int:
        """`Curr HW`, mA: the least of DIP switches, cable and temperature; 0 without a cable in a socket."""
        if now.cable_rating is None:
            return 0
        least = min(self.rated_current, now.cable_rating, 63.0 if now.derated is None else now.derated)
        return round(least * 1000) if least >= 6.0 else 0

    # --- reading and writing -----------------------------------------------------------------------------------------

    def read(self, address: str) -> object:
        """`modbus.1000` as on the wire, `report2.State` as in the reply, `display`."""
        if address.startswith("modbus.") and "modbus" in self.interfaces:
            return self.modbus.table.read_address(View(self), address)
        if address == "display" and self.trait("display"):
            return self.shown
        return reports.read(self, address)

    @property
    def shown(self) -> str:
        """What the display shows of a client's text."""
        if self.display is None or self.simulation.now() >= self.display[1]:
            return ""
        return self.display[0]

    def write(self, address: str, value: object, origin: Origin) -> Outcome:
        """`modbus.5004` (wire value), or a command with its arguments: `ena`, `curr`, `failsafe` with "30 6000 0"."""
        self.simulation.now()
        if address.startswith("modbus.") and "modbus" in self.interfaces:
            return self.modbus.table.write_address(self, address, value, origin)
        return commands.perform(self, address, value, origin)

    def addresses(self) -> Iterable[str]:
        yield from reports.addresses(self)
        if self.trait("display"):
            yield "display"
        if "modbus" in self.interfaces:
            for table in self.modbus.table.tables.values():
                yield from (f"modbus.{item.start}" for item in table.items if item.row.read is not None)

    def fidelity(self) -> Iterable[Fidelity]:
        if "udp" in self.interfaces:
            yield from reports.fidelity(self)
            yield from commands.fidelity(self)
        if "modbus" in self.interfaces:
            yield from self.modbus.table.fidelity()

    def present_card(self, tag: str) -> Outcome:
        self.simulation.now()
        return self.logic.present(tag)

    # --- what happens to the box -------------------------------------------------------------------------------------

    def power_on(self) -> None:
        self.com_module_at = self.booted_at
        self.logic.start()

    def handle(self, event: Event) -> None:
        self.logic.handle(event)
        self.udp.handle(event)

    def setting_changed(self, name: str) -> None:
        if not self.up or name in ("sessions", "session_counter"):
            return
        if name == "failsafe_timeout":
            self.logic.failsafe.restart()
        self.logic.apply()

    def shut_down(self) -> None:
        self.logic.shut_down()
        self.clock.forget()
        self.udp.forget()
        self.modbus.forget()
        self.display = None
        if self.snapshot().state is not EvseState.OFF:
            self.submit(RebootController(owner=self.name))

    def boot(self) -> None:
        """The firmware may be another one."""
        self.com_module_at = self.booted_at + reports.COM_MODULE_BOOT
        self.rows = reports.rows(self.profile)
        self.modbus.compile()
        self.logic.boot()
