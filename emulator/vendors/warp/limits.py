"""Charge limits (time, energy) of one charge, and the watch over the meter.

The one rule: they look once a second, and only while something can happen.
Source: Tinkerforge esp32-firmware, `modules/charge_limits`, `modules/require_meter`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast

from ...core.instant import HOUR, MILLISECOND, MINUTE, SECOND, Instant, next_grid
from ...core.messages import MarkEnergy
from ...devices.interfaces import Origin
from .controller import HIGHEST, SlotId
from .models import NOT_WARP4, WARP4
from .rows import AnyRow, Command, Config, Document, State
from .schema import I52, U32, Float, Obj, obj, uint

if TYPE_CHECKING:
    from .view import View
    from .wallbox import Warp

FW: Final = "fw: modules/charge_limits"
DURATIONS: Final = (0, 15, 30, 45, 60, 120, 180, 240, 360, 480, 720)
"""Minutes by code."""
SILENT: Final = 24 * HOUR
GRACE: Final = 90 * SECOND
FIRST_CHECK: Final = 6 * SECOND


class Limits:
    """The limits of the running charge."""

    def __init__(self, box: Warp) -> None:
        self._box = box
        self._started: Instant | None = None
        self.energy: float | None = None
        """kWh at the start of the charge."""
        self._overridden = False
        self.reached = False

    @property
    def active(self) -> dict[str, Any]:
        return cast("dict[str, Any]", self._box.api.document("charge_limits/active_limits"))

    @property
    def started(self) -> Instant | None:
        return self._started

    def boot(self) -> None:
        self._started = None
        self._overridden = self.reached = False
        self._box.api.put("charge_limits/active_limits", self._box.api.document("charge_limits/default_limits"))
        if self._box.tracker.running is not None:
            self.begin(self._box.view())

    def begin(self, v: View) -> None:
        """Tracking of a charge begins."""
        self._started = v.at
        self.energy = self._box.meters.energy(v)
        self._arm()

    def end(self) -> None:
        """The charge ends: overrides are forgotten, the slot opens."""
        self._started = None
        self.energy = None
        self._overridden = self.reached = False
        self._box.api.put("charge_limits/active_limits", self._box.api.document("charge_limits/default_limits"))
        self._box.controller.put(SlotId.CHARGE_LIMITS, current=HIGHEST)
        self._arm()

    def override(self, **members: int) -> None:
        self._overridden = True
        self._box.api.update("charge_limits/active_limits", **members)
        self._arm()

    def restart(self) -> None:
        """Time and energy count from now; only while a charge is tracked."""
        if self._started is None:
            return
        self.reached = False
        self._box.controller.put(SlotId.CHARGE_LIMITS, current=HIGHEST)
        self.begin(self._box.view())

    def defaults_changed(self) -> None:
        if not self._overridden:
            self._box.api.put("charge_limits/active_limits", self._box.api.document("charge_limits/default_limits"))
            self._arm()

    def _arm(self) -> None:
        """Have the charger say when the energy is reached."""
        wh = self.active["energy_wh"]
        now = self._box.snapshot()
        wanted = None
        if self._started is not None and wh:
            base = (self.energy or 0.0) * 1000
            wanted = max(0.0, now.session_energy + base + wh - now.total_energy)
        self._box.submit(MarkEnergy(owner=f"{self._box.name}.charge_limits", energy=wanted))
        self._box.wake()

    def target_time(self) -> Instant | None:
        minutes = DURATIONS[self.active["duration"]]
        return None if self._started is None or not minutes else self._started + minutes * MINUTE

    def second(self, at: Instant, v: View) -> Instant | None:
        if self._started is None or self.reached:
            return None
        target = self.target_time()
        wh = self.active["energy_wh"]
        energy = self._box.meters.energy(v)
        used = (energy - self.energy) * 1000 if energy is not None and self.energy is not None else None
        soc = self.active.get("soc_pct", 0)
        full = bool(soc) and (self._box.ev.soc(at) or 0.0) >= soc
        over = wh and used is not None and used >= wh - 1e-6
        if full or over or (target is not None and at >= target):
            self.reached = True
            self._box.controller.put(SlotId.CHARGE_LIMITS, current=0)
            self._box.log("charge_limits", "Charge limit reached")
            self._box.automation.fire(6)
            return None
        near = wh and v.snapshot.current_flows and used is not None and used > wh - 20.0
        if near or soc:
            return next_grid(at, SECOND, self._box.booted_at)
        return target


class RequireMeter:
    """Charging only with a working meter."""

    def __init__(self, box: Warp) -> None:
        self._box = box
        self._blocked = False

    @property
    def watching(self) -> bool:
        return self._box.api.integer("require_meter/config", "config") == 2

    def boot(self) -> None:
        self._blocked = False
        if self._box.has_meter and self._box.api.integer("require_meter/config", "config") == 0:
            self._box.api.put("require_meter/config", {"config": 2})

    def refuses(self, energy: float | None) -> bool:
        """Whether a charge may not begin because its energy could not be measured."""
        if self.watching and energy is None:
            self._block()
            return True
        return False

    def _block(self) -> None:
        if not self._blocked:
            self._blocked = True
            self._box.controller.put(SlotId.REQUIRE_METER, current=0)
            self._box.log("require_meter", "Energy meter missing or defective. Charging is not allowed.")
            self._box.automation.fire(10)

    def applied(self) -> None:
        self._box.controller.put(SlotId.REQUIRE_METER, active=self.watching, current=HIGHEST)
        self._blocked = False
        self._box.wake()

    def second(self, at: Instant, v: View) -> Instant | None:
        if not self.watching:
            return None
        if at < self._box.booted_at + FIRST_CHECK:
            return self._box.booted_at + FIRST_CHECK
        meters = self._box.meters
        since = meters.silent_since
        due = None if since is None else max(since + SILENT, self._box.booted_at + GRACE)
        missing = not meters.value_ids(meters.charger_slot) and at >= self._box.booted_at + GRACE
        if (due is not None and at >= due) or missing:
            if not self._blocked:
                self._block()
                self._box.tracker.end()
        elif self._blocked and meters.energy(v) is not None:
            self._blocked = False
            self._box.controller.put(SlotId.REQUIRE_METER, current=HIGHEST)
        elif meters.value_ids(meters.charger_slot):
            self._box.controller.put(SlotId.REQUIRE_METER, current=HIGHEST)
        if due is None and not meters.value_ids(meters.charger_slot):
            return self._box.booted_at + GRACE if not self._blocked else None
        return due if due is not None and at < due else None


# --- rows ------------------------------------------------------------------------------------------------------------

_LIMITS: Final = {"duration": uint(0, 10, width=8), "energy_wh": U32}
_LIMITS_4: Final = _LIMITS | {"soc_pct": uint(0, 100, width=8)}
_STATE: Final = {
    "start_timestamp_ms": I52,
    "start_energy_kwh": Float(None),
    "target_timestamp_ms": I52,
    "target_energy_kwh": Float(None),
}


def _state(v: View) -> object:
    limits = v.box.limits
    memory = v.evse.memory
    minutes = DURATIONS[limits.active["duration"]]
    wh = limits.active["energy_wh"]
    started, energy = limits.started, limits.energy
    target = limits.target_time()
    begin = 0 if started is None else (started - memory.started) // MILLISECOND
    ends = minutes * 60_000 if started is None else 0 if target is None else begin + minutes * 60_000
    return {
        "start_timestamp_ms": begin,
        "start_energy_kwh": energy,
        "target_timestamp_ms": ends,
        "target_energy_kwh": energy + wh / 1000 if energy is not None and wh else None,
        "target_soc_pct": limits.active.get("soc_pct", 0),
    }


def _override(member: str) -> Any:
    def run(box: Warp, value: object, _: Origin) -> str | None:
        box.limits.override(**{member: cast("dict[str, int]", value)[member]})
        return None

    return run


def _restart(box: Warp, _: object, __: Origin) -> str | None:
    box.limits.restart()
    return None


def _variant(members: dict[str, Any], state: dict[str, Any], models: tuple[str, ...]) -> tuple[AnyRow, ...]:
    return (
        Config(
            name="charge_limits/default_limits",
            schema=Obj(members),
            applied=lambda box, _, __: box.limits.defaults_changed(),
            models=models,
            source=FW,
        ),
        Document(name="charge_limits/active_limits", schema=Obj(members), models=models, source=FW),
        State(name="charge_limits/state", schema=Obj(state), read=_state, models=models, source=FW),
    )


ROWS: Final[tuple[AnyRow, ...]] = (
    *_variant(_LIMITS, _STATE, NOT_WARP4),
    *_variant(_LIMITS_4, _STATE | {"target_soc_pct": uint(0, 100, width=8)}, WARP4),
    Command(
        name="charge_limits/override_duration",
        schema=obj(duration=uint(0, 10, width=8)),
        run=_override("duration"),
        action=True,
        source=FW,
    ),
    Command(
        name="charge_limits/override_energy",
        schema=obj(energy_wh=U32),
        run=_override("energy_wh"),
        action=True,
        source=FW,
    ),
    Command(
        name="charge_limits/override_soc",
        schema=obj(soc_pct=uint(0, 100, width=8)),
        run=_override("soc_pct"),
        action=True,
        models=WARP4,
        source=FW,
    ),
    Command(name="charge_limits/restart", run=_restart, action=True, source=FW),
)
REQUIRE_METER_ROWS: Final[tuple[AnyRow, ...]] = (
    Config(
        name="require_meter/config",
        schema=obj(config=uint(0, 2, width=8)),
        applied=lambda box, _, __: box.require_meter.applied(),
        source="fw: modules/require_meter",
    ),
)
