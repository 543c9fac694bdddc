"""The methods of the API.

The one rule: a method takes its parameters and gives its result or a `Refusal`; what it writes is recorded here, under
the address that scenarios and rules use.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final, Unpack

from ...devices.firmware import Profile
from ...devices.interfaces import Origin
from ...devices.points import Fidelity, Point, unique
from . import fields
from .config import as_integer
from .facts import Facts
from .fields import Field, members
from .meter import METER_INFO
from .models import CHARGERS, METERS
from .readings import View
from .refusals import FORMAT, LENGTH, RANGE, TYPE, UNKNOWN_KEY, Refusal
from .schedule import read_intervals

if TYPE_CHECKING:
    from .charging import Charging
    from .wallbox import Lektrico

Params = Mapping[str, object]
Call = Callable[["Lektrico", Params, Origin], object]
"""The result, or a `Refusal`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Method(Point):
    """One method. Names are compared without regard to case."""

    call: Call
    writes: bool = False
    params: tuple[str, ...] = ()
    fields: tuple[Field, ...] = ()

    def fidelity(self) -> Fidelity:
        return Fidelity(
            table="Methods",
            name=self.name.lower(),
            type="bool" if self.writes else "object",
            readable=not self.writes,
            settable=self.writes,
            live=self.live,
            source=self.source,
            since=self.since,
            until=self.until,
            models=self.models,
            assumed=self.assumed,
            about=self.about,
        )


# --- reading ---------------------------------------------------------------------------------------------------------


def _reading(name: str, rows: tuple[Field, ...], source: str, models: tuple[str, ...] | None = CHARGERS) -> Method:
    def call(box: Lektrico, _: Params, __: Origin) -> object:
        return members(box.tables[name], View(box))

    return Method(name=name, call=call, source=source, models=models, fields=rows)


def _app_config(box: Lektrico, _: Params, __: Origin) -> object:
    return {name: box.settings[name] for name in box.config}


def _flags(box: Lektrico, _: Params, __: Origin, *, logged: bool) -> object:
    view = View(box)
    found = view.logged_errors if logged else view.active_errors
    return {name: name in found for name in box.flags}


def _schedule(box: Lektrico, _: Params, __: Origin) -> object:
    return {"charging_schedule": box.settings["charging_schedule"]}


def _balancing_mode(box: Lektrico, _: Params, __: Origin) -> object:
    return {"load_balancing_mode": box.settings["load_balancing_mode"]}


# --- writing ---------------------------------------------------------------------------------------------------------


def _done(box: Lektrico, point: str, value: object, refusal: Refusal | None, origin: Origin) -> object:
    """Record a write; the result of the method."""
    box.wrote(point, value, refusal, origin)
    return True if refusal is None else refusal


def _action(
    name: str,
    source: str,
    act: Callable[[Lektrico], Refusal | None],
    *,
    params: tuple[str, ...] = (),
    **facts: Unpack[Facts],
) -> Method:
    """A method that takes no parameters, or ignores them."""

    def call(box: Lektrico, given: Params, origin: Origin) -> object:
        return _done(box, name.lower(), dict(given) or True, act(box), origin)

    return Method(name=name, call=call, writes=True, params=params, source=source, **facts)


def _charge(act: Callable[[Charging], Refusal | None]) -> Callable[[Lektrico], Refusal | None]:
    def do(box: Lektrico) -> Refusal | None:
        assert box.charging is not None
        return act(box.charging)

    return do


def _always(act: Callable[[Lektrico], None]) -> Callable[[Lektrico], Refusal | None]:
    def do(box: Lektrico) -> Refusal | None:
        act(box)
        return None

    return do


def _set_config(box: Lektrico, params: Params, origin: Origin) -> object:
    key = params.get("config_key")
    if not isinstance(key, str) or "config_value" not in params:
        return _done(box, "app_config", dict(params), FORMAT, origin)
    value = params["config_value"]
    return _done(box, f"app_config.{key}", value, _store_config(box, key, value), origin)


def _store_config(box: Lektrico, key: str, value: object) -> Refusal | None:
    row = box.config.get(key)
    if row is None:
        return UNKNOWN_KEY
    found = row.convert(value)
    if isinstance(found, Refusal):
        return found
    if key == "owner_id" and box.settings[key]:
        return box.prohibited
    box.settings.put(key, found)
    return None


def _current(value: object, *, zero: bool = True) -> int | Refusal:
    """A current as the energy manager or a client states it: 0, or 6 to 32 A."""
    found = as_integer(0, 32)(value)
    if isinstance(found, Refusal):
        return found
    assert isinstance(found, int)
    return RANGE if found < 6 and (found != 0 or not zero) else found


