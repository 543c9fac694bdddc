"""Where WARP's EEBUS deviates from the use case LPC, each switched by the owner.

The one rule: rows only; what each does is in `eebus.lpc`. Source: Tinkerforge esp32-firmware, `modules/eebus`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from ....devices.quirks import Quirk
from ..models import WARP2_UP

if TYPE_CHECKING:
    from ....eebus.lpc import Quirks


def _quirk(name: str, about: str) -> Quirk:
    return Quirk(name=f"eebus_{name}", about=about, source="fw: modules/eebus", models=WARP2_UP, since="2.10.0")


NEEDS_DURATION: Final = _quirk(
    "limit_needs_duration", "once a limit above 0 W has come, one without a duration is refused while none is active"
)
FIRST_ZERO: Final = _quirk("first_zero_ignored", "0 W as the first limit is acknowledged and limits to 22 kW")
NEGATIVE_ENDS: Final = _quirk("negative_ends_limit", "a refused negative limit also ends the limit in force")
UNLIMITED_FAILSAFE: Final = _quirk("unlimited_in_failsafe", "in Init and in Failsafe nothing is limited")
FAILSAFE_FORGETS: Final = _quirk(
    "failsafe_forgets", "any heartbeat ends Failsafe, and once it has run out it ends at once"
)
FAILSAFE_FIXED: Final = _quirk("failsafe_fixed", "failsafe values written in Failsafe count from the next one on")
HEARTBEAT_ENDS_INIT: Final = _quirk("heartbeat_ends_init", "a heartbeat ends Init, also without a limit")
WRITES_ONLY: Final = _quirk(
    "tells_writes_only", "subscribers are not told that a limit has run out, nor of Failsafe: they have to read"
)
QUIRKS: Final = (
    NEEDS_DURATION,
    FIRST_ZERO,
    NEGATIVE_ENDS,
    UNLIMITED_FAILSAFE,
    FAILSAFE_FORGETS,
    FAILSAFE_FIXED,
    HEARTBEAT_ENDS_INIT,
    WRITES_ONLY,
)


def shown(shows: Callable[[Quirk], bool]) -> Quirks:
    """What the machine is to do differently."""
    from ....eebus.lpc import Quirks

    return Quirks(
        needs_duration=shows(NEEDS_DURATION),
        first_zero_ignored=shows(FIRST_ZERO),
        negative_ends_limit=shows(NEGATIVE_ENDS),
        unlimited_in_failsafe=shows(UNLIMITED_FAILSAFE),
        failsafe_forgets=shows(FAILSAFE_FORGETS),
        failsafe_fixed=shows(FAILSAFE_FIXED),
        heartbeat_ends_init=shows(HEARTBEAT_ENDS_INIT),
        tells_writes_only=shows(WRITES_ONLY),
    )
