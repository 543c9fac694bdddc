"""What the firmware says in its event log while it starts.

The one rule: lines carry the time since the start until the hardware clock was read.
Source: Tinkerforge esp32-firmware, `main.cpp`, `tools.cpp`, `modules/event_log`, `rtc`, `charge_tracker`, `ntp`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ....core.instant import MILLISECOND
from ..charging.chargelog import FILE, ChargeLog
from ..platform import Platform
from ..settings import CLOCK_SET
from .eventlog import seconds

POWER_ON: Final = "Reset due to power-on."
RESTART: Final = "Software reset via esp_restart."
MEMORY: Final = {1: (320, 180_000), 2: (4387, 4_318_232), 3: (4387, 4_318_232), 4: (8483, 8_423_016)}
"""KiB of RAM and bytes of heap. ASSUMED, as the times of the lines are."""
RECORD: Final = 16
"""Bytes of a tracked charge."""


def write_start(platform: Platform, charges: ChargeLog, *, powered_on: bool) -> None:
    """The lines of one start."""
    for milliseconds, module, text in _lines(platform, charges, powered_on):
        platform.log_at(milliseconds * MILLISECOND, module, text)


def _lines(platform: Platform, charges: ChargeLog, powered_on: bool) -> Iterator[tuple[int, str, str]]:
    generation, clock = platform.generation, platform.clock
    ram, heap = MEMORY[generation]
    product, version = platform.traits.product.upper(), platform.firmware_text.upper()
    yield 26, "", f"    **** TINKERFORGE {product} V{version} ****"
    yield 26, "", f"         {ram}K RAM SYSTEM   {heap} HEAP BYTES FREE"
    yield 27, "", "READY."
    yield 27, "", f"Last reset reason was: {POWER_ON if powered_on else RESTART}"
    yield 31, "main", "Firmware partitions: app0 (valid, running, boot), app1 (undefined)"
    if clock.fitted:
        when = seconds(214 * MILLISECOND)
        yield 214, "rtc", f"Set system time from RTC at {when}" if platform.settings[CLOCK_SET] else "RTC not set!"
    yield 466, "ntp", f"Set timezone to {platform.api.text_of('ntp/config', 'timezone')}"
    if not charges.count:
        yield 892, "charge_tracker", "No charge record files found in directory: main"
    else:
        files, rest = divmod(charges.count - 1, FILE)
        plural = "" if not files else "s"
        size = (rest + 1) * RECORD
        yield (
            892,
            "charge_tracker",
            f"Directory main: Found {files + 1} record{plural}: first is 1, last is {files + 1}",
        )
        yield 893, "charge_tracker", f"Directory main: Last charge record size is {size} bytes ({rest + 1}, 0)"
    if generation >= 2:
        yield 1240, "ethernet", "Started after 38ms"
    yield 1930, "main", "Initialization done"