def _set_dynamic(box: Lektrico, params: Params, origin: Origin) -> object:
    if "dynamic_current" not in params:
        return _done(box, "dynamic_current", dict(params), FORMAT, origin)
    current = _current(params["dynamic_current"], zero=box.has("zero_pauses"))
    if isinstance(current, Refusal):
        return _done(box, "dynamic_current", params["dynamic_current"], current, origin)
    if "relay_mode" in params and box.has("relay_mode"):
        mode = as_integer(0, 3)(params["relay_mode"])
        if isinstance(mode, Refusal) or mode == 2:
            refusal = mode if isinstance(mode, Refusal) else RANGE
            return _done(box, "relay_mode", params["relay_mode"], refusal, origin)
        box.settings.put("relay_mode", mode)
        _done(box, "relay_mode", mode, None, origin)
    box.settings.put("dynamic_current", current)
    return _done(box, "dynamic_current", current, None, origin)


def _set_em(box: Lektrico, params: Params, origin: Origin) -> object:
    """The document spells the key in two ways; both are taken."""
    named = [name for name in ("EM_current", "em_current") if name in params]
    if not named:
        return _done(box, "em_current", dict(params), FORMAT, origin)
    current = _current(params[named[0]])
    if isinstance(current, Refusal):
        return _done(box, "em_current", params[named[0]], current, origin)
    assert box.charging is not None
    box.charging.em_current(current)
    return _done(box, "em_current", current, None, origin)


def _set_schedule(box: Lektrico, params: Params, origin: Origin) -> object:
    if "charging_schedule" not in params:
        return _done(box, "charging_schedule", dict(params), FORMAT, origin)
    value = params["charging_schedule"]
    found = read_intervals(value)
    if isinstance(found, Refusal):
        return _done(box, "charging_schedule", value, found, origin)
    shown = [interval.shown() for interval in found]
    box.settings.put("charging_schedule", shown)
    return _done(box, "charging_schedule", shown, None, origin)


def _set_password(box: Lektrico, params: Params, origin: Origin) -> object:
    """Empty: an open access point. ASSUMED: the code for a wrong length."""
    refusal: Refusal | None = None
    value = params.get("password")
    if "password" not in params:
        refusal = FORMAT
    elif not isinstance(value, str):
        refusal = TYPE
    elif value and not 8 <= len(value.encode()) <= 63:
        refusal = LENGTH
    else:
        box.settings.put("ap_password", value)
    return _done(box, "ap_password", value, refusal, origin)


def _set_balancing(box: Lektrico, params: Params, origin: Origin) -> object:
    if "load_balancing_mode" not in params:
        return _done(box, "app_config.load_balancing_mode", dict(params), FORMAT, origin)
    return _set_config(
        box, {"config_key": "load_balancing_mode", "config_value": params["load_balancing_mode"]}, origin
    )


def _forget_errors(box: Lektrico) -> None:
    assert box.charging is not None
    box.charging.log_errors(box.snapshot(), anew=True)


# --- the framework's own ---------------------------------------------------------------------------------------------


def _list(box: Lektrico, _: Params, __: Origin) -> object:
    return [method.name for method in box.methods.values()]


def _ping(box: Lektrico, _: Params, origin: Origin) -> object:
    return {"channel_info": origin.client or ""}


def _info(box: Lektrico, _: Params, __: Origin) -> object:
    return {
        "id": box.device_id,
        "fw_version": box.profile.firmware.text,
        "fw_id": box.firmware_id,
        "arch": "esp32",
        "uptime": box.uptime(box.simulation.now()) // 1_000_000,
        "ram_free": 30180,
    }


# --- the list --------------------------------------------------------------------------------------------------------

_API: Final = "Charger local API, 5."
_CLIENT: Final = "lektricowifi 0.1"
_JEEDOM: Final = "Jeedom LektriCo.class.php"
_BUILT_IN: Final = "Mongoose OS rpc-common"


def _flag_reading(name: str, chapter: str, *, logged: bool) -> Method:
    return Method(name=name, call=partial(_flags, logged=logged), source=_API + chapter, models=CHARGERS)


