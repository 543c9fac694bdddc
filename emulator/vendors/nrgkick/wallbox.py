"""An NRGkick: identity, the way in and out of its items, and what happens to the unit itself.

The one rule: the SmartModule (this class) may restart while the main controller (`logic`) keeps charging.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping

from ...core.messages import DONE, Event, Outcome, Reason
from ...devices.interfaces import Interface, Origin
from ...devices.points import Fidelity
from ...devices.wallbox import Context, Wallbox
from . import announcement
from .attachments import ATTACHMENTS, Attachment
from .control import KEYS, Controls, parse
from .http import HttpApi
from .logic import Logic
from .modbus import ModbusApi
from .quirks import QUIRKS
from .readings import View


class NrgKick(Wallbox):
    """One unit."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.controls = Controls(self)
        self.logic = Logic(self)
        self.http = HttpApi(self)
        self.modbus = ModbusApi(self)
        self.interfaces: Mapping[str, Interface] = {
            "http": self.http.interface(),
            "modbus": self.modbus.interface(),
            "mdns": announcement.interface(self),
        }

    # --- identity ----------------------------------------------------------------------------------------------------

    @property
    def firmware_text(self) -> str:
        return self.profile.firmware.text

    @property
    def rated_current(self) -> int:
        """A"""
        return int(self.profile.model.rated_current)

    @property
    def attachment(self) -> Attachment:
        """The plug on the supply side."""
        stated = self.settings["attachment"]
        return ATTACHMENTS[str(self.profile.model.traits["attachment"] if stated is None else stated)]

    @property
    def ip_address(self) -> str:
        return self.context.address

    @property
    def mac_address(self) -> str:
        """ASSUMED: from the serial number where the owner states none."""
        stated = self.settings["mac_address"]
        if stated is not None:
            return str(stated)
        tail = zlib.crc32(self.serial.encode()).to_bytes(4, "big")[1:]
        return ":".join(f"{byte:02X}" for byte in b"\x40\x4c\xca" + tail)

    def quirk(self, name: str) -> bool:
        """Whether the unit shows a quirk: as its owner says, else as its firmware has it."""
        stated = self.settings[name]
        return QUIRKS[name].exists(self.profile) if stated is None else bool(stated)

    # --- reading and writing -----------------------------------------------------------------------------------------

    def read(self, address: str) -> object:
        """`modbus.251` as on the wire, `values.general.status` as in JSON; None where the hardware is not there."""
        if address.startswith("modbus."):
            return self.modbus.table.read_address(View(self), address)
        value = self.http.items[address].json(View(self))
        return None if isinstance(value, Reason) else value

    def write(self, address: str, value: object, origin: Origin) -> Outcome:
        """`modbus.194` (wire value) or `control.current_set` (number, or text as in a query)."""
        if address.startswith("modbus."):
            return self.modbus.table.write_address(self, address, value, origin)
        endpoint, _, key = address.partition(".")
        if endpoint != "control" or key not in KEYS:
            known = address in self.http.items
            outcome = Outcome(
                refused=Reason.READ_ONLY if known else Reason.UNKNOWN, message=f"{address} is not a control"
            )
            self.record_write(address, value, outcome, origin)
            return outcome
        self.simulation.now()
        number = value if isinstance(value, int | float) else parse(key, value) if isinstance(value, str) else None
        refusal = self.controls.refusal(key, number)
        if refusal is not None or number is None:
            outcome = (refusal or self.controls.invalid(key)).outcome
        else:
            self.controls.put(key, number)
            outcome = DONE
        self.record_write(address, value, outcome, origin)
        self.changed()
        return outcome

    def addresses(self) -> Iterable[str]:
        yield from self.http.items
        yield from self.modbus.table.addresses()

    def fidelity(self) -> Iterable[Fidelity]:
        for item in self.http.items.values():
            yield item.fidelity()
        yield from self.modbus.table.fidelity()

    # --- what happens to the unit ------------------------------------------------------------------------------------

    def power_on(self) -> None:
        self.logic.start()

    def handle(self, event: Event) -> None:
        self.logic.handle(event)

    def setting_changed(self, name: str) -> None:
        self.logic.apply()

    def boot(self) -> None:
        """The firmware may be another one."""
        self.http.compile()
        self.modbus.compile()
