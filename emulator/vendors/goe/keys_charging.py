"""Keys of charging: car, meter, decision, limits, access, schedules, surplus and tariff.

The one rule: rows only; what a row needs more than once is in `readings` or `writing`.
"""

from __future__ import annotations

from typing import Final

from ...devices.settings import Setting
from . import kept
from . import readings as r
from . import settings as s
from . import writing as w
from .key import Key, action, config, fixed, keeper, shown, status
from .models import PHOENIX, WITH_LOCK
from .refusals import USE_PSM
from .rules import at_least, rotation, short, within
from .settings import stored
from .sources import (
    CAPTURE,
    CAPTURE_LISTS,
    CLIENTS,
    DEVELOPER,
    DEVELOPER_EN,
    EN_ONLY,
    LISTS,
    LOCK_LISTS,
    NOT_EMULATED,
    OCPP_DOC,
    OTHER_MODELS,
    SCREENSHOT,
    TABLE_EN,
    TABLE_LISTS,
    TABLE_LOCK_LISTS,
    USER_REPORT,
    V59,
    V60,
    V60_3,
    V60_3_PHOENIX,
    V60_4,
    Source,
    developer,
)
from .values import (
    ANY,
    BOOL,
    DOUBLE,
    FLOAT,
    INT,
    INT32,
    INT64,
    OBJECT,
    OBJECTS,
    SINGLE_OBJECT,
    STAMP,
    STRING,
    UINT8,
    UINT32,
    UINT64,
    array,
    optional,
)

CAR_STATES: Final = "1 idle, 2 charging, 3 waiting, 4 complete, 5 error, 6 initialising; null: no charge controller"
NRG: Final = "U L1 L2 L3 N, I L1 L2 L3, P L1 L2 L3 N total, power factor % L1 L2 L3 N"
LOCK_STATES: Final = "0 unknown, 1 unlocked, 2 unlock failed, 3 locked, 4 lock failed, 5 unlocked by a power failure"
PERMISSIONS: Final = "0 never, 1 not while connected, 2 not while charging, 3 always"
IDS: Final = "W of grid, roof and battery; valid for 10 s"
AS_IT_IS: Final = "the value itself, not averaged"

CAR: Final = (
    status("car", optional(UINT8), lambda v: v.memory.car, TABLE_LISTS, CAR_STATES),
    status(
        "err",
        optional(UINT8),
        lambda v: v.memory.err,
        TABLE_LISTS,
        "fault code by firmware; null: no charge controller",
    ),
    status("alw", BOOL, r.allowed, TABLE_LISTS, "the logic lets the car charge"),
    status("alwt", INT64, lambda v: v.stamp(v.memory.allow_changed), V60, "when alw changed last"),
    status("acu", optional(INT32), lambda v: v.memory.current, TABLE_LISTS, "A offered; null while alw is false"),
    status(
        "acui", optional(INT), lambda v: v.memory.current, developer(SCREENSHOT.tag), "A, as acu", assumed="equals acu"
    ),
    status("cll", OBJECT, lambda v: v.memory.limits, LISTS.since("56"), "A of every limit in play, by name"),
    status("modelStatus", UINT8, lambda v: int(v.memory.decision.status), TABLE_LISTS, "why it charges or not"),
    status(
        "msi", UINT8, lambda v: int(v.memory.decision.inner), DEVELOPER, "modelStatus before pauses and phase switches"
    ),
    status("lmsc", INT64, lambda v: v.stamp(v.memory.status_changed), TABLE_LISTS, "when modelStatus changed last"),
    status(
        "cdi",
        OBJECT,
        r.charging_duration,
        TABLE_LISTS,
        "charging time: type 0 since, type 1 ms",
        assumed="goes on counting after a pause",
    ),
    status("lccfi", STAMP, lambda v: v.stamp(v.memory.left_idle), TABLE_LISTS, "when the car left idle"),
    status("lccfc", STAMP, lambda v: v.stamp(v.memory.left_charging), TABLE_LISTS, "when the car left charging"),
    status("lcctc", STAMP, lambda v: v.stamp(v.memory.entered_charging), TABLE_LISTS, "when the car began to charge"),
    status("lch", STAMP, lambda v: v.stamp(v.memory.last_current), developer(CAPTURE.tag), "when current flowed last"),
    status("stao", optional(BOOL), r.nothing, developer(SCREENSHOT.tag), assumed="meaning unknown, always null"),
    status(
        "cpe", BOOL, lambda v: not v.sample.pilot_interrupted, DEVELOPER, "pilot on, as the charge controller has it"
    ),
    status("cpr", BOOL, lambda v: not v.sample.pilot_interrupted, DEVELOPER, "pilot wanted on"),
)

