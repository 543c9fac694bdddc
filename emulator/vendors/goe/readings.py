"""The vendor's view of its box: one moment's values, in the words of the API.

The one rule: a view belongs to one moment; everything measured comes from one snapshot, the one of the last whole
second since boot, and everything decided from the logic's run of that second.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Final, cast

from ...core import noise
from ...core.instant import MILLISECOND, SECOND, Instant, grid
from ...core.snapshot import LockState, Snapshot
from . import localtime
from .limits import temperature_limit
from .memory import Car, Memory
from .sequences import Phases

if TYPE_CHECKING:
    from .wallbox import Goe

VOLT_STEP: Final = 0.31
AMPERE_STEP: Final = 0.038
"""Resolution of the meter. Source: captured `nrg` of V4 hardware."""
NEUTRAL_VOLTAGE: Final = 6 * VOLT_STEP
"""V between N and earth. Source: captured values of 1.5 to 6 V."""
MEAN: Final = 30 * SECOND
"""Length of the mean `tpa`."""


class View:
    """One moment of one box. Attributes are computed when asked for and kept."""

    def __init__(self, box: Goe) -> None:
        self.box = box
        self.settings = box.settings
        self.at: Instant = box.simulation.now()

    @cached_property
    def memory(self) -> Memory:
        return self.box.logic.memory

    @cached_property
    def second(self) -> Instant:
        """The last whole second since boot."""
        return grid(self.at, SECOND, self.box.booted_at)

    @cached_property
    def sample(self) -> Snapshot:
        """The measurement of this second."""
        return self.box.sample(self.at)

    @cached_property
    def link(self) -> bool:
        """The charge controller answers: without it nothing measured is known."""
        return self.sample.controller_link

    @cached_property
    def measures(self) -> bool:
        return self.sample.controller_link and self.sample.meter_ok

    @cached_property
    def nrg(self) -> list[float | int]:
        return self.box.energies(self)

    def has(self, since: str) -> bool:
        return self.box.has(since)

    def stamp(self, at: Instant | None) -> int | None:
        """An instant as ms since boot; null: never."""
        return None if at is None else max(0, at - self.box.booted_at) // MILLISECOND

    def sway(self, channel: int, amplitude: float) -> float:
        """Noise of a device value such as signal strength; 0 where the charger's noise is off."""
        simulation = self.box.simulation
        scale = simulation.chargers[self.box.charger].spec.noise
        if not scale:
            return 0.0
        return (
            scale
            * amplitude
            * noise.stepped(simulation.seed, noise.NoiseChannel.DEVICE + channel, self.at, 10 * SECOND)
        )


Read = Callable[[View], object]


# --- decision --------------------------------------------------------------------------------------------------------


def allowed(v: View) -> object:
    return v.memory.decision.charge


def single_phase(v: View) -> object:
    return v.sample.phases == 1


def phase_wish(v: View) -> object:
    """`pwm`: 0 force three, 1 wish one, 2 wish three."""
    if v.settings["lmo"] != 4 or not v.settings["fup"]:
        return 0
    wish: Phases = v.box.logic.around.surplus.phases
    return 1 if wish == 1 else 2


def amt(v: View) -> object:
    return temperature_limit(v.sample)


def stamp_of(name: str) -> Read:
    """A time-stamp out of the logic's memory."""
    return lambda v: v.stamp(getattr(v.memory, name))


def charging_duration(v: View) -> object:
    """`cdi`: type 0 counts up from a time-stamp, type 1 is a duration in ms.

    ASSUMED: after a pause it goes on counting.
    """
    memory = v.memory
    before = memory.charged_before // MILLISECOND
    if memory.car is Car.CHARGING:
        return {"type": 0, "value": (v.stamp(memory.entered_charging) or 0) - before}
    return {"type": 1, "value": before}


# --- meter -----------------------------------------------------------------------------------------------------------


def energy_array(v: View) -> list[float | int]:
    """`nrg`: U (L1, L2, L3, N), I (L1, L2, L3), P (L1, L2, L3, N, total), power factor in % (L1, L2, L3, N)."""
    now = v.sample
    if not v.measures or (v.box.quirk("nrg_zero_while_charging") and now.current_flows):
        return [0] * 16
    return _fine(v, now) if v.has(str(v.box.trait("measures_since"))) else _coarse(now)


