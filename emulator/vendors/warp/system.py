"""The box itself: names, features, modules, clock, restarts, firmware update, event log.

The one rule: what restarts or resets the box happens on a timer after the reply, as in the device.
Source: Tinkerforge esp32-firmware, `modules/esp32_common`, `device_name`, `rtc`, `ntp`, `system`, `firmware_update`.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, cast

from ...core.instant import SECOND, Instant
from ...devices.interfaces import Origin
from .models import NAMES, PRODUCTS, WARP3_UP
from .rows import AnyRow, Command, Config, Document, State
from .schema import BOOL, I16, U8, U16, U32, Arr, Bool, Int, Raw, Str, obj, sint, uint

if TYPE_CHECKING:
    from .view import View
    from .wallbox import Warp

_MODULES_2: Final = [
    "task_scheduler",
    "event_log",
    "api",
    "web_server",
    "rtc",
    "esp32_common",
    "esp32_ethernet_brick",
    "watchdog",
    "uptime_tracker",
    "debug_protocol",
    "evse_v2",
    "evse_common",
    "evse_led",
    "network",
    "ntp",
    "ethernet",
    "wifi",
    "network_helper",
    "rtc_bricklet",
    "mqtt",
    "mqtt_auto_discovery",
    "http",
    "ws",
    "event",
    "system",
    "firmware_update",
    "automation",
    "charge_manager",
    "cm_networking",
    "network_lib",
    "modbus_tcp_client",
    "rct_power_client",
    "meters",
    "meters_evse_v2",
    "meters_api",
    "meters_modbus_tcp",
    "meters_sun_spec",
    "meters_sma_speedwire",
    "meters_rct_power",
    "meters_legacy_api",
    "batteries",
    "batteries_modbus_tcp",
    "battery_control",
    "require_meter",
    "charge_tracker",
    "power_manager",
    "users",
    "nfc",
    "nfc_bricklet",
    "charge_authorization",
    "device_name",
    "modbus_tcp",
    "modbus_tcp_debug",
    "wireguard",
    "ocpp",
    "eebus",
    "charge_limits",
    "coredump",
    "pwa",
    "certs",
    "remote_access",
    "day_ahead_prices",
    "solar_forecast",
    "eco",
    "p14a_enwg",
]
_NOT_ON_1: Final = {"ethernet", "ocpp", "eebus", "day_ahead_prices", "solar_forecast", "eco", "p14a_enwg"}
_RENAMED_ON_1: Final = {
    "esp32_ethernet_brick": "esp32_brick",
    "evse_v2": "evse",
    "meters_evse_v2": "meters_rs485_bricklet",
}
RESET_AFTER: Final = 3.0
NTP_FIRST: Final = 5 * SECOND
"""ASSUMED time from boot to the first answer of a time server."""


def module_names(generation: int) -> list[str]:
    """Keys of `info/modules`, in order."""
    names = list(_MODULES_2)
    if generation == 1:
        return [_RENAMED_ON_1.get(name, name) for name in names if name not in _NOT_ON_1]
    if generation == 3:
        names += ["warp_esp32_i2c", "warp_esp32_rtc"]
    if generation == 4:
        names.insert(names.index("esp32_common"), "factory_data")
        names += ["iso15118", "meters_iso15118", "ev", "esp32_ethernet_v2_co_bricklet"]
    return names


def modules(v: View) -> object:
    box = v.box
    missing = set()
    if box.generation >= 3 or not box.settings.flag("rtc_fitted"):
        missing.add("rtc_bricklet")
    if not box.has_reader:
        missing |= {"nfc_bricklet"}
    return {name: name not in missing for name in module_names(box.generation)}


def features(box: Warp) -> list[str]:
    """In the order in which they are announced."""
    generation = box.generation
    found = ["evse"] if box.controller.answers else []
    if generation >= 2:
        found += ["cp_disconnect", "button_configuration"]
    if generation >= 3:
        found.append("rgb_led")
    if generation >= 2:
        found.append("ethernet")
    found.append("firmware_update")
    declared = box.meters.declared_at
    known = any(box.meters.value_ids(slot) for slot in range(box.meters.slots))
    early = known and (declared is None or declared <= box.booted_at)
    if early:
        found.append("meters")
    if box.has_reader:
        found.append("nfc")
    if generation == 4 and box.profile.has(since="2.12.2"):
        found.append("iso15118")
    if generation == 2:
        found.append("evse_gp_output")
    if generation >= 3 or box.settings.flag("rtc_fitted"):
        found.append("rtc")
    if box.power.offered:
        found.append("phase_switch")
    if known and not early:
        found.append("meters")
    linked = box.meters.linked
    ids = box.meters.value_ids(linked) if linked < box.meters.slots else ()
    if ids:
        found.append("meter")
        if any(value_id not in (74, 209, 210, 211, 212, 213, 214) for value_id in ids):
            found.append("meter_all_values")
        if {1, 2, 3, 13, 17, 21} <= set(ids):
            found.append("meter_phases")
    return found


SKU_NAMES: Final = {1: "Smart", 2: "Pro", 3: "Eichrecht"}


def display_type(box: Warp) -> str:
    """`WARP3 Charger Pro 11kW`"""
    kind = "Pro" if box.meters.value_ids(0) else "Smart"
    if box.generation == 4:  # from the factory's article number, whatever the meter says
        kind = SKU_NAMES[cast("int", box.profile.model.traits["sku_model"])]
    text = f"{PRODUCTS[box.generation]} {kind}"
    if not box.controller.answers:
        return text + " w/o EVSE"
    text += " 11kW" if box.controller.cable <= 20 else " 22kW"
    if box.generation == 1 and box.has_reader:
        text += " +NFC"
    if box.generation <= 2 and box.settings.flag("rtc_fitted"):
        text += " +RTC"
    return text


def _name(v: View) -> object:
    box = v.box
    return {
        "name": box.device_name,
        "type": NAMES[box.generation],
        "display_type": display_type(box),
        "uid": box.serial,
    }


def _version(v: View) -> object:
    return {"firmware": v.box.firmware_text, "config": v.box.config_version, "config_type": "warp"}


# --- clock -----------------------------------------------------------------------------------------------------------


class Clock:
    """What the box knows of the time of day."""

    def __init__(self, box: Warp) -> None:
        self._box = box
        self._offset = timedelta()
        """What a client set the clock to, against the truth."""

    def synced(self, at: Instant) -> bool:
        """Whether a time server answered lately."""
        box = self._box
        if not box.api.flag("ntp/config", "enable") or not box.settings.flag("internet"):
            return False
        return at >= box.booted_at + NTP_FIRST or box.booted_at == 0

    def known(self, at: Instant) -> bool:
        """Whether the time is known: by a time server, or from the hardware clock."""
        hardware = self._box.generation >= 3 or self._box.settings.flag("rtc_fitted")
        return self.synced(at) or (hardware and self._box.settings.flag("clock_set")) or bool(self._offset)

    def utc(self, at: Instant) -> datetime:
        return self._box.calendar(at).astimezone(UTC) + self._offset

    def set(self, to: datetime, at: Instant) -> None:
        """A client sets it; ignored when a time server has, or when it is older than the firmware."""
        built = datetime.fromtimestamp(int(self._box.build, 16), UTC) - timedelta(hours=25)
        if self.synced(at) or to < built:
            return
        self._offset = to - self._box.calendar(at).astimezone(UTC)
        self._box.touch()

    def boot(self) -> None:
        if self._box.generation < 3 and not self._box.settings.flag("rtc_fitted"):
            self._offset = timedelta()


def _rtc_time(v: View) -> object:
    if not v.box.clock.known(v.at):
        return dict.fromkeys(("year", "month", "day", "hour", "minute", "second", "weekday"), 0)
    now = v.box.clock.utc(v.at)
    return {
        "year": now.year,
        "month": now.month,
        "day": now.day,
        "hour": now.hour,
        "minute": now.minute,
        "second": now.second,
        "weekday": now.isoweekday() % 7,
    }


def _set_clock(box: Warp, value: object, _: Origin) -> str | None:
    t = cast("dict[str, int]", value)
    try:
        to = datetime(t["year"], t["month"], t["day"], t["hour"], t["minute"], t["second"], tzinfo=UTC)
    except ValueError:
        return None
    box.clock.set(to, box.simulation.at)
    return None


def _ntp_state(v: View) -> object:
    known = v.box.clock.known(v.at)
    return {
        "synced": v.box.clock.synced(v.at),
        "time": int(v.box.clock.utc(v.at).timestamp()) // 60 if known else 0,
    }


def _check_timezone(box: Warp, value: object) -> str | None:
    name = cast("dict[str, str]", value)["timezone"]
    return None if zone(name) is not None else "Can't update config: Failed to look up timezone."


def zone(name: str) -> Any:
    """The time zone called `name`; None if there is none."""
    from zoneinfo import ZoneInfo, available_timezones

    if name in ("UTC", "Etc/UTC"):
        return UTC
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        # without a zone database on this machine, names of the usual shape are taken as they are
        return None if available_timezones() or "/" not in name else UTC


# --- restarts --------------------------------------------------------------------------------------------------------


def _reboot(box: Warp, _: object, __: Origin) -> str | None:
    box.later(1.0, box.reboot)
    return None


def _bricklet_reboot(box: Warp, _: object, __: Origin) -> str | None:
    def act() -> None:
        box.controller.restart()
        box.reboot()

    box.later(1.0, act)
    return None


def _sure(text: str) -> Any:
    def validate(_: Warp, value: object) -> str | None:
        return None if cast("dict[str, bool]", value)["do_i_know_what_i_am_doing"] else text

    return validate


def _factory_reset(box: Warp, _: object, __: Origin) -> str | None:
    box.later(RESET_AFTER, box.factory_reset)
    return None


def _config_reset(box: Warp, _: object, __: Origin) -> str | None:
    box.later(RESET_AFTER, box.config_reset)
    return None


def _forget_config(box: Warp, value: object, _: Origin) -> str | None:
    path = cast("dict[str, str]", value)["path"]
    row = box.api.states.get(path)
    if not isinstance(row, Config):
        return f"Unknown config {path}"
    box.settings.put(path, None)
    return None


def _hide_warning(box: Warp, _: object, __: Origin) -> str | None:
    box.api.update("system/last_reset", show_warning=False)
    return None


def _no_update(box: Warp, _: object, __: Origin) -> str | None:
    box.log("firmware_update", "No update available")
    return None


def _language(_: Warp, value: object) -> str | None:
    return "Default is not allowed" if cast("dict[str, int]", value)["language"] == -1 else None


def _last_boots(v: View) -> object:
    return [
        {
            "reset_reason": 1,
            "boot_count": count,
            "timestamp_min": minutes,
            "uptime": 0,
            "uptime_overflows": 0,
        }
        for count, minutes in v.box.boots
    ]


_CONFIRM: Final = obj(do_i_know_what_i_am_doing=BOOL)
_TIME: Final = obj(year=U16, month=U8, day=U8, hour=U8, minute=U8, second=U8, weekday=U8)

MODULES_ROW: Final = State(
    name="info/modules", schema=Raw("object of booleans"), read=modules, live=False, source="fw: pio_hooks.py"
)
EVENT_LOG_ROWS: Final[tuple[AnyRow, ...]] = (
    Document(
        name="event_log/boot_id",
        schema=obj(boot_id=U32),
        initial=lambda box: {"boot_id": box.random32("boot_id")},
        source="fw: modules/event_log",
    ),
)
INFO_ROWS: Final[tuple[AnyRow, ...]] = (
    State(
        name="info/features",
        schema=Arr(Str(0, 32), 20),
        read=lambda v: features(v.box),
        source="fw: modules/api",
        assumed="order of the meter features",
    ),
    State(
        name="info/version",
        schema=obj(firmware=Str(0, 40), config=Str(0, 12), config_type=Str(0, 12)),
        read=_version,
        source="fw: modules/esp32_common",
        assumed="build time of all but 2.9.0",
    ),
)
RTC_ROWS: Final[tuple[AnyRow, ...]] = (
    State(name="rtc/time", schema=_TIME, read=_rtc_time, low_latency=True, source="fw: modules/rtc"),
    Command(name="rtc/time_update", schema=_TIME, run=_set_clock, action=True, source="fw: modules/rtc"),
    Config(name="rtc/config", schema=obj(auto_sync=Bool(True)), source="fw: modules/rtc"),
)
COMMON_ROWS: Final[tuple[AnyRow, ...]] = (
    Command(name="reboot", run=_reboot, action=True, source="fw: modules/esp32_common", about="after 1 s"),
    Command(name="bricklet_reboot", run=_bricklet_reboot, action=True, source="fw: modules/esp32_common"),
    Command(
        name="factory_reset",
        schema=_CONFIRM,
        run=_factory_reset,
        validate=_sure("Factory reset NOT requested"),
        action=True,
        source="fw: modules/esp32_common",
        about="after 3 s",
    ),
    Command(
        name="config_reset",
        schema=_CONFIRM,
        run=_config_reset,
        validate=_sure("Config reset NOT requested"),
        action=True,
        source="fw: modules/esp32_common",
        about="after 3 s",
    ),
    Command(
        name="config/reset",
        schema=obj(path=Str(0, 64)),
        run=_forget_config,
        action=True,
        source="fw: modules/config",
        assumed="error text",
    ),
    State(
        name="esp32/temperature",
        schema=obj(temperature=I16),
        read=lambda v: {"temperature": round(v.snapshot.temperature.get("board", 0.0) * 100)},
        models=WARP3_UP,
        source="fw: modules/warp_esp32_rtc",
    ),
)
UPTIME_ROWS: Final[tuple[AnyRow, ...]] = (
    State(
        name="info/last_boots",
        schema=Arr(obj(reset_reason=U8, boot_count=U32, timestamp_min=U32, uptime=U32, uptime_overflows=U32), 10),
        read=_last_boots,
        source="fw: modules/uptime_tracker",
        assumed="uptimes",
    ),
)
NAME_ROWS: Final[tuple[AnyRow, ...]] = (
    State(
        name="info/name",
        schema=obj(name=Str(0, 32), type=Str(0, 12), display_type=Str(0, 64), uid=Str(0, 8)),
        read=_name,
        source="fw: modules/device_name",
    ),
    Config(
        name="info/display_name",
        schema=obj(display_name=Str(0, 32)),
        initial=lambda box: {"display_name": box.device_name},
        source="fw: modules/device_name",
    ),
)
NTP_ROWS: Final[tuple[AnyRow, ...]] = (
    Config(
        name="ntp/config",
        schema=obj(
            enable=Bool(True),
            use_dhcp=Bool(True),
            timezone=Str(0, 32, "Europe/Berlin"),
            server=Str(0, 64, "time.cloudflare.com"),
            server2=Str(0, 64, "time.google.com"),
        ),
        validate=_check_timezone,
        source="fw: modules/ntp",
    ),
    State(name="ntp/state", schema=obj(synced=BOOL, time=U32), read=_ntp_state, source="fw: modules/ntp"),
)
SYSTEM_ROWS: Final[tuple[AnyRow, ...]] = (
    Config(
        name="system/i18n_config",
        schema=obj(language=sint(-1, 1, 0, width=8), detect_browser_language=Bool(True)),
        validate=_language,
        source="fw: modules/system",
    ),
    Config(name="system/theme_config", schema=obj(color_scheme=uint(0, 2, width=8)), source="fw: modules/system"),
    Document(
        name="system/last_reset",
        schema=obj(reason=Int(8, value=1), show_warning=BOOL),
        source="fw: modules/system",
    ),
    Command(name="system/hide_last_reset_warning", run=_hide_warning, action=True, source="fw: modules/system"),
)
UPDATE_ROWS: Final[tuple[AnyRow, ...]] = (
    Config(
        name="firmware_update/config",
        schema=obj(update_url=Str(0, 128, "https://www.warp-charger.com/firmwares/"), cert_id=Int(8, True, value=-1)),
        source="fw: modules/firmware_update",
    ),
    Document(
        name="firmware_update/state",
        schema=obj(
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
        ),
        initial=lambda box: {
            "publisher": "Tinkerforge GmbH",
            "check_timestamp": 0,
            "check_state": 0,
            "update_version": "",
            "running_partition": "app0",
            "app0_state": 2,
            "app0_version": box.firmware_text,
            "app1_state": 0xFFFFFFFF,
            "app1_version": "",
            "rolled_back_version": "",
        },
        source="fw: modules/firmware_update",
    ),
    Document(
        name="firmware_update/install_state",
        schema=obj(origin=U8, state=U8, progress=U8),
        source="fw: modules/firmware_update",
        about="nothing is ever installed",
    ),
    Command(name="firmware_update/check_for_update", run=_no_update, action=True, source="fw: modules/firmware_update"),
    Command(
        name="firmware_update/install_firmware",
        schema=obj(version=Str(0, 40)),
        run=_no_update,
        action=True,
        source="fw: modules/firmware_update",
    ),
    Command(name="firmware_update/validate", run=_no_update, action=True, source="fw: modules/firmware_update"),
)