METER: Final = (
    status("nrg", array(FLOAT, length=16), lambda v: v.nrg, TABLE_LISTS, NRG),
    status("tpa", FLOAT, r.always(0.0), Source("go-eCharger-API-v2#96").until("55"), "W, always 0"),
    status("tpa", FLOAT, r.mean_power, TABLE_LISTS.since("55"), "W, mean of 30 s"),
    status("eto", UINT64, r.total_energy, TABLE_LISTS, "Wh, all time"),
    status("etop", UINT64, r.total_energy, DEVELOPER, "Wh, all time, as in flash", assumed="written to flash every Wh"),
    status("wh", DOUBLE, r.session_energy, TABLE_LISTS, "Wh since plug-in"),
    status("mmp", FLOAT, r.peak_power, TABLE_LISTS, "W, highest since plug-in"),
    status("pha", optional(array(BOOL)), r.phases, TABLE_LISTS, "L1 L2 L3 behind the contactor, then in front"),
    status("pnp", UINT8, lambda v: v.sample.active_phases, LISTS, "phases in use"),
    status("fhz", optional(FLOAT), r.frequency, TABLE_LISTS, "Hz"),
    status("avgfhz", optional(FLOAT), r.frequency, LISTS.since("56.1"), "Hz, averaged", assumed="equals fhz"),
    status("tma", array(FLOAT), r.temperatures, TABLE_LISTS, "°C: plug, board"),
    status("amt", INT32, r.amt, TABLE_LISTS, "A allowed by temperature; 32: all"),
    status("rcd", optional(INT), r.residual, DEVELOPER, "µs, of the residual-current detector", assumed="its scale"),
    status(
        "rfb",
        INT,
        lambda v: 1650 + round(v.sway(3, 4)),
        DEVELOPER_EN,
        "raw feedback of the relays",
        assumed="moves with the charger's noise only",
    ),
    status("wo", optional(DOUBLE), r.unknown_power, V59, "W of unknown origin"),
    status("wg", optional(DOUBLE), r.nothing, V59, "W from the grid", assumed=NOT_EMULATED),
    status("ws", optional(DOUBLE), r.nothing, V59, "W from the sun", assumed=NOT_EMULATED),
    status("wb", optional(DOUBLE), r.nothing, V59, "W from the battery", assumed=NOT_EMULATED),
    status(
        "who", DOUBLE, r.session_energy, V59, "Wh of the session of unknown origin", assumed="all counts as unknown"
    ),
    status("whg", DOUBLE, r.always(0.0), V59, "Wh of the session from the grid", assumed=NOT_EMULATED),
    status("whs", DOUBLE, r.always(0.0), V59, "Wh of the session from the sun", assumed=NOT_EMULATED),
    status("whb", DOUBLE, r.always(0.0), V59, "Wh of the session from the battery", assumed=NOT_EMULATED),
    fixed("eto_mid", optional(UINT64), None, V60_3_PHOENIX, "Wh, MID meter, all time", assumed="no MID meter fitted"),
    fixed("wh_mid", optional(DOUBLE), None, V60_3_PHOENIX, "Wh, MID meter, session", assumed="no MID meter fitted"),
)

LIMITS: Final = (
    config(s.AMP, TABLE_LISTS, "requested current, A"),
    config(s.AMPT, USER_REPORT.since("59"), "temporary current, A", assumed="type and meaning: stored without effect"),
    config(
        s.AMA,
        TABLE_LISTS,
        "installer's limit, A; factory: the most the model can",
        read=kept.installer_limit,
    ),
    config(s.MCA, TABLE_LISTS, "least charging current, A"),
    config(s.CLP, TABLE_LISTS, "currents the button steps through, A"),
    *(
        status(
            f"al{n}",
            UINT8,
            r.preset(n - 1),
            developer(CAPTURE.tag),
            f"A, entry {n} of clp",
            assumed="the last entry for missing ones",
        )
        for n in range(1, 6)
    ),
    shown(s.ADI, TABLE_LISTS.only(WITH_LOCK), "16 A adapter in use"),
    fixed("adi", BOOL, True, CLIENTS.only(PHOENIX), "always true here, without limiting"),
    config(s.LA1, LISTS, "adapter's limit on one phase, A"),
    config(s.LA3, LISTS, "adapter's limit on three phases, A"),
    config(s.TCL, LISTS, "temporary limit, A; forgotten after 10 minutes", write=w.temporary_limit),
    status("cbl", optional(INT), r.cable, TABLE_LOCK_LISTS, "A, coding of the cable; null: none"),
    config(s.DWO, TABLE_LISTS, "energy limit of a session, Wh; null: off", assumed="kept at unplug"),
    shown(s.FSE, V60_4, "fail-safe limit on", assumed="also on other models than PRO and CORE; details"),
    shown(s.FSI, V60_4, "fail-safe limit, A", assumed=OTHER_MODELS),
    shown(s.FSC, V60_4, "s without a write until the fail-safe limit holds", assumed=OTHER_MODELS),
)

