"""Where something is done to messages or hardware: a charger, a wallbox or an interface of one.

The one rule: a place is a name that exists, or an error that says which one may have been meant.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...errors import EmulatorError, did_you_mean
from ...faults.effect import Level
from ...faults.target import Target
from ...language.arguments import ArgumentType, Schema, Scope
from ...language.names import Names
from ...language.nodes import Node
from ...world.names import probe

if TYPE_CHECKING:
    from ...world.site import Site


@dataclass(frozen=True, slots=True)
class Place:
    """A charger, a wallbox or an interface, by names that exist."""

    charger: str
    wallbox: str | None = None
    """Address, `garage.goe`."""
    interface: str | None = None

    @property
    def level(self) -> Level:
        if self.interface is not None:
            return "interface"
        return "charger" if self.wallbox is None else "wallbox"

    @property
    def text(self) -> str:
        outer = self.wallbox or self.charger
        return outer if self.interface is None else f"{outer}.{self.interface}"

    def target(self, site: Site) -> Target:
        """The same in a world."""
        wallboxes = [site.wallbox(self.wallbox)] if self.wallbox else site.wallboxes_of(self.charger)
        return Target(
            simulation=site.simulation,
            charger=self.charger,
            wallboxes=tuple(wallboxes),
            level=self.level,
            interface=self.interface,
        )


@dataclass(frozen=True, slots=True)
class PlaceName(ArgumentType[Place]):
    """`garage`, `garage.goe`, `garage.goe.http`; the charger's name may be left out."""

    text = 'a charger, a wallbox or an interface such as "garage.goe.http"'

    def read(self, node: Node, scope: Scope) -> Place:
        if not isinstance(node.scalar, str):
            self.wrong(node, scope)
        try:
            return find_place(node.scalar, scope.names)
        except EmulatorError as error:
            scope.fail(node, str(error))

    def schema(self) -> Schema:
        return {"type": "string"}


def find_place(text: str, names: Names) -> Place:
    """What a name stands for. EmulatorError with a suggestion if nothing."""
    if text in names.chargers:
        return Place(text)
    try:
        address = names.wallbox(text)
        return Place(address.partition(".")[0], address)
    except EmulatorError as error:
        outer, dot, interface = text.rpartition(".")
        if not dot:
            known = {*names.chargers, *names.wallboxes}
            raise EmulatorError(f'there is no charger or wallbox "{text}"{did_you_mean(text, known)}') from error
        if outer in names.chargers:
            raise
        address = names.wallbox(outer)
    wallbox = probe(names, address)
    if wallbox is not None:
        served = wallbox.traffic
        if interface not in served:
            raise EmulatorError(f'{address} has no interface "{interface}"{did_you_mean(interface, served)}') from None
    return Place(address.partition(".")[0], address, interface)
