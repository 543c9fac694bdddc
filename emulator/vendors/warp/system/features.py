"""The firmware's own description: which modules it has, and which features the hardware gives it.

The one rule: a feature is announced in the order in which the firmware finds it.
Source: Tinkerforge esp32-firmware, `modules/api`, `pio_hooks.py`.
"""

from __future__ import annotations

from typing import Final

from ....devices.firmware import Profile
from ....devices.points import Point
from ..api.rows import AnyRow, Source
from ..api.schema import Str
from ..api.shapes import Arr, Raw
from ..evse.controller import Controller
from ..house.power import PowerManager
from ..meters.slots import Meters
from ..models import TRAITS, WARP4
from ..module import Module
from ..platform import Platform
from ..settings import RTC_FITTED
from ..view import View

EVSE, METER, PHASES, ALL_VALUES = "evse", "meter", "meter_phases", "meter_all_values"
SWITCH, NFC = "phase_switch", "nfc"
ISO15118: Final = Point(name="iso15118", source="fw: modules/iso15118", since="2.12.2", models=WARP4)
SIMPLE: Final = frozenset((74, 209, 210, 211, 212, 213, 214))
"""Value ids of a meter that shows power and energy only."""
OF_PHASES: Final = frozenset((1, 2, 3, 13, 17, 21))
_MODULES_2: Final = (
    "task_scheduler", "event_log", "api", "web_server", "rtc", "esp32_common", "esp32_ethernet_brick", "watchdog",
    "uptime_tracker", "debug_protocol", "evse_v2", "evse_common", "evse_led", "network", "ntp", "ethernet", "wifi",
    "network_helper", "rtc_bricklet", "mqtt", "mqtt_auto_discovery", "http", "ws", "event", "system",
    "firmware_update", "automation", "charge_manager", "cm_networking", "network_lib", "modbus_tcp_client",
    "rct_power_client", "meters", "meters_evse_v2", "meters_api", "meters_modbus_tcp", "meters_sun_spec",
    "meters_sma_speedwire", "meters_rct_power", "meters_legacy_api", "batteries", "batteries_modbus_tcp",
    "battery_control", "require_meter", "charge_tracker", "power_manager", "users", "nfc", "nfc_bricklet",
    "charge_authorization", "device_name", "modbus_tcp", "modbus_tcp_debug", "wireguard", "ocpp", "eebus",
    "charge_limits", "coredump", "pwa", "certs", "remote_access", "day_ahead_prices", "solar_forecast", "eco",
    "p14a_enwg",
)  # fmt: skip
LATE_MODULES: Final = Point(name="info/modules", source="capture: 2.9.0", since="2.10.0")
"""Modules that came with 2.10.0, or were no modules of their own before."""
_LATE: Final = {"esp32_common", "nfc_bricklet", "charge_authorization", "eebus", "p14a_enwg"}
_NOT_ON_1: Final = {"ethernet", "ocpp", "eebus", "day_ahead_prices", "solar_forecast", "eco", "p14a_enwg"}
_RENAMED_ON_1: Final = {
    "esp32_ethernet_brick": "esp32_brick",
    "evse_v2": "evse",
    "meters_evse_v2": "meters_rs485_bricklet",
}


_OF_MANAGER: Final = (
    "task_scheduler", "event_log", "api", "web_server", "rtc", "esp32_common", "esp32_ethernet_brick", "watchdog",
    "uptime_tracker", "network", "ntp", "ethernet", "wifi", "network_helper", "wireguard", "mqtt", "http", "ws",
    "event", "system", "firmware_update", "automation", "charge_manager", "cm_networking", "rtc_bricklet",
    "network_lib", "modbus_tcp_client", "modbus_tcp_debug", "eebus", "rct_power_client", "meters", "meters_em",
    "meters_api", "meters_modbus_tcp", "meters_sun_spec", "meters_sma_speedwire", "meters_rct_power",
    "meters_legacy_api", "batteries", "batteries_modbus_tcp", "battery_control", "debug_protocol", "em_v1",
    "em_common", "em_energy_analysis", "power_manager", "em_phase_switcher", "em_rtc", "em_sdcard",
    "day_ahead_prices", "solar_forecast", "charge_tracker", "users", "nfc", "charge_authorization", "hidden_proxy",
    "device_name", "coredump", "pwa", "certs", "remote_access", "eco", "p14a_enwg",
)  # fmt: skip
"""Source: esp32-firmware `software/energy_manager.ini`."""


def module_names(profile: Profile) -> list[str]:
    """Keys of `info/modules`, in order."""
    if TRAITS[profile.model.id].manages:
        return list(_OF_MANAGER)
    generation = TRAITS[profile.model.id].generation
    names = [name for name in _MODULES_2 if name not in _LATE or LATE_MODULES.exists(profile)]
    if generation == 1:
        return [_RENAMED_ON_1.get(name, name) for name in names if name not in _NOT_ON_1]
    if generation == 3:
        names += ["warp_esp32_i2c", "warp_esp32_rtc"]
    if generation == 4:
        names.insert(names.index("esp32_common"), "factory_data")
        names += ["iso15118", "meters_iso15118", "ev", "esp32_ethernet_v2_co_bricklet"]
    return names


class Features(Module):
    """The features of one wallbox."""

    def __init__(self, platform: Platform, controller: Controller, meters: Meters, power: PowerManager) -> None:
        super().__init__(platform)
        self.controller = controller
        self.meters = meters
        self.power = power

    def modules(self, v: View) -> object:
        missing = set()
        if self.platform.generation >= 3 or not self.settings[RTC_FITTED]:
            missing.add("rtc_bricklet")
        if not self.platform.has_reader:
            missing.add("nfc_bricklet" if LATE_MODULES.exists(self.platform.profile) else "nfc")
        return {name: name not in missing for name in module_names(self.platform.profile)}

    def announced(self) -> list[str]:
        """In the order in which they are announced."""
        generation, meters = self.platform.generation, self.meters
        known = any(meters.value_ids(slot) for slot in range(meters.slots))
        early = known and (meters.declared_at is None or meters.declared_at <= self.platform.booted_at)
        ids = set(meters.linked_ids)
        charger = not self.platform.traits.manages
        found = (
            ("energy_manager", not charger),
            (EVSE, charger and self.controller.answers),
            ("cp_disconnect", charger and generation >= 2),
            ("button_configuration", charger and generation >= 2),
            ("rgb_led", generation >= 3),
            ("ethernet", generation >= 2),
            ("firmware_update", True),
            ("meters", early),
            (NFC, self.platform.has_reader),
            (ISO15118.name, ISO15118.exists(self.platform.profile)),
            ("evse_gp_output", charger and generation == 2),
            ("rtc", self.platform.clock.fitted),
            (SWITCH, self.power.offered),
            ("meters", known and not early),
            (METER, bool(ids)),
            (ALL_VALUES, not ids <= SIMPLE),
            (PHASES, ids >= OF_PHASES),
        )
        return [name for name, there in found if there]


MODULES_ROWS: Final[tuple[AnyRow[Features], ...]] = (
    Source("fw: pio_hooks.py").state("info/modules", Raw("object of booleans"), Features.modules, live=False),
)
ROWS: Final[tuple[AnyRow[Features], ...]] = (
    Source("fw: modules/api").state(
        "info/features", Arr(Str(0, 32), 20), lambda m, v: m.announced(), assumed="order of the meter features"
    ),
)
