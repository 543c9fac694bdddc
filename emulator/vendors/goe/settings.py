"""What the wallbox stores, as typed handles: the keys its logic works with, and a few things that no key shows.

The one rule: a stored key's setting stands on the key's row; it has a name here if anything but its row uses it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, TypedDict, TypeGuard

from ...devices.settings import Checked, Setting, boolean, integer, list_of, number, one_of, optional, takes, text
from . import rules, schedule
from .login import Scheme
from .rules import Rule, at_least, short, within, zero_or_within
from .values import (
    BOOL,
    CURRENTS,
    DOUBLE,
    FLAG_OR_NUMBER,
    FLOAT,
    INT32,
    STRING,
    TEN_OBJECTS,
    UINT8,
    UINT16,
    UINT64,
    JsonType,
    T,
    T_co,
    is_moderate,
)
from .values import optional as nullable

SLOTS: Final = 10
"""Card slots, and WLAN slots."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored(Setting[T_co]):
    """A setting that is a key's value, of the key's type."""

    type: JsonType[T_co]
    rule: Rule | None = None
    """What a written value has to be beyond its type, where that is all."""


def stored(
    name: str,
    kind: JsonType[T],
    default: T,
    rule: Rule | None = None,
    *,
    persistent: bool = True,
    kept_as: JsonType[T] | None = None,
) -> Stored[T]:
    """The setting of a key; what a user states passes the same checks as what a client writes.

    `kept_as`: where what is stored has another type than what the key shows and takes.
    """
    inner = kept_as or kind

    def check(value: object) -> T:
        if not inner.fits(value):
            raise ValueError(f"expected {inner.name}")
        if rule is not None and (refusal := rule(value)) is not None:
            raise ValueError(refusal.text)
        return value

    described = Checked(check, inner.schema if rule is None else {**inner.schema, **rule.schema})
    return Stored(name=name, default=default, check=described, persistent=persistent, type=kind, rule=rule)


# --- current and energy ----------------------------------------------------------------------------------------------

AMP: Final = stored("amp", UINT8, 16, within(6, 32))
AMPT: Final = stored("ampt", nullable(UINT8), None, within(6, 32), persistent=False)
AMA: Final[Stored[int | None]] = stored("ama", UINT8, None, within(6, 32))
MCA: Final = stored("mca", UINT8, 6, within(6, 32))
CLP: Final = stored("clp", CURRENTS, [6, 10, 12, 14, 16], rules.presets)
ADI: Final = stored("adi", BOOL, False)
LA1: Final = stored("la1", UINT8, 16)
LA3: Final = stored("la3", UINT8, 16)
TCL: Final = stored("tcl", nullable(UINT8), None, within(6, 32), persistent=False)
DWO: Final = stored("dwo", nullable(DOUBLE), None, at_least(0))
FSE: Final = stored("fse", BOOL, False)
FSI: Final = stored("fsi", UINT8, 0, zero_or_within(6, 32))
FSC: Final = stored("fsc", INT32, 0, at_least(0))

# --- control ---------------------------------------------------------------------------------------------------------

FRC: Final = stored("frc", UINT8, 0, within(0, 2), persistent=False)
LMO: Final = stored("lmo", UINT8, 3, within(3, 5))
PSM: Final = stored("psm", UINT8, 2, within(0, 2))
PSMD: Final = stored("psmd", INT32, 10_000, within(10_000, 3_600_000))
MPWST: Final = stored("mpwst", INT32, 120_000, at_least(0))
MPTWT: Final = stored("mptwt", INT32, 600_000, at_least(0))
ACP: Final = stored("acp", BOOL, True)
SU: Final = stored("su", BOOL, False)
SUA: Final = stored("sua", BOOL, False)
SUMD: Final = stored("sumd", INT32, 10_000, within(5_000, 3_600_000))
MCI: Final = stored("mci", INT32, 0, at_least(0))
MCPD: Final = stored("mcpd", INT32, 0, at_least(0))
FMT: Final = stored("fmt", INT32, 300_000, at_least(0))
NMO: Final = stored("nmo", BOOL, False)
UST: Final = stored("ust", UINT8, 0, within(0, 2))
UPO: Final = stored("upo", BOOL, False)

# --- OCPP ------------------------------------------------------------------------------------------------------------

