"""Keys of charging: car, meter, decision, limits, access, schedules, surplus and tariff.

The one rule: rows only; what a row needs more than once is in `readings` or `writing`.
"""

# ruff: noqa: E501
# fmt: off

from __future__ import annotations

from typing import Final

from . import readings as r
from . import schedule
from . import writing as w
from .key import LEGACY_UNTIL, Key, action, config, fixed, shown, status
from .models import PHOENIX, WITH_LOCK
from .sources import (
    CAPTURE,
    CLIENTS,
    EN,
    L60_4,
    LISTS,
    OCPP_DOC,
    SCREENSHOT,
    SINCE_59,
    SINCE_60,
    SINCE_60_3,
    TABLE,
    TABLE_EN,
    TABLE_LISTS,
    TABLE_LOCK_LISTS,
)
from .values import (
    ANY,
    BOOL,
    DOUBLE,
    FLAG_OR_NUMBER,
    FLOAT,
    INT,
    INT32,
    INT64,
    OBJECT,
    OBJECTS,
    SINGLE_OBJECT,
    SINGLE_OBJECTS,
    STAMP,
    STRING,
    UINT8,
    UINT16,
    UINT32,
    UINT64,
    array,
    either,
    optional,
)

NOT_EMULATED: Final = "the function behind it is not emulated"

CAR: Final = (
    status("car", optional(UINT8), r.remembered("car"), source=TABLE_LISTS, about="state of the car: 1 idle, 2 charging, 3 waiting, 4 complete, 5 error, 6 initialising; null: no charge controller"),
    status("err", optional(UINT8), r.remembered("err"), source=TABLE_LISTS, about="fault code, numbering by firmware; null: no charge controller"),
    status("alw", BOOL, r.allowed, source=TABLE_LISTS, about="the logic lets the car charge"),
    status("alwt", INT64, r.stamp_of("allow_changed"), source=SINCE_60, since="60", about="when alw changed last"),
    status("acu", optional(INT32), r.remembered("current"), source=TABLE_LISTS, about="A offered; null while alw is false"),
    status("acui", optional(INT), r.remembered("current"), source=SCREENSHOT, until=LEGACY_UNTIL, assumed="equals acu", about="A, inner variant of acu"),
    status("cll", OBJECT, r.remembered("limits"), source=LISTS, since="56", about="A of every limit in play, by name"),
    status("modelStatus", UINT8, lambda v: int(v.memory.decision.status), source=TABLE_LISTS, about="why it charges or not"),
    status("msi", UINT8, lambda v: int(v.memory.decision.inner), source=TABLE, until=LEGACY_UNTIL, about="as modelStatus, before pauses and phase switches"),
    status("lmsc", INT64, r.stamp_of("status_changed"), source=TABLE_LISTS, about="when modelStatus changed last"),
    status("cdi", OBJECT, r.charging_duration, source=TABLE_LISTS, assumed="goes on counting after a pause", about="charging time: type 0 counts from a time-stamp, type 1 is ms"),
    status("lccfi", STAMP, r.stamp_of("left_idle"), source=TABLE_LISTS, about="when the car left idle"),
    status("lccfc", STAMP, r.stamp_of("left_charging"), source=TABLE_LISTS, about="when the car left charging"),
    status("lcctc", STAMP, r.stamp_of("entered_charging"), source=TABLE_LISTS, about="when the car began to charge"),
    status("lch", STAMP, r.stamp_of("last_current"), source=CAPTURE, until=LEGACY_UNTIL, about="when current flowed last"),
    status("stao", optional(BOOL), lambda _: None, source=SCREENSHOT, until=LEGACY_UNTIL, assumed="meaning unknown, always null"),
    status("cpe", BOOL, lambda v: not v.sample.pilot_interrupted, source=TABLE, until=LEGACY_UNTIL, about="pilot on, as the charge controller has it"),
    status("cpr", BOOL, lambda v: not v.sample.pilot_interrupted, source=TABLE, until=LEGACY_UNTIL, about="pilot wanted on"),
)

