"""The methods of the API.

The one rule: a method takes its parameters and gives its result or a `Refusal`; what it writes is recorded here, under
the address that scenarios and rules use.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, TypeVar, Unpack

from ...core.messages import DONE
from ...devices.controls import Host
from ...devices.interfaces import Origin
from ...devices.points import Facts, Fidelity, Point, unique
from ...devices.rendering import Document, Moments, listed
from ...runtime.simulation import Simulation
from . import fields
from .charging import Charging
from .config import LOAD_BALANCING_MODE, OWNER_ID
from .device import Device
from .fields import Field, members
from .lifecycle import Lifecycle
from .meter import METER_INFO
from .models import CHARGERS, METERS
from .quirks import PHASE_COMMAND, ZERO_PAUSES
from .readings import View
from .refusals import FORMAT, RANGE, UNKNOWN_KEY, Refusal, no_handler
from .settings import AP_PASSWORD, CHARGING_SCHEDULE, DYNAMIC_CURRENT, EM_CURRENT, FRAMEWORK_METHODS, RELAY_MODE
from .stored import Stored

_API: Final = "Charger local API, 5."
_CLIENT: Final = "lektricowifi 0.1"
_JEEDOM: Final = "Jeedom LektriCo.class.php"
_BUILT_IN: Final = "Mongoose OS rpc-common"
T = TypeVar("T")
Params = Mapping[str, object]


@dataclass(eq=False)
class Api:
    """The methods of one device, and what they act on."""

    device: Device
    charger: Charging | None
    lifecycle: Lifecycle
    simulation: Simulation
    view: Callable[[], View]
    host: Host
    moments: Moments

    def __post_init__(self) -> None:
        self.settings = self.device.settings
        self.compile()

    def compile(self) -> None:
        """The methods of the profile and settings in force."""
        rows = (*METHODS, *BUILT_IN) if self.settings[FRAMEWORK_METHODS] else METHODS
        profile = self.device.profile
        self.methods: Mapping[str, Method] = {row.name.lower(): row for row in rows if row.exists(profile)}
        """By their name in lower case."""
        self.tables: Mapping[str, tuple[Field, ...]] = {
            method.name: fields.served(method.fields, profile) for method in self.methods.values() if method.fields
        }

        self._documents: dict[str, Document[View]] = {}
        self.readable = frozenset(name for name, method in self.methods.items() if not method.writes)
        """Names of the methods that write nothing, in lower case."""

    def document(self, name: str) -> Document[View] | None:
        """The printed result of a method that only reads members; None: it does something else."""
        method = self.methods.get(name.lower())
        if method is None or not method.fields:
            return None
        if method.name not in self._documents:
            rows = fields.fragments(self.tables[method.name])
            self._documents[method.name] = Document(self.moments, rows, listed(b"{", b",", b"}"))
        return self._documents[method.name]

    @property
    def charging(self) -> Charging:
        assert self.charger is not None
        return self.charger

    def call(self, name: str, params: Params, origin: Origin) -> object:
        """Call a method; its result, or a `Refusal`. Names are compared without regard to case."""
        method = self.methods.get(name.lower())
        if method is None:
            return no_handler(name)
        result = method.call(self, params, origin)
        if method.writes and not isinstance(result, Refusal):
            self.host.changed()
        return result

    def wrote(self, point: str, value: object, refusal: Refusal | None, origin: Origin) -> object:
        """Record a write; the result of the method."""
        self.host.record_write(point, value, DONE if refusal is None else refusal.outcome(), origin)
        return True if refusal is None else refusal

    def fidelity(self) -> list[Fidelity]:
        rows = [method.fidelity() for method in self.methods.values()]
        for method in self.methods.values():
            rows += [field.fidelity(method.name) for field in self.tables.get(method.name, ())]
        return rows


Call = Callable[[Api, Params, Origin], object]
"""The result, or a `Refusal`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Method(Point):
    """One method. Names are compared without regard to case."""

    call: Call
    writes: bool = False
    params: tuple[str, ...] = ()
    fields: tuple[Field, ...] = ()

    def fidelity(self) -> Fidelity:
        return self.documented(
            "Methods",
            "bool" if self.writes else "object",
            readable=not self.writes,
            settable=self.writes,
            name=self.name.lower(),
        )


# --- reading ---------------------------------------------------------------------------------------------------------


def _reading(name: str, rows: tuple[Field, ...], source: str, models: tuple[str, ...] | None = CHARGERS) -> Method:
    def call(api: Api, _: Params, __: Origin) -> object:
        return members(api.tables[name], api.view())

    return Method(name, call=call, source=source, models=models, fields=rows)


