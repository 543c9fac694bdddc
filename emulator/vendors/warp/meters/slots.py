"""Meters: the slots of the API, and the built-in meter.

The one rule: the built-in meter is looked at on a grid of half seconds and shows what it saw last.
Source: Tinkerforge esp32-firmware, `modules/meters`, `meters_evse_v2`, `meters_api`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Final

from ....core.events import EventName
from ....core.instant import SECOND, Instant, grid
from ....core.messages import Event
from ....core.snapshot import Snapshot
from ..api.documents import Doc
from ..api.rows import AnyRow, Command, Initial, Read, Source, State
from ..api.schema import BOOL, NULL, U16, U32, Float, Int, Schema, Str, uint
from ..api.shapes import Arr, Obj, Raw, Union, many, obj
from ..charging.vehicle import KnownVehicle
from ..models import MANAGERS, WARP1, WARP2_AND_3, WARP2_UP, WARP4
from ..module import Module
from ..platform import Platform
from ..settings import METER_LAST_RESET, METER_RESET
from ..view import View
from .fed import Fed
from .silence import Silences
from .values import CALLBACK, TIMED, TYPES, Sample, measured, places

FW: Final = Source("fw: modules/meters")
SILENCE: Final = "meter_fault"
"""The fault of a meter that does not answer."""
FIRST_READ: Final = 10.0
"""ASSUMED s from cold start to the first meter type."""
_NO_ERRORS: Final = dict.fromkeys(
    ("global_timeout", "illegal_function", "illegal_data_access", "illegal_data_value", "slave_device_failure"), 0
)
ISO15118_IDS: Final = (387, 475, 403)
NONE, RS485, EVSE_V2, EM, API, SUN_SPEC, MODBUS, SMA, RCT, ISO15118 = range(10)
BUILT_IN: Final = (RS485, EVSE_V2)
OF_MANAGERS: Final = 0
"""In the place of a generation."""
ENERGY: Final = 209
"""Value id of the imported energy [kWh]."""


def _common(**more: Schema) -> Obj:
    return obj(display_name=Str(0, 32), location=uint(0, 8, width=8), excluded=BOOL, **more)


_CHARGER: Final = obj(display_name=Str(0, 32, "WARP Charger"), location=uint(0, 8, 2, width=8), excluded=BOOL)
_VEHICLE: Final = obj(display_name=Str(0, 32, "Vehicle"), location=uint(0, 8, 8, width=8), excluded=BOOL)
_HOUSE: Final = obj(display_name=Str(0, 32, "WARP Energy Manager"), location=uint(0, 8, 4, width=8), excluded=BOOL)
"""ASSUMED: at the grid. No meter is fitted: it has no values."""
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
    1: Union({NONE: NULL, RS485: Obj({**_CHARGER.members, "type_override": Int(8, value=255)}), **_NETWORK}),
    2: Union({NONE: NULL, EVSE_V2: _CHARGER, **_NETWORK}),
    4: Union({NONE: NULL, EVSE_V2: _CHARGER, **_NETWORK, ISO15118: _VEHICLE}),
    OF_MANAGERS: Union({NONE: NULL, EM: _HOUSE, **_NETWORK}),
}
_SHAPES: Final = {1: 1, 2: 2, 3: 2, 4: 4}
"""Which of the shapes a generation has."""


class Meters(Module):
    """The meters of one wallbox."""

    def __init__(self, platform: Platform, vehicle: KnownVehicle) -> None:
        super().__init__(platform)
        self.vehicle = vehicle
        self.declared: Callable[[], None] = lambda: None
        """Called when the built-in meter's values are known for the first time since power-on."""
        self.declared_at: Instant | None = None
        """When the network processor first heard of the built-in meter's values; None: not yet."""
        self._declared_type = 0
        """What the network processor knows of the built-in meter."""
        self._read_type = 0
        """What the charge controller has read of the built-in meter since its start."""
        self._faulty = False
        self._declare = platform.timer(self._read)
        self.silences = Silences()
        self._shares = (1.0, 0.0, 0.0)
        self._settled = 0.0
        self._phase_energy = [0.0, 0.0, 0.0]
        self._fed: dict[int, Fed] = {}
        """What clients feed, by slot."""
        self._sample: Sample | None = None
        self._sample_key = (-1, -1, -1)
        self._happened = -1
        """What had happened when the meter was looked at last."""

    # --- life --------------------------------------------------------------------------------------------------------

    def start(self) -> None:
        total = self.platform.snapshot().total_energy
        self._settled = total
        self._phase_energy = [total / 3] * 3
        self._shares = self._now_shares(self.platform.snapshot())
        self._read_type = self.platform.meter_type

    def boot(self) -> None:
        self._declared_type = self._read_type
        if not self._read_type:
            self.declared_at = None
        elif self.declared_at is None:
            self.declared_at = self.platform.at
        self._fed.clear()
        for slot in range(self.slots):
            if not self.resettable(slot):
                self.api.remove(f"meters/{slot}/reset")
                self.api.remove(f"meters/{slot}/last_reset")
            if self.class_of(slot) == API:
                ids = self.value_ids(slot)
                self._fed[slot] = Fed(ids, self.platform.booted_at)
                self.api.add(_update(slot, len(ids)), self)

    def handle(self, event: Event) -> None:
        at = event.at
        self._settle()
        match event.name:
            case EventName.SUPPLY_LOST | EventName.REBOOTED:
                self._read_type = 0
                self.silences.end(at)
                self._declare.clear()
                if event.name is EventName.REBOOTED:
                    self._look_for_meter(at)
            case EventName.SUPPLY_RESTORED:
                self._look_for_meter(at + round(self.platform.boot_time * SECOND))
            case EventName.FAULT_RAISED | EventName.FAULT_CLEARED if event.detail.get("fault") == SILENCE:
                self._faulty = event.name is EventName.FAULT_RAISED
                self.wiring_changed()

    @property
    def _answers(self) -> bool:
        return self.platform.meter_type > 0 and not self._faulty

    def wiring_changed(self) -> None:
        """The meter falls silent or answers again: its last values stay until the controller starts over."""
        at = self.platform.at
        if not self._read_type:
            self._look_for_meter(at)
        elif self._answers:
            self.silences.end(at)
        elif self.silences.frozen is None:
            self.silences.begin(at, self.platform.observe(grid(max(0, at - 1), CALLBACK)))

    def _look_for_meter(self, since: Instant) -> None:
        """The controller knows a meter once it has read all of it. ASSUMED: it looks for one all the time."""
        self._declare.set(since + round(FIRST_READ * SECOND) if self._answers else None)

    def _read(self, at: Instant) -> None:
        self._read_type = self.platform.meter_type
        if self.platform.up and self.declared_at is None:
            self._declared_type, self.declared_at = self._read_type, at
            self.declared()
        self.platform.changed()

    def _now_shares(self, now: Snapshot) -> tuple[float, float, float]:
        total = now.power
        if total <= 0:
            return self._shares
        first, second, third = (power / total for power in now.active_power)
        return (first, second, third)

    def _settle(self) -> None:
        """Split what was counted since the last event by the phases that were in use."""
        now = self.platform.snapshot()
        gained = now.total_energy - self._settled
        if gained > 0:
            earlier = self.platform.observe(max(0, now.at - 1))
            self._shares = self._now_shares(earlier)
            self._phase_energy = [e + gained * s for e, s in zip(self._phase_energy, self._shares, strict=True)]
        self._settled = now.total_energy
        self._shares = self._now_shares(now)

    # --- the built-in meter ------------------------------------------------------------------------------------------

    @property
    def slots(self) -> int:
        return self.platform.traits.meter_slots

    @property
    def type(self) -> int:
        """`energy_meter_type` as the network processor knows it: 0 until the meter was read once."""
        return self._declared_type

    def energy_meter_type(self) -> int:
        """As the charge controller knows it."""
        return self._read_type

    def silent_since(self, slot: int) -> Instant | None:
        """Since when the values of a slot stand still: the meter does not answer, or its client repeats itself."""
        if (fed := self._fed.get(slot)) is not None:
            return fed.changed_at
        return self.silences.since

    @property
    def known_since(self) -> Instant | None:
        """Since when the network processor has had values of the built-in meter; None: it has none."""
        return None if self.declared_at is None else max(self.declared_at, self.platform.booted_at)

    def sample(self, at: Instant) -> Sample:
        """What the meter saw last at `at`."""
        looked = grid(at, CALLBACK)
        key = (looked, self.platform.revision, self.platform.charger_revision)
        if self._sample is None or self._sample_key != key:
            self._sample = self._next_sample(looked, self._sample)
            self._sample_key, self._happened = key, self.platform.moments.revision
        return self._sample

    def _next_sample(self, looked: Instant, before: Sample | None) -> Sample:
        """What the meter sees; the very same as before if nothing has happened and nothing moves."""
        frozen = self.silences.frozen
        snapshot = self.platform.observe(looked) if frozen is None else frozen
        vehicle, steady = self.vehicle.measured(), None
        if before and self._happened == self.platform.moments.revision and snapshot.alike(before.snapshot):
            moves = snapshot.flows or before.vehicle != vehicle or not TIMED.keys().isdisjoint(TYPES[self.type])
            if not moves:
                return before
            steady = before.steady
        gained = max(0.0, snapshot.total_energy - self._settled)
        first, second, third = (e + gained * s for e, s in zip(self._phase_energy, self._shares, strict=True))
        reset = self.settings[METER_RESET]
        return Sample(snapshot, (first, second, third), reset, vehicle, {} if steady is None else steady)

    def _config(self, slot: int) -> tuple[int, Doc]:
        """Class and configuration since the boot."""
        return self.api.active_variant(f"meters/{slot}/config")

    def class_of(self, slot: int) -> int:
        return self._config(slot)[0]

    def value_ids(self, slot: int) -> tuple[int, ...]:
        """Ids that a slot publishes; empty until they were declared."""
        kind, config = self._config(slot)
        if kind in BUILT_IN:
            return TYPES[self.type]
        if kind == API:
            return tuple(config.integers("value_ids"))
        return ISO15118_IDS if kind == ISO15118 else ()

    def values(self, slot: int, v: View) -> list[float | None]:
        if (fed := self._fed.get(slot)) is not None:
            return fed.values
        sample, ids = v.meter, self.value_ids(slot)
        found = sample.lists.get(ids)
        if found is None:
            found = sample.lists[ids] = measured(self.type, ids, sample)
        return found

    def value(self, slot: int, value_id: int, v: View) -> float | None:
        """One value of a slot; None if it has none."""
        ids = self.value_ids(slot)
        place = places(ids).get(value_id)
        if place is None:
            return None
        if (fed := self._fed.get(slot)) is not None:
            return fed.values[place]
        sample = v.meter
        whole = sample.lists.get(ids)
        return measured(self.type, (value_id,), sample)[0] if whole is None else whole[place]

    def state(self, slot: int, v: View) -> object:
        kind = self.class_of(slot)
        if kind in BUILT_IN:
            return {"type": self.type}
        return {"source": self.vehicle.source} if kind == ISO15118 else None

    def errors(self, slot: int, v: View) -> object:
        silences = self.silences
        timeouts = silences.timeouts(0 if silences.frozen is None else v.at)
        return {
            EVSE_V2: {"local_timeout": timeouts, **_NO_ERRORS},
            RS485: {"meter": timeouts, "bricklet": 0, "bricklet_reset": 0},
            ISO15118: {},
        }.get(self.class_of(slot))

    def fed(self, slot: int) -> Fed | None:
        """What a client feeds; None: the slot has a meter of another class."""
        return self._fed.get(slot)

    def push(self, slot: int, values: Sequence[float | None]) -> None:
        self._fed[slot].push(self.platform.at, values)
        self.platform.touch()

    def last_reset(self, v: View) -> dict[str, int]:
        return {"last_reset": self.settings[METER_LAST_RESET]}

    def resettable(self, slot: int) -> bool:
        return self.class_of(slot) in BUILT_IN

    def reset(self, slot: int) -> None:
        """The resettable counters of a slot start over."""
        now = self.platform.snapshot().total_energy
        self.settings.put(METER_RESET, now)
        clock = self.platform.clock
        counted = self.settings[METER_LAST_RESET] + 1
        self.settings.put(METER_LAST_RESET, clock.unix // 60 * 60 if clock.known else counted)
        self.platform.touch()

    # --- the meter of the charger ------------------------------------------------------------------------------------

    @property
    def linked(self) -> int:
        return self.api.integer("meters_legacy_api/config", "linked_meter_slot")

    @property
    def linked_ids(self) -> tuple[int, ...]:
        """Ids that the linked slot publishes."""
        return self.value_ids(self.linked) if self.linked < self.slots else ()

    @property
    def charger_slot(self) -> int:
        """The slot that tracking and limits use."""
        return self.api.integer("evse/meter_config", "slot")

    def energy(self, v: View) -> float | None:
        """kWh of the charger's meter; None while unknown."""
        return self.value(self.charger_slot, ENERGY, v) if self.charger_slot < self.slots else None


# --- rows ------------------------------------------------------------------------------------------------------------


def _initial(slot: int) -> Initial[Meters]:
    """The class and configuration of a slot while nothing was saved."""

    def initial(m: Meters) -> object:
        generation, manages = m.platform.generation, m.platform.traits.manages
        schema = _CLASSES[OF_MANAGERS if manages else _SHAPES[generation]]
        tag = NONE
        if slot == 0 and manages:
            tag = EM
        elif slot == 0:
            tag = RS485 if generation == 1 else EVSE_V2
        elif slot == 1 and generation == 4:
            tag = ISO15118
        return [tag, schema.variants[tag].default()]

    return initial


def _slot_rows(slot: int, models: tuple[str, ...] | None) -> Iterable[AnyRow[Meters]]:
    path = f"meters/{slot}"

    def state(what: str, schema: Schema, read: Read[Meters]) -> State[Meters]:
        return FW.state(f"{path}/{what}", schema, read, models=models)

    for generation, those in ((1, WARP1), (2, WARP2_AND_3), (4, WARP4), (OF_MANAGERS, MANAGERS)):
        if models is None or generation != 1:
            yield FW.config(
                f"{path}/config",
                _CLASSES[generation],
                initial=_initial(slot),
                models=those,
                about="takes effect at the next boot",
            )
    yield state("state", Raw("class specific"), lambda m, v: m.state(slot, v))
    yield state("errors", Raw("class specific"), lambda m, v: m.errors(slot, v))
    yield state("value_ids", Arr(U16, 96), lambda m, v: list(m.value_ids(slot)))
    yield FW.state(
        f"{path}/values",
        Arr(Float(None), 96),
        lambda m, v: m.values(slot, v),
        follows="meter",
        models=models,
        assumed="callback period; signs and reactive energies",
    )
    yield FW.command(f"{path}/reset", lambda m, _: m.reset(slot), action=True, models=models)
    yield state("last_reset", obj(last_reset=U32), Meters.last_reset)


def _update(slot: int, count: int) -> Command[Meters]:
    """`meters/<n>/update` of an API meter: exactly as many values as it has ids."""
    return Source("fw: modules/meters_api").command(
        f"meters/{slot}/update", lambda m, doc: m.push(slot, doc.numbers), many(Float(None), count)
    )


ROWS: Final[tuple[AnyRow[Meters], ...]] = tuple(
    row for slot in range(5) for row in _slot_rows(slot, None if slot < 2 else WARP2_UP)
)
