"""The charge manager of a wallbox that manages nobody.

The one rule: what has no effect here is stored, checked and shown as in the device.
Source: Tinkerforge esp32-firmware, `modules/charge_manager`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ....devices.interfaces import HttpReply, HttpRequest
from ..api.documents import Doc
from ..api.rows import AnyRow, Config, Source
from ..api.schema import BOOL, I32, U8, U32, Bool, Int, Str, uint
from ..api.shapes import Arr, Raw, many, obj
from ..charging.users import Users
from ..evse.wakeup import Watchdog
from ..models import WARP1, WARP2_UP
from ..module import Module
from ..platform import Handlers, Platform
from ..rules.triggers import MANAGER_WATCHDOG
from ..web.replies import document, text
from .power import PowerManager

FW: Final = Source("fw: modules/charge_manager")
CONFIG: Final = "charge_manager/config"
NO_SCAN: Final = "Cannot scan for chargers: mDNS is disabled or failed to start."


class ChargeManager(Module):
    """The manager in one wallbox."""

    def __init__(self, platform: Platform, power: PowerManager, users: Users) -> None:
        super().__init__(platform)
        self.power = power
        self.users = users
        self.watchdog = Watchdog(platform, MANAGER_WATCHDOG, lambda: self.config.flag("enable_watchdog"))
        self._scanned = False

    def stop(self) -> None:
        self.watchdog.stop()

    @property
    def config(self) -> Doc:
        return self.api.doc(CONFIG)

    def check(self, doc: Doc) -> str | None:
        hosts = [charger.text("host") for charger in doc.docs("chargers")]
        if doc.flag("enable_charge_manager") and not hosts:
            return "at least one charger is required"
        if doc.integer("default_available_current") > doc.integer("maximum_available_current"):
            return "default_available_current can not be greater than maximum_available_current"
        if len(set(hosts)) < len(hosts):
            return "there must not be two chargers with the same hostname or IP address"
        return None

    def refuse_current(self, doc: Doc) -> str | None:
        if self.power.enabled:
            return "Cannot set available_current if the Power Manager is enabled."
        return self.too_much(doc.integer("current"))

    def too_much(self, current: int) -> str | None:
        """What is wrong with a current for all chargers [mA]."""
        most = self.config.integer("maximum_available_current")
        return None if current <= most else f"Current too large: maximum available current is configured to {most}"

    def offer(self, doc: Doc) -> None:
        self.api.put("charge_manager/available_current", doc.value)
        self.watchdog.feed()

    def scan(self, _: Doc) -> str | None:
        if not self.api.flag("network/config", "enable_mdns"):
            return NO_SCAN
        self._scanned = True
        self.platform.push("charge_manager/scan_result", "[]")
        return None

    def routes(self) -> Mapping[str, Handlers]:
        return {"/charge_manager/scan_result": {"GET": self._results}}

    def _results(self, _: HttpRequest) -> HttpReply:
        return document("[]") if self._scanned else text("In progress or not started")

    def refuse_charger(self, doc: Doc) -> str | None:
        user = doc.integer("user_id")
        if doc.integer("charger_idx") >= len(self.config.docs("chargers")):
            return "Invalid charger index"
        if not self.config.flag("enable_central_management"):
            return "Central authorization is not enabled"
        return "Invalid user ID" if user != -1 and self.users.find(user) is None else None

    def modes(self) -> object:
        """Charge modes it supports."""
        solar = self.api.flag("power_manager/config", "excess_charging_enable")
        eco = "eco/config" in self.api.states and self.api.flag("eco/config", "enable")
        if solar:
            return [1, 2, 7, 0] if eco else [1, 2, 3, 0]
        return [1, 6, 8, 0] if eco else [1, 0]


def _manager(count: int, models: tuple[str, ...]) -> Config[ChargeManager]:
    charger = obj(host=Str(0, 64), name=Str(0, 32), rot=uint(0, 6, width=8), uid=U32)
    return FW.config(
        "charge_manager/config",
        obj(
            enable_charge_manager=BOOL,
            enable_central_management=BOOL,
            enable_watchdog=BOOL,
            default_available_current=U32,
            maximum_available_current=U32,
            minimum_current_auto=Bool(True),
            minimum_current=uint(6000, 32000, 6000, width=16),
            minimum_current_1p=uint(6000, 32000, 6000, width=16),
            minimum_current_vehicle_type=uint(0, 3, width=8),
            verbose=BOOL,
            requested_current_threshold=Int(16, value=60),
            requested_current_margin=Int(16, value=3000),
            chargers=Arr(charger, count),
        ),
        validate=ChargeManager.check,
        models=models,
    )


_CURRENT: Final = obj(current=U32)
_MODES: Final = Arr(uint(0, 9, width=8), 64)
ROWS: Final[tuple[AnyRow[ChargeManager], ...]] = (
    _manager(10, WARP1),
    _manager(64, WARP2_UP),
    FW.document(
        "charge_manager/available_current",
        _CURRENT,
        initial=lambda m: {"current": m.config["default_available_current"]},
    ),
    FW.command(
        "charge_manager/available_current_update", ChargeManager.offer, _CURRENT, validate=ChargeManager.refuse_current
    ),
    FW.document(
        "charge_manager/state",
        obj(
            state=U8,
            l_raw=many(I32, 4),
            l_min=many(I32, 4),
            l_spread=many(I32, 4),
            l_max_pv=I32,
            alloc=many(I32, 4),
            chargers=Arr(Raw("unstable"), 64),
        ),
        live=False,
        about="not configured: the wallbox manages nobody",
    ),
    FW.config(
        "charge_manager/low_level_config",
        obj(
            global_hysteresis=Int(32, value=210),
            wakeup_time=Int(32, value=210),
            plug_in_time=Int(32, value=210),
            enable_current_factor_pct=Int(16, value=150),
            allocation_interval=Int(16, value=10),
            rotation_interval=Int(16, value=900),
        ),
    ),
    FW.document(
        "charge_manager/low_level_state",
        obj(last_hyst_reset=U32, wnd_min=many(I32, 4), wnd_max=many(I32, 4), chargers=Arr(Raw("unstable"), 64)),
        live=False,
    ),
    *FW.kept("charge_manager/charge_modes", _MODES, lambda m, doc: m.api.put("charge_manager/charge_modes", doc.value)),
    FW.document("charge_manager/supported_charge_modes", Arr(U8, 10), initial=ChargeManager.modes),
    FW.command("charge_manager/scan", ChargeManager.scan, action=True, about="finds nobody"),
    FW.command(
        "charge_manager/authorize_charger",
        lambda _, __: None,
        obj(charger_idx=U8, user_id=Int(16, True)),
        validate=ChargeManager.refuse_charger,
        action=True,
    ),
)