def _fine(v: View, now: Snapshot) -> list[float | int]:
    idle_factor = 100.0 if v.has("56") else 0.0
    volts = [round(u / VOLT_STEP) * VOLT_STEP for u in now.phase_voltage]
    amperes = [round(i / AMPERE_STEP) * AMPERE_STEP for i in now.phase_current]
    factors = [
        100.0 * p / s if s > 0 else (idle_factor if u > 0 else 0.0)
        for u, p, s in zip(volts, now.active_power, now.apparent_power, strict=True)
    ]
    powers = [round(u * i * f / 100.0, 3) for u, i, f in zip(volts, amperes, factors, strict=True)]
    neutral = NEUTRAL_VOLTAGE if any(volts) else 0.0
    return [*volts, neutral, *amperes, *powers, 0.0, round(sum(powers), 3), *factors, 0.0]


def _coarse(now: Snapshot) -> list[float | int]:
    """Whole volts, 0.1 A, phases in 100 W and the total in 10 W. Source: captured `nrg` of V3 hardware up to 054."""
    factors = [round(100.0 * p / s) if s > 0 else 0 for p, s in zip(now.active_power, now.apparent_power, strict=True)]
    powers = [round(p / 100) * 100 for p in now.active_power]
    volts = [round(u) for u in now.phase_voltage]
    amperes = [round(i, 1) for i in now.phase_current]
    return [*volts, 2 if any(volts) else 0, *amperes, *powers, 0, round(now.power / 10) * 10, *factors, 0]


def mean_power(v: View) -> object:
    """`tpa`. Up to 054 it stayed 0. Source: go-eCharger-API-v2#96."""
    if not v.has("55"):
        return 0.0
    earlier = v.box.sample_at(max(0, v.second - MEAN))
    passed = v.second - earlier.at
    return (v.sample.total_energy - earlier.total_energy) * 3600 * SECOND / passed if passed > 0 else 0.0


def session_energy(v: View) -> object:
    """`wh`: keeps the last session's value while nothing is plugged, but not on the newer platform."""
    if v.box.trait("wh_cleared_when_idle") and not v.sample.plugged:
        return 0.0
    return v.sample.session_energy


def total_energy(v: View) -> object:
    return int(v.sample.total_energy)


def peak_power(v: View) -> object:
    return max(v.memory.peak_power, v.sample.power) if v.sample.plugged else v.memory.peak_power


def temperatures(v: View) -> object:
    """`tma` in steps of 1/8 K: plug and board; six on the newer platform, the first two unused."""
    heat = v.sample.temperature
    plug = max(heat[f"connector_l{n}"] for n in (1, 2, 3))
    pair = [round(t * 8) / 8 for t in (plug, heat["board"])]
    if not v.box.trait("six_sensors"):
        return pair
    used = ("connector_l1", "connector_l2", "connector_l3", "board")
    return [0.0, 0.0, *(round(heat[name] * 8) / 8 for name in used)]


def phases(v: View) -> object:
    """`pha`: L1, L2, L3 behind the contactor, then in front of it."""
    if not v.link:
        return None
    return [*v.sample.energised, *v.sample.supply_phases]


def frequency(v: View) -> object:
    return round(v.sample.frequency, 3) if v.measures and any(v.sample.supply_phases) else 0.0


def cable(v: View) -> object:
    rating = v.sample.cable_rating
    return int(rating) if rating else None


def unlock_state(v: View) -> object:
    """`cus`: 1 unlocked, 2 unlock failed, 3 locked, 4 lock failed."""
    lock = v.sample.lock
    if lock is LockState.ERROR:
        return 4 if v.sample.plugged else 2
    return 3 if lock in (LockState.CLOSED, LockState.OPENING) else 1


def lock_feedback(v: View) -> object:
    """`ffb`: 0 fine, 1 problem locking, 2 problem unlocking."""
    if v.sample.lock is not LockState.ERROR:
        return 0
    return 1 if v.sample.plugged else 2


# --- surplus and tariff ----------------------------------------------------------------------------------------------


def surplus(name: str) -> Read:
    """One of the powers received last, while they are valid."""

    def read(v: View) -> object:
        data = v.box.logic.around.surplus.fresh(v.at)
        return None if data is None else getattr(data, name)

    return read


