"""The rules of a vehicle: its states and transitions, row by row.

The one rule: as in `evse_rules`; a vehicle reacts to the pilot and the mains alone. "Seq." is a sequence of
IEC 61851-1:2017, Table A.6, as EVerest's IECStateMachine quotes it. ASSUMED: every delay without a clause.
"""

from __future__ import annotations

from typing import Final

from .events import EventName
from .instant import Instant
from .states import OnboardState as S
from .transitions import Held, Transition, TransitionTable, nothing
from .vehicle import Vehicle

MAINS_LOST: Final = 3.0
"""Without mains this long S2 opens [s]. ASSUMED."""
BLIP: Final = 0.25
"""S2 closed by a vehicle that a phase switch has disturbed [s]. Source: Tinkerforge evse-v2-bricklet (BMW iX3)."""

DEMANDING: Final = (S.REQUESTING, S.STARTING)
S2_OPEN: Final = (S.IDLE, S.LOCKED_OUT)


# --- conditions ------------------------------------------------------------------------------------------------------


def _pilot_gone(vehicle: Vehicle, at: Instant) -> bool:
    return vehicle.pilot_gone


def _misses_offer(vehicle: Vehicle, at: Instant) -> bool:
    return vehicle.misses_offer


def _live(vehicle: Vehicle, at: Instant) -> bool:
    return vehicle.mains.live


def _dead(vehicle: Vehicle, at: Instant) -> bool:
    return not vehicle.mains.live


def _tops_up(vehicle: Vehicle, at: Instant) -> bool:
    ready = vehicle.onboard.finished and vehicle.due.passed("burst", at) and not vehicle.spec.simplified
    return ready and vehicle.offer() > 0


def _wants(vehicle: Vehicle, at: Instant) -> bool:
    return not vehicle.spec.simplified and vehicle.wants and not vehicle.due.running("retry", at)


def _another_target(vehicle: Vehicle, at: Instant) -> bool:
    due = vehicle.due
    if due.waiting("stop"):
        return False
    target = vehicle.new_target()
    return target != vehicle.onboard.target and (target != vehicle.pending or not due.waiting("react"))


def _same_target(vehicle: Vehicle, at: Instant) -> bool:
    due = vehicle.due
    return due.waiting("react") and not due.waiting("stop") and vehicle.new_target() == vehicle.onboard.target


# --- actions ---------------------------------------------------------------------------------------------------------


def _release(vehicle: Vehicle, at: Instant) -> None:
    vehicle.latch()
    vehicle.open_s2(at, by_evse=True)


def _stop(vehicle: Vehicle, at: Instant) -> None:
    vehicle.latch()
    vehicle.stop(by_evse=True)


def _fall_asleep(vehicle: Vehicle, at: Instant) -> None:
    vehicle.due.clear("sleep", "s2")
    vehicle.emit(EventName.VEHICLE_ASLEEP)


def _top_up(vehicle: Vehicle, at: Instant) -> None:
    vehicle.due.clear("burst")
    vehicle.bursting = True


def _close_s2(vehicle: Vehicle, at: Instant) -> None:
    vehicle.due.clear("sleep", "retry")
    vehicle.s2_closed = True
    if vehicle.disturbed_by_switch:
        vehicle.due.set("blip", at, BLIP)
    else:
        vehicle.due.set("patience", at, vehicle.spec.patience)


def _end_blip(vehicle: Vehicle, at: Instant) -> None:
    vehicle.blipped = True
    vehicle.open_s2(at, by_evse=False)


def _give_up(vehicle: Vehicle, at: Instant) -> None:
    vehicle.due.set("retry", at, vehicle.spec.retry)
    vehicle.open_s2(at, by_evse=False)


def _finish(vehicle: Vehicle, at: Instant) -> None:
    vehicle.bursting = False
    vehicle.emit(EventName.CHARGE_FINISHED)
    vehicle.stop(by_evse=False)


def _open_s2_without_offer(vehicle: Vehicle, at: Instant) -> None:
    by_evse = vehicle.offer() <= 0
    if by_evse:
        vehicle.latch()
    vehicle.open_s2(at, by_evse=by_evse)


def _stop_without_offer(vehicle: Vehicle, at: Instant) -> None:
    by_evse = vehicle.offer() <= 0
    if by_evse:
        vehicle.latch()
    vehicle.stop(by_evse=by_evse)


def _note_target(vehicle: Vehicle, at: Instant) -> None:
    vehicle.pending = vehicle.new_target()
    vehicle.due.set("react", at, vehicle.spec.reaction_delay)


def _follow_target(vehicle: Vehicle, at: Instant) -> None:
    vehicle.due.clear("react")
    vehicle.ramp_to(vehicle.pending)


def _open_s2(vehicle: Vehicle, at: Instant) -> None:
    vehicle.open_s2(at, by_evse=vehicle.stop_by_evse)


def _wake(vehicle: Vehicle, at: Instant) -> None:
    vehicle.due.clear("wake")
    vehicle.rest(at)
    vehicle.emit(EventName.VEHICLE_AWAKE)


def _unlock(vehicle: Vehicle, at: Instant) -> None:
    vehicle.unlocked = False
    vehicle.rest(at)


# --- the table -------------------------------------------------------------------------------------------------------

_S2_DELAY: Final = Held[Vehicle](timer="s2", duration=lambda v: v.spec.s2_delay)
_NO_MAINS: Final = Held[Vehicle](timer="mains_lost", duration=lambda v: MAINS_LOST)
_START_DELAY: Final = Held[Vehicle](timer="start", duration=lambda v: v.spec.start_delay)
_STOP_DELAY: Final = Held[Vehicle](timer="stop", duration=lambda v: v.spec.stop_delay)


