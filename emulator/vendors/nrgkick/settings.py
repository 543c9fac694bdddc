"""What the unit stores beside its controls: what its owner sets in the app, its hardware, and its oddities.

The one rule: everything here is in flash and survives a reboot.
"""

from __future__ import annotations

from typing import Final

from ...devices.settings import Setting, boolean, declared, integer, number, one_of, optional, text
from .attachments import ATTACHMENTS
from .quirks import EARLY_COLON_KEYS, IGNORES_RAW

# --- in the app ------------------------------------------------------------------------------------------------------

JSON_API: Final = Setting(name="json_api", default=False, check=boolean, about="Extended > Local API: JSON")
MODBUS_API: Final = Setting(name="modbus_api", default=False, check=boolean, about="Extended > Local API: Modbus")
AUTHENTICATION: Final = Setting(
    name="authentication", default=False, check=boolean, about="JSON API asks for user name and password"
)
USERNAME: Final = Setting(name="username", default="", check=text(64))
PASSWORD: Final = Setting(name="password", default="", check=text(64))
PHASE_SWITCHING: Final = Setting(
    name="phase_switching", default=False, check=boolean, about="Extended > Phase Switching"
)
SOLAR_CHARGING: Final = Setting(
    name="solar_charging", default=False, check=boolean, about="the unit follows the sun by itself"
)
SOLAR_CURRENT: Final = Setting(
    name="solar_current", default=16.0, check=number(0.0, 32.0), about="A the sun allows; below 6: waits"
)
SCHEDULE_WAITING: Final = Setting(
    name="schedule_waiting", default=False, check=boolean, about="scheduled charging says: not now"
)
DEVICE_NAME: Final = Setting(name="device_name", default="NRGkick", check=text(64))
AVERAGE_CONSUMPTION: Final = Setting(
    name="average_consumption", default=18.0, check=number(1.0, 100.0), about="kWh per 100 km of the car"
)
UNPLUG_DETECTION: Final = Setting(
    name="unplug_detection", default=False, check=boolean, about="a plug pulled under load is an error"
)
BLACKOUT_HOLD: Final = Setting(
    name="blackout_hold", default=60.0, check=number(0.0, 3600.0), about="s without charging after an outage"
)

# --- hardware and surroundings ---------------------------------------------------------------------------------------

ATTACHMENT: Final = Setting(
    name="attachment",
    default=None,
    check=optional(one_of(*ATTACHMENTS)),
    about=f"plug on the supply side: {', '.join(ATTACHMENTS)}; null: the model's own",
)
ATTACHMENT_SERIAL: Final = Setting(name="attachment_serial", default="A1234567", check=text(8))
TYPE2_AUTHORISED: Final = Setting(
    name="type2_authorised", default=True, check=boolean, about="the charge point upstream lets a Type2 draw"
)
TYPE2_LINK: Final = Setting(name="type2_link", default=True, check=boolean, about="the Type2 attachment answers")
GPS: Final = Setting(name="gps", default=True, check=boolean, about="SIM models: a GPS receiver is fitted")
CHARGE_COUNT: Final = Setting(name="charge_count", default=0, check=integer(0, 0xFFFF), about="plug-in cycles so far")
MAC_ADDRESS: Final = Setting(name="mac_address", default=None, check=optional(text(17)))
SSID: Final = Setting(name="ssid", default="My WiFi", check=text(32))
RSSI: Final = Setting(name="rssi", default=-61, check=integer(-128, 127), about="dBm")
IMEI: Final = Setting(name="imei", default="860000000000000", check=text(16))
IMSI: Final = Setting(name="imsi", default="232000000000000", check=text(16))
OPERATOR: Final = Setting(name="operator", default="A1", check=text(32))
CELLULAR_RSSI: Final = Setting(name="cellular_rssi", default=-75, check=integer(-128, 127), about="dBm")
CELLULAR_MODE: Final = Setting(name="cellular_mode", default=3, check=integer(0, 4))
SW_CM: Final = Setting(name="sw_cm", default="1951B15V01", check=text(16), about="version of the cellular module")
LATITUDE: Final = Setting(name="latitude", default=46.911354, check=number(-90.0, 90.0), about="degrees; 0/0: no fix")
LONGITUDE: Final = Setting(name="longitude", default=15.49472, check=number(-180.0, 180.0))
ALTITUDE: Final = Setting(name="altitude", default=300.0, check=number(-500.0, 9000.0), about="m")
ACCURACY: Final = Setting(name="accuracy", default=5.0, check=number(0.0, 100_000.0), about="m")

# --- oddities --------------------------------------------------------------------------------------------------------

IDLE_NOISE: Final = Setting(
    name="idle_noise", default=False, check=boolean, about="about 0.8 W and some mA on L1 while idle"
)
CONTROL_LAG: Final = Setting(
    name="control_lag", default=0.0, check=number(0.0, 60.0), about="s a written control reads as before"
)
PHASE_ZERO: Final = Setting(
    name="phase_zero", default=True, check=boolean, about="phase_count reads 0 while phases are switched"
)
INDUCED_VOLTAGES: Final = Setting(
    name="induced_voltages", default=False, check=boolean, about="open phases show induced voltages"
)
FORGETS_PAUSE: Final = Setting(
    name="forgets_pause", default=False, check=boolean, about="charge_pause is forgotten at plug-in"
)
MDNS_STALE: Final = Setting(
    name="mdns_stale", default=False, check=boolean, about="TXT says the APIs are on, whatever they are"
)
MDNS_WITHOUT_SERIAL: Final = Setting(
    name="mdns_without_serial", default=False, check=boolean, about="TXT lost serial_number on its way"
)

SETTINGS: Final = (*declared(globals()), EARLY_COLON_KEYS.setting, IGNORES_RAW.setting)