METER: Final = (
    status("nrg", array(FLOAT, length=16), lambda v: v.nrg, source=TABLE_LISTS, about="U L1 L2 L3 N, I L1 L2 L3, P L1 L2 L3 N total, power factor % L1 L2 L3 N"),
    status("tpa", FLOAT, r.mean_power, source=TABLE_LISTS, about="W, mean of 30 s"),
    status("eto", UINT64, r.total_energy, source=TABLE_LISTS, about="Wh, all time"),
    status("etop", UINT64, r.total_energy, source=TABLE, until=LEGACY_UNTIL, assumed="written to flash every Wh", about="Wh, all time, as in flash"),
    status("wh", DOUBLE, r.session_energy, source=TABLE_LISTS, about="Wh since plug-in"),
    status("mmp", FLOAT, r.peak_power, source=TABLE_LISTS, about="W, highest since plug-in"),
    status("pha", optional(array(BOOL)), r.phases, source=TABLE_LISTS, about="L1 L2 L3 behind the contactor, then in front"),
    status("pnp", UINT8, lambda v: v.sample.active_phases, source=LISTS, about="phases in use"),
    status("fhz", optional(FLOAT), r.frequency, source=TABLE_LISTS, about="Hz"),
    status("avgfhz", optional(FLOAT), r.frequency, source=LISTS, since="56.1", assumed="equals fhz", about="Hz, averaged"),
    status("tma", array(FLOAT), r.temperatures, source=TABLE_LISTS, about="°C: plug, board"),
    status("amt", INT32, r.amt, source=TABLE_LISTS, about="A allowed by temperature; 32: all"),
    status("rcd", optional(INT), lambda _: 5, source=TABLE, until=LEGACY_UNTIL, assumed=NOT_EMULATED, about="µs, reading of the residual-current detector"),
    status("rfb", INT, lambda v: 1650 + round(v.sway(3, 4)), source=TABLE_EN, until=LEGACY_UNTIL, about="raw feedback of the relays"),
    status("wo", optional(DOUBLE), r.unknown_power, source=SINCE_59, since="59", about="W of unknown origin"),
    status("wg", optional(DOUBLE), lambda _: None, source=SINCE_59, since="59", assumed=NOT_EMULATED, about="W from the grid"),
    status("ws", optional(DOUBLE), lambda _: None, source=SINCE_59, since="59", assumed=NOT_EMULATED, about="W from the sun"),
    status("wb", optional(DOUBLE), lambda _: None, source=SINCE_59, since="59", assumed=NOT_EMULATED, about="W from the battery"),
    status("who", DOUBLE, r.session_energy, source=SINCE_59, since="59", assumed="everything counts as unknown", about="Wh of the session of unknown origin"),
    status("whg", DOUBLE, lambda _: 0.0, source=SINCE_59, since="59", assumed=NOT_EMULATED, about="Wh of the session from the grid"),
    status("whs", DOUBLE, lambda _: 0.0, source=SINCE_59, since="59", assumed=NOT_EMULATED, about="Wh of the session from the sun"),
    status("whb", DOUBLE, lambda _: 0.0, source=SINCE_59, since="59", assumed=NOT_EMULATED, about="Wh of the session from the battery"),
    fixed("eto_mid", optional(UINT64), None, source=SINCE_60_3, since="60.3", models=PHOENIX, assumed="no MID meter fitted", about="Wh, MID meter, all time"),
    fixed("wh_mid", optional(DOUBLE), None, source=SINCE_60_3, since="60.3", models=PHOENIX, assumed="no MID meter fitted", about="Wh, MID meter, session"),
)