OCPPE: Final = stored("ocppe", BOOL, False)
OCPPU: Final = stored("ocppu", STRING, "ws://echo.websocket.org/", short(255))
OCPPIO: Final = stored("ocppio", BOOL, False)
OCPPAI: Final = stored("ocppai", INT32, 0, at_least(0))
OCPPAO: Final = stored("ocppao", BOOL, False)
OCPPCM: Final = stored("ocppcm", UINT8, 0, within(0, 1))
OCPPCN: Final = stored("ocppcn", BOOL, False)
OCPPD: Final = stored("ocppd", STRING, "freevend", short(64))
OCPPF: Final = stored("ocppf", nullable(UINT8), None)
OCPPH: Final = stored("ocpph", INT32, 3600, at_least(0))
OCPPI: Final = stored("ocppi", INT32, 0, at_least(0))
OCPPLA: Final = stored("ocppla", BOOL, False)
OCPPLO: Final = stored("ocpplo", BOOL, False)
OCPPSS: Final = stored("ocppss", BOOL, False)
ORSCH: Final = stored("orsch", BOOL, False)
OSR: Final = stored("osr", BOOL, False)

# --- access ----------------------------------------------------------------------------------------------------------

ACS: Final = stored("acs", UINT8, 0, within(0, 2))
TRX: Final = stored("trx", nullable(UINT8), None, within(0, 10), persistent=False)
TXT: Final = stored("txt", INT32, 120, at_least(0))
RDE: Final = stored("rde", BOOL, False)
CARD_NAMES: Final[tuple[Stored[str | None], ...]] = tuple(
    stored(f"c{slot}n", STRING, None, short(64)) for slot in range(SLOTS)
)
CARD_ENERGIES: Final[tuple[Stored[float], ...]] = tuple(
    stored(f"c{slot}e", UINT64, 0, at_least(0), kept_as=DOUBLE) for slot in range(SLOTS)
)
CARD_TAGS: Final = tuple(stored(f"c{slot}i", STRING, "") for slot in range(SLOTS))
"""Ids of the learnt tags; empty: none."""

# --- schedules, surplus, tariff --------------------------------------------------------------------------------------

SCH_WEEK: Final = stored("sch_week", schedule.PLAN, schedule.EMPTY, schedule.controls(4))
SCH_SATUR: Final = stored("sch_satur", schedule.PLAN, schedule.EMPTY, schedule.controls(4))
SCH_SUND: Final = stored("sch_sund", schedule.PLAN, schedule.EMPTY, schedule.controls(4))
SCHEDULES: Final = (SCH_WEEK, SCH_SATUR, SCH_SUND)
FUP: Final = stored("fup", BOOL, False)
FST: Final = stored("fst", FLOAT, 1400.0, at_least(0))
SH: Final = stored("sh", FLOAT, 200.0, at_least(0))
PSH: Final = stored("psh", FLOAT, 500.0, at_least(0))
SPL3: Final = stored("spl3", FLOAT, 4200.0, at_least(0))
PGT: Final = stored("pgt", FLOAT, 0.0)
FRM: Final = stored("frm", UINT8, 1, within(0, 2))
AWE: Final = stored("awe", BOOL, False)
AWC: Final = stored("awc", UINT16, 0)
AWP: Final = stored("awp", FLOAT, 3.0)
ATT: Final = stored("att", INT32, 21_600, within(0, 86_400))
ATE: Final = stored("ate", DOUBLE, 18_000.0, at_least(0))
ARA: Final = stored("ara", BOOL, True)


class Price(TypedDict):
    """A price [ct/kWh] between two times [unix s]."""

    start: float
    end: float
    marketprice: float


def is_price(value: object) -> TypeGuard[Price]:
    return isinstance(value, dict) and all(is_moderate(value.get(name)) for name in Price.__annotations__)


def _prices(value: object) -> TypeGuard[list[Price]]:
    return isinstance(value, list) and all(map(is_price, value))


_NO_PRICES: Final[list[Price]] = []
_PRICES: Final = JsonType(
    "array<object>",
    _prices,
    single=True,
    schema={
        "type": "array",
        "items": {
            "type": "object",
            "properties": {name: {"type": "number"} for name in Price.__annotations__},
            "required": [*Price.__annotations__],
        },
    },
)
AWPL: Final = stored("awpl", _PRICES, _NO_PRICES)

# --- grid guards -----------------------------------------------------------------------------------------------------

UFE: Final = stored("ufe", BOOL, False)
UFA: Final = stored("ufa", FLOAT, 49.8)
UFS: Final = stored("ufs", FLOAT, 49.0)
UFM: Final = stored("ufm", UINT8, 0, within(0, 1))
UVE: Final = stored("uve", BOOL, False)
UVT: Final = stored("uvt", FLOAT, 184.0)
UVS: Final = stored("uvs", INT32, 3000, at_least(0))

