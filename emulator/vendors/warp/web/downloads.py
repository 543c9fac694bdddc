"""Downloads: the charge log as records, CSV and PDF; the user names.

The one rule: what is printed comes from the charge log; nothing is kept here.
Source: Tinkerforge esp32-firmware, `modules/charge_tracker`, `modules/users`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Final

from ....devices.interfaces import HttpReply, HttpRequest
from ....devices.texts import loads
from ..api.documents import Doc
from ..charging.chargelog import ChargeLog, Record
from ..charging.users import Users
from ..module import Module
from ..platform import Handlers, Platform
from ..system.device_name import DeviceName
from .paper import paper
from .replies import text

MANAGER: Final = "charge_manager/config"
LETTERHEAD: Final = "charge_tracker/pdf_letterhead_config"
BYTES: Final = "application/octet-stream"
LONGEST: Final = 1024
LONGEST_LETTERHEAD: Final = 512
ACKNOWLEDGE: Final = "Please acknowledge that this API is subject to change!"
ENGLISH, GERMAN = 1, 0
ALL, DELETED, CONFIGURED = -2, -1, -3
_HEADERS: Final = {
    ENGLISH: (
        "Start time", "Display name", "Charged energy in kWh", "Charge duration in s", "", "Meter reading start",
        "Meter reading end",
    ),
    GERMAN: (
        "Startzeit", "Anzeigename", "Geladene Energie in kWh", "Ladedauer in s", "", "Zählerstand Start",
        "Zählerstand Ende",
    ),
}  # fmt: skip
_COSTS: Final = {
    ENGLISH: ("Username", "Charging costs in € (Working price) {price} ct/kWh"),
    GERMAN: ("Benutzername", "Ladekosten in € (Arbeitspreis) {price} ct/kWh"),
}
_TITLES: Final = {ENGLISH: "WARP Charge Log", GERMAN: "WARP Ladelog"}
_COLUMNS: Final = {
    ENGLISH: ("Start time", "User", "Charger", "Charged (kWh)", "Duration", "Meter start"),
    GERMAN: ("Startzeit", "Benutzer", "Wallbox", "Geladen (kWh)", "Dauer", "Zählerstand Start"),
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a client asks for; a missing key counts as 0."""

    doc: Doc

    def number(self, name: str) -> int:
        value = self.doc.members.get(name, 0)
        return value if isinstance(value, int) and not isinstance(value, bool) else 0

    @property
    def language(self) -> int:
        return ENGLISH if self.number("language") == ENGLISH else GERMAN


def _wanted(body: bytes) -> Wanted | HttpReply:
    if len(body) > LONGEST:
        return text("", 413)
    try:
        found = loads(body)
    except (ValueError, RecursionError):
        return text(f"Failed to deserialize string: {'EmptyInput' if not body.strip() else 'InvalidInput'}", 400)
    if not isinstance(found, dict) or not found.get("api_not_final_acked"):
        return text(ACKNOWLEDGE, 400)
    return Wanted(Doc(found))


class Words:
    """Numbers and times in one language."""

    def __init__(self, language: int, zone: tzinfo) -> None:
        self.german = language == GERMAN
        self._zone = zone

    def number(self, value: float | None, places: int) -> str:
        if value is None:
            return "N/A"
        text = f"{value:.{places}f}"
        return text.replace(".", ",") if self.german else text

    def costs(self, record: Record, price: int) -> str:
        """`price`: ct/100 per kWh."""
        return self.number(None if record.energy is None else record.energy * price / 10_000, 2)

    def time(self, minutes: int) -> str:
        if minutes == 0:
            return "Unbekannt" if self.german else "Unknown"
        when = datetime.fromtimestamp(minutes * 60, UTC).astimezone(self._zone)
        return f"{when:%d.%m.%Y %H:%M}" if self.german else f"{when:%Y-%m-%d %H:%M}"


