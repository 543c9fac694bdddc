"""The keys of API v1, which V1 and V2 speak, and V3 and Gemini still answer.

The one rule: a row reads a view and writes through the keys of the new API, in their types.
Source: go-eCharger-API-v1 (keys, units), captured `/status` of V3 and Gemini, captured status messages of V2 (order,
types). Mapping to the newer keys ASSUMED where a row says so.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from ...devices.firmware import Profile
from ...devices.interfaces import Origin
from ...devices.points import Fidelity, Point
from ...devices.settings import Setting
from . import combined, kept
from . import readings as r
from . import settings as s
from . import v1_old as old
from .combined import Act, flag, key
from .features import V1_COLOURS_ALL_WRITE_CID, V1_UNITS_OF_050, V1_UNITS_OF_052
from .models import NOT_OLD, OLD
from .readings import Read, View
from .refusals import Refusal, range_exceeded, wrong_type
from .settings import CardEntry
from .writer import Writer

PREFIX: Final = "v1."
DOC: Final = "go-eCharger-API-v1 + captured /status"
VOLATILE: Final = "A until the next restart"
BROKER: Final = "shown over HTTP, and can be set"


def _schedules(v: View) -> str:
    """Twelve bytes: of each schedule the first range, hours and minutes of begin and end; zeros where it is off.

    ASSUMED: the layout; captured are twelve zeros.
    """
    data = bytearray()
    for setting in s.SCHEDULES:
        plan = v.settings[setting]
        first = plan["ranges"][0]
        moments = (first["begin"], first["end"]) if plan["control"] else ()
        data += bytes(part for moment in moments for part in (moment["hour"], moment["minute"])).ljust(4, b"\0")
    return base64.b64encode(bytes(data)).decode()


CARDS: Final = ("a", "r", "d", "4", "5", "6", "7", "8", "9", "1")
"""Last letter of the keys of slots 1 to 10."""
NAMES: Final = ("a", "m", "e", "4", "5", "6", "7", "8", "9", "1")

Write = Callable[[Writer, str, Origin], Refusal | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row(Point):
    """One key of API v1. `read` gives a text, except where `bare`: then a number or a list of numbers."""

    read: Read
    write: Write | None = None
    bare: bool = False
    coarse_only: bool = False
    """Only where the meter is the older, coarse one."""
    over: tuple[str, ...] = ("http", "mqtt")
    """What shows it; nothing: it is taken, and not shown."""

    def fidelity(self) -> Fidelity:
        kind = "any" if self.bare else "string"
        return self.documented("HTTP API v1", kind, settable=self.write is not None, name=PREFIX + self.name)

    def shown(self, view: View) -> object:
        value = self.read(view)
        return value if self.bare else str(value)


# --- writing ---------------------------------------------------------------------------------------------------------


def _number(raw: str) -> int | None:
    """A whole number as the firmware's `atoi` would take it, if there is one at all."""
    text = raw.strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 10 else None


def _by(act: Act) -> Write:
    def write(writer: Writer, raw: str, origin: Origin) -> Refusal | None:
        value = _number(raw)
        return wrong_type("number") if value is None else act(writer, value, origin)

    return write


def _text(act: Callable[[Writer, str, Origin], Refusal | None]) -> Write:
    """A text of at most 64 bytes."""

    def write(writer: Writer, raw: str, origin: Origin) -> Refusal | None:
        return wrong_type("string") if len(raw.encode()) > 64 else act(writer, raw, origin)

    return write


def _limit_on(writer: Writer, value: int, origin: Origin) -> Refusal | None:
    """`stp`: 2 limits the energy to `dwo`, 0 does not."""
    if value not in (0, 2):
        return range_exceeded(value, 0, 2)
    return writer.put(s.DWO, writer.device.settings[s.V1_DWO] * 100.0 if value else None, origin)


def _limit(writer: Writer, value: int, origin: Origin) -> Refusal | None:
    """`dwo`, 0.1 kWh; kept for later while `stp` is 0."""
    if value > 1_000_000:
        return range_exceeded(value, 0, 1_000_000)
    settings = writer.device.settings
    settings.put(s.V1_DWO, value)
    return None if settings[s.DWO] is None else writer.put(s.DWO, value * 100.0, origin)


def _single_phase(writer: Writer, value: int, origin: Origin) -> Refusal | None:
    """`fsp`"""
    return range_exceeded(value, 0, 1) if value > 1 else writer.put(s.PSM, 1 if value else 2, origin)


