"""Sessions as the REST API lists them: JSON, one session, how many, and a table in CSV.

The one rule: it reads the log; what a session is stands there.
Source: ckorff/wallbox (members, CSV, count, one session), keba_p40 for Home Assistant (query, statuses). ASSUMED:
reasons but unplugging are null, and signed records are missing.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import datetime
from typing import Final

from ...core.instant import SECOND, Instant
from ...devices.interfaces import HttpReply, HttpRequest
from ...language.digits import is_index
from .entries import NO_TAG, Entry
from .readings import CHARGING, INTERRUPTED, View
from .rest_tokens import refused, reply
from .sessions import UNPLUGGED

HERE: Final = "/v2/sessions"
NOBODY: Final = "predefinedTokenId"
"""`tokenId` of a session without a card."""
COLUMNS: Final = (
    "Charging Station ID", "Serial", "RFID Card", "Status", "Start", "End", "Duration (s)", "Meter at start (Wh)",
    "Meter at end (Wh)", "Consumption (kWh)",
)  # fmt: skip
MEMBERS: Final = (
    "id", "wallboxNumber", "wallboxSerialNumber", "tokenId", "status", "terminationReason", "startDate", "endDate",
    "duration", "startingMeterValue", "endingMeterValue", "energyConsumed", "energyConsumedInKwh", "tariffModel",
)  # fmt: skip
LEAN: Final = ("terminationReason", "energyConsumedInKwh", "tariffModel")
"""Members that the list has and a single session has not."""


class Sessions:
    """The sessions of one wallbox."""

    def __init__(self, serial: str, view: Callable[[], View], calendar: Callable[[Instant | None], datetime]) -> None:
        self._serial = serial
        self._view = view
        self._calendar = calendar

    def every(self) -> list[dict[str, object]]:
        """Newest first."""
        view = self._view()
        log = view.logic.log
        found = [] if log.running is None else [self._session(log.report(0, view.now), _status(view))]
        return [*found, *(self._session(entry, "CLOSED") for entry in log.history)]

    def _session(self, entry: Entry, status: str) -> dict[str, object]:
        """Energies in mWh, instants and durations in ms."""
        started, ended = entry["started[s]"], entry["ended[s]"]
        closed = status == "CLOSED"
        now = int(self._calendar(None).timestamp())
        return {
            "id": entry["Session ID"],
            "wallboxNumber": 1,
            "wallboxSerialNumber": self._serial,
            "tokenId": NOBODY if entry["RFID tag"] == NO_TAG else entry["RFID tag"],
            "status": status,
            "terminationReason": "UNPLUG_EV" if entry["reason"] == UNPLUGGED else None,
            "startDate": started * 1000,
            "endDate": ended * 1000 if closed else None,
            "duration": ((ended if closed else now) - started) * 1000,
            "startingMeterValue": entry["E start"] * 100,
            "endingMeterValue": (entry["E start"] + entry["E pres"]) * 100 if closed else None,
            "energyConsumed": entry["E pres"] * 100,
            "energyConsumedInKwh": round(entry["E pres"] / 10_000, 4),
            "tariffModel": "PerEnergyConsumed",
        }

    def newest(self, member: str) -> object:
        """A member of the newest session, as `rest.session.status`; null without one. KeyError if there is none."""
        if member not in MEMBERS:
            raise KeyError(member)
        found = self.every()
        return found[0][member] if found else None

    def listed(self, request: HttpRequest) -> HttpReply:
        """`limit`, `offset`, `orderDir` and `filters=SOCKET_SERIAL_NUMBER=...` of the query."""
        query = dict(request.query)
        found = self.every()
        if query.get("orderDir") == "ASC":
            found.reverse()
        wanted = query.get("filters") or ""
        if wanted.startswith("SOCKET_SERIAL_NUMBER=") and wanted.partition("=")[2] != self._serial:
            found = []
        first, count = _number(query.get("offset"), 0), _number(query.get("limit"), len(found))
        return reply({"sessions": found[first : first + count]})

    def counted(self, _: HttpRequest) -> HttpReply:
        return reply({"total": len(self.every())})

    def single(self, request: HttpRequest) -> HttpReply:
        """`/v2/sessions/<id>`, with fewer members than in the list."""
        wanted = request.path.rpartition("/")[2]
        found = next((session for session in self.every() if str(session["id"]) == wanted), None)
        if found is None:
            return refused(404, "Not Found")
        return reply({name: value for name, value in found.items() if name not in LEAN})

    def exported(self, _: HttpRequest) -> HttpReply:
        """Local time, Wh and kWh; semicolons."""
        text = io.StringIO()
        table = csv.writer(text, delimiter=";", lineterminator="\n")
        table.writerow(COLUMNS)
        table.writerows(self._row(session) for session in self.every())
        return HttpReply(body=text.getvalue().encode(), content_type="text/csv; charset=utf-8")

    def _row(self, session: dict[str, object]) -> list[object]:
        energies = [session[name] for name in ("startingMeterValue", "endingMeterValue", "energyConsumed")]
        start, end, used = (None if value is None else float(str(value)) / 1000 for value in energies)
        return [
            session["wallboxNumber"],
            self._serial,
            session["tokenId"],
            session["status"],
            self._moment(session["startDate"]),
            self._moment(session["endDate"]),
            int(str(session["duration"])) // 1000,
            start,
            end,
            None if used is None else round(used / 1000, 2),
        ]

    def _moment(self, stamp: object) -> str | None:
        """DD-MM-YYYY HH:MM:SS. ASSUMED: of the wallbox's own zone."""
        if stamp is None:
            return None
        zone = self._calendar(None).tzinfo
        return datetime.fromtimestamp(int(str(stamp)) / (SECOND / 1000), zone).strftime("%d-%m-%Y %H:%M:%S")


def _status(view: View) -> str:
    if view.state == CHARGING:
        return "PWM_CHARGING"
    return "BLOCKED" if view.state == INTERRUPTED else "INITIATED"


def _number(text: str | None, default: int) -> int:
    return int(text) if text and is_index(text) else default
