"""The keys of HTTP API v1, which V3 and Gemini still answer.

The one rule: a row reads a view and writes through the keys of the new API, in their types.
Source: go-eCharger-API-v1 (keys, units), captured `/status` of V3 and Gemini (order, types). Mapping to the newer keys
ASSUMED where a row says so.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from ...core.instant import SECOND
from ...devices.firmware import Profile
from ...devices.interfaces import Origin
from ...devices.points import Fidelity, Point
from ...devices.settings import Setting
from . import combined
from . import readings as r
from . import settings as s
from .combined import Act, flag, key
from .features import V1_COLOURS_ALL_WRITE_CID
from .models import NOT_V2, V2
from .readings import Read, View
from .refusals import Refusal, range_exceeded, wrong_type
from .settings import CardEntry
from .writer import Writer

PREFIX: Final = "v1."
DOC: Final = "go-eCharger-API-v1 + captured /status"
MASK: Final = "********"


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
    nrg = v.nrg
    fine = not v.device.identity.coarse_meter
    volts = [round(u, 2) if fine else round(u) for u in nrg[:4]]
    amperes = [round(i * 10) for i in nrg[4:7]]
    powers = [round(p / 100) for p in nrg[7:11]]
    factors = [round(f, 5) if fine else round(f) for f in nrg[12:16]]
    return [*volts, *amperes, *powers, round(nrg[11] / 10), *factors]


def _last_current(v: View) -> object:
    """`lch`: time since current flowed [s]."""
    if v.sample.current_flows:
        return 0
    at = v.memory.last_current
    return (v.at - (v.device.processor.booted_at if at is None else at)) // SECOND


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
        source=DOC,
    )


def _stored(name: str, setting: Setting[object], about: str, *, bare: bool = False) -> Row:
    """A key that is a number."""
    return _row(name, r.stored(setting), about, _by(key(setting)), bare=bare)


def _flag(name: str, setting: Setting[bool], about: str, *, app: bool = False) -> Row:
    """A key that is a bool."""
    return _row(name, _bit(setting), about, _by(flag(setting, app=app)))


ROWS: Final[tuple[Row, ...]] = (
    _row("version", lambda _: "B", "of the JSON", live=False),
    _row("tme", _local_time, "local time, ddmmyyhhmm; the year minus 2000, also before the clock was set (-30)"),
    _row("rbc", r.stored(s.RBC), "restarts"),
    _row("rbt", lambda v: v.stamp(v.at), "ms since boot"),
    _row("car", combined.old_car, "1 to 4, else 0"),
    _stored("amx", s.AMP, "A; meant to be volatile, is amp here"),
    _stored("amp", s.AMP, "A"),
    _row("err", combined.old_error, "0, 1, 3, 8, else 10"),
    _row("ast", combined.access, combined.ACCESS, _by(combined.set_access), assumed=combined.ACCESS_KEYS),
    _row("alw", combined.allowed, "the car may charge", _by(combined.set_allowed), assumed="1 writes frc 2, 0 frc 1"),
    _row("stp", lambda v: 0 if v.settings[s.DWO] is None else 2, "energy limit: 0 off, 2 on", _by(_limit_on)),
    _row("cbl", lambda v: r.cable(v) or 0, "A, coding of the cable"),
    _row("pha", combined.phase_bits, "bits 5-3: L3 L2 L1 in front of the contactor, 2-0: behind it"),
    _row("fsp", lambda v: int(v.sample.phases == 1), "one phase", _by(_single_phase), models=NOT_V2),
    _row("tmp", lambda v: round(v.sample.temperature["board"]), "°C of the board", models=V2),
    _row("amt", r.amt, "A allowed by temperature", models=V2),
    _row("txi", lambda _: 0, "transmit interface", live=False, assumed="always 0", models=V2),
    _row("tma", r.temperatures, "°C", bare=True, coarse_only=True, models=NOT_V2),
    _row("dws", lambda v: int(r.session_energy(v) * 360), "10 Ws of the session"),
    _row("dwo", r.stored(s.V1_DWO), "energy limit, 0.1 kWh", _by(_limit)),
    _row("adi", lambda v: int(v.settings[s.ADI]), "16 A adapter"),
    _row("uby", lambda v: v.settings[s.TRX] or 0, "card of the transaction"),
    _row("eto", lambda v: int(v.sample.total_energy) // 100, "0.1 kWh, all time"),
    _row("wst", lambda _: 3, "WLAN: 3 connected", live=False),
    _row("fwv", r.firmware, "firmware", live=False),
    _row("nrg", _meter, "U, I, P, power factor", bare=True),
    _row("sse", lambda v: v.device.identity.serial, "serial number", live=False),
    _row("wss", lambda v: v.settings[s.WIFIS][0]["ssid"], "SSID", _network("ssid")),
    _row("wke", lambda _: MASK, "WLAN key, masked", _network("key"), live=False),
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
    _row("ama", r.installer_limit, "A, installer's limit", _by(key(s.AMA))),
    *(_row(f"al{n}", combined.preset(n - 1), f"A, preset {n}", _by(combined.set_preset(n - 1))) for n in range(1, 6)),
    *(_row(c.name, _rgb(c), "colour, decimal RGB", _colour(c)) for c in (s.CID, s.CCH, s.CFI)),
    _flag("lse", s.LSE, "lights off after 10 s"),
    _stored("ust", s.UST, "lock"),
    _row("wak", lambda _: MASK, "access point's key, masked", _text(_access_point_key), live=False),
    _row(
        "r1x", lambda v: int(v.settings[s.HLA]), "bit 0: this API", _by(_services), assumed="no end-to-end encryption"
    ),
    _row("dto", lambda _: 0, "ms until the demo ends", live=False, assumed="always 0"),
    _flag("nmo", s.NMO, "no earth check"),
    _row("sch", _schedules, "schedules, base64 of twelve bytes", assumed="which bytes"),
    _stored("sdp", s.SDP, "button and force state"),
    *(_row(f"ec{letter}", _card_energy(slot), f"0.1 kWh of card {slot + 1}") for slot, letter in enumerate(CARDS)),
    *(
        _row(f"rc{letter}", _card_tag(slot), f"tag of card {slot + 1}", _card(slot, lambda raw: {"rfid": raw}))
        for slot, letter in enumerate(CARDS)
    ),
    *(
        _row(f"rn{letter}", r.card_name(slot), f"name of card {slot + 1}", _card(slot, lambda raw: {"name": raw}))
        for slot, letter in enumerate(NAMES)
    ),
    _row("loe", _bit(s.LOE), "load balancing on", _by(flag(s.LOE)), bare=True, assumed="without a group: no effect"),
    _row("lot", r.group_current_53, "A of the group", _by(key(s.LOT)), bare=True),
    _row("lom", lambda _: 6, "A, least of the group", bare=True, live=False, assumed="always 6"),
    _stored("lop", s.LOP, "priority", bare=True),
    _row("log", r.stored(s.LOG), "group", lambda writer, raw, origin: writer.put(s.LOG, raw, origin)),
    _stored("lof", s.LOF, "A, fall-back", bare=True),
    _row("loa", lambda v: r.group_granted(v) or 0, "A granted", bare=True),
    _row("lch", _last_current, "s since current flowed", bare=True),
)
"""In the order of a captured status."""


def rows(profile: Profile, *, coarse: bool) -> Mapping[str, Row]:
    """The rows of a wallbox by name. Gemini leaves `tma` out. Source: captured /status of firmware 053.7."""
    return {row.name: row for row in ROWS if row.exists(profile) and (coarse or not row.coarse_only)}
