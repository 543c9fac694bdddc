"""OCPP: where the central system is, and what the API shows of the charge point.

The one rule: the charge point itself is in `emulator.ocpp`, what this firmware makes of it in `station`; nothing of it
is imported before OCPP is switched on. Source: Tinkerforge esp32-firmware, `modules/ocpp`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from ....core.instant import MILLISECOND, Instant
from ....core.messages import Event
from ....devices.interfaces import OcppAccess
from ....ocpp.host import Host
from ..api.documents import Doc
from ..api.rows import AnyRow, Source
from ..api.schema import BOOL, U8, U32, Int, Str
from ..api.shapes import Raw, obj
from ..charging.nfc import Nfc
from ..evse.controller import Controller
from ..models import WARP2_UP
from ..module import Module
from ..platform import Platform
from ..settings import CERTIFICATES
from ..view import View
from .power import PowerManager

if TYPE_CHECKING:
    from ....ocpp.charge_point import ChargePoint
    from ....ocpp.profiles import VendorProfile
    from ....ocpp.station import Station

FW: Final = Source("fw: modules/ocpp", models=WARP2_UP)
CONFIG: Final = "ocpp/config"
STARTS_AFTER: Final = 5.0
"""s from boot to the start of the client."""
NO_TRANSACTION: Final = 0x7FFFFFFF
NOT_RUNNING: Final = 0xFFFFFFFF
"""A timer."""
STATUSES: Final = (
    "Available",
    "Preparing",
    "Charging",
    "SuspendedEV",
    "SuspendedEVSE",
    "Finishing",
    "Reserved",
    "Unavailable",
    "Faulted",
)
ACTIONS: Final = {
    "Authorize": 0,
    "BootNotification": 1,
    "Heartbeat": 8,
    "MeterValues": 9,
    "StartTransaction": 13,
    "StatusNotification": 14,
    "StopTransaction": 15,
}
REJECTIONS: Final = ("Blocked", "Expired", "Invalid", "ConcurrentTx")
KEYS: Final = (
    "AuthorizeRemoteTxRequests", "ClockAlignedDataInterval", "ConnectionTimeOut", "ConnectorPhaseRotation",
    "ConnectorPhaseRotationMaxLength", "GetConfigurationMaxKeys", "HeartbeatInterval", "LocalAuthorizeOffline",
    "LocalPreAuthorize", "MessageTimeout", "MeterValuesAlignedData", "MeterValuesAlignedDataMaxLength",
    "MeterValuesSampledData", "MeterValuesSampledDataMaxLength", "MeterValueSampleInterval", "NumberOfConnectors",
    "ResetRetries", "StopTransactionOnEVSideDisconnect", "StopTransactionOnInvalidId", "StopTransactionMaxMeterValues",
    "StopTxnAlignedData", "StopTxnAlignedDataMaxLength", "StopTxnSampledData", "StopTxnSampledDataMaxLength",
    "SupportedFeatureProfiles", "TransactionMessageAttempts", "TransactionMessageRetryInterval",
    "UnlockConnectorOnEVSideDisconnect", "WebSocketPingInterval", "ChargeProfileMaxStackLevel",
    "ChargingScheduleAllowedChargingRateUnit", "ChargingScheduleMaxPeriods", "ConnectorSwitch3to1PhaseSupported",
    "MaxChargingProfilesInstalled",
)  # fmt: skip
"""Shown empty until the client first starts."""


def escaped(identity: str) -> str:
    """As part of a path: all but letters, digits and `-._~`, in lower case."""
    return re.sub("%..", lambda found: found[0].lower(), quote(identity, safe="-._~"))


class Ocpp(Module):
    """The charge point of one wallbox."""

    def __init__(self, platform: Platform, controller: Controller, power: PowerManager, nfc: Nfc) -> None:
        super().__init__(platform)
        self.controller = controller
        self.power = power
        self.host: Final = Host(platform.settings, self._access, self._made_of)
        nfc.seen_by_ocpp = self._seen

    def _made_of(self) -> tuple[VendorProfile, Station]:
        from .station import made_of  # here, because most wallboxes have no central system

        return made_of(self.platform, self.controller, self.power)

    def _access(self) -> OcppAccess | None:
        if CONFIG not in self.api.states:
            return None
        config = self.api.doc(CONFIG)
        url, identity = config.text("url"), config.text("identity")
        if not config.flag("enable") or not url:
            return None
        return OcppAccess(
            url=f"{url}/{escaped(identity)}",
            user=identity if config.flag("enable_auth") else None,
            passwords=_passwords(config.text("pass")),
            authorities=self.settings[CERTIFICATES].get(config.integer("cert_id"), ("", ""))[1],
        )

    # --- what happens ------------------------------------------------------------------------------------------------

    def boot(self) -> None:
        if self._access() is not None:
            self.platform.later(STARTS_AFTER, self.host.power_on)

    def stop(self) -> None:
        self.host.shut_down()

    def handle(self, event: Event) -> None:
        self.host.look()

    def second(self, at: Instant, v: View) -> Instant | None:
        self.host.look()
        return None

    def _seen(self, tag_id: str) -> None:
        self.host.present(tag_id.replace(":", ""))

    def refuse(self, _: Doc) -> str | None:
        point = self.host.charge_point
        if point is None or point.transactions.running is None:
            return None
        return "OCPP config may not be updated while a transaction is in progress! Unplug the vehicle."

    # --- what is shown -----------------------------------------------------------------------------------------------

    def shown(self, v: View) -> Mapping[str, object]:
        """`ocpp/state`"""
        nothing = _STATE.default()
        point = self.host.charge_point
        return nothing if point is None else {**nothing, **self._lively(point)}

    def _lively(self, point: ChargePoint) -> Mapping[str, object]:
        connector, outbox = point.connector, point.outbox
        running, rejected = point.transactions.running, point.authorisation.last_rejection
        known = point.authorisation.known(connector.tag)
        flying = outbox.in_flight
        number = 0 if flying is None else int(flying.id)
        return {
            "charge_point_state": int(point.state),
            "charge_point_status": STATUSES.index("Unavailable" if point.inoperative else "Available"),
            "next_profile_eval": self._left(connector.next_evaluation),
            "connector_state": int(connector.state),
            "connector_status": STATUSES.index(connector.status),
            "tag_id": connector.tag[:20],
            "parent_tag_id": "" if known is None or known.parent is None else known.parent[:20],
            "tag_expiry_date": 0 if known is None or known.expires is None else int(known.expires.timestamp()),
            "tag_timeout": self._left(connector.timeout if connector.plugged else None),
            "cable_timeout": self._left(None if connector.plugged else connector.timeout),
            "last_rejected_tag": rejected.tag[:20],
            "last_rejected_tag_reason": REJECTIONS.index(rejected.reason) if rejected.reason in REJECTIONS else 0,
            "txn_id": NO_TRANSACTION if running is None else running.number,
            "txn_start_time": 0 if running is None else int(running.started.timestamp()),
            "current": round(connector.allowance.current * 1000),
            "txn_with_invalid_id": running is not None and not running.accepted,
            "unavailable_requested": connector.inoperative_next,
            "message_in_flight_type": 0 if flying is None else ACTIONS.get(flying.action, 0),
            "message_in_flight_id_high": number >> 32,
            "message_in_flight_id_low": number & NOT_RUNNING,
            "txn_msg_retry_timeout": self._left(outbox.retry_timer.due),
            "message_timeout": NOT_RUNNING if flying is None else round(point.message_timeout * 1000),
            "message_queue_depth": outbox.others_waiting,
            "status_queue_depth": outbox.statuses_waiting,
            "txn_msg_queue_depth": outbox.transactions_waiting,
            "connected": point.online,
            "connected_change_time": max(0, point.online_since - self.platform.booted_at) // MILLISECOND,
        }

    def _left(self, due: Instant | None) -> int:
        return NOT_RUNNING if due is None else max(0, due - self.platform.at) // MILLISECOND

    def configuration(self, v: View) -> Mapping[str, object]:
        """`ocpp/configuration`"""
        point = self.host.charge_point
        return {name: "" if point is None else point.configuration.text(name) for name in KEYS}


def _passwords(text: str) -> tuple[bytes, ...]:
    """40 hexadecimal digits may be meant as bytes: attempts alternate."""
    plain = text.encode()
    return (bytes.fromhex(text), plain) if re.fullmatch("[0-9A-Fa-f]{40}", text) else (plain,)


_CONFIG: Final = obj(
    enable=BOOL,
    url=Str(0, 128),
    identity=Str(0, 64),
    enable_auth=BOOL,
    **{"pass": Str(0, 64)},
    cert_id=Int(8, True, value=-1),
)
_STATE: Final = obj(
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
    txn_id=Int(32, True, value=NO_TRANSACTION),
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
)
ROWS: Final[tuple[AnyRow[Ocpp], ...]] = (
    FW.config(
        CONFIG,
        _CONFIG,
        initial=lambda m: {**_CONFIG.default(), "identity": m.platform.device_name},
        validate=Ocpp.refuse,
        applied=lambda m, _new, _old: m.host.configured(),
        censor=("pass",),
    ),
    FW.state(
        "ocpp/state",
        _STATE,
        Ocpp.shown,
        assumed="timers in ms that are left; expiry in Unix s; pings are not shown; all 0 while OCPP is off",
    ),
    FW.state("ocpp/configuration", Raw("object of strings"), Ocpp.configuration),
    FW.command("ocpp/reset", lambda m, _: m.host.forget(), action=True),
)
