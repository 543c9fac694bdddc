"""The rules of the charge controller: its states and transitions by IEC 61851-1, row by row.

The one rule: guards are levels, evaluated from the top after every event until none holds any more. "Seq." is a
sequence of IEC 61851-1:2017, Table A.6, as EVerest's IECStateMachine quotes it; WARP is Tinkerforge's
evse-v2-bricklet.
"""

from __future__ import annotations

from typing import Final

from .events import EventName
from .evse import PLUGGED, Evse, EvseInputs
from .states import EvseState as S
from .states import PilotState
from .transitions import Held, Transition, TransitionTable, nothing

FALLBACK_AFTER: Final = 30.0
"""Single-phase draw on a three-phase offer until some boxes drop L2 and L3 [s]. Source: WARP, phase_control.c."""

ALL: Final = tuple(S)
POWERED: Final = tuple(state for state in S if state is not S.OFF)
RUNNING: Final = tuple(state for state in POWERED if state is not S.BOOT)
SERVING: Final = tuple(state for state in RUNNING if state not in (S.FAULT, S.DISABLED))
BEFORE_CHARGING: Final = (S.A, S.B_AUTH, S.B_WAIT, S.B_READY, S.C_CLOSING)
RESTING: Final = (S.A, S.B_AUTH, S.B_WAIT)
SWITCHABLE: Final = (S.B_AUTH, S.B_WAIT, S.B_READY, S.C_CLOSING, S.CHARGING, S.C_STOPPING)


# --- conditions ------------------------------------------------------------------------------------------------------


def _unplugged(evse: Evse, now: EvseInputs) -> bool:
    return evse.plugged and evse.pilot is PilotState.A


def _plugged_in(evse: Evse, now: EvseInputs) -> bool:
    return not evse.plugged and evse.pilot in PLUGGED


def _no_offer(evse: Evse, now: EvseInputs) -> bool:
    return evse.allowed <= 0


def _released(evse: Evse, now: EvseInputs) -> bool:
    return not evse.requesting


def _asks(evse: Evse, now: EvseInputs) -> bool:
    return evse.requesting and not evse.held(now.at)


def _one_phase_only(evse: Evse, now: EvseInputs) -> bool:
    first, second, third = now.currents
    one_only = first > 5.0 and second < 0.5 and third < 0.5
    return evse.phases.falls_back and evse.phases.set_for == 3 and one_only


# --- actions ---------------------------------------------------------------------------------------------------------


def _lose_power(evse: Evse, now: EvseInputs) -> None:
    """Everything open at once, all memory lost."""
    closed = evse.contactor.closed
    evse.contactor.drop()
    if closed:
        evse.emit(EventName.CONTACTOR_OPENED, under_load=False)
    evse.protection.forget()
    evse.forget()
    lock = evse.connector.lock
    if lock.opens_on_outage:
        lock.release(now.conditions.lock_stuck)


def _lost_power(evse: Evse, now: EvseInputs) -> None:
    evse.line.read(PilotState.E)
    evse.emit(EventName.SUPPLY_LOST)


def _restart(evse: Evse, now: EvseInputs) -> None:
    evse.restarting = False
    evse.open_contactor(now)
    evse.forget()
    evse.protection.reset("power")


def _boot(evse: Evse, now: EvseInputs, event: EventName) -> None:
    evse.due.set("boot", now.at, evse.spec.evse.boot)
    evse.boots += 1
    evse.emit(event)


def _finish_boot(evse: Evse, now: EvseInputs) -> None:
    evse.due.clear("boot")
    if evse.spec.evse.boot_lockout > 0:
        evse.due.set("lockout", now.at, evse.spec.evse.boot_lockout)
    if evse.pilot in PLUGGED:
        evse.begin_session()


def _stop_at_fault(evse: Evse, now: EvseInputs) -> None:
    evse.open_contactor(now)
    evse.offer_now(0.0)
    evse.phases.finish()
    evse.due.clear("close", "grace", "wake", "wake_end")


def _begin_session(evse: Evse, now: EvseInputs) -> None:
    evse.begin_session()


def _end_session(evse: Evse, now: EvseInputs) -> None:
    evse.open_contactor(now)
    evse.offer_now(0.0)
    evse.end_session()


def _hold_off_after_fault(evse: Evse, now: EvseInputs) -> None:
    evse.due.set("fault_hold", now.at, evse.spec.evse.hold_off_after_fault)


