"""Keys of the charge point (OCPP 1.6J).

The one rule: rows only; the charge point itself is in `emulator.ocpp`, what go-e makes of it in `station`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from . import readings as r
from . import settings as s
from . import writing as w
from .key import Key, action, config, shown, status
from .readings import Read, View
from .rules import short
from .settings import stored
from .sources import EN_ONLY, LISTS, NOT_EMULATED, OCPP_DOC, OTHER_MODELS, V59, V60, V60_3, V60_4
from .values import BOOL, INT32, OBJECT, STAMP, STRING, UINT8, array, optional

if TYPE_CHECKING:
    from ...ocpp.charge_point import ChargePoint

CONNECTOR_STATES: Final = (
    "Available",
    "Preparing",
    "Charging",
    "SuspendedEVSE",
    "SuspendedEV",
    "Finishing",
    "Reserved",
    "Unavailable",
    "Faulted",
)
"""By their number in `ocppcs`. Source: go-eCharger-API-v2 ocpp-en; ASSUMED: 8."""


def _point(read: Callable[[View, ChargePoint], object], otherwise: object = None) -> Read:
    """A value of the charge point; `otherwise`: while OCPP is off."""

    def found(v: View) -> object:
        point = v.device.backend.host.charge_point
        return otherwise if point is None else read(v, point)

    return found


def _transaction(_: View, point: ChargePoint) -> object:
    running = point.transactions.running
    return None if running is None else running.id


def _profiles(purpose: str) -> Read:
    def installed(_: View, point: ChargePoint) -> object:
        return [profile.summary() for profile in point.profiles.installed if profile.purpose == purpose]

    return _point(installed, [])


_TRANSACTION: Final = stored("ocppti", optional(INT32), None, persistent=False)
_STRUCTURE: Final = "structure"

KEYS: Final[tuple[Key, ...]] = (
    config(s.OCPPE, LISTS, "OCPP on"),
    config(s.OCPPU, LISTS, "URL of the backend, with the identity of the charge point at its end"),
    status("ocpps", BOOL, _point(lambda _v, _p: True, False), LISTS, "started"),
    status("ocppc", BOOL, _point(lambda _v, p: p.online, False), LISTS, "connected"),
    status(
        "ocppca", STAMP, _point(lambda v, p: v.stamp(p.online_since) if p.online else None), LISTS, "when it connected"
    ),
    status("ocppa", BOOL, _point(lambda _v, p: p.outbox.accepted, False), LISTS, "accepted"),
    status("ocppaa", STAMP, _point(lambda v, p: v.stamp(p.accepted_at)), LISTS, "when it was accepted"),
    status(
        "ocppcs",
        UINT8,
        _point(lambda _v, p: CONNECTOR_STATES.index(p.connector.status), 0),
        LISTS,
        "state of the connector: 0 available",
    ),
    status("ocpple", optional(STRING), r.nothing, LISTS, "last error", assumed=NOT_EMULATED),
    status("ocpplea", STAMP, r.nothing, LISTS, "when that was", assumed=NOT_EMULATED),
    config(s.OCPPAI, LISTS, "clock aligned interval, s"),
    config(s.OCPPAO, LISTS, "transactions of unknown ids while offline"),
    config(stored("ocppcc", STRING, ""), EN_ONLY, "client certificate"),
    config(stored("ocppck", STRING, ""), EN_ONLY, "client key"),
    config(stored("ocppsc", STRING, ""), EN_ONLY, "server certificate"),
    config(s.OCPPCM, LISTS, "meter values: 0 in a transaction, 1 while charging"),
    config(s.OCPPCN, LISTS, "TLS: do not check the name"),
    config(s.OCPPD, LISTS, "id used without a card"),
    config(s.OCPPF, LISTS, "fall-back, A"),
    shown(stored("ocppff", optional(UINT8), None), V60, "factory value of ocppf"),
    action("ocppfai", w.ignored(INT32), INT32, V60, "factory value of ocppai", assumed="no effect"),
    config(stored("ocppg", BOOL, True), LISTS, "TLS: global certificates"),
    config(s.OCPPH, LISTS, "heartbeat, s"),
    config(s.OCPPI, LISTS, "sample interval, s"),
    config(s.OCPPLA, LISTS, "local list"),
    config(s.OCPPLO, LISTS, "local authorisation while offline"),
    config(stored("ocppr", BOOL, False), LISTS, "rotate phases"),
    config(stored("ocpprl", BOOL, False), LISTS, "remote log"),
    config(s.OCPPSS, LISTS, "TLS: do not check the server"),
    config(
        stored("ocppt", STAMP, None, persistent=False), OCPP_DOC.since("59"), "the backend's time", assumed=NOT_EMULATED
    ),
    status("ocppte", STAMP, r.nothing, V59, "end of the transaction", assumed=NOT_EMULATED),
    config(
        _TRANSACTION,
        LISTS,
        "transaction",
        read=lambda v: _point(_transaction, v.settings[_TRANSACTION])(v),
        assumed="writing has no effect while OCPP is on",
    ),
    config(stored("ocpptt", STRING, "", short(255)), V60_3, "text of the tariff", assumed=OTHER_MODELS),
    status("ocppdp", array(OBJECT), _profiles("TxDefaultProfile"), V59, "default profiles", assumed=_STRUCTURE),
    status("ocppmp", array(OBJECT), _profiles("ChargePointMaxProfile"), V59, "maximum profiles", assumed=_STRUCTURE),
    status("ocpptp", array(OBJECT), _profiles("TxProfile"), V59, "transaction profiles", assumed=_STRUCTURE),
    config(s.ORSCH, V59, "the same card has to stop"),
    config(s.OSR, V60_4, "stop charging at a restart", assumed=OTHER_MODELS),
)
