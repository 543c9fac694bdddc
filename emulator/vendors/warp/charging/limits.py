"""Charge limits: time, energy and state of charge of one charge.

The one rule: they look once a second, and only while something can happen.
Source: Tinkerforge esp32-firmware, `modules/charge_limits`.
"""

from __future__ import annotations

from typing import Final

from ....core.instant import MILLISECOND, MINUTE, SECOND, Instant, next_grid
from ....core.messages import MarkEnergy
from ..api.documents import Doc
from ..api.rows import AnyRow, Command, Source
from ..api.schema import I52, U32, Float, Schema, uint
from ..api.shapes import Obj
from ..evse.controller import Controller
from ..evse.memory import HIGHEST, SlotId
from ..meters.slots import Meters
from ..models import NOT_WARP4, WARP4
from ..module import Module
from ..platform import Platform
from ..rules import triggers
from ..view import View
from .tracking import Tracker
from .vehicle import KnownVehicle

FW: Final = Source("fw: modules/charge_limits")
ACTIVE: Final = "charge_limits/active_limits"
DEFAULTS: Final = "charge_limits/default_limits"
DURATIONS: Final = (0, 15, 30, 45, 60, 120, 180, 240, 360, 480, 720)
"""Minutes by code."""


class Limits(Module):
    """The limits of the running charge."""

    def __init__(
        self, platform: Platform, controller: Controller, meters: Meters, tracker: Tracker, vehicle: KnownVehicle
    ) -> None:
        super().__init__(platform)
        self.controller = controller
        self.meters = meters
        self.tracker = tracker
        self.vehicle = vehicle
        self.energy: float | None = None
        """kWh at the start of the charge."""
        self._started: Instant | None = None
        self._overridden = False
        self.reached = False
        tracker.began = self.begin
        tracker.ended = self.end

    @property
    def active(self) -> Doc:
        return self.api.doc(ACTIVE)

    def boot(self) -> None:
        self._forget()
        if self.tracker.running is not None:
            self.begin(self.platform.view())

    def _forget(self) -> None:
        self._started = None
        self._overridden = self.reached = False
        self.api.put(ACTIVE, self.api.document(DEFAULTS))

    def begin(self, v: View) -> None:
        """Tracking of a charge begins."""
        self._started = v.at
        self.energy = self.meters.energy(v)
        self._arm()

    def end(self) -> None:
        """The charge ends: overrides are forgotten, the slot opens."""
        self.energy = None
        self._forget()
        self.controller.put(SlotId.CHARGE_LIMITS, current=HIGHEST)
        self._arm()

    def override(self, **members: int) -> None:
        self._overridden = True
        self.api.update(ACTIVE, **members)
        self._arm()

    def restart(self) -> None:
        """Time and energy count from now; only while a charge is tracked."""
        if self._started is None:
            return
        self.reached = False
        self.controller.put(SlotId.CHARGE_LIMITS, current=HIGHEST)
        self.begin(self.platform.view())

    def defaults_changed(self) -> None:
        if not self._overridden:
            self.api.put(ACTIVE, self.api.document(DEFAULTS))
            self._arm()

    def _arm(self) -> None:
        """Have the charger say when the energy is reached."""
        wh = self.active.integer("energy_wh")
        now = self.platform.snapshot()
        wanted = None
        if self._started is not None and wh:
            base = (self.energy or 0.0) * 1000
            wanted = max(0.0, now.session_energy + base + wh - now.total_energy)
        control = self.platform.control
        control.submit(MarkEnergy(owner=control.owner("charge_limits"), energy=wanted))
        self.platform.wake()

    @property
    def _minutes(self) -> int:
        return DURATIONS[self.active.integer("duration")]

    def target_time(self) -> Instant | None:
        return None if self._started is None or not self._minutes else self._started + self._minutes * MINUTE

    def second(self, at: Instant, v: View) -> Instant | None:
        if self._started is None or self.reached:
            return None
        target = self.target_time()
        wh = self.active.integer("energy_wh")
        energy = self.meters.energy(v)
        used = (energy - self.energy) * 1000 if energy is not None and self.energy is not None else None
        soc = self.active.integer("soc_pct", 0)
        full = bool(soc) and (self.vehicle.soc(at) or 0.0) >= soc
        over = wh and used is not None and used >= wh - 1e-6
        if full or over or (target is not None and at >= target):
            self.reached = True
            self.controller.put(SlotId.CHARGE_LIMITS, current=0)
            self.platform.triggers.fire(triggers.LIMITS)
            return None
        near = wh and v.snapshot.current_flows and used is not None and used > wh - 20.0
        if near or soc:
            return next_grid(at, SECOND, self.platform.booted_at)
        return target

    def state(self, v: View) -> object:
        duration, wh, energy = self._minutes * 60_000, self.active.integer("energy_wh"), self.energy
        begin = 0 if self._started is None else (self._started - v.evse.memory.started) // MILLISECOND
        return {
            "start_timestamp_ms": begin,
            "start_energy_kwh": energy,
            "target_timestamp_ms": begin + duration if duration else 0,
            "target_energy_kwh": energy + wh / 1000 if energy is not None and wh else None,
            "target_soc_pct": self.active.integer("soc_pct", 0),
        }


# --- rows ------------------------------------------------------------------------------------------------------------

_LIMITS: Final[dict[str, Schema]] = {"duration": uint(0, 10, width=8), "energy_wh": U32}
_LIMITS_4: Final[dict[str, Schema]] = _LIMITS | {"soc_pct": uint(0, 100, width=8)}
_STATE: Final[dict[str, Schema]] = {
    "start_timestamp_ms": I52,
    "start_energy_kwh": Float(None),
    "target_timestamp_ms": I52,
    "target_energy_kwh": Float(None),
}


def _variant(
    members: dict[str, Schema], state: dict[str, Schema], models: tuple[str, ...]
) -> tuple[AnyRow[Limits], ...]:
    return (
        FW.config(
            "charge_limits/default_limits", Obj(members), applied=lambda m, _, __: m.defaults_changed(), models=models
        ),
        FW.document("charge_limits/active_limits", Obj(members), models=models),
        FW.state("charge_limits/state", Obj(state), Limits.state, models=models),
    )


def _override(what: str, member: str, schema: Schema, models: tuple[str, ...] | None = None) -> Command[Limits]:
    return FW.command(
        f"charge_limits/override_{what}",
        lambda m, doc: m.override(**{member: doc.integer(member)}),
        Obj({member: schema}),
        action=True,
        models=models,
    )


ROWS: Final[tuple[AnyRow[Limits], ...]] = (
    *_variant(_LIMITS, _STATE, NOT_WARP4),
    *_variant(_LIMITS_4, _STATE | {"target_soc_pct": uint(0, 100, width=8)}, WARP4),
    _override("duration", "duration", uint(0, 10, width=8)),
    _override("energy", "energy_wh", U32),
    _override("soc", "soc_pct", uint(0, 100, width=8), WARP4),
    FW.command("charge_limits/restart", lambda m, _: m.restart(), action=True),
)
