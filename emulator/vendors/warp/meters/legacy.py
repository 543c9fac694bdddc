"""The meter API of older firmwares, on top of the linked slot.

The one rule: it keeps nothing; what is written to it goes to a linked API meter or nowhere.
Source: Tinkerforge esp32-firmware, `modules/meters_legacy_api`.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from ..api.documents import Doc
from ..api.rows import AnyRow, Read, Run, Source
from ..api.schema import BOOL, U8, U32, Float, Schema
from ..api.shapes import Arr, Raw, many, obj
from ..module import Module
from ..platform import Platform
from ..view import View
from .slots import API, ENERGY, Meters
from .values import LEGACY, POWER, SUMS

FW: Final = Source("fw: modules/meters_legacy_api")
RELATIVE: Final = 210
"""Value id of the resettable imported energy [kWh]."""
VOLTAGES, CURRENTS = (1, 2, 3), (13, 17, 21)
LIVE: Final = 180
"""Voltage above which a phase counts as connected [V]."""
DRAWN: Final = 0.3
"""Current above which a phase counts as active [A]."""
CUSTOM_BASIC: Final = 200
CUSTOM_ALL_VALUES: Final = 201
"""`type` of meters that a client feeds."""
COMPLETE: Final = 10
"""Values of a meter that shows more than power and energy."""


class LegacyMeters(Module):
    """The linked meter of one wallbox."""

    def __init__(self, platform: Platform, meters: Meters) -> None:
        super().__init__(platform)
        self.meters = meters

    @property
    def _linked(self) -> int | None:
        """The linked slot; None: there is no such slot."""
        linked = self.meters.linked
        return linked if linked < self.meters.slots else None

    def _values(self, ids: tuple[int, ...], v: View) -> list[float | None]:
        linked = self._linked
        return [None if linked is None else self.meters.value(linked, value_id, v) for value_id in ids]

    def writable(self, v: View) -> object:
        return {"writable": self._linked is not None and self.meters.class_of(self._linked) == API}

    def state(self, v: View) -> object:
        ids = self.meters.linked_ids
        return {"state": 2 if ids else 0, "type": self._type(ids) if ids else 0}

    def _type(self, ids: tuple[int, ...]) -> int:
        """That of the built-in meter, or of one that a client feeds."""
        if self._linked is None or self.meters.class_of(self._linked) != API:
            return self.meters.type
        return CUSTOM_ALL_VALUES if len(ids) >= COMPLETE else CUSTOM_BASIC

    def values(self, v: View) -> dict[str, float | None]:
        power, relative, absolute = self._values((POWER, RELATIVE, ENERGY), v)
        return {"power": power, "energy_rel": relative, "energy_abs": absolute}

    def phases(self, v: View) -> dict[str, list[bool]]:
        return {
            "phases_connected": [(value or 0.0) > LIVE for value in self._values(VOLTAGES, v)],
            "phases_active": [(value or 0.0) > DRAWN for value in self._values(CURRENTS, v)],
        }

    def all_values(self, v: View) -> list[float | None]:
        ids = self.meters.linked_ids
        if len(ids) < COMPLETE:
            return []
        values = (*self.meters.values(self.meters.linked, v), None)
        return [values[place] for place in _places(ids)]

    def errors(self, v: View) -> object:
        return None if self._linked is None else self.meters.errors(self._linked, v)

    def reset(self, _: Doc) -> str | None:
        path = f"meters/{self.meters.linked}/reset"
        return self.api.call(path, None) if path in self.api.commands else f"Unknown command: {path}"

    def update(self, doc: Doc) -> None:
        """Feeds a linked API meter; does nothing else."""
        if self._linked is not None and self.meters.class_of(self._linked) == API:
            known = {POWER: doc.known("power"), RELATIVE: doc.known("energy_rel"), ENERGY: doc.known("energy_abs")}
            self.meters.push(self._linked, [known.get(i) for i in self.meters.linked_ids])

    def ignore(self, _: Doc) -> None:
        """Taken without any effect."""


@lru_cache(maxsize=32)
def _places(ids: tuple[int, ...]) -> tuple[int, ...]:
    """Where each of the old API's values stands among those with these ids; -1: nowhere."""
    places = {value_id: place for place, value_id in enumerate(ids)}
    return tuple(-1 if i is None else places.get(i, places.get(SUMS.get(i, i), -1)) for i in LEGACY)


def _pair(
    name: str, schema: Schema, read: Read[LegacyMeters], run: Run[LegacyMeters] = LegacyMeters.ignore
) -> Iterable[AnyRow[LegacyMeters]]:
    yield FW.state(name, schema, read, follows="everything" if name == "meter/state" else "meter")
    yield FW.command(f"{name}_update", run, schema)


ROWS: Final[tuple[AnyRow[LegacyMeters], ...]] = (
    FW.config("meters_legacy_api/config", obj(linked_meter_slot=U8)),
    FW.state("meters_legacy_api/state", obj(writable=BOOL), LegacyMeters.writable),
    *_pair("meter/state", obj(state=U8, type=U8), LegacyMeters.state),
    *_pair(
        "meter/values",
        obj(power=Float(None), energy_rel=Float(None), energy_abs=Float(None)),
        LegacyMeters.values,
        LegacyMeters.update,
    ),
    *_pair("meter/phases", obj(phases_connected=many(BOOL, 3), phases_active=many(BOOL, 3)), LegacyMeters.phases),
    *_pair("meter/all_values", Arr(Float(None), 85), LegacyMeters.all_values),
    FW.state("meter/last_reset", obj(last_reset=U32), lambda m, v: m.meters.last_reset(v)),
    FW.state("meter/error_counters", Raw("class specific"), LegacyMeters.errors),
    FW.command("meter/reset", LegacyMeters.reset, action=True),
)
