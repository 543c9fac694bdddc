"""Chargers and wallboxes that come while an emulator runs: stated as in a scenario, and kept as plain data.

The one rule: what is stated is what is kept, so that it is read and checked the same way in the next run; beside it
stands what the first one was given, its serial number and its ports.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from ..errors import EmulatorError
from ..world.plan import ChargerPlan, WallboxPlan
from .loader import from_data


@dataclass(frozen=True, slots=True, kw_only=True)
class AddedWallbox:
    """A wallbox."""

    name: str
    stated: Mapping[str, object]
    """As below `wallboxes:` in a scenario."""
    everything: bool = False
    """With every interface on, and open access."""
    serial: str | None = None
    ports: Mapping[str, int] = field(default_factory=dict)
    """Where it was served, by interface."""

    def planned(self, plan: WallboxPlan) -> WallboxPlan:
        """Its plan, with what it was given."""
        return replace(
            plan,
            everything=plan.everything or self.everything,
            serial=plan.serial or self.serial,
            interfaces={**plan.interfaces, **self.ports},
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class AddedCharger:
    """A charger with its wallboxes, or wallboxes for one of the scenario's."""

    name: str
    hardware: Mapping[str, object] | None
    """As in a scenario; None: the charger is the scenario's."""
    wallboxes: tuple[AddedWallbox, ...] = ()

    def plan(self) -> ChargerPlan:
        """Read as a scenario is. ScenarioError with everything that is wrong."""
        stated = {wallbox.name: wallbox.stated for wallbox in self.wallboxes}
        document = {"chargers": {self.name: {**(self.hardware or {}), "wallboxes": stated}}}
        (plan,) = from_data(document, "added").chargers
        found = zip(self.wallboxes, plan.wallboxes, strict=True)
        return replace(plan, wallboxes=tuple(added.planned(wallbox) for added, wallbox in found))

    def as_json(self) -> dict[str, object]:
        """As plain data."""
        wallboxes = [
            {
                "name": wallbox.name,
                "stated": wallbox.stated,
                "everything": wallbox.everything,
                "serial": wallbox.serial,
                "ports": dict(wallbox.ports),
            }
            for wallbox in self.wallboxes
        ]
        return {"name": self.name, "hardware": self.hardware, "wallboxes": wallboxes}


def added_charger(found: object) -> AddedCharger:
    """What `as_json` has written. EmulatorError if it was not."""
    try:
        return _charger(found)
    except (TypeError, KeyError, ValueError) as error:
        raise EmulatorError(f"makes no sense: {type(error).__name__}: {error}") from None


def _charger(found: object) -> AddedCharger:
    charger = _members(found)
    wallboxes = charger["wallboxes"]
    hardware = charger["hardware"]
    if not isinstance(wallboxes, list):
        raise TypeError("expected a list of wallboxes")
    return AddedCharger(
        name=_text(charger["name"]),
        hardware=None if hardware is None else _members(hardware),
        wallboxes=tuple(_wallbox(_members(wallbox)) for wallbox in wallboxes),
    )


def _wallbox(found: Mapping[str, object]) -> AddedWallbox:
    serial = found["serial"]
    return AddedWallbox(
        name=_text(found["name"]),
        stated=_members(found["stated"]),
        everything=found["everything"] is True,
        serial=None if serial is None else _text(serial),
        ports={name: _port(port) for name, port in _members(found["ports"]).items()},
    )


def _members(value: object) -> dict[str, object]:
    if not isinstance(value, dict):
        raise TypeError("expected an object")
    return value


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("expected a text")
    return value


def _port(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 < value < 65536:
        raise ValueError("expected a port")
    return value