METHODS: Final = (
    _action("Charge.Start", _API + "1", _charge(lambda c: c.start()), models=CHARGERS, params=("tag",),
            assumed="refused without a car, when locked and in states E and F"),
    _action("Charge.Stop", _API + "2", _charge(lambda c: c.stop()), models=CHARGERS, assumed="refused without a car"),
    Method(name="App_config.Get", call=_app_config, source=_API + "3"),
    Method(name="App_config.Set", call=_set_config, writes=True, source=_API + "4",
           params=("config_key", "config_value")),
    _reading("Charger_info.Get", fields.CHARGER_INFO, _API + "5"),
    _reading("Sw_version.Get", fields.SW_VERSION, _API + "6", None),
    _action("Device.Reset", _API + "7", _always(lambda box: box.lifecycle.restart())),
    _flag_reading("Logged_errors.Get", "8", logged=True),
    _action("Logged_errors.Reset", _API + "9", _always(_forget_errors), models=CHARGERS,
            assumed="what is active stays logged"),
    _flag_reading("Active_errors.Get", "10", logged=False),
    _reading("Wifi_status.Get", fields.WIFI_STATUS, _API + "11", None),
    _reading("System_currents.Get", fields.SYSTEM_CURRENTS, _API + "12"),
    _reading("Counters_config.Get", fields.COUNTERS, _API + "13"),
    _action("Ota.Verify", _API + "14", _always(lambda box: box.lifecycle.verify()), assumed="waits for a session"),
    _action("Factory.Reset", _API + "15", _always(lambda box: box.lifecycle.factory_reset()),
            assumed="forgets the network as well"),
    Method(name="Ap_password.Set", call=_set_password, writes=True, source=_API + "16", params=("password",),
           assumed="-3 for a wrong length"),
    _action("Charge.Pause", _API + "17", _charge(lambda c: c.pause(True)), models=CHARGERS,
            assumed="refused without a car"),
    _action("Charge.Resume", _API + "18", _charge(lambda c: c.pause(False)), models=CHARGERS,
            assumed="refused without a car"),
    _reading("Device_info.Get", fields.DEVICE_INFO, _API + "19"),
    Method(name="Charging_schedule.Set", call=_set_schedule, writes=True, source=_API + "20", models=CHARGERS,
           params=("charging_schedule",), assumed="codes of its refusals"),
    Method(name="Charging_schedule.Get", call=_schedule, source=_API + "21", models=CHARGERS),
    _action("Charging_schedule.Override", _API + "22", _charge(lambda c: c.override()), models=CHARGERS,
            assumed="refused as Charge.Start"),
    Method(name="EM_current.Set", call=_set_em, writes=True, source=_API + "23", models=CHARGERS,
           params=("EM_current",)),
    _reading("EM_current.Get", fields.EM_CURRENT, _API + "24"),
    _reading("EM_status.Get", fields.EM_STATUS, _API + "25"),
    _reading("Dynamic_current.Get", fields.DYNAMIC_CURRENT, _CLIENT),
    Method(name="Dynamic_current.Set", call=_set_dynamic, writes=True, source=_CLIENT, models=CHARGERS,
           params=("dynamic_current", "relay_mode"), assumed="relay_mode other than 0, 1, 3 is out of range"),
    _reading("Device_id.Get", fields.DEVICE_ID, _CLIENT, None),
    _reading("Charger_config.Get", fields.DEVICE_CONFIG, _CLIENT),
    _reading("M2w_config.Get", fields.DEVICE_CONFIG, _CLIENT, METERS),
    _reading("Meter_info.Get", METER_INFO, _CLIENT, METERS),
    Method(name="Load_balancing_mode.Get", call=_balancing_mode, source=_JEEDOM, models=METERS),
    Method(name="Load_balancing_mode.Set", call=_set_balancing, writes=True, source=_JEEDOM, models=METERS,
           params=("load_balancing_mode",)),
)  # fmt: skip
unique(METHODS)

BUILT_IN: Final = (
    Method(name="RPC.List", call=_list, source=_BUILT_IN, assumed="off on the device"),
    Method(name="RPC.Ping", call=_ping, source=_BUILT_IN, assumed="off on the device"),
    Method(name="Sys.GetInfo", call=_info, source=_BUILT_IN, assumed="off on the device"),
    _action("Sys.Reboot", _BUILT_IN, _always(lambda box: box.lifecycle.restart()), assumed="off on the device"),
)
"""There only if the setting `framework_methods` says so."""


def served(profile: Profile, *, built_in: bool) -> dict[str, Method]:
    """The methods of a box, by their name in lower case."""
    rows = (*METHODS, *BUILT_IN) if built_in else METHODS
    return {row.name.lower(): row for row in rows if row.exists(profile)}