CONTROL: Final = (
    config(s.FRC, TABLE_LISTS, "force state: 0 neutral, 1 off, 2 on; neutral again at unplug"),
    config(s.LMO, TABLE_LISTS, "logic: 3 basic, 4 eco, 5 daily trip"),
    config(s.PSM, CLIENTS.since("51.8"), "phases: 0 automatic, 1 one, 2 three", write=w.phase_mode),
    status("fsp", BOOL, r.single_phase, TABLE_LISTS.until("51.8"), "one phase is in force", w.single_phase),
    status("fsp", BOOL, r.single_phase, TABLE_LISTS.since("51.8").until("60.4"), "one phase is in force"),
    status("fsp", BOOL, r.single_phase, TABLE_LISTS.since("60.4"), "one phase is in force", refusal=USE_PSM),
    status("pwm", UINT8, r.phase_wish, TABLE_LISTS, "wish of the surplus logic: 0 force three, 1 one, 2 three"),
    status("lfspt", STAMP, kept.phases_switched_at, TABLE_LISTS, "when the phases were switched last"),
    status("fsptws", STAMP, kept.phases_wished_since, TABLE_LISTS, "since when other phases are wished"),
    config(s.PSMD, TABLE_LISTS, "pause of a phase switch, ms"),
    config(s.MPWST, TABLE_LISTS, "a phase wish has to last, ms"),
    config(s.MPTWT, TABLE_LISTS, "least time between two phase switches, ms"),
    config(s.ACP, TABLE_LISTS, "pauses allowed"),
    config(s.SU, TABLE_LISTS, "simulate unplugging before charging resumes"),
    config(s.SUA, LISTS.since("53.1"), "simulate unplugging during every pause"),
    config(s.SUMD, TABLE_LISTS, "length of simulated unplugging, ms"),
    config(s.MCI, TABLE_LISTS, "keep-alive: least interval of charging, ms; 0 off"),
    config(s.MCPD, TABLE_LISTS, "least pause, ms; 0 off"),
    status(
        "mcpea",
        STAMP,
        kept.pause_ends_at,
        TABLE_LISTS,
        "when the running pause ends; null ends it",
        write=w.end_pause,
    ),
    config(s.FMT, LISTS, "least run of surplus charging, ms"),
    shown(stored("simo", BOOL, False), V59.since("56.1"), "simplified mode"),
    config(s.NMO, TABLE_LISTS, "no earth check (IT networks); effective after a restart"),
    config(stored("map", array(UINT8, length=3), [1, 2, 3], rotation), TABLE_LISTS, "rotation of the phases"),
    config(
        stored("ct", STRING, "default", short(64)), TABLE_LISTS, "type of the car, for the app", blocked=("54", "55")
    ),
    config(stored("cco", DOUBLE, 24.0, at_least(0)), TABLE_LISTS, "consumption of the car, kWh/100 km, for the app"),
    config(stored("esk", BOOL, False), TABLE_LISTS, "energy entered in kWh, for the app"),
    config(stored("die", BOOL, True), LISTS, "digital input used"),
    config(stored("dii", BOOL, False), LISTS, "digital input inverted"),
    config(stored("di1", BOOL, False), LISTS, "digital input limits to one phase"),
    status("din", UINT32, r.always(1), V59, "digital input, raw", assumed=NOT_EMULATED),
)


def _button(setting: Setting[int], about: str) -> tuple[Key, Key]:
    """What the button may do: a bool up to 054. Any variant is taken."""
    name, write = setting.name, w.flag_number(setting)
    old, new = TABLE_EN.until("55").only(WITH_LOCK), TABLE_LOCK_LISTS.since("55")
    return (
        status(name, BOOL, lambda v: bool(v.settings[setting]), old, about, write),
        status(name, UINT8, r.stored(setting), new, f"{about}: {PERMISSIONS}", write),
    )


