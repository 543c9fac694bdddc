"""What one row of the unit's tables is: a JSON key and a Modbus register in one.

The one rule: both interfaces print the same value, rounded to the resolution of the register.
Source: seed document; the resolution of JSON numbers follows the register's factor on the vendor page.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property

from ...core.messages import Reason
from ...devices.points import Fidelity
from ...devices.registers import Integer, Register, Text
from .controls import Controls, NumberControl
from .enums import UNKNOWN, Texts
from .readings import View


@dataclass(frozen=True)
class Item(Register[View, Controls]):
    """`name` is endpoint, section and key: `values.powerflow.l1.voltage`."""

    texts: Texts | None = field(default=None, kw_only=True)
    """Of an enumeration."""
    early_key: str | None = field(default=None, kw_only=True)
    """What the key was called by early firmware."""
    control: NumberControl | None = field(default=None, kw_only=True)
    """What it writes."""

    @cached_property
    def path(self) -> tuple[str, ...]:
        """Names of the objects it is in, then its key."""
        return tuple(self.name.split(".")[1:])

    @cached_property
    def early_path(self) -> tuple[str, ...]:
        """The same as early firmware had it."""
        return (*self.path[:-1], self.early_key) if self.early_key else self.path

    @property
    def endpoint(self) -> str:
        return self.name.partition(".")[0]

    def json(self, view: View, *, raw: bool = False) -> object:
        """The JSON value; a `Reason` where the hardware is not there."""
        assert self.read is not None
        value = self.read(view)
        if isinstance(value, (Reason, str)):
            return value
        if self.texts is not None:
            assert isinstance(value, int)
            return value if raw else self.texts.get(value, UNKNOWN)
        assert isinstance(value, (int, float))
        kind = self._integer
        return plain(value if kind is None else self._rounded(value, kind))

    @cached_property
    def _integer(self) -> Integer | None:
        """Its register, where that rounds it."""
        return self.type if isinstance(self.type, Integer) else None

    def _rounded(self, value: float, kind: Integer) -> float:
        """To the resolution and within the range of the register: what `type` would decode again."""
        scaled = abs(value * self.scale)
        whole = math.floor(scaled + 0.5) if value >= 0 else -math.floor(scaled + 0.5)
        return min(max(whole, kind.lowest), kind.highest) / self.scale

    def fidelity(self) -> Fidelity:
        """Its line as a JSON key, under the address scenarios use."""
        return self.documented(f"HTTP /{self.endpoint}", self.json_type, settable=self.control is not None)

    @property
    def json_type(self) -> str:
        """In the words of the seed document; an enumeration is a text, or a number in raw mode."""
        if self.texts is not None:
            return "string_or_uint8"
        if isinstance(self.type, Integer) and self.scale == 1:
            return self.type.title.partition(",")[0]
        return "string" if isinstance(self.type, Text) else "float"


def plain(value: float) -> int | float:
    """A number as the unit prints it: no trailing zeros, so that 6 A is `6`."""
    return int(value) if value == int(value) else value


Tree = dict[str, object]


def tree(items: Iterable[tuple[tuple[str, ...], object]]) -> Tree:
    """Nested objects out of paths, in order."""
    root: Tree = {}
    nodes: dict[tuple[str, ...], Tree] = {(): root}
    for path, value in items:
        parent = path[:-1]
        node = nodes.get(parent)
        if node is None:
            node = root
            for depth, name in enumerate(parent, 1):
                outer, node = node, nodes.setdefault(parent[:depth], {})
                outer[name] = node
        node[path[-1]] = value
    return root
