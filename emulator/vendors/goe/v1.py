"""HTTP API v1, which V3 and Gemini still answer if `hla` allows it: `/status` and `/mqtt?payload=<key>=<value>`.

The one rule: rows that read a view and write through the keys of the new API; a write is never answered by an error,
but by the whole status, in which the client has to look for its value.
Source: go-eCharger-API-v1 (keys, units), captured `/status` of V3 and Gemini (order, types). Mapping to the newer keys
ASSUMED where a row says so.
"""

# ruff: noqa: E501
# fmt: off

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, cast
from urllib.parse import unquote

from ...core.instant import SECOND
from ...core.messages import Outcome, Reason
from ...devices.firmware import Profile
from ...devices.interfaces import HttpReply, HttpRequest, Origin, Route
from ...devices.points import Fidelity, Point
from . import combined
from . import readings as r
from .http import CORS
from .readings import View
from .refusals import Refusal, range_exceeded, wrong_type

if TYPE_CHECKING:
    from .wallbox import Goe

PREFIX: Final = "v1."
DOC: Final = "go-eCharger-API-v1 + captured /status"
MASK: Final = "********"
CARDS: Final = ("a", "r", "d", "4", "5", "6", "7", "8", "9", "1")
"""Last letter of the keys of slots 1 to 10."""
NAMES: Final = ("a", "m", "e", "4", "5", "6", "7", "8", "9", "1")

