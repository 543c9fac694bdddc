"""A go-e charger: identity, the way in and out of its keys, and what happens to the box itself.

The one rule: every write of every interface ends in `write_value`, every read in the compiled status.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, cast

from ...core.instant import SECOND, Instant, grid, later
from ...core.messages import DONE, Event, Outcome, Reason
from ...core.snapshot import Snapshot
from ...devices.interfaces import Interface, Origin
from ...devices.points import Fidelity
from ...devices.wallbox import Context, Wallbox
from . import announcement, localtime, modbus, refusals, v1
from .arduino import JsonError, parse
from .button import press
from .cards import CARD_SETTINGS, Cards
from .http import HttpApi, shown
from .key import Key
from .keys import served
from .logic import Logic
from .modbus import ModbusApi
from .mqtt import MqttApi
from .printing import Render, printers
from .quirks import QUIRKS
from .readings import View, energy_array
from .refusals import Refusal
from .status import Status
from .v1 import V1Api
from .websocket import WebSocketApi

RESTART_AFTER: Final = 0.5
"""s between the answer to `rst` and the end of all services. ASSUMED."""
POWER_ON, SOFTWARE = 1, 3
"""`rr`"""
_HYPHEN_SINCE: Final = "60"
_SIDES: Final = ("start", "end")


class Goe(Wallbox):
    """One box."""

    boot_time = 10.0
    """Source: users report 5 to 15 s without services after `rst`."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._samples: dict[tuple[Instant, int], Snapshot] = {}
        self._energies: tuple[Snapshot | None, list[float | int]] = (None, [])
        self._restart = self.timer(self._restart_now)
        self.reset_reason = POWER_ON
        self.modbus_reads = self.modbus_writes = 0
        self.modbus_read_at: Instant | None = None
        self.modbus_write_at: Instant | None = None
        self.cards: Cards = Cards(self)
        self.logic: Logic = Logic(self)
        self._compile()
        self.http: HttpApi = HttpApi(self)
        self.v1: V1Api = V1Api(self)
        self.websocket: WebSocketApi = WebSocketApi(self)
        self.mqtt: MqttApi = MqttApi(self)
        self.modbus: ModbusApi = ModbusApi(self)
        self._spread_cards()
        self._remember_limit()
        self.interfaces: Mapping[str, Interface] = {
            "http": self.http.interface(routes=self.v1.routes, websockets={"/ws": self.websocket.endpoint()}),
            "modbus": self.modbus.interface(),
            "mqtt": self.mqtt.interface(),
            "mdns": announcement.interface(self),
        }

    def _compile(self) -> None:
        """The tables of the profile in force."""
        self._features: dict[str, bool] = {}
        self._energies = (None, [])
        self.keys: Mapping[str, Key] = served(self.profile, all_table_keys=self.settings.flag("all_seed_keys"))
        self.status = Status(self.profile, self.keys)
        self.print_json: Render = printers(self.profile)[0]

    def _compile_all(self) -> None:
        self._compile()
        self.v1.compile()
        self.websocket.compile()
        self.modbus.compile()

    # --- identity ----------------------------------------------------------------------------------------------------

    def trait(self, name: str) -> object:
        return self.profile.model.traits[name]

    def has(self, since: str) -> bool:
        """Whether the firmware is at least `since`."""
        known = self._features.get(since)
        if known is None:
            known = self._features[since] = self.profile.has(since=since)
        return known

    def quirk(self, name: str) -> bool:
        """Whether the firmware has this known defect."""
        known = self._features.get(name)
        if known is None:
            known = self._features[name] = QUIRKS[name].exists(self.profile)
        return known

    @property
    def firmware_text(self) -> str:
        """`053.1` before 56, `60.5` from then on."""
        major, dot, rest = self.profile.firmware.text.lstrip("0").partition(".")
        return f"{major.zfill(3) if self.profile.firmware.numbers[0] < 56 else major}{dot}{rest}"

    @property
    def factory_name(self) -> str:
        joint = "-" if self.has(_HYPHEN_SINCE) else "_"
        return f"go-eCharger{joint}{self.serial}"

    @property
    def hostname(self) -> str:
        """Source: `go-echarger_<serial>` in the MQTT document, `go-eCharger-<serial>` on 60.5."""
        return self.factory_name if self.has(_HYPHEN_SINCE) else f"go-echarger_{self.serial}"

    @property
    def friendly_name(self) -> str:
        """`fna`"""
        stated = self.settings["fna"]
        return self.factory_name if stated is None else str(stated)

    @property
    def topic_prefix(self) -> str:
        """Ex works. Source: with a slash in front up to 054."""
        return f"{'' if self.has('55') else '/'}go-eCharger/{self.serial}/"

    @property
    def mac(self) -> bytes:
        """Made up from the serial number, in the maker's range."""
        return bytes((0x34, 0x85, 0x18)) + hashlib.sha256(self.serial.encode()).digest()[:3]

    @property
    def has_coarse_meter(self) -> bool:
        """V3 up to 054: whole volts and 0.1 A."""
        return not self.has(str(self.trait("measures_since")))

    @property
    def has_socket(self) -> bool:
        return self.simulation.chargers[self.charger].spec.connector == "socket"

    @property
    def build(self) -> Mapping[str, object]:
        return {
            "project_name": self.trait("typ"),
            "version": self.firmware_text,
            "secure_version": 0,
            "timestamp": "Jan  1 2026 12:00:00",
            "idf_ver": "v5.0",
            "sha256": "00",
        }

    @property
    def wlan(self) -> Mapping[str, object]:
        networks = cast("Sequence[Mapping[str, object]]", self.settings["wifis"])
        return {
            "ssid": networks[0]["ssid"],
            "encryptionType": 3,
            "pairwiseCipher": 4,
            "groupCipher": 4,
            "b": True,
            "g": True,
            "n": True,
            "lr": False,
            "wps": False,
            "ftmResponder": False,
            "ftmInitiator": False,
            "channel": 6,
            "bssid": "AA:BB:CC:DD:EE:FF",
            "ip": self.context.address,
            "netmask": "255.255.255.0",
            "gw": "192.168.1.1",
            "ipv6": [],
        }

    @property
    def ama(self) -> int:
        stated = self.settings["ama"]
        return cast("int", stated) if stated is not None else int(self.profile.model.rated_current)

    def installed_limit(self) -> int:
        """A: `ama`, and never more than the model can."""
        return min(self.ama, int(self.profile.model.rated_current))

    @property
    def unknown_key_status(self) -> int:
        stated = self.settings["unknown_key_status"]
        if stated is not None:
            return cast("int", stated)
        return 400 if self.trait("bad_request_for_unknown") else 200

    # --- time --------------------------------------------------------------------------------------------------------

    def true_utc(self, at: Instant) -> datetime:
        moment = self.calendar(at)
        return moment.astimezone(UTC) if moment.tzinfo is not None else moment.replace(tzinfo=UTC)

    def utc(self, at: Instant) -> datetime:
        """As the box has it."""
        return self.true_utc(at) + timedelta(microseconds=self.settings.integer("clock_error"))

    def offset(self, at: Instant) -> timedelta:
        return localtime.offset_at(self.utc(at), self.settings.integer("tof"), self.settings.integer("tds"))

    def local(self, at: Instant) -> datetime:
        """Local time; its `tzinfo` says UTC, as only its numbers matter."""
        return self.utc(at) + self.offset(at)

    def price_slot(self, at: Instant) -> Mapping[str, object] | None:
        now = self.utc(at).timestamp()
        for slot in cast("Sequence[Mapping[str, float]]", self.settings["awpl"]):
            if slot["start"] <= now < slot["end"]:
                return cast("Mapping[str, object]", slot)
        return None

    def next_price(self, at: Instant) -> Instant | None:
        """When another price comes into force, or none is known any more."""
        now = self.utc(at).timestamp()
        edges = {slot[side] for slot in cast("Sequence[Mapping[str, float]]", self.settings["awpl"]) for side in _SIDES}
        ahead = min((edge - now for edge in edges if edge > now), default=None)
        return None if ahead is None else later(at, ahead)

    def price(self, at: Instant) -> float | None:
        """ct/kWh"""
        slot = self.price_slot(at)
        return None if slot is None else float(cast("float", slot["marketprice"]))

    # --- measurement -------------------------------------------------------------------------------------------------

    def sample(self, at: Instant) -> Snapshot:
        """What the charge controller told last: it does so on every whole second since boot."""
        return self.sample_at(max(self.booted_at, grid(at, SECOND, self.booted_at)))

    def sample_at(self, instant: Instant) -> Snapshot:
        """The snapshot of an instant in the recent past, kept while nothing has happened since."""
        slot = (instant, self.simulation.chargers[self.charger].revision)
        found = self._samples.get(slot)
        if found is None:
            if len(self._samples) > 8:
                self._samples.clear()
            found = self._samples[slot] = self.simulation.observe_at(self.charger, instant)
        return found

    def energies(self, view: View) -> list[float | int]:
        """`nrg`, computed once a measurement."""
        sample, found = self._energies
        if sample is not view.sample:
            found = energy_array(view)
            self._energies = (view.sample, found)
        return found

    # --- reading and writing -----------------------------------------------------------------------------------------

    def read(self, address: str) -> object:
        """A key's value as a client decodes it; members and elements by dots: `cll.requestedCurrent`, `nrg.11`."""
        if address.startswith(modbus.PREFIX):
            return self.modbus.read(address)
        if address.startswith(v1.PREFIX):
            return self.v1.read(address)
        name, *path = address.split(".")
        value = self.status.value(name, View(self))
        for step in path:
            if isinstance(value, dict):
                value = value[step]
            elif isinstance(value, list) and step.isdigit() and int(step) < len(value):
                value = value[int(step)]
            else:
                raise KeyError(address)
        return value

    def write(self, address: str, value: object, origin: Origin) -> Outcome:
        if not self.up:
            return Outcome(refused=Reason.UNREACHABLE, message="the box is off or restarting")
        if address.startswith(modbus.PREFIX):
            return self.modbus.write(address, value, origin)
        if address.startswith(v1.PREFIX):
            return self.v1.write(address, value, origin)
        if self.forgets(address, origin):
            self.swallow(address, value, origin)
            return DONE
        refusal = self.write_value(address, value, origin)
        if refusal is None:
            return DONE
        return refusal.outcome(address, value if isinstance(value, str) else self.print_json(value))

    def write_text(self, name: str, raw: str, origin: Origin) -> Refusal | None:
        """Write a value that came as JSON text; None: done."""
        refusal = self._closed(name, self.keys)
        if refusal is not None:
            return self._refused(name, raw, refusal, origin)
        try:
            value = parse(raw)
        except JsonError as error:
            return self._refused(name, raw, refusals.invalid_json(error.name), origin)
        return self.write_value(name, value, origin)

    def write_value(self, name: str, value: object, origin: Origin, *, app: bool = False) -> Refusal | None:
        """Write a decoded value; None: done. Everything a client writes passes here.

        `app`: the way of the vendor's app, which knows the developer keys and may write what the API may not.
        """
        keys = self.websocket.keys if app else self.keys
        refusal = self._closed(name, keys, app=app) or self._accept(keys[name], value)
        if refusal is not None:
            return self._refused(name, value, refusal, origin)
        self.logic.around.last_write = self.simulation.now()
        self.record_write(name, value, DONE, origin)
        self.changed()
        return None

    def forgets(self, name: str, origin: Origin) -> bool:
        """A defect: whether a write of this key by this way is acknowledged and forgotten."""
        if name != "frc" or origin.interface not in ("mqtt", "websocket"):
            return False
        return self.quirk("frc_without_effect") or (origin.interface == "mqtt" and self.quirk("frc_without_effect_54"))

    def swallow(self, name: str, value: object, origin: Origin) -> None:
        """Record a write of which that is all."""
        self.record_write(name, value, DONE, origin)

    def _closed(self, name: str, keys: Mapping[str, Key], *, app: bool = False) -> Refusal | None:
        """Why nothing can be written there, whatever it is."""
        key = keys.get(name)
        if key is None:
            return refusals.UNKNOWN_KEY
        if key.write is None:
            return refusals.NO_SETTER
        return None if app or key.writable(self.profile) else refusals.NOT_FROM_API

    def _accept(self, key: Key, value: object) -> Refusal | None:
        assert key.write is not None
        kind = key.accepts or key.type
        if kind.fits(value):
            self.simulation.now()
            return key.write(self, value)
        if kind.bounds is None or isinstance(value, bool) or not isinstance(value, int):
            return refusals.wrong_type(kind.expected)
        narrower = key.rule(value) if key.rule is not None else None
        return narrower or refusals.range_exceeded(value, *kind.bounds)

    def _refused(self, name: str, value: object, refusal: Refusal, origin: Origin) -> Refusal:
        text = value if isinstance(value, str) else self.print_json(value)
        self.record_write(name, value, refusal.outcome(name, shown(text)), origin)
        return refusal

    def addresses(self) -> Iterable[str]:
        return [*self.status.rows, *(v1.PREFIX + name for name in self.v1.rows), *self.modbus.table.addresses()]

    def fidelity(self) -> Iterable[Fidelity]:
        keys = [key.fidelity(self.profile) for key in self.keys.values()]
        return [*keys, *(row.fidelity() for row in self.v1.rows.values()), *self.modbus.table.fidelity()]

    # --- what happens to the box -------------------------------------------------------------------------------------

    def power_on(self) -> None:
        self.logic.start()

    def handle(self, event: Event) -> None:
        if event.name == "supply_restored":
            self.reset_reason = POWER_ON
        self.logic.wake()

    def setting_changed(self, name: str) -> None:
        self.mqtt.settings_changed(name)
        if name == "all_seed_keys":
            self._compile_all()
        elif name == "dwo":
            self._remember_limit()
        elif name == "trx":
            self.cards.transaction_changed()
            self.logic.transaction_changed()
        elif name == "cards":
            self._spread_cards()
        elif name in CARD_SETTINGS:
            self.cards.changed()
        elif name == "tcl":
            self.logic.expiry.limit(self.settings["tcl"] is not None)
        self.logic.wake()

    def _remember_limit(self) -> None:
        """API v1 keeps the last energy limit while there is none."""
        limit = self.settings["dwo"]
        if limit is not None:
            self.settings.put("v1_dwo", int(min(cast("float", limit) / 100, 2**31 - 1)))

    def _spread_cards(self) -> None:
        for slot, entry in enumerate(cast("Sequence[Mapping[str, object]]", self.settings["cards"])):
            self.cards.write(slot, entry)

    def present_card(self, tag: str) -> Outcome:
        return self.cards.present(tag, self.simulation.now()) if self.up else Outcome(detail={"ignored": "no power"})

    def press_button(self, duration: float = 0.2) -> Outcome:
        return press(self, duration)

    def restart_soon(self) -> None:
        """Answer first, then restart."""
        self._restart.set(later(self.simulation.at, RESTART_AFTER))
        self.simulation.wake()

    def _restart_now(self, _: Instant) -> None:
        self.reboot()

    def reboot(self, duration: float | None = None) -> None:
        self.reset_reason = SOFTWARE
        super().reboot(duration)

    def shut_down(self) -> None:
        self.mqtt.connected = False
        self._restart.clear()
        self.logic.stop()
        self.cards.restart()

    def boot(self) -> None:
        """Counters of the process start anew, and so does the logic."""
        self.settings.put("rbc", self.settings.integer("rbc") + 1)
        self.modbus_reads = self.modbus_writes = 0
        self.modbus_read_at = self.modbus_write_at = None
        self._samples.clear()
        self.mqtt.restart()
        self._compile_all()
        self.logic.start()
