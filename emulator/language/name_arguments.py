"""Arguments that are names: a charger, a wallbox, a vehicle, a fault."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field
from typing import Final

from ..core.values import terse
from .arguments import ArgumentType, Schema, Scope, checked
from .names import Names
from .nodes import Node


@terse
class Name(ArgumentType[str]):
    """The name of something there is."""

    text: str = field()  # not the default that the base seems to give
    find: Callable[[Names, str], str]
    only: Callable[[Names], str] | None = None
    """What is meant where none is said; None: the argument's default."""

    def read(self, node: Node, scope: Scope) -> str:
        if not isinstance(node.scalar, str):
            self.wrong(node, scope)
        name = node.scalar
        return checked(node, scope, lambda: self.find(scope.names, name))

    def absent(self, node: Node, scope: Scope, default: object) -> object:
        only = self.only
        return default if only is None else checked(node, scope, lambda: only(scope.names))

    def schema(self) -> Schema:
        return {"type": "string"}


SOME_CHARGER: Final = Name("the name of a charger", Names.charger)
CHARGER: Final = Name("the name of a charger", Names.charger, Names.only_charger)
"""Where there is one only it need not be said."""
SOME_WALLBOX: Final = Name('the name of a wallbox such as "garage.goe"', Names.wallbox)
"""`garage.goe`, or `goe`."""
WALLBOX: Final = Name('the name of a wallbox such as "garage.goe"', Names.wallbox, Names.only_wallbox)
VEHICLE: Final = Name('the name of a vehicle such as "vw_id3"', Names.vehicle)
"""A vehicle of the scenario, or a preset."""
FAULT: Final = Name("the name of a fault", Names.fault)
"""As the step that began it called it."""