def _getter(name: str, read: Callable[[Api], object], source: str, **facts: Unpack[Facts]) -> Method:
    return Method(name, call=lambda api, _, __: read(api), source=source, **facts)


def _flags(name: str, chapter: str, active: Callable[[View], frozenset[str]]) -> Method:
    def read(api: Api) -> object:
        found = active(api.view())
        return {flag: flag in found for flag in api.device.flags}

    return _getter(name, read, _API + chapter, models=CHARGERS)


# --- writing ---------------------------------------------------------------------------------------------------------


def _action(
    name: str,
    source: str,
    act: Callable[[Api], Refusal | None],
    *,
    params: tuple[str, ...] = (),
    **facts: Unpack[Facts],
) -> Method:
    """A method that takes no parameters, or ignores them."""

    def call(api: Api, given: Params, origin: Origin) -> object:
        return api.wrote(name.lower(), dict(given) or True, act(api), origin)

    return Method(name, call=call, writes=True, params=params, source=source, **facts)


def _storing(
    name: str,
    row: Stored[T],
    store: Callable[[Api, T], None] | None = None,
    *,
    params: tuple[str, ...] = (),
    **facts: Unpack[Facts],
) -> Method:
    """A method that sets one value, named by the first of `params` (default: the row's name) that is given."""
    names = params or (row.name,)

    def call(api: Api, given: Params, origin: Origin) -> object:
        stated = next((given[name] for name in names if name in given), None)
        if not any(name in given for name in names):
            return api.wrote(row.name, dict(given), FORMAT, origin)
        value = row.convert(stated)
        if isinstance(value, Refusal):
            return api.wrote(row.name, stated, value, origin)
        if store is None:
            api.settings.put(row.setting, value)
        else:
            store(api, value)
        return api.wrote(row.name, value, None, origin)

    return Method(name, call=call, writes=True, params=names[:1], source=row.source, **facts)


def _set_config(api: Api, params: Params, origin: Origin) -> object:
    key = params.get("config_key")
    if not isinstance(key, str) or "config_value" not in params:
        return api.wrote("app_config", dict(params), FORMAT, origin)
    value = params["config_value"]
    return api.wrote(f"app_config.{key}", value, _store_config(api, key, value), origin)


def _store_config(api: Api, key: str, value: object) -> Refusal | None:
    row = api.device.config.get(key)
    if row is None:
        return UNKNOWN_KEY
    found = row.convert(value)
    if isinstance(found, Refusal):
        return found
    if key == OWNER_ID.name and api.settings[OWNER_ID.setting]:
        return api.device.prohibited
    api.settings.put(row.setting, found)
    return None


def _set_dynamic(api: Api, params: Params, origin: Origin) -> object:
    if "dynamic_current" not in params:
        return api.wrote("dynamic_current", dict(params), FORMAT, origin)
    current = DYNAMIC_CURRENT.convert(params["dynamic_current"])
    if current == 0 and not api.device.shows(ZERO_PAUSES):
        current = RANGE
    if isinstance(current, Refusal):
        return api.wrote("dynamic_current", params["dynamic_current"], current, origin)
    if "relay_mode" in params and api.device.shows(PHASE_COMMAND):
        mode = RELAY_MODE.convert(params["relay_mode"])
        if isinstance(mode, Refusal):
            return api.wrote("relay_mode", params["relay_mode"], mode, origin)
        if not api.settings.put(RELAY_MODE.setting, mode):
            api.charging.apply()  # what was not switched then is tried again
        api.wrote("relay_mode", mode, None, origin)
    api.settings.put(DYNAMIC_CURRENT.setting, current)
    return api.wrote("dynamic_current", current, None, origin)


def _set_balancing(api: Api, params: Params, origin: Origin) -> object:
    name = LOAD_BALANCING_MODE.name
    if name not in params:
        return api.wrote(f"app_config.{name}", dict(params), FORMAT, origin)
    return _set_config(api, {"config_key": name, "config_value": params[name]}, origin)


# --- the framework's own ---------------------------------------------------------------------------------------------


def _ping(_: Api, __: Params, origin: Origin) -> object:
    return {"channel_info": origin.client or ""}


def _info(api: Api) -> object:
    return {
        "id": api.device.device_id,
        "fw_version": api.device.firmware,
        "fw_id": api.device.firmware_id,
        "arch": "esp32",
        "uptime": api.lifecycle.uptime(api.simulation.now()) // 1_000_000,
        "ram_free": api.view().heap_free,
    }


# --- the list --------------------------------------------------------------------------------------------------------

