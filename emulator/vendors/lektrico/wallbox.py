"""A Lektrico device: identity, the way in and out of its values, and what happens to the device itself.

The one rule: every request of every style ends in `call`, and so does what a scenario reads and writes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from ...core.messages import DONE, Event, Outcome, Reason
from ...devices.interfaces import Interface, MdnsInterface, MdnsService, OcppAccess, Origin
from ...devices.points import Fidelity
from ...devices.wallbox import Context, Wallbox
from ...language.digits import is_index
from ...ocpp.host import Host
from . import errorflags
from .balancing import STEERING, Balancer, Neighbours
from .charging import WATCHED, Charging
from .config import AUTO_UPDATE, HEADLESS, INSTALL_CURRENT, OCPP_SERVER_LINK
from .device import Device
from .lifecycle import Lifecycle
from .methods import Api, Params
from .quirks import PHASE_COMMAND
from .readings import View
from .refusals import Refusal
from .rpc import Rpc
from .sampling import Sampling
from .settings import (
    AP_ENABLED,
    AVAILABLE_FIRMWARE,
    DYNAMIC_CURRENT,
    FRAMEWORK_METHODS,
    HIDE_DYNAMIC_CURRENT,
    RELAY_MODE,
    RESET_COUNTER,
    WIFI,
)

if TYPE_CHECKING:
    from ...ocpp.profiles import VendorProfile
    from ...ocpp.station import Station

READER = Origin(interface="scenario")
_ALIASES = {
    "dynamic_current": ("dynamic_current.get", "dynamic_current"),
    "relay_mode": ("dynamic_current.get", "relay_mode"),
    "em_current": ("system_currents.get", "em_current"),
    "charging_schedule": ("charging_schedule.get", "charging_schedule"),
    "load_balancing_mode": ("load_balancing_mode.get", "load_balancing_mode"),
}
"""What may be written by its bare name, and where it is read."""


class Lektrico(Wallbox):
    """One device: a charger, or an energy meter."""

    boot_time = 12.0
    """ASSUMED: 10 to 15 s without network."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.device = Device(self.profile, self.serial, context.address, self.settings, self.shows)
        self._commission(context.settings)
        self.charging: Charging | None = None
        if not self.device.traits.meter:
            self.charging = Charging(self, self.device, lambda: self.lifecycle.session_over())
        self._server_link = ""
        """Of the central system, as it was at the start."""
        self.host = Host(self.settings, self._access, self._charge_point)
        self._balancer = Balancer(self, self.device) if self.device.traits.meter else None
        self.lifecycle = Lifecycle(self, self.device, self.charging)
        self._sampling = Sampling(self.simulation, self.charger, lambda: self.booted_at, self.realism)
        self.api = Api(self.device, self.charging, self.lifecycle, self.simulation, self.view, self, self.moments)
        if not self.device.traits.meter:
            Neighbours.of(self.simulation).chargers[self.device.device_id] = self._hear
        self.interfaces: Mapping[str, Interface] = {
            "http": Rpc(self.api).interface(),
            **({} if self.charging is None else {"ocpp": self.host.interface}),
            "mdns": MdnsInterface(
                services=self._services, enabled=lambda: self.settings[WIFI] and not self.settings[AP_ENABLED]
            ),
        }

    def _access(self) -> OcppAccess | None:
        """ASSUMED: the serial number is the identity, appended to the link."""
        link = self._server_link
        return OcppAccess(url=f"{link.rstrip('/')}/{self.serial}") if link and self.charging is not None else None

    def _charge_point(self) -> tuple[VendorProfile, Station]:
        from .station import made_of  # here, because most chargers have no central system

        assert self.charging is not None
        return made_of(self, self.device, self.charging)

    def _join(self) -> None:
        """Connect to the central system that is set now. ASSUMED: the link is looked at when the device starts."""
        if self.charging is not None:
            self._server_link = self.settings[OCPP_SERVER_LINK.setting]
            self.host.power_on()

    def _commission(self, stated: Mapping[str, object]) -> None:
        """What an installed device has other than the table of defaults.

        ASSUMED: an installer has set the limit to what the device can; a factory reset brings the 6 A back.
        """
        device, settings = self.device, self.settings
        for name, row in device.config.items():
            if name not in stated:
                settings.put(name, row.default)
        if not device.traits.meter:
            if INSTALL_CURRENT.name not in stated:
                settings.put(INSTALL_CURRENT.setting, device.system_max_current)
            mode = device.relay_mode if RELAY_MODE.name in stated else device.delivered_relay_mode
            settings.put(RELAY_MODE.setting, mode)

    def _hear(self, current: int, origin: Origin) -> None:
        """An energy meter speaks over the network."""
        if self.up and self.settings[WIFI]:
            self.api.call("EM_current.Set", {"EM_current": current}, origin)

    def _compile(self) -> None:
        """The firmware may be another one."""
        self.device.compile(self.profile)
        self.api.compile()

    def view(self) -> View:
        """The device as it is now."""
        return View(self.device, self.charging, self._sampling, self.snapshot())

    def _services(self) -> tuple[MdnsService, ...]:
        """Source: announcement of a 1P7K; the host name is the instance name in lower case."""
        instance = f"Lektrico-{self.device.device_id.replace('_', '-')}"
        txt = (("id", self.device.device_id), ("fw_id", self.device.firmware_id))
        return (MdnsService(type="_http._tcp", instance=instance, host=instance.lower(), txt=txt),)

    # --- reading and writing -----------------------------------------------------------------------------------------

    def read(self, address: str) -> object:
        """`charger_info.get` (the whole result), `charger_info.get.charger_state`, `app_config.user_current`,
        `dynamic_current`. The `.get` may be left out.
        """  # fmt: skip
        name, member = _ALIASES.get(address.lower(), (None, None))
        if name is None:
            name, member = self._split(address)
        method = self.api.methods.get(name.lower())
        if method is None or method.writes:
            raise KeyError(address)
        result = method.call(self.api, {}, READER)
        if not member:
            return result
        for step in member.split("."):
            if isinstance(result, Mapping) and step in result:
                result = result[step]
            elif isinstance(result, list) and is_index(step) and int(step) < len(result):
                result = result[int(step)]
            else:
                raise KeyError(address)
        return result

    def _split(self, address: str) -> tuple[str, str]:
        """Method and member of an address."""
        first, _, rest = address.partition(".")
        second, _, below = rest.partition(".")
        if f"{first}.{second}".lower() in self.api.methods:
            return f"{first}.{second}", below
        return f"{first}.get", rest

    def write(self, address: str, value: object, origin: Origin) -> Outcome:
        """`app_config.user_current`, `dynamic_current`, or a method with its parameters: `charge.start`."""
        if not self.up:
            return Outcome(refused=Reason.UNREACHABLE, message="the device is off or restarting")
        name, params = self._request(address, value)
        result = self.api.call(name, params, origin)
        return result.outcome() if isinstance(result, Refusal) else DONE

    def _request(self, address: str, value: object) -> tuple[str, Params]:
        first, _, rest = address.partition(".")
        lower = address.lower().removesuffix(".set")
        if first.lower() == "app_config" and rest.lower() not in ("set", ""):
            key = rest[4:] if rest.lower().startswith("set.") else rest
            return "App_config.Set", {"config_key": key, "config_value": value}
        if isinstance(value, Mapping) and address.lower() in self.api.methods:
            return address, value
        if lower == "relay_mode":
            return "Dynamic_current.Set", {
                "dynamic_current": self.settings[DYNAMIC_CURRENT.setting],
                "relay_mode": value,
            }
        if lower == "ap_password":
            return "Ap_password.Set", {"password": value}
        if f"{lower}.set" in self.api.methods:
            return f"{lower}.set", {lower: value}
        return address, {}

    def http_paths(self) -> Iterable[str]:
        return ("/rpc", *(f"/rpc/{name}" for name in self.api.methods))

    def addresses(self) -> Iterable[str]:
        found: list[str] = []
        for name, method in self.api.methods.items():
            if method.writes:
                continue
            found.append(name)
            result = method.call(self.api, {}, READER)
            if isinstance(result, Mapping):
                found += [f"{name}.{member}" for member in result]
        found += [f"app_config.{name}" for name in self.device.config]
        return [*found, *(alias for alias, (name, _) in _ALIASES.items() if self._readable(alias, name))]

    def _readable(self, alias: str, method: str) -> bool:
        if alias == "relay_mode" and not self.device.shows(PHASE_COMMAND):
            return False
        if alias == "dynamic_current" and self.settings[HIDE_DYNAMIC_CURRENT]:
            return False
        return method in self.api.methods

    def fidelity(self) -> Iterable[Fidelity]:
        yield from self.api.fidelity()
        for row in self.device.config.values():
            yield row.documented("Configuration keys", row.type, settable=True, name=f"app_config.{row.name}")
        if self.device.flags:
            yield from errorflags.rows(self.profile)

    # --- what happens to the device ----------------------------------------------------------------------------------

    def power_on(self) -> None:
        if self.charging is not None:
            self.charging.power_on()
        self._join()
        if self._balancer is not None:
            self._balancer.start()
        self.lifecycle.watch()

    def handle(self, event: Event) -> None:
        self._sampling.handle(event)
        if self.charging is not None:
            self.charging.handle(event)
        self.host.look()

    def setting_changed(self, name: str) -> None:
        if name == FRAMEWORK_METHODS.name:
            self.api.compile()
        elif name in (AVAILABLE_FIRMWARE.name, AUTO_UPDATE.name) and self.up:
            self.lifecycle.watch()
        elif name in STEERING and self._balancer is not None:
            self._balancer.start()
        elif name in WATCHED and self.charging is not None and self.up:
            self.charging.apply()
            self.host.look()

    def present_card(self, tag: str) -> Outcome:
        if self.charging is None:
            return super().present_card(tag)
        if not self.up:
            return Outcome(detail={"ignored": "no power"})
        if self.host.charge_point is not None:
            self.host.present(tag.replace(":", ""))
            return Outcome(detail={"asked": "the central system"})
        return Outcome(detail={"card": self.charging.card(tag)})

    def lose_authorisation(self) -> None:
        """Without the need of a card there is none to lose."""
        if self.charging is not None and self.up and not self.settings[HEADLESS.setting]:
            self.charging.deauthorise()

    def set_firmware(self, firmware: str, *, offered: bool = False) -> None:
        super().set_firmware(firmware, offered=offered)
        self._compile()

    def shut_down(self) -> None:
        """What only lives in memory is gone. The charge controller is left as it was until the device runs again."""
        self.host.shut_down()
        self.lifecycle.stop()
        if self._balancer is not None:
            self._balancer.stop()

    def boot(self) -> None:
        self._compile()
        self.settings.put(RESET_COUNTER, self.settings[RESET_COUNTER] + 1)
        self.settings.put(RELAY_MODE.setting, self.device.delivered_relay_mode)
        if self.charging is not None:
            self.charging.restart()
        self._join()
        if self._balancer is not None:
            self._balancer.start()
        self.lifecycle.watch()