LOCK: Final = (
    config(s.UST, TABLE_LOCK_LISTS, "lock: 0 while plugged, 1 until charged, 2 always"),
    status("lck", UINT8, r.lock_command, TABLE_LOCK_LISTS, "lock as told to the charge controller; 3 force unlock"),
    config(s.UPO, TABLE_LOCK_LISTS, "unlock at a power failure", kind=BOOL, write=w.as_flag(s.UPO)),
    status("cus", UINT8, r.unlock_state, TABLE_LOCK_LISTS, LOCK_STATES),
    status(
        "ffb", UINT8, lambda v: v.memory.feedback, TABLE_LOCK_LISTS, "0 fine, 1 problem locking, 2 problem unlocking"
    ),
    status("ffba", STAMP, r.lock_feedback_age, DEVELOPER, "when the lock's feedback changed", assumed="a time-stamp"),
    *_button(s.BAC, "button may change the current"),
    *_button(s.SDP, "button may change the force state"),
    config(
        stored("bar", UINT8, 3, within(0, 3)), LOCK_LISTS.since("56.2"), "button may reset the access point, as bac"
    ),
    status("lbp", STAMP, lambda v: v.stamp(v.memory.button), TABLE_LOCK_LISTS, "last press of the button"),
    status("lbl", STAMP, lambda v: v.stamp(v.memory.long_button), EN_ONLY, "last long press of the button"),
)

ACCESS: Final = (
    config(
        s.ACS, TABLE_EN.until("59.4"), "access: 0 open, 1 wait for a card or the app", write=keeper(s.ACS, within(0, 1))
    ),
    config(s.ACS, V59.since("59.4"), "access: 0 open, 1 wait for a card or the app, 2 EVCMS"),
    shown(stored("facacs", UINT8, 0, within(0, 2)), V60, "factory value of acs"),
    config(
        s.TRX, TABLE_LISTS, "transaction: null none, 0 without a card, n for the card in slot n", write=w.transaction
    ),
    config(s.TXT, V60_4, "s a transaction waits for a car", assumed=OTHER_MODELS),
    status("cards", OBJECTS, kept.cards, CAPTURE_LISTS.until("60"), "the ten card slots", write=w.cards),
    status("cards", OBJECTS, kept.cards, V60_3, "the ten card slots; absent in 60.0 to 60.2", write=w.cards),
    *(
        row
        for slot in range(s.SLOTS)
        for row in (
            config(s.CARD_NAMES[slot], V60, f"card slot {slot}: name", read=kept.card_name(slot)),
            config(s.CARD_ENERGIES[slot], V60, f"card slot {slot}: Wh", read=kept.card_energy(slot)),
            config(
                s.CARD_TAGS[slot],
                V60,
                f"card slot {slot}: tag known",
                kind=BOOL,
                read=kept.card_learnt(slot),
                write=w.card_tag(slot),
            ),
        )
    ),
    action("lrn", w.learn_card, UINT8, TABLE_LISTS, "put the tag read last into this slot"),
    action("del", w.clear_card, UINT8, TABLE_LISTS, "clear this card slot"),
    config(s.RDE, LISTS, "show tag ids"),
    status("lrc", optional(UINT8), lambda v: v.device.cards.last_slot, LISTS, "slot of the tag read last"),
    status("lri", optional(STRING), kept.last_tag, LISTS, "tag read last, only with rde"),
    status("lrr", STAMP, lambda v: v.stamp(v.device.cards.last_read), LISTS, "when a tag was read last"),
    status(
        "tsi",
        optional(STRING),
        kept.started_with,
        LISTS,
        "tag that started the transaction, only with rde",
    ),
    fixed("evt", optional(STRING), None, CAPTURE_LISTS.since("56.2"), "EVCMS transaction", assumed=NOT_EMULATED),
    config(stored("ten", BOOL, False), V60_3_PHOENIX, "protection against tampering"),
)

SCHEDULES: Final = tuple(
    row
    for setting, day in ((s.SCH_WEEK, "weekdays"), (s.SCH_SATUR, "Saturday"), (s.SCH_SUND, "Sunday"))
    for about in (f"schedule of {day}: 0 off, 1 allow, 2 block, 3 grid, 4 no grid inside",)
    for row in (
        config(setting, TABLE_EN.until("59.4"), f"schedule of {day}", write=w.plan(setting, 2)),
        config(setting, V59.since("59.4").until("60"), about, write=w.plan(setting, 4)),
        config(setting, V60, about, read=r.plan(setting), write=w.plan(setting, 4)),
    )
)

