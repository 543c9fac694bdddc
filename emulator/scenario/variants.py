"""The same scenario with another model, firmware or vehicle: one cell of a matrix.

The one rule: a variant is put in before anything is checked, so that every name in the scenario has to make sense for
this very wallbox; what the scenario says otherwise stays as it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Final

from .. import vendors
from ..core.specs import VehicleSpec
from ..core.vehicles import PRESETS
from ..errors import EmulatorError, did_you_mean
from ..world.defaults import profile_of
from ..world.plan import ChargerPlan, WallboxPlan
from .plan import Scenario
from .steps.base import TimedStep

ALL: Final = "all"
DIMENSIONS: Final = ("model", "firmware", "vehicle")


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """What is put in place of what the scenario says; None: nothing."""

    wallbox: str = ""
    """Address of the one that `model` and `firmware` are about."""
    model: str | None = None
    firmware: str | None = None
    vehicle: str | None = None
    """A preset, in place of every vehicle that is plugged in."""

    @property
    def values(self) -> dict[str, str]:
        """What it puts in, by dimension."""
        found = {"model": self.model, "firmware": self.firmware, "vehicle": self.vehicle}
        return {name: value for name, value in found.items() if value is not None}

    @property
    def label(self) -> str:
        return "-".join(self.values.values())

    def plans(self, plans: Sequence[ChargerPlan]) -> list[ChargerPlan]:
        """The chargers with another wallbox."""
        return [replace(plan, wallboxes=tuple(self._wallbox(plan, one) for one in plan.wallboxes)) for plan in plans]

    def _wallbox(self, charger: ChargerPlan, plan: WallboxPlan) -> WallboxPlan:
        if f"{charger.name}.{plan.name}" != self.wallbox:
            return plan
        firmware = self.firmware or (plan.firmware if self.model in (None, plan.model) else None)
        return replace(plan, model=self.model or plan.model, firmware=firmware)

    def vehicles(self, vehicles: Mapping[str, VehicleSpec]) -> dict[str, VehicleSpec]:
        """The scenario's own vehicles based on another preset."""
        return {name: self._based(spec) for name, spec in vehicles.items()}

    def _based(self, spec: VehicleSpec) -> VehicleSpec:
        if self.vehicle is None:
            return spec
        before = PRESETS[spec.model]
        names = [f.name for f in fields(VehicleSpec) if f.name != "model"]
        stated = {name: getattr(spec, name) for name in names if getattr(spec, name) != getattr(before, name)}
        return replace(PRESETS[self.vehicle], **stated)

    def track(self, steps: Sequence[TimedStep], own: Iterable[str]) -> tuple[TimedStep, ...]:
        """A timeline with another vehicle wherever a preset is plugged in."""
        if self.vehicle is None:
            return tuple(steps)
        return tuple(self._step(step, set(own)) for step in steps)

    def _step(self, timed: TimedStep, own: set[str]) -> TimedStep:
        from .steps.vehicle import PlugIn, SwapVehicle

        step = timed.step
        if self.vehicle is None or not isinstance(step, PlugIn | SwapVehicle) or step.vehicle in own:
            return timed
        return replace(timed, step=replace(step, vehicle=self.vehicle))


def variants(text: str, scenario: Scenario) -> list[Variant]:
    """Every cell of `firmware=all,vehicle=vw_id3,renault_zoe`. EmulatorError for whatever is not there."""
    found = _dimensions(text)
    address, plan = _wallbox(found, scenario)
    vehicles = _vehicles(found.get("vehicle"), scenario)
    cells = [
        Variant(wallbox=address, model=model, firmware=firmware, vehicle=vehicle)
        for model in (_models(found["model"], plan) if "model" in found and plan is not None else [None])
        for firmware in (_firmwares(found["firmware"], model, plan) if "firmware" in found and plan else [None])
        for vehicle in vehicles
    ]
    if not cells:
        raise EmulatorError(f"matrix: no model has the firmware {' or '.join(found['firmware'])}")
    return cells


def _dimensions(text: str) -> dict[str, list[str]]:
    """Values by dimension; a word without `=` is one more value of the dimension before it."""
    found: dict[str, list[str]] = {}
    name = ""
    for word in text.split(","):
        before, equals, after = word.partition("=")
        if equals:
            name = before.strip()
            dimension = name.rpartition(".")[2]
            if dimension not in DIMENSIONS:
                raise EmulatorError(f'matrix: there is no "{dimension}"{did_you_mean(dimension, DIMENSIONS)}')
            if name in found:
                raise EmulatorError(f'matrix: "{name}" is there twice')
        value = (after if equals else before).strip()
        if not name or not value:
            raise EmulatorError(f'matrix: found "{text}", expected for example firmware=all,vehicle=vw_id3,renault_zoe')
        found.setdefault(name, []).append(value)
    return found


def _wallbox(found: dict[str, list[str]], scenario: Scenario) -> tuple[str, WallboxPlan | None]:
    """The wallbox that models and firmwares are for; the names of dimensions lose it."""
    plans = {f"{charger.name}.{plan.name}": plan for charger in scenario.chargers for plan in charger.wallboxes}
    about = [name for name in found if name.rpartition(".")[2] != "vehicle"]
    named = {name.rpartition(".")[0] for name in about}
    for name in about:
        found[name.rpartition(".")[2]] = found.pop(name)
    if not named:
        return "", None
    if len(named) > 1:
        raise EmulatorError(f"matrix: {' and '.join(sorted(named))}: one wallbox only")
    wanted = named.pop()
    fitting = [address for address in plans if wanted in ("", address, address.partition(".")[2])]
    if len(fitting) != 1:
        which = f'"{wanted}"' if wanted else "a wallbox"
        raise EmulatorError(
            f"matrix: found {which}, expected one of {', '.join(plans)}, such as {next(iter(plans))}.firmware=all"
        )
    return fitting[0], plans[fitting[0]]


def _models(values: Sequence[str], plan: WallboxPlan) -> list[str]:
    known = [model.id for model in vendors.vendor(plan.vendor).models]
    for value in values:
        if value != ALL and value not in known:
            raise EmulatorError(f'matrix: {plan.vendor} has no model "{value}"{did_you_mean(value, known)}')
    return known if ALL in values else list(values)


def _firmwares(values: Sequence[str], model: str | None, plan: WallboxPlan) -> list[str]:
    vendor, profile = profile_of(replace(plan, model=model or plan.model, firmware=None if model else plan.firmware))
    if ALL in values:
        return list(profile.model.firmwares)
    if model is None:
        for value in values:
            vendor.profile(profile.model.id, value)
    return [value for value in values if model is None or value in profile.model.firmwares]


def _vehicles(values: Sequence[str] | None, scenario: Scenario) -> list[str] | list[None]:
    if values is None:
        return [None]
    for value in values:
        if value != ALL and value not in PRESETS:
            raise EmulatorError(f'matrix: there is no vehicle "{value}"{did_you_mean(value, PRESETS)}')
    from .steps.vehicle import PlugIn, SwapVehicle

    if not scenario.vehicles and not any(isinstance(step.step, PlugIn | SwapVehicle) for step in scenario.steps):
        raise EmulatorError("matrix: vehicle: the scenario plugs none in, so that every vehicle would be the same")
    return list(PRESETS) if ALL in values else list(values)