def _colour(setting: Setting[str]) -> Write:
    def act(writer: Writer, value: int, origin: Origin) -> Refusal | None:
        if value > 0xFFFFFF:
            return range_exceeded(value, 0, 0xFFFFFF)
        target = s.CID if writer.device.shows(V1_COLOURS_ALL_WRITE_CID) else setting
        return writer.put(target, f"#{value:06X}", origin)

    return _by(act)


def _offset(writer: Writer, value: int, origin: Origin) -> Refusal | None:
    """`tof`: hours + 100."""
    return writer.put(s.TOF, (value - 100) * 60, origin)


def _services(writer: Writer, value: int, origin: Origin) -> Refusal | None:
    """`r1x`: bit 0 is this API itself."""
    return range_exceeded(value, 0, 3) if value > 3 else writer.put(s.HLA, bool(value & 1), origin)


def _access_point_key(writer: Writer, raw: str, origin: Origin) -> Refusal | None:
    return writer.put(s.WAK, raw, origin, app=True)


def _network(member: str) -> Write:
    return lambda writer, raw, origin: writer.put(s.WIFIS, [{member: raw}], origin)


def _card(slot: int, entry: Callable[[str], CardEntry]) -> Write:
    def act(writer: Writer, raw: str, _: Origin) -> None:
        writer.device.cards.write(slot, entry(raw))

    return _text(act)


# --- reading ---------------------------------------------------------------------------------------------------------


def _local_time(v: View) -> object:
    local = v.device.clock.local(v.at)
    return f"{local:%d%m}{local.year - 2000:02d}{local:%H%M}"


def _meter(v: View) -> object:
    """`nrg`: V, 0.1 A, 0.1 kW a phase and N, 0.01 kW in total, %. Gemini shows volts and factors finer."""
    nrg, shows = v.nrg, v.device.shows
    fine = not v.device.identity.coarse_meter
    volts = [round(u, 2) if fine else round(u) for u in nrg[:4]]
    amperes = [round(i * 10) for i in nrg[4:7]]
    powers, total = [round(p / 100) for p in nrg[7:11]], round(nrg[11] / 10)
    factors = [round(f, 5) if fine else round(f) for f in nrg[12:16]]
    if shows(V1_UNITS_OF_052):
        powers = [round(p) for p in nrg[7:11]]
    if shows(V1_UNITS_OF_050) or shows(V1_UNITS_OF_052):
        return [*volts, *(tenths / 10 for tenths in amperes), *powers, round(nrg[11]), *factors]
    return [*volts, *amperes, *powers, total, *factors]


def _session(v: View) -> object:
    """`dws`"""
    energy = r.session_energy(v)
    return int(energy / 10) if v.device.shows(V1_UNITS_OF_050) else int(energy * 360)


def _last_change(v: View) -> object:
    """`lch`: a time-stamp [s since boot], not how long ago.

    Source: captured messages of 041.0 and 051.4, in which it neither counts nor is 0 while current flows. ASSUMED from
    their energies: when the vehicle came.
    """
    return (v.stamp(v.memory.left_idle) or 0) // 1000


def _bit(setting: Setting[bool]) -> Read:
    return lambda v: int(v.settings[setting])


def _rgb(setting: Setting[str]) -> Read:
    return lambda v: int(v.settings[setting][1:], 16)


def _card_energy(slot: int) -> Read:
    return lambda v: v.device.cards.energy(slot, v.sample.total_energy) // 100


def _card_tag(slot: int) -> Read:
    return lambda v: v.device.cards.tag(slot)


# --- rows ------------------------------------------------------------------------------------------------------------


def _row(
    name: str,
    read: Read,
    about: str,
    write: Write | None = None,
    *,
    bare: bool = False,
    coarse_only: bool = False,
    live: bool = True,
    assumed: str | None = None,
    models: tuple[str, ...] | None = None,
    since: str | None = None,
    until: str | None = None,
    over: tuple[str, ...] = ("http", "mqtt"),
) -> Row:
    return Row(
        name=name,
        read=read,
        about=about,
        write=write,
        bare=bare,
        coarse_only=coarse_only,
        live=live,
        assumed=assumed,
        models=models,
        since=since,
        until=until,
        over=over,
        source=DOC,
    )


def _stored(name: str, setting: Setting[object], about: str, *, bare: bool = False) -> Row:
    """A key that is a number."""
    return _row(name, r.stored(setting), about, _by(key(setting)), bare=bare)


def _flag(name: str, setting: Setting[bool], about: str, *, app: bool = False) -> Row:
    """A key that is a bool."""
    return _row(name, _bit(setting), about, _by(flag(setting, app=app)))