LIMITS: Final = (
    config("amp", UINT8, 16, w.within(6, 32), source=TABLE_LISTS, about="requested current, A"),
    config("ampt", optional(UINT8), None, w.within(6, 32), persistent=False, source="one user's report on firmware 60.3", since="59", assumed="type and meaning: stored without effect", about="temporary current, A"),
    config("ama", UINT8, None, w.within(6, 32), accepts=UINT8, read=lambda v: v.box.ama, source=TABLE_LISTS, about="installer's limit, A; factory: the most the model can"),
    config("mca", UINT8, 6, w.within(6, 32), source=TABLE_LISTS, about="least charging current, A"),
    config("clp", array(UINT8), [6, 10, 12, 14, 16], w.presets, source=TABLE_LISTS, about="currents the button steps through, A"),
    *(
        status(f"al{n}", UINT8, r.preset(n - 1), source=CAPTURE, until=LEGACY_UNTIL, assumed="the last preset stands in for missing ones", about=f"A, entry {n} of clp")
        for n in range(1, 6)
    ),
    shown("adi", BOOL, False, source=TABLE_LISTS, models=WITH_LOCK, about="16 A adapter in use"),
    fixed("adi", BOOL, True, source=CLIENTS, models=PHOENIX, about="always true here, without limiting"),
    config("la1", UINT8, 16, source=LISTS, about="adapter's limit on one phase, A"),
    config("la3", UINT8, 16, source=LISTS, about="adapter's limit on three phases, A"),
    config("tcl", optional(UINT8), None, w.within(6, 32), write=w.temporary_limit, persistent=False, source=LISTS, about="temporary limit, A; forgotten after 10 minutes"),
    status("cbl", optional(INT), r.cable, source=TABLE_LOCK_LISTS, models=WITH_LOCK, about="A, coding of the cable; null: none"),
    config("dwo", optional(DOUBLE), None, w.at_least(0), source=TABLE_LISTS, assumed="kept at unplug", about="energy limit of a session, Wh; null: off"),
    shown("fse", BOOL, False, source=L60_4, since="60.4", assumed="also on other models than PRO and CORE; details", about="fail-safe limit on"),
    shown("fsi", UINT8, 0, w.zero_or_within(6, 32), source=L60_4, since="60.4", assumed="also on other models than PRO and CORE", about="fail-safe limit, A"),
    shown("fsc", INT32, 0, w.at_least(0), source=L60_4, since="60.4", assumed="also on other models than PRO and CORE", about="s without a write until the fail-safe limit holds"),
)

CONTROL: Final = (
    config("frc", UINT8, 0, w.within(0, 2), persistent=False, source=TABLE_LISTS, about="force state: 0 neutral, 1 off, 2 on; neutral again at unplug"),
    config("lmo", UINT8, 3, w.within(3, 5), source=TABLE_LISTS, about="logic: 3 basic, 4 eco, 5 daily trip"),
    config("psm", UINT8, 2, w.within(0, 2), source=CLIENTS, since="51.8", about="phases: 0 automatic, 1 one, 2 three"),
    status("fsp", BOOL, r.single_phase, source=TABLE_LISTS, about="one phase is in force"),
    status("pwm", UINT8, r.phase_wish, source=TABLE_LISTS, about="wish of the surplus logic: 0 force three, 1 one, 2 three"),
    status("lfspt", STAMP, lambda v: v.stamp(v.box.logic.phases.toggled_at), source=TABLE_LISTS, about="when the phases were switched last"),
    status("fsptws", STAMP, lambda v: v.stamp(v.box.logic.around.surplus.wish_since), source=TABLE_LISTS, about="since when other phases are wished"),
    config("psmd", INT32, 10_000, w.within(10_000, 3_600_000), source=TABLE_LISTS, about="pause of a phase switch, ms"),
    config("mpwst", INT32, 120_000, w.at_least(0), source=TABLE_LISTS, about="a phase wish has to last, ms"),
    config("mptwt", INT32, 600_000, w.at_least(0), source=TABLE_LISTS, about="least time between two phase switches, ms"),
    config("acp", BOOL, True, source=TABLE_LISTS, about="pauses allowed"),
    config("su", BOOL, False, source=TABLE_LISTS, about="simulate unplugging before charging resumes"),
    config("sua", BOOL, False, source=LISTS, since="53.1", about="simulate unplugging during every pause"),
    config("sumd", INT32, 10_000, w.within(5_000, 3_600_000), source=TABLE_LISTS, about="length of simulated unplugging, ms"),
    config("mci", INT32, 0, w.at_least(0), source=TABLE_LISTS, about="keep-alive: least interval of charging, ms; 0 off"),
    config("mcpd", INT32, 0, w.at_least(0), source=TABLE_LISTS, about="least pause, ms; 0 off"),
    status("mcpea", STAMP, lambda v: v.stamp(v.box.logic.pause.ends_at), write=w.end_pause, source=TABLE_LISTS, about="when the running pause ends; null ends it"),
    config("fmt", INT32, 300_000, w.at_least(0), source=LISTS, about="least run of surplus charging, ms"),
    shown("simo", BOOL, False, source=SINCE_59, since="56.1", about="simplified mode"),
    config("nmo", BOOL, False, source=TABLE_LISTS, about="no earth check (IT networks); effective after a restart"),
    config("map", array(UINT8, length=3), [1, 2, 3], w.rotation, source=TABLE_LISTS, about="rotation of the phases"),
    config("ct", STRING, "default", w.short(64), blocked=("54", "55"), source=TABLE_LISTS, about="type of the car, for the app"),
    config("cco", DOUBLE, 24.0, w.at_least(0), source=TABLE_LISTS, about="consumption of the car, kWh/100 km, for the app"),
    config("esk", BOOL, False, source=TABLE_LISTS, about="energy entered in kWh, for the app"),
    config("die", BOOL, True, source=LISTS, about="digital input used"),
    config("dii", BOOL, False, source=LISTS, about="digital input inverted"),
    config("di1", BOOL, False, source=LISTS, about="digital input limits to one phase"),
    status("din", UINT32, lambda _: 1, source=SINCE_59, since="59", assumed=NOT_EMULATED, about="digital input, raw"),
)

