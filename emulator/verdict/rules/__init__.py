"""The rules there are: one class each, in the module of its family.

The one rule: a rule is a frozen dataclass in the list below; its fields are its keys in a scenario, `start` puts it to
work at a running site. To add one, write a class beside its like and add it here.
"""

from __future__ import annotations

from typing import Final

from . import conditions, counts, habits, rates, sequences
from .base import Rule

RULES: Final[tuple[type[Rule], ...]] = (
    conditions.Never,
    rates.AtRate,
    conditions.Always,
    sequences.Eventually,
    sequences.InOrder,
    habits.Retries,
    habits.ReadsBack,
    habits.AsksAgain,
    habits.Refreshes,
    habits.Releases,
    habits.Repeats,
    sequences.Before,
    counts.Apart,
    counts.Count,
    sequences.Within,
)
"""Every rule; the first whose word is among the keys of an entry is the one that is meant."""
