"""The firmware update: never anything newer, and nothing is ever installed.

The one rule: what is asked for is only logged. Source: Tinkerforge esp32-firmware, `modules/firmware_update`.
"""

from __future__ import annotations

from typing import Final

from ..api.documents import Doc
from ..api.rows import AnyRow, Source
from ..api.schema import U8, U32, Int, Str
from ..api.shapes import obj
from ..module import Module

FW: Final = Source("fw: modules/firmware_update")
_STATE: Final = obj(
    publisher=Str(0, 64, "Tinkerforge GmbH"),
    check_timestamp=U32,
    check_state=U8,
    update_version=Str(0, 40),
    running_partition=Str(0, 8, "app0"),
    app0_state=Int(32, value=2),
    app0_version=Str(0, 40),
    app1_state=Int(32, value=0xFFFFFFFF),
    app1_version=Str(0, 40),
    rolled_back_version=Str(0, 40),
)


def _none(m: Module, _: Doc) -> None:
    m.log("firmware_update", "No update available")


ROWS: Final[tuple[AnyRow[Module], ...]] = (
    FW.config(
        "firmware_update/config",
        obj(update_url=Str(0, 128, "https://www.warp-charger.com/firmwares/"), cert_id=Int(8, True, value=-1)),
    ),
    FW.document(
        "firmware_update/state",
        _STATE,
        initial=lambda m: {**_STATE.default(), "app0_version": m.platform.firmware_text},
    ),
    FW.document(
        "firmware_update/install_state", obj(origin=U8, state=U8, progress=U8), about="nothing is ever installed"
    ),
    FW.command("firmware_update/check_for_update", _none, action=True),
    FW.command("firmware_update/install_firmware", _none, obj(version=Str(0, 40)), action=True),
    FW.command("firmware_update/validate", _none, action=True),
)
