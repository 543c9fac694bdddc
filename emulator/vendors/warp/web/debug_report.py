"""The debug report: the wallbox, then every state and command with its document.

The one rule: secrets are left out as everywhere. Source: Tinkerforge esp32-firmware, `modules/debug_protocol`.
"""

from __future__ import annotations

import json

from ..api.rows import UPDATE
from ..api.shapes import plain
from ..charging import nfc
from ..evse.module import DEVICE, UIDS
from ..platform import Platform


def debug_report(platform: Platform) -> str:
    """One object: the wallbox, then every state and command with its document."""
    view, api = platform.view(), platform.api
    memory = {"free": 95000, "largest_free_block": 65536, "min_free": 70000}
    version = platform.firmware_text.replace(".", "_").replace("+", "_")
    devices = [{"UID": UIDS[platform.generation], "DID": DEVICE[platform.generation], "port": "A"}]
    if platform.has_reader:
        devices.append({"UID": nfc.UID, "DID": nfc.DEVICE, "port": "F"})
    counters = [
        {"port": port, "SpiTfpChecksum": 0, "SpiTfpFrame": 0, "TfpFrame": 0, "TfpUnexpected": 0} for port in "ABCDEF"
    ]
    head = {
        "uptime": view.uptime,
        "firmware": f"{platform.device_name.partition('-')[0]}_firmware_{version}",
        "build_info": {"git_url": "", "git_branch": "", "git_commit_id": ""},
        "dram": memory,
        "iram": memory,
        "psram": memory,
        "devices": devices,
        "error_counters": counters,
        "modified": [row.name.replace("/", "_") for row in api if api.saved(row.name)],
    }
    parts = [plain(head)[1:-1]]
    parts += [f"{json.dumps(row.name)}:{row.schema.encode(api.value(row.name, view))}" for row in api]
    for path, command in api.commands.items():
        shown = "null" if path.endswith(UPDATE) else command.schema.encode(command.schema.default())
        parts.append(f"{json.dumps(path)}:{shown}")
    return "{" + ",".join(parts) + "}"
