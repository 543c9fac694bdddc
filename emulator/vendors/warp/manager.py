"""Charge manager, eco, OCPP: configurations and states of a box that manages nobody and has no back end.

The one rule: what has no effect here is stored, checked and shown as in the device.
Source: Tinkerforge esp32-firmware, `modules/charge_manager`, `modules/eco`, `modules/ocpp`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast

from ...devices.interfaces import Origin
from .models import WARP1, WARP2_UP
from .rows import AnyRow, Command, Config, Document
from .schema import BOOL, I32, U8, U16, U32, Arr, Bool, Int, Raw, Str, many, obj, uint

if TYPE_CHECKING:
    from .wallbox import Warp

FW: Final = "fw: modules/charge_manager"
ECO: Final = "fw: modules/eco"
OCPP: Final = "fw: modules/ocpp"
NO_SCAN: Final = "Cannot scan for chargers: mDNS is disabled or failed to start."


def _config(box: Warp) -> dict[str, Any]:
    return cast("dict[str, Any]", box.api.document("charge_manager/config"))


def _check(_: Warp, value: object) -> str | None:
    config = cast("dict[str, Any]", value)
    if config["enable_charge_manager"] and not config["chargers"]:
        return "at least one charger is required"
    if config["default_available_current"] > config["maximum_available_current"]:
        return "default_available_current can not be greater than maximum_available_current"
    hosts = [charger["host"] for charger in config["chargers"]]
    if len(set(hosts)) < len(hosts):
        return "there must not be two chargers with the same hostname or IP address"
    return None


def refuse_current(box: Warp, value: object) -> str | None:
    if box.power.enabled:
        return "Cannot set available_current if the Power Manager is enabled."
    most = _config(box)["maximum_available_current"]
    if cast("dict[str, int]", value)["current"] > most:
        return f"Current too large: maximum available current is configured to {most}"
    return None


def _available(box: Warp, value: object, _: Origin) -> str | None:
    box.api.put("charge_manager/available_current", value)
    box.manager_watchdog.feed()
    return None


def _modes(box: Warp, value: object, _: Origin) -> str | None:
    box.api.put("charge_manager/charge_modes", value)
    return None


def _scan(box: Warp, _: object, __: Origin) -> str | None:
    if not box.api.flag("network/config", "enable_mdns"):
        return NO_SCAN
    box.manager_scanned = True
    box.push("charge_manager/scan_result", "[]")
    return None


def _authorize(box: Warp, value: object) -> str | None:
    wanted = cast("dict[str, int]", value)
    config = _config(box)
    if wanted["charger_idx"] >= len(config["chargers"]):
        return "Invalid charger index"
    if not config["enable_central_management"]:
        return "Central authorization is not enabled"
    if wanted["user_id"] != -1 and box.users.find(wanted["user_id"]) is None:
        return "Invalid user ID"
    return None


def _nothing(_: Warp, __: object, ___: Origin) -> str | None:
    return None


def _supported(box: Warp) -> object:
    solar = bool(cast("dict[str, Any]", box.api.document("power_manager/config"))["excess_charging_enable"])
    eco = "eco/config" in box.api.states and box.api.flag("eco/config", "enable")
    if solar:
        return [1, 2, 7, 0] if eco else [1, 2, 3, 0]
    return [1, 6, 8, 0] if eco else [1, 0]


def _refuse_ocpp(box: Warp, _: object) -> str | None:
    running = box.api.integer("ocpp/state", "txn_id") != 0x7FFFFFFF
    if running:
        return "OCPP config may not be updated while a transaction is in progress! Unplug the vehicle."
    return None


def _plan(box: Warp, value: object, _: Origin) -> str | None:
    box.api.put("eco/charge_plan", value)
    return None


def _manager(count: int, models: tuple[str, ...]) -> Config:
    charger = obj(host=Str(0, 64), name=Str(0, 32), rot=uint(0, 6, width=8), uid=U32)
    return Config(
        name="charge_manager/config",
        schema=obj(
            enable_charge_manager=BOOL,
            enable_central_management=BOOL,
            enable_watchdog=BOOL,
            default_available_current=U32,
            maximum_available_current=U32,
            minimum_current_auto=Bool(True),
            minimum_current=uint(6000, 32000, 6000, width=16),
            minimum_current_1p=uint(6000, 32000, 6000, width=16),
            minimum_current_vehicle_type=uint(0, 3, width=8),
            verbose=BOOL,
            requested_current_threshold=Int(16, value=60),
            requested_current_margin=Int(16, value=3000),
            chargers=Arr(charger, count),
        ),
        validate=_check,
        models=models,
        source=FW,
    )


_CURRENT: Final = obj(current=U32)
_PLAN: Final = obj(
    enable=BOOL,
    departure=uint(0, 2, 2, width=8),
    time=uint(0, 1439, 480, width=16),
    amount=uint(0, 48, 4, width=8),
)
_MODES: Final = Arr(uint(0, 9, width=8), 64)
ROWS: Final[tuple[AnyRow, ...]] = (
    _manager(10, WARP1),
    _manager(64, WARP2_UP),
    Document(
        name="charge_manager/available_current",
        schema=_CURRENT,
        initial=lambda box: {"current": _config(box)["default_available_current"]},
        source=FW,
    ),
    Command(
        name="charge_manager/available_current_update",
        schema=_CURRENT,
        run=_available,
        validate=refuse_current,
        source=FW,
    ),
    Document(
        name="charge_manager/state",
        schema=obj(
            state=U8,
            l_raw=many(I32, 4),
            l_min=many(I32, 4),
            l_spread=many(I32, 4),
            l_max_pv=I32,
            alloc=many(I32, 4),
            chargers=Arr(Raw("unstable"), 64),
        ),
        source=FW,
        live=False,
        about="not configured: the box manages nobody",
    ),
    Config(
        name="charge_manager/low_level_config",
        schema=obj(
            global_hysteresis=Int(32, value=210),
            wakeup_time=Int(32, value=210),
            plug_in_time=Int(32, value=210),
            enable_current_factor_pct=Int(16, value=150),
            allocation_interval=Int(16, value=10),
            rotation_interval=Int(16, value=900),
        ),
        source=FW,
    ),
    Document(
        name="charge_manager/low_level_state",
        schema=obj(last_hyst_reset=U32, wnd_min=many(I32, 4), wnd_max=many(I32, 4), chargers=Arr(Raw("unstable"), 64)),
        source=FW,
        live=False,
    ),
    Document(name="charge_manager/charge_modes", schema=_MODES, source=FW),
    Command(
        name="charge_manager/charge_modes_update",
        schema=_MODES,
        run=_modes,
        source=FW,
        current=lambda box: box.api.document("charge_manager/charge_modes"),
    ),
    Document(
        name="charge_manager/supported_charge_modes",
        schema=Arr(U8, 10),
        initial=_supported,
        source=FW,
    ),
    Command(name="charge_manager/scan", run=_scan, action=True, source=FW, about="finds nobody"),
    Command(
        name="charge_manager/authorize_charger",
        schema=obj(charger_idx=U8, user_id=Int(16, True)),
        run=_nothing,
        validate=_authorize,
        action=True,
        source=FW,
    ),
)
ECO_ROWS: Final[tuple[AnyRow, ...]] = (
    Config(
        name="eco/config",
        schema=obj(
            enable=BOOL,
            park_time=BOOL,
            park_time_duration=uint(1, 48, 8, width=8),
            charge_below=BOOL,
            charge_below_threshold=Int(16, True),
            block_above=BOOL,
            block_above_threshold=Int(16, True, value=20),
            yield_forecast=BOOL,
            yield_forecast_threshold=U16,
        ),
        models=WARP2_UP,
        source=ECO,
    ),
    Document(name="eco/charge_plan", schema=_PLAN, models=WARP2_UP, source=ECO),
    Command(
        name="eco/charge_plan_update",
        schema=_PLAN,
        run=_plan,
        models=WARP2_UP,
        source=ECO,
        current=lambda box: box.api.document("eco/charge_plan"),
    ),
    Document(
        name="eco/state",
        schema=obj(last_save=U32, chargers=Arr(obj(start=U32, amount=U8, chart=Str(0, 512)), 64)),
        models=WARP2_UP,
        source=ECO,
        live=False,
    ),
)
OCPP_ROWS: Final[tuple[AnyRow, ...]] = (
    Config(
        name="ocpp/config",
        schema=obj(
            enable=BOOL,
            url=Str(0, 128),
            identity=Str(0, 64),
            enable_auth=BOOL,
            **{"pass": Str(0, 64)},
            cert_id=Int(8, True, value=-1),
        ),
        initial=lambda box: {
            "enable": False,
            "url": "",
            "identity": box.device_name,
            "enable_auth": False,
            "pass": "",
            "cert_id": -1,
        },
        validate=_refuse_ocpp,
        censor=("pass",),
        models=WARP2_UP,
        source=OCPP,
    ),
    Document(
        name="ocpp/state",
        schema=obj(
            charge_point_state=U8,
            charge_point_status=U8,
            next_profile_eval=U32,
            connector_state=U8,
            connector_status=U8,
            tag_id=Str(0, 20),
            parent_tag_id=Str(0, 20),
            tag_expiry_date=U32,
            tag_timeout=U32,
            cable_timeout=U32,
            last_rejected_tag=Str(0, 20),
            last_rejected_tag_reason=U8,
            txn_id=Int(32, True, value=0x7FFFFFFF),
            txn_start_time=U32,
            current=U32,
            txn_with_invalid_id=BOOL,
            unavailable_requested=BOOL,
            message_in_flight_type=U8,
            message_in_flight_id_high=U32,
            message_in_flight_id_low=U32,
            message_in_flight_len=U32,
            message_timeout=U32,
            txn_msg_retry_timeout=U32,
            message_queue_depth=U8,
            status_queue_depth=U8,
            txn_msg_queue_depth=U8,
            connected=BOOL,
            connected_change_time=U32,
            last_ping_sent=U32,
            pong_timeout=U32,
        ),
        models=WARP2_UP,
        source=OCPP,
        live=False,
        about="no back end is connected",
    ),
    Document(
        name="ocpp/configuration",
        schema=Raw("object of strings"),
        initial=lambda _: {},
        models=WARP2_UP,
        source=OCPP,
        live=False,
        assumed="empty while OCPP is off",
    ),
    Command(name="ocpp/reset", run=_nothing, action=True, models=WARP2_UP, source=OCPP),
)
