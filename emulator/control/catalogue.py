"""Everything one can ask a running emulator to do, for programs that offer it to their users (the dashboard)."""

from __future__ import annotations

from typing import Final

from ..core.faults import CATALOGUE
from ..faults.catalogue import FAULT_TYPES, FaultType
from ..language.records import Argument
from ..runtime.journal import KINDS
from ..scenario.steps.base import StepType
from ..scenario.steps.vocabulary import VOCABULARY
from ..world.plan import SitePlan
from ..world.quantities import catalogue as quantities
from ..world.vehicles import VEHICLES

PHYSICAL: Final = frozenset({"power_cut", *(fault.step() for fault in CATALOGUE)})
"""Steps that begin a fault of a charger."""


def catalogue(plan: SitePlan) -> dict[str, object]:
    """Vehicles, physical faults, steps with their arguments, quantities."""
    return {
        "vehicles": sorted({*plan.vehicles, *VEHICLES}, key=lambda name: (name not in plan.vehicles, name)),
        "faults": [{"name": fault.step(), "about": fault.about} for fault in CATALOGUE],
        "fault_kinds": [_kind(kind) for kind in FAULT_TYPES.values()],
        "steps": [_step(kind) for kind in VOCABULARY],
        "quantities": [{"name": name, "unit": unit, "about": about} for name, unit, about in quantities()],
        "events": list(KINDS),
    }


def _kind(kind: FaultType) -> dict[str, object]:
    return {
        "name": kind.name,
        "about": kind.about,
        "where": list(kind.levels),
        "protocols": list(kind.protocols),
        "needs_key": kind.needs_key,
        "arguments": [_argument(argument) for argument in kind.arguments],
    }


def _step(kind: StepType) -> dict[str, object]:
    arguments = kind.arguments if kind.whole is None else (kind.whole,)
    return {
        "name": kind.name,
        "about": kind.about,
        "short": kind.short,
        "whole": kind.whole is not None,
        "physical": kind.name in PHYSICAL,
        "arguments": [_argument(argument) for argument in arguments],
    }


def _argument(argument: Argument[object]) -> dict[str, object]:
    return {
        "name": argument.name,
        "about": argument.about,
        "expected": argument.type.text,
        "required": argument.required,
        "schema": argument.type.schema(),
    }