LOCK: Final = (
    config("ust", UINT8, 0, w.within(0, 2), source=TABLE_LOCK_LISTS, models=WITH_LOCK, about="lock: 0 while plugged, 1 until charged, 2 always"),
    status("lck", UINT8, lambda v: v.settings["ust"], source=TABLE_LOCK_LISTS, models=WITH_LOCK, about="lock as told to the charge controller"),
    config("upo", BOOL, False, write=w.as_flag("upo"), accepts=either("bool", BOOL, UINT8), source=TABLE_LOCK_LISTS, models=WITH_LOCK, about="unlock at a power failure"),
    status("cus", UINT8, r.unlock_state, source=TABLE_LOCK_LISTS, models=WITH_LOCK, about="1 unlocked, 2 unlock failed, 3 locked, 4 lock failed"),
    status("ffb", UINT8, r.lock_feedback, source=TABLE_LOCK_LISTS, models=WITH_LOCK, about="0 fine, 1 problem locking, 2 problem unlocking"),
    status("ffba", STAMP, lambda _: None, source=TABLE, until=LEGACY_UNTIL, assumed=NOT_EMULATED, about="age of the lock's feedback"),
    status("bac", BOOL, lambda v: bool(v.settings["bac"]), write=w.flag_number("bac"), accepts=FLAG_OR_NUMBER, source=TABLE_EN, until="55", models=WITH_LOCK, about="button may change the current"),
    status("bac", UINT8, lambda v: v.settings["bac"], write=w.flag_number("bac"), accepts=FLAG_OR_NUMBER, source=TABLE_LOCK_LISTS, since="55", models=WITH_LOCK, about="button may change the current: 0 never, 1 not while connected, 2 not while charging, 3 always"),
    status("sdp", BOOL, lambda v: bool(v.settings["sdp"]), write=w.flag_number("sdp"), accepts=FLAG_OR_NUMBER, source=TABLE_EN, until="55", models=WITH_LOCK, about="button may change the force state"),
    status("sdp", UINT8, lambda v: v.settings["sdp"], write=w.flag_number("sdp"), accepts=FLAG_OR_NUMBER, source=TABLE_LOCK_LISTS, since="55", models=WITH_LOCK, about="button may change the force state, as bac"),
    config("bar", UINT8, 3, w.within(0, 3), source=f"{EN} + key lists of firmware 59.4, 60.2", since="56.2", models=WITH_LOCK, about="button may reset the access point, as bac"),
    status("lbp", STAMP, r.stamp_of("button"), source=TABLE_LOCK_LISTS, models=WITH_LOCK, about="last press of the button"),
    status("lbl", STAMP, r.stamp_of("long_button"), source=EN, until="58", models=WITH_LOCK, about="last long press of the button"),
)