def _card_rows(slot: int, name: str, read: Read, about: str, write: Write | None) -> tuple[Row, ...]:
    """A key of a card. Source: a message of 041.0 over MQTT has tag and name of the first card only."""
    row = _row(name, read, f"{about} of card {slot + 1}", write)
    if slot == 0 and write is not None:
        return (row,)
    return (
        replace(row, models=NOT_OLD),
        replace(row, models=OLD, until="41"),
        replace(row, models=OLD, since="41", until="42", over=("http",), assumed="over HTTP it is there"),
        replace(row, models=OLD, since="42"),
    )


ROWS: Final[tuple[Row, ...]] = (
    _row("version", lambda _: "B", "of the JSON", live=False),
    _row("tme", _local_time, "local time, ddmmyyhhmm; the year minus 2000, also before the clock was set (-30)"),
    _row("rbc", r.stored(s.RBC), "restarts"),
    _row("rbt", lambda v: v.since_boot, "ms since boot"),
    _row("car", combined.old_car, "1 to 4, else 0"),
    _row("amx", r.stored(s.AMP), "A; meant to be volatile, is amp here", _by(key(s.AMP)), models=NOT_OLD),
    _row("amp", r.stored(s.AMP), "A", _by(key(s.AMP)), models=NOT_OLD),
    _row("amp", r.stored(s.AMP), "A", _by(old.set_current), models=OLD),
    _row("amx", r.stored(s.AMP), VOLATILE, _by(old.set_volatile), models=OLD, since="40", until="42", over=(),
        assumed="taken, not shown"),
    _row("amx", r.stored(s.AMP), VOLATILE, _by(old.set_volatile), models=OLD, since="42"),
    _row("err", combined.old_error, "0, 1, 3, 8, else 10"),
    _row("ast", combined.access, combined.ACCESS, _by(combined.set_access), assumed=combined.ACCESS_KEYS),
    _row("alw", combined.allowed, "the car may charge", _by(combined.set_allowed), assumed="1 writes frc 2, 0 frc 1"),
    _row("stp", lambda v: 0 if v.settings[s.DWO] is None else 2, "energy limit: 0 off, 2 on", _by(_limit_on)),
    _row("cbl", lambda v: r.cable(v) or 0, "A, coding of the cable"),
    _row("pha", combined.phase_bits, "bits 5-3: L3 L2 L1 in front of the contactor, 2-0: behind it"),
    _row("fsp", lambda v: int(r.single_phase(v)), "one phase", _by(_single_phase), models=NOT_OLD),
    _row("tmp", lambda v: round(v.sample.temperature["board"]), "°C of the board", models=OLD),
    _row("tma", old.temperatures, "°C", bare=True, models=OLD, since="42", assumed="which sensors"),
    _row("amt", r.amt, "A allowed by temperature", models=OLD, since="42"),
    _row("tma", r.temperatures, "°C", bare=True, coarse_only=True, models=NOT_OLD),
    _row("dws", _session, "10 Ws of the session"),
    _row("dwo", r.stored(s.V1_DWO), "energy limit, 0.1 kWh", _by(_limit)),
    _row("adi", lambda v: int(v.settings[s.ADI]), "16 A adapter"),
    _row("uby", lambda v: v.settings[s.TRX] or 0, "card of the transaction"),
    _row("eto", lambda v: int(v.sample.total_energy) // 100, "0.1 kWh, all time"),
    _row("wst", lambda _: 3, "WLAN: 3 connected", live=False),
    _row("txi", lambda _: 2, "transmit interface", live=False, assumed="always 2", models=OLD),
    _row("fwv", kept.firmware, "firmware", live=False, models=NOT_OLD),
    _row("nrg", _meter, "U, I, P, power factor", bare=True),
    _row("fwv", kept.firmware, "firmware", live=False, models=OLD),
    _row("sse", lambda v: v.device.identity.serial, "serial number", live=False),
    _row("wss", lambda v: v.settings[s.WIFIS][0]["ssid"], "SSID", _network("ssid")),
    _row("wke", lambda _: old.MASK, "WLAN key, masked", _network("key"), live=False),
    _flag("wen", s.WEN, "WLAN on", app=True),
    _row("cdi", lambda v: int(not v.settings[s.CWE]), "cloud off", _by(flag(s.CWE, inverted=True))),
    _row("tof", lambda v: v.settings[s.TOF] // 60 + 100, "time zone, hours + 100", _by(_offset)),
    _stored("tds", s.TDS, "summer time"),
    _stored("lbr", s.LBR, "brightness"),
    _row("aho", r.stored(s.AHO), "tariff: hours", _by(combined.set_tariff_hours), assumed="stored without effect"),
    _row(
        "afi", combined.tariff_end, "tariff: hour to be done by", _by(combined.set_tariff_end), assumed="att in hours"
    ),
    _stored("azo", s.AWC, "tariff: zone"),
    _row("ama", kept.installer_limit, "A, installer's limit", _by(key(s.AMA))),
    *(_row(f"al{n}", combined.preset(n - 1), f"A, preset {n}", _by(combined.set_preset(n - 1))) for n in range(1, 6)),
    *(_row(c.name, _rgb(c), "colour, decimal RGB", _colour(c)) for c in (s.CID, s.CCH, s.CFI)),
    _flag("lse", s.LSE, "lights off after 10 s"),
    _stored("ust", s.UST, "lock"),
    _row("wak", lambda _: old.MASK, "access point's key, masked", _text(_access_point_key), live=False, models=NOT_OLD),
    _row("wak", lambda _: "", "access point's key, hidden", _text(_access_point_key), live=False, models=OLD),
    _row("r1x", lambda _: 2, "2; written: bit 0: this API", _by(_services), live=False, models=NOT_OLD,
        assumed="bit 1: encryption; bit 0 is not told"),
    _row("r1x", lambda v: 2 + int(v.settings[s.HLA]), "bit 0: this API over HTTP, bit 1: encryption", _by(_services),
        models=OLD, assumed="encryption of the cloud stays on"),
    _row("dto", lambda _: 0, "ms until the demo ends", live=False, assumed="always 0"),
    _flag("nmo", s.NMO, "no earth check"),
    _row("sch", _schedules, "schedules, base64 of twelve bytes", assumed="which bytes"),
    _stored("sdp", s.SDP, "button and force state"),
    *(
        row
        for slot, letter in enumerate(CARDS)
        for row in _card_rows(slot, f"ec{letter}", _card_energy(slot), "0.1 kWh", None)
    ),
    *(
        row
        for slot, letter in enumerate(CARDS)
        for row in _card_rows(slot, f"rc{letter}", _card_tag(slot), "tag", _card(slot, lambda raw: {"rfid": raw}))
    ),
    *(
        row
        for slot, letter in enumerate(NAMES)
        for row in _card_rows(slot, f"rn{letter}", kept.card_name(slot), "name", _card(slot, lambda raw: {"name": raw}))
    ),
    _row("loe", _bit(s.LOE), "load balancing on", _by(flag(s.LOE)), bare=True),
    _row("lot", r.group_current_53, "A of the group", _by(key(s.LOT)), bare=True, models=NOT_OLD),
    _row("lot", old.in_group(r.group_current_53), "A of the group", _by(key(s.LOT)), bare=True, models=OLD),
    _row("lom", lambda _: 6, "A, least of the group", bare=True, live=False, assumed="always 6", models=NOT_OLD),
    _row("lom", old.in_group(lambda _: 6), "A, least of the group", bare=True, assumed="6 in a group", models=OLD),
    _row("lop", r.stored(s.LOP), "priority", _by(key(s.LOP)), bare=True, models=NOT_OLD),
    _row("lop", old.in_group(r.stored(s.LOP)), "priority", _by(key(s.LOP)), bare=True, models=OLD),
    _row("log", r.stored(s.LOG), "group", lambda writer, raw, origin: writer.put(s.LOG, raw, origin)),
    _row("lon", lambda _: 0, "members of the group, not supported", bare=True, live=False, models=OLD),
    _stored("lof", s.LOF, "A, fall-back", bare=True),
    _row("loa", lambda v: r.group_granted(v) or 0, "A granted", bare=True),
    _row("lch", _last_change, "s since boot when the vehicle came", bare=True, assumed="of what it is the time"),
    _row("mce", _bit(s.MCE), "own broker: on", _by(flag(s.MCE)), models=OLD, over=("http",), assumed=BROKER),
    *(
        _row(name, part.shown, "own broker", _text(part.write), models=OLD, over=("http",), assumed=BROKER)
        for name, part in old.BROKER_PARTS.items()
    ),
    _row("mcc", lambda v: int(v.device.broker.connected), "own broker: connected", models=OLD, over=("http",)),
)  # fmt: skip
"""In the order of a captured status; `mce` to `mcc` by the document."""


def rows(profile: Profile, *, coarse: bool) -> Mapping[str, Row]:
    """The rows of a wallbox by name. Gemini leaves `tma` out. Source: captured /status of firmware 053.7."""
    key = profile.model.id, profile.firmware.text, coarse
    if key not in _FOUND:
        _FOUND[key] = {row.name: row for row in ROWS if row.exists(profile) and (coarse or not row.coarse_only)}
    return _FOUND[key]


_FOUND: Final[dict[tuple[str, str, bool], Mapping[str, Row]]] = {}
"""What the boxes of a fleet share."""
