"""A Lektrico device: identity, the way in and out of its values, and what happens to the device itself.

The one rule: every request of every style ends in `call`, and so does what a scenario reads and writes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import cast

from ...core.instant import SECOND, Instant, grid
from ...core.messages import DONE, Event, Outcome, Reason
from ...core.snapshot import Snapshot
from ...devices.interfaces import Interface, MdnsInterface, MdnsService, Origin
from ...devices.points import Fidelity
from ...devices.wallbox import Context, Wallbox
from . import errorflags, methods
from .charging import WATCHED, Charging
from .config import ConfigKey, config_keys
from .fields import Field, firmware_id
from .fields import served as served_fields
from .lifecycle import Lifecycle
from .methods import Method, Params
from .quirks import QUIRKS
from .refusals import GENERAL, PROHIBITED, Refusal, no_handler
from .rpc import Rpc

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
        self._sample: tuple[tuple[Instant, int] | None, Snapshot | None] = (None, None)
        self._silenced: Snapshot | None = None
        """The last measurement before the meter fell silent."""
        self._compile()
        self._commission(context.settings)
        self.charging: Charging | None = Charging(self) if self.trait("kind") == "charger" else None
        self.lifecycle: Lifecycle = Lifecycle(self)
        self.interfaces: Mapping[str, Interface] = {
            "http": Rpc(self).interface(),
            "mdns": MdnsInterface(
                services=self._services,
                enabled=lambda: self.settings.flag("wifi") and not self.settings.flag("ap_enabled"),
            ),
        }

    def _commission(self, stated: Mapping[str, object]) -> None:
        """What is different from the table of defaults in a box on a wall.

        ASSUMED: an installer has set the limit to what the device can; a factory reset brings the 6 A back.
        """
        for name, row in self.config.items():
            if name not in stated:
                self.settings.put(name, row.default)
        if self.trait("kind") == "charger":
            if "install_current" not in stated:
                self.settings.put("install_current", int(self.profile.model.rated_current))
            self.settings.put(
                "relay_mode", self._delivered_relay_mode if "relay_mode" not in stated else self.relay_mode
            )

    def _compile(self) -> None:
        """The tables of the profile in force."""
        self._features: dict[str, bool] = {}
        self.config: Mapping[str, ConfigKey] = config_keys(self.profile)
        self.flags: tuple[str, ...] = errorflags.flag_names(self.profile)
        self.methods: Mapping[str, Method] = methods.served(
            self.profile, built_in=self.settings.flag("framework_methods")
        )
        self.tables: Mapping[str, tuple[Field, ...]] = {
            method.name: served_fields(method.fields, self.profile) for method in self.methods.values() if method.fields
        }

    # --- identity ----------------------------------------------------------------------------------------------------

    def trait(self, name: str) -> object:
        return self.profile.model.traits[name]

    def has(self, quirk: str) -> bool:
        """Whether this firmware has a behaviour; see `quirks`."""
        known = self._features.get(quirk)
        if known is None:
            known = self._features[quirk] = QUIRKS[quirk].exists(self.profile)
        return known

    @property
    def device_id(self) -> str:
        return f"{self.trait('prefix')}_{self.serial}"

    @property
    def serial_number(self) -> int:
        return int(self.serial) if self.serial.isdigit() else 0

    @property
    def firmware_id(self) -> str:
        return firmware_id(self.profile.firmware.text)

    @property
    def prohibited(self) -> Refusal:
        """What is not possible now. ASSUMED: -1 from firmware that does not know -7."""
        return PROHIBITED if self.has("prohibited_code") else GENERAL

    @property
    def relay_mode(self) -> int:
        """Source: 0 seen on a 1P7K. ASSUMED: a single-phase charger stays there."""
        return self.settings.integer("relay_mode") if self.trait("three_phase") else 0

    @property
    def _delivered_relay_mode(self) -> int:
        return 3 if self.trait("three_phase") else 0

    def factory_default(self, name: str) -> object:
        return self.config[name].default if name in self.config else self.settings.rows[name].default

    def _services(self) -> tuple[MdnsService, ...]:
        """Source: announcement of a 1P7K; the host name is the instance name in lower case."""
        instance = f"Lektrico-{self.device_id.replace('_', '-')}"
        txt = (("id", self.device_id), ("fw_id", self.firmware_id))
        return (MdnsService(type="_http._tcp", instance=instance, host=instance.lower(), txt=txt),)

    # --- time and measurement ----------------------------------------------------------------------------------------

    def utc(self, at: Instant) -> datetime:
        moment = self.calendar(at)
        return moment.astimezone(UTC) if moment.tzinfo is not None else moment.replace(tzinfo=UTC)

    def sample(self, now: Snapshot) -> Snapshot:
        """What the meter measured at the last full second since boot. ASSUMED: once a second.

        A new session is not measured with the values of the one before.
        """
        instant = max(self.booted_at, grid(now.at, SECOND, self.booted_at))
        slot = (instant, self.simulation.chargers[self.charger].revision)
        if self._sample[0] != slot:
            self._sample = (slot, self.simulation.observe_at(self.charger, instant))
        found = self._sample[1]
        assert found is not None
        return found if found.session == now.session else now

    def metered(self, sample: Snapshot) -> Snapshot:
        """Where the meter's counters stand: they stop when it falls silent. ASSUMED."""
        return sample if self._silenced is None else self._silenced

    # --- calling -----------------------------------------------------------------------------------------------------

    def call(self, name: str, params: Params, origin: Origin) -> object:
        """Call a method; its result, or a `Refusal`. Names are compared without regard to case."""
        method = self.methods.get(name.lower())
        if method is None:
            return no_handler(name)
        result = method.call(self, params, origin)
        if method.writes and not isinstance(result, Refusal):
            self.changed()
        return result

    def wrote(self, point: str, value: object, refusal: Refusal | None, origin: Origin) -> None:
        self.record_write(point, value, DONE if refusal is None else refusal.outcome(), origin)

    def read(self, address: str) -> object:
        """`charger_info.get` (the whole result), `charger_info.get.charger_state`, `app_config.user_current`,
        `dynamic_current`. The `.get` may be left out.
        """  # fmt: skip
        name, member = _ALIASES.get(address.lower(), (None, None))
        if name is None:
            name, member = self._split(address)
        method = self.methods.get(name.lower())
        if method is None or method.writes:
            raise KeyError(address)
        result = method.call(self, {}, READER)
        if not member:
            return result
        for step in member.split("."):
            if isinstance(result, Mapping) and step in result:
                result = result[step]
            elif isinstance(result, list) and step.isdigit() and int(step) < len(result):
                result = result[int(step)]
            else:
                raise KeyError(address)
        return result

    def _split(self, address: str) -> tuple[str, str]:
        """Method and member of an address."""
        first, _, rest = address.partition(".")
        second, _, below = rest.partition(".")
        if f"{first}.{second}".lower() in self.methods:
            return f"{first}.{second}", below
        return f"{first}.get", rest

    def write(self, address: str, value: object, origin: Origin) -> Outcome:
        """`app_config.user_current`, `dynamic_current`, or a method with its parameters: `charge.start`."""
        if not self.up:
            return Outcome(refused=Reason.UNREACHABLE, message="the device is off or restarting")
        name, params = self._request(address, value)
        result = self.call(name, params, origin)
        return result.outcome() if isinstance(result, Refusal) else DONE

    def _request(self, address: str, value: object) -> tuple[str, Params]:
        first, _, rest = address.partition(".")
        lower = address.lower().removesuffix(".set")
        if first.lower() == "app_config" and rest.lower() not in ("set", ""):
            key = rest[4:] if rest.lower().startswith("set.") else rest
            return "App_config.Set", {"config_key": key, "config_value": value}
        if isinstance(value, Mapping) and address.lower() in self.methods:
            return address, cast("Params", value)
        if lower == "relay_mode":
            return "Dynamic_current.Set", {
                "dynamic_current": self.settings["dynamic_current"],
                "relay_mode": value,
            }
        if lower == "ap_password":
            return "Ap_password.Set", {"password": value}
        if f"{lower}.set" in self.methods:
            return f"{lower}.set", {lower: value}
        return address, {}

    def addresses(self) -> Iterable[str]:
        found: list[str] = []
        for name, method in self.methods.items():
            if method.writes:
                continue
            found.append(name)
            result = method.call(self, {}, READER)
            if isinstance(result, Mapping):
                found += [f"{name}.{member}" for member in result]
        found += [f"app_config.{name}" for name in self.config]
        return [*found, *(alias for alias, (name, _) in _ALIASES.items() if self._readable(alias, name))]

    def _readable(self, alias: str, method: str) -> bool:
        if alias == "relay_mode" and not self.has("relay_mode"):
            return False
        if alias == "dynamic_current" and self.settings.flag("hide_dynamic_current"):
            return False
        return method in self.methods

    def fidelity(self) -> Iterable[Fidelity]:
        rows = [method.fidelity() for method in self.methods.values()]
        for method in self.methods.values():
            rows += [field.fidelity(method.name) for field in self.tables.get(method.name, ())]
        rows += [key.fidelity() for key in self.config.values()]
        return rows + (errorflags.rows(self.profile) if self.flags else [])

    # --- what happens to the device ----------------------------------------------------------------------------------

    def power_on(self) -> None:
        if self.charging is not None:
            self.charging.power_on()
        self.lifecycle.watch()

    def handle(self, event: Event) -> None:
        if event.name == "fault_raised" and event.detail.get("fault") == "meter_fault":
            self._silenced = self.sample(self.snapshot())
        elif event.name == "fault_cleared" and event.detail.get("fault") == "meter_fault":
            self._silenced = None
        if self.charging is not None:
            self.charging.handle(event)

    def setting_changed(self, name: str) -> None:
        if name == "framework_methods":
            self._compile()
        elif name in ("available_firmware", "auto_update") and self.up:
            self.lifecycle.watch()
        elif name in WATCHED and self.charging is not None and self.up:
            self.charging.apply()

    def present_card(self, tag: str) -> Outcome:
        if self.charging is None:
            return super().present_card(tag)
        if not self.up:
            return Outcome(detail={"ignored": "no power"})
        return Outcome(detail={"card": self.charging.card(tag)})

    def set_firmware(self, firmware: str) -> None:
        super().set_firmware(firmware)
        self._compile()

    def shut_down(self) -> None:
        """What only lives in memory is gone. The charge controller is left as it was until the device runs again."""
        self.lifecycle.stop()

    def boot(self) -> None:
        self._compile()
        self.settings.put("reset_counter", self.settings.integer("reset_counter") + 1)
        self.settings.put("relay_mode", self._delivered_relay_mode)
        if self.charging is not None:
            self.charging.restart()
        self.lifecycle.watch()
