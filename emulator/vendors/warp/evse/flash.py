"""What the charge controller keeps in its own flash.

The one rule: a value is a row with its factory default; what was saved stands in the setting named like its path.
Source: Tinkerforge evse-v2-bricklet, `communication.c`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from ....devices.settings import Setting, Settings
from ..api.documents import Doc
from ..api.fitting import PartialDocument
from ..api.schema import BOOL, U8, U16, Int
from ..api.shapes import Obj, obj
from .memory import SlotId


@dataclass(frozen=True, kw_only=True)
class Stored:
    """One document in the controller's flash."""

    path: str
    schema: Obj
    factory: Mapping[str, object]
    newer: Mapping[str, object] | None = None
    """Factory values of WARP3 and later; None: the same."""

    @cached_property
    def setting(self) -> Setting[object]:
        """What was saved of it; None: nothing."""
        return Setting(self.path, None, PartialDocument((self.schema,)))

    @property
    def only(self) -> str:
        """The name of its one member."""
        (name,) = self.factory
        return name


def _switch(path: str, enabled: bool = False, newer: bool | None = None) -> Stored:
    late = None if newer is None else {"enabled": newer}
    return Stored(path=path, schema=obj(enabled=BOOL), factory={"enabled": enabled}, newer=late)


EXTERNAL_DEFAULTS: Final = Stored(
    path="evse/external_defaults",
    schema=obj(current=U16, clear_on_disconnect=BOOL),
    factory={"current": 32000, "clear_on_disconnect": False},
)
GLOBAL_CURRENT: Final = Stored(path="evse/global_current", schema=obj(current=U16), factory={"current": 32000})
AUTO_START: Final = Stored(
    path="evse/auto_start_charging", schema=obj(auto_start_charging=BOOL), factory={"auto_start_charging": True}
)
USER_ENABLED: Final = _switch("evse/user_enabled")
MANAGEMENT_ENABLED: Final = _switch("evse/management_enabled")
MODBUS_ENABLED: Final = _switch("evse/modbus_tcp_enabled")
OCPP_ENABLED: Final = _switch("evse/ocpp_enabled")
EEBUS_ENABLED: Final = _switch("evse/eebus_enabled")
BOOST_MODE: Final = _switch("evse/boost_mode")
GPIO: Final = Stored(
    path="evse/gpio_configuration",
    schema=obj(shutdown_input=U8, input=U8, output=Int(8)),
    factory={"shutdown_input": 0, "input": 0, "output": 1},
)
BUTTON: Final = Stored(path="evse/button_configuration", schema=obj(button=U8), factory={"button": 2})
EV_WAKEUP: Final = _switch("evse/ev_wakeup", enabled=True)
AUTO_SWITCH: Final = _switch("evse/phase_auto_switch", enabled=True)
PHASES_CONNECTED: Final = Stored(path="evse/phases_connected", schema=obj(phases=U8), factory={"phases": 3})
WAIT_TIME: Final = Stored(path="evse/phase_switch_wait_time", schema=obj(time=U8), factory={"time": 0})
P14A_ENABLED: Final = _switch("evse/p14a_enwg_enabled", newer=True)
STORED: Final = tuple(row for row in tuple(globals().values()) if isinstance(row, Stored))
PATHS: Final = {stored.path: stored for stored in STORED}
SWITCHES: Final[dict[str, tuple[SlotId, ...]]] = {
    USER_ENABLED.path: (SlotId.USER,),
    MANAGEMENT_ENABLED.path: (SlotId.CHARGE_MANAGER,),
    MODBUS_ENABLED.path: (SlotId.MODBUS_CURRENT, SlotId.MODBUS_ENABLE),
    OCPP_ENABLED.path: (SlotId.OCPP,),
    EEBUS_ENABLED.path: (SlotId.EEBUS,),
    P14A_ENABLED.path: (SlotId.P14A,),
}
"""Slots with a switch, by the path of the switch."""


class Flash:
    """The controller's flash of one wallbox."""

    def __init__(self, settings: Settings, generation: int) -> None:
        self._settings = settings
        self._generation = generation
        self.writing: str | None = None
        """The path the controller itself writes now: no change by the owner."""

    def __getitem__(self, stored: Stored) -> Doc:
        """The document, factory values where nothing was saved."""
        newer = stored.newer if self._generation >= 3 else None
        saved = self._settings[stored.setting]
        return Doc({**(newer or stored.factory), **(saved if isinstance(saved, Mapping) else {})})

    def flag(self, stored: Stored) -> bool:
        """The one member of a switch."""
        return self[stored].flag(stored.only)

    def integer(self, stored: Stored) -> int:
        """The one member of a document with a number."""
        return self[stored].integer(stored.only)

    def put(self, stored: Stored, **members: object) -> None:
        """The controller writes the document."""
        self.writing = stored.path
        try:
            self._settings.put(stored.setting, members)
        finally:
            self.writing = None
