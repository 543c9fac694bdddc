"""The section `rules:` of a scenario.

The one rule: rules and what reads them are imported when a scenario has some.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ..core.values import terse
from ..errors import Place
from ..language.arguments import ArgumentType, Schema, Scope
from ..language.nodes import Node

if TYPE_CHECKING:
    from .rules.base import Rule

EXAMPLE: Final = "{name: ..., never: {client: {writes: garage.goe.amp, value: '> 16'}}}"


@terse
class PlacedRule:
    """A rule, and where it stands."""

    rule: Rule
    place: Place


@terse
class RulesSection(ArgumentType[list[PlacedRule]]):
    """Rules for the client under test and for what comes of it."""

    @property
    def text(self) -> str:
        return f"a list of rules such as {EXAMPLE}"

    def read(self, node: Node, scope: Scope) -> list[PlacedRule]:
        """The ones that can be read; what is wrong with the others is reported."""
        if node.empty:
            return []
        if node.items is None:
            self.wrong(node, scope)
        from .reading import read_rules

        return read_rules(node, scope)

    def schema(self) -> Schema:
        from .reading import rules_schema

        return rules_schema()
