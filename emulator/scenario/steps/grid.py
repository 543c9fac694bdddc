"""Steps of the grid operator: what its EEBUS control box is told.

The one rule: they are about the control box of the scenario, `control_box:`; what a wallbox makes of it is its own
business.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar, Final

from ...core.messages import Outcome
from ...errors import EmulatorError
from ...language import units
from ...language.arguments import ArgumentType, NumberWithUnit, Schema, Scope
from ...language.fields import About
from ...language.nodes import Node
from ...language.records import Argument, read_record, record_schema
from .base import Step

if TYPE_CHECKING:
    from ...eebus.control_box import ControlBox
    from ...world.site import Site

NO_CONTROL_BOX: Final = 'there is no control box; add "control_box: {}" to the scenario'
_FOR: Final = re.compile(r"\s*(.+?)\s+for\s+(.+?)\s*")


@dataclass(frozen=True, slots=True)
class GridLimit:
    """How much power, and for how long."""

    power: float
    """W"""
    period: float | None = None
    """s; None: until it is released."""


_POWER: Final = Argument("power", NumberWithUnit("W", lowest=None), required=True)
_PERIOD: Final = Argument("for", NumberWithUnit("s"), stated="default: until it is released")
_RECORD: Final = (_POWER, _PERIOD)


class GridLimitArgument(ArgumentType[GridLimit]):
    """`4.2 kW for 2 h`, `4.2 kW`, or {power: 4.2 kW, for: 2 h}."""

    @property
    def text(self) -> str:
        return 'a limit such as "4.2 kW for 2 h" or "4.2 kW"'

    def read(self, node: Node, scope: Scope) -> GridLimit:
        if node.entries is not None:
            values = read_record(node, _RECORD, scope, given_only=True, what=self.text)
            return GridLimit(values.of(_POWER, 0.0), values.of(_PERIOD))
        if not isinstance(node.scalar, str):
            self.wrong(node, scope)
        found = _FOR.fullmatch(node.scalar)
        power, period = (found[1], found[2]) if found is not None else (node.scalar, None)
        try:
            return GridLimit(units.parse(power, "W"), None if period is None else units.parse(period, "s"))
        except ValueError as error:
            scope.fail(node, str(error))

    def schema(self) -> Schema:
        return {"anyOf": [{"type": "string"}, record_schema(_RECORD)]}


def _box(site: Site) -> ControlBox:
    if site.control_box is None:
        raise EmulatorError(NO_CONTROL_BOX)
    return site.control_box.box


def _record(site: Site, name: str, detail: dict[str, object]) -> None:
    site.simulation.journal.record(site.simulation.now(), "stimulus", name, detail)


@dataclass(frozen=True, slots=True, kw_only=True)
class OfTheGrid(Step):
    """Base of what needs a control box."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit(OfTheGrid):
    """The grid operator limits what the wallboxes may consume (§14a EnWG, EEBUS LPC)."""

    whole: ClassVar[str | None] = "limit"

    limit: Annotated[GridLimit, GridLimitArgument(), About('such as "4.2 kW for 2 h"')]

    def apply(self, site: Site) -> Outcome:
        box = _box(site)
        _record(site, "limit", {"power": self.limit.power, "for": self.limit.period})
        box.limit(self.limit.power, self.limit.period)
        return Outcome()


@dataclass(frozen=True, slots=True, kw_only=True)
class Release(OfTheGrid):
    """The grid operator lifts its limit."""

    def apply(self, site: Site) -> Outcome:
        box = _box(site)
        _record(site, "release", {})
        box.release()
        return Outcome()


@dataclass(frozen=True, slots=True, kw_only=True)
class FallSilent(OfTheGrid):
    """The control box sends no more heartbeats, until it is told to limit or to release."""

    def apply(self, site: Site) -> Outcome:
        box = _box(site)
        _record(site, "fall_silent", {})
        box.fall_silent()
        return Outcome()
