"""Meters: the slots of the new API, the legacy API on top of the linked slot, histories.

The one rule: the built-in meter is looked at on a grid of half seconds and shows what it saw last.
Source: Tinkerforge esp32-firmware, `modules/meters`, `meters_evse_v2`, `meters_legacy_api`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Final, cast

from ...core.instant import MINUTE, SECOND, Instant, grid
from ...core.messages import Event
from ...core.snapshot import Snapshot
from ...devices.interfaces import Origin
from .metervalues import LEGACY, TYPES, VALUES, Sample
from .models import WARP1, WARP2_UP
from .rows import AnyRow, Command, Config, State
from .schema import BOOL, NULL, U8, U16, U32, Arr, Float, Int, Obj, Raw, Schema, Str, Union, many, obj, uint

if TYPE_CHECKING:
    from .view import View
    from .wallbox import Warp

FW: Final = "fw: modules/meters"
LEGACY_FW: Final = "fw: modules/meters_legacy_api"
CALLBACK: Final = SECOND // 2
"""ASSUMED period of the built-in meter."""
FIRST_READ: Final = 10.0
"""ASSUMED s from cold start to the first meter type."""
HISTORY: Final = 720
HISTORY_PERIOD: Final = 4 * MINUTE
ISO15118_IDS: Final = (387, 475, 403)
NONE, RS485, EVSE_V2, EM, API, SUN_SPEC, MODBUS, SMA, RCT, ISO15118 = range(10)


def _common(**more: Schema) -> Obj:
    return obj(display_name=Str(0, 32), location=uint(0, 8, width=8), excluded=BOOL, **more)


_BUILT_IN: Final = obj(display_name=Str(0, 32, "WARP Charger"), location=uint(0, 8, 2, width=8), excluded=BOOL)
_VEHICLE: Final = obj(display_name=Str(0, 32, "Vehicle"), location=uint(0, 8, 8, width=8), excluded=BOOL)
_TABLE: Final = Union({0: NULL})
_NETWORK: Final = {
    API: _common(value_ids=Arr(U16, 96)),
    SUN_SPEC: _common(
        host=Str(0, 64),
        port=Int(16, value=502),
        device_address=uint(1, 247, 1, width=8),
        manufacturer_name=Str(0, 32),
        model_name=Str(0, 32),
        serial_number=Str(0, 32),
        model_id=U16,
        model_instance=U16,
    ),
    MODBUS: _common(host=Str(0, 64), port=Int(16, value=502), table=_TABLE),
    SMA: _common(serial_number=U32),
}
_CLASSES: Final = {
    1: Union({NONE: NULL, RS485: Obj({**_BUILT_IN.members, "type_override": Int(8, value=255)}), **_NETWORK}),
    2: Union({NONE: NULL, EVSE_V2: _BUILT_IN, **_NETWORK}),
    4: Union({NONE: NULL, EVSE_V2: _BUILT_IN, **_NETWORK, ISO15118: _VEHICLE}),
}


class Meters:
    """The meters of one box."""

    def __init__(self, box: Warp) -> None:
        self._box = box
        self.declared_at: Instant | None = 0
        """When the built-in meter's values were first known since power-on; None: not yet."""
        self._declare = box.timer(self._declared)
        self._frozen: Snapshot | None = None
        self._silent_since: Instant = 0
        self._timeouts = 0
        self._shares = (1.0, 0.0, 0.0)
        self._settled = 0.0
        self._phase_energy = [0.0, 0.0, 0.0]
        self._pushed: dict[int, list[float | None]] = {}
        self._sample: Sample | None = None
        self._sample_key = (-1, -1, -1)

    # --- life --------------------------------------------------------------------------------------------------------

    def start(self) -> None:
        total = self._box.snapshot().total_energy
        self._settled = total
        self._phase_energy = [total / 3] * 3
        self._shares = self._now_shares(self._box.snapshot())

    def boot(self) -> None:
        self._pushed.clear()
        for slot in range(self.slots):
            if self.class_of(slot) == API:
                self._pushed[slot] = [None] * len(self.value_ids(slot))

    def handle(self, event: Event) -> None:
        at = event.at
        self._settle()
        match event.name:
            case "supply_lost":
                self.declared_at = None
                self._declare.clear()
            case "supply_restored":
                self._declare.set(at + round((self._box.boot_time + FIRST_READ) * SECOND))
            case "fault_raised" if event.detail.get("fault") == "meter_fault":
                self._frozen = self._look(grid(max(0, at - 1), CALLBACK))
                self._silent_since = at
            case "fault_cleared" if event.detail.get("fault") == "meter_fault":
                self._timeouts = self.timeouts(at)
                self._frozen = None

    def _declared(self, at: Instant) -> None:
        self.declared_at = at
        self._box.features_changed()
        self._box.changed()

    def _now_shares(self, now: Snapshot) -> tuple[float, float, float]:
        total = now.power
        if total <= 0:
            return self._shares
        first, second, third = (power / total for power in now.active_power)
        return (first, second, third)

    def _settle(self) -> None:
        """Split what was counted since the last event by the phases that were in use."""
        now = self._box.snapshot()
        gained = now.total_energy - self._settled
        if gained > 0:
            earlier = self._box.simulation.observe_at(self._box.charger, max(0, now.at - 1))
            self._shares = self._now_shares(earlier)
            self._phase_energy = [e + gained * s for e, s in zip(self._phase_energy, self._shares, strict=True)]
        self._settled = now.total_energy
        self._shares = self._now_shares(now)

    # --- the built-in meter ------------------------------------------------------------------------------------------

    @property
    def slots(self) -> int:
        return cast("int", self._box.profile.model.traits["meter_slots"])

    @property
    def type(self) -> int:
        return cast("int", self._box.profile.model.traits["meter_type"])

    def type_at(self, at: Instant) -> int:
        """`energy_meter_type`: 0 until the meter was read once."""
        return self.type if self.declared_at is not None and at >= self.declared_at else 0

    @property
    def silent(self) -> bool:
        return self._frozen is not None

    @property
    def silent_since(self) -> Instant | None:
        """Since when the meter does not answer."""
        return self._silent_since if self._frozen is not None else None

    def timeouts(self, at: Instant) -> int:
        """Requests the meter did not answer. ASSUMED: one a second."""
        return self._timeouts + ((at - self._silent_since) // SECOND if self._frozen is not None else 0)

    def _look(self, at: Instant) -> Snapshot:
        return self._box.simulation.observe_at(self._box.charger, at)

    def sample(self, at: Instant) -> Sample:
        """What the meter saw last at `at`."""
        box = self._box
        looked = grid(at, CALLBACK)
        key = (looked, box.revision, box.simulation.chargers[box.charger].revision)
        if self._sample is None or self._sample_key != key:
            self._sample, self._sample_key = self._new_sample(looked), key
        return self._sample

    def _new_sample(self, looked: Instant) -> Sample:
        snapshot = self._frozen if self._frozen is not None else self._look(looked)
        gained = max(0.0, snapshot.total_energy - self._settled)
        first, second, third = (e + gained * s for e, s in zip(self._phase_energy, self._shares, strict=True))
        reset = self._box.settings.number("meter_reset")
        return Sample(snapshot, (first, second, third), reset, self._box.ev.meter_values())

    def class_of(self, slot: int) -> int:
        config = self._box.api.active(f"meters/{slot}/config")
        assert isinstance(config, list)
        return cast("int", config[0])

    def value_ids(self, slot: int) -> tuple[int, ...]:
        """Ids that a slot publishes; empty until they were declared."""
        match self.class_of(slot):
            case 1 | 2:
                return TYPES[self.type] if self.declared_at is not None else ()
            case 4:
                config = self._box.api.active(f"meters/{slot}/config")
                assert isinstance(config, list)
                return tuple(config[1]["value_ids"])
            case 9:
                return ISO15118_IDS
        return ()

    def values(self, slot: int, v: View) -> list[float | None]:
        if (pushed := self._pushed.get(slot)) is not None:
            return pushed
        sample = v.meter
        return [VALUES[i](sample) for i in self.value_ids(slot)]

    def value(self, slot: int, value_id: int, v: View) -> float | None:
        """One value of a slot; None if it has none."""
        ids = self.value_ids(slot)
        if value_id not in ids:
            return None
        if slot in self._pushed:
            return self._pushed[slot][ids.index(value_id)]
        return VALUES[value_id](v.meter)

    def state(self, slot: int, v: View) -> object:
        match self.class_of(slot):
            case 1 | 2:
                return {"type": self.type_at(v.at)}
            case 9:
                return {"source": self._box.ev.source}
        return None

    def errors(self, slot: int, v: View) -> object:
        match self.class_of(slot):
            case 2:
                return {
                    "local_timeout": self.timeouts(v.at),
                    "global_timeout": 0,
                    "illegal_function": 0,
                    "illegal_data_access": 0,
                    "illegal_data_value": 0,
                    "slave_device_failure": 0,
                }
            case 1:
                return {"meter": self.timeouts(v.at), "bricklet": 0, "bricklet_reset": 0}
            case 9:
                return {}
        return None

    def push(self, slot: int, values: list[float]) -> None:
        self._pushed[slot] = list(values)
        self._box.touch()

    def resettable(self, slot: int) -> bool:
        return self.class_of(slot) in (RS485, EVSE_V2)

    def reset(self, slot: int) -> None:
        """The resettable counters of a slot begin anew."""
        now = self._box.snapshot().total_energy
        self._box.settings.put("meter_reset", now)
        self._box.settings.put("meter_last_reset", self._box.unix_time() // 60 * 60 if self._box.clock_known else 1)
        self._box.touch()

    # --- the meter of the charger ------------------------------------------------------------------------------------

    @property
    def linked(self) -> int:
        return self._box.api.integer("meters_legacy_api/config", "linked_meter_slot")

    @property
    def charger_slot(self) -> int:
        """The slot that tracking and limits use."""
        return self._box.api.integer("evse/meter_config", "slot")

    def energy(self, v: View) -> float | None:
        """kWh of the charger's meter; None while unknown."""
        return self.value(self.charger_slot, 209, v) if self.charger_slot < self.slots else None

    # --- histories ---------------------------------------------------------------------------------------------------

    def live(self, slot: int, v: View) -> list[int] | None:
        """W of the last six minutes, two a second, oldest first; None: nothing in this slot."""
        if not self.value_ids(slot):
            return None
        newest = grid(v.at, CALLBACK)
        first = max(grid(self._box.booted_at, CALLBACK) + CALLBACK, newest - (HISTORY - 1) * CALLBACK)
        return [round(self._look(at).power) for at in range(first, newest + 1, CALLBACK)]

    def history(self, slot: int, v: View) -> list[int | None] | None:
        """W of the last two days, means of four minutes, oldest first."""
        if not self.value_ids(slot):
            return None
        newest = grid(v.at, HISTORY_PERIOD, self._box.booted_at)
        samples: list[int | None] = []
        after = self._look(newest).total_energy
        for k in range(HISTORY):
            begin = newest - (k + 1) * HISTORY_PERIOD
            if begin < self._box.booted_at:
                break
            before = self._look(begin).total_energy
            samples.append(round((after - before) * 3600 / (HISTORY_PERIOD / SECOND)))
            after = before
        samples.reverse()
        return [None] * (HISTORY - len(samples)) + samples


# --- rows ------------------------------------------------------------------------------------------------------------


def _default_class(slot: int) -> Callable[[Warp], object]:
    def initial(box: Warp) -> object:
        schema = _CLASSES[1 if box.generation == 1 else 4 if box.generation == 4 else 2]
        tag = NONE
        if slot == 0:
            tag = RS485 if box.generation == 1 else EVSE_V2
        elif slot == 1 and box.generation == 4:
            tag = ISO15118
        return [tag, schema.variants[tag].default()]

    return initial


def _slot_rows(slot: int, models: tuple[str, ...] | None) -> Iterable[AnyRow]:
    path = f"meters/{slot}"

    def reset(box: Warp, _: object, __: Origin) -> str | None:
        box.meters.reset(slot)
        return None

    shapes = ((1, WARP1), (2, tuple(m for m in WARP2_UP if "warp4" not in m)), (4, _FOUR))
    for generation, those in shapes:
        if models is None or generation != 1:
            yield Config(
                name=f"{path}/config",
                schema=_CLASSES[generation],
                initial=_default_class(slot),
                models=those,
                source=FW,
                about="takes effect at the next boot",
            )
    yield State(
        name=f"{path}/state",
        schema=Raw("class specific"),
        read=lambda v: v.box.meters.state(slot, v),
        models=models,
        source=FW,
    )
    yield State(
        name=f"{path}/errors",
        schema=Raw("class specific"),
        read=lambda v: v.box.meters.errors(slot, v),
        models=models,
        source=FW,
    )
    yield State(
        name=f"{path}/value_ids",
        schema=Arr(U16, 96),
        read=lambda v: list(v.box.meters.value_ids(slot)),
        models=models,
        source=FW,
    )
    yield State(
        name=f"{path}/values",
        schema=Arr(Float(None), 96),
        read=lambda v: v.box.meters.values(slot, v),
        follows="meter",
        models=models,
        source=FW,
        assumed="callback period; signs and reactive energies",
    )
    yield Command(name=f"{path}/reset", run=reset, action=True, models=models, source=FW)
    yield State(
        name=f"{path}/last_reset",
        schema=obj(last_reset=U32),
        read=lambda v: {"last_reset": v.box.settings["meter_last_reset"]},
        models=models,
        source=FW,
    )


_FOUR: Final = tuple(m for m in WARP2_UP if "warp4" in m)


def update_command(slot: int, ids: tuple[int, ...]) -> Command:
    """`meters/<n>/update` of an API meter: exactly as many values as it has ids."""

    def run(box: Warp, value: object, _: Origin) -> str | None:
        box.meters.push(slot, cast("list[float]", value))
        return None

    return Command(
        name=f"meters/{slot}/update", schema=many(Float(), len(ids)), run=run, source="fw: modules/meters_api"
    )


def _legacy_state(v: View) -> object:
    meters = v.box.meters
    known = meters.linked < meters.slots and bool(meters.value_ids(meters.linked))
    kind = meters.type_at(v.at) if known else 0
    return {"state": 2 if known else 0, "type": kind}


def _legacy_values(v: View) -> object:
    meters = v.box.meters
    if meters.linked >= meters.slots:
        return {"power": None, "energy_rel": None, "energy_abs": None}
    power, relative, absolute = (meters.value(meters.linked, i, v) for i in (74, 210, 209))
    return {"power": power, "energy_rel": relative, "energy_abs": absolute}


def _legacy_phases(v: View) -> object:
    meters = v.box.meters
    values = (
        [meters.value(meters.linked, i, v) for i in (1, 2, 3, 13, 17, 21)]
        if meters.linked < meters.slots
        else [None] * 6
    )
    return {
        "phases_connected": [volts is not None and volts > 180 for volts in values[:3]],
        "phases_active": [amps is not None and amps > 0.3 for amps in values[3:]],
    }


def _legacy_all(v: View) -> object:
    meters = v.box.meters
    ids = meters.value_ids(meters.linked) if meters.linked < meters.slots else ()
    if len(ids) < 10:
        return []
    values = dict(zip(ids, meters.values(meters.linked, v), strict=True))
    return [None if i is None else values.get(i) for i in LEGACY]


def _legacy_reset(box: Warp, _: object, origin: Origin) -> str | None:
    path = f"meters/{box.meters.linked}/reset"
    if path not in box.api.commands:
        return f"Unknown command: {path}"
    return box.api.call(path, None, origin)


def _ignored(box: Warp, value: object, _: Origin) -> str | None:
    return None


def _legacy_update(box: Warp, value: object, origin: Origin) -> str | None:
    """Feeds a linked API meter; does nothing else."""
    slot = box.meters.linked
    if slot < box.meters.slots and box.meters.class_of(slot) == API:
        found = cast("dict[str, Any]", value)
        known = {74: found.get("power"), 210: found.get("energy_rel"), 209: found.get("energy_abs")}
        box.meters.push(slot, [cast("float", known.get(i)) for i in box.meters.value_ids(slot)])
    return None


_VALUES: Final = obj(power=Float(None), energy_rel=Float(None), energy_abs=Float(None))
_PHASES: Final = obj(phases_connected=many(BOOL, 3), phases_active=many(BOOL, 3))

ROWS: Final[tuple[AnyRow, ...]] = (
    *_slot_rows(0, None),
    *_slot_rows(1, None),
    *_slot_rows(2, WARP2_UP),
    *_slot_rows(3, WARP2_UP),
    *_slot_rows(4, WARP2_UP),
)
LEGACY_ROWS: Final[tuple[AnyRow, ...]] = (
    Config(name="meters_legacy_api/config", schema=obj(linked_meter_slot=U8), source=LEGACY_FW),
    State(
        name="meters_legacy_api/state",
        schema=obj(writable=BOOL),
        read=lambda v: {
            "writable": v.box.meters.linked < v.box.meters.slots and v.box.meters.class_of(v.box.meters.linked) == API
        },
        source=LEGACY_FW,
    ),
    State(name="meter/state", schema=obj(state=U8, type=U8), read=_legacy_state, source=LEGACY_FW),
    Command(name="meter/state_update", schema=obj(state=U8, type=U8), run=_ignored, source=LEGACY_FW),
    State(name="meter/values", schema=_VALUES, read=_legacy_values, follows="meter", source=LEGACY_FW),
    Command(name="meter/values_update", schema=_VALUES, run=_legacy_update, source=LEGACY_FW),
    State(name="meter/phases", schema=_PHASES, read=_legacy_phases, follows="meter", source=LEGACY_FW),
    Command(name="meter/phases_update", schema=_PHASES, run=_ignored, source=LEGACY_FW),
    State(name="meter/all_values", schema=Arr(Float(None), 85), read=_legacy_all, follows="meter", source=LEGACY_FW),
    Command(name="meter/all_values_update", schema=Arr(Float(None), 85), run=_ignored, source=LEGACY_FW),
    State(
        name="meter/last_reset",
        schema=obj(last_reset=U32),
        read=lambda v: {"last_reset": v.box.settings["meter_last_reset"]},
        source=LEGACY_FW,
    ),
    State(
        name="meter/error_counters",
        schema=Raw("class specific"),
        read=lambda v: (
            v.box.meters.errors(v.box.meters.linked, v) if v.box.meters.linked < v.box.meters.slots else None
        ),
        source=LEGACY_FW,
    ),
    Command(name="meter/reset", run=_legacy_reset, action=True, source=LEGACY_FW),
)
