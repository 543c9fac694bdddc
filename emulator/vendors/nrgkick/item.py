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
from .readings import Read, View


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
        return self.shown(raw=raw)(view)

    def shown(self, *, raw: bool) -> Read:
        """What reads its JSON value; `raw`: enumerations as numbers."""
        return self._value if raw or self.texts is None else self._word

    @cached_property
    def _value(self) -> Read:
        """To the resolution and within the range of the register: what `type` would decode again."""
        read, kind, scale, floor = self.read, self.type, self.scale, math.floor
        assert read is not None
        if self.texts is not None:
            return read
        if not isinstance(kind, Integer):
            return lambda view: _plainly(read(view))
        lowest, highest = kind.lowest, kind.highest

        def value(view: View) -> object:
            found = read(view)
            if isinstance(found, (Reason, str)):
                return found
            assert isinstance(found, (int, float))
            whole = floor(abs(found * scale) + 0.5)
            if found < 0:
                whole = -whole
            whole = lowest if whole < lowest else min(whole, highest)
            return plain(whole / scale)

        return value

    @cached_property
    def _word(self) -> Read:
        read, texts = self.read, self.texts
        assert read is not None
        assert texts is not None

        def word(view: View) -> object:
            found = read(view)
            return texts.get(found, UNKNOWN) if isinstance(found, int) else found

        return word

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


def _plainly(value: object) -> object:
    return plain(value) if isinstance(value, (int, float)) else value


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
