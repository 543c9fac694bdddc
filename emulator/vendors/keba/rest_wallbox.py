"""What the REST API tells of the wallbox, its switches and its configuration.

The one rule: a value comes from the same moment as the registers' and the reports', in the units of this API (mA, mW,
mWh, 0.01 °C).
Source: audited replies in ckorff/wallbox (a P30 x-series) and keba_p40 for Home Assistant (a P40), client library
keba-kecontact-p40 (states, members). ASSUMED: order of members of a P40, versions of its parts with every package.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Final

from ...language.digits import is_index
from .build import Build
from .controls import LMGMT
from .readings import CHARGING, ERROR, INTERRUPTED, READY, View
from .settings import (
    DSW1_1,
    DSW1_2,
    DSW1_3,
    DSW2_5,
    FAILSAFE_CURRENT,
    FAILSAFE_TIMEOUT,
    OUT_OF_ORDER,
    PERMANENTLY_LOCKED,
    REST_ALIAS,
)
from .switches import switches

STATES: Final = {
    READY: "READY_FOR_CHARGING",
    CHARGING: "CHARGING",
    ERROR: "RECOVER_FROM_ERROR",
    INTERRUPTED: "SUSPENDED",
}
"""By the state of register 1000; else IDLE."""
LASTING: Final = frozenset({"rcd_sensor_defect", "rcd_selftest", "contactor_welded", "switch_unconfigured"})
"""Faults that do not go away by themselves: UNRECOVERABLE_ERROR."""
PARTS: Final = {"firmwareVersionMetering": "3.0.1", "firmwareVersionSafety": "3.1.3"}
"""Of a P40."""
BASE_IO: Final = "5.0.1"
"""`firmwareVersion` of a P40, which is not the version of its package."""


class Told:
    """What one wallbox tells."""

    def __init__(self, build: Build, view: Callable[[], View]) -> None:
        self._build = build
        self._view = view

    @property
    def mac_address(self) -> str:
        """Made up from the serial number, in the maker's range."""
        own = hashlib.sha256(self._build.serial.encode()).digest()[:3]
        return ":".join(f"{byte:02X}" for byte in b"\x00\x60\xb5" + own)

    @property
    def version(self) -> str:
        """`/version`. Source: both devices."""
        return "2.5.0" if self._build.p40 else "2.4.1"

    def state(self, v: View) -> str:
        if not v.running or v.settings[OUT_OF_ORDER]:
            return "UNAVAILABLE"
        if v.state == ERROR and LASTING & set(v.now.faults):
            return "UNRECOVERABLE_ERROR"
        return STATES.get(v.state, "IDLE")

    def wallbox(self) -> dict[str, object]:
        """One entry of `/v2/wallboxes`."""
        v, build = self._view(), self._build
        firmware = BASE_IO if build.p40 else f"{build.firmware} : ML v 2.9.2"
        return {
            "number": 1,
            "serialNumber": build.serial,
            "model": str(build.traits.code) if build.p40 else build.traits.product,
            "alias": None,
            "firmwareVersion": firmware,
            **(PARTS if build.p40 else {}),
            "macAddress": self.mac_address,
            "ipAddress": build.address,
            "maxCurrent": round(build.rated_current * 1000),
            "maxPhases": 3,
            "phaseUsed": "L1" if v.now.phases == 1 else "L1_L2_L3",
            "state": self.state(v),
            "errorCode": f"{v.error:#x}" if v.error else None,
            "vehiclePlugged": v.now.plugged,
            "sessionActive": v.logic.log.running is not None,
            "authorizationEnabled": v.logic.cards.authorisation_on,
            "permanentlyLocked": v.settings[PERMANENTLY_LOCKED],
            "reserved": False,
            "meter": self._meter(v),
            **({} if build.p40 else {"dipSwitchSettings": switches(v)}),
        }

    def _meter(self, v: View) -> dict[str, object]:
        lines = zip(v.currents, v.voltages, strict=True)
        return {
            "meterValue": v.total_energy * 100,
            "totalActivePower": v.power,
            "totalPowerFactor": v.power_factor,
            "phasesSupported": 3,
            "currentOffered": v.offered,
            "temperature": round(100 * v.now.temperature["board"]),
            "lines": [
                {"socketPhase": f"L{index}", "current": current, "voltage": voltage}
                for index, (current, voltage) in enumerate(lines, 1)
            ],
        }

    def dip_switches(self) -> dict[str, object]:
        """Their meaning; the typing error is the device's. Source: a P30. ASSUMED: what DSW2.5 is."""
        settings, build = self._view().settings, self._build
        return {
            "smartHomeInterface": settings[DSW1_3],
            "current": int(build.rated_current),
            "commisioningMode": False,
            "externalEnableX1": settings[DSW1_1],
            "externalEnableX2": settings[DSW1_2],
            "communicationHubMode": settings[DSW2_5],
            "deactivatePlcModem": False,
            "chargingSessionMode": False,
            "ds14": False,
            "ds15": False,
            "ipAddress": build.address,
        }

    def read(self, address: str) -> object:
        """A member of the wallbox, by dots. KeyError if there is none."""
        found: object = self.wallbox()
        for step in address.split("."):
            if isinstance(found, dict):
                found = found[step]
            elif isinstance(found, list) and is_index(step) and int(step) < len(found):
                found = found[int(step)]
            else:
                raise KeyError(address)
        return found

    def groups(self) -> dict[str, dict[str, object]]:
        """The groups of `/v2/configs`."""
        v = self._view()
        return {
            "lmgmt": {
                "max_available_current": v.settings[LMGMT.setting] or v.hardware_current,
                "min_default_current": 6000,
                "nominal_voltage": 230,
                "nominal_frequency": 50,
            },
            "modbus": {
                "modbus_failsafe_current": v.settings[FAILSAFE_CURRENT],
                "modbus_failsafe_timeout": v.settings[FAILSAFE_TIMEOUT],
            },
            "restapi": {"restapi_alias": v.settings[REST_ALIAS]},
            "system": {"application_version_package": self._build.package, "price": 0.0},
        }
