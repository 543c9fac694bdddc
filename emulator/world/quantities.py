"""What can be looked at: quantities of a charger (`devices.quantities`), and vendor values as a client sees them."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping
from typing import TYPE_CHECKING, Final

from ..core.snapshot import Snapshot
from ..core.values import terse
from ..devices.interception import HiddenError
from ..devices.quantities import BY_NAME, QUANTITIES, RESERVED, ROWS, SENSORS, VEHICLE, QuantityRow, choices_of, row_of
from ..errors import EmulatorError, did_you_mean
from ..faults.engine import FaultEngine
from ..faults.life import State
from ..language.digits import is_index
from ..language.names import Names

if TYPE_CHECKING:
    from ..devices.wallbox import Wallbox
    from .site import Site


@terse
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
    total: bool = False
    """The sum over all chargers."""

    @property
    def unit(self) -> str | None:
        return self.row.unit if self.row is not None else None

    def read(self, site: Site) -> object:
        """The value now, as plain JSON data. EmulatorError if the vendor value does not exist."""
        if self.row is FAULT:
            return _fault_state(site, self.name)
        if self.wallbox is None:
            if not self.total and self.charger not in site.simulation.chargers:
                raise EmulatorError(f"there is no charger {self.charger} any more")
            return self.measured(site.simulation.observe, site.simulation.chargers)
        wallbox = site.wallbox(self.wallbox)
        try:
            return vendor_value(wallbox, self.name)
        except HiddenError as hidden:
            raise AbsentError(f'{self.text} is hidden by fault "{hidden.fault}"') from None
        except KeyError:
            raise AbsentError(unknown_value(wallbox, self.name)) from None

    def measured(self, look: Callable[[str], Snapshot], chargers: Collection[str]) -> object:
        """What is measured at the charger, or at all of them together; None: it was taken down since."""
        assert self.row is not None
        if not self.total:
            return self.row.read(look(self.charger)) if self.charger in chargers else None
        values = [self.row.read(look(charger)) for charger in chargers]
        if self.row.sequence:
            return [math.fsum(line) for line in zip(*(v for v in values if isinstance(v, list)), strict=True)]
        return math.fsum(value for value in values if isinstance(value, int | float))


class AbsentError(EmulatorError):
    """A wallbox does not have a value, or a fault hides it."""


def read(site: Site, quantity: str) -> object:
    """The value of a quantity now, as plain JSON data. EmulatorError with a suggestion if there is none."""
    return resolve(quantity, site.names).read(site)


SITE: Final = "site"
"""Stands for all chargers together."""
TOTALS: Final = ("power", "phase_power", "phase_current")
"""Quantities of which there is a sum."""
FAULT: Final = QuantityRow("fault", None, lambda _: None, "what became of a fault", choices_of(State))


def _fault_state(site: Site, name: str) -> str:
    return str(FaultEngine.of(site.simulation).state_of(name))


def resolve(text: str, names: Names) -> Quantity:
    """What a name refers to: `garage.power`, `power`, `garage.goe.car`, `goe.car`. EmulatorError if nothing."""
    if text.startswith("fault."):
        name = text.partition(".")[2]
        names.fault(name)
        return Quantity(text, next(iter(names.chargers), ""), None, name, FAULT)
    if text.startswith(f"{SITE}."):
        return _total(text)
    charger, rest = _charger_of(text, names)
    first, _, below = rest.partition(".")
    if first in names.chargers[charger] and below:
        return Quantity(text, charger, f"{charger}.{first}", below)
    row = row_of(rest)
    if row is None:
        raise EmulatorError(_unknown(text, charger, rest, names))
    return Quantity(text, charger, None, rest, row)


def _total(text: str) -> Quantity:
    name = text.partition(".")[2]
    row = row_of(name) if name.partition(".")[0] in TOTALS else None
    if row is None:
        raise EmulatorError(f'"{text}" is not a sum over all chargers{did_you_mean(name, TOTALS)}')
    return Quantity(text, "", None, name, row, total=True)


def _charger_of(text: str, names: Names) -> tuple[str, str]:
    first, _, rest = text.partition(".")
    if first in names.chargers and rest:
        return first, rest
    if len(names.chargers) == 1:
        return next(iter(names.chargers)), text
    if rest and any(address.partition(".")[2] == first for address in names.wallboxes):  # `goe.car`
        charger, _, _ = names.wallbox(first).partition(".")
        return charger, text
    if first in names.chargers:
        raise EmulatorError(f'"{first}" is a charger, expected one of its quantities such as "{first}.power"')
    if first in RESERVED:
        raise EmulatorError(f'"{text}" needs a charger in front{did_you_mean("", names.chargers)}')
    raise EmulatorError(f'there is no charger "{first}"{did_you_mean(first, names.chargers)}')


def _unknown(text: str, charger: str, rest: str, names: Names) -> str:
    first, dot, below = rest.partition(".")
    if first == "temperature" and dot:
        return f'"{text}": there is no sensor "{below}"{did_you_mean(below, SENSORS)}'
    if first in names.chargers[charger]:
        return f'"{text}" names a wallbox, expected one of its values such as "{text}.<value>"'
    known = {*ROWS, *BY_NAME, *names.chargers[charger], *(f"temperature.{sensor}" for sensor in SENSORS)}
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
    if isinstance(whole, list | tuple) and is_index(last) and int(last) < len(whole):
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
    named = [(row.name, row.unit or "", row.about) for row in ROWS.values()]
    totals = [(f"{SITE}.{name}", ROWS[name].unit or "", "of all chargers together") for name in TOTALS]
    return [*named, *totals, *((f"{name}.<name>", unit or "", "") for name, (unit, _) in BY_NAME.items())]
