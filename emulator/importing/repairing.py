"""Where the charger of the sketch does something else than that of the log: the step that is missing between them.

The one rule: what the box could have done by itself is left to it; a step of this kind says that it is not in the log.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from typing import Final

from ..core.snapshot import Snapshot
from ..core.states import EvseState, PilotState
from .boxes import Box
from .calibrating import FLOWS
from .drafting import NOMINAL, drawn
from .replay import Replay
from .sketch import Deed
from .story import Moment
from .words import words_of
from .working import Part, Work

ROUNDS: Final = 10
MOMENT: Final = 10.0
"""How much earlier or later a vehicle may be than that of the log [s]."""
ENOUGH: Final = 15.0
"""s from a resumed offer to the full current."""


def repair(work: Work) -> None:
    """Add what is missing, the earliest first, until the story is that of the log."""
    for index, part in enumerate(work.parts):
        for _ in range(ROUNDS):
            found, _ = work.play()
            deed = _first_difference(work, found, index, part)
            if deed is None:
                break
            if any(known.at == deed.at and known.name == deed.name for known in part.sketch.deeds):
                break  # it did not help
            part.sketch.deeds.append(deed)


def _first_difference(work: Work, found: Replay, index: int, part: Part) -> Deed | None:
    before: Moment | None = None
    for moment, state in _told(part):
        snapshot = _near(found, index, work.at(moment.at))
        if snapshot is not None and (is_ := state_of(snapshot)) != state and not _passing(part, moment, is_):
            deed = _deed(work, part, before, moment, state, is_, snapshot)
            if deed is not None:
                return deed
        before = moment
    return None


def _passing(part: Part, moment: Moment, is_: str) -> bool:
    """Whether the log comes to the same state in a moment, by itself."""
    after = next((one for one in part.situations if one.at > moment.at), None)
    return after is not None and after.state == is_ and after.at - moment.at < MOMENT


def _told(part: Part) -> list[tuple[Moment, str]]:
    """Moments that tell a state; what was told between two stays as it was."""
    found = []
    for moment in part.moments:
        current = next((s for s in reversed(part.situations) if s.at <= moment.at), None)
        if current is None:
            continue
        if moment.state is not None or moment.plugged is not None or current.at == moment.at:
            found.append((moment, current.state))
    return found


def _near(found: Replay, index: int, at: float) -> Snapshot | None:
    """What the charger knew at the look nearest to an instant."""
    times = found.times(index)
    if not times:
        return None
    place = bisect_left(times, at + 0.5)
    nearest = min(times[max(0, place - 1) : place + 1], key=lambda time: (abs(time - at - 0.5), time))
    return found.snapshots[index][nearest]


def state_of(snapshot: Snapshot) -> str:
    """What a log would call it."""
    if snapshot.state is EvseState.FAULT:
        return "E"
    if not snapshot.plugged:
        return "A"
    asks = snapshot.pilot in (PilotState.C, PilotState.D)
    return "C" if asks or max(snapshot.phase_current) > FLOWS else "B"


def _deed(
    work: Work, part: Part, before: Moment | None, moment: Moment, wanted: str, is_: str, snapshot: Snapshot
) -> Deed | None:
    seen = work.at(moment.at)
    earlier = work.at(before.at) if before is not None else max(0.0, seen - 40.0)
    words = words_of(part.box.vendor, part.sketch.device.model)
    line = f"line {moment.line}"
    match is_, wanted:
        case "C", "B":
            at = _time(earlier, seen, 8.0)
            if _forbidden(part.box, part, moment):
                return Deed(at, "command", {"write": dict(words.pause)}, f"not in the log; stopped in {line}")
            vehicle = snapshot.vehicle
            charge = math.floor((vehicle.state_of_charge if vehicle is not None else 0.4) * 100)
            return Deed(at, "set_vehicle", {"charge_limit": f"{charge} %"}, f"the vehicle stops by itself: {line}")
        case "B", "C":
            at = _time(earlier, seen, ENOUGH)
            if snapshot.offered_current <= 0:
                return Deed(at, "command", {"write": dict(words.resume)}, f"not in the log; charging in {line}")
            return Deed(at, "set_vehicle", {"charge_limit": "100 %"}, f"the vehicle starts again: {line}")
        case _, "E":
            return Deed(_time(earlier, seen, 5.0), "trip_rcd", {"residual_current": "35 mA"}, f"guessed: error, {line}")
    return None


def _forbidden(box: Box, part: Part, moment: Moment) -> bool:
    """Whether the log shows that the box did not let the vehicle charge."""
    situation = next((s for s in reversed(part.situations) if s.at <= moment.at), None)
    told = moment.allowed if moment.allowed is not None else situation.allowed if situation is not None else None
    return told is False or (moment.offered == 0 if told is None else False)


def _time(earlier: float, seen: float, settle: float) -> float:
    """When it has to happen to be seen at `seen`, and not at `earlier`."""
    return round(max(earlier + min(1.5, (seen - earlier) / 3), seen - settle), 1)


def currents(work: Work) -> None:
    """Where another current flows than the log shows: the vehicle draws less, or somebody moved the limit."""
    for index, part in enumerate(work.parts):
        for _ in range(ROUNDS):
            found, agreements = work.play()
            deed = _other_current(work, found, index, part)
            if deed is None:
                break
            before, known = list(part.sketch.deeds), agreements[index].good
            part.sketch.deeds = [d for d in before if (d.at, d.name) != (deed.at, deed.name)] + [deed]
            if work.play()[1][index].good <= known:
                part.sketch.deeds = before
                break


def _other_current(work: Work, found: Replay, index: int, part: Part) -> Deed | None:
    before: Moment | None = None
    for moment in part.moments:
        told, share = _current_told(part, moment)
        snapshot = _near(found, index, work.at(moment.at))
        if snapshot is None or (told is None and not moment.offered):
            before = moment if moment.state is not None else before
            continue
        at = _since(work, before, moment, 12.0)
        if moment.offered and snapshot.offered_current > 0 and abs(snapshot.offered_current - moment.offered) > 0.2:
            return _limit(part, at, moment.offered, moment)
        flows = max(snapshot.phase_current)
        if told is not None and told > FLOWS and flows > FLOWS and abs(flows - told) > max(0.25, share * told):
            return _drawn(part, at, told, flows, snapshot, moment)
        before = moment
    return None


def _since(work: Work, before: Moment | None, moment: Moment, settle: float) -> float:
    seen = work.at(moment.at)
    return _time(work.at(before.at), seen, settle) if before is not None else max(0.0, seen - 40.0)


def _limit(part: Part, at: float, amperes: float, moment: Moment) -> Deed:
    """Somebody moved the limit."""
    words = words_of(part.box.vendor, part.sketch.device.model)
    wanted = round(amperes * words.limit_scale, 1)
    value = int(wanted) if wanted == int(wanted) else wanted
    return Deed(at, "command", {"write": {words.limit: value}}, f"not in the log; line {moment.line} shows it")


def _current_told(part: Part, moment: Moment) -> tuple[float | None, float]:
    """The current that a message tells, or that its power is made of, and how exact that is."""
    if moment.currents is not None:
        return max(moment.currents), 0.04
    power, phases = moment.values.get("power"), part.sketch.vehicle.get("phases", 3)
    if power is None or not isinstance(phases, int):
        return None, 0.0
    return power / NOMINAL / phases, 0.06


def _drawn(part: Part, at: float, told: float, flows: float, snapshot: Snapshot, moment: Moment) -> Deed:
    if told > flows and snapshot.offered_current < told - 0.1:  # nothing but a higher limit explains it
        return _limit(part, at, float(round(told + 0.4)), moment)
    return Deed(at, "set_vehicle", {"max_current": drawn(told)}, f"it draws another current in line {moment.line}")
