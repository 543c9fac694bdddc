"""A go-e charger: puts its parts together, and passes on what happens to the wallbox.

The one rule: parts get what they use; only this module knows all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Final

from ...core.instant import later
from ...core.messages import DONE, Event, Outcome, Reason
from ...devices.interfaces import Interface, MdnsInterface, Origin
from ...devices.points import Fidelity
from ...devices.wallbox import Context, Wallbox
from ...language.digits import is_index
from ...ocpp.host import MEMORY
from . import announcement, backend
from .backend import Backend
from .broker_link import BrokerLink
from .button import press
from .cards import Cards, normal
from .clock import Clock
from .cloud import CloudApi
from .device import Device, ModbusTraffic
from .group import Membership
from .http import HttpApi
from .identity import Identity
from .logic import Logic
from .modbus import ModbusApi
from .mqtt import MqttApi
from .processor import POWER_ON, SOFTWARE, Processor
from .readings import View
from .registers import LAYOUT
from .settings import (
    ACS,
    ALL_SEED_KEYS,
    CARD_ENERGIES,
    CARD_NAMES,
    CARD_TAGS,
    CARDS,
    DWO,
    MCE,
    MCU,
    MTP,
    ORSCH,
    RBC,
    TCL,
    TRX,
    TSE,
    V1_DWO,
)
from .status import Tables
from .update import Update
from .v1 import V1Api
from .v1_mqtt import V1Mqtt
from .v1_old import restarted
from .v1_rows import PREFIX as V1_PREFIX
from .websocket import WebSocketApi
from .writer import Writer

if TYPE_CHECKING:
    from ...ocpp.profiles import VendorProfile
    from ...ocpp.station import Station

RESTART_AFTER: Final = 0.5
"""From the answer to `rst` to the end of all services [s]. ASSUMED."""


class Goe(Wallbox):
    """One wallbox."""

    boot_time = 10.0
    """Source: users report 5 to 15 s without services after `rst`."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        settings = self.settings
        socket = self.simulation.chargers[self.charger].spec.connector == "socket"
        identity = Identity(self.profile, self.serial, context.address, settings, socket=socket)
        processor = Processor(self.simulation, self.charger, self.realism)
        clock = Clock(settings, self.calendar)
        self.backend = Backend(settings, self._charge_point)
        self._restart = self.timer(lambda _: self.reboot())
        self.device = Device(
            processor=processor,
            settings=settings,
            identity=identity,
            clock=clock,
            cards=Cards(settings, identity, lambda: processor.observe().total_energy),
            logic=Logic(
                processor,
                settings,
                self.control,
                identity,
                clock,
                self.backend,
                Membership(self.address, settings, self.simulation),
                shows=self.shows,
                changed=self.changed,
            ),
            broker=BrokerLink(settings, identity, context.broker, self.shows),
            backend=self.backend,
            shows=self.shows,
            restart=self._restart_soon,
            update=Update(processor, settings, self._install),
        )
        self.tables = Tables(identity, settings, self.moments)
        self.writer = Writer(self.device, self.tables, self.record_write, self.changed)
        self.http = HttpApi(self.device, self.tables, self.writer)
        self.v1 = V1Api(self.device, self.tables, self.writer, self.http.not_found)
        self.websocket = WebSocketApi(self.address, self.device, self.tables, self.writer)
        self.mqtt = MqttApi(self.device, self.tables, self.writer)
        self.modbus = ModbusApi(self.device, self.writer)
        self._reactions = self._react()
        self._spread_cards()
        self._remember_limit()
        old = identity.traits.old_hardware
        sockets = {} if old else {"/ws": self.websocket.endpoint()}
        basic: dict[str, Interface] = {
            "http": self.http.interface(routes=self.v1.routes, websockets=sockets),
            "modbus": self.modbus.interface(),
            "mqtt": (V1Mqtt(self.device, self.v1) if old else self.mqtt).interface(),
        }
        newer: dict[str, Interface] = {
            "cloud": CloudApi(self.device, self.tables, self.writer).interface(),
            "ocpp": self.backend.host.interface,
            "mdns": MdnsInterface(services=lambda: (announcement.service(identity),)),
        }
        self.interfaces: Mapping[str, Interface] = basic if old else basic | newer

    def _charge_point(self) -> tuple[VendorProfile, Station]:
        from .station import made_of  # here, because most wallboxes have no central system

        return made_of(self, self.device)

    def _load(self) -> None:
        """The tables of the profile in force."""
        self.device.identity.load(self.profile)
        self.tables.load()
        self.v1.compile()
        self.modbus.compile()

    # --- reading and writing -----------------------------------------------------------------------------------------

    def read(self, address: str) -> object:
        """A key's value as a client decodes it; members and elements by dots: `cll.requestedCurrent`, `nrg.11`."""
        if address.startswith(LAYOUT.prefix):
            return self.modbus.read(address)
        if address.startswith(V1_PREFIX):
            return self.v1.read(address)
        name, *path = address.split(".")
        value = self.tables.status.value(name, View(self.device))
        for step in path:
            if isinstance(value, dict):
                value = value[step]
            elif isinstance(value, list) and is_index(step) and int(step) < len(value):
                value = value[int(step)]
            else:
                raise KeyError(address)
        return value

    def write(self, address: str, value: object, origin: Origin) -> Outcome:
        if not self.up:
            return Outcome(refused=Reason.UNREACHABLE, message="the wallbox is off or restarting")
        if address.startswith(LAYOUT.prefix):
            return self.modbus.write(address, value, origin)
        if address.startswith(V1_PREFIX):
            return self.v1.write(address, value, origin)
        refusal = self.writer.value(address, value, origin)
        if refusal is None:
            return DONE
        return refusal.outcome(address, value if isinstance(value, str) else self.device.identity.print_json(value))

    def addresses(self) -> Iterable[str]:
        v1 = (V1_PREFIX + name for name in self.v1.rows)
        return [*self.tables.status.rows, *v1, *self.modbus.addresses()]

    def fidelity(self) -> Iterable[Fidelity]:
        keys = [key.fidelity(self.profile) for key in self.tables.keys.values()]
        return [*keys, *(row.fidelity() for row in self.v1.rows.values()), *self.modbus.fidelity()]

    # --- what happens to the wallbox ---------------------------------------------------------------------------------

    def power_on(self) -> None:
        self.device.processor.boot(self.booted_at)
        self.device.logic.start()
        self.backend.host.power_on()

    def handle(self, event: Event) -> None:
        if event.name == "supply_restored":
            self.device.processor.reset_reason = POWER_ON
        self.device.logic.wake()
        self.backend.host.look()

    def _react(self) -> Mapping[str, Callable[[], None]]:
        """What a new value of a setting leads to, beside the logic's next run."""
        cards = self.device.cards
        slots = (*CARD_NAMES, *CARD_ENERGIES, *CARD_TAGS)
        return {
            ALL_SEED_KEYS.name: self._load,
            DWO.name: self._remember_limit,
            TRX.name: self._transaction_changed,
            TCL.name: self.device.logic.temporary_limit_changed,
            CARDS.name: self._spread_cards,
            MCE.name: self.mqtt.broker_changed,
            MCU.name: self.mqtt.broker_changed,
            MTP.name: self.mqtt.publish_again,
            **{setting.name: cards.changed for setting in slots},
            **dict.fromkeys(backend.CONNECTION, self.backend.host.configured),
            **dict.fromkeys(backend.DECISIVE, self.backend.host.look),
        }

    def setting_changed(self, name: str) -> None:
        if name == MEMORY.name:
            return
        if (reaction := self._reactions.get(name)) is not None:
            reaction()
        if (key := backend.KEYS.get(name)) is not None:
            self.backend.host.changed(key)
        self.device.logic.wake()

    def _transaction_changed(self) -> None:
        self.device.cards.transaction_changed()
        self.device.logic.transaction_changed()
        self.backend.host.look()

    def _remember_limit(self) -> None:
        """API v1 keeps the last energy limit while there is none."""
        limit = self.settings[DWO]
        if limit is not None:
            self.settings.put(V1_DWO, int(min(limit / 100, 2**31 - 1)))

    def _spread_cards(self) -> None:
        for slot, entry in enumerate(self.settings[CARDS]):
            self.device.cards.write(slot, entry)

    def lose_authorisation(self) -> None:
        """The transaction ends."""
        if self.up and self.settings[ACS] != 0:
            self.settings.put(TRX, None)

    def present_card(self, tag: str) -> Outcome:
        if not self.up:
            return Outcome(detail={"ignored": "no power"})
        point = self.backend.host.charge_point
        if point is None:
            return self.device.cards.present(tag, self.simulation.now())
        tag = normal(tag)
        if point.transactions.running is not None:
            if not self.settings[ORSCH] or tag == normal(point.connector.tag):
                self.backend.host.present(tag)
            return DONE
        if self.device.cards.present(tag, self.simulation.now()).ok:
            return DONE
        self.backend.host.present(tag)
        return Outcome(detail={"asked": "the central system"})

    def press_button(self, duration: float = 0.2) -> Outcome:
        outcome = press(self.device, duration)
        self.changed()
        return outcome

    def _restart_soon(self) -> None:
        self._restart.set(later(self.simulation.at, RESTART_AFTER))
        self.simulation.wake()

    def _install(self, version: str) -> bool:
        """Replace the firmware; whether there is such a firmware for this model."""
        if version not in self.profile.model.firmwares:
            return False
        self.set_firmware(version)
        return True

    def reboot(self, duration: float | None = None) -> None:
        self.device.processor.reset_reason = SOFTWARE
        super().reboot(duration)

    def shut_down(self) -> None:
        self.backend.host.shut_down()
        self.device.processor.up = False
        self.device.broker.connected = False
        self.device.websocket_clients = 0
        self._restart.clear()
        self.device.update.stop()
        self.device.logic.stop()
        self.device.cards.restart()

    def boot(self) -> None:
        """Counters of the process start again, and so does the logic."""
        self.settings.put(RBC, self.settings[RBC] + 1)
        self.device.modbus = ModbusTraffic()
        self.device.processor.boot(self.booted_at)
        if self.device.processor.reset_reason == POWER_ON and not self.settings[TSE]:
            self.device.clock.lose(self.booted_at)
        restarted(self.settings)
        self.device.cards.transaction_changed()
        self.mqtt.restart()
        self._load()
        self.device.logic.start(restarted=self.booted_at > 0)
        self.backend.host.power_on()