Set = Callable[["Goe", str, Origin], "Refusal | None"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row(Point):
    """One key of API v1. `read` gives a text, except where `bare`: then a number or a list of numbers."""

    read: Callable[[View], object]
    write: Set | None = None
    bare: bool = False
    coarse_only: bool = False
    """Only where the meter is the older, coarse one."""

    def fidelity(self) -> Fidelity:
        return Fidelity(
            table="HTTP API v1", name=PREFIX + self.name, type="any" if self.bare else "string", readable=True,
            settable=self.write is not None, live=self.live, source=self.source, since=self.since, until=self.until,
            models=self.models, assumed=self.assumed, about=self.about,
        )


# --- writing ---------------------------------------------------------------------------------------------------------


def _number(raw: str) -> int | None:
    """A whole number as the firmware's `atoi` would take it, if there is one at all."""
    text = raw.strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 10 else None


def _by(act: Callable[[Goe, int, Origin], Refusal | None]) -> Set:
    def write(box: Goe, raw: str, origin: Origin) -> Refusal | None:
        value = _number(raw)
        return wrong_type("number") if value is None else act(box, value, origin)

    return write


def _key(name: str) -> Set:
    return _by(lambda box, value, origin: box.write_value(name, value, origin))


def _flag(name: str, *, inverted: bool = False) -> Set:
    def act(box: Goe, value: int, origin: Origin) -> Refusal | None:
        return range_exceeded(value, 0, 1) if value not in (0, 1) else box.write_value(name, bool(value) != inverted, origin)

    return _by(act)


def _owner(name: str) -> Set:
    """A setting whose key this firmware no longer lets its API write."""
    def write(box: Goe, raw: str, _: Origin) -> Refusal | None:
        if len(raw.encode()) > 64:
            return wrong_type("string")
        box.settings.put(name, raw)
        return None

    return write


def _limit_on(box: Goe, value: int, origin: Origin) -> Refusal | None:
    """`stp`: 2 limits the energy to `dwo`, 0 does not."""
    if value not in (0, 2):
        return range_exceeded(value, 0, 2)
    return box.write_value("dwo", box.settings.integer("v1_dwo") * 100.0 if value else None, origin)


def _limit(box: Goe, value: int, origin: Origin) -> Refusal | None:
    """`dwo`, 0.1 kWh; kept for later while `stp` is 0."""
    if value > 1_000_000:
        return range_exceeded(value, 0, 1_000_000)
    box.settings.put("v1_dwo", value)
    return None if box.settings["dwo"] is None else box.write_value("dwo", value * 100.0, origin)


def _colour(name: str) -> Set:
    def act(box: Goe, value: int, origin: Origin) -> Refusal | None:
        if value > 0xFFFFFF:
            return range_exceeded(value, 0, 0xFFFFFF)
        target = "cid" if box.quirk("v1_colours_all_write_cid") else name
        return box.write_value(target, f"#{value:06X}", origin)

    return _by(act)


def _offset(box: Goe, value: int, origin: Origin) -> Refusal | None:
    """`tof`: hours + 100."""
    return box.write_value("tof", (value - 100) * 60, origin)


def _services(box: Goe, value: int, _: Origin) -> Refusal | None:
    """`r1x`: bit 0 is this API itself."""
    if value > 3:
        return range_exceeded(value, 0, 3)
    box.settings.put("hla", bool(value & 1))
    return None


def _network(member: str) -> Set:
    def write(box: Goe, raw: str, origin: Origin) -> Refusal | None:
        return box.write_value("wifis", [{member: raw}], origin)

    return write


def _preset(index: int) -> Set:
    return _by(lambda box, value, origin: combined.set_preset(box, index, value, origin))


def _card(slot: int, member: str) -> Set:
    def write(box: Goe, raw: str, _: Origin) -> Refusal | None:
        if len(raw.encode()) > 64:
            return wrong_type("string")
        box.cards.write(slot, {member: raw})
        return None

    return write


# --- reading ---------------------------------------------------------------------------------------------------------


def _stored(name: str) -> Callable[[View], object]:
    def read(v: View) -> object:
        value = v.settings[name]
        return int(value) if isinstance(value, bool) else value

    return read


def _meter(v: View) -> object:
    """`nrg`: V, 0.1 A, 0.1 kW a phase and N, 0.01 kW in total, %. Gemini shows volts and factors finer."""
    nrg = v.nrg
    fine = not v.box.has_coarse_meter
    volts = [round(u, 2) if fine else round(u) for u in nrg[:4]]
    amperes = [round(i * 10) for i in nrg[4:7]]
    powers = [round(p / 100) for p in nrg[7:11]]
    factors = [round(f, 5) if fine else round(f) for f in nrg[12:16]]
    return [*volts, *amperes, *powers, round(nrg[11] / 10), *factors]


def _last_current(v: View) -> object:
    """s since current flowed."""
    if v.sample.current_flows:
        return 0
    at = v.memory.last_current
    return (v.at - (v.box.booted_at if at is None else at)) // SECOND


def _group_current(v: View) -> object:
    return cast("Mapping[str, int]", v.settings["lot"])["amp"]


def _wifi_name(v: View) -> object:
    return cast("Sequence[Mapping[str, object]]", v.settings["wifis"])[0]["ssid"]


def _rgb(name: str) -> Callable[[View], object]:
    return lambda v: int(v.settings.text(name)[1:], 16)


def _card_energy(slot: int) -> Callable[[View], object]:
    return lambda v: v.box.cards.energy(slot, v.sample.total_energy) // 100


def _card_tag(slot: int) -> Callable[[View], object]:
    return lambda v: v.box.cards.tag(slot)


def _preset_of(index: int) -> Callable[[View], object]:
    return lambda v: combined.preset(v, index)


def _row(name: str, read: Callable[[View], object], write: Set | None = None, *, about: str, source: str = DOC, assumed: str | None = None, live: bool = True, bare: bool = False, coarse_only: bool = False) -> Row:
    return Row(name=name, read=read, write=write, about=about, source=source, assumed=assumed, live=live, bare=bare, coarse_only=coarse_only)


ROWS: Final[tuple[Row, ...]] = (
    _row("version", lambda _: "B", live=False, about="of the JSON"),
    _row("tme", lambda v: f"{v.box.local(v.at):%d%m%y%H%M}", about="local time, ddmmyyhhmm"),
    _row("rbc", _stored("rbc"), about="restarts"),
    _row("rbt", lambda v: v.stamp(v.at), about="ms since boot"),
    _row("car", combined.old_car, about="1 to 4, else 0"),
    _row("amx", _stored("amp"), _key("amp"), about="A; meant to be volatile, is amp here"),
    _row("amp", _stored("amp"), _key("amp"), about="A"),
    _row("err", combined.old_error, about="0, 1, 3, 8, else 10"),
    _row("ast", combined.access, _by(combined.set_access), assumed="mapping to acs, lmo and schedules", about="0 open, 1 card or app, 2 tariff, 3 schedule"),
    _row("alw", lambda v: int(v.memory.decision.charge), _by(combined.set_allowed), assumed="0 writes frc 1, 1 writes frc 2", about="the car may charge"),
    _row("stp", lambda v: 0 if v.settings["dwo"] is None else 2, _by(_limit_on), about="energy limit: 0 off, 2 on"),
    _row("cbl", lambda v: r.cable(v) or 0, about="A, coding of the cable"),
    _row("pha", combined.phase_bits, about="bits 5-3: L3 L2 L1 in front of the contactor, 2-0: behind it"),
    _row("fsp", lambda v: int(v.sample.phases == 1), _by(lambda box, value, origin: range_exceeded(value, 0, 1) if value > 1 else box.write_value("psm", 1 if value else 2, origin)), about="one phase"),
    _row("tma", lambda v: r.temperatures(v), bare=True, coarse_only=True, about="°C"),
    _row("dws", lambda v: int(cast("float", r.session_energy(v)) * 360), about="10 Ws of the session"),
    _row("dwo", lambda v: v.settings["v1_dwo"], _by(_limit), about="energy limit, 0.1 kWh"),
    _row("adi", lambda v: int(v.settings.flag("adi")), about="16 A adapter"),
    _row("uby", lambda v: v.settings["trx"] or 0, about="card of the transaction"),
    _row("eto", lambda v: int(v.sample.total_energy) // 100, about="0.1 kWh, all time"),
    _row("wst", lambda _: 3, live=False, about="WLAN: 3 connected"),
    _row("fwv", lambda v: v.box.firmware_text, live=False, about="firmware"),
    _row("nrg", _meter, bare=True, about="U, I, P, power factor"),
    _row("sse", lambda v: v.box.serial, live=False, about="serial number"),
    _row("wss", _wifi_name, _network("ssid"), about="SSID"),
    _row("wke", lambda _: MASK, _network("key"), live=False, about="WLAN key, masked"),
    _row("wen", _stored("wen"), _by(lambda box, value, _: range_exceeded(value, 0, 1) if value > 1 else (box.settings.put("wen", bool(value)), None)[1]), about="WLAN on"),
    _row("cdi", lambda v: int(not v.settings.flag("cwe")), _flag("cwe", inverted=True), about="cloud off"),
    _row("tof", lambda v: v.settings.integer("tof") // 60 + 100, _by(_offset), about="time zone, hours + 100"),
    _row("tds", _stored("tds"), _key("tds"), about="summer time"),
    _row("lbr", _stored("lbr"), _key("lbr"), about="brightness"),
    _row("aho", _stored("aho"), _by(combined.set_tariff_hours), assumed="stored without effect", about="tariff: hours to charge"),
    _row("afi", combined.tariff_end, _by(combined.set_tariff_end), assumed="att in hours", about="tariff: hour to be done by"),
    _row("azo", _stored("awc"), _key("awc"), about="tariff: zone"),
    _row("ama", lambda v: v.box.ama, _key("ama"), about="A, installer's limit"),
    *(_row(f"al{n}", _preset_of(n - 1), _preset(n - 1), about=f"A, preset {n}") for n in range(1, 6)),
    *(_row(name, _rgb(name), _colour(name), about="colour, decimal RGB") for name in ("cid", "cch", "cfi")),
    _row("lse", _stored("lse"), _flag("lse"), about="lights off after 10 s"),
    _row("ust", _stored("ust"), _key("ust"), about="lock"),
    _row("wak", lambda _: MASK, _owner("wak"), live=False, about="access point's key, masked"),
    _row("r1x", lambda v: int(v.settings.flag("hla")), _by(_services), assumed="no end-to-end encryption", about="bit 0: this API"),
    _row("dto", lambda _: 0, live=False, assumed="always 0", about="ms until the demo ends"),
    _row("nmo", _stored("nmo"), _flag("nmo"), about="no earth check"),
    _row("sch", lambda _: base64.b64encode(bytes(12)).decode(), live=False, assumed="schedules do not show here", about="schedule, base64"),
    _row("sdp", _stored("sdp"), _key("sdp"), about="button and force state"),
    *(_row(f"ec{letter}", _card_energy(slot), about=f"0.1 kWh of card {slot + 1}") for slot, letter in enumerate(CARDS)),
    *(_row(f"rc{letter}", _card_tag(slot), _card(slot, "rfid"), about=f"tag of card {slot + 1}") for slot, letter in enumerate(CARDS)),
    *(_row(f"rn{letter}", r.card_name(slot), _card(slot, "name"), about=f"name of card {slot + 1}") for slot, letter in enumerate(NAMES)),
    _row("loe", _stored("loe"), _flag("loe"), bare=True, assumed="without a group: no effect", about="load balancing on"),
    _row("lot", _group_current, _key("lot"), bare=True, about="A of the group"),
    _row("lom", lambda _: 6, bare=True, live=False, assumed="always 6", about="A, least of the group"),
    _row("lop", _stored("lop"), _key("lop"), bare=True, about="priority"),
    _row("log", _stored("log"), lambda box, raw, origin: box.write_value("log", raw, origin), about="group"),
    _row("lof", _stored("lof"), _key("lof"), bare=True, about="A, fall-back"),
    _row("loa", lambda _: 0, bare=True, live=False, assumed="always 0: load balancing is not emulated", about="A granted"),
    _row("lch", _last_current, bare=True, about="s since current flowed"),
)
"""In the order of a captured status."""
# fmt: on


def rows(profile: Profile, *, coarse: bool) -> Mapping[str, Row]:
    """The rows of a box by name. Gemini leaves `tma` out. Source: captured /status of firmware 053.7."""
    return {row.name: row for row in ROWS if row.exists(profile) and (coarse or not row.coarse_only)}


class V1Api:
    """The old HTTP API of one box."""

    def __init__(self, box: Goe) -> None:
        self._box = box
        self.compile()

    def compile(self) -> None:
        """The table of the profile in force."""
        box = self._box
        self.rows = rows(box.profile, coarse=box.has_coarse_meter) if "hla" in box.keys else {}

    @property
    def routes(self) -> tuple[Route, ...]:
        return (Route(path="/status", handler=self.status), Route(path="/mqtt", handler=self.command))

    @property
    def on(self) -> bool:
        return "hla" in self._box.keys and self._box.settings.flag("hla")

    def status(self, request: HttpRequest) -> HttpReply:
        """Everything."""
        if not self.on:
            return self._box.http.not_found(request)
        view = View(self._box)
        body = self._box.print_json({name: _shown(row, view) for name, row in self.rows.items()}).encode()
        return HttpReply(body=body, headers=CORS, chunked=True, close=True)

    def command(self, request: HttpRequest) -> HttpReply:
        """Write one key, whatever comes of it, and show everything."""
        if not self.on:
            return self._box.http.not_found(request)
        for part in request.query_string.partition("#")[0].split("&"):
            name, _, value = part.partition("=")
            if name == "payload":
                key, equals, raw = unquote(value).partition("=")
                if equals:
                    self.write(PREFIX + key, raw, request.origin)
                break
        return self._after(request)

    def _after(self, request: HttpRequest) -> HttpReply:
        """The status, also when the command was to switch this API off."""
        if self.on:
            return self.status(request)
        return HttpReply(body=b"{}", headers=CORS, close=True)

    def read(self, address: str) -> object:
        """`v1.car`"""
        return _shown(self.rows[address.removeprefix(PREFIX)], View(self._box))

    def write(self, address: str, value: object, origin: Origin) -> Outcome:
        """As the command `key=value`."""
        raw = value if isinstance(value, str) else str(int(value) if isinstance(value, bool) else value)
        row = self.rows.get(address.removeprefix(PREFIX))
        if row is None:
            outcome = Outcome(refused=Reason.UNKNOWN)
        elif row.write is None:
            outcome = Outcome(refused=Reason.READ_ONLY)
        else:
            refusal = row.write(self._box, raw, origin)
            outcome = Outcome() if refusal is None else refusal.outcome(row.name, raw)
        self._box.record_write(address, raw, outcome, origin)
        self._box.changed()
        return outcome


def _shown(row: Row, view: View) -> object:
    value = row.read(view)
    return value if row.bare else str(value)