# --- the wallbox and its services ------------------------------------------------------------------------------------

FNA: Final[Stored[str | None]] = stored("fna", STRING, None, short(64))
WAN: Final[Stored[str | None]] = stored("wan", STRING, None, short(32))
TOF: Final = stored("tof", INT32, 60, within(-720, 840))
TDS: Final = stored("tds", UINT8, 1, within(0, 3))
LBR: Final = stored("lbr", UINT8, 255)
LSE: Final = stored("lse", BOOL, False)
CID: Final = stored("cid", STRING, "#0000FF", rules.colour)
CWC: Final = stored("cwc", STRING, "#FFFF00", rules.colour)
CCH: Final = stored("cch", STRING, "#00FFFF", rules.colour)
CFI: Final = stored("cfi", STRING, "#00FF00", rules.colour)
HAI: Final = stored("hai", BOOL, False)
HLA: Final = stored("hla", BOOL, False)
WEN: Final = stored("wen", BOOL, True)
WAK: Final = stored("wak", STRING, "", short(64))
CWE: Final = stored("cwe", BOOL, True)
CAE: Final = stored("cae", BOOL, False)
CAK: Final = stored("cak", STRING, "0123456789abcdef0123456789abcdef")
MCE: Final = stored("mce", BOOL, False)
MCU: Final[Stored[str | None]] = stored("mcu", STRING, None, short(255))
MTP: Final = stored("mtp", nullable(STRING), None, short(128))
MHT: Final[Stored[str | None]] = stored("mht", nullable(STRING), "homeassistant", short(64))
MHE: Final = stored("mhe", BOOL, False)
MCR: Final = stored("mcr", BOOL, True)
MEN: Final = stored("men", BOOL, False)
MSB: Final = stored("msb", BOOL, False)
MSR: Final = stored("msr", BOOL, False)
LOE: Final = stored("loe", BOOL, False)
LOG: Final = stored("log", STRING, "", short(64))
LOP: Final = stored("lop", UINT16, 50, within(1, 99))
LOTY: Final = stored("loty", FLAG_OR_NUMBER, 0, within(0, 1))
LOF: Final = stored("lof", UINT8, 0, zero_or_within(6, 32))
TSE: Final = stored("tse", BOOL, True)
RDRE: Final = stored("rdre", INT32, 0, at_least(0))

Network = dict[str, object]
"""A WLAN slot as the API shows it; `key` is whether there is one."""
NO_NETWORK: Final[Network] = {
    "ssid": "",
    "key": False,
    "useStaticIp": False,
    "staticIp": "0.0.0.0",
    "staticSubnet": "0.0.0.0",
    "staticGateway": "0.0.0.0",
    "useStaticDns": False,
    "staticDns0": "0.0.0.0",
    "staticDns1": "0.0.0.0",
    "staticDns2": "0.0.0.0",
}
WIFIS: Final = stored(
    "wifis",
    TEN_OBJECTS,
    [{**NO_NETWORK, "ssid": "home", "key": True}, *[dict(NO_NETWORK) for _ in range(SLOTS - 1)]],
    rules.networks,
)

# --- what no key shows as it is stored -------------------------------------------------------------------------------


class CardEntry(TypedDict, total=False):
    """What is written to a card slot; absent members stay as they are."""

    name: str
    energy: float
    rfid: str


def is_card(value: object) -> TypeGuard[CardEntry]:
    """Whether the members that a card slot has are what they should be; others are allowed."""
    if not isinstance(value, Mapping):
        return False
    name, energy, tag = value.get("name", ""), value.get("energy", 0), value.get("rfid", "")
    return isinstance(name, str) and isinstance(tag, str) and is_moderate(energy) and energy >= 0


_CARD: Final = {
    "type": "object",
    "properties": {
        "name": {"type": "string"},
        "energy": {"type": "number", "minimum": 0},
        "rfid": {"type": "string", "examples": ["04a1b2c3"]},
    },
    "additionalProperties": False,
}


@takes({"type": "array", "items": _CARD, "maxItems": SLOTS})
def _cards(value: object) -> list[CardEntry]:
    """Slots in the API's written form: `[{"name": "Anna", "rfid": "04a1b2c3"}]`."""
    if not isinstance(value, list | tuple) or len(value) > SLOTS:
        raise ValueError("expected a list of at most 10 cards")
    entries = [entry for entry in value if is_card(entry) and set(entry) <= CardEntry.__annotations__.keys()]
    if len(entries) < len(value):
        raise ValueError("expected cards with name, energy and rfid")
    return entries


