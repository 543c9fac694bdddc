"""What the unit stores: the four controls, what its owner sets in the app, and which quirks it shows.

The one rule: everything here is in flash and survives a reboot; ASSUMED for the controls, which no document says.
"""

from __future__ import annotations

from typing import Final

from ...devices.settings import Setting, boolean, integer, number, one_of, text
from .attachments import ATTACHMENTS


def _switch(value: object) -> object:
    """0 or 1; true and false are taken as such."""
    return one_of(0, 1)(int(value) if isinstance(value, bool) else value)


def _as_firmware(value: object) -> object:
    return None if value is None else boolean(value)


CONTROLS: Final = (
    Setting(name="current_set", default=32.0, check=number(6.0, 32.0), about="A, at most the unit's rated current"),
    Setting(name="charge_pause", default=0, check=_switch, about="1: paused"),
    Setting(name="energy_limit", default=0, check=integer(0, 1_000_000), about="Wh of a session; 0: none"),
    Setting(name="phase_count", default=3, check=integer(1, 3), about="phases to charge with, at most"),
)

APP: Final = (
    Setting(name="json_api", default=False, check=boolean, about="Extended > Local API: JSON"),
    Setting(name="modbus_api", default=False, check=boolean, about="Extended > Local API: Modbus"),
    Setting(name="authentication", default=False, check=boolean, about="JSON API asks for user name and password"),
    Setting(name="username", default="", check=text(64)),
    Setting(name="password", default="", check=text(64)),
    Setting(name="phase_switching", default=False, check=boolean, about="Extended > Phase Switching"),
    Setting(name="solar_charging", default=False, check=boolean, about="the unit follows the sun by itself"),
    Setting(name="solar_current", default=16.0, check=number(0.0, 32.0), about="A the sun allows; below 6: waits"),
    Setting(name="schedule_waiting", default=False, check=boolean, about="scheduled charging says: not now"),
    Setting(name="device_name", default="NRGkick", check=text(64)),
    Setting(name="average_consumption", default=18.0, check=number(1.0, 100.0), about="kWh per 100 km of the car"),
    Setting(name="unplug_detection", default=False, check=boolean, about="a plug pulled under load is an error"),
    Setting(name="blackout_hold", default=60.0, check=number(0.0, 3600.0), about="s without charging after an outage"),
)

HARDWARE: Final = (
    Setting(
        name="attachment",
        default=None,
        check=lambda value: None if value is None else one_of(*ATTACHMENTS)(value),
        about=f"plug on the supply side: {', '.join(ATTACHMENTS)}; null: the model's own",
    ),
    Setting(name="attachment_serial", default="A1234567", check=text(8)),
    Setting(name="type2_authorised", default=True, check=boolean, about="the charge point upstream lets a Type2 draw"),
    Setting(name="type2_link", default=True, check=boolean, about="the Type2 attachment answers"),
    Setting(name="gps", default=True, check=boolean, about="SIM models: a GPS receiver is fitted"),
    Setting(name="charge_count", default=0, check=integer(0, 0xFFFF), about="plug-in cycles so far"),
    Setting(name="mac_address", default=None, check=lambda value: None if value is None else text(17)(value)),
    Setting(name="ssid", default="My WiFi", check=text(32)),
    Setting(name="rssi", default=-61, check=integer(-128, 127), about="dBm"),
    Setting(name="imei", default="860000000000000", check=text(16)),
    Setting(name="imsi", default="232000000000000", check=text(16)),
    Setting(name="operator", default="A1", check=text(32)),
    Setting(name="cellular_rssi", default=-75, check=integer(-128, 127), about="dBm"),
    Setting(name="cellular_mode", default=3, check=integer(0, 4)),
    Setting(name="sw_cm", default="1951B15V01", check=text(16), about="version of the cellular module"),
    Setting(name="latitude", default=46.911354, check=number(-90.0, 90.0), about="degrees; 0/0: no fix"),
    Setting(name="longitude", default=15.49472, check=number(-180.0, 180.0)),
    Setting(name="altitude", default=300.0, check=number(-500.0, 9000.0), about="m"),
    Setting(name="accuracy", default=5.0, check=number(0.0, 100_000.0), about="m"),
)

QUIRKS: Final = (
    Setting(name="idle_noise", default=False, check=boolean, about="about 0.8 W and some mA on L1 while idle"),
    Setting(name="control_lag", default=0.0, check=number(0.0, 60.0), about="s a written control reads as before"),
    Setting(name="phase_zero", default=True, check=boolean, about="phase_count reads 0 while phases are switched"),
    Setting(name="induced_voltages", default=False, check=boolean, about="open phases show induced voltages"),
    Setting(name="forgets_pause", default=False, check=boolean, about="charge_pause is forgotten at plug-in"),
    Setting(name="mdns_stale", default=False, check=boolean, about="TXT says the APIs are on, whatever they are"),
    Setting(name="mdns_without_serial", default=False, check=boolean, about="TXT lost serial_number on its way"),
    Setting(
        name="early_colon_keys", default=None, check=_as_firmware, about="some keys end in a colon; null: by firmware"
    ),
    Setting(name="ignores_raw", default=None, check=_as_firmware, about="texts in raw mode too; null: by firmware"),
)

SETTINGS: Final = (*CONTROLS, *APP, *HARDWARE, *QUIRKS)
