"""A small world with one KeContact, and the states of a charger that tests go through."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import partial
from typing import ClassVar, Final

from bench import Bench, charging, ended
from bench import with_fault as faulty

from emulator.core.faults import (
    ContactorFailsToClose,
    ContactorWelded,
    CpShort,
    CpStateF,
    DiodeShorted,
    Disturbance,
    Frequency,
    LockStuck,
    MeterFault,
    Overcurrent,
    Overtemp,
    Overvoltage,
    PeLoss,
    PhaseLoss,
    RcdSelftest,
    RcdSensorDefect,
    TripRcd,
    Undervoltage,
)
from emulator.devices.interfaces import Datagram, Origin, UdpInterface
from emulator.vendors.keba.wallbox import Keba

CLIENT: Final = "127.0.0.2:7090"
OK: Final = "TCH-OK :done\n"
CARD: Final = "e3f76b8d00000000"
CLASS: Final = "01010400000000000000"


class KeContact(Bench):
    """One wallbox with everything switched on."""

    on: ClassVar[Mapping[str, object]] = {
        "dsw1_2": True,
        "dsw1_3": True,
        "modbus_in_app": True,
        "contactor_box": True,
    }
    unit_id = 255

    def __init__(
        self,
        model: str | None = None,
        firmware: str | None = None,
        hardware: Mapping[str, object] | None = None,
        **settings: object,
    ) -> None:
        super().__init__("keba", model, firmware, hardware=hardware, settings=settings)

    @property
    def unit(self) -> Keba:
        assert isinstance(self.wallbox, Keba)
        return self.wallbox

    # --- UDP ---------------------------------------------------------------------------------------------------------

    def datagrams(self, text: str | bytes, client: str = CLIENT) -> list[Datagram]:
        interface = self.wallbox.interfaces["udp"]
        assert isinstance(interface, UdpInterface)
        data = text if isinstance(text, bytes) else text.encode("cp437")
        return list(interface.handle(data, Origin(interface="udp", client=client)))

    def say(self, text: str | bytes, client: str = CLIENT) -> str | None:
        """The answer; None: silence."""
        found = [d.data.decode() for d in self.datagrams(text, client)]
        answers = [text for text in found if not text.startswith("{") or '"ID"' in text]
        assert len(answers) <= 1
        return answers[0] if answers else None

    def ok(self, *commands: str) -> None:
        for command in commands:
            assert self.say(command) == OK

    def report(self, number: int) -> dict[str, object]:
        text = self.say(f"report {number}")
        assert text is not None
        assert len(text.encode()) <= 512
        found = json.loads(text)
        assert isinstance(found, dict)
        return found

    def keys(self, *names: str) -> tuple[object, ...]:
        """Values of report 2 and 3."""
        both = {**self.report(3), **self.report(2)}
        return tuple(both[name] for name in names)

    def pushes(self) -> list[dict[str, object]]:
        """What the box says by itself now."""
        interface = self.wallbox.interfaces["udp"]
        assert isinstance(interface, UdpInterface)
        return [json.loads(d.data) for d in interface.published(self.simulation.at)]

    # --- Modbus ------------------------------------------------------------------------------------------------------

    def register(self, address: int) -> int:
        return self.long(address)

    def put(self, address: int, value: int) -> int | None:
        """The exception of a write; None: done."""
        return self.exception(6, address, values=(value,))


Make = Callable[[str | None, str | None], KeContact]


def _charging(model: str | None, firmware: str | None) -> KeContact:
    return charging(KeContact(model, firmware))


def _plugged(model: str | None, firmware: str | None) -> KeContact:
    world = KeContact(model, firmware)
    world.plug_in()
    world.wait(0.4)
    return world


def _disabled(model: str | None, firmware: str | None) -> KeContact:
    world = _charging(model, firmware)
    assert world.put(5014, 0) is None
    world.wait(10)
    return world


def _booting(model: str | None, firmware: str | None) -> KeContact:
    world = _charging(model, firmware)
    world.outage(after=12)
    return world


def _switching(model: str | None, firmware: str | None) -> KeContact:
    world = _charging(model, firmware)
    world.put(5050, 3)
    world.put(5052, 0)
    world.wait(5)
    return world


def with_fault(fault: Disturbance) -> Make:
    return lambda model, firmware: faulty(partial(KeContact, model, firmware), fault)


FAULTS: Final[dict[str, tuple[Disturbance, int, int]]] = {
    "rcd_ac": (TripRcd(residual_current=0.035), 4, 0x40000),
    "rcd_dc": (TripRcd(residual_current=0.010, current_type="dc"), 4, 0x40001),
    "rcd_sensor_defect": (RcdSensorDefect(), 4, 0x40002),
    "pe_loss": (PeLoss(), 4, 0x20001),
    "cp_short": (CpShort(), 4, 0x10001),
    "cp_state_f": (CpStateF(), 4, 0x10002),
    "diode_shorted": (DiodeShorted(), 4, 0x10003),
    "contactor_fails_to_close": (ContactorFailsToClose(), 4, 0x9001),
    "overvoltage": (Overvoltage(), 4, 0x20002),
    "undervoltage": (Undervoltage(), 4, 0x20003),
    "phase_loss": (PhaseLoss(), 4, 0x20004),
    "frequency": (Frequency(), 4, 0x20005),
    "overcurrent": (Overcurrent(), 4, 0x30001),
    "overtemp": (Overtemp(temperature=90.0), 5, 0),
    "meter_fault": (MeterFault(), 3, 0),
}
"""What is wrong, then `State` and the error code."""
IDLE_FAULTS: Final[dict[str, tuple[Disturbance, int]]] = {
    "rcd_selftest": (RcdSelftest(), 0x40003),
    "contactor_welded": (ContactorWelded(), 0xC001),
}
LOCK: Final = LockStuck(stuck="open")

SITUATIONS: Final[dict[str, Make]] = {
    "idle": lambda model, firmware: KeContact(model, firmware),
    "plugged": _plugged,
    "charging": _charging,
    "disabled": _disabled,
    "booting": _booting,
    "switching": _switching,
    "ended": lambda model, firmware: ended(partial(KeContact, model, firmware)),
    **{name: with_fault(fault) for name, (fault, _, _) in FAULTS.items()},
}