def _withdraw(evse: Evse, now: EvseInputs) -> None:
    evse.due.clear("wake", "close")
    if evse.state is S.C_CLOSING:
        evse.end_c(now)
    evse.offer_now(0.0)


def _change_offer(evse: Evse, now: EvseInputs) -> None:
    evse.offer_now(evse.allowed)


def _offer_first(evse: Evse, now: EvseInputs) -> None:
    evse.offer_now(evse.allowed)
    wake_up = evse.spec.evse.wake_up
    if wake_up.enabled and not evse.asked:
        evse.wakes = 0
        evse.due.set("wake", now.at, wake_up.first)


def _prepare_closing(evse: Evse, now: EvseInputs) -> None:
    evse.due.set("close", now.at, evse.spec.evse.close_delay)
    evse.due.clear("wake")
    evse.asked = True


def _stop_closing(evse: Evse, now: EvseInputs) -> None:
    evse.due.clear("close")
    evse.end_c(now)


def _close(evse: Evse, now: EvseInputs) -> None:
    evse.due.clear("close")
    evse.contactor.close()
    evse.phases.closed()


def _open(evse: Evse, now: EvseInputs) -> None:
    evse.due.clear("fallback", "grace")
    evse.open_contactor(now)


def _withdraw_under_load(evse: Evse, now: EvseInputs) -> None:
    evse.due.clear("fallback")
    evse.offer_now(0.0)
    evse.end_c(now)
    evse.due.set("grace", now.at, evse.spec.evse.grace)


def _offer_again(evse: Evse, now: EvseInputs) -> None:
    evse.due.clear("grace")
    evse.offer_now(evse.allowed)


def _offer_after_opening(evse: Evse, now: EvseInputs) -> None:
    evse.due.clear("grace")
    evse.open_contactor(now)
    evse.offer_now(evse.allowed)


def _wake_up(evse: Evse, now: EvseInputs) -> None:
    evse.due.clear("wake")
    evse.wakes += 1
    evse.due.set("wake_end", now.at, evse.spec.evse.wake_up.duration)


def _end_wake_up(evse: Evse, now: EvseInputs) -> None:
    evse.due.clear("wake_end")
    wake_up = evse.spec.evse.wake_up
    if evse.allowed > 0 and evse.wakes < wake_up.attempts:
        evse.due.set("wake", now.at, wake_up.interval)


def _begin_switch(evse: Evse, now: EvseInputs) -> None:
    """No PWM; the contactor waits for the vehicle to open S2."""
    evse.offer_now(0.0)
    grace = None
    if evse.contactor.closed:
        grace = evse.due.remaining("grace", now.at) if evse.due.waiting("grace") else evse.spec.evse.grace
    evse.due.clear("close", "grace", "wake", "fallback")
    evse.phases.begin(now.at, grace)


def _open_for_switch(evse: Evse, now: EvseInputs) -> None:
    evse.phases.opened(now.at, under_load=evse.open_contactor(now))


def _end_switch(evse: Evse, now: EvseInputs) -> None:
    evse.phases.finish()
    if evse.allowed <= 0:
        evse.offer_now(0.0)


# --- the table -------------------------------------------------------------------------------------------------------

_DEBOUNCE: Final = Held[Evse](timer="plug", duration=lambda e: e.spec.evse.plug_debounce)
_FALLBACK: Final = Held[Evse](timer="fallback", duration=lambda e: FALLBACK_AFTER)


def _resting(evse: Evse) -> S:
    return evse.resting_state


Row = Transition[Evse, EvseInputs, S]

