"""What can be measured at a charger, by the names that scenarios, the control API, reports and device packs use.

The one rule: a name means the same everywhere, so all of them come from the one table here. Values are plain JSON data
in SI units.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Final

from ..core.snapshot import Snapshot, VehicleView
from ..core.states import LockState, OnboardState, PilotState
from ..core.values import terse

LINES: Final = ("L1", "L2", "L3")
SENSORS: Final = ("board", "housing", "connector_l1", "connector_l2", "connector_l3", "domestic_pin", "relay")


@terse
class QuantityRow:
    """One quantity of a charger."""

    name: str
    unit: str | None
    """Unit of its values (see `units`); None: a plain number, text or truth value."""
    read: Callable[[Snapshot], object]
    about: str
    choices: tuple[str, ...] = ()
    """The only texts it can be."""
    sequence: bool = False
    """A list: one value per line, or names."""


def choices_of(states: Iterable[object]) -> tuple[str, ...]:
    """The texts of an enumeration."""
    return tuple(str(state) for state in states)


QUANTITIES: Final = (
    QuantityRow("pilot", None, lambda s: str(s.pilot), "IEC 61851 state of the control pilot", choices_of(PilotState)),
    QuantityRow("contactor", None, lambda s: "closed" if s.contactor else "open", "the main contactor",
        ("open", "closed")),
    QuantityRow("phases", None, lambda s: sum(s.energised), "lines that are live behind the contactor"),
    QuantityRow("offered_current", "A", lambda s: s.offered_current,
        "coded in the duty cycle, per phase; 0: nothing offered"),
    QuantityRow("phase_current", "A", lambda s: list(s.phase_current), "rms, of L1, L2, L3", sequence=True),
    QuantityRow("neutral_current", "A", lambda s: s.neutral_current, "rms"),
    QuantityRow("phase_voltage", "V", lambda s: list(s.phase_voltage), "in front of the contactor, of L1, L2, L3", (),
        True),
    QuantityRow("power", "W", lambda s: s.power, "active power, sum of all phases"),
    QuantityRow("active_power", "W", lambda s: s.power, "the same as `power`"),
    QuantityRow("phase_power", "W", lambda s: list(s.active_power), "active power of L1, L2, L3", sequence=True),
    QuantityRow("reactive_power", "var", lambda s: math.fsum(s.reactive_power), "sum of all phases"),
    QuantityRow("apparent_power", "VA", lambda s: s.apparent_power_total, "vector sum of all phases"),
    QuantityRow("power_factor", None, lambda s: s.power_factor, "0..1; 1 without load"),
    QuantityRow("frequency", "Hz", lambda s: s.frequency, "of the grid"),
    QuantityRow("session_energy", "Wh", lambda s: s.session_energy,
        "since plug-in; after unplugging that of the last session"),
    QuantityRow("total_energy", "Wh", lambda s: s.total_energy, "reading of the meter"),
    QuantityRow("session", None, lambda s: s.session, "sessions since the start; 0: none yet"),
    QuantityRow("connected_for", "s", lambda s: s.connected_for, "since plug-in"),
    QuantityRow("charging_for", "s", lambda s: s.charging_for, "with current flowing, in this session"),
    QuantityRow("has_charged", None, lambda s: s.has_charged, "energy has flowed in this session"),
    QuantityRow("plugged", None, lambda s: s.plugged, "a vehicle is connected"),
    QuantityRow("state", None, lambda s: str(s.state), "state of the charge controller"),
    QuantityRow("duty_cycle", None, lambda s: s.duty_cycle, "of the pilot, in percent; 100: steady +12 V"),
    QuantityRow("lock", None, lambda s: str(s.lock), "of the socket", choices_of(LockState)),
    QuantityRow("effective_limit", "A", lambda s: s.effective_limit, "the lowest limit"),
    QuantityRow("binding_limit", None, lambda s: s.binding_limit, "whose limit is the lowest"),
    QuantityRow("derated", "A", lambda s: s.derated, "thermal limit in force, or null"),
    QuantityRow("cable_rating", "A", lambda s: s.cable_rating, "from the proximity pilot, or null"),
    QuantityRow("phases_requested", None, lambda s: s.phases_requested, "1 or 3, as asked for by a wallbox"),
    QuantityRow("phase_switching", None, lambda s: s.phase_switching, "a phase switch is under way"),
    QuantityRow("contactor_cycles", None, lambda s: s.contactor_cycles, "closings since the start"),
    QuantityRow("boots", None, lambda s: s.boots, "starts of the charge controller"),
    QuantityRow("faults", None, lambda s: list(s.faults), "active faults, in the order they were raised",
        sequence=True),
)  # fmt: skip
"""The quantities that have a name of their own; `vehicle.*` and those by name of a sensor or an owner follow."""

VEHICLE: Final = (
    ("name", None, lambda v: v.name, "name in the scenario, or the preset's"),
    ("model", None, lambda v: v.model, "preset it is based on"),
    ("state_of_charge", "1", lambda v: v.state_of_charge, "0..1"),
    ("battery_energy", "Wh", lambda v: v.battery_energy, "in the battery"),
    ("capacity", "Wh", lambda v: v.capacity, "of the battery"),
    ("onboard", None, lambda v: str(v.onboard), "state of the on-board charger"),
    ("s2_closed", None, lambda v: v.s2_closed, "it asks for current"),
    ("target_current", "A", lambda v: v.target_current, "per phase, what it is heading for"),
    ("minimum_current", "A", lambda v: v.minimum_current, "offer below which it does not charge"),
    ("toggles", None, lambda v: v.toggles, "stops by the charger it has counted"),
    ("finished", None, lambda v: v.finished, "the charge limit is reached"),
)


def _vehicle_row(name: str, unit: str | None, read: Callable[[VehicleView], object], about: str) -> QuantityRow:
    def reading(snapshot: Snapshot) -> object:
        return read(snapshot.vehicle) if snapshot.vehicle is not None else None

    choices = choices_of(OnboardState) if name == "onboard" else ()
    return QuantityRow(f"vehicle.{name}", unit, reading, about, choices)


ROWS: Final[Mapping[str, QuantityRow]] = {
    row.name: row
    for row in (
        *QUANTITIES,
        *(_vehicle_row(*entry) for entry in VEHICLE),
        QuantityRow(
            "vehicle.below_minimum",
            None,
            lambda s: s.vehicle is not None and 0 < s.offered_current < s.vehicle.minimum_current,
            "something is offered, but less than the vehicle needs",
        ),
        QuantityRow(
            "vehicle", None, lambda s: s.vehicle.name if s.vehicle else None, "name of the plugged vehicle, or null"
        ),
        QuantityRow(
            "limits", None, lambda s: s.binding_limit, "the binding limit's owner; `limits.<owner>`: one limit"
        ),
    )
}

BY_NAME: Final[Mapping[str, tuple[str | None, Callable[[Snapshot], Mapping[str, object]]]]] = {
    "temperature": ("°C", lambda s: s.temperature),
    "limits": ("A", lambda s: s.limits),
    "permissions": (None, lambda s: s.permissions),
    "authorisations": (None, lambda s: s.authorisations),
}
"""Quantities of which there are several, by the name of a sensor or of an owner; null if there is none of that name."""

RESERVED: Final = frozenset({name.partition(".")[0] for name in ROWS} | set(BY_NAME) | {"wallboxes", "site", "fault"})
"""Names a charger or wallbox cannot have."""


def row_of(name: str) -> QuantityRow | None:
    """The row of a name, an element (`phase_current.L1`), one of several (`temperature.board`); None: there is none."""
    if name in ROWS:
        return ROWS[name]
    first, _, below = name.partition(".")
    if first in BY_NAME and below:
        if first == "temperature" and below not in SENSORS:
            return None
        unit, values = BY_NAME[first]
        return QuantityRow(name, unit, lambda s: values(s).get(below), "")
    base = ROWS.get(first)
    if base is not None and base.sequence and below in LINES:
        index = LINES.index(below)
        return QuantityRow(name, base.unit, lambda s: _element(base.read(s), index), base.about)
    return None


def _element(values: object, index: int) -> object:
    return values[index] if isinstance(values, list) and index < len(values) else None
