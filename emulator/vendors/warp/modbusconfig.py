"""Network configurations: interfaces, addresses, MQTT, and their validators.

The one rule: the emulator's own sockets stay where they are; these documents are stored, checked and shown as in the
device. Source: Tinkerforge esp32-firmware, `modules/network`, `ethernet`, `wifi`, `mqtt`, `mqtt_auto_discovery`.
"""

from __future__ import annotations

from typing import Final

from .rows import AnyRow, Config, State
from .schema import BOOL, U32, Bool, Int, obj, uint

pass


MODBUS_ROWS: Final[tuple[AnyRow[Modbus], ...]] = (
    Config(
        name="modbus_tcp/config",
        schema=obj(
            enable=BOOL,
            port=Int(16, value=502),
            table=uint(0, 2, width=8),
            send_illegal_data_address=Bool(True),
            ignore_writes=BOOL,
        ),
        applied=lambda m, _, __: m.platform.modbus_changed(),
        source="fw: modules/modbus_tcp",
    ),
    State(
        name="modbus_tcp/error_counters",
        schema=obj(illegal_data_address=U32, illegal_function=U32, ignored_write=U32),
        read=lambda m, v: m.platform.modbus_errors,
        source="fw: modules/modbus_tcp",
    ),
)
