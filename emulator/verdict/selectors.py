"""Selectors: which interfaces or values of a wallbox are meant, as rules name them."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from ..core.values import terse
from ..errors import EmulatorError, did_you_mean
from ..language.arguments import ArgumentType, Schema, Scope, checked
from ..language.digits import is_index
from ..language.nodes import Node
from ..world.names import probe
from ..world.vocabulary import vocabulary

if TYPE_CHECKING:
    from ..devices.wallbox import Wallbox
    from ..language.names import Names
    from ..runtime.journal import Entry


@terse
class Selector:
    """An interface or a value of one wallbox, or all of them."""

    text: str
    charger: str
    wallbox: str
    name: str = ""
    """Name of an interface, or address of a value (`*`: anything), or of a document of several; empty: all."""

    def at_wallbox(self, entry: Entry) -> bool:
        """Whether an entry is about the wallbox."""
        return entry.charger == self.charger and entry.wallbox == self.wallbox

    def selects(self, name: str | None) -> bool:
        """Whether a value or an interface of the wallbox is meant."""
        if not self.name or name == self.name:
            return True
        text = name or ""
        return text.startswith(f"{self.name}.") or ("*" in self.name and fnmatchcase(text, self.name))


@terse
class Selectors(ArgumentType[tuple[Selector, ...]]):
    """One selector or several. `values`: of values; `interfaces`: of interfaces; `written`: of what clients write."""

    interfaces: bool = False
    values: bool = False
    written: bool = False

    @property
    def text(self) -> str:
        if not (self.values or self.written):
            return 'an interface such as "garage.goe.http"'
        return 'a value such as "garage.goe.amp"' + (', or an interface such as "garage.goe.http"' * self.interfaces)

    def read(self, node: Node, scope: Scope) -> tuple[Selector, ...]:
        items = node.items if node.items is not None else (node,)
        if not items:
            self.wrong(node, scope)
        return tuple(self._one(item, scope) for item in items)

    def _one(self, node: Node, scope: Scope) -> Selector:
        if not isinstance(node.scalar, str):
            self.wrong(node, scope)
        text = node.scalar
        selector = checked(node, scope, lambda: find_selector(text, scope.names))
        wallbox = probe(scope.names, f"{selector.charger}.{selector.wallbox}")
        if wallbox is not None and selector.name:
            checked(node, scope, lambda: self._check(wallbox, selector.name))
        return selector

    def _check(self, wallbox: Wallbox, name: str) -> None:
        served = interfaces_of(wallbox)
        if self.interfaces and any(fnmatchcase(one, name) for one in served):
            return
        known = vocabulary(wallbox)
        if self.written:
            wrong = known.not_written(name)
        elif self.values:
            wrong = None if name.startswith("modbus.") and is_index(name[7:]) else known.not_read(name)
        else:
            wrong = f'{wallbox.address} has no interface "{name}"{did_you_mean(name, served)}'
        if wrong is not None:
            raise EmulatorError(wrong)

    def schema(self) -> Schema:
        return {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}


def find_selector(text: str, names: Names) -> Selector:
    """What `garage.goe.amp`, `goe.amp`, `garage.goe` or `goe` refers to. EmulatorError with a suggestion if nothing."""
    first, _, below = text.partition(".")
    second, _, rest = below.partition(".")
    if first in names.chargers and second in names.chargers[first]:
        return Selector(text, first, second, rest)
    if first in names.chargers and first not in {name.partition(".")[2] for name in names.wallboxes}:
        raise EmulatorError(f'{first} has no wallbox "{second}"{did_you_mean(second, names.chargers[first])}')
    charger, _, wallbox = names.wallbox(first).partition(".")
    return Selector(text, charger, wallbox, below)


def value_selector(address: str, name: str) -> Selector:
    """The value `name` of the wallbox with this address."""
    charger, _, wallbox = address.partition(".")
    return Selector(f"{address}.{name}", charger, wallbox, name)


def interfaces_of(wallbox: Wallbox) -> set[str]:
    """Names of interfaces as the journal has them."""
    names = set(wallbox.interfaces)
    return names | {"websocket"} if "http" in names else names