ACCESS: Final = (
    config("acs", UINT8, 0, w.within(0, 1), source=TABLE_EN, until="59.4", about="access: 0 open, 1 wait for a card or the app"),
    config("acs", UINT8, 0, w.within(0, 2), source=SINCE_59, since="59.4", about="access: 0 open, 1 wait for a card or the app, 2 EVCMS"),
    shown("facacs", UINT8, 0, w.within(0, 2), source=SINCE_60, since="60", about="factory value of acs"),
    config("trx", optional(UINT8), None, w.within(0, 10), write=w.transaction, persistent=False, source=TABLE_LISTS, about="transaction: null none, 0 without a card, n for the card in slot n"),
    config("txt", INT32, 120, w.at_least(0), source=L60_4, since="60.4", assumed="also on other models than PRO and CORE", about="s a transaction waits for a car"),
    status("cards", OBJECTS, lambda v: v.box.cards.shown(v.sample.total_energy), write=w.cards, accepts=array(OBJECT, longest=10), source=TABLE_LISTS.replace(TABLE, "captured replies"), until="60", about="the ten card slots"),
    status("cards", OBJECTS, lambda v: v.box.cards.shown(v.sample.total_energy), write=w.cards, accepts=array(OBJECT, longest=10), source=SINCE_60_3, since="60.3", about="the ten card slots; absent in 60.0 to 60.2"),
    *(
        row
        for slot in range(10)
        for row in (
            config(f"c{slot}n", STRING, None, w.short(64), accepts=STRING, read=r.card_name(slot), source=SINCE_60, since="60", about=f"card slot {slot}: name"),
            config(f"c{slot}e", UINT64, 0, w.at_least(0), read=r.card_energy(slot), source=SINCE_60, since="60", about=f"card slot {slot}: Wh"),
            config(f"c{slot}i", BOOL, "", write=w.card_tag(slot), accepts=STRING, read=r.card_learnt(slot), source=SINCE_60, since="60", about=f"card slot {slot}: a tag is learnt; written as its id"),
        )
    ),
    action("lrn", UINT8, w.learn_card, source=TABLE_LISTS, about="put the tag read last into this slot"),
    action("del", UINT8, w.clear_card, source=TABLE_LISTS, about="clear this card slot"),
    config("rde", BOOL, False, source=LISTS, about="show tag ids"),
    status("lrc", optional(UINT8), lambda v: v.box.cards.last_slot, source=LISTS, about="slot of the tag read last"),
    status("lri", optional(STRING), lambda v: v.box.cards.last_tag if v.settings["rde"] else None, source=LISTS, about="tag read last, only with rde"),
    status("lrr", STAMP, lambda v: v.stamp(v.box.cards.last_read), source=LISTS, about="when a tag was read last"),
    status("tsi", optional(STRING), lambda v: v.box.cards.started_with if v.settings["rde"] else None, source=LISTS, about="tag that started the transaction, only with rde"),
    fixed("evt", optional(STRING), None, source=SINCE_59, since="59", assumed=NOT_EMULATED, about="EVCMS transaction"),
    config("ten", BOOL, False, source=SINCE_60_3, since="60.3", models=PHOENIX, about="protection against tampering"),
)

SCHEDULES: Final = tuple(
    row
    for name, about in (("sch_week", "weekdays"), ("sch_satur", "Saturday"), ("sch_sund", "Sunday"))
    for row in (
        config(name, OBJECT, schedule.EMPTY, w.plan(4), read=r.plan(name), write=w.store_plan(name, 2), source=TABLE_EN, until="59.4", about=f"schedule of {about}"),
        status(name, OBJECT, r.plan(name), write=w.store_plan(name, 4), source=SINCE_59, since="59.4", about=f"schedule of {about}: 0 off, 1 allow, 2 block, 3 grid, 4 no grid inside"),
    )
)