def _s2_open(vehicle: Vehicle) -> S:
    return S.LOCKED_OUT if vehicle.locks_out else S.IDLE


Row = Transition[Vehicle, Instant, S]

# fmt: off
ROWS: Final = (
    Row("1", DEMANDING, "pilot at 0 V or -12 V",
        _pilot_gone, _release, S2_OPEN,
        "IEC 61851-1 A.3, states E and F: within 3 s", choose=_s2_open),
    Row("1a", (S.CHARGING,), "pilot at 0 V or -12 V",
        _pilot_gone, _stop, (S.STOPPING,),
        "IEC 61851-1 A.3, states E and F: within 3 s"),
    Row("2", (S.IDLE,), "mains appear, vehicle without S2",
        lambda v, at: v.spec.simplified and v.mains.live and not v.onboard.finished, nothing, (S.STARTING,),
        "seq. 1.2"),
    Row("3", (S.IDLE,), "not charged for long",
        lambda v, at: v.due.passed("sleep", at), _fall_asleep, (S.ASLEEP,),
        "habit: Fiat 500e, Dacia Spring; OpenEVSE/openevse_esp32_firmware#333, evcc-io/evcc#21293"),
    Row("4", (S.IDLE,), "top-up due, valid offer",
        _tops_up, _top_up, (),
        "habit"),
    Row("5", (S.IDLE,), "valid offer, not full",
        _wants, _close_s2, (S.REQUESTING,),
        "seq. 4", held=_S2_DELAY),
    Row("6", (S.REQUESTING,), "disturbed by a phase switch, 250 ms over",
        lambda v, at: v.due.passed("blip", at), _end_blip, S2_OPEN,
        "habit: BMW iX3; WARP, phase_control.c", choose=_s2_open),
    Row("7", (S.REQUESTING,), "mains appear",
        _live, lambda v, at: v.due.clear("patience", "blip", "stop"), (S.STARTING,),
        "seq. 4: contactor closed within 3 s"),
    Row("8", (S.REQUESTING,), "patience over",
        lambda v, at: v.due.passed("patience", at), _give_up, S2_OPEN,
        "habit", choose=_s2_open),
    Row("9", (S.STARTING,), "no mains for 3 s",
        _dead, lambda v, at: v.open_s2(at, by_evse=True), S2_OPEN,
        "habit", held=_NO_MAINS, choose=_s2_open),
    Row("10", (S.STARTING,), "mains for the start delay",
        _live, lambda v, at: v.begin(at), (S.CHARGING,),
        "habit", held=_START_DELAY),
    Row("11", (S.CHARGING,), "mains vanish",
        _dead, lambda v, at: v.cut_off(), (S.STARTING,),
        "seq. 10.2: contactor opened under load"),
    Row("12", (S.CHARGING,), "charge limit reached",
        lambda v, at: not v.bursting and v.onboard.finished, _finish, (S.STOPPING,),
        "seq. 7"),
    Row("13", (S.CHARGING,), "top-up over",
        lambda v, at: v.bursting and v.due.passed("burst_end", at), _finish, (S.STOPPING,),
        "seq. 7"),
    Row("14", (S.CHARGING,), "other phases join",
        lambda v, at: v.due.passed("stagger", at), lambda v, at: v.due.clear("stagger"), (),
        "habit: Tesla Model 3; dingo35/SmartEVSE-3.5, documentation"),
    Row("15", (S.CHARGING,), "phase lost",
        lambda v, at: v.lost_a_phase, lambda v, at: v.stop(by_evse=False), (S.STOPPING,),
        "habit"),
    Row("16", DEMANDING, "no valid offer",
        _misses_offer, _open_s2_without_offer, S2_OPEN,
        "seq. 10.1: within 3 s", held=_STOP_DELAY, choose=_s2_open),
    Row("16a", (S.CHARGING,), "no valid offer",
        _misses_offer, _stop_without_offer, (S.STOPPING,),
        "seq. 10.1: within 3 s", held=_STOP_DELAY),
    Row("17", (S.CHARGING,), "another target",
        _another_target, _note_target, (),
        "seq. 6"),
    Row("17a", (S.CHARGING,), "the old target again",
        _same_target, lambda v, at: v.due.clear("react"), (),
        "seq. 6"),
    Row("18", (S.CHARGING,), "reaction delay over",
        lambda v, at: v.due.passed("react", at) and not v.due.waiting("stop"), _follow_target, (),
        "seq. 6: within 5 s"),
    Row("19", (S.STOPPING,), "no current any more",
        lambda v, at: not v.mains.live or v.onboard.current <= 0.0, _open_s2, S2_OPEN,
        "seq. 7", choose=_s2_open),
    Row("20", (S.ASLEEP,), "woken, wake delay over",
        lambda v, at: v.due.passed("wake", at), _wake, (S.IDLE,),
        "IEC 61851-1 A.5.3"),
    Row("21", (S.LOCKED_OUT,), "woken by the maker's API",
        lambda v, at: v.unlocked, _unlock, (S.IDLE,),
        "habit: evcc-io/evcc#8143"),
)
# fmt: on

TABLE: Final = TransitionTable(ROWS, S, Vehicle.enter)


def step(vehicle: Vehicle, at: Instant) -> bool:
    """Fire at most one reaction that is due; whether one was."""
    return TABLE.step(vehicle, vehicle.state, at, at)