def surplus_source(v: View) -> object:
    """`dsrc`. ASSUMED text."""
    return None if v.box.logic.around.surplus.fresh(v.at) is None else "api"


def unknown_power(v: View) -> object:
    return v.sample.power if v.sample.current_flows else None


def price_slot(v: View) -> object:
    return v.box.price_slot(v.at)


def prices(v: View) -> object:
    return v.settings["awpl"]


# --- clock and identity ----------------------------------------------------------------------------------------------


def utc(v: View) -> object:
    return localtime.stamp(v.box.utc(v.at))


def local(v: View) -> object:
    return localtime.local_stamp(v.box.utc(v.at), v.box.offset(v.at))


def boot_time(v: View) -> object:
    """`tab`: unix ms of the boot, so that `tab + rbt` is now."""
    return int(v.box.utc(v.box.booted_at).timestamp() * 1000)


def local_offset(v: View) -> object:
    return int(v.box.offset(v.at).total_seconds() * 1000)


def identity(name: str) -> Read:
    """A property of the box that does not change while it runs."""
    return lambda v: getattr(v.box, name)


def trait(name: str) -> Read:
    return lambda v: v.box.trait(name)


def factory(name: str, value: Callable[[Goe], str]) -> Read:
    """A text whose factory value depends on the box."""
    return lambda v: v.settings[name] if v.settings[name] is not None else value(v.box)


def plan(name: str) -> Read:
    """A schedule; from 60 on moments are shown with their second. Source: captured replies."""

    def read(v: View) -> object:
        stored = cast("Mapping[str, object]", v.settings[name])
        if not v.has("60"):
            return stored
        entries = cast("list[Mapping[str, Mapping[str, int]]]", stored["ranges"])
        full = [{side: {"hour": 0, "minute": 0, "second": 0} | dict(m) for side, m in e.items()} for e in entries]
        return {"control": stored["control"], "ranges": full}

    return read


def group_current(v: View) -> object:
    """`lot`: a number up to 053, then an object. Source: captured replies."""
    value = cast("Mapping[str, int]", v.settings["lot"])
    if not v.has("54"):
        return value["amp"]
    if not v.has("59"):
        return {"amp": value["amp"], "ts": value["ts"]}
    return {"amp": value["amp"], "dyn": value["amp"], "sta": value["amp"], "ts": value["ts"]}


_ANIMATIONS: Final[Mapping[Car, tuple[int, str, str]]] = {
    Car.IDLE: (2, "Idle", "cid"),
    Car.WAIT: (3, "WaitCar", "cwc"),
    Car.CHARGING: (4, "Charging", "cch"),
    Car.COMPLETE: (5, "Finished", "cfi"),
}


def ring(v: View) -> object:
    """`led`. Source: one captured value ("Finished"); the rest ASSUMED alike."""
    car = v.memory.car
    number, name, colour = _ANIMATIONS.get(car, (1, "Error", "")) if car is not None else (1, "Error", "")
    shade = str(v.settings[colour]) if colour else "#FF0000"
    return {
        "id": number,
        "name": name,
        "norwayOverlay": v.settings["nmo"],
        "modeOverlay": True,
        "subtype": "renderCmds",
        "ranges": [{"from": 0, "to": 31, "colors": [shade]}],
    }


# --- small readers ---------------------------------------------------------------------------------------------------


def remembered(name: str) -> Read:
    """A value out of the logic's memory, as it is."""
    return lambda v: getattr(v.memory, name)


def preset(index: int) -> Read:
    """`al1` to `al5`."""

    def read(v: View) -> object:
        steps = cast("list[int]", v.settings["clp"])
        return steps[min(index, len(steps) - 1)]

    return read


def latest(name: str) -> Read:
    """One of the powers received last, 0 without any."""
    inner = surplus(name)
    return lambda v: inner(v) or 0.0


def card_name(slot: int) -> Read:
    return lambda v: v.box.cards.name(slot)


def card_energy(slot: int) -> Read:
    return lambda v: v.box.cards.energy(slot, v.sample.total_energy)


def card_learnt(slot: int) -> Read:
    return lambda v: v.box.cards.learnt(slot)
