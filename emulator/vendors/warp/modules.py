"""The modules of one wallbox, wired.

The one rule: here, and only here, modules meet; each gets the others it uses.
Source: Tinkerforge esp32-firmware, `software/warp*.ini`.
"""

from __future__ import annotations

from collections.abc import Callable

from .charging.authorization import ChargeAuthorization
from .charging.chargelog import ChargeLog
from .charging.ev import Ev
from .charging.limits import Limits
from .charging.nfc import Nfc
from .charging.require_meter import RequireMeter
from .charging.tracking import Tracker
from .charging.users import Users
from .charging.vehicle import KnownVehicle
from .em.chargers import Chargers
from .em.contactor import Contactor
from .em.module import EnergyManager
from .em.power import ManagerPower
from .em.switcher import PhaseSwitcher
from .evse.controller import Controller
from .evse.module import Evse
from .evse.wakeup import Watchdog
from .house.eebus import Eebus
from .house.manager import ChargeManager
from .house.ocpp import Ocpp
from .house.p14a import P14a
from .house.power import PowerManager
from .house.prices import DayAheadPrices
from .house.solar import SolarForecast
from .meters.history import MeterHistory
from .meters.legacy import LegacyMeters
from .meters.slots import Meters
from .modbus.server import Modbus
from .modbus.view import Reach
from .module import Module
from .network.ethernet import Ethernet
from .network.network import Network
from .network.wifi import Wifi
from .platform import Platform
from .push.mqtt import Mqtt
from .remote.certs import Certs
from .remote.coredump import Coredump
from .remote.remote_access import RemoteAccess
from .remote.wireguard import Wireguard
from .rules.automation import Automation
from .rules.triggers import WATCHDOG
from .system.common import Esp32Common
from .system.device_name import DeviceName
from .system.factory import FactoryData
from .system.features import Features
from .system.rtc import Rtc
from .view import Eyes
from .web.downloads import Downloads
from .web.http import Http


class Modules:
    """Everything in one wallbox."""

    def __init__(self, platform: Platform, defects: Callable[[], bool]) -> None:
        """`defects`: whether Modbus shows the mistakes of the firmware."""
        self.controller = controller = Controller(platform)
        vehicle = KnownVehicle(platform)
        self.charges = charges = ChargeLog(platform.settings, platform.traits.charges)
        self.plain = Module(platform)
        """Registers what needs no module of its own."""
        self.rtc = Rtc(platform)
        self.common = Esp32Common(platform, controller)
        self.factory = FactoryData(platform)
        self.network = Network(platform)
        self.ethernet = Ethernet(platform)
        self.wifi = Wifi(platform)
        self.meters = meters = Meters(platform, vehicle)
        self.legacy = LegacyMeters(platform, meters)
        self.names = DeviceName(platform, controller, meters)
        self.users = users = Users(platform, controller, charges)
        self.require_meter = RequireMeter(platform, controller, meters)
        self.tracker = tracker = Tracker(platform, controller, meters, self.require_meter, users, charges)
        self.limits = Limits(platform, controller, meters, tracker, vehicle)
        self.authorization = ChargeAuthorization(platform, tracker)
        self.nfc = Nfc(platform, controller, users, self.authorization)
        self.ev = Ev(platform, controller, users, self.authorization, vehicle)
        self.watchdog = Watchdog(platform, WATCHDOG)
        self.evse = Evse(platform, controller, meters, tracker, self.watchdog)
        self.contactor = Contactor(platform)
        self.switcher = PhaseSwitcher(platform, self.contactor)
        of_manager = ManagerPower(platform, controller, meters, self.contactor, self.switcher)
        self.board = EnergyManager(platform, self.contactor, of_manager)
        manages = platform.traits.manages
        self.power: PowerManager = of_manager if manages else PowerManager(platform, controller, meters)
        if not manages:
            Chargers.of(platform.simulation).add(platform, controller)
        self.p14a = P14a(platform, controller)
        self.features = Features(platform, controller, meters, self.power)
        self.manager = ChargeManager(platform, self.power, users)
        self.mqtt = Mqtt(platform, self.features)
        self.automation = Automation(platform, controller, self.mqtt, self.nfc, self.power, self.manager)
        self.eebus = Eebus(platform, controller, meters, self.power, vehicle, self.p14a)
        self.ocpp = Ocpp(platform, controller, self.power, self.nfc)
        self.prices = DayAheadPrices(platform)
        self.solar = SolarForecast(platform)
        self.wireguard = Wireguard(platform)
        self.certs = Certs(platform)
        self.remote_access = RemoteAccess(platform)
        self.coredump = Coredump(platform)
        self.modbus = Modbus(
            Reach(
                platform=platform,
                controller=controller,
                evse=self.evse,
                meters=meters,
                legacy=self.legacy,
                tracker=tracker,
                limits=self.limits,
                power=self.power,
                nfc=self.nfc,
                features=self.features,
            ),
            defects,
        )
        of_chargers: tuple[Module, ...] = (
            *(self.authorization, self.nfc, self.ev, self.evse, tracker, self.limits, self.require_meter),
            *(self.p14a, self.ocpp, self.eebus, self.modbus),
        )
        everything: tuple[Module, ...] = (
            self.rtc,
            self.common,
            meters,
            self.authorization,
            self.nfc,
            self.ev,
            self.evse,
            users,
            tracker,
            self.limits,
            self.require_meter,
            self.power,
            self.switcher,
            self.p14a,
            self.automation,
            self.manager,
            self.ocpp,
            self.eebus,
            self.prices,
            self.solar,
            self.remote_access,
            self.ethernet,
            self.wifi,
            self.modbus,
            self.mqtt,
            self.names,
        )
        without: tuple[Module, ...] = of_chargers if manages else (self.switcher,)
        self.in_order = tuple(module for module in everything if module not in without)
        """Those with a life of their own, in the order in which they boot, look, and hear of events."""
        served = (*self.in_order, self.coredump, MeterHistory(platform, meters))
        downloads = Downloads(platform, charges, users, self.names)
        self.http = Http(
            platform, users, self.automation, self.names, meters, self.network, self.mqtt.board, (*served, downloads)
        )
        platform.eyes = Eyes(
            observe=platform.observe,
            polled=controller.polled,
            remembered=controller.remembered,
            sample=meters.sample,
        )
