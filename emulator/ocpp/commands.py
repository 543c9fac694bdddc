"""What the central system asks, and the vendor's answers.

The one rule: a call is checked against its schema and by the vendor's rules before anything changes; what takes
effect only after the answer is done in `answered`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ocpp.v16 import call
from ocpp.v16.enums import (
    Action,
    AvailabilityStatus,
    AvailabilityType,
    CancelReservationStatus,
    ChargePointStatus,
    ChargingProfilePurposeType,
    ChargingProfileStatus,
    ChargingRateUnitType,
    ClearChargingProfileStatus,
    ConfigurationKey,
    GetCompositeScheduleStatus,
    MessageTrigger,
    Reason,
    RemoteStartStopStatus,
    ReservationStatus,
    ResetStatus,
    ResetType,
    TriggerMessageStatus,
    UnlockStatus,
    UpdateStatus,
    UpdateType,
)

from ..devices.interfaces.ocpp import Call, CallError, CallResult, Payload
from .clock import parse_time
from .local_list import updated
from .messages import as_dataclass
from .parts import Acts, Parts
from .reservations import Reservation
from .schemas import known, violation
from .smart_charging import NOMINAL, ChargingProfile, Period, is_profile
from .states import IN_TRANSACTION

Handler = Callable[[Payload], Payload]
Promise = Callable[[], None]


class Commands:
    """The calls that a charge point serves."""

    def __init__(self, parts: Parts, acts: Acts) -> None:
        self._parts = parts
        self._acts = acts
        self._promises: dict[str, Promise] = {}
        """What is done once the answer to a call is on its way, by the call's id."""
        self._promise: Promise | None = None
        self._handlers: Mapping[Action, Handler] = {
            Action.cancel_reservation: self._cancel_reservation,
            Action.change_availability: self._change_availability,
            Action.change_configuration: self._change_configuration,
            Action.clear_cache: self._clear_cache,
            Action.clear_charging_profile: self._clear_charging_profile,
            Action.data_transfer: self._data_transfer,
            Action.get_composite_schedule: self._get_composite_schedule,
            Action.get_configuration: self._get_configuration,
            Action.get_diagnostics: self._get_diagnostics,
            Action.get_local_list_version: self._get_local_list_version,
            Action.remote_start_transaction: self._remote_start,
            Action.remote_stop_transaction: self._remote_stop,
            Action.reserve_now: self._reserve_now,
            Action.reset: self._reset,
            Action.send_local_list: self._send_local_list,
            Action.set_charging_profile: self._set_charging_profile,
            Action.trigger_message: self._trigger_message,
            Action.unlock_connector: self._unlock_connector,
            Action.update_firmware: self._update_firmware,
        }

    def answer(self, asked: Call) -> CallResult | CallError:
        """The vendor's answer to a call."""
        profile = self._parts.profile
        if not known(asked.action):
            return CallError(id=asked.id, code=profile.unknown.code, description=profile.unknown.description)
        if asked.action not in profile.calls:
            return CallError(id=asked.id, code=profile.not_served.code, description=profile.not_served.description)
        wrong = violation(asked.action, asked.payload)
        if wrong is not None:
            return CallError(id=asked.id, code=wrong.code, description=wrong.description)
        self._promise = None
        try:
            payload = self._handlers[Action(asked.action)](asked.payload)
        except ValueError as error:  # a text that is no time
            return CallError(id=asked.id, code="PropertyConstraintViolation", description=str(error))
        if self._promise is not None:
            self._promises[asked.id] = self._promise
        return CallResult(id=asked.id, payload=payload)

    def answered(self, asked: Call) -> None:
        """The answer to a call is on its way."""
        promise = self._promises.pop(asked.id, None)
        if promise is not None:
            promise()

    # --- core --------------------------------------------------------------------------------------------------------

    def _change_availability(self, payload: Payload) -> Payload:
        asked = as_dataclass(call.ChangeAvailability, payload)
        if asked.connector_id not in (0, 1):
            return {"status": AvailabilityStatus.rejected}
        point = self._parts
        operative = asked.type == AvailabilityType.operative
        busy = point.connector.state in IN_TRANSACTION and not operative

        self._promise = lambda: self._acts.make_available(operative, station=asked.connector_id == 0)
        return {"status": AvailabilityStatus.scheduled if busy else AvailabilityStatus.accepted}

    def _change_configuration(self, payload: Payload) -> Payload:
        asked = as_dataclass(call.ChangeConfiguration, payload)
        return {"status": self._parts.configuration.change(asked.key, asked.value)}

    def _get_configuration(self, payload: Payload) -> Payload:
        asked = as_dataclass(call.GetConfiguration, payload)
        return self._parts.configuration.report(asked.key or ())

    def _clear_cache(self, _: Payload) -> Payload:
        self._parts.authorisation.forget()
        return {"status": self._parts.profile.clear_cache}

    def _data_transfer(self, _: Payload) -> Payload:
        return {"status": self._parts.profile.data_transfer}

    def _remote_start(self, payload: Payload) -> Payload:
        asked = as_dataclass(call.RemoteStartTransaction, payload)
        point = self._parts
        connector = point.connector
        profile = None
        if is_profile(sent := payload.get("chargingProfile")):
            profile = ChargingProfile.of(1, sent, point.station.calendar())
        fits = profile is None or (
            point.profile.start_with_profile
            and profile.purpose == ChargingProfilePurposeType.tx_profile
            and profile.transaction is None
            and point.profiles.refusal(profile, None, starting=True) is None
        )
        startable = self._acts.resetting is None and connector.startable(plugged=asked.connector_id is None)
        admitted = point.reservations.admits(asked.id_tag, point.authorisation)
        if asked.connector_id not in (None, 1) or not fits or not startable or not admitted:
            return {"status": RemoteStartStopStatus.rejected}

        def start() -> None:
            connector.remote_start(asked.id_tag, profile)

        self._promise = start
        return {"status": RemoteStartStopStatus.accepted}

    def _remote_stop(self, payload: Payload) -> Payload:
        asked = as_dataclass(call.RemoteStopTransaction, payload)
        running = self._parts.transactions.running
        if running is None or running.number != asked.transaction_id:
            return {"status": RemoteStartStopStatus.rejected}
        self._promise = lambda: self._parts.connector.stop(Reason.remote)
        return {"status": RemoteStartStopStatus.accepted}

    def _reset(self, payload: Payload) -> Payload:
        asked = as_dataclass(call.Reset, payload)
        point = self._parts
        if self._acts.resetting is not None and not point.profile.accepts_every_reset:
            return {"status": ResetStatus.rejected}
        self._promise = lambda: self._acts.reset(hard=asked.type == ResetType.hard)
        return {"status": ResetStatus.accepted}

    def _unlock_connector(self, payload: Payload) -> Payload:
        asked = as_dataclass(call.UnlockConnector, payload)
        point = self._parts
        if not point.profile.unlocks or not point.station.releasable() or asked.connector_id != 1:
            return {"status": UnlockStatus.not_supported}

        def unlock() -> None:
            point.connector.stop(Reason.unlock_command)
            point.station.unlock()

        self._promise = unlock
        return {"status": UnlockStatus.unlocked}

    # --- smart charging ----------------------------------------------------------------------------------------------

    def _set_charging_profile(self, payload: Payload) -> Payload:
        asked = as_dataclass(call.SetChargingProfile, payload)
        point = self._parts
        sent = payload["csChargingProfiles"]
        assert is_profile(sent)
        profile = ChargingProfile.of(asked.connector_id, sent, point.station.calendar())
        running = point.transactions.running
        if point.profiles.refusal(profile, None if running is None else running.number) is not None:
            return {"status": ChargingProfileStatus.rejected}
        point.profiles.install(profile)
        self._promise = self._acts.evaluate
        return {"status": ChargingProfileStatus.accepted}

    def _clear_charging_profile(self, payload: Payload) -> Payload:
        asked = as_dataclass(call.ClearChargingProfile, payload)

        def matches(profile: ChargingProfile) -> bool:
            if asked.id is not None:
                return profile.id == asked.id
            return (
                asked.connector_id in (None, profile.connector)
                and asked.charging_profile_purpose in (None, profile.purpose)
                and asked.stack_level in (None, profile.level)
            )

        found = self._parts.profiles.clear(matches)
        self._promise = self._acts.evaluate
        return {"status": ClearChargingProfileStatus.accepted if found else ClearChargingProfileStatus.unknown}

    def _get_composite_schedule(self, payload: Payload) -> Payload:
        asked = as_dataclass(call.GetCompositeSchedule, payload)
        if asked.connector_id not in (0, 1):
            return {"status": GetCompositeScheduleStatus.rejected}
        point = self._parts
        now = point.station.calendar()
        running = point.transactions.running
        started = None if running is None else running.started
        periods = point.profiles.composite(now, asked.duration, started, connector=asked.connector_id)
        unit = ChargingRateUnitType(asked.charging_rate_unit or ChargingRateUnitType.amps)
        return {
            "status": GetCompositeScheduleStatus.accepted,
            "connectorId": asked.connector_id,
            "scheduleStart": point.profile.time(now),
            "chargingSchedule": {
                "duration": asked.duration,
                "chargingRateUnit": unit,
                "chargingSchedulePeriod": [_shown(period, unit) for period in periods],
            },
        }

    # --- reservation and local list ----------------------------------------------------------------------------------

    def _reserve_now(self, payload: Payload) -> Payload:
        asked = as_dataclass(call.ReserveNow, payload)
        point = self._parts
        status = point.connector.status
        kept = point.reservations.current
        refusals = {
            ChargePointStatus.faulted: ReservationStatus.faulted,
            ChargePointStatus.unavailable: ReservationStatus.unavailable,
        }
        whole_station = point.configuration.flag(ConfigurationKey.reserve_connector_zero_supported)
        if asked.connector_id != 1 and not (asked.connector_id == 0 and whole_station):
            return {"status": ReservationStatus.rejected}
        if status in refusals:
            return {"status": refusals[status]}
        replaced = kept is not None and kept.id == asked.reservation_id
        if status is not ChargePointStatus.available and not replaced:
            return {"status": ReservationStatus.occupied}
        reservation = Reservation(
            asked.reservation_id, asked.id_tag, asked.parent_id_tag, parse_time(asked.expiry_date)
        )
        self._promise = lambda: point.reservations.make(reservation)
        return {"status": ReservationStatus.accepted}

    def _cancel_reservation(self, payload: Payload) -> Payload:
        asked = as_dataclass(call.CancelReservation, payload)
        found = self._parts.reservations.cancel(asked.reservation_id)
        return {"status": CancelReservationStatus.accepted if found else CancelReservationStatus.rejected}

    def _send_local_list(self, payload: Payload) -> Payload:
        asked = as_dataclass(call.SendLocalList, payload)
        memory = self._parts.memory
        full = asked.update_type == UpdateType.full
        if not full and asked.list_version <= memory.local_list_version:
            return {"status": UpdateStatus.version_mismatch}
        new = updated({} if full else memory.local_list, asked.local_authorization_list or ())
        sent = len(asked.local_authorization_list or ())
        most = self._parts.configuration.integer("SendLocalListMaxLength", sent)
        if sent > most or len(new) > self._parts.profile.list_length:
            return {"status": UpdateStatus.failed}
        memory.local_list, memory.local_list_version = new, asked.list_version
        return {"status": UpdateStatus.accepted}

    def _get_local_list_version(self, _: Payload) -> Payload:
        return {"listVersion": self._parts.memory.local_list_version}

    # --- remote trigger, firmware ------------------------------------------------------------------------------------

    def _trigger_message(self, payload: Payload) -> Payload:
        asked = as_dataclass(call.TriggerMessage, payload)
        point = self._parts
        if asked.connector_id not in (None, 0, 1):
            return {"status": TriggerMessageStatus.rejected}
        statuses: Mapping[int | None, Promise] = {
            None: self._acts.say_statuses,
            0: self._acts.say_station,
            1: point.connector.say_status,
        }
        triggers: Mapping[str, Promise] = {
            MessageTrigger.boot_notification: self._acts.boot,
            MessageTrigger.heartbeat: self._acts.heartbeat,
            MessageTrigger.meter_values: point.meter_values.trigger,
            MessageTrigger.status_notification: statuses[asked.connector_id],
        }
        if asked.requested_message not in triggers:
            return {"status": TriggerMessageStatus.not_implemented}
        said = triggers[asked.requested_message]
        self._promise = lambda: point.outbox.triggered(said)
        return {"status": TriggerMessageStatus.accepted}

    def _get_diagnostics(self, _: Payload) -> Payload:
        """No file. ASSUMED: the box has nothing to upload."""
        return {}

    def _update_firmware(self, _: Payload) -> Payload:
        """ASSUMED: the file cannot be fetched."""
        failed = {"status": "DownloadFailed"}
        self._promise = lambda: self._parts.outbox.put("FirmwareStatusNotification", failed)
        return {}


def _shown(period: Period, unit: ChargingRateUnitType) -> Payload:
    phases = period.phases or 3
    limit = period.limit * (NOMINAL * phases if unit is ChargingRateUnitType.watts else 1.0)
    return {"startPeriod": round(period.start), "limit": round(limit, 1), "numberPhases": phases}
