"""Downloads: the charge log as records, CSV and PDF; the user names.

The one rule: what is printed comes from the tracker's records; nothing is kept here.
Source: Tinkerforge esp32-firmware, `modules/charge_tracker`, `modules/users`.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any, Final

from ...devices.interfaces import HttpReply
from .platform import Platform
from .tracking import Record

TEXT: Final = "text/plain; charset=utf-8"
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


def _error(body: str, status: int = 400) -> HttpReply:
    return HttpReply(status=status, body=body.encode(), content_type=TEXT)


def charge_log(m: Downloads) -> HttpReply:
    """Complete charges, 16 bytes each."""
    body = b"".join(record.packed() for record in m.tracker.records)
    return HttpReply(body=body, content_type="application/octet-stream", chunked=True)


def usernames(m: Downloads) -> HttpReply:
    """256 entries of 32 bytes user name and 32 bytes display name."""
    names = {int(user_id): name for user_id, name in m.users.names.items()}
    names |= {user["id"]: (user["username"], user["display_name"]) for user in m.users.all}
    body = b"".join(_fixed(text) for user_id in range(256) for text in names.get(user_id, ("", "")))
    return HttpReply(body=body, content_type="application/octet-stream")


def _fixed(text: str) -> bytes:
    return text.encode()[:32].ljust(32, b"\0")


def _request(body: bytes) -> dict[str, Any] | HttpReply:
    """What was asked for; a missing key counts as 0."""
    if len(body) > LONGEST:
        return _error("", 413)
    try:
        found = json.loads(body)
    except ValueError:
        return _error(f"Failed to deserialize string: {'EmptyInput' if not body.strip() else 'InvalidInput'}")
    if not isinstance(found, dict) or not found.get("api_not_final_acked"):
        return _error(ACKNOWLEDGE)
    return found


def _number(request: dict[str, Any], name: str) -> int:
    value = request.get(name, 0)
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def _selected(m: Downloads, request: dict[str, Any]) -> list[Record]:
    start, end = _number(request, "start_timestamp_min"), _number(request, "end_timestamp_min")
    user, device = _number(request, "user_filter"), _number(request, "device_filter")
    if device not in (ALL, CONFIGURED):
        return []
    found = []
    for record in m.tracker.records:
        known = m.users.find(record.user) is not None
        wanted = user == ALL or (user == CONFIGURED and known) or (user == DELETED and not known) or user == record.user
        if wanted and start <= record.minutes and (end == 0 or record.minutes <= end):
            found.append(record)
    return found


class _Words:
    """Numbers and times in one language."""

    def __init__(self, platform: Platform, language: int) -> None:
        self.german = language == GERMAN
        self._zone = self.platform.clock.zone

    def number(self, value: float | None, places: int) -> str:
        if value is None:
            return "N/A"
        text = f"{value:.{places}f}"
        return text.replace(".", ",") if self.german else text

    def time(self, minutes: int) -> str:
        if minutes == 0:
            return "Unbekannt" if self.german else "Unknown"
        when = datetime.fromtimestamp(minutes * 60, UTC).astimezone(self._zone)
        return f"{when:%d.%m.%Y %H:%M}" if self.german else f"{when:%Y-%m-%d %H:%M}"


def csv(m: Downloads, body: bytes) -> HttpReply:
    """The charge log as CSV: for Excel (0) or after RFC 4180 (1)."""
    request = _request(body)
    if isinstance(request, HttpReply):
        return request
    language = ENGLISH if _number(request, "language") == ENGLISH else GERMAN
    excel = _number(request, "csv_delimiter") == 0
    words = _Words(m, language)
    price = m.api.integer("charge_tracker/config", "electricity_price")
    rows = [list(_HEADERS[language])]
    if price:
        shown = words.number(price / 100, 2)
        rows[0] += [title.format(price=shown) for title in _COSTS[language]]
    for record in _selected(m, request):
        name = m.users.display_name(record.user)
        row = [
            words.time(record.minutes),
            name,
            words.number(record.energy, 3),
            str(record.duration),
            "",
            words.number(record.start, 3),
            words.number(record.end, 3),
        ]
        if price:
            row += [name, words.number(None if record.energy is None else record.energy * price / 10_000, 2)]
        rows.append(row)
    separator, newline = (";", "\r\n") if excel else (",", "\n")
    quoted = [separator.join('"' + field.replace('"', '""') + '"' for field in row) + newline for row in rows]
    text = ("sep=;\r\n" if excel else "") + "".join(quoted)
    encoded = text.encode("cp1252", errors="replace") if excel else text.encode()
    return HttpReply(body=encoded, content_type="text/csv", chunked=True)


def pdf(m: Downloads, body: bytes) -> HttpReply:
    """The charge log as PDF. ASSUMED layout: a plain table."""
    request = _request(body)
    if isinstance(request, HttpReply):
        return request
    letterhead = request.get("letterhead")
    saved = str(m.api.member("charge_tracker/pdf_letterhead_config", "letterhead"))
    if isinstance(letterhead, str):
        if len(letterhead.encode()) > LONGEST_LETTERHEAD:
            return _error("Letterhead is too long!")
        if request.get("persist_letterhead", True):
            m.api.put("charge_tracker/pdf_letterhead_config", {"letterhead": letterhead})
    else:
        letterhead = saved
    language = ENGLISH if _number(request, "language") == ENGLISH else GERMAN
    words = _Words(m, language)
    price = m.api.integer("charge_tracker/config", "electricity_price")
    lines = [*letterhead.splitlines(), _TITLES[language], m.platform.device_name, "", "  ".join(_COLUMNS[language])]
    for record in _selected(m, request):
        hours, rest = divmod(record.duration, 3600)
        fields = [
            words.time(record.minutes),
            m.users.display_name(record.user),
            str(m.api.member("info/display_name", "display_name")),
            words.number(record.energy, 3),
            f"{hours}:{rest // 60:02d}:{rest % 60:02d}",
            words.number(record.start, 3),
        ]
        if price:
            fields.append(words.number(None if record.energy is None else record.energy * price / 10_000, 2) + " €")
        lines.append("  ".join(fields))
    return HttpReply(body=paper(_TITLES[language], lines), content_type="application/pdf", chunked=True)


LINES_PER_PAGE: Final = 52


def paper(title: str, lines: list[str]) -> bytes:
    """A valid PDF of text lines on A4 pages."""
    pages = [lines[k : k + LINES_PER_PAGE] for k in range(0, len(lines), LINES_PER_PAGE)] or [[]]
    kids = " ".join(f"{4 + 2 * k} 0 R" for k in range(len(pages)))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>".encode(),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Courier /Encoding /WinAnsiEncoding >>",
    ]
    for k, page in enumerate(pages):
        shown = b"".join(b"(" + _escaped(text) + b") Tj T*\n" for text in page)
        stream = b"BT /F1 8 Tf 40 800 Td 14 TL\n" + shown + b"ET"
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents {5 + 2 * k} 0 R "
            "/Resources << /Font << /F1 3 0 R >> >> >>".encode()
        )
        objects.append(b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream))
    objects.append(b"<< /Title (" + _escaped(title) + b") >>")
    body = b"%PDF-1.4\n"
    offsets = []
    for number, content in enumerate(objects, 1):
        offsets.append(len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    trailer = b"trailer\n<< /Size %d /Root 1 0 R /Info %d 0 R >>\nstartxref\n%d\n%%%%EOF\n"
    count = len(objects)
    return body + b"xref\n0 %d\n0000000000 65535 f \n%s" % (count + 1, table) + trailer % (count + 1, count, len(body))


def _escaped(text: str) -> bytes:
    safe = text.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)")
    return safe.encode("cp1252", errors="replace")
