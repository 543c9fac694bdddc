"""The rules of a running session, one function per state of the charge controller.

The one rule: a function fires at most one rule and says whether it did; the numbers are those of the table in `Evse`.
`permitted` is the current to offer after all limits and permissions, in A; 0: nothing now.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

from .events import EventName
from .snapshot import EvseState as S
from .snapshot import PilotState

if TYPE_CHECKING:
    from .evse import Evse, Inputs

FALLBACK_AFTER: Final = 30.0
"""s of single-phase draw on a three-phase offer. Source: Tinkerforge evse-v2-bricklet, phase_control.c."""


def _b_auth(evse: Evse, now: Inputs, permitted: float) -> bool:
    if not evse.offer.authorised:
        return False
    evse.enter(S.B_WAIT)  # 6
    return True


def _b_wait(evse: Evse, now: Inputs, permitted: float) -> bool:
    if not evse.offer.authorised:  # 6a
        evse.enter(S.B_AUTH)
        return True
    if permitted <= 0:
        return False
    evse.offer_now(permitted)  # 7
    wake_up = evse.spec.evse.wake_up
    if wake_up.enabled and not evse.asked:
        evse.wakes = 0
        evse.due.set("wake", now.at, wake_up.first)
    evse.enter(S.B_READY)
    return True


def _b_ready(evse: Evse, now: Inputs, permitted: float) -> bool:
    if permitted <= 0:  # 8, 6a
        evse.offer_now(0.0)
        evse.due.clear("wake")
        evse.enter(S.B_WAIT)
        return True
    if evse.offer_now(permitted):
        return True
    if evse.requesting:
        if evse.held(now.at):
            return False
        evse.due.set("close", now.at, evse.spec.evse.close_delay)  # 9
        evse.due.clear("wake")
        evse.asked = True
        evse.enter(S.C_CLOSING)
        return True
    if evse.pilot is PilotState.B and evse.due.take("wake", now.at):  # 20
        evse.wakes += 1
        evse.due.set("wake_end", now.at, evse.spec.evse.wake_up.duration)
        evse.enter(S.WAKEUP)
        return True
    return False


def _c_closing(evse: Evse, now: Inputs, permitted: float) -> bool:
    if not evse.requesting:  # 11a
        evse.due.clear("close")
        evse.enter(S.B_READY)
        return True
    if permitted <= 0:  # 11b
        evse.due.clear("close")
        evse.offer_now(0.0)
        evse.enter(S.B_WAIT)
        return True
    if evse.offer_now(permitted):
        return True
    if not evse.connector.secured or not evse.due.take("close", now.at):
        return False
    evse.contactor.close()  # 11
    evse.phases.closed()
    evse.enter(S.CHARGING)
    evse.emit(EventName.CONTACTOR_CLOSED, phases=evse.phases.set_for)
    return True


def _charging(evse: Evse, now: Inputs, permitted: float) -> bool:
    if not evse.requesting:  # 17
        evse.due.clear("fallback")
        evse.open_contactor(now)
        evse.enter(S.B_READY)
        return True
    if permitted <= 0:  # 13
        evse.due.clear("fallback")
        evse.offer_now(0.0)
        evse.due.set("grace", now.at, evse.spec.evse.grace)
        evse.enter(S.C_STOPPING)
        return True
    return _falls_back(evse, now) or evse.offer_now(permitted)  # 12


def _falls_back(evse: Evse, now: Inputs) -> bool:
    """Offered three phases, the vehicle draws on L1 only: some boxes drop L2 and L3 after a while."""
    first, second, third = now.currents
    one_only = first > 5.0 and second < 0.5 and third < 0.5
    if not evse.phases.falls_back or evse.phases.set_for != 3 or not one_only:
        evse.due.clear("fallback")
        return False
    evse.due.ensure("fallback", now.at, FALLBACK_AFTER)
    if not evse.due.take("fallback", now.at):
        return False
    evse.phases.drop_to_one()
    return True


def _c_stopping(evse: Evse, now: Inputs, permitted: float) -> bool:
    if permitted > 0 and evse.requesting:  # 16
        evse.due.clear("grace")
        evse.offer_now(permitted)
        evse.enter(S.CHARGING)
        return True
    if evse.requesting and not evse.due.passed("grace", now.at):
        return False
    evse.due.clear("grace")  # 14, 15
    evse.open_contactor(now)
    evse.enter(S.B_WAIT)
    return True


def _wakeup(evse: Evse, now: Inputs, permitted: float) -> bool:
    if permitted > 0 and not evse.due.passed("wake_end", now.at):
        return False
    evse.due.clear("wake_end")  # 20a
    wake_up = evse.spec.evse.wake_up
    if permitted > 0 and evse.wakes < wake_up.attempts:
        evse.due.set("wake", now.at, wake_up.interval)
    evse.enter(S.B_READY)
    return True


def phase_switch(evse: Evse, now: Inputs, permitted: float) -> bool:
    """Rule 19a: the steps of the sequence, and the way out of it."""
    phases = evse.phases
    if evse.contactor.closed:
        if not phases.may_open(now.at, released=not evse.requesting):
            return False
        phases.opened(now.at, under_load=evse.open_contactor(now))
        return True
    if phases.step(now.at):
        return True
    if not phases.resuming:
        return False
    if permitted <= 0:
        phases.finish()
        evse.offer_now(0.0)
        evse.enter(S.B_WAIT)
        return True
    if evse.offer_now(permitted):
        return True
    if (evse.requesting and not evse.held(now.at)) or phases.gave_up(now.at):
        phases.finish()
        evse.enter(S.B_READY)
        return True
    return False


RULES: Final[Mapping[S, Callable[[Evse, Inputs, float], bool]]] = {
    S.B_AUTH: _b_auth,
    S.B_WAIT: _b_wait,
    S.B_READY: _b_ready,
    S.C_CLOSING: _c_closing,
    S.CHARGING: _charging,
    S.C_STOPPING: _c_stopping,
    S.WAKEUP: _wakeup,
}
