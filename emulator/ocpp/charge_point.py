"""The charge point of a wallbox: its life from power to the central system's acceptance, and what it is made of.

The one rule: sans I/O. Messages come in through `received`, go out through a `Link`; time passes on the agenda of the
simulation. Without power there is no charge point: a new one is made at each boot, on the same `Memory`.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from ocpp.v16.enums import ChargePointErrorCode, ChargePointStatus, ConfigurationKey, Reason, RegistrationStatus

from ..core.instant import SECOND, Instant, later
from ..core.states import EvseState
from ..devices.interfaces.ocpp import Call, Link, Message, Payload
from .authorisation import Authorisation
from .clock import parse_time
from .commands import Commands
from .configuration import Configuration
from .connector import Connector
from .messages import text_in
from .meter_values import MeterValues
from .outbox import Outbox, Retry
from .parts import Parts
from .profiles import VendorProfile
from .reservations import Reservations
from .smart_charging import Allowed, Profiles
from .states import IN_TRANSACTION, Registration
from .station import Memory, Station
from .transactions import Transaction, Transactions


class ChargePoint:
    """One charge point with one connector."""

    def __init__(self, profile: VendorProfile, station: Station, memory: Memory) -> None:
        self.profile = profile
        self.station = station
        self.memory = memory
        self.registration = Registration.POWER_ON
        self._remember_availability()
        if profile.ids_restart:
            memory.queue.renumber(profile.first_id)
        self.configuration = Configuration(
            profile.keys, memory.configuration, station.bindings(), exact_names=profile.exact_key_names
        )
        self.outbox = Outbox(station.simulation, memory.queue, profile.queue, self._retry())
        self.transactions = Transactions(profile, station, self.outbox, memory)
        self.authorisation = Authorisation(profile, self.configuration, self.outbox, memory, station.calendar)
        self.reservations = Reservations(station)
        self.profiles = Profiles(profile.charging, memory.profiles)
        self.interrupted, memory.running = memory.running, None
        """The transaction that ran when the power went."""
        self.connector = Connector(
            profile, self.configuration, station, memory, self.transactions, self.authorisation, self.reservations
        )
        self.meter_values = MeterValues(profile, self.configuration, station, self.outbox, self.transactions)
        self.commands = Commands(self._parts(), self)
        self.resetting: bool | None = None
        """A reset is under way; True: a hard one."""
        self.online_since: Instant = station.simulation.at
        """When the connection was made or lost."""
        self.accepted_at: Instant | None = None
        """When the central system accepted the charge point."""
        self.keep: Callable[[], None] = lambda: None
        """Called when there may be something new to keep."""
        self._link: Link | None = None
        self._started_at: Instant = station.simulation.at
        self._last_beat: Instant = station.simulation.at
        """When BootNotification was accepted, or the last Heartbeat said."""
        self._booting = station.simulation.timer(lambda _at: self.boot())
        self._heartbeat = station.simulation.timer(lambda _at: self.heartbeat())
        self._restart = station.simulation.timer(self._restarted)
        self._wire()

    def _remember_availability(self) -> None:
        """What was kept of it; the box's own setting wins, it may have been changed without a charge point."""
        memory, own = self.memory, self.station.available()
        if not self.profile.keeps_station_availability:
            memory.station_inoperative = False
        if own is not None and own is not memory.operative:
            memory.make_available(own, station=True)

    def _parts(self) -> Parts:
        return Parts(
            profile=self.profile,
            station=self.station,
            memory=self.memory,
            configuration=self.configuration,
            outbox=self.outbox,
            transactions=self.transactions,
            authorisation=self.authorisation,
            reservations=self.reservations,
            profiles=self.profiles,
            connector=self.connector,
            meter_values=self.meter_values,
        )

    def _retry(self) -> Retry:
        return Retry(
            interval=lambda: self.configuration.integer(ConfigurationKey.transaction_message_retry_interval, 60),
            attempts=lambda: self.configuration.integer(ConfigurationKey.transaction_message_attempts, 3),
        )

    def _wire(self) -> None:
        self.connector.allowed = self.allowed
        self.connector.online = lambda: self.online
        self.connector.status_changed = self._say_status
        self.connector.taken_out_of_service = self._taken_out_of_service
        self.transactions.confirmed = self._confirmed
        self.transactions.begun = self._begun
        self.transactions.ended = self._ended
        self.reservations.changed = self.connector.update
        self.outbox.emptied = self._emptied
        self.configuration.listen(self._configured)

    # --- life --------------------------------------------------------------------------------------------------------

    def power_on(self) -> None:
        """The box has started: from now on the central system has a say."""
        if self.interrupted is not None:
            self.memory.running, self.interrupted = self.interrupted, None
            rebooted = self.memory.rebooted
            self.transactions.stop(Reason.reboot if rebooted else self.profile.reason_of_power_loss, None)
        self.connector.look()

    def shut_down(self) -> None:
        """The box loses its memory."""
        self._link = None
        self.outbox.shut_down()
        self.memory.profiles = self.profiles.installed
        self.memory.rebooted = self.station.snapshot().state is not EvseState.OFF
        self.keep()
        for part in (self.connector, self.meter_values, self.reservations):
            part.shut_down()
        for timer in (self._booting, self._heartbeat, self._restart):
            timer.clear()

    def look(self) -> None:
        """Something in the charger is different."""
        self.connector.look()
        self.meter_values.look()

    def present(self, tag: str) -> None:
        """A card is held to the reader; nobody looks while a reset is under way."""
        if self.resetting is None:
            self.connector.present(tag)

    # --- the conversation --------------------------------------------------------------------------------------------

    @property
    def waiting(self) -> bool:
        return self.outbox.in_flight is not None

    @property
    def online(self) -> bool:
        """Connected to a central system."""
        return self._link is not None

    @property
    def message_timeout(self) -> float:
        default = round(self.profile.default_message_timeout)
        return float(self.configuration.integer("MessageTimeout", default))

    @property
    def ping_interval(self) -> float:
        name = ConfigurationKey.web_socket_ping_interval
        return float(self.configuration.integer(name, round(self.profile.pings)))

    def connected(self, link: Link) -> None:
        self._link, self.online_since = link, self.station.simulation.at
        self.outbox.connected(link)
        if self.registration in (Registration.POWER_ON, Registration.PENDING, Registration.REJECTED):
            self.boot()
        elif self.profile.boots_after_reconnect:
            self.outbox.accepted = False
            self.boot()
        elif self.registration is Registration.IDLE:
            self.say_statuses()
        self.evaluate()

    def lost(self) -> None:
        self._link, self.online_since = None, self.station.simulation.at
        self._booting.clear()
        self.outbox.lost()
        self.evaluate()

    def received(self, message: Message) -> Message | None:
        if isinstance(message, Call):
            return None if self.registration is Registration.REJECTED else self.commands.answer(message)
        self.outbox.answered(message)
        self._changed()
        return None

    def answered(self, call: Call) -> None:
        self.commands.answered(call)
        self._changed()

    def _changed(self) -> None:
        self.keep()
        self.station.changed()

    def timed_out(self, message_id: str) -> None:
        self.outbox.timed_out(message_id)
        self._changed()

    # --- registration ------------------------------------------------------------------------------------------------

    def boot(self) -> None:
        """Say who this is, unless nobody has wanted to know for too long."""
        self._booting.clear()
        if (
            self.accepted_at is None
            and self.station.simulation.at - self._started_at >= self.profile.boots_for * SECOND
        ):
            return
        identity = self.station.identity
        self.outbox.put(
            "BootNotification",
            {
                "chargePointVendor": identity.vendor,
                "chargePointModel": identity.model,
                "chargePointSerialNumber": identity.serial,
                "firmwareVersion": identity.firmware,
            },
            self._booted,
            "boot",
        )

    def _booted(self, answer: Payload | None) -> None:
        interval = 0 if answer is None else answer.get("interval")
        seconds = interval if isinstance(interval, int) and interval > 0 else 0
        status = "" if answer is None else text_in(answer, "status")
        if answer is not None:
            self._take_time(text_in(answer, "currentTime"))
        if status != RegistrationStatus.accepted:  # perhaps again, after it was: then it is silent as before
            refused = {
                RegistrationStatus.pending: Registration.PENDING,
                RegistrationStatus.rejected: Registration.REJECTED,
            }
            if status in set(RegistrationStatus):
                self.registration = refused[RegistrationStatus(status)]
                self.outbox.accepted = False
                self._heartbeat.clear()
            if self._link is not None:
                self._booting.set(later(self.station.simulation.at, seconds or self.profile.boot_interval))
            return
        self._last_beat = self.station.simulation.at
        self.configuration.put(ConfigurationKey.heartbeat_interval, str(seconds or self.profile.heartbeat_default))
        if not self.outbox.accepted:
            self._accept()

    def _accept(self) -> None:
        """The central system takes the charge point: its statuses, then what waited since before the start."""
        self.registration = Registration.FLUSH
        self.outbox.accepted = True
        self.accepted_at = self.station.simulation.at
        self.meter_values.align()
        self.outbox.statuses_first = True
        self.say_statuses()
        self._emptied()

    def _emptied(self) -> None:
        if self.registration is Registration.FLUSH and self.outbox.settled:
            self.registration = Registration.IDLE
        if self.resetting is not None and self.outbox.settled and self._restart.due is None:
            self._close_and_restart()

    def heartbeat(self) -> None:
        """Ask for the time."""
        self._last_beat = self.station.simulation.at
        self._schedule_heartbeat()
        self.outbox.put("Heartbeat", {}, lambda answer: self._take_time(text_in(answer or {}, "currentTime")))

    def _schedule_heartbeat(self) -> None:
        """An interval after the last one, however often it changes; at once if that is over."""
        interval = self.configuration.integer(ConfigurationKey.heartbeat_interval)
        due = max(later(self._last_beat, interval), self.station.simulation.at)
        self._heartbeat.set(due if interval > 0 else None)

    def _take_time(self, text: str) -> None:
        try:
            time: datetime | None = parse_time(text)
        except ValueError:
            time = None
        if time is not None and self.station.set_clock(time):
            self.meter_values.align()
            self.evaluate()

    def _configured(self, name: str) -> None:
        self.keep()
        if name == ConfigurationKey.heartbeat_interval:
            self._schedule_heartbeat()

    # --- status ------------------------------------------------------------------------------------------------------

    def say_statuses(self) -> None:
        """The status of the station, then of the connector, whatever was said before."""
        self.say_station()
        self.connector.say_status()

    def say_station(self) -> None:
        status = ChargePointStatus.unavailable if self.inoperative else ChargePointStatus.available
        self._say(0, status, ChargePointErrorCode.no_error)

    @property
    def inoperative(self) -> bool:
        """The station as a whole is unavailable: it was made so, and its transaction is over."""
        return self.memory.station_inoperative and self.connector.state not in IN_TRANSACTION

    @property
    def state(self) -> Registration:
        """How far it has come, or that it is unavailable."""
        unavailable = self.inoperative and self.registration is Registration.IDLE
        return Registration.UNAVAILABLE if unavailable else self.registration

    def make_available(self, operative: bool, *, station: bool) -> None:
        """ChangeAvailability, of the station or of its connector."""
        self.memory.make_available(operative, station=station)
        if station and (operative or self.inoperative):
            self.say_station()
        self.connector.follow_availability()
        self.station.make_available(self.memory.operative)
        self._changed()

    def _taken_out_of_service(self) -> None:
        if self.memory.station_inoperative:
            self.say_station()

    def _say_status(self, status: ChargePointStatus, code: ChargePointErrorCode) -> None:
        self._say(1, status, code)
        self.station.changed()

    def _say(self, connector: int, status: ChargePointStatus, code: ChargePointErrorCode) -> None:
        report = {
            "connectorId": connector,
            "errorCode": code,
            "status": status,
            "timestamp": self.profile.time(self.station.calendar()),
        }
        self.outbox.put("StatusNotification", report, urgency="status")

    # --- transactions and limits -------------------------------------------------------------------------------------

    def allowed(self) -> Allowed:
        """What the profiles allow now."""
        running = self.transactions.running
        return self.profiles.allowed(self.station.calendar(), None if running is None else running.started)

    def evaluate(self) -> None:
        """Profiles, clock or transaction are new."""
        self.connector.update()
        self.station.changed()

    def _confirmed(self, transaction: Transaction, info: Payload) -> None:
        self.authorisation.learn(transaction.tag, info)
        if transaction is self.transactions.running:
            self.connector.confirmed()

    def _begun(self) -> None:
        if self.connector.start_profile is not None:
            self.profiles.install(self.connector.start_profile)
        self.meter_values.begin()
        self.keep()

    def _ended(self) -> None:
        self.profiles.clear(lambda profile: profile.purpose == "TxProfile")
        self.meter_values.end()
        self.keep()

    # --- reset -------------------------------------------------------------------------------------------------------

    def reset(self, *, hard: bool) -> None:
        """End the transaction, and restart: a soft reset once every message of a transaction is taken."""
        self.resetting = hard
        self.registration = Registration.HARD_RESET if hard else Registration.SOFT_RESET
        self.connector.stop(self.profile.reason_of_reset[hard])
        if hard or self.outbox.settled:
            self._close_and_restart()

    def _close_and_restart(self) -> None:
        self._restart.set(later(self.station.simulation.at, 1.0))

    def _restarted(self, _: Instant) -> None:
        hard = bool(self.resetting)
        if self._link is not None:
            self._link.close()
        self.station.restart(hard=hard)
