"""What can be looked at: quantities of a charger, and vendor values as a client would see them.

The one rule: a name means the same in expectations, in the control API and in reports, so all of them come from the
one table here. Values are plain JSON data in SI units.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ..core.snapshot import LockState, OnboardState, PilotState, Snapshot, VehicleView
from ..devices.interception import HiddenError
from ..errors import EmulatorError, did_you_mean
from ..faults.active import State
from ..faults.engine import FaultEngine
from ..language.names import Names

if TYPE_CHECKING:
    from ..devices.wallbox import Wallbox
    from .site import Site

LINES: Final = ("L1", "L2", "L3")
SENSORS: Final = ("board", "housing", "connector_l1", "connector_l2", "connector_l3", "domestic_pin", "relay")


@dataclass(frozen=True, slots=True)
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


def _choices(states: Iterable[object]) -> tuple[str, ...]:
    return tuple(str(state) for state in states)


QUANTITIES: Final = (
    QuantityRow("pilot", None, lambda s: str(s.pilot), "IEC 61851 state of the control pilot", _choices(PilotState)),
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
    QuantityRow("reactive_power", "var", lambda s: sum(s.reactive_power), "sum of all phases"),
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
    QuantityRow("lock", None, lambda s: str(s.lock), "of the socket", _choices(LockState)),
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

    choices = _choices(OnboardState) if name == "onboard" else ()
    return QuantityRow(f"vehicle.{name}", unit, reading, about, choices)


_ROWS: Final[Mapping[str, QuantityRow]] = {
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

_BY_NAME: Final[Mapping[str, tuple[str | None, Callable[[Snapshot], Mapping[str, object]]]]] = {
    "temperature": ("°C", lambda s: s.temperature),
    "limits": ("A", lambda s: s.limits),
    "permissions": (None, lambda s: s.permissions),
    "authorisations": (None, lambda s: s.authorisations),
}
"""Quantities of which there are several, by the name of a sensor or of an owner; null if there is none of that name."""

RESERVED: Final = frozenset({name.partition(".")[0] for name in _ROWS} | set(_BY_NAME) | {"wallboxes"})
"""Names a charger or wallbox cannot have."""


@dataclass(frozen=True, slots=True)
class Quantity:
    """One thing to look at, found by name."""

    text: str
    """As it was written."""
    charger: str
    wallbox: str | None
    """Address of the wallbox whose vendor value this is; None: a quantity of the charger."""
    name: str
    """Name of the quantity, or address of the vendor value."""
    row: QuantityRow | None = None

    @property
    def unit(self) -> str | None:
        return self.row.unit if self.row is not None else None

    def read(self, site: Site) -> object:
        """The value now, as plain JSON data. EmulatorError if the vendor value does not exist."""
        if self.row is FAULT:
            return _fault_state(site, self.name)
        if self.wallbox is None:
            assert self.row is not None
            return self.row.read(site.simulation.observe(self.charger))
        wallbox = site.wallboxes[self.wallbox]
        try:
            return vendor_value(wallbox, self.name)
        except HiddenError as hidden:
            raise AbsentError(f'{self.text} is hidden by fault "{hidden.fault}"') from None
        except KeyError:
            raise AbsentError(unknown_value(wallbox, self.name)) from None


class AbsentError(EmulatorError):
    """A wallbox does not have a value, or a fault hides it."""


def read(site: Site, quantity: str) -> object:
    """The value of a quantity now, as plain JSON data. EmulatorError with a suggestion if there is none."""
    return resolve(quantity, site.names).read(site)


FAULT: Final = QuantityRow("fault", None, lambda _: None, "what became of a fault", _choices(State))


def _fault_state(site: Site, name: str) -> str:
    return str(FaultEngine.of(site.simulation).state_of(name))


def resolve(text: str, names: Names) -> Quantity:
    """What a name refers to: `garage.power`, `power`, `garage.goe.car`, `goe.car`. EmulatorError if nothing."""
    if text.startswith("fault.") and "fault" not in names.chargers:
        name = text.partition(".")[2]
        names.fault(name)
        return Quantity(text, next(iter(names.chargers), ""), None, name, FAULT)
    charger, rest = _charger_of(text, names)
    first, _, below = rest.partition(".")
    if first in names.chargers[charger] and below:
        return Quantity(text, charger, f"{charger}.{first}", below)
    row = _row(rest)
    if row is None:
        raise EmulatorError(_unknown(text, charger, rest, names))
    return Quantity(text, charger, None, rest, row)


def _charger_of(text: str, names: Names) -> tuple[str, str]:
    first, _, rest = text.partition(".")
    if first in names.chargers and rest:
        return first, rest
    if len(names.chargers) == 1:
        return next(iter(names.chargers)), text
    if rest and any(address.partition(".")[2] == first for address in names.wallboxes):  # `goe.car`
        charger, _, _ = names.wallbox(first).partition(".")
        return charger, text
    if first in RESERVED:
        raise EmulatorError(f'"{text}" needs a charger in front{did_you_mean("", names.chargers)}')
    raise EmulatorError(f'there is no charger "{first}"{did_you_mean(first, names.chargers)}')


def _row(name: str) -> QuantityRow | None:
    if name in _ROWS:
        return _ROWS[name]
    first, _, below = name.partition(".")
    if first in _BY_NAME and below:
        if first == "temperature" and below not in SENSORS:
            return None
        unit, values = _BY_NAME[first]
        return QuantityRow(name, unit, lambda s: values(s).get(below), "")
    base = _ROWS.get(first)
    if base is not None and base.sequence and below in LINES:
        index = LINES.index(below)
        return QuantityRow(name, base.unit, lambda s: _element(base.read(s), index), base.about)
    return None


def _element(values: object, index: int) -> object:
    return values[index] if isinstance(values, list) and index < len(values) else None


def _unknown(text: str, charger: str, rest: str, names: Names) -> str:
    first, dot, below = rest.partition(".")
    if first == "temperature" and dot:
        return f'"{text}": there is no sensor "{below}"{did_you_mean(below, SENSORS)}'
    if first in names.chargers[charger]:
        return f'"{text}" names a wallbox, expected one of its values such as "{text}.<value>"'
    known = {*_ROWS, *_BY_NAME, *names.chargers[charger], *(f"temperature.{sensor}" for sensor in SENSORS)}
    return f'"{text}" is not a quantity{did_you_mean(rest, known)}'


def vendor_value(wallbox: Wallbox, address: str) -> object:
    """A vendor value by its address; `nrg.11` is element 11 of `nrg`, also by key. KeyError if there is none."""
    try:
        value = wallbox.read(address)
    except HiddenError:
        raise
    except KeyError:
        outer, dot, last = address.rpartition(".")
        if not dot:
            raise
    else:
        return wallbox.interceptor.seen(address, value)
    whole = vendor_value(wallbox, outer)
    if isinstance(whole, Mapping):
        return whole[last]
    if isinstance(whole, list | tuple) and last.isdigit() and int(last) < len(whole):
        return whole[int(last)]
    raise KeyError(address)


def unknown_value(wallbox: Wallbox, address: str) -> str:
    """What to say when a vendor value does not exist."""
    return f'{wallbox.address} has no value "{address}"{did_you_mean(address, wallbox.addresses())}'


def charger_view(snapshot: Snapshot) -> dict[str, object]:
    """Everything about a charger as plain JSON data in SI units, by the names of the quantities."""
    view: dict[str, object] = {row.name: row.read(snapshot) for row in QUANTITIES if row.name != "active_power"}
    view["temperature"] = dict(snapshot.temperature)
    view["limits"] = {
        owner: {"current": current, "binding": owner == snapshot.binding_limit}
        for owner, current in snapshot.limits.items()
    }
    view["permissions"] = dict(snapshot.permissions)
    view["authorisations"] = dict(snapshot.authorisations)
    vehicle = snapshot.vehicle
    view["vehicle"] = None if vehicle is None else {name: read(vehicle) for name, _, read, _ in VEHICLE}
    return view


def catalogue() -> list[tuple[str, str, str]]:
    """Name, unit and meaning of every quantity, for documentation."""
    named = [(row.name, row.unit or "", row.about) for row in _ROWS.values()]
    return [*named, *((f"{name}.<name>", unit or "", "") for name, (unit, _) in _BY_NAME.items())]