METHODS: Final = (
    _action("Charge.Start", _API + "1", lambda api: api.charging.start(), models=CHARGERS, params=("tag",),
            assumed="refused without a car, when locked and in states E and F"),
    _action("Charge.Stop", _API + "2", lambda api: api.charging.stop(), models=CHARGERS,
            assumed="refused without a car"),
    _getter("App_config.Get", lambda api: {name: api.settings[row.setting] for name, row in api.device.config.items()},
            _API + "3"),
    Method("App_config.Set", call=_set_config, writes=True, source=_API + "4",
           params=("config_key", "config_value")),
    _reading("Charger_info.Get", fields.CHARGER_INFO, _API + "5"),
    _reading("Sw_version.Get", fields.SW_VERSION, _API + "6", None),
    _action("Device.Reset", _API + "7", lambda api: api.lifecycle.restart()),
    _flags("Logged_errors.Get", "8", lambda view: view.logged_errors),
    _action("Logged_errors.Reset", _API + "9", lambda api: api.charging.log_errors(forget=True), models=CHARGERS,
            assumed="what is active stays logged"),
    _flags("Active_errors.Get", "10", lambda view: view.active_errors),
    _reading("Wifi_status.Get", fields.WIFI_STATUS, _API + "11", None),
    _reading("System_currents.Get", fields.SYSTEM_CURRENTS, _API + "12"),
    _reading("Counters_config.Get", fields.COUNTERS, _API + "13"),
    _action("Ota.Verify", _API + "14", lambda api: api.lifecycle.verify(), assumed="waits for a session"),
    _action("Factory.Reset", _API + "15", lambda api: api.lifecycle.factory_reset(),
            assumed="forgets the network as well"),
    _storing("Ap_password.Set", AP_PASSWORD, params=("password",), assumed="-3 for a wrong length"),
    _action("Charge.Pause", _API + "17", lambda api: api.charging.pause(True), models=CHARGERS,
            assumed="refused without a car"),
    _action("Charge.Resume", _API + "18", lambda api: api.charging.pause(False), models=CHARGERS,
            assumed="refused without a car"),
    _reading("Device_info.Get", fields.DEVICE_INFO, _API + "19"),
    _storing("Charging_schedule.Set", CHARGING_SCHEDULE, models=CHARGERS, assumed="codes of its refusals"),
    _getter("Charging_schedule.Get", lambda api: {"charging_schedule": api.settings[CHARGING_SCHEDULE.setting]},
            _API + "21", models=CHARGERS),
    _action("Charging_schedule.Override", _API + "22", lambda api: api.charging.override(), models=CHARGERS,
            assumed="refused as Charge.Start"),
    # The document spells its parameter in two ways; both are taken.
    _storing("EM_current.Set", EM_CURRENT, lambda api, current: api.charging.em_current(current), models=CHARGERS,
             params=("EM_current", "em_current")),
    _reading("EM_current.Get", fields.EM_CURRENT, _API + "24"),
    _reading("EM_status.Get", fields.EM_STATUS, _API + "25"),
    _reading("Dynamic_current.Get", fields.DYNAMIC_CURRENT, _CLIENT),
    Method("Dynamic_current.Set", call=_set_dynamic, writes=True, source=_CLIENT, models=CHARGERS,
           params=("dynamic_current", "relay_mode"), assumed="relay_mode other than 0, 1, 3 is out of range"),
    _reading("Device_id.Get", fields.DEVICE_ID, _CLIENT, None),
    _reading("Charger_config.Get", fields.DEVICE_CONFIG, _CLIENT),
    _reading("M2w_config.Get", fields.DEVICE_CONFIG, _CLIENT, METERS),
    _reading("Meter_info.Get", METER_INFO, _CLIENT, METERS),
    _getter("Load_balancing_mode.Get", lambda api: {"load_balancing_mode": api.settings[LOAD_BALANCING_MODE.setting]},
            _JEEDOM, models=METERS),
    Method("Load_balancing_mode.Set", call=_set_balancing, writes=True, source=_JEEDOM, models=METERS,
           params=("load_balancing_mode",)),
)  # fmt: skip
unique(METHODS)

BUILT_IN: Final = (
    _getter("RPC.List", lambda api: [method.name for method in api.methods.values()], _BUILT_IN,
        assumed="off on the device"),
    Method("RPC.Ping", call=_ping, source=_BUILT_IN, assumed="off on the device"),
    _getter("Sys.GetInfo", _info, _BUILT_IN, assumed="off on the device"),
    _action("Sys.Reboot", _BUILT_IN, lambda api: api.lifecycle.restart(), assumed="off on the device"),
)  # fmt: skip
"""There only if the setting `framework_methods` says so."""
