"""Arguments that are names: a charger, a wallbox, a vehicle, a fault."""

from __future__ import annotations

from dataclasses import dataclass

from .arguments import ArgumentType, Schema, Scope, checked
from .nodes import Node


@dataclass(frozen=True, slots=True)
class ChargerName(ArgumentType[str]):
    """A charger; where there is one only it need not be said. `needed`: the step cannot do without."""

    needed: bool = True

    @property
    def text(self) -> str:
        return "the name of a charger"

    def read(self, node: Node, scope: Scope) -> str:
        if not isinstance(node.scalar, str):
            self.wrong(node, scope)
        name = node.scalar
        return checked(node, scope, lambda: scope.names.charger(name))

    def absent(self, node: Node, scope: Scope, default: object) -> object:
        return checked(node, scope, scope.names.only_charger) if self.needed else default

    def schema(self) -> Schema:
        return {"type": "string"}


@dataclass(frozen=True, slots=True)
class WallboxName(ArgumentType[str]):
    """A wallbox, `garage.goe` or `goe`; where there is one only it need not be said."""

    needed: bool = True

    @property
    def text(self) -> str:
        return 'the name of a wallbox such as "garage.goe"'

    def read(self, node: Node, scope: Scope) -> str:
        if not isinstance(node.scalar, str):
            self.wrong(node, scope)
        name = node.scalar
        return checked(node, scope, lambda: scope.names.wallbox(name))

    def absent(self, node: Node, scope: Scope, default: object) -> object:
        return checked(node, scope, scope.names.only_wallbox) if self.needed else default

    def schema(self) -> Schema:
        return {"type": "string"}


@dataclass(frozen=True, slots=True)
class VehicleName(ArgumentType[str]):
    """A vehicle of the scenario, or a preset."""

    @property
    def text(self) -> str:
        return 'the name of a vehicle such as "vw_id3"'

    def read(self, node: Node, scope: Scope) -> str:
        if not isinstance(node.scalar, str):
            self.wrong(node, scope)
        name = node.scalar
        return checked(node, scope, lambda: scope.names.vehicle(name))

    def schema(self) -> Schema:
        return {"type": "string"}


@dataclass(frozen=True, slots=True)
class FaultName(ArgumentType[str]):
    """A fault, as the step that began it called it."""

    @property
    def text(self) -> str:
        return "the name of a fault"

    def read(self, node: Node, scope: Scope) -> str:
        if not isinstance(node.scalar, str):
            self.wrong(node, scope)
        name = node.scalar
        return checked(node, scope, lambda: scope.names.fault(name))

    def schema(self) -> Schema:
        return {"type": "string"}
