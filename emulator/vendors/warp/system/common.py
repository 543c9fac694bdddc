"""What every firmware of this family has: its version, restarts and resets.

The one rule: what restarts or resets happens on a timer after the reply, as in the device.
Source: Tinkerforge esp32-firmware, `modules/esp32_common`, `uptime_tracker`.
"""

from __future__ import annotations

from typing import Final

from ....core.instant import MILLISECOND
from ..api.confirm import CONFIRMATION, unsure
from ..api.documents import Doc
from ..api.rows import AnyRow, Config, Source
from ..api.schema import I16, U8, U32, Str
from ..api.shapes import Arr, obj
from ..evse.controller import Controller
from ..models import CONFIG_VERSIONS, WARP3_UP
from ..module import Module
from ..platform import Platform
from ..settings import BOOTS, HARDWARE
from ..view import View

FW: Final = Source("fw: modules/esp32_common")
REBOOT_AFTER: Final = 1.0
"""s"""
RESET_AFTER: Final = 3.0
"""s"""
NOT_CONFIGS: Final = (*HARDWARE, "charge_log", "user_names", "users/", "boots", "network/", "ethernet/", "wifi/")
"""What a reset of the configurations leaves. ASSUMED list."""
SHOWN_BOOTS: Final = 10


class Esp32Common(Module):
    """The base of one firmware."""

    def __init__(self, platform: Platform, controller: Controller) -> None:
        super().__init__(platform)
        self.controller = controller

    def boot(self) -> None:
        """Another boot is counted."""
        boots = self.settings[BOOTS][1 - SHOWN_BOOTS :]
        count = boots[-1][0] if boots else 0
        platform = self.platform
        before = 0 if platform.powered_on else platform.ran_for // MILLISECOND
        self.settings.put(BOOTS, [*boots, (count + 1, platform.clock.minutes, platform.reset_reason, before)])

    def version(self, v: View) -> object:
        platform = self.platform
        config = CONFIG_VERSIONS[platform.generation]
        return {"firmware": platform.firmware_text, "config": config, "config_type": platform.traits.config_type}

    def last_boots(self, v: View) -> object:
        return [
            {
                "reset_reason": reason,
                "boot_count": count,
                "timestamp_min": at,
                "uptime": uptime & 0xFFFF_FFFF,
                "uptime_overflows": uptime >> 32,
            }
            for count, at, reason, uptime in self.settings[BOOTS]
        ]

    def reboot(self, _: Doc) -> None:
        self.platform.later(REBOOT_AFTER, self.platform.reboot)

    def reboot_bricklets(self, _: Doc) -> None:
        self.platform.later(REBOOT_AFTER, self._restart)

    def _restart(self) -> None:
        self.controller.restart()
        self.platform.reboot()

    def reset_all(self, _: Doc) -> None:
        """Everything back to the factory's values, then a restart."""
        self.platform.later(RESET_AFTER, lambda: self._reset(HARDWARE))

    def reset_configs(self, _: Doc) -> None:
        """As a reset of everything, but users, tracked charges and network settings stay."""
        self.platform.later(RESET_AFTER, lambda: self._reset(NOT_CONFIGS))

    def _reset(self, but: tuple[str, ...]) -> None:
        """Drop what was saved, except settings that begin like `but`, and restart."""
        for name, row in self.settings.rows.items():
            if not name.startswith(but):
                self.settings.put(name, row.default)
        self._restart()

    def forget(self, doc: Doc) -> str | None:
        """One configuration goes back to its default at the next boot."""
        path = doc.text("path")
        if not isinstance(self.api.states.get(path), Config):
            return f"Unknown config {path}"
        self.api.forget_saved(path)
        return None


VERSION_ROWS: Final[tuple[AnyRow[Esp32Common], ...]] = (
    FW.state(
        "info/version",
        obj(firmware=Str(0, 40), config=Str(0, 12), config_type=Str(0, 12)),
        Esp32Common.version,
        assumed="build time of all but 2.9.0",
    ),
)
ROWS: Final[tuple[AnyRow[Esp32Common], ...]] = (
    FW.command("reboot", Esp32Common.reboot, action=True, about="after 1 s"),
    FW.command("bricklet_reboot", Esp32Common.reboot_bricklets, action=True),
    FW.command(
        "factory_reset",
        Esp32Common.reset_all,
        CONFIRMATION,
        validate=unsure("Factory reset NOT requested"),
        action=True,
        about="after 3 s",
    ),
    FW.command(
        "config_reset",
        Esp32Common.reset_configs,
        CONFIRMATION,
        validate=unsure("Config reset NOT requested"),
        action=True,
        about="after 3 s",
    ),
    Source("fw: modules/config").command(
        "config/reset", Esp32Common.forget, obj(path=Str(0, 64)), action=True, assumed="error text"
    ),
    Source("fw: modules/warp_esp32_rtc").state(
        "esp32/temperature",
        obj(temperature=I16),
        lambda m, v: {"temperature": round(v.snapshot.temperature.get("board", 0.0) * 100)},
        models=WARP3_UP,
    ),
)
UPTIME_ROWS: Final[tuple[AnyRow[Esp32Common], ...]] = (
    Source("fw: modules/uptime_tracker").state(
        "info/last_boots",
        Arr(obj(reset_reason=U8, boot_count=U32, timestamp_min=U32, uptime=U32, uptime_overflows=U32), 10),
        Esp32Common.last_boots,
        about="uptime: ms that the run before took",
        assumed="a power cut is in it, too, with uptime 0",
    ),
)
