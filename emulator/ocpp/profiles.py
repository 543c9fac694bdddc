"""What distinguishes the vendors' charge points: data, no behaviour.

The one rule: the state machine is one; a vendor is a row here, and what is not documented says `ASSUMED:`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from math import inf
from typing import Final

from ocpp.v16.enums import Action, ClearCacheStatus, DataTransferStatus, Reason

from .clock import plain_time, time_with_milliseconds
from .configuration import ConfigurationKey
from .configuration_keys import BENDER, GENERIC, GOE, WARP
from .measurands import GENERIC_METER, GOE_METER, GOE_STYLE, WARP_METER
from .metering import Measurand, MeterFormat
from .outbox import QueueRules
from .smart_charging import Rules

CORE: Final = frozenset(
    {
        Action.change_availability,
        Action.change_configuration,
        Action.clear_cache,
        Action.data_transfer,
        Action.get_configuration,
        Action.remote_start_transaction,
        Action.remote_stop_transaction,
        Action.reset,
        Action.unlock_connector,
    }
)
SMART_CHARGING: Final = frozenset(
    {Action.set_charging_profile, Action.clear_charging_profile, Action.get_composite_schedule}
)
LOCAL_LIST: Final = frozenset({Action.send_local_list, Action.get_local_list_version})
RESERVATION: Final = frozenset({Action.reserve_now, Action.cancel_reservation})
FIRMWARE: Final = frozenset({Action.get_diagnostics, Action.update_firmware})
TRIGGER: Final = frozenset({Action.trigger_message})


FULL_STYLE: Final = MeterFormat()
MANY_PROFILES: Final = Rules(levels=20, periods=20, installed=20)
LONG_QUEUE: Final = QueueRules(transactions=100)
"""ASSUMED: room for days without a central system."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """The CALLERROR for a call that is not served."""

    code: str
    description: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VendorProfile:
    """One vendor's charge point."""

    name: str
    source: str
    calls: frozenset[Action]
    """Calls of the central system that are served."""
    keys: tuple[ConfigurationKey, ...]
    measurands: tuple[Measurand, ...]
    meter_format: MeterFormat = FULL_STYLE
    time: Callable[[datetime], str] = plain_time
    first_id: int = 0
    """Of its calls, after its first start."""
    ids_restart: bool = False
    """Ids begin again at each boot, after those of messages that were kept."""
    not_served: Refusal = Refusal("NotImplemented", "")
    """Answer to a call of OCPP 1.6 that is not among `calls`."""
    unknown: Refusal = Refusal("NotSupported", "")
    """Answer to a call that OCPP 1.6 does not have."""
    charging: Rules = MANY_PROFILES
    queue: QueueRules = LONG_QUEUE
    pings: float = 0.0
    """Default of WebSocketPingInterval where there is no such key."""
    default_message_timeout: float = 30.0
    """Wall seconds for an answer, where there is no key for it."""
    reconnect: float = 60.0
    """s from a lost connection to the next attempt."""
    boots_after_reconnect: bool = False
    boot_interval: float = 60.0
    """Repetition of BootNotification when the answer names none."""
    boots_for: float = inf
    """How long after a start BootNotification is said, if no central system accepts it [s]."""
    heartbeat_default: int = 60
    error_codes: bool = True
    """False: says NoError whatever happens."""
    unused_finishes: bool = False
    """Plugged and not authorised in time: Finishing, instead of staying Preparing."""
    skips_statuses: bool = False
    """Leaves out statuses on the way, against table 4.9 of OCPP 1.6: from Finishing to a new transaction without
    Preparing, from Preparing to Unavailable without Available."""
    keeps_station_availability: bool = True
    """The station's own availability survives a reboot, as its connector's does."""
    exact_key_names: bool = False
    """Names of configuration keys are compared letter by letter; OCPP 1.6 makes them CiString."""
    remembers_tags: bool = True
    """Has a cache or a local list, and uses it."""
    list_length: int = 0
    """Entries of the local list."""
    any_tag_stops: bool = False
    """Another tag needs to be accepted only; False: it has to be of the same parent."""
    reason_of_other_tag: Reason | None = Reason.local
    reason_of_reset: tuple[Reason, Reason] = (Reason.soft_reset, Reason.hard_reset)
    reason_of_power_loss: Reason = Reason.power_loss
    samples_begin_of_interval: bool = False
    """Sampled values are those of the beginning of the interval."""
    averages: bool = False
    """Clock-aligned values are means over the interval."""
    meter_values_keep_unconfirmed_id: bool = False
    """Taken before the transaction had an id, they are sent with -1 ever after."""
    clear_cache: ClearCacheStatus = ClearCacheStatus.accepted
    data_transfer: DataTransferStatus = DataTransferStatus.unknown_vendor_id
    unlocks: bool = True
    start_with_profile: bool = True
    """RemoteStartTransaction may carry a profile."""
    accepts_every_reset: bool = False
    """False: Rejected while one is under way."""