class Downloads(Module):
    """The downloads of one wallbox."""

    def __init__(self, platform: Platform, charges: ChargeLog, users: Users, names: DeviceName) -> None:
        super().__init__(platform)
        self.charges = charges
        self.users = users
        self.names = names

    def routes(self) -> Mapping[str, Handlers]:
        return {
            "/charge_tracker/charge_log": {"GET": self.charge_log},
            "/charge_tracker/pdf": {"PUT": self.pdf},
            "/charge_tracker/csv": {"PUT": self.csv},
            "/users/all_usernames": {"GET": self.usernames},
        }

    def charge_log(self, _: HttpRequest) -> HttpReply:
        """Complete charges, 16 bytes each."""
        body = b"".join(record.packed() for record in self.charges.records)
        return HttpReply(body=body, content_type=BYTES, chunked=True)

    def usernames(self, _: HttpRequest) -> HttpReply:
        """256 entries of 32 bytes user name and 32 bytes display name."""
        names = {int(user_id): name for user_id, name in self.users.names.items()}
        for user in self.users.all:
            names[user.integer("id")] = (user.text("username"), user.text("display_name"))
        body = b"".join(_fixed(name) for user_id in range(256) for name in names.get(user_id, ("", "")))
        return HttpReply(body=body, content_type=BYTES)

    def _selected(self, wanted: Wanted) -> list[Record]:
        """Charges from `start` until before `end`, of some users; those without a time lie between their neighbours."""
        start, end = wanted.number("start_timestamp_min"), wanted.number("end_timestamp_min")
        user = wanted.number("user_filter")
        if not self._of_this_wallbox(wanted.number("device_filter")):
            return []
        found: list[Record] = []
        for record in self.charges.records:
            if record.minutes and record.minutes < start:
                found.clear()
                continue
            if record.minutes and end and record.minutes >= end:
                break
            known = self.users.find(record.user) is not None
            if {ALL: True, CONFIGURED: known, DELETED: not known}.get(user, user == record.user):
                found.append(record)
        return found

    def _of_this_wallbox(self, device: int) -> bool:
        """Whether a `device_filter` selects this wallbox's own charges: configured is what a charge manager manages."""
        own = self.platform.device_number
        managed = own in (charger.integer("uid") for charger in self.api.doc(MANAGER).docs("chargers"))
        return {ALL: True, CONFIGURED: managed, DELETED: not managed}.get(device, device == own)

    def _words(self, wanted: Wanted) -> Words:
        return Words(wanted.language, self.platform.clock.zone)

    @property
    def _price(self) -> int:
        """ct/100 per kWh; 0: none is configured."""
        return self.api.integer("charge_tracker/config", "electricity_price")

    def csv(self, request: HttpRequest) -> HttpReply:
        """The charge log as CSV: for Excel (0) or after RFC 4180 (1)."""
        wanted = _wanted(request.body)
        if isinstance(wanted, HttpReply):
            return wanted
        excel, words, price = wanted.number("csv_delimiter") == 0, self._words(wanted), self._price
        rows = [list(_HEADERS[wanted.language])]
        if price:
            shown = words.number(price / 100, 2)
            rows[0] += [title.format(price=shown) for title in _COSTS[wanted.language]]
        for record in self._selected(wanted):
            name = self.users.display_name(record.user)
            row = [
                words.time(record.minutes),
                name,
                words.number(record.energy, 3),
                str(record.duration),
                "",
                words.number(record.start, 3),
                words.number(record.end, 3),
            ]
            rows.append([*row, name, words.costs(record, price)] if price else row)
        separator, newline = (";", "\r\n") if excel else (",", "\n")
        quoted = [separator.join('"' + field.replace('"', '""') + '"' for field in row) + newline for row in rows]
        body = ("sep=;\r\n" if excel else "") + "".join(quoted)
        encoded = body.encode("cp1252", errors="replace") if excel else body.encode()
        return HttpReply(body=encoded, content_type="text/csv", chunked=True)

    def pdf(self, request: HttpRequest) -> HttpReply:
        """The charge log as PDF."""
        wanted = _wanted(request.body)
        if isinstance(wanted, HttpReply):
            return wanted
        letterhead = wanted.doc.members.get("letterhead")
        if not isinstance(letterhead, str):
            letterhead = self.api.text_of(LETTERHEAD, "letterhead")
        elif len(letterhead.encode()) > LONGEST_LETTERHEAD:
            return text("Letterhead is too long!", 400)
        elif wanted.doc.flag("persist_letterhead", True):
            self.api.put(LETTERHEAD, {"letterhead": letterhead})
        words, price, title = self._words(wanted), self._price, _TITLES[wanted.language]
        columns = "  ".join(_COLUMNS[wanted.language])
        lines = [*letterhead.splitlines(), title, self.platform.device_name, "", columns]
        for record in self._selected(wanted):
            hours, rest = divmod(record.duration, 3600)
            fields = [
                words.time(record.minutes),
                self.users.display_name(record.user),
                self.names.display,
                words.number(record.energy, 3),
                f"{hours}:{rest // 60:02d}:{rest % 60:02d}",
                words.number(record.start, 3),
            ]
            if price:
                fields.append(words.costs(record, price) + " €")
            lines.append("  ".join(fields))
        return HttpReply(body=paper(title, lines), content_type="application/pdf", chunked=True)


def _fixed(name: str) -> bytes:
    return name.encode()[:32].ljust(32, b"\0")