SURPLUS: Final = (
    action("ids", optional(OBJECT), w.surplus_data, source=LISTS, since="55", about="W of grid, roof and battery; valid for 10 s"),
    status("pgrid", optional(FLOAT), r.surplus("grid"), source=LISTS, about="W at the grid connection, negative feeds in"),
    status("ppv", optional(FLOAT), r.surplus("pv"), source=LISTS, about="W of the roof"),
    status("pakku", optional(FLOAT), r.surplus("battery"), source=LISTS, about="W out of the battery"),
    status("inva", STAMP, lambda v: v.stamp(v.box.logic.around.surplus.received_at), source=LISTS, about="when such data came last"),
    status("dsrc", optional(STRING), r.surplus_source, source=SINCE_59, since="59", assumed="text", about="who delivers it"),
    config("csd", BOOL, False, source=SINCE_59, since="59", about="drop old surplus data after a break"),
    config("fup", BOOL, False, source=LISTS, about="use surplus (with lmo 4)"),
    config("fst", FLOAT, 1400.0, w.at_least(0), source=LISTS, about="W of surplus to start"),
    config("sh", FLOAT, 200.0, w.at_least(0), source=LISTS, about="hysteresis of stopping, W"),
    config("psh", FLOAT, 500.0, w.at_least(0), source=LISTS, about="hysteresis of phase switching, W"),
    config("spl3", FLOAT, 4200.0, w.at_least(0), source=TABLE_LISTS, about="W above which three phases are used"),
    config("pgt", FLOAT, 0.0, source=LISTS, about="grid power aimed at, W"),
    config("po", FLOAT, -300.0, source=LISTS, about="offset of priority, W"),
    config("frm", UINT8, 1, w.within(0, 2), source=LISTS, about="rounding: 0 rather from the grid, 1 default, 2 rather into it"),
    status("ferm", UINT8, lambda v: v.settings["frm"], source=EN, until="58", models=WITH_LOCK, about="rounding in effect"),
    config("fzf", BOOL, False, source=LISTS, about="zero feed-in"),
    config("zfo", FLOAT, 200.0, source=LISTS, about="offset of zero feed-in, W"),
    config("emx", INT32, 0, w.at_least(0), source=SINCE_59, since="59", about="energy mix after unplug, ms"),
    status("deltaa", optional(FLOAT), lambda _: 0.0, source=LISTS, assumed=NOT_EMULATED, about="regulator: A to change"),
    status("deltap", FLOAT, lambda _: 0.0, source=LISTS, assumed=NOT_EMULATED, about="regulator: W to change"),
    status("lpsc", STAMP, lambda v: v.stamp(v.box.logic.around.surplus.received_at), source=LISTS, assumed="when data came last", about="last surplus calculation"),
    status("lpc", STAMP, lambda v: v.stamp(v.box.logic.around.surplus.received_at), source=SINCE_59, since="59", assumed="when data came last", about="last calculation"),
    status("pvopt_averagePGrid", FLOAT, r.latest("grid"), source=LISTS, assumed="the value itself, not averaged", about="W, averaged"),
    status("pvopt_averagePPv", FLOAT, r.latest("pv"), source=LISTS, assumed="the value itself, not averaged", about="W, averaged"),
    status("pvopt_averagePAkku", FLOAT, r.latest("battery"), source=LISTS, assumed="the value itself, not averaged", about="W, averaged"),
    fixed("ido", optional(OBJECT), None, source=EN, until="58", models=WITH_LOCK, assumed=NOT_EMULATED, about="inverter data override"),
)

TARIFF: Final = (
    config("awe", BOOL, False, source=TABLE_LISTS, about="use the flexible tariff"),
    config("awc", UINT16, 0, source=TABLE_LISTS, about="country of the tariff"),
    config("awp", FLOAT, 3.0, source=TABLE_LISTS, about="price limit, ct/kWh"),
    status("awcp", optional(SINGLE_OBJECT), r.price_slot, source=TABLE_LISTS, about="price in force"),
    config("awpl", SINGLE_OBJECTS, [], w.prices, write=w.store_prices, source=TABLE_LISTS, about="list of prices, unix seconds"),
    config("att", INT32, 21_600, w.within(0, 86_400), source=TABLE_LISTS, about="daily trip: ready at, s of the day"),
    config("ate", DOUBLE, 18_000.0, w.at_least(0), source=TABLE_LISTS, about="daily trip: energy, Wh"),
    config("ara", BOOL, True, source=TABLE_LISTS, about="daily trip: go on in eco mode when done"),
    status("tlf", BOOL, lambda _: False, source=TABLE_LISTS, assumed="no test charge", about="test charge finished"),
    status("tls", STAMP, lambda _: None, source=TABLE_LISTS, assumed="no test charge", about="test charge started"),
    status("atp", optional(OBJECT), lambda _: None, source=TABLE_LISTS, assumed=NOT_EMULATED, about="plan of the daily trip"),
)

OTHER: Final = (
    config("ocppio", BOOL, False, source=OCPP_DOC, since="60", about="the OCPP backend made the charger inoperable"),
    action("rst", ANY, w.restart, source=LISTS, about="true (or 1) restarts the box"),
)

KEYS: Final[tuple[Key, ...]] = (
    *CAR, *METER, *LIMITS, *CONTROL, *LOCK, *ACCESS, *SCHEDULES, *SURPLUS, *TARIFF, *OTHER,
)