SURPLUS: Final = (
    action("ids", w.surplus_data, optional(OBJECT), LISTS.since("55").until("60.6"), IDS),
    action("ids", w.surplus_data_60_6, optional(OBJECT), LISTS.since("60.6"), IDS),
    status(
        "pgrid", optional(FLOAT), r.power_of(lambda p: p.grid), LISTS, "W at the grid connection, negative feeds in"
    ),
    status("ppv", optional(FLOAT), r.power_of(lambda p: p.pv), LISTS, "W of the roof"),
    status("pakku", optional(FLOAT), r.power_of(lambda p: p.battery), LISTS, "W out of the battery"),
    status("inva", STAMP, r.surplus_age, LISTS, "when such data came last"),
    status("dsrc", optional(STRING), r.surplus_source, CAPTURE_LISTS.since("56.2"), "who delivers it", assumed="text"),
    config(stored("csd", BOOL, False), V59, "drop old surplus data after a break"),
    config(s.FUP, LISTS, "use surplus (with lmo 4)"),
    config(s.FST, LISTS, "W of surplus to start"),
    config(s.SH, LISTS, "hysteresis of stopping, W"),
    config(s.PSH, LISTS, "hysteresis of phase switching, W"),
    config(s.SPL3, TABLE_LISTS, "W above which three phases are used"),
    config(s.PGT, LISTS, "grid power aimed at, W"),
    config(stored("po", FLOAT, -300.0), LISTS, "offset of priority, W"),
    config(s.FRM, LISTS, "rounding: 0 rather from the grid, 1 default, 2 rather into it"),
    status("ferm", UINT8, lambda v: v.settings[s.FRM], EN_ONLY, "rounding in effect"),
    config(stored("fzf", BOOL, False), LISTS, "zero feed-in"),
    config(stored("zfo", FLOAT, 200.0), LISTS, "offset of zero feed-in, W"),
    config(stored("emx", INT32, 0, at_least(0)), V59, "energy mix after unplug, ms"),
    status("deltaa", optional(FLOAT), r.always(0.0), LISTS, "regulator: A to change", assumed=NOT_EMULATED),
    status("deltap", FLOAT, r.always(0.0), LISTS, "regulator: W to change", assumed=NOT_EMULATED),
    status("lpsc", STAMP, r.surplus_age, LISTS, "last surplus calculation", assumed="when data came last"),
    status("lpc", STAMP, r.surplus_age, V59, "last calculation", assumed="when data came last"),
    status("pvopt_averagePGrid", FLOAT, r.latest(lambda p: p.grid), LISTS, "W, averaged", assumed=AS_IT_IS),
    status("pvopt_averagePPv", FLOAT, r.latest(lambda p: p.pv), LISTS, "W, averaged", assumed=AS_IT_IS),
    status("pvopt_averagePAkku", FLOAT, r.latest(lambda p: p.battery), LISTS, "W, averaged", assumed=AS_IT_IS),
    fixed("ido", optional(OBJECT), None, EN_ONLY, "inverter data override", assumed=NOT_EMULATED),
)

TARIFF: Final = (
    config(s.AWE, TABLE_LISTS, "use the flexible tariff"),
    config(s.AWC, TABLE_LISTS, "country of the tariff"),
    config(s.AWP, TABLE_LISTS, "price limit, ct/kWh"),
    status("awcp", optional(SINGLE_OBJECT), r.price_slot, TABLE_LISTS, "price in force"),
    config(s.AWPL, TABLE_LISTS, "list of prices, unix seconds", write=w.prices),
    config(s.ATT, TABLE_LISTS, "daily trip: ready at, s of the day"),
    config(s.ATE, TABLE_LISTS, "daily trip: energy, Wh"),
    config(s.ARA, TABLE_LISTS, "daily trip: go on in eco mode when done"),
    status("tlf", BOOL, lambda v: v.device.logic.around.test_charge.finished, TABLE_LISTS, "test charge finished"),
    status(
        "tls",
        STAMP,
        lambda v: v.stamp(v.device.logic.around.test_charge.started_at),
        TABLE_LISTS,
        "when the test charge started",
    ),
    status(
        "atp", optional(OBJECT), r.nothing, TABLE_LISTS, "plan of the daily trip", assumed="its content is not public"
    ),
)

OTHER: Final = (
    config(s.OCPPIO, OCPP_DOC.since("60"), "the OCPP backend made the charger inoperable"),
    action("rst", w.restart, ANY, LISTS, "true (or 1) restarts the wallbox"),
)

KEYS: Final[tuple[Key, ...]] = (
    *CAR,
    *METER,
    *LIMITS,
    *CONTROL,
    *LOCK,
    *ACCESS,
    *SCHEDULES,
    *SURPLUS,
    *TARIFF,
    *OTHER,
)