@takes({"type": "array", "prefixItems": [{"type": "integer", "minimum": 0, "maximum": SLOTS - 1}, {"type": "number"}]})
def _pair(value: object) -> list[float]:
    if not isinstance(value, list | tuple) or len(value) != 2:
        raise ValueError("expected a card slot and a meter reading")
    return [integer(0, SLOTS - 1)(value[0]), number(0, 1e15)(value[1])]


class GroupCurrent(TypedDict):
    """Current of a load group [A], and when it was set [unix s]."""

    amp: int
    ts: int


_AMPERES: Final = {"type": "integer", "minimum": 0}


@takes({"anyOf": [_AMPERES, {"type": "object", "properties": {"amp": _AMPERES}, "required": ["amp"]}]})
def _group_current(value: object) -> GroupCurrent:
    """A number of amperes, or the object the API shows."""
    amperes = value.get("amp") if isinstance(value, Mapping) else value
    if isinstance(amperes, bool) or not isinstance(amperes, int) or amperes < 0:
        raise ValueError("expected a current in whole amperes")
    return {"amp": amperes, "ts": 0}


_NO_CARDS: Final[list[CardEntry]] = []
_GROUP: Final[GroupCurrent] = {"amp": 32, "ts": 0}

_CENTURY: Final = 100 * 365 * 86_400 * 1_000_000
"""µs"""
BAC: Final = Setting("bac", 3, integer(0, 3), "button may change the current: 0 never to 3 always")
SDP: Final = Setting("sdp", 0, integer(0, 3), "button may change the force state: 0 never to 3 always")
LOT: Final = Setting("lot", _GROUP, _group_current, "current of the load group, A")
ALL_SEED_KEYS: Final = Setting("all_seed_keys", False, boolean, "serve every key of the API keys table")
ERR_TABLE: Final = Setting(
    "err_table",
    "firmware",
    one_of("firmware", "old", "new"),
    "numbering of err: as the firmware, or always the one before or since 59.4",
)
UNKNOWN_KEY_STATUS: Final = Setting(
    "unknown_key_status",
    None,
    optional(one_of(200, 400)),
    "HTTP status for unknown keys in a filter: 200 or 400; null: as the model",
)
PASSWORD: Final = Setting("password", "", text(64), "password of app and web socket")
WEBSOCKET_HASH: Final[Setting[Scheme | None]] = Setting(
    "websocket_hash", None, optional(one_of("pbkdf2", "bcrypt")), "hash of the web socket's log-in; null: as the model"
)
WEBSOCKET_FORMAT: Final = Setting(
    "websocket_format",
    "text",
    one_of("text", "msgpack", "msgpack_after_zero"),
    "frames the web socket sends: JSON text, MessagePack, or MessagePack behind a zero byte",
)
AHO: Final = Setting("aho", 2, integer(0, 24), "API v1 and Modbus: hours of cheap charging")
V1_DWO: Final = Setting("v1_dwo", 0, integer(0, 2**31 - 1), "API v1: the last energy limit, 0.1 kWh")
V1_AMP: Final = Setting(
    "v1_amp", None, optional(integer(6, 32)), "API v1 of V1 and V2: A that the next restart brings back; null: amp"
)
RBC: Final = Setting("rbc", 1, integer(0, 2**32 - 1), "restarts so far")
CLOCK_ERROR: Final = Setting("clock_error", 0, integer(-_CENTURY, _CENTURY), "µs the clock is ahead")
LOA: Final = Setting("loa", None, optional(integer(0, 32)), "A the load group grants; null: no group")
OFFERED_FIRMWARE: Final[Setting[list[str]]] = Setting(
    "offered_firmware", [], list_of(text(32)), "versions the update server offers beside the present one"
)
BOOKING: Final[Setting[list[float] | None]] = Setting(
    "booking", None, optional(_pair), "card slot and Wh of the meter when its transaction began"
)
CARDS: Final = Setting("cards", _NO_CARDS, _cards, "card slots, written as over the API")

HIDDEN: Final[tuple[Setting[object], ...]] = (
    BAC,
    SDP,
    LOT,
    ALL_SEED_KEYS,
    ERR_TABLE,
    UNKNOWN_KEY_STATUS,
    PASSWORD,
    WEBSOCKET_HASH,
    WEBSOCKET_FORMAT,
    AHO,
    V1_DWO,
    V1_AMP,
    RBC,
    CLOCK_ERROR,
    LOA,
    OFFERED_FIRMWARE,
    BOOKING,
    CARDS,
)
"""Settings that no row of a key has."""