WARP_PROFILE: Final = VendorProfile(
    name="warp",
    source="fw: tfocpp, esp32-firmware modules/ocpp",
    calls=CORE | SMART_CHARGING,
    keys=WARP,
    measurands=WARP_METER,
    ids_restart=True,
    not_served=Refusal("NotSupported", "action not supported"),
    unknown=Refusal("NotImplemented", "unknown action passed"),
    charging=Rules(
        levels=3, periods=5, installed=12, relative_station_limit=False, names_transaction=True, evaluated_each=300.0
    ),
    queue=QueueRules(transactions=5, statuses=6, others=6),
    pings=10.0,
    default_message_timeout=10.0,
    reconnect=60.0,
    error_codes=False,
    unused_finishes=True,
    skips_statuses=True,
    keeps_station_availability=False,
    exact_key_names=True,
    remembers_tags=False,
    any_tag_stops=True,
    reason_of_other_tag=None,
    reason_of_reset=(Reason.remote, Reason.remote),
    reason_of_power_loss=Reason.reboot,
    samples_begin_of_interval=True,
    averages=True,
    meter_values_keep_unconfirmed_id=True,
    clear_cache=ClearCacheStatus.rejected,
    unlocks=False,
    accepts_every_reset=True,
)

GOE_PROFILE: Final = VendorProfile(
    name="goe",
    source="go-eCharger-API-v2 ocpp-en; captures of firmware 055",
    # ASSUMED: GetCompositeSchedule, which is not implemented, is answered NotImplemented
    calls=CORE - {Action.clear_cache}
    | {Action.set_charging_profile, Action.clear_charging_profile, Action.update_firmware}
    | LOCAL_LIST
    | TRIGGER,
    keys=GOE,
    measurands=GOE_METER,
    meter_format=GOE_STYLE,
    time=time_with_milliseconds,
    first_id=531_531_539,
    charging=Rules(levels=20, periods=20, installed=20, units=frozenset({"A"})),
    list_length=10,
    any_tag_stops=True,  # ASSUMED: unless `orsch` says otherwise
    heartbeat_default=3600,
    reconnect=10.0,  # ASSUMED
    error_codes=True,  # ASSUMED
)

_GENERIC_CALLS: Final = CORE | SMART_CHARGING | LOCAL_LIST | RESERVATION | TRIGGER

KEBA_PROFILE: Final = VendorProfile(
    name="keba",
    source="KC-P30 x-series configuration manual 4.14; ASSUMED: keys, defaults, timing",
    calls=_GENERIC_CALLS | FIRMWARE,
    keys=GENERIC,
    measurands=GENERIC_METER,
    list_length=1000,
    boots_for=7 * 86_400.0,  # Source: steve-community/steve#116
)

BENDER_PROFILE: Final = VendorProfile(
    name="bender",
    source="Bender OCPP In-Depth Guide 5.32; ASSUMED: defaults, timing",
    calls=_GENERIC_CALLS | FIRMWARE,
    keys=BENDER,
    measurands=GENERIC_METER,
    charging=Rules(levels=20, periods=20, installed=20, units=frozenset({"A"})),
    list_length=1000,
)

LEKTRICO_PROFILE: Final = VendorProfile(
    name="lektrico",
    source="ASSUMED: everything",
    calls=CORE | SMART_CHARGING | TRIGGER,
    keys=GENERIC,
    measurands=GENERIC_METER,
    remembers_tags=False,
)

PROFILES: Final = {
    profile.name: profile for profile in (WARP_PROFILE, GOE_PROFILE, KEBA_PROFILE, BENDER_PROFILE, LEKTRICO_PROFILE)
}