# fmt: off
ROWS: Final = (
    Row("2", POWERED, "supply lost",
        lambda e, n: not n.powered, _lose_power, (S.OFF,),
        "IEC 61851-1 A.3, state E: no supply", entered=_lost_power),
    Row("2a", (S.OFF,), "supply back",
        lambda e, n: n.powered, nothing, (S.BOOT,),
        "hardware", entered=lambda e, n: _boot(e, n, EventName.SUPPLY_RESTORED)),
    Row("2b", POWERED, "restart commanded",
        lambda e, n: e.restarting, _restart, (S.BOOT,),
        "hardware", entered=lambda e, n: _boot(e, n, EventName.REBOOTED)),
    Row("3", (S.BOOT,), "boot time over",
        lambda e, n: e.due.passed("boot", n.at), _finish_boot, RESTING,
        "WARP: controller and RCD self-test, 4.25 s",
        choose=_resting, entered=lambda e, n: e.emit(EventName.BOOTED)),
    Row("1", tuple(state for state in RUNNING if state is not S.FAULT), "hard fault",
        lambda e, n: e.protection.hard, _stop_at_fault, (S.FAULT,),
        "IEC 61851-1 A.3, states E and F; 8.5 and IEC 62955, residual current"),
    Row("4", SERVING, "pilot open (state A)",
        _unplugged, _end_session, (S.A,),
        "seq. 2.1, 2.2: contactor open within 100 ms"),
    Row("4a", (S.FAULT, S.DISABLED), "pilot open (state A)",
        _unplugged, _end_session, (),
        "seq. 2.1"),
    Row("5", (S.A,), "pilot in B, C or D for the debounce",
        _plugged_in, _begin_session, RESTING,
        "seq. 1.1; 1.2 for a vehicle without S2", held=_DEBOUNCE, choose=_resting),
    Row("5a", (S.FAULT, S.DISABLED), "pilot in B, C or D for the debounce",
        _plugged_in, _begin_session, (),
        "seq. 1.1; 1.2 for a vehicle without S2", held=_DEBOUNCE),
    Row("21", (S.FAULT,), "no hard fault any more",
        lambda e, n: not e.protection.hard, _hold_off_after_fault, RESTING,
        "WARP, iec61851.c: 30 s until the next C is accepted, also after state D", choose=_resting),
    Row("22a", (S.DISABLED,), "in service again",
        lambda e, n: not e.offer.out_of_service, nothing, RESTING,
        "OCPP 1.6, 5.2: Change Availability", choose=_resting),
    Row("22", BEFORE_CHARGING, "out of service",
        lambda e, n: bool(e.offer.out_of_service), _withdraw, (S.DISABLED,),
        "OCPP 1.6, 5.2: a running transaction ends first"),
    Row("19a", (S.PHASE_SWITCH,), "vehicle opens S2, or the grace is over",
        lambda e, n: e.contactor.closed and e.phases.may_open(n.at, released=not e.requesting), _open_for_switch, (),
        "WARP, phase_control.c; seq. 10.1, 10.2"),
    Row("19b", (S.PHASE_SWITCH,), "next step of the sequence due",
        lambda e, n: e.phases.step_due(n.at), lambda e, n: e.phases.step(n.at), (),
        "WARP, phase_control.c"),
    Row("19c", (S.PHASE_SWITCH,), "sequence over, nothing to offer",
        lambda e, n: e.phases.resuming and e.allowed <= 0, _end_switch, (S.B_WAIT,),
        "WARP, phase_control.c"),
    Row("19d", (S.PHASE_SWITCH,), "sequence over, offer differs",
        lambda e, n: e.phases.resuming and e.allowed != e.offered, _change_offer, (),
        "WARP, phase_control.c"),
    Row("19e", (S.PHASE_SWITCH,), "sequence over, vehicle asks (state C or D) or does not in time",
        lambda e, n: e.phases.resuming and (_asks(e, n) or e.phases.gave_up(n.at)), _end_switch, (S.B_READY,),
        "WARP, phase_control.c: waits 10 s for the vehicle"),
    Row("19f", (S.A,), "other phases wanted",
        lambda e, n: e.phases.differs, lambda e, n: e.phases.follow(), (),
        "WARP, phase_control.c"),
    Row("19g", (S.B_AUTH, S.B_WAIT, S.B_READY, S.C_CLOSING), "other phases wanted, not closed yet or pilot cut",
        lambda e, n: e.switches_at_once and e.phases.differs, lambda e, n: e.phases.follow(), (),
        "WARP, phase_control.c"),
    Row("19", SWITCHABLE, "other phases wanted, cool-down over",
        lambda e, n: e.phases.due(n.at), _begin_switch, (S.PHASE_SWITCH,),
        "WARP, phase_control.c"),
    Row("6", (S.B_AUTH,), "authorised",
        lambda e, n: e.offer.authorised, nothing, (S.B_WAIT,),
        "OCPP 1.6, 4.1: Authorize"),
    Row("6a", (S.B_WAIT,), "no longer authorised",
        lambda e, n: not e.offer.authorised, nothing, (S.B_AUTH,),
        "OCPP 1.6, 4.1: Authorize"),
    Row("7", (S.B_WAIT,), "current to offer",
        lambda e, n: e.allowed > 0, _offer_first, (S.B_READY,),
        "IEC 61851-1 A.3, B1 to B2"),
    Row("8", (S.B_READY,), "offer withdrawn",
        _no_offer, _withdraw, (S.B_WAIT,),
        "IEC 61851-1 A.3, B2 to B1"),
    Row("11a", (S.C_CLOSING,), "vehicle opens S2 (state B)",
        _released, _stop_closing, (S.B_READY,),
        "seq. 7"),
    Row("11b", (S.C_CLOSING,), "offer withdrawn",
        _no_offer, _withdraw, (S.B_WAIT,),
        "seq. 10.1"),
    Row("17", (S.CHARGING,), "vehicle opens S2 (state B)",
        _released, _open, (S.B_READY,),
        "seq. 7, 8.1: contactor open within 100 ms"),
    Row("13", (S.CHARGING,), "offer withdrawn",
        _no_offer, _withdraw_under_load, (S.C_STOPPING,),
        "seq. 10.1: the vehicle has 3 s"),
    Row("18", (S.CHARGING,), "current on L1 only for 30 s",
        _one_phase_only, lambda e, n: e.phases.drop_to_one(), (),
        "WARP, phase_control.c", held=_FALLBACK),
    Row("16", (S.C_STOPPING,), "current to offer, vehicle still asks",
        lambda e, n: e.allowed > 0 and _asks(e, n), _offer_again, (S.CHARGING,),
        "IEC 61851-1 A.3, C1 to C2"),
    Row("16a", (S.C_STOPPING,), "current to offer, vehicle still asks, hold-off since C ended",
        lambda e, n: e.allowed > 0 and e.requesting, _offer_after_opening, (S.B_READY,),
        "WARP, iec61851.c: 5 s until the next C is accepted; evse.c: PWM without C opens the contactor at once"),
    Row("14", (S.C_STOPPING,), "vehicle opens S2 (state B)",
        _released, _open, (S.B_WAIT,),
        "seq. 8.2: contactor open within 100 ms"),
    Row("15", (S.C_STOPPING,), "grace over",
        lambda e, n: e.due.passed("grace", n.at), _open, (S.B_WAIT,),
        "seq. 10.2: may open under load after 6 s"),
    Row("20a", (S.WAKEUP,), "wake-up over, or offer withdrawn",
        lambda e, n: e.allowed <= 0 or e.due.passed("wake_end", n.at), _end_wake_up, (S.B_READY,),
        "IEC 61851-1 A.5.3"),
    Row("12", (S.B_READY, S.C_CLOSING, S.CHARGING), "offer differs",
        lambda e, n: e.allowed != e.offered, _change_offer, (),
        "seq. 6: the vehicle follows within 5 s"),
    Row("9", (S.B_READY,), "vehicle asks (state C or D), hold-offs over",
        _asks, _prepare_closing, (S.C_CLOSING,),
        "seq. 4"),
    Row("11", (S.C_CLOSING,), "close time over, lock closed",
        lambda e, n: e.connector.secured and e.due.passed("close", n.at), _close, (S.CHARGING,),
        "seq. 4: within 3 s",
        entered=lambda e, n: e.emit(EventName.CONTACTOR_CLOSED, phases=e.phases.set_for)),
    Row("20", (S.B_READY,), "wake-up due, vehicle does not ask (state B)",
        lambda e, n: e.pilot is PilotState.B and e.due.passed("wake", n.at), _wake_up, (S.WAKEUP,),
        "IEC 61851-1 A.5.3"),
)
# fmt: on

TABLE: Final = TransitionTable(ROWS, S, Evse.enter)


def step(evse: Evse, now: EvseInputs) -> bool:
    """Fire at most one rule, or let one of the parts change; whether anything did."""
    if now.powered and evse.state is not S.OFF and evse.work_parts(now):
        return True
    evse.allowed = evse.permitted(now)
    return TABLE.step(evse, evse.state, now.at, now)


def restart(evse: Evse, now: EvseInputs) -> None:
    """Restart the charge controller at once."""
    evse.restarting = True
    TABLE.step(evse, evse.state, now.at, now)
