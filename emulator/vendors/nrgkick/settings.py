"""What the unit stores beside its controls: what its owner sets in the app, its hardware, and its oddities.

The one rule: everything here is in flash and survives a reboot.
"""

from __future__ import annotations

import re
from typing import Final

from ...devices.settings import Setting, boolean, declared, integer, list_of, number, one_of, optional, takes, text
from .attachments import ATTACHMENTS
from .quirks import QUIRKS

_WINDOW: Final = re.compile(r"([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d")


@takes({"type": "string", "pattern": f"^{_WINDOW.pattern}$", "examples": ["22:00-06:00"]})
def window(value: object) -> str:
    """A time of day from and to."""
    if isinstance(value, str) and _WINDOW.fullmatch(value):
        return value
    raise ValueError("expected times of day such as 22:00-06:00")


JSON_API: Final = Setting("json_api", False, boolean, "Extended > Local API: JSON")
MODBUS_API: Final = Setting("modbus_api", False, boolean, "Extended > Local API: Modbus")
AUTHENTICATION: Final = Setting("authentication", False, boolean, "JSON API asks for user name and password")
USERNAME: Final = Setting("username", "", text(64))
PASSWORD: Final = Setting("password", "", text(64))
PHASE_SWITCHING: Final = Setting("phase_switching", False, boolean, "Extended > Phase Switching")
SOLAR_CHARGING: Final = Setting("solar_charging", False, boolean, "the unit follows the sun by itself")
SOLAR_CURRENT: Final = Setting("solar_current", 16.0, number(0.0, 32.0), "A the sun allows; below 6: waits")
SOLAR_SURPLUS: Final = Setting(
    "solar_surplus", None, optional(number(-1e6, 1e6)), "W left for the vehicle; null: solar_current says it in A"
)
SCHEDULE: Final[Setting[list[str]]] = Setting(
    "schedule", [], list_of(window), "times of day in which it may charge, such as 22:00-06:00; none: always"
)
SCHEDULE_WAITING: Final = Setting("schedule_waiting", False, boolean, "scheduled charging says: not now")
DEVICE_NAME: Final = Setting("device_name", "NRGkick", text(64))
AVERAGE_CONSUMPTION: Final = Setting("average_consumption", 18.0, number(1.0, 100.0), "kWh per 100 km of the car")
UNPLUG_DETECTION: Final = Setting("unplug_detection", False, boolean, "a plug pulled under load is an error")
BLACKOUT_HOLD: Final = Setting("blackout_hold", 60.0, number(0.0, 3600.0), "s without charging after an outage")

ATTACHMENT: Final = Setting(
    "attachment",
    None,
    optional(one_of(*ATTACHMENTS)),
    f"plug on the supply side: {', '.join(ATTACHMENTS)}; null: the model's own",
)
ATTACHMENT_SERIAL: Final = Setting("attachment_serial", "A1234567", text(8))
TYPE2_AUTHORISED: Final = Setting("type2_authorised", True, boolean, "the charge point upstream lets a Type2 draw")
TYPE2_LINK: Final = Setting("type2_link", True, boolean, "the Type2 attachment answers")
GPS: Final = Setting("gps", True, boolean, "SIM models: a GPS receiver is fitted")
CHARGE_COUNT: Final = Setting("charge_count", 0, integer(0, 0xFFFF), "plug-in cycles so far")
MAC_ADDRESS: Final = Setting("mac_address", None, optional(text(17)))
SSID: Final = Setting("ssid", "My WiFi", text(32))
RSSI: Final = Setting("rssi", -61, integer(-128, 127), "dBm")
IMEI: Final = Setting("imei", "860000000000000", text(16))
IMSI: Final = Setting("imsi", "232000000000000", text(16))
OPERATOR: Final = Setting("operator", "A1", text(32))
CELLULAR_RSSI: Final = Setting("cellular_rssi", -75, integer(-128, 127), "dBm")
CELLULAR_MODE: Final = Setting("cellular_mode", 3, integer(0, 4))
SW_CM: Final = Setting("sw_cm", "1951B15V01", text(16), "version of the cellular module")
LATITUDE: Final = Setting("latitude", 46.911354, number(-90.0, 90.0), "degrees; 0/0: no fix")
LONGITUDE: Final = Setting("longitude", 15.49472, number(-180.0, 180.0))
ALTITUDE: Final = Setting("altitude", 300.0, number(-500.0, 9000.0), "m")
ACCURACY: Final = Setting("accuracy", 5.0, number(0.0, 100_000.0), "m")

IDLE_NOISE: Final = Setting("idle_noise", False, boolean, "about 0.8 W and some mA on L1 while idle")
CONTROL_LAG: Final = Setting("control_lag", 0.0, number(0.0, 60.0), "s a written control reads as before")
PHASE_ZERO: Final = Setting("phase_zero", True, boolean, "phase_count reads 0 while phases are switched")
MDNS_STALE: Final = Setting("mdns_stale", False, boolean, "TXT says the APIs are on, whatever they are")
MDNS_WITHOUT_SERIAL: Final = Setting("mdns_without_serial", False, boolean, "TXT lost serial_number on its way")

CONNECT_PASSWORD: Final = Setting("connect_password", "", text(64), "Connect: the unit's password; empty: any will do")
CONNECT_ONLINE: Final = Setting("connect_online", True, boolean, "Connect: the unit is within reach of its Bluetooth")
ENERGY_SHOWN: Final = Setting("energy_shown", 199.98, number(0.5, 200.0), "Connect: kWh of a limit that is off")
COSTS: Final = Setting("costs_per_kwh", 0.19, number(0.01, 2.49), "Connect: price of energy")
EFFICACY: Final = Setting("efficacy", 95.0, number(10.0, 100.0), "Connect: % of the energy that reaches the battery")
BLE_POWER: Final = Setting("ble_transmission_power", 4, integer(1, 4), "Connect: of its Bluetooth")

SETTINGS: Final = (*declared(globals()), *(quirk.setting for quirk in QUIRKS))
